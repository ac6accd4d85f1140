"""The example calendar with fifteen mistakes in it: all fifteen are told at once, each at its line, and nothing is written."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from svsm_cal.config.load import check_file, load
from svsm_cal.core.civil import instant
from svsm_cal.errors import CalendarError

EXAMPLE = Path(__file__).parents[2] / "examples" / "svsm" / "calendar.toml"
NOW = instant(datetime(2025, 3, 5, 17, tzinfo=UTC))
# What stands in the example, what stands there instead, where in that the mistake is, and what it is.
MISTAKES = [
    ('color = "teal"', 'colour = "teal"', "colour", "unknown-key"),
    ('organizer = { name = "COCONUT-SVSM calendar", email = "calendar@',
     'organizer = { name = "COCONUT-SVSM calendar", email = "calendar at ',
     '"calendar at', "email-invalid"),
    ('attendees = ["everyone"]', 'attendees = ["everybody"]', '"everybody"', "unknown-participant"),
    ('chair = "joerg"', 'chair = "jorge"', '"jorge"', "unknown-participant"),
    ("{ date = 2024-03-13, reason", "{ date = 2024-03-14, reason", "2024-03-14", "exception-unmatched"),
    ('{ date = 2024-07-10, reason = "vacation" }', '{ date = 2024-07-10, reason = "vac\u202eation" }', '"vac',
     "control-character"),
    ("  { date = 2024-11-13 },", '  { date = "2024-11-13" },', '"2024', "wrong-type"),
    ("{ date = 2025-05-28, chair", "{ date = 2025-03-19, chair", "2025-03-19", "exception-duplicate"),
    ('url = "https://meet.example.org/svsm"', 'url = "javascript:meet()"', '"javascript:', "url-invalid"),
    ('zone = "America/New_York"', 'zone = "EST"', '"EST"', "zone-ambiguous"),
    ('zone = "Asia/Shanghai"', 'zone = "Asia/Shangai"', '"Asia/Shangai"', "zone-unknown"),
    ('reminders = ["30m"]', 'reminders = ["0m"]', '"0m"', "duration-not-positive"),
    ('email = "tom@example.org"', 'email = "Peter@Example.org"', '"Peter@Example.org"', "email-duplicate"),
    ('{ id = "rc2", after = "rc1", offset = "1w", actual = 2025-04-01 }',
     '{ id = "rc2", after = "rc0", offset = "1w", actual = 2025-04-01 }',
     '"rc0"', "milestone-unknown"),
    ("start = 2025-12-11\nend = 2025-12-13", "start = 2025-12-11\nend = 2025-12-10", "2025-12-10", "dates-reversed"),
]  # fmt: skip


def broken():
    """Return the broken text, and (line, column, code) of each mistake in file order."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for right, wrong, _, _ in MISTAKES:
        assert text.count(right) == 1, right
        text = text.replace(right, wrong)
    expected = []
    for _, wrong, place, code in MISTAKES:
        assert text.count(wrong) == 1, wrong
        before = text[: text.index(wrong) + wrong.rindex(place)]
        expected.append((before.count("\n") + 1, len(before) - before.rfind("\n"), code))
    return text, sorted(expected)


@pytest.fixture
def calendar(tmp_path):
    file = tmp_path / "calendar.toml"
    file.write_text(broken()[0], encoding="utf-8")
    return file


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "svsm_cal", "--now", "2025-03-05T17:00Z", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_fifteen_mistakes_are_fifteen_errors_each_at_its_place(calendar):
    assert len(MISTAKES) == 15
    findings = check_file(calendar)
    assert [(each.line, each.column, each.code) for each in findings] == broken()[1]
    assert {each.severity for each in findings} == {"error"}
    assert {each.file for each in findings} == {str(calendar)}


def test_each_of_the_mistakes_alone_is_one_error(tmp_path):
    example = EXAMPLE.read_text(encoding="utf-8")
    for right, wrong, _, code in MISTAKES:
        file = tmp_path / "calendar.toml"
        file.write_text(example.replace(right, wrong), encoding="utf-8")
        assert [each.code for each in check_file(file) if each.severity == "error"] == [code]


def test_loading_it_raises_all_of_them(calendar):
    with pytest.raises(CalendarError) as caught:
        load(calendar)
    assert list(caught.value.findings) == check_file(calendar)


def test_check_prints_them_and_fails(calendar):
    before = calendar.read_bytes()
    done = run(calendar.parent, "-c", str(calendar), "check")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines == [str(each) for each in check_file(calendar, now=NOW)]
    assert [line.removeprefix(f"{calendar}:").split(":")[:2] for line in lines] == [
        [str(line), str(column)] for line, column, _ in broken()[1]
    ]
    assert "15 errors" in done.stderr
    assert "Traceback" not in done.stderr
    assert calendar.read_bytes() == before
    assert [each.name for each in calendar.parent.iterdir()] == ["calendar.toml"]


def test_check_prints_them_as_json(calendar):
    done = run(calendar.parent, "check", "--json")
    assert done.returncode == 1
    findings = json.loads(done.stdout)["findings"]
    assert [(each["line"], each["column"], each["code"]) for each in findings] == broken()[1]
    assert [set(each) for each in findings] == [{"severity", "file", "line", "column", "message", "hint", "code"}] * 15


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [["next"], ["shifts"], ["deadlines"], ["when", "2025-03-12"], ["feed", "-o", "out.ics"], ["build", "out"]]
)
def test_every_other_command_refuses_it_and_writes_nothing(calendar, command):
    done = run(calendar.parent, *command)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[:15] == [
        str(each).replace(str(calendar), "calendar.toml") for each in check_file(calendar, now=NOW)
    ]
    assert done.stderr.splitlines()[15:] == ["svsm-cal: 15 errors; nothing was written"]
    assert [each.name for each in calendar.parent.iterdir()] == ["calendar.toml"]


def test_the_example_itself_has_none():
    done = run(EXAMPLE.parents[2], "-c", str(EXAMPLE), "check", "--strict")
    assert (done.returncode, done.stdout) == (0, "")
