"""The same answers as an ASGI application, for those who run one already: `uvicorn svsm_cal.web.asgi:app --factory`.

The calendar file is SVSM_CAL_CALENDAR's, and the secret SVSM_CAL_SECRET_FILE's or SVSM_CAL_SECRET's, as for the command
line. It may be mounted below a path. Connections, time-outs and the access log are the ASGI server's affair: its log
should leave out paths below /p/, where the addresses are secrets.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from datetime import UTC, datetime
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from svsm_cal.app.editions import Source
from svsm_cal.app.secret import read_secret
from svsm_cal.engine.civil import Instant, epoch_seconds
from svsm_cal.web.application import Application, Lookup
from svsm_cal.web.counters import Counters
from svsm_cal.web.heads import Request
from svsm_cal.web.refresh import Refresher
from svsm_cal.web.resources import Resources

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from svsm_cal.web.answers import Answer

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

__all__ = ["AsgiApplication", "app"]


def _present() -> Instant:
    return Instant(datetime.now(UTC).replace(microsecond=0))  # noqa: TID251 - the web's edge, where there is no cli


def app() -> AsgiApplication:
    """Return the application that the environment describes; raises what `load` does."""
    source = Source(
        os.path.abspath(os.environ.get("SVSM_CAL_CALENDAR", "calendar.toml")),
        read_secret(os.environ.get("SVSM_CAL_SECRET_FILE")),
        os.environ.get("SVSM_CAL_SITE"),
    )
    return AsgiApplication(source, _present)


class AsgiApplication:
    """An ASGI 3 application; it reads the calendar at once, and goes on with it from the first request on."""

    def __init__(self, source: Source, clock: Callable[[], Instant]) -> None:
        now = clock()
        mark = source.mark()
        self._clock = clock
        self._application = Application(Resources(source.edition(source.calendar(now), now)), now, Counters())
        self._refresher = Refresher(self._application, source, mark)
        self._beating: asyncio.Task[None] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or the server's beginning and end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            if self._beating is None:  # mounted in an application that does not pass on its lifespan
                self._beating = asyncio.create_task(self._beat())
            answer = await self._answer(scope)
            await self._send(scope["method"], answer, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._beating = asyncio.create_task(self._beat())
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if self._beating is not None:
                    self._beating.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await self._beating
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _beat(self) -> None:
        while True:
            now = self._clock()
            minute = Instant(now.replace(second=0))
            if minute != self._application.now:
                self._application.tick(minute)
            self._refresher.look(now, lambda: None)
            await asyncio.sleep(1)

    async def _answer(self, scope: Message) -> Answer:
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        headers: dict[str, str] = {}
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        request = Request(scope["method"], path or "/", scope["query_string"].decode("latin-1"), headers)
        found = self._application.answer(request)
        answer = await asyncio.to_thread(found.answer) if isinstance(found, Lookup) else found
        self._application.counters.slots[Counters.slot(answer.route, answer.status)] += 1
        return answer

    async def _send(self, method: str, answer: Answer, send: Send) -> None:
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
        headers.append((b"date", formatdate(epoch_seconds(self._clock()), usegmt=True).encode("ascii")))
        if answer.status not in {204, 304}:
            headers.append((b"content-length", str(len(answer.body)).encode("ascii")))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})
