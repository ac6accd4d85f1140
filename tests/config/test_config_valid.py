"""Calendar files without a mistake: nothing is said of them, and every key arrives in the model."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from svsm_cal.config.load import check_file, check_text, load, loads
from svsm_cal.core.milestones import Deadline, Milestone
from svsm_cal.core.model import Addition, Away, Calendar, Details, Organizer, Override, Status, Step
from svsm_cal.engine.rrule import RecurrenceRule
from svsm_cal.engine.zones import zone_of
from svsm_cal.value import fields_of

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/calendar.toml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_nothing_is_said_of_an_example(path):
    assert check_file(path) == []
    assert check_file(str(path)) == []
    assert isinstance(load(path), Calendar)


def test_there_are_the_two_examples():
    assert [path.parent.name for path in EXAMPLES] == ["minimal", "svsm"]


WHOLE = """\
[calendar]
id = "coconut-svsm"                 # names files and feeds
name = "COCONUT-SVSM community calendar"
domain = "coconut-svsm.example.org" # right-hand side of every UID: never change it
zone = "Europe/Berlin"              # anchor zone of every series that names none
description = '''
The development call,
and the QEMU milestones.
'''
url = "https://coconut-svsm.example.org/calendar/"
color = "teal"
organizer = { name = "COCONUT-SVSM calendar", email = "calendar@coconut-svsm.example.org" }

[[series]]
id = "devel-call"
title = "SVSM Development Call"
start = 2024-02-14T18:00:00         # wall-clock time in the anchor zone
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=WE"
url = "https://meet.example.org/svsm"
location = "online"
description = "What is being worked on"
attendees = ["everyone"]            # participant ids or groups
chair = "joerg"
minutes = "https://github.com/coconut-svsm/governance/blob/main/Meetings/devel-call-{date}.md"
cancel = [
  { date = 2025-04-23, reason = "chair on vacation" },
  { date = 2025-01-22, reason = "no meeting this week" },
]
move = [
  { date = 2025-12-10, to = 2025-12-15T18:00:00, reason = "Linux Plumbers Conference", duration = "45min", location = "Tokyo" },
]
change = [{ date = 2025-05-21, chair = "jon" }]          # this one only
add = [{ start = 2025-06-03T17:00:00, title = "Attestation", duration = "PT90M", reason = "more to say" }]
from = [
  { date = 2025-05-07, url = "https://zoom.example.org/ccc" },   # this and following
  { date = 2026-01-08, start = 17:00:00, zone = "Europe/London", rule = "FREQ=WEEKLY;BYDAY=TH", duration = "50m", reason = "so" },
]

[[series]]
id = "office-hour"
title = "Office hour"
start = 2025-01-14T09:00:00
duration = "1h 30m"
zone = "America/New_York"
repeat = "every other Tuesday"
attendees = ["dionna", "dionna", "europe"]

[[series]]
id = "kick-off"
title = "  Kick-off  "
start = 2024-02-07T18:00:00
duration = "2h"

[[participant]]
id = "dionna"
name = "Dionna Glaze"
email = "dionna@example.org"
zone = "America/Los_Angeles"
groups = ["everyone", "us"]
reminders = ["1d", "15m"]
away = [{ from = 2025-07-07, to = 2025-07-18 }, { from = 2025-12-24, to = 2025-12-24 }]

[[participant]]
id = "joerg"
name = "Joerg Roedel"
zone = "Europe/Berlin"
groups = ["everyone", "europe"]

[[participant]]
id = "jon"
name = "Jon Lange"
zone = "America/Los_Angeles"

[[deadline]]
id = "qemu-soft-freeze"
title = "QEMU 10.0 soft feature freeze"
date = 2025-03-11                   # a whole day: over when the day ends anywhere on Earth
remind = ["2w", "1w", "1d"]
url = "https://wiki.qemu.org/Planning/10.0"

[[deadline]]
id = "cfp"
title = "Call for proposals"
date = 2025-03-12
zone = "America/New_York"

[[deadline]]
id = "slides"
title = "Slides"
at = 2025-03-13T12:00:00            # or a moment, with `zone`
zone = "Asia/Tokyo"

[[deadline]]
id = "agenda"
title = "Agenda"
at = 2025-03-14T12:00:00

[[release]]
id = "qemu-10.0"
title = "QEMU 10.0"
zone = "Europe/London"
url = "https://wiki.qemu.org/Planning/10.0"
milestones = [
  { id = "soft-freeze", title = "soft feature freeze", date = 2025-03-11, remind = ["1w"] },
  { id = "hard-freeze", title = "hard feature freeze, rc0", after = "soft-freeze", offset = "1w" },
  { id = "rc1", after = "hard-freeze", offset = "1w", actual = 2025-03-26 },
  { id = "release", after = "rc1", offset = "4w", actual = 2025-04-22 },   # planned stays on record beside actual
]

[[release]]
id = "qemu-11.1"
title = "QEMU 11.1"
milestones = [{ id = "rc1", actual = 2026-07-21 }, { id = "rc2", after = "rc1", offset = "1w" }]

[[event]]                           # what the call may collide with
id = "lpc-2025"
title = "Linux Plumbers Conference"
start = 2025-12-11
end = 2025-12-13
url = "https://lpc.example.org/"

[[event]]
id = "holiday"
title = "Holiday"
start = 2025-10-03
"""


@pytest.fixture(scope="module")
def calendar():
    return loads(WHOLE)


def test_nothing_is_said_of_the_whole_format():
    assert check_text(WHOLE) == []


def test_the_calendar_itself(calendar):
    assert {name: getattr(calendar, name) for name in fields_of(calendar)[:8]} == {
        "id": "coconut-svsm",
        "name": "COCONUT-SVSM community calendar",
        "domain": "coconut-svsm.example.org",
        "zone": zone_of("Europe/Berlin"),
        "description": "The development call,\nand the QEMU milestones.",
        "url": "https://coconut-svsm.example.org/calendar/",
        "color": "teal",
        "organizer": Organizer("COCONUT-SVSM calendar", "calendar@coconut-svsm.example.org"),
    }
    assert [each.id for each in calendar.series] == ["devel-call", "office-hour", "kick-off"]


def test_the_series(calendar):
    call, office, single = calendar.series
    assert (call.uid_domain, call.zone, call.start) == (
        "coconut-svsm.example.org",
        zone_of("Europe/Berlin"),
        datetime(2024, 2, 14, 18),
    )
    assert (call.duration, call.rule) == (timedelta(hours=1), RecurrenceRule.parse("FREQ=WEEKLY;BYDAY=WE"))
    assert call.attendees == ("dionna", "joerg")
    assert call.details == Details(
        title="SVSM Development Call",
        url="https://meet.example.org/svsm",
        location="online",
        description="What is being worked on",
        chair="joerg",
        minutes="https://github.com/coconut-svsm/governance/blob/main/Meetings/devel-call-{date}.md",
    )
    assert (office.zone, office.duration, office.attendees) == (
        zone_of("America/New_York"),
        timedelta(minutes=90),
        ("dionna", "joerg"),
    )
    assert office.rule == RecurrenceRule.parse("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU")
    assert (single.rule, single.title, single.attendees, single.overrides) == (None, "Kick-off", (), ())


def test_the_exceptions_of_a_series_are_in_time_order(calendar):
    assert calendar.series[0].overrides == (
        Override(datetime(2025, 1, 22, 18), Status.CANCELLED, reason="no meeting this week"),
        Override(datetime(2025, 4, 23, 18), Status.CANCELLED, reason="chair on vacation"),
        Override(datetime(2025, 5, 21, 18), Status.CONFIRMED, details=Details(chair="jon")),
        Override(
            datetime(2025, 12, 10, 18),
            Status.MOVED,
            datetime(2025, 12, 15, 18),
            timedelta(minutes=45),
            "Linux Plumbers Conference",
            Details(location="Tokyo"),
        ),
    )
    assert calendar.series[0].additions == (
        Addition(datetime(2025, 6, 3, 17), timedelta(minutes=90), "more to say", Details(title="Attestation")),
    )
    assert calendar.series[0].steps == (
        Step(date(2025, 5, 7), details=Details(url="https://zoom.example.org/ccc")),
        Step(
            date(2026, 1, 8),
            time(17),
            zone_of("Europe/London"),
            RecurrenceRule.parse("FREQ=WEEKLY;BYDAY=TH"),
            timedelta(minutes=50),
            "so",
        ),
    )


def test_the_participants(calendar):
    dionna, joerg, jon = calendar.participants
    assert (dionna.name, dionna.email, dionna.zone) == ("Dionna Glaze", "dionna@example.org", zone_of("America/Los_Angeles"))
    assert (dionna.groups, dionna.reminders) == (("everyone", "us"), (timedelta(days=1), timedelta(minutes=15)))
    assert dionna.away == (Away(date(2025, 7, 7), date(2025, 7, 18)), Away(date(2025, 12, 24), date(2025, 12, 24)))
    assert (joerg.email, joerg.reminders, joerg.away) == (None, (), ())
    assert jon.groups == ()


def test_the_deadlines(calendar):
    day, there, moment, here = calendar.deadlines
    remind = (timedelta(weeks=2), timedelta(weeks=1), timedelta(days=1))
    assert day == Deadline(
        "qemu-soft-freeze",
        "QEMU 10.0 soft feature freeze",
        date(2025, 3, 11),
        remind=remind,
        url="https://wiki.qemu.org/Planning/10.0",
    )
    assert there == Deadline("cfp", "Call for proposals", date(2025, 3, 12), zone=zone_of("America/New_York"))
    assert moment == Deadline("slides", "Slides", date(2025, 3, 13), datetime(2025, 3, 13, 12), zone_of("Asia/Tokyo"))
    assert here == Deadline("agenda", "Agenda", date(2025, 3, 14), datetime(2025, 3, 14, 12), zone_of("Europe/Berlin"))
    assert [each.due_utc.isoformat() for each in calendar.deadlines] == [
        "2025-03-12T12:00:00+00:00",  # the 11th ends at UTC-12
        "2025-03-13T04:00:00+00:00",
        "2025-03-13T03:00:00+00:00",
        "2025-03-14T11:00:00+00:00",
    ]


def test_the_releases(calendar):
    first, second = calendar.releases
    assert (first.id, first.title, first.zone, first.url) == (
        "qemu-10.0",
        "QEMU 10.0",
        zone_of("Europe/London"),
        "https://wiki.qemu.org/Planning/10.0",
    )
    assert first.milestones == (
        Milestone("soft-freeze", "soft feature freeze", date(2025, 3, 11), None, (timedelta(weeks=1),)),
        Milestone("hard-freeze", "hard feature freeze, rc0", date(2025, 3, 18), None),
        Milestone("rc1", "rc1", date(2025, 3, 25), date(2025, 3, 26)),
        Milestone("release", "release", date(2025, 4, 22), date(2025, 4, 22)),
    )
    assert second.zone is None
    assert second.milestones == (
        Milestone("rc1", "rc1", None, date(2026, 7, 21)),
        Milestone("rc2", "rc2", date(2026, 7, 28), None),  # counted from what happened, where nothing was planned
    )


def test_the_events(calendar):
    conference, holiday = calendar.events
    assert (conference.id, conference.title, conference.url) == (
        "lpc-2025",
        "Linux Plumbers Conference",
        "https://lpc.example.org/",
    )
    assert (conference.start, conference.end) == (date(2025, 12, 11), date(2025, 12, 13))
    assert (holiday.start, holiday.end, holiday.url) == (date(2025, 10, 3), date(2025, 10, 3), None)


LENGTHS = [
    ("1h", 3600),
    ("45min", 2700),
    ("45m", 2700),
    ("1h30m", 5400),
    ("1h 30m", 5400),
    (" 1h ", 3600),
    ("90s", 90),
    ("2d", 172800),
    ("1w", 604800),
    ("1w2d", 777600),
    ("PT1H", 3600),
    ("PT1H30M", 5400),
    ("P1W", 604800),
    ("P1DT12H", 129600),
]


@pytest.mark.parametrize(("text", "seconds"), LENGTHS)
def test_a_length_of_time_may_be_written_so(text, seconds):
    calendar = loads(WHOLE.replace('duration = "2h"', f'duration = "{text}"'))
    assert calendar.series[2].duration == timedelta(seconds=seconds)


SAME = [
    ("another order of the tables", lambda text: text[text.index("[[participant]]") :] + text[: text.index("[[participant]]")]),
    ("tables instead of inline tables", lambda text: text.replace("change = [{ date = 2025-05-21, chair = \"jon\" }]",
     "").replace(
        '\n[[series]]\nid = "office', '\n[[series.change]]\ndate = 2025-05-21\nchair = "jon"\n\n[[series]]\nid = "office')),
    ("a section instead of an inline table", lambda text: text.replace("organizer = {", "# {").replace(
        "\n[[series]]",
        '\n[calendar.organizer]\nname = "COCONUT-SVSM calendar"\nemail = "calendar@coconut-svsm.example.org"\n\n[[series]]', 1)),
    ("dotted keys", lambda text: text.replace("organizer = {", "# {").replace(
        'color = "teal"',
        'color = "teal"\norganizer.name = "COCONUT-SVSM calendar"\norganizer.email = "calendar@coconut-svsm.example.org"')),
    ("quoted keys", lambda text: text.replace("title = ", '"title" = ').replace("[[series]]", "[['series']]")),
    ("a repetition in words", lambda text: text.replace('rule = "FREQ=WEEKLY;BYDAY=WE"', 'repeat = "Every Wednesday"')),
    ("a rule in lower case", lambda text: text.replace("FREQ=WEEKLY;BYDAY=WE", "freq=weekly;byday=we;interval=1")),
    ("a call's date with its time", lambda text: text.replace("date = 2025-01-22,", "date = 2025-01-22T18:00:00,")),
    ("a blank between date and time", lambda text: text.replace("2024-02-14T18:00:00", "2024-02-14 18:00:00")),
    ("an old name of a zone", lambda text: text.replace('"Asia/Tokyo"', '"Japan"')),
    ("line ends as on Windows", lambda text: text.replace("\n", "\r\n")),
]  # fmt: skip


@pytest.mark.parametrize("rewritten", [pytest.param(each, id=name) for name, each in SAME])
def test_what_is_written_differently_is_the_same_calendar(rewritten, calendar):
    text = rewritten(WHOLE)
    assert [each for each in check_text(text) if each.severity == "error"] == []
    assert loads(text) == calendar


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path, calendar):
    file = tmp_path / "calendar.toml"
    file.write_bytes(b"\xef\xbb\xbf" + WHOLE.encode())
    assert load(file) == calendar
