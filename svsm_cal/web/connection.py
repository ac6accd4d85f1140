"""One connection of HTTP/1.1 (RFC 9112): heads in, answers out, in order; persistent, pipelined, bounded in all it does.

A question that was asked in the very same bytes before, by anybody, since something last changed gets its answer from one
dictionary: most clients ask the same for years. Whatever else comes is read by `heads.read_head`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from svsm_cal.web.application import Lookup
from svsm_cal.web.heads import LONGEST_HEAD, Refusal, Request, read_head

if TYPE_CHECKING:
    from svsm_cal.web.answers import Answer
    from svsm_cal.web.server import Server

__all__ = ["Connection", "Ready"]

HEAD_SECONDS = 10  # for a head to come, from its first byte
IDLE_SECONDS = 75  # between two requests
STALLED_SECONDS = 30  # for a client to take anything at all of what it is sent
LAST_SECONDS = 2  # to read what a client still sends, lest it lose the last answer to a reset
_MOST_AHEAD = 4 * LONGEST_HEAD  # of pipelined requests
_END = b"\r\n\r\n"
_TIMEOUT = Refusal(408, "the request did not come in time", "send it at once")
_TOO_LARGE = Refusal(431, f"the head has more than {LONGEST_HEAD} bytes", "send fewer headers, or shorter ones")


class Ready:
    """An answer in the bytes that go out, for as long as its Date holds."""

    __slots__ = ("after", "before", "said", "slot", "stamp", "wire")

    def __init__(self, answer: Answer, said: str, slot: int, *, bodiless: bool, close: bool) -> None:
        self.before = answer.head
        self.after = (b"Connection: close\r\n\r\n" if close else b"\r\n") + (b"" if bodiless else answer.body)
        self.said, self.slot = said, slot
        self.stamp = self.wire = b""


class Connection(asyncio.Protocol):
    """What a client and we say to each other."""

    __slots__ = (
        "_ahead",
        "_busy",
        "_close",
        "_ended",
        "_full",
        "_half",
        "_left",
        "_peer",
        "_ready",
        "_server",
        "_since",
        "_transport",
    )

    def __init__(self, server: Server) -> None:
        self._server = server
        self._ahead = bytearray()  # what has come and is not yet answered
        self._ready = True  # whether what comes next is a new head, to be answered at once
        self._busy = False  # an answer is being worked out
        self._full = False  # the client is slow to take what it is sent
        self._half = False  # the client sends no more
        self._close = False  # after the answer at hand
        self._ended = False  # nothing is read any more
        self._since = server.second  # when what is waited for began
        self._left = 0  # what the client had yet to take, when looked at last

    # --- asyncio.Protocol ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; or end at once where there are too many already."""
        self._transport = cast("asyncio.Transport", transport)
        self._peer = _shown(transport.get_extra_info("peername"))
        self._transport.set_write_buffer_limits(high=1 << 18)
        if not self._server.take(self):
            transport.close()
            self._ended = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        del exc
        self._ended, self._ready = True, False
        self._server.leave(self)

    def data_received(self, data: bytes) -> None:
        """Answer what has come, as far as it has."""
        if self._ready:
            server = self._server
            known = server.known.get(data)
            if known is not None:
                self._since = server.second
                self._send(known)
                return
        if self._ended:
            return
        if not self._ahead and not self._busy:
            self._since = self._server.second
        self._ahead += data
        self._go_on()

    def eof_received(self) -> bool:
        """Let the client close its side: what it has asked is answered, then ours is closed."""
        self._half = True
        if not (self._busy or self._full):
            self._transport.close()
        return True

    def pause_writing(self) -> None:
        """Read no more while the client takes nothing."""
        self._full, self._ready = True, False
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on reading."""
        self._full = False
        if not self._ended:
            self._transport.resume_reading()
            self._go_on()

    # --- one request after another ---

    def _go_on(self) -> None:
        ahead = self._ahead
        while ahead and not (self._busy or self._full or self._ended):
            end = ahead.find(_END, 0, LONGEST_HEAD)
            if ahead[:2] == b"\r\n":  # an empty line before a request is overlooked (section 2.2)
                del ahead[:2]
                if ahead[:2] == b"\r\n":
                    self._refuse(Refusal(400, "there are empty lines instead of a request", "send a request"))
                continue
            if end < 0:
                if len(ahead) >= LONGEST_HEAD:
                    self._refuse(_TOO_LARGE)
                break
            head = bytes(ahead[: end + 4])
            del ahead[: end + 4]
            self._since = self._server.second
            self._ask(head)
        self._ready = not (ahead or self._busy or self._full or self._ended)
        if self._half and not (self._busy or self._full or self._ended):
            self._transport.close()
        elif len(ahead) > _MOST_AHEAD and not self._ended:
            self._transport.pause_reading()
        elif not (self._full or self._ended):
            self._transport.resume_reading()

    def _ask(self, head: bytes) -> None:
        known = self._server.known.get(head)
        if known is not None:
            self._send(known)
            return
        request = read_head(head)
        if isinstance(request, Refusal):
            self._refuse(request)
            return
        found = self._server.application.answer(request)
        if isinstance(found, Lookup):
            self._busy = True
            self._server.work_out(found, lambda answer: self._worked_out(request, head, answer))
        else:
            self._reply(request, head, found)

    def _worked_out(self, request: Request, head: bytes, answer: Answer) -> None:
        self._busy = False
        if not self._transport.is_closing():
            self._since = self._server.second
            self._reply(request, head, answer)
            self._go_on()

    def _reply(self, request: Request, head: bytes, answer: Answer) -> None:
        close = self._close or not request.keep or self._server.application.ending
        ready = self._server.ready(request, answer, close=close)
        if answer.lasting and answer.route != "personal" and not close:
            self._server.remember(head, ready)
        self._send(ready, by=self._server.client(self._peer, request))
        if close:
            self._finish()

    def _send(self, ready: Ready, by: str = "") -> None:
        server = self._server
        if ready.stamp is not server.stamp:
            ready.stamp = server.stamp
            ready.wire = b"".join((ready.before, ready.stamp, ready.after))
        server.slots[ready.slot] += 1
        if server.lines is not None:
            server.lines.append(f"{server.time} {by or self._peer} {ready.said}\n")
        self._transport.write(ready.wire)

    def _refuse(self, refusal: Refusal) -> None:
        """Say why, and end: after bytes that are no request nobody knows where the next one begins."""
        answer = self._server.application.refuse(refusal)
        self._send(self._server.ready(None, answer, close=True))
        self._finish()

    def _finish(self) -> None:
        """Close our side, and read on for a moment what the client still sends, unheard."""
        self._ended, self._ready = True, False
        self._ahead.clear()
        self._since = self._server.second
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._transport.resume_reading()

    # --- what does not go on for ever ---

    @property
    def at_rest(self) -> bool:
        """Whether nothing is under way: no part of a request, no answer."""
        return not (self._ahead or self._busy or self._transport.get_write_buffer_size())

    def end(self) -> None:
        """End now if at rest, else after the answer at hand."""
        self._close, self._ready = True, False
        if self.at_rest and not self._ended:
            self._transport.close()

    def abort(self) -> None:
        """End at once."""
        self._transport.abort()

    def look(self) -> None:
        """End what has waited for too long; called once a second."""
        waited = self._server.second - self._since
        left = self._transport.get_write_buffer_size()
        if left:
            if left != self._left:
                self._left, self._since = left, self._server.second
            elif waited > STALLED_SECONDS:
                self._time_out()
        elif self._busy:
            return
        elif self._ended:
            if waited > LAST_SECONDS:
                self._transport.abort()
        elif self._ahead:
            if waited > HEAD_SECONDS:
                self._server.counters.count("timeouts_total")
                self._refuse(_TIMEOUT)
        elif waited > IDLE_SECONDS:
            self._transport.close()

    def _time_out(self) -> None:
        self._server.counters.count("timeouts_total")
        self._transport.abort()


def _shown(peer: object) -> str:
    return str(peer[0]) if isinstance(peer, tuple) else "-"
