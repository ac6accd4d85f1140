"""A community whose calendar file is edited again and again, and when its calls are, worked out apart from svsm_cal.

The oracle knows one weekly call: zoneinfo for the clocks, dateutil for the weeks, and what each edit means in words.
"""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import WEEKLY, rrule

from tests.support import head

ORGANIZER = "calendar@example.org"
UID = "call@calendar.example.org"
# Who is there, their zone, and how their program wants to hear of single calls.
PEOPLE = {
    "claudio": ("Cláudio Carvalho", "America/New_York", "full"),
    "dionna": ("Dionna Glaze", "America/Los_Angeles", "full"),
    "huibo": ("Huibo Wang", "Asia/Shanghai", "instance"),
    "joerg": ("Joerg Roedel", "Europe/Berlin", "full"),
    "nicolai": ("Nicolai Stange", "Europe/London", "full"),
    "oliver": ("Oliver Steffen", "Australia/Sydney", "full"),
    "peter": ("Peter Fang", "Asia/Tokyo", "instance"),
    "stefano": ("Stefano Garzarella", "Europe/Rome", "full"),
    "tom": ("Tom Lendacky", "America/Chicago", "full"),
    "vasant": ("Vasant Karasulli", "Asia/Kolkata", "instance"),
}
# Who has another address some day gets their mails there.
SECOND = "second"
FIRST = date(2025, 1, 8)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
HEAD = head("example", title="Example community", domain="calendar.example.org", organizer=ORGANIZER)


class Community:
    """One weekly call and its people; every attribute may be edited."""

    def __init__(self, people=tuple(PEOPLE)):
        self.people = {who: f"{who}@example.org" for who in people}
        self.held = True
        self.start = time(18)
        self.zone = "Europe/Berlin"
        self.url = "https://meet.example.org/a"
        self.title = "Call"
        self.cancelled: set[date] = set()
        self.moved: dict[date, datetime] = {}
        self.changed: dict[date, str] = {}
        self.added: set[datetime] = set()
        self.turns: dict[date, dict[str, str]] = {}

    def copy(self):
        return copy.deepcopy(self)

    def text(self) -> str:
        """Return the calendar file."""
        parts = [HEAD, self._series() if self.held else ""]
        for who, email in self.people.items():
            name, zone, style = PEOPLE[who]
            parts.append(f'[[participant]]\nid = "{who}"\nname = "{name}"\nemail = "{email}"\nzone = "{zone}"\n')
            parts.append(f'groups = ["everyone"]\ninvites = "{style}"\n')
        return "\n".join(parts)

    def _series(self):
        rows = {
            "cancel": [f"date = {day}" for day in sorted(self.cancelled)],
            "move": [f"date = {day}, to = {to:%Y-%m-%dT%H:%M:%S}" for day, to in sorted(self.moved.items())],
            "change": [f'date = {day}, title = "{title}"' for day, title in sorted(self.changed.items())],
            "add": [f"start = {start:%Y-%m-%dT%H:%M:%S}" for start in sorted(self.added)],
            "from": [
                f"date = {day}, " + ", ".join(f"{key} = {self._written(key, value)}" for key, value in sorted(turn.items()))
                for day, turn in sorted(self.turns.items())
            ],
        }
        lines = [f"{name} = [{', '.join(f'{{ {row} }}' for row in found)}]" for name, found in rows.items() if found]
        return f"""
[[series]]
id = "call"
title = "{self.title}"
start = {datetime.combine(FIRST, self.start):%Y-%m-%dT%H:%M:%S}
zone = "{self.zone}"
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=WE"
url = "{self.url}"
attendees = ["everyone"]
""" + "\n".join(lines)

    @staticmethod
    def _written(key, value):
        return {"start": value, "rule": f'"FREQ=WEEKLY;BYDAY={value}"'}.get(key, f'"{value}"')

    # --- the oracle ---

    def _stretches(self):
        """Yield the first day, the day after the last, the weekday, the time and the zone of each stretch."""
        turns = sorted(self.turns.items())
        day, start, zone = "WE", self.start, self.zone
        begin = FIRST
        for since, turn in [*turns, (date(2030, 1, 1), {})]:
            yield begin, since, day, start, zone
            begin, day, zone = since, turn.get("rule", day), turn.get("zone", zone)
            start = time.fromisoformat(turn["start"]) if "start" in turn else start

    def on(self, day):
        """Return the time and zone that hold on a day."""
        return next((start, zone) for begin, end, _, start, zone in self._stretches() if begin <= day < end)

    def days(self) -> list[date]:
        """Return the days that the rule has, up to 2027."""
        found = []
        for begin, end, day, _, _ in self._stretches():
            first = datetime.combine(begin, time())
            last = min(datetime.combine(end, time()), datetime(2027, 12, 31)) - timedelta(days=1)
            found += [each.date() for each in rrule(WEEKLY, dtstart=first, until=last, byweekday=WEEKDAYS.index(day))]
        return found

    def starts(self, since: datetime, until: datetime) -> list[int]:
        """Return the sorted starts of the calls held from one instant to another, in seconds since 1970."""
        if not self.held:
            return []
        found = []
        for day in self.days():
            start, zone = self.on(day)
            if day not in self.cancelled:
                found.append(self.moved.get(day, datetime.combine(day, start)).replace(tzinfo=ZoneInfo(zone)))
        found += [each.replace(tzinfo=ZoneInfo(self.on(each.date())[1])) for each in self.added]
        return sorted(int(each.timestamp()) for each in found if since <= each.astimezone(UTC) < until)
