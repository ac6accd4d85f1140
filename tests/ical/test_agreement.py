"""Small calendars, each read by four programs over three years: the same instants as ours, which are also counted here.

A row is a series (and what the clocks, the rule or an exception make of it), how many calls it has from 2025 to 2027,
and some of them, worked out by hand. `DIFFERENCES` is where a reader is known to be wrong, and why.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest

import svsm_cal
from tests.support import head

pytestmark = pytest.mark.slow

pytestmark = pytest.mark.slow

SINCE, UNTIL = date(2025, 1, 1), date(2028, 1, 1)
SPAN = datetime(2025, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
HEAD = (
    head("example", title="Example community", domain="calendar.example.org")
    + """
[[series]]
id = "call"
title = "Call"
"""
)
CASES = {
    # Single calls.
    "a single call, moved": (
        """start = 2025-06-03T18:00:00
        duration = "1h"
        move = [{ date = 2025-06-03, to = 2025-06-04T17:00:00 }]""",
        1,
        "2025-06-04T15:00:00Z",
    ),
    # Rules.
    "weekly": (
        """start = 2025-01-08T18:00:00
        duration = "1h"
        repeat = "every Wednesday" """,
        156,
        "2025-01-08T17:00:00Z 2025-03-26T17:00:00Z 2025-04-02T16:00:00Z 2027-12-29T17:00:00Z",
    ),
    "every other week, New York": (
        """start = 2025-01-07T11:00:00
        zone = "America/New_York"
        duration = "45min"
        rule = "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU" """,
        78,
        "2025-01-07T16:00:00Z 2025-03-04T16:00:00Z 2025-03-18T15:00:00Z 2027-12-21T16:00:00Z",
    ),
    "every other week, on Tuesday and Sunday, weeks begin on Sunday": (
        """start = 2025-01-07T11:00:00
        duration = "45min"
        rule = "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU" """,
        155,
        "2025-01-07T10:00:00Z 2025-01-19T10:00:00Z 2025-01-21T10:00:00Z",
    ),
    "second Tuesday of the month, Kolkata": (
        """start = 2025-01-14T20:30:00
        zone = "Asia/Kolkata"
        duration = "1h"
        rule = "FREQ=MONTHLY;BYDAY=2TU" """,
        36,
        "2025-01-14T15:00:00Z 2025-07-08T15:00:00Z 2027-12-14T15:00:00Z",
    ),
    "last working day of the month": (
        """start = 2025-01-31T10:00:00
        duration = "30min"
        rule = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1" """,
        36,
        "2025-01-31T09:00:00Z 2025-05-30T08:00:00Z 2025-08-29T08:00:00Z 2027-12-31T09:00:00Z",
    ),
    "first and third Wednesday, New York": (
        """start = 2025-01-15T09:00:00
        zone = "America/New_York"
        duration = "1h"
        rule = "FREQ=MONTHLY;BYDAY=1WE,3WE"
        cancel = [{ date = 2025-02-05 }, { date = 2025-02-19 }]
        move = [{ date = 2025-03-05, to = 2025-03-06T09:00:00 }]""",
        69,
        "2025-01-15T14:00:00Z 2025-03-06T14:00:00Z 2025-03-19T13:00:00Z 2025-04-02T13:00:00Z",
    ),
    "the last day of the month": (
        """start = 2025-01-31T17:00:00
        duration = "1h"
        rule = "FREQ=MONTHLY;BYMONTHDAY=-1" """,
        36,
        "2025-02-28T16:00:00Z 2025-03-31T15:00:00Z 2025-04-30T15:00:00Z",
    ),
    "the 31st, in months that have one": (
        """start = 2025-01-31T17:00:00
        duration = "1h"
        rule = "FREQ=MONTHLY" """,
        21,
        "2025-01-31T16:00:00Z 2025-03-31T15:00:00Z 2025-05-31T15:00:00Z",
    ),
    "twice a day": (
        """start = 2025-01-06T09:00:00
        duration = "1h"
        rule = "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9,17;BYMINUTE=0"
        cancel = [{ date = 2025-01-13T17:00:00 }]""",
        311,
        "2025-01-06T08:00:00Z 2025-01-06T16:00:00Z 2025-01-13T08:00:00Z 2025-01-20T16:00:00Z",
    ),
    "yearly, Sao Paulo": (
        """start = 2024-11-15T15:00:00
        zone = "America/Sao_Paulo"
        duration = "2h"
        rule = "FREQ=YEARLY" """,
        3,
        "2025-11-15T18:00:00Z 2026-11-15T18:00:00Z 2027-11-15T18:00:00Z",
    ),
    "ten times, one of them cancelled": (
        """start = 2025-02-26T18:00:00
        duration = "1h"
        rule = "FREQ=WEEKLY;COUNT=10;BYDAY=WE"
        cancel = [{ date = 2025-03-19 }]""",
        9,
        "2025-02-26T17:00:00Z 2025-04-02T16:00:00Z 2025-04-30T16:00:00Z",
    ),
    "until a day, with a call on it": (
        """start = 2025-03-05T18:00:00
        duration = "1h"
        rule = "FREQ=WEEKLY;UNTIL=20250625;BYDAY=WE" """,
        17,
        "2025-03-05T17:00:00Z 2025-06-25T16:00:00Z",
    ),
    "until the moment of the last call, New York in the evening": (
        """start = 2025-03-05T21:00:00
        zone = "America/New_York"
        duration = "1h"
        rule = "FREQ=WEEKLY;UNTIL=20250625T210000;BYDAY=WE" """,
        17,
        "2025-03-06T02:00:00Z 2025-06-26T01:00:00Z",
    ),
    "until a second before a call": (
        """start = 2025-03-05T18:00:00
        duration = "1h"
        rule = "FREQ=WEEKLY;UNTIL=20250625T175959;BYDAY=WE" """,
        16,
        "2025-06-18T16:00:00Z",
    ),
    "once": (
        """start = 2025-07-01T18:00:00
        duration = "1h" """,
        1,
        "2025-07-01T16:00:00Z",
    ),
    # Clocks.
    "daily, Lord Howe: half an hour of daylight saving": (
        """start = 2025-01-01T22:15:00
        zone = "Australia/Lord_Howe"
        duration = "20min"
        rule = "FREQ=DAILY" """,
        1095,
        "2025-01-01T11:15:00Z 2025-04-05T11:15:00Z 2025-04-06T11:45:00Z 2025-10-05T11:15:00Z",
    ),
    "Casablanca: an hour back for Ramadan": (
        """start = 2025-01-01T18:00:00
        zone = "Africa/Casablanca"
        duration = "1h"
        rule = "FREQ=WEEKLY;BYDAY=WE" """,
        157,
        "2025-02-19T17:00:00Z 2025-02-26T18:00:00Z 2025-04-02T18:00:00Z 2025-04-09T17:00:00Z 2026-02-18T18:00:00Z",
    ),
    "Dublin: winter is the saving": (
        """start = 2025-01-01T18:00:00
        zone = "Europe/Dublin"
        duration = "1h"
        rule = "FREQ=WEEKLY;BYDAY=WE" """,
        157,
        "2025-01-01T18:00:00Z 2025-03-26T18:00:00Z 2025-04-02T17:00:00Z 2025-10-29T18:00:00Z",
    ),
    "Gaza: back and forth around Ramadan": (
        """start = 2025-01-02T18:00:00
        zone = "Asia/Gaza"
        duration = "1h"
        rule = "FREQ=WEEKLY;BYDAY=TH" """,
        157,
        "2025-01-02T16:00:00Z 2025-04-10T16:00:00Z 2025-04-17T15:00:00Z 2025-10-23T15:00:00Z 2025-10-30T16:00:00Z",
    ),
    "Nuuk: clocks change the evening before": (
        """start = 2025-01-04T22:30:00
        zone = "America/Nuuk"
        duration = "20min"
        rule = "FREQ=WEEKLY;BYDAY=SU,SA" """,
        312,
        "2025-01-05T00:30:00Z 2025-04-05T23:30:00Z 2025-10-25T23:30:00Z 2025-10-27T00:30:00Z",
    ),
    "UTC": (
        """start = 2025-01-01T18:00:00
        zone = "UTC"
        duration = "1h"
        rule = "FREQ=WEEKLY;BYDAY=WE"
        cancel = [{ date = 2025-01-15 }]
        move = [{ date = 2025-01-22, to = 2025-01-23T10:00:00 }]""",
        156,
        "2025-01-01T18:00:00Z 2025-01-23T10:00:00Z 2025-07-02T18:00:00Z",
    ),
    "over midnight, New York": (
        """start = 2025-01-07T23:30:00
        zone = "America/New_York"
        duration = "2h"
        rule = "FREQ=WEEKLY;BYDAY=TU"
        cancel = [{ date = 2025-01-14 }]
        change = [{ date = 2025-01-21, title = "Call, with guests" }]""",
        155,
        "2025-01-08T04:30:00Z 2025-01-22T04:30:00Z 2025-03-12T03:30:00Z",
    ),
    "in the gap and the fold, Berlin": (
        """start = 2025-01-05T02:30:00
        duration = "15min"
        rule = "FREQ=WEEKLY;BYDAY=SU"
        cancel = [{ date = 2026-03-29 }, { date = 2026-10-25 }]""",
        154,
        "2025-03-23T01:30:00Z 2025-03-30T01:30:00Z 2025-04-06T00:30:00Z 2025-10-26T00:30:00Z 2025-11-02T01:30:00Z",
    ),
    "in the fold, New York": (
        """start = 2025-01-05T01:30:00
        zone = "America/New_York"
        duration = "15min"
        rule = "FREQ=WEEKLY;BYDAY=SU" """,
        156,
        "2025-01-05T06:30:00Z 2025-11-02T05:30:00Z 2025-11-09T06:30:00Z",
    ),
    # Exceptions.
    "cancelled, moved, changed and added": (
        """start = 2025-01-08T18:00:00
        duration = "1h"
        rule = "FREQ=WEEKLY;BYDAY=WE"
        cancel = [{ date = 2025-03-26 }, { date = 2025-04-02 }]
        move = [
          { date = 2025-04-09, to = 2025-04-10T19:30:00 },
          { date = 2025-06-04, to = 2025-05-30T09:00:00 },
          { date = 2025-10-22, to = 2025-11-03T18:00:00, duration = "2h" },
        ]
        change = [{ date = 2025-05-21, title = "Call, with guests", duration = "90min" }]
        add = [{ start = 2025-06-03T17:00:00, title = "Extra call" }, { start = 2025-12-27T12:00:00 }]""",
        156,
        "2025-04-10T17:30:00Z 2025-05-21T16:00:00Z 2025-05-30T07:00:00Z 2025-06-03T15:00:00Z 2025-11-03T17:00:00Z",
    ),
    "the first cancelled, the second moved before it": (
        """start = 2025-01-08T18:00:00
        duration = "1h"
        rule = "FREQ=WEEKLY;BYDAY=WE"
        cancel = [{ date = 2025-01-08 }]
        move = [{ date = 2025-01-15, to = 2025-01-07T18:00:00 }]""",
        155,
        "2025-01-07T17:00:00Z 2025-01-22T17:00:00Z",
    ),
    "from a date on another link": (
        """start = 2025-01-08T18:00:00
        duration = "1h"
        rule = "FREQ=WEEKLY;BYDAY=WE"
        url = "https://meet.example.org/old"
        cancel = [{ date = 2025-02-05 }]
        from = [{ date = 2025-05-07, url = "https://meet.example.org/new" }]""",
        155,
        "2025-04-30T16:00:00Z 2025-05-07T16:00:00Z",
    ),
    "from a date on another time": (
        """start = 2025-01-08T18:00:00
        duration = "1h"
        rule = "FREQ=WEEKLY;BYDAY=WE"
        cancel = [{ date = 2025-04-30 }, { date = 2025-05-07 }]
        from = [{ date = 2025-05-05, start = 16:30:00 }]""",
        154,
        "2025-04-23T16:00:00Z 2025-05-14T14:30:00Z",
    ),
    "from a date on another zone": (
        """start = 2025-01-08T18:00:00
        duration = "1h"
        rule = "FREQ=WEEKLY;BYDAY=WE"
        from = [{ date = 2025-03-12, zone = "America/New_York", start = 12:00:00 }]""",
        156,
        "2025-03-05T17:00:00Z 2025-03-12T16:00:00Z 2025-12-31T17:00:00Z",
    ),
    "from a date on another rule": (
        """start = 2025-01-08T18:00:00
        duration = "1h"
        rule = "FREQ=WEEKLY;BYDAY=WE"
        move = [{ date = 2025-07-08, to = 2025-07-09T18:00:00 }]
        from = [{ date = 2025-07-01, rule = "FREQ=MONTHLY;BYDAY=2TU" }]""",
        55,
        "2025-06-25T16:00:00Z 2025-07-09T16:00:00Z 2025-08-12T16:00:00Z",
    ),
}
# RFC 5545 section 3.3.5: a time that clocks skip is read with the offset before the gap, one they show twice is the first.
SECOND_PASS_NEW_YORK = {
    "2025-11-02T05:30:00Z": "2025-11-02T06:30:00Z",
    "2026-11-01T05:30:00Z": "2026-11-01T06:30:00Z",
    "2027-11-07T05:30:00Z": "2027-11-07T06:30:00Z",
}
SECOND_PASS_BERLIN = {
    "2025-10-26T00:30:00Z": "2025-10-26T01:30:00Z",
    "2027-10-31T00:30:00Z": "2027-10-31T01:30:00Z",
}
OFFSET_AFTER_THE_GAP = {
    "2025-03-30T01:30:00Z": "2025-03-30T00:30:00Z",
    "2027-03-28T01:30:00Z": "2027-03-28T00:30:00Z",
}
# What libical makes of the week after a gap: it goes on from the time that it read the skipped one as.
NUUK_AND_A_WEEK_LATER = {
    f"{day}T23:30:00Z": f"{after}T00:30:00Z"
    for day, after in (
        ("2025-03-30", "2025-03-31"),
        ("2025-04-05", "2025-04-06"),
        ("2026-03-29", "2026-03-30"),
        ("2026-04-04", "2026-04-05"),
        ("2027-03-28", "2027-03-29"),
        ("2027-04-03", "2027-04-04"),
    )
}
A_WEEK_AFTER_THE_GAP = {f"{day}T00:30:00Z": f"{day}T01:30:00Z" for day in ("2025-04-06", "2026-04-05", "2027-04-04")}
# (reader, case): the calls it tells otherwise, ours first ("" where there is none). The cause:
# - khal puts pytz's zones on local times, which without being asked take the second pass of a fold;
# - ical.js gives a skipped time the offset after the gap, and a repeated one standard time (`Timezone.utcOffset`, where
#   what is wanted is marked as still to do);
# - libical takes the second pass of a fold; it puts a skipped time forward, and the rule's next instance is as late (its
#   iterator's own time has moved); an EXDATE for a skipped time then finds nothing to leave out.
DIFFERENCES = {
    ("khal", "in the fold, New York"): SECOND_PASS_NEW_YORK,
    ("khal", "in the gap and the fold, Berlin"): SECOND_PASS_BERLIN,
    ("ical.js", "in the fold, New York"): SECOND_PASS_NEW_YORK,
    ("ical.js", "in the gap and the fold, Berlin"): SECOND_PASS_BERLIN | OFFSET_AFTER_THE_GAP,
    ("libical", "in the fold, New York"): SECOND_PASS_NEW_YORK,
    ("libical", "in the gap and the fold, Berlin"): SECOND_PASS_BERLIN | A_WEEK_AFTER_THE_GAP | {"": "2026-03-29T01:30:00Z"},
    ("libical", "Nuuk: clocks change the evening before"): NUUK_AND_A_WEEK_LATER,
}


def calendar_of(case):
    return svsm_cal.loads(HEAD + "\n".join(line.strip() for line in CASES[case][0].splitlines()) + "\n")


@pytest.fixture(scope="module")
def answers(read):
    """(reader, case) -> what the reader finds, all being asked at once."""
    readers = ("recurring-ical-events", "ical.js", "khal", "libical")
    with ThreadPoolExecutor(3) as pool:
        yield {
            (reader, case): pool.submit(read, reader, svsm_cal.to_ical(calendar_of(case), now=SPAN[0]), SINCE, UNTIL)
            for case in CASES
            for reader in readers
        }
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("case", CASES)
def test_calls_worked_out_by_hand(stamp, case):
    _, number, some = CASES[case]
    found = [stamp(each.start_utc) for each in svsm_cal.occurrences(calendar_of(case), *SPAN)]
    assert len(found) == number
    assert [each for each in some.split() if each not in found] == []


@pytest.mark.parametrize("case", CASES)
def test_every_reader_finds_the_same_calls(answers, stamp, reader, case):
    expected = {stamp(each.start_utc) for each in svsm_cal.occurrences(calendar_of(case), *SPAN)}
    found = answers[reader, case].result()
    assert len(found) == len(set(found)), "a call shown twice"
    told = DIFFERENCES.get((reader, case), {})
    assert sorted({*expected} - {*found}) == sorted(filter(None, told))
    assert sorted({*found} - {*expected}) == sorted(told.values())
