"""What the pages are made of: languages, links, the year's picture, the data that scripts and others read."""

from __future__ import annotations

import json
import re
import string
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import svsm_cal
from svsm_cal.app.publish import site
from svsm_cal.core.clocks import Clocks
from svsm_cal.core.occurrences import occurrences
from svsm_cal.core.zones import zone_of
from svsm_cal.render.links import base_of, feed_links, safe_link
from svsm_cal.render.site.view import regular_data
from svsm_cal.render.year_picture import city, year_of, year_picture
from svsm_cal.value import replace
from svsm_cal.words.languages import ENGLISH, GERMAN, LANGUAGES
from svsm_cal.words.local_notes import shift_note
from svsm_cal.words.notes import change_note
from svsm_cal.words.phrases import change_in_words, day_and_year, remaining_in_words

ROOT = Path(__file__).parents[2]
EXAMPLES = [ROOT / "examples/svsm/calendar.toml", ROOT / "examples/minimal/calendar.toml"]
NOW = datetime(2025, 3, 5, 17, tzinfo=UTC)


@pytest.fixture(scope="module")
def example():
    return svsm_cal.load(EXAMPLES[0])


# --- Languages ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda each: each.tag)
def test_a_language_says_everything_and_nothing_else(language):
    assert set(language.words) == set(ENGLISH.words)
    assert set(language.units) == set(ENGLISH.units)
    names = [len(each) for each in (language.weekdays, language.weekdays_short, language.months)]
    assert names == [7, 7, 12]
    for key, text in language.words.items():
        fields = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        assert fields == {name for _, name, _, _ in string.Formatter().parse(ENGLISH.words[key]) if name is not None}, key
        assert text.strip() == text


@pytest.mark.slow
def test_every_text_is_said_somewhere():
    rooms = [*(ROOT / "svsm_cal/render").rglob("*"), *(ROOT / "svsm_cal/words").glob("l*.py")]
    said = "".join(path.read_text(encoding="utf-8") for path in rooms if path.suffix in (".py", ".html", ".js"))
    made = {"news_": ("cancelled", "moved", "added", "changed", "restored", "window", "slip")}
    keys = set(ENGLISH.words) - {f"{start}{end}" for start, ends in made.items() for end in ends}
    assert [key for key in sorted(keys) if len(re.findall(rf"\b{key}\b", said)) < 3] == []


@pytest.mark.parametrize(
    ("said", "english", "german"),
    [
        (lambda each: each.day(date(2025, 3, 5)), "Wed 5 March", "Mi, 5. März"),
        (lambda each: each.long_date(date(2025, 3, 5)), "Wednesday 5 March 2025", "Mittwoch, 5. März 2025"),
        (lambda each: each.span(date(2025, 3, 12), date(2025, 3, 26)), "12\u201326 March", "12.\u201326. März"),
        (lambda each: each.span(date(2025, 3, 26), date(2025, 4, 2)), "26 March \u2013 2 April", "26. März \u2013 2. April"),
        (lambda each: each.span(date(2025, 3, 26), date(2025, 3, 26)), "26 March", "26. März"),
        (lambda each: each.change(60), "an hour later", "eine Stunde später"),
        (lambda each: each.change(-30), "30 minutes earlier", "30 Minuten früher"),
        (lambda each: each.change(90), "1 hour 30 minutes later", "1 Stunde 30 Minuten später"),
        (lambda each: each.change(0), "", ""),
        (lambda each: each.remaining(timedelta(days=6, hours=19, minutes=3)), "in 6 days 19 hours", "in 6 Tagen 19 Stunden"),
        (lambda each: each.remaining(timedelta(weeks=1, hours=1)), "in 1 week", "in 1 Woche"),
        (lambda each: each.remaining(timedelta(seconds=20)), "in 0 minutes", "in 0 Minuten"),
        (lambda each: each.remaining(-timedelta(days=1)), "1 day ago", "vor 1 Tag"),
        (lambda each: each.length(timedelta(hours=1)), "1 hour", "1 Stunde"),
        (lambda each: each.amount(2, "call"), "2 calls", "2 Treffen"),
    ],
)
def test_phrases(said, english, german):
    assert (said(ENGLISH), said(GERMAN)) == (english, german)


def test_english_says_what_the_command_says(example):
    for days in range(0, 400, 17):
        assert ENGLISH.date(date(2025, 1, 1) + timedelta(days)) == day_and_year(date(2025, 1, 1) + timedelta(days))
        left = timedelta(days=days, minutes=days * 7)
        assert ENGLISH.remaining(left) == remaining_in_words(left)
    assert [ENGLISH.change(each) for each in (60, -60, 30, -90)] == [change_in_words(each) for each in (60, -60, 30, -90)]
    clocks = Clocks()
    for call in occurrences(example, NOW, NOW + timedelta(weeks=60)):
        for zone in ("America/New_York", "Europe/London", "America/Santiago"):
            seen = clocks.see(call, zone_of(zone))
            assert shift_note(ENGLISH, seen) == change_note(seen)


# --- Links --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "safe"),
    [
        ("https://example.org/", True), ("HTTP://example.org", True), ("matrix:r/x:example.org", True), ("tel:+1", True),
        ("javascript:alert(1)", False), (" javascript:alert(1)", False), ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("vbscript:x", False), ("//example.org", False), ("x", False), ("", False), (None, False), ("file:///etc/passwd", False),
        ("mailto:a@example.org", False),
    ],
)  # fmt: skip
def test_a_link_may_be_followed(link, safe):
    assert (safe_link(link) is not None) == safe


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://example.org/a", "https://example.org/a/"), ("https://example.org/a/", "https://example.org/a/"),
        ("https://example.org/?a=b", None), ("https://example.org/#x", None), ("irc://example.org/x", None), (None, None),
    ],
)  # fmt: skip
def test_where_the_site_is(example, url, base):
    calendar = replace(example, url=url)
    assert base_of(calendar) == base
    links = feed_links(calendar, "all_calls", "All calls", "calendar.ics")
    assert links.https == (f"{base}calendar.ics" if base else None)
    assert (links.webcal is None) == (base is None)


# --- The picture of the year --------------------------------------------------------------------------------------


def picture_of(calendar, now, zones=("America/New_York", "Asia/Kolkata")):
    series = calendar.series[0]
    first, end = year_of(now)
    calls = [
        each
        for each in occurrences(series, now - timedelta(days=40), now + timedelta(days=400), cancelled=True)
        if first <= each.start.date() < end
    ]
    rows = [(zone_of(each), series.regular_calls.windows(zone_of(each), first, end)) for each in zones]
    return year_picture(ENGLISH, series, calls, rows, utc=zone_of("UTC"), now=now), calls


def test_the_picture_has_a_row_a_zone_and_a_cell_a_call(example):
    picture, calls = picture_of(example, NOW)
    assert [(row.name, len(row.fills)) for row in picture.rows] == [("New York", 2), ("Kolkata", 2)]
    held = sum(each.held for each in calls)
    assert [sum(path.count("z") for _, path in row.fills) for row in picture.rows] == [held, held]
    assert [hour for hour, _ in picture.rows[0].fills] == [12, 13]
    assert len(picture.own) == len(calls)
    assert picture.crosses.count("M") == (len(calls) - held) * 3
    assert [frame.label for frame in picture.rows[0].frames] == ["12\u201326 March, 13:00", "29 October, 13:00"]
    assert picture.rows[1].frames == ()
    assert [month.name for month in picture.months][::11] == ["March", "February"]


@pytest.mark.parametrize("rule", ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=MONTHLY;BYDAY=2WE", "FREQ=YEARLY"])
def test_cells_do_not_touch(rule):
    text = EXAMPLES[0].read_text(encoding="utf-8").replace("FREQ=WEEKLY;BYDAY=WE", rule)
    text = re.sub(r"(cancel|change) = \[.*?\n\]", "", text, flags=re.DOTALL)
    picture, calls = picture_of(svsm_cal.loads(text), NOW)
    xs = [mark.x for mark in picture.own]
    assert len(xs) == len(calls) > 0
    assert all(after - before >= picture.cell for before, after in pairwise(xs))
    assert xs[-1] + picture.cell <= picture.width


def test_a_picture_across_a_leap_day_and_the_last_of_a_month(example):
    for now in (datetime(2024, 2, 29, tzinfo=UTC), datetime(2025, 12, 31, 23, tzinfo=UTC)):
        picture, _ = picture_of(example, now)
        assert len(picture.months) == 12
        assert all(before.x < after.x for before, after in pairwise(picture.months))


def test_a_city():
    assert [city(each) for each in ("America/Argentina/Buenos_Aires", "UTC")] == ["Buenos Aires", "UTC"]


# --- Data ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("day", [date(2025, 3, 5), date(2024, 1, 1), date(2025, 12, 9), date(2031, 7, 1)])
def test_calendar_json_is_as_its_schema_says(path, day):
    now = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
    schema = json.loads(files("svsm_cal.render.site").joinpath("calendar-json.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    data = json.loads(site(svsm_cal.load(path), now=now)["calendar.json"])
    Draft202012Validator(schema).validate(data)
    # Nothing is published that the schema does not name.
    for kind in ("occurrence", "window", "deadline", "change"):
        rows = data[f"{kind}s"]
        assert all(set(row) == set(schema["$defs"][kind]["properties"]) for row in rows)
    assert set(data) == set(schema["properties"])


def test_next_json_is_what_the_command_says(example):
    from click.testing import CliRunner

    from svsm_cal.cli import command

    line = ["-c", str(EXAMPLES[0]), "--now", "2025-03-13T00:00Z", "next", "-n", "1", "--json"]
    shown = CliRunner().invoke(command, line, catch_exceptions=False).stdout
    assert site(example, now=datetime(2025, 3, 13, tzinfo=UTC))["next.json"].decode() == shown


def test_the_script_is_told_of_the_same_calls_whoever_asked_before():
    """A server that has looked further ahead writes the same page as a command that has not."""
    fresh, asked = svsm_cal.load(EXAMPLES[0]), svsm_cal.load(EXAMPLES[0])
    asked.series[0].regular_calls.extend(date(2060, 1, 1))
    assert regular_data(fresh.series[0], NOW) == regular_data(asked.series[0], NOW)
    assert site(fresh, now=NOW) == site(asked, now=NOW)
    rows = regular_data(fresh.series[0], NOW)
    found = []
    for text, calls, days, minutes in rows:
        start = datetime.fromisoformat(text)
        assert minutes == start.hour * 60 + start.minute
        found += [start + timedelta(days=days * number) for number in range(calls)]
    expected = [each.start_utc for each in occurrences(fresh, found[0], found[-1] + timedelta(seconds=1))]
    assert found == expected
