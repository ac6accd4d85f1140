"""Comparing two calendars, each from a file or from git: what an edit changes for people."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.config.load import LARGEST, escaped, load, loads
from svsm_cal.core.changes import Changes, changes
from svsm_cal.engine.civil import midnight
from svsm_cal.engine.zones import instant_of
from svsm_cal.errors import InputError, UsageError

if TYPE_CHECKING:
    from datetime import date

    from svsm_cal.core.model import Calendar
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone

_AHEAD = timedelta(weeks=53)
_DAY = timedelta(days=1)
_INSTEAD = "give the calendar.toml it was made from, or a git revision such as HEAD~1"


def compare(
    old: str,
    new: str | None,
    *,
    path: str,
    now: Instant,
    first: date | None = None,
    last: date | None = None,
    zone: Zone | None = None,
) -> Changes:
    """Return the changes from `old` to `new` (default: the calendar file at `path`) on anchor dates from `first` to `last`.

    The default range is 53 weeks from the date of `now`. Raises UsageError for a range that ends before it begins, and
    what `calendar_at` does.
    """
    begin = first or now.date()
    end = begin + _AHEAD - _DAY if last is None else last
    if end < begin:
        raise UsageError(f"the range ends on {end}, before it begins on {begin}")
    before = calendar_at(old, path=path, now=now)
    after = load(path, now=now) if new is None else calendar_at(new, path=path, now=now)
    since, until = (instant_of(midnight(day), after.zone) for day in (begin, end + _DAY))
    return changes(before, after, start=since, end=until, zone=zone)


def calendar_at(source: str, *, path: str, now: Instant) -> Calendar:
    """Return the calendar in a file, or in a git revision: `HEAD~1` or, with another path, `HEAD~1:calendar.toml`.

    A revision without a path is that of the calendar file at `path`. Raises UsageError for an unknown file or revision and
    for a published file, InputError for a file that cannot be read, CalendarError for a calendar with errors.
    """
    if os.path.isfile(source) and source.lower().endswith((".json", ".ics", ".html")):
        raise UsageError(f"{escaped(source)}: is a published file, which has only a part of the calendar ({_INSTEAD})")
    if os.path.isdir(source):
        if os.path.exists(os.path.join(source, "calendar.json")):
            raise UsageError(f"{escaped(source)}: is a published folder, which has only a part of the calendar ({_INSTEAD})")
        if os.path.exists(os.path.join(source, "calendar.toml")):
            raise UsageError(f"{escaped(source)}: is a folder (give the calendar.toml in it)")
    elif os.path.exists(source) or (source.endswith(".toml") and ":" not in source):
        return load(source, now=now)
    text, name = _from_git(source, path)
    return loads(text, file=name, now=now)


def _from_git(source: str, path: str) -> tuple[str, str]:
    """Return a calendar file's text in a git revision, and its name for findings."""
    revision, colon, within = source.partition(":")
    folder, name = os.path.split(os.path.realpath(path))
    within = within or f"./{name}"
    shown = escaped(f"{revision}:{within.removeprefix('./')}")
    if not _git(folder, "rev-parse", "--git-dir"):
        message = f'"{escaped(source)}" is not a file, and not a git revision: {escaped(folder)} is not in a git repository'
        raise UsageError(f"{message} (give a calendar.toml, or -c FILE in a repository)")
    # A revision must not be taken for an option. Nothing before the colon means the index.
    known = not revision.startswith("-") and (
        _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{tree}}") if revision else bool(colon)
    )
    if not known:
        hint = "a calendar.toml, or a revision such as HEAD~1; a shallow clone has few: git fetch --unshallow"
        raise UsageError(f'"{escaped(source)}" is neither a file nor a git revision here ({hint})')
    blob = f"{revision}:{within}"
    size = _git(folder, "cat-file", "-s", blob)
    if not size or _git(folder, "cat-file", "-t", blob).strip() != b"blob":
        place = escaped(revision) or "the index"
        raise UsageError(f'there is no file "{escaped(within.removeprefix("./"))}" in {place} (give REVISION:PATH)')
    if int(size) > LARGEST:
        raise InputError(f"{shown}: is larger than {LARGEST // 1024 // 1024} MiB (is it the right file?)")
    try:
        return _git(folder, "cat-file", "blob", blob).decode("utf-8-sig").replace("\r\n", "\n"), shown
    except UnicodeDecodeError as error:
        raise InputError(f"{shown}: is not UTF-8 (compare with another revision)") from error


def _git(folder: str, *arguments: str) -> bytes:
    """Return git's output, nothing if it fails; raises InputError if git is not installed."""
    try:
        command = ["git", "-C", folder, *arguments]
        run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603 - no shell
    except FileNotFoundError as error:
        raise InputError("git is not installed, so there are no revisions to compare with (give a calendar.toml)") from error
    except ValueError:  # a NUL in the name
        return b""
    return run.stdout if run.returncode == 0 else b""
