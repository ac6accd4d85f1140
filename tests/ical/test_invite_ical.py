"""Invites as iCalendar: a REQUEST for one attendee, a PUBLISH for a list; rNN in a test's name is the rule's number.

26 METHOD is the message's; 28 one ATTENDEE, asked for an answer; 29 an ORGANIZER. Both in every component.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar.parser import Contentline

import svsm_cal
from svsm_cal.core.civil import instant
from svsm_cal.ical.invite import Attendee, _attendee_line, invite
from svsm_cal.ical.stream import folded

EXAMPLE = Path(__file__).parents[2] / "examples/svsm/calendar.toml"
CALENDAR = svsm_cal.load(EXAMPLE)
NOW = instant(datetime(2025, 3, 5, 17, tzinfo=UTC))
TEXT = """
[calendar]
id = "example"
name = "Example community"
domain = "calendar.example.org"
zone = "Europe/Berlin"
organizer = { name = "Kalender; für alle, \\"Łódź\\"", email = "calendar@example.org" }

[[series]]
id = "call"
title = "Call"
start = 2025-01-08T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=WE"
attendees = ["claudio", "jon"]
cancel = [{ date = 2025-01-15 }]
move = [{ date = 2025-01-22, to = 2025-01-23T18:00:00 }]
change = [{ date = 2025-01-29, title = "Call, with guests" }, { date = 2025-04-02, title = "Call, with guests" }]
from = [{ date = 2025-06-04, start = 17:00:00 }]

[[series]]
id = "utc"
title = "Call in UTC"
start = 2025-01-07T18:00:00
zone = "UTC"
duration = "1h"
rule = "FREQ=MONTHLY;BYDAY=1TU,3TU"

[[participant]]
id = "claudio"
name = "Carvalho, Cláudio: \\"the first\\"; on time"
email = "claudio@example.org"
zone = "America/New_York"

[[participant]]
id = "jon"
name = "Jon Lange"
zone = "America/Los_Angeles"
"""
SMALL = svsm_cal.loads(TEXT)


def invites(calendar, person):
    attendee = calendar.participant(person) if person else None
    return {
        segment.uid: invite(calendar, segment, calendar.organizer, attendee, since=NOW)
        for series in calendar.series
        for segment in series.segments
    }


CASES = {
    f"{name}, {person or 'a list'}, {uid.split('@')[0]}": (calendar, person, message)
    for name, calendar in {"svsm": CALENDAR, "small": SMALL}.items()
    for person in ("claudio", None)
    for uid, message in invites(calendar, person).items()
}


@pytest.fixture(params=CASES)
def sent(request):
    """(calendar, person or None, invite)."""
    return CASES[request.param]


def listed(value):
    return value if isinstance(value, list) else [value]


def test_every_segment_has_an_invite():
    assert list(invites(SMALL, "claudio")) == [
        "call@calendar.example.org",
        "call+20250604@calendar.example.org",
        "utc@calendar.example.org",
        "utc+3TU@calendar.example.org",
    ]


def test_r26_the_method_is_the_message_s(sent):
    _, person, message = sent
    calendar = icalendar.Calendar.from_ical(message.data)
    assert (message.method, str(calendar["METHOD"])) == (("REQUEST", "REQUEST") if person else ("PUBLISH", "PUBLISH"))
    assert (str(calendar["VERSION"]), str(calendar["PRODID"])) == ("2.0", "-//svsm_cal//svsm_cal//EN")


def test_r25_an_invite_is_one_object(sent):
    """RFC 5546 section 3.2: all components of one UID, and its own first."""
    events = icalendar.Calendar.from_ical(sent[2].data).walk("VEVENT")
    assert {str(event["UID"]) for event in events} == {sent[2].uid}
    assert ["RECURRENCE-ID" in event for event in events] == [False] + [True] * (len(events) - 1)
    assert {int(event["SEQUENCE"]) for event in events} == {sent[2].sequence}


def test_r28_a_request_asks_one_attendee_for_an_answer_in_every_component(sent):
    _, person, message = sent
    for event in icalendar.Calendar.from_ical(message.data).walk("VEVENT"):
        if person is None:
            assert "ATTENDEE" not in event
            continue
        (attendee,) = listed(event["ATTENDEE"])
        assert str(attendee) == "mailto:claudio@example.org"
        parameters = {name: value for name, value in attendee.params.items() if name != "CN"}
        assert parameters == {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"}


def test_r29_every_component_has_the_organizer(sent):
    calendar, _, message = sent
    for event in icalendar.Calendar.from_ical(message.data).walk("VEVENT"):
        (organizer,) = listed(event["ORGANIZER"])
        assert str(organizer) == f"mailto:{calendar.organizer.email}"


def test_an_invite_tells_nobody_s_address_but_its_two(sent):
    calendar, person, message = sent
    others = {each.email for each in calendar.participants if each.email and each.id != person}
    assert [address for address in others if address.encode() in message.data] == []


@pytest.mark.parametrize("person", ["claudio", None])
def test_names_with_quotes_and_commas_come_back(person):
    """A parameter cannot hold a double quote (RFC 5545 section 3.2); everything else of a name is kept."""
    for message in invites(SMALL, person).values():
        for event in icalendar.Calendar.from_ical(message.data).walk("VEVENT"):
            assert str(event["ORGANIZER"].params["CN"]).replace("'", '"') == SMALL.organizer.name
            if person:
                assert str(event["ATTENDEE"].params["CN"]).replace("'", '"') == SMALL.participant(person).name


def test_calls_that_are_over_and_only_said_something_else_are_left_out():
    (message, *_) = invites(SMALL, "claudio").values()
    events = icalendar.Calendar.from_ical(message.data).walk("VEVENT")
    assert [event["RECURRENCE-ID"].dt.date() for event in events[1:]] == [date(2025, 1, 22), date(2025, 4, 2)]


def test_an_invite_is_written_as_a_feed_is(sent):
    lines = sent[2].data.split(b"\r\n")
    assert sent[2].data.count(b"\n") == len(lines) - 1
    assert max(len(line) for line in lines) <= 75
    assert all(line.decode() is not None for line in lines)
    used = {part.split(b":")[0].split(b";")[0] for line in lines for part in line.split(b"TZID=")[1:]}
    told = {line.removeprefix(b"TZID:") for line in lines if line.startswith(b"TZID:")}
    assert used == told


def test_an_invite_is_the_same_whenever_it_is_written():
    for calendar, person in ((CALENDAR, "claudio"), (CALENDAR, None), (SMALL, "claudio")):
        again, once = (invites(calendar, person) for _ in range(2))
        assert again == once


@pytest.mark.slow
def test_every_reader_finds_the_calls_of_an_invite(read, reader):
    (message,) = invites(CALENDAR, "claudio").values()
    calls = svsm_cal.occurrences(CALENDAR, NOW, datetime(2027, 1, 1, tzinfo=UTC))
    assert read(reader, message.data, date(2025, 3, 6), date(2027, 1, 1)) == [
        each.start_utc.strftime("%Y-%m-%dT%H:%M:%SZ") for each in calls if each.start_utc.date() >= date(2025, 3, 6)
    ]
    (message, *_) = invites(SMALL, None).values()
    assert len(read(reader, message.data, date(2025, 1, 1), date(2027, 1, 1))) == 20


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=200), st.integers(0, 90))
def test_an_attendee_of_any_name_is_read_back(name, padding):
    padded = "x" * padding + name
    line = _attendee_line(Attendee(padded, "dionna@example.org", "TENTATIVE"))
    assert all(len(each) <= 75 for each in line.split(b"\r\n"))
    assert all(each.decode() for each in line.removesuffix(b"\r\n").split(b"\r\n"))  # no character is cut
    _, params, value = Contentline.from_ical(line.replace(b"\r\n ", b"").strip().decode()).parts()
    assert (params["CN"], params["PARTSTAT"], value) == (padded, "TENTATIVE", "mailto:dionna@example.org")


@pytest.mark.parametrize("length", [74, 75, 76, 148, 149, 150, 1000])
@pytest.mark.parametrize("letter", ["a", "é", "東", "🎉", "^", "\\"])
def test_folded_lines_unfold_to_what_they_were(letter, length):
    line = letter * length
    found = folded(line)
    assert found.endswith(b"\r\n")
    assert all(len(each) <= 75 for each in found.split(b"\r\n"))
    assert found.replace(b"\r\n ", b"").removesuffix(b"\r\n").decode() == line
