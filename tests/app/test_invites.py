"""`invite write`: messages that mail programs take for invites, each with its reader's own times and nobody else's address."""

from __future__ import annotations

import base64
import email
import email.policy
import os
import re
from functools import partial
from pathlib import Path

import pytest
from icalendar import Calendar

from tests.support import EXAMPLE_TEXT, run

ATTENDEES = {
    "claudio": "Cláudio Carvalho",
    "dionna": "Dionna Glaze",
    "huibo": "Huibo Wang",
    "joerg": "Joerg Roedel",
    "nicolai": "Nicolai Stange",
    "oliver": "Oliver Steffen",
    "peter": "Peter Fang",
    "stefano": "Stefano Garzarella",
    "tom": "Tom Lendacky",
    "vasant": "Vasant Karasulli",
}
ORGANIZER = "calendar@coconut-svsm.example.org"


invite = partial(run, "invite", "write")


def write(folder, *args, **more):
    """Write invites to a folder and return its files."""
    result = invite("devel-call", "--out", folder, *args, **more)
    assert (result.exit_code, result.stdout) == (0, "")
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def parsed(data):
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert [part.defects for part in message.walk()] == [[] for _ in message.walk()]
    return message


def bodies(message):
    """Return the plain text, the HTML and the calendar of a message."""
    return [part.get_content() for part in message.get_payload(0).get_payload()]


@pytest.fixture(scope="module")
def invites(tmp_path_factory):
    """Every attendee's message, by id."""
    found = write(tmp_path_factory.mktemp("invites"))
    return {name.removeprefix("devel-call-").removesuffix(".eml"): data for name, data in found.items()}


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """The message for a mailing list."""
    found = write(tmp_path_factory.mktemp("list"), "--to", "list@example.org")
    assert list(found) == ["devel-call-list.eml"]
    return found["devel-call-list.eml"]


@pytest.fixture
def altered(tmp_path):
    """Return a function that writes the example with something replaced."""

    def alter(*pairs):
        text = EXAMPLE_TEXT
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "calendar.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return alter


# --- Form ---------------------------------------------------------------------------------------------------------


def test_there_is_one_message_for_each_attendee_with_an_address(invites):
    assert set(invites) == set(ATTENDEES)  # Jon chaired once and is no attendee


@pytest.mark.parametrize("id", [*ATTENDEES, "list"])
def test_the_structure_is_the_one_clients_agree_on(id, invites, listed):
    message = parsed(listed if id == "list" else invites[id])
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",  # last, so preferred
        "application/ics",
    ]


@pytest.mark.parametrize(("id", "method"), [("vasant", "REQUEST"), ("list", "PUBLISH")])
def test_the_calendar_part(id, method, invites, listed):
    message = parsed(listed if id == "list" else invites[id])
    part = message.get_payload(0).get_payload(2)
    assert part.get_content_type() == "text/calendar"
    assert part["Content-Type"].params == {"charset": "utf-8", "method": method}
    assert part["Content-Transfer-Encoding"] == "base64"
    assert part["Content-Disposition"] is None
    data = base64.b64decode(part.get_payload())
    calendar = Calendar.from_ical(data)
    assert calendar["METHOD"] == method
    assert len({event["UID"] for event in calendar.walk("VEVENT")}) == 1
    attached = message.get_payload(1)
    assert attached["Content-Transfer-Encoding"] == "base64"
    assert attached.get_content_disposition() == "attachment"
    assert attached.get_filename() == "invite.ics"
    assert attached.get_content() == data
    assert data.count(b"\n") == data.count(b"\r\n")


@pytest.mark.parametrize(("id", "name"), ATTENDEES.items())
def test_the_headers(id, name, invites):
    message = parsed(invites[id])
    assert message["From"] == f"COCONUT-SVSM calendar <{ORGANIZER}>"
    assert message["To"] == f"{name} <{id}@example.org>"
    assert message["Subject"] == "SVSM Development Call: every Wednesday, 18:00 Europe/Berlin"
    assert message["Date"] == "Wed, 05 Mar 2025 17:00:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["MIME-Version"] == "1.0"
    assert message["Reply-To"] is message["Cc"] is message["Bcc"] is None


@pytest.mark.parametrize("id", ATTENDEES)
def test_the_organizer_and_the_attendee_are_sender_and_recipient(id, invites):
    message = parsed(invites[id])
    events = Calendar.from_ical(bodies(message)[2]).walk("VEVENT")
    assert events
    for event in events:
        assert event["ORGANIZER"] == f"mailto:{message['From'].addresses[0].addr_spec}"
        attendee = event["ATTENDEE"]
        assert attendee == f"mailto:{message['To'].addresses[0].addr_spec}"
        assert dict(attendee.params) == {
            "CN": ATTENDEES[id],
            "CUTYPE": "INDIVIDUAL",
            "ROLE": "REQ-PARTICIPANT",
            "PARTSTAT": "NEEDS-ACTION",
            "RSVP": "TRUE",
        }


def test_message_ids_are_everybodys_own_and_references_everybodys_same(invites, listed):
    messages = [parsed(data) for data in (*invites.values(), listed)]
    ids = {message["Message-ID"] for message in messages}
    assert len(ids) == len(messages)
    assert len({message["References"] for message in messages} - ids) == 1
    for each in (*ids, messages[0]["References"]):
        assert re.fullmatch(r"<[0-9a-f]{32}@coconut-svsm\.example\.org>", each)


def test_messages_are_the_same_in_every_run(invites, tmp_path):
    again = write(tmp_path)
    assert [*again.values()] == [*invites.values()]


def test_the_message_id_does_not_change_with_time(invites, tmp_path):
    later = write(tmp_path, now="2025-03-06T09:00Z")
    for person, data in invites.items():
        assert parsed(later[f"devel-call-{person}.eml"])["Message-ID"] == parsed(data)["Message-ID"]


@pytest.mark.parametrize("id", [*ATTENDEES, "list"])
def test_the_bytes_are_ready_to_be_sent(id, invites, listed):
    data = listed if id == "list" else invites[id]
    assert data.isascii()
    assert data.endswith(b"\r\n")
    assert data.count(b"\r") == data.count(b"\n") == data.count(b"\r\n")
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert not any(line.startswith(b"From ") for line in data.split(b"\r\n"))


# --- What it says -------------------------------------------------------------------------------------------------

NEW_YORK = [
    ("Wed 5 March 2025", "12:00 (UTC-05:00)", ""),
    ("Wed 12 March 2025", "13:00 (UTC-04:00)", "an hour later than usual, until Wed 26 March"),
    ("Wed 19 March 2025", "13:00 (UTC-04:00)", "cancelled"),
    ("Wed 26 March 2025", "13:00 (UTC-04:00)", "an hour later than usual, for the last time"),
    ("Wed 2 April 2025", "12:00 (UTC-04:00)", "back to the usual time (an hour earlier than the last call)"),
    ("Wed 12 March to Wed 26 March 2025 (2 calls)", "13:00", "an hour later, for these calls only"),
    ("Wed 2 April to Wed 22 October 2025 (29 calls)", "12:00", "an hour earlier"),
    ("Wed 29 October 2025 (1 call)", "13:00", "an hour later, for this call only"),
    ("Wed 5 November 2025 to Wed 4 March 2026 (15 calls)", "12:00", "an hour earlier"),
]


def cells(html):
    """Return the rows of a page's tables."""
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    return [tuple(re.findall(r"<td[^>]*>(.*?)</td>", row)) for row in rows]


def test_text_and_html_hold_the_readers_own_times(invites):
    plain, html, _ = bodies(parsed(invites["claudio"]))
    lines = plain.splitlines()
    assert lines[:2] == ["SVSM Development Call", "every Wednesday, 18:00 Europe/Berlin, 1 hour"]
    assert "The next calls on your clock (America/New_York):" in lines
    assert "When clocks change:" in lines
    rows = [tuple(re.split(r"  +", line.strip())) for line in lines if line.startswith("  ")]
    assert rows == [tuple(filter(None, row)) for row in NEW_YORK]
    assert cells(html) == NEW_YORK
    for said in ("https://meet.example.org/svsm", "Joerg Roedel"):
        assert said in plain
        assert said in html


@pytest.mark.parametrize(
    ("id", "first", "windows"),
    [
        ("vasant", ("Wed 5 March 2025", "22:30 (UTC+05:30)"), ["21:30", "22:30"]),
        ("peter", ("Thu 6 March 2025", "02:00 (UTC+09:00)"), ["01:00", "02:00"]),
        ("oliver", ("Thu 6 March 2025", "04:00 (UTC+11:00)"), ["03:00", "02:00", "03:00", "04:00"]),
        ("dionna", ("Wed 5 March 2025", "09:00 (UTC-08:00)"), ["10:00", "09:00", "10:00", "09:00"]),
        ("joerg", ("Wed 5 March 2025", "18:00 (UTC+01:00)"), []),
        ("nicolai", ("Wed 5 March 2025", "17:00 (UTC+00:00)"), []),
    ],
)
def test_everybody_has_their_own_clock(id, first, windows, invites):
    plain, html, _ = bodies(parsed(invites[id]))
    rows = cells(html)
    assert rows[0][:2] == first
    assert [row[1][:5] for row in rows[5:]] == windows
    assert ("When clocks change" in plain) is ("When clocks change" in html) is bool(windows)


@pytest.mark.parametrize("id", ATTENDEES)
def test_nobody_elses_address_is_in_a_message(id, invites):
    message = parsed(invites[id])
    texts = [str(message), *bodies(message), message.get_payload(1).get_content().decode()]
    text = "\n".join(texts).replace("\r\n ", "").replace("\n ", "")
    found = set(re.findall(r"[\w.+-]+@[\w.-]+\w", text))
    known = {f"{id}@example.org", ORGANIZER, "devel-call@coconut-svsm.example.org"}
    known |= {message[name].strip("<>") for name in ("Message-ID", "References")}
    assert found == known


def test_a_list_gets_one_message_with_every_zone_and_no_attendee(listed):
    message = parsed(listed)
    plain, html, calendar = bodies(message)
    assert message["To"] == "list@example.org"
    rows = cells(html)
    assert [row[:3] for row in rows[:10]] == [
        ("America/Los_Angeles", "Wed 5 March 2025", "09:00 (UTC-08:00)"),
        ("America/Chicago", "Wed 5 March 2025", "11:00 (UTC-06:00)"),
        ("America/New_York", "Wed 5 March 2025", "12:00 (UTC-05:00)"),
        ("Europe/London", "Wed 5 March 2025", "17:00 (UTC+00:00)"),
        ("Europe/Berlin", "Wed 5 March 2025", "18:00 (UTC+01:00)"),
        ("Europe/Rome", "Wed 5 March 2025", "18:00 (UTC+01:00)"),
        ("Asia/Kolkata", "Wed 5 March 2025", "22:30 (UTC+05:30)"),
        ("Asia/Shanghai", "Thu 6 March 2025", "01:00 (UTC+08:00)"),
        ("Asia/Tokyo", "Thu 6 March 2025", "02:00 (UTC+09:00)"),
        ("Australia/Sydney", "Thu 6 March 2025", "04:00 (UTC+11:00)"),
    ]
    for row in rows:
        assert row[0] in plain
    events = Calendar.from_ical(calendar).walk("VEVENT")
    assert all("ATTENDEE" not in event for event in events)
    assert all(event["ORGANIZER"] == f"mailto:{ORGANIZER}" for event in events)
    assert not [person for person in ATTENDEES if f"{person}@" in f"{plain}{html}{calendar}"]


def test_a_list_is_shown_a_call_that_takes_place(tmp_path):
    found = write(tmp_path, "--to", "list@example.org", now="2025-03-13T00:00Z")  # the next one, on the 19th, is cancelled
    _, html, _ = bodies(parsed(found["devel-call-list.eml"]))
    assert cells(html)[0][1] == "Wed 26 March 2025"


@pytest.mark.slow
def test_a_name_of_any_alphabet_survives(tmp_path, altered):
    names = ["王芳", 'Huibo "the" Wang, PhD', "Wang\\", "=?utf-8?q?x?=", "Huibo <script>", "ﷺ" * 40, "x" * 300, "é" * 300]
    for number, name in enumerate(names):
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        calendar = altered(('name = "Huibo Wang"', f'name = "{quoted}"'))
        data = write(tmp_path / str(number), calendar=calendar)["devel-call-huibo.eml"]
        assert data.isascii()
        assert max(map(len, data.split(b"\r\n"))) <= 998
        message = parsed(data)
        assert message["To"].addresses[0].addr_spec == "huibo@example.org"
        assert len(message["To"].addresses) == 1


@pytest.mark.slow
@pytest.mark.parametrize("title", ["Développement", "开发会议" * 30, "x" * 900, "a, b; c <d>"])
def test_a_title_of_any_alphabet_survives(tmp_path, altered, title):
    calendar = altered(('title = "SVSM Development Call"', f'title = "{title}"'))
    data = write(tmp_path / "mail", calendar=calendar)["devel-call-tom.eml"]
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert parsed(data)["Subject"].startswith(title.strip())


def test_lines_of_a_description_stay_in_the_body(tmp_path, altered):
    calendar = altered(
        ('chair = "joerg"\nminutes', 'chair = "joerg"\ndescription = """\nAgenda:\n\nBcc: x@example.org\n.\n"""\nminutes')
    )
    message = parsed(write(tmp_path / "mail", calendar=calendar)["devel-call-tom.eml"])
    assert message["Bcc"] is None
    assert "Bcc: x@example.org\r\n." in bodies(message)[0]


# --- What it refuses ----------------------------------------------------------------------------------------------

INJECTED = r"Tom\r\nBcc: x@example.org"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "Tom Lendacky"', f'name = "{INJECTED}"', "name has a control character (U+000D)"),
        ('name = "Tom Lendacky"', r'name = "Tom\nBcc: x@example.org"', "name has a control character (U+000A)"),
        ('title = "SVSM Development Call"', f'title = "{INJECTED}"', "title has a control character (U+000D)"),
        ('name = "COCONUT-SVSM calendar"', f'name = "{INJECTED}"', "name has a control character (U+000D)"),
        ('email = "tom@example.org"', r'email = "tom@example.org\nBcc: x@example.org"', "email has a control character (U+000A)"),
        (f'email = "{ORGANIZER}"', rf'email = "{ORGANIZER}\r\nBcc: x"', "email has a control character (U+000D)"),
        ('email = "tom@example.org"', 'email = "tom@example.org, x@example.org"', "is not a valid e-mail address"),
        ('email = "tom@example.org"', 'email = "Tom <tom@example.org>"', "is not a valid e-mail address"),
        ('email = "tom@example.org"', 'email = "a..b@example.org"', 'email "a..b@example.org" is not a valid e-mail address'),
        ('domain = "coconut-svsm.example.org"', r'domain = "example.org>\nBcc: x"', "domain has a control character (U+000A)"),
    ],
)
def test_nothing_gets_into_headers_through_the_calendar(tmp_path, altered, old, new, said):
    result = invite("devel-call", "--out", tmp_path / "mail", calendar=altered((old, new)))
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert not (tmp_path / "mail").exists()


@pytest.mark.parametrize(
    "to",
    [
        "",
        "list",
        "list@",
        "@example.org",
        "list@example.org, x@example.org",
        "list@example.org\nBcc: x@example.org",
        "list@example.org\n\nbody",
        "List <list@example.org>",
        "list@exam ple.org",
        "list@@example.org",
        'list"@example.org',
        "a..b@example.org",
        ".list@example.org",
        "list.@example.org",
        "list@example..org",
        "list@-example.org",
        "list@example.org.",
        "líst@example.org",
        f"{'x' * 65}@example.org",
        "list@example.org\x1b[31m",
    ],
)
def test_an_address_that_is_none(tmp_path, to):
    result = invite("devel-call", "--out", tmp_path / "mail", "--to", to)
    assert (result.exit_code, result.stdout) == (1, "")
    shown = to.encode("unicode_escape").decode()
    assert result.stderr == f'svsm-cal: "{shown}" is not a valid e-mail address (write it as list@example.org)\n'
    assert not (tmp_path / "mail").exists()


@pytest.mark.parametrize("to", [[], ["--to", "list@example.org"]], ids=["attendees", "list"])
def test_a_series_that_is_over(tmp_path, altered, to):
    calendar = altered(('rule = "FREQ=WEEKLY;BYDAY=WE"', 'rule = "FREQ=WEEKLY;BYDAY=WE;UNTIL=20261231T170000Z"'))
    result = invite("devel-call", "--out", tmp_path / "mail", *to, calendar=calendar, now="2027-01-01T00:00Z")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == 'svsm-cal: series "devel-call" has no calls from now on: nobody needs an invite\n'
    assert not (tmp_path / "mail").exists()


def test_no_organizer(tmp_path, altered):
    calendar = altered((f'organizer = {{ name = "COCONUT-SVSM calendar", email = "{ORGANIZER}" }}\n', ""))
    result = invite("devel-call", "--out", tmp_path / "mail", calendar=calendar)
    assert result.exit_code == 1
    assert result.stderr == ("svsm-cal: invites need a sender: add organizer = { name = ..., email = ... } to [calendar]\n")
    assert not (tmp_path / "mail").exists()


def test_an_unknown_series(tmp_path):
    result = invite("weekly", "--out", tmp_path / "mail")
    assert result.exit_code == 1
    assert result.stderr == 'svsm-cal: no series "weekly" in COCONUT-SVSM community calendar: there are devel-call\n'


def test_people_without_an_address_are_named(tmp_path, altered):
    calendar = altered(('email = "tom@example.org"\n', ""), ('email = "peter@example.org"\n', ""))
    result = invite("devel-call", "--out", tmp_path / "mail", calendar=calendar)
    assert result.exit_code == 0
    assert result.stderr == f"{tmp_path / 'mail'}: 8 messages\nwithout an e-mail address: peter, tom\n"
    assert len(os.listdir(tmp_path / "mail")) == 8


def test_nobody_has_an_address(tmp_path):
    path = tmp_path / "calendar.toml"
    path.write_text(re.sub(r'^email = ".*"\n', "", EXAMPLE_TEXT, flags=re.MULTILINE), encoding="utf-8")
    result = invite("devel-call", "--out", tmp_path / "mail", calendar=path)
    assert result.exit_code == 1
    assert result.stderr == ('svsm-cal: series "devel-call" has no attendee with an e-mail address: nobody can be invited\n')
    result = invite("devel-call", "--out", tmp_path / "mail", "--to", "list@example.org", calendar=path)
    assert (result.exit_code, result.stderr) == (0, f"{tmp_path / 'mail'}: 1 message\n")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("file", "is a file (give a folder)"),
        ("file/mail", "Not a directory (check that it exists and can be written)"),
    ],
)
def test_a_place_that_is_no_folder(tmp_path, place, said):
    (tmp_path / "file").write_bytes(b"mine")
    result = invite("devel-call", "--out", tmp_path / place)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"svsm-cal: {tmp_path / place}: {said}\n")
    assert (tmp_path / "file").read_bytes() == b"mine"


def test_what_else_is_in_the_folder_is_kept(tmp_path):
    (tmp_path / "notes.txt").write_bytes(b"mine")
    assert write(tmp_path)["notes.txt"] == b"mine"
    assert set(os.listdir(tmp_path)) == {"notes.txt", *(f"devel-call-{name}.eml" for name in ATTENDEES)}


# --- A series in parts --------------------------------------------------------------------------------------------

RETIMED = ('ccc-svsm" }]', 'ccc-svsm" }, { date = 2025-09-03, start = 17:00:00 }]')


def test_a_series_that_changes_its_time_is_one_message_for_each_part(tmp_path, altered):
    found = write(tmp_path / "mail", calendar=altered(RETIMED))
    assert len(found) == 2 * len(ATTENDEES)
    first, second = (parsed(found[f"devel-call-tom{suffix}.eml"]) for suffix in ("", "-2"))
    assert first["Subject"] == "SVSM Development Call: every Wednesday, 18:00 Europe/Berlin"
    assert second["Subject"] == "SVSM Development Call: every Wednesday, 17:00 Europe/Berlin"
    assert first["Message-ID"] != second["Message-ID"]
    uids = [{event["UID"] for event in Calendar.from_ical(bodies(each)[2]).walk("VEVENT")} for each in (first, second)]
    assert [len(each) for each in uids] == [1, 1]
    assert uids[0] != uids[1]


def test_a_part_that_is_over_needs_no_message(tmp_path, altered):
    found = write(tmp_path / "mail", calendar=altered(RETIMED), now="2025-09-02T00:00Z")
    assert len(found) == len(ATTENDEES)
    assert parsed(found["devel-call-tom.eml"])["Subject"].endswith("17:00 Europe/Berlin")


def times(message):
    """Return the local dates and times of the next calls in a message to one reader, and what its windows are."""
    rows = cells(bodies(message)[1])
    return [row[:2] for row in rows if "UTC" in row[1]], [row for row in rows if "UTC" not in row[1]]


def test_each_part_has_its_own_calls_and_windows(tmp_path, altered):
    found = write(tmp_path / "mail", calendar=altered(RETIMED), now="2025-08-20T16:59Z")
    first, second = (parsed(found[f"devel-call-claudio{suffix}.eml"]) for suffix in ("", "-2"))
    assert times(first) == (
        [("Wed 20 August 2025", "12:00 (UTC-04:00)"), ("Wed 27 August 2025", "12:00 (UTC-04:00)")],
        [],
    )
    assert times(second) == (
        [(f"Wed {day} September 2025", "11:00 (UTC-04:00)") for day in (3, 10, 17, 24)],
        [
            ("Wed 29 October 2025 (1 call)", "12:00", "an hour later, for this call only"),
            ("Wed 5 November 2025 to Wed 4 March 2026 (15 calls)", "11:00", "an hour earlier"),
            ("Wed 11 March to Wed 25 March 2026 (3 calls)", "12:00", "an hour later, for these calls only"),
            ("Wed 1 April to Wed 21 October 2026 (30 calls)", "11:00", "an hour earlier"),
        ],
    )
    for message, hour in ((first, 18), (second, 17)):
        plain, _, calendar = bodies(message)
        assert f"every Wednesday, {hour}:00 Europe/Berlin" in plain
        assert {event.decoded("DTSTART").hour for event in Calendar.from_ical(calendar).walk("VEVENT")} == {hour}


ADDED = (
    'ccc-svsm" }]',
    'ccc-svsm" }]\nadd = [\n  { start = 2025-03-04T10:00:00 },\n  { start = 2025-06-03T16:00:00, title = "Attestation" },\n]',
)


def test_an_added_call_has_its_own_messages_until_it_is_over(tmp_path, altered):
    calendar = altered(ADDED)
    found = write(tmp_path / "mail", calendar=calendar)
    assert len(found) == 2 * len(ATTENDEES)  # the one on 4 March is over
    message = parsed(found["devel-call-peter-2.eml"])
    assert message["Subject"].startswith("Attestation")
    plain, _, data = bodies(message)
    assert times(message) == ([("Tue 3 June 2025", "23:00 (UTC+09:00)")], [])
    assert "every Wednesday" not in plain
    (event,) = Calendar.from_ical(data).walk("VEVENT")
    assert event.decoded("DTSTART").isoformat() == "2025-06-03T16:00:00+02:00"
    assert "RRULE" not in event
    assert "RECURRENCE-ID" not in event
    assert event["ATTENDEE"] == "mailto:peter@example.org"
    regular = Calendar.from_ical(bodies(parsed(found["devel-call-peter.eml"]))[2]).walk("VEVENT")
    assert event["UID"] not in {each["UID"] for each in regular}
    assert len({parsed(data)["Message-ID"] for data in found.values()}) == len(found)
    assert len(write(tmp_path / "later", calendar=calendar, now="2025-06-03T15:00Z")) == len(ATTENDEES)


def test_an_added_call_is_announced_to_a_list(tmp_path, altered):
    found = write(tmp_path / "mail", "--to", "list@example.org", calendar=altered(ADDED))
    assert list(found) == ["devel-call-list-2.eml", "devel-call-list.eml"]
    rows = cells(bodies(parsed(found["devel-call-list-2.eml"]))[1])
    assert {row[0] for row in rows} >= {"Europe/Berlin", "Asia/Tokyo", "Australia/Sydney"}
    assert ("Asia/Tokyo", "Tue 3 June 2025", "23:00 (UTC+09:00)") in [row[:3] for row in rows]
