"""`next`, `when`, `shifts`, `deadlines` and `chairs`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import click

from svsm_cal.app import lookups
from svsm_cal.cli.options import (
    DAY,
    LENGTH,
    Invocation,
    json_option,
    language_option,
    paint,
    participant_option,
    series_option,
    zone_option,
)
from svsm_cal.errors import UsageError
from svsm_cal.render import records, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svsm_cal.core.model import Calendar
    from svsm_cal.engine.zones import Zone


@click.command("chairs")
@click.option("--from", "start", type=DAY, help="First date; default today.")
@click.option("--until", "end", type=DAY, help="Last date; default 12 weeks later.")
@series_option
@json_option
@language_option
@click.pass_obj
def chairs_command(invocation: Invocation, start: date | None, end: date | None, series: str | None, *, as_json: bool) -> None:
    """Show who chairs which call, and the number of calls for each chair.

    The chairs in a list take turns: each call of the rule is one turn, even if it is cancelled. The next chair replaces an
    absent one.
    """
    from svsm_cal.app.lookups import series_of
    from svsm_cal.core.occurrences import occurrences_between_days
    from svsm_cal.core.rotation import chair_plan

    calendar = invocation.load()
    first = start or invocation.now.date()
    last = end or first + timedelta(weeks=12)
    if last < first:
        raise UsageError(f"the range ends on {last}, before it begins on {first}")
    found = [call for each in series_of(calendar, series) for call in occurrences_between_days(each, first, last)]
    calls, counts = chair_plan(calendar, sorted(found, key=lambda call: call.start_utc))
    if as_json:
        click.echo(records.dumps(records.chairs_record(calls, counts)), nl=False)
    else:
        _print(text.chairs_text(invocation.language, calendar, calls, counts, paint))


def _print(lines: Sequence[str]) -> None:
    click.echo("\n".join(lines))


def _zone(calendar: Calendar, zone: Zone | None, participant: str | None) -> Zone | None:
    if zone is not None and participant is not None:
        raise UsageError("--tz and --for exclude each other: keep one")
    return lookups.participant_of(calendar, participant).zone if participant is not None else zone


@click.command("next")
@click.option("-n", "number", type=click.IntRange(1, 1000), default=5, show_default=True, help="The number of calls.")
@zone_option
@participant_option
@series_option
@json_option
@language_option
@click.pass_obj
def next_command(
    invocation: Invocation, number: int, zone: Zone | None, participant: str | None, series: str | None, *, as_json: bool
) -> None:
    """Show the next calls on one clock, and differences from the usual time.

    Cancelled calls are shown, too, but not counted.
    """
    calendar, now = invocation.load(), invocation.now
    where = _zone(calendar, zone, participant) or calendar.zone
    calls = lookups.next_calls(calendar, now, n=number, zone=where, series=series)
    if as_json:
        click.echo(records.dumps(records.next_record(calls)), nl=False)
    else:
        _print(text.next_text(invocation.language, calendar, calls, where, now, paint))


@click.command("when")
@click.argument("day", type=DAY, metavar="DATE")
@zone_option
@series_option
@json_option
@language_option
@click.pass_obj
def when_command(invocation: Invocation, day: date, zone: Zone | None, series: str | None, *, as_json: bool) -> None:
    """Show the call of DATE (a date in the anchor zone) on everybody's clock."""
    call = lookups.call_on(invocation.load(), day, zone=zone, series=series)
    if as_json:
        click.echo(records.dumps(records.when_record(call.occurrence, call.clocks)), nl=False)
    else:
        _print(text.when_text(invocation.language, call.occurrence, call.clocks, paint))


@click.command("shifts")
@click.option("--from", "start", type=DAY, help="First date; default today.")
@click.option("--until", "end", type=DAY, help="Last date; default a year later.")
@zone_option
@participant_option
@series_option
@json_option
@language_option
@click.pass_obj
def shifts_command(
    invocation: Invocation,
    start: date | None,
    end: date | None,
    zone: Zone | None,
    participant: str | None,
    series: str | None,
    *,
    as_json: bool,
) -> None:
    """Show the runs of calls at the same local time, zone by zone.

    A mismatch is a run shorter than ten weeks between two runs at the same other time; any other run is a season.
    """
    calendar = invocation.load()
    _zone(calendar, zone, participant)
    begin = start or invocation.now.date()
    last = end or begin + timedelta(days=365)
    person = lookups.participant_of(calendar, participant) if participant is not None else None
    rows = lookups.shift_table(calendar, begin, last, zone=zone, participant=person, series=series)
    if as_json:
        click.echo(records.dumps({"windows": [records.window_record(row.window, row.participants) for row in rows]}), nl=False)
    else:
        _print(text.shifts_text(invocation.language, ((row.window, row.participants) for row in rows), paint))


@click.command("deadlines")
@click.option("--within", type=LENGTH, metavar="LENGTH", help="Only deadlines within this time, e.g. 4w.")
@click.option("--all", "past", is_flag=True, help="Also past deadlines.")
@json_option
@language_option
@click.pass_obj
def deadlines_command(invocation: Invocation, within: timedelta | None, *, past: bool, as_json: bool) -> None:
    """Show what is due, the time left, and the calls left before it."""
    from svsm_cal.core.deadlines import outlook

    calendar, now = invocation.load(), invocation.now
    found = outlook(calendar, now, within=within, past=past)
    if as_json:
        click.echo(records.dumps({"deadlines": [records.deadline_record(each) for each in found]}), nl=False)
    else:
        _print(text.deadlines_text(invocation.language, found, paint))
