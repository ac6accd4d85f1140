"""The feeds that `serve` gave out last, kept in the store: a change becomes a new revision of what subscribers have.

Servers that share a store give out the same feeds. The one whose calendar file changes, or that starts, writes the next
revision and the file's text; the others follow it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from svsm_cal.app.publication import GENERATOR, Previous
from svsm_cal.app.publish import feed_path, revised
from svsm_cal.app.tzdiff import moved_uids
from svsm_cal.engine.tzdb import tz_database
from svsm_cal.errors import StoreError
from svsm_cal.render.records import dumps
from svsm_cal.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from svsm_cal.core.model import Calendar
    from svsm_cal.engine.civil import Instant
    from svsm_cal.store.contract import Ledger, Store

_TEXT, _RECORD, _GONE = "calendar.toml", "calendar.json", "revisions.json"


class FeedHistory:
    """The feeds in the store at `url`; connections are made when needed, so a process may be forked in between."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._calendar_id = ""
        self._store: Store | None = None
        self.version = 0  # of what is served

    def revise(
        self, calendar: Calendar, text: str, files: Mapping[str, bytes], secret: bytes | None, *, now: Instant
    ) -> dict[str, bytes]:
        """Return the feeds among `files` as the next revisions, with revisions.json, and record them.

        Raises StoreError where they cannot be recorded, PublicationError for damaged ones.
        """
        names = _names(calendar, files, secret)
        with self._ledger(calendar.id) as ledger:
            kept = ledger.served()
            before = Previous(self._url, lambda path: kept.get(names.get(path, path))) if kept else None
            moved = moved_uids(calendar, before, now) if before is not None else frozenset()
            feeds = revised(files, before, now, moved)
            public = sorted(path for path, name in names.items() if path == name)
            record = {"generator": GENERATOR, "tz_database": tz_database().version, "files": public}
            fresh = {name: feeds.get(path, files[path]) for path, name in names.items()}
            fresh |= {_TEXT: text.encode(), _RECORD: dumps(record).encode(), _GONE: feeds[_GONE]}
            if secret is None:  # personal feeds are not made here; a server that has the secret continues them
                fresh |= {name: data for name, data in kept.items() if name.startswith("p/")}
            self.version = ledger.serve(fresh)
        return feeds

    def follow(self) -> tuple[int, str, dict[str, bytes]]:
        """Return the version that was recorded last: its number, the text of its calendar file, and its feeds by name."""
        with self._ledger(self._calendar_id, writes=False) as ledger:
            version, kept = ledger.served_version(), ledger.served()
        return version, kept.pop(_TEXT).decode(), kept

    def has_news(self) -> bool:
        """Return whether another server has recorded feeds since; raises StoreError if that cannot be known."""
        with self._ledger(self._calendar_id, writes=False) as ledger:
            return ledger.served_version() not in {0, self.version}

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        if self._store is not None:
            self._store.close()
            self._store = None

    @contextmanager
    def _ledger(self, calendar_id: str, *, writes: bool = True) -> Iterator[Ledger]:
        if calendar_id != self._calendar_id:
            self.close()
        try:
            if self._store is None:
                self._store = open_store(self._url, calendar_id=calendar_id)
                self._calendar_id = calendar_id
            with self._store.ledger(writes=writes) as ledger:
                yield ledger
        except StoreError:
            self.close()
            raise


def recorded_feeds(
    recorded: Mapping[str, bytes], calendar: Calendar, files: Mapping[str, bytes], secret: bytes | None
) -> dict[str, bytes]:
    """Return those of a site's feeds that `follow` has found, and revisions.json, by path."""
    names = _names(calendar, files, secret) | {_GONE: _GONE}
    return {path: recorded[name] for path, name in names.items() if name in recorded}


def _names(calendar: Calendar, files: Mapping[str, bytes], secret: bytes | None) -> dict[str, str]:
    """Return the name of each feed in the store: its path, but a person's id in place of their secret token."""
    people = {} if secret is None else {feed_path(person, secret): f"p/{person.id}" for person in calendar.participants}
    return {path: people.get(path, path) for path in files if path.endswith(".ics")}
