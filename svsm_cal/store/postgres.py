"""A store in a PostgreSQL database, in a schema of its own: for many mails, and workers on many machines.

A ledger takes a lock first, so that there is one writer at a time. The right to deliver a batch is a lock of an open session,
which the server releases when the process dies. The results of attempts are committed without waiting for the server's disk:
a killed process loses nothing, and a crash of the server may cost that the mails of the last half second are sent again, byte
for byte the same.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from svsm_cal.errors import StoreError, UsageError
from svsm_cal.store import mail_queue
from svsm_cal.store.database import Database
from svsm_cal.store.postgres_connection import PostgresConnection, batches_without_job, migrate_queue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from svsm_cal.engine.civil import Instant
    from svsm_cal.store.contract import Delivery, Row, Settled

# Advisory locks are the whole database's. One class for writing and for delivering everything, another for each batch.
_LOCKS, _BATCHES = 0x5356_534D, 0x5356_534E
_WRITER, _EVERYTHING = 0, 1

_READING = ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",)
_WRITING = ("BEGIN", f"SELECT pg_advisory_xact_lock({_LOCKS}, {_WRITER})")
_NO_DISK_WAIT = "SET synchronous_commit = off"
# A query of the catalogue's tables: to_regclass() would answer from the session's cache, older than the lock.
_SCHEMA = """SELECT pg_class.oid::bigint FROM pg_namespace
    LEFT JOIN pg_class ON pg_class.relnamespace = pg_namespace.oid AND relname = 'store' WHERE nspname = 'svsm_cal'"""
_DEFAULTS = {
    "connect_timeout": "10",
    "application_name": "svsm-cal",
    "client_encoding": "utf8",
    "keepalives_idle": "30",
    "keepalives_interval": "15",
    "keepalives_count": "4",
}


class _LostError(StoreError):
    """The connection was lost."""


class _PostgresDelivery:
    """See `svsm_cal.store.contract.Delivery`."""

    def __init__(self, store: PostgresStore, connection: PostgresConnection, batch: int | None) -> None:
        self._store = store
        self._connection = connection
        self._batch = batch

    def due(self, now: Instant, limit: int) -> list[Row]:
        return mail_queue.due(self._connection, now, limit, batch=self._batch)

    def settle(self, settled: Iterable[Settled]) -> None:
        statements = list(map(mail_queue.settlement, settled))
        try:
            _settle(self._connection, statements)
        except StoreError:
            # The lock is lost with the connection; these mails were sent all the same.
            if self._connection.lost:
                with suppress(StoreError), self._store.connection(_NO_DISK_WAIT) as another:
                    _settle(another, statements)
            raise

    def remaining(self) -> tuple[int, Instant | None]:
        return mail_queue.remaining(self._connection, batch=self._batch)


def _settle(connection: PostgresConnection, statements: list[tuple[str, tuple[Any, ...]]]) -> None:
    if len(statements) == 1:
        connection.execute(*statements[0])
        return
    connection.execute("BEGIN")
    try:
        for statement in statements:
            connection.execute(*statement)
        connection.end(commit=True)
    except BaseException:
        connection.end(commit=False)
        raise


class PostgresStore(Database):
    """A Store in the database at `url`; raises UsageError for an invalid address."""

    kind = "postgresql"

    def __init__(self, url: str) -> None:
        from psycopg import Error, conninfo

        try:
            parts = conninfo.conninfo_to_dict(url)
        except Error:
            raise UsageError(
                "the store's address cannot be read (write it as postgresql://user@host/database, with special characters "
                "percent-encoded)"
            ) from None
        super().__init__(_shown(parts))
        options = f"{parts.pop('options', '')} -c search_path=svsm_cal".strip()
        self.address = conninfo.make_conninfo("", **{**_DEFAULTS, **parts, "options": options})
        self._idle: list[PostgresConnection] = []
        self._delivering: list[PostgresConnection] = []

    @contextmanager
    def connection(self, settings: str = "") -> Iterator[PostgresConnection]:
        """Return a new connection, closed when the block ends."""
        connection = PostgresConnection(self.name, self.address, settings)
        try:
            yield connection
        finally:
            connection.close()

    def _begun(self, statements: Sequence[str]) -> PostgresConnection:
        """Return a connection on which a transaction has begun: an idle one, if it was not lost meanwhile, or a new one."""
        while self._idle:
            connection = self._idle.pop()
            with suppress(_LostError):
                return _run(connection, statements)
        return _run(PostgresConnection(self.name, self.address), statements)

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[PostgresConnection]:
        connection = self._begun(_WRITING if writes else _READING)
        try:
            yield connection
            connection.end(commit=True)
        except BaseException:
            connection.end(commit=False)
            connection.close()
            raise
        self._idle.append(connection)

    def _is_empty(self, connection: Any) -> bool:
        found = connection.rows(_SCHEMA)
        if found == [(None,)]:
            raise StoreError(f'{self.name}: has another program\'s schema "svsm_cal" (name another database)')
        if not found:
            [(encoding,)] = connection.rows("SELECT current_setting('server_encoding')")
            if encoding != "UTF8":
                raise StoreError(f"{self.name}: its encoding is {encoding} (create the database with encoding UTF8)")
        return not found

    @contextmanager
    def _migrating(self) -> Iterator[None]:
        """Hold nothing: each step's transaction waits for the writer's lock."""
        yield

    def _finish(self, connection: Any) -> None:
        """Bring the queue's own tables up to date."""
        migrate_queue(connection)

    def _integrity(self, connection: Any) -> list[str]:
        """Find nothing: the server checks its pages (initdb --data-checksums) and foreign keys all the time."""
        connection.execute("SET LOCAL enable_seqscan = on")
        return []

    @contextmanager
    def delivery(self, *, batch: int | None = None) -> Iterator[Delivery | None]:
        """Return the right to deliver everything, or one batch; None while another process holds it, or everything."""
        connection = self._locked(batch)
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

    def _locked(self, batch: int | None) -> PostgresConnection | None:
        """Return a connection that holds the lock of a batch, or of everything; None while another process has it."""
        everything = f"pg_try_advisory_lock{'' if batch is None else '_shared'}({_LOCKS}, {_EVERYTHING})"
        own = "true" if batch is None else f"pg_try_advisory_lock({_BATCHES}, {batch:d})"
        sql = f"SELECT CASE WHEN {everything} THEN {own} ELSE false END"
        while True:
            fresh = not self._delivering
            connection = PostgresConnection(self.name, self.address, _NO_DISK_WAIT) if fresh else self._delivering.pop()
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
        """Enqueue a job for each batch that has pending mails and no job, and return these batches."""
        with self._transaction(writes=True) as connection:
            lost = batches_without_job(connection)
            connection.announce(lost)
        return lost

    def close(self) -> None:
        """Close all connections."""
        for connections in (self._idle, self._delivering):
            while connections:
                connections.pop().close()


def _run(connection: PostgresConnection, statements: Sequence[str]) -> PostgresConnection:
    """Return a connection after running statements on it; on failure it is closed (_LostError: it had been lost)."""
    try:
        for statement in statements:
            connection.execute(statement)
    except BaseException as error:
        lost = connection.lost
        connection.close()
        if isinstance(error, StoreError) and lost:
            raise _LostError(*error.args) from error
        raise
    return connection


def _shown(parts: dict[str, Any]) -> str:
    """Return an address for messages: without its password."""
    user = f"{parts['user']}@" if parts.get("user") else ""
    port = f":{parts['port']}" if parts.get("port") else ""
    return f"postgresql://{user}{parts.get('host') or ''}{port}/{parts.get('dbname') or ''}"
