"""The calls of a series around the date of its minutes, by their dates in the rule, for resolving relative dates."""

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
    from svsm_cal.core.model import Calendar, Occurrence
    from svsm_cal.minutes.dates import Mention

_BEFORE, _AFTER = timedelta(days=35), timedelta(days=280)
# Words that may precede "meeting" in any series.
_GENERIC = frozenset(
    (
        "a", "an", "the", "this", "that", "our", "your", "next", "last", "weekly", "monthly", "regular", "usual", "community",
        "public", "upcoming", "following",
    )
)  # fmt: skip
_NOUNS = frozenset(("meeting", "meetings", "call", "calls", "sync"))


class Calls(Value):
    """The calls of a series from five weeks before a day to forty weeks after it, including cancelled and moved ones."""

    series: Series
    day: date

    @cached_property
    def by_date(self) -> dict[date, Occurrence]:
        """Return the calls by their dates in the rule, in order, without added calls."""
        lo, hi = max(self.day - _BEFORE, date.min + _BEFORE), min(self.day + _AFTER, date.max - _BEFORE)
        around = [call for call in occurrences_between_days(self.series, lo, hi) if not call.added]
        by_date = {call.recurrence.date(): call for call in around}
        # A call that was moved out of the range keeps its date.
        for override in self.series.overrides:
            if override.status is Status.MOVED and override.start and lo <= override.recurrence.date() <= hi:
                day = override.start.date()
                for call in occurrences_between_days(self.series, day, day):
                    if call.recurrence == override.recurrence:
                        by_date[call.recurrence.date()] = call
        return dict(sorted(by_date.items()))

    @cached_property
    def dates(self) -> tuple[date, ...]:
        """Return the dates of the calls in the rule, in order."""
        return tuple(self.by_date)

    def within(self, first: date, last: date) -> tuple[date, ...]:
        """Return the dates of the calls between two days, both included."""
        return self.dates[bisect_left(self.dates, first) : bisect_right(self.dates, last)]

    def after(self, count: int = 1) -> tuple[date, ...]:
        """Return the dates of the next calls after the day."""
        at = bisect_right(self.dates, self.day)
        return self.dates[at : at + count]

    def meant(self, mention: Mention) -> tuple[date, ...]:
        """Return the dates of the calls in a mention's days, or of as many next calls as it counts."""
        if mention.calls:
            return self.after(mention.calls)
        return tuple(day for first, last in mention.spans for day in self.within(first, last))

    def in_week_of(self, day: date) -> tuple[date, ...]:
        """Return the dates of the calls in the week (from Monday) of a day."""
        monday = day - timedelta(days=day.weekday())
        return self.within(monday, monday + timedelta(days=6))

    def is_call(self, day: date) -> bool:
        """Whether the rule has a call on a day."""
        return bool(self.within(day, day))


def title_words(series: Series) -> frozenset[str]:
    """Return the words of a series' title and id that can identify it."""
    words = f"{series.title} {series.id}".casefold().replace("-", " ").split()
    return frozenset(words) - _GENERIC - _NOUNS


def series_by_title(words: str, calendar: Calendar, own: Series | None) -> Series | None:
    """Return the series that the words before "meeting" name: `own` if they name none, None if they name an unknown one.

    Only capitalised words right before "meeting" are names: "the TSC meeting", but not "the first meeting".
    """
    nouns = [word.strip("\"'\u2019,.:*()") for word in words.split()[-2:]]
    names = [noun.casefold() for noun in nouns if noun[:1].isupper() and noun.casefold() not in _GENERIC]
    names = [name for name in names if name.removesuffix("s") not in _CALENDAR_WORDS]
    if not names:
        return own
    parts = {part for name in names for part in name.split("-")}
    matching = [series for series in calendar.series if parts & title_words(series)]
    if own in matching or (parts & frozenset(calendar.name.casefold().replace("-", " ").split()) and not matching):
        return own
    return matching[0] if len(matching) == 1 else None


# Capitalised words that start a sentence or name a day.
_CALENDAR_WORDS = frozenset(
    (
        *(name.casefold() for name in (*WEEKDAYS, *MONTHS)),
        "no", "there", "the", "this", "next", "due", "since", "because", "meeting", "call", "zoom", "team", "webex",
    )
)  # fmt: skip
