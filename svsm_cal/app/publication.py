"""A publication: the content type of each file, and the previous one as a folder, a file or a web address."""

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

__all__ = ["GENERATOR", "Media", "Previous", "in_folder", "is_personal_feed", "is_record", "media_of", "previous_of"]


class Media(Value):
    """A media type, what kind of file it is, and the seconds for which it may be kept."""

    type: str
    kind: str
    seconds: int

    def headers(self, path: str, *, whose: str) -> tuple[tuple[str, str], ...]:
        """Return the headers that go with a file; `whose` is `public` or `private`."""
        found = (("Content-Type", self.type), ("Cache-Control", f"{whose}, max-age={self.seconds}"))
        name = path.rpartition("/")[2]
        return (*found, ("Content-Disposition", f'inline; filename="{name}"')) if self.kind == "feed" else found


# Ending -> what it is; all text is UTF-8.
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
    """Return what a published file is, by its ending."""
    return _MEDIA.get(path.rpartition(".")[2], _UNKNOWN)


def is_personal_feed(path: str) -> bool:
    """Return whether a file of a publication is somebody's own feed, whose path is a secret."""
    return path.startswith("p/") and path.endswith("/calendar.ics") and path.count("/") == 2


GENERATOR = "svsm_cal"
_MOST = 64 * 1024 * 1024
_ADDRESSES = ("http://", "https://")
_OURS = b"PRODID:-//svsm_cal//"


class Previous:
    """What was published, by relative path: `read` gives a file's bytes, None for one that there was not."""

    def __init__(self, name: str, read: Callable[[str], bytes | None]) -> None:
        self.name, self.read = name, read
        self.data = _data(name, read)
        self.files = frozenset(map(str, self.data.get("files", ())))
        for path in sorted(self.files):
            if path.endswith(".ics") and read(path) is None:
                raise _damaged(name, f"{path} is gone")

    @property
    def tz_version(self) -> str:
        """Return the tz database's version it was made with, "" if it does not say."""
        return str(self.data.get("tz_database", ""))

    @property
    def generated(self) -> Instant | None:
        """Return when it was made, None if it does not say."""
        try:
            return instant(datetime.fromisoformat(str(self.data.get("generated_utc"))))
        except ValueError:
            return None

    @property
    def gone(self) -> dict[bytes, tuple[int, bytes]]:
        """Return the (SEQUENCE, stamp) of each UID that had been published earlier still."""
        text = self.read("revisions.json")
        if text is None:
            return {}
        try:
            rows = json.loads(text)["gone"]
            return {uid.encode(): (int(sequence), str(stamp).encode("ascii")) for uid, (sequence, stamp) in rows.items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(self.name, "revisions.json is not what was written") from error


def _data(name: str, read: Callable[[str], bytes | None]) -> dict[str, Any]:
    """Return what calendar.json says; a feed alone has none."""
    text, feed = read("calendar.json"), read("calendar.ics") or b""
    if text is None and not feed and name.startswith(_ADDRESSES):
        raise PublicationError(f"{name}: nothing is published there (name the right address, or for the first time use --first)")
    if text is None and _OURS in feed:
        return {}
    try:
        data = json.loads(text or b"")
    except ValueError as error:
        if _OURS in feed:
            raise _damaged(name, "calendar.json is no JSON") from error
        data = None
    if not is_record(data):
        raise PublicationError(f"{name}: holds something that svsm-cal did not publish (choose a folder of its own)")
    return data


def is_record(data: object) -> TypeGuard[dict[str, Any]]:
    """Whether what a calendar.json holds is the record of a publication of ours."""
    return isinstance(data, dict) and data.get("generator") == GENERATOR and isinstance(data.get("files"), list)


def _damaged(name: str, what: str) -> PublicationError:
    hint = "name a sound copy with --previous, or begin anew with --first: readers may then miss a change"
    return PublicationError(f"{name}: what was published is damaged: {what} ({hint})")


def previous_of(out: str, given: str | None) -> Previous | None:
    """Return what a new publication in the folder `out` follows: what is there, or what `given` names instead.

    `given` is a folder, one feed, or the address of either. None where nothing has been published. Raises
    PublicationError for what is no publication of ours, is damaged, or cannot be read.
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
        raise PublicationError(f"{given}: cannot be read: {error.strerror} (name a folder, a feed or an address)") from error


def in_folder(folder: str) -> Callable[[str], bytes | None]:
    """Return what reads a folder's files by relative path, None for one that is not there."""

    def read(path: str) -> bytes | None:
        try:
            with open(os.path.join(folder, *path.split("/")), "rb") as stream:
                return stream.read()
        except (FileNotFoundError, NotADirectoryError):
            return None

    return read


def _one_feed(name: str, data: bytes | None) -> Callable[[str], bytes | None]:
    if data is None:
        raise PublicationError(f"{name}: is not there")
    return lambda path: data if path == "calendar.ics" else None


def _at_address(address: str) -> Callable[[str], bytes | None]:
    base = address if address.endswith("/") else f"{address}/"
    return lambda path: fetch(base + path)
