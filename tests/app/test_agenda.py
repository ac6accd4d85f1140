"""Agendas: what the calendar knows for a call, in the form of minutes, so that it becomes them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from svsm_cal.app.agenda import agenda, template_path
from svsm_cal.app.notices import notices_of
from svsm_cal.config.load import loads
from svsm_cal.engine.civil import Instant
from svsm_cal.errors import InputError, UsageError
from svsm_cal.minutes.reading import read_minutes
from svsm_cal.minutes.suggestion import Kind
from svsm_cal.render.notice_text import wording
from svsm_cal.words import language_of
from tests.support import EXAMPLE_TEXT, small

CALENDAR = loads(EXAMPLE_TEXT)
NOW = Instant(datetime(2025, 3, 5, 12, tzinfo=UTC))

FIFTH_OF_MARCH = """\
# Meeting Minutes: SVSM Development Call (March 5th, 2025)

## Attendees:

Joerg Roedel (Chair)

## Time:

* 18:00 Europe/Berlin (Joerg Roedel)
* 09:00 America/Los_Angeles (Dionna Glaze)
* 11:00 America/Chicago (Tom Lendacky)
* 12:00 America/New_York (Cláudio Carvalho)
* 17:00 Europe/London (Nicolai Stange)
* 18:00 Europe/Rome (Stefano Garzarella)
* 22:30 Asia/Kolkata (Vasant Karasulli)
* Thursday 6 March 01:00 Asia/Shanghai (Huibo Wang)
* Thursday 6 March 02:00 Asia/Tokyo (Peter Fang)
* Thursday 6 March 04:00 Australia/Sydney (Oliver Steffen)
* Join: https://meet.example.org/svsm

## Announcements:

* From Wednesday 12 March to Wednesday 26 March (2 calls) the call is an hour later for America/Los_Angeles (10:00 instead of \
09:00), America/Chicago (12:00 instead of 11:00) and America/New_York (13:00 instead of 12:00). Clocks there change on Sunday 9 \
March.

## Deadlines:

* QEMU 10.0 soft feature freeze is on Tuesday 11 March. This is the last call before it.
* QEMU 10.0 hard feature freeze, rc0 is on Tuesday 18 March. After this one, one call is left before it, on Wednesday 12 March.
* QEMU 10.0 rc1 is on Wednesday 26 March. It was planned for Tuesday 25 March. After this one, 2 calls are left before it.
* QEMU 10.0 rc2 is on Tuesday 1 April. After this one, 2 calls are left before it.

## Topics:

### Topic:

*
"""


def test_the_next_calls_agenda():
    assert agenda(CALENDAR, NOW) == FIFTH_OF_MARCH


def sections(text):
    parts = text.split("\n## ")
    return {part.partition(":\n")[0]: [line[2:] for line in part.splitlines() if line.startswith("* ")] for part in parts[1:]}


@pytest.mark.parametrize(
    ("day", "section", "expected"),
    [
        ("2025-03-12", "Announcements", "There is no call on Wednesday 19 March. The next one is on Wednesday 26 March."),
        ("2025-03-12", "Time", "13:00 America/New_York (Cláudio Carvalho): an hour later than usual, until Wed 26 March"),
        ("2025-03-26", "Time", "13:00 America/New_York (Cláudio Carvalho): an hour later than usual, for the last time"),
        ("2025-04-30", "Announcements", "From Wednesday 7 May on the call has a new link: https://zoom.example.org/ccc-svsm"),
        ("2025-05-14", "Announcements", "Jon Lange chairs the call on Wednesday 21 May in place of Joerg Roedel."),
        ("2024-05-29", "Deadlines",
         ("KVM Forum 2024 call for proposals is on Friday 7 June. After this one, one call is left before it, on "
         "Wednesday 5 June.")),
        ("2025-03-26", "Announcements",
         ("From Wednesday 2 April on the call is an hour earlier for Asia/Kolkata (21:30 instead of 22:30), Asia/Shanghai (00:00 "
         "instead of 01:00 the next day), Asia/Tokyo (01:00 instead of 02:00 the next day) and Australia/Sydney "
         "(03:00 instead of "
         "04:00 the next day). For Australia/Sydney it changes again after Wednesday 2 April (1 call). Clocks in "
         "Europe/Berlin change on Sunday 30 March.")),
    ],
)  # fmt: skip
def test_what_is_to_be_said_at_a_call(day, section, expected):
    found = sections(agenda(CALENDAR, NOW, day=date.fromisoformat(day)))
    assert expected in found[section]


def test_who_is_away_is_said_and_who_stands_in():
    text = EXAMPLE_TEXT.replace('chair = "joerg"', 'chair = ["joerg", "stefano"]').replace(
        'name = "Joerg Roedel"', 'name = "Joerg Roedel"\naway = [{ from = 2025-03-10, to = 2025-03-13 }]'
    )
    found = agenda(loads(text), NOW, day=date(2025, 3, 12))
    assert "\nStefano Garzarella (Chair)\n" in found
    assert "Away: Joerg Roedel" in sections(found)["Time"]


def test_an_agenda_is_minutes_of_its_call_that_suggest_nothing_the_calendar_does_not_know():
    for day in ("2025-03-05", "2025-03-12", "2025-03-26", "2025-04-30", "2025-10-22"):
        text = agenda(CALENDAR, NOW, day=date.fromisoformat(day))
        found = read_minutes(text, file="agenda.md", calendar=CALENDAR)
        assert (str(found.date), found.series) == (day, "devel-call")
        assert [(each.name, each.participant, each.chairs) for each in found.attendees] == [("Joerg Roedel", "joerg", True)]
        assert [each.text for each in found.suggestions if each.sure and not each.known] == [], day
        assert any(each.kind is Kind.SHIFT for each in found.suggestions) == (day != "2025-04-30")


def test_what_the_last_minutes_left_open_is_carried_over(tmp_path):
    (tmp_path / "devel-call-2025-02-19.md").write_text("# Call (February 19th, 2025)\n\n* [ ] an old one\n", encoding="utf-8")
    (tmp_path / "devel-call-2025-02-26.md").write_text(
        "# Meeting Minutes: SVSM Development Call (February 26th, 2025)\n\n## Attendees:\n\nJoerg Roedel\n\n## Topics:\n\n"
        "### Tests\n\n* [ ] Oliver Steffen sends the patches\n* [x] this is done\n* just talk\n\n"
        "## Action items\n\n* Stefano Garzarella will rebase\n",
        encoding="utf-8",
    )
    (tmp_path / "devel-call-2025-03-05.md").write_text("# Call (March 5th, 2025)\n\n* [ ] this call's own\n", encoding="utf-8")
    found = agenda(CALENDAR, NOW, minutes=str(tmp_path))
    assert sections(found)["Open points of Wednesday 26 February"] == [
        "[ ] Oliver Steffen sends the patches",
        "[ ] Stefano Garzarella will rebase",
    ]


def test_in_german():
    found = agenda(CALENDAR, NOW, language=language_of("de"))
    assert found.startswith("# Protokoll: SVSM Development Call (5. März 2025)\n\n## Teilnehmende:\n")
    later = agenda(CALENDAR, NOW, day=date(2025, 3, 12), language=language_of("de"))
    assert "* 13:00 America/New_York (Cláudio Carvalho): eine Stunde später als sonst, bis Mi., 26. März\n" in later
    assert "* QEMU 10.0 soft feature freeze ist am Dienstag, 11. März. Dies ist das letzte Treffen davor." in found


# --- A community's own template ---


def own(tmp_path, template):
    path = tmp_path / "agenda.md.j2"
    path.write_text(template, encoding="utf-8")
    return agenda(CALENDAR, NOW, template=str(path))


def test_a_template_of_ones_own(tmp_path):
    template = "{{ date }} {{ chair }}\n{% for each in deadlines %}{{ each.id }}\n{% endfor %}"
    assert own(tmp_path, template) == (
        "2025-03-05 Joerg Roedel\nqemu-10.0-soft-freeze\nqemu-10.0-hard-freeze\nqemu-10.0-rc1\nqemu-10.0-rc2\n"
    )


def test_the_calendar_names_its_template_beside_itself():
    calendar = loads(EXAMPLE_TEXT.replace('color = "teal"', 'color = "teal"\nagenda = "templates/agenda.md"'))
    assert template_path(calendar, "a/b/calendar.toml") == "a/b/templates/agenda.md"
    assert template_path(CALENDAR, "a/b/calendar.toml") is None


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("a\n{% for %}", r"agenda\.md\.j2:2:1: "),
        ("{{ nothing }}", r"agenda\.md\.j2: 'nothing' is undefined \(it may use title, series, date"),
        ("{{ title.__class__.__mro__ }}", r"access to attribute '__class__' of 'str' object is unsafe"),
        ("{{ ''.join(range(10**9)) }}", "Range too big"),
        ("{{ 1 // 0 }}", r"agenda\.md\.j2: "),
        ("{% include '/etc/passwd' %}", r"agenda\.md\.j2: "),
        ("{{ '%(x)s' % {} }}", r"agenda\.md\.j2: 'x' \(it may use"),
        ("{{ 'a' * 10**15 }}", r"agenda\.md\.j2: MemoryError \(it may use"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", r"agenda\.md\.j2: maximum recursion depth exceeded"),
    ],
)
def test_a_template_that_cannot_be_used_is_told_of(tmp_path, template, said):
    with pytest.raises(InputError, match=said):
        own(tmp_path, template)


SKIPPED = small("""\
[[series]]
id = "call"
title = "Call"
start = 2025-03-23T02:30:00
duration = "1h"
repeat = "every Sunday"
attendees = ["joerg", "tom"]
chair = "tom"

[[participant]]
id = "joerg"
name = "Joerg Roedel"
zone = "Europe/Berlin"

[[participant]]
id = "tom"
name = "Tom Lendacky"
zone = "America/Chicago"
away = [{ from = 2025-03-28, to = 2025-03-30 }]
""")


def test_a_time_that_clocks_skip_and_a_chair_who_is_away():
    text = agenda(loads(SKIPPED), NOW, day=date(2025, 3, 30))
    assert "* 03:30 Europe/Berlin (Joerg Roedel): an hour later than usual\n" in text
    assert "* Away: Tom Lendacky\n" in text
    assert "* Tom Lendacky is to chair the call on Sunday 30 March and will not be there." in text
    assert "(Chair)" not in text
    assert "Tom Lendacky (Chair)" in agenda(loads(SKIPPED), NOW, day=date(2025, 4, 6))


def test_no_such_template():
    with pytest.raises(InputError, match=r"none\.j2: the agenda's template cannot be read"):
        agenda(CALENDAR, NOW, template="none.j2")


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2025, 3, 19), "the call on 2025-03-19 is cancelled: the next one is on 2025-03-26"),
        (date(2025, 3, 20), "no call on 2025-03-20"),
    ],
)
def test_a_day_without_a_call(day, said):
    with pytest.raises(UsageError, match=said):
        agenda(CALENDAR, NOW, day=day)


def test_no_address_is_in_an_agenda():
    assert "@" not in agenda(CALENDAR, NOW)


@pytest.mark.parametrize(
    "exception", ["cancel = [{ date = 2025-03-12 }]", "move = [{ date = 2025-03-12, to = 2025-03-13T18:00:00 }]"]
)
def test_the_next_date_is_told_of_however_short_the_lead_of_notices_is(exception):
    kind = exception.partition(" ")[0]
    text = SKIPPED.replace('repeat = "every Sunday"', 'rule = "FREQ=WEEKLY;BYDAY=WE"\n' + exception)
    text = text.replace("2025-03-23T02:30:00", "2025-03-05T18:00:00") + '\n[notices]\nlead = { call = "1d", shift = "1d" }\n'
    found = sections(agenda(loads(text), NOW, day=date(2025, 3, 5)))["Announcements"]
    said = {"cancel": "There is no call on Wednesday 12 March.", "move": "Thursday 13 March"}[kind]
    assert any(said in each for each in found)


def test_an_agenda_in_german_has_no_topic_and_says_who_leads():
    text = agenda(CALENDAR, NOW, language=language_of("de"))
    assert "\nJoerg Roedel (Leitung)\n" in text
    found = read_minutes(text, file="devel-call-2025-03-05.md", calendar=CALENDAR)
    assert found.topics == ()
    assert [each.chairs for each in found.attendees] == [True]


def test_who_would_be_next_is_named_where_the_chair_is_on_holiday():
    text = EXAMPLE_TEXT.replace('name = "Joerg Roedel"', 'name = "Joerg Roedel"\nregion = "DE-BY"')
    said = []
    for order in ('["joerg", "stefano"]', '["stefano", "joerg"]'):  # whose turn 6 January 2027 is
        calendar = loads(text.replace('chair = "joerg"', f"chair = {order}"))
        now = Instant(datetime(2027, 1, 5, 20, tzinfo=UTC))
        said += [wording(each, calendar).text for each in notices_of(calendar, now, now) if each.kind == "chair-away"]
    assert len(said) == 1
    assert "Joerg Roedel (Epiphany) is to chair the call on Wednesday 6 January" in said[0]
    assert "Stefano Garzarella would be next." in said[0]
