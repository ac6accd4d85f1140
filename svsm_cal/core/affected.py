"""The feeds and invites affected by an edit of a calendar.

Feeds are compared by their entries for all time. Participants' feeds are identified by participant ids only.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from svsm_cal.core.deadlines import all_deadlines
from svsm_cal.core.milestones import Deadline
from svsm_cal.core.model import Addition, Calendar, Override, Series, Status, Step
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_HEAD = ("name", "description", "url", "color", "language")
_Part = TypeVar("_Part", Series, Step, Override, Addition)


class ItemKind(StrEnum):
    """What happens to a series or a feed."""

    ADDED = "added"
    CHANGED = "changed"
    GONE = "gone"


class FeedChange(Value):
    """A changed feed, by its path within the site; a participant's, whose path is secret, by their id."""

    kind: ItemKind
    path: str | None = None
    participant: str | None = None


class InviteChange(Value):
    """A series and the ids of the affected attendees with an address, who would get a mail."""

    series: str
    participants: tuple[str, ...]


def series_by_id(calendar: Calendar) -> dict[str, Series]:
    """Return the calendar's series by id, in file order."""
    return {series.id: series for series in calendar.series}


def affected_feeds(old: Calendar, new: Calendar) -> tuple[FeedChange, ...]:
    """Return the feeds whose contents differ: those of the site by path, then participants' by id."""
    public = [FeedChange(kind, path=path) for path, kind in _compared(_public(old), _public(new))]
    personal = [FeedChange(kind, participant=name) for name, kind in _compared(_personal(old), _personal(new))]
    return (*public, *personal)


def _compared(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[tuple[str, ItemKind]]:
    for name in {**new, **old}:
        if name not in old:
            yield name, ItemKind.ADDED
        elif name not in new:
            yield name, ItemKind.GONE
        elif old[name] != new[name]:
            yield name, ItemKind.CHANGED


def _head(calendar: Calendar) -> tuple[object, ...]:
    return tuple(getattr(calendar, field) for field in _HEAD)


def _public(calendar: Calendar) -> dict[str, object]:
    """Return the contents of each public feed, for comparison."""
    head = _head(calendar)
    return {
        "calendar.ics": (head, tuple(_entries(calendar, series, "public") for series in calendar.series)),
        **{f"series/{series.id}.ics": (head, _entries(calendar, series, "series")) for series in calendar.series},
        "deadlines.ics": (head, tuple(map(_shown, all_deadlines(calendar)))),
    }


def _personal(calendar: Calendar) -> dict[str, object]:
    """Return the contents of the feed, and its address, of each participant who attends a series."""
    entries = {series.id: _entries(calendar, series, "personal") for series in calendar.series}
    feeds: dict[str, object] = {}
    for person in calendar.participants:
        attended = tuple(entries[series.id] for series in calendar.series if person.id in series.attendees)
        if attended:
            feeds[person.id] = (_head(calendar), person.name, person.zone, person.reminders, person.feed, attended)
    return feeds


def _entries(calendar: Calendar, series: Series, feed: str) -> object:
    """Return the contents of a series in a kind of feed, with the names of its chairs."""
    shows_cancelled = feed in calendar.shows_cancelled
    plain = replace(
        _without_minutes(series),
        attendees=(),
        overrides=tuple(_effect(override, shows_cancelled=shows_cancelled) for override in series.overrides),
        additions=tuple(map(_without_minutes, series.additions)),
        steps=tuple(replace(_without_minutes(step), reason=None) for step in series.steps),
    )
    parts: tuple[Series | Step | Override | Addition, ...] = (series, *series.steps, *series.overrides, *series.additions)
    cancelled = shows_cancelled and any(override.status is Status.CANCELLED for override in series.overrides)
    named = ((part.details.chair, *part.details.chairs) for part in parts)
    return plain, cancelled, tuple(tuple(map(calendar.person, ids)) for ids in named)


def _effect(override: Override, *, shows_cancelled: bool) -> Override:
    """Return an exception as in a feed; a hidden cancelled call has no details."""
    if override.status is Status.CANCELLED and not shows_cancelled:
        return Override(override.recurrence, override.status)
    return _without_minutes(override)


def _without_minutes(part: _Part) -> _Part:
    return replace(part, details=replace(part.details, minutes=None))


def _shown(deadline: Deadline) -> Deadline:
    """Return a deadline as its feed has it."""
    planned = deadline.planned if deadline.planned != deadline.date else None
    return replace(deadline, release=None, planned=planned, actual=None)


def affected_invites(old: Calendar, new: Calendar, changed: Collection[str]) -> tuple[InviteChange, ...]:
    """Return the attendees, old and new, who would get a mail about each series.

    These are all attendees of the series in `changed`; of others, those who join, leave or change their address. A change
    of language concerns everybody. Without an organizer there are none.
    """
    if new.organizer is None:
        return ()
    before, after = series_by_id(old), series_by_id(new)
    invites = []
    for name in {**after, **before}:
        everybody = name in changed or old.language != new.language
        were, are = _addresses(old, before.get(name)), _addresses(new, after.get(name))
        concerned = tuple(person for person in {**are, **were} if everybody or were.get(person) != are.get(person))
        if concerned:
            invites.append(InviteChange(name, concerned))
    return tuple(invites)


def _addresses(calendar: Calendar, series: Series | None) -> dict[str, str]:
    people = calendar.attendees(series) if series else ()
    return {person.id: person.email for person in people if person.email is not None}
