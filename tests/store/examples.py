"""Things to store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from svsm_cal.engine.civil import Instant
from svsm_cal.itip.invitation import Announced, Answer, Invitation, Partstat, Proposal, Standing, Style
from svsm_cal.store.contract import Mail, MailState, Publication, Receipt, Settled

CALENDAR = "coconut-svsm"
NOW = Instant(datetime(2025, 3, 5, 17, tzinfo=UTC))
UID = "devel-call@coconut-svsm.example.org"
OTHER_UID = "arch-call@coconut-svsm.example.org"
STAMP = "20250305T170000Z"


def after(seconds: float) -> Instant:
    return Instant(NOW + timedelta(seconds=seconds))


def mail(
    number: int, to: str = "dionna@example.org", *, uid: str = UID, supersedes: bool = False, size: int = 0, **given
) -> Mail:
    message_id = f"<{number}@coconut-svsm.example.org>"
    fields = {"sequence": number, "method": "REQUEST", "reason": f"time changes: 12:00 \u2192 13:00 ({number})"} | given
    head = f'Message-ID: {message_id}\r\nTo: {to}\r\nContent-Type: multipart/alternative; boundary="sep"\r\n\r\n'
    parts = b"--sep\r\n\r\nSee you.\r\n--sep\r\nContent-Type: text/calendar\r\n\r\n\x00\xff bytes " + b"x" * size
    data = head.encode() + parts + b"\r\n--sep--\r\n"
    return Mail(message_id, "invite", "calendar@example.org", to, data, uid, supersedes=supersedes, **fields)


def publication(text: str = '[calendar]\nname = "J\u00f6rg\'s"\n') -> Publication:
    return Publication(source=text.encode(), tz_version="2025b", at=NOW)


def announced(uid: str = UID, sequence: int = 0, *, ended: bool = False) -> Announced:
    return Announced(uid, "devel-call", sequence, STAMP, STAMP, "BEGIN:VCALENDAR\r\nX:\u00e9\r\n".encode(), ended)


def invitation(email: str = "dionna@example.org", uid: str = UID, **given) -> Invitation:
    fields = {"participant": "dionna", "name": "Dionna Glaze", "style": Style.FULL, "standing": Standing.INVITED} | given
    return Invitation(**{"uid": uid, "email": email, "sequence": 3, "stamp": STAMP, "lift": 1} | fields)


def answers() -> tuple[Answer, ...]:
    whole = Answer("", Partstat.ACCEPTED, 3, STAMP, 'yes, "gladly" \u2013 \U0001f600', "")
    return (whole, Answer("20250312T180000", Partstat.DELEGATED, 3, STAMP, "", "carlos@example.org"))


def proposal(email: str = "dionna@example.org", start: str = "20250312T190000", stamp: str = STAMP) -> Proposal:
    return Proposal(UID, "20250312T180000", email, start, "20250312T200000", "an hour later?", stamp)


def receipt(digest: str = "aa", seconds: int = 0) -> Receipt:
    return Receipt(digest, after(seconds), "accepted", "Dionna accepts")


def sent(number: int, seconds: float = 1, response: str = "250 2.0.0 ok") -> Settled:
    return Settled(number, MailState.SENT, after(seconds), None, response)


def failed(number: int, seconds: float = 1, response: str = "550 5.1.1 no such user") -> Settled:
    return Settled(number, MailState.FAILED, after(seconds), None, response)


def later(number: int, at: Instant, response: str = "451 4.3.0 try later") -> Settled:
    return Settled(number, MailState.PENDING, after(1), at, response)
