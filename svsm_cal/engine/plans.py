"""How a rule's instances lie in time: what RFC 5545 section 3.3.10 comes to once DTSTART is known.

Moments are whole seconds on the wall clock since its own 1970-01-01T00:00. A plan gives the moments of any stretch
within years 1 to 9999 and the first one from any moment on, at a cost that does not depend on how far away that is:
it computes the number of the period there. Plans know neither UNTIL nor COUNT nor where DTSTART lies;
`svsm_cal.engine.expansion` does.

- `Cycle`: every period has the same instances (weekly on some days, every 40 minutes).
- `Months`, `Years` (`svsm_cal.engine.periods`): what a period has depends on its kind alone, and is computed once for
  each kind.
- `Weeks` (there too): weekly with BYMONTH.
- `Days` (`svsm_cal.engine.days`): days that pass a filter, each with the same times: daily rules and, where INTERVAL
  divides the day, shorter ones.
- `Steps` (there too): shorter periods that INTERVAL puts at another time of each day.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from svsm_cal.engine.civil import DAY, LAST_DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["END", "Cycle", "Plan", "Run", "chosen"]

END = (LAST_DAY + 1) * DAY


# Moments as the first of them and the distances to each following one.
Run: TypeAlias = "tuple[int, list[timedelta]]"


class Plan(ABC):
    """Instances as moments, ascending, each once."""

    span: int = DAY  # about how long a few instances take, in seconds

    @abstractmethod
    def between(self, lo: int, hi: int) -> Sequence[int]:
        """Return the moments in [lo, hi)."""

    @abstractmethod
    def first_from(self, lo: int) -> int | None:
        """Return the first moment from `lo` on; None when there is none to the end of the year 9999."""

    def nth(self, lo: int, count: int) -> int | None:
        """Return the `count`-th moment from `lo` on, None when there are fewer."""
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
        """Return how many moments there are in [lo, hi)."""
        return len(self.between(lo, hi))

    def run(self, lo: int, hi: int) -> Run | None:
        """Return the moments in [lo, hi) as a run; None where there are none, or a plan has no short cut to it."""
        del lo, hi
        return None


class Cycle(Plan):
    """Instances at the same `offsets` (seconds) in every period of `step` seconds, one of which begins at `origin`."""

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
        """Return how many instances there are from `origin` on and before a moment."""
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
    """Return the moments of one period that BYSETPOS chooses; all without it."""
    if not positions:
        return moments
    size = len(moments)
    wanted = {position - 1 if position > 0 else size + position for position in positions}
    return [moments[index] for index in sorted(wanted) if 0 <= index < size]
