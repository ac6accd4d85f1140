"""`init`, `check`, `lint` and `completion`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from svsm_cal.cli.options import LENGTH, Invocation, json_option
from svsm_cal.words.language import counted

if TYPE_CHECKING:
    from datetime import timedelta

    from svsm_cal.errors import Finding


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path())
def init_command(folder: str) -> None:
    """Write a commented calendar.toml, and a workflow that publishes it, into DIR."""
    from svsm_cal.app.start import start

    for path in start(folder):
        click.echo(path)
    there = "" if folder == "." else f"cd {folder}, "
    click.echo(f"Next: {there}edit calendar.toml, then run `svsm-cal check` and `svsm-cal next`.", err=True)


@click.command("check")
@click.option("--strict", is_flag=True, help="Fail for warnings, too.")
@click.option("--tz-age", type=LENGTH, metavar="LENGTH", help="Warn of a tz database whose year ended longer ago, e.g. 12w.")
@json_option
@click.pass_obj
@click.pass_context
def check_command(ctx: click.Context, invocation: Invocation, tz_age: timedelta | None, *, strict: bool, as_json: bool) -> None:
    """Report all mistakes in the calendar file, each with its position and a hint.

    Fails (exit status 1) for errors; with --strict for warnings, too.
    """
    from svsm_cal.app.tzdiff import age_findings
    from svsm_cal.config.load import check_file
    from svsm_cal.render.records import finding_record

    findings = check_file(invocation.path, now=invocation.now)
    if tz_age is not None:
        findings = [*findings, *age_findings(tz_age, now=invocation.now)]
    _print(findings, [finding_record(finding) for finding in findings], invocation.path, as_json=as_json)
    if any(strict or finding.severity == "error" for finding in findings):
        ctx.exit(1)


def _print(findings: list[Finding], records: list[dict[str, Any]], name: str, *, as_json: bool) -> None:
    from svsm_cal.render.records import dumps

    if as_json:
        click.echo(dumps({"findings": records}), nl=False)
        return
    for finding in findings:
        click.echo(str(finding))
    errors = sum(finding.severity == "error" for finding in findings)
    click.echo(f"{name}: {counted(errors, 'error')}, {counted(len(findings) - errors, 'warning')}", err=True)


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of SHELL.

    For bash: svsm-cal completion bash > ~/.local/share/bash-completion/completions/svsm-cal
    """
    from click.shell_completion import get_completion_class

    completion = get_completion_class(shell)
    if completion is not None:
        click.echo(completion(ctx.find_root().command, {}, "svsm-cal", "_SVSM_CAL_COMPLETE").source())


@click.command("lint")
@click.argument("feed", metavar="FEED")
@json_option
@click.option("--private", is_flag=True, help="Allow names and addresses of people.")
@click.pass_context
def lint_command(ctx: click.Context, feed: str, *, as_json: bool, private: bool) -> None:
    """Check any iCalendar feed for errors, by the standard and for known problems of calendar programs.

    FEED is a file, an http, https or webcal address, or - for standard input. Fails (exit status 1) for errors.
    """
    from svsm_cal.app.fetch import feed_name, read_feed
    from svsm_cal.ical.lint_feed import lint
    from svsm_cal.render.records import finding_record

    name = feed_name(feed)
    findings = lint(read_feed(feed), file=name, public=not private)
    _print(findings, [{**finding_record(finding), "client": finding.client} for finding in findings], name, as_json=as_json)
    if any(finding.severity == "error" for finding in findings):
        ctx.exit(1)
