"""The example's file as its maintainers would have edited it, one change after the other, and what each change does."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from tests.support import EXAMPLE_TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

DOMAIN = "coconut-svsm.example.org"
CALL = f"devel-call@{DOMAIN}"
ANEW = date(2025, 10, 29)  # from here on the call is at noon in New York, first in a week between the clock changes
AGAIN = f"devel-call+20251029@{DOMAIN}"
LINK = '{ date = 2025-05-07, url = "https://zoom.example.org/ccc-svsm" }'
TIMES = f'{{ date = {ANEW}, zone = "America/New_York", start = 12:00:00 }}'
MARIA = '[[participant]]\nid = "maria"\nname = "María Torres"\nzone = "America/Mexico_City"\ngroups = ["everyone"]\n\n'
CANCELLED = re.findall(r"^  (\{ date = .* \}),$", re.search(r"(?s)\ncancel = \[\n(.*?)\n\]\n", EXAMPLE_TEXT)[1], re.MULTILINE)
CHANGED = re.findall(r"^  (\{ date = .* \}),$", re.search(r"(?s)\nchange = \[\n(.*?)\n\]\n", EXAMPLE_TEXT)[1], re.MULTILINE)
WEEK = timedelta(weeks=1)
FIRST, LAST = date(2024, 2, 14), date(2026, 8, 26)


class State:
    """The calendar file as lists of its entries."""

    def __init__(self):
        self.cancel, self.change, self.move, self.add, self.anew = [], [], [], [], []
        self.without, self.slipped, self.shown = None, False, False

    def text(self):
        """Return the calendar file."""
        text = EXAMPLE_TEXT
        for name in ("cancel", "change"):
            text = re.sub(rf"(?s)\n{name} = \[\n.*?\n\]\n", "\n", text, count=1)
        text = re.sub(r"(?m)^from = .*\n", "", text, count=1)
        entries = {"cancel": self.cancel, "change": self.change, "move": self.move, "add": self.add, "from": self.anew}
        told = "".join(f"{name} = [{', '.join(rows)}]\n" for name, rows in entries.items() if rows)
        text = re.sub(r"(?m)^(minutes = .*\n)", lambda line: line[1] + told, text, count=1)
        text = text.replace("[[participant]]\n", f"{MARIA}[[participant]]\n", 1)
        if self.shown:
            text = text.replace("\norganizer = ", '\ncancelled = { public = "show" }\norganizer = ', 1)
        if self.without:
            text = re.sub(rf'(?s)\[\[participant\]\]\nid = "{self.without}"\n.*?\n\n', "", text)
        return text.replace("date = 2025-11-04 }", "date = 2025-11-05 }") if self.slipped else text

    def held(self):
        """Return the instants of the calls that are held, counted off week by week."""
        moved = dict(re.findall(r"date = (\S+), to = ([\dT:-]+)", " ".join(self.move)))
        cancelled = re.findall(r"date = ([\d-]+)", " ".join(self.cancel))
        starts = [datetime.fromisoformat(each) for each in re.findall(r"start = ([\dT:-]+)", " ".join(self.add))]
        day = FIRST
        while day <= LAST:
            if str(day) in moved:
                starts.append(datetime.fromisoformat(moved[str(day)]))
            elif str(day) not in cancelled:
                starts.append(datetime(day.year, day.month, day.day, 12 if self._elsewhere(day) else 18))
            day += WEEK
        zones = (ZoneInfo("America/New_York" if self._elsewhere(each) else "Europe/Berlin") for each in starts)
        instants = (each.replace(tzinfo=zone).astimezone(UTC) for each, zone in zip(starts, zones, strict=True))
        return sorted(each.strftime("%Y-%m-%dT%H:%M:%SZ") for each in instants)

    def _elsewhere(self, day):
        return TIMES in self.anew and str(day) >= str(ANEW)


class Step(NamedTuple):
    """A change: when it is published, what it does to the file, and the UIDs that say something else afterwards.

    `release` is the tz database that it is published with, the newest if it is "-"; `deadlines` are the UIDs that say
    something else in the feed of deadlines.
    """

    name: str
    now: str
    edit: Callable[[State], None]
    calls: frozenset[str]
    release: str = "-"
    deadlines: frozenset[str] = frozenset()


def _entry(kind, entry, *, out=False):
    return lambda state: getattr(state, kind).remove(entry) if out else getattr(state, kind).append(entry)


def _setting(**values):
    return lambda state: state.__dict__.update(values)


def _week_before(entry):
    return str(date.fromisoformat(re.search(r"date = (\S+?)[, ]", entry)[1]) - WEEK)


def _uid(entry):
    return frozenset({AGAIN if re.search(r"date = (\S+?)[, ]", entry)[1] >= str(ANEW) else CALL})


def steps():
    """Return the changes of the year, in order."""
    of, none = frozenset({CALL}), frozenset()
    move = '{ date = 2025-03-12, to = 2025-03-13T17:00:00, reason = "KVM Forum" }'
    extra = '{ start = 2025-02-18T17:00:00, title = "Release planning" }'
    late = '{ date = 2026-02-04, reason = "FOSDEM" }'
    # All milestones after it say when they were planned.
    names = ("soft-freeze", "hard-freeze", "rc1", "rc2", "rc3", "rc4", "release")
    planned = frozenset({f"deadline+qemu-10.2-{name}@{DOMAIN}" for name in names})
    found = [
        *(Step(f"cancel {entry}", f"{_week_before(entry)}T09:00Z", _entry("cancel", entry), _uid(entry)) for entry in CANCELLED),
        *(Step(f"chair {entry}", f"{_week_before(entry)}T10:00Z", _entry("change", entry), _uid(entry)) for entry in CHANGED),
        Step("a new year", "2025-01-03T09:00Z", _setting(), none),
        Step("a law", "2025-02-10T09:00Z", _setting(), none, "2022.6"),
        Step("added", "2025-02-11T09:00Z", _entry("add", extra), frozenset({EXTRA})),
        Step("withdrawn", "2025-02-12T09:00Z", _entry("add", extra, out=True), frozenset({EXTRA})),
        Step("added again", "2025-02-13T09:00Z", _entry("add", extra), frozenset({EXTRA})),
        Step("move", "2025-03-05T17:00Z", _entry("move", move), of),
        Step("move undone", "2025-03-06T09:00Z", _entry("move", move, out=True), of),
        Step("move again", "2025-03-06T09:00Z", _entry("move", move), of),
        Step("another link", "2025-04-30T09:00Z", _entry("anew", LINK), of),
        Step("somebody leaves", "2025-09-01T09:00Z", _setting(without="vasant"), none),
        Step("a deadline slips", "2025-10-21T09:00Z", _setting(slipped=True), none, deadlines=planned),
        Step("another clock", "2025-10-22T09:00Z", _entry("anew", TIMES), frozenset({CALL, AGAIN})),
        Step("cancelled calls are shown", "2025-11-20T09:00Z", _setting(shown=True), of),
        Step("cancelled calls are left out", "2026-01-15T09:00Z", _setting(shown=False), frozenset({CALL, AGAIN})),
        Step("one more cancelled", "2026-01-28T09:00Z", _entry("cancel", late), frozenset({AGAIN})),
        Step("held after all", "2026-01-30T09:00Z", _entry("cancel", late, out=True), frozenset({AGAIN})),
        Step("nothing", "2026-08-20T09:00Z", _setting(), none),
    ]
    found.sort(key=lambda step: step.now)
    law = next(index for index, step in enumerate(found) if step.name == "a law")
    return [step._replace(release="2022.5") if index < law else step for index, step in enumerate(found)]


EXTRA = f"devel-call+20250218T170000@{DOMAIN}"
SOME = ("a law", "added", "withdrawn", "move", "move undone", "cancel { date = 2025-03-19 }", "another link")
SOME += ("added again", "somebody leaves", "a deadline slips", "another clock")


def some():
    """Return one of each kind of change, all of 2025."""
    return [step for step in steps() if step.name in SOME]
