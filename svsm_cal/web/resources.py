"""The files of an edition as resources: what type each is, who may keep it for how long, and who may read it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from svsm_cal.app.publication import Media, media_of
from svsm_cal.web.answers import PUBLIC, Headers, Resource

if TYPE_CHECKING:
    from svsm_cal.app.editions import Edition
    from svsm_cal.engine.civil import Instant

__all__ = ["PERSONAL", "Resources", "is_personal"]

# As the pages say themselves, and what only a header can: who may frame them.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; frame-ancestors {framing}"
)
PERSONAL = "/p/"
_TOKEN_LENGTH = 26


def is_personal(path: str) -> bool:
    """Return whether a path may have a token in it, which nobody is to see."""
    return path.startswith(PERSONAL)


class Resources:
    """What is served, by path. Personal feeds are kept by a digest of their token, which has a key of its own each time.

    How long it takes to find one, or none, so says nothing about how much of a token is right.
    """

    def __init__(self, edition: Edition, before: Resources | None = None) -> None:
        self.edition = edition
        self._key = secrets.token_bytes(32)
        self._public: dict[str, Resource] = {}
        self._personal: dict[bytes, Resource] = {}
        self.moved: dict[str, str] = {}  # a folder's address without its last slash -> with it
        for name, body in edition.files.items():
            path = f"/{name}"
            kept = before.find(path) if before is not None else None
            resource = _resource(name, body, edition.modified[name], kept)
            if is_personal(path):
                self._personal[self._digest(name.split("/")[1])] = resource
                continue
            self._public[path] = resource
            if path.endswith("/index.html"):
                folder = path.removesuffix("index.html")
                self._public[folder] = resource
                self.moved[folder.rstrip("/")] = folder

    def find(self, path: str) -> Resource | None:
        """Return the resource of a path, None where there is none."""
        return self._find_personal(path) if is_personal(path) else self._public.get(path)

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the paths that are no secret."""
        return tuple(sorted(self._public))

    def _find_personal(self, path: str) -> Resource | None:
        token, _, name = path.removeprefix(PERSONAL).partition("/")
        found = self._personal.get(self._digest(token))
        return found if name == "calendar.ics" and len(token) == _TOKEN_LENGTH else None

    def _digest(self, token: str) -> bytes:
        return hmac.digest(self._key, token.encode(), hashlib.sha256)


def _resource(name: str, body: bytes, modified: Instant, kept: Resource | None) -> Resource:
    if kept is not None and (kept.body, kept.modified) == (body, modified):
        return kept
    if is_personal(f"/{name}"):
        return Resource(body, _personal_headers(), route="personal", modified=modified)
    media = media_of(name)
    return Resource(body, _public_headers(name, media), route=media.kind, modified=modified)


def _public_headers(name: str, media: Media) -> Headers:
    found = (*media.headers(name, whose="public"), *PUBLIC)
    if media.kind == "page" or name.endswith(".svg"):
        # The snippet that other pages embed may be framed; nothing else may.
        framing = "*" if name.endswith("embed/index.html") else "'none'"
        return (*found, ("Content-Security-Policy", _POLICY.format(framing=framing)))
    return found


def _personal_headers() -> Headers:
    return (*media_of("calendar.ics").headers("calendar.ics", whose="private"), ("X-Robots-Tag", "noindex"))
