"""What times cost whom, against every call of the year read through zoneinfo; and what must hold whoever the people are.

The oracle knows the table of costs, RFC 5545's reading of gaps and folds, and nothing of how the engine counts.
"""

from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from svsm_cal.config.load import loads
from svsm_cal.core.burden import DAY, HOURS, MOST, WEEK, WEEKEND, Limits, costs, is_waking, is_working
from svsm_cal.core.fairness import anchor_zones, current_times, plan_calls
from svsm_cal.core.model import Participant
from svsm_cal.core.tzdb import tz_database
from svsm_cal.core.zones import zone_of

REGIONS = sorted(tz_database().regions())
FAMILIAR = [
    "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "Asia/Kolkata", "Asia/Tokyo",
    "Australia/Sydney", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu", "Africa/Casablanca",
    "Africa/Cairo", "Antarctica/Troll", "America/Santiago", "UTC",
]  # fmt: skip
HEAD = """
[calendar]
id = "c"
name = "C"
domain = "c.example.org"
zone = "Europe/Berlin"
"""
WEEKLY = 'start = 2024-02-14T18:00:00\nduration = "1h"\nrule = "FREQ=WEEKLY;BYDAY=WE"'


def series_of(text=WEEKLY):
    (only,) = loads(f'{HEAD}[[series]]\nid = "call"\ntitle = "Call"\n{text}\n').series
    return only


def people_of(*zones):
    return tuple(Participant(f"p{number}", f"P {number}", zone_of(zone)) for number, zone in enumerate(zones))


def minute_of_week(local):
    return local.weekday() * 1440 + local.hour * 60 + local.minute


# --- The oracle ---------------------------------------------------------------------------------------------------


def cost_of(local, length):
    """Return the points of one call that begins at a local time, minute by minute."""
    total = 0
    for minute in range(length):
        at = local + timedelta(minutes=minute)
        total += max(HOURS[at.hour], WEEKEND if at.weekday() > 4 else 0)
    return total


def starts(anchor, weekday, minutes, first, home):
    """Yield each week's local start in a home zone: 52 of them."""
    day = first + timedelta(days=(weekday - first.weekday()) % 7)
    for week in range(52):
        wall = datetime.combine(day + timedelta(weeks=week), time()) + timedelta(minutes=minutes)
        at = wall.replace(tzinfo=anchor.tzinfo, fold=0).astimezone(UTC)
        yield at.astimezone(home.tzinfo).replace(tzinfo=None)


def begins_within(local, length, limits):
    """Whether a call keeps the limits on somebody's clock."""
    if local.weekday() in limits.without or (limits.earliest and local.time() < limits.earliest):
        return False
    if limits.latest is None:
        return True
    evening = local.date() if local.time() >= time(4) else local.date() - timedelta(days=1)
    end = datetime.combine(evening, limits.latest) + timedelta(days=limits.latest <= time(4))
    return local + timedelta(minutes=length) <= end


def halves(points, length):
    """Return points as half points of the mean, to the nearest, up where both are as near."""
    return int(points / (52 * length) * 2 + 0.5)


def order(points, length):
    """Return what times are ordered by: everybody's cost to half a point, the worst first, then the sum."""
    return sorted((halves(each, length) for each in points), reverse=True), sum(points)


def all_times(people, anchors, first, *, length, limits, step):
    """Return {(anchor's number, weekday, minutes): ([points in each week] for each person)} within the limits."""
    found, known = {}, {}
    for (number, anchor), weekday, minutes in (
        ((n, a), w, m) for n, a in enumerate(anchors) for w in range(7) for m in range(0, 1440, step)
    ):
        rows, kept = [], True
        for person in people:
            row = []
            for local in starts(anchor, weekday, minutes, first, person.zone):
                key = minute_of_week(local)
                if key not in known:
                    known[key] = cost_of(local, length), begins_within(local, length, limits)
                row.append(known[key][0])
                kept = kept and known[key][1]
            rows.append(row)
        if kept:
            found[number, weekday, minutes] = rows
    return found


def assert_plan(plan, people, anchors, *, limits, step=60):
    first, length = plan.first, plan.length
    times = all_times(people, anchors, first, length=length, limits=limits, step=step)
    ranked = {key: order([sum(row) for row in rows], length) for key, rows in times.items()}
    full = 52 * length
    assert plan.times == len(times)
    for number, heat in enumerate(plan.heat):
        for minutes, row in zip(heat.minutes, heat.rows, strict=True):
            for weekday, shown in enumerate(row):
                rows = times.get((number, weekday, minutes))
                if rows is None:
                    assert shown is None
                else:
                    sums = [sum(each) for each in rows]
                    assert shown == pytest.approx((max(sums) / full, sum(sums) / full / len(people)))
        here = {key[1:]: value for key, value in ranked.items() if key[0] == number}
        assert heat.best == {(m, w) for (w, m), value in here.items() if value == min(here.values())}
    if not times:
        assert plan.best == plan.pairs == ()
        return
    for choice in (*plan.best, *plan.current):
        assert_choice(choice, people, plan)
        if choice in plan.best:
            key = (anchors.index(choice.zone), choice.weekday, choice.minutes[0])
            assert choice.rank == 1 + sum(value < ranked[key] for value in ranked.values())
            for weekday in choice.also:
                assert [sum(row) for row in times[key[0], weekday, key[2]]] == [sum(row) for row in times[key]]
    assert plan.best[0].rank == 1
    assert [choice.rank for choice in plan.best] == sorted(choice.rank for choice in plan.best)
    assert_pairs(plan, people, anchors, times, min(ranked.values()))


def assert_choice(choice, people, plan):
    """What a choice says of each person is what their calls are."""
    said = {person.id: burden for burden in choice.burdens for person in burden.people}
    assert sorted(said) == sorted(person.id for person in people)
    costs_ = []
    for person in people:
        calls = []
        for turn, minutes in enumerate(choice.minutes):
            every = list(starts(choice.zone, choice.weekday, minutes, plan.first, person.zone))
            calls += [(turn, local) for local in (every if len(choice.minutes) == 1 else every[turn::2])]
        assert len(calls) == 52
        burden = said[person.id]
        counted = {}
        for turn, local in calls:
            key = (turn, minute_of_week(local))
            counted[key] = counted.get(key, 0) + 1
        assert {(start.turn, start.minute): start.calls for start in burden.starts} == counted
        total = sum(cost_of(local, plan.length) for _, local in calls)
        assert burden.cost == pytest.approx(total / 52 / plan.length)
        working = [
            local.weekday() < 5 and time(9) <= local.time() and local + timedelta(minutes=plan.length)
            <= datetime.combine(local, time(18)) for _, local in calls
        ]  # fmt: skip
        assert burden.off_work == working.count(False)
        waking = [
            time(7) <= local.time() and local + timedelta(minutes=plan.length) <= datetime.combine(local, time(22))
            for _, local in calls
        ]
        assert burden.off_waking == waking.count(False)
        costs_.append(burden.cost)
    assert (choice.worst, choice.mean) == pytest.approx((max(costs_), sum(costs_) / len(costs_)))


def assert_pairs(plan, people, anchors, times, single):
    """The first pair is the fairest of all there are; none is left out that is fairer than the best single time."""
    best = None
    for number in range(len(anchors)):
        for weekday in range(7):
            here = sorted(minutes for n, w, minutes in times if (n, w) == (number, weekday))
            for first, second in combinations(here, 2):
                a, b = times[number, weekday, first], times[number, weekday, second]
                points = [sum(one[0::2]) + sum(other[1::2]) for one, other in zip(a, b, strict=True)]
                rated = order(points, plan.length)
                best = rated if best is None else min(best, rated)
    if best is None or best >= single:
        assert plan.pairs == ()
        return
    for choice in plan.pairs:
        assert_choice(choice, people, plan)
    first = plan.pairs[0]
    sums = [round(burden.cost * 52 * plan.length) for burden in first.burdens for _ in burden.people]
    assert order(sums, plan.length) == best


# --- The table ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begins", "length", "points"),
    [
        ("Mon 09:00", 60, 0),
        ("Fri 17:00", 60, 0),
        ("Wed 18:00", 60, 60),
        ("Wed 17:30", 60, 30),  # half an hour after work
        ("Wed 07:30", 60, 90),
        ("Wed 03:00", 60, 600),
        ("Wed 22:30", 60, 480),
        ("Fri 23:30", 60, 30 * 9 + 30 * 10),
        ("Sat 12:00", 60, 60 * WEEKEND),
        ("Sun 23:30", 60, 30 * 9 + 30 * 10),  # into Monday
        ("Sat 02:00", 30, 300),
        ("Mon 00:00", WEEK, sum(costs(60)[::60])),
        ("Tue 10:00", WEEK + 60, sum(costs(60)[::60])),
    ],
)
def test_what_a_call_costs(begins, length, points):
    day, clock = begins.split()
    minute = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].index(day) * DAY + int(clock[:2]) * 60 + int(clock[3:])
    assert costs(length)[minute] == points
    if length < WEEK:
        assert points == cost_of(datetime(2024, 1, 1) + timedelta(minutes=minute), length)


def test_the_table_of_hours():
    assert len(HOURS) == 24
    assert HOURS[9:18] == (0,) * 9
    assert HOURS[:4] == (MOST,) * 4
    assert list(HOURS[:18]) == sorted(HOURS[:18], reverse=True)
    assert list(HOURS[9:]) == sorted(HOURS[9:])


@pytest.mark.parametrize(
    ("minute", "length", "working", "waking"),
    [
        (9 * 60, 60, True, True),
        (8 * 60 + 59, 60, False, True),
        (17 * 60, 60, True, True),
        (17 * 60 + 1, 60, False, True),
        (7 * 60, 60, False, True),
        (6 * 60 + 59, 60, False, False),
        (21 * 60, 60, False, True),
        (21 * 60 + 1, 60, False, False),
        (5 * DAY + 12 * 60, 60, False, True),
    ],
)
def test_working_and_waking_hours(minute, length, working, waking):
    assert (is_working(minute, length), is_waking(minute, length)) == (working, waking)


LIMITS = [
    ("07:00", None, "07:00", True),
    ("07:00", None, "06:59", False),
    ("07:00", None, "23:30", True),
    ("07:00", None, "03:00", False),
    (None, "22:00", "21:00", True),
    (None, "22:00", "21:01", False),
    (None, "22:00", "03:00", False),  # not after 22:00 does not mean in the middle of the night
    (None, "22:00", "04:00", True),
    (None, "01:00", "23:30", True),
    (None, "01:00", "00:00", True),
    (None, "01:00", "00:01", False),
    (None, "00:00", "23:00", True),
    (None, "00:00", "23:01", False),
    ("07:00", "22:00", "07:00", True),
    ("07:00", "22:00", "22:00", False),
]


@pytest.mark.parametrize(("earliest", "latest", "begins", "allowed"), LIMITS)
def test_limits(earliest, latest, begins, allowed):
    limits = Limits(*(each and time.fromisoformat(each) for each in (earliest, latest)))
    at = datetime.combine(date(2024, 1, 3), time.fromisoformat(begins))
    assert limits.allow(minute_of_week(at), 60) is allowed
    assert limits.refused(60)[minute_of_week(at)] == int(not allowed)
    assert begins_within(at, 60, limits) is allowed


# --- Against the oracle -------------------------------------------------------------------------------------------

MARCH = date(2025, 3, 5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("zones", "anchors", "first", "limits", "step"),
    [
        (["Europe/Berlin"], ["Europe/Berlin"], MARCH, Limits(), 60),
        (["America/New_York", "Asia/Kolkata"], ["Europe/Berlin"], MARCH, Limits(), 60),
        (["America/New_York", "Australia/Sydney", "Asia/Kolkata"], ["Europe/Berlin", "America/New_York"], MARCH, Limits(), 60),
        (["Europe/Berlin", "Europe/Rome", "Asia/Tokyo"], ["Asia/Tokyo"], date(2025, 1, 1), Limits(time(7), time(22)), 60),
        (["Europe/Berlin", "America/Chicago"], ["Europe/Berlin"], MARCH, Limits(without=frozenset({4, 5, 6})), 30),
        (["Australia/Sydney"], ["Europe/Berlin"], MARCH, Limits(without=frozenset({5, 6})), 60),
        (["Pacific/Auckland", "Europe/Lisbon"], ["UTC"], MARCH, Limits(time(7), time(22)), 60),
        (["Australia/Lord_Howe", "Asia/Kathmandu"], ["Australia/Lord_Howe"], date(2024, 12, 31), Limits(), 60),
        (["Africa/Casablanca", "Africa/Cairo", "Europe/Dublin"], ["Africa/Cairo"], date(2026, 1, 1), Limits(), 60),
        (["Pacific/Apia", "Europe/Berlin"], ["Pacific/Apia"], date(2011, 6, 1), Limits(), 60),  # without a Friday
        (["Africa/Monrovia", "Europe/Berlin"], ["Africa/Monrovia"], date(1971, 6, 1), Limits(), 60),  # 44 min 30 s behind
        (["Europe/Berlin", "America/Los_Angeles", "Australia/Sydney"], ["Europe/Berlin"], MARCH, Limits(time(7), time(22)), 60),
        (["America/New_York"], ["Europe/Berlin"], date(2199, 3, 1), Limits(), 60),
    ],
)  # fmt: skip
def test_against_every_call_of_the_year(zones, anchors, first, limits, step):
    people, where = people_of(*zones), tuple(map(zone_of, anchors))
    plan = plan_calls(series_of(), people, first=first, anchors=where, limits=limits, step=step, number=5)
    assert_plan(plan, people, where, limits=limits, step=step)


CALENDARS = {
    "zones": st.lists(st.sampled_from(FAMILIAR) | st.sampled_from(REGIONS), min_size=1, max_size=4),
    "anchors": st.lists(st.sampled_from(FAMILIAR), min_size=1, max_size=2, unique=True),
    "first": st.dates(date(1972, 1, 1), date(2150, 1, 1)) | st.dates(date(2024, 1, 1), date(2027, 1, 1)),
    "length": st.sampled_from([30, 50, 60, 90, 180]),
    "limits": st.builds(
        Limits,
        st.none() | st.sampled_from([time(5), time(7), time(8, 30)]),
        st.none() | st.sampled_from([time(20), time(22), time(0), time(1, 30)]),
        st.frozensets(st.integers(0, 6), max_size=3),
    ),
}


def check_calendar(zones, anchors, first, length, limits):
    people, where = people_of(*zones), tuple(map(zone_of, anchors))
    series = series_of(WEEKLY.replace('"1h"', f'"{length}m"'))
    plan = plan_calls(series, people, first=first, anchors=where, limits=limits)
    assert plan.length == length
    assert_plan(plan, people, where, limits=limits)


@pytest.mark.slow
@given(**CALENDARS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
def test_random_calendars(zones, anchors, first, length, limits):
    check_calendar(zones, anchors, first, length, limits)


@pytest.mark.soak
@given(**CALENDARS)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_many_random_calendars(zones, anchors, first, length, limits):
    check_calendar(zones, anchors, first, length, limits)


# --- What must hold -----------------------------------------------------------------------------------------------


def value(choice):
    """Return what a choice is ordered by."""
    each = [burden.cost for burden in choice.burdens for _ in burden.people]
    return sorted((int(cost * 2 + 0.5) for cost in each), reverse=True), round(sum(each), 9)


@pytest.mark.parametrize("zone", FAMILIAR)
def test_one_person_meets_in_their_working_hours(zone):
    plan = plan_calls(series_of(), people_of(zone), first=MARCH)
    (burden,) = plan.best[0].burdens
    assert (burden.cost, burden.off_work) == (0, 0)
    assert plan.pairs == ()


@given(
    st.permutations(["Europe/Berlin", "Europe/Rome", "America/New_York", "America/Chicago", "Asia/Tokyo", "Asia/Tokyo", "UTC"]),
    st.sampled_from([Limits(), Limits(time(4), time(0))]),
)
@settings(max_examples=15)
def test_the_order_of_people_makes_no_difference(zones, limits):
    def asked(order):
        people = tuple(Participant(f"{zone}-{order[:n].count(zone)}", zone, zone_of(zone)) for n, zone in enumerate(order))
        return plan_calls(series_of(), people, first=MARCH, limits=limits)

    assert asked(zones) == asked(sorted(zones))


@pytest.mark.slow
@given(
    zones=st.lists(st.sampled_from(FAMILIAR), min_size=1, max_size=5),
    limits=CALENDARS["limits"],
    more=CALENDARS["limits"],
)
@settings(max_examples=40)
def test_another_limit_never_makes_a_better_time(zones, limits, more):
    both = Limits(limits.earliest or more.earliest, limits.latest or more.latest, limits.without | more.without)
    people = people_of(*zones)
    wide, narrow = (plan_calls(series_of(), people, first=MARCH, limits=each) for each in (limits, both))
    assert narrow.times <= wide.times
    if narrow.best:
        assert value(wide.best[0]) <= value(narrow.best[0])
        assert all(choice.allowed for choice in narrow.best)


@pytest.mark.parametrize(
    ("limits", "relaxed"),
    [
        # 09:00 in Los Angeles is 18:00 in Berlin, for most of the year.
        (Limits(time(9), time(17)), [Limits(time(7), time(17)), Limits(time(9), time(19))]),
        (Limits(time(8), time(16)), [Limits(time(6), time(16)), Limits(time(8), time(18))]),
        (Limits(without=frozenset(range(7))), [Limits(without=frozenset(range(7)) - {each}) for each in range(7)][:1]),
    ],
)
def test_limits_that_leave_nothing_say_what_would(limits, relaxed):
    people = people_of("Europe/Berlin", "America/Los_Angeles", "America/New_York")
    plan = plan_calls(series_of(), people, first=date(2025, 4, 2), limits=limits)
    assert (plan.times, plan.best, plan.pairs) == (0, (), ())
    for wider in plan.relaxed:
        assert plan_calls(series_of(), people, first=date(2025, 4, 2), limits=wider).times > 0
    assert list(plan.relaxed) == relaxed


@pytest.mark.parametrize(
    ("zones", "expected"),
    [
        (["Europe/Berlin"], ["Europe/Berlin"]),
        (["Europe/London", "Europe/Rome"], ["Europe/Berlin"]),  # one law with Berlin
        (["America/New_York", "America/Chicago", "America/Chicago"], ["Europe/Berlin", "America/Chicago"]),
        (["Asia/Tokyo", "Asia/Kolkata", "America/Los_Angeles"], ["Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata"]),
        (["Australia/Sydney", "Australia/Lord_Howe"], ["Europe/Berlin", "Australia/Lord_Howe", "Australia/Sydney"]),
    ],
)
def test_a_zone_for_each_law(zones, expected):
    assert [zone.key for zone in anchor_zones(series_of(), people_of(*zones), MARCH)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WEEKLY, [("Europe/Berlin", 2, 1080, 60)]),
        (WEEKLY.replace('"1h"', '"45s"'), [("Europe/Berlin", 2, 1080, 1)]),
        ('start = 2025-01-06T09:30:00\nduration = "15m"\nrule = "FREQ=WEEKLY;BYDAY=MO,TH"',
         [("Europe/Berlin", 3, 570, 15), ("Europe/Berlin", 0, 570, 15)]),  # Thursday 6 March is the first
        ('start = 2025-01-01T09:00:00\nduration = "1h"\nrule = "FREQ=MONTHLY;BYDAY=1WE,3WE"', [("Europe/Berlin", 2, 540, 60)]),
        (f'{WEEKLY}\nfrom = [{{ date = 2025-06-04, zone = "America/New_York", start = 12:00:00 }}]',
         [("Europe/Berlin", 2, 1080, 60), ("America/New_York", 2, 720, 60)]),
        ('start = 2025-01-06T09:30:00\nduration = "1h"', []),  # over
    ],
)  # fmt: skip
def test_the_times_a_series_has(text, expected):
    assert [(zone.key, *rest) for zone, *rest in current_times(series_of(text), MARCH)] == expected


def test_a_series_that_is_over_is_planned_all_the_same():
    plan = plan_calls(series_of('start = 2025-01-06T09:30:00\nduration = "30m"'), people_of("Asia/Tokyo"), first=MARCH)
    assert (plan.current, plan.length, plan.best[0].rank) == ((), 30, 1)


def test_the_present_time_need_not_be_on_the_grid():
    text = WEEKLY.replace("18:00:00", "18:20:00")
    people = people_of("Asia/Kolkata", "America/New_York")
    plan = plan_calls(series_of(text), people, first=MARCH, limits=Limits(time(7), time(23)))
    (now,) = plan.current
    assert now.minutes == (18 * 60 + 20,)
    assert not now.allowed  # in winter it ends at 23:50 in Kolkata
    assert_choice(now, people, plan)
    assert now.rank == 1 + plan.times  # within the limits, all are better
