"""An invite as an RFC 5322 message: text and HTML with the reader's own times, and the invite for their client.

The form is the one clients agree on: mixed(alternative(plain, html, calendar last), the same as a file). The
message is made of its arguments alone, boundaries and Message-ID included.
"""

from __future__ import annotations

import hashlib
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING

from svsm_cal.core.segments import Segment
from svsm_cal.value import Value
from svsm_cal.words.notes import note_of
from svsm_cal.words.phrases import (
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
    from svsm_cal.core.civil import Instant
    from svsm_cal.core.clocks import CallOnClock
    from svsm_cal.core.model import Calendar, Details, Occurrence, Organizer
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.ical.invite import Invite

__all__ = ["Reader", "invite_message"]


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
    about = _about(of)
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(organizer.name, organizer.email)
    message["To"] = _address(reader.name, reader.email)
    message["Subject"] = _subject(about)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = _message_id(calendar, invite.uid, str(invite.sequence), reader.email)
    message["References"] = _message_id(calendar, invite.uid)
    message["Auto-Submitted"] = "auto-generated"
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = "multipart/mixed"
    lead, sections, facts = _content(calendar, about, reader)
    bodies = EmailMessage(policy=SMTP)
    bodies["Content-Type"] = "multipart/alternative"
    bodies.attach(_text(_plain(lead, sections, facts), "plain"))
    bodies.attach(_text(_html(about, lead, sections, facts), "html"))
    bodies.attach(_text(invite.data.decode(), "calendar", {"method": invite.method}))
    message.attach(bodies)
    attached = EmailMessage(policy=SMTP)
    attached.set_content(invite.data, maintype="application", subtype="ics", filename="invite.ics", disposition="attachment")
    del attached["MIME-Version"]
    message.attach(attached)
    seal = hashlib.sha256(str(message["Message-ID"]).encode()).hexdigest()[:24]
    message.set_boundary(f"mixed-{seal}")
    bodies.set_boundary(f"alternative-{seal}")
    # Python folds a long subject before its first word; where nothing must be encoded there is no need to fold.
    plain = all(str(value).isascii() for value in message.values())
    return message.as_bytes(policy=SMTP.clone(max_line_length=990) if plain else SMTP)


def _address(name: str, email: str) -> Address:
    return Address(display_name=name, addr_spec=email)


def _message_id(calendar: Calendar, *parts: str) -> str:
    return f"<{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:32]}@{calendar.domain}>"


def _text(body: str, subtype: str, params: dict[str, str] | None = None) -> EmailMessage:
    part = EmailMessage(policy=SMTP)
    part.set_content(body, subtype=subtype, charset="utf-8", cte="base64" if subtype == "calendar" else None, params=params)
    del part["MIME-Version"]
    return part


class _About(Value):
    """What a message is about: its title, its anchor time in words, its details."""

    title: str
    when: str
    length: str
    details: Details
    part: str = ""


def _about(of: Segment | Occurrence) -> _About:
    if isinstance(of, Segment):
        title, duration, details = of.details[-1][1].title or of.series.title, of.durations[-1][1], of.details[-1][1]
        days = rule_in_words(of.whole_rule) if of.whole_rule is not None else day_and_year(of.start)
    else:
        title, duration, details, days = of.title, of.duration, of.details, day_and_year(of.start)
    part = ""
    if isinstance(of, Segment) and of.rule is not None and of.whole_rule is not None and len(of.whole_rule.parts()) > 1:
        # Rules that not every client can hold come in parts, each an invite of its own.
        part = f"This invite is for the calls {rule_in_words(of.rule)}."
    return _About(title, f"{days}, {clock(of.start)} {of.zone.key}", duration_in_words(duration), details, part)


def _subject(about: _About) -> str:
    return f"{about.title}: {about.when}"


def _content(calendar: Calendar, about: _About, reader: Reader) -> tuple[list[str], list[_Section], list[tuple[str, str]]]:
    """Return the opening lines, the tables, and the facts (label, value)."""
    details = reader.calls[0][0].occurrence.details if reader.calls and reader.calls[0] else about.details
    lead = [about.title, f"{about.when}, {about.length}"]
    lead += [text for text in (about.part, details.description) if text]
    sections = _for_one(reader) if reader.name else _for_all(reader)
    facts = [("Join", details.url), ("Where", details.location), ("Chair", calendar.person(details.chair))]
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


def _html(about: _About, lead: list[str], sections: list[_Section], facts: list[tuple[str, str]]) -> str:
    cell = 'style="padding:2px 14px 2px 0;vertical-align:top"'
    parts = [f'<h2 style="margin:0">{escape(lead[0])}</h2>', *(f"<p>{escape(line)}</p>" for line in lead[1:])]
    for section in sections:
        rows = "".join(f"<tr>{''.join(f'<td {cell}>{escape(text)}</td>' for text in row)}</tr>" for row in section.rows)
        parts.append(f'<h3>{escape(section.heading)}</h3><table style="border-collapse:collapse">{rows}</table>')
    shown = [f"<b>{escape(label)}:</b> {_linked(value)}" for label, value in facts]
    if shown:
        parts.append(f"<p>{'<br>'.join(shown)}</p>")
    head = f'<meta charset="utf-8"><title>{escape(about.title)}</title>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _linked(value: str) -> str:
    shown = escape(value)
    return f'<a href="{shown}">{shown}</a>' if value.startswith(("https://", "http://")) else shown
