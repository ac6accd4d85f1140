"""Deadlines, and releases, whose milestones are deadlines too."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import Instant, LocalDateTime, midnight
from svsm_cal.engine.zones import Zone, instant_of
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

_Date = date  # `Deadline.date` hides the type's name within its class
_ANYWHERE_ON_EARTH = timedelta(hours=12)


class Deadline(Value):
    """An instant by which something must be done.

    It is the time `at` on `zone`'s clock (UTC without a zone); without `at`, the end of `date` in `zone`, or, without a
    zone, its end anywhere on Earth (UTC-12). `planned` is the date planned at first, if it differs from the actual one.
    """

    id: str
    title: str
    date: date
    at: LocalDateTime | None = None
    zone: Zone | None = None
    remind: tuple[timedelta, ...] = ()
    url: str | None = None
    release: str | None = None
    planned: _Date | None = None
    actual: _Date | None = None

    @property
    def due(self) -> LocalDateTime:
        """Return the civil time of the deadline."""
        return self.at or LocalDateTime(midnight(self.date) + timedelta(days=1))

    @property
    def due_utc(self) -> Instant:
        """Return the instant of the deadline."""
        if self.zone is not None:
            return instant_of(self.due, self.zone)
        return Instant(self.due.replace(tzinfo=UTC) + (timedelta() if self.at else _ANYWHERE_ON_EARTH))


class Milestone(Value):
    """A step of a release: `planned` and `actual` dates, at least one of them set."""

    id: str
    title: str
    planned: date | None
    actual: date | None
    remind: tuple[timedelta, ...] = ()


class Release(Value):
    """A release and its milestones in order; a milestone's day ends in `zone`, or anywhere on Earth."""

    id: str
    title: str
    milestones: tuple[Milestone, ...]
    zone: Zone | None = None
    url: str | None = None

    def deadlines(self) -> Iterator[Deadline]:
        """Yield the milestones as deadlines."""
        for milestone in self.milestones:
            day = milestone.actual or milestone.planned
            if day is not None:
                yield Deadline(
                    f"{self.id}-{milestone.id}",
                    f"{self.title} {milestone.title}",
                    day,
                    zone=self.zone,
                    remind=milestone.remind,
                    url=self.url,
                    release=self.id,
                    planned=milestone.planned,
                    actual=milestone.actual,
                )
