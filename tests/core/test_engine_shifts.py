"""Where a series' local start shifts: runs and windows of every zone, against each call read through zoneinfo.

The calls are dateutil's, their instants zoneinfo's: no part of the engine is asked for what is expected of it.
"""

from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise

import dateutil.rrule
import pytest

from svsm_cal.config.load import loads
from svsm_cal.core.shifts import RegularCalls, ShiftKind
from svsm_cal.core.tzdb import tz_database
from svsm_cal.core.zones import zone_of

KEYS = tz_database().keys()
ZONES = [(zone_of(key), zone_of(key).tzinfo) for key in KEYS]
END = date(2034, 12, 31)
SOME = [
    "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Tokyo", "Africa/Casablanca", "Australia/Lord_Howe",
    "Australia/Sydney", "America/Santiago", "Europe/Dublin", "Antarctica/Troll", "Asia/Gaza", "Africa/Cairo", "UTC",
]  # fmt: skip

HEAD = """
[calendar]
id = "svsm"
name = "SVSM"
domain = "svsm.example.org"
zone = "Europe/Berlin"

[[series]]
id = "call"
title = "Call"
duration = "1h"
"""


def series_of(text):
    (only,) = loads(f"{HEAD}{text}\n").series
    return only


def calls(zone, start, rule, until=END, *, without=()):
    """Return (anchor date, instant) of each call up to the end of a date."""
    tz, begin = zone_of(zone).tzinfo, datetime.fromisoformat(start)
    end = datetime.combine(until, time.max)
    walls = [begin] if rule is None else dateutil.rrule.rrulestr(rule, dtstart=begin).between(begin, end, inc=True)
    left = {date.fromisoformat(each) for each in without}
    return [(each.date(), each.replace(tzinfo=tz, fold=0).astimezone(UTC)) for each in walls if each.date() not in left]


def starts(rows, tz):
    """Return each call's local start, in seconds after midnight of its anchor date."""
    return [(at.astimezone(tz).replace(tzinfo=None) - datetime.combine(day, time())) // timedelta(seconds=1) for day, at in rows]


def assert_runs(series, rows, zones):
    regular = RegularCalls(series)
    regular.extend(END)
    assert [datetime.fromtimestamp(at, UTC) for at in regular.times] == [at for _, at in rows]
    assert [date(1970, 1, 1) + timedelta(days=wall // 86400) for wall in regular.walls] == [day for day, _ in rows]
    for zone, tz in zones:
        local = starts(rows, tz)
        begins = [index for index in range(len(local)) if not index or local[index] != local[index - 1]]
        found = regular.runs(zone)
        assert list(found.begins) == begins, zone
        assert [found.ahead + phase for phase in found.phases] == [local[index] for index in begins], zone


WEEKLY = 'start = 2025-01-01T18:00:00\nrule = "FREQ=WEEKLY"\n'


@pytest.mark.slow
def test_a_weekly_call_in_berlin_in_every_zone():
    assert len(ZONES) > 590
    assert_runs(series_of(WEEKLY), calls("Europe/Berlin", "2025-01-01T18:00", "FREQ=WEEKLY"), ZONES)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("zone", "start", "rule"),
    [
        ("America/New_York", "2025-01-01T12:00:00", "FREQ=WEEKLY"),
        ("America/New_York", "2025-03-09T02:30:00", "FREQ=WEEKLY"),  # in a gap each spring, in a fold's hour in autumn
        ("Europe/Berlin", "2025-01-05T02:30:00", "FREQ=WEEKLY"),
        ("Europe/Berlin", "2025-01-01T23:30:00", "FREQ=WEEKLY;INTERVAL=2"),
        ("Africa/Casablanca", "2025-01-05T02:15:00", "FREQ=WEEKLY"),
        ("Australia/Lord_Howe", "2025-01-05T02:15:00", "FREQ=WEEKLY"),
        ("America/Santiago", "2025-01-05T00:00:00", "FREQ=WEEKLY"),
        ("Asia/Tokyo", "2025-01-01T00:30:00", "FREQ=DAILY;INTERVAL=5"),
        ("UTC", "2025-01-29T15:00:00", "FREQ=MONTHLY;BYDAY=-1WE"),
        ("Europe/Berlin", "2025-01-08T18:00:00", "FREQ=MONTHLY;BYDAY=2WE"),
        # So seldom that clocks change there and back between two calls.
        ("Europe/Berlin", "2025-01-31T18:00:00", "FREQ=MONTHLY"),
        ("Europe/Berlin", "2025-01-15T18:00:00", "FREQ=MONTHLY;INTERVAL=4"),
        ("Europe/Berlin", "2025-01-15T18:00:00", "FREQ=MONTHLY;INTERVAL=6"),
        ("Europe/Berlin", "2025-07-15T18:00:00", "FREQ=YEARLY"),
        ("Europe/Berlin", "2025-01-15T18:00:00", "FREQ=YEARLY"),
        ("UTC", "2025-02-10T15:00:00", "FREQ=YEARLY;INTERVAL=3"),
        ("Europe/Berlin", "2025-03-30T02:30:00", "FREQ=MONTHLY;BYMONTHDAY=30"),
    ],
)
def test_calls_of_one_rule(zone, start, rule):
    series = series_of(f'zone = "{zone}"\nstart = {start}\nrule = "{rule}"')
    assert_runs(series, calls(zone, start, rule), ZONES[::15])
    assert_runs(series, calls(zone, start, rule), [(zone_of(key), zone_of(key).tzinfo) for key in SOME])


def test_the_first_and_third_wednesday():
    rule = "FREQ=MONTHLY;BYDAY=1WE,3WE"
    series = series_of(f'start = 2025-01-01T18:00:00\nrule = "{rule}"')
    assert len(series.segments) == 2  # side by side
    assert_runs(series, calls("Europe/Berlin", "2025-01-01T18:00", rule), ZONES[::2])


def test_times_of_one_day_are_one_run():
    """A series at two times of day is told by the first of them."""
    series = series_of('start = 2025-01-01T09:00:00\nrule = "FREQ=WEEKLY;BYHOUR=9,17"')
    rows = calls("Europe/Berlin", "2025-01-01T09:00", "FREQ=WEEKLY;BYHOUR=9,17")
    regular = RegularCalls(series)
    regular.extend(END)
    assert [datetime.fromtimestamp(at, UTC) for at in regular.times] == [at for _, at in rows]
    morning = calls("Europe/Berlin", "2025-01-01T09:00", "FREQ=WEEKLY")
    for zone, tz in ZONES[::10]:
        local = starts(morning, tz)
        begins = [index for index in range(len(local)) if not index or local[index] != local[index - 1]]
        found = regular.runs(zone)
        # Where clocks change between a morning and its evening, a run may begin with the evening.
        assert [index // 2 if index % 2 == 0 else index // 2 + 1 for index in found.begins] == begins, zone
        assert [found.ahead + phase for phase in found.phases] == [local[index] for index in begins], zone


FROM = [
    # Another zone: the call goes to New York on 3 September 2025, and comes back in 2027.
    (
        'from = [{ date = 2025-09-03, zone = "America/New_York", start = 12:00:00 }]',
        [("Europe/Berlin", "2025-01-01T18:00", date(2025, 9, 2)), ("America/New_York", "2025-09-03T12:00", END)],
    ),
    (
        """from = [
            { date = 2025-03-12, zone = "America/New_York", start = 13:00:00 },
            { date = 2027-03-24, zone = "Europe/Berlin", start = 18:00:00 },
        ]""",
        [
            ("Europe/Berlin", "2025-01-01T18:00", date(2025, 3, 11)),
            ("America/New_York", "2025-03-12T13:00", date(2027, 3, 23)),
            ("Europe/Berlin", "2027-03-24T18:00", END),
        ],
    ),
    # The zone alone: the same time on another clock.
    (
        'from = [{ date = 2025-06-04, zone = "Asia/Tokyo" }]',
        [("Europe/Berlin", "2025-01-01T18:00", date(2025, 6, 3)), ("Asia/Tokyo", "2025-06-04T18:00", END)],
    ),
    # The time alone, on the very week of a change of clocks.
    (
        "from = [{ date = 2025-10-29, start = 17:00:00 }]",
        [("Europe/Berlin", "2025-01-01T18:00", date(2025, 10, 28)), ("Europe/Berlin", "2025-10-29T17:00", END)],
    ),
]


@pytest.mark.parametrize(("steps", "parts"), FROM)
def test_a_series_of_several_segments(steps, parts):
    series = series_of(f"{WEEKLY}{steps}")
    rows = [row for zone, start, until in parts for row in calls(zone, start, "FREQ=WEEKLY", until)]
    assert_runs(series, rows, ZONES[::12])
    assert_runs(series, rows, [(zone_of(key), zone_of(key).tzinfo) for key in SOME])


EXCEPTIONS = [
    # The first call of a run of New York's, its last, a whole run, the first of all.
    ("cancel = [{ date = 2025-03-12 }]", ["2025-03-12"]),
    ("cancel = [{ date = 2025-03-05 }]", ["2025-03-05"]),
    ("cancel = [{ date = 2025-03-26 }, { date = 2025-04-02 }]", ["2025-03-26", "2025-04-02"]),
    (
        "cancel = [{ date = 2025-03-12 }, { date = 2025-03-19 }, { date = 2025-03-26 }]",
        ["2025-03-12", "2025-03-19", "2025-03-26"],
    ),
    ("cancel = [{ date = 2025-10-29 }]", ["2025-10-29"]),
    ("cancel = [{ date = 2025-01-01 }]", ["2025-01-01"]),
    ("move = [{ date = 2025-04-02, to = 2025-04-03T18:00:00 }]", ["2025-04-02"]),
    ("add = [{ start = 2025-04-01T18:00:00 }]", []),
    ('change = [{ date = 2025-04-02, title = "Planning" }]', []),
]


@pytest.mark.parametrize(("exceptions", "without"), EXCEPTIONS)
def test_calls_set_apart_neither_begin_nor_end_a_run(exceptions, without):
    rows = calls("Europe/Berlin", "2025-01-01T18:00", "FREQ=WEEKLY", without=without)
    assert_runs(series_of(f"{WEEKLY}{exceptions}"), rows, ZONES[::25])
    assert_runs(series_of(f"{WEEKLY}{exceptions}"), rows, [(zone_of(key), zone_of(key).tzinfo) for key in SOME])


def test_a_month_of_cancelled_calls_across_two_changes():
    """All of a winter: New York's clocks go back and forth unseen."""
    first, last = date(2025, 10, 29), date(2026, 4, 1)
    off = [(first + timedelta(weeks=week)).isoformat() for week in range((last - first).days // 7 + 1)]
    text = ", ".join(f"{{ date = {each} }}" for each in off)
    rows = calls("Europe/Berlin", "2025-01-01T18:00", "FREQ=WEEKLY", without=off)
    assert_runs(series_of(f"{WEEKLY}cancel = [{text}]"), rows, ZONES[::5])


# Windows.


def windows_by_hand(rows, tz):
    """Return (first date, last date, calls, local start, kind, change) of each run."""
    runs = [
        (local, [row for _, row in run]) for local, run in groupby(zip(starts(rows, tz), rows, strict=True), lambda row: row[0])
    ]
    found = []
    for number, (local, run) in enumerate(runs):
        inside = 0 < number < len(runs) - 1
        short = (
            inside and runs[number + 1][1][0][1] - run[0][1] < timedelta(weeks=10) and runs[number - 1][0] == runs[number + 1][0]
        )
        change = (local - runs[number - 1][0]) // 60 if number else None
        found.append((run[0][0], run[-1][0], len(run), local, ShiftKind.MISMATCH if short else ShiftKind.SEASON, change))
    return found


def shown(window):
    return (window.first, window.last, window.calls, window.local_seconds, window.kind, window.change_minutes)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('rule = "FREQ=WEEKLY;UNTIL=20341231"\n', calls("Europe/Berlin", "2025-01-01T18:00", "FREQ=WEEKLY")),
        (
            'rule = "FREQ=MONTHLY;BYDAY=1WE,3WE;UNTIL=20341231"\n',
            calls("Europe/Berlin", "2025-01-01T18:00", "FREQ=MONTHLY;BYDAY=1WE,3WE"),
        ),
        ('rule = "FREQ=YEARLY;UNTIL=20341231"\n', calls("Europe/Berlin", "2025-01-01T18:00", "FREQ=YEARLY")),
        (
            f'rule = "FREQ=WEEKLY;UNTIL=20341231"\n{FROM[1][0]}',
            [row for zone, start, until in FROM[1][1] for row in calls(zone, start, "FREQ=WEEKLY", until)],
        ),
        *(
            (
                f'rule = "FREQ=WEEKLY;UNTIL=20341231"\n{exceptions}',
                calls("Europe/Berlin", "2025-01-01T18:00", "FREQ=WEEKLY", without=without),
            )
            for exceptions, without in EXCEPTIONS[:2]
        ),
    ],
)
def test_windows_of_a_series_that_ends(text, rows):
    series = series_of(f"start = 2025-01-01T18:00:00\n{text}")
    for zone, tz in [*ZONES[::23], *((zone_of(key), zone_of(key).tzinfo) for key in SOME)]:
        expected = windows_by_hand(rows, tz)
        regular = RegularCalls(series)
        assert [shown(each) for each in regular.windows(zone, date(2025, 1, 1), END)] == expected, zone
        # Whatever was asked before: a part of them, whole.
        for first, last in ((date(2025, 3, 19), date(2025, 3, 19)), (date(2026, 1, 1), date(2026, 12, 31)), (END, END)):
            part = [each for each in expected if each[0] <= last and each[1] >= first]
            assert [shown(each) for each in regular.windows(zone, first, last)] == part, zone
            assert [shown(each) for each in RegularCalls(series).windows(zone, first, last)] == part, zone


def test_a_run_that_ends_with_its_series_has_that_end_on_any_clock():
    """Ten years on, on the anchor's own clock as on one that shows the same; twelve are looked at."""
    series = series_of('start = 2025-01-01T18:00:00\nrule = "FREQ=WEEKLY;UNTIL=20341231"')
    for key in ("Europe/Paris", "Europe/Berlin"):
        for asked in (END, date(2025, 3, 19)):
            (only,) = RegularCalls(series).windows(zone_of(key), date(2025, 3, 19), asked)
            assert (only.last, only.calls) == (date(2034, 12, 27), 522), (key, asked)


def test_windows_do_not_depend_on_what_was_asked_before():
    series = series_of(WEEKLY)
    shared = RegularCalls(series)
    for key in SOME:
        zone = zone_of(key)
        for first, last in (
            (date(2025, 1, 1), date(2025, 12, 31)),
            (date(2027, 1, 1), date(2027, 6, 30)),
            (date(2025, 3, 1), date(2025, 4, 1)),
        ):
            found = shared.windows(zone, first, last)
            assert [shown(each) for each in found] == [shown(each) for each in RegularCalls(series).windows(zone, first, last)], (
                key
            )
            assert all(one.first < two.first for one, two in pairwise(found))
            assert all(one.first_utc.tzinfo is UTC for one in found)


def test_no_calls_no_runs():
    gone = series_of('start = 2025-01-01T18:00:00\nrule = "FREQ=WEEKLY;COUNT=1"\ncancel = [{ date = 2025-01-01 }]')
    regular = RegularCalls(gone)
    regular.extend(END)
    assert regular.times == []
    for zone, _ in ZONES[::50]:
        assert regular.runs(zone).begins == ()
        assert regular.windows(zone, date(2025, 1, 1), END) == []


@pytest.mark.soak
@pytest.mark.parametrize("anchor", ["Europe/Berlin", *SOME[1:]])
@pytest.mark.parametrize(
    "rule", ["FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=4", "FREQ=YEARLY", "FREQ=WEEKLY;INTERVAL=7"]
)
def test_any_anchor_in_every_zone(anchor, rule):
    for clock in ("02:30", "00:00", "18:00"):
        series = series_of(f'zone = "{anchor}"\nstart = 2025-03-09T{clock}:00\nrule = "{rule}"')
        assert_runs(series, calls(anchor, f"2025-03-09T{clock}", rule), ZONES)
