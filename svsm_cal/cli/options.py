"""The commands' common parts: the calendar, the present time, options and colours."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import click

from svsm_cal.engine.civil import FIRST_YEAR, LAST_YEAR, Instant, instant, parse_duration
from svsm_cal.errors import UsageError
from svsm_cal.value import Value, replace
from svsm_cal.words import ENGLISH, language_of, tags

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from svsm_cal.core.model import Calendar
    from svsm_cal.engine.zones import Zone
    from svsm_cal.store.contract import Store
    from svsm_cal.words.language import Language


class Invocation(Value):
    """One run of the command: the calendar file's path, and the present time, which may be `fixed`.

    `addresses` is the path of a separate file with participants' addresses, `language` the language of the output.
    """

    path: str
    now: Instant
    fixed: bool = False
    addresses: str | None = None
    language: Language = ENGLISH

    def clock(self) -> Instant:
        """Return the present time, or the fixed one."""
        return self.now if self.fixed else present()

    def load(self) -> Calendar:
        """Return the calendar; raises what `svsm_cal.config.load.load` does."""
        return self.read()[0]

    def read(self) -> tuple[Calendar, str]:
        """Return the calendar and its file's text; raises what `svsm_cal.config.load.load` does."""
        from svsm_cal.config.load import loads, read_text

        text = read_text(self.path)
        calendar = loads(text, file=self.path, now=self.now)
        if self.addresses is None:
            return calendar, text
        from svsm_cal.config.people import with_addresses

        return with_addresses(calendar, self.addresses), text

    def opened(self, url: str | None, calendar: Calendar) -> AbstractContextManager[Store]:
        """Return a context with a calendar's store open; raises what `svsm_cal.store.open_store` does."""
        from contextlib import closing

        from svsm_cal.app.stores import default_store
        from svsm_cal.store import open_store

        return closing(open_store(url or default_store(self.path), calendar_id=calendar.id))

    def known(self, url: str | None, calendar: Calendar) -> AbstractContextManager[Store | None]:
        """Return a context with a calendar's store, or None if there is no store yet."""
        from contextlib import nullcontext

        from svsm_cal.app.stores import is_there

        return self.opened(url, calendar) if is_there(url, self.path) else nullcontext()


def present() -> Instant:
    """Return the present time, to the second: the only place where the clock is read."""
    return Instant(datetime.now(UTC).replace(microsecond=0))


def parse_instant(text: str) -> Instant:
    """Return the instant of an ISO 8601 text with an offset; raises click.BadParameter otherwise."""
    with suppress(ValueError, OverflowError):
        found = instant(datetime.fromisoformat(text.strip().replace("z", "Z")))
        if FIRST_YEAR <= found.year <= LAST_YEAR:
            return found
    message = f'"{text}" is not an instant: write it with an offset, e.g. 2025-03-05T17:00Z'
    raise click.BadParameter(message, param_hint="--now")


class When(click.ParamType["date | time"]):
    """A date, a date and time, or a time of day that matches a pattern."""

    def __init__(self, name: str, pattern: str, problem: str) -> None:
        self.name = name
        self._pattern = pattern
        self._problem = problem

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date | time:
        """Return the parsed value; fails for any other text."""
        if isinstance(value, (date, time)):
            return value
        text = str(value)
        try:
            if re.fullmatch(self._pattern, text):
                if "-" not in text:
                    return time.fromisoformat(text)
                when = datetime.fromisoformat(text)
                if FIRST_YEAR <= when.year <= LAST_YEAR:
                    return when if ":" in text else when.date()
        except ValueError:
            pass  # a date such as 2025-02-30
        raise self.fail(f'"{text}" is {self._problem}', param, ctx)


class _Length(click.ParamType[timedelta]):
    name = "length"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        try:
            return parse_duration(str(value))
        except ValueError as error:
            self.fail(f"{error}: write it as 4w, 10d or 36h", param, ctx)


class _ZoneName(click.ParamType["Zone"]):
    name = "zone"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Zone:
        from svsm_cal.config.zone_names import read_zone

        advice = read_zone(str(value))
        if advice.zone is None:
            self.fail(f"{advice.message} (hint: {advice.hint})", param, ctx)
        if advice.severity == "warning":
            click.echo(f"svsm-cal: warning: {advice.message} (hint: {advice.hint})", err=True)
        return advice.zone

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        from svsm_cal.engine.tzdb import tz_database

        del ctx, param
        regions = sorted(tz_database().regions())
        return [click.shell_completion.CompletionItem(name) for name in regions if name.lower().startswith(incomplete.lower())]


class _LanguageTag(click.ParamType["Language"]):
    name = "language"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        del param, ctx
        return f"[{'|'.join(tags())}]"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Language:
        try:
            return language_of(str(value))
        except UsageError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        del ctx, param
        return [click.shell_completion.CompletionItem(tag) for tag in tags() if tag.startswith(incomplete)]


def _use_language(ctx: click.Context, param: click.Parameter, value: Language) -> None:
    del param
    if isinstance(ctx.obj, Invocation):  # not while a shell completes a command
        ctx.obj = replace(ctx.obj, language=value)


YEARS = f"from {FIRST_YEAR} to {LAST_YEAR}"
DAY = When("date", r"\d{4}-\d\d-\d\d", f"not a date {YEARS}: write it as 2025-03-12")
LENGTH = _Length()
ZONE = _ZoneName()


def _ids_of(kind: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Return a shell completer for the ids of the calendar's series or participants."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
        from svsm_cal.errors import SvsmCalError

        del param
        root = ctx.find_root()
        try:
            calendar = Invocation(root.params.get("path") or "calendar.toml", present()).load()
        except SvsmCalError:
            return []
        return [each.id for each in getattr(calendar, kind) if each.id.startswith(incomplete)]

    return complete


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
language_option = click.option(
    "--lang",
    type=_LanguageTag(),
    default=ENGLISH.tag,
    show_default=True,
    envvar="SVSM_CAL_LANG",
    show_envvar=True,
    expose_value=False,
    callback=_use_language,
    help="The language of the answer; errors and JSON stay English.",
)
zone_option = click.option("--tz", "zone", type=ZONE, help="Use the clock of this zone, e.g. America/New_York.")
participant_option = click.option(
    "--for", "participant", metavar="ID", shell_complete=_ids_of("participants"), help="Use this participant's clock."
)
series_ids = _ids_of("series")
series_option = click.option("--series", metavar="ID", shell_complete=series_ids, help="Only this series.")

store_option = click.option(
    "--store",
    metavar="STORE",
    envvar="SVSM_CAL_STORE",
    show_envvar=True,
    help="The store of invites and mails: a file or postgresql://...; default svsm-cal.db beside the calendar file.",
)

secret_option = click.option(
    "--secret-file",
    type=click.Path(),
    metavar="FILE",
    envvar="SVSM_CAL_SECRET_FILE",
    show_envvar=True,
    help="The file with the secret for the addresses of personal feeds; or set SVSM_CAL_SECRET to the secret.",
)

smtp_option = click.option(
    "--smtp",
    metavar="URL",
    help="The mail server, smtp://user@mail.example.org:587; default SVSM_CAL_SMTP. Its password is in "
    "SVSM_CAL_SMTP_PASSWORD, or in the file SVSM_CAL_SMTP_PASSWORD_FILE.",
)

_STYLES: dict[str, dict[str, object]] = {
    "strong": {"bold": True},
    "shift": {"fg": "yellow"},
    "urgent": {"fg": "red"},
    "cancelled": {"fg": "red", "dim": True},
    "faint": {"dim": True},
}


def paint(style: str, text: str) -> str:
    """Return a text in a style's colours; click removes them if there is no terminal."""
    return click.style(text, **_STYLES[style]) if style else text  # type: ignore[arg-type]
