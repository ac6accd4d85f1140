"""Which weekly times share a call's burden best among its people, over a year of their clocks.

A person's cost is the mean of `burden.costs` over all the year's calls, weeks of mismatch included. Times are compared by
their worst-off person, then by the next, and so on (leximin), each to half a point, and then by the mean: a mean alone
would let the many vote one person's nights away, and hundredths of a point are no reason to meet on a Saturday.

All costs are whole numbers of points, so that comparisons are exact. People whose clocks are the same share one column of
numbers, and a column is a few additions for each change of clocks.
"""

from __future__ import annotations

from itertools import groupby
from operator import add, itemgetter, mul, sub
from typing import TYPE_CHECKING

from svsm_cal.core.burden import (
    DAY,
    END,
    WEEK,
    WEEKS,
    Burden,
    Choice,
    Clock,
    ClockYear,
    Heat,
    Limits,
    LocalStart,
    Plan,
    is_waking,
    is_working,
)
from svsm_cal.core.segments import segments_of
from svsm_cal.engine.civil import local_seconds, midnight

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from svsm_cal.core.model import Participant, Series
    from svsm_cal.engine.zones import Zone

__all__ = ["anchor_zones", "current_times", "plan_calls"]

# (half points, how many people pay so many), the worst first, and the sum of all points: less is fairer.
_Worst = tuple[tuple[tuple[int, int], ...], int]
_Columns = tuple[list[int], list[int]]


def anchor_zones(series: Series, people: Iterable[Participant], first: date) -> tuple[Zone, ...]:
    """Return the series' zone and, for each other law of the people's clocks in the year, the zone most of them live in.

    Zones that change their clocks on the same days by the same amount follow one law. The order is that of names.
    """
    begin = local_seconds(midnight(first))
    laws: dict[tuple[tuple[int, int], ...], list[tuple[int, str, Zone]]] = {}
    heads: dict[Zone, int] = {}
    for person in people:
        heads[person.zone] = heads.get(person.zone, 0) + 1
    for zone, count in heads.items():
        laws.setdefault(_law(zone, begin), []).append((-count, zone.key, zone))
    laws.pop(_law(series.zone, begin), None)
    found = [min(zones, key=lambda row: row[:2])[2] for zones in laws.values()]
    return (series.zone, *sorted(found, key=lambda zone: zone.key))


def _law(zone: Zone, begin: int) -> tuple[tuple[int, int], ...]:
    changes, offsets = zone.offsets(begin, begin + END * 60)
    return tuple((at // 86400, after - before) for at, before, after in zip(changes, offsets, offsets[1:], strict=False))


def current_times(series: Series, first: date) -> list[tuple[Zone, int, int, int]]:
    """Return (zone, weekday, minutes after midnight, length in minutes) of the series' calls in the year, each once."""
    begin = local_seconds(midnight(first))
    found: dict[tuple[Zone, int, int, int], int] = {}
    for segment in segments_of(series):
        length = segment.duration_on(first).total_seconds()
        for wall in segment.moments(begin, begin + END * 60):
            weekday, clock = divmod((wall // 60 - begin // 60 + first.weekday() * DAY) % WEEK, DAY)
            found.setdefault((segment.zone, weekday, clock, max(1, -int(-length // 60))), wall)
    return sorted(found, key=lambda each: (found[each], each[0].key))


def plan_calls(
    series: Series,
    people: Sequence[Participant],
    *,
    first: date,
    anchors: Sequence[Zone] = (),
    limits: Limits = Limits(),  # noqa: B008 - a frozen value
    step: int = 60,
    number: int = 5,
) -> Plan:
    """Return how the times of the week compare for these people (at least one), over 52 weeks from `first` on.

    `anchors` are the zones whose wall clock a time may follow (`anchor_zones` if left out), `step` a divisor of a day in
    minutes, `number` how many times and pairs are given at most. The order of the people makes no difference.
    """
    now = current_times(series, first)
    length = now[0][3] if now else max(1, -int(-series.duration.total_seconds() // 60))
    zones = tuple(dict.fromkeys(anchors)) or anchor_zones(series, people, first)
    year = ClockYear(people, first, length, step)
    table = _Table(year, zones, limits)
    best = table.best(number, [each[:3] for each in now])
    current = tuple(table.rated(zone, weekday, minute) for zone, weekday, minute, _ in now)
    pairs = table.pairs(number)
    relaxed = () if table.kept else _relaxed(year, zones, limits)
    heat = tuple(table.heat(at) for at in range(len(zones)))
    return Plan(series, first, length, step, limits, len(people), len(table.kept), current, best, pairs, heat, relaxed)


def _relaxed(year: ClockYear, zones: tuple[Zone, ...], limits: Limits) -> tuple[Limits, ...]:
    """Return the first of the wider limits that leave some time, for each choice of what is let out."""
    found: dict[tuple[bool, ...], Limits] = {}
    for wider in limits.wider(30):
        changed = (wider.earliest != limits.earliest, wider.latest != limits.latest, wider.without != limits.without)
        enough = any(all(a >= b for a, b in zip(changed, known, strict=True)) for known in found)
        if not enough and _Table(year, zones, wider).kept:
            found[changed] = wider
    return tuple(found.values())


class _Table:
    """The points of every time of the week in some anchors: for each anchor and clock a column, one half for each week.

    A time is known by (anchor, number), the number being its place on the grid; `kept` are those within the limits, and
    `worst` who pays how much at each of these.
    """

    def __init__(self, year: ClockYear, anchors: tuple[Zone, ...], limits: Limits) -> None:
        self.year, self.anchors, self.limits = year, anchors, limits
        self.full = WEEKS * year.length  # the points of a cost of 1
        self._refused = limits.refused(year.length)
        self._shifted: dict[int, tuple[Sequence[int], Sequence[int]]] = {}
        self._begun: dict[int, _Columns] = {}
        self.halves: list[list[_Columns]] = []
        self.rows: list[list[tuple[int, ...]]] = []
        self.kept: list[tuple[int, int]] = []
        for at, anchor in enumerate(anchors):
            refused = [0] * year.size
            columns = [self._columns(anchor, clock.zone, refused) for clock in year.clocks]
            self.halves.append(columns)
            self.rows.append(list(zip(*(map(add, *column) for column in columns), strict=True)))
            self.kept += [(at, number) for number, count in enumerate(refused) if not count]
        self._known: dict[tuple[int, ...], _Worst] = {}
        self.worst = {(at, number): self._worst(self.rows[at][number]) for at, number in self.kept}

    def _columns(self, anchor: Zone, zone: Zone, refused: list[int]) -> _Columns:
        counts: dict[int, list[_Columns]] = {}
        for lo, hi, ahead in self.year.stretches(anchor, zone):
            until, since = self._calls_before(hi), self._calls_before(lo)
            counts.setdefault(ahead, []).append((list(map(sub, until[0], since[0])), list(map(sub, until[1], since[1]))))
        odd, even = [0] * self.year.size, [0] * self.year.size
        for ahead, parts in counts.items():
            points, refusals = self._grids(ahead)
            for first, second in parts:
                odd = list(map(add, odd, map(mul, first, points)))
                even = list(map(add, even, map(mul, second, points)))
                if not self.limits.are_none:
                    refused[:] = map(add, refused, map(mul, map(add, first, second), refusals))
        return odd, even

    def _grids(self, ahead: int) -> tuple[Sequence[int], Sequence[int]]:
        if ahead not in self._shifted:
            self._shifted[ahead] = self.year.grid(self.year.costs, ahead), self.year.grid(self._refused, ahead)
        return self._shifted[ahead]

    def _calls_before(self, at: int) -> _Columns:
        """Return for each time how many of its calls are before a minute of the year, in weeks 1, 3, ..., and in the others."""
        found = self._begun.get(at)
        if found is None:
            weeks, rest = divmod(at, WEEK)
            more = -(-rest // self.year.step)  # so many times have had this week's call
            less = self.year.size - more
            odd = [(weeks + 2) // 2] * more + [(weeks + 1) // 2] * less
            even = [(weeks + 1) // 2] * more + [weeks // 2] * less
            found = self._begun[at] = odd, even
        return found

    def _worst(self, row: tuple[int, ...]) -> _Worst:
        """Return who pays how much: as tuples, these compare as the people in order of what they pay would."""
        found = self._known.get(row)
        if found is None:
            heads: dict[int, int] = {}
            full = self.full
            for points, count in zip(row, self.year.heads, strict=True):
                halves = (4 * points + full) // (2 * full)
                heads[halves] = heads.get(halves, 0) + count
            total = sum(map(mul, row, self.year.heads))
            found = self._known[row] = tuple(sorted(heads.items(), reverse=True)), total
        return found

    def _where(self, number: int) -> tuple[int, int]:
        """Return the weekday and the minutes after midnight of a time."""
        return divmod((number * self.year.step + self.year.monday) % WEEK, DAY)

    def _rank(self, worst: _Worst) -> int:
        return 1 + sum(each < worst for each in self.worst.values())

    def best(self, number: int, preferred: Iterable[tuple[Zone, int, int]]) -> tuple[Choice, ...]:
        """Return the best times, weekdays that cost everybody the same as one: a weekday of `preferred`, else the first."""
        favoured = {weekday for _, weekday, _ in preferred}
        classes: dict[tuple[_Worst, int, int, tuple[int, ...]], list[int]] = {}
        for (at, place), worst in self.worst.items():
            weekday, clock = self._where(place)
            classes.setdefault((worst, at, clock, self.rows[at][place]), []).append(weekday)
        # The earlier anchor wins a tie, then the weekday, then the hour.
        ordered = sorted(classes.items(), key=lambda entry: (entry[0][:2], min(entry[1]), entry[0][2]))[:number]
        found = []
        for (worst, at, clock, _), weekdays in ordered:
            weekday = min(weekdays, key=lambda each: (each not in favoured, each))
            also = tuple(sorted(each for each in weekdays if each != weekday))
            found.append(self._choice(self.anchors[at], weekday, (clock,), also=also, rank=self._rank(worst), allowed=True))
        return tuple(found)

    def rated(self, zone: Zone, weekday: int, clock: int) -> Choice:
        """Return a time that need not be among those compared, and the rank that it would have."""
        minute, year = self.year.minute(weekday, clock), self.year
        row, refused = [], 0
        for each in year.clocks:
            points = 0
            for ahead, (odd, even) in year.calls(zone, each.zone, minute).items():
                there = (minute + year.monday + ahead) % WEEK
                points += (odd + even) * year.costs[there]
                refused += (odd + even) * self._refused[there]
            row.append(points)
        return self._choice(zone, weekday, (clock,), also=(), rank=self._rank(self._worst(tuple(row))), allowed=not refused)

    def pairs(self, number: int) -> tuple[Choice, ...]:
        """Return the pairs of times on one weekday of one anchor, taken in turn, that are fairer than the best single time."""
        if not self.kept:
            return ()
        single = min(self.worst.values())
        most = ((2 * single[0][0][0] + 1) * self.full - 1) // 4  # points that are no more half points than its worst-off pay
        found: list[tuple[_Worst, int, tuple[int, ...], int, int]] = []
        for _, level in groupby(sorted(self._pairs_up_to(most)), key=itemgetter(0)):
            if len(found) >= number:
                break
            for _, at, first, second, weekdays in level:
                worst = self._worst(tuple([odd[first] + even[second] for odd, even in self.halves[at]]))
                if worst < single:
                    found.append((worst, at, weekdays, self._where(first)[1], self._where(second)[1]))
        return tuple(
            self._choice(self.anchors[at], days[0], (first, second), also=days[1:], rank=0, allowed=True)
            for _, at, days, first, second in sorted(found)[:number]
        )

    def _pairs_up_to(self, most: int) -> list[tuple[int, int, int, int, tuple[int, ...]]]:
        """Return (half points of the worst-off, anchor, first, second, weekdays) where nobody pays over `most` points.

        Weekdays on which all times cost everybody the same in each half are one: the pair is the first one's.
        """
        found, full = [], self.full
        for at, columns in enumerate(self.halves):
            odd, even = (list(zip(*half, strict=True)) for half in zip(*columns, strict=True))
            days: dict[int, list[tuple[int, int]]] = {}
            for number in sorted(number for anchor, number in self.kept if anchor == at):
                weekday, clock = self._where(number)
                days.setdefault(weekday, []).append((clock, number))
            alike: dict[tuple[tuple[int, tuple[int, ...], tuple[int, ...]], ...], list[int]] = {}
            for weekday, times in sorted(days.items()):
                times.sort()
                alike.setdefault(tuple((clock, odd[each], even[each]) for clock, each in times), []).append(weekday)
            for weekdays in alike.values():
                numbers = [number for _, number in days[weekdays[0]]]
                for place, first in enumerate(numbers):
                    row = odd[first]
                    for second in numbers[place + 1 :]:
                        points = max(map(add, row, even[second]))
                        if points <= most:
                            found.append(((4 * points + full) // (2 * full), at, first, second, tuple(weekdays)))
        return found

    def _choice(
        self, zone: Zone, weekday: int, clocks: tuple[int, ...], *, also: tuple[int, ...], rank: int, allowed: bool
    ) -> Choice:
        burdens = [burden for clock in self.year.clocks for burden in self._burdens(clock, zone, weekday, clocks)]
        burdens.sort(key=lambda each: (-each.cost, each.zone.key))
        mean = sum(each.cost * len(each.people) for each in burdens) / self.year.people
        return Choice(zone, weekday, clocks, also, rank, allowed, burdens[0].cost, mean, tuple(burdens))

    def _burdens(self, clock: Clock, zone: Zone, weekday: int, clocks: tuple[int, ...]) -> list[Burden]:
        """Return what a time, or two in turn, costs the people of a clock, zone by zone."""
        year, length = self.year, self.year.length
        begins: dict[tuple[int, int], int] = {}  # (turn, minutes after midnight of the anchor's date) -> calls
        for turn, minutes in enumerate(clocks):
            for ahead, halves in year.calls(zone, clock.zone, year.minute(weekday, minutes)).items():
                calls = sum(halves) if len(clocks) == 1 else halves[turn]
                if calls:
                    begins[turn, minutes + ahead] = begins.get((turn, minutes + ahead), 0) + calls
        there = [(turn, (weekday * DAY + begin) % WEEK, calls) for (turn, begin), calls in sorted(begins.items())]
        starts = tuple(LocalStart(turn, minute, calls, year.costs[minute] / length) for turn, minute, calls in there)
        cost = sum(calls * year.costs[minute] for _, minute, calls in there) / self.full
        off_work, off_waking = (
            sum(calls for _, minute, calls in there if not inside(minute, length)) for inside in (is_working, is_waking)
        )
        return [Burden(home, tuple(people), cost, starts, off_work, off_waking) for home, people in clock.homes.items()]

    def heat(self, at: int) -> Heat:
        """Return all the times of an anchor."""
        step, people = self.year.step, self.full * self.year.people
        rows: list[list[tuple[float, float] | None]] = [[None] * 7 for _ in range(DAY // step)]
        times = {self._where(number): number for anchor, number in self.kept if anchor == at}
        best = min((self.worst[at, number] for number in times.values()), default=None)
        least = set()
        for (weekday, clock), number in times.items():
            worst = self.worst[at, number]
            rows[clock // step][weekday] = (max(self.rows[at][number]) / self.full, worst[1] / people)
            if worst == best:
                least.add((clock, weekday))
        return Heat(self.anchors[at], tuple(range(0, DAY, step)), tuple(map(tuple, rows)), frozenset(least))
