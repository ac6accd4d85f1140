"""Where mail comes in: a Maildir, an mbox file or an IMAP folder behind one contract.

    maildir:/var/mail/calendar        a folder with cur, new and tmp; the word may be left out
    mbox:/var/mail/calendar           a file; the word may be left out
    imaps://calendar@mail.example.org/INBOX    with the password in SVSM_CAL_IMAP_PASSWORD or a file

A source gives its unread mails in a stable order; the caller keeps what a mail means, and then says that it is done. So
a mail is read again after a crash in between, with the same `digest`, by which the caller knows it.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from svsm_cal.errors import TransportError, UsageError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["LARGEST_MAIL", "Mail", "Mailbox", "open_mailbox"]

LARGEST_MAIL = 10 * 1024 * 1024
TOO_LARGE = f"is larger than {LARGEST_MAIL // 1024 // 1024} MiB, which no answer is"


class Mail(Value):
    """A mail as it lies in its mailbox: `key` is the mailbox's own name for it, `data` its bytes.

    One that is not read has a `problem`, in words, and no bytes.
    """

    key: str
    data: bytes
    problem: str = ""

    @cached_property
    def digest(self) -> str:
        """Return what tells the same mail at another time and place: the SHA-256 of its bytes with LF line ends.

        A Maildir keeps those, IMAP has CRLF. Where there are no bytes it is that of the key.
        """
        return hashlib.sha256(self.data.replace(b"\r\n", b"\n") or self.key.encode("utf-8", "surrogateescape")).hexdigest()


class Mailbox(AbstractContextManager["Mailbox"], Protocol):
    """A mailbox that is open; it is left as it was, but for the mark on mails that are done."""

    name: str

    def unread(self) -> Iterator[Mail]:
        """Yield the unread mails, the oldest first; raises TransportError where the mailbox fails."""
        ...

    def done(self, key: str) -> None:
        """Mark a mail as read, once what it means is kept; one that is gone meanwhile is done."""
        ...

    def close(self) -> None:
        """End what the mailbox has open."""
        ...

    def __exit__(self, *exception: object) -> None:
        self.close()


def open_mailbox(place: str, environ: Mapping[str, str]) -> Mailbox:
    """Return the mailbox that `place` names, connected to where it is on a server.

    `environ` gives SVSM_CAL_IMAP_PASSWORD, or SVSM_CAL_IMAP_PASSWORD_FILE.
    Raises UsageError for a place that is none, TransportError, with what to do, for one that cannot be read.
    """
    kind, colon, rest = place.partition(":")
    if kind.lower() in {"imap", "imaps"} and rest.startswith("//"):
        from svsm_cal.transport.imap import ImapFolder, read_imap_settings

        return ImapFolder(read_imap_settings(place, environ))
    if "://" in place:
        raise UsageError(f"{_shown(place)}: is no mailbox (name a Maildir, an mbox file, or imaps://user@host/INBOX)")
    path = rest if colon and kind in {"maildir", "mbox"} else place
    if not path or "\0" in path:
        raise UsageError("a mailbox needs a name (a Maildir, an mbox file, or imaps://user@host/INBOX)")
    if not os.path.lexists(path):
        raise TransportError(
            f"{_shown(path)}: there is no such mailbox (name a Maildir, an mbox file, or imaps://user@host/INBOX)"
        )
    if kind == "maildir" or (os.path.isdir(path) and kind != "mbox"):
        from svsm_cal.transport.maildir import Maildir

        return Maildir(path)
    from svsm_cal.transport.mbox import Mbox

    return Mbox(path)


def _shown(place: str) -> str:
    """Return a place as messages name it: without a password, should there be one, and without control characters."""
    scheme, slashes, rest = place.partition("://")
    host = rest.rpartition("@")[2] if slashes else ""
    shown = f"{scheme}://{host}" if slashes else place
    return "".join(each if each.isprintable() else "?" for each in shown)
