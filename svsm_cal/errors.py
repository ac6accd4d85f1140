"""Every error that this package raises on purpose, in one tree, and the findings that `check` reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CalendarError",
    "Finding",
    "InputError",
    "PublicationError",
    "RuleError",
    "Severity",
    "StoreError",
    "SvsmCalError",
    "TransportError",
    "UsageError",
    "ZoneError",
]

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


class SvsmCalError(Exception):
    """Anything this package refuses to do, said in one line meant for a person."""


class UsageError(SvsmCalError):
    """An argument that names nothing: an unknown series, a day without a call, a bad instant."""


class ZoneError(SvsmCalError, ValueError):
    """A name that is no time zone, or a time zone file that cannot be read.

    `key` is the name as given.
    """

    def __init__(self, message: str, *, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class RuleError(SvsmCalError, ValueError):
    """A recurrence rule that RFC 5545 section 3.3.10 does not allow.

    `position` is the 0-based index in the rule's text at which the problem starts, `hint` what to write.
    """

    def __init__(self, message: str, *, position: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.position = position
        self.hint = hint


class InputError(SvsmCalError):
    """A file that cannot be read at all: missing, unreadable, not text, too large."""


class CalendarError(SvsmCalError):
    """A calendar file with errors in it; `findings` has all of them, in file order."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class PublicationError(SvsmCalError):
    """A place that cannot be published to, left as it was."""


class TransportError(SvsmCalError):
    """A server or a mailbox that could not be reached, or did not do its part."""


class StoreError(SvsmCalError):
    """A store that cannot be read or written, or holds something else: nothing of the transaction was kept."""
