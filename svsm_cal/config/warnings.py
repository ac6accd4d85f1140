"""What is allowed but probably not meant: calls that clocks skip or repeat, that collide, or that fall on an event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from svsm_cal.config.values import Problem
from svsm_cal.core.civil import (
    EPOCH,
    LocalDateTime,
    epoch_seconds,
    instant_from_epoch,
    local_from_epoch,
)
from svsm_cal.core.occurrences import occurrences, occurrences_between_days, segments
from svsm_cal.core.zones import instant_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from svsm_cal.config.positions import Path
    from svsm_cal.core.model import Calendar, Occurrence, Series

__all__ = ["warnings_of"]

# How far from the later of two series' starts collisions are looked for: long enough to meet every clock change.
_COLLISION_SPAN = timedelta(days=2 * 366)
_TRANSITIONS_UNTIL = datetime(2038, 1, 1, tzinfo=UTC)


def warnings_of(calendar: Calendar, paths: Mapping[tuple[str, str], Path]) -> Iterator[Problem]:
    """Yield the warnings; `paths` has the place of each ("series", id) and ("event", id)."""
    for series in calendar.series:
        yield from _clock_changes(series, paths["series", series.id])
    yield from _collisions(calendar, paths)
    yield from _event_days(calendar, paths)


def _clock_changes(series: Series, path: Path) -> Iterator[Problem]:
    """Yield one warning for calls that a gap swallows, and one for those a fold shows twice."""
    skipped: list[LocalDateTime] = []
    repeated: list[LocalDateTime] = []
    zone = series.zone
    cancelled = {override.recurrence for override in series.overrides if override.start or override.status == "cancelled"}
    for segment in segments(series):
        zone = segment.zone
        begin = epoch_seconds(instant_of(segment.start, zone)) - 86400
        for at, before, after in zone.changes(begin, epoch_seconds(_UNTIL)):
            low, high = sorted((at + before.offset, at + after.offset))
            calls = segment.starts(local_from_epoch(low), local_from_epoch(high))
            (skipped if after.offset > before.offset else repeated).extend(call for call in calls if call not in cancelled)
    for calls, code, what in (
        (skipped, "call-in-gap", "clocks skip this time; the call takes place an hour later by the clock"),
        (repeated, "call-in-fold", "clocks show this time twice; the first one is meant"),
    ):
        if calls:
            more = f" (and {len(calls) - 1} more by 2037)" if len(calls) > 1 else ""
            message = f'series "{series.id}": call on {calls[0].isoformat()} in {zone.key}{more}: {what}'
            yield Problem((*path, "start"), code, message, "a start outside the night of the clock change", "warning")


_UNTIL = instant_from_epoch(int((_TRANSITIONS_UNTIL - EPOCH).total_seconds()))


def _collisions(calendar: Calendar, paths: Mapping[tuple[str, str], Path]) -> Iterator[Problem]:
    for number, second in enumerate(calendar.series):
        for first in calendar.series[:number]:
            shared = set(first.attendees) & set(second.attendees)
            if not shared:
                continue
            begin = max(instant_of(each.start, each.zone) for each in (first, second)) - timedelta(days=1)
            clashes = _overlaps(
                occurrences(first, begin, begin + _COLLISION_SPAN), occurrences(second, begin, begin + _COLLISION_SPAN)
            )
            if clashes:
                more = f", and {len(clashes) - 1} more within two years" if len(clashes) > 1 else ""
                names = ", ".join(sorted(shared)[:3])
                message = (
                    f'series "{second.id}": call on {clashes[0].start.date()} collides with series "{first.id}" for {names}{more}'
                )
                yield Problem((*paths["series", second.id], "start"), "series-collide", message, "another time", "warning")


def _overlaps(first: list[Occurrence], second: list[Occurrence]) -> list[Occurrence]:
    """Return the calls of the second list that overlap one of the first; both are in time order."""
    found, at = [], 0
    spans = [(each.start_utc, each.end_utc) for each in first]
    for call in second:
        start, end = call.start_utc, call.end_utc
        while at < len(spans) and spans[at][1] <= start:
            at += 1
        if at < len(spans) and spans[at][0] < end:
            found.append(call)
    return found


def _event_days(calendar: Calendar, paths: Mapping[tuple[str, str], Path]) -> Iterator[Problem]:
    for event in calendar.events:
        for call in occurrences_between_days(calendar, event.start, event.end):
            if call.held:
                path = paths["event", event.id]
                message = f'series "{call.series.id}": call on {call.start.date()} is during event "{event.id}" ({event.title})'
                yield Problem((*path, "start"), "call-on-event", message, "cancel or move the call", "warning")
