"""iCalendar text: lines with their numbers, components, and what is wrong with the form."""

from __future__ import annotations

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svsm_cal.ical.content import read_content

PROFILE = settings(max_examples=300)


def lines(*each):
    return "".join(f"{line}\r\n" for line in each).encode()


def problems(data):
    return [(each.line, each.column, each.code) for each in read_content(data).problems]


def test_components_have_their_lines_properties_and_children():
    content = read_content(
        lines(
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "BEGIN:VEVENT",
            "SUMMARY;LANGUAGE=en:A",
            " B",
            "",
            "UID:1",
            "END:VEVENT",
            "end:vcalendar",
        )
    )
    (calendar,) = content.components
    (event,) = calendar.children
    assert (calendar.name, calendar.line, event.name, event.line) == ("VCALENDAR", 1, "VEVENT", 3)
    told = [(each.line, each.name, dict(each.params), each.value) for each in event.properties]
    assert told == [(4, "SUMMARY", {"LANGUAGE": ("en",)}, "AB"), (7, "UID", {}, "1")]
    assert [each.code for each in content.problems] == ["blank-line"]


@pytest.mark.parametrize(
    ("line", "name", "params", "value"),
    [
        ("A:b:c;d", "A", {}, "b:c;d"),
        ("dtstart;tzid=Europe/Berlin:20250101T000000", "DTSTART", {"TZID": ("Europe/Berlin",)}, "20250101T000000"),
        ('ATTENDEE;CN="A; B: C";ROLE=X:mailto:a', "ATTENDEE", {"CN": ("A; B: C",), "ROLE": ("X",)}, "mailto:a"),
        ('X;MEMBER="a","b",c:', "X", {"MEMBER": ("a", "b", "c")}, ""),
        ("X;CN=a^'b^^n^nc:d", "X", {"CN": ('a"b^n\nc',)}, "d"),
        ("X;A=:b", "X", {"A": ("",)}, "b"),
    ],
)
def test_a_line_is_name_parameters_and_value(line, name, params, value):
    content = read_content(lines("BEGIN:X", line, "END:X"))
    (read,) = content.components[0].properties
    assert (read.name, dict(read.params), read.value) == (name, params, value)
    assert content.problems == ()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (lines("BEGIN:X", "A:1", "END:X"), []),
        (b"BEGIN:X\r\nA:1\nB:2\nEND:X\r\n", [(2, 1, "line-end")]),
        (b"BEGIN:X\r\nEND:X", [(2, 6, "last-line-end")]),
        (b"BEGIN:X\nEND:X", [(1, 1, "line-end"), (2, 6, "last-line-end")]),
        (b"\xef\xbb\xbfBEGIN:X\r\nEND:X\r\n", [(1, 1, "byte-order-mark")]),
        (lines("BEGIN:X", "A:" + "x" * 73, "A:" + "x" * 74, "END:X"), [(3, 1, "long-line")]),
        (lines("BEGIN:X", "A:" + "ü" * 37, "END:X"), [(2, 1, "long-line")]),
        (b"BEGIN:X\r\nA:\xc3\r\n \xbc\r\nEND:X\r\n", [(2, 3, "split-character")]),
        (b"BEGIN:X\r\nA:x\xfcy\r\nEND:X\r\n", [(2, 4, "encoding")]),
        (b"BEGIN:X\r\nA:x\r\n y\xfc\r\nEND:X\r\n", [(3, 3, "encoding")]),
        (lines("BEGIN:X", "A:\x07", "END:X"), [(2, 1, "control-character")]),
        (lines("BEGIN:X", "A:\t", "END:X"), []),
        (b"BEGIN:X\r\r\nEND:X\r\n", [(1, 1, "control-character")]),
        (lines("BEGIN:X", "no colon", "END:X"), [(2, 1, "not-a-line")]),
        (lines("BEGIN:X", "Ä:1", "END:X"), [(2, 1, "not-a-line")]),
        (lines("BEGIN:X", "A;B:1", "END:X"), [(2, 1, "bad-parameter")]),
        (lines("BEGIN:X", 'A;B="x:1', "END:X"), [(2, 1, "not-a-line")]),
        (lines("BEGIN:X", "BEGIN:Y", "END:X"), [(2, 1, "unbalanced")]),
        (lines("BEGIN:X", "END:Y", "END:X"), [(2, 1, "unbalanced")]),
        (lines("BEGIN:X"), [(1, 1, "unbalanced")]),
        (lines(*["BEGIN:X"] * 22, *["END:X"] * 20), [(21, 1, "unbalanced"), (22, 1, "unbalanced")]),
        (lines("A:1", "BEGIN:X", "END:X"), [(1, 1, "outside-calendar")]),
        (b"", []),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_form(data, found):
    assert problems(data) == found


def test_a_problem_of_many_lines_is_told_once():
    (problem,) = read_content(b"BEGIN:X\nA:1\nEND:X\n").problems
    assert (problem.line, problem.detail) == (1, ", and 2 more lines like it")


def test_a_place_within_an_unfolded_line():
    content = read_content(lines("BEGIN:X", "A:0123", " 4567", "\t89", "END:X"))
    (read,) = content.components[0].properties
    places = {digit: content.place(read.line, read.head + read.value.index(digit)) for digit in "03478"}
    assert places == {"0": (2, 3), "3": (2, 6), "4": (3, 2), "7": (3, 5), "8": (4, 2)}


def test_what_comes_after_an_error_is_read():
    content = read_content(b"BEGIN:X\r\nbroken\r\nA:\xff\r\nB:2\r\nBEGIN:Y\r\nEND:X\r\nBEGIN:Z\r\nEND:Z\r\n")
    assert [(each.name, [inner.name for inner in each.children]) for each in content.components] == [("X", ["Y"]), ("Z", [])]
    assert [(each.name, each.value) for each in content.components[0].properties] == [("A", "\ufffd"), ("B", "2")]


def test_any_depth():
    content = read_content(lines(*["BEGIN:X"] * 50_000))
    assert len(content.problems) == 50_000
    assert len(content.components) == 1


@PROFILE
@given(st.binary(max_size=300) | st.text('BEGIN:XEND;="\r\n \tü\\,', max_size=300).map(str.encode))
def test_any_bytes_are_read(data):
    content = read_content(data)
    for each in content.problems:
        assert 1 <= each.line <= data.count(b"\n") + 1
        assert each.column >= 1


@pytest.mark.slow
@PROFILE
@given(st.lists(st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=200), max_size=5))
def test_texts_are_those_that_icalendar_wrote(texts):
    event = icalendar.Event()
    for text in texts:
        event.add("comment", text)
    content = read_content(event.to_ical())
    assert content.problems == ()
    assert [each.value for each in content.components[0].all("COMMENT")] == [
        icalendar.vText(each).to_ical().decode() for each in texts
    ]
