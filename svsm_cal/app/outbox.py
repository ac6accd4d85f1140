"""Delivery of the outbox: mails that are due are sent, and the outcome of each is recorded before the next.

A process that dies leaves its remaining mails pending for the next process. A mail whose reply was lost is sent again, byte
for byte the same, so that a client recognises it by its Message-ID.
"""

from __future__ import annotations

from datetime import timedelta
from random import random
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import Instant
from svsm_cal.store.contract import MailState, Settled
from svsm_cal.transport.smtp import Outcome, Verdict, deliver
from svsm_cal.transport.smtp_message import Envelope
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from svsm_cal.store.contract import Delivery, Row, Store
    from svsm_cal.transport.smtp import Broken
    from svsm_cal.transport.smtp_settings import Settings

_AT_ONCE = 200
# How long a server that fell silent after the final dot has, before the same bytes are sent again.
_UNCERTAIN = timedelta(minutes=5)

_FIRST = timedelta(minutes=5)  # after which greylisting lets most mails in
_LONGEST = timedelta(hours=6)
_SPREAD = 0.2

ATTEMPTS = 26
"""How many are made: 5, 10, 20 … 320 minutes apart, then every six hours, for about five days (RFC 5321 section 4.5.4.1)."""


class Delivered(Value):
    """The result of a delivery: mails by outcome, how many are pending and when the first is due, why it ended early.

    `busy` says that this process did nothing, as another one is delivering.
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
    """Deliver every mail that is due, of one batch or of all; `told` is called with each as it is settled.

    Raises StoreError; mails settled before it stay settled. Problems of the mail server are in the result, not raised.
    """
    with store.delivery(batch=batch) as delivery:
        if delivery is None:
            return Delivered(busy=True)
        run = _Run(delivery, clock, told, stop)
        broken = deliver(run.mails(), settings, settle=run.settle, stop=stop)
        pending, due = delivery.remaining()
        return Delivered(run.counts[MailState.SENT], run.counts[MailState.FAILED], run.deferred, pending, due, broken)


def waiting_mails(store: Store) -> int:
    """Return how many mails in the outbox are still to be delivered."""
    with store.ledger(writes=False) as ledger:
        return ledger.tally().pending


def retry_failed(store: Store, *, recipient: str | None = None, now: Instant) -> int:
    """Make mails that failed, bounced or wait for a later attempt due now; return how many there are."""
    with store.ledger() as ledger:
        rows = [each for each in ledger.outbox(recipient=recipient) if _unfinished(each)]
        return ledger.retry((each.id for each in rows), now=now)


def retry_at(attempts: int, now: Instant, jitter: float) -> Instant | None:
    """Return when to make the next attempt, None if the mail has failed for good.

    Args:
        attempts: how many were made, at least 1. Attempts are counted, not days: no mail fails because a machine was off.
        now: the time of the last one.
        jitter: a random number from 0 to 1, which moves the delay by up to a fifth either way.
    """
    if attempts >= ATTEMPTS:
        return None
    delay = min(_FIRST * 2 ** (attempts - 1), _LONGEST)
    return Instant(now + delay * (1 - _SPREAD + 2 * _SPREAD * jitter))


def _unfinished(row: Row) -> bool:
    return row.state in (MailState.FAILED, MailState.PENDING) or bool(row.state is MailState.SENT and row.bounced)


class _Run:
    """One delivery: the rows under way, and how many came to which state."""

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

    def mails(self) -> Iterator[Envelope]:
        """Yield the mails that are due, including those that waited for an earlier one about the same UID."""
        while not self._stop() and (rows := self._delivery.due(self._clock(), _AT_ONCE)):
            for row in rows:
                self._rows[row.id] = row
                yield Envelope(row.id, row.mail.sender, row.mail.recipient, row.mail.data)

    def settle(self, outcome: Outcome) -> None:
        """Record an outcome durably, before the next mail is sent."""
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
