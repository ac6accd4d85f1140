"""Servers of the tests end with the process that started them, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.servers.guard import guarded

ROOT = Path(__file__).resolve().parents[2]
STARTED = """
import sys
from tests.servers.guard import guarded
folder = sys.argv[1]
with guarded(["sh", "-c", f"echo $$ >{folder}/pid; exec sleep 1000"], folder=folder):
    print("started", flush=True)
    sys.stdin.read()
"""


def wait_until(true):
    for _ in range(2000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it does not happen")


def is_alive(number):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{number}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_server_ends_with_the_process_that_started_it(tmp_path, how):
    folder = tmp_path / "server"
    folder.mkdir()
    command = [sys.executable, "-c", STARTED, str(folder)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ) as run:
        assert run.stdout.readline() == b"started\n"
        wait_until(lambda: (folder / "pid").exists() and (folder / "pid").read_text())
        server = int((folder / "pid").read_text())
        assert is_alive(server)
        run.send_signal(how)
    wait_until(lambda: not is_alive(server))
    wait_until(lambda: not folder.exists())


def test_a_server_that_ends_by_itself_is_noticed():
    with guarded(["sh", "-c", "exit 3"]) as process:
        assert process.wait(20) == 3
