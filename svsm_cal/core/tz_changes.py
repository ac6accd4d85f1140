"""The differences that two tz databases make: calls and deadlines at new instants or new local times.

Zone rules come from a release of the tz database or from the VTIMEZONEs of a published feed. Calls keep their wall-clock
time in the anchor zone; their instants and the local times in other zones are compared.
"""

from __future__ import annotations

from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Protocol, TypeAlias

from svsm_cal.core.deadlines import all_deadlines
from svsm_cal.core.occurrences import occurrences
from svsm_cal.engine.civil import Instant, LocalDateTime, instant_from_epoch, local_from_epoch, local_seconds
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from svsm_cal.core.milestones import Deadline
    from svsm_cal.core.model import Calendar, Occurrence, Participant, Series
    from svsm_cal.engine.zones import Zone

    _RulesOf: TypeAlias = Callable[[Zone], "ZoneRules"]


class ZoneRules(Protocol):
    """The UTC offsets of one zone."""

    def resolve_seconds(self, wall: int) -> int:
        """Return the instant of a wall-clock time, both in seconds since 1970 (RFC 5545 section 3.3.5)."""

    def offset_at(self, at: int) -> int:
        """Return the UTC offset in seconds at an instant, in epoch seconds."""


class DatabaseRules(Value):
    """The rules of a zone in a tz database."""

    zone: Zone

    def resolve_seconds(self, wall: int) -> int:
        """Return the instant of a wall-clock time, both in seconds since 1970."""
        return self.zone.resolve_seconds(wall)[0]

    def offset_at(self, at: int) -> int:
        """Return the UTC offset in seconds at an instant, in epoch seconds."""
        return self.zone.offset_seconds(at)


class TzChange(Value):
    """A run of calls with the same change on one zone's clock: anchor dates, number of calls, local times of the first.

    `moved` is true if their instants differ, not only the local times in this zone.
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
    """A deadline at a new instant."""

    deadline: Deadline
    before: Instant
    after: Instant


def tz_changes(calendar: Calendar, old: _RulesOf, new: _RulesOf, *, start: datetime, end: datetime) -> list[TzChange]:
    """Return the changes between two tz databases for the calls held in [start, end), by series and zone."""
    changes: list[TzChange] = []
    for series in calendar.series:
        calls = occurrences(series, start, end)
        homes = calendar.homes(series)
        for zone in {**{call.zone: None for call in calls}, **homes}:
            changes += _runs(series, zone, tuple(homes.get(zone, ())), calls, old, new)
    return changes


def _runs(
    series: Series,
    zone: Zone,
    people: tuple[Participant, ...],
    calls: list[Occurrence],
    old: _RulesOf,
    new: _RulesOf,
) -> Iterator[TzChange]:
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
            yield TzChange(series, zone, people, run[0].start.date(), run[-1].start.date(), len(run), *shown, moved)


def deadline_moves(calendar: Calendar, old: _RulesOf, new: _RulesOf) -> list[DeadlineMove]:
    """Return the deadlines whose instants differ between two tz databases."""
    moves = []
    for deadline in all_deadlines(calendar):
        if deadline.zone is not None:  # otherwise it does not depend on the tz database
            before, after = (rules(deadline.zone).resolve_seconds(local_seconds(deadline.due)) for rules in (old, new))
            if before != after:
                moves.append(DeadlineMove(deadline, instant_from_epoch(before), instant_from_epoch(after)))
    return moves


def moved_calls(calendar: Calendar, old: _RulesOf, *, end: datetime) -> frozenset[str]:
    """Return the UIDs with a call before `end` whose instant differs from the one by the old rules."""
    first = datetime(1900, 1, 1, tzinfo=end.tzinfo)
    uids: set[str] = set()
    for series in calendar.series:
        for call in occurrences(series, first, end, cancelled=True):
            wall = local_seconds(call.start)
            if call.uid not in uids and old(call.zone).resolve_seconds(wall) != call.zone.resolve_seconds(wall)[0]:
                uids.add(call.uid)
    return frozenset(uids)
