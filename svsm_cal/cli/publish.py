"""`feed` and `build`."""

from __future__ import annotations

import sys

import click

from svsm_cal.app.files import write_file
from svsm_cal.app.lookups import participant_of, series_of
from svsm_cal.cli.options import Invocation, participant_option, series_option
from svsm_cal.errors import InputError

__all__ = ["build_command", "feed_command"]

_SHORTEST_SECRET = 16


@click.command("feed")
@series_option
@participant_option
@click.option("--deadlines", is_flag=True, help="The deadlines instead of the calls.")
@click.option("-o", "--output", type=click.Path(), metavar="FILE", help="Write to this file instead of standard output.")
@click.pass_obj
def feed_command(
    invocation: Invocation, series: str | None, participant: str | None, *, deadlines: bool, output: str | None
) -> None:
    """Write one iCalendar feed: all calls, one series, a participant's, or the deadlines.

    A participant's has their local times, their notices of clock changes and their reminders.
    """
    from svsm_cal.ical.feed import to_ical

    calendar = invocation.load()
    if series is not None:
        series_of(calendar, series)
    if participant is not None:
        participant_of(calendar, participant)
    data = to_ical(calendar, now=invocation.now, series=series, participant=participant, deadlines=deadlines)
    if output in (None, "-"):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_file(str(output), data)


@click.command("build")
@click.argument("out", type=click.Path(), metavar="OUT")
@click.option(
    "--secret-file",
    type=click.Path(),
    metavar="FILE",
    envvar="SVSM_CAL_SECRET_FILE",
    show_envvar=True,
    help="Also write every participant's feed, at an address that only this file's content gives away.",
)
@click.pass_obj
def build_command(invocation: Invocation, out: str, secret_file: str | None) -> None:
    """Write the whole site to the folder OUT: feeds, page and JSON, all of it or nothing."""
    from svsm_cal.app.publish import publish

    calendar = invocation.load()
    secret = None if secret_file is None else _secret(secret_file)
    files = publish(calendar, out, now=invocation.now, secret=secret)
    personal = sum(name.startswith("p/") for name in files)
    others = f" and {personal} personal feeds" if personal else ""
    click.echo(f"{out}: {len(files) - personal} files{others}", err=True)


def _secret(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            secret = stream.read(4096).strip()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror} (name a file with a long random text)") from error
    if len(secret) < _SHORTEST_SECRET:
        raise InputError(f"{path}: is shorter than {_SHORTEST_SECRET} bytes (put a long random text into it)")
    return secret
