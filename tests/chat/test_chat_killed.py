"""Two processes tell what is due at once, and are killed at random: each thing is told once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from svsm_cal.app.notices import notices_of
from svsm_cal.config.load import loads
from svsm_cal.core.civil import Instant
from svsm_cal.store.opening import open_store

from .stand_in import StandIn

pytestmark = pytest.mark.slow

EXAMPLE = (Path(__file__).resolve().parents[2] / "examples/svsm/calendar.toml").read_text(encoding="utf-8")
CHATS = ("slack", "discord", "matrix")
CHANNELS = """
[[notices.channel]]
id = "slack"
kind = "slack"
url_env = "SLACK"

[[notices.channel]]
id = "discord"
kind = "discord"
url_env = "DISCORD"

[[notices.channel]]
id = "matrix"
kind = "matrix"
room = "!svsm:example.org"
url_env = "MATRIX"

[[notices.channel]]
id = "list"
kind = "mail"
to = "svsm@lists.example.org"
"""
NOW = Instant(datetime(2025, 3, 26, 17, tzinfo=UTC))


def run(folder, servers):
    command = [sys.executable, "-m", "svsm_cal", "-c", "calendar.toml", "--now", "2025-03-26T17:00Z", "notices", "send"]
    environment = {**os.environ, **{kind.upper(): server.secret for kind, server in servers.items()}}
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


@pytest.mark.parametrize("rounds", [6, pytest.param(60, marks=pytest.mark.soak)])
def test_two_processes_killed_at_random_tell_each_thing_once(tmp_path, rounds):
    chance = random.Random(20250326)
    calendar = loads(EXAMPLE + CHANNELS)
    (tmp_path / "calendar.toml").write_text(EXAMPLE + CHANNELS, encoding="utf-8")
    with ExitStack() as stack:
        servers = {kind: stack.enter_context(StandIn(kind)) for kind in CHATS}
        for _ in range(rounds):
            both = [run(tmp_path, servers) for _ in range(2)]
            time.sleep(chance.uniform(0.3, 1.2))
            for each in both:
                each.send_signal(signal.SIGKILL)
                each.communicate()
        for _ in range(2):
            last = run(tmp_path, servers)
            _, errors = last.communicate()
            assert last.returncode == 0, errors.decode()
    assert [problem for server in servers.values() for problem in server.problems] == []
    due = notices_of(calendar, NOW, NOW)
    with closing(open_store(str(tmp_path / "svsm-cal.db"), calendar_id=calendar.id)) as store, store.ledger() as ledger:
        mails = [row.mail.message_id for row in ledger.outbox()]
        claimed = {kind: len(ledger.claimed(f"notice {kind} ")) for kind in CHATS}
    assert len(mails) == len(set(mails)) == len(due) > 5
    assert claimed == dict.fromkeys(CHATS, len(due))
    # One message for each transaction, so each notice is in the room exactly once.
    assert len({path for path, _, _ in servers["matrix"].requests}) == len(due)
    for kind in ("slack", "discord"):
        # Who is killed between recording a notice and telling it leaves it untold; nobody tells it twice.
        told = [str(payload) for _, _, payload in servers[kind].requests]
        assert len(told) == len(set(told)) <= len(due)
