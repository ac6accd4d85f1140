"""TZif files: small ones built here byte by byte from RFC 9636 section 3, and real ones cut, garbled and read beside zoneinfo."""

import io
import random
import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import _zoneinfo as zoneinfo  # in Python: the one in C dies of some garbled files

import pytest

from svsm_cal.engine.posix_tz import LocalTimeType, PosixRule
from svsm_cal.engine.tzdb import TzDatabase, tz_database
from svsm_cal.engine.tzif import TzifData, read_tzif
from svsm_cal.engine.zones import zone_of
from svsm_cal.errors import ZoneError

LMT, CET, CEST = LocalTimeType(3208, False, "LMT"), LocalTimeType(3600, False, "CET"), LocalTimeType(7200, True, "CEST")
NAMES = b"LMT\0CET\0CEST\0"
AT = {LMT: 0, CET: 4, CEST: 8}


def block(version, times, types, *, kinds=(LMT, CET, CEST), wide, leap=0, isstd=0, isut=0):
    """Return one header and data block (RFC 9636 sections 3.1 and 3.2)."""
    header = struct.pack(">4sc15x6L", b"TZif", version, isut, isstd, leap, len(times), len(kinds), len(NAMES))
    data = struct.pack(f">{len(times)}{'q' if wide else 'l'}", *times) + bytes(types)
    data += b"".join(struct.pack(">lBB", kind.offset, kind.is_dst, AT.get(kind, 4)) for kind in kinds) + NAMES
    return header + data + b"\x01" * (leap * (12 if wide else 8)) + b"\0" * (isstd + isut)


def tzif(version, times, types, footer="CET-1CEST,M3.5.0,M10.5.0/3", **more):
    """Return a file of version 2 or later, its first block empty of transitions as RFC 9636 section 4 allows."""
    return block(version, (), (), wide=False) + block(version, times, types, wide=True, **more) + b"\n" + footer.encode() + b"\n"


def path_of(key):
    return f"{tz_database().folder}/{key}"


def real(key):
    with open(path_of(key), "rb") as file:
        return file.read()


@pytest.mark.parametrize("version", [b"2", b"3", b"4"])
def test_versions_with_a_footer(version):
    data = read_tzif(tzif(version, (-2422054408, 0, 1 << 33), (1, 2, 1)))
    assert data.first == LMT
    assert data.times == (-2422054408, 0, 1 << 33)
    assert data.types == (CET, CEST, CET)
    assert data.footer == PosixRule(CET, CEST, data.footer.begins, data.footer.ends)
    assert data.end == 1 << 33


def test_version_1_has_32_bits_and_no_footer():
    data = read_tzif(block(b"\0", (-1000, 1000), (1, 2), wide=False))
    assert data == TzifData(LMT, (-1000, 1000), (CET, CEST), None, 1000)


def test_a_zone_of_version_1_stays_as_its_last_transition_left_it(tmp_path):
    (tmp_path / "One").write_bytes(block(b"\0", (-1000, 1000), (1, 2), wide=False))
    zone = zone_of("One", database=TzDatabase(str(tmp_path)))
    offsets = [zone.offset_seconds(at) for at in (-1001, -1000, 999, 1000, 1 << 32, 1 << 37)]
    assert offsets == [3208, 3600, 3600, 7200, 7200, 7200]


@pytest.mark.parametrize(
    ("times", "types", "footer", "expected"),
    [
        ((), (), "CET-1", TzifData(LMT, (), (), PosixRule(CET), None)),
        ((0,), (1,), "", TzifData(LMT, (0,), (CET,), None, 0)),
        # A transition that changes nothing is none, but the table ends with it.
        ((0, 100, 200), (1, 1, 1), "CET-1", TzifData(LMT, (0,), (CET,), PosixRule(CET), 200)),
        ((0, 100), (0, 1), "CET-1", TzifData(LMT, (100,), (CET,), PosixRule(CET), 100)),
        # The last second of the year 9999.
        ((253402300799,), (1,), "CET-1", TzifData(LMT, (253402300799,), (CET,), PosixRule(CET), 253402300799)),
    ],
)
def test_tables(times, types, footer, expected):
    assert read_tzif(tzif(b"2", times, types, footer)) == expected


@pytest.mark.parametrize("more", [{"leap": 3}, {"isstd": 3}, {"isut": 3}, {"leap": 27, "isstd": 3, "isut": 3}])
def test_leap_seconds_and_indicators_are_skipped(more):
    assert read_tzif(tzif(b"2", (0,), (1,), "CET-1", **more)) == read_tzif(tzif(b"2", (0,), (1,), "CET-1"))


def test_the_first_block_is_only_skipped():
    first = block(b"2", (1, 2, 3), (1, 2, 1), wide=False, leap=2, isstd=1, isut=1)
    rest = block(b"2", (9,), (1,), wide=True) + b"\nCET-1\n"
    assert read_tzif(first + rest) == TzifData(LMT, (9,), (CET,), PosixRule(CET), 9)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\0", b"TZif", b"TZif2", b"TZif2" + b"\0" * 39, b"tzif2" + b"\0" * 200, b"#!/bin/sh\n" * 20, b"\xff" * 500,
        b"TZif2" + b"\0" * 15 + b"\xff" * 24 + b"\0" * 100,
        tzif(b"2", (0,), (3,)),  # a type there is not
        tzif(b"2", (0, 1), (1, 2), "CET-1CEST,M13.5.0,M10.5.0"),
        tzif(b"2", (0, 1), (1, 2), "no rule"),
        tzif(b"2", (0, 1), (1, 2), "CET-1").replace(b"CEST\0", b"CESTX"),  # an abbreviation without an end
        tzif(b"2", (0, 1), (1, 2), kinds=()),
        tzif(b"2", (0, 253402300800), (1, 2)),  # the first second of the year 10000
        tzif(b"2", (100, 0), (1, 2)), tzif(b"2", (100, 100), (1, 2)),  # not in order
        *(tzif(b"2", (0,), (1,), kinds=(LMT, LocalTimeType(offset, False, "CET"))) for offset in (86400, -86400)),
    ],
)  # fmt: skip
def test_refuses(data):
    with pytest.raises(ZoneError, match="no TZif file") as error:
        read_tzif(data, key="Test/Zone")
    assert error.value.key == "Test/Zone"
    assert '"Test/Zone"' in str(error.value)


def _reads_or_refuses(data):
    try:
        found = read_tzif(data, key="Test/Zone")
    except ZoneError:
        return False
    assert isinstance(found, TzifData)
    assert len(found.times) == len(found.types)
    return True


@pytest.mark.parametrize("key", ["Europe/Berlin", "Asia/Kolkata", "America/Nuuk", "Australia/Lord_Howe", "UTC"])
def test_cut_anywhere_is_refused_or_read(key):
    whole = real(key)
    footer = whole.rindex(b"\n", 0, -1)
    read = [length for length in range(len(whole)) if _reads_or_refuses(whole[:length])]
    assert [length for length in read if length <= footer] == [], "cut before its footer, no version 2 file can be read"
    assert _reads_or_refuses(whole)


@pytest.mark.parametrize("key", ["Europe/Berlin", "UTC"])
@pytest.mark.parametrize("seed", range(8))
def test_garbled_is_refused_or_read(key, seed):
    chance = random.Random(seed)
    whole = real(key)
    read = []
    for _ in range(150):
        garbled = bytearray(whole)
        for _ in range(chance.choice((1, 1, 2, 10))):
            garbled[chance.randrange(len(garbled))] = chance.randrange(256)
        if _reads_or_refuses(bytes(garbled)):
            # The standard library's reader also refuses what is not used, such as a second header's magic.
            with suppress(ValueError, AssertionError, IndexError, OverflowError):
                zone = zoneinfo.ZoneInfo.from_file(io.BytesIO(garbled))
                read.append((read_tzif(bytes(garbled)), zone))
    for data, zone in read:
        assert_as_zoneinfo(data, zone)
    assert len(read) > 20


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_refused(seed):
    chance = random.Random(seed)
    for _ in range(100):
        header = struct.pack(
            ">4sc15x6L", b"TZif", chance.choice((b"\0", b"2", b"3")), *(chance.randrange(1 << 32) for _ in range(6))
        )
        assert not _reads_or_refuses(chance.randbytes(chance.randrange(300)))
        assert not _reads_or_refuses(header + chance.randbytes(chance.randrange(300)))


@pytest.mark.parametrize(
    "key", ["Europe/Berlin", "America/New_York", "Africa/Casablanca", "Asia/Gaza", "Pacific/Apia", "UTC", "EST5EDT"]
)
def test_real_files_as_zoneinfo_reads_them(key):
    assert_as_zoneinfo(read_tzif(real(key)), zoneinfo.ZoneInfo.from_file(io.BytesIO(real(key))))


def assert_as_zoneinfo(data, zone):
    assert list(data.times) == sorted(set(data.times))
    shown = [(at, kind) for at, kind in zip(data.times, data.types, strict=True) if at > -62135500000]  # from the year 1 on
    for at, kind in shown:
        local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)).astimezone(zone)
        assert (local.utcoffset(), local.tzname()) == (timedelta(seconds=kind.offset), kind.abbreviation)
