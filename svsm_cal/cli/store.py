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


def deliver_or_tell(invocation: Invocation, store: Store, smtp: str | None, calendar: Calendar) -> None:
    """Deliver due mails if a mail server is set, otherwise print the number of pending mails; exits with 1 for problems."""
    from svsm_cal.app.outbox import waiting_mails
    from svsm_cal.transport.smtp_settings import URL
    from svsm_cal.words.language import counted

    if smtp or os.environ.get(URL):
        deliver(invocation, store, smtp, calendar)
    elif waiting := waiting_mails(store):
        verb = "waits" if waiting == 1 else "wait"
        click.echo(f"{counted(waiting, 'mail')} {verb}: set a mail server ({URL}), or run `svsm-cal worker`", err=True)


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


@click.command("worker")
@store_option
@smtp_option
@click.option("--concurrency", type=click.IntRange(1, 32), default=1, show_default=True, help="The number of parallel batches.")
@click.option("--remind", "reminds", is_flag=True, help="Also send reminders of calls and deadlines.")
@click.option("--once", is_flag=True, help="Stop when nothing is due.")
@click.pass_obj
def worker_command(
    invocation: Invocation, store: str | None, smtp: str | None, concurrency: int, *, reminds: bool, once: bool
) -> None:
    """Deliver the mails that `invite send --queue` and others put into a store in PostgreSQL; run any number of workers."""
    from svsm_cal.app.stores import default_store
    from svsm_cal.app.worker import Duty, work
    from svsm_cal.transport.dkim import read_signer
    from svsm_cal.transport.smtp_settings import read_settings

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
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
    """Maintain the store of invites and mails."""


@store_command.command("migrate")
@store_option
@click.pass_obj
def migrate_command(invocation: Invocation, store: str | None) -> None:
    """Create the store, or update one of an older svsm-cal; each step is one transaction."""
    before, after = migrate_store(store or stores.default_store(invocation.path), calendar_id=invocation.load().id)
    if not before:
        click.echo(f"created: schema {after}", err=True)
    elif before == after:
        click.echo(f"up to date: schema {after}", err=True)
    else:
        click.echo(f"updated from schema {before} to {after}", err=True)


@store_command.command("check")
@store_option
@click.pass_obj
def check_command(invocation: Invocation, store: str | None) -> None:
    """Report the problems of the store; exits with 1 if there are any."""
    problems = stores.check_store(store or stores.default_store(invocation.path))
    for problem in problems:
        click.echo(problem)
    if problems:
        raise SystemExit(1)
    click.echo("no problems", err=True)


@store_command.command("export")
@store_option
@click.pass_obj
def export_command(invocation: Invocation, store: str | None) -> None:
    """Print the contents of the store as lines of JSON, including people's addresses and mails."""
    for line in stores.export_store(store or stores.default_store(invocation.path)):
        click.echo(line)
