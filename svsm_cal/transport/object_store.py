"""An object store, S3 or another that obstore supports: named bytes with headers.

S3's entity tag of an object that was uploaded in one piece is the MD5 of its bytes, so one listing shows what has changed. With
a store that uses other tags, everything is uploaded again, which is slower and just as correct.
"""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from svsm_cal.errors import PublicationError, SvsmCalError, UsageError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HINT = "check the address, AWS_ENDPOINT, AWS_REGION and the credentials"
_KNOWN = ("s3://", "gs://", "az://", "file://")


class Stored(Value):
    """An object in a listing: its path, its size, and its entity tag without quotes, "" without one."""

    path: str
    size: int
    tag: str


class Objects:
    """The objects below an address such as s3://bucket/calendar; the environment has credentials and endpoint (AWS_...).

    Raises UsageError for an invalid address. The methods raise PublicationError, with the store's own words.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        if "@" in address.partition("://")[2].partition("/")[0]:
            raise UsageError(
                "an object store's address must not contain a user and password (put them into AWS_ACCESS_KEY_ID and so on)"
            )
        if not address.startswith(_KNOWN):
            raise UsageError(f"{address}: is not an object store (name one as s3://bucket/folder)")
        try:
            from obstore.store import from_url
        except ImportError as error:
            raise UsageError("publishing to an object store needs an extra (run: pip install 'svsm_cal[s3]')") from error
        options: dict[str, Any] = {"client_options": {"allow_http": True}} if address.startswith("s3://") else {}
        if address.startswith("file://"):
            options = {"mkdir": True}
        with self._naming(UsageError, "name one as s3://bucket/folder"):
            self._store = from_url(self.address, **options)

    def listed(self) -> dict[str, Stored]:
        """Return the objects by path."""
        import obstore

        with self._naming():
            rows = [row for page in obstore.list(self._store) for row in page]
        return {row["path"]: Stored(row["path"], row["size"], (row["e_tag"] or "").strip('"')) for row in rows}

    def read(self, path: str) -> bytes | None:
        """Return an object's bytes, None if it does not exist."""
        import obstore

        with self._naming(path=path):
            try:
                return bytes(obstore.get(self._store, path).bytes())
            except FileNotFoundError:
                return None

    def write(self, path: str, data: bytes, headers: Mapping[str, str]) -> None:
        """Upload an object in one piece, with headers (Content-Type, Cache-Control, Content-Disposition)."""
        import obstore

        attributes: Any = {} if self.address.startswith("file://") else dict(headers)  # a folder stores no headers
        with self._naming(path=path):
            obstore.put(self._store, path, data, attributes=attributes, use_multipart=False)

    def remove(self, path: str) -> None:
        """Delete an object, if it exists."""
        import obstore

        with self._naming(path=path), suppress(FileNotFoundError):
            obstore.delete(self._store, path)

    @contextmanager
    def _naming(self, kind: type[SvsmCalError] = PublicationError, hint: str = _HINT, *, path: str = "") -> Iterator[None]:
        """Turn the errors of obstore, which have no common base class, into ours."""
        try:
            yield
        except Exception as error:
            place = f"{self.address}/{'p/...' if path.startswith('p/') else path}".rstrip("/")
            raise kind(f"{place}: {_said(error)} ({hint})") from error


def _said(error: Exception) -> str:
    """Return the first line of a store's error, without addresses of personal feeds."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return re.sub(r"\bp/[a-z2-7]{26}\b", "p/...", lines[0].partition(": <?xml")[0])[:300]
