"""Notices: a replay of two and a half years with a clock that ticks weekly, and what each kind says when."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from svsm_cal.config.load import loads
from svsm_cal.core.channels import Severity
from svsm_cal.core.civil import Instant
from svsm_cal.core.laws import LawChange
from svsm_cal.core.notices import NoticeKind, due_between, narrowed, notices
from svsm_cal.core.zones import zone_of
from svsm_cal.words.notices import wording

EXAMPLE = (Path(__file__).resolve().parents[2] / "examples/svsm/calendar.toml").read_text(encoding="utf-8")
# The example lacks São Paulo, which has had no summer time since 2019: Jon attends from there.
WORLD = EXAMPLE.replace(
    'name = "Jon Lange"\nzone = "America/Los_Angeles"', 'name = "Jon Lange"\nzone = "America/Sao_Paulo"\ngroups = ["everyone"]'
)
ZONES = (
    "America/New_York", "America/Los_Angeles", "America/Chicago", "America/Sao_Paulo", "Europe/London", "Europe/Berlin",
    "Europe/Rome", "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney",
)  # fmt: skip
FIRST, LAST = date(2024, 2, 14), date(2026, 8, 12)
CANCELLED = {
    date.fromisoformat(day)
    for day in [
        "2024-02-21",
        "2024-03-13",
        "2024-04-17",
        "2024-05-01",
        "2024-06-19",
        "2024-07-03",
        "2024-07-10",
        "2024-07-24",
        "2024-08-07",
        "2024-09-18",
        "2024-10-09",
        "2024-11-13",
        "2024-12-25",
        "2025-01-01",
        "2025-01-22",
        "2025-03-19",
        "2025-04-23",
        "2025-12-10",
        "2025-12-24",
        "2025-12-31",
    ]
}
# The clock changes of the US and of Europe in that time.
US = ["2024-03-10", "2024-11-03", "2025-03-09", "2025-11-02", "2026-03-08"]
EUROPE = ["2024-03-31", "2024-10-27", "2025-03-30", "2025-10-26", "2026-03-29"]
SHIFTS = {NoticeKind.SHIFT, NoticeKind.BACK, NoticeKind.SEASON}
BERLIN = ZoneInfo("Europe/Berlin")


def wednesdays():
    return [FIRST + timedelta(days=7 * week) for week in range((LAST - FIRST).days // 7 + 1)]


def six_in_berlin(day):
    return datetime(day.year, day.month, day.day, 18, tzinfo=BERLIN)


def replay(calendar):
    """What a clock that ticks at six on every Wednesday has told: (the Wednesday, notice)."""
    told, last = [], Instant(six_in_berlin(FIRST).astimezone(UTC) - timedelta(weeks=1))
    for day in wednesdays():
        now = Instant(six_in_berlin(day).astimezone(UTC))
        told += [(day, each) for each in due_between(notices(calendar, now, now), last, now)]
        last = now
    return told


@pytest.fixture(scope="module")
def world():
    return loads(WORLD)


@pytest.fixture(scope="module")
def told(world):
    return replay(world)


def expected_shifts():
    """By zoneinfo alone: (first call, zone) -> what its clock shows at it, and showed at the call before."""
    held = [day for day in wednesdays() if day not in CANCELLED]
    found = {}
    for before, after in itertools.pairwise(held):
        for zone in ZONES:
            was, now = (six_in_berlin(day).astimezone(ZoneInfo(zone)).strftime("%H:%M") for day in (before, after))
            if was != now:
                found[after, zone] = (now, was)
    return found


@pytest.mark.slow
def test_every_shift_of_two_and_a_half_years_is_told_once_and_a_week_ahead(told):
    expected = expected_shifts()
    found = {}
    for day, notice in told:
        if notice.kind in SHIFTS:
            for each in notice.fact.zones:
                key = (notice.date, each.zone.key)
                assert key not in found, "told twice"
                found[key] = (each.after.strftime("%H:%M"), each.before.strftime("%H:%M"))
                assert day == notice.date - timedelta(weeks=1)
    assert found == expected
    assert len(expected) == 60


def test_nothing_is_told_of_clocks_in_weeks_in_which_none_changes(told):
    about = {*SHIFTS, NoticeKind.ANCHOR}
    weeks = {day + timedelta(weeks=1) for day, _ in expected_shifts()} | {day for day, _ in expected_shifts()}
    assert {day for day, notice in told if notice.kind in about} <= {day - timedelta(weeks=1) for day in weeks}


def transition(zone, day):
    """Whether the zone's clocks change on that day, by zoneinfo."""
    here = ZoneInfo(zone)
    begin, end = (datetime(each.year, each.month, each.day, tzinfo=here) for each in (day, day + timedelta(days=1)))
    return begin.utcoffset() != end.utcoffset()


def test_every_clock_change_of_the_us_and_of_europe_has_its_notices(told):
    """In spring the US shift away and Europe brings them back; in autumn it is the other way round."""
    causes = {}
    for _, notice in told:
        if notice.kind in SHIFTS and any(each.zone.key == "America/New_York" for each in notice.fact.zones):
            zone, day = notice.fact.cause
            name = "America/New_York" if zone is None else zone.key
            assert transition(name, day)
            causes.setdefault((name, str(day)), []).append(notice.kind.value)
    spring, autumn = [day for day in US if "-03-" in day], [day for day in EUROPE if "-10-" in day]
    assert causes == {
        **{("America/New_York", day): ["shift"] for day in spring},
        **{("Europe/Berlin", day): ["back"] for day in EUROPE if "-03-" in day},
        **{("Europe/Berlin", day): ["shift"] for day in autumn},
        **{("America/New_York", day): ["back"] for day in US if "-11-" in day},
    }


def test_the_anchors_own_changes_are_told_once_each(told):
    found = [(str(notice.fact.day), notice.fact.minutes) for _, notice in told if notice.kind is NoticeKind.ANCHOR]
    assert found == [(day, 60 if "-03-" in day else -60) for day in EUROPE]


def test_no_identity_is_told_twice(told):
    ids = [notice.id for _, notice in told]
    assert len(ids) == len(set(ids)) > 150


def test_every_call_that_was_cancelled_or_chaired_by_another_is_told_before(told):
    cancelled = {notice.date: day for day, notice in told if notice.kind is NoticeKind.CANCELLED}
    first = {date(2024, 2, 21)}  # a week before it is the series' first call
    assert set(cancelled) | first == CANCELLED | first
    assert all(day == when - timedelta(weeks=1) for when, day in cancelled.items())
    chairs = [(str(notice.date), notice.fact.now) for _, notice in told if notice.kind is NoticeKind.CHAIR]
    assert chairs == [("2025-05-21", "jon"), ("2025-05-28", "stefano"), ("2026-04-08", "stefano"), ("2026-07-15", "stefano")]
    assert [str(notice.date) for _, notice in told if notice.kind is NoticeKind.LINK] == ["2025-05-07"]


SPOKEN = [
    ("2025-03-05", "shift",
     ("From Wednesday 12 March to Wednesday 26 March (2 calls) the call is an hour later for America/Los_Angeles (10:00 instead "
     "of 09:00), America/Chicago (12:00 instead of 11:00) and America/New_York (13:00 instead of 12:00). Clocks there change on "
     "Sunday 9 March.")),
    ("2025-03-26", "back",
     ("From Wednesday 2 April on the call is back at its usual time for America/Los_Angeles (09:00 instead of 10:00), "
     "America/Chicago (11:00 instead of 12:00) and America/New_York (12:00 instead of 13:00). Clocks in Europe/Berlin change on "
     "Sunday 30 March.")),
    ("2025-03-26", "season",
     ("From Wednesday 2 April on the call is an hour earlier for America/Sao_Paulo (13:00 instead of 14:00), Asia/Kolkata (21:30 "
     "instead of 22:30), Asia/Shanghai (00:00 instead of 01:00 the next day), Asia/Tokyo (01:00 instead of 02:00 the next day) "
     "and Australia/Sydney (03:00 instead of 04:00 the next day). For Australia/Sydney it changes again after "
     "Wednesday 2 April (1 call). Clocks in Europe/Berlin change on Sunday 30 March.")),
    ("2025-03-26", "anchor",
     ("Clocks in Europe/Berlin go forward by 1 hour on Sunday 30 March. The call stays at 18:00 there, which from "
     "Wednesday 2 April "
     "on is 16:00 UTC instead of 17:00. Nothing changes for Europe/London and Europe/Rome.")),
    ("2025-04-02", "season",
     ("From Wednesday 9 April on the call is an hour earlier for Australia/Sydney (02:00 instead of 03:00 the next day). Clocks "
     "there change on Sunday 6 April.")),
    ("2025-10-22", "shift",
     ("On Wednesday 29 October, for this call only, the call is an hour later for America/Los_Angeles (10:00 instead of 09:00), "
     "America/Chicago (12:00 instead of 11:00) and America/New_York (13:00 instead of 12:00). Clocks in Europe/Berlin change on "
     "Sunday 26 October.")),
    ("2025-10-29", "back",
     ("From Wednesday 5 November on the call is back at its usual time for America/Los_Angeles (09:00 instead of 10:00), "
     "America/Chicago (11:00 instead of 12:00) and America/New_York (12:00 instead of 13:00). Clocks there change on Sunday 2 "
     "November.")),
]  # fmt: skip


@pytest.mark.parametrize(("day", "kind", "text"), [pytest.param(*row, id=f"{row[0]} {row[1]}") for row in SPOKEN])
def test_what_is_said(told, world, day, kind, text):
    assert [wording(each, world).text for when, each in told if str(when) == day and each.kind == kind] == [text]


def test_what_is_said_in_german(told, world):
    found = [each for when, each in told if str(when) == "2025-03-05" and each.kind == "shift"]
    assert [wording(each, world, "de").text for each in found] == [
        (
            "Von Mittwoch, 12. März bis Mittwoch, 26. März (2 Treffen) beginnt das Treffen eine Stunde später für "
            "America/Los_Angeles "
            "(10:00 statt 09:00), America/Chicago (12:00 statt 11:00) und America/New_York (13:00 statt 12:00). Die Uhren "
            "werden dort "
            "am Sonntag, 9. März umgestellt."
        )
    ]


def test_every_notice_has_words_in_every_language(told, world):
    for _, notice in told:
        for language in ("en", "de"):
            said = wording(notice, world, language)
            assert said.title, notice.id
            assert said.text.rstrip(".").strip(), notice.id
            assert "{" not in said.title + said.text
            assert "\n" not in said.title + said.text


# --- Each kind, from a calendar that has it ---

SMALL = """\
[calendar]
id = "c"
name = "C"
domain = "c.example.org"
zone = "Europe/Berlin"

[[participant]]
id = "joerg"
name = "Joerg Roedel"
zone = "Europe/Berlin"
groups = ["everyone"]
{joerg}

[[participant]]
id = "huibo"
name = "Huibo Wang"
zone = "Asia/Shanghai"
groups = ["everyone"]
{huibo}

[[participant]]
id = "tom"
name = "Tom Lendacky"
zone = "America/Chicago"
groups = ["everyone"]

[[series]]
id = "call"
title = "Call"
start = 2025-01-01T18:00:00
duration = "1h"
repeat = "every Wednesday"
attendees = ["everyone"]
url = "https://meet.example.org/a"
{call}

{rest}
"""


def small(call="", *, joerg="", huibo="", rest=""):
    return loads(SMALL.format(call=call, joerg=joerg, huibo=huibo, rest=rest))


def at(text):
    return Instant(datetime.fromisoformat(text).astimezone(UTC))


def told_at(calendar, text, *kinds, **more):
    now = at(text)
    return [each for each in notices(calendar, now, now, **more) if not kinds or each.kind in kinds]


def said_at(calendar, text, *kinds, language="en", **more):
    return [wording(each, calendar, language).text for each in told_at(calendar, text, *kinds, **more)]


def repr_of(value):
    return value[:20] if isinstance(value, str) else ""


ROWS = [
    ("cancelled", small('cancel = [{ date = 2025-02-12, reason = "holidays" }]'), "2025-02-05T17:00Z",
     "There is no call on Wednesday 12 February: holidays. The next one is on Wednesday 19 February."),
    ("cancelled", small("cancel = [{ date = 2025-02-12 }]"), "2025-02-12T16:59Z",
     "There is no call on Wednesday 12 February. The next one is on Wednesday 19 February."),
    ("moved", small('move = [{ date = 2025-02-12, to = 2025-02-13T19:00:00, reason = "a conference" }]'), "2025-02-05T17:00Z",
     ("The call of Wednesday 12 February, 18:00, is moved to Thursday 13 February, 19:00 Europe/Berlin: a conference. That is "
     "Thursday 13 February 12:00 for America/Chicago instead of Wednesday 12 February 11:00; Thursday 13 February 19:00 for "
     "Europe/Berlin instead of Wednesday 12 February 18:00; Friday 14 February 02:00 for Asia/Shanghai instead of Thursday 13 "
     "February 01:00.")),
    ("moved", small('move = [{ date = 2025-02-12, to = 2025-05-12T18:00:00 }]'), "2025-02-05T17:00Z",
     ("The call of Wednesday 12 February, 18:00, is moved to Monday 12 May, 18:00 Europe/Berlin. That is Monday 12 May 11:00 for "
     "America/Chicago instead of Wednesday 12 February 11:00; Monday 12 May 18:00 for Europe/Berlin instead of Wednesday 12 "
     "February 18:00; Tuesday 13 May 00:00 for Asia/Shanghai instead of Thursday 13 February 01:00.")),
    ("added", small("add = [{ start = 2025-02-14T09:00:00 }]"), "2025-02-07T08:00Z",
     ("There is an extra call on Friday 14 February, 09:00 Europe/Berlin. That is Friday 14 February 02:00 for America/Chicago; "
     "Friday 14 February 09:00 for Europe/Berlin; Friday 14 February 16:00 for Asia/Shanghai.")),
    ("chair", small('chair = "joerg"\nchange = [{ date = 2025-02-12, chair = "tom" }]'), "2025-02-05T17:00Z",
     "Tom Lendacky chairs the call on Wednesday 12 February in place of Joerg Roedel."),
    ("chair", small('from = [{ date = 2025-02-10, chair = "tom" }]'), "2025-02-05T17:00Z",
     "From Wednesday 12 February on Tom Lendacky chairs the call."),
    ("chair", small('chair = "joerg"\nfrom = [{ date = 2025-02-10, chair = ["tom", "joerg"] }]'), "2025-02-05T17:00Z",
     "From Wednesday 12 February on people chair the call in turn, Tom Lendacky first."),
    ("chair", small('chair = ["joerg", "tom"]', joerg="away = [{ from = 2025-02-12, to = 2025-02-12 }]"), "2025-02-05T17:00Z",
     "Tom Lendacky chairs the call on Wednesday 12 February in place of Joerg Roedel."),
    ("link", small('change = [{ date = 2025-02-12, url = "https://meet.example.org/b" }]'), "2025-02-05T17:00Z",
     "The call on Wednesday 12 February has another link: https://meet.example.org/b"),
    ("link", small('from = [{ date = 2025-02-10, url = "https://meet.example.org/b" }]'), "2025-02-05T17:00Z",
     "From Wednesday 12 February on the call has a new link: https://meet.example.org/b"),
    ("reanchored", small('from = [{ date = 2025-02-10, start = 17:00:00 }]'), "2025-02-05T16:00Z",
     ("From Wednesday 12 February on the call is at 17:00 Europe/Berlin. Until now it is at 18:00 Europe/Berlin. That "
     "is Wednesday "
     "12 February 10:00 for America/Chicago instead of Wednesday 5 February 11:00; Wednesday 12 February 17:00 for Europe/Berlin "
     "instead of Wednesday 5 February 18:00; Thursday 13 February 00:00 for Asia/Shanghai instead of Thursday 6 "
     "February 01:00.")),
    ("absences", small(huibo="away = [{ from = 2025-02-13, to = 2025-02-20 }]"), "2025-02-05T17:00Z",
     "Huibo Wang will miss the call on Wednesday 12 February."),
    ("chair-away", small('chair = "joerg"', joerg="away = [{ from = 2025-02-10, to = 2025-02-14 }]"), "2025-02-05T17:00Z",
     "Joerg Roedel is to chair the call on Wednesday 12 February and will not be there. Another chair is needed."),
    ("chair-away", small('chair = "joerg"', joerg="away = [{ from = 2025-02-10, to = 2025-02-14 }]",
     huibo="away = [{ from = 2025-02-13, to = 2025-02-20 }]"), "2025-02-05T17:00Z",
     ("Joerg Roedel is to chair the call on Wednesday 12 February and will not be there. Huibo Wang will miss it too. "
     "That is 2 of "
     "3. Cancel it, or move it?")),
    ("deadline", small(rest='[[deadline]]\nid = "d"\ntitle = "Talks"\ndate = 2025-02-12'), "2025-02-06T12:00Z",
     "Talks is on Wednesday 12 February. One call is left before it, on Wednesday 12 February."),
    ("last-call", small(rest='[[deadline]]\nid = "d"\ntitle = "Talks"\ndate = 2025-02-11'), "2025-02-04T17:00Z",
     "The call on Wednesday 5 February is the last one before Talks on Tuesday 11 February."),
    ("over", small(rest='[[deadline]]\nid = "d"\ntitle = "Talks"\ndate = 2025-02-11'), "2025-02-12T12:00Z",
     "Talks was on Tuesday 11 February and is over."),
    ("slipped", small(rest='[[release]]\nid = "r"\ntitle = "R"\n'
     'milestones = [{ id = "m", title = "freeze", date = 2025-02-11, actual = 2025-02-18 }]'), "2025-02-05T12:00Z",
     "R freeze slips from Tuesday 11 February to Tuesday 18 February."),
    ("earlier", small(rest='[[release]]\nid = "r"\ntitle = "R"\n'
     'milestones = [{ id = "m", title = "freeze", date = 2025-02-18, actual = 2025-02-11 }]'), "2025-02-05T12:00Z",
     "R freeze is on Tuesday 11 February instead of Tuesday 18 February: earlier than it was."),
]  # fmt: skip


ODD = """\
[calendar]
id = "c"
name = "C"
domain = "c.example.org"
zone = "{zone}"

[[series]]
id = "call"
title = "Call"
start = {start}
duration = "1h"
repeat = "every {day}"
attendees = ["all"]
"""


def odd(zone, start, day, *zones):
    people = (
        f'[[participant]]\nid = "p{number}"\nname = "P{number}"\nzone = "{each}"\ngroups = ["all"]\n'
        for number, each in enumerate(zones)
    )
    return loads(ODD.format(zone=zone, start=start, day=day) + "\n".join(people))


def test_a_call_on_the_day_of_the_change_shifts_for_some_zones_and_the_next_one_for_others():
    calendar = odd("UTC", "2024-01-07T08:00:00", "Sunday", "America/New_York", "America/Los_Angeles")
    found = [each for each in notices(calendar, at("2025-03-01T00:00Z"), at("2025-03-20T00:00Z")) if each.kind == "season"]
    assert [(each.id, str(each.date), each.participants) for each in found] == [
        ("season:call:2025-03-09:+60", "2025-03-09", ("p0",)),
        ("season:call:2025-03-09:+60:2025-03-09", "2025-03-16", ("p1",)),
    ]


def test_an_end_is_told_only_of_zones_for_which_it_is_one():
    calendar = odd("Australia/Lord_Howe", "2024-01-03T02:30:00", "Wednesday", "UTC", "Asia/Gaza")
    # From 9 April on both have it 30 minutes later; in Gaza clocks change again before 16 April.
    [together] = said_at(calendar, "2025-04-01T15:30Z", "season", "back", "shift")
    assert together == (
        "From Wednesday 9 April on the call is 30 minutes later for UTC (16:00 instead of 15:30 the previous day) and Asia/Gaza "
        "(18:00 instead of 17:30 the previous day). For Asia/Gaza it changes again after Wednesday 9 April (1 call). Clocks in "
        "Australia/Lord_Howe change on Sunday 6 April."
    )
    [alone] = said_at(odd("Australia/Lord_Howe", "2024-01-03T02:30:00", "Wednesday", "Asia/Gaza"), "2025-04-01T15:30Z", "season")
    assert "It changes again after Wednesday 9 April (1 call)." in alone


@pytest.mark.parametrize(("name", "said"), [("p0", False), ("p1", True)])
def test_who_is_told_alone_hears_of_an_end_only_if_it_is_theirs(name, said):
    calendar = odd("Australia/Lord_Howe", "2024-01-03T02:30:00", "Wednesday", "UTC", "Asia/Gaza")
    [notice] = told_at(calendar, "2025-04-01T15:30Z", "season")
    own = narrowed(notice, calendar.participant(name))
    assert ("It changes again after Wednesday 9 April (1 call)." in wording(own, calendar).text) is said


def test_a_time_that_clocks_skip_is_told_as_they_show_it():
    calendar = small("move = [{ date = 2025-04-02, to = 2025-03-30T02:30:00 }]")
    [said] = said_at(calendar, "2025-03-23T01:30Z", "moved")
    assert said.startswith("The call of Wednesday 2 April, 18:00, is moved to Sunday 30 March, 03:30 Europe/Berlin. That is ")


@pytest.mark.parametrize(
    ("language", "title", "text"),
    [
        (
            "en",
            "Call: at 17:00 instead of 18:00 on Wednesday 12 February",
            "The call of Wednesday 12 February, 18:00, is moved to",
        ),
        (
            "de",
            "Call: um 17:00 statt 18:00 am Mittwoch, 12. Februar",
            "Das Treffen vom Mittwoch, 12. Februar, 18:00, ist verlegt",
        ),
    ],
)
def test_a_call_that_moves_within_its_day(language, title, text):
    calendar = small("move = [{ date = 2025-02-12, to = 2025-02-12T17:00:00 }]")
    [notice] = told_at(calendar, "2025-02-05T17:00Z", "moved")
    said = wording(notice, calendar, language)
    assert said.title == title
    assert said.text.startswith(text)


def test_a_rule_is_in_words_where_the_language_has_them():
    calendar = small('from = [{ date = 2025-02-10, rule = "FREQ=WEEKLY;BYDAY=TH" }]')
    [english] = said_at(calendar, "2025-02-06T17:00Z", "reanchored")
    [german] = said_at(calendar, "2025-02-06T17:00Z", "reanchored", language="de")
    assert english.startswith("From Thursday 13 February on the call is at 18:00 Europe/Berlin, every Thursday. Until now")
    assert german.startswith("Ab Donnerstag, 13. Februar beginnt das Treffen um 18:00 Europe/Berlin. Bisher")


@pytest.mark.parametrize(("kind", "calendar", "when", "text"), ROWS, ids=repr_of)
def test_what_each_kind_says_and_from_when_on(kind, calendar, when, text):
    assert said_at(calendar, when, kind) == [text]


@pytest.mark.parametrize(("kind", "calendar", "when"), [row[:3] for row in ROWS if row[2] != "2025-02-12T16:59Z"], ids=repr_of)
def test_a_minute_earlier_it_is_not_due(kind, calendar, when):
    assert said_at(calendar, (at(when) - timedelta(minutes=1)).isoformat(), kind) == []


@pytest.mark.parametrize(("kind", "calendar", "when", "text"), ROWS, ids=repr_of)
def test_months_later_nobody_is_told_any_more(kind, calendar, when, text):
    del text
    assert said_at(calendar, (at(when) + timedelta(days=120)).isoformat(), kind) == []


def test_a_first_run_on_an_old_calendar_tells_only_what_still_matters():
    found = told_at(loads(EXAMPLE), "2026-01-07T12:00Z")
    assert [(each.kind, str(each.date)) for each in found] == []
    assert len(notices(loads(EXAMPLE), at("2024-02-01T00:00Z"), at("2026-01-07T12:00Z"))) > 140


@pytest.mark.parametrize(
    ("lead", "kind", "when"),
    [
        ('lead = { shift = "2w" }', "season", "2025-03-19T17:00Z"),
        ('lead = { call = "3d" }', "cancelled", "2025-02-09T17:00Z"),
        ('lead = { call = "36h" }', "cancelled", "2025-02-11T05:00Z"),
        ('lead = { deadline = ["2d"] }', "deadline", "2025-02-11T12:00Z"),
        ('lead = { last = "1h" }', "last-call", "2025-02-12T16:00Z"),
    ],
)
def test_how_long_ahead_is_the_communitys_choice(lead, kind, when):
    deadline = '[[deadline]]\nid = "d"\ntitle = "Talks"\ndate = 2025-02-12'
    calendar = small("cancel = [{ date = 2025-02-12 }]", rest=f"[notices]\n{lead}\n{deadline}")
    if kind == "last-call":
        calendar = small(rest=f"[notices]\n{lead}\n{deadline}")
    assert len(told_at(calendar, when, kind)) == 1
    assert told_at(calendar, (at(when) - timedelta(minutes=1)).isoformat(), kind) == []


def test_a_lead_of_days_keeps_the_hour_of_the_call_across_a_clock_change():
    notice = next(each for each in told_at(loads(EXAMPLE), "2025-10-22T16:00Z") if each.kind == "shift")
    assert (notice.due.isoformat(), notice.at.isoformat()) == ("2025-10-22T16:00:00+00:00", "2025-10-29T17:00:00+00:00")


@pytest.mark.parametrize("extra", ["{ date = 2025-03-12 },", "{ date = 2025-03-26 },"], ids=["its first call", "its last call"])
def test_a_shift_stays_the_same_notice_when_one_of_its_calls_is_cancelled(extra):
    edited = loads(EXAMPLE.replace("  { date = 2025-03-19 },", f"  {{ date = 2025-03-19 }}, {extra}"))
    ids = {
        each.id
        for calendar in (loads(EXAMPLE), edited)
        for each in notices(calendar, at("2025-03-01T00:00Z"), at("2025-03-25T00:00Z"))
        if each.kind == "shift"
    }
    assert ids == {"shift:devel-call:2025-03-09:+60"}


def test_a_time_that_the_file_changes_is_told_once_for_all_zones_and_not_as_a_shift():
    calendar = small('from = [{ date = 2025-02-10, zone = "Europe/London" }]')
    found = notices(calendar, at("2025-02-01T00:00Z"), at("2025-02-12T17:00Z"))
    assert [each.kind for each in found] == ["reanchored"]


def test_reminders_of_a_deadline_follow_each_other_and_do_not_pile_up():
    calendar = small(rest='[[deadline]]\nid = "d"\ntitle = "Talks"\ndate = 2025-02-12\nremind = ["2w", "1w", "1d"]')
    found = {
        when: [(each.id, each.severity) for each in told_at(calendar, when, NoticeKind.DEADLINE)]
        for when in ("2025-01-30T11:59Z", "2025-01-30T12:00Z", "2025-02-06T12:00Z", "2025-02-12T12:00Z", "2025-02-13T12:00Z")
    }
    assert list(found.values()) == [
        [],
        [("deadline:d:2025-02-12:20160min", Severity.INFO)],
        [("deadline:d:2025-02-12:10080min", Severity.INFO)],
        [("deadline:d:2025-02-12:1440min", Severity.URGENT)],
        [],
    ]


HOLIDAYS = {"DE": {date(2025, 5, 1): "Labor Day"}, "CN": {date(2025, 5, 1): "Labor Day", date(2025, 5, 2): "Labor Day"}}


def test_public_holidays_are_those_of_the_day_on_each_ones_own_clock():
    calendar = small("move = [{ date = 2025-04-30, to = 2025-05-01T20:00:00 }]", joerg='region = "DE"', huibo='region = "CN"')
    assert said_at(calendar, "2025-04-25T00:00Z", "absences", holidays=HOLIDAYS) == [
        (
            "Joerg Roedel (Labor Day) and Huibo Wang (Labor Day) will miss the call on Thursday 1 May. That is 2 of 3. "
            "Cancel it, or "
            "move it?"
        )
    ]
    # On Wednesday evening in Berlin it is Thursday in Shanghai.
    usual = small(joerg='region = "DE"', huibo='region = "CN"')
    assert said_at(usual, "2025-04-25T00:00Z", "absences", holidays=HOLIDAYS) == [
        "Huibo Wang (Labor Day) will miss the call on Wednesday 30 April."
    ]


# --- What an edit replaces, and another law ---

EDITS = [
    ("a link", "", 'url = "https://meet.example.org/b"', "link",
     "From Wednesday 5 February on the call has a new link: https://meet.example.org/b"),
    ("a chair", 'chair = "joerg"', 'chair = "tom"', "chair", "From Wednesday 5 February on Tom Lendacky chairs the call."),
    ("chairs in turn", 'chair = "joerg"', 'chair = ["joerg", "tom", "huibo"]', "chair",
     "From Wednesday 5 February on people chair the call in turn, Huibo Wang first."),
    ("a call that takes place", "cancel = [{ date = 2025-02-12 }]", "", "restored",
     ("The call on Wednesday 12 February takes place after all, at 18:00 Europe/Berlin. That is Wednesday 12 February 11:00 for "
     "America/Chicago; Wednesday 12 February 18:00 for Europe/Berlin; Thursday 13 February 01:00 for Asia/Shanghai.")),
    ("a time", "", 'zone = "Europe/London"', "reanchored",
     ("From Wednesday 5 February on the call is at 18:00 Europe/London. Until now it is at 18:00 Europe/Berlin. That "
     "is Wednesday 5 "
     "February 12:00 for America/Chicago instead of Wednesday 5 February 11:00; Wednesday 5 February 18:00 for Europe/London "
     "instead of Wednesday 5 February 17:00; Wednesday 5 February 19:00 for Europe/Berlin instead of Wednesday 5 February 18:00; "
     "Thursday 6 February 02:00 for Asia/Shanghai instead of Thursday 6 February 01:00.")),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "kind", "text"), [pytest.param(*row[1:], id=row[0]) for row in EDITS])
def test_what_an_edit_replaces_is_told_at_once(old, new, kind, text):
    def edited(lines):
        plain = SMALL.replace('url = "https://meet.example.org/a"\n', "") if "url" in lines else SMALL
        return loads(plain.format(call=lines, joerg="", huibo="", rest=""))

    before, after = edited(old), edited(new)
    assert said_at(after, "2025-02-01T00:00Z", kind, previous=before) == [text]
    assert said_at(after, "2025-02-01T00:00Z", kind, previous=after) == []


def test_what_an_edit_says_has_the_identity_that_the_calendar_gives_it():
    before, after = small(), small('from = [{ date = 2025-02-10, url = "https://meet.example.org/b" }]')
    assert [each.id for each in told_at(after, "2025-01-20T00:00Z", "link", previous=before)] == [
        each.id for each in told_at(after, "2025-02-05T17:00Z", "link")
    ]


def test_a_deadline_that_an_edit_slips_is_told_at_once():
    deadline = '[[deadline]]\nid = "d"\ntitle = "Talks"\ndate = '
    before, after = small(rest=f"{deadline}2025-02-12"), small(rest=f"{deadline}2025-02-19")
    assert said_at(after, "2025-02-03T00:00Z", "slipped", previous=before) == [
        "Talks slips from Wednesday 12 February to Wednesday 19 February."
    ]


def test_another_law_of_time_is_told_to_whom_it_concerns():
    calendar = small()
    series = calendar.series[0]
    shanghai = zone_of("Asia/Shanghai")
    people = {each.zone: (each,) for each in calendar.participants}
    local = datetime(2025, 2, 6, 1)
    laws = [
        LawChange(series, shanghai, people[shanghai], date(2025, 2, 5), date(2025, 4, 2), 9, local, local.replace(hour=2), False)
    ]
    found = told_at(calendar, "2025-02-01T00:00Z", NoticeKind.LAW, laws=laws)
    assert [(each.severity, each.participants) for each in found] == [(Severity.URGENT, ("huibo",))]
    assert [wording(each, calendar).text for each in found] == [
        (
            "The tz database has another law for clocks. From Wednesday 5 February to Wednesday 2 April (9 calls) the call is at "
            "another time for Asia/Shanghai (02:00 instead of 01:00 the next day)."
        )
    ]


# --- For one person ---


def test_a_person_is_told_of_their_own_clock_only():
    calendar = loads(EXAMPLE)
    found = told_at(calendar, "2025-03-05T17:00Z", NoticeKind.SHIFT)
    tom, vasant = calendar.participant("tom"), calendar.participant("vasant")
    assert [narrowed(each, vasant) for each in found] == [None]
    own = narrowed(found[0], tom)
    assert (own.id, own.participants) == (found[0].id, ("tom",))
    assert wording(own, calendar).text == (
        "From Wednesday 12 March to Wednesday 26 March (2 calls) the call is an hour later for America/Chicago (12:00 instead of "
        "11:00). Clocks there change on Sunday 9 March."
    )


def test_the_anchors_change_concerns_those_on_its_clock():
    calendar = loads(EXAMPLE)
    found = told_at(calendar, "2025-03-26T17:00Z", NoticeKind.ANCHOR)
    concerned = [person.id for person in calendar.participants if narrowed(found[0], person) is not None]
    assert concerned == ["joerg"]
