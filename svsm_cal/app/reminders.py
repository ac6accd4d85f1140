"""Mail reminders of calls and deadlines, each sent once, even by concurrent runs."""

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


class _Reminder(Value):
    """A due reminder; `earlier` are the identities of missed reminders that it replaces."""

    person: Participant
    identity: str
    earlier: tuple[str, ...]
    form: Callable[[], MessageForm]


def remind(calendar: Calendar, store: Store, *, now: Instant, sign: Callable[[bytes], bytes] | None = None) -> int:
    """Put the due reminders into the outbox, each once, and return their number.

    A missed reminder is still sent before the call or deadline; of several missed ones, only the last. Raises UsageError
    without an organizer, StoreError.
    """
    due = list(_due(calendar, now))
    if not due:
        return 0
    with store.ledger() as ledger:
        new = [reminder for reminder in due if _claimed(ledger, reminder, now)]
        mails = [mail for reminder in new if (mail := _mail(calendar, reminder, sign)) is not None]
        return len(ledger.enqueue(mails, now=now))


def _claimed(ledger: Ledger, reminder: _Reminder, now: Instant) -> bool:
    """Record a reminder, and the earlier ones that it replaces, as sent; return False if it was recorded before."""
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
    """Yield the due reminders of future calls and deadlines."""
    people = [person for person in calendar.participants if person.email is not None]
    before_calls = [person for person in people if person.mail_reminders]
    before_deadlines = [person for person in people if person.mail_deadlines]
    if before_calls:
        yield from _call_reminders(calendar, before_calls, now)
    if before_deadlines:
        yield from _deadline_reminders(calendar, before_deadlines, now)


def _call_reminders(calendar: Calendar, people: Sequence[Participant], now: Instant) -> Iterator[_Reminder]:
    organizer, clocks = organizer_of(calendar), Clocks()
    forms: dict[tuple[str, Instant, str], MessageForm] = {}

    def form(call: Occurrence, person: Participant) -> MessageForm:
        key = (call.uid, call.start_utc, person.zone.key)
        if key not in forms:
            forms[key] = call_reminder(calendar, organizer, clocks.see(call, person.zone), now=now)
        return forms[key]

    until = now + max(lead for person in people for lead in person.mail_reminders) + timedelta(seconds=1)
    for call in occurrences(calendar, now, until):
        attending = frozenset(call.series.attendees)
        name = f"call:{call.uid}:{call.recurrence.isoformat()}:{stamp_of(call.start_utc)}"
        for person in (person for person in people if person.id in attending and not _is_away(person, call)):
            yield from _last_due(person, name, person.mail_reminders, call.start_utc, now, partial(form, call, person))


def _deadline_reminders(calendar: Calendar, people: Sequence[Participant], now: Instant) -> Iterator[_Reminder]:
    organizer = organizer_of(calendar)
    for ahead in outlook(calendar, now):
        due = ahead.deadline.due_utc
        name = f"deadline:{ahead.deadline.id}:{stamp_of(due)}"
        for person in people:
            form = partial(deadline_reminder, calendar, organizer, ahead, person.zone, now=now)
            yield from _last_due(person, name, person.mail_deadlines, due, now, form)


def _last_due(
    person: Participant,
    name: str,
    leads: Sequence[timedelta],
    at: Instant,
    now: Instant,
    form: Callable[[], MessageForm],
) -> Iterator[_Reminder]:
    """Yield the last due reminder before the instant `at`, if any."""
    due = sorted((lead for lead in set(leads) if at - lead <= now < at), reverse=True)
    if due:
        identities = [f"remind:{person.id}:{name}:{int(lead.total_seconds())}" for lead in due]
        yield _Reminder(person, identities[-1], tuple(identities[:-1]), form)


def _is_away(person: Participant, call: Occurrence) -> bool:
    day = local_of(call.start_utc, person.zone).date()
    return any(span.first <= day <= span.last for span in person.away)
