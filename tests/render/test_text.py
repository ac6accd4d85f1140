"""Columns for a terminal: aligned by the cells characters take, not by how many there are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from unicodedata import combining, east_asian_width, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svsm_cal.config.load import loads
from svsm_cal.core.localized import Clocks
from svsm_cal.core.occurrences import next_occurrences
from svsm_cal.engine.zones import zone_of
from svsm_cal.render.text import aligned, deadlines_text, next_text, plain, shifts_text
from svsm_cal.words import ENGLISH
from tests.support import small


def cells(*texts):
    return [("", text) for text in texts]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        ([cells("a")], ["  a"]),
        ([cells("a", "b"), cells("ccc", "d")], ["  a    b", "  ccc  d"]),
        ([cells("a", ""), cells("ccc", "")], ["  a", "  ccc"]),  # nothing trails
        ([cells("", "b"), cells("aa", "b")], ["      b", "  aa  b"]),
        ([cells("a"), cells("bb", "c")], ["  a", "  bb  c"]),  # rows of different lengths
        ([cells("王", "x"), cells("ab", "x"), cells("a", "x")], ["  王  x", "  ab  x", "  a   x"]),
        ([cells("한국", "x"), cells("abcd", "x")], ["  한국  x", "  abcd  x"]),
        ([cells("\uff21\uff22", "x"), cells("abcd", "x")], ["  \uff21\uff22  x", "  abcd  x"]),  # full-width letters
        ([cells("ｱｲ", "x"), cells("ab", "x")], ["  ｱｲ  x", "  ab  x"]),  # half-width katakana
        ([cells("Cláudio", "x"), cells("Vasant.", "x")], ["  Cláudio  x", "  Vasant.  x"]),
        (
            [cells(normalize("NFD", "Cláudio"), "x"), cells("Vasant.", "x")],
            [normalize("NFD", "  Cláudio  x"), "  Vasant.  x"],
        ),
    ],
)
def test_aligned(rows, expected):
    assert aligned(rows) == expected


def test_aligned_indents_as_told():
    assert aligned([cells("a", "b")], indent="") == ["a  b"]
    assert aligned([cells("a", "b")], indent="> ") == ["> a  b"]


def test_paint_does_not_change_where_columns_are():
    rows = [[("strong", "a"), ("", "b")], [("faint", "ccc"), ("shift", "d")], [("strong", ""), ("", "e")]]
    painted = aligned(rows, lambda style, text: f"\x1b[{len(style)}m{text}\x1b[0m")
    assert painted == [
        "  \x1b[6ma\x1b[0m    \x1b[0mb\x1b[0m",
        "  \x1b[5mccc\x1b[0m  \x1b[5md\x1b[0m",
        "       \x1b[0me\x1b[0m",
    ]


def width(text):
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


WORD = st.text(st.sampled_from("abcXYZ éáü王芳한ｱ\uff21́̈"), max_size=6).map(lambda text: f"-{text}-")


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(WORD, min_size=n, max_size=n), min_size=1, max_size=6)))
def test_columns_begin_at_the_same_cell(rows):
    lines = aligned([cells(*row) for row in rows])
    widest = [max(width(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row, line in zip(rows, lines, strict=True):
        assert line == line.rstrip()
        at = 0
        for number, text in enumerate(row):
            found = line.index(text, at)
            assert width(line[:found]) == 2 + sum(widest[:number]) + 2 * number
            at = found + len(text)


def test_plain_paints_nothing():
    assert plain("strong", "text") == "text"


TWO = loads(
    small("""\
[[series]]
id = "devel-call"
title = "SVSM Development Call"
start = 2025-03-05T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;COUNT=2"

[[series]]
id = "triage"
title = "Triage"
start = 2025-03-06T23:30:00
duration = "1h"
rule = "FREQ=WEEKLY;COUNT=1"
""")
)
NOW = datetime(2025, 3, 1, tzinfo=UTC)


def seen(zone):
    clocks = Clocks()
    return [clocks.see(each, zone_of(zone)) for each in next_occurrences(TWO, NOW, 5, cancelled=True)]


def test_next_names_the_call_where_there_are_several_series():
    assert next_text(ENGLISH, TWO, seen("Europe/Berlin"), zone_of("Europe/Berlin"), NOW) == [
        "C, times in Europe/Berlin",
        "  Wed 5 March 2025   18:00  SVSM Development Call",
        "  Thu 6 March 2025   23:30  Triage",
        "  Wed 12 March 2025  18:00  SVSM Development Call",
        "",
        "  The next one begins in 4 days 17 hours.",
    ]


def test_next_names_the_anchors_date_where_it_is_another():
    assert next_text(ENGLISH, TWO, seen("Asia/Tokyo"), zone_of("Asia/Tokyo"), NOW)[1:4] == [
        "  Thu 6 March 2025   02:00  (Wed 5 March 18:00 Europe/Berlin)   SVSM Development Call",
        "  Fri 7 March 2025   07:30  (Thu 6 March 23:30 Europe/Berlin)   Triage",
        "  Thu 13 March 2025  02:00  (Wed 12 March 18:00 Europe/Berlin)  SVSM Development Call",
    ]


def test_nothing_to_show_is_said():
    assert next_text(ENGLISH, TWO, [], zone_of("Europe/Berlin"), NOW) == ["C: no more calls."]
    assert shifts_text(ENGLISH, []) == ["No calls in this range."]
    assert deadlines_text(ENGLISH, []) == ["No deadlines ahead."]


def test_shifts_are_a_block_for_each_series_and_zone():
    clocks = Clocks()
    rows = [
        (window, ())
        for series in TWO.series
        for window in clocks.windows(series, zone_of("Asia/Tokyo"), date(2025, 3, 1), date(2025, 4, 1))
    ]
    assert shifts_text(ENGLISH, rows) == [
        "Asia/Tokyo, SVSM Development Call",
        "  Wed 5 March to Wed 12 March 2025 (2 calls)  02:00 the next day    season",
        "",
        "Asia/Tokyo, Triage",
        "  Thu 6 March 2025 (1 call)  07:30 the next day    season",
    ]
