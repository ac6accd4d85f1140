"""What both stores have in common: they differ in how they connect, lock and say what went wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from svsm_cal.errors import StoreError
from svsm_cal.store import schema
from svsm_cal.store.audit import faults_in
from svsm_cal.store.connection import DamagedError
from svsm_cal.store.exporting import records_in
from svsm_cal.store.ledger import SqlLedger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from svsm_cal.store.connection import Connection
    from svsm_cal.store.contract import Delivery, Ledger

__all__ = ["Database"]


class Database(ABC):
    """A Store in a database; `name` is how messages call it."""

    kind: str

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def _transaction(self, *, writes: bool) -> AbstractContextManager[Connection]:
        """Return a connection in a transaction, which ends with the block; writers come one at a time."""

    @abstractmethod
    def _version(self, connection: Connection) -> int:
        """Return which step of the schema is in place, 0 in an empty database; raises StoreError for somebody else's."""

    @abstractmethod
    def _migrating(self) -> AbstractContextManager[None]:
        """Return what must hold around all steps of a migration."""

    @abstractmethod
    def _integrity(self, connection: Connection) -> list[str]:
        """Return what the database itself finds wrong."""

    @abstractmethod
    def delivery(self, *, batch: int | None = None) -> AbstractContextManager[Delivery | None]:
        """Return the right to deliver everything, or one batch; None while another process has it."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the database."""

    @abstractmethod
    def _finish(self, connection: Connection) -> None:
        """Do what a migration ends with, in the transaction of its last step."""

    def open(self, *, calendar_id: str | None) -> None:
        """Prepare an empty database, or see that this one is of this version and of this calendar."""
        with self._transaction(writes=False) as connection:
            version = self._version(connection)
            owner = schema.standing(connection)[1] if version else None
        if not version and calendar_id is None:
            raise StoreError(f"{self.name}: is empty (svsm-cal store migrate prepares it)")
        if not version:
            self.migrate()
        else:
            schema.demand(self.name, self.kind, version)
        if calendar_id is not None and owner != calendar_id:
            with self._transaction(writes=True) as connection:
                schema.adopt(connection, self.name, calendar_id)

    @contextmanager
    def ledger(self, *, writes: bool = True) -> Iterator[Ledger]:
        """Return a transaction: committed when its block ends, undone when it raises."""
        with self._transaction(writes=writes) as connection:
            yield SqlLedger(connection)

    def batches(self) -> list[int]:
        """Return the batches that have pending rows, in order."""
        with self._transaction(writes=False) as connection:
            found = connection.rows("SELECT DISTINCT batch FROM outbox WHERE state = 'pending' ORDER BY batch")
        return [batch for (batch,) in found]

    def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date, return the versions before and after.

        Each step is a transaction; in an empty database all are one, so that nobody sees a store that is half made.
        """
        known, before = schema.latest(self.kind), None
        with self._migrating():
            while True:
                with self._transaction(writes=True) as connection:
                    version = self._version(connection)
                    before = version if before is None else before
                    if version > known:
                        schema.demand(self.name, self.kind, version)
                    for step in range(version + 1, min(version + 1, known) + 1 if version else known + 1):
                        schema.raise_to(connection, self.kind, step)
                        version = step
                    if version == known:
                        self._finish(connection)
                if version == known:
                    return before, version

    def check(self) -> list[str]:
        """Return what is wrong with what is stored, a line each."""
        try:
            with self._transaction(writes=False) as connection:
                return self._integrity(connection) or list(faults_in(connection))
        except DamagedError as error:
            return [str(error)]

    def export(self) -> Iterator[dict[str, Any]]:
        """Yield everything as records with ISO texts: what `store export` prints as JSON lines."""
        with self._transaction(writes=False) as connection:
            yield from records_in(connection)
