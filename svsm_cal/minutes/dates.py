"""Dates as people say them in a sentence, resolved from the day on which they said it.

January 22nd, 2025 · 7 June · 2025-03-11 · next week · in two weeks · Thursday · the first two weeks of July · the end of
February. English only. Numbers such as 3/11, which mean two days to two readers, are nobody's date here.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import FIRST_YEAR, LAST_YEAR, WEEKDAYS
from svsm_cal.minutes.date_phrases import PATTERNS, TRIGGER
from svsm_cal.value import Value
from svsm_cal.words.en import MONTHS

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Mention", "date_in", "mentions_of"]

_NUMBERS = {"one": 1, "a": 1, "two": 2, "couple of": 2, "couple": 2, "three": 3, "four": 4, "five": 5, "six": 6, "few": 3}
_PAST = 60  # a day named without its year is over for so many days at most
_NEXT_MENTION = 12  # so many characters may stand between the words of one mention: "week of | March 10th"


class Mention(Value):
    """A date or days named in a sentence: where, the days meant, and how they are named.

    `exact` says that it names days by number, `sure` that nobody could take it for others. `calls` counts calls instead
    of days ("the next two meetings"), and then the days mean nothing.
    """

    begin: int
    end: int
    spans: tuple[tuple[date, date], ...]
    exact: bool = False
    sure: bool = True
    calls: int = 0

    @property
    def first(self) -> date:
        """Return the first day meant."""
        return self.spans[0][0]

    @property
    def last(self) -> date:
        """Return the last day meant."""
        return self.spans[-1][1]

    @property
    def single(self) -> bool:
        """Whether it is one day."""
        return bool(self.spans) and self.first == self.last


def mentions_of(text: str, said: date) -> list[Mention]:
    """Return the dates that a sentence said on a day names, in the order it names them; none overlap."""
    if not TRIGGER.search(text):
        return []
    found: list[Mention] = []
    for kind, pattern in PATTERNS.items():
        for match in pattern.finditer(text):
            if any(each.begin < match.end() and match.start() < each.end for each in found):
                continue
            try:
                found.append(_READERS[kind](match, said))
            except (ValueError, OverflowError):
                continue  # February 30th
    return _joined(sorted(found, key=lambda each: each.begin), text)


def date_in(text: str) -> tuple[date | None, bool]:
    """Return the first whole date in a title or a file's name, and whether it names a year; a year-less one is of year 4."""
    for kind in ("iso", "dotted", "month_day", "day_month"):
        for match in PATTERNS[kind].finditer(text):
            year = int(match["y"]) if match["y"] else 4
            try:
                month = int(match["m"]) if kind in {"iso", "dotted"} else _month(match)
                found = date(year, month, int(re.sub(r"\D", "", match["d"])))
            except ValueError:
                continue
            if match["y"] is None or FIRST_YEAR <= year <= LAST_YEAR:
                return found, match["y"] is not None
    compact = re.search(r"(?<!\d)((?:19|20|21)\d\d)[-_.]?(\d\d)[-_.]?(\d\d)(?!\d)", text)
    if compact:
        try:
            return date(int(compact[1]), int(compact[2]), int(compact[3])), True
        except ValueError:
            pass
    return None, False


def _joined(found: list[Mention], text: str) -> list[Mention]:
    """Return mentions with "from A to B" as one, and "the week of A" as A's week."""
    joined: list[Mention] = []
    for each in found:
        before = joined[-1] if joined else None
        between = text[before.end : each.begin].strip().casefold() if before is not None else ""
        if before is not None and not (before.spans or before.calls) and each.spans:
            whole = (
                _week_of(each.first)
                if text[before.begin : before.end].casefold().endswith("of")
                else _week_of(each.first + _WEEK)
            )
            near = each.begin - before.end <= _NEXT_MENTION
            joined[-1:] = [Mention(before.begin, each.end, (whole,), each.exact, each.sure)] if near else [each]
        elif before is not None and between in _TO and not (before.calls or each.calls) and before.first <= each.last:
            joined[-1] = Mention(
                before.begin, each.end, ((before.first, each.last),), before.exact and each.exact, before.sure and each.sure
            )
        else:
            joined.append(each)
    return [each for each in joined if each.spans or each.calls]


_TO = {"to", "through", "until", "till", "-", "\u2013", "\u2014"}
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


def _week_of(day: date) -> tuple[date, date]:
    monday = day - _DAY * day.weekday()
    return monday, monday + 6 * _DAY


def _month(match: re.Match[str]) -> int:
    """Return a month's number; raises ValueError for "may" and "march", which are none when they are written so."""
    if match["month"][:3] in {"may", "mar"}:
        raise ValueError("no month")
    return [name[:3].casefold() for name in MONTHS].index(match["month"][:3].casefold()) + 1


def _number(text: str | None) -> int:
    plain = (text or "one").strip().casefold()
    if plain.isdigit():
        return int(plain)
    return _NUMBERS.get(plain) or _NUMBERS.get(plain.removeprefix("a ").strip()) or 1


def _near(said: date, month: int, day: int, year: str | None) -> date:
    """Return a day of a year, or the next such day, if not one of the last two months; raises ValueError if there is none."""
    if year:
        return date(int(year), month, day)
    candidates = []
    for each in (said.year - 1, said.year, said.year + 1):
        try:
            candidates.append(date(each, month, day))
        except ValueError:
            continue
    if not candidates:
        raise ValueError("no such day")
    return next((each for each in candidates if (each - said).days >= -_PAST), candidates[-1])


def _plain(match: re.Match[str], spans: tuple[tuple[date, date], ...], *, exact: bool = False, sure: bool = True) -> Mention:
    return Mention(match.start(), match.end(), spans, exact, sure)


def _iso(match: re.Match[str], said: date) -> Mention:
    del said
    day = date(int(match["y"]), int(match["m"]), int(match["d"]))
    return _plain(match, ((day, day),), exact=True)


def _day_and_month(match: re.Match[str], said: date) -> Mention:
    month = _month(match)
    first = _near(said, month, _nth(match["d"]), match["y"])
    day = match["wd"]
    sure = day is None or WEEKDAYS[first.weekday()].casefold() == day.casefold()
    if match["second"] is None:
        return _plain(match, ((first, first),), exact=True, sure=sure)
    second = first.replace(day=_nth(match["second"]))
    if match["join"].casefold() in {"and", "&", "or"}:
        return _plain(match, ((first, first), (second, second)), exact=True, sure=sure and first < second)
    if second < first:
        raise ValueError("it ends before it begins")
    return _plain(match, ((first, second),), exact=True, sure=sure)


def _nth(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def _of_month(match: re.Match[str], said: date) -> Mention:
    """Return a part of a month: the first two weeks of July are its first fourteen days."""
    first = _near(said, _month(match), 1, match["y"])
    if not match["y"] and (said - first).days > 45:
        first = first.replace(year=first.year + 1)
    days = monthrange(first.year, first.month)[1]
    edges = {"end": (days, days), "late": (21, days), "beginning": (1, 10), "start": (1, 10), "early": (1, 10)}
    if match["edge"]:
        begin, end = edges.get(match["edge"].casefold(), (11, 20))
        return _plain(match, ((first.replace(day=begin), first.replace(day=end)),), sure=False)
    part, unit = match["part"].casefold(), match["unit"].casefold()
    size = _number(match["count"]) * (7 if "week" in unit else 1) if unit != "half" else 15
    start = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2}.get(part, 0) * size
    if part == "last":
        start = days - size
    begin, end = max(1, start + 1), min(days, start + size if unit != "half" or start == 0 else days)
    return _plain(match, ((first.replace(day=begin), first.replace(day=end)),))


def _opens(match: re.Match[str], said: date) -> Mention:
    del said
    return Mention(match.start(), match.end(), ())


def _ago(match: re.Match[str], said: date) -> Mention:
    days = _number(match["n"]) * (7 if "week" in match["unit"] else 1)
    day = said - _DAY * days
    return _plain(match, (_week_of(day) if days % 7 == 0 else (day, day),))


def _in(match: re.Match[str], said: date) -> Mention:
    number, unit = _number(match["n"]), match["unit"]
    day = said + _DAY * number * (7 if "week" in unit else 1)
    return _plain(match, (_week_of(day) if "week" in unit else (day, day),))


def _weeks(match: re.Match[str], said: date) -> Mention:
    number, unit = _number(match["n"]), match["unit"].casefold()
    if unit.startswith(("meeting", "call")):
        return Mention(match.start(), match.end(), (), calls=number)
    monday = _week_of(said)[1] + _DAY
    span = (monday, monday + _WEEK * number - _DAY) if "week" in unit else (said + _DAY, said + _DAY * number)
    return _plain(match, (span,))


def _calls(match: re.Match[str], said: date) -> Mention:
    del said
    return Mention(match.start(), match.end(), (), calls=1)


def _week(match: re.Match[str], said: date) -> Mention:
    shift = {"this": 0, "coming": 1, "last": -1, "past": -1}.get(match["which"].casefold(), 1)
    if match["end"]:  # a weekend belongs to the week before it
        saturday = _week_of(said)[1] - _DAY + _WEEK * min(shift, 0)
        return _plain(match, ((saturday, saturday + _DAY),), sure=False)
    return _plain(match, (_week_of(said + _WEEK * shift),))


def _after_next(match: re.Match[str], said: date) -> Mention:
    sure = "next" in match[0].casefold() or "fortnight" in match[0].casefold()
    return _plain(match, (_week_of(said + 2 * _WEEK),), sure=sure)


def _whole_month(match: re.Match[str], said: date) -> Mention:
    if match["rest"]:
        end = date(said.year, 12, 31)
        begin = said + _DAY if match["rest"].casefold().startswith("rest") else end
        return _plain(match, ((min(begin, end), end),), sure=begin != end)
    first = said.replace(day=1)
    if match["which"].casefold() == "next":
        first = (first + timedelta(days=32)).replace(day=1)
    return _plain(match, ((first, first.replace(day=monthrange(first.year, first.month)[1])),), sure=False)


def _weekday(match: re.Match[str], said: date) -> Mention:
    """Return the next such day; "next Friday" said on a Wednesday is this week's to some and next week's to others."""
    number = [name.casefold() for name in WEEKDAYS].index(match["wd"].casefold())
    which = (match["which"] or "").casefold()
    if which == "last":
        day = said - _DAY * ((said.weekday() - number) % 7 or 7)
        return _plain(match, ((day, day),))
    day = said + _DAY * ((number - said.weekday()) % 7 or 7)
    this_week = day <= _week_of(said)[1]
    if match["next"] and this_week:
        day += _WEEK
    return _plain(match, ((day, day),), sure=not (which == "next" and this_week))


def _today(match: re.Match[str], said: date) -> Mention:
    day = said + _DAY * (match["which"].casefold() == "tomorrow")
    return _plain(match, ((day, day),))


def _in_month(match: re.Match[str], said: date) -> Mention:
    first = _near(said, _month(match), 1, match["y"])
    if not match["y"] and (said - first).days > 45:
        first = first.replace(year=first.year + 1)
    return _plain(match, ((first, first.replace(day=monthrange(first.year, first.month)[1])),), sure=False)


_READERS: dict[str, Callable[[re.Match[str], date], Mention]] = {
    "iso": _iso,
    "dotted": _iso,
    "of_month": _of_month,
    "month_day": _day_and_month,
    "day_month": _day_and_month,
    "week_of": _opens,
    "ago": _ago,
    "in": _in,
    "from_now": _in,
    "weeks": _weeks,
    "calls": _calls,
    "week": _week,
    "after_next": _after_next,
    "month": _whole_month,
    "weekday": _weekday,
    "day": _today,
    "in_month": _in_month,
}
