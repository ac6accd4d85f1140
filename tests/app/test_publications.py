"""A folder that is published again and again: what changes in it, what does not, and what stands whatever happens."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import icalendar
import pytest
from click.testing import CliRunner

import svsm_cal
from svsm_cal.app.files import alone
from svsm_cal.app.publish import publish
from svsm_cal.cli import command
from svsm_cal.errors import PublicationError

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / "examples/svsm/calendar.toml").read_text(encoding="utf-8")
CANCELLED = EXAMPLE.replace("cancel = [", 'cancel = [\n  { date = 2025-06-04, reason = "a test" },', 1)
NOW = datetime(2025, 3, 5, 17, tzinfo=UTC)
DAY = timedelta(days=1)
SECRET = b"0123456789abcdef0123456789abcdef"


def put(out, text, now=NOW, **options):
    return publish(svsm_cal.loads(text), str(out), now=now, **options)


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def feeds(folder):
    return {name: data for name, data in tree(folder).items() if name.endswith(".ics")}


def sequence(data, uid="devel-call@coconut-svsm.example.org"):
    events = icalendar.Calendar.from_ical(data).walk("VEVENT")
    return next(each["SEQUENCE"] for each in events if each["UID"] == uid and "RECURRENCE-ID" not in each)


@pytest.mark.slow
def test_an_unchanged_calendar_leaves_its_files_untouched(tmp_path):
    out = tmp_path / "site"
    assert put(out, EXAMPLE, secret=SECRET).first
    for path in out.rglob("*"):
        os.utime(path, (1e9, 1e9))
    before, inode = tree(out), out.stat().st_ino
    report = put(out, EXAMPLE, secret=SECRET)
    assert (report.first, report.changed) == (False, ())
    assert tree(out) == before
    assert out.stat().st_ino == inode
    # A week later the pages say something else, and the feeds do not.
    report = put(out, EXAMPLE, NOW + 7 * DAY, secret=SECRET)
    assert {name for name in report.changed if not name.endswith(".html")} == {"calendar.json", "next.json"}
    assert "index.html" in report.changed
    assert feeds(out) == {name: data for name, data in before.items() if name.endswith(".ics")}
    assert {path.stat().st_mtime for path in out.rglob("*.ics")} == {1e9}
    assert (out / "index.html").stat().st_mtime > 1e9


@pytest.mark.slow
def test_a_change_is_in_every_feed_that_says_it_and_in_no_other(tmp_path):
    out = tmp_path / "site"
    put(out, EXAMPLE, secret=SECRET)
    before = feeds(out)
    report = put(out, CANCELLED, NOW + DAY, secret=SECRET)
    assert "deadlines.ics" not in report.changed
    assert {sequence(data) for name, data in feeds(out).items() if name != "deadlines.ics"} == {1}
    put(out, EXAMPLE, NOW + 2 * DAY, secret=SECRET)
    after = feeds(out)
    assert {sequence(data) for name, data in after.items() if name != "deadlines.ics"} == {2}
    assert after["deadlines.ics"] == before["deadlines.ics"]
    # But for its revision, the calendar is as it was.
    own = re.compile(rb"(DTSTAMP|LAST-MODIFIED|SEQUENCE):[^\r]*\r\n")
    assert {name: own.sub(b"", data) for name, data in after.items()} == {
        name: own.sub(b"", data) for name, data in before.items()
    }


def test_a_deadline_that_slips_is_a_new_revision(tmp_path):
    out = tmp_path / "site"
    put(out, EXAMPLE)
    put(out, EXAMPLE.replace("date = 2025-03-11", "date = 2025-03-12"), NOW + DAY)
    events = icalendar.Calendar.from_ical((out / "deadlines.ics").read_bytes()).walk("VEVENT")
    revised = {event["UID"]: event["SEQUENCE"] for event in events if event["SEQUENCE"]}
    assert revised
    assert all("soft-freeze" in uid or "freeze" in uid or "rc" in uid or "release" in uid for uid in revised)


def test_a_series_that_goes_and_comes_back_goes_on_counting(tmp_path):
    out = tmp_path / "site"
    other = EXAMPLE.replace('id = "devel-call"', 'id = "another-call"')
    put(out, CANCELLED)
    put(out, EXAMPLE, NOW + DAY)
    put(out, other, NOW + 2 * DAY)
    assert json.loads((out / "revisions.json").read_text())["gone"]["devel-call@coconut-svsm.example.org"][0] == 1
    put(out, other, NOW + 3 * DAY)
    put(out, EXAMPLE, NOW + 4 * DAY)
    assert sequence((out / "calendar.ics").read_bytes()) == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "feed", "address", "address of the feed"])
def test_the_previous_publication_may_be_elsewhere(tmp_path, kind):
    old = tmp_path / "old"
    put(old, EXAMPLE)
    put(old, CANCELLED, NOW + DAY)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(old)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    try:
        where = {
            "folder": str(old),
            "feed": str(old / "calendar.ics"),
            "address": address,
            "address of the feed": f"{address}calendar.ics",
        }
        new = tmp_path / "new"
        report = put(new, CANCELLED, NOW + 2 * DAY, previous=where[kind])
        assert not report.first
        assert (new / "calendar.ics").read_bytes() == (old / "calendar.ics").read_bytes()
        put(new, EXAMPLE, NOW + 3 * DAY)
        assert sequence((new / "calendar.ics").read_bytes()) == 2
        with pytest.raises(PublicationError, match=r"is not there|holds something"):
            put(tmp_path / "third", EXAMPLE, previous=f"{address}nothing.ics")
    finally:
        server.shutdown()
        server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [
        lambda out: (out / "calendar.ics").unlink(),
        lambda out: (out / "deadlines.ics").write_bytes(b""),
        lambda out: (out / "series/devel-call.ics").write_bytes((out / "series/devel-call.ics").read_bytes()[:-100]),
        lambda out: (out / "calendar.json").write_bytes(b"{"),
        lambda out: (out / "revisions.json").write_bytes(b"[]"),
        lambda out: (out / "revisions.json").write_bytes(b'{"gone": {"x": 3}}'),
    ],
)
def test_a_damaged_publication_is_never_taken_for_none(tmp_path, damage):
    out = tmp_path / "site"
    put(out, CANCELLED)
    damage(out)
    before = tree(out)
    with pytest.raises(PublicationError, match=r"--first|is no whole iCalendar stream"):
        put(out, EXAMPLE, NOW + DAY)
    assert tree(out) == before
    if (out / "calendar.json").read_bytes() != b"{":
        assert put(out, EXAMPLE, NOW + DAY, first=True).first


def test_two_publishers_take_turns(tmp_path):
    out = tmp_path / "site"
    put(out, EXAMPLE)
    done = threading.Event()

    def other():
        put(out, CANCELLED, NOW + DAY)
        done.set()

    with alone(str(out)):
        threading.Thread(target=other, daemon=True).start()
        assert not done.wait(0.5)
    assert done.wait(20)
    assert sequence((out / "calendar.ics").read_bytes()) == 1


BUILD = """
import builtins, os, signal, sys
from datetime import UTC, datetime
import svsm_cal
from svsm_cal.app import files
from svsm_cal.app.publish import publish
left = int(sys.argv[1])
def dying(name, call):
    def wrapped(*args, **kwargs):
        global left
        left -= 1
        if left == 0:
            if sys.argv[4] == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(28, "No space left on device")
        return call(*args, **kwargs)
    return wrapped
reading = ("open", "close", "scandir", "rmdir", "unlink") if sys.argv[4] == "kill" else ()
for name in ("fsync", "link", "rename", "replace", "mkdir", "chmod", *reading):
    setattr(os, name, dying(name, getattr(os, name)))
real = builtins.open
class Stream:
    def __init__(self, stream): self.stream = stream
    def __enter__(self): self.stream.__enter__(); return self
    def __exit__(self, *rest): return self.stream.__exit__(*rest)
    def __getattr__(self, name): return getattr(self.stream, name)
    def write(self, data): return dying("write", self.stream.write)(data)
def opened(path, mode="r", *rest, **more):
    stream = real(path, mode, *rest, **more)
    return Stream(stream) if "x" in mode or "w" in mode else stream
files.open = opened
files._exchange = dying("exchange", files._exchange)
text = real(sys.argv[3], encoding="utf-8").read()
try:
    publish(svsm_cal.loads(text), sys.argv[2], now=datetime(2025, 3, 6, 17, tzinfo=UTC), secret=sys.argv[5].encode())
except OSError:
    sys.exit(3)
sys.exit(0 if left > 0 else 4)
"""


def assert_whole_wherever_it_ends(tmp_path, how, points, people=0):
    """Every point at which `build` touches the disk: what stands afterwards is the old publication or the new one."""
    more = "".join(
        f'[[participant]]\nid = "p{number}"\nname = "P {number}"\nzone = "Asia/Tokyo"\ngroups = ["everyone"]\n'
        for number in range(people)
    )
    new = tmp_path / "new.toml"
    new.write_text(CANCELLED + more, encoding="utf-8")
    reference = tmp_path / "reference/site"
    put(reference, EXAMPLE + more, secret=SECRET)
    old = tree(reference)
    put(reference, CANCELLED + more, NOW + DAY, secret=SECRET)
    after = tree(reference)
    assert old != after
    out = tmp_path / "work/site"
    put(out, EXAMPLE + more, secret=SECRET)
    ended = seen_new = 0
    for point in points:
        code = subprocess.run(
            [sys.executable, "-c", BUILD, str(point), str(out), str(new), how, SECRET.decode()],
            cwd=ROOT,
            capture_output=True,
            check=False,
        ).returncode
        stands = tree(out)
        assert stands in (old, after), (point, code)
        if stands == after:  # it may have ended after the exchange: all the same the new one is whole
            seen_new += 1
            put(out.parent / "again", EXAMPLE + more, secret=SECRET)
            os.rename(out, out.parent / f"done-{point}")
            os.rename(out.parent / "again", out)
        if code == 0:
            break
        # 4: what failed was not needed, such as making a folder that is there.
        assert code in ((-signal.SIGKILL,) if how == "kill" else (3, 4)), (point, code)
        ended += code != 4
    return ended, seen_new


@pytest.mark.slow
@pytest.mark.parametrize("how", ["kill", "full"])
def test_a_build_that_is_killed_or_finds_the_disk_full_leaves_a_whole_publication(tmp_path, how):
    ended, _ = assert_whole_wherever_it_ends(tmp_path, how, range(3, 400, 29))
    assert ended >= 3


@pytest.mark.soak
@pytest.mark.parametrize("how", ["kill", "full"])
def test_at_every_point_at_which_a_build_touches_the_disk(tmp_path, how):
    ended, seen_new = assert_whole_wherever_it_ends(tmp_path, how, range(1, 2000), people=20)
    assert ended > (300 if how == "kill" else 100)  # reading does not find a disk full
    assert seen_new >= 1


def test_a_single_feed_may_follow_its_own_file(tmp_path):
    """`feed --previous`: as `build` does, for one feed that somebody publishes by hand."""
    path, calendar = tmp_path / "feed.ics", tmp_path / "calendar.toml"

    def feed(text, *more, day):
        calendar.write_text(text, encoding="utf-8")
        line = ["-c", str(calendar), "--now", f"2025-03-{day:02}T17:00Z", "feed", "-o", str(path), *more]
        return CliRunner().invoke(command, line)

    assert feed(EXAMPLE, day=5).exit_code == 0
    before = path.read_bytes()
    assert feed(EXAMPLE, "--previous", str(path), day=6).exit_code == 0
    assert path.read_bytes() == before
    assert feed(CANCELLED, "--previous", str(path), day=7).exit_code == 0
    assert sequence(path.read_bytes()) == 1
    assert feed(EXAMPLE, "--previous", str(path), day=8).exit_code == 0
    assert sequence(path.read_bytes()) == 2
    for wrong in (calendar, tmp_path / "nothing.ics"):
        result = feed(EXAMPLE, "--previous", str(wrong), day=9)
        assert result.exit_code == 1
        assert str(wrong) in result.output
    assert sequence(path.read_bytes()) == 2
