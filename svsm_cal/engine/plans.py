"""Plans: the pattern of a rule's instances by RFC 5545 section 3.3.10, without the limits of DTSTART, UNTIL and COUNT.

Moments are whole seconds on a wall clock since 1970-01-01T00:00. A plan gives the moments in a window, or the next one, in
years 1 to 9999. The cost does not depend on the distance from DTSTART, as the number of a period is computed directly.
`svsm_cal.engine.expansion` adds DTSTART, UNTIL and COUNT.

- `Cycle`: the same instances in every period (weekly on some days, every 40 minutes).
- `Months`, `Years` (`svsm_cal.engine.periods`): instances depend only on the kind of month or year, computed once a kind.
- `Weeks` (same module): weekly with BYMONTH.
- `Days` (`svsm_cal.engine.days`): days that pass a filter, all with the same times: daily rules, and shorter ones whose
  INTERVAL divides the day.
- `Steps` (same module): periods shorter than a day at different times each day.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from svsm_cal.engine.civil import DAY, LAST_DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

END = (LAST_DAY + 1) * DAY

# Moments in compact form: the first one and the distances between successive ones.
Run: TypeAlias = "tuple[int, list[timedelta]]"


class Plan(ABC):
    """A rule's instances as moments, ascending and without duplicates."""

    span: int = DAY  # seconds that hold a few instances

    @abstractmethod
    def between(self, lo: int, hi: int) -> Sequence[int]:
        """Return the moments in [lo, hi)."""

    @abstractmethod
    def first_from(self, lo: int) -> int | None:
        """Return the first moment from `lo` on, None if there is none up to the end of year 9999."""

    def nth(self, lo: int, count: int) -> int | None:
        """Return the `count`-th moment from `lo` on, None if there are fewer."""
        span = self.span * min(count, 512)
        begin = self.first_from(lo)
        while begin is not None:
            found = self.between(begin, min(begin + span, END))
            if len(found) >= count:
                return found[count - 1]
            count -= len(found)
            begin = self.first_from(begin + span)
        return None

    def count(self, lo: int, hi: int) -> int:
        """Return the number of moments in [lo, hi)."""
        return len(self.between(lo, hi))

    def run(self, lo: int, hi: int) -> Run | None:
        """Return the moments in [lo, hi) as a run; None if there are none, or no way faster than `between`."""
        del lo, hi
        return None


class Cycle(Plan):
    """The same `offsets` (seconds) in every period of `step` seconds; one period begins at `origin`."""

    def __init__(self, origin: int, step: int, offsets: Sequence[int]) -> None:
        self.origin, self.step, self.offsets = origin, step, offsets
        self.span = step * 16
        self._one = origin + offsets[0] if len(offsets) == 1 else None

    def between(self, lo: int, hi: int) -> Sequence[int]:
        if self._one is not None:
            at = lo + (self._one - lo) % self.step
            return range(at, hi, self.step) if at + self.step < hi else (at,) if at < hi else ()
        if lo >= hi or not self.offsets:
            return ()
        offsets, step = self.offsets, self.step
        begin, last = lo - (lo - self.origin) % step, hi - (hi - self.origin) % step
        if begin == last:
            return [begin + offset for offset in offsets[bisect_left(offsets, lo - begin) : bisect_left(offsets, hi - begin)]]
        found = [begin + offset for offset in offsets[bisect_left(offsets, lo - begin) :]]
        found += [period + offset for period in range(begin + step, last, step) for offset in offsets]
        found += [last + offset for offset in offsets[: bisect_left(offsets, hi - last)]]
        return found

    def count(self, lo: int, hi: int) -> int:
        if self._one is not None:
            return max(0, (hi - self._one - 1) // self.step - (lo - self._one - 1) // self.step)
        return max(0, self._before(hi) - self._before(lo))

    def _before(self, moment: int) -> int:
        """Return the number of instances from `origin` to before a moment, negative before `origin`."""
        periods, into = divmod(moment - self.origin, self.step)
        return periods * len(self.offsets) + bisect_left(self.offsets, into)

    def first_from(self, lo: int) -> int | None:
        if not self.offsets:
            return None
        into = (lo - self.origin) % self.step
        index = bisect_left(self.offsets, into)
        found = lo - into + (self.offsets[index] if index < len(self.offsets) else self.step + self.offsets[0])
        return found if found < END else None

    def nth(self, lo: int, count: int) -> int | None:
        first = self.first_from(lo)
        if first is None:
            return None
        period, into = divmod(first - self.origin, self.step)
        periods, index = divmod(bisect_left(self.offsets, into) + count - 1, len(self.offsets))
        found = self.origin + (period + periods) * self.step + self.offsets[index]
        return found if found < END else None

    def run(self, lo: int, hi: int) -> Run | None:
        if self._one is None:
            return None
        first = lo + (self._one - lo) % self.step
        return (first, [timedelta(0, self.step)] * ((hi - first - 1) // self.step)) if first < hi else None


def chosen(moments: Sequence[int], positions: tuple[int, ...]) -> Sequence[int]:
    """Return the moments of one period that BYSETPOS selects, all of them without BYSETPOS."""
    if not positions:
        return moments
    size = len(moments)
    wanted = {position - 1 if position > 0 else size + position for position in positions}
    return [moments[index] for index in sorted(wanted) if 0 <= index < size]
