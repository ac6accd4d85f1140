"""What an edit of a calendar changes for people: calls, deadlines, participants, and the feeds and invites it reaches.

Not lines of a file are compared but what they come to: two ways of saying the same thing are no change.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from svsm_cal.core.affected import FeedChange, InviteChange, Touch, feeds_touched, invites_touched, series_by_id
from svsm_cal.core.call_changes import CallChange, call_changes
from svsm_cal.core.deadlines import all_deadlines, outlook
from svsm_cal.core.matching import matched
from svsm_cal.engine.rrule import Frequency
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svsm_cal.core.model import Calendar, Deadline, Participant, Series
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone

__all__ = [
    "Changes",
    "DeadlineChange",
    "DeadlineKind",
    "ParticipantChange",
    "ParticipantKind",
    "SeriesChange",
    "changes",
]


class SeriesChange(Value):
    """What happens to a series: `touch` says whether it is there in both calendars; the changes by date."""

    touch: Touch
    series: Series
    calls: tuple[CallChange, ...]


class DeadlineKind(StrEnum):
    """What happens to a deadline or a milestone."""

    ADDED = "added"
    GONE = "gone"
    SLIPPED = "slipped"
    EARLIER = "earlier"
    TITLE = "title"
    LINK = "link"


class DeadlineChange(Value):
    """One thing that happens to a deadline; `calls_before` and `calls_after` are left before it from the range's start on."""

    kind: DeadlineKind
    before: Deadline | None
    after: Deadline | None
    calls_before: int | None
    calls_after: int | None


class ParticipantKind(StrEnum):
    """What happens to a participant."""

    ADDED = "added"
    GONE = "gone"
    ZONE = "zone"
    NAME = "name"
    ADDRESS = "address"
    FEED = "feed"
    JOINS = "joins"
    LEAVES = "leaves"


class ParticipantChange(Value):
    """One thing that happens to a participant; `series` are the ids of those they attend, join or leave."""

    kind: ParticipantKind
    before: Participant | None
    after: Participant | None
    series: tuple[str, ...] = ()


class Changes(Value):
    """Everything that changes between two calendars for calls and deadlines in [start, end)."""

    old: Calendar
    new: Calendar
    start: Instant
    end: Instant
    series: tuple[SeriesChange, ...]
    deadlines: tuple[DeadlineChange, ...]
    participants: tuple[ParticipantChange, ...]
    feeds: tuple[FeedChange, ...]
    invites: tuple[InviteChange, ...]

    @property
    def concern_people(self) -> bool:
        """Whether anything changes for people in that time; feeds also change with what is past."""
        return bool(self.series or self.deadlines or self.participants)

    @property
    def empty(self) -> bool:
        """Whether nothing changes at all."""
        return not (self.concern_people or self.feeds or self.invites)


def changes(old: Calendar, new: Calendar, *, start: Instant, end: Instant, zone: Zone | None = None) -> Changes:
    """Return what changes for people with calls and deadlines in [start, end), as seen on `zone`'s clock alone if given.

    Otherwise on those of the series' anchor and its attendees. Series, deadlines and participants are matched by their
    ids. A series' calls are matched by their original start; those left over, which have another start, zone or rule,
    by their instant, then their original anchor date, then with the nearest one at most half a period away
    (`svsm_cal.core.matching`).
    """
    series = tuple(_series_changes(old, new, start, end, zone))
    touched = {each.series.id for each in series}
    return Changes(
        old,
        new,
        start,
        end,
        series,
        tuple(_deadline_changes(old, new, start, end)),
        tuple(_participant_changes(old, new)),
        feeds_touched(old, new),
        invites_touched(old, new, touched),
    )


def _series_changes(old: Calendar, new: Calendar, start: Instant, end: Instant, zone: Zone | None) -> Iterator[SeriesChange]:
    before, after = series_by_id(old), series_by_id(new)
    for name in {**after, **before}:
        was, now = before.get(name), after.get(name)
        series = now or was
        if series is None:
            continue
        people = (new if now else old).attendees(series)
        anchors = [each.zone for each in (was, now) if each is not None]
        zones = {*anchors, *(person.zone for person in people)} if zone is None else {zone}
        eastward = sorted(zones, key=lambda each: (each.utc_offset(start), each.key))
        found = tuple(call_changes(matched(was, now, start, end), eastward, weekly=_is_weekly(was, now)))
        touch = Touch.ADDED if was is None else Touch.GONE if now is None else Touch.CHANGED
        if found or touch is not Touch.CHANGED:
            yield SeriesChange(touch, series, found)


def _is_weekly(*series: Series | None) -> bool:
    return any(each.rule is not None and each.rule.freq is Frequency.WEEKLY for each in series if each is not None)


def _deadline_changes(old: Calendar, new: Calendar, start: Instant, end: Instant) -> Iterator[DeadlineChange]:
    before, after = ({each.id: each for each in all_deadlines(calendar)} for calendar in (old, new))
    changed = [name for name in {**after, **before} if before.get(name) != after.get(name)]
    if not changed:
        return
    left_before, left_after = (
        {each.deadline.id: len(each.calls) for each in outlook(calendar, start, past=True)} for calendar in (old, new)
    )
    for name in changed:
        was, now = before.get(name), after.get(name)
        if any(each is not None and start <= each.due_utc < end for each in (was, now)):
            for kind in _deadline_kinds(was, now):
                yield DeadlineChange(kind, was, now, left_before.get(name), left_after.get(name))


def _deadline_kinds(old: Deadline | None, new: Deadline | None) -> list[DeadlineKind]:
    if old is None or new is None:
        return [DeadlineKind.ADDED if old is None else DeadlineKind.GONE]
    holds = {
        DeadlineKind.SLIPPED: new.due_utc > old.due_utc,
        DeadlineKind.EARLIER: new.due_utc < old.due_utc,
        DeadlineKind.TITLE: new.title != old.title,
        DeadlineKind.LINK: new.url != old.url,
    }
    return [kind for kind, does in holds.items() if does]


def _participant_changes(old: Calendar, new: Calendar) -> Iterator[ParticipantChange]:
    before, after = ({each.id: each for each in calendar.participants} for calendar in (old, new))
    for name in {**after, **before}:
        was, now = before.get(name), after.get(name)
        attended, attends = (tuple(each.id for each in calendar.series if name in each.attendees) for calendar in (old, new))
        if was is None or now is None:
            kind, series = (ParticipantKind.ADDED, attends) if was is None else (ParticipantKind.GONE, attended)
            yield ParticipantChange(kind, was, now, series)
            continue
        differs = {
            ParticipantKind.ZONE: was.zone != now.zone,
            ParticipantKind.NAME: was.name != now.name,
            ParticipantKind.ADDRESS: was.email != now.email,
            ParticipantKind.FEED: was.feed != now.feed,
        }
        yield from (ParticipantChange(kind, was, now) for kind, does in differs.items() if does)
        joined, left = (tuple(each for each in a if each not in b) for a, b in ((attends, attended), (attended, attends)))
        if joined:
            yield ParticipantChange(ParticipantKind.JOINS, was, now, joined)
        if left:
            yield ParticipantChange(ParticipantKind.LEAVES, was, now, left)
