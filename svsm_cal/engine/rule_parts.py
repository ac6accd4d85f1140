"""The parts of a recurrence rule as values: RFC 5545 section 3.3.10, and SKIP of RFC 7529."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, NamedTuple

from svsm_cal.value import Value

if TYPE_CHECKING:
    from datetime import date, datetime

__all__ = ["DAY_CODES", "Frequency", "RuleParts", "Skip", "WeekdayNum"]

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


class RuleParts(Value):
    """The parts of a rule, empty where the rule leaves them out.

    `until` is a date, a naive datetime (wall clock) or an aware one (UTC), as written.
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
