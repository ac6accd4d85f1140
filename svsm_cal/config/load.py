"""Loading and checking a calendar file: a Calendar, or all findings with line and column."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from svsm_cal.config.read import read_calendar
from svsm_cal.errors import CalendarError, Finding, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from svsm_cal.config.positions import Path
    from svsm_cal.config.values import Problem
    from svsm_cal.core.model import Calendar
    from svsm_cal.engine.civil import Instant

LARGEST = 2 * 1024 * 1024


def load(path: str | os.PathLike[str], *, now: Instant | None = None) -> Calendar:
    """Return the calendar in a calendar.toml.

    Raises InputError for a file that cannot be read, and CalendarError with all of its errors.
    """
    return loads(read_text(path), file=os.fspath(path), now=now)


def loads(text: str, *, file: str = "calendar.toml", now: Instant | None = None) -> Calendar:
    """Return the calendar in the text of a calendar.toml; raises CalendarError with all of its errors."""
    calendar, findings = _read(text, file, now=now, warnings=False)
    errors = [finding for finding in findings if finding.severity == "error"]
    if calendar is None or errors:
        raise CalendarError(errors)
    return calendar


def check_file(path: str | os.PathLike[str], *, now: Instant | None = None) -> list[Finding]:
    """Return all errors and warnings of a calendar file, in file order; raises InputError if it cannot be read."""
    return check_text(read_text(path), file=os.fspath(path), now=now)


def check_text(text: str, *, file: str = "calendar.toml", now: Instant | None = None) -> list[Finding]:
    """Return all errors and warnings of a calendar file's text, in file order."""
    return _read(text, file, now=now, warnings=True)[1]


def read_text(path: str | os.PathLike[str], *, opener: Callable[[str, int], int] | None = None) -> str:
    """Return the text of a calendar file, opened by `opener` if given, as `open` does.

    Raises InputError if it cannot be read, or is too large, empty or not UTF-8.
    """
    name = escaped(os.fspath(path))
    try:
        with open(path, "rb", opener=opener) as stream:
            data = stream.read(LARGEST + 1)
    except FileNotFoundError as error:
        hint = "give one with -c FILE, or start one with `svsm-cal init`"
        raise InputError(f"{name}: there is no such file ({hint})") from error
    except IsADirectoryError as error:
        raise InputError(f"{name}: is a folder (give the calendar.toml in it)") from error
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror} (check its permissions)") from error
    except ValueError as error:  # a NUL in the name
        raise InputError(f"{name}: is not a valid file name (give one with -c FILE)") from error
    if len(data) > LARGEST:
        raise InputError(f"{name}: is larger than {LARGEST // 1024 // 1024} MiB (is it the right file?)")
    if not data.strip():
        raise InputError(f"{name}: is empty (start one with `svsm-cal init`)")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}:{line}:1: is not UTF-8 (save it as UTF-8)") from error


def _read(text: str, file: str, *, now: Instant | None, warnings: bool) -> tuple[Calendar | None, list[Finding]]:
    import tomllib

    endless = _ENDLESS_KEY.search(text)
    if endless:
        line = text.count("\n", 0, endless.start()) + 1
        return None, [Finding("error", file, line, 1, "toml-syntax", "not valid TOML: a key without end", "key = value")]
    try:
        document = tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, or an integer with thousands of digits
        return None, [_syntax(str(error), text, file)]
    except RecursionError:
        return None, [_too_deep(file)]
    calendar, problems = read_calendar(document, now=now)
    if calendar is not None and warnings and not any(problem.severity == "error" for problem in problems):
        from svsm_cal.config.warnings import warnings_of

        problems = [*problems, *warnings_of(calendar, _paths(document))]
    return calendar, _placed(problems, text, file) if problems else []


def _paths(document: Mapping[str, list[dict[str, Any]]]) -> dict[tuple[object, ...], Path]:
    """Return the paths of the starts of series, events, moved calls and added calls."""
    paths: dict[tuple[object, ...], Path] = {}
    for table in ("series", "event"):
        for number, row in enumerate(document.get(table, [])):
            paths[table, row["id"]] = (table, number, "start")
            for kind, key in (("move", "to"), ("add", "start")):
                for index, entry in enumerate(row.get(kind, [])):
                    paths[table, row["id"], entry[key]] = (table, number, kind, index, key)
    return paths


def _placed(problems: Iterable[Problem], text: str, file: str) -> list[Finding]:
    from svsm_cal.config.positions import locate

    try:
        positions = locate(text)
    except RecursionError:
        return [_too_deep(file)]
    findings = []
    for problem in problems:
        line, column = positions.line_column(problem.path, key=problem.at_key, within=problem.column)
        message, hint = escaped(problem.message), escaped(problem.hint)
        findings.append(Finding(problem.severity, file, line, column, problem.code, message, hint))
    return sorted(findings, key=lambda finding: (finding.line, finding.column, finding.code, finding.message))


_CONTROL = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
# tomllib takes quadratic time for a key with very many parts.
_ENDLESS_KEY = re.compile(r"^[^=\n\"'#]{2000}", re.MULTILINE)


def escaped(text: str) -> str:
    """Return a text with its control characters escaped, safe to print on a terminal."""
    return re.sub(_CONTROL, lambda match: f"\\u{ord(match[0]):04x}", text)


def _too_deep(file: str) -> Finding:
    return Finding("error", file, 1, 1, "toml-syntax", "lists or tables are nested too deeply", "a flat file")


_AT = r" \(at (?:line (\d+), column (\d+)|end of document)\)$"
# Common mistakes in dates and times -> the TOML form; searched for in the line of a syntax error.
_SLIPS = {
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?![:\d])": "write the time with seconds: 2026-01-06T17:00:00",
    r"=\s*\d{1,2}:\d\d(?![:\d])": "write the time with seconds: 17:00:00",
    r"\b\d{1,2}[./-]\d{1,2}[./-]\d{4}\b": "write the date with the year first: 2027-01-05",
}
_HINTS = {
    "Invalid date or datetime": "this day or time does not exist",
    "Cannot overwrite a value": "the key is there twice, or a [table] should be a [[list of tables]]",
    "Cannot declare": "the [table] is there twice; a list of tables is written [[table]]",
    "Unescaped '\\' in a string": "write the text in single quotes",
    "Expected '=' after a key": "key = value",
    "Invalid value": 'a text in "quotes", or a date as 2025-03-11',
}


def _syntax(message: str, text: str, file: str) -> Finding:
    match = re.search(_AT, message)
    lines = text.split("\n")
    line, column = (int(match[1]), int(match[2])) if match and match[1] else (len(lines), len(lines[-1]) + 1)
    reason = message[: match.start()] if match else message
    slip = next((hint for pattern, hint in _SLIPS.items() if re.search(pattern, lines[min(line, len(lines)) - 1])), None)
    hint = slip or next((hint for start, hint in _HINTS.items() if reason.startswith(start)), "see toml.io for the format")
    return Finding("error", file, line, column, "toml-syntax", "not valid TOML: " + reason.replace("\n", " "), hint)
