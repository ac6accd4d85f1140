"""Every address, header by header; conditional requests; HEAD; compression; methods."""

from __future__ import annotations

import gzip
import hashlib
import re

import pytest

from svsm_cal.app.publish import feed_path, site
from svsm_cal.cli.options import parse_instant
from svsm_cal.config.load import load

from .running import EXAMPLE, NOW, SECRET, Client, process

CALENDAR, AT = load(EXAMPLE), parse_instant(NOW)
FILES = site(CALENDAR, now=AT, secret=SECRET.encode())
PERSONAL = f"/{feed_path(CALENDAR.participants[0], SECRET.encode())}"
PUBLIC = sorted(f"/{name}" for name in FILES if not name.startswith("p/"))

HTML, JSON, ICS = "text/html; charset=utf-8", "application/json", "text/calendar; charset=utf-8"
CACHED = {HTML: "public, max-age=60", ICS: "public, max-age=300", JSON: "public, max-age=60"}

# What is asked -> status, type, Cache-Control, and whether pages from elsewhere may read it.
ANSWERS = {
    "/": (200, HTML, CACHED[HTML], True),
    "/index.html": (200, HTML, CACHED[HTML], True),
    "/calendar.ics": (200, ICS, CACHED[ICS], True),
    "/deadlines.ics": (200, ICS, CACHED[ICS], True),
    "/series/devel-call.ics": (200, ICS, CACHED[ICS], True),
    "/calendar.json": (200, JSON, CACHED[JSON], True),
    "/revisions.json": (200, JSON, CACHED[JSON], True),
    "/style.css": (200, "text/css; charset=utf-8", "public, max-age=3600", True),
    "/%63alendar.ics": (200, ICS, CACHED[ICS], True),
    "/calendar.ics?nocache=1": (200, ICS, CACHED[ICS], True),
    PERSONAL: (200, ICS, "private, max-age=300", False),
    f"{PERSONAL}?x": (200, ICS, "private, max-age=300", False),
    "/p/" + "a" * 26 + "/calendar.ics": (404, JSON, "no-store", False),
    "/p/": (404, JSON, "no-store", False),
    PERSONAL.removesuffix("calendar.ics"): (404, JSON, "no-store", False),
    PERSONAL.upper(): (404, JSON, "no-store", True),
    "/api/next": (200, JSON, CACHED[JSON], True),
    "/api/when?date=2025-03-12": (200, JSON, CACHED[JSON], True),
    "/api/shifts": (200, JSON, CACHED[JSON], True),
    "/api/deadlines": (200, JSON, CACHED[JSON], True),
    "/api/occurrences": (200, JSON, CACHED[JSON], True),
    "/api/openapi.json": (200, JSON, CACHED[JSON], True),
    "/api/when": (400, JSON, "no-store", True),
    "/api/when?date=2025-03-13": (404, JSON, "no-store", True),
    "/api/nothing": (404, JSON, "no-store", True),
    "/api": (404, JSON, "no-store", True),
    "/health": (200, JSON, "no-store", True),
    "/metrics": (200, "text/plain; version=0.0.4; charset=utf-8", "no-store", False),
    "/nothing": (404, JSON, "no-store", True),
    "/../calendar.toml": (404, JSON, "no-store", True),
    "/%2e%2e/calendar.toml": (404, JSON, "no-store", True),
    "//calendar.ics": (404, JSON, "no-store", True),
    "/series": (404, JSON, "no-store", True),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with process(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.mark.parametrize("path", ANSWERS)
def test_every_address_has_one_answer(server, path):
    status, media, cache, shared = ANSWERS[path]
    reply = server.ask(path)
    assert (reply.status, reply.headers["content-type"], reply.headers["cache-control"]) == (status, media, cache)
    assert (reply.headers.get("access-control-allow-origin") == "*") is shared
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert len({name for name, _ in reply.pairs}) == len(reply.pairs)
    assert ("content-security-policy" in reply.headers) is (media == HTML)
    assert (reply.headers.get("content-disposition", "").startswith('inline; filename="')) is (media == ICS)
    if status == 200 and "no-store" not in cache:
        assert re.fullmatch(r'"[\w-]{20}"', reply.headers["etag"])


@pytest.mark.parametrize("path", [*PUBLIC, PERSONAL])
def test_a_file_is_served_as_it_is_built(server, path):
    assert server.ask(path).body == FILES[path[1:]]


def test_pages_take_no_script_from_elsewhere(server):
    policy = server.ask("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert policy.endswith("; frame-ancestors 'none'")


def test_only_the_snippet_may_be_framed(server):
    pages = [path for path in PUBLIC if path.endswith(".html")]
    framed = {path for path in pages if "frame-ancestors *" in server.ask(path).headers["content-security-policy"]}
    assert framed == {path for path in pages if path.endswith("/embed/index.html")}
    assert framed


@pytest.mark.parametrize("path", [each for each, (status, *_) in ANSWERS.items() if each != "/metrics"])
def test_head_is_get_without_the_body(server, path):
    with Client(server.port) as client:
        head, get = client.ask(path, method="HEAD"), client.ask(path)
        assert head.pairs == get.pairs
        assert (head.body, head.headers["content-length"]) == (b"", str(len(get.body)))


CONDITIONAL = [path for path, (status, _, cache, _) in ANSWERS.items() if status == 200 and cache != "no-store"]


@pytest.mark.parametrize("path", CONDITIONAL)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_what_has_not_changed_is_not_sent_again(server, path, encoding):
    with Client(server.port) as client:
        first = client.ask(path, Accept_Encoding=encoding)
        etag = first.headers["etag"]
        for known in (etag, f"W/{etag}", f'"other", {etag}', f'"a,b",{etag} , W/"c"', "*"):
            again = client.ask(path, Accept_Encoding=encoding, If_None_Match=known)
            assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
            assert again.headers["cache-control"] == first.headers["cache-control"]
            assert again.headers.get("vary") == first.headers.get("vary")
            assert {"content-length", "content-type"}.isdisjoint(again.headers)
        for other in ('"other"', etag.strip('"'), 'W/"other"', ""):
            assert client.ask(path, Accept_Encoding=encoding, If_None_Match=other).body == first.body


def test_a_date_is_believed_only_if_it_is_ours(server):
    with Client(server.port) as client:
        ours = client.ask("/calendar.ics").headers["last-modified"]
        assert client.ask("/calendar.ics", If_Modified_Since=ours).status == 304
        assert client.ask("/calendar.ics", If_Modified_Since="Wed, 05 Mar 2031 17:00:00 GMT").status == 200
        assert client.ask("/calendar.ics", If_Modified_Since="yesterday").status == 200
        # An entity tag decides alone (RFC 9110 section 13.1.3).
        assert client.ask("/calendar.ics", If_Modified_Since=ours, If_None_Match='"other"').status == 200


ENCODINGS = {
    "gzip": True,
    "gzip, deflate, br": True,
    "GZIP": True,
    "*": True,
    "br;q=1.0, gzip;q=0.5": True,
    "gzip;q=0": False,
    "gzip; q=0.000, *": False,
    "*;q=0": False,
    "identity": False,
    "br": False,
    "": False,
}


@pytest.mark.parametrize("wanted", ENCODINGS)
def test_compression_is_only_for_those_who_take_it(server, wanted):
    with Client(server.port) as client:
        plain, reply = client.ask("/calendar.ics"), client.ask("/calendar.ics", Accept_Encoding=wanted)
    assert reply.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert (reply.headers.get("content-encoding") == "gzip") is ENCODINGS[wanted]
    assert (reply.headers["etag"] == plain.headers["etag"]) is not ENCODINGS[wanted]
    assert (gzip.decompress(reply.body) if ENCODINGS[wanted] else reply.body) == plain.body


def test_an_entity_tag_is_a_digest_of_the_bytes_alone(server):
    import base64

    for path in ("/calendar.ics", "/", PERSONAL):
        reply = server.ask(path)
        digest = base64.urlsafe_b64encode(hashlib.sha256(reply.body).digest()[:15]).decode()
        assert reply.headers["etag"] == f'"{digest}"'


METHODS = ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "QUERY", "get"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/calendar.ics", "/api/next", "/health", "/"])
def test_nothing_but_reading_is_allowed(server, method, path):
    reply = server.ask(path, method=method)
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert b'"hint"' in reply.body


def test_options_says_the_same_of_every_path_and_nothing_of_secrets(server):
    there, nowhere = (server.ask(path, method="OPTIONS") for path in ("/calendar.ics", "/nothing"))
    assert there.status == 204
    assert there.pairs == nowhere.pairs
    assert there.headers["access-control-allow-headers"] == "If-None-Match, If-Modified-Since, If-Match, If-Unmodified-Since"
    mine, nobodys = (server.ask(path, method="OPTIONS") for path in (PERSONAL, "/p/" + "a" * 26 + "/calendar.ics"))
    assert mine.pairs == nobodys.pairs
    assert not [name for name in mine.headers if name.startswith("access-control-")]


def test_a_folder_without_its_slash_is_moved_to_it(server):
    reply = server.ask("/next")
    assert (reply.status, reply.headers["location"]) == (308, "next/")
    assert server.ask("/next/").body == FILES["next/index.html"]


# --- preconditions (RFC 9110 section 13.2.2) ---

EARLIER, LATER = "Mon, 01 Jan 2001 00:00:00 GMT", "Wed, 05 Mar 2031 17:00:00 GMT"


@pytest.mark.parametrize("path", CONDITIONAL)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_if_match_holds_only_for_the_very_same_bytes(server, path, encoding):
    with Client(server.port) as client:
        first = client.ask(path, Accept_Encoding=encoding)
        etag = first.headers["etag"]
        for same in (etag, "*", f'"other", {etag}'):
            assert client.ask(path, Accept_Encoding=encoding, If_Match=same).body == first.body
        for other in ('"other"', f"W/{etag}", "", etag.strip('"')):
            refused = client.ask(path, Accept_Encoding=encoding, If_Match=other)
            assert (refused.status, refused.headers["cache-control"]) == (412, "no-store")
            assert (refused.headers.get("access-control-allow-origin") == "*") is (path.split("?")[0] != PERSONAL)
        assert client.ask(path, Accept_Encoding=encoding, If_Match=etag, If_None_Match=etag).status == 304
        assert client.ask(path, Accept_Encoding=encoding, If_Match='"other"', If_None_Match=etag).status == 412


def test_if_unmodified_since_is_a_date_that_is_compared(server):
    with Client(server.port) as client:
        ours = client.ask("/calendar.ics").headers["last-modified"]
        for date, status in ((ours, 200), (LATER, 200), (EARLIER, 412), ("yesterday", 200), ("", 200)):
            assert client.ask("/calendar.ics", If_Unmodified_Since=date).status == status
        # An entity tag decides alone.
        assert client.ask("/calendar.ics", If_Unmodified_Since=EARLIER, If_Match="*").status == 200
        assert client.ask("/nothing", If_Match='"other"', If_Unmodified_Since=EARLIER).status == 404


def test_a_list_in_two_headers_is_one_list(server):
    with Client(server.port) as client:
        etag = client.ask("/calendar.ics").headers["etag"]
        lines = f'GET /calendar.ics HTTP/1.1\r\nHost: a\r\nIf-None-Match: {etag}\r\nIf-None-Match: "other"\r\n\r\n'
        client.send(lines.encode())
        assert client.reply().status == 304
