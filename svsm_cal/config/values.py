"""Reading one value of calendar.toml by its kind: the parsed value, or the problems found."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from svsm_cal.config.schema import CHOICES, Kind
from svsm_cal.config.zone_names import read_zone
from svsm_cal.core.external_text import is_address
from svsm_cal.core.model import Details
from svsm_cal.engine.civil import FIRST_YEAR, LAST_YEAR, parse_duration
from svsm_cal.engine.rrule import RecurrenceRule
from svsm_cal.engine.rule_parts import Frequency, Skip
from svsm_cal.errors import RuleError
from svsm_cal.value import Value, fields_of, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from svsm_cal.config.positions import Path
    from svsm_cal.engine.civil import Instant
    from svsm_cal.errors import Severity


class Problem(Value):
    """A finding located by path instead of line and column.

    With `at_key` the place is the key, not the value. `column` is an offset within a string.
    """

    path: Path
    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"
    at_key: bool = False
    column: int = 0


class _Missing:
    """The result for a value that cannot be read; falsy."""

    def __bool__(self) -> bool:
        return False


MISSING = _Missing()
_Result = tuple[Any, list[Problem]]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE)
_URL = re.compile(r"(?:(?:https?|ircs?)://[^/\s<>\"{}|\\^`]|(?:matrix|xmpp|tel|sips?):)[^\s<>\"{}|\\^`]+", re.IGNORECASE)
_REGION = r"[A-Z]{2}(-[A-Z0-9]{1,3})?"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_TEXT = (str,)
_LONGEST = 4000
_MOST_A_DAY = 24
_MOST_ITEMS = 20_000


def read_value(kind: Kind, value: object, path: Path, now: Instant | None = None) -> _Result:
    """Return the parsed value, or MISSING, and the problems found; `now` is for hints about a zone's present time."""
    types, reader, _ = _FORMS[kind]
    # The exact type: in Python True is an int, and a datetime is a date.
    if type(value) not in types:
        message = f"{_name(path)} must be {kind.value}, not {_TYPE_NAMES.get(type(value), 'that')}"
        return MISSING, [Problem(path, "wrong-type", message, _example(kind, value, path))]
    if isinstance(value, str) and (problem := _text_problem(kind, value, path)):
        return MISSING, [problem]
    if isinstance(value, (datetime, time)) and value.tzinfo is not None:
        message = f"{_name(path)} {_shown(value)} has a UTC offset; a wall-clock time must not have one"
        return MISSING, [Problem(path, "wrong-type", message, _shown(value.replace(tzinfo=None)))]
    if isinstance(value, (datetime, time)) and value.microsecond:
        message = f"{_name(path)} {_shown(value)} has fractions of a second"
        return MISSING, [Problem(path, "time-too-fine", message, _shown(value.replace(microsecond=0)))]
    if isinstance(value, date) and not FIRST_YEAR <= value.year <= LAST_YEAR:
        message = f"{_name(path)} {_shown(value)} is outside the years {FIRST_YEAR} to {LAST_YEAR}"
        return MISSING, [Problem(path, "date-out-of-range", message, "a year in this range")]
    if kind is Kind.ZONE:
        return _zone(str(value), path, now)
    return reader(value, path)


def details_of(values: Mapping[str, Any]) -> Details:
    """Return the details among a table's values; a list of chairs becomes `chairs`."""
    details = {name: values[name] for name in fields_of(Details) if name in values}
    if isinstance(details.get("chair"), tuple):
        details["chairs"] = details.pop("chair")
    return Details(**details)


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


def _example(kind: Kind, value: object, path: Path) -> str:
    """Return what to write instead, made from the given value if possible."""
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
    return _FORMS[kind][2]


def _text_problem(kind: Kind, value: str, path: Path) -> Problem | None:
    checked = value.replace("\n", "").replace("\t", "") if kind is Kind.LONG_TEXT else value
    control = _CONTROL.search(checked)
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


def _valid(accepts: Callable[[str], object], code: str, noun: str, hint: str) -> Callable[[str, Path], _Result]:
    def read(value: str, path: Path) -> _Result:
        if accepts(value):
            return value, []
        return MISSING, [Problem(path, code, f"{_name(path)} {_shown(value)} is not a valid {noun}", hint)]

    return read


def _choice(kind: Kind, code: str) -> tuple[tuple[type, ...], Callable[[str, Path], _Result], str]:
    quoted = [f'"{word}"' for word in CHOICES[kind]]
    hint = f"{', '.join(quoted[:-1])} or {quoted[-1]}"
    return _TEXT, _valid(CHOICES[kind].__contains__, code, "value", hint), hint


_read_id = _valid(_ID.fullmatch, "id-invalid", "id", "letters, digits, '.', '_' and '-', at most 64")
_read_domain = _valid(_DOMAIN.fullmatch, "domain-invalid", "domain name", "calendar.example.org")
_read_link = _valid(_URL.fullmatch, "url-invalid", "link", "https://...")


def _template(value: str, path: Path) -> _Result:
    if "{" in value.replace("{date}", "") or "}" in value.replace("{date}", ""):
        return MISSING, [Problem(path, "template-invalid", f"{_name(path)}: the only placeholder is {{date}}", "{date}")]
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
        hint = error.hint if "=" in value else f"for a rule in words: repeat = {_shown(value)}"
        return MISSING, [Problem(path, "rule-invalid", f"rule: {error}", hint, column=error.position + 1)]
    if rule.skip is not Skip.OMIT:
        hint = "BYMONTHDAY=-1 is the last day of each month"
        return MISSING, [Problem(path, "rule-not-read", "rule: few calendar programs understand RSCALE and SKIP", hint)]
    problem = _too_often(rule)
    if problem:
        return MISSING, [Problem(path, "rule-too-often", f"rule: {problem}", "FREQ=DAILY, with BYHOUR for several calls a day")]
    # Some programs write an UNTIL in the far future for a rule without end.
    endless = rule.until is not None and rule.until.year > LAST_YEAR
    return replace(rule, until=None) if endless else rule, []


def _too_often(rule: RecurrenceRule) -> str:
    if rule.freq > Frequency.DAILY:
        return f"FREQ={rule.freq.name} is too often for a call"
    calls = max(1, len(rule.by_hour)) * max(1, len(rule.by_minute)) * max(1, len(rule.by_second))
    return f"{calls} calls a day are too many" if calls > _MOST_A_DAY else ""


def _repeat(value: str, path: Path) -> _Result:
    from svsm_cal.config.repeat import parse_repeat  # lazy: it compiles many patterns

    try:
        return parse_repeat(value), []
    except RuleError as error:
        return MISSING, [Problem(path, "repeat-invalid", f"repeat: {error}", error.hint)]


def _duration(value: str, path: Path) -> _Result:
    hint = '"1h", "45min", "1h30m", "2d" or "1w"'
    try:
        length = parse_duration(value)
    except ValueError as error:
        if not value.strip().startswith("-"):
            return MISSING, [Problem(path, "duration-invalid", f"{_name(path)} {error}", hint)]
        length = timedelta()
    if length <= timedelta():
        return MISSING, [Problem(path, "duration-not-positive", f"{_name(path)} {_shown(value)} is not positive", hint)]
    return length, []


def _list_of(kind: Kind) -> Callable[[list[object], Path], _Result]:
    def read(value: list[object], path: Path) -> _Result:
        if len(value) > _MOST_ITEMS:
            message = f"{_name(path)} has {len(value)} items"
            return MISSING, [Problem(path, "too-long", message, f"at most {_MOST_ITEMS}")]
        items, problems = [], []
        for number, item in enumerate(value):
            parsed, item_problems = read_value(kind, item, (*path, number))
            problems += item_problems
            if parsed is not MISSING:
                items.append(parsed)
        return tuple(items), problems

    return read


def _variable(value: str, path: Path) -> _Result:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        return value, []
    # The value may be the secret itself by mistake: the message must not repeat it in a build log.
    message = f"{_name(path)} is not a valid environment variable name (never write the secret itself in this file)"
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
    ids, problems = _read_ids(value, path)
    return (ids[0] if len(value) == 1 and ids else ids or MISSING), problems


# Kind -> the types TOML gives it, its reader, and an example for messages.
_FORMS: dict[Kind, tuple[tuple[type, ...], Callable[..., _Result], str]] = {
    Kind.ID: (_TEXT, _read_id, '"devel-call"'),
    Kind.TEXT: (_TEXT, _text, 'put it in quotes: "..."'),
    Kind.LONG_TEXT: (_TEXT, _text, 'put it in quotes: "..."'),
    Kind.DOMAIN: (_TEXT, _read_domain, '"calendar.example.org"'),
    Kind.ZONE: (_TEXT, _plain, '"Europe/Berlin"'),
    Kind.URL: (_TEXT, _read_link, '"https://..."'),
    Kind.TEMPLATE: (_TEXT, _template, '"https://.../{date}.md"'),
    Kind.EMAIL: (_TEXT, _valid(is_address, "email-invalid", "e-mail address", "name@example.org"), '"name@example.org"'),
    Kind.EMAILS: ((list,), _list_of(Kind.EMAIL), '["list@example.org"]'),
    Kind.COLOR: (_TEXT, _valid(partial(re.fullmatch, "[a-z]+"), "color-invalid", "CSS colour name", '"teal"'), '"teal"'),
    Kind.SHOWN: _choice(Kind.SHOWN, "shown-invalid"),
    Kind.INVITES: _choice(Kind.INVITES, "invites-invalid"),
    Kind.RULE: (_TEXT, _rule, '"FREQ=WEEKLY;BYDAY=WE"'),
    Kind.REPEAT: (_TEXT, _repeat, '"every Wednesday"'),
    Kind.DURATION: (_TEXT, _duration, '"1h"'),
    Kind.DURATIONS: ((list,), _list_of(Kind.DURATION), '["1d", "15m"]'),
    Kind.IDS: ((list,), _read_ids, '["everyone"]'),
    Kind.CHAIR: ((str, list), _chair, '"joerg" or ["joerg", "stefano"]'),
    Kind.CHANNEL: _choice(Kind.CHANNEL, "channel-kind-invalid"),
    Kind.LANGUAGE: (_TEXT, _language, '"en"'),
    Kind.SEVERITY: _choice(Kind.SEVERITY, "severity-invalid"),
    Kind.VARIABLE: (_TEXT, _variable, '"SVSM_CHAT_URL"'),
    Kind.REGION: (_TEXT, _valid(partial(re.fullmatch, _REGION), "region-invalid", "region", '"DE", "DE-BY" or "US-CA"'), '"DE"'),
    Kind.DATE: ((date,), _plain, "2025-03-11, without quotes and time"),
    Kind.INSTANCE: ((date, datetime), _plain, "2025-03-12, without quotes"),
    Kind.LOCAL: ((datetime,), _plain, "2025-03-12T18:00:00, without quotes"),
    Kind.TIME: ((time,), _plain, "17:00:00, without quotes"),
    Kind.TABLE: ((dict,), _plain, "{ ... } or a [section]"),
    Kind.TABLES: ((list,), _plain, "[{ ... }] or [[section]]"),
}
