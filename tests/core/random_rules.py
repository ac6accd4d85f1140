"""Random rules of RFC 5545: every FREQ with the parts its table allows, and a DTSTART that mostly matches.

`cases(seed, number)` always gives the same ones, and a smaller number their beginning.
"""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DAY_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")
# Yearly and monthly rules have the most to say; of ten rules, so many:
SHARES = (4, 3, 2, 2, 1, 1, 1)
PERIOD = {
    "YEARLY": timedelta(days=365),
    "MONTHLY": timedelta(days=30),
    "WEEKLY": timedelta(days=7),
    "DAILY": timedelta(days=1),
    "HOURLY": timedelta(hours=1),
    "MINUTELY": timedelta(minutes=1),
    "SECONDLY": timedelta(seconds=1),
}
INTERVALS = (1, 1, 1, 1, 2, 2, 3, 4, 5, 7, 18)


class Case(NamedTuple):
    """A rule's text and the DTSTART it is expanded from."""

    text: str
    dtstart: datetime


def cases(seed: int, number: int) -> Iterator[Case]:
    """Yield `number` rules, none twice."""
    random = Random(seed)
    seen = set()
    while len(seen) < number:
        case = _case(random)
        if case not in seen:
            seen.add(case)
            yield case


def fields(text: str) -> dict[str, str]:
    """Return a rule's parts by name."""
    return dict(part.split("=") for part in text.split(";"))


def _case(random: Random) -> Case:
    freq = random.choices(FREQUENCIES, SHARES)[0]
    short = FREQUENCIES.index(freq) > FREQUENCIES.index("DAILY")
    dtstart = _dtstart(random)
    parts = {"FREQ": freq}
    if (interval := random.choice(INTERVALS)) > 1:
        parts["INTERVAL"] = str(interval)
    makers = _makers(random, freq, dtstart)
    chosen = [name for name in makers if random.random() < _chance(name, freq)]
    if "BYWEEKNO" in chosen:  # weeks mostly go with weekdays, and hardly ever meet days of the month or the year
        chosen = [name for name in chosen if name not in {"BYMONTHDAY", "BYYEARDAY", "BYDAY"} or random.random() < 0.3]
        chosen += ["BYDAY"] if "BYDAY" not in chosen and random.random() < 0.8 else []
    numbered = freq in {"YEARLY", "MONTHLY"} and "BYWEEKNO" not in chosen and random.random() < 0.5
    for name in chosen:
        # A short rule with a day far off makes others step through all the time before it.
        own = random.random() < (0.95 if short else 0.6)
        parts[name] = makers[name](own, numbered) if name == "BYDAY" else makers[name](own)
    if chosen and random.random() < 0.2:
        highest = random.choice((2, 4, 10))
        parts["BYSETPOS"] = _listed({_signed(random, highest) for _ in range(random.randint(1, 2))})
    if random.random() < 0.4:
        parts["WKST"] = random.choice(DAY_CODES)
    ends = random.random()
    if ends < 0.25:
        parts["COUNT"] = str(random.randint(1, 15))
    elif ends < 0.5:
        until = dtstart + random.randint(1, 30) * interval * PERIOD[freq] + timedelta(seconds=random.choice((-1, 0, 0, 0, 1)))
        parts["UNTIL"] = f"{until:%Y%m%dT%H%M%S}"
    names = ["FREQ", *random.sample([*parts][1:], len(parts) - 1)]  # parts come in any order
    return Case(";".join(f"{name}={parts[name]}" for name in names), dtstart)


def _dtstart(random: Random) -> datetime:
    days = random.choice(
        (
            random.randrange(365 * 90),
            # Around the turn of a year, where weeks belong to the one or the other.
            (datetime(random.randint(1971, 2060), 1, 1) - datetime(1970, 1, 2)).days + random.randint(-6, 6),
            # The ends of months, a leap day among them.
            (datetime(random.randint(1972, 2060), random.randint(2, 12), 1) - datetime(1970, 1, 3)).days,
        )
    )
    clock = random.choice((0, 9 * 3600, 18 * 3600 + 1800, random.randrange(86400)))
    return datetime(1970, 1, 2) + timedelta(days=days, seconds=clock)


def _chance(name: str, freq: str) -> float:
    if name == "BYDAY":
        return 0.8 if freq == "WEEKLY" else 0.45
    if name in {"BYHOUR", "BYMINUTE", "BYSECOND"}:
        return 0.3 if FREQUENCIES.index(freq) > 3 else 0.15
    return {"BYMONTH": 0.3, "BYWEEKNO": 0.25, "BYYEARDAY": 0.2, "BYMONTHDAY": 0.35}[name]


def _makers(random: Random, freq: str, dtstart: datetime) -> dict[str, Callable[..., str]]:
    """Return what makes the list of each part that may stand with `freq`; `own` puts DTSTART's value in."""
    length = calendar.monthrange(dtstart.year, dtstart.month)[1]
    days_left = (datetime(dtstart.year + 1, 1, 1) - dtstart).days + 1

    def some(low: int, high: int, most: int, *owns: int, signed: bool = False) -> Callable[[bool], str]:
        def make(own: bool) -> str:
            values = {random.randint(low, high) * (random.choice((1, 1, -1)) if signed else 1) for _ in range(most_of(most))}
            return _listed(values | ({random.choice(owns)} if own else set()))

        return make

    def most_of(most: int) -> int:
        return random.choice((1, 1, 2, 3, most))

    def weekdays(own: bool, numbered: bool) -> str:
        highest = random.choice((2, 5, 53)) if freq == "YEARLY" else 5
        found = {random.choice(DAY_CODES) for _ in range(random.choice((1, 1, 2, 3, 5)))}
        found |= {DAY_CODES[dtstart.weekday()]} if own else set()
        if numbered:
            plain = 0.1  # 1MO,TU: with and without a number in one list
            found = {day if random.random() < plain else f"{_signed(random, highest)}{day}" for day in sorted(found)}
        return ",".join(sorted(found))

    makers = {
        "BYMONTH": some(1, 12, 6, dtstart.month),
        "BYWEEKNO": some(1, 53, 5, *dtstart.isocalendar()[1:2], 1, 52, 53, -1, -52, -53, signed=True),
        "BYYEARDAY": some(1, 366, 9, dtstart.timetuple().tm_yday, -days_left, signed=True),
        "BYMONTHDAY": some(1, 31, 9, dtstart.day, dtstart.day - length - 1, signed=True),
        "BYDAY": weekdays,
        "BYHOUR": some(0, 23, 6, dtstart.hour),
        "BYMINUTE": some(0, 59, 6, dtstart.minute),
        "BYSECOND": some(0, 59, 6, dtstart.second, *(60,) * (random.random() < 0.1)),
    }
    if freq != "YEARLY":
        del makers["BYWEEKNO"]
    if freq in {"MONTHLY", "WEEKLY", "DAILY"}:
        del makers["BYYEARDAY"]
    if freq == "WEEKLY":
        del makers["BYMONTHDAY"]
    return makers


def _signed(random: Random, highest: int) -> int:
    return random.randint(1, highest) * random.choice((1, 1, -1))


def _listed(values: set[int]) -> str:
    return ",".join(str(value) for value in sorted(values))
