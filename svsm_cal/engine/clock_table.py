"""A zone's offset transitions as tables for bisection.

A table holds the transitions recorded in the zone's file and those of its yearly rule up to 2037. Tables for later
years, up to 9999, are made from the yearly rule on demand.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import DAY, LocalDateTime, local_seconds
from svsm_cal.engine.tzif import LocalTimeType, PosixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svsm_cal.engine.tzif import TzifData

_TABLE_END_YEAR = 2037
_YEAR = 31556952
_MOST = 1 << 62


class ClockTable:
    """Transitions in ascending order: `types[i]` and `offsets[i]` apply before `times[i]`, the last ones after all.

    From the wall-clock second `walls[i]` on, transition `i` is over by the offset before it and by the one after it.
    """

    __slots__ = ("offsets", "times", "types", "walls")

    def __init__(self, first: LocalTimeType, changes: list[tuple[int, LocalTimeType]]) -> None:
        self.times = [at for at, _ in changes]
        self.types = [first, *(kind for _, kind in changes)]
        self.offsets = [kind.offset for kind in self.types]
        self.walls = [at + max(pair) for at, *pair in zip(self.times, self.offsets, self.offsets[1:], strict=False)]


class Clocks:
    """The transitions of a zone: a table up to `limit` (epoch seconds), and the yearly rule of its file's footer after it."""

    __slots__ = ("footer", "limit", "recorded_until", "table")

    def __init__(self, data: TzifData) -> None:
        self.footer = data.footer or PosixRule(data.types[-1] if data.types else data.first)
        self.recorded_until = -_MOST if data.end is None else data.end
        self.limit = _MOST
        changes = list(zip(data.times, data.types, strict=True))
        if not self.footer.is_fixed:
            year = _TABLE_END_YEAR if data.end is None else 1970 + data.end // _YEAR
            current = changes[-1][1] if changes else data.first
            end_year = max(year, _TABLE_END_YEAR) + 1
            for at, _, after in chain.from_iterable(map(self.footer.transitions_in, range(year, end_year))):
                if at > self.recorded_until and after != current:
                    changes.append((at, after))
                    current = after
            self.limit = local_seconds(LocalDateTime(datetime(end_year, 1, 1))) - 10 * DAY
        self.table = ClockTable(data.first, changes)

    def table_at(self, seconds: int) -> ClockTable:
        """Return a table with the transitions around a time, in seconds since 1970 in UTC or on the zone's wall clock."""
        if seconds < self.limit:
            return self.table
        return _far_table(self.footer, min(max(1970 + seconds // _YEAR, 2), 9998))

    def changes(self, start: int, end: int) -> Iterator[tuple[int, LocalTimeType, LocalTimeType]]:
        """Yield (epoch seconds, type before, type after) for each transition in [start, end), in time order."""
        table = self.table
        for i in range(bisect_left(table.times, start), bisect_left(table.times, end)):
            yield table.times[i], table.types[i], table.types[i + 1]
        if end <= self.limit:
            return
        last = table.times[-1]
        for year in range(1970 + max(start, self.limit) // _YEAR - 1, min(1970 + end // _YEAR + 1, 9999) + 1):
            for at, before, after in self.footer.transitions_in(year):
                if at > last and start <= at < end:
                    yield at, before, after

    def offsets(self, start: int, end: int) -> tuple[list[int], list[int]]:
        """Return the epoch seconds of the n transitions in [start, end), and the n + 1 offsets before, between and after them."""
        if end <= self.limit:
            table = self.table
            lo, hi = bisect_left(table.times, start), bisect_left(table.times, end)
            return table.times[lo:hi], table.offsets[lo : hi + 1]
        table = self.table_at(start)
        changes = list(self.changes(start, end))
        before = table.offsets[bisect_left(table.times, start)]
        return [at for at, _, _ in changes], [before, *(after.offset for _, _, after in changes)]


@lru_cache(maxsize=4096)
def _far_table(footer: PosixRule, year: int) -> ClockTable:
    changes = list(chain.from_iterable(map(footer.transitions_in, (year - 1, year, year + 1))))
    return ClockTable(changes[0][1], [(at, after) for at, _, after in changes])
