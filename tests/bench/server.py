"""Requests per second of `svsm-cal serve`, nginx, Radicale and xandikos, all with the example's feed: server.py [SECONDS]

One wrk on loopback asks each of them in turn, in rounds: for the whole feed and with its ETag (304), with a head that is
always the same and with heads that all differ, as those of real clients do. Then `serve` and nginx again while a thousand
connections are held open that send a byte now and then, and the memory of `serve` after 100,000 different heads. Each
server has one worker and keeps its access log in a file. Medians of the rounds, and the worst 99th percentile; the
processor time is that of all processes of a server, user and system, for one request.
"""

from __future__ import annotations

import http.client
import json
import math
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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/svsm/calendar.toml"
SERVERS = ROOT / ".cache/bench/servers/bin"
NOW = "2025-03-05T17:00Z"
USER = "Basic dXNlcjo="  # Radicale's idea of whose calendar it is; the others do not look
CONNECTIONS = 32
SLOW = 1000
OURS, THEIRS = "svsm-cal serve", "nginx, the file"
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
# A script for wrk: every request has a header that no other request has.
DIFFERENT = """
local number = 0
local headers = {{ {headers} }}
request = function()
    number = number + 1
    headers["X-Request-Id"] = tostring(number) .. "-{salt}"
    return wrk.format("GET", nil, headers)
end
"""
MANY = 100_000


class Load(NamedTuple):
    """What one run of wrk came to."""

    rate: float
    p99: float  # milliseconds
    wrong: int
    cpu: float  # microseconds a request


class Server(NamedTuple):
    """A server to ask: its address, and its process."""

    port: int
    path: str
    process: int


Figures = dict[str, list[Load]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(folder: Path, name: str, port: int, *words: object) -> Iterator[int]:
    """A server, once it takes connections; gives its process."""
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
        yield process.pid
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


def contenders(stack: ExitStack, folder: Path) -> dict[str, Server]:
    """Start them all with the same calendar."""
    svsm_cal = [sys.executable, "-m", "svsm_cal", "-c", EXAMPLE, "--now", NOW]
    (folder / "www").mkdir()
    feed = folder / "www/calendar.ics"
    subprocess.run([*svsm_cal, "feed", "-o", feed], check=True)
    found = {}

    def begin(name: str, port: int, path: str, *words: object) -> None:
        found[name] = Server(port, path, stack.enter_context(running(folder, name.split(",", maxsplit=1)[0], port, *words)))

    port = free_port()
    begin(OURS, port, "/calendar.ics", *svsm_cal, "serve", "--port", port)
    if nginx := shutil.which("nginx", path=PATH):
        port = free_port()
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
        begin(THEIRS, port, "/calendar.ics", nginx, "-c", folder / "nginx.conf", "-p", folder)
    if (SERVERS / "xandikos").exists():
        port = free_port()
        words = ("serve", "-d", folder / "xandikos", "--defaults", "--port", port, "--listen-address", "127.0.0.1")
        begin("xandikos", port, "/user/calendars/calendar/feed.ics", SERVERS / "xandikos", *words)
        ask(port, "PUT", found["xandikos"].path, feed.read_bytes(), Content_Type="text/calendar")
    if (SERVERS / "radicale").exists():
        port = free_port()
        words = ("--auth-type", "none", "--storage-filesystem-folder", folder / "radicale", "--server-hosts", f"127.0.0.1:{port}")
        begin("Radicale", port, "/user/calendar/", SERVERS / "radicale", *words)
        ask(port, "PUT", "/user/calendar/", feed.read_bytes(), Content_Type="text/calendar")
    return found


def processes(first: int) -> list[int]:
    """Return a process and those it has begun."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = dict(map(int, line.split()) for line in listed.splitlines())
    found = [first]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def cpu_seconds(first: int) -> float:
    """Return the processor time that a server's processes have taken."""
    ticks = 0
    for each in processes(first):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(first: int) -> int:
    """Return the bytes of a server's processes, shared pages counted once (PSS)."""
    rollups = [Path(f"/proc/{each}/smaps_rollup").read_text() for each in processes(first)]
    return sum(int(re.search(r"Pss:\s+(\d+) kB", each)[1]) * 1024 for each in rollups)  # type: ignore[index]


def wrk(server: Server, folder: Path, seconds: int, *, etag: str = "", different: bool = False) -> Load:
    """Ask for so long; returns what came of it."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
    headers = {"Authorization": USER, **({"If-None-Match": etag} if etag else {})}
    if different:
        script = folder / "different.lua"
        listed = ", ".join(f"[{json.dumps(name)}] = {json.dumps(value)}" for name, value in headers.items())
        script.write_text(DIFFERENT.format(headers=listed, salt=time.monotonic_ns()))
        command += ["-s", str(script)]
    else:
        command += [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    before = cpu_seconds(server.process)
    address = f"http://127.0.0.1:{server.port}{server.path}"
    out = subprocess.run([*command, address], capture_output=True, text=True, check=True).stdout
    spent = cpu_seconds(server.process) - before
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])  # type: ignore[index]
    count = int(re.search(r"(\d+) requests in", out)[1])  # type: ignore[index]
    latency = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\s", out)
    p99 = float(latency[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}[latency[2]] if latency else math.inf
    wrong = sum(map(int, re.findall(r"(?:connect|read|write|timeout|Non-2xx or 3xx responses:?) (\d+)", out)))
    return Load(rate, p99, wrong, spent / max(count, 1) * 1e6)


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
        rate = statistics.median(row.rate for row in rows)
        cpu = statistics.median(row.cpu for row in rows)
        ratio = statistics.median(our.rate / max(row.rate, 0.1) for our, row in zip(ours, rows, strict=True))
        note = "" if rows is ours else f"  ours is {ratio:7.2f} times that"
        wrong = f"  errors {errors}" if (errors := sum(row.wrong for row in rows)) else ""
        p99 = max(row.p99 for row in rows)
        print(f"  {name:{width}}  {rate:8.0f} requests/s  {cpu:7.1f} us  p99 {p99:8.2f} ms{wrong}{note}", flush=True)


def main(rounds: int = 3, seconds: int = 3) -> None:
    """Measure, and print the tables."""
    if shutil.which("wrk") is None:
        print("server.py: wrk is not installed, so the servers are not measured")
        return
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        there = contenders(stack, folder)
        tags = {}
        for each, server in there.items():
            status, tags[each], size = ask(server.port, "GET", server.path)
            assert (status, size > 20_000) == (200, True), (each, status, size)
            if ask(server.port, "GET", server.path, If_None_Match=tags[each])[0] != 304:
                print(f"{each} does not answer 304: those figures are for 200 too")
        size = ask(there[OURS].port, "GET", "/calendar.ics")[2]
        for different in (False, True):
            full: Figures = {each: [] for each in there}
            short: Figures = {each: [] for each in there}
            for _ in range(rounds):
                for each, server in there.items():
                    full[each].append(wrk(server, folder, seconds, different=different))
                for each, server in there.items():
                    short[each].append(wrk(server, folder, seconds, etag=tags[each], different=different))
            heads = "heads that all differ" if different else "the same head again"
            shown(f"The feed of {size / 1e3:.0f} kB, {CONNECTIONS} connections, {heads}: 200", full)
            shown(f"The same with its ETag, {heads}: 304", short)
        slow: Figures = {}
        for each in (OURS, THEIRS):
            if each in there:
                with slow_connections(there[each].port, there[each].path):
                    slow[each] = [wrk(there[each], folder, seconds) for _ in range(rounds)]
        shown(f"The feed, while {SLOW} slow connections are held open: 200", slow)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        remembered(stack, Path(name))


def remembered(stack: ExitStack, folder: Path) -> None:
    """Print the memory of a fresh `serve` before and after many requests whose heads all differ."""
    port = free_port()
    words = (sys.executable, "-m", "svsm_cal", "-c", EXAMPLE, "--now", NOW, "serve", "--port", port)
    server = Server(port, "/calendar.ics", stack.enter_context(running(folder, "serve", port, *words)))
    ask(port, "GET", "/calendar.ics")
    before, asked = memory(server.process), 0.0
    while asked < MANY:
        asked += wrk(server, folder, 2, different=True).rate * 2
    after = memory(server.process)
    print(f"\nMemory of all processes: {before / 1e6:.0f} MB, after {asked:,.0f} heads that all differ {after / 1e6:.0f} MB")


if __name__ == "__main__":
    main(seconds=int(sys.argv[1]) if sys.argv[1:] else 3)
