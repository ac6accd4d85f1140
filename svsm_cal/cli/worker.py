"""`worker`."""

from __future__ import annotations

import os
import signal
import threading

import click

from svsm_cal.cli.options import Invocation, smtp_option, store_option
from svsm_cal.value import replace

__all__ = ["worker_command"]


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
