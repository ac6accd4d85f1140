"""Delivery of the outbox by a command that has put mails into it, with its output."""

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
    """Deliver due mails if a mail server is set, otherwise print the number of pending mails; exits with 1 for problems."""
    from svsm_cal.app.outbox import waiting_mails
    from svsm_cal.transport.smtp_settings import URL
    from svsm_cal.words.phrases import amount

    if smtp or os.environ.get(URL):
        deliver(invocation, store, smtp, calendar)
    elif waiting := waiting_mails(store):
        verb = "waits" if waiting == 1 else "wait"
        click.echo(f"{amount(waiting, 'mail')} {verb}: set a mail server ({URL}), or run `svsm-cal worker`", err=True)


def deliver(invocation: Invocation, store: Store, smtp: str | None, calendar: Calendar) -> None:
    """Deliver due mails, with progress on a terminal, and print the result; exits with 1 for problems."""
    from svsm_cal.app.outbox import empty_outbox
    from svsm_cal.render.change_rows import without_addresses
    from svsm_cal.render.invite_report import outbox_line
    from svsm_cal.transport.smtp_settings import read_settings

    stop = _stopper()
    done = 0

    def report(recipient: str, state: str, response: str) -> None:
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
        told=lambda row, settled: report(row.mail.recipient, settled.state, settled.response),
        stop=stop,
    )
    if found.busy:
        click.echo("another process is delivering, and delivers these mails too", err=True)
        return
    click.echo(outbox_line(sent=found.sent, failed=found.failed, pending=found.pending, due=found.due), err=True)
    if found.broken is not None:
        click.echo(f"svsm-cal: {found.broken} (pending mails stay in the outbox: continue with `svsm-cal invite send`)", err=True)
    if found.broken is not None or found.failed:
        raise SystemExit(1)


def _stopper() -> Callable[[], bool]:
    """Return whether a signal has asked the process to stop; the current mail is finished first."""
    import signal

    signals: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: signals.append(number))
    return lambda: bool(signals)
