"""Notices of local times shifted by clock changes: begin, last call and end of a mismatch, a new season, changes of the anchor.

Zones with the same shift at the same call share a notice. Shifts by a `from` entry are excluded, as that entry has its own
notice for all zones (`svsm_cal.notices.call_notices`).
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from svsm_cal.core.announcing import Severity
from svsm_cal.core.segments import segments_of
from svsm_cal.core.shifts import ShiftKind, ShiftWindow, regular_calls
from svsm_cal.engine.civil import Instant, LocalDateTime, epoch_seconds, instant_from_epoch, midnight
from svsm_cal.engine.zones import Zone, local_of, zone_of
from svsm_cal.notices.notice import AnchorFact, LocalChange, Notice, NoticeKind, ShiftFact, ahead_of
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from svsm_cal.core.model import Calendar, Participant, Series

_WEEK = timedelta(weeks=1)
# The window before one that begins now began within this time, if it is a mismatch.
_BACK = timedelta(days=80)
# A season with fewer calls than this is announced with its end.
_FEW = 5
_UTC = zone_of("UTC")
_KINDS = {
    NoticeKind.SHIFT: Severity.WARNING,
    NoticeKind.SHIFT_LAST: Severity.INFO,
    NoticeKind.BACK: Severity.WARNING,
    NoticeKind.SEASON: Severity.WARNING,
}


class _Shift(Value):
    """A window with a different local time from the one before, the kind of its notice and its cause.

    `cause` is the zone and day of the clock change, `since` the last call before the window.
    """

    kind: NoticeKind
    window: ShiftWindow
    cause: tuple[Zone, date] | None
    since: date | None

    @property
    def group(self) -> tuple[object, ...]:
        """Return a key that is equal for zones that share a notice."""
        return self.kind, self.window.first, self.day, self.window.change_minutes

    @property
    def day(self) -> date:
        """Return the day of the clock change, the first call's date if it is not known."""
        return self.cause[1] if self.cause else self.window.first


def shift_notices(calendar: Calendar, begin: Instant, until: Instant) -> Iterator[Notice]:
    """Yield the notices of shifts that may be due by `until` and not expired by `begin`."""
    lead = calendar.notices.leads.shift
    for series in calendar.series:
        homes = calendar.homes(series)
        first, last = (begin - _BACK).date(), (until + lead + timedelta(days=2)).date()
        groups: dict[tuple[object, ...], list[_Shift]] = {}
        for zone in homes:
            for shift in _shifts(series, zone, first, last):
                groups.setdefault(shift.group, []).append(shift)
        names: set[str] = set()
        for shifts in sorted(groups.values(), key=lambda shifts: shifts[0].window.first):
            shift = shifts[0]
            about = f"{series.id}:{shift.day}:{shift.window.change_minutes or 0:+}"
            if f"{shift.kind}:{about}" in names:
                # Clocks that change on one day do so hours apart: a call in between shifts for some zones, the next for others.
                about += f":{shift.since}"
            names.add(f"{shift.kind}:{about}")
            yield from _zone_notices(calendar, series, homes, shifts, about)
        for shift in _shifts(series, _UTC, first, last):
            yield _anchor_notice(calendar, series, homes, shift)


def _shifts(series: Series, zone: Zone, first: date, last: date) -> Iterator[_Shift]:
    windows = regular_calls(series).windows(zone, first, last)
    retimed = [step.date for step in series.steps if step.retimes]
    for before, window in pairwise([None, *windows]):
        if window is None or not window.change_minutes or window.first < first:
            continue
        since = before.last if before is not None else None
        if any(window.first >= day and (since is None or since < day) for day in retimed if window.first - day < _BACK):
            continue
        kind = NoticeKind.SHIFT
        if window.kind is ShiftKind.SEASON:
            returns = before is not None and before.kind is ShiftKind.MISMATCH
            kind = NoticeKind.BACK if returns else NoticeKind.SEASON
        yield _Shift(kind, window, _cause(series, zone, window), since)


def _cause(series: Series, zone: Zone, window: ShiftWindow) -> tuple[Zone, date] | None:
    """Return the zone (its own or the anchor) and local day of the last clock change before a window's first call."""
    at = epoch_seconds(window.first_utc)
    anchor = _anchor_at(series, window.first)
    changes = [
        (when, where)
        for where in dict.fromkeys((zone, anchor))
        for when, before, after in where.changes(at - 100 * 86400, at + 1)
        if before.offset != after.offset
    ]
    if not changes:
        return None
    when, where = max(changes, key=lambda pair: pair[0])
    # The day on the clock before the change.
    return where, local_of(instant_from_epoch(when - 1), where).date()


def _anchor_at(series: Series, day: date) -> Zone:
    segments = reversed(segments_of(series))
    return next((segment.zone for segment in segments if segment.start.date() <= day), series.zone)


def _clock(window: ShiftWindow, day: date, minutes: int = 0) -> LocalDateTime:
    """Return the local start of a window's call on an anchor date, minus `minutes`."""
    return LocalDateTime(midnight(day) + timedelta(seconds=window.local_seconds, minutes=-minutes))


def _zone_notices(
    calendar: Calendar, series: Series, homes: Mapping[Zone, Sequence[Participant]], shifts: list[_Shift], about: str
) -> Iterator[Notice]:
    shifts = sorted(shifts, key=lambda shift: (shift.window.zone.utc_offset(shift.window.first_utc), shift.window.zone.key))
    leads, kind = calendar.notices.leads, shifts[0].kind
    windows = [shift.window for shift in shifts]
    window = windows[0]
    first, minutes = window.first, window.change_minutes or 0
    zones = {there.zone: LocalChange(there.zone, _clock(there, first, minutes), _clock(there, first)) for there in windows}
    ends = [there for there in windows if there.last is not None]
    shortest = min(ends, key=lambda window: window.last or window.first) if ends else window
    people = tuple(person.id for zone in zones for person in homes[zone])
    # If the windows end on different days, an end is announced only for the zones with that end.
    ending = [there.zone for there in windows if there.last == shortest.last]
    agreed = len(ending) == len(windows)
    passing = kind is not NoticeKind.SHIFT and shortest.calls is not None and shortest.calls < _FEW
    fact = ShiftFact(minutes, first, None, None, _cause_of(shifts), passing, tuple(zones.values()))
    if agreed or passing:
        fact = replace(fact, last=shortest.last, calls=shortest.calls, passed=() if agreed else tuple(ending))
    ends_at = shortest.last_utc if kind is NoticeKind.SHIFT and shortest.last_utc else window.first_utc
    yield Notice(
        f"{kind}:{about}",
        kind,
        _KINDS[kind],
        _before(series, first, window.first_utc, leads.shift),
        Instant(ends_at + series.duration),
        window.first_utc,
        first,
        series,
        people,
        fact,
    )
    if kind is NoticeKind.SHIFT and shortest.last is not None and shortest.last_utc is not None and shortest.calls != 1:
        fact = replace(fact, last=shortest.last, calls=shortest.calls, zones=tuple(zones[zone] for zone in ending))
        yield Notice(
            f"{NoticeKind.SHIFT_LAST}:{about}",
            NoticeKind.SHIFT_LAST,
            _KINDS[NoticeKind.SHIFT_LAST],
            _before(series, shortest.last, shortest.last_utc, leads.last),
            shortest.last_utc,
            shortest.last_utc,
            shortest.last,
            series,
            tuple(person.id for zone in ending for person in homes[zone]),
            fact,
        )


def _cause_of(shifts: list[_Shift]) -> tuple[Zone | None, date] | None:
    """Return the zone and day of the clock change, None as the zone if each zone has its own change."""
    for shift in shifts:
        if shift.cause is not None and shift.cause[0] != shift.window.zone:
            return shift.cause
    return (None, shifts[0].cause[1]) if shifts[0].cause is not None else None


def _before(series: Series, day: date, at: Instant, lead: timedelta) -> Instant:
    """Return the instant a lead time before a call, on the anchor's clock."""
    zone = _anchor_at(series, day)
    return ahead_of(local_of(at, zone), zone, lead)


def _anchor_notice(calendar: Calendar, series: Series, homes: Mapping[Zone, Sequence[Participant]], shift: _Shift) -> Notice:
    window = shift.window
    zone, day = shift.cause or (series.zone, window.first)
    at, minutes = window.first_utc, -(window.change_minutes or 0)
    utc = LocalChange(_UTC, _clock(window, window.first, -minutes), _clock(window, window.first))
    before = at - timedelta(days=max(1, (window.first - day).days + 1))
    unchanged = [home for home in homes if _difference(home, zone, at) == _difference(home, zone, Instant(before))]
    fact = AnchorFact(zone, day, minutes, local_of(at, zone), utc, tuple(sorted(unchanged, key=lambda home: home.key)))
    return Notice(
        f"{NoticeKind.ANCHOR}:{series.id}:{day}",
        NoticeKind.ANCHOR,
        Severity.INFO,
        _before(series, window.first, at, calendar.notices.leads.shift),
        Instant(at + series.duration),
        at,
        window.first,
        series,
        tuple(person.id for person in calendar.attendees(series)),
        fact,
    )


def _difference(zone: Zone, anchor: Zone, at: Instant) -> timedelta:
    return zone.utc_offset(at) - anchor.utc_offset(at)
