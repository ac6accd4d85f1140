"""Deadlines and release milestones as a timeline: what was planned, what became of it, the time left and the calls before."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.core.deadlines import DeadlineOutlook, DeadlineStatus
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svsm_cal.core.civil import Instant
    from svsm_cal.core.model import Calendar

__all__ = ["Stretch", "timeline"]

_NEAR = timedelta(weeks=13)
_PAST = timedelta(weeks=8)


class Stretch(Value):
    """A release's milestones, or the deadlines that belong to none (`title` is ""); `near` if they are shown at once."""

    title: str
    url: str | None
    outlooks: tuple[DeadlineOutlook, ...]
    near: bool

    @property
    def ends(self) -> tuple[DeadlineOutlook, ...]:
        """Return a release's first and last milestone, all of what belongs to none."""
        return self.outlooks if not self.title or len(self.outlooks) < 2 else (self.outlooks[0], self.outlooks[-1])


def timeline(calendar: Calendar, outlooks: Sequence[DeadlineOutlook], now: Instant) -> tuple[Stretch, ...]:
    """Return the stretches that are not over, by what is due next in each; `outlooks` have what is over too.

    Of a release that goes on all milestones are kept, of other deadlines those of the last weeks.
    """
    found = []
    for release in (None, *calendar.releases):
        own = [each for each in outlooks if each.deadline.release == (release.id if release else None)]
        if release is None:
            own = [each for each in own if each.due_utc > now - _PAST]
        ahead = [each for each in own if each.status is DeadlineStatus.OPEN]
        if ahead:
            title, url = (release.title, release.url) if release else ("", None)
            found.append((ahead[0].due_utc, Stretch(title, url, tuple(own), near=ahead[0].remaining <= _NEAR)))
    found.sort(key=lambda row: row[0])
    return tuple(stretch for _, stretch in found)
