"""What both stores share: opening, migrating, and the contract over a connection in a transaction.

The schema is a sequence of numbered steps of SQL, each applied in one transaction together with the number. A step that has
been released never changes; a later version adds a step.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from svsm_cal.errors import StoreError
from svsm_cal.store.audit import faults_in, records_in
from svsm_cal.store.ledger import SqlLedger
from svsm_cal.store.sql import DamagedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from svsm_cal.store.contract import Delivery, Ledger
    from svsm_cal.store.sql import Connection


def schema_steps(kind: str) -> list[list[str]]:
    """Return the statements of each step of the schema for a kind of database, in order."""
    folder = files("svsm_cal.store").joinpath("steps", kind)
    scripts = [each.read_text("utf-8") for each in sorted(folder.iterdir(), key=lambda each: each.name)]
    return [[statement for statement in script.split(";\n") if statement.strip()] for script in scripts]


class Database(ABC):
    """A Store in a database; `name` is how messages call it."""

    kind: str

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def _transaction(self, *, writes: bool) -> AbstractContextManager[Connection]:
        """Return a connection in a transaction, which ends with the block; there is one writer at a time."""

    @abstractmethod
    def _is_empty(self, connection: Connection) -> bool:
        """Whether the database has no tables yet; raises StoreError for another program's database."""

    @abstractmethod
    def _migrating(self) -> AbstractContextManager[None]:
        """Return the context in which all steps of a migration run."""

    @abstractmethod
    def _finish(self, connection: Connection) -> None:
        """Complete a migration, in the transaction of its last step."""

    @abstractmethod
    def _integrity(self, connection: Connection) -> list[str]:
        """Return the faults that the database itself finds."""

    @abstractmethod
    def delivery(self, *, batch: int | None = None) -> AbstractContextManager[Delivery | None]:
        """Return the right to deliver everything, or one batch; None while another process holds it."""

    @abstractmethod
    def close(self) -> None:
        """Close all connections."""

    def open(self, *, calendar_id: str | None) -> None:
        """Prepare an empty database, or check that it has this version of the schema and belongs to this calendar."""
        with self._transaction(writes=False) as connection:
            version, owner = self._state(connection)
        if not version and calendar_id is None:
            raise StoreError(f"{self.name}: is empty (svsm-cal store migrate prepares it)")
        if not version:
            self.migrate()
        else:
            self._check_version(version)
        if calendar_id is not None and owner != calendar_id:
            self._adopt(calendar_id)

    @contextmanager
    def ledger(self, *, writes: bool = True) -> Iterator[Ledger]:
        """Return a transaction: committed when its block ends, rolled back when it raises."""
        with self._transaction(writes=writes) as connection:
            yield SqlLedger(connection)

    def batches(self) -> list[int]:
        """Return the batches that have pending rows, in order."""
        with self._transaction(writes=False) as connection:
            found = connection.rows("SELECT DISTINCT batch FROM outbox WHERE state = 'pending' ORDER BY batch")
        return [batch for (batch,) in found]

    def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date; return the versions before and after.

        Each step is a transaction; in an empty database all steps are one, so that nobody sees half a schema.
        """
        steps, before = schema_steps(self.kind), None
        with self._migrating():
            while True:
                with self._transaction(writes=True) as connection:
                    version, _ = self._state(connection)
                    before = version if before is None else before
                    if version > len(steps):
                        self._check_version(version)
                    for step in range(version, min(version + 1, len(steps)) if version else len(steps)):
                        _apply(connection, steps[step], step + 1)
                        version = step + 1
                    if version == len(steps):
                        self._finish(connection)
                if version == len(steps):
                    return before, version

    def check(self) -> list[str]:
        """Return the faults of what is stored, a line each."""
        try:
            with self._transaction(writes=False) as connection:
                return self._integrity(connection) or list(faults_in(connection))
        except DamagedError as error:
            return [str(error)]

    def export(self) -> Iterator[dict[str, Any]]:
        """Yield everything as records with ISO texts: what `store export` prints as JSON lines."""
        with self._transaction(writes=False) as connection:
            yield from records_in(connection)

    def _check_version(self, version: int) -> None:
        """Raise StoreError unless a schema's version is the one that this program knows."""
        known = len(schema_steps(self.kind))
        if version > known:
            hint = f"(schema {version}; this one knows {known}): upgrade svsm-cal"
            raise StoreError(f"{self.name}: was made by a newer svsm-cal {hint}")
        if version < known:
            hint = f"(schema {version}; this one has {known}): run svsm-cal store migrate"
            raise StoreError(f"{self.name}: was made by an older svsm-cal {hint}")

    def _state(self, connection: Connection) -> tuple[int, str | None]:
        """Return the version of the schema, 0 for an empty database, and the id of the calendar that it belongs to, if any."""
        if self._is_empty(connection):
            return 0, None
        found = connection.rows("SELECT version, calendar FROM store")
        if not found:
            raise StoreError(f"{self.name}: is damaged: its version is missing (restore a copy)")
        version, owner = found[0]
        return int(version), owner

    def _adopt(self, calendar_id: str) -> None:
        """Make an unowned store the calendar's; raises StoreError if it belongs to another one."""
        with self._transaction(writes=True) as connection:
            connection.execute("UPDATE store SET calendar = ? WHERE calendar IS NULL", (calendar_id,))
            _, owner = self._state(connection)
        if owner != calendar_id:
            raise StoreError(f'{self.name}: belongs to the calendar "{owner}", not "{calendar_id}" (name another with --store)')


def _apply(connection: Connection, step: list[str], version: int) -> None:
    """Apply one step of the schema and record its number, in the caller's transaction."""
    for statement in step:
        connection.execute(statement)
    if version == 1:
        connection.execute("INSERT INTO store (one, version, calendar) VALUES (1, 1, NULL)")
    else:
        connection.execute("UPDATE store SET version = ?", (version,))
