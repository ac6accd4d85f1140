"""What real calendar programs ask of a feed, rule by rule: rNN in a test's name is the rule's number.

1 a VTIMEZONE for every TZID; 2 of one pair of yearly rules; 3 named plainly; 4 no daylight saving made up; 5 no floating
times; 6 exceptions told as their instance is; 7 UNTIL in UTC; 8 only rules Outlook can hold, no RDATE; 9 EXDATE, and no
CANCELLED beside it; 10 UIDs for good; 11, 12 what is new can be told; 13 the same calendar, the same bytes; 14 no METHOD,
and nobody's address; 15 how often to ask; 17 a name, and the link wherever it may be looked for; 18 alarms that may be
lost; 20 deadlines are whole days that leave people free; 21 CRLF, 75 octets, escapes. (16 and 19 ask nothing of us.)
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import available_timezones

import dateutil.tz
import icalendar
import pytest

import svsm_cal

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2025, 3, 5, 17, tzinfo=UTC)
TITLE = "Übergabe der Verträge, Łódź; 東京の会議室で \\\\ 話し合う開発者たちの定例会議 🐿🐿🐿🐿🐿🐿🐿🐿🐿🐿 und noch einmal: Übergabe"
RICH = f"""\
[calendar]
id = "example"
name = "Kalender für alle; Łódź, 東京"
domain = "calendar.example.org"
zone = "Europe/Berlin"
description = "Zeile eins, mit Komma;\\nZeile zwei \\\\n ist keine neue Zeile: {"ä" * 80}"
url = "https://calendar.example.org/"
color = "teal"
organizer = {{ name = "Canary calendar", email = "canary-calendar@example.org" }}

[[series]]
id = "devel-call"
title = "{TITLE}"
start = 2024-02-14T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=WE"
url = "https://meet.example.org/svsm?a=1,2;b=3"
description = "Was ansteht:\\n- eins, zwei; drei\\n- C:\\\\neu {"é" * 90}"
attendees = ["everyone"]
chair = "joerg"
cancel = [{{ date = 2025-01-22, reason = "Grippe; alle, wirklich" }}, {{ date = 2025-04-23 }}]
move = [{{ date = 2025-12-10, to = 2025-12-11T17:30:00, reason = "Linux Plumbers, Tokyo" }}]
change = [{{ date = 2025-05-21, chair = "claudio", title = "Mit Gästen, aus Łódź; {"ß" * 60}" }}]
add = [{{ start = 2025-06-03T17:00:00, title = "Planung", duration = "30min" }}]
from = [{{ date = 2025-05-07, url = "https://zoom.example.org/svsm" }}, {{ date = 2026-01-07, start = 17:00:00 }}]

[[series]]
id = "triage"
title = "Triage"
start = 2025-01-15T09:30:00
zone = "America/New_York"
duration = "45min"
rule = "FREQ=MONTHLY;BYDAY=1WE,3WE"
location = "Room 1, second floor; ring twice"
attendees = ["claudio", "vasant"]
cancel = [{{ date = 2025-02-05 }}]

[[series]]
id = "office-hour"
title = "Office hour"
start = 2025-01-13T10:00:00
zone = "Asia/Kolkata"
duration = "1h"
rule = "FREQ=WEEKLY;UNTIL=20250630;BYDAY=MO"
move = [{{ date = 2025-02-03, to = 2025-02-04T10:00:00 }}]

[[series]]
id = "release"
title = "Release"
start = 2025-01-14T15:00:00
zone = "UTC"
duration = "30min"
rule = "FREQ=MONTHLY;BYDAY=2TU;COUNT=6"
cancel = [{{ date = 2025-03-11 }}]

[[participant]]
id = "claudio"
name = "Cláudio Carvalho"
email = "canary-claudio@example.org"
zone = "America/New_York"
groups = ["everyone"]
reminders = ["1d", "15m"]

[[participant]]
id = "joerg"
name = "Joerg Roedel"
email = "canary-joerg@example.org"
zone = "Europe/Berlin"
groups = ["everyone"]

[[participant]]
id = "vasant"
name = "Vasant Karasulli"
email = "canary-vasant@example.org"
zone = "Asia/Kolkata"
groups = ["everyone"]
reminders = ["30m"]

[[deadline]]
id = "cfp"
title = "Einreichungen, bis zuletzt; Übersicht {"ö" * 60}"
date = 2025-03-11
url = "https://calendar.example.org/cfp"
remind = ["2w", "1d"]

[[deadline]]
id = "freeze"
title = "Freeze"
at = 2025-12-31T23:00:00
zone = "America/New_York"

[[release]]
id = "qemu-10.0"
title = "QEMU 10.0"
milestones = [
  {{ id = "soft-freeze", title = "soft feature freeze", date = 2025-03-11 }},
  {{ id = "rc0", after = "soft-freeze", offset = "1w", actual = 2025-03-20 }},
]
"""
WHICH = {
    "public": {},
    "series": {"series": "devel-call"},
    "claudio": {"participant": "claudio"},
    "joerg": {"participant": "joerg"},
    "vasant": {"participant": "vasant"},
    "deadlines": {"deadlines": True},
}
CALENDARS = {
    "rich": svsm_cal.loads(RICH),
    "svsm": svsm_cal.load(ROOT / "examples/svsm/calendar.toml"),
    "minimal": svsm_cal.load(ROOT / "examples/minimal/calendar.toml"),
}
FEEDS = {
    f"{calendar}-{name}": svsm_cal.to_ical(CALENDARS[calendar], now=NOW, **which)
    for calendar in CALENDARS
    for name, which in WHICH.items()
    if calendar != "minimal" or name in ("public", "deadlines")
}


@pytest.fixture(params=FEEDS)
def feed(request):
    """Every feed of every calendar, as bytes."""
    return FEEDS[request.param]


@lru_cache
def lines_of(feed):
    """A feed's lines, unfolded: (component they stand in, name, parameters, value)."""
    stack, found = [], []
    for line in feed.decode().replace("\r\n ", "").split("\r\n")[:-1]:
        head, value = re.fullmatch(r'((?:[^":]|"[^"]*")+):(.*)', line).groups()
        name, *parameters = head.split(";")
        if name == "BEGIN":
            stack.append(value)
        found.append((stack[-1], name, dict(each.split("=") for each in parameters), value))
        if name == "END":
            assert stack.pop() == value
    assert stack == []
    return found


@lru_cache
def events_of(feed):
    return icalendar.Calendar.from_ical(feed).walk("VEVENT")


def text_of(calendar, name):
    """A calendar property's text. RFC 5545 section 3.8.8.2 has X- ones be TEXT too; icalendar leaves them as written."""
    text = str(calendar[name])
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), text) if name.startswith("X-") else text


def instances_of(feed):
    """RECURRENCE-ID's local time -> the VEVENT of that instance."""
    return {event["RECURRENCE-ID"].dt.strftime("%Y-%m-%dT%H:%M"): event for event in events_of(feed) if "RECURRENCE-ID" in event}


def test_r01_every_tzid_has_one_vtimezone_and_none_is_left_over(feed):
    lines = lines_of(feed)
    used = {parameters["TZID"] for _, _, parameters, _ in lines if "TZID" in parameters}
    told = [value for component, name, _, value in lines if (component, name) == ("VTIMEZONE", "TZID")]
    assert sorted(used) == told


@pytest.mark.parametrize(
    "exception", ["add = [{ start = 2024-01-10T18:00:00 }]", "move = [{ date = 2025-03-05, to = 2024-01-10T18:00:00 }]"]
)
def test_r01_a_vtimezone_is_right_for_calls_before_the_rule(exception):
    """Casablanca changed its clocks twice between the two; dateutil goes by what the feed says of the zone."""
    series = 'id = "call"\ntitle = "Call"\nstart = 2025-03-05T18:00:00\nduration = "1h"\nrule = "FREQ=WEEKLY"'
    head = RICH.split("[[series]]", maxsplit=1)[0].replace("Europe/Berlin", "Africa/Casablanca")
    calendar = svsm_cal.loads(f"{head}[[series]]\n{series}\n{exception}\n")
    text = svsm_cal.to_ical(calendar, now=NOW).decode().replace("\r\n", "\n").split("BEGIN:VEVENT")[0]
    zone = dateutil.tz.tzical(io.StringIO(text[text.index("BEGIN:VTIMEZONE") :])).get()
    assert datetime(2024, 1, 10, 18, tzinfo=zone).astimezone(UTC) == datetime(2024, 1, 10, 17, tzinfo=UTC)


def test_r02_a_zone_of_today_is_one_pair_of_yearly_rules():
    lines = lines_of(FEEDS["rich-public"])
    told = [
        (name, value)
        for component, name, _, value in lines
        if component in ("STANDARD", "DAYLIGHT") and name in ("DTSTART", "RRULE")
    ]
    assert told == [
        ("DTSTART", "19700308T020000"),
        ("RRULE", "FREQ=YEARLY;BYDAY=2SU;BYMONTH=3"),
        ("DTSTART", "19701101T020000"),
        ("RRULE", "FREQ=YEARLY;BYDAY=1SU;BYMONTH=11"),
        ("DTSTART", "19700101T000000"),
        ("DTSTART", "19700329T020000"),
        ("RRULE", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"),
        ("DTSTART", "19701025T030000"),
        ("RRULE", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"),
    ]


def test_r03_zones_have_their_plain_names(feed):
    names = {parameters["TZID"] for _, _, parameters, _ in lines_of(feed) if "TZID" in parameters}
    assert names <= available_timezones()


def test_r04_kolkata_has_no_daylight_saving():
    kolkata = FEEDS["rich-public"].decode().split("TZID:Asia/Kolkata")[1].split("END:VTIMEZONE")[0]
    assert (kolkata.count("BEGIN:STANDARD"), kolkata.count("BEGIN:DAYLIGHT")) == (1, 0)


def test_r05_no_time_floats(feed):
    dated = {"DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "DTSTAMP", "LAST-MODIFIED"}
    for component, name, parameters, value in lines_of(feed):
        if component == "VEVENT" and name in dated:
            assert "TZID" in parameters or value.endswith("Z") or parameters.get("VALUE") == "DATE", (name, value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "rich-public",
            [
                "EXDATE;TZID=America/New_York:20250205T093000",
                "EXDATE;TZID=Europe/Berlin:20250122T180000",
                "EXDATE;TZID=Europe/Berlin:20250423T180000",
                "EXDATE:20250311T150000Z",
                "RECURRENCE-ID;TZID=Asia/Kolkata:20250203T100000",
                "RECURRENCE-ID;TZID=Europe/Berlin:20250521T180000",
                "RECURRENCE-ID;TZID=Europe/Berlin:20251210T180000",
            ],
        ),
    ],
)
def test_r06_exceptions_are_told_as_their_instance_is(name, expected):
    lines = re.findall(r"^(?:EXDATE|RECURRENCE-ID).*", FEEDS[name].decode().replace("\r", ""), re.MULTILINE)
    assert sorted({*expected} - {*lines}) == []


@pytest.mark.slow
def test_r06_exceptions_share_type_zone_and_time_of_day_with_their_start(feed):
    starts = {}
    for event in events_of(feed):
        if "RECURRENCE-ID" not in event:
            starts[event["UID"]] = event["DTSTART"]
    for event in events_of(feed):
        start = starts[event["UID"]]
        told = [event["RECURRENCE-ID"]] if "RECURRENCE-ID" in event else []
        exdates = event.get("EXDATE", [])
        for group in exdates if isinstance(exdates, list) else [exdates]:
            assert group.params.get("TZID") == start.params.get("TZID")
            told += group.dts
        for each in told:
            assert (each.dt.tzinfo, each.dt.time()) == (start.dt.tzinfo, start.dt.time())
            assert each.params.get("TZID") in (start.params.get("TZID"), None)


@pytest.mark.parametrize(
    ("uid", "rule"),
    [
        ("office-hour", "FREQ=WEEKLY;UNTIL=20250630T043000Z;BYDAY=MO"),
        ("devel-call", "FREQ=WEEKLY;UNTIL=20251231T170000Z;BYDAY=WE"),
        ("devel-call+20260107", "FREQ=WEEKLY;BYDAY=WE"),
        ("release", "FREQ=MONTHLY;COUNT=6;BYDAY=2TU"),
    ],
)
def test_r07_until_is_the_last_call_in_utc(uid, rule):
    told = {str(event["UID"]): event["RRULE"].to_ical().decode() for event in events_of(FEEDS["rich-public"]) if "RRULE" in event}
    assert told[f"{uid}@calendar.example.org"] == rule


def test_r08_no_rdate_and_no_rule_outlook_cannot_hold(feed):
    rules = [value for component, name, _, value in lines_of(feed) if (component, name) == ("VEVENT", "RRULE")]
    assert "RDATE" not in [name for component, name, _, _ in lines_of(feed) if component == "VEVENT"]
    assert [rule for rule in rules if re.search(r"BYDAY=-?\d\w\w,", rule)] == []


def test_r08_first_and_third_wednesday_are_two_uids():
    told = {str(event["UID"]): event["RRULE"].to_ical() for event in events_of(FEEDS["rich-public"]) if "triage" in event["UID"]}
    assert told == {
        "triage@calendar.example.org": b"FREQ=MONTHLY;BYDAY=1WE",
        "triage+3WE@calendar.example.org": b"FREQ=MONTHLY;BYDAY=3WE",
    }


def test_r09_a_cancelled_call_is_an_exdate_and_no_component(feed):
    gone, there = set(), set()
    for event in events_of(feed):
        exdates = event.get("EXDATE", [])
        for group in exdates if isinstance(exdates, list) else [exdates]:
            gone |= {(event["UID"], each.dt) for each in group.dts}
        if "RECURRENCE-ID" in event:
            there.add((event["UID"], event["RECURRENCE-ID"].dt))
    assert gone & there == set()
    assert b"CANCELLED" not in feed


def test_r10_uids_are_these_for_good():
    assert [str(event["UID"]) for event in events_of(FEEDS["rich-public"]) if "RECURRENCE-ID" not in event] == [
        "devel-call@calendar.example.org",
        "devel-call+20260107@calendar.example.org",
        "devel-call+20250603T170000@calendar.example.org",
        "triage@calendar.example.org",
        "triage+3WE@calendar.example.org",
        "office-hour@calendar.example.org",
        "release@calendar.example.org",
    ]
    assert [str(event["UID"]) for event in events_of(FEEDS["rich-deadlines"])] == [
        "deadline+cfp@calendar.example.org",
        "deadline+qemu-10.0-soft-freeze@calendar.example.org",
        "deadline+qemu-10.0-rc0@calendar.example.org",
        "deadline+freeze@calendar.example.org",
    ]


def test_r10_a_component_is_told_once_by_uid_and_recurrence(feed):
    told = Counter((event["UID"], event["RECURRENCE-ID"].dt if "RECURRENCE-ID" in event else None) for event in events_of(feed))
    assert [each for each, times in told.items() if times > 1] == []


def test_r10_every_feed_tells_a_series_under_the_same_uids():
    public, personal = ({str(event["UID"]) for event in events_of(FEEDS[f"rich-{name}"])} for name in ("public", "claudio"))
    assert personal == {uid for uid in public if uid.startswith(("devel-call", "triage"))}


def test_r12_every_component_has_a_revision(feed):
    for event in events_of(feed):
        assert {"DTSTAMP", "LAST-MODIFIED", "SEQUENCE"} <= set(event)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["public", "series", "deadlines"])
@pytest.mark.parametrize("calendar", ["rich", "svsm"])
def test_r13_a_feed_does_not_depend_on_now(calendar, name):
    feeds = {
        svsm_cal.to_ical(CALENDARS[calendar], now=datetime(year, 7, 1, tzinfo=UTC), **WHICH[name]) for year in (1990, 2025, 2071)
    }
    assert feeds == {FEEDS[f"{calendar}-{name}"]}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["claudio", "joerg", "vasant"])
def test_r13_a_personal_feed_is_the_same_all_year(name):
    days = (
        datetime(2025, 1, 1, tzinfo=UTC),
        datetime(2025, 7, 1, 23, 59, tzinfo=UTC),
        datetime(2025, 12, 31, 23, 59, tzinfo=UTC),
    )
    feeds = {svsm_cal.to_ical(CALENDARS["rich"], now=now, participant=name) for now in days}
    assert feeds == {FEEDS[f"rich-{name}"]}


def test_r13_dtstamp_is_no_present(feed):
    assert {event["DTSTAMP"].dt for event in events_of(feed)} <= {
        datetime(2024, 2, 14, 17, tzinfo=UTC),
        datetime(2025, 1, 8, 17, tzinfo=UTC),
    }


REPRODUCE = """
import hashlib, sys, svsm_cal
from datetime import UTC, datetime
calendar = svsm_cal.loads(sys.stdin.buffer.read().decode())
for which in ({}, {"series": "devel-call"}, {"participant": "claudio"}, {"participant": "vasant"}, {"deadlines": True}):
    print(hashlib.sha256(svsm_cal.to_ical(calendar, now=datetime(2025, 3, 5, 17, tzinfo=UTC), **which)).hexdigest())
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "0", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "4242", "TZ": "America/New_York", "LC_ALL": "C.UTF-8"},
        {"PYTHONHASHSEED": "random", "TZ": ":no such zone", "LC_ALL": "tr_TR.UTF-8", "LANG": "de_DE.UTF-8"},
    ],
    ids=["Tokyo", "New York", "nowhere"],
)
def test_r13_every_machine_writes_the_same_bytes(environment):
    done = subprocess.run(
        [sys.executable, "-c", REPRODUCE],
        input=RICH.encode(),
        env=os.environ | environment,
        capture_output=True,
        check=True,
        cwd=ROOT,
    )
    names = ("public", "series", "claudio", "vasant", "deadlines")
    assert done.stdout.decode().split() == [hashlib.sha256(FEEDS[f"rich-{name}"]).hexdigest() for name in names]


def test_r14_a_feed_is_no_message(feed):
    assert {name for _, name, _, _ in lines_of(feed)} & {"METHOD", "ORGANIZER", "ATTENDEE", "CONTACT", "REQUEST-STATUS"} == set()


def test_r14_nobody_s_address_is_told(feed):
    """Every address of the rich calendar has a canary in it; no feed has one, nor an @ but in what identifies a component."""
    assert b"canary" not in feed.lower()
    assert b"mailto" not in feed.lower()
    assert {name for _, name, _, value in lines_of(feed) if "@" in value} <= {"UID", "RELATED-TO"}


def test_r15_readers_are_told_how_often_to_ask(feed):
    assert b"\r\nREFRESH-INTERVAL;VALUE=DURATION:PT6H\r\n" in feed
    assert b"\r\nX-PUBLISHED-TTL:PT6H\r\n" in feed


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("rich-public", "Kalender für alle; Łódź, 東京"),
        ("rich-series", f"{TITLE.replace(chr(92) * 2, chr(92))} (Kalender für alle; Łódź, 東京)"),
        ("rich-claudio", "Kalender für alle; Łódź, 東京: Cláudio Carvalho"),
        ("rich-deadlines", "Kalender für alle; Łódź, 東京: deadlines"),
        ("minimal-public", "Example community"),
    ],
)
def test_r17_a_feed_has_a_name(name, shown):
    calendar = icalendar.Calendar.from_ical(FEEDS[name])
    assert (text_of(calendar, "NAME"), text_of(calendar, "X-WR-CALNAME")) == (shown, shown)


def test_r17_a_feed_has_a_colour_and_an_address():
    calendar = icalendar.Calendar.from_ical(FEEDS["rich-public"])
    assert (str(calendar["COLOR"]), str(calendar["URL"])) == ("teal", "https://calendar.example.org/")
    assert (str(calendar["VERSION"]), str(calendar["CALSCALE"])) == ("2.0", "GREGORIAN")


@pytest.mark.parametrize("name", ["public", "claudio"])
def test_r17_the_link_stands_wherever_it_may_be_looked_for(name):
    """As the series has it now in its own component, as it was then in those of earlier calls."""
    for event in events_of(FEEDS[f"svsm-{name}"]):
        day = event["RECURRENCE-ID"].dt.date() if "RECURRENCE-ID" in event else date(2026, 1, 1)
        link = "https://meet.example.org/svsm" if day < date(2025, 5, 7) else "https://zoom.example.org/ccc-svsm"
        assert (str(event["URL"]), str(event["LOCATION"])) == (link, link)
        assert f"Join: {link}" in event["DESCRIPTION"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("claudio", [timedelta(days=-1), timedelta(minutes=-15)]),
        ("vasant", [timedelta(minutes=-30)]),
        ("joerg", []),
        ("public", []),
        ("series", []),
    ],
)
@pytest.mark.parametrize("calendar", ["rich", "svsm"])
def test_r18_reminders_are_alarms_of_every_component(calendar, name, expected):
    if (calendar, name) == ("svsm", "joerg"):
        expected = [timedelta(days=-1)]
    events = events_of(FEEDS[f"{calendar}-{name}"])
    assert len([event for event in events if "RECURRENCE-ID" in event]) > 0
    for event in events:
        alarms = event.walk("VALARM")
        assert [alarm["TRIGGER"].dt for alarm in alarms] == expected
        assert {(str(alarm["ACTION"]), str(alarm["DESCRIPTION"])) for alarm in alarms} <= {("DISPLAY", str(event["SUMMARY"]))}


@pytest.mark.parametrize(
    ("name", "recurrence", "first_line"),
    [
        # New York changes its clocks on 9 March 2025, Berlin on the 30th; the call of the 19th was cancelled.
        ("claudio", "2025-03-05T18:00", "Your time (America/New_York): Wed 5 March 2025, 12:00"),
        (
            "claudio",
            "2025-03-12T18:00",
            "Your time (America/New_York): Wed 12 March 2025, 13:00: an hour later than usual, until Wed 26 March",
        ),
        (
            "claudio",
            "2025-03-26T18:00",
            "Your time (America/New_York): Wed 26 March 2025, 13:00: an hour later than usual, for the last time",
        ),
        (
            "claudio",
            "2025-04-02T18:00",
            "Your time (America/New_York): Wed 2 April 2025, 12:00: back to the usual time (an hour earlier than the last call)",
        ),
        ("claudio", "2025-04-09T18:00", "Your time (America/New_York): Wed 9 April 2025, 12:00"),
        ("claudio", "2025-10-29T18:00", "Your time (America/New_York): Wed 29 October 2025, 13:00: an hour later than usual"),
        ("vasant", "2025-03-26T18:00", "Your time (Asia/Kolkata): Wed 26 March 2025, 22:30"),
        ("vasant", "2025-04-02T18:00", "Your time (Asia/Kolkata): Wed 2 April 2025, 21:30: from now on an hour earlier"),
        ("joerg", "2025-03-26T18:00", "Your time (Europe/Berlin): Wed 26 March 2025, 18:00"),
    ],
)
def test_a_call_is_told_in_its_reader_s_time(name, recurrence, first_line):
    description = str(instances_of(FEEDS[f"svsm-{name}"])[recurrence]["DESCRIPTION"])
    assert description.split("\n", maxsplit=1)[0] == first_line
    assert description.split("\n")[1] == ""
    assert description.endswith(", 18:00 Europe/Berlin")


def test_a_usual_call_of_a_reader_has_no_component_of_its_own():
    """After the link's last change: calls at their usual time with the series' own chair say nothing new."""
    told = {each for each in instances_of(FEEDS["svsm-claudio"]) if each > "2025-05-07"}
    assert told == {
        *("2025-05-21T18:00", "2025-05-28T18:00", "2026-04-08T18:00", "2026-07-15T18:00"),  # another chair
        *("2025-10-29T18:00", "2025-11-05T18:00"),
        *("2026-03-11T18:00", "2026-03-18T18:00", "2026-03-25T18:00", "2026-04-01T18:00", "2026-10-28T18:00", "2026-11-04T18:00"),
    }


def test_a_series_tells_its_reader_the_shifts_of_two_years():
    (master,) = [event for event in events_of(FEEDS["svsm-claudio"]) if "RRULE" in event]
    assert str(master["DESCRIPTION"]).split("\n")[:3] == [
        "Your time (America/New_York): 12:00",
        "- Wed 12 March to Wed 26 March 2025 (2 calls): 13:00, an hour later, for these calls only",
        "- Wed 2 April to Wed 22 October 2025 (29 calls): 12:00, an hour earlier",
    ]


def test_a_reason_is_told_once():
    text = RICH.replace(
        'start = 2025-06-03T17:00:00, title = "Planung"', 'start = 2025-03-14T17:00:00, reason = "vor dem Freeze"'
    )
    feed = svsm_cal.to_ical(svsm_cal.loads(text), now=NOW, participant="claudio")
    (extra,) = [event for event in events_of(feed) if "20250314" in event["UID"]]
    assert str(extra["DESCRIPTION"]).count("vor dem Freeze") == 1


def test_r20_deadlines_are_whole_days_that_leave_people_free():
    told = {str(event["UID"]).split("@")[0]: event for event in events_of(FEEDS["rich-deadlines"])}
    assert {uid: (event["DTSTART"].dt, event["DTEND"].dt) for uid, event in told.items()} == {
        "deadline+cfp": (date(2025, 3, 11), date(2025, 3, 12)),
        "deadline+qemu-10.0-soft-freeze": (date(2025, 3, 11), date(2025, 3, 12)),
        "deadline+qemu-10.0-rc0": (date(2025, 3, 20), date(2025, 3, 21)),
        "deadline+freeze": (date(2025, 12, 31), date(2026, 1, 1)),
    }
    for event in told.values():
        assert str(event["TRANSP"]) == "TRANSPARENT"
        assert event["DTSTART"].params["VALUE"] == event["DTEND"].params["VALUE"] == "DATE"
    assert [alarm["TRIGGER"].dt for alarm in told["deadline+cfp"].walk("VALARM")] == [timedelta(weeks=-2), timedelta(days=-1)]
    assert str(told["deadline+freeze"]["DESCRIPTION"]) == "Due at 23:00 America/New_York (2026-01-01 04:00 UTC)."
    assert "Planned for Tue 18 March 2025." in told["deadline+qemu-10.0-rc0"]["DESCRIPTION"]


@pytest.mark.parametrize("name", ["public", "series", "claudio", "vasant"])
def test_r20_calls_do_not_leave_people_free(name):
    assert b"TRANSPARENT" not in FEEDS[f"rich-{name}"]


def test_r21_lines_end_in_crlf_and_have_at_most_75_octets(feed):
    assert feed.endswith(b"\r\n")
    assert feed.count(b"\r") == feed.count(b"\n") == feed.count(b"\r\n")
    lines = feed.split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    assert "" not in [line.decode("utf-8").strip() for line in lines[:-1]]  # strict: no character is cut in two


def test_r21_the_rich_feeds_have_long_lines_to_fold():
    assert FEEDS["rich-public"].count(b"\r\n ") > 50
    assert "東京".encode() in FEEDS["rich-public"].replace(b"\r\n ", b"")


@pytest.mark.parametrize("name", ["public", "series", "claudio", "deadlines"])
def test_r21_every_text_comes_back_as_it_was(name):
    calendar, read = CALENDARS["rich"], icalendar.Calendar.from_ical(FEEDS[f"rich-{name}"])
    assert calendar.description.count("\n") == 1
    assert text_of(read, "DESCRIPTION") == text_of(read, "X-WR-CALDESC") == calendar.description
    if name == "deadlines":
        titles = {str(event["SUMMARY"]) for event in read.walk("VEVENT")}
        assert {deadline.title for deadline in calendar.deadlines} <= titles
        return
    series = calendar.series[0]
    masters = [event for event in read.walk("VEVENT") if "RRULE" in event and event["UID"].startswith("devel-call")]
    assert {str(event["SUMMARY"]) for event in masters} == {series.title}
    assert all(series.details.description in event["DESCRIPTION"] for event in masters)
    assert str(instances_of(FEEDS[f"rich-{name}"])["2025-05-21T18:00"]["SUMMARY"]) == f"Mit Gästen, aus Łódź; {'ß' * 60}"
    moved = instances_of(FEEDS[f"rich-{name}"])["2025-12-10T18:00"]
    assert "Note: moved from Wed 10 December 18:00 Europe/Berlin: Linux Plumbers, Tokyo" in moved["DESCRIPTION"]
    if name == "public":
        assert {str(event["LOCATION"]) for event in read.walk("VEVENT") if "triage" in event["UID"]} == {
            "Room 1, second floor; ring twice"
        }


def test_r21_special_characters_are_escaped_as_rfc_5545_says():
    lines = FEEDS["rich-public"].decode().replace("\r\n ", "").split("\r\n")
    assert "X-WR-CALNAME:Kalender für alle\\; Łódź\\, 東京" in lines
    assert f"X-WR-CALDESC:Zeile eins\\, mit Komma\\;\\nZeile zwei \\\\n ist keine neue Zeile: {'ä' * 80}" in lines
    assert "URL:https://meet.example.org/svsm?a=1,2;b=3" in lines or "URL:https://zoom.example.org/svsm" in lines


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2025-01-05T18:00:00", "90min", "20250105T193000"),
        ("2025-01-05T23:30:00", "1h", "20250106T003000"),
        # An hour is an hour, whatever the wall clock does within it: then it is told as DURATION.
        ("2025-03-30T01:30:00", "1h", None),
        ("2025-10-26T01:30:00", "1h", "20251026T023000"),
        ("2025-10-26T01:30:00", "3h", None),
        ("2025-10-26T02:30:00", "1h", None),
    ],
)
def test_a_call_ends_after_its_duration(start, duration, end):
    text = f'[[series]]\nid = "call"\ntitle = "Call"\nstart = {start}\nduration = "{duration}"\nrule = "FREQ=WEEKLY"\n'
    feed = svsm_cal.to_ical(svsm_cal.loads(RICH.split("[[series]]", maxsplit=1)[0] + text), now=NOW)
    (event,) = events_of(feed)
    told = {name: event[name].to_ical().decode() for name in ("DTEND", "DURATION") if name in event}
    assert told == ({"DTEND": end} if end else {"DURATION": f"PT{duration.upper()}"})


@pytest.mark.parametrize(
    ("name", "calendar", "which"),
    [
        ("minimal", ROOT / "examples/minimal/calendar.toml", {}),
        ("personal", GOLDEN / "personal.toml", {"participant": "claudio"}),
    ],
)
def test_a_feed_byte_for_byte(name, calendar, which):
    """When a change is meant, look at the new feed line by line before it goes into golden/."""
    assert svsm_cal.to_ical(svsm_cal.load(calendar), now=NOW, **which) == (GOLDEN / f"{name}.ics").read_bytes()
