"""An object store, S3 or another that obstore knows, as named bytes with headers.

What is stored is known by the MD5 of its bytes, as S3 gives it for objects put in one piece: so one listing tells what has
changed. A store that gives something else has everything put anew, which is slower and no less right.
"""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from svsm_cal.errors import PublicationError, SvsmCalError, UsageError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Objects", "Stored"]

_HINT = "check the address, AWS_ENDPOINT, AWS_REGION and the credentials"
_KNOWN = ("s3://", "gs://", "az://", "file://")


class Stored(Value):
    """What a listing says of an object: its path, its size, and its entity tag without quotes, "" if there is none."""

    path: str
    size: int
    tag: str


class Objects:
    """The objects below an address such as s3://bucket/calendar; credentials and endpoint are the environment's (AWS_...).

    Raises UsageError for an address that names no store, and from then on PublicationError, with the store's own words,
    for whatever it refuses.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        if "@" in address.partition("://")[2].partition("/")[0]:
            raise UsageError(
                "an object store's address has no user and password in it (put them into AWS_ACCESS_KEY_ID and so on)"
            )
        if not address.startswith(_KNOWN):
            raise UsageError(f"{address}: is no object store (name one as s3://bucket/folder)")
        try:
            from obstore.store import from_url
        except ImportError as error:
            raise UsageError("publishing to an object store needs obstore: pip install 'svsm_cal[s3]'") from error
        options: dict[str, Any] = {"client_options": {"allow_http": True}} if address.startswith("s3://") else {}
        if address.startswith("file://"):
            options = {"mkdir": True}
        with self._naming(UsageError, "name one as s3://bucket/folder"):
            self._store = from_url(self.address, **options)

    def listed(self) -> dict[str, Stored]:
        """Return what is there, by path."""
        import obstore

        with self._naming():
            rows = [row for page in obstore.list(self._store) for row in page]
        return {row["path"]: Stored(row["path"], row["size"], (row["e_tag"] or "").strip('"')) for row in rows}

    def read(self, path: str) -> bytes | None:
        """Return an object's bytes, None where there is none."""
        import obstore

        with self._naming(path=path):
            try:
                return bytes(obstore.get(self._store, path).bytes())
            except FileNotFoundError:
                return None

    def write(self, path: str, data: bytes, headers: Mapping[str, str]) -> None:
        """Put an object there, in one piece and with headers (Content-Type, Cache-Control, Content-Disposition)."""
        import obstore

        attributes: Any = {} if self.address.startswith("file://") else dict(headers)  # a folder keeps no headers
        with self._naming(path=path):
            obstore.put(self._store, path, data, attributes=attributes, use_multipart=False)

    def remove(self, path: str) -> None:
        """Remove an object; nothing is done where there is none."""
        import obstore

        with self._naming(path=path), suppress(FileNotFoundError):
            obstore.delete(self._store, path)

    @contextmanager
    def _naming(self, kind: type[SvsmCalError] = PublicationError, hint: str = _HINT, *, path: str = "") -> Iterator[None]:
        """Turn what obstore raises, whose errors have no kind in common with anything, into errors of ours."""
        try:
            yield
        except Exception as error:
            place = f"{self.address}/{'p/...' if path.startswith('p/') else path}".rstrip("/")
            raise kind(f"{place}: {_said(error)} ({hint})") from error


def _said(error: Exception) -> str:
    """Return the first line of what a store says, with the address of nobody's feed."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return re.sub(r"\bp/[a-z2-7]{26}\b", "p/...", lines[0].partition(": <?xml")[0])[:300]
