"""What invites are about - a segment, or a call outside the rule - and how a reader sees its calls to come."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.app.lookups import zones_of
from svsm_cal.core.occurrences import added_occurrences, longest_call, occurrence_of, set_apart
from svsm_cal.core.segments import Segment, segments_of
from svsm_cal.engine.civil import LocalDateTime
from svsm_cal.engine.zones import local_of
from svsm_cal.errors import UsageError
from svsm_cal.render.invite_mail import Reader
from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.core.localized import Clocks
    from svsm_cal.core.model import Calendar, Occurrence, Organizer, Participant, Series
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone

__all__ = ["Subject", "all_subjects", "calls_to_come", "organizer_of", "reader_of", "subjects_of"]

_NEXT = 4
_DAY = timedelta(days=1)
_AHEAD = timedelta(weeks=52)


class Subject(Value):
    """What one invite is about: a segment or an added call, and its next occurrences, cancelled ones among them."""

    of: Segment | Occurrence
    coming: tuple[Occurrence, ...]

    @property
    def over(self) -> bool:
        """Whether nothing of it is still to come."""
        return not self.coming


def organizer_of(calendar: Calendar) -> Organizer:
    """Return who sends a calendar's invites; raises UsageError where it does not say."""
    if calendar.organizer is None:
        raise UsageError("invites need a sender: add organizer = { name = ..., email = ... } to [calendar]")
    return calendar.organizer


def subjects_of(series: Series, now: Instant) -> list[Subject]:
    """Return the segments and added calls of a series that are not over at `now`."""
    return [each for each in all_subjects(series, now) if any(call.held for call in each.coming)]


def all_subjects(series: Series, now: Instant) -> list[Subject]:
    """Return every segment and added call of a series, whether over at `now` or not."""
    segments = [Subject(each, calls_to_come(each, now)) for each in segments_of(series)]
    return [*segments, *(Subject(each, (each,) if each.end_utc > now else ()) for each in added_occurrences(series))]


def calls_to_come(segment: Segment, now: Instant) -> tuple[Occurrence, ...]:
    """Return a segment's next few calls, cancelled ones among them."""
    overrides = segment.series.exceptions
    begin = max(segment.start, LocalDateTime(local_of(now, segment.zone) - _DAY - longest_call(segment.series)))
    regular = (occurrence_of(segment, start, overrides.get(start)) for start in segment.starts_from(begin))
    coming = []
    held = 0
    for each in regular:
        if each.end_utc > now:
            coming.append(each)
            held += each.held
        if held == _NEXT:
            break
    earlier = [each for each in set_apart(segment.series) if each.uid == segment.uid and each.recurrence < begin]
    coming += [each for each in earlier if each.end_utc > now]
    return tuple(sorted(coming, key=lambda each: each.start_utc))


def reader_of(
    calendar: Calendar,
    series: Series,
    person: Participant | None,
    to: str | None,
    subject: Subject,
    clocks: Clocks,
    now: Instant,
) -> Reader:
    """Return the reader of a message: a participant, or everybody behind the address of a list."""
    zones = tuple({series.zone: (), **zones_of(calendar, series)}) if person is None else (person.zone,)
    calls = tuple(tuple(clocks.see(each, zone) for each in subject.coming) for zone in zones)
    windows = tuple(each for zone in zones for each in _windows(series, subject, zone, clocks, now))
    return Reader(to or (person.email if person else None) or "", person.name if person else "", calls, windows)


def _windows(series: Series, subject: Subject, zone: Zone, clocks: Clocks, now: Instant) -> list[ShiftWindow]:
    """Return the windows within a subject and the coming year that begin with a change."""
    if not isinstance(subject.of, Segment):
        return []
    begin = max(now.date(), subject.of.start.date())
    end = begin + _AHEAD if subject.of.end is None else subject.of.end.date() - _DAY
    windows = clocks.windows(series, zone, begin, end) if end >= begin else []
    return [window for window in windows if window.change_minutes and begin < window.first <= end]
