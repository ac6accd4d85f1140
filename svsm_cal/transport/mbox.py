"""An mbox file (RFC 4155): mails one after the other, each behind a line that begins with "From ".

It is read and never written: writing one safely needs a lock that all its other users know of. Which of its mails have
been taken is for the caller to remember, by their digests. Lengths in headers (mboxcl) are not believed.
"""

from __future__ import annotations

import os
import re
import stat
from typing import IO, TYPE_CHECKING

from svsm_cal.errors import TransportError
from svsm_cal.transport.mailbox import LARGEST_MAIL, TOO_LARGE, Mail, Mailbox

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Mbox"]

_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_LINE = 1 << 16


class Mbox(Mailbox):
    """All mails of a file in order; a mail's key is the offset of its first line."""

    def __init__(self, path: str) -> None:
        self.name = "".join(each if each.isprintable() else "?" for each in path)
        self._path = path

    def unread(self) -> Iterator[Mail]:
        """Yield every mail: a file does not say reliably which ones are new."""
        try:
            if not stat.S_ISREG(os.stat(self._path).st_mode):
                raise TransportError(f"{self.name}: is no mbox file (name a file, or a Maildir)")
            with open(self._path, "rb") as stream:
                yield from self._mails(stream)
        except OSError as error:
            raise TransportError(f"{self.name}: cannot be read: {error.strerror} (check its permissions)") from error

    def done(self, key: str) -> None:
        """Do nothing: the file is not ours to write."""

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
                raise TransportError(f'{self.name}: is no mbox file: it does not begin with "From " (name another, or a Maildir)')
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
        lines.pop()  # it parts this mail from the next
    return Mail(str(start), _QUOTED.sub(rb"\1", b"".join(lines)))
