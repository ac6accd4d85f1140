"""Reminders by mail for those who asked for them: once each, however often and in however many places this runs."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from svsm_cal.app.invited_events import organizer_of
from svsm_cal.core.deadlines import outlook
from svsm_cal.core.localized import Clocks
from svsm_cal.core.occurrences import occurrences
from svsm_cal.engine.zones import local_of
from svsm_cal.ical.value_types import stamp_of
from svsm_cal.render.invite_mail import call_reminder, deadline_reminder
from svsm_cal.render.mail_form import message_id
from svsm_cal.store.contract import Mail
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from svsm_cal.core.model import Calendar, Occurrence, Participant
    from svsm_cal.engine.civil import Instant
    from svsm_cal.render.mail_form import MessageForm
    from svsm_cal.store.contract import Ledger, Store

__all__ = ["remind"]


class _Reminder(Value):
    """One reminder that is due: for whom, how often it is recorded as sent, and the form of its mail."""

    person: Participant
    identity: str
    earlier: tuple[str, ...]
    form: Callable[[], MessageForm]


def remind(calendar: Calendar, store: Store, *, now: Instant, sign: Callable[[bytes], bytes] | None = None) -> int:
    """Put the reminders that are due into the outbox, each once, and return how many.

    One whose time was missed is sent as long as there is something to be reminded of; of several at once, only the last.
    Raises UsageError without an organizer, StoreError.
    """
    due = list(_due(calendar, now))
    if not due:
        return 0
    with store.ledger() as ledger:
        mails = [mail for each in due if _is_new(ledger, each, now) and (mail := _mail(calendar, each, sign)) is not None]
        return len(ledger.enqueue(mails, now=now))


def _is_new(ledger: Ledger, reminder: _Reminder, now: Instant) -> bool:
    """Record a reminder, and those that it comes in place of, as sent; False where it had been."""
    for identity in reminder.earlier:
        ledger.claim(identity, now=now)
    return ledger.claim(reminder.identity, now=now)


def _mail(calendar: Calendar, reminder: _Reminder, sign: Callable[[bytes], bytes] | None) -> Mail | None:
    person = reminder.person
    if person.email is None:
        return None
    number = message_id(calendar.domain, reminder.identity)
    data = reminder.form().fill(name=person.name, email=person.email, message_id=number)
    sender = organizer_of(calendar).email
    return Mail(number, "reminder", sender, person.email, data if sign is None else sign(data), reason=reminder.identity)


def _due(calendar: Calendar, now: Instant) -> Iterator[_Reminder]:
    """Yield the reminders whose time has come, of what has not."""
    people = [each for each in calendar.participants if each.email is not None]
    before_calls = [each for each in people if each.mail_reminders]
    before_deadlines = [each for each in people if each.mail_deadlines]
    if before_calls:
        yield from _of_calls(calendar, before_calls, now)
    if before_deadlines:
        yield from _of_deadlines(calendar, before_deadlines, now)


def _of_calls(calendar: Calendar, people: Sequence[Participant], now: Instant) -> Iterator[_Reminder]:
    organizer, clocks = organizer_of(calendar), Clocks()
    forms: dict[tuple[str, Instant, str], MessageForm] = {}

    def form(call: Occurrence, person: Participant) -> MessageForm:
        key = (call.uid, call.start_utc, person.zone.key)
        if key not in forms:
            forms[key] = call_reminder(calendar, organizer, clocks.see(call, person.zone), now=now)
        return forms[key]

    until = now + max(lead for each in people for lead in each.mail_reminders) + timedelta(seconds=1)
    for call in occurrences(calendar, now, until):
        attending = frozenset(call.series.attendees)
        for person in (each for each in people if each.id in attending and call.start_utc > now):
            if not _is_away(person, call):
                name = f"call:{call.uid}:{call.recurrence.isoformat()}:{stamp_of(call.start_utc)}"
                found = _reminder(person, name, person.mail_reminders, call.start_utc, now, partial(form, call, person))
                if found is not None:
                    yield found


def _of_deadlines(calendar: Calendar, people: Sequence[Participant], now: Instant) -> Iterator[_Reminder]:
    organizer = organizer_of(calendar)
    for each in outlook(calendar, now):
        for person in people:
            name = f"deadline:{each.deadline.id}:{stamp_of(each.deadline.due_utc)}"
            found = _reminder(
                person,
                name,
                person.mail_deadlines,
                each.deadline.due_utc,
                now,
                partial(deadline_reminder, calendar, organizer, each, person.zone, now=now),
            )
            if found is not None:
                yield found


def _reminder(
    person: Participant,
    name: str,
    leads: Sequence[timedelta],
    at: Instant,
    now: Instant,
    form: Callable[[], MessageForm],
) -> _Reminder | None:
    """Return the last reminder whose time has come; None where none has."""
    come = sorted((lead for lead in set(leads) if at - lead <= now < at), reverse=True)
    if not come:
        return None
    identities = [f"remind:{person.id}:{name}:{int(lead.total_seconds())}" for lead in come]
    return _Reminder(person, identities[-1], tuple(identities[:-1]), form)


def _is_away(person: Participant, call: Occurrence) -> bool:
    day = local_of(call.start_utc, person.zone).date()
    return any(each.first <= day <= each.last for each in person.away)
