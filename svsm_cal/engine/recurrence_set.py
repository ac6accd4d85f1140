"""Recurrence sets: a rule in a zone with RDATEs and EXDATEs, as instants (RFC 5545 section 3.8.5).

The rule's instances are computed on the zone's wall clock and shifted by its UTC offset, one transition at a time. So an
instant costs one addition, and the cost of a window depends on its contents only.

Gaps and folds: in a daily or longer rule, a skipped time has the offset before the gap, and a repeated time its first offset
(section 3.3.10, "interpreted in the same manner as an explicit DATE-TIME"). In an hourly or shorter rule a skipped time is
not an instance ("MUST be ignored and MUST NOT be counted"), as the next instance has the same instant.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import datetime
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from svsm_cal.engine.civil import (
    DAY,
    FIRST_DAY,
    Instant,
    LocalDateTime,
    epoch_seconds,
    instant,
    instant_from_epoch,
    local,
    local_seconds,
    seconds_not_before,
)
from svsm_cal.engine.expansion import DISTANCES, MANY, Expansion, spread
from svsm_cal.engine.plans import END
from svsm_cal.engine.rrule import RecurrenceRule
from svsm_cal.engine.rule_parts import Frequency
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from svsm_cal.engine.zones import Zone

_BEGIN = FIRST_DAY * DAY  # instants, too, are limited to years 1 to 9999


class RecurrenceSet(Value):
    """The instants of `rule` from `start` (civil, in `zone`) on; without a rule, `start` alone.

    `rdates` are added and `exdates` removed, all civil times in `zone`. `start` is an instance only if it matches the rule.
    Equal instants, such as 02:30 and 03:30 on the day of a gap, occur once.

    >>> from datetime import UTC
    >>> from svsm_cal import zone_of
    >>> call = RecurrenceSet(datetime(2025, 1, 1, 18), zone_of("Europe/Berlin"), RecurrenceRule.parse("FREQ=WEEKLY"))
    >>> [at.isoformat() for at in call.between(datetime(2025, 3, 20, tzinfo=UTC), datetime(2025, 4, 3, tzinfo=UTC))]
    ['2025-03-26T17:00:00+00:00', '2025-04-02T16:00:00+00:00']
    """

    start: LocalDateTime
    zone: Zone
    rule: RecurrenceRule | None = None
    rdates: tuple[LocalDateTime, ...] = ()
    exdates: tuple[LocalDateTime, ...] = ()

    def between(self, start: datetime, end: datetime) -> list[Instant]:
        """Return the instants in [start, end), aware datetimes, as datetimes in UTC in order."""
        lo, hi = seconds_not_before(start), seconds_not_before(end)
        prepared = self.prepared
        run = prepared.by_run(lo, hi)
        return run if run is not None else _instants(prepared.seconds(lo, hi))

    def after(self, at: datetime, *, inclusive: bool = False) -> Instant | None:
        """Return the first instant after `at` (aware), or at `at` if `inclusive`; None if there is none."""
        lo = seconds_not_before(at) if inclusive else seconds_not_before(at.replace(microsecond=0)) + 1
        found = self.prepared.first_from(lo)
        return None if found is None else instant_from_epoch(found)

    def since(self, at: datetime | None = None) -> Iterator[Instant]:
        """Yield the instants from `at` on (None: all), lazily and in order."""
        prepared = self.prepared
        lo = prepared.first_from(-(1 << 40) if at is None else seconds_not_before(at))
        span = prepared.span
        while lo is not None:
            yield from _instants(prepared.seconds(lo, lo + span))
            lo, span = prepared.first_from(lo + span), min(span * 4, 64 * prepared.span)

    def seconds(self, start: int, end: int) -> Sequence[int]:
        """Return the instants in [start, end), all in epoch seconds, in order."""
        return self.prepared.seconds(start, end)

    @cached_property
    def prepared(self) -> _Prepared:
        """Return the set prepared for queries."""
        return _Prepared(self)


class _Prepared:
    """A recurrence set prepared for queries: its exceptions as instants, its rule as an expansion."""

    def __init__(self, of: RecurrenceSet) -> None:
        self.zone = of.zone
        self.excluded = frozenset(map(self._seconds_of, of.exdates))
        added = map(self._seconds_of, of.rdates if of.rule else (of.start, *of.rdates))
        self.added = sorted(second for second in {*added} - self.excluded if _BEGIN <= second < END)
        self.last = END - 1
        self.expansion: Expansion | None = None
        self.sub_daily = False
        if of.rule is not None:
            rule = of.rule
            if isinstance(rule.until, datetime) and rule.until.tzinfo is not None:  # an instant, not a wall-clock time
                self.last = epoch_seconds(instant(rule.until))
                rule = replace(rule, until=None)
            self.sub_daily = rule.freq > Frequency.DAILY
            self.expansion = rule.starting(local(of.start))
            if self.sub_daily and rule.count is not None:
                self.expansion = self._counted(rule, of.start, rule.count)
        self.span = self.expansion.plan.span if self.expansion else DAY
        # Whether the instants are those of the rule alone, without exceptions and skipped times.
        self.plain = not (self.added or self.excluded or self.sub_daily)

    def _seconds_of(self, wall: LocalDateTime) -> int:
        return self.zone.resolve_seconds(local_seconds(local(wall)))[0]

    def _counted(self, rule: RecurrenceRule, start: LocalDateTime, count: int) -> Expansion:
        """Return the expansion of the rule with its COUNT increased by the number of instances in gaps."""
        more = 0
        while True:
            expansion = replace(rule, count=count + more).starting(start)
            if expansion.last == END - 1:  # the year 9999 comes first
                return expansion
            skipped = 0
            for at, before, after in self.zone.changes(expansion.first - DAY, expansion.last + DAY):
                if after.offset > before.offset:
                    skipped += expansion.count(at + before.offset, at + after.offset)
            if skipped == more:
                return expansion
            more = skipped

    def seconds(self, lo: int, hi: int) -> Sequence[int]:
        """Return the instants in [lo, hi), all in epoch seconds, ascending."""
        found = self._ruled(lo, hi)
        if self.added:
            added = self.added[bisect_left(self.added, lo) : bisect_left(self.added, hi)]
            found = sorted({*found, *added})
        return found

    def _ruled(self, lo: int, hi: int) -> list[int]:
        """Return the rule's instants in [lo, hi)."""
        lo, hi = max(lo, _BEGIN), min(hi, self.last + 1)
        found: list[int] = []
        if self.expansion is None:
            return found
        following: int | None = lo - DAY  # the next instance, on the wall clock
        for begin, end, offset in self.zone.spans(lo, hi, gaps=not self.sub_daily):
            if following is not None and following >= end:
                continue
            moments = self.expansion.moments(begin, end)
            if not moments:
                following = self.expansion.first_from(end)
                if following is None:
                    break
            new = [moment - offset for moment in moments]
            if self.excluded:
                new = [second for second in new if second not in self.excluded]
            if found and new and new[0] <= found[-1]:  # an instance in a gap comes after the next one
                new = sorted({*found, *new})
                found = []
            found += new
        return found

    def by_run(self, lo: int, hi: int) -> list[Instant] | None:
        """Return the instants in [lo, hi) by `Plan.run`, None if the plan has none.

        The distances between instants are those on the wall clock, corrected at each transition.
        """
        expansion, lo, hi = self.expansion, max(lo, _BEGIN), min(hi, self.last + 1)
        if expansion is None or not self.plain or hi - lo < MANY:
            return None
        if lo < _BEGIN + 2 * DAY or hi > END - 2 * DAY:
            return None
        times, offsets = self.zone.offsets(lo - 2 * DAY, hi + 2 * DAY)
        # The margin of a day covers the unknown offset at both ends.
        begin, end = max(lo - DAY + offsets[0], expansion.first), min(hi + DAY + offsets[-1], expansion.last + 1)
        run = expansion.plan.run(begin, end) if begin < end else None
        if run is None:
            return None
        first, distances = run
        ahead = before = offsets[0]
        for at, offset in zip(times, offsets[1:], strict=True):
            change = before - offset
            wall = at + (before if change > 0 else offset)
            if wall <= first:
                ahead = offset
            elif -DAY < change < DAY:
                index = expansion.plan.count(first, wall) - 1
                if index < len(distances):
                    distances[index] += DISTANCES[change]
            else:
                return None
            before = offset
        found: list[Any] = list(accumulate(distances, initial=instant_from_epoch(first - ahead)))
        return found[bisect_left(found, instant_from_epoch(lo)) : bisect_right(found, instant_from_epoch(hi - 1))]

    def first_from(self, lo: int) -> int | None:
        """Return the first instant from `lo` on, in epoch seconds."""
        added = next(iter(self.added[bisect_left(self.added, lo) :]), END)
        span = max(1, self.span // 16)
        while lo <= min(self.last, added) and self.expansion is not None:
            moment = self.expansion.first_from(lo - DAY)
            if moment is None:
                break
            lo = max(lo, moment - DAY)  # no zone is a day ahead of UTC
            found = self._ruled(lo, lo + span)
            if found:
                return min(found[0], added)
            lo, span = lo + span, span * 2
        return added if added < END else None


class Agenda:
    """The instants of many recurrence sets, merged in time order.

    >>> from datetime import UTC
    >>> from svsm_cal import zone_of
    >>> start, weekly = datetime(2025, 1, 1, 18), RecurrenceRule.parse("FREQ=WEEKLY")
    >>> agenda = Agenda([RecurrenceSet(start, zone_of(key), weekly) for key in ("America/New_York", "Europe/Berlin")])
    >>> found = agenda.between(datetime(2025, 3, 12, tzinfo=UTC), datetime(2025, 3, 13, tzinfo=UTC))
    >>> [(at.isoformat(), call.zone.key) for at, call in found]
    [('2025-03-12T17:00:00+00:00', 'Europe/Berlin'), ('2025-03-12T22:00:00+00:00', 'America/New_York')]
    """

    def __init__(self, sets: Iterable[RecurrenceSet]) -> None:
        self.sets = tuple(sets)
        self._others: list[tuple[int, _Prepared]] = []
        # The sets that consist of an endless rule alone, by zone: (first, last + 1, `Plan.between`, number of the set).
        self._plain: dict[Zone, list[tuple[int, int, Callable[[int, int], Sequence[int]], int]]] = {}
        for number, prepared in enumerate(item.prepared for item in self.sets):
            rule = prepared.expansion
            if rule is not None and prepared.plain and prepared.last == END - 1:
                self._plain.setdefault(prepared.zone, []).append((rule.first, rule.last + 1, rule.plan.between, number))
            else:
                self._others.append((number, prepared))

    def between(self, start: datetime, end: datetime) -> list[tuple[Instant, RecurrenceSet]]:
        """Return the instants in [start, end), aware datetimes, with their sets; equal instants are in the order of the sets."""
        lo, hi = max(seconds_not_before(start), _BEGIN), min(seconds_not_before(end), END)
        bits = len(self.sets).bit_length()  # instant and number of the set are combined to one integer for sorting
        found: list[int] = []
        for zone, rules in self._plain.items():
            spans = zone.spans(lo, hi)
            here = found if len(spans) == 1 else []
            add = here.append
            for begin, until, offset in spans:
                ahead = offset << bits
                for first, last, between, number in rules:
                    # The hot loop: conditional expressions are faster than max and min.
                    moments = between(begin if begin > first else first, until if until < last else last)  # noqa: FURB136
                    for moment in moments:
                        add((moment << bits) + number - ahead)
            if here is not found:
                found += set(here)  # around a gap two local times may have the same instant
        for number, prepared in self._others:
            found += [(moment << bits) + number for moment in prepared.seconds(lo, hi)]
        found.sort()
        mask = (1 << bits) - 1
        return list(zip(_instants([key >> bits for key in found]), [self.sets[key & mask] for key in found], strict=True))


def _instants(seconds: Sequence[int]) -> list[Instant]:
    return spread(instant_from_epoch(seconds[0]), seconds) if seconds else []
