"""The content of the pages: calls, clocks, windows, deadlines, the timeline of releases, feeds and links."""

from __future__ import annotations

from bisect import bisect_left
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from svsm_cal.core.deadlines import DeadlineOutlook, DeadlineStatus
from svsm_cal.core.model import Status
from svsm_cal.core.segments import segments_of
from svsm_cal.core.shifts import regular_calls
from svsm_cal.engine.civil import EPOCH_ORDINAL, epoch_seconds, local_from_epoch, local_seconds, midnight
from svsm_cal.engine.zones import instant_of
from svsm_cal.render.records import instant_text, local_text
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

_NEAR = timedelta(weeks=13)
_PAST = timedelta(weeks=8)


class Stretch(Value):
    """A release's milestones, or the single deadlines (`title` is ""); only those that are `near` are shown in full."""

    title: str
    url: str | None
    outlooks: tuple[DeadlineOutlook, ...]
    near: bool

    @property
    def ends(self) -> tuple[DeadlineOutlook, ...]:
        """Return a release's first and last milestone, or all single deadlines."""
        return self.outlooks if not self.title or len(self.outlooks) < 2 else (self.outlooks[0], self.outlooks[-1])


def timeline(calendar: Calendar, outlooks: Sequence[DeadlineOutlook], now: Instant) -> tuple[Stretch, ...]:
    """Return the stretches that are not over, sorted by their next due date; `outlooks` include past deadlines.

    A current release keeps all its milestones; of the past single deadlines only the latest are kept.
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
    """The content of all pages at `now`.

    `coming` are the next calls and `past` the latest ones, with cancelled calls; `clocks` is the next call in each zone, `year`
    has the calls in the picture of the year, `zones` each series' zones with their shift windows in that year.
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
    outlooks: tuple[DeadlineOutlook, ...]  # with past ones
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
    """Return the calendar's events that are not over, each with the calls on its days."""
    today = view.now.date()
    events = sorted((each for each in view.calendar.events if each.end >= today), key=lambda each: (each.start, each.id))
    calls = [call for calls in view.year.values() for call in calls if call.held]
    return tuple(
        CallRow(event, tuple(each for each in calls if event.start <= each.start.date() <= event.end)) for event in events
    )


def call_data(call: Occurrence) -> dict[str, Any]:
    """Return what the page's script needs to show a call on any clock, without the data that calls share.

    `day` is the anchor's date if it is not the date in UTC.
    """
    data: dict[str, Any] = {"start": instant_text(call.start_utc)}
    if call.start.date() != call.start_utc.date():
        data["day"] = call.start.date().isoformat()
    if call.status is not Status.CONFIRMED or call.added:
        # The time of day that a regular call would have had, for the comparison with its shift window.
        clock = next((each.clock for each in reversed(segments_of(call.series)) if each.start <= call.recurrence), 0)
        data["status"] = call.status.value if call.status is not Status.CONFIRMED else "added"
        data["clock"] = clock // 60
        data["wall"] = (call.start.toordinal() - EPOCH_ORDINAL) * 1440 + call.start.hour * 60 + call.start.minute
    if call.status is Status.MOVED:
        data["from"] = instant_text(instant_of(call.recurrence, call.zone))
    return data | ({"reason": call.reason} if call.reason else {})


def about_data(calendar: Calendar, call: Occurrence) -> dict[str, Any]:
    """Return the data that a call shares with others; {date} in `minutes` stands for its day."""
    details = call.details
    found = {
        "series": call.series.id,
        "title": call.title,
        "url": safe_link(details.url),
        "place": details.location,
        "chair": calendar.person(details.chair),
        "minutes": safe_link(details.minutes),
        "seconds": int(call.duration.total_seconds()),
    }
    return {key: value for key, value in found.items() if value}


def regular_data(series: Series, now: Instant) -> list[list[Any]]:
    """Return a series' regular calls around the year of `now`, from which the script computes shift windows.

    Rows are [first start with its offset, calls, days between them, minutes]: calls at one wall-clock time; shift windows
    compare these minutes after midnight.
    """
    first, end = year_of(now)
    regular = regular_calls(series)
    regular.extend(end + timedelta(days=_AFTER))
    begin = epoch_seconds(now) - ((now.date() - first).days + _BEFORE) * _DAY
    lo = max(0, bisect_left(regular.times, begin) - _LEAST)
    found: list[_Run] = []
    # More calls may be known from an earlier, larger request.
    hi = bisect_left(regular.walls, local_seconds(midnight(end)) + _AFTER * _DAY)
    for at, wall in zip(regular.times[lo:hi], regular.walls[lo:hi], strict=True):
        clock = next((each.clock for each in reversed(segments_of(series)) if local_seconds(each.start) <= wall), 0)
        if not found or not found[-1].takes(wall, wall - at, clock):
            found.append(_Run(wall, wall - at, clock))
    return [each.row for each in found]


class _Run:
    """Calls at one wall-clock time and offset, with equal numbers of days between them."""

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


# --- Links

_SCHEMES = ("https://", "http://", "ircs://", "irc://", "matrix:", "xmpp:", "tel:", "sip:", "sips:")


class FeedLinks(Value):
    """The ways to subscribe to a feed: `https` and the others are None if the calendar's address is not known."""

    kind: str
    title: str
    path: str
    https: str | None
    webcal: str | None
    google: str | None
    outlook: str | None


def safe_link(url: str | None) -> str | None:
    """Return a link that is safe to follow, None for a missing one and for one that might run a script.

    >>> safe_link("javascript:alert(1)") is None
    True
    """
    return url if url is not None and url.lower().startswith(_SCHEMES) else None


def base_of(calendar: Calendar) -> str | None:
    """Return the site's address with a slash at the end, None if it is not known."""
    url = safe_link(calendar.url)
    if url is None or not url.lower().startswith("http") or "?" in url or "#" in url:
        return None
    return f"{url.rstrip('/')}/"


def feed_links(calendar: Calendar, kind: str, title: str, path: str) -> FeedLinks:
    """Return the links for each kind of program to a feed at a path of the site."""
    base = base_of(calendar)
    if base is None:
        return FeedLinks(kind, title, path, None, None, None, None)
    https = f"{base}{path}"
    webcal = f"webcal://{https.partition('://')[2]}"
    name = f"{calendar.name}: {title}" if kind != "all_calls" else calendar.name
    return FeedLinks(
        kind,
        title,
        path,
        https,
        webcal,
        f"https://calendar.google.com/calendar/render?cid={quote(webcal, safe='')}",
        f"https://outlook.live.com/calendar/0/addfromweb?url={quote(https, safe='')}&name={quote(name, safe='')}",
    )


def minutes_link(call: Occurrence) -> str | None:
    """Return the link to a call's minutes, None if there is none."""
    template = call.details.minutes
    return safe_link(template.replace("{date}", call.start.date().isoformat())) if template else None
