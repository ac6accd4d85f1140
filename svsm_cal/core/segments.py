"""The segments of a series, each with one zone, start time and rule, and so with one UID.

A `from` entry that changes one of these begins a new segment; one that changes only a link or a chair does not. Rules that
Outlook does not support in one component, such as the first and third Wednesday (Microsoft KB2643084), are split into
parallel segments.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING, TypeVar

from svsm_cal.engine.civil import LocalDateTime, epoch_seconds, instant, local_from_epoch, local_seconds, midnight
from svsm_cal.value import Value, kept, replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from svsm_cal.core.model import Details, Series
    from svsm_cal.engine.rrule import RecurrenceRule
    from svsm_cal.engine.zones import Zone

_MOST = 1 << 62
_Value = TypeVar("_Value")


class Segment(Value):
    """The instances of `rule` in [`start`, `end`), civil times in `zone`, under one UID.

    `rule` is None for a single call; its UNTIL is civil. `clock` is the time of day in seconds for shift windows, the same in
    parallel segments. `details` and `durations` are (anchor date, value), each applying from that date on. `begin` is the date
    of the `from` entry that begins the segment, None for the first; `continues` is the previous UID.
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

    def moments(self, lo: int, hi: int) -> Sequence[int]:
        """Return the original starts in [lo, hi), in wall-clock seconds since 1970, without exceptions applied."""
        hi = min(hi, self._until)
        if self.rule is not None:
            return self.rule.starting(self.start).moments(lo, hi)
        start = local_seconds(self.start)
        return (start,) if lo <= start < hi else ()

    def first_from(self, lo: int) -> int | None:
        """Return the first original start from `lo` on, in wall-clock seconds since 1970; None if there is none."""
        first = local_seconds(self.start) if self.rule is None else self.rule.starting(self.start).first_from(lo)
        return first if first is not None and lo <= first < self._until else None

    @cached_property
    def _until(self) -> int:
        return _MOST if self.end is None else local_seconds(self.end)

    def starts(self, start: LocalDateTime, end: LocalDateTime) -> list[LocalDateTime]:
        """Return the original starts in [start, end), without exceptions applied."""
        if self.end is not None:
            end = min(end, self.end)
        if self.rule is None:
            return [self.start] if start <= self.start < end else []
        return [LocalDateTime(at) for at in self.rule.between(self.start, start, end)] if start < end else []

    def starts_from(self, start: LocalDateTime) -> Iterator[LocalDateTime]:
        """Yield the original starts from `start` on, lazily, without exceptions applied."""
        if self.rule is None:
            starts: Iterator[datetime] = iter([self.start] if self.start >= start else [])
        else:
            starts = self.rule.starting(self.start).since(start)
        end = self.end
        return (LocalDateTime(at) for at in takewhile(lambda at: end is None or at < end, starts))

    @property
    def whole_rule(self) -> RecurrenceRule | None:
        """Return the series' rule in this segment, of which `rule` may be a part."""
        rules = [step.rule for step in self.series.steps if step.rule and self.begin and step.date <= self.begin]
        return rules[-1] if rules else self.series.rule

    def details_on(self, day: date) -> Details:
        """Return the details that apply on an anchor date."""
        return _latest(self.details, day)

    def duration_on(self, day: date) -> timedelta:
        """Return the duration that applies on an anchor date."""
        return _latest(self.durations, day)


def _latest(entries: tuple[tuple[date, _Value], ...], day: date) -> _Value:
    if len(entries) == 1:
        return entries[0][1]
    return entries[max(0, bisect_right(entries, day, key=lambda entry: entry[0]) - 1)][1]


@kept
def segments_of(series: Series) -> tuple[Segment, ...]:
    """Return the segments of a series in order; the first one has the series' plain UID."""
    segments: list[Segment] = []
    retimings = [step for step in series.steps if step.retimes]
    ends = [*(midnight(step.date) for step in retimings), None]
    zone, start, rule = series.zone, series.start, series.rule
    segments += _parts(series, zone, start, rule, ends[0])
    for step, end in zip(retimings, ends[1:], strict=True):
        zone = step.zone or zone
        time_of_day = step.start or start.time()
        # An unchanged rule keeps its phase ("every other week" continues), a new one begins on the day.
        origin = LocalDateTime(datetime.combine(start.date() if step.rule is None else step.date, time_of_day))
        rule = step.rule or rule
        if rule is None:
            break
        first = _civil_until(rule, zone).after(origin, midnight(step.date), inclusive=True)
        if first is None:
            continue
        start = LocalDateTime(first)
        previous = segments[-1].uid if segments else None
        segments += _parts(series, zone, start, rule, end, step.date, previous)
    return tuple(segments)


def segment_at(series: Series, start: LocalDateTime) -> Segment | None:
    """Return the segment of a series with an original start, None if there is none."""
    moment = local_seconds(start)
    return next((segment for segment in segments_of(series) if segment.moments(moment, moment + 1)), None)


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
        first = start if part is None else part.after(start, start, inclusive=True)
        if first is not None and (end is None or first < end):
            uid = f"{series.id}{stretch}{f'+{name}' if index else ''}@{series.uid_domain}"
            yield Segment(series, uid, zone, LocalDateTime(first), part, end, clock, details, durations, begin, continues)


def _stages(
    series: Series, begin: date, end: LocalDateTime | None
) -> tuple[tuple[tuple[date, Details], ...], tuple[tuple[date, timedelta], ...]]:
    """Return the details and the durations of a segment in [begin, end), each with the date from which it applies."""
    details, durations = [(begin, series.details)], [(begin, series.duration)]
    for step in series.steps:
        if end is not None and step.date >= end.date():
            break
        details.append((max(step.date, begin), details[-1][1].updated(step.details)))
        durations.append((max(step.date, begin), step.duration or durations[-1][1]))
        if step.date <= begin:
            del details[0], durations[0]
    return tuple(details), tuple(durations)


def _civil_until(rule: RecurrenceRule, zone: Zone) -> RecurrenceRule:
    """Return the rule with an UNTIL in UTC converted to the anchor's clock."""
    if not isinstance(rule.until, datetime) or rule.until.tzinfo is None:
        return rule
    if not 1 < rule.until.year < 9999:  # cannot be converted, and makes no difference
        return replace(rule, until=rule.until.replace(tzinfo=None))
    at = epoch_seconds(instant(rule.until)) + 1
    # The last wall-clock time whose instant is not later: in the second half of a fold, the end of the first half.
    return replace(rule, until=local_from_epoch(zone.spans(at - 86400, at)[-1][1] - 1))
