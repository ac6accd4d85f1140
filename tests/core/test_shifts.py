"""Shift windows: rows a reader can check with two wall clocks, then every zone of the database against zoneinfo, call by call."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytz

from svsm_cal.config.load import load, loads
from svsm_cal.core.localized import Clocks
from svsm_cal.core.model import Details, Series
from svsm_cal.core.occurrences import occurrences, occurrences_on
from svsm_cal.core.shifts import ShiftKind, shift_windows
from svsm_cal.engine.rrule import RecurrenceRule
from svsm_cal.engine.tzdb import tz_database
from svsm_cal.engine.zones import zone_of
from svsm_cal.errors import ZoneError
from tests.support import small

CALENDAR = load(Path(__file__).parents[2] / "examples/svsm/calendar.toml")
(CALL,) = CALENDAR.series
KEYS = tz_database().keys()
YEAR = date(2025, 1, 1), date(2025, 12, 31)


def line(window):
    """Return "2025-03-12..2025-03-26 2 13:00+0 +60 mismatch": dates, calls, local time and day, change, kind."""
    change = "first" if window.change_minutes is None else f"{window.change_minutes:+d}"
    return f"{window.first}..{window.last} {window.calls} {window.local_time:%H:%M}+{window.day_offset} {change} {window.kind}"


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (
            "America/New_York",
            [
                "2024-11-06..2025-03-05 14 12:00+0 -60 season",
                "2025-03-12..2025-03-26 2 13:00+0 +60 mismatch",  # 19 March is cancelled
                "2025-04-02..2025-10-22 29 12:00+0 -60 season",  # 23 April is cancelled
                "2025-10-29..2025-10-29 1 13:00+0 +60 mismatch",
                "2025-11-05..2026-03-04 15 12:00+0 -60 season",
            ],
        ),
        (
            "America/Los_Angeles",
            [
                "2024-11-06..2025-03-05 14 09:00+0 -60 season",
                "2025-03-12..2025-03-26 2 10:00+0 +60 mismatch",
                "2025-04-02..2025-10-22 29 09:00+0 -60 season",
                "2025-10-29..2025-10-29 1 10:00+0 +60 mismatch",
                "2025-11-05..2026-03-04 15 09:00+0 -60 season",
            ],
        ),
        (
            "Asia/Kolkata",
            [
                "2024-10-30..2025-03-26 17 22:30+0 +60 season",
                "2025-04-02..2025-10-22 29 21:30+0 -60 season",
                "2025-10-29..2026-03-25 19 22:30+0 +60 season",
            ],
        ),
        (
            "Asia/Tokyo",
            [
                "2024-10-30..2025-03-26 17 02:00+1 +60 season",
                "2025-04-02..2025-10-22 29 01:00+1 -60 season",
                "2025-10-29..2026-03-25 19 02:00+1 +60 season",
            ],
        ),
        (
            "Asia/Shanghai",
            [
                "2024-10-30..2025-03-26 17 01:00+1 +60 season",
                "2025-04-02..2025-10-22 29 00:00+1 -60 season",
                "2025-10-29..2026-03-25 19 01:00+1 +60 season",
            ],
        ),
        (
            "Australia/Sydney",  # it goes the other way: two hours between the seasons, an hour in the weeks between
            [
                "2024-10-30..2025-03-26 17 04:00+1 +60 season",
                "2025-04-02..2025-04-02 1 03:00+1 -60 season",
                "2025-04-09..2025-10-01 25 02:00+1 -60 season",
                "2025-10-08..2025-10-22 3 03:00+1 +60 season",
                "2025-10-29..2026-03-25 19 04:00+1 +60 season",
            ],
        ),
        ("Europe/Paris", ["2024-02-14..None None 18:00+0 first season"]),
        ("Europe/Rome", ["2024-02-14..None None 18:00+0 first season"]),
        ("Europe/Berlin", ["2024-02-14..None None 18:00+0 first season"]),
        ("Europe/London", ["2024-02-14..None None 17:00+0 first season"]),
        ("Europe/Dublin", ["2024-02-14..None None 17:00+0 first season"]),
        (
            "Africa/Casablanca",  # Ramadan: an hour back from 23 February to 6 April 2025, across Berlin's change
            [
                "2024-10-30..2025-02-19 13 18:00+0 +60 season",
                "2025-02-26..2025-03-26 4 17:00+0 -60 season",
                "2025-04-02..2025-04-02 1 16:00+0 -60 mismatch",
                "2025-04-09..2025-10-22 28 17:00+0 +60 season",
                "2025-10-29..2026-02-11 13 18:00+0 +60 season",
            ],
        ),
        (
            "UTC",
            [
                "2024-10-30..2025-03-26 17 17:00+0 +60 season",
                "2025-04-02..2025-10-22 29 16:00+0 -60 season",
                "2025-10-29..2026-03-25 19 17:00+0 +60 season",
            ],
        ),
    ],
)
def test_the_year_2025(zone, expected):
    assert [line(window) for window in shift_windows(CALL, zone, *YEAR)] == expected


def test_a_window_also_has_its_instants():
    mismatch = shift_windows(CALL, "America/New_York", *YEAR)[1]
    assert mismatch.first_utc == datetime(2025, 3, 12, 17, tzinfo=UTC)
    assert mismatch.last_utc == datetime(2025, 3, 26, 17, tzinfo=UTC)
    assert mismatch.covers(mismatch.first_utc)
    assert mismatch.covers(mismatch.last_utc)
    assert not mismatch.covers(mismatch.first_utc - timedelta(seconds=1))
    assert not mismatch.covers(mismatch.last_utc + timedelta(seconds=1))
    assert mismatch.local_seconds == 13 * 3600
    assert (mismatch.series, mismatch.zone) == (CALL, zone_of("America/New_York"))
    (open_ended,) = shift_windows(CALL, "Europe/Paris", *YEAR)
    assert open_ended.last_utc is None
    assert open_ended.covers(datetime(9000, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2025-03-12", "2025-03-12", ["2025-03-12..2025-03-26"]),  # given whole
        ("2025-03-19", "2025-03-19", ["2025-03-12..2025-03-26"]),
        ("2025-03-27", "2025-04-01", []),  # between two windows
        ("2025-03-26", "2025-04-02", ["2025-03-12..2025-03-26", "2025-04-02..2025-10-22"]),
        ("2025-03-27", "2025-04-02", ["2025-04-02..2025-10-22"]),
        ("2020-01-01", "2024-02-13", []),  # before the first call
        ("2020-01-01", "2024-02-14", ["2024-02-14..2024-03-06"]),
        ("2025-12-31", "2025-01-01", []),
    ],
)
def test_the_range_is_of_anchor_dates_and_both_ends_count(start, end, expected):
    found = shift_windows(CALL, "America/New_York", date.fromisoformat(start), date.fromisoformat(end))
    assert [f"{each.first}..{each.last}" for each in found] == expected


@pytest.mark.parametrize(
    "zone", ["America/New_York", ZoneInfo("America/New_York"), pytz.timezone("America/New_York"), zone_of("America/New_York")]
)
@pytest.mark.parametrize("to", [date, datetime])
def test_any_kind_of_zone_dates_or_datetimes(zone, to):
    bounds = (to(2025, 3, 12), to(2025, 3, 26))
    assert [line(window) for window in shift_windows(CALL, zone, *bounds)] == ["2025-03-12..2025-03-26 2 13:00+0 +60 mismatch"]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", None])
def test_what_names_no_zone(zone):
    with pytest.raises(ZoneError):
        shift_windows(CALL, zone, *YEAR)


HEAD = small("""\
[[series]]
id = "devel-call"
title = "SVSM Development Call"
duration = "1h"
""")
SUMMER = 'start = 2025-06-04T18:00:00\nrule = "FREQ=WEEKLY;UNTIL=20250930"\n'
SPRING = 'start = 2025-04-02T18:00:00\nrule = "FREQ=WEEKLY;UNTIL=20250930"\n'
MARCH = 'start = 2025-03-05T18:00:00\nrule = "FREQ=WEEKLY;UNTIL=20250417"\n'


@pytest.mark.parametrize(
    ("series", "zone", "expected"),
    [
        # A change of the time of the call itself is a season's end.
        (
            f"{SUMMER}from = [{{ date = 2025-08-06, start = 17:00:00 }}]",
            "America/New_York",
            ["2025-06-04..2025-07-30 9 12:00+0 first season", "2025-08-06..2025-09-24 8 11:00+0 -60 season"],
        ),
        # Another anchor, the same moment there: one window for those who keep theirs.
        (
            f'{SUMMER}from = [{{ date = 2025-08-06, zone = "America/New_York", start = 12:00:00 }}]',
            "America/New_York",
            ["2025-06-04..2025-09-24 17 12:00+0 first season"],
        ),
        # Short between two that agree, made by the series itself.
        (
            f"{SUMMER}from = [{{ date = 2025-07-02, start = 17:00:00 }}, {{ date = 2025-07-16, start = 18:00:00 }}]",
            "UTC",
            [
                "2025-06-04..2025-06-25 4 16:00+0 first season",
                "2025-07-02..2025-07-09 2 15:00+0 -60 mismatch",
                "2025-07-16..2025-09-24 11 16:00+0 +60 season",
            ],
        ),
        # Ten weeks from the first call to the next window's first are no longer short; nine are.
        (
            f"{SPRING}from = [{{ date = 2025-05-07, start = 17:00:00 }}, {{ date = 2025-07-16, start = 18:00:00 }}]",
            "Europe/Berlin",
            [
                "2025-04-02..2025-04-30 5 18:00+0 first season",
                "2025-05-07..2025-07-09 10 17:00+0 -60 season",
                "2025-07-16..2025-09-24 11 18:00+0 +60 season",
            ],
        ),
        (
            f"{SPRING}from = [{{ date = 2025-05-07, start = 17:00:00 }}, {{ date = 2025-07-09, start = 18:00:00 }}]",
            "Europe/Berlin",
            [
                "2025-04-02..2025-04-30 5 18:00+0 first season",
                "2025-05-07..2025-07-02 9 17:00+0 -60 mismatch",
                "2025-07-09..2025-09-24 12 18:00+0 +60 season",
            ],
        ),
        # Cancelled and moved ones neither begin, end nor count; changed ones do.
        (
            f"""{MARCH}cancel = [{{ date = 2025-03-12 }}]
            move = [{{ date = 2025-03-26, to = 2025-03-27T18:00:00 }}]
            change = [{{ date = 2025-03-19, title = "Planning" }}]""",
            "America/New_York",
            [
                "2025-03-05..2025-03-05 1 12:00+0 first season",
                "2025-03-19..2025-03-19 1 13:00+0 +60 mismatch",
                "2025-04-02..2025-04-16 3 12:00+0 -60 season",
            ],
        ),
        # Added ones neither.
        (
            f"{MARCH}add = [{{ start = 2025-03-13T09:00:00 }}]",
            "UTC",
            ["2025-03-05..2025-03-26 4 17:00+0 first season", "2025-04-02..2025-04-16 3 16:00+0 -60 season"],
        ),
        # A single call, and one that is cancelled.
        ("start = 2025-06-04T18:00:00", "Asia/Tokyo", ["2025-06-04..2025-06-04 1 01:00+1 first season"]),
        ("start = 2025-06-04T18:00:00\ncancel = [{ date = 2025-06-04 }]", "Asia/Tokyo", []),
        # The day before: a morning call seen from the west.
        (
            'start = 2025-06-04T07:00:00\nrule = "FREQ=WEEKLY;COUNT=2"',
            "America/Los_Angeles",
            ["2025-06-04..2025-06-11 2 22:00+-1 first season"],
        ),
        # Side by side, the parts of one rule make one row of windows.
        (
            'start = 2025-06-04T18:00:00\nrule = "FREQ=MONTHLY;BYDAY=1WE,3WE;UNTIL=20251231"',
            "UTC",
            ["2025-06-04..2025-10-15 10 16:00+0 first season", "2025-11-05..2025-12-17 4 17:00+0 +60 season"],
        ),
    ],
)
def test_small_series(series, zone, expected):
    (only,) = loads(f"{HEAD}{series}\n").series
    assert [line(window) for window in shift_windows(only, zone, *YEAR)] == expected


# Every zone of the database, call by call.

# Far past the asked years, so that a window's end and neighbours are known; windows are reported open twelve years on.
SEEN = date(2024, 2, 14), date(2028, 12, 31)
HELD = [each for each in occurrences(CALL, datetime(2024, 1, 1, tzinfo=UTC), datetime(2042, 6, 1, tzinfo=UTC)) if each.held]
LATEST = HELD[-1].start.date()


def windows_by_hand(zone):
    """Return (calls, local start, kind) of each run of the calls seen on one zone's clock, by zoneinfo alone."""
    rows = []
    for call in HELD:
        there = call.start_utc.astimezone(zone).replace(tzinfo=None)
        rows.append((there - datetime.combine(call.start, time()), call))
    runs = [(local, [call for _, call in run]) for local, run in groupby(rows, key=lambda row: row[0])]
    found = []
    for number, (local, run) in enumerate(runs):
        kind = ShiftKind.SEASON
        if 0 < number < len(runs) - 1:
            length = runs[number + 1][1][0].start_utc - run[0].start_utc
            if length < timedelta(weeks=10) and runs[number - 1][0] == runs[number + 1][0]:
                kind = ShiftKind.MISMATCH
        found.append((local, run, kind))
    return found


def assert_windows_of(key):
    zone = zone_of(key)
    found = shift_windows(CALL, zone, *SEEN)
    expected = [each for each in windows_by_hand(zone.tzinfo) if each[1][0].start.date() <= SEEN[1]]
    assert len(found) == len(expected), key
    for window, (local, run, kind) in zip(found, expected, strict=True):
        seen = timedelta(days=window.day_offset) + (datetime.combine(date.min, window.local_time) - datetime.min)
        assert (window.first, window.first_utc, seen, window.kind) == (run[0].start.date(), run[0].start_utc, local, kind), key
        if window.last is None:
            assert run[-1].start.date() == LATEST, key
            assert (window.calls, window.last_utc) == (None, None), key
        else:
            assert (window.last, window.last_utc, window.calls) == (run[-1].start.date(), run[-1].start_utc, len(run)), key
    for before, after in pairwise(found):
        assert before.last < after.first, key
        assert (before.local_time, before.day_offset) != (after.local_time, after.day_offset), key
        assert after.change_minutes == (after.local_seconds - before.local_seconds) / 60, key
    assert found[0].change_minutes is None, key
    # Put together, the windows cover each call exactly once.
    for call in HELD:
        if call.start.date() <= SEEN[1]:
            assert sum(window.covers(call.start_utc) for window in found) == 1, (key, call.start)


def kinds_of_clocks():
    """Return one zone for each set of clocks since 2024, and all the others."""
    first = {}
    for key in KEYS:
        zone = zone_of(key)
        changes = tuple((at, after.offset) for at, _, after in zone.changes(1704067200, 2300000000))
        first.setdefault((zone.offset_seconds(1704067200), changes), []).append(key)
    return [keys[0] for keys in first.values()], [key for keys in first.values() for key in keys[1:]]


DIFFERENT, ALIKE = kinds_of_clocks()


@pytest.mark.parametrize("part", range(4))
def test_every_kind_of_clock_call_by_call(part):
    assert len(DIFFERENT) > 60
    for key in DIFFERENT[part::4]:
        assert_windows_of(key)


def test_every_other_zone_has_the_windows_of_its_kind():
    by_clocks, every_key = {}, [*DIFFERENT, *ALIKE]
    for key in every_key:
        found = [line(window) for window in shift_windows(CALL, key, date(2025, 1, 1), date(2025, 12, 31))]
        by_clocks.setdefault(tuple(found), []).append(key)
        calls = [each for each in HELD if date(2025, 1, 1) <= each.start.date() <= date(2025, 12, 31)]
        windows = shift_windows(CALL, key, date(2025, 1, 1), date(2025, 12, 31))
        tz = zone_of(key).tzinfo
        for call in calls[::6]:
            (window,) = [each for each in windows if each.covers(call.start_utc)]
            there = call.start_utc.astimezone(tz)
            assert (there.time(), (there.date() - call.start.date()).days) == (window.local_time, window.day_offset), key
    assert sum(len(keys) for keys in by_clocks.values()) == len(every_key) == len(KEYS)
    assert len(by_clocks) <= len(DIFFERENT)


@pytest.mark.soak
@pytest.mark.parametrize("key", KEYS)
def test_every_zone_call_by_call(key):
    assert_windows_of(key)


@pytest.mark.parametrize(
    "anchor", ["America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "America/Santiago", "Pacific/Apia", "UTC"]
)
def test_windows_of_any_anchor_are_runs_of_equal_local_starts(anchor):
    series = Series(
        "s",
        "example.org",
        zone_of(anchor),
        datetime(2024, 1, 2, 1, 30),
        timedelta(hours=1),
        Details(),
        RecurrenceRule.parse("FREQ=WEEKLY"),
    )
    calls = occurrences(series, datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    for key in DIFFERENT[::5]:
        windows = shift_windows(series, key, date(2024, 1, 1), date(2025, 12, 31))
        tz = zone_of(key).tzinfo
        for call in calls:
            (window,) = [each for each in windows if each.covers(call.start_utc)]
            there = call.start_utc.astimezone(tz)
            assert (there.time(), (there.date() - call.start.date()).days) == (window.local_time, window.day_offset), (
                key,
                call.start,
            )


# What a window says of one call.


@pytest.mark.parametrize(
    ("zone", "day", "change", "returns"),
    [
        ("America/New_York", "2025-03-05", 0, False),
        ("America/New_York", "2025-03-12", 60, False),
        ("America/New_York", "2025-03-19", 60, False),  # cancelled, in the midst of the mismatch
        ("America/New_York", "2025-03-26", 60, False),
        ("America/New_York", "2025-04-02", -60, True),
        ("America/New_York", "2025-04-09", 0, False),
        ("America/New_York", "2025-04-23", 0, False),  # cancelled in a season
        ("America/New_York", "2025-10-22", 0, False),
        ("America/New_York", "2025-10-29", 60, False),
        ("America/New_York", "2025-11-05", -60, True),
        ("America/New_York", "2025-11-12", 0, False),
        ("Asia/Kolkata", "2025-03-26", 0, False),
        ("Asia/Kolkata", "2025-04-02", -60, False),  # a season that ends no mismatch
        ("Asia/Kolkata", "2025-04-09", 0, False),
        ("Asia/Kolkata", "2025-10-29", 60, False),
        ("Australia/Sydney", "2025-04-02", -60, False),
        ("Australia/Sydney", "2025-04-09", -60, False),
        ("Europe/Rome", "2025-04-02", 0, False),
        ("Europe/Rome", "2024-02-14", 0, False),
        ("America/New_York", "2024-02-14", 0, False),  # the very first call changes nothing
    ],
)
def test_what_a_call_changes(zone, day, change, returns):
    (call,) = occurrences_on(CALL, date.fromisoformat(day))
    seen = Clocks().see(call, zone_of(zone))
    assert (seen.change_minutes, seen.returns) == (change, returns)
    assert seen.occurrence is call
    assert seen.localized.start == call.start_utc
    assert seen.window is None or seen.window.covers(call.start_utc)


def test_one_clocks_for_many_calls_says_the_same():
    clocks, zones = Clocks(), [zone_of(key) for key in ("America/New_York", "Asia/Kolkata", "Europe/Rome")]
    calls = occurrences(CALL, datetime(2024, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), cancelled=True)
    for call in reversed(calls[::9]):
        for zone in zones:
            assert clocks.see(call, zone) == Clocks().see(call, zone)


@pytest.mark.parametrize(
    ("exceptions", "day", "change"),
    [
        # What New York's mismatch says to a call that is in it by exception.
        ("move = [{ date = 2025-03-19, to = 2025-03-20T18:00:00 }]", "2025-03-20", 60),
        ("add = [{ start = 2025-03-20T10:00:00 }]", "2025-03-20", 60),
        ("add = [{ start = 2025-03-10T18:00:00 }]", "2025-03-10", 60),  # after the US change, before the first regular call
        ("move = [{ date = 2025-04-09, to = 2025-03-27T18:00:00 }]", "2025-03-27", 60),
        ("move = [{ date = 2025-03-26, to = 2025-04-03T18:00:00 }]", "2025-04-03", 0),
        ("add = [{ start = 2025-06-05T10:00:00 }]", "2025-06-05", 0),
        ("cancel = [{ date = 2025-03-12 }]", "2025-03-12", 60),
        ("cancel = [{ date = 2025-04-02 }]", "2025-04-02", 0),
        ("cancel = [{ date = 2025-04-02 }]", "2025-04-09", -60),  # the first of the season that takes place
    ],
)
def test_calls_that_are_cancelled_moved_or_added(exceptions, day, change):
    text = f'{HEAD}start = 2025-01-01T18:00:00\nrule = "FREQ=WEEKLY;BYDAY=WE"\n{exceptions}\n'
    (series,) = loads(text).series
    (call,) = [each for each in occurrences_on(series, date.fromisoformat(day)) if each.start.date() == date.fromisoformat(day)]
    assert Clocks().see(call, zone_of("America/New_York")).change_minutes == change
