"""Friendly repetitions: each phrase beside the RFC 5545 rule a reader would write, and phrases that read no or several ways."""

from datetime import datetime
from itertools import islice

import pytest

from svsm_cal.config.repeat import parse_repeat
from svsm_cal.engine.rrule import RecurrenceRule
from svsm_cal.errors import RuleError


@pytest.mark.parametrize(
    ("phrase", "rule"),
    [
        # Days, weeks, months and years.
        ("every day", "FREQ=DAILY"),
        ("every 2 days", "FREQ=DAILY;INTERVAL=2"),
        ("every week", "FREQ=WEEKLY"),
        ("every other week", "FREQ=WEEKLY;INTERVAL=2"),
        ("every second week", "FREQ=WEEKLY;INTERVAL=2"),
        ("every 3 weeks", "FREQ=WEEKLY;INTERVAL=3"),
        ("every month", "FREQ=MONTHLY"),
        ("every 6 months", "FREQ=MONTHLY;INTERVAL=6"),
        ("every year", "FREQ=YEARLY"),
        ("every 100 days", "FREQ=DAILY;INTERVAL=100"),
        # Weekdays, whole or short, one or many.
        ("every Wednesday", "FREQ=WEEKLY;BYDAY=WE"),
        ("every wed", "FREQ=WEEKLY;BYDAY=WE"),
        ("EVERY WEDNESDAY", "FREQ=WEEKLY;BYDAY=WE"),
        ("  every \t Wednesday ", "FREQ=WEEKLY;BYDAY=WE"),
        ("every Wednesdays", "FREQ=WEEKLY;BYDAY=WE"),
        ("every other Tuesday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
        ("every second Tuesday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
        ("every 4 Fridays", "FREQ=WEEKLY;INTERVAL=4;BYDAY=FR"),
        ("every week on Monday", "FREQ=WEEKLY;BYDAY=MO"),
        ("every 2 weeks on Monday and Thursday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH"),
        ("every Thursday and Monday", "FREQ=WEEKLY;BYDAY=MO,TH"),
        ("every Mon, Wed and Fri", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
        ("every Mon, Wed, and Fri", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
        ("every Mon,Wed,Fri", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
        ("every Saturday and Sunday", "FREQ=WEEKLY;BYDAY=SA,SU"),
        ("every weekday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("every workday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("every working day", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        # Weekdays of the month.
        ("first Monday of the month", "FREQ=MONTHLY;BYDAY=1MO"),
        ("first and third Tuesday", "FREQ=MONTHLY;BYDAY=1TU,3TU"),
        ("weekly", "FREQ=WEEKLY"),
        ("fortnightly on Tuesday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
        ("every two weeks", "FREQ=WEEKLY;INTERVAL=2"),
        ("the first Monday of the month", "FREQ=MONTHLY;BYDAY=1MO"),
        ("1st Monday of each month", "FREQ=MONTHLY;BYDAY=1MO"),
        ("every second Tuesday of the month", "FREQ=MONTHLY;BYDAY=2TU"),
        ("every last Friday of the month", "FREQ=MONTHLY;BYDAY=-1FR"),
        ("last Friday of every month", "FREQ=MONTHLY;BYDAY=-1FR"),
        ("fifth Wednesday of the month", "FREQ=MONTHLY;BYDAY=5WE"),
        ("first and third Wednesday of the month", "FREQ=MONTHLY;BYDAY=1WE,3WE"),
        ("third and first Wednesday of the month", "FREQ=MONTHLY;BYDAY=1WE,3WE"),
        ("1st, 2nd and 3rd Wednesday of the month", "FREQ=MONTHLY;BYDAY=1WE,2WE,3WE"),
        ("first and last Monday of the month", "FREQ=MONTHLY;BYDAY=-1MO,1MO"),
        ("second Tuesday and Thursday of the month", "FREQ=MONTHLY;BYDAY=2TU,2TH"),
        ("first Monday of every other month", "FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO"),
        ("first Monday of every 3 months", "FREQ=MONTHLY;INTERVAL=3;BYDAY=1MO"),
        ("every month on the second Tuesday", "FREQ=MONTHLY;BYDAY=2TU"),
        ("every other month on the last Friday", "FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR"),
        # Days of the month.
        ("every month on the 15th", "FREQ=MONTHLY;BYMONTHDAY=15"),
        ("every month on the 1st", "FREQ=MONTHLY;BYMONTHDAY=1"),
        ("every month on the 31", "FREQ=MONTHLY;BYMONTHDAY=31"),
        ("every 3 months on the 15th", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15"),
        ("every month on the last day", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("15th of each month", "FREQ=MONTHLY;BYMONTHDAY=15"),
        ("the 2nd day of the month", "FREQ=MONTHLY;BYMONTHDAY=2"),
        ("the last day of the month", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("last day of every 2 months", "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=-1"),
    ],
)
def test_phrases(phrase, rule):
    found = parse_repeat(phrase)
    assert str(found) == rule
    assert found == RecurrenceRule.parse(rule)
    assert len(list(islice(found.occurrences(datetime(2025, 1, 1, 18)), 3))) == 3


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("", "is not understood"),
        (" ", "is not understood"),
        ("Wednesday", "is not understood"),
        ("Wednesdays", "is not understood"),
        ("biweekly on Tuesday", "is not understood"),
        ("monthly on Monday", "does not say which monday"),
        ("biweekly", "is not understood"),  # twice a week, or every two weeks?
        ("bimonthly", "is not understood"),
        ("every", "is not understood"),
        ("every Mittwoch", "is not understood"),
        ("every Wednesday at 18:00", "is not understood"),
        ("every Wednesday until June", "is not understood"),
        ("every Wednesday or Friday", "is not understood"),
        ("every other day of the month", "is not understood"),
        ("every hour", "is not understood"),
        ("every 1000 weeks", "is not understood"),
        ("every -1 weeks", "is not understood"),
        ("every third Wednesday", "is not understood"),  # of the month, or every three weeks?
        ("sixth Monday of the month", "is not understood"),
        ("first Monday of January", "is not understood"),
        ("first Monday of the year", "is not understood"),
        ("every month on the 15th and 30th", "is not understood"),
        ("FREQ=WEEKLY;BYDAY=WE", "is not understood"),
        ("every Wednesday\0", "is not understood"),
        ("every 0 weeks", "never repeats"),
        ("every 0 Mondays", "never repeats"),
        ("first Monday of every 0 months", "never repeats"),
        ("every wedding", '"wedding" is not a weekday'),
        ("every Monday and sunny", '"sunny" is not a weekday'),
        ("first monkey of the month", '"monkey" is not a weekday'),
        ("every month on the 0th", "no month has a day 0"),
        ("every month on the 32nd", "no month has a day 32"),
        ("the 99th of the month", "no month has a day 99"),
    ],
)
def test_refused_phrases(phrase, said):
    with pytest.raises(RuleError, match=said) as error:
        parse_repeat(phrase)
    assert "every other Tuesday" in error.value.hint
