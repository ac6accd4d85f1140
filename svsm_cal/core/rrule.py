"""A recurrence rule as a value: the parts of RFC 5545 section 3.3.10, and SKIP of RFC 7529.

Its text is `svsm_cal.core.rrule_text`'s matter, its instances are `svsm_cal.core.expansion`'s. A rule works on civil
time; zones come in one floor up, in `svsm_cal.core.recurrence_set`.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svsm_cal.core.expansion import Expansion

__all__ = ["DAY_CODES", "Frequency", "RecurrenceRule", "Skip", "WeekdayNum"]

_MOST_BEGUN = 64
DAY_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Frequency(IntEnum):
    """How long a rule's period is, from the longest to the shortest."""

    YEARLY = 0
    MONTHLY = 1
    WEEKLY = 2
    DAILY = 3
    HOURLY = 4
    MINUTELY = 5
    SECONDLY = 6


class Skip(StrEnum):
    """What becomes of a day that does not exist: nothing, the day before it, or the day after (RFC 7529 section 4.1)."""

    OMIT = "OMIT"
    BACKWARD = "BACKWARD"
    FORWARD = "FORWARD"


class WeekdayNum(NamedTuple):
    """A weekday (0 = Monday) and which one of its month or year: 1 first, -1 last, 0 every."""

    weekday: int
    ordinal: int = 0

    def __str__(self) -> str:
        """Return the form the rule text has: WE, 2TU, -1FR."""
        return f"{self.ordinal or ''}{DAY_CODES[self.weekday]}"


class RecurrenceRule(Value):
    """A parsed RRULE; the fields are the rule's parts, empty where the rule leaves them out.

    `until` is a date, a naive datetime (wall clock) or an aware one (UTC), as written.

    >>> rule = RecurrenceRule.parse("FREQ=MONTHLY;BYDAY=2TU;COUNT=2")
    >>> [day.isoformat() for day in rule.occurrences(datetime(2025, 1, 1, 18))]
    ['2025-01-14T18:00:00', '2025-02-11T18:00:00']
    """

    freq: Frequency
    interval: int = 1
    count: int | None = None
    until: date | datetime | None = None
    by_second: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_hour: tuple[int, ...] = ()
    by_day: tuple[WeekdayNum, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_week_no: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_set_pos: tuple[int, ...] = ()
    week_start: int = 0
    skip: Skip = Skip.OMIT

    @classmethod
    def parse(cls, text: str) -> RecurrenceRule:
        """Return the rule that `text` (RRULE's value, without "RRULE:") states.

        Raises RuleError with the position in `text` for anything RFC 5545 section 3.3.10 forbids.
        """
        from svsm_cal.core.rrule_text import parse_rule

        return parse_rule(text)

    def __str__(self) -> str:
        """Return the rule's canonical text: parts in the grammar's order, lists sorted, defaults left out."""
        from svsm_cal.core.rrule_text import format_rule

        return format_rule(self)

    def starting(self, dtstart: date) -> Expansion:
        """Return the rule begun at `dtstart`, a naive datetime or a date; it keeps what it has computed.

        Raises RuleError for a date with an hourly or shorter rule, ValueError for a datetime with a zone.
        """
        try:
            return self._begun[dtstart]
        except KeyError:
            return self._begin(dtstart)

    @cached_property
    def _begun(self) -> dict[date, Expansion]:
        return {}

    def _begin(self, dtstart: date) -> Expansion:
        from svsm_cal.core.expansion import Expansion

        if getattr(dtstart, "tzinfo", None) is not None:
            raise ValueError(f"{dtstart.isoformat()} carries a zone; a rule works on wall-clock time")
        if len(self._begun) >= _MOST_BEGUN:
            self._begun.clear()
        found = self._begun[dtstart] = Expansion(self, dtstart)
        return found

    def occurrences(self, dtstart: datetime) -> Iterator[datetime]:
        """Yield the rule's instances from `dtstart` on, lazily and in order; dates when `dtstart` is a date."""
        return iter(self.starting(dtstart))

    def between(self, dtstart: datetime, start: datetime, end: datetime) -> list[datetime]:
        """Return the instances in [start, end), all civil times like `dtstart`."""
        return self.starting(dtstart).between(start, end)

    def after(self, dtstart: datetime, local: datetime, *, inclusive: bool = False) -> datetime | None:
        """Return the first instance after `local` (or at it, when inclusive), None when there is none."""
        found: datetime | None = self.starting(dtstart).after(local, inclusive=inclusive)
        return found

    def parts(self) -> tuple[tuple[str, RecurrenceRule], ...]:
        """Return the rules, none with an instance in common, whose union this is and which Outlook can each hold.

        Each comes with a short stable name. A rule Outlook can hold, or that cannot be divided because COUNT or
        BYSETPOS ties its instances together, is its own only part.
        """
        if self.count is not None or self.by_set_pos or self.freq > Frequency.DAILY or self.skip is not Skip.OMIT:
            return (("", self),)
        found: list[tuple[str, RecurrenceRule]] = [("", self)]
        for attribute, letter in (("by_day", ""), ("by_month_day", "D"), ("by_hour", "H"), ("by_minute", "M")):
            values = getattr(self, attribute)
            if len(values) > 1 and _divides(self, attribute):
                found = [
                    (f"{name}{letter}{value}", replace(rule, **{attribute: (value,)})) for name, rule in found for value in values
                ]
        return tuple(found)


def _divides(rule: RecurrenceRule, attribute: str) -> bool:
    """Whether a list stands for separate sets of instances, as 1WE,3WE does and 4WE,-1WE does not."""
    if attribute == "by_day":
        if rule.freq is Frequency.WEEKLY or not all(day.ordinal for day in rule.by_day):
            return False
        numbers = [day.ordinal for day in rule.by_day]
    elif attribute == "by_month_day":
        numbers = list(rule.by_month_day)
    else:
        return True
    return all(number > 0 for number in numbers) or all(number < 0 for number in numbers)
