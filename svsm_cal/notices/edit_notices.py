"""Notices of what the calendar itself does not tell: what an edit replaced, and what another law of time moves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.core.announcing import Severity
from svsm_cal.core.call_changes import CallChange, CallKind
from svsm_cal.core.changes import DeadlineKind, changes
from svsm_cal.core.rotation import chaired
from svsm_cal.engine.civil import Instant
from svsm_cal.engine.zones import instant_of
from svsm_cal.notices.call_notices import call_name, digest, local_changes, people_of
from svsm_cal.notices.deadline_notices import deadline_notice
from svsm_cal.notices.notice import CallFact, LocalChange, Notice, NoticeKind, TimeFact, TzFact
from svsm_cal.notices.shift_notices import homes_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from svsm_cal.core.model import Calendar, Occurrence, Series
    from svsm_cal.core.tz_changes import TzChange
    from svsm_cal.engine.zones import Zone

__all__ = ["edit_notices", "tz_notices"]

# So far ahead an edit is told as soon as it is made.
_AHEAD = timedelta(weeks=8)
_KINDS = {
    CallKind.LINK: NoticeKind.LINK,
    CallKind.CHAIR: NoticeKind.CHAIR,
    CallKind.RESTORED: NoticeKind.RESTORED,
    CallKind.RETIMED: NoticeKind.REANCHORED,
}
_DEADLINES = {DeadlineKind.SLIPPED: NoticeKind.SLIPPED, DeadlineKind.EARLIER: NoticeKind.EARLIER}


def edit_notices(previous: Calendar, calendar: Calendar, begin: Instant, until: Instant) -> Iterator[Notice]:
    """Yield what an edit replaced for calls and deadlines from `begin` to some weeks after `until`, due at once."""
    found = changes(previous, calendar, start=begin, end=Instant(until + _AHEAD))
    for series in found.series:
        now = next((each for each in calendar.series if each.id == series.series.id), None)
        if now is None:
            continue
        turns = 0
        for change in series.calls:
            kind, call = _KINDS.get(change.kind), change.after
            if kind is None or call is None:
                continue
            in_turn = kind is NoticeKind.CHAIR and chaired(call).turn is not None
            turns += in_turn
            # That people take turns, or other ones, is told once, not call by call.
            if not in_turn or turns == 1:
                yield _told(calendar, now, kind, change, call, begin, in_turn=in_turn)
    for slip in found.deadlines:
        kind = _DEADLINES.get(slip.kind)
        if kind is not None and slip.before is not None and slip.after is not None:
            expires = slip.after.due_utc
            yield deadline_notice(calendar, kind, slip.after, due=begin, expires=expires, was=slip.before.date)


def _told(
    calendar: Calendar, series: Series, kind: NoticeKind, change: CallChange, call: Occurrence, begin: Instant, *, in_turn: bool
) -> Notice:
    zones = {series.zone, call.zone, *homes_of(calendar, series)}
    name = f"{kind}:{series.id}:{call_name(call)}"
    before = change.before
    fact: CallFact | TimeFact
    if kind is NoticeKind.REANCHORED:
        name += f":{digest(call.zone.key, call.start.time(), series.rule)}"
        fact = TimeFact(before, call, None, local_changes(zones, before.start_utc if before else None, call.start_utc))
    elif kind is NoticeKind.RESTORED:
        fact = CallFact(call, zones=local_changes(zones, None, call.start_utc))
    else:
        was, now = (
            (each.details.url if kind is NoticeKind.LINK else each.details.chair) if each is not None else None
            for each in (before, call)
        )
        name += f":{digest(now) if kind is NoticeKind.LINK else now}"
        fact = CallFact(call, was, now, onwards=in_turn or change.calls > 1, in_turn=in_turn)
    severity = Severity.INFO if kind is NoticeKind.CHAIR else Severity.WARNING
    people = people_of(calendar, series)
    return Notice(name, kind, severity, begin, call.end_utc, call.start_utc, call.start.date(), series, people, fact)


def tz_notices(tz_changes: Sequence[TzChange], begin: Instant) -> Iterator[Notice]:
    """Yield what another law of time changes, the zones to which the same happens together, due at once.

    A zone's first calls concerned are told, and that there are more; `tzdiff` has them all.
    """
    first: dict[tuple[str, Zone], TzChange] = {}
    several: set[tuple[str, Zone]] = set()
    for each in sorted(tz_changes, key=lambda law: law.first):
        key = (each.series.id, each.zone)
        several |= {key} if first.setdefault(key, each) is not each else set()
    groups: dict[tuple[object, ...], list[TzChange]] = {}
    for each in first.values():
        moved = each.after - each.before
        groups.setdefault((each.series.id, each.first, each.last, each.calls, each.moved, moved), []).append(each)
    for found in groups.values():
        one = found[0]
        zones = tuple(LocalChange(each.zone, each.before, each.after) for each in sorted(found, key=lambda law: law.zone.key))
        at = instant_of(one.after, one.zone)
        name = digest(*(f"{each.zone.key} {each.after}" for each in zones))
        yield Notice(
            f"{NoticeKind.TZ}:{one.series.id}:{one.first}:{name}",
            NoticeKind.TZ,
            Severity.URGENT,
            begin,
            Instant(at + one.series.duration),
            at,
            one.first,
            one.series,
            tuple(person.id for each in found for person in each.participants),
            TzFact(
                one.first,
                one.last,
                one.calls,
                one.moved,
                zones,
                more=any((one.series.id, each.zone) in several for each in found),
            ),
        )
