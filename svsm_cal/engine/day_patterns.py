"""The days of a month or a year that a rule selects by BYMONTH to BYDAY (RFC 5545 section 3.3.10).

Days are counted from the first of their month or year (0). SKIP moves an invalid day to the day before or after it, after
BYMONTHDAY and BYYEARDAY and before BYDAY (RFC 7529 section 4.1); so -1 may occur, the last day of the previous month.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import YearKind, month_lengths
from svsm_cal.engine.rule_parts import Skip
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from svsm_cal.engine.rule_parts import WeekdayNum


class DayParts(Value):
    """The parts of a rule that select days, completed from DTSTART; empty if absent."""

    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    year_days: frozenset[int] = frozenset()
    weeks: frozenset[int] = frozenset()
    by_day: tuple[WeekdayNum, ...] = ()
    week_start: int = 0
    skip: Skip = Skip.OMIT

    @property
    def is_empty(self) -> bool:
        """Return whether every day is selected."""
        return not (self.months or self.month_days or self.year_days or self.weeks or self.by_day)

    def of_month(self, weekday: int, length: int) -> list[int]:
        """Return the days of a month that begins on `weekday`, ignoring BYMONTH."""
        if not self.by_day:
            return self._numbered(self.month_days, length) if self.month_days else list(range(length))
        named = self._on_weekdays(weekday, length)
        return self._kept(self._numbered(self.month_days, length), named, weekday) if self.month_days else sorted(named)

    def of_year(self, kind: YearKind) -> list[int]:
        """Return the days of a year."""
        lengths = month_lengths(leap=kind.length == 366)
        begins = list(accumulate(lengths, initial=0))
        months = sorted(self.months) if self.months else range(1, 13)
        days: Iterable[int] = range(kind.length)
        if self.month_days:
            days = [begins[month - 1] + day for month in months for day in self._numbered(self.month_days, lengths[month - 1])]
        elif self.months:
            days = [day for month in months for day in range(begins[month - 1], begins[month])]
        if self.year_days:
            wanted = self._numbered(self.year_days, kind.length)
            days = [day for day in wanted if day in set(days)] if self.months or self.month_days else wanted
        if self.weeks:
            days = [day for day in days if self._in_weeks(kind, day)]
        if self.by_day:
            spans = [(begins[month - 1], lengths[month - 1]) for month in months] if self.months else [(0, kind.length)]
            named = {begin + day for begin, length in spans for day in self._on_weekdays((kind.weekday + begin) % 7, length)}
            days = self._kept(days, named, kind.weekday)
        return sorted(set(days))

    def _numbered(self, numbers: Iterable[int], length: int) -> list[int]:
        """Return the days in a month or year of `length` days, from numbers that count from 1, or back from -1."""
        days = {number - 1 if number > 0 else length + number for number in numbers if abs(number) <= length}
        if self.skip is not Skip.OMIT:
            beyond, before = (length, 0) if self.skip is Skip.FORWARD else (length - 1, -1)
            days |= {beyond if number > 0 else before for number in numbers if abs(number) > length}
        return sorted(days)

    def _on_weekdays(self, weekday: int, length: int) -> set[int]:
        """Return the days that BYDAY selects in a month or a year that begins on `weekday`."""
        days: set[int] = set()
        for wanted, ordinal in self.by_day:
            first = (wanted - weekday) % 7
            if ordinal == 0:
                days.update(range(first, length, 7))
                continue
            day = first + 7 * (ordinal - 1) if ordinal > 0 else first + (length - 1 - first) // 7 * 7 + 7 * (ordinal + 1)
            if 0 <= day < length:
                days.add(day)
        return days

    def _kept(self, days: Iterable[int], named: set[int], weekday: int) -> list[int]:
        """Return the days that BYDAY selects; a day that SKIP moved out of the month or year is matched by weekday alone."""
        plain = {wanted for wanted, ordinal in self.by_day if ordinal == 0} if self.skip is not Skip.OMIT else ()
        return [day for day in days if day in named or (weekday + day) % 7 in plain]

    def _in_weeks(self, kind: YearKind, day: int) -> bool:
        """Return whether the number of a day's week, in the year the week belongs to, is one of BYWEEKNO."""
        begin, length = 0, kind.length
        first, following = self._first_week(kind.weekday), self._first_week(kind.weekday + kind.length)
        if day < first:
            begin, length = -kind.previous, kind.previous
        elif day >= length + following:
            begin, length = kind.length, kind.following
        first = begin + self._first_week(kind.weekday + begin)
        after = begin + length + self._first_week(kind.weekday + begin + length)
        number = (day - first) // 7 + 1
        return number in self.weeks or number - (after - first) // 7 - 1 in self.weeks

    def _first_week(self, weekday: int) -> int:
        """Return the begin of week 1, the first with four days in the year, in days after 1 January, a `weekday`."""
        return 3 - (weekday + 3 - self.week_start) % 7
