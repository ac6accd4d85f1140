"""Rules by months, years and weeks: a period's instances depend on its kind, which few have (`svsm_cal.engine.civil`)."""

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

__all__ = ["Months", "Weeks", "Years"]


class _Periods(Plan):
    """Periods that are numbered on; `spill` says that their instances may lie in the one before or after (SKIP)."""

    interval: int
    origin: int  # the number of the period that DTSTART lies in
    barren: int  # after so many periods without an instance there are none ever
    spill = 0

    @abstractmethod
    def number(self, moment: int) -> int:
        """Return the number of the period that a moment lies in."""

    @abstractmethod
    def begin(self, number: int) -> int:
        """Return the moment at which a period begins."""

    @abstractmethod
    def offsets(self, number: int) -> Sequence[int]:
        """Return a period's instances in seconds after it begins."""

    def moments(self, numbers: Iterable[int]) -> list[int]:
        """Return the instances of some periods, in their order."""
        found = []
        for number in numbers:
            begin = self.begin(number)
            found += [begin + offset for offset in self.offsets(number)]
        return found

    def _from(self, moment: int) -> int:
        """Return the number of the first of the rule's periods that may have an instance from a moment on."""
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
        if not self.spill:  # nearly always it is in the first period or the next
            for each in (number, number + self.interval):
                if each < end:
                    begin, offsets = self.begin(each), self.offsets(each)
                    index = bisect_left(offsets, lo - begin)
                    if index < len(offsets):
                        return begin + offsets[index]
        size = 4
        while number < end:
            numbers = range(number, min(number + size * self.interval, end), self.interval)
            found = [each for each in self.moments(numbers) if lo <= each < END]
            if found:  # the period after these may bring one that is earlier still
                return self.between(lo, min(found) + 1)[0] if self.spill else found[0]
            number, size = numbers.start + size * self.interval, min(size * 4, 512)
        return None


class Months(_Periods):
    """Every `interval`-th month from the one numbered `origin` on."""

    barren = 4800
    span = 31 * DAY * 16

    def __init__(self, parts: DayParts, times: Sequence[int], positions: tuple[int, ...], origin: int, interval: int) -> None:
        self._parts, self._times, self._positions = parts, times, positions
        self._allowed = frozenset(month - 1 for month in parts.months)
        self.origin, self.interval = origin, interval
        self.span *= interval
        self.spill = 0 if parts.skip is Skip.OMIT else 1
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
        """Return the number of the month whose one instance is the first from a moment on, and that instance."""
        if moment >= END:
            return 9999 * 12, END
        number = month_of(moment // DAY)
        at = self.begin(number) + self._offsets[self._kinds[number % CYCLE_MONTHS]][0]
        if at < moment:
            number += 1
            at = self.begin(number) + self._offsets[self._kinds[number % CYCLE_MONTHS]][0]
        return number, at

    def _days_between(self) -> bytes:
        """Return for each kind of month how many days its one instance is before the next month's; empty if not all have one."""
        if self._allowed or self.interval > 1 or self.spill:
            return b""
        each = [self._of(kind) for kind in range(len(MONTH_KINDS))]
        if any(len(offsets) != 1 for offsets in each):
            return b""
        day = {(kind.weekday, kind.length): offsets[0] // DAY for kind, offsets in zip(MONTH_KINDS, each, strict=True)}
        return bytes(
            kind.length + day[(kind.weekday + kind.length) % 7, kind.following] - day[kind.weekday, kind.length]
            for kind in MONTH_KINDS
        )


@lru_cache(maxsize=64)
def _as_distances(days: bytes) -> list[timedelta]:
    """Return the distances for all months of 400 years, from those in days for each kind of month."""
    length = {each: timedelta(each) for each in set(days)}
    return [length[days[kind]] for kind in month_tables()[1]]


class Years(_Periods):
    """Every `interval`-th year from `origin` on."""

    barren = 400
    span = 366 * DAY * 8

    def __init__(self, parts: DayParts, times: Sequence[int], positions: tuple[int, ...], origin: int, interval: int) -> None:
        self._parts, self._times, self._positions = parts, times, positions
        self.origin, self.interval = origin, interval
        self.span *= interval
        self.spill = 0 if parts.skip is Skip.OMIT else 1
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
    """Every `interval`-th week from the one that begins on the day `first`, of which BYMONTH keeps some days."""

    barren = 146097 // 7

    def __init__(self, parts: DayParts, times: Sequence[int], positions: tuple[int, ...], first: int, interval: int) -> None:
        self._months, self._times, self._positions = parts.months, times, positions
        self._days = sorted((weekday - parts.week_start) % 7 for weekday, _ in parts.by_day)
        self._first = first
        self.origin, self.interval = 0, interval
        self.span = 7 * DAY * 16 * interval

    def number(self, moment: int) -> int:
        return (moment // DAY - self._first) // 7

    def begin(self, number: int) -> int:
        return (self._first + number * 7) * DAY

    def offsets(self, number: int) -> Sequence[int]:
        first = self._first + number * 7
        kept = [day for day in self._days if self._month(first + day) in self._months]
        return chosen([day * DAY + time for day in kept for time in self._times], self._positions)

    @staticmethod
    def _month(day: int) -> int:
        return date.fromordinal(day + EPOCH_ORDINAL).month if FIRST_DAY <= day <= LAST_DAY else 0
