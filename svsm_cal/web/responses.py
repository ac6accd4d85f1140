"""What is answered: a status, headers and a body, made ready so that little is left to do when somebody asks.

A `Resource` has its answers made once, for each that a request may get: as it is or compressed, in full or 304 (RFC 9110
section 13). ETags are strong and made from the bytes alone, so that any number of servers say the same.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from base64 import urlsafe_b64encode
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from svsm_cal.core.civil import Instant
    from svsm_cal.web.heads import Request

__all__ = ["PUBLIC", "REASONS", "Answer", "Headers", "Resource", "etag_of", "json_answer", "problem"]

Headers = tuple[tuple[str, str], ...]

REASONS = {
    200: "OK",
    204: "No Content",
    304: "Not Modified",
    308: "Permanent Redirect",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    414: "URI Too Long",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}
# On every answer: nothing guesses at types, and no address goes to whoever is linked to.
SAFE: Headers = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))
# On what everybody may read, from any page.
PUBLIC: Headers = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "ETag, Last-Modified"))
_SHORTEST_COMPRESSED = 256
_STAYS_304 = frozenset({"Cache-Control", "Vary", "ETag", "Last-Modified", "Access-Control-Allow-Origin"})


class Answer:
    """One answer, whole: `route` is what it counts as, and `lasting` whether it is that until something changes."""

    __slots__ = ("_head", "body", "headers", "lasting", "route", "status")

    def __init__(self, status: int, headers: Headers, body: bytes, *, route: str, lasting: bool = True) -> None:
        self.status, self.body, self.route, self.lasting = status, body, route, lasting
        self.headers: Headers = (*headers, *SAFE)
        self._head = b""

    @property
    def head(self) -> bytes:
        """Return the status line and the headers, but for Date and Connection and the empty line at the end."""
        if not self._head:
            lines = [f"HTTP/1.1 {self.status} {REASONS[self.status]}"]
            lines += [f"{name}: {value}" for name, value in self.headers]
            if self.status not in {204, 304}:
                lines.append(f"Content-Length: {len(self.body)}")
            self._head = "\r\n".join([*lines, ""]).encode("latin-1")
        return self._head


def etag_of(body: bytes) -> str:
    """Return the strong ETag of a body: what it says, and nothing else, decides."""
    return f'"{urlsafe_b64encode(hashlib.sha256(body).digest()[:15]).decode("ascii")}"'


class Resource:
    """What GET answers for one path: its answers are made here, and only chosen later."""

    __slots__ = ("_compressed", "_etag", "_etag_compressed", "_modified", "_plain", "_varies", "modified")

    def __init__(self, body: bytes, headers: Headers, *, route: str, modified: Instant | None = None) -> None:
        self._etag = etag_of(body)
        self._etag_compressed = f'{self._etag[:-1]}-gz"'
        self.modified = modified
        self._modified = None if modified is None else format_datetime(modified, usegmt=True)
        dated = () if self._modified is None else (("Last-Modified", self._modified),)
        # No time stamp in the compressed bytes, and always the same effort.
        small = gzip.compress(body, 9, mtime=0) if len(body) >= _SHORTEST_COMPRESSED else body
        self._varies = len(small) < len(body)
        common = (*headers, *dated, *((("Vary", "Accept-Encoding"),) if self._varies else ()))
        self._plain = _pair(body, (*common, ("ETag", self._etag)), route)
        packed = (*common, ("ETag", self._etag_compressed), ("Content-Encoding", "gzip"))
        self._compressed = _pair(small, packed, route) if self._varies else self._plain

    @property
    def body(self) -> bytes:
        """Return the bytes as they are."""
        return self._plain[0].body

    def answer(self, request: Request) -> Answer:
        """Return what a GET or HEAD gets (RFC 9110 sections 12.5.3 and 13.2.2).

        A date that a client has must be exactly ours: one that is later means a clock that is wrong, or another server.
        """
        asked = request.headers
        compressed = self._varies and _takes_gzip(asked.get("accept-encoding", ""))
        etag = self._etag_compressed if compressed else self._etag
        match = asked.get("if-none-match")
        if match is not None:
            known = match.strip() == "*" or etag in _ETAG.findall(match)
        else:
            known = self._modified is not None and asked.get("if-modified-since") == self._modified
        full, short = self._compressed if compressed else self._plain
        return short if known else full


_ETAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')


def _pair(body: bytes, headers: Headers, route: str) -> tuple[Answer, Answer]:
    few = tuple(each for each in headers if each[0] in _STAYS_304)
    return Answer(200, headers, body, route=route), Answer(304, few, b"", route=route)


def _takes_gzip(wanted: str) -> bool:
    """Return whether Accept-Encoding has gzip, by name or by `*`, with a weight that is not nought."""
    weights: dict[str, bool] = {}
    for each in wanted.lower().split(","):
        name, _, rest = each.partition(";")
        weights[name.strip()] = not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", rest)
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", False)))


def json_answer(status: int, record: object, *, route: str, headers: Headers = (), lasting: bool = True) -> Answer:
    """Return a record as an answer in JSON."""
    body = (json.dumps(record, ensure_ascii=False, indent=2) + "\n").encode()
    return Answer(status, (("Content-Type", "application/json"), *headers), body, route=route, lasting=lasting)


def problem(status: int, error: str, hint: str, *, route: str, headers: Headers = ()) -> Answer:
    """Return what went wrong, and what to ask instead."""
    kept = () if any(name == "Cache-Control" for name, _ in headers) else (("Cache-Control", "no-store"),)
    return json_answer(status, {"error": error, "hint": hint}, route=route, headers=(*PUBLIC, *kept, *headers))
