"""How a request's head is read: a table of what is refused, and h11 as the judge of what is not."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svsm_cal.web.heads import LONGEST_HEAD, Refusal, Request, read_head

GOOD = b"GET /calendar.ics HTTP/1.1\r\nHost: example.org\r\n\r\n"

# Head -> (method, path, query, goes on)
TAKEN = {
    GOOD: ("GET", "/calendar.ics", "", True),
    b"GET / HTTP/1.0\r\n\r\n": ("GET", "/", "", False),
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n": ("GET", "/", "", False),
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n": ("GET", "/", "", False),
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n": ("GET", "/", "", False),
    b"GET http://example.org/a?b HTTP/1.1\r\nHost: a\r\n\r\n": ("GET", "/a", "b", True),
    b"GET http://example.org HTTP/1.1\r\nHost: a\r\n\r\n": ("GET", "/", "", True),
    b"GET /%C3%A4?%C3%A4 HTTP/1.1\r\nHost: a\r\n\r\n": ("GET", "/ä", "%C3%A4", True),
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n": ("OPTIONS", "/", "", True),
    b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n": ("GET", "/", "", True),
    b"GET / HTTP/1.1\r\nHost:\r\n\r\n": ("GET", "/", "", True),
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n": ("GET", "/", "", True),
    b"GET / HTTP/1.1\r\nHost: a\r\nX: \xe4\t b \r\n\r\n": ("GET", "/", "", True),
    b"M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n": ("M-SEARCH", "/", "", True),
}
# Head -> the status it is refused with
REFUSED = {
    b"\r\n\r\n": 400,
    b"GET /\r\n\r\n": 400,
    b"GET / \r\n\r\n": 400,
    b"GET / HTTP/1.1\nHost: a\n\r\n\r\n": 400,
    b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n": 400,
    b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n": 400,
    b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n": 400,
    b"GET / http/1.1\r\nHost: a\r\n\r\n": 400,
    b" GET / HTTP/1.1\r\nHost: a\r\n\r\n": 400,
    b"G(T / HTTP/1.1\r\nHost: a\r\n\r\n": 400,
    b"GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n": 400,
    b"GET /%FF HTTP/1.1\r\nHost: a\r\n\r\n": 400,
    b"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n": 400,
    b"GET /%0d%0a HTTP/1.1\r\nHost: a\r\n\r\n": 400,
    b"GET calendar.ics HTTP/1.1\r\nHost: a\r\n\r\n": 400,
    b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n": 400,
    b"GET * HTTP/1.1\r\nHost: a\r\n\r\n": 400,
    b"GET / HTTP/2.0\r\nHost: a\r\n\r\n": 505,
    b"PRI * HTTP/2.0\r\n\r\n": 505,
    b"GET / HTTP/1.11\r\nHost: a\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\n\r\n": 400,  # without Host
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost : a\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x7fb\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n": 413,
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 5\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: \xb2\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n": 400,
    b"GET /" + b"a" * 2048 + b" HTTP/1.1\r\nHost: a\r\n\r\n": 414,
}


@pytest.mark.parametrize("head", TAKEN, ids=repr)
def test_a_head_is_read(head):
    found = read_head(head)
    assert isinstance(found, Request)
    assert (found.method, found.path, found.query, found.keep) == TAKEN[head]


@pytest.mark.parametrize("head", REFUSED, ids=repr)
def test_a_head_that_could_be_read_in_two_ways_is_refused(head):
    found = read_head(head)
    assert isinstance(found, Refusal)
    assert found.status == REFUSED[head]
    assert found.error
    assert found.hint


def _edited(head: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for at, cut, piece in edits:
        head = head[:at] + piece + head[at + cut :]
    return head.split(b"\r\n\r\n")[0] + b"\r\n\r\n"


PIECES = st.sampled_from(
    [
        *(b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\x00", b"\xff", b"\x0b", b"\r\n ", b",", b"0", b"*", b"/", b"%00", b"GET"),
        *(b"chunked", b"Transfer-Encoding", b"Content-Length: 5", b"Host: a", b"HTTP/1.1"),
    ]
)
HEADS = st.builds(
    _edited,
    st.sampled_from([*TAKEN, *REFUSED]),
    st.lists(st.tuples(st.integers(0, 120), st.integers(0, 3), PIECES), max_size=3),
)


def judged(head: bytes) -> None:
    """What is taken, h11 takes too, and sees the same in it: the same headers, no content, nothing left over."""
    found = read_head(head)
    if isinstance(found, Refusal):
        return
    server = h11.Connection(h11.SERVER, max_incomplete_event_size=2 * LONGEST_HEAD)
    server.receive_data(head)
    event = server.next_event()
    assert isinstance(event, h11.Request)
    assert event.method.decode() == found.method
    names = {name.decode() for name, _ in event.headers}
    assert names == set(found.headers)
    assert isinstance(server.next_event(), h11.EndOfMessage)
    assert server.trailing_data[0] == b""


@settings(max_examples=400, deadline=None)
@given(HEADS)
def test_what_is_taken_another_reader_takes_alike(head):
    judged(head)


@pytest.mark.soak
@settings(max_examples=20_000, deadline=None)
@given(HEADS)
def test_what_is_taken_another_reader_takes_alike_at_length(head):
    judged(head)
