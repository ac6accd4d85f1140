"""What one calendar file declares, as values.

Everything here is checked when it is read (`svsm_cal.config`); these types hold it and compute nothing but
what follows from their own fields. Exceptions name the instance they change by its original wall-clock start.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from svsm_cal.core.announcing import Announcing
from svsm_cal.engine.civil import Instant, LocalDateTime
from svsm_cal.engine.zones import Zone, instant_of
from svsm_cal.value import Value, fields_of, replace

if TYPE_CHECKING:
    from svsm_cal.engine.rrule import RecurrenceRule

__all__ = [
    "Addition",
    "Away",
    "Calendar",
    "CalendarEvent",
    "Chair",
    "Deadline",
    "Details",
    "Milestone",
    "Occurrence",
    "Organizer",
    "Override",
    "Participant",
    "Release",
    "Series",
    "Status",
    "Step",
]


class Status(StrEnum):
    """What became of an occurrence."""

    CONFIRMED = "confirmed"
    MOVED = "moved"
    CANCELLED = "cancelled"


class Details(Value):
    """What an occurrence says of itself besides its time; None where it says nothing.

    `chairs` are the ids of those who chair in turn; an occurrence itself has only the `chair` whose turn it is.
    """

    title: str | None = None
    url: str | None = None
    location: str | None = None
    description: str | None = None
    chair: str | None = None
    minutes: str | None = None
    chairs: tuple[str, ...] = ()

    def updated(self, other: Details) -> Details:
        """Return these details with those that `other` states in their place; one chair replaces several, and they it."""
        found = Details(*(getattr(other, each) or getattr(self, each) for each in fields_of(self)))
        if other.chair or other.chairs:
            return replace(found, chair=other.chair, chairs=other.chairs)
        return found


class Override(Value):
    """What one instance, known by its original wall-clock start, says differently."""

    recurrence: LocalDateTime
    status: Status = Status.CONFIRMED
    start: LocalDateTime | None = None
    duration: timedelta | None = None
    reason: str | None = None
    details: Details = Details()


class Addition(Value):
    """A call outside the rule."""

    start: LocalDateTime
    duration: timedelta | None = None
    reason: str | None = None
    details: Details = Details()


class Step(Value):
    """What changes from `date` (an anchor date) on, for this and all following occurrences; None keeps a thing."""

    date: date
    start: time | None = None
    zone: Zone | None = None
    rule: RecurrenceRule | None = None
    duration: timedelta | None = None
    reason: str | None = None
    details: Details = Details()

    @property
    def retimes(self) -> bool:
        """Whether zone, time or rule change, so that a component of its own begins."""
        return self.start is not None or self.zone is not None or self.rule is not None


class Away(Value):
    """Days, both included, on which somebody is away."""

    first: date
    last: date

    def covers(self, day: date) -> bool:
        """Whether a day is one of them."""
        return self.first <= day <= self.last


class Chair(Value):
    """Somebody who chairs in turn: a participant's id, and the days, on their own clock, on which they are away."""

    id: str
    zone: Zone
    away: tuple[Away, ...] = ()


class Series(Value):
    """A recurring call: `start` is civil time in the anchor `zone`, `rule` None for a single call.

    `overrides` and `additions` are in time order, `steps` by date; `attendees` are participant ids, `lists` the addresses
    of mailing lists that are told of it, `chairs` all who chair in turn at some time.
    """

    id: str
    uid_domain: str
    zone: Zone
    start: LocalDateTime
    duration: timedelta
    details: Details
    rule: RecurrenceRule | None = None
    attendees: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()
    additions: tuple[Addition, ...] = ()
    steps: tuple[Step, ...] = ()
    lists: tuple[str, ...] = ()
    chairs: tuple[Chair, ...] = ()

    @cached_property
    def exceptions(self) -> dict[LocalDateTime, Override]:
        """Return the overrides by the original start of the instance they mean."""
        return {override.recurrence: override for override in self.overrides}

    @property
    def title(self) -> str:
        """Return the series' title, its id where it has none."""
        return self.details.title or self.id


class Occurrence(Value):
    """One instance of a series; `uid` and `recurrence`, its original civil start in `zone`, identify it for good."""

    series: Series
    uid: str
    recurrence: LocalDateTime
    start: LocalDateTime
    zone: Zone
    duration: timedelta
    details: Details
    status: Status = Status.CONFIRMED
    reason: str | None = None
    added: bool = False

    @cached_property
    def start_utc(self) -> Instant:
        """Return the instant at which it begins, or would have begun."""
        return instant_of(self.start, self.zone)

    @property
    def end_utc(self) -> Instant:
        """Return the instant at which it ends: an exact duration after its start."""
        return Instant(self.start_utc + self.duration)

    @property
    def held(self) -> bool:
        """Whether it takes place."""
        return self.status is not Status.CANCELLED

    @property
    def title(self) -> str:
        """Return this instance's title."""
        return self.details.title or self.series.title


class Participant(Value):
    """A person with a home zone; `reminders` are how long before a call they want to be reminded.

    `feed` is a word that the address of their feed depends on; `invites` how changes are mailed: "full", "instance" or
    "none"; `mail_reminders` and `mail_deadlines` how long before a call and a deadline to send a mail.
    `region` is the country, or the part of one, whose public holidays are theirs (ISO 3166).
    """

    id: str
    name: str
    zone: Zone
    email: str | None = None
    groups: tuple[str, ...] = ()
    reminders: tuple[timedelta, ...] = ()
    away: tuple[Away, ...] = ()
    feed: str | None = None
    invites: str = "full"
    mail_reminders: tuple[timedelta, ...] = ()
    mail_deadlines: tuple[timedelta, ...] = ()
    region: str | None = None


class Organizer(Value):
    """Who sends the invites."""

    name: str
    email: str


# `Deadline.date` hides the type's name within its class.
_Date = date
_ANYWHERE_ON_EARTH = timedelta(hours=12)


class Deadline(Value):
    """An instant by which something must be done.

    With `at`, that moment on `zone`'s clock; else when `date` ends in `zone`, or, without a zone, when it has
    ended everywhere on Earth (UTC-12). `planned` is the date first meant, where what happened is another.
    """

    id: str
    title: str
    date: date
    at: LocalDateTime | None = None
    zone: Zone | None = None
    remind: tuple[timedelta, ...] = ()
    url: str | None = None
    release: str | None = None
    planned: _Date | None = None
    actual: _Date | None = None

    @property
    def due_utc(self) -> Instant:
        """Return the instant from which it is too late."""
        if self.at is not None:
            return instant_of(self.at, self.zone) if self.zone else Instant(self.at.replace(tzinfo=UTC))
        end = datetime(self.date.year, self.date.month, self.date.day) + timedelta(days=1)
        if self.zone is not None:
            return instant_of(LocalDateTime(end), self.zone)
        return Instant(end.replace(tzinfo=UTC) + _ANYWHERE_ON_EARTH)


class Milestone(Value):
    """One step of a release: `planned` and `actual` dates, at least one of them set."""

    id: str
    title: str
    planned: date | None
    actual: date | None
    remind: tuple[timedelta, ...] = ()


class Release(Value):
    """A release and its milestones in order; a milestone's day ends in `zone`, or everywhere on Earth."""

    id: str
    title: str
    milestones: tuple[Milestone, ...]
    zone: Zone | None = None
    url: str | None = None


class CalendarEvent(Value):
    """Days, both included, on which something else happens: a conference."""

    id: str
    title: str
    start: date
    end: date
    url: str | None = None


class Calendar(Value):
    """Everything one file declares, in the file's order.

    `shows_cancelled` names the feeds ("public", "series", "personal") in which cancelled calls are seen as such;
    `agenda` is the path of the community's own template of one; `language` the tag of the language of all that is published
    and sent.
    """

    id: str
    name: str
    domain: str
    zone: Zone
    description: str | None = None
    url: str | None = None
    color: str | None = None
    organizer: Organizer | None = None
    shows_cancelled: frozenset[str] = frozenset()
    series: tuple[Series, ...] = ()
    participants: tuple[Participant, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    releases: tuple[Release, ...] = ()
    events: tuple[CalendarEvent, ...] = ()
    notices: Announcing = Announcing()
    agenda: str | None = None
    language: str = "en"

    def participant(self, id: str) -> Participant | None:
        """Return the participant of that id, None when there is none."""
        return self._people.get(id)

    @cached_property
    def _people(self) -> dict[str, Participant]:
        return {each.id: each for each in self.participants}

    def called(self, address: str) -> str:
        """Return the id of the participant with an e-mail address; of others the address with its first part masked."""
        person = next((each for each in self.participants if each.email and each.email.lower() == address.lower()), None)
        return person.id if person is not None else f"…@{address.rpartition('@')[2]}"

    def attendees(self, series: Series) -> tuple[Participant, ...]:
        """Return who attends a series, in the file's order."""
        wanted = frozenset(series.attendees)
        return tuple(each for each in self.participants if each.id in wanted)

    def person(self, id: str | None) -> str | None:
        """Return the name of the participant of that id, the id itself when nobody has it."""
        found = self.participant(id) if id else None
        return found.name if found else id
