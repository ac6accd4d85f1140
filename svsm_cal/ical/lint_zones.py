"""Zones in a feed: which clock each time is told on, and whether each VTIMEZONE says what the tz database does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import epoch_seconds, instant, local_from_epoch
from svsm_cal.engine.zones import Zone, zone_of
from svsm_cal.errors import ZoneError
from svsm_cal.ical.observances import Difference, PublishedClocks, PublishedObservance, published_clocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from svsm_cal.engine.civil import LocalDateTime
    from svsm_cal.ical.content import Component, Property
    from svsm_cal.ical.lint_codes import Report
    from svsm_cal.ical.moments import Moment

__all__ = ["Clocks"]

_DAY = 86400
_YEAR = 31556952
_AHEAD = 10 * _YEAR
# Where VTIMEZONEs are compared with the tz database: the years that calendars are about.
_FIRST = epoch_seconds(instant(datetime(1900, 1, 1, tzinfo=UTC)))
_LAST = epoch_seconds(instant(datetime(2200, 1, 1, tzinfo=UTC)))
# RDATEs that follow a yearly rule for so many years might be one.
_MOST_BY_DATE = 5


class Clocks:
    """The clocks of one calendar's zones: of each TZID what its VTIMEZONE says, or else the tz database."""

    def __init__(self, calendar: Component, report: Report) -> None:
        self._report = report
        self._components: dict[str, Component] = {}
        self._published: dict[str, PublishedClocks] = {}
        self._zones: dict[str, Zone | None] = {}
        # TZID -> where it is first used, and the first and the last instant told on it.
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

    def instant(self, moment: Moment) -> int:
        """Return the epoch seconds of a time; without zone, or in an unknown one, as if it were in UTC."""
        if moment.form != "zoned":
            return moment.wall
        if moment.zone in self._published:
            return self._published[moment.zone].resolve_seconds(moment.wall)
        zone = self._zone(moment.zone)
        return zone.resolve_seconds(moment.wall)[0] if zone else moment.wall

    def wall(self, at: int, like: Moment) -> int:
        """Return what the clock of another time shows at an instant."""
        if like.form != "zoned":
            return at
        if like.zone in self._published:
            return at + self._published[like.zone].offset_at(at)
        zone = self._zone(like.zone)
        return at + (zone.offset_seconds(at) if zone else 0)

    def use(self, given: Property) -> None:
        """Note that a property's times are told on the clock of its TZID."""
        tzid = given.param("TZID")
        if tzid and tzid not in self._used:
            self._used[tzid] = given

    def span(self, zone: str, first: int, last: int) -> None:
        """Note that there are times from one instant to another on a zone's clock."""
        lo, hi = self._spans.get(zone, (first, last))
        self._spans[zone] = (min(lo, first), max(hi, last))

    def check(self, latest: int) -> None:
        """Note what is wrong with the VTIMEZONEs; series without end matter to ten years after `latest`, an instant."""
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

    def _compare(self, component: Component, tzid: str, zone: Zone, found: Sequence[Difference]) -> None:
        if not found:
            return
        first, others = found[0], len(found) - 1
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
            more=f", and {others} more time{'s' if others > 1 else ''} by {_stamp(found[-1].end)}" if others else "",
        )

    def _zone(self, tzid: str) -> Zone | None:
        if tzid not in self._zones:
            self._zones[tzid] = next(filter(None, map(_known, self._names(tzid))), None)
        return self._zones[tzid]

    def _names(self, tzid: str) -> Iterable[str]:
        """Yield what may be the IANA name of a zone: its TZID, what its VTIMEZONE says beside, the end of a path."""
        yield tzid
        if tzid in self._components:
            yield self._components[tzid].text("X-LIC-LOCATION")
        parts = tzid.split("/")
        yield from ("/".join(parts[-count:]) for count in (3, 2) if len(parts) > count)

    def _by_date(self, observances: Iterable[PublishedObservance]) -> None:
        for each in observances:
            if each.dates and each.rule is None and _regular([each.start, *each.dates]):
                dates = sorted({each.start, *each.dates})
                years = local_from_epoch(dates[-1]).year - local_from_epoch(dates[0]).year + 1
                self._report.note("vtimezone-by-date", (each.line, 1), count=len(dates), years=years)


def _known(name: str) -> Zone | None:
    try:
        return zone_of(name)
    except ZoneError:
        return None


def _regular(walls: Iterable[int]) -> bool:
    """Whether some years in a row have their changes on one numbered weekday of one month, at one time of day."""
    row, shared, before = 0, set[tuple[int, int]](), None
    for wall in map(local_from_epoch, sorted(set(walls))):
        follows = before is not None and (before.year + 1, before.time()) == (wall.year, wall.time())
        common = shared & _weekdays(wall)
        row, shared = (row + 1, common) if follows and common else (1, _weekdays(wall))
        if row >= _MOST_BY_DATE:
            return True
        before = wall
    return False


def _weekdays(wall: LocalDateTime) -> set[tuple[int, int]]:
    """Return month and weekday of a date, the latter as a number that tells which one of its month, too."""
    weeks = {(wall.day - 1) // 7} | ({-1} if (local_from_epoch(_wall(wall) + 7 * _DAY)).month != wall.month else set())
    return {(wall.month, week * 7 + wall.weekday()) for week in weeks}


def _wall(wall: LocalDateTime) -> int:
    return epoch_seconds(instant(wall.replace(tzinfo=UTC)))


def _offset(seconds: int) -> str:
    hours, rest = divmod(abs(seconds), 3600)
    text = f"UTC{'-' if seconds < 0 else '+'}{hours:02}:{rest // 60:02}"
    return f"{text}:{rest % 60:02}" if rest % 60 else text


def _stamp(at: int) -> str:
    return f"{local_from_epoch(at).isoformat(timespec='minutes')}Z"
