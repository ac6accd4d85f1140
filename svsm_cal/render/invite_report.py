"""Invitations on a terminal and as records: what a plan would tell whom and why, and where everybody stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from svsm_cal.itip.announce import Purpose
from svsm_cal.itip.invitation import Partstat, Standing
from svsm_cal.render.records import instant_text
from svsm_cal.render.text import aligned
from svsm_cal.value import Value
from svsm_cal.words.phrases import amount

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from svsm_cal.engine.civil import Instant
    from svsm_cal.itip.announce import Message
    from svsm_cal.itip.invitation import Invitation, Proposal
    from svsm_cal.render.change_summary import News
    from svsm_cal.render.text import Paint

__all__ = ["Due", "Stand", "Standings", "outbox_line", "plan_record", "plan_text", "status_record", "status_text"]

_PURPOSES = {
    Purpose.INVITE: "invites {who}",
    Purpose.INVITE_AGAIN: "invites {who} again",
    Purpose.UPDATE: "tells {who}",
    Purpose.REMOVE: "tells {who}",
    Purpose.CANCEL: "tells {who}",
}
_WITHOUT_NEWS = {
    Purpose.UPDATE: "details have changed",
    Purpose.REMOVE: "no longer invited, the call goes on",
    Purpose.CANCEL: "the call does not take place any more",
}
_ANSWERS = {
    Partstat.NEEDS_ACTION: "no answer",
    Partstat.ACCEPTED: "accepted",
    Partstat.TENTATIVE: "tentative",
    Partstat.DECLINED: "declined",
    Partstat.DELEGATED: "delegated",
}
Cell = tuple[str, str]


class Due(Value):
    """A mail that is due: its message, the call's series and title, and what changes for its reader."""

    message: Message
    series: str
    title: str
    news: tuple[News | str, ...]


class Stand(Value):
    """Where an address stands: its invitation, the series and title, and its last mail's state, server's word and bounce."""

    invitation: Invitation
    series: str
    title: str
    mail: str
    response: str
    bounced: str


class Standings(Value):
    """Where everybody stands, the proposals that wait for a person, and how many mails are in which state."""

    stands: tuple[Stand, ...]
    proposals: tuple[Proposal, ...]
    mails: dict[str, int]


def _who(invitation: Invitation) -> str:
    """Return whom a message is for: a list's address is its name."""
    return invitation.email if invitation.participant is None else invitation.name


def due_rows(due: Sequence[Due]) -> Iterator[list[Cell]]:
    """Yield a row for each mail: the call, unless it is the one above's, what for, why."""
    above = ""
    for each in due:
        who = _who(each.message.invitation)
        title = "" if each.title == above else each.title
        above = each.title
        why = "; ".join(map(str, each.news)) or _WITHOUT_NEWS.get(each.message.purpose, "")
        style = "cancelled" if each.message.method == "CANCEL" else ""
        yield [("strong", title), (style, _PURPOSES[each.message.purpose].format(who=who)), ("", why)]


def due_record(due: Due) -> dict[str, Any]:
    """Return a mail that is due as JSON has it."""
    told = due.message.invitation
    return {
        "series": due.series,
        "uid": told.uid,
        "participant": told.participant,
        "list": told.email if told.participant is None else None,
        "purpose": due.message.purpose.value,
        "method": due.message.method,
        "sequence": told.sequence + told.lift,
        "significant": due.message.significant,
        "recurrence_id": due.message.only or None,
        "reasons": [str(each) for each in due.news],
    }


def _answer(invitation: Invitation) -> str:
    """Return an answer in words, with the calls for which it is another."""
    if invitation.standing is Standing.CANCELLED:
        return "no longer invited"
    if invitation.participant is None:
        return "is told"
    whole = invitation.answer()
    said = _ANSWERS[whole.partstat if whole is not None else Partstat.NEEDS_ACTION]
    if whole is not None and whole.delegate:
        said += f" to {whole.delegate}"
    apart = [f"{_date(each.recurrence)} {_ANSWERS[each.partstat]}" for each in invitation.answers if each.recurrence]
    return ", ".join([said, *apart])


def stand_rows(stands: Sequence[Stand]) -> Iterator[list[Cell]]:
    """Yield a row for each invitation: the call, who, their answer, and what became of the last mail."""
    above = ""
    for each in stands:
        title = "" if each.title == above else each.title
        above = each.title
        mail = f"bounced: {each.bounced}" if each.bounced else each.mail
        if each.mail in ("failed", "pending") and each.response:
            mail += f": {each.response}"
        style = "urgent" if each.bounced or each.mail == "failed" else "faint"
        yield [("strong", title), ("", _who(each.invitation)), ("", _answer(each.invitation)), (style, mail)]


def stand_record(stand: Stand) -> dict[str, Any]:
    """Return where an address stands as JSON has it."""
    told = stand.invitation
    whole = told.answer()
    return {
        "series": stand.series,
        "uid": told.uid,
        "participant": told.participant,
        "list": told.email if told.participant is None else None,
        "standing": told.standing.value,
        "sequence": told.sequence + told.lift,
        "partstat": (whole.partstat if whole is not None else Partstat.NEEDS_ACTION).value,
        "instances": [
            {"recurrence_id": each.recurrence, "partstat": each.partstat.value} for each in told.answers if each.recurrence
        ],
        "mail": {"state": stand.mail or None, "response": stand.response, "bounced": stand.bounced},
    }


def proposal_line(proposal: Proposal, name: str, title: str) -> str:
    """Return a proposal that waits for a person in a line."""
    call = f" of {_date(proposal.recurrence)}" if proposal.recurrence else ""
    comment = f" ({proposal.comment})" if proposal.comment else ""
    start = proposal.start
    when = f"{_date(start)} {start[9:11]}:{start[11:13]}{' UTC' if start.endswith('Z') else ''}" if start[8:9] == "T" else start
    return f"{name} proposes another time for {title}{call}: {when}{comment}"


def _date(stamp: str) -> str:
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}"


def outbox_line(*, sent: int, failed: int, pending: int, due: Instant | None) -> str:
    """Return what became of the mails in a line: 9 mails sent, 1 failed; 3 wait until 2025-03-05T17:05:00Z."""
    parts = [f"{amount(sent, 'mail')} sent", *([f"{failed} failed"] if failed else [])]
    line = ", ".join(parts)
    if pending:
        line += f"; {pending} still to send" + (f", the next at {instant_text(due)}" if due is not None else "")
    return line


def plan_text(
    digest: str, due: Sequence[Due], without_address: Sequence[str], paint: Paint, *, waiting: int = 0, failed: int = 0
) -> str:
    """Return a plan as text: a line for each mail, what the plan is called, and what became of earlier mails."""
    lines = aligned(list(due_rows(due)), paint) if due else ["Nothing has changed for anybody."]
    if without_address:
        lines += ["", f"without an e-mail address: {', '.join(without_address)}"]
    if due:
        lines += ["", f"{amount(len(due), 'mail')}, plan {digest}"]
    if waiting:
        lines.append(f"of earlier mails {waiting} still to send: `svsm-cal invite send` goes on")
    if failed:
        lines.append(f"of earlier mails {failed} failed or came back: `svsm-cal invite retry` sends them again")
    return "\n".join(lines) + "\n"


def plan_record(
    digest: str, due: Sequence[Due], without_address: Sequence[str], *, waiting: int = 0, failed: int = 0
) -> dict[str, Any]:
    """Return a plan as JSON has it."""
    mails = [due_record(each) for each in due]
    return {"plan": digest, "mails": mails, "without_address": list(without_address), "waiting": waiting, "failed": failed}


def status_text(standings: Standings, paint: Paint) -> str:
    """Return where everybody stands as text."""
    lines = aligned(list(stand_rows(standings.stands)), paint) if standings.stands else ["Nobody has been invited yet."]
    names = {each.invitation.email.lower(): each.invitation.name for each in standings.stands}
    titles = {each.invitation.uid: each.title for each in standings.stands}
    if standings.proposals:
        lines += [
            "",
            *(
                proposal_line(each, names.get(each.email, each.email), titles.get(each.uid, each.uid))
                for each in standings.proposals
            ),
        ]
    counted = [f"{count} {state}" for state, count in standings.mails.items() if count]
    if counted:
        lines += ["", f"mails: {', '.join(counted)}"]
    return "\n".join(lines) + "\n"


def status_record(standings: Standings) -> dict[str, Any]:
    """Return where everybody stands as JSON has it."""
    return {
        "invitations": [stand_record(each) for each in standings.stands],
        "proposals": [
            {
                "uid": each.uid,
                "recurrence_id": each.recurrence,
                "email": each.email,
                "start": each.start,
                "end": each.end,
                "comment": each.comment,
            }
            for each in standings.proposals
        ],
        "mails": dict(standings.mails),
    }
