"""What a VTIMEZONE says of its zone's clocks (RFC 5545 section 3.6.5), whoever wrote it.

From each onset of an observance on, until the next onset of any, its TZOFFSETTO holds. An onset is a wall-clock time
with the observance's TZOFFSETFROM: its DTSTART, each RDATE, and what its RRULE gives. Before the first onset of all,
the TZOFFSETFROM of that one holds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import local_from_epoch
from svsm_cal.engine.rrule import Frequency, RecurrenceRule
from svsm_cal.errors import RuleError
from svsm_cal.ical.content import Component, Problem, Property
from svsm_cal.ical.moments import moments_of, offset_seconds
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svsm_cal.engine.expansion import Expansion
    from svsm_cal.engine.zones import Zone

__all__ = ["Difference", "PublishedClocks", "PublishedObservance", "published_clocks"]

_DAY = 86400
_YEAR = 31556952
# Onsets are computed for so many seconds at a time, and a little more on both sides.
_STRETCH = 16 * _YEAR
_MARGIN = 2 * _DAY
_MOST_COUNTED = 10_000


class Difference(Value):
    """A stretch [start, end) of epoch seconds in which a VTIMEZONE and the tz database have other offsets, in seconds."""

    start: int
    end: int
    published: int
    right: int


class PublishedObservance(Value):
    """A STANDARD or DAYLIGHT: offsets in seconds, its rule if it has one, and its DTSTART and RDATEs on the wall clock.

    `rule` is without UNTIL in UTC: that is an instant, and stands on the wall clock that onsets are told on.
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
    def _alone(self) -> list[int]:
        return sorted({each - self.before for each in (self.start, *self.dates)})

    def onsets(self, start: int, end: int) -> Iterator[int]:
        """Yield the onsets in [start, end), all in epoch seconds, in no order."""
        yield from self._alone[bisect_left(self._alone, start) : bisect_left(self._alone, end)]
        if self._expansion is not None:
            for wall in self._expansion.moments(start + self.before, end + self.before):
                yield wall - self.before

    def last_before(self, at: int) -> int | None:
        """Return the last onset before an instant, in epoch seconds; None when there is none."""
        index = bisect_left(self._alone, at)
        found = self._alone[index - 1] if index else None
        expansion = self._expansion
        if expansion is None:
            return found
        end, span = min(at + self.before, expansion.last + 1), 2 * _YEAR
        while end > expansion.first:
            walls = expansion.moments(end - span, end)
            if walls:
                last = walls[-1] - self.before
                return last if found is None else max(last, found)
            end, span = end - span, span * 4
        return found


class PublishedClocks(Value):
    """A zone's clocks as a VTIMEZONE tells them; `problems` are what could not be read of it.

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
        """Return each change of offset in [start, end), epoch seconds: (when, seconds ahead of UTC before, and after)."""
        found = []
        for number in range(start // _STRETCH, (end - 1) // _STRETCH + 1) if start < end else ():
            times, offsets, _ = self._stretch(number)
            lo, hi = max(start, number * _STRETCH), min(end, (number + 1) * _STRETCH)
            indices = range(bisect_left(times, lo), bisect_left(times, hi))
            found += [(times[index], offsets[index], offsets[index + 1]) for index in indices]
        return found

    def offset_at(self, at: int) -> int:
        """Return the seconds ahead of UTC at an instant, in epoch seconds."""
        times, offsets, _ = self._stretch(at // _STRETCH)
        return offsets[bisect_right(times, at)]

    def resolve_seconds(self, wall: int) -> int:
        """Return the epoch seconds that a wall-clock time names (RFC 5545 section 3.3.5).

        In a gap it is read with the offset before, and of a time shown twice it is the first.
        """
        _, offsets, walls = self._stretch(wall // _STRETCH)
        return wall - offsets[bisect_right(walls, wall)]

    def differences(self, zone: Zone, start: int, end: int) -> list[Difference]:
        """Return where in [start, end), epoch seconds, these clocks are not those of a zone, in order."""
        if start >= end:
            return []
        times, offsets = zone.offsets(start, end)
        marks = sorted({start, *times, *(at for at, _, _ in self.changes(start, end))})
        found: list[Difference] = []
        for at, until in zip(marks, [*marks[1:], end], strict=True):
            published, right = self.offset_at(at), offsets[bisect_right(times, at)]
            if published == right:
                continue
            last = found[-1] if found else None
            if last is not None and (last.end, last.published, last.right) == (at, published, right):
                found[-1] = replace(last, end=until)
            else:
                found.append(Difference(at, until, published, right))
        return found

    @cached_property
    def _stretches(self) -> dict[int, tuple[list[int], list[int], list[int]]]:
        return {}

    def _stretch(self, number: int) -> tuple[list[int], list[int], list[int]]:
        """Return the changes of a stretch of years: when, offsets around them (one more), and walls from which they are over."""
        if number not in self._stretches:
            self._stretches[number] = self._computed(number * _STRETCH - _MARGIN, (number + 1) * _STRETCH + _MARGIN)
        return self._stretches[number]

    def _computed(self, lo: int, hi: int) -> tuple[list[int], list[int], list[int]]:
        # At one instant, what began later holds.
        onsets = sorted((at, each.start, each.after) for each in self.observances for at in each.onsets(lo, hi))
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
        """Return the offset that holds just before an instant."""
        begun = [(last, each.start, each.after) for each in self.observances if (last := each.last_before(at)) is not None]
        if begun:
            return max(begun)[2]
        return min(((each.start, each.before) for each in self.observances), default=(0, 0))[1]


def published_clocks(component: Component) -> PublishedClocks:
    """Return what a VTIMEZONE says; observances that cannot be read are left out, and told as problems."""
    problems: list[Problem] = []
    found = []
    for part in component.children:
        if part.name in {"STANDARD", "DAYLIGHT"}:
            try:
                found.append(_observance(part))
            except _Unread as unread:
                problems.append(unread.problem)
    if not found and not problems:
        problems.append(Problem(component.line, 1, "bad-observance", "has neither STANDARD nor DAYLIGHT"))
    return PublishedClocks(component.text("TZID"), tuple(found), tuple(problems))


class _Unread(Exception):  # noqa: N818 - it never leaves this module
    """An observance that cannot be read, with the problem."""

    def __init__(self, at: Property | Component, message: str) -> None:
        self.problem = Problem(at.line, 1, "bad-observance", f"{at.name} {message}")


def _observance(part: Component) -> PublishedObservance:
    before, after = (_offset(part, name) for name in ("TZOFFSETFROM", "TZOFFSETTO"))
    start = _walls(_needed(part, "DTSTART"), before)[0]
    dates = tuple(wall for given in part.all("RDATE") for wall in _walls(given, before))
    given = part.first("RRULE")
    return PublishedObservance(part.line, before, after, start, _rule(given, before) if given else None, dates)


def _needed(part: Component, name: str) -> Property:
    found = part.first(name)
    if found is None:
        raise _Unread(part, f"has no {name}")
    return found


def _offset(part: Component, name: str) -> int:
    given = _needed(part, name)
    try:
        return offset_seconds(given.value)
    except ValueError as error:
        raise _Unread(given, str(error)) from error


def _walls(given: Property, before: int) -> list[int]:
    """Return times on the wall clock of onsets; RDATEs may be in UTC."""
    try:
        walls = [each.wall + (before if each.form == "utc" else 0) for each in moments_of(given)]
        for wall in walls:
            local_from_epoch(wall)
    except ValueError as error:
        raise _Unread(given, str(error)) from error
    except OverflowError as error:
        raise _Unread(given, "is beyond the year 9999") from error
    return walls


def _rule(given: Property, before: int) -> RecurrenceRule:
    """Return an observance's rule with its UNTIL on the wall clock of its onsets."""
    try:
        rule = RecurrenceRule.parse(given.value)
    except RuleError as error:
        raise _Unread(given, str(error)) from error
    if rule.freq > Frequency.DAILY or len(rule.by_hour) * len(rule.by_minute) * len(rule.by_second) > 1:
        raise _Unread(given, "changes the clocks more than once a day")
    if isinstance(rule.until, datetime) and rule.until.tzinfo is not None:
        rule = replace(rule, until=_moved(rule.until.replace(tzinfo=None), before))
    if rule.count is not None and rule.count > _MOST_COUNTED:
        rule = replace(rule, count=None)  # more than the years there are
    return rule


def _moved(until: datetime, seconds: int) -> date:
    try:
        return until + timedelta(seconds=seconds)
    except OverflowError:
        return until
