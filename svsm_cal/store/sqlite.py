"""A store in one SQLite file: for a calendar that one machine looks after.

WAL mode, so that readers never wait. A ledger's commit is on disk when it returns (synchronous=FULL). The result of an
attempt is written before `settle` returns, so a killed process loses nothing; it is on disk for every 64th attempt and each
new second. So a power cut may cost that these few mails are sent again, byte for byte the same.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from svsm_cal.errors import StoreError
from svsm_cal.store import mail_queue
from svsm_cal.store.database import Database
from svsm_cal.store.sql import DamagedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from svsm_cal.engine.civil import Instant
    from svsm_cal.store.contract import Delivery, Row, Settled

_PATIENCE = 60  # seconds to wait for another writer
_OLDEST = (3, 37, 0)  # STRICT tables
_UNSYNCED = 64  # attempts that a power cut may cost
_CHECKPOINT = 4000  # pages in the WAL; a settled mail takes two or three
_WAL_LIMIT = 64 << 20  # bytes that the WAL keeps after a checkpoint

_OURS = 0x5356_534D  # application_id in the file's header: "SVSM"

# SQLite's primary result codes, and what to do about them.
_FAULTS = {
    sqlite3.SQLITE_NOTADB: "is not an SQLite file (name another with --store)",
    sqlite3.SQLITE_CORRUPT: "is damaged (restore a copy)",
    sqlite3.SQLITE_FULL: "the disk is full (make room; nothing is lost)",
    sqlite3.SQLITE_IOERR: "the disk cannot be read or written (look at the machine's log)",
    sqlite3.SQLITE_READONLY: "cannot be written (check the owner of the file and of its folder)",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened (check that its folder exists and can be written)",
    sqlite3.SQLITE_PERM: "cannot be opened (check the owner of the file and of its folder)",
    sqlite3.SQLITE_BUSY: f"another process has been writing for {_PATIENCE} seconds (try again when it is done)",
    sqlite3.SQLITE_LOCKED: f"another process has been writing for {_PATIENCE} seconds (try again when it is done)",
}

_APPEND = """INSERT INTO outbox (id, batch, message_id, kind, sender, recipient, uid, sequence, method, reason, supersedes,
    created, state, attempts, not_before, settled, response, bounced)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_SUPERSEDE = """UPDATE outbox SET state = 'superseded', settled = ?
    WHERE recipient = ? AND uid = ? AND id < ? AND state = 'pending'"""


class _SqliteConnection:
    """A connection with our settings; see `svsm_cal.store.sql.Connection`."""

    due_order = "outbox.not_before, outbox.id"

    def __init__(self, name: str, path: str) -> None:
        self._name = name
        with self._errors():
            self._inner = sqlite3.connect(
                f"file:{quote(path)}?mode=rw", uri=True, isolation_level=None, timeout=_PATIENCE, check_same_thread=False
            )
        try:
            settings = {"foreign_keys": "ON", "wal_autocheckpoint": _CHECKPOINT, "journal_size_limit": _WAL_LIMIT}
            for setting, value in {"synchronous": "FULL", **settings}.items():
                self.execute(f"PRAGMA {setting} = {value}")
        except BaseException:
            self._inner.close()
            raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn SQLite's errors into StoreErrors of one line."""
        try:
            yield
        except (sqlite3.Error, UnicodeError, OverflowError) as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            line = str(error).splitlines()[0] if str(error) else "fails"
            said = _FAULTS.get(code) or f"{line} (svsm-cal store check says more)"
            raise (DamagedError if code == sqlite3.SQLITE_CORRUPT else StoreError)(f"{self._name}: {said}") from error

    def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._errors():
            return self._inner.execute(sql, args).fetchall()

    def execute(self, sql: str, args: Sequence[Any] = ()) -> int:
        with self._errors():
            return self._inner.execute(sql, args).rowcount

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._errors():
            self._inner.executemany(sql, rows)

    def known(self, message_ids: list[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for start in range(0, len(message_ids), 500):
            some = message_ids[start : start + 500]
            marks = ", ".join("?" * len(some))
            found.update(self.rows(f"SELECT message_id, id FROM outbox WHERE message_id IN ({marks})", some))  # noqa: S608
        return found

    def append(self, rows: list[tuple[Any, ...]], bodies: list[tuple[int, bytes]]) -> None:
        self.execute_many(_APPEND, rows)
        self.execute_many("INSERT INTO body (id, data) VALUES (?, ?)", bodies)

    def supersede(self, newer: list[tuple[int, str, str]], at: int) -> None:
        self.execute_many(_SUPERSEDE, ((at, recipient, uid, number) for number, recipient, uid in newer))

    def announce(self, batches: Sequence[int]) -> None:
        """Do nothing: a file has no workers."""

    def end(self, *, commit: bool) -> None:
        """End the transaction, if one is open."""
        if commit:
            self.execute("COMMIT")
        elif self._inner.in_transaction:
            with suppress(StoreError):  # the error that caused the rollback is the one to report
                self.execute("ROLLBACK")

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._inner.close()


class _SqliteDelivery:
    """See `svsm_cal.store.contract.Delivery`."""

    def __init__(self, connection: _SqliteConnection, batch: int | None) -> None:
        self._connection = connection
        self._batch = batch
        self._unsynced = 0
        self._second: datetime | None = None
        self._full = True

    def due(self, now: Instant, limit: int) -> list[Row]:
        return mail_queue.due(self._connection, now, limit, batch=self._batch)

    def settle(self, settled: Iterable[Settled]) -> None:
        each = list(settled)
        statements = list(map(mail_queue.settlement, each))
        if not statements:
            return
        self._unsynced += len(statements)
        at = each[-1].at.replace(microsecond=0)
        self._synchronous(full=at != self._second or self._unsynced >= _UNSYNCED)
        if len(statements) == 1:
            self._connection.execute(*statements[0])
        else:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for statement in statements:
                    self._connection.execute(*statement)
                self._connection.end(commit=True)
            finally:
                self._connection.end(commit=False)
        if self._full:
            self._second, self._unsynced = at, 0

    def _synchronous(self, *, full: bool) -> None:
        """Choose whether the next commit is on disk when it returns, with all before it, or only written."""
        if full != self._full:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if full else 'NORMAL'}")
            self._full = full

    def remaining(self) -> tuple[int, Instant | None]:
        return mail_queue.remaining(self._connection, batch=self._batch)

    def end(self) -> None:
        """Put the last attempts on disk."""
        if self._unsynced:
            self._synchronous(full=True)
            self._connection.rows("PRAGMA wal_checkpoint(PASSIVE)")


class SqliteStore(Database):
    """A Store in the SQLite file at `path`; raises StoreError if the file cannot be used or made."""

    kind = "sqlite"

    def __init__(self, path: str, *, create: bool) -> None:
        super().__init__(path)
        if sqlite3.sqlite_version_info < _OLDEST:
            raise StoreError(f"{path}: needs SQLite {'.'.join(map(str, _OLDEST))} or newer; this is {sqlite3.sqlite_version}")
        self._path = os.path.abspath(path)
        self._idle: list[_SqliteConnection] = []
        if not os.path.isfile(self._path):
            if os.path.exists(self._path):
                raise StoreError(f"{path}: is not a file (name a file with --store)")
            if not create:
                raise StoreError(f"{path}: does not exist (svsm-cal store migrate creates it)")
            self._create()

    def _create(self) -> None:
        """Create an empty file that only its owner can read: it will contain people's addresses."""
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            folder = os.open(os.path.dirname(self._path), os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise StoreError(f"{self.name}: cannot be created: {error.strerror} (check its folder)") from error

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[_SqliteConnection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = _SqliteConnection(self.name, self._path)
        try:
            connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            yield connection
            connection.end(commit=True)
        except BaseException:
            connection.end(commit=False)
            connection.close()
            raise
        self._idle.append(connection)

    def _is_empty(self, connection: Any) -> bool:
        [(ours,)] = connection.rows("PRAGMA application_id")
        [(tables,)] = connection.rows("SELECT count(*) FROM sqlite_master")
        if tables and ours != _OURS:
            raise StoreError(f"{self.name}: is another program's database (name another with --store)")
        return not tables

    @contextmanager
    def _migrating(self) -> Iterator[None]:
        """Wait until no process migrates or delivers; then put the file in WAL mode and mark it as ours."""
        with self._alone(wait=True):
            connection = _SqliteConnection(self.name, self._path)
            try:
                if connection.rows("SELECT count(*) FROM sqlite_master") == [(0,)]:
                    connection.rows("PRAGMA journal_mode = WAL")
                    connection.execute(f"PRAGMA application_id = {_OURS}")
            finally:
                connection.close()
            yield

    def _finish(self, connection: Any) -> None:
        """Do nothing: the steps are enough."""

    @contextmanager
    def _alone(self, *, wait: bool) -> Iterator[bool]:
        """Hold the lock for delivering and migrating, which the system releases when the process dies."""
        try:
            import fcntl
        except ImportError:
            raise StoreError(f"{self.name}: this system has no file locks (keep the store in PostgreSQL)") from None
        try:
            lock = os.open(f"{self._path}.delivery", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{self.name}.delivery: cannot be opened: {error.strerror} (check its owner)") from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            except OSError as error:
                raise StoreError(f"{self.name}.delivery: cannot be locked: {error.strerror} (keep it on a local disk)") from error
            yield True
        finally:
            os.close(lock)

    def _integrity(self, connection: Any) -> list[str]:
        said = [line for (line,) in connection.rows("PRAGMA integrity_check(20)") if line != "ok"]
        broken = connection.rows("PRAGMA foreign_key_check")
        return said + [f"table {table}: row {row} refers to a missing row" for table, row, *_ in broken]

    @contextmanager
    def delivery(self, *, batch: int | None = None) -> Iterator[Delivery | None]:
        """Return the right to deliver everything, or one batch; None while another process is delivering."""
        with self._alone(wait=False) as alone:
            if not alone:
                yield None
                return
            connection = _SqliteConnection(self.name, self._path)
            try:
                delivery = _SqliteDelivery(connection, batch)
                yield delivery
                delivery.end()
            finally:
                connection.close()

    def close(self) -> None:
        """Close all connections."""
        while self._idle:
            self._idle.pop().close()
