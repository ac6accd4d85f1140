"""Plans of monthly, yearly and weekly rules, with instances tabulated by kind of month or year (`svsm_cal.engine.civil`)."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_left
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import (
    CYCLE_DAYS,
    CYCLE_MONTHS,
    DAY,
    EPOCH_ORDINAL,
    FIRST_DAY,
    LAST_DAY,
    MONTH_KINDS,
    YearKind,
    month_of,
    month_tables,
    year_begin,
    year_kind,
)
from svsm_cal.engine.plans import END, Plan, Run, chosen
from svsm_cal.engine.rule_parts import Skip

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from svsm_cal.engine.day_patterns import DayParts


class _Periods(Plan):
    """Numbered periods; `spill` is 1 if their instances may fall into the previous or following one (SKIP), else 0."""

    barren: int  # a rule without an instance in this many successive periods has no more instances

    def __init__(self, parts: DayParts, times: Sequence[int], positions: tuple[int, ...], origin: int, interval: int) -> None:
        self._parts, self._times, self._positions = parts, times, positions
        self.origin, self.interval = origin, interval  # `origin` is the number of the period that contains DTSTART
        self.span *= interval
        self.spill = 0 if parts.skip is Skip.OMIT else 1

    @abstractmethod
    def number(self, moment: int) -> int:
        """Return the number of the period that contains a moment."""

    @abstractmethod
    def begin(self, number: int) -> int:
        """Return the moment at which a period begins."""

    @abstractmethod
    def offsets(self, number: int) -> Sequence[int]:
        """Return a period's instances in seconds after its begin."""

    def moments(self, numbers: Iterable[int]) -> list[int]:
        """Return the instances of some periods, in the order of the periods."""
        found = []
        for number in numbers:
            begin = self.begin(number)
            found += [begin + offset for offset in self.offsets(number)]
        return found

    def _from(self, moment: int) -> int:
        """Return the number of the rule's first period that may have an instance from a moment on."""
        past = self.number(moment) - self.spill - self.origin
        return self.origin + -(-past // self.interval) * self.interval if past > 0 else self.origin

    def between(self, lo: int, hi: int) -> Sequence[int]:
        if lo >= hi:
            return ()
        found = self.moments(range(self._from(lo), self.number(hi - 1) + self.spill + 1, self.interval))
        if self.spill:
            found = sorted(set(found))
        return found[bisect_left(found, lo) : bisect_left(found, hi)]

    def first_from(self, lo: int) -> int | None:
        if lo >= END:
            return None
        number = self._from(lo)
        end = min(self.number(END - 1), number + self.barren * self.interval) + 1
        if not self.spill:  # nearly always in the first period or the next
            for near in (number, number + self.interval):
                if near < end:
                    begin, offsets = self.begin(near), self.offsets(near)
                    index = bisect_left(offsets, lo - begin)
                    if index < len(offsets):
                        return begin + offsets[index]
        size = 4
        while number < end:
            numbers = range(number, min(number + size * self.interval, end), self.interval)
            found = [moment for moment in self.moments(numbers) if lo <= moment < END]
            if found:  # with SKIP the following period may have an earlier one
                return self.between(lo, min(found) + 1)[0] if self.spill else found[0]
            number, size = numbers.start + size * self.interval, min(size * 4, 512)
        return None


class Months(_Periods):
    """Every `interval`-th month from month number `origin` on."""

    barren = CYCLE_MONTHS
    span = 31 * DAY * 16

    def __init__(self, parts: DayParts, times: Sequence[int], positions: tuple[int, ...], origin: int, interval: int) -> None:
        super().__init__(parts, times, positions, origin, interval)
        self._allowed = frozenset(month - 1 for month in parts.months)
        self._begins, self._kinds = month_tables()
        self._offsets: dict[int, tuple[int, ...]] = {}
        self._distances: bytes | None = None

    def number(self, moment: int) -> int:
        return month_of(moment // DAY)

    def begin(self, number: int) -> int:
        return (self._begins[number % CYCLE_MONTHS] + number // CYCLE_MONTHS * CYCLE_DAYS + FIRST_DAY) * DAY

    def offsets(self, number: int) -> Sequence[int]:
        if self._allowed and number % 12 not in self._allowed:
            return ()
        kind = self._kinds[number % CYCLE_MONTHS]
        try:
            return self._offsets[kind]
        except KeyError:
            return self._of(kind)

    def _of(self, kind: int) -> tuple[int, ...]:
        month = MONTH_KINDS[kind]
        moments = [day * DAY + time for day in self._parts.of_month(month.weekday, month.length) for time in self._times]
        found = self._offsets[kind] = tuple(chosen(moments, self._positions))
        return found

    def between(self, lo: int, hi: int) -> Sequence[int]:
        if lo >= hi:
            return ()
        number = month_of(lo // DAY)
        if self.spill or number != month_of((hi - 1) // DAY):
            return super().between(lo, hi)
        if number < self.origin or (number - self.origin) % self.interval:
            return ()
        offsets = self.offsets(number)
        if not offsets:
            return ()
        begin = self.begin(number)
        if len(offsets) == 1:
            at = begin + offsets[0]
            return (at,) if lo <= at < hi else ()
        return [at for offset in offsets if lo <= (at := begin + offset) < hi]

    def count(self, lo: int, hi: int) -> int:
        if not self._distances:
            return super().count(lo, hi)
        return max(0, self._one_from(hi)[0] - self._one_from(lo)[0])

    def run(self, lo: int, hi: int) -> Run | None:
        if self._distances is None:
            self._distances = self._days_between()
        if not self._distances:
            return None
        (first, at), (end, _) = self._one_from(lo), self._one_from(hi)
        if first >= end or first // CYCLE_MONTHS != end // CYCLE_MONTHS:
            return None
        return at, _as_distances(self._distances)[first % CYCLE_MONTHS : (end - 1) % CYCLE_MONTHS]

    def _one_from(self, moment: int) -> tuple[int, int]:
        """Return the month number and the moment of the first instance from a moment on, where each month has one."""
        if moment >= END:
            return 9999 * 12, END
        number = month_of(moment // DAY)
        at = self.begin(number) + self._offsets[self._kinds[number % CYCLE_MONTHS]][0]
        if at < moment:
            number += 1
            at = self.begin(number) + self._offsets[self._kinds[number % CYCLE_MONTHS]][0]
        return number, at

    def _days_between(self) -> bytes:
        """Return for each kind of month the days from its only instance to the next month's; empty if any has none or several."""
        if self._allowed or self.interval > 1 or self.spill:
            return b""
        of_kind = [self._of(kind) for kind in range(len(MONTH_KINDS))]
        if any(len(offsets) != 1 for offsets in of_kind):
            return b""
        day = {(kind.weekday, kind.length): offsets[0] // DAY for kind, offsets in zip(MONTH_KINDS, of_kind, strict=True)}
        return bytes(
            kind.length + day[(kind.weekday + kind.length) % 7, kind.following] - day[kind.weekday, kind.length]
            for kind in MONTH_KINDS
        )


@lru_cache(maxsize=64)
def _as_distances(days: bytes) -> list[timedelta]:
    """Return the distances of all months of a 400-year cycle, given those of each kind of month in days."""
    length = {number: timedelta(number) for number in set(days)}
    return [length[days[kind]] for kind in month_tables()[1]]


class Years(_Periods):
    """Every `interval`-th year from year `origin` on."""

    barren = 400
    span = 366 * DAY * 8

    def __init__(self, parts: DayParts, times: Sequence[int], positions: tuple[int, ...], origin: int, interval: int) -> None:
        super().__init__(parts, times, positions, origin, interval)
        self._offsets: dict[YearKind, tuple[int, ...]] = {}

    def number(self, moment: int) -> int:
        return date.fromordinal(moment // DAY + EPOCH_ORDINAL).year

    def begin(self, number: int) -> int:
        return year_begin(number) * DAY

    def offsets(self, number: int) -> Sequence[int]:
        kind = year_kind(number)
        found = self._offsets.get(kind)
        if found is None:
            moments = [day * DAY + time for day in self._parts.of_year(kind) for time in self._times]
            found = self._offsets[kind] = tuple(chosen(moments, self._positions))
        return found


class Weeks(_Periods):
    """Every `interval`-th week from the one that begins on day `first` on, limited by BYMONTH."""

    barren = CYCLE_DAYS // 7
    span = 7 * DAY * 16

    def __init__(self, parts: DayParts, times: Sequence[int], positions: tuple[int, ...], first: int, interval: int) -> None:
        super().__init__(parts, times, positions, 0, interval)
        self._days = sorted((weekday - parts.week_start) % 7 for weekday, _ in parts.by_day)
        self._first = first

    def number(self, moment: int) -> int:
        return (moment // DAY - self._first) // 7

    def begin(self, number: int) -> int:
        return (self._first + number * 7) * DAY

    def offsets(self, number: int) -> Sequence[int]:
        first = self._first + number * 7
        kept = [day for day in self._days if self._month(first + day) in self._parts.months]
        return chosen([day * DAY + time for day in kept for time in self._times], self._positions)

    @staticmethod
    def _month(day: int) -> int:
        return date.fromordinal(day + EPOCH_ORDINAL).month if FIRST_DAY <= day <= LAST_DAY else 0
