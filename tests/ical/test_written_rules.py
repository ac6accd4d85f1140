"""Rules in feeds are written in the form that most programs hold, with the same instances."""

from datetime import UTC, datetime

import icalendar
import pytest

import svsm_cal

NOW = datetime(2025, 3, 5, 17, tzinfo=UTC)
SPAN = NOW, datetime(2026, 3, 5, tzinfo=UTC)
CALENDAR = """
[calendar]
id = "c"
name = "C"
domain = "c.example.org"
zone = "Europe/Berlin"
[[series]]
id = "s"
title = "Call"
start = 2025-01-06T18:00:00
duration = "1h"
rule = "RULE"
"""


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
    ],
)
def test_days_of_the_week_are_weekly(rule, written):
    calendar = svsm_cal.loads(CALENDAR.replace("RULE", rule))
    feed = svsm_cal.to_ical(calendar, now=NOW)
    (event,) = icalendar.Calendar.from_ical(feed).walk("VEVENT")
    assert event["RRULE"].to_ical().decode() == written
    same = svsm_cal.loads(CALENDAR.replace("RULE", written))
    assert [each.start_utc for each in svsm_cal.occurrences(calendar, *SPAN)] == [
        each.start_utc for each in svsm_cal.occurrences(same, *SPAN)
    ]
