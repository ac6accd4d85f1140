"""Invitations as terminal text and JSON records: the mails of a plan with their reasons, and the status of each invitation."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from svsm_cal.itip.announce import Purpose
from svsm_cal.itip.invitation import Partstat, Standing
from svsm_cal.render.records import instant_text
from svsm_cal.render.text import aligned
from svsm_cal.value import Value
from svsm_cal.words import ENGLISH
from svsm_cal.words.language import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from svsm_cal.engine.civil import Instant
    from svsm_cal.itip.announce import Message
    from svsm_cal.itip.invitation import Invitation, Proposal
    from svsm_cal.render.change_rows import News
    from svsm_cal.render.text import Cell, Paint
    from svsm_cal.words.language import Language

_WITHOUT_NEWS = (Purpose.UPDATE, Purpose.REMOVE, Purpose.CANCEL)


class Due(Value):
    """A mail that is due: its message, the call's series, and, by language, the call's title and the changes for its reader."""

    message: Message
    series: str
    title: Callable[[Language], str]
    news: News


class Stand(Value):
    """The status of an invitation: its series and title, and the last mail's state, server response and bounce."""

    invitation: Invitation
    series: str
    title: str
    mail: str
    response: str
    bounced: str


class Standings(Value):
    """The status of all invitations, the proposals that wait for a person, and the number of mails in each state."""

    stands: tuple[Stand, ...]
    proposals: tuple[Proposal, ...]
    mails: dict[str, int]


def _who(invitation: Invitation) -> str:
    """Return the name of a message's recipient; a list's name is its address."""
    return invitation.email if invitation.participant is None else invitation.name


def _due_rows(language: Language, due: Sequence[Due]) -> Iterator[list[Cell]]:
    """Yield a row for each mail: the call if it is not the one above, the purpose, the reason."""
    above = ""
    for each in due:
        purpose, who = each.message.purpose, _who(each.message.invitation)
        title = each.title(language)
        why = "; ".join(each.news(language)) or (language.say(f"invite.{purpose}.why") if purpose in _WITHOUT_NEWS else "")
        style = "cancelled" if each.message.method == "CANCEL" else ""
        yield [("strong", "" if title == above else title), (style, language.say(f"invite.{purpose}", who=who)), ("", why)]
        above = title


def _due_record(due: Due) -> dict[str, Any]:
    """Return the record of a mail that is due."""
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
        "reasons": [*due.news(ENGLISH)],
    }


def _answer(language: Language, invitation: Invitation) -> str:
    """Return an answer, with the calls for which it differs."""
    if invitation.standing is Standing.CANCELLED:
        return language.say("invite.no_longer")
    if invitation.participant is None:
        return language.say("invite.is_told")
    whole = invitation.answer()
    said = language.say(f"answer.{whole.partstat if whole is not None else Partstat.NEEDS_ACTION}")
    if whole is not None and whole.delegate:
        said = language.say("answer.delegated_to", answer=said, name=whole.delegate)
    apart = [(_date(language, each.recurrence), each.partstat) for each in invitation.answers if each.recurrence]
    return ", ".join([said, *(f"{day} {language.say(f'answer.{partstat}')}" for day, partstat in apart)])


def _stand_rows(language: Language, stands: Sequence[Stand]) -> Iterator[list[Cell]]:
    """Yield a row for each invitation: the call, who, their answer, and the last mail's outcome."""
    above = ""
    for each in stands:
        title = "" if each.title == above else each.title
        above = each.title
        mail = language.say(f"mail.state.{each.mail}") if each.mail else ""
        if each.bounced:
            mail = language.say("invite.bounced", reason=each.bounced)
        if each.mail in ("failed", "pending") and each.response:
            mail += f": {each.response}"
        style = "urgent" if each.bounced or each.mail == "failed" else "faint"
        yield [("strong", title), ("", _who(each.invitation)), ("", _answer(language, each.invitation)), (style, mail)]


def _stand_record(stand: Stand) -> dict[str, Any]:
    """Return the record of an invitation's status."""
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


def _proposal_line(language: Language, proposal: Proposal, name: str, title: str) -> str:
    """Return a proposal that waits for a person."""
    start = proposal.start
    when = start
    if start[8:9] == "T":
        when = f"{_date(language, start)} {start[9:11]}:{start[11:13]}{' UTC' if start.endswith('Z') else ''}"
    when += f" ({proposal.comment})" if proposal.comment else ""
    if not proposal.recurrence:
        return language.say("proposal", name=name, title=title, when=when)
    return language.say("proposal.one", name=name, title=title, when=when, day=_date(language, proposal.recurrence))


def _date(language: Language, stamp: str) -> str:
    return language.short_date(date(int(stamp[:4]), int(stamp[4:6]), int(stamp[6:8])))


def outbox_line(*, sent: int, failed: int, pending: int, due: Instant | None) -> str:
    """Return the outcome of a delivery, in English: 9 mails sent, 1 failed; 3 still to send, the next at ..."""
    line = f"{counted(sent, 'mail')} sent" + (f", {failed} failed" if failed else "")
    if pending:
        line += f"; {pending} still to send" + (f", the next at {instant_text(due)}" if due is not None else "")
    return line


def plan_text(
    language: Language,
    digest: str,
    due: Sequence[Due],
    without_address: Sequence[str],
    paint: Paint,
    *,
    waiting: int = 0,
    failed: int = 0,
) -> str:
    """Return a plan as text: a line for each mail, the plan's name, and what became of earlier mails."""
    lines = aligned(list(_due_rows(language, due)), paint) if due else [language.say("invite.none_due")]
    if without_address:
        lines += ["", language.say("invite.no_address", names=", ".join(without_address))]
    if due:
        lines += ["", language.say("invite.plan", mails=language.amount(len(due), "mail"), digest=digest)]
    if waiting:
        lines.append(language.say("invite.waiting", mails=waiting))
    if failed:
        lines.append(language.say("invite.failed", mails=failed))
    return "\n".join(lines) + "\n"


def plan_record(
    digest: str, due: Sequence[Due], without_address: Sequence[str], *, waiting: int = 0, failed: int = 0
) -> dict[str, Any]:
    """Return the record of a plan; its reasons are always English."""
    mails = [_due_record(each) for each in due]
    return {"plan": digest, "mails": mails, "without_address": list(without_address), "waiting": waiting, "failed": failed}


def status_text(language: Language, standings: Standings, paint: Paint) -> str:
    """Return the status of all invitations as text."""
    stands = standings.stands
    lines = aligned(list(_stand_rows(language, stands)), paint) if stands else [language.say("invite.nobody")]
    names = {each.invitation.email.lower(): each.invitation.name for each in stands}
    titles = {each.invitation.uid: each.title for each in stands}
    if standings.proposals:
        lines.append("")
    for each in standings.proposals:
        lines.append(_proposal_line(language, each, names.get(each.email, each.email), titles.get(each.uid, each.uid)))
    counts = [f"{count} {language.say(f'mail.state.{state}')}" for state, count in standings.mails.items() if count]
    if counts:
        lines += ["", language.say("invite.mails", counts=", ".join(counts))]
    return "\n".join(lines) + "\n"


def status_record(standings: Standings) -> dict[str, Any]:
    """Return the record of all invitations' status."""
    return {
        "invitations": [_stand_record(each) for each in standings.stands],
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
