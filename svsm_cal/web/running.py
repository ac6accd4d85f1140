"""Runs the application on granian, which parses HTTP, ends slow clients and supervises the worker processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
from typing import TYPE_CHECKING

from svsm_cal.errors import UsageError
from svsm_cal.value import Value

try:
    import fcntl

    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.net import SocketHolder  # type: ignore[attr-defined]
    from granian.server.mp import MPServer
except ImportError as error:
    hint = "pip install 'svsm_cal[web]'; on Windows run svsm_cal.web:app on another ASGI server"
    raise UsageError(f"serve needs granian, on Linux or macOS ({hint})") from error

from svsm_cal.web.asgi import AccessLog, AsgiApplication
from svsm_cal.web.metrics import Counters

if TYPE_CHECKING:
    from collections.abc import Callable

    from svsm_cal.engine.civil import Instant
    from svsm_cal.web.reload import Start

_HEAD_SECONDS = 10  # for a head to arrive; also how long a connection may be silent
_STALLED_SECONDS = 30  # for a client to take anything of what it is sent
_GRACE_SECONDS = 10  # for requests under way when the server ends
_LONGEST_HEAD = 16384
_MOST_CONNECTIONS = 4096  # of each worker; more wait in the backlog
_BACKLOG = 2048
_SPARE_FILES = 64
_LOGGING = {
    "handlers": {"console": {"formatter": "generic", "class": "logging.StreamHandler", "stream": "ext://sys.stderr"}},
    "loggers": {"_granian": {"handlers": ["console"], "propagate": False}},
}


class Place(Value):
    """Where to listen, with how many workers, which proxies to believe, and the log's descriptor, None for no log."""

    host: str
    port: int
    workers: int = 1
    trusted: frozenset[str] = frozenset()
    log: int | None = None


def serve(begin: Callable[[], Start], place: Place, clock: Callable[[], Instant], listening: Callable[[str], None]) -> None:
    """Serve what `begin` gives until SIGTERM or SIGINT; `listening` is told the address once it can be connected to.

    Raises UsageError for an address that cannot be listened on, and what `begin` does. A worker that dies is replaced.
    """
    listener = _listener(place.host, place.port)
    start = begin()
    counters = Counters(2 * place.workers)  # a worker that is being replaced and its successor may overlap
    claims = os.memfd_create("svsm-cal") if hasattr(os, "memfd_create") else tempfile.mkstemp()[0]
    # A worker inherits the snapshot, the socket and the counters.
    multiprocessing.set_start_method("fork", force=True)

    def application() -> AsgiApplication:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)  # until granian sets the worker's own
        threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
        counters.use(_claim(claims, 2 * place.workers))
        # A reload shares the interpreter with requests: it should give way often.
        sys.setswitchinterval(0.0005)
        log = None if place.log is None else AccessLog(place.log, place.trusted)
        return AsgiApplication(start, clock, counters=counters, log=log)

    server = _Server(
        "svsm_cal.web:app",
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=place.workers,
        backpressure=_open_files(),
        http1_settings=HTTP1Settings(header_read_timeout=_HEAD_SECONDS * 1000, max_buffer_size=_LONGEST_HEAD),
        log_level=LogLevels.error,
        log_dictconfig=_LOGGING,
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=_GRACE_SECONDS,
    )
    server.listener = listener
    host = f"[{place.host}]" if ":" in place.host else place.host
    server.on_startup(lambda: listening(f"http://{host}:{listener.getsockname()[1]}/"))
    server.serve(target_loader=application, wrap_loader=False)


class _Server(MPServer):
    """Granian's server on a socket of ours: port 0 works, a taken port is an error, and clients that stall are dropped."""

    listener: socket.socket

    def _init_shared_socket(self) -> None:
        # What it does itself where workers share a socket.
        self._ssp, self._sso = None, self.listener
        self._shd = SocketHolder(self.listener.fileno(), uds=False, backlog=_BACKLOG)  # type: ignore[call-arg,assignment]


def _listener(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        found = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UsageError(f"{host}:{port}: cannot be listened on: {said} (give another --host or --port)") from error
    found.settimeout(0)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; accepted connections inherit it
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _STALLED_SECONDS * 1000)
    return found


def _open_files() -> int:
    """Raise the limit of open files as far as wanted and allowed; return how many connections a worker may have."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_CONNECTIONS + _SPARE_FILES
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(16, min(_MOST_CONNECTIONS, soft - _SPARE_FILES))


def _claim(descriptor: int, most: int) -> int:
    """Return a number below `most` that no other process has; the lock on it ends with the process."""
    for number in range(most):
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except OSError:
            continue
        return number
    return 0


def _end_with_parent() -> None:
    """End this worker when its supervisor is gone, however that ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
