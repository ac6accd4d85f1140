"""Invites as mails, from one form for all readers of a zone, and as .eml files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from svsm_cal.app.atomic_files import write_file
from svsm_cal.app.invited_events import InvitedEvent, invited_events, organizer_of, reader_of
from svsm_cal.app.lookups import series_of
from svsm_cal.core.external_text import is_address
from svsm_cal.core.localized import Clocks
from svsm_cal.core.occurrences import occurrence_of
from svsm_cal.core.segments import Segment
from svsm_cal.errors import UsageError
from svsm_cal.ical.event import Revision
from svsm_cal.ical.invite_calendar import Attendee, Invite, InviteObject, Method, instance_object, invite, read_object
from svsm_cal.ical.value_types import instant_of_stamp, local_of_stamp
from svsm_cal.itip.announce import Purpose
from svsm_cal.itip.invitation import Partstat, Standing
from svsm_cal.render.change_rows import no_lines
from svsm_cal.render.invite_mail import invite_form, invite_message
from svsm_cal.render.mail_form import message_id
from svsm_cal.store.contract import Mail
from svsm_cal.value import Value, replace
from svsm_cal.words import language_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from svsm_cal.core.model import Calendar, Occurrence, Organizer
    from svsm_cal.engine.civil import Instant
    from svsm_cal.itip.announce import Message
    from svsm_cal.itip.invitation import Announced, Invitation
    from svsm_cal.render.change_rows import News
    from svsm_cal.render.mail_form import MessageForm


class Written(Value):
    """The names of the written files, and the ids of attendees without an address."""

    files: tuple[str, ...]
    without_address: tuple[str, ...]


def invite_messages(calendar: Calendar, series: str, *, now: Instant, to: str | None = None) -> dict[str, bytes]:
    """Return file name -> message: one for each attendee with an address, or one for the mailing list `to`.

    Each UID has its own messages: a series has one for each change of its zone, time or rule, and one for each added
    call. Raises UsageError for an unknown series, a series without future calls, a missing organizer, or an invalid
    address.
    """
    wanted = series_of(calendar, series)[0]
    organizer = organizer_of(calendar)
    if to is not None and not is_address(to):
        shown = to.encode("unicode_escape").decode("ascii")
        raise UsageError(f'"{shown}" is not a valid e-mail address (write it as list@example.org)')
    events = [event for event in invited_events(calendar, wanted, now) if any(call.held for call in event.upcoming)]
    if not events:
        raise UsageError(f'series "{series}" has no calls from now on: nobody needs an invite')
    people = [None] if to is not None else [person for person in calendar.attendees(wanted) if person.email is not None]
    clocks = Clocks()
    messages = {}
    for number, event in enumerate(events):
        suffix = f"-{number + 1}" if number else ""
        for person in people:
            reader = reader_of(event, person, to, clocks, now)
            message = invite(calendar, event.source, organizer, person, since=now)
            name = f"{series}-{'list' if person is None else person.id}{suffix}.eml"
            messages[name] = invite_message(calendar, event.source, organizer, reader, message, now=now)
    if not messages:
        raise UsageError(f'series "{series}" has no attendee with an e-mail address: nobody can be invited')
    return messages


def write_invites(calendar: Calendar, series: str, out: str, *, now: Instant, to: str | None = None) -> Written:
    """Write the messages to the folder `out`, which is created if necessary.

    Raises what `invite_messages` does, before anything is written, and OSError.
    """
    messages = invite_messages(calendar, series, now=now, to=to)
    if os.path.exists(out) and not os.path.isdir(out):
        raise UsageError(f"{out}: is a file (give a folder)")
    os.makedirs(out, exist_ok=True)
    for name, data in messages.items():
        write_file(os.path.join(out, name), data)
    people = () if to is not None else calendar.attendees(series_of(calendar, series)[0])
    return Written(tuple(messages), tuple(person.id for person in people if person.email is None))


# The messages around subjects; after the last two nothing is to come, which the mail says.
_SUBJECTS = {Purpose.UPDATE: "mail.updated", Purpose.REMOVE: "mail.removed", Purpose.CANCEL: "mail.cancelled"}
_LAST = (Purpose.REMOVE, Purpose.CANCEL)


class InviteMails:
    """The maker of invite mails; `announced` returns the last announcement of a UID."""

    def __init__(self, calendar: Calendar, organizer: Organizer, announced: Callable[[str], Announced], now: Instant) -> None:
        self._calendar, self._organizer, self._announced, self._now = calendar, organizer, announced, now
        self._clocks = Clocks()
        self._objects: dict[tuple[str, str], InviteObject] = {}
        self._forms: dict[tuple[object, ...], MessageForm] = {}

    def mail(self, event: InvitedEvent, message: Message, news: News = no_lines, *, occasion: str = "") -> Mail:
        """Return the mail of a message; `occasion` gives a repeated message its own Message-ID."""
        invitation, part = message.invitation, message.only or occasion
        if message.only:
            call = _instance(event, message.only)
            invite, event = self._single(event, message, call), replace(event, source=call, upcoming=(call,))
        else:
            invite = self._full(message)
        number = message_id(
            self._calendar.domain,
            invitation.uid,
            str(invite.sequence),
            invitation.stamp,
            invite.method,
            part,
            invitation.email.lower(),
        )
        form = self._form(event, message, news, part)
        return Mail(
            number,
            "invite",
            self._organizer.email,
            invitation.email,
            form.fill(name=invitation.name, email=invitation.email, message_id=number, calendar=invite.data),
            invitation.uid,
            invite.sequence,
            invite.method,
            message.purpose.value,
            supersedes=not message.only,
        )

    def _form(self, event: InvitedEvent, message: Message, news: News, part: str) -> MessageForm:
        """Return the form of a message, shared by all readers of one zone, or by all lists."""
        invitation = message.invitation
        zone = None if invitation.participant is None else event.zone_of(invitation).key
        key = (invitation.uid, part, zone, message.purpose, message.method, invitation.stamp)
        if key not in self._forms:
            person = event.person(invitation)
            reader = reader_of(event, person, "" if person is None else None, self._clocks, self._now)
            over, subject = message.purpose in _LAST, _SUBJECTS.get(message.purpose, "")
            language = language_of(event.calendar.language)
            self._forms[key] = invite_form(
                event.calendar,
                event.source,
                self._organizer,
                reader,
                method=message.method,
                revision="|".join(map(str, key)),
                now=self._now,
                subject=subject,
                news=(language.say(f"{subject}.text"),) if over else news(language),
                over=over,
            )
        return self._forms[key]

    def _full(self, message: Message) -> Invite:
        """Return the full set of components for one address, or only the cancelled master."""
        invitation = message.invitation
        announced = self._announced(invitation.uid)
        key = (invitation.uid, announced.stamp)
        if key not in self._objects:
            self._objects[key] = read_object(invitation.uid, announced.data)
        components = self._objects[key]
        lift, cancelled = invitation.lift, ""
        if invitation.standing is Standing.CANCELLED:
            lift, cancelled = lift + announced.sequence - components.sequence, invitation.stamp
        return components.message(_method(message), _attendee(invitation), lift=lift, cancelled=cancelled)

    def _single(self, event: InvitedEvent, message: Message, call: Occurrence) -> Invite:
        """Return one instance alone, for participants with `invites = "instance"`."""
        invitation = message.invitation
        revision = Revision(invitation.sequence, instant_of_stamp(invitation.stamp))
        data = instance_object(event.calendar, call, self._organizer, revision)
        return read_object(invitation.uid, data).message(_method(message), _attendee(invitation), lift=invitation.lift)


def _instance(event: InvitedEvent, recurrence: str) -> Occurrence:
    """Return the instance of a RECURRENCE-ID; an added call has none and is returned itself."""
    source, start = event.source, local_of_stamp(recurrence)
    return occurrence_of(source, start, event.series.exceptions.get(start)) if isinstance(source, Segment) else source


def _method(message: Message) -> Method:
    return "CANCEL" if message.method == "CANCEL" else "PUBLISH" if message.method == "PUBLISH" else "REQUEST"


def _attendee(invitation: Invitation) -> Callable[[str], Attendee | None]:
    """Return a function from RECURRENCE-ID to the component's attendee with their PARTSTAT; None for a mailing list."""
    if invitation.participant is None:
        return lambda _: None
    answer = invitation.answer()
    partstats = {reply.recurrence: reply.partstat for reply in invitation.answers}
    default = Partstat.NEEDS_ACTION if answer is None else answer.partstat
    return lambda recurrence: Attendee(invitation.name, invitation.email, partstats.get(recurrence, default).value)
