"""Invites as files: one message for each attendee, or one for a mailing list."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from svsm_cal.app.atomic_files import write_file
from svsm_cal.app.invited_events import organizer_of, reader_of, subjects_of
from svsm_cal.app.lookups import series_of
from svsm_cal.core.external_text import is_address
from svsm_cal.core.localized import Clocks
from svsm_cal.errors import UsageError
from svsm_cal.ical.invite_calendar import invite
from svsm_cal.render.invite_mail import invite_message
from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.core.model import Calendar
    from svsm_cal.engine.civil import Instant

__all__ = ["Written", "invite_messages", "write_invites"]


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
    organizer = organizer_of(calendar)
    if to is not None and not is_address(to):
        shown = to.encode("unicode_escape").decode("ascii")
        raise UsageError(f'"{shown}" is no e-mail address (write it as list@example.org)')
    subjects = subjects_of(wanted, now)
    if not subjects:
        raise UsageError(f'series "{series}" has no calls from now on: nobody needs an invite')
    people = [None] if to is not None else [each for each in calendar.attendees(wanted) if each.email is not None]
    clocks = Clocks()
    messages = {}
    for number, subject in enumerate(subjects):
        suffix = f"-{number + 1}" if number else ""
        for person in people:
            reader = reader_of(calendar, wanted, person, to, subject, clocks, now)
            message = invite(calendar, subject.of, organizer, person, since=now)
            name = f"{series}-{'list' if person is None else person.id}{suffix}.eml"
            messages[name] = invite_message(calendar, subject.of, organizer, reader, message, now=now)
    if not messages:
        raise UsageError(f'series "{series}" has no attendee with an e-mail address: nobody can be invited')
    return messages


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
