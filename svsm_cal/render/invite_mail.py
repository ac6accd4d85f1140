"""Invites and reminders as mails, with readers' own times as text and HTML, and an invite's calendar for their programs.

A message depends only on its arguments, with its boundaries and Message-ID.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from svsm_cal.core.segments import Segment
from svsm_cal.engine.zones import local_of
from svsm_cal.render.mail_form import Body, MessageForm, Section, message_form, message_id
from svsm_cal.value import Value
from svsm_cal.words import language_of
from svsm_cal.words.descriptions import chairs_in_words, note_of, window_change, window_dates, window_start
from svsm_cal.words.language import clock, utc_offset

if TYPE_CHECKING:
    from svsm_cal.core.deadlines import DeadlineOutlook
    from svsm_cal.core.localized import CallOnClock
    from svsm_cal.core.model import Calendar, Details, Occurrence, Organizer
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone
    from svsm_cal.ical.invite_calendar import Invite
    from svsm_cal.words.language import Language


class Reader(Value):
    """The reader of a message: an address, a name ("" for a list), and the next calls and windows on their clocks.

    `calls` has a list of calls for each zone shown: one for a person, all attendees' zones for a list.
    """

    email: str
    name: str
    calls: tuple[tuple[CallOnClock, ...], ...]
    windows: tuple[ShiftWindow, ...]


def invite_message(
    calendar: Calendar, of: Segment | Occurrence, organizer: Organizer, reader: Reader, invite: Invite, *, now: Instant
) -> bytes:
    """Return the invite to a segment or to a call outside the rule: the bytes to send, with CRLF line ends."""
    form = invite_form(calendar, of, organizer, reader, method=invite.method, revision=str(invite.sequence), now=now)
    number = message_id(calendar.domain, invite.uid, str(invite.sequence), reader.email)
    return form.fill(name=reader.name, email=reader.email, message_id=number, calendar=invite.data)


def invite_form(
    calendar: Calendar,
    of: Segment | Occurrence,
    organizer: Organizer,
    reader: Reader,
    *,
    method: str,
    revision: str,
    now: Instant,
    subject: str = "",
    news: tuple[str, ...] = (),
    over: bool = False,
) -> MessageForm:
    """Return an invite for all readers who see it alike: those in one zone, or a list.

    `revision` distinguishes the messages about one UID. `subject` is the key of the message around the subject
    ("mail.updated"), `news` come first in the text. With `over` no calls and links are shown, as there are none to come.
    """
    language = language_of(calendar.language)
    about = _about(language, of)
    body = _body(language, calendar, about, reader)
    if over:
        body = Body([*body.lead[:2], *news])
    elif news:
        body = Body(body.lead, [Section(language.say("mail.news"), tuple((line,) for line in news)), *body.sections], body.facts)
    said = _subject(language, about, () if over else news)
    return message_form(
        sender=organizer,
        subject=language.say(subject, subject=said) if subject else said,
        date=now,
        thread=message_id(calendar.domain, of.uid),
        plain=body.plain(),
        html=body.html(language),
        method=method,
        seal=hashlib.sha256(f"{of.uid}|{revision}".encode()).hexdigest()[:24],
    )


def is_part(segment: Segment) -> bool:
    """Whether a segment has only a part of its series' rule: a rule that some clients cannot read comes in several invites."""
    return segment.rule is not None and segment.whole_rule is not None and len(segment.whole_rule.parts()) > 1


class _About(Value):
    """The subject of a message: its title, its anchor time in words, its length, its details, and which part of a rule."""

    title: str
    when: str
    length: str
    details: Details
    part: str = ""
    which: str = ""


def _about(language: Language, of: Segment | Occurrence) -> _About:
    part = which = ""
    at = f"{clock(of.start)} {of.zone.key}"
    if isinstance(of, Segment):
        title, duration, details = of.details[-1][1].title or of.series.title, of.durations[-1][1], of.details[-1][1]
        days = language.rule(of.whole_rule) if of.whole_rule is not None else language.date(of.start)
        if of.rule is not None and is_part(of):
            part = language.say("mail.part", rule=language.rule(of.rule))
            which = f"{language.rule(of.rule)}, {at}"
    else:
        title, duration, details, days = of.title, of.duration, of.details, language.date(of.start)
    return _About(title, f"{days}, {at}", language.length(duration), details, part, which)


def _subject(language: Language, about: _About, news: tuple[str, ...]) -> str:
    """Return the subject: the call, and its first change or when it is."""
    if not news:
        return f"{about.title}: {about.which or about.when}"
    # An arrow would have to be encoded, and the standard library doubles the blank after an encoded word.
    first = news[0].replace("→", language.say("mail.arrow"))
    said = language.say("and_more", items=first, number=len(news) - 1) if len(news) > 1 else first
    return f"{about.title}: {said}"


def _body(language: Language, calendar: Calendar, about: _About, reader: Reader) -> Body:
    details = reader.calls[0][0].occurrence.details if reader.calls and reader.calls[0] else about.details
    lead = [about.title, f"{about.when}, {about.length}"]
    lead += [text for text in (about.part, details.description) if text]
    sections = _for_one(language, reader) if reader.name else _for_all(language, reader)
    return Body(lead, sections, _facts(language, details, chairs_in_words(language, calendar, details)))


def _facts(language: Language, details: Details, chair: str | None) -> list[tuple[str, str]]:
    found = {"join": details.url, "where": details.location, "chair": chair}
    return [(language.say(f"label.{key}"), text) for key, text in found.items() if text]


def _for_one(language: Language, reader: Reader) -> list[Section]:
    calls = reader.calls[0] if reader.calls else ()
    sections = []
    if calls:
        heading = language.say("mail.your_clock", zone=calls[0].localized.zone.key)
        sections.append(Section(heading, tuple(_call_row(language, call) for call in calls)))
    if reader.windows:
        sections.append(Section(language.say("mail.windows"), tuple(_window_row(language, each) for each in reader.windows)))
    return sections


def _for_all(language: Language, reader: Reader) -> list[Section]:
    sections = []
    held = ([call for call in calls if call.occurrence.held] for calls in reader.calls)
    firsts = [calls[0] for calls in held if calls]
    if firsts:
        rows = tuple(
            (call.localized.zone.key, *_call_row(language, call))
            for call in sorted(firsts, key=lambda call: (call.localized.utc_offset, call.localized.zone.key))
        )
        sections.append(Section(language.say("mail.zone_by_zone"), rows))
    if reader.windows:
        rows = tuple((window.zone.key, *_window_row(language, window)) for window in reader.windows)
        sections.append(Section(language.say("mail.windows"), rows))
    return sections


def _call_row(language: Language, call: CallOnClock) -> tuple[str, ...]:
    local = call.localized
    return language.date(local.local), f"{clock(local.local)} (UTC{utc_offset(local.utc_offset)})", note_of(language, call)


def _window_row(language: Language, window: ShiftWindow) -> tuple[str, ...]:
    return window_dates(language, window), window_start(language, window), window_change(language, window)


# --- Reminders


def call_reminder(calendar: Calendar, organizer: Organizer, call: CallOnClock, *, now: Instant) -> MessageForm:
    """Return the reminder of a call on its readers' clock."""
    language, occurrence, local = language_of(calendar.language), call.occurrence, call.localized
    when = language.moment(local.local, local.zone.key)
    lead = [
        occurrence.title,
        f"{when} (UTC{utc_offset(local.utc_offset)}), {language.length(occurrence.duration)}",
        language.say("reminder.begins", remaining=language.remaining(occurrence.start_utc - now)),
    ]
    lead += [note for note in (note_of(language, call),) if note]
    facts = _facts(language, occurrence.details, calendar.person(occurrence.details.chair))
    return _reminder(calendar, organizer, f"{occurrence.title}: {when}", occurrence.uid, Body(lead, facts=facts), now)


def deadline_reminder(
    calendar: Calendar, organizer: Organizer, outlook: DeadlineOutlook, zone: Zone, *, now: Instant
) -> MessageForm:
    """Return the reminder of a deadline for the readers in a zone."""
    language, deadline = language_of(calendar.language), outlook.deadline
    due, day = local_of(deadline.due_utc, zone), language.date(deadline.date)
    remaining = language.remaining(deadline.due_utc - now)
    lead = [
        deadline.title,
        language.say("reminder.over", date=day, time=clock(due), day=language.date(due), zone=zone.key),
        language.say("reminder.due", remaining=remaining, number=len(outlook.calls)),
    ]
    facts = [(language.say("label.more"), deadline.url)] if deadline.url else []
    return _reminder(calendar, organizer, f"{deadline.title}: {day}", deadline.id, Body(lead, facts=facts), now)


def _reminder(calendar: Calendar, organizer: Organizer, subject: str, thread: str, body: Body, now: Instant) -> MessageForm:
    return message_form(
        sender=organizer,
        subject=subject,
        date=now,
        thread=message_id(calendar.domain, thread),
        plain=body.plain(),
        html=body.html(language_of(calendar.language)),
        seal=hashlib.sha256("|".join((subject, *body.lead)).encode()).hexdigest()[:24],
    )
