"""The outbox delivered by a command that has put mails into it, and what is said of it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from svsm_cal.app.outbox import Delivered
    from svsm_cal.cli.options import Invocation
    from svsm_cal.core.model import Calendar
    from svsm_cal.store.contract import Store

__all__ = ["deliver", "deliver_or_tell"]


def deliver_or_tell(invocation: Invocation, store: Store, smtp: str | None, calendar: Calendar) -> None:
    """Deliver what is due if a mail server is named, or else say how many mails wait; exits with 1 unless all is well."""
    from svsm_cal.app.outbox import waiting_mails
    from svsm_cal.transport.smtp_settings import URL
    from svsm_cal.words.language import counted

    if smtp or os.environ.get(URL):
        deliver(invocation, store, smtp, calendar)
    elif waiting := waiting_mails(store):
        verb = "waits" if waiting == 1 else "wait"
        click.echo(f"{counted(waiting, 'mail')} {verb}: name a mail server ({URL}), or run `svsm-cal worker`", err=True)


def deliver(invocation: Invocation, store: Store, smtp: str | None, calendar: Calendar) -> None:
    """Deliver what is due, showing how far it is on a terminal, and say what came of it; exits with 1 unless all is well."""
    from svsm_cal.app.outbox import empty_outbox
    from svsm_cal.render.change_rows import without_addresses
    from svsm_cal.render.invite_report import outbox_line
    from svsm_cal.transport.smtp_settings import read_settings

    stop = _stopper()
    done = 0

    def told(recipient: str, state: str, response: str) -> None:
        nonlocal done
        done += 1
        if state == "failed":
            click.echo(f"{calendar.called(recipient)}: {without_addresses(response)}", err=True)
        elif sys.stderr.isatty() and done % 25 == 0:
            click.echo(f"\r{done} ...\r", err=True, nl=False)

    found: Delivered = empty_outbox(
        store,
        read_settings(smtp, os.environ),
        clock=invocation.clock,
        told=lambda row, settled: told(row.mail.recipient, settled.state, settled.response),
        stop=stop,
    )
    if found.busy:
        click.echo("another process is delivering: it takes these along", err=True)
        return
    click.echo(outbox_line(sent=found.sent, failed=found.failed, pending=found.pending, due=found.due), err=True)
    if found.broken is not None:
        click.echo(f"svsm-cal: {found.broken} (what is left waits in the outbox: `svsm-cal invite send` goes on)", err=True)
    if found.broken is not None or found.failed:
        raise SystemExit(1)


def _stopper() -> Callable[[], bool]:
    """Return what says that the process was asked to stop: the mail on its way is finished first."""
    import signal

    asked: list[int] = []
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda number, _frame: asked.append(number))
    return lambda: bool(asked)
