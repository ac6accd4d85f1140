"""`feed`, `feed-url`, `build`, `publish` and `serve`."""

from __future__ import annotations

import os
import sys
from functools import partial

import click

from svsm_cal.app.atomic_files import write_file
from svsm_cal.app.lookups import participant_of, series_of
from svsm_cal.app.secret import read_secret
from svsm_cal.cli.options import Invocation, participant_option, present, secret_option, series_option, store_option
from svsm_cal.errors import UsageError


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port to listen on; 0 for a free one."
)
@secret_option
@click.option("--site", "folder", type=click.Path(), metavar="DIR", help="Serve what build wrote there.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="How many processes serve.")
@click.option("--proxy", multiple=True, metavar="ADDRESS", help="Believe this proxy's X-Forwarded-For; for the log only.")
@store_option
@click.option("--log/--no-log", default=True, show_default=True, help="Whether to write an access log to standard output.")
@click.pass_context
def serve_command(
    ctx: click.Context,
    host: str,
    port: int,
    secret_file: str | None,
    folder: str | None,
    workers: int,
    proxy: tuple[str, ...],
    store: str | None,
    *,
    log: bool,
) -> None:
    """Serve the site, the feeds and a JSON API, and follow the calendar file as it changes.

    Feeds are remembered in the store, so that a change reaches subscribers as a new revision; servers that share a store
    serve the same. A file with errors changes nothing but /health, which reports them. The API is described at
    /api/openapi.json. With --now, time stands still, and only a store that is named is used.
    """
    from svsm_cal.app.secret import read_secret
    from svsm_cal.app.site_snapshot import SiteSource
    from svsm_cal.web.reload import Start
    from svsm_cal.web.running import Place, serve

    invocation: Invocation = ctx.obj
    source = SiteSource(os.path.abspath(invocation.path), read_secret(secret_file), folder and os.path.abspath(folder))
    fixed = ctx.find_root().params["now"] is not None
    clock = partial(getattr, invocation, "now") if fixed else present
    begin = partial(Start, source, clock(), store=store, remember=store is not None or not fixed)
    place = Place(host, port, workers, frozenset(proxy), sys.stdout.fileno() if log else None)
    serve(begin, place, clock, lambda address: click.echo(f"svsm-cal: serving {invocation.path} at {address}", err=True))


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
    from svsm_cal.transport.object_store import Objects

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
