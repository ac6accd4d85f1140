"""The contract of a store, which SQLite and PostgreSQL both implement.

A `Ledger` is one transaction: decisions about invitations, and the mails that announce them, are stored together or not at
all, by one writer at a time. A `Delivery` is the right to send one batch of mails: at most one process has it, and loses it
when it dies. The outbox row is the truth about a mail.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from svsm_cal.engine.civil import Instant
    from svsm_cal.itip.invitation import Announced, Invitation, Proposal


class MailState(StrEnum):
    """The state of a mail; the last three are final."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    SUPERSEDED = "superseded"


class Mail(Value):
    """A mail as it will be sent: its exact bytes, made once, and the fields by which it is found.

    `kind` is invite, reminder or notice. `uid`, `sequence` and `method` are set for invites only. With
    `supersedes` it replaces older pending mails about its uid to its recipient.
    """

    message_id: str
    kind: str
    sender: str
    recipient: str
    data: bytes
    uid: str = ""
    sequence: int = 0
    method: str = ""
    reason: str = ""
    supersedes: bool = False


class Row(Value):
    """A mail in the outbox: its id, which gives the order, and its history.

    `not_before` is the time of the next attempt; `response` the mail server's last reply; `bounced` a later delivery report.
    """

    id: int
    mail: Mail
    state: MailState
    attempts: int
    created: Instant
    not_before: Instant
    settled: Instant | None
    response: str
    bounced: str


class Tally(Value):
    """How many mails are pending, how many failed, and how many bounced after they were sent."""

    pending: int
    failed: int
    bounced: int


class Settled(Value):
    """The result of an attempt: the row's next state, when to try again if it is still pending, and the server's reply."""

    id: int
    state: MailState
    at: Instant
    not_before: Instant | None = None
    response: str = ""


class Publication(Value):
    """The calendar file that was last announced, with the release of the tz database, and the time."""

    source: bytes
    tz_version: str
    at: Instant


class Receipt(Value):
    """A processed incoming message: its digest, a verdict in one or two words, and a line about it."""

    digest: str
    at: Instant
    verdict: str
    about: str = ""


class Ledger(Protocol):
    """One transaction over everything stored; writers wait for each other."""

    def publication(self) -> Publication | None:
        """Return the last publication; None before the first."""

    def announced(self) -> dict[str, Announced]:
        """Return the announced objects by UID, in order of UID."""

    def invitations(self, uid: str | None = None) -> Iterator[Invitation]:
        """Yield the invitations of a UID, or all, in order of UID and address."""

    def publish(self, publication: Publication, announced: Iterable[Announced]) -> None:
        """Record the last publication, and objects in place of those with the same UIDs."""

    def save(self, invitations: Iterable[Invitation]) -> None:
        """Record invitations in place of those with the same UID and address."""

    def enqueue(self, mails: Iterable[Mail], *, now: Instant) -> list[int]:
        """Append mails as pending, in order, and return their ids; a known Message-ID is not appended and keeps its id."""

    def outbox(self, *, states: Sequence[MailState] = (), recipient: str | None = None, uid: str | None = None) -> Iterator[Row]:
        """Yield rows in order, without their bytes."""

    def tally(self) -> Tally:
        """Return how many mails are in which state, counted by the database: the outbox keeps all mails."""

    def data_of(self, id: int) -> bytes:
        """Return a row's exact bytes."""

    def find(self, message_id: str) -> Row | None:
        """Return the row of a Message-ID, without its bytes."""

    def bounce(self, id: int, text: str) -> None:
        """Record a delivery report about a mail that was sent."""

    def retry(self, ids: Iterable[int], *, now: Instant) -> int:
        """Make rows that failed, bounced or wait due now, with no attempts, and return how many there were."""

    def claim(self, identity: str, *, now: Instant) -> bool:
        """Record that a one-time action is being done; False if it was recorded before."""

    def claimed(self, prefix: str) -> set[str]:
        """Return the recorded identities that begin with a prefix."""

    def receive(self, receipt: Receipt) -> bool:
        """Record an incoming message; False if its digest was recorded before."""

    def receipts(self) -> Iterator[Receipt]:
        """Yield the incoming messages, by time and digest."""

    def propose(self, proposal: Proposal) -> None:
        """Record a proposal in place of an earlier one from the same address for the same instance."""

    def proposals(self) -> Iterator[Proposal]:
        """Yield the proposals that wait for a decision, in order of UID, instance and address."""

    def served_version(self) -> int:
        """Return how often the served feeds have changed, 0 before the first time."""

    def served(self) -> dict[str, bytes]:
        """Return the last files recorded by `serve`, by name: the feeds and other state."""

    def serve(self, files: Mapping[str, bytes]) -> int:
        """Record these in place of all that were served before; return the version, which rises only if they differ."""


class Delivery(Protocol):
    """The right to deliver one batch of mails; results that `settle` recorded outlive the process."""

    def due(self, now: Instant, limit: int) -> list[Row]:
        """Return pending rows whose time has come, with their bytes, by the time they are due and then by id.

        A row with a uid waits while an earlier one to the same recipient about the same uid is pending.
        """

    def settle(self, settled: Iterable[Settled]) -> None:
        """Record the results of attempts together; they are kept when this returns, even if the process dies then.

        A power cut may cost the last of them (each store says how many): those mails are sent again with the same bytes. A
        final state stays; a row that was superseded meanwhile becomes sent if it was. Raises ValueError for a state that is
        not the result of an attempt.
        """

    def remaining(self) -> tuple[int, Instant | None]:
        """Return how many rows are pending, and when the first of them is due."""


class Store(Protocol):
    """A store; `name` is how messages call it (a path, or an address without its password)."""

    name: str

    def ledger(self, *, writes: bool = True) -> AbstractContextManager[Ledger]:
        """Return a transaction: committed when its block ends, rolled back when it raises."""

    def delivery(self, *, batch: int | None = None) -> AbstractContextManager[Delivery | None]:
        """Return the right to deliver everything, or one batch; None while another process holds it."""

    def batches(self) -> list[int]:
        """Return the batches that have pending rows, in order."""

    def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date, each step in a transaction; return the versions before and after."""

    def check(self) -> list[str]:
        """Return the faults of what is stored, a line each."""

    def export(self) -> Iterator[dict[str, Any]]:
        """Yield everything as records with ISO texts: what `store export` prints as JSON lines."""

    def close(self) -> None:
        """Close all connections."""
