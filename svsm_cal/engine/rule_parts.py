"""The parts of a recurrence rule, their parser and formatter (RFC 5545 section 3.3.10, SKIP of RFC 7529).

The parser rejects, with a position, what the RFC's grammar or its table of parts forbids, and any RSCALE but GREGORIAN.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from svsm_cal.errors import RuleError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DAY_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Frequency(IntEnum):
    """The period of a rule, from the longest to the shortest."""

    YEARLY = 0
    MONTHLY = 1
    WEEKLY = 2
    DAILY = 3
    HOURLY = 4
    MINUTELY = 5
    SECONDLY = 6


class Skip(StrEnum):
    """The treatment of invalid days: omitted, or moved to the day before or after (RFC 7529 section 4.1)."""

    OMIT = "OMIT"
    BACKWARD = "BACKWARD"
    FORWARD = "FORWARD"


class WeekdayNum(NamedTuple):
    """A weekday (0 = Monday) and its ordinal in the month or year: 1 first, -1 last, 0 every."""

    weekday: int
    ordinal: int = 0

    def __str__(self) -> str:
        """Return the text of the rule part: WE, 2TU, -1FR."""
        return f"{self.ordinal or ''}{DAY_CODES[self.weekday]}"


class RuleParts(Value):
    """The parts of a rule; absent parts are empty.

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

    def __str__(self) -> str:
        """Return the rule's canonical text: parts in the grammar's order, lists sorted, defaults left out."""
        skips = self.skip is not Skip.OMIT
        values = {
            "RSCALE": "GREGORIAN" if skips else "",
            "FREQ": self.freq.name,
            "SKIP": self.skip if skips else "",
            "UNTIL": "" if self.until is None else _format_until(self.until),
            "COUNT": self.count,
            "INTERVAL": self.interval if self.interval > 1 else "",
            **{name: ",".join(map(str, items)) for name, row in _LISTS.items() if (items := getattr(self, row[0]))},
            "WKST": DAY_CODES[self.week_start] if self.week_start else "",
        }
        return ";".join(f"{name}={value}" for name, value in values.items() if value)


# Part -> (field, lowest and highest number, whether negative numbers are allowed); those of BYDAY precede weekdays.
_LISTS = {
    "BYSECOND": ("by_second", 0, 60, False),
    "BYMINUTE": ("by_minute", 0, 59, False),
    "BYHOUR": ("by_hour", 0, 23, False),
    "BYDAY": ("by_day", 1, 53, True),
    "BYMONTHDAY": ("by_month_day", 1, 31, True),
    "BYYEARDAY": ("by_year_day", 1, 366, True),
    "BYWEEKNO": ("by_week_no", 1, 53, True),
    "BYMONTH": ("by_month", 1, 12, False),
    "BYSETPOS": ("by_set_pos", 1, 366, True),
}
# Part -> the frequencies it cannot be used with (the "N/A" cells of the table in RFC 5545), and one to use instead.
_NOT_ALLOWED = {
    "BYWEEKNO": (set(Frequency) - {Frequency.YEARLY}, "FREQ=YEARLY"),
    "BYYEARDAY": ({Frequency.MONTHLY, Frequency.WEEKLY, Frequency.DAILY}, "FREQ=YEARLY"),
    "BYMONTHDAY": ({Frequency.WEEKLY}, "FREQ=MONTHLY"),
}
_DAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?"
_MOST = 10**12
# Part -> (its values, what another value is not, hint).
_CHOICES: dict[str, tuple[Mapping[str, Any], str, str]] = {
    "FREQ": (dict(Frequency.__members__), "a frequency", "DAILY, WEEKLY, MONTHLY or YEARLY"),
    "WKST": ({code: number for number, code in enumerate(DAY_CODES)}, "a weekday", "MO or SU"),
    "RSCALE": ({"GREGORIAN": None}, "supported", "RSCALE=GREGORIAN"),
    "SKIP": (dict(Skip.__members__), "a valid value", "OMIT, BACKWARD or FORWARD"),
}


def parse_parts(text: str) -> dict[str, Any]:
    """Return the fields of an RRULE value; raises RuleError with position and hint if it is invalid."""
    if not text.isascii():
        at = next(index for index, char in enumerate(text) if not char.isascii())
        raise RuleError(f'"{text[at]}" is not allowed in a rule', position=at, hint="letters, digits and = ; , + -")
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
            raise RuleError(f"{upper} occurs twice", position=at, hint="write each part once")
        if upper not in _READERS:
            raise RuleError(f'"{name}" is not a part of a recurrence rule', position=at, hint=_nearest(upper))
        seen[upper] = at
        field, read = _READERS[upper]
        blanks = len(value) - len(value.lstrip())
        fields[field] = read(upper, value.strip().upper(), at + len(name) + 1 + blanks)
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
    for name, (frequencies, alternative) in _NOT_ALLOWED.items():
        if name in seen and rule.freq in frequencies:
            raise RuleError(f"{name} cannot be used with FREQ={rule.freq.name}", position=seen[name], hint=alternative)
    if "BYDAY" in seen and any(day.ordinal for day in rule.by_day):
        if rule.freq not in (Frequency.YEARLY, Frequency.MONTHLY):
            raise RuleError(
                f"a number before a weekday cannot be used with FREQ={rule.freq.name}",
                position=seen["BYDAY"],
                hint="FREQ=MONTHLY counts weekdays of the month",
            )
        if rule.by_week_no:
            raise RuleError("a number before a weekday cannot be used with BYWEEKNO", position=seen["BYDAY"], hint="drop one")
    if rule.by_set_pos and not any(name in seen for name in _LISTS if name != "BYSETPOS"):
        raise RuleError("BYSETPOS needs another BY part to choose from", position=seen["BYSETPOS"], hint="BYDAY=MO,TU,WE,TH,FR")


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    found = get_close_matches(name, _READERS, n=1)
    return f"did you mean {found[0]}?" if found else "FREQ, INTERVAL, COUNT, UNTIL, WKST or BY..."


def _choice(name: str, value: str, at: int) -> Any:
    values, kind, hint = _CHOICES[name]
    if value not in values:
        raise RuleError(f'{name}="{value}" is not {kind}', position=at, hint=hint)
    return values[value]


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
    raise RuleError(f"{name}={value} is not a date", position=at, hint="UNTIL=20251231 or UNTIL=20251231T180000")


def _numbers(name: str, value: str, at: int) -> tuple[int, ...]:
    _, lowest, highest, signed = _LISTS[name]
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
            raise RuleError(f'{name}: "{item}" is not a weekday', position=at, hint="MO, TU, WE, TH, FR, SA or SU, or 2TU, -1FR")
        found.add(WeekdayNum(DAY_CODES.index(match[2]), ordinal))
        at += len(item) + 1
    return tuple(sorted(found, key=lambda day: (day.ordinal, day.weekday)))


def _format_until(until: date | datetime) -> str:
    text = until.isoformat().replace("-", "").replace(":", "")[:15]
    return f"{text}Z" if isinstance(until, datetime) and until.tzinfo is not None else text


_READERS: dict[str, tuple[str, Callable[[str, str, int], Any]]] = {
    "FREQ": ("freq", _choice),
    "UNTIL": ("until", _until),
    "COUNT": ("count", _positive),
    "INTERVAL": ("interval", _positive),
    "WKST": ("week_start", _choice),
    "RSCALE": ("", _choice),
    "SKIP": ("skip", _choice),
    **{name: (field, _days if name == "BYDAY" else _numbers) for name, (field, *_) in _LISTS.items()},
}
