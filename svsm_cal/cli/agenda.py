"""`agenda`."""

from __future__ import annotations

from datetime import date

import click

from svsm_cal.cli.options import DAY, Invocation, series_option

__all__ = ["agenda_command"]


@click.command("agenda")
@click.argument("day", type=DAY, metavar="[DATE]", required=False)
@series_option
@click.option("--minutes", "minutes", type=click.Path(), metavar="PATH", help="Carry over what the last minutes here left open.")
@click.option("--template", type=click.Path(), metavar="FILE", help="A template of your own, instead of the calendar's.")
@click.option("--lang", "language", type=click.Choice(("en", "de")), default="en", show_default=True, help="The language.")
@click.pass_obj
def agenda_command(
    invocation: Invocation, day: date | None, series: str | None, minutes: str | None, template: str | None, language: str
) -> None:
    """Write the agenda of the next call, or of DATE's, as Markdown.

    It has the form of minutes, and becomes them.
    """
    from svsm_cal.app.agenda import agenda, template_path

    calendar = invocation.load()
    text = agenda(
        calendar,
        invocation.now,
        day=day,
        series=series,
        minutes=minutes,
        template=template or template_path(calendar, invocation.path),
        language=language,
    )
    click.echo(text, nl=False)
