"""Local times: which wall-clock times name an instant of a stretch, what offsets it has, and the matrix of many calls.

Every zone of the database, against `Zone.resolve_seconds` around each change, and against zoneinfo and pytz.
"""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import pytz
import tzdata

from svsm_cal.core.local_times import LocalTimes
from svsm_cal.core.tzdb import tz_database
from svsm_cal.core.zones import zone_of

KEYS = tz_database().keys()
ZONES = [zone_of(key) for key in KEYS]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY, YEAR = 86400, 31556952
FIRST, LAST = -62135596800, 253402300799  # the years 1 to 9999


def seconds(text):
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(seconds=1)


def changes(zone, lo, hi):
    return [(at, before.offset, after.offset) for at, before, after in zone.changes(lo, hi)]


# Spans: wall-clock times that name an instant in [lo, hi), with the offset.


@pytest.mark.parametrize(
    ("zone", "start", "end", "gaps", "expected"),
    [
        ("UTC", "2025-01-01T00:00Z", "2025-01-02T00:00Z", True, ["2025-01-01T00:00 2025-01-02T00:00 +0"]),
        ("Asia/Kolkata", "2025-01-01T00:00Z", "2025-01-02T00:00Z", True, ["2025-01-01T05:30 2025-01-02T05:30 +330"]),
        # A gap: its times are read with the offset before it, so that both spans name what is between 01:00Z and 02:00Z.
        (
            "Europe/Berlin", "2026-03-29T00:00Z", "2026-03-29T03:00Z", True,
            ["2026-03-29T01:00 2026-03-29T03:00 +60", "2026-03-29T03:00 2026-03-29T05:00 +120"],
        ),
        (
            "Europe/Berlin", "2026-03-29T00:00Z", "2026-03-29T03:00Z", False,
            ["2026-03-29T01:00 2026-03-29T02:00 +60", "2026-03-29T03:00 2026-03-29T05:00 +120"],
        ),
        # One that ends, or begins, within the hour that the gap's times are read as.
        (
            "Europe/Berlin", "2026-03-29T00:00Z", "2026-03-29T01:30Z", True,
            ["2026-03-29T01:00 2026-03-29T02:30 +60", "2026-03-29T03:00 2026-03-29T03:30 +120"],
        ),
        (
            "Europe/Berlin", "2026-03-29T01:30Z", "2026-03-29T03:00Z", True,
            ["2026-03-29T02:30 2026-03-29T03:00 +60", "2026-03-29T03:30 2026-03-29T05:00 +120"],
        ),
        ("Europe/Berlin", "2026-03-29T01:30Z", "2026-03-29T03:00Z", False, ["2026-03-29T03:30 2026-03-29T05:00 +120"]),
        ("Europe/Berlin", "2026-03-29T00:00Z", "2026-03-29T01:00Z", True, ["2026-03-29T01:00 2026-03-29T02:00 +60"]),
        ("Europe/Berlin", "2026-03-29T02:00Z", "2026-03-29T03:00Z", True, ["2026-03-29T04:00 2026-03-29T05:00 +120"]),
        # A fold: its times are the first pass, and nothing names the second.
        (
            "Europe/Berlin", "2026-10-24T23:00Z", "2026-10-25T03:00Z", True,
            ["2026-10-25T01:00 2026-10-25T03:00 +120", "2026-10-25T03:00 2026-10-25T04:00 +60"],
        ),
        ("Europe/Berlin", "2026-10-25T01:00Z", "2026-10-25T02:00Z", True, []),
        ("Europe/Berlin", "2026-10-25T01:30Z", "2026-10-25T02:30Z", True, ["2026-10-25T03:00 2026-10-25T03:30 +60"]),
        ("Europe/Berlin", "2026-10-25T00:30Z", "2026-10-25T01:30Z", True, ["2026-10-25T02:30 2026-10-25T03:00 +120"]),
        # A day that never was.
        (
            "Pacific/Apia", "2011-12-30T00:00Z", "2011-12-31T00:00Z", True,
            ["2011-12-29T14:00 2011-12-30T14:00 -600", "2011-12-31T00:00 2011-12-31T14:00 +840"],
        ),
        (
            "Pacific/Apia", "2011-12-30T00:00Z", "2011-12-31T00:00Z", False,
            ["2011-12-29T14:00 2011-12-30T00:00 -600", "2011-12-31T00:00 2011-12-31T14:00 +840"],
        ),
        (
            "Pacific/Apia", "2011-12-31T00:00Z", "2011-12-31T12:00Z", True,
            ["2011-12-30T14:00 2011-12-31T00:00 -600", "2011-12-31T14:00 2012-01-01T02:00 +840"],
        ),
        # Nothing.
        ("Europe/Berlin", "2026-03-29T01:00Z", "2026-03-29T01:00Z", True, []),
        ("Europe/Berlin", "2026-06-02T00:00Z", "2026-06-01T00:00Z", True, []),
    ],
)  # fmt: skip
def test_spans(zone, start, end, gaps, expected):
    wall = datetime(1970, 1, 1)
    found = [
        f"{wall + timedelta(seconds=lo):%Y-%m-%dT%H:%M} {wall + timedelta(seconds=hi):%Y-%m-%dT%H:%M} {offset // 60:+d}"
        for lo, hi, offset in zone_of(zone).spans(seconds(start), seconds(end), gaps=gaps)
    ]
    assert found == expected


def named(zone, wall, lo, hi, *, gaps):
    """Return the offset of a wall-clock time that names an instant in [lo, hi), None for one that does not."""
    before, after = zone.resolve_seconds(wall)
    if (before > after and not gaps) or not lo <= before < hi:
        return None
    return wall - before


def offset_in(spans, wall):
    found = [offset for lo, hi, offset in spans if lo <= wall < hi]
    assert len(found) < 2
    return found[0] if found else None


def assert_spans(zone, lo, hi):
    """Each span, and what is between them, is right at its ends and around every change in it."""
    for gaps in (True, False):
        spans = zone.spans(lo, hi, gaps=gaps)
        assert all(begin < end for begin, end, _ in spans)
        assert all(one[1] <= two[0] for one, two in pairwise(spans))
        edges = {lo - DAY, hi + DAY, *(edge for begin, end, _ in spans for edge in (begin, end))}
        for at in (lo, hi):
            edges |= {at + zone.offset_seconds(at)}
        for at, before, after in changes(zone, lo - 2 * DAY, hi + 2 * DAY):
            edges |= {at + before, at + after, at + (before + after) // 2}
        for edge in edges:
            for wall in (edge - 1, edge, edge + 1):
                assert offset_in(spans, wall) == named(zone, wall, lo, hi, gaps=gaps), (zone, lo, hi, gaps, wall)


def stretches(zone, chance, eras):
    """Return stretches of time that begin or end around a zone's changes, or have none."""
    for era in eras:
        around = [at for at, _, _ in changes(zone, era, era + 6 * YEAR)] or [era]
        for _ in range(2):
            at = chance.choice(around) + chance.choice((0, 0, -1, 1, 1800, -1800, 3600, -3600, 43200, DAY, -DAY))
            length = chance.choice((1, 1800, 3600, 7200, DAY, 30 * DAY, 2 * YEAR))
            yield at, at + length
            yield at - length, at


ERAS = (-5_000_000_000, -2_200_000_000, -800_000_000, 0, 1_300_000_000, 1_700_000_000)
FAR = (2_130_000_000, 2_147_000_000, 4_000_000_000, 100_000_000_000, 253_200_000_000)


def test_spans_of_every_zone():
    chance = random.Random(5545)
    for number, zone in enumerate(ZONES):
        for lo, hi in stretches(zone, chance, (ERAS[number % len(ERAS)], FAR[number % len(FAR)])):
            assert_spans(zone, lo, hi)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(8))
def test_spans_of_every_zone_in_every_era(part):
    chance = random.Random(part)
    for zone in ZONES[part::8]:
        for lo, hi in stretches(zone, chance, (*ERAS, *FAR, FIRST)):
            assert_spans(zone, lo, hi)


@pytest.mark.parametrize("key", ["Africa/Casablanca", "Africa/Monrovia", "America/Juneau", "Asia/Manila", "Pacific/Apia"])
def test_spans_around_each_change_there_was(key):
    zone = zone_of(key)
    for at, before, after in changes(zone, -6_000_000_000, 2_300_000_000):
        apart = abs(after - before)
        for lo, hi in (
            (at - 1, at),
            (at, at + 1),
            (at + apart // 2, at + 2 * apart),
            (at - apart, at + apart // 2),
            (at - 1, at + DAY),
        ):
            assert_spans(zone, lo, hi)


def test_spans_name_each_second_once():
    """Second by second through a day with a gap and one with a fold."""
    for key, day in (("Australia/Lord_Howe", "2025-10-04T12:00Z"), ("Europe/Berlin", "2026-10-24T22:00Z")):
        zone, lo = zone_of(key), seconds(day)
        hi = lo + 6 * 3600
        expected = {}
        for wall in range(lo - 2 * DAY, hi + 2 * DAY, 60):
            offset = named(zone, wall, lo, hi, gaps=True)
            if offset is not None:
                expected[wall] = offset
        found = {wall: offset for begin, end, offset in zone.spans(lo, hi) for wall in range(begin, end) if wall % 60 == 0}
        assert found == expected


# Offsets.


def assert_offsets(zone, lo, hi):
    times, offsets = zone.offsets(lo, hi)
    assert len(offsets) == len(times) + 1
    assert times == sorted(set(times))
    assert times == [at for at, _, _ in changes(zone, lo, hi)], (zone, lo, hi)
    assert list(offsets[1:]) == [after for _, _, after in changes(zone, lo, hi)], (zone, lo, hi)
    # The first holds just before `lo`, each other one from its change on.
    assert offsets[0] == zone.offset_seconds(lo - 1), (zone, lo, hi)
    tz = zone.tzinfo
    for at, offset in zip(times[:: max(1, len(times) // 8)], offsets[1 :: max(1, len(times) // 8)], strict=False):
        assert (EPOCH + timedelta(seconds=at)).astimezone(tz).utcoffset() == timedelta(seconds=offset), (zone, at)


def test_offsets_of_every_zone():
    chance = random.Random(8536)
    for number, zone in enumerate(ZONES):
        for lo, hi in stretches(zone, chance, (ERAS[number % len(ERAS)], FAR[number % len(FAR)])):
            assert_offsets(zone, lo, hi)


@pytest.mark.slow
@pytest.mark.parametrize("key", ["Europe/Berlin", "Asia/Kolkata", "Antarctica/Troll"])
def test_offsets_of_all_time(key):
    zone = zone_of(key)
    assert_offsets(zone, FIRST, LAST)
    assert_offsets(zone, seconds("2037-01-01T00:00Z"), seconds("2039-01-01T00:00Z"))
    assert_offsets(zone, seconds("2037-12-20T00:00Z"), seconds("2038-01-02T00:00Z"))
    assert zone.offsets(10, 10) == ([], [zone.offset_seconds(9)])


# The matrix.


def random_instants(chance, number):
    """Return instants in time order, some of them equal, from 1880 to 2150."""
    found = [EPOCH + timedelta(seconds=chance.randrange(-2_840_000_000, 5_680_000_000)) for _ in range(number)]
    return sorted([*found, *found[::9]])


def local(at, tz):
    return at.astimezone(tz).replace(tzinfo=None)


def assert_columns(instants, zones):
    times = LocalTimes(instants, zones)
    assert times.zones == tuple(zones)
    assert len(times.columns) == len(zones)
    for number, (zone, column) in enumerate(zip(zones, times.columns, strict=True)):
        tz = zone.tzinfo
        expected = [local(at, tz) for at in instants]
        assert len(column) == len(instants)
        assert [times.local(call, number) for call in range(len(instants))] == expected, zone


def test_every_zone_as_zoneinfo_has_it():
    assert_columns(random_instants(random.Random(1), 90), ZONES)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_every_zone_as_zoneinfo_has_it_at_many_instants(seed):
    assert_columns(random_instants(random.Random(seed), 3000), ZONES)


def test_instants_at_each_change():
    for zone in ZONES[::5]:
        around = [at + near for at, _, _ in changes(zone, -3_000_000_000, 2_400_000_000) for near in (-1, 0, 1)]
        instants = [EPOCH + timedelta(seconds=at) for at in around]
        assert_columns(instants, [zone])
        # The first and the last of them at a change.
        for one, two in list(pairwise(instants))[:6]:
            assert_columns([one, two], [zone])
            assert_columns([one], [zone])


def test_weekly_calls_far_ahead():
    instants = [datetime(9990, 1, 6, 17, tzinfo=UTC) + timedelta(weeks=week) for week in range(300)]
    assert_columns(instants, ZONES[::7])
    assert_columns([datetime(2037, 11, 1, tzinfo=UTC) + timedelta(days=day) for day in range(200)], ZONES[::3])


@pytest.mark.skipif(pytz.OLSON_VERSION != tzdata.IANA_VERSION, reason="pytz and tzdata are of different tz releases")
def test_every_zone_as_pytz_has_it():
    """pytz's own tables end in 2037, and have whole minutes, which all zones have had since 1972."""
    chance = random.Random(2)
    instants = sorted(EPOCH + timedelta(seconds=chance.randrange(100_000_000, 2_100_000_000)) for _ in range(100))
    shared = sorted(set(KEYS) & set(pytz.all_timezones))
    times = LocalTimes(instants, [zone_of(key) for key in shared])
    assert len(shared) > 500
    for number, key in enumerate(shared):
        tz = pytz.timezone(key)
        assert [times.local(call, number) for call in range(100)] == [local(at, tz) for at in instants], key


def test_clocks_that_show_the_same_share_a_column():
    instants = [datetime(2025, 1, 1, 17, tzinfo=UTC) + timedelta(weeks=week) for week in range(104)]
    keys = ["Europe/Berlin", "Europe/Paris", "Asia/Kolkata", "Europe/Rome", "Africa/Lagos", "UTC", "Etc/UTC", "Africa/Abidjan"]
    times = LocalTimes(instants, [zone_of(key) for key in keys])
    berlin, paris, kolkata, rome, lagos, utc, etc, abidjan = times.columns
    assert berlin is paris is rome
    assert utc is etc is abidjan
    assert len({id(column) for column in (berlin, kolkata, lagos, utc)}) == 4
    # Berlin and Lagos show the same in winter, and then share one.
    winter = LocalTimes(instants[:8], [zone_of("Europe/Berlin"), zone_of("Africa/Lagos")])
    assert winter.columns[0] is winter.columns[1]
    # Of all zones, the columns are as many as there are kinds of clocks from the first call to the last.
    times = LocalTimes(instants, ZONES)
    kinds = {str(zone.offsets(seconds("2025-01-01T17:00:01Z"), seconds("2026-12-23T17:00:01Z"))) for zone in ZONES}
    assert len({id(column) for column in times.columns}) == len(kinds) < 120


def test_a_row_and_the_numbers_of_people():
    zones = [zone_of(key) for key in ("Europe/Berlin", "America/New_York", "Europe/Berlin", "Asia/Tokyo")]
    times = LocalTimes([datetime(2026, 3, 25, 17, tzinfo=UTC), datetime(2026, 4, 1, 16, tzinfo=UTC)], iter(zones))
    assert times.zones == (zones[0], zones[1], zones[3])
    assert times.row(0) == [datetime(2026, 3, 25, 18), datetime(2026, 3, 25, 13), datetime(2026, 3, 26, 2)]
    assert times.row(1) == [datetime(2026, 4, 1, 18), datetime(2026, 4, 1, 12), datetime(2026, 4, 2, 1)]
    numbers = times.numbers(zone_of(key) for key in ("Asia/Tokyo", "Europe/Berlin", "Asia/Tokyo", "America/New_York"))
    assert list(numbers) == [2, 0, 2, 1]
    assert numbers.itemsize <= 2
    assert [times.local(0, number) for number in numbers] == [times.row(0)[number] for number in numbers]
    assert list(times.numbers([])) == []
    with pytest.raises(KeyError):
        times.numbers([zones[0], zone_of("Europe/Paris")])
    with pytest.raises(IndexError):
        times.row(2)


def test_nothing_to_show():
    empty = LocalTimes([], ZONES[:3])
    assert [list(column) for column in empty.columns] == [[], [], []]
    assert list(empty.numbers(ZONES[:3])) == [0, 1, 2]
    nobody = LocalTimes([datetime(2025, 1, 1, tzinfo=UTC)], [])
    assert (nobody.zones, list(nobody.columns), nobody.row(0)) == ((), [], [])
    assert LocalTimes([], []).columns == []


def test_a_million_people_are_numbers():
    times = LocalTimes([datetime(2025, 1, 1, tzinfo=UTC)], ZONES)
    numbers = times.numbers(ZONES[index % len(ZONES)] for index in range(100_000))
    assert len(numbers) * numbers.itemsize <= 200_000
    assert [numbers[index] for index in (0, 1, len(ZONES) - 1, len(ZONES))] == [0, 1, len(ZONES) - 1, 0]
