"""Running the server: its socket, its signals, and as many processes as are asked for.

Workers share a port (SO_REUSEPORT) and their counters, and nothing else. One that ends by accident is begun again.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING

from svsm_cal.errors import UsageError
from svsm_cal.value import Value
from svsm_cal.web.application import Application
from svsm_cal.web.counters import Counters
from svsm_cal.web.refresh import Refresher
from svsm_cal.web.resources import Resources
from svsm_cal.web.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import FrameType

    from svsm_cal.app.editions import Source
    from svsm_cal.core.civil import Instant

__all__ = ["Place", "serve"]

_MOST_CONNECTIONS = 8192
_SPARE_FILES = 64
_ENDING = (signal.SIGTERM, signal.SIGINT)
_SOONEST_AGAIN = 1.0  # a worker that lived shorter is not begun again


class Place(Value):
    """Where to listen, with how many workers, which proxies to believe, and the log's descriptor, None for no log."""

    host: str
    port: int
    workers: int = 1
    trusted: frozenset[str] = frozenset()
    log: int | None = None


def serve(source: Source, place: Place, clock: Callable[[], Instant], listening: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `listening` is told the address once it can be asked.

    Raises what `Source.calendar` does for a calendar that cannot be served, and UsageError for an address that cannot be
    listened on. A worker's own accidents are told of on standard error.
    """
    now = clock()
    mark = source.mark()
    resources = Resources(source.edition(source.calendar(now), now))
    counters = Counters(place.workers)
    most = _open_files()
    listener = _listener(place.host, place.port, shared=place.workers > 1)
    port = listener.getsockname()[1]

    def work(worker: int, listener: socket.socket, begun: Callable[[], None]) -> None:
        counters.become(worker)
        application = Application(resources, now, counters)
        refresher = Refresher(application, source, mark)
        _run(_serve(application, refresher, listener, place, clock, most, begun))

    address = f"http://{f'[{place.host}]' if ':' in place.host else place.host}:{port}/"
    if place.workers == 1:
        work(0, listener, lambda: listening(address))
    else:
        _supervise(
            place,
            listener,
            lambda worker, begun: work(worker, _listener(place.host, port, shared=True), begun),
            address,
            listening,
        )


async def _serve(
    application: Application,
    refresher: Refresher,
    listener: socket.socket,
    place: Place,
    clock: Callable[[], Instant],
    most: int,
    begun: Callable[[], None],
) -> None:
    server = Server(application, refresher, clock=clock, trusted=place.trusted, log=place.log, most=most)
    loop = asyncio.get_running_loop()
    for number in _ENDING:
        loop.add_signal_handler(number, server.stop)
    await server.run(listener, begun)


def _run(main: Coroutine[object, object, None]) -> None:
    # Making an edition shares the interpreter with answering: so that it lets go of it often.
    sys.setswitchinterval(0.0005)
    try:
        import uvloop
    except ImportError:  # slower, and otherwise the same
        asyncio.run(main)
    else:
        uvloop.run(main)


def _listener(host: str, port: int, *, shared: bool) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        found.bind((host, port))
    except (OSError, OverflowError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UsageError(f"{host}:{port}: cannot be listened on: {said} (give another --host or --port)") from error
    found.settimeout(0)
    return found


def _open_files() -> int:
    """Ask for as many open files as may be had, and return how many connections that is."""
    try:
        import resource
    except ImportError:
        return _MOST_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_CONNECTIONS + _SPARE_FILES
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(16, min(_MOST_CONNECTIONS, soft - _SPARE_FILES))


# --- workers ---


def _supervise(
    place: Place,
    reserved: socket.socket,
    work: Callable[[int, Callable[[], None]], None],
    address: str,
    listening: Callable[[str], None],
) -> None:
    """Keep the workers running until told to end; `reserved` keeps the port ours meanwhile."""
    ending = False
    numbers: dict[int, tuple[int, float]] = {}  # process -> its worker's number, and when it began

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal ending
        del number, frame
        ending = True
        for process in numbers:
            os.kill(process, signal.SIGTERM)

    for each in _ENDING:
        signal.signal(each, end)

    def begin(worker: int) -> None:
        process = _begin(worker, work)
        numbers[process] = worker, time.monotonic()
        if ending:  # told to meanwhile
            os.kill(process, signal.SIGTERM)

    for worker in range(place.workers):
        begin(worker)
    listening(address)
    failed = False
    while numbers:
        process, _ = os.wait()
        if process not in numbers:
            continue
        worker, since = numbers.pop(process)
        if ending:
            continue
        if time.monotonic() - since < _SOONEST_AGAIN:
            failed = True
            end(0, None)
            continue
        begin(worker)
    reserved.close()
    if failed:
        raise UsageError("a worker ended as soon as it had begun (see the lines above)")


def _begin(worker: int, work: Callable[[int, Callable[[], None]], None]) -> int:
    """Begin a worker in a process of its own, and return that once it listens."""
    reading, writing = os.pipe()
    # Between the fork and what follows the new process has the old one's handlers.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    process = os.fork()
    if process:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        os.close(writing)
        os.read(reading, 1)  # a byte when it listens, the end when it is gone
        os.close(reading)
        return process
    code = 1
    try:
        os.close(reading)
        for each in _ENDING:
            signal.signal(each, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)

        def begun() -> None:
            os.write(writing, b".")
            os.close(writing)

        work(worker, begun)
        code = 0
    except BaseException:  # noqa: BLE001 - a worker's process ends here, whatever happens
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
