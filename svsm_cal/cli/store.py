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
    before, after = stores.migrate_store(store or stores.default_store(invocation.path), calendar_id=invocation.load().id)
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
