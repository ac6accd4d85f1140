"""A recurrence rule as a value: RFC 5545 section 3.3.10's text to fields and back.

Which instances it gives is `svsm_cal.core.expansion`'s matter. A rule works on civil time; zones come in one
floor up, in `svsm_cal.core.occurrences`. Rules of other calendars (RFC 7529's RSCALE) are refused.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from svsm_cal.errors import RuleError
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

__all__ = ["DAY_CODES", "Frequency", "RecurrenceRule", "WeekdayNum"]

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

    @classmethod
    def parse(cls, text: str) -> RecurrenceRule:
        """Return the rule that `text` (RRULE's value, without "RRULE:") states.

        Raises RuleError with the position in `text` for anything RFC 5545 section 3.3.10 forbids.
        """
        return _parse(text)

    def __str__(self) -> str:
        """Return the rule's canonical text: parts in the grammar's order, lists sorted, defaults left out."""
        return ";".join(f"{name}={value}" for name, value in self._parts())

    def _parts(self) -> Iterator[tuple[str, str]]:
        yield "FREQ", self.freq.name
        if self.until is not None:
            yield "UNTIL", _format_until(self.until)
        if self.count is not None:
            yield "COUNT", str(self.count)
        if self.interval != 1:
            yield "INTERVAL", str(self.interval)
        for name, attribute in _LISTS.items():
            values = getattr(self, attribute)
            if values:
                yield name, ",".join(str(value) for value in values)
        if self.week_start:
            yield "WKST", DAY_CODES[self.week_start]

    def occurrences(self, dtstart: datetime) -> Iterator[datetime]:
        """Yield the rule's instances from `dtstart` on, lazily and in order; dates when `dtstart` is a date."""
        from svsm_cal.core.expansion import expand

        return expand(self, dtstart)

    def between(self, dtstart: datetime, start: datetime, end: datetime) -> list[datetime]:
        """Return the instances in [start, end), all civil times like `dtstart`."""
        from svsm_cal.core.expansion import between

        return between(self, dtstart, start, end)

    def after(self, dtstart: datetime, local: datetime, *, inclusive: bool = False) -> datetime | None:
        """Return the first instance after `local` (or at it, when inclusive), None when there is none."""
        from svsm_cal.core.expansion import after

        return after(self, dtstart, local, inclusive=inclusive)

    def parts(self) -> tuple[tuple[str, RecurrenceRule], ...]:
        """Return the rules, none with an instance in common, whose union this is and which Outlook can each hold.

        Each comes with a short stable name. A rule Outlook can hold, or that cannot be divided because COUNT or
        BYSETPOS ties its instances together, is its own only part.
        """
        if self.count is not None or self.by_set_pos or self.freq > Frequency.DAILY:
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


_LISTS = {
    "BYSECOND": "by_second",
    "BYMINUTE": "by_minute",
    "BYHOUR": "by_hour",
    "BYDAY": "by_day",
    "BYMONTHDAY": "by_month_day",
    "BYYEARDAY": "by_year_day",
    "BYWEEKNO": "by_week_no",
    "BYMONTH": "by_month",
    "BYSETPOS": "by_set_pos",
}
# Part -> (lowest, highest, whether negatives count from the end).
_RANGES = {
    "BYSECOND": (0, 60, False),
    "BYMINUTE": (0, 59, False),
    "BYHOUR": (0, 23, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYMONTH": (1, 12, False),
    "BYSETPOS": (1, 366, True),
}
# Part -> the frequencies it may stand with (the "N/A" cells of RFC 5545's table).
_ALLOWED = {
    "BYWEEKNO": (Frequency.YEARLY,),
    "BYYEARDAY": (Frequency.YEARLY, Frequency.HOURLY, Frequency.MINUTELY, Frequency.SECONDLY),
    "BYMONTHDAY": tuple(set(Frequency) - {Frequency.WEEKLY}),
}
_DAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?"
_MOST = 10**12


def _parse(text: str) -> RecurrenceRule:
    if not text.isascii():
        at = next(index for index, char in enumerate(text) if not char.isascii())
        raise RuleError(f'"{text[at]}" has no place in a rule', position=at, hint="letters, digits and = ; , + -")
    fields: dict[str, Any] = {}
    seen: dict[str, int] = {}
    at = 0
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        upper = name.strip().upper()
        if not part.strip():
            raise RuleError("an empty part" if text.strip() else "an empty rule", position=at, hint="FREQ=WEEKLY;BYDAY=WE")
        if not equals:
            raise RuleError(f'"{part}" has no "="', position=at, hint=f"{upper or 'FREQ'}=...")
        if upper in seen:
            raise RuleError(f"{upper} stands twice", position=at, hint="write each part once")
        reader = _READERS.get(upper)
        if reader is None:
            raise RuleError(f'"{name}" is no part of a recurrence rule', position=at, hint=_nearest(upper))
        seen[upper] = at
        attribute, read = reader
        blanks = len(value) - len(value.lstrip())
        fields[attribute] = read(upper, value.strip().upper(), at + len(name) + 1 + blanks)
        at += len(part) + 1
    if "freq" not in fields:
        raise RuleError("no FREQ", position=0, hint="FREQ=DAILY, WEEKLY, MONTHLY or YEARLY")
    rule = RecurrenceRule(**fields)
    _check_together(rule, seen)
    return rule


def _check_together(rule: RecurrenceRule, seen: Mapping[str, int]) -> None:
    if rule.count is not None and rule.until is not None:
        raise RuleError("COUNT and UNTIL exclude each other", position=max(seen["COUNT"], seen["UNTIL"]), hint="keep one")
    for name, allowed in _ALLOWED.items():
        if name in seen and rule.freq not in allowed:
            raise RuleError(f"{name} cannot stand with FREQ={rule.freq.name}", position=seen[name], hint=_alternative(name))
    if any(day.ordinal for day in rule.by_day):
        if rule.freq not in (Frequency.YEARLY, Frequency.MONTHLY):
            raise RuleError(
                f"a number before a weekday cannot stand with FREQ={rule.freq.name}",
                position=seen["BYDAY"],
                hint="FREQ=MONTHLY counts weekdays of the month",
            )
        if rule.by_week_no:
            raise RuleError("a number before a weekday cannot stand with BYWEEKNO", position=seen["BYDAY"], hint="drop one")
    if rule.by_set_pos and not any(name in seen for name in _LISTS if name != "BYSETPOS"):
        raise RuleError("BYSETPOS needs another BY part to choose from", position=seen["BYSETPOS"], hint="BYDAY=MO,TU,WE,TH,FR")


def _alternative(name: str) -> str:
    return {"BYWEEKNO": "FREQ=YEARLY", "BYYEARDAY": "FREQ=YEARLY", "BYMONTHDAY": "FREQ=MONTHLY"}[name]


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    found = get_close_matches(name, _READERS, n=1)
    return f"did you mean {found[0]}?" if found else "FREQ, INTERVAL, COUNT, UNTIL, WKST or BY..."


def _frequency(name: str, value: str, at: int) -> Frequency:
    if value not in Frequency.__members__:
        raise RuleError(f'{name}="{value}" is no frequency', position=at, hint="DAILY, WEEKLY, MONTHLY or YEARLY")
    return Frequency[value]


def _positive(name: str, value: str, at: int) -> int:
    if not re.fullmatch(r"[0-9]{1,13}", value) or not 1 <= int(value) <= _MOST:
        raise RuleError(f"{name}={value} must be a whole number of at least 1", position=at, hint=f"{name}=1")
    return int(value)


def _until(name: str, value: str, at: int) -> date | datetime:
    match = re.fullmatch(_UNTIL, value, re.ASCII)
    try:
        if match:
            year, month, day = (int(part) for part in match.groups()[:3])
            if match[4] is None:
                return date(year, month, day)
            hour, minute, second = (int(part) for part in match.groups()[3:6])
            return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC if match[7] else None)
    except ValueError:
        pass
    raise RuleError(f"{name}={value} is no date", position=at, hint="UNTIL=20251231 or UNTIL=20251231T180000")


def _numbers(name: str, value: str, at: int) -> tuple[int, ...]:
    lowest, highest, signed = _RANGES[name]
    found = set()
    for item in value.split(","):
        pattern = r"[+-]?[0-9]{1,3}" if signed else r"[0-9]{1,3}"
        number = int(item) if re.fullmatch(pattern, item) else None
        if number is None or not lowest <= abs(number) <= highest:
            span = f"{lowest} to {highest}" + (f" or -{highest} to -{lowest}" if signed else "")
            raise RuleError(f"{name}={item or '(empty)'} is out of range", position=at, hint=f"numbers from {span}")
        found.add(number)
        at += len(item) + 1
    return tuple(sorted(found))


def _days(name: str, value: str, at: int) -> tuple[WeekdayNum, ...]:
    found = set()
    for item in value.split(","):
        match = _DAY.fullmatch(item)
        ordinal = int(match[1] or 0) if match else 0
        if match is None or abs(ordinal) > 53 or (match[1] and ordinal == 0):
            raise RuleError(f'{name}: "{item}" is no weekday', position=at, hint="MO, TU, WE, TH, FR, SA or SU, or 2TU, -1FR")
        found.add(WeekdayNum(DAY_CODES.index(match[2]), ordinal))
        at += len(item) + 1
    return tuple(sorted(found, key=lambda day: (day.ordinal, day.weekday)))


def _weekday(name: str, value: str, at: int) -> int:
    if value not in DAY_CODES:
        raise RuleError(f'{name}="{value}" is no weekday', position=at, hint="MO or SU")
    return DAY_CODES.index(value)


def _format_until(until: date | datetime) -> str:
    if not isinstance(until, datetime):
        return until.isoformat().replace("-", "")
    text = until.isoformat(timespec="seconds").replace("-", "").replace(":", "")[:15]
    return f"{text}Z" if until.tzinfo is not None else text


_READERS: dict[str, tuple[str, Callable[[str, str, int], Any]]] = {
    "FREQ": ("freq", _frequency),
    "UNTIL": ("until", _until),
    "COUNT": ("count", _positive),
    "INTERVAL": ("interval", _positive),
    "WKST": ("week_start", _weekday),
    **{name: (attribute, _days if name == "BYDAY" else _numbers) for name, attribute in _LISTS.items()},
}
