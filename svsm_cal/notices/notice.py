"""What a notice is: its kind, the facts it states, when it is due and when it expires.

A notice's identity says what it is about and stays the same however often it is computed: a clock change is known by its
day, not by the calls around it, of which one may yet be cancelled. It is due a lead time before its call, in days of the
anchor's clock, and nobody is told once it has expired.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import Instant, LocalDateTime
from svsm_cal.engine.zones import Zone, instant_of
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svsm_cal.core.announcing import Severity
    from svsm_cal.core.milestones import Deadline
    from svsm_cal.core.model import Occurrence, Participant, Series
    from svsm_cal.engine.rrule import RecurrenceRule

__all__ = [
    "Absence",
    "AbsenceFact",
    "AnchorFact",
    "CallFact",
    "DeadlineFact",
    "Fact",
    "LocalChange",
    "Notice",
    "NoticeKind",
    "ShiftFact",
    "Suggestion",
    "TimeFact",
    "TzFact",
    "ahead_of",
    "due_between",
    "narrowed",
]


class NoticeKind(StrEnum):
    """What a notice is about."""

    SHIFT = "shift"
    SHIFT_LAST = "shift-last"
    BACK = "back"
    SEASON = "season"
    ANCHOR = "anchor"
    REANCHORED = "reanchored"
    CANCELLED = "cancelled"
    RESTORED = "restored"
    MOVED = "moved"
    ADDED = "added"
    CHAIR = "chair"
    LINK = "link"
    DEADLINE = "deadline"
    LAST_CALL = "last-call"
    SLIPPED = "slipped"
    EARLIER = "earlier"
    OVER = "over"
    TZ = "law"
    ABSENCES = "absences"
    CHAIR_AWAY = "chair-away"


class LocalChange(Value):
    """What a zone's clock shows when a call begins: `before`, where there is something to compare with, and `after`.

    Both are civil times; where only the time of day matters, the anchor's date tells whether it is another day's.
    """

    zone: Zone
    before: LocalDateTime | None
    after: LocalDateTime


class ShiftFact(Value):
    """Calls from the anchor date `first` to `last` at another local time; `last` and `calls` are None for no end in sight.

    `cause` is whose clocks change, None for those of `zones` themselves, and on which day; `passing` says that they change
    again so soon that it is a season of a few calls, in the zones `passed` alone if there are any.
    """

    minutes: int
    first: date
    last: date | None
    calls: int | None
    cause: tuple[Zone | None, date] | None
    passing: bool
    zones: tuple[LocalChange, ...]
    passed: tuple[Zone, ...] = ()


class AnchorFact(Value):
    """The anchor's own clocks change by `minutes` on `day`; `first` is the first call after it, on its clock and in UTC.

    `zones` are those of attendees where nothing changes.
    """

    zone: Zone
    day: date
    minutes: int
    first: LocalDateTime
    utc: LocalChange
    zones: tuple[Zone, ...]


class TimeFact(Value):
    """A series has another zone, time or rule from a call on; `before` is the last call as it was."""

    before: Occurrence | None
    after: Occurrence
    rule: RecurrenceRule | None
    zones: tuple[LocalChange, ...]


class CallFact(Value):
    """One call that is not as planned, or from which on (`onwards`) a chair or a link is another.

    `was` and `now` are ids of chairs, or links; `following` the next call, of a cancelled one.
    """

    call: Occurrence
    was: str | None = None
    now: str | None = None
    onwards: bool = False
    in_turn: bool = False
    following: Occurrence | None = None
    zones: tuple[LocalChange, ...] = ()


class DeadlineFact(Value):
    """A deadline, and the calls left before it when its notice is due; `was` is the date it had."""

    deadline: Deadline
    calls: tuple[Occurrence, ...] = ()
    was: date | None = None
    lead: timedelta | None = None


class Absence(Value):
    """Who will be missing; `holiday` is the name of the public holiday where they are, None if they are away."""

    id: str
    name: str
    holiday: str | None


class Suggestion(StrEnum):
    """What to do about absences."""

    NONE = "none"
    CHAIR = "chair"
    CANCEL = "cancel"


class AbsenceFact(Value):
    """Who misses a call, of how many; `chair` is the id of the one who was to chair it, if they do.

    `following` is the id of the next in turn who will be there, where people chair in turn.
    """

    call: Occurrence
    missing: tuple[Absence, ...]
    attendees: int
    chair: str | None
    suggestion: Suggestion
    following: str | None = None


class TzFact(Value):
    """Calls that another law of time puts at another local time, the first of several such runs if there are `more`.

    `moved` says that the instants themselves are others.
    """

    first: date
    last: date
    calls: int
    moved: bool
    zones: tuple[LocalChange, ...]
    more: bool = False


Fact = ShiftFact | AnchorFact | TimeFact | CallFact | DeadlineFact | AbsenceFact | TzFact


class Notice(Value):
    """One thing to tell: `due` and `expires` bound when, `at` is the instant it is about, a call's start or a deadline.

    `date` is the anchor date of the call it is about, or the deadline's; `participants` are the ids of those concerned.
    """

    id: str
    kind: NoticeKind
    severity: Severity
    due: Instant
    expires: Instant
    at: Instant
    date: date
    series: Series | None
    participants: tuple[str, ...]
    fact: Fact

    @cached_property
    def concerned(self) -> frozenset[str]:
        """Return the ids of those concerned, to look one up among many."""
        return frozenset(self.participants)

    @property
    def zones(self) -> tuple[Zone, ...]:
        """Return the zones where clocks show another time for it, from west to east."""
        found = getattr(self.fact, "zones", ())
        return tuple(each.zone if isinstance(each, LocalChange) else each for each in found)


def due_between(found: Sequence[Notice], after: Instant | None, now: Instant) -> tuple[Notice, ...]:
    """Return the notices that became due after an instant (None: ever) and by `now`, and have not expired."""
    return tuple(each for each in found if each.due <= now < each.expires and (after is None or each.due > after))


def narrowed(notice: Notice, person: Participant) -> Notice | None:
    """Return a notice with only what concerns one participant: their zone's clock; None if it does not."""
    if person.id not in notice.concerned:
        return None
    fact = notice.fact
    if isinstance(fact, AnchorFact):
        return None if person.zone != fact.zone else replace(notice, fact=replace(fact, zones=()))
    zones = getattr(fact, "zones", ())
    if not zones:
        return notice
    own = tuple(each for each in zones if each.zone == person.zone)
    if isinstance(fact, ShiftFact) and fact.passed:
        fact = replace(fact, passing=person.zone in fact.passed, passed=())
    return replace(notice, participants=(person.id,), fact=replace(fact, zones=own)) if own else None


def ahead_of(start: LocalDateTime, zone: Zone, lead: timedelta) -> Instant:
    """Return the instant a lead before a wall-clock time: whole days are days of that clock, so that the hour stays."""
    days = timedelta(days=lead.days)
    at = instant_of(LocalDateTime(start - days), zone) if start.toordinal() > lead.days else instant_of(start, zone)
    return Instant(at - (lead - days))
