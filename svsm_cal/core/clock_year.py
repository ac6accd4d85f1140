"""A year of weekly calls on people's clocks: how far each clock is ahead of the anchor's, and for how many calls.

The year is 52 weeks, so that every weekday has as many calls. Between two changes of clocks, the same minute of the
anchor's week is always the same minute of theirs; so a year is a few stretches for each clock, however many calls.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from svsm_cal.core.burden import DAY, WEEK, costs
from svsm_cal.core.civil import local_seconds, midnight

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from svsm_cal.core.model import Participant
    from svsm_cal.core.zones import Zone

__all__ = ["END", "WEEKS", "Clock", "ClockYear"]

WEEKS = 52
END = WEEKS * WEEK


class Clock:
    """People whose clocks show the same all year: their zones with who lives there."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.homes: dict[Zone, list[Participant]] = {}

    @cached_property
    def heads(self) -> int:
        """Return how many they are."""
        return sum(map(len, self.homes.values()))


class ClockYear:
    """52 weeks of some people's clocks, and the times of the week that are compared, counted from the first date's midnight."""

    def __init__(self, people: Iterable[Participant], first: date, length: int, step: int) -> None:
        self.first, self.length, self.step = first, length, step
        self.begin = local_seconds(midnight(first))
        self.monday = first.weekday() * DAY  # the minute of the week at which the year begins
        self.size = WEEK // step
        self.clocks = self._clocks(people)
        self.heads = [clock.heads for clock in self.clocks]
        self.people = sum(self.heads)
        self.costs = costs(length)

    def _clocks(self, people: Iterable[Participant]) -> list[Clock]:
        found: dict[tuple[tuple[int, ...], tuple[int, ...]], Clock] = {}
        known: dict[Zone, Clock] = {}
        for person in sorted(people, key=lambda person: (person.zone.key, person.id)):
            zone = person.zone
            if zone not in known:
                changes, offsets = zone.offsets(self.begin - 2 * 86400, self.begin + END * 60 + 2 * 86400)
                known[zone] = found.setdefault((tuple(changes), tuple(offsets)), Clock(zone))
            known[zone].homes.setdefault(zone, []).append(person)
        return list(found.values())

    def stretches(self, anchor: Zone, zone: Zone) -> list[tuple[int, int, int]]:
        """Return (lo, hi, ahead): on the anchor's minutes in [lo, hi) of the year, the zone's clock is so many ahead."""
        found = []
        begin, end = self.begin, self.begin + END * 60
        for lo, hi, offset in anchor.spans(begin - 2 * 86400, end + 2 * 86400):
            since, until = max(lo, begin), min(hi, end)
            if since >= until:
                continue
            changes, offsets = zone.offsets(since - offset + 1, until - offset)
            bounds = [since, *(at + offset for at in changes), until]
            for a, b, theirs in zip(bounds, bounds[1:], offsets, strict=False):
                found.append((-(-(a - begin) // 60), -(-(b - begin) // 60), (theirs - offset) // 60))
        return found

    def minute(self, weekday: int, clock: int) -> int:
        """Return a time of the week in minutes from the first date's midnight."""
        return (weekday * DAY + clock - self.monday) % WEEK

    def calls(self, anchor: Zone, zone: Zone, minute: int) -> dict[int, tuple[int, int]]:
        """Return how many calls a time has for each difference of the two clocks: in weeks 1, 3, ..., and in the others."""
        found: dict[int, tuple[int, int]] = {}
        for lo, hi, ahead in self.stretches(anchor, zone):
            before, after = (max(0, -(-(at - minute) // WEEK)) for at in (lo, hi))
            odd, even = found.get(ahead, (0, 0))
            found[ahead] = odd + (after + 1) // 2 - (before + 1) // 2, even + after // 2 - before // 2
        return found

    def grid(self, table: Sequence[int], ahead: int) -> Sequence[int]:
        """Return a table's entries, by minute of a week, for each time that is compared, on clocks that are `ahead`."""
        at = (self.monday + ahead) % WEEK
        return [*table[at :: self.step], *table[at % self.step : at : self.step]]
