"""A recurrence set: one rule in one zone, with dates added and left out, as instants (RFC 5545 section 3.8.5).

The rule runs on the zone's wall clock. Its plan gives arithmetic progressions and tables; these are cut where the
zone's clocks change, so that an instant costs one addition, and a window what it holds, wherever it lies.

Gaps and folds: of a daily or longer rule, a time that clocks skip is read with the offset before the gap, and one
they show twice is its first pass (section 3.3.10, "interpreted in the same manner as an explicit DATE-TIME"). Of an
hourly or shorter rule a skipped time is none and is not counted ("MUST be ignored and MUST NOT be counted"), for
there the next instance stands for it.
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
from svsm_cal.engine.rrule import Frequency, RecurrenceRule
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from svsm_cal.engine.zones import Zone

__all__ = ["Agenda", "RecurrenceSet"]

_BEGIN = FIRST_DAY * DAY  # as instants, these are the years 1 to 9999 too


class RecurrenceSet(Value):
    """The instants of `rule` from `start` (civil, in `zone`) on; without a rule, `start` alone.

    `rdates` are added and `exdates` left out, all civil times in `zone`. `start` is an instance of its rule only when
    it matches it. Two times that name one instant, as 02:30 and 03:30 on the day of a gap, are one.

    >>> from datetime import UTC
    >>> from svsm_cal import zone_of
    >>> call = RecurrenceSet(datetime(2025, 1, 1, 18), zone_of("Europe/Berlin"), RecurrenceRule.parse("FREQ=WEEKLY"))
    >>> [each.isoformat() for each in call.between(datetime(2025, 3, 20, tzinfo=UTC), datetime(2025, 4, 3, tzinfo=UTC))]
    ['2025-03-26T17:00:00+00:00', '2025-04-02T16:00:00+00:00']
    """

    start: LocalDateTime
    zone: Zone
    rule: RecurrenceRule | None = None
    rdates: tuple[LocalDateTime, ...] = ()
    exdates: tuple[LocalDateTime, ...] = ()

    def between(self, start: datetime, end: datetime) -> list[Instant]:
        """Return the instants in [start, end), aware datetimes, in order, as datetimes in UTC."""
        lo, hi = seconds_not_before(start), seconds_not_before(end)
        begun = self.begun
        quick = begun.quickly(lo, hi)
        return quick if quick is not None else _instants(begun.seconds(lo, hi))

    def after(self, at: datetime, *, inclusive: bool = False) -> Instant | None:
        """Return the first instant after `at`, an aware datetime, or at it when `inclusive`; None when there is none."""
        lo = seconds_not_before(at) if inclusive else seconds_not_before(at.replace(microsecond=0)) + 1
        found = self.begun.first_from(lo)
        return None if found is None else instant_from_epoch(found)

    def since(self, at: datetime | None = None) -> Iterator[Instant]:
        """Yield the instants from `at` on (None: all), lazily and in order."""
        begun = self.begun
        lo = begun.first_from(-(1 << 40) if at is None else seconds_not_before(at))
        span = begun.span
        while lo is not None:
            yield from _instants(begun.seconds(lo, lo + span))
            lo, span = begun.first_from(lo + span), min(span * 4, 64 * begun.span)

    def seconds(self, start: int, end: int) -> Sequence[int]:
        """Return the instants in [start, end), all in epoch seconds, in order."""
        return self.begun.seconds(start, end)

    @cached_property
    def begun(self) -> _Begun:
        """Return the set with what is computed of it once."""
        return _Begun(self)


class _Begun:
    """A recurrence set with all that is computed of it once."""

    def __init__(self, of: RecurrenceSet) -> None:
        self.zone = of.zone
        self.excluded = frozenset(map(self._seconds_of, of.exdates))
        apart = map(self._seconds_of, of.rdates if of.rule else (of.start, *of.rdates))
        self.apart = sorted(each for each in {*apart} - self.excluded if _BEGIN <= each < END)
        self.last = END - 1
        self.expansion: Expansion | None = None
        self.sub_daily = False
        if of.rule is not None:
            rule = of.rule
            if isinstance(rule.until, datetime) and rule.until.tzinfo is not None:  # an instant: no wall clock is asked
                self.last = epoch_seconds(instant(rule.until))
                rule = replace(rule, until=None)
            self.sub_daily = rule.freq > Frequency.DAILY
            self.expansion = rule.starting(local(of.start))
            if self.sub_daily and rule.count is not None:
                self.expansion = self._counted(rule, of.start, rule.count)
        self.span = self.expansion.plan.span if self.expansion else DAY
        # Whether the rule's instances are all there is to it, each at its own time.
        self.plain = not (self.apart or self.excluded or self.sub_daily)

    def _seconds_of(self, wall: LocalDateTime) -> int:
        return self.zone.resolve_seconds(local_seconds(local(wall)))[0]

    def _counted(self, rule: RecurrenceRule, start: LocalDateTime, count: int) -> Expansion:
        """Return the rule with a COUNT that makes up for the instances in gaps."""
        more = 0
        while True:
            expansion = replace(rule, count=count + more).starting(start)
            if expansion.last == END - 1:  # there are not so many
                return expansion
            skipped = 0
            for at, before, after in self.zone.changes(expansion.first - DAY, expansion.last + DAY):
                if after.offset > before.offset:
                    skipped += expansion.count(at + before.offset, at + after.offset)
            if skipped == more:
                return expansion
            more = skipped

    def seconds(self, lo: int, hi: int) -> Sequence[int]:
        """Return the instants in [lo, hi), epoch seconds, ascending."""
        found = self._ruled(lo, hi)
        if self.apart:
            apart = self.apart[bisect_left(self.apart, lo) : bisect_left(self.apart, hi)]
            found = sorted({*found, *apart})
        return found

    def _ruled(self, lo: int, hi: int) -> list[int]:
        """Return the rule's instants in [lo, hi)."""
        lo, hi = max(lo, _BEGIN), min(hi, self.last + 1)
        found: list[int] = []
        if self.expansion is None:
            return found
        following: int | None = lo - DAY  # when the rule goes on
        for begin, end, offset in self.zone.spans(lo, hi, gaps=not self.sub_daily):
            if following is not None and following >= end:
                continue
            moments = self.expansion.moments(begin, end)
            if not moments:
                following = self.expansion.first_from(end)
                if following is None:
                    break
            new = [each - offset for each in moments]
            if self.excluded:
                new = [each for each in new if each not in self.excluded]
            if found and new and new[0] <= found[-1]:  # what a gap put behind what follows it
                new = sorted({*found, *new})
                found = []
            found += new
        return found

    def quickly(self, lo: int, hi: int) -> list[Instant] | None:
        """Return the instants in [lo, hi) where the plan knows the distances between them, else None.

        The distances are those on the wall clock, but for the ones across a change of offset.
        """
        expansion, lo, hi = self.expansion, max(lo, _BEGIN), min(hi, self.last + 1)
        if expansion is None or not self.plain or hi - lo < MANY:
            return None
        if lo < _BEGIN + 2 * DAY or hi > END - 2 * DAY:
            return None
        times, offsets = self.zone.offsets(lo - 2 * DAY, hi + 2 * DAY)
        # A day more at both ends, as the offset there is a guess.
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
        apart = next(iter(self.apart[bisect_left(self.apart, lo) :]), END)
        span = max(1, self.span // 16)
        while lo <= min(self.last, apart) and self.expansion is not None:
            moment = self.expansion.first_from(lo - DAY)
            if moment is None:
                break
            lo = max(lo, moment - DAY)  # no zone is a day ahead of UTC, so nothing comes before
            found = self._ruled(lo, lo + span)
            if found:
                return min(found[0], apart)
            lo, span = lo + span, span * 2
        return apart if apart < END else None


class Agenda:
    """Many recurrence sets at once, in time order; a set costs what it has in the window, as none is expanded.

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
        self._others: list[tuple[int, _Begun]] = []
        # By zone, for rules that are all there is to their sets: first and last second, what gives the rest, the number.
        self._plain: dict[Zone, list[tuple[int, int, Callable[[int, int], Sequence[int]], int]]] = {}
        for number, begun in enumerate(each.begun for each in self.sets):
            rule = begun.expansion
            if rule is not None and begun.plain and begun.last == END - 1:
                self._plain.setdefault(begun.zone, []).append((rule.first, rule.last + 1, rule.plan.between, number))
            else:
                self._others.append((number, begun))

    def between(self, start: datetime, end: datetime) -> list[tuple[Instant, RecurrenceSet]]:
        """Return what begins in [start, end), aware datetimes, with its set; at one instant in the order of the sets."""
        lo, hi = max(seconds_not_before(start), _BEGIN), min(seconds_not_before(end), END)
        bits = len(self.sets).bit_length()  # an instant and the number of its set are sorted as one integer
        found: list[int] = []
        for zone, rules in self._plain.items():
            spans = zone.spans(lo, hi)
            here = found if len(spans) == 1 else []
            add = here.append
            for begin, until, offset in spans:
                ahead = offset << bits
                for first, last, between, number in rules:
                    # As quick as can be said: this is most of the work.
                    moments = between(begin if begin > first else first, until if until < last else last)  # noqa: FURB136
                    for moment in moments:
                        add((moment << bits) + number - ahead)
            if here is not found:
                found += set(here)  # around a gap two times may name one instant
        for number, begun in self._others:
            found += [(moment << bits) + number for moment in begun.seconds(lo, hi)]
        found.sort()
        mask = (1 << bits) - 1
        return list(zip(_instants([key >> bits for key in found]), [self.sets[key & mask] for key in found], strict=True))


def _instants(seconds: Sequence[int]) -> list[Instant]:
    return spread(instant_from_epoch(seconds[0]), seconds) if seconds else []
