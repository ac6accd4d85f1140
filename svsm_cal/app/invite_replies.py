"""Replies to invites: each mail is processed once and recorded before it is marked as read; and the status of invitations."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.app.invite_mails import InviteMails
from svsm_cal.app.invite_plan import published_calendar
from svsm_cal.app.invited_events import InvitedEvent, invited_event, organizer_of
from svsm_cal.core.segments import Segment
from svsm_cal.engine.civil import LocalDateTime, midnight
from svsm_cal.engine.zones import local_of
from svsm_cal.errors import InputError
from svsm_cal.ical.replies import read_replies
from svsm_cal.ical.vtimezone import is_utc
from svsm_cal.itip.announce import Message, Purpose
from svsm_cal.itip.receive import Known, Verdict, receive
from svsm_cal.render.invite_report import Stand, Standings
from svsm_cal.store.contract import MailState, Receipt
from svsm_cal.transport.incoming import read_mail
from svsm_cal.value import Value
from svsm_cal.words import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from svsm_cal.engine.civil import Instant
    from svsm_cal.ical.replies import Reply, ReplyTime
    from svsm_cal.itip.invitation import Invitation
    from svsm_cal.store.contract import Ledger, Row, Store
    from svsm_cal.transport.incoming import Incoming
    from svsm_cal.transport.mailbox import Mail as UnreadMail
    from svsm_cal.transport.mailbox import Mailbox
    from svsm_cal.words.language import Language

_SECOND = 1
_DAY = 86400


class ReplyResult(Value):
    """The result for one reply or report: its sender, a short verdict, and its series or recipient.

    `counts` is true if it had an effect.
    """

    sender: str
    verdict: str
    about: str
    counts: bool = False


def receive_replies(mailbox: Mailbox, store: Store, *, now: Instant, trusts: Collection[str] = ()) -> Iterator[ReplyResult]:
    """Process every unread mail of a mailbox and yield the results.

    `trusts` has the names of the servers through which mail comes in: if not empty, a reply counts only if one of them
    authenticates its sender (RFC 8601). Raises TransportError and StoreError; mails already processed stay recorded.
    """
    for mail in mailbox.unread():
        try:
            with store.ledger() as ledger:
                results = _Receiver(ledger, now, trusts).process(mail)
        except _ReceivedBefore:
            results = [ReplyResult("", "taken before", mail.key)]
        mailbox.done(mail.key)
        yield from results


class _ReceivedBefore(Exception):  # noqa: N818 - not an error: it rolls back a transaction
    """A mail that has been processed before."""


class _Receiver:
    """The processing of one mail, in one transaction."""

    def __init__(self, ledger: Ledger, now: Instant, trusts: Collection[str]) -> None:
        self._ledger, self._now, self._trusts = ledger, now, trusts

    def process(self, mail: UnreadMail) -> list[ReplyResult]:
        """Process and record a mail; raises _ReceivedBefore, to undo all effects, for a mail that is already recorded."""
        sender = ""
        if mail.problem:
            results = [ReplyResult("", "not read", mail.problem)]
        else:
            try:
                incoming = read_mail(mail.data, trusts=self._trusts)
                sender = incoming.sender
                results = self._results(incoming, mail.digest)
            except InputError as error:
                results = [ReplyResult(sender, "not understood", str(error))]
        about = "; ".join(f"{result.sender} {result.verdict}: {result.about}" for result in results)
        if not self._ledger.receive(Receipt(mail.digest, self._now, results[0].verdict, about)):
            raise _ReceivedBefore
        return results

    def _results(self, mail: Incoming, digest: str) -> list[ReplyResult]:
        if mail.deliveries:
            return [self._report(mail, each.recipient, each.action, each.message_id, each.diagnostic) for each in mail.deliveries]
        if not mail.calendars:
            return [ReplyResult(mail.sender, "no answer", "; ".join((mail.subject, *mail.unread)))]
        replies = [reply for part in mail.calendars for reply in read_replies(part.data, method=part.method)]
        return [self._reply(mail, reply, digest) for reply in dict.fromkeys(replies)]

    def _report(self, mail: Incoming, recipient: str, action: str, message_id: str, diagnostic: str) -> ReplyResult:
        """Record a delivery report about one of our mails."""
        row = self._ledger.find(message_id) if message_id else None
        if row is None or (recipient and recipient != row.mail.recipient.lower()):
            return ReplyResult(mail.sender, "a report of no mail of ours", f"{recipient} {action}".strip())
        if action != "failed":
            return ReplyResult(mail.sender, f"a report: {action}", row.mail.recipient)
        self._ledger.bounce(row.id, diagnostic or "returned")
        return ReplyResult(mail.sender, "bounced", f"{row.mail.recipient}: {diagnostic or 'no reason given'}", counts=True)

    def _reply(self, mail: Incoming, reply: Reply, digest: str) -> ReplyResult:
        calendar = published_calendar(self._ledger.publication(), self._now)
        event = invited_event(calendar, reply.uid, self._now) if calendar is not None else None
        # A series id means more to people than a UID, which looks like an address.
        about = event.series.id if event is not None else reply.uid
        if self._trusts and not _authenticated(mail):
            return ReplyResult(mail.sender, Verdict.FORGED.value, f"{about}: no server vouches for its sender")
        organizer = calendar.organizer.email if calendar is not None and calendar.organizer is not None else ""
        invitations = {invitation.email.lower(): invitation for invitation in self._ledger.invitations(reply.uid)}
        decision = receive(reply, mail.sender, Known(organizer, invitations, _resolver(event)))
        if decision.proposal is not None:
            self._ledger.propose(decision.proposal)
            return ReplyResult(mail.sender, decision.verdict.value, f"{about}: {decision.proposal.start}", counts=True)
        if decision.verdict is Verdict.RESEND and decision.invitation is not None and event is not None:
            self._resend(event, decision.invitation, digest)
            return ReplyResult(mail.sender, decision.verdict.value, about, counts=True)
        if decision.invitation is not None:
            self._ledger.save([decision.invitation])
            recurrence = "" if reply.recurrence is None else f" {reply.recurrence.wall:%Y-%m-%d}"
            return ReplyResult(mail.sender, reply.attendees[0].partstat.lower(), f"{about}{recurrence}", counts=True)
        return ReplyResult(mail.sender, decision.verdict.value, about)

    def _resend(self, event: InvitedEvent, invitation: Invitation, digest: str) -> None:
        mails = InviteMails(event.calendar, organizer_of(event.calendar), self._ledger.announced().__getitem__, self._now)
        message = Message(Purpose.INVITE, "REQUEST", invitation)
        self._ledger.enqueue([mails.mail(event, message, occasion=digest)], now=self._now)


def _authenticated(mail: Incoming) -> bool:
    """Whether a trusted server reports a DMARC pass, or without DMARC a DKIM pass, for the sender's domain."""
    domain = mail.sender.rpartition("@")[2]
    found = {each.method: each for each in mail.authentication}
    dmarc, dkim = found.get("dmarc"), found.get("dkim")
    if dmarc is not None:
        return dmarc.result == "pass" and dmarc.domain == domain
    return dkim is not None and dkim.result == "pass" and dkim.domain == domain


def _resolver(event: InvitedEvent | None) -> Callable[[ReplyTime], str | None]:
    """Return a function from a reply's time to the RECURRENCE-ID of its instance, or None."""

    def resolve(time: ReplyTime) -> str | None:
        segment = event.source if event is not None else None
        if not isinstance(segment, Segment) or segment.rule is None:
            return None
        wall = time.wall if time.at is None else local_of(time.at, segment.zone)
        begin = midnight(wall.date()) if time.form == "date" else wall
        length = _DAY if time.form == "date" else _SECOND
        starts = segment.starts(LocalDateTime(begin), LocalDateTime(begin + timedelta(seconds=length)))
        return f"{starts[0]:%Y%m%dT%H%M%S}{'Z' if is_utc(segment.zone) else ''}" if starts else None

    return resolve


def invitation_status(store: Store | None, *, now: Instant, language: Language = ENGLISH) -> Standings:
    """Return all invitations with their last mails, the open proposals, and the number of mails in each state."""
    if store is None:
        return Standings((), (), {})
    with store.ledger(writes=False) as ledger:
        calendar = published_calendar(ledger.publication(), now)
        announced = ledger.announced()
        last: dict[tuple[str, str], Row] = {}
        counts = dict.fromkeys(MailState, 0)
        for row in ledger.outbox():
            counts[row.state] += 1
            last[row.mail.uid, row.mail.recipient.lower()] = row
        stands = []
        titles: dict[str, str | None] = {}
        for invitation in ledger.invitations():
            uid = invitation.uid
            if uid not in titles:
                event = invited_event(calendar, uid, now) if calendar is not None else None
                titles[uid] = event.title(language) if event is not None else None
            series = announced[uid].series if uid in announced else uid
            mail = last.get((uid, invitation.email.lower()))
            status = ("", "", "") if mail is None else (mail.state.value, mail.response, mail.bounced)
            stands.append(Stand(invitation, series, titles[uid] or series, *status))
        return Standings(tuple(stands), tuple(ledger.proposals()), {str(state): count for state, count in counts.items()})
