"""Minutes in files: reading them, comparing them with the calendar, and writing their suggestions into it."""

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

LARGEST = 512 * 1024
_ENDINGS = (".md", ".markdown", ".txt")
_MOVED_AGAIN = "as the minutes say"  # the reason for moving a call again
_EMPTY = "is empty"
_MOST_FILES = 20_000


class Read(Value):
    """Minutes in file order, the skipped files of a folder ("file: reason"), and findings for unreadable files."""

    minutes: tuple[Minutes, ...]
    skipped: tuple[str, ...] = ()
    unread: tuple[Finding, ...] = ()


class Checked(Value):
    """The findings of a check, the attendance, the number of minutes, and the skipped files."""

    findings: tuple[Finding, ...]
    attendance: Attendance
    minutes: int
    skipped: tuple[str, ...] = ()


def read(paths: Sequence[str], calendar: Calendar, *, series: str | None = None) -> Read:
    """Return the minutes in files and folders.

    In a folder, files without a date are skipped, and unreadable files become findings ("minutes-unreadable").

    Raises InputError for any other file that cannot be read, is not UTF-8, is larger than 512 KiB or has no date, and
    UsageError for an unknown series.
    """
    owner = None if series is None else series_of(calendar, series)[0]
    dated: list[Minutes] = []
    skipped: list[str] = []
    unread: list[Finding] = []
    for path in dict.fromkeys(paths):
        in_folder = os.path.isdir(path)
        for file in _files_in(path) if in_folder else [path]:
            text = _text_of(file)
            if isinstance(text, Finding):
                if not in_folder:
                    place = text.file if text.message == _EMPTY else f"{text.file}:{text.line}:{text.column}"
                    raise InputError(f"{place}: {text.message} ({text.hint})")
                unread.append(text)
                continue
            minutes = read_minutes(text, file=_shown(file), calendar=calendar, series=owner)
            if minutes.date is not None:
                dated.append(minutes)
            elif in_folder:
                skipped.append(f"{_shown(file)}: not minutes: no date in its name or its first heading")
            else:
                hint = "name it like devel-call-2025-03-05.md"
                raise InputError(f"{_shown(file)}:1:1: no date in its name or its first heading ({hint})")
    return Read(tuple(dated), tuple(skipped), tuple(unread))


def _files_in(folder: str) -> list[str]:
    names = sorted(name for name in os.listdir(folder) if name.casefold().endswith(_ENDINGS) and not name.startswith("."))
    files = [path for path in (os.path.join(folder, name) for name in names) if os.path.isfile(path)]
    if not files:
        raise InputError(f"{_shown(folder)}: has no {', '.join(_ENDINGS)} file in it (is it the right folder?)")
    if len(files) > _MOST_FILES:
        raise InputError(f"{_shown(folder)}: has more than {_MOST_FILES} files in it (is it the right folder?)")
    return files


def _shown(path: str) -> str:
    """Return a path for messages and records, without control characters and undecodable bytes."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", "?", path)


def _unreadable(file: str, message: str, hint: str, line: int = 1) -> Finding:
    return Finding("error", file, line, 1, "minutes-unreadable", message, hint)


def _text_of(path: str) -> str | Finding:
    """Return a file's text, or a finding if it is empty or not text; raises InputError for other problems."""
    name = _shown(path)
    try:
        with open(path, "rb") as stream:
            data = stream.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise InputError(f"{name}: there is no such file (give files of minutes, or a folder of them)") from error
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror} (check its permissions)") from error
    except ValueError as error:  # a NUL in the name
        raise InputError(f"{name}: is not a valid file name (give files of minutes, or a folder of them)") from error
    if len(data) > LARGEST:
        raise InputError(f"{name}: is larger than {LARGEST // 1024} KiB (is it the right file?)")
    if not data.strip():
        return _unreadable(name, _EMPTY, "write the minutes, or delete the file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _unreadable(name, "is not UTF-8", "save it as UTF-8, or is it the right file?", line)
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        return _unreadable(name, "is not text: it has NUL characters", "is it the right file?", line)
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
    """Compare the minutes in a folder with the calendar, up to the last call that is over.

    `first` and `last` limit the dates, `series` the series. Raises what `read` does.
    """
    if not os.path.isdir(folder):
        problem = "there is no such folder" if not os.path.exists(folder) else "is a file"
        raise InputError(f"{_shown(folder)}: {problem} (give the folder with the minutes)")
    if first is not None and last is not None and last < first:
        raise UsageError(f"the range ends on {last}, before it begins on {first}")
    only = None if series is None else {each.id for each in series_of(calendar, series)}
    result = read([folder], calendar)
    minutes = [one for one in result.minutes if only is None or one.series in only]
    until = _last_call(calendar, now) if last is None else last
    in_range = [one for one in minutes if one.date and (first is None or first <= one.date) and one.date <= until]
    missing = coverage(minutes, calendar, folder=_shown(folder), first=first, last=until)
    findings = [*result.unread, *(finding for one in in_range for finding in one.findings), *missing]
    findings.sort(key=lambda finding: (finding.file, finding.line, finding.code))
    return Checked(tuple(findings), attendance_of(in_range, calendar), len(in_range), result.skipped)


def _last_call(calendar: Calendar, now: Instant) -> date:
    """Return the anchor date of the last call that is over, or today if there is none."""
    today = now.date()
    calls = occurrences_between_days(calendar, today - timedelta(days=400), today)
    return max((call.start.date() for call in calls if call.held and call.end_utc <= now), default=today)


def to_write(minutes: Iterable[Minutes], *, unsure: bool = False) -> list[Suggestion]:
    """Return the suggestions that are not in the calendar yet, in file order; the unsure ones only with `unsure`."""
    return [
        each
        for one in minutes
        for each in one.suggestions
        if each.toml and not each.known and (each.sure or unsure) and (each.series is not None or each.kind is Kind.DEADLINE)
    ]


def prepared(path: str, suggestions: Sequence[Suggestion], *, now: Instant) -> Edited:
    """Return the edit that adds suggestions to a calendar file, without writing it; raises what `edit_file` does."""
    return edit_file(path, lambda text: _with(text, suggestions), now=now, write=False)


def apply(path: str, suggestions: Sequence[Suggestion], seen: Edited, *, now: Instant) -> Edited:
    """Write suggestions into a calendar file, after somebody has approved the edit `seen`.

    Raises UsageError, without any change, if the file is no longer the one that was seen; and what `edit_file` does.
    """

    def edited(text: str) -> str:
        if text != seen.before:
            raise UsageError(f"{path}: was changed meanwhile (look at it, then try again)")
        return _with(text, suggestions)

    return edit_file(path, edited, now=now)


def _with(text: str, suggestions: Sequence[Suggestion]) -> str:
    """Return a calendar file's text with suggestions added: the first one for each call, and for each day's deadline."""
    first: dict[tuple[str | None, date], Suggestion] = {}
    for suggestion in suggestions:
        first.setdefault((suggestion.series, suggestion.date), suggestion)
    for suggestion in first.values():
        if suggestion.series is not None:
            text = _with_call(text, suggestion, suggestion.series)
        elif suggestion.id is not None:
            text = edit.add_deadline(text, suggestion.id, title=suggestion.title or suggestion.id, date=suggestion.date)
    return text


def _with_call(text: str, suggestion: Suggestion, series: str) -> str:
    match suggestion.kind:
        case Kind.CANCEL:
            return edit.cancel(text, series, suggestion.date, reason=suggestion.reason)
        case Kind.MOVE if suggestion.to is not None:
            # The reason for an earlier move no longer applies.
            reason = suggestion.reason or (_MOVED_AGAIN if edit.kind_of(text, series, suggestion.date) == "moved" else None)
            return edit.move(text, series, suggestion.date, suggestion.to, reason=reason)
        case Kind.CHAIR:
            return edit.change(text, series, suggestion.date, chair=suggestion.chair)
        case _:
            return text
