"""The links that pages and feeds of news carry: none that might run a script, and every way to take a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.core.model import Calendar, Occurrence

__all__ = ["FeedLinks", "base_of", "feed_links", "minutes_link", "safe_link"]

_SCHEMES = ("https://", "http://", "ircs://", "irc://", "matrix:", "xmpp:", "tel:", "sip:", "sips:")


class FeedLinks(Value):
    """The ways to take a feed: `https` and the others are None where the calendar's address is not known."""

    kind: str
    title: str
    path: str
    https: str | None
    webcal: str | None
    google: str | None
    outlook: str | None


def safe_link(url: str | None) -> str | None:
    """Return a link that may be followed, None for one that might run a script or is none.

    >>> safe_link("javascript:alert(1)") is None
    True
    """
    return url if url is not None and url.lower().startswith(_SCHEMES) else None


def base_of(calendar: Calendar) -> str | None:
    """Return the address the site is published under, ending in a slash; None if that is not known."""
    url = safe_link(calendar.url)
    if url is None or not url.lower().startswith("http") or "?" in url or "#" in url:
        return None
    return f"{url.rstrip('/')}/"


def feed_links(calendar: Calendar, kind: str, title: str, path: str) -> FeedLinks:
    """Return the links of a feed at a path of the site, for each program that takes one."""
    base = base_of(calendar)
    if base is None:
        return FeedLinks(kind, title, path, None, None, None, None)
    https = f"{base}{path}"
    webcal = f"webcal://{https.partition('://')[2]}"
    name = f"{calendar.name}: {title}" if kind != "all_calls" else calendar.name
    return FeedLinks(
        kind,
        title,
        path,
        https,
        webcal,
        f"https://calendar.google.com/calendar/render?cid={quote(webcal, safe='')}",
        f"https://outlook.live.com/calendar/0/addfromweb?url={quote(https, safe='')}&name={quote(name, safe='')}",
    )


def minutes_link(call: Occurrence) -> str | None:
    """Return where a call's minutes are, None where nothing says so."""
    template = call.details.minutes
    return safe_link(template.replace("{date}", call.start.date().isoformat())) if template else None
