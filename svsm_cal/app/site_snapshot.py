"""A site snapshot: what `serve` publishes between two changes of the calendar file or of the time.

Its pages follow from the calendar and from the instant they show, which is rounded so that all servers agree on it. Its
feeds follow from what subscribers got before (`feed_history`).
"""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import svsm_cal
from svsm_cal.app.feed_history import recorded_feeds
from svsm_cal.app.publication import in_folder, is_personal_feed, is_record
from svsm_cal.app.publish import revised, site
from svsm_cal.config.load import loads, read_text
from svsm_cal.core.deadlines import all_deadlines
from svsm_cal.core.occurrences import longest_call, occurrences
from svsm_cal.engine.civil import Instant, epoch_seconds, instant_from_epoch
from svsm_cal.engine.tzdb import tz_database
from svsm_cal.errors import InputError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from svsm_cal.app.feed_history import FeedHistory
    from svsm_cal.core.model import Calendar

_QUARTER = 900


class SiteSnapshot(Value):
    """The calendar, its file's text, every published file with the date of its bytes, and the instant the pages show."""

    calendar: Calendar
    text: str
    files: Mapping[str, bytes]
    modified: Mapping[str, Instant]
    at: Instant


def moment_of(calendar: Calendar, now: Instant) -> Instant:
    """Return the instant that the pages show at `now`: the last quarter of an hour, or a later event.

    Events are beginnings and ends of calls, and deadlines. The instant is the same on every machine.
    """
    quarter = instant_from_epoch(epoch_seconds(now) // _QUARTER * _QUARTER)
    calls = occurrences(calendar, quarter - longest_call(calendar), now + timedelta(seconds=1))
    since = [at for each in calls for at in (each.start_utc, each.end_utc)]
    since += [each.due_utc for each in all_deadlines(calendar)]
    return max((Instant(at) for at in since if quarter < at <= now), default=quarter)


class SiteSource(Value):
    """Where snapshots come from: a calendar file, a secret for personal feeds, and perhaps a folder that `build` wrote.

    The folder's files are served unchanged; without it, the site is made here.
    """

    path: str
    secret: bytes | None = None
    folder: str | None = None

    def fingerprint(self) -> tuple[object, ...]:
        """Return a value that changes whenever the calendar file or anything in the folder changes."""
        found = [_identity(self.path)]
        if self.folder is not None:
            found += [_identity(os.path.join(self.folder, *name.split("/"))) for name in ("", *_all_in(self.folder))]
        return tuple(found)

    def text(self) -> str:
        """Return the calendar file's text; raises InputError for one that cannot be read, or is not a regular file."""
        return read_text(self.path, opener=_open_regular)

    def snapshot(
        self,
        text: str,
        now: Instant,
        *,
        before: SiteSnapshot | None = None,
        history: FeedHistory | None = None,
        recorded: Mapping[str, bytes] | None = None,
    ) -> SiteSnapshot:
        """Return the snapshot of a calendar file's text at an instant.

        `before` is the snapshot it replaces. With a `history` the revisions of feeds continue, without one they are first
        revisions; `recorded` are feeds that another server has put into the history. Raises what `load` does, InputError
        for a folder that `build` did not write, StoreError where the history fails.
        """
        same = before if before is not None and before.text == text else None
        calendar = same.calendar if same is not None else loads(text, file=self.path, now=now)
        at = moment_of(calendar, now)
        if self.folder is not None:
            return SiteSnapshot(calendar, text, *_published(self.folder), at)
        files = site(calendar, now=at, secret=self.secret)
        if recorded is not None:
            files |= recorded_feeds(recorded, calendar, files, self.secret)
        elif same is not None and same.at.year == at.year:  # of the time, only the year affects feeds
            files |= {name: data for name, data in same.files.items() if name.endswith(".ics") or name == "revisions.json"}
        elif history is not None:
            files |= history.revise(calendar, text, files, self.secret, now=at)
        else:
            files |= revised(files, None, at, frozenset())
        return SiteSnapshot(calendar, text, files, self._modified(files, at, before), at)

    def _modified(self, files: Mapping[str, bytes], at: Instant, before: SiteSnapshot | None) -> dict[str, Instant]:
        since = self._since(at)
        modified = {name: since if name.endswith(".ics") else at for name in files}
        if before is not None:
            modified |= {name: _later(name, files[name], modified[name], before) for name in files.keys() & before.files.keys()}
        return modified

    def _since(self, at: Instant) -> Instant:
        """Return the latest change of anything that feeds depend on: calendar file, program, tz database, year."""
        database = tz_database().folder
        paths = (self.path, svsm_cal.__file__, os.path.join(database, "tzdata.zi"))
        changed = [int(os.stat(path).st_mtime) for path in paths if os.path.exists(path)]
        year = Instant(datetime(at.year, 1, 1, tzinfo=UTC))
        return min(at, max(year, *map(instant_from_epoch, changed)))


def _open_regular(path: str, flags: int) -> int:
    """Open a file without waiting; raises InputError for a pipe or a device, which might never end."""
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputError(f"{path}: is not a regular file (serve needs one that it can read again)")
    return descriptor


def _later(name: str, data: bytes, modified: Instant, before: SiteSnapshot) -> Instant:
    """Return a date for a file under which it never had other bytes."""
    same = data == before.files[name]
    if same and name.endswith(".ics"):
        return before.modified[name]
    return modified if same else max(modified, Instant(before.modified[name] + timedelta(seconds=1)))


def _identity(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _all_in(folder: str) -> Iterator[str]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        relative = os.path.relpath(parent, folder).replace(os.sep, "/")
        yield from (name if relative == "." else f"{relative}/{name}" for name in sorted(names))


def _published(folder: str) -> tuple[dict[str, bytes], dict[str, Instant]]:
    """Return the files that `build` wrote into a folder, and their dates; other files there are left out."""
    import json

    read = in_folder(folder)
    try:
        record = json.loads(read("calendar.json") or b"")
    except (ValueError, OSError):
        record = None
    if not is_record(record):
        raise InputError(f"{folder}: holds nothing that `svsm-cal build` wrote (run it, or name another folder)")
    listed = frozenset(map(str, record["files"]))
    found, modified = {}, {}
    for name in _all_in(folder):
        data = read(name) if name in listed or is_personal_feed(name) else None
        if data is not None:
            found[name] = data
            modified[name] = instant_from_epoch(int(os.stat(os.path.join(folder, *name.split("/"))).st_mtime))
    return found, modified
