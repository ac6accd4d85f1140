"""A recurrence rule begun at a DTSTART: its instances, one by one, in a window, or the next one.

A plan (`svsm_cal.engine.plans`) says how the instances lie in time; this adds where DTSTART, UNTIL and COUNT cut them
off. A window far from DTSTART costs what one beside it costs; COUNT is turned into a last instance, once. An
instance before DTSTART, or on a day that does not exist, is none. DTSTART itself is one only when it matches the rule.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import accumulate, islice
from math import gcd
from operator import sub
from typing import TYPE_CHECKING, Any

from svsm_cal.engine.civil import DAY, EPOCH_ORDINAL, weekday_of
from svsm_cal.engine.day_patterns import DayParts
from svsm_cal.engine.days import Clock, Days, Steps
from svsm_cal.engine.periods import Months, Weeks, Years
from svsm_cal.engine.plans import END, Cycle, Plan, chosen
from svsm_cal.engine.rule_parts import Frequency, RuleParts, Skip, WeekdayNum
from svsm_cal.errors import RuleError
from svsm_cal.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["DISTANCES", "MANY", "Expansion", "spread"]

_UNIT = {Frequency.DAILY: DAY, Frequency.HOURLY: 3600, Frequency.MINUTELY: 60, Frequency.SECONDLY: 1}
_EPOCH = datetime(1970, 1, 1)
MANY = 60 * DAY  # a window from which on a plan's short cut to many instances is one


class Expansion:
    """The instances of `rule` from `dtstart` on: naive datetimes where `dtstart` is one, dates where it is a date.

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
        """Return the last moment at which there may be an instance, by UNTIL, COUNT or the year 9999."""
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
        """Return how many instances there are in [lo, hi)."""
        lo, hi = max(lo, self.first), min(hi, self.last + 1)
        return self.plan.count(lo, hi) if lo < hi else 0

    def first_from(self, lo: int) -> int | None:
        """Return the first instance from `lo` on, None when there is none."""
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
        """Return the first instance after `local`, or at it when `inclusive`; None when there is none."""
        step = self._step
        if step is not None and not inclusive:
            instance, days, last = step
            if local >= instance:
                try:  # whole steps since an instance, and one more
                    found = instance + _DAYS[(local - instance).days // days * days + days]
                except OverflowError:
                    return None
                return found if last is None or found <= last else None
        moment = self.first_from(_ceil(local) if inclusive else _moment(local) + 1)
        return None if moment is None else self._civil(moment)

    @cached_property
    def _step(self) -> tuple[Any, int, Any] | None:
        """Return an instance, the days from each to the next, and the last one (None: no last one).

        None where the instances do not lie like that.
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
    """Numbers of a unit as timedelta: making one takes longer than adding it, and few of them occur."""

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
    """Return the dates or datetimes that lie from each other, `first` being the first, as `seconds` do."""
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
    """Return how the instances of a rule lie that is begun at the moment `first`, be that one of them or not."""
    day, freq = first // DAY, rule.freq
    at = date.fromordinal(day + EPOCH_ORDINAL)
    parts = _day_parts(rule, at)
    # A date has no hours: RFC 5545 section 3.3.10 has BYHOUR, BYMINUTE and BYSECOND ignored.
    hours = (rule.by_hour, rule.by_minute, rule.by_second) if timed else ((), (), ())
    clock = Clock(*hours, of_day=first % DAY)
    if freq > Frequency.DAILY:
        return _short(rule, parts, clock, first)
    times = clock.times_within(DAY)
    if freq is Frequency.YEARLY:
        return Years(parts, times, rule.by_set_pos, at.year, rule.interval)
    if freq is Frequency.MONTHLY:
        return Months(parts, times, rule.by_set_pos, at.year * 12 + at.month - 13, rule.interval)
    if freq is Frequency.DAILY:
        times = tuple(chosen(times, rule.by_set_pos))
        return _daily(parts, times, day, rule.interval)
    week = day - (weekday_of(day) - rule.week_start) % 7
    if parts.months:
        return Weeks(parts, times, rule.by_set_pos, week, rule.interval)
    days = sorted((weekday - rule.week_start) % 7 for weekday, _ in parts.by_day)
    offsets = tuple(chosen([each * DAY + time for each in days for time in times], rule.by_set_pos))
    return Cycle(week * DAY, rule.interval * 7 * DAY, offsets)


def _daily(parts: DayParts, times: Sequence[int], day: int, interval: int) -> Plan:
    """Return the plan of some times on every `interval`-th day from `day` on that a rule's parts name."""
    if interval % 7 == 0 and parts.by_day:  # always the same weekday
        if weekday_of(day) not in {weekday for weekday, _ in parts.by_day}:
            return Days(None, (), day, 1)
        parts = replace(parts, by_day=())
    return Cycle(day * DAY, interval * DAY, times) if parts.is_empty else Days(_filter(parts), times, day, interval)


def _short(rule: RuleParts, parts: DayParts, clock: Clock, first: int) -> Plan:
    """Return the plan of a rule whose periods are shorter than a day."""
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
    """Whether any period can begin at a time of day that BYHOUR, BYMINUTE and BYSECOND allow."""
    each = gcd(step, DAY)
    return any(clock.barred(at, unit) is None for at in range(origin % each, DAY, each))


def _filter(parts: DayParts) -> Plan:
    """Return a plan of the midnights of all days that a rule's parts name."""
    return Years(parts, (0,), (), 1, 1) if parts.year_days else Months(parts, (0,), (), 0, 1)


def _day_parts(rule: RuleParts, start: date) -> DayParts:
    """Return the parts that name days, with what RFC 5545 section 3.3.10 has a rule take from DTSTART."""
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
        # Only a month's or a year's days can be numbers that do not exist; shorter rules are filters.
        rule.skip if rule.freq <= Frequency.MONTHLY else Skip.OMIT,
    )
