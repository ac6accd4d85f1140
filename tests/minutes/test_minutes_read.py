"""`minutes read`: what is in the seed's minutes and others, names and dates as people write them, and any text at all."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svsm_cal.config.load import load
from svsm_cal.minutes.dates import mentions_of
from svsm_cal.minutes.names import Names, attendees_of
from svsm_cal.minutes.reading import read_minutes
from tests import support
from tests.support import EXAMPLE

DATA = Path(__file__).parent / "data"
CALENDAR = load(EXAMPLE)
run = partial(support.run, now="2025-03-06T00:00Z")


def read(text, file="devel-call-2025-03-05.md"):
    return read_minutes(text, file=file, calendar=CALENDAR)


# --- The seed's minutes ---


def test_the_minutes_of_march_5th():
    record = json.loads(run("minutes", "read", DATA / "devel-call-2025-03-05.md", "--json").stdout)
    [minutes] = record["minutes"]
    assert (minutes["date"], minutes["series"]) == ("2025-03-05", "devel-call")
    assert [each["participant"] for each in minutes["attendees"]] == [
        "claudio", "dionna", "huibo", "joerg", "nicolai", "oliver", "peter", "stefano", "tom", "vasant",
    ]  # fmt: skip
    assert [each["title"] for each in minutes["topics"]] == [
        "US Time Zone Shift",
        "COCONUT-SVSM Chat Room",
        "QEMU IGVM Updates",
        "VirtIO Block Effort",
        "Attestation PR",
        "Native Platform Support",
        "PR 584 and Safety Comments",
        "TPM and VTPM Driver Discussions",
    ]
    assert [(each["kind"], each["date"], each["until"], each["line"], each["sure"]) for each in minutes["suggestions"]] == [
        ("shift", "2025-03-12", "2025-03-26", 11, True),
        ("shift", "2025-03-12", "2025-03-26", 13, True),
        ("deadline", "2025-03-11", None, 22, True),
    ]
    assert "next three weeks" in minutes["suggestions"][1]["text"]
    assert 'title = "QEMU IGVM Updates: freeze"\ndate = 2025-03-11' in minutes["suggestions"][2]["toml"]
    assert minutes["suggestions"][2]["known"]  # the calendar has it as the soft freeze of QEMU 10.0


# The minutes of -> how many attendees, and how many of them the calendar knows.
ATTENDEES = {
    "2024-02-14": (15, 4),
    "2024-03-06": (14, 7),
    "2024-04-24": (14, 7),
    "2024-05-15": (16, 8),
    "2024-06-05": (14, 11),
    "2024-06-12": (9, 7),
    "2024-07-17": (18, 11),
    "2024-08-14": (13, 7),
    "2024-10-02": (13, 6),
    "2024-10-16": (16, 8),
    "2024-12-18": (12, 8),
    "2025-01-15": (18, 11),
    "2025-03-05": (10, 10),
}


@pytest.mark.parametrize("day", ATTENDEES)
@pytest.mark.parametrize("named", [True, False], ids=["with-its-name", "by-its-heading"])
def test_date_series_and_attendees(day, named):
    text = (DATA / f"devel-call-{day}.md").read_text(encoding="utf-8")
    minutes = read(text, f"devel-call-{day}.md" if named else "notes.md")
    assert (minutes.date, minutes.series) == (date.fromisoformat(day), "devel-call")
    known = [each for each in minutes.attendees if each.participant]
    assert (len(minutes.attendees), len(known)) == ATTENDEES[day]


def test_links_and_actions():
    minutes = read((DATA / "devel-call-2024-03-06.md").read_text(encoding="utf-8"), "devel-call-2024-03-06.md")
    assert [(each.url, each.text) for each in minutes.links] == [
        ("https://news.ycombinator.com/item?id=39005308", "Hacker News"),
        ("https://securityscorecards.dev/", "OpenSSF Scorecard tool"),
    ]
    assert [(each.participant, each.sure, each.text) for each in minutes.actions] == [
        ("joerg", False, "Joerg Roedel will merge the minutes of the last two meetings."),
        ("oliver", True, "Oliver Steffen will submit his work in stages, the block layer first."),
    ]


# An item -> whether it is an action item, who took it on, whether it is done, and until when.
ACTIONS = {
    "* [ ] Tom Lendacky to ask around": (True, "tom", False, None),
    "* [x] Write it down": (True, None, True, None),
    "* AI: Peter Fang will send it by March 14th": (True, "peter", False, date(2025, 3, 14)),
    "* ACTION (Tom): look": (True, "tom", False, None),
    "* AI(Oliver): send patches": (True, "oliver", False, None),
    "* Jörg Rödel will look at it": (False, "joerg", False, None),
}


@pytest.mark.parametrize("item", ACTIONS)
def test_action_items(item):
    [action] = read(f"# Minutes\n\n{item}\n").actions
    assert (action.sure, action.participant, action.done, action.due) == ACTIONS[item]


@pytest.mark.parametrize("item", ["* He will look", "* Patches will follow", "* Peter Fang will attend", "* It works"])
def test_what_is_no_action_item(item):
    assert read(f"# Minutes\n\n{item}\n").actions == ()


# --- Names ---

NAMES = {
    "Joerg Roedel": "joerg",
    "Jörg Rödel": "joerg",
    "JÖRG RÖDEL": "joerg",
    "Roedel Joerg": "joerg",
    "Jorg Rodel": None,  # not how an umlaut is written without one
    "Claudio Carvalho": "claudio",
    "Cla\u0301udio Carvalho": "claudio",  # the accent as a character of its own
    "J. Roedel": "joerg",
    "T Lendacky": "tom",
    "Tom M. Lendacky": "tom",
    "Stefano": "stefano",
    "Tom Dohrmann": None,
    "Foo Fighters": None,
    "": None,
}


@pytest.mark.parametrize("name", NAMES)
def test_whose_a_name_is(name):
    assert Names(CALENDAR.participants).find(name) == NAMES[name]


# What lists attendees -> the names that are read, with their remarks.
LISTS = {
    "Joerg Roedel (Chair), Supreshna (HPE)": ["Joerg Roedel|Chair", "Supreshna|HPE"],
    "* Tom Lendacky, AMD\n* Jon Lange, Microsoft\n* Foo Bar": ["Tom Lendacky|", "Jon Lange|", "Foo Bar|"],
    "* Tom Lendacky - AMD\n* [x] Jon Lange\n* Jon Lange": ["Tom Lendacky|", "Jon Lange|"],
    "Tom Lendacky <tom@example.org>,\nJon Lange and Peter Fang": ["Tom Lendacky|", "Jon Lange|", "Peter Fang|"],
    "Tom Lendacky\nJon Lange": ["Tom Lendacky|", "Jon Lange|"],
    "Mine & John Starks, 3 others": ["Mine|", "John Starks|"],
    "none": [],
}


@pytest.mark.parametrize("listed", LISTS)
@pytest.mark.parametrize("head", ["## Attendees:\n\n", "**Participants**\n\n", "Attendees: "])
def test_lists_of_attendees(listed, head):
    if head.endswith(" ") and listed.startswith("*"):
        head = "Attendees:\n\n"
    minutes = read(f"# Minutes\n\n{head}{listed}\n\n## Topics\n\n* Vasant Karasulli asked\n")
    assert [f"{each.name}|{each.remark}" for each in minutes.attendees] == LISTS[listed]


def test_an_address_is_never_read():
    minutes = run("minutes", "read", DATA / "devel-call-2025-03-05.md", "--json")
    assert "@" not in minutes.stdout
    assert "@" not in str(attendees_of(["Tom <canary@example.org>, canary@example.org"], Names(())))


# --- Dates, said on Wednesday 2025-03-05 ---

DATES = {
    "January 22nd, 2025": "2025-01-22",
    "Jan. 22, 2025": "2025-01-22",
    "22 January 2025": "2025-01-22",
    "the 7th of June": "2025-06-07",
    "June 7": "2025-06-07",
    "July 31th": "2025-07-31",
    "February 30th": "",
    "2025-03-11": "2025-03-11",
    "11.03.2025": "2025-03-11",
    "3/11": "",
    "September 22\u201323": "2025-09-22..2025-09-23",
    "March 12th and 26th": "2025-03-12 2025-03-26",
    "December 24th to January 2nd": "2025-12-24..2026-01-02",
    "December 31st": "2025-12-31",
    "January 8th": "2025-01-08",
    "next week": "2025-03-10..2025-03-16",
    "this week": "2025-03-03..2025-03-09",
    "last week": "2025-02-24..2025-03-02",
    "in two weeks": "2025-03-17..2025-03-23",
    "two weeks from now": "2025-03-17..2025-03-23",
    "the next three weeks": "2025-03-10..2025-03-30",
    "the week after next": "2025-03-17..2025-03-23",
    "the week of March 24th": "2025-03-24..2025-03-30",
    "next weekend": "2025-03-08..2025-03-09",
    "in 3 days": "2025-03-08",
    "tomorrow": "2025-03-06",
    "Friday": "2025-03-07",
    "next Tuesday": "2025-03-11",
    "Thursday next week": "2025-03-13",
    "last Monday": "2025-03-03",
    "Wednesdays": "",
    "the first two weeks of July": "2025-07-01..2025-07-14",
    "the second week of July": "2025-07-08..2025-07-14",
    "the last two weeks of December": "2025-12-18..2025-12-31",
    "the first half of April": "2025-04-01..2025-04-15",
    "the end of February 2026": "2026-02-28",
    "in December": "2025-12-01..2025-12-31",
    "the rest of the year": "2025-03-06..2025-12-31",
    "we may 3 times march 5 miles": "",
    "PR #12 March": "",
    "the next meeting": "1 call",
    "the next two meetings": "2 calls",
}


@pytest.mark.parametrize("text", DATES)
def test_dates_as_people_say_them(text):
    found = []
    for each in mentions_of(f"It is {text}, they say.", date(2025, 3, 5)):
        found += [f"{first}" if first == last else f"{first}..{last}" for first, last in each.spans]
        found += [f"{each.calls} call{'s' if each.calls > 1 else ''}"] if each.calls else []
    assert " ".join(found) == DATES[text]


# The heading, the file's name -> the date, and whether it is doubtful.
WHEN = {
    ("# Call (March 5th, 2025)", "notes.md"): ("2025-03-05", 0),
    ("# Call", "devel-call-2025-03-05.md"): ("2025-03-05", 0),
    ("# Call", "20250305.txt"): ("2025-03-05", 0),
    ("# Call (March 5th)", "devel-call-2025-03-05.md"): ("2025-03-05", 0),
    ("# Call\n\nDate: 5 March 2025", "notes.md"): ("2025-03-05", 0),
    ("# Call (March 5th, 2025)", "devel-call-2025-03-06.md"): ("2025-03-05", 1),
    ("# Call (March 5th, 2025)", "devel-call-2025-03-12.md"): ("2025-03-12", 1),
    ("# Call", "notes.md"): (None, 0),
}


@pytest.mark.parametrize(("heading", "file"), WHEN)
def test_when_it_was(heading, file):
    minutes = read(f"{heading}\n\n* a\n", file)
    day, doubts = WHEN[heading, file]
    assert (minutes.date and minutes.date.isoformat(), len(minutes.findings)) == (day, doubts)


# --- Any text ---

# A file -> the one line that is said of it.
BAD = {
    b"": "is empty (write down who was there and what was said, or delete it)",
    b" \n": "is empty (write down who was there and what was said, or delete it)",
    b"# a\n\xff": ":2:1: is no UTF-8 text (save it as UTF-8, or is it the right file?)",
    b"\x7fELF\x00\x00": ":1:1: is no text, as it has NUL characters in it (is it the right file?)",
    b"a" * 10_000_000: "is larger than 512 KiB, which no minutes are (is it the right file?)",
}


@pytest.mark.parametrize("data", BAD, ids=lambda data: repr(data[:8]))
def test_what_is_no_text(tmp_path, data):
    path = tmp_path / "devel-call-2025-03-05.md"
    path.write_bytes(data)
    result = run("minutes", "read", path)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"svsm-cal: {path}:")
    assert result.stderr.removesuffix("\n").endswith(BAD[data])
    assert result.stderr.count("\n") == 1


def test_what_is_not_there_or_bears_no_date(tmp_path):
    (tmp_path / "notes.md").write_text("# Notes\n")
    for name, said in {
        "gone.md": "there is no such file (name files of minutes, or a folder of them)",
        "notes.md": "no date in its name or its first heading (name it as devel-call-2025-03-05.md)",
    }.items():
        result = run("minutes", "read", tmp_path / name)
        assert (result.exit_code, result.stdout) == (1, "")
        assert said in result.stderr
    result = run("minutes", "read", tmp_path)  # in a folder, it is passed by
    assert (result.exit_code, result.stdout) == (0, "No minutes.\n")
    assert result.stderr == f"{tmp_path / 'notes.md'}: no minutes: no date in its name or its first heading\n"


@pytest.mark.parametrize("form", ["crlf", "bom", "cr"])
def test_line_ends_and_marks_do_not_count(tmp_path, form):
    text = (DATA / "devel-call-2025-01-15.md").read_text(encoding="utf-8")
    data = {"crlf": text.replace("\n", "\r\n"), "bom": f"\ufeff{text}", "cr": text.replace("\n", "\r")}[form]
    path = tmp_path / "devel-call-2025-01-15.md"
    path.write_bytes(data.encode())
    plain = json.loads(run("minutes", "read", DATA / "devel-call-2025-01-15.md", "--json").stdout)["minutes"][0]
    found = json.loads(run("minutes", "read", path, "--json").stdout)["minutes"][0]
    assert found | {"file": ""} == plain | {"file": ""}


def test_what_steers_a_terminal_is_no_text(tmp_path):
    path = tmp_path / "devel-call-2025-03-05.md"
    hidden = "\x1b\x07\x7f\x85\u2028\u200e\u202e\u2066\ufeff"
    path.write_text(
        f"# Minutes{hidden}\n\n## Attendees:\n\nA{hidden}B\n&#x202e;C\n\n## Topics:\n\n"
        f"No meeting on March 12th, 2025 due to{hidden}holidays. [a{hidden}](https://example.org/{hidden})\n\n"
        f"* [ ] Joerg: {hidden}do\n",
        encoding="utf-8",
    )
    for args in ([], ["--json"]):
        said = run("minutes", "read", path, *args).stdout
        said = str(json.loads(said)) if args else said
        assert "holidays" in said
        assert not [each for each in hidden if each in said]


def test_html_is_no_text():
    minutes = read(
        "# Minutes\n\n<p>No meeting next week</p>\n\n<!-- No meeting next week -->\n\n* <b>No meeting</b> in two weeks\n"
    )
    assert [(each.date.isoformat(), each.line) for each in minutes.suggestions] == [("2025-03-19", 7)]


_FRAGMENTS = """no next meeting call on in two weeks week March 5th 31th July the first of will be cancelled due to until Stefano
run Joerg Roedel away deadline : freeze 2025-02-30 9999-12-31 0000-00-00 Attendees # ## * - ** _ ` [ ]( ) <b> > | ; , . ? é \u0301
99999999999 AI clocks change moved 25:61 18:30 by at chair last ago days"""
WORDS = st.sampled_from([*_FRAGMENTS.split(), "\n", "\n\n"])


def assert_from_the_text(minutes, text):
    """What is found has its line in the text, and what is quoted is there."""
    lines = text.split("\n")
    for each in (*minutes.suggestions, *minutes.actions, *minutes.topics, *minutes.links):
        assert 1 <= each.line <= len(lines)
    assert all(each.url in text for each in minutes.links)


@given(
    st.lists(WORDS, max_size=60).map(" ".join),
    st.sampled_from(["a.md", "devel-call-2025-03-05.md", "0001-01-01.md", "2199-12-29.md"]),
)
@settings(max_examples=80, deadline=None)
def test_any_markdown_is_read(text, file):
    assert_from_the_text(read(text, file), text)


@given(st.text(max_size=300))
@settings(max_examples=50, deadline=None)
def test_any_text_is_read(text):
    assert read(f"* {text}").date == date(2025, 3, 5)


@pytest.mark.soak
@given(st.lists(WORDS, max_size=400).map(" ".join))
@settings(max_examples=5000, deadline=None)
def test_any_markdown_is_read_for_long(text):
    assert_from_the_text(read(text), text)


def test_looking_up_the_next_call_does_not_load_the_reader():
    code = (
        "import sys; from svsm_cal.cli import command; "
        f"command(['-c', {str(EXAMPLE)!r}, '--now', '2025-03-05T17:00Z', 'next'], standalone_mode=False); "
        "assert not [each for each in sys.modules if 'markdown' in each or each.startswith('svsm_cal.minutes')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_attendees_on_lines_that_end_without_a_comma():
    found = read("# a\n\n## Attendees\n\nJoerg Roedel, Tom Lendacky\nOliver Steffen, Peter Fang,\nStefano\nGarzarella\n")
    assert [each.participant for each in found.attendees] == ["joerg", "tom", "oliver", "peter", "stefano"]


def test_a_topic_named_in_its_heading():
    found = read("# a\n\n## Announcements:\n\n## Fristen:\n\n## Topics:\n\n### Topic: Attestation\n\n### Thema: vTPM\n")
    assert [each.title for each in found.topics] == ["Attestation", "vTPM"]
