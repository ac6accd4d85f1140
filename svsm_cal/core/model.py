"""The contents of a calendar file as values.

They are validated by `svsm_cal.config`. Exceptions refer to an instance by its original wall-clock start.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from svsm_cal.core.announcing import Announcing
from svsm_cal.core.milestones import Deadline, Release
from svsm_cal.engine.civil import Instant, LocalDateTime
from svsm_cal.engine.zones import Zone, instant_of
from svsm_cal.value import Value, fields_of, replace

if TYPE_CHECKING:
    from svsm_cal.engine.rrule import RecurrenceRule


class Status(StrEnum):
    """The status of an occurrence."""

    CONFIRMED = "confirmed"
    MOVED = "moved"
    CANCELLED = "cancelled"


class Details(Value):
    """The properties of an occurrence other than its time; None if not set.

    `chairs` are the ids of people who chair in turn; an occurrence itself has only `chair`, the person whose turn it is.
    """

    title: str | None = None
    url: str | None = None
    location: str | None = None
    description: str | None = None
    chair: str | None = None
    minutes: str | None = None
    chairs: tuple[str, ...] = ()

    def updated(self, other: Details) -> Details:
        """Return these details with the values set in `other`; a chair replaces rotating chairs, and vice versa."""
        details = Details(*(getattr(other, field) or getattr(self, field) for field in fields_of(self)))
        if other.chair or other.chairs:
            return replace(details, chair=other.chair, chairs=other.chairs)
        return details


class Override(Value):
    """An exception to one instance, identified by its original wall-clock start."""

    recurrence: LocalDateTime
    status: Status = Status.CONFIRMED
    start: LocalDateTime | None = None
    duration: timedelta | None = None
    reason: str | None = None
    details: Details = Details()


class Addition(Value):
    """An extra call outside the rule."""

    start: LocalDateTime
    duration: timedelta | None = None
    reason: str | None = None
    details: Details = Details()


class Step(Value):
    """A change to all occurrences from `date` (an anchor date) on; None leaves a value unchanged."""

    date: date
    start: time | None = None
    zone: Zone | None = None
    rule: RecurrenceRule | None = None
    duration: timedelta | None = None
    reason: str | None = None
    details: Details = Details()

    @property
    def retimes(self) -> bool:
        """Return whether zone, time or rule change, so that a new segment begins."""
        return self.start is not None or self.zone is not None or self.rule is not None


class Away(Value):
    """A period, both days included, in which somebody is away."""

    first: date
    last: date

    def covers(self, day: date) -> bool:
        """Return whether a day is in the period."""
        return self.first <= day <= self.last


class Chair(Value):
    """Somebody who chairs in turn: a participant's id, home zone, and absences as dates in that zone."""

    id: str
    zone: Zone
    away: tuple[Away, ...] = ()


class Series(Value):
    """A recurring call: `start` is civil time in the anchor `zone`, `rule` None for a single call.

    `overrides` and `additions` are in time order, `steps` by date; `attendees` are participant ids, `lists` the addresses
    of mailing lists that are invited, `chairs` all people who chair in turn at some time.
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
        """Return the overrides by original start."""
        return {override.recurrence: override for override in self.overrides}

    def details_on(self, day: date) -> Details:
        """Return the details that apply on an anchor date, without those of single instances."""
        details = self.details
        for step in self.steps:
            if step.date <= day:
                details = details.updated(step.details)
        return details

    @property
    def title(self) -> str:
        """Return the series' title, or its id without a title."""
        return self.details.title or self.id


class Occurrence(Value):
    """One instance of a series, identified by `uid` and `recurrence`, its original civil start in `zone`."""

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
        """Return the instant of the start, also of a cancelled occurrence."""
        return instant_of(self.start, self.zone)

    @property
    def end_utc(self) -> Instant:
        """Return the instant of the end: the exact duration after the start."""
        return Instant(self.start_utc + self.duration)

    @property
    def held(self) -> bool:
        """Return whether it takes place."""
        return self.status is not Status.CANCELLED

    @property
    def title(self) -> str:
        """Return the instance's title, or that of its series."""
        return self.details.title or self.series.title


class Participant(Value):
    """A person with a home zone.

    `reminders` are the times of alarms before a call in their feed; `mail_reminders` and `mail_deadlines` those of mails
    before a call and before a deadline. `feed` is a word from which their feed's address is derived. `invites` is "full",
    "instance" or "none". `region` is the country or subdivision (ISO 3166) whose public holidays they have.
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
    """The sender of the invites."""

    name: str
    email: str


class CalendarEvent(Value):
    """An event of whole days, both included, such as a conference."""

    id: str
    title: str
    start: date
    end: date
    url: str | None = None


class Calendar(Value):
    """The contents of a calendar file, in file order.

    `shows_cancelled` holds the kinds of feeds ("public", "series", "personal") that show cancelled calls; `agenda` is the
    path of the community's own template for agendas; `language` is the tag of the language of feeds, mails and pages.
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
        """Return the participant with an id, None if there is none."""
        return self._people.get(id)

    @cached_property
    def _people(self) -> dict[str, Participant]:
        return {person.id: person for person in self.participants}

    def called(self, address: str) -> str:
        """Return the id of the participant with an e-mail address, or the address with its local part masked."""
        person = next((who for who in self.participants if who.email and who.email.lower() == address.lower()), None)
        return person.id if person is not None else f"…@{address.rpartition('@')[2]}"

    def attendees(self, series: Series) -> tuple[Participant, ...]:
        """Return the attendees of a series, in file order."""
        wanted = frozenset(series.attendees)
        return tuple(person for person in self.participants if person.id in wanted)

    def homes(self, series: Series) -> dict[Zone, list[Participant]]:
        """Return the attendees of a series by home zone, in file order."""
        homes: dict[Zone, list[Participant]] = {}
        for person in self.attendees(series):
            homes.setdefault(person.zone, []).append(person)
        return homes

    def person(self, id: str | None) -> str | None:
        """Return the name of the participant with an id, the id itself if there is none."""
        person = self.participant(id) if id else None
        return person.name if person else id
