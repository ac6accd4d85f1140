"""Other people's programs: schemathesis, which asks what it likes, and vdirsyncer, which subscribes."""

from __future__ import annotations

import re
import subprocess
import threading

import pytest

from svsm_cal.app.publish import site
from svsm_cal.cli.options import parse_instant
from svsm_cal.config.load import load

from .running import EXAMPLE, NGINX_PROGRAM, NOW, ROOT, free_port, process, web_server

SCHEMATHESIS, SYNC = ROOT / ".cache/web/bin/schemathesis", ROOT / ".cache/sync/bin/vdirsyncer"
VDIRSYNCER = """
[general]
status_path = "{folder}/status"
[pair feed]
a = "there"
b = "here"
collections = null
conflict_resolution = "a wins"
[storage there]
type = "http"
url = "{address}"
[storage here]
type = "filesystem"
path = "{folder}/kept"
fileext = ".ics"
"""


def explored(folder, examples):
    """Let schemathesis ask the server whatever follows from its document, and things that do not."""
    with process(folder) as running:
        command = [SCHEMATHESIS, "run", f"http://127.0.0.1:{running.port}/api/openapi.json", "--max-examples", str(examples)]
        command += ["--checks", "all", "--phases", "examples,coverage,fuzzing", "--seed", "1", "--no-color"]
        # What is well put and has no answer (a zone that is none, an unknown id) is a 400 that no schema can tell apart.
        command += ["--exclude-checks", "positive_data_acceptance"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=900, check=False)
        assert done.returncode == 0, done.stdout[-6000:]
        asked = re.search(r"(\d+) generated", done.stdout)
        assert int(asked[1]) > 50
        counted = running.ask("/metrics").body.decode()
        assert not re.search(r'status="5\d\d"', counted)
        assert 'route="api",status="400"' in counted
        assert 'route="api",status="200"' in counted


installed = pytest.mark.skipif(not SCHEMATHESIS.exists(), reason="schemathesis is not installed: run `make readers`")


@installed
def test_whatever_is_asked_the_answer_is_one_of_those_listed(tmp_path):
    explored(tmp_path, 8)


@installed
@pytest.mark.soak
def test_whatever_is_asked_at_length_the_answer_is_one_of_those_listed(tmp_path):
    explored(tmp_path, 500)


NGINX = """
daemon off;
user root;
pid {folder}/nginx.pid;
error_log {folder}/nginx.error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    proxy_cache_path {folder}/cache keys_zone=feeds:1m;
    proxy_temp_path {folder}/temp;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {address};
            proxy_cache feeds;
            proxy_cache_revalidate on;
            proxy_ignore_headers Cache-Control;
            proxy_cache_valid 200 1s;
        }}
    }}
}}
"""


@pytest.mark.skipif(not SYNC.exists() or NGINX_PROGRAM is None, reason="the clients are not installed: run `make readers`")
def test_a_subscriber_gets_the_feed_once_and_then_only_that_it_has_not_changed(tmp_path):
    """vdirsyncer asks without conditions; so between it and us is what sends them for it, a cache that asks again."""
    import icalendar

    with process(tmp_path) as running:
        port = free_port()
        (tmp_path / "kept").mkdir()
        (tmp_path / "nginx.conf").write_text(NGINX.format(folder=tmp_path, port=port, address=f"http://127.0.0.1:{running.port}"))
        (tmp_path / "config").write_text(VDIRSYNCER.format(folder=tmp_path, address=f"http://127.0.0.1:{port}/calendar.ics"))

        def run(*words):
            command = [SYNC, "-c", tmp_path / "config", *words]
            environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
            subprocess.run(command, check=True, capture_output=True, env=environment, timeout=120)
            return {path.name: path.read_bytes() for path in (tmp_path / "kept").iterdir()}

        with web_server(tmp_path / "nginx.conf", port):
            run("discover")
            first = run("sync")
            threading.Event().wait(2.2)  # the cache asks again after a second
            assert run("sync") == first
        running.end()
        statuses = [line.split()[4] for line in running.log.read_text().splitlines()]
    feed = icalendar.Calendar.from_ical(site(load(EXAMPLE), now=parse_instant(NOW))["calendar.ics"])
    assert len(first) == len({str(event["UID"]) for event in feed.walk("VEVENT")})
    assert statuses[0] == "200"
    assert set(statuses[1:]) == {"304"}
