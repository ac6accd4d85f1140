"""The ASGI 3 application: passes requests and time to `Application`, writes the access log, reloads once a second.

It runs on any ASGI server, also below a path of another application. Connections, time-outs and the size of heads are
that server's work; its own access log should be off, as it would contain secret addresses.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import queue
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from svsm_cal.app.secret import read_secret
from svsm_cal.app.site_snapshot import SiteSource
from svsm_cal.engine.civil import Instant
from svsm_cal.render.records import instant_text
from svsm_cal.web.application import METHODS, Application, Lookup, path_for_log
from svsm_cal.web.metrics import Counters
from svsm_cal.web.reload import Reloader, Start
from svsm_cal.web.responses import Resource, Response, problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

_MOST_LOOKUPS = 64  # waiting for their turn
_MOST_SENDING = 32 << 20  # bytes of API answers on their way
_PART = 1 << 16  # bytes of a body handed over at once: a slow client makes the server keep no more
_MOST_LINES = 100_000  # of the log, waiting to be written
_LAST_SECONDS = 2  # for the last lines of the log


def from_environment() -> AsgiApplication:
    """Return the application that the environment variables describe; raises what `Start` does.

    SVSM_CAL_CALENDAR, SVSM_CAL_SECRET_FILE or SVSM_CAL_SECRET, SVSM_CAL_STORE and SVSM_CAL_SITE are what the options of
    `svsm-cal serve` are.
    """
    folder = os.environ.get("SVSM_CAL_SITE")
    source = SiteSource(
        os.path.abspath(os.environ.get("SVSM_CAL_CALENDAR", "calendar.toml")),
        read_secret(os.environ.get("SVSM_CAL_SECRET_FILE")),
        folder and os.path.abspath(folder),
    )
    start = Start(source, _present(), store=os.environ.get("SVSM_CAL_STORE"))
    return AsgiApplication(start, _present)


def _present() -> Instant:
    return Instant(datetime.now(UTC).replace(microsecond=0))  # noqa: TID251 - the web's edge, where there is no cli


class AccessLog:
    """Lines written to a file descriptor once a second, by a thread: a reader that stops reading holds up no request.

    `trusted` are the addresses of proxies whose X-Forwarded-For is believed.
    """

    def __init__(self, descriptor: int, trusted: frozenset[str] = frozenset()) -> None:
        self._descriptor, self._trusted = descriptor, trusted
        self._lines: list[str] = []
        self._written: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="access-log", daemon=True)
        self._thread.start()

    def add(
        self,
        time: str,
        client: Sequence[Any] | None,
        asked: Mapping[bytes, bytes],
        method: str,
        path: str,
        status: int,
        size: int,
    ) -> None:
        """Add a line, without secrets; `client` is address and port."""
        address = client[0] if client else "-"
        if address in self._trusted:
            address = self._forwarded(address, asked)
        shown = method if method in METHODS else "OTHER"
        self._lines.append(f"{time} {address} {shown} {path_for_log(path)} {status} {size}\n")

    def flush(self, counters: Counters) -> None:
        """Hand the lines over to be written; drop them where too many are waiting."""
        if self._lines and self._written.empty():
            self._written.put("".join(self._lines).encode())
            self._lines = []
        elif len(self._lines) > _MOST_LINES:
            counters.count("log_lines_dropped_total", len(self._lines))
            self._lines = []

    def close(self) -> None:
        """Write the last lines, if that is possible within two seconds."""
        self._written.put("".join(self._lines).encode())
        self._written.put(None)
        self._thread.join(_LAST_SECONDS)

    def _forwarded(self, peer: str, asked: Mapping[bytes, bytes]) -> str:
        """Return the last address in X-Forwarded-For that is not a trusted proxy's, else the peer's."""
        for each in reversed(asked.get(b"x-forwarded-for", b"").decode("latin-1").split(",")):
            address = each.strip()
            if address and address not in self._trusted:
                with suppress(ValueError):
                    return str(ipaddress.ip_address(address))
                return peer
        return peer

    def _write(self) -> None:
        while (data := self._written.get()) is not None:
            with suppress(OSError):  # nobody reads it any more
                while data:
                    data = data[os.write(self._descriptor, data) :]


class AsgiApplication:
    """The application of a `Start`; `clock` returns the present, `log` is an optional access log."""

    def __init__(
        self,
        start: Start,
        clock: Callable[[], Instant],
        *,
        counters: Counters | None = None,
        log: AccessLog | None = None,
    ) -> None:
        self.application = Application(start.site, start.now, counters or Counters())
        self._counters, self._clock, self._log = self.application.counters, clock, log
        self._reloader = Reloader(self.application, start)
        self._beating: asyncio.Task[None] | None = None
        # One thread: Python runs one at a time anyway, and prepared responses should not wait for several.
        self._lookups = ThreadPoolExecutor(1, "look-up")
        self._waiting = self._sending = 0
        self._time = instant_text(start.now)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or begin and end with the server."""
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        if self._beating is None:  # mounted in an application that does not pass on its lifespan
            self._beating = asyncio.create_task(self._beat())
        method, path, pairs = scope["method"], scope["path"], scope["headers"]
        if scope.get("root_path"):
            path = path.removeprefix(scope["root_path"]) or "/"
        asked = dict(pairs)
        if len(asked) != len(pairs):
            asked = _joined(pairs)
        found = self.application.respond(method, path, scope["query_string"], asked)
        response = found if isinstance(found, Response) else await self._look_up(found, asked)
        body = response.body if method != "HEAD" else b""
        self._counters.slots[response.slot] += 1
        if self._log is not None:
            self._log.add(self._time, scope.get("client"), asked, method, path, response.status, len(body))
        await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
        if len(body) <= _PART:
            await send({"type": "http.response.body", "body": body})
        else:
            await self._send_parts(body, send, own=found is not response)

    async def _other(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})

    async def _send_parts(self, body: bytes, send: Send, *, own: bool) -> None:
        """Send a large body as the client takes it; `own` says that it was made for this request alone."""
        size = len(body) if own else 0
        self._sending += size
        try:
            for at in range(0, len(body), _PART):
                more = at + _PART < len(body)
                await send({"type": "http.response.body", "body": body[at : at + _PART], "more_body": more})
        finally:
            self._sending -= size

    async def _look_up(self, lookup: Lookup, asked: Mapping[bytes, bytes]) -> Response:
        if self._waiting >= _MOST_LOOKUPS or self._sending > _MOST_SENDING:
            return problem(503, "too many questions at once", "ask again", route="api", headers=(("Retry-After", "1"),))
        self._waiting += 1
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._lookups, lookup.answer)
        except Exception as error:  # noqa: BLE001 - a fault of one look-up is that request's alone
            traceback.print_exception(error, file=sys.stderr)
            return problem(500, "this cannot be answered", "tell whoever runs the server", route="api")
        finally:
            self._waiting -= 1
        if isinstance(found, Resource):
            self.application.keep(lookup, found)
            return found.choose(asked)
        return found

    # --- the server's life ---

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._reloader.catch_up(self._clock())
                self._beating = asyncio.create_task(self._beat())
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if self._beating is not None:
                    self._beating.cancel()
                    await asyncio.wait({self._beating})
                if self._log is not None:
                    self._log.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _beat(self) -> None:
        """Once a second: the time, the log, and a look for changes."""
        try:
            while True:
                now = self._clock()
                self._time = instant_text(now)
                minute = Instant(now.replace(second=0))
                if minute != self.application.now:
                    self.application.tick(minute)
                if self._log is not None:
                    self._log.flush(self._counters)
                self._reloader.look(now)
                await asyncio.sleep(1)
        finally:
            await self._reloader.close()


def _joined(pairs: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return headers by name, the values of one that occurs several times as a list (RFC 9110 section 5.3)."""
    found: dict[bytes, bytes] = {}
    for name, value in pairs:
        found[name] = b"%b, %b" % (found[name], value) if name in found else value
    return found
