"""What the site shows at an instant, gathered: calls to come and past, clocks, the year's windows, deadlines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from svsm_cal.app.lookups import zones_of
from svsm_cal.core.deadlines import outlook
from svsm_cal.core.localized import Clocks
from svsm_cal.core.occurrences import next_occurrences, occurrences
from svsm_cal.engine.civil import Instant
from svsm_cal.engine.tzdb import tz_database
from svsm_cal.engine.zones import zone_of
from svsm_cal.render.site.view import SiteView
from svsm_cal.render.year_picture import year_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svsm_cal.core.model import Calendar

__all__ = ["site_view"]

_COMING, _PAST = 10, 8
_LOOK_BACK = timedelta(weeks=26)


def site_view(calendar: Calendar, now: Instant, feeds: Sequence[tuple[str, str, str]]) -> SiteView:
    """Return what the site shows at `now`; `feeds` are (kind, title, path)."""
    clocks = Clocks()
    coming = next_occurrences(calendar, now, _COMING, cancelled=True)
    following = next((each for each in coming if each.held), None)
    zones = [] if following is None else list({following.zone: (), **zones_of(calendar, following.series)})
    seen = [clocks.see(following, zone) for zone in zones] if following is not None else []
    first, end = year_of(now)
    year = {}
    for series in calendar.series:
        begin, until = (Instant(datetime(each.year, each.month, each.day, tzinfo=UTC)) for each in (first, end))
        around = occurrences(series, begin - timedelta(days=2), until + timedelta(days=2), cancelled=True)
        year[series.id] = tuple(each for each in around if first <= each.start.date() < end)
    last = end - timedelta(days=1)
    return SiteView(
        calendar,
        now,
        tz_database().version,
        tuple(coming),
        tuple(
            reversed(
                [each for each in occurrences(calendar, now - _LOOK_BACK, now, cancelled=True) if each not in coming][-_PAST:]
            )
        ),
        tuple(sorted(seen, key=lambda call: (call.localized.utc_offset, call.localized.zone.key))),
        {f"{each.uid} {each.recurrence.isoformat()}": clocks.see(each, calendar.zone) for each in coming},
        year,
        {
            series.id: [
                (zone, clocks.windows(series, zone, first, last)) for zone in {series.zone: (), **zones_of(calendar, series)}
            ]
            for series in calendar.series
        },
        zone_of("UTC"),
        tuple(outlook(calendar, now, past=True)),
        tuple(feeds),
    )
