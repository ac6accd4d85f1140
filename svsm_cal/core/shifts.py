"""Shift windows: runs of a series' calls with the same local start in a zone.

A call keeps its wall-clock time in the anchor zone, so in another zone it shifts whenever the clocks of either zone change.
A run shorter than ten weeks between two runs with equal local starts is a *mismatch* (such as the weeks between the US and
the European clock change); any other is a *season*. The length of a run is counted from its first call to the first call of
the next run. Cancelled, moved and added calls are ignored.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, datetime, time
from enum import StrEnum
from itertools import pairwise
from operator import itemgetter

from svsm_cal.core.model import Occurrence, Series, Status
from svsm_cal.core.segments import segments_of
from svsm_cal.engine.civil import DAY, EPOCH_ORDINAL, Instant, epoch_seconds, instant_from_epoch, local_seconds, midnight
from svsm_cal.engine.zones import Zone, ZoneLike, zone_of
from svsm_cal.value import Value, kept

_SHORT = 70 * DAY
# Clocks that change every year do so within this number of days.
_SEASONS = 400
# A run that is unchanged this number of days (twelve years) after the requested range is reported as open.
_HORIZON = 366 * 12


class ShiftKind(StrEnum):
    """The kind of a run: a temporary mismatch of two zones' clock changes, or a season."""

    MISMATCH = "mismatch"
    SEASON = "season"


class ShiftWindow(Value):
    """A run of calls from `first` to `last` (anchor dates) with the start `local_time` in `zone`.

    `day_offset` is the local date minus the anchor date, in days. `change_minutes` is the difference from the previous
    window, None for the first one. `last` and `calls` are None for an open run. `first_utc` and `last_utc` are the instants
    of its first and last call.
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
        """Return whether an instant is between the first and the last call, both included."""
        return self.first_utc <= at and (self.last_utc is None or at <= self.last_utc)

    @property
    def local_seconds(self) -> int:
        """Return the local start in seconds after midnight of the anchor date."""
        clock = self.local_time
        return self.day_offset * DAY + clock.hour * 3600 + clock.minute * 60 + clock.second


class Runs(Value):
    """The runs of a series in a zone: run `i` begins with the call number `begins[i]`.

    Its calls start `ahead + phases[i]` seconds after midnight of their anchor dates.
    """

    ahead: int
    begins: tuple[int, ...]
    phases: tuple[int, ...]


class RegularCalls:
    """A series' regular calls as numbers, computed on demand, and their shifts in each zone.

    `times` are their instants in epoch seconds, `walls` their starts in seconds on the anchor's wall clock. Shifts follow from
    the transitions of both zones, at a cost for each transition instead of each call, and are shared by zones with the same
    changes of offset.
    """

    def __init__(self, series: Series) -> None:
        self.series = series
        self.times: list[int] = []
        self.walls: list[int] = []
        self.ended = False
        self._until: date | None = None
        self._turns: list[tuple[int, int]] = []
        self._alike: dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[tuple[int, ...], tuple[int, ...]]] = {}

    def extend(self, until: date) -> None:
        """Compute the calls up to the end of an anchor date."""
        if self.ended or (self._until is not None and until <= self._until):
            return
        self._until = until
        ignored = {local_seconds(item.recurrence) for item in self.series.overrides if item.status is not Status.CONFIRMED}
        end = local_seconds(midnight(until)) + DAY
        rows: list[tuple[int, int, int]] = []
        for segment in segments_of(self.series):
            begin = local_seconds(segment.start)
            if begin >= end:
                continue
            for lo, hi, offset in segment.zone.spans(begin - 2 * DAY, end + 2 * DAY):
                phase = segment.clock - offset
                moments = segment.moments(max(lo, begin), min(hi, end))
                rows += [(wall - offset, phase, wall) for wall in moments if wall not in ignored]
        rows.sort()
        self.ended = self._ends_by(until)
        self.times, phases, self.walls = ([*column] for column in zip(*rows, strict=True)) if rows else ([], [], [])
        self._turns = [(0, phases[0])] if phases else []
        self._turns += [(index, after) for index, (before, after) in enumerate(pairwise(phases), 1) if before != after]
        self._alike.clear()

    def _ends_by(self, day: date) -> bool:
        """Return whether the series has no call after an anchor date."""
        return all(segment.first_from(local_seconds(midnight(day)) + DAY) is None for segment in segments_of(self.series))

    def runs(self, zone: Zone) -> Runs:
        """Return the runs in a zone of all calls computed so far."""
        if not self.times:
            return Runs(0, (), ())
        changes, offsets = zone.offsets(self.times[0] + 1, self.times[-1] + 1)
        ahead = offsets[0]
        alike = (tuple(changes), tuple([offset - ahead for offset in offsets[1:]]))
        shifts = self._alike.get(alike)
        if shifts is None:
            shifts = self._alike[alike] = self._shifts(*alike)
        return Runs(ahead, *shifts)

    def _shifts(self, changes: tuple[int, ...], offsets: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the begins and phases of runs, for transitions with offsets relative to the first one."""
        theirs = [(bisect_left(self.times, at), offset) for at, offset in zip(changes, offsets, strict=True)]
        turns = [(index, 0, phase) for index, phase in self._turns] + [(index, 1, offset) for index, offset in theirs]
        turns.sort(key=itemgetter(0))  # stable: changes at one call stay in time order
        begins: list[int] = []
        phases: list[int] = []
        size, now = len(self.times), [0, 0]
        for (index, which, value), (following, _, _) in zip(turns, [*turns[1:], (size, 0, 0)], strict=True):
            now[which] = value
            phase = sum(now)
            if index < following and index < size and (not phases or phase != phases[-1]):
                begins.append(index)
                phases.append(phase)
        return tuple(begins), tuple(phases)

    def windows(self, zone: Zone, start: date, end: date) -> list[ShiftWindow]:
        """Return the windows with a call on an anchor date in [start, end], uncut, in time order."""
        self.extend(_plus(end, _SEASONS))
        runs = self.runs(zone)
        if not runs.begins:
            return []
        first_day, last_day = (day.toordinal() - EPOCH_ORDINAL for day in (start, end))
        horizon = _plus(end, _HORIZON)
        may_end = not self._keeps_time(zone) or self._ends_by(horizon)
        if not self.ended and self._day(runs.begins[-1]) <= last_day and may_end:
            self.extend(horizon)
            runs = self.runs(zone)
        ends = (*runs.begins[1:], len(self.times))
        return [
            self._window(zone, runs, number)
            for number, (first, after) in enumerate(zip(runs.begins, ends, strict=True))
            if self._day(first) <= last_day and (self._day(after - 1) >= first_day or self._is_open(after))
        ]

    def _day(self, index: int) -> int:
        """Return the anchor date of a call in days since 1970-01-01."""
        return self.walls[index] // DAY

    def _is_open(self, end: int) -> bool:
        return end == len(self.times) and not self.ended

    def _keeps_time(self, zone: Zone) -> bool:
        """Return whether the calls computed so far end with the last segment and in its zone, where nothing can shift."""
        last = segments_of(self.series)[-1]
        return last.zone == zone and local_seconds(last.start) // DAY <= self._day(-1)

    def _window(self, zone: Zone, runs: Runs, number: int) -> ShiftWindow:
        begins, phases = runs.begins, runs.phases
        begin, end = begins[number], begins[number + 1] if number + 1 < len(begins) else len(self.times)
        day_offset, clock = divmod(runs.ahead + phases[number], DAY)
        inside = 0 < number < len(begins) - 1
        short = inside and self.times[end] - self.times[begin] < _SHORT and phases[number - 1] == phases[number + 1]
        is_open = self._is_open(end)
        return ShiftWindow(
            self.series,
            zone,
            _date(self._day(begin)),
            None if is_open else _date(self._day(end - 1)),
            None if is_open else end - begin,
            time(clock // 3600, clock // 60 % 60, clock % 60),
            day_offset,
            (phases[number] - phases[number - 1]) // 60 if number else None,
            ShiftKind.MISMATCH if short else ShiftKind.SEASON,
            instant_from_epoch(self.times[begin]),
            None if is_open else instant_from_epoch(self.times[end - 1]),
        )

    def change_minutes(self, occurrence: Occurrence, windows: list[ShiftWindow]) -> int:
        """Return by how many minutes an occurrence deviates from the usual local time, given all `windows` around it.

        This is its window's change for every call of a mismatch and the first call of a season, otherwise 0. A cancelled,
        moved or added call has the change of the mismatch that contains it.
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
        """Return the local start in `zone` of a regular call at the time of an occurrence, in seconds after midnight."""
        at = epoch_seconds(occurrence.start_utc)
        segments = reversed(segments_of(self.series))
        clock = next((segment.clock for segment in segments if segment.start <= occurrence.recurrence), 0)
        return at - local_seconds(occurrence.start) + clock + zone.offset_seconds(at)


@kept
def regular_calls(series: Series) -> RegularCalls:
    """Return a series' regular calls, cached in the series."""
    return RegularCalls(series)


def shift_windows(series: Series, zone: ZoneLike, start: date, end: date) -> list[ShiftWindow]:
    """Return a series' shift windows in a zone with a call in [start, end], anchor dates or datetimes.

    A window that is partly outside the range is not cut. Raises ZoneError for an unknown zone.
    """
    first, last = (bound.date() if isinstance(bound, datetime) else bound for bound in (start, end))
    return regular_calls(series).windows(zone_of(zone), first, last)


def _date(day: int) -> date:
    return date.fromordinal(day + EPOCH_ORDINAL)


def _plus(day: date, days: int) -> date:
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal() - 366))
