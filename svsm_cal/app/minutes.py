"""Minutes in files: read, compared with the calendar, and what they suggest written into it."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.app.edits import Edited, edit_file
from svsm_cal.app.lookups import series_of
from svsm_cal.config import edit
from svsm_cal.core.occurrences import occurrences_between_days
from svsm_cal.errors import Finding, InputError, UsageError
from svsm_cal.minutes.coverage import Attendance, attendance_of, coverage
from svsm_cal.minutes.reading import Minutes, read_minutes
from svsm_cal.minutes.suggestion import Kind, Suggestion
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from svsm_cal.core.model import Calendar
    from svsm_cal.engine.civil import Instant

__all__ = ["LARGEST", "Checked", "Read", "apply", "check", "prepared", "read", "to_write"]

LARGEST = 512 * 1024
_ENDINGS = (".md", ".markdown", ".txt")
_MOVED_ON = "as the minutes say"  # for a call moved again, whose reason is not that of the first time
_EMPTY = "is empty"
_MANY = 20_000  # files in a folder


class Read(Value):
    """Minutes in the order of their files, and the files of a folder that are none ("file: why") or cannot be read."""

    minutes: tuple[Minutes, ...]
    skipped: tuple[str, ...] = ()
    unread: tuple[Finding, ...] = ()


class Checked(Value):
    """What is missing between minutes and calendar, who was there, and the files that are no minutes."""

    findings: tuple[Finding, ...]
    attendance: Attendance
    minutes: int
    skipped: tuple[str, ...] = ()


def read(paths: Sequence[str], calendar: Calendar, *, series: str | None = None) -> Read:
    """Return the minutes in files and folders; in a folder, what bears no date is skipped.

    What cannot be read in a folder is a finding ("minutes-unreadable"), and the others are read.

    Raises InputError for a file that cannot be read, is no UTF-8 text, is larger than 512 KiB or bears no date, and
    UsageError for a series that is none.
    """
    owner = None if series is None else series_of(calendar, series)[0]
    found: list[Minutes] = []
    skipped: list[str] = []
    unread: list[Finding] = []
    for path in dict.fromkeys(paths):
        inside = os.path.isdir(path)
        for file in _files_in(path) if inside else [path]:
            text = _text_of(file)
            if isinstance(text, Finding):
                if not inside:
                    raise InputError(_refusal(text))
                unread.append(text)
                continue
            minutes = read_minutes(text, file=_shown(file), calendar=calendar, series=owner)
            if minutes.date is not None:
                found.append(minutes)
            elif inside:
                skipped.append(f"{_shown(file)}: no minutes: no date in its name or its first heading")
            else:
                hint = "name it as devel-call-2025-03-05.md"
                raise InputError(f"{_shown(file)}:1:1: no date in its name or its first heading ({hint})")
    return Read(tuple(found), tuple(skipped), tuple(unread))


def _files_in(folder: str) -> list[str]:
    names = sorted(name for name in os.listdir(folder) if name.casefold().endswith(_ENDINGS) and not name.startswith("."))
    files = [path for path in (os.path.join(folder, name) for name in names) if os.path.isfile(path)]
    if not files:
        raise InputError(f"{_shown(folder)}: has no minutes in it: no {', '.join(_ENDINGS)} file (is it the right folder?)")
    if len(files) > _MANY:
        raise InputError(f"{_shown(folder)}: has more than {_MANY} files in it, which no minutes are (is it the right folder?)")
    return files


def _shown(path: str) -> str:
    """Return a path as messages and records have it: no control characters, no bytes that are no text."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", "?", path)


def _unreadable(file: str, message: str, hint: str, line: int = 1) -> Finding:
    return Finding("error", file, line, 1, "minutes-unreadable", message, hint)


def _refusal(unread: Finding) -> str:
    """Return what is said of a file that somebody named."""
    place = unread.file if unread.message == _EMPTY else f"{unread.file}:{unread.line}:{unread.column}"
    return f"{place}: {unread.message} ({unread.hint})"


def _text_of(path: str) -> str | Finding:
    """Return a file's text, or why it has none; raises InputError for what is not there or too large."""
    name = _shown(path)
    try:
        with open(path, "rb") as stream:
            data = stream.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise InputError(f"{name}: there is no such file (name files of minutes, or a folder of them)") from error
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror} (check its permissions)") from error
    except ValueError as error:  # a NUL in the name
        raise InputError(f"{name}: is no file name (name files of minutes, or a folder of them)") from error
    if len(data) > LARGEST:
        raise InputError(f"{name}: is larger than {LARGEST // 1024} KiB, which no minutes are (is it the right file?)")
    if not data.strip():
        return _unreadable(name, _EMPTY, "write down who was there and what was said, or delete it")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _unreadable(name, "is no UTF-8 text", "save it as UTF-8, or is it the right file?", line)
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        return _unreadable(name, "is no text, as it has NUL characters in it", "is it the right file?", line)
    return text


def check(
    folder: str,
    calendar: Calendar,
    *,
    now: Instant,
    first: date | None = None,
    last: date | None = None,
    series: str | None = None,
) -> Checked:
    """Return what is missing between the minutes in a folder and the calendar, up to the last call that is over.

    `first` and `last` are the dates looked at, `series` the only one. Raises what `read` does.
    """
    if not os.path.isdir(folder):
        known = "there is no such folder" if not os.path.exists(folder) else "is a file"
        raise InputError(f"{_shown(folder)}: {known} (name the folder that the minutes are in)")
    if first is not None and last is not None and last < first:
        raise UsageError(f"the range ends on {last}, before it begins on {first}")
    only = None if series is None else {each.id for each in series_of(calendar, series)}
    found = read([folder], calendar)
    minutes = [each for each in found.minutes if only is None or each.series in only]
    until = _over(calendar, now) if last is None else last
    inside = [each for each in minutes if each.date and (first is None or first <= each.date) and each.date <= until]
    doubts = [finding for each in inside for finding in each.findings]
    missing = coverage(minutes, calendar, folder=_shown(folder), first=first, last=until)
    findings = sorted([*found.unread, *doubts, *missing], key=lambda each: (each.file, each.line, each.code))
    return Checked(tuple(findings), attendance_of(inside, calendar), len(inside), found.skipped)


def _over(calendar: Calendar, now: Instant) -> date:
    """Return the anchor date of the last call that is over, today where there is none."""
    today = now.date()
    around = occurrences_between_days(calendar, today - timedelta(days=400), today)
    return max((each.start.date() for each in around if each.held and each.end_utc <= now), default=today)


def to_write(minutes: Iterable[Minutes], *, unsure: bool = False) -> list[Suggestion]:
    """Return what minutes suggest that the calendar does not say yet, in the order of the files: what is sure, or all of it."""
    return [
        each
        for one in minutes
        for each in one.suggestions
        if each.toml and not each.known and (each.sure or unsure) and (each.series is not None or each.kind is Kind.DEADLINE)
    ]


def prepared(path: str, suggestions: Sequence[Suggestion], *, now: Instant) -> Edited:
    """Return what a calendar file becomes with some suggestions in it, and write nothing; raises what `edit_file` does."""
    return edit_file(path, lambda text: _with(text, suggestions), now=now, write=False)


def apply(path: str, suggestions: Sequence[Suggestion], seen: Edited, *, now: Instant) -> Edited:
    """Write suggestions into a calendar file, as somebody has seen and agreed to; raises what `edit_file` does.

    Raises UsageError, and writes nothing, if what has been seen is not what would be written any more.
    """

    def edited(text: str) -> str:
        if text != seen.before:
            raise UsageError(f"{path}: was changed meanwhile (look at it, then try again)")
        return _with(text, suggestions)

    return edit_file(path, edited, now=now)


def _with(text: str, suggestions: Sequence[Suggestion]) -> str:
    """Return a calendar file's text with suggestions in it; of two for one call, or two deadlines of one day, the first holds."""
    done: set[tuple[str | None, date]] = set()
    for each in suggestions:
        key = (each.series, each.date)
        if key in done:
            continue
        done.add(key)
        if each.series is not None:
            text = _with_call(text, each, each.series)
        elif each.id is not None:
            text = edit.add_deadline(text, each.id, title=each.title or each.id, date=each.date)
    return text


def _with_call(text: str, suggestion: Suggestion, series: str) -> str:
    match suggestion.kind:
        case Kind.CANCEL:
            return edit.cancel(text, series, suggestion.date, reason=suggestion.reason)
        case Kind.MOVE if suggestion.to is not None:
            # Why it was moved before is not why it is moved now.
            reason = suggestion.reason or (_MOVED_ON if edit.kind_of(text, series, suggestion.date) == "moved" else None)
            return edit.move(text, series, suggestion.date, suggestion.to, reason=reason)
        case Kind.CHAIR:
            return edit.change(text, series, suggestion.date, chair=suggestion.chair)
        case _:
            return text
