"""Warnings: disputed rules, calls in a clock change's gap or fold, collisions, and calls during an event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING

from svsm_cal.config.values import Problem
from svsm_cal.core.model import Status
from svsm_cal.core.occurrences import occurrences, occurrences_between_days, set_apart
from svsm_cal.core.segments import segments_of
from svsm_cal.engine.civil import Instant, epoch_seconds, local_from_epoch
from svsm_cal.engine.rule_parts import Frequency
from svsm_cal.engine.zones import Gap, Unambiguous, instant_of, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from svsm_cal.config.positions import Path
    from svsm_cal.core.model import Calendar, Series
    from svsm_cal.engine.civil import LocalDateTime
    from svsm_cal.engine.rrule import RecurrenceRule
    from svsm_cal.engine.zones import Zone

_DAY = timedelta(days=1)
# The search for collisions begins with the later of two series and covers every clock change of two years.
_COLLISION_SPAN = timedelta(days=2 * 366)
_TRANSITIONS_UNTIL = Instant(datetime(2038, 1, 1, tzinfo=UTC))


def warnings_of(calendar: Calendar, paths: Mapping[tuple[object, ...], Path]) -> Iterator[Problem]:
    """Yield the warnings.

    `paths` has the path of each ("series", id), ("event", id) and ("series", id, start of a moved or added call).
    """
    for series in calendar.series:
        yield from _disputed_rules(series, paths)
        yield from _clock_changes(series, paths)
    yield from _collisions(calendar, paths)
    yield from _event_days(calendar, paths)


def _disputed_rules(series: Series, paths: Mapping[tuple[object, ...], Path]) -> Iterator[Problem]:
    for rule in filter(None, (series.rule, *(step.rule for step in series.steps))):
        for applies, what, hint in _DISPUTED:
            if applies(rule):
                message = f'series "{series.id}": rule {rule}: calendar programs differ on {what}'
                yield Problem(paths["series", series.id], "rule-disputed", message, hint, "warning")


# Rules that widely used programs interpret differently (all are in tests/core/test_conformance_peers.py).
_DISPUTED: tuple[tuple[Callable[[RecurrenceRule], object], str, str], ...] = (
    (
        lambda rule: rule.freq is Frequency.YEARLY and rule.by_month_day and not rule.by_month,
        "yearly BYMONTHDAY without BYMONTH: each month's day, or one a year",
        "FREQ=MONTHLY, or BYMONTH with the month",
    ),
    (lambda rule: rule.by_week_no and not rule.by_day, "BYWEEKNO without BYDAY: one day or the week", "BYDAY with the day"),
    (
        lambda rule: rule.by_set_pos and rule.freq >= Frequency.WEEKLY,
        "BYSETPOS in a weekly or daily rule: some ignore it",
        "BYDAY with the days themselves",
    ),
    (
        lambda rule: len({bool(day.ordinal) for day in rule.by_day}) > 1,
        "weekdays with and without a number in one BYDAY: either, or both at once",
        "two series",
    ),
)


def _clock_changes(series: Series, paths: Mapping[tuple[object, ...], Path]) -> Iterator[Problem]:
    """Yield a warning for regular calls in a gap, one for those in a fold, and one for each such moved or added call."""
    apart = {override.recurrence for override in series.overrides if override.status is not Status.CONFIRMED}
    affected: dict[str, list[tuple[LocalDateTime, Zone]]] = {code: [] for code in _CLOCK_CHANGES}
    for segment in segments_of(series):
        zone = segment.zone
        begin = epoch_seconds(instant_of(segment.start, zone)) - 86400
        for at, before, after in zone.changes(begin, epoch_seconds(_TRANSITIONS_UNTIL)):
            low, high = sorted((at + before.offset, at + after.offset))
            code = "call-in-gap" if after.offset > before.offset else "call-in-fold"
            starts = segment.starts(local_from_epoch(low), local_from_epoch(high))
            affected[code] += [(start, zone) for start in starts if start not in apart]
    for code, starts_there in affected.items():
        if starts_there:
            first, zone = min(starts_there, key=lambda pair: pair[0])
            yield _clock_change(series, code, paths["series", series.id], first, zone, more=len(starts_there) - 1)
    for call in set_apart(series):
        reading = resolve(call.start, call.zone)
        if not isinstance(reading, Unambiguous):
            code = "call-in-gap" if isinstance(reading, Gap) else "call-in-fold"
            yield _clock_change(series, code, paths["series", series.id, call.start], call.start, call.zone)


def _clock_change(series: Series, code: str, path: Path, call: LocalDateTime, zone: Zone, *, more: int = 0) -> Problem:
    others = f" (and {more} more by 2037)" if more else ""
    message = f'series "{series.id}": call on {call.isoformat()} in {zone.key}{others}: {_CLOCK_CHANGES[code]}'
    return Problem(path, code, message, "a start outside the night of the clock change", "warning")


_CLOCK_CHANGES = {
    "call-in-gap": "clocks skip this time; the call takes place later by the clock",
    "call-in-fold": "clocks show this time twice; the call takes place the first time",
}


def _collisions(calendar: Calendar, paths: Mapping[tuple[object, ...], Path]) -> Iterator[Problem]:
    begins = {series.id: instant_of(series.start, series.zone) - _DAY for series in calendar.series}
    if len(begins) < 2:
        return
    end = max(begins.values()) + _COLLISION_SPAN
    attended = [series for series in calendar.series if series.attendees]
    calls = {series.id: occurrences(series, begins[series.id], end) for series in attended}
    spans = {name: [(call.start_utc, call.end_utc) for call in held] for name, held in calls.items()}
    for first, second in combinations(attended, 2):
        shared = set(first.attendees) & set(second.attendees)
        if not shared:
            continue
        until = max(begins[first.id], begins[second.id]) + _COLLISION_SPAN
        clashes = [at for at in _overlaps(spans[first.id], spans[second.id]) if spans[second.id][at][0] < until]
        if clashes:
            more = f", and {len(clashes) - 1} more within two years" if len(clashes) > 1 else ""
            names = ", ".join(sorted(shared)[:3]) + (" and others" if len(shared) > 3 else "")
            message = (
                f'series "{second.id}": call on {calls[second.id][clashes[0]].start.date()}'
                f' collides with series "{first.id}" for {names}{more}'
            )
            yield Problem(paths["series", second.id], "series-collide", message, "another time", "warning")


def _overlaps(first: list[tuple[Instant, Instant]], second: list[tuple[Instant, Instant]]) -> list[int]:
    """Return the indexes of the second list's spans that overlap one of the first; both are in time order."""
    overlaps, at = [], 0
    for number, (start, end) in enumerate(second):
        while at < len(first) and first[at][1] <= start:
            at += 1
        if at < len(first) and first[at][0] < end:
            overlaps.append(number)
    return overlaps


def _event_days(calendar: Calendar, paths: Mapping[tuple[object, ...], Path]) -> Iterator[Problem]:
    for event in calendar.events:
        calls = [call for call in occurrences_between_days(calendar, event.start, event.end) if call.held]
        if calls:
            more = f", and {len(calls) - 1} more," if len(calls) > 1 else ""
            message = (
                f'event "{event.id}" ({event.title}): the call of series "{calls[0].series.id}" on {calls[0].start.date()}'
                f"{more} is during it"
            )
            yield Problem(paths["event", event.id], "call-on-event", message, "cancel or move the call", "warning")
