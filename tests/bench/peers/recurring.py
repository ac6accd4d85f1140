"""recurring-ical-events, over a calendar that is parsed beforehand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import icalendar
import recurring_ical_events
import series as inputs
from worker import Work, civil, instants, serve

if TYPE_CHECKING:
    from collections.abc import Callable


def parsed(start: str, rule: str) -> icalendar.Calendar:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:bench", "BEGIN:VEVENT", "UID:1", "DTSTAMP:20250101T000000Z"]
    lines += [start, f"RRULE:{rule}", "DURATION:PT1H", "SUMMARY:Call", "END:VEVENT", "END:VCALENDAR", ""]
    return icalendar.Calendar.from_ical("\r\n".join(lines))


def starts(calendar: icalendar.Calendar) -> list[datetime]:
    # `of` is a part of the work: its object keeps the rules' times for a second call.
    events = recurring_ical_events.of(calendar).between(date(2025, 1, 1), date(2035, 1, 1))
    return [event["DTSTART"].dt for event in events]


def weekly() -> Work:
    calendar = parsed(f"DTSTART;TZID=Europe/Berlin:{inputs.WEEKLY_START:%Y%m%dT%H%M%S}", inputs.WEEKLY)
    return lambda: [time.astimezone(UTC) for time in starts(calendar)], instants


def expansion(task: str) -> Callable[[], Work]:
    def prepare() -> Work:
        start, rule = inputs.EXPANSIONS[task]
        calendar = parsed(f"DTSTART:{start:%Y%m%dT%H%M%S}", rule)
        return lambda: starts(calendar), civil

    return prepare


serve({("weekly", "-"): weekly, **{(task, "-"): expansion(task) for task in inputs.EXPANSIONS}})
