"""The format of calendar.toml as one table, for the reader and for the JSON Schema that editors use."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from svsm_cal.value import Value

__all__ = ["TABLES", "Field", "Kind", "json_schema", "json_schema_text"]


class Kind(StrEnum):
    """What a value must be; `svsm_cal.config.values` says how each is read."""

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
    """One key of a table: its kind, what it means, whether it must be there, and the table a table is."""

    kind: Kind
    doc: str
    required: bool = False
    table: str = ""


_DETAILS = {
    "title": Field(Kind.TEXT, "What the call is called."),
    "url": Field(Kind.URL, "Where to join."),
    "location": Field(Kind.TEXT, "A place, if it is not a link."),
    "description": Field(Kind.LONG_TEXT, "What it is about."),
    "chair": Field(Kind.ID, "Participant who runs it."),
    "minutes": Field(Kind.TEMPLATE, "Where the minutes are; {date} becomes the call's date."),
}
_CHAIR = Field(Kind.CHAIR, "Participant who runs it, or a list of those who do in turn.")
_REASON = Field(Kind.TEXT, "Why, in a few words; it is shown to everybody.")
_LENGTH = Field(Kind.DURATION, 'How long, as in "1h" or "45min".')
_DATE = Field(Kind.INSTANCE, "The call's date, as the rule has it (with its time where there are several a day).", required=True)
_RULE = Field(Kind.RULE, 'An RFC 5545 rule, as in "FREQ=WEEKLY;BYDAY=WE".')
_REPEAT = Field(Kind.REPEAT, 'The same in words, as in "every Wednesday".')
_REMIND = Field(Kind.DURATIONS, 'When to remind, as in ["1w", "1d"].')

TABLES: dict[str, dict[str, Field]] = {
    "": {
        "calendar": Field(Kind.TABLE, "The calendar itself.", required=True, table="calendar"),
        "series": Field(Kind.TABLES, "The recurring calls.", table="series"),
        "participant": Field(Kind.TABLES, "The people, each with a home zone.", table="participant"),
        "deadline": Field(Kind.TABLES, "Single deadlines.", table="deadline"),
        "release": Field(Kind.TABLES, "Releases and their milestones.", table="release"),
        "event": Field(Kind.TABLES, "What calls may collide with, such as conferences.", table="event"),
        "notices": Field(Kind.TABLE, "What people are told, when and where.", table="notices"),
    },
    "calendar": {
        "id": Field(Kind.ID, "Names files and feeds.", required=True),
        "name": Field(Kind.TEXT, "What people see.", required=True),
        "domain": Field(Kind.DOMAIN, "The right-hand side of every UID: never change it.", required=True),
        "zone": Field(Kind.ZONE, "Anchor zone of every series that names none.", required=True),
        "description": Field(Kind.LONG_TEXT, "What the community is."),
        "url": Field(Kind.URL, "Where the calendar is published."),
        "color": Field(Kind.COLOR, "A CSS colour name that clients may use."),
        "organizer": Field(Kind.TABLE, "Who sends the invites.", table="organizer"),
        "language": Field(
            Kind.LANGUAGE, 'The language of feeds, invites and mails, and of the site\'s first page; "en" if not said.'
        ),
        "agenda": Field(Kind.TEXT, "The community's own template of an agenda: a path beside this file."),
        "cancelled": Field(Kind.TABLE, "What becomes of cancelled calls in which feeds.", table="cancelled"),
    },
    "cancelled": {
        "public": Field(Kind.SHOWN, "In the feed of all calls: left out, or shown as cancelled; left out if not said."),
        "series": Field(Kind.SHOWN, "In the feeds of single series."),
        "personal": Field(Kind.SHOWN, "In the participants' own feeds."),
    },
    "organizer": {
        "name": Field(Kind.TEXT, "The sender's name.", required=True),
        "email": Field(Kind.EMAIL, "The sender's address; it appears in invites only.", required=True),
    },
    "series": {
        "id": Field(Kind.ID, "Names the series for good: its UID is made of it.", required=True),
        "title": Field(Kind.TEXT, "What the call is called.", required=True),
        "start": Field(Kind.LOCAL, "The first call, on the anchor zone's wall clock.", required=True),
        "duration": Field(Kind.DURATION, 'How long, as in "1h".', required=True),
        "zone": Field(Kind.ZONE, "Whose wall clock the series follows, if not the calendar's."),
        "rule": _RULE,
        "repeat": _REPEAT,
        "attendees": Field(Kind.IDS, "Participants or groups of them."),
        "lists": Field(Kind.EMAILS, "Mailing lists that are told of it, and not asked for an answer; never published."),
        **{name: each for name, each in _DETAILS.items() if name != "title"},
        "chair": _CHAIR,
        "cancel": Field(Kind.TABLES, "Calls that do not take place.", table="cancel"),
        "move": Field(Kind.TABLES, "Calls that take place at another time.", table="move"),
        "change": Field(Kind.TABLES, "Calls with another chair, link or title.", table="change"),
        "add": Field(Kind.TABLES, "Calls outside the rule.", table="add"),
        "from": Field(Kind.TABLES, "What changes from a date on.", table="from"),
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
        "date": Field(Kind.DATE, "The first date concerned.", required=True),
        "start": Field(Kind.TIME, "Another time of day, as in 17:00:00."),
        "zone": Field(Kind.ZONE, "Another anchor zone."),
        "rule": _RULE,
        "repeat": _REPEAT,
        "duration": _LENGTH,
        "reason": _REASON,
        **_DETAILS,
        "chair": _CHAIR,
    },
    "participant": {
        "id": Field(Kind.ID, "How the rest of the file names them.", required=True),
        "name": Field(Kind.TEXT, "What people call them.", required=True),
        "zone": Field(Kind.ZONE, "Their home zone.", required=True),
        "email": Field(Kind.EMAIL, "Where their invites go; never published."),
        "groups": Field(Kind.IDS, "Groups they are in."),
        "reminders": Field(Kind.DURATIONS, 'How long before a call to remind them, as in ["1d", "15m"].'),
        "away": Field(Kind.TABLES, "Days they are away.", table="away"),
        "invites": Field(
            Kind.INVITES,
            "How changes of single calls are mailed: all calls again (what most clients need), or that one; or no invites.",
        ),
        "mail_reminders": Field(Kind.DURATIONS, 'How long before a call to send them a mail, as in ["1d"].'),
        "mail_deadlines": Field(Kind.DURATIONS, 'How long before a deadline to send them a mail, as in ["1w", "1d"].'),
        "region": Field(Kind.REGION, 'Whose public holidays are theirs: "DE", "DE-BY", "US-CA" (ISO 3166).'),
        "feed": Field(Kind.ID, "A word that their feed's address depends on: change it, and the old address is dead."),
    },
    "away": {
        "from": Field(Kind.DATE, "The first day.", required=True),
        "to": Field(Kind.DATE, "The last day.", required=True),
    },
    "deadline": {
        "id": Field(Kind.ID, "Names the deadline for good.", required=True),
        "title": Field(Kind.TEXT, "What is due.", required=True),
        "date": Field(Kind.DATE, "A whole day: over when it ends, anywhere on Earth unless `zone` is given."),
        "at": Field(Kind.LOCAL, "Or a moment, on the clock of `zone` (the calendar's, if none is given)."),
        "zone": Field(Kind.ZONE, "Where the day ends, or whose clock `at` is on."),
        "remind": _REMIND,
        "url": Field(Kind.URL, "Where to read more."),
    },
    "release": {
        "id": Field(Kind.ID, "Names the release for good.", required=True),
        "title": Field(Kind.TEXT, "What is released.", required=True),
        "zone": Field(Kind.ZONE, "Where a milestone's day ends, if not anywhere on Earth."),
        "url": Field(Kind.URL, "Where to read more."),
        "milestones": Field(Kind.TABLES, "Its milestones, in order.", required=True, table="milestone"),
    },
    "milestone": {
        "id": Field(Kind.ID, "Names the milestone within its release.", required=True),
        "title": Field(Kind.TEXT, "What it is; its id if left out."),
        "date": Field(Kind.DATE, "The planned day."),
        "after": Field(Kind.ID, "Or the milestone it follows,"),
        "offset": Field(Kind.DURATION, 'and how long after it, as in "1w".'),
        "actual": Field(Kind.DATE, "The day it happened, or is now to happen; the planned one stays on record."),
        "remind": _REMIND,
    },
    "event": {
        "id": Field(Kind.ID, "Names the event for good.", required=True),
        "title": Field(Kind.TEXT, "What it is.", required=True),
        "start": Field(Kind.DATE, "The first day.", required=True),
        "end": Field(Kind.DATE, "The last day."),
        "url": Field(Kind.URL, "Where to read more."),
    },
    "notices": {
        "lead": Field(Kind.TABLE, "How long ahead each kind of notice is due.", table="lead"),
        "channel": Field(Kind.TABLES, "Where notices go.", table="channel"),
    },
    "lead": {
        "shift": Field(Kind.DURATION, 'Before the first call at another local time; "1w" if not said.'),
        "last": Field(Kind.DURATION, 'Before the last such call, and the last call before a deadline; "1d" if not said.'),
        "call": Field(Kind.DURATION, 'Before a call that is cancelled, moved, or has another chair or link; "1w" if not said.'),
        "absence": Field(Kind.DURATION, 'Before a call that people will miss; "1w" if not said.'),
        "deadline": Field(Kind.DURATIONS, 'Before a deadline that has no `remind` of its own; ["1w"] if not said.'),
    },
    "channel": {
        "id": Field(Kind.ID, "Names the channel for good.", required=True),
        "kind": Field(Kind.CHANNEL, "mail, slack, discord, matrix, mattermost, zulip or apprise.", required=True),
        "language": Field(Kind.LANGUAGE, "The language of its notices; the calendar's if not said."),
        "series": Field(Kind.IDS, "Only notices about these series; all if left out."),
        "severity": Field(Kind.SEVERITY, "Only notices as severe as that; all if left out."),
        "to": Field(Kind.EMAIL, "A mailing list; without it each participant gets a mail with what concerns them."),
        "url_env": Field(Kind.VARIABLE, "The environment variable that has the secret address; never write that itself here."),
        "url_file": Field(Kind.TEXT, "Or the file that has it."),
        "room": Field(Kind.TEXT, "The Matrix room (!abc:matrix.org) or the Zulip channel."),
        "topic": Field(Kind.TEXT, "The Zulip topic; the calendar's name if left out."),
    },
}


_ID = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"}
_DURATION = {"type": "string", "pattern": r"^(P.+|\s*(\d+\s*(w|d|h|m|min|s)\s*)+)$"}
_DATE_SCHEMA = {"type": "string", "format": "date"}
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
    Kind.DATE: _DATE_SCHEMA,
    Kind.INSTANCE: {"anyOf": [_DATE_SCHEMA, _LOCAL]},
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
        from svsm_cal.words import tags  # not needed by look-ups

        return {"enum": [*tags()]}
    return _KINDS[field.kind]


def json_schema_text() -> str:
    """Return the schema as the text of calendar.schema.json."""
    import json  # not needed by look-ups

    return json.dumps(json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    print(json_schema_text(), end="")  # noqa: T201 - this is its output
