"""The right to deliver, in the SQL that both databases have: what is due, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from svsm_cal.store.contract import MailState, Settled
from svsm_cal.store.records import ROW_COLUMNS, instant_of, micros, row_of, said

if TYPE_CHECKING:
    from svsm_cal.engine.civil import Instant
    from svsm_cal.store.connection import Connection
    from svsm_cal.store.contract import Row

__all__ = ["due", "remaining", "settlement"]

_FIELDS = ", ".join(f"outbox.{name}" for name in ROW_COLUMNS.split(", "))

# What an attempt came to -> how it is recorded. A mail superseded meanwhile was sent all the same; what is final stays.
_SETTLE = {
    MailState.SENT: """UPDATE outbox SET state = 'sent', attempts = attempts + 1, settled = ?, response = ?
        WHERE id = ? AND state IN ('pending', 'superseded')""",
    MailState.FAILED: """UPDATE outbox SET state = 'failed', attempts = attempts + 1, settled = ?, response = ?
        WHERE id = ? AND state = 'pending'""",
    MailState.PENDING: """UPDATE outbox SET attempts = attempts + 1, not_before = ?, response = ?
        WHERE id = ? AND state = 'pending'""",
}


def settlement(settled: Settled) -> tuple[str, tuple[Any, ...]]:
    """Return the statement that records what an attempt came to; raises ValueError for what no attempt can come to."""
    statement = _SETTLE.get(settled.state)
    if statement is None:
        raise ValueError(f"no attempt makes a mail {settled.state}")
    at = settled.at if settled.state is not MailState.PENDING or settled.not_before is None else settled.not_before
    return statement, (micros(at), said(settled.response), settled.id)


# Earlier rows are found by their recipient: the planner is shown no other way.
def due(connection: Connection, now: Instant, limit: int, *, batch: int | None) -> list[Row]:
    """Return pending rows whose time has come, with their bytes; one that must wait for an earlier one is left out."""
    within = "" if batch is None else "AND outbox.batch = ?"
    sql = f"""SELECT {_FIELDS}, body.data FROM outbox JOIN body ON body.id = outbox.id
        WHERE outbox.state = 'pending' AND outbox.not_before <= ? {within}
            AND (outbox.uid = '' OR NOT EXISTS (
                SELECT 1 FROM outbox AS earlier WHERE earlier.recipient = outbox.recipient AND earlier.uid = outbox.uid
                    AND earlier.id + 0 < outbox.id AND earlier.state || '' = 'pending'))
        ORDER BY {connection.due_order} LIMIT ?"""  # noqa: S608 - our own names
    at = micros(now)
    found = connection.rows(sql, (at, limit) if batch is None else (at, batch, limit))
    return [row_of(row[:-1], bytes(row[-1])) for row in found]


def remaining(connection: Connection, *, batch: int | None) -> tuple[int, Instant | None]:
    """Return how many rows are pending, and when the first of them is due."""
    within = "" if batch is None else " AND batch = ?"
    sql = f"SELECT count(*), min(not_before) FROM outbox WHERE state = 'pending'{within}"  # noqa: S608
    [(count, first)] = connection.rows(sql, () if batch is None else (batch,))
    return int(count), None if first is None else instant_of(first)
