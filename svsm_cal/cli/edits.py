"""`cancel`, `restore`, `move`, `change`, `add` and `slip`."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING

import click

from svsm_cal.cli.options import DAY, YEARS, Invocation, When, series_ids

if TYPE_CHECKING:
    from collections.abc import Callable

    from svsm_cal.app.edits import Edited

_DAY, _TIME = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d(:\d\d)?"
_CALL = When(
    "date",
    rf"{_DAY}([T ]{_TIME})?",
    f"not a date {YEARS}: write it as 2025-03-12, or with the time as 2025-03-12T18:00 if there are several calls a day",
)
_START = When("start", rf"{_DAY}[T ]{_TIME}", f"not a date and time {YEARS}: write it as 2025-12-11T18:00")
_TO = When(
    "to", rf"({_DAY}[T ])?{_TIME}", f"not a time {YEARS}: write it as 2025-12-11T18:00, or as 17:00 if it is on the same date"
)

_series = click.argument("series", shell_complete=series_ids)
_date = click.argument("day", type=_CALL, metavar="DATE")
_reason = click.option("--reason", metavar="TEXT", help="The reason, in a few words; shown to everybody.")
_url = click.option("--url", help="The link to join.")
_title = click.option("--title", metavar="TEXT", help="The call's title.")
_location = click.option("--location", metavar="TEXT", help="The place, for a call without a link.")
_description = click.option("--description", metavar="TEXT", help="What the call is about.")
_duration = click.option("--duration", metavar="LENGTH", help="The length, e.g. 90min.")
_chair = click.option("--chair", metavar="ID", help="The participant who chairs the call.")
_dry_run = click.option("--dry-run", is_flag=True, help="Show the change, and write nothing.")


def _edit(invocation: Invocation, edit: Callable[[str], str], said: str | Callable[[Edited], str], *, dry_run: bool) -> None:
    from svsm_cal.app.edits import diff, edit_file

    edited = edit_file(invocation.path, edit, now=invocation.now, write=not dry_run)
    if dry_run:
        click.echo(diff(edited), nl=False)
    else:
        click.echo(f"{invocation.path}: {said if isinstance(said, str) else said(edited)}", err=True)
    for warning in edited.warnings:
        click.echo(str(warning), err=True)


def _shown(when: date) -> str:
    return when.isoformat(timespec="minutes") if isinstance(when, datetime) and not when.second else when.isoformat()


@click.command("cancel")
@_series
@_date
@_reason
@_dry_run
@click.pass_obj
def cancel_command(invocation: Invocation, series: str, day: date, reason: str | None, *, dry_run: bool) -> None:
    """Cancel the call of SERIES on DATE (in the anchor zone).

    This replaces an earlier move or change.
    """
    from svsm_cal.config.edit import cancel

    said = f"{series} on {_shown(day)} is cancelled"
    _edit(invocation, lambda text: cancel(text, series, day, reason=reason), said, dry_run=dry_run)


@click.command("restore")
@_series
@_date
@_dry_run
@click.pass_obj
def restore_command(invocation: Invocation, series: str, day: date, *, dry_run: bool) -> None:
    """Undo the cancellation, move or change of the call of SERIES on DATE, or remove an added call.

    DATE is the call's date by the rule, or the date of the added call.
    """
    from svsm_cal.config.edit import kind_of, restore

    def report(edited: Edited) -> str:
        return f"{series} on {_shown(day)} is no longer {kind_of(edited.before, series, day)}"

    _edit(invocation, lambda text: restore(text, series, day), report, dry_run=dry_run)


@click.command("move")
@_series
@_date
@click.argument("to", type=_TO)
@_reason
@_dry_run
@click.pass_obj
def move_command(invocation: Invocation, series: str, day: date, to: date | time, reason: str | None, *, dry_run: bool) -> None:
    """Move the call of SERIES on DATE to another time: 2025-12-11T18:00, or 17:00 on the same date.

    DATE is the call's date by the rule, even if the call was moved before. Both are on the anchor zone's wall clock.
    """
    from svsm_cal.config.edit import move

    start = datetime(day.year, day.month, day.day, to.hour, to.minute, to.second) if isinstance(to, time) else to
    said = f"{series} on {_shown(day)} is moved to {_shown(start)}"
    _edit(invocation, lambda text: move(text, series, day, start, reason=reason), said, dry_run=dry_run)  # type: ignore[arg-type]


@click.command("change")
@_series
@_date
@_chair
@_url
@_title
@_location
@_description
@_duration
@_reason
@_dry_run
@click.pass_obj
def change_command(invocation: Invocation, /, series: str, day: date, *, dry_run: bool, **details: str | None) -> None:
    """Change the chair, link, title, place or length of the call of SERIES on DATE.

    Details without an option stay as they are.
    """
    from svsm_cal.config.edit import change

    news = ", ".join(f"{key} {value}" for key, value in details.items() if value is not None)
    said = f"{series} on {_shown(day)} is changed: {news}"
    _edit(invocation, lambda text: change(text, series, day, **details), said, dry_run=dry_run)


@click.command("add")
@_series
@click.argument("start", type=_START)
@_duration
@_title
@_chair
@_url
@_location
@_description
@_reason
@_dry_run
@click.pass_obj
def add_command(invocation: Invocation, /, series: str, start: datetime, *, dry_run: bool, **details: str | None) -> None:
    """Add a call outside the rule of SERIES, e.g. at 2025-06-03T17:00 on the anchor zone's wall clock."""
    from svsm_cal.config.edit import add

    said = f"{series} has an added call on {_shown(start)}"
    _edit(invocation, lambda text: add(text, series, start, **details), said, dry_run=dry_run)


@click.command("slip")
@click.argument("milestone")
@click.argument("day", type=DAY, metavar="DATE")
@_dry_run
@click.pass_obj
def slip_command(invocation: Invocation, milestone: str, day: date, *, dry_run: bool) -> None:
    """Change the date of MILESTONE, or of a deadline, to DATE; `svsm-cal deadlines --json` lists their ids.

    A milestone's planned date is kept, and later milestones do not move.
    """
    from svsm_cal.config.edit import slip

    _edit(invocation, lambda text: slip(text, milestone, day), f"{milestone} is on {day}", dry_run=dry_run)
