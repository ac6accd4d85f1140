"""Which call of one calendar is which call of another: a series' occurrences before and after an edit, in pairs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from svsm_cal.core.model import Occurrence, Series
from svsm_cal.core.occurrences import occurrence_of, occurrences, only_occurrence, set_apart
from svsm_cal.core.segments import segments_of
from svsm_cal.engine.civil import Instant, LocalDateTime, epoch_seconds, local_seconds
from svsm_cal.engine.rrule import Frequency, RecurrenceRule
from svsm_cal.engine.zones import Zone, instant_of, local_of
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["Pair", "matched"]

_DAY = 86400
_SECOND = timedelta(seconds=1)
_DAYS = {Frequency.DAILY: 1, Frequency.WEEKLY: 7, Frequency.MONTHLY: 30, Frequency.YEARLY: 365}
# Two calendars that each have one single call there mean the same one, however far apart.
_ALWAYS = 400 * 365 * _DAY


class Pair(Value):
    """One call as the old and as the new calendar has it, cancelled or not; None where one has no such call."""

    old: Occurrence | None
    new: Occurrence | None

    @property
    def day(self) -> date:
        """Return the anchor date people know it by: the original one, of the old calendar where that has it."""
        return next(each.recurrence.date() for each in (self.old, self.new) if each is not None)

    @property
    def was_held(self) -> bool:
        """Whether it took place in the old calendar."""
        return self.old is not None and self.old.held

    @property
    def is_held(self) -> bool:
        """Whether it takes place in the new calendar."""
        return self.new is not None and self.new.held

    def begins_in(self, start: Instant, end: Instant) -> bool:
        """Whether it begins, or would have begun, in [start, end) in either calendar."""
        return any(each is not None and start <= each.start_utc < end for each in (self.old, self.new))


def matched(old: Series | None, new: Series | None, start: Instant, end: Instant) -> list[Pair]:
    """Return the calls of a series that begin in [start, end) in one of its two versions, in pairs, by their day.

    Calls are matched by their original wall-clock start. What is then left on both sides was given another start, zone
    or rule: it is matched with one that begins at the same instant, then with one of the same original anchor date, then
    with the nearest one at most half a period away (the later one of two as near), the shorter of both rules' periods;
    the nearest pairs find each other first.
    """
    period = min((_period(each) for each in (old, new) if each is not None), default=0)
    reach = timedelta(seconds=2 * min(period, 366 * _DAY)) + timedelta(days=2)
    before, after = ({} if each is None else _around(each, start, end, reach) for each in (old, new))
    _complete(before, after, new)
    _complete(after, before, old)
    pairs = [Pair(before.pop(key), after.pop(key)) for key in sorted(before.keys() & after.keys())]
    left, right = list(before.values()), list(after.values())
    for key_of in (_recurrence, _instant, _day):
        pairs += _alike(left, right, key_of)
    pairs += _taken(_near(left, right, period // 2), left, right)
    pairs += [*(Pair(each, None) for each in left), *(Pair(None, each) for each in right)]
    return sorted((each for each in pairs if each.begins_in(start, end)), key=_order)


_Calls = dict[tuple[LocalDateTime, bool], Occurrence]


def _around(series: Series, start: Instant, end: Instant, reach: timedelta) -> _Calls:
    """Return the calls from well before to well after [start, end), and all moved and single ones, by what identifies them."""
    single = [call for call in map(only_occurrence, segments_of(series)) if call is not None]
    found = [*_clipped(series, start, end, reach), *set_apart(series), *single]
    return {(each.recurrence, each.added): each for each in found}


def _clipped(series: Series, start: Instant, end: Instant, reach: timedelta) -> list[Occurrence]:
    low = start - reach if start.toordinal() > reach.days + 2 else start
    high = end + reach if datetime.max.toordinal() - end.toordinal() > reach.days + 2 else end
    return occurrences(series, low, high, cancelled=True)


def _complete(calls: _Calls, others: _Calls, other: Series | None) -> None:
    """Add to `others` what it has at the original start of `calls` that were moved here from far away."""
    if other is not None:
        for recurrence, added in calls.keys() - others.keys():
            found = None if added else _instance(other, recurrence)
            if found is not None:
                others[recurrence, added] = found


def _instance(series: Series, recurrence: LocalDateTime) -> Occurrence | None:
    until = LocalDateTime(recurrence + _SECOND)
    segment = next((each for each in segments_of(series) if each.starts(recurrence, until)), None)
    return None if segment is None else occurrence_of(segment, recurrence, series.exceptions.get(recurrence))


def _period(series: Series) -> int:
    """Return the shortest period of a series' rules in seconds; a single call has none, and is found anywhere."""
    rules: Iterable[RecurrenceRule | None] = (series.rule, *(step.rule for step in series.steps))
    return min((_DAYS.get(rule.freq, 1) * rule.interval * _DAY for rule in rules if rule is not None), default=_ALWAYS)


def _recurrence(call: Occurrence) -> LocalDateTime:
    return call.recurrence


def _day(call: Occurrence) -> date:
    return call.recurrence.date()


def _instant(call: Occurrence) -> Instant:
    return instant_of(call.recurrence, call.zone)


def _clock(call: Occurrence, zone: Zone) -> int:
    """Return the original start on a zone's clock: a week is a week there, whatever clocks do in it."""
    return local_seconds(local_of(_instant(call), zone))


def _order(pair: Pair) -> tuple[date, int, str]:
    call = pair.old or pair.new
    return (pair.day, epoch_seconds(_instant(call)), call.uid) if call is not None else (pair.day, 0, "")


def _alike(left: list[Occurrence], right: list[Occurrence], key_of: Callable[[Occurrence], datetime | date]) -> list[Pair]:
    """Return, and take away, pairs of calls with the same key, the nearest first where several have it."""
    mine, theirs = _by_key(left, key_of), _by_key(right, key_of)
    shared = sorted(mine.keys() & theirs.keys())
    return _taken([pair for key in shared for pair in _near(mine[key], theirs[key], 2 * _DAY)], left, right)


def _by_key(
    calls: Iterable[Occurrence], key_of: Callable[[Occurrence], datetime | date]
) -> dict[datetime | date, list[Occurrence]]:
    found: dict[datetime | date, list[Occurrence]] = {}
    for call in calls:
        found.setdefault(key_of(call), []).append(call)
    return found


def _near(left: Sequence[Occurrence], right: Sequence[Occurrence], most: int) -> list[Pair]:
    """Return pairs at most so many seconds apart; the nearest first, the later one of two as near."""
    if not left or not right:
        return []
    zone = right[0].series.zone
    theirs = sorted((_clock(call, zone), number) for number, call in enumerate(right))
    times = [at for at, _ in theirs]
    near = []
    for index, call in enumerate(left):
        at = _clock(call, zone)
        for there, number in theirs[bisect_left(times, at - most) : bisect_right(times, at + most)]:
            near.append((abs(there - at), there < at, at, index, number))
    found: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, _, index, number in sorted(near):
        if index not in found and number not in taken:
            found[index] = number
            taken.add(number)
    return [Pair(left[index], right[number]) for index, number in found.items()]


def _taken(pairs: list[Pair], left: list[Occurrence], right: list[Occurrence]) -> list[Pair]:
    """Return the pairs, after taking their calls, the very same, out of both sides."""
    calls = {id(call) for pair in pairs for call in (pair.old, pair.new)}
    for side in (left, right):
        side[:] = [each for each in side if id(each) not in calls]
    return pairs
