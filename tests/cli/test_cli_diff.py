"""`svsm-cal diff` as a reader types it: files and git revisions, what it refuses, and no e-mail address anywhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.support import EXAMPLE_TEXT, NOW, run

SKIPPED = "  { date = 2025-03-19 },\n"
CANCELLED = EXAMPLE_TEXT.replace(SKIPPED, f'{SKIPPED}  {{ date = 2025-03-26, reason = "sprint" }},\n')
HEADLINE = "COCONUT-SVSM community calendar, Wed 5 March 2025 to Tue 10 March 2026: "
# What `diff` says of that call: 18:00 in Berlin, on a day on which the US has changed its clocks and Europe has not.
WHOSE = """
Feeds that change: calendar.ics, series/devel-call.ics
Participants' feeds that change: claudio, dionna, huibo, joerg, nicolai, oliver, peter, stefano, tom, vasant
Invites that change: devel-call (claudio, dionna, huibo, joerg, nicolai, oliver, peter, stefano, tom, vasant)
"""
SAID = {
    "cancelled": f"""{HEADLINE}1 call cancelled

SVSM Development Call (devel-call): 1 call cancelled
  Wed 26 March 2025  cancelled: sprint  Europe/Berlin, Europe/Rome  18:00
{WHOSE}""",
    "restored": f"""{HEADLINE}1 call taking place after all

SVSM Development Call (devel-call): 1 call taking place after all
  Wed 26 March 2025  takes place after all  America/Los_Angeles         10:00
                                            America/Chicago             12:00
                                            America/New_York            13:00
                                            Europe/London               17:00
                                            Europe/Berlin, Europe/Rome  18:00
                                            Asia/Kolkata                22:30
                                            Asia/Shanghai               Thu 01:00
                                            Asia/Tokyo                  Thu 02:00
                                            Australia/Sydney            Thu 04:00
{WHOSE}""",
    "nothing": f"{HEADLINE}no change for people\n",
}


diff = partial(run, "diff", calendar="calendar.toml")


def refused(*args, **more):
    """Run what is refused, and return the one line that says why."""
    result = diff(*args, **more)
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    return line


def git(*args, cwd):
    names = {f"GIT_{who}_{what}": f"{who}@example.org".lower() for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    dates = {"GIT_AUTHOR_DATE": "2025-03-05T12:00:00Z", "GIT_COMMITTER_DATE": "2025-03-05T12:00:00Z"}
    subprocess.run(["git", *args], cwd=cwd, env={**os.environ, **names, **dates}, check=True, capture_output=True)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Two files in an empty folder that is in no repository."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.toml").write_text(EXAMPLE_TEXT, encoding="utf-8")
    (tmp_path / "calendar.toml").write_text(CANCELLED, encoding="utf-8")
    return tmp_path


@pytest.fixture
def repository(here):
    """A repository with the example in a folder at HEAD~1, one call cancelled at HEAD, and as it was in the work tree."""
    (here / "calendars").mkdir()
    calendar = here / "calendars/calendar.toml"
    git("init", "--quiet", "--initial-branch=main", cwd=here)
    for text in (EXAMPLE_TEXT, CANCELLED):
        calendar.write_text(text, encoding="utf-8")
        git("add", "calendars", cwd=here)
        git("commit", "--quiet", "-m", "calendar", cwd=here)
    calendar.write_text(EXAMPLE_TEXT, encoding="utf-8")
    return calendar


# --- Files --------------------------------------------------------------------------------------------------------


def test_two_files(here):
    result = diff("old.toml", "calendar.toml", calendar="elsewhere.toml")
    assert (result.exit_code, result.stdout, result.stderr) == (0, SAID["cancelled"], "")


def test_one_file_is_compared_with_the_calendar(here):
    assert diff("old.toml").stdout == SAID["cancelled"]
    assert diff("calendar.toml").stdout == SAID["nothing"]


def test_the_other_way_round(here):
    assert diff("calendar.toml", "old.toml").stdout == SAID["restored"]


def test_forms(here):
    markdown = diff("old.toml", "--format", "markdown").stdout
    assert "| Wed 26 March 2025 | cancelled: sprint | Europe/Berlin, Europe/Rome | 18:00 |\n" in markdown
    record = json.loads(diff("old.toml", "--json").stdout)
    (call,) = record["changes"]["series"][0]["calls"]
    assert (call["change"], call["start_utc_before"], call["start_utc_after"]) == ("cancelled", "2025-03-26T17:00:00Z", None)
    assert [each["series"] for each in record["changes"]["invites"]] == ["devel-call"]
    assert diff("old.toml", "--json", "--format", "markdown").stdout == diff("old.toml", "--json").stdout


def test_range_and_zone(here):
    for bound in (("--from", "2025-03-27"), ("--until", "2025-03-25")):
        assert diff("old.toml", *bound).stdout.splitlines()[0].endswith(": no change for people")
    one_day = diff("old.toml", "--from", "2025-03-26", "--until", "2025-03-26", "--tz", "Asia/Tokyo").stdout.splitlines()
    assert one_day[0].split(", ")[1] == "Wed 26 March 2025 to Wed 26 March 2025: 1 call cancelled"
    assert one_day[3] == "  Wed 26 March 2025  cancelled: sprint  Asia/Tokyo  Thu 02:00"
    assert refused("old.toml", "--from", "2025-03-27", "--until", "2025-03-26") == (
        "svsm-cal: the range ends on 2025-03-26, before it begins on 2025-03-27"
    )


def test_exit_code(here):
    assert diff("old.toml").exit_code == 0
    assert diff("old.toml", "--exit-code").exit_code == 3
    assert diff("old.toml", "--exit-code", "--json").exit_code == 3
    assert diff("calendar.toml", "--exit-code").exit_code == 0
    assert diff("old.toml", "--exit-code", "--from", "2026-01-01").exit_code == 3  # the feeds change all the same
    assert diff("missing.toml", "--exit-code").exit_code == 1


def test_the_same_bytes_every_time(here):
    for form in (("--json",), ("--format", "markdown")):
        found = {
            subprocess.run(
                ["svsm-cal", "--now", NOW, "diff", "old.toml", *form],
                env={**os.environ, "PYTHONHASHSEED": seed, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
                check=True,
                capture_output=True,
            ).stdout
            for seed in ("1", "2")
        }
        assert len(found) == 1


# --- Git revisions ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("HEAD~1", "HEAD"), "cancelled"),
        (("HEAD~1", "main"), "cancelled"),
        (("HEAD", "HEAD~1"), "restored"),
        (("HEAD~1",), "nothing"),
        (("HEAD",), "restored"),
        (("main:calendars/calendar.toml",), "restored"),
        (("main:./calendar.toml",), "restored"),
        ((":calendars/calendar.toml",), "restored"),  # the index
        ((":",), "restored"),
        (("HEAD~1", "calendars/calendar.toml"), "nothing"),
        (("old.toml", "main"), "cancelled"),
    ],
)
def test_revisions(repository, args, said):
    result = diff(*args, calendar="calendars/calendar.toml")
    assert (result.exit_code, result.stdout, result.stderr) == (0, SAID[said], "")


def test_revisions_are_those_of_the_calendars_repository(repository, monkeypatch):
    monkeypatch.chdir("/")
    assert diff("HEAD", calendar=repository).stdout == SAID["restored"]


def test_a_link_to_the_calendar_is_followed(repository, here):
    (here / "link.toml").symlink_to(repository)
    assert diff("HEAD", calendar="link.toml").stdout == SAID["restored"]


def test_a_folder_named_as_a_branch_is_no_obstacle(repository, here):
    (here / "main").mkdir()
    assert diff("main", calendar=repository).stdout == SAID["restored"]


def test_errors_in_an_old_revision_are_named_by_it(repository, here):
    repository.write_text(EXAMPLE_TEXT.replace("Europe/London", "IST"), encoding="utf-8")
    git("commit", "--quiet", "-am", "wrong", cwd=here)
    result = diff("HEAD", "HEAD~1", calendar=repository)
    assert result.exit_code == 1
    assert re.match(r'HEAD:calendar\.toml:\d+:\d+: zone: "IST" means', result.stderr)


# --- Refused ------------------------------------------------------------------------------------------------------


def test_what_is_no_file(here):
    assert (
        refused("missing.toml")
        == "svsm-cal: missing.toml: there is no such file (give one with -c FILE, or start one with `svsm-cal init`)"
    )
    assert refused("HEAD~1").startswith('svsm-cal: "HEAD~1" is not a file, and not a git revision: ')
    assert "is not in a git repository" in refused("HEAD~1")
    assert refused(".") == "svsm-cal: .: is a folder (give the calendar.toml in it)"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("HEAD~7", '"HEAD~7" is neither a file nor a git revision here (a calendar.toml, or a revision such as HEAD~1; '),
        ("HEAD..main", '"HEAD..main" is neither'),
        ("--output=x", '"--output=x" is neither'),
        ("-", '"-" is neither'),
        ("a\x1b[2Jb", '"a\\u001b[2Jb" is neither'),
        ("HEAD:nowhere.toml", 'there is no file "nowhere.toml" in HEAD (give REVISION:PATH)'),
        ("HEAD:calendars", 'there is no file "calendars" in HEAD'),
        ("HEAD:../../x", 'there is no file "../../x" in HEAD'),
    ],
)
def test_what_is_no_revision(repository, here, source, said):
    assert refused("--", source, calendar=repository).startswith(f"svsm-cal: {said}")
    assert not (here / "x").exists()


def test_a_revision_without_the_calendar(repository, here):
    (here / "other.toml").write_text(EXAMPLE_TEXT, encoding="utf-8")
    assert refused("HEAD", calendar=here / "other.toml") == 'svsm-cal: there is no file "other.toml" in HEAD (give REVISION:PATH)'


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"\xff\xfe", "big.toml: is not UTF-8"), (b"#" * (2 * 1024 * 1024 + 1), "big.toml: is larger than 2 MiB")],
    ids=["not UTF-8", "large"],
)
def test_a_file_in_git_that_is_no_calendar(repository, here, data, said):
    (here / "calendars/big.toml").write_bytes(data)
    git("add", "calendars", cwd=here)
    git("commit", "--quiet", "-m", "big", cwd=here)
    assert said in refused("HEAD:calendars/big.toml", calendar=repository)


def test_what_was_published_cannot_be_compared(here):
    build = run("build", "site", calendar=None)
    assert build.exit_code == 0
    instead = "(give the calendar.toml it was made from, or a git revision such as HEAD~1)"
    assert refused("site") == f"svsm-cal: site: is a published folder, which has only a part of the calendar {instead}"
    for name in ("site/calendar.json", "site/calendar.ics"):
        assert refused(name) == f"svsm-cal: {name}: is a published file, which has only a part of the calendar {instead}"


def test_without_git(here, monkeypatch):
    monkeypatch.setenv("PATH", str(here))
    assert "git is not installed" in refused("HEAD")


# --- Privacy ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [(), ("--format", "markdown"), ("--json",)])
def test_no_address_is_ever_shown(here, form):
    addresses = re.findall(r'email = "([^"]+)"', EXAMPLE_TEXT)
    assert len(addresses) > 10
    # Everybody's address and zone is another one, each series and person is gone or new, in one way and the other.
    moved = (
        CANCELLED.replace("@example.org", "@mail.example.org")
        .replace("Asia/", "Europe/")
        .replace("Europe/Kolkata", "Asia/Kolkata")
    )
    moved = moved.replace("Europe/Shanghai", "Asia/Tokyo").replace("Europe/Tokyo", "Asia/Shanghai")
    renamed = moved.replace('"devel-call"', '"other-call"').replace('id = "tom"', 'id = "thomas"')
    for number, text in enumerate((moved, renamed)):
        (here / f"new{number}.toml").write_text(text, encoding="utf-8")
        for pair in (("old.toml", f"new{number}.toml"), (f"new{number}.toml", "old.toml")):
            result = diff(*pair, *form)
            assert result.exit_code == 0, result.stderr
            assert "@" not in result.output
            assert "address" in result.stdout


def test_a_mailbox_in_a_link_is_masked(here):
    (here / "new.toml").write_text(
        EXAMPLE_TEXT.replace("https://zoom.example.org/ccc-svsm", "https://zoom.example.org/joerg@example.org"), encoding="utf-8"
    )
    assert "https://zoom.example.org/…@example.org" in diff("old.toml", "new.toml").stdout
