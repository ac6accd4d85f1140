"""What has been told of a calendar, in a store: its claims, and for mails its outbox, in one transaction each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from svsm_cal.engine.civil import Instant
    from svsm_cal.store.contract import Ledger, Mail, Store

__all__ = ["NoticeMemory"]

_FAILED = " failed"


class NoticeMemory:
    """`svsm_cal.app.notices.SentOnce` over a store.

    A claim cannot be taken back; that nothing arrived is a claim of its own, after which there may be another attempt.
    """

    def __init__(self, store: Store, now: Instant) -> None:
        self._store = store
        self._now = now

    def told(self, entries: Sequence[tuple[str, str]]) -> list[bool]:
        """Return for each (identity, channel) whether it has been recorded as told."""
        with self._store.ledger(writes=False) as ledger:
            # One question for all participants of a channel: there may be thousands.
            roots = {channel.partition(":")[0] for _, channel in entries}
            claimed = {name for root in roots for name in ledger.claimed(f"notice {root}")}
        return [_last_attempt(claimed, *each)[1] for each in entries]

    def claim(self, identity: str, channel: str) -> bool:
        """Record that something is told in a channel; False if it had been recorded before."""
        with self._store.ledger() as ledger:
            number, stands = _attempts(ledger, identity, channel)
            return not stands and ledger.claim(_name(identity, channel, number + 1), now=self._now)

    def release(self, identity: str, channel: str) -> None:
        """Record that nothing has been told after all."""
        with self._store.ledger() as ledger:
            number, _ = _attempts(ledger, identity, channel)
            ledger.claim(f"{_name(identity, channel, number)}{_FAILED}", now=self._now)

    def enqueue(self, mails: Sequence[tuple[str, str, Mail]]) -> list[bool]:
        """Put mails (identity, channel, mail) into the outbox and record that, all in one transaction.

        Return for each whether it was put there: not if it had been recorded before.
        """
        with self._store.ledger() as ledger:
            fresh = [ledger.claim(_name(identity, channel, 1), now=self._now) for identity, channel, _ in mails]
            ledger.enqueue([mail for (_, _, mail), new in zip(mails, fresh, strict=True) if new], now=self._now)
            return fresh


def _name(identity: str, channel: str, number: int) -> str:
    return f"notice {channel} {identity} #{number}"


def _attempts(ledger: Ledger, identity: str, channel: str) -> tuple[int, bool]:
    """Return the number of the last attempt, and whether it stands."""
    return _last_attempt(ledger.claimed(_name(identity, channel, 0)[:-1]), identity, channel)


def _last_attempt(claimed: AbstractSet[str], identity: str, channel: str) -> tuple[int, bool]:
    number = 0
    while _name(identity, channel, number + 1) in claimed:
        number += 1
    return number, number > 0 and f"{_name(identity, channel, number)}{_FAILED}" not in claimed
