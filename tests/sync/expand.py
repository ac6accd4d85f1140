"""Expand folders of iCalendar resources with recurring-ical-events: the UTC starts of each, as JSON, none left out.

Run by warm.py; arguments: SINCE UNTIL FOLDER... (dates, UNTIL not included).
"""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import icalendar
import recurring_ical_events


def _starts(path, since, until):
    calendar = icalendar.Calendar.from_ical(path.read_bytes())
    for event in recurring_ical_events.of(calendar).between(date.fromisoformat(since), date.fromisoformat(until)):
        start = event["DTSTART"].dt
        if event.get("STATUS") != "CANCELLED":
            timed = isinstance(start, datetime)
            yield start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if timed else start.isoformat()


def main(words):
    """Print the sorted starts of each folder."""
    since, until, *folders = words
    print(json.dumps([sorted(at for path in Path(folder).iterdir() for at in _starts(path, since, until)) for folder in folders]))
