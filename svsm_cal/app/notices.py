"""Notices of a calendar: those of a span of time, and telling what is due, each thing once in each channel.

What has been told is remembered before it is sent: so a chat hears of it at most once, whatever happens, and mails are in
the outbox together with the record that they are. Only where nothing can have arrived is the record taken back, and the
next run tries again.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from svsm_cal.app.holidays import public_holidays
from svsm_cal.core.announcing import Channel, ChannelKind
from svsm_cal.errors import InputError, SvsmCalError, UsageError
from svsm_cal.notices.collection import notices
from svsm_cal.notices.notice import Notice, due_between, narrowed
from svsm_cal.render.chat import chat_payload
from svsm_cal.render.notice_mail import NoticeMails
from svsm_cal.render.notice_text import wording
from svsm_cal.store.contract import Mail
from svsm_cal.transport.chat import Outcome, check, deliver
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from svsm_cal.core.model import Calendar, Participant
    from svsm_cal.core.tz_changes import TzChange
    from svsm_cal.engine.civil import Instant

__all__ = ["SentOnce", "Telling", "Told", "channel_problems", "notices_of", "send_due"]

_DAY = timedelta(days=1)
# Absences are looked at so far ahead at most, deadlines' reminders are found without.
_AHEAD = timedelta(days=60)
_LONGEST_SECRET = 4096


class SentOnce(Protocol):
    """What remembers what has been told: an identity, and the name of the channel. Every method is durable when it returns."""

    def told(self, entries: Sequence[tuple[str, str]]) -> list[bool]:
        """Return for each (identity, channel) whether it has been recorded as told."""

    def claim(self, identity: str, channel: str) -> bool:
        """Record that something is told in a channel; False if it had been recorded before."""

    def release(self, identity: str, channel: str) -> None:
        """Take a record back: nothing has been told."""

    def enqueue(self, mails: Sequence[tuple[str, str, Mail]]) -> list[bool]:
        """Put mails (identity, channel, mail) into the outbox and record that, all together.

        Return for each whether it was put there: not if it had been recorded before.
        """


class Telling(Value):
    """Something to tell in a channel: `participant` is the id of the one it is for, None for all."""

    channel: Channel
    notice: Notice
    participant: str | None
    title: str
    text: str


class Told(Value):
    """What became of it: `outcome` is "sent", "queued", "dry", "failed" or "unknown"; `detail` says why."""

    telling: Telling
    outcome: str
    detail: str = ""


def notices_of(
    calendar: Calendar,
    begin: Instant,
    until: Instant,
    *,
    person: Participant | None = None,
    language: str = "en",
    previous: Calendar | None = None,
    tz_changes: Sequence[TzChange] = (),
) -> tuple[Notice, ...]:
    """Return the notices that are due by `until` and have not expired by `begin`; of a person only what concerns them.

    Raises UsageError for regions whose holidays are not to be had.
    """
    holidays = _holidays(calendar, begin, until, language)
    found = notices(calendar, begin, until, previous=previous, tz_changes=tz_changes, holidays=holidays)
    if person is None:
        return found
    return tuple(own for each in found if (own := narrowed(each, person)) is not None)


def _holidays(calendar: Calendar, begin: Instant, until: Instant, language: str) -> Mapping[str, Mapping[date, str]]:
    return public_holidays(calendar, (begin - _DAY).date(), (until + _AHEAD).date(), language=language)


def channel_problems(
    calendar: Calendar, *, environment: Mapping[str, str] | None = None, folder: str = ""
) -> Mapping[str, SvsmCalError]:
    """Return what keeps each channel from being told anything, by the channel's id; `send_due` leaves those out.

    Secret addresses are taken from `environment` (the process's own if None) and from files relative to `folder`.
    """
    return _reached(calendar, environment, folder)[1]


def _reached(
    calendar: Calendar, environment: Mapping[str, str] | None, folder: str
) -> tuple[Mapping[str, str], Mapping[str, SvsmCalError]]:
    """Return the secret addresses of the chats that can be told, and what is wrong with the other channels, by id."""
    secrets: dict[str, str] = {}
    problems: dict[str, SvsmCalError] = {}
    for channel in calendar.notices.channels:
        try:
            if channel.kind is ChannelKind.MAIL:
                _check_sender(calendar, channel)
                continue
            secret = _secret(channel, environment, folder)
            check(channel, secret)  # before anything is recorded as told
            secrets[channel.id] = secret
        except SvsmCalError as error:
            problems[channel.id] = error
    return secrets, problems


def _check_sender(calendar: Calendar, channel: Channel) -> None:
    if calendar.organizer is None:
        hint = "add organizer = { name = ..., email = ... } to [calendar]"
        raise UsageError(f'channel "{channel.id}": mail channels need a sender ({hint})')


def send_due(
    calendar: Calendar,
    now: Instant,
    *,
    remembers: SentOnce | None,
    dry: bool = False,
    previous: Calendar | None = None,
    tz_changes: Sequence[TzChange] = (),
    environment: Mapping[str, str] | None = None,
    folder: str = "",
    sender: Callable[..., Outcome] = deliver,
) -> list[Told]:
    """Tell what is due at `now` in every channel, what has not been told there; return what became of each.

    A `dry` run tells nobody and records nothing; only it may do with nothing that `remembers`, and with no secrets. Channels
    that cannot be told anything are left out (`channel_problems` has why), the others are told. Raises UsageError for a
    calendar without channels.
    """
    channels = calendar.notices.channels
    if not channels:
        raise UsageError("no channel to tell anybody (declare a [[notices.channel]])")
    secrets, problems = _reached(calendar, environment, folder)
    if not dry:
        channels = tuple(each for each in channels if each.id not in problems)
    told: list[Told] = []
    for channel in channels:
        found = notices_of(calendar, now, now, language=channel.language, previous=previous, tz_changes=tz_changes)
        due = [each for each in due_between(found, None, now) if _wanted(channel, each)]
        tellings = _tellings(calendar, channel, due)
        if remembers is not None:
            known = remembers.told([(each.notice.id, _place(each)) for each in tellings])
            tellings = [each for each, has_been in zip(tellings, known, strict=True) if not has_been]
        if dry or remembers is None:
            told += [Told(each, "dry") for each in tellings]
        elif channel.kind is ChannelKind.MAIL:
            told += _mailed(calendar, tellings, now, remembers)
        else:
            for telling in tellings:
                told += _posted(calendar, telling, secrets[channel.id], remembers, sender)
    return told


def _wanted(channel: Channel, notice: Notice) -> bool:
    if not notice.severity.reaches(channel.least):
        return False
    return not channel.series or notice.series is None or notice.series.id in channel.series


def _tellings(calendar: Calendar, channel: Channel, due: Sequence[Notice]) -> list[Telling]:
    """Return what a channel tells: each notice once, or to each participant what concerns them."""
    if channel.kind is not ChannelKind.MAIL or channel.to is not None:
        said = [(each, wording(each, calendar, channel.language)) for each in due]
        return [Telling(channel, each, None, words.title, words.text) for each, words in said]
    found = []
    for person in calendar.participants:
        if person.email is None:
            continue
        for each in due:
            own = narrowed(each, person)
            if own is not None:
                words = wording(own, calendar, channel.language)
                found.append(Telling(channel, own, person.id, words.title, words.text))
    return found


def _mailed(calendar: Calendar, tellings: Sequence[Telling], now: Instant, remembers: SentOnce) -> list[Told]:
    sender = calendar.organizer
    if sender is None:
        return []
    people = {each.id: each for each in calendar.participants}
    mails = NoticeMails(calendar, sender, now)
    entries = []
    for telling in tellings:
        person = people.get(telling.participant or "")
        recipient = (person.email if person is not None else telling.channel.to) or ""
        name = person.name if person is not None else ""
        number, data = mails.mail(telling.notice.id, telling.title, telling.text, name=name, email=recipient)
        entries.append((telling.notice.id, _place(telling), Mail(number, "notice", sender.email, recipient, data)))
    queued = remembers.enqueue(entries)
    return [Told(telling, "queued") for telling, fresh in zip(tellings, queued, strict=True) if fresh]


def _posted(calendar: Calendar, telling: Telling, secret: str, remembers: SentOnce, sender: Callable[..., Outcome]) -> list[Told]:
    channel, notice, place = telling.channel, telling.notice, _place(telling)
    payload = chat_payload(calendar, channel, notice, telling.title, telling.text)
    if channel.kind is ChannelKind.MATRIX:
        # The same transaction makes one message of several: told first and recorded then, it is there once.
        outcome = sender(channel, secret, payload, identity=notice.id)
        if not outcome.again:
            remembers.claim(notice.id, place)
    else:
        if not remembers.claim(notice.id, place):
            return []
        outcome = sender(channel, secret, payload, identity=notice.id)
        if outcome.again:
            remembers.release(notice.id, place)
    return [Told(telling, "sent" if outcome.arrived else "failed" if outcome.again else "unknown", outcome.detail)]


def _place(telling: Telling) -> str:
    """Return what a channel, or one participant's mailbox, is called in what is remembered."""
    return f"{telling.channel.id}:{telling.participant}" if telling.participant is not None else telling.channel.id


def _secret(channel: Channel, environment: Mapping[str, str] | None, folder: str) -> str:
    """Return a channel's secret address; what is said about it never has it in it."""
    if channel.url_env is not None:
        found = (os.environ if environment is None else environment).get(channel.url_env, "").strip()
        if not found:
            raise UsageError(f'channel "{channel.id}": the environment variable {channel.url_env} is not set')
        return found
    path = os.path.join(folder, channel.url_file or "")
    try:
        with open(path, encoding="utf-8") as stream:
            found = stream.read(_LONGEST_SECRET).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f'channel "{channel.id}": {path} cannot be read (it is to have the channel\'s address)') from error
    if not found:
        raise InputError(f'channel "{channel.id}": {path} is empty (it is to have the channel\'s address)')
    return found
