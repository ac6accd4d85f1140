"""Recurrence rules in words: "every other Wednesday" to RecurrenceRule.

Accepts unambiguous English phrases only; the error for any other phrase shows examples.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import WEEKDAYS
from svsm_cal.engine.rrule import RecurrenceRule
from svsm_cal.engine.rule_parts import Frequency, WeekdayNum
from svsm_cal.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Callable

_HINT = (
    '"every Wednesday", "every other Tuesday", "every 3 weeks", "first and third Monday of the month"'
    ' or "every month on the 15th"'
)
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1,
    "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5,
}  # fmt: skip
_DAYS = {name.lower(): number for number, name in enumerate(WEEKDAYS)} | {
    name[:3].lower(): number for number, name in enumerate(WEEKDAYS)
}
_UNITS = {"day": Frequency.DAILY, "week": Frequency.WEEKLY, "month": Frequency.MONTHLY, "year": Frequency.YEARLY}
_ADVERBS = {
    "daily": (Frequency.DAILY, 1),
    "weekly": (Frequency.WEEKLY, 1),
    "fortnightly": (Frequency.WEEKLY, 2),
    "monthly": (Frequency.MONTHLY, 1),
    "yearly": (Frequency.YEARLY, 1),
}
_NUMBERS = {None: 1, "other": 2, "second": 2, "two": 2, "three": 3, "four": 4, "six": 6}
_WORKDAYS = tuple(WeekdayNum(day) for day in range(5))

_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
_DAY_LIST = rf"{_DAY}(?:(?: and |, ?(?:and )?){_DAY})*"
_NTH = "|".join(_ORDINALS)
_NTH_LIST = rf"(?:{_NTH})(?:(?: and |, ?(?:and )?)(?:{_NTH}))*"
_EVERY = r"every(?: (?P<interval>other|second|two|three|four|six|\d{1,3}))?"


def parse_repeat(text: str) -> RecurrenceRule:
    """Return the rule for a phrase such as "first Tuesday of the month"; raises RuleError for an unknown phrase.

    >>> str(parse_repeat("every other Wednesday"))
    'FREQ=WEEKLY;INTERVAL=2;BYDAY=WE'
    """
    phrase = " ".join(text.lower().split())
    for pattern, build in _FORMS:
        match = pattern.fullmatch(phrase)
        if match:
            return build(match)
    raise RuleError(f'"{text}" is not understood', hint=_HINT)


def _interval(match: re.Match[str]) -> int:
    word = match.groupdict().get("interval")
    number = _NUMBERS.get(word) or int(word or 1)
    if number < 1:
        raise RuleError(f'"{match[0]}" never repeats', hint=_HINT)
    return number


def _days(text: str) -> tuple[WeekdayNum, ...]:
    names = re.findall(_DAY, text)
    unknown = [name for name in names if name not in _DAYS and name.rstrip("s") not in _DAYS]
    if unknown:
        raise RuleError(f'"{unknown[0]}" is not a weekday', hint=_HINT)
    return tuple(sorted({WeekdayNum(_DAYS.get(name, _DAYS.get(name.rstrip("s"), 0))) for name in names}))


def _weekly(match: re.Match[str]) -> RecurrenceRule:
    return RecurrenceRule(Frequency.WEEKLY, interval=_interval(match), by_day=_days(match["days"]))


def _unit(match: re.Match[str]) -> RecurrenceRule:
    return RecurrenceRule(_UNITS[match["unit"]], interval=_interval(match))


def _adverb(match: re.Match[str]) -> RecurrenceRule:
    frequency, interval = _ADVERBS[match["adverb"]]
    if match["days"] is None:
        return RecurrenceRule(frequency, interval=interval)
    if frequency is not Frequency.WEEKLY:
        raise RuleError(f'"{match[0]}" does not say which {match["days"]}', hint=_HINT)
    return RecurrenceRule(frequency, interval=interval, by_day=_days(match["days"]))


def _workdays(_: re.Match[str]) -> RecurrenceRule:
    return RecurrenceRule(Frequency.WEEKLY, by_day=_WORKDAYS)


def _nth_weekdays(match: re.Match[str]) -> RecurrenceRule:
    numbers = {_ORDINALS[word] for word in re.findall(_NTH, match["numbers"])}
    days = tuple(WeekdayNum(day.weekday, number) for number in sorted(numbers) for day in _days(match["days"]))
    return RecurrenceRule(Frequency.MONTHLY, interval=_interval(match), by_day=days)


def _month_day(match: re.Match[str]) -> RecurrenceRule:
    number = -1 if match["day"] == "last" else int(re.sub(r"\D", "", match["day"]))
    if not 1 <= abs(number) <= 31:
        raise RuleError(f"no month has a day {number}", hint=_HINT)
    return RecurrenceRule(Frequency.MONTHLY, interval=_interval(match), by_month_day=(number,))


_MONTH = r"of (?:the|each|every(?: (?P<interval>other|second|\d{1,2}))?) months?"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], RecurrenceRule]], ...] = (
    (re.compile(r"every (?:weekday|working day|workday)"), _workdays),
    (re.compile(r"(?P<adverb>daily|weekly|fortnightly|monthly|yearly)(?: on (?P<days>" + _DAY_LIST + "))?"), _adverb),
    (re.compile(rf"{_EVERY} (?P<unit>day|week|month|year)s?"), _unit),
    (re.compile(rf"{_EVERY} (?:weeks? on )?(?P<days>{_DAY_LIST})"), _weekly),
    (re.compile(rf"(?:every |the )?(?P<numbers>{_NTH_LIST}) (?P<days>{_DAY_LIST}) {_MONTH}"), _nth_weekdays),
    # "every third Wednesday" can mean every three weeks: it needs "of the month".
    (re.compile(rf"(?:the )?(?P<numbers>{_NTH_LIST}) (?P<days>{_DAY_LIST})"), _nth_weekdays),
    (re.compile(rf"{_EVERY} months? on the (?P<numbers>{_NTH_LIST}) (?P<days>{_DAY_LIST})"), _nth_weekdays),
    (re.compile(rf"{_EVERY} months? on the (?P<day>\d{{1,2}}(?:st|nd|rd|th)?|last)(?: day)?"), _month_day),
    (re.compile(rf"(?:the )?(?P<day>\d{{1,2}}(?:st|nd|rd|th)|last) (?:day )?{_MONTH}"), _month_day),
)
