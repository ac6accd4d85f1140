"""Editing a calendar file: the result is written only if it is a calendar without errors."""

from __future__ import annotations

import os
from io import StringIO
from typing import TYPE_CHECKING

from svsm_cal.app.atomic_files import folder_lock, write_file
from svsm_cal.config.load import check_text, read_text
from svsm_cal.errors import CalendarError, InputError, UsageError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from svsm_cal.engine.civil import Instant
    from svsm_cal.errors import Finding

_MARK = "\ufeff"  # a byte order mark, which some editors write


class Edited(Value):
    """A calendar file's text before and after an edit, and the new warnings."""

    path: str
    before: str
    after: str
    warnings: tuple[Finding, ...] = ()


def edit_file(path: str, edit: Callable[[str], str], *, now: Instant | None = None, write: bool = True) -> Edited:
    """Apply `edit` to a calendar file's text, and write the result unless `write` is false.

    Raises CalendarError if the file has errors before or after the edit; InputError if it cannot be read or somebody
    changes it meanwhile; OSError if it cannot be written; and what `edit` raises. The file is then unchanged.
    """
    read_text(path)  # raises InputError for a file that cannot be read
    if not os.path.isfile(path):
        raise InputError(f"{path}: is not a regular file (give one with -c FILE)")
    with folder_lock(path):
        data = _content(path)
        whole = data.decode("utf-8")
        before = whole.removeprefix(_MARK)
        known = _checked(before, path, now)
        after = edit(before)
        try:
            result = (whole[: len(whole) - len(before)] + after).encode("utf-8")
        except UnicodeEncodeError as error:
            raise UsageError("the new text is not UTF-8 (check your terminal's encoding)") from error
        old = {(finding.code, finding.message) for finding in known}
        warnings = tuple(finding for finding in _checked(after, path, now) if (finding.code, finding.message) not in old)
        if write:
            if _content(path) != data:
                raise InputError(f"{path}: was just changed by somebody else (look at it, then try again)")
            write_file(path, result)
    return Edited(path, before, after, warnings)


def diff(edited: Edited) -> str:
    """Return an edit as a unified diff for `patch`; "" if it changes nothing."""
    from difflib import unified_diff

    # Not splitlines(): it also splits at characters that may be part of a comment.
    before, after = (list(StringIO(text)) for text in (edited.before, edited.after))
    rows = unified_diff(before, after, edited.path, edited.path)
    return "".join(row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n" for row in rows)


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
