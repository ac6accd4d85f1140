"""Lint of recurrence rules: their validity, the programs that support them, and their instances."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import epoch_seconds, instant, local, local_from_epoch, local_seconds, midnight
from svsm_cal.engine.rrule import RecurrenceRule
from svsm_cal.engine.rule_parts import Frequency, Skip
from svsm_cal.errors import RuleError
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from svsm_cal.engine.expansion import Expansion
    from svsm_cal.ical.content import Property
    from svsm_cal.ical.lint_codes import Report
    from svsm_cal.ical.lint_zones import Clocks
    from svsm_cal.ical.value_types import TimeValue

_DAY = 86400
_MOST_A_DAY = 1000
_MOST_COUNTED = 100_000
_SHORT = {Frequency.HOURLY: "hourly", Frequency.MINUTELY: "every minute", Frequency.SECONDLY: "every second"}
_PLACES = {1, 2, 3, 4, -1}


def kind_of(time: TimeValue) -> str:
    """Return the type of a time in words."""
    return {"date": "a date", "floating": "a time without zone", "utc": "in UTC", "zoned": f"in {time.zone}"}[time.form]


def text_of(wall: int, like: TimeValue) -> str:
    """Return a local time (seconds, as `TimeValue.wall`) as iCalendar text of the type of `like`."""
    text = local_from_epoch(wall).isoformat().replace("-", "").replace(":", "")
    return text[:8] if like.form == "date" else text + ("Z" if like.form == "utc" else "")


@lru_cache(maxsize=4096)
def _parsed(text: str) -> RecurrenceRule | RuleError:
    try:
        return RecurrenceRule.parse(text)
    except RuleError as error:
        return error


class Repetition(Value):
    """A rule with its DTSTART; local times are in seconds, as `TimeValue.wall`."""

    rule: RecurrenceRule
    start: TimeValue

    @cached_property
    def _expansion(self) -> Expansion:
        """Return the expansion of the rule without COUNT and UNTIL."""
        return self._starting(replace(self.rule, until=None, count=None))

    def _starting(self, rule: RecurrenceRule) -> Expansion:
        at = local_from_epoch(self.start.wall)
        return rule.starting(at.date() if self.start.form == "date" else at)

    @cached_property
    def countable(self) -> bool:
        """Whether its instances can be enumerated in reasonable time: some rules have thousands a day."""
        rule = self.rule
        times = [max(1, len(values)) for values in (rule.by_hour, rule.by_minute, rule.by_second)]
        filtered = rule.by_day or rule.by_month_day or rule.by_year_day or rule.by_month or rule.by_set_pos
        dense = times[0] * times[1] * times[2] > _MOST_A_DAY
        return not dense and not (rule.freq > Frequency.DAILY and (filtered or max(times) > 1))

    @cached_property
    def last(self) -> int | None:
        """Return the local time of the last instance by COUNT, or a local UNTIL; None without either."""
        rule = self.rule
        if rule.count is not None and rule.count <= _MOST_COUNTED and self.countable:
            return self._starting(rule).last
        if isinstance(rule.until, datetime):
            return local_seconds(local(rule.until)) if rule.until.tzinfo is None else None
        return local_seconds(midnight(rule.until)) + _DAY - 1 if rule.until else None

    @cached_property
    def last_instant(self) -> int | None:
        """Return an UNTIL in UTC, in epoch seconds; otherwise None."""
        until = self.rule.until
        return epoch_seconds(instant(until)) if isinstance(until, datetime) and until.tzinfo else None

    @property
    def has_start(self) -> bool:
        """Whether DTSTART is an instance; raises RuleError if the rule cannot start there."""
        return bool(self._expansion.moments(self.start.wall, self.start.wall + 1))

    def has(self, wall: int, clocks: Clocks) -> bool:
        """Whether a local time in the zone of DTSTART is an instance of the rule."""
        if not self._expansion.moments(wall, wall + 1) or (self.last is not None and wall > self.last):
            return False
        return self.last_instant is None or clocks.instant(replace(self.start, wall=wall)) <= self.last_instant

    def from_(self, wall: int) -> int | None:
        """Return the first instance at or after a local time, or None."""
        return self._expansion.first_from(wall)


def read_rule(given: Property, start: TimeValue | None, clocks: Clocks, report: Report) -> Repetition | None:
    """Check a rule and return it with its DTSTART, or None if it is invalid or has no DTSTART."""
    rule = _parsed(given.value.strip())
    if isinstance(rule, RuleError):
        report.note("invalid-rule", given, rule.position, message=rule, better=rule.hint)
        return None
    if start is None:
        return None
    repetition = Repetition(rule, start)
    try:
        starts_with_instance = not repetition.countable or repetition.has_start
    except RuleError as error:
        report.note("invalid-rule", given, message=error, better=error.hint)
        return None
    if not starts_with_instance:
        first = repetition.from_(start.wall)
        better = "no RRULE" if first is None else f"DTSTART {text_of(first, start)}"
        report.note("start-not-in-rule", given, better=better)
    _check_until(repetition, given, clocks, report)
    _check_form(rule, given, report)
    return repetition


def _check_until(repetition: Repetition, given: Property, clocks: Clocks, report: Report) -> None:
    until, start = repetition.rule.until, repetition.start
    if until is None:
        return
    at = given.value.upper().find("UNTIL=") + 6
    form = "date" if not isinstance(until, datetime) else "utc" if until.tzinfo else "local"
    wanted = {"date": "date", "floating": "local"}.get(start.form, "utc")
    if form == "local" and wanted == "utc":
        report.note("until-local", given, at)
    elif form != wanted:
        kinds = {"date": "a date", "utc": "in UTC", "local": "a time without zone"}
        report.note("until-type", given, at, until=kinds[form], start=kind_of(start))
    elif (repetition.last_instant is not None and repetition.last_instant < clocks.instant(start)) or (
        repetition.last is not None and repetition.last < start.wall
    ):
        report.note("until-before-start", given, at)


def _check_form(rule: RecurrenceRule, given: Property, report: Report) -> None:
    times = max(1, len(rule.by_hour)) * max(1, len(rule.by_minute)) * max(1, len(rule.by_second))
    if rule.freq in _SHORT:
        report.note("sub-daily", given, what=_SHORT[rule.freq])
    elif times > 24:
        report.note("sub-daily", given, what=f"{times} times a day")
    elif what := next((what for applies, what in _BEYOND_OUTLOOK if applies(rule)), None):
        parts = [str(part) for _, part in rule.parts()]
        better = f"an event for each: {', '.join(parts)}" if len(parts) > 1 else "another rule, or single events"
        report.note("outlook-rule", given, what=what, better=better)


def _places(rule: RecurrenceRule) -> set[int]:
    return {*rule.by_set_pos, *(day.ordinal for day in rule.by_day if day.ordinal)}


# Exchange and Outlook support the templates of MS-OXCICAL section 2.1.3.2.2.
_BEYOND_OUTLOOK: tuple[tuple[Callable[[RecurrenceRule], object], str], ...] = (
    (lambda rule: len(rule.by_day) > 1 and any(day.ordinal for day in rule.by_day), "several numbered weekdays"),
    (lambda rule: len(rule.by_month_day) > 1, "several days of the month"),
    (lambda rule: len(rule.by_month) > 1, "several months"),
    (lambda rule: len(rule.by_hour) > 1 or len(rule.by_minute) > 1 or rule.by_second, "several times of day"),
    (lambda rule: rule.by_year_day, "days of the year"),
    (lambda rule: rule.by_week_no, "weeks of the year"),
    (lambda rule: rule.skip is not Skip.OMIT, "SKIP"),
    (lambda rule: rule.by_month and rule.freq is not Frequency.YEARLY, "months, and is not yearly"),
    (lambda rule: rule.freq is Frequency.DAILY and (rule.by_day or rule.by_month_day), "days, and is daily"),
    (lambda rule: rule.freq >= Frequency.WEEKLY and rule.by_set_pos, "BYSETPOS, and is neither monthly nor yearly"),
    (lambda rule: rule.by_day and rule.by_month_day, "weekdays together with days of the month"),
    (lambda rule: len(rule.by_set_pos) > 1, "several places in BYSETPOS"),
    (lambda rule: rule.by_set_pos and not rule.by_day, "BYSETPOS without BYDAY"),
    (lambda rule: rule.by_set_pos and any(day.ordinal for day in rule.by_day), "numbered weekdays and BYSETPOS"),
    (lambda rule: _places(rule) - _PLACES, "a place other than first to fourth and last"),
    (lambda rule: any(day < -1 for day in rule.by_month_day), "a day counted from the month's end"),
    (
        lambda rule: rule.freq <= Frequency.MONTHLY and rule.by_day and not _places(rule),
        "all days of a weekday, and is not weekly",
    ),
    (lambda rule: rule.freq is Frequency.YEARLY and rule.by_day and not rule.by_month, "a weekday of the year without its month"),
)
