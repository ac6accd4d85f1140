"""An edition: what a server serves between two changes, of the calendar file or of the time.

Its bytes follow from the calendar file and from when it is of, which is the latest of few instants that are the same for
everybody. So servers that share nothing serve the same.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import svsm_cal
from svsm_cal.app.media import is_personal_feed
from svsm_cal.app.previous import in_folder, is_record
from svsm_cal.app.publish import site
from svsm_cal.config.load import load
from svsm_cal.core.civil import Instant, epoch_seconds, instant_from_epoch
from svsm_cal.core.deadlines import all_deadlines
from svsm_cal.core.occurrences import longest_call, occurrences
from svsm_cal.core.tzdb import tz_database
from svsm_cal.errors import InputError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from svsm_cal.core.model import Calendar

__all__ = ["Edition", "Source", "moment_of"]

_QUARTER = 900


class Edition(Value):
    """What is served: the calendar, each file's bytes and the instant they are of, and the instant of the whole."""

    calendar: Calendar
    files: Mapping[str, bytes]
    modified: Mapping[str, Instant]
    at: Instant


def moment_of(calendar: Calendar, now: Instant) -> Instant:
    """Return the instant that the pages of `now` are of: the last quarter of an hour, or what has begun or ended since.

    That is calls, and deadlines. It is the same on every machine, and the pages say nothing of the minutes between.
    """
    quarter = instant_from_epoch(epoch_seconds(now) // _QUARTER * _QUARTER)
    calls = occurrences(calendar, quarter - longest_call(calendar), now + timedelta(seconds=1))
    since = [at for each in calls for at in (each.start_utc, each.end_utc)]
    since += [each.due_utc for each in all_deadlines(calendar)]
    return max((Instant(at) for at in since if quarter < at <= now), default=quarter)


class Source(Value):
    """Where editions come from: a calendar file, a secret for personal feeds, and a folder that `build` wrote, or none.

    With a folder its files are served as they are, with the revisions that `build` gave them; else the site is made here.
    """

    path: str
    secret: bytes | None = None
    folder: str | None = None

    def mark(self) -> tuple[object, ...]:
        """Return what is another whenever the calendar file, or anything in the folder, is another."""
        here = [_mark(self.path)]
        if self.folder is not None:
            here += [_mark(os.path.join(self.folder, *name.split("/"))) for name in ("", *_all_in(self.folder))]
        return tuple(here)

    def calendar(self, now: Instant) -> Calendar:
        """Return the calendar; raises what `load` does."""
        return load(self.path, now=now)

    def edition(self, calendar: Calendar, now: Instant, before: Edition | None = None) -> Edition:
        """Return the edition of a calendar at an instant; `before` is the one it follows.

        Raises InputError where the folder holds nothing that `build` wrote.
        """
        at = moment_of(calendar, now)
        if self.folder is not None:
            return Edition(calendar, *_published(self.folder), at)
        files = site(calendar, now=at, secret=self.secret)
        since = self._since(at)
        modified = {name: since if name.endswith(".ics") else at for name in files}
        if before is not None:
            modified |= {name: _later(name, files[name], modified[name], before) for name in files.keys() & before.files.keys()}
        return Edition(calendar, files, modified, at)

    def _since(self, at: Instant) -> Instant:
        """Return since when the feeds may be what they are: the calendar file, the program, the tz database, the year."""
        database = tz_database().folder
        paths = (self.path, svsm_cal.__file__, os.path.join(database, "tzdata.zi"))
        changed = [int(os.stat(path).st_mtime) for path in paths if os.path.exists(path)]
        year = Instant(datetime(at.year, 1, 1, tzinfo=UTC))
        return min(at, max(year, *map(instant_from_epoch, changed)))


def _later(name: str, data: bytes, modified: Instant, before: Edition) -> Instant:
    """Return a date for a file that is not the one under which it was something else."""
    same = data == before.files[name]
    if same and name.endswith(".ics"):
        return before.modified[name]
    return modified if same else max(modified, Instant(before.modified[name] + timedelta(seconds=1)))


def _mark(path: str) -> tuple[int, int, int] | None:
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
    """Return what `build` wrote into a folder, and nothing else that lies there."""
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
