"""The example's feeds, read by programs that are not ours: the 111 calls that were held, each at its instant."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

import svsm_cal
from tests.support import EXAMPLE

NOW = datetime(2025, 3, 5, 17, tzinfo=UTC)
FIRST, LAST = date(2024, 2, 14), date(2026, 8, 12)
SINCE, UNTIL = FIRST, LAST + timedelta(days=1)
SKIPPED = frozenset(
    date.fromisoformat(f"{year}-{day}")
    for year, days in {
        2024: "02-21 03-13 04-17 05-01 06-19 07-03 07-10 07-24 08-07 09-18 10-09 11-13 12-25",
        2025: "01-01 01-22 03-19 04-23 12-10 12-24 12-31",
    }.items()
    for day in days.split()
)


def held():
    """Wednesdays at 18:00 in Berlin but for those skipped, counted off day by day: what the community did."""
    found, day = [], FIRST
    while day <= LAST:
        if day not in SKIPPED:
            local = datetime(day.year, day.month, day.day, 18, tzinfo=ZoneInfo("Europe/Berlin"))
            found.append(local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        day += timedelta(days=7)
    return found


@pytest.fixture(scope="module")
def calendar():
    return svsm_cal.load(EXAMPLE)


def test_the_calls_that_were_held(calendar, stamp):
    expected = held()
    assert (len(expected), len(SKIPPED)) == (111, 20)
    assert expected[0] == "2024-02-14T17:00:00Z"
    assert expected[-1] == "2026-08-12T16:00:00Z"
    until = datetime(2026, 8, 13, tzinfo=UTC)
    assert [
        stamp(each.start_utc) for each in svsm_cal.occurrences(calendar, datetime(2024, 2, 14, tzinfo=UTC), until)
    ] == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    "feed",
    [{}, {"series": "devel-call"}, {"participant": "claudio"}, {"participant": "vasant"}],
    ids=["public", "series", "claudio", "vasant"],
)
def test_every_reader_finds_the_calls_that_were_held(calendar, read, reader, feed):
    assert read(reader, svsm_cal.to_ical(calendar, now=NOW, **feed), SINCE, UNTIL) == held()


@pytest.mark.slow
def test_every_reader_finds_the_rest_of_time(calendar, read, reader, stamp):
    """Ten years on, where only the rule and the yearly clock changes speak."""
    span = datetime(2034, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
    expected = [stamp(each.start_utc) for each in svsm_cal.occurrences(calendar, *span)]
    assert len(expected) == 104
    assert read(reader, svsm_cal.to_ical(calendar, now=NOW), *(each.date() for each in span)) == expected


@pytest.mark.slow
def test_every_reader_finds_the_deadlines(calendar, read, reader):
    """They are whole days, which a reader tells as dates."""
    feed = svsm_cal.to_ical(calendar, now=NOW, deadlines=True)
    expected = re.findall(r"DTSTART;VALUE=DATE:(\d{4})(\d\d)(\d\d)", feed.decode())
    found = read(reader, feed, date(2024, 1, 1), date(2027, 1, 1))
    assert [each[:10] for each in found] == sorted("-".join(parts) for parts in expected)
    assert len(found) == 42
