"""The deadlines and milestones of a calendar, and the calls left before each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from svsm_cal.core.milestones import Deadline
from svsm_cal.core.model import Calendar, Occurrence
from svsm_cal.core.occurrences import longest_call, occurrences
from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.engine.civil import Instant

_SECOND = timedelta(seconds=1)


class DeadlineStatus(StrEnum):
    """The status of a deadline."""

    OPEN = "open"
    OVER = "over"


class DeadlineOutlook(Value):
    """A deadline seen from an instant: the time `remaining` (negative once over) and the calls left before it.

    `calls` are the calls that begin after that instant and before the deadline; `current` is a call in progress.
    """

    deadline: Deadline
    due_utc: Instant
    remaining: timedelta
    calls: tuple[Occurrence, ...]
    current: Occurrence | None
    status: DeadlineStatus


def all_deadlines(calendar: Calendar) -> list[Deadline]:
    """Return the calendar's deadlines and milestones, sorted by instant, then by id."""
    deadlines = [*calendar.deadlines, *(deadline for release in calendar.releases for deadline in release.deadlines())]
    return sorted(deadlines, key=lambda deadline: (deadline.due_utc, deadline.id))


def outlook(calendar: Calendar, now: Instant, *, within: timedelta | None = None, past: bool = False) -> list[DeadlineOutlook]:
    """Return the deadlines after `now`, at most `within` ahead, as seen from `now`; with `past`, also the earlier ones."""
    dues = [(deadline.due_utc, deadline) for deadline in all_deadlines(calendar)]
    wanted = [(due, deadline) for due, deadline in dues if (past or due > now) and (within is None or due - now <= within)]
    if not wanted:
        return []
    around = occurrences(calendar, now - longest_call(calendar), max(now + _SECOND, wanted[-1][0]))
    starts = [call.start_utc for call in around]
    first_ahead = bisect_right(starts, now)
    current = next((call for call in reversed(around[:first_ahead]) if call.end_utc > now), None)
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
