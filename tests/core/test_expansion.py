"""The instances of rules: against dateutil's own expansion on what both understand, and against this one's own laws.

Left out of the comparison, for each has its row in a table below:

- BYWEEKNO without BYDAY: RFC 5545 takes the weekday from DTSTART, dateutil takes the whole week;
- BYWEEKNO from 52 on and to -52: dateutil miscounts the weeks of the year before for the first days of some years, and
  knows the last days of a year as week 1 of the next but not as its week -52 or -53;
- weekdays with and without a number in one BYDAY: RFC 5545 joins them, dateutil wants both to hold;
- BYSETPOS in the first, partial week of a weekly rule: RFC 5545 chooses among the whole week, dateutil among what is
  left of it after DTSTART; here such rules begin with their week;
- rules that never match, or not for a long while, for which dateutil steps through all time: as many instances are asked
  of it as there are here, and those of UNTIL only where an instance after it ends the search.
"""

from datetime import date, datetime, timedelta
from itertools import islice, takewhile

import dateutil.rrule
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from svsm_cal.core.rrule import Frequency, RecurrenceRule, WeekdayNum
from svsm_cal.value import replace

from .counting import at_most

PROFILE = settings(max_examples=120)
BOUNDED = settings(PROFILE, max_examples=80)
MOST = 40
SPAN = {
    Frequency.YEARLY: timedelta(days=366 * 12),
    Frequency.MONTHLY: timedelta(days=366 * 5),
    Frequency.WEEKLY: timedelta(days=500),
    Frequency.DAILY: timedelta(days=200),
    Frequency.HOURLY: timedelta(days=12),
    Frequency.MINUTELY: timedelta(days=1),
    Frequency.SECONDLY: timedelta(minutes=90),
}
STARTS = st.datetimes(datetime(1970, 1, 1), datetime(2080, 1, 1)).map(lambda start: start.replace(microsecond=0))


def parse(text):
    return RecurrenceRule.parse(text)


def expand(rule, dtstart, *, start=None):
    return rule.starting(dtstart).since(start)


def between(rule, dtstart, start, end):
    return rule.between(dtstart, start, end)


def after(rule, dtstart, local, *, inclusive=False):
    return rule.after(dtstart, local, inclusive=inclusive)


def listed(values, most=3):
    return st.lists(values, min_size=1, max_size=most, unique=True).map(lambda found: tuple(sorted(found)))


def either(low, high):
    return st.integers(low, high).filter(bool)


@st.composite
def rules(draw, frequencies=tuple(Frequency), *, ends=True):
    """Rules that dateutil and RFC 5545 agree on, mostly with instances soon after DTSTART."""
    freq = draw(st.sampled_from(frequencies))
    parts = {}

    def maybe(name, values, *, one_in=3):
        if draw(st.integers(1, one_in)) == 1:
            parts[name] = draw(values)

    maybe("by_month", listed(st.integers(1, 12), 6), one_in=4)
    if freq is Frequency.YEARLY:
        maybe("by_week_no", listed(either(-51, 51), 4), one_in=5)
    if "by_week_no" in parts:
        parts["by_day"] = draw(listed(st.builds(WeekdayNum, st.integers(0, 6), st.just(0)), 5))
    else:
        if freq is not Frequency.WEEKLY:
            maybe("by_month_day", listed(either(-31, 31), 6))
        if freq is Frequency.YEARLY or freq > Frequency.DAILY:
            maybe("by_year_day", listed(either(-366, 366), 8), one_in=6)
        most = 53 if freq is Frequency.YEARLY and "by_month" not in parts else 5
        numbered = freq <= Frequency.MONTHLY and draw(st.booleans())
        number = either(-most, most) if numbered else st.just(0)
        maybe("by_day", listed(st.builds(WeekdayNum, st.integers(0, 6), number), 5))
    maybe("by_hour", listed(st.integers(0, 23), 6 if freq > Frequency.DAILY else 3), one_in=4)
    maybe("by_minute", listed(st.integers(0, 59), 12 if freq > Frequency.HOURLY else 3), one_in=5)
    maybe("by_second", listed(st.integers(0, 59), 12 if freq > Frequency.MINUTELY else 2), one_in=6)
    if parts:
        maybe("by_set_pos", listed(either(-4, 4)), one_in=5)
    maybe("week_start", st.integers(0, 6), one_in=2)
    interval = draw(st.sampled_from((1, 1, 1, 2, 3, 5, 17)))
    dtstart = draw(STARTS)
    if freq >= Frequency.DAILY:  # short periods step through all days: let that of DTSTART be one the rule keeps
        own = {
            "by_month": dtstart.month,
            "by_month_day": dtstart.day,
            "by_year_day": dtstart.timetuple().tm_yday,
            "by_day": WeekdayNum(dtstart.weekday()),
        }
        parts |= {name: tuple(sorted({*parts[name], value})) for name, value in own.items() if name in parts}
    rule = RecurrenceRule(freq, interval=interval, **parts)
    if freq is Frequency.WEEKLY and rule.by_set_pos:
        dtstart = datetime.combine(dtstart - timedelta(days=(dtstart.weekday() - rule.week_start) % 7), datetime.min.time())
    if ends:
        untils = st.floats(0, 1).map(lambda part: (dtstart + part * SPAN[freq]).replace(microsecond=0))
        counts = st.integers(1, 30)
        rule = replace(rule, **draw(st.just({}) | st.builds(dict, count=counts) | st.builds(dict, until=untils)))
    return rule, dtstart


def oracle(rule, dtstart):
    """Return dateutil's reading of the rule, None where it refuses one that gives no instance."""
    until = rule.until
    try:
        return dateutil.rrule.rrule(
            dateutil.rrule.FREQNAMES.index(rule.freq.name),
            dtstart=dtstart,
            interval=rule.interval,
            wkst=rule.week_start,
            count=rule.count,
            until=datetime.combine(until, datetime.max.time()) if type(until) is date else until,
            bysetpos=rule.by_set_pos or None,
            bymonth=rule.by_month or None,
            bymonthday=rule.by_month_day or None,
            byyearday=rule.by_year_day or None,
            byweekno=rule.by_week_no or None,
            byweekday=[dateutil.rrule.weekday(day.weekday, day.ordinal or None) for day in rule.by_day] or None,
            byhour=rule.by_hour or None,
            byminute=rule.by_minute or None,
            bysecond=rule.by_second or None,
        )
    except ValueError:
        return None


def assert_as_dateutil(rule, dtstart):
    free = replace(rule, count=None, until=None)
    theirs, horizon = oracle(free, dtstart), dtstart + 3 * SPAN[rule.freq]
    found = list(islice(takewhile(lambda each: each < horizon, expand(free, dtstart)), MOST))
    if theirs is None:
        assert found == []
        return
    assert list(islice(theirs, len(found))) == found
    if rule.count is not None:
        counted = found[: rule.count]
        assert list(islice(expand(rule, dtstart), len(found))) == counted
        assert list(islice(oracle(rule, dtstart), len(counted))) == counted
    elif rule.until is not None:
        reached = [each for each in found if each <= rule.until]
        assert list(islice(expand(rule, dtstart), len(reached))) == reached
        if len(reached) < len(found):
            assert list(expand(rule, dtstart)) == list(oracle(rule, dtstart)) == reached


@pytest.mark.slow
@pytest.mark.parametrize("freq", Frequency)
def test_each_frequency_as_dateutil_expands_it(freq):
    @settings(PROFILE, max_examples=120)
    @given(rules((freq,)))
    def as_dateutil(drawn):
        assert_as_dateutil(*drawn)

    as_dateutil()


@pytest.mark.soak
@settings(PROFILE, max_examples=3_000)
@given(rules())
def test_many_rules_as_dateutil_expands_them(drawn):
    assert_as_dateutil(*drawn)


@pytest.mark.parametrize(
    ("text", "dtstart", "expected"),
    [
        # BYWEEKNO without BYDAY: the weekday is DTSTART's, a Wednesday.
        ("FREQ=YEARLY;BYWEEKNO=10", "2025-03-05", ["2025-03-05", "2026-03-04", "2027-03-10", "2028-03-08"]),
        ("FREQ=YEARLY;BYWEEKNO=1,-1;BYDAY=TH", "2025-01-02", ["2025-01-02", "2025-12-25", "2026-01-01", "2026-12-31"]),
        # Week 53 exists in 2026 and 2032 only.
        ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=TH", "2025-01-02", ["2026-12-31", "2032-12-30"]),
        # Weeks that begin on Tuesday: week 52 of 2005 is that of 27 December, and its Monday is in 2006.
        ("FREQ=YEARLY;BYWEEKNO=52;BYDAY=MO;WKST=TU", "2005-01-01", ["2006-01-02", "2007-01-01", "2007-12-31"]),
        # Week -52 is week 1 of a year that has 52: its Monday may be in the year before. 2004 has 53.
        ("FREQ=YEARLY;BYWEEKNO=-52;BYDAY=MO", "2001-01-01", ["2001-01-01", "2001-12-31", "2002-12-30", "2004-01-05"]),
        # With weeks that begin on Sunday, week 1 of 2025 is that of 29 December 2024.
        ("FREQ=YEARLY;BYWEEKNO=2;BYDAY=SU;WKST=SU", "2025-01-01", ["2025-01-05", "2026-01-11", "2027-01-10"]),
        # Weekdays with and without a number: all of them.
        ("FREQ=MONTHLY;BYDAY=MO,1TU", "2025-09-01", ["2025-09-01", "2025-09-02", "2025-09-08", "2025-09-15"]),
        # BYSETPOS chooses among the whole first week, though DTSTART, a Wednesday, lies in its middle.
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1", "2025-01-01", ["2025-01-06", "2025-01-13"]),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2", "2025-01-01", ["2025-01-01", "2025-01-08"]),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=-1", "2025-01-01", ["2025-01-03", "2025-01-10"]),
        # DTSTART is an instance only when it matches.
        ("FREQ=WEEKLY;BYDAY=TH", "2025-01-01", ["2025-01-02", "2025-01-09"]),
        ("FREQ=WEEKLY;BYDAY=TH;COUNT=2", "2025-01-01", ["2025-01-02", "2025-01-09"]),
        # Days that a month does not have are left out, not moved.
        ("FREQ=MONTHLY", "2025-01-31", ["2025-01-31", "2025-03-31", "2025-05-31", "2025-07-31"]),
        ("FREQ=YEARLY", "2024-02-29", ["2024-02-29", "2028-02-29", "2032-02-29"]),
        ("FREQ=YEARLY", "2096-02-29", ["2096-02-29", "2104-02-29", "2108-02-29"]),
        ("FREQ=YEARLY;INTERVAL=3", "2024-02-29", ["2024-02-29", "2036-02-29", "2048-02-29"]),
        ("FREQ=MONTHLY;BYDAY=5WE", "2025-01-01", ["2025-01-29", "2025-04-30", "2025-07-30", "2025-10-29"]),
        # Weeks may cross the end of a month and a year.
        ("FREQ=WEEKLY;BYMONTH=1;BYDAY=MO,FR", "2024-12-30", ["2025-01-03", "2025-01-06", "2025-01-10"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU", "2025-01-06", ["2025-01-06", "2025-01-19", "2025-01-20"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=MO", "2025-01-06", ["2025-01-06", "2025-01-12", "2025-01-20"]),
        # UNTIL is itself included, be it a date or a moment.
        ("FREQ=DAILY;UNTIL=20250103", "2025-01-01", ["2025-01-01", "2025-01-02", "2025-01-03"]),
        ("FREQ=DAILY;UNTIL=20250103T180000", "2025-01-01", ["2025-01-01", "2025-01-02", "2025-01-03"]),
        ("FREQ=DAILY;UNTIL=20250103T175959", "2025-01-01", ["2025-01-01", "2025-01-02"]),
        ("FREQ=DAILY;UNTIL=20241231", "2025-01-01", []),
        # BYDAY, BYMONTHDAY and BYYEARDAY together: all must hold.
        ("FREQ=YEARLY;BYYEARDAY=1,32,-1;BYMONTH=2", "2025-01-01", ["2025-02-01", "2026-02-01"]),
        ("FREQ=YEARLY;BYMONTHDAY=1;BYDAY=WE;BYMONTH=1,10", "2025-01-01", ["2025-01-01", "2025-10-01", "2031-01-01"]),
        ("FREQ=YEARLY;BYYEARDAY=-366", "2025-01-01", ["2028-01-01", "2032-01-01"]),
        ("FREQ=YEARLY;BYDAY=53MO", "2025-01-01", ["2029-12-31", "2035-12-31"]),
        ("FREQ=YEARLY;BYDAY=-53TU;INTERVAL=1", "2025-01-01", ["2030-01-01", "2036-01-01"]),
    ],
)
def test_where_rfc_5545_is_particular(text, dtstart, expected):
    at = datetime.fromisoformat(f"{dtstart}T18:00")
    found = list(islice(parse(text).occurrences(at), max(1, len(expected))))
    assert [each.date().isoformat() for each in found] == expected
    assert all(each.time() == at.time() for each in found)
    # Without a time of day the days are the same.
    if "T1" not in text:
        assert list(islice(parse(text).occurrences(at.date()), max(1, len(expected)))) == [each.date() for each in found]


@pytest.mark.parametrize(
    "text",
    ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,FR", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=YEARLY;COUNT=5", "FREQ=DAILY;UNTIL=20250301"],
)
def test_a_date_for_dtstart_gives_dates(text):
    rule, dtstart = parse(text), date(2025, 1, 3)
    found = list(islice(rule.occurrences(dtstart), 10))
    assert found
    assert {type(each) for each in found} == {date}
    assert found == [each.date() for each in islice(rule.occurrences(datetime(2025, 1, 3)), 10)]
    assert rule.between(dtstart, found[1], found[3]) == found[1:3]
    assert rule.after(dtstart, found[0]) == found[1]
    assert rule.after(dtstart, found[0], inclusive=True) == found[0]


@pytest.mark.slow
@BOUNDED
@given(rules(), st.data())
def test_between_is_the_expansion_filtered(drawn, data):
    rule, dtstart = drawn
    span = SPAN[rule.freq]
    shift = st.floats(-0.2, 1).map(lambda part: dtstart + part * span)
    start, end = data.draw(shift), data.draw(shift)
    whole = list(takewhile(lambda each: each < dtstart + span, expand(rule, dtstart)))
    expected = [each for each in whole if start <= each < end]
    assert between(rule, dtstart, start, end) == expected
    assert list(takewhile(lambda each: each < end, expand(rule, dtstart, start=start))) == expected
    if whole:
        one = data.draw(st.sampled_from(whole))
        assert between(rule, dtstart, one, one + timedelta(seconds=1)) == [one]
        assert one not in between(rule, dtstart, start, one)


@pytest.mark.slow
@BOUNDED
@given(rules(), st.data())
def test_after_is_the_first_of_between(drawn, data):
    rule, dtstart = drawn
    span = SPAN[rule.freq]
    local = dtstart + data.draw(st.floats(-0.2, 0.5)) * span
    coming = between(rule, dtstart, local, dtstart + span)
    assume(coming)
    assert after(rule, dtstart, local, inclusive=True) == coming[0]
    assert after(rule, dtstart, coming[0], inclusive=True) == coming[0]
    later = [each for each in coming if each > local]
    if later:
        assert after(rule, dtstart, local) == later[0]
    if len(coming) > 1:
        assert after(rule, dtstart, coming[0]) == coming[1]


@pytest.mark.slow
@BOUNDED
@given(rules(), st.floats(0, 1), st.floats(0, 1))
def test_neighbouring_windows_add_up(drawn, one, two):
    rule, dtstart = drawn
    span = SPAN[rule.freq]
    first, middle, last = (dtstart + part * span for part in sorted((0, one, two)))
    whole = between(rule, dtstart, first, last)
    assert between(rule, dtstart, first, middle) + between(rule, dtstart, middle, last) == whole
    assert whole == sorted(set(whole))


@pytest.mark.slow
@BOUNDED
@given(rules(ends=False), st.integers(1, 30))
def test_count_is_the_first_so_many(drawn, count):
    rule, dtstart = drawn
    end = dtstart + SPAN[rule.freq]
    counted = RecurrenceRule.parse(f"{rule};COUNT={count}")
    expected = list(islice(expand(rule, dtstart), count)) if between(rule, dtstart, dtstart, end)[count - 1 :] else None
    assume(expected is not None)
    assert list(expand(counted, dtstart)) == expected
    assert after(counted, dtstart, expected[-1]) is None
    # Counting is from DTSTART, wherever one looks.
    assert between(counted, dtstart, expected[count // 2], end) == expected[count // 2 :]


@pytest.mark.slow
@BOUNDED
@given(rules(ends=False), st.integers(0, 20))
def test_until_is_included(drawn, index):
    rule, dtstart = drawn
    whole = between(rule, dtstart, dtstart, dtstart + SPAN[rule.freq])
    assume(len(whole) > index)
    limited = RecurrenceRule.parse(f"{rule};UNTIL={whole[index]:%Y%m%dT%H%M%S}")
    assert list(expand(limited, dtstart)) == whole[: index + 1]


FAR = [
    ("FREQ=DAILY;COUNT=1000000000", "9000-01-01", "9000-01-03", ["9000-01-01T18:00", "9000-01-02T18:00"]),
    ("FREQ=DAILY;INTERVAL=3;COUNT=1000000000", "9000-01-01", "9000-01-04", ["9000-01-02T18:00"]),
    (
        "FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=1000000000",
        "9000-01-01",
        "9000-01-08",
        ["9000-01-01T18:00", "9000-01-03T18:00", "9000-01-06T18:00"],
    ),
    ("FREQ=MINUTELY;COUNT=1000000000000", "9000-01-01", "9000-01-01T00:02", ["9000-01-01T00:00", "9000-01-01T00:01"]),
    ("FREQ=SECONDLY;COUNT=1000000000000", "9000-01-01", "9000-01-01T00:00:02", ["9000-01-01T00:00", "9000-01-01T00:00:01"]),
    ("FREQ=DAILY;COUNT=3", "9000-01-01", "9000-01-03", []),
    ("FREQ=SECONDLY", "9000-01-01", "9000-01-01T00:00:02", ["9000-01-01T00:00", "9000-01-01T00:00:01"]),
    ("FREQ=MONTHLY;BYDAY=-1WE", "9000-01-01", "9000-03-01", ["9000-01-29T18:00", "9000-02-26T18:00"]),
    ("FREQ=YEARLY;INTERVAL=1000000000000", "2025-01-01", "9999-12-31", ["2025-01-01T18:00"]),
]


@pytest.mark.parametrize(("text", "start", "end", "expected"), FAR)
@at_most(calls=1_000)
def test_a_far_window_is_reached_at_once(text, start, end, expected):
    found = between(parse(text), datetime(2025, 1, 1, 18), datetime.fromisoformat(start), datetime.fromisoformat(end))
    assert found == [datetime.fromisoformat(each) for each in expected]


@pytest.mark.parametrize(("freq", "count", "step"), [("DAILY", 2_000_000, 1), ("WEEKLY", 300_000, 7)])
def test_a_large_count_ends_where_division_says(freq, count, step):
    start = datetime(2025, 1, 1, 18)
    end = start + timedelta(days=step * (count - 1))
    rule = parse(f"FREQ={freq};COUNT={count}")
    assert between(rule, start, end - timedelta(days=step), datetime.max) == [end - timedelta(days=step), end]
    assert after(rule, start, end) is None


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2,4,6,9,11;BYMONTHDAY=31",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;BYYEARDAY=1;BYMONTH=12",
        "FREQ=YEARLY;BYYEARDAY=60;BYMONTH=1",
        "FREQ=YEARLY;BYWEEKNO=20;BYMONTH=1;BYDAY=MO",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
        "FREQ=DAILY;BYHOUR=9;BYSETPOS=2",
        "FREQ=MINUTELY;BYSECOND=0;BYSETPOS=-2",
        "FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=8",
        "FREQ=HOURLY;INTERVAL=24;BYHOUR=3",
        "FREQ=HOURLY;INTERVAL=2;BYHOUR=1,3,5",
        "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=3",
        "FREQ=MINUTELY;INTERVAL=60;BYMINUTE=1",
        "FREQ=SECONDLY;INTERVAL=60;BYSECOND=1",
        "FREQ=DAILY;BYSECOND=60",  # no clock here shows a leap second
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",  # from an odd year on
        "FREQ=YEARLY;INTERVAL=100;BYYEARDAY=366",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=3",  # from January on
        "FREQ=YEARLY;COUNT=5;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;COUNT=1000000000000;BYMONTH=2;BYMONTHDAY=30",
    ],
)
@at_most(calls=1_500_000)
def test_a_rule_that_never_matches_ends(text):
    dtstart = datetime(2025, 1, 1, 18)
    assert list(parse(text).occurrences(dtstart)) == []
    assert parse(text).after(dtstart, dtstart, inclusive=True) is None
    assert parse(text).between(dtstart, dtstart, datetime.max) == []


@pytest.mark.parametrize(
    ("text", "dtstart", "last"),
    [
        ("FREQ=YEARLY", "9990-06-01T18:00", "9999-06-01T18:00"),
        ("FREQ=MONTHLY", "9999-01-31T18:00", "9999-12-31T18:00"),
        ("FREQ=WEEKLY;BYDAY=MO,SU", "9999-12-01T18:00", "9999-12-27T18:00"),
        ("FREQ=DAILY", "9999-12-01T18:00", "9999-12-31T18:00"),
        ("FREQ=HOURLY", "9999-12-31T00:30", "9999-12-31T23:30"),
        ("FREQ=SECONDLY", "9999-12-31T23:59:00", "9999-12-31T23:59:59"),
        ("FREQ=YEARLY;BYWEEKNO=52;BYDAY=FR", "9990-01-01T18:00", "9999-12-31T18:00"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "9999-01-01T18:00", "9999-12-31T18:00"),
    ],
)
def test_time_ends_with_the_year_9999(text, dtstart, last):
    found = list(parse(text).occurrences(datetime.fromisoformat(dtstart)))
    assert found[-1] == datetime.fromisoformat(last)
    assert found == sorted(set(found))


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO,TU",
        "FREQ=WEEKLY;WKST=SU",
        "FREQ=DAILY;INTERVAL=5",
        "FREQ=MONTHLY;BYDAY=1MO",
        "FREQ=YEARLY",
    ],
)
def test_time_begins_with_the_year_1(text):
    found = list(islice(parse(text).occurrences(datetime(1, 1, 1, 18)), 5))
    assert found == list(islice(oracle(parse(text), datetime(1, 1, 1, 18)), 5))


@pytest.mark.parametrize(
    "text", ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=YEARLY", "FREQ=SECONDLY"]
)
def test_expansion_is_lazy_and_repeatable(text):
    rule, dtstart = parse(text), datetime(2025, 1, 1)
    instances = rule.occurrences(dtstart)
    assert iter(instances) is instances
    assert list(islice(instances, 3)) == list(islice(rule.occurrences(dtstart), 3))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2025-01-01T18:00:00", "2025-01-02T18:00:00", ["2025-01-01"]),
        ("2025-01-01T18:00:00.000001", "2025-01-02T18:00:00.000001", ["2025-01-02"]),
        ("2025-01-01T17:59:59.999999", "2025-01-01T18:00:00", []),
        ("2025-01-03T00:00:00", "2025-01-01T00:00:00", []),
    ],
)
def test_a_window_has_its_start_and_not_its_end(start, end, expected):
    found = between(parse("FREQ=DAILY"), datetime(2025, 1, 1, 18), datetime.fromisoformat(start), datetime.fromisoformat(end))
    assert [f"{each:%Y-%m-%d}" for each in found] == expected
