"""Files that are no calendars, and calendars that are absurd: one clear message and exit status 1, or the right answer.

Each row is run as the command, nearly all in a process of their own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from svsm_cal import cli
from svsm_cal.config import load

HEAD = """\
[calendar]
id = "coconut-svsm"
name = "COCONUT-SVSM community calendar"
domain = "coconut-svsm.example.org"
zone = "Europe/Berlin"
"""
CHECK = ["check"]
NEXT = ["--now", "2025-03-05T17:00Z", "next", "--json"]
SHIFTS = ["shifts", "--from", "2025-03-01", "--until", "2025-04-30", "--json"]
DEADLINES = ["--now", "2025-03-05T17:00Z", "deadlines", "--json"]
LOOKUPS = [NEXT, SHIFTS, DEADLINES]
PATIENCE = 6  # seconds


def call(rule, start="2025-01-08T18:00:00", duration="1h", more=""):
    names = '[[series]]\nid = "devel-call"\ntitle = "SVSM Development Call"'
    return f'{HEAD}\n{names}\nstart = {start}\nduration = "{duration}"\n{rule}\n{more}\n'


def deadline(lines):
    return f'{HEAD}\n[[deadline]]\nid = "soft-freeze"\ntitle = "QEMU 10.0 soft feature freeze"\n{lines}\n'


def people(number):
    rows = (
        f'\n[[participant]]\nid = "p{each}"\nname = "P {each}"\nzone = "Europe/Berlin"\ngroups = ["everyone"]\n'
        for each in range(number)
    )
    return call('rule = "FREQ=WEEKLY;BYDAY=WE"\nattendees = ["everyone"]') + "".join(rows)


def run(folder, path, arguments, patience=PATIENCE):
    return subprocess.run(
        [sys.executable, "-m", "svsm_cal", "-c", path, *arguments],
        cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=patience, check=False,
    )  # fmt: skip


def written(folder, content):
    file = folder / "calendar.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def commands(table):
    """Return the rows with `check`, and with each of the others in turn."""
    found = []
    for number, row in enumerate(table):
        found += [
            pytest.param(command, *row[1:], id=f"{row[0]}, {next(each for each in command if each.isalpha())}")
            for command in (CHECK, LOOKUPS[number % 3])
        ]
    return found


MIB = 1024 * 1024
LARGE = "calendar.toml: is larger than 2 MiB, which no calendar is (is it the right file?)"
UNREADABLE = [
    ("an empty file", b"", "calendar.toml: is empty (start one with `svsm-cal init`)"),
    ("blanks", b" \n\t\r\n", "calendar.toml: is empty (start one with `svsm-cal init`)"),
    ("binary", bytes(range(256)) * 4, "calendar.toml:2:1: is no UTF-8 text (save it as UTF-8)"),
    ("a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "calendar.toml:1:1: is no UTF-8 text (save it as UTF-8)"),
    ("Latin-1", HEAD.replace("COCONUT", "Größe").encode("latin-1"), "calendar.toml:3:1: is no UTF-8 text (save it as UTF-8)"),
    ("UTF-16", HEAD.encode("utf-16"), "calendar.toml:1:1: is no UTF-8 text (save it as UTF-8)"),
    ("10 MB of comments", b"# nothing\n" * MIB, LARGE),
    ("10 MB of one text", b'a = "' + b"x" * 10 * MIB + b'"', LARGE),
    ("10 MB of NUL", bytes(10 * MIB), LARGE),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("command", "content", "message"), commands(UNREADABLE))
def test_a_file_that_is_no_text_is_refused_in_one_line(tmp_path, command, content, message):
    written(tmp_path, content)
    done = run(tmp_path, "calendar.toml", command)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"svsm-cal: {message}\n")


PLACES = [
    ("missing", "other.toml", "other.toml: there is no such file (give one with -c FILE, or start one with `svsm-cal init`)"),
    (
        "in a missing folder",
        "no/calendar.toml",
        "no/calendar.toml: there is no such file (give one with -c FILE, or start one with `svsm-cal init`)",
    ),
    ("a folder", ".", ".: is a folder (name the calendar.toml in it)"),
    ("in a file", "file/calendar.toml", "file/calendar.toml: cannot be read: Not a directory (check its permissions)"),
    ("a name too long", "x" * 300, f"{'x' * 300}: cannot be read: File name too long (check its permissions)"),
    ("without end", "/dev/zero", "/dev/zero: is larger than 2 MiB, which no calendar is (is it the right file?)"),
    ("nothing", "/dev/null", "/dev/null: is empty (start one with `svsm-cal init`)"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("command", "path", "message"), commands(PLACES))
def test_a_place_without_a_file_is_refused_in_one_line(tmp_path, command, path, message):
    (tmp_path / "file").write_text(HEAD, encoding="utf-8")
    done = run(tmp_path, path, command)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"svsm-cal: {message}\n")


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")], ids=lambda error: error.strerror
)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(tmp_path, monkeypatch, error):
    file = written(tmp_path, HEAD)

    def opened(path, *_, **__):
        assert path == str(file)
        raise error

    monkeypatch.setattr(load, "open", opened, raising=False)
    done = CliRunner().invoke(cli.command, ["-c", str(file), *CHECK], prog_name="svsm-cal", catch_exceptions=False)
    message = f"svsm-cal: {file}: cannot be read: {error.strerror} (check its permissions)\n"
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", message)


WEDNESDAY_CALL = 'rule = "FREQ=WEEKLY;BYDAY=WE"'
WRONG = [
    ("2 MiB of comments", "# nothing\n" * (MIB // 5), [(1, 1, "missing-key")]),
    ("2 MiB of one text", f'description = "{"x" * 2_000_000}"\n{HEAD}', [(1, 1, "unknown-key")]),
    ("NUL in the file", HEAD.replace("COCONUT", "\0"), [(3, 9, "toml-syntax")]),
    ("NUL in a text", HEAD.replace("COCONUT", "\\u0000"), [(3, 8, "control-character")]),
    ("lists nested too deeply", "a=" + "[" * 100_000, [(1, 1, "toml-syntax")]),
    ("tables nested too deeply", "a=" + "{a=" * 100_000, [(1, 1, "toml-syntax")]),
    ("lists nested deeply", f"a = {'[' * 200}{']' * 200}\n{HEAD}", [(1, 1, "unknown-key")]),
    ("INTERVAL=0", call('rule = "FREQ=WEEKLY;INTERVAL=0"'), [(12, 30, "rule-invalid")]),
    ("COUNT=1e9", call('rule = "FREQ=WEEKLY;COUNT=1e9"'), [(12, 27, "rule-invalid")]),
    ("a COUNT of 1,000 digits", call(f'rule = "FREQ=WEEKLY;COUNT={"9" * 1000}"'), [(12, 27, "rule-invalid")]),
    ("30 February", call('rule = "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"'), [(12, 8, "rule-never")]),
    ("30 February, daily", call('rule = "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"'), [(12, 8, "rule-never")]),
    ("30 February, yearly", call('rule = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"'), [(12, 8, "rule-never")]),
    ("a rule for every second", call('rule = "FREQ=SECONDLY"'), [(12, 8, "rule-too-often")]),
    ("longer than time", call("", duration="999999999d"), [(11, 12, "duration-invalid")]),
    ("a length of 4,000 digits", call("", duration=f"{'9' * 3999}d"), [(11, 12, "duration-invalid")]),
    ("a file for an id", HEAD.replace('"coconut-svsm"', '"../../etc/passwd"'), [(2, 6, "id-invalid")]),
    ("a Windows path for an id", HEAD.replace('"coconut-svsm"', "'..\\x'"), [(2, 6, "id-invalid")]),
    ("a folder for a series", call("").replace('"devel-call"', '"a/b"'), [(8, 6, "id-invalid")]),
    ("the folder above for a series", call("").replace('"devel-call"', '".."'), [(8, 6, "id-invalid")]),
    ("an id with NUL", call("").replace('"devel-call"', '"a\\u0000"'), [(8, 6, "control-character")]),
    ("a file for a zone", HEAD.replace("Europe/Berlin", "../../../../etc/passwd"), [(5, 8, "zone-unknown")]),
    ("a day after the last", call("", start="9999-12-32T18:00:00"), [(10, 13, "toml-syntax")]),
    ("year 0", call("", start="0000-01-01T18:00:00"), [(10, 9, "toml-syntax")]),
    ("cancelled in year 1", call('rule = "FREQ=WEEKLY"', more="cancel = [{ date = 0001-01-01 }]"),
     [(13, 20, "date-out-of-range")]),
    ("from year 1", call('rule = "FREQ=WEEKLY"', more='from = [{ date = 0001-01-01, zone = "Asia/Tokyo" }]'),
     [(13, 18, "date-out-of-range")]),
    ("a call on the first day", call("", start="0001-01-01T00:00:00"), [(10, 9, "date-out-of-range")]),
    ("a call on the last day", call('zone = "America/New_York"', start="9999-12-31T23:30:00"), [(10, 9, "date-out-of-range")]),
    ("calls from before 1900 on", call(WEDNESDAY_CALL, start="1899-12-27T18:00:00"), [(10, 9, "date-out-of-range")]),
    ("a call after 2200", call("", start="2201-01-01T00:00:00"), [(10, 9, "date-out-of-range")]),
    ("moved to year 1", call(WEDNESDAY_CALL, more="move = [{ date = 2025-01-15, to = 0001-01-01T00:00:00 }]"),
     [(13, 35, "date-out-of-range")]),
    ("added at the end of time", call(WEDNESDAY_CALL, more="add = [{ start = 9999-12-31T23:30:00 }]"),
     [(13, 18, "date-out-of-range")]),
    ("an event for ever", call("", more='[[event]]\nid = "e"\ntitle = "e"\nstart = 0001-01-05\nend = 9999-12-20'),
     [(16, 9, "date-out-of-range"), (17, 7, "date-out-of-range")]),
    ("a deadline on the last day", deadline("date = 9999-12-31"), [(10, 8, "date-out-of-range")]),
    ("a deadline in the last hour", deadline('at = 9999-12-31T23:59:59\nzone = "America/New_York"'),
     [(10, 6, "date-out-of-range")]),
    ("a deadline in the first hour", deadline('at = 0001-01-01T00:00:00\nzone = "Asia/Tokyo"'), [(10, 6, "date-out-of-range")]),
    ("a milestone on the last day",
     (f'{HEAD}[[release]]\nid = "r"\ntitle = "r"\nmilestones = [\n  {{ id = "a", actual = 9999-12-31 }},\n'
      '  { id = "b", after = "a", offset = "1w" },\n]'), [(10, 24, "date-out-of-range")]),
    ("UNTIL in year 1, from then on",
     call(f'{WEDNESDAY_CALL}\nzone = "America/New_York"',
     more='from = [{ date = 2025-02-05, rule = "FREQ=WEEKLY;UNTIL=00010101T000000Z" }]'),
     [(14, 18, "from-without-calls")]),
    ("a start in microseconds", call("", start="2025-01-08T18:00:00.000001"), [(10, 9, "time-too-fine")]),
    ("a number of 5,000 digits", f"{HEAD}a = {'1' * 5000}\n", [(7, 1, "toml-syntax")]),

    ("too many calls a day", call(f'rule = "FREQ=DAILY;BYHOUR={",".join(map(str, range(24)))};BYMINUTE=0,30"'),
     [(12, 8, "rule-too-often")]),
    ("300 mistakes", HEAD + "".join(f"a{each} = 1\n" for each in range(300)),
     [(line, 1, "unknown-key") for line in range(6, 306)]),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "content", "expected"),
    [pytest.param(LOOKUPS[number % 3], *row[1:], id=row[0]) for number, row in enumerate(WRONG)],
)
def test_a_wrong_calendar_is_refused_with_the_place_of_each_mistake(tmp_path, command, content, expected):
    written(tmp_path, content)
    done = run(tmp_path, "calendar.toml", ["check", "--json"])
    findings = json.loads(done.stdout)["findings"]
    assert done.returncode == 1
    assert [(each["line"], each["column"], each["code"]) for each in findings] == expected
    refused = run(tmp_path, "calendar.toml", command)
    told = [f"{each['file']}:{each['line']}:{each['column']}: {each['message']}" for each in findings]
    lines = refused.stderr.splitlines()
    assert (refused.returncode, refused.stdout, len(lines)) == (1, "", len(told) + 1)
    assert all(line.startswith(start) for line, start in zip(lines, told, strict=False))
    assert lines[-1].endswith("; nothing was written")


@pytest.mark.parametrize("depth", [300, 400, 500, 1000])
def test_lists_nested_just_deeply_enough_are_one_mistake(tmp_path, depth):
    written(tmp_path, f"{HEAD}a = {'[' * depth}{']' * depth}\n")
    done = run(tmp_path, "calendar.toml", ["check", "--json"])
    (finding,) = json.loads(done.stdout)["findings"]
    # Which it is depends on how deep this Python's parser goes.
    assert (done.returncode, finding["code"]) in {(1, "unknown-key"), (1, "toml-syntax")}


WEDNESDAYS = ["2025-03-05", "2025-03-12", "2025-03-19", "2025-03-26", "2025-04-02"]
ABSURD = [
    # What it is, the calendar, the dates of the next five calls after 2025-03-05T17:00Z.
    ("no series", HEAD, []),
    ("5,000 participants", people(5000), WEDNESDAYS),
    ("COUNT=1000000000", call('rule = "FREQ=WEEKLY;COUNT=1000000000"'), WEDNESDAYS),
    ("COUNT=1000000000, monthly", call('rule = "FREQ=MONTHLY;BYDAY=2WE;COUNT=1000000000"'),
     ["2025-03-12", "2025-04-09", "2025-05-14", "2025-06-11", "2025-07-09"]),
    ("COUNT=1000000000, daily", call('rule = "FREQ=DAILY;COUNT=1000000000"'),
     ["2025-03-05", "2025-03-06", "2025-03-07", "2025-03-08", "2025-03-09"]),
    ("UNTIL=99991231", call('rule = "FREQ=WEEKLY;UNTIL=99991231"'), WEDNESDAYS),
    ("UNTIL before the next call", call('rule = "FREQ=WEEKLY;UNTIL=20250301"'), []),
    ("INTERVAL=999999999", call('rule = "FREQ=DAILY;INTERVAL=999999999"'), []),
    ("INTERVAL=1000000000000", call('rule = "FREQ=YEARLY;INTERVAL=1000000000000"'), []),
    ("every 100 years on 29 February", call('rule = "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29"',
     start="2024-02-29T18:00:00"),
     ["2028-02-29", "2032-02-29", "2036-02-29", "2040-02-29", "2044-02-29"]),
    ("every day of the year", call(f'rule = "FREQ=YEARLY;BYYEARDAY={",".join(map(str, range(1, 367)))}"'),
     ["2025-03-05", "2025-03-06", "2025-03-07", "2025-03-08", "2025-03-09"]),
    ("a weekly call since 1900", call('rule = "FREQ=WEEKLY;BYDAY=WE"', start="1900-01-03T18:00:00"), WEDNESDAYS),
    ("one call on the first day", call('zone = "Asia/Tokyo"', start="1900-01-01T00:00:00"), []),
    ("one call on the last day", call('zone = "America/New_York"', start="2200-12-31T23:30:00"), ["2200-12-31"]),
    ("a weekly call from the last day on", call('rule = "FREQ=WEEKLY"', start="2200-12-31T18:00:00"),
     ["2200-12-31", "2201-01-07", "2201-01-14", "2201-01-21", "2201-01-28"]),
    ("a call over the last day", call("", start="2200-12-31T00:00:00", duration="3650d"), ["2200-12-31"]),
    ("UNTIL at the end of time", call('rule = "FREQ=WEEKLY;BYDAY=WE;UNTIL=99991231T235959Z"'), WEDNESDAYS),
    ("calls on the last day", call(WEDNESDAY_CALL, more="move = [{ date = 2025-03-12, to = 2200-12-30T18:00:00 }]\n"
     'add = [{ start = 1900-01-01T00:00:00 }, { start = 2200-12-31T23:30:00 }]\nfrom = [{ date = 2200-12-31, chair = "p" }]\n'
     '[[participant]]\nid = "p"\nname = "P"\nzone = "Pacific/Auckland"'),
     ["2025-03-05", "2025-03-19", "2025-03-26", "2025-04-02", "2025-04-09"]),
    ("a call of ten years", call("", duration="3650d"), ["2025-01-08"]),
    ("a call of a second", call('rule = "FREQ=WEEKLY"', duration="1s"), WEDNESDAYS),
    ("24 calls a day", call(f'rule = "FREQ=DAILY;BYHOUR={",".join(map(str, range(24)))}"', start="2025-01-08T00:00:00"),
     ["2025-03-05"] * 5),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "content", "expected"),
    [pytest.param((SHIFTS, DEADLINES)[number % 2], *row[1:], id=row[0]) for number, row in enumerate(ABSURD)],
)
def test_an_absurd_calendar_gets_the_right_answer(tmp_path, command, content, expected):
    written(tmp_path, content)
    for arguments in (CHECK, NEXT, command):
        done = run(tmp_path, "calendar.toml", arguments)
        assert (done.returncode, done.stderr if arguments is not CHECK else "") == (0, ""), arguments
        if arguments is NEXT:
            assert [each["start"][:10] for each in json.loads(done.stdout)["occurrences"]] == expected


DUE = [
    ("the last day", "date = 2200-12-31", ["2201-01-01T12:00:00Z"]),
    ("the last hour", 'at = 2200-12-31T23:59:59\nzone = "America/New_York"', ["2201-01-01T04:59:59Z"]),
    ("the first day", "date = 1900-01-01", []),
    ("the first hour", 'at = 1900-01-01T00:00:00\nzone = "Asia/Tokyo"', []),
]


@pytest.mark.slow
@pytest.mark.parametrize(("lines", "expected"), [pytest.param(*row[1:], id=row[0]) for row in DUE])
def test_an_absurd_deadline_is_told(tmp_path, lines, expected):
    written(tmp_path, deadline(lines))
    assert run(tmp_path, "calendar.toml", CHECK).returncode == 0
    done = run(tmp_path, "calendar.toml", DEADLINES)
    assert (done.returncode, done.stderr) == (0, "")
    assert [each["due_utc"] for each in json.loads(done.stdout)["deadlines"]] == expected


LONG = [
    # What it is, the calendar, the command, its exit status, and how many findings or errors it tells.
    ("an event for 300 years",
     call(WEDNESDAY_CALL, more='[[event]]\nid = "e"\ntitle = "e"\nstart = 1900-01-01\nend = 2200-12-31'), CHECK, 0, 1),
    ("a deadline 175 years on, with a call",
     call(WEDNESDAY_CALL, more='[[deadline]]\nid = "d"\ntitle = "d"\ndate = 2200-12-31'), DEADLINES, 0, 0),
    ("3,000 milestones in a row", f'{HEAD}[[release]]\nid = "r"\ntitle = "r"\nmilestones = [{{ id = "m0", date = 2025-01-01 }}'
     + "".join(f', {{ id = "m{each}", after = "m{each - 1}", offset = "1d" }}' for each in range(1, 3000)) + "]", CHECK, 0, 0),
    ("20,000 mistakes", HEAD + "".join(f"a{each} = 1\n" for each in range(20_000)), CHECK, 1, 20_000),
    ("COUNT=1000000000 and 20 wrong dates in the last year", call('rule = "FREQ=DAILY;BYDAY=WE;COUNT=1000000000"',
     more=f"cancel = [{', '.join(f'{{ date = 2200-{month:02}-{day:02} }}' for month in (3, 9) for day in range(20, 30))}]"),
     CHECK, 1, 18),
    ("ten series that collide 24 times a day",
     HEAD + "".join(call(f'rule = "FREQ=DAILY;BYHOUR={",".join(map(str, range(24)))}"\nattendees = ["p"]', "2025-01-08T00:00:00")
     [len(HEAD):].replace("devel-call",
     f"call-{each}") for each in range(10)) + '[[participant]]\nid = "p"\nname = "p"\nzone = "UTC"\n', CHECK, 0, 45 + 2 * 10),
]  # fmt: skip


@pytest.mark.soak
@pytest.mark.parametrize(("content", "arguments", "status", "told"), [pytest.param(*row[1:], id=row[0]) for row in LONG])
def test_a_calendar_that_takes_long_is_answered_in_time(tmp_path, content, arguments, status, told):
    written(tmp_path, content)
    done = run(tmp_path, "calendar.toml", arguments, patience=4 * PATIENCE)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    if arguments is CHECK:
        assert len(done.stdout.splitlines()) == told
    else:
        assert done.stderr == ""


def test_a_file_name_from_elsewhere_is_found_through_the_environment(tmp_path):
    file = written(tmp_path, HEAD)
    done = subprocess.run(
        [sys.executable, "-m", "svsm_cal", "check"], cwd=Path(__file__).parent,
        env={**os.environ, "SVSM_CAL_CALENDAR": str(file)},
        capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, f"{file}: 0 errors, 0 warnings\n")
