"""Recurrence rules as text: each row a sentence of RFC 5545 section 3.3.10; section 3.8.5.3's examples with its own dates."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from svsm_cal.core.rrule import DAY_CODES, Frequency, RecurrenceRule, WeekdayNum
from svsm_cal.errors import RuleError

NO_FREQUENCY = "DAILY, WEEKLY, MONTHLY or YEARLY"
A_DAY = "MO, TU, WE, TH, FR, SA or SU, or 2TU, -1FR"
A_DATE = "UNTIL=20251231 or UNTIL=20251231T180000"
A_PART = "FREQ, INTERVAL, COUNT, UNTIL, WKST or BY..."


def signed(highest):
    return f"numbers from 1 to {highest} or -{highest} to -1"


@pytest.mark.parametrize(
    ("text", "at", "said", "hint"),
    [
        # "FREQ is required", and one of seven.
        ("", "", "an empty rule", "FREQ=WEEKLY;BYDAY=WE"),
        ("INTERVAL=2", "INTERVAL", "no FREQ", "FREQ=DAILY, WEEKLY, MONTHLY or YEARLY"),
        ("FREQ=", "", 'FREQ="" is no frequency', NO_FREQUENCY),
        ("FREQ=FORTNIGHTLY", "FORT", 'FREQ="FORTNIGHTLY" is no frequency', NO_FREQUENCY),
        ("FREQ=WEEKLY BYDAY=MO", "WEEKLY", "is no frequency", NO_FREQUENCY),
        # Parts are NAME=value, separated by semicolons.
        (";", ";", "an empty part", "FREQ=WEEKLY;BYDAY=WE"),
        ("FREQ=WEEKLY;", "", "an empty part", "FREQ=WEEKLY;BYDAY=WE"),
        ("FREQ=WEEKLY;;COUNT=2", ";COUNT", "an empty part", "FREQ=WEEKLY;BYDAY=WE"),
        ("FREQ", "FREQ", '"FREQ" has no "="', "FREQ=..."),
        ("FREQ=WEEKLY;BYDAY", "BYDAY", '"BYDAY" has no "="', "BYDAY=..."),
        ("FREQ=WEEKLY;=MO", "=MO", '"" is no part', A_PART),
        ("RRULE:FREQ=WEEKLY", "RRULE", '"RRULE:FREQ" is no part', A_PART),
        ("FREQ=WEEKLY;BYDAYS=MO", "BYDAYS", '"BYDAYS" is no part', "did you mean BYDAY?"),
        ("FREQ=WEEKLY;INTERVALL=2", "INTERVALL", '"INTERVALL" is no part', "did you mean INTERVAL?"),
        ("FREQ=YEARLY;BYEASTER=0", "BYEASTER", '"BYEASTER" is no part', A_PART),
        # RFC 7529: only the Gregorian calendar, and SKIP only with RSCALE.
        ("RSCALE=CHINESE;FREQ=YEARLY", "CHINESE", "RSCALE=CHINESE is a calendar this does not know", "RSCALE=GREGORIAN"),
        ("RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=NEVER", "NEVER", 'SKIP="NEVER" is none of its words', "OMIT, BACKWARD or FORWARD"),
        ("FREQ=YEARLY;SKIP=FORWARD", "SKIP", "SKIP needs RSCALE", "RSCALE=GREGORIAN"),
        # "MUST NOT occur more than once."
        ("FREQ=WEEKLY;FREQ=DAILY", "FREQ=DAILY", "FREQ stands twice", "write each part once"),
        ("FREQ=WEEKLY;BYDAY=MO;byday=TU", "byday", "BYDAY stands twice", "write each part once"),
        # "UNTIL or COUNT are OPTIONAL, but they MUST NOT occur in the same RECUR."
        ("FREQ=WEEKLY;COUNT=2;UNTIL=20250101", "UNTIL", "COUNT and UNTIL exclude each other", "keep one"),
        ("FREQ=WEEKLY;UNTIL=20250101;COUNT=2", "COUNT", "COUNT and UNTIL exclude each other", "keep one"),
        # UNTIL is a DATE or a DATE-TIME.
        ("FREQ=WEEKLY;UNTIL=", "", "UNTIL= is no date", A_DATE),
        ("FREQ=WEEKLY;UNTIL=2025-01-01", "2025", "is no date", A_DATE),
        ("FREQ=WEEKLY;UNTIL=20250230", "2025", "is no date", A_DATE),
        ("FREQ=WEEKLY;UNTIL=20250101T250000", "2025", "is no date", A_DATE),
        ("FREQ=WEEKLY;UNTIL=20250101T1200", "2025", "is no date", A_DATE),
        ("FREQ=WEEKLY;UNTIL=20250101Z", "2025", "is no date", A_DATE),
        ("FREQ=WEEKLY;UNTIL=20250101T120000+0100", "2025", "is no date", A_DATE),
        ("FREQ=WEEKLY;UNTIL=00000101", "0000", "is no date", A_DATE),
        # COUNT and INTERVAL are positive integers.
        ("FREQ=WEEKLY;COUNT=0", "0", "COUNT=0 must be a whole number", "COUNT=1"),
        ("FREQ=WEEKLY;COUNT=-3", "-3", "COUNT=-3 must be a whole number", "COUNT=1"),
        ("FREQ=WEEKLY;COUNT=9999999999999", "9999", "must be a whole number", "COUNT=1"),
        ("FREQ=WEEKLY;INTERVAL=0", "0", "INTERVAL=0 must be a whole number", "INTERVAL=1"),
        ("FREQ=WEEKLY;INTERVAL=1.5", "1.5", "INTERVAL=1.5 must be", "INTERVAL=1"),
        ("FREQ=WEEKLY;INTERVAL=", "", "INTERVAL= must be", "INTERVAL=1"),
        ("FREQ=WEEKLY;INTERVAL=two", "two", "INTERVAL=TWO must be", "INTERVAL=1"),
        # BYSECOND 0 to 60, BYMINUTE 0 to 59, BYHOUR 0 to 23, no signs.
        ("FREQ=DAILY;BYSECOND=61", "61", "BYSECOND=61 is out of range", "numbers from 0 to 60"),
        ("FREQ=DAILY;BYMINUTE=60", "60", "BYMINUTE=60 is out of range", "numbers from 0 to 59"),
        ("FREQ=DAILY;BYHOUR=24", "24", "BYHOUR=24 is out of range", "numbers from 0 to 23"),
        ("FREQ=DAILY;BYHOUR=-1", "-1", "BYHOUR=-1 is out of range", "numbers from 0 to 23"),
        ("FREQ=DAILY;BYHOUR=+1", "+1", "BYHOUR=+1 is out of range", "numbers from 0 to 23"),
        # BYDAY: weekdays, with a number only where a month or a year is counted out.
        ("FREQ=WEEKLY;BYDAY=", "", 'BYDAY: "" is no weekday', A_DAY),
        ("FREQ=WEEKLY;BYDAY=MI", "MI", 'BYDAY: "MI" is no weekday', A_DAY),
        ("FREQ=WEEKLY;BYDAY=MO,,TU", ",TU", 'BYDAY: "" is no weekday', A_DAY),
        ("FREQ=WEEKLY;BYDAY=MO,TX", "TX", 'BYDAY: "TX" is no weekday', A_DAY),
        ("FREQ=WEEKLY;BYDAY=MONDAY", "MONDAY", 'BYDAY: "MONDAY" is no weekday', A_DAY),
        ("FREQ=MONTHLY;BYDAY=0MO", "0MO", 'BYDAY: "0MO" is no weekday', A_DAY),
        ("FREQ=MONTHLY;BYDAY=+MO", "+MO", 'BYDAY: "+MO" is no weekday', A_DAY),
        ("FREQ=YEARLY;BYDAY=1TU,54MO", "54MO", 'BYDAY: "54MO" is no weekday', A_DAY),
        ("FREQ=YEARLY;BYDAY=-54MO", "-54MO", 'BYDAY: "-54MO" is no weekday', A_DAY),
        *(
            (f"FREQ={freq};BYDAY=1MO", "BYDAY", f"cannot stand with FREQ={freq}", "FREQ=MONTHLY counts weekdays of the month")
            for freq in ("WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")
        ),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "BYDAY", "cannot stand with BYWEEKNO", "drop one"),
        # BYMONTHDAY -31 to 31 without 0, not in a weekly rule.
        ("FREQ=MONTHLY;BYMONTHDAY=0", "0", "BYMONTHDAY=0 is out of range", signed(31)),
        ("FREQ=MONTHLY;BYMONTHDAY=1,32", "32", "BYMONTHDAY=32 is out of range", signed(31)),
        ("FREQ=MONTHLY;BYMONTHDAY=-32", "-32", "BYMONTHDAY=-32 is out of range", signed(31)),
        ("FREQ=MONTHLY;BYMONTHDAY=1,2,x", "x", "BYMONTHDAY=X is out of range", signed(31)),
        ("FREQ=MONTHLY;BYMONTHDAY=1,", "", "BYMONTHDAY=(empty) is out of range", signed(31)),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY", "BYMONTHDAY cannot stand with FREQ=WEEKLY", "FREQ=MONTHLY"),
        # BYYEARDAY -366 to 366 without 0, not in a daily, weekly or monthly rule.
        ("FREQ=YEARLY;BYYEARDAY=0", "0", "BYYEARDAY=0 is out of range", signed(366)),
        ("FREQ=YEARLY;BYYEARDAY=367", "367", "BYYEARDAY=367 is out of range", signed(366)),
        *(
            (f"FREQ={freq};BYYEARDAY=1", "BYYEARDAY", f"BYYEARDAY cannot stand with FREQ={freq}", "FREQ=YEARLY")
            for freq in ("MONTHLY", "WEEKLY", "DAILY")
        ),
        # BYWEEKNO -53 to 53 without 0, in a yearly rule only.
        ("FREQ=YEARLY;BYWEEKNO=0", "0", "BYWEEKNO=0 is out of range", signed(53)),
        ("FREQ=YEARLY;BYWEEKNO=54", "54", "BYWEEKNO=54 is out of range", signed(53)),
        *(
            (f"FREQ={freq};BYWEEKNO=20", "BYWEEKNO", f"BYWEEKNO cannot stand with FREQ={freq}", "FREQ=YEARLY")
            for freq in ("MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")
        ),
        # BYMONTH 1 to 12.
        ("FREQ=YEARLY;BYMONTH=0", "0", "BYMONTH=0 is out of range", "numbers from 1 to 12"),
        ("FREQ=YEARLY;BYMONTH=13", "13", "BYMONTH=13 is out of range", "numbers from 1 to 12"),
        ("FREQ=YEARLY;BYMONTH=-1", "-1", "BYMONTH=-1 is out of range", "numbers from 1 to 12"),
        # BYSETPOS -366 to 366 without 0, "MUST only be used in conjunction with another BYxxx rule part".
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "0", "BYSETPOS=0 is out of range", signed(366)),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-367", "-367", "BYSETPOS=-367 is out of range", signed(366)),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS", "BYSETPOS needs another BY part", "BYDAY=MO,TU,WE,TH,FR"),
        # WKST is one weekday.
        ("FREQ=WEEKLY;WKST=1MO", "1MO", 'WKST="1MO" is no weekday', "MO or SU"),
        ("FREQ=WEEKLY;WKST=MO,SU", "MO,SU", 'WKST="MO,SU" is no weekday', "MO or SU"),
        ("FREQ=WEEKLY;WKST=", "", 'WKST="" is no weekday', "MO or SU"),
    ],
)
def test_refuses_with_position_and_hint(text, at, said, hint):
    """`at` is what the text goes on with where the problem starts, "" for its end."""
    with pytest.raises(RuleError) as error:
        RecurrenceRule.parse(text)
    assert said in str(error.value)
    assert text[error.value.position :].startswith(at)
    assert at or error.value.position == len(text)
    assert error.value.hint == hint


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("FREQ=WEEKLY", "FREQ=WEEKLY"),
        ("freq=weekly;byday=we", "FREQ=WEEKLY;BYDAY=WE"),
        (" FREQ = WEEKLY ; BYDAY = WE ", "FREQ=WEEKLY;BYDAY=WE"),
        ("BYDAY=WE;FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=WE"),
        ("FREQ=WEEKLY;INTERVAL=1", "FREQ=WEEKLY"),
        ("FREQ=WEEKLY;INTERVAL=02", "FREQ=WEEKLY;INTERVAL=2"),
        ("FREQ=WEEKLY;WKST=MO", "FREQ=WEEKLY"),
        ("FREQ=WEEKLY;WKST=SU;BYDAY=TU,TH;COUNT=10", "FREQ=WEEKLY;COUNT=10;BYDAY=TU,TH;WKST=SU"),
        ("FREQ=WEEKLY;BYDAY=FR,WE,MO,WE", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
        ("FREQ=MONTHLY;BYDAY=+3WE,+1WE", "FREQ=MONTHLY;BYDAY=1WE,3WE"),
        ("FREQ=MONTHLY;BYDAY=1WE,-1WE,MO", "FREQ=MONTHLY;BYDAY=-1WE,MO,1WE"),
        ("FREQ=MONTHLY;BYMONTHDAY=15,-1,+2,15", "FREQ=MONTHLY;BYMONTHDAY=-1,2,15"),
        ("FREQ=DAILY;BYHOUR=18,09;BYMINUTE=30,0;BYSECOND=0", "FREQ=DAILY;BYSECOND=0;BYMINUTE=0,30;BYHOUR=9,18"),
        ("FREQ=DAILY;UNTIL=20251231", "FREQ=DAILY;UNTIL=20251231"),
        ("FREQ=DAILY;UNTIL=20251231t180000", "FREQ=DAILY;UNTIL=20251231T180000"),
        ("FREQ=DAILY;UNTIL=20251231T180000Z", "FREQ=DAILY;UNTIL=20251231T180000Z"),
        ("FREQ=DAILY;UNTIL=20161231T235960Z", "FREQ=DAILY;UNTIL=20161231T235959Z"),  # no clock here shows a leap second
        (
            "FREQ=YEARLY;BYSETPOS=1;BYMONTH=1;BYWEEKNO=1;BYYEARDAY=1;BYMONTHDAY=1;BYDAY=MO;BYHOUR=1;BYMINUTE=1;BYSECOND=1;WKST=SU",
            "FREQ=YEARLY;BYSECOND=1;BYMINUTE=1;BYHOUR=1;BYDAY=MO;BYMONTHDAY=1;BYYEARDAY=1;BYWEEKNO=1;BYMONTH=1;BYSETPOS=1;WKST=SU",
        ),
    ],
)
def test_canonical_text(text, canonical):
    rule = RecurrenceRule.parse(text)
    assert str(rule) == canonical
    assert RecurrenceRule.parse(canonical) == rule


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("FREQ=WEEKLY", RecurrenceRule(Frequency.WEEKLY)),
        ("FREQ=DAILY;COUNT=3;INTERVAL=2", RecurrenceRule(Frequency.DAILY, interval=2, count=3)),
        ("FREQ=DAILY;UNTIL=20251231", RecurrenceRule(Frequency.DAILY, until=date(2025, 12, 31))),
        ("FREQ=DAILY;UNTIL=20251231T180000", RecurrenceRule(Frequency.DAILY, until=datetime(2025, 12, 31, 18))),
        ("FREQ=DAILY;UNTIL=20251231T180000Z", RecurrenceRule(Frequency.DAILY, until=datetime(2025, 12, 31, 18, tzinfo=UTC))),
        ("FREQ=MONTHLY;BYDAY=SU,-1FR", RecurrenceRule(Frequency.MONTHLY, by_day=(WeekdayNum(4, -1), WeekdayNum(6)))),
        ("FREQ=SECONDLY;WKST=SU", RecurrenceRule(Frequency.SECONDLY, week_start=6)),
    ],
)
def test_fields(text, rule):
    assert RecurrenceRule.parse(text) == rule


def numbers(lowest, highest, *, negative=False):
    number = st.integers(lowest, highest)
    return st.lists(
        st.builds(lambda n, s: n * s, number, st.sampled_from((1, -1))) if negative else number, min_size=1, max_size=4
    )


@st.composite
def rule_texts(draw, *, frequencies=tuple(Frequency), limits=True):
    """Rules that RFC 5545 allows, parts and lists in any order, letters in any case."""
    freq = draw(st.sampled_from(frequencies))
    yearly, weekly = freq is Frequency.YEARLY, freq is Frequency.WEEKLY
    parts = {}

    def maybe(name, values):
        if draw(st.booleans()):
            parts[name] = ",".join(str(value) for value in draw(values))

    maybe("BYHOUR", numbers(0, 23))
    maybe("BYMINUTE", numbers(0, 59))
    maybe("BYSECOND", numbers(0, 60))
    maybe("BYMONTH", numbers(1, 12))
    if not weekly:
        maybe("BYMONTHDAY", numbers(1, 31, negative=True))
    if yearly or freq > Frequency.DAILY:
        maybe("BYYEARDAY", numbers(1, 366, negative=True))
    if yearly:
        maybe("BYWEEKNO", numbers(1, 53, negative=True))
    ordinals = st.just(0)
    if freq <= Frequency.MONTHLY and "BYWEEKNO" not in parts:
        ordinals = st.integers(-53, 53) if yearly else st.integers(-5, 5)
    maybe("BYDAY", st.lists(st.builds(WeekdayNum, st.integers(0, 6), ordinals), min_size=1, max_size=4))
    if parts and limits:
        maybe("BYSETPOS", numbers(1, 366, negative=True))
    maybe("WKST", st.lists(st.sampled_from(DAY_CODES), min_size=1, max_size=1))
    maybe(
        "INTERVAL",
        st.lists(st.integers(1, 10**12), min_size=1, max_size=1) if limits else numbers(1, 3).map(lambda found: found[:1]),
    )
    end = draw(st.sampled_from(("", "COUNT", "UNTIL", "DATE", "UTC"))) if limits else ""
    moment = draw(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))
    match end:
        case "COUNT":
            parts["COUNT"] = str(draw(st.integers(1, 10**12)))
        case "UNTIL" | "UTC":
            compact = moment.replace(microsecond=0).isoformat().replace("-", "").replace(":", "")
            parts["UNTIL"] = compact + ("Z" if end == "UTC" else "")
        case "DATE":
            parts["UNTIL"] = moment.date().isoformat().replace("-", "")
    parts["FREQ"] = freq.name
    texts = [f"{name}={value}" for name, value in draw(st.permutations(sorted(parts.items())))]
    return ";".join(text.lower() if draw(st.booleans()) else text for text in texts)


@pytest.mark.slow
@settings(max_examples=400)
@given(rule_texts())
def test_reading_what_was_written_gives_the_same_rule(text):
    rule = RecurrenceRule.parse(text)
    assert RecurrenceRule.parse(str(rule)) == rule
    assert str(RecurrenceRule.parse(str(rule))) == str(rule)
    assert hash(RecurrenceRule.parse(str(rule))) == hash(rule)


@pytest.mark.slow
@settings(max_examples=300)
@given(st.text(st.sampled_from("FREQ=WKLYBDAMOTUIN;,-+0123456789:TZ \n\0é"), max_size=40) | st.text(max_size=20))
def test_any_text_is_a_rule_or_a_rule_error(text):
    try:
        rule = RecurrenceRule.parse(text)
    except RuleError as error:
        refused = error
    else:
        assert RecurrenceRule.parse(str(rule)) == rule
        return
    assert 0 <= refused.position <= len(text)
    assert refused.hint


# Parts: what Outlook can hold in one component.


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("FREQ=MONTHLY;BYDAY=1WE,3WE", {"1WE": "FREQ=MONTHLY;BYDAY=1WE", "3WE": "FREQ=MONTHLY;BYDAY=3WE"}),
        ("FREQ=MONTHLY;BYDAY=-2TU,-1TU", {"-2TU": "FREQ=MONTHLY;BYDAY=-2TU", "-1TU": "FREQ=MONTHLY;BYDAY=-1TU"}),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", {"D1": "FREQ=MONTHLY;BYMONTHDAY=1", "D15": "FREQ=MONTHLY;BYMONTHDAY=15"}),
        (
            "FREQ=MONTHLY;INTERVAL=2;UNTIL=20261231;BYDAY=1MO,2TU;WKST=SU",
            {
                "1MO": "FREQ=MONTHLY;UNTIL=20261231;INTERVAL=2;BYDAY=1MO;WKST=SU",
                "2TU": "FREQ=MONTHLY;UNTIL=20261231;INTERVAL=2;BYDAY=2TU;WKST=SU",
            },
        ),
        ("FREQ=DAILY;BYHOUR=9,18", {"H9": "FREQ=DAILY;BYHOUR=9", "H18": "FREQ=DAILY;BYHOUR=18"}),
        (
            "FREQ=DAILY;BYHOUR=9,18;BYMINUTE=0,30",
            {
                "H9M0": "FREQ=DAILY;BYMINUTE=0;BYHOUR=9",
                "H9M30": "FREQ=DAILY;BYMINUTE=30;BYHOUR=9",
                "H18M0": "FREQ=DAILY;BYMINUTE=0;BYHOUR=18",
                "H18M30": "FREQ=DAILY;BYMINUTE=30;BYHOUR=18",
            },
        ),
        ("FREQ=WEEKLY;BYDAY=MO;BYHOUR=9,18", {"H9": "FREQ=WEEKLY;BYHOUR=9;BYDAY=MO", "H18": "FREQ=WEEKLY;BYHOUR=18;BYDAY=MO"}),
    ],
)
def test_a_rule_in_parts(text, parts):
    assert {name: str(part) for name, part in RecurrenceRule.parse(text).parts()} == parts


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY",
        "FREQ=WEEKLY;BYDAY=MO,WE,FR",
        "FREQ=MONTHLY;BYDAY=1WE",
        "FREQ=MONTHLY;BYDAY=MO,TU",
        "FREQ=MONTHLY;BYDAY=4WE,-1WE",  # one and the same in most Februaries
        "FREQ=MONTHLY;BYMONTHDAY=28,-1",
        "FREQ=MONTHLY;BYDAY=WE,1WE",
        "FREQ=MONTHLY;BYDAY=1WE,3WE;COUNT=10",  # the count is of both together
        "FREQ=MONTHLY;BYDAY=1WE,3WE;BYSETPOS=-1",
        "FREQ=YEARLY;BYMONTH=3,9",
        "FREQ=HOURLY;BYHOUR=9,18",
    ],
)
def test_a_rule_that_is_its_own_only_part(text):
    rule = RecurrenceRule.parse(text)
    assert rule.parts() == (("", rule),)


STARTS = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)).map(lambda start: start.replace(microsecond=0))
DAILY_OR_LONGER = tuple(freq for freq in Frequency if freq <= Frequency.DAILY)


@pytest.mark.slow
@settings(max_examples=150)
@given(rule_texts(frequencies=DAILY_OR_LONGER, limits=False), STARTS)
def test_parts_have_no_instance_in_common_and_make_up_the_rule(text, dtstart):
    rule = RecurrenceRule.parse(text)
    parts = rule.parts()
    end = dtstart + timedelta(days=800)
    instances = [each for _, part in parts for each in part.between(dtstart, dtstart, end)]
    assert sorted(instances) == rule.between(dtstart, dtstart, end)
    assert len({name for name, _ in parts}) == len(parts)


@settings(max_examples=60)
@given(
    st.lists(st.builds(WeekdayNum, st.integers(0, 6), st.integers(1, 5)), min_size=2, max_size=4, unique=True),
    st.integers(1, 3),
    STARTS,
)
def test_parts_begun_at_their_own_first_instance_keep_the_phase(days, interval, dtstart):
    rule = RecurrenceRule(
        Frequency.MONTHLY, interval=interval, by_day=tuple(sorted(days, key=lambda day: (day.ordinal, day.weekday)))
    )
    first = rule.after(dtstart, dtstart, inclusive=True)
    assume(first is not None)
    end = dtstart + timedelta(days=1500)
    found = []
    for _, part in rule.parts():
        begin = part.after(dtstart, dtstart, inclusive=True)
        found += part.between(begin, begin, end) if begin is not None else []
    assert sorted(found) == rule.between(dtstart, dtstart, end)


# The examples of RFC 5545 section 3.8.5.3, civil times of America/New_York. "1997: 9/2" reads as in the RFC, month by month.


def days(text, at="09:00:00"):
    """Return the moments that "1997: 9/2,3 10/1; 1998: 1/5" lists."""
    found = []
    for of_year in text.split(";"):
        year, months = of_year.split(":")
        for of_month in months.split():
            month, numbers_ = of_month.split("/")
            for number in numbers_.split(","):
                low, _, high = number.partition("-")
                found += [
                    datetime.fromisoformat(f"{int(year):04}-{int(month):02}-{day:02}T{at}")
                    for day in range(int(low), int(high or low) + 1)
                ]
    return found


def times(*texts, day="1997-09-02"):
    return [datetime.fromisoformat(f"{day}T{text}:00") for text in texts]


TWENTY_MINUTES = [f"{hour:02}:{minute:02}" for hour in range(9, 17) for minute in (0, 20, 40)]
FOREVER, ENDS = False, True


@pytest.mark.parametrize(
    ("what", "dtstart", "text", "ends", "expected"),
    [
        ("daily for 10 occurrences", "19970902", "FREQ=DAILY;COUNT=10", ENDS, days("1997: 9/2-11")),
        (
            "daily until December 24, 1997", "19970902", "FREQ=DAILY;UNTIL=19971224T000000Z", ENDS,
            days("1997: 9/2-30 10/1-31 11/1-30 12/1-23"),
        ),
        (
            "every other day - forever", "19970902", "FREQ=DAILY;INTERVAL=2", FOREVER,
            days("1997: 9/2,4,6,8,10,12,14,16,18,20,22,24,26,28,30 10/2,4,6,8,10,12,14,16,18,20,22,24,26,28,30 11/1,3,5"),
        ),
        ("every 10 days, 5 occurrences", "19970902", "FREQ=DAILY;INTERVAL=10;COUNT=5", ENDS, days("1997: 9/2,12,22 10/2,12")),
        (
            "every day in January, for 3 years", "19980101",
            "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA", ENDS,
            days("1998: 1/1-31; 1999: 1/1-31; 2000: 1/1-31"),
        ),
        (
            "the same", "19980101", "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", ENDS,
            days("1998: 1/1-31; 1999: 1/1-31; 2000: 1/1-31"),
        ),
        (
            "weekly for 10 occurrences", "19970902", "FREQ=WEEKLY;COUNT=10", ENDS,
            days("1997: 9/2,9,16,23,30 10/7,14,21,28 11/4"),
        ),
        (
            "weekly until December 24, 1997", "19970902", "FREQ=WEEKLY;UNTIL=19971224T000000Z", ENDS,
            days("1997: 9/2,9,16,23,30 10/7,14,21,28 11/4,11,18,25 12/2,9,16,23"),
        ),
        (
            "every other week - forever", "19970902", "FREQ=WEEKLY;INTERVAL=2;WKST=SU", FOREVER,
            days("1997: 9/2,16,30 10/14,28 11/11,25 12/9,23; 1998: 1/6,20 2/3,17"),
        ),
        (
            "weekly on Tuesday and Thursday for 5 weeks", "19970902",
            "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", ENDS,
            days("1997: 9/2,4,9,11,16,18,23,25,30 10/2"),
        ),
        (
            "the same", "19970902", "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", ENDS,
            days("1997: 9/2,4,9,11,16,18,23,25,30 10/2"),
        ),
        (
            "every other week on Monday, Wednesday and Friday until December 24, 1997", "19970901",
            "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR", ENDS,
            days("1997: 9/1,3,5,15,17,19,29 10/1,3,13,15,17,27,29,31 11/10,12,14,24,26,28 12/8,10,12,22"),
        ),
        (
            "every other week on Tuesday and Thursday, for 8 occurrences", "19970902",
            "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", ENDS, days("1997: 9/2,4,16,18,30 10/2,14,16"),
        ),
        (
            "monthly on the first Friday for 10 occurrences", "19970905", "FREQ=MONTHLY;COUNT=10;BYDAY=1FR", ENDS,
            days("1997: 9/5 10/3 11/7 12/5; 1998: 1/2 2/6 3/6 4/3 5/1 6/5"),
        ),
        (
            "monthly on the first Friday until December 24, 1997", "19970905",
            "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", ENDS, days("1997: 9/5 10/3 11/7 12/5"),
        ),
        (
            "every other month on the first and last Sunday for 10 occurrences", "19970907",
            "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU", ENDS, days("1997: 9/7,28 11/2,30; 1998: 1/4,25 3/1,29 5/3,31"),
        ),
        (
            "monthly on the second-to-last Monday for 6 months", "19970922", "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", ENDS,
            days("1997: 9/22 10/20 11/17 12/22; 1998: 1/19 2/16"),
        ),
        (
            "monthly on the third-to-the-last day of the month, forever", "19970928", "FREQ=MONTHLY;BYMONTHDAY=-3", FOREVER,
            days("1997: 9/28 10/29 11/28 12/29; 1998: 1/29 2/26"),
        ),
        (
            "monthly on the 2nd and 15th for 10 occurrences", "19970902", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15", ENDS,
            days("1997: 9/2,15 10/2,15 11/2,15 12/2,15; 1998: 1/2,15"),
        ),
        (
            "monthly on the first and last day for 10 occurrences", "19970930", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", ENDS,
            days("1997: 9/30 10/1,31 11/1,30 12/1,31; 1998: 1/1,31 2/1"),
        ),
        (
            "every 18 months on the 10th thru 15th for 10 occurrences", "19970910",
            "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15", ENDS, days("1997: 9/10-15; 1999: 3/10-13"),
        ),
        (
            "every Tuesday, every other month", "19970902", "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", FOREVER,
            days("1997: 9/2,9,16,23,30 11/4,11,18,25; 1998: 1/6,13,20,27 3/3,10,17,24,31"),
        ),
        (
            "yearly in June and July for 10 occurrences", "19970610", "FREQ=YEARLY;COUNT=10;BYMONTH=6,7", ENDS,
            days("1997: 6/10 7/10; 1998: 6/10 7/10; 1999: 6/10 7/10; 2000: 6/10 7/10; 2001: 6/10 7/10"),
        ),
        (
            "every other year on January, February, and March for 10 occurrences", "19970310",
            "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3", ENDS,
            days("1997: 3/10; 1999: 1/10 2/10 3/10; 2001: 1/10 2/10 3/10; 2003: 1/10 2/10 3/10"),
        ),
        (
            "every third year on the 1st, 100th, and 200th day for 10 occurrences", "19970101",
            "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200", ENDS,
            days("1997: 1/1 4/10 7/19; 2000: 1/1 4/9 7/18; 2003: 1/1 4/10 7/19; 2006: 1/1"),
        ),
        (
            "every 20th Monday of the year, forever", "19970519", "FREQ=YEARLY;BYDAY=20MO", FOREVER,
            days("1997: 5/19; 1998: 5/18; 1999: 5/17"),
        ),
        (
            "Monday of week number 20, forever", "19970512", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", FOREVER,
            days("1997: 5/12; 1998: 5/11; 1999: 5/17"),
        ),
        (
            "every Thursday in March, forever", "19970313", "FREQ=YEARLY;BYMONTH=3;BYDAY=TH", FOREVER,
            days("1997: 3/13,20,27; 1998: 3/5,12,19,26; 1999: 3/4,11,18,25"),
        ),
        (
            "every Thursday, but only during June, July, and August, forever", "19970605",
            "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8", FOREVER,
            days(
                "1997: 6/5,12,19,26 7/3,10,17,24,31 8/7,14,21,28;"
                "1998: 6/4,11,18,25 7/2,9,16,23,30 8/6,13,20,27;"
                "1999: 6/3,10,17,24 7/1,8,15,22,29 8/5,12,19,26"
            ),
        ),
        (
            "every Friday the 13th, forever", "19970902", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", FOREVER,
            days("1998: 2/13 3/13 11/13; 1999: 8/13; 2000: 10/13"),
        ),
        (
            "the first Saturday that follows the first Sunday of the month, forever", "19970913",
            "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", FOREVER,
            days("1997: 9/13 10/11 11/8 12/13; 1998: 1/10 2/7 3/7 4/11 5/9 6/13"),
        ),
        (
            "U.S. Presidential Election day", "19961105", "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
            FOREVER, days("1996: 11/5; 2000: 11/7; 2004: 11/2"),
        ),
        (
            "the third instance into the month of Tuesday, Wednesday, or Thursday, for 3 months", "19970904",
            "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", ENDS, days("1997: 9/4 10/7 11/6"),
        ),
        (
            "the second-to-last weekday of the month", "19970929", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", FOREVER,
            days("1997: 9/29 10/30 11/27 12/30; 1998: 1/29 2/26 3/30"),
        ),
        # Civil here: the RFC prints UNTIL=19970902T170000Z, which its erratum 3883 takes for local time.
        (
            "every 3 hours from 9:00 AM to 5:00 PM on a specific day", "19970902", "FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000",
            ENDS, times("09:00", "12:00", "15:00"),
        ),
        (
            "every 15 minutes for 6 occurrences", "19970902", "FREQ=MINUTELY;INTERVAL=15;COUNT=6", ENDS,
            times("09:00", "09:15", "09:30", "09:45", "10:00", "10:15"),
        ),
        (
            "every hour and a half for 4 occurrences", "19970902", "FREQ=MINUTELY;INTERVAL=90;COUNT=4", ENDS,
            times("09:00", "10:30", "12:00", "13:30"),
        ),
        (
            "every 20 minutes from 9:00 AM to 4:40 PM every day", "19970902",
            "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", FOREVER,
            times(*TWENTY_MINUTES) + times(*TWENTY_MINUTES, day="1997-09-03"),
        ),
        (
            "the same", "19970902", "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16", FOREVER,
            times(*TWENTY_MINUTES) + times(*TWENTY_MINUTES, day="1997-09-03"),
        ),
        (
            "where the days generated make a difference because of WKST", "19970805",
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", ENDS, days("1997: 8/5,10,19,24"),
        ),
        (
            "changing only WKST from MO to SU", "19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", ENDS,
            days("1997: 8/5,17,19,31"),
        ),
        (
            "an invalid date (February 30) is ignored", "20070115", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", ENDS,
            days("2007: 1/15,30 2/15 3/15,30"),
        ),
    ],
)  # fmt: skip
def test_the_examples_of_rfc_5545(what, dtstart, text, ends, expected):
    begin = datetime.strptime(dtstart, "%Y%m%d").replace(hour=9)
    rule = RecurrenceRule.parse(text)
    instances = rule.occurrences(begin)
    assert list(islice(instances, len(expected))) == expected, what
    assert (next(instances, None) is None) is ends
