"""`feed`, `feed-url`, `build` and `publish`."""

from __future__ import annotations

import sys

import click

from svsm_cal.app.atomic_files import write_file
from svsm_cal.app.lookups import participant_of, series_of
from svsm_cal.app.secret import read_secret
from svsm_cal.cli.options import Invocation, participant_option, secret_option, series_option
from svsm_cal.errors import UsageError

__all__ = ["build_command", "feed_command", "feed_url_command", "publish_command"]


@click.command("publish")
@click.argument("address", metavar="ADDRESS")
@secret_option
@click.option("--first", is_flag=True, help="Start with first revisions, without a previous publication.")
@click.pass_obj
def publish_command(invocation: Invocation, address: str, secret_file: str | None, *, first: bool) -> None:
    """Publish the site to an object store at ADDRESS, such as s3://bucket/folder; `build` does the same for a folder.

    Changed files are uploaded with their content type and cache lifetime, and obsolete ones are removed. The endpoint and
    the credentials come from the environment: AWS_ENDPOINT, AWS_REGION, AWS_ACCESS_KEY_ID, ...
    """
    from svsm_cal.app.upload import upload
    from svsm_cal.transport.objects import Objects

    calendar = invocation.load()
    secret = read_secret(secret_file)
    done = upload(calendar, Objects(address), now=invocation.now, secret=secret, first=first)
    personal = sum(name.startswith("p/") for name in done.files)
    others = f" and {personal} personal feeds" if personal else ""
    news = f"{len(done.written)} put, {len(done.removed)} removed"
    begun = "the first publication, " if done.first else ""
    click.echo(f"{address}: {len(done.files) - personal} files{others}; {begun}{news}", err=True)


@click.command("feed")
@series_option
@participant_option
@click.option("--deadlines", is_flag=True, help="The deadlines instead of the calls.")
@click.option("-o", "--output", type=click.Path(), metavar="FILE", help="Write to this file instead of standard output.")
@click.option("--previous", metavar="FILE|URL", help="The feed as published before: the new revisions continue its revisions.")
@click.pass_obj
def feed_command(
    invocation: Invocation,
    series: str | None,
    participant: str | None,
    *,
    deadlines: bool,
    output: str | None,
    previous: str | None,
) -> None:
    """Write one iCalendar feed: all calls, one series, a participant's own feed, or the deadlines.

    A participant's feed has their local times, notices of clock changes, and reminders.
    """
    from svsm_cal.ical.feed import to_ical

    calendar = invocation.load()
    if series is not None:
        series_of(calendar, series)
    if participant is not None:
        participant_of(calendar, participant)
    data = to_ical(calendar, now=invocation.now, series=series, participant=participant, deadlines=deadlines)
    if previous is not None:
        from svsm_cal.app.publish import following

        data = following(data, previous, now=invocation.now)
    if output in (None, "-"):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_file(str(output), data)


@click.command("feed-url")
@click.argument("participant", metavar="ID")
@click.option("--base", metavar="URL", help="The address of the site, if not the calendar's url.")
@secret_option
@click.pass_obj
def feed_url_command(invocation: Invocation, participant: str, base: str | None, secret_file: str | None) -> None:
    """Print the secret address of a participant's own feed; give it to nobody else.

    To revoke it, change the word `feed` in the participant's entry, and publish again.
    """
    from svsm_cal.app.publish import feed_address

    calendar = invocation.load()
    person = participant_of(calendar, participant)
    secret = read_secret(secret_file)
    if secret is None:
        raise UsageError("no secret (give the --secret-file that build uses)")
    click.echo(feed_address(calendar, person, secret, base=base))


@click.command("build")
@click.argument("out", type=click.Path(), metavar="OUT")
@secret_option
@click.option(
    "--previous",
    metavar="DIR|FILE|URL",
    help="The previous publication, if it is not in OUT: a folder, a feed, or the address of either.",
)
@click.option("--first", is_flag=True, help="Start with first revisions, without a previous publication.")
@click.pass_obj
def build_command(invocation: Invocation, out: str, secret_file: str | None, previous: str | None, *, first: bool) -> None:
    """Write the whole site to the folder OUT: feeds, page and JSON, all of it or nothing.

    It continues the publication in OUT: only changed events get a new revision. With a secret, every participant's own feed
    is written, too.
    """
    from svsm_cal.app.publish import publish
    from svsm_cal.engine.tzdb import tz_database

    if first and previous is not None:
        raise UsageError("--first and --previous exclude each other: keep one")
    calendar = invocation.load()
    secret = read_secret(secret_file)
    report = publish(calendar, out, now=invocation.now, secret=secret, previous=previous, first=first)
    if report.tz_before:
        effect = f"calls moved: {', '.join(report.moved)}" if report.moved else "no call has moved"
        versions = f"published before with tz database {report.tz_before}, now with {tz_database().version}"
        click.echo(f"svsm-cal: warning: {versions}: {effect}", err=True)
    personal = sum(name.startswith("p/") for name in report.files)
    others = f" and {personal} personal feeds" if personal else ""
    feeds = sum(name.endswith(".ics") for name in report.changed)
    news = "the first publication" if report.first else f"{feeds} feeds changed" if feeds != 1 else "1 feed changed"
    click.echo(f"{out}: {len(report.files) - personal} files{others}; {news}", err=True)
