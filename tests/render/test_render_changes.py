"""Edits of the example calendar as text, Markdown and JSON: the files in golden/, byte for byte, and what no text may show."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svsm_cal.config.load import loads
from svsm_cal.core.changes import changes
from svsm_cal.core.civil import instant
from svsm_cal.core.zones import zone_of
from svsm_cal.render.change_records import changes_record
from svsm_cal.render.change_rows import on_one_line, without_addresses
from svsm_cal.render.changes import changes_markdown, changes_text
from svsm_cal.render.records import dumps

HERE = Path(__file__).parent
EXAMPLE = (HERE.parents[1] / "examples/svsm/calendar.toml").read_text(encoding="utf-8")
OLD = loads(EXAMPLE)
# From midnight to midnight in Berlin.
SPAN = {"start": datetime(2025, 3, 4, 23, tzinfo=UTC), "end": datetime(2026, 3, 10, 23, tzinfo=UTC)}

LINK = 'from = [{ date = 2025-05-07, url = "https://zoom.example.org/ccc-svsm" }]'
SKIPPED = "  { date = 2025-03-19 },\n"
# Name -> what is replaced in the example.
EDITS = {
    # The call goes to New York's clock: 12:00 there, which is 18:00 in Berlin but for the weeks of mismatch.
    "re-anchored": [(LINK, LINK.replace("url", 'zone = "America/New_York", start = 12:00:00, url'))],
    # One call cancelled, one moved, another link, a freeze a week later, somebody moves.
    "a-busy-week": [
        (SKIPPED, f'{SKIPPED}  {{ date = 2025-03-26, reason = "KVM & QEMU | sprint" }},\n'),
        (LINK, f"{LINK.replace('zoom.', 'zoom2.')}\nmove = [{{ date = 2025-04-16, to = 2025-04-17T19:00:00 }}]"),
        ("actual = 2025-03-18", "actual = 2025-03-25"),
        ('zone = "Australia/Sydney"', 'zone = "Europe/Berlin"'),
        ('email = "tom@example.org"', 'email = "thomas@example.org"'),
    ],
    # An hour earlier from May on, in so many zones and runs that they are folded away.
    "an-hour-earlier": [(LINK, LINK.replace("url", "start = 17:00:00, url"))],
    # Only the past: nothing for people, though the feeds have it.
    "the-past": [("{ date = 2024-08-07 }", '{ date = 2024-08-14, reason = "vacation" }')],
    "nothing": [],
}
FORMS = {
    "txt": lambda found: "\n".join(changes_text(found)) + "\n",
    "md": changes_markdown,
    "json": lambda found: dumps(changes_record(found)),
}


def edited(edits):
    text = EXAMPLE
    for before, after in edits:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return loads(text)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", EDITS)
def test_golden(name, form):
    found = changes(OLD, edited(EDITS[name]), **SPAN)
    assert FORMS[form](found) == (HERE / f"golden/diff-{name}.{form}").read_text(encoding="utf-8")


def test_on_one_clock():
    found = changes(OLD, edited(EDITS["an-hour-earlier"]), **SPAN, zone=zone_of("Asia/Shanghai"))
    # 18:00 in Berlin is 00:00 the next day there in summer, so that an hour earlier is a day earlier.
    assert changes_text(found)[3:5] == [
        "  Wed 7 May to Wed 22 October 2025 (25 calls)         new time  Asia/Shanghai  Thu 00:00 -> Wed 23:00",
        "  Wed 29 October 2025 to Wed 4 March 2026 (16 calls)  new time  Asia/Shanghai  01:00 the next day -> 00:00 the next day",
    ]


def test_the_record_has_its_shape_and_agrees_with_itself():
    record = changes_record(changes(OLD, edited(EDITS["a-busy-week"]), **SPAN))
    assert list(record) == ["changes"]
    assert list(record["changes"]) == ["series", "deadlines", "participants", "feeds", "invites"]
    for call in record["changes"]["series"][0]["calls"]:
        for side in ("before", "after"):
            at = call[f"start_utc_{side}"]
            assert at is None or at.endswith("Z")
            for run in call["zones"]:
                seen = run[f"start_{side}"]
                assert (seen is None) == (at is None)
                assert seen is None or datetime.fromisoformat(seen) == datetime.fromisoformat(at)
    assert json.loads(dumps(record)) == record


HOSTILE = "a | b <script> *c* _d_ `e` [f](g) @everyone joerg@example.org &lt; \\ #1"


def test_free_text_disturbs_no_markdown_and_shows_no_address():
    quoted = json.dumps(HOSTILE)
    new = edited(
        [
            ('title = "SVSM Development Call"', f"title = {quoted}"),
            (SKIPPED, f"{SKIPPED}  {{ date = 2025-03-26, reason = {quoted} }},\n"),
            (LINK, LINK.replace("https://zoom.example.org/ccc-svsm", "https://meet.example.org/joerg@example.org")),
        ]
    )
    found = changes(OLD, new, **SPAN)
    markdown = changes_markdown(found)
    for text in (markdown, *changes_text(found), dumps(changes_record(found))):
        assert "joerg@" not in text
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in rows} == {6}
    assert "<script>" not in markdown.replace("\\<script\\>", "")
    assert "@everyone" not in markdown


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("ask joerg@example.org", "ask …@example.org"),
        ("mailto:j.r+x@mail.example.org?subject=x", "mailto:…@mail.example.org?subject=x"),
        ("https://meet.example.org/@room", "https://meet.example.org/@room"),
        ("https://meet.example.org/a@b.example.org", "https://meet.example.org/…@b.example.org"),
        ("a@b@c.example.org <d@e.org>", "a@…@c.example.org <…@e.org>"),
        ("no address @ all", "no address @ all"),
    ],
)
def test_addresses_are_masked(text, masked):
    assert without_addresses(text) == masked


def test_long_text_is_cut():
    assert on_one_line("one\ntwo  three") == "one two three"
    assert len(on_one_line("x" * 200)) == 80


def test_links_are_whole():
    long = f"https://zoom.example.org/{'x' * 100}"
    old, new = (edited([(LINK, LINK.replace("https://zoom.example.org/ccc-svsm", f"{long}{end}"))]) for end in "ab")
    assert f"{long}a -> {long}b" in "\n".join(changes_text(changes(old, new, **SPAN)))


@pytest.mark.slow
@given(day=st.dates(date(2025, 1, 1), date(2026, 6, 1)), hour=st.integers(0, 23), weeks=st.integers(1, 60))
@settings(max_examples=15)
def test_every_form_of_every_new_time_can_be_said(day, hour, weeks):
    new = edited([(LINK, f"from = [{{ date = 2025-05-07, start = {time(hour)} }}]")])
    start = instant(datetime(day.year, day.month, day.day, tzinfo=UTC))
    found = changes(OLD, new, start=start, end=instant(start + timedelta(weeks=weeks)))
    for form in FORMS.values():
        said = form(found)
        assert said == form(found)
        assert said.endswith("\n")
        assert not re.search(r"\w@\w", said)
