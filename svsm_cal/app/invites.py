"""Invites as files: one message for each attendee, or one for a mailing list."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.app.files import write_file
from svsm_cal.app.lookups import series_of, zones_of
from svsm_cal.core.address import is_address
from svsm_cal.core.civil import LocalDateTime
from svsm_cal.core.clocks import Clocks
from svsm_cal.core.occurrences import added_occurrences, longest_call, set_apart
from svsm_cal.core.segments import Segment
from svsm_cal.core.zones import local_of
from svsm_cal.errors import UsageError
from svsm_cal.ical.invite import invite
from svsm_cal.render.mail import Reader, invite_message
from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.core.civil import Instant
    from svsm_cal.core.model import Calendar, Occurrence, Participant, Series
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.core.zones import Zone

__all__ = ["Written", "invite_messages", "write_invites"]

_NEXT = 4
_DAY = timedelta(days=1)
_AHEAD = timedelta(weeks=52)


class Written(Value):
    """What was written: the files' names, and the attendees left out because they have no address."""

    files: tuple[str, ...]
    without_address: tuple[str, ...]


def invite_messages(calendar: Calendar, series: str, *, now: Instant, to: str | None = None) -> dict[str, bytes]:
    """Return file name -> message: one for each attendee with an address, or one for the list at `to`.

    A series whose zone, time or rule changes at some date has several UIDs, and each its own messages; so has
    each call added to it. Raises UsageError for an unknown series, one that is over, no organizer, or an address
    that is none.
    """
    wanted = series_of(calendar, series)[0]
    organizer = calendar.organizer
    if organizer is None:
        raise UsageError("invites need a sender: add organizer = { name = ..., email = ... } to [calendar]")
    if to is not None and not is_address(to):
        shown = to.encode("unicode_escape").decode("ascii")
        raise UsageError(f'"{shown}" is no e-mail address (write it as list@example.org)')
    subjects = _subjects(wanted, now)
    if not subjects:
        raise UsageError(f'series "{series}" has no calls from now on: nobody needs an invite')
    people = [None] if to is not None else [each for each in calendar.attendees(wanted) if each.email is not None]
    clocks = Clocks()
    messages = {}
    for number, subject in enumerate(subjects):
        suffix = f"-{number + 1}" if number else ""
        for person in people:
            reader = _reader(calendar, wanted, person, to, subject, clocks, now)
            message = invite(calendar, subject.of, organizer, person, since=now)
            name = f"{series}-{'list' if person is None else person.id}{suffix}.eml"
            messages[name] = invite_message(calendar, subject.of, organizer, reader, message, now=now)
    if not messages:
        raise UsageError(f'series "{series}" has no attendee with an e-mail address: nobody can be invited')
    return messages


class _Subject(Value):
    """What one invite is about: a segment or an added call, and its next occurrences."""

    of: Segment | Occurrence
    coming: tuple[Occurrence, ...]


def _subjects(series: Series, now: Instant) -> list[_Subject]:
    """Return the segments and added calls of a series that are not over at `now`."""
    found = []
    for segment in series.segments:
        calls = _coming(segment, now)
        if any(each.held for each in calls):
            found.append(_Subject(segment, calls))
    added = (each for each in added_occurrences(series) if each.end_utc > now)
    return [*found, *(_Subject(each, (each,)) for each in added)]


def _coming(segment: Segment, now: Instant) -> tuple[Occurrence, ...]:
    """Return a segment's next few calls, cancelled ones among them."""
    overrides = segment.series.exceptions
    begin = max(segment.start, LocalDateTime(local_of(now, segment.zone) - _DAY - longest_call(segment.series)))
    regular = (segment.occurrence(start, overrides.get(start)) for start in segment.starts_from(begin))
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


def _reader(
    calendar: Calendar,
    series: Series,
    person: Participant | None,
    to: str | None,
    subject: _Subject,
    clocks: Clocks,
    now: Instant,
) -> Reader:
    """Return the reader of a message: a participant, or everybody behind the address of a list."""
    zones = tuple({series.zone: (), **zones_of(calendar, series)}) if person is None else (person.zone,)
    calls = tuple(tuple(clocks.see(each, zone) for each in subject.coming) for zone in zones)
    windows = tuple(each for zone in zones for each in _windows(series, subject, zone, clocks, now))
    return Reader(to or (person.email if person else None) or "", person.name if person else "", calls, windows)


def _windows(series: Series, subject: _Subject, zone: Zone, clocks: Clocks, now: Instant) -> list[ShiftWindow]:
    """Return the windows within a subject and the coming year that begin with a change."""
    if not isinstance(subject.of, Segment):
        return []
    begin = max(now.date(), subject.of.start.date())
    end = begin + _AHEAD if subject.of.end is None else subject.of.end.date() - _DAY
    windows = clocks.windows(series, zone, begin, end) if end >= begin else []
    return [window for window in windows if window.change_minutes and begin < window.first <= end]


def write_invites(calendar: Calendar, series: str, out: str, *, now: Instant, to: str | None = None) -> Written:
    """Write the messages to the folder `out`, made if it is missing, and return what was written.

    Raises UsageError as `invite_messages` does, before anything is written, and OSError.
    """
    messages = invite_messages(calendar, series, now=now, to=to)
    if os.path.exists(out) and not os.path.isdir(out):
        raise UsageError(f"{out}: is a file (name a folder)")
    os.makedirs(out, exist_ok=True)
    for name, data in messages.items():
        write_file(os.path.join(out, name), data)
    people = () if to is not None else calendar.attendees(series_of(calendar, series)[0])
    return Written(tuple(messages), tuple(person.id for person in people if person.email is None))
