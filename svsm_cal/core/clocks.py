"""Occurrences on people's clocks, each with what its shift window says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.core.localized import LocalizedOccurrence, localize
from svsm_cal.core.shifts import ShiftKind, ShiftWindow
from svsm_cal.core.zones import Zone
from svsm_cal.value import Value

if TYPE_CHECKING:
    from datetime import date

    from svsm_cal.core.model import Occurrence, Series

__all__ = ["CallOnClock", "Clocks"]


class CallOnClock(Value):
    """An occurrence on one zone's clock: `change_minutes` is what makes it unusual there, 0 if nothing does.

    `window` is the shift window it is in, None for a call that is in none, or of which that says nothing; `returns`
    says that it begins a season which only ends a mismatch, so that things are as they were.
    """

    localized: LocalizedOccurrence
    change_minutes: int
    window: ShiftWindow | None
    returns: bool = False

    @property
    def occurrence(self) -> Occurrence:
        """Return the occurrence itself."""
        return self.localized.occurrence


class Clocks:
    """Many calls on many clocks: what they share is computed once."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], tuple[date, date, list[ShiftWindow]]] = {}

    def windows(self, series: Series, zone: Zone, start: date, end: date) -> list[ShiftWindow]:
        """Return the series' shift windows in the zone that have a call from `start` to `end`, whole."""
        return series.regular_calls.windows(zone, start, end)

    def see(self, occurrence: Occurrence, zone: Zone) -> CallOnClock:
        """Return an occurrence as the zone's people see it."""
        windows = self._around(occurrence, zone)
        change = occurrence.series.regular_calls.change_minutes(occurrence, windows)
        at = occurrence.start_utc
        number, window = next(((n, each) for n, each in enumerate(windows) if each.covers(at)), (0, None))
        before = windows[number - 1] if number else None
        returns = (
            bool(change)
            and window is not None
            and window.kind is ShiftKind.SEASON
            and before is not None
            and before.kind is ShiftKind.MISMATCH
        )
        if change and window is not None and window.kind is ShiftKind.SEASON and at != window.first_utc:
            # It is unusual by a mismatch that has no regular call: the season around it says nothing of that.
            window, returns = None, False
        return CallOnClock(localize(occurrence, zone), change, window, returns)

    def _around(self, occurrence: Occurrence, zone: Zone) -> list[ShiftWindow]:
        """Return all windows from the series' first up to well after an occurrence."""
        series, day = occurrence.series, occurrence.start.date()
        key = (series.id, zone.key)
        known = self._windows.get(key)
        if known is None or day > known[1]:
            first = series.start.date()
            last = max(day, first)
            last = last.replace(year=min(last.year + 1, 9990), day=min(last.day, 28))
            known = (first, last, series.regular_calls.windows(zone, first, last))
            self._windows[key] = known
        return known[2]
