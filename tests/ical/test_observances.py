"""VTIMEZONEs read: ours against the tz database, and the forms that others write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from svsm_cal.core.civil import local_seconds
from svsm_cal.core.tzdb import tz_database
from svsm_cal.core.zones import zone_of
from svsm_cal.ical.content import read_content
from svsm_cal.ical.observances import Difference, published_clocks
from svsm_cal.ical.vtimezone import vtimezone

REGIONS = sorted(tz_database().regions())
ZONES = sorted(
    {
        *REGIONS[:: len(REGIONS) // 52],
        *("Africa/Casablanca", "Europe/Dublin", "Australia/Lord_Howe", "Asia/Gaza", "Asia/Kolkata", "Europe/Berlin"),
        *("America/New_York", "Africa/Cairo", "America/Nuuk", "Pacific/Chatham", "America/Sao_Paulo", "Asia/Tehran"),
        *("Pacific/Apia", "Antarctica/Troll", "America/Havana", "Etc/GMT+12", "Europe/London", "America/St_Johns"),
    }
)


def at(*parts):
    return int(datetime(*parts, tzinfo=UTC).timestamp())


def stamp(seconds):
    return (datetime(1970, 1, 1) + timedelta(seconds=seconds)).isoformat(timespec="minutes")


def clocks_of(text):
    lines = [line.strip() for line in text.strip().splitlines()]
    (component,) = read_content(
        "".join(f"{line}\r\n" for line in ("BEGIN:VTIMEZONE", *lines, "END:VTIMEZONE")).encode()
    ).components
    return published_clocks(component)


def observance(kind, start, before, after, *more):
    return "\n".join([f"BEGIN:{kind}", f"DTSTART:{start}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}", *more, f"END:{kind}"])


@pytest.mark.slow
@pytest.mark.parametrize("key", ZONES)
@pytest.mark.parametrize("year", [1990, 2015, 2024])
def test_our_own_are_the_tz_databases(key, year):
    zone, begin, end = zone_of(key), at(year, 1, 1), at(2100, 1, 1)
    (component,) = read_content(vtimezone(key, first=datetime(year, 1, 1, tzinfo=UTC)).to_ical()).components
    clocks = published_clocks(component)
    right = [(when, before.offset, after.offset) for when, before, after in zone.changes(begin, end)]
    assert clocks.problems == ()
    assert clocks.changes(begin + 1, end) == [each for each in right if each[1] != each[2] and each[0] > begin]
    assert clocks.differences(zone, begin, end) == []
    for when, _, _ in right:
        for near in (-90_000, -3600, -1, 0, 1, 3600, 90_000):
            moment = max(begin, when + near)
            assert clocks.offset_at(moment) == zone.offset_seconds(moment)
            wall = moment + zone.offset_seconds(moment)
            if moment > begin + 86400:
                assert clocks.resolve_seconds(wall) == zone.resolve_seconds(wall)[0]
                assert clocks.resolve_seconds(wall + 1800) == zone.resolve_seconds(wall + 1800)[0]


def test_there_are_zones_enough():
    assert len(ZONES) >= 60


MICROSOFT = "\n".join(
    [
        "TZID:W. Europe Standard Time",
        observance("STANDARD", "16010101T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10"),
        observance("DAYLIGHT", "16010101T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3"),
    ]
)
# New York since 1967, in the RFC's own form: one observance for each rule of the law, each with its UNTIL in UTC.
YEARLY = "RRULE:FREQ=YEARLY"
NEW_YORK = "\n".join(
    [
        "TZID:America/New_York",
        observance("DAYLIGHT", "19760425T020000", "-0500", "-0400", f"{YEARLY};BYMONTH=4;BYDAY=-1SU;UNTIL=19860427T070000Z"),
        observance("DAYLIGHT", "19870405T020000", "-0500", "-0400", f"{YEARLY};BYMONTH=4;BYDAY=1SU;UNTIL=20060402T070000Z"),
        observance("DAYLIGHT", "20070311T020000", "-0500", "-0400", f"{YEARLY};BYMONTH=3;BYDAY=2SU"),
        observance("STANDARD", "19671029T020000", "-0400", "-0500", f"{YEARLY};BYMONTH=10;BYDAY=-1SU;UNTIL=20061029T060000Z"),
        observance("STANDARD", "20071104T020000", "-0400", "-0500", f"{YEARLY};BYMONTH=11;BYDAY=1SU"),
    ]
)  # fmt: skip
LOCAL_UNTIL = NEW_YORK.replace("T070000Z", "T020000").replace("T060000Z", "T020000")
PERIOD = "RDATE;VALUE=PERIOD:20251026T030000/PT1H"
BY_DATE = "\n".join(
    [
        "TZID:Europe/Berlin",
        observance("DAYLIGHT", "20240331T020000", "+0100", "+0200", "RDATE:20250330T020000,20260329T020000"),
        observance("STANDARD", "20231029T030000", "+0200", "+0100", "RDATE:20241027T030000", PERIOD),
    ]
)  # fmt: skip
IN_UTC = BY_DATE.replace("RDATE:20250330T020000,20260329T020000", "RDATE:20250330T010000Z,20260329T010000Z")


@pytest.mark.parametrize(
    ("text", "key", "begin", "end"),
    [
        (MICROSOFT, "Europe/Berlin", at(1996, 1, 1), at(2300, 1, 1)),
        (NEW_YORK, "America/New_York", at(1976, 1, 1), at(2200, 1, 1)),
        (LOCAL_UNTIL, "America/New_York", at(1976, 1, 1), at(2200, 1, 1)),
        (BY_DATE, "Europe/Berlin", at(2023, 10, 29), at(2026, 10, 25)),
        (IN_UTC, "Europe/Berlin", at(2023, 10, 29), at(2026, 10, 25)),
    ],
    ids=["Microsoft's", "the RFC's", "UNTIL in local time", "by RDATE", "by RDATE in UTC"],
)
def test_those_that_others_write(text, key, begin, end):
    clocks = clocks_of(text)
    assert clocks.problems == ()
    assert clocks.differences(zone_of(key), begin, end) == []


def test_an_until_that_is_an_instant_keeps_the_onset_at_that_instant():
    assert (at(2006, 4, 2, 7), -18000, -14400) in clocks_of(NEW_YORK).changes(at(2006, 1, 1), at(2007, 1, 1))
    early = NEW_YORK.replace("UNTIL=20060402T070000Z", "UNTIL=20060402T065959Z")
    assert clocks_of(early).changes(at(2006, 1, 1), at(2007, 1, 1)) == []


def test_what_is_no_longer_law_is_a_difference():
    old = clocks_of(NEW_YORK.split("BEGIN:DAYLIGHT\nDTSTART:2007")[0].replace(";UNTIL=20060402T070000Z", "") + observance(
        "STANDARD", "19671029T020000", "-0400", "-0500", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"
    ))  # fmt: skip
    found = old.differences(zone_of("America/New_York"), at(2025, 1, 1), at(2026, 1, 1))
    assert [(stamp(each.start), stamp(each.end), each.published, each.right) for each in found] == [
        ("2025-03-09T07:00", "2025-04-06T07:00", -18000, -14400),
        ("2025-10-26T06:00", "2025-11-02T06:00", -18000, -14400),
    ]


def test_differences_that_follow_each_other_are_one_where_they_are_the_same():
    fixed = clocks_of("TZID:x\n" + observance("STANDARD", "19700101T000000", "+0000", "+0000"))
    found = fixed.differences(zone_of("Asia/Kolkata"), at(2020, 1, 1), at(2030, 1, 1))
    assert found == [Difference(at(2020, 1, 1), at(2030, 1, 1), 0, 19800)]


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        (datetime(2025, 3, 30, 1, 59), (2025, 3, 30, 0, 59)),
        (datetime(2025, 3, 30, 2, 30), (2025, 3, 30, 1, 30)),  # skipped: with the offset before
        (datetime(2025, 3, 30, 3, 0), (2025, 3, 30, 1, 0)),
        (datetime(2025, 10, 26, 2, 30), (2025, 10, 26, 0, 30)),  # shown twice: the first
        (datetime(2025, 10, 26, 3, 0), (2025, 10, 26, 2, 0)),
    ],
)
def test_gaps_and_folds(wall, instant):
    assert clocks_of(MICROSOFT).resolve_seconds(local_seconds(wall)) == at(*instant)


def test_before_the_first_onset_its_offset_before_holds():
    clocks = clocks_of(BY_DATE)
    assert (clocks.offset_at(at(1900, 1, 1)), clocks.offset_at(at(9999, 12, 31)), clocks.offset_at(at(1, 1, 1))) == (
        7200,
        7200,
        7200,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("TZID:x", "has neither STANDARD nor DAYLIGHT"),
        ("BEGIN:STANDARD\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nEND:STANDARD", "STANDARD has no DTSTART"),
        ("BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETTO:+0100\nEND:STANDARD", "STANDARD has no TZOFFSETFROM"),
        (observance("STANDARD", "19700101T000000", "0100", "+0100"), "TZOFFSETFROM is no offset"),
        (observance("STANDARD", "1970", "+0100", "+0100"), "DTSTART is no date or time"),
        (observance("STANDARD", "19700101T000000", "+0100", "+0100", "RRULE:FREQ=OFTEN"), "RRULE FREQ="),
        (observance("STANDARD", "19700101T000000", "+0100", "+0100", "RRULE:FREQ=SECONDLY"), "more than once a day"),
        (observance("STANDARD", "19700101T000000", "+0100", "+0100", "RDATE:x"), "RDATE is no date or time"),
    ],
)
def test_what_cannot_be_read_is_told_and_left_out(text, said):
    clocks = clocks_of(text)
    (problem,) = clocks.problems
    assert problem.code == "bad-observance"
    assert said in problem.detail
    assert (clocks.observances, clocks.changes(0, at(2100, 1, 1)), clocks.offset_at(0), clocks.resolve_seconds(5)) == (
        (),
        [],
        0,
        5,
    )
