"""A series' calls around the day of some minutes, by the dates the rule gives them: what relative dates are resolved with."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from svsm_cal.core.model import Series, Status
from svsm_cal.core.occurrences import occurrences_between_days
from svsm_cal.engine.civil import WEEKDAYS
from svsm_cal.value import Value
from svsm_cal.words.en import MONTHS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svsm_cal.core.model import Calendar, Occurrence
    from svsm_cal.minutes.dates import Mention

__all__ = ["Calls", "series_by_title", "title_words"]

_BEFORE, _AFTER = timedelta(days=35), timedelta(days=280)
# What any call may be called: no name of a series.
_GENERIC = frozenset(
    (
        "a", "an", "the", "this", "that", "our", "your", "next", "last", "weekly", "monthly", "regular", "usual", "community",
        "public", "upcoming", "following",
    )
)  # fmt: skip
_NOUNS = frozenset(("meeting", "meetings", "call", "calls", "sync"))


class Calls(Value):
    """The calls of a series from five weeks before a day to forty weeks after it, whatever became of them."""

    series: Series
    day: date

    @cached_property
    def by_date(self) -> dict[date, Occurrence]:
        """Return the calls by the dates the rule gives them, in order; added calls are not among them."""
        lo, hi = (max(self.day - _BEFORE, date.min + _BEFORE), min(self.day + _AFTER, date.max - _BEFORE))
        around = [each for each in occurrences_between_days(self.series, lo, hi) if not each.added]
        found = {each.recurrence.date(): each for each in around}
        # A call that was moved out of the range is still known by its date.
        for override in self.series.overrides:
            if override.status is Status.MOVED and lo <= override.recurrence.date() <= hi:
                moved = (
                    occurrences_between_days(self.series, override.start.date(), override.start.date()) if override.start else []
                )
                found.update({each.recurrence.date(): each for each in moved if each.recurrence == override.recurrence})
        return dict(sorted(found.items()))

    @cached_property
    def dates(self) -> tuple[date, ...]:
        """Return the dates the rule gives the calls, in order."""
        return tuple(self.by_date)

    def within(self, first: date, last: date) -> tuple[date, ...]:
        """Return the dates of calls from one day to another, both included."""
        return self.dates[bisect_left(self.dates, first) : bisect_right(self.dates, last)]

    def after(self, count: int = 1) -> tuple[date, ...]:
        """Return the dates of the next calls after the day."""
        at = bisect_right(self.dates, self.day)
        return self.dates[at : at + count]

    def meant(self, mention: Mention) -> tuple[date, ...]:
        """Return the dates of the calls that a mention means: of those in its days, or the next ones that it counts."""
        if mention.calls:
            return self.after(mention.calls)
        return tuple(each for first, last in mention.spans for each in self.within(first, last))

    def in_week_of(self, day: date) -> tuple[date, ...]:
        """Return the dates of the calls in the week (from Monday) of a day."""
        monday = day - timedelta(days=day.weekday())
        return self.within(monday, monday + timedelta(days=6))

    def is_call(self, day: date) -> bool:
        """Whether the rule has a call on a day."""
        return bool(self.within(day, day))


def title_words(series: Series) -> frozenset[str]:
    """Return the words that a series is called by: those of its title and its id."""
    words = f"{series.title} {series.id}".casefold().replace("-", " ").split()
    return frozenset(words) - _GENERIC - _NOUNS


def series_by_title(words: str, calendar: Calendar, own: Series | None) -> Series | None:
    """Return the series that words before "meeting" mean, the minutes' own if they name none; None if they name another.

    Only a capitalised word right before it names one: "the TSC meeting", not "the first meeting".
    """
    named: Sequence[str] = [each.strip("\"'\u2019,.:*()") for each in words.split()[-2:]]
    named = [each for each in named if each[:1].isupper() and each.casefold() not in _GENERIC]
    named = [each for each in named if each.casefold().removesuffix("s") not in _CALENDAR_WORDS]
    if not named:
        return own
    plain = {part for each in named for part in each.casefold().split("-")}
    fitting = [each for each in calendar.series if plain & title_words(each)]
    if own in fitting or (plain & frozenset(calendar.name.casefold().replace("-", " ").split()) and not fitting):
        return own
    return fitting[0] if len(fitting) == 1 else None


# Capitalised words that begin a sentence or name a day.
_CALENDAR_WORDS = frozenset(
    (
        *(name.casefold() for name in (*WEEKDAYS, *MONTHS)),
        "no", "there", "the", "this", "next", "due", "since", "because", "meeting", "call", "zoom", "team", "webex",
    )
)  # fmt: skip
