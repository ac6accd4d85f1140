"""Dates in English sentences, resolved relative to the day of the sentence.

January 22nd, 2025 · 7 June · 2025-03-11 · next week · in two weeks · Thursday · the first two weeks of July · the end of
February. Ambiguous numbers such as 3/11 are not taken as dates.
"""

from __future__ import annotations

import re
from calendar import monthrange
from contextlib import suppress
from datetime import date, timedelta
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import FIRST_YEAR, LAST_YEAR, WEEKDAYS
from svsm_cal.minutes.date_phrases import PATTERNS, TRIGGER
from svsm_cal.value import Value, replace
from svsm_cal.words.en import MONTHS

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBERS = {"one": 1, "a": 1, "two": 2, "couple of": 2, "couple": 2, "three": 3, "four": 4, "five": 5, "six": 6, "few": 3}
_PAST = 60  # a date without a year is at most so many days in the past
_NEXT_MENTION = 12  # the longest gap between the words of one mention: "week of | March 10th"


class Mention(Value):
    """A date or period in a sentence: its place in the text, and its spans of days, both ends included.

    `exact` means that it names days by number, `sure` that it is unambiguous. `calls` counts calls instead of days ("the
    next two meetings"); then `spans` is empty.
    """

    begin: int
    end: int
    spans: tuple[tuple[date, date], ...]
    exact: bool = False
    sure: bool = True
    calls: int = 0

    @property
    def first(self) -> date:
        """Return the first day."""
        return self.spans[0][0]

    @property
    def last(self) -> date:
        """Return the last day."""
        return self.spans[-1][1]

    @property
    def single(self) -> bool:
        """Whether it is one day."""
        return bool(self.spans) and self.first == self.last


def mentions_of(text: str, today: date) -> list[Mention]:
    """Return the dates in a sentence that was written `today`, in text order and without overlaps."""
    if not TRIGGER.search(text):
        return []
    mentions: list[Mention] = []
    for kind, pattern in PATTERNS.items():
        for match in pattern.finditer(text):
            if any(mention.begin < match.end() and match.start() < mention.end for mention in mentions):
                continue
            with suppress(ValueError, OverflowError):  # February 30th
                mentions.append(_READERS[kind](match, today))
    return _joined(sorted(mentions, key=lambda mention: mention.begin), text)


def date_in(text: str) -> tuple[date | None, bool]:
    """Return the first complete date in a title or file name, and whether it has a year; without, the year is 4."""
    for kind in ("iso", "dotted", "month_day", "day_month"):
        for match in PATTERNS[kind].finditer(text):
            year = int(match["y"]) if match["y"] else 4
            try:
                month = int(match["m"]) if kind in {"iso", "dotted"} else _month(match)
                day = date(year, month, _nth(match["d"]))
            except ValueError:
                continue
            if match["y"] is None or FIRST_YEAR <= year <= LAST_YEAR:
                return day, match["y"] is not None
    compact = re.search(r"(?<!\d)((?:19|20|21)\d\d)[-_.]?(\d\d)[-_.]?(\d\d)(?!\d)", text)
    if compact:
        with suppress(ValueError):
            return date(int(compact[1]), int(compact[2]), int(compact[3])), True
    return None, False


def _joined(mentions: list[Mention], text: str) -> list[Mention]:
    """Join "from A to B" into one mention, and "the week of A" into the week of A."""
    joined: list[Mention] = []
    for mention in mentions:
        before = joined[-1] if joined else None
        if before is None:
            joined.append(mention)
            continue
        between = text[before.end : mention.begin]
        if not (before.spans or before.calls) and mention.spans:
            of_day = mention.first if text[: before.end].casefold().endswith("of") else mention.first + _WEEK
            whole = replace(mention, begin=before.begin, spans=(_week_of(of_day),))
            joined[-1] = whole if len(between) <= _NEXT_MENTION else mention
        elif between.strip().casefold() in _TO and before.spans and mention.spans and before.first <= mention.last:
            exact, sure = before.exact and mention.exact, before.sure and mention.sure
            joined[-1] = Mention(before.begin, mention.end, ((before.first, mention.last),), exact, sure)
        else:
            joined.append(mention)
    return [mention for mention in joined if mention.spans or mention.calls]


_TO = {"to", "through", "until", "till", "-", "\u2013", "\u2014"}
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


def _week_of(day: date) -> tuple[date, date]:
    monday = day - _DAY * day.weekday()
    return monday, monday + 6 * _DAY


def _month(match: re.Match[str]) -> int:
    """Return the number of a month; raises ValueError for "may" and "march" in lower case, which are verbs."""
    if match["month"][:3] in {"may", "mar"}:
        raise ValueError("not a month")
    return [name[:3].casefold() for name in MONTHS].index(match["month"][:3].casefold()) + 1


def _number(text: str | None) -> int:
    plain = (text or "one").strip().casefold()
    if plain.isdigit():
        return int(plain)
    return _NUMBERS.get(plain) or _NUMBERS.get(plain.removeprefix("a ").strip()) or 1


def _nth(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def _near(today: date, month: int, day: int, year: str | None) -> date:
    """Return a date; without a year the first that is at most two months past. Raises ValueError if it does not exist."""
    if year:
        return date(int(year), month, day)
    candidates = []
    for near_year in (today.year - 1, today.year, today.year + 1):
        with suppress(ValueError):  # February 29th
            candidates.append(date(near_year, month, day))
    if not candidates:
        raise ValueError("no such day")
    return next((candidate for candidate in candidates if (candidate - today).days >= -_PAST), candidates[-1])


def _first_of_month(match: re.Match[str], today: date) -> date:
    """Return the first day of a month, which without a year is at most 45 days past."""
    first = _near(today, _month(match), 1, match["y"])
    return first.replace(year=first.year + 1) if not match["y"] and (today - first).days > 45 else first


def _last_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _mention(match: re.Match[str], *spans: tuple[date, date], exact: bool = False, sure: bool = True, calls: int = 0) -> Mention:
    return Mention(match.start(), match.end(), spans, exact, sure, calls)


def _iso(match: re.Match[str], _: date) -> Mention:
    day = date(int(match["y"]), int(match["m"]), int(match["d"]))
    return _mention(match, (day, day), exact=True)


def _day_and_month(match: re.Match[str], today: date) -> Mention:
    month = _month(match)
    first = _near(today, month, _nth(match["d"]), match["y"])
    day = match["wd"]
    sure = day is None or WEEKDAYS[first.weekday()].casefold() == day.casefold()
    if match["second"] is None:
        return _mention(match, (first, first), exact=True, sure=sure)
    second = first.replace(day=_nth(match["second"]))
    if match["join"].casefold() in {"and", "&", "or"}:
        return _mention(match, (first, first), (second, second), exact=True, sure=sure and first < second)
    if second < first:
        raise ValueError("ends before it begins")
    return _mention(match, (first, second), exact=True, sure=sure)


def _of_month(match: re.Match[str], today: date) -> Mention:
    """Resolve a part of a month: the first two weeks of July are its first fourteen days."""
    first = _first_of_month(match, today)
    days = _last_of_month(first).day
    edges = {"end": (days, days), "late": (21, days), "beginning": (1, 10), "start": (1, 10), "early": (1, 10)}
    if match["edge"]:
        begin, end = edges.get(match["edge"].casefold(), (11, 20))
        return _mention(match, (first.replace(day=begin), first.replace(day=end)), sure=False)
    part, unit = match["part"].casefold(), match["unit"].casefold()
    size = _number(match["count"]) * (7 if "week" in unit else 1) if unit != "half" else 15
    start = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2}.get(part, 0) * size
    if part == "last":
        start = days - size
    begin, end = max(1, start + 1), min(days, start + size if unit != "half" or start == 0 else days)
    return _mention(match, (first.replace(day=begin), first.replace(day=end)))


def _ago(match: re.Match[str], today: date) -> Mention:
    days = _number(match["n"]) * (7 if "week" in match["unit"] else 1)
    day = today - _DAY * days
    return _mention(match, _week_of(day) if days % 7 == 0 else (day, day))


def _in(match: re.Match[str], today: date) -> Mention:
    number, unit = _number(match["n"]), match["unit"]
    day = today + _DAY * number * (7 if "week" in unit else 1)
    return _mention(match, _week_of(day) if "week" in unit else (day, day))


def _weeks(match: re.Match[str], today: date) -> Mention:
    number, unit = _number(match["n"]), match["unit"].casefold()
    if unit.startswith(("meeting", "call")):
        return _mention(match, calls=number)
    monday = _week_of(today)[1] + _DAY
    return _mention(match, (monday, monday + _WEEK * number - _DAY) if "week" in unit else (today + _DAY, today + _DAY * number))


def _week(match: re.Match[str], today: date) -> Mention:
    shift = {"this": 0, "coming": 1, "last": -1, "past": -1}.get(match["which"].casefold(), 1)
    if match["end"]:  # a weekend belongs to the week before it
        saturday = _week_of(today)[1] - _DAY + _WEEK * min(shift, 0)
        return _mention(match, (saturday, saturday + _DAY), sure=False)
    return _mention(match, _week_of(today + _WEEK * shift))


def _after_next(match: re.Match[str], today: date) -> Mention:
    sure = "next" in match[0].casefold() or "fortnight" in match[0].casefold()
    return _mention(match, _week_of(today + 2 * _WEEK), sure=sure)


def _whole_month(match: re.Match[str], today: date) -> Mention:
    if match["rest"]:
        end = date(today.year, 12, 31)
        begin = today + _DAY if match["rest"].casefold().startswith("rest") else end
        return _mention(match, (min(begin, end), end), sure=begin != end)
    first = today.replace(day=1)
    if match["which"].casefold() == "next":
        first = _last_of_month(today) + _DAY
    return _mention(match, (first, _last_of_month(first)), sure=False)


def _weekday(match: re.Match[str], today: date) -> Mention:
    """Resolve a weekday to the next one; "next Friday" on a Wednesday is ambiguous between this week and the next."""
    number = [name.casefold() for name in WEEKDAYS].index(match["wd"].casefold())
    which = (match["which"] or "").casefold()
    if which == "last":
        day = today - _DAY * ((today.weekday() - number) % 7 or 7)
        return _mention(match, (day, day))
    day = today + _DAY * ((number - today.weekday()) % 7 or 7)
    this_week = day <= _week_of(today)[1]
    if match["next"] and this_week:
        day += _WEEK
    return _mention(match, (day, day), sure=not (which == "next" and this_week))


def _today(match: re.Match[str], today: date) -> Mention:
    day = today + _DAY * (match["which"].casefold() == "tomorrow")
    return _mention(match, (day, day))


def _in_month(match: re.Match[str], today: date) -> Mention:
    first = _first_of_month(match, today)
    return _mention(match, (first, _last_of_month(first)), sure=False)


_READERS: dict[str, Callable[[re.Match[str], date], Mention]] = {
    "iso": _iso,
    "dotted": _iso,
    "of_month": _of_month,
    "month_day": _day_and_month,
    "day_month": _day_and_month,
    "week_of": lambda match, _: _mention(match),  # joined with the date after it
    "ago": _ago,
    "in": _in,
    "from_now": _in,
    "weeks": _weeks,
    "calls": lambda match, _: _mention(match, calls=1),
    "week": _week,
    "after_next": _after_next,
    "month": _whole_month,
    "weekday": _weekday,
    "day": _today,
    "in_month": _in_month,
}
