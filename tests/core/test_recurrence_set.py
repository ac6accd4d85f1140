"""Recurrence sets: each window against the rule's civil instances, read one by one through zoneinfo.

The civil instances are dateutil's. zoneinfo's `fold=0` reads a time as RFC 5545 section 3.3.5 does: in a gap with the
offset before it, in a fold as the first pass. What is read is a sorted set, cut at the window's ends.
"""

import random
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from itertools import islice, pairwise, product, takewhile

import dateutil.rrule
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svsm_cal.core.expansion import Expansion
from svsm_cal.core.recurrence_set import Agenda, RecurrenceSet
from svsm_cal.core.rrule import Frequency, RecurrenceRule
from svsm_cal.core.tzdb import tz_database
from svsm_cal.core.zones import zone_of
from svsm_cal.errors import RuleError
from svsm_cal.value import replace

from .counting import at_most, work

PROFILE = settings(max_examples=100)
KEYS = tz_database().keys()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND, DAY, YEAR = timedelta(seconds=1), timedelta(days=1), timedelta(days=366)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "Africa/Casablanca",  # four changes a year
    "Pacific/Apia",  # no 30 December 2011
    "America/Sao_Paulo",  # midnight did not exist
    "Asia/Kolkata",
    "Europe/Dublin",
    "Antarctica/Troll",  # two hours
    "America/Juneau",  # two 18 Octobers in 1867
    "UTC",
]
# From where each is begun, and so looked at: before the zones' tables, in their midst, at their end, after it.
ERAS = [
    datetime(1867, 10, 1),
    datetime(1900, 1, 1),
    datetime(1969, 4, 1),
    datetime(2011, 1, 3),
    datetime(2024, 2, 5),
    datetime(2036, 1, 7),
    datetime(2100, 1, 1),
    datetime(2500, 2, 28),
    datetime(9988, 1, 4),
]
LONG = [
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;BYDAY=MO,WE,FR",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU",
    "FREQ=WEEKLY;BYMONTH=3,4,10,11;BYDAY=SA,SU",
    "FREQ=WEEKLY;COUNT=300",
    "FREQ=WEEKLY;BYDAY=SU;BYHOUR=1,2,3",
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=3",
    "FREQ=DAILY;COUNT=1000",
    "FREQ=DAILY;BYHOUR=0,1,2,3;BYMINUTE=0,15,30,45",
    "FREQ=DAILY;BYMONTH=3,4,10,12;BYDAY=SA,SU",
    "FREQ=MONTHLY",
    "FREQ=MONTHLY;BYDAY=2TU",
    "FREQ=MONTHLY;BYDAY=-1SU",
    "FREQ=MONTHLY;BYDAY=1WE,3WE",
    "FREQ=MONTHLY;BYMONTHDAY=-1",
    "FREQ=MONTHLY;BYMONTHDAY=29,30,31",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=30",
    "FREQ=MONTHLY;BYDAY=-1SU;COUNT=50",
    "FREQ=YEARLY",
    "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU;BYHOUR=1,2,3",
    "FREQ=YEARLY;BYWEEKNO=13,44;BYDAY=SU",
    "FREQ=YEARLY;BYYEARDAY=-1,1,100",
]
SHORT = [
    "FREQ=HOURLY",
    "FREQ=HOURLY;INTERVAL=5",
    "FREQ=HOURLY;INTERVAL=24",
    "FREQ=HOURLY;BYHOUR=1,2,3;BYMINUTE=0,30",
    "FREQ=HOURLY;BYDAY=SU;COUNT=700",
    "FREQ=MINUTELY;INTERVAL=45",
    "FREQ=MINUTELY;INTERVAL=1441",
    "FREQ=MINUTELY;INTERVAL=30;BYHOUR=0,1,2,3;COUNT=900",
]
TIMES = [time(2, 30), time(0, 0), time(18, 0), time(1, 59, 59), time(23, 45), time(2, 0), time(3, 0)]


def parse(text):
    return RecurrenceRule.parse(text)


def z(text):
    return datetime.fromisoformat(text)


def civil(text):
    return datetime.fromisoformat(text)


def seconds_of(at):
    return (at - EPOCH) // SECOND


def written(instants):
    return [f"{each:%Y-%m-%dT%H:%MZ}" for each in instants]


def called(start, zone, text=None, rdates=(), exdates=()):
    """Return a set from texts."""
    rule = None if text is None else parse(text)
    return RecurrenceSet(
        civil(start), zone_of(zone), rule, tuple(civil(each) for each in rdates), tuple(civil(each) for each in exdates)
    )


# The oracle.


@lru_cache(maxsize=512)
def instances(text, start, horizon):
    """Return dateutil's civil instances before a time; COUNT is left out of hourly and shorter rules."""
    rule = parse(text)
    if rule.freq > Frequency.DAILY:
        rule = replace(rule, count=None)
    if isinstance(rule.until, datetime) and rule.until.tzinfo:
        rule = replace(rule, until=None)
    elif type(rule.until) is date:
        rule = replace(rule, until=datetime.combine(rule.until, time.max).replace(microsecond=0))
    return tuple(takewhile(lambda each: each < horizon, dateutil.rrule.rrulestr(str(rule), dtstart=start)))


def read(wall, tz):
    return wall.replace(tzinfo=tz, fold=0).astimezone(UTC)


@lru_cache(maxsize=512)
def whole(text, start, zone, horizon):
    """Return the set's instants up to a civil time, one by one."""
    rule, tz = parse(text), zone_of(zone).tzinfo
    found = [(each, read(each, tz)) for each in instances(text, start, horizon)]
    if rule.freq > Frequency.DAILY:
        found = [(each, at) for each, at in found if at.astimezone(tz).replace(tzinfo=None) == each][: rule.count]
    if isinstance(rule.until, datetime) and rule.until.tzinfo:
        found = [(each, at) for each, at in found if at <= rule.until]
    return sorted({at for _, at in found})


def horizon_of(text, start):
    return start + (timedelta(days=400) if parse(text).freq > Frequency.DAILY else timedelta(days=366 * 8))


# Windows.


@st.composite
def sets(draw, rules=(*LONG, *SHORT)):
    """A rule, where it begins, in which zone."""
    text, era, zone = draw(st.sampled_from(rules)), draw(st.sampled_from(ERAS)), draw(st.sampled_from(ZONES))
    start = datetime.combine(era + DAY * draw(st.integers(0, 40)), draw(st.sampled_from(TIMES)))
    end = {0: "", 1: start + 60 * DAY, 2: start + 700 * DAY}[draw(st.sampled_from((0, 0, 0, 1, 2)))]
    if end and "COUNT" not in text:
        form = draw(st.sampled_from(("%Y%m%d", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ")))
        text += f";UNTIL={end + draw(st.integers(-30, 30)) * DAY / 24:{form}}"
    return text, start, zone


@st.composite
def bounds(draw, text, start, zone, found):
    """An instant: near a change of clocks or an instant of the set, or any, often not on a second."""
    lo, hi = start.replace(tzinfo=UTC) - 2 * DAY, horizon_of(text, start).replace(tzinfo=UTC) - 3 * DAY
    changes = [at for at, _, _ in zone_of(zone).changes(seconds_of(lo), seconds_of(hi))]
    choice = draw(st.sampled_from("cccoor"))
    if choice == "c" and changes:
        at = EPOCH + timedelta(seconds=draw(st.sampled_from(changes)))
        at += timedelta(seconds=draw(st.sampled_from((0, 0, -1, 1, -1800, 1800, -3600, 3600, -5400, 5400, -86400, 86400))))
    elif choice == "o" and found:
        at = draw(st.sampled_from(found)) + timedelta(seconds=draw(st.sampled_from((0, 0, -1, 1))))
    else:
        at = lo + timedelta(seconds=draw(st.integers(0, (hi - lo) // SECOND)))
    return min(at, hi) + timedelta(microseconds=draw(st.sampled_from((0, 0, 0, 1, -1, 500_000))))


def drawn_window(data, text, start, zone):
    found = whole(text, start, zone, horizon_of(text, start))
    one, two = (data.draw(bounds(text, start, zone, found)) for _ in range(2))
    return found, min(one, two), max(one, two)


@pytest.mark.slow
@PROFILE
@given(sets(), st.data())
def test_a_window_has_what_the_clocks_say(drawn, data):
    text, start, zone = drawn
    found, lo, hi = drawn_window(data, *drawn)
    within = RecurrenceSet(start, zone_of(zone), parse(text))
    expected = [each for each in found if lo <= each < hi]
    assert within.between(lo, hi) == expected
    assert all(each.tzinfo is UTC for each in within.between(lo, hi))
    ceil = [seconds_of(each) + (1 if each.microsecond else 0) for each in (lo, hi)]
    assert list(within.seconds(*ceil)) == [seconds_of(each) for each in expected]
    assert Agenda([within]).between(lo, hi) == [(each, within) for each in expected]
    # Whatever zone the bounds are given in.
    elsewhere = timezone(timedelta(hours=-7, minutes=-30))
    assert within.between(lo.astimezone(elsewhere), hi.astimezone(elsewhere)) == expected
    assert within.between(hi, lo) == []


@settings(PROFILE, max_examples=80)
@given(sets(), st.data())
def test_after_and_since_are_what_comes_first(drawn, data):
    text, start, zone = drawn
    found, at, _ = drawn_window(data, *drawn)
    within = RecurrenceSet(start, zone_of(zone), parse(text))
    later = [each for each in found if each >= at]
    if later:  # what follows the last of them is beyond the oracle's horizon
        assert within.after(at, inclusive=True) == later[0]
        assert within.after(later[0], inclusive=True) == later[0]
        assert within.after(later[0] - timedelta(microseconds=1)) == later[0]
        assert within.after(later[0] + timedelta(microseconds=1)) == next(iter(later[1:]), within.after(later[0]))
        if later[0] > at:
            assert within.after(at) == later[0]
        if len(later) > 1:
            assert within.after(later[0]) == later[1]
    count = min(len(later), 300)
    assert list(islice(within.since(at), count)) == later[:count]


@settings(PROFILE, max_examples=50)
@given(sets(), st.data())
def test_windows_add_up(drawn, data):
    text, start, zone = drawn
    found, lo, hi = drawn_window(data, *drawn)
    within = RecurrenceSet(start, zone_of(zone), parse(text))
    middle = min(max(data.draw(bounds(text, start, zone, found)), lo), hi)
    assert within.between(lo, middle) + within.between(middle, hi) == within.between(lo, hi)


def eras_of(number):
    """Return each rule in each zone, in the eras in turn."""
    for index, (text, zone) in enumerate(product((*LONG, *SHORT), ZONES)):
        era = ERAS[(index + number) % len(ERAS)]
        yield text, datetime.combine(era, TIMES[(index // len(ERAS) + number) % len(TIMES)]), zone


def assert_whole(text, start, zone):
    horizon = horizon_of(text, start)
    end = (horizon - 3 * DAY).replace(tzinfo=UTC)
    expected = [each for each in whole(text, start, zone, horizon) if each < end]
    within = RecurrenceSet(start, zone_of(zone), parse(text))
    assert within.between(FIRST, end) == expected, (text, start, zone)
    assert list(takewhile(lambda each: each < end, within.since(start.replace(tzinfo=UTC) - 3 * DAY))) == expected


@pytest.mark.slow
def test_every_rule_in_some_zones():
    for case in list(eras_of(0))[::11]:
        assert_whole(*case)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(9))
def test_every_rule_in_every_zone_in_every_era(number):
    for case in eras_of(number):
        assert_whole(*case)


# The short cut to many instances.

QUICK = ["FREQ=WEEKLY", "FREQ=MONTHLY;BYDAY=1SU", "FREQ=WEEKLY;BYDAY=SU", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=DAILY;INTERVAL=6"]


def assert_long_windows(key, text, start, windows):
    within = RecurrenceSet(start, zone_of(key), parse(text))
    for lo, hi in windows:
        found = within.between(EPOCH + timedelta(seconds=lo), EPOCH + timedelta(seconds=hi))
        # The same from windows too short for it.
        parts = [within.seconds(each, min(each + 50 * 86400, hi)) for each in range(lo, hi, 50 * 86400)]
        assert [seconds_of(each) for each in found] == [each for part in parts for each in part], (key, text, start, lo, hi)


def long_windows(key, chance):
    """Return windows that begin or end around changes of a zone's clocks."""
    zone = zone_of(key)
    changes = [at for at, _, _ in zone.changes(-(10**10), 3 * 10**9)] or [0]
    found = []
    for _ in range(4):
        lo = chance.choice(changes) + chance.choice((0, 1, -1, -1800, 1800, -3601, 3600, -86400, 86400))
        found.append((lo, lo + 61 * 86400 + chance.randrange(4 * 31556952)))
        found.append((lo - 61 * 86400 - chance.randrange(31556952), lo))
    return found


def test_long_windows_are_the_sum_of_short_ones_in_many_zones():
    chance = random.Random(5545)
    for number, key in list(enumerate(KEYS))[::2]:
        start = datetime.combine(datetime(1880, 1, 4) + number * DAY, chance.choice(TIMES))
        assert_long_windows(key, QUICK[number % len(QUICK)], start, long_windows(key, chance)[:4])


@pytest.mark.soak
@pytest.mark.parametrize("part", range(8))
def test_long_windows_are_the_sum_of_short_ones_for_many_rules(part):
    chance = random.Random(part)
    for key in KEYS[part::8]:
        for text in (*QUICK, *LONG):
            start = datetime.combine(datetime(1850, 1, 1) + chance.randrange(60000) * DAY, chance.choice(TIMES))
            assert_long_windows(key, text, start, long_windows(key, chance))


@pytest.mark.slow
@pytest.mark.parametrize("text", QUICK)
@pytest.mark.parametrize("zone", ["Africa/Casablanca", "Pacific/Apia", "America/Juneau"])
def test_decades_in_one_window(text, zone):
    lo, hi = datetime(1860, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    start = datetime.combine(date(1860, 1, 31), time(2, 30) if zone.startswith("Africa") else time(12))
    assert_long_windows(zone, text, start, [(seconds_of(lo), seconds_of(hi))])


# Gaps and folds, worked out by hand.


@pytest.mark.parametrize(
    ("zone", "start", "text", "expected"),
    [
        # Daily and longer: 02:30 is 03:30 on the day of the gap, and the first 02:30 on that of the fold.
        ("Europe/Berlin", "2026-03-28T02:30", "FREQ=DAILY;COUNT=3", "2026-03-28T01:30Z 2026-03-29T01:30Z 2026-03-30T00:30Z"),
        ("Europe/Berlin", "2026-10-24T02:30", "FREQ=DAILY;COUNT=3", "2026-10-24T00:30Z 2026-10-25T00:30Z 2026-10-26T01:30Z"),
        # 02:30 and 03:30 on the day of the gap are one instant, and count as the two instances that they are.
        (
            "Europe/Berlin", "2026-03-28T02:30", "FREQ=DAILY;BYHOUR=2,3;COUNT=6",
            "2026-03-28T01:30Z 2026-03-28T02:30Z 2026-03-29T01:30Z 2026-03-30T00:30Z 2026-03-30T01:30Z",
        ),
        # In time order, though 02:30 is 03:30 and so comes after 03:00.
        (
            "Europe/Berlin", "2026-03-29T00:00", "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30;COUNT=4",
            "2026-03-29T01:00Z 2026-03-29T01:30Z",
        ),
        (
            "Europe/Berlin", "2026-03-29T00:00", "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=15,45;BYSECOND=0;BYSETPOS=2,3,4;COUNT=3",
            "2026-03-29T01:15Z 2026-03-29T01:45Z",
        ),
        # Samoa's 30 December is read with the offset before it: 31 December at the same time, which is in the rule too.
        ("Pacific/Apia", "2011-12-29T12:00", "FREQ=DAILY;COUNT=4", "2011-12-29T22:00Z 2011-12-30T22:00Z 2011-12-31T22:00Z"),
        ("Pacific/Apia", "2011-12-23T12:00", "FREQ=WEEKLY;COUNT=3", "2011-12-23T22:00Z 2011-12-30T22:00Z 2012-01-05T22:00Z"),
        # Hourly and shorter: 02:00 is none and is not counted.
        ("Europe/Berlin", "2026-03-29T01:00", "FREQ=HOURLY;COUNT=3", "2026-03-29T00:00Z 2026-03-29T01:00Z 2026-03-29T02:00Z"),
        ("Europe/Berlin", "2026-03-29T02:00", "FREQ=HOURLY;COUNT=2", "2026-03-29T01:00Z 2026-03-29T02:00Z"),
        (
            "Europe/Berlin", "2026-03-29T01:30", "FREQ=MINUTELY;INTERVAL=30;COUNT=3",
            "2026-03-29T00:30Z 2026-03-29T01:00Z 2026-03-29T01:30Z",
        ),
        ("Europe/Berlin", "2025-03-29T02:30", "FREQ=HOURLY;INTERVAL=24;COUNT=2", "2025-03-29T01:30Z 2025-03-31T00:30Z"),
        # The first pass alone.
        (
            "Europe/Berlin", "2026-10-25T01:00", "FREQ=HOURLY;COUNT=4",
            "2026-10-24T23:00Z 2026-10-25T00:00Z 2026-10-25T02:00Z 2026-10-25T03:00Z",
        ),
        # COUNT that reaches over two gaps: neither 2025-03-30 nor 2026-03-29 has a 02:30.
        (
            "Europe/Berlin", "2025-03-30T02:30", "FREQ=HOURLY;INTERVAL=24;BYMONTH=3;BYMONTHDAY=29,30;COUNT=3",
            "2026-03-30T00:30Z 2027-03-29T00:30Z 2027-03-30T00:30Z",
        ),
        ("Pacific/Apia", "2011-12-29T23:00", "FREQ=HOURLY;COUNT=3", "2011-12-30T09:00Z 2011-12-30T10:00Z 2011-12-30T11:00Z"),
        (
            "Australia/Lord_Howe", "2025-10-05T01:45", "FREQ=MINUTELY;INTERVAL=15;COUNT=3",
            "2025-10-04T15:15Z 2025-10-04T15:30Z 2025-10-04T15:45Z",
        ),
        # UNTIL in UTC within the second pass of a fold: 02:30 was over an hour before.
        ("Europe/Berlin", "2026-10-24T02:30", "FREQ=DAILY;UNTIL=20261025T011500Z", "2026-10-24T00:30Z 2026-10-25T00:30Z"),
        ("Europe/Berlin", "2026-10-24T02:30", "FREQ=DAILY;UNTIL=20261025T003000Z", "2026-10-24T00:30Z 2026-10-25T00:30Z"),
        ("Europe/Berlin", "2026-10-24T02:30", "FREQ=DAILY;UNTIL=20261025T002959Z", "2026-10-24T00:30Z"),
        (
            "Europe/Berlin", "2026-10-25T02:00", "FREQ=MINUTELY;INTERVAL=20;UNTIL=20261025T011500Z",
            "2026-10-25T00:00Z 2026-10-25T00:20Z 2026-10-25T00:40Z",
        ),
        # UNTIL in UTC just after a gap: 02:30 is read as 03:30.
        ("Europe/Berlin", "2026-03-28T02:30", "FREQ=DAILY;UNTIL=20260329T013000Z", "2026-03-28T01:30Z 2026-03-29T01:30Z"),
        ("Europe/Berlin", "2026-03-28T02:30", "FREQ=DAILY;UNTIL=20260329T011500Z", "2026-03-28T01:30Z"),
        ("Europe/Berlin", "2026-03-29T01:00", "FREQ=HOURLY;UNTIL=20260329T010000Z", "2026-03-29T00:00Z 2026-03-29T01:00Z"),
        # UNTIL on the wall clock is of civil times: 02:30 is before 02:45, whatever it is read as.
        ("Europe/Berlin", "2026-03-28T02:30", "FREQ=DAILY;UNTIL=20260329T024500", "2026-03-28T01:30Z 2026-03-29T01:30Z"),
        ("Europe/Berlin", "2026-03-28T02:30", "FREQ=DAILY;UNTIL=20260329", "2026-03-28T01:30Z 2026-03-29T01:30Z"),
        # UNTIL before the start leaves nothing.
        ("Europe/Berlin", "2026-03-28T02:30", "FREQ=DAILY;UNTIL=20260328T012959Z", ""),
        ("Europe/Berlin", "2026-03-28T02:30", "FREQ=DAILY;UNTIL=20260328T022959", ""),
        # A start that its rule does not match is none.
        ("Europe/Berlin", "2026-03-28T02:30", "FREQ=WEEKLY;BYDAY=SU;COUNT=2", "2026-03-29T01:30Z 2026-04-05T00:30Z"),
        # Without a rule it is all there is.
        ("Europe/Berlin", "2026-03-29T02:30", None, "2026-03-29T01:30Z"),
    ],
)  # fmt: skip
def test_gaps_and_folds(zone, start, text, expected):
    expected = expected.split()
    within = called(start, zone, text)
    # In a window long enough for the short cut, and in those that are not.
    assert written(within.between(z("2011-01-01T00:00Z"), z("2031-01-01T00:00Z"))) == expected
    begin = (z(expected[0]) if expected else civil(start).replace(tzinfo=UTC)) - DAY
    assert written(islice(within.since(begin), 9)) == expected
    end = z(expected[-1]) + 2 * DAY if expected else begin + 30 * DAY
    assert written(each for each, _ in Agenda([within]).between(begin, end)) == expected
    found = []
    while begin < end:
        found += within.between(begin, begin + DAY / 48)
        begin += DAY / 48
    assert written(found) == expected


# Dates added and left out.

GAP = "2026-03-29T02:30"  # in Berlin: 01:30Z, as 03:30 there


@pytest.mark.parametrize(
    ("start", "text", "rdates", "exdates", "expected"),
    [
        # Without a rule: the start and the dates added.
        ("2026-03-28T02:30", None, ["2026-03-30T02:30"], [], "2026-03-28T01:30Z 2026-03-30T00:30Z"),
        ("2026-03-28T02:30", None, ["2026-03-01T02:30"], [], "2026-03-01T01:30Z 2026-03-28T01:30Z"),
        ("2026-03-28T02:30", None, [], ["2026-03-28T02:30"], ""),
        ("2026-03-28T02:30", None, ["2026-03-28T02:30"], [], "2026-03-28T01:30Z"),
        # With one: what is in both is once there, and those before the start count too.
        ("2026-03-28T02:30", "FREQ=DAILY;COUNT=2", ["2026-03-29T02:30"], [], "2026-03-28T01:30Z 2026-03-29T01:30Z"),
        ("2026-03-28T02:30", "FREQ=DAILY;COUNT=1", ["2026-03-01T02:30"], [], "2026-03-01T01:30Z 2026-03-28T01:30Z"),
        ("2026-03-28T02:30", "FREQ=DAILY;COUNT=3", [], ["2026-03-29T02:30"], "2026-03-28T01:30Z 2026-03-30T00:30Z"),
        ("2026-03-28T02:30", "FREQ=DAILY;COUNT=2", [], ["2026-03-28T02:29:59"], "2026-03-28T01:30Z 2026-03-29T01:30Z"),
        # A start that does not match its rule is not added by it.
        ("2026-03-28T02:30", "FREQ=WEEKLY;BYDAY=SU;COUNT=1", ["2026-03-28T02:30"], [], "2026-03-28T01:30Z 2026-03-29T01:30Z"),
        # Dates left out count for COUNT, and leave those added out too.
        ("2026-03-28T18:00", "FREQ=DAILY;COUNT=2", [], ["2026-03-28T18:00"], "2026-03-29T16:00Z"),
        ("2026-03-28T18:00", "FREQ=DAILY;COUNT=1", ["2026-04-01T18:00"], ["2026-04-01T18:00"], "2026-03-28T17:00Z"),
        # UNTIL and COUNT end the rule, not the dates added.
        ("2026-03-28T18:00", "FREQ=DAILY;UNTIL=20260328T180000", ["2026-04-09T18:00"], [], "2026-03-28T17:00Z 2026-04-09T16:00Z"),
        ("2026-03-28T18:00", "FREQ=DAILY;UNTIL=20260328", ["2026-04-09T18:00"], [], "2026-03-28T17:00Z 2026-04-09T16:00Z"),
        (
            "2026-03-28T18:00", "FREQ=DAILY;UNTIL=20260328T170000Z", ["2026-04-09T18:00"], [],
            "2026-03-28T17:00Z 2026-04-09T16:00Z",
        ),
        # In the gap: added, it is at 03:30; left out, it is as well, in whichever way it is said.
        ("2026-03-28T18:00", "FREQ=DAILY;COUNT=1", [GAP], [], "2026-03-28T17:00Z 2026-03-29T01:30Z"),
        ("2026-03-28T18:00", "FREQ=DAILY;COUNT=1", [GAP, "2026-03-29T03:30"], [], "2026-03-28T17:00Z 2026-03-29T01:30Z"),
        ("2026-03-28T18:00", "FREQ=DAILY;COUNT=1", [GAP], ["2026-03-29T03:30"], "2026-03-28T17:00Z"),
        ("2026-03-28T18:00", "FREQ=DAILY;COUNT=1", ["2026-03-29T03:30"], [GAP], "2026-03-28T17:00Z"),
        ("2026-03-28T02:30", "FREQ=DAILY;COUNT=2", ["2026-03-29T03:30"], [], "2026-03-28T01:30Z 2026-03-29T01:30Z"),
        ("2026-03-28T03:30", "FREQ=DAILY;COUNT=2", [], [GAP], "2026-03-28T02:30Z"),
        ("2026-03-28T02:30", "FREQ=DAILY;COUNT=2", [], ["2026-03-29T03:30"], "2026-03-28T01:30Z"),
        ("2026-03-29T02:30", "FREQ=DAILY;BYHOUR=2,3;COUNT=3", [], [GAP], "2026-03-30T00:30Z"),
        ("2026-03-28T02:30", "FREQ=DAILY;COUNT=2", ["2026-03-29T03:30"], [GAP], "2026-03-28T01:30Z"),
        # In the fold: the first pass, and 03:30 is an hour after the second.
        ("2026-10-24T18:00", "FREQ=DAILY;COUNT=1", ["2026-10-25T02:30"], [], "2026-10-24T16:00Z 2026-10-25T00:30Z"),
        ("2026-10-24T02:30", "FREQ=DAILY;COUNT=2", [], ["2026-10-25T02:30"], "2026-10-24T00:30Z"),
        ("2026-10-24T02:30", "FREQ=DAILY;COUNT=2", [], ["2026-10-25T01:30"], "2026-10-24T00:30Z 2026-10-25T00:30Z"),
        # Hourly: a date added in the gap is one, though the rule has none there.
        ("2026-03-29T01:30", "FREQ=HOURLY;INTERVAL=12;COUNT=1", [GAP], [], "2026-03-29T00:30Z 2026-03-29T01:30Z"),
        ("2026-03-29T01:00", "FREQ=HOURLY;COUNT=3", [], ["2026-03-29T03:00"], "2026-03-29T00:00Z 2026-03-29T02:00Z"),
    ],
)  # fmt: skip
def test_dates_added_and_left_out(start, text, rdates, exdates, expected):
    expected = expected.split()
    within = called(start, "Europe/Berlin", text, rdates, exdates)
    lo, hi = z("2026-01-01T00:00Z"), z("2027-01-01T00:00Z")
    assert written(within.between(lo, hi)) == expected
    assert written(within.since()) == expected
    assert written(within.since(lo)) == expected
    assert written(each for each, _ in Agenda([within]).between(lo, hi)) == expected
    first = within.after(lo)
    assert ([] if first is None else written([first])) == expected[:1]
    for one, two in pairwise(z(each) for each in expected):
        assert within.after(one) == two
        assert within.between(one, two) == [one]
    if expected:
        assert within.after(z(expected[-1])) is None


@settings(PROFILE, max_examples=60)
@given(sets(LONG), st.data())
def test_dates_added_and_left_out_of_any_rule(drawn, data):
    text, start, zone = drawn
    found, lo, hi = drawn_window(data, *drawn)
    tz = zone_of(zone).tzinfo
    own = instances(text, start, horizon_of(text, start))
    near = [each.astimezone(tz).replace(tzinfo=None, microsecond=0) for each in (lo, hi, lo + (hi - lo) / 2)]
    dates = st.lists(st.sampled_from([*own[:200:7], *near, start, start + DAY]), max_size=5).map(tuple)
    rdates, exdates = data.draw(dates), data.draw(dates)
    within = RecurrenceSet(start, zone_of(zone), parse(text), rdates, exdates)
    expected = {*found, *(read(each, tz) for each in rdates)} - {read(each, tz) for each in exdates}
    assert within.between(lo, hi) == sorted(each for each in expected if lo <= each < hi)


# Many sets at once.


def test_many_sets_come_in_time_order_then_theirs():
    berlin, tokyo, york = (
        called("2025-01-01T18:00", "Europe/Berlin", "FREQ=WEEKLY"),
        called("2025-01-02T02:00", "Asia/Tokyo", "FREQ=WEEKLY"),
        called("2025-01-01T12:00", "America/New_York", "FREQ=DAILY;UNTIL=20250103T170000Z"),
    )
    lo, hi = z("2025-01-01T00:00Z"), z("2025-01-09T00:00Z")
    found = Agenda(each for each in (york, tokyo, berlin, tokyo)).between(lo, hi)
    at = [z(f"2025-01-0{day}T17:00Z") for day in (1, 1, 1, 1, 2, 3, 8, 8, 8)]
    assert [each for each, _ in found] == at
    owners = [york, tokyo, berlin, tokyo, york, york, tokyo, berlin, tokyo]
    assert all(one is two for (_, one), two in zip(found, owners, strict=True))
    assert Agenda([]).between(lo, hi) == []
    assert Agenda([berlin]).between(hi, lo) == []


@pytest.mark.slow
@settings(PROFILE, max_examples=40)
@given(st.lists(sets(), min_size=1, max_size=4), st.data())
def test_many_sets_are_each_of_them(drawn, data):
    _, lo, hi = drawn_window(data, *drawn[0])
    hi = min(hi, lo + 90 * DAY)
    each = [RecurrenceSet(start, zone_of(zone), parse(text)) for text, start, zone in drawn]
    rows = [(at, number) for number, one in enumerate(each) for at in one.between(lo, hi)]
    found = Agenda(each).between(lo, hi)
    assert [at for at, _ in found] == [at for at, _ in sorted(rows)]
    assert all(one is each[number] for (_, one), (_, number) in zip(found, sorted(rows), strict=True))


# What bounds may be, and what they may not.


def test_bounds_have_microseconds():
    within = called("2025-01-01T18:00", "UTC", "FREQ=DAILY")
    at, bit = z("2025-01-05T18:00Z"), timedelta(microseconds=1)
    for length in (30 * DAY, 100 * DAY):
        assert within.between(at, at + length)[0] == at
        assert within.between(at + bit, at + length)[0] == at + DAY
        assert within.between(at - bit, at + length)[0] == at
        assert within.between(at - length, at) == within.between(at - length, at - bit) != []
        assert within.between(at - length, at)[-1] == at - DAY if length < 5 * DAY else True
        assert within.between(at - length, at + bit)[-1] == at
    assert within.after(at) == within.after(at + bit) == within.after(at + bit, inclusive=True) == at + DAY
    assert within.after(at - bit) == within.after(at, inclusive=True) == at
    assert next(within.since(at + bit)) == at + DAY
    assert Agenda([within]).between(at, at + bit) == [(at, within)]


def test_fractions_of_the_start_are_left_out():
    within = RecurrenceSet(datetime(2025, 1, 1, 18, 0, 0, 999999), zone_of("UTC"), parse("FREQ=DAILY;COUNT=1"))
    assert within.between(FIRST, LAST) == [z("2025-01-01T18:00Z")]


NAIVE, AWARE = datetime(2025, 1, 1), datetime(2025, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", [None, "FREQ=DAILY", "FREQ=HOURLY", "FREQ=DAILY;COUNT=1"])
@pytest.mark.parametrize(
    "ask",
    [
        lambda within: within.between(NAIVE, AWARE),
        lambda within: within.between(AWARE, NAIVE),
        lambda within: within.between(NAIVE, NAIVE),
        lambda within: within.after(NAIVE),
        lambda within: within.after(NAIVE, inclusive=True),
        lambda within: list(islice(within.since(NAIVE), 1)),
        lambda within: Agenda([within]).between(NAIVE, AWARE),
        lambda within: Agenda([within]).between(AWARE, NAIVE),
        lambda within: Agenda([]).between(NAIVE, AWARE),
    ],
)
def test_naive_bounds_name_no_instant(text, ask):
    with pytest.raises(ValueError, match="names no instant"):
        ask(called("2025-01-01T18:00", "Europe/Berlin", text))


@pytest.mark.parametrize("text", [None, "FREQ=DAILY", "FREQ=HOURLY;UNTIL=20250101T000000Z"])
def test_a_start_with_a_zone_is_no_civil_time(text):
    within = RecurrenceSet(AWARE, zone_of("Europe/Berlin"), None if text is None else parse(text))
    with pytest.raises(ValueError, match="zone"):
        within.between(AWARE, AWARE + DAY)


@pytest.mark.parametrize("dates", [{"rdates": (AWARE,)}, {"exdates": (AWARE,)}])
def test_nor_is_such_a_date(dates):
    within = RecurrenceSet(NAIVE, zone_of("Europe/Berlin"), parse("FREQ=DAILY"), **dates)
    with pytest.raises(ValueError, match="zone"):
        within.between(AWARE, AWARE + DAY)


def test_a_date_begins_rules_by_days_alone():
    for text in ("FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO", "FREQ=MONTHLY", "FREQ=YEARLY;BYWEEKNO=20"):
        assert type(parse(text).after(date(2025, 1, 1), date(2025, 1, 1), inclusive=True)) is date
    for text in ("FREQ=HOURLY", "FREQ=MINUTELY;INTERVAL=1440", "FREQ=SECONDLY"):
        with pytest.raises(RuleError, match="needs a DTSTART with a time"):
            parse(text).starting(date(2025, 1, 1))
    with pytest.raises(ValueError, match="carries a zone"):
        parse("FREQ=DAILY").starting(AWARE)


def test_since_is_lazy_and_ends():
    within = called("2025-01-01T18:00", "Europe/Berlin", "FREQ=DAILY;COUNT=3")
    found = within.since()
    assert iter(found) is found
    assert written(found) == ["2025-01-01T17:00Z", "2025-01-02T17:00Z", "2025-01-03T17:00Z"]
    assert list(within.since(z("2025-01-03T17:00:00.000001Z"))) == []
    endless = called("2025-01-01T18:00", "Europe/Berlin", "FREQ=SECONDLY").since(z("2500-01-01T00:00Z"))
    assert written(islice(endless, 1)) == ["2500-01-01T00:00Z"]


# The ends of time.


@pytest.mark.parametrize("freq", ["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"])
@pytest.mark.parametrize(
    ("zone", "first"),
    [("UTC", "0001-01-01T00:00:00Z"), ("America/New_York", "0001-01-01T04:56:02Z"), ("Asia/Tokyo", None)],
)
def test_the_first_day_there_is(freq, zone, first):
    """Tokyo's clocks were 9:18:59 ahead: what its first hours show was before the year 1, and cannot be told."""
    within = RecurrenceSet(datetime(1, 1, 1), zone_of(zone), parse(f"FREQ={freq}"))
    if first is None:
        step = {"YEARLY": 365, "MONTHLY": 31, "WEEKLY": 7, "DAILY": 1, "HOURLY": 10 / 24}[freq]
        first = f"{datetime(1, 1, 1) + timedelta(days=step) - timedelta(hours=9, minutes=18, seconds=59):%H:%M:%S}"
        found = within.between(FIRST, FIRST + 1200 * DAY)
        assert f"{found[0]:%H:%M:%S}" == first
    else:
        found = within.between(FIRST, FIRST + 1200 * DAY)
        assert found[0] == z(first)
    for days in (1, 40):  # without the short cut
        assert within.between(FIRST, FIRST + days * DAY) == [each for each in found if each < FIRST + days * DAY]
    assert within.after(FIRST, inclusive=True) == found[0]
    assert within.after(found[0]) == found[1]
    assert list(islice(within.since(FIRST), 2)) == found[:2]


@pytest.mark.parametrize("text", ["FREQ=DAILY", "FREQ=HOURLY", "FREQ=MONTHLY", None])
def test_bounds_may_lie_beyond_the_years_1_and_9999(text):
    """A bound in a zone to the east, or the west, of UTC, which UTC's own calendar cannot tell."""
    within = called("2025-01-01T18:00", "Europe/Berlin", text)
    lo, hi = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))
    first = z("2025-01-01T17:00Z")
    assert within.between(lo, first + 100 * DAY)[0] == first
    assert within.between(first, hi)[0] == first if text in {"FREQ=MONTHLY", None} else True
    assert within.after(lo, inclusive=True) == first
    assert next(within.since(lo)) == first
    assert within.after(hi, inclusive=True) is None
    assert within.after(lo) == first
    assert within.after(hi) is None


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("freq", ["DAILY", "HOURLY"])
def test_all_there_is_from_the_first_day(zone, freq):
    within = RecurrenceSet(datetime(1, 1, 1), zone_of(zone), parse(f"FREQ={freq};COUNT=90"))
    found = within.between(FIRST, LAST)
    assert 80 <= len(found) <= 90
    assert list(within.since()) == found


@pytest.mark.parametrize(
    ("zone", "text", "start", "last"),
    [
        ("UTC", "FREQ=DAILY", "9999-12-01T18:00", "9999-12-31T18:00Z"),
        ("UTC", "FREQ=DAILY", "9999-01-01T00:00", "9999-12-31T00:00Z"),
        ("UTC", "FREQ=HOURLY", "9999-12-30T18:00", "9999-12-31T23:00Z"),
        ("UTC", "FREQ=YEARLY", "9990-12-31T18:00", "9999-12-31T18:00Z"),
        ("UTC", "FREQ=MONTHLY;BYMONTHDAY=-1", "9990-12-31T18:00", "9999-12-31T18:00Z"),
        ("UTC", None, "9999-12-31T23:59", "9999-12-31T23:59Z"),
        ("Asia/Tokyo", "FREQ=DAILY", "9999-12-01T18:00", "9999-12-31T09:00Z"),
        # New York's last evening is over after the year 9999 is.
        ("America/New_York", "FREQ=DAILY", "9999-12-01T18:00", "9999-12-31T23:00Z"),
        ("America/New_York", "FREQ=DAILY", "9999-12-01T22:00", "9999-12-31T03:00Z"),
        ("America/New_York", "FREQ=HOURLY", "9999-12-01T22:00", "9999-12-31T23:00Z"),
        ("America/New_York", "FREQ=WEEKLY;BYDAY=FR", "9999-01-01T22:00", "9999-12-25T03:00Z"),
    ],
)
def test_the_last_day_there_is(zone, text, start, last):
    within = called(start, zone, text)
    found = within.between(z("9999-12-01T00:00Z"), LAST)
    assert written(found[-1:]) == [last]
    assert within.between(z("9980-01-01T00:00Z"), LAST)[-1] == found[-1]
    assert list(within.since(z("9999-12-01T00:00Z"))) == found
    assert within.after(found[-1]) is None
    assert within.after(LAST) is None
    assert within.after(LAST, inclusive=True) is None
    assert Agenda([within]).between(z("9999-12-01T00:00Z"), LAST)[-1:] == [(found[-1], within)]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Asia/Tokyo", "America/New_York", "UTC"])
@pytest.mark.parametrize("end", ["", ";COUNT=3", ";UNTIL=20260101"])
def test_the_last_hours_there_are(zone, end):
    """In the east the wall clock is beyond them, in the west it is not."""
    lo = z("9999-12-31T20:00Z")
    for text in ("MONTHLY", "MONTHLY;BYDAY=-1FR", "YEARLY", "WEEKLY;BYMONTH=12", "WEEKLY", "DAILY", "DAILY;BYDAY=MO", "HOURLY"):
        for skip in ("", ";RSCALE=GREGORIAN;SKIP=FORWARD"):
            within = called("2025-01-31T18:00", zone, f"FREQ={text}{skip}{end}")
            found = [each for each in within.between(lo - 5 * DAY, LAST) if each >= lo]
            assert not (found and end), (text, skip)
            assert within.between(lo, LAST) == found, (text, skip)
            assert Agenda([within]).between(lo, LAST) == [(each, within) for each in found], (text, skip)
            assert list(within.since(lo)) == found, (text, skip)
            assert within.after(lo, inclusive=True) == next(iter(found), None), (text, skip)


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["Europe/Berlin"])
@at_most(calls=10_000_000)
def test_windows_beyond_all_there_is(zone):
    for text in ("FREQ=MONTHLY;COUNT=5", "FREQ=HOURLY;COUNT=5", "FREQ=YEARLY;UNTIL=20290101T000000Z", None):
        within = called("2025-01-01T18:00", zone, text)
        assert within.between(FIRST, z("1900-01-01T00:00Z")) == []
        assert within.between(z("2100-01-01T00:00Z"), LAST) == []
        assert within.between(LAST, FIRST) == []
        assert list(within.seconds(-(10**15), 10**15)) == [seconds_of(each) for each in within.between(FIRST, LAST)]
        assert len(within.between(FIRST, LAST)) == (1 if text is None else 4 if "UNTIL" in text else 5)
        assert within.after(z("2100-01-01T00:00Z")) is None


FREQUENCIES = [freq.name for freq in Frequency]
PARTS = ["", ";BYMONTH=2,11;BYMONTHDAY=-1,1,29;BYHOUR=2"]


def allowed(texts):
    for text in texts:
        try:
            yield parse(text), text
        except RuleError:
            continue


@pytest.mark.slow
@pytest.mark.parametrize("freq", FREQUENCIES)
@pytest.mark.parametrize("end", ["COUNT=1000000000000", "INTERVAL=1000000000000;COUNT=1000000000000"])
@at_most(calls=4_000_000)
def test_huge_numbers_end_soon(freq, end):
    for rule, text in allowed(f"FREQ={freq};{end}{part}" for part in PARTS):
        within = RecurrenceSet(datetime(2025, 1, 1, 18), zone_of("Europe/Berlin"), rule)
        try:
            found = within.between(z("2025-01-01T00:00Z"), z("2025-01-03T00:00Z"))
            coming = within.after(z("2024-12-31T00:00Z"))
            far = within.between(z("9000-01-01T00:00Z"), z("9000-01-02T00:00Z"))
        except RuleError:  # of a form that is too long to count
            assert "COUNT" in end, text
            continue
        assert all(z("2025-01-01T00:00Z") <= each < z("2025-01-03T00:00Z") for each in found), text
        if found:
            assert coming == found[0], text
        assert far == [] or "INTERVAL" not in end, text


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        # Days, one in seven of which passes the filter and none the INTERVAL.
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=DAILY;INTERVAL=14;BYDAY=TU,TH,SA",
        "FREQ=DAILY;INTERVAL=35;BYDAY=MO,TU,TH,FR,SA,SU",
        "FREQ=DAILY;INTERVAL=49;BYDAY=TU",
        "FREQ=DAILY;INTERVAL=40;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=400;BYMONTH=4;BYMONTHDAY=31",
        "FREQ=HOURLY;INTERVAL=168;BYDAY=TU",
        "FREQ=HOURLY;INTERVAL=960;BYMONTH=2;BYYEARDAY=1",
        "FREQ=MINUTELY;INTERVAL=10080;BYDAY=TH",
        "FREQ=SECONDLY;INTERVAL=604800;BYDAY=FR",
        "FREQ=SECONDLY;INTERVAL=604800;BYYEARDAY=1;BYMONTH=2",
        # Steps.
        "FREQ=HOURLY;INTERVAL=25;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;INTERVAL=35;BYHOUR=19;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MINUTELY;INTERVAL=7;BYMONTH=4;BYMONTHDAY=31",
        "FREQ=MINUTELY;INTERVAL=1441;BYSECOND=1;BYSETPOS=2",
        "FREQ=SECONDLY;INTERVAL=7;BYYEARDAY=60;BYMONTH=1",
        "FREQ=SECONDLY;INTERVAL=86399;BYMONTH=2;BYMONTHDAY=30;BYHOUR=0",
        "FREQ=SECONDLY;INTERVAL=50;BYSECOND=1,3,5",
        # Weeks, months, years.
        "FREQ=WEEKLY;BYMONTH=1;BYDAY=MO;BYSETPOS=2",
        "FREQ=WEEKLY;INTERVAL=52;BYMONTH=7;BYDAY=WE;BYSETPOS=-2",
        "FREQ=MONTHLY;INTERVAL=7;BYMONTHDAY=31;BYMONTH=2,4,6,9,11",
        "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD;BYMONTHDAY=31;BYMONTH=4;BYSETPOS=2",
        "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=BACKWARD;BYYEARDAY=366;BYMONTH=1",
        "FREQ=YEARLY;INTERVAL=11;BYWEEKNO=53;BYMONTH=6;BYDAY=MO",
    ],
)
@at_most(calls=15_000_000)
def test_a_rule_that_never_matches_ends_soon(text):
    at = z("2025-01-01T00:00Z")
    within = RecurrenceSet(datetime(2025, 1, 1, 18), zone_of("Europe/Berlin"), parse(text))
    assert within.after(at) is None
    assert list(within.since(z("2030-01-01T00:00Z"))) == []
    assert within.between(at, at + 10 * YEAR) == []
    assert RecurrenceSet(datetime(2025, 1, 1, 18), zone_of("Europe/Berlin"), parse(f"{text};COUNT=1000")).after(at) is None


@pytest.mark.parametrize("text", ["FREQ=SECONDLY;BYHOUR=2;COUNT=1000000000000", "FREQ=MINUTELY;BYHOUR=2;COUNT=1000000000000"])
@at_most(calls=1_000_000)
def test_a_huge_count_of_what_gaps_skip_ends_soon(text):
    assert written([called("2025-01-01T18:00", "Europe/Berlin", text).after(z("2025-01-01T18:00Z"))]) == ["2025-01-02T01:00Z"]


# Speed does not depend on where one looks: work is counted, not time.

SOUGHT = [*LONG, "FREQ=HOURLY", "FREQ=HOURLY;INTERVAL=7", "FREQ=MINUTELY;BYHOUR=2", "FREQ=WEEKLY;INTERVAL=3;BYMONTH=5"]


@pytest.mark.parametrize("text", [text for text in SOUGHT if "COUNT" not in text])
@pytest.mark.parametrize("ask", ["between", "after", "since", "seconds", "agenda"])
def test_a_far_window_is_as_much_work_as_a_near_one(text, ask):
    within = RecurrenceSet(datetime(1900, 1, 1, 18), zone_of("Asia/Kolkata"), parse(text))
    found = {
        "between": lambda at: within.between(at, at + 20 * DAY),
        "after": within.after,
        "since": lambda at: next(within.since(at)),
        "seconds": lambda at: within.seconds(seconds_of(at), seconds_of(at + 20 * DAY)),
        "agenda": lambda at: Agenda([within]).between(at, at + 20 * DAY),
    }[ask]
    near, far = [], []
    for year, counts in ((1950, near), (9950, far)):
        for month in range(1, 13, 2):
            at = datetime(year, month, 1, tzinfo=UTC)
            found(at)  # what it keeps is computed
            counts.append(work(lambda at=at: found(at)))
    assert sum(far) <= 2 * sum(near) + 200


def test_counting_is_done_once():
    within = called("2025-01-01T18:00", "Asia/Kolkata", "FREQ=MONTHLY;BYDAY=-1WE;COUNT=90000")
    within.after(z("9000-01-01T00:00Z"))
    assert work(lambda: within.after(z("9000-01-01T00:00Z"))) < 500
    assert work(lambda: within.between(z("9000-01-01T00:00Z"), z("9000-02-01T00:00Z"))) < 500


@pytest.mark.parametrize("freq", FREQUENCIES)
@pytest.mark.parametrize("at", [None, FIRST, FIRST + DAY, z("1900-01-01T00:00Z"), z("2024-12-01T00:00Z")])
def test_the_first_instant_is_found_from_any_time_before_it(freq, at, monkeypatch):
    """Not by way of all those between it and as long after it as one began before."""
    moments, seen = Expansion.moments, []

    def counted(self, lo, hi):
        found = moments(self, lo, hi)
        seen.append(len(found))
        assert sum(seen) < 400_000
        return found

    monkeypatch.setattr(Expansion, "moments", counted)
    within = called("2025-01-01T18:00", "Europe/Berlin", f"FREQ={freq}")
    assert next(within.since(at)) == z("2025-01-01T17:00Z")
    if at is not None:
        assert within.after(at) == z("2025-01-01T17:00Z")
    if freq in {"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"}:
        assert sum(seen) < 2_000
