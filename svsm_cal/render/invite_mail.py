"""An invite as an RFC 5322 message: text and HTML with the reader's own times, and the invite for their client.

The message is made of its arguments alone, boundaries and Message-ID included.
"""

from __future__ import annotations

import hashlib
from html import escape
from typing import TYPE_CHECKING

from svsm_cal.core.segments import Segment
from svsm_cal.render.mail_form import MessageForm, message_form
from svsm_cal.value import Value
from svsm_cal.words.notes import note_of
from svsm_cal.words.phrases import (
    chairs_in_words,
    clock,
    day_and_year,
    duration_in_words,
    rule_in_words,
    utc_offset,
    window_change,
    window_in_words,
    window_start,
)

if TYPE_CHECKING:
    from svsm_cal.core.localized import CallOnClock
    from svsm_cal.core.model import Calendar, Details, Occurrence, Organizer
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.engine.civil import Instant
    from svsm_cal.ical.invite_calendar import Invite

__all__ = ["Reader", "bodies", "invite_form", "invite_message", "is_part", "message_id"]


class Reader(Value):
    """Who a message is for: an address, a name ("" for a list), and the next calls and windows on their clocks.

    `calls` has a list of calls for each zone shown: one for a person, all the attendees' for a list.
    """

    email: str
    name: str
    calls: tuple[tuple[CallOnClock, ...], ...]
    windows: tuple[ShiftWindow, ...]


class _Section(Value):
    """A heading and a table under it."""

    heading: str
    rows: tuple[tuple[str, ...], ...]


def invite_message(
    calendar: Calendar, of: Segment | Occurrence, organizer: Organizer, reader: Reader, invite: Invite, *, now: Instant
) -> bytes:
    """Return the message as bytes with CRLF line ends, ready to be sent as it is.

    `of` is what the invite is to: a segment, or a call outside the rule.
    """
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
    prefix: str = "",
    news: tuple[str, ...] = (),
    over: bool = False,
) -> MessageForm:
    """Return the message of an invite for all readers who see it alike: those of one zone, or a list.

    `revision` tells apart the messages about one UID; `prefix` begins the subject ("Updated: "), `news` is what it says
    first. With `over` there is nothing to come, so that no calls and links are shown.
    """
    about = _about(of)
    lead, sections, facts = _content(calendar, about, reader)
    if over:
        lead, sections, facts = [*lead[:2], *news], [], []
    elif news:
        sections = [_Section("What changes", tuple((line,) for line in news)), *sections]
    return message_form(
        sender=(organizer.name, organizer.email),
        subject=f"{prefix}{_subject(about, () if over else news)}",
        date=now,
        thread=message_id(calendar.domain, of.uid),
        plain=_plain(lead, sections, facts),
        html=_html(lead, sections, facts),
        method=method,
        seal=hashlib.sha256(f"{of.uid}|{revision}".encode()).hexdigest()[:24],
    )


def bodies(lead: list[str], facts: list[tuple[str, str]]) -> tuple[str, str]:
    """Return a mail's plain text and HTML: opening lines, the first of which is its heading, and facts (label, value)."""
    return _plain(lead, [], facts), _html(lead, [], facts)


def is_part(segment: Segment) -> bool:
    """Whether a segment has a part of its series' rule: those that not every client can hold come in several invites."""
    return segment.rule is not None and segment.whole_rule is not None and len(segment.whole_rule.parts()) > 1


def message_id(domain: str, *parts: str) -> str:
    """Return the Message-ID of what its parts identify: the same for the same parts, telling nothing of them."""
    return f"<{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:32]}@{domain}>"


class _About(Value):
    """What a message is about: its title, its anchor time in words, its details."""

    title: str
    when: str
    length: str
    details: Details
    part: str = ""
    which: str = ""


def _about(of: Segment | Occurrence) -> _About:
    if isinstance(of, Segment):
        title, duration, details = of.details[-1][1].title or of.series.title, of.durations[-1][1], of.details[-1][1]
        days = rule_in_words(of.whole_rule) if of.whole_rule is not None else day_and_year(of.start)
    else:
        title, duration, details, days = of.title, of.duration, of.details, day_and_year(of.start)
    part = which = ""
    if isinstance(of, Segment) and of.rule is not None and is_part(of):
        part = f"This invite is for the calls {rule_in_words(of.rule)}."
        which = f"{rule_in_words(of.rule)}, {clock(of.start)} {of.zone.key}"
    return _About(title, f"{days}, {clock(of.start)} {of.zone.key}", duration_in_words(duration), details, part, which)


def _subject(about: _About, news: tuple[str, ...]) -> str:
    """Return what a mail is about: the call, and what changes, or when it is."""
    if not news:
        return f"{about.title}: {about.which or about.when}"
    more = f" and {len(news) - 1} more" if len(news) > 1 else ""
    # An arrow would have to be encoded, and the standard library doubles the blank after what it encodes.
    return f"{about.title}: {news[0].replace(' → ', ' to ')}{more}"


def _content(calendar: Calendar, about: _About, reader: Reader) -> tuple[list[str], list[_Section], list[tuple[str, str]]]:
    """Return the opening lines, the tables, and the facts (label, value)."""
    details = reader.calls[0][0].occurrence.details if reader.calls and reader.calls[0] else about.details
    lead = [about.title, f"{about.when}, {about.length}"]
    lead += [text for text in (about.part, details.description) if text]
    sections = _for_one(reader) if reader.name else _for_all(reader)
    facts = [("Join", details.url), ("Where", details.location), ("Chair", chairs_in_words(calendar, details))]
    return lead, sections, [(label, value) for label, value in facts if value]


def _for_one(reader: Reader) -> list[_Section]:
    calls = reader.calls[0] if reader.calls else ()
    zone = calls[0].localized.zone.key if calls else ""
    sections = []
    if calls:
        rows = tuple(_call_row(call) for call in calls)
        sections.append(_Section(f"The next calls on your clock ({zone})", rows))
    if reader.windows:
        sections.append(_Section("When clocks change", tuple(_window_row(each) for each in reader.windows)))
    return sections


def _for_all(reader: Reader) -> list[_Section]:
    sections = []
    held = ([call for call in calls if call.occurrence.held] for calls in reader.calls)
    firsts = [calls[0] for calls in held if calls]
    if firsts:
        rows = tuple(
            (call.localized.zone.key, *_call_row(call))
            for call in sorted(firsts, key=lambda call: (call.localized.utc_offset, call.localized.zone.key))
        )
        sections.append(_Section("The next call, zone by zone", rows))
    if reader.windows:
        rows = tuple((window.zone.key, *_window_row(window)) for window in reader.windows)
        sections.append(_Section("When clocks change", rows))
    return sections


def _call_row(call: CallOnClock) -> tuple[str, ...]:
    local = call.localized
    return day_and_year(local.local), f"{clock(local.local)} (UTC{utc_offset(local.utc_offset)})", note_of(call)


def _window_row(window: ShiftWindow) -> tuple[str, ...]:
    return window_in_words(window), window_start(window), window_change(window)


def _plain(lead: list[str], sections: list[_Section], facts: list[tuple[str, str]]) -> str:
    lines = [*lead]
    for section in sections:
        widths = [max(len(row[n]) for row in section.rows) for n in range(len(section.rows[0]))]
        lines += ["", f"{section.heading}:"]
        for row in section.rows:
            cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
            lines.append(f"  {'  '.join(cells)}".rstrip())
    if facts:
        lines += ["", *(f"{label}: {value}" for label, value in facts)]
    return "\n".join(lines) + "\n"


def _html(lead: list[str], sections: list[_Section], facts: list[tuple[str, str]]) -> str:
    cell = 'style="padding:2px 14px 2px 0;vertical-align:top"'
    parts = [f'<h2 style="margin:0">{escape(lead[0])}</h2>', *(f"<p>{escape(line)}</p>" for line in lead[1:])]
    for section in sections:
        rows = "".join(f"<tr>{''.join(f'<td {cell}>{escape(text)}</td>' for text in row)}</tr>" for row in section.rows)
        parts.append(f'<h3>{escape(section.heading)}</h3><table style="border-collapse:collapse">{rows}</table>')
    shown = [f"<b>{escape(label)}:</b> {_linked(value)}" for label, value in facts]
    if shown:
        parts.append(f"<p>{'<br>'.join(shown)}</p>")
    head = f'<meta charset="utf-8"><title>{escape(lead[0])}</title>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _linked(value: str) -> str:
    shown = escape(value)
    return f'<a href="{shown}">{shown}</a>' if value.startswith(("https://", "http://")) else shown
