"""What people read for times, lengths, changes and rules: one table for each phrase."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from svsm_cal.config.load import loads
from svsm_cal.config.repeat import parse_repeat
from svsm_cal.core.localized import Clocks
from svsm_cal.core.occurrences import occurrences, occurrences_between_days
from svsm_cal.core.shifts import shift_windows
from svsm_cal.engine.rrule import RecurrenceRule
from svsm_cal.engine.zones import zone_of
from svsm_cal.words import ENGLISH
from svsm_cal.words.descriptions import change_note, note_of, status_note, window_change, window_dates, window_start
from svsm_cal.words.language import clock, utc_offset
from tests.support import small


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (time(18, 0), "18:00"),
        (time(0, 0), "00:00"),
        (time(9, 5), "09:05"),
        (time(23, 59, 59), "23:59:59"),
        (datetime(2025, 3, 5, 18, 30), "18:30"),
        (datetime(2025, 3, 5, 0, 0, 7), "00:00:07"),
    ],
)
def test_clock(moment, expected):
    assert clock(moment) == expected


@pytest.mark.parametrize(
    ("value", "short", "long"),
    [
        (date(2025, 3, 5), "Wed 5 March", "Wed 5 March 2025"),
        (date(2025, 12, 31), "Wed 31 December", "Wed 31 December 2025"),
        (date(2024, 2, 29), "Thu 29 February", "Thu 29 February 2024"),
        (datetime(2025, 3, 9, 18, 0), "Sun 9 March", "Sun 9 March 2025"),
        (date(2025, 5, 3), "Sat 3 May", "Sat 3 May 2025"),
        (date(1, 1, 1), "Mon 1 January", "Mon 1 January 1"),
    ],
)
def test_day(value, short, long):
    assert (ENGLISH.day(value), ENGLISH.date(value)) == (short, long)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(0, "+00:00"), (60, "+01:00"), (330, "+05:30"), (345, "+05:45"), (-210, "-03:30"), (-480, "-08:00"), (840, "+14:00")],
)
def test_utc_offset(minutes, expected):
    assert utc_offset(timedelta(minutes=minutes)) == expected


def test_utc_offset_of_long_ago_has_seconds():
    assert utc_offset(timedelta(minutes=53, seconds=28)) == "+00:53:28"
    assert utc_offset(-timedelta(hours=4, minutes=56, seconds=2)) == "-04:56:02"


@pytest.mark.parametrize(("number", "expected"), [(0, "0 calls"), (1, "1 call"), (2, "2 calls"), (21, "21 calls")])
def test_amount(number, expected):
    assert ENGLISH.amount(number, "call") == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (5, "5th"), (10, "10th"),
        (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st"), (22, "22nd"), (23, "23rd"), (24, "24th"), (31, "31st"),
        (111, "111th"), (112, "112th"), (113, "113th"), (121, "121st"),
    ],
)  # fmt: skip
def test_ordinal(number, expected):
    assert ENGLISH.ordinal(number) == expected


HOUR, DAY, WEEK = 3600, 86400, 604800


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (HOUR, "1 hour"),
        (HOUR / 2, "30 minutes"),
        (60, "1 minute"),
        (45 * 60, "45 minutes"),
        (HOUR * 1.5, "1 hour 30 minutes"),
        (2 * HOUR + 60, "2 hours 1 minute"),
        (DAY, "1 day"),
        (DAY + HOUR, "1 day 1 hour"),
        (2 * DAY, "2 days"),
        (WEEK, "1 week"),
        (2 * WEEK, "2 weeks"),
        (10 * DAY, "1 week 3 days"),
        (30, "30 seconds"),
        (1, "1 second"),
    ],
)
def test_duration(seconds, expected):
    assert ENGLISH.length(timedelta(seconds=seconds)) == expected


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (0, ""),
        (60, "an hour later"),
        (-60, "an hour earlier"),
        (30, "30 minutes later"),
        (-30, "30 minutes earlier"),
        (120, "2 hours later"),
        (-90, "1 hour 30 minutes earlier"),
        (1440, "1 day later"),
    ],
)
def test_change(minutes, expected):
    assert ENGLISH.change(minutes) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "in 0 minutes"),
        (59, "in 0 minutes"),
        (60, "in 1 minute"),
        (HOUR - 1, "in 59 minutes"),
        (HOUR, "in 1 hour"),
        (HOUR + 5 * 60, "in 1 hour 5 minutes"),
        (DAY, "in 1 day"),
        (DAY + 59 * 60, "in 1 day"),  # two units that stand next to each other
        (6 * DAY + 19 * HOUR, "in 6 days 19 hours"),
        (WEEK, "in 1 week"),
        (WEEK + 6 * DAY + 23 * HOUR, "in 1 week 6 days"),
        (3 * WEEK + 5 * HOUR, "in 3 weeks"),
        (53 * WEEK, "in 53 weeks"),
        (-60, "1 minute ago"),
        (-3 * DAY, "3 days ago"),
        (-(2 * WEEK + DAY), "2 weeks 1 day ago"),
    ],
)
def test_remaining(seconds, expected):
    assert ENGLISH.remaining(timedelta(seconds=seconds)) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY", "every day"),
        ("FREQ=DAILY;INTERVAL=2", "every other day"),
        ("FREQ=DAILY;BYDAY=MO,TU", "every Monday and Tuesday"),
        ("FREQ=WEEKLY", "every week"),
        ("FREQ=WEEKLY;BYDAY=WE", "every Wednesday"),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR", "every Monday, Wednesday and Friday"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", "every other Wednesday"),
        ("FREQ=WEEKLY;INTERVAL=3;BYDAY=WE", "every 3 weeks on Wednesday"),
        ("FREQ=WEEKLY;INTERVAL=3", "every 3 weeks"),
        ("FREQ=MONTHLY", "every month"),
        ("FREQ=MONTHLY;BYDAY=1MO", "on the 1st Monday of every month"),
        ("FREQ=MONTHLY;BYDAY=1WE,3WE", "on the 1st Wednesday and 3rd Wednesday of every month"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "on the last Friday of every month"),
        ("FREQ=MONTHLY;BYDAY=-2FR", "on the 2nd to last Friday of every month"),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO", "on the 1st Monday of every other month"),
        ("FREQ=MONTHLY;BYMONTHDAY=15", "on the 15th of every month"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "on the 1st and 15th of every month"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "on the last day of every month"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "on Friday the 13th of every month"),
        ("FREQ=YEARLY", "every year"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "on the last Sunday of every year in March"),
        ("FREQ=WEEKLY;BYDAY=WE;COUNT=4", "every Wednesday, 4 times"),
        ("FREQ=WEEKLY;BYDAY=WE;COUNT=1", "every Wednesday, 1 time"),
        ("FREQ=WEEKLY;BYDAY=WE;UNTIL=20251231", "every Wednesday until 2025-12-31"),
        ("FREQ=WEEKLY;BYDAY=WE;UNTIL=20251231T170000Z", "every Wednesday until 2025-12-31"),
        ("FREQ=WEEKLY;BYDAY=WE;BYMONTH=1,2", "every Wednesday in January and February"),
        ("FREQ=WEEKLY;BYDAY=WE;BYHOUR=12,18", "every Wednesday at 12:00 and 18:00"),
        # What nobody would say is shown as it is.
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1", "by the rule FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1"),
        ("FREQ=YEARLY;BYWEEKNO=10", "by the rule FREQ=YEARLY;BYWEEKNO=10"),
        ("FREQ=YEARLY;BYYEARDAY=100", "by the rule FREQ=YEARLY;BYYEARDAY=100"),
        ("FREQ=HOURLY", "by the rule FREQ=HOURLY"),
    ],
)
def test_rule(rule, expected):
    assert ENGLISH.rule(RecurrenceRule.parse(rule)) == expected


@pytest.mark.parametrize(
    "phrase",
    ["every Wednesday", "every other Wednesday", "every day", "every other day", "every month", "every 3 weeks", "every year"],
)
def test_a_repetition_in_words_reads_back_as_itself(phrase):
    assert ENGLISH.rule(parse_repeat(phrase)) == phrase


# --- Windows and notices, on the calls of 2025 --------------------------------------------------------------------

CALL = small("""\
[[series]]
id = "devel-call"
title = "SVSM Development Call"
start = 2024-02-14T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=WE"
cancel = [{ date = 2025-03-19 }, { date = 2025-04-23, reason = "vacation" }]
move = [
  { date = 2025-03-26, to = 2025-03-27T17:30:00, reason = "room" },
  { date = 2025-05-14, to = 2025-05-15T18:00:00 },
]
change = [{ date = 2025-05-21, duration = "2h", reason = "with guests" }]
add = [{ start = 2025-06-03T17:00:00 }, { start = 2025-06-05T17:00:00, reason = "release" }]
""")
CALENDAR = loads(CALL)
SERIES = CALENDAR.series[0]


def windows(zone, first, last):
    return shift_windows(SERIES, zone_of(zone), date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("zone", "on", "expected"),
    [
        ("America/New_York", "2025-03-12", "Wed 12 March 2025 (1 call)"),  # the two others are cancelled and moved
        ("America/New_York", "2025-10-29", "Wed 29 October 2025 (1 call)"),
        ("America/New_York", "2025-11-05", "Wed 5 November 2025 to Wed 4 March 2026 (18 calls)"),
        ("Asia/Kolkata", "2025-06-04", "Wed 2 April to Wed 22 October 2025 (28 calls)"),
        ("Australia/Sydney", "2025-10-08", "Wed 8 October to Wed 22 October 2025 (3 calls)"),
        ("Europe/Rome", "2025-06-04", "from Wed 14 February 2024 on"),
    ],
)
def test_window(zone, on, expected):
    (window,) = windows(zone, on, on)
    assert window_dates(ENGLISH, window) == expected


@pytest.mark.parametrize(
    ("zone", "on", "start", "change"),
    [
        ("America/New_York", "2025-03-05", "12:00", "an hour earlier"),
        ("America/New_York", "2025-10-29", "13:00", "an hour later, for this call only"),
        ("Asia/Tokyo", "2025-06-04", "01:00 the next day", "an hour earlier"),
        ("Asia/Kolkata", "2025-06-04", "21:30", "an hour earlier"),
        ("Europe/Rome", "2025-06-04", "18:00", ""),
    ],
)
def test_a_windows_start_and_change(zone, on, start, change):
    (window,) = windows(zone, on, on)
    assert (window_start(ENGLISH, window), window_change(ENGLISH, window)) == (start, change)


def test_a_windows_change_for_several_calls():
    (window,) = shift_windows(PLAIN.series[0], zone_of("America/New_York"), date(2025, 3, 12), date(2025, 3, 12))
    assert (window_start(ENGLISH, window), window_change(ENGLISH, window)) == ("13:00", "an hour later, for these calls only")


def test_a_window_on_the_day_before():
    late = loads(CALL.partition("cancel = ")[0].replace("T18:00:00", "T02:00:00")).series[0]
    (window,) = shift_windows(late, zone_of("America/New_York"), date(2025, 3, 5), date(2025, 3, 5))
    assert window_start(ENGLISH, window) == "20:00 the previous day"


def call_on(day_, zone):
    found = occurrences(CALENDAR, datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC), cancelled=True)
    (occurrence,) = [each for each in found if each.start.date() == date.fromisoformat(day_)]
    return Clocks().see(occurrence, zone_of(zone))


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2025-03-12", ""),
        ("2025-03-19", "cancelled"),
        ("2025-04-23", "cancelled: vacation"),
        ("2025-03-27", "moved from Wed 26 March 18:00 Europe/Berlin: room"),
        ("2025-05-15", "moved from Wed 14 May 18:00 Europe/Berlin"),
        ("2025-05-21", "with guests"),
        ("2025-06-03", "an extra call"),
        ("2025-06-05", "release"),
    ],
)
def test_status_note(on, expected):
    assert status_note(ENGLISH, call_on(on, "Europe/Berlin").occurrence) == expected


@pytest.mark.parametrize(
    ("on", "zone", "change", "note"),
    [
        ("2025-03-05", "America/New_York", "", ""),
        ("2025-03-12", "America/New_York", "an hour later than usual", "an hour later than usual"),
        ("2025-04-02", "America/New_York", *["back to the usual time (an hour earlier than the last call)"] * 2),
        ("2025-04-09", "America/New_York", "", ""),
        ("2025-10-29", "America/New_York", *["an hour later than usual"] * 2),
        ("2025-04-02", "Asia/Kolkata", *["from now on an hour earlier"] * 2),
        ("2025-10-29", "Asia/Kolkata", *["from now on an hour later"] * 2),
        ("2025-04-02", "Europe/London", "", ""),
        ("2025-04-23", "Asia/Kolkata", "", "cancelled: vacation"),
        ("2025-05-21", "Asia/Kolkata", "", "with guests"),
    ],
)
def test_note(on, zone, change, note):
    call = call_on(on, zone)
    assert (change_note(ENGLISH, call), note_of(ENGLISH, call)) == (change, note)


def test_a_cancelled_call_has_no_change_to_notice():
    call = call_on("2025-03-19", "America/New_York")
    assert call.change_minutes == 60
    assert note_of(ENGLISH, call) == "cancelled"


PLAIN = loads(CALL.partition("cancel = ")[0])


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2025-03-05", ""),
        ("2025-03-12", "an hour later than usual, until Wed 26 March"),
        ("2025-03-19", "an hour later than usual, until Wed 26 March"),
        ("2025-03-26", "an hour later than usual, for the last time"),
        ("2025-04-02", "back to the usual time (an hour earlier than the last call)"),
        ("2025-10-29", "an hour later than usual"),
        ("2025-11-05", "back to the usual time (an hour earlier than the last call)"),
    ],
)
def test_a_mismatch_says_how_long_it_lasts(on, expected):
    (occurrence,) = [
        each
        for each in occurrences(PLAIN, datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
        if each.start.date() == date.fromisoformat(on)
    ]
    assert change_note(ENGLISH, Clocks().see(occurrence, zone_of("America/New_York"))) == expected


def test_a_mismatch_whose_calls_are_all_moved_says_what_is_unusual():
    moved = ", ".join(f"{{ date = 2025-03-{day}, to = 2025-03-{day + 1}T18:00:00 }}" for day in (12, 19, 26))
    calendar = loads(
        small(f"""\
[[series]]
id = "s"
title = "S"
start = 2024-01-10T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=WE"
move = [{moved}]
""")
    )
    clocks, york = Clocks(), zone_of("America/New_York")
    found = [
        change_note(ENGLISH, clocks.see(each, york), by_zone=True)
        for each in occurrences_between_days(calendar, date(2025, 3, 13), date(2025, 4, 2))
    ]
    assert found == ["an hour later than usual"] * 3 + [""]
