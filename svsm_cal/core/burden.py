"""What a call costs somebody, by their own clock, and the limits that people set to it.

Every minute of a call costs what `HOURS` says of its local hour, and at least `WEEKEND` on a Saturday or Sunday: 0 in
working hours, `MOST` in the dead of night. Everything is in whole minutes of a week that begins on Monday, 00:00, and in
whole points, so that comparisons are exact.
"""

from __future__ import annotations

from datetime import time
from itertools import accumulate
from operator import sub

from svsm_cal.value import Value, replace

__all__ = ["DAY", "HOURS", "MOST", "WAKING", "WEEK", "WEEKEND", "WORKING", "Limits", "costs", "is_waking", "is_working"]

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
