"""Four programs that read our feeds as a subscriber's calendar does: none is ours, and two are not Python's."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from ctypes.util import find_library
from datetime import UTC, timedelta
from itertools import count
from pathlib import Path

import pytest

from tests.support import ROOT

SCRIPTS = ROOT / "tests/readers"
INSTALLED = ROOT / ".cache/readers"
ICAL_JS = INSTALLED / "js/node_modules/ical.js/dist/ical.js"
KHAL = INSTALLED / "bin/khal"
# khal's own commands, one after the other. It reads a whole series again for each of its calls; that is remembered here,
# which changes nothing but the time it takes.
KHAL_AT_ONCE = """
import contextlib, functools, json, sys, khal.cli, khal.khalendar.event as event
event.cal_from_ics = functools.lru_cache(event.cal_from_ics)
for words in json.loads(sys.argv[1]):
    with contextlib.suppress(SystemExit):
        khal.cli.main_khal(words)
"""
# Both readers in Python go by the tz database of their own environment, not by a system's that may be years old.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONTZPATH": ""}
KHAL_CONFIG = """\
[calendars]
[[feed]]
path = {folder}/calendar
type = calendar

[sqlite]
path = {folder}/khal.db

[locale]
local_timezone = UTC
default_timezone = UTC
timeformat = %H:%M:%S
dateformat = %m-%d
longdateformat = %Y-%m-%d
datetimeformat = %m-%d %H:%M:%S
longdatetimeformat = %Y-%m-%d %H:%M:%S
"""


def _needs(*programs):
    for program in programs:
        if program is None or not Path(program).exists():
            pytest.skip("this reader is not installed: run `make readers`")


def _run(*command, **options):
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{command[0]}: {done.stderr}"
    return done.stdout


def _recurring(feed, since, until, _folder):
    _needs(INSTALLED / "bin/python")
    return json.loads(_run(INSTALLED / "bin/python", SCRIPTS / "recurring.py", feed, since, until, env=ENVIRONMENT))


def _icaljs(feed, since, until, _folder):
    _needs(shutil.which("node"), ICAL_JS)
    return json.loads(_run("node", SCRIPTS / "icaljs.mjs", ICAL_JS, feed, since, until))


def _khal(feed, since, until, folder):
    _needs(KHAL)
    config = folder / "khal.conf"
    config.write_text(KHAL_CONFIG.format(folder=folder))
    (folder / "calendar").mkdir()
    shown = ("--day-format", "", "--format", "{start-long-full}|{status}")
    commands = [("import", "--batch", "-a", "feed", str(feed)), ("list", *shown, since, until)]
    words = json.dumps([("-c", str(config), *command) for command in commands])
    lines = _run(INSTALLED / "bin/python", "-c", KHAL_AT_ONCE, words, env=ENVIRONMENT | {"HOME": str(folder)}).splitlines()
    # A call that crosses midnight is listed on each of its days, with the same start.
    starts = {start for start, status in (line.strip().split("|") for line in lines if "|" in line) if "CANCELLED" not in status}
    return [f"{start.replace(' ', 'T')}Z" for start in starts]


def _libical(feed, since, until, _folder):
    if find_library("ical") is None:
        pytest.skip("libical is not installed (Debian: libical3)")
    return json.loads(_run(sys.executable, SCRIPTS / "libical_feed.py", feed, since, until))


_READERS = {"recurring-ical-events": _recurring, "ical.js": _icaljs, "khal": _khal, "libical": _libical}


@pytest.fixture(params=_READERS)
def reader(request):
    """The name of one of the readers: a test with it runs once for each."""
    return request.param


@pytest.fixture(scope="session")
def read(tmp_path_factory):
    """read(reader, feed, since, until): the sorted UTC starts in [since, until) that a reader finds in a feed's bytes."""
    within, numbers = tmp_path_factory.mktemp("read"), count()

    def read(reader, feed, since, until):
        folder = within / str(next(numbers))
        folder.mkdir()
        path = folder / "feed.ics"
        path.write_bytes(feed)
        # Readers take a day's bounds on different clocks: ask for more, and keep what is wanted.
        around = [(each + days).isoformat() for each, days in ((since, -timedelta(days=3)), (until, timedelta(days=3)))]
        found = _READERS[reader](path, *around, folder)
        return [start for start in sorted(found) if since.isoformat() <= start < until.isoformat()]

    return read


@pytest.fixture(scope="session")
def icaljs_offsets():
    """icaljs_offsets([(calendar text, [local times])]): the seconds ahead of UTC that ical.js reads from VTIMEZONEs."""

    def offsets(jobs):
        _needs(shutil.which("node"), ICAL_JS)
        jobs = [{"ics": text, "times": times} for text, times in jobs]
        return json.loads(_run("node", SCRIPTS / "vtimezone.mjs", ICAL_JS, input=json.dumps(jobs)))

    return offsets


@pytest.fixture(scope="session")
def stamp():
    """stamp(datetime): an instant as the readers tell it."""
    return lambda at: at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
