"""Civil times, instants and durations as distinct types, and the Gregorian calendar as day numbers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate, chain
from typing import NamedTuple, NewType

from svsm_cal.value import Value

# The years accepted in calendar files and look-ups; zones and rules themselves cover years 1 to 9999.
FIRST_YEAR, LAST_YEAR = 1900, 2200

LocalDateTime = NewType("LocalDateTime", datetime)
Instant = NewType("Instant", datetime)

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EPOCH = Instant(datetime(1970, 1, 1, tzinfo=UTC))
EPOCH_ORDINAL = EPOCH.toordinal()
_EPOCH_LOCAL = datetime(1970, 1, 1)
DAY = 86400  # seconds


def local(value: datetime) -> LocalDateTime:
    """Return `value` typed as a civil time; raises ValueError if it is aware or a date."""
    if not isinstance(value, datetime):
        raise ValueError(f"{value!r} is not a wall-clock time: it has no time of day")
    if value.tzinfo is not None:
        raise ValueError(f"{value.isoformat()} has a zone; expected a naive wall-clock time")
    return LocalDateTime(value)


def weekday_name(day: date) -> str:
    """Return the English name of a date's weekday, in every locale."""
    return WEEKDAYS[day.weekday()]


def midnight(day: date) -> LocalDateTime:
    """Return the civil time at which `day` begins."""
    return LocalDateTime(datetime.combine(day, time()))


def instant(value: datetime) -> Instant:
    """Return the instant of an aware datetime; raises ValueError if it is naive."""
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} is not an instant: give it a zone or an offset")
    return Instant(value.astimezone(UTC))


def epoch_seconds(at: Instant) -> int:
    """Return whole seconds since 1970-01-01T00:00Z."""
    since = at - EPOCH
    return since.days * DAY + since.seconds


def seconds_not_before(at: datetime) -> int:
    """Return an aware datetime in seconds since 1970-01-01T00:00Z, rounded up; raises ValueError if it is naive."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} is not an instant: give it a zone or an offset")
    since = at - EPOCH
    return since.days * DAY + since.seconds + (1 if since.microseconds else 0)


def instant_from_epoch(seconds: int) -> Instant:
    """Return the instant `seconds` after 1970-01-01T00:00Z; raises OverflowError outside years 1-9999."""
    return Instant(EPOCH + timedelta(0, seconds))


def local_seconds(wall: LocalDateTime) -> int:
    """Return a civil time in seconds since 1970-01-01T00:00 on the same wall clock."""
    return (wall.toordinal() - EPOCH_ORDINAL) * DAY + wall.hour * 3600 + wall.minute * 60 + wall.second


def local_from_epoch(seconds: int) -> LocalDateTime:
    """Return the civil time `seconds` after 1970-01-01T00:00 on the same wall clock."""
    return LocalDateTime(_EPOCH_LOCAL + timedelta(0, seconds))


_UNITS = {"w": 7 * DAY, "d": DAY, "h": 3600, "m": 60, "min": 60, "s": 1}
_ISO = r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
_SHORT = r"(\d+)\s*(min|[wdhms])\s*"


def parse_duration(text: str) -> timedelta:
    """Return the duration that `text` states: "1h", "1h 30m", "45min", "2w", or "PT1H" (ISO 8601).

    Raises ValueError for other text, such as a number without a unit or with a sign, and for more than ten years.

    >>> parse_duration("1h30m")
    datetime.timedelta(seconds=5400)
    """
    stripped = text.strip()
    iso = re.fullmatch(_ISO, stripped, re.ASCII) if stripped.startswith("P") else None
    if iso and any(iso.groups()):
        seconds = sum(int(number or 0) * _UNITS[unit] for number, unit in zip(iso.groups(), "wdhms", strict=True))
    elif re.fullmatch(f"(?:{_SHORT})+", stripped, re.ASCII):
        seconds = sum(int(number) * _UNITS[unit] for number, unit in re.findall(_SHORT, stripped, re.ASCII))
    else:
        raise ValueError(f'"{text}" is not a duration')
    if seconds > 366 * DAY * 10:
        raise ValueError(f'"{text}" is longer than ten years')
    return timedelta(seconds=seconds)


# The Gregorian calendar as day numbers: 0 is 1970-01-01.
FIRST_DAY = 1 - EPOCH_ORDINAL
LAST_DAY = date.max.toordinal() - EPOCH_ORDINAL
CYCLE_DAYS = 146097
CYCLE_MONTHS = 4800
_COMMON = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_LEAP = (31, 29, *_COMMON[2:])


class MonthKind(Value):
    """A month's first weekday (0 = Monday), its length in days and that of the following month."""

    weekday: int
    length: int
    following: int


class YearKind(NamedTuple):
    """The weekday of 1 January (0 = Monday), and the lengths in days of a year, the previous and the following one."""

    weekday: int
    length: int
    previous: int
    following: int


_LENGTHS = ((28, 31), (29, 31), (30, 31), (31, 28), (31, 29), (31, 30), (31, 31))
MONTH_KINDS = tuple(MonthKind(weekday, *lengths) for lengths in _LENGTHS for weekday in range(7))


def weekday_of(day: int) -> int:
    """Return the weekday of a day number, 0 = Monday."""
    return (day + 3) % 7


def is_leap(year: int) -> bool:
    """Return whether a year is a leap year; the `calendar` module has this too, but takes milliseconds to import."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_lengths(*, leap: bool) -> tuple[int, ...]:
    """Return the number of days in each month of a year."""
    return _LEAP if leap else _COMMON


def year_begin(year: int) -> int:
    """Return the day number of 1 January in any year of the proleptic Gregorian calendar."""
    before = year - 1
    return before * 365 + before // 4 - before // 100 + before // 400 + FIRST_DAY


def year_kind(year: int) -> YearKind:
    """Return the first weekday and the lengths that determine a year's instances."""
    previous, length, following = (366 if is_leap(number) else 365 for number in (year - 1, year, year + 1))
    return YearKind(weekday_of(year_begin(year)), length, previous, following)


@lru_cache(maxsize=1)
def month_tables() -> tuple[tuple[int, ...], bytes]:
    """Return, for each month of a 400-year cycle, its begin in days since the first month, and its index in MONTH_KINDS."""
    lengths = list(chain.from_iterable(month_lengths(leap=is_leap(year)) for year in range(1, 401)))
    begins = tuple(accumulate(lengths[:-1], initial=0))
    index_of = {pair: 7 * index for index, pair in enumerate(_LENGTHS)}
    pairs = zip(lengths, [*lengths[1:], lengths[0]], strict=True)
    return begins, bytes(index_of[pair] + begin % 7 for pair, begin in zip(pairs, begins, strict=True))


@lru_cache(maxsize=4096)
def month_of(day: int) -> int:
    """Return the number of the month that contains a day; raises ValueError outside years 1 to 9999."""
    at = date.fromordinal(day + EPOCH_ORDINAL)
    return at.year * 12 + at.month - 13
