"""Occurrences on people's clocks, with the shift window each falls into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.core.shifts import ShiftKind, ShiftWindow, regular_calls
from svsm_cal.engine.zones import Zone, ZoneLike, local_of, zone_of
from svsm_cal.value import Value

if TYPE_CHECKING:
    from datetime import date, datetime, timedelta

    from svsm_cal.core.model import Occurrence, Series
    from svsm_cal.engine.civil import LocalDateTime

__all__ = ["CallOnClock", "Clocks", "LocalizedOccurrence", "localize"]


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
        return regular_calls(series).windows(zone, start, end)

    def see(self, occurrence: Occurrence, zone: Zone) -> CallOnClock:
        """Return an occurrence as the zone's people see it."""
        windows = self._around(occurrence, zone)
        change = regular_calls(occurrence.series).change_minutes(occurrence, windows)
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
            known = (first, last, regular_calls(series).windows(zone, first, last))
            self._windows[key] = known
        return known[2]


class LocalizedOccurrence(Value):
    """An occurrence on `zone`'s clock: `local` is what that clock shows when it begins, `utc_offset` ahead of UTC."""

    occurrence: Occurrence
    zone: Zone
    local: LocalDateTime
    utc_offset: timedelta

    @property
    def start(self) -> datetime:
        """Return the start as an aware datetime in the zone (a `zoneinfo.ZoneInfo`)."""
        return self.occurrence.start_utc.astimezone(self.zone.tzinfo)

    @property
    def end(self) -> datetime:
        """Return the end as an aware datetime in the zone."""
        return self.occurrence.end_utc.astimezone(self.zone.tzinfo)

    @property
    def local_end(self) -> LocalDateTime:
        """Return what the zone's clocks show when it ends."""
        return local_of(self.occurrence.end_utc, self.zone)

    @property
    def day_offset(self) -> int:
        """Return by how many days the date here is later than the anchor's."""
        return (self.local.date() - self.occurrence.start.date()).days


def localize(occurrence: Occurrence, zone: ZoneLike) -> LocalizedOccurrence:
    """Return an occurrence on the clock of a zone (an IANA name, a ZoneInfo, a pytz zone or a Zone).

    Raises ZoneError for what names no zone.
    """
    where = zone_of(zone)
    at = occurrence.start_utc
    return LocalizedOccurrence(occurrence, where, local_of(at, where), where.utc_offset(at))
