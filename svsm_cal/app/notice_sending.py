"""Sending due notices, each once in each channel.

A chat message is recorded as sent before it is posted, so it is posted at most once. The record is undone, and the next run
tries again, only if the message cannot have arrived. Mails are recorded in the same transaction that puts them into the
outbox.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from svsm_cal.app.notices import notices_of
from svsm_cal.core.announcing import Channel, ChannelKind
from svsm_cal.errors import InputError, SvsmCalError, UsageError
from svsm_cal.notices.notice import Notice, due_between, narrowed
from svsm_cal.render.chat import chat_payload
from svsm_cal.render.notice_report import NoticeMails
from svsm_cal.render.notice_text import wording
from svsm_cal.store.contract import Mail
from svsm_cal.transport.webhooks import Outcome, check, deliver
from svsm_cal.value import Value
from svsm_cal.words import language_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from svsm_cal.core.model import Calendar
    from svsm_cal.core.tz_changes import TzChange
    from svsm_cal.engine.civil import Instant
    from svsm_cal.store.contract import Ledger, Store

_LONGEST_SECRET = 4096
_FAILED = " failed"


class ChannelMessage(Value):
    """A notice for one channel; `participant` is the recipient's id, None for everybody in the channel."""

    channel: Channel
    notice: Notice
    participant: str | None
    title: str
    text: str

    @property
    def destination(self) -> str:
        """Return the name of the channel, or of one participant's mailbox, in the store."""
        return f"{self.channel.id}:{self.participant}" if self.participant is not None else self.channel.id


class SendResult(Value):
    """The result of sending a message: `outcome` is "sent", "queued", "dry", "failed" or "unknown"; `detail` says why."""

    message: ChannelMessage
    outcome: str
    detail: str = ""


class NoticeStore:
    """The record of sent notices, by identity and destination, in a calendar's store; each call is one transaction.

    Claims are permanent: a failure is recorded as a second claim, and the next attempt gets a higher number.
    """

    def __init__(self, store: Store, now: Instant) -> None:
        self._store = store
        self._now = now

    def sent(self, entries: Sequence[tuple[str, str]]) -> list[bool]:
        """Return for each (identity, destination) whether it is recorded as sent."""
        with self._store.ledger(writes=False) as ledger:
            # One query for all participants of a channel: there may be thousands.
            roots = {destination.partition(":")[0] for _, destination in entries}
            claimed = {name for root in roots for name in ledger.claimed(f"notice {root}")}
        return [_last_attempt(claimed, *entry)[1] for entry in entries]

    def claim(self, identity: str, destination: str) -> bool:
        """Record a notice as sent; return False if it was recorded before."""
        with self._store.ledger() as ledger:
            number, sent = _attempts(ledger, identity, destination)
            return not sent and ledger.claim(_name(identity, destination, number + 1), now=self._now)

    def release(self, identity: str, destination: str) -> None:
        """Undo the record of a notice that was not sent."""
        with self._store.ledger() as ledger:
            number, _ = _attempts(ledger, identity, destination)
            ledger.claim(f"{_name(identity, destination, number)}{_FAILED}", now=self._now)

    def enqueue(self, mails: Sequence[tuple[str, str, Mail]]) -> list[bool]:
        """Put mails (identity, destination, mail) into the outbox and record them as sent.

        Return for each whether it is new; a mail that was recorded before is left out.
        """
        with self._store.ledger() as ledger:
            fresh = [ledger.claim(_name(identity, destination, 1), now=self._now) for identity, destination, _ in mails]
            ledger.enqueue([mail for (_, _, mail), new in zip(mails, fresh, strict=True) if new], now=self._now)
            return fresh


def _name(identity: str, destination: str, number: int) -> str:
    return f"notice {destination} {identity} #{number}"


def _attempts(ledger: Ledger, identity: str, destination: str) -> tuple[int, bool]:
    """Return the number of the last attempt, 0 for none, and whether it has not failed."""
    return _last_attempt(ledger.claimed(_name(identity, destination, 0)[:-1]), identity, destination)


def _last_attempt(claimed: AbstractSet[str], identity: str, destination: str) -> tuple[int, bool]:
    number = 0
    while _name(identity, destination, number + 1) in claimed:
        number += 1
    return number, number > 0 and f"{_name(identity, destination, number)}{_FAILED}" not in claimed


def channel_problems(
    calendar: Calendar, *, environment: Mapping[str, str] | None = None, folder: str = ""
) -> Mapping[str, SvsmCalError]:
    """Return the errors of unusable channels by channel id; `send_due` leaves these channels out.

    Secret addresses come from `environment` (by default the process's) and from files relative to `folder`.
    """
    return _secrets(calendar, environment, folder)[1]


def _secrets(
    calendar: Calendar, environment: Mapping[str, str] | None, folder: str
) -> tuple[Mapping[str, str], Mapping[str, SvsmCalError]]:
    """Return the secret addresses of chat channels, and the errors of unusable channels, by channel id."""
    secrets: dict[str, str] = {}
    problems: dict[str, SvsmCalError] = {}
    for channel in calendar.notices.channels:
        try:
            if channel.kind is ChannelKind.MAIL:
                if calendar.organizer is None:
                    hint = "add organizer = { name = ..., email = ... } to [calendar]"
                    raise UsageError(f'channel "{channel.id}": mail channels need a sender ({hint})')
                continue
            secret = _secret(channel, environment, folder)
            check(channel, secret)
            secrets[channel.id] = secret
        except SvsmCalError as error:
            problems[channel.id] = error
    return secrets, problems


def send_due(
    calendar: Calendar,
    now: Instant,
    *,
    store: NoticeStore | None,
    dry: bool = False,
    previous: Calendar | None = None,
    tz_changes: Sequence[TzChange] = (),
    environment: Mapping[str, str] | None = None,
    folder: str = "",
    sender: Callable[..., Outcome] = deliver,
) -> list[SendResult]:
    """Send the notices that are due at `now` and not sent yet, in every usable channel, and return the results.

    A `dry` run sends and records nothing, and needs neither a store nor secrets. `channel_problems` has the unusable
    channels. Raises UsageError for a calendar without channels.
    """
    channels = calendar.notices.channels
    if not channels:
        raise UsageError("there is no channel for notices (declare a [[notices.channel]])")
    secrets, problems = _secrets(calendar, environment, folder)
    results: list[SendResult] = []
    for channel in channels:
        if channel.id in problems and not dry:
            continue
        found = notices_of(calendar, now, now, language=language_of(channel.language), previous=previous, tz_changes=tz_changes)
        due = [notice for notice in due_between(found, None, now) if _wanted(channel, notice)]
        messages = _messages(calendar, channel, due)
        if store is not None:
            sent = store.sent([(message.notice.id, message.destination) for message in messages])
            messages = [message for message, was_sent in zip(messages, sent, strict=True) if not was_sent]
        if dry or store is None:
            results += [SendResult(message, "dry") for message in messages]
        elif channel.kind is ChannelKind.MAIL:
            results += _queue_mails(calendar, messages, now, store)
        else:
            for message in messages:
                results += _post(calendar, message, secrets[channel.id], store, sender)
    return results


def _wanted(channel: Channel, notice: Notice) -> bool:
    if not notice.severity.reaches(channel.least):
        return False
    return not channel.series or notice.series is None or notice.series.id in channel.series


def _messages(calendar: Calendar, channel: Channel, due: Sequence[Notice]) -> list[ChannelMessage]:
    """Return a channel's messages: one for each notice, or for each participant and each notice that concerns them."""
    if channel.kind is not ChannelKind.MAIL or channel.to is not None:
        recipients: list[tuple[str | None, Notice | None]] = [(None, notice) for notice in due]
    else:
        people = [person for person in calendar.participants if person.email is not None]
        recipients = [(person.id, narrowed(notice, person)) for person in people for notice in due]
    messages = []
    for participant, notice in recipients:
        if notice is not None:
            words = wording(notice, calendar, language_of(channel.language))
            messages.append(ChannelMessage(channel, notice, participant, words.title, words.text))
    return messages


def _queue_mails(calendar: Calendar, messages: Sequence[ChannelMessage], now: Instant, store: NoticeStore) -> list[SendResult]:
    sender = calendar.organizer
    if sender is None:
        return []
    people = {person.id: person for person in calendar.participants}
    mails = NoticeMails(calendar, sender, now)
    entries = []
    for message in messages:
        identity, person = message.notice.id, people.get(message.participant or "")
        recipient = (person.email if person is not None else message.channel.to) or ""
        name = person.name if person is not None else ""
        number, data = mails.mail(identity, message.title, message.text, name=name, email=recipient)
        entries.append((identity, message.destination, Mail(number, "notice", sender.email, recipient, data)))
    queued = store.enqueue(entries)
    return [SendResult(message, "queued") for message, fresh in zip(messages, queued, strict=True) if fresh]


def _post(
    calendar: Calendar, message: ChannelMessage, secret: str, store: NoticeStore, sender: Callable[..., Outcome]
) -> list[SendResult]:
    channel, identity, destination = message.channel, message.notice.id, message.destination
    payload = chat_payload(calendar, channel, message.notice, message.title, message.text)
    if channel.kind is ChannelKind.MATRIX:
        # The server ignores a repeated transaction id: posting before recording still gives exactly one message.
        outcome = sender(channel, secret, payload, identity=identity)
        if not outcome.again:
            store.claim(identity, destination)
    else:
        if not store.claim(identity, destination):
            return []
        outcome = sender(channel, secret, payload, identity=identity)
        if outcome.again:
            store.release(identity, destination)
    return [SendResult(message, "sent" if outcome.arrived else "failed" if outcome.again else "unknown", outcome.detail)]


def _secret(channel: Channel, environment: Mapping[str, str] | None, folder: str) -> str:
    """Return a channel's secret address, which no error message may contain."""
    if channel.url_env is not None:
        secret = (os.environ if environment is None else environment).get(channel.url_env, "").strip()
        if not secret:
            raise UsageError(f'channel "{channel.id}": the environment variable {channel.url_env} is not set')
        return secret
    path = os.path.join(folder, channel.url_file or "")
    try:
        with open(path, encoding="utf-8") as stream:
            secret = stream.read(_LONGEST_SECRET).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f'channel "{channel.id}": {path} cannot be read (put the channel\'s address into it)') from error
    if not secret:
        raise InputError(f'channel "{channel.id}": {path} is empty (put the channel\'s address into it)')
    return secret
