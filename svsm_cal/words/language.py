"""A language: its table of messages, and how it writes days, times, lengths, lists and recurrence rules."""

from __future__ import annotations

from datetime import date as Date  # noqa: N812 - `date` is a method here
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from svsm_cal.engine.rrule import RecurrenceRule
from svsm_cal.engine.rule_parts import Frequency
from svsm_cal.words import en

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import ModuleType

_SECONDS = {"week": 604800, "day": 86400, "hour": 3600, "minute": 60}
_UNITS = {Frequency.YEARLY: "year", Frequency.MONTHLY: "month", Frequency.WEEKLY: "week", Frequency.DAILY: "day"}

Message = str | dict[str, str]


def clock(moment: datetime | time) -> str:
    """Return the time of day, with its seconds if there are any: 18:00."""
    return f"{moment.hour:02}:{moment.minute:02}" + (f":{moment.second:02}" if moment.second else "")


def utc_offset(offset: timedelta) -> str:
    """Return a UTC offset in ISO 8601 format: +05:30."""
    minutes, seconds = divmod(abs(int(offset.total_seconds())), 60)
    sign = "-" if offset < timedelta() else "+"
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")


def counted(number: int, noun: str) -> str:
    """Return a counted English noun, for errors and status lines, which are always English: 1 error, 2 errors."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


class Language:
    """One language; `tag` is its BCP 47 tag, `name` its own name for itself, `locale` its OpenGraph locale."""

    def __init__(self, tag: str, table: ModuleType) -> None:
        def part(name: str) -> object:
            return getattr(table, name, None) or getattr(en, name)

        self.tag = tag
        self.name: str = getattr(table, "NAME", tag)
        self.locale: str = getattr(table, "LOCALE", tag)
        self.weekdays: tuple[str, ...] = part("WEEKDAYS")  # type: ignore[assignment]
        self.weekdays_short: tuple[str, ...] = part("WEEKDAYS_SHORT")  # type: ignore[assignment]
        self.months: tuple[str, ...] = part("MONTHS")  # type: ignore[assignment]
        self.months_short: tuple[str, ...] = part("MONTHS_SHORT")  # type: ignore[assignment]
        self.plural: Callable[[int], str] = part("plural")  # type: ignore[assignment]
        self.ordinal: Callable[[int], str] = part("ordinal")  # type: ignore[assignment]
        self.words: Mapping[str, Message] = {**en.WORDS, **getattr(table, "WORDS", {})}

    def say(self, key: str, /, **values: object) -> str:
        """Return a message with its values filled in.

        Of a message with several forms it takes the one for `number`: for exactly that number ("=0"), or for its plural
        category ("one", "other"); or the one named by `form`.
        """
        message = self.words[key]
        if not isinstance(message, str):
            number = values.get("number")
            if isinstance(number, int):
                message = message.get(f"={number}") or message.get(self.plural(number)) or message["other"]
            else:
                message = message[str(values["form"])]
        return message.format_map(values)

    # --- Days and times

    def day(self, value: Date) -> str:
        """Return weekday and date without the year: Wed 5 March."""
        return self._dated("day", value, self.weekdays_short)

    def date(self, value: Date) -> str:
        """Return weekday, date and year: Wed 5 March 2025."""
        return self._dated("date", value, self.weekdays_short)

    def long_day(self, value: Date) -> str:
        """Return the same as `day` with the weekday's full name: Wednesday 5 March."""
        return self._dated("long_day", value, self.weekdays)

    def long_date(self, value: Date) -> str:
        """Return the same as `date` with the weekday's full name: Wednesday 5 March 2025."""
        return self._dated("long_date", value, self.weekdays)

    def short_date(self, value: Date) -> str:
        """Return a date in digits: 2025-03-05."""
        return self.say("short_date", year=f"{value.year:04}", month=f"{value.month:02}", day=f"{value.day:02}")

    def _dated(self, key: str, value: Date, weekdays: Sequence[str]) -> str:
        return self.say(key, weekday=weekdays[value.weekday()], day=value.day, month=self.month(value), year=value.year)

    def month(self, value: Date) -> str:
        """Return the name of a date's month."""
        return self.months[value.month - 1]

    def moment(self, local: datetime, zone: str) -> str:
        """Return date, time and zone: Wed 5 March 2025, 18:00 Europe/Berlin."""
        return f"{self.date(local)}, {clock(local)} {zone}"

    def span(self, first: Date, last: Date) -> str:
        """Return a range of days in short: 12-26 March, 29 October."""
        if first == last:
            return self.say("day_month", day=first.day, month=self.month(first))
        if (first.year, first.month) == (last.year, last.month):
            return self.say("days_month", first=first.day, day=last.day, month=self.month(first))
        begin, end = (self.say("day_month", day=each.day, month=self.month(each)) for each in (first, last))
        return self.say("days", first=begin, last=end)

    def between(self, first: Date, last: Date) -> str:
        """Return a range of dates, the first one's year only if it differs: Wed 12 March to Wed 26 March 2025."""
        begin = self.day(first) if first.year == last.year else self.date(first)
        return self.say("from_to", first=begin, last=self.date(last))

    def time_on(self, local: datetime | time, days: int) -> str:
        """Return a time of day, with its day if that is `days` after or before the expected one: 01:00 the next day."""
        return self.say("next_day" if days > 0 else "previous_day", time=clock(local)) if days else clock(local)

    # --- Numbers and lists

    def amount(self, number: int, noun: str) -> str:
        """Return a counted noun: 1 call, 2 calls."""
        return self.say(f"count.{noun}", number=number)

    def decimal(self, value: float) -> str:
        """Return a number with one decimal: 1.5."""
        return f"{value:.1f}".replace(".", self.say("decimal_point"))

    def listed(self, items: Sequence[str]) -> str:
        """Return a list in a sentence: A, B and C."""
        return "".join(items) if len(items) < 2 else self.say("and", most=", ".join(items[:-1]), last=items[-1])

    def first_of(self, items: Sequence[str], most: int) -> str:
        """Return at most `most` items, and how many more there are: A, B and 3 more."""
        if len(items) <= most:
            return ", ".join(items)
        return self.say("and_more", items=", ".join(items[:most]), number=len(items) - most)

    def labelled(self, key: str, text: str) -> str:
        """Return a fact with its label: Join: https://meet.example.org/call."""
        return f"{self.say(f'label.{key}')}: {text}"

    def because(self, what: str, reason: str | None) -> str:
        """Return what happens, and the reason if there is one."""
        return self.say("because", what=what, reason=reason) if reason else what

    # --- Lengths of time

    def length(self, value: timedelta) -> str:
        """Return a length of time: 1 hour 30 minutes."""
        seconds = int(value.total_seconds())
        return self._parts(seconds, 4, "count") or self.amount(seconds, "second")

    def change(self, minutes: int) -> str:
        """Return a change of time: an hour later, 30 minutes earlier; "" for none."""
        if not minutes:
            return ""
        size = abs(minutes)
        length = self.say("an_hour") if size == 60 else self.length(timedelta(minutes=size))
        return self.say("later" if minutes > 0 else "earlier", length=length)

    def remaining(self, left: timedelta) -> str:
        """Return the two largest units of the time until or since something: in 6 days 19 hours, 3 days ago."""
        length = self._parts(int(abs(left).total_seconds()), 2, "in") or self.say("in.minute", number=0)
        return self.say("ago" if left < timedelta() else "in", length=length)

    def _parts(self, seconds: int, most: int, case: str) -> str:
        parts = []
        for unit, size in _SECONDS.items():
            number, seconds = divmod(seconds, size)
            parts.append((number, unit))
        first = next((at for at, (number, _) in enumerate(parts) if number), len(parts))
        return " ".join(self.say(f"{case}.{unit}", number=number) for number, unit in parts[first : first + most] if number)

    # --- Recurrence rules

    def rule(self, rule: RecurrenceRule) -> str:
        """Return a rule in words, or its own text if it is too complicated for that: every other Wednesday."""
        if rule.by_set_pos or rule.by_week_no or rule.by_year_day or rule.by_second or rule.freq not in _UNITS:
            return self.say("rule.text", rule=rule)
        text = self._days(rule)
        if rule.by_month:
            text = self.say("rule.in_months", rule=text, months=self.listed([self.months[each - 1] for each in rule.by_month]))
        if rule.by_hour and not rule.by_minute:
            text = self.say("rule.at_hours", rule=text, times=self.listed([f"{hour:02}:00" for hour in rule.by_hour]))
        if rule.count is not None:
            text = self.say("rule.times", rule=text, number=rule.count)
        if rule.until is not None:
            text = self.say("rule.until", rule=text, day=self.short_date(rule.until))
        return text

    def _days(self, rule: RecurrenceRule) -> str:
        unit, interval = _UNITS[rule.freq], rule.interval
        every = self.say(f"rule.every.{unit}", number=interval)
        weekdays = self.listed([self.weekdays[each.weekday] for each in rule.by_day])
        if rule.freq in (Frequency.WEEKLY, Frequency.DAILY):
            return self.say("rule.weekdays", number=interval, days=weekdays, every=every) if weekdays else every
        of = self.say(f"rule.of_every.{unit}", number=interval) if unit in ("month", "year") else ""
        if rule.by_month_day:
            days = self.listed([self._nth("rule.day_from_end", each, "") for each in rule.by_month_day])
            return self.say("rule.weekday_date" if weekdays else "rule.nth", weekdays=weekdays, days=days, of=of)
        if any(each.ordinal for each in rule.by_day):
            names = [self._nth("rule.nth_weekday", each.ordinal or 0, self.weekdays[each.weekday]) for each in rule.by_day]
            return self.say("rule.nth", days=self.listed(names), of=of)
        return self.say("rule.any_weekday", days=weekdays, of=of) if weekdays else every

    def _nth(self, key: str, number: int, weekday: str) -> str:
        """Return an ordinal with its weekday, counted from the end if negative; for 0 the weekday alone."""
        if not number:
            return weekday
        nth = self.ordinal(number) if number > 0 else self.say("from_end", number=-number, nth=self.ordinal(-number))
        return nth if number > 0 and not weekday else self.say(key, nth=nth, weekday=weekday)
