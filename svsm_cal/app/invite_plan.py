"""The plan of invite mails that bring everybody's calendar up to date, and its execution in one transaction.

The plan depends on the store (what was announced to whom), the calendar and the present time only. It is made twice: once
to be shown, and again under the store's lock to be executed. If the two differ, nothing is done.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Protocol

from svsm_cal.app.invite_mails import InviteMails
from svsm_cal.app.invited_events import InvitedEvent, invited_event, invited_events, organizer_of
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

_AHEAD = timedelta(weeks=53)
_SECOND = timedelta(seconds=1)


class History(Protocol):
    """The part of a ledger that a plan depends on."""

    def publication(self) -> Publication | None:
        """Return the last calendar file that people were sent."""

    def announced(self) -> dict[str, Announced]:
        """Return the last announcement of each UID."""

    def invitations(self, uid: str | None = None) -> Iterator[Invitation]:
        """Yield the invitations of a UID."""


class Plan(Value):
    """The mails to send, in order, and the publication and announcements to record with them.

    `without_address` has the ids of attendees without an address. `events` and `objects` have the event and the
    announcement of each UID. `waiting` and `failed` count earlier mails that are pending, and that were refused or bounced.
    """

    publication: Publication
    announced: tuple[Announced, ...]
    mails: tuple[Due, ...]
    without_address: tuple[str, ...]
    events: dict[str, InvitedEvent]
    objects: dict[str, Announced]
    waiting: int = 0
    failed: int = 0

    @property
    def digest(self) -> str:
        """Return the plan's name: ten digits that depend on every mail's recipient and contents."""
        text = hashlib.sha256()
        for due in self.mails:
            message, invitation = due.message, due.message.invitation
            numbers = (str(invitation.sequence), str(invitation.lift))
            parts = (invitation.uid, invitation.email, message.purpose, *numbers, message.only, *due.news(ENGLISH), "\n")
            text.update("|".join(parts).encode())
        return text.hexdigest()[:10]

    @property
    def cancelled(self) -> int:
        """Return the number of mails that cancel an invitation."""
        return sum(due.message.method == "CANCEL" for due in self.mails)


def invitation_plan(calendar: Calendar, source: str, history: History, *, now: Instant) -> Plan:
    """Return the present plan; `source` is the calendar file's text. Raises UsageError without an organizer."""
    return _Planner(calendar, organizer_of(calendar), source, history, now).plan()


class _NoHistory:
    """The history of a calendar without a store."""

    def publication(self) -> None:
        """Return None."""

    def announced(self) -> dict[str, Announced]:
        """Return nothing."""
        return {}

    def invitations(self, uid: str | None = None) -> Iterator[Invitation]:
        """Yield nothing."""
        del uid
        yield from ()


def current_plan(calendar: Calendar, source: str, store: Store | None, *, now: Instant) -> Plan:
    """Return the present plan by a calendar's store, None for a calendar without one."""
    if store is None:
        return invitation_plan(calendar, source, _NoHistory(), now=now)
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
    """Put a plan's mails into the outbox, record the plan, and return the number of mails; nothing is sent yet.

    If another process has done the same meanwhile, nothing is left to do. Raises UsageError if the plan has changed.
    """
    with store.ledger() as ledger:
        again = invitation_plan(calendar, source, ledger, now=now)
        if again.mails and again.digest != plan.digest:
            raise UsageError("the plan has changed since it was shown: look at it again with `svsm-cal invite plan`")
        ledger.publish(again.publication, again.announced)
        ledger.save(due.message.invitation for due in again.mails)
        mails = mails_of(again, calendar, organizer_of(calendar), now=now)
        signed = mails if sign is None else (replace(mail, data=sign(mail.data)) for mail in mails)
        return len(ledger.enqueue(signed, now=now))


def mails_of(plan: Plan, calendar: Calendar, organizer: Organizer, *, now: Instant) -> Iterator[Mail]:
    """Yield a plan's mails, ready to send."""
    mails = InviteMails(calendar, organizer, plan.objects.__getitem__, now)
    for due in plan.mails:
        yield mails.mail(plan.events[due.message.invitation.uid], due.message, due.news)


class _Planner:
    """The maker of one plan; it computes the changes once for each zone."""

    def __init__(self, calendar: Calendar, organizer: Organizer, source: str, history: History, now: Instant) -> None:
        self._calendar, self._organizer, self._source, self._history, self._now = calendar, organizer, source, history, now
        self._announced = history.announced()
        last = history.publication()
        self._before = published_calendar(last, now)
        self._tz_version = tz_database().version
        self._moved: frozenset[bytes] = frozenset()
        if last is not None and last.tz_version != self._tz_version:
            self._moved = moved_since(calendar, [announced.data for announced in self._announced.values()], now)
        self._changes: dict[Zone, Changes] = {}
        self._news: dict[tuple[str, Zone], News] = {}

    def plan(self) -> Plan:
        publication = Publication(self._source.encode(), self._tz_version, self._now)
        recorded, mails, unreachable = [], [], []
        events, objects = {}, {}
        for event, current in self._announcements():
            previous = self._announced.get(current.uid)
            events[current.uid], objects[current.uid] = event, current
            if current is not previous:
                recorded.append(current)
            invitations = {invitation.email.lower(): invitation for invitation in self._history.invitations(current.uid)}
            messages = announce(previous, current, invitations, self._addressees(event))
            mails += [Due(message, event.series.id, event.title, self._news_for(event, message)) for message in messages]
        for series in self._calendar.series:
            unreachable += [person.id for person in self._calendar.attendees(series) if person.email is None]
        return Plan(publication, tuple(recorded), tuple(mails), tuple(dict.fromkeys(unreachable)), events, objects)

    def _announcements(self) -> Iterator[tuple[InvitedEvent, Announced]]:
        """Yield each event with its present announcement: first those in the calendar, then those removed from it."""
        present = set()
        for series in self._calendar.series:
            for event in invited_events(self._calendar, series, self._now):
                present.add(event.uid)
                previous = self._announced.get(event.uid)
                only = only_occurrence(event.source) if isinstance(event.source, Segment) else None
                if only is not None and not only.held:
                    if previous is not None and not event.over:
                        yield event, self._ended(previous)
                elif not event.over and (previous is not None or any(call.held for call in event.upcoming)):
                    yield event, self._current(event, previous)
        for uid, previous in self._announced.items():
            removed = None if uid in present or self._before is None else invited_event(self._before, uid, self._now)
            if removed is not None and not removed.over:
                yield removed, self._ended(previous)

    def _current(self, event: InvitedEvent, previous: Announced | None) -> Announced:
        """Return the present announcement of an event: the previous one unless an upcoming call has changed."""
        source, now = event.source, self._now
        since = previous.since if previous is not None else stamp_of(now)
        fresh = whole_object(self._calendar, source, self._organizer, since=instant_of_stamp(since))
        before = Components({}, {})
        if previous is not None:
            # The stamp identifies an announcement of a UID, so it must be later than the previous one.
            now = max(now, Instant(instant_of_stamp(previous.stamp) + _SECOND))
            latest = (previous.sequence, previous.stamp.encode("ascii"))
            before = Components({}, {source.uid.encode(): latest}) if previous.ended else read_publication(previous.data, {})
        data = revise(fresh, before, now=now, moved=self._moved)
        if previous is not None and _rises(before, read_publication(data, {})):
            # Each component has its own SEQUENCE, but clients see one revision: it rises with any of them.
            data = raised(data, previous.sequence + 1)
        components = read_object(source.uid, data)
        current = Announced(source.uid, event.series.id, components.sequence, components.stamp, since, data)
        floor = local_of(self._now, source.zone).strftime("%Y%m%dT%H%M%S")
        return next_announced(previous, current, floor=floor, moved=source.uid.encode() in self._moved)

    def _ended(self, previous: Announced) -> Announced:
        """Return the announcement of an event that is cancelled as a whole."""
        if previous.ended:
            return previous
        at = max(self._now, Instant(instant_of_stamp(previous.stamp) + _SECOND))
        return replace(previous, sequence=previous.sequence + 1, stamp=stamp_of(at), ended=True)

    def _addressees(self, event: InvitedEvent) -> Iterator[Addressee]:
        if event.calendar is not self._calendar:
            return
        for person in self._calendar.attendees(event.series):
            if person.email is not None and person.invites != "none":
                yield Addressee(person.email, person.name, person.id, Style(person.invites))
        for address in dict.fromkeys(event.series.lists):
            yield Addressee(address, "", None)

    def _news_for(self, event: InvitedEvent, message: Message) -> News:
        """Return the changes to report in a message, on its reader's clock; none if its purpose is enough."""
        if message.purpose in (Purpose.REMOVE, Purpose.CANCEL) or self._before is None:
            return no_lines
        zone = event.zone_of(message.invitation)
        key = (event.series.id, zone)
        if key not in self._news:
            if zone not in self._changes:
                end = Instant(self._now + _AHEAD)
                self._changes[zone] = changes(self._before, self._calendar, start=self._now, end=end, zone=zone)
            for change in self._changes[zone].series:
                lines = partial(change_lines, changes=self._changes[zone], series=change, zone=zone)
                self._news[change.series.id, zone] = cache(lines)
            self._news.setdefault(key, no_lines)
        news = self._news[key]
        if not news(ENGLISH) and event.uid.encode() in self._moved:
            return law_lines
        known = any(series.id == event.series.id for series in self._before.series)
        return news if message.purpose is Purpose.UPDATE or known else no_lines


def _rises(before: Components, after: Components) -> bool:
    """Whether any existing component has a higher SEQUENCE than before."""
    old, new = before.components, after.components
    return any(component.sequence > old[key].sequence for key, component in new.items() if key in old)


def published_calendar(publication: Publication | None, now: Instant) -> Calendar | None:
    """Return the calendar of the last publication; None if there is none or it is no longer valid."""
    if publication is None:
        return None
    try:
        return loads(publication.source.decode(), now=now)
    except SvsmCalError:
        return None
