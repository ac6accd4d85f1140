"""Connections as `serve` treats them: persistent, bounded, and ended where a client is too slow."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from .running import PATIENCE, Client, process, workers

ASK = b"GET /calendar.ics HTTP/1.1\r\nHost: a\r\n\r\n"
LOOK_UP = b"GET /api/next HTTP/1.1\r\nHost: a\r\n\r\n"
NOTHING = b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with process(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def client(server):
    with Client(server.port) as one:
        yield one


def test_a_connection_is_used_again(client):
    for _ in range(3):
        assert client.ask("/calendar.ics").status == 200
        assert client.ask("/nothing").status == 404
        assert client.ask("/api/next").status == 200
        assert client.ask("/", method="POST").status == 405


def test_requests_sent_ahead_are_answered_in_order(client):
    client.send((ASK + LOOK_UP + NOTHING) * 20)
    assert [client.reply().status for _ in range(60)] == [200, 200, 404] * 20


@pytest.mark.parametrize("size", [1, 7, 41])
def test_a_request_may_come_in_pieces(client, size):
    everything = ASK + LOOK_UP + NOTHING + ASK
    for at in range(0, len(everything), size):
        client.send(everything[at : at + size])
    assert [client.reply().status for _ in range(4)] == [200, 200, 404, 200]


ENDED = {
    "malformed": (b"GET / HTTP/1.1\nbroken\r\n\r\n", 400),
    "not HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "a space before the colon": (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n", 400),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
    "head too large": (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100_000, 431),
    "too many headers": (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 2000 + b"\r\n", 431),
    "address too long": (b"GET /" + b"a" * 100_000, 431),
    "asked to": (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200),
    "HTTP/1.0": (b"GET / HTTP/1.0\r\n\r\n", 200),
}


@pytest.mark.parametrize("case", ENDED)
def test_a_connection_ends_with_one_last_response(client, case):
    data, status = ENDED[case]
    client.send(data)
    assert client.reply().status == status
    assert client.ended


def test_content_is_not_taken_for_the_next_request(client):
    inside = b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
    client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b" % (len(inside), inside) + ASK)
    assert client.reply().status == 405
    following = client.reply()
    assert following is None or following.status == 200


def test_content_without_end_is_not_read(client):
    client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
    assert client.reply().status == 405
    assert client.ended


def test_a_client_that_says_nothing_and_goes_is_no_trouble(server):
    for data in (b"", b"GET", LOOK_UP):
        with Client(server.port) as client:
            client.send(data)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
    assert server.ask("/calendar.ics").status == 200


def test_one_who_reads_late_gets_all_of_it(server):
    """More is asked for than the kernel holds; the server waits meanwhile, and forgets nothing."""
    with Client(server.port) as client:
        count = 400  # of 27 kB
        threading.Thread(target=client.send, args=(ASK * count,)).start()
        assert server.ask("/calendar.ics").status == 200
        bodies = {client.reply().body for _ in range(count)}
        assert len(bodies) == 1
        assert client.ask("/api/next").status == 200


# --- slow clients; the server waits a second where it would wait for long ---


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    settings = {"_HEAD_SECONDS": 1, "_STALLED_SECONDS": 1}
    with process(tmp_path_factory.mktemp("hasty"), settings=settings) as running:
        yield running


@pytest.mark.parametrize("sent", [b"", b"GET", b"GET / HTTP/1.1\r\nHost: a\r\n", ASK, ASK + b"GET /x"])
def test_a_connection_on_which_nothing_more_comes_is_closed(hasty, sent):
    with Client(hasty.port) as client:
        client.send(sent)
        if sent.startswith(ASK):
            assert client.reply().status == 200
        assert client.ended


def test_a_head_that_drips_is_not_waited_for(hasty):
    with Client(hasty.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        client.socket.settimeout(0.2)
        for _ in range(PATIENCE * 5):  # a byte now and then: what counts is when the head began
            try:
                client.send(b"a")
                if client.socket.recv(4096) == b"":
                    return
            except TimeoutError:
                continue
            except OSError:
                return
        raise AssertionError("the connection is still open")


def connections(port):
    """Return how many connections the kernel keeps for a port, on the server's side."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "01" for line in lines)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux ends connections that take nothing")
def test_one_who_never_reads_is_let_go(hasty):
    with Client(hasty.port) as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.send(ASK * 400)
        waiting = threading.Event()
        for _ in range(PATIENCE * 10):
            if not connections(hasty.port):
                return
            waiting.wait(0.1)
        raise AssertionError("the connection is still there")


def test_connections_above_the_limit_wait_for_their_turn(tmp_path):
    with process(tmp_path, settings={"_MOST_CONNECTIONS": 16, "_HEAD_SECONDS": 3}) as running:
        held = [Client(running.port) for _ in range(16)]
        assert [client.ask("/calendar.ics").status for client in held] == [200] * 16
        with Client(running.port) as one_more:
            one_more.send(ASK)
            assert held[0].ask("/calendar.ics").status == 200
            for client in held:
                client.socket.close()
            assert one_more.reply().status == 200


def test_a_thousand_slow_connections_disturb_nobody(server):
    slow = [Client(server.port) for _ in range(1000)]
    try:
        for number, client in enumerate(slow):
            client.send(ASK[: 1 + number % (len(ASK) - 4)])
        with Client(server.port) as quick:
            assert [quick.ask("/calendar.ics").status for _ in range(100)] == [200] * 100
        for number, client in enumerate(slow):
            client.send(ASK[1 + number % (len(ASK) - 4) :])
        assert {client.reply().status for client in slow} == {200}
    finally:
        for client in slow:
            client.socket.close()


# --- memory ---


def memory(running):
    """Return the bytes of a server's processes, shared pages counted once."""
    found = 0
    for each in (running.process.pid, *workers(running)):
        found += int(re.search(r"Pss:\s+(\d+) kB", Path(f"/proc/{each}/smaps_rollup").read_text())[1]) * 1024
    return found


on_linux = pytest.mark.skipif(not os.path.exists("/proc/self/smaps_rollup"), reason="only Linux tells how much memory is shared")


@on_linux
def test_clients_that_do_not_read_get_no_copies_of_a_large_body(tmp_path):
    large, clients = 4_000_000, 60
    (tmp_path / "site").mkdir()
    (tmp_path / "site/large.txt").write_bytes(os.urandom(large))
    (tmp_path / "site/calendar.json").write_text(json.dumps({"generator": "svsm_cal", "files": ["large.txt"]}))
    with process(tmp_path, "--site", str(tmp_path / "site")) as running, ExitStack() as open_ones:
        assert len(running.ask("/large.txt").body) == large
        before = memory(running)
        for _ in range(clients):
            client = open_ones.enter_context(Client(running.port))
            client.send(b"GET /large.txt HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.socket.recv(15, socket.MSG_PEEK) == b"HTTP/1.1 200 OK"
        assert running.ask("/health").status == 200
        grown = memory(running) - before
        assert grown < large * clients / 4, grown


@on_linux
def test_requests_that_all_differ_leave_nothing_behind(tmp_path):
    """Heads, questions to the API and paths: each is another one, in thousands."""
    with process(tmp_path) as running, Client(running.port) as client:
        client.ask("/api/occurrences?from=2025-01-01&until=2029-12-31")
        before = memory(running)
        for start in range(0, 3000, 50):
            numbers = range(start, start + 50)
            paths = [f"/calendar.ics?{number}" for number in numbers] + [f"/{'n' * 300}{number}" for number in numbers]
            days = [f"{1990 + number % 200}-01-{1 + number // 200:02d}" for number in numbers]
            paths += [f"/api/occurrences?from={day}&until={int(day[:4]) + 4}-12-31" for day in days[:5]]
            for path in paths:
                client.send(f"GET {path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: x-{path[:400]}, gzip\r\n\r\n".encode())
            assert {client.reply().status for _ in paths} <= {200, 404}
        grown = memory(running) - before
        assert grown < 20_000_000, grown
