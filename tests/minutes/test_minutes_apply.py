"""`minutes read --apply` writes what was shown and agreed to, and nothing else; `minutes check` says what is missing."""

from __future__ import annotations

import json
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from svsm_cal.app.minutes import apply, prepared, read, to_write
from svsm_cal.cli.options import parse_instant
from svsm_cal.config.edit import add_deadline
from svsm_cal.config.load import check_text, load, loads
from svsm_cal.errors import UsageError
from tests import support
from tests.support import small

DATA = Path(__file__).parent / "data"
run = partial(support.run, calendar=None, now="2025-03-06T00:00Z")
CALENDAR = "# Kept as it is.\n" + small("""\
[[series]]
id = "devel-call"
title = "SVSM Development Call"
start = 2024-02-14T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=WE"
attendees = ["everyone"]
chair = "joerg"
cancel = [
  { date = 2024-02-21, reason = "chair away" },  # known
]

[[participant]]
id = "joerg"
name = "Joerg Roedel"
email = "canary@example.org"
zone = "Europe/Berlin"
groups = ["everyone"]

[[participant]]
id = "dionna"
name = "Dionna Glaze"
zone = "America/Los_Angeles"
groups = ["everyone"]
""")


@pytest.fixture(autouse=True)
def calendar(tmp_path, monkeypatch):
    """A calendar in the current folder that knows of one of the cancellations."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "calendar.toml"
    path.write_text(CALENDAR)
    return path


SURE = """\
@@ -15,6 +15,16 @@
 chair = "joerg"
 cancel = [
   { date = 2024-02-21, reason = "chair away" },  # known
+  { date = 2024-03-13, reason = "conflict with the C3 conference" },
+  { date = 2024-05-01, reason = "public holiday" },
+  { date = 2024-06-19, reason = "Joerg Roedel will be at SUSECon" },
+  { date = 2024-07-03, reason = "Joerg Roedel on vacation" },
+  { date = 2024-07-10, reason = "Joerg Roedel on vacation" },
+  { date = 2024-07-24 },
+  { date = 2024-10-09, reason = "Joerg Roedel's vacation" },
+  { date = 2024-12-25 },
+  { date = 2025-01-01 },
+  { date = 2025-01-22 },
 ]
{blank}
 [[participant]]
@@ -29,3 +39,13 @@
 name = "Dionna Glaze"
 zone = "America/Los_Angeles"
 groups = ["everyone"]
+
+[[deadline]]
+id = "kvm-forum-cfp-deadline-2024"
+title = "KVM Forum: CFP deadline"
+date = 2024-06-07
+
+[[deadline]]
+id = "qemu-igvm-updates-freeze-2025"
+title = "QEMU IGVM Updates: freeze"
+date = 2025-03-11
""".replace("{blank}", " ")


def test_what_is_sure_is_shown_and_written(calendar):
    result = run("minutes", "read", DATA, "--apply", "--yes")
    assert result.exit_code == 0
    assert result.stdout.endswith(f"--- calendar.toml\n+++ calendar.toml\n{SURE}")
    assert result.stderr.endswith("calendar.toml: written\n")
    text = calendar.read_text()
    assert not [each for each in check_text(text) if each.severity == "error"]
    assert len(load(calendar).series[0].overrides) == 11
    again = run("minutes", "read", DATA, "--apply", "--yes")
    assert again.stderr == "Nothing to write: suggestions are already in the calendar, or not sure (--all).\n"
    assert calendar.read_text() == text


def test_with_all_what_is_unsure_is_written_too(calendar):
    run("minutes", "read", DATA, "--apply", "--yes", "--all")
    days = [each.date.isoformat() for each in load(calendar).deadlines]
    assert days == ["2024-06-07", "2024-12-31", "2025-02-28", "2025-03-11"]


@pytest.mark.parametrize(("answer", "written"), [("y\n", True), ("n\n", False), ("", False)])
def test_nothing_is_written_without_a_yes(calendar, answer, written):
    result = run("minutes", "read", DATA, "--apply", stdin=answer)
    assert result.stdout.endswith(SURE)
    assert "Write this into calendar.toml?" in result.stderr
    assert (calendar.read_text() != CALENDAR) == written
    assert result.exit_code == (0 if answer else 1)


def test_what_was_not_seen_is_not_written(calendar):
    now = parse_instant("2025-03-06T00:00Z")
    wanted = to_write(read([str(DATA)], load(calendar)).minutes)
    seen = prepared("calendar.toml", wanted, now=now)
    changed = CALENDAR.replace("chair away", "away")
    calendar.write_text(changed)
    with pytest.raises(UsageError, match="was changed meanwhile"):
        apply("calendar.toml", wanted, seen, now=now)
    assert calendar.read_text() == changed


def test_a_chair_and_a_move(calendar, tmp_path):
    minutes = tmp_path / "devel-call-2025-03-05.md"
    minutes.write_text("# a\n\n* Dionna will run next week's call.\n* The call on March 19th is moved to Thursday, March 20th.\n")
    run("minutes", "read", minutes, "--apply", "--yes")
    assert 'change = [\n  { date = 2025-03-12, chair = "dionna" },\n]' in calendar.read_text()
    assert "move = [\n  { date = 2025-03-19, to = 2025-03-20T18:00:00 },\n]" in calendar.read_text()


@pytest.mark.parametrize("options", [("--apply", "--json"), ("--yes",), ("--all",), ("--series", "other")])
def test_options_that_do_not_fit(options):
    result = run("minutes", "read", DATA, *options)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1


# A file's deadlines -> those that it has with another one of 2025-03-11.
DEADLINES = {
    "": ["a"],
    '[[deadline]]\nid = "b"\ntitle = "b"\ndate = 2025-02-01\n': ["b", "a"],
    '[[deadline]]\nid = "b"\ntitle = "b"\ndate = 2025-04-01 # soon\n': ["a", "b"],
    '[[deadline]]\nid = "b"\ntitle = "b"\nat = 2025-02-01T12:00:00\n\n[[deadline]]\nid = "c"\ntitle = "c"\ndate = 2025-04-01': [
        "b",
        "a",
        "c",
    ],
}


@pytest.mark.parametrize("before", DEADLINES)
def test_a_deadline_is_added_in_its_place(before):
    text = CALENDAR + before
    after = add_deadline(text, "a", title="A", date=date(2025, 3, 11))
    assert [each.id for each in loads(after).deadlines] == DEADLINES[before]
    assert set(text.split("\n")) <= set(after.split("\n"))
    with pytest.raises(UsageError, match="svsm-cal slip a 2025-03-11"):
        add_deadline(after, "a", title="A", date=date(2025, 3, 11))


def test_a_deadline_in_a_list_in_brackets():
    text = 'deadline = [{ id = "b", title = "b", date = 2025-04-01 }]\n' + CALENDAR
    after = add_deadline(text, "a", title="A", date=date(2025, 3, 11))
    assert [each.id for each in loads(after).deadlines] == ["a", "b"]


# --- check ---


def test_what_is_missing(calendar, tmp_path):
    folder = tmp_path / "Meetings"
    folder.mkdir()
    for day, text in {
        "2024-02-14": "## Attendees\n\nJoerg Roedel, Vijay dhanraj",
        "2024-02-21": "",
        "2024-02-29": "",
        "2024-03-06": "## Attendees\n\nJörg Rödel, Dionna Glaze, Vijay Dhanraj",
        "2024-03-20": "",
    }.items():
        (folder / f"devel-call-{day}.md").write_text(f"# Call\n\n{text}\n\n## Topics\n\n* a\n")
    (folder / "README.md").write_text("# About\n")
    result = run("minutes", "check", "Meetings", now="2024-03-21T00:00Z")
    assert result.exit_code == 0
    said = [
        ("", "warning: devel-call on Wed 28 February 2024 has no minutes", "write devel-call-2024-02-28.md, or "),
        ("", "warning: devel-call on Wed 13 March 2024 has no minutes", "write devel-call-2024-03-13.md, or "),
        ("/devel-call-2024-02-21.md", "warning: devel-call on Wed 21 February 2024 is cancelled in the calendar", ""),
        ("/devel-call-2024-02-29.md", "warning: devel-call has no call on Thu 29 February 2024", ""),
        ("/devel-call-2024-03-06.md", "warning: devel-call shifts on Wed 13 March 2024 for America/Los_Angeles, ", ""),
    ]
    hints = [
        "svsm-cal cancel devel-call 2024-02-28",
        "svsm-cal cancel devel-call 2024-03-13",
        "svsm-cal restore devel-call 2024-02-21",
        "svsm-cal add devel-call 2024-02-29T18:00, or another date",
        "svsm-cal shifts --from 2024-03-13 --until 2024-03-13",
    ]
    lines = result.stdout.split("\n\n")[0].split("\n")
    for line, (file, message, first), hint in zip(lines, said, hints, strict=True):
        assert line.startswith(f"Meetings{file}:1:1: {message}")
        assert line.endswith(f"(hint: {first}{hint})")
    assert result.stdout.split("\n\n", 1)[1] == (
        "People at a call, by month (2 calls with a list of attendees)\n"
        "  Feb 2024    2.0  ###########################\n"
        "  Mar 2024    3.0  ########################################\n"
        "\n"
        "Most often there\n"
        "  Joerg Roedel   Europe/Berlin        2  ########################################\n"
        "  Vijay Dhanraj  not in the calendar  2  ########################################\n"
        "  Dionna Glaze   America/Los_Angeles  1  ####################\n"
        "\n"
        "By zone\n"
        "  Europe/Berlin        1 person  2  ########################################\n"
        "  America/Los_Angeles  1 person  1  ####################\n"
        "  not in the calendar  1 person  2  ########################################\n"
    )
    assert result.stderr == (
        "Meetings/README.md: not minutes: no date in its name or its first heading\nMeetings: 5 minutes, 5 warnings\n"
    )
    assert run("minutes", "check", "Meetings", "--strict", now="2024-03-21T00:00Z").exit_code == 1
    assert "canary" not in result.stdout


def test_a_shift_that_somebody_mentioned_is_no_finding(calendar, tmp_path):
    (tmp_path / "devel-call-2024-02-28.md").write_text("# Call\n\n* The US goes to summer time soon.\n")
    (tmp_path / "devel-call-2024-03-06.md").write_text("# Call\n\n* a\n")
    codes = [
        each["code"] for each in json.loads(run("minutes", "check", ".", "--json", now="2024-03-13T20:00Z").stdout)["findings"]
    ]
    assert codes == ["minutes-missing"]


def test_attendance_as_a_record():
    record = json.loads(run("minutes", "check", DATA, "--json").stdout)
    attendance = record["attendance"]
    assert (record["minutes"], attendance["calls"]) == (13, 13)
    assert attendance["people"][0] == {
        "name": "Joerg Roedel",
        "participant": "joerg",
        "zone": "Europe/Berlin",
        "calls": 13,
        "first": "2024-02-14",
        "last": "2025-03-05",
    }
    vijay = next(each for each in attendance["people"] if each["name"] == "Vijay Dhanraj")
    assert (vijay["calls"], vijay["participant"]) == (10, None)  # "Vijay dhanraj" too
    assert attendance["months"][0] == {"month": "2024-02", "calls": 1, "attended": 15, "average": 15.0}
    assert sum(each["attended"] for each in attendance["zones"]) == sum(each["attended"] for each in attendance["months"])


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("gone",), "there is no such folder"),
        (("calendar.toml",), "is a file"),
        (("empty",), "has no .md, .markdown, .txt file in it"),
        ((".", "--from", "2025-01-02", "--until", "2025-01-01"), "before it begins"),
    ],
)
def test_what_cannot_be_checked(tmp_path, args, said):
    (tmp_path / "empty").mkdir()
    result = run("minutes", "check", *args)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


MOVED = CALENDAR.replace("cancel = [", 'move = [{ date = 2025-03-19, to = 2025-03-20T18:00:00, reason = "a trip" }]\ncancel = [')


def test_a_call_moved_again_does_not_keep_the_reason_it_was_moved_for(calendar, tmp_path):
    calendar.write_text(MOVED)
    minutes = tmp_path / "devel-call-2025-03-05.md"
    minutes.write_text("# a\n\n* The call on March 19th is moved to Friday, March 21st.\n")
    assert run("minutes", "read", minutes, "--apply", "--all", "--yes").exit_code == 0
    assert "a trip" not in calendar.read_text()
    assert 'to = 2025-03-21T18:00:00, reason = "as the minutes say"' in calendar.read_text()


@pytest.mark.parametrize(("data", "said"), [(b"", "is empty"), (b"# a\n\xff", "is not UTF-8"), (b"a\x00", "NUL characters")])
def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path, data, said):
    folder = tmp_path / "minutes"
    folder.mkdir()
    (folder / "devel-call-2025-02-26.md").write_bytes(data)
    (folder / "devel-call-2025-03-05.md").write_text("# a\n\n## Attendees\n\nDionna Glaze\n")
    shown = run("minutes", "read", folder)
    assert shown.exit_code == 1
    assert "1 attendee" in shown.stdout
    assert said in shown.stderr
    found = run("minutes", "check", folder, "--json")
    assert found.exit_code == 1
    record = json.loads(found.stdout)
    assert [each["severity"] for each in record["findings"] if each["code"] == "minutes-unreadable"] == ["error"]
    assert record["minutes"] == 1
