"""Random edits of the examples, and of lists in every form: they say what was meant and nothing else, and can be taken back."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from svsm_cal.config.edit import add, cancel, change, kind_of, move, restore, slip
from svsm_cal.config.load import check_text, loads
from svsm_cal.core.civil import LocalDateTime
from svsm_cal.core.model import Addition, Details, Override, Status
from svsm_cal.errors import UsageError
from svsm_cal.value import replace

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EXAMPLES = {path.parent.name: path.read_text(encoding="utf-8") for path in ROOT.glob("examples/*/calendar.toml")}
PARSED = {name: loads(text) for name, text in EXAMPLES.items()}
WED = [date(2025, 1, 1) + timedelta(weeks=number) for number in range(20)]  # 1, 8, 15, 22 and 29 January, ...

HEAD = """\
[calendar]
id = "x"
name = "X"
domain = "x.example.org"
zone = "Europe/Berlin"

[[series]]
id = "dev"
title = "Call"
start = 2025-01-01T18:00:00
duration = "1h"
repeat = "every Wednesday"
"""
TAIL = """
[[participant]]
id = "jon"
name = "Jon"
zone = "America/New_York"
"""


def crlf(text):
    return text.replace("\n", "\r\n")


REASONS = st.none() | st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]),
    min_size=1,
    max_size=20,
).filter(str.strip)


def calls_of(name):
    series = PARSED[name].series[0]
    start = series.start.date()
    return [start + timedelta(weeks=number) for number in range(130)]


@st.composite
def example_edits(draw):
    """An example, an edit of one of its calls, and what that makes of the call."""
    name = draw(st.sampled_from(sorted(EXAMPLES)))
    calendar = PARSED[name]
    series = calendar.series[0]
    when = draw(st.sampled_from(calls_of(name)))
    recurrence = LocalDateTime(datetime.combine(when, series.start.time()))
    reason = draw(REASONS)
    said = reason and reason.strip()
    old = series.exceptions.get(recurrence)
    kind = draw(st.sampled_from(["cancel", "move", "change"]))
    if kind == "cancel":
        override = Override(
            recurrence, Status.CANCELLED, reason=said or (old.reason if old and old.status is Status.CANCELLED else None)
        )
        return name, when, lambda text: cancel(text, series.id, when, reason=reason), override
    if kind == "move":
        to = LocalDateTime(recurrence + timedelta(hours=draw(st.integers(2, 70))))
        details = old.details if old else Details()
        override = Override(recurrence, Status.MOVED, to, None, said, details)
        return name, when, lambda text: move(text, series.id, when, to, reason=reason), override
    url = f"https://meet.example.org/{draw(st.integers(0, 99))}"
    details = (old.details if old else Details()).updated(Details(url=url))
    override = Override(recurrence, Status.CONFIRMED, reason=said, details=details)
    return name, when, lambda text: change(text, series.id, when, url=url, reason=reason), override


def with_override(calendar, override):
    series = calendar.series[0]
    overrides = {**series.exceptions, override.recurrence: override}
    changed = replace(series, overrides=tuple(overrides[each] for each in sorted(overrides)))
    return replace(calendar, series=(changed, *calendar.series[1:]))


@settings(max_examples=60)
@given(example_edits(), st.booleans())
def test_an_edit_changes_the_calendar_by_itself_alone(edited, windows):
    name, when, edit, override = edited
    series = PARSED[name].series[0]
    ends = crlf if windows else str
    text = ends(EXAMPLES[name])
    old = series.exceptions.get(override.recurrence)
    try:
        after = edit(text)
    except UsageError:
        assert old == override or (old and old.status is Status.CANCELLED)
        return
    assert ("\r\n" in after) == windows
    assert after.count("\n") == after.count("\r\n") or not windows
    assert loads(after.replace("\r\n", "\n")) == with_override(PARSED[name], override)
    back = restore(after, series.id, when)
    if old is None:
        assert back == text
        assert added_lines(text, after) in (1, 3)
    else:
        without = {key: value for key, value in series.exceptions.items() if key != override.recurrence}
        wanted = replace(series, overrides=tuple(without[each] for each in sorted(without)))
        assert loads(back.replace("\r\n", "\n")) == replace(PARSED[name], series=(wanted, *PARSED[name].series[1:]))
        assert unchanged(text, after) >= text.count("\n") - 2


def added_lines(before, after):
    """Return how many lines stand together in `after` that `before`, the same otherwise byte for byte, has not."""
    old, new = before.split("\n"), after.split("\n")
    count = len(new) - len(old)
    first = next((number for number, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), len(old))
    assert new[:first] + new[first + count :] == old
    return count


def unchanged(before, after):
    """Return how many lines of `before` stand in `after`, in the same order."""
    rest = iter(after.split("\n"))
    return sum(any(line == other for other in rest) for line in before.split("\n") if line in after.split("\n"))


# A list's entries, as lists of (date, rest), in every form the format has.
def own_lines(key, rows, comments, *, comma=True, tight=False):
    shown = [braces(each, tight=tight) for each in rows]
    lines = [
        f"  {each}{',' if comma or number < len(shown) - 1 else ''}{comments[number % len(comments)]}"
        for number, each in enumerate(shown)
    ]
    above = [each for each in comments if each.startswith("\n")]
    return f"{key} = [\n" + "".join(f"{line}\n" for line in [*above, *lines]) + "]\n" if rows else f"{key} = [\n  # none\n]\n"


def braces(row, *, tight=False):
    pairs = [f"{key}={value}" if tight else f"{key} = {value}" for key, value in row.items()]
    return "{" + ",".join(pairs) + "}" if tight else "{ " + ", ".join(pairs) + " }"


FORMS = {
    "lines": lambda key, rows: own_lines(key, rows, ["", "  # c, } ]"]),
    "lines without a last comma": lambda key, rows: own_lines(key, rows, ["", " # c"], comma=False),
    "tight lines": lambda key, rows: own_lines(key, rows, [""], tight=True),
    "one line": lambda key, rows: f"{key} = [{', '.join(map(braces, rows))}] # {key}\n",
    "one tight line": lambda key, rows: f"{key}=[{','.join(braces(each, tight=True) for each in rows)}] #\n",
    "behind the bracket": lambda key, rows: f"{key} = [" + ",\n    ".join(map(braces, rows)) + " ] #\n",
    "commas first": lambda key, rows: f"{key} = [ # ,\n    " + "\n  # c\n  , ".join(map(braces, rows)) + "\n]\n",
    "two a line": lambda key, rows: (
        f"{key} = [\n" + "".join(braces(each) + (",\n" if at % 2 else ", ") for at, each in enumerate(rows)) + "] #\n"
    ),
}
UNDER_HEADERS = {
    "spaced": lambda key, rows: "".join(
        f"\n# about {number}\n[[series.{key}]] # h\n" + "".join(f"{name} = {value} # {name}\n" for name, value in row.items())
        for number, row in enumerate(rows)
    ),
    "dense": lambda key, rows: "".join(
        f"[[series.{key}]]\n" + "".join(f"  {name} = {value}\n" for name, value in row.items()) for row in rows
    ),
}
ROWS = {
    "cancel": lambda when: {"date": when, "reason": '"a, \\"b\\" ] }"'},
    "move": lambda when: {"date": when, "to": f"{when + timedelta(days=1)}T18:00:00"},
    "change": lambda when: {"date": when, "chair": "'jon'"},
}


@st.composite
def files(draw):
    """A calendar with its lists in any form, the dates in them, and the text."""
    dates = draw(st.lists(st.sampled_from(WED), unique=True, max_size=9))
    kinds = {key: sorted(dates[number::3]) for number, key in enumerate(ROWS)}
    inline, headed = "", ""
    for key, days in kinds.items():
        rows = [ROWS[key](each) for each in days]
        if rows and draw(st.booleans()):
            headed += draw(st.sampled_from(sorted(UNDER_HEADERS)).map(UNDER_HEADERS.get))(key, rows)
        elif rows or draw(st.booleans()):
            inline += draw(st.sampled_from(sorted(FORMS)).map(FORMS.get))(key, rows)
    text = HEAD + inline + headed + draw(st.sampled_from(["", TAIL.lstrip()]))
    if "[[participant]]" not in text:
        text = TAIL.lstrip() + text
    if draw(st.booleans()):
        text = text.removesuffix("\n")
    return (crlf(text) if draw(st.booleans()) else text), {each: key for key, days in kinds.items() for each in days}


COMMENT = re.compile(r"#[^\r\n]*")
EDITS = {
    "cancel": lambda text, when: cancel(text, "dev", when, reason="new"),
    "move": lambda text, when: move(text, "dev", when, datetime.combine(when, datetime.min.time()) + timedelta(days=2, hours=17)),
    "change": lambda text, when: change(text, "dev", when, title="new"),
}


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(files(), st.sampled_from(sorted(EDITS)), st.sampled_from(WED))
def test_an_entry_comes_and_goes_in_every_form(file, kind, when):
    text, known = file
    if when in known:
        check_entry_there(text, known, kind, when)
        return
    after = EDITS[kind](text, when)
    assert_same_but(text, after, when)
    # An empty list is written anew, and goes with its only entry.
    empty = tomllib.loads(text)["series"][0].get(kind) == []
    # Else the text is there still, in two parts at most, but for a comma.
    assert empty or is_split(text, after) or any(is_split(f"{text[:at]},{text[at:]}", after) for at in ends_of_entries(text))
    assert COMMENT.findall(text) == COMMENT.findall(after)
    dates = [row["date"] for row in tomllib.loads(after)["series"][0][kind]]
    assert dates == sorted(dates)
    back = restore(after, "dev", when)
    assert empty or back == text
    assert document(back) == document(text)


def is_split(before, after):
    """Whether `after` is `before` with something put in at one place."""
    alike = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), len(before))
    return len(after) >= len(before) and before[alike:] == after[len(after) - len(before) + alike :]


def ends_of_entries(text):
    return [match.end() for match in re.finditer("}", text)]


def check_entry_there(text, known, kind, when):
    if kind == "change" and known[when] == "cancel":
        with pytest.raises(UsageError):
            EDITS[kind](text, when)
        return
    after = EDITS[kind](text, when)
    assert_same_but(text, after, when)
    assert (
        kind_of(after, "dev", when)
        == {"cancel": "cancelled", "move": "moved", "change": "changed"}[kind if kind != "change" else known[when]]
    )
    gone = restore(text, "dev", when)
    assert_same_but(text, gone, when)
    assert kind_of(gone, "dev", when) == ""
    left = COMMENT.findall(gone)
    assert all(each in COMMENT.findall(text) for each in left)
    assert len(COMMENT.findall(text)) - len(left) <= 3  # what stood on the entry's own lines


def document(text):
    found = tomllib.loads(text)
    for key in ROWS:
        if not found["series"][0].get(key, True):
            del found["series"][0][key]
    return found


def assert_same_but(text, after, when):
    """Check that two texts say the same but for one date, and that the second is a calendar."""
    one, other = document(text), document(after)
    for each in (one, other):
        for key in ROWS:
            rows = [row for row in each["series"][0].pop(key, []) if row["date"] != when]
            each[key] = rows
    assert one == other
    loads(after.replace("\r\n", "\n"))


@settings(max_examples=30)
@given(st.sampled_from(sorted(EXAMPLES)), st.integers(0, 900), st.integers(0, 23), REASONS)
def test_an_added_call_comes_and_goes(name, days, hour, reason):
    series = PARSED[name].series[0]
    start = LocalDateTime(datetime.combine(series.start.date() + timedelta(days=days), series.start.time().replace(hour=hour)))
    after = add(EXAMPLES[name], series.id, start, reason=reason)
    assert added_lines(EXAMPLES[name], after) == 3
    assert restore(after, series.id, start) == EXAMPLES[name] or kind_of(EXAMPLES[name], series.id, start)
    if not [each for each in check_text(after) if each.severity == "error"]:
        assert loads(after).series[0].additions == (Addition(start, reason=reason and reason.strip()),)


@settings(max_examples=40)
@given(st.data())
def test_a_slip_changes_one_line(data):
    text = EXAMPLES["svsm"]
    names = [f"{release.id}-{each.id}" for release in PARSED["svsm"].releases for each in release.milestones]
    name = data.draw(st.sampled_from([*names, *(each.id for each in PARSED["svsm"].deadlines)]))
    to = data.draw(st.dates(date(2024, 1, 1), date(2027, 1, 1)))
    try:
        after = slip(text, name, to)
    except UsageError:
        assert f"{to}" in text
        return
    pairs = [(one, other) for one, other in zip(text.split("\n"), after.split("\n"), strict=True) if one != other]
    assert len(pairs) == 1
    assert str(to) in pairs[0][1]


@settings(max_examples=30)
@given(files(), st.lists(st.tuples(st.sampled_from(sorted(EDITS)), st.sampled_from(WED)), min_size=2, max_size=6))
def test_many_edits_one_after_the_other(file, edits):
    text, known = file
    known = dict(known)
    for kind, when in edits:
        try:
            text = EDITS[kind](text, when)
        except UsageError:
            continue
        known[when] = kind if kind != "change" or when not in known else known[when]
    found = tomllib.loads(text)["series"][0]
    assert {row["date"]: key for key in ROWS for row in found.get(key, [])} == known
    assert sum(len(found.get(key, [])) for key in ROWS) == len(known)
    loads(text.replace("\r\n", "\n"))
