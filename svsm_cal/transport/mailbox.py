"""The contract of a mailbox, which a Maildir, an mbox file and an IMAP folder keep.

A mailbox gives its unread mails in a stable order. The caller stores what a mail means, and then marks the mail as done.
After a crash in between, the mail is read again; its `digest` tells the caller that it is known.
"""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_MAIL = 10 * 1024 * 1024
TOO_LARGE = f"is larger than {LARGEST_MAIL // 1024 // 1024} MiB, too large for an answer"


class Mail(Value):
    """A mail in its mailbox: `key` is the mailbox's own name for it, `data` its bytes.

    A mail that could not be read has a `problem`, in words, and no bytes.
    """

    key: str
    data: bytes
    problem: str = ""

    @cached_property
    def digest(self) -> str:
        """Return what identifies the mail in any mailbox: the SHA-256 of its bytes with LF line ends, else of its key.

        A Maildir has LF, IMAP has CRLF.
        """
        return hashlib.sha256(self.data.replace(b"\r\n", b"\n") or self.key.encode("utf-8", "surrogateescape")).hexdigest()


class Mailbox(AbstractContextManager["Mailbox"], Protocol):
    """An open mailbox; nothing in it is changed except the marks of mails that are done. `name` is how messages call it."""

    name: str

    def unread(self) -> Iterator[Mail]:
        """Yield the unread mails, the oldest first; raises TransportError if the mailbox fails."""
        ...

    def done(self, key: str) -> None:
        """Mark a mail as read; nothing happens if it no longer exists."""
        ...

    def close(self) -> None:
        """Close the connection or the files."""
        ...

    def __exit__(self, *exception: object) -> None:
        self.close()


def printable(text: str) -> str:
    """Return a text for a message, a question mark for each control character."""
    return "".join(each if each.isprintable() else "?" for each in text)
