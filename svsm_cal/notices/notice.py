"""The values of notices: kind, facts, due and expiry times.

A notice's id is stable: a clock change is identified by its day, not by the calls around it, which may be cancelled later. A
notice is due a lead time before its call, in days on the anchor's clock, and is not sent after it has expired.
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


class NoticeKind(StrEnum):
    """The kinds of notices."""

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
    TZ = "law"  # another tz database
    ABSENCES = "absences"
    CHAIR_AWAY = "chair-away"


class LocalChange(Value):
    """The civil start of a call in a zone before (None: not known) and after a change.

    If only the time of day matters, the dates differ from the anchor date by the day offset.
    """

    zone: Zone
    before: LocalDateTime | None
    after: LocalDateTime


class ShiftFact(Value):
    """Calls from the anchor date `first` to `last` at a new local time; `last` and `calls` are None if the end is open.

    `cause` is the zone whose clocks change, None for `zones` themselves, and the day of the change; `passing` marks a season
    of only a few calls, in the zones `passed` only unless this is empty.
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
    """The anchor's clocks change by `minutes` on `day`; `first` and `utc` are the start of the first call afterwards.

    `zones` are the zones of attendees in which nothing changes.
    """

    zone: Zone
    day: date
    minutes: int
    first: LocalDateTime
    utc: LocalChange
    zones: tuple[Zone, ...]


class TimeFact(Value):
    """A new zone, time or rule of a series from the call `after` on; `before` is the last call before the change."""

    before: Occurrence | None
    after: Occurrence
    rule: RecurrenceRule | None
    zones: tuple[LocalChange, ...]


class CallFact(Value):
    """A change of one call, or (`onwards`) a new chair or link from this call on.

    `was` and `now` are ids of chairs, or links; `following` is the next call after a cancelled one.
    """

    call: Occurrence
    was: str | None = None
    now: str | None = None
    onwards: bool = False
    in_turn: bool = False
    following: Occurrence | None = None
    zones: tuple[LocalChange, ...] = ()


class DeadlineFact(Value):
    """A deadline, and the calls left before it when the notice is due; `was` is its former date."""

    deadline: Deadline
    calls: tuple[Occurrence, ...] = ()
    was: date | None = None
    lead: timedelta | None = None


class Absence(Value):
    """An absent person; `holiday` is the name of a public holiday in their region, None if they are away."""

    id: str
    name: str
    holiday: str | None


class Suggestion(StrEnum):
    """The suggested reaction to absences."""

    NONE = "none"
    CHAIR = "chair"
    CANCEL = "cancel"


class AbsenceFact(Value):
    """The people who miss a call, the number of attendees, and the id of the chair if absent.

    `following` is the id of the next person in turn who will be present, None without rotation.
    """

    call: Occurrence
    missing: tuple[Absence, ...]
    attendees: int
    chair: str | None
    suggestion: Suggestion
    following: str | None = None


class TzFact(Value):
    """Calls at a new local time by another tz database, the first of several such runs if there are `more`.

    `moved` is true if the instants differ, not only the local times.
    """

    first: date
    last: date
    calls: int
    moved: bool
    zones: tuple[LocalChange, ...]
    more: bool = False


Fact = ShiftFact | AnchorFact | TimeFact | CallFact | DeadlineFact | AbsenceFact | TzFact


class Notice(Value):
    """A notice to send between `due` and `expires`; `at` is the instant of its call or deadline, `date` the anchor date.

    `participants` are the ids of the people concerned.
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
        """Return the ids of the people concerned as a set."""
        return frozenset(self.participants)

    @property
    def zones(self) -> tuple[Zone, ...]:
        """Return the zones of the fact, from west to east."""
        zones = getattr(self.fact, "zones", ())
        return tuple(change.zone if isinstance(change, LocalChange) else change for change in zones)


def due_between(notices: Sequence[Notice], after: Instant | None, now: Instant) -> tuple[Notice, ...]:
    """Return the notices with a due time after `after` (None: any) and by `now` that have not expired."""
    return tuple(item for item in notices if item.due <= now < item.expires and (after is None or item.due > after))


def narrowed(notice: Notice, person: Participant) -> Notice | None:
    """Return a notice limited to one participant and their zone, None if it does not concern them."""
    if person.id not in notice.concerned:
        return None
    fact = notice.fact
    if isinstance(fact, AnchorFact):
        return None if person.zone != fact.zone else replace(notice, fact=replace(fact, zones=()))
    zones = getattr(fact, "zones", ())
    if not zones:
        return notice
    own = tuple(change for change in zones if change.zone == person.zone)
    if isinstance(fact, ShiftFact) and fact.passed:
        fact = replace(fact, passing=person.zone in fact.passed, passed=())
    return replace(notice, participants=(person.id,), fact=replace(fact, zones=own)) if own else None


def ahead_of(start: LocalDateTime, zone: Zone, lead: timedelta) -> Instant:
    """Return the instant a lead time before a wall-clock time, with whole days counted on that clock."""
    days = timedelta(days=lead.days)
    at = instant_of(LocalDateTime(start - days), zone) if start.toordinal() > lead.days else instant_of(start, zone)
    return Instant(at - (lead - days))
