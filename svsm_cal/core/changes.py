"""The effects of an edit of a calendar: changed calls, deadlines and participants, and the affected feeds and invites.

The comparison is by meaning: two ways to write the same calendar have no differences.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from svsm_cal.core.affected import FeedChange, InviteChange, ItemKind, affected_feeds, affected_invites, series_by_id
from svsm_cal.core.call_changes import CallChange, call_changes
from svsm_cal.core.deadlines import all_deadlines, outlook
from svsm_cal.core.matching import matched
from svsm_cal.engine.rule_parts import Frequency
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svsm_cal.core.milestones import Deadline
    from svsm_cal.core.model import Calendar, Participant, Series
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone


class SeriesChange(Value):
    """What happens to a series, and the changes of its calls by date."""

    kind: ItemKind
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
    """A change of a deadline; `calls_before` and `calls_after` are the calls left before it from the range's start on."""

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
    """A change of a participant; `series` are the ids of the series they attend, join or leave."""

    kind: ParticipantKind
    before: Participant | None
    after: Participant | None
    series: tuple[str, ...] = ()


class Changes(Value):
    """The differences between two calendars, with calls and deadlines in [start, end)."""

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
        """Return whether anything changes for people in that time; feeds may also change in their past entries."""
        return bool(self.series or self.deadlines or self.participants)

    @property
    def empty(self) -> bool:
        """Return whether nothing changes at all."""
        return not (self.concern_people or self.feeds or self.invites)


def changes(old: Calendar, new: Calendar, *, start: Instant, end: Instant, zone: Zone | None = None) -> Changes:
    """Return the differences between two calendars, with calls and deadlines in [start, end).

    Local times are those in `zone`, by default in the zones of each series and its attendees. Series, deadlines and
    participants are matched by id, calls as `svsm_cal.core.matching.matched` does.
    """
    series = tuple(_series_changes(old, new, start, end, zone))
    return Changes(
        old,
        new,
        start,
        end,
        series,
        tuple(_deadline_changes(old, new, start, end)),
        tuple(_participant_changes(old, new)),
        affected_feeds(old, new),
        affected_invites(old, new, {change.series.id for change in series}),
    )


def _series_changes(old: Calendar, new: Calendar, start: Instant, end: Instant, zone: Zone | None) -> Iterator[SeriesChange]:
    before, after = series_by_id(old), series_by_id(new)
    for name in {**after, **before}:
        was, now = before.get(name), after.get(name)
        series = now or was
        if series is None:
            continue
        people = (new if now else old).attendees(series)
        versions = [version for version in (was, now) if version is not None]
        zones = {version.zone for version in versions} | {person.zone for person in people} if zone is None else {zone}
        eastward = sorted(zones, key=lambda zone: (zone.utc_offset(start), zone.key))
        weekly = any(version.rule is not None and version.rule.freq is Frequency.WEEKLY for version in versions)
        calls = tuple(call_changes(matched(was, now, start, end), eastward, weekly=weekly))
        kind = ItemKind.ADDED if was is None else ItemKind.GONE if now is None else ItemKind.CHANGED
        if calls or kind is not ItemKind.CHANGED:
            yield SeriesChange(kind, series, calls)


def _deadline_changes(old: Calendar, new: Calendar, start: Instant, end: Instant) -> Iterator[DeadlineChange]:
    before, after = ({deadline.id: deadline for deadline in all_deadlines(calendar)} for calendar in (old, new))
    changed = [name for name in {**after, **before} if before.get(name) != after.get(name)]
    if not changed:
        return
    left_before, left_after = (
        {ahead.deadline.id: len(ahead.calls) for ahead in outlook(calendar, start, past=True)} for calendar in (old, new)
    )
    for name in changed:
        was, now = before.get(name), after.get(name)
        if any(deadline is not None and start <= deadline.due_utc < end for deadline in (was, now)):
            for kind in _deadline_kinds(was, now):
                yield DeadlineChange(kind, was, now, left_before.get(name), left_after.get(name))


def _deadline_kinds(old: Deadline | None, new: Deadline | None) -> list[DeadlineKind]:
    if old is None or new is None:
        return [DeadlineKind.ADDED if old is None else DeadlineKind.GONE]
    differs = {
        DeadlineKind.SLIPPED: new.due_utc > old.due_utc,
        DeadlineKind.EARLIER: new.due_utc < old.due_utc,
        DeadlineKind.TITLE: new.title != old.title,
        DeadlineKind.LINK: new.url != old.url,
    }
    return [kind for kind, does in differs.items() if does]


def _participant_changes(old: Calendar, new: Calendar) -> Iterator[ParticipantChange]:
    before, after = ({person.id: person for person in calendar.participants} for calendar in (old, new))
    for name in {**after, **before}:
        was, now = before.get(name), after.get(name)
        attended, attends = (tuple(call.id for call in calendar.series if name in call.attendees) for calendar in (old, new))
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
        joined = tuple(series for series in attends if series not in attended)
        left = tuple(series for series in attended if series not in attends)
        if joined:
            yield ParticipantChange(ParticipantKind.JOINS, was, now, joined)
        if left:
            yield ParticipantChange(ParticipantKind.LEAVES, was, now, left)
