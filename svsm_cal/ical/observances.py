"""The UTC offsets that any VTIMEZONE defines (RFC 5545 section 3.6.5).

The TZOFFSETTO of an observance holds from each of its onsets until the next onset of any observance. Onsets are DTSTART,
RDATEs and RRULE instances, in local time with TZOFFSETFROM. Before the first onset, its TZOFFSETFROM holds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import local_from_epoch
from svsm_cal.engine.rrule import RecurrenceRule
from svsm_cal.engine.rule_parts import Frequency
from svsm_cal.engine.zones import Zone, zone_of
from svsm_cal.errors import RuleError, ZoneError
from svsm_cal.ical.content import Component, Problem, Property
from svsm_cal.ical.value_types import offset_seconds, time_values
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svsm_cal.engine.expansion import Expansion

_DAY = 86400
_YEAR = 31556952
# Onsets are computed for one chunk of years at a time, with a margin on both sides.
_CHUNK = 16 * _YEAR
_MARGIN = 2 * _DAY
_MOST_COUNTED = 10_000


def named_zone(tzid: str, location: str = "") -> Zone | None:
    """Return the tz database's zone for a TZID: by that name, by X-LIC-LOCATION, or by the end of a path; otherwise None.

    An example of a path is /freeassociation.sourceforge.net/Europe/Berlin.
    """
    parts = tzid.split("/")
    for name in (tzid, location, *("/".join(parts[-count:]) for count in (3, 2) if len(parts) > count)):
        try:
            zone = zone_of(name)
            _ = zone.recorded_until  # reads its file, which may be damaged
        except ZoneError:
            continue
        return zone
    return None


class Difference(Value):
    """An interval [start, end), in epoch seconds, and its different offsets by a VTIMEZONE and the tz database, in seconds."""

    start: int
    end: int
    published: int
    right: int


class PublishedObservance(Value):
    """A STANDARD or DAYLIGHT component: offsets in seconds, and its onsets as local times before the change.

    An UNTIL in UTC has been converted to that local time in `rule`.
    """

    line: int
    before: int
    after: int
    start: int
    rule: RecurrenceRule | None = None
    dates: tuple[int, ...] = ()

    @cached_property
    def _expansion(self) -> Expansion | None:
        return self.rule.starting(local_from_epoch(self.start)) if self.rule else None

    @cached_property
    def _single(self) -> list[int]:
        """Return the onsets by DTSTART and RDATE, in epoch seconds."""
        return sorted({wall - self.before for wall in (self.start, *self.dates)})

    def onsets(self, start: int, end: int) -> Iterator[int]:
        """Yield the onsets in [start, end), all in epoch seconds, in any order."""
        yield from self._single[bisect_left(self._single, start) : bisect_left(self._single, end)]
        if self._expansion is not None:
            for wall in self._expansion.moments(start + self.before, end + self.before):
                yield wall - self.before

    def last_before(self, at: int) -> int | None:
        """Return the last onset before an instant, in epoch seconds, or None."""
        index = bisect_left(self._single, at)
        single = self._single[index - 1] if index else None
        expansion = self._expansion
        if expansion is None:
            return single
        end, span = min(at + self.before, expansion.last + 1), 2 * _YEAR
        while end > expansion.first:
            walls = expansion.moments(end - span, end)
            if walls:
                last = walls[-1] - self.before
                return last if single is None else max(last, single)
            end, span = end - span, span * 4
        return single


class PublishedClocks(Value):
    """The offsets that a VTIMEZONE defines; `problems` lists its unreadable observances.

    >>> from datetime import UTC
    >>> from svsm_cal import vtimezone
    >>> from svsm_cal.ical.content import read_content
    >>> berlin = vtimezone("Europe/Berlin", first=datetime(2025, 1, 1, tzinfo=UTC)).to_ical()
    >>> clocks = published_clocks(read_content(berlin).components[0])
    >>> clocks.changes(1735689600, 1767225600)
    [(1743296400, 3600, 7200), (1761440400, 7200, 3600)]
    """

    tzid: str
    observances: tuple[PublishedObservance, ...]
    problems: tuple[Problem, ...] = ()

    def changes(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """Return the changes in [start, end), epoch seconds, as (instant, offset before, offset after), in seconds."""
        changes = []
        for number in range(start // _CHUNK, (end - 1) // _CHUNK + 1) if start < end else ():
            times, offsets, _ = self._chunk(number)
            lo, hi = max(start, number * _CHUNK), min(end, (number + 1) * _CHUNK)
            indices = range(bisect_left(times, lo), bisect_left(times, hi))
            changes += [(times[index], offsets[index], offsets[index + 1]) for index in indices]
        return changes

    def offset_at(self, at: int) -> int:
        """Return the offset at an instant (epoch seconds), in seconds east of UTC."""
        times, offsets, _ = self._chunk(at // _CHUNK)
        return offsets[bisect_right(times, at)]

    def resolve_seconds(self, wall: int) -> int:
        """Return the epoch seconds of a local time (RFC 5545 section 3.3.5).

        In a gap the offset before the gap applies; an ambiguous time is its first occurrence.
        """
        _, offsets, walls = self._chunk(wall // _CHUNK)
        return wall - offsets[bisect_right(walls, wall)]

    def differences(self, zone: Zone, start: int, end: int) -> list[Difference]:
        """Return where the offsets differ from those of a zone in [start, end), epoch seconds, in order."""
        if start >= end:
            return []
        times, offsets = zone.offsets(start, end)
        marks = sorted({start, *times, *(at for at, _, _ in self.changes(start, end))})
        differences: list[Difference] = []
        for at, until in zip(marks, [*marks[1:], end], strict=True):
            published, right = self.offset_at(at), offsets[bisect_right(times, at)]
            if published == right:
                continue
            last = differences[-1] if differences else None
            if last is not None and (last.end, last.published, last.right) == (at, published, right):
                differences[-1] = replace(last, end=until)
            else:
                differences.append(Difference(at, until, published, right))
        return differences

    @cached_property
    def _chunks(self) -> dict[int, tuple[list[int], list[int], list[int]]]:
        return {}

    def _chunk(self, number: int) -> tuple[list[int], list[int], list[int]]:
        """Return a chunk's changes: their instants, the offsets around them (one more), the local times after them."""
        if number not in self._chunks:
            self._chunks[number] = self._computed(number * _CHUNK - _MARGIN, (number + 1) * _CHUNK + _MARGIN)
        return self._chunks[number]

    def _computed(self, lo: int, hi: int) -> tuple[list[int], list[int], list[int]]:
        # Of several onsets at one instant, the observance with the latest DTSTART wins.
        onsets = sorted((at, part.start, part.after) for part in self.observances for at in part.onsets(lo, hi))
        times: list[int] = []
        offsets = [self._before(lo)]
        for at, _, after in onsets:
            if times and times[-1] == at:
                offsets[-1] = after
            elif after != offsets[-1]:
                times.append(at)
                offsets.append(after)
        return times, offsets, [at + max(pair) for at, *pair in zip(times, offsets, offsets[1:], strict=False)]

    def _before(self, at: int) -> int:
        """Return the offset just before an instant."""
        begun = [(last, part.start, part.after) for part in self.observances if (last := part.last_before(at)) is not None]
        if begun:
            return max(begun)[2]
        return min(((part.start, part.before) for part in self.observances), default=(0, 0))[1]


def published_clocks(component: Component) -> PublishedClocks:
    """Return the offsets that a VTIMEZONE defines; unreadable observances are left out and reported as problems."""
    problems: list[Problem] = []
    observances = []
    for part in component.children:
        if part.name in {"STANDARD", "DAYLIGHT"}:
            try:
                observances.append(_observance(part))
            except _UnreadableError as error:
                problems.append(error.problem)
    if not observances and not problems:
        problems.append(Problem(component.line, 1, "bad-observance", "has neither STANDARD nor DAYLIGHT"))
    return PublishedClocks(component.text("TZID"), tuple(observances), tuple(problems))


class _UnreadableError(Exception):
    def __init__(self, at: Property | Component, message: str) -> None:
        self.problem = Problem(at.line, 1, "bad-observance", f"{at.name} {message}")


def _observance(part: Component) -> PublishedObservance:
    before, after = (_offset(part, name) for name in ("TZOFFSETFROM", "TZOFFSETTO"))
    start = _walls(_needed(part, "DTSTART"), before)[0]
    dates = tuple(wall for given in part.all("RDATE") for wall in _walls(given, before))
    given = part.first("RRULE")
    return PublishedObservance(part.line, before, after, start, _rule(given, before) if given else None, dates)


def _needed(part: Component, name: str) -> Property:
    given = part.first(name)
    if given is None:
        raise _UnreadableError(part, f"has no {name}")
    return given


def _offset(part: Component, name: str) -> int:
    given = _needed(part, name)
    try:
        return offset_seconds(given.value)
    except ValueError as error:
        raise _UnreadableError(given, str(error)) from error


def _walls(given: Property, before: int) -> list[int]:
    """Return onsets as local times before the change; RDATEs may be in UTC."""
    try:
        walls = [time.wall + (before if time.form == "utc" else 0) for time in time_values(given)]
        for wall in walls:
            local_from_epoch(wall)
    except ValueError as error:
        raise _UnreadableError(given, str(error)) from error
    except OverflowError as error:
        raise _UnreadableError(given, "is after the year 9999") from error
    return walls


def _rule(given: Property, before: int) -> RecurrenceRule:
    try:
        rule = RecurrenceRule.parse(given.value)
    except RuleError as error:
        raise _UnreadableError(given, str(error)) from error
    if rule.freq > Frequency.DAILY or len(rule.by_hour) * len(rule.by_minute) * len(rule.by_second) > 1:
        raise _UnreadableError(given, "changes the clocks more than once a day")
    if isinstance(rule.until, datetime) and rule.until.tzinfo is not None:
        until = rule.until.replace(tzinfo=None)
        with suppress(OverflowError):
            until += timedelta(seconds=before)
        rule = replace(rule, until=until)
    if rule.count is not None and rule.count > _MOST_COUNTED:
        rule = replace(rule, count=None)  # it ends after the year 9999
    return rule
