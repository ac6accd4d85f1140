"""Rules in feeds are written in the form that most programs hold, with the same instances."""

from datetime import UTC, datetime

import icalendar
import pytest

import svsm_cal
from tests.support import small

NOW = datetime(2025, 3, 5, 17, tzinfo=UTC)
SPAN = NOW, datetime(2026, 3, 5, tzinfo=UTC)
CALENDAR = small("""\
[[series]]
id = "s"
title = "Call"
start = 2025-01-06T18:00:00
duration = "1h"
rule = "RULE"
""")


@pytest.mark.parametrize(
    ("rule", "written"),
    [
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("FREQ=DAILY;BYDAY=MO;COUNT=9", "FREQ=WEEKLY;COUNT=9;BYDAY=MO"),
        ("FREQ=DAILY;BYDAY=MO,FR;BYMONTH=1,3", "FREQ=WEEKLY;BYDAY=MO,FR;BYMONTH=1,3"),
        # Every other day that is a Monday, and Mondays that are a 6th, are no weekly rule.
        ("FREQ=DAILY;INTERVAL=2;BYDAY=MO", "FREQ=DAILY;INTERVAL=2;BYDAY=MO"),
        ("FREQ=DAILY;BYDAY=MO;BYMONTHDAY=6", "FREQ=DAILY;BYDAY=MO;BYMONTHDAY=6"),
        ("FREQ=DAILY", "FREQ=DAILY"),
        # Numbered days of some months are monthly; one that every month has, in one month, is yearly.
        ("FREQ=YEARLY;BYMONTHDAY=30;BYMONTH=1,2", "FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=1,2"),
        ("FREQ=YEARLY;BYMONTHDAY=-1;BYMONTH=2", "FREQ=MONTHLY;BYMONTHDAY=-1;BYMONTH=2"),
        ("FREQ=YEARLY;BYMONTHDAY=6;BYMONTH=1", "FREQ=YEARLY;BYMONTHDAY=6;BYMONTH=1"),
        # No monthly rule may have BYWEEKNO or BYYEARDAY, and with BYDAY a numbered day is read rightly.
        ("FREQ=YEARLY;BYWEEKNO=2,6;BYMONTH=1,2;BYMONTHDAY=6", "FREQ=YEARLY;BYMONTHDAY=6;BYWEEKNO=2,6;BYMONTH=1,2"),
        ("FREQ=YEARLY;BYYEARDAY=6,37;BYMONTH=1,2;BYMONTHDAY=6", "FREQ=YEARLY;BYMONTHDAY=6;BYYEARDAY=6,37;BYMONTH=1,2"),
        ("FREQ=YEARLY;BYDAY=MO;BYMONTH=1,2;BYMONTHDAY=6", "FREQ=YEARLY;BYDAY=MO;BYMONTHDAY=6;BYMONTH=1,2"),
        ("FREQ=YEARLY;INTERVAL=2;BYMONTHDAY=30;BYMONTH=1,2", "FREQ=YEARLY;INTERVAL=2;BYMONTHDAY=30;BYMONTH=1,2"),
    ],
)
def test_rules_as_most_programs_read_them(rule, written):
    first = svsm_cal.RecurrenceRule.parse(rule).after(datetime(2025, 1, 6), datetime(2025, 1, 6, 17))
    start = CALENDAR.replace("2025-01-06T18:00:00", f"{first:%Y-%m-%d}T18:00:00")
    calendar = svsm_cal.loads(start.replace("RULE", rule))
    feed = svsm_cal.to_ical(calendar, now=NOW)
    (event,) = icalendar.Calendar.from_ical(feed).walk("VEVENT")
    assert event["RRULE"].to_ical().decode() == written
    same = svsm_cal.loads(start.replace("RULE", written))
    assert [each.start_utc for each in svsm_cal.occurrences(calendar, *SPAN)] == [
        each.start_utc for each in svsm_cal.occurrences(same, *SPAN)
    ]
