"""`store` and `worker`."""

from __future__ import annotations

import os
import signal
import threading

import click

from svsm_cal.app import stores
from svsm_cal.cli.options import Invocation, smtp_option, store_option
from svsm_cal.value import replace

__all__ = ["store_command", "worker_command"]


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
    before, after = stores.migrate_store(store or stores.default_store(invocation.path), calendar_id=invocation.load().id)
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
