"""`svsm-cal serve` as a process: how it begins and ends, its workers, and what it writes down."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest

from svsm_cal.app.publish import feed_path
from svsm_cal.config.load import load

from .running import EXAMPLE, NOW, PATIENCE, ROOT, SECRET, Client, Process, process, workers

CALENDAR = load(EXAMPLE)
ATTENDING = {name for series in CALENDAR.series for name in series.attendees}
PATHS = [f"/{feed_path(person, SECRET.encode())}" for person in CALENDAR.participants if person.id in ATTENDING]
TOKENS = [path.split("/")[2] for path in PATHS]
ASK = b"GET /calendar.ics HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("words", [(), ("--workers", "2")])
def test_it_ends_when_told_to_and_finishes_what_is_under_way(tmp_path, number, words):
    large = bytes(range(256)) * 80_000  # 20 MB: more than the kernel holds
    (tmp_path / "site").mkdir()
    (tmp_path / "site/large.txt").write_bytes(large)
    (tmp_path / "site/calendar.json").write_text(json.dumps({"generator": "svsm_cal", "files": ["large.txt"]}))
    with ExitStack() as ending:
        running = ending.enter_context(process(tmp_path, "--site", str(tmp_path / "site"), *words))
        idle = ending.enter_context(Client(running.port))
        assert idle.ask("/api/next").status == 200
        slow = ending.enter_context(Client(running.port))
        slow.send(b"GET /large.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        assert slow.socket.recv(15, socket.MSG_PEEK) == b"HTTP/1.1 200 OK"
        running.process.send_signal(number)
        assert idle.ended
        assert slow.reply().body == large
        assert slow.ended
        assert running.process.wait(60) == 0  # without a second signal, which might come when its handlers are gone
        with pytest.raises(ConnectionRefusedError):
            Client(running.port)


def test_it_ends_though_a_client_never_does(tmp_path):
    """What is under way has so long and no longer."""
    with process(tmp_path, settings={"_GRACE_SECONDS": 1, "_STALLED_SECONDS": 600}) as running, Client(running.port) as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.send(ASK * 300)
        assert client.reply().status == 200
        assert running.end() == 0


def until(holds):
    waiting = threading.Event()
    for _ in range(PATIENCE * 10):
        if holds():
            return
        waiting.wait(0.1)
    raise AssertionError("it never came")


def test_workers_share_a_port_and_what_they_count(tmp_path):
    with process(tmp_path, "--workers", "3") as running:
        for _ in range(60):
            assert running.ask("/calendar.ics").status == 200
        counted = [re.search(rb'route="feed",status="200"} (\d+)', running.ask("/metrics").body)[1] for _ in range(12)]
        assert set(counted) == {b"60"}


def test_a_worker_that_dies_is_replaced_and_its_count_kept(tmp_path):
    with process(tmp_path, "--workers", "2") as running:
        for _ in range(20):
            assert running.ask("/calendar.ics").status == 200
        before = workers(running)
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        until(lambda: len(workers(running)) == 2 and before[0] not in workers(running))
        assert [running.ask("/calendar.ics").status for _ in range(8)] == [200] * 8
        assert b'route="feed",status="200"} 28' in running.ask("/metrics").body
        assert "Unexpected exit from worker" in running.said.read_text()


def test_workers_do_not_outlive_their_supervisor(tmp_path):
    with process(tmp_path, "--workers", "2") as running:
        assert running.ask("/calendar.ics").status == 200
        left = workers(running)
        running.process.kill()
        running.process.wait(PATIENCE)
        until(lambda: not any(os.path.exists(f"/proc/{each}") for each in left))


MISSPELT = [
    *PATHS,
    *(path.replace("/p/", "/p//") for path in PATHS),
    *(path.replace("/calendar.ics", "") for path in PATHS),
    *(path[2:] for path in PATHS),
    *(f"/%70/{token}/calendar.ics" for token in TOKENS),
    *(f"/p/{token[:9]}%{ord(token[9]):02x}{token[10:]}/calendar.ics" for token in TOKENS),
    *(f"/calendar.ics?token={token}" for token in TOKENS),
    *(f"/{token}" for token in TOKENS),
    *(f"/P/{token.upper()}/calendar.ics" for token in TOKENS),
    *(f"/api/next?for={token}" for token in TOKENS),
    *(f"/p/{token}/calendar.ics/" for token in TOKENS),
]


def test_neither_the_log_nor_the_counters_nor_health_ever_hold_a_token(tmp_path):
    with process(tmp_path) as running:
        for path in MISSPELT:
            with Client(running.port) as client:
                client.ask(path, Referer=f"http://localhost{path}", User_Agent=path)
                client.send(f"GET {path} HTTP/1.1\nbroken\r\n\r\n".encode())
                client.reply()
        told = running.ask("/metrics").body + running.ask("/health").body
        running.end()
    written = (told.decode() + running.log.read_text() + running.said.read_text()).lower()
    assert written.count(" get /p/... 200 ") == len(PATHS) * 3  # as they are, and with a letter escaped
    for token in TOKENS:
        assert token not in written
        assert token[:12] not in written
    assert SECRET not in written


def test_the_log_says_who_asked_for_what_and_got_what(tmp_path):
    with process(tmp_path) as running:
        etag = running.ask("/calendar.ics").headers["etag"]
        running.ask("/calendar.ics", If_None_Match=etag)
        running.ask("/calendar.ics", method="HEAD", Accept_Encoding="gzip")
        running.ask("/nothing\x7f".replace("\x7f", "%C3%A4"))
        running.ask("/calendar.ics", method="EVIL")
        running.end()
    size = "\\d+"
    expected = [
        f"GET /calendar.ics 200 {size}", "GET /calendar.ics 304 0", "HEAD /calendar.ics 200 0",
        f"GET /nothing\\? 404 {size}", f"OTHER /calendar.ics 405 {size}",
    ]  # fmt: skip
    lines = running.log.read_text().splitlines()
    assert len(lines) == len(expected)
    for line, pattern in zip(lines, expected, strict=True):
        assert re.fullmatch(f"2025-03-05T17:00:00Z 127.0.0.1 {pattern}", line)


FORWARDED = {
    ("--proxy", "127.0.0.1"): {"203.0.113.9": "203.0.113.9", "6.6.6.6, 203.0.113.9": "203.0.113.9", "evil\u00a0x": "127.0.0.1"},
    (): {"203.0.113.9": "127.0.0.1"},
    ("--proxy", "10.0.0.1"): {"203.0.113.9": "127.0.0.1"},
}


@pytest.mark.parametrize("words", FORWARDED)
def test_a_forwarded_address_is_believed_only_of_a_proxy_that_is_named(tmp_path, words):
    with process(tmp_path, *words) as running:
        for given in FORWARDED[words]:
            assert running.ask("/calendar.ics", X_Forwarded_For=given.encode().decode("latin-1")).status == 200
        running.end()
    assert [line.split()[1] for line in running.log.read_text().splitlines()] == list(FORWARDED[words].values())


def test_nobody_who_reads_the_log_is_needed(tmp_path):
    with process(tmp_path, "--no-log") as running:
        assert running.ask("/calendar.ics").status == 200
        running.end()
    assert running.log.read_bytes() == b""


# A calendar file on a disk that is gone: whoever looks at it waits for ever.
DEAD_DISK = """
import threading
from svsm_cal.app.site_snapshot import SiteSource
first = [SiteSource.fingerprint]
SiteSource.fingerprint = lambda self: first.pop()(self) if first else threading.Event().wait()
"""


def test_a_disk_that_is_gone_stops_neither_serving_nor_the_end(tmp_path):
    with process(tmp_path, patch=DEAD_DISK, settings={"_GRACE_SECONDS": 2}) as running:
        threading.Event().wait(2.5)  # it has looked
        assert running.ask("/calendar.ics").status == 200
        assert running.ask("/health").status == 200
        assert running.end() == 0


REFUSED = {
    "a broken calendar": (("-c", "{folder}/broken.toml", "serve", "--port", "0"), "broken.toml:1:"),
    "no calendar": (("-c", "{folder}/none.toml", "serve", "--port", "0"), "there is no such file"),
    "no such address": (
        ("-c", str(EXAMPLE), "serve", "--host", "192.0.2.1", "--port", "0"),
        "192.0.2.1:0: cannot be listened on",
    ),
    "a pipe": (("-c", "{folder}/pipe", "serve", "--port", "0"), "pipe: is not a regular file"),
    "a store that cannot be": (("-c", str(EXAMPLE), "serve", "--port", "0", "--store", "{folder}"), "is not a file"),
    "a weak secret": (("-c", str(EXAMPLE), "serve", "--port", "0", "--secret-file", "{folder}/weak"), "is shorter than 16 bytes"),
    "a folder of others": (("-c", str(EXAMPLE), "serve", "--port", "0", "--site", "{folder}"), "holds nothing that"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_served_is_told_in_a_line(tmp_path, case):
    (tmp_path / "broken.toml").write_text("broken")
    (tmp_path / "weak").write_text("weak")
    os.mkfifo(tmp_path / "pipe")
    words, said = REFUSED[case]
    command = [sys.executable, "-m", "svsm_cal", *(word.format(folder=tmp_path) for word in words)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE, check=False)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        command = [sys.executable, "-m", "svsm_cal", "-c", str(EXAMPLE), "serve", "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE, check=False)
    assert (done.returncode, f"127.0.0.1:{port}: cannot be listened on: Address already in use" in done.stderr) == (1, True)


def test_time_goes_on_unless_told_to_stand_still(tmp_path):
    copy = tmp_path / "calendar.toml"
    shutil.copy(EXAMPLE, copy)
    running = Process(tmp_path, calendar=copy, now=None)
    try:
        assert b'"loaded_utc": "2025-03-05' not in running.ask("/health").body
    finally:
        assert running.end() == 0
    assert NOW.startswith("2025")
