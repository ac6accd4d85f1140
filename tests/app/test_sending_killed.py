"""`invite send` and `svsm-cal worker` killed, stopped and interrupted: nothing is lost, and no recipient is in two states.

A real process sends to a real SMTP server here, and is killed at one of its writes: to its store's files, to the
database server, to the mail server. What is left is sent by the next run. The one mail whose final dot was out may come
twice, the same to the byte.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from svsm_cal.store.contract import MailState
from svsm_cal.store.opening import open_store
from tests.servers.postgres import cluster, found
from tests.store.killing import KILL, SENDS, WRITES, Actors, has_strace, spread

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NOW = "2025-03-05T17:00Z"
PEOPLE = 6
HEAD = """
[calendar]
id = "example"
name = "Example community"
domain = "calendar.example.org"
zone = "Europe/Berlin"
organizer = { name = "Calendar", email = "calendar@example.org" }
[[series]]
id = "call"
title = "Call"
start = 2025-01-08T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=WE"
attendees = ["all"]
"""


def calendar(people):
    rows = (
        f'[[participant]]\nid = "p{n}"\nname = "P {n}"\nemail = "p{n}@example.org"\nzone = "Europe/Berlin"\ngroups = ["all"]\n'
        for n in range(people)
    )
    return HEAD + "".join(rows)


class Sink:
    """A mail server that keeps what it takes, in order."""

    def __init__(self):
        self.taken: list[tuple[str, bytes]] = []
        self._lock = threading.Lock()

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - as aiosmtpd calls it
        with self._lock:
            self.taken += [(recipient, envelope.content) for recipient in envelope.rcpt_tos]
        return "250 taken"

    def take(self) -> list[tuple[str, bytes]]:
        with self._lock:
            found, self.taken = self.taken, []
        return found


@pytest.fixture(scope="module")
def sink():
    handler = Sink()
    controller = Controller(handler, hostname="127.0.0.1", port=0)
    controller.port = free_port()
    controller.start()
    handler.url = f"smtp://127.0.0.1:{controller.port}?security=none"
    yield handler
    controller.stop()


def free_port():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def server():
    if not found():
        pytest.skip("PostgreSQL is not installed (tests/servers/setup.sh)")
    with cluster() as running:
        open_store(running.fresh(), calendar_id="example").close()
        yield running


def place_of(kind, folder, number, request):
    """Return the address of a new store."""
    if kind == "sqlite":
        return f"sqlite:{folder}/{number}.db"
    return request.getfixturevalue("server").fresh("calendar1")


def sending(folder, url, sink, *words):
    return [
        sys.executable, "-m", "svsm_cal", "-c", str(folder / "calendar.toml"), "--now", NOW,
        *(words or ("invite", "send")), "--store", url, "--smtp", sink.url,
    ]  # fmt: skip


def finished(argv):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def states(url):
    store = open_store(url, calendar_id="example")
    try:
        with store.ledger(writes=False) as ledger:
            rows = [(row.mail.recipient, row.state, ledger.data_of(row.id)) for row in ledger.outbox()]
        return rows, store.check()
    finally:
        store.close()


def check(url, taken, *, people, twice=1):
    """Assert that everybody has their mail and is in one final state, and that at most `twice` mails came twice, the same."""
    rows, faults = states(url)
    assert faults == []
    assert sorted(recipient for recipient, _, _ in rows) == sorted(f"p{n}@example.org" for n in range(people))
    assert {state for _, state, _ in rows} == {MailState.SENT}
    counts = Counter(recipient for recipient, _ in taken)
    assert set(counts) == {f"p{n}@example.org" for n in range(people)}  # nothing is lost
    assert max(counts.values()) <= 2
    assert sum(count > 1 for count in counts.values()) <= twice
    stored = {recipient: data for recipient, _, data in rows}
    assert all(content == stored[recipient] for recipient, content in taken)  # what came is what was stored, each time


@pytest.fixture(scope="module")
def actors():
    if not has_strace():
        pytest.skip("strace is not installed (tests/servers/setup.sh)")
    found = Actors("tests.app.command_acts")
    yield found
    found.close()


def killed_everywhere(kind, folder, sink, actors, request, wanted):
    (folder / "calendar.toml").write_text(calendar(PEOPLE))

    def words(url):
        return tuple(sending(folder, url, sink)[3:])

    calls = f"{WRITES},sendto" if kind == "sqlite" else SENDS
    found = actors.points(words(place_of(kind, folder, "first", request)), calls)
    sink.take()
    died = 0
    for number, point in enumerate(spread(found, wanted)):
        url = place_of(kind, folder, number, request)
        died += actors.struck(words(url), point, KILL).status != 0
        again = actors.perform(words(url))
        assert again.status == 0, again
        check(url, sink.take(), people=PEOPLE)
    return died, len(found)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_at_some_writes(kind, tmp_path, sink, actors, request):
    died, _ = killed_everywhere(kind, tmp_path, sink, actors, request, 12)
    assert died >= 10


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_at_every_write(kind, tmp_path, sink, actors, request):
    died, points = killed_everywhere(kind, tmp_path, sink, actors, request, None)
    print(f"{kind}: killed at {died} of {points} points")
    assert died >= points * 0.9


def test_two_at_once_send_everything_once(tmp_path, sink):
    (tmp_path / "calendar.toml").write_text(calendar(40))
    url = f"sqlite:{tmp_path}/svsm-cal.db"
    running = [subprocess.Popen([*sending(tmp_path, url, sink), "--yes"], stderr=subprocess.PIPE, text=True) for _ in range(4)]
    said = [each.communicate(timeout=120)[1] for each in running]
    assert [each.returncode for each in running] == [0] * 4, said
    finished(sending(tmp_path, url, sink))
    check(url, sink.take(), people=40, twice=0)


def test_interrupted_it_finishes_the_mail_on_its_way(tmp_path, sink):
    (tmp_path / "calendar.toml").write_text(calendar(300))
    url = f"sqlite:{tmp_path}/svsm-cal.db"
    sink.take()
    process = subprocess.Popen([*sending(tmp_path, url, sink), "--yes"], stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while len(sink.taken) < 5 and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 0
    sent = len(sink.taken)
    assert 5 <= sent < 300
    assert f"{300 - sent} still to send" in said
    finished(sending(tmp_path, url, sink))
    check(url, sink.take(), people=300, twice=0)


def chaos(server, folder, sink, *, mails, workers, seed, seconds):
    """Let workers deliver while they are stopped, continued and killed at random, and new ones come."""
    (folder / "calendar.toml").write_text(calendar(mails))
    url = server.fresh("calendar1")
    finished([*sending(folder, url, sink)[:-2], "--yes", "--queue"])
    chance = random.Random(seed)
    command = sending(folder, url, sink, "worker")
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    running = [subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment) for _ in range(workers)]
    stopped: dict[int, float] = {}
    kills = 0
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until and len({recipient for recipient, _ in list(sink.taken)}) < mails:
            time.sleep(chance.uniform(0.05, 0.4))
            number = chance.randrange(workers)
            process = running[number]
            act = chance.random()
            if act < 0.35:
                process.send_signal(signal.SIGSTOP)
                stopped[number] = time.monotonic()
            elif act < 0.55:
                process.kill()
                process.wait()
                kills += 1
                stopped.pop(number, None)
                running[number] = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment)
            for each in [each for each, since in stopped.items() if time.monotonic() - since > 1.5]:
                running[each].send_signal(signal.SIGCONT)
                del stopped[each]
        for number in stopped:
            running[number].send_signal(signal.SIGCONT)
        for process in running:
            process.terminate()
        for process in running:
            process.wait(timeout=60)
    finally:
        for process in running:
            process.kill()
            process.wait()
    # Batches of the dead are found by whoever comes next.
    finished(sending(folder, url, sink, "worker", "--once"))
    finished(sending(folder, url, sink, "invite", "send"))
    check(url, sink.take(), people=mails, twice=kills)
    return kills


def test_some_workers_stopped_and_killed_at_random(server, tmp_path, sink):
    assert chaos(server, tmp_path, sink, mails=600, workers=3, seed=1, seconds=20) > 0


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
def test_eight_workers_stopped_and_killed_at_random(server, tmp_path, sink, seed):
    kills = chaos(server, tmp_path, sink, mails=10_000, workers=8, seed=seed, seconds=300)
    print(f"seed {seed}: {kills} killed")
    assert kills > 20
