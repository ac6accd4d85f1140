"""The outbox emptied: mails that are due go to the server, and what became of each is recorded before the next goes.

Whoever dies in between leaves the rest pending for whoever comes next; a mail whose answer was lost goes again, the same
to the byte, so that its Message-ID tells a client that it has it.
"""

from __future__ import annotations

from datetime import timedelta
from random import random
from typing import TYPE_CHECKING

from svsm_cal.core.civil import Instant
from svsm_cal.store.contract import MailState, Settled
from svsm_cal.transport.backoff import retry_at
from svsm_cal.transport.letters import Letter, Outcome, Verdict
from svsm_cal.transport.smtp import deliver
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from svsm_cal.store.contract import Delivery, Row, Store
    from svsm_cal.transport.letters import Broken
    from svsm_cal.transport.smtp_settings import Settings

__all__ = ["Delivered", "empty_outbox", "retry_failed", "waiting_mails"]

_AT_ONCE = 200
# A server that has gone quiet after the final dot is given this long before the same bytes are sent again.
_UNCERTAIN = timedelta(minutes=5)


class Delivered(Value):
    """What a delivery came to: mails by outcome, those still pending and when the first is due, why it ended early.

    `busy` says that another process is delivering, so that this one did nothing.
    """

    sent: int = 0
    failed: int = 0
    deferred: int = 0
    pending: int = 0
    due: Instant | None = None
    broken: Broken | None = None
    busy: bool = False


def _not_stopped() -> bool:
    return False


def empty_outbox(
    store: Store,
    settings: Settings,
    *,
    clock: Callable[[], Instant],
    batch: int | None = None,
    told: Callable[[Row, Settled], None] = lambda _row, _settled: None,
    stop: Callable[[], bool] = _not_stopped,
) -> Delivered:
    """Deliver every mail that is due, of one batch or of all; `told` hears of each as it is settled.

    Raises StoreError, after which what was settled is settled; what the mail server does is in the result.
    """
    with store.delivery(batch=batch) as delivery:
        if delivery is None:
            return Delivered(busy=True)
        run = _Run(delivery, clock, told, stop)
        broken = deliver(run.letters(), settings, settle=run.settle, stop=stop)
        pending, due = delivery.remaining()
        return Delivered(run.counts[MailState.SENT], run.counts[MailState.FAILED], run.deferred, pending, due, broken)


def waiting_mails(store: Store) -> int:
    """Return how many mails in the outbox are still to be delivered."""
    with store.ledger(writes=False) as ledger:
        return ledger.tally().pending


def retry_failed(store: Store, *, recipient: str | None = None, now: Instant) -> int:
    """Make what failed or bounced, and what waits for a later attempt, due now; return how many mails that are."""
    with store.ledger() as ledger:
        rows = [each for each in ledger.outbox(recipient=recipient) if _unfinished(each)]
        return ledger.retry((each.id for each in rows), now=now)


def _unfinished(row: Row) -> bool:
    return row.state in (MailState.FAILED, MailState.PENDING) or bool(row.state is MailState.SENT and row.bounced)


class _Run:
    """One delivery: the rows on their way, and what became of those that were."""

    def __init__(
        self,
        delivery: Delivery,
        clock: Callable[[], Instant],
        told: Callable[[Row, Settled], None],
        stop: Callable[[], bool],
    ) -> None:
        self._delivery, self._clock, self._told, self._stop = delivery, clock, told, stop
        self._rows: dict[int, Row] = {}
        self.counts = dict.fromkeys(MailState, 0)
        self.deferred = 0

    def letters(self) -> Iterator[Letter]:
        """Yield the mails that are due, those included that were waiting for an earlier one about the same UID."""
        while not self._stop() and (rows := self._delivery.due(self._clock(), _AT_ONCE)):
            for row in rows:
                self._rows[row.id] = row
                yield Letter(row.id, row.mail.sender, row.mail.recipient, row.mail.data)

    def settle(self, outcome: Outcome) -> None:
        """Record an outcome, durably, before anything else is sent."""
        row = self._rows.pop(outcome.key)
        settled = self._settled(row, outcome)
        self._delivery.settle([settled])
        self.counts[settled.state] += 1
        self.deferred += settled.state is MailState.PENDING
        self._told(row, settled)

    def _settled(self, row: Row, outcome: Outcome) -> Settled:
        now = self._clock()
        said = f"{outcome.code} {outcome.text}".strip() if outcome.code else outcome.text
        match outcome.verdict:
            case Verdict.SENT:
                return Settled(row.id, MailState.SENT, now, response=said)
            case Verdict.REFUSED:
                return Settled(row.id, MailState.FAILED, now, response=said)
            case Verdict.DEFERRED:
                again = retry_at(row.attempts + 1, now, random())  # noqa: S311 - spreads attempts, hides nothing
                if again is None:
                    return Settled(row.id, MailState.FAILED, now, response=f"{said} (given up)")
                return Settled(row.id, MailState.PENDING, now, again, said)
            case Verdict.UNCERTAIN:
                return Settled(row.id, MailState.PENDING, now, Instant(now + _UNCERTAIN), said)
