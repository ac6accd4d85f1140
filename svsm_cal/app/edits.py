"""Edits of a calendar file: nothing is written unless what comes out is a calendar without errors."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from svsm_cal.app.atomic_files import write_file
from svsm_cal.config.load import check_text, read_text
from svsm_cal.errors import CalendarError, InputError, UsageError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from svsm_cal.engine.civil import Instant
    from svsm_cal.errors import Finding

__all__ = ["Edited", "diff", "edit_file"]

_MARK = "\ufeff"  # some editors begin a file with it; it is no part of the text


class Edited(Value):
    """A calendar file's text before and after an edit, and the warnings that the edit has brought."""

    path: str
    before: str
    after: str
    warnings: tuple[Finding, ...] = ()


def edit_file(path: str, edit: Callable[[str], str], *, now: Instant | None = None, write: bool = True) -> Edited:
    """Put what `edit` makes of a calendar file's text in its place, or only return it if it is not to be written.

    Raises CalendarError if the file has errors before, or would have some after; InputError if it cannot be read or has
    been changed by somebody else meanwhile; OSError if it cannot be written; and what `edit` raises. The file is then
    as it was.
    """
    read_text(path)  # says what is wrong with a file that is none, or no text
    if not os.path.isfile(path):
        raise InputError(f"{path}: is no file that could be edited (give one with -c FILE)")
    with _alone(os.path.dirname(os.path.realpath(path))):
        data = _content(path)
        whole = data.decode("utf-8")
        before = whole.removeprefix(_MARK)
        known = _checked(before, path, now)
        after = edit(before)
        try:
            result = (whole[: len(whole) - len(before)] + after).encode("utf-8")
        except UnicodeEncodeError as error:
            raise UsageError("what is to be written is no UTF-8 text (check your terminal's encoding)") from error
        said = {(finding.code, finding.message) for finding in known}
        warnings = tuple(finding for finding in _checked(after, path, now) if (finding.code, finding.message) not in said)
        if write:
            if _content(path) != data:
                raise InputError(f"{path}: was changed by somebody else just now (look at it, then try again)")
            write_file(path, result)
    return Edited(path, before, after, warnings)


def diff(edited: Edited) -> str:
    """Return an edit as a unified diff, which `patch` can apply; "" if it changes nothing."""
    from difflib import unified_diff

    # Only at "\n": other characters that splitlines() takes for a line's end may stand in a comment.
    before, after = (text.split("\n") for text in (edited.before, edited.after))
    rows = unified_diff(_lines(before), _lines(after), edited.path, edited.path)
    return "".join(row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n" for row in rows)


def _lines(parts: list[str]) -> list[str]:
    whole = [f"{part}\n" for part in parts[:-1]]
    return [*whole, parts[-1]] if parts[-1] else whole


def _content(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def _checked(text: str, path: str, now: Instant | None) -> list[Finding]:
    """Return the warnings of a calendar's text; raises CalendarError with its errors."""
    findings = check_text(text.replace("\r\n", "\n"), file=path, now=now)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise CalendarError(errors)
    return findings


@contextmanager
def _alone(folder: str) -> Iterator[None]:
    """Wait until no other edit works in a folder, where the system can tell: of edits at once, none is lost.

    It is the folder that is locked, as the file is another one after each edit.
    """
    try:
        import fcntl

        descriptor = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        yield  # what changes the file meanwhile is still noticed, but for the moment before it is written
        return
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
