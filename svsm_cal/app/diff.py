"""What an edit would change for people: two calendars, each from a file or from git, compared."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.config.load import LARGEST, load, loads
from svsm_cal.core.changes import Changes, changes
from svsm_cal.engine.civil import midnight
from svsm_cal.engine.zones import instant_of
from svsm_cal.errors import InputError, UsageError

if TYPE_CHECKING:
    from datetime import date

    from svsm_cal.core.model import Calendar
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone

__all__ = ["calendar_at", "compare"]

_AHEAD = timedelta(weeks=53)
_DAY = timedelta(days=1)
_INSTEAD = "give the calendar.toml it was made from, or a git revision such as HEAD~1"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


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
    """Return what changes from `old` to `new`, or to the calendar file at `path`, on anchor dates from `first` to `last`.

    Without these, from the date of `now` on for 53 weeks. Raises UsageError for a range that ends before it begins and
    for what names no calendar, InputError for what cannot be read, CalendarError for a calendar with errors.
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
    """Return the calendar that a file's path names, or a git revision: `HEAD~1`, or with a path `HEAD~1:calendar.toml`.

    A revision alone is that of the calendar file at `path`, in the repository it lies in. Raises UsageError for what is
    neither and for what was published, InputError for what cannot be read, CalendarError for a calendar with errors.
    """
    if os.path.isfile(source) and source.lower().endswith((".json", ".ics", ".html")):
        raise UsageError(f"{_shown(source)}: is published, which is only a part of a calendar ({_INSTEAD})")
    if os.path.isdir(source):
        if os.path.exists(os.path.join(source, "calendar.json")):
            raise UsageError(f"{_shown(source)}: is a published folder, which has only a part of a calendar ({_INSTEAD})")
        if os.path.exists(os.path.join(source, "calendar.toml")):
            raise UsageError(f"{_shown(source)}: is a folder (name the calendar.toml in it)")
    elif os.path.exists(source) or _looks_like_a_file(source):
        return load(source, now=now)
    text, name = _from_git(source, path)
    return loads(text, file=name, now=now)


def _looks_like_a_file(source: str) -> bool:
    """Whether what is not there was meant as a file, so that no git revision is looked for."""
    return source.endswith(".toml") and ":" not in source


def _from_git(source: str, path: str) -> tuple[str, str]:
    """Return a calendar file's text in a git revision, and what to call it in findings."""
    revision, colon, within = source.partition(":")
    folder, name = os.path.split(os.path.realpath(path))
    within = within or f"./{name}"
    shown = _shown(f"{revision}:{within.removeprefix('./')}")
    if not _git(folder, "rev-parse", "--git-dir"):
        message = f'"{_shown(source)}" is no file, and {_shown(folder)} is in no git repository that it could be a revision of'
        raise UsageError(f"{message} (give a calendar.toml, or -c FILE in a repository)")
    # A revision that begins with a dash would be an option; nothing before the colon is the index, which is a fine OLD.
    known = not revision.startswith("-") and (
        _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{tree}}") if revision else bool(colon)
    )
    if not known:
        hint = "a calendar.toml, or a revision such as HEAD~1; a shallow clone has few: git fetch --unshallow"
        raise UsageError(f'"{_shown(source)}" is neither a file nor a git revision here ({hint})')
    blob = f"{revision}:{within}"
    size = _git(folder, "cat-file", "-s", blob)
    if not size or _git(folder, "cat-file", "-t", blob).strip() != b"blob":
        place = _shown(revision) or "the index"
        raise UsageError(f'there is no file "{_shown(within.removeprefix("./"))}" in {place} (name it: REVISION:PATH)')
    if int(size) > LARGEST:
        raise InputError(f"{shown}: is larger than {LARGEST // 1024 // 1024} MiB, which no calendar is (is it the right file?)")
    try:
        return _git(folder, "cat-file", "blob", blob).decode("utf-8-sig").replace("\r\n", "\n"), shown
    except UnicodeDecodeError as error:
        raise InputError(f"{shown}: is no UTF-8 text (compare with a revision in which it is)") from error


def _git(folder: str, *arguments: str) -> bytes:
    """Return what git prints for a repository that is only read, nothing where it fails; InputError without git."""
    try:
        command = ["git", "-C", folder, *arguments]
        run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603 - no shell
    except FileNotFoundError as error:
        raise InputError("git is not installed, so there are no revisions to compare with (give a calendar.toml)") from error
    except ValueError:  # a NUL in the name
        return b""
    return run.stdout if run.returncode == 0 else b""


def _shown(name: str) -> str:
    return re.sub(_CONTROL, lambda match: f"\\u{ord(match[0]):04x}", name)
