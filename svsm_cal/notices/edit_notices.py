"""Notices of changes that the calendar itself does not show: values replaced by an edit, and calls moved by a new tz database."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.core.announcing import Severity
from svsm_cal.core.call_changes import CallChange, CallKind
from svsm_cal.core.changes import DeadlineKind, changes
from svsm_cal.core.rotation import chaired
from svsm_cal.engine.civil import Instant
from svsm_cal.engine.zones import instant_of
from svsm_cal.notices.call_notices import call_notice, digest, local_changes
from svsm_cal.notices.deadline_notices import deadline_notice
from svsm_cal.notices.notice import CallFact, LocalChange, Notice, NoticeKind, TimeFact, TzFact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from svsm_cal.core.model import Calendar, Occurrence
    from svsm_cal.core.tz_changes import TzChange
    from svsm_cal.engine.zones import Zone

# Edits of calls and deadlines within this time ahead are announced immediately.
_AHEAD = timedelta(weeks=8)
_KINDS = {
    CallKind.LINK: NoticeKind.LINK,
    CallKind.CHAIR: NoticeKind.CHAIR,
    CallKind.RESTORED: NoticeKind.RESTORED,
    CallKind.RETIMED: NoticeKind.REANCHORED,
}
_DEADLINES = {DeadlineKind.SLIPPED: NoticeKind.SLIPPED, DeadlineKind.EARLIER: NoticeKind.EARLIER}


def edit_notices(previous: Calendar, calendar: Calendar, begin: Instant, until: Instant) -> Iterator[Notice]:
    """Yield notices of replaced values for calls and deadlines from `begin` to some weeks after `until`, due immediately."""
    edits = changes(previous, calendar, start=begin, end=Instant(until + _AHEAD))
    for series in edits.series:
        turns = 0
        for change in series.calls:
            kind, call = _KINDS.get(change.kind), change.after
            if kind is None or call is None:
                continue
            in_turn = kind is NoticeKind.CHAIR and chaired(call).turn is not None
            turns += in_turn
            # A new rotation is announced once, not call by call.
            if not in_turn or turns == 1:
                yield _change_notice(calendar, kind, change, call, begin, in_turn=in_turn)
    for slip in edits.deadlines:
        kind = _DEADLINES.get(slip.kind)
        if kind is not None and slip.before is not None and slip.after is not None:
            expires = slip.after.due_utc
            yield deadline_notice(calendar, kind, slip.after, due=begin, expires=expires, was=slip.before.date)


def _change_notice(
    calendar: Calendar, kind: NoticeKind, change: CallChange, call: Occurrence, begin: Instant, *, in_turn: bool
) -> Notice:
    series, before, suffix = call.series, change.before, ""
    zones = {series.zone, call.zone, *calendar.homes(series)}
    fact: CallFact | TimeFact
    if kind is NoticeKind.REANCHORED:
        suffix = f":{digest(call.zone.key, call.start.time(), series.rule)}"
        fact = TimeFact(before, call, None, local_changes(zones, before.start_utc if before else None, call.start_utc))
    elif kind is NoticeKind.RESTORED:
        fact = CallFact(call, zones=local_changes(zones, None, call.start_utc))
    else:
        field = "url" if kind is NoticeKind.LINK else "chair"
        was, now = (None if version is None else getattr(version.details, field) for version in (before, call))
        suffix = f":{digest(now) if kind is NoticeKind.LINK else now}"
        fact = CallFact(call, was, now, onwards=in_turn or change.calls > 1, in_turn=in_turn)
    severity = Severity.INFO if kind is NoticeKind.CHAIR else Severity.WARNING
    return call_notice(calendar, kind, severity, call, fact, due=begin, expires=call.end_utc, suffix=suffix)


def tz_notices(tz_changes: Sequence[TzChange], begin: Instant) -> Iterator[Notice]:
    """Yield the notices of changes by another tz database, with equal changes in several zones combined, due immediately.

    A notice has the first run of changed calls in a zone, and says if there are more; `tzdiff` lists all.
    """
    by_zone: dict[tuple[str, Zone], list[TzChange]] = {}
    for change in sorted(tz_changes, key=lambda change: change.first):
        by_zone.setdefault((change.series.id, change.zone), []).append(change)
    groups: dict[tuple[object, ...], list[TzChange]] = {}
    for (series, _), (change, *_) in by_zone.items():
        shift = change.after - change.before
        groups.setdefault((series, change.first, change.last, change.calls, change.moved, shift), []).append(change)
    for group in groups.values():
        one = group[0]
        ordered = sorted(group, key=lambda change: change.zone.key)
        zones = tuple(LocalChange(change.zone, change.before, change.after) for change in ordered)
        more = any(len(by_zone[one.series.id, change.zone]) > 1 for change in group)
        at = instant_of(one.after, one.zone)
        name = digest(*(f"{change.zone.key} {change.after}" for change in zones))
        yield Notice(
            f"{NoticeKind.TZ}:{one.series.id}:{one.first}:{name}",
            NoticeKind.TZ,
            Severity.URGENT,
            begin,
            Instant(at + one.series.duration),
            at,
            one.first,
            one.series,
            tuple(person.id for change in group for person in change.participants),
            TzFact(one.first, one.last, one.calls, one.moved, zones, more),
        )
