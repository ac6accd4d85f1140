"""Prepared HTTP responses: status, headers and body are made once, and a request only chooses among them.

Conditional requests are those of RFC 9110 section 13. ETags are strong and made from the bytes alone, so any number of
servers give the same ones.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import re
import secrets
from base64 import urlsafe_b64encode
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from svsm_cal.app.publication import media_of
from svsm_cal.web.metrics import slot_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from svsm_cal.app.site_snapshot import SiteSnapshot
    from svsm_cal.engine.civil import Instant

Headers = tuple[tuple[str, str], ...]

PERSONAL = "/p/"  # paths below it hold secret tokens
# On every response: browsers guess no types, and linked sites do not learn the address.
_SAFE: Headers = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))
# On what everybody may read, from any page.
PUBLIC: Headers = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "ETag, Last-Modified"))
# The pages say the same in their own <meta>; who may frame them, only a header can say.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; frame-ancestors {framing}"
)
_SHORTEST_COMPRESSED = 256
_KEPT_IN_304 = frozenset({"Cache-Control", "Vary", "ETag", "Last-Modified", "Access-Control-Allow-Origin"})
_TAG = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_TOKEN_LENGTH = 26


class Response:
    """One whole response; `headers` are as ASGI wants them, and `slot` is the counter it counts in."""

    __slots__ = ("body", "headers", "slot", "status")

    def __init__(self, status: int, headers: Headers, body: bytes, *, route: str) -> None:
        self.status, self.body, self.slot = status, body, slot_of(route, status)
        length = () if status in {204, 304} else (("Content-Length", str(len(body))),)
        # Never a list: frameworks around this one append to what they are given.
        self.headers = tuple(
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in (*headers, *_SAFE, *length)
        )


def etag_of(body: bytes) -> str:
    """Return the strong ETag of a body, which depends on its bytes only."""
    return f'"{urlsafe_b64encode(hashlib.sha256(body).digest()[:15]).decode("ascii")}"'


class Resource:
    """The responses that GET may give for one path: plain or compressed, whole or 304."""

    __slots__ = ("_date", "_packed", "_plain", "_route", "_varies", "modified", "size")

    def __init__(self, body: bytes, headers: Headers, *, route: str, modified: Instant | None = None) -> None:
        self.modified, self._route = modified, route
        self._date = b"" if modified is None else format_datetime(modified, usegmt=True).encode("ascii")
        # No time stamp in the compressed bytes, and always the same level.
        small = gzip.compress(body, 9, mtime=0) if len(body) >= _SHORTEST_COMPRESSED else body
        self._varies = len(small) < len(body)
        self.size = len(body) + len(small)
        dated = (("Last-Modified", self._date.decode("ascii")),) if self._date else ()
        common = (*headers, *dated, *((("Vary", "Accept-Encoding"),) if self._varies else ()))
        etag = etag_of(body)
        self._plain = _variant(body, common, etag, route)
        packed = (*common, ("Content-Encoding", "gzip"))
        self._packed = _variant(small, packed, f'{etag[:-1]}-gz"', route) if self._varies else self._plain

    @property
    def body(self) -> bytes:
        """Return the uncompressed bytes."""
        return self._plain[1].body

    def choose(self, asked: Mapping[bytes, bytes]) -> Response:
        """Return the response to a GET or HEAD with these headers (RFC 9110 sections 12.5.3 and 13.2.2).

        If-Modified-Since must be exactly our date: a later one comes from a wrong clock or another server.
        """
        packed = self._varies and _takes_gzip(asked.get(b"accept-encoding", b""))
        etag, whole, unchanged = self._packed if packed else self._plain
        if (b"if-match" in asked or b"if-unmodified-since" in asked) and not self._still(asked, etag):
            return problem(
                412, "it has changed since", "ask again without If-Match and If-Unmodified-Since",
                route=self._route, public=self._route != "personal",
            )  # fmt: skip
        known = asked.get(b"if-none-match")
        if known is not None:
            return unchanged if known.strip() == b"*" or etag in _TAG.findall(known) else whole
        return unchanged if self._date and asked.get(b"if-modified-since") == self._date else whole

    def _still(self, asked: Mapping[bytes, bytes], etag: bytes) -> bool:
        """Return whether If-Match, or without it If-Unmodified-Since, holds (sections 13.1.1 and 13.1.4)."""
        match = asked.get(b"if-match")
        if match is not None:  # a weak tag never matches
            return match.strip() == b"*" or etag in {found[1] for found in _TAG.finditer(match) if found[0] == found[1]}
        try:
            since = parsedate_to_datetime(asked[b"if-unmodified-since"].decode("latin-1"))
            return self.modified is None or self.modified <= since
        except (ValueError, TypeError, OverflowError):  # not an HTTP date, or one without a zone: not to be heeded
            return True


def _variant(body: bytes, headers: Headers, etag: str, route: str) -> tuple[bytes, Response, Response]:
    """Return an ETag, the whole response and the 304."""
    tagged = (*headers, ("ETag", etag))
    few = tuple(each for each in tagged if each[0] in _KEPT_IN_304)
    return etag.encode("ascii"), Response(200, tagged, body, route=route), Response(304, few, b"", route=route)


@lru_cache(256)
def _takes_gzip(wanted: bytes) -> bool:
    """Return whether Accept-Encoding allows gzip, by name or by `*`, with a weight above zero."""
    weights: dict[bytes, bool] = {}
    for each in wanted.lower().split(b","):
        name, _, rest = each.partition(b";")
        weights[name.strip()] = not (rest and re.fullmatch(rb"\s*q\s*=\s*0(\.0*)?\s*", rest))
    return weights.get(b"gzip", weights.get(b"x-gzip", weights.get(b"*", False)))


def json_response(status: int, record: object, *, route: str, headers: Headers = ()) -> Response:
    """Return a record as a JSON response."""
    body = (json.dumps(record, ensure_ascii=False, indent=2) + "\n").encode()
    return Response(status, (("Content-Type", "application/json"), *headers), body, route=route)


def problem(status: int, error: str, hint: str, *, route: str, headers: Headers = (), public: bool = True) -> Response:
    """Return an error as JSON: what is wrong, and what to ask instead."""
    whole = (*(PUBLIC if public else ()), ("Cache-Control", "no-store"), *headers)
    return json_response(status, {"error": error, "hint": hint}, route=route, headers=whole)


class SiteResponses:
    """The files of a site snapshot as resources, by path; unchanged ones are taken over from the snapshot `before`.

    Personal feeds are kept by a keyed digest of their token: lookup time reveals nothing about a guessed token.
    """

    def __init__(self, snapshot: SiteSnapshot, before: SiteResponses | None = None) -> None:
        self.snapshot = snapshot
        self.folders: set[str] = set()  # the addresses of folders, without the last slash
        self._key = secrets.token_bytes(32)
        self._public: dict[str, Resource] = {}
        self._personal: dict[bytes, Resource] = {}
        for name, body in snapshot.files.items():
            path = f"/{name}"
            resource = _of_file(name, body, snapshot.modified[name], before.find(path) if before is not None else None)
            if path.startswith(PERSONAL):
                self._personal[self._digest(name.split("/")[1])] = resource
                continue
            self._public[path] = resource
            if path.endswith("/index.html"):
                folder = path.removesuffix("index.html")
                self._public[folder] = resource
                self.folders.add(folder.rstrip("/"))

    def find(self, path: str) -> Resource | None:
        """Return the resource of a path, None where nothing is published."""
        if not path.startswith(PERSONAL):
            return self._public.get(path)
        token, _, name = path.removeprefix(PERSONAL).partition("/")
        found = self._personal.get(self._digest(token))
        return found if name == "calendar.ics" and len(token) == _TOKEN_LENGTH else None

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the public paths."""
        return tuple(sorted(self._public))

    def _digest(self, token: str) -> bytes:
        return hmac.digest(self._key, token.encode("utf-8", "replace"), hashlib.sha256)


def _of_file(name: str, body: bytes, modified: Instant, kept: Resource | None) -> Resource:
    if kept is not None and (kept.body, kept.modified) == (body, modified):
        return kept
    media = media_of(name)
    if f"/{name}".startswith(PERSONAL):
        headers = (*media.headers(name, whose="private"), ("X-Robots-Tag", "noindex"))
        return Resource(body, headers, route="personal", modified=modified)
    headers = (*media.headers(name, whose="public"), *PUBLIC)
    if media.kind == "page" or name.endswith(".svg"):
        # The snippet that other pages embed may be framed; nothing else may.
        framing = "*" if name.endswith("embed/index.html") else "'none'"
        headers = (*headers, ("Content-Security-Policy", _POLICY.format(framing=framing)))
    return Resource(body, headers, route=media.kind, modified=modified)
