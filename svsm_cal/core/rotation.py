"""Whose turn it is to chair a call of a series whose chairs rotate, and who has chaired how often.

Every call of the rule has its turn, also one that is cancelled or moved: so nobody's date changes because a call was
cancelled, and what people have agreed on stands. Who is away is replaced by the next in turn, for that call alone. A
`from` entry that names chairs begins anew with the first of them; a call outside the rule has the turn of the one
before it.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from svsm_cal.core.segments import segments_of
from svsm_cal.engine.civil import LocalDateTime, local_seconds, midnight
from svsm_cal.engine.zones import local_of
from svsm_cal.value import Value, kept, replace

if TYPE_CHECKING:
    from datetime import date

    from svsm_cal.core.model import Calendar, Details, Occurrence, Series
    from svsm_cal.engine.civil import Instant

__all__ = ["ChairedCall", "Turns", "chair_plan", "chaired", "turns_of"]

_AHEAD = 400 * 86400


class Turns:
    """The turns of one series: the calls of its rule are counted, as far as anybody has asked."""

    def __init__(self, series: Series) -> None:
        self._series = series
        self._people = {each.id: each for each in series.chairs}
        self._walls: list[int] = []
        self._until = 0
        stages = [(series.start.date(), series.details), *((step.date, step.details) for step in series.steps)]
        self._begins = [day for day, details in stages if details.chair or details.chairs]

    def told(self, details: Details, recurrence: LocalDateTime, at: Instant, *, added: bool = False) -> Details:
        """Return a call's details with the chair whose turn it is; `at` is when it takes place.

        `recurrence` is its original start on the anchor's clock, of an added call its start.
        """
        return replace(details, chair=self._chair(details.chairs, self.number(recurrence, added=added), at), chairs=())

    def number(self, recurrence: LocalDateTime, *, added: bool = False) -> int:
        """Return the number of a call's turn since those who chair then began, from 0."""
        begin = self._begins[max(0, bisect_left(self._begins, recurrence.date().toordinal() + 1, key=_ordinal) - 1)]
        number = self._before(local_seconds(recurrence) + added) - added
        return max(0, number - self._before(local_seconds(midnight(begin))))

    def in_turn(self, chairs: tuple[str, ...], recurrence: LocalDateTime, *, added: bool = False) -> str:
        """Return whose turn a call is, away or not."""
        return chairs[self.number(recurrence, added=added) % len(chairs)]

    def _chair(self, chairs: tuple[str, ...], number: int, at: Instant) -> str | None:
        """Return the first from a turn on who is not away; None if all are."""
        order = (chairs[(number + ahead) % len(chairs)] for ahead in range(len(chairs)))
        return next((each for each in order if not self._is_away(each, at)), None)

    def _is_away(self, id: str, at: Instant) -> bool:
        person = self._people.get(id)
        if person is None or not person.away:
            return False
        day = local_of(at, person.zone).date()
        return any(each.covers(day) for each in person.away)

    def _before(self, wall: int) -> int:
        """Return how many calls the rule has before a wall-clock time, in seconds since 1970."""
        if wall > self._until:
            self._until = wall + _AHEAD
            parts = (segment.moments(local_seconds(segment.start), self._until) for segment in segments_of(self._series))
            self._walls = sorted(moment for part in parts for moment in part)
        return bisect_left(self._walls, wall)


def _ordinal(day: date) -> int:
    return day.toordinal()


@kept
def turns_of(series: Series) -> Turns:
    """Return the turns of a series, computed once."""
    return Turns(series)


class ChairedCall(Value):
    """A call, who chairs it, and whose turn it was: another, where somebody stands in; None where there are no turns."""

    occurrence: Occurrence
    chair: str | None
    turn: str | None

    @property
    def stands_in(self) -> bool:
        """Whether somebody chairs whose turn it is not."""
        return self.turn is not None and self.chair != self.turn


def chaired(occurrence: Occurrence) -> ChairedCall:
    """Return who chairs a call, and whose turn it is."""
    series, day = occurrence.series, occurrence.recurrence.date()
    details = series.details
    for step in series.steps:
        if step.date <= day:
            details = details.updated(step.details)
    turn = turns_of(series).in_turn(details.chairs, occurrence.recurrence, added=occurrence.added) if details.chairs else None
    return ChairedCall(occurrence, occurrence.details.chair, turn)


def chair_plan(calendar: Calendar, calls: list[Occurrence]) -> tuple[list[ChairedCall], dict[str, int]]:
    """Return who chairs which of these calls, and how many each chairs that take place, by id, the file's order first.

    Whoever is to chair in turn is among them, be it none.
    """
    found = [chaired(each) for each in calls]
    ids = [each.id for each in calendar.participants]
    rotating = {name for each in {call.series.id: call.series for call in calls}.values() for name in (c.id for c in each.chairs)}
    counts = dict.fromkeys((each for each in ids if each in rotating), 0)
    for each in found:
        if each.chair is not None and each.occurrence.held:
            counts[each.chair] = counts.get(each.chair, 0) + 1
    order = {name: number for number, name in enumerate(ids)}
    return found, dict(sorted(counts.items(), key=lambda pair: (-pair[1], order.get(pair[0], len(ids)))))
