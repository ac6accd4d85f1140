"""Shift windows: the runs of a series' calls that have the same local start in one zone.

The call keeps its wall-clock time in the anchor zone, so elsewhere it moves whenever one of the two zones
changes its clocks. A run shorter than ten weeks between two that agree is a *mismatch* (the weeks between
the US and the European change); any other is a *season*. How long a run is counts from its first call to
the first of the next. Cancelled, moved and added calls neither begin, end nor count.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise

from svsm_cal.core.civil import EPOCH, Instant, epoch_seconds, local_seconds
from svsm_cal.core.model import Occurrence, Series, Status
from svsm_cal.core.occurrences import segments
from svsm_cal.core.zones import Zone, ZoneLike, zone_of
from svsm_cal.value import Value, replace

__all__ = ["RegularCalls", "ShiftKind", "ShiftWindow", "shift_windows"]

_DAY = 86400
_SHORT = 70 * _DAY
# Within so many days of any call, clocks that change every year have.
_SEASONS = 400
# A run still unchanged so many days after the asked range is reported as open: twelve years.
_HORIZON = 366 * 12


class ShiftKind(StrEnum):
    """Whether a run is a passing mismatch of two zones' clock changes, or a season."""

    MISMATCH = "mismatch"
    SEASON = "season"


class ShiftWindow(Value):
    """One run: `first` and `last` are the anchor dates of its calls, `local_time` what they show in `zone`.

    `day_offset` says by how many days the date there is later. `change_minutes` compares with the window before,
    None for the first of all. `last` and `calls` are None for a run with no end in sight. `first_utc` and
    `last_utc` are the instants of its first and last call.
    """

    series: Series
    zone: Zone
    first: date
    last: date | None
    calls: int | None
    local_time: time
    day_offset: int
    change_minutes: int | None
    kind: ShiftKind
    first_utc: Instant
    last_utc: Instant | None

    def covers(self, at: Instant) -> bool:
        """Whether an instant lies between the first and the last call, both included."""
        return self.first_utc <= at and (self.last_utc is None or at <= self.last_utc)

    @property
    def local_seconds(self) -> int:
        """Return the local start in seconds after midnight of the anchor's date."""
        clock = self.local_time
        return self.day_offset * _DAY + clock.hour * 3600 + clock.minute * 60 + clock.second


class RegularCalls:
    """A series' regular calls as numbers, computed as far as anybody has asked.

    `times` are their instants in epoch seconds; `phase[i] + offset of a zone` is the local start of call `i`
    there, in seconds after midnight of the anchor's date.
    """

    def __init__(self, series: Series) -> None:
        self.series = series
        self.times: list[int] = []
        self.phase: list[int] = []
        self.ordinals: list[int] = []
        self.ended = False
        self._until: date | None = None
        self._segments = segments(series)

    def extend(self, until: date) -> None:
        """Compute the calls up to the end of an anchor date."""
        if self.ended or (self._until is not None and until <= self._until):
            return
        self._until = until
        apart = {each.recurrence for each in self.series.overrides if each.status is not Status.CONFIRMED}
        end = datetime.combine(until, time()) + timedelta(days=1)
        rows: list[tuple[int, int, int]] = []
        ended = True
        for segment in self._segments:
            for start in segment.starts_from(segment.start):
                if start >= end:
                    ended = False
                    break
                if start in apart:
                    continue
                wall = local_seconds(start)
                at = segment.zone.resolve_seconds(wall)[0]
                rows.append((at, at - wall + segment.clock, start.toordinal()))
        rows.sort()
        self.ended = ended
        self.times = [at for at, _, _ in rows]
        self.phase = [phase for _, phase, _ in rows]
        self.ordinals = [ordinal for _, _, ordinal in rows]

    def windows(self, zone: Zone, start: date, end: date) -> list[ShiftWindow]:
        """Return the windows that have a call on an anchor date from `start` to `end`, whole, in time order."""
        self.extend(_plus(end, _SEASONS))
        found = self._runs(zone)
        if found and not self.ended and found[-1].first <= end and not self._keeps_time(zone):
            self.extend(_plus(end, _HORIZON))
            found = self._runs(zone)
        if not self.ended and found:
            found[-1] = replace(found[-1], last=None, calls=None, last_utc=None)
        return [window for window in found if window.first <= end and (window.last is None or window.last >= start)]

    def _keeps_time(self, zone: Zone) -> bool:
        """Whether what is computed ends on the zone's own clock, so that nothing can change there."""
        return self._segments[-1].zone == zone and self._segments[-1].start.toordinal() <= self.ordinals[-1]

    def _runs(self, zone: Zone) -> list[ShiftWindow]:
        if not self.times:
            return []
        begins, locals_ = self._breaks(zone)
        ends = [*begins[1:], len(self.times)]
        found = []
        for run, (begin, end) in enumerate(zip(begins, ends, strict=True)):
            day_offset, clock = divmod(locals_[run], _DAY)
            inside = 0 < run < len(begins) - 1
            short = inside and self.times[end] - self.times[begin] < _SHORT
            found.append(
                ShiftWindow(
                    self.series,
                    zone,
                    date.fromordinal(self.ordinals[begin]),
                    date.fromordinal(self.ordinals[end - 1]),
                    end - begin,
                    time(clock // 3600, clock // 60 % 60, clock % 60),
                    day_offset,
                    (locals_[run] - locals_[run - 1]) // 60 if run else None,
                    ShiftKind.MISMATCH if short and locals_[run - 1] == locals_[run + 1] else ShiftKind.SEASON,
                    Instant(EPOCH + timedelta(seconds=self.times[begin])),
                    Instant(EPOCH + timedelta(seconds=self.times[end - 1])),
                )
            )
        return found

    def _breaks(self, zone: Zone) -> tuple[list[int], list[int]]:
        """Return the index of each run's first call, and each run's local start."""
        times, phase = self.times, self.phase
        offset = zone.offset_seconds(times[0])
        begins, locals_ = [0], [phase[0] + offset]
        changes = [*zone.changes(times[0] + 1, times[-1] + 1)]
        bounds = [0, *(bisect_left(times, at) for at, _, _ in changes), len(times)]
        offsets = [offset, *(after.offset for _, _, after in changes)]
        for (lo, hi), ahead in zip(pairwise(bounds), offsets, strict=True):
            current = locals_[-1] - ahead
            for index in range(lo, hi):
                if phase[index] != current:
                    current = phase[index]
                    begins.append(index)
                    locals_.append(current + ahead)
        return begins, locals_

    def change_minutes(self, occurrence: Occurrence, windows: list[ShiftWindow]) -> int:
        """Return by how many minutes an occurrence is off what was usual, as its window among `windows` has it.

        That is its window's change on every call of a mismatch and on the first of a season, 0 elsewhere. A
        cancelled, moved or added call has what the mismatch has in which it falls.
        """
        at = occurrence.start_utc
        if not windows:
            return 0
        index = max(0, bisect_right(windows, at, key=lambda window: window.first_utc) - 1)
        window = windows[index]
        if occurrence.status is Status.CONFIRMED and not occurrence.added:
            concerned = window.kind is ShiftKind.MISMATCH or at == window.first_utc
            return (window.change_minutes or 0) if concerned else 0
        own = self._local_seconds(occurrence, window.zone)
        for near in windows[index : index + 2]:
            if near.kind is ShiftKind.MISMATCH and near.local_seconds == own:
                return near.change_minutes or 0
        return 0

    def _local_seconds(self, occurrence: Occurrence, zone: Zone) -> int:
        """Return the local start in `zone` that a regular call at this instant would have."""
        at = epoch_seconds(occurrence.start_utc)
        clock = next((each.clock for each in reversed(self._segments) if each.start <= occurrence.recurrence), 0)
        return at - local_seconds(occurrence.start) + clock + zone.offset_seconds(at)


def shift_windows(series: Series, zone: ZoneLike, start: date, end: date) -> list[ShiftWindow]:
    """Return a series' shift windows in a zone that have a call from `start` to `end`, anchor dates or datetimes.

    A window that the range cuts is given whole. Raises ZoneError for what names no zone.
    """
    first, last = (each.date() if isinstance(each, datetime) else each for each in (start, end))
    return RegularCalls(series).windows(zone_of(zone), first, last)


def _plus(day: date, days: int) -> date:
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal() - 366))
