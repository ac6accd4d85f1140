"""The head of a request, read as RFC 9112 has it, and no other way.

Two readers of the same bytes that see two different requests are how requests are smuggled, so whatever the grammar
does not allow is refused: a bare CR or LF, a folded line, a space before a colon, a second Host, NUL. And a request has
no content here, since nothing that is served takes any: one that announces content is refused and its connection closed,
so that content is never mistaken for the next request.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LONGEST_HEAD", "METHODS", "Refusal", "Request", "path_of", "read_head"]

LONGEST_HEAD = 8192
LONGEST_TARGET = 2048
METHODS = ("GET", "HEAD", "OPTIONS")

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_LINE = re.compile(rb"(" + _TOKEN + rb") ([\x21-\x7e]+) HTTP/(\d)\.(\d)\r\n")
_FIELD = re.compile(rb"(" + _TOKEN + rb"):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*\r\n")
_HOST = re.compile(r"(?:[A-Za-z0-9._~%!$&'()*+,;=-]*|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?")
_ABSOLUTE = re.compile(r"https?://[^/?#]+", re.IGNORECASE)
# What these say is only heard once; anything else that stands twice is a list (RFC 9110 section 5.3).
_SINGLE = frozenset({"host", "content-length", "transfer-encoding", "if-modified-since"})


class Request(Value):
    """What is asked: the path decoded and the query as it came; `headers` are lower case, and `keep` is whether to go on."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    keep: bool = False


class Refusal(Value):
    """Why a request is not even looked at, as a status, and what to do about it. The connection is closed after it."""

    status: int
    error: str
    hint: str


def _bad(error: str, hint: str = "send HTTP/1.1 as RFC 9112 has it") -> Refusal:
    return Refusal(400, error, hint)


def read_head(head: bytes) -> Request | Refusal:
    """Return the request of a head, given with the empty line that ends it (RFC 9112 sections 2 to 6)."""
    line = _LINE.match(head)
    if line is None:
        return _bad("the first line is no request line")
    method, target = line[1].decode("ascii"), line[2].decode("ascii")
    if line[3] != b"1":
        return Refusal(505, "only HTTP/1.0 and HTTP/1.1 are spoken here", "send HTTP/1.1")
    headers = _fields(head, line.end())
    if isinstance(headers, Refusal):
        return headers
    current = line[4] != b"0"
    wrong = _content(headers) or _host(headers, current=current)
    if wrong is not None:
        return wrong
    if len(target) > LONGEST_TARGET:
        return Refusal(414, f"the address has more than {LONGEST_TARGET} characters", "ask for less at once")
    where = path_of("/" if target == "*" and method == "OPTIONS" else target)
    if where is None:
        return _bad("the address is neither a path nor a URL", "begin it with /")
    wishes = {each.strip().lower() for each in headers.get("connection", "").split(",")}
    keep = current and "close" not in wishes
    return Request(method, *where, headers, keep)


def path_of(target: str) -> tuple[str, str] | None:
    """Return a target's decoded path and its raw query, None for what has no path or one that is no text."""
    absolute = _ABSOLUTE.match(target)
    if absolute is not None:
        target = target[absolute.end() :]
        target = target if target.startswith("/") else f"/{target}"
    path, _, query = target.partition("?")
    if not path.startswith("/"):
        return None
    try:
        decoded = unquote_to_bytes(path).decode() if "%" in path else path
    except UnicodeDecodeError:
        return None
    return (decoded, query) if decoded.isprintable() else None


def _fields(head: bytes, at: int) -> dict[str, str] | Refusal:
    headers: dict[str, str] = {}
    end = len(head) - 2
    while at < end:
        field = _FIELD.match(head, at)
        if field is None:
            return _bad("a header line is malformed")
        name, value = field[1].decode("ascii").lower(), field[2].decode("latin-1")
        if name in headers and name in _SINGLE:
            return _bad(f"the header {name} stands twice")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
        at = field.end()
    return headers if head[at:] == b"\r\n" else _bad("a header line is malformed")


def _content(headers: Mapping[str, str]) -> Refusal | None:
    length = headers.get("content-length")
    if "transfer-encoding" in headers:
        return _bad("a request with content is not taken", "send no Transfer-Encoding")
    if length is not None and not re.fullmatch(r"[0-9]+", length):
        return _bad("Content-Length is no number", "send no Content-Length")
    if length is not None and length.strip("0"):
        return Refusal(413, "a request with content is not taken", "send GET without content")
    return None


def _host(headers: Mapping[str, str], *, current: bool) -> Refusal | None:
    host = headers.get("host")
    if host is None:
        return _bad("there is no Host header", "name the host that is asked") if current else None
    return None if _HOST.fullmatch(host) else _bad("the Host header names no host")
