"""`notices` and `notices send`."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import click

from svsm_cal.cli.options import (
    DAY,
    Invocation,
    json_option,
    language_option,
    paint,
    participant_option,
    smtp_option,
    store_option,
)
from svsm_cal.cli.store import deliver_or_tell
from svsm_cal.engine.civil import Instant
from svsm_cal.errors import UsageError

if TYPE_CHECKING:
    from svsm_cal.core.model import Calendar
    from svsm_cal.core.tz_changes import TzChange

_AHEAD = timedelta(weeks=1)
_TZ_SPAN = timedelta(days=731)

_since_option = click.option(
    "--since", "old", metavar="OLD", help="Also changes by an edit; OLD is the calendar.toml or git revision before it."
)
_tz_option = click.option("--tz-before", metavar="OLD", help="Also the changes from another tz database, given as for `tzdiff`.")


@click.group("notices", invoke_without_command=True)
@click.option("--from", "start", type=DAY, help="First date; default now.")
@click.option("--until", "end", type=DAY, help="Last date; default a week later.")
@participant_option
@language_option
@_since_option
@_tz_option
@json_option
@click.pass_context
def notices_command(
    ctx: click.Context,
    start: date | None,
    end: date | None,
    participant: str | None,
    old: str | None,
    tz_before: str | None,
    *,
    as_json: bool,
) -> None:
    """Show the notices that are due, and those that will be.

    They are about shifted local times, cancelled and moved calls, deadlines and absences. `notices send` sends them.
    """
    if ctx.invoked_subcommand is not None:
        return
    from svsm_cal.app.lookups import participant_of
    from svsm_cal.app.notices import notices_of
    from svsm_cal.render.notice_report import notices_record, notices_text
    from svsm_cal.render.records import dumps

    invocation: Invocation = ctx.obj
    language = invocation.language
    calendar, now = invocation.load(), invocation.now
    begin = now if start is None else _midnight(start)
    until = Instant(begin + _AHEAD) if end is None else Instant(_midnight(end) + timedelta(days=1) - timedelta(seconds=1))
    if until < begin:
        raise UsageError(f"the range ends on {until.date()}, before it begins on {begin.date()}")
    person = participant_of(calendar, participant) if participant is not None else None
    found = notices_of(
        calendar,
        begin,
        until,
        person=person,
        language=language,
        previous=_previous(invocation, old),
        tz_changes=_tz_changes(calendar, tz_before, begin),
    )
    if as_json:
        click.echo(dumps(notices_record(calendar, found, language)), nl=False)
    else:
        click.echo(
            "\n".join(notices_text(calendar, found, begin, language, paint, zone=person.zone if person is not None else None))
        )


def _midnight(day: date) -> Instant:
    return Instant(datetime.combine(day, time(), tzinfo=UTC))


def _previous(invocation: Invocation, old: str | None) -> Calendar | None:
    if old is None:
        return None
    from svsm_cal.app.diff import calendar_at

    return calendar_at(old, path=invocation.path, now=invocation.now)


def _tz_changes(calendar: Calendar, tz_before: str | None, begin: Instant) -> tuple[TzChange, ...]:
    if tz_before is None:
        return ()
    from svsm_cal.app.tzdiff import tz_difference

    return tz_difference(calendar, tz_before, "installed", start=begin, end=begin + _TZ_SPAN).calls


@notices_command.command("send")
@click.option("--dry-run", "dry", is_flag=True, help="Only show which notices would be sent where.")
@store_option
@smtp_option
@click.option("--queue", is_flag=True, help="Leave mails to `svsm-cal worker` (PostgreSQL only).")
@_since_option
@_tz_option
@json_option
@language_option
@click.pass_obj
def send_command(
    invocation: Invocation,
    store: str | None,
    smtp: str | None,
    old: str | None,
    tz_before: str | None,
    *,
    dry: bool,
    queue: bool,
    as_json: bool,
) -> None:
    """Send due notices to every channel of the calendar, each notice once; run it every hour.

    Mails go to the outbox, and from there to the mail server, if one is set. Chat messages are sent at once, and never
    again if they may have arrived. An unusable channel is reported, and the others still get their notices.
    """
    from svsm_cal.app.notice_sending import NoticeStore, channel_problems, send_due
    from svsm_cal.app.stores import check_queue
    from svsm_cal.core.announcing import ChannelKind
    from svsm_cal.render.notice_report import told_record, told_text
    from svsm_cal.render.records import dumps
    from svsm_cal.transport.smtp_settings import URL, read_settings

    if queue:
        check_queue(store, invocation.path)
    elif smtp or os.environ.get(URL):
        read_settings(smtp, os.environ)
    calendar, now = invocation.load(), invocation.now
    previous, tz_changes = _previous(invocation, old), _tz_changes(calendar, tz_before, now)
    folder = os.path.dirname(invocation.path)
    with invocation.known(store, calendar) if dry else invocation.opened(store, calendar) as opened:
        sent = None if opened is None else NoticeStore(opened, now)
        results = send_due(calendar, now, store=sent, dry=dry, previous=previous, tz_changes=tz_changes, folder=folder)
        problems = [str(error) for error in channel_problems(calendar, folder=folder).values()]
        rows = [
            (message.channel, message.notice, message.participant, message.title, result.outcome, result.detail)
            for result in results
            for message in (result.message,)
        ]
        click.echo(
            dumps(told_record(rows, problems)) if as_json else "\n".join(told_text(invocation.language, rows, paint)),
            nl=not as_json,
        )
        for problem in problems:
            click.echo(f"svsm-cal: {problem}", err=True)
        mails = any(channel.kind is ChannelKind.MAIL for channel in calendar.notices.channels)
        if opened is not None and mails and not (dry or queue):
            deliver_or_tell(invocation, opened, smtp, calendar)
    if problems or any(result.outcome in ("failed", "unknown") for result in results):
        raise SystemExit(1)
