"""`chairs`."""

from __future__ import annotations

from datetime import date, timedelta

import click

from svsm_cal.cli.options import DAY, Invocation, json_option, paint, series_option
from svsm_cal.errors import UsageError

__all__ = ["chairs_command"]


@click.command("chairs")
@click.option("--from", "start", type=DAY, help="First date; today if left out.")
@click.option("--until", "end", type=DAY, help="Last date; 12 weeks later if left out.")
@series_option
@json_option
@click.pass_obj
def chairs_command(invocation: Invocation, start: date | None, end: date | None, series: str | None, *, as_json: bool) -> None:
    """Show who chairs which call, and how many each does.

    Chairs that the file lists rotate: each call of the rule is somebody's turn, a cancelled one too. Who is away is
    replaced by the next.
    """
    from svsm_cal.app.lookups import series_of
    from svsm_cal.core.chairs import chair_plan
    from svsm_cal.core.occurrences import occurrences_between_days
    from svsm_cal.render.chairs import chairs_record, chairs_text
    from svsm_cal.render.records import dumps

    calendar = invocation.load()
    first = start or invocation.now.date()
    last = end or first + timedelta(weeks=12)
    if last < first:
        raise UsageError(f"the range ends on {last}, before it begins on {first}")
    found = [call for each in series_of(calendar, series) for call in occurrences_between_days(each, first, last)]
    calls, counts = chair_plan(calendar, sorted(found, key=lambda call: call.start_utc))
    if as_json:
        click.echo(dumps(chairs_record(calls, counts)), nl=False)
    else:
        click.echo("\n".join(chairs_text(calendar, calls, counts, paint)))
