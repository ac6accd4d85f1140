"""RFC 7529's SKIP with RSCALE=GREGORIAN: known answers, then random rules day by day and beside libical.

By section 4.1 days that do not exist are moved after BYMONTH, BYYEARDAY and BYMONTHDAY are applied and before BYDAY, the
times of day and BYSETPOS are.
"""

import calendar
import random
from datetime import date, datetime, time, timedelta
from itertools import islice, pairwise, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svsm_cal.core.recurrence_set import RecurrenceSet
from svsm_cal.core.rrule import Frequency, RecurrenceRule, Skip, WeekdayNum
from svsm_cal.core.zones import zone_of

from . import libical

PROFILE = settings(max_examples=200)
DAY = timedelta(days=1)
AT = time(9)


def parse(text):
    return RecurrenceRule.parse(text)


def rule_of(text):
    """Return the rule of "MONTHLY;BACKWARD;BYMONTHDAY=31"."""
    freq, skip, *parts = text.split(";")
    return parse(";".join(("RSCALE=GREGORIAN", f"FREQ={freq}", f"SKIP={skip}", *parts)))


@pytest.mark.parametrize(
    ("dtstart", "text", "expected"),
    [
        # DTSTART's own day; the rule with COUNT ends, which "." says.
        ("2014-01-31", "MONTHLY;BACKWARD;COUNT=4", "2014-01-31 2014-02-28 2014-03-31 2014-04-30 ."),
        ("2014-01-31", "MONTHLY;FORWARD;COUNT=4", "2014-01-31 2014-03-01 2014-03-31 2014-05-01 ."),
        ("2014-01-31", "MONTHLY;OMIT;COUNT=4", "2014-01-31 2014-03-31 2014-05-31 2014-07-31 ."),
        ("2014-01-30", "MONTHLY;BACKWARD", "2014-01-30 2014-02-28 2014-03-30"),
        ("2016-01-31", "MONTHLY;BACKWARD;INTERVAL=2", "2016-01-31 2016-03-31 2016-05-31"),
        ("2016-01-31", "MONTHLY;FORWARD;INTERVAL=3", "2016-01-31 2016-05-01 2016-07-31 2016-10-31"),
        ("2015-12-31", "MONTHLY;FORWARD;INTERVAL=2", "2015-12-31 2016-03-01 2016-05-01 2016-07-01 2016-08-31"),
        ("2012-02-29", "YEARLY;FORWARD", "2012-02-29 2013-03-01 2014-03-01 2015-03-01 2016-02-29"),
        ("2012-02-29", "YEARLY;BACKWARD", "2012-02-29 2013-02-28 2014-02-28 2015-02-28 2016-02-29"),
        ("2012-02-29", "YEARLY;OMIT", "2012-02-29 2016-02-29 2020-02-29"),
        ("2012-02-29", "YEARLY;FORWARD;INTERVAL=3", "2012-02-29 2015-03-01 2018-03-01 2021-03-01 2024-02-29"),
        ("2096-02-29", "YEARLY;BACKWARD;COUNT=6", "2096-02-29 2097-02-28 2098-02-28 2099-02-28 2100-02-28 2101-02-28 ."),
        # RFC 7529's own: "the 31st of every month, the day before where there is none"; leap days; Chinese ones are not here.
        ("2014-01-31", "MONTHLY;BACKWARD;BYMONTHDAY=31", "2014-01-31 2014-02-28 2014-03-31"),
        # BYMONTHDAY and BYMONTH.
        ("2015-02-01", "YEARLY;FORWARD;BYMONTH=2;BYMONTHDAY=28,29", "2015-02-28 2015-03-01 2016-02-28 2016-02-29 2017-02-28"),
        ("2015-02-01", "YEARLY;BACKWARD;BYMONTH=2;BYMONTHDAY=28,29", "2015-02-28 2016-02-28 2016-02-29 2017-02-28"),
        ("2015-02-01", "YEARLY;FORWARD;BYMONTH=2,3;BYMONTHDAY=1,29", "2015-02-01 2015-03-01 2015-03-29 2016-02-01 2016-02-29"),
        ("2015-01-31", "MONTHLY;FORWARD;BYMONTH=2,4", "2015-03-01 2015-05-01 2016-03-01 2016-05-01"),
        ("2015-01-31", "MONTHLY;BACKWARD;BYMONTH=2,4", "2015-02-28 2015-04-30 2016-02-29 2016-04-30"),
        ("2015-01-29", "MONTHLY;BACKWARD;BYMONTHDAY=29,30,31", "2015-01-29 2015-01-30 2015-01-31 2015-02-28 2015-03-29"),
        ("2015-01-29", "MONTHLY;FORWARD;BYMONTHDAY=29,30,31", "2015-01-29 2015-01-30 2015-01-31 2015-03-01 2015-03-29"),
        # What is moved onto another instance, of the same period or the next, is there once, and counts once.
        ("2015-01-31", "MONTHLY;FORWARD;BYMONTHDAY=1,31", "2015-01-31 2015-02-01 2015-03-01 2015-03-31 2015-04-01 2015-05-01"),
        ("2015-01-31", "MONTHLY;FORWARD;BYMONTHDAY=1,31;COUNT=5", "2015-01-31 2015-02-01 2015-03-01 2015-03-31 2015-04-01 ."),
        ("2015-01-30", "MONTHLY;BACKWARD;BYMONTHDAY=30,31;COUNT=4", "2015-01-30 2015-01-31 2015-02-28 2015-03-30 ."),
        ("2015-01-01", "YEARLY;FORWARD;BYYEARDAY=1,366;COUNT=4", "2015-01-01 2016-01-01 2016-12-31 2017-01-01 ."),
        # What the month of DTSTART puts before it is none; what the month before it would have put after it neither.
        ("2015-03-01", "MONTHLY;FORWARD;BYMONTHDAY=31", "2015-03-31 2015-05-01 2015-05-31"),
        ("2015-02-28", "MONTHLY;BACKWARD;BYMONTHDAY=-31", "2015-03-01 2015-03-31 2015-05-01 2015-05-31"),
        # BYYEARDAY.
        ("2015-06-01", "YEARLY;FORWARD;BYYEARDAY=366", "2016-01-01 2016-12-31 2018-01-01 2019-01-01 2020-01-01 2020-12-31"),
        ("2015-06-01", "YEARLY;BACKWARD;BYYEARDAY=366", "2015-12-31 2016-12-31 2017-12-31"),
        ("2015-06-01", "YEARLY;OMIT;BYYEARDAY=366", "2016-12-31 2020-12-31"),
        ("2015-06-01", "YEARLY;BACKWARD;BYYEARDAY=365,366", "2015-12-31 2016-12-30 2016-12-31 2017-12-31"),
        ("2015-06-01", "YEARLY;FORWARD;BYYEARDAY=366;INTERVAL=2", "2016-01-01 2018-01-01 2020-01-01"),
        # From the end: a day before the first of the month or the year, or that first one itself.
        ("2015-01-01", "MONTHLY;BACKWARD;BYMONTHDAY=-31;COUNT=5", "2015-01-01 2015-01-31 2015-03-01 2015-03-31 2015-05-01 ."),
        ("2015-01-01", "MONTHLY;FORWARD;BYMONTHDAY=-31;COUNT=4", "2015-01-01 2015-02-01 2015-03-01 2015-04-01 ."),
        ("2015-06-01", "YEARLY;BACKWARD;BYYEARDAY=-366", "2016-01-01 2016-12-31 2017-12-31 2018-12-31 2020-01-01"),
        ("2015-06-01", "YEARLY;FORWARD;BYYEARDAY=-366", "2016-01-01 2017-01-01 2018-01-01"),
        ("2015-01-01", "MONTHLY;BACKWARD;BYMONTHDAY=-1", "2015-01-31 2015-02-28 2015-03-31"),
        # BYDAY is asked of the day to which one was moved: 1 March 2014 is a Saturday, 1 May a Thursday.
        ("2014-01-31", "MONTHLY;FORWARD;BYMONTHDAY=31;BYDAY=SA", "2014-03-01 2014-05-31 2015-01-31 2015-10-31"),
        ("2014-01-31", "MONTHLY;BACKWARD;BYMONTHDAY=31;BYDAY=FR", "2014-01-31 2014-02-28 2014-10-31 2015-07-31"),
        ("2012-02-29", "YEARLY;FORWARD;BYMONTH=2;BYMONTHDAY=29;BYDAY=FR,SA", "2013-03-01 2014-03-01 2019-03-01 2020-02-29"),
        ("2015-06-01", "YEARLY;FORWARD;BYYEARDAY=366;BYDAY=FR", "2016-01-01 2027-01-01 2032-12-31"),
        # BYSETPOS chooses among what is left, of the period that a day comes from.
        ("2015-01-29", "MONTHLY;BACKWARD;BYMONTHDAY=29,30,31;BYSETPOS=-1", "2015-01-31 2015-02-28 2015-03-31"),
        ("2015-01-29", "MONTHLY;BACKWARD;BYMONTHDAY=29,30,31;BYSETPOS=2", "2015-01-30 2015-03-30 2015-04-30"),
        ("2015-01-29", "MONTHLY;FORWARD;BYMONTHDAY=15,31;BYSETPOS=-1", "2015-01-31 2015-03-01 2015-03-31 2015-05-01"),
        ("2016-06-01", "MONTHLY;FORWARD;BYMONTHDAY=1,31;BYSETPOS=1", "2016-06-01 2016-07-01 2016-08-01"),
        # SKIP changes nothing where every day exists.
        ("2015-01-15", "MONTHLY;FORWARD", "2015-01-15 2015-02-15 2015-03-15"),
        ("2015-01-15", "MONTHLY;FORWARD;BYDAY=5TH", "2015-01-29 2015-04-30 2015-07-30"),
        ("2015-01-15", "YEARLY;BACKWARD;BYWEEKNO=1;BYDAY=MO", "2016-01-04 2017-01-02 2018-01-01 2018-12-31"),
        ("2015-01-14", "WEEKLY;FORWARD", "2015-01-14 2015-01-21"),
        # A shorter rule's days are a filter: there is nothing to move.
        ("2015-01-31", "DAILY;FORWARD;BYMONTHDAY=31", "2015-01-31 2015-03-31 2015-05-31"),
        # The end of time.
        ("9999-01-31", "MONTHLY;FORWARD;BYMONTHDAY=31", "9999-01-31 9999-03-01 9999-03-31 9999-05-01 9999-05-31 9999-07-01"),
        ("9998-06-01", "YEARLY;FORWARD;BYYEARDAY=366", "9999-01-01 ."),
        ("9998-06-01", "YEARLY;BACKWARD;BYYEARDAY=366", "9998-12-31 9999-12-31 ."),
        ("0001-01-01", "YEARLY;BACKWARD;BYYEARDAY=-366", "0001-12-31 0002-12-31 0004-01-01"),
        ("0001-01-31", "MONTHLY;BACKWARD;COUNT=2", "0001-01-31 0001-02-28 ."),
    ],
)  # fmt: skip
def test_known_answers(dtstart, text, expected):
    *days, last = expected.split()
    days += [last] * (last != ".")
    at = datetime.combine(date.fromisoformat(dtstart), AT)
    rule, expected_moments = rule_of(text), [datetime.combine(date.fromisoformat(each), AT) for each in days]
    found = list(islice(rule.occurrences(at), len(days) + (last == ".")))
    assert found == expected_moments
    assert list(islice(rule.occurrences(at.date()), len(days))) == [each.date() for each in expected_moments]
    # Sought one by one, and in windows around each.
    before = at - DAY if at.date() > date.min else at
    for each in expected_moments:
        assert rule.after(at, before, inclusive=True) == each
        assert rule.after(at, each, inclusive=True) == each
        assert rule.between(at, each, each + timedelta(seconds=1)) == [each]
        before = each + timedelta(seconds=1)
    if last == ".":
        assert rule.after(at, found[-1]) is None
    assert rule.between(at, at, expected_moments[-1]) == expected_moments[:-1]


def test_times_of_day_move_with_their_day():
    rule, at = rule_of("MONTHLY;FORWARD;BYMONTHDAY=1,31;BYHOUR=9,18;COUNT=6"), datetime(2015, 2, 1, 9)
    days = [(2, 1), (3, 1), (3, 31)]
    assert list(rule.occurrences(at)) == [datetime(2015, month, day, hour) for month, day in days for hour in (9, 18)]
    # Of February come 1 February and 1 March, of March 1 and 31 March: of each the first and the last time.
    rule = rule_of("MONTHLY;FORWARD;BYMONTHDAY=1,31;BYHOUR=9,18;BYSETPOS=1,-1")
    found = list(islice(rule.occurrences(at), 6))
    assert [f"{each:%m-%dT%H}" for each in found] == ["02-01T09", "03-01T09", "03-01T18", "03-31T18", "04-01T09", "05-01T09"]
    assert [rule.after(at, each) for each in found[:-1]] == found[1:]


def test_what_a_day_brings_from_the_month_before_and_has_itself_is_in_order():
    """1 March 2032 is a Monday: as 31 February it has its second time, of its own month the first as well."""
    rule = rule_of("MONTHLY;FORWARD;BYMONTHDAY=1,31;BYHOUR=9,18;BYDAY=MO,WE;BYSETPOS=2,-4")
    at = datetime(2010, 1, 1, 9)
    expected = [datetime(2032, 3, 1, 9), datetime(2032, 3, 1, 18)]
    assert rule.between(at, datetime(2031, 12, 2), datetime(2032, 3, 2)) == expected
    assert list(islice(rule.starting(at).since(datetime(2031, 12, 2)), 2)) == expected
    assert rule.after(at, datetime(2031, 12, 2)) == expected[0]


def test_in_a_zone():
    berlin = RecurrenceSet(datetime(2014, 1, 31, 18), zone_of("Europe/Berlin"), rule_of("MONTHLY;BACKWARD;COUNT=4"))
    assert [f"{each:%m-%dT%H}" for each in berlin.since()] == ["01-31T17", "02-28T17", "03-31T16", "04-30T16"]


# Text.


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD", None),
        ("RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=BACKWARD;COUNT=4;INTERVAL=2;BYYEARDAY=366", None),
        ("freq=monthly;skip=backward;rscale=gregorian", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD"),
        # What changes nothing is left out.
        ("RSCALE=GREGORIAN;FREQ=MONTHLY", "FREQ=MONTHLY"),
        ("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=OMIT", "FREQ=MONTHLY"),
    ],
)
def test_text_and_back(text, canonical):
    rule = parse(text)
    assert str(rule) == (canonical or text)
    assert parse(str(rule)) == rule
    assert hash(parse(str(rule))) == hash(rule)


# Random rules, day by day.


def listed(values, most):
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True).map(lambda found: tuple(sorted(found)))


@st.composite
def rules(draw):
    freq, parts = draw(st.sampled_from((Frequency.MONTHLY, Frequency.YEARLY))), {}
    numbers = (1, 2, 15, 28, 29, 30, 31, -1, -28, -29, -30, -31)
    kind = draw(st.sampled_from("dddmn")) if freq is Frequency.MONTHLY else draw(st.sampled_from("mmyyn"))
    if kind == "m":
        parts["by_month"] = draw(listed((1, 2, 2, 4, 9, 11, 12), 3))
    if kind in "dm":
        parts["by_month_day"] = draw(listed(numbers, 3))
    if kind == "y":
        parts["by_year_day"] = draw(listed((1, 2, 59, 60, 365, 366, -1, -365, -366), 3))
    weekdays = draw(listed(range(7), 5)) if kind != "n" and draw(st.integers(1, 3)) == 1 else ()
    parts["by_day"] = tuple(WeekdayNum(each) for each in weekdays)
    parts["by_hour"] = (9, 18) if draw(st.booleans()) else ()
    if kind != "n" and draw(st.integers(1, 3)) == 1:
        parts["by_set_pos"] = draw(listed((1, -1, 2), 2))
    skip, interval = draw(st.sampled_from((Skip.FORWARD, Skip.BACKWARD))), draw(st.sampled_from((1, 1, 1, 2, 3, 7)))
    dtstart = datetime.combine(date(2010, 12, 25) + draw(st.integers(0, 1500)) * DAY, AT)
    if kind == "n":
        dtstart = draw(st.sampled_from((datetime(2012, 2, 29, 9), datetime(2014, 1, 31, 9), datetime(2014, 12, 30, 9))))
    return RecurrenceRule(freq, interval, skip=skip, **parts), dtstart


def moved(first, length, number, skip):
    """Return the day of a number, counted from the first of so many days or, below 0, from the last."""
    if abs(number) <= length:
        return first + (number - 1 if number > 0 else length + number) * DAY
    if number > 0:
        return first + (length if skip is Skip.FORWARD else length - 1) * DAY
    return first if skip is Skip.FORWARD else first - DAY


def period(rule, dtstart, year, month):
    """Return what a month, or a year where `month` is 0, has."""
    days = set()
    month_days = rule.by_month_day or (() if rule.by_year_day or rule.by_day else (dtstart.day,))
    months = rule.by_month or (range(1, 13) if rule.by_month_day or rule.by_day else (dtstart.month,))
    if rule.by_year_day:
        length = 366 if calendar.isleap(year) else 365
        days = {moved(date(year, 1, 1), length, number, rule.skip) for number in rule.by_year_day}
    else:
        for each in [month] if month else months:
            if not rule.by_month or each in rule.by_month:
                length = calendar.monthrange(year, each)[1]
                days |= {moved(date(year, each, 1), length, number, rule.skip) for number in month_days}
    weekdays = {weekday for weekday, _ in rule.by_day}
    kept = sorted(each for each in days if not weekdays or each.weekday() in weekdays)
    moments = [datetime.combine(each, time(hour)) for each in kept for hour in rule.by_hour or (dtstart.hour,)]
    chosen = {position - 1 if position > 0 else len(moments) + position for position in rule.by_set_pos or range(1, 999)}
    return [moments[index] for index in chosen if 0 <= index < len(moments)]


def day_by_day(rule, dtstart, horizon):
    found = set()
    if rule.freq is Frequency.MONTHLY:
        first = dtstart.year * 12 + dtstart.month - 1
        for number in range(first, horizon.year * 12 + 14, rule.interval):
            found.update(period(rule, dtstart, number // 12, number % 12 + 1))
    else:
        for year in range(dtstart.year, horizon.year + 2, rule.interval):
            found.update(period(rule, dtstart, year, 0))
    return sorted(each for each in found if dtstart <= each < horizon)


@pytest.mark.slow
@settings(PROFILE, max_examples=90)
@given(rules(), st.data())
def test_random_rules_day_by_day(drawn, data):
    rule, dtstart = drawn
    horizon = datetime(2036, 1, 1)
    expected = day_by_day(rule, dtstart, horizon)
    assert rule.between(dtstart, dtstart, horizon) == expected, (str(rule), dtstart)
    assert list(takewhile(lambda each: each < horizon, rule.occurrences(dtstart))) == expected, (str(rule), dtstart)
    assert parse(str(rule)) == rule
    if not expected:
        return
    # Seeking one by one is the same as all at once, and so is a window of any length anywhere.
    for one, two in pairwise(expected[:60]):
        assert rule.after(dtstart, one) == two, (str(rule), dtstart)
    one, two = sorted(data.draw(st.integers(-1, 20000)) for _ in range(2))
    lo, hi = dtstart + one * DAY, min(dtstart + two * DAY, horizon)
    assert rule.between(dtstart, lo, hi) == [each for each in expected if lo <= each < hi]
    count = data.draw(st.integers(1, len(expected)))
    counted = parse(f"{rule};COUNT={count}")
    assert list(counted.occurrences(dtstart)) == expected[:count]
    assert counted.after(dtstart, expected[count - 1]) is None
    until = parse(f"{rule};UNTIL={expected[count - 1]:%Y%m%dT%H%M%S}")
    assert list(until.occurrences(dtstart)) == expected[:count]


@pytest.mark.soak
@settings(PROFILE, max_examples=2_500)
@given(rules(), st.integers(0, 16_000))
def test_seeking_is_filtering_for_many_rules(drawn, days):
    rule, dtstart = drawn
    horizon = datetime(2080, 1, 1)
    expected = day_by_day(rule, dtstart, horizon)
    assert rule.between(dtstart, dtstart, horizon) == expected
    at = dtstart + days * DAY
    for one, two in pairwise(expected):
        assert rule.after(dtstart, one) == two
    assert rule.between(dtstart, at, horizon) == [each for each in expected if each >= at]
    later = [each for each in expected if each >= at]
    if later:
        assert rule.after(dtstart, at, inclusive=True) == later[0]


# Beside libical, where it has ICU to do this with.


def libical_knows_skip():
    if libical.library() is None:
        return False
    (answer,) = libical.expand([("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD", datetime(2014, 1, 31, 9))], 2)
    return answer.instances == [datetime(2014, 1, 31, 9), datetime(2014, 2, 28, 9)]


def random_rule(chance):
    """Return a rule that libical reads as RFC 7529 does.

    It does not where FORWARD leaves a month that BYMONTH names or where BYDAY follows it (the day is dropped), where
    numbers from the end do not exist, and with BYSETPOS; and a day that two numbers give it gives twice.
    """
    freq, skip = chance.choice(("MONTHLY", "YEARLY")), chance.choice(("FORWARD", "BACKWARD"))
    backward, parts = skip == "BACKWARD", ["RSCALE=GREGORIAN", f"FREQ={freq}", f"SKIP={skip}"]
    if chance.random() < 0.4:
        parts.append(f"INTERVAL={chance.randint(2, 7)}")
    month_days = sorted(chance.sample((1, 15, 28, 29, 30, 31), chance.randint(1, 3)))
    months = sorted(chance.sample((1, 2, 4, 6, 9, 11, 12), chance.randint(1, 3)))
    if freq == "YEARLY" and chance.random() < 0.5:
        parts.append(f"BYYEARDAY={','.join(map(str, sorted(chance.sample((1, 60, 365, 366), 2))))}")
    elif chance.random() < 0.7:
        parts += [f"BYMONTH={','.join(map(str, months))}"] if backward and (freq == "YEARLY" or chance.random() < 0.4) else []
        parts += [f"BYMONTHDAY={','.join(map(str, month_days))}"] if freq == "MONTHLY" or backward else []
    if backward and len(parts) > 4 and chance.random() < 0.3:
        parts.append(f"BYDAY={','.join(chance.sample(('MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'), 3))}")
    if chance.random() < 0.3:
        parts.append("BYHOUR=6,18")
    days = (date(2014, 1, 31), date(2012, 2, 29), date(2015, 2, 1), date(2013, 12, 31), date(2016, 5, 30), date(2011, 1, 1))
    return ";".join(parts), datetime.combine(chance.choice(days), AT)


@pytest.mark.skipif(not libical_knows_skip(), reason="there is no libical here that was built with ICU")
def test_random_rules_as_libical_expands_them():
    chance, compared = random.Random(7529), 0
    cases = [random_rule(chance) for _ in range(300)]
    for (text, dtstart), answer in zip(cases, libical.expand(cases, 12), strict=True):
        theirs = sorted({each for each in answer.instances if each.year < 2400})
        found = list(islice(parse(text).occurrences(dtstart), len(theirs)))
        assert found == theirs, (text, dtstart)
        compared += len(theirs) > 4
    assert compared > 250
