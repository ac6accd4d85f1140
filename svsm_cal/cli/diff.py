"""`diff` and `tzdiff`."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import click

from svsm_cal.cli.options import DAY, Invocation, json_option, language_option, paint, zone_option

if TYPE_CHECKING:
    from svsm_cal.engine.zones import Zone


@click.command("tzdiff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW", default="installed")
@click.option("--from", "start", type=DAY, help="First date; default today.")
@click.option("--until", "end", type=DAY, help="Last date; default two years later.")
@json_option
@language_option
@click.pass_obj
def tzdiff_command(invocation: Invocation, old: str, new: str, start: date | None, end: date | None, *, as_json: bool) -> None:
    """Show which calls and deadlines move between two tz databases, and for whom.

    OLD and NEW are each the folder of a compiled tz database; "installed"; a published folder, a feed or its address, for
    the VTIMEZONEs in it; or "published" for the feed at the calendar's own address.
    """
    from svsm_cal.app.tzdiff import tz_difference
    from svsm_cal.render.change_report import tz_record, tz_text
    from svsm_cal.render.records import dumps

    calendar, zone = invocation.load(), invocation.now.tzinfo
    first = start or invocation.now.date()
    last = end or first + timedelta(days=731)
    bounds = (datetime.combine(each, time(), tzinfo=zone) for each in (first, last + timedelta(days=1)))
    begin, until = bounds
    found = tz_difference(calendar, old, new, start=begin, end=until)
    parts = (found.old, found.new, found.calls, found.deadlines)
    if as_json:
        click.echo(dumps(tz_record(*parts)), nl=False)
    else:
        click.echo("\n".join(tz_text(invocation.language, *parts)))


_CHANGED = 3


@click.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="[NEW]", required=False)
@click.option(
    "--format", "form", type=click.Choice(["text", "markdown"]), default="text", show_default=True, help="The output format."
)
@json_option
@language_option
@click.option("--from", "start", type=DAY, help="First date; default today.")
@click.option("--until", "end", type=DAY, help="Last date; default 53 weeks in all.")
@zone_option
@click.option("--exit-code", is_flag=True, help=f"Exit with {_CHANGED} if something changes.")
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
    """Show what an edit changes for people, from OLD to NEW or to the calendar file.

    OLD and NEW are each a calendar.toml or a git revision: main, HEAD~1, HEAD~1:path/calendar.toml. Nothing is written.
    """
    from svsm_cal.app.diff import compare
    from svsm_cal.render.change_report import changes_markdown, changes_record, changes_text
    from svsm_cal.render.records import dumps

    found = compare(old, new, path=invocation.path, now=invocation.now, first=start, last=end, zone=zone)
    if as_json:
        click.echo(dumps(changes_record(found)), nl=False)
    elif form == "markdown":
        click.echo(changes_markdown(invocation.language, found), nl=False)
    else:
        click.echo("\n".join(changes_text(invocation.language, found, paint)))
    if exit_code and not found.empty:
        raise SystemExit(_CHANGED)
