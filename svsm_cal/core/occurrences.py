"""The occurrences of a series or a calendar: the rule's instances, and what exceptions make of them, in time order.

A window costs what it has, wherever it lies: each segment gives what it has in it, and all is put in order once. Added
calls have a UID of their own, as many clients ignore RDATE.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from svsm_cal.core.model import Addition, Calendar, Occurrence, Override, Series, Status
from svsm_cal.core.rotation import turns_of
from svsm_cal.core.segments import Segment, segments_of
from svsm_cal.engine.civil import LocalDateTime, epoch_seconds, instant, local_from_epoch, midnight, seconds_not_before
from svsm_cal.engine.zones import Zone, instant_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "added_occurrences",
    "longest_call",
    "next_occurrences",
    "occurrence_of",
    "occurrences",
    "occurrences_between_days",
    "occurrences_on",
    "only_occurrence",
    "set_apart",
    "upcoming",
]

_DAY = timedelta(days=1)
_Spans = dict[Zone, list[tuple[int, int, int]]]


def occurrences(of: Series | Calendar, start: datetime, end: datetime, *, cancelled: bool = False) -> list[Occurrence]:
    """Return the occurrences that begin in [start, end), aware datetimes, in time order.

    Cancelled ones, at the time they would have had, only when `cancelled`.
    """
    found = _between(of, seconds_not_before(start), seconds_not_before(end))
    return [each for each in found if cancelled or each.held]


def occurrence_of(segment: Segment, recurrence: LocalDateTime, override: Override | None = None) -> Occurrence:
    """Return the occurrence of a segment with that original start, with its exception applied."""
    series, zone, day = segment.series, segment.zone, recurrence.date()
    duration, details = segment.duration_on(day), segment.details_on(day)
    if details.chairs:
        start = (override.start if override else None) or recurrence
        details = turns_of(series).told(details, recurrence, instant_of(start, zone))
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
    """Return the one call of a series without a rule, with its exception applied; None if there is a rule."""
    if segment.rule is not None:
        return None
    return occurrence_of(segment, segment.start, segment.series.exceptions.get(segment.start))


def upcoming(of: Series | Calendar, since: datetime) -> Iterator[Occurrence]:
    """Yield all that begin at or after `since` (aware), cancelled ones included, lazily and in time order."""
    lo, span = seconds_not_before(since), 8 * 86400
    while any(_goes_on(series, lo) for series in _series_of(of)):
        yield from _between(of, lo, lo + span)
        lo, span = lo + span, span * 2


def _between(of: Series | Calendar, lo: int, hi: int) -> list[Occurrence]:
    """Return what begins in [lo, hi), epoch seconds, cancelled ones included, in time order and then that of UIDs."""
    found: list[tuple[int, str, Occurrence]] = []
    spans: _Spans = {}
    if lo < hi:
        for series in _series_of(of):
            _collect(series, lo, hi, spans, found)
    found.sort(key=_by_start)
    return [each for _, _, each in found]


def _collect(series: Series, lo: int, hi: int, spans: _Spans, found: list[tuple[int, str, Occurrence]]) -> None:
    """Add (start, UID, occurrence) of what begins in [lo, hi); `spans` keeps each zone's wall-clock times for that."""
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
                    found.append((moment - offset, segment.uid, occurrence_of(segment, start, override)))
    if exceptions or series.additions:
        apart = ((epoch_seconds(each.start_utc), each) for each in set_apart(series))
        found += [(at, each.uid, each) for at, each in apart if lo <= at < hi]


def _by_start(row: tuple[int, str, Occurrence]) -> tuple[int, str]:
    return row[:2]


def _goes_on(series: Series, lo: int) -> bool:
    """Whether anything may begin from `lo` on."""
    if any(segment.first_from(lo - 2 * 86400) is not None for segment in segments_of(series)):
        return True
    return any(epoch_seconds(each.start_utc) >= lo for each in set_apart(series))


def _series_of(of: Series | Calendar) -> tuple[Series, ...]:
    return (of,) if isinstance(of, Series) else of.series


def set_apart(series: Series) -> list[Occurrence]:
    """Return a series' moved and added calls: those that are not where the rule has them."""
    stretches = segments_of(series)
    moved = (override for override in series.overrides if override.status is Status.MOVED)
    return added_occurrences(series) + [
        occurrence_of(segment, override.recurrence, override) for override in moved for segment in _of(stretches, override)
    ]


def added_occurrences(series: Series) -> list[Occurrence]:
    """Return a series' calls outside its rule, in time order; each has a UID of its own."""
    stretches = segments_of(series)
    return [_added(series, stretches, addition) for addition in series.additions]


def _of(stretches: tuple[Segment, ...], override: Override) -> list[Segment]:
    begin, end = override.recurrence, LocalDateTime(override.recurrence + timedelta(seconds=1))
    return [segment for segment in stretches if segment.starts(begin, end)][:1]


def _added(series: Series, stretches: tuple[Segment, ...], addition: Addition) -> Occurrence:
    day = addition.start.date()
    before = [segment for segment in stretches if segment.start.date() <= day] or list(stretches[:1])
    zone = before[-1].zone if before else series.zone
    details = before[-1].details_on(day) if before else series.details
    if details.chairs:
        details = turns_of(series).told(details, addition.start, instant_of(addition.start, zone), added=True)
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
    """Return the next `n` occurrences that are not over at `after` (aware): one under way is the first.

    With `cancelled`, the cancelled ones among them come too, and do not count.
    """
    now = instant(after)
    found: list[Occurrence] = []
    for occurrence in upcoming(of, now - longest_call(of)):
        start = occurrence.start_utc
        if start + occurrence.duration <= now and start < now:
            continue
        if n <= 0:
            break
        if occurrence.held:
            n -= 1
            found.append(occurrence)
        elif cancelled:
            found.append(occurrence)
    while found and not found[-1].held:
        found.pop()
    return found


def longest_call(of: Series | Calendar) -> timedelta:
    """Return the length of the longest call a series or a calendar has."""
    if isinstance(of, Calendar):
        return max((longest_call(series) for series in of.series), default=timedelta())
    lengths = [step.duration for step in of.steps]
    lengths += [override.duration for override in of.overrides]
    lengths += [addition.duration for addition in of.additions]
    return max(of.duration, *(length for length in lengths if length is not None), timedelta())


def occurrences_on(of: Series | Calendar, day: date) -> list[Occurrence]:
    """Return the occurrences, cancelled ones included, whose anchor date is `day`, or was before a move."""
    around = occurrences_between_days(of, day, day)
    moved = [
        occurrence_of(segment, override.recurrence, override)
        for series in ((of,) if isinstance(of, Series) else of.series)
        for override in series.overrides
        if override.status is Status.MOVED and day == override.recurrence.date()
        for segment in _of(segments_of(series), override)
    ]
    return around + [each for each in moved if each not in around]


def occurrences_between_days(of: Series | Calendar, first: date, last: date) -> list[Occurrence]:
    """Return the occurrences, cancelled ones included, whose anchor date is from `first` to `last`."""
    reach = 2 * _DAY
    start = midnight(first).replace(tzinfo=UTC) - reach
    end = midnight(last).replace(tzinfo=UTC) + reach + _DAY
    found = occurrences(of, start, end, cancelled=True)
    return [each for each in found if first <= each.start.date() <= last]
