"""The same answers as an ASGI application: under uvicorn, alone and mounted in another application."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from svsm_cal.app.editions import Source
from svsm_cal.cli.options import parse_instant
from svsm_cal.web.asgi import AsgiApplication, app

from .running import EXAMPLE, NOW, PATIENCE, SECRET, Client, process
from .test_web_answers import ANSWERS, PERSONAL

UNLIKE = {"date", "server", "connection"}


@contextlib.contextmanager
def under_uvicorn(application, **options):
    """Run an application, and give its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, log_level="critical", **options))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with process(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module", params=["alone", "mounted"])
def other(request):
    application = AsgiApplication(Source(str(EXAMPLE), SECRET.encode()), lambda: parse_instant(NOW))
    whole = application if request.param == "alone" else Starlette(routes=[Mount("/calendar", app=application)])
    with under_uvicorn(whole) as port:
        yield port, "" if request.param == "alone" else "/calendar"


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


def test_the_factory_reads_the_environment(monkeypatch):
    monkeypatch.setenv("SVSM_CAL_CALENDAR", str(EXAMPLE))
    monkeypatch.setenv("SVSM_CAL_SECRET", SECRET)
    with under_uvicorn(app, factory=True) as port, Client(port) as client:
        assert client.ask("/health").status == 200
        assert client.ask(PERSONAL).status == 200
