"""On the wire: order, persistence, limits, and those who send or read too slowly."""

from __future__ import annotations

import socket
import struct

import pytest

from svsm_cal.cli.options import parse_instant
from svsm_cal.web import connection
from svsm_cal.web.heads import Request

from .running import EXAMPLE, NOW, Client, Thread

ASK = b"GET /calendar.ics HTTP/1.1\r\nHost: a\r\n\r\n"
LOOK_UP = b"GET /api/next HTTP/1.1\r\nHost: a\r\n\r\n"
METRICS = Request("GET", "/metrics", "", {})
NOTHING = b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def server():
    running = Thread(EXAMPLE, parse_instant(NOW))
    yield running
    running.close()


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


def test_what_is_asked_ahead_is_answered_in_order(client):
    client.send((ASK + LOOK_UP + NOTHING) * 20)
    assert [client.reply().status for _ in range(60)] == [200, 200, 404] * 20


@pytest.mark.parametrize("size", [1, 2, 3, 7, 40, 41, 83])
def test_a_request_may_come_in_pieces(client, size):
    everything = ASK + LOOK_UP + NOTHING + ASK
    for at in range(0, len(everything), size):
        client.send(everything[at : at + size])
    assert [client.reply().status for _ in range(4)] == [200, 200, 404, 200]


def test_an_empty_line_before_a_request_is_overlooked(client):
    client.send(b"\r\n" + ASK + b"\r\n" + LOOK_UP)
    assert [client.reply().status for _ in range(2)] == [200, 200]


def test_empty_lines_are_no_request(client):
    client.send(b"\r\n\r\n\r\n")
    assert client.reply().status == 400
    assert client.ended


ENDED = {
    "malformed": (b"GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
    "not HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "content": (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 41\r\n\r\n" + ASK, 413),
    "chunks": (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + ASK, 400),
    "content of a POST": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 41\r\n\r\n" + ASK, 413),
    "expecting to go on": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", 413),
    "head too large": (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * connection.LONGEST_HEAD, 431),
    "too many headers": (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 2000 + b"\r\n", 431),
    "address too long": (b"GET /" + b"a" * 4000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "asked to": (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + ASK, 200),
    "of the old": (b"GET / HTTP/1.0\r\n\r\n" + ASK, 200),
}


@pytest.mark.parametrize("case", ENDED)
def test_a_connection_ends_with_one_last_answer(client, case):
    data, status = ENDED[case]
    client.send(data)
    reply = client.reply()
    assert (reply.status, reply.headers["connection"]) == (status, "close")
    assert client.ended


def test_a_last_answer_arrives_though_much_is_still_sent(server):
    with Client(server.port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n")
        client.send(b"x" * 1_000_000)
        assert client.reply().status == 413


def test_a_client_may_close_its_side_and_still_read(client):
    client.send(ASK + LOOK_UP + NOTHING)
    client.socket.shutdown(socket.SHUT_WR)
    assert [client.reply().status for _ in range(3)] == [200, 200, 404]
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
        client.send(ASK * count)
        assert server.ask("/calendar.ics").status == 200
        bodies = {client.reply().body for _ in range(count)}
        assert len(bodies) == 1
        assert client.ask("/api/next").status == 200


@pytest.fixture
def hasty(monkeypatch):
    """A server that waits a second where it would wait for long."""
    for name in ("HEAD_SECONDS", "IDLE_SECONDS", "STALLED_SECONDS", "LAST_SECONDS"):
        monkeypatch.setattr(connection, name, 1)
    running = Thread(EXAMPLE, parse_instant(NOW))
    yield running
    running.close()


@pytest.mark.parametrize("sent", [b"GET", b"GET / HTTP/1.1\r\nHost: a\r\n", ASK + b"GET /x"])
def test_a_head_that_does_not_come_is_not_waited_for(hasty, sent):
    with Client(hasty.port) as client:
        client.send(sent)
        statuses = [client.reply().status for _ in range(1 + sent.startswith(ASK))]
        assert statuses[-1] == 408
        assert client.ended


def test_a_head_that_drips_is_not_waited_for_either(hasty):
    with Client(hasty.port) as client:
        client.socket.settimeout(0.2)
        said = b""
        for _ in range(100):  # a byte now and then: what counts is when the head began
            client.send(b"G")
            try:
                said = client.socket.recv(4096)
                break
            except TimeoutError:
                continue
        assert said.startswith(b"HTTP/1.1 408 ")


def test_an_idle_connection_is_closed_without_a_word(hasty):
    with Client(hasty.port) as client:
        assert client.ask("/calendar.ics").status == 200
        assert client.ended


def test_one_who_never_reads_is_let_go(hasty):
    with Client(hasty.port) as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.send(ASK * 400)
        hasty.until(lambda application: "timeouts_total 1" in application.answer(METRICS).body.decode())


def test_more_connections_than_there_may_be_are_refused_and_the_others_served(monkeypatch):
    running = Thread(EXAMPLE, parse_instant(NOW), most=5)
    try:
        held = [Client(running.port) for _ in range(5)]
        assert [client.ask("/calendar.ics").status for client in held] == [200] * 5
        with Client(running.port) as one_more:
            assert one_more.ended
        assert held[0].ask("/calendar.ics").status == 200
        for client in held:
            client.socket.close()
        running.until(lambda application: not running.server._connections)
        assert running.ask("/calendar.ics").status == 200
    finally:
        running.close()


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


def test_look_ups_are_bounded(server, monkeypatch):
    from svsm_cal.web import server as module

    monkeypatch.setattr(module, "_MOST_LOOKUPS", 0)
    reply = server.ask("/api/next?n=77")
    assert (reply.status, reply.headers["retry-after"]) == (503, "1")


def test_a_look_up_that_fails_is_an_answer_and_no_end(server, monkeypatch, capfd):
    from svsm_cal.app import lookups

    monkeypatch.setattr(lookups, "next_calls", lambda *_, **__: 1 / 0)
    with Client(server.port) as client:
        assert client.ask("/api/next?n=78").status == 500
        assert client.ask("/calendar.ics").status == 200
    assert "ZeroDivisionError" in capfd.readouterr().err
