"""Lint of time zones: the zone of each time, and differences between VTIMEZONEs and the tz database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import epoch_seconds, instant, local_from_epoch, local_seconds
from svsm_cal.ical.observances import Difference, PublishedClocks, PublishedObservance, named_zone, published_clocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from svsm_cal.engine.civil import LocalDateTime
    from svsm_cal.engine.zones import Zone
    from svsm_cal.ical.content import Component, Property
    from svsm_cal.ical.lint_codes import Report
    from svsm_cal.ical.value_types import TimeValue

_DAY = 86400
_YEAR = 31556952
_AHEAD = 10 * _YEAR
# The years in which VTIMEZONEs are compared with the tz database.
_FIRST = epoch_seconds(instant(datetime(1900, 1, 1, tzinfo=UTC)))
_LAST = epoch_seconds(instant(datetime(2200, 1, 1, tzinfo=UTC)))
# After so many years with the same pattern, RDATEs could be one RRULE.
_MOST_BY_DATE = 5


class Clocks:
    """The zones of one calendar's TZIDs: each from its VTIMEZONE, otherwise from the tz database."""

    def __init__(self, calendar: Component, report: Report) -> None:
        self._report = report
        self._components: dict[str, Component] = {}
        self._published: dict[str, PublishedClocks] = {}
        self._zones: dict[str, Zone | None] = {}
        # TZID -> its first use, and the first and last instant in it.
        self._used: dict[str, Property] = {}
        self._spans: dict[str, tuple[int, int]] = {}
        for component in calendar.children:
            if component.name == "VTIMEZONE":
                self._read(component)

    def _read(self, component: Component) -> None:
        tzid = component.text("TZID")
        if not tzid:
            self._report.note("missing-tzid", component)
        elif tzid in self._components:
            self._report.note("duplicate-vtimezone", component, tzid=tzid, first=self._components[tzid].line)
        else:
            self._components[tzid] = component
        clocks = published_clocks(component)
        for problem in clocks.problems:
            self._report.note(problem.code, (problem.line, problem.column), detail=problem.detail)
        if clocks.observances:
            self._published.setdefault(tzid, clocks)
        self._by_date(clocks.observances)

    def instant(self, time: TimeValue) -> int:
        """Return the epoch seconds of a time; one without a known zone is taken as UTC."""
        if time.form != "zoned":
            return time.wall
        if time.zone in self._published:
            return self._published[time.zone].resolve_seconds(time.wall)
        zone = self._zone(time.zone)
        return zone.resolve_seconds(time.wall)[0] if zone else time.wall

    def wall(self, at: int, like: TimeValue) -> int:
        """Return the local time of an instant (epoch seconds) in the zone of `like`."""
        if like.form != "zoned":
            return at
        if like.zone in self._published:
            return at + self._published[like.zone].offset_at(at)
        zone = self._zone(like.zone)
        return at + (zone.offset_seconds(at) if zone else 0)

    def use(self, given: Property) -> None:
        """Record the use of a property's TZID."""
        tzid = given.param("TZID")
        if tzid:
            self._used.setdefault(tzid, given)

    def span(self, tzid: str, first: int, last: int) -> None:
        """Record that a TZID has times from one instant to another."""
        lo, hi = self._spans.get(tzid, (first, last))
        self._spans[tzid] = (min(lo, first), max(hi, last))

    def check(self, latest: int) -> None:
        """Check the VTIMEZONEs up to ten years after `latest` (epoch seconds) for series without end."""
        for tzid, given in self._used.items():
            if tzid not in self._components:
                self._report.note("missing-vtimezone", given, tzid=tzid)
            zone = self._zone(tzid)
            if zone is None or zone.key != tzid:
                better = f"TZID={zone.key}" if zone else "an IANA name, such as Europe/Berlin"
                self._report.note("tzid-not-iana", self._components.get(tzid, given), tzid=tzid, better=better)
        for tzid, component in self._components.items():
            zone = self._zone(tzid)
            if tzid not in self._used:
                self._report.note("unused-vtimezone", component, tzid=tzid)
            elif zone is not None and tzid in self._published and tzid in self._spans:
                first, last = self._spans[tzid]
                first, last = max(first, _FIRST), min(max(first, min(last, latest + _AHEAD)), _LAST)
                self._compare(component, tzid, zone, self._published[tzid].differences(zone, first, last + 1))

    def _compare(self, component: Component, tzid: str, zone: Zone, differences: Sequence[Difference]) -> None:
        if not differences:
            return
        first, others = differences[0], len(differences) - 1
        database = f"tz database {zone.database.version}".strip()
        self._report.note(
            "vtimezone-differs",
            component,
            tzid=tzid,
            published=_offset(first.published),
            right=_offset(first.right),
            start=_stamp(first.start),
            end=_stamp(first.end),
            zone=zone.key,
            database=database,
            more=f", and {others} more time{'s' if others > 1 else ''} by {_stamp(differences[-1].end)}" if others else "",
        )

    def _zone(self, tzid: str) -> Zone | None:
        if tzid not in self._zones:
            location = self._components[tzid].text("X-LIC-LOCATION") if tzid in self._components else ""
            self._zones[tzid] = named_zone(tzid, location)
        return self._zones[tzid]

    def _by_date(self, observances: Iterable[PublishedObservance]) -> None:
        for observance in observances:
            onsets = sorted({observance.start, *observance.dates})
            if observance.dates and observance.rule is None and _regular(onsets):
                years = local_from_epoch(onsets[-1]).year - local_from_epoch(onsets[0]).year + 1
                self._report.note("vtimezone-by-date", (observance.line, 1), count=len(onsets), years=years)


def _regular(onsets: Iterable[int]) -> bool:
    """Whether enough consecutive years have their onset on the same numbered weekday of a month at the same time of day."""
    row, shared, before = 0, set[tuple[int, int]](), None
    for wall in map(local_from_epoch, onsets):
        follows = before is not None and (before.year + 1, before.time()) == (wall.year, wall.time())
        common = shared & _weekdays(wall)
        row, shared = (row + 1, common) if follows and common else (1, _weekdays(wall))
        if row >= _MOST_BY_DATE:
            return True
        before = wall
    return False


def _weekdays(wall: LocalDateTime) -> set[tuple[int, int]]:
    """Return a date's numbered weekday as (month, 7 * week + weekday), and in week -1 too if it is the month's last."""
    weeks = {(wall.day - 1) // 7} | ({-1} if local_from_epoch(local_seconds(wall) + 7 * _DAY).month != wall.month else set())
    return {(wall.month, week * 7 + wall.weekday()) for week in weeks}


def _offset(seconds: int) -> str:
    hours, rest = divmod(abs(seconds), 3600)
    text = f"UTC{'-' if seconds < 0 else '+'}{hours:02}:{rest // 60:02}"
    return f"{text}:{rest % 60:02}" if rest % 60 else text


def _stamp(at: int) -> str:
    return f"{local_from_epoch(at).isoformat(timespec='minutes')}Z"
