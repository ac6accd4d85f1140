"""A series' occurrences: its segments, the rule's instances in each, and what exceptions make of them.

A segment is a stretch of a series with one zone, start time and rule, and so one UID. A `from` entry that
changes one of these begins the next; one that changes only a link or a chair does not. Rules that Outlook
cannot hold in one component, such as the first and third Wednesday (Microsoft KB2643084), are several
segments side by side. Added calls have a UID of their own, as many clients ignore RDATE.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from heapq import merge
from itertools import groupby, takewhile
from typing import TYPE_CHECKING, TypeVar

from svsm_cal.core.civil import Instant, LocalDateTime, instant, local_seconds, midnight
from svsm_cal.core.expansion import after, between, expand
from svsm_cal.core.model import (
    Addition,
    Calendar,
    Details,
    Occurrence,
    Override,
    Series,
    Status,
)
from svsm_cal.core.zones import Zone, instant_of, local_of
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svsm_cal.core.rrule import RecurrenceRule

__all__ = [
    "Segment",
    "added_occurrences",
    "longest_call",
    "next_occurrences",
    "occurrences",
    "occurrences_between_days",
    "occurrences_on",
    "segments",
    "set_apart",
    "stream",
]

_DAY = timedelta(days=1)
_Value = TypeVar("_Value")


class Segment(Value):
    """A stretch of a series under one UID: instances of `rule` from `start` on and before `end`, in `zone`.

    `rule` is None for a single call; its UNTIL is civil. `clock` is the time of day, in seconds, that shift windows
    are told in, the same for all segments that stand side by side. `details` and `durations` hold what applies from each
    anchor date on, the first entry being what the segment begins with. `begin` is the date of the `from` entry
    that began it, None for the first; `continues` is the UID before it.
    """

    series: Series
    uid: str
    zone: Zone
    start: LocalDateTime
    rule: RecurrenceRule | None
    end: LocalDateTime | None
    clock: int
    details: tuple[tuple[date, Details], ...]
    durations: tuple[tuple[date, timedelta], ...]
    begin: date | None = None
    continues: str | None = None

    def starts(self, start: LocalDateTime, end: LocalDateTime) -> list[LocalDateTime]:
        """Return the original starts in [start, end), exceptions not applied."""
        if self.end is not None:
            end = min(end, self.end)
        if self.rule is None:
            return [self.start] if start <= self.start < end else []
        return [LocalDateTime(each) for each in between(self.rule, self.start, start, end)] if start < end else []

    def starts_from(self, start: LocalDateTime) -> Iterator[LocalDateTime]:
        """Yield the original starts from `start` on, lazily, exceptions not applied."""
        if self.rule is None:
            starts: Iterator[datetime] = iter([self.start] if self.start >= start else [])
        else:
            starts = expand(self.rule, self.start, start=start)
        end = self.end
        return (LocalDateTime(each) for each in takewhile(lambda each: end is None or each < end, starts))

    @property
    def only(self) -> Occurrence | None:
        """Return the one call of a series without a rule, as its exception has it; None where there is a rule."""
        if self.rule is not None:
            return None
        return self.occurrence(self.start, self.series.exceptions.get(self.start))

    @property
    def whole_rule(self) -> RecurrenceRule | None:
        """Return the rule that the series has here, of which `rule` may be only a part."""
        rules = [step.rule for step in self.series.steps if step.rule and self.begin and step.date <= self.begin]
        return rules[-1] if rules else self.series.rule

    def details_on(self, day: date) -> Details:
        """Return the details that apply on an anchor date."""
        return _latest(self.details, day)

    def duration_on(self, day: date) -> timedelta:
        """Return the duration that applies on an anchor date."""
        return _latest(self.durations, day)

    def occurrence(self, recurrence: LocalDateTime, override: Override | None = None) -> Occurrence:
        """Return the occurrence of an original start, with its exception applied."""
        day = recurrence.date()
        duration, details = self.duration_on(day), self.details_on(day)
        if override is None:
            return Occurrence(self.series, self.uid, recurrence, recurrence, self.zone, duration, details)
        return Occurrence(
            self.series,
            self.uid,
            recurrence,
            override.start or recurrence,
            self.zone,
            override.duration or duration,
            details.updated(override.details),
            override.status,
            override.reason,
        )


def _latest(entries: tuple[tuple[date, _Value], ...], day: date) -> _Value:
    if len(entries) == 1:
        return entries[0][1]
    return entries[max(0, bisect_right(entries, day, key=lambda entry: entry[0]) - 1)][1]


def segments(series: Series) -> tuple[Segment, ...]:
    """Return the stretches of a series, in order; the first one has the series' plain UID."""
    found: list[Segment] = []
    retimings = [step for step in series.steps if step.retimes]
    ends = [*(midnight(step.date) for step in retimings), None]
    zone, start, rule = series.zone, series.start, series.rule
    found += _parts(series, zone, start, rule, ends[0])
    for step, end in zip(retimings, ends[1:], strict=True):
        zone = step.zone or zone
        time_of_day = step.start or start.time()
        # The same rule keeps its phase ("every other week" goes on as it was), a new one begins on the day.
        origin = LocalDateTime(datetime.combine(start.date() if step.rule is None else step.date, time_of_day))
        rule = step.rule or rule
        if rule is None:
            break
        first = after(_civil_until(rule, zone), origin, midnight(step.date), inclusive=True)
        if first is None:
            continue
        start = LocalDateTime(first)
        previous = found[-1].uid if found else None
        found += _parts(series, zone, start, rule, end, step.date, previous)
    return tuple(found)


def _parts(
    series: Series,
    zone: Zone,
    start: LocalDateTime,
    rule: RecurrenceRule | None,
    end: LocalDateTime | None,
    begin: date | None = None,
    continues: str | None = None,
) -> Iterator[Segment]:
    stretch = f"+{begin.isoformat().replace('-', '')}" if begin else ""
    details, durations = _stages(series, start.date(), end)
    clock = local_seconds(start) % 86400
    for index, (name, part) in enumerate(_civil_until(rule, zone).parts() if rule else (("", None),)):
        first = start if part is None else after(part, start, start, inclusive=True)
        if first is not None and (end is None or first < end):
            uid = f"{series.id}{stretch}{f'+{name}' if index else ''}@{series.uid_domain}"
            yield Segment(series, uid, zone, LocalDateTime(first), part, end, clock, details, durations, begin, continues)


def _stages(
    series: Series, begin: date, end: LocalDateTime | None
) -> tuple[tuple[tuple[date, Details], ...], tuple[tuple[date, timedelta], ...]]:
    """Return what a segment from `begin` to before `end` says of itself, and how long its calls are, by date."""
    details, durations = [(begin, series.details)], [(begin, series.duration)]
    for step in series.steps:
        if end is not None and step.date >= end.date():
            break
        following = details[-1][1].updated(step.details)
        if step.date <= begin:
            details[-1] = (begin, following)
            durations[-1] = (begin, step.duration or durations[-1][1])
        else:
            details.append((step.date, following))
            durations.append((step.date, step.duration or durations[-1][1]))
    return tuple(details), tuple(durations)


def _civil_until(rule: RecurrenceRule, zone: Zone) -> RecurrenceRule:
    """Return the rule with an UNTIL in UTC read on the anchor's clock."""
    if not isinstance(rule.until, datetime) or rule.until.tzinfo is None:
        return rule
    if not 1 < rule.until.year < 9999:  # no clock can be read there, and none needs to be
        return replace(rule, until=rule.until.replace(tzinfo=None))
    return replace(rule, until=local_of(instant(rule.until), zone))


def stream(series: Series, since: Instant) -> Iterator[tuple[Instant, Occurrence]]:
    """Yield (start, occurrence) of all that begin at or after `since`, cancelled ones included, in time order."""
    overrides = series.exceptions
    starts = sorted(((each.start_utc, each) for each in set_apart(series)), key=_by_start)
    streams = [_regular(segment, overrides, since) for segment in segments(series)]
    return merge(*streams, (pair for pair in starts if pair[0] >= since), key=_by_start)


def _regular(segment: Segment, overrides: dict[LocalDateTime, Override], since: Instant) -> Iterator[tuple[Instant, Occurrence]]:
    zone = segment.zone
    begin = segment.start
    if since > instant_of(begin, zone):
        begin = LocalDateTime(local_of(since, zone) - _DAY)
    for _, starts in groupby(segment.starts_from(begin), key=datetime.toordinal):
        # In time order even across a gap, which a later wall-clock time may fall into and an earlier one not.
        for at, start in sorted((instant_of(start, zone), start) for start in starts):
            override = overrides.get(start)
            if at >= since and (override is None or override.status is not Status.MOVED):
                yield at, segment.occurrence(start, override)


def set_apart(series: Series) -> list[Occurrence]:
    """Return a series' moved and added calls: those that are not where the rule has them."""
    stretches = segments(series)
    moved = (override for override in series.overrides if override.status is Status.MOVED)
    return added_occurrences(series) + [
        segment.occurrence(override.recurrence, override) for override in moved for segment in _of(stretches, override)
    ]


def added_occurrences(series: Series) -> list[Occurrence]:
    """Return a series' calls outside its rule, in time order; each has a UID of its own."""
    stretches = segments(series)
    return [_added(series, stretches, addition) for addition in series.additions]


def _of(stretches: tuple[Segment, ...], override: Override) -> list[Segment]:
    begin, end = override.recurrence, LocalDateTime(override.recurrence + timedelta(seconds=1))
    return [segment for segment in stretches if segment.starts(begin, end)][:1]


def _added(series: Series, stretches: tuple[Segment, ...], addition: Addition) -> Occurrence:
    day = addition.start.date()
    before = [segment for segment in stretches if segment.start.date() <= day] or list(stretches[:1])
    zone = before[-1].zone if before else series.zone
    details = before[-1].details_on(day) if before else series.details
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


def _by_start(pair: tuple[Instant, Occurrence]) -> tuple[Instant, str]:
    return pair[0], pair[1].uid


def _streams(of: Series | Calendar, since: Instant) -> Iterator[tuple[Instant, Occurrence]]:
    if isinstance(of, Series):
        return stream(of, since)
    return merge(*(stream(series, since) for series in of.series), key=_by_start)


def occurrences(of: Series | Calendar, start: datetime, end: datetime, *, cancelled: bool = False) -> list[Occurrence]:
    """Return the occurrences that begin in [start, end), aware datetimes, in time order.

    Cancelled ones, at the time they would have had, only when `cancelled`.
    """
    until = instant(end)
    window = takewhile(lambda pair: pair[0] < until, _streams(of, instant(start)))
    return [each for _, each in window if cancelled or each.held]


def next_occurrences(of: Series | Calendar, after: datetime, n: int = 1, *, cancelled: bool = False) -> list[Occurrence]:
    """Return the next `n` occurrences that are not over at `after` (aware): one under way is the first.

    With `cancelled`, the cancelled ones among them come too, and do not count.
    """
    now = instant(after)
    found: list[Occurrence] = []
    for start, occurrence in _streams(of, Instant(now - longest_call(of))):
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
        segment.occurrence(override.recurrence, override)
        for series in ((of,) if isinstance(of, Series) else of.series)
        for override in series.overrides
        if override.status is Status.MOVED and day == override.recurrence.date()
        for segment in _of(segments(series), override)
    ]
    return around + [each for each in moved if each not in around]


def occurrences_between_days(of: Series | Calendar, first: date, last: date) -> list[Occurrence]:
    """Return the occurrences, cancelled ones included, whose anchor date is from `first` to `last`."""
    reach = 2 * _DAY
    start = midnight(first).replace(tzinfo=UTC) - reach
    end = midnight(last).replace(tzinfo=UTC) + reach + _DAY
    found = occurrences(of, start, end, cancelled=True)
    return [each for each in found if first <= each.start.date() <= last]
