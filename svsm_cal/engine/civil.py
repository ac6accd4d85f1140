"""Civil times, instants and durations, as distinct types.

A `LocalDateTime` is what a wall clock shows: never with a tzinfo. An `Instant` is a point on the
time line: an aware datetime in UTC. A zone turns one into the other (`svsm_cal.engine.zones`).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import NewType

__all__ = [
    "EPOCH",
    "EPOCH_ORDINAL",
    "FIRST_YEAR",
    "LAST_YEAR",
    "WEEKDAYS",
    "Instant",
    "LocalDateTime",
    "epoch_seconds",
    "instant",
    "instant_from_epoch",
    "local",
    "local_from_epoch",
    "local_seconds",
    "midnight",
    "parse_duration",
    "seconds_not_before",
    "weekday_name",
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
