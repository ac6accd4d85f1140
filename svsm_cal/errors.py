"""The exceptions of this package, and the findings that `check` reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

Severity = Literal["error", "warning"]


class Finding(Value):
    """A problem and its position: `line` and `column` count from 1, `code` is stable, `hint` may be empty.

    `client` names the calendar programs known to be affected, "" if unknown.
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
        """Return one line in the style of a compiler: position, message, hint and affected programs."""
        kind = "warning: " if self.severity == "warning" else ""
        hint = f" (hint: {self.hint})" if self.hint else ""
        client = f" [{self.client}]" if self.client else ""
        return f"{self.file}:{self.line}:{self.column}: {kind}{self.message}{hint}{client}"


class SvsmCalError(Exception):
    """The base class of the package's errors; the message is one line for the user."""


class UsageError(SvsmCalError):
    """An invalid argument: an unknown series, a day without a call, a bad instant."""


class ZoneError(SvsmCalError, ValueError):
    """An unknown time zone, or a time zone file that cannot be read; `key` is the name as given."""

    def __init__(self, message: str, *, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class RuleError(SvsmCalError, ValueError):
    """A recurrence rule that RFC 5545 section 3.3.10 does not allow.

    `position` is the 0-based index of the problem in the rule's text, `hint` what to write instead.
    """

    def __init__(self, message: str, *, position: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.position = position
        self.hint = hint


class InputError(SvsmCalError):
    """A file that cannot be read: missing, unreadable, not text or too large."""


class CalendarError(SvsmCalError):
    """An invalid calendar file; `findings` holds all its problems in file order."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class PublicationError(SvsmCalError):
    """A publication that failed; the target is left unchanged."""


class TransportError(SvsmCalError):
    """A server or a mailbox that cannot be reached or fails to respond as expected."""


class StoreError(SvsmCalError):
    """A store that cannot be read or written, or holds other data; the transaction was rolled back."""
