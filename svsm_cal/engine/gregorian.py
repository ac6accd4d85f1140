"""The Gregorian calendar as numbers: which day a month or a year begins on, and of what kind it is.

Days are numbered from 1970-01-01 (0), months from January of year 1 (0). Months of one kind have the same days
on the same weekdays, and so have years: all that a recurrence rule can ask of one has one answer for its kind.
There are 49 kinds of months and 28 of years, and the calendar repeats after 400 years, weekdays included.
"""

from __future__ import annotations

from calendar import isleap
from datetime import date
from functools import lru_cache
from itertools import accumulate, chain
from typing import NamedTuple

from svsm_cal.engine.civil import EPOCH_ORDINAL
from svsm_cal.value import Value

__all__ = [
    "CYCLE_DAYS",
    "CYCLE_MONTHS",
    "DAY",
    "FIRST_DAY",
    "LAST_DAY",
    "MONTH_KINDS",
    "MonthKind",
    "YearKind",
    "month_lengths",
    "month_of",
    "month_tables",
    "weekday_of",
    "year_begin",
    "year_kind",
]

DAY = 86400  # seconds
FIRST_DAY = 1 - EPOCH_ORDINAL
LAST_DAY = date.max.toordinal() - EPOCH_ORDINAL
CYCLE_DAYS = 146097
CYCLE_MONTHS = 4800
_COMMON = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_LEAP = (31, 29, *_COMMON[2:])


class MonthKind(Value):
    """The weekday of a month's first day (0 = Monday), how many days it has, and how many the next one has."""

    weekday: int
    length: int
    following: int


class YearKind(NamedTuple):
    """The weekday of 1 January (0 = Monday), and the length in days of a year, of the one before and the next."""

    weekday: int
    length: int
    previous: int
    following: int


_LENGTHS = ((28, 31), (29, 31), (30, 31), (31, 28), (31, 29), (31, 30), (31, 31))
MONTH_KINDS = tuple(MonthKind(weekday, *lengths) for lengths in _LENGTHS for weekday in range(7))


def weekday_of(day: int) -> int:
    """Return the weekday of a day, 0 = Monday."""
    return (day + 3) % 7


def month_lengths(*, leap: bool) -> tuple[int, ...]:
    """Return how many days each month of a year has."""
    return _LEAP if leap else _COMMON


def year_begin(year: int) -> int:
    """Return the day of 1 January; any year, the calendar taken as it would have been."""
    before = year - 1
    return before * 365 + before // 4 - before // 100 + before // 400 + FIRST_DAY


def year_kind(year: int) -> YearKind:
    """Return the kind of a year."""
    previous, length, following = (366 if isleap(each) else 365 for each in (year - 1, year, year + 1))
    return YearKind(weekday_of(year_begin(year)), length, previous, following)


@lru_cache(maxsize=1)
def month_tables() -> tuple[tuple[int, ...], bytes]:
    """Return for each of 4800 months how many days after the first it begins, and its place in MONTH_KINDS."""
    lengths = list(chain.from_iterable(month_lengths(leap=isleap(year)) for year in range(1, 401)))
    begins = tuple(accumulate(lengths[:-1], initial=0))
    place = {pair: 7 * index for index, pair in enumerate(_LENGTHS)}
    pairs = zip(lengths, [*lengths[1:], lengths[0]], strict=True)
    return begins, bytes(place[pair] + begin % 7 for pair, begin in zip(pairs, begins, strict=True))


@lru_cache(maxsize=4096)
def month_of(day: int) -> int:
    """Return the number of the month that a day lies in; raises ValueError outside years 1 to 9999."""
    at = date.fromordinal(day + EPOCH_ORDINAL)
    return at.year * 12 + at.month - 13
