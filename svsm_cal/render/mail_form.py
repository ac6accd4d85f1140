"""A mail to many people as one form: the common parts are made once, each recipient's own parts are filled in.

The standard library makes the message with marks in place of the recipient, the Message-ID and the calendar. It is cut at
the marks, so a thousand mails cost little more than joining their pieces, and each is the same as one made alone.
"""

from __future__ import annotations

import hashlib
import re
from base64 import encodebytes
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svsm_cal.core.model import Organizer
    from svsm_cal.engine.civil import Instant
    from svsm_cal.words.language import Language

_SEVEN_BIT = SMTP.clone(cte_type="7bit")
_RECIPIENT = "recipient@form.invalid"
_ID = "<id@form.invalid>"
_CALENDAR = b"CALENDAR OF THE FORM\r\n"
_MARKS = re.compile(
    rb"(?<=\r\nTo: )recipient@form\.invalid(?=\r\n)|(?<=\r\nMessage-ID: )<id@form\.invalid>(?=\r\n)|(?<=\r\n)%b(?=\r\n)"
    % re.escape(encodebytes(_CALENDAR).strip())
)


class Section(Value):
    """A heading and the table under it."""

    heading: str
    rows: tuple[tuple[str, ...], ...]


class Body(Value):
    """The content of a mail: opening lines, of which the first is the heading; sections; facts (label, value)."""

    lead: Sequence[str]
    sections: Sequence[Section] = ()
    facts: Sequence[tuple[str, str]] = ()

    def plain(self) -> str:
        """Return it as plain text."""
        lines = [*self.lead]
        for section in self.sections:
            widths = [max(len(row[n]) for row in section.rows) for n in range(len(section.rows[0]))]
            lines += ["", f"{section.heading}:"]
            for row in section.rows:
                cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
                lines.append(f"  {'  '.join(cells)}".rstrip())
        if self.facts:
            lines += ["", *(f"{label}: {value}" for label, value in self.facts)]
        return "\n".join(lines) + "\n"

    def html(self, language: Language) -> str:
        """Return it as an HTML page."""
        title, cell = escape(self.lead[0]), 'style="padding:2px 14px 2px 0;vertical-align:top"'
        parts = [f'<h2 style="margin:0">{title}</h2>', *(f"<p>{escape(line)}</p>" for line in self.lead[1:])]
        for section in self.sections:
            rows = "".join(f"<tr>{''.join(f'<td {cell}>{escape(text)}</td>' for text in row)}</tr>" for row in section.rows)
            parts.append(f'<h3>{escape(section.heading)}</h3><table style="border-collapse:collapse">{rows}</table>')
        if self.facts:
            shown = [f"<b>{escape(label)}:</b> {_linked(value)}" for label, value in self.facts]
            parts.append(f"<p>{'<br>'.join(shown)}</p>")
        head = f'<meta charset="utf-8"><title>{title}</title>'
        return f'<!doctype html><html lang="{language.tag}"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _linked(value: str) -> str:
    shown = escape(value)
    return f'<a href="{shown}">{shown}</a>' if value.startswith(("https://", "http://")) else shown


def message_id(domain: str, *parts: str) -> str:
    """Return a Message-ID made of the hash of its parts: the same for the same parts, and not readable."""
    return f"<{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:32]}@{domain}>"


class MessageForm(Value):
    """A message without its recipient, its Message-ID and its calendar: the pieces between them, in order."""

    pieces: tuple[bytes, ...]

    def fill(self, *, name: str, email: str, message_id: str, calendar: bytes = b"") -> bytes:
        """Return the message to one address: the bytes to send, with CRLF line ends."""
        recipient, number = _mailbox(name, email), message_id.encode("ascii")
        if len(self.pieces) == 3:
            first, second, last = self.pieces
            return b"".join((first, recipient, second, number, last))
        first, second, third, fourth, last = self.pieces
        data = encodebytes(calendar).rstrip().replace(b"\n", b"\r\n")
        return b"".join((first, recipient, second, number, third, data, fourth, data, last))


def message_form(
    *,
    sender: Organizer,
    subject: str,
    date: Instant,
    thread: str,
    plain: str,
    html: str,
    method: str = "",
    seal: str = "",
) -> MessageForm:
    """Return the form of a mail with two bodies, and with a `method` of an iTIP message.

    All mails about one thing refer to the Message-ID `thread`; boundaries contain `seal`. The structure is the one that all
    clients read: mixed(alternative(plain, html, calendar last), the calendar as a file).
    """
    message = EmailMessage(policy=_SEVEN_BIT)
    message["From"] = _mailbox(sender.name, sender.email).decode("ascii")
    message["To"] = _RECIPIENT
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(date)
    message["Message-ID"] = _ID
    message["References"] = thread
    message["Auto-Submitted"] = "auto-generated"
    message["MIME-Version"] = "1.0"
    bodies = message
    if method:
        message["Content-Type"] = "multipart/mixed"
        bodies = EmailMessage(policy=_SEVEN_BIT)
    bodies["Content-Type"] = "multipart/alternative"
    bodies.attach(_text(plain, "plain"))
    bodies.attach(_text(html, "html"))
    if method:
        bodies.attach(_text(_CALENDAR.decode("ascii"), "calendar", {"method": method}))
        message.attach(bodies)
        attached = EmailMessage(policy=_SEVEN_BIT)
        attached.set_content(_CALENDAR, maintype="application", subtype="ics", filename="invite.ics", disposition="attachment")
        del attached["MIME-Version"]
        message.attach(attached)
        message.set_boundary(f"mixed-{seal}")
    bodies.set_boundary(f"alternative-{seal}")
    # Python folds a long subject before its first word; without encoded words there is no need to fold.
    plain_headers = all(str(value).isascii() for value in message.values())
    data = message.as_bytes(policy=_SEVEN_BIT.clone(max_line_length=990) if plain_headers else _SEVEN_BIT)
    return MessageForm(tuple(_MARKS.split(data)))


def _text(body: str, subtype: str, params: dict[str, str] | None = None) -> EmailMessage:
    part = EmailMessage(policy=_SEVEN_BIT)
    part.set_content(body, subtype=subtype, charset="utf-8", cte="base64" if subtype == "calendar" else None, params=params)
    del part["MIME-Version"]
    return part


@lru_cache(maxsize=4096)
def _mailbox(name: str, email: str) -> bytes:
    """Return a name and an address in a header's format (RFC 5322 section 3.4, RFC 2047)."""
    plain = " ".join(name.split())
    if plain.isascii():
        return formataddr((plain, email)).encode("ascii")
    encoded = Header(plain, "utf-8", maxlinelen=75).encode(linesep="\r\n")
    return f"{encoded} <{email}>".encode("ascii")
