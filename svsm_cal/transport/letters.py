"""A mail on its way: the letter that goes out, and the outcome that comes back."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from svsm_cal.value import Value

__all__ = ["Broken", "Letter", "Outcome", "Stage", "Verdict"]

Stage = Literal["entry", "connect", "greeting", "ehlo", "starttls", "auth", "rset", "mail", "rcpt", "data", "body", "dot", "quit"]
"""Where in a conversation something happened; `entry` is before there is one, `dot` the end of a letter."""


class Verdict(StrEnum):
    """What became of a letter: taken by the server, not yet, never, or unknown as its answer was lost."""

    SENT = "sent"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


class Letter(Value):
    """A mail for one recipient: envelope addresses, and the final bytes with CRLF line ends; `key` is the caller's own."""

    key: int
    sender: str
    recipient: str
    data: bytes


class Outcome(Value):
    """What became of a letter: `code` and `text` are the server's reply (0 and our own words without one)."""

    key: int
    verdict: Verdict
    stage: Stage
    code: int = 0
    text: str = ""


class Broken(Value):
    """Why delivery ended before its time: the server (`where`), the stage and the reason, in a person's words.

    `permanent` says that trying again changes nothing before somebody changes the settings.
    """

    where: str
    stage: Stage
    reason: str
    permanent: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"
