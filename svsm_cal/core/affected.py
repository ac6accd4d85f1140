"""What an edit reaches: the feeds whose entries change, and who would get a mail.

Feeds are judged by what they say of calls and deadlines, in all time, as feeds have no range; participants' feeds are
known by their owners' ids alone.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from svsm_cal.core.deadlines import all_deadlines
from svsm_cal.core.model import Addition, Calendar, Deadline, Override, Participant, Series, Status, Step
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = ["FeedChange", "InviteChange", "Touch", "feeds_touched", "invites_touched", "series_by_id"]

_HEAD = ("name", "description", "url", "color", "language")
_Telling = TypeVar("_Telling", Series, Step, Override, Addition)


class Touch(StrEnum):
    """What became of a feed, or of anything with an id."""

    ADDED = "added"
    CHANGED = "changed"
    GONE = "gone"


class FeedChange(Value):
    """A feed by its path within the site, or, as that is secret, a participant's by their id."""

    touch: Touch
    path: str | None = None
    participant: str | None = None


class InviteChange(Value):
    """A series and the ids of those who would get a mail about it: the attendees with an address whom it concerns."""

    series: str
    participants: tuple[str, ...]


def series_by_id(calendar: Calendar) -> dict[str, Series]:
    """Return the calendar's series by their ids, in the file's order."""
    return {series.id: series for series in calendar.series}


def feeds_touched(old: Calendar, new: Calendar) -> tuple[FeedChange, ...]:
    """Return the feeds that say something else: those of the site by path, then participants' by id."""
    public = [FeedChange(touch, path=path) for path, touch in _compared(_public(old), _public(new))]
    personal = [FeedChange(touch, participant=name) for name, touch in _compared(_personal(old), _personal(new))]
    return (*public, *personal)


def _compared(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[tuple[str, Touch]]:
    for name in {**new, **old}:
        if name not in old:
            yield name, Touch.ADDED
        elif name not in new:
            yield name, Touch.GONE
        elif old[name] != new[name]:
            yield name, Touch.CHANGED


def _head(calendar: Calendar) -> tuple[object, ...]:
    return tuple(getattr(calendar, each) for each in _HEAD)


def _public(calendar: Calendar) -> dict[str, object]:
    """Return what each public feed is made of."""
    head = _head(calendar)
    return {
        "calendar.ics": (head, tuple(_said(calendar, each, "public") for each in calendar.series)),
        **{f"series/{each.id}.ics": (head, _said(calendar, each, "series")) for each in calendar.series},
        "deadlines.ics": (head, tuple(_shown(each) for each in all_deadlines(calendar))),
    }


def _personal(calendar: Calendar) -> dict[str, object]:
    """Return what each participant's feed is made of, its address included; who attends nothing has none."""
    said = {series.id: _said(calendar, series, "personal") for series in calendar.series}
    found: dict[str, object] = {}
    for person in calendar.participants:
        attended = tuple(said[series.id] for series in calendar.series if person.id in series.attendees)
        if attended:
            found[person.id] = (_head(calendar), person.name, person.zone, person.reminders, person.feed, attended)
    return found


def _said(calendar: Calendar, series: Series, feed: str) -> object:
    """Return what a kind of feed has of a series, with the names of those who chair it."""
    shows_cancelled = feed in calendar.shows_cancelled
    plain = replace(
        _without_minutes(series),
        attendees=(),
        overrides=tuple(_effect(each, shows_cancelled=shows_cancelled) for each in series.overrides),
        additions=tuple(map(_without_minutes, series.additions)),
        steps=tuple(replace(_without_minutes(step), reason=None) for step in series.steps),
    )
    parts: tuple[Series | Step | Override | Addition, ...] = (series, *series.steps, *series.overrides, *series.additions)
    cancelled = shows_cancelled and any(each.status is Status.CANCELLED for each in series.overrides)
    named = ((each.details.chair, *each.details.chairs) for each in parts)
    return plain, cancelled, tuple(tuple(map(calendar.person, ids)) for ids in named)


def _effect(override: Override, *, shows_cancelled: bool) -> Override:
    """Return an exception with only what a feed has: of a cancelled call that is not shown only that it is, not why."""
    if override.status is Status.CANCELLED and not shows_cancelled:
        return Override(override.recurrence, override.status)
    return _without_minutes(override)


def _without_minutes(part: _Telling) -> _Telling:
    return replace(part, details=replace(part.details, minutes=None))


def _shown(deadline: Deadline) -> Deadline:
    """Return a deadline with only what its feed has."""
    planned = deadline.planned if deadline.planned != deadline.date else None
    return replace(deadline, release=None, planned=planned, actual=None)


def invites_touched(old: Calendar, new: Calendar, changed: Collection[str]) -> tuple[InviteChange, ...]:
    """Return who would get a mail about which series, those of `changed` concerning all who attend or did.

    The others concern who joins, leaves or has another address. Another language concerns everybody. Without an organizer
    there are no invites.
    """
    if new.organizer is None:
        return ()
    before, after = series_by_id(old), series_by_id(new)
    found = []
    for name in {**after, **before}:
        all_of_them = name in changed or old.language != new.language
        were, are = (_addresses(each, by_id.get(name)) for each, by_id in ((old, before), (new, after)))
        concerned = tuple(person for person in {**are, **were} if all_of_them or were.get(person) != are.get(person))
        if concerned:
            found.append(InviteChange(name, concerned))
    return tuple(found)


def _addresses(calendar: Calendar, series: Series | None) -> dict[str, str]:
    people: tuple[Participant, ...] = () if series is None else calendar.attendees(series)
    return {person.id: person.email for person in people if person.email is not None}
