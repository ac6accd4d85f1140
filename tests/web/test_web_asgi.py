"""The same responses on another ASGI server: uvicorn, alone and below a path of another application."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from svsm_cal.cli.options import parse_instant

from .running import EXAMPLE, NOW, PATIENCE, SECRET, Client, Thread, process
from .test_web_responses import ANSWERS, PERSONAL

UNLIKE = {"date", "server", "connection"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with process(tmp_path_factory.mktemp("server")) as running:
        yield running


class Mounted(Thread):
    """The application below /calendar of another one, which passes on no lifespan."""

    def served(self):
        return Starlette(routes=[Mount("/calendar", app=self.asgi)])


@pytest.fixture(scope="module", params=["alone", "mounted"])
def other(request):
    alone = request.param == "alone"
    running = (Thread if alone else Mounted)(EXAMPLE, parse_instant(NOW))
    yield running.port, "" if alone else "/calendar"
    running.close()


@pytest.mark.parametrize("path", [each for each in ANSWERS if each not in {"/metrics", "//calendar.ics"}])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_both_say_the_same(server, other, path, method):
    port, below = other
    for encoding in ("identity", "gzip"):
        ours = server.ask(path, method=method, Accept_Encoding=encoding)
        with Client(port) as client:
            theirs = client.ask(below + path, method=method, Accept_Encoding=encoding)
        assert (theirs.status, theirs.body) == (ours.status, ours.body)
        shown = [{n: v for n, v in each.headers.items() if n not in UNLIKE} for each in (ours, theirs)]
        assert shown[1] == shown[0]


def test_what_has_not_changed_is_not_sent_again(other):
    port, below = other
    with Client(port) as client:
        first = client.ask(below + PERSONAL)
        again = client.ask(below + PERSONAL, If_None_Match=first.headers["etag"])
    assert (again.status, again.body, first.headers["cache-control"]) == (304, b"", "private, max-age=300")


def other_server(folder, calendar):
    """`uvicorn svsm_cal.web:app`, as a user would write it; gives the process and what it prints."""
    words = (sys.executable, "-m", "uvicorn", "svsm_cal.web:app", "--port", "0", "--no-access-log")
    given = {"SVSM_CAL_CALENDAR": str(calendar), "SVSM_CAL_SECRET": SECRET, "SVSM_CAL_STORE": str(folder / "store.db")}
    said = folder / "said.log"
    with said.open("wb") as out:
        return subprocess.Popen(words, env={**os.environ, **given}, cwd=folder, stdout=out, stderr=out), said


def test_the_environment_describes_the_application(tmp_path):
    running, said = other_server(tmp_path, EXAMPLE)
    try:
        waiting = threading.Event()
        for _ in range(PATIENCE * 20):
            match = re.search(r"running on http://127.0.0.1:(\d+)", said.read_text())
            if match:
                break
            assert running.poll() is None, said.read_text()
            waiting.wait(0.05)
        with Client(int(match[1])) as client:
            assert client.ask("/health").status == 200
            assert client.ask(PERSONAL).status == 200
    finally:
        running.terminate()
        running.wait(PATIENCE)
    assert (tmp_path / "store.db").exists()


def test_a_calendar_with_errors_stops_another_server_too(tmp_path):
    (tmp_path / "calendar.toml").write_text("broken")
    running, said = other_server(tmp_path, tmp_path / "calendar.toml")
    assert running.wait(PATIENCE) != 0
    assert "calendar.toml:1:" in said.read_text()
    assert "Traceback" not in said.read_text()
