"""A calendar's store: its place, and its maintenance."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from svsm_cal.errors import UsageError
from svsm_cal.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = "svsm-cal.db"


def default_store(calendar_path: str) -> str:
    """Return the path of a calendar's default store, a file beside the calendar file."""
    return os.path.join(os.path.dirname(calendar_path), _NAME)


def check_queue(url: str | None, calendar_path: str) -> None:
    """Raise UsageError for a store that workers cannot use."""
    if not (url or default_store(calendar_path)).startswith(("postgresql:", "postgres:")):
        raise UsageError(
            "workers need a store in PostgreSQL (leave out --queue, or give --store postgresql://user@host/database)"
        )


def is_there(url: str | None, calendar_path: str) -> bool:
    """Whether a store exists: an existing file, or any database server."""
    place = url or default_store(calendar_path)
    return "://" in place or os.path.exists(place.removeprefix("sqlite:"))


def check_store(url: str) -> list[str]:
    """Return the problems of an existing store, one line each; raises UsageError or StoreError."""
    store = open_store(url, calendar_id=None)
    try:
        return store.check()
    finally:
        store.close()


def export_store(url: str) -> Iterator[str]:
    """Yield the contents of an existing store as lines of JSON; raises UsageError or StoreError."""
    store = open_store(url, calendar_id=None)
    try:
        for record in store.export():
            yield json.dumps(record, ensure_ascii=False)
    finally:
        store.close()
