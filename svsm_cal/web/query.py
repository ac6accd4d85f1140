"""Query parameters: one table that reads, refuses and documents them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from svsm_cal.engine.civil import FIRST_YEAR, LAST_YEAR, parse_duration
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from svsm_cal.engine.zones import Zone

MOST_CALLS = 100
LONGEST_WITHIN = timedelta(days=3653)


class BadRequest(Exception):  # noqa: N818 - the name of the response
    """A query that cannot be answered: the mistake, and what to write."""

    def __init__(self, error: str, hint: str) -> None:
        super().__init__(error)
        self.error, self.hint = error, hint


class Kind(Value):
    """A type of parameter: its parser (ValueError for a bad text), the advice on a bad text, and its JSON Schema."""

    read: Callable[[str], Any]
    write: str
    schema: Mapping[str, object]


class Parameter(Value):
    """A parameter: its name in the address, its type, its description, and its default."""

    name: str
    kind: Kind
    says: str
    required: bool = False
    default: object = None


def read_query(query: str, parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """Return the value of each parameter by name, its default where it is missing; raises BadRequest."""
    known = {each.name: each for each in parameters}
    given: dict[str, Any] = {}
    for part in filter(None, query.split("&")):
        name, _, raw = part.partition("=")
        name, text = _text(name, "a parameter's name"), _text(raw, "a value")
        if name not in known:
            raise BadRequest(f'no parameter "{name[:40]}"', f"write {', '.join(known)}")
        if name in given:
            raise BadRequest(f'the parameter "{name}" stands twice', "write it once")
        kind = known[name].kind
        try:
            given[name] = kind.read(text)
        except BadRequest as error:
            raise BadRequest(f"{name}: {error.error}", error.hint) from error
        except (ValueError, OverflowError):
            raise BadRequest(f'{name}: "{text[:60]}" is not allowed', kind.write) from None
    for each in parameters:
        if each.required and each.name not in given:
            raise BadRequest(f'the parameter "{each.name}" is missing', each.kind.write)
    return {each.name: given.get(each.name, each.default) for each in parameters}


def _text(raw: str, what: str) -> str:
    """Decode a part of a query (application/x-www-form-urlencoded, UTF-8)."""
    try:
        text = unquote_to_bytes(raw.replace("+", " ")).decode()
    except UnicodeDecodeError:
        raise BadRequest(f"{what} is not UTF-8", "write it in UTF-8") from None
    if not text.isprintable():
        raise BadRequest(f"{what} has a control character", "write plain text")
    return text


def _number(text: str) -> int:
    number = int(text) if re.fullmatch(r"[0-9]{1,4}", text) else 0
    if not 1 <= number <= MOST_CALLS:
        raise ValueError
    return number


def _day(text: str) -> date:
    day = date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError
    return day


def _length(text: str) -> timedelta:
    length = parse_duration(text)
    if length > LONGEST_WITHIN:
        raise ValueError
    return length


def _flag(text: str) -> bool:
    return bool(("false", "true").index(text))


def _zone(text: str) -> Zone:
    from svsm_cal.config.zone_names import read_zone

    advice = read_zone(text)
    if advice.zone is None:
        raise BadRequest(advice.message, advice.hint)
    return advice.zone


NUMBER = Kind(
    _number, f"write a number from 1 to {MOST_CALLS}", {"type": "integer", "minimum": 1, "maximum": MOST_CALLS, "default": 5}
)
DAY = Kind(
    _day,
    f"write a date from {FIRST_YEAR} to {LAST_YEAR} as 2025-03-12",
    {"type": "string", "format": "date", "examples": ["2025-03-12"]},
)
LENGTH = Kind(_length, "write a length up to ten years as 4w, 10d or 36h", {"type": "string", "examples": ["4w", "10d", "36h"]})
FLAG = Kind(_flag, "write true or false", {"type": "boolean", "default": False})
ZONE = Kind(
    _zone, "write an IANA region such as America/New_York", {"type": "string", "examples": ["America/New_York", "Asia/Kolkata"]}
)
ID = Kind(str, "write an id of calendar.toml", {"type": "string"})
