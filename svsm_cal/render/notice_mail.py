"""Notices and reminders as mails: one for all who read the same, or one for each address."""

from __future__ import annotations

import hashlib
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING

from svsm_cal.engine.zones import local_of
from svsm_cal.render.invite_mail import bodies, message_id
from svsm_cal.render.mail_form import MessageForm, message_form
from svsm_cal.words.notes import note_of
from svsm_cal.words.phrases import amount, clock, day_and_year, duration_in_words, remaining_in_words, utc_offset

if TYPE_CHECKING:
    from svsm_cal.core.deadlines import DeadlineOutlook
    from svsm_cal.core.localized import CallOnClock
    from svsm_cal.core.model import Calendar, Organizer
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone
    from svsm_cal.render.mail_form import MessageForm

__all__ = ["NoticeMails", "call_reminder", "deadline_reminder"]


def call_reminder(calendar: Calendar, organizer: Organizer, call: CallOnClock, *, now: Instant) -> MessageForm:
    """Return the reminder of a call on its readers' clock."""
    occurrence, local = call.occurrence, call.localized
    when = f"{day_and_year(local.local)}, {clock(local.local)} {local.zone.key}"
    lead = [
        occurrence.title,
        f"{when} (UTC{utc_offset(local.utc_offset)}), {duration_in_words(occurrence.duration)}",
        f"It begins {remaining_in_words(occurrence.start_utc - now)}.",
    ]
    lead += [note for note in (note_of(call),) if note]
    details = occurrence.details
    facts = [("Join", details.url), ("Where", details.location), ("Chair", calendar.person(details.chair))]
    shown = [(label, value) for label, value in facts if value]
    return _form(calendar, organizer, f"{occurrence.title}: {when}", occurrence.uid, lead, shown, now)


def deadline_reminder(
    calendar: Calendar, organizer: Organizer, outlook: DeadlineOutlook, zone: Zone, *, now: Instant
) -> MessageForm:
    """Return the reminder of a deadline for the readers of a zone."""
    deadline = outlook.deadline
    due = local_of(deadline.due_utc, zone)
    left = amount(len(outlook.calls), "call") if outlook.calls else "no call"
    lead = [
        deadline.title,
        f"{day_and_year(deadline.date)}: over at {clock(due)} on {day_and_year(due)} in {zone.key}",
        f"It is due {remaining_in_words(deadline.due_utc - now)}, with {left} left before it.",
    ]
    facts = [("More", deadline.url)] if deadline.url else []
    return _form(calendar, organizer, f"{deadline.title}: {day_and_year(deadline.date)}", deadline.id, lead, facts, now)


def _form(
    calendar: Calendar,
    organizer: Organizer,
    subject: str,
    thread: str,
    lead: list[str],
    facts: list[tuple[str, str]],
    now: Instant,
) -> MessageForm:
    plain, html = bodies(lead, facts)
    return message_form(
        sender=(organizer.name, organizer.email),
        subject=subject,
        date=now,
        thread=message_id(calendar.domain, thread),
        plain=plain,
        html=html,
        seal=hashlib.sha256("|".join((subject, *lead)).encode()).hexdigest()[:24],
    )


class NoticeMails:
    """The mails of one run: `now` is their date."""

    def __init__(self, calendar: Calendar, sender: Organizer, now: Instant) -> None:
        self._calendar = calendar
        self._sender = sender
        self._now = now
        self._forms: dict[tuple[str, str, str], MessageForm] = {}

    def mail(self, identity: str, title: str, text: str, *, name: str, email: str) -> tuple[str, bytes]:
        """Return a notice's Message-ID, and its mail to one address as bytes with CRLF line ends."""
        key = (identity, title, text)
        if key not in self._forms:
            self._forms[key] = self._form(identity, title, text)
        number = self._number("notice", identity, email.lower())
        return number, self._forms[key].fill(name=name, email=email, message_id=number)

    def _form(self, identity: str, title: str, text: str) -> MessageForm:
        calendar = self._calendar
        url = calendar.url or ""
        link = f'<a href="{escape(url)}">{escape(calendar.name)}</a>' if url else escape(calendar.name)
        return message_form(
            sender=(self._sender.name, self._sender.email),
            subject=title,
            date=self._now,
            thread=self._number("notices", identity),
            plain="\n".join([text, "", "-- ", calendar.name, *([url] if url else []), ""]),
            html=f"<!doctype html>\n<p>{escape(text)}</p>\n<p>{link}</p>\n",
            seal=sha256(f"{title}\n{text}".encode()).hexdigest()[:16],
        )

    def _number(self, *parts: str) -> str:
        return f"<{sha256(chr(10).join(parts).encode()).hexdigest()[:32]}@{self._calendar.domain}>"
