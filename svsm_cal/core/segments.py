"""A series in stretches, each with one zone, start time and rule, and so one UID.

A `from` entry that changes one of these begins the next; one that changes only a link or a chair does not. Rules that
Outlook cannot hold in one component, such as the first and third Wednesday (Microsoft KB2643084), are several segments
side by side.
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

__all__ = ["Segment", "segments_of"]

_MOST = 1 << 62
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

    def moments(self, lo: int, hi: int) -> Sequence[int]:
        """Return the original starts in [lo, hi), in seconds on the wall clock since 1970; exceptions not applied."""
        hi = min(hi, self._until)
        if self.rule is not None:
            return self.rule.starting(self.start).moments(lo, hi)
        start = local_seconds(self.start)
        return (start,) if lo <= start < hi else ()

    def first_from(self, lo: int) -> int | None:
        """Return the first original start from `lo` on, in seconds on the wall clock since 1970; None if there is none."""
        first = local_seconds(self.start) if self.rule is None else self.rule.starting(self.start).first_from(lo)
        return first if first is not None and lo <= first < self._until else None

    @cached_property
    def _until(self) -> int:
        return _MOST if self.end is None else local_seconds(self.end)

    def starts(self, start: LocalDateTime, end: LocalDateTime) -> list[LocalDateTime]:
        """Return the original starts in [start, end), exceptions not applied."""
        if self.end is not None:
            end = min(end, self.end)
        if self.rule is None:
            return [self.start] if start <= self.start < end else []
        return [LocalDateTime(each) for each in self.rule.between(self.start, start, end)] if start < end else []

    def starts_from(self, start: LocalDateTime) -> Iterator[LocalDateTime]:
        """Yield the original starts from `start` on, lazily, exceptions not applied."""
        if self.rule is None:
            starts: Iterator[datetime] = iter([self.start] if self.start >= start else [])
        else:
            starts = self.rule.starting(self.start).since(start)
        end = self.end
        return (LocalDateTime(each) for each in takewhile(lambda each: end is None or each < end, starts))

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


def _latest(entries: tuple[tuple[date, _Value], ...], day: date) -> _Value:
    if len(entries) == 1:
        return entries[0][1]
    return entries[max(0, bisect_right(entries, day, key=lambda entry: entry[0]) - 1)][1]


@kept
def segments_of(series: Series) -> tuple[Segment, ...]:
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
        first = _civil_until(rule, zone).after(origin, midnight(step.date), inclusive=True)
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
        first = start if part is None else part.after(start, start, inclusive=True)
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
    at = epoch_seconds(instant(rule.until)) + 1
    # The last wall-clock time that names an instant up to then: in the second pass of a fold, the end of the first.
    return replace(rule, until=local_from_epoch(zone.spans(at - 86400, at)[-1][1] - 1))
