"""What minutes say of clock changes, beside what the calendar computes: it is known there, or somebody is mistaken."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from svsm_cal.core.shifts import ShiftKind, ShiftWindow
from svsm_cal.minutes.patterns import any_of
from svsm_cal.minutes.suggestion import Kind, Said, Suggestion
from svsm_cal.value import replace

if TYPE_CHECKING:
    from svsm_cal.core.model import Calendar, Series

__all__ = ["beginning_windows", "mentions_clocks", "time_shifts"]

_CLOCKS = re.compile(
    r"\b"
    + any_of(
        "summer[\\s-]?time", "winter[\\s-]?time", "daylight[\\s-]+saving", "DST\\b", "(?:standard|normal) time\\b",
        "time[\\s-]?zone (?:shift|chang|switch|differen)", "clocks? (?:chang|go|shift|switch|mov|will)",
        "time[\\s-](?:shift|change|switch)", "(?:one|an|1)[\\s-]hour (?:shift|change|later|earlier|difference)",
        "(?:shift|chang)\\w* (?:\\w+ ){0,3}by (?:one|an|1) hour", "hour (?:later|earlier) (?:than usual|for)",
    ),
    re.IGNORECASE,
)  # fmt: skip
# Under a heading that speaks of clocks: "The US switches on November 2nd".
_SWITCHES = re.compile(r"\b(?:switch|chang|shift)(?:es|ed|ing|s)\b.{0,60}\d", re.IGNORECASE)
# "One hour earlier, at 17:00" is another time for everybody, unless clocks change then.
_OF_THE_CALL = re.compile(r"\bhour\s+(?:later|earlier)\b[^.;]{0,20}\bat\s+\d{1,2}[:.]\d\d", re.IGNORECASE)
_HOURS = re.compile(r"\bhour\s+(?:later|earlier)\b", re.IGNORECASE)
_SOON = timedelta(days=28)
_AHEAD = timedelta(days=200)


def mentions_clocks(text: str) -> bool:
    """Whether a text speaks of clock changes."""
    return _CLOCKS.search(text) is not None


def time_shifts(said: Said) -> list[Suggestion]:
    """Return what a sentence says of a clock change: the calls of the shift window that the calendar has for it.

    It is known if there is such a window; there is nothing to write, as shifts are computed.
    """
    of_clocks = mentions_clocks(said.text) or (mentions_clocks(said.section) and _SWITCHES.search(said.text))
    if said.series is None or not of_clocks:
        return []
    windows = beginning_windows(said.calendar, said.series, said.day + timedelta(days=1), said.day + _AHEAD)
    spans = [span for each in said.mentions for span in each.spans]
    near = [each for each in windows if any(first <= each.first <= last + timedelta(days=7) for first, last in spans)]
    soon = near or [each for each in windows if each.first <= said.day + _SOON]
    if not near and _OF_THE_CALL.search(said.text) and not _CLOCKS.search(_HOURS.sub(" ", said.text)):
        return []
    if not soon:
        return [said.suggest(Kind.SHIFT, said.day, sure=False, calls=said.calls)]
    first = min(each.first for each in soon)
    ends = [each.last for each in soon if each.first == first and each.kind is ShiftKind.MISMATCH and each.last is not None]
    found = said.suggest(Kind.SHIFT, first, sure=bool(near), calls=said.calls)
    return [replace(found, known=True, until=min(ends, default=None))]


def beginning_windows(calendar: Calendar, series: Series, first: date, last: date) -> list[ShiftWindow]:
    """Return the shift windows that begin from one day to another on the clocks of a series' attendees.

    Those that only end a mismatch are none: who was told of it knows when it ends.
    """
    found = []
    for zone in dict.fromkeys(person.zone for person in calendar.attendees(series)):
        before: ShiftWindow | None = None
        for window in series.regular_calls.windows(zone, first - _AHEAD, last):
            back = before is not None and before.kind is ShiftKind.MISMATCH and window.kind is ShiftKind.SEASON
            if window.change_minutes and not back and first <= window.first <= last:
                found.append(window)
            before = window
    return found
