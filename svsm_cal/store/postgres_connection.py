"""A connection to PostgreSQL: statements, bulk inserts, and jobs for the workers in the same transaction.

A job of procrastinate is only a hint that a batch has mails to deliver. The outbox is the truth: the workers replace a job
that is lost, and a job that runs twice finds its batch delivered, or locked by the other run.
"""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from svsm_cal.errors import StoreError, UsageError
from svsm_cal.store.sql import DamagedError

try:
    import psycopg
except ImportError as error:
    raise UsageError("PostgreSQL needs an extra (run: pip install 'svsm_cal[postgres]')") from error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from svsm_cal.store.sql import Connection

PATIENCE = 60
"""Seconds to wait for another writer."""

QUEUE, TASK = "svsm-cal", "deliver"
"""The names of our queue and our task in procrastinate's tables."""

_MANY = 500  # new rows after which the planner needs new statistics

# All queries but those of `check` and `export` use an index, whatever the statistics of a table that was just filled say.
# A machine that disappears, rather than its process, loses its locks within a minute and a half.
_SETTINGS = f"""SET client_min_messages = warning; SET enable_seqscan = off; SET enable_hashjoin = off;
    SET enable_mergejoin = off; SET enable_bitmapscan = off; SET lock_timeout = '{PATIENCE}s'; SET tcp_keepalives_idle = 30;
    SET tcp_keepalives_interval = 15; SET tcp_keepalives_count = 4"""

# The server's SQLSTATE or its class, and what to do about it.
_FAULTS = {
    "53": "the server is out of disk space, memory or connections (look at the server; nothing is lost)",
    "55P03": f"another process has been writing for {PATIENCE} seconds (try again when it is done)",
    "57P": "the server is shutting down (try again when it is up)",
    "08": "the connection to the server was lost (try again)",
    "58": "the server cannot read or write its disk (look at the server's log)",
    "XX": "the server found its files damaged (restore a copy)",
}

_COLUMNS = {
    "id": "int8", "batch": "int8", "message_id": "text", "kind": "text", "sender": "text", "recipient": "text", "uid": "text",
    "sequence": "int8", "method": "text", "reason": "text", "supersedes": "int8", "created": "int8", "state": "text",
    "attempts": "int8", "not_before": "int8", "settled": "int8", "response": "text", "bounced": "text",
}  # fmt: skip
_APPEND = f"COPY outbox ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT BINARY)"
# `+ 0` and `|| ''` keep the planner from indexes other than that of recipients, the best one while there are no statistics.
_SUPERSEDE = """UPDATE outbox SET state = 'superseded', settled = ?
    FROM unnest(?::bigint[], ?::text[], ?::text[]) AS newer (id, recipient, uid)
    WHERE outbox.recipient = newer.recipient AND outbox.uid = newer.uid AND outbox.id + 0 < newer.id
        AND outbox.state || '' = 'pending'"""


class PostgresConnection:
    """A connection with our settings; see `svsm_cal.store.sql.Connection`."""

    due_order = "outbox.batch, outbox.not_before, outbox.id"

    def __init__(self, name: str, address: str, settings: str = "") -> None:
        self._name = name
        self._analysed = False
        with self._errors():
            self._inner = psycopg.connect(address, autocommit=True)
            self._inner.execute(f"{_SETTINGS};{settings}")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn psycopg's errors into StoreErrors of one line."""
        try:
            yield
        except (psycopg.Error, UnicodeError) as error:
            raise _store_error(self._name, error) from error

    @property
    def lost(self) -> bool:
        """Whether the connection was lost."""
        return self._inner.closed

    def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self._errors():
            return self._inner.execute(_with_placeholders(sql) if args else sql, args or None, binary=True).fetchall()

    def execute(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Run a statement and return how many rows it changed."""
        with self._errors():
            return self._inner.execute(_with_placeholders(sql) if args else sql, args or None).rowcount

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of arguments."""
        with self._errors(), self._inner.cursor() as cursor:
            cursor.executemany(_with_placeholders(sql), rows)

    def known(self, message_ids: list[str]) -> dict[str, int]:
        """Return the ids of the outbox rows that have one of these Message-IDs."""
        return dict(self.rows("SELECT message_id, id FROM outbox WHERE message_id = ANY(?)", (message_ids,)))

    def append(self, rows: list[tuple[Any, ...]], bodies: list[tuple[int, bytes]]) -> None:
        """Insert rows into the outbox, and their bytes."""
        self._copy(_APPEND, tuple(_COLUMNS.values()), rows)
        self._copy("COPY body (id, data) FROM STDIN (FORMAT BINARY)", ("int8", "bytea"), bodies)
        if len(rows) > _MANY and not self._analysed:
            self.execute("ANALYZE outbox")
            self._analysed = True

    def _copy(self, sql: str, types: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
        with self._errors(), self._inner.cursor() as cursor, cursor.copy(sql) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)

    def supersede(self, newer: list[tuple[int, str, str]], at: int) -> None:
        """Mark pending rows as superseded that are older than one of `newer` (id, recipient, uid)."""
        numbers, recipients, uids = (list(each) for each in zip(*newer, strict=True))
        self.execute(_SUPERSEDE, (at, numbers, recipients, uids))

    def announce(self, batches: Sequence[int]) -> None:
        """Enqueue a job for each batch, in this transaction."""
        if not batches:
            return
        from procrastinate import SyncPsycopgConnector, exceptions
        from procrastinate.jobs import Job
        from procrastinate.manager import JobManager

        jobs = [
            Job(queue=QUEUE, lock=None, queueing_lock=_queueing_lock(batch), task_name=TASK, task_kwargs={"batch": batch})
            for batch in batches
        ]
        with self._errors():
            try:
                JobManager(SyncPsycopgConnector()).batch_defer_jobs(jobs, connection=self._inner)
            except exceptions.ConnectorException as error:
                if error.__cause__ is not None:
                    raise error.__cause__ from error
                raise StoreError(f"the queue cannot be written: {error} (run svsm-cal store migrate)") from error

    def end(self, *, commit: bool) -> None:
        """End the transaction, if one is open."""
        if commit:
            self.execute("COMMIT")
        elif not self.lost:
            with suppress(StoreError):  # the error that caused the rollback is the one to report
                self.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection."""
        with suppress(psycopg.Error):
            self._inner.close()


@cache
def _with_placeholders(sql: str) -> Any:
    """Return a statement with psycopg's placeholders; ours contain no other question mark and no per cent sign."""
    return sql.replace("?", "%s")


def _store_error(name: str, error: Exception) -> StoreError:
    state = getattr(error, "sqlstate", None) or ""
    known = next((said for begin, said in _FAULTS.items() if state.startswith(begin)), None)
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), "fails")
    if not known and isinstance(error, psycopg.OperationalError):
        line = re.split(r"(?:FATAL|failed): +", line)[-1]
        line = f"the server cannot be reached: {line} (check the address, and PGPASSWORD or ~/.pgpass)"
    return (DamagedError if state.startswith("XX") else StoreError)(f"{name}: {known or line}")


def _queueing_lock(batch: int) -> str:
    """Return the name that keeps a batch from having two waiting jobs."""
    return f"batch {batch}"


def migrate_queue(connection: Connection) -> None:
    """Bring procrastinate's tables to its installed version, in the connection's transaction."""
    folder = files("procrastinate.sql")
    names = sorted(each.name for each in folder.joinpath("migrations").iterdir() if each.name.endswith(".sql"))
    [(had,)] = connection.rows("SELECT queue FROM store")
    if had is None:
        scripts = [folder.joinpath("schema.sql")]
    else:
        scripts = [folder.joinpath("migrations", name) for name in names if name > had]
    for script in scripts:
        connection.execute(script.read_text("utf-8"))
    if had is None or names[-1] > had:
        connection.execute("UPDATE store SET queue = ?", (names[-1],))


def batches_without_job(connection: Connection) -> list[int]:
    """Return the batches that have pending mails, and no job that waits or runs, in order."""
    pending = connection.rows("SELECT DISTINCT batch FROM outbox WHERE state = 'pending' ORDER BY batch")
    sql = "SELECT queueing_lock FROM procrastinate_jobs WHERE queue_name = ? AND status IN ('todo', 'doing')"
    known = {lock for (lock,) in connection.rows(sql, (QUEUE,))}
    return [batch for (batch,) in pending if _queueing_lock(batch) not in known]
