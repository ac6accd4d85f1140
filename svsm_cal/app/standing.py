"""Where everybody stands: what they were told, what they answered, what became of their mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.app.answers import topic_of
from svsm_cal.app.invitations import told_calendar
from svsm_cal.render.invitations import Stand, Standings
from svsm_cal.store.contract import MailState

if TYPE_CHECKING:
    from svsm_cal.core.civil import Instant
    from svsm_cal.store.contract import Row, Store

__all__ = ["standing"]


def standing(store: Store | None, *, now: Instant) -> Standings:
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
                titles[each.uid] = topic.title if topic is not None else None
            series = announced[each.uid].series if each.uid in announced else each.uid
            said = ("", "", "") if mail is None else (mail.state.value, mail.response, mail.bounced)
            stands.append(Stand(each, series, titles[each.uid] or series, *said))
        return Standings(tuple(stands), tuple(ledger.proposals()), {str(state): count for state, count in counts.items()})
