"""Which response a request gets: a file of the site snapshot, an API look-up, /health or /metrics.

No connections and no clock: `asgi.py` passes the requests and the time.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import svsm_cal
from svsm_cal.engine.civil import Instant
from svsm_cal.engine.tzdb import tz_database
from svsm_cal.errors import CalendarError, Finding, SvsmCalError
from svsm_cal.render.records import finding_record, instant_text
from svsm_cal.value import Value, replace
from svsm_cal.web.api import ROUTES, NotThere, Route
from svsm_cal.web.openapi import document
from svsm_cal.web.query import BadRequest, read_query
from svsm_cal.web.responses import PERSONAL, PUBLIC, Resource, Response, SiteResponses, json_response, problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from svsm_cal.core.model import Calendar
    from svsm_cal.web.metrics import Counters

METHODS = ("GET", "HEAD", "OPTIONS")
_STALE = timedelta(hours=1)
_LONGEST_QUERY = 2048
_MOST_KEPT = 4 << 20  # bytes of API answers kept until the minute is over
_ENTRY = 1024  # bytes that an entry takes beside its question and answer
_ADDRESS = re.compile(r"[^\s<>\"']+@[^\s<>\"']+")
_ALLOW = (("Allow", ", ".join(METHODS)),)
_API = (("Content-Type", "application/json"), ("Cache-Control", "public, max-age=60"), *PUBLIC)
_PREFLIGHT = (
    ("Access-Control-Allow-Methods", ", ".join(METHODS)),
    ("Access-Control-Allow-Headers", "If-None-Match, If-Modified-Since, If-Match, If-Unmodified-Since"),
    ("Access-Control-Max-Age", "86400"),
)


class Lookup(Value):
    """An API question that is not answered yet; `answer` may take a while."""

    calendar: Calendar
    now: Instant
    route: Route
    query: str

    def answer(self) -> Resource | Response:
        """Return the answer, or a response that says what is wrong with the question."""
        try:
            asked = read_query(self.query, self.route.parameters)
            record = self.route.record(self.calendar, self.now, asked)
        except BadRequest as error:
            return problem(400, error.error, error.hint, route="api")
        except NotThere as error:
            said, _, hint = str(error).partition(": ")
            return problem(404, said, hint, route="api")
        return Resource(json_response(200, record, route="api").body, _API, route="api")


class Application:
    """Everything that is served; `adopt`, `reject` and `tick` change it."""

    def __init__(self, site: SiteResponses, now: Instant, counters: Counters) -> None:
        self.counters = counters
        self.now = Instant(now.replace(second=0, microsecond=0))
        self._findings: tuple[Finding, ...] = ()
        self._broken = False
        self._kept: dict[tuple[str, str], Resource] = {}
        self._kept_bytes = 0
        self._document = Resource(json_response(200, document(svsm_cal.__version__), route="api").body, _API, route="api")
        self._own = {"/health": self._health, "/metrics": self._metrics}
        self.adopt(site, now)

    # --- changes ---

    def adopt(self, site: SiteResponses, loaded: Instant | None = None) -> None:
        """Serve another snapshot; `loaded` is when its calendar file was read, None if it is the one from before."""
        self.site, self.snapshot, self.calendar = site, site.snapshot, site.snapshot.calendar
        self._forget()
        if loaded is not None:
            self.loaded = loaded
            self._findings, self._broken = (), False

    def reject(self, error: Exception, path: str) -> None:
        """Keep serving the same snapshot, and let /health say what is wrong with the next one."""
        self._broken = True
        name = os.path.basename(path)
        if isinstance(error, CalendarError):
            self._findings = tuple(_without_addresses(each, name) for each in error.findings)
        else:
            said = str(error) if isinstance(error, SvsmCalError) else "it cannot be made: see the server's log"
            finding = Finding("error", name, 1, 1, "unreadable", said.replace(path, name))
            self._findings = (_without_addresses(finding, name),)

    def tick(self, now: Instant) -> None:
        """Begin another minute: the API answers for the beginning of the current one."""
        self.now = now
        self._forget()

    def keep(self, lookup: Lookup, resource: Resource) -> None:
        """Keep an answer until the minute is over, as far as there is room."""
        if (lookup.now, lookup.calendar) != (self.now, self.calendar):
            return
        size = resource.size + len(lookup.query) + _ENTRY
        if self._kept_bytes + size > _MOST_KEPT:
            self._forget()
        if size <= _MOST_KEPT:
            self._kept[lookup.route.path, lookup.query] = resource
            self._kept_bytes += size

    def _forget(self) -> None:
        self._kept.clear()
        self._kept_bytes = 0

    # --- requests ---

    def respond(self, method: str, path: str, query: bytes, asked: Mapping[bytes, bytes]) -> Response | Lookup:
        """Return the response, or the look-up that leads to it; `asked` are the headers. HEAD gets what GET gets."""
        resource = self.site.find(path)
        if method not in {"GET", "HEAD"}:
            return self._other_method(method, path, there=resource is not None)
        if resource is not None:
            return resource.choose(asked)
        if path in ROUTES:
            text = query.decode("latin-1")
            if len(text) > _LONGEST_QUERY:
                return problem(400, f"the query has more than {_LONGEST_QUERY} characters", "ask for less", route="api")
            kept = self._kept.get((path, text))
            return Lookup(self.calendar, self.now, ROUTES[path], text) if kept is None else kept.choose(asked)
        if path in self._own:
            return self._own[path]()
        if path == "/api/openapi.json":
            return self._document.choose(asked)
        if path in self.site.folders:
            # A relative address: right whatever this is published under.
            headers = (("Location", f"{path.rpartition('/')[2]}/"), ("Cache-Control", "no-store"), *PUBLIC)
            return Response(308, headers, b"", route="other")
        return _nothing(path)

    def _other_method(self, method: str, path: str, *, there: bool) -> Response:
        personal = path.startswith(PERSONAL)
        if method == "OPTIONS":
            # The same for every path of a kind, so that it tells nothing about any.
            return Response(204, _ALLOW if personal else (*_ALLOW, *PUBLIC, *_PREFLIGHT), b"", route="other")
        if there or path in ROUTES or path in self._own or path == "/api/openapi.json":
            hint = "everything here is only read: use GET"
            return problem(405, "this method is not allowed", hint, route="other", headers=_ALLOW, public=not personal)
        return _nothing(path)

    # --- state ---

    @property
    def status(self) -> str:
        """Return `ok`; `degraded` if the calendar file is broken; `stale` if the pages have not moved on for an hour."""
        if self.now - self.snapshot.at > _STALE:
            return "stale"
        return "degraded" if self._broken else "ok"

    def _health(self) -> Response:
        status = self.status
        record = {
            "status": status,
            "version": svsm_cal.__version__,
            "tz_database": tz_database().version,
            "calendar": {
                "state": "broken" if self._broken else "current",
                "loaded_utc": instant_text(self.loaded),
                "as_of_utc": instant_text(self.snapshot.at),
                "findings": [finding_record(each) for each in self._findings],
            },
        }
        headers = (("Cache-Control", "no-store"), *PUBLIC)
        return json_response(503 if status == "stale" else 200, record, route="health", headers=headers)

    def _metrics(self) -> Response:
        gauges = {
            "calendar_broken": ("1 if the calendar file has errors and an earlier one is served.", float(self._broken)),
            "calendar_loaded_timestamp_seconds": ("When the calendar was read.", self.loaded.timestamp()),
            "snapshot_timestamp_seconds": ("The instant that the pages show.", self.snapshot.at.timestamp()),
        }
        labels = {"version": svsm_cal.__version__, "tz_database": tz_database().version}
        text = self.counters.text(gauges, labels)
        headers = (("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Cache-Control", "no-store"))
        return Response(200, headers, text.encode(), route="metrics")


@lru_cache(256)
def path_for_log(path: str) -> str:
    """Return a path without anything that is, or looks like, a token."""
    if path.startswith(PERSONAL):
        return f"{PERSONAL}..."
    shown = re.sub(r"[A-Za-z2-7]{20,}", "...", path[:2048])
    return re.sub(r"[^\x21-\x7e]", "?", shown)[:200]


def _nothing(path: str) -> Response:
    if path.startswith("/api"):
        return problem(404, "there is no such look-up", f"ask {', '.join(ROUTES)}, or /api/openapi.json", route="other")
    if path.startswith(PERSONAL):
        return problem(404, "nothing is published there", "ask for your feed's address", route="personal", public=False)
    return problem(404, "nothing is published there", "begin at /", route="other")


def _without_addresses(finding: Finding, name: str) -> Finding:
    """Return a finding as everybody may see it: without folders and e-mail addresses."""
    return replace(finding, file=name, message=_ADDRESS.sub("...", finding.message), hint=_ADDRESS.sub("...", finding.hint))
