"""The fairest weekly times of a call for its people, over a year on their clocks.

A person's cost is the mean of `burden.costs` over all calls of the year. Times are compared by the cost of the worst-off
person, then of the next, and so on (leximin), each rounded to half a point, and then by the mean: so a majority cannot
impose nights on one person. Costs are whole numbers of points, so that comparisons are exact. People whose clocks agree
share one column of numbers.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
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
from svsm_cal.value import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from svsm_cal.core.model import Participant, Series
    from svsm_cal.engine.zones import Zone

# (half points, number of people with this cost), the worst first, and the sum of all points: less is fairer.
_Worst = tuple[tuple[tuple[int, int], ...], int]
_Columns = tuple[list[int], list[int]]
_MINUTE = timedelta(minutes=1)


def anchor_zones(series: Series, people: Iterable[Participant], first: date) -> tuple[Zone, ...]:
    """Return the series' zone, and the zone with the most people for each other pattern of clock changes, sorted by name.

    Zones whose clocks change on the same days by the same amount have the same pattern.
    """
    begin = local_seconds(midnight(first))
    heads = Counter(person.zone for person in people)
    by_pattern: dict[tuple[tuple[int, int], ...], Zone] = {}
    for zone in sorted(heads, key=lambda zone: (-heads[zone], zone.key)):
        by_pattern.setdefault(_clock_changes(zone, begin), zone)
    by_pattern.pop(_clock_changes(series.zone, begin), None)
    return (series.zone, *sorted(by_pattern.values(), key=lambda zone: zone.key))


def _clock_changes(zone: Zone, begin: int) -> tuple[tuple[int, int], ...]:
    changes, offsets = zone.offsets(begin, begin + END * 60)
    return tuple((at // 86400, after - before) for at, before, after in zip(changes, offsets, offsets[1:], strict=False))


def current_times(series: Series, first: date) -> list[tuple[Zone, int, int, int]]:
    """Return the distinct (zone, weekday, minutes after midnight, length in minutes) of the series' calls in the year."""
    begin = local_seconds(midnight(first))
    found: dict[tuple[Zone, int, int, int], int] = {}
    for segment in segments_of(series):
        length = max(1, -(-segment.duration_on(first) // _MINUTE))
        for wall in segment.moments(begin, begin + END * 60):
            weekday, clock = divmod((wall // 60 - begin // 60 + first.weekday() * DAY) % WEEK, DAY)
            found.setdefault((segment.zone, weekday, clock, length), wall)
    return sorted(found, key=lambda call: (found[call], call[0].key))


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
    """Return the times of the week, compared for these people (at least one) over 52 weeks from `first` on.

    `anchors` are the zones in which a time may be fixed (default: `anchor_zones`), `step` is a divisor of a day in minutes,
    `number` the maximum number of times and of pairs. The result does not depend on the order of the people.
    """
    now = current_times(series, first)
    length = now[0][3] if now else max(1, -(-series.duration // _MINUTE))
    zones = tuple(dict.fromkeys(anchors)) or anchor_zones(series, people, first)
    year = ClockYear(people, first, length, step)
    table = _Table(year, zones, limits)
    best = table.best(number, {weekday for _, weekday, _, _ in now})
    current = tuple(table.rated(zone, weekday, minute) for zone, weekday, minute, _ in now)
    pairs = table.pairs(number)
    relaxed = () if table.kept else _relaxed(year, zones, limits)
    heat = tuple(table.heat(at) for at in range(len(zones)))
    return Plan(series, first, length, step, limits, len(people), len(table.kept), current, best, pairs, heat, relaxed)


def _relaxed(year: ClockYear, zones: tuple[Zone, ...], limits: Limits) -> tuple[Limits, ...]:
    """Return the narrowest wider limits that allow some time, for each choice of limits to relax."""
    relaxed: dict[frozenset[str], Limits] = {}
    for wider in limits.wider(30):
        changed = frozenset(name for name in fields_of(limits) if getattr(wider, name) != getattr(limits, name))
        if not any(known <= changed for known in relaxed) and _Table(year, zones, wider).kept:
            relaxed[changed] = wider
    return tuple(relaxed.values())


class _Table:
    """The points of every time of the week: for each anchor and clock a column for odd weeks and one for even weeks.

    A time is (index of the anchor, number in the grid); `kept` are the times within the limits, `worst` has their costs.
    """

    def __init__(self, year: ClockYear, anchors: tuple[Zone, ...], limits: Limits) -> None:
        self.year, self.anchors, self.limits = year, anchors, limits
        self.full = WEEKS * year.length  # points that make a cost of 1
        self._refused = limits.refused(year.length)
        self._shifted: dict[int, tuple[Sequence[int], Sequence[int]]] = {}
        self._before: dict[int, _Columns] = {}
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
        odd, even = [0] * self.year.size, [0] * self.year.size
        for lo, hi, ahead in self.year.stretches(anchor, zone):
            until, since = self._calls_before(hi), self._calls_before(lo)
            first, second = (list(map(sub, *halves)) for halves in zip(until, since, strict=True))
            points, refusals = self._grids(ahead)
            odd = list(map(add, odd, map(mul, first, points)))
            even = list(map(add, even, map(mul, second, points)))
            if not self.limits.allow_all:
                refused[:] = map(add, refused, map(mul, map(add, first, second), refusals))
        return odd, even

    def _grids(self, ahead: int) -> tuple[Sequence[int], Sequence[int]]:
        if ahead not in self._shifted:
            self._shifted[ahead] = self.year.grid(self.year.costs, ahead), self.year.grid(self._refused, ahead)
        return self._shifted[ahead]

    def _calls_before(self, at: int) -> _Columns:
        """Return for each time the number of its calls before a minute of the year, in odd and in even weeks."""
        found = self._before.get(at)
        if found is None:
            weeks, rest = divmod(at, WEEK)
            more = -(-rest // self.year.step)  # the number of times whose call in this week is over
            calls = [weeks + 1] * more + [weeks] * (self.year.size - more)
            found = self._before[at] = [(count + 1) // 2 for count in calls], [count // 2 for count in calls]
        return found

    def _worst(self, row: tuple[int, ...]) -> _Worst:
        """Return the costs of a time as a tuple; these tuples compare as the sorted costs of the people do."""
        found = self._known.get(row)
        if found is None:
            heads: dict[int, int] = {}
            for points, count in zip(row, self.year.heads, strict=True):
                halves = (4 * points + self.full) // (2 * self.full)
                heads[halves] = heads.get(halves, 0) + count
            total = sum(map(mul, row, self.year.heads))
            found = self._known[row] = tuple(sorted(heads.items(), reverse=True)), total
        return found

    def _where(self, number: int) -> tuple[int, int]:
        """Return the weekday and the minutes after midnight of a time."""
        return divmod((number * self.year.step + self.year.monday) % WEEK, DAY)

    def _rank(self, worst: _Worst) -> int:
        return 1 + sum(other < worst for other in self.worst.values())

    def best(self, number: int, preferred: set[int]) -> tuple[Choice, ...]:
        """Return the best times; of weekdays with the same cost for everybody, a `preferred` one or the first."""
        classes: dict[tuple[_Worst, int, int, tuple[int, ...]], list[int]] = {}
        for (at, place), worst in self.worst.items():
            weekday, clock = self._where(place)
            classes.setdefault((worst, at, clock, self.rows[at][place]), []).append(weekday)
        # Ties are broken by anchor, weekday and hour.
        ordered = sorted(classes.items(), key=lambda entry: (entry[0][:2], min(entry[1]), entry[0][2]))[:number]
        choices = []
        for (worst, at, clock, _), weekdays in ordered:
            first = min(weekdays, key=lambda weekday: (weekday not in preferred, weekday))
            days = (first, *sorted(set(weekdays) - {first}))
            choices.append(self._choice(self.anchors[at], days, (clock,), self._rank(worst)))
        return tuple(choices)

    def rated(self, zone: Zone, weekday: int, clock: int) -> Choice:
        """Return any time, also one off the grid, with its rank among the times of the grid."""
        columns = [self._starts(there, zone, weekday, (clock,)) for there in self.year.clocks]
        row = tuple([sum(calls * self.year.costs[minute] for _, minute, calls in starts) for starts in columns])
        allowed = not any(self._refused[minute] for starts in columns for _, minute, _ in starts)
        return self._choice(zone, (weekday,), (clock,), self._rank(self._worst(row)), allowed=allowed)

    def pairs(self, number: int) -> tuple[Choice, ...]:
        """Return the pairs of alternating times, on one weekday in one anchor, that are fairer than the best single time."""
        if not self.kept:
            return ()
        single = min(self.worst.values())
        most = ((2 * single[0][0][0] + 1) * self.full - 1) // 4  # the most points that round to the half points of its worst-off
        found: list[tuple[_Worst, int, tuple[int, ...], int, int]] = []
        for _, level in groupby(sorted(self._pairs_up_to(most)), key=itemgetter(0)):
            if len(found) >= number:
                break
            for _, at, first, second, weekdays in level:
                worst = self._worst(tuple([odd[first] + even[second] for odd, even in self.halves[at]]))
                if worst < single:
                    found.append((worst, at, weekdays, self._where(first)[1], self._where(second)[1]))
        return tuple(
            self._choice(self.anchors[at], weekdays, (first, second), 0)
            for _, at, weekdays, first, second in sorted(found)[:number]
        )

    def _pairs_up_to(self, most: int) -> list[tuple[int, int, int, int, tuple[int, ...]]]:
        """Return (half points of the worst-off, anchor, first, second, weekdays) of pairs with at most `most` points a person.

        Weekdays on which all times have the same costs are combined; the pair is on the first of them.
        """
        found, full = [], self.full
        for at, columns in enumerate(self.halves):
            odd, even = (list(zip(*half, strict=True)) for half in zip(*columns, strict=True))
            days: dict[int, list[tuple[int, int]]] = {}
            for number in (number for anchor, number in self.kept if anchor == at):
                weekday, clock = self._where(number)
                days.setdefault(weekday, []).append((clock, number))
            alike: dict[tuple[tuple[int, tuple[int, ...], tuple[int, ...]], ...], list[int]] = {}
            for weekday, times in sorted(days.items()):
                alike.setdefault(tuple((clock, odd[number], even[number]) for clock, number in times), []).append(weekday)
            for weekdays in alike.values():
                numbers = [number for _, number in days[weekdays[0]]]
                for place, first in enumerate(numbers):
                    row = odd[first]
                    for second in numbers[place + 1 :]:
                        points = max(map(add, row, even[second]))
                        if points <= most:
                            found.append(((4 * points + full) // (2 * full), at, first, second, tuple(weekdays)))
        return found

    def _choice(self, zone: Zone, weekdays: Sequence[int], clocks: tuple[int, ...], rank: int, *, allowed: bool = True) -> Choice:
        weekday, *also = weekdays
        burdens = [burden for clock in self.year.clocks for burden in self._burdens(clock, zone, weekday, clocks)]
        burdens.sort(key=lambda burden: (-burden.cost, burden.zone.key))
        mean = sum(burden.cost * len(burden.people) for burden in burdens) / self.year.people
        return Choice(zone, weekday, clocks, tuple(also), rank, allowed, burdens[0].cost, mean, tuple(burdens))

    def _burdens(self, clock: Clock, zone: Zone, weekday: int, clocks: tuple[int, ...]) -> list[Burden]:
        """Return the cost of a time, or of two alternating ones, for the people of a clock, by zone."""
        costs, length = self.year.costs, self.year.length
        there = self._starts(clock, zone, weekday, clocks)
        starts = tuple(LocalStart(turn, minute, calls, costs[minute] / length) for turn, minute, calls in there)
        cost = sum(calls * costs[minute] for _, minute, calls in there) / self.full
        off_work, off_waking = (
            sum(calls for _, minute, calls in there if not inside(minute, length)) for inside in (is_working, is_waking)
        )
        return [Burden(home, tuple(people), cost, starts, off_work, off_waking) for home, people in clock.homes.items()]

    def _starts(self, clock: Clock, zone: Zone, weekday: int, clocks: tuple[int, ...]) -> list[tuple[int, int, int]]:
        """Return (turn, local minute of the week, number of calls) for each local start on a clock."""
        year = self.year
        begins: dict[tuple[int, int], int] = {}  # (turn, minutes after midnight of the anchor's date) -> calls
        for turn, minutes in enumerate(clocks):
            for ahead, halves in year.calls(zone, clock.zone, year.minute(weekday, minutes)).items():
                calls = sum(halves) if len(clocks) == 1 else halves[turn]
                if calls:
                    begins[turn, minutes + ahead] = begins.get((turn, minutes + ahead), 0) + calls
        return [(turn, (weekday * DAY + begin) % WEEK, calls) for (turn, begin), calls in sorted(begins.items())]

    def heat(self, at: int) -> Heat:
        """Return all times in an anchor zone."""
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
