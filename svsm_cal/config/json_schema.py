"""The JSON Schema of calendar.toml, for editors; made from the same table as the reader.

`calendar.schema.json` beside this module is its output (`python -m svsm_cal.config.json_schema` prints it).
"""

from __future__ import annotations

import json
from typing import Any

from svsm_cal.config.schema import TABLES, Field, Kind
from svsm_cal.words import tags

__all__ = ["json_schema", "json_schema_text"]

_ID = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"}
_DURATION = {"type": "string", "pattern": r"^(P.+|\s*(\d+\s*(w|d|h|m|min|s)\s*)+)$"}
_DATE = {"type": "string", "format": "date"}
# Wall-clock times have no offset, which the formats date-time and time would require.
_LOCAL = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?$"}
_KINDS: dict[Kind, dict[str, Any]] = {
    Kind.ID: _ID,
    Kind.TEXT: {"type": "string", "minLength": 1},
    Kind.LONG_TEXT: {"type": "string", "minLength": 1},
    Kind.DOMAIN: {"type": "string", "format": "hostname"},
    Kind.ZONE: {"type": "string", "examples": ["Europe/Berlin", "America/New_York", "UTC"]},
    Kind.URL: {"type": "string", "format": "uri"},
    Kind.TEMPLATE: {"type": "string", "examples": ["https://example.org/minutes/{date}.md"]},
    Kind.EMAIL: {"type": "string", "format": "email"},
    Kind.EMAILS: {"type": "array", "items": {"type": "string", "format": "email"}},
    Kind.COLOR: {"type": "string", "pattern": "^[a-z]+$"},
    Kind.SHOWN: {"enum": ["hide", "show"]},
    Kind.INVITES: {"enum": ["full", "instance", "none"]},
    Kind.RULE: {"type": "string", "pattern": "FREQ=", "examples": ["FREQ=WEEKLY;BYDAY=WE"]},
    Kind.REPEAT: {"type": "string", "examples": ["every Wednesday", "first Monday of the month"]},
    Kind.DURATION: _DURATION,
    Kind.DURATIONS: {"type": "array", "items": _DURATION},
    Kind.IDS: {"type": "array", "items": _ID},
    Kind.CHAIR: {"anyOf": [_ID, {"type": "array", "items": _ID, "minItems": 1}]},
    Kind.REGION: {"type": "string", "pattern": "^[A-Z]{2}(-[A-Z0-9]{1,3})?$", "examples": ["DE", "US-CA"]},
    Kind.CHANNEL: {"enum": ["mail", "slack", "discord", "matrix", "mattermost", "zulip", "apprise"]},
    Kind.SEVERITY: {"enum": ["info", "warning", "urgent"]},
    Kind.VARIABLE: {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
    Kind.DATE: _DATE,
    Kind.INSTANCE: {"anyOf": [_DATE, _LOCAL]},
    Kind.LOCAL: _LOCAL,
    Kind.TIME: {"type": "string", "pattern": r"^\d\d:\d\d(:\d\d(\.\d+)?)?$"},
}


def json_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12) of a calendar.toml read as JSON."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "svsm_cal calendar.toml",
        **_table(TABLES[""]),
        "$defs": {name: _table(fields) for name, fields in TABLES.items() if name},
    }


def _table(fields: dict[str, Field]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [key for key, field in fields.items() if field.required],
        "properties": {key: {"description": field.doc, **_field(field)} for key, field in fields.items()},
    }


def _field(field: Field) -> dict[str, Any]:
    if field.kind is Kind.TABLE:
        return {"$ref": f"#/$defs/{field.table}"}
    if field.kind is Kind.TABLES:
        return {"type": "array", "items": {"$ref": f"#/$defs/{field.table}"}}
    if field.kind is Kind.LANGUAGE:
        return {"enum": [*tags()]}
    return _KINDS[field.kind]


def json_schema_text() -> str:
    """Return the schema as the text of calendar.schema.json."""
    return json.dumps(json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    print(json_schema_text(), end="")  # noqa: T201 - this is its output
