"""Recurrence rules (RFC 5545 section 3.3.10, SKIP of RFC 7529) in civil time: parsing, text and instances."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from svsm_cal.engine.expansion import Expansion
from svsm_cal.engine.rule_parts import Frequency, RuleParts, Skip, parse_parts
from svsm_cal.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

_MOST_KEPT = 64


class RecurrenceRule(RuleParts):
    """A parsed RRULE with the fields of `RuleParts`.

    >>> from datetime import datetime
    >>> rule = RecurrenceRule.parse("FREQ=MONTHLY;BYDAY=2TU;COUNT=2")
    >>> [day.isoformat() for day in rule.occurrences(datetime(2025, 1, 1, 18))]
    ['2025-01-14T18:00:00', '2025-02-11T18:00:00']
    """

    @classmethod
    def parse(cls, text: str) -> RecurrenceRule:
        """Return the rule of `text`, an RRULE value without "RRULE:".

        Raises RuleError, with the position in `text`, for what RFC 5545 section 3.3.10 does not allow.
        """
        return cls(**parse_parts(text))

    def starting(self, dtstart: date) -> Expansion:
        """Return the rule's instances from `dtstart` on, a naive datetime or a date, as an object that caches results.

        Raises RuleError for a date with an hourly or shorter rule, ValueError for a datetime with a zone.
        """
        try:
            return self._expansions[dtstart]
        except KeyError:
            return self._expand(dtstart)

    @cached_property
    def _expansions(self) -> dict[date, Expansion]:
        return {}

    def _expand(self, dtstart: date) -> Expansion:
        if getattr(dtstart, "tzinfo", None) is not None:
            raise ValueError(f"{dtstart.isoformat()} has a zone; a rule needs a naive DTSTART")
        if len(self._expansions) >= _MOST_KEPT:
            self._expansions.clear()
        found = self._expansions[dtstart] = Expansion(self, dtstart)
        return found

    def occurrences(self, dtstart: datetime) -> Iterator[datetime]:
        """Yield the rule's instances from `dtstart` on, lazily and in order; dates if `dtstart` is a date."""
        return iter(self.starting(dtstart))

    def between(self, dtstart: datetime, start: datetime, end: datetime) -> list[datetime]:
        """Return the instances in [start, end), all civil times like `dtstart`."""
        return self.starting(dtstart).between(start, end)

    def after(self, dtstart: datetime, local: datetime, *, inclusive: bool = False) -> datetime | None:
        """Return the first instance after `local`, or at `local` if `inclusive`; None if there is none."""
        found: datetime | None = self.starting(dtstart).after(local, inclusive=inclusive)
        return found

    def parts(self) -> tuple[tuple[str, RecurrenceRule], ...]:
        """Return the rule split into disjoint rules that Outlook supports, each with a short stable name.

        A rule that Outlook supports, or that COUNT or BYSETPOS makes indivisible, is returned unchanged.
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
    """Return whether the values of a list give disjoint sets of instances, as 1WE,3WE does and 4WE,-1WE does not."""
    if attribute not in {"by_day", "by_month_day"}:
        return True
    if attribute == "by_day" and rule.freq is Frequency.WEEKLY:
        return False
    numbers = [day.ordinal for day in rule.by_day] if attribute == "by_day" else rule.by_month_day
    return all(number > 0 for number in numbers) or all(number < 0 for number in numbers)
