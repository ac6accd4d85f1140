"""Invites as mails: one form for all readers of a zone, with each recipient's own parts filled in; and invites as files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from svsm_cal.app.atomic_files import write_file
from svsm_cal.app.invited_events import Subject, organizer_of, reader_of, subjects_of
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
from svsm_cal.render.invite_mail import invite_form, invite_message, is_part
from svsm_cal.render.mail_form import message_id
from svsm_cal.store.contract import Mail
from svsm_cal.value import Value
from svsm_cal.words import language_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from svsm_cal.core.model import Calendar, Occurrence, Organizer, Participant, Series
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone
    from svsm_cal.itip.announce import Message
    from svsm_cal.itip.invitation import Announced, Invitation
    from svsm_cal.render.change_rows import News
    from svsm_cal.render.mail_form import MessageForm
    from svsm_cal.words.language import Language

__all__ = ["Mails", "Topic", "Written", "invite_messages", "write_invites"]


class Written(Value):
    """What was written: the files' names, and the attendees left out because they have no address."""

    files: tuple[str, ...]
    without_address: tuple[str, ...]


def invite_messages(calendar: Calendar, series: str, *, now: Instant, to: str | None = None) -> dict[str, bytes]:
    """Return file name -> message: one for each attendee with an address, or one for the list at `to`.

    A series whose zone, time or rule changes at some date has several UIDs, and each its own messages; so has
    each call added to it. Raises UsageError for an unknown series, one that is over, no organizer, or an address
    that is none.
    """
    wanted = series_of(calendar, series)[0]
    organizer = organizer_of(calendar)
    if to is not None and not is_address(to):
        shown = to.encode("unicode_escape").decode("ascii")
        raise UsageError(f'"{shown}" is no e-mail address (write it as list@example.org)')
    subjects = subjects_of(wanted, now)
    if not subjects:
        raise UsageError(f'series "{series}" has no calls from now on: nobody needs an invite')
    people = [None] if to is not None else [each for each in calendar.attendees(wanted) if each.email is not None]
    clocks = Clocks()
    messages = {}
    for number, subject in enumerate(subjects):
        suffix = f"-{number + 1}" if number else ""
        for person in people:
            reader = reader_of(calendar, wanted, person, to, subject, clocks, now)
            message = invite(calendar, subject.of, organizer, person, since=now)
            name = f"{series}-{'list' if person is None else person.id}{suffix}.eml"
            messages[name] = invite_message(calendar, subject.of, organizer, reader, message, now=now)
    if not messages:
        raise UsageError(f'series "{series}" has no attendee with an e-mail address: nobody can be invited')
    return messages


def write_invites(calendar: Calendar, series: str, out: str, *, now: Instant, to: str | None = None) -> Written:
    """Write the messages to the folder `out`, made if it is missing, and return what was written.

    Raises UsageError as `invite_messages` does, before anything is written, and OSError.
    """
    messages = invite_messages(calendar, series, now=now, to=to)
    if os.path.exists(out) and not os.path.isdir(out):
        raise UsageError(f"{out}: is a file (name a folder)")
    os.makedirs(out, exist_ok=True)
    for name, data in messages.items():
        write_file(os.path.join(out, name), data)
    people = () if to is not None else calendar.attendees(series_of(calendar, series)[0])
    return Written(tuple(messages), tuple(person.id for person in people if person.email is None))


# The messages around subjects; after the last two nothing is to come, which the mail says.
_SUBJECTS = {Purpose.UPDATE: "mail.updated", Purpose.REMOVE: "mail.removed", Purpose.CANCEL: "mail.cancelled"}
_LAST = (Purpose.REMOVE, Purpose.CANCEL)


class Topic(Value):
    """What messages about one UID are about: the calendar that has it, its series, and its segment or added call."""

    calendar: Calendar
    series: Series
    subject: Subject

    def title(self, language: Language) -> str:
        """Return what the call is called now, and which of several parts of its rule this is."""
        of = self.subject.of
        if not isinstance(of, Segment):
            return of.title
        title = of.details[-1][1].title or self.series.title
        return f"{title} ({language.rule(of.rule)})" if of.rule is not None and is_part(of) else title

    def person(self, invitation: Invitation) -> Participant | None:
        """Return the participant whom an invitation is for; None for a list, and for one who is not in the calendar."""
        return self.calendar.participant(invitation.participant) if invitation.participant is not None else None

    def zone_of(self, invitation: Invitation) -> Zone:
        """Return the zone on whose clock an invitation's reader lives, the series' own where that is not known."""
        person = self.person(invitation)
        return self.series.zone if person is None else person.zone


class Mails:
    """The mails of a plan, made one after the other."""

    def __init__(self, calendar: Calendar, organizer: Organizer, announced: Callable[[str], Announced], now: Instant) -> None:
        self._calendar, self._organizer, self._announced, self._now = calendar, organizer, announced, now
        self._clocks = Clocks()
        self._objects: dict[tuple[str, str], InviteObject] = {}
        self._forms: dict[tuple[object, ...], MessageForm] = {}

    def mail(self, topic: Topic, message: Message, news: News = no_lines, *, occasion: str = "") -> Mail:
        """Return the mail of a message; `occasion` tells it apart from one that said the same before."""
        told, part = message.invitation, message.only or occasion
        if message.only:
            call = _instance(topic, message.only)
            invite, about = self._alone(topic, message, call), Subject(call, (call,))
        else:
            invite, about = self._whole(message), topic.subject
        form = self._form(topic, message, news, about, part)
        number = message_id(
            self._calendar.domain, told.uid, str(invite.sequence), told.stamp, invite.method, part, told.email.lower()
        )
        return Mail(
            number,
            "invite",
            self._organizer.email,
            told.email,
            form.fill(name=told.name, email=told.email, message_id=number, calendar=invite.data),
            told.uid,
            invite.sequence,
            invite.method,
            message.purpose.value,
            supersedes=not message.only,
        )

    def _form(self, topic: Topic, message: Message, news: News, about: Subject, part: str) -> MessageForm:
        """Return the form of a message for all who read it alike: those of one zone, or a list."""
        told = message.invitation
        person = topic.person(told)
        zone = None if told.participant is None else topic.zone_of(told).key
        key = (told.uid, part, zone, message.purpose, message.method, told.stamp)
        if key not in self._forms:
            over, subject = message.purpose in _LAST, _SUBJECTS.get(message.purpose, "")
            language = language_of(topic.calendar.language)
            reader = reader_of(
                topic.calendar, topic.series, person, "" if person is None else None, about, self._clocks, self._now
            )
            self._forms[key] = invite_form(
                topic.calendar,
                about.of,
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

    def _whole(self, message: Message) -> Invite:
        """Return the full set of components for one address, or the cancelled master alone."""
        told = message.invitation
        announced = self._announced(told.uid)
        key = (told.uid, announced.stamp)
        if key not in self._objects:
            self._objects[key] = read_object(told.uid, announced.data)
        whole = self._objects[key]
        lift, cancelled = told.lift, ""
        if told.standing is Standing.CANCELLED:
            lift, cancelled = lift + announced.sequence - whole.sequence, told.stamp
        return whole.message(_method(message), _asked(told), lift=lift, cancelled=cancelled)

    def _alone(self, topic: Topic, message: Message, call: Occurrence) -> Invite:
        """Return one instance alone, for those whose clients take nothing else."""
        told = message.invitation
        revision = Revision(told.sequence, instant_of_stamp(told.stamp))
        data = instance_object(topic.calendar, call, self._organizer, revision)
        return read_object(told.uid, data).message(_method(message), _asked(told), lift=told.lift)


def _instance(topic: Topic, recurrence: str) -> Occurrence:
    """Return the instance of a RECURRENCE-ID, which only segments have."""
    of, start = topic.subject.of, local_of_stamp(recurrence)
    return occurrence_of(of, start, topic.series.exceptions.get(start)) if isinstance(of, Segment) else of


def _method(message: Message) -> Method:
    return "CANCEL" if message.method == "CANCEL" else "PUBLISH" if message.method == "PUBLISH" else "REQUEST"


def _asked(told: Invitation) -> Callable[[str], Attendee | None]:
    """Return who a component asks: the attendee with the answer that holds for it, nobody on a list."""
    if told.participant is None:
        return lambda _: None
    whole = told.answer()
    answers = {each.recurrence: each.partstat for each in told.answers}
    usual = Partstat.NEEDS_ACTION if whole is None else whole.partstat
    return lambda recurrence: Attendee(told.name, told.email, answers.get(recurrence, usual).value)
