"""Plans of daily and shorter rules: days that pass a filter, and the times of day on them.

An hourly or shorter rule whose INTERVAL divides the day has the same times every day and is treated as a daily rule. Other
rules are searched period by period, skipping what their filters exclude. The search ends after 50,000 skips in a row
without an instance, and a COUNT over a million is refused.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import product
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import DAY, LAST_DAY
from svsm_cal.engine.plans import END, Plan, chosen
from svsm_cal.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PATIENCE = 50_000
_MOST_COUNTED = 1_000_000
_MANY = 40  # from this interval on, testing every n-th day is faster than listing the days that pass the filter


class Clock:
    """BYHOUR, BYMINUTE and BYSECOND of a rule, completed from DTSTART.

    BYSECOND=60 never matches, as leap seconds are not represented.
    """

    def __init__(self, hours: tuple[int, ...], minutes: tuple[int, ...], seconds: tuple[int, ...], of_day: int) -> None:
        self.limits = tuple(
            (size, frozenset(allowed), wrap)
            for size, allowed, wrap in ((3600, hours, 24), (60, minutes, 60), (1, seconds, 60))
            if allowed
        )
        self._hours = hours or (of_day // 3600,)
        self._minutes = minutes or (of_day // 60 % 60,)
        self._seconds = seconds or (of_day % 60,)

    def times_within(self, unit: int) -> tuple[int, ...]:
        """Return the times within a period of `unit` seconds, in seconds after its begin, ascending."""
        hours = self._hours if unit > 3600 else (0,)
        minutes = self._minutes if unit > 60 else (0,)
        seconds = self._seconds if unit > 1 else (0,)
        times = {hour * 3600 + minute * 60 + second for hour, minute, second in product(hours, minutes, seconds) if second < 60}
        return tuple(sorted(times))

    def barred(self, at: int, unit: int) -> int | None:
        """Return None if a period of `unit` seconds may begin at `at`, otherwise the next moment at which it might."""
        for size, allowed, wrap in self.limits:
            if size >= unit and at // size % wrap not in allowed:
                return (at // size + 1) * size
        return None


class Days(Plan):
    """The same `times` on every `interval`-th day from day `origin` on, if it passes `filter` (None: all do)."""

    def __init__(self, filter: Plan | None, times: Sequence[int], origin: int, interval: int) -> None:
        self._filter, self._times, self._origin, self._interval = filter, times, origin, interval
        self.span = DAY * interval * (1 if len(times) > 16 else 16)

    def _every(self, first: int, end: int) -> range:
        return range(first + (self._origin - first) % self._interval, end, self._interval)

    def _days(self, first: int, end: int) -> Sequence[int]:
        """Return the days in [first, end)."""
        if self._filter is None:
            return self._every(first, end)
        if self._interval >= _MANY:
            return [day for day in self._every(first, end) if self._passes(day)]
        days = [moment // DAY for moment in self._filter.between(first * DAY, end * DAY)]
        return [day for day in days if (day - self._origin) % self._interval == 0] if self._interval > 1 else days

    def _passes(self, day: int) -> bool:
        return self._filter is None or bool(self._filter.between(day * DAY, day * DAY + DAY))

    def _day_from(self, start: int) -> int | None:
        if self._filter is None or self._interval >= _MANY:
            return next((day for day in self._every(start, LAST_DAY + 1) if self._passes(day)), None)
        at = self._filter.first_from(start * DAY)
        while at is not None and (at // DAY - self._origin) % self._interval:
            at = self._filter.first_from(at + DAY)
        return None if at is None else at // DAY

    def between(self, lo: int, hi: int) -> Sequence[int]:
        if lo >= hi or not self._times:
            return ()
        times, found = self._times, []
        for day in self._days(lo // DAY, (hi - 1) // DAY + 1):
            begin = day * DAY
            within = (
                times
                if lo <= begin and begin + DAY <= hi
                else times[bisect_left(times, lo - begin) : bisect_left(times, hi - begin)]
            )
            found += [begin + time for time in within]
        return found

    def count(self, lo: int, hi: int) -> int:
        if lo >= hi:
            return 0
        days = self._days(lo // DAY, (hi - 1) // DAY + 1)
        whole = len(days) * len(self._times)
        if days and days[0] * DAY < lo:
            whole -= bisect_left(self._times, lo - days[0] * DAY)
        if days and days[-1] * DAY + DAY > hi:
            whole -= len(self._times) - bisect_left(self._times, hi - days[-1] * DAY)
        return whole

    def first_from(self, lo: int) -> int | None:
        if not self._times:
            return None
        day = self._day_from(lo // DAY)
        if day is not None and day * DAY + self._times[-1] < lo:
            day = self._day_from(day + 1)
        if day is None:
            return None
        return day * DAY + self._times[max(0, bisect_left(self._times, lo - day * DAY))]

    def nth(self, lo: int, count: int) -> int | None:
        first = self.first_from(lo)
        if first is None:
            return None
        day, size = first // DAY, len(self._times)
        days, index = divmod(bisect_left(self._times, first % DAY) + count - 1, size)
        if self._filter is None:
            day += days * self._interval
            return day * DAY + self._times[index] if day <= LAST_DAY else None
        reach = 366 * self._interval
        while day <= LAST_DAY:
            found = self._days(day, min(day + reach, LAST_DAY + 1))
            if len(found) > days:
                return found[days] * DAY + self._times[index]
            days, day, reach = days - len(found), day + reach, min(reach * 4, 40_000)
        return None


class Steps(Plan):
    """Every `interval`-th period of `unit` seconds from the moment `origin` on, on days that pass `filter`."""

    def __init__(
        self, filter: Plan | None, clock: Clock, positions: tuple[int, ...], unit: int, origin: int, interval: int
    ) -> None:
        self._filter, self._clock, self._unit, self._step = filter, clock, unit, unit * interval
        self._origin = origin // unit * unit
        self._within = chosen(clock.times_within(unit), positions)
        self.span = max(DAY, 16 * self._step)

    def _walk(self, lo: int) -> Iterator[int]:
        """Yield the begin of each period of the rule, from the one that contains `lo` on."""
        unit, step = self._unit, self._step
        at = lo - unit + 1 + (self._origin - lo + unit - 1) % step
        jumps = 0
        while at < END and jumps < _PATIENCE:
            midnight = self._filter.first_from(at // DAY * DAY) if self._filter else 0
            if midnight is None:
                return
            later = midnight if midnight > at else self._clock.barred(at, unit)
            if later is None:
                yield at
                at, jumps = at + step, 0
            else:
                at, jumps = later + (self._origin - later) % step, jumps + 1

    def between(self, lo: int, hi: int) -> Sequence[int]:
        found: list[int] = []
        if self._within:
            for begin in self._walk(lo):
                if begin >= hi:
                    break
                found += [begin + offset for offset in self._within]
        return found[bisect_left(found, lo) : bisect_left(found, hi)]

    def first_from(self, lo: int) -> int | None:
        if not self._within:
            return None
        return next((begin + at for begin in self._walk(lo) for at in self._within if begin + at >= lo), None)

    def nth(self, lo: int, count: int) -> int | None:
        if count > _MOST_COUNTED:
            raise RuleError(f"COUNT={count} is more than a rule of this form can count", hint=f"COUNT={_MOST_COUNTED} or UNTIL")
        return super().nth(lo, count)
