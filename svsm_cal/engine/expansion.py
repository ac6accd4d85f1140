"""The instances of a recurrence rule from a DTSTART on: all of them, those in a window, or the next one.

An expansion limits a plan (`svsm_cal.engine.plans`) by DTSTART, UNTIL and COUNT; COUNT is converted to a last instance once.
The cost of a window does not depend on its distance from DTSTART. DTSTART is an instance only if it matches the rule.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import accumulate, islice
from math import gcd
from operator import sub
from typing import TYPE_CHECKING, Any

from svsm_cal.engine.civil import DAY, EPOCH_ORDINAL, month_of, weekday_of
from svsm_cal.engine.day_patterns import DayParts
from svsm_cal.engine.days import Clock, Days, Steps
from svsm_cal.engine.periods import Months, Weeks, Years
from svsm_cal.engine.plans import END, Cycle, Plan, chosen
from svsm_cal.engine.rule_parts import Frequency, RuleParts, Skip, WeekdayNum
from svsm_cal.errors import RuleError
from svsm_cal.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_UNIT = {Frequency.DAILY: DAY, Frequency.HOURLY: 3600, Frequency.MINUTELY: 60, Frequency.SECONDLY: 1}
_EPOCH = datetime(1970, 1, 1)
MANY = 60 * DAY  # the shortest window for which `Plan.run` is faster than `Plan.between`


class Expansion:
    """The instances of `rule` from `dtstart` on: naive datetimes or dates, as `dtstart`.

    Fractions of a second in `dtstart` are ignored. Raises RuleError for a date with an hourly or shorter rule.
    """

    def __init__(self, rule: RuleParts, dtstart: date) -> None:
        self.rule = rule
        self._timed = isinstance(dtstart, datetime)
        if not self._timed and rule.freq > Frequency.DAILY:
            raise RuleError(f"FREQ={rule.freq.name} needs a DTSTART with a time", hint="FREQ=DAILY")
        self.first = _moment(dtstart)
        self.plan = _plan(rule, self.first, timed=self._timed)

    @cached_property
    def last(self) -> int:
        """Return the last moment that UNTIL, COUNT or the year 9999 allows for an instance."""
        until, count = self.rule.until, self.rule.count
        if until is not None:
            return _moment(until) + (0 if isinstance(until, datetime) else DAY - 1)
        if count is not None:
            found = self.plan.nth(self.first, count)
            return END - 1 if found is None else found
        return END - 1

    def moments(self, lo: int, hi: int) -> Sequence[int]:
        """Return the instances in [lo, hi), in seconds on the wall clock since 1970-01-01T00:00."""
        lo = max(lo, self.first)
        if hi > self.last:
            hi = self.last + 1
        return self.plan.between(lo, hi)

    def count(self, lo: int, hi: int) -> int:
        """Return the number of instances in [lo, hi)."""
        lo, hi = max(lo, self.first), min(hi, self.last + 1)
        return self.plan.count(lo, hi) if lo < hi else 0

    def first_from(self, lo: int) -> int | None:
        """Return the first instance from `lo` on, None if there is none."""
        if lo > self.last:
            return None
        found = self.plan.first_from(max(lo, self.first))
        return None if found is None or found > self.last else found

    def __iter__(self) -> Iterator[Any]:
        """Yield all instances, lazily and in order."""
        return self.since(None)

    def since(self, start: date | None) -> Iterator[Any]:
        """Yield the instances from `start` on (None: all), lazily and in order."""
        lo = self.first_from(self.first if start is None else _ceil(start))
        span, most = self.plan.span, self.plan.span * 64
        while lo is not None:
            yield from self._window(lo, min(lo + span, self.last + 1))
            lo, span = self.first_from(lo + span), min(span * 4, most)

    def between(self, start: date, end: date) -> list[Any]:
        """Return the instances in [start, end)."""
        lo, hi = max(_ceil(start), self.first), min(_ceil(end), self.last + 1)
        return self._window(lo, hi) if lo < hi else []

    def _window(self, lo: int, hi: int) -> list[Any]:
        run = self.plan.run(lo, hi) if hi - lo > MANY else None
        if run is not None:
            first, distances = run
            return list(accumulate(distances, initial=self._civil(first)))
        moments = self.plan.between(lo, hi)
        return spread(self._civil(moments[0]), moments) if moments else []

    def after(self, local: date, *, inclusive: bool = False) -> Any:
        """Return the first instance after `local`, or at `local` if `inclusive`; None if there is none."""
        step = self._step
        if step is not None and not inclusive:
            instance, days, last = step
            if local >= instance:
                try:  # the whole steps since an instance, plus one
                    found = instance + _DAYS[(local - instance).days // days * days + days]
                except OverflowError:
                    return None
                return found if last is None or found <= last else None
        moment = self.first_from(_ceil(local) if inclusive else _moment(local) + 1)
        return None if moment is None else self._civil(moment)

    @cached_property
    def _step(self) -> tuple[Any, int, Any] | None:
        """Return an instance, the distance between instances in days and the last instance (None: endless).

        The result is None if the distances are not all the same whole number of days.
        """
        plan = self.plan
        if not isinstance(plan, Cycle) or len(plan.offsets) != 1 or plan.step % DAY:
            return None
        first = plan.first_from(self.first)
        if first is None or first > self.last:
            return None
        return self._civil(first), plan.step // DAY, None if self.last == END - 1 else self._civil(self.last)

    def _civil(self, moment: int) -> Any:
        return _EPOCH + timedelta(0, moment) if self._timed else date.fromordinal(moment // DAY + EPOCH_ORDINAL)


class _Timedeltas(dict[int, timedelta]):
    """A cache of multiples of a unit, as making a timedelta takes longer than adding it."""

    def __init__(self, unit: timedelta) -> None:
        self._unit = unit

    def __missing__(self, number: int) -> timedelta:
        if len(self) > 4096:
            self.clear()
        found = self[number] = self._unit * number
        return found


DISTANCES = _Timedeltas(timedelta(seconds=1))
_DAYS = _Timedeltas(timedelta(days=1))


def spread(first: Any, seconds: Sequence[int]) -> list[Any]:
    """Return dates or datetimes from `first` on with the distances between successive `seconds`."""
    return list(accumulate(map(DISTANCES.__getitem__, map(sub, islice(seconds, 1, None), seconds)), initial=first))


def _moment(value: date) -> int:
    if isinstance(value, datetime):
        since = (value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)) - _EPOCH
        return since.days * DAY + since.seconds
    return (value.toordinal() - EPOCH_ORDINAL) * DAY


def _ceil(value: date) -> int:
    if isinstance(value, datetime) and value.tzinfo is None:
        since = value - _EPOCH
        return since.days * DAY + since.seconds + (since.microseconds > 0)
    return _moment(value)


def _plan(rule: RuleParts, first: int, *, timed: bool) -> Plan:
    """Return the plan of a rule whose DTSTART is the moment `first`."""
    day, freq = first // DAY, rule.freq
    at = date.fromordinal(day + EPOCH_ORDINAL)
    parts = _day_parts(rule, at)
    # RFC 5545 section 3.3.10: BYHOUR, BYMINUTE and BYSECOND are ignored if DTSTART is a date.
    hours = (rule.by_hour, rule.by_minute, rule.by_second) if timed else ((), (), ())
    clock = Clock(*hours, of_day=first % DAY)
    if freq > Frequency.DAILY:
        return _short(rule, parts, clock, first)
    times = clock.times_within(DAY)
    if freq is Frequency.YEARLY:
        return Years(parts, times, rule.by_set_pos, at.year, rule.interval)
    if freq is Frequency.MONTHLY:
        return Months(parts, times, rule.by_set_pos, month_of(day), rule.interval)
    if freq is Frequency.DAILY:
        return _daily(parts, tuple(chosen(times, rule.by_set_pos)), day, rule.interval)
    week = day - (weekday_of(day) - rule.week_start) % 7
    if parts.months:
        return Weeks(parts, times, rule.by_set_pos, week, rule.interval)
    days = sorted((weekday - rule.week_start) % 7 for weekday, _ in parts.by_day)
    offsets = tuple(chosen([weekday * DAY + time for weekday in days for time in times], rule.by_set_pos))
    return Cycle(week * DAY, rule.interval * 7 * DAY, offsets)


def _daily(parts: DayParts, times: Sequence[int], day: int, interval: int) -> Plan:
    """Return the plan of `times` on every `interval`-th day from `day` on that the parts select."""
    if interval % 7 == 0 and parts.by_day:  # always the same weekday
        if weekday_of(day) not in {weekday for weekday, _ in parts.by_day}:
            return Days(None, (), day, 1)
        parts = replace(parts, by_day=())
    return Cycle(day * DAY, interval * DAY, times) if parts.is_empty else Days(_filter(parts), times, day, interval)


def _short(rule: RuleParts, parts: DayParts, clock: Clock, first: int) -> Plan:
    """Return the plan of an hourly or shorter rule."""
    unit, positions = _UNIT[rule.freq], rule.by_set_pos
    step = unit * rule.interval
    limited = any(size >= unit for size, _, _ in clock.limits)
    within = chosen(clock.times_within(unit), positions)
    origin = first // unit * unit
    if parts.is_empty and not limited:
        return Cycle(origin, step, within)
    begins: Iterable[int]
    if step % DAY == 0:
        begins, interval = (origin % DAY,), step // DAY
    elif DAY % step == 0:
        begins, interval = range(origin % step, DAY, step), 1
    elif limited and not _reachable(clock, unit, origin, step):
        return Days(None, (), 0, 1)
    else:
        return Steps(None if parts.is_empty else _filter(parts), clock, positions, unit, origin, rule.interval)
    kept = [begin for begin in begins if clock.barred(begin, unit) is None] if limited else begins
    times = kept if within == (0,) else [begin + offset for begin in kept for offset in within]
    return _daily(parts, times, origin // DAY, interval)


def _reachable(clock: Clock, unit: int, origin: int, step: int) -> bool:
    """Return whether any period can begin at a time of day that BYHOUR, BYMINUTE and BYSECOND allow."""
    distance = gcd(step, DAY)
    return any(clock.barred(at, unit) is None for at in range(origin % distance, DAY, distance))


def _filter(parts: DayParts) -> Plan:
    """Return a plan of the midnights of all days that the parts select."""
    return Years(parts, (0,), (), 1, 1) if parts.year_days else Months(parts, (0,), (), 0, 1)


def _day_parts(rule: RuleParts, start: date) -> DayParts:
    """Return the parts that select days, completed from DTSTART as in RFC 5545 section 3.3.10."""
    months, month_days, by_day = rule.by_month, rule.by_month_day, rule.by_day
    if not (by_day or month_days or rule.by_year_day):
        if rule.by_week_no or rule.freq is Frequency.WEEKLY:
            by_day = (WeekdayNum(start.weekday()),)
        elif rule.freq <= Frequency.MONTHLY:
            month_days = (start.day,)
            if rule.freq is Frequency.YEARLY and not months:
                months = (start.month,)
    return DayParts(
        frozenset(months),
        frozenset(month_days),
        frozenset(rule.by_year_day),
        frozenset(rule.by_week_no),
        by_day,
        rule.week_start,
        # SKIP applies to days counted in a month or a year; in shorter rules these are filters.
        rule.skip if rule.freq <= Frequency.MONTHLY else Skip.OMIT,
    )
