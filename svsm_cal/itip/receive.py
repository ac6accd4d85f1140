"""What an answer does (RFC 5546 sections 2.1.5, 3.2.3, 3.2.6, 3.2.7): a reply and what is known, to a decision.

`_REFUSALS` is asked in order, and the first that applies is the verdict: what is stale, a duplicate, forged or unknown
changes nothing. A reply is matched by UID, RECURRENCE-ID and ATTENDEE, and ordered by SEQUENCE, then DTSTAMP; the
ORGANIZER may be missing, as Outlook leaves it out. Nothing here reads mail or stores anything.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from svsm_cal.ical.value_types import stamp_of
from svsm_cal.itip.invitation import Answer, Invitation, Partstat, Proposal, Standing
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from svsm_cal.ical.replies import Attendee, Reply, ReplyTime

__all__ = ["Decision", "Known", "Verdict", "receive"]


class Verdict(StrEnum):
    """What became of an answer; only the first four change or cause anything."""

    ANSWERED = "answered"
    DELEGATE = "answered by a delegate"
    PROPOSED = "proposes another time"
    RESEND = "asks for the invite again"
    METHOD = "not an answer"
    ATTENDEES = "names no single attendee"
    UID = "about an unknown UID"
    FORGED = "not sent by whom it is from"
    ORGANIZER = "to another organizer"
    UNINVITED = "from somebody not invited"
    CANCELLED = "to an invitation that was cancelled"
    INSTANCE = "about a call that there is not"
    UNTOLD = "to a revision that nobody was told"
    EMPTY = "answers nothing"
    DUPLICATE = "known already"
    STALE = "older than what is known"


class Known(Value):
    """What is known when an answer comes: all that a decision rests on.

    `invitations` are those of the answer's UID by address in lower case, empty for an unknown UID; `organizer` is our
    address; `instance` gives the RECURRENCE-ID, as announced, of the call that a time means, None where there is none.
    """

    organizer: str
    invitations: Mapping[str, Invitation]
    instance: Callable[[ReplyTime], str | None]


class Decision(Value):
    """What an answer comes to: a verdict, and the invitation or the proposal to record, if any.

    With `RESEND` the invitation is unchanged, and what it has been told is to be sent again.
    """

    verdict: Verdict
    invitation: Invitation | None = None
    proposal: Proposal | None = None


class _Question(Value):
    """An answer laid beside what is known."""

    reply: Reply
    sender: str
    known: Known
    attendee: Attendee | None
    invitation: Invitation | None
    recurrence: str | None
    stamp: str

    @property
    def principal(self) -> Invitation | None:
        """Return the invitation that a delegate answers for, who was named by its attendee."""
        if self.attendee is None:
            return None
        for address in self.attendee.delegated_from:
            held = self.known.invitations.get(address)
            named = held is not None and any(
                each.partstat is Partstat.DELEGATED and each.delegate.lower() == self.attendee.address for each in held.answers
            )
            if named:
                return held
        return None

    @property
    def last(self) -> Answer | None:
        """Return the answer that this one would take the place of."""
        return self.invitation.answer(self.recurrence or "") if self.invitation is not None else None


def receive(reply: Reply, sender: str, known: Known) -> Decision:
    """Return what an answer comes to; `sender` is the address in From of the mail it came in, in lower case."""
    attendee = reply.attendees[0] if len(reply.attendees) == 1 else None
    invitation = known.invitations.get(attendee.address) if attendee is not None else None
    recurrence = "" if reply.recurrence is None else known.instance(reply.recurrence)
    stamp = "" if reply.stamp is None else stamp_of(reply.stamp)
    question = _Question(reply, sender, known, attendee, invitation, recurrence, stamp)
    for verdict, applies in _REFUSALS:
        if applies(question):
            return Decision(verdict)
    return _ACCEPTED[reply.method](question)


def _same_answer(question: _Question) -> bool:
    last = question.last
    return last is not None and (last.sequence, last.stamp) == (question.reply.sequence, question.stamp)


def _stale(question: _Question) -> bool:
    """Whether a later answer is known, to this instance or, for an answer to all, to the time that all now have."""
    last = question.last
    return last is not None and (question.reply.sequence, question.stamp) < (last.sequence, last.stamp)


def _is_answer(question: _Question) -> bool:
    return question.reply.method == "REPLY"


# In this order: who may speak, of what, and whether it is news.
_REFUSALS: tuple[tuple[Verdict, Callable[[_Question], bool]], ...] = (
    (Verdict.METHOD, lambda q: q.reply.method not in _ACCEPTED),
    (Verdict.UID, lambda q: not q.known.invitations),
    (Verdict.ATTENDEES, lambda q: q.attendee is None),
    (Verdict.FORGED, lambda q: q.attendee is not None and q.sender != q.attendee.address),
    (Verdict.ORGANIZER, lambda q: q.reply.organizer not in (None, "", q.known.organizer.lower())),
    (Verdict.UNINVITED, lambda q: q.invitation is None and q.principal is None),
    (Verdict.UNINVITED, lambda q: q.invitation is not None and q.invitation.participant is None),
    (Verdict.CANCELLED, lambda q: any(each and each.standing is Standing.CANCELLED for each in (q.invitation, q.principal))),
    (Verdict.INSTANCE, lambda q: q.recurrence is None),
    (Verdict.UNTOLD, lambda q: q.invitation is not None and q.reply.sequence > q.invitation.sequence + q.invitation.lift),
    (Verdict.EMPTY, lambda q: _is_answer(q) and q.attendee is not None and q.attendee.partstat == Partstat.NEEDS_ACTION),
    (Verdict.DUPLICATE, lambda q: _is_answer(q) and _same_answer(q)),
    (Verdict.STALE, lambda q: _is_answer(q) and _stale(q)),
)


def _answered(question: _Question) -> Decision:
    attendee, invitation = question.attendee, question.invitation
    if attendee is None:
        return Decision(Verdict.ATTENDEES)
    if invitation is None:
        return _delegate(question, attendee)
    answer = Answer(
        question.recurrence or "",
        Partstat(attendee.partstat),
        question.reply.sequence,
        question.stamp,
        question.reply.comment,
        attendee.delegated_to[0] if attendee.delegated_to else "",
    )
    return Decision(Verdict.ANSWERED, _with(invitation, answer))


def _delegate(question: _Question, attendee: Attendee) -> Decision:
    """Record what a delegate says with the attendee who named them: they are not invited themselves."""
    principal = question.principal
    if principal is None:
        return Decision(Verdict.UNINVITED)
    named = next(each for each in principal.answers if each.delegate.lower() == attendee.address)
    said = f"{attendee.address}: {attendee.partstat}"
    if named.comment == said:
        return Decision(Verdict.DUPLICATE)
    return Decision(Verdict.DELEGATE, _with(principal, replace(named, comment=said)))


def _with(invitation: Invitation, answer: Answer) -> Invitation:
    answers = {each.recurrence: each for each in invitation.answers} | {answer.recurrence: answer}
    return replace(invitation, answers=tuple(answers[each] for each in sorted(answers)))


def _proposed(question: _Question) -> Decision:
    reply, attendee = question.reply, question.attendee
    if attendee is None or reply.start is None or question.invitation is None:
        return Decision(Verdict.EMPTY)
    start, end = (_instant_text(each) for each in (reply.start, reply.end))
    proposal = Proposal(reply.uid, question.recurrence or "", attendee.address, start, end, reply.comment, question.stamp)
    return Decision(Verdict.PROPOSED, proposal=proposal)


def _instant_text(time: ReplyTime | None) -> str:
    if time is None:
        return ""
    return time.text if time.at is None else stamp_of(time.at)


def _resend(question: _Question) -> Decision:
    return Decision(Verdict.RESEND, question.invitation) if question.invitation is not None else Decision(Verdict.UNINVITED)


_ACCEPTED: dict[str, Callable[[_Question], Decision]] = {"REPLY": _answered, "COUNTER": _proposed, "REFRESH": _resend}
