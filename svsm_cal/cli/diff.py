"""`diff`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

from svsm_cal.cli.options import DAY, Invocation, json_option, paint, zone_option

if TYPE_CHECKING:
    from svsm_cal.core.zones import Zone

__all__ = ["diff_command"]

_CHANGED = 3


@click.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="[NEW]", required=False)
@click.option(
    "--format", "form", type=click.Choice(["text", "markdown"]), default="text", show_default=True, help="How to say it."
)
@json_option
@click.option("--from", "start", type=DAY, help="First date; today if left out.")
@click.option("--until", "end", type=DAY, help="Last date; 53 weeks in all if left out.")
@zone_option
@click.option("--exit-code", is_flag=True, help=f"Exit with {_CHANGED} when something changes.")
@click.pass_obj
def diff_command(
    invocation: Invocation,
    old: str,
    new: str | None,
    form: str,
    start: date | None,
    end: date | None,
    zone: Zone | None,
    *,
    as_json: bool,
    exit_code: bool,
) -> None:
    """Show what an edit changes for people, from OLD to NEW, or to the calendar file.

    Each is a calendar.toml or a git revision: main, HEAD~1, HEAD~1:path/calendar.toml. Nothing is written.
    """
    from svsm_cal.app.diff import compare
    from svsm_cal.render.change_records import changes_record
    from svsm_cal.render.changes import changes_markdown, changes_text
    from svsm_cal.render.records import dumps

    found = compare(old, new, path=invocation.path, now=invocation.now, first=start, last=end, zone=zone)
    if as_json:
        click.echo(dumps(changes_record(found)), nl=False)
    elif form == "markdown":
        click.echo(changes_markdown(found), nl=False)
    else:
        click.echo("\n".join(changes_text(found, paint)))
    if exit_code and not found.empty:
        raise SystemExit(_CHANGED)
