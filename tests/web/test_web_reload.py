"""The server follows its file and the time; a broken file changes nothing but /health."""

from __future__ import annotations

import json
import os
import threading
from datetime import timedelta

import pytest

from svsm_cal.app.publish import publish, site
from svsm_cal.app.site_snapshot import SiteSource, moment_of
from svsm_cal.cli.options import parse_instant
from svsm_cal.config.load import load, loads

from .running import EXAMPLE, NOW, SECRET, Thread

AT = parse_instant(NOW)
TEXT = EXAMPLE.read_text(encoding="utf-8")
CHANGED = TEXT.replace('title = "SVSM Development Call"', 'title = "Another Name"')
assert CHANGED != TEXT


@pytest.fixture
def calendar(tmp_path):
    path = tmp_path / "calendar.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def server(calendar):
    running = Thread(calendar, AT)
    yield running
    running.close()


def put(path, text):
    """Write a file as editors do: under another name first."""
    beside = path.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def health(server):
    reply = server.ask("/health")
    return reply.status, json.loads(reply.body)


def test_an_edit_is_served_everywhere(server, calendar):
    before = {path: server.ask(path) for path in ("/calendar.ics", "/", "/api/next", "/deadlines.ics")}
    put(calendar, CHANGED)
    server.until(lambda application: application.calendar.series[0].title == "Another Name")
    for path, old in before.items():
        new = server.ask(path)
        assert (b"Another Name" in new.body) is (path != "/deadlines.ics")
        assert (new.headers["etag"] == old.headers["etag"]) is (path == "/deadlines.ics")
        if path.endswith(".ics") and path != "/deadlines.ics":
            # One who has only the date is not told that nothing has changed.
            assert server.ask(path, If_Modified_Since=old.headers["last-modified"]).status == 200
    assert health(server)[1]["status"] == "ok"
    assert b"reloads_total 1\n" in server.ask("/metrics").body


def test_a_broken_edit_keeps_the_last_good_calendar_and_says_where_it_is_broken(server, calendar, capfd):
    before = server.ask("/calendar.ics").body
    broken = TEXT.replace("date = 2025-01-22,", "date = 2025-01-21,").replace(
        '"dionna@example.org"', '"canary canary@example.org"'
    )
    assert broken.count("2025-01-21") == 1
    put(calendar, broken)
    server.until(lambda application: application.status == "degraded")
    status, record = health(server)
    assert (status, record["calendar"]["state"]) == (200, "broken")
    places = {(each["file"], each["line"]) for each in record["calendar"]["findings"]}
    lines = broken.splitlines()
    assert ("calendar.toml", next(n for n, line in enumerate(lines, 1) if "2025-01-21" in line)) in places
    assert ("calendar.toml", next(n for n, line in enumerate(lines, 1) if "canary@" in line)) in places
    assert "@" not in json.dumps(record)
    assert str(calendar.parent) not in json.dumps(record)
    assert server.ask("/calendar.ics").body == before
    assert b"svsm_cal_calendar_broken 1\n" in server.ask("/metrics").body
    assert "the site is served as it was before" in capfd.readouterr().err

    put(calendar, CHANGED)
    server.until(lambda application: application.status == "ok")
    assert b"Another Name" in server.ask("/calendar.ics").body
    assert health(server)[1]["calendar"]["findings"] == []


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"x" * 3_000_000, None])
def test_a_file_that_cannot_be_read_is_a_broken_one(server, calendar, data):
    if data is None:
        calendar.unlink()
    else:
        calendar.write_bytes(data)
    server.until(lambda application: application.status == "degraded")
    assert server.ask("/calendar.ics").status == 200
    assert [each["code"] for each in health(server)[1]["calendar"]["findings"]] == ["unreadable"]


def test_a_pipe_in_place_of_the_file_is_a_broken_one(server, calendar):
    before = server.ask("/calendar.ics").body
    calendar.unlink()
    os.mkfifo(calendar)
    server.until(lambda application: application.status == "degraded")
    assert "is not a regular file" in health(server)[1]["calendar"]["findings"][0]["message"]
    assert server.ask("/calendar.ics").body == before
    put(calendar, CHANGED)
    server.until(lambda application: application.status == "ok")
    assert b"Another Name" in server.ask("/calendar.ics").body


def test_the_time_goes_on_though_the_file_blocks(server, monkeypatch):
    dead, looked = threading.Event(), threading.Event()
    monkeypatch.setattr(SiteSource, "fingerprint", lambda _: looked.set() or dead.wait())
    try:
        assert looked.wait(30)
        server.now = later = parse_instant("2025-03-12T20:00Z")
        server.until(lambda application: application.snapshot.at == later)
        assert json.loads(server.ask("/calendar.json").body)["generated_utc"] == "2025-03-12T20:00:00Z"
    finally:
        dead.set()


def test_the_page_moves_on_with_the_time_and_the_feeds_do_not(server, calendar):
    feed, page = server.ask("/calendar.ics"), server.ask("/calendar.json")
    put(calendar, "broken")  # time goes on all the same
    server.until(lambda application: application.status == "degraded")
    server.now = later = parse_instant("2025-03-12T20:00Z")
    server.until(lambda application: application.snapshot.at == later)
    again = server.ask("/calendar.json")
    assert json.loads(again.body)["generated_utc"] == "2025-03-12T20:00:00Z"
    assert again.headers["etag"] != page.headers["etag"]
    assert again.headers["last-modified"] == "Wed, 12 Mar 2025 20:00:00 GMT"
    assert server.ask("/calendar.ics", If_None_Match=feed.headers["etag"]).status == 304
    assert server.application.status == "degraded"


def test_the_api_is_of_the_current_minute(server):
    def left():
        return json.loads(server.ask("/api/deadlines").body)["deadlines"][0]["remaining_seconds"]

    before = left()
    server.now = AT + timedelta(seconds=59)
    server.until(lambda _: server.asgi._time.endswith("17:00:59Z"))
    assert left() == before
    server.now = AT + timedelta(seconds=61)
    server.until(lambda application: application.now == AT + timedelta(seconds=60))
    assert left() == before - 60


MOMENTS = {
    "2025-03-05T16:59:59Z": "2025-03-05T16:45:00Z",
    "2025-03-05T17:00:00Z": "2025-03-05T17:00:00Z",
    "2025-03-05T17:14:59Z": "2025-03-05T17:00:00Z",
    "2025-03-05T18:00:00Z": "2025-03-05T18:00:00Z",
}


@pytest.mark.parametrize("now", MOMENTS)
def test_pages_are_of_the_last_quarter_of_an_hour(now):
    assert moment_of(load(EXAMPLE), parse_instant(now)) == parse_instant(MOMENTS[now])


def test_or_of_a_call_that_has_begun_or_ended_since():
    odd = loads(TEXT.replace("start = 2024-02-14T18:00:00", "start = 2024-02-14T18:05:00"))
    begun = [moment_of(odd, parse_instant(f"2025-03-05T17:0{minute}Z")) for minute in (4, 5, 9)]
    assert begun == [parse_instant(f"2025-03-05T17:0{minute}Z") for minute in (0, 5, 5)]
    assert moment_of(odd, parse_instant("2025-03-05T18:06Z")) == parse_instant("2025-03-05T18:05Z")


def test_two_servers_that_share_nothing_serve_the_same(tmp_path):
    """Other folders, other times of the files, begun at other times: other processes would see no more."""
    ours = []
    for number, started in enumerate(("2025-03-05T17:00Z", "2025-03-05T17:13:20Z")):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / "calendar.toml"
        path.write_text(TEXT, encoding="utf-8")
        os.utime(path, (10**9 + number, 10**9 + number))
        ours.append(Thread(path, parse_instant(started)))
    try:
        for each in ours:
            each.now = parse_instant("2025-03-05T17:14:07Z")
        for each in ours:
            each.until(lambda application: application.now == parse_instant("2025-03-05T17:14Z"))
        paths = [*ours[0].application.site.paths, "/api/next", "/api/shifts", "/api/deadlines", "/api/openapi.json"]
        paths += [f"/{name}" for name in ours[0].application.snapshot.files if name.startswith("p/")]
        assert len(paths) > 15
        for path in paths:
            for encoding in ("identity", "gzip"):
                first, second = (each.ask(path, Accept_Encoding=encoding) for each in ours)
                assert (first.status, first.body, first.headers["etag"]) == (200, second.body, second.headers["etag"])
    finally:
        for each in ours:
            each.close()


# --- what `build` wrote, served ---


def test_a_folder_is_served_with_the_revisions_that_build_gave(calendar, tmp_path):
    out = tmp_path / "site"
    publish(load(calendar), str(out), now=AT, secret=SECRET.encode())
    (out / "notes.txt").write_text("not ours")
    put(calendar, CHANGED)
    publish(load(calendar), str(out), now=AT + timedelta(hours=1), secret=SECRET.encode())
    server = Thread(calendar, AT, secret=None, folder=str(out))
    try:
        for file in sorted(path for path in out.rglob("*") if path.is_file() and path.name != "notes.txt"):
            assert server.ask(f"/{file.relative_to(out)}").body == file.read_bytes()
        assert b"DTSTAMP:20250305T180000Z" in server.ask("/calendar.ics").body
        assert server.ask("/notes.txt").status == 404
        publish(loads(TEXT), str(out), now=AT + timedelta(hours=2), secret=SECRET.encode())
        server.until(lambda application: b"Another Name" not in application.snapshot.files["calendar.ics"])
        assert b"DTSTAMP:20250305T190000Z" in server.ask("/calendar.ics").body
        assert server.ask("/api/next").status == 200
    finally:
        server.close()


def test_a_feed_of_a_first_revision_is_what_feed_prints(server):
    from svsm_cal.ical.feed import to_ical

    assert server.ask("/calendar.ics").body == to_ical(load(EXAMPLE), now=AT) == site(load(EXAMPLE), now=AT)["calendar.ics"]


def test_a_folder_that_build_did_not_write_is_not_served(calendar, tmp_path):
    from svsm_cal.errors import InputError

    source = SiteSource(str(calendar), None, str(tmp_path))
    with pytest.raises(InputError, match="holds nothing that `svsm-cal build` wrote"):
        source.snapshot(TEXT, AT)
