"""Damaged calendar files: whatever a file has become, it is a calendar or a list of findings that lie in the file."""

from __future__ import annotations

import json
import random
import tomllib
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from svsm_cal.config.load import check_text, loads
from svsm_cal.core.model import Calendar
from svsm_cal.errors import CalendarError, InputError

EXAMPLE = (Path(__file__).parents[2] / "examples" / "svsm" / "calendar.toml").read_text(encoding="utf-8")
# Shorter than the example and with every table and key of the format: most mutations hit something.
EVERYTHING = """\
[calendar]
id = "coconut-svsm"
name = "COCONUT-SVSM community calendar"
domain = "coconut-svsm.example.org"
zone = "Europe/Berlin"
description = "The development call, and the QEMU release milestones."
url = "https://coconut-svsm.example.org/calendar/"
color = "teal"
organizer = { name = "COCONUT-SVSM calendar", email = "calendar@coconut-svsm.example.org" }

[[series]]
id = "devel-call"
title = "SVSM Development Call"
start = 2025-01-08T18:00:00
duration = "1h"
zone = "Europe/Berlin"
rule = "FREQ=WEEKLY;BYDAY=WE"
url = "https://meet.example.org/svsm"
location = "online"
description = "What is being worked on."
attendees = ["everyone", "jon"]
chair = "joerg"
minutes = "https://example.org/devel-call-{date}.md"
cancel = [{ date = 2025-01-22, reason = "no meeting this week" }, { date = 2025-04-23 }]
move = [{ date = 2025-12-11, to = 2025-12-12T18:00:00, duration = "45min", url = "https://meet.example.org/2" }]
change = [{ date = 2025-02-19, chair = "jon" }]
add = [{ start = 2025-06-03T17:00:00, title = "Attestation", duration = "30min" }]
from = [
  { date = 2025-05-07, url = "https://zoom.example.org/ccc" },
  { date = 2025-06-04, start = 17:00:00, zone = "Europe/London", duration = "90min" },
  { date = 2025-09-04, rule = "FREQ=WEEKLY;BYDAY=TH", reason = "Thursdays suit more people" },
]

[[series]]
id = "office-hour"
title = "Office hour"
start = 2025-01-14T09:00:00
duration = "30min"
repeat = "every other Tuesday"
attendees = ["us"]

[[participant]]
id = "joerg"
name = "Joerg Roedel"
zone = "Europe/Berlin"
email = "joerg@example.org"
groups = ["everyone"]
reminders = ["1d", "15m"]
away = [{ from = 2025-07-07, to = 2025-07-18 }]

[[participant]]
id = "jon"
name = "Jon Lange"
zone = "America/Los_Angeles"
groups = ["everyone", "us"]

[[deadline]]
id = "soft-freeze"
title = "QEMU 10.0 soft feature freeze"
date = 2025-03-11
zone = "Europe/Berlin"
remind = ["2w", "1d"]
url = "https://wiki.qemu.org/Planning/10.0"

[[deadline]]
id = "cfp"
title = "Call for proposals"
at = 2025-03-11T12:00:00

[[release]]
id = "qemu-10.0"
title = "QEMU 10.0"
zone = "Europe/London"
url = "https://wiki.qemu.org/Planning/10.0"
milestones = [
  { id = "soft-freeze", title = "soft feature freeze", date = 2025-03-11, remind = ["1w"] },
  { id = "hard-freeze", after = "soft-freeze", offset = "1w", actual = 2025-03-18 },
  { id = "release", actual = 2025-04-22 },
]

[[event]]
id = "lpc-2025"
title = "Linux Plumbers Conference"
start = 2025-12-11
end = 2025-12-13
url = "https://lpc.example.org/"
"""
# What a value is replaced by: something of every type, and texts that mean something elsewhere in the file.
VALUES = (
    "", " ", "x", "joerg", "everyone", "Europe/Berlin", "CET", "EST", "1h", "-1h", "0s", "every Wednesday",
    "FREQ=DAILY", "FREQ=WEEKLY;COUNT=3", "FREQ=WEEKLY;BYDAY=WX", "soft-freeze", "https://example.org", "javascript:alert(1)",
    "a\u202eb", "a\0b", "\n", "ä" * 100, "{date}", 0, -1, 2**63, 1.5, float("inf"), float("nan"), True, False,
    date(2025, 3, 12), date(1970, 1, 1), date(2100, 2, 28), time(18), time(23, 59, 59, 999999), datetime(2025, 3, 30, 2, 30),
    datetime(2025, 3, 12, 18, 0, 0, 5), datetime(2025, 3, 12, 18, tzinfo=UTC), [], [[]], [1, "a"], ["everyone"], [{}], {},
    {"date": date(2025, 3, 12)}, [{"date": date(2025, 3, 12)}], {"id": "x"}, [{"id": "joerg"}],
)  # fmt: skip
# The same, at the edges of what a date, a time or a table can be.
EDGES = (
    date.min, date.max, datetime.min, datetime.max.replace(microsecond=0), datetime(9999, 12, 31, 23, 30), datetime(1, 1, 1, 18),
    datetime(9999, 12, 29, 18), datetime.max, date(9999, 12, 29), time.min, time.max, 10**4400,
    date(1899, 12, 31), date(1900, 1, 1), datetime(1900, 1, 1), date(2200, 12, 31), datetime(2200, 12, 31, 23, 59, 59),
    date(2201, 1, 1), "FREQ=WEEKLY;UNTIL=22001231", "FREQ=YEARLY;UNTIL=19000101",
    "FREQ=DAILY;INTERVAL=999999999", "FREQ=YEARLY;UNTIL=99991231T235959Z", "FREQ=WEEKLY;UNTIL=00010101T000000Z",
    "FREQ=WEEKLY;COUNT=1000000000", "3650d", "9" * 3999 + "d", "A" * 4000, "A" * 4001,
)  # fmt: skip


def toml(value: object) -> str:
    """Return a value as TOML, tables inline."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value).replace("\x7f", "\\u007f")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + " }"
    return f"0x{value:x}" if isinstance(value, int) and value > 10**4000 else repr(value)


def document(value: dict[str, object]) -> str:
    return "".join(f"{key} = {toml(each)}\n" for key, each in value.items())


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the paths of everything in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, each in items for found in ((*path, key), *places(each, (*path, key)))]


def replaced(path: tuple[str | int, ...], value: object) -> str:
    """Return EVERYTHING with one value replaced."""
    whole = tomllib.loads(EVERYTHING)
    at = whole
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return document(whole)


def check(text: str) -> None:
    """Fail unless the text is a calendar, or has findings that all lie in it, the same ones every time."""
    try:
        calendar = loads(text)
        assert isinstance(calendar, Calendar)
        errors: tuple[object, ...] = ()
    except (CalendarError, InputError) as error:
        errors = getattr(error, "findings", ("unreadable",))
        assert errors
    findings = check_text(text)
    assert findings == check_text(text)
    assert tuple(each for each in findings if each.severity == "error") == errors
    lines = text.split("\n")
    for finding in findings:
        assert 1 <= finding.line <= len(lines), finding
        assert 1 <= finding.column <= len(lines[finding.line - 1]) + 1, finding
        assert finding.code
        assert finding.message
        assert "\n" not in str(finding)


PIECES = st.sampled_from(
    [
        *"\"'#=,.[]{}\\\n\r\t -:;0123456789",
        "[[",
        "]]",
        '"""',
        "'''",
        "\u202e",
        "\0",
        "ä",
        "2025-03-30",
        "18:00:00",
        "[[series]]\n",
    ]
)
WHERE = st.floats(0, 1, exclude_max=True)
MUTATION = st.tuples(st.sampled_from(["delete", "insert", "replace", "copy", "swap"]), WHERE, WHERE, st.integers(1, 30), PIECES)


def damaged(parts: list[str], mutations: list[tuple[str, float, float, int, str]]) -> list[str]:
    """Return parts of a text after some deletions, insertions, replacements, copies and swaps."""
    parts = list(parts)
    for what, first, second, length, piece in mutations:
        here, there = int(first * len(parts)), int(second * len(parts))
        if what == "delete":
            del parts[here : here + length]
        elif what == "insert":
            parts.insert(here, piece)
        elif what == "copy":
            parts[there:there] = parts[here : here + length]
        elif not parts:
            continue
        elif what == "replace":
            parts[here] = piece
        else:
            parts[here], parts[there] = parts[there], parts[here]
    return parts


def cut(text: str, into: str) -> list[str]:
    """Return a text as characters, as lines, or as words with what stands between them."""
    if into == "characters":
        return list(text)
    if into == "lines":
        return text.splitlines(keepends=True)
    found, word = [], ""
    for character in text:
        if word and (character.isalnum() != word[-1].isalnum() or not character.isalnum()):
            found.append(word)
            word = ""
        word += character
    return [*found, word]


PLACES = places(tomllib.loads(EVERYTHING))
TEXTS = st.sampled_from([EXAMPLE, EVERYTHING, EVERYTHING, EVERYTHING])
CUTS = st.sampled_from(["characters", "words", "lines"])
MUTATIONS = st.lists(MUTATION, min_size=1, max_size=4)
bounded = settings(max_examples=150, suppress_health_check=list(HealthCheck))


def test_what_the_mutations_start_from_is_valid():
    assert [each for each in check_text(EVERYTHING) if each.severity == "error"] == []
    assert tomllib.loads(document(tomllib.loads(EVERYTHING))) == tomllib.loads(EVERYTHING)


@pytest.mark.slow
@given(text=TEXTS, into=CUTS, mutations=MUTATIONS)
@bounded
def test_a_damaged_file_has_findings_that_lie_in_it(text, into, mutations):
    check("".join(damaged(cut(text, into), mutations)))


@pytest.mark.slow
@given(path=st.sampled_from(PLACES), value=st.sampled_from(VALUES))
@bounded
def test_any_value_in_any_place_is_read_or_refused(path, value):
    check(replaced(path, value))


@pytest.mark.slow
@given(path=st.sampled_from(PLACES), value=st.sampled_from(EDGES))
@bounded
def test_any_value_at_the_edge_in_any_place_is_read_or_refused(path, value):
    check(replaced(path, value))


@given(text=st.text(st.sampled_from("[]{}=\"'#,.\n\t ab1-:TZ\\\u202e")))
@bounded
def test_any_text_is_read_or_refused(text):
    check(text)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4))
def test_much_damage_has_findings_that_lie_in_it(seed):
    chance = random.Random(seed)
    pieces = [chance.choice(EVERYTHING) for _ in range(40)] + ["[[", '"""', "\u202e", "2025-03-30", "true"]
    for _ in range(5000):
        parts = cut(chance.choice([EXAMPLE, *[EVERYTHING] * 5]), chance.choice(["characters", "words", "lines"]))
        mutations = [
            (
                chance.choice(["delete", "insert", "replace", "copy", "swap"]),
                chance.random(),
                chance.random(),
                chance.randint(1, 9),
                chance.choice(pieces),
            )
            for _ in range(chance.randint(1, 5))
        ]
        check("".join(damaged(parts, mutations)))


@pytest.mark.soak
@pytest.mark.parametrize("value", VALUES + EDGES, ids=lambda value: toml(value)[:40])
def test_every_value_in_every_place_is_read_or_refused(value):
    for path in PLACES:
        check(replaced(path, value))
