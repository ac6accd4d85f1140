"""Invitations: what everybody has to be told so that their calendar is right, and telling it in one transaction.

The plan follows from three things: what was announced and to whom (the store), the calendar as it is, and the present.
It is made twice, to be looked at and, under the store's lock, to be done; if the two differ nothing is done.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Protocol

from svsm_cal.app.invite_mails import Mails, Topic
from svsm_cal.app.invited_events import all_subjects, organizer_of
from svsm_cal.app.tzdiff import moved_since
from svsm_cal.config.load import loads
from svsm_cal.core.changes import changes
from svsm_cal.core.occurrences import only_occurrence
from svsm_cal.core.segments import Segment
from svsm_cal.engine.civil import Instant
from svsm_cal.engine.tzdb import tz_database
from svsm_cal.engine.zones import local_of
from svsm_cal.errors import SvsmCalError, UsageError
from svsm_cal.ical.invite_calendar import raised, read_object, whole_object
from svsm_cal.ical.revisions import Publication as Components
from svsm_cal.ical.revisions import read_publication, revise
from svsm_cal.ical.value_types import instant_of_stamp, stamp_of
from svsm_cal.itip.announce import Addressee, Purpose, announce, next_announced
from svsm_cal.itip.invitation import Announced, Style
from svsm_cal.render.change_rows import change_lines, law_lines, no_lines
from svsm_cal.render.invite_report import Due
from svsm_cal.store.contract import Publication
from svsm_cal.value import Value, replace
from svsm_cal.words import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from svsm_cal.core.changes import Changes
    from svsm_cal.core.model import Calendar, Organizer
    from svsm_cal.engine.zones import Zone
    from svsm_cal.itip.announce import Message
    from svsm_cal.itip.invitation import Invitation
    from svsm_cal.render.change_rows import News
    from svsm_cal.store.contract import Mail, Store

__all__ = ["Plan", "Remembered", "current_plan", "invitation_plan", "send_invitations", "told_calendar"]

_AHEAD = timedelta(weeks=53)
_SECOND = timedelta(seconds=1)


class Remembered(Protocol):
    """What a plan rests on, of all that a ledger has."""

    def publication(self) -> Publication | None:
        """Return what people were told last."""

    def announced(self) -> dict[str, Announced]:
        """Return what was announced, UID -> object."""

    def invitations(self, uid: str | None = None) -> Iterator[Invitation]:
        """Yield the invitations of a UID."""


class Plan(Value):
    """What is to be told: the publication and the objects to record, and each mail, in order.

    `without_address` are the ids of attendees who cannot be told; `waiting` and `failed` how many earlier mails are still
    to be sent, and were refused or came back. `digest` names the plan: equal plans have equal ones.
    """

    publication: Publication
    announced: tuple[Announced, ...]
    mails: tuple[Due, ...]
    without_address: tuple[str, ...]
    topics: dict[str, Topic]
    objects: dict[str, Announced]
    waiting: int = 0
    failed: int = 0

    @property
    def digest(self) -> str:
        """Return what names the plan: ten digits of what it says to whom, the same until something changes."""
        text = hashlib.sha256()
        for each in self.mails:
            told = each.message.invitation
            parts = (told.uid, told.email, each.message.purpose, str(told.sequence), str(told.lift), each.message.only)
            text.update("|".join((*parts, *each.news(ENGLISH), "\n")).encode())
        return text.hexdigest()[:10]

    @property
    def cancelled(self) -> int:
        """Return how many of the mails take an invitation back."""
        return sum(each.message.method == "CANCEL" for each in self.mails)


def invitation_plan(calendar: Calendar, source: str, ledger: Remembered, *, now: Instant) -> Plan:
    """Return what has to be told now; `source` is the calendar file's text. Raises UsageError without an organizer."""
    return _Planner(calendar, organizer_of(calendar), source, ledger, now).plan()


class _Nothing:
    """What is remembered before anybody was told anything."""

    def publication(self) -> None:
        """Return that there was no publication."""

    def announced(self) -> dict[str, Announced]:
        """Return nothing."""
        return {}

    def invitations(self, uid: str | None = None) -> Iterator[Invitation]:
        """Yield nothing."""
        del uid
        yield from ()


def current_plan(calendar: Calendar, source: str, store: Store | None, *, now: Instant) -> Plan:
    """Return what has to be told now, as `invitation_plan` does, of a store; without one nobody was told anything yet."""
    if store is None:
        return invitation_plan(calendar, source, _Nothing(), now=now)
    with store.ledger(writes=False) as ledger:
        plan = invitation_plan(calendar, source, ledger, now=now)
        tally = ledger.tally()
    return replace(plan, waiting=tally.pending, failed=tally.failed + tally.bounced)


def send_invitations(
    calendar: Calendar,
    source: str,
    store: Store,
    *,
    plan: Plan,
    now: Instant,
    sign: Callable[[bytes], bytes] | None = None,
) -> int:
    """Put a plan's mails into the outbox, with all that is to be remembered, and return how many; nothing is sent yet.

    When somebody else has done it meanwhile there is nothing left to do. Raises UsageError when what is due is another
    thing than the plan says.
    """
    with store.ledger() as ledger:
        again = invitation_plan(calendar, source, ledger, now=now)
        if again.mails and again.digest != plan.digest:
            raise UsageError("what is due has changed since it was planned: look at it again with `svsm-cal invite plan`")
        ledger.publish(again.publication, again.announced)
        ledger.save(each.message.invitation for each in again.mails)
        mails = mails_of(again, calendar, organizer_of(calendar), now=now)
        signed = mails if sign is None else (replace(each, data=sign(each.data)) for each in mails)
        return len(ledger.enqueue(signed, now=now))


def mails_of(plan: Plan, calendar: Calendar, organizer: Organizer, *, now: Instant) -> Iterator[Mail]:
    """Yield a plan's mails as they will be sent."""
    mails = Mails(calendar, organizer, plan.objects.__getitem__, now)
    for each in plan.mails:
        yield mails.mail(plan.topics[each.message.invitation.uid], each.message, each.news)


class _Planner:
    """One plan in the making: the two calendars, what was announced, and what readers of a zone share."""

    def __init__(self, calendar: Calendar, organizer: Organizer, source: str, ledger: Remembered, now: Instant) -> None:
        self._calendar, self._organizer, self._source, self._ledger, self._now = calendar, organizer, source, ledger, now
        self._announced = ledger.announced()
        self._last = ledger.publication()
        self._before = told_calendar(self._last, now)
        self._tz_version = tz_database().version
        self._moved: frozenset[bytes] = frozenset()
        if self._last is not None and self._last.tz_version != self._tz_version:
            self._moved = moved_since(calendar, [each.data for each in self._announced.values()], now)
        self._changes: dict[Zone, Changes] = {}
        self._news: dict[tuple[str, Zone], News] = {}

    def plan(self) -> Plan:
        publication = Publication(self._source.encode(), self._tz_version, self._now)
        recorded, mails, nowhere = [], [], []
        topics, objects = {}, {}
        for topic, current in self._currents():
            previous = self._announced.get(current.uid)
            topics[current.uid], objects[current.uid] = topic, current
            if current is not previous:
                recorded.append(current)
            invitations = {each.email.lower(): each for each in self._ledger.invitations(current.uid)}
            messages = announce(previous, current, invitations, self._addressees(topic))
            mails += [Due(each, topic.series.id, topic.title, self._news_for(topic, each)) for each in messages]
        for series in self._calendar.series:
            nowhere += [each.id for each in self._calendar.attendees(series) if each.email is None]
        return Plan(publication, tuple(recorded), tuple(mails), tuple(dict.fromkeys(nowhere)), topics, objects)

    def _currents(self) -> Iterator[tuple[Topic, Announced]]:
        """Yield what every UID is about and how it is to be announced: first those there are, then those that ended."""
        here = set()
        for series in self._calendar.series:
            for subject in all_subjects(series, self._now):
                here.add(subject.of.uid)
                previous = self._announced.get(subject.of.uid)
                topic = Topic(self._calendar, series, subject)
                only = only_occurrence(subject.of) if isinstance(subject.of, Segment) else None
                if only is not None and not only.held:
                    if previous is not None and not subject.over:
                        yield topic, self._ended(previous)
                elif not subject.over and (previous is not None or any(each.held for each in subject.coming)):
                    yield topic, self._current(topic, previous)
        for uid, previous in self._announced.items():
            gone = None if uid in here else self._gone(uid)
            if gone is not None:
                yield gone, self._ended(previous)

    def _current(self, topic: Topic, previous: Announced | None) -> Announced:
        """Return how a UID that there is is to be announced: as it was, unless something to come differs."""
        of, now = topic.subject.of, self._now
        since = previous.since if previous is not None else stamp_of(now)
        fresh = whole_object(self._calendar, of, self._organizer, since=instant_of_stamp(since))
        before = Components({}, {})
        if previous is not None:
            # No two announcements of a UID share a stamp: it is what tells them apart.
            now = max(now, Instant(instant_of_stamp(previous.stamp) + _SECOND))
            latest = (previous.sequence, previous.stamp.encode("ascii"))
            before = Components({}, {of.uid.encode(): latest}) if previous.ended else read_publication(previous.data, {})
        data = revise(fresh, before, now=now, moved=self._moved)
        if previous is not None and _rises(before, read_publication(data, {})):
            # Components count by themselves, but what people hear of is one revision: it rises with any of them.
            data = raised(data, previous.sequence + 1)
        whole = read_object(of.uid, data)
        current = Announced(of.uid, topic.series.id, whole.sequence, whole.stamp, since, data)
        floor = local_of(self._now, of.zone).strftime("%Y%m%dT%H%M%S")
        return next_announced(previous, current, floor=floor, moved=of.uid.encode() in self._moved)

    def _ended(self, previous: Announced) -> Announced:
        """Return how a UID that is cancelled as a whole is to be announced."""
        if previous.ended:
            return previous
        at = max(self._now, Instant(instant_of_stamp(previous.stamp) + _SECOND))
        return replace(previous, sequence=previous.sequence + 1, stamp=stamp_of(at), ended=True)

    def _gone(self, uid: str) -> Topic | None:
        """Return what a UID was about that is not in the calendar any more; None where it was over."""
        if self._before is None:
            return None
        for series in self._before.series:
            for subject in all_subjects(series, self._now):
                if subject.of.uid == uid:
                    return None if subject.over else Topic(self._before, series, subject)
        return None

    def _addressees(self, topic: Topic) -> Iterator[Addressee]:
        if topic.calendar is not self._calendar:
            return
        for person in self._calendar.attendees(topic.series):
            if person.email is not None and person.invites != "none":
                yield Addressee(person.email, person.name, person.id, Style(person.invites))
        for address in dict.fromkeys(topic.series.lists):
            yield Addressee(address, "", None)

    def _news_for(self, topic: Topic, message: Message) -> News:
        """Return the changes of which a message tells, on its reader's clock; none if its purpose is enough."""
        if message.purpose in (Purpose.REMOVE, Purpose.CANCEL) or self._before is None:
            return no_lines
        zone = topic.zone_of(message.invitation)
        key = (topic.series.id, zone)
        if key not in self._news:
            if zone not in self._changes:
                self._changes[zone] = changes(
                    self._before, self._calendar, start=self._now, end=Instant(self._now + _AHEAD), zone=zone
                )
            found = self._changes[zone]
            for each in found.series:
                self._news[each.series.id, zone] = cache(partial(change_lines, changes=found, series=each, zone=zone))
            self._news.setdefault(key, no_lines)
        news = self._news[key]
        if not news(ENGLISH) and topic.subject.of.uid.encode() in self._moved:
            return law_lines
        known = any(each.id == topic.series.id for each in self._before.series)
        return news if message.purpose is Purpose.UPDATE or known else no_lines


def _rises(before: Components, after: Components) -> bool:
    """Whether a component that was there has a higher SEQUENCE."""
    return any(
        each.sequence > before.components[key].sequence for key, each in after.components.items() if key in before.components
    )


def told_calendar(publication: Publication | None, now: Instant) -> Calendar | None:
    """Return the calendar that people were told of last; None where there was none, or it cannot be read any more."""
    if publication is None:
        return None
    try:
        return loads(publication.source.decode(), now=now)
    except SvsmCalError:
        return None
