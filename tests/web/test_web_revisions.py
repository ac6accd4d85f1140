"""Revisions of the feeds that `serve` makes: they continue over edits and restarts, and all servers of a store agree."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from datetime import timedelta

import icalendar
import pytest

from svsm_cal.app.publish import feed_path
from svsm_cal.cli.options import parse_instant
from svsm_cal.config.load import load
from svsm_cal.store import open_store
from tests.servers.postgres import cluster, found

from .running import EXAMPLE, NOW, SECRET, Process, Thread, process, workers

AT = parse_instant(NOW)
TEXT = EXAMPLE.read_text(encoding="utf-8")
MOVED = TEXT.replace("start = 2024-02-14T18:00:00", "start = 2024-02-14T19:00:00")
NAMED = TEXT.replace('title = "SVSM Development Call"', 'title = "Another Name"')
CALENDAR = load(EXAMPLE)
PERSONAL = f"/{feed_path(CALENDAR.participants[0], SECRET.encode())}"
FEEDS = ("/calendar.ics", "/series/devel-call.ics", "/deadlines.ics", PERSONAL)


@pytest.fixture
def calendar(tmp_path):
    path = tmp_path / "calendar.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def postgres():
    if not found():
        pytest.skip("PostgreSQL is not installed (tests/servers/setup.sh)")
    with cluster(in_memory=True) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    return str(tmp_path / "store.db") if request.param == "sqlite" else request.getfixturevalue("postgres").fresh()


def put(path, text):
    beside = path.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def masters(body):
    """Return (SEQUENCE, LAST-MODIFIED, title, start) of each series' master, by UID."""
    events = [event for event in icalendar.Calendar.from_ical(body).walk("VEVENT") if "RECURRENCE-ID" not in event]
    return {
        str(each["UID"]): (each["SEQUENCE"], each["LAST-MODIFIED"].dt, str(each["SUMMARY"]), each["DTSTART"].dt)
        for each in events
    }


def served(server):
    return {path: server.ask(path).body for path in FEEDS}


def edited(server, calendar, text):
    """Edit the file, and wait until the edit is served."""
    put(calendar, text)
    server.until(lambda application: application.snapshot.text == text)


def test_an_edit_is_a_later_revision_of_what_subscribers_have(calendar, store):
    server = Thread(calendar, AT, store=store)
    try:
        first = served(server)
        server.now = AT + timedelta(hours=1)
        edited(server, calendar, NAMED)
        named = served(server)
        for path in ("/calendar.ics", "/series/devel-call.ics", PERSONAL):
            [(uid, before)] = [each for each in masters(first[path]).items() if "Development" in each[1][2]]
            after = masters(named[path])[uid]
            assert after[0] == before[0]  # nobody has to decide anew whether to come
            assert after[1] > before[1]
            assert after[2] != before[2]
        assert named["/deadlines.ics"] == first["/deadlines.ics"]

        server.now = AT + timedelta(hours=2)
        edited(server, calendar, NAMED.replace("start = 2024-02-14T18:00:00", "start = 2024-02-14T19:00:00"))
        moved = served(server)
        for path in ("/calendar.ics", PERSONAL):
            before, after = masters(named[path]), masters(moved[path])
            [uid] = [uid for uid, row in after.items() if "Another Name" in row[2]]
            assert after[uid][0] == before[uid][0] + 1
            assert after[uid][1] > before[uid][1]
    finally:
        server.close()


def test_two_edits_in_a_second_are_two_revisions(calendar, store):
    server = Thread(calendar, AT, store=store)
    try:
        stamps = []
        for text in (NAMED, MOVED, TEXT):
            edited(server, calendar, text)
            stamps.append(max(row[1] for row in masters(server.ask("/calendar.ics").body).values()))
        assert stamps == sorted(set(stamps))
    finally:
        server.close()


def test_a_restart_serves_the_same_bytes(calendar, store):
    server = Thread(calendar, AT, store=store)
    try:
        edited(server, calendar, MOVED)
        before = served(server)
    finally:
        server.close()
    again = Thread(calendar, AT + timedelta(days=3), store=store)
    try:
        assert served(again) == before
        assert b"SEQUENCE:1\r\n" in before["/calendar.ics"]
    finally:
        again.close()


def test_an_edit_while_no_server_runs_is_a_revision_too(calendar, store):
    Thread(calendar, AT, store=store).close()
    put(calendar, MOVED)
    again = Thread(calendar, AT + timedelta(days=3), store=store)
    try:
        assert max(row[0] for row in masters(again.ask("/calendar.ics").body).values()) == 1
    finally:
        again.close()


def test_a_call_that_comes_back_is_later_than_when_it_went(calendar, store):
    start = TEXT.index("[[series]]")
    without = TEXT[:start] + TEXT[start:].replace('id = "devel-call"', 'id = "other-call"', 1)
    server = Thread(calendar, AT, store=store)
    try:
        before = masters(server.ask("/calendar.ics").body)
        edited(server, calendar, without)
        gone = before.keys() - masters(server.ask("/calendar.ics").body).keys()
        assert gone
        edited(server, calendar, TEXT)
        after = masters(server.ask("/calendar.ics").body)
        for uid in gone:
            assert after[uid][0] > before[uid][0]
            assert after[uid][1] > before[uid][1]
    finally:
        server.close()


def test_servers_of_one_store_serve_the_same_bytes(tmp_path, store):
    """Each has a file of its own; whichever is edited, all follow, and the one with the older file does not go back."""
    files = []
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        files.append(tmp_path / str(number) / "calendar.toml")
        files[-1].write_text(TEXT, encoding="utf-8")
    servers = [Thread(path, AT + timedelta(seconds=7 * number), store=store) for number, path in enumerate(files)]
    try:
        for number, text in ((0, MOVED), (1, NAMED), (1, MOVED)):
            for each in servers:
                each.now += timedelta(hours=1)
            put(files[number], text)
            for each in servers:
                each.until(lambda application, text=text: application.snapshot.text == text)
            assert served(servers[0]) == served(servers[1])
            assert servers[0].ask("/revisions.json").body == servers[1].ask("/revisions.json").body
            assert servers[0].ask("/api/next").body == servers[1].ask("/api/next").body
        versions = re.findall(rb"SEQUENCE:(\d+)", served(servers[0])["/calendar.ics"])
        for each in servers:  # a quarter of an hour later each has made its pages again
            each.now += timedelta(hours=1)
            each.until(lambda application, now=each.now: application.snapshot.at > now - timedelta(minutes=15))
        assert re.findall(rb"SEQUENCE:(\d+)", served(servers[0])["/calendar.ics"]) == versions
        assert served(servers[0]) == served(servers[1])
    finally:
        for each in servers:
            each.close()


def test_workers_serve_the_same_bytes(calendar, tmp_path):
    with process(tmp_path, "--workers", "2", "--store", str(tmp_path / "store.db"), calendar=calendar) as running:
        put(calendar, MOVED)
        bodies = {b""}
        for _ in range(200):
            bodies = {running.ask("/calendar.ics").body for _ in range(8)}
            if len(bodies) == 1 and b"SEQUENCE:1\r\n" in next(iter(bodies)):
                break
            time.sleep(0.05)  # an edit is looked for once a second
        assert len(bodies) == 1
        assert b"SEQUENCE:1\r\n" in bodies.pop()
    with open_store_of(tmp_path) as ledger:
        assert ledger.served_version() == 2  # the second worker to come had nothing to add


def test_a_worker_that_replaces_a_dead_one_serves_no_older_feed(calendar, tmp_path):
    with process(tmp_path, "--store", str(tmp_path / "store.db"), calendar=calendar) as running:
        assert b"SEQUENCE:1\r\n" not in running.ask("/calendar.ics").body
        put(calendar, MOVED)
        waiting = threading.Event()
        while b"SEQUENCE:1\r\n" not in running.ask("/calendar.ics").body:
            waiting.wait(0.1)
        [worker] = workers(running)
        os.kill(worker, signal.SIGKILL)
        while workers(running) in ([], [worker]):
            waiting.wait(0.05)
        assert b"SEQUENCE:1\r\n" in running.ask("/calendar.ics").body
        assert b"19:00:00" in running.ask("/api/next").body


def open_store_of(folder):
    return open_store(str(folder / "store.db"), calendar_id=None).ledger(writes=False)


def test_the_store_holds_no_token(calendar, tmp_path):
    Thread(calendar, AT, store=str(tmp_path / "store.db")).close()
    token = PERSONAL.split("/")[2]
    with open_store_of(tmp_path) as ledger:
        kept = ledger.served()
    assert f"p/{CALENDAR.participants[0].id}" in kept
    assert not [name for name, data in kept.items() if token in name or token.encode() in data]


def test_a_server_without_the_secret_keeps_what_personal_feeds_were(calendar, tmp_path):
    store = str(tmp_path / "store.db")
    first = Thread(calendar, AT, store=store)
    before = first.ask(PERSONAL).body
    first.close()
    Thread(calendar, AT, store=store, secret=None).close()
    again = Thread(calendar, AT + timedelta(days=1), store=store)
    try:
        assert again.ask(PERSONAL).body == before
    finally:
        again.close()


def test_the_store_is_the_file_beside_the_calendar_unless_named(calendar, tmp_path):
    for _ in range(2):
        running = Process(tmp_path, calendar=calendar, now=None)
        assert running.ask("/calendar.ics").status == 200
        assert running.end() == 0
        assert running.said.read_text().count("\n") == 1
    with open_store(str(tmp_path / "svsm-cal.db"), calendar_id=None).ledger(writes=False) as ledger:
        assert ledger.served_version() == 1


def test_without_a_store_feeds_are_first_revisions_with_a_warning(calendar, tmp_path):
    (tmp_path / "svsm-cal.db").mkdir()  # root may write anywhere, so a folder that cannot be written would not do
    with process(tmp_path, calendar=calendar, now=None) as running:
        assert running.ask("/calendar.ics").status == 200
        said = running.said.read_text()
        assert "svsm-cal: warning: " in said
        assert "feeds are first revisions" in said
        assert "--store" in said


def test_a_present_that_stands_still_leaves_no_store(calendar, tmp_path):
    with process(tmp_path, calendar=calendar) as running:
        assert running.ask("/calendar.ics").status == 200
    assert not (tmp_path / "svsm-cal.db").exists()
