"""The parts of a recurrence rule as values and as text: RFC 5545 section 3.3.10, and SKIP of RFC 7529.

Refused with the position in the text: what the RFC's grammar or its table of parts forbids, and calendars other than the
Gregorian (RSCALE).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from svsm_cal.errors import RuleError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["DAY_CODES", "Frequency", "RuleParts", "Skip", "WeekdayNum", "format_rule", "parse_parts"]

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
_FREQUENCIES = dict(Frequency.__members__)


def parse_parts(text: str) -> dict[str, Any]:
    """Return the fields of the rule in RRULE's value; raises RuleError with position and hint (RFC 5545 section 3.3.10)."""
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
    fields.pop("", None)
    _check_together(RuleParts(**fields), seen)
    return fields


def _check_together(rule: RuleParts, seen: Mapping[str, int]) -> None:
    if rule.count is not None and rule.until is not None:
        raise RuleError("COUNT and UNTIL exclude each other", position=max(seen["COUNT"], seen["UNTIL"]), hint="keep one")
    if "SKIP" in seen and "RSCALE" not in seen:
        raise RuleError("SKIP needs RSCALE", position=seen["SKIP"], hint="RSCALE=GREGORIAN")
    for name, allowed in _ALLOWED.items():
        if name in seen and rule.freq not in allowed:
            raise RuleError(f"{name} cannot stand with FREQ={rule.freq.name}", position=seen[name], hint=_alternative(name))
    if "BYDAY" in seen and any(day.ordinal for day in rule.by_day):
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
    found = _FREQUENCIES.get(value)
    if found is None:
        raise RuleError(f'{name}="{value}" is no frequency', position=at, hint="DAILY, WEEKLY, MONTHLY or YEARLY")
    return found


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


def format_rule(rule: RuleParts) -> str:
    """Return a rule's canonical text: parts in the grammar's order, lists sorted, defaults left out."""
    return ";".join(f"{name}={value}" for name, value in _parts(rule))


def _parts(rule: RuleParts) -> Iterator[tuple[str, str]]:
    if rule.skip is not Skip.OMIT:
        yield "RSCALE", "GREGORIAN"
    yield "FREQ", rule.freq.name
    if rule.skip is not Skip.OMIT:
        yield "SKIP", rule.skip
    if rule.until is not None:
        yield "UNTIL", _format_until(rule.until)
    if rule.count is not None:
        yield "COUNT", str(rule.count)
    if rule.interval != 1:
        yield "INTERVAL", str(rule.interval)
    for name, attribute in _LISTS.items():
        values = getattr(rule, attribute)
        if values:
            yield name, ",".join(str(value) for value in values)
    if rule.week_start:
        yield "WKST", DAY_CODES[rule.week_start]


def _scale(name: str, value: str, at: int) -> None:
    if value != "GREGORIAN":
        raise RuleError(f"{name}={value} is a calendar this does not know", position=at, hint="RSCALE=GREGORIAN")


def _skip(name: str, value: str, at: int) -> Skip:
    if value not in Skip.__members__:
        raise RuleError(f'{name}="{value}" is none of its words', position=at, hint="OMIT, BACKWARD or FORWARD")
    return Skip[value]


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
    "RSCALE": ("", _scale),
    "SKIP": ("skip", _skip),
    **{name: (attribute, _days if name == "BYDAY" else _numbers) for name, attribute in _LISTS.items()},
}
