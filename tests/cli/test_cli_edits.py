"""`cancel`, `restore`, `move`, `change`, `add` and `slip`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial

import pytest

from tests.support import EXAMPLE, EXAMPLE_TEXT, run

TEXT = EXAMPLE_TEXT
edit = partial(run, calendar=None)


@pytest.fixture(autouse=True)
def calendar(tmp_path, monkeypatch):
    """A copy of the example, in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "calendar.toml"
    path.write_bytes(EXAMPLE.read_bytes())
    return path


# A command -> what it says, and the lines that it takes out of the file and puts in.
CASES = {
    "cancel devel-call 2025-03-26": (
        "devel-call on 2025-03-26 is cancelled",
        [],
        ["  { date = 2025-03-26 },"],
    ),
    "cancel devel-call 2025-03-19 --reason vacation": (
        "devel-call on 2025-03-19 is cancelled",
        ["  { date = 2025-03-19 },"],
        ['  { date = 2025-03-19, reason = "vacation" },'],
    ),
    "cancel devel-call 2025-05-21T18:00": (
        "devel-call on 2025-05-21T18:00 is cancelled",
        ['  { date = 2025-05-21, chair = "jon" },'],
        ["  { date = 2025-05-21 },"],
    ),
    "restore devel-call 2025-03-19": (
        "devel-call on 2025-03-19 is no longer cancelled",
        ["  { date = 2025-03-19 },"],
        [],
    ),
    "restore devel-call 2025-05-21": (
        "devel-call on 2025-05-21 is no longer changed",
        ['  { date = 2025-05-21, chair = "jon" },'],
        [],
    ),
    "move devel-call 2025-03-26 2025-03-27T18:00 --reason conference": (
        "devel-call on 2025-03-26 is moved to 2025-03-27T18:00",
        [],
        ["move = [", '  { date = 2025-03-26, to = 2025-03-27T18:00:00, reason = "conference" },', "]"],
    ),
    "move devel-call 2025-03-26 17:00": (
        "devel-call on 2025-03-26 is moved to 2025-03-26T17:00",
        [],
        ["move = [", "  { date = 2025-03-26, to = 2025-03-26T17:00:00 },", "]"],
    ),
    "move devel-call 2025-05-21 17:30:15": (
        "devel-call on 2025-05-21 is moved to 2025-05-21T17:30:15",
        ['  { date = 2025-05-21, chair = "jon" },'],
        ["move = [", '  { date = 2025-05-21, to = 2025-05-21T17:30:15, chair = "jon" },', "]"],
    ),
    "change devel-call 2025-05-21 --chair stefano --duration 2h": (
        "devel-call on 2025-05-21 is changed: chair stefano, duration 2h",
        ['  { date = 2025-05-21, chair = "jon" },'],
        ['  { date = 2025-05-21, duration = "2h", chair = "stefano" },'],
    ),
    "change devel-call 2025-05-14 --url https://a.example --title T --location L --description D --reason R": (
        "devel-call on 2025-05-14 is changed: url https://a.example, title T, location L, description D, reason R",
        [],
        [
            '  { date = 2025-05-14, reason = "R", title = "T", url = "https://a.example", location = "L", description = "D" },',
        ],
    ),
    "add devel-call 2025-06-03T17:00 --title Extra --chair jon --duration 30min --reason R": (
        "devel-call has an added call on 2025-06-03T17:00",
        [],
        ["add = [", '  { start = 2025-06-03T17:00:00, reason = "R", duration = "30min", title = "Extra", chair = "jon" },', "]"],
    ),
    "slip qemu-10.0-soft-freeze 2025-03-12": (
        "qemu-10.0-soft-freeze is on 2025-03-12",
        ['  { id = "soft-freeze", title = "soft feature freeze", date = 2025-03-11, remind = ["2w", "1w", "1d"] },'],
        [
            (
                '  { id = "soft-freeze", title = "soft feature freeze", date = 2025-03-11, actual = 2025-03-12, '
                'remind = ["2w", "1w", "1d"] },'
            )
        ],
    ),
    "slip gsoc-2026-qemu-projects 2026-02-06": (
        "gsoc-2026-qemu-projects is on 2026-02-06",
        ["date = 2026-01-30"],
        ["date = 2026-02-06"],
    ),
}


@pytest.mark.parametrize(("line", "said", "gone", "new"), [(line, *rest) for line, rest in CASES.items()], ids=CASES)
def test_edits(calendar, line, said, gone, new):
    shown = edit(*line.split(), "--dry-run")
    assert calendar.read_text(encoding="utf-8") == TEXT
    assert (shown.exit_code, shown.stderr) == (0, "")
    rows = shown.stdout.splitlines()
    assert rows[:2] == ["--- calendar.toml", "+++ calendar.toml"]
    assert [row[1:] for row in rows[2:] if row.startswith("-")] == gone
    assert [row[1:] for row in rows[2:] if row.startswith("+")] == new

    done = edit(*line.split())
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", f"calendar.toml: {said}\n")
    after = calendar.read_text(encoding="utf-8").splitlines()
    assert not [row for row in new if row not in after]
    assert len(after) - len(TEXT.splitlines()) == len(new) - len(gone)
    assert edit("check", "--strict").exit_code == 0


def test_what_the_look_ups_then_say(calendar):
    for line in (
        "cancel devel-call 2025-03-12 --reason trip",
        "move devel-call 2025-03-26 2025-03-27T18:00",
        "slip qemu-10.0-soft-freeze 2025-03-13",
    ):
        assert edit(*line.split()).exit_code == 0
    calls = json.loads(edit("next", "-n", "2", "--json").stdout)["occurrences"]
    assert [(each["start"][:10], each["status"], each["reason"]) for each in calls] == [
        ("2025-03-05", "confirmed", None),
        ("2025-03-12", "cancelled", "trip"),
        ("2025-03-19", "cancelled", None),
        ("2025-03-27", "moved", None),
    ]
    due = json.loads(edit("deadlines", "--within", "2w", "--json").stdout)["deadlines"][0]
    assert (due["id"], due["date"], due["planned"], due["actual"]) == (
        "qemu-10.0-soft-freeze",
        "2025-03-13",
        "2025-03-11",
        "2025-03-13",
    )


def test_back_and_forth_gives_the_same_file(calendar):
    for there, back in (
        ("cancel devel-call 2025-03-26", "restore devel-call 2025-03-26"),
        ("move devel-call 2025-03-26 17:00", "restore devel-call 2025-03-26"),
        ("change devel-call 2025-03-26 --chair jon", "restore devel-call 2025-03-26"),
        ("add devel-call 2025-06-03T17:00", "restore devel-call 2025-06-03T17:00"),
        ("add devel-call 2025-06-03T17:00", "restore devel-call 2025-06-03"),
    ):
        assert edit(*there.split()).exit_code == 0
        assert calendar.read_text(encoding="utf-8") != TEXT
        assert edit(*back.split()).exit_code == 0
        assert calendar.read_text(encoding="utf-8") == TEXT


def test_a_warning_that_an_edit_brings_is_shown(calendar):
    result = edit("move", "devel-call", "2025-12-10", "2025-12-11T18:00")
    assert result.exit_code == 0
    first, second = result.stderr.splitlines()
    assert first == "calendar.toml: devel-call on 2025-12-10 is moved to 2025-12-11T18:00"
    assert second.startswith('calendar.toml:245:9: warning: event "lpc-2025" (Linux Plumbers Conference 2025): the call of')


ERRORS = {
    "cancel devel 2025-03-26": (1, 'svsm-cal: no series "devel": there are devel-call\n'),
    "cancel devel-call 2025-03-19": (1, "svsm-cal: devel-call on 2025-03-19 is already cancelled\n"),
    "cancel devel-call 2025-03-27": (
        1,
        (
            'calendar.toml:43:12: series "devel-call": cancel date 2025-03-27 is a Thursday; the call is on Wednesdays '
            "(hint: 2025-03-26)\nsvsm-cal: 1 error; nothing was written\n"
        ),
    ),
    "restore devel-call 2025-03-26": (
        1,
        "svsm-cal: there is no entry for devel-call on 2025-03-26 (the nearest: 2025-03-19 is cancelled)\n",
    ),
    "move devel-call 2025-03-26 18:00": (
        1,
        (
            'calendar.toml:49:29: series "devel-call": move to 2025-03-26T18:00:00 does not change the time (hint: another time, '
            "or a change instead)\nsvsm-cal: 1 error; nothing was written\n"
        ),
    ),
    "move devel-call 2025-03-26 2025-04-02T18:30": (
        1,
        (
            'calendar.toml:49:29: series "devel-call": move to 2025-04-02T18:30:00 overlaps the call of 2025-04-02T18:00:00 '
            "(hint: a time without a call)\nsvsm-cal: 1 error; nothing was written\n"
        ),
    ),
    "change devel-call 2025-03-26": (
        1,
        (
            "svsm-cal: change what of devel-call on 2025-03-26? (reason, duration, title, url, location, description, chair, "
            "minutes)\n"
        ),
    ),
    "change devel-call 2025-03-19 --chair jon": (
        1,
        "svsm-cal: devel-call on 2025-03-19 is cancelled, so there is nothing to change (restore it first)\n",
    ),
    "change devel-call 2025-03-26 --chair john": (
        1,
        (
            'calendar.toml:49:32: series "devel-call": chair "john" is not a participant (hint: did you mean "jon"?)\n'
            "svsm-cal: 1 error; nothing was written\n"
        ),
    ),
    "add devel-call 2025-03-26T18:30": (
        1,
        (
            'calendar.toml:55:13: series "devel-call": added call 2025-03-26T18:30:00 overlaps the call of 2025-03-26T18:00:00 '
            "(hint: a time without a call)\nsvsm-cal: 1 error; nothing was written\n"
        ),
    ),
    "slip qemu-10.0-softfreeze 2025-03-12": (
        1,
        'svsm-cal: no deadline "qemu-10.0-softfreeze": did you mean "qemu-10.0-soft-freeze"?\n',
    ),
    "slip gsoc-2026-qemu-projects 2026-01-30": (1, "svsm-cal: gsoc-2026-qemu-projects is already on 2026-01-30\n"),
}


@pytest.mark.parametrize("dry_run", [[], ["--dry-run"]], ids=["", "dry run"])
@pytest.mark.parametrize(("line", "code", "said"), [(line, *rest) for line, rest in ERRORS.items()], ids=ERRORS)
def test_errors(calendar, line, code, said, dry_run):
    result = edit(*line.split(), *dry_run)
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", said)
    assert calendar.read_bytes() == EXAMPLE.read_bytes()
    assert os.listdir() == ["calendar.toml"]


CALL = "is not a date from 1900 to 2200: write it as 2025-03-12, or with the time as 2025-03-12T18:00 if there are several calls"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("cancel devel-call 26.3.2025", f"Invalid value for 'DATE': \"26.3.2025\" {CALL}"),
        ("cancel devel-call 2025-02-30", f"Invalid value for 'DATE': \"2025-02-30\" {CALL}"),
        ("cancel devel-call 17:00", f"Invalid value for 'DATE': \"17:00\" {CALL}"),
        ("restore devel-call 3025-03-26", f"Invalid value for 'DATE': \"3025-03-26\" {CALL}"),
        ("move devel-call 2025-03-26 2025-03-27", "write it as 2025-12-11T18:00, or as 17:00 if it is on the same date"),
        ("move devel-call 2025-03-26 25:00", "write it as 2025-12-11T18:00, or as 17:00 if it is on the same date"),
        ("move devel-call 2025-03-26", "Missing argument 'TO'"),
        ("add devel-call 2025-06-03", '"2025-06-03" is not a date and time from 1900 to 2200: write it as 2025-12-11T18:00'),
        ("slip qemu-10.0-soft-freeze soon", '"soon" is not a date from 1900 to 2200: write it as 2025-03-12'),
        ("cancel 2025-03-26", "Missing argument 'DATE'"),
    ],
)
def test_usage(calendar, line, said):
    result = edit(*line.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert calendar.read_bytes() == EXAMPLE.read_bytes()


def test_a_file_with_errors_is_left_alone(calendar):
    text = TEXT.replace('"Asia/Kolkata"', '"IST"')
    calendar.write_text(text, encoding="utf-8")
    result = edit("cancel", "devel-call", "2025-03-26")
    assert result.exit_code == 1
    assert 'zone: "IST" means different clocks' in result.stderr
    assert result.stderr.endswith("svsm-cal: 1 error; nothing was written\n")
    assert calendar.read_text(encoding="utf-8") == text


def test_a_file_that_cannot_be_written(calendar, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    result = edit("cancel", "devel-call", "2025-03-26")
    assert result.exit_code == 1
    assert result.stderr == "svsm-cal: calendar.toml: Permission denied (check that it exists and can be written)\n"
    assert calendar.read_bytes() == EXAMPLE.read_bytes()


def test_no_look_up_loads_what_edits_need():
    code = (
        "import sys; from svsm_cal.cli import command\n"
        "command(['next'], standalone_mode=False)\n"
        "print([each for each in sys.modules if each.startswith(('tomlkit', 'svsm_cal.config.edit', 'difflib'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
