"""The format of calendar.toml as one table, used by the reader and for the JSON Schema."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from svsm_cal.value import Value


class Kind(StrEnum):
    """The kind of a value; `svsm_cal.config.values` has the reader of each."""

    ID = "an id"
    TEXT = "a text"
    LONG_TEXT = "a text of several lines"
    DOMAIN = "a domain name"
    ZONE = "a time zone"
    URL = "a link"
    TEMPLATE = "a link with {date} in it"
    EMAIL = "an e-mail address"
    EMAILS = "a list of e-mail addresses"
    COLOR = "a colour"
    SHOWN = '"hide" or "show"'
    INVITES = '"full", "instance" or "none"'
    RULE = "a recurrence rule"
    REPEAT = "a repetition in words"
    DURATION = "a length of time"
    DURATIONS = "a list of lengths of time"
    IDS = "a list of ids"
    CHAIR = "an id or a list of ids"
    REGION = "a country, or a part of one"
    CHANNEL = "a kind of channel"
    LANGUAGE = "a language"
    SEVERITY = '"info", "warning" or "urgent"'
    VARIABLE = "the name of an environment variable"
    DATE = "a date"
    INSTANCE = "a date, or a date and time"
    LOCAL = "a date and time"
    TIME = "a time of day"
    TABLE = "a table"
    TABLES = "a list of tables"


class Field(Value):
    """One key of a table; `table` names the schema of a TABLE or of each item of TABLES."""

    kind: Kind
    doc: str
    required: bool = False
    table: str = ""


# The values of the kinds that are a choice of words.
CHOICES: dict[Kind, tuple[str, ...]] = {
    Kind.SHOWN: ("hide", "show"),
    Kind.INVITES: ("full", "instance", "none"),
    Kind.CHANNEL: ("mail", "slack", "discord", "matrix", "mattermost", "zulip", "apprise"),
    Kind.SEVERITY: ("info", "warning", "urgent"),
}

_DETAILS = {
    "title": Field(Kind.TEXT, "The call's title."),
    "url": Field(Kind.URL, "The link to join."),
    "location": Field(Kind.TEXT, "The place, for a call without a link."),
    "description": Field(Kind.LONG_TEXT, "What the call is about."),
    "chair": Field(Kind.ID, "The participant who chairs the call."),
    "minutes": Field(Kind.TEMPLATE, "The link to the minutes; {date} is replaced by the call's date."),
}
_CHAIR = Field(Kind.CHAIR, "The participant who chairs the call, or a list of participants who take turns.")
_REASON = Field(Kind.TEXT, "The reason, in a few words; shown to everybody.")
_LENGTH = Field(Kind.DURATION, 'The length, for example "1h" or "45min".')
_DATE = Field(Kind.INSTANCE, "The call's date by the rule; with the time if there are several calls a day.", required=True)
_RULE = Field(Kind.RULE, 'An RFC 5545 rule, for example "FREQ=WEEKLY;BYDAY=WE".')
_REPEAT = Field(Kind.REPEAT, 'The rule in words, for example "every Wednesday".')
_REMIND = Field(Kind.DURATIONS, 'When to send reminders, for example ["1w", "1d"].')

TABLES: dict[str, dict[str, Field]] = {
    "": {
        "calendar": Field(Kind.TABLE, "The calendar itself.", required=True, table="calendar"),
        "series": Field(Kind.TABLES, "The recurring calls.", table="series"),
        "participant": Field(Kind.TABLES, "The people, each with a home zone.", table="participant"),
        "deadline": Field(Kind.TABLES, "Single deadlines.", table="deadline"),
        "release": Field(Kind.TABLES, "Releases and their milestones.", table="release"),
        "event": Field(Kind.TABLES, "Events that calls should avoid, such as conferences.", table="event"),
        "notices": Field(Kind.TABLE, "When and where notices are sent.", table="notices"),
    },
    "calendar": {
        "id": Field(Kind.ID, "The name used for files and feeds.", required=True),
        "name": Field(Kind.TEXT, "The calendar's title.", required=True),
        "domain": Field(Kind.DOMAIN, "The right-hand side of every UID; never change it.", required=True),
        "zone": Field(Kind.ZONE, "The anchor zone: calls follow its wall clock, unless a series has its own.", required=True),
        "description": Field(Kind.LONG_TEXT, "A description of the community."),
        "url": Field(Kind.URL, "The address at which the calendar is published."),
        "color": Field(Kind.COLOR, "A CSS colour name that clients may use."),
        "organizer": Field(Kind.TABLE, "The sender of invites.", table="organizer"),
        "language": Field(Kind.LANGUAGE, 'The language of feeds, invites, mails and the site\'s first page; default "en".'),
        "agenda": Field(Kind.TEXT, "The path of the community's own agenda template, relative to this file."),
        "cancelled": Field(Kind.TABLE, "Which feeds show cancelled calls.", table="cancelled"),
    },
    "cancelled": {
        "public": Field(Kind.SHOWN, 'In the feed of all calls; default "hide".'),
        "series": Field(Kind.SHOWN, 'In the feeds of single series; default "hide".'),
        "personal": Field(Kind.SHOWN, 'In the participants\' own feeds; default "hide".'),
    },
    "organizer": {
        "name": Field(Kind.TEXT, "The sender's name.", required=True),
        "email": Field(Kind.EMAIL, "The sender's address; used in invites only.", required=True),
    },
    "series": {
        "id": Field(Kind.ID, "A permanent name; it is part of the UID.", required=True),
        "title": Field(Kind.TEXT, "The call's title.", required=True),
        "start": Field(Kind.LOCAL, "The first call, on the anchor zone's wall clock.", required=True),
        "duration": Field(Kind.DURATION, 'The length, for example "1h".', required=True),
        "zone": Field(Kind.ZONE, "The series' own anchor zone, if not the calendar's."),
        "rule": _RULE,
        "repeat": _REPEAT,
        "attendees": Field(Kind.IDS, "Ids of participants or names of groups."),
        "lists": Field(Kind.EMAILS, "Mailing lists that get invites without a request for an answer; never published."),
        **{name: field for name, field in _DETAILS.items() if name != "title"},
        "chair": _CHAIR,
        "cancel": Field(Kind.TABLES, "Calls that do not take place.", table="cancel"),
        "move": Field(Kind.TABLES, "Calls that take place at another time.", table="move"),
        "change": Field(Kind.TABLES, "Calls with another chair, link or title.", table="change"),
        "add": Field(Kind.TABLES, "Calls outside the rule.", table="add"),
        "from": Field(Kind.TABLES, "Changes that apply from a date on.", table="from"),
    },
    "cancel": {"date": _DATE, "reason": _REASON},
    "move": {
        "date": _DATE,
        "to": Field(Kind.LOCAL, "The new start, on the anchor zone's wall clock.", required=True),
        "reason": _REASON,
        "duration": _LENGTH,
        **_DETAILS,
    },
    "change": {"date": _DATE, "reason": _REASON, "duration": _LENGTH, **_DETAILS},
    "add": {
        "start": Field(Kind.LOCAL, "The start, on the anchor zone's wall clock.", required=True),
        "reason": _REASON,
        "duration": _LENGTH,
        **_DETAILS,
    },
    "from": {
        "date": Field(Kind.DATE, "The first date to which the changes apply.", required=True),
        "start": Field(Kind.TIME, "A new time of day, for example 17:00:00."),
        "zone": Field(Kind.ZONE, "A new anchor zone."),
        "rule": _RULE,
        "repeat": _REPEAT,
        "duration": _LENGTH,
        "reason": _REASON,
        **_DETAILS,
        "chair": _CHAIR,
    },
    "participant": {
        "id": Field(Kind.ID, "The name used in the rest of the file.", required=True),
        "name": Field(Kind.TEXT, "The name that people see.", required=True),
        "zone": Field(Kind.ZONE, "The home zone.", required=True),
        "email": Field(Kind.EMAIL, "The address for invites and mails; never published."),
        "groups": Field(Kind.IDS, "The groups this participant is in."),
        "reminders": Field(Kind.DURATIONS, 'How long before a call their feed reminds them, for example ["1d", "15m"].'),
        "away": Field(Kind.TABLES, "Days away.", table="away"),
        "invites": Field(Kind.INVITES, 'Mails for a change of one call: the "full" series (default), that "instance" or "none".'),
        "mail_reminders": Field(Kind.DURATIONS, 'How long before a call to mail a reminder, for example ["1d"].'),
        "mail_deadlines": Field(Kind.DURATIONS, 'How long before a deadline to mail a reminder, for example ["1w", "1d"].'),
        "region": Field(Kind.REGION, 'The ISO 3166 region for public holidays: "DE", "DE-BY", "US-CA".'),
        "feed": Field(Kind.ID, "A word that is part of the feed's secret address; change it to revoke the old address."),
    },
    "away": {
        "from": Field(Kind.DATE, "The first day.", required=True),
        "to": Field(Kind.DATE, "The last day.", required=True),
    },
    "deadline": {
        "id": Field(Kind.ID, "A permanent name.", required=True),
        "title": Field(Kind.TEXT, "What is due.", required=True),
        "date": Field(Kind.DATE, "A whole day; over when it has ended in `zone`, by default everywhere on Earth."),
        "at": Field(Kind.LOCAL, "Or a date and time, on the clock of `zone` or the calendar's zone."),
        "zone": Field(Kind.ZONE, "The zone of `date` or `at`."),
        "remind": _REMIND,
        "url": Field(Kind.URL, "A link with details."),
    },
    "release": {
        "id": Field(Kind.ID, "A permanent name.", required=True),
        "title": Field(Kind.TEXT, "The release's title.", required=True),
        "zone": Field(Kind.ZONE, "The zone in which a milestone's day ends; by default everywhere on Earth."),
        "url": Field(Kind.URL, "A link with details."),
        "milestones": Field(Kind.TABLES, "The milestones, in order.", required=True, table="milestone"),
    },
    "milestone": {
        "id": Field(Kind.ID, "A permanent name, unique within the release.", required=True),
        "title": Field(Kind.TEXT, "The milestone's title; by default its id."),
        "date": Field(Kind.DATE, "The planned day."),
        "after": Field(Kind.ID, "Or the id of an earlier milestone,"),
        "offset": Field(Kind.DURATION, 'and the time after it, for example "1w".'),
        "actual": Field(Kind.DATE, "The day it happened, or the new planned day; the first planned day is kept."),
        "remind": _REMIND,
    },
    "event": {
        "id": Field(Kind.ID, "A permanent name.", required=True),
        "title": Field(Kind.TEXT, "The event's title.", required=True),
        "start": Field(Kind.DATE, "The first day.", required=True),
        "end": Field(Kind.DATE, "The last day; by default the first."),
        "url": Field(Kind.URL, "A link with details."),
    },
    "notices": {
        "lead": Field(Kind.TABLE, "How far ahead each kind of notice is due.", table="lead"),
        "channel": Field(Kind.TABLES, "Where notices are sent.", table="channel"),
    },
    "lead": {
        "shift": Field(Kind.DURATION, 'Before the first call at another local time; default "1w".'),
        "last": Field(Kind.DURATION, 'Before the last such call, and before the last call ahead of a deadline; default "1d".'),
        "call": Field(Kind.DURATION, 'Before a call that is cancelled, moved, or has another chair or link; default "1w".'),
        "absence": Field(Kind.DURATION, 'Before a call that people will miss; default "1w".'),
        "deadline": Field(Kind.DURATIONS, 'Before a deadline without its own `remind`; default ["1w"].'),
    },
    "channel": {
        "id": Field(Kind.ID, "A permanent name.", required=True),
        "kind": Field(Kind.CHANNEL, "mail, slack, discord, matrix, mattermost, zulip or apprise.", required=True),
        "language": Field(Kind.LANGUAGE, "The language of the notices; default the calendar's."),
        "series": Field(Kind.IDS, "Only notices about these series; default all."),
        "severity": Field(Kind.SEVERITY, "Only notices of at least this severity; default all."),
        "to": Field(Kind.EMAIL, "A mailing list; without it, each participant gets their own notices by mail."),
        "url_env": Field(Kind.VARIABLE, "The environment variable with the secret address; never write the address here."),
        "url_file": Field(Kind.TEXT, "Or the file with the secret address."),
        "room": Field(Kind.TEXT, "The Matrix room (!abc:matrix.org) or the Zulip channel."),
        "topic": Field(Kind.TEXT, "The Zulip topic; default the calendar's name."),
    },
}


_ID = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"}
_DURATION = {"type": "string", "pattern": r"^(P.+|\s*(\d+\s*(w|d|h|m|min|s)\s*)+)$"}
_DATE_SCHEMA = {"type": "string", "format": "date"}
# Wall-clock times have no UTC offset; the formats date-time and time would require one.
_LOCAL = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?$"}
_KINDS: dict[Kind, dict[str, Any]] = {
    **{kind: {"enum": [*words]} for kind, words in CHOICES.items()},
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
    Kind.RULE: {"type": "string", "pattern": "FREQ=", "examples": ["FREQ=WEEKLY;BYDAY=WE"]},
    Kind.REPEAT: {"type": "string", "examples": ["every Wednesday", "first Monday of the month"]},
    Kind.DURATION: _DURATION,
    Kind.DURATIONS: {"type": "array", "items": _DURATION},
    Kind.IDS: {"type": "array", "items": _ID},
    Kind.CHAIR: {"anyOf": [_ID, {"type": "array", "items": _ID, "minItems": 1}]},
    Kind.REGION: {"type": "string", "pattern": "^[A-Z]{2}(-[A-Z0-9]{1,3})?$", "examples": ["DE", "US-CA"]},
    Kind.VARIABLE: {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
    Kind.DATE: _DATE_SCHEMA,
    Kind.INSTANCE: {"anyOf": [_DATE_SCHEMA, _LOCAL]},
    Kind.LOCAL: _LOCAL,
    Kind.TIME: {"type": "string", "pattern": r"^\d\d:\d\d(:\d\d(\.\d+)?)?$"},
}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of calendar.toml."""
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
        from svsm_cal.words import tags  # not needed by look-ups

        return {"enum": [*tags()]}
    return _KINDS[field.kind]


def json_schema_text() -> str:
    """Return the text of calendar.schema.json."""
    import json  # lazy: look-ups do not need it

    return json.dumps(json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    print(json_schema_text(), end="")  # noqa: T201 - the program's output
