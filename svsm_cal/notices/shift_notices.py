"""Notices of local times that clock changes shift: a mismatch begins, has its last call, is over; a season; the anchor's own.

Zones in which the same happens at the same call share a notice. A shift that a `from` entry makes is another matter: then
the series was given another time, and that is told for all zones at once (`svsm_cal.notices.call_notices`).
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
    from collections.abc import Iterator, Mapping
    from datetime import date

    from svsm_cal.core.model import Calendar, Participant, Series

__all__ = ["homes_of", "shift_notices"]

_WEEK = timedelta(weeks=1)
# So far back the window before one that begins now has begun, if it is a mismatch.
_BACK = timedelta(days=80)
# A season of fewer calls is told to be one.
_FEW = 5
_UTC = zone_of("UTC")
_KINDS = {
    NoticeKind.SHIFT: Severity.WARNING,
    NoticeKind.SHIFT_LAST: Severity.INFO,
    NoticeKind.BACK: Severity.WARNING,
    NoticeKind.SEASON: Severity.WARNING,
}


class _Turn(Value):
    """A window that begins with another local time than the one before it had: the kind of its notice, and why.

    `since` is the last call before it.
    """

    kind: NoticeKind
    window: ShiftWindow
    cause: tuple[Zone, date] | None
    since: date | None

    @property
    def group(self) -> tuple[object, ...]:
        """Return what zones share a notice by."""
        return self.kind, self.window.first, _day(self), self.window.change_minutes


def homes_of(calendar: Calendar, series: Series) -> dict[Zone, tuple[Participant, ...]]:
    """Return the zones of a series' attendees, and who lives there."""
    found: dict[Zone, list[Participant]] = {}
    for person in calendar.attendees(series):
        found.setdefault(person.zone, []).append(person)
    return {zone: tuple(people) for zone, people in found.items()}


def shift_notices(calendar: Calendar, begin: Instant, until: Instant) -> Iterator[Notice]:
    """Yield the notices of shifts that may be due by `until` and not expired by `begin`."""
    lead = calendar.notices.leads.shift
    for series in calendar.series:
        homes = homes_of(calendar, series)
        first, last = (begin - _BACK).date(), (until + lead + 2 * timedelta(days=1)).date()
        groups: dict[tuple[object, ...], list[_Turn]] = {}
        for zone in homes:
            for turn in _turns(series, zone, first, last):
                groups.setdefault(turn.group, []).append(turn)
        names: set[str] = set()
        for turns in sorted(groups.values(), key=lambda each: each[0].window.first):
            about = f"{series.id}:{_day(turns[0])}:{turns[0].window.change_minutes or 0:+}"
            if f"{turns[0].kind}:{about}" in names:
                # Clocks that change on one day do so hours apart: a call between them shifts for some, the next one for others.
                about += f":{turns[0].since}"
            names.add(f"{turns[0].kind}:{about}")
            yield from _told(calendar, series, homes, turns, about)
        for turn in _turns(series, _UTC, first, last):
            yield _anchor(calendar, series, homes, turn)


def _turns(series: Series, zone: Zone, first: date, last: date) -> Iterator[_Turn]:
    found = regular_calls(series).windows(zone, first, last)
    retimed = [step.date for step in series.steps if step.retimes]
    for before, window in pairwise([None, *found]):
        if window is None or not window.change_minutes or window.first < first:
            continue
        since = before.last if before is not None and before.last is not None else None
        if any(window.first >= day and (since is None or since < day) for day in retimed if window.first - day < _BACK):
            continue
        kind = NoticeKind.SHIFT
        if window.kind is ShiftKind.SEASON:
            returns = before is not None and before.kind is ShiftKind.MISMATCH
            kind = NoticeKind.BACK if returns else NoticeKind.SEASON
        yield _Turn(kind, window, _cause(series, zone, window), since)


def _day(turn: _Turn) -> date:
    return turn.cause[1] if turn.cause else turn.window.first


def _cause(series: Series, zone: Zone, window: ShiftWindow) -> tuple[Zone, date] | None:
    """Return whose clocks changed last before a window's first call, the zone's or the anchor's, and on which day there."""
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
    # The day on which the change falls, as the clock is before it.
    return where, local_of(instant_from_epoch(when - 1), where).date()


def _anchor_at(series: Series, day: date) -> Zone:
    zone = series.zone
    for segment in segments_of(series):
        if segment.start.date() <= day:
            zone = segment.zone
    return zone


def _clock(window: ShiftWindow, day: date, minutes: int = 0) -> LocalDateTime:
    """Return what a window's zone shows at a call of an anchor date, or did by so many minutes less."""
    return LocalDateTime(midnight(day) + timedelta(seconds=window.local_seconds, minutes=-minutes))


def _told(
    calendar: Calendar, series: Series, homes: Mapping[Zone, tuple[Participant, ...]], turns: list[_Turn], about: str
) -> Iterator[Notice]:
    turns = sorted(turns, key=lambda turn: (turn.window.zone.utc_offset(turn.window.first_utc), turn.window.zone.key))
    turn, leads = turns[0], calendar.notices.leads
    window, kind = turn.window, turn.kind
    minutes = window.change_minutes or 0
    zones = {
        each.window.zone: LocalChange(
            each.window.zone, _clock(each.window, window.first, minutes), _clock(each.window, window.first)
        )
        for each in turns
    }
    ends = [each.window for each in turns if each.window.last is not None]
    shortest = min(ends, key=lambda each: each.last or each.first) if ends else window
    people = tuple(person.id for zone in zones for person in homes[zone])
    # Where zones differ in how long it lasts, an end is told only of those for which it is one.
    ending = [each.window.zone for each in turns if each.window.last == shortest.last]
    agreed = len(ending) == len(turns)
    passing = kind is not NoticeKind.SHIFT and shortest.calls is not None and shortest.calls < _FEW
    fact = ShiftFact(minutes, window.first, None, None, _cause_of(turns), passing, tuple(zones.values()))
    if agreed or passing:
        fact = replace(fact, last=shortest.last, calls=shortest.calls, passed=() if agreed else tuple(ending))
    ends_at = shortest.last_utc if kind is NoticeKind.SHIFT and shortest.last_utc else window.first_utc
    yield Notice(
        f"{kind}:{about}",
        kind,
        _KINDS[kind],
        _before(series, window.first, window.first_utc, leads.shift),
        Instant(ends_at + series.duration),
        window.first_utc,
        window.first,
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


def _cause_of(turns: list[_Turn]) -> tuple[Zone | None, date] | None:
    """Return whose clocks change, and when, None being those of the zones themselves, each its own."""
    others = [turn.cause for turn in turns if turn.cause is not None and turn.cause[0] != turn.window.zone]
    if others:
        return others[0]
    return (None, turns[0].cause[1]) if turns[0].cause is not None else None


def _before(series: Series, day: date, at: Instant, lead: timedelta) -> Instant:
    """Return a lead before a call, by the anchor's clock."""
    zone = _anchor_at(series, day)
    return ahead_of(local_of(at, zone), zone, lead)


def _anchor(calendar: Calendar, series: Series, homes: Mapping[Zone, tuple[Participant, ...]], turn: _Turn) -> Notice:
    window = turn.window
    zone, day = turn.cause or (series.zone, window.first)
    at, minutes = window.first_utc, -(window.change_minutes or 0)
    utc = LocalChange(_UTC, _clock(window, window.first, -minutes), _clock(window, window.first))
    before = at - timedelta(days=max(1, (window.first - day).days + 1))
    spared = [each for each in homes if each.utc_offset(at) - zone.utc_offset(at) == _apart(each, zone, Instant(before))]
    fact = AnchorFact(zone, day, minutes, local_of(at, zone), utc, tuple(sorted(spared, key=lambda each: each.key)))
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


def _apart(zone: Zone, anchor: Zone, at: Instant) -> timedelta:
    return zone.utc_offset(at) - anchor.utc_offset(at)
