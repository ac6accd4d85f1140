"""The examples for those who publish: nginx with the program behind it and with a folder, systemd, GitHub Pages."""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
from http.client import HTTPSConnection
from pathlib import Path

import pytest
import yaml

from svsm_cal.app.publish import feed_path, publish
from svsm_cal.cli.options import parse_instant
from svsm_cal.config.load import load

from .running import EXAMPLE, NGINX_PROGRAM, NOW, PATIENCE, ROOT, SECRET, Client, free_port, process, web_server

EXAMPLES = ROOT / "examples"
PERSONAL = f"/{feed_path(load(EXAMPLE).participants[0], SECRET.encode())}"
TOKEN = PERSONAL.split("/")[2]
HOUSE = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/start.error.log crit;
events {{ worker_connections 64; }}
http {{
    client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
    uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
    include {folder}/site.conf;
}}
"""
needs_nginx = pytest.mark.skipif(NGINX_PROGRAM is None, reason="nginx is not installed: run `make readers`")


def housed(folder, name, changes):
    """Write an example's configuration with its places changed, and what it is a part of; all of it must be taken."""
    text = (EXAMPLES / "nginx" / name).read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    text = re.sub(r"(?m)^ *listen \[::\].*\n", "", text)  # where there is no IPv6
    (folder / "site.conf").write_text(text)
    config = folder / "nginx.conf"
    config.write_text(HOUSE.format(folder=folder, user="user root;" if os.geteuid() == 0 else ""))
    done = subprocess.run([NGINX_PROGRAM, "-t", "-c", config, "-p", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr
    return config


@needs_nginx
def test_nginx_in_front_of_the_program(tmp_path):
    key = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=calendar.example.org"]
    subprocess.run([*key, "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"], check=True, capture_output=True)
    plain, secure = free_port(), free_port()
    with process(tmp_path, "--proxy", "127.0.0.1") as running:
        changes = {
            "127.0.0.1:8000": f"127.0.0.1:{running.port}",
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{secure} ssl http2;",
            "/etc/letsencrypt/live/calendar.example.org/fullchain.pem": f"{tmp_path}/cert.pem",
            "/etc/letsencrypt/live/calendar.example.org/privkey.pem": f"{tmp_path}/key.pem",
            "/var/log/nginx": str(tmp_path),
        }
        with web_server(housed(tmp_path, "svsm-cal.conf", changes), secure):
            trust = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
            trust.check_hostname = False

            def ask(path, **headers):
                connection = HTTPSConnection("127.0.0.1", secure, context=trust, timeout=PATIENCE)
                connection.request("GET", path, headers=headers)
                reply = connection.getresponse()
                data = reply.read()
                connection.close()
                return reply, data

            for path in ("/calendar.ics", "/", "/api/next", PERSONAL):
                reply, data = ask(path)
                ours = running.ask(path)
                assert (reply.status, data, reply.headers["ETag"]) == (200, ours.body, ours.headers["etag"])
                assert reply.headers["Strict-Transport-Security"] == "max-age=31536000"
                assert reply.headers["Content-Type"] == ours.headers["content-type"]
                again, nothing = ask(path, **{"If-None-Match": reply.headers["ETag"]})
                assert (again.status, nothing) == (304, b"")
            ask("/calendar.ics", **{"X-Forwarded-For": "203.0.113.66"})  # nobody can say so of themselves
            assert ask("/metrics")[0].status == 200
            with Client(plain) as client:
                assert client.ask("/calendar.ics").headers["location"] == "https://localhost/calendar.ics"
        running.end()
    for log in (tmp_path / "svsm-cal.log", tmp_path / "svsm-cal.error.log", running.log):
        assert TOKEN not in log.read_text()
        assert "203.0.113.66" not in log.read_text()
    assert "GET /p/... 200" in (tmp_path / "svsm-cal.log").read_text()


@needs_nginx
def test_nginx_with_a_folder(tmp_path):
    publish(load(EXAMPLE), str(tmp_path / "site"), now=parse_instant(NOW), secret=SECRET.encode())
    tmp_path.chmod(0o755)
    port = free_port()
    changes = {
        "listen 80;": f"listen 127.0.0.1:{port};",
        "/srv/calendar/site": f"{tmp_path}/site",
        "/var/log/nginx": str(tmp_path),
    }
    with web_server(housed(tmp_path, "static.conf", changes), port), Client(port) as client:
        feed, page, mine = (client.ask(path) for path in ("/calendar.ics", "/", PERSONAL))
        assert [each.status for each in (feed, page, mine)] == [200] * 3
        assert feed.headers["content-type"] == mine.headers["content-type"] == "text/calendar; charset=utf-8"
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert (feed.headers["cache-control"], mine.headers["cache-control"]) == ("public, max-age=300", "private, max-age=300")
        assert (feed.headers["access-control-allow-origin"], "access-control-allow-origin" in mine.headers) == ("*", False)
        assert all(each.headers["referrer-policy"] == "no-referrer" for each in (feed, page, mine))
        assert client.ask("/calendar.ics", If_None_Match=feed.headers["etag"]).status == 304
        assert client.ask("/p/" + "a" * 26 + "/calendar.ics").status == 404
    for log in ("svsm-cal.log", "svsm-cal.error.log"):
        assert TOKEN not in (tmp_path / log).read_text()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_the_unit():
    unit = EXAMPLES / "nginx/svsm-cal.service"
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# --- GitHub Pages ---

WORKFLOW = EXAMPLES / "github-pages/.github/workflows/calendar.yml"


@pytest.fixture
def repository(tmp_path):
    """A repository with a calendar on main, and a change to it that is not committed."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "calendar.toml").write_text(EXAMPLE.read_text())
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "calendar")):
        subprocess.run(["git", *who, *words], cwd=folder, check=True)
    return folder


def steps(job):
    """Return the shell steps of a job by name; every name of ours that they are given is in `env`."""
    workflow = yaml.safe_load(WORKFLOW.read_text())
    return {step["name"]: step for step in workflow["jobs"][job]["steps"] if "run" in step}


def run(step, folder, **environment):
    text = step["run"]
    assert "${{" not in text  # what others write reaches the shell by the environment alone
    assert set(step.get("env", {})) <= set(environment)
    path = f"{Path(sys.executable).parent}:{folder.parent}:{os.environ['PATH']}"
    whole = {"PATH": path, "HOME": str(folder), "LC_ALL": "C.UTF-8", **environment}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text]
    return subprocess.run(command, cwd=folder, env=whole, capture_output=True, text=True, timeout=120, check=False)


def test_the_workflow_runs_when_it_should():
    workflow = yaml.safe_load(WORKFLOW.read_text())
    when = workflow[True]  # YAML 1.1's idea of "on"
    assert set(when) == {"push", "pull_request", "workflow_dispatch", "schedule"}
    assert when["schedule"] == [{"cron": "17 5 * * 1"}]
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["jobs"]["publish"]["needs"] == "check"
    assert list(steps("check")) == ["install", "check", "diff", "comment"]
    assert list(steps("publish")) == ["install", "build"]


def test_the_workflow_checks(repository):
    assert run(steps("check")["check"], repository).returncode == 0
    (repository / "calendar.toml").write_text(EXAMPLE.read_text().replace("2025-01-22", "2025-01-21"))
    done = run(steps("check")["check"], repository)
    assert done.returncode == 1
    assert "calendar.toml:" in done.stderr + done.stdout


def test_the_workflow_tells_a_pull_request_what_it_changes(repository):
    text = EXAMPLE.read_text().replace("start = 2024-02-14T18:00:00", "start = 2024-02-14T19:00:00")
    (repository / "calendar.toml").write_text(text)
    summary = repository / "summary"
    done = run(steps("check")["diff"], repository, BASE="HEAD", GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 0, done.stderr
    body = (repository / "diff.md").read_text()
    assert body == summary.read_text()
    assert body.startswith("<!-- svsm-cal -->\n")
    assert "19:00" in body
    assert "@" not in body

    # The comment is edited where there is one, and made where there is none.
    gh = repository.parent / "gh"
    gh.write_text('#!/bin/sh\necho "$@" >> "$HOME/gh.log"\ncase "$*" in *--edit-last*) exit "$MISSING";; esac\n')
    gh.chmod(0o755)
    for missing, calls in (("0", 1), ("1", 2)):
        log = repository / "gh.log"
        log.unlink(missing_ok=True)
        done = run(steps("check")["comment"], repository, GH_TOKEN="token", NUMBER="7", MISSING=missing)
        assert done.returncode == 0, done.stderr
        assert log.read_text().splitlines()[0] == "pr comment 7 --body-file diff.md --edit-last"
        assert len(log.read_text().splitlines()) == calls


def test_the_workflow_builds_on_what_is_published(repository):
    build = steps("publish")["build"]
    done = run(build, repository, FOLLOWS="--first", SVSM_CAL_SECRET=SECRET)
    assert done.returncode == 0, done.stderr
    assert "the first publication" in done.stderr
    published = repository.parent / "published"
    shutil.move(repository / "site", published)
    with Publication(published) as address:
        done = run(build, repository, FOLLOWS=f"--previous={address}", SVSM_CAL_SECRET="")
    assert done.returncode == 0, done.stderr
    assert (repository / "site/calendar.ics").read_bytes() == (published / "calendar.ics").read_bytes()
    listed = json.loads((repository / "site/calendar.json").read_text())["files"]
    assert not [name for name in listed if name.startswith("p/")]
    assert not (repository / "site/p").exists()  # no secret, no personal feeds


class Publication:
    """A folder on the web, as Pages have it."""

    def __init__(self, folder):
        from functools import partial
        from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

        class Quiet(SimpleHTTPRequestHandler):
            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))

    def __enter__(self):
        import threading

        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}/"

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
