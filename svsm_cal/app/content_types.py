"""What each published file is served as: its type, and for how long a copy may be shown without asking."""

from __future__ import annotations

from svsm_cal.value import Value

__all__ = ["Media", "is_personal_feed", "media_of"]


class Media(Value):
    """A media type, what kind of file it is, and the seconds for which it may be kept."""

    type: str
    kind: str
    seconds: int

    def headers(self, path: str, *, whose: str) -> tuple[tuple[str, str], ...]:
        """Return the headers that go with a file; `whose` is `public` or `private`."""
        found = (("Content-Type", self.type), ("Cache-Control", f"{whose}, max-age={self.seconds}"))
        name = path.rpartition("/")[2]
        return (*found, ("Content-Disposition", f'inline; filename="{name}"')) if self.kind == "feed" else found


# Ending -> what it is; all text is UTF-8.
_MEDIA = {
    "ics": Media("text/calendar; charset=utf-8", "feed", 300),
    "html": Media("text/html; charset=utf-8", "page", 60),
    "json": Media("application/json", "data", 60),
    "atom": Media("application/atom+xml; charset=utf-8", "data", 60),
    "xml": Media("application/atom+xml; charset=utf-8", "data", 60),
    "css": Media("text/css; charset=utf-8", "asset", 3600),
    "js": Media("text/javascript; charset=utf-8", "asset", 3600),
    "svg": Media("image/svg+xml", "asset", 3600),
    "png": Media("image/png", "asset", 3600),
    "ico": Media("image/x-icon", "asset", 3600),
    "txt": Media("text/plain; charset=utf-8", "asset", 3600),
    "webmanifest": Media("application/manifest+json", "asset", 3600),
}
_UNKNOWN = Media("application/octet-stream", "asset", 3600)


def media_of(path: str) -> Media:
    """Return what a published file is, by its ending."""
    return _MEDIA.get(path.rpartition(".")[2], _UNKNOWN)


def is_personal_feed(path: str) -> bool:
    """Return whether a file of a publication is somebody's own feed, whose path is a secret."""
    return path.startswith("p/") and path.endswith("/calendar.ics") and path.count("/") == 2
