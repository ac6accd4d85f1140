"""The occurrences of a series or a calendar: the rule's instances with exceptions applied, in time order.

The cost of a window depends only on its contents. Added calls have their own UIDs, as many clients ignore RDATE.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING

from svsm_cal.core.model import Addition, Calendar, Occurrence, Override, Series, Status, Step
from svsm_cal.core.rotation import turns_of
from svsm_cal.core.segments import Segment, segment_at, segments_of
from svsm_cal.engine.civil import LocalDateTime, epoch_seconds, instant, local_from_epoch, midnight, seconds_not_before
from svsm_cal.engine.zones import Zone, instant_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAY = timedelta(days=1)
_Spans = dict[Zone, list[tuple[int, int, int]]]


def occurrences(of: Series | Calendar, start: datetime, end: datetime, *, cancelled: bool = False) -> list[Occurrence]:
    """Return the occurrences that begin in [start, end), aware datetimes, in time order.

    With `cancelled`, cancelled ones are included, at their scheduled times.
    """
    calls = _between(of, seconds_not_before(start), seconds_not_before(end))
    return calls if cancelled else [call for call in calls if call.held]


def occurrence_of(segment: Segment, recurrence: LocalDateTime, override: Override | None = None) -> Occurrence:
    """Return the occurrence of a segment with an original start, and its exception applied."""
    series, zone, day = segment.series, segment.zone, recurrence.date()
    duration, details = segment.duration_on(day), segment.details_on(day)
    if details.chairs:
        start = (override.start if override else None) or recurrence
        details = turns_of(series).resolved(details, recurrence, instant_of(start, zone))
    if override is None:
        return Occurrence(series, segment.uid, recurrence, recurrence, zone, duration, details)
    return Occurrence(
        series,
        segment.uid,
        recurrence,
        override.start or recurrence,
        zone,
        override.duration or duration,
        details.updated(override.details),
        override.status,
        override.reason,
    )


def only_occurrence(segment: Segment) -> Occurrence | None:
    """Return the only call of a segment without a rule, with its exception applied; None if there is a rule."""
    if segment.rule is not None:
        return None
    return occurrence_of(segment, segment.start, segment.series.exceptions.get(segment.start))


def upcoming(of: Series | Calendar, since: datetime) -> Iterator[Occurrence]:
    """Yield the occurrences that begin at or after `since` (aware), cancelled ones included, lazily and in time order."""
    lo, span = seconds_not_before(since), 8 * 86400
    while any(_continues(series, lo) for series in _series_of(of)):
        yield from _between(of, lo, lo + span)
        lo, span = lo + span, span * 2


def _between(of: Series | Calendar, lo: int, hi: int) -> list[Occurrence]:
    """Return the occurrences that begin in [lo, hi), in epoch seconds, cancelled ones included, sorted by time and UID."""
    rows: list[tuple[int, str, Occurrence]] = []
    spans: _Spans = {}
    if lo < hi:
        for series in _series_of(of):
            _collect(series, lo, hi, spans, rows)
    rows.sort(key=itemgetter(0, 1))
    return [call for _, _, call in rows]


def _collect(series: Series, lo: int, hi: int, spans: _Spans, rows: list[tuple[int, str, Occurrence]]) -> None:
    """Append (start, UID, occurrence) of each occurrence in [lo, hi); `spans` caches the wall-clock times of each zone."""
    exceptions = series.exceptions
    for segment in segments_of(series):
        zone = segment.zone
        if zone not in spans:
            spans[zone] = zone.spans(lo, hi)
        for begin, until, offset in spans[zone]:
            for moment in segment.moments(begin, until):
                start = local_from_epoch(moment)
                override = exceptions.get(start) if exceptions else None
                if override is None or override.status is not Status.MOVED:
                    rows.append((moment - offset, segment.uid, occurrence_of(segment, start, override)))
    if exceptions or series.additions:
        apart = ((epoch_seconds(call.start_utc), call) for call in set_apart(series))
        rows += [(at, call.uid, call) for at, call in apart if lo <= at < hi]


def _continues(series: Series, lo: int) -> bool:
    """Return whether there may be occurrences from `lo` on."""
    if any(segment.first_from(lo - 2 * 86400) is not None for segment in segments_of(series)):
        return True
    return any(epoch_seconds(call.start_utc) >= lo for call in set_apart(series))


def _series_of(of: Series | Calendar) -> tuple[Series, ...]:
    return (of,) if isinstance(of, Series) else of.series


def set_apart(series: Series) -> list[Occurrence]:
    """Return a series' moved and added calls, whose times differ from the rule."""
    return added_occurrences(series) + [call for override in series.overrides for call in _moved(series, override)]


def added_occurrences(series: Series) -> list[Occurrence]:
    """Return a series' calls outside its rule, in time order; each has its own UID."""
    return [_added(series, addition) for addition in series.additions]


def _moved(series: Series, override: Override) -> list[Occurrence]:
    """Return the occurrence that an override moves, if it does."""
    segment = segment_at(series, override.recurrence) if override.status is Status.MOVED else None
    return [] if segment is None else [occurrence_of(segment, override.recurrence, override)]


def _added(series: Series, addition: Addition) -> Occurrence:
    day = addition.start.date()
    segments = segments_of(series)
    before = [segment for segment in segments if segment.start.date() <= day] or segments[:1]
    zone = before[-1].zone if before else series.zone
    details = before[-1].details_on(day) if before else series.details
    if details.chairs:
        details = turns_of(series).resolved(details, addition.start, instant_of(addition.start, zone), added=True)
    duration = before[-1].duration_on(day) if before else series.duration
    return Occurrence(
        series,
        f"{series.id}+{addition.start:%Y%m%dT%H%M%S}@{series.uid_domain}",
        addition.start,
        addition.start,
        zone,
        addition.duration or duration,
        details.updated(addition.details),
        reason=addition.reason,
        added=True,
    )


def next_occurrences(of: Series | Calendar, after: datetime, n: int = 1, *, cancelled: bool = False) -> list[Occurrence]:
    """Return the next `n` occurrences that end after `after` (aware); the first may be in progress.

    With `cancelled`, cancelled ones among them are included but not counted.
    """
    now = instant(after)
    calls: list[Occurrence] = []
    for occurrence in upcoming(of, now - longest_call(of)):
        start = occurrence.start_utc
        if start + occurrence.duration <= now and start < now:
            continue
        if n <= 0:
            break
        if occurrence.held:
            n -= 1
            calls.append(occurrence)
        elif cancelled:
            calls.append(occurrence)
    while calls and not calls[-1].held:
        calls.pop()
    return calls


def longest_call(of: Series | Calendar) -> timedelta:
    """Return the duration of the longest call of a series or a calendar."""
    if isinstance(of, Calendar):
        return max((longest_call(series) for series in of.series), default=timedelta())
    changes: tuple[Step | Override | Addition, ...] = (*of.steps, *of.overrides, *of.additions)
    return max(of.duration, *(change.duration for change in changes if change.duration is not None), timedelta())


def occurrences_on(of: Series | Calendar, day: date) -> list[Occurrence]:
    """Return the occurrences, cancelled ones included, whose anchor date or original date is `day`."""
    around = occurrences_between_days(of, day, day)
    overrides = [(series, override) for series in _series_of(of) for override in series.overrides]
    moved = [call for series, override in overrides if day == override.recurrence.date() for call in _moved(series, override)]
    return around + [call for call in moved if call not in around]


def occurrences_between_days(of: Series | Calendar, first: date, last: date) -> list[Occurrence]:
    """Return the occurrences, cancelled ones included, whose anchor date is in [first, last]."""
    reach = 2 * _DAY
    start = midnight(first).replace(tzinfo=UTC) - reach
    end = midnight(last).replace(tzinfo=UTC) + reach + _DAY
    return [call for call in occurrences(of, start, end, cancelled=True) if first <= call.start.date() <= last]
