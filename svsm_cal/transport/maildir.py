"""A Maildir (https://cr.yp.to/proto/maildir.html): one mail a file, whose name says whether it has been seen.

Others may deliver to it, read it and move its files at any time: nothing is locked, and a file that is gone is somebody
else's. Marking is one rename, so that a mail is either unread or read whatever happens.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from svsm_cal.errors import TransportError
from svsm_cal.transport.mailbox import LARGEST_MAIL, TOO_LARGE, Mail, Mailbox

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Maildir"]

_FLAGS = ":2,"
_SEEN, _TRASHED = "S", "T"


class Maildir(Mailbox):
    """The mails in `new`, and those in `cur` that nobody has seen; a mail's key is its name without its flags."""

    def __init__(self, path: str) -> None:
        self.name = "".join(each if each.isprintable() else "?" for each in path)
        self._path = path
        self._places: dict[str, tuple[str, str]] = {}  # key -> folder and name, when the folders were last listed
        for folder in ("cur", "new"):
            if not os.path.isdir(os.path.join(path, folder)):
                raise TransportError(
                    f"{self.name}: is no Maildir: it has no folder {folder} (name the folder that cur and new are in)"
                )

    def unread(self) -> Iterator[Mail]:
        """Yield the unread mails, the oldest first; those that others take away meanwhile are left out."""
        self._places = dict(self._unseen())
        for key in sorted(self._places, key=_age):
            found = self._read(key)
            if found is not None:
                yield found

    def done(self, key: str) -> None:
        """Move a mail to `cur`, with the flag that it has been seen."""
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
        """Yield where a mail was last seen, and then where it is: others may rename it at any time, flags and all."""
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
        # A pipe or a device would be waited for, so it is not even opened.
        if not stat.S_ISREG(os.stat(path).st_mode):
            return Mail(key, b"", "is no file")
        with open(path, "rb") as stream:
            data = stream.read(LARGEST_MAIL + 1)
        return Mail(key, b"", TOO_LARGE) if len(data) > LARGEST_MAIL else Mail(key, data)

    def _error(self, what: str, problem: str, hint: str) -> TransportError:
        shown = "".join(each if each.isprintable() else "?" for each in what)
        return TransportError(f"{self.name}: {shown}: {problem} ({hint})")


def _key(name: str) -> str:
    return name.partition(_FLAGS)[0]


def _age(key: str) -> tuple[int, str]:
    """Return what mails are ordered by: the second that a name begins with, then the rest of it."""
    seconds = key.partition(".")[0]
    return (int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 19 else 0, key)
