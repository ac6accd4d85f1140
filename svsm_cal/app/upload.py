"""Publishing to an object store, which has no atomic exchange of all files.

The order of uploads keeps an interrupted publication consistent: first the record of removed UIDs, then the feeds, then the
files that pages need, and last the pages and calendar.json, which refer to the rest. Obsolete files are removed at the end.
Publishing again continues an interrupted publication.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from typing import TYPE_CHECKING, Protocol

from svsm_cal.app.atomic_files import write_file
from svsm_cal.app.publication import in_folder, is_personal_feed, is_record, media_of
from svsm_cal.app.publish import publish
from svsm_cal.errors import PublicationError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from svsm_cal.core.model import Calendar
    from svsm_cal.engine.civil import Instant

_FEED = re.compile(r"p/[a-z2-7]{26}/calendar\.ics|series/[^/]+\.ics")


class _Listed(Protocol):
    @property
    def tag(self) -> str: ...


class Store(Protocol):
    """The operations of an object store; `svsm_cal.transport.object_store.Objects` implements them."""

    address: str

    def listed(self) -> Mapping[str, _Listed]:
        """Return the objects by path; `tag` is the MD5 digest of the bytes."""

    def read(self, path: str) -> bytes | None:
        """Return an object's bytes, or None."""

    def write(self, path: str, data: bytes, headers: Mapping[str, str]) -> None:
        """Write an object."""

    def remove(self, path: str) -> None:
        """Remove an object."""


class Uploaded(Value):
    """The result of a publication: the paths of all files, of uploaded files and of removed files."""

    files: tuple[str, ...]
    written: tuple[str, ...]
    removed: tuple[str, ...]
    first: bool


def upload(calendar: Calendar, store: Store, *, now: Instant, secret: bytes | None = None, first: bool = False) -> Uploaded:
    """Publish the site to an object store as the next revision of the publication there; with `first` it has no previous one.

    Raises PublicationError for an address with other files or a damaged publication, and what the store raises.
    """
    stored = store.listed()
    personal = sum(map(is_personal_feed, stored))
    if secret is None and personal:
        hint = "give --secret-file, or remove the objects under p/ and with it their addresses"
        message = f"without the secret, its personal feeds ({personal}) would be removed"
        raise PublicationError(f"{store.address}: {message} ({hint})")
    with tempfile.TemporaryDirectory(prefix="svsm-cal-") as folder:
        before, out = os.path.join(folder, "before"), os.path.join(folder, "site")
        ours = _fetched(store, frozenset(stored), before)
        follows = ours is not None and not first
        report = publish(calendar, out, now=now, secret=secret, previous=before if follows else None, first=not follows)
        read = in_folder(out)
        files = {name: read(name) or b"" for name in report.files}
    written = [name for name in sorted(files, key=_turn) if _differs(files[name], stored.get(name))]
    for name in written:
        store.write(name, files[name], headers_of(name))
    removed = sorted(name for name in stored if (name in (ours or ()) or _FEED.fullmatch(name)) and name not in files)
    for name in removed:
        store.remove(name)
    return Uploaded(tuple(sorted(files)), tuple(written), tuple(removed), not follows)


def headers_of(path: str) -> dict[str, str]:
    """Return the HTTP headers of an object."""
    return dict(media_of(path).headers(path, whose="private" if is_personal_feed(path) else "public"))


def _fetched(store: Store, stored: frozenset[str], folder: str) -> frozenset[str] | None:
    """Copy the parts of the previous publication that the next one depends on, and return the paths of all its files.

    Returns None if nothing has been published.
    """
    record = store.read("calendar.json") if "calendar.json" in stored else None
    listed: frozenset[str] = frozenset()
    if record is not None:
        try:
            data = json.loads(record)
        except ValueError:
            data = None
        if not is_record(data):
            raise PublicationError(f"{store.address}: has a calendar.json that svsm-cal did not publish (give another folder)")
        listed = frozenset(map(str, data["files"]))
    elif "index.html" in stored:
        raise PublicationError(f"{store.address}: has an index.html that svsm-cal did not publish (give another folder)")
    elif "calendar.ics" not in stored:
        return None  # nothing, or a first publication that was interrupted at the start
    wanted = {name for name in stored if name in {"calendar.ics", "deadlines.ics", *listed} or _FEED.fullmatch(name)}
    wanted = {name for name in wanted if name.endswith(".ics")}
    for name in sorted(wanted | {"calendar.json", "revisions.json"} & stored):
        body = record if name == "calendar.json" else store.read(name)
        if body is not None:
            place = os.path.join(folder, *name.split("/"))
            os.makedirs(os.path.dirname(place), exist_ok=True)
            write_file(place, body)
    return listed


# Path patterns in the order of upload: a file comes before those that refer to it or are compared with it. So the record of
# removed UIDs comes before the feeds without them, and new personal feeds before the public feed that they continue.
_TURNS = (
    r"revisions\.json",
    r"p/.*",
    r".*\.ics",
    r"(?!.*\.(?:html|json)$).*",
    r"(?!(?:index\.html|calendar\.json)$).*",
    r"index\.html",
    r"calendar\.json",
)


def _turn(path: str) -> tuple[int, str]:
    return next(number for number, pattern in enumerate(_TURNS) if re.fullmatch(pattern, path)), path


def _differs(data: bytes, stored: _Listed | None) -> bool:
    return stored is None or stored.tag != hashlib.md5(data, usedforsecurity=False).hexdigest()
