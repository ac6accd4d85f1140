"""The rotation of chairs: whose turn it is to chair a call, and how often each person chairs.

Every call of the rule takes a turn, even if cancelled or moved, so that a cancellation does not change anybody's dates. The
next person in turn stands in for somebody who is away, for that call only. A `from` entry with chairs restarts the rotation
at the first of them; a call outside the rule has the turn of the call before it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from svsm_cal.core.segments import segments_of
from svsm_cal.engine.civil import LocalDateTime, local_seconds, midnight
from svsm_cal.engine.zones import local_of
from svsm_cal.value import Value, kept, replace

if TYPE_CHECKING:
    from svsm_cal.core.model import Calendar, Details, Occurrence, Series
    from svsm_cal.engine.civil import Instant

_AHEAD = 400 * 86400


class Turns:
    """The turns of a series, with a cache of the calls counted so far."""

    def __init__(self, series: Series) -> None:
        self._series = series
        self._people = {chair.id: chair for chair in series.chairs}
        self._walls: list[int] = []
        self._until = 0
        stages = [(series.start.date(), series.details), *((step.date, step.details) for step in series.steps)]
        self._begins = [day for day, details in stages if details.chair or details.chairs]

    def resolved(self, details: Details, recurrence: LocalDateTime, at: Instant, *, added: bool = False) -> Details:
        """Return a call's details with the chair for its start `at` instead of the rotating chairs.

        `recurrence` is its original start on the anchor's clock, for an added call its start.
        """
        return replace(details, chair=self._chair(details.chairs, self.number(recurrence, added=added), at), chairs=())

    def number(self, recurrence: LocalDateTime, *, added: bool = False) -> int:
        """Return the number of a call's turn in the current rotation, from 0."""
        begin = self._begins[max(0, bisect_right(self._begins, recurrence.date()) - 1)]
        number = self._before(local_seconds(recurrence) + added) - added
        return max(0, number - self._before(local_seconds(midnight(begin))))

    def in_turn(self, chairs: tuple[str, ...], recurrence: LocalDateTime, *, added: bool = False) -> str:
        """Return whose turn a call is, regardless of absences."""
        return chairs[self.number(recurrence, added=added) % len(chairs)]

    def _chair(self, chairs: tuple[str, ...], number: int, at: Instant) -> str | None:
        """Return the first person from a turn on who is not away; None if all are."""
        order = (chairs[(number + ahead) % len(chairs)] for ahead in range(len(chairs)))
        return next((name for name in order if not self._is_away(name, at)), None)

    def _is_away(self, id: str, at: Instant) -> bool:
        person = self._people.get(id)
        if person is None or not person.away:
            return False
        day = local_of(at, person.zone).date()
        return any(away.covers(day) for away in person.away)

    def _before(self, wall: int) -> int:
        """Return the number of calls of the rule before a wall-clock time in seconds since 1970."""
        if wall > self._until:
            self._until = wall + _AHEAD
            parts = (segment.moments(local_seconds(segment.start), self._until) for segment in segments_of(self._series))
            self._walls = sorted(moment for part in parts for moment in part)
        return bisect_left(self._walls, wall)


@kept
def turns_of(series: Series) -> Turns:
    """Return the turns of a series, cached in the series."""
    return Turns(series)


class ChairedCall(Value):
    """A call with the ids of its chair and of the person whose turn it is, None without rotation."""

    occurrence: Occurrence
    chair: str | None
    turn: str | None

    @property
    def stands_in(self) -> bool:
        """Return whether somebody chairs out of turn."""
        return self.turn is not None and self.chair != self.turn


def chaired(occurrence: Occurrence) -> ChairedCall:
    """Return a call with its chair and turn."""
    series, recurrence = occurrence.series, occurrence.recurrence
    chairs = series.details_on(recurrence.date()).chairs
    turn = turns_of(series).in_turn(chairs, recurrence, added=occurrence.added) if chairs else None
    return ChairedCall(occurrence, occurrence.details.chair, turn)


def chair_plan(calendar: Calendar, calls: list[Occurrence]) -> tuple[list[ChairedCall], dict[str, int]]:
    """Return these calls with their chairs, and the number of held calls for each chair, the highest first.

    The counts include everybody in the rotation of these calls, also with 0; equal counts are in file order.
    """
    plan = [chaired(call) for call in calls]
    rotating = {chair.id for call in calls for chair in call.series.chairs}
    order = {person.id: number for number, person in enumerate(calendar.participants)}
    counts = dict.fromkeys((name for name in order if name in rotating), 0)
    for call in plan:
        if call.chair is not None and call.occurrence.held:
            counts[call.chair] = counts.get(call.chair, 0) + 1
    return plan, dict(sorted(counts.items(), key=lambda pair: (-pair[1], order.get(pair[0], len(order)))))
