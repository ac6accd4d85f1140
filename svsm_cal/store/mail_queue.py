"""The outbox in SQL: mails with their exact bytes in order, which of them are due, and the result of each attempt.

Mails that are enqueued together are cut into batches, which workers deliver side by side.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from svsm_cal.errors import StoreError
from svsm_cal.store.contract import Mail, MailState, Row, Settled, Tally
from svsm_cal.store.sql import OUTBOX_COLUMNS, instant_of, micros, row_of, storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from svsm_cal.engine.civil import Instant
    from svsm_cal.store.sql import Connection

BATCH = 200  # mails over one connection: less than a second with a fast server, 20 s with a slow one
_CHUNK = 1000  # rows read or written at once

_FIELDS = ", ".join(f"outbox.{name}" for name in OUTBOX_COLUMNS.split(", "))

# A mail that failed, bounced or waits is not sent again if a newer one supersedes it.
_RETRY = """UPDATE outbox SET state = 'pending', attempts = 0, batch = ?, not_before = ?, settled = NULL, response = '',
        bounced = ''
    WHERE id = ? AND (state IN ('failed', 'pending') OR (state = 'sent' AND bounced <> '')) AND (uid = '' OR NOT EXISTS (
        SELECT 1 FROM outbox AS later WHERE later.recipient = outbox.recipient AND later.uid = outbox.uid
            AND later.id > outbox.id AND later.supersedes = 1))"""

# The result of an attempt -> how it is recorded. A mail superseded meanwhile is sent if it was; a final state stays.
_SETTLE = {
    MailState.SENT: """UPDATE outbox SET state = 'sent', attempts = attempts + 1, settled = ?, response = ?
        WHERE id = ? AND state IN ('pending', 'superseded')""",
    MailState.FAILED: """UPDATE outbox SET state = 'failed', attempts = attempts + 1, settled = ?, response = ?
        WHERE id = ? AND state = 'pending'""",
    MailState.PENDING: """UPDATE outbox SET attempts = attempts + 1, not_before = ?, response = ?
        WHERE id = ? AND state = 'pending'""",
}


class Outbox:
    """The outbox's part of a ledger."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def enqueue(self, mails: Iterable[Mail], *, now: Instant) -> list[int]:
        """Append mails as pending, in order, and return their ids; a known Message-ID is not appended and keeps its id."""
        connection, at = self._connection, micros(now)
        first, first_batch = self._next("id"), self._next("batch")
        next_id = first
        numbers: list[int] = []
        waiting = iter(mails)
        while chunk := list(islice(waiting, _CHUNK)):
            known = connection.known([mail.message_id for mail in chunk])
            fresh: list[tuple[int, Mail]] = []
            for mail in chunk:
                number = known.get(mail.message_id)
                if number is None:
                    number = known[mail.message_id] = next_id
                    fresh.append((number, mail))
                    next_id += 1
                numbers.append(number)
            if not fresh:
                continue
            rows = [_record(number, first_batch + (number - first) // BATCH, mail, at) for number, mail in fresh]
            connection.append(rows, [(number, mail.data) for number, mail in fresh])
            newer = [(number, mail.recipient, mail.uid) for number, mail in fresh if mail.supersedes and mail.uid]
            if newer:
                connection.supersede(newer, at)
        connection.announce(range(first_batch, first_batch + -(-(next_id - first) // BATCH)))
        return numbers

    def _next(self, column: str) -> int:
        """Return the number after the last one: there is one writer, and rows are never deleted."""
        [(last,)] = self._connection.rows(f"SELECT coalesce(max({column}), 0) FROM outbox")  # noqa: S608 - our own names
        return int(last) + 1

    def outbox(self, *, states: Sequence[MailState] = (), recipient: str | None = None, uid: str | None = None) -> Iterator[Row]:
        """Yield rows in order, without their bytes."""
        where, args = ["id > ?"], list[Any]()
        if states:
            where.append(f"state IN ({', '.join('?' * len(states))})")
            args += map(str, states)
        for column, value in (("recipient", recipient), ("uid", uid)):
            if value is not None:
                where.append(f"{column} = ?")
                args.append(value)
        sql = f"SELECT {OUTBOX_COLUMNS} FROM outbox WHERE {' AND '.join(where)} ORDER BY id LIMIT {_CHUNK}"  # noqa: S608
        last = 0
        while found := self._connection.rows(sql, (last, *args)):
            yield from map(row_of, found)
            last = found[-1][0]

    def data_of(self, id: int) -> bytes:
        """Return a row's exact bytes; raises StoreError for an unknown id."""
        found = self._connection.rows("SELECT data FROM body WHERE id = ?", (id,))
        if not found:
            raise StoreError(f"mail {id} is not in the outbox (svsm-cal store export lists the mails)")
        return bytes(found[0][0])

    def find(self, message_id: str) -> Row | None:
        """Return the row of a Message-ID, without its bytes."""
        found = self._connection.rows(f"SELECT {OUTBOX_COLUMNS} FROM outbox WHERE message_id = ?", (message_id,))  # noqa: S608
        return row_of(found[0]) if found else None

    def tally(self) -> Tally:
        """Return how many mails are in which state, counted by the database."""
        sql = "SELECT state, bounced <> '', count(*) FROM outbox WHERE state <> 'sent' OR bounced <> '' GROUP BY 1, 2"
        counts = dict.fromkeys(MailState, 0)
        bounced = 0
        for state, came_back, count in self._connection.rows(sql):
            counts[MailState(state)] += count
            bounced += count if state == "sent" and came_back else 0
        return Tally(int(counts[MailState.PENDING]), int(counts[MailState.FAILED]), int(bounced))

    def bounce(self, id: int, text: str) -> None:
        """Record a delivery report about a mail that was sent."""
        self._connection.execute("UPDATE outbox SET bounced = ? WHERE id = ?", (storable(text), id))

    def retry(self, ids: Iterable[int], *, now: Instant) -> int:
        """Make rows that failed, bounced or wait due now, with no attempts, and return how many there were.

        They form new batches. A row superseded by a later one to the same recipient is unchanged.
        """
        at = micros(now)
        first_batch = self._next("batch")
        count = 0
        for number in sorted(set(ids)):
            count += self._connection.execute(_RETRY, (first_batch + count // BATCH, at, number))
        self._connection.announce(range(first_batch, first_batch + -(-count // BATCH)))
        return count


def _record(number: int, batch: int, mail: Mail, at: int) -> tuple[Any, ...]:
    """Return a new mail's columns, in the table's order."""
    return (
        number,
        batch,
        mail.message_id,
        mail.kind,
        mail.sender,
        mail.recipient,
        mail.uid,
        mail.sequence,
        mail.method,
        storable(mail.reason),
        int(mail.supersedes),
        at,
        "pending",
        0,
        at,
        None,
        "",
        "",
    )


def settlement(settled: Settled) -> tuple[str, tuple[Any, ...]]:
    """Return the statement that records an attempt; raises ValueError for a state that is not the result of an attempt."""
    statement = _SETTLE.get(settled.state)
    if statement is None:
        raise ValueError(f"{settled.state} is not the result of an attempt")
    at = settled.at if settled.state is not MailState.PENDING or settled.not_before is None else settled.not_before
    return statement, (micros(at), storable(settled.response), settled.id)


# `+ 0` and `|| ''` keep the planner from indexes other than that of recipients.
def due(connection: Connection, now: Instant, limit: int, *, batch: int | None) -> list[Row]:
    """Return pending rows whose time has come, with their bytes, without those that must wait for an earlier one."""
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
