"""`store` and `worker`, and the delivery of the mails that a command has put into the outbox."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

import click

from svsm_cal.app import stores
from svsm_cal.cli.options import Invocation, smtp_option, store_option
from svsm_cal.store import migrate_store
from svsm_cal.value import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from svsm_cal.app.outbox import Delivered
    from svsm_cal.cli.options import Invocation
    from svsm_cal.core.model import Calendar
    from svsm_cal.store.contract import Store

__all__ = ["deliver", "deliver_or_tell", "store_command", "worker_command"]


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


@click.command("worker")
@store_option
@smtp_option
@click.option("--concurrency", type=click.IntRange(1, 32), default=1, show_default=True, help="Batches at once in this process.")
@click.option("--remind", "reminds", is_flag=True, help="Send the reminders that people asked for, too.")
@click.option("--once", is_flag=True, help="Stop when nothing is due.")
@click.pass_obj
def worker_command(
    invocation: Invocation, store: str | None, smtp: str | None, concurrency: int, *, reminds: bool, once: bool
) -> None:
    """Deliver what `invite send --queue` and others put into a store in PostgreSQL; run as many as you like, anywhere."""
    from svsm_cal.app.stores import default_store
    from svsm_cal.app.worker import Duty, work
    from svsm_cal.transport.dkim import read_signer
    from svsm_cal.transport.smtp_settings import read_settings

    stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda _number, _frame: stop.set())
    url = store or default_store(invocation.path)
    calendar = (lambda now: replace(invocation, now=now).load()) if reminds else None
    duty = Duty(url, read_settings(smtp, os.environ), calendar, read_signer(os.environ))
    work(
        duty,
        clock=invocation.clock,
        stop=stop,
        concurrency=concurrency,
        report=lambda line: click.echo(line, err=True),
        wait=not once,
    )


@click.group("store")
def store_command() -> None:
    """Look after the store: what was announced to whom, and the mails."""


@store_command.command("migrate")
@store_option
@click.pass_obj
def migrate_command(invocation: Invocation, store: str | None) -> None:
    """Make the store, or bring one of an older svsm-cal up to date: each step whole or not at all."""
    before, after = migrate_store(store or stores.default_store(invocation.path), calendar_id=invocation.load().id)
    if not before:
        click.echo(f"made: schema {after}", err=True)
    elif before == after:
        click.echo(f"up to date: schema {after}", err=True)
    else:
        click.echo(f"brought from schema {before} to {after}", err=True)


@store_command.command("check")
@store_option
@click.pass_obj
def check_command(invocation: Invocation, store: str | None) -> None:
    """Report what is wrong with the store; exits with 1 if something is."""
    faults = stores.check_store(store or stores.default_store(invocation.path))
    for fault in faults:
        click.echo(fault)
    if faults:
        raise SystemExit(1)
    click.echo("nothing wrong", err=True)


@store_command.command("export")
@store_option
@click.pass_obj
def export_command(invocation: Invocation, store: str | None) -> None:
    """Print everything in the store as lines of JSON, people's addresses and mails included."""
    for line in stores.export_store(store or stores.default_store(invocation.path)):
        click.echo(line)
