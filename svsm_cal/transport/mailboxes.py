"""The mailboxes that a place can name: Maildir and mbox here, IMAP in a module of its own.

    maildir:/var/mail/calendar                 a folder with cur, new and tmp; "maildir:" may be omitted
    mbox:/var/mail/calendar                    a file; "mbox:" may be omitted
    imaps://calendar@mail.example.org/INBOX    the password is in SVSM_CAL_IMAP_PASSWORD or a file

Other programs may deliver to a Maildir (https://cr.yp.to/proto/maildir.html), read it and move its files at any time, so
nothing is locked, and missing files are allowed. A mail is marked by one rename: it is unread or read, whatever happens.

An mbox file (RFC 4155) is only read: writing it safely needs a lock that all its other users know of. The caller remembers
by digest which of its mails are done. Lengths in headers (mboxcl) are ignored.
"""

from __future__ import annotations

import os
import re
import stat
from typing import IO, TYPE_CHECKING

from svsm_cal.errors import TransportError, UsageError
from svsm_cal.transport.mailbox import LARGEST_MAIL, TOO_LARGE, Mail, Mailbox, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PLACES = "name a Maildir, an mbox file, or imaps://user@host/INBOX"
_FLAGS = ":2,"
_SEEN, _TRASHED = "S", "T"
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_LINE = 1 << 16


def open_mailbox(place: str, environ: Mapping[str, str]) -> Mailbox:
    """Return the mailbox that a place names; one on a server is connected.

    `environ` gives SVSM_CAL_IMAP_PASSWORD, or SVSM_CAL_IMAP_PASSWORD_FILE.
    Raises UsageError for an invalid place, TransportError for a mailbox that cannot be read.
    """
    kind, colon, rest = place.partition(":")
    if kind.lower() in {"imap", "imaps"} and rest.startswith("//"):
        from svsm_cal.transport.imap import ImapFolder, read_imap_settings

        return ImapFolder(read_imap_settings(place, environ))
    if "://" in place:
        scheme, _, address = place.partition("://")
        raise UsageError(f"{printable(scheme)}://{printable(address.rpartition('@')[2])}: is not a mailbox ({_PLACES})")
    path = rest if colon and kind in {"maildir", "mbox"} else place
    if not path or "\0" in path:
        raise UsageError(f"a mailbox needs a name ({_PLACES})")
    if not os.path.lexists(path):
        raise TransportError(f"{printable(path)}: there is no such mailbox ({_PLACES})")
    return Maildir(path) if kind == "maildir" or (os.path.isdir(path) and kind != "mbox") else Mbox(path)


class Maildir(Mailbox):
    """The mails in `new`, and those in `cur` without the flag "seen"; a mail's key is its file name without flags."""

    def __init__(self, path: str) -> None:
        self.name = printable(path)
        self._path = path
        self._places: dict[str, tuple[str, str]] = {}  # key -> folder and name, when the folders were last listed
        for folder in ("cur", "new"):
            if not os.path.isdir(os.path.join(path, folder)):
                raise TransportError(
                    f"{self.name}: is not a Maildir: it has no folder {folder} (name the folder that cur and new are in)"
                )

    def unread(self) -> Iterator[Mail]:
        """Yield the unread mails, the oldest first, without those that other programs take away meanwhile."""
        self._places = dict(self._unseen())
        for key in sorted(self._places, key=_age):
            found = self._read(key)
            if found is not None:
                yield found

    def done(self, key: str) -> None:
        """Move a mail to `cur`, with the flag "seen"."""
        for place in self._candidates(key):
            folder, name = place
            flags = set(name.partition(_FLAGS)[2])
            if folder == "cur" and _SEEN in flags:
                return
            target = f"{key}{_FLAGS}{''.join(sorted(flags | {_SEEN}))}"
            try:
                os.rename(os.path.join(self._path, folder, name), os.path.join(self._path, "cur", target))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._error(
                    name, f"cannot be marked as read: {error.strerror}", "check the folder's permissions"
                ) from error
            return

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def _unseen(self) -> Iterator[tuple[str, tuple[str, str]]]:
        for folder in ("new", "cur"):
            for name in self._names(folder):
                key, _, flags = name.partition(_FLAGS)
                if folder == "new" or not {_SEEN, _TRASHED} & set(flags):
                    yield key, (folder, name)

    def _candidates(self, key: str) -> Iterator[tuple[str, str]]:
        """Yield where a mail was last listed, then where it is now: other programs may rename it, flags included."""
        if key in self._places:
            yield self._places[key]
        for _ in range(2):
            place = next(((folder, name) for folder in ("new", "cur") for name in self._names(folder) if _key(name) == key), None)
            if place is None:
                return
            yield place

    def _names(self, folder: str) -> list[str]:
        try:
            return [each for each in os.listdir(os.path.join(self._path, folder)) if not each.startswith(".")]
        except OSError as error:
            raise self._error(folder, f"cannot be read: {error.strerror}", "check its permissions") from error

    def _read(self, key: str) -> Mail | None:
        for folder, name in self._candidates(key):
            if folder == "cur" and _SEEN in name.partition(_FLAGS)[2]:
                return None
            try:
                return self._read_file(key, os.path.join(self._path, folder, name))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._error(name, f"cannot be read: {error.strerror}", "check its permissions") from error
        return None

    def _read_file(self, key: str, path: str) -> Mail:
        # Reading a pipe or a device would wait for a writer, so it is not opened.
        if not stat.S_ISREG(os.stat(path).st_mode):
            return Mail(key, b"", "is not a regular file")
        with open(path, "rb") as stream:
            data = stream.read(LARGEST_MAIL + 1)
        return Mail(key, b"", TOO_LARGE) if len(data) > LARGEST_MAIL else Mail(key, data)

    def _error(self, what: str, problem: str, hint: str) -> TransportError:
        return TransportError(f"{self.name}: {printable(what)}: {problem} ({hint})")


def _key(name: str) -> str:
    return name.partition(_FLAGS)[0]


def _age(key: str) -> tuple[int, str]:
    """Return the sort key of a mail: the seconds at the beginning of its name, then the whole name."""
    seconds = key.partition(".")[0]
    return (int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 19 else 0, key)


class Mbox(Mailbox):
    """All mails of a file in order; a mail's key is the offset of its first line."""

    def __init__(self, path: str) -> None:
        self.name = printable(path)
        self._path = path

    def unread(self) -> Iterator[Mail]:
        """Yield every mail: a file does not say reliably which ones are new."""
        try:
            if not stat.S_ISREG(os.stat(self._path).st_mode):
                raise TransportError(f"{self.name}: is not an mbox file (name a file, or a Maildir)")
            with open(self._path, "rb") as stream:
                yield from self._mails(stream)
        except OSError as error:
            raise TransportError(f"{self.name}: cannot be read: {error.strerror} (check its permissions)") from error

    def done(self, key: str) -> None:
        """Do nothing: the file is never written."""

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def _mails(self, stream: IO[bytes]) -> Iterator[Mail]:
        lines: list[bytes] = []
        start, size, offset, blank, begins = -1, 0, 0, True, True
        while line := stream.readline(_LINE):
            if begins and blank and line.startswith(b"From "):
                if start >= 0:
                    yield _mail(start, lines, size)
                lines, start, size = [], offset, 0
            elif start < 0 and line.strip():
                raise TransportError(
                    f'{self.name}: is not an mbox file: it does not begin with "From " (name another, or a Maildir)'
                )
            elif start >= 0:
                size += len(line)
                if size <= LARGEST_MAIL:
                    lines.append(line)
                else:
                    lines.clear()
            offset += len(line)
            blank, begins = begins and line in {b"\n", b"\r\n"}, line.endswith(b"\n")
        if start >= 0:
            yield _mail(start, lines, size)


def _mail(start: int, lines: list[bytes], size: int) -> Mail:
    if size > LARGEST_MAIL:
        return Mail(str(start), b"", TOO_LARGE)
    if lines and lines[-1] in {b"\n", b"\r\n"}:
        lines.pop()  # the blank line before the next mail
    return Mail(str(start), _QUOTED.sub(rb"\1", b"".join(lines)))
