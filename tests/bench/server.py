"""Requests per second of `svsm-cal serve`, Radicale, xandikos and nginx, all with the example's feed: server.py [SECONDS]

One wrk on loopback asks each of them in turn, in rounds, for the whole feed and with its ETag (304); then ours and nginx
again while a thousand connections are held open that send a byte now and then. Each server has one process, and keeps
its access log as it does by default, in a file. Medians of the rounds, and the worst 99th percentile.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/svsm/calendar.toml"
SERVERS = ROOT / ".cache/bench/servers/bin"
NOW = "2025-03-05T17:00Z"
USER = "Basic dXNlcjo="  # Radicale's idea of whose calendar it is; the others do not look
CONNECTIONS = 32
SLOW = 1000
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
NGINX = """
worker_processes 1; daemon off; user root; pid {folder}/nginx.pid; error_log {folder}/nginx.error.log;
events {{ worker_connections 4096; }}
http {{
    access_log {folder}/nginx.log combined buffer=64k flush=1s; sendfile on; tcp_nopush on; keepalive_requests 100000000;
    types {{ text/calendar ics; }}
    server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""
Figures = dict[str, list[tuple[float, float, int]]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(folder: Path, name: str, port: int, *words: object) -> Iterator[None]:
    """A server, once it takes connections."""
    with (folder / f"{name}.out").open("wb") as out:
        process = subprocess.Popen([str(word) for word in words], stdout=out, stderr=out, cwd=folder)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise RuntimeError(f"{name}: {(folder / f'{name}.out').read_text()}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str, int]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, {"Authorization": USER, **given})
    reply = connection.getresponse()
    size = len(reply.read())
    connection.close()
    return reply.status, reply.headers.get("ETag", ""), size


def contenders(stack: ExitStack, folder: Path) -> dict[str, tuple[int, str]]:
    """Start them all with the same calendar; return port and path by name."""
    svsm_cal = [sys.executable, "-m", "svsm_cal", "-c", EXAMPLE, "--now", NOW]
    (folder / "www").mkdir()
    feed = folder / "www/calendar.ics"
    subprocess.run([*svsm_cal, "feed", "-o", feed], check=True)
    port = free_port()
    stack.enter_context(running(folder, "svsm-cal", port, *svsm_cal, "serve", "--port", port))
    found = {"svsm-cal serve": (port, "/calendar.ics")}
    if nginx := shutil.which("nginx", path=PATH):
        port = free_port()
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
        stack.enter_context(running(folder, "nginx", port, nginx, "-c", folder / "nginx.conf", "-p", folder))
        found["nginx, the file"] = (port, "/calendar.ics")
    if (SERVERS / "xandikos").exists():
        port = free_port()
        words = ("serve", "-d", folder / "xandikos", "--defaults", "--port", port, "--listen-address", "127.0.0.1")
        stack.enter_context(running(folder, "xandikos", port, SERVERS / "xandikos", *words))
        path = "/user/calendars/calendar/feed.ics"
        ask(port, "PUT", path, feed.read_bytes(), Content_Type="text/calendar")
        found["xandikos"] = (port, path)
    if (SERVERS / "radicale").exists():
        port = free_port()
        words = ("--auth-type", "none", "--storage-filesystem-folder", folder / "radicale", "--server-hosts", f"127.0.0.1:{port}")
        stack.enter_context(running(folder, "radicale", port, SERVERS / "radicale", *words))
        ask(port, "PUT", "/user/calendar/", feed.read_bytes(), Content_Type="text/calendar")
        found["Radicale"] = (port, "/user/calendar/")
    return found


def wrk(port: int, path: str, seconds: int, header: str = "") -> tuple[float, float, int]:
    """Return requests per second, the 99th percentile in milliseconds, and how many went wrong."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
    command += [word for each in (f"Authorization: {USER}", header) if each for word in ("-H", each)]
    out = subprocess.run([*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])  # type: ignore[index]
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\n", out).groups()  # type: ignore[union-attr]
    wrong = sum(map(int, re.findall(r"(?:connect|read|write|timeout|Non-2xx or 3xx responses:?) (\d+)", out)))
    return rate, float(value) * {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}[unit], wrong


@contextmanager
def slow_connections(port: int, path: str) -> Iterator[Callable[[], int]]:
    """Hold a thousand connections that send a byte of a request now and then; gives how many have ended in all."""
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Slow: {'a' * 4000}".encode()
    held: dict[socket.socket, int] = {}
    ended, stop = 0, threading.Event()

    def begin() -> None:
        client = socket.create_connection(("127.0.0.1", port))
        client.setblocking(False)
        held[client] = 0

    def drip() -> None:
        nonlocal ended
        while not stop.wait(0.5):
            for client, at in list(held.items()):
                try:
                    client.send(head[at : at + 1])
                    gone = client.recv(4096) == b""
                except BlockingIOError:
                    held[client] = at + 1
                    continue
                except OSError:
                    gone = True
                if gone:
                    ended += 1
                    del held[client]
                    client.close()
                    begin()

    for _ in range(SLOW):
        begin()
    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield lambda: ended
    finally:
        stop.set()
        thread.join()
        for client in held:
            client.close()


def shown(title: str, figures: Figures) -> None:
    """Print a table of medians; ratios are the medians of those of each round."""
    print(f"\n{title}")
    width, ours = max(map(len, figures)), next(iter(figures.values()))
    for name, rows in figures.items():
        rate = statistics.median(row[0] for row in rows)
        ratio = statistics.median(our[0] / row[0] for our, row in zip(ours, rows, strict=True))
        note = "" if rows is ours else f"  ours is {ratio:7.1f} times that"
        wrong = sum(row[2] for row in rows)
        print(f"  {name:{width}}  {rate:9.0f} requests/s  p99 {max(row[1] for row in rows):8.2f} ms  errors {wrong}{note}")


def main(rounds: int = 3, seconds: int = 3) -> None:
    """Measure, and print the tables."""
    if shutil.which("wrk") is None:
        print("server.py: wrk is not installed, so the servers are not measured")
        return
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        there = contenders(stack, Path(name))
        full: Figures = {each: [] for each in there}
        short: Figures = {each: [] for each in there}
        for each, (port, path) in there.items():
            status, etag, size = ask(port, "GET", path)
            assert (status, size > 20_000) == (200, True), (each, status, size)
            if ask(port, "GET", path, If_None_Match=etag)[0] != 304:
                print(f"{each} does not answer 304: its second figure is for 200 too")
        for _ in range(rounds):
            for each, (port, path) in there.items():
                full[each].append(wrk(port, path, seconds))
            for each, (port, path) in there.items():
                short[each].append(wrk(port, path, seconds, f"If-None-Match: {ask(port, 'GET', path)[1]}"))
        size = ask(*there["svsm-cal serve"][:1], "GET", "/calendar.ics")[2]
        shown(f"The feed of {size / 1e3:.0f} kB, {CONNECTIONS} connections: 200", full)
        shown("The same with its ETag: 304", short)
        slow: Figures = {}
        for each in ("svsm-cal serve", "nginx, the file"):
            if each in there:
                port, path = there[each]
                with slow_connections(port, path):
                    slow[each] = [wrk(port, path, seconds) for _ in range(rounds)]
        shown(f"The feed, while {SLOW} slow connections are held open: 200", slow)


if __name__ == "__main__":
    main(seconds=int(sys.argv[1]) if sys.argv[1:] else 3)
