"""Read a feed with icalendar and recurring-ical-events: the UTC starts of its events from one day to another, as JSON.

Usage: recurring.py FEED FROM UNTIL (dates, UNTIL not included)
"""

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import icalendar
import recurring_ical_events

feed, start, end = sys.argv[1:]
calendar = icalendar.Calendar.from_ical(Path(feed).read_bytes())
events = recurring_ical_events.of(calendar).between(date.fromisoformat(start), date.fromisoformat(end))
starts = [event["DTSTART"].dt for event in events if event.get("STATUS") != "CANCELLED"]
shown = [
    start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(start, datetime) else start.isoformat() for start in starts
]
print(json.dumps(sorted(shown)))
