"""Delivery reports of mail servers (RFC 3464), and those of qmail (QSBMF) and Exim in plain text.

A report proves nothing: anybody can write one. The caller checks which mail it is about, and whether that was sent.
"""

from __future__ import annotations

import re
from email import message_from_bytes
from typing import TYPE_CHECKING

from svsm_cal.core.external_text import is_address, plain_text
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from email.message import Message

_MOST_RECIPIENTS = 500
_MOST_IDS = 100
_LONGEST_DIAGNOSTIC = 300
_LONGEST_TEXT = 256 * 1024
_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_ID_HEADER = re.compile(r"^message-id:[ \t]*(?:\r?\n[ \t]+)?(<[!-;=?-~]{1,900}>)", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b", re.ASCII)
_ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
_ACTION_OF_CLASS = {"5": "failed", "4": "delayed", "2": "delivered"}
_STATUS_OF_ACTION = {"failed": "5.0.0", "delayed": "4.0.0"}
_QMAIL = "Hi. This is the "
_QMAIL_RECIPIENT = re.compile(r"<([^<>\s]{3,320})>:[ \t]*\r?\n")


class Delivery(Value):
    """A report about one recipient: addresses in lower case, "" for what the report does not say.

    `action` is failed, delayed, delivered, relayed or expanded; `status` is like 5.1.1 (RFC 3463); `diagnostic` is the refusing
    server's text, at most 300 characters; `message_id` is that of the mail, with angle brackets.
    """

    recipient: str
    original_recipient: str
    action: str
    status: str
    diagnostic: str
    message_id: str


def message_ids(*values: str) -> tuple[str, ...]:
    """Return the Message-IDs in header fields, in order, at most a hundred.

    >>> message_ids("<a@example.org> junk <b@example.org>")
    ('<a@example.org>', '<b@example.org>')
    """
    return tuple(each for value in values[:_MOST_IDS] for each in _ID.findall(value))[:_MOST_IDS]


def read_deliveries(message: Message, failed: Sequence[str] = ()) -> tuple[Delivery, ...]:
    """Return a mail's reports, one for each recipient; () for a mail that is not a report.

    `failed` are the addresses in its X-Failed-Recipients, which Exim and Gmail write.
    """
    if message.get_content_type() == "multipart/report" and isinstance(parts := message.get_payload(), list):
        found = tuple(_reported([each for each in parts if not isinstance(each, str)]))
        if found:
            return found
    if message.is_multipart():
        return _by_name(failed, _first_text(message)) if failed else ()
    text = _text_of(message)
    if text.lstrip().startswith(_QMAIL):
        return tuple(_from_qmail(text))
    return _by_name(failed, text) if failed else ()


def _reported(parts: Sequence[Message]) -> Iterator[Delivery]:
    about = _returned_id(parts)
    for part in parts:
        groups = part.get_payload()
        if part.get_content_type() not in {"message/delivery-status", "message/global-delivery-status"}:
            continue
        if not isinstance(groups, list):
            continue
        of_all = _fields(groups[0]) if groups else {}
        about = about or next(iter(message_ids(of_all.get("x-original-message-id", ""))), "")
        for group in groups[: _MOST_RECIPIENTS + 1]:
            fields = _fields(group)
            if "final-recipient" in fields or "original-recipient" in fields:
                yield _delivery(fields, about)


def _fields(group: Message | str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in () if isinstance(group, str) else group.raw_items():
        found.setdefault(name.lower(), " ".join(str(value).split()))
    return found


def _delivery(fields: Mapping[str, str], about: str) -> Delivery:
    known = _STATUS.search(fields.get("status", "")) or _STATUS.search(fields.get("diagnostic-code", ""))
    status = known[1] if known else ""
    said = fields.get("action", "").split()
    action = said[0].lower() if said and said[0].lower() in _ACTIONS else _ACTION_OF_CLASS.get(status[:1], "failed")
    original = _recipient(fields.get("original-recipient", ""))
    return Delivery(
        recipient=_recipient(fields.get("final-recipient", "")) or original,
        original_recipient=original,
        action=action,
        status=status or _STATUS_OF_ACTION.get(action, ""),
        diagnostic=_shown(fields.get("diagnostic-code", "").partition(";")[2] or fields.get("diagnostic-code", "")),
        message_id=about,
    )


def _recipient(text: str) -> str:
    """Return the address in "rfc822; dionna@example.org"; "" if it is invalid."""
    kind, semicolon, address = text.partition(";")
    address = (address if semicolon else kind).strip().strip("<>").strip().lower()
    return address if is_address(address) else ""


def _returned_id(parts: Sequence[Message]) -> str:
    """Return the Message-ID of the mail that is returned with a report, whole or only its header."""
    for part in parts:
        kind, payload = part.get_content_type(), part.get_payload()
        if kind in {"message/rfc822", "message/global"} and isinstance(payload, list) and payload:
            returned = payload[0]
        elif kind in {"text/rfc822-headers", "message/global-headers", "text/rfc822"}:
            returned = message_from_bytes(_text_of(part).encode("ascii", "replace"))
        else:
            continue
        if not isinstance(returned, str):
            found = message_ids(_fields(returned).get("message-id", ""))
            if found:
                return found[0]
    return ""


def _first_text(message: Message) -> str:
    parts = message.get_payload()
    found = (each for each in parts if not isinstance(each, str) and each.get_content_maintype() == "text")
    first = next(found, None) if isinstance(parts, list) else None
    return _text_of(first) if first is not None else ""


def _text_of(part: Message) -> str:
    payload = None if part.is_multipart() else part.get_payload(decode=True)
    return payload[:_LONGEST_TEXT].decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _from_qmail(text: str) -> Iterator[Delivery]:
    """Yield the reports of a QSBMF message: a paragraph for each recipient, a line that begins with a dash, the mail."""
    report, _, returned = text.replace("\r\n", "\n").partition("\n\n--- ")
    about = _ID_HEADER.search(returned)
    for paragraph in report.split("\n\n")[1 : _MOST_RECIPIENTS + 1]:
        head = _QMAIL_RECIPIENT.match(paragraph)
        if head and is_address(head[1]):
            said = _shown(paragraph[head.end() :])
            status = _STATUS.search(said)
            yield Delivery(head[1].lower(), "", "failed", status[1] if status else "5.0.0", said, about[1] if about else "")


def _by_name(failed: Sequence[str], text: str) -> tuple[Delivery, ...]:
    """Return a failure for each address in X-Failed-Recipients, with the text that Exim writes below the address."""
    found = []
    about = _ID_HEADER.search(text)
    lowered = text.lower()
    for address in failed[:_MOST_RECIPIENTS]:
        at = lowered.find(address)
        below = text[at + len(address) :].replace("\r\n", "\n").partition("\n\n")[0] if at >= 0 else ""
        said = _shown(below)
        status = _STATUS.search(said)
        found.append(Delivery(address, "", "failed", status[1] if status else "5.0.0", said, about[1] if about else ""))
    return tuple(found)


def _shown(text: str) -> str:
    return plain_text(text, _LONGEST_DIAGNOSTIC)
