"""Times, lengths and rules in English words, the same in every text, mail and page."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import WEEKDAYS
from svsm_cal.engine.rrule import Frequency, RecurrenceRule

if TYPE_CHECKING:
    from svsm_cal.core.model import Calendar, Details
    from svsm_cal.core.shifts import ShiftWindow

__all__ = [
    "MONTHS",
    "amount",
    "chairs_in_words",
    "change_in_words",
    "clock",
    "day",
    "day_and_year",
    "duration_in_words",
    "ordinal",
    "remaining_in_words",
    "rule_days",
    "rule_in_words",
    "utc_offset",
    "window_change",
    "window_in_words",
    "window_start",
]

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_UNITS = {Frequency.YEARLY: "year", Frequency.MONTHLY: "month", Frequency.WEEKLY: "week", Frequency.DAILY: "day"}


def clock(moment: datetime | time) -> str:
    """Return the time of day, with seconds only where there are some: 18:00."""
    return f"{moment.hour:02}:{moment.minute:02}" + (f":{moment.second:02}" if moment.second else "")


def day(value: date) -> str:
    """Return weekday and date without the year: Wed 5 March."""
    return f"{WEEKDAYS[value.weekday()][:3]} {value.day} {MONTHS[value.month - 1]}"


def day_and_year(value: date) -> str:
    """Return weekday and date: Wed 5 March 2025."""
    return f"{day(value)} {value.year}"


def utc_offset(offset: timedelta) -> str:
    """Return an offset as ISO 8601 has it: +05:30."""
    minutes, seconds = divmod(abs(int(offset.total_seconds())), 60)
    sign = "-" if offset < timedelta() else "+"
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")


def amount(number: int, noun: str) -> str:
    """Return a counted noun: 1 call, 2 calls."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def ordinal(number: int) -> str:
    """Return 1st, 2nd, last, 2nd to last."""
    if number < 0:
        return "last" if number == -1 else f"{ordinal(-number)} to last"
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def _listed(items: list[str]) -> str:
    return items[0] if len(items) < 2 else f"{', '.join(items[:-1])} and {items[-1]}"


def chairs_in_words(calendar: Calendar, details: Details) -> str:
    """Return who chairs: a name, or several and that they do so in turn; "" if nobody is said to."""
    names = list(dict.fromkeys(calendar.person(each) or "" for each in details.chairs))
    return f"{_listed(names)} in turn" if names else calendar.person(details.chair) or ""


def duration_in_words(length: timedelta) -> str:
    """Return a length as people say it: an hour, 1 hour 30 minutes, 2 weeks."""
    seconds = int(length.total_seconds())
    if seconds and seconds % 604800 == 0:
        return amount(seconds // 604800, "week")
    parts = [(seconds // 86400, "day"), (seconds // 3600 % 24, "hour"), (seconds // 60 % 60, "minute")]
    return " ".join(amount(number, noun) for number, noun in parts if number) or amount(seconds, "second")


def change_in_words(minutes: int) -> str:
    """Return what a change means: an hour later, 30 minutes earlier; "" for none."""
    if not minutes:
        return ""
    size = abs(minutes)
    length = "an hour" if size == 60 else duration_in_words(timedelta(minutes=size))
    return f"{length} {'later' if minutes > 0 else 'earlier'}"


def remaining_in_words(left: timedelta) -> str:
    """Return the two largest units of a time to go, or gone: in 6 days 19 hours, 3 days ago."""
    seconds = int(abs(left).total_seconds())
    weeks, days = divmod(seconds // 86400, 7)
    parts = [(weeks, "week"), (days, "day"), (seconds // 3600 % 24, "hour"), (seconds // 60 % 60, "minute")]
    first = next((number for number, (count, _) in enumerate(parts) if count), len(parts) - 1)
    words = " ".join(amount(count, noun) for count, noun in parts[first : first + 2] if count) or "0 minutes"
    return f"{words} ago" if left < timedelta() else f"in {words}"


def rule_days(rule: RecurrenceRule) -> str:
    """Return the days a rule falls on, after "the call is": on Wednesdays, every 3 weeks."""
    plain = not (rule.by_month or rule.by_month_day or rule.by_week_no or rule.by_year_day or rule.by_set_pos)
    if rule.freq is Frequency.WEEKLY and rule.interval == 1 and rule.by_day and plain:
        return f"on {_listed([f'{WEEKDAYS[each.weekday]}s' for each in rule.by_day])}"
    return rule_in_words(rule)


def rule_in_words(rule: RecurrenceRule) -> str:
    """Return a rule as people say it, or its text where nobody would: every other Wednesday."""
    unsaid = rule.by_set_pos or rule.by_week_no or rule.by_year_day or rule.by_second
    if unsaid or rule.freq not in _UNITS:
        return f"by the rule {rule}"
    words = _days_in_words(rule)
    if rule.by_month:
        words += f" in {_listed([MONTHS[month - 1] for month in rule.by_month])}"
    if rule.by_hour and not rule.by_minute:
        words += f" at {_listed([f'{hour:02}:00' for hour in rule.by_hour])}"
    if rule.count is not None:
        words += f", {rule.count} times"
    if rule.until is not None:
        words += f" until {rule.until.isoformat()[:10]}"
    return words


def _days_in_words(rule: RecurrenceRule) -> str:
    unit = _UNITS[rule.freq]
    every = {1: f"every {unit}", 2: f"every other {unit}"}.get(rule.interval, f"every {rule.interval} {unit}s")
    if rule.freq in (Frequency.WEEKLY, Frequency.DAILY):
        names = _listed([WEEKDAYS[each.weekday] for each in rule.by_day]) if rule.by_day else ""
        if not names:
            return every
        if rule.interval == 1:
            return f"every {names}"
        return f"every other {names}" if rule.interval == 2 else f"{every} on {names}"
    if rule.by_day and not rule.by_month_day:
        names = _listed(
            [
                f"{ordinal(each.ordinal)} {WEEKDAYS[each.weekday]}" if each.ordinal else WEEKDAYS[each.weekday]
                for each in rule.by_day
            ]
        )
        return f"on the {names} of {every}" if any(each.ordinal for each in rule.by_day) else f"on {names} of {every}"
    if rule.by_month_day:
        days = _listed([f"{ordinal(each)} day" if each < 0 else ordinal(each) for each in rule.by_month_day])
        names = _listed([WEEKDAYS[each.weekday] for each in rule.by_day]) + " the " if rule.by_day else "the "
        return f"on {names}{days} of {every}"
    return every


def window_start(window: ShiftWindow) -> str:
    """Return a window's local start, and which day that is when it is not the anchor's: 01:00 the next day."""
    days = window.day_offset
    if not days:
        return clock(window.local_time)
    return f"{clock(window.local_time)} the {'next' if days > 0 else 'previous'} day"


def window_change(window: ShiftWindow) -> str:
    """Return what a window changes, and that it passes if it does: an hour later, for this call only."""
    change = change_in_words(window.change_minutes or 0)
    if not change or window.kind == "season":
        return change
    return f"{change}, for {'this call' if window.calls == 1 else 'these calls'} only"


def window_in_words(window: ShiftWindow) -> str:
    """Return when a window is: Wed 12 March to Wed 26 March 2025 (2 calls)."""
    if window.last is None:
        return f"from {day_and_year(window.first)} on"
    calls = f" ({amount(window.calls or 0, 'call')})"
    if window.first == window.last:
        return f"{day_and_year(window.first)}{calls}"
    begin = day(window.first) if window.first.year == window.last.year else day_and_year(window.first)
    return f"{begin} to {day_and_year(window.last)}{calls}"
