"""A recurrence rule (RFC 5545 section 3.3.10, SKIP of RFC 7529): its parts, its text and its instances.

A rule works on civil time; `svsm_cal.engine.recurrence_set` adds the zone.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from svsm_cal.engine.expansion import Expansion
from svsm_cal.engine.rule_parts import DAY_CODES, Frequency, RuleParts, Skip, WeekdayNum, format_rule, parse_parts
from svsm_cal.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

__all__ = ["DAY_CODES", "Frequency", "RecurrenceRule", "Skip", "WeekdayNum"]

_MOST_BEGUN = 64


class RecurrenceRule(RuleParts):
    """A parsed RRULE; its fields are those of `RuleParts`.

    >>> from datetime import datetime
    >>> rule = RecurrenceRule.parse("FREQ=MONTHLY;BYDAY=2TU;COUNT=2")
    >>> [day.isoformat() for day in rule.occurrences(datetime(2025, 1, 1, 18))]
    ['2025-01-14T18:00:00', '2025-02-11T18:00:00']
    """

    @classmethod
    def parse(cls, text: str) -> RecurrenceRule:
        """Return the rule that `text` (RRULE's value, without "RRULE:") states.

        Raises RuleError with the position in `text` for anything RFC 5545 section 3.3.10 forbids.
        """
        return cls(**parse_parts(text))

    def __str__(self) -> str:
        """Return the rule's canonical text: parts in the grammar's order, lists sorted, defaults left out."""
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
