"""A mail before it is sent: the last checks of its addresses and bytes, and dot-stuffing (RFC 5321, RFC 5322).

Refused: anything that could end a command, a header or a message early, so that no address and no text can inject
anything; and forms that servers repair, each in its own way.
"""

from __future__ import annotations

import re

from svsm_cal.value import Value

LONGEST_ADDRESS = 254
LONGEST_LINE = 998

_REQUIRED = frozenset((b"from", b"to", b"date", b"message-id"))
_ONCE = _REQUIRED | {
    b"sender", b"reply-to", b"cc", b"in-reply-to", b"references", b"subject",
    b"mime-version", b"content-type", b"content-transfer-encoding",
}  # fmt: skip

# Quoted local parts are refused on purpose: programs disagree on where such an address ends.
_ATOM, _LABEL = r"A-Za-z0-9.!#$%&'*+/=?^_`{|}~-", r"A-Za-z0-9_-"
_ADDRESS = rf"[%s{_ATOM}]{{1,64}}@(?:[%s{_LABEL}]++(?:\.[%s{_LABEL}]++)*+|\[[0-9A-Za-z.:]+\])"
_PLAIN = re.compile(_ADDRESS.replace("%s", "")).fullmatch
_WIDE = re.compile(_ADDRESS.replace("%s", "\x80-\U0010ffff")).fullmatch
_HEAD = re.compile(rb"(?:[!-9;-~]++:[^\r\n]*+\r\n(?:[ \t]++[^\r\n]++\r\n)*+)++").fullmatch
_NAMES = re.compile(rb"^([!-9;-~]+):", re.MULTILINE).findall


class Envelope(Value):
    """A mail for one recipient: its addresses, and its final bytes with CRLF line ends; `key` is the caller's own."""

    key: int
    sender: str
    recipient: str
    data: bytes


class Unfit(Value):
    """Why a mail must not be sent."""

    reason: str


class Prepared(Value):
    """A mail ready to be sent: its first two commands without parameters, and its bytes up to the final dot.

    `eight_bit` and `utf8` say that it needs a server with 8BITMIME (RFC 6152) or SMTPUTF8 (RFC 6531).
    """

    envelope: Envelope
    mail: str
    rcpt: str
    body: bytes
    eight_bit: bool
    utf8: bool


def flaw_of_address(address: str) -> str:
    """Return why an address is not valid in an envelope, "" if it is."""
    if _PLAIN(address) and len(address) <= LONGEST_ADDRESS:
        return ""
    if not address.isprintable() or " " in address:
        return "has a blank or a control character in it"
    if len(address.encode()) > LONGEST_ADDRESS:
        return f"is longer than {LONGEST_ADDRESS} bytes"
    return "" if not address.isascii() and _WIDE(address) else "is not of the form name@example.org"


def flaw_of_message(data: bytes) -> str:
    """Return why a message cannot be sent as it is, "" if it can."""
    ends = data.count(b"\r\n")
    if ends != data.count(b"\n") or ends != data.count(b"\r"):
        return "has a carriage return without a line feed, or the reverse"
    if b"\0" in data:
        return "has a NUL in it"
    if not data.endswith(b"\r\n"):
        return "does not end with a line end"
    if max(map(len, data.split(b"\r\n"))) > LONGEST_LINE:
        return f"has a line of more than {LONGEST_LINE} bytes"
    head = data[: data.find(b"\r\n\r\n") + 2]
    if not _HEAD(head):
        return "has no header, or an invalid line in it"
    names = _NAMES(head.lower())
    single = [name for name in names if name in _ONCE]
    known = set(single)
    if len(known) < len(single):
        return "has a header field twice: " + ", ".join(sorted({name.decode() for name in known if single.count(name) > 1}))
    if missing := _REQUIRED - known:
        return "lacks a header field: " + ", ".join(sorted(name.decode() for name in missing))
    return "has a Bcc field, which would show who else got it" if b"bcc" in names else ""


def dot_stuffed(data: bytes) -> bytes:
    """Return a message's bytes with the dots that begin lines doubled, and the final dot (RFC 5321 section 4.5.2)."""
    stuffed = data.replace(b"\r\n.", b"\r\n..") if b"\r\n." in data else data
    return b".%b.\r\n" % stuffed if stuffed.startswith(b".") else stuffed + b".\r\n"


def prepare(envelope: Envelope) -> Prepared | Unfit:
    """Return a mail ready for SMTP, or why it is refused; an empty sender (`<>`) is allowed and gets no bounces."""
    sender, recipient, data = envelope.sender, envelope.recipient, envelope.data
    for whose, address in (("sender", sender), ("recipient", recipient)):
        if (address or whose == "recipient") and (flaw := flaw_of_address(address)):
            return Unfit(f"the {whose}'s address {flaw}")
    if flaw := flaw_of_message(data):
        return Unfit(f"the message {flaw}")
    eight_bit = not data.isascii()
    utf8 = not (sender + recipient).isascii() or (eight_bit and not data[: data.find(b"\r\n\r\n")].isascii())
    body = dot_stuffed(data)
    if body.find(b"\r\n.\r\n") != len(body) - 5:
        return Unfit("the message would end too early")
    return Prepared(envelope, f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", body, eight_bit, utf8)
