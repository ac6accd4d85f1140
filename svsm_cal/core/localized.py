"""Occurrences on people's clocks, with the shift window of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.core.shifts import ShiftKind, ShiftWindow, regular_calls
from svsm_cal.engine.zones import Zone, ZoneLike, local_of, zone_of
from svsm_cal.value import Value

if TYPE_CHECKING:
    from datetime import date, datetime, timedelta

    from svsm_cal.core.model import Occurrence, Series
    from svsm_cal.engine.civil import LocalDateTime


class CallOnClock(Value):
    """An occurrence on a zone's clock: `change_minutes` is its deviation from the usual local time there.

    `window` is the shift window that applies to it, None if there is none; `returns` is set if the occurrence begins a season
    after a mismatch, and so returns to the usual time.
    """

    localized: LocalizedOccurrence
    change_minutes: int
    window: ShiftWindow | None
    returns: bool = False

    @property
    def occurrence(self) -> Occurrence:
        """Return the occurrence."""
        return self.localized.occurrence


class Clocks:
    """Calls on clocks, with a cache of the shift windows they share."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], tuple[date, list[ShiftWindow]]] = {}

    def windows(self, series: Series, zone: Zone, start: date, end: date) -> list[ShiftWindow]:
        """Return the series' shift windows in a zone with a call from `start` to `end`, uncut."""
        return regular_calls(series).windows(zone, start, end)

    def see(self, occurrence: Occurrence, zone: Zone) -> CallOnClock:
        """Return an occurrence on a zone's clock."""
        windows = self._around(occurrence, zone)
        change = regular_calls(occurrence.series).change_minutes(occurrence, windows)
        at = occurrence.start_utc
        number, window = next(((n, window) for n, window in enumerate(windows) if window.covers(at)), (0, None))
        returns = False
        if change and window is not None and window.kind is ShiftKind.SEASON:
            if at == window.first_utc:
                returns = number > 0 and windows[number - 1].kind is ShiftKind.MISMATCH
            else:  # the change is that of a mismatch without regular calls, not of the season around it
                window = None
        return CallOnClock(localize(occurrence, zone), change, window, returns)

    def _around(self, occurrence: Occurrence, zone: Zone) -> list[ShiftWindow]:
        """Return the shift windows from the first one to a year after an occurrence."""
        series, day = occurrence.series, occurrence.start.date()
        key = (series.id, zone.key)
        known = self._windows.get(key)
        if known is None or day > known[0]:
            first = series.start.date()
            last = max(day, first)
            last = last.replace(year=min(last.year + 1, 9990), day=min(last.day, 28))
            known = self._windows[key] = (last, regular_calls(series).windows(zone, first, last))
        return known[1]


class LocalizedOccurrence(Value):
    """An occurrence on `zone`'s clock: `local` is its start there, `utc_offset` the UTC offset then."""

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
        """Return the local end."""
        return local_of(self.occurrence.end_utc, self.zone)

    @property
    def day_offset(self) -> int:
        """Return the local date minus the anchor date, in days."""
        return (self.local.date() - self.occurrence.start.date()).days


def localize(occurrence: Occurrence, zone: ZoneLike) -> LocalizedOccurrence:
    """Return an occurrence on the clock of a zone (an IANA name, a ZoneInfo, a pytz zone or a Zone).

    Raises ZoneError for an unknown zone.
    """
    where = zone_of(zone)
    at = occurrence.start_utc
    return LocalizedOccurrence(occurrence, where, local_of(at, where), where.utc_offset(at))
