"""A mail to many people as one form: what is the same for all is made once, and what is each one's own is put in.

The standard library makes the message, with marks where the recipient, the Message-ID and the calendar go; the marks
are what it is cut at. So a thousand mails cost what joining their pieces costs, and mean what one made plainly means.
"""

from __future__ import annotations

import re
from base64 import encodebytes
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from functools import lru_cache
from typing import TYPE_CHECKING

from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.engine.civil import Instant

__all__ = ["MessageForm", "message_form"]

_SEVEN_BIT = SMTP.clone(cte_type="7bit")
_RECIPIENT = "recipient@form.invalid"
_ID = "<id@form.invalid>"
_CALENDAR = b"CALENDAR OF THE FORM\r\n"
_MARKS = re.compile(
    rb"(?<=\r\nTo: )recipient@form\.invalid(?=\r\n)|(?<=\r\nMessage-ID: )<id@form\.invalid>(?=\r\n)|(?<=\r\n)%b(?=\r\n)"
    % re.escape(encodebytes(_CALENDAR).strip())
)


class MessageForm(Value):
    """A message without its recipient, its Message-ID and its calendar: the pieces between them, in order."""

    pieces: tuple[bytes, ...]

    def fill(self, *, name: str, email: str, message_id: str, calendar: bytes = b"") -> bytes:
        """Return the message to one address as bytes with CRLF line ends, ready to be sent as they are."""
        recipient, number = _mailbox(name, email), message_id.encode("ascii")
        if len(self.pieces) == 3:
            first, second, last = self.pieces
            return b"".join((first, recipient, second, number, last))
        first, second, third, fourth, last = self.pieces
        data = encodebytes(calendar).rstrip().replace(b"\n", b"\r\n")
        return b"".join((first, recipient, second, number, third, data, fourth, data, last))


def message_form(
    *,
    sender: tuple[str, str],
    subject: str,
    date: Instant,
    thread: str,
    plain: str,
    html: str,
    method: str = "",
    seal: str = "",
) -> MessageForm:
    """Return the form of a mail from `sender` (name, address) in two bodies, and with a `method` an iTIP message.

    `thread` is the Message-ID that all mails about one thing refer to, `seal` what boundaries are made of. The parts are
    what clients agree on: mixed(alternative(plain, html, calendar last), the same as a file).
    """
    message = EmailMessage(policy=_SEVEN_BIT)
    message["From"] = _mailbox(*sender).decode("ascii")
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
    # Python folds a long subject before its first word; where nothing must be encoded there is no need to fold.
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
    """Return an address with a name as a header has it (RFC 5322 section 3.4, RFC 2047)."""
    plain = " ".join(name.split())
    if plain.isascii():
        return formataddr((plain, email)).encode("ascii")
    encoded = Header(plain, "utf-8", maxlinelen=75).encode(linesep="\r\n")
    return f"{encoded} <{email}>".encode("ascii")
