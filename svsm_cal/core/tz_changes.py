"""Two laws of time: which calls and deadlines another tz database puts at another instant or another local time.

A law is what clocks do: a release of the tz database, or what a published feed's VTIMEZONEs say. Calls keep their
wall-clock time in the anchor zone; what follows from it for instants, and for the clocks elsewhere, is compared.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from svsm_cal.core.deadlines import all_deadlines
from svsm_cal.core.occurrences import occurrences
from svsm_cal.engine.civil import Instant, LocalDateTime, instant_from_epoch, local_from_epoch, local_seconds
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from svsm_cal.core.model import Calendar, Deadline, Occurrence, Participant, Series
    from svsm_cal.engine.zones import Zone

__all__ = ["DeadlineMove", "Law", "LawChange", "ZoneLaw", "deadline_moves", "law_changes", "moved_calls"]


class Law(Protocol):
    """What the clocks of one zone do."""

    def resolve_seconds(self, wall: int) -> int:
        """Return the epoch seconds that a wall-clock time names (RFC 5545 section 3.3.5)."""

    def offset_at(self, at: int) -> int:
        """Return the seconds ahead of UTC at an instant, in epoch seconds."""


class ZoneLaw(Value):
    """A zone of a tz database as a law."""

    zone: Zone

    def resolve_seconds(self, wall: int) -> int:
        """Return the epoch seconds that a wall-clock time names."""
        return self.zone.resolve_seconds(wall)[0]

    def offset_at(self, at: int) -> int:
        """Return the seconds ahead of UTC at an instant."""
        return self.zone.offset_seconds(at)


class LawChange(Value):
    """A run of calls with the same change on one zone's clock: anchor dates, how many, and the first one's local times.

    `moved` says that their instants differ, not only what this zone's clocks show then.
    """

    series: Series
    zone: Zone
    participants: tuple[Participant, ...]
    first: date
    last: date
    calls: int
    before: LocalDateTime
    after: LocalDateTime
    moved: bool


class DeadlineMove(Value):
    """A deadline that is over at another instant."""

    deadline: Deadline
    before: Instant
    after: Instant


def law_changes(
    calendar: Calendar, old: Callable[[Zone], Law], new: Callable[[Zone], Law], *, start: datetime, end: datetime
) -> list[LawChange]:
    """Return what two laws make different of the calls held in [start, end), series by series and zone by zone."""
    found: list[LawChange] = []
    for series in calendar.series:
        calls = occurrences(series, start, end)
        homes: dict[Zone, tuple[Participant, ...]] = {each.zone: () for each in calls}
        for person in calendar.attendees(series):
            homes[person.zone] = (*homes.get(person.zone, ()), person)
        for zone, people in homes.items():
            found += _runs(series, zone, people, calls, old, new)
    return found


def _runs(
    series: Series,
    zone: Zone,
    people: tuple[Participant, ...],
    calls: list[Occurrence],
    old: Callable[[Zone], Law],
    new: Callable[[Zone], Law],
) -> Iterator[LawChange]:
    rows = []
    for call in calls:
        wall = local_seconds(call.start)
        was, now = old(call.zone).resolve_seconds(wall), new(call.zone).resolve_seconds(wall)
        before, after = was + old(zone).offset_at(was), now + new(zone).offset_at(now)
        rows.append((was != now, before - wall, after - wall, call))
    for (moved, before, after), group in groupby(rows, key=lambda row: row[:3]):
        run = [row[3] for row in group]
        if before != after or (moved and zone == run[0].zone):
            wall = local_seconds(run[0].start)
            shown = local_from_epoch(wall + before), local_from_epoch(wall + after)
            yield LawChange(series, zone, people, run[0].start.date(), run[-1].start.date(), len(run), *shown, moved)


def deadline_moves(calendar: Calendar, old: Callable[[Zone], Law], new: Callable[[Zone], Law]) -> list[DeadlineMove]:
    """Return the deadlines that are over at another instant by the new law than by the old one."""
    found = []
    for deadline in all_deadlines(calendar):
        if deadline.zone is None:
            continue  # the end of a day anywhere on Earth is nobody's law
        day = datetime(deadline.date.year, deadline.date.month, deadline.date.day) + timedelta(days=1)
        wall = local_seconds(deadline.at or LocalDateTime(day))
        before, after = (law(deadline.zone).resolve_seconds(wall) for law in (old, new))
        if before != after:
            found.append(DeadlineMove(deadline, instant_from_epoch(before), instant_from_epoch(after)))
    return found


def moved_calls(calendar: Calendar, old: Callable[[Zone], Law], *, end: datetime) -> frozenset[str]:
    """Return the UIDs that have a call before `end` whose instant is another than it was by the old law."""
    first = datetime(1900, 1, 1, tzinfo=end.tzinfo)
    found = set()
    for series in calendar.series:
        for call in occurrences(series, first, end, cancelled=True):
            if call.uid not in found:
                wall = local_seconds(call.start)
                if old(call.zone).resolve_seconds(wall) != call.zone.resolve_seconds(wall)[0]:
                    found.add(call.uid)
    return frozenset(found)
