"""VTIMEZONE: every zone of the tz database against zoneinfo, as dateutil and as ical.js read it, and its form.

A reader of iCalendar sees local times only. So a time that clocks skip is not asked for, and for one they show twice
either offset will do.
"""

from __future__ import annotations

import io
import warnings
from datetime import UTC, datetime, timedelta

import dateutil.tz
import icalendar
import pytest

from svsm_cal.engine.tzdb import tz_database
from svsm_cal.engine.zones import transitions, zone_of
from svsm_cal.ical.vtimezone import vtimezone

KEYS = tz_database().keys()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def text_of(key, first):
    """A calendar of one VTIMEZONE, as dateutil and ical.js want it."""
    return b"BEGIN:VCALENDAR\r\n" + vtimezone(key, first=first).to_ical(sorted=False) + b"END:VCALENDAR\r\n"


def probes(key, first, end):
    """Local times around each of a zone's changes, and in the middle of each quarter of a year."""
    found = []
    for change in transitions(key, first, end):
        earlier, later = sorted((change.at + each).replace(tzinfo=None) for each in (change.offset_before, change.offset_after))
        found += [earlier - HOUR, earlier - MINUTE, earlier + (later - earlier) / 2, later, later + MINUTE, later + HOUR]
    found += [datetime(year, month, 15, 12) for year in range(first.year, end.year) for month in (2, 5, 8, 11)]
    begin = (first.astimezone(tz_database().zone_info(key)) + DAY).replace(tzinfo=None)
    return sorted({each.replace(microsecond=0) for each in found if each >= begin})


def as_written(value):
    text = value.to_ical()
    return text if isinstance(text, str) else text.decode()


def accepted(key, walls):
    """Local time -> the offsets in seconds that are right for it, without times that are skipped."""
    zone = tz_database().zone_info(key)
    found = {}
    for wall in walls:
        first, second = (wall.replace(tzinfo=zone, fold=fold).utcoffset().total_seconds() for fold in (0, 1))
        if first >= second:
            found[wall] = {first, second}
    return found


def every_clock(first, end):
    """One zone for all that have the same clocks and the same VTIMEZONE but for its name: (keys, text, accepted)."""
    groups = {}
    for key in KEYS:
        text = text_of(key, first)
        clocks = tuple((each.at, each.offset_after) for each in transitions(key, first, end))
        groups.setdefault((text.replace(f"TZID:{key}".encode(), b""), clocks), []).append((key, text))
    return [
        ([key for key, _ in same], same[0][1], accepted(same[0][0], probes(same[0][0], first, end))) for same in groups.values()
    ]


def dateutil_zone(text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return dateutil.tz.tzical(io.StringIO(text.decode().replace("\r\n", "\n"))).get()


def wrong_by_dateutil(groups):
    wrong = {}
    for keys, text, right in groups:
        zone = dateutil_zone(text)
        bad = {wall for wall, offsets in right.items() if wall.replace(tzinfo=zone).utcoffset().total_seconds() not in offsets}
        if bad:
            wrong[keys[0]] = sorted(bad)
    return wrong


def wrong_by_icaljs(groups, icaljs_offsets):
    answers = icaljs_offsets([(text.decode(), [wall.isoformat() for wall in right]) for _, text, right in groups])
    wrong = {}
    for (keys, _, right), found in zip(groups, answers, strict=True):
        bad = {wall for (wall, offsets), offset in zip(right.items(), found, strict=True) if offset not in offsets}
        if bad:
            wrong[keys[0]] = sorted(bad)
    return wrong


@pytest.fixture(scope="module", params=[2000, 2024])
def clocks(request):
    """Every zone's VTIMEZONE from a year on, with what its clocks do until 2037."""
    return every_clock(utc(request.param, 1, 1), utc(2038, 1, 1))


@pytest.mark.slow
def test_every_zone_is_asked_for_at_every_change(clocks):
    assert sum(len(keys) for keys, _, _ in clocks) == len(KEYS) > 590
    assert sum(len(right) for _, _, right in clocks) > 10_000
    assert all(len(right) >= 50 for _, _, right in clocks)


@pytest.mark.slow
def test_dateutil_is_told_the_right_time_everywhere(clocks):
    assert wrong_by_dateutil(clocks) == {}


@pytest.mark.slow
def test_icaljs_is_told_the_right_time_everywhere(clocks, icaljs_offsets):
    assert wrong_by_icaljs(clocks, icaljs_offsets) == {}


@pytest.mark.soak
@pytest.mark.parametrize("year", [1975, 1985, 1995, 2005, 2015, 2020, 2023, 2025, 2026, 2027, 2030, 2036])
def test_every_zone_from_any_year_for_a_century(year):
    """From years whose clocks are all in whole minutes; as far as the dates of the tz database go."""
    clocks = every_clock(utc(year, 6, 1), utc(2090, 1, 1))
    assert wrong_by_dateutil(clocks) == {}


@pytest.mark.parametrize(
    ("key", "year", "wall", "offset"),
    [
        *([("America/Havana", 2025, datetime(2026, 12, 15, 12), -4 * HOUR)] if tz_database().version >= "2026f" else []),
        ("Africa/Cairo", 2020, datetime(2021, 7, 15, 12), 2 * HOUR),
        ("America/Nuuk", 2023, datetime(2023, 8, 15, 12), -2 * HOUR),
        ("America/Port-au-Prince", 2010, datetime(2016, 7, 15, 12), -5 * HOUR),
        ("Antarctica/Macquarie", 2005, datetime(2010, 7, 15, 12), 11 * HOUR),
        ("Europe/Riga", 2000, datetime(2000, 7, 15, 12), 2 * HOUR),
    ],
)
def test_a_year_that_left_its_changes_out(key, year, wall, offset):
    assert wall.replace(tzinfo=tz_database().zone_info(key)).utcoffset() == offset
    assert wall.replace(tzinfo=dateutil_zone(text_of(key, utc(year, 6, 1)))).utcoffset() == offset


@pytest.mark.parametrize(
    ("key", "standard", "daylight"),
    [
        # zone, (DTSTART, RRULE, offsets) of each half of the year
        (
            "Europe/Berlin",
            ("19701025T030000", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "+0200", "+0100", "CET"),
            ("19700329T020000", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "+0100", "+0200", "CEST"),
        ),
        (
            "Europe/London",
            ("19701025T020000", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "+0100", "+0000", "GMT"),
            ("19700329T010000", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "+0000", "+0100", "BST"),
        ),
        (
            "America/New_York",
            ("19701101T020000", "FREQ=YEARLY;BYDAY=1SU;BYMONTH=11", "-0400", "-0500", "EST"),
            ("19700308T020000", "FREQ=YEARLY;BYDAY=2SU;BYMONTH=3", "-0500", "-0400", "EDT"),
        ),
        (
            "Australia/Sydney",
            ("19700405T030000", "FREQ=YEARLY;BYDAY=1SU;BYMONTH=4", "+1100", "+1000", "AEST"),
            ("19701004T020000", "FREQ=YEARLY;BYDAY=1SU;BYMONTH=10", "+1000", "+1100", "AEDT"),
        ),
        # The larger offset is told as daylight saving, though in law winter is the saving.
        (
            "Europe/Dublin",
            ("19701025T020000", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "+0100", "+0000", "GMT"),
            ("19700329T010000", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "+0000", "+0100", "IST"),
        ),
        # Half an hour.
        (
            "Australia/Lord_Howe",
            ("19700405T020000", "FREQ=YEARLY;BYDAY=1SU;BYMONTH=4", "+1100", "+1030", "+1030"),
            ("19701004T020000", "FREQ=YEARLY;BYDAY=1SU;BYMONTH=10", "+1030", "+1100", "+11"),
        ),
    ],
)  # fmt: skip
def test_r02_the_pair_of_rules_every_client_reads(key, standard, daylight):
    text = vtimezone(key, first=utc(2024, 2, 13)).to_ical(sorted=False)
    parts = icalendar.Timezone.from_ical(text).subcomponents
    names = ("DTSTART", "RRULE", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME")
    told = {part.name: tuple(as_written(part[name]) for name in names) for part in parts}
    assert told == {"STANDARD": standard, "DAYLIGHT": daylight}
    assert [as_written(part["DTSTART"]) for part in parts] == sorted([standard[0], daylight[0]])
    assert len(parts) == 2


@pytest.mark.parametrize("key", ["Europe/Berlin", "America/New_York", "Europe/London", "Australia/Sydney"])
@pytest.mark.parametrize("first", [utc(2024, 1, 1), utc(2024, 7, 1), utc(2024, 10, 27, 1), utc(2030, 1, 1)])
def test_r02_a_zone_of_today_takes_at_most_400_bytes(key, first):
    text = vtimezone(key, first=first).to_ical(sorted=False)
    assert len(text) <= 400
    assert (text.count(b"BEGIN:STANDARD"), text.count(b"BEGIN:DAYLIGHT"), text.count(b"BYDAY=")) == (1, 1, 2)
    assert text == vtimezone(key, first=utc(2024, 2, 13)).to_ical(sorted=False), "it depends on when the first call is"


@pytest.mark.parametrize(
    ("key", "offset", "name"),
    [
        ("Asia/Kolkata", "+0530", "IST"),
        ("Asia/Shanghai", "+0800", "CST"),
        ("Asia/Tokyo", "+0900", "JST"),
        ("Asia/Kathmandu", "+0545", "+0545"),
        ("America/Phoenix", "-0700", "MST"),
        ("America/Sao_Paulo", "-0300", "-03"),
        ("Africa/Abidjan", "+0000", "GMT"),
        ("Etc/UTC", "+0000", "UTC"),
        ("Etc/GMT+12", "-1200", "-12"),
    ],
)
def test_r04_a_zone_without_daylight_saving_has_one_observance(key, offset, name):
    part, *others = vtimezone(key, first=utc(2024, 2, 13)).subcomponents
    assert (part.name, others, "RRULE" in part, "RDATE" in part) == ("STANDARD", [], False, False)
    assert (part["TZOFFSETFROM"].to_ical(), part["TZOFFSETTO"].to_ical(), str(part["TZNAME"])) == (offset, offset, name)


def test_r04_no_daylight_saving_is_made_up():
    """A zone whose clocks do not change from 2024 to 2037 has no DAYLIGHT but one that began before."""
    for key in KEYS:
        if not transitions(key, utc(2023, 1, 1), utc(2100, 1, 1)):
            assert "DAYLIGHT" not in [part.name for part in vtimezone(key, first=utc(2024, 1, 1)).subcomponents], key


def test_cairo_changes_at_the_end_of_the_last_thursday_of_october():
    """That is Friday at 00:00, which may be in November: two rules, for no single one says so."""
    parts = vtimezone("Africa/Cairo", first=utc(2024, 1, 1)).subcomponents
    assert [(part.name, as_written(part["DTSTART"]), as_written(part["RRULE"])) for part in parts] == [
        ("DAYLIGHT", "19700424T000000", "FREQ=YEARLY;BYDAY=-1FR;BYMONTH=4"),
        ("STANDARD", "19701030T000000", "FREQ=YEARLY;BYDAY=FR;BYMONTHDAY=26,27,28,29,30,31;BYMONTH=10"),
        ("STANDARD", "19741101T000000", "FREQ=YEARLY;BYDAY=FR;BYMONTHDAY=1;BYMONTH=11"),
    ]


def test_casablanca_is_told_date_by_date():
    """Morocco's clocks follow the moon; the larger offset is told as DAYLIGHT, though in law Ramadan is the saving."""
    parts = vtimezone("Africa/Casablanca", first=utc(2024, 1, 1)).subcomponents
    told = {(part.name, part["DTSTART"].to_ical().decode()) for part in parts}
    assert told >= {("DAYLIGHT", "20230423T020000"), ("STANDARD", "20240310T030000")}
    assert {part["TZOFFSETTO"].to_ical() for part in parts if part.name == "DAYLIGHT"} == {"+0100"}
    assert {part["TZOFFSETTO"].to_ical() for part in parts if part.name == "STANDARD"} == {"+0000"}
    assert all("RRULE" not in part for part in parts)


def test_nuuk_is_told_from_its_new_standard_time_on():
    """In 2023 Greenland stayed on summer time; from 2024 on there is a yearly pair again, in spring on Saturday evening."""
    parts = vtimezone("America/Nuuk", first=utc(2023, 1, 1)).subcomponents
    assert [(part.name, part["TZOFFSETFROM"].to_ical(), part["TZOFFSETTO"].to_ical()) for part in parts][-2:] == [
        ("DAYLIGHT", "-0200", "-0100"),
        ("STANDARD", "-0100", "-0200"),
    ]
    later = vtimezone("America/Nuuk", first=utc(2025, 1, 1)).subcomponents
    assert [part["RRULE"].to_ical().decode() for part in later] == [
        "FREQ=YEARLY;BYDAY=SA;BYMONTHDAY=24,25,26,27,28,29,30;BYMONTH=3",
        "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
    ]


def with_seconds(year):
    found = []
    for key in KEYS:
        parts = vtimezone(key, first=utc(year, 1, 1)).subcomponents
        if any(part[name].td.total_seconds() % 60 for part in parts for name in ("TZOFFSETFROM", "TZOFFSETTO")):
            found.append(key)
    return found


@pytest.mark.parametrize("year", [2000, 2024])
def test_no_client_is_told_seconds(year):
    assert with_seconds(year) == []


@pytest.mark.slow
def test_only_monrovia_had_seconds_after_1970():
    """Liberia was 44 minutes 30 seconds behind until 1972; every other zone had done with local mean time."""
    assert with_seconds(1970) == ["Africa/Monrovia"]


@pytest.mark.parametrize("given", ["Europe/Berlin", zone_of("Europe/Berlin"), tz_database().zone_info("Europe/Berlin")])
def test_a_zone_may_be_given_in_any_form(given):
    assert vtimezone(given, first=utc(2024, 1, 1))["TZID"] == "Europe/Berlin"
