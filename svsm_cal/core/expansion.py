"""The instances of a recurrence rule (RFC 5545 section 3.3.10), by arithmetic on day numbers.

Time runs in periods of FREQ x INTERVAL, numbered from the one DTSTART lies in; each gives its days, each day
its times, and BYSETPOS chooses among them. A window far from DTSTART is reached by computing its first
period's number, not by stepping there. Rules with COUNT are counted from DTSTART, by one division where every
period gives equally many. An instance before DTSTART, or on a day that does not exist, is none. DTSTART itself
is an instance only when it matches the rule.

Weeks (BYWEEKNO) are taken as a filter on the days of a calendar year.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from datetime import UTC, date, datetime, time
from itertools import product
from math import gcd
from typing import TYPE_CHECKING

from svsm_cal.core.rrule import Frequency, RecurrenceRule, WeekdayNum
from svsm_cal.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["after", "between", "expand"]

# Moments are seconds since midnight of the day before 0001-01-01, so that moment // _DAY is date.toordinal().
_DAY = 86400
_LAST_DAY = date.max.toordinal()
_UNIT = {Frequency.DAILY: _DAY, Frequency.HOURLY: 3600, Frequency.MINUTELY: 60, Frequency.SECONDLY: 1}
_CYCLE = 146097  # days after which the Gregorian calendar repeats, weekdays included
# Periods after which the calendar repeats: a rule that gives none in so many gives none ever.
_BARREN = {Frequency.YEARLY: 400, Frequency.MONTHLY: 4800, Frequency.WEEKLY: _CYCLE // 7}
_PATIENCE = 50_000  # jumps without a match after which a daily or shorter rule is taken to have no more


def expand(rule: RecurrenceRule, dtstart: datetime, *, start: datetime | None = None) -> Iterator[datetime]:
    """Yield the instances of `rule` from `dtstart` (civil, or a date), or from `start` in it, on, in order."""
    begin = 0 if start is None else _ceil(start)
    return (_civil(moment, dtstart) for moment in _Expansion(rule, dtstart).moments(begin))


def between(rule: RecurrenceRule, dtstart: datetime, start: datetime, end: datetime) -> list[datetime]:
    """Return the instances in [start, end)."""
    found = []
    until = _moment(end) + (1 if getattr(end, "microsecond", 0) else 0)
    for moment in _Expansion(rule, dtstart).moments(_ceil(start)):
        if moment >= until:
            break
        found.append(_civil(moment, dtstart))
    return found


def after(rule: RecurrenceRule, dtstart: datetime, local: datetime, *, inclusive: bool = False) -> datetime | None:
    """Return the first instance after `local`, or at it when `inclusive`; None when there is none."""
    start = _ceil(local) if inclusive else _moment(local) + 1
    moment = next(_Expansion(rule, dtstart).moments(start), None)
    return None if moment is None else _civil(moment, dtstart)


def _moment(value: date) -> int:
    seconds = value.toordinal() * _DAY
    if isinstance(value, datetime):
        seconds += value.hour * 3600 + value.minute * 60 + value.second
    return seconds


def _ceil(value: date) -> int:
    return _moment(value) + (1 if getattr(value, "microsecond", 0) else 0)


def _civil(moment: int, dtstart: datetime) -> datetime:
    day, of_day = divmod(moment, _DAY)
    if isinstance(dtstart, datetime):
        return datetime.combine(date.fromordinal(day), time(of_day // 3600, of_day // 60 % 60, of_day % 60))
    return date.fromordinal(day)  # type: ignore[unreachable]  # a date for DTSTART gives dates


class _Expansion:
    """One rule with one DTSTART: what RFC 5545 has the rule take from DTSTART is filled in here."""

    def __init__(self, rule: RecurrenceRule, dtstart: date) -> None:
        self.freq, self.interval, self.count, self.set_pos = rule.freq, rule.interval, rule.count, rule.by_set_pos
        self.week_start = rule.week_start
        self.first = _moment(dtstart)
        self.last = _last_moment(rule)
        self.start = date.fromordinal(self.first // _DAY)
        self.months, self.month_days = frozenset(rule.by_month), frozenset(rule.by_month_day)
        self.year_days, self.weeks = frozenset(rule.by_year_day), frozenset(rule.by_week_no)
        by_day = rule.by_day
        if not (by_day or self.month_days or self.year_days):
            if self.weeks or self.freq is Frequency.WEEKLY:
                by_day = (WeekdayNum(self.start.weekday()),)
            elif self.freq <= Frequency.MONTHLY:
                self.month_days = frozenset((self.start.day,))
                if self.freq is Frequency.YEARLY and not self.months:
                    self.months = frozenset((self.start.month,))
        self.by_day = by_day
        self.weekdays = frozenset(day.weekday for day in by_day)
        self.by_hour, self.by_minute, self.by_second = rule.by_hour, rule.by_minute, rule.by_second
        if not isinstance(dtstart, datetime):  # a date has no hours: RFC 5545 section 3.3.10 has them ignored
            if self.freq > Frequency.DAILY:
                raise RuleError(f"FREQ={self.freq.name} needs a DTSTART with a time", hint="FREQ=DAILY")
            self.by_hour = self.by_minute = self.by_second = ()
        of_day = self.first % _DAY
        self.times = _times(
            self.by_hour or (of_day // 3600,),
            self.by_minute or (of_day // 60 % 60,),
            self.by_second or (of_day % 60,),
        )

    def moments(self, start: int) -> Iterator[int]:
        """Yield the instances at or after `start`, ascending."""
        start = max(start, self.first)
        number = max(0, self._period_of(start))
        left = -1  # how many more the rule may give, from `counted` on; negative when it has no COUNT
        counted = start
        if self.count is not None:
            left, counted = self.count, self.first
            a_period = self._instances_in_every_period()
            if a_period is None:
                number = 0
            elif number:
                begun = sum(moment >= self.first for moment in next(self._periods(0), ()))
                left = max(0, left - begun - (number - 1) * a_period)
        barren, patience = 0, _BARREN.get(self.freq, 0)
        for period in self._periods(number):
            barren = 0 if period else barren + 1
            if barren > patience:
                return
            for moment in period:
                if moment < counted:
                    continue
                if moment > self.last or left == 0:
                    return
                left -= 1
                if moment >= start:
                    yield moment
            if left == 0 or (period and period[0] > self.last):
                return

    def _period_of(self, moment: int) -> int:
        """Return the number of the last period that begins at or before `moment`."""
        day = min(moment // _DAY, _LAST_DAY)
        if self.freq is Frequency.YEARLY:
            return (date.fromordinal(day).year - self.start.year) // self.interval
        if self.freq is Frequency.MONTHLY:
            at = date.fromordinal(day)
            return ((at.year - self.start.year) * 12 + at.month - self.start.month) // self.interval
        if self.freq is Frequency.WEEKLY:
            return (day - self._first_week()) // 7 // self.interval
        unit = _UNIT[self.freq]
        return (moment // unit - self.first // unit) // self.interval

    def _instances_in_every_period(self) -> int | None:
        """Return how many instances each period after the first gives, None where that varies."""
        if self.months or self.month_days or self.year_days or self.weeks or self.set_pos:
            return None
        if self.freq is Frequency.WEEKLY:
            return len(self.weekdays) * len(self.times)
        if self.freq is Frequency.DAILY and not self.weekdays:
            return len(self.times)
        if self.freq > Frequency.DAILY and not (self.weekdays or self.by_hour or self.by_minute or self.by_second):
            return 1
        return None

    def _periods(self, number: int) -> Iterator[list[int]]:
        if self.freq is Frequency.YEARLY:
            years = range(self.start.year + number * self.interval, 10000, self.interval)
            return (self._chosen(self._days_of_year(year)) for year in years)
        if self.freq is Frequency.MONTHLY:
            month = self.start.year * 12 + self.start.month - 1
            months = range(month + number * self.interval, 10000 * 12, self.interval)
            return (self._chosen(self._days_of_month(month // 12, month % 12 + 1)) for month in months)
        if self.freq is Frequency.WEEKLY:
            weeks = range(self._first_week() + number * self.interval * 7, _LAST_DAY + 1, self.interval * 7)
            return (self._chosen(self._days_of_week(week)) for week in weeks)
        return self._short_periods(number)

    def _chosen(self, days: list[int]) -> list[int]:
        return self._positions([day * _DAY + at for day in days for at in self.times])

    def _positions(self, moments: list[int]) -> list[int]:
        if not self.set_pos:
            return moments
        size = len(moments)
        wanted = {position - 1 if position > 0 else size + position for position in self.set_pos}
        return [moments[index] for index in sorted(wanted) if 0 <= index < size]

    # Years, months and weeks: a set of days each.

    def _days_of_year(self, year: int) -> list[int]:
        first = date(year, 1, 1).toordinal()
        length = 366 if isleap(year) else 365
        if self.months:
            days = [day for month in sorted(self.months) for day in self._month(year, month)]
        elif self.month_days:
            days = [day for month in range(1, 13) for day in self._month(year, month)]
        else:
            days = list(range(first, first + length))
        if self.year_days:
            days = [day for day in days if {day - first + 1, day - first - length} & self.year_days]
        if self.weeks:
            days = [day for day in days if self._in_weeks(year, day)]
        if self.by_day:
            spans = [_span(year, month) for month in self.months] if self.months else [(first, first + length)]
            on_weekday = {day for span in spans for day in self._weekdays_in(*span)}
            days = [day for day in days if day in on_weekday]
        return days

    def _days_of_month(self, year: int, month: int) -> list[int]:
        if self.months and month not in self.months:
            return []
        if not self.by_day:
            return self._month(year, month)
        on_weekday = self._weekdays_in(*_span(year, month))
        return sorted(on_weekday.intersection(self._month(year, month)) if self.month_days else on_weekday)

    def _month(self, year: int, month: int) -> list[int]:
        begin, end = _span(year, month)
        if not self.month_days:
            return list(range(begin, end))
        numbers = {day if day > 0 else end - begin + day + 1 for day in self.month_days}
        return [begin + number - 1 for number in sorted(numbers) if 1 <= number <= end - begin]

    def _weekdays_in(self, begin: int, end: int) -> set[int]:
        """Return the days of [begin, end), a month or a year, that BYDAY names."""
        days: set[int] = set()
        for weekday, ordinal in self.by_day:
            first = begin + (weekday - begin + 1) % 7
            if ordinal == 0:
                days.update(range(first, end, 7))
                continue
            last = end - 1 - (end - 2 - weekday) % 7
            day = first + 7 * (ordinal - 1) if ordinal > 0 else last + 7 * (ordinal + 1)
            if begin <= day < end:
                days.add(day)
        return days

    def _in_weeks(self, year: int, day: int) -> bool:
        for numbering_year in (year + 1, year, year - 1):
            begin = self._first_week_of(numbering_year)
            if day >= begin:
                number = (day - begin) // 7 + 1
                weeks = (self._first_week_of(numbering_year + 1) - begin) // 7
                return bool({number, number - weeks - 1} & self.weeks)
        return False

    def _first_week_of(self, year: int) -> int:
        """Return the first day of the first week with four days or more in `year` (ISO 8601 with WKST)."""
        fourth = (date(year, 1, 4).toordinal() if year < 10000 else _LAST_DAY + 4) if year > 0 else -361
        return fourth - (fourth - 1 - self.week_start) % 7

    def _first_week(self) -> int:
        return self.start.toordinal() - (self.start.weekday() - self.week_start) % 7

    def _days_of_week(self, first: int) -> list[int]:
        offsets = sorted((weekday - self.week_start) % 7 for weekday in self.weekdays)
        days = [first + offset for offset in offsets if 1 <= first + offset <= _LAST_DAY]
        return [day for day in days if date.fromordinal(day).month in self.months] if self.months else days

    # Days and shorter: a period lies in one day, and days that do not match are jumped over.

    def _short_periods(self, number: int) -> Iterator[list[int]]:
        unit = _UNIT[self.freq]
        within = self._times_within(unit)
        if not self._positions(list(within)) or not self._clock_is_reachable(unit):
            return
        limits = self._clock_limits(unit)
        origin = self.first // unit
        jumps = 0
        while jumps < _PATIENCE and (at := (origin + number * self.interval) * unit) // _DAY <= _LAST_DAY:
            day = self._next_day(at // _DAY)
            if day is None:
                return
            skip_to = day * _DAY
            if skip_to <= at:
                barred = (size for size, allowed, wrap in limits if at // size % wrap not in allowed)
                skip_to = next(((at // size + 1) * size for size in barred), at)
            if skip_to == at:
                yield self._positions([at + offset for offset in within])
                number, jumps = number + 1, 0
            else:
                number, jumps = -((origin * unit - skip_to) // (unit * self.interval)), jumps + 1

    def _clock_limits(self, unit: int) -> list[tuple[int, frozenset[int], int]]:
        """Return (size in seconds, allowed values, how many there are) of the clock parts that limit a period."""
        clock = ((3600, self.by_hour, 24), (60, self.by_minute, 60), (1, self.by_second, 60))
        return [(size, frozenset(allowed), wrap) for size, allowed, wrap in clock if allowed and size >= unit]

    def _clock_is_reachable(self, unit: int) -> bool:
        """Whether any period can begin at a time of day that BYHOUR, BYMINUTE and BYSECOND allow."""
        limits = self._clock_limits(unit)
        step = gcd(unit * self.interval, _DAY)
        begin = self.first // unit * unit % step
        return not limits or any(
            all(at // size % wrap in allowed for size, allowed, wrap in limits) for at in range(begin, _DAY, step)
        )

    def _times_within(self, unit: int) -> tuple[int, ...]:
        of_day = self.first % _DAY
        hours = (self.by_hour or (of_day // 3600,)) if unit > 3600 else (0,)
        minutes = (self.by_minute or (of_day // 60 % 60,)) if unit > 60 else (0,)
        seconds = (self.by_second or (of_day % 60,)) if unit > 1 else (0,)
        return _times(hours, minutes, seconds)

    def _next_day(self, day: int) -> int | None:
        """Return the first day from `day` on that every day part keeps, None when there is none."""
        if not (self.months or self.month_days or self.year_days or self.weekdays):
            return day
        end = min(day + _CYCLE, _LAST_DAY)
        while day <= end:
            at = date.fromordinal(day)
            if self.months and at.month not in self.months:
                day = _span(at.year, at.month)[1]
            elif self._keeps(at, day):
                return day
            else:
                day += 1
        return None

    def _keeps(self, at: date, day: int) -> bool:
        if self.weekdays and (day - 1) % 7 not in self.weekdays:
            return False
        if self.month_days:
            length = monthrange(at.year, at.month)[1]
            if not {at.day, at.day - length - 1} & self.month_days:
                return False
        if self.year_days:
            number = day - date(at.year, 1, 1).toordinal() + 1
            return bool({number, number - (367 if isleap(at.year) else 366)} & self.year_days)
        return True


def _span(year: int, month: int) -> tuple[int, int]:
    begin = date(year, month, 1).toordinal()
    return begin, begin + monthrange(year, month)[1]


def _last_moment(rule: RecurrenceRule) -> int:
    if rule.until is None:
        return (_LAST_DAY + 1) * _DAY - 1
    if isinstance(rule.until, datetime):
        return _moment(rule.until.astimezone(UTC) if rule.until.tzinfo else rule.until)
    return _moment(rule.until) + _DAY - 1


def _times(hours: tuple[int, ...], minutes: tuple[int, ...], seconds: tuple[int, ...]) -> tuple[int, ...]:
    """Return seconds of the day, ascending; BYSECOND=60 gives none, as no clock here shows a leap second."""
    return tuple(
        sorted(hour * 3600 + minute * 60 + second for hour, minute, second in product(hours, minutes, seconds) if second < 60)
    )
