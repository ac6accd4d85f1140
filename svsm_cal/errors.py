"""Every error this package raises on purpose, so that a caller can catch one tree.

A message names the place, the problem and what to do about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svsm_cal.findings import Finding

__all__ = [
    "CalendarError",
    "InputError",
    "PublicationError",
    "RuleError",
    "StoreError",
    "SvsmCalError",
    "TransportError",
    "UsageError",
    "ZoneError",
]


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
