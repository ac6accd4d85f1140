"""Keeps an application up to date with its calendar file, with other servers, and with the time.

It looks once a second and works in threads: a file that blocks delays neither requests nor the pages of the next quarter.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from svsm_cal.app.feed_history import FeedHistory
from svsm_cal.app.site_snapshot import moment_of
from svsm_cal.app.stores import default_store
from svsm_cal.engine.civil import Instant
from svsm_cal.errors import CalendarError, InputError, PublicationError, StoreError, SvsmCalError
from svsm_cal.web.responses import SiteResponses

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from svsm_cal.app.site_snapshot import SiteSource
    from svsm_cal.web.application import Application

_Result = TypeVar("_Result")
_CATCHING_UP, _CLOSING = 30, 2  # seconds
_AGAIN = timedelta(minutes=1)  # after a failure that may pass by itself


class Start:
    """The first snapshot of a source, and what is needed to keep it up to date.

    The revisions of feeds continue from `store`, or from the file beside the calendar where it is None; with `remember`
    false they are first revisions. Raises what `SiteSource.snapshot` does, but only warns where the file beside the
    calendar cannot be used.
    """

    def __init__(self, source: SiteSource, now: Instant, *, store: str | None = None, remember: bool = True) -> None:
        self.source, self.now = source, now
        self.history: FeedHistory | None = None
        self.fingerprint = source.fingerprint()
        text = source.text()
        if remember and source.folder is None:
            self.history = FeedHistory(store or default_store(source.path))
        try:
            snapshot = source.snapshot(text, now, history=self.history)
        except (StoreError, PublicationError) as error:
            if store is not None or self.history is None:
                raise
            hint = "readers may overlook the next change: let the folder be written, or give --store"
            print(f"svsm-cal: warning: {error}; feeds are first revisions ({hint})", file=sys.stderr, flush=True)  # noqa: T201
            self.history = None
            snapshot = source.snapshot(text, now)
        if self.history is not None:
            self.history.close()  # before any fork
        self.site = SiteResponses(snapshot)


class Reloader:
    """Gives an application its next snapshot when its calendar file changes, another server has, or time has passed.

    A file with errors is reported once, and the snapshot before stays.
    """

    def __init__(self, application: Application, start: Start) -> None:
        self._application, self._source, self._history = application, start.source, start.history
        self._fingerprint: tuple[object, ...] | None = start.fingerprint
        # Apart, as a file on a dead disk may block for ever.
        self._reading, self._making = ThreadPoolExecutor(1, "calendar-file"), ThreadPoolExecutor(1, "snapshot")
        self._one = asyncio.Lock()
        self._work = {"others": self._follow_others, "file": self._follow_file, "time": self._follow_time}
        self._looks: dict[str, asyncio.Task[None]] = {}
        self._paused: dict[str, Instant] = {}  # after a failure that may pass: until when
        self._told: dict[str, str] = {}

    async def catch_up(self, now: Instant) -> None:
        """Bring a worker that replaces a dead one up to date: it has the first snapshot of its supervisor."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_CATCHING_UP):
                for name, work in self._work.items():
                    await self._attempt(name, work, now)

    def look(self, now: Instant) -> None:
        """Begin to look for changes, unless the last look still lasts."""
        for name, work in self._work.items():
            if (name not in self._looks or self._looks[name].done()) and now >= self._paused.get(name, now):
                self._looks[name] = asyncio.create_task(self._attempt(name, work, now))

    async def close(self) -> None:
        """Stop looking, and close the connection to the store if the last look lets it."""
        for look in self._looks.values():
            look.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING):
                if self._history is not None:
                    await self._in(self._making, self._history.close)
        for thread in (self._reading, self._making):
            thread.shutdown(wait=False, cancel_futures=True)

    async def _attempt(self, name: str, work: Callable[[Instant], Awaitable[None]], now: Instant) -> None:
        try:
            await work(now)
        except Exception as error:  # noqa: BLE001 - the server survives any error
            self._report(name, error, now)
        else:
            self._told.pop(name, None)

    async def _follow_file(self, now: Instant) -> None:
        fingerprint, text = await self._in(self._reading, self._read)
        if text is not None:
            self._fingerprint = fingerprint
            await self._make(now, text)

    def _read(self) -> tuple[tuple[object, ...], str | None]:
        fingerprint = self._source.fingerprint()
        return fingerprint, None if fingerprint == self._fingerprint else self._source.text()

    async def _follow_others(self, now: Instant) -> None:
        if self._history is not None and await self._in(self._making, self._history.has_news):
            await self._make(now, follow=True)

    async def _follow_time(self, now: Instant) -> None:
        served = self._application.snapshot
        if await self._in(self._making, moment_of, served.calendar, now) != served.at:
            await self._make(now)

    async def _make(self, now: Instant, text: str | None = None, *, follow: bool = False) -> None:
        """Serve the next snapshot: of the calendar file's `text`, of what another server has recorded, or of the same."""
        async with self._one:
            site = await self._in(self._making, self._next, now, text, follow, self._application.site)
            self._application.adopt(site, None if text is None else now)
            self._application.counters.count("reloads_total")

    def _next(self, now: Instant, text: str | None, follow: bool, before: SiteResponses) -> SiteResponses:  # noqa: FBT001
        make = partial(self._source.snapshot, before=before.snapshot, history=self._history)
        if not follow or self._history is None:
            return SiteResponses(make(before.snapshot.text if text is None else text, now), before)
        version, text, recorded = self._history.follow()
        site = SiteResponses(make(text, now, recorded=recorded), before)
        self._history.version = version
        return site

    async def _in(self, thread: ThreadPoolExecutor, work: Callable[..., _Result], *args: object) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(thread, work, *args)

    def _report(self, name: str, error: Exception, now: Instant) -> None:
        if isinstance(error, CalendarError):
            said = "\n".join(map(str, error.findings))
        else:
            if not isinstance(error, InputError):  # a file that is missing may be back in a second
                self._paused[name] = Instant(now + _AGAIN)
            if name == "file":
                self._fingerprint = None
            known = isinstance(error, (SvsmCalError, OSError))
            said = str(error) if known else "".join(traceback.format_exception(error)).rstrip()
        if name == "file":
            self._application.reject(error, self._source.path)
        if said != self._told.get(name):
            self._told[name] = said
            self._application.counters.count("failed_reloads_total")
            print(f"{said}\nsvsm-cal: the site is served as it was before", file=sys.stderr, flush=True)  # noqa: T201
