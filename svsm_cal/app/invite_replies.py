"""Replies to invites: each mail is taken once, and its effect is recorded before it is marked as read; who has answered what."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.app.invite_mails import Mails, Topic
from svsm_cal.app.invite_plan import told_calendar
from svsm_cal.app.invited_events import all_subjects, organizer_of
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

    from svsm_cal.core.model import Calendar
    from svsm_cal.engine.civil import Instant
    from svsm_cal.ical.replies import Reply, ReplyTime
    from svsm_cal.itip.invitation import Invitation
    from svsm_cal.store.contract import Ledger, Row, Store
    from svsm_cal.transport.incoming import Incoming
    from svsm_cal.transport.mailbox import Mail as LyingMail
    from svsm_cal.transport.mailbox import Mailbox
    from svsm_cal.words.language import Language

__all__ = ["Taken", "standing", "take_answers", "topic_of"]

_SECOND = 1
_DAY = 86400


class Taken(Value):
    """What became of one thing that a mail says: who it is from, a verdict in a word or two, and what it is about.

    `counts` says that it changed or caused something.
    """

    sender: str
    verdict: str
    about: str
    counts: bool = False


def take_answers(mailbox: Mailbox, store: Store, *, now: Instant, trusts: Collection[str] = ()) -> Iterator[Taken]:
    """Take every unread mail of a mailbox, and yield what became of it.

    With `trusts`, the names of the servers that mail comes in through, an answer counts only if one of them says that
    its sender is who they say (RFC 8601). Raises TransportError and StoreError; what was taken is taken.
    """
    for mail in mailbox.unread():
        try:
            with store.ledger() as ledger:
                taken = _Clerk(ledger, now, trusts).take(mail)
        except _TakenBefore:
            taken = [Taken("", "taken before", mail.key)]
        mailbox.done(mail.key)
        yield from taken


class _TakenBefore(Exception):  # noqa: N818 - no error, but a way out of a transaction
    """A mail that is known already."""


class _Clerk:
    """What one mail means, in one transaction."""

    def __init__(self, ledger: Ledger, now: Instant, trusts: Collection[str]) -> None:
        self._ledger, self._now, self._trusts = ledger, now, trusts

    def take(self, mail: LyingMail) -> list[Taken]:
        """Take a mail, and record that it is taken; raises _TakenBefore, so that nothing is kept, if it had been."""
        sender, taken = "", []
        if mail.problem:
            taken = [Taken("", "not read", mail.problem)]
        else:
            try:
                incoming = read_mail(mail.data, trusts=self._trusts)
                sender = incoming.sender
                taken = self._understood(incoming, mail.digest)
            except InputError as error:
                taken = [Taken(sender, "not understood", str(error))]
        about = "; ".join(f"{each.sender} {each.verdict}: {each.about}" for each in taken)
        if not self._ledger.receive(Receipt(mail.digest, self._now, taken[0].verdict, about)):
            raise _TakenBefore
        return taken

    def _understood(self, mail: Incoming, digest: str) -> list[Taken]:
        if mail.deliveries:
            return [self._report(mail, each.recipient, each.action, each.message_id, each.diagnostic) for each in mail.deliveries]
        if not mail.calendars:
            return [Taken(mail.sender, "no answer", "; ".join((mail.subject, *mail.unread)))]
        replies = [reply for part in mail.calendars for reply in read_replies(part.data, method=part.method)]
        return [self._reply(mail, each, digest) for each in dict.fromkeys(replies)]

    def _report(self, mail: Incoming, recipient: str, action: str, message_id: str, diagnostic: str) -> Taken:
        """Record that a mail of ours could not be delivered after all."""
        row = self._ledger.find(message_id) if message_id else None
        if row is None or (recipient and recipient != row.mail.recipient.lower()):
            return Taken(mail.sender, "a report of no mail of ours", f"{recipient} {action}".strip())
        if action != "failed":
            return Taken(mail.sender, f"a report: {action}", row.mail.recipient)
        self._ledger.bounce(row.id, diagnostic or "returned")
        return Taken(mail.sender, "bounced", f"{row.mail.recipient}: {diagnostic or 'no reason given'}", counts=True)

    def _reply(self, mail: Incoming, reply: Reply, digest: str) -> Taken:
        calendar = told_calendar(self._ledger.publication(), self._now)
        topic = topic_of(calendar, reply.uid, self._now) if calendar is not None else None
        # A UID looks like an address, and says nothing to people.
        about = topic.series.id if topic is not None else reply.uid
        if self._trusts and not _vouched(mail):
            return Taken(mail.sender, Verdict.FORGED.value, f"{about}: no server vouches for its sender")
        organizer = calendar.organizer.email if calendar is not None and calendar.organizer is not None else ""
        invitations = {each.email.lower(): each for each in self._ledger.invitations(reply.uid)}
        decision = receive(reply, mail.sender, Known(organizer, invitations, _resolver(topic)))
        if decision.proposal is not None:
            self._ledger.propose(decision.proposal)
            return Taken(mail.sender, decision.verdict.value, f"{about}: {decision.proposal.start}", counts=True)
        if decision.verdict is Verdict.RESEND and decision.invitation is not None and topic is not None:
            self._resend(topic, decision.invitation, digest)
            return Taken(mail.sender, decision.verdict.value, about, counts=True)
        if decision.invitation is not None:
            self._ledger.save([decision.invitation])
            recurrence = "" if reply.recurrence is None else f" {reply.recurrence.wall:%Y-%m-%d}"
            said = reply.attendees[0].partstat.lower()
            return Taken(mail.sender, said, f"{about}{recurrence}", counts=True)
        return Taken(mail.sender, decision.verdict.value, about)

    def _resend(self, topic: Topic, invitation: Invitation, digest: str) -> None:
        mails = Mails(topic.calendar, organizer_of(topic.calendar), self._ledger.announced().__getitem__, self._now)
        message = Message(Purpose.INVITE, "REQUEST", invitation)
        self._ledger.enqueue([mails.mail(topic, message, occasion=digest)], now=self._now)


def _vouched(mail: Incoming) -> bool:
    """Whether a server that is trusted says that the sender's domain sent it."""
    domain = mail.sender.rpartition("@")[2]
    found = {each.method: each for each in mail.authentication}
    dmarc, dkim = found.get("dmarc"), found.get("dkim")
    if dmarc is not None:
        return dmarc.result == "pass" and dmarc.domain == domain
    return dkim is not None and dkim.result == "pass" and dkim.domain == domain


def topic_of(calendar: Calendar, uid: str, now: Instant) -> Topic | None:
    """Return what a UID is about in a calendar; None where it has none of that name."""
    for series in calendar.series:
        for subject in all_subjects(series, now):
            if subject.of.uid == uid:
                return Topic(calendar, series, subject)
    return None


def _resolver(topic: Topic | None) -> Callable[[ReplyTime], str | None]:
    """Return what finds the instance that a time means, as its component writes it."""

    def resolve(time: ReplyTime) -> str | None:
        of = topic.subject.of if topic is not None else None
        if not isinstance(of, Segment) or of.rule is None:
            return None
        wall = time.wall if time.at is None else local_of(time.at, of.zone)
        begin = midnight(wall.date()) if time.form == "date" else wall
        length = _DAY if time.form == "date" else _SECOND
        starts = of.starts(LocalDateTime(begin), LocalDateTime(begin + timedelta(seconds=length)))
        return f"{starts[0]:%Y%m%dT%H%M%S}{'Z' if is_utc(of.zone) else ''}" if starts else None

    return resolve


def standing(store: Store | None, *, now: Instant, language: Language = ENGLISH) -> Standings:
    """Return every invitation with its last mail, the proposals that wait, and how many mails are in which state."""
    if store is None:
        return Standings((), (), {})
    with store.ledger(writes=False) as ledger:
        calendar = told_calendar(ledger.publication(), now)
        announced = ledger.announced()
        last: dict[tuple[str, str], Row] = {}
        counts = dict.fromkeys(MailState, 0)
        for row in ledger.outbox():
            counts[row.state] += 1
            last[row.mail.uid, row.mail.recipient.lower()] = row
        stands = []
        titles: dict[str, str | None] = {}
        for each in ledger.invitations():
            mail = last.get((each.uid, each.email.lower()))
            if each.uid not in titles:  # many people have the same one
                topic = topic_of(calendar, each.uid, now) if calendar is not None else None
                titles[each.uid] = topic.title(language) if topic is not None else None
            series = announced[each.uid].series if each.uid in announced else each.uid
            said = ("", "", "") if mail is None else (mail.state.value, mail.response, mail.bounced)
            stands.append(Stand(each, series, titles[each.uid] or series, *said))
        return Standings(tuple(stands), tuple(ledger.proposals()), {str(state): count for state, count in counts.items()})
