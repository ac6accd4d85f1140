"""Cancelled calls in feeds: left out, or shown with the reason; never both for one instance."""

from datetime import UTC, datetime

import icalendar
import pytest

import svsm_cal

NOW = datetime(2025, 3, 5, 17, tzinfo=UTC)
CALENDAR = """
[calendar]
id = "c"
name = "C"
domain = "c.example.org"
zone = "Europe/Berlin"
{head}
[[series]]
id = "s"
title = "Call"
start = 2025-01-01T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=WE"
attendees = ["joerg"]
cancel = [{{ date = 2025-03-12, reason = "holiday" }}, {{ date = 2025-03-19 }}]
[[series]]
id = "once"
title = "Once"
start = 2025-04-01T18:00:00
duration = "1h"
attendees = ["joerg"]
cancel = [{{ date = 2025-04-01, reason = "nobody can" }}]
[[participant]]
id = "joerg"
name = "Joerg Roedel"
zone = "America/New_York"
reminders = ["1d"]
"""
FEEDS = {"public": {}, "series": {"series": "s"}, "personal": {"participant": "joerg"}}


def events_of(head, **which):
    calendar = svsm_cal.loads(CALENDAR.format(head=head))
    return icalendar.Calendar.from_ical(svsm_cal.to_ical(calendar, now=NOW, **which)).walk("VEVENT")


def exdates(event):
    found = event.get("EXDATE", [])
    return [each.dt.date().isoformat() for one in (found if isinstance(found, list) else [found]) for each in one.dts]


@pytest.mark.slow
@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("shown", ["public", "series", "personal"])
def test_each_feed_shows_or_hides_them(feed, shown):
    events = events_of(f'cancelled = {{ {shown} = "show" }}', **FEEDS[feed])
    shown_as = [event for event in events if "STATUS" in event]
    cancelled = {event.get("RECURRENCE-ID", event["DTSTART"]).dt.date().isoformat(): event for event in shown_as}
    hidden = [day for event in events for day in exdates(event)]
    if feed != shown:
        assert (cancelled, hidden) == ({}, ["2025-03-12", "2025-03-19"])
        assert "once" not in {event["UID"].partition("@")[0] for event in events}
        return
    assert hidden == []
    assert set(cancelled) == {"2025-03-12", "2025-03-19"} | ({"2025-04-01"} if feed != "series" else set())
    assert {event["STATUS"] for event in cancelled.values()} == {"CANCELLED"}
    assert cancelled["2025-03-12"]["SUMMARY"] == "Call (cancelled: holiday)"
    assert cancelled["2025-03-19"]["SUMMARY"] == "Call (cancelled)"
    assert "cancelled: holiday" in cancelled["2025-03-12"]["DESCRIPTION"]
    assert all(not event.walk("VALARM") for event in cancelled.values())
    if feed != "series":
        assert cancelled["2025-04-01"]["SUMMARY"] == "Once (cancelled: nobody can)"
        assert "RECURRENCE-ID" not in cancelled["2025-04-01"]


def test_shown_they_are_where_the_call_would_have_been():
    (event,) = [event for event in events_of('cancelled = { public = "show" }') if "holiday" in event["SUMMARY"]]
    assert event["DTSTART"].dt == event["RECURRENCE-ID"].dt
    assert event["DTSTART"].dt.isoformat() == "2025-03-12T18:00:00+01:00"
