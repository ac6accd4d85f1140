"""The local times of many calls in many zones: a matrix with a row for each call and a column for each zone.

Zones with the same local times share one column. A person is stored as a column number of two bytes.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import Instant, LocalDateTime, epoch_seconds, local_from_epoch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from svsm_cal.engine.zones import Zone


class LocalTimes:
    """The local times of calls, given as instants in time order, in some zones.

    `columns[number]` holds the local time of each call in `zones[number]`, in wall-clock seconds since 1970-01-01T00:00.
    Construction takes one addition for each call and each different column.

    >>> from datetime import UTC, datetime
    >>> from svsm_cal import zone_of
    >>> new_york, kolkata = zone_of("America/New_York"), zone_of("Asia/Kolkata")
    >>> times = LocalTimes([datetime(2025, 3, 5, 17, tzinfo=UTC), datetime(2025, 3, 12, 17, tzinfo=UTC)], [new_york, kolkata])
    >>> homes = times.numbers([kolkata, new_york, new_york])
    >>> [times.local(1, home).isoformat() for home in homes]
    ['2025-03-12T22:30:00', '2025-03-12T13:00:00', '2025-03-12T13:00:00']
    """

    def __init__(self, instants: Iterable[Instant], zones: Iterable[Zone]) -> None:
        self.instants = list(map(epoch_seconds, instants))
        self.zones = tuple(dict.fromkeys(zones))
        shared: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = {}
        self.columns = [self._column(zone, shared) for zone in self.zones]
        self._numbers = {zone: number for number, zone in enumerate(self.zones)}

    def _column(self, zone: Zone, shared: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]]) -> list[int]:
        times = self.instants
        if not times:
            return []
        changes, offsets = zone.offsets(times[0] + 1, times[-1] + 1)
        clocks = (tuple(changes), tuple(offsets))
        column = shared.get(clocks)
        if column is None:
            bounds = [0, *(bisect_left(times, at) for at in changes), len(times)]
            local = []
            for lo, hi, offset in zip(bounds[:-1], bounds[1:], offsets, strict=True):
                local += [at + offset for at in times[lo:hi]]
            column = shared[clocks] = local
        return column

    def numbers(self, homes: Iterable[Zone]) -> array[int]:
        """Return the column number of each home zone; raises KeyError for other zones."""
        return array("H", map(self._numbers.__getitem__, homes))

    def local(self, call: int, number: int) -> LocalDateTime:
        """Return the local time of a call in a column."""
        return local_from_epoch(self.columns[number][call])

    def row(self, call: int) -> list[LocalDateTime]:
        """Return the local times of a call in all zones, in the order of `zones`."""
        return [local_from_epoch(column[call]) for column in self.columns]
