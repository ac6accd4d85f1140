"""What hostile or unlucky users meet: odd calendars with every command, closed and full streams, other machines' settings.

No traceback, JSON that is JSON, a message and a status for what fails, and no address or secret in what others may see.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from svsm_cal.cli import command

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/svsm/calendar.toml"
MINUTES = shlex.quote(str(ROOT / "examples/svsm/minutes"))
NOW = "2025-03-05T17:00Z"
CANARY, SECRET = "canary", "SECRET-CANARY"

HEAD = """\
[calendar]
id = "club"
name = "Club"
domain = "club.example.org"
zone = "{zone}"
url = "https://club.example.org/calendar/"
"""
ORGANIZER = 'organizer = { name = "Club", email = "canary-club@example.org" }\n'
SERIES = """
[[series]]
id = "call"
title = {title}
start = {start}
duration = "{duration}"
{rule}
attendees = ["all"]
{more}
"""
PERSON = """
[[participant]]
id = "{id}"
name = {name}
zone = "{zone}"
groups = ["all"]
{more}
"""
REST = """
[[deadline]]
id = "talks"
title = "Talks"
at = 2025-03-12T18:30:00
remind = ["2w", "1s"]

[[release]]
id = "tool"
title = "Tool"
zone = "Pacific/Apia"
milestones = [
  { id = "a", date = 2025-03-01, actual = 2025-03-08, remind = ["52w"] },
  { id = "b", after = "a", offset = "1w", actual = 2025-03-15 },
  { id = "c", date = 2025-03-15, actual = 2026-03-08 },
]

[notices]
lead = { shift = "52w", last = "1s", call = "1y", absence = "1h" }

[[notices.channel]]
id = "list"
kind = "mail"
to = "canary-list@example.org"

[[notices.channel]]
id = "each"
kind = "mail"
language = "de"

[[notices.channel]]
id = "chat"
kind = "slack"
url_env = "CLUB_SLACK"
""".replace('"1y"', '"365d"')


def series(start="2024-01-03T18:00:00", rule='rule = "FREQ=WEEKLY;BYDAY=WE"', title='"Call"', duration="1h", more=""):
    return SERIES.format(start=start, rule=rule, title=title, duration=duration, more=more)


def person(name, zone="America/New_York", *, shown=None, email=True, more=""):
    address = f'email = "canary-{name}@example.org"\n' if email else ""
    return PERSON.format(id=name, name=shown or f'"{name.title()}"', zone=zone, more=address + more)


def club(*parts, zone="Europe/Berlin", organizer=ORGANIZER, rest=REST):
    return HEAD.format(zone=zone) + organizer + "".join(parts) + rest


ALWAYS = "away = [{ from = 1900-01-01, to = 2200-12-31 }]\n"
THREE = person("ann") + person("bob", "Asia/Kolkata") + person("cyd", "Europe/Berlin")
ODD = "".join(
    person(name, zone)
    for name, zone in [
        ("utc", "UTC"),
        ("lord", "Australia/Lord_Howe"),
        ("chat", "Pacific/Chatham"),
        ("kiri", "Pacific/Kiritimati"),
        ("casa", "Africa/Casablanca"),
        ("dub", "Europe/Dublin"),
        ("troll", "Antarctica/Troll"),
        ("niue", "Pacific/Niue"),
    ]
)
NASTY = r'"<b>x</b> \"q\" O\\Neil [a](javascript:1) *y* <!channel> @everyone =?utf-8?q?x?= 🧑‍🚀 עברית ; , |"'
CALENDARS = {
    "nothing in it": club(organizer="", rest=""),
    "no series": club(THREE),
    "no people": club(series()).replace('attendees = ["all"]', ""),
    "no organizer": club(series(), THREE, organizer=""),
    "nobody has an address": club(series(), person("ann", email=False)),
    "over": club(series("2020-01-01T18:00:00", 'rule = "FREQ=WEEKLY;BYDAY=WE;UNTIL=20200301T000000Z"'), THREE),
    "far ahead": club(series("2199-12-25T18:00:00"), THREE),
    "since 1900": club(series("1900-01-03T18:00:00"), THREE),
    "one call": club(series("2025-03-12T18:00:00", rule=""), THREE),
    "several a day": club(series(rule='rule = "FREQ=DAILY;BYHOUR=6,12,18"'), THREE),
    "leap days": club(series("2024-02-29T18:00:00", 'rule = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"'), THREE),
    "once a century": club(series(rule='rule = "FREQ=YEARLY;INTERVAL=100"'), THREE),
    "a week long": club(series(duration="200h"), THREE),
    "a second long": club(series(duration="1s"), THREE),
    "all cancelled": club(
        series(
            "2025-03-05T18:00:00",
            'rule = "FREQ=WEEKLY;BYDAY=WE;COUNT=2"',
            more="cancel = [{ date = 2025-03-05 }, { date = 2025-03-12 }]",
        ),
        THREE,
    ),
    "moved into a gap and a fold": club(
        series(
            more="move = [{ date = 2025-03-12, to = 2025-03-30T02:30:00 }, { date = 2025-03-19, to = 2025-03-19T17:00:00 }, "
            "{ date = 2025-10-22, to = 2025-10-26T02:30:00 }]\nadd = [{ start = 2025-03-08T10:00:00 }]"
        ),
        THREE,
    ),
    "in gaps and folds": club(series("2024-01-07T02:30:00", 'rule = "FREQ=WEEKLY;BYDAY=SU"'), THREE, ODD),
    "on Lord Howe Island": club(series("2024-01-07T02:10:00", 'rule = "FREQ=WEEKLY;BYDAY=SU"'), ODD, zone="Australia/Lord_Howe"),
    "in UTC": club(series(), ODD, zone="UTC"),
    "chairs away for ever": club(
        series(more='chair = ["ann", "bob"]'), person("ann", more=ALWAYS), person("bob", "Asia/Kolkata", more=ALWAYS)
    ),
    "chairs that change": club(
        series(
            more='chair = ["ann", "bob", "cyd"]\nfrom = [{ date = 2025-03-12, chair = ["cyd", "bob"] }, '
            '{ date = 2025-03-26, chair = "ann", zone = "Asia/Kolkata", rule = "FREQ=WEEKLY;BYDAY=TH" }]'
        ),
        THREE,
    ),
    "texts that mean something elsewhere": club(
        series(
            title=NASTY,
            more=f"cancel = [{{ date = 2025-03-12, reason = {NASTY} }}]\n"
            f'move = [{{ date = 2025-03-19, to = 2025-03-20T18:00:00, title = {NASTY}, reason = {NASTY} }}]\nchair = "ann"',
        ),
        person("ann", shown=NASTY),
    ),
    "a title of 2,000 letters": club(series(title=f'"{"x" * 2000}"'), THREE),
}
COMMANDS = [
    "check --json",
    "next",
    "when 2025-03-12 --json",
    "shifts --json",
    "deadlines --json",
    "notices --until 2026-03-05 --json",
    "notices --until 2026-03-05 --lang de",
    "notices --for ann",
    "notices send --dry-run --json",
    "notices send --json",
    "agenda",
    "agenda --lang de",
    "chairs",
    "chairs --from 2024-06-01 --until 2025-06-01 --json",
    "plan call",
    "plan call --json --earliest 08:00 --latest 20:00 --not friday",
    "invite plan",
    "invite plan --json",
    "invite write call --out mails",
    f"minutes read {MINUTES} --json",
    f"minutes check {MINUTES} --json",
    "store check",
    "build site",
]
# They wait some seconds for a mail server that is not there.
MAILS = [
    "invite send --smtp smtp://127.0.0.1:1",
    "invite status --json",
    "invite remind --smtp smtp://127.0.0.1:1",
    "store export",
]
# These are for the maintainer: what they show of people is theirs to see.
PRIVATE = re.compile("invite|notices send|store")


@pytest.mark.parametrize(
    ("now", "commands"),
    [
        (NOW, COMMANDS),
        *(
            pytest.param(each, [*COMMANDS, *MAILS], marks=pytest.mark.soak)
            for each in ("1900-01-01T00:00Z", "2025-03-12T17:30Z", "2025-10-25T12:00Z", "2200-12-31T23:59Z")
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("name", CALENDARS)
def test_odd_calendars_with_every_command(tmp_path, monkeypatch, name, now, commands):
    monkeypatch.chdir(tmp_path)
    Path("calendar.toml").write_text(CALENDARS[name], encoding="utf-8")
    runner = CliRunner(env={"CLUB_SLACK": f"http://127.0.0.1:1/{SECRET}"})
    assert runner.invoke(command, ["--now", now, "check"]).exit_code == 0
    for line in commands:
        result = runner.invoke(command, ["--now", now, *shlex.split(line)], prog_name="svsm-cal", catch_exceptions=False)
        assert result.exit_code in (0, 1), line
        assert bool(result.stderr) or result.exit_code == 0 or "notices send" in line, line
        if "--json" in line and result.stdout:
            json.loads(result.stdout)
        assert SECRET not in result.stdout + result.stderr, line
        assert PRIVATE.search(line) or CANARY not in result.stdout + result.stderr, line
    published = b"".join(path.read_bytes() for path in Path("site").rglob("*") if path.is_file())
    assert b"BEGIN:VCALENDAR" in published
    assert CANARY.encode() not in published
    assert SECRET.encode() not in published


# --- Streams ------------------------------------------------------------------------------------------------------


def shell(line, tmp_path, **env):
    """Run a line of shell, in which $CAL is the program, in a folder with the example's calendar."""
    (tmp_path / "calendar.toml").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    program = f'"{sys.executable}" -m svsm_cal --now {NOW}'
    return subprocess.run(
        ["sh", "-c", line.replace("$CAL", program)],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), **env},
        capture_output=True,
        timeout=120,
        check=False,
    )


FULL = b"svsm-cal: No space left on device (check that it is there and can be written)\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("line", ["next", "notices --json", "feed", "--version", "--help"])
def test_a_full_disk_behind_the_output(tmp_path, line):
    result = shell(f"$CAL {line} > /dev/full", tmp_path)
    assert (result.returncode, result.stderr) == (1, FULL)
    assert shell(f"$CAL {line} > /dev/full 2> /dev/full", tmp_path).returncode == 1


@pytest.mark.parametrize("line", ["next", "feed", "--version", "invite plan", "store migrate", "store check"])
def test_closed_streams(tmp_path, line):
    shell("$CAL store migrate", tmp_path)
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        result = shell(f"$CAL {line} {closed}", tmp_path)
        assert result.returncode == 0, closed
        assert b"Traceback" not in result.stderr
    # Nothing that was to be shown went into a file that got the number of a closed stream.
    assert shell("$CAL store check", tmp_path).returncode == 0


def test_a_reader_who_has_seen_enough(tmp_path):
    result = shell("$CAL chairs --until 2200-12-31 | true", tmp_path)
    assert (result.returncode, result.stderr) == (0, b"")


# --- Other machines -----------------------------------------------------------------------------------------------

MACHINES = [
    {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "1", "LC_ALL": "C"},
    {"TZ": ":nonsense/../x", "PYTHONHASHSEED": "77", "LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "COLUMNS": "20"},
    {"TZ": "<+03>-3:30:17", "PYTHONHASHSEED": "5", "LANG": "tr_TR.UTF-8", "PYTHONTZPATH": "/nonexistent", "COLUMNS": "500"},
]
LINES = [
    "notices --until 2026-01-01 --lang de",
    f"agenda --minutes {MINUTES}",
    "chairs --json",
    "plan devel-call",
    "invite plan",
    f"minutes check {MINUTES}",
    "feed --for claudio",
]


def test_output_does_not_depend_on_the_machine(tmp_path):
    line = "; ".join(f"$CAL {each}" for each in LINES)
    said = [shell(line, tmp_path, **machine) for machine in ({"PYTHONHASHSEED": "0"}, *MACHINES)]
    assert {each.returncode for each in said} == {0}
    assert "Cláudio Carvalho".encode() in said[0].stdout
    assert all((each.stdout, each.stderr) == (said[0].stdout, said[0].stderr) for each in said[1:])
