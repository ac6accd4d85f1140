"""A server to ask: as a process of its own, or in this one with a clock that the test sets; and a client that hides nothing."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from svsm_cal.app.site_snapshot import SiteSource
from svsm_cal.web.asgi import AsgiApplication
from svsm_cal.web.reload import Start

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/svsm/calendar.toml"
NOW = "2025-03-05T17:00Z"
SECRET = "canary-0123456789abcdef-canary"
NGINX_PROGRAM = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
PATIENCE = 30  # seconds after which a test has failed; nothing is measured by it


class Reply:
    """One answer, read from the socket as it came."""

    def __init__(self, head: bytes, body: bytes) -> None:
        first, *lines = head.decode("latin-1").split("\r\n")
        self.first, self.status, self.body = first, int(first.split()[1]), body
        self.pairs = [tuple(line.split(": ", 1)) for line in lines if line and not line.lower().startswith("date:")]
        self.headers = {name.lower(): value for name, value in self.pairs}


class Client:
    """A connection that sends what it is told to, and reads answers one by one."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def ask(self, path: str, *, method: str = "GET", **headers: str) -> Reply:
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join([*lines, "", ""]).encode())
        return self.reply(bodiless=method == "HEAD")

    def reply(self, *, bodiless: bool = False) -> Reply | None:
        """Return the next answer, None where the connection ends instead."""
        while b"\r\n\r\n" not in self._buffer:
            data = self._read()
            if not data:
                assert not self._buffer, self._buffer
                return None
            self._buffer += data
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        reply = Reply(head, b"")
        length = 0 if bodiless or reply.status in {204, 304} else int(reply.headers["content-length"])
        while len(self._buffer) < length:
            data = self._read()
            assert data, "the connection ended within a body"
            self._buffer += data
        reply.body, self._buffer = self._buffer[:length], self._buffer[length:]
        return reply

    @property
    def ended(self) -> bool:
        """Whether the server has closed the connection, and sent nothing more."""
        return not self._buffer and not self._read()

    def _read(self) -> bytes:
        try:
            return self.socket.recv(1 << 16)
        except ConnectionResetError:
            return b""


class Process:
    """`svsm-cal serve` as a process of its own; its log and what it says are kept in files.

    `settings` of `svsm_cal.web.running` may differ from the usual ones, such as shorter time-outs; `patch` is a statement that
    is run before the command.
    """

    def __init__(
        self,
        folder: Path,
        *words: str,
        calendar: Path = EXAMPLE,
        now: str | None = NOW,
        settings: Mapping[str, int] | None = None,
        patch: str = "",
    ) -> None:
        self.log, self.said = folder / "access.log", folder / "said.log"
        begin = ["-m", "svsm_cal"]
        if settings or patch:
            change = f"from svsm_cal.web import running; vars(running).update({dict(settings or {})!r})"
            begin = ["-c", f"{change}\n{patch}\nimport svsm_cal.__main__"]
        command = [sys.executable, *begin, "-c", str(calendar), *(["--now", now] if now else [])]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "SVSM_CAL_SECRET": SECRET}
        with self.log.open("wb") as log, self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [*command, "serve", "--port", "0", *words], stdout=log, stderr=said, env=environment, cwd=ROOT
            )
        self.port = self._port()

    def _port(self) -> int:
        waiting = threading.Event()
        for _ in range(PATIENCE * 20):
            match = re.search(r"http://[^/]*:(\d+)/", self.said.read_text())
            if match:
                return int(match[1])
            assert self.process.poll() is None, self.said.read_text()
            waiting.wait(0.05)
        raise AssertionError(self.said.read_text())

    def ask(self, path: str, **words: str) -> Reply:
        with Client(self.port) as client:
            return client.ask(path, **words)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Tell it to end, and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def process(folder, *words, **options):
    """A process that is ended at the end."""
    running = Process(folder, *words, **options)
    try:
        yield running
    finally:
        running.end()


def workers(running):
    """Return the processes that serve."""
    listed = subprocess.run(["ps", "--ppid", str(running.process.pid), "-o", "pid="], capture_output=True, text=True, check=False)
    return [int(each) for each in listed.stdout.split()]


class Thread:
    """The application on uvicorn in this process, with a clock that the test sets; it looks for changes once a second."""

    def __init__(
        self, calendar: Path, now, *, secret: bytes | None = SECRET.encode(), folder: str | None = None, store: str | None = None
    ):
        self.now = now
        start = Start(SiteSource(str(calendar), secret, folder), now, store=store, remember=store is not None)
        self.asgi = AsgiApplication(start, lambda: self.now)
        self.application = self.asgi.application
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._server = uvicorn.Server(uvicorn.Config(self.served(), log_level="critical"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]})
        self._thread.start()

    def served(self):
        """Return the application that uvicorn runs."""
        return self.asgi

    def ask(self, path: str, **words: str) -> Reply:
        with Client(self.port) as client:
            return client.ask(path, **words)

    def until(self, holds):
        """Wait until something holds of the application."""
        waiting = threading.Event()
        for _ in range(PATIENCE * 20):
            if holds(self.application):
                return
            waiting.wait(0.05)
        raise AssertionError("it never came")

    def close(self):
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        self._listener.close()


def free_port() -> int:
    """Return the number of a port that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def web_server(config: Path, port: int):
    """nginx with a configuration, which is ended at the end."""
    running = subprocess.Popen([NGINX_PROGRAM, "-c", str(config), "-p", str(config.parent)], stderr=subprocess.PIPE)
    try:
        waiting = threading.Event()
        for _ in range(PATIENCE * 20):
            assert running.poll() is None, running.stderr.read().decode()
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                waiting.wait(0.05)
        yield
    finally:
        running.terminate()
        running.wait(PATIENCE)
        running.stderr.close()
