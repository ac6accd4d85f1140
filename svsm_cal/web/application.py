"""What is answered to whom: the edition that is served, the API, and how things stand.

It has no connections and no clock: it is told what is asked and how late it is. The server (`server.py`) and the ASGI
application (`asgi.py`) are two ways to ask it.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import svsm_cal
from svsm_cal.engine.civil import Instant
from svsm_cal.engine.tzdb import tz_database
from svsm_cal.errors import CalendarError, Finding, SvsmCalError
from svsm_cal.render.records import finding_record, instant_text
from svsm_cal.value import Value, replace
from svsm_cal.web.answers import PUBLIC, Answer, Resource, json_answer, problem
from svsm_cal.web.heads import METHODS, Refusal, Request
from svsm_cal.web.openapi import document
from svsm_cal.web.parameters import BadRequest, read_query
from svsm_cal.web.resources import PERSONAL
from svsm_cal.web.routes import ROUTES, NotThere, Route

if TYPE_CHECKING:
    from svsm_cal.core.model import Calendar
    from svsm_cal.web.counters import Counters
    from svsm_cal.web.resources import Resources

__all__ = ["Application", "Lookup"]

_STALE = timedelta(hours=1)
_KEPT_LOOKUPS = 512
_ADDRESS = re.compile(r"[^\s<>\"']+@[^\s<>\"']+")
_ALLOW = (("Allow", ", ".join(METHODS)),)
_API = (("Content-Type", "application/json"), ("Cache-Control", "public, max-age=60"), *PUBLIC)
_PREFLIGHT = (
    ("Access-Control-Allow-Methods", ", ".join(METHODS)),
    ("Access-Control-Allow-Headers", "If-None-Match, If-Modified-Since"),
    ("Access-Control-Max-Age", "86400"),
)


class Lookup(Value):
    """A question to the API that has yet to be worked out: `resource` does, and may take its time."""

    application: Application
    calendar: Calendar
    now: Instant
    route: Route
    request: Request

    def answer(self) -> Answer:
        """Work it out, keep it for whoever asks the same this minute, and return the answer."""
        found = self._resource()
        if isinstance(found, Answer):
            return found
        self.application.keep(self, found)
        return found.answer(self.request)

    def _resource(self) -> Resource | Answer:
        try:
            asked = read_query(self.request.query, self.route.parameters)
            record = self.route.record(self.calendar, self.now, asked)
        except BadRequest as error:
            return problem(400, error.error, error.hint, route="api")
        except NotThere as error:
            said, _, hint = str(error).partition(": ")
            return problem(404, said, hint, route="api")
        return Resource(json_answer(200, record, route="api").body, _API, route="api")


class Application:
    """Everything that is served; `adopt`, `reject` and `tick` tell it what changes."""

    def __init__(self, resources: Resources, now: Instant, counters: Counters) -> None:
        self.counters = counters
        self.now = Instant(now.replace(second=0, microsecond=0))
        self.ending = False
        self._findings: tuple[Finding, ...] = ()
        self._broken = False
        self._lookups: dict[tuple[str, str], Resource] = {}
        self._document = Resource(json_answer(200, document(svsm_cal.__version__), route="api").body, _API, route="api")
        self._own = {"/health": self._health, "/metrics": self._metrics}
        self.adopt(resources, now)

    # --- what changes ---

    def adopt(self, resources: Resources, loaded: Instant | None = None) -> None:
        """Serve another edition; with `loaded`, one of a calendar file that was read at that instant, and has no error."""
        self.resources, self.edition, self.calendar = resources, resources.edition, resources.edition.calendar
        self._lookups.clear()
        if loaded is not None:
            self.loaded = loaded
            self._findings, self._broken = (), False

    def reject(self, error: Exception, path: str) -> None:
        """Keep what is served, and say what is wrong with what was to follow it."""
        self._broken = True
        name = os.path.basename(path)
        if isinstance(error, CalendarError):
            self._findings = tuple(_seemly(each, name) for each in error.findings)
        else:
            said = str(error) if isinstance(error, SvsmCalError) else "it cannot be made: see the server's log"
            self._findings = (_seemly(Finding("error", name, 1, 1, "unreadable", said.replace(path, name)), name),)

    def tick(self, now: Instant) -> None:
        """Go on to another minute: what the API says is of that."""
        self.now = now
        self._lookups.clear()

    def keep(self, lookup: Lookup, resource: Resource) -> None:
        """Keep what has been worked out, until the minute is over."""
        if len(self._lookups) < _KEPT_LOOKUPS and (lookup.now, lookup.calendar) == (self.now, self.calendar):
            self._lookups[lookup.route.path, lookup.request.query] = resource

    # --- what is asked ---

    def answer(self, request: Request) -> Answer | Lookup:
        """Return the answer, or the look-up that gives it. HEAD is answered as GET is: the body is the caller's to omit."""
        path = request.path
        resource = self.resources.find(path)
        if resource is None and path == "/api/openapi.json":
            resource = self._document
        if request.method not in {"GET", "HEAD"}:
            return self._other_method(request, there=resource is not None or path in ROUTES or path in self._own)
        if resource is not None:
            return resource.answer(request)
        if path in ROUTES:
            known = self._lookups.get((path, request.query))
            if known is not None:
                return known.answer(request)
            return Lookup(self, self.calendar, self.now, ROUTES[path], request)
        if path in self._own:
            return self._own[path]()
        if path in self.resources.moved:
            # A relative address: right whatever this is published under.
            where = f"{path.rpartition('/')[2]}/"
            return Answer(308, (("Location", where), ("Cache-Control", "no-store"), *PUBLIC), b"", route="other")
        return self._nothing(path)

    @staticmethod
    def refuse(refusal: Refusal) -> Answer:
        """Return the answer to what is no request."""
        return problem(refusal.status, refusal.error, refusal.hint, route="other")

    @staticmethod
    def _other_method(request: Request, *, there: bool) -> Answer:
        if request.method == "OPTIONS":
            # The same for every path of a kind, so that it tells nothing about any.
            return Answer(
                204, (*_ALLOW, *(() if request.path.startswith(PERSONAL) else (*PUBLIC, *_PREFLIGHT))), b"", route="other"
            )
        if not there:
            return problem(404, "nothing is published there", "begin at /", route="other")
        hint = "what is served is only read: use GET"
        return problem(405, "this method is not taken", hint, route="other", headers=_ALLOW)

    @staticmethod
    def _nothing(path: str) -> Answer:
        if path.startswith("/api"):
            return problem(404, "there is no such look-up", f"ask {', '.join(ROUTES)}, or /api/openapi.json", route="other")
        if path.startswith(PERSONAL):
            return _without_sharing(problem(404, "nothing is published there", "ask for your feed's address", route="personal"))
        return problem(404, "nothing is published there", "begin at /", route="other")

    def said(self, request: Request, answer: Answer) -> str:
        """Return what the log says was asked: never a query, never a token, not even one that is misspelt."""
        method = request.method if request.method in METHODS else "OTHER"
        return f"{method} {said_path(request.path)} {answer.status}"

    # --- how things stand ---

    @property
    def status(self) -> str:
        """Return `ok`; `degraded` where the calendar file is broken; `stale`, or `ending`, where not to send anybody."""
        if self.ending:
            return "ending"
        if self.now - self.edition.at > _STALE:
            return "stale"
        return "degraded" if self._broken else "ok"

    def _health(self) -> Answer:
        status = self.status
        record = {
            "status": status,
            "version": svsm_cal.__version__,
            "tz_database": tz_database().version,
            "calendar": {
                "state": "broken" if self._broken else "current",
                "loaded_utc": instant_text(self.loaded),
                "as_of_utc": instant_text(self.edition.at),
                "findings": [finding_record(each) for each in self._findings],
            },
        }
        code = 503 if status in {"stale", "ending"} else 200
        return json_answer(code, record, route="health", headers=(("Cache-Control", "no-store"), *PUBLIC), lasting=False)

    def _metrics(self) -> Answer:
        gauges = {
            "calendar_broken": ("1 if the calendar file has errors and an earlier one is served.", float(self._broken)),
            "calendar_loaded_timestamp_seconds": ("When the calendar was read.", self.loaded.timestamp()),
            "edition_timestamp_seconds": ("The instant that the pages are of.", self.edition.at.timestamp()),
        }
        labels = {"version": svsm_cal.__version__, "tz_database": tz_database().version}
        text = self.counters.text(gauges, labels)
        headers = (("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Cache-Control", "no-store"))
        return Answer(200, headers, text.encode(), route="metrics", lasting=False)


def said_path(path: str) -> str:
    """Return a path as it may be written down: without what is, or looks like, a token."""
    if path.startswith(PERSONAL):
        return f"{PERSONAL}..."
    shown = re.sub(r"[A-Za-z2-7]{20,}", "...", path)
    return re.sub(r"[^\x21-\x7e]", "?", shown)[:200]


def _without_sharing(answer: Answer) -> Answer:
    answer.headers = tuple(each for each in answer.headers if not each[0].startswith("Access-Control-"))
    return answer


def _seemly(finding: Finding, name: str) -> Finding:
    """Return a finding as everybody may see it: without folders, and without anybody's address."""
    return replace(finding, file=name, message=_ADDRESS.sub("...", finding.message), hint=_ADDRESS.sub("...", finding.hint))
