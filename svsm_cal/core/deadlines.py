"""Deadlines and release milestones: when they are over, and which calls are left before them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from svsm_cal.core.model import Calendar, Deadline, Occurrence, Release
from svsm_cal.core.occurrences import longest_call, occurrences
from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.engine.civil import Instant

__all__ = ["DeadlineOutlook", "DeadlineStatus", "all_deadlines", "outlook"]

_SECOND = timedelta(seconds=1)


class DeadlineStatus(StrEnum):
    """Where a deadline stands."""

    OPEN = "open"
    OVER = "over"


class DeadlineOutlook(Value):
    """A deadline seen from an instant: the time `remaining` (negative once over) and the calls before it.

    `calls` are those yet to begin and before it is over; `current` is a call that has begun at that instant and
    is not over.
    """

    deadline: Deadline
    due_utc: Instant
    remaining: timedelta
    calls: tuple[Occurrence, ...]
    current: Occurrence | None
    status: DeadlineStatus


def _of_release(release: Release) -> list[Deadline]:
    found = []
    for milestone in release.milestones:
        day = milestone.actual or milestone.planned
        if day is not None:
            found.append(
                Deadline(
                    f"{release.id}-{milestone.id}",
                    f"{release.title} {milestone.title}",
                    day,
                    zone=release.zone,
                    remind=milestone.remind,
                    url=release.url,
                    release=release.id,
                    planned=milestone.planned,
                    actual=milestone.actual,
                )
            )
    return found


def all_deadlines(calendar: Calendar) -> list[Deadline]:
    """Return the calendar's deadlines and its releases' milestones, by when they are over, then by id."""
    found = [*calendar.deadlines, *(each for release in calendar.releases for each in _of_release(release))]
    return sorted(found, key=lambda deadline: (deadline.due_utc, deadline.id))


def outlook(calendar: Calendar, now: Instant, *, within: timedelta | None = None, past: bool = False) -> list[DeadlineOutlook]:
    """Return how the deadlines stand at `now`: those ahead, at most `within` ahead, and those over too when `past`."""
    dues = [(deadline.due_utc, deadline) for deadline in all_deadlines(calendar)]
    wanted = [(due, each) for due, each in dues if (past or due > now) and (within is None or due - now <= within)]
    if not wanted:
        return []
    around = occurrences(calendar, now - longest_call(calendar), max(now + _SECOND, wanted[-1][0]))
    starts = [each.start_utc for each in around]
    first_ahead = bisect_right(starts, now)
    current = next((each for each in reversed(around[:first_ahead]) if each.end_utc > now), None)
    return [
        DeadlineOutlook(
            deadline,
            due,
            due - now,
            tuple(around[first_ahead : max(first_ahead, bisect_left(starts, due))]),
            current,
            DeadlineStatus.OPEN if due > now else DeadlineStatus.OVER,
        )
        for due, deadline in wanted
    ]
