"""Answers as the real clients write them, one row a client and habit; and whatever else may come, read or refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svsm_cal.errors import InputError
from svsm_cal.ical.replies import Attendee, read_replies

WINDOWS_ZONE = """\
BEGIN:VTIMEZONE
TZID:{name}
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""
UID = "devel-call@coconut-svsm.example.org"
JULY = datetime(2025, 7, 9, 16, tzinfo=UTC)  # 18:00 in Berlin

GOOGLE = """\
BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:REPLY
BEGIN:VEVENT
DTSTART:20250709T160000Z
DTEND:20250709T170000Z
DTSTAMP:20250305T170102Z
ORGANIZER;CN=COCONUT-SVSM calendar:mailto:calendar@example.org
UID:devel-call@coconut-svsm.example.org
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=DECLINED;CN=Dionna
  Glaze;X-NUM-GUESTS=0;X-RESPONSE-COMMENT="On a plane":mailto:dionna@example.org
RECURRENCE-ID:20250709T160000Z
CREATED:20250301T120000Z
LAST-MODIFIED:20250305T170101Z
SEQUENCE:2
STATUS:CONFIRMED
SUMMARY:SVSM Development Call
TRANSP:OPAQUE
END:VEVENT
END:VCALENDAR
"""
EXCHANGE = (
    """\
BEGIN:VCALENDAR
METHOD:REPLY
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
"""
    + WINDOWS_ZONE.format(name="W. Europe Standard Time")
    + """\
BEGIN:VEVENT
ATTENDEE;PARTSTAT=ACCEPTED;CN=Dionna Glaze:MAILTO:Dionna@Example.org
COMMENT;LANGUAGE=en-US:\\n
UID:devel-call@coconut-svsm.example.org
RECURRENCE-ID;TZID=W. Europe Standard Time:20250709T180000
SUMMARY;LANGUAGE=en-US:Accepted: SVSM Development Call
DTSTART;TZID=W. Europe Standard Time:20250709T180000
DTEND;TZID=W. Europe Standard Time:20250709T190000
CLASS:PUBLIC
PRIORITY:5
DTSTAMP:20250305T170102Z
TRANSP:OPAQUE
STATUS:CONFIRMED
SEQUENCE:2
LOCATION;LANGUAGE=en-US:
X-MICROSOFT-CDO-APPT-SEQUENCE:2
X-MICROSOFT-CDO-OWNERAPPTID:0
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY
X-MICROSOFT-CDO-ALLDAYEVENT:FALSE
X-MICROSOFT-CDO-IMPORTANCE:1
X-MICROSOFT-CDO-INSTTYPE:3
X-MICROSOFT-DISALLOW-COUNTER:FALSE
END:VEVENT
END:VCALENDAR
"""
)
CUSTOM_ZONE = EXCHANGE.replace("W. Europe Standard Time", "Customized Time Zone")
WITHOUT_VTIMEZONE = re.sub(r"BEGIN:VTIMEZONE.*END:VTIMEZONE\n", "", EXCHANGE, flags=re.DOTALL)
APPLE = """\
BEGIN:VCALENDAR
CALSCALE:GREGORIAN
METHOD:REPLY
PRODID:-//Apple Inc.//macOS 14.5//EN
VERSION:2.0
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
ATTENDEE;CN="Glaze, Dionna";CUTYPE=INDIVIDUAL;EMAIL=dionna@example.org;PART
 STAT=TENTATIVE:/aMTIzNDU2Nzg5MA/principal/
COMMENT:May be ten minutes late\\, sorry
DTEND;TZID=Europe/Berlin:20250709T190000
DTSTAMP:20250305T170102Z
DTSTART;TZID=Europe/Berlin:20250709T180000
ORGANIZER;CN="COCONUT-SVSM calendar":mailto:calendar@example.org
RECURRENCE-ID;TZID=Europe/Berlin:20250709T180000
SEQUENCE:2
UID:devel-call@coconut-svsm.example.org
END:VEVENT
END:VCALENDAR
"""
THUNDERBIRD = """\
BEGIN:VCALENDAR
PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN
VERSION:2.0
METHOD:REPLY
BEGIN:VEVENT
LAST-MODIFIED:20250305T170101Z
DTSTAMP:20250305T170102Z
UID:devel-call@coconut-svsm.example.org
SUMMARY:SVSM Development Call
ORGANIZER;CN=COCONUT-SVSM calendar:mailto:calendar@example.org
ATTENDEE;CN=Dionna Glaze;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT:mailto:dio
 nna@example.org
RRULE:FREQ=WEEKLY;BYDAY=WE
DTSTART;TZID=Europe/Berlin:20240214T180000
DTEND;TZID=Europe/Berlin:20240214T190000
SEQUENCE:2
X-MOZ-GENERATION:1
END:VEVENT
BEGIN:VEVENT
DTSTAMP:20250305T170102Z
UID:devel-call@coconut-svsm.example.org
RECURRENCE-ID;TZID=Europe/Berlin:20250709T180000
ATTENDEE;PARTSTAT=DECLINED:mailto:dionna@example.org
SEQUENCE:2
END:VEVENT
END:VCALENDAR
"""
SABRE = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Sabre//Sabre VObject 4.5.4//EN
CALSCALE:GREGORIAN
METHOD:REPLY
BEGIN:VEVENT
UID:devel-call@coconut-svsm.example.org
DTSTAMP:20250305T170102Z
SEQUENCE:2
RECURRENCE-ID;TZID=Europe/Berlin:20250709T180000
DTSTART;TZID=Europe/Berlin:20250709T180000
SUMMARY:SVSM Development Call
ORGANIZER;CN=COCONUT-SVSM calendar:mailto:calendar@example.org
ATTENDEE;PARTSTAT=ACCEPTED;CN=Dionna Glaze:mailto:dionna@example.org
REQUEST-STATUS:2.0;Success
END:VEVENT
END:VCALENDAR
"""
ZIMBRA = """\
BEGIN:VCALENDAR
PRODID:Zimbra-Calendar-Provider
VERSION:2.0
METHOD:REPLY
BEGIN:VEVENT
UID:devel-call@coconut-svsm.example.org
SUMMARY:Accept: SVSM Development Call
ATTENDEE;CN=Dionna Glaze;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;SENT-BY="ma
 ilto:peter@example.org":mailto:dionna@example.org
ORGANIZER;CN=COCONUT-SVSM calendar:mailto:calendar@example.org
DTSTART;TZID="Europe/Berlin":20250709T180000
DTEND;TZID="Europe/Berlin":20250709T190000
RECURRENCE-ID;TZID="Europe/Berlin":20250709T180000
DTSTAMP:20250305T170102Z
SEQUENCE:2
END:VEVENT
END:VCALENDAR
"""
EVOLUTION = """\
BEGIN:VCALENDAR
CALSCALE:GREGORIAN
PRODID:-//Ximian//NONSGML Evolution Calendar//EN
VERSION:2.0
METHOD:REPLY
BEGIN:VEVENT
UID:devel-call@coconut-svsm.example.org
DTSTAMP:20250305T170102Z
RECURRENCE-ID;TZID=/freeassociation.sourceforge.net/Europe/Berlin:
 20250709T180000
SEQUENCE:2
ORGANIZER;CN=COCONUT-SVSM calendar:MAILTO:calendar@example.org
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=DELEGATED;RSVP=TRUE;
 DELEGATED-TO="mailto:stefano@example.org","MAILTO:Peter@example.org";
 CN=Dionna Glaze:MAILTO:dionna@example.org
END:VEVENT
END:VCALENDAR
"""
FASTMAIL = """\
BEGIN:VCALENDAR
PRODID:-//CyrusIMAP.org/Cyrus 3.11//EN
VERSION:2.0
METHOD:REPLY
CALSCALE:GREGORIAN
BEGIN:VEVENT
UID:devel-call@coconut-svsm.example.org
SEQUENCE:2
DTSTAMP:20250305T170102Z
ORGANIZER:mailto:calendar@example.org
ATTENDEE;X-JMAP-ID=d1;EMAIL=dionna@example.org;PARTSTAT=accepted;CN=Dionna
  Glaze:mailto:dionna%40example.org
RECURRENCE-ID;TZID=Europe/Berlin:20250709T180000
END:VEVENT
END:VCALENDAR
"""


def attendee(partstat, *, name="Dionna Glaze", to=(), sent_by=""):
    return Attendee("dionna@example.org", name, partstat, to, (), sent_by)


# What a client writes, the answers in it with the instance they are for, the organizer, and the comment.
CLIENTS = {
    "Google: an instance in UTC": (GOOGLE, [(attendee("DECLINED"), JULY)], "calendar@example.org", ""),
    "Exchange: no ORGANIZER, a Windows zone": (EXCHANGE, [(attendee("ACCEPTED"), JULY)], None, ""),
    "Outlook: a zone that is in its VTIMEZONE alone": (CUSTOM_ZONE, [(attendee("ACCEPTED"), JULY)], None, ""),
    "Outlook: a Windows zone without VTIMEZONE": (WITHOUT_VTIMEZONE, [(attendee("ACCEPTED"), JULY)], None, ""),
    "Apple: the address in EMAIL": (
        APPLE,
        [(attendee("TENTATIVE", name="Glaze, Dionna"), JULY)],
        "calendar@example.org",
        "May be ten minutes late, sorry",
    ),
    "Thunderbird: the series, and one instance": (
        THUNDERBIRD,
        [(attendee("ACCEPTED"), None), (attendee("DECLINED", name=""), JULY)],
        "calendar@example.org",
        "",
    ),
    "Nextcloud: as sabre writes it": (SABRE, [(attendee("ACCEPTED"), JULY)], "calendar@example.org", ""),
    "Zimbra: a quoted TZID, sent by somebody": (
        ZIMBRA,
        [(attendee("ACCEPTED", sent_by="peter@example.org"), JULY)],
        "calendar@example.org",
        "",
    ),
    "Evolution: a TZID with a path, delegated to two": (
        EVOLUTION,
        [(attendee("DELEGATED", to=("stefano@example.org", "peter@example.org")), JULY)],
        "calendar@example.org",
        "",
    ),
    "Fastmail: a partstat in small letters, an escaped address": (
        FASTMAIL,
        [(attendee("ACCEPTED"), JULY)],
        "calendar@example.org",
        "",
    ),
}


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
@pytest.mark.parametrize("client", CLIENTS)
def test_what_the_clients_write(client, ends):
    text, answers, organizer, comment = CLIENTS[client]
    replies = read_replies(text.replace("\n", ends).encode())
    assert [(*each.attendees, each.recurrence and each.recurrence.at) for each in replies] == answers
    assert {(each.method, each.uid, each.sequence) for each in replies} == {("REPLY", UID, 2)}
    assert {each.stamp for each in replies} == {datetime(2025, 3, 5, 17, 1, 2, tzinfo=UTC)}
    assert (replies[0].organizer, replies[0].comment) == (organizer, comment)


def test_an_ill_formed_parameter_does_not_hide_the_rest():
    [reply] = read_replies(
        event("ATTENDEE;PARTSTAT=ACCEPTED;X-NOTHING:mailto:a@example.org", "RECURRENCE-ID;=;:20250709T160000Z")
    )
    assert [(each.address, each.partstat) for each in reply.attendees] == [("a@example.org", "ACCEPTED")]
    assert reply.recurrence.at == JULY


def test_a_delegate_without_an_address_is_none():
    delegation = 'DELEGATED-TO="";DELEGATED-FROM=" ","mailto:b@example.org"'
    [who] = read_replies(event(f"ATTENDEE;PARTSTAT=DELEGATED;{delegation}:mailto:a@example.org"))[0].attendees
    assert (who.delegated_to, who.delegated_from) == ((), ("b@example.org",))


@pytest.mark.parametrize("number", [0, 7, 2147483647])  # RFC 5545 section 3.3.8: the largest INTEGER
def test_sequence_is_any_number_that_an_integer_may_be(number):
    [reply] = read_replies(event(f"SEQUENCE:{number}"))
    assert reply.sequence == number


def test_the_request_status_is_kept_as_written():
    [reply] = read_replies(SABRE.encode())
    assert reply.requests == ("2.0;Success",)


def event(*lines, method="REPLY", head="VERSION:2.0\n"):
    inside = "\n".join(("UID:call@example.org", *lines))
    return f"BEGIN:VCALENDAR\n{head}METHOD:{method}\nBEGIN:VEVENT\n{inside}\nEND:VEVENT\nEND:VCALENDAR\n".encode()


# A RECURRENCE-ID as written, and (form, wall, zone, instant).
BERLIN_WALL = datetime(2025, 7, 9, 18)
TIMES = {
    "RECURRENCE-ID:20250709T160000Z": ("utc", datetime(2025, 7, 9, 16), "", JULY),
    "RECURRENCE-ID;TZID=Europe/Berlin:20250709T180000": ("zoned", BERLIN_WALL, "Europe/Berlin", JULY),
    "recurrence-id;tzid=Europe/Berlin: 20250709T180000 ": ("zoned", BERLIN_WALL, "Europe/Berlin", JULY),
    "RECURRENCE-ID;TZID=W. Europe Standard Time:20250709T180000": ("zoned", BERLIN_WALL, "W. Europe Standard Time", JULY),
    "RECURRENCE-ID;TZID=w. europe standard time:20250709T180000": ("zoned", BERLIN_WALL, "w. europe standard time", JULY),
    "RECURRENCE-ID;TZID=Nowhere/Atlantis:20250709T180000": ("zoned", BERLIN_WALL, "Nowhere/Atlantis", None),
    "RECURRENCE-ID:20250709T180000": ("floating", BERLIN_WALL, "", None),
    "RECURRENCE-ID;VALUE=DATE:20250709": ("date", datetime(2025, 7, 9), "", None),
    "RECURRENCE-ID:20250709": ("date", datetime(2025, 7, 9), "", None),  # VALUE=DATE forgotten
    "RECURRENCE-ID;VALUE=DATE:20250709T160000Z": ("utc", datetime(2025, 7, 9, 16), "", JULY),  # or said wrongly
    "RECURRENCE-ID;TZID=Europe/Berlin:15000709T180000": ("zoned", datetime(1500, 7, 9, 18), "Europe/Berlin", None),
    # In a gap the offset before holds, of a time shown twice the first is meant (RFC 5545 section 3.3.5).
    "RECURRENCE-ID;TZID=Europe/Berlin:20250330T023000": (
        "zoned", datetime(2025, 3, 30, 2, 30), "Europe/Berlin", datetime(2025, 3, 30, 1, 30, tzinfo=UTC),
    ),
    "RECURRENCE-ID;TZID=Europe/Berlin:20251026T023000": (
        "zoned", datetime(2025, 10, 26, 2, 30), "Europe/Berlin", datetime(2025, 10, 26, 0, 30, tzinfo=UTC),
    ),
}  # fmt: skip


@pytest.mark.parametrize("line", TIMES)
def test_what_a_recurrence_id_means(line):
    [reply] = read_replies(event(line))
    time = reply.recurrence
    assert (time.form, time.wall, time.zone, time.at) == TIMES[line]
    assert time.text == line.strip()


# How a line says who answers, and (address, name, partstat).
ATTENDEES = {
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.org": ("a@example.org", "", "ACCEPTED"),
    "ATTENDEE;partstat=accepted:MAILTO:A@Example.ORG": ("a@example.org", "", "ACCEPTED"),
    "ATTENDEE;PARTSTAT=TENTATIVE:a@example.org": ("a@example.org", "", "TENTATIVE"),
    'ATTENDEE;PARTSTAT="DECLINED":mailto:\'a@example.org\'': ("a@example.org", "", "DECLINED"),
    "ATTENDEE:mailto:a%2Bb@example.org": ("a+b@example.org", "", "NEEDS-ACTION"),
    "ATTENDEE;PARTSTAT=X-MAYBE:mailto:a@example.org?subject=x": ("a@example.org", "", "NEEDS-ACTION"),
    "ATTENDEE;EMAIL=a@example.org:urn:uuid:0a1b": ("a@example.org", "", "NEEDS-ACTION"),
    "ATTENDEE;CN=\"A^nB: c;d\":invalid:nomail": ("invalid:nomail", "A B: c;d", "NEEDS-ACTION"),
    "ATTENDEE;CN=A\u202eB\u0007C:mailto:a@example.org": ("a@example.org", "A B C", "NEEDS-ACTION"),
    "ATTENDEE;CN=J\u00f6rg:mailto:a@example.org%0d%0aBcc:x": ("a@example.org bcc:x", "J\u00f6rg", "NEEDS-ACTION"),
}  # fmt: skip


@pytest.mark.parametrize("line", ATTENDEES)
def test_who_answers(line):
    [reply] = read_replies(event(line))
    [who] = reply.attendees
    assert (who.address, who.name, who.partstat) == ATTENDEES[line]


def test_a_character_folded_in_the_middle_is_whole_again():
    line = "ATTENDEE;CN=J\u00f6rg:mailto:a@example.org".encode()
    at = line.index(b"\xb6")
    folded = line[:at] + b"\r\n " + line[at:]
    [reply] = read_replies(event("X:1").replace(b"X:1", folded))
    assert reply.attendees[0].name == "J\u00f6rg"


def test_a_counter_proposes_a_time():
    lines = ["RECURRENCE-ID:20250709T160000Z", "DTSTART;TZID=America/New_York:20250709T130000"]
    [until] = read_replies(event(*lines, "DTEND;TZID=America/New_York:20250709T140000", method="COUNTER"))
    [lasts] = read_replies(event(*lines, "DURATION:PT1H", method="Counter"))
    for each in (until, lasts):
        assert (each.method, each.start.at, each.end.at) == (
            "COUNTER",
            datetime(2025, 7, 9, 17, tzinfo=UTC),
            datetime(2025, 7, 9, 18, tzinfo=UTC),
        )


@pytest.mark.parametrize(("method", "read"), [("REFRESH", "REFRESH"), ("reply", "REPLY"), ("X-FOO", "X-FOO"), ("", "REQUEST")])
def test_the_method_is_told(method, read):
    """What an object does not say itself its part's Content-Type does."""
    [reply] = read_replies(event(method=method), method="request")
    assert reply.method == read


def test_a_comment_is_bounded_and_plain():
    [reply] = read_replies(event("COMMENT:\\nLate\\, \x1b[31msorry\\;\\n\\nB\u202e", "COMMENT:" + "long " * 10_000))
    lines = reply.comment.split("\n")
    assert lines[:2] == ["Late, [31msorry;", "B"]
    assert len(reply.comment) <= 2000


def test_what_is_missing_has_its_default():
    [reply] = read_replies(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\\,b\nEND:VEVENT\nEND:VCALENDAR")
    assert (reply.uid, reply.method, reply.sequence, reply.stamp) == ("a,b", "", 0, None)
    assert (reply.attendees, reply.recurrence, reply.organizer, reply.start, reply.end) == ((), None, None, None, None)


REFUSED = {
    b"": "has no BEGIN:VCALENDAR, so it is no iCalendar text",
    b"Hello\n": "has no BEGIN:VCALENDAR, so it is no iCalendar text",
    b"BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n": "has no VEVENT, so it answers no invite",
    b"BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\nEND:VTODO\nEND:VCALENDAR\n": "has no VEVENT, so it answers no invite",
    b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n": "line 2: has no UID, so nobody knows what it answers",
    event("SEQUENCE:two"): 'line 6: SEQUENCE "two" is no whole number, such as 0',
    event("SEQUENCE:-1"): 'line 6: SEQUENCE "-1" is no whole number, such as 0',
    event("SEQUENCE:99999999999"): 'line 6: SEQUENCE "99999999999" is no whole number, such as 0',
    event("SEQUENCE:2147483648"): 'line 6: SEQUENCE "2147483648" is no whole number, such as 0',
    event("RECURRENCE-ID:tomorrow"): 'line 6: RECURRENCE-ID "tomorrow" is no date or time, such as 20250312 or 20250312T180000',
    event("DTSTART:20250712T180000,20250712T190000"): (
        'line 6: DTSTART "20250712T180000,20250712T190000" has several times where one belongs'
    ),
    event("DTSTAMP:20250230T000000Z"): (
        'line 6: DTSTAMP "20250230T000000Z" is no date or time, such as 20250312 or 20250312T180000'
    ),
    event("DTSTART:99991231T230000Z", "DURATION:P2W"): 'line 7: DURATION "P2W" date value out of range',
    event("DESCRIPTION:" + "x" * 1024 * 1024): "is larger than 1 MiB, which no answer is",
    event("BEGIN:VALARM\nEND:VALARM\n" * 2001): "has more than 2000 components, which no answer has",
    event("END:VEVENT\nBEGIN:VEVENT\nUID:x\n" * 500): "has more than 500 VEVENTs, which no answer has",
    event("ATTENDEE:mailto:a@example.org\n" * 1001): "line 6: more than 1000 ATTENDEEs, which no answer has",
    b"BEGIN:VCALENDAR\nEND:VCALENDAR\n" * 11: "has more than 10 VCALENDARs, where an answer is one",
}


@pytest.mark.parametrize("data", REFUSED, ids=lambda data: REFUSED[data][:60])
def test_what_cannot_be_read_is_refused_in_one_line(data):
    with pytest.raises(InputError, match=re.escape(REFUSED[data])) as refused:
        read_replies(data)
    assert str(refused.value).isprintable()


def read_or_refuse(data):
    """What is read of some bytes is in them; what is not read is refused in one line."""
    try:
        replies, said = read_replies(data), ""
    except InputError as error:
        replies, said = [], str(error)
    assert said.isprintable()
    assert bool(replies) != bool(said)
    unfolded = re.sub("\r?\n[ \t]", "", data.decode(errors="replace"))
    assert len(replies) <= data.upper().count(b"BEGIN:VEVENT")
    for each in replies:
        assert each.uid.isprintable()
        assert each.uid.replace("\\", "") in unfolded.replace("\\", "")
        assert str(each.sequence) in unfolded or each.sequence == 0
        assert len(each.attendees) <= unfolded.upper().count("ATTENDEE")
        assert all(who.address.isprintable() and who.name.isprintable() for who in each.attendees)


TEXTS = [text.encode() for text, *_ in CLIENTS.values()]
PIECES = st.sampled_from(
    [b"BEGIN:VEVENT\n", b"END:VEVENT\n", b"BEGIN:VCALENDAR\n", b"END:VCALENDAR\n", b"UID:a\n", b"SEQUENCE:1\n", b"\n ", b'"',
     b";", b"DTSTART;TZID=X:00010101T000000\n", b"DTEND:99991231T235960Z\n", b"DURATION:-P999999W\n", b"\x00", b"\r", b":",
     b"BEGIN:VTIMEZONE\nTZID:X\n", b"BEGIN:STANDARD\n", b"END:STANDARD\n", b"TZOFFSETFROM:+1459\n", b"TZOFFSETTO:-1459\n",
     b"RRULE:FREQ=DAILY;COUNT=999999\n", b"END:VTIMEZONE\n", b"RECURRENCE-ID;TZID=X:20250101T000000\n",
     b"ATTENDEE;CN=\xff:mailto:%ff@x\n"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(PIECES | st.binary(max_size=8), max_size=40).map(b"".join))
def test_any_pieces_are_read_or_refused(data):
    read_or_refuse(data)
    read_or_refuse(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n" + data)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(TEXTS), st.data())
def test_mutated_answers_are_read_or_refused(text, data):
    at = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(at, min(len(text), at + 40)))
    read_or_refuse(text[:at] + data.draw(PIECES | st.binary(max_size=8)) + text[end:])


@pytest.mark.soak
@settings(max_examples=6000, deadline=None)
@given(st.sampled_from(TEXTS), st.data())
def test_many_mutated_answers_are_read_or_refused(text, data):
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(at, min(len(text), at + 80)))
        text = text[:at] + data.draw(PIECES | st.binary(max_size=8)) + text[end:]
    read_or_refuse(text)
