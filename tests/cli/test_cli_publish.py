"""`feed` and `build`: what they write, what they leave alone, and what never gets out."""

from __future__ import annotations

import email
import email.policy
import json
import os
import shutil
import tempfile
import threading
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest

from svsm_cal.app.publish import token_of
from svsm_cal.config.schema import TABLES, Kind
from svsm_cal.engine.tzdb import tz_database
from tests.support import EXAMPLE, ROOT, run, tree

PAGES = {f"{folder}{page}index.html" for folder in ("", "de/") for page in ("", "next/", "embed/")}
SITE = {
    "calendar.ics", "calendar.json", "deadlines.ics", "next.json", "revisions.json", "series/devel-call.ics",
    "changes.atom", "de/changes.atom", "icon.svg", "site.js", "style.css", *PAGES,
}  # fmt: skip
PEOPLE = ["claudio", "dionna", "huibo", "joerg", "nicolai", "oliver", "peter", "stefano", "tom", "vasant", "jon"]
SECRET = b"correct horse battery staple"
WRITABLE = "check that it exists and can be written"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "public" / "site"


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(SECRET + b"\n")
    return path


def build(out, *args, **more):
    result = run("build", out, *args, **more)
    assert (result.exit_code, result.stdout) == (0, "")
    return result


# --- feed ---------------------------------------------------------------------------------------------------------

FEEDS = [[], ["--series", "devel-call"], ["--for", "claudio"], ["--deadlines"]]


@pytest.mark.parametrize("args", FEEDS, ids=" ".join)
def test_feed_is_the_same_on_stdout_and_in_a_file(tmp_path, args):
    shown = run("feed", *args)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout_bytes.startswith(b"BEGIN:VCALENDAR\r\n")
    assert shown.stdout_bytes.endswith(b"END:VCALENDAR\r\n")
    assert shown.stdout_bytes.count(b"\n") == shown.stdout_bytes.count(b"\r\n")
    path = tmp_path / "feed.ics"
    written = run("feed", *args, "-o", path)
    assert (written.exit_code, written.stdout, written.stderr) == (0, "", "")
    assert tree(tmp_path) == {"feed.ics": shown.stdout_bytes}
    assert run("feed", *args, "--output", "-").stdout_bytes == shown.stdout_bytes


@pytest.mark.parametrize(
    ("args", "name"),
    [([], "calendar.ics"), (["--series", "devel-call"], "series/devel-call.ics"), (["--deadlines"], "deadlines.ics")],
)
def test_feed_is_what_build_publishes(out, args, name):
    build(out)
    assert run("feed", *args).stdout_bytes == (out / name).read_bytes()


def test_feed_of_a_participant_is_what_build_publishes(out, secret):
    build(out, "--secret-file", secret)
    assert run("feed", "--for", "vasant").stdout_bytes == (out / f"p/{token_of('vasant', SECRET)}/calendar.ics").read_bytes()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--for", "nobody"], 'no participant "nobody" in COCONUT-SVSM community calendar'),
        (["--series", "x"], 'no series "x" in COCONUT-SVSM community calendar'),
        (["--for", "vasant", "--deadlines"], "a feed shows one series, one participant or the deadlines: choose one"),
        (
            ["--for", "vasant", "--series", "devel-call"],
            "a feed shows one series, one participant or the deadlines: choose one",
        ),
    ],
)
def test_feed_refuses(tmp_path, args, said):
    path = tmp_path / "feed.ics"
    path.write_bytes(b"before")
    result = run("feed", *args, "-o", path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"svsm-cal: {said}")
    assert result.stderr.count("\n") == 1
    assert tree(tmp_path) == {"feed.ics": b"before"}


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("missing/feed.ics", "No such file or directory"),
        ("file/feed.ics", "Not a directory"),
        ("folder", "Is a directory"),
    ],
)
def test_feed_to_where_it_cannot_be_written(tmp_path, place, said):
    (tmp_path / "file").write_bytes(b"a file")
    (tmp_path / "folder").mkdir()
    result = run("feed", "-o", tmp_path / place)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"svsm-cal: {tmp_path / place}: {said} ({WRITABLE})\n"
    assert tree(tmp_path) == {"file": b"a file"}
    assert list((tmp_path / "folder").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["file", "/sys", "/dev/null"])
@pytest.mark.parametrize("line", ["feed -o {}/feed.ics", "build {}/site", "invite write devel-call --out {}/mail"])
def test_a_folder_that_takes_no_files_is_said_in_one_line(tmp_path, monkeypatch, folder, line):
    monkeypatch.chdir(tmp_path)
    Path("file").write_bytes(b"a file")
    result = run(*line.format(folder).split())
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"svsm-cal: {'' if line.startswith('build') else folder}")
    assert result.stderr.count("\n") == 1
    assert tree(tmp_path) == {"file": b"a file"}


def test_feed_without_permission_names_the_file_that_was_asked_for(tmp_path, monkeypatch):
    def closed(*_, **__):
        raise PermissionError(13, "Permission denied", "/a/temporary/name")

    monkeypatch.setattr(tempfile, "mkstemp", closed)
    result = run("feed", "-o", tmp_path / "feed.ics")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"svsm-cal: {tmp_path}/feed.ics: Permission denied ({WRITABLE})\n"
    assert tree(tmp_path) == {}


def test_feed_onto_a_link_writes_where_it_points(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "feed.ics").write_bytes(b"before")
    link = tmp_path / "feed.ics"
    link.symlink_to("there/feed.ics")
    assert run("feed", "-o", link).exit_code == 0
    assert link.is_symlink()
    assert link.readlink() == Path("there/feed.ics")
    assert tree(tmp_path / "there") == {"feed.ics": run("feed").stdout_bytes}


def test_feed_into_a_pipe_gives_its_bytes_to_whoever_reads_it(tmp_path):
    pipe = tmp_path / "feed.ics"
    os.mkfifo(pipe)
    found = []
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()), daemon=True)
    reader.start()
    assert run("feed", "-o", pipe).exit_code == 0
    reader.join(10)
    assert found == [run("feed").stdout_bytes]
    assert pipe.is_fifo()
    assert os.listdir(tmp_path) == ["feed.ics"]


def test_feed_to_nowhere(tmp_path):
    assert run("feed", "-o", "/dev/null").exit_code == 0
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_is_full_leaves_the_old_feed(tmp_path, monkeypatch, call):
    path = tmp_path / "feed.ics"
    path.write_bytes(b"before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, full)
    result = run("feed", "-o", path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"svsm-cal: {path}: No space left on device ({WRITABLE})\n"
    assert tree(tmp_path) == {"feed.ics": b"before"}


# --- build --------------------------------------------------------------------------------------------------------


def test_build_writes_the_site(out):
    result = build(out)
    assert result.stderr == f"{out}: {len(SITE)} files; the first publication\n"
    assert set(tree(out)) == SITE
    assert os.listdir(out.parent) == ["site"]


def test_build_twice_gives_the_same_bytes(out, tmp_path, secret):
    build(out, "--secret-file", secret)
    before = tree(out)
    build(out, "--secret-file", secret)
    assert tree(out) == before
    build(tmp_path / "other", "--secret-file", secret)
    assert tree(tmp_path / "other") == before


def test_feeds_do_not_depend_on_when_they_are_built_within_a_day(out, tmp_path):
    build(out)
    build(tmp_path / "later", now="2025-03-05T23:00Z")
    feeds = {name for name in SITE if name.endswith(".ics")}
    assert {name: tree(out)[name] for name in feeds} == {name: tree(tmp_path / "later")[name] for name in feeds}


def test_calendar_json(out):
    build(out)
    text = (out / "calendar.json").read_text(encoding="utf-8")
    found = json.loads(text)
    assert text == json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    assert set(found) == {
        "generator", "calendar", "generated_utc", "tz_database", "feeds", "occurrences", "windows", "deadlines", "events",
        "changes", "files",
    }  # fmt: skip
    assert found["generator"] == "svsm_cal"
    assert found["generated_utc"] == "2025-03-05T17:00:00Z"
    assert found["tz_database"] == tz_database().version
    assert found["calendar"] == {
        "id": "coconut-svsm",
        "name": "COCONUT-SVSM community calendar",
        "description": "The development call of the COCONUT-SVSM project, and the QEMU release milestones.",
        "url": "https://coconut-svsm.example.org/calendar/",
        "zone": "Europe/Berlin",
    }
    assert found["feeds"] == [{"name": "All calls", "path": "calendar.ics"}, {"name": "Deadlines", "path": "deadlines.ics"}]
    assert found["files"] == sorted(SITE)
    # What is published says the same as the look-ups do, without who attends.
    shown = json.loads(run("next", "-n", "1", "--json").stdout)["occurrences"][0]
    del shown["local"]
    assert shown in found["occurrences"]
    windows = json.loads(run("shifts", "--json").stdout)["windows"]
    assert found["windows"] == [{key: value for key, value in each.items() if key != "participants"} for each in windows]
    assert found["deadlines"] == json.loads(run("deadlines", "--json").stdout)["deadlines"]


VOID = {"wbr", "meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """A page's tags, checked to be balanced, its attributes and its text."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.texts = [], set(), [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["script"]:
            self.texts.append(data)

    @property
    def text(self):
        return "".join(self.texts)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_balanced_and_runs_its_own_script_alone(out, name):
    build(out)
    html = (out / name).read_text(encoding="utf-8")
    page = Page(html)
    assert html.startswith("<!doctype html>\n")
    assert page.tags.isdisjoint({"style", "iframe", "img", "form", "object", "base"})
    assert not [each for _, each, _ in page.attributes if each == "style" or each.startswith("on")]
    root = "../" * name.count("/")
    assert [value for tag, each, value in page.attributes if (tag, each) == ("script", "src")] == [f"{root}site.js"]
    assert html.count("<script") == 2
    assert '<script type="application/json" id="data">' in html
    policy = next(value for tag, _, value in page.attributes if tag == "meta" and value.startswith("default-src"))
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    ids = [value for _, each, value in page.attributes if each == "id"]
    assert len(set(ids)) == len(ids)
    named = {each for _, key, value in page.attributes if key in ("aria-labelledby", "aria-controls") for each in value.split()}
    assert named <= set(ids)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_links_to_what_is_there(out, name):
    build(out)
    page = Page((out / name).read_text(encoding="utf-8"))
    links = {value for _, each, value in page.attributes if each in ("href", "src")}
    local = {link for link in links if ":" not in link and not link.startswith("#")}
    folder = os.path.dirname(name)
    assert {os.path.normpath(os.path.join(folder, link)) for link in local} <= set(tree(out))
    assert {os.path.relpath(each, folder or ".") for each in ("style.css", "site.js", "icon.svg", "calendar.ics")} <= local
    languages = {value for tag, each, value in page.attributes if (tag, each) == ("link", "hreflang")}
    assert languages == {"en", "de", "x-default"}


def test_the_page_offers_every_way_to_subscribe(out):
    build(out)
    page = Page((out / "index.html").read_text(encoding="utf-8"))
    links = {value for _, name, value in page.attributes if name == "href"}
    webcal = "webcal://coconut-svsm.example.org/calendar/calendar.ics"
    outlook = "https://outlook.live.com/calendar/0/addfromweb"
    assert {
        webcal,
        f"https://calendar.google.com/calendar/render?cid={quote(webcal, safe='')}",
        f"{outlook}?url={quote(webcal.replace('webcal', 'https', 1), safe='')}&name=COCONUT-SVSM%20community%20calendar",
        "calendar.ics",
    } <= links


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("index.html", "COCONUT-SVSM community calendar"),
        ("index.html", "18:00 Wednesday 5 March 2025Europe/Berlin time, UTC+01:00"),
        ("index.html", "ChairJoerg Roedel"),
        ("index.html", "America/New York12:00Wed 5 March UTC-05:00"),
        ("index.html", "Asia/Tokyo02:00Thu 6 March UTC+09:00"),
        ("index.html", "Wed 23 April18:00Cancelled: vacation"),
        ("index.html", "America/New YorkWed 12 March to Wed 26 March 2025 (2 calls)13:00an hour later, for these calls only"),
        ("index.html", "soft feature freeze in 6 days 19 hours, no call before it"),
        ("index.html", "rc1 1 day later than planned (Tue 25 March)"),
        ("index.html", "Wed 26 February 2025 Minutes"),
        ("index.html", "Linux Plumbers Conference 2025 11\u201313 December 2025 The call of Thu 11 December falls into it"),
        ("index.html", f"time zones from the tz database {tz_database().version}."),
        ("index.html", "In America/New_York at 12:00; unusually at 13:00 (12\u201326 March), at 13:00 (29 October)."),
        ("next/index.html", "18:00 Wednesday 5 March 2025Europe/Berlin time, UTC+01:00"),
        ("embed/index.html", "18:00 Wednesday 5 March 2025Europe/Berlin time, UTC+01:00"),
        ("de/index.html", "18:00 Mittwoch, 5. März 2025Zeit in Europe/Berlin, UTC+01:00"),
        ("de/index.html", "in 6 Tagen 19 Stunden, kein Treffen davor"),
        ("de/index.html", "eine Stunde später, nur diese Treffen"),
    ],
)
def test_a_page_says(out, tmp_path, name, said):
    path = tmp_path / "calendar.toml"
    moved = "move = [{ date = 2025-12-10, to = 2025-12-11T18:00:00 }]"
    text = EXAMPLE.read_text(encoding="utf-8").replace('  { date = 2025-12-10, reason = "Linux Plumbers Conference" },\n', "")
    path.write_text(text.replace("change = [", f"{moved}\nchange = [", 1), encoding="utf-8")
    build(out, calendar=path)
    assert said in " ".join(Page((out / name).read_text(encoding="utf-8")).text.split())


def test_a_calendar_that_is_over_still_has_a_page(out, tmp_path):
    path = tmp_path / "calendar.toml"
    text = (ROOT / "examples/minimal/calendar.toml").read_text(encoding="utf-8")
    path.write_text(text.replace('repeat = "every Wednesday"', 'rule = "FREQ=WEEKLY;COUNT=2"'), encoding="utf-8")
    build(out, calendar=path)
    assert "There are no more calls." in Page((out / "index.html").read_text(encoding="utf-8")).text


# --- What it leaves alone -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("present", "said"),
    [
        ({"site": b"a file"}, "is a file (give a folder to publish to)"),
        ({"site/thesis.tex": b"mine"}, "contains files that svsm-cal did not publish (choose another folder)"),
        ({"site/calendar.json": b"{}"}, "contains files that svsm-cal did not publish (choose another folder)"),
        ({"site/calendar.json": b"not JSON"}, "contains files that svsm-cal did not publish (choose another folder)"),
        ({"site/calendar.json": b"\xff"}, "contains files that svsm-cal did not publish (choose another folder)"),
        ({"site/calendar.json": b"[]"}, "contains files that svsm-cal did not publish (choose another folder)"),
        (
            {"site/calendar.json": b'{"generator": "svsm_cal"}'},
            "contains files that svsm-cal did not publish (choose another folder)",
        ),
        (
            {"site/calendar.json": b'{"generator": "svsm_cal", "files": ["calendar.json"]}', "site/photos/me.jpg": b"me"},
            'contains the folder "photos", which svsm-cal did not publish (move it away)',
        ),
    ],
)
def test_build_refuses_what_is_not_its_own(tmp_path, present, said):
    for name, data in present.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    result = run("build", tmp_path / "site")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"svsm-cal: {tmp_path / 'site'}: {said}\n"
    assert tree(tmp_path) == present
    assert os.listdir(tmp_path) == ["site"]


def test_build_keeps_single_files_of_others(out):
    build(out)
    for name in ("CNAME", ".nojekyll", "robots.txt"):
        (out / name).write_text(name, encoding="utf-8")
    build(out)
    assert set(tree(out)) == SITE | {"CNAME", ".nojekyll", "robots.txt"}
    assert (out / "CNAME").read_text(encoding="utf-8") == "CNAME"


def test_build_keeps_files_of_others_beside_its_own_in_its_folders(out, secret):
    build(out, "--secret-file", secret)
    foreign = {"series/notes.txt", "series/more/notes.txt", "p/robots.txt", f"p/{token_of('vasant', SECRET)}/notes.txt"}
    for name in foreign:
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text(name, encoding="utf-8")
    other = secret.with_name("other")
    other.write_text("another secret that nobody can guess")
    build(out, "--secret-file", other)
    found = set(tree(out))
    assert {name for name in found if not name.endswith("/calendar.ics")} == SITE | foreign
    assert f"p/{token_of('vasant', SECRET)}/calendar.ics" not in found
    assert all(tree(out)[name] == name.encode() for name in foreign)


@pytest.mark.slow
@pytest.mark.parametrize("published", [True, False])
@pytest.mark.parametrize("name", [".", "../site", "", None])
def test_build_refuses_the_folder_it_is_run_in(out, monkeypatch, published, name):
    out.mkdir(parents=True)
    if published:
        build(out)
    monkeypatch.chdir(out)
    before = tree(out)
    named = str(out) if name is None else name
    result = run("build", named)
    assert (result.exit_code, result.stdout) == (1, "")
    said = f"{named}: is the current folder, which cannot be replaced (give another, or one in it)"
    assert result.stderr == f"svsm-cal: {said if named else 'no folder to publish to (give one)'}\n"
    assert tree(out) == before
    assert os.listdir(out.parent) == ["site"]
    assert Path.cwd() == out


def test_build_removes_what_it_no_longer_publishes(out, tmp_path, secret):
    build(out, "--secret-file", secret)
    path = tmp_path / "calendar.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8").replace('id = "devel-call"', 'id = "call"'), encoding="utf-8")
    build(out, "--secret-file", secret, calendar=path)
    found = {name for name in tree(out) if not name.startswith("p/")}
    assert found == SITE - {"series/devel-call.ics"} | {"series/call.ics"}


def test_personal_feeds_are_not_lost_for_want_of_a_secret(out, secret):
    build(out, "--secret-file", secret)
    before = tree(out)
    result = run("build", str(out))
    assert result.exit_code == 1
    assert result.stderr == (
        f"svsm-cal: {out}: without the secret, its personal feeds (10) would be removed "
        f"(give --secret-file, or remove the folder p in {out} and with it their addresses)\n"
    )
    assert tree(out) == before
    shutil.rmtree(out / "p")
    build(out)
    assert set(tree(out)) == SITE


@pytest.mark.parametrize("broken", ["", "[calendar", '[calendar]\nid = "x"\n', None])
def test_a_broken_calendar_leaves_the_last_publication(out, tmp_path, broken):
    build(out)
    before = tree(out)
    path = tmp_path / "calendar.toml"
    if broken is not None:
        path.write_text(broken, encoding="utf-8")
    result = run("build", out, calendar=path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert str(path) in result.stderr
    assert tree(out) == before
    assert os.listdir(out.parent) == ["site"]


# --- Personal feeds -----------------------------------------------------------------------------------------------


def test_personal_feeds_are_at_addresses_nothing_gives_away(out, secret):
    result = build(out, "--secret-file", secret)
    assert result.stderr == f"{out}: {len(SITE)} files and 10 personal feeds; the first publication\n"
    site = tree(out)
    personal = {name for name in site if name.startswith("p/")}
    assert personal == {f"p/{token_of(person, SECRET)}/calendar.ics" for person in PEOPLE if person != "jon"}  # in no series
    assert set(site) - personal == SITE
    tokens = [name.split("/")[1] for name in personal]
    assert all(len(token) == 26 and token.isalnum() and token == token.lower() for token in tokens)
    for name in SITE:
        assert not [token for token in tokens if token.encode() in site[name]]
    assert json.loads(site["calendar.json"])["files"] == sorted(SITE)


def test_public_files_are_the_same_with_and_without_a_secret(out, tmp_path, secret):
    build(out)
    build(tmp_path / "other", "--secret-file", secret)
    other = tree(tmp_path / "other")
    assert tree(out) == {name: other[name] for name in SITE}


def test_the_secret_may_be_named_by_the_environment(out, tmp_path, secret):
    build(out, env={"SVSM_CAL_SECRET_FILE": str(secret)})
    build(tmp_path / "other", "--secret-file", secret)
    assert tree(out) == tree(tmp_path / "other")
    assert (out / "p" / token_of("vasant", SECRET) / "calendar.ics").read_bytes() == run("feed", "--for", "vasant").stdout_bytes


def test_tokens_differ_by_person_and_by_secret():
    tokens = {token_of(person, secret) for person in PEOPLE for secret in (SECRET, SECRET + b"!", b"another secret of length")}
    assert len(tokens) == 3 * len(PEOPLE)


def test_another_secret_moves_every_personal_feed(out, secret):
    build(out, "--secret-file", secret)
    before = {name for name in tree(out) if name.startswith("p/")}
    secret.write_bytes(SECRET + b"!")
    build(out, "--secret-file", secret)
    after = {name for name in tree(out) if name.startswith("p/")}
    assert len(after) == len(before)
    assert after.isdisjoint(before)


def test_space_around_the_secret_is_no_part_of_it(out, tmp_path, secret):
    build(out, "--secret-file", secret)
    secret.write_bytes(b"  " + SECRET + b"\r\n\n")
    build(tmp_path / "other", "--secret-file", secret)
    assert tree(tmp_path / "other") == tree(out)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory (give a file with a long random text)"),
        (b"", "is shorter than 16 bytes (put a long random text into it)"),
        (b"15 bytes of it.\n", "is shorter than 16 bytes (put a long random text into it)"),
        (b" " * 40, "is shorter than 16 bytes (put a long random text into it)"),
    ],
)
def test_a_secret_must_be_one(out, tmp_path, content, said):
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    result = run("build", out, "--secret-file", path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"svsm-cal: {path}: {said}\n"
    assert not out.parent.exists()


# --- What people write into the file ------------------------------------------------------------------------------

EVIL = "<script>alert(1)</script>\"'&"
LINK = "https://example.org/?a='1'&b=2"
EVIL_CALENDAR = """\
[calendar]
id = "evil"
name = EVIL
description = EVIL
domain = "calendar.example.org"
zone = "Europe/Berlin"
url = LINK
organizer = { name = EVIL, email = "calendar@example.org" }
agenda = EVIL

[[notices.channel]]
id = "chat"
kind = "zulip"
room = EVIL
topic = EVIL
url_file = EVIL

[[series]]
id = "one"
title = EVIL
start = 2025-01-08T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=WE"
url = LINK
location = EVIL
description = EVIL
chair = "joerg"
attendees = ["joerg", "claudio"]
cancel = [{ date = 2025-03-12, reason = EVIL }]
move = [{ date = 2025-03-19, to = 2025-03-20T18:00:00, reason = EVIL, title = EVIL, location = EVIL, description = EVIL }]
change = [{ date = 2025-03-26, reason = EVIL, title = EVIL, location = EVIL, description = EVIL }]
add = [{ start = 2025-03-06T17:00:00, reason = EVIL, title = EVIL, location = EVIL, description = EVIL }]
from = [{ date = 2025-04-02, reason = EVIL, title = EVIL, location = EVIL, description = EVIL }]

[[series]]
id = "two"
title = EVIL
start = 2025-01-09T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=TH"

[[participant]]
id = "joerg"
name = EVIL
zone = "Europe/Berlin"
email = "joerg@example.org"

[[participant]]
id = "claudio"
name = EVIL
zone = "America/New_York"
email = "claudio@example.org"

[[deadline]]
id = "proposals"
title = EVIL
date = 2025-03-11
url = LINK

[[release]]
id = "qemu"
title = EVIL
url = LINK
milestones = [{ id = "freeze", title = EVIL, date = 2025-03-11, actual = 2025-03-12 }]

[[event]]
id = "conference"
title = EVIL
start = 2025-12-11
url = LINK
""".replace("EVIL", json.dumps(EVIL)).replace("LINK", json.dumps(LINK))


@pytest.fixture
def evil(tmp_path):
    path = tmp_path / "evil.toml"
    path.write_text(EVIL_CALENDAR, encoding="utf-8")
    return path


def text_fields(fields):
    return {key for key, field in fields.items() if field.kind in (Kind.TEXT, Kind.LONG_TEXT)}


def evil_keys(table, rows):
    """Yield (table, key) of every text that says EVIL."""
    for row in rows if isinstance(rows, list) else [rows]:
        for key, value in row.items():
            if value == EVIL:
                yield table, key
            elif isinstance(value, (dict, list)):
                yield from evil_keys(TABLES[table][key].table, value) if TABLES[table][key].table else ()


def test_the_evil_calendar_has_every_text_there_can_be(evil):
    assert set(evil_keys("", tomllib.loads(EVIL_CALENDAR))) == {
        (table, key) for table, fields in TABLES.items() for key in text_fields(fields)
    }
    assert run("check", calendar=evil).exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "now", ["2025-03-05T17:00Z", "2025-03-10T17:00Z", "2025-03-20T17:30Z", "2025-03-26T17:30Z", "2025-06-01T00:00Z"]
)
def test_the_pages_show_texts_as_texts(out, tmp_path, evil, now):
    build(out, calendar=evil, now=now)
    build(tmp_path / "plain", now=now)
    for name in PAGES:
        plain = Page((tmp_path / "plain" / name).read_text(encoding="utf-8"))
        html = (out / name).read_text(encoding="utf-8")
        assert EVIL not in html
        assert html.count("<script") == 2
        page = Page(html)
        assert page.text.count(EVIL) > (10 if name in ("index.html", "de/index.html") else 2)
        # Moved calls have dots in the picture, and times that are not in the example's.
        known = {each for _, each, _ in plain.attributes} | {"cx", "cy", "r", "data-form"}
        assert {each for _, each, _ in page.attributes} <= known
        assert not [each for _, each, _ in page.attributes if each.startswith("on")]
        links = {value for _, each, value in page.attributes if each == "href" and ":" in value}
        assert all(link.startswith(("https://", "webcal://")) for link in links)
        assert LINK in links or "/" in name.removeprefix("de/")
    for name in ("changes.atom", "de/changes.atom"):
        feed = ET.parse(out / name).getroot()
        assert {each.tag.rpartition("}")[2] for each in feed.iter()} <= {
            "feed", "id", "title", "updated", "author", "name", "link", "entry", "content",
        }  # fmt: skip
        assert EVIL in "".join(feed.itertext())


def test_mails_show_texts_as_texts(tmp_path, evil):
    assert run("invite", "write", "one", "--out", tmp_path / "mail", calendar=evil).exit_code == 0
    for data in tree(tmp_path / "mail").values():
        message = email.message_from_bytes(data, policy=email.policy.default)
        (html,) = [part.get_content() for part in message.walk() if part.get_content_type() == "text/html"]
        assert EVIL not in html
        page = Page(html)
        assert "script" not in page.tags
        assert page.text.count(EVIL) > 3


CANARIES = EXAMPLE.read_text(encoding="utf-8").replace("@example.org", "-canary@example.org").replace(
    'email = "calendar@coconut', 'email = "canary@coconut'
)  # fmt: skip


@pytest.mark.parametrize("args", [[], ["--secret-file"]], ids=["public", "personal too"])
def test_no_address_is_published(out, tmp_path, secret, args):
    path = tmp_path / "calendar.toml"
    path.write_text(CANARIES, encoding="utf-8")
    assert CANARIES.count("canary") == 11
    build(out, *(args and [*args, secret]), calendar=path)
    site = tree(out)
    assert len(site) == len(SITE) + (10 if args else 0)
    for name, data in site.items():
        unfolded = data.replace(b"\r\n ", b"")
        assert b"canary" not in unfolded, name
        assert b"mailto:" not in unfolded.lower(), name


@pytest.mark.parametrize("line", ["next", "next --json", "when 2025-03-12", "shifts --json", "deadlines", "feed --for claudio"])
def test_no_address_is_shown(tmp_path, line):
    path = tmp_path / "calendar.toml"
    path.write_text(CANARIES, encoding="utf-8")
    assert "canary" not in run(*line.split(), calendar=path).stdout.replace("\r\n ", "")


def test_the_page_and_the_public_data_name_nobody_but_chairs(out):
    build(out)
    for name in SITE:
        data = (out / name).read_text(encoding="utf-8")
        assert not [
            person for person in ("Cláudio", "Dionna", "Huibo", "Nicolai", "Oliver", "Fang", "Lendacky") if person in data
        ]
