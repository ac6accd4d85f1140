"""A reader of TZif, the compiled form of the tz database (RFC 9636): transition tables and POSIX TZ strings."""

from __future__ import annotations

import re
import struct
from datetime import date
from functools import lru_cache
from operator import ge

from svsm_cal.engine.civil import DAY, EPOCH_ORDINAL, is_leap, month_lengths
from svsm_cal.errors import ZoneError
from svsm_cal.value import Value

_LAST = 253402300799
_DAY = 86400
_HEADER = struct.Struct(">4sc15x6L")


class TzifData(Value):
    """The contents of a TZif file: `types[i]` applies from `times[i]` (epoch seconds, ascending) on, `first` before that.

    `footer` is the yearly rule that applies after `end`, the last time in the file, whether or not the clocks change then.
    """

    first: LocalTimeType
    times: tuple[int, ...]
    types: tuple[LocalTimeType, ...]
    footer: PosixRule | None
    end: int | None


def read_tzif(data: bytes, *, key: str = "") -> TzifData:
    """Return the contents of a TZif file; raises ZoneError, naming `key`, if it is invalid or truncated."""
    try:
        return _read(data)
    except (struct.error, IndexError, OverflowError, ValueError) as error:  # overflow: where a size has 32 bits
        raise ZoneError(f'zone "{key}": its file in the tz database is not a TZif file', key=key) from error


def _read(data: bytes) -> TzifData:
    magic, version, *counts = _HEADER.unpack_from(data)
    if magic != b"TZif":
        raise ValueError("no TZif magic")
    at, width = _HEADER.size, 4
    if version >= b"2":  # skip the first block, a 32-bit copy for old readers
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
    if any(map(ge, times, times[1:])):
        raise ValueError("transitions out of order")
    if any(abs(kind.offset) >= _DAY for kind in types):
        raise ValueError("an offset of a day or more")
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


class LocalTimeType(Value):
    """A local time type (RFC 9636): offset in seconds east of UTC, whether it is daylight saving time, abbreviation."""

    offset: int
    is_dst: bool
    abbreviation: str


class YearlyDay(Value):
    """A day of every year with a wall-clock time, in seconds after midnight (-167 h to 167 h).

    `form` is "M" (weekday `weekday`, 0 = Sunday, of week `week` 1-5 of `month`), "J" (`day` 1-365, never
    29 February) or "n" (`day` 0-365).
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
            return first + self.day - 1 + (1 if is_leap(year) and self.day >= 60 else 0)
        if self.form == "n":
            return date(year, 1, 1).toordinal() + self.day
        first = date(year, self.month, 1).toordinal()
        ordinal = first + (self.weekday - first) % 7 + 7 * (self.week - 1)  # ordinal % 7 == 0 is a Sunday
        return ordinal if ordinal < first + month_lengths(leap=is_leap(year))[self.month - 1] else ordinal - 7

    def local_seconds_in(self, year: int) -> int:
        """Return the time in `year`, in wall-clock seconds since 1970."""
        return (self.date_in(year) - EPOCH_ORDINAL) * DAY + self.seconds


class PosixRule(Value):
    """A POSIX TZ rule: standard time and, if `daylight` is set, the days on which daylight saving time begins and ends."""

    standard: LocalTimeType
    daylight: LocalTimeType | None = None
    begins: YearlyDay | None = None
    ends: YearlyDay | None = None

    def transitions_in(self, year: int) -> tuple[tuple[int, LocalTimeType, LocalTimeType], ...]:
        """Return (epoch seconds, type before, type after) for each transition in `year`, in time order.

        Empty without daylight saving time, and with permanent daylight saving time.
        """
        return _yearly(self, year)

    @property
    def is_fixed(self) -> bool:
        """Return whether the clocks never change."""
        return not self.transitions_in(2000)


@lru_cache(maxsize=4096)
def _yearly(rule: PosixRule, year: int) -> tuple[tuple[int, LocalTimeType, LocalTimeType], ...]:
    if rule.daylight is None or rule.begins is None or rule.ends is None:
        return ()
    begin = rule.begins.local_seconds_in(year) - rule.standard.offset
    end = rule.ends.local_seconds_in(year) - rule.daylight.offset
    if begin < end and year < 9999:
        next_begin = rule.begins.local_seconds_in(year + 1) - rule.standard.offset
        if end >= next_begin:  # DST that ends when it begins again is permanent (RFC 9636, "all-year DST")
            return ()
    changes = [(begin, rule.standard, rule.daylight), (end, rule.daylight, rule.standard)]
    return tuple(sorted(changes, key=lambda change: change[0]))


_NAME = r"(?:<[A-Za-z0-9+\-]+>|[A-Za-z]{3,})"
_TIME = r"[+-]?\d{1,3}(?::\d{1,2}(?::\d{1,2})?)?"
_DATE = rf"(?:M\d{{1,2}}\.\d\.\d|J?\d{{1,3}})(?:/{_TIME})?"
_TZ = re.compile(rf"({_NAME})({_TIME})(?:({_NAME})({_TIME})?(?:,({_DATE}),({_DATE}))?)?", re.ASCII)


def parse_posix_tz(text: str) -> PosixRule:
    """Return the rule of a TZ string such as ``CET-1CEST,M3.5.0,M10.5.0/3``; raises ZoneError if it is invalid."""
    match = _TZ.fullmatch(text)
    if not match:
        raise ZoneError(f'"{text}" is not a POSIX TZ rule')
    name, offset, dst_name, dst_offset, begins, ends = match.groups()
    standard = LocalTimeType(-_seconds(offset), is_dst=False, abbreviation=name.strip("<>"))
    if dst_name is None:
        return PosixRule(standard)
    east = -_seconds(dst_offset) if dst_offset else standard.offset + 3600
    daylight = LocalTimeType(east, is_dst=True, abbreviation=dst_name.strip("<>"))
    # POSIX leaves missing days undefined; the reference code takes the US rule.
    return PosixRule(standard, daylight, _yearly_day(begins or "M3.2.0"), _yearly_day(ends or "M11.1.0"))


def _seconds(text: str, most: int = 24) -> int:
    sign = -1 if text.startswith("-") else 1
    hours, minutes, seconds = (*(int(part) for part in text.lstrip("+-").split(":")), 0, 0)[:3]
    if hours > most or minutes > 59 or seconds > 59:
        raise ZoneError(f'"{text}" is not a time of a POSIX TZ rule')
    return sign * (hours * 3600 + minutes * 60 + seconds)


def _yearly_day(text: str) -> YearlyDay:
    day, _, at = text.partition("/")
    seconds = _seconds(at, most=167) if at else 2 * 3600
    if day[0] == "M":
        month, week, weekday = (int(part) for part in day[1:].split("."))
        if 1 <= month <= 12 and 1 <= week <= 5 and weekday <= 6:
            return YearlyDay("M", month=month, week=week, weekday=weekday, seconds=seconds)
    else:
        form, number = ("J", int(day[1:])) if day[0] == "J" else ("n", int(day))
        if number <= 365 and (form == "n" or number >= 1):
            return YearlyDay(form, day=number, seconds=seconds)
    raise ZoneError(f'"{text}" is not a day of the year')
