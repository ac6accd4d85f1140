"""RFC 5545 section 3.3.10 clause by clause: what a rule gives, each row worked out from a calendar by hand.

The RFC's own examples are in test_rrule.py, where its text decides what is refused too; laws that hold for all rules and
further particular cases are in test_expansion.py, and random rules beside other engines in test_conformance_peers.py.
"""

from datetime import date, datetime
from itertools import islice

import pytest

from svsm_cal.engine.rrule import RecurrenceRule


def moments(text):
    """Return what "2025-01-01 02T18:30 03-04" lists: 1 January at 9:00, the 2nd at 18:30, 4 March at 9:00."""
    found, before = [], ""
    for item in text.split():
        day, _, clock = item.partition("T")
        before = before[: len(before) - len(day)] + day if before else day
        found.append(f"{before}T{clock or '09:00'}")
    return [datetime.fromisoformat(each) for each in found]


# Where a row's rule ends by itself, its list ends with "."; otherwise it goes on after what is listed.
CLAUSES = [
    # FREQ: one instance a period, where no part says otherwise.
    ("YEARLY is DTSTART's date every year", "2025-03-05", "FREQ=YEARLY", "2025-03-05 2026-03-05 2027-03-05"),
    ("MONTHLY is DTSTART's day every month", "2025-11-05", "FREQ=MONTHLY", "2025-11-05 12-05 2026-01-05"),
    ("WEEKLY is DTSTART's weekday", "2024-12-26", "FREQ=WEEKLY", "2024-12-26 2025-01-02 09"),
    ("DAILY over a leap day", "2024-02-28", "FREQ=DAILY", "2024-02-28 29 03-01"),
    ("HOURLY over midnight", "2025-01-31T22:15", "FREQ=HOURLY", "2025-01-31T22:15 31T23:15 02-01T00:15"),
    ("MINUTELY over midnight", "2024-12-31T23:59", "FREQ=MINUTELY", "2024-12-31T23:59 2025-01-01T00:00 01T00:01"),
    ("SECONDLY over midnight", "2024-02-29T23:59:59", "FREQ=SECONDLY", "2024-02-29T23:59:59 03-01T00:00:00 01T00:00:01"),
    # INTERVAL: periods are counted from DTSTART's, matching or not.
    ("INTERVAL counts months without an instance", "2025-01-31", "FREQ=MONTHLY;INTERVAL=3", "2025-01-31 07-31 10-31 2026-01-31"),
    ("INTERVAL counts years without an instance", "2024-02-29", "FREQ=YEARLY;INTERVAL=6", "2024-02-29 2036-02-29 2048-02-29"),
    ("a limit takes of every other day", "2025-01-30", "FREQ=DAILY;INTERVAL=2;BYMONTH=2", "2025-02-01 03 05 07"),
    ("an INTERVAL that no day is a multiple of", "2025-01-01", "FREQ=HOURLY;INTERVAL=7;BYHOUR=9", "2025-01-01 08 15"),
    (
        "and one of minutes", "2025-01-01", "FREQ=MINUTELY;INTERVAL=50;BYHOUR=9",
        "2025-01-01T09:00 01T09:50 02T09:10 03T09:20 04T09:30",
    ),
    ("INTERVAL=1 is the default", "2025-01-01", "FREQ=DAILY;INTERVAL=1", "2025-01-01 02 03"),
    # WKST: "significant when a WEEKLY RRULE has an interval greater than 1".
    ("weeks begin on Monday by default", "2025-01-04", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU", "2025-01-04 05 18 19"),
    ("Sunday begins the week after", "2025-01-04", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU;WKST=SU", "2025-01-04 12 18 26"),
    ("WKST in the midst of the days", "2025-01-01", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,WE,TH;WKST=WE", "2025-01-01 02 07 15 16 21"),
    ("without INTERVAL it changes nothing", "2025-01-04", "FREQ=WEEKLY;BYDAY=SA,SU;WKST=SU", "2025-01-04 05 11 12"),
    # UNTIL: "bounds the recurrence rule in an inclusive manner".
    ("UNTIL the very second", "2025-01-01", "FREQ=HOURLY;UNTIL=20250101T110000", "2025-01-01T09:00 01T10:00 01T11:00."),
    ("a second less", "2025-01-01", "FREQ=HOURLY;UNTIL=20250101T105959", "2025-01-01T09:00 01T10:00."),
    ("UNTIL in UTC, where civil time is UTC", "2025-01-01", "FREQ=DAILY;UNTIL=20250102T090000Z", "2025-01-01 02."),
    ("UNTIL a date is that whole day", "2025-01-01T23:59", "FREQ=DAILY;UNTIL=20250102", "2025-01-01T23:59 02T23:59."),
    ("UNTIL between two instances", "2025-01-01", "FREQ=MONTHLY;UNTIL=20250228T000000", "2025-01-01 02-01."),
    ("UNTIL is evaluated after BYSETPOS", "2025-01-01", "FREQ=MONTHLY;BYDAY=WE;BYSETPOS=-1;UNTIL=20250225", "2025-01-29."),
    # COUNT: of the instances there are; with a DTSTART that does not match, section 3.8.5.3 leaves the set undefined.
    ("COUNT=1 is DTSTART", "2025-01-01", "FREQ=DAILY;COUNT=1", "2025-01-01."),
    ("days that do not exist are not counted", "2025-01-31", "FREQ=MONTHLY;COUNT=3", "2025-01-31 03-31 05-31."),
    ("nor those before DTSTART", "2025-01-15", "FREQ=MONTHLY;BYMONTHDAY=1,15,31;COUNT=3", "2025-01-15 31 02-01."),
    ("nor a DTSTART that does not match", "2025-01-01", "FREQ=MONTHLY;BYMONTHDAY=2;COUNT=2", "2025-01-02 02-02."),
    (
        "COUNT of more than one a period", "2025-01-06", "FREQ=WEEKLY;BYDAY=MO,FR;BYHOUR=9,10;COUNT=5",
        "2025-01-06T09:00 06T10:00 10T09:00 10T10:00 13T09:00.",
    ),
    # BYSECOND, BYMINUTE, BYHOUR.
    (
        "all three expand a day", "2025-01-01", "FREQ=DAILY;BYHOUR=9,18;BYMINUTE=0,30;BYSECOND=0",
        "2025-01-01T09:00 01T09:30 01T18:00 01T18:30 02T09:00",
    ),
    (
        "those before DTSTART on its day are none", "2025-01-01T12:00", "FREQ=DAILY;BYHOUR=9,18",
        "2025-01-01T18:00 02T09:00 02T18:00",
    ),
    (
        "BYHOUR limits hours, BYMINUTE expands them", "2025-01-01", "FREQ=HOURLY;BYHOUR=9,11;BYMINUTE=0,45",
        "2025-01-01T09:00 01T09:45 01T11:00 01T11:45 02T09:00",
    ),
    (
        "BYMINUTE limits minutes, BYSECOND expands them", "2025-01-01", "FREQ=MINUTELY;BYMINUTE=59;BYSECOND=0,1",
        "2025-01-01T09:59:00 01T09:59:01 01T10:59:00",
    ),
    ("BYSECOND limits seconds", "2025-01-01", "FREQ=SECONDLY;BYSECOND=58,3", "2025-01-01T09:00:03 01T09:00:58 01T09:01:03"),
    (
        "BYSECOND=60 is none without leap seconds", "2025-01-01", "FREQ=MINUTELY;BYSECOND=60,0",
        "2025-01-01T09:00 01T09:01 01T09:02",
    ),
    # Lists: order and repetition say nothing.
    ("an hour named twice is one instance", "2025-01-01", "FREQ=DAILY;BYHOUR=18,9,9,18", "2025-01-01T09:00 01T18:00 02T09:00"),
    (
        "leading zeros and plus signs", "2025-01-01", "FREQ=YEARLY;BYMONTH=01;BYMONTHDAY=+01,1;BYHOUR=09",
        "2025-01-01 2026-01-01 2027-01-01",
    ),
    ("two numbers for one day", "2025-01-31", "FREQ=MONTHLY;BYMONTHDAY=31,-1", "2025-01-31 02-28 03-31 04-30"),
    # BYDAY: plain, in any FREQ; numbered within the month or the year.
    ("BYDAY limits days", "2025-01-03", "FREQ=DAILY;BYDAY=FR,MO", "2025-01-03 06 10 13"),
    ("BYDAY limits hours", "2025-01-03T22:00", "FREQ=HOURLY;BYDAY=FR", "2025-01-03T22:00 03T23:00 10T00:00 10T01:00"),
    ("plain BYDAY is every such day of the month", "2025-01-31", "FREQ=MONTHLY;BYDAY=FR", "2025-01-31 02-07 14 21 28 03-07"),
    ("and of the year", "2025-12-26", "FREQ=YEARLY;BYDAY=FR", "2025-12-26 2026-01-02 09"),
    ("a month without a fifth is left out", "2025-01-31", "FREQ=MONTHLY;BYDAY=5FR", "2025-01-31 05-30 08-29 10-31 2026-01-30"),
    ("and one without a fifth from the end", "2025-01-01", "FREQ=MONTHLY;BYDAY=-5WE", "2025-01-01 04-02 07-02 10-01 12-03"),
    (
        "yearly with BYMONTH: within each month", "2025-03-03", "FREQ=YEARLY;BYMONTH=3,6;BYDAY=1MO",
        "2025-03-03 06-02 2026-03-02 06-01",
    ),
    ("yearly without: within the year", "2025-01-06", "FREQ=YEARLY;BYDAY=1MO,-1MO", "2025-01-06 12-29 2026-01-05 12-28"),
    ("with BYMONTHDAY both must hold", "2025-06-13", "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=2FR", "2025-06-13 2026-02-13 03-13"),
    # BYMONTHDAY.
    ("from the end: DAILY, where it limits", "2024-02-28", "FREQ=DAILY;BYMONTHDAY=-2,-1", "2024-02-28 29 03-30 31"),
    ("-31 is the first of the long months", "2025-01-01", "FREQ=MONTHLY;BYMONTHDAY=-31", "2025-01-01 03-01 05-01 07-01 08-01"),
    (
        "-29 of February in leap years only", "2024-02-01", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-29",
        "2024-02-01 2028-02-01 2032-02-01",
    ),
    ("29 of February, the year 2100 among others", "2096-02-29", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2096-02-29 2104-02-29"),
    ("31 of a short month never", "2025-01-30", "FREQ=YEARLY;BYMONTH=4,6,9,11;BYMONTHDAY=31", "."),
    ("yearly without BYMONTH: of every month", "2025-11-30", "FREQ=YEARLY;BYMONTHDAY=30", "2025-11-30 12-30 2026-01-30 03-30"),
    # BYYEARDAY.
    ("60 is 1 March, in leap years 29 February", "2023-03-01", "FREQ=YEARLY;BYYEARDAY=60", "2023-03-01 2024-02-29 2025-03-01"),
    ("-1 is 31 December", "2023-12-31", "FREQ=YEARLY;BYYEARDAY=-1", "2023-12-31 2024-12-31 2025-12-31"),
    ("-306 is 1 March, as the RFC says", "2023-03-01", "FREQ=YEARLY;BYYEARDAY=-306", "2023-03-01 2024-03-01 2025-03-01"),
    ("366 and -366 in leap years only", "2023-01-01", "FREQ=YEARLY;BYYEARDAY=366,-366", "2024-01-01 12-31 2028-01-01 12-31"),
    ("365 and -365 need not be the ends", "2024-01-01", "FREQ=YEARLY;BYYEARDAY=365,-365", "2024-01-02 12-30 2025-01-01 12-31"),
    ("it limits hours", "2024-12-31T22:00", "FREQ=HOURLY;BYYEARDAY=-1", "2024-12-31T22:00 31T23:00 2025-12-31T00:00 31T01:00"),
    (
        "with BYMONTHDAY both must hold", "2024-01-01", "FREQ=YEARLY;BYYEARDAY=60,61;BYMONTHDAY=1",
        "2024-03-01 2025-03-01 2026-03-01",
    ),
    ("BYDAY limits it", "2024-01-01", "FREQ=YEARLY;BYYEARDAY=1;BYDAY=MO,WE", "2024-01-01 2025-01-01 2029-01-01 2031-01-01"),
    # BYWEEKNO: ISO 8601's weeks with WKST for Monday.
    (
        "Thursday alone tells the week's year", "2026-01-01", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=TH",
        "2026-01-01 2027-01-07 2028-01-06 2029-01-04",
    ),
    ("week 1 begins in December", "2024-12-30", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", "2024-12-30 2025-12-29 2027-01-04 2028-01-03"),
    (
        "week 53 ends in January", "2020-12-28", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO,SU",
        "2020-12-28 2021-01-03 2026-12-28 2027-01-03",
    ),
    ("week -1 is 52 or 53", "2025-12-22", "FREQ=YEARLY;BYWEEKNO=-1;BYDAY=MO", "2025-12-22 2026-12-28 2027-12-27"),
    ("WKST moves the weeks", "2025-01-05", "FREQ=YEARLY;BYWEEKNO=2;BYDAY=MO;WKST=SU", "2025-01-06 2026-01-12 2027-01-11"),
    ("without a day: DTSTART's weekday", "2025-02-04", "FREQ=YEARLY;BYWEEKNO=6", "2025-02-04 2026-02-03 2027-02-09"),
    (
        "BYMONTH limits a week in two months", "2025-01-01", "FREQ=YEARLY;BYMONTH=1;BYWEEKNO=5;BYDAY=TH,SA",
        "2025-01-30 2026-01-29 31 2030-01-31",
    ),
    # BYMONTH.
    ("BYMONTH expands a year, on DTSTART's day", "2025-01-31", "FREQ=YEARLY;BYMONTH=1,2,3", "2025-01-31 03-31 2026-01-31"),
    ("and limits months", "2025-01-31", "FREQ=MONTHLY;INTERVAL=2;BYMONTH=2,3,5", "2025-03-31 05-31 2026-03-31"),
    ("and weeks, day by day", "2025-02-24", "FREQ=WEEKLY;BYDAY=MO,SA;BYMONTH=3", "2025-03-01 03 08 10"),
    # BYSETPOS: "operates on a set of recurrence instances in one interval".
    ("of a whole first month", "2025-01-15", "FREQ=MONTHLY;BYDAY=MO,WE;BYSETPOS=1,-1", "2025-01-29 02-03 26 03-03"),
    ("of a whole first year", "2025-06-01", "FREQ=YEARLY;BYMONTH=3,9;BYSETPOS=1", "2026-03-01 2027-03-01"),
    ("weekly, counted from WKST", "2025-01-05", "FREQ=WEEKLY;BYDAY=SA,SU;BYSETPOS=1;WKST=SU", "2025-01-05 12 19"),
    ("daily, of the day's times", "2025-01-01", "FREQ=DAILY;BYHOUR=9,12,18;BYSETPOS=-1,1", "2025-01-01T09:00 01T18:00 02T09:00"),
    (
        "hourly, of the hour's", "2025-01-01T09:30", "FREQ=HOURLY;BYMINUTE=0,20,40;BYSETPOS=2",
        "2025-01-01T10:20 01T11:20 01T12:20",
    ),
    ("minutely, of the minute's", "2025-01-01", "FREQ=MINUTELY;BYSECOND=5,50;BYSETPOS=-1", "2025-01-01T09:00:50 01T09:01:50"),
    (
        "times of the day count, not days", "2025-01-06", "FREQ=WEEKLY;BYDAY=MO,TU;BYHOUR=9,10;BYSETPOS=2,3",
        "2025-01-06T10:00 07T09:00 13T10:00",
    ),
    ("beyond the set is none", "2025-01-01", "FREQ=MONTHLY;BYDAY=WE;BYSETPOS=5", "2025-01-29 04-30 07-30"),
    ("never in the set is never", "2025-01-01", "FREQ=MONTHLY;BYMONTHDAY=1,2;BYSETPOS=3,-3", "."),
    (
        "two positions that meet are one instance", "2025-01-01", "FREQ=MONTHLY;BYMONTHDAY=1,2,3;BYSETPOS=2,-2",
        "2025-01-02 02-02 03-02",
    ),
    # DTSTART not in step with the rule: not an instance, yet it tells the periods and the parts left out.
    ("the periods are counted from its", "2025-01-02", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", "2025-01-15 29 02-12"),
    ("also when its period gives nothing more", "2025-12-02", "FREQ=YEARLY;INTERVAL=2;BYMONTH=1", "2027-01-02 2029-01-02"),
]  # fmt: skip


@pytest.mark.parametrize(("clause", "dtstart", "text", "listed"), CLAUSES, ids=[row[0] for row in CLAUSES])
def test_clauses_of_section_3_3_10(clause, dtstart, text, listed):
    begin = datetime.fromisoformat(dtstart if "T" in dtstart else f"{dtstart}T09:00")
    expected = moments(listed.removesuffix("."))
    instances = RecurrenceRule.parse(text).occurrences(begin)
    assert list(islice(instances, len(expected))) == expected, clause
    assert (next(instances, None) is None) is listed.endswith(".")


def test_a_date_has_no_times_of_the_day():
    """The time parts "MUST be ignored" where DTSTART is a DATE; UNTIL is of its type."""
    rule = RecurrenceRule.parse("FREQ=DAILY;BYHOUR=9,18;BYMINUTE=30;BYSECOND=5;UNTIL=20250102")
    assert list(rule.occurrences(date(2025, 1, 1))) == [date(2025, 1, 1), date(2025, 1, 2)]
