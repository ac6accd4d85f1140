"""Civil times, instants and durations as distinct types, and the Gregorian calendar as day numbers."""

from __future__ import annotations

import re
from calendar import isleap
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate, chain
from typing import NamedTuple, NewType

from svsm_cal.value import Value

__all__ = [
    "CYCLE_DAYS",
    "CYCLE_MONTHS",
    "DAY",
    "EPOCH",
    "EPOCH_ORDINAL",
    "FIRST_DAY",
    "FIRST_YEAR",
    "LAST_DAY",
    "LAST_YEAR",
    "MONTH_KINDS",
    "WEEKDAYS",
    "Instant",
    "LocalDateTime",
    "MonthKind",
    "YearKind",
    "epoch_seconds",
    "instant",
    "instant_from_epoch",
    "local",
    "local_from_epoch",
    "local_seconds",
    "midnight",
    "month_lengths",
    "month_of",
    "month_tables",
    "parse_duration",
    "seconds_not_before",
    "weekday_name",
    "weekday_of",
    "year_begin",
    "year_kind",
]

# What a calendar file and a look-up may ask for; zones and rules themselves know years 1 to 9999.
FIRST_YEAR, LAST_YEAR = 1900, 2200

LocalDateTime = NewType("LocalDateTime", datetime)
Instant = NewType("Instant", datetime)

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EPOCH = Instant(datetime(1970, 1, 1, tzinfo=UTC))
EPOCH_ORDINAL = EPOCH.toordinal()
_EPOCH_LOCAL = datetime(1970, 1, 1)
_DAY = 86400


def local(value: datetime) -> LocalDateTime:
    """Return `value` as a civil time; raises ValueError if it carries a zone."""
    if not isinstance(value, datetime):
        raise ValueError(f"{value!r} is no wall-clock time: it needs a time of day")
    if value.tzinfo is not None:
        raise ValueError(f"{value.isoformat()} carries a zone; a wall-clock time has none")
    return LocalDateTime(value)


def weekday_name(day: date) -> str:
    """Return the English name of a date's weekday, whatever the locale."""
    return WEEKDAYS[day.weekday()]


def midnight(day: date) -> LocalDateTime:
    """Return the civil time at which `day` begins."""
    return LocalDateTime(datetime.combine(day, time()))


def instant(value: datetime) -> Instant:
    """Return the instant of an aware datetime; raises ValueError if it is naive."""
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} names no instant: give it a zone or an offset")
    return Instant(value.astimezone(UTC))


def epoch_seconds(at: Instant) -> int:
    """Return whole seconds since 1970-01-01T00:00Z."""
    since = at - EPOCH
    return since.days * _DAY + since.seconds


def seconds_not_before(at: datetime) -> int:
    """Return the first whole second since 1970-01-01T00:00Z that is not before an aware datetime; ValueError if naive."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} names no instant: give it a zone or an offset")
    since = at - EPOCH
    return since.days * _DAY + since.seconds + (1 if since.microseconds else 0)


def instant_from_epoch(seconds: int) -> Instant:
    """Return the instant `seconds` after 1970-01-01T00:00Z; raises OverflowError outside years 1-9999."""
    return Instant(EPOCH + timedelta(0, seconds))


def local_seconds(wall: LocalDateTime) -> int:
    """Return the seconds a wall clock shows since its own 1970-01-01T00:00."""
    return (wall.toordinal() - EPOCH_ORDINAL) * _DAY + wall.hour * 3600 + wall.minute * 60 + wall.second


def local_from_epoch(seconds: int) -> LocalDateTime:
    """Return the civil time `seconds` after a wall clock's 1970-01-01T00:00."""
    return LocalDateTime(_EPOCH_LOCAL + timedelta(0, seconds))


_UNITS = {"w": 7 * _DAY, "d": _DAY, "h": 3600, "m": 60, "min": 60, "s": 1}
_ISO = r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
_SHORT = re.compile(r"(\d+)\s*(min|[wdhms])\s*", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Return the length that `text` names: "1h", "1h 30m", "45min", "2w", or ISO 8601 as in "PT1H".

    Raises ValueError for anything else, including a bare number and a sign.

    >>> parse_duration("1h30m")
    datetime.timedelta(seconds=5400)
    """
    stripped = text.strip()
    iso = re.fullmatch(_ISO, stripped, re.ASCII) if stripped.startswith("P") else None
    if iso and any(iso.groups()):
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in iso.groups())
        return _timedelta(text, ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds)
    total, at = 0, 0
    while at < len(stripped):
        match = _SHORT.match(stripped, at)
        if not match:
            break
        total, at = total + int(match[1]) * _UNITS[match[2]], match.end()
    if not stripped or at < len(stripped):
        raise ValueError(f'"{text}" is no length of time')
    return _timedelta(text, total)


def _timedelta(text: str, seconds: int) -> timedelta:
    if seconds > 366 * _DAY * 10:
        raise ValueError(f'"{text}" is longer than ten years')
    return timedelta(seconds=seconds)


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
