"""Zones of earlier releases of the tz database, each against zoneinfo reading the same bytes.

A zone's file has changed form over the years ("fat" and "slim", versions 2 and 3, footers with odd hours), and clocks
have changed their law: what holds for the newest release only would not do.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from svsm_cal.core.tzdb import TzDatabase
from svsm_cal.core.zones import instant_of, zone_of

CACHE = Path(__file__).resolve().parents[2] / ".cache/tzdata"
LOCK = Path(__file__).resolve().parents[1] / "tzdata/releases.lock"
EVERY = [line.split()[0].removeprefix("tzdata==") for line in LOCK.read_text().splitlines()]
SOME = ("2020.1", "2022.7", "2024.2")  # those that the Makefile sets up for `make test`
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FROM, UNTIL = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (1900, 2060))
# zoneinfo takes the last entry of West Greenland's table, which changes nothing, for a fold (see test_zones).
GREENLAND = ("America/Nuuk", "America/Godthab")
# From 2022g to 2023c the file of Ojinaga is at odds with itself: its last entry (30 October 2022, to CST) and its yearly
# rule (CDT until 6 November) contradict each other, which RFC 9636 section 3.3 forbids. zoneinfo goes by the rule, ours by
# the entry until the rule's next change, which is what the law was.
OJINAGA = ("America/Ojinaga", datetime(2022, 10, 30, 8, tzinfo=UTC), datetime(2022, 11, 6, 7, tzinfo=UTC))


def assert_as_zoneinfo(database, key):
    ours, theirs = zone_of(key, database=database), database.zone_info(key)
    for at, before, after in ours.changes(FROM, UNTIL):
        for shift, kind in ((-1, before), (0, after), (1800, None)):
            moment = EPOCH + timedelta(seconds=at + shift)
            if key == OJINAGA[0] and OJINAGA[1] <= moment < OJINAGA[2]:
                continue
            local = moment.astimezone(theirs)
            offset = ours.offset_seconds(at + shift)
            assert offset == local.utcoffset() // SECOND, (key, local)
            assert kind is None or (kind.offset, kind.abbreviation) == (offset, local.tzname()), (key, local)
            if key in GREENLAND and local.year == 2023:
                continue
            wall = local.replace(tzinfo=None, fold=0)
            assert instant_of(wall, ours) == wall.replace(tzinfo=theirs).astimezone(UTC), (key, wall)
    # Between the changes nothing changes: as many as zoneinfo has.
    for year in range(1905, 2060, 7):
        for month in (1, 4, 7, 10):
            at = datetime(year, month, 15, tzinfo=UTC)
            assert ours.utc_offset(at) == at.astimezone(theirs).utcoffset(), (key, at)


def database_of(release):
    folder = CACHE / release / "tzdata/zoneinfo"
    if not folder.is_dir():
        pytest.skip(f"tzdata {release} is not unpacked: run `make {'readers' if release in SOME else 'soak'}`")
    return TzDatabase(str(folder))


@pytest.mark.slow
@pytest.mark.parametrize("release", SOME)
def test_a_fifth_of_the_zones_of_some_releases(release):
    database = database_of(release)
    assert database.version[:4] == release[:4]
    keys = database.keys()
    assert len(keys) > 580
    for key in keys[::5]:
        assert_as_zoneinfo(database, key)


@pytest.mark.soak
@pytest.mark.parametrize("release", EVERY)
def test_every_zone_of_every_release(release):
    database = database_of(release)
    keys = database.keys()
    for key in keys:
        assert_as_zoneinfo(database, key)


def test_releases_differ_where_the_law_has_changed():
    """Mexico gave up summer time with release 2022f, Jordan with 2022f, Kazakhstan is one zone from 2024a on."""
    old, new = (database_of(release) for release in (SOME[0], SOME[2]))
    at = datetime(2026, 7, 1, tzinfo=UTC)
    for key, hours in (("America/Mexico_City", (-5, -6)), ("Asia/Amman", (3, 3)), ("Asia/Almaty", (6, 5))):
        assert tuple(zone_of(key, database=each).utc_offset(at) // timedelta(hours=1) for each in (old, new)) == hours, key
    winter = datetime(2026, 1, 1, tzinfo=UTC)
    assert [zone_of("Asia/Amman", database=each).utc_offset(winter) // timedelta(hours=1) for each in (old, new)] == [2, 3]
