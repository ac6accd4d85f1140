"""The schema of a store: numbered steps of SQL, each applied in one transaction, and which of them a store has had.

A step that has been released never changes; what a later version needs is a further step.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from svsm_cal.errors import StoreError

if TYPE_CHECKING:
    from svsm_cal.store.connection import Connection

__all__ = ["KINDS", "adopt", "demand", "latest", "raise_to", "standing", "steps"]

KINDS = ("sqlite", "postgresql")


def steps(kind: str) -> list[list[str]]:
    """Return the statements of each step of a kind of database, in order."""
    folder = files("svsm_cal.store").joinpath("steps", kind)
    scripts = [each.read_text("utf-8") for each in sorted(folder.iterdir(), key=lambda each: each.name)]
    return [[statement for statement in script.split(";\n") if statement.strip()] for script in scripts]


def latest(kind: str) -> int:
    """Return the number of the last step."""
    return len(steps(kind))


def standing(connection: Connection) -> tuple[int, str | None]:
    """Return which step a store that is not empty has had last, and its calendar's id if it has been used."""
    found = connection.rows("SELECT version, calendar FROM store")
    if not found:
        raise StoreError("is damaged: it does not say which version it is (restore a copy)")
    version, calendar = found[0]
    return int(version), calendar


def demand(name: str, kind: str, version: int) -> None:
    """Raise StoreError unless a store is of exactly the version that this program knows."""
    known = latest(kind)
    if version > known:
        raise StoreError(f"{name}: was made by a newer svsm-cal (schema {version}; this one knows {known}): upgrade svsm-cal")
    if version < known:
        raise StoreError(f"{name}: is of an older svsm-cal (schema {version}; this one has {known}): run svsm-cal store migrate")


def raise_to(connection: Connection, kind: str, version: int) -> None:
    """Apply one step, the last thing of which is that the store says so; the caller has the transaction."""
    for statement in steps(kind)[version - 1]:
        connection.touch(statement)
    if version == 1:
        connection.touch("INSERT INTO store (one, version, calendar) VALUES (1, 1, NULL)")
    else:
        connection.touch("UPDATE store SET version = ?", (version,))


def adopt(connection: Connection, name: str, calendar: str) -> None:
    """Make the store the calendar's, if it is nobody's; raises StoreError if it is another's."""
    connection.touch("UPDATE store SET calendar = ? WHERE calendar IS NULL", (calendar,))
    _, owner = standing(connection)
    if owner != calendar:
        raise StoreError(f'{name}: belongs to the calendar "{owner}", not "{calendar}" (name another with --store)')
