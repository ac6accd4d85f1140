"""`agenda`, `minutes read` and `minutes check`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

from svsm_cal.cli.options import DAY, Invocation, json_option, language_option, paint, series_option

if TYPE_CHECKING:
    from datetime import date

    from svsm_cal.minutes.reading import Minutes


@click.command("agenda")
@click.argument("day", type=DAY, metavar="[DATE]", required=False)
@series_option
@click.option(
    "--minutes", "minutes", type=click.Path(), metavar="PATH", help="Carry over open points of the last minutes in PATH."
)
@click.option("--template", type=click.Path(), metavar="FILE", help="A template of your own, instead of the calendar's.")
@language_option
@click.pass_obj
def agenda_command(
    invocation: Invocation, day: date | None, series: str | None, minutes: str | None, template: str | None
) -> None:
    """Write the agenda of the next call, or of the call on DATE, as Markdown.

    It has the form of minutes: add the discussion to it.
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
        language=invocation.language,
    )
    click.echo(text, nl=False)


@click.group("minutes")
def minutes_command() -> None:
    """Read the minutes of calls, and compare them with the calendar."""


@minutes_command.command("read")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@series_option
@click.option("--apply", "applied", is_flag=True, help="Write the suggestions into the calendar file, after showing the change.")
@click.option("--all", "unsure", is_flag=True, help="With --apply: also unsure suggestions.")
@click.option("--yes", "agreed", is_flag=True, help="With --apply: do not ask.")
@json_option
@language_option
@click.pass_obj
def read_command(
    invocation: Invocation,
    paths: tuple[str, ...],
    series: str | None,
    *,
    applied: bool,
    unsure: bool,
    agreed: bool,
    as_json: bool,
) -> None:
    """Show the attendees, topics and suggestions in the minutes in FILE, or in all files of a folder.

    A suggestion is a change of the calendar that a sentence implies, such as a cancelled call or a deadline.
    """
    from svsm_cal.app.minutes import read
    from svsm_cal.errors import UsageError
    from svsm_cal.render.minutes_report import minutes_text, read_record
    from svsm_cal.render.records import dumps

    if as_json and applied:
        raise UsageError("--json and --apply exclude each other: keep one")
    if (unsure or agreed) and not applied:
        raise UsageError("--all and --yes need --apply: add it, or leave them out")
    found = read(paths, invocation.load(), series=series)
    for each in found.skipped:
        click.echo(each, err=True)
    for finding in found.unread:
        click.echo(str(finding), err=True)
    if as_json:
        click.echo(dumps(read_record(found.minutes)), nl=False)
    else:
        click.echo("\n".join(minutes_text(invocation.language, found.minutes, paint)))
    if applied:
        _apply(invocation, found.minutes, unsure=unsure, agreed=agreed)
    if found.unread:
        raise SystemExit(1)


def _apply(invocation: Invocation, minutes: tuple[Minutes, ...], *, unsure: bool, agreed: bool) -> None:
    from svsm_cal.app.edits import diff
    from svsm_cal.app.minutes import apply, prepared, to_write

    wanted = to_write(minutes, unsure=unsure)
    if not wanted:
        click.echo("Nothing to write: suggestions are already in the calendar, or not sure (--all).", err=True)
        return
    edited = prepared(invocation.path, wanted, now=invocation.now)
    click.echo(f"\n{diff(edited)}", nl=False)
    if not agreed and not click.confirm(f"Write this into {invocation.path}?", err=True):
        click.echo(f"{invocation.path}: nothing was written", err=True)
        return
    for warning in apply(invocation.path, wanted, edited, now=invocation.now).warnings:
        click.echo(str(warning), err=True)
    click.echo(f"{invocation.path}: written", err=True)


@minutes_command.command("check")
@click.argument("folder", metavar="DIR", type=click.Path())
@click.option("--from", "first", type=DAY, help="First date; default that of the first minutes.")
@click.option("--until", "last", type=DAY, help="Last date; default that of the last call that is over.")
@series_option
@click.option("--strict", is_flag=True, help="Fail for warnings, too.")
@json_option
@language_option
@click.pass_obj
@click.pass_context
def check_command(
    ctx: click.Context,
    invocation: Invocation,
    folder: str,
    first: date | None,
    last: date | None,
    series: str | None,
    *,
    strict: bool,
    as_json: bool,
) -> None:
    """Compare the minutes in DIR with the calendar, and show the attendance.

    Calls without minutes, minutes without a call, and unmentioned clock changes are warnings. A file that cannot be read is
    an error, for which the command fails.
    """
    from svsm_cal.app.minutes import check
    from svsm_cal.render.minutes_report import attendance_text, check_record
    from svsm_cal.render.records import dumps
    from svsm_cal.words.language import counted

    found = check(folder, invocation.load(), now=invocation.now, first=first, last=last, series=series)
    errors = sum(each.severity == "error" for each in found.findings)
    warnings = len(found.findings) - errors
    for each in found.skipped:
        click.echo(each, err=True)
    if as_json:
        click.echo(dumps(check_record(found.findings, found.attendance, found.minutes)), nl=False)
    else:
        for finding in found.findings:
            click.echo(str(finding))
        said = attendance_text(invocation.language, found.attendance, paint)
        click.echo("\n".join(["", *said] if found.findings else said))
        counts = [*([counted(errors, "error")] if errors else []), counted(warnings, "warning")]
        click.echo(f"{folder}: {found.minutes} minutes, {', '.join(counts)}", err=True)
    if errors or (strict and warnings):
        ctx.exit(1)
