"""Cases that were once wrong, each by the sentence or the other program that says what is right."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest

import svsm_cal
from svsm_cal.config.repeat import parse_repeat
from svsm_cal.core.deadlines import outlook
from svsm_cal.engine.rrule import RecurrenceRule
from svsm_cal.engine.tzdb import tz_database
from svsm_cal.engine.tzif import parse_posix_tz, read_tzif
from svsm_cal.engine.zones import zone_of
from svsm_cal.errors import RuleError, ZoneError

HEAD = '[calendar]\nid = "c"\nname = "C"\ndomain = "c.example.org"\nzone = "Europe/Berlin"\n'
WEEKLY = '[[series]]\nid = "s"\ntitle = "S"\nstart = 2025-01-01T18:00:00\nduration = "1h"\nrule = "FREQ=WEEKLY;BYDAY=WE"\n'
DUE = '[[deadline]]\nid = "d"\ntitle = "D"\ndate = 2025-03-11\n'


def z(text):
    return datetime.fromisoformat(text)


def test_a_call_longer_than_its_series_is_still_the_current_one():
    calendar = svsm_cal.loads(f'{HEAD}{WEEKLY}change = [{{ date = 2025-01-08, duration = "3h" }}]\n{DUE}')
    now = z("2025-01-08T19:00Z")
    (found,) = outlook(calendar, now)
    assert found.current == svsm_cal.next_occurrences(calendar, now)[0]
    assert found.current.start == datetime(2025, 1, 8, 18)


def test_half_a_second_before_a_call_it_is_yet_to_begin():
    (found,) = outlook(svsm_cal.loads(HEAD + WEEKLY + DUE), z("2025-01-08T16:59:59.5Z"))
    assert found.current is None
    assert found.calls[0].start_utc == z("2025-01-08T17:00Z")


def test_the_hours_of_a_date_are_ignored():
    """RFC 5545 section 3.3.10: BYSECOND, BYMINUTE and BYHOUR must be ignored when DTSTART is a DATE."""
    rule = RecurrenceRule.parse("FREQ=DAILY;BYHOUR=9,18;BYMINUTE=0,30")
    assert list(islice(rule.occurrences(date(2025, 1, 1)), 3)) == [date(2025, 1, 1), date(2025, 1, 2), date(2025, 1, 3)]
    with pytest.raises(RuleError, match="FREQ=HOURLY needs a DTSTART with a time"):
        list(RecurrenceRule.parse("FREQ=HOURLY;COUNT=3").occurrences(date(2025, 1, 1)))


@pytest.mark.parametrize(
    ("phrase", "rule"),
    [
        ("first and first Monday of the month", "FREQ=MONTHLY;BYDAY=1MO"),
        ("every Monday and Monday", "FREQ=WEEKLY;BYDAY=MO"),
    ],
)
def test_saying_a_day_twice_is_saying_it_once(phrase, rule):
    assert str(parse_repeat(phrase)) == rule


@pytest.mark.parametrize("text", ["FREQ=MONTHLY;BYDAY=\uff12TU", "FREQ=WEEKLY;BYDAY=\u017fU", "FREQ=DAILY;UNTIL=\uff120250101"])
def test_only_ascii_is_a_rule(text):
    with pytest.raises(RuleError) as caught:
        RecurrenceRule.parse(text)
    assert not text[caught.value.position].isascii()


def test_a_position_does_not_count_blanks_away():
    with pytest.raises(RuleError) as caught:
        RecurrenceRule.parse("FREQ=WEEKLY;INTERVAL=  0")
    assert caught.value.position == len("FREQ=WEEKLY;INTERVAL=  ")


def test_a_file_cut_within_its_footer_is_refused():
    with open(f"{tz_database().folder}/Europe/Berlin", "rb") as stream:
        data = stream.read()
    assert read_tzif(data).footer.ends.seconds == 3 * 3600
    for cut in range(1, len("CET-1CEST,M3.5.0,M10.5.0/3\n") + 1):
        with pytest.raises(ZoneError):
            read_tzif(data[:-cut], key="Europe/Berlin")


@pytest.mark.parametrize("text", ["AAA-999", "AAA-25", "AAA-1:99", "CET-1CEST,M3.5.0,M10.5.0/168"])
def test_times_out_of_range_are_no_posix_rule(text):
    with pytest.raises(ZoneError):
        parse_posix_tz(text)


def test_calls_come_in_time_order_across_a_gap():
    """On 30 March 2025 Berlin has no 02:00 and no 02:30; by the offset before the gap they are 03:00 and 03:30."""
    series = WEEKLY.replace("2025-01-01T18:00:00", "2025-03-28T02:00:00").replace(
        "FREQ=WEEKLY;BYDAY=WE", "FREQ=DAILY;COUNT=100;BYHOUR=2,3;BYMINUTE=0,30"
    )
    calendar = svsm_cal.loads(HEAD + series)
    starts = [each.start_utc for each in svsm_cal.occurrences(calendar, z("2025-03-30T00:00Z"), z("2025-03-30T01:15Z"))]
    assert starts == [z("2025-03-30T01:00Z"), z("2025-03-30T01:00Z")]
    day = [each.start_utc for each in svsm_cal.occurrences(calendar, z("2025-03-30T00:00Z"), z("2025-03-31T00:00Z"))]
    assert day == sorted(day)
    assert len(day) == 4


def test_the_beginning_of_time_is_a_time():
    calendar = svsm_cal.loads(HEAD + WEEKLY)
    first = datetime.min.replace(tzinfo=UTC)
    assert len(svsm_cal.occurrences(calendar, first, z("2025-01-09T00:00Z"))) == 2
    assert svsm_cal.next_occurrences(calendar, first + timedelta(days=2))[0].start == datetime(2025, 1, 1, 18)


def test_clocks_far_in_the_future_have_no_last_year():
    berlin = zone_of("Europe/Berlin")
    assert svsm_cal.instant_of(datetime(9990, 7, 1, 12), berlin).hour == 10
    assert svsm_cal.instant_of(datetime(9990, 1, 1, 12), berlin).hour == 11
