"""`store`: what svsm-cal remembers of invites, and its outbox."""

from __future__ import annotations

import click

from svsm_cal.app import stores
from svsm_cal.cli.options import Invocation, store_option

__all__ = ["store_command"]


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
