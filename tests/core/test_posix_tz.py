"""POSIX TZ rules: rows worked out by hand from RFC 9636 section 3.3.1 and POSIX; the database's own footers against zoneinfo."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from svsm_cal.engine.tzdb import tz_database
from svsm_cal.engine.tzif import LocalTimeType, PosixRule, YearlyDay, parse_posix_tz
from svsm_cal.errors import ZoneError

HOUR = 3600


def _utc(seconds):
    return (datetime(1970, 1, 1) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("text", "offset", "name"),
    [
        ("UTC0", 0, "UTC"),
        ("EST5", -5 * HOUR, "EST"),
        ("JST-9", 9 * HOUR, "JST"),
        ("IST-5:30", 5 * HOUR + 1800, "IST"),
        ("XXX-5:30:15", 5 * HOUR + 1815, "XXX"),
        ("XXX+3", -3 * HOUR, "XXX"),
        ("<+0545>-5:45", 5 * HOUR + 2700, "+0545"),
        ("<-03>3", -3 * HOUR, "-03"),
        ("<+14>-14", 14 * HOUR, "+14"),
        ("AAA24", -24 * HOUR, "AAA"),
        ("AAA-23:59:59", 24 * HOUR - 1, "AAA"),
    ],
)
def test_standard_time_alone(text, offset, name):
    rule = parse_posix_tz(text)
    assert rule == PosixRule(LocalTimeType(offset, False, name))
    assert rule.is_fixed
    assert rule.transitions_in(2025) == ()


@pytest.mark.parametrize(
    ("text", "daylight"),
    [
        ("CET-1CEST,M3.5.0,M10.5.0/3", LocalTimeType(2 * HOUR, True, "CEST")),
        ("EST5EDT,M3.2.0,M11.1.0", LocalTimeType(-4 * HOUR, True, "EDT")),
        ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", LocalTimeType(11 * HOUR, True, "+11")),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", LocalTimeType(0, True, "GMT")),
        ("XXX3EDT4,0/0,J365/23", LocalTimeType(-4 * HOUR, True, "EDT")),
    ],
)
def test_daylight_saving_is_an_hour_unless_it_says_otherwise(text, daylight):
    assert parse_posix_tz(text).daylight == daylight


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("M3.5.0", YearlyDay("M", month=3, week=5, weekday=0)),
        ("M3.5.0/3", YearlyDay("M", month=3, week=5, weekday=0, seconds=3 * HOUR)),
        ("M3.5.0/-1", YearlyDay("M", month=3, week=5, weekday=0, seconds=-HOUR)),
        ("M3.4.4/50", YearlyDay("M", month=3, week=4, weekday=4, seconds=50 * HOUR)),
        ("M3.4.4/+2:30:15", YearlyDay("M", month=3, week=4, weekday=4, seconds=2 * HOUR + 1815)),
        ("M3.4.4/-2:30:15", YearlyDay("M", month=3, week=4, weekday=4, seconds=-2 * HOUR - 1815)),
        ("M12.1.6/167", YearlyDay("M", month=12, week=1, weekday=6, seconds=167 * HOUR)),
        ("M12.1.6/-167", YearlyDay("M", month=12, week=1, weekday=6, seconds=-167 * HOUR)),
        ("J1", YearlyDay("J", day=1)),
        ("J365/23", YearlyDay("J", day=365, seconds=23 * HOUR)),
        ("0/0", YearlyDay("n", day=0, seconds=0)),
        ("365", YearlyDay("n", day=365)),
    ],
)
def test_the_days_of_a_year(text, day):
    rule = parse_posix_tz(f"AAA3BBB,{text},{text}")
    assert rule.begins == day
    assert rule.ends == day


@pytest.mark.parametrize(
    ("text", "year", "expected"),
    [
        # Weeks of a month: 5 is the last one, be it the fourth or the fifth.
        ("CET-1CEST,M3.5.0,M10.5.0/3", 2025, ["2025-03-30T01:00:00Z CEST", "2025-10-26T01:00:00Z CET"]),
        ("CET-1CEST,M3.5.0,M10.5.0/3", 2027, ["2027-03-28T01:00:00Z CEST", "2027-10-31T01:00:00Z CET"]),
        ("EST5EDT,M3.2.0,M11.1.0", 2025, ["2025-03-09T07:00:00Z EDT", "2025-11-02T06:00:00Z EST"]),
        ("EST5EDT,M3.2.0,M11.1.0", 9999, ["9999-03-14T07:00:00Z EDT", "9999-11-07T06:00:00Z EST"]),
        # The south: daylight saving ends first in a year.
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", 2025, ["2025-04-05T16:00:00Z AEST", "2025-10-04T16:00:00Z AEDT"]),
        # Winter time as the saving: Dublin.
        ("IST-1GMT0,M10.5.0,M3.5.0/1", 2025, ["2025-03-30T01:00:00Z IST", "2025-10-26T01:00:00Z GMT"]),
        # Half an hour: Lord Howe.
        ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 2025, ["2025-04-05T15:00:00Z +1030", "2025-10-04T15:30:00Z +11"]),
        # Times before midnight and beyond the day: Nuuk, Gaza (Saturday after the fourth Thursday), Scoresbysund before 2024.
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2025, ["2025-03-30T01:00:00Z -01", "2025-10-26T01:00:00Z -02"]),
        ("EET-2EEST,M3.4.4/50,M10.4.4/50", 2025, ["2025-03-29T00:00:00Z EEST", "2025-10-24T23:00:00Z EET"]),
        ("<-01>1<+00>,M3.5.0/0,M10.5.0/1", 2023, ["2023-03-26T01:00:00Z +00", "2023-10-29T01:00:00Z -01"]),
        # The longest times RFC 9636 allows: 6 days and 23 hours.
        ("AAA0BBB,M6.1.0/167,M9.1.0/-167", 2025, ["2025-06-07T23:00:00Z BBB", "2025-08-31T00:00:00Z AAA"]),
        # Jn never counts 29 February: J60 is always 1 March; n does: 59 is 29 February in a leap year.
        ("AAA0BBB,J60/0,J365/0", 2023, ["2023-03-01T00:00:00Z BBB", "2023-12-30T23:00:00Z AAA"]),
        ("AAA0BBB,J60/0,J365/0", 2024, ["2024-03-01T00:00:00Z BBB", "2024-12-30T23:00:00Z AAA"]),
        ("AAA0BBB,J59/0,J300/0", 2024, ["2024-02-28T00:00:00Z BBB", "2024-10-26T23:00:00Z AAA"]),
        ("AAA0BBB,59/0,300/0", 2023, ["2023-03-01T00:00:00Z BBB", "2023-10-27T23:00:00Z AAA"]),
        ("AAA0BBB,59/0,300/0", 2024, ["2024-02-29T00:00:00Z BBB", "2024-10-26T23:00:00Z AAA"]),
        ("AAA0BBB,J1/0,J2/0", 2024, ["2024-01-01T00:00:00Z BBB", "2024-01-01T23:00:00Z AAA"]),
        # Neither day given: the reference code's rule, that of the United States.
        ("EST5EDT", 2025, ["2025-03-09T07:00:00Z EDT", "2025-11-02T06:00:00Z EST"]),
    ],
)
def test_transitions_of_a_year(text, year, expected):
    changes = parse_posix_tz(text).transitions_in(year)
    assert [f"{_utc(at)} {after.abbreviation}" for at, _, after in changes] == expected
    assert all(before != after for _, before, after in changes)


@pytest.mark.parametrize(
    "text",
    [
        "XXX3EDT4,0/0,J365/23",  # RFC 9636 section 3.3.1's own example of all-year daylight saving
        "XXX-2<+01>-1,0/0,J365/23",
        "EST5EDT,0/0,J365/25",
    ],
)
@pytest.mark.parametrize("year", [1999, 2000, 2001, 2024, 2025, 9998])
def test_all_year_daylight_saving_never_changes(text, year):
    rule = parse_posix_tz(text)
    assert rule.is_fixed
    assert rule.transitions_in(year) == ()


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\n", "CET", "1CET", "CE-1", "CET-", "CET-1CEST,", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,",
        "CET-1CEST,M3.5.0,M10.5.0/", "CET-1CEST,M3.5.0,M10.5.0/3,", "CET-1CEST,M3.5.0,M10.5.0/3 ", " CET-1",
        "CET-1,M3.5.0,M10.5.0/3", "<CET-1", "CET>-1", "<>-1", "<C*T>-1", "C3T-1", "CET--1", "CET-1CEST;M3.5.0;M10.5.0",
        "CET-1CEST,M0.5.0,M10.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.0.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5,M10.5.0", "CET-1CEST,M3.5.0,M10.5.x", "CET-1CEST,J0,J365",
        "CET-1CEST,J366,J365", "CET-1CEST,366,J365", "CET-1CEST,-1,J365", "CET-1CEST,J1/x,J365", "CET-1CEST,K1,J365",
        "CET-1CEST,M3.5.0/1:2:3:4,M10.5.0", "CET-1\0", "ČET-1",
        "CET-25", "CET-1:60", "CET-1:59:60", "CET-1CEST-25", "CET-1CEST,M3.5.0/168,M10.5.0",
    ],
)  # fmt: skip
def test_refuses(text):
    with pytest.raises(ZoneError, match=r"not a POSIX TZ rule|not a time of a POSIX TZ rule|not a day of the year"):
        parse_posix_tz(text)


def _footer(key):
    with open(f"{tz_database().folder}/{key}", "rb") as file:
        return file.read().rsplit(b"\n", 2)[1].decode("ascii")


FOOTERS = {_footer(key): key for key in reversed(tz_database().keys())}


@pytest.mark.parametrize("footer", sorted(FOOTERS))
def test_every_footer_of_the_database_as_zoneinfo_has_it(footer):
    rule = parse_posix_tz(footer)
    zone = tz_database().zone_info(FOOTERS[footer])
    assert isinstance(zone, ZoneInfo)
    for year in (2088, 2092, 2100, 2101, 2400, 9990):  # after every zone's table, Gaza's and Morocco's included
        changes = rule.transitions_in(year)
        probes = [(int(datetime(year, month, 15, 12, tzinfo=UTC).timestamp()), None) for month in range(1, 13)]
        probes += [(at, after) for at, _, after in changes] + [(at - 1, before) for at, before, _ in changes]
        for seconds, known in probes:
            local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(zone)
            expected = known or _holding(rule, changes, seconds)
            assert (local.utcoffset().total_seconds(), local.tzname()) == (expected.offset, expected.abbreviation), (year, local)


def _holding(rule, changes, seconds):
    current = changes[0][1] if changes else rule.standard
    for at, _, after in changes:
        if at <= seconds:
            current = after
    return current
