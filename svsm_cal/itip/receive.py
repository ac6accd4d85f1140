"""The effect of a reply (RFC 5546 sections 2.1.5, 3.2.3, 3.2.6, 3.2.7): from the reply and the stored state to a decision.

The first refusal in `_REFUSALS` that applies is the verdict: a stale, duplicate, forged or unknown reply changes nothing.
Replies are matched by UID, RECURRENCE-ID and ATTENDEE, and ordered by SEQUENCE, then DTSTAMP; ORGANIZER may be missing, as
from Outlook. Nothing here reads mail or stores anything.
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


class Verdict(StrEnum):
    """The result of a reply; only the first four have an effect."""

    ANSWERED = "answered"
    DELEGATE = "answered by a delegate"
    PROPOSED = "proposes another time"
    RESEND = "asks for the invite again"
    METHOD = "not a reply"
    ATTENDEES = "without exactly one attendee"
    UID = "about an unknown UID"
    FORGED = "not sent by the attendee"
    ORGANIZER = "to another organizer"
    UNINVITED = "from somebody not invited"
    CANCELLED = "to a cancelled invitation"
    INSTANCE = "about an unknown call"
    UNSENT = "to a revision that was never sent"
    EMPTY = "without an answer"
    DUPLICATE = "already recorded"
    STALE = "older than the recorded answer"


class Known(Value):
    """The stored state that a decision depends on.

    `organizer` is the organizer's own address; `invitations` are those to the reply's UID, by address in lower case, empty
    for an unknown UID; `instance` maps a time to the announced RECURRENCE-ID of its call, or None.
    """

    organizer: str
    invitations: Mapping[str, Invitation]
    instance: Callable[[ReplyTime], str | None]


class Decision(Value):
    """A verdict, and the invitation or proposal to record, if any.

    With `RESEND` the invitation is unchanged, and its last message is to be sent again.
    """

    verdict: Verdict
    invitation: Invitation | None = None
    proposal: Proposal | None = None


class _Case(Value):
    """A reply with the stored state it refers to."""

    reply: Reply
    sender: str
    known: Known
    attendee: Attendee | None
    invitation: Invitation | None
    recurrence: str | None
    stamp: str

    @property
    def principal(self) -> Invitation | None:
        """Return the invitation whose attendee delegated to the sender, or None."""
        if self.attendee is None:
            return None
        for address in self.attendee.delegated_from:
            invitation = self.known.invitations.get(address)
            if invitation is not None and self.delegation(invitation) is not None:
                return invitation
        return None

    def delegation(self, principal: Invitation) -> Answer | None:
        """Return the answer of an invitation that names the sender as delegate, or None."""
        delegations = (answer for answer in principal.answers if answer.partstat is Partstat.DELEGATED)
        address = "" if self.attendee is None else self.attendee.address
        return next((answer for answer in delegations if answer.delegate.lower() == address), None)

    @property
    def age(self) -> int | None:
        """Return -1, 0 or 1 for a reply older than, the same as or newer than the recorded answer; None for no answer."""
        last = self.invitation.answer(self.recurrence or "") if self.invitation is not None else None
        if last is None or self.reply.method != "REPLY":
            return None
        own, recorded = (self.reply.sequence, self.stamp), (last.sequence, last.stamp)
        return (own > recorded) - (own < recorded)


def receive(reply: Reply, sender: str, known: Known) -> Decision:
    """Return the decision on a reply; `sender` is the From address of its mail, in lower case."""
    attendee = reply.attendees[0] if len(reply.attendees) == 1 else None
    invitation = known.invitations.get(attendee.address) if attendee is not None else None
    recurrence = "" if reply.recurrence is None else known.instance(reply.recurrence)
    stamp = "" if reply.stamp is None else stamp_of(reply.stamp)
    case = _Case(reply, sender, known, attendee, invitation, recurrence, stamp)
    for verdict, applies in _REFUSALS:
        if applies(case):
            return Decision(verdict)
    return _ACCEPTED[reply.method](case)


def _is_empty(case: _Case) -> bool:
    return case.reply.method == "REPLY" and case.attendee is not None and case.attendee.partstat == Partstat.NEEDS_ACTION


# First the sender, then the subject, then whether it is new.
_REFUSALS: tuple[tuple[Verdict, Callable[[_Case], bool]], ...] = (
    (Verdict.METHOD, lambda c: c.reply.method not in _ACCEPTED),
    (Verdict.UID, lambda c: not c.known.invitations),
    (Verdict.ATTENDEES, lambda c: c.attendee is None),
    (Verdict.FORGED, lambda c: c.attendee is not None and c.sender != c.attendee.address),
    (Verdict.ORGANIZER, lambda c: c.reply.organizer not in (None, "", c.known.organizer.lower())),
    (Verdict.UNINVITED, lambda c: c.invitation is None and c.principal is None),
    (Verdict.UNINVITED, lambda c: c.invitation is not None and c.invitation.participant is None),
    (Verdict.CANCELLED, lambda c: any(one and one.standing is Standing.CANCELLED for one in (c.invitation, c.principal))),
    (Verdict.INSTANCE, lambda c: c.recurrence is None),
    (Verdict.UNSENT, lambda c: c.invitation is not None and c.reply.sequence > c.invitation.sequence + c.invitation.lift),
    (Verdict.EMPTY, _is_empty),
    (Verdict.DUPLICATE, lambda c: c.age == 0),
    (Verdict.STALE, lambda c: c.age == -1),
)


def _answered(case: _Case) -> Decision:
    attendee, invitation = case.attendee, case.invitation
    if attendee is None:
        return Decision(Verdict.ATTENDEES)
    if invitation is None:
        return _delegate(case, attendee)
    delegate = attendee.delegated_to[0] if attendee.delegated_to else ""
    partstat = Partstat(attendee.partstat)
    answer = Answer(case.recurrence or "", partstat, case.reply.sequence, case.stamp, case.reply.comment, delegate)
    return Decision(Verdict.ANSWERED, _with(invitation, answer))


def _delegate(case: _Case, attendee: Attendee) -> Decision:
    """Record a delegate's answer with the attendee who delegated, as the delegate has no invitation."""
    principal = case.principal
    delegation = None if principal is None else case.delegation(principal)
    if principal is None or delegation is None:
        return Decision(Verdict.UNINVITED)
    comment = f"{attendee.address}: {attendee.partstat}"
    if delegation.comment == comment:
        return Decision(Verdict.DUPLICATE)
    return Decision(Verdict.DELEGATE, _with(principal, replace(delegation, comment=comment)))


def _with(invitation: Invitation, answer: Answer) -> Invitation:
    answers = {old.recurrence: old for old in invitation.answers} | {answer.recurrence: answer}
    return replace(invitation, answers=tuple(answers[recurrence] for recurrence in sorted(answers)))


def _proposed(case: _Case) -> Decision:
    reply, attendee = case.reply, case.attendee
    if attendee is None or reply.start is None or case.invitation is None:
        return Decision(Verdict.EMPTY)
    start, end = map(_instant_text, (reply.start, reply.end))
    proposal = Proposal(reply.uid, case.recurrence or "", attendee.address, start, end, reply.comment, case.stamp)
    return Decision(Verdict.PROPOSED, proposal=proposal)


def _instant_text(time: ReplyTime | None) -> str:
    if time is None:
        return ""
    return time.text if time.at is None else stamp_of(time.at)


def _resend(case: _Case) -> Decision:
    return Decision(Verdict.RESEND, case.invitation) if case.invitation is not None else Decision(Verdict.UNINVITED)


_ACCEPTED: dict[str, Callable[[_Case], Decision]] = {"REPLY": _answered, "COUNTER": _proposed, "REFRESH": _resend}
