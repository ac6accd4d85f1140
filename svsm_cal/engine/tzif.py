"""TZif, the compiled form of the tz database (RFC 9636): its table of transitions, and the POSIX TZ string that follows it."""

from __future__ import annotations

import re
import struct
from calendar import isleap
from datetime import date
from functools import lru_cache

from svsm_cal.engine.civil import EPOCH_ORDINAL
from svsm_cal.errors import ZoneError
from svsm_cal.value import Value

__all__ = ["LocalTimeType", "PosixRule", "TzifData", "YearlyDay", "parse_posix_tz", "read_tzif"]

_LAST = 253402300799
_HEADER = struct.Struct(">4sc15x6L")


class TzifData(Value):
    """`times[i]` (epoch seconds, ascending) is when `types[i]` begins, `first` holds before them.

    `footer` is the rule for all time after `end`, the last moment the file records, even one that changes nothing.
    """

    first: LocalTimeType
    times: tuple[int, ...]
    types: tuple[LocalTimeType, ...]
    footer: PosixRule | None
    end: int | None


def read_tzif(data: bytes, *, key: str = "") -> TzifData:
    """Return what a TZif file says; raises ZoneError, naming `key`, when it is none or is cut short."""
    try:
        return _read(data)
    except (struct.error, IndexError, UnicodeDecodeError, ValueError) as error:
        raise ZoneError(f'zone "{key}": its file in the tz database is no TZif file', key=key) from error


def _read(data: bytes) -> TzifData:
    magic, version, *counts = _HEADER.unpack_from(data)
    if magic != b"TZif":
        raise ValueError("no TZif magic")
    at, width = _HEADER.size, 4
    if version >= b"2":  # the first block repeats the data in 32 bits for old readers
        at += _block_size(counts, 4)
        _, _, *counts = _HEADER.unpack_from(data, at)
        at, width = at + _HEADER.size, 8
    isut, isstd, leap, timecnt, typecnt, charcnt = counts
    times = struct.unpack_from(f">{timecnt}{'q' if width == 8 else 'l'}", data, at)
    at += timecnt * width
    indices = data[at : at + timecnt]
    at += timecnt
    raw = [struct.unpack_from(">lBB", data, at + 6 * i) for i in range(typecnt)]
    at += 6 * typecnt
    names = data[at : at + charcnt]
    at += charcnt + leap * (width + 4) + isstd + isut
    types = [
        LocalTimeType(offset, bool(dst), names[index : names.index(b"\0", index)].decode("ascii")) for offset, dst, index in raw
    ]
    footer = None
    if width == 8:
        text = data[at + 1 : data.index(b"\n", at + 1)].decode("ascii")
        footer = parse_posix_tz(text) if text else None
    if times and times[-1] > _LAST:
        raise ValueError("a transition after the year 9999")
    kept_times: list[int] = []
    kept_types: list[LocalTimeType] = []
    current = types[0]
    for moment, index in zip(times, indices, strict=True):
        if types[index] != current:
            kept_times.append(moment)
            kept_types.append(current := types[index])
    return TzifData(types[0], tuple(kept_times), tuple(kept_types), footer, times[-1] if times else None)


def _block_size(counts: list[int], width: int) -> int:
    isut, isstd, leap, timecnt, typecnt, charcnt = counts
    return timecnt * (width + 1) + typecnt * 6 + charcnt + leap * (width + 4) + isstd + isut


_DAY = 86400


class LocalTimeType(Value):
    """What clocks do for a while: seconds east of UTC, whether that is daylight saving, and its abbreviation."""

    offset: int
    is_dst: bool
    abbreviation: str


class YearlyDay(Value):
    """A day of every year and a wall-clock time on it, in seconds after its midnight (-167 h to 167 h).

    `form` is "M" (weekday `weekday`, 0 = Sunday, of week `week` 1-5 of `month`), "J" (day 1-365, never
    29 February) or "n" (day 0-365); `day` serves the last two.
    """

    form: str
    month: int = 0
    week: int = 0
    weekday: int = 0
    day: int = 0
    seconds: int = 2 * 3600

    def date_in(self, year: int) -> int:
        """Return the proleptic Gregorian ordinal of the day in `year`, without its time."""
        if self.form == "J":
            first = date(year, 1, 1).toordinal()
            return first + self.day - 1 + (1 if isleap(year) and self.day >= 60 else 0)
        if self.form == "n":
            return date(year, 1, 1).toordinal() + self.day
        first = date(year, self.month, 1).toordinal()
        ordinal = first + (self.weekday - first) % 7 + 7 * (self.week - 1)  # ordinal % 7 == 0 is a Sunday
        after = (
            date(year + self.month // 12, self.month % 12 + 1, 1).toordinal() if (year, self.month) != (9999, 12) else first + 31
        )
        return ordinal if ordinal < after else ordinal - 7

    def local_seconds_in(self, year: int) -> int:
        """Return the wall-clock seconds since 1970 at which this falls in `year`."""
        return (self.date_in(year) - EPOCH_ORDINAL) * _DAY + self.seconds


class PosixRule(Value):
    """Standard time and, where `daylight` is set, the days on which it begins and ends each year."""

    standard: LocalTimeType
    daylight: LocalTimeType | None = None
    begins: YearlyDay | None = None
    ends: YearlyDay | None = None

    def transitions_in(self, year: int) -> tuple[tuple[int, LocalTimeType, LocalTimeType], ...]:
        """Return (epoch seconds, before, after) for each change the rule makes in `year`, in time order.

        Empty without daylight saving, and with daylight saving that never ends.
        """
        return _yearly(self, year)

    @property
    def is_fixed(self) -> bool:
        """Whether the clocks never change."""
        return not self.transitions_in(2000)


@lru_cache(maxsize=4096)
def _yearly(rule: PosixRule, year: int) -> tuple[tuple[int, LocalTimeType, LocalTimeType], ...]:
    if rule.daylight is None or rule.begins is None or rule.ends is None:
        return ()
    begin = rule.begins.local_seconds_in(year) - rule.standard.offset
    end = rule.ends.local_seconds_in(year) - rule.daylight.offset
    if begin < end and year < 9999:
        next_begin = rule.begins.local_seconds_in(year + 1) - rule.standard.offset
        if end >= next_begin:  # DST ends when it begins again: it never ends (RFC 9636, "all-year DST")
            return ()
    changes = [(begin, rule.standard, rule.daylight), (end, rule.daylight, rule.standard)]
    return tuple(sorted(changes, key=lambda change: change[0]))


_NAME = r"(?:<[A-Za-z0-9+\-]+>|[A-Za-z]{3,})"
_TIME = r"[+-]?\d{1,3}(?::\d{1,2}(?::\d{1,2})?)?"
_DATE = rf"(?:M\d{{1,2}}\.\d\.\d|J?\d{{1,3}})(?:/{_TIME})?"
_TZ = re.compile(rf"({_NAME})({_TIME})(?:({_NAME})({_TIME})?(?:,({_DATE}),({_DATE}))?)?", re.ASCII)


def parse_posix_tz(text: str) -> PosixRule:
    """Return the rule that a TZ string such as ``CET-1CEST,M3.5.0,M10.5.0/3`` states.

    Raises ZoneError for text that is no such rule.
    """
    match = _TZ.fullmatch(text)
    if not match:
        raise ZoneError(f'"{text}" is no POSIX TZ rule')
    name, offset, dst_name, dst_offset, begins, ends = match.groups()
    standard = LocalTimeType(-_seconds(offset), is_dst=False, abbreviation=name.strip("<>"))
    if dst_name is None:
        return PosixRule(standard)
    east = -_seconds(dst_offset) if dst_offset else standard.offset + 3600
    daylight = LocalTimeType(east, is_dst=True, abbreviation=dst_name.strip("<>"))
    # POSIX leaves the days open where none are given; the reference code takes the US rule.
    return PosixRule(standard, daylight, _yearly_day(begins or "M3.2.0"), _yearly_day(ends or "M11.1.0"))


def _seconds(text: str, most: int = 24) -> int:
    sign = -1 if text.startswith("-") else 1
    hours, minutes, seconds = (*(int(part) for part in text.lstrip("+-").split(":")), 0, 0)[:3]
    if hours > most or minutes > 59 or seconds > 59:
        raise ZoneError(f'"{text}" is no time of a POSIX TZ rule')
    return sign * (hours * 3600 + minutes * 60 + seconds)


def _yearly_day(text: str) -> YearlyDay:
    day, _, at = text.partition("/")
    seconds = _seconds(at, most=167) if at else 2 * 3600
    if day[0] == "M":
        month, week, weekday = (int(part) for part in day[1:].split("."))
        if not (1 <= month <= 12 and 1 <= week <= 5 and weekday <= 6):
            raise ZoneError(f'"{text}" is no day of a year')
        return YearlyDay("M", month=month, week=week, weekday=weekday, seconds=seconds)
    number = int(day.lstrip("J"))
    if number > 365 or (day[0] == "J" and number < 1):
        raise ZoneError(f'"{text}" is no day of a year')
    return YearlyDay("J" if day[0] == "J" else "n", day=number, seconds=seconds)
