"""Invites as files: one message for each attendee, or one for a mailing list."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.app.files import write_file
from svsm_cal.app.lookups import series_of, zones_of
from svsm_cal.core.clocks import Clocks
from svsm_cal.core.occurrences import next_occurrences, segments
from svsm_cal.errors import UsageError
from svsm_cal.ical.invite import invite
from svsm_cal.render.mail import Reader, invite_message
from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.core.civil import Instant
    from svsm_cal.core.model import Calendar, Occurrence, Organizer, Participant, Series
    from svsm_cal.core.occurrences import Segment
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.core.zones import Zone

__all__ = ["Written", "invite_messages", "write_invites"]

_NEXT = 4
_AHEAD = timedelta(weeks=52)
_ADDRESS = re.compile(r"[^\s@<>(),;:\\\"\[\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


class Written(Value):
    """What was written: the files' names, and the attendees left out because they have no address."""

    files: tuple[str, ...]
    without_address: tuple[str, ...]


def invite_messages(calendar: Calendar, series: str, *, now: Instant, to: str | None = None) -> dict[str, bytes]:
    """Return file name -> message: one for each attendee with an address, or one for the list at `to`.

    Raises UsageError for an unknown series, one that is over, no organizer, or an address that is none.
    """
    wanted = series_of(calendar, series)[0]
    organizer = calendar.organizer
    if organizer is None:
        raise UsageError("invites need a sender: add organizer = { name = ..., email = ... } to [calendar]")
    if to is not None and not _ADDRESS.fullmatch(to):
        raise UsageError(f'"{to}" is no e-mail address (write it as list@example.org)')
    coming = next_occurrences(wanted, now, _NEXT, cancelled=True)
    living = [segment for segment in segments(wanted) if _goes_on(segment, now)]
    if not living or not coming:
        raise UsageError(f'series "{series}" has no calls from now on: nobody needs an invite')
    clocks = Clocks()
    people = calendar.attendees(wanted)
    messages = {}
    for number, segment in enumerate(living):
        suffix = f"-{number + 1}" if number else ""
        of_segment = [each for each in coming if each.uid == segment.uid] or coming
        if to is not None:
            reader = _list_reader(calendar, wanted, to, of_segment, clocks, now)
            messages[f"{series}-list{suffix}.eml"] = _message(calendar, segment, organizer, None, reader, now)
            continue
        for person in people:
            if person.email is not None:
                reader = _reader(wanted, person, person.email, of_segment, clocks, now)
                messages[f"{series}-{person.id}{suffix}.eml"] = _message(calendar, segment, organizer, person, reader, now)
    if not messages:
        raise UsageError(f'series "{series}" has no attendee with an e-mail address: nobody can be invited')
    return messages


def _goes_on(segment: Segment, now: Instant) -> bool:
    return next((True for start in segment.starts_from(segment.start) if segment.occurrence(start).end_utc > now), False)


def _message(
    calendar: Calendar, segment: Segment, organizer: Organizer, person: Participant | None, reader: Reader, now: Instant
) -> bytes:
    message = invite(calendar, segment, organizer, person, since=now)
    return invite_message(calendar, segment, organizer, reader, message, now=now)


def _reader(series: Series, person: Participant, email: str, coming: list[Occurrence], clocks: Clocks, now: Instant) -> Reader:
    calls = tuple(clocks.see(each, person.zone) for each in coming)
    return Reader(email, person.name, (calls,), _windows(series, (person.zone,), clocks, now))


def _list_reader(calendar: Calendar, series: Series, to: str, coming: list[Occurrence], clocks: Clocks, now: Instant) -> Reader:
    zones = tuple({series.zone: (), **zones_of(calendar, series)})
    calls = tuple(tuple(clocks.see(each, zone) for each in coming if each.held) for zone in zones)
    return Reader(to, "", calls, _windows(series, zones, clocks, now))


def _windows(series: Series, zones: tuple[Zone, ...], clocks: Clocks, now: Instant) -> tuple[ShiftWindow, ...]:
    """Return the windows of the coming year that change something, after the one the present is in."""
    day = now.date()
    return tuple(
        window
        for zone in zones
        for window in clocks.windows(series, zone, day, day + _AHEAD)
        if window.change_minutes and (window.last is None or window.last >= day) and window.first > day
    )


def write_invites(calendar: Calendar, series: str, out: str, *, now: Instant, to: str | None = None) -> Written:
    """Write the messages to the folder `out`, made if it is missing, and return what was written.

    Raises UsageError as `invite_messages` does, before anything is written, and OSError.
    """
    messages = invite_messages(calendar, series, now=now, to=to)
    os.makedirs(out, exist_ok=True)
    for name, data in messages.items():
        write_file(os.path.join(out, name), data)
    people = () if to is not None else calendar.attendees(series_of(calendar, series)[0])
    return Written(tuple(messages), tuple(person.id for person in people if person.email is None))
