"""An incoming mail as a value (RFC 5322, RFC 2045): sender, references, calendar parts, delivery reports.

Nothing is checked or decided here. Messages that are forwarded or returned inside a mail are not answers and not read. TNEF
(winmail.dat) and encrypted parts are reported as unread. Even a broken mail takes a few seconds at most.
"""

from __future__ import annotations

import re
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.policy import Compat32
from typing import TYPE_CHECKING

from svsm_cal.core.external_text import is_address, plain_text
from svsm_cal.errors import InputError
from svsm_cal.transport.authentication import MethodResult, read_results, without_comments
from svsm_cal.transport.delivery_reports import Delivery, message_ids, read_deliveries
from svsm_cal.transport.mailbox import LARGEST_MAIL, TOO_LARGE
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from email.message import Message

# The parser compares each line with each open boundary, and each parameter of a header with the quotes before it.
_MOST_BOUNDARIES = 30
_MOST_LINES = 250_000
_MOST_DELIMITERS = 5000
_LONGEST_HEADER = 4096
_MOST_PARTS = 200
_MOST_ADDRESS_HEADERS = 20
_MOST_CALENDARS = 10
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"')
_CALENDAR_TYPES = frozenset({"text/calendar", "application/ics", "text/x-vcalendar"})
_UNREAD_TYPES = {
    "application/ms-tnef": "winmail.dat (TNEF) is not read: ask the sender to send HTML or plain text",
    "application/vnd.ms-tnef": "winmail.dat (TNEF) is not read: ask the sender to send HTML or plain text",
    "application/pkcs7-mime": "an encrypted or sealed part (S/MIME) is not read",
    "application/x-pkcs7-mime": "an encrypted or sealed part (S/MIME) is not read",
    "multipart/encrypted": "an encrypted part (PGP) is not read",
}
# Python also has codecs that are not charsets, such as "zlib" and "idna".
_CHARSETS = re.compile(
    r"(?:iso-?8859-?\d{1,2}|latin-?1|(?:windows-|cp)125\d|koi8-[ru]|gb2312|gbk|gb18030|big5|shift_jis|euc-(?:jp|kr)"
    r"|iso-2022-(?:jp|kr)|ks_c_5601-1987|tis-620|mac-?(?:roman|cyrillic)|utf-?(?:7|16|32)(?:le|be)?)"
)


class CalendarPart(Value):
    """iCalendar text in a mail: its bytes in UTF-8, and the method of its Content-Type in capitals, "" without one."""

    data: bytes
    method: str


class Incoming(Value):
    """What a mail says. Addresses are in lower case; Message-IDs have their angle brackets; "" or () if nothing is said.

    `sender` is the one address in the one From field, "" unless there is exactly one valid address; `sent_by` is that of
    Sender. `authentication` is what the trusted servers found (RFC 8601). `calendars` are the distinct calendar parts in
    order, `deliveries` what a delivery report says of each recipient, `unread` the parts that are not read, in words.
    """

    message_id: str
    sender: str
    sent_by: str
    subject: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    authentication: tuple[MethodResult, ...]
    calendars: tuple[CalendarPart, ...]
    deliveries: tuple[Delivery, ...]
    unread: tuple[str, ...]


class _Bounded(Compat32):
    """The parser's rules, except that long header fields are cut."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_LONGEST_HEADER]


def read_mail(data: bytes, *, trusts: Collection[str] = ()) -> Incoming:
    r"""Return an incoming mail from its bytes.

    `trusts` are the authserv-ids whose Authentication-Results are believed: the servers through which mail arrives. They
    remove forged results in their name (RFC 8601 section 5).
    Raises InputError only for a mail that is too large or too deeply nested for an answer.

    >>> mail = read_mail(b"From: Dionna <Dionna@example.org>\nMessage-ID: <1@example.org>\n\nHello\n")
    >>> mail.sender, mail.message_id, mail.calendars
    ('dionna@example.org', '<1@example.org>', ())
    """
    if len(data) > LARGEST_MAIL:
        raise InputError(TOO_LARGE)
    lines, delimiters = data.count(b"\n") + data.count(b"\r"), data.count(b"\n--") + data.count(b"\r--")
    boundaries = data.lower().count(b"boundary")
    if lines > 2 * _MOST_LINES or delimiters > _MOST_DELIMITERS or boundaries > _MOST_BOUNDARIES:
        raise InputError("has too many lines or parts for an answer")
    try:
        message = message_from_bytes(data, policy=_Bounded())
    except (MessageError, RecursionError, ValueError, LookupError) as error:  # the parser's own limits
        raise InputError("is not a readable mail") from error
    headers = _headers(message)
    calendars, unread = _parts(message)
    return Incoming(
        message_id=next(iter(message_ids(*headers.get("message-id", ())[:1])), ""),
        sender=_only_address(headers.get("from", [])),
        sent_by=_only_address(headers.get("sender", [])),
        subject=_subject(headers.get("subject", [""])[0]),
        in_reply_to=message_ids(*headers.get("in-reply-to", ())),
        references=message_ids(*headers.get("references", ())),
        authentication=read_results(headers.get("authentication-results", ()), trusts),
        calendars=calendars,
        deliveries=read_deliveries(message, _only_addresses(headers.get("x-failed-recipients", []))),
        unread=unread,
    )


def _headers(message: Message) -> dict[str, list[str]]:
    """Return the values of each header field by its name in lower case, unfolded, in order."""
    found: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        found.setdefault(name.lower(), []).append(" ".join(str(value).split()))
    return found


def _only_address(values: list[str]) -> str:
    """Return the one address in the one field; "" if there are several, since programs choose differently."""
    found = _only_addresses(values)
    return found[0] if len(values) == 1 and len(found) == 1 else ""


def _only_addresses(values: list[str]) -> list[str]:
    found = []
    for value in values[:_MOST_ADDRESS_HEADERS]:
        for each in _QUOTED.sub(" ", without_comments(value)).split(","):
            before, bracket, inside = each.rpartition("<")
            address = inside.partition(">")[0].strip() if bracket else before.strip() or inside.strip()
            if is_address(address):
                found.append(address.lower())
    return found


def _subject(text: str) -> str:
    try:
        decoded = str(make_header(decode_header(text)))
    except (MessageError, ValueError, LookupError):
        decoded = text
    return plain_text(decoded, 200)


def _parts(message: Message) -> tuple[tuple[CalendarPart, ...], tuple[str, ...]]:
    """Return a mail's calendar parts, each text once, and the parts that are not read."""
    found: dict[bytes, CalendarPart] = {}
    unread: dict[str, None] = {}
    for part in _leaves(message):
        kind, name = part.get_content_type(), _file_name(part)
        if kind in _UNREAD_TYPES or name == "winmail.dat":
            unread[_UNREAD_TYPES.get(kind, _UNREAD_TYPES["application/ms-tnef"])] = None
        elif kind in _CALENDAR_TYPES or (kind == "application/octet-stream" and name.endswith(".ics")):
            if len(found) == _MOST_CALENDARS:
                unread[f"only the first {_MOST_CALENDARS} calendar parts are read"] = None
                break
            data = _utf8(part)
            method = _param(part, "method").strip().upper()[:40]
            known = found.get(data)
            if data.strip() and (known is None or (method and not known.method)):
                found[data] = CalendarPart(data, method)
    return tuple(found.values()), tuple(unread)


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts of a mail in order, without those of messages inside it."""
    ahead, seen = [message], 0
    while ahead and seen < _MOST_PARTS:
        part = ahead.pop()
        seen += 1
        payload = part.get_payload()
        if part.get_content_type() in _UNREAD_TYPES or not isinstance(payload, list):
            yield part
        elif part.get_content_maintype() == "multipart":
            ahead += reversed([each for each in payload if not isinstance(each, str)][:_MOST_PARTS])


def _param(part: Message, name: str) -> str:
    try:
        found = part.get_param(name, "")
    except (ValueError, LookupError, TypeError):  # malformed continuations (RFC 2231)
        return ""
    return str(found[2] if isinstance(found, tuple) else found or "")


def _file_name(part: Message) -> str:
    try:
        return str(part.get_filename("")).strip().lower()
    except (ValueError, LookupError, TypeError):
        return ""


def _utf8(part: Message) -> bytes:
    """Return a part's text in UTF-8; bytes that are invalid in its charset are left for the iCalendar reader to report."""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    charset = _param(part, "charset").strip().lower()
    if not charset and data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        charset = "utf-16"
    if _CHARSETS.fullmatch(charset):
        try:
            return data.decode(charset, "replace").encode("utf-8", "replace")
        except LookupError:
            return data
    if charset in {"", "us-ascii"}:
        try:
            data.decode()
        except UnicodeDecodeError:
            return data.decode("cp1252", "replace").encode()
    return data
