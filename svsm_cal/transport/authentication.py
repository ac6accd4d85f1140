"""The receiving servers' checks of a mail's sender: the Authentication-Results header field (RFC 8601)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_MOST_HEADERS = 20
_MOST_RESULTS = 30
_RESULT = re.compile(r"\s*([a-z0-9-]{1,40})(?:\s*/\s*\d+)?\s*=\s*([a-z]{1,40})(?![a-z0-9-])", re.IGNORECASE | re.ASCII)
_PROPERTY = re.compile(r'([a-z0-9-]{1,40}\.[a-z0-9_-]{1,40})\s*=\s*("[^"]*"|[^\s;"]+)', re.IGNORECASE | re.ASCII)
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
# The property that names the domain which a method checked.
_SPEAKS_OF = {
    "dkim": ("header.d", "header.i"),
    "dmarc": ("header.from",),
    "spf": ("smtp.mailfrom", "smtp.helo"),
}


class MethodResult(Value):
    """The result of one method: `dmarc`, `pass`, and the domain that it checked, all in lower case; "" if not given."""

    method: str
    result: str
    domain: str


def read_results(values: Sequence[str], trusts: Collection[str]) -> tuple[MethodResult, ...]:
    """Return the results that trusted servers wrote into a mail's Authentication-Results, the topmost first.

    For each method only the topmost field with a result counts: fields that a sender forged are below the server's own.

    >>> read_results(["mx.example.org; dmarc=pass (p=none) header.from=Example.net"], ["mx.example.org"])
    (MethodResult(method='dmarc', result='pass', domain='example.net'),)
    """
    trusted = {each.strip().lower() for each in trusts}
    found: list[MethodResult] = []
    for value in values[:_MOST_HEADERS]:
        first, *rest = _resinfo(value)
        words = first.split()
        if "=" in first:  # Exchange Online names no server
            words, rest = [], [first, *rest]
        if (words[0].strip('"').lower() if words else "") in trusted:
            known = {each.method for each in found}
            results = filter(None, map(_result, rest[:_MOST_RESULTS]))
            found += (each for each in results if each.method not in known)
    return tuple(found)


def without_comments(text: str) -> str:
    """Return a header field's text without comments, including nested ones (RFC 5322 section 3.2.2)."""
    return ";".join(_resinfo(text))


def _resinfo(text: str) -> list[str]:
    """Split a text at semicolons outside quotes and comments, and drop the comments; a quote in a comment has no meaning."""
    kept: list[list[str]] = [[]]
    depth, quoted, escaped = 0, False, False
    for each in text:
        if escaped or each == "\\":
            escaped = not escaped
            if not depth:
                kept[-1].append(each)
        elif quoted or (each == '"' and not depth):
            quoted ^= each == '"'
            kept[-1].append(each)
        elif each == "(":
            depth += 1
        elif each == ")" and depth:
            depth -= 1
        elif each == ";" and not depth:
            kept.append([])
        elif not depth:
            kept[-1].append(each)
    return ["".join(each) for each in kept]


def _result(text: str) -> MethodResult | None:
    head = _RESULT.match(text)
    if head is None:
        return None
    method = head[1].lower()
    properties: dict[str, str] = {}
    for name, value in _PROPERTY.findall(text):
        properties.setdefault(name.lower(), value.strip('"').lower())
    named = next((properties[each] for each in _SPEAKS_OF.get(method, ()) if each in properties), "")
    domain = named.rpartition("@")[2].rstrip(".")
    return MethodResult(method, head[2].lower(), domain if _DOMAIN.fullmatch(domain) else "")
