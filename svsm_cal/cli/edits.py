"""`cancel`, `restore`, `move`, `change`, `add` and `slip`: what a maintainer would else write into the file by hand."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import TYPE_CHECKING

import click

from svsm_cal.cli.options import DAY, Invocation, series_ids
from svsm_cal.engine.civil import FIRST_YEAR, LAST_YEAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from svsm_cal.app.edits import Edited

__all__ = ["add_command", "cancel_command", "change_command", "move_command", "restore_command", "slip_command"]


class _When(click.ParamType["date | time"]):
    """A date, a date and time, or a time of day: those of them whose patterns are asked for."""

    def __init__(self, name: str, pattern: str, said: str) -> None:
        self.name = name
        self._pattern = pattern
        self._said = said

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date | time:
        if isinstance(value, (date, time)):
            return value
        text = str(value)
        try:
            if re.fullmatch(self._pattern, text):
                found = _read(text)
                if isinstance(found, time) or FIRST_YEAR <= found.year <= LAST_YEAR:
                    return found
        except ValueError:
            pass  # 2025-02-30 is told like any other text that is no date
        raise self.fail(f'"{text}" is {self._said}', param, ctx)


def _read(text: str) -> date | time:
    if "-" not in text:
        return time.fromisoformat(text)
    return datetime.fromisoformat(text) if ":" in text else date.fromisoformat(text)


_DAY, _TIME = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d(:\d\d)?"
_YEARS = f"from {FIRST_YEAR} to {LAST_YEAR}"
_CALL = _When(
    "date",
    rf"{_DAY}([T ]{_TIME})?",
    f"no date {_YEARS}: write it as 2025-03-12, or with its time as 2025-03-12T18:00 where there are several calls a day",
)
_START = _When("start", rf"{_DAY}[T ]{_TIME}", f"no date and time {_YEARS}: write it as 2025-12-11T18:00")
_TO = _When(
    "to", rf"({_DAY}[T ])?{_TIME}", f"no time {_YEARS}: write it as 2025-12-11T18:00, or as 17:00 if it is on the same date"
)

_series = click.argument("series", shell_complete=series_ids)
_date = click.argument("day", type=_CALL, metavar="DATE")
_reason = click.option("--reason", metavar="TEXT", help="Why, in a few words; it is shown to everybody.")
_url = click.option("--url", help="Where to join.")
_title = click.option("--title", metavar="TEXT", help="What the call is called.")
_location = click.option("--location", metavar="TEXT", help="A place, if it is not a link.")
_description = click.option("--description", metavar="TEXT", help="What it is about.")
_duration = click.option("--duration", metavar="LENGTH", help="How long, e.g. 90min.")
_chair = click.option("--chair", metavar="ID", help="The participant who runs it.")
_dry_run = click.option("--dry-run", is_flag=True, help="Show what would be changed, and write nothing.")


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


def _was(edited: Edited, series: str, day: date) -> str:
    from svsm_cal.config.edit import kind_of

    return kind_of(edited.before, series, day)


@click.command("cancel")
@_series
@_date
@_reason
@_dry_run
@click.pass_obj
def cancel_command(invocation: Invocation, series: str, day: date, reason: str | None, *, dry_run: bool) -> None:
    """Cancel SERIES' call of DATE (a date in the anchor zone).

    If it was moved or changed, that is not said any more.
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
    """Take back what is said of SERIES' call of DATE: its cancellation, move or change, or an added call.

    DATE is the one the call has by the rule; an added call's is its own.
    """
    from svsm_cal.config.edit import restore

    def said(edited: Edited) -> str:
        return f"{series} on {_shown(day)} is no longer {_was(edited, series, day)}"

    _edit(invocation, lambda text: restore(text, series, day), said, dry_run=dry_run)


@click.command("move")
@_series
@_date
@click.argument("to", type=_TO)
@_reason
@_dry_run
@click.pass_obj
def move_command(invocation: Invocation, series: str, day: date, to: date | time, reason: str | None, *, dry_run: bool) -> None:
    """Move SERIES' call of DATE to another time: 2025-12-11T18:00, or 17:00 on the same date.

    DATE is the one the call has by the rule, even if it was moved before. Both are on the anchor zone's wall clock.
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
    """Give SERIES' call of DATE another chair, link, title, place or length.

    What it has already and is not named stays.
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
    """Add a call outside SERIES' rule, e.g. on 2025-06-03T17:00 on the anchor zone's wall clock."""
    from svsm_cal.config.edit import add

    said = f"{series} has an added call on {_shown(start)}"
    _edit(invocation, lambda text: add(text, series, start, **details), said, dry_run=dry_run)


@click.command("slip")
@click.argument("milestone")
@click.argument("day", type=DAY, metavar="DATE")
@_dry_run
@click.pass_obj
def slip_command(invocation: Invocation, milestone: str, day: date, *, dry_run: bool) -> None:
    """Give MILESTONE, or a deadline, another DATE; `svsm-cal deadlines --json` lists their ids.

    A milestone's planned date stays on record beside it, and those planned after it stay where they are.
    """
    from svsm_cal.config.edit import slip

    _edit(invocation, lambda text: slip(text, milestone, day), f"{milestone} is on {day}", dry_run=dry_run)
