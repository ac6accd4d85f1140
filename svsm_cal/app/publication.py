"""Publications: the content types of their files, and reading the previous one from a folder, a file or the web."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeGuard

from svsm_cal.app.fetch import fetch
from svsm_cal.engine.civil import Instant, instant
from svsm_cal.errors import PublicationError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable


class Media(Value):
    """A media type, the kind of file, and the cache lifetime in seconds."""

    type: str
    kind: str
    seconds: int

    def headers(self, path: str, *, whose: str) -> tuple[tuple[str, str], ...]:
        """Return the HTTP headers of a file; `whose` is `public` or `private`."""
        headers = (("Content-Type", self.type), ("Cache-Control", f"{whose}, max-age={self.seconds}"))
        name = path.rpartition("/")[2]
        return (*headers, ("Content-Disposition", f'inline; filename="{name}"')) if self.kind == "feed" else headers


# By file name extension; all text is UTF-8.
_MEDIA = {
    "ics": Media("text/calendar; charset=utf-8", "feed", 300),
    "html": Media("text/html; charset=utf-8", "page", 60),
    "json": Media("application/json", "data", 60),
    "atom": Media("application/atom+xml; charset=utf-8", "data", 60),
    "xml": Media("application/atom+xml; charset=utf-8", "data", 60),
    "css": Media("text/css; charset=utf-8", "asset", 3600),
    "js": Media("text/javascript; charset=utf-8", "asset", 3600),
    "svg": Media("image/svg+xml", "asset", 3600),
    "png": Media("image/png", "asset", 3600),
    "ico": Media("image/x-icon", "asset", 3600),
    "txt": Media("text/plain; charset=utf-8", "asset", 3600),
    "webmanifest": Media("application/manifest+json", "asset", 3600),
}
_UNKNOWN = Media("application/octet-stream", "asset", 3600)


def media_of(path: str) -> Media:
    """Return the content type of a published file."""
    return _MEDIA.get(path.rpartition(".")[2], _UNKNOWN)


def is_personal_feed(path: str) -> bool:
    """Return whether a published file is a participant's own feed, whose path is secret."""
    return path.startswith("p/") and path.endswith("/calendar.ics") and path.count("/") == 2


GENERATOR = "svsm_cal"
_MOST = 64 * 1024 * 1024
_ADDRESSES = ("http://", "https://")
_OURS = b"PRODID:-//svsm_cal//"


class Previous:
    """The previous publication; `read` returns the bytes of a file by its relative path, or None."""

    def __init__(self, name: str, read: Callable[[str], bytes | None]) -> None:
        self.name, self.read = name, read
        self.data = _data(name, read)
        self.files = frozenset(map(str, self.data.get("files", ())))
        for path in sorted(self.files):
            if path.endswith(".ics") and read(path) is None:
                raise _damaged(name, f"{path} is gone")

    @property
    def tz_version(self) -> str:
        """Return the version of the tz database it was made with, "" if unknown."""
        return str(self.data.get("tz_database", ""))

    @property
    def generated(self) -> Instant | None:
        """Return the time it was made, None if unknown."""
        try:
            return instant(datetime.fromisoformat(str(self.data.get("generated_utc"))))
        except ValueError:
            return None

    @property
    def gone(self) -> dict[bytes, tuple[int, bytes]]:
        """Return the last (SEQUENCE, stamp) of each UID that had been published but was removed."""
        text = self.read("revisions.json")
        if text is None:
            return {}
        try:
            rows = json.loads(text)["gone"]
            return {uid.encode(): (int(sequence), str(stamp).encode("ascii")) for uid, (sequence, stamp) in rows.items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(self.name, "revisions.json is not valid") from error


def _data(name: str, read: Callable[[str], bytes | None]) -> dict[str, Any]:
    """Return the contents of calendar.json, empty for a single feed."""
    text, feed = read("calendar.json"), read("calendar.ics") or b""
    if text is None and not feed and name.startswith(_ADDRESSES):
        raise PublicationError(f"{name}: nothing is published there (check the address, or use --first for the first time)")
    if text is None and _OURS in feed:
        return {}
    try:
        data = json.loads(text or b"")
    except ValueError as error:
        if _OURS in feed:
            raise _damaged(name, "calendar.json is not valid JSON") from error
        data = None
    if not is_record(data):
        raise PublicationError(f"{name}: contains files that svsm-cal did not publish (choose another folder)")
    return data


def is_record(data: object) -> TypeGuard[dict[str, Any]]:
    """Whether the contents of a calendar.json were written by this program."""
    return isinstance(data, dict) and data.get("generator") == GENERATOR and isinstance(data.get("files"), list)


def _damaged(name: str, what: str) -> PublicationError:
    hint = "give an intact copy with --previous, or start again with --first: readers may then miss a change"
    return PublicationError(f"{name}: the previous publication is damaged: {what} ({hint})")


def previous_of(out: str, given: str | None) -> Previous | None:
    """Return the publication before a new one in the folder `out`: the one at `given`, or the one in `out`.

    `given` is a folder, a feed, or the address of either. Returns None if nothing has been published. Raises
    PublicationError for a publication that is not ours, is damaged, or cannot be read.
    """
    if given is None:
        return Previous(out, in_folder(out)) if os.path.isdir(out) and os.listdir(out) else None
    if given.startswith(_ADDRESSES):
        return Previous(given, _one_feed(given, fetch(given)) if given.endswith(".ics") else _at_address(given))
    if os.path.isdir(given):
        return Previous(given, in_folder(given))
    try:
        with open(given, "rb") as stream:
            return Previous(given, _one_feed(given, stream.read(_MOST)))
    except OSError as error:
        raise PublicationError(f"{given}: cannot be read: {error.strerror} (give a folder, a feed or an address)") from error


def in_folder(folder: str) -> Callable[[str], bytes | None]:
    """Return a function that reads a folder's files by relative path; it returns None for a missing file."""

    def read(path: str) -> bytes | None:
        try:
            with open(os.path.join(folder, *path.split("/")), "rb") as stream:
                return stream.read()
        except (FileNotFoundError, NotADirectoryError):
            return None

    return read


def _one_feed(name: str, data: bytes | None) -> Callable[[str], bytes | None]:
    if data is None:
        raise PublicationError(f"{name}: not found")
    return lambda path: data if path == "calendar.ics" else None


def _at_address(address: str) -> Callable[[str], bytes | None]:
    base = address if address.endswith("/") else f"{address}/"
    return lambda path: fetch(base + path)
