"""`plan`."""

from __future__ import annotations

import re
from datetime import date, time
from typing import TYPE_CHECKING

import click

from svsm_cal.cli.options import DAY, ZONE, Invocation, json_option, language_option, paint, series_ids
from svsm_cal.engine.civil import FIRST_YEAR, LAST_YEAR, WEEKDAYS
from svsm_cal.errors import UsageError

if TYPE_CHECKING:
    from svsm_cal.engine.zones import Zone


class _Clock(click.ParamType[time]):
    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> time:
        if isinstance(value, time):
            return value
        match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", str(value), re.ASCII)
        if match is None:
            raise self.fail(f'"{value}" is not a time of day: write it as 07:00', param, ctx)
        return time(int(match[1]), int(match[2]))


_CLOCK = _Clock()
_STEPS = {"30m": 30, "1h": 60}
_HEAT = ("green", "", "yellow", "red")


def _paint(style: str, text: str) -> str:
    if style.startswith("heat"):
        colour = _HEAT[int(style[4:])]
        return click.style(text, fg=colour) if colour else text
    return paint(style, text)


@click.command("plan")
@click.argument("series", metavar="SERIES", shell_complete=series_ids)
@click.option("--earliest", type=_CLOCK, help="No call begins before this time on anybody's clock, e.g. 07:00.")
@click.option("--latest", type=_CLOCK, help="No call ends after this time on anybody's clock, e.g. 22:00.")
@click.option(
    "--not",
    "without",
    multiple=True,
    type=click.Choice([name.lower() for name in WEEKDAYS], case_sensitive=False),
    metavar="WEEKDAY",
    help="No call begins on this weekday on anybody's clock, e.g. friday; may be repeated.",
)
@click.option("--anchor", "anchors", multiple=True, type=ZONE, help="Only times on the clock of this zone; may be repeated.")
@click.option("--year", type=click.IntRange(FIRST_YEAR, LAST_YEAR - 1), help="The 52 weeks from 1 January of this year.")
@click.option("--from", "start", type=DAY, help="The 52 weeks from this date; default today.")
@click.option("--step", type=click.Choice([*_STEPS]), default="1h", show_default=True, help="The distance between times.")
@click.option("-n", "number", type=click.IntRange(1, 1000), default=3, show_default=True, help="The number of proposals.")
@click.option("--svg", type=click.Path(), metavar="FILE", help="Also write a chart as SVG, with zones but without names.")
@json_option
@language_option
@click.pass_obj
def plan_command(
    invocation: Invocation,
    series: str,
    earliest: time | None,
    latest: time | None,
    without: tuple[str, ...],
    anchors: tuple[Zone, ...],
    year: int | None,
    start: date | None,
    step: str,
    number: int,
    svg: str | None,
    *,
    as_json: bool,
) -> None:
    """Rank weekly times by fairness for the attendees of SERIES, and show the cost for each person.

    Every hour of the week is tried in the series' zone, and in one zone for each other law of time among the attendees,
    over 52 weeks with all clock changes. A call costs each person 0 in working hours to 10 at night, on their own clock;
    times are ranked by the worst-off person first.
    """
    from svsm_cal.app.plan import plan_of, write_chart
    from svsm_cal.core.burden import Limits
    from svsm_cal.render.plan_report import plan_record, plan_text
    from svsm_cal.render.records import dumps

    if year is not None and start is not None:
        raise UsageError("--year and --from exclude each other: keep one")
    days = frozenset(index for index, name in enumerate(WEEKDAYS) if name.lower() in without)
    found = plan_of(
        invocation.load(),
        series,
        first=date(year, 1, 1) if year is not None else start or invocation.now.date(),
        anchors=anchors,
        limits=Limits(earliest, latest, days),
        step=_STEPS[step],
        number=number,
    )
    if svg is not None:
        write_chart(found, svg, invocation.language)
    if as_json:
        click.echo(dumps(plan_record(found)), nl=False)
    else:
        click.echo("\n".join(plan_text(invocation.language, found, _paint)))
