"""`publish`."""

from __future__ import annotations

import click

from svsm_cal.cli.options import Invocation, secret_option

__all__ = ["publish_command"]


@click.command("publish")
@click.argument("address", metavar="ADDRESS")
@secret_option
@click.option("--first", is_flag=True, help="Begin all revisions anew, whatever was published before.")
@click.pass_obj
def publish_command(invocation: Invocation, address: str, secret_file: str | None, *, first: bool) -> None:
    """Publish the site to an object store, such as s3://bucket/folder, as build does to a folder.

    Only what has changed is put there, with its type and how long it may be kept; what is no longer published is removed.
    The endpoint and the credentials are the environment's: AWS_ENDPOINT, AWS_REGION, AWS_ACCESS_KEY_ID, ...
    """
    from svsm_cal.app.secret import read_secret
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
