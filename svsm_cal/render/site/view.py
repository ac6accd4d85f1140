"""What the pages show, collected once: calls, clocks, windows, deadlines, feeds, and the timeline of releases."""

from __future__ import annotations

from bisect import bisect_left
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from svsm_cal.core.deadlines import DeadlineOutlook, DeadlineStatus
from svsm_cal.core.model import Status
from svsm_cal.core.segments import segments_of
from svsm_cal.core.shifts import regular_calls
from svsm_cal.engine.civil import EPOCH_ORDINAL, epoch_seconds, local_from_epoch, local_seconds, midnight
from svsm_cal.engine.zones import instant_of
from svsm_cal.render.records import instant_text, local_text
from svsm_cal.render.site.links import safe_link
from svsm_cal.render.year_picture import year_of
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from svsm_cal.core.deadlines import DeadlineOutlook
    from svsm_cal.core.localized import CallOnClock
    from svsm_cal.core.model import Calendar, CalendarEvent, Occurrence, Series
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone

__all__ = ["CallRow", "SiteView", "Stretch", "about_data", "call_data", "conferences", "regular_data", "timeline"]

_NEAR = timedelta(weeks=13)
_PAST = timedelta(weeks=8)


class Stretch(Value):
    """A release's milestones, or the deadlines that belong to none (`title` is ""); `near` if they are shown at once."""

    title: str
    url: str | None
    outlooks: tuple[DeadlineOutlook, ...]
    near: bool

    @property
    def ends(self) -> tuple[DeadlineOutlook, ...]:
        """Return a release's first and last milestone, all of what belongs to none."""
        return self.outlooks if not self.title or len(self.outlooks) < 2 else (self.outlooks[0], self.outlooks[-1])


def timeline(calendar: Calendar, outlooks: Sequence[DeadlineOutlook], now: Instant) -> tuple[Stretch, ...]:
    """Return the stretches that are not over, by what is due next in each; `outlooks` have what is over too.

    Of a release that goes on all milestones are kept, of other deadlines those of the last weeks.
    """
    found = []
    for release in (None, *calendar.releases):
        own = [each for each in outlooks if each.deadline.release == (release.id if release else None)]
        if release is None:
            own = [each for each in own if each.due_utc > now - _PAST]
        ahead = [each for each in own if each.status is DeadlineStatus.OPEN]
        if ahead:
            title, url = (release.title, release.url) if release else ("", None)
            found.append((ahead[0].due_utc, Stretch(title, url, tuple(own), near=ahead[0].remaining <= _NEAR)))
    found.sort(key=lambda row: row[0])
    return tuple(stretch for _, stretch in found)


_BEFORE, _AFTER, _LEAST = 21 * 7, 11 * 7, 4
_DAY = 86400


class SiteView(Value):
    """What all pages are made of, at `now`.

    `coming` are the calls not yet over and `past` the last ones, cancelled ones included; `clocks` see the next call in each
    zone, `year` are the calls of the year's picture, `zones` every series' zones with their shift windows in it.
    """

    calendar: Calendar
    now: Instant
    tz_version: str
    coming: tuple[Occurrence, ...]
    past: tuple[Occurrence, ...]
    clocks: tuple[CallOnClock, ...]
    anchored: Mapping[str, CallOnClock]  # the coming calls on the calendar's clock, by UID and start
    year: Mapping[str, Sequence[Occurrence]]
    zones: Mapping[str, Sequence[tuple[Zone, Sequence[ShiftWindow]]]]
    utc: Zone
    outlooks: tuple[DeadlineOutlook, ...]  # those over too
    feeds: tuple[tuple[str, str, str], ...]  # kind, title, path

    @property
    def following(self) -> Occurrence | None:
        """Return the next call that takes place, None if there is none."""
        return next((each for each in self.coming if each.held), None)


class CallRow(Value):
    """A conference and the calls that fall into it."""

    event: CalendarEvent
    calls: tuple[Occurrence, ...]


def conferences(view: SiteView) -> tuple[CallRow, ...]:
    """Return what is not over of the calendar's events, each with the calls in its days."""
    today = view.now.date()
    events = sorted((each for each in view.calendar.events if each.end >= today), key=lambda each: (each.start, each.id))
    calls = [call for calls in view.year.values() for call in calls if call.held]
    return tuple(
        CallRow(event, tuple(each for each in calls if event.start <= each.start.date() <= event.end)) for event in events
    )


def call_data(call: Occurrence) -> dict[str, Any]:
    """Return what the page's script needs to show a call on any clock, but for what calls have in common."""
    data: dict[str, Any] = {
        "day": call.start.date().isoformat(),
        "start": instant_text(call.start_utc),
        "seconds": int(call.duration.total_seconds()),
    }
    if call.status is not Status.CONFIRMED or call.added:
        # What its shift window is compared with: the time of day that a regular call would have had.
        clock = next((each.clock for each in reversed(segments_of(call.series)) if each.start <= call.recurrence), 0)
        data["status"] = call.status.value if call.status is not Status.CONFIRMED else "added"
        data["clock"] = clock // 60
        data["wall"] = (call.start.toordinal() - EPOCH_ORDINAL) * 1440 + call.start.hour * 60 + call.start.minute
    if call.status is Status.MOVED:
        data["from"] = instant_text(instant_of(call.recurrence, call.zone))
    return data | ({"reason": call.reason} if call.reason else {})


def about_data(calendar: Calendar, call: Occurrence) -> dict[str, Any]:
    """Return what a call has in common with others; {date} in `minutes` is its day."""
    details = call.details
    found = {
        "series": call.series.id,
        "title": call.title,
        "url": safe_link(details.url),
        "place": details.location,
        "chair": calendar.person(details.chair),
        "minutes": safe_link(details.minutes),
    }
    return {key: value for key, value in found.items() if value}


def regular_data(series: Series, now: Instant) -> list[list[Any]]:
    """Return a series' regular calls around the year of `now`, as a script finds shift windows from them.

    Rows are [first start with its offset, calls, days between them, minutes]: calls at one wall-clock time; the minutes
    after midnight are those that shift windows are told in.
    """
    first, end = year_of(now)
    regular = regular_calls(series)
    regular.extend(end + timedelta(days=_AFTER))
    begin = epoch_seconds(now) - ((now.date() - first).days + _BEFORE) * _DAY
    lo = max(0, bisect_left(regular.times, begin) - _LEAST)
    found: list[_Run] = []
    # More may be known already, from whoever asked for more.
    hi = bisect_left(regular.walls, local_seconds(midnight(end)) + _AFTER * _DAY)
    for at, wall in zip(regular.times[lo:hi], regular.walls[lo:hi], strict=True):
        clock = next((each.clock for each in reversed(segments_of(series)) if local_seconds(each.start) <= wall), 0)
        if not found or not found[-1].takes(wall, wall - at, clock):
            found.append(_Run(wall, wall - at, clock))
    return [each.row for each in found]


class _Run:
    """Calls at one wall-clock time, at one offset, so many days apart."""

    def __init__(self, wall: int, offset: int, clock: int) -> None:
        self.wall, self.offset, self.clock, self.calls, self.days = wall, offset, clock, 1, 0

    @property
    def row(self) -> list[Any]:
        start = local_text(local_from_epoch(self.wall), timedelta(seconds=self.offset))
        return [start, self.calls, self.days, self.clock // 60]

    def takes(self, wall: int, offset: int, clock: int) -> bool:
        days, rest = divmod(wall - self.wall - self.days * (self.calls - 1) * _DAY, _DAY)
        fits = not rest and (offset, clock) == (self.offset, self.clock) and (self.calls == 1 or days == self.days)
        if fits:
            self.calls, self.days = self.calls + 1, days
        return fits
