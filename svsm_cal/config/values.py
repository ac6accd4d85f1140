"""One value of calendar.toml, by its kind: what it becomes, or what is wrong with it."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from svsm_cal.config.schema import Kind
from svsm_cal.config.zone_names import read_zone
from svsm_cal.core.external_text import is_address
from svsm_cal.core.model import Details
from svsm_cal.engine.civil import FIRST_YEAR, LAST_YEAR, parse_duration
from svsm_cal.engine.rrule import Frequency, RecurrenceRule, Skip
from svsm_cal.errors import RuleError
from svsm_cal.value import Value, fields_of, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from svsm_cal.config.positions import Path
    from svsm_cal.engine.civil import Instant
    from svsm_cal.errors import Severity

__all__ = ["MISSING", "Problem", "details_of", "read_value"]


class Problem(Value):
    """A finding whose place is still a path; `at_key` if its key is the place, `column` to add within a string."""

    path: Path
    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"
    at_key: bool = False
    column: int = 0


class _Missing:
    """What a value that could not be read becomes; false, and never a value."""

    def __bool__(self) -> bool:
        return False


MISSING = _Missing()
_Result = tuple[Any, list[Problem]]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE)
_URL = re.compile(r"(?:(?:https?|ircs?)://[^/\s<>\"{}|\\^`]|(?:matrix|xmpp|tel|sips?):)[^\s<>\"{}|\\^`]+", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_LONGEST = 4000
_MOST_A_DAY = 24
_MOST_ITEMS = 20_000


def read_value(kind: Kind, value: object, path: Path, now: Instant | None = None) -> _Result:
    """Return what `value` means and the problems it has; MISSING instead of a meaning if it has none."""
    expected, reader = _READERS[kind]
    # TOML's true is no number, and a date and time is no date.
    if type(value) not in expected:
        return MISSING, [Problem(path, "wrong-type", _wrong_type(kind, value, path), _example(kind, value, path))]
    if isinstance(value, str) and (found := _text_problem(kind, value, path)):
        return MISSING, [found]
    if isinstance(value, (datetime, time)) and value.tzinfo is not None:
        message = f"{_name(path)} {_shown(value)} carries an offset; a wall-clock time has none"
        return MISSING, [Problem(path, "wrong-type", message, _shown(value.replace(tzinfo=None)))]
    if isinstance(value, (datetime, time)) and value.microsecond:
        message = f"{_name(path)} {_shown(value)} has fractions of a second"
        return MISSING, [Problem(path, "time-too-fine", message, _shown(value.replace(microsecond=0)))]
    if isinstance(value, date) and not FIRST_YEAR <= value.year <= LAST_YEAR:
        message = f"{_name(path)} {_shown(value)} is outside the years {FIRST_YEAR} to {LAST_YEAR}"
        return MISSING, [Problem(path, "date-out-of-range", message, "a year within them")]
    if kind is Kind.ZONE:
        return _zone(str(value), path, now)
    return reader(value, path)


def details_of(values: Mapping[str, Any]) -> Details:
    """Return the details among a table's values; several chairs are in turn."""
    found = {name: values[name] for name in fields_of(Details) if name in values}
    if isinstance(found.get("chair"), tuple):
        found["chairs"] = found.pop("chair")
    return Details(**found)


def _name(path: Path) -> str:
    return str(next((part for part in reversed(path) if isinstance(part, str)), ""))


def _shown(value: object) -> str:
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


_TYPE_NAMES = {
    str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table",
    date: "a date", datetime: "a date and time", time: "a time of day",
}  # fmt: skip


def _wrong_type(kind: Kind, value: object, path: Path) -> str:
    return f"{_name(path)} must be {kind.value}, not {_TYPE_NAMES.get(type(value), 'that')}"


def _example(kind: Kind, value: object, path: Path) -> str:
    """Return what to write instead: the writer's own value where that can be seen."""
    if kind is Kind.TABLES and len(path) == 1:
        return f"[[{path[0]}]]"
    if kind is Kind.TABLE and len(path) == 1:
        return f"[{path[0]}]"
    if (
        isinstance(value, str)
        and kind in (Kind.DATE, Kind.INSTANCE, Kind.LOCAL)
        and re.fullmatch(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d)?", value)
    ):
        return f"{value}, without quotes"
    return _EXAMPLES[kind]


def _text_problem(kind: Kind, value: str, path: Path) -> Problem | None:
    allowed = value.replace("\n", "").replace("\t", "") if kind is Kind.LONG_TEXT else value
    control = _CONTROL.search(allowed)
    if control:
        message = f"{_name(path)} has a control character (U+{ord(control[0]):04X})"
        return Problem(path, "control-character", message, "remove it")
    if not value.strip() and kind is not Kind.ZONE:
        return Problem(path, "empty", f"{_name(path)} is empty", "write something, or leave the key out")
    if len(value) > _LONGEST:
        return Problem(path, "too-long", f"{_name(path)} has {len(value)} characters", f"at most {_LONGEST}")
    return None


def _plain(value: Any, _: Path) -> _Result:
    return value, []


def _text(value: str, _: Path) -> _Result:
    return value.strip(), []


def _matching(pattern: str | re.Pattern[str], code: str, problem: str, hint: str) -> Callable[[str, Path], _Result]:
    def read(value: str, path: Path) -> _Result:
        if re.fullmatch(pattern, value):
            return value, []
        return MISSING, [Problem(path, code, f"{_name(path)} {_shown(value)} {problem}", hint)]

    return read


_read_id = _matching(_ID, "id-invalid", "is no id", "letters, digits, '.', '_' and '-', at most 64")
_read_link = _matching(_URL, "url-invalid", "is no link", "https://...")


def _email(value: str, path: Path) -> _Result:
    if is_address(value):
        return value, []
    return MISSING, [Problem(path, "email-invalid", f"{_name(path)} {_shown(value)} is no e-mail address", "name@example.org")]


def _template(value: str, path: Path) -> _Result:
    if "{" in value.replace("{date}", "") or "}" in value.replace("{date}", ""):
        return MISSING, [Problem(path, "template-invalid", f"{_name(path)}: only {{date}} can be filled in", "{date}")]
    _, problems = _read_link(value.replace("{date}", "2025-03-05"), path)
    return (MISSING, problems) if problems else (value, [])


def _zone(value: str, path: Path, now: Instant | None) -> _Result:
    advice = read_zone(value, now=now)
    if advice.severity is None:
        return advice.zone, []
    problem = Problem(path, advice.code, f"{_name(path)}: {advice.message}", advice.hint, advice.severity)
    return advice.zone or MISSING, [problem]


def _rule(value: str, path: Path) -> _Result:
    try:
        rule = RecurrenceRule.parse(value)
    except RuleError as error:
        hint = error.hint if "=" in value else f"in words it is repeat = {_shown(value)}"
        return MISSING, [Problem(path, "rule-invalid", f"rule: {error}", hint, column=error.position + 1)]
    if rule.skip is not Skip.OMIT:
        hint = "BYMONTHDAY=-1 is the last day of each month"
        return MISSING, [Problem(path, "rule-not-read", "rule: few calendar programs understand RSCALE and SKIP", hint)]
    problem = _unusable(rule)
    if problem:
        return MISSING, [Problem(path, "rule-too-often", f"rule: {problem}", "FREQ=DAILY, with BYHOUR for several calls a day")]
    # The end of time, as some programs write for no end at all.
    endless = rule.until is not None and rule.until.year > LAST_YEAR
    return replace(rule, until=None) if endless else rule, []


def _unusable(rule: RecurrenceRule) -> str:
    if rule.freq > Frequency.DAILY:
        return f"FREQ={rule.freq.name} is too often for a call"
    calls = max(1, len(rule.by_hour)) * max(1, len(rule.by_minute)) * max(1, len(rule.by_second))
    return f"{calls} calls a day are too many" if calls > _MOST_A_DAY else ""


def _repeat(value: str, path: Path) -> _Result:
    from svsm_cal.config.repeat import parse_repeat

    try:
        return parse_repeat(value), []
    except RuleError as error:
        return MISSING, [Problem(path, "repeat-invalid", f"repeat: {error}", error.hint)]


def _duration(value: str, path: Path) -> _Result:
    try:
        length = parse_duration(value)
    except ValueError as error:
        hint = '"1h", "45min", "1h30m", "2d" or "1w"'
        if value.strip().startswith("-"):
            return MISSING, [Problem(path, "duration-not-positive", f"{_name(path)} {_shown(value)} is not positive", hint)]
        return MISSING, [Problem(path, "duration-invalid", f"{_name(path)} {error}", hint)]
    if length <= timedelta():
        return MISSING, [Problem(path, "duration-not-positive", f"{_name(path)} {_shown(value)} is not positive", '"1h"')]
    return length, []


def _list_of(kind: Kind) -> Callable[[list[object], Path], _Result]:
    def read(value: list[object], path: Path) -> _Result:
        if len(value) > _MOST_ITEMS:
            message = f"{_name(path)} has {len(value)} items"
            return MISSING, [Problem(path, "too-long", message, f"at most {_MOST_ITEMS}")]
        found, problems = [], []
        for number, item in enumerate(value):
            meaning, wrong = read_value(kind, item, (*path, number))
            problems += wrong
            if meaning is not MISSING:
                found.append(meaning)
        return tuple(found), problems

    return read


def _variable(value: str, path: Path) -> _Result:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        return value, []
    # Who writes the secret itself here should not find it in a build's log too.
    message = f"{_name(path)} is no name of an environment variable (the secret itself must not stand in this file)"
    return MISSING, [Problem(path, "variable-invalid", message, '"SVSM_CHAT_URL"')]


def _language(value: str, path: Path) -> _Result:
    from svsm_cal.words import tags

    if value in tags():
        return value, []
    hint = " or ".join(f'"{tag}"' for tag in tags())
    return MISSING, [Problem(path, "language-invalid", f"{_name(path)} {_shown(value)} is not one of the languages", hint)]


_read_ids = _list_of(Kind.ID)


def _chair(value: str | list[object], path: Path) -> _Result:
    if isinstance(value, str):
        return _read_id(value, path)
    if not value:
        return MISSING, [Problem(path, "empty", f"{_name(path)} is an empty list", "ids, or leave the key out")]
    found, problems = _read_ids(value, path)
    return (found[0] if len(value) == 1 and found else found or MISSING), problems


_TEXT = (str,)
_READERS: dict[Kind, tuple[tuple[type, ...], Callable[..., _Result]]] = {
    Kind.ID: (_TEXT, _read_id),
    Kind.TEXT: (_TEXT, _text),
    Kind.LONG_TEXT: (_TEXT, _text),
    Kind.DOMAIN: (_TEXT, _matching(_DOMAIN, "domain-invalid", "is no domain name", "calendar.example.org")),
    Kind.ZONE: (_TEXT, _plain),
    Kind.URL: (_TEXT, _read_link),
    Kind.TEMPLATE: (_TEXT, _template),
    Kind.EMAIL: (_TEXT, _email),
    Kind.EMAILS: ((list,), _list_of(Kind.EMAIL)),
    Kind.COLOR: (_TEXT, _matching(r"[a-z]+", "color-invalid", "is no CSS colour name", '"teal"')),
    Kind.SHOWN: (_TEXT, _matching(r"hide|show", "shown-invalid", "is neither", '"hide" or "show"')),
    Kind.INVITES: (
        _TEXT,
        _matching(r"full|instance|none", "invites-invalid", "is none of these", '"full", "instance" or "none"'),
    ),
    Kind.RULE: (_TEXT, _rule),
    Kind.REPEAT: (_TEXT, _repeat),
    Kind.DURATION: (_TEXT, _duration),
    Kind.DURATIONS: ((list,), _list_of(Kind.DURATION)),
    Kind.IDS: ((list,), _read_ids),
    Kind.CHAIR: ((str, list), _chair),
    Kind.CHANNEL: (
        _TEXT,
        _matching(
            "mail|slack|discord|matrix|mattermost|zulip|apprise",
            "channel-kind-invalid",
            "is no kind of channel",
            "mail, slack, discord, matrix, mattermost, zulip or apprise",
        ),
    ),
    Kind.LANGUAGE: (_TEXT, _language),
    Kind.SEVERITY: (
        _TEXT,
        _matching("info|warning|urgent", "severity-invalid", "is no severity", '"info", "warning" or "urgent"'),
    ),
    Kind.VARIABLE: (_TEXT, _variable),
    Kind.REGION: (_TEXT, _matching(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", "region-invalid", "is no region", '"DE", "DE-BY" or "US-CA"')),
    Kind.DATE: ((date,), _plain),
    Kind.INSTANCE: ((date, datetime), _plain),
    Kind.LOCAL: ((datetime,), _plain),
    Kind.TIME: ((time,), _plain),
    Kind.TABLE: ((dict,), _plain),
    Kind.TABLES: ((list,), _plain),
}
_EXAMPLES = {
    Kind.ID: '"devel-call"', Kind.TEXT: 'put it in quotes: "..."', Kind.LONG_TEXT: 'put it in quotes: "..."',
    Kind.DOMAIN: '"calendar.example.org"', Kind.ZONE: '"Europe/Berlin"', Kind.URL: '"https://..."',
    Kind.TEMPLATE: '"https://.../{date}.md"', Kind.EMAIL: '"name@example.org"', Kind.COLOR: '"teal"',
    Kind.SHOWN: '"hide" or "show"', Kind.RULE: '"FREQ=WEEKLY;BYDAY=WE"', Kind.REPEAT: '"every Wednesday"', Kind.DURATION: '"1h"',
    Kind.DURATIONS: '["1d", "15m"]', Kind.IDS: '["everyone"]', Kind.CHAIR: '"joerg" or ["joerg", "stefano"]', Kind.REGION: '"DE"',
    Kind.CHANNEL: '"slack"', Kind.LANGUAGE: '"en"', Kind.SEVERITY: '"info"', Kind.VARIABLE: '"SVSM_CHAT_URL"',
    Kind.DATE: "2025-03-11, without quotes and time",
    Kind.INSTANCE: "2025-03-12, without quotes", Kind.LOCAL: "2025-03-12T18:00:00, without quotes",
    Kind.EMAILS: '["list@example.org"]', Kind.INVITES: '"full"',
    Kind.TIME: "17:00:00, without quotes", Kind.TABLE: "{ ... } or a [section]", Kind.TABLES: "[{ ... }] or [[section]]",
}  # fmt: skip
