"""`lint`."""

from __future__ import annotations

import click

from svsm_cal.cli.options import json_option

__all__ = ["lint_command"]


@click.command("lint")
@click.argument("feed", metavar="FEED")
@json_option
@click.option("--private", is_flag=True, help="It is for few: people and addresses may be in it.")
@click.pass_context
def lint_command(ctx: click.Context, feed: str, *, as_json: bool, private: bool) -> None:
    """Report what is wrong with an iCalendar feed, anybody's: by the standard, and in real calendar programs.

    FEED is a file, an http, https or webcal address, or - for standard input. Fails (exit status 1) for errors.
    """
    from svsm_cal.app.feeds_in import feed_name, read_feed
    from svsm_cal.ical.lint import lint
    from svsm_cal.render.records import dumps, finding_record

    name = feed_name(feed)
    findings = lint(read_feed(feed), file=name, public=not private)
    errors = sum(finding.severity == "error" for finding in findings)
    if as_json:
        records = [{**finding_record(finding), "client": finding.client} for finding in findings]
        click.echo(dumps({"findings": records}), nl=False)
    else:
        for finding in findings:
            click.echo(str(finding))
        click.echo(f"{name}: {_count(errors, 'error')}, {_count(len(findings) - errors, 'warning')}", err=True)
    if errors:
        ctx.exit(1)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
