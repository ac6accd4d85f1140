"""What is asked of a database, whichever it is: statements with `?` in the SQL that both have, and what they do apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from svsm_cal.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Connection", "DamagedError", "values"]


class DamagedError(StoreError):
    """A database that finds its own files damaged."""


class Connection(Protocol):
    """A connection to a database; whatever goes wrong in it is a StoreError."""

    due_order: str  # what the index of pending rows is sorted by

    def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return a statement's rows."""

    def touch(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Run a statement, and return how many rows it changed."""

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each of the rows."""

    def known(self, message_ids: list[str]) -> dict[str, int]:
        """Return the numbers of those Message-IDs that are in the outbox."""

    def append(self, rows: list[tuple[Any, ...]], bodies: list[tuple[int, bytes]]) -> None:
        """Put rows, and their bytes, at the outbox's end."""

    def supersede(self, newer: list[tuple[int, str, str]], at: int) -> None:
        """Make pending rows superseded that are older than one of `newer` (id, recipient, uid)."""

    def announce(self, batches: Sequence[int]) -> None:
        """Let those know who deliver that there are new batches."""


def values(count: int) -> str:
    """Return so many question marks, as VALUES takes them."""
    return f"({', '.join('?' * count)})"
