"""What a store does, whichever database it is: the contract that SQLite and PostgreSQL both keep.

A `Ledger` is one transaction: what is decided about invitations and the mails that tell people of it become durable
together or not at all, and one writer decides at a time. A `Delivery` is the right to send: held by at most one
process for one batch of mails, and lost the moment that process dies. The outbox row is the truth about a mail.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from svsm_cal.core.civil import Instant
    from svsm_cal.itip.invitation import Announced, Invitation, Proposal

__all__ = ["Delivery", "Ledger", "Mail", "MailState", "Publication", "Receipt", "Row", "Settled", "Store", "Tally"]


class MailState(StrEnum):
    """What became of a mail: the last three are final."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    SUPERSEDED = "superseded"


class Mail(Value):
    """A mail as it will be sent: its exact bytes, made once, and what is needed to find it again.

    `kind` is what it is for: invite, reminder, notice. `uid`, `sequence` and `method` are the invite's ("" and 0 without).
    `supersedes` says that it makes older pending mails of its uid to its recipient needless.
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
    """A mail in the outbox: its number, which gives the order, and what has happened to it.

    `not_before` is when to try (again); `response` the server's last word; `bounced` what a delivery report said later.
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
    """How many mails are still to be sent, how many have failed, and how many came back after they were sent."""

    pending: int
    failed: int
    bounced: int


class Settled(Value):
    """What an attempt came to: the row's next state, when to try again if it is still pending, and the server's word."""

    id: int
    state: MailState
    at: Instant
    not_before: Instant | None = None
    response: str = ""


class Publication(Value):
    """What calendar file people were told of last, with which release of the tz database, and when."""

    source: bytes
    tz_version: str
    at: Instant


class Receipt(Value):
    """An incoming message that has been dealt with: its digest, and in a word and a line what became of it."""

    digest: str
    at: Instant
    verdict: str
    about: str = ""


class Ledger(Protocol):
    """One transaction over all that is remembered; writers wait for each other."""

    def publication(self) -> Publication | None:
        """Return what people were told last; None before the first time."""

    def announced(self) -> dict[str, Announced]:
        """Return what was announced, UID -> object, in order of UID."""

    def invitations(self, uid: str | None = None) -> Iterator[Invitation]:
        """Yield the invitations of a UID, or all, in order of UID and address."""

    def publish(self, publication: Publication, announced: Iterable[Announced]) -> None:
        """Record a publication as the last one, and objects in place of those with their UIDs."""

    def save(self, invitations: Iterable[Invitation]) -> None:
        """Record invitations in place of those with their UID and address."""

    def enqueue(self, mails: Iterable[Mail], *, now: Instant) -> list[int]:
        """Put mails into the outbox as pending, in order, and return their numbers; one already there (Message-ID) keeps its."""

    def outbox(self, *, states: Sequence[MailState] = (), recipient: str | None = None, uid: str | None = None) -> Iterator[Row]:
        """Yield rows in order, their bytes left empty."""

    def tally(self) -> Tally:
        """Return how many mails are in which state, counted by the database: the outbox keeps all there ever were."""

    def data_of(self, id: int) -> bytes:
        """Return a row's exact bytes."""

    def find(self, message_id: str) -> Row | None:
        """Return the row of a Message-ID, its bytes left empty."""

    def bounce(self, id: int, text: str) -> None:
        """Record what a delivery report said of a mail that had been sent."""

    def retry(self, ids: Iterable[int], *, now: Instant) -> int:
        """Make rows that failed, came back or wait due now, attempts at zero, and return how many there were."""

    def claim(self, identity: str, *, now: Instant) -> bool:
        """Record that something is being done that is done once; False if it had been recorded before."""

    def claimed(self, prefix: str) -> set[str]:
        """Return the identities recorded that begin with a prefix."""

    def receive(self, receipt: Receipt) -> bool:
        """Record an incoming message; False if its digest had been recorded before."""

    def receipts(self) -> Iterator[Receipt]:
        """Yield the incoming messages, by time and digest."""

    def propose(self, proposal: Proposal) -> None:
        """Record a proposal in place of an earlier one of the same address for the same instance."""

    def proposals(self) -> Iterator[Proposal]:
        """Yield the proposals that wait for a person, in order of UID, instance and address."""

    def drop(self, proposal: Proposal) -> None:
        """Forget a proposal that has been dealt with."""

    def served_version(self) -> int:
        """Return how often the served feeds have changed, 0 before the first time."""

    def served(self) -> dict[str, bytes]:
        """Return the feeds that `serve` gave out last, by name, and what else it keeps with them."""

    def serve(self, files: Mapping[str, bytes]) -> int:
        """Record these in place of all that were served before; return the version, which rises only if they differ."""


class Delivery(Protocol):
    """The right to deliver one batch of mails; what `settle` has recorded outlives the process."""

    def due(self, now: Instant, limit: int) -> list[Row]:
        """Return pending rows whose time has come, those first that are due first, then in order, with their bytes.

        A row waits while an earlier one to the same recipient about the same uid ("" is none) is pending.
        """

    def settle(self, settled: Iterable[Settled]) -> None:
        """Record what attempts came to, together: it holds when this returns, whatever becomes of the process.

        A power cut may cost the last of them (each store says how many): those mails go out again, the same bytes. A
        row that is final stays as it is; one superseded meanwhile is sent if it was. Raises ValueError for a state
        that no attempt comes to.
        """

    def remaining(self) -> tuple[int, Instant | None]:
        """Return how many rows are pending, and when the first of them is due."""


class Store(Protocol):
    """A place that remembers; `name` is how messages call it (a path, or an address without its password)."""

    name: str

    def ledger(self, *, writes: bool = True) -> AbstractContextManager[Ledger]:
        """Return a transaction: committed when its block ends, undone when it raises."""

    def delivery(self, *, batch: int | None = None) -> AbstractContextManager[Delivery | None]:
        """Return the right to deliver everything, or one batch; None while another process has it."""

    def batches(self) -> list[int]:
        """Return the batches that have pending rows, in order."""

    def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date, each step in a transaction; return the versions before and after."""

    def check(self) -> list[str]:
        """Return what is wrong with what is stored, a line each."""

    def export(self) -> Iterator[dict[str, Any]]:
        """Yield everything as records with ISO texts: what `store export` prints as JSON lines."""

    def close(self) -> None:
        """Let go of the database."""
