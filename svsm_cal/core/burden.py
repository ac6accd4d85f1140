"""The burden of meeting times on people's own clocks over a year, the limits on these times, and the values of a plan."""

from __future__ import annotations

from datetime import time
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

DAY, WEEK = 1440, 10080

# Points by local hour, from 00:00 to 01:00 on.
HOURS = (10, 10, 10, 10, 9, 7, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 4, 7, 9)
WEEKEND = 6
MOST = max(HOURS)

# Begin and end in minutes of the day: Monday to Friday, and every day.
WORKING = (9 * 60, 18 * 60)
WAKING = (7 * 60, 22 * 60)

# A call before this hour counts as the evening before: limits that exclude 23:00 must not allow 03:00.
_DAWN = 4 * 60


def costs(length: int) -> list[int]:
    """Return the points of a call of `length` minutes for each minute of the week as its start."""
    hourly = [max(cost, WEEKEND if weekday > 4 else 0) for weekday in range(7) for cost in HOURS]
    sums = list(accumulate((cost for cost in hourly * 2 for _ in range(60)), initial=0))
    weeks, rest = divmod(length, WEEK)
    begin = sums[:WEEK]
    return [weeks * sums[WEEK] + points for points in map(sub, sums[rest : rest + WEEK], begin)]


def is_working(minute: int, length: int) -> bool:
    """Return whether a call that begins at a minute of the week is entirely in working hours."""
    weekday, clock = divmod(minute, DAY)
    return weekday < 5 and WORKING[0] <= clock and clock + length <= WORKING[1]


def is_waking(minute: int, length: int) -> bool:
    """Return whether a call that begins at a minute of the week is entirely in waking hours."""
    return WAKING[0] <= minute % DAY and minute % DAY + length <= WAKING[1]


class Limits(Value):
    """Limits on every call on every participant's clock: it begins at `earliest` or later, and ends by `latest`.

    `without` are excluded weekdays, 0 being Monday. A `latest` up to 04:00 is after midnight, and a call that begins before
    04:00 counts as late on the evening before.
    """

    earliest: time | None = None
    latest: time | None = None
    without: frozenset[int] = frozenset()

    @property
    def allow_all(self) -> bool:
        """Return whether every time is allowed."""
        return self == Limits()

    def allow(self, minute: int, length: int) -> bool:
        """Return whether a call of `length` minutes may begin at a minute of the week."""
        weekday, clock = divmod(minute, DAY)
        if weekday in self.without or (self.earliest is not None and clock < _minutes(self.earliest)):
            return False
        return self.latest is None or _evening(clock, since=_DAWN) + length <= _evening(_minutes(self.latest), since=_DAWN + 1)

    def refused(self, length: int) -> list[int]:
        """Return 1 for each minute of the week at which a call of `length` minutes may not begin, 0 for others."""
        usual = replace(self, without=frozenset())
        one = [int(not usual.allow(minute, length)) for minute in range(DAY)]
        return [flag for weekday in range(7) for flag in ([1] * DAY if weekday in self.without else one)]

    def wider(self, step: int) -> list[Limits]:
        """Return wider limits to try in this order: one relaxed by steps of `step` minutes, two relaxed, some or all dropped."""
        early, late = [], []
        if self.earliest is not None:
            early = [_time(clock) for clock in range(_minutes(self.earliest) - step, -1, -step)]
        if self.latest is not None:
            first = _evening(_minutes(self.latest), since=_DAWN + 1) + step
            late = [_time(clock % DAY) for clock in range(first, DAY + _DAWN + 1, step)]
        return [
            *(replace(self, earliest=clock) for clock in early),
            *(replace(self, latest=clock) for clock in late),
            *(replace(self, without=self.without - {weekday}) for weekday in sorted(self.without)),
            *(replace(self, earliest=earliest, latest=latest) for earliest, latest in zip(early, late, strict=False)),
            replace(self, without=frozenset()),
            replace(self, earliest=None, latest=None),
            Limits(),
        ]


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _time(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)


def _evening(clock: int, *, since: int) -> int:
    """Return a minute of the day, plus a day if it is before `since`."""
    return clock + DAY if clock < since else clock


WEEKS = 52
END = WEEKS * WEEK


class Clock:
    """People whose clocks agree all year, by zone."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.homes: dict[Zone, list[Participant]] = {}


class ClockYear:
    """52 weeks on some people's clocks, and the times of the week to compare, counted from midnight of the first date."""

    def __init__(self, people: Iterable[Participant], first: date, length: int, step: int) -> None:
        self.first, self.length, self.step = first, length, step
        self.begin = local_seconds(midnight(first))
        self.monday = first.weekday() * DAY  # the minute of the week at which the year begins
        self.size = WEEK // step
        self.clocks = self._clocks(people)
        self.heads = [sum(map(len, clock.homes.values())) for clock in self.clocks]  # the number of people on each clock
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
        """Return (lo, hi, ahead): for the anchor's minutes [lo, hi) of the year, the zone's clock is `ahead` minutes ahead."""
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
        """Return a time of the week in minutes from midnight of the first date."""
        return (weekday * DAY + clock - self.monday) % WEEK

    def calls(self, anchor: Zone, zone: Zone, minute: int) -> dict[int, tuple[int, int]]:
        """Return the number of calls at a time for each difference between the clocks, in odd and in even weeks."""
        found: dict[int, tuple[int, int]] = {}
        for lo, hi, ahead in self.stretches(anchor, zone):
            before, after = (max(0, -(-(at - minute) // WEEK)) for at in (lo, hi))
            odd, even = found.get(ahead, (0, 0))
            found[ahead] = odd + (after + 1) // 2 - (before + 1) // 2, even + after // 2 - before // 2
        return found

    def grid(self, table: Sequence[int], ahead: int) -> Sequence[int]:
        """Return a table's entries (by minute of the week) for the times to compare, on clocks that are `ahead` minutes ahead."""
        at = (self.monday + ahead) % WEEK
        return [*table[at :: self.step], *table[at % self.step : at : self.step]]


class LocalStart(Value):
    """A local start of some of the year's calls, in minutes from Monday 00:00, and its cost.

    `turn` is 0, or 1 for the second of two alternating times.
    """

    turn: int
    minute: int
    calls: int
    cost: float


class Burden(Value):
    """The cost of a time for each person in one zone: the mean over `starts`, which are sorted by turn and clock time.

    `off_work` and `off_waking` are the numbers of calls in the year not entirely in working and in waking hours.
    """

    zone: Zone
    people: tuple[Participant, ...]
    cost: float
    starts: tuple[LocalStart, ...]
    off_work: int
    off_waking: int


class Choice(Value):
    """A weekly time in an anchor zone, or two alternating ones, in minutes after midnight of `weekday`.

    `also` are the other weekdays with the same cost for everybody. `rank` is 1 plus the number of better times, 0 for a pair,
    as only single times are ranked. `allowed` is true within the limits. `worst` is the cost for the worst-off person,
    `mean` the mean over all people; `burdens` begin with the worst-off.
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
    """All times of a week in one anchor zone: a row for each of `minutes` with (worst, mean) for each weekday.

    None marks a time outside the limits. `best` are the (minutes, weekday) of the equally good best times.
    """

    zone: Zone
    minutes: tuple[int, ...]
    rows: tuple[tuple[tuple[float, float] | None, ...], ...]
    best: frozenset[tuple[int, int]]


class Plan(Value):
    """Times for a series' calls of `length` minutes, compared every `step` minutes of the week over 52 weeks from `first` on.

    `times` is the number of times within the limits. `current` are the series' times in that year, `best` the best single
    times, `pairs` the pairs of alternating times that are better than these, all sorted best first. If `times` is 0,
    `relaxed` are wider limits that allow some.
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
