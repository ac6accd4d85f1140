"""Publishing to an object store: what `build` does to a folder, for objects that cannot be exchanged in one step.

So they are put in an order in which an interruption leaves nothing wrong: first the record of UIDs that are gone, then the
feeds, each whole in itself, then what pages need, and last the pages and calendar.json, which name the rest. What is ours
and no longer published is removed when all that is there. Publishing again goes on from wherever it stopped.
"""

from __future__ import annotations

import hashlib
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

__all__ = ["Store", "Uploaded", "headers_of", "upload"]

_FEED = re.compile(r"p/[a-z2-7]{26}/calendar\.ics|series/[^/]+\.ics")


class _Listed(Protocol):
    @property
    def tag(self) -> str: ...


class Store(Protocol):
    """What a store must be able to do (`svsm_cal.transport.object_store.Objects` is one)."""

    address: str

    def listed(self) -> Mapping[str, _Listed]:
        """Return what is there, by path, with the MD5 of its bytes as `tag`."""

    def read(self, path: str) -> bytes | None:
        """Return an object's bytes, None where there is none."""

    def write(self, path: str, data: bytes, headers: Mapping[str, str]) -> None:
        """Put an object there."""

    def remove(self, path: str) -> None:
        """Remove an object."""


class Uploaded(Value):
    """What was done: the paths of all that is published now, of what was put there, and of what was removed."""

    files: tuple[str, ...]
    written: tuple[str, ...]
    removed: tuple[str, ...]
    first: bool


def upload(calendar: Calendar, store: Store, *, now: Instant, secret: bytes | None = None, first: bool = False) -> Uploaded:
    """Publish the site to an object store, as the next revision of what is there; with `first` it follows nothing.

    Raises PublicationError where something else than a publication is there, or a damaged one, and what the store raises.
    """
    stands = store.listed()
    personal = sum(map(is_personal_feed, stands))
    if secret is None and personal:
        many = f"{personal} personal feeds stand" if personal > 1 else "a personal feed stands"
        hint = "give --secret-file, or remove what is under p/, and with it their addresses"
        raise PublicationError(f"{store.address}: {many} there, and without the secret they would be gone ({hint})")
    with tempfile.TemporaryDirectory(prefix="svsm-cal-") as folder:
        before, out = os.path.join(folder, "before"), os.path.join(folder, "site")
        known = _fetched(store, frozenset(stands), before)
        follows = known is not None and not first
        report = publish(calendar, out, now=now, secret=secret, previous=before if follows else None, first=not follows)
        read = in_folder(out)
        files = {name: read(name) or b"" for name in report.files}
    written = [name for name in sorted(files, key=_turn) if _differs(files[name], stands.get(name))]
    for name in written:
        store.write(name, files[name], headers_of(name))
    removed = sorted(name for name in stands if (name in (known or ()) or _FEED.fullmatch(name)) and name not in files)
    for name in removed:
        store.remove(name)
    return Uploaded(tuple(sorted(files)), tuple(written), tuple(removed), not follows)


def headers_of(path: str) -> dict[str, str]:
    """Return the headers that an object is served with."""
    return dict(media_of(path).headers(path, whose="private" if is_personal_feed(path) else "public"))


def _fetched(store: Store, stands: frozenset[str], folder: str) -> frozenset[str] | None:
    """Copy what was published before, as far as the next publication follows from it; return what it says is its own.

    None where nothing has been published.
    """
    import json

    record = store.read("calendar.json") if "calendar.json" in stands else None
    listed: frozenset[str] = frozenset()
    if record is not None:
        try:
            data = json.loads(record)
        except ValueError:
            data = None
        if not is_record(data):
            raise PublicationError(f"{store.address}: has a calendar.json that svsm-cal did not publish (name another folder)")
        listed = frozenset(map(str, data["files"]))
    elif "index.html" in stands:
        raise PublicationError(f"{store.address}: has an index.html that svsm-cal did not publish (name another folder)")
    elif "calendar.ics" not in stands:
        return None  # nothing, or a first publication that was interrupted before it had anything to follow
    wanted = {name for name in stands if name in {"calendar.ics", "deadlines.ics", *listed} or _FEED.fullmatch(name)}
    wanted = {name for name in wanted if name.endswith(".ics")}
    for name in sorted(wanted | {"calendar.json", "revisions.json"} & stands):
        body = record if name == "calendar.json" else store.read(name)
        if body is not None:
            place = os.path.join(folder, *name.split("/"))
            os.makedirs(os.path.dirname(place), exist_ok=True)
            write_file(place, body)
    return listed


# Patterns of what is put there, in turn: what others name, or are compared with, comes before them. So the record of what
# is gone comes before feeds that lack it, and new personal feeds before the public one that they follow.
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
