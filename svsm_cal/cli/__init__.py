"""The `svsm-cal` command: options to a call of `svsm_cal.app`, and its values to text.

A command's module is imported only when the command runs, so that look-ups start fast.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module

import click

from svsm_cal.cli.options import Invocation, parse_instant, present
from svsm_cal.errors import CalendarError, SvsmCalError

# Command -> its module, and its line in `--help`.
_COMMANDS = {
    "init": ("check", "Write a calendar.toml to start from."),
    "check": ("check", "Report all mistakes in the calendar file."),
    "next": ("lookups", "Show the next calls on one clock."),
    "when": ("lookups", "Show one day's call on everybody's clock."),
    "shifts": ("lookups", "Show when clock changes move the call, and for whom."),
    "deadlines": ("lookups", "Show what is due, and the calls left before it."),
    "chairs": ("lookups", "Show who chairs which call."),
    "notices": ("notices", "Show and send notices."),
    "agenda": ("minutes", "Write the next call's agenda."),
    "minutes": ("minutes", "Read the minutes of calls, and compare them with the calendar."),
    "plan": ("plan", "Rank meeting times by fairness."),
    "diff": ("diff", "Show what an edit changes for people."),
    "feed": ("publish", "Write one iCalendar feed."),
    "feed-url": ("publish", "Print the address of a participant's own feed."),
    "build": ("publish", "Write the whole site: feeds, page and JSON."),
    "serve": ("publish", "Serve the site, the feeds and a JSON API."),
    "publish": ("publish", "Publish the site to an object store, such as S3."),
    "lint": ("check", "Check any iCalendar feed for errors."),
    "invite": ("invite", "Send invites and updates, and receive the answers."),
    "store": ("store", "Maintain the store of invites and mails."),
    "worker": ("store", "Deliver mails from a store in PostgreSQL."),
    "cancel": ("edits", "Cancel a call."),
    "restore": ("edits", "Undo a cancellation, a move or a change."),
    "move": ("edits", "Move a call to another time."),
    "change": ("edits", "Change a call's chair, link, title or length."),
    "add": ("edits", "Add a call outside the rule."),
    "slip": ("edits", "Change the date of a milestone or a deadline."),
    "tzdiff": ("diff", "Show the effects of another tz database."),
    "completion": ("check", "Print the shell's completion script."),
}


class _Commands(click.Group):
    """A group that imports a command's module on demand, and prints errors in one line each."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        del ctx
        if name not in _COMMANDS:
            return None
        module = import_module(f"svsm_cal.cli.{_COMMANDS[name][0]}")
        found: click.Command = getattr(module, f"{name.replace('-', '_')}_command")
        return found

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(args[0], _COMMANDS, n=1)
            hint = f'did you mean "{close[0]}"?' if close else f"one of {', '.join(_COMMANDS)}"
            ctx.fail(f'no command "{args[0]}" ({hint})')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except CalendarError as error:
            for finding in error.findings:
                click.echo(str(finding), err=True)
            count = len(error.findings)
            click.echo(f"svsm-cal: {count} error{'s' if count != 1 else ''}; nothing was written", err=True)
        except SvsmCalError as error:
            click.echo(f"svsm-cal: {error}", err=True)
        except BrokenPipeError:
            raise
        except OSError as error:
            _report(error)
        raise SystemExit(1)


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    del param
    if value and not ctx.resilient_parsing:
        from svsm_cal import __version__
        from svsm_cal.engine.tzdb import tz_database

        database = tz_database()
        click.echo(f"svsm-cal {__version__}, tz database {database.version or 'of unknown version'} ({database.name})")
        ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-c",
    "--calendar",
    "path",
    type=click.Path(),
    metavar="FILE",
    default="calendar.toml",
    envvar="SVSM_CAL_CALENDAR",
    show_default=True,
    show_envvar=True,
    help="The calendar file.",
)
@click.option(
    "--addresses",
    type=click.Path(),
    metavar="FILE",
    envvar="SVSM_CAL_ADDRESSES",
    show_envvar=True,
    help="Participants' e-mail addresses, if they are not in the calendar file.",
)
@click.option("--now", metavar="INSTANT", help="Use this as the present time, e.g. 2025-03-05T17:00Z.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show versions.")
@click.pass_context
def command(ctx: click.Context, path: str, addresses: str | None, now: str | None) -> None:
    """One community, one call, many clocks.

    Reads a calendar.toml and shows each person their own time.
    """
    ctx.obj = Invocation(path, present() if now is None else parse_instant(now), fixed=now is not None, addresses=addresses)


def main() -> None:
    """Run the command line."""
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        command(prog_name="svsm-cal")
    except OSError as error:
        # From --help, --version or an error message: commands report their own errors.
        _report(error)
        raise SystemExit(1) from None
    finally:
        _flush_streams()


def _open_streams() -> None:
    """Replace closed standard streams by the null device, so that no other file gets their file descriptors."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            while os.open(os.devnull, os.O_RDWR) < number:
                pass
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8"))  # noqa: SIM115 - open to the end


def _flush_streams() -> None:
    """Discard data that a stream cannot write; the error has been reported, and Python would report it again at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _report(error: OSError) -> None:
    place = f"{error.filename}: " if error.filename else ""
    with suppress(OSError):
        click.echo(f"svsm-cal: {place}{error.strerror or error} (check that it exists and can be written)", err=True)
