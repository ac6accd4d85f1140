"""A store in a PostgreSQL database, in a schema of its own: for many mails, and workers on many machines.

A ledger takes a lock first, so that one writer decides at a time. The right to deliver a batch is a lock of a session
that stays open, which the server takes back when the process dies. What attempts came to is committed without waiting
for the server's disk: a killed process has lost nothing, and what a crash of the server itself may cost is that the
mails of its last half second go out again, byte for byte the same.
"""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from svsm_cal.errors import StoreError, UsageError
from svsm_cal.store import deliveries, queue
from svsm_cal.store.connection import DamagedError
from svsm_cal.store.database import Database

try:
    import psycopg
    from psycopg import conninfo
except ImportError as error:
    raise UsageError("PostgreSQL needs more: pip install 'svsm_cal[postgres]'") from error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from svsm_cal.engine.civil import Instant
    from svsm_cal.store.contract import Delivery, Row, Settled

__all__ = ["PostgresStore"]

# Advisory locks, which are the whole database's: who writes, who delivers everything, and (other class) who a batch.
_LOCKS, _BATCHES = 0x5356_534D, 0x5356_534E
_WRITER, _EVERYTHING = 0, 1
_PATIENCE = 60  # seconds to wait for another writer
_MANY = 500  # new rows after which the planner should look at the table

# Every question but those of `check` and `export` is asked of an index, whatever the statistics of a table just filled say.
# A machine that is gone, not only its process, gives its locks back within a minute and a half.
_SETTINGS = f"""SET client_min_messages = warning; SET enable_seqscan = off; SET enable_hashjoin = off;
    SET enable_mergejoin = off; SET enable_bitmapscan = off; SET lock_timeout = '{_PATIENCE}s'; SET tcp_keepalives_idle = 30;
    SET tcp_keepalives_interval = 15; SET tcp_keepalives_count = 4"""

# What the server says, by SQLSTATE or its class, and what to do about it.
_FAULTS = {
    "53": "the server is out of room or connections (look at the server; nothing is lost)",
    "55P03": f"another process has been writing for {_PATIENCE} seconds (try again when it is done)",
    "57P": "the server is going down (try again when it is up)",
    "08": "the connection to the server was lost (try again)",
    "58": "the server cannot read or write its disk (look at the server's log)",
    "XX": "the server finds its files damaged (restore a copy)",
}


class _LostError(StoreError):
    """There is no connection any more."""


class _PostgresConnection:
    """A connection of our own settings; see `svsm_cal.store.connection.Connection`."""

    due_order = "outbox.batch, outbox.not_before, outbox.id"

    def __init__(self, name: str, address: str, settings: str = "") -> None:
        self._name = name
        self._analysed = False
        with self._speaking():
            self._inner = psycopg.connect(address, autocommit=True)
            self._inner.execute(f"{_SETTINGS};{settings}")

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Let psycopg's errors be StoreErrors of one line."""
        try:
            yield
        except (psycopg.Error, UnicodeError) as error:
            raise _told(self._name, error) from error

    @property
    def lost(self) -> bool:
        """Whether there is no connection any more."""
        return self._inner.closed

    def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._speaking():
            return self._inner.execute(_marked(sql) if args else sql, args or None, binary=True).fetchall()

    def touch(self, sql: str, args: Sequence[Any] = ()) -> int:
        with self._speaking():
            return self._inner.execute(_marked(sql) if args else sql, args or None).rowcount

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._speaking(), self._inner.cursor() as cursor:
            cursor.executemany(_marked(sql), rows)

    def known(self, message_ids: list[str]) -> dict[str, int]:
        return dict(self.rows("SELECT message_id, id FROM outbox WHERE message_id = ANY(?)", (message_ids,)))

    def append(self, rows: list[tuple[Any, ...]], bodies: list[tuple[int, bytes]]) -> None:
        self._copy(_APPEND, _TYPES, rows)
        self._copy("COPY body (id, data) FROM STDIN (FORMAT BINARY)", ("int8", "bytea"), bodies)
        if len(rows) > _MANY and not self._analysed:
            self.touch("ANALYZE outbox")
            self._analysed = True

    def _copy(self, sql: str, types: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
        with self._speaking(), self._inner.cursor() as cursor, cursor.copy(sql) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)

    def supersede(self, newer: list[tuple[int, str, str]], at: int) -> None:
        numbers, recipients, uids = (list(each) for each in zip(*newer, strict=True))
        self.touch(_SUPERSEDE, (at, numbers, recipients, uids))

    def announce(self, batches: Sequence[int]) -> None:
        """Let workers deliver new batches, if this transaction is committed."""
        if batches:
            with self._speaking():
                queue.enqueue(self._inner, batches)

    def end(self, *, commit: bool) -> None:
        """End the transaction, if one is still open."""
        if commit:
            self.touch("COMMIT")
        elif not self.lost:
            with suppress(StoreError):  # what made it end is what is told
                self.touch("ROLLBACK")

    def close(self) -> None:
        with suppress(psycopg.Error):
            self._inner.close()


_COLUMNS = {
    "id": "int8",
    "batch": "int8",
    "message_id": "text",
    "kind": "text",
    "sender": "text",
    "recipient": "text",
    "uid": "text",
    "sequence": "int8",
    "method": "text",
    "reason": "text",
    "supersedes": "int8",
    "created": "int8",
    "state": "text",
    "attempts": "int8",
    "not_before": "int8",
    "settled": "int8",
    "response": "text",
    "bounced": "text",
}
_TYPES = tuple(_COLUMNS.values())
_APPEND = f"COPY outbox ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT BINARY)"
# The planner is shown no other way than the index of recipients: while a table has no statistics it takes the worst.
_SUPERSEDE = """UPDATE outbox SET state = 'superseded', settled = ?
    FROM unnest(?::bigint[], ?::text[], ?::text[]) AS newer (id, recipient, uid)
    WHERE outbox.recipient = newer.recipient AND outbox.uid = newer.uid AND outbox.id + 0 < newer.id
        AND outbox.state || '' = 'pending'"""


@cache
def _marked(sql: str) -> Any:
    """Return a statement with psycopg's marks; none of ours has a question mark or a per cent sign of its own."""
    return sql.replace("?", "%s")


def _told(name: str, error: Exception) -> StoreError:
    state = getattr(error, "sqlstate", None) or ""
    known = next((said for begin, said in _FAULTS.items() if state.startswith(begin)), None)
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), "fails")
    if not known and isinstance(error, psycopg.OperationalError):
        line = re.split(r"(?:FATAL|failed): +", line)[-1]
        line = f"the server cannot be asked: {line} (check the address, and PGPASSWORD or ~/.pgpass)"
    said = known or line
    return (DamagedError if state.startswith("XX") else StoreError)(f"{name}: {said}")


class _PostgresDelivery:
    """See `svsm_cal.store.contract.Delivery`."""

    def __init__(self, store: PostgresStore, connection: _PostgresConnection, batch: int | None) -> None:
        self._store = store
        self._connection = connection
        self._batch = batch

    def due(self, now: Instant, limit: int) -> list[Row]:
        return deliveries.due(self._connection, now, limit, batch=self._batch)

    def settle(self, settled: Iterable[Settled]) -> None:
        statements = list(map(deliveries.settlement, settled))
        try:
            _settle(self._connection, statements)
        except StoreError:
            # The lock went with the connection; that these mails were sent is true all the same.
            if self._connection.lost:
                with suppress(StoreError), self._store.connection(_QUICK) as another:
                    _settle(another, statements)
            raise

    def remaining(self) -> tuple[int, Instant | None]:
        return deliveries.remaining(self._connection, batch=self._batch)


def _settle(connection: _PostgresConnection, statements: list[tuple[str, tuple[Any, ...]]]) -> None:
    if len(statements) == 1:
        connection.touch(*statements[0])
        return
    connection.touch("BEGIN")
    try:
        for statement in statements:
            connection.touch(*statement)
        connection.end(commit=True)
    except BaseException:
        connection.end(commit=False)
        raise


_QUICK = "SET synchronous_commit = off"


class PostgresStore(Database):
    """A Store in the database at `url`; raises UsageError for what is no address."""

    kind = "postgresql"

    def __init__(self, url: str) -> None:
        try:
            parts = conninfo.conninfo_to_dict(url)
        except psycopg.Error:
            raise UsageError(
                'the store\'s address cannot be read: write it as postgresql://user@host/database, with "%" and what '
                "follows for the letters that mean something in it"
            ) from None
        super().__init__(_shown(parts))
        options = f"{parts.pop('options', '')} -c search_path=svsm_cal".strip()
        standing = {"connect_timeout": "10", "application_name": "svsm-cal", "client_encoding": "utf8", **_KEEPALIVES}
        self.address = conninfo.make_conninfo("", **{**standing, **parts, "options": options})
        self._idle: list[_PostgresConnection] = []
        self._delivering: list[_PostgresConnection] = []

    @contextmanager
    def connection(self, settings: str = "") -> Iterator[_PostgresConnection]:
        """Return a connection of its own, closed when the block ends."""
        connection = _PostgresConnection(self.name, self.address, settings)
        try:
            yield connection
        finally:
            connection.close()

    def _begun(self, statements: Sequence[str]) -> _PostgresConnection:
        """Return a connection on which a transaction has begun; one that was idle may have been lost meanwhile."""
        while self._idle:
            connection = self._idle.pop()
            with suppress(_LostError):
                return _run(connection, statements)
        return _run(_PostgresConnection(self.name, self.address), statements)

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[_PostgresConnection]:
        connection = self._begun(_WRITING if writes else _READING)
        try:
            yield connection
            connection.end(commit=True)
        except BaseException:
            connection.end(commit=False)
            connection.close()
            raise
        self._idle.append(connection)

    def _version(self, connection: Any) -> int:
        found = connection.rows(_SCHEMA)
        if found == [(None,)]:
            raise StoreError(f'{self.name}: has a schema "svsm_cal" of something else (name another database)')
        if not found:
            [(encoding,)] = connection.rows("SELECT current_setting('server_encoding')")
            if encoding != "UTF8":
                raise StoreError(f"{self.name}: its texts are {encoding} (make the database with encoding UTF8)")
            return 0
        [(version,)] = connection.rows("SELECT version FROM store")
        return int(version)

    @contextmanager
    def _migrating(self) -> Iterator[None]:
        """Hold nothing: each step's transaction waits for the writer's lock."""
        yield

    def _finish(self, connection: Any) -> None:
        """Bring the queue's own tables up to date."""
        queue.migrate(connection)

    def _integrity(self, connection: Any) -> list[str]:
        """Find nothing: the server checks its pages (initdb --data-checksums), and foreign keys, as it goes."""
        connection.touch("SET LOCAL enable_seqscan = on")
        return []

    @contextmanager
    def delivery(self, *, batch: int | None = None) -> Iterator[Delivery | None]:
        """Return the right to deliver everything, or one batch; None while another process has it, or all of them."""
        connection = self._held(batch)
        if connection is None:
            yield None
            return
        try:
            yield _PostgresDelivery(self, connection, batch)
            connection.rows("SELECT pg_advisory_unlock_all()")
        except BaseException:
            connection.close()
            raise
        self._delivering.append(connection)

    def _held(self, batch: int | None) -> _PostgresConnection | None:
        """Return a connection that holds the lock of a batch, or of everything; None while another has it."""
        everything = f"pg_try_advisory_lock{'' if batch is None else '_shared'}({_LOCKS}, {_EVERYTHING})"
        own = "true" if batch is None else f"pg_try_advisory_lock({_BATCHES}, {batch:d})"
        sql = f"SELECT CASE WHEN {everything} THEN {own} ELSE false END"
        while True:
            fresh = not self._delivering
            connection = _PostgresConnection(self.name, self.address, _QUICK) if fresh else self._delivering.pop()
            try:
                held = connection.rows(sql) == [(True,)]
                if held:
                    return connection
                connection.rows("SELECT pg_advisory_unlock_all()")
            except BaseException as error:
                lost = connection.lost
                connection.close()
                if isinstance(error, StoreError) and lost and not fresh:
                    continue
                raise
            self._delivering.append(connection)
            return None

    def announce_lost(self) -> list[int]:
        """Let workers deliver the batches that have pending mails and no job, and return them."""
        with self._transaction(writes=True) as connection:
            lost = queue.without_job(connection)
            connection.announce(lost)
        return lost

    def close(self) -> None:
        """Let go of the database."""
        for connections in (self._idle, self._delivering):
            while connections:
                connections.pop().close()


_WRITING = ("BEGIN", f"SELECT pg_advisory_xact_lock({_LOCKS}, {_WRITER})")
# Asked of the catalogue's tables: to_regclass() would answer from what this session knew before it waited for the lock.
_SCHEMA = """SELECT pg_class.oid::bigint FROM pg_namespace
    LEFT JOIN pg_class ON pg_class.relnamespace = pg_namespace.oid AND relname = 'store' WHERE nspname = 'svsm_cal'"""
_READING = ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",)
_KEEPALIVES = {"keepalives_idle": "30", "keepalives_interval": "15", "keepalives_count": "4"}


def _run(connection: _PostgresConnection, statements: Sequence[str]) -> _PostgresConnection:
    """Return a connection on which statements have been run; it is closed when one fails, _LostError if it had been lost."""
    try:
        for statement in statements:
            connection.touch(statement)
    except BaseException as error:
        lost = connection.lost
        connection.close()
        if isinstance(error, StoreError) and lost:
            raise _LostError(*error.args) from error
        raise
    return connection


def _shown(parts: dict[str, Any]) -> str:
    """Return an address as messages show it: without its password."""
    user = f"{parts['user']}@" if parts.get("user") else ""
    port = f":{parts['port']}" if parts.get("port") else ""
    return f"postgresql://{user}{parts.get('host') or ''}{port}/{parts.get('dbname') or ''}"
