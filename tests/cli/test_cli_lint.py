"""`lint`: files, standard input and addresses; text, JSON and exit status."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from svsm_cal.app import fetch
from tests.support import run

DEFECTIVE = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example.org//calendar//EN
REFRESH-INTERVAL;VALUE=DURATION:PT6H
X-PUBLISHED-TTL:PT6H
BEGIN:VEVENT
UID:call@example.org
DTSTAMP:20250101T000000Z
DTSTART:20250108T180000Z
RRULE:FREQ=MONTHLY;BYDAY=2WE,4WE
SUMMARY:Call, monthly
DESCRIPTION:Ask jo@example.org
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n").encode()  # fmt: skip
SAID = """\
{0}:10:1: warning: the rule has several numbered weekdays, which Outlook does not support \
(hint: an event for each: FREQ=MONTHLY;BYDAY=2WE, FREQ=MONTHLY;BYDAY=4WE) [Outlook]
{0}:11:13: SUMMARY: "," is not escaped (hint: \\,)
{0}:12:17: an e-mail address in a public feed: jo@example.org (hint: leave it out; names are enough)
"""


lint = partial(run, "lint", calendar=None)


@pytest.fixture
def feed(tmp_path, monkeypatch):
    """A feed with two errors and a warning, in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "feed.ics").write_bytes(DEFECTIVE)
    return "feed.ics"


@contextmanager
def served(*answers):
    """A server that gives each path its (status, headers, body); its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers["User-Agent"], self.headers["Accept"]))
            status, headers, body = dict(answers).get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_findings_are_lines_with_their_places(feed):
    result = lint(feed)
    assert (result.exit_code, result.stdout, result.stderr) == (1, SAID.format(feed), "feed.ics: 2 errors, 1 warning\n")


def test_warnings_alone_do_not_fail(feed):
    Path(feed).write_bytes(DEFECTIVE.replace(b"Call, ", b"Call "))
    result = lint(feed, "--private")
    assert (result.exit_code, result.stdout.count("\n"), result.stderr) == (0, 1, "feed.ics: 0 errors, 1 warning\n")


def test_standard_input():
    result = lint("-", stdin=DEFECTIVE)
    assert (result.exit_code, result.stdout, result.stderr) == (1, SAID.format("<stdin>"), "<stdin>: 2 errors, 1 warning\n")


def test_json(feed):
    result = lint(feed, "--json")
    record = json.loads(result.stdout)
    assert (result.exit_code, result.stderr) == (1, "")
    text = {"type": "string"}
    properties = {
        "severity": {"enum": ["error", "warning"]},
        "file": {"const": "feed.ics"},
        **{key: {"type": "integer", "minimum": 1} for key in ("line", "column")},
        **dict.fromkeys(("message", "hint", "code", "client"), text),
    }
    items = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    Draft202012Validator({"properties": {"findings": {"type": "array", "items": items}}, "required": ["findings"]}).validate(
        record
    )
    assert [(each["line"], each["code"], each["client"]) for each in record["findings"]] == [
        (10, "outlook-rule", "Outlook"),
        (11, "unescaped-text", ""),
        (12, "email-address", ""),
    ]


def test_a_sound_feed_is_that_of_the_example(tmp_path):
    path = tmp_path / "calendar.ics"
    assert run("feed", "-o", path).exit_code == 0
    result = lint(str(path))
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"{path}: 0 errors, 0 warnings\n")


def test_an_address():
    with served(("/a.ics", (200, {"Content-Type": "text/calendar"}, DEFECTIVE))) as (place, asked):
        result = lint(f"{place}/a.ics")
    assert (result.exit_code, result.stdout) == (1, SAID.format(f"{place}/a.ics"))
    ((path, agent, accepted),) = asked
    assert path == "/a.ics"
    assert agent.startswith("svsm-cal/")
    assert accepted.startswith("text/calendar")


def test_redirects_are_followed():
    with served(("/a", (302, {"Location": "/b"}, b"")), ("/b", (200, {}, DEFECTIVE))) as (place, _):
        assert lint(f"{place}/a").stdout == SAID.format(f"{place}/a")


def refused(place):
    result = lint(place)
    assert (result.exit_code, result.stdout) == (1, "")
    return result.stderr


def test_redirects_without_end():
    with served(("/a", (302, {"Location": "/b"}, b"")), ("/b", (302, {"Location": "/a"}, b""))) as (place, asked):
        assert refused(f"{place}/a").startswith(f"svsm-cal: {place}/a: the server answers 302 ")
    assert len(asked) < 10


def test_redirects_lead_to_no_file(feed):
    with served(("/a", (302, {"Location": Path(feed).resolve().as_uri()}, b""))) as (place, _):
        assert refused(f"{place}/a").startswith(f"svsm-cal: {place}/a: the server answers 302 ")


def test_what_the_server_does_not_have():
    with served() as (place, _):
        said = f"svsm-cal: {place}/x: not found on the server (open the address in a browser)\n"
        assert refused(f"{place}/x") == said
    assert "cannot be reached" in refused(f"{place}/x")


def test_an_answer_that_breaks_off():
    with served(("/a", (200, {"Content-Length": "99999"}, DEFECTIVE))) as (place, _):
        assert refused(f"{place}/a") == f"svsm-cal: {place}/a: the connection was closed too early (try again)\n"


def test_a_server_that_says_nothing(monkeypatch):
    monkeypatch.setattr(fetch, "_PATIENCE", 0.1)
    with served() as (place, _):
        host, _, port = place.removeprefix("http://").partition(":")
        import socket

        with socket.create_server((host, 0)) as silent:
            address = f"http://{host}:{silent.getsockname()[1]}/"
            assert refused(address).startswith(f"svsm-cal: {address}: ")
            assert "no answer within" in refused(address) or "timed out" in refused(address)
        assert port


@pytest.mark.parametrize("where", ["file", "address", "input"])
def test_what_is_too_large(feed, monkeypatch, where):
    monkeypatch.setattr(fetch, "LARGEST_FEED", 100)
    monkeypatch.setattr(fetch, "_CHUNK", 64)
    if where == "address":
        with served(("/a", (200, {}, DEFECTIVE))) as (place, _):
            said = refused(f"{place}/a")
    else:
        result = lint({"file": feed, "input": "-"}[where], stdin=DEFECTIVE)
        assert result.exit_code == 1
        said = result.stderr
    assert "MiB (is it the right one?)" in said


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("nowhere.ics", "nowhere.ics: there is no such file (give a file, an https:// address, or - for standard input)"),
        (".", ".: is a folder (give the .ics file in it)"),
        ("a\0b", "a?b: is not a valid file name (give a file, an https:// address, or -)"),
        ("https://", "cannot be reached: no host given"),
        ("http://exa mple.org/\x1b", "cannot be read"),
    ],
)
def test_what_is_no_feed(feed, place, said):
    shown = refused(place)
    assert said in shown
    assert shown.startswith("svsm-cal: ")
    assert shown.count("\n") == 1
    assert "\x1b" not in shown


def test_webcal_is_https():
    with served(("/a", (200, {}, DEFECTIVE))) as (place, asked):
        assert "cannot be reached" in refused(place.replace("http", "webcal") + "/a")
    assert asked == []
