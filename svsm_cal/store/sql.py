"""What both databases share in SQL: the operations of a connection, and values as columns and back.

Instants are stored as whole microseconds since 1970-01-01T00:00Z.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from svsm_cal.engine.civil import EPOCH, Instant
from svsm_cal.errors import StoreError
from svsm_cal.itip.invitation import Announced, Answer, Invitation, Partstat, Proposal, Standing, Style
from svsm_cal.store.contract import Mail, MailState, Publication, Receipt, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SECOND = 1_000_000
_ANSWER_FIELDS = 6

OUTBOX_COLUMNS = (
    "id, message_id, kind, sender, recipient, uid, sequence, method, reason, supersedes, "
    "state, attempts, created, not_before, settled, response, bounced"
)


class DamagedError(StoreError):
    """The database found its own files damaged."""


class Connection(Protocol):
    """The database operations that both backends implement; shared SQL uses `?` placeholders. All raise StoreError."""

    due_order: str  # the columns by which the index of pending rows is sorted

    def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""

    def execute(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Run a statement and return how many rows it changed."""

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of arguments."""

    def known(self, message_ids: list[str]) -> dict[str, int]:
        """Return the ids of the outbox rows that have one of these Message-IDs."""

    def append(self, rows: list[tuple[Any, ...]], bodies: list[tuple[int, bytes]]) -> None:
        """Insert rows into the outbox, and their bytes."""

    def supersede(self, newer: list[tuple[int, str, str]], at: int) -> None:
        """Mark pending rows as superseded that are older than one of `newer` (id, recipient, uid)."""

    def announce(self, batches: Sequence[int]) -> None:
        """Tell the workers about new batches, once the transaction is committed."""


def micros(at: Instant) -> int:
    """Return an instant as it is stored."""
    since = at - EPOCH
    return (since.days * 86400 + since.seconds) * _SECOND + since.microseconds


def instant_of(stored: int) -> Instant:
    """Return a stored instant."""
    return Instant(EPOCH + timedelta(microseconds=stored))


def iso(stored: int | None) -> str | None:
    """Return a stored instant as ISO 8601 text, with as many digits as it needs; None stays None."""
    return None if stored is None else instant_of(stored).isoformat().replace("+00:00", "Z")


def storable(text: str) -> str:
    """Return a text from outside with replacements for what databases cannot store: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def publication_of(row: Sequence[Any]) -> Publication:
    """Return the publication of `source, tz_version, at`."""
    source, tz_version, at = row
    return Publication(source=bytes(source), tz_version=tz_version, at=instant_of(at))


def announced_record(each: Announced) -> tuple[Any, ...]:
    """Return the columns of an announced object, in the table's order."""
    return (each.uid, each.series, each.sequence, each.stamp, each.since, each.data, int(each.ended))


def announced_of(row: Sequence[Any]) -> Announced:
    """Return the announced object of a table's row."""
    uid, series, sequence, stamp, since, data, ended = row
    return Announced(uid, series, sequence, stamp, since, bytes(data), bool(ended))


def invitation_record(each: Invitation) -> tuple[Any, ...]:
    """Return the columns of an invitation, in the table's order."""
    answers = [[a.recurrence, str(a.partstat), a.sequence, a.stamp, storable(a.comment), a.delegate] for a in each.answers]
    return (
        each.uid,
        each.email,
        each.participant,
        storable(each.name),
        str(each.style),
        str(each.standing),
        each.sequence,
        each.stamp,
        each.lift,
        json.dumps(answers, ensure_ascii=False, separators=(",", ":")) if answers else "[]",
    )


def invitation_of(row: Sequence[Any]) -> Invitation:
    """Return the invitation of a table's row; raises StoreError if its answers are damaged."""
    uid, email, participant, name, style, standing, sequence, stamp, lift, answers = row
    try:
        given = () if answers == "[]" else tuple(_answer_of(each) for each in json.loads(answers))
    except (ValueError, TypeError) as error:
        raise StoreError(f'invitation "{uid}" of {email}: its answers cannot be read: {error} (restore a copy)') from error
    return Invitation(uid, email, participant, name, Style(style), Standing(standing), sequence, stamp, lift, given)


def _answer_of(fields: list[Any]) -> Answer:
    if not isinstance(fields, list) or len(fields) != _ANSWER_FIELDS:
        raise ValueError(f"{fields!r} is not an answer")
    recurrence, partstat, sequence, stamp, comment, delegate = fields
    return Answer(recurrence, Partstat(partstat), sequence, stamp, comment, delegate)


def row_of(row: Sequence[Any], data: bytes = b"") -> Row:
    """Return the outbox row of `OUTBOX_COLUMNS`, with its bytes or without."""
    (number, message_id, kind, sender, recipient, uid, sequence, method, reason, supersedes) = row[:10]
    (state, attempts, created, not_before, settled, response, bounced) = row[10:]
    mail = Mail(message_id, kind, sender, recipient, data, uid, sequence, method, reason, bool(supersedes))
    return Row(
        number,
        mail,
        MailState(state),
        attempts,
        instant_of(created),
        instant_of(not_before),
        None if settled is None else instant_of(settled),
        response,
        bounced,
    )


def receipt_of(row: Sequence[Any]) -> Receipt:
    """Return the receipt of `digest, at, verdict, about`."""
    digest, at, verdict, about = row
    return Receipt(digest, instant_of(at), verdict, about)


def proposal_record(each: Proposal) -> tuple[Any, ...]:
    """Return the columns of a proposal, in the table's order."""
    return (each.uid, each.recurrence, each.email, each.start, each.end, storable(each.comment), each.stamp)


def proposal_of(row: Sequence[Any]) -> Proposal:
    """Return the proposal of a table's row."""
    return Proposal(*row)
