"""The server: one event loop with its connections, what they share, and what is done once a second."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import Instant, epoch_seconds
from svsm_cal.render.records import instant_text
from svsm_cal.web.answers import Answer, problem
from svsm_cal.web.connection import Connection, Ready

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from svsm_cal.web.application import Application, Lookup
    from svsm_cal.web.heads import Request
    from svsm_cal.web.refresh import Refresher

__all__ = ["Server"]

GRACE_SECONDS = 10  # for what is under way when the server ends
_MOST_KNOWN, _LONGEST_KNOWN = 4096, 1024  # questions whose answer is kept, and their bytes
_MOST_LOOKUPS = 64  # that wait to be worked out
_MOST_LINES = 100_000  # of the log that wait to be written


class Server:
    """Serves an application on a socket; `run` returns when `stop` has been called and all is done.

    `trusted` are the addresses of proxies whose X-Forwarded-For is believed; `log` is the descriptor that the access log
    goes to, None for none.
    """

    def __init__(
        self,
        application: Application,
        refresher: Refresher,
        *,
        clock: Callable[[], Instant],
        trusted: frozenset[str] = frozenset(),
        log: int | None = None,
        most: int = 8192,
    ) -> None:
        self.application, self.counters = application, application.counters
        self.slots = self.counters.slots
        self.known: dict[bytes, Ready] = {}
        self.second = 0
        self.lines: list[str] | None = None if log is None else []
        self._clock, self._trusted, self._log, self._most = clock, trusted, log, most
        self._connections: set[Connection] = set()
        self._waiting = 0
        self._writing: asyncio.Future[None] | None = None
        self._stopped = asyncio.Event()
        self._refresher = refresher
        # One thread: the interpreter runs one at a time anyway, and what is served at once is not to wait for several.
        self._lookups = ThreadPoolExecutor(1, "look-up")
        self._writer = ThreadPoolExecutor(1, "log")
        self._minute = application.now
        self._set_time(clock())

    async def run(self, listener: socket.socket, begun: Callable[[], None]) -> None:
        """Serve until stopped; then finish what is under way, for ten seconds at most. `begun` is told of the beginning."""
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(lambda: Connection(self), sock=listener, backlog=2048)
        begun()
        beating = asyncio.ensure_future(self._beat())
        try:
            await self._stopped.wait()
        finally:
            listening.close()
            self.application.ending = True
            self.known.clear()
            for each in list(self._connections):
                each.end()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GRACE_SECONDS):
                    while self._connections:
                        await asyncio.sleep(0.02)
            for each in list(self._connections):
                each.abort()
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating
            self._lookups.shutdown(wait=False, cancel_futures=True)
            await self._flush()

    def stop(self) -> None:
        """Take no more, and end."""
        self._stopped.set()

    # --- once a second ---

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(1)
            self.second += 1
            now = self._clock()
            before, self._minute = self._minute, Instant(now.replace(second=0))
            self._set_time(now)
            if self._minute != before:
                self.application.tick(self._minute)
                self.known.clear()
            for each in list(self._connections):
                each.look()
            self._start_flush()
            self._refresher.look(now, self.known.clear)

    def _set_time(self, now: Instant) -> None:
        self.time = instant_text(now)
        self._minute = Instant(now.replace(second=0))
        self.stamp = f"Date: {formatdate(epoch_seconds(now), usegmt=True)}\r\n".encode("ascii")

    # --- connections ---

    def take(self, connection: Connection) -> bool:
        """Count a new connection among those there are; False where there are too many."""
        self.counters.count("connections_opened_total")
        self._connections.add(connection)
        if len(self._connections) > self._most or self.application.ending:
            self.counters.count("connections_refused_total")
            return False
        return True

    def leave(self, connection: Connection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)
        self.counters.count("connections_closed_total")

    # --- answers ---

    def ready(self, request: Request | None, answer: Answer, *, close: bool) -> Ready:
        """Return an answer in bytes."""
        said = self.application.said(request, answer) if request is not None else f"- - {answer.status}"
        bodiless = request is not None and request.method == "HEAD"
        slot = self.counters.slot(answer.route, answer.status)
        sent = 0 if bodiless else len(answer.body)
        return Ready(answer, f"{said} {sent}", slot, bodiless=bodiless, close=close)

    def remember(self, head: bytes, ready: Ready) -> None:
        """Keep the answer to what was asked in these bytes, until something changes."""
        if len(head) > _LONGEST_KNOWN or (self._trusted and self.lines is not None):
            return  # behind a proxy each head says who asks, and so does the log
        if len(self.known) >= _MOST_KNOWN:
            self.known.clear()
        self.known[head] = ready

    def client(self, peer: str, request: Request) -> str:
        """Return who asks: the last in X-Forwarded-For that no trusted proxy has the address of, if one tells us."""
        if peer not in self._trusted:
            return peer
        for each in reversed(request.headers.get("x-forwarded-for", "").split(",")):
            address = each.strip()
            if address and address not in self._trusted:
                return address if _is_address(address) else peer
        return peer

    def work_out(self, lookup: Lookup, deliver: Callable[[Answer], None]) -> None:
        """Work out a look-up beside what is served at once, and deliver its answer."""
        if self._waiting >= _MOST_LOOKUPS:
            busy = problem(503, "too many questions at once", "ask again", route="api", headers=(("Retry-After", "1"),))
            busy.lasting = False
            asyncio.get_running_loop().call_soon(deliver, busy)
            return
        self._waiting += 1
        future = asyncio.get_running_loop().run_in_executor(self._lookups, lookup.answer)

        def done(future: asyncio.Future[Answer]) -> None:
            self._waiting -= 1
            if future.cancelled():
                return
            error = future.exception()
            if error is None:
                deliver(future.result())
                return
            traceback.print_exception(error, file=sys.stderr)
            failed = problem(500, "this cannot be answered", "tell whoever runs the server", route="api")
            failed.lasting = False
            deliver(failed)

        future.add_done_callback(done)

    # --- the log ---

    def _start_flush(self) -> None:
        if not self.lines or self._log is None:
            return
        if self._writing is not None and not self._writing.done():
            if len(self.lines) > _MOST_LINES:
                for _ in self.lines:
                    self.counters.count("log_lines_dropped_total")
                self.lines.clear()
            return
        text, self.lines = "".join(self.lines), []
        self._writing = asyncio.get_running_loop().run_in_executor(self._writer, _write, self._log, text.encode())

    async def _flush(self) -> None:
        for _ in range(2):  # what is being written, and what has come since
            if self._writing is not None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(self._writing), 2)
            self._start_flush()


def _write(descriptor: int, data: bytes) -> None:
    with contextlib.suppress(OSError):  # nobody reads it any more
        while data:
            data = data[os.write(descriptor, data) :]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
