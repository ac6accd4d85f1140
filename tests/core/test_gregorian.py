"""The calendar's tables, all of them: each month and year from 1 to 9999 against the standard library's calendar."""

import calendar
from datetime import date, timedelta

import pytest

from svsm_cal.engine.civil import (
    CYCLE_MONTHS,
    DAY,
    FIRST_DAY,
    LAST_DAY,
    MONTH_KINDS,
    YearKind,
    month_lengths,
    month_of,
    month_tables,
    weekday_of,
    year_begin,
    year_kind,
)

CYCLE_DAYS = 146097
EPOCH = date(1970, 1, 1).toordinal()
YEARS = range(1, 10000)


def day_of(at):
    return at.toordinal() - EPOCH


def month_begin(number):
    """Return the day on which a month begins, as the table says it."""
    return month_tables()[0][number % CYCLE_MONTHS] + number // CYCLE_MONTHS * CYCLE_DAYS + FIRST_DAY


def test_the_ends_of_time():
    assert timedelta(seconds=DAY) == timedelta(days=1)
    assert date.fromordinal(FIRST_DAY + EPOCH) == date.min
    assert date.fromordinal(LAST_DAY + EPOCH) == date.max
    assert month_of(FIRST_DAY) == 0
    assert month_of(LAST_DAY) == 9999 * 12 - 1
    for beyond in (FIRST_DAY - 1, LAST_DAY + 1):
        with pytest.raises(ValueError, match=r"ordinal|out of range|year"):
            month_of(beyond)


def test_every_month_begins_when_it_does_and_is_of_its_kind():
    _, kinds = month_tables()
    wrong = []
    for year in YEARS:
        for month in range(1, 13):
            number = year * 12 + month - 13
            first, length = calendar.monthrange(year, month)
            following = calendar.monthrange(year, month + 1)[1] if month < 12 else 31
            kind = MONTH_KINDS[kinds[number % CYCLE_MONTHS]]
            if (
                month_begin(number) != day_of(date(year, month, 1))
                or (kind.weekday, kind.length, kind.following) != (first, length, following)
                or month_lengths(leap=calendar.isleap(year))[month - 1] != length
            ):
                wrong.append((year, month))
    assert wrong == []


def test_every_month_holds_its_first_and_its_last_day():
    wrong = []
    for number in range(9999 * 12):
        begin, end = month_begin(number), month_begin(number + 1)
        if not (begin < end and month_of(begin) == month_of(end - 1) == number):
            wrong.append(number)
    assert wrong == []


def test_every_day_of_some_years_lies_in_its_month():
    for year in (1, 4, 100, 400, 1600, 1900, 1969, 1970, 2000, 2023, 2024, 2100, 9996, 9999):
        for number in range(366 if calendar.isleap(year) else 365):
            at = date(year, 1, 1) + timedelta(days=number)
            assert month_of(day_of(at)) == at.year * 12 + at.month - 13
            assert weekday_of(day_of(at)) == at.weekday()


def test_every_year_begins_when_it_does_and_is_of_its_kind():
    wrong = []
    for year in YEARS:
        first = date(year, 1, 1)
        lengths = [366 if calendar.isleap(each) else 365 for each in (year - 1, year, year + 1)]
        expected = YearKind(first.weekday(), lengths[1], lengths[0], lengths[2])
        if year_begin(year) != day_of(first) or year_kind(year) != expected:
            wrong.append(year)
    assert wrong == []


def test_the_calendar_goes_on_beyond_the_years_there_are():
    """As it would be: rules look at the periods before the first and after the last."""
    assert year_begin(0) == FIRST_DAY - 366
    assert year_begin(10000) == LAST_DAY + 1
    assert month_begin(-1) == FIRST_DAY - 31
    assert month_begin(9999 * 12) == LAST_DAY + 1
    assert year_kind(10000) == YearKind(weekday_of(LAST_DAY + 1), 366, 365, 365)
    for year in (1, 37, 400):
        assert (
            year_begin(year + 400) - year_begin(year)
            == CYCLE_DAYS
            == sum(366 if calendar.isleap(y) else 365 for y in range(1, 401))
        )
        assert year_kind(year + 400) == year_kind(year)


def test_there_are_49_kinds_of_months_and_28_of_years():
    begins, kinds = month_tables()
    assert len(begins) == len(kinds) == CYCLE_MONTHS == 4800
    assert len(MONTH_KINDS) == len(set(MONTH_KINDS)) == 49
    assert set(kinds) == set(range(49))
    assert len({(kind.weekday, kind.length) for kind in map(year_kind, YEARS)}) == 14
    # Beside a leap year are common ones: a year is one, or before one, or after one, or none of these.
    assert len({kind[1:] for kind in map(year_kind, YEARS)}) == 4
    assert len({year_kind(year) for year in YEARS}) == 28


def test_lengths():
    assert month_lengths(leap=False) == tuple(calendar.monthrange(2023, month)[1] for month in range(1, 13))
    assert month_lengths(leap=True) == tuple(calendar.monthrange(2024, month)[1] for month in range(1, 13))
