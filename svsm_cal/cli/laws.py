"""`tzdiff`."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import click

from svsm_cal.cli.options import DAY, Invocation, json_option

__all__ = ["tzdiff_command"]


@click.command("tzdiff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW", default="installed")
@click.option("--from", "start", type=DAY, help="First date; today if left out.")
@click.option("--until", "end", type=DAY, help="Last date; two years later if left out.")
@json_option
@click.pass_obj
def tzdiff_command(invocation: Invocation, old: str, new: str, start: date | None, end: date | None, *, as_json: bool) -> None:
    """Show which calls and deadlines another tz database puts at another time, and for whom.

    OLD and NEW are folders of compiled tz databases, "installed", or a published folder or feed, or its address, whose
    VTIMEZONEs are taken at their word; "published" is what stands at the calendar's own address.
    """
    from svsm_cal.app.laws import law_difference
    from svsm_cal.render.laws import laws_record, laws_text
    from svsm_cal.render.records import dumps

    calendar, zone = invocation.load(), invocation.now.tzinfo
    first = start or invocation.now.date()
    last = end or first + timedelta(days=731)
    bounds = (datetime.combine(each, time(), tzinfo=zone) for each in (first, last + timedelta(days=1)))
    begin, until = bounds
    found = law_difference(calendar, old, new, start=begin, end=until)
    parts = (found.old, found.new, found.calls, found.deadlines)
    if as_json:
        click.echo(dumps(laws_record(*parts)), nl=False)
    else:
        click.echo("\n".join(laws_text(*parts)))
