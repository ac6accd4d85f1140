"""What a plan says: times of the week, what each costs whom, and how the others compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.value import Value

if TYPE_CHECKING:
    from datetime import date

    from svsm_cal.core.burden import Limits
    from svsm_cal.core.model import Participant, Series
    from svsm_cal.engine.zones import Zone

__all__ = ["Burden", "Choice", "Heat", "LocalStart", "Plan"]


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
