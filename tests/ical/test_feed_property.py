"""Any calendar's feed, expanded again from its own text, tells the calls that the calendar has.

The expansion here shares no code with ours: icalendar reads the text, dateutil repeats wall-clock times, zoneinfo puts
them on the time line.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import svsm_cal
from svsm_cal.core.rrule import RecurrenceRule
from svsm_cal.core.tzdb import tz_database
from svsm_cal.core.zones import Unambiguous, resolve

PROFILE = settings(max_examples=60)
SOAK = settings(PROFILE, max_examples=1500)
ZONES = (
    *("Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC", "Europe/Dublin", "Africa/Casablanca", "Asia/Gaza"),
    *("Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Tokyo", "America/Nuuk", "Africa/Cairo", "Pacific/Chatham"),
)
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
BEGIN, END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def some(values, most=3):
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True)


@st.composite
def rules(draw):
    freq = draw(st.sampled_from(["DAILY", "WEEKLY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={freq}"]
    if draw(st.booleans()):
        parts.append(f"INTERVAL={draw(st.integers(1, 4))}")
    if freq in {"DAILY", "WEEKLY"}:
        parts += draw(st.just([]) | some(DAYS).map(lambda days: [f"BYDAY={','.join(days)}"]))
    else:
        numbered = st.tuples(st.sampled_from([1, 2, 3, 4, 5, -1, -2]), st.sampled_from(DAYS)).map(
            lambda each: f"{each[0]}{each[1]}"
        )
        by_day = st.lists(numbered, min_size=1, max_size=2, unique=True).map(lambda days: f"BYDAY={','.join(days)}")
        by_month_day = some([1, 5, 15, 28, 30, 31, -1, -2]).map(lambda days: f"BYMONTHDAY={','.join(map(str, days))}")
        parts += draw(st.just([]) | (by_day | by_month_day).map(lambda part: [part]))
        if freq == "YEARLY" and len(parts) > 1 and parts[-1].startswith("BY"):
            parts.append(f"BYMONTH={','.join(map(str, draw(some(range(1, 13)))))}")
    if draw(st.integers(0, 3)) == 0:
        parts.append(draw(st.integers(1, 40).map(lambda count: f"COUNT={count}") | st.just("UNTIL=20260630T180000")))
    return ";".join(parts)


@st.composite
def calendars(draw):
    """The text of a calendar of one series, with exceptions on calls it really has and at times they leave free."""
    rule, zone = draw(rules()), draw(st.sampled_from(ZONES))
    around = datetime(2024, 11, 1) + timedelta(days=draw(st.integers(0, 120)), minutes=15 * draw(st.integers(0, 95)))
    # A series begins with a call of its rule, so that every reader counts alike.
    start = next(RecurrenceRule.parse(rule).occurrences(around), None)
    assume(start is not None)
    found = RecurrenceRule.parse(rule).between(start, start, datetime(2026, 12, 1))[:400]
    chosen = draw(st.lists(st.sampled_from(found), max_size=6, unique=True)) if found else []
    cancel, move, change = [], [], []
    for each in chosen:
        kind = draw(st.sampled_from(["cancel", "move", "change"]))
        if kind == "cancel":
            cancel.append(f"{{ date = {each.isoformat()} }}")
        elif kind == "move":
            to = each + timedelta(minutes=draw(st.integers(-2000, 2000).filter(bool)))
            move.append(f"{{ date = {each.isoformat()}, to = {to.isoformat()} }}")
        else:
            change.append(f'{{ date = {each.isoformat()}, title = "Call, with guests" }}')
    step = ""
    if draw(st.booleans()) and len(found) > 2 and "COUNT" not in rule:
        at = draw(st.sampled_from(found[1:])).date()
        what = draw(
            st.sampled_from(
                [
                    'url = "https://meet.example.org/new"',
                    "start = 07:45:00",
                    'zone = "America/Los_Angeles"',
                    'rule = "FREQ=WEEKLY;BYDAY=TU"',
                    'rule = "FREQ=MONTHLY;BYDAY=1WE,3WE"',
                ]
            )
        )
        # Exceptions name calls as they are once the step has been taken: keep those before it.
        step = f"from = [{{ date = {at}, {what} }}]"
        cancel, move, change = (
            [each for each in kind if each.split()[3][:10] < at.isoformat()] for kind in (cancel, move, change)
        )
    lines = [f"{name} = [{', '.join(kind)}]" for name, kind in (("cancel", cancel), ("move", move), ("change", change)) if kind]
    series = [f"start = {start.isoformat()}", f'zone = "{zone}"', 'duration = "30min"', f'rule = "{rule}"', *lines, step]
    return "\n".join(
        [
            '[calendar]\nid = "example"\nname = "Example community"\ndomain = "calendar.example.org"\nzone = "Europe/Berlin"',
            '[[series]]\nid = "call"\ntitle = "Call"',
            *series,
        ]
    )


def on_the_time_line(wall, zone):
    """A wall-clock time as an instant: RFC 5545's reading of gaps and folds is zoneinfo's of fold=0."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def expanded(feed):
    """The instants of a feed's calls in [BEGIN, END), from its text alone."""
    events = icalendar.Calendar.from_ical(feed).walk("VEVENT")
    apart = {
        (event["UID"], event["RECURRENCE-ID"].dt.replace(tzinfo=None)): event for event in events if "RECURRENCE-ID" in event
    }
    found = []
    for event in events:
        start = event["DTSTART"].dt
        # icalendar puts the system's zone on it, whose tz database may be an older one.
        zone = tz_database().zone_info(event["DTSTART"].params["TZID"]) if "TZID" in event["DTSTART"].params else UTC
        wall = start.replace(tzinfo=None)
        if "RRULE" not in event or "RECURRENCE-ID" in event:
            found.append(on_the_time_line(wall, zone))
            continue
        rule = event["RRULE"]
        if "UNTIL" in rule:
            (until,) = rule["UNTIL"]
            assert until.tzinfo is not None
            rule["UNTIL"] = [until.astimezone(zone).replace(tzinfo=None)]
        exdates = event.get("EXDATE", [])
        gone = {
            each.dt.replace(tzinfo=None) for group in (exdates if isinstance(exdates, list) else [exdates]) for each in group.dts
        }
        for each in rrulestr(rule.to_ical().decode(), dtstart=wall):
            if each > END.replace(tzinfo=None) + timedelta(days=2):
                break
            if each not in gone and (event["UID"], each) not in apart:
                found.append(on_the_time_line(each, zone))
    return sorted(each for each in found if BEGIN <= each < END)


def check(text):
    calendar = svsm_cal.loads(text)
    feed = svsm_cal.to_ical(calendar, now=BEGIN)
    assert expanded(feed) == [each.start_utc for each in svsm_cal.occurrences(calendar, BEGIN, END)]
    assert max(len(line) for line in feed.split(b"\r\n")) <= 75


@pytest.mark.slow
@PROFILE
@given(calendars())
def test_a_feed_tells_the_calls_of_its_calendar(text):
    check(text)


@pytest.mark.soak
@SOAK
@given(calendars())
def test_many_feeds_tell_the_calls_of_their_calendars(text):
    check(text)


def test_the_expansion_here_reads_a_feed_as_it_should():
    """What the tests above compare with, on a feed written by hand."""
    lines = """
    BEGIN:VCALENDAR|BEGIN:VEVENT|UID:a|DTSTART;TZID=Europe/Berlin:20250326T180000|RRULE:FREQ=WEEKLY;UNTIL=20250416T160000Z
    EXDATE;TZID=Europe/Berlin:20250402T180000|END:VEVENT|BEGIN:VEVENT|UID:a|RECURRENCE-ID;TZID=Europe/Berlin:20250409T180000
    DTSTART;TZID=Europe/Berlin:20250410T190000|END:VEVENT|BEGIN:VEVENT|UID:b|DTSTART:20250411T120000Z|END:VEVENT|END:VCALENDAR
    """
    feed = "\r\n".join(line for row in lines.split() for line in row.split("|")) + "\r\n"
    assert [each.isoformat() for each in expanded(feed)] == [
        "2025-03-26T17:00:00+00:00",
        "2025-04-10T17:00:00+00:00",
        "2025-04-11T12:00:00+00:00",
        "2025-04-16T16:00:00+00:00",
    ]


# --- The same by four programs that read feeds. -------------------------------------------------------------------

READERS = ("recurring-ical-events", "ical.js", "khal", "libical")


def check_by_readers(text, read, stamp):
    # Of yearly rules with an INTERVAL, ical.js misreads days of several months, and those that not every month has
    # (30 February becomes 2 March); without one they are written as monthly.
    assume(not re.search(r"FREQ=YEARLY;INTERVAL=[2-9].*BYMONTHDAY", text))
    calendar = svsm_cal.loads(text)
    calls = svsm_cal.occurrences(calendar, BEGIN, END, cancelled=True)
    # What readers make of times in gaps and folds is in test_agreement, each with its cause.
    assume(all(isinstance(resolve(wall, each.zone), Unambiguous) for each in calls for wall in (each.recurrence, each.start)))
    feed = svsm_cal.to_ical(calendar, now=BEGIN)
    expected = sorted(stamp(each.start_utc) for each in calls if each.held)
    for reader in READERS:
        assert sorted(read(reader, feed, BEGIN.date(), END.date())) == expected, reader


@pytest.mark.slow
def test_generated_feeds_by_every_reader(read, stamp):
    @settings(PROFILE, max_examples=7, suppress_health_check=[HealthCheck.filter_too_much])
    @given(calendars())
    def by_readers(text):
        check_by_readers(text, read, stamp)

    by_readers()


@pytest.mark.soak
def test_many_generated_feeds_by_every_reader(read, stamp):
    @settings(PROFILE, max_examples=150, suppress_health_check=[HealthCheck.filter_too_much])
    @given(calendars())
    def by_readers(text):
        check_by_readers(text, read, stamp)

    by_readers()
