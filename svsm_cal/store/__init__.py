"""The persistent state: publications, invitations and the outbox, in SQLite or PostgreSQL behind one contract."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from svsm_cal.errors import UsageError

if TYPE_CHECKING:
    from svsm_cal.store.contract import Store
    from svsm_cal.store.database import Database

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):", re.ASCII)


def open_store(url: str, *, calendar_id: str | None) -> Store:
    """Open a calendar's store at `sqlite:PATH` or a path, or `postgresql://user@host/database`.

    An empty store is prepared, and belongs to the calendar from then on. Without a calendar's id the store must exist, and
    may belong to any calendar. Raises UsageError for an invalid address, StoreError for a store of another calendar or
    version, or one that cannot be opened.
    """
    store = _database(url, create=calendar_id is not None)
    try:
        store.open(calendar_id=calendar_id)
    except BaseException:
        store.close()
        raise
    return store


def migrate_store(url: str, *, calendar_id: str) -> tuple[int, int]:
    """Bring a store's schema up to date, and return the versions before and after; raises the errors of `open_store`."""
    store = _database(url, create=True)
    try:
        versions = store.migrate()
        store.open(calendar_id=calendar_id)
    finally:
        store.close()
    return versions


def _database(url: str, *, create: bool) -> Database:
    scheme = _SCHEME.match(url)
    kind = scheme[1].lower() if scheme else ""
    if kind in ("postgresql", "postgres"):
        from svsm_cal.store.postgres import PostgresStore

        return PostgresStore(url)
    path = url[len("sqlite:") :] if kind == "sqlite" else url
    if not path or "\0" in path or path.startswith("//") or (kind != "sqlite" and "://" in url):
        shown = re.sub(r"//[^/@]*@", "//", url)
        raise UsageError(f'"{shown}" is not a valid store (write a path, sqlite:PATH, or postgresql://user@host/database)')
    from svsm_cal.store.sqlite import SqliteStore

    return SqliteStore(path, create=create)
