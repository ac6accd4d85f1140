"""What is served goes on with its file and with the time: looked at once a second, made anew beside what is served."""

from __future__ import annotations

import asyncio
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from svsm_cal.app.editions import moment_of
from svsm_cal.errors import CalendarError, SvsmCalError
from svsm_cal.web.resources import Resources

if TYPE_CHECKING:
    from collections.abc import Callable

    from svsm_cal.app.editions import Source
    from svsm_cal.core.civil import Instant
    from svsm_cal.web.application import Application

__all__ = ["Refresher"]


class Refresher:
    """Makes an application's next edition when its calendar file is another, or the time has gone on.

    A file with errors is told of, once, and what is served goes on with the calendar there was.
    """

    def __init__(self, application: Application, source: Source, mark: tuple[object, ...]) -> None:
        self._application, self._source, self._mark = application, source, mark
        self._thread = ThreadPoolExecutor(1, "edition")
        self._making: asyncio.Future[None] | None = None
        self._failed: tuple[object, ...] | None = None  # what could not be made is not tried again

    def look(self, now: Instant, changed: Callable[[], None]) -> None:
        """Begin to make the next edition if one is due; `changed` is called when it is served."""
        if self._making is not None and not self._making.done():
            return
        self._making = asyncio.ensure_future(self._go_on(now, changed))

    async def _go_on(self, now: Instant, changed: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        application = self._application
        try:
            mark, moment = await loop.run_in_executor(self._thread, self._look, now)
            read = mark != self._mark
            if (mark, moment) == self._failed or not (read or moment != application.edition.at):
                return
            self._mark, self._failed = mark, (mark, moment)
            made = await loop.run_in_executor(self._thread, self._make, now, read)
            self._failed = None
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, what is served goes on
            self._reject(error)
        else:
            application.adopt(made, now if read else None)
            application.counters.count("reloads_total")
        changed()

    def _look(self, now: Instant) -> tuple[tuple[object, ...], Instant]:
        return self._source.mark(), moment_of(self._application.calendar, now)

    def _make(self, now: Instant, read: bool) -> Resources:  # noqa: FBT001 - an executor gives by place
        calendar = self._source.calendar(now) if read else self._application.calendar
        before = self._application.resources
        return Resources(self._source.edition(calendar, now, before.edition), before)

    def _reject(self, error: Exception) -> None:
        self._application.reject(error, self._source.path)
        self._application.counters.count("failed_reloads_total")
        if isinstance(error, CalendarError):
            said = "\n".join(map(str, error.findings))
        elif isinstance(error, (SvsmCalError, OSError)):
            said = str(error)
        else:
            said = "".join(traceback.format_exception(error)).rstrip()
        print(f"{said}\nsvsm-cal: what was served before still is", file=sys.stderr, flush=True)  # noqa: T201
