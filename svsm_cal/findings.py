"""A finding: one thing wrong, or doubtful, at one place of a file."""

from __future__ import annotations

from typing import Literal

from svsm_cal.value import Value

__all__ = ["Finding", "Severity"]

Severity = Literal["error", "warning"]


class Finding(Value):
    """One thing wrong at one place: `line` and `column` count from 1, `code` is stable, `hint` may be empty.

    `client` names the calendar programs known to suffer, if they are known.
    """

    severity: Severity
    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str = ""
    client: str = ""

    def __str__(self) -> str:
        """Return the compiler-style line: place, severity if only a warning, message, hint, who suffers."""
        kind = "warning: " if self.severity == "warning" else ""
        hint = f" (hint: {self.hint})" if self.hint else ""
        client = f" [{self.client}]" if self.client else ""
        return f"{self.file}:{self.line}:{self.column}: {kind}{self.message}{hint}{client}"
