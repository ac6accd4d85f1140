"""Which days of a month or a year a rule names: BYMONTH to BYDAY of RFC 5545 section 3.3.10, once for each kind.

Days are counted from the first of their month or year (0). With RFC 7529's SKIP a day that does not exist goes to
the one before or after it, and so may lie outside: -1 is the last day of the month before. SKIP is applied after
BYMONTHDAY and BYYEARDAY and before BYDAY (RFC 7529 section 4.1).
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

__all__ = ["DayParts"]


class DayParts(Value):
    """A rule's parts that name days, those included that it takes from DTSTART; empty where it has none."""

    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    year_days: frozenset[int] = frozenset()
    weeks: frozenset[int] = frozenset()
    by_day: tuple[WeekdayNum, ...] = ()
    week_start: int = 0
    skip: Skip = Skip.OMIT

    @property
    def is_empty(self) -> bool:
        """Whether every day is named."""
        return not (self.months or self.month_days or self.year_days or self.weeks or self.by_day)

    def of_month(self, weekday: int, length: int) -> list[int]:
        """Return the days of a month that begins on `weekday`, BYMONTH not looked at."""
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
        """Return the days that numbers from 1, or from -1 at the end, mean in so many days."""
        if self.skip is Skip.OMIT:
            days = {number - 1 if number > 0 else length + number for number in numbers if abs(number) <= length}
        else:
            forward = self.skip is Skip.FORWARD
            beyond, ahead = (length, 0) if forward else (length - 1, -1)
            days = {
                (number - 1 if number > 0 else length + number) if abs(number) <= length else (beyond if number > 0 else ahead)
                for number in numbers
            }
        return sorted(days)

    def _on_weekdays(self, weekday: int, length: int) -> set[int]:
        """Return the days that BYDAY names in a month or a year that begins on `weekday`."""
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
        """Return the days that BYDAY names; one that SKIP moved outside is known by its weekday alone."""
        plain = {wanted for wanted, ordinal in self.by_day if ordinal == 0} if self.skip is not Skip.OMIT else ()
        return [day for day in days if day in named or (weekday + day) % 7 in plain]

    def _in_weeks(self, kind: YearKind, day: int) -> bool:
        """Whether a day's week has one of BYWEEKNO's numbers, counted in the year that the week belongs to."""
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
        """Return how many days after 1 January, a `weekday`, week 1 begins: the first with four days of the year."""
        return 3 - (weekday + 3 - self.week_start) % 7
