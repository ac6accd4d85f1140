"""Invited events: the segments and added calls of a series, each with its own UID, and how a reader sees their calls."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.app.lookups import zones_of
from svsm_cal.core.occurrences import added_occurrences, longest_call, occurrence_of, set_apart
from svsm_cal.core.segments import Segment, segments_of
from svsm_cal.engine.civil import LocalDateTime
from svsm_cal.engine.zones import local_of
from svsm_cal.errors import UsageError
from svsm_cal.render.invite_mail import Reader, is_part
from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.core.localized import Clocks
    from svsm_cal.core.model import Calendar, Occurrence, Organizer, Participant, Series
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone
    from svsm_cal.itip.invitation import Invitation
    from svsm_cal.words.language import Language

_NEXT = 4
_DAY = timedelta(days=1)
_AHEAD = timedelta(weeks=52)


class InvitedEvent(Value):
    """The event of one UID: a segment or an added call (`source`), and its next calls, cancelled ones included."""

    calendar: Calendar
    series: Series
    source: Segment | Occurrence
    upcoming: tuple[Occurrence, ...]

    @property
    def uid(self) -> str:
        """Return the UID."""
        return self.source.uid

    @property
    def over(self) -> bool:
        """Whether all calls have ended."""
        return not self.upcoming

    def title(self, language: Language) -> str:
        """Return the current title, with the rule in words if the event is one of several parts of a series' rule."""
        source = self.source
        if not isinstance(source, Segment):
            return source.title
        title = source.details[-1][1].title or self.series.title
        return f"{title} ({language.rule(source.rule)})" if source.rule is not None and is_part(source) else title

    def person(self, invitation: Invitation) -> Participant | None:
        """Return the invited participant; None for a mailing list and for a person not in the calendar."""
        return self.calendar.participant(invitation.participant) if invitation.participant is not None else None

    def zone_of(self, invitation: Invitation) -> Zone:
        """Return the zone of an invitation's reader: the participant's, or the series' for any other reader."""
        person = self.person(invitation)
        return self.series.zone if person is None else person.zone


def organizer_of(calendar: Calendar) -> Organizer:
    """Return the sender of a calendar's invites; raises UsageError if it has none."""
    if calendar.organizer is None:
        raise UsageError("invites need a sender: add organizer = { name = ..., email = ... } to [calendar]")
    return calendar.organizer


def invited_events(calendar: Calendar, series: Series, now: Instant) -> list[InvitedEvent]:
    """Return the events of all segments and added calls of a series, including those that are over at `now`."""
    segments = [InvitedEvent(calendar, series, segment, _next_calls(segment, now)) for segment in segments_of(series)]
    added = [InvitedEvent(calendar, series, call, (call,) if call.end_utc > now else ()) for call in added_occurrences(series)]
    return segments + added


def invited_event(calendar: Calendar, uid: str, now: Instant) -> InvitedEvent | None:
    """Return the event of a UID in a calendar, or None."""
    events = (event for series in calendar.series for event in invited_events(calendar, series, now))
    return next((event for event in events if event.uid == uid), None)


def _next_calls(segment: Segment, now: Instant) -> tuple[Occurrence, ...]:
    """Return a segment's next few calls, cancelled ones included."""
    overrides = segment.series.exceptions
    begin = max(segment.start, LocalDateTime(local_of(now, segment.zone) - _DAY - longest_call(segment.series)))
    regular = (occurrence_of(segment, start, overrides.get(start)) for start in segment.starts_from(begin))
    calls = []
    held = 0
    for call in regular:
        if call.end_utc > now:
            calls.append(call)
            held += call.held
        if held == _NEXT:
            break
    # Calls of earlier dates may have been moved to the future.
    earlier = [call for call in set_apart(segment.series) if call.uid == segment.uid and call.recurrence < begin]
    calls += [call for call in earlier if call.end_utc > now]
    return tuple(sorted(calls, key=lambda call: call.start_utc))


def reader_of(event: InvitedEvent, person: Participant | None, to: str | None, clocks: Clocks, now: Instant) -> Reader:
    """Return the reader of a message: a participant, or the mailing list `to` with the zones of all attendees."""
    series = event.series
    zones = tuple({series.zone: (), **zones_of(event.calendar, series)}) if person is None else (person.zone,)
    calls = tuple(tuple(clocks.see(call, zone) for call in event.upcoming) for zone in zones)
    windows = tuple(window for zone in zones for window in _windows(event, zone, clocks, now))
    return Reader(to or (person.email if person else None) or "", person.name if person else "", calls, windows)


def _windows(event: InvitedEvent, zone: Zone, clocks: Clocks, now: Instant) -> list[ShiftWindow]:
    """Return the shift windows of a segment in the coming year that begin with a change."""
    segment = event.source
    if not isinstance(segment, Segment):
        return []
    begin = max(now.date(), segment.start.date())
    end = begin + _AHEAD if segment.end is None else segment.end.date() - _DAY
    windows = clocks.windows(event.series, zone, begin, end) if end >= begin else []
    return [window for window in windows if window.change_minutes and begin < window.first <= end]
