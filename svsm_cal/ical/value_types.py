"""The iCalendar value types DATE, DATE-TIME, DURATION and UTC-OFFSET (RFC 5545 sections 3.3.4 to 3.3.6 and 3.3.14)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from svsm_cal.engine.civil import EPOCH_ORDINAL, Instant, LocalDateTime
from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.ical.content import Property

_DAY = 86400
Form = Literal["date", "floating", "utc", "zoned"]
_TIME = re.compile(r"(\d{8})(?:T([01]\d|2[0-3])([0-5]\d)([0-5]\d|60)(Z)?)?", re.ASCII)
_DURATION = re.compile(
    r"([+-])?P(?:(\d{1,6})W|(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,7})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?)", re.ASCII
)
_STAMP = "%Y%m%dT%H%M%SZ"
_OFFSET = re.compile(r"([+-])([01]\d|2[0-3])([0-5]\d)([0-5]\d)?", re.ASCII)


class TimeValue(Value):
    """A DATE or DATE-TIME as written: `wall` is in seconds since 1970-01-01T00:00 on its own clock, midnight for a date.

    `form` is "zoned" with a TZID, which `zone` holds, "utc" with a Z, and "floating" on each reader's own clock.
    """

    form: Form
    wall: int
    zone: str = ""


@lru_cache(maxsize=4096)
def _days(digits: str) -> int:
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).toordinal() - EPOCH_ORDINAL


def time_values(given: Property) -> list[TimeValue]:
    """Return the values of DTSTART, EXDATE and similar properties; of a PERIOD, its start.

    Raises ValueError, with the problem as its message, for a value that RFC 5545 does not allow there.
    """
    kind = given.param("VALUE").upper() or "DATE-TIME"
    zone = given.param("TZID")
    return [_time_value(text, kind, zone) for text in given.value.split(",")]


def _time_value(text: str, kind: str, zone: str) -> TimeValue:
    match = _TIME.fullmatch(text.partition("/")[0] if kind == "PERIOD" else text)
    try:
        if match is None:
            raise ValueError
        day = _days(match[1]) * _DAY
    except ValueError:
        raise ValueError("is not a date or time, such as 20250312 or 20250312T180000") from None
    if match[2] is None:
        if kind != "DATE":
            raise ValueError("is a date without a time, which needs VALUE=DATE")
        return TimeValue("date", day)
    if kind == "DATE":
        raise ValueError("has a time of day, but VALUE=DATE is for a date alone")
    wall = day + int(match[2]) * 3600 + int(match[3]) * 60 + min(int(match[4]), 59)
    if match[5]:
        return TimeValue("utc", wall)
    return TimeValue("zoned", wall, zone) if zone else TimeValue("floating", wall)


def duration_seconds(text: str) -> int:
    """Return a DURATION in seconds; raises ValueError for any other text."""
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()[1:]):
        raise ValueError("is not a duration, such as PT1H or P1D")
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in match.groups()[1:])
    total = (weeks * 7 + days) * _DAY + hours * 3600 + minutes * 60 + seconds
    return -total if match[1] == "-" else total


def offset_seconds(text: str) -> int:
    """Return a UTC-OFFSET in seconds; raises ValueError for any other text."""
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise ValueError("is not an offset from UTC, such as +0100")
    total = int(match[2]) * 3600 + int(match[3]) * 60 + int(match[4] or 0)
    return -total if match[1] == "-" else total


def stamp_of(at: datetime) -> str:
    """Return an aware datetime as a DTSTAMP, in UTC: 20250305T170000Z."""
    return at.astimezone(UTC).strftime(_STAMP)


def instant_of_stamp(text: str) -> Instant:
    """Return the instant of a DTSTAMP; raises ValueError for any other text."""
    return Instant(datetime.strptime(text, _STAMP).replace(tzinfo=UTC))


def local_of_stamp(text: str) -> LocalDateTime:
    """Return the wall-clock time of a DATE-TIME, with or without Z; raises ValueError for any other text."""
    return LocalDateTime(datetime.strptime(text.removesuffix("Z"), _STAMP.removesuffix("Z")))  # noqa: DTZ007 - civil
