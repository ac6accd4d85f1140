"""`serve`."""

from __future__ import annotations

import os
import sys
from functools import partial

import click

from svsm_cal.cli.options import Invocation, present, secret_option, store_option

__all__ = ["serve_command"]


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
