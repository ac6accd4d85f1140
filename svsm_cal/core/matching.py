"""Matching of a series' calls before and after an edit."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING

from svsm_cal.core.model import Occurrence, Series
from svsm_cal.core.occurrences import occurrence_of, occurrences, only_occurrence, set_apart
from svsm_cal.core.segments import segment_at, segments_of
from svsm_cal.engine.civil import DAY, Instant, LocalDateTime, epoch_seconds, local_seconds
from svsm_cal.engine.rrule import RecurrenceRule
from svsm_cal.engine.rule_parts import Frequency
from svsm_cal.engine.zones import Zone, instant_of, local_of
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_DAYS = {Frequency.DAILY: 1, Frequency.WEEKLY: 7, Frequency.MONTHLY: 30, Frequency.YEARLY: 365}
# The period of a single call, with which two single calls match at any distance.
_ALWAYS = 400 * 365 * DAY


class Pair(Value):
    """One call in the old and in the new calendar, cancelled or not; None if a calendar does not have it."""

    old: Occurrence | None
    new: Occurrence | None

    @property
    def day(self) -> date:
        """Return the original anchor date, of the old calendar if it has the call."""
        return next(call.recurrence.date() for call in (self.old, self.new) if call is not None)

    @property
    def was_held(self) -> bool:
        """Return whether it took place in the old calendar."""
        return self.old is not None and self.old.held

    @property
    def is_held(self) -> bool:
        """Return whether it takes place in the new calendar."""
        return self.new is not None and self.new.held

    def begins_in(self, start: Instant, end: Instant) -> bool:
        """Return whether its start, held or cancelled, is in [start, end) in either calendar."""
        return any(call is not None and start <= call.start_utc < end for call in (self.old, self.new))


def matched(old: Series | None, new: Series | None, start: Instant, end: Instant) -> list[Pair]:
    """Return the calls of a series that begin in [start, end) before or after an edit, in pairs, sorted by day.

    Calls are matched by their original wall-clock start. The others have a new start, zone or rule: they are matched by
    instant, then by original anchor date, then with the nearest call at most half a period away (that of the rule with the
    shorter period). The nearest pairs are matched first; of two calls equally near, the later one is taken.
    """
    period = min((_period(series) for series in (old, new) if series is not None), default=0)
    reach = timedelta(seconds=2 * min(period, 366 * DAY)) + timedelta(days=2)
    before, after = ({} if series is None else _around(series, start, end, reach) for series in (old, new))
    _complete(before, after, new)
    _complete(after, before, old)
    pairs = [Pair(before.pop(key), after.pop(key)) for key in sorted(before.keys() & after.keys())]
    left, right = list(before.values()), list(after.values())
    for key_of in (attrgetter("recurrence"), _instant, _day):
        pairs += _alike(left, right, key_of)
    pairs += _taken(_near(left, right, period // 2), left, right)
    pairs += [*(Pair(call, None) for call in left), *(Pair(None, call) for call in right)]
    return sorted((pair for pair in pairs if pair.begins_in(start, end)), key=_order)


_Calls = dict[tuple[LocalDateTime, bool], Occurrence]


def _around(series: Series, start: Instant, end: Instant, reach: timedelta) -> _Calls:
    """Return the calls in [start - reach, end + reach), and all moved and single calls, by (original start, whether added)."""
    low = start - reach if start.toordinal() > reach.days + 2 else start
    high = end + reach if datetime.max.toordinal() - end.toordinal() > reach.days + 2 else end
    single = [call for call in map(only_occurrence, segments_of(series)) if call is not None]
    calls = [*occurrences(series, low, high, cancelled=True), *set_apart(series), *single]
    return {(call.recurrence, call.added): call for call in calls}


def _complete(calls: _Calls, others: _Calls, other: Series | None) -> None:
    """Add to `others` the calls of `other` at the original starts in `calls`, which may be far away."""
    if other is not None:
        for recurrence, added in calls.keys() - others.keys():
            segment = None if added else segment_at(other, recurrence)
            if segment is not None:
                others[recurrence, added] = occurrence_of(segment, recurrence, other.exceptions.get(recurrence))


def _period(series: Series) -> int:
    """Return the shortest period of a series' rules in seconds, `_ALWAYS` for a single call."""
    rules: Iterable[RecurrenceRule | None] = (series.rule, *(step.rule for step in series.steps))
    return min((_DAYS.get(rule.freq, 1) * rule.interval * DAY for rule in rules if rule is not None), default=_ALWAYS)


def _day(call: Occurrence) -> date:
    return call.recurrence.date()


def _instant(call: Occurrence) -> Instant:
    return instant_of(call.recurrence, call.zone)


def _clock(call: Occurrence, zone: Zone) -> int:
    """Return the original start in wall-clock seconds, so that weeks have equal lengths."""
    return local_seconds(local_of(_instant(call), zone))


def _order(pair: Pair) -> tuple[date, int, str]:
    call = pair.old or pair.new
    return (pair.day, epoch_seconds(_instant(call)), call.uid) if call is not None else (pair.day, 0, "")


def _alike(left: list[Occurrence], right: list[Occurrence], key_of: Callable[[Occurrence], datetime | date]) -> list[Pair]:
    """Return pairs of calls with equal keys, the nearest ones first, and remove these calls from both lists."""
    mine, theirs = _by_key(left, key_of), _by_key(right, key_of)
    shared = sorted(mine.keys() & theirs.keys())
    return _taken([pair for key in shared for pair in _near(mine[key], theirs[key], 2 * DAY)], left, right)


def _by_key(
    calls: Iterable[Occurrence], key_of: Callable[[Occurrence], datetime | date]
) -> dict[datetime | date, list[Occurrence]]:
    found: dict[datetime | date, list[Occurrence]] = {}
    for call in calls:
        found.setdefault(key_of(call), []).append(call)
    return found


def _near(left: Sequence[Occurrence], right: Sequence[Occurrence], most: int) -> list[Pair]:
    """Return pairs at most `most` seconds apart, the nearest first; of two calls equally near, the later one."""
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
    matches: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, _, index, number in sorted(near):
        if index not in matches and number not in taken:
            matches[index] = number
            taken.add(number)
    return [Pair(left[index], right[number]) for index, number in matches.items()]


def _taken(pairs: list[Pair], left: list[Occurrence], right: list[Occurrence]) -> list[Pair]:
    """Return the pairs, after removing their calls (by identity) from both lists."""
    calls = {id(call) for pair in pairs for call in (pair.old, pair.new)}
    for side in (left, right):
        side[:] = [call for call in side if id(call) not in calls]
    return pairs
