"""`invite write|plan|send|status|retry|receive|remind`."""

from __future__ import annotations

import os
import sys

import click

from svsm_cal.cli.options import Invocation, json_option, language_option, paint, series_ids, smtp_option, store_option
from svsm_cal.cli.store import deliver

_ASK_ABOVE = 50
_ASK_CANCELS = 5


@click.group("invite")
def invite_command() -> None:
    """Send invites and updates, and receive the answers."""


@invite_command.command("write")
@click.argument("series", shell_complete=series_ids)
@click.option("--out", required=True, type=click.Path(), metavar="DIR", help="Folder for the messages; created if necessary.")
@click.option("--to", metavar="ADDRESS", help="One message for this mailing list, instead of one for each attendee.")
@click.pass_obj
def write_command(invocation: Invocation, series: str, out: str, to: str | None) -> None:
    """Write the first invites to SERIES as .eml files, one for each attendee, with their local times."""
    from svsm_cal.app.invite_mails import write_invites

    calendar = invocation.load()
    written = write_invites(calendar, series, out, now=invocation.now, to=to)
    count = len(written.files)
    click.echo(f"{out}: {count} message{'s' if count != 1 else ''}", err=True)
    if written.without_address:
        click.echo(f"without an e-mail address: {', '.join(written.without_address)}", err=True)


@invite_command.command("plan")
@store_option
@json_option
@language_option
@click.pass_obj
def plan_command(invocation: Invocation, store: str | None, *, as_json: bool) -> None:
    """Show every mail that `invite send` would send, and why. Nothing is sent or recorded."""
    from svsm_cal.app.invite_plan import current_plan
    from svsm_cal.render.invite_report import plan_record, plan_text
    from svsm_cal.render.records import dumps

    calendar, source = invocation.read()
    with invocation.known(store, calendar) as known:
        plan = current_plan(calendar, source, known, now=invocation.now)
    if as_json:
        record = plan_record(plan.digest, plan.mails, plan.without_address, waiting=plan.waiting, failed=plan.failed)
        click.echo(dumps(record), nl=False)
    else:
        text = plan_text(
            invocation.language, plan.digest, plan.mails, plan.without_address, paint, waiting=plan.waiting, failed=plan.failed
        )
        click.echo(text, nl=False)


@invite_command.command("send")
@store_option
@smtp_option
@click.option("--plan", "planned", metavar="NAME", help="Send only if the plan still has this name, as shown by `invite plan`.")
@click.option("--yes", is_flag=True, help=f"Do not ask before more than {_ASK_ABOVE} mails or {_ASK_CANCELS} cancellations.")
@click.option("--queue", is_flag=True, help="Leave delivery to `svsm-cal worker` (PostgreSQL only).")
@click.pass_obj
def send_command(
    invocation: Invocation, store: str | None, smtp: str | None, planned: str | None, *, yes: bool, queue: bool
) -> None:
    """Send the mails that `invite plan` shows, each once, and deliver the outbox."""
    from svsm_cal.app.invite_plan import current_plan, send_invitations
    from svsm_cal.app.stores import check_queue
    from svsm_cal.errors import UsageError
    from svsm_cal.transport.dkim import read_signer
    from svsm_cal.transport.smtp_settings import read_settings
    from svsm_cal.words.language import counted

    if queue:
        check_queue(store, invocation.path)
    settings = None if queue else read_settings(smtp, os.environ)
    sign = read_signer(os.environ)
    calendar, source = invocation.read()
    with invocation.opened(store, calendar) as opened:
        plan = current_plan(calendar, source, opened, now=invocation.now)
        if planned is not None and planned != plan.digest:
            raise UsageError(f"the plan is {plan.digest} now, not {planned}: look at it with `svsm-cal invite plan`")
        if not yes and (len(plan.mails) > _ASK_ABOVE or plan.cancelled >= _ASK_CANCELS):
            cancelled = f", {plan.cancelled} of which cancel an invitation" if plan.cancelled else ""
            _ask(f"Send {len(plan.mails)} mails{cancelled}?")
        send_invitations(calendar, source, opened, plan=plan, now=invocation.now, sign=sign)
        if settings is None:
            click.echo(f"{counted(len(plan.mails), 'mail')} queued", err=True)
            return
        deliver(invocation, opened, smtp, calendar)


@invite_command.command("retry")
@store_option
@smtp_option
@click.option("--to", metavar="ADDRESS", help="Only mails to this address.")
@click.pass_obj
def retry_command(invocation: Invocation, store: str | None, smtp: str | None, to: str | None) -> None:
    """Send failed, bounced and postponed mails again, with the same bytes."""
    from svsm_cal.app.outbox import retry_failed
    from svsm_cal.errors import UsageError
    from svsm_cal.transport.smtp_settings import read_settings

    read_settings(smtp, os.environ)
    calendar, _ = invocation.read()
    with invocation.opened(store, calendar) as opened:
        if not retry_failed(opened, recipient=to, now=invocation.clock()) and to is not None:
            raise UsageError(f"no mail to {to} has failed, bounced or been postponed (`svsm-cal invite status` shows all)")
        deliver(invocation, opened, smtp, calendar)


@invite_command.command("status")
@store_option
@json_option
@language_option
@click.pass_obj
def status_command(invocation: Invocation, store: str | None, *, as_json: bool) -> None:
    """Show who has been invited, their answers, and the state of their mails."""
    from svsm_cal.app.invite_replies import invitation_status
    from svsm_cal.render.invite_report import status_record, status_text
    from svsm_cal.render.records import dumps

    calendar, _ = invocation.read()
    with invocation.known(store, calendar) as known:
        status = invitation_status(known, now=invocation.now, language=invocation.language)
    click.echo(dumps(status_record(status)) if as_json else status_text(invocation.language, status, paint), nl=False)


@invite_command.command("receive")
@click.argument("mailbox")
@store_option
@click.option(
    "--trust",
    "trusts",
    multiple=True,
    metavar="NAME",
    help="Accept only answers whose sender this incoming mail server has authenticated (Authentication-Results).",
)
@click.pass_obj
def receive_command(invocation: Invocation, mailbox: str, store: str | None, trusts: tuple[str, ...]) -> None:
    """Process the answers and delivery reports in MAILBOX: a Maildir, an mbox file, or imaps://user@host/INBOX."""
    from svsm_cal.app.invite_replies import receive_replies
    from svsm_cal.render.change_rows import without_addresses
    from svsm_cal.transport.mailboxes import open_mailbox

    calendar, _ = invocation.read()
    read = changed = 0
    with invocation.opened(store, calendar) as opened, open_mailbox(mailbox, os.environ) as box:
        for result in receive_replies(box, opened, now=invocation.now, trusts=trusts):
            read += 1
            changed += result.counts
            sender = f"{calendar.called(result.sender)}: " if result.sender else ""
            click.echo(paint("" if result.counts else "faint", f"{sender}{result.verdict} ({without_addresses(result.about)})"))
    click.echo(f"{read} read, {changed} of which changed something", err=True)


@invite_command.command("remind")
@store_option
@smtp_option
@click.option("--queue", is_flag=True, help="Leave delivery to `svsm-cal worker` (PostgreSQL only).")
@click.pass_obj
def remind_command(invocation: Invocation, store: str | None, smtp: str | None, *, queue: bool) -> None:
    """Mail due reminders of calls and deadlines, each once; run it every few minutes."""
    from svsm_cal.app.reminders import remind
    from svsm_cal.app.stores import check_queue
    from svsm_cal.transport.dkim import read_signer
    from svsm_cal.transport.smtp_settings import read_settings
    from svsm_cal.words.language import counted

    if queue:
        check_queue(store, invocation.path)
    else:
        read_settings(smtp, os.environ)
    calendar, _ = invocation.read()
    with invocation.opened(store, calendar) as opened:
        count = remind(calendar, opened, now=invocation.now, sign=read_signer(os.environ))
        if queue:
            click.echo(f"{counted(count, 'mail')} queued", err=True)
        else:
            deliver(invocation, opened, smtp, calendar)


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} There is no terminal to ask on: use --yes")
    click.confirm(question, abort=True)
