"""`publish` to a real S3 server (SeaweedFS): what is put there, how, in which order, and what is left when it is cut short."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import threading
from datetime import timedelta
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import obstore
import obstore.exceptions
import pytest
from click.testing import CliRunner
from obstore.store import S3Store

from svsm_cal.app.publish import publish
from svsm_cal.app.upload import headers_of, upload
from svsm_cal.cli import command
from svsm_cal.cli.options import parse_instant
from svsm_cal.config.load import load, loads
from svsm_cal.errors import PublicationError
from svsm_cal.transport.object_store import Objects

from .running import EXAMPLE, NOW, PATIENCE, ROOT, SECRET, free_port

WEED = ROOT / ".cache/web/bin/weed"
pytestmark = pytest.mark.skipif(not WEED.exists(), reason="SeaweedFS is not installed: run `make readers`")

AT = parse_instant(NOW)
TEXT = EXAMPLE.read_text(encoding="utf-8")
CALENDAR = load(EXAMPLE)
# What a publisher may do, and what everybody may: read what they know the name of, and nothing else.
IDENTITIES = [
    {"name": "publisher", "credentials": [{"accessKey": "example", "secretKey": "example-secret"}], "actions": ["Admin"]},
    {"name": "anonymous", "actions": ["Read:community"]},
]


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    """An S3 server with an empty bucket."""
    folder = tmp_path_factory.mktemp("s3")
    (folder / "s3.json").write_text(json.dumps({"identities": IDENTITIES}))
    (folder / "data").mkdir()
    ports = {name: free_port() for name in ("s3.port", "master.port", "volume.port", "filer.port")}
    ports |= {f"{name}.grpc": free_port() for name in ports}
    words = [f"-{name}={port}" for name, port in ports.items()]
    words += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3", f"-s3.config={folder}/s3.json", f"-dir={folder}/data"]
    words += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=4", "-master.volumeSizeLimitMB=64"]
    address = f"http://127.0.0.1:{ports['s3.port']}"
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([WEED, "server", *words], stdout=log, stderr=log, cwd=folder)
    try:
        for _ in range(PATIENCE * 4):
            assert running.poll() is None, (folder / "log").read_text()
            if takes(address):
                break
            threading.Event().wait(0.25)
        else:
            raise AssertionError((folder / "log").read_text())
        yield address
    finally:
        running.kill()  # it would take half a minute to end, and nothing of it is kept
        running.wait(PATIENCE)


def takes(address):
    """Put something there, without the patience that obstore has; return whether it could be.

    The bucket begins with that.
    """
    options = {"client_options": {"allow_http": True, "timeout": "2s"}, "retry_config": {"max_retries": 0}}
    identity = {"access_key_id": "example", "secret_access_key": "example-secret", "region": "us-east-1"}
    try:
        obstore.put(S3Store("community", endpoint=address, **identity, **options), "calendar/ready", b"")
    except (obstore.exceptions.BaseError, OSError):
        return False
    return True


@pytest.fixture
def environment(endpoint, monkeypatch):
    """The publisher's environment, and a folder of the bucket in which nothing is."""
    names = {"ENDPOINT": endpoint, "REGION": "us-east-1", "ACCESS_KEY_ID": "example", "SECRET_ACCESS_KEY": "example-secret"}
    for name, value in names.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("SVSM_CAL_SECRET", SECRET)
    for path in (store := Objects("s3://community/calendar")).listed():
        store.remove(path)
    assert store.listed() == {}
    return endpoint


def run(*words, now=NOW, calendar=EXAMPLE):
    return CliRunner().invoke(command, ["-c", str(calendar), "--now", now, "publish", *words], prog_name="svsm-cal")


def anybody(address, path):
    """Ask as anybody would; return the status, the headers and the body."""
    try:
        with urlopen(Request(f"{address}/community/{path}"), timeout=PATIENCE) as reply:
            return reply.status, reply.headers, reply.read()
    except HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def built(tmp_path, calendar=CALENDAR, now=AT):
    """Return what `build` writes, by path."""
    publish(calendar, str(tmp_path / "site"), now=now, secret=SECRET.encode())
    return {
        str(file.relative_to(tmp_path / "site")): file.read_bytes() for file in (tmp_path / "site").rglob("*") if file.is_file()
    }


def test_everything_that_build_writes_is_there_with_its_headers(environment, tmp_path):
    done = run("s3://community/calendar")
    assert done.exit_code == 0
    files = built(tmp_path)
    assert set(Objects("s3://community/calendar").listed()) == set(files)
    for path, data in files.items():
        status, headers, body = anybody(environment, f"calendar/{path}")
        assert (status, body) == (200, data)
        expected = headers_of(path)
        assert {name: headers[name] for name in expected} == expected
    personal = [path for path in files if path.startswith("p/")]
    assert f"and {len(personal)} personal feeds; the first publication, {len(files)} put, 0 removed" in done.stderr
    assert all(headers_of(path)["Cache-Control"] == "private, max-age=300" for path in personal)
    assert headers_of("calendar.ics")["Content-Type"] == "text/calendar; charset=utf-8"


def test_nobody_can_list_what_is_there_and_no_public_file_names_a_personal_one(environment, tmp_path):
    run("s3://community/calendar")
    files = built(tmp_path)
    tokens = [path.split("/")[1] for path in files if path.startswith("p/")]
    assert tokens
    for path in ("", "?list-type=2", "?list-type=2&prefix=calendar/p/"):
        assert anybody(environment, path)[0] == 403
    public = [data for path, data in files.items() if not path.startswith("p/")]
    public += [anybody(environment, path)[2] for path in ("", "calendar/", "calendar/p/", "calendar/p")]
    assert not [token for token in tokens if token.encode() in b"".join(public)]


def test_only_what_has_changed_is_put_there(environment, tmp_path):
    run("s3://community/calendar")
    assert "; 0 put, 0 removed" in run("s3://community/calendar").stderr
    later = run("s3://community/calendar", now="2025-03-05T17:15Z")
    feeds_put = int(re.search(r"; (\d+) put, 0 removed", later.stderr)[1])
    assert 1 <= feeds_put < len(built(tmp_path)) / 2  # pages and data, no feed

    moved = tmp_path / "calendar.toml"
    moved.write_text(TEXT.replace('duration = "1h"', 'duration = "2h"', 1))
    store = Recording(Objects("s3://community/calendar"))
    before = {path: stored.tag for path, stored in store.listed().items()}
    upload(load(moved), store, now=AT + timedelta(hours=1), secret=SECRET.encode())
    after = {path: stored.tag for path, stored in store.listed().items()}
    assert {path for path in after if after[path] != before[path]} == set(store.written)
    assert "calendar.ics" in store.written
    assert "deadlines.ics" not in store.written


def test_it_follows_what_is_there_as_build_does(environment, tmp_path):
    steps = [(TEXT, 0), (TEXT.replace('duration = "1h"', 'duration = "2h"', 1), 60), (TEXT, 120)]
    for text, minutes in steps:
        now = AT + timedelta(minutes=minutes)
        upload(loads(text), Objects("s3://community/calendar"), now=now, secret=SECRET.encode())
        files = built(tmp_path, loads(text), now)
    for path, data in files.items():
        assert Objects("s3://community/calendar").read(path) == data
    assert b"SEQUENCE:2" in files["calendar.ics"]


def test_what_is_no_longer_published_is_removed_and_what_is_not_ours_stays(environment, tmp_path, monkeypatch):
    more = TEXT.replace(
        "[[participant]]", '[[series]]\nid = "old"\ntitle = "Old"\nstart = 2025-01-06T09:00:00\nduration = "1h"\n'
        'repeat = "every Monday"\n\n[[participant]]', 1,
    )  # fmt: skip
    store = Objects("s3://community/calendar")
    upload(loads(more), store, now=AT, secret=SECRET.encode())
    store.write("notes.txt", b"not ours", {"Content-Type": "text/plain"})
    personal = {path for path in store.listed() if path.startswith("p/")}
    assert store.read("series/old.ics")
    done = upload(CALENDAR, store, now=AT, secret=b"another secret, and a long one")
    assert set(done.removed) == personal | {"series/old.ics"}
    assert store.read("notes.txt") == b"not ours"
    assert store.read("series/old.ics") is None
    assert not personal & set(store.listed())


class CutError(Exception):
    """The connection is gone."""


class Recording:
    """A store that notes what is done to it, and may stop after so many times."""

    def __init__(self, store, most=10_000):
        self._store, self._most, self.address = store, most, store.address
        self.written, self.removed = [], []

    def listed(self):
        return self._store.listed()

    def read(self, path):
        return self._store.read(path)

    def _count(self):
        if len(self.written) + len(self.removed) >= self._most:
            raise CutError

    def write(self, path, data, headers):
        self._count()
        self._store.write(path, data, headers)
        self.written.append(path)

    def remove(self, path):
        self._count()
        self._store.remove(path)
        self.removed.append(path)


class Memory:
    """A store in memory, which says what S3 says."""

    address = "s3://memory"

    def __init__(self, files=()):
        self.files = dict(files)

    def listed(self):
        class Row:
            def __init__(self, tag):
                self.tag = tag

        return {path: Row(hashlib.md5(data).hexdigest()) for path, data in self.files.items()}

    def read(self, path):
        return self.files.get(path)

    def write(self, path, data, headers):
        assert headers["Content-Type"]
        self.files[path] = data

    def remove(self, path):
        self.files.pop(path, None)


def test_pages_come_after_what_they_name_and_the_record_comes_last(environment):
    store = Recording(Objects("s3://community/calendar"))
    upload(CALENDAR, store, now=AT, secret=SECRET.encode())
    kinds = [
        "revisions.json",
        r"p/.*",
        r".*\.ics",
        r"(?!.*\.(html|json|ics)$).*",
        r"(?!index\.html|calendar\.json).*\.(html|json)",
    ]
    kinds += [r"index\.html", r"calendar\.json"]
    turns = [next(turn for turn, kind in enumerate(kinds) if re.fullmatch(kind, path)) for path in store.written]
    assert turns == sorted(turns)
    assert store.written[-2:] == ["index.html", "calendar.json"]


LATER = TEXT.replace('duration = "1h"', 'duration = "2h"', 1).replace("2025-01-22", "2025-01-29")


@pytest.mark.parametrize("cuts", [(1, 9, 25), pytest.param(tuple(range(60)), marks=pytest.mark.soak)], ids=["some", "all"])
def test_an_interruption_leaves_a_publication_that_the_next_goes_on_from(cuts):
    """After each cut: what is there can be followed, and following it gives what would have been there without the cut."""
    first = Memory()
    upload(CALENDAR, first, now=AT, secret=SECRET.encode())
    whole = Memory(first.files)
    upload(loads(LATER), whole, now=AT + timedelta(hours=1), secret=b"another secret, and a long one")
    cut_short = 0
    for most in cuts:
        cut = Memory(first.files)
        try:
            upload(loads(LATER), Recording(cut, most), now=AT + timedelta(hours=1), secret=b"another secret, and a long one")
        except CutError:
            cut_short += 1
        listed = json.loads(cut.files["calendar.json"])["files"]
        assert not [path for path in listed if path not in cut.files and path != "revisions.json"]
        upload(loads(LATER), cut, now=AT + timedelta(hours=1), secret=b"another secret, and a long one")
        assert cut.files == whole.files
    assert cut_short >= 3


def test_an_interrupted_first_publication_is_gone_on_with():
    whole = Memory()
    upload(CALENDAR, whole, now=AT, secret=SECRET.encode())
    for most in (3, 14, len(whole.files) - 1):
        cut = Memory()
        with pytest.raises(CutError):
            upload(CALENDAR, Recording(cut, most), now=AT, secret=SECRET.encode())
        if "index.html" in cut.files:  # all that pages name is there, but for the record
            assert set(whole.files) - set(cut.files) == {"calendar.json"}
            continue
        upload(CALENDAR, cut, now=AT, secret=SECRET.encode())
        assert cut.files == whole.files


REFUSED = {
    "a page of others": {"index.html": b"<html>"},
    "a record of others": {"calendar.json": b"{}"},
    "no record at all": {"calendar.json": b"\xff"},
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_others_have_published_is_left_alone(case):
    store = Memory(REFUSED[case])
    with pytest.raises(PublicationError, match="svsm-cal did not publish"):
        upload(CALENDAR, store, now=AT)
    assert store.files == REFUSED[case]


MISTAKES = {
    ("calendar",): "calendar: is not an object store (name one as s3://bucket/folder)",
    ("ftp://community/calendar",): "ftp://community/calendar: is not an object store",
    ("s3://key:canary@community/calendar",): "an object store's address must not contain a user and password",
    ("s3://nowhere/calendar",): "svsm-cal: s3://nowhere/calendar: ",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_told_in_a_line(environment, words):
    done = run(*words)
    assert (done.exit_code, len(done.stderr.splitlines())) == (1, 1)
    assert MISTAKES[words] in done.stderr


def test_wrong_credentials_are_told_without_them(environment, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-of-a-key")
    done = run("s3://community/calendar")
    assert done.exit_code == 1
    assert "403" in done.stderr
    assert "canary" not in done.stderr


def test_a_folder_is_a_store_too(tmp_path, monkeypatch):
    monkeypatch.setenv("SVSM_CAL_SECRET", SECRET)
    for _ in range(2):
        done = run(f"file://{tmp_path}/out")
        assert done.exit_code == 0, done.stderr
    assert (tmp_path / "out/calendar.ics").read_bytes() == built(tmp_path)["calendar.ics"]
    assert obstore.__version__
