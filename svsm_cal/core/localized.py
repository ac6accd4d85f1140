"""An occurrence seen on one zone's clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from svsm_cal.core.civil import LocalDateTime
from svsm_cal.core.zones import Zone, ZoneLike, local_of, zone_of
from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.core.model import Occurrence

__all__ = ["LocalizedOccurrence", "localize"]


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
