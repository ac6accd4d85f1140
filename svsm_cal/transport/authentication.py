"""What the receiving servers found out about a mail's sender (RFC 8601, Authentication-Results)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["MethodResult", "read_results", "without_comments"]

_MOST_HEADERS = 20
_MOST_RESULTS = 30
_RESULT = re.compile(r"\s*([a-z0-9-]{1,40})(?:\s*/\s*\d+)?\s*=\s*([a-z]{1,40})(?![a-z0-9-])", re.IGNORECASE | re.ASCII)
_PROPERTY = re.compile(r'([a-z0-9-]{1,40}\.[a-z0-9_-]{1,40})\s*=\s*("[^"]*"|[^\s;"]+)', re.IGNORECASE | re.ASCII)
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
# Which property names the domain that a method speaks of.
_SPEAKS_OF = {
    "dkim": ("header.d", "header.i"),
    "dmarc": ("header.from",),
    "spf": ("smtp.mailfrom", "smtp.helo"),
}


class MethodResult(Value):
    """What one method found: `dmarc`, `pass`, and the domain it speaks of, all in lower case; "" for none."""

    method: str
    result: str
    domain: str


def read_results(values: Sequence[str], trusts: Collection[str]) -> tuple[MethodResult, ...]:
    """Return the results in a mail's Authentication-Results, the topmost first, that trusted servers wrote.

    Of each method the topmost header that names it counts alone: what a sender put there in the server's name is below.

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
    """Return a header's text without its comments, nested ones too (RFC 5322 section 3.2.2)."""
    return ";".join(_resinfo(text))


def _resinfo(text: str) -> list[str]:
    """Return what semicolons outside of quotes and comments divide; in a comment a quote is a character like others."""
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
