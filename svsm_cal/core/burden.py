"""How inconvenient meeting times are on people's own clocks over a year, the limits they set, and the times of a plan, ranked."""

from __future__ import annotations

from datetime import time
from functools import cached_property
from itertools import accumulate
from operator import sub
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import local_seconds, midnight
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from svsm_cal.core.model import Participant, Series
    from svsm_cal.engine.zones import Zone

__all__ = [
    "DAY",
    "END",
    "HOURS",
    "MOST",
    "WAKING",
    "WEEK",
    "WEEKEND",
    "WEEKS",
    "WORKING",
    "Burden",
    "Choice",
    "Clock",
    "ClockYear",
    "Heat",
    "Limits",
    "LocalStart",
    "Plan",
    "costs",
    "is_waking",
    "is_working",
]

DAY, WEEK = 1440, 10080

# By local hour: 00:00 to 01:00 first.
HOURS = (10, 10, 10, 10, 9, 7, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 4, 7, 9)
WEEKEND = 6
MOST = max(HOURS)

# Minutes of the day, from and until: Monday to Friday, and every day.
WORKING = (9 * 60, 18 * 60)
WAKING = (7 * 60, 22 * 60)

# What begins before this hour belongs to the evening before: to forbid 23:00 must not propose 03:00.
_DAWN = 4 * 60


def costs(length: int) -> list[int]:
    """Return the points of a call of `length` minutes for each minute of the week at which it may begin."""
    hourly = [max(cost, WEEKEND if weekday > 4 else 0) for weekday in range(7) for cost in HOURS]
    sums = list(accumulate((cost for cost in hourly * 2 for _ in range(60)), initial=0))
    weeks, rest = divmod(length, WEEK)
    begin = sums[:WEEK]
    return [weeks * sums[WEEK] + each for each in map(sub, sums[rest : rest + WEEK], begin)]


def is_working(minute: int, length: int) -> bool:
    """Whether a call that begins at a minute of the week is all in working hours."""
    weekday, clock = divmod(minute, DAY)
    return weekday < 5 and WORKING[0] <= clock and clock + length <= WORKING[1]


def is_waking(minute: int, length: int) -> bool:
    """Whether a call that begins at a minute of the week is all in waking hours."""
    return WAKING[0] <= minute % DAY and minute % DAY + length <= WAKING[1]


class Limits(Value):
    """What must hold of every call on everybody's clock: it begins no earlier than `earliest`, and ends by `latest`.

    `without` are the weekdays, Monday being 0, on which it may not begin. A `latest` of 04:00 or less is after midnight,
    and a call that begins before 04:00 is late the evening before.
    """

    earliest: time | None = None
    latest: time | None = None
    without: frozenset[int] = frozenset()

    @property
    def are_none(self) -> bool:
        """Whether everything is allowed."""
        return self == Limits()

    def allow(self, minute: int, length: int) -> bool:
        """Whether a call of `length` minutes may begin at a minute of the week."""
        weekday, clock = divmod(minute, DAY)
        if weekday in self.without or (self.earliest is not None and clock < _minutes(self.earliest)):
            return False
        return self.latest is None or _evening(clock, since=_DAWN) + length <= _evening(_minutes(self.latest), since=_DAWN + 1)

    def refused(self, length: int) -> list[int]:
        """Return 1 for each minute of the week at which a call of `length` minutes may not begin, 0 for the others."""
        usual = replace(self, without=frozenset())
        one = [int(not usual.allow(minute, length)) for minute in range(DAY)]
        return [each for weekday in range(7) for each in ([1] * DAY if weekday in self.without else one)]

    def wider(self, step: int) -> list[Limits]:
        """Return limits that allow more, in the order to try: one let out by steps of minutes, two, some gone, none left."""
        early = [_time(clock) for clock in range(_minutes(self.earliest) - step, -1, -step)] if self.earliest else []
        late = [_time(clock % DAY) for clock in self._later(step)]
        found = [replace(self, earliest=each) for each in early]
        found += [replace(self, latest=each) for each in late]
        found += [replace(self, without=self.without - {each}) for each in sorted(self.without)]
        found += [replace(self, earliest=first, latest=last) for first, last in zip(early, late, strict=False)]
        return [*found, replace(self, without=frozenset()), replace(self, earliest=None, latest=None), Limits()]

    def _later(self, step: int) -> range:
        if self.latest is None:
            return range(0)
        return range(_evening(_minutes(self.latest), since=_DAWN + 1) + step, DAY + _DAWN + 1, step)


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _time(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)


def _evening(clock: int, *, since: int) -> int:
    """Return a minute of the day, counted on past midnight where it is before `since`."""
    return clock + DAY if clock < since else clock


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


class LocalStart(Value):
    """One start of the year's calls on somebody's clock: the minute of the week from Monday 00:00, and what it costs.

    `turn` is 0, or 1 for the second of two times taken in turn.
    """

    turn: int
    minute: int
    calls: int
    cost: float


class Burden(Value):
    """What a time costs the people of one zone, each of them: the mean of `starts`, which are in turn and the clock's order.

    `off_work` and `off_waking` are how many of the year's calls are not all in working or in waking hours.
    """

    zone: Zone
    people: tuple[Participant, ...]
    cost: float
    starts: tuple[LocalStart, ...]
    off_work: int
    off_waking: int


class Choice(Value):
    """A weekly time in an anchor zone, or two, taken in turn from the first week on: minutes after midnight of `weekday`.

    `also` are the other weekdays that cost everybody the same. `rank` is 1 and one more for each time that is better,
    0 for a pair, as only single times are ranked. `allowed` is whether it keeps the limits. `worst` is the worst-off
    person's cost, `mean` the mean over the people; `burdens` begin with the worst-off.
    """

    zone: Zone
    weekday: int
    minutes: tuple[int, ...]
    also: tuple[int, ...]
    rank: int
    allowed: bool
    worst: float
    mean: float
    burdens: tuple[Burden, ...]


class Heat(Value):
    """All times of a week in one anchor zone: a row for each of `minutes`, in it (worst, mean) for each weekday.

    None stands where the limits are not kept. `best` are the (minutes, weekday) of the best of them, equally good.
    """

    zone: Zone
    minutes: tuple[int, ...]
    rows: tuple[tuple[tuple[float, float] | None, ...], ...]
    best: frozenset[tuple[int, int]]


class Plan(Value):
    """Times for a series' calls of `length` minutes, 52 weeks from `first` on, compared every `step` minutes of the week.

    `times` is how many there are within the limits. `current` is what the series has in that year, `best` the best single
    times, `pairs` those pairs of alternating times that are better than any of these, all the best first. Where `times`
    is 0, `relaxed` are wider limits that leave some.
    """

    series: Series
    first: date
    length: int
    step: int
    limits: Limits
    people: int
    times: int
    current: tuple[Choice, ...]
    best: tuple[Choice, ...]
    pairs: tuple[Choice, ...]
    heat: tuple[Heat, ...]
    relaxed: tuple[Limits, ...] = ()
