"""TZif, the tz database's compiled form: bytes to a table of transitions and a footer (RFC 9636).

Versions 1 to 4 are read; leap-second records are skipped, since civil time has none.
"""

from __future__ import annotations

import struct

from svsm_cal.core.posix_tz import LocalTimeType, PosixRule, parse_posix_tz
from svsm_cal.errors import ZoneError
from svsm_cal.value import Value

__all__ = ["TzifData", "read_tzif"]

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
    except (struct.error, IndexError, OverflowError, ValueError) as error:  # overflow: where a size has 32 bits
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
