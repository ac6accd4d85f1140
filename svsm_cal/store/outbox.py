"""The outbox in a ledger: mails with their exact bytes, in order, cut into batches of those enqueued together."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from svsm_cal.errors import StoreError
from svsm_cal.store.contract import Mail, MailState, Row, Tally
from svsm_cal.store.records import ROW_COLUMNS, micros, row_of, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from svsm_cal.engine.civil import Instant
    from svsm_cal.store.connection import Connection

__all__ = ["BATCH", "Outbox"]

BATCH = 200  # mails over one connection: 0.1 s of a fast server, 20 s of a slow one
_CHUNK = 1000  # rows read or written at once

# A mail that failed, came back or waits is not sent again once a newer one says all that it did.
_RETRY = """UPDATE outbox SET state = 'pending', attempts = 0, batch = ?, not_before = ?, settled = NULL, response = '',
        bounced = ''
    WHERE id = ? AND (state IN ('failed', 'pending') OR (state = 'sent' AND bounced <> '')) AND (uid = '' OR NOT EXISTS (
        SELECT 1 FROM outbox AS later WHERE later.recipient = outbox.recipient AND later.uid = outbox.uid
            AND later.id > outbox.id AND later.supersedes = 1))"""


class Outbox:
    """The part of a ledger that has the mails."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def enqueue(self, mails: Iterable[Mail], *, now: Instant) -> list[int]:
        """Put mails into the outbox as pending, in order, and return their numbers; one already there (Message-ID) keeps its."""
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
        """Return the number after the last one: there is one writer, and no row ever goes."""
        [(last,)] = self._connection.rows(f"SELECT coalesce(max({column}), 0) FROM outbox")  # noqa: S608 - our own names
        return int(last) + 1

    def outbox(self, *, states: Sequence[MailState] = (), recipient: str | None = None, uid: str | None = None) -> Iterator[Row]:
        """Yield rows in order, their bytes left empty."""
        where, args = ["id > ?"], list[Any]()
        if states:
            where.append(f"state IN ({', '.join('?' * len(states))})")
            args += map(str, states)
        for column, value in (("recipient", recipient), ("uid", uid)):
            if value is not None:
                where.append(f"{column} = ?")
                args.append(value)
        sql = f"SELECT {ROW_COLUMNS} FROM outbox WHERE {' AND '.join(where)} ORDER BY id LIMIT {_CHUNK}"  # noqa: S608
        last = 0
        while found := self._connection.rows(sql, (last, *args)):
            yield from map(row_of, found)
            last = found[-1][0]

    def data_of(self, id: int) -> bytes:
        """Return a row's exact bytes; raises StoreError for a number that is in no row."""
        found = self._connection.rows("SELECT data FROM body WHERE id = ?", (id,))
        if not found:
            raise StoreError(f"mail {id} is not in the outbox (look at its numbers)")
        return bytes(found[0][0])

    def find(self, message_id: str) -> Row | None:
        """Return the row of a Message-ID, its bytes left empty."""
        found = self._connection.rows(f"SELECT {ROW_COLUMNS} FROM outbox WHERE message_id = ?", (message_id,))  # noqa: S608
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
        """Record what a delivery report said of a mail that had been sent."""
        self._connection.touch("UPDATE outbox SET bounced = ? WHERE id = ?", (said(text), id))

    def retry(self, ids: Iterable[int], *, now: Instant) -> int:
        """Make rows that failed, came back or wait due now, attempts at zero, and return how many there were.

        They form new batches. A row stays as it is if a later one to the same recipient supersedes it.
        """
        at = micros(now)
        first_batch = self._next("batch")
        count = 0
        for number in sorted(set(ids)):
            count += self._connection.touch(_RETRY, (first_batch + count // BATCH, at, number))
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
        said(mail.reason),
        int(mail.supersedes),
        at,
        "pending",
        0,
        at,
        None,
        "",
        "",
    )
