"""`invite write`."""

from __future__ import annotations

import click

from svsm_cal.cli.options import Invocation, series_ids

__all__ = ["invite_command"]


@click.group("invite")
def invite_command() -> None:
    """Write e-mail invites."""


@invite_command.command("write")
@click.argument("series", shell_complete=series_ids)
@click.option("--out", required=True, type=click.Path(), metavar="DIR", help="Folder for the messages; made if it is missing.")
@click.option("--to", metavar="ADDRESS", help="One message for this mailing list, instead of one for each attendee.")
@click.pass_obj
def write_command(invocation: Invocation, series: str, out: str, to: str | None) -> None:
    """Write the invites to SERIES as .eml files, one for each attendee, with their own local times."""
    from svsm_cal.app.invites import write_invites

    calendar = invocation.load()
    written = write_invites(calendar, series, out, now=invocation.now, to=to)
    count = len(written.files)
    click.echo(f"{out}: {count} message{'s' if count != 1 else ''}", err=True)
    if written.without_address:
        click.echo(f"without an e-mail address: {', '.join(written.without_address)}", err=True)
