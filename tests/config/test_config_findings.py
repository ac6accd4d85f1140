"""Every mistake a calendar file can have: where it is reported, as what, and what the writer is told to do.

A row is one mistake and one finding. The finding's place is marked with a » that is not part of the text.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import svsm_cal.config
from svsm_cal.config.load import check_text, loads
from svsm_cal.engine.civil import instant
from svsm_cal.errors import CalendarError, Finding
from tests.support import head

HEAD = head("coconut-svsm", title="COCONUT-SVSM community calendar")
PEOPLE = """
[[participant]]
id = "joerg"
name = "Joerg Roedel"
email = "joerg@example.org"
zone = "Europe/Berlin"
groups = ["everyone", "europe"]

[[participant]]
id = "jon"
name = "Jon Lange"
zone = "America/Los_Angeles"
groups = ["everyone", "us"]
"""
CALL = """
[[series]]
id = "devel-call"
title = "SVSM Development Call"
duration = "1h"
"""


def head(line):
    return f"{HEAD}{line}\n"


def without(key):
    """[calendar] without one key, the mark at what stands in its place."""
    return re.sub(rf"^{key} = .*\n", "", f"»{HEAD}", flags=re.MULTILINE)


def person(lines):
    return f"{HEAD}{PEOPLE}{lines}\n"


def call(lines, rule='rule = "FREQ=WEEKLY;BYDAY=WE"', start="2025-01-08T18:00:00"):
    """The Wednesday call, with more lines."""
    return f"{HEAD}{PEOPLE}{CALL}start = {start}\n{rule}\n{lines}\n"


def timed(start, rule=""):
    """A call with this start and rule line."""
    return call("", rule, start)


def channel(lines):
    return f'{HEAD}\n[[notices.channel]]\nid = "chat"\n{lines}'


def zone(name):
    return person(f'zone = »"{name}"').replace('zone = "America/Los_Angeles"\n', "")


def length(text):
    return call("").replace('duration = "1h"', f'duration = »"{text}"')


def deadline(lines):
    return f'{HEAD}\n[[deadline]]\nid = "soft-freeze"\ntitle = "QEMU 10.0 soft feature freeze"\n{lines}\n'


def release(*milestones):
    rows = "".join(f"  {{ {milestone} }},\n" for milestone in milestones)
    return f'{HEAD}\n[[release]]\nid = "qemu-10.0"\ntitle = "QEMU 10.0"\nmilestones = [\n{rows}]\n'


def event(lines):
    return f'{call("")}\n[[event]]\nid = "lpc-2025"\ntitle = "Linux Plumbers Conference"\n{lines}\n'


def twice(table, lines):
    """Two tables of one kind with the same id."""
    return f'{HEAD}\n[[{table}]]\nid = "one"\n{lines}\n\n[[{table}]]\nid = »"one"\n{lines}\n'


FILE = [
    ("a value without quotes", 'name = »hello\n[calendar]', "toml-syntax", "not valid TOML: Invalid value",
     'a text in "quotes"'),
    ("no =", "[calendar]\nid »\"x\"", "toml-syntax", "Expected '=' after a key", "key = value"),
    ("a text that does not end", '[calendar]\nid = "x»\nname = "y"', "toml-syntax", "not valid TOML: ", ""),
    ("a list that does not end", '[calendar]\nid = ["x"»', "toml-syntax", "Unclosed array", "toml.io"),
    ("a key twice", head('id = "other"»'), "toml-syntax", "Cannot overwrite a value", "the key is there twice"),
    ("a table twice", HEAD + "[calendar»]", "toml-syntax", "Cannot declare ('calendar',) twice", "[[table]]"),
    ("a backslash", 'name = "C:\\d»ata"', "toml-syntax", "Unescaped '\\' in a string", "single quotes"),
    ("a date that is none", deadline("date = »2025-02-30"), "toml-syntax", "Invalid date or datetime", ""),
    ("no [calendar]", "»# nothing but a comment\n", "missing-key", 'the file: "calendar" is missing', "[calendar]"),
    ("[calendar] as a list", "»[[calendar]]\n", "wrong-type", "calendar must be a table, not a list", "[calendar]"),
    ("[series] as a table", HEAD + '»[series]\nid = "x"', "wrong-type", "series must be a list of tables", "[[series]]"),
    ("[[series]] as a number", "series = »1\n" + HEAD, "wrong-type", "not a number", "[[series]]"),
    ("a list of no tables", "series = [»1]\n" + HEAD, "wrong-type", "series must be a table", "{ ... }"),
]  # fmt: skip
KEYS = [
    ("top level", HEAD + "»[[serie]]", "unknown-key", 'unknown key "serie"', 'did you mean "series"?'),
    ("calendar", head('»timezone = "x"'), "unknown-key", 'unknown key "timezone"', 'did you mean "zone"?'),
    ("nothing near", head("»qqq = 1"), "unknown-key", 'unknown key "qqq"', ""),
    ("organizer", head('organizer = { name = "x", email = "x@example.org", »phone = "1" }'), "unknown-key", 'unknown key "phone"',
     ""),
    ("series", call('»attendes = ["everyone"]'), "unknown-key", 'unknown key "attendes"', 'did you mean "attendees"?'),
    ("cancel", call('cancel = [{ date = 2025-01-15, »resaon = "x" }]'), "unknown-key", 'unknown key "resaon"', '"reason"?'),
    ("participant", person('»group = ["x"]'), "unknown-key", 'unknown key "group"', 'did you mean "groups"?'),
    ("quoted", head('»"naem" = 1'), "unknown-key", 'unknown key "naem"', 'did you mean "name"?'),
    ("no id", without("id"), "missing-key", 'calendar: "id" is missing', "id = ..., The name used for files and feeds"),
    ("no name", without("name"), "missing-key", 'calendar "coconut-svsm": "name" is missing', "name = ..., The calendar's title"),
    ("no domain", without("domain"), "missing-key", '"domain" is missing', "never change it"),
    ("no zone", without("zone"), "missing-key", '"zone" is missing', "The anchor zone"),
    ("no start", f"{HEAD}{CALL}".replace("[[", "»[["), "missing-key", 'series "devel-call": "start" is missing', "wall clock"),
    ("no to", call("move = [»{ date = 2025-01-15 }]"), "missing-key", 'move: "to" is missing', "The new start"),
    ("no title", deadline("").replace("\n[[", "\n»[[").replace("title =", "url =").replace('"QEMU', '"https://QEMU').replace(" ",
     "")
     + "date = 2025-01-01", "missing-key", 'deadline "soft-freeze": "title" is missing', "What is due"),
    ("no milestones", HEAD + '»[[release]]\nid = "r"\ntitle = "R"', "missing-key", '"milestones" is missing', "in order"),
    ("organizer without address", head('»organizer = { name = "x" }'), "missing-key", '"email" is missing',
     "used in invites only"),
    ("dotted", head("»organiser.name = 1"), "unknown-key", 'unknown key "organiser"', 'did you mean "organizer"?'),
    ("escaped", head('»"\\u006eaem" = 1'), "unknown-key", 'unknown key "naem"', 'did you mean "name"?'),
    ("of a required key", head("").replace("name = ", "»nmae = "), "unknown-key", 'unknown key "nmae"', 'did you mean "name"?'),
    ("an escape sequence in a key", head('»"\\u001b[31m" = 1'), "unknown-key", 'unknown key "\\u001b[31m"', "one of id, name"),
    ("text turned round in a key", head('»"a\u202eb" = 1'), "unknown-key", 'unknown key "a\\u202eb"', "one of id, name"),
    ("the only change, misspelt", call('change = [{ date = 2025-01-15, »chiar = "jon" }]'), "unknown-key", 'unknown key "chiar"',
     "chair"),
    ("all that changes, misspelt", call('from = [{ date = 2025-02-05, »ulr = "https://a" }]'), "unknown-key", 'unknown key "ulr"',
     "url"),
    ("a milestone's date, misspelt", release('id = "a", »dat = 2025-03-11'), "unknown-key", 'unknown key "dat"', '"date"'),
    ("a milestone without an id", release("date = 2025-03-11").replace("{ date", "»{ date"), "missing-key", '"id" is missing',
     "within the release"),
]  # fmt: skip
TYPES = [
    ("an id", head("").replace('id = "coconut-svsm"', "id = »7"), "wrong-type", "id must be an id, not a number", '"devel-call"'),
    ("a text", call("location = »7.5"), "wrong-type", "location must be a text, not a number", "put it in quotes"),
    ("a long text", head("description = »true"), "wrong-type", "description must be a text of several lines, not true or false",
     "quotes"),
    ("a domain", head("").replace('domain = "', "domain = »[] #"), "wrong-type", "domain must be a domain name, not a list",
     "calendar.example.org"),
    ("a zone", call("zone = »1"), "wrong-type", "zone must be a time zone, not a number", '"Europe/Berlin"'),
    ("a link", call("url = »{}"), "wrong-type", "url must be a link, not a table", '"https://..."'),
    ("minutes", call("minutes = »2025-01-08"), "wrong-type", "minutes must be a link with {date} in it, not a date", "{date}.md"),
    ("an address", head('organizer = { name = "x", email = »1 }'), "wrong-type", "email must be an e-mail address",
     "name@example.org"),
    ("invites of no kind", person('invites = »"some"'), "invites-invalid", 'invites "some" is not a valid value',
     '"full", "instance" or "none"'),
    ("neither hidden nor shown", head('cancelled = { public = »"maybe" }'), "shown-invalid",
     'public "maybe" is not a valid value', '"hide" or "show"'),
    ("a colour", head("color = »0x008080"), "wrong-type", "color must be a colour, not a number", '"teal"'),
    ("a rule", timed("2025-01-08T18:00:00", "rule = »1"), "wrong-type", "rule must be a recurrence rule",
     '"FREQ=WEEKLY;BYDAY=WE"'),
    ("a repetition", timed("2025-01-08T18:00:00", "repeat = »1"), "wrong-type", "repeat must be a repetition in words",
     '"every Wednesday"'),
    ("a length", call("").replace('duration = "1h"', "duration = »60"), "wrong-type",
     "duration must be a length of time, not a number", '"1h"'),
    ("lengths", person('reminders = »"1d"'), "wrong-type", "reminders must be a list of lengths of time, not a text",
     '["1d", "15m"]'),
    ("one of the lengths", person('reminders = ["1d", »15]'), "wrong-type", "reminders must be a length of time, not a number",
     '"1h"'),
    ("ids", call('attendees = »"everyone"'), "wrong-type", "attendees must be a list of ids, not a text", '["everyone"]'),
    ("one of the ids", call('attendees = ["joerg", »["jon"]]'), "wrong-type", "attendees must be an id, not a list",
     '"devel-call"'),
    ("a date in quotes", deadline('date = »"2025-03-11"'), "wrong-type", "date must be a date, not a text",
     "2025-03-11, without quotes"),
    ("a date with a time", deadline("date = »2025-03-11T12:00:00"), "wrong-type", "date must be a date, not a date and time",
     "without quotes and time"),
    ("a call's date in quotes", call('cancel = [{ date = »"2025-01-15" }]'), "wrong-type",
     "date must be a date, or a date and time", "2025-01-15, without quotes"),
    ("a rule in words", timed("2025-01-08T18:00:00", 'rule = "»every Wednesday"'), "rule-invalid", 'has no "="',
     'repeat = "every Wednesday"'),
    ("a start without a time", timed("»2025-01-08"), "wrong-type", "start must be a date and time, not a date",
     "2025-03-12T18:00:00"),
    ("a time of day in quotes", call('from = [{ date = 2025-02-05, chair = "jon", start = »"17:00" }]'), "wrong-type",
     "start must be a time of day, not a text", "17:00:00, without"),
    ("a time of day with a date", call('from = [{ date = 2025-02-05, chair = "jon", start = »2025-02-05T17:00:00 }]'),
     "wrong-type", "not a date and time", "17:00:00"),
    ("a table", head('organizer = »"x"'), "wrong-type", "organizer must be a table, not a text", "{ ... }"),
    ("tables", call("cancel = »2025-01-15"), "wrong-type", "cancel must be a list of tables, not a date", "[{ ... }]"),
    ("one of the tables", call("cancel = [»2025-01-15]"), "wrong-type", "cancel must be a table", "{ date = ... }"),
    ("a start with Z", timed("»2025-01-08T18:00:00Z"), "wrong-type", "has a UTC offset; a wall-clock time must not",
     "2025-01-08T18:00:00"),
    ("a start with an offset", timed("»2025-01-08T18:00:00+01:00"), "wrong-type",
     "start 2025-01-08T18:00:00+01:00 has a UTC offset", "2025-01-08T18:00:00"),
    ("a call's date with an offset", call("cancel = [{ date = »2025-01-15T18:00:00+01:00 }]"), "wrong-type", "has a UTC offset",
     "2025-01-15T18:00:00"),
    ("a moment with an offset", deadline("at = »2025-03-11T12:00:00-05:00"), "wrong-type", "has a UTC offset",
     "2025-03-11T12:00:00"),
    ("a milestone's date", release('id = "a", date = »"2025-03-11"'), "wrong-type", "date must be a date, not a text",
     "without quotes"),
]  # fmt: skip
TEXTS = [
    ("an id with a path", head("").replace('id = "c', 'id = »"../c'), "id-invalid", 'id "../coconut-svsm" is not a valid id',
     "letters, digits"),
    ("an id with a space", person("").replace('id = "jon"', 'id = »"jon lange"'), "id-invalid",
     'id "jon lange" is not a valid id',
     "at most 64"),
    ("an id of a letter outside ASCII", person('groups = [»"größe"]').replace('groups = ["everyone", "us"]\n', ""), "id-invalid",
     "is not a valid id", "letters"),
    ("a domain", head("").replace('domain = "c', 'domain = »"https://c'), "domain-invalid", "is not a valid domain name",
     "calendar.example.org"),
    ("an address without @", head('organizer = { name = "x", email = »"example.org" }'), "email-invalid",
     "is not a valid e-mail address",
     "name@example.org"),
    ("an address with a name", person('email = »"Jon Lange <jon@example.org>"'), "email-invalid", "is not a valid e-mail address",
     "name@example.org"),
    ("an address for two headers", person('email = »"jon@example.org,tom@example.org"'), "email-invalid",
     "is not a valid e-mail address",
     "name@"),
    ("an address of somebody else", person('email = »"Joerg@Example.org"'), "email-duplicate",
     '"jon" has the e-mail address of "joerg"', "a different address"),
    ("a colour", head('color = »"#008080"'), "color-invalid", "is not a valid CSS colour name", '"teal"'),
    ("a link without a scheme", call('url = »"meet.example.org"'), "url-invalid", 'url "meet.example.org" is not a valid link',
     "https://..."),
    ("a link that is a script", call('url = »"javascript:alert(1)"'), "url-invalid", "is not a valid link", "https://..."),
    ("a script in capitals", head('url = »"JavaScript:alert(1)"'), "url-invalid", "is not a valid link", "https://..."),
    ("a data link", deadline('date = 2025-03-11\nurl = »"data:text/html,x"'), "url-invalid", "is not a valid link",
     "https://..."),
    ("a link with a space", call('url = »"https://example.org/a b"'), "url-invalid", "is not a valid link", "https://..."),
    ("a link with quotes", call("url = »'https://example.org/\"onclick=\"'"), "url-invalid", "is not a valid link",
     "https://..."),
    ("minutes with another name", call('minutes = »"https://example.org/{day}"'), "template-invalid",
     "the only placeholder is {date}", "{date}"),
    ("minutes that are a script", call('minutes = »"javascript:{date}"'), "url-invalid", "is not a valid link", "https://..."),
    ("no text", call('location = »""'), "empty", "location is empty", "leave the key out"),
    ("blanks", person("").replace('name = "Jon Lange"', 'name = »"  "'), "empty", "name is empty", "leave the key out"),
    ("too much text", head(f'description = »"{"x" * 4001}"'), "too-long", "description has 4001 characters", "at most 4000"),
    ("NUL", call('location = »"a\\u0000b"'), "control-character", "location has a control character (U+0000)", "remove it"),
    ("an escape sequence", call('location = »"\\u001b[31mred"'), "control-character", "(U+001B)", "remove it"),
    ("a line break in a title", call("").replace('title = "SVSM', 'title = »"SVSM\\n'), "control-character", "(U+000A)",
     "remove it"),
    ("a carriage return", head('description = »"a\\rb"'), "control-character", "(U+000D)", "remove it"),
    ("text turned round", call('cancel = [{ date = 2025-01-15, reason = »"a\u202eb" }]'), "control-character", "(U+202E)",
     "remove it"),
    ("text isolated", call('location = »"a\u2066b"'), "control-character", "(U+2066)", "remove it"),
    ("a line separator", call('location = »"a\u2028b"'), "control-character", "(U+2028)", "remove it"),
    ("DEL", call('url = »"https://example.org/\\u007f"'), "control-character", "(U+007F)", "remove it"),
    ("a control character in an id", head("").replace('id = "c', 'id = »"\\tc'), "control-character",
     "id has a control character", "remove it"),
    ("the only change", call('change = [{ date = 2025-01-15, url = »"javascript:alert(1)" }]'), "url-invalid",
     "is not a valid link",
     "https://..."),
    ("all that changes", call('from = [{ date = 2025-02-05, url = »"zoom.example.org" }]'), "url-invalid", "is not a valid link",
     "https://..."),
    ("an address with two dots", person('email = »"a..b@example.org"'), "email-invalid",
     'email "a..b@example.org" is not a valid e-mail address', "name@example.org"),
    ("an address that begins with a dot", person('email = »".a@example.org"'), "email-invalid",
     "is not a valid e-mail address", "name@"),
    ("an address at two dots", person('email = »"a@example..org"'), "email-invalid", "is not a valid e-mail address", "name@"),
    ("an address at a hyphen", person('email = »"a@-example.org"'), "email-invalid", "is not a valid e-mail address", "name@"),
    ("an address outside ASCII", person('email = »"jön@example.org"'), "email-invalid", "is not a valid e-mail address", "name@"),
    ("an address with a long name", person(f'email = »"{"x" * 65}@example.org"'), "email-invalid",
     "is not a valid e-mail address",
     "name@"),
]  # fmt: skip
IDS = [
    ("two series", f"{HEAD}{CALL}start = 2025-01-08T18:00:00\n{CALL}start = 2025-01-09T18:00:00".replace("id = \"d",
     "id = »\"d").replace("»", "", 1),
     "duplicate-id", 'series "devel-call" is declared twice', "its own id"),
    ("two participants", twice("participant", 'name = "x"\nzone = "UTC"'), "duplicate-id", 'participant "one" is declared twice',
     "its own id"),
    ("two deadlines", twice("deadline", 'title = "x"\ndate = 2025-03-11'), "duplicate-id", 'deadline "one" is declared twice',
     "its own id"),
    ("two releases", twice("release", 'title = "x"\nmilestones = []'), "duplicate-id", 'release "one" is declared twice',
     "its own id"),
    ("two events", twice("event", 'title = "x"\nstart = 2025-03-11'), "duplicate-id", 'event "one" is declared twice',
     "its own id"),
    ("two milestones", release('id = "rc1", date = 2025-03-11', 'id = »"rc1", date = 2025-03-18'), "duplicate-id",
     'milestone "rc1" is declared twice', "its own id"),
    ("a deadline that is a milestone", release('id = "rc1", date = 2025-03-11')
     + '[[deadline]]\nid = »"qemu-10.0-rc1"\ntitle = "rc1"\ndate = 2025-03-11', "duplicate-id",
     'is also milestone "rc1" of release "qemu-10.0"', "keep one"),
    ("a chair", call('chair = »"jorg"'), "unknown-participant", 'series "devel-call": chair "jorg" is not a participant',
     'did you mean "joerg"?'),
    ("a chair unlike anybody", call('chair = »"qqq"'), "unknown-participant", 'chair "qqq" is not a participant',
     "declare a [[participant]]"),
    ("a chair for once", call('change = [{ date = 2025-01-15, chair = »"jom" }]'), "unknown-participant",
     'chair "jom" is not a participant', '"jon"?'),
    ("a chair of a moved call", call('move = [{ date = 2025-01-15, to = 2025-01-16T18:00:00, chair = »"jom" }]'),
     "unknown-participant", '"jom"', '"jon"?'),
    ("a chair of an added call", call('add = [{ start = 2025-01-16T18:00:00, chair = »"jom" }]'), "unknown-participant", '"jom"',
     '"jon"?'),
    ("a chair from then on", call('from = [{ date = 2025-02-05, chair = »"jom" }]'), "unknown-participant", '"jom"', '"jon"?'),
    ("a group", call('attendees = ["joerg", »"everyon"]'), "unknown-participant",
     '"everyon" is neither a participant nor a group',
     'did you mean "everyone"?'),
    ("a group unlike any", call('attendees = [»"qqq"]'), "unknown-participant",
     'attendee "qqq" is neither a participant nor a group',
     "declare a participant or"),
    ("two series but for capitals", f'{HEAD}{CALL}start = 2025-01-08T18:00:00\n'
     + CALL.replace('"devel-call"', '»"Devel-Call"') + "start = 2025-01-09T18:00:00",
     "duplicate-id", 'series "Devel-Call" is declared twice', "its own id"),
    ("two participants but for capitals", person("").replace('id = "jon"', 'id = »"JOERG"'), "duplicate-id",
     'participant "JOERG" is declared twice', "its own id"),
    ("a group like a participant", person("").replace('groups = ["everyone", "us"]', 'groups = ["everyone", »"joerg"]'),
     "duplicate-id", 'group "joerg" of participant "jon" has the id of a participant', "rename the group"),
    ("a chair in turn", call('chair = ["joerg", »"jom"]'), "unknown-participant", 'chair "jom" is not a participant', '"jon"?'),
    ("no chair in turn", call("chair = »[]"), "empty", "chair is an empty list", "leave the key out"),
    ("a chair in turn from then on", call('from = [{ date = 2025-02-05, chair = ["jon", »"jom"] }]'), "unknown-participant",
     '"jom"', '"jon"?'),
    ("several chairs of one call", call('change = [{ date = 2025-01-15, chair = »["jon", "joerg"] }]'), "wrong-type",
     "chair must be an id, not a list", '"devel-call"'),
    ("a region in words", person('region = »"Germany"'), "region-invalid", 'region "Germany" is not a valid region', '"DE-BY"'),
    ("a kind of channel", channel('kind = »"irc"'), "channel-kind-invalid", 'kind "irc" is not a valid value', "zulip"),
    ("a language", channel('kind = "mail"\nlanguage = »"fr"'), "language-invalid", 'language "fr"', '"en" or "de"'),
    ("a severity", channel('kind = "mail"\nseverity = »"high"'), "severity-invalid", 'severity "high"', '"urgent"'),
    ("a secret in the file", channel('kind = "slack"\nurl_env = »"https://hooks.example.org/T0/B0"'), "variable-invalid",
     "url_env is not a valid environment variable name (never write the secret itself in this file)", '"SVSM_CHAT_URL"'),
    ("a channel without an address", channel('kind = »"slack"'), "channel-address",
     'channel "chat": needs either url_env or url_file', 'url_env = "SVSM_CHAT_URL"'),
    ("a channel with two addresses", channel('kind = »"slack"\nurl_env = "A"\nurl_file = "b"'), "channel-address",
     "needs either url_env or url_file", "url_env"),
    ("a mail channel with a secret", channel('kind = »"mail"\nurl_env = "A"'), "channel-address", "has only an address (to)", ""),
    ("a chat with an e-mail address", channel('kind = »"slack"\nurl_env = "A"\nto = "a@example.org"'), "channel-address",
     "only a mail channel has an address", "url_env"),
    ("a Matrix channel without a room", channel('kind = »"matrix"\nurl_env = "A"'), "channel-address",
     "a matrix channel needs a room", "!abc"),
    ("a channel of no series", channel('kind = "mail"\nseries = [»"devel"]'), "unknown-series", 'no series "devel"',
     "id of a [[series]]"),
    ("two channels", channel('kind = "mail"') + '\n[[notices.channel]]\nid = »"chat"\nkind = "mail"', "duplicate-id",
     'channel "chat" is declared twice', "its own id"),
    ("a lead", f'{HEAD}[notices]\nlead = {{ shift = »"soon" }}', "duration-invalid", "shift", '"1h"'),
    ("a group for a chair", call('chair = »"everyone"'), "unknown-participant", 'chair "everyone" is not a participant', ""),
]  # fmt: skip
ZONES = [
    ("EST", zone("EST"), "zone-ambiguous", '"EST" means different clocks',
     '"America/New_York" (12:00 now) or "America/Panama" (12:00 now) or "Aus'),
    ("IST", zone("IST"), "zone-ambiguous", '"IST" means different clocks to different people',
     '"Asia/Kolkata" (22:30 now) or "Asia/Jerusalem" (19:00 now)'),
    ("BST", zone("BST"), "zone-ambiguous", '"BST" means different clocks',
     '"Europe/London" (17:00 now) or "Asia/Dhaka" (23:00 now)'),
    ("PT", zone("PT"), "zone-ambiguous", '"PT" is an abbreviation, not a place', '"America/Los_Angeles" (09:00 now)'),
    ("cest", zone("cest"), "zone-ambiguous", '"cest" means different clocks', '"Europe/Berlin" (18:00 now)'),
    ("misspelt", zone("Europe/Brelin"), "zone-unknown", 'zone: "Europe/Brelin" is not a time zone',
     'did you mean "Europe/Berlin"?'),
    ("a city alone", zone("Berlin"), "zone-unknown", '"Berlin" is not a time zone', 'did you mean "Europe/Berlin"?'),
    ("a city with a space", zone("Los Angeles"), "zone-unknown", '"Los Angeles" is not a time zone',
     'did you mean "America/Los_Angeles"?'),
    ("lower case", zone("asia/shanghai"), "zone-unknown", '"asia/shanghai" is not a time zone', 'did you mean "Asia/Shanghai"?'),
    ("a planet", zone("Mars"), "zone-unknown", '"Mars" is not a time zone', ""),
    ("a continent", zone("Europe"), "zone-unknown", '"Europe" is not a time zone', "a region and city"),
    ("nothing", zone(""), "zone-unknown", '"" is not a time zone', "a region and city"),
    ("a path", zone("../../etc/passwd"), "zone-unknown", "is not a time zone", "a region and city"),
    ("a copy with leap seconds", zone("right/Europe/Berlin"), "zone-unknown", "is not a time zone",
     'did you mean "Europe/Berlin"?'),
    ("the machine's own", zone("localtime"), "zone-unknown", '"localtime" is not a time zone', "a region and city"),
    ("an offset", zone("+01:00"), "zone-unknown",
     '"+01:00" is an offset without clock changes, not a place', '"Europe/Berlin"'),
    ("UTC and an offset", zone("UTC+1"), "zone-unknown", '"UTC+1" is an offset', 'a region such as "Europe/Berlin"'),
    ("the calendar's own", head("").replace('zone = "', 'zone = »"EST" #'), "zone-ambiguous", '"EST" means',
     '"America/New_York"'),
    ("from then on", call('from = [{ date = 2025-02-05, zone = »"PST" }]'), "zone-ambiguous", '"PST" means different clocks',
     '"Asia/Manila" (01:00 now)'),
    ("of a deadline", deadline('date = 2025-03-11\nzone = »"AoE"'), "zone-unknown", '"AoE" is not a time zone', ""),
]  # fmt: skip
TAKEN_ZONES = [
    ("CET", zone("CET"), "zone-abbreviation", '"CET" is a rule, not a place', '"Europe/Berlin"'),
    ("MET", zone("MET"), "zone-abbreviation", '"MET" is a rule', '"Europe/Berlin"'),
    ("PST8PDT", zone("PST8PDT"), "zone-abbreviation", '"PST8PDT" is a rule', '"America/Los_Angeles"'),
    ("Poland", zone("Poland"), "zone-old-name", '"Poland" is an old name of Europe/Warsaw', '"Europe/Warsaw"'),
    ("US/Eastern", zone("US/Eastern"), "zone-old-name", "is an old name of America/New_York", '"America/New_York"'),
    ("Asia/Calcutta", zone("Asia/Calcutta"), "zone-old-name", "is an old name of Asia/Kolkata", '"Asia/Kolkata"'),
    ("GMT", zone("GMT"), "zone-old-name", '"GMT" is another name for UTC', '"UTC"'),
    ("Etc/GMT+5", zone("Etc/GMT+5"), "zone-fixed", "with the sign reversed", '"Europe/Berlin"'),
    ("a Windows name", zone("W. Europe Standard Time"), "zone-windows", "is the Windows name of Europe/Berlin",
     '"Europe/Berlin"'),
    ("one in capitals", zone("PACIFIC STANDARD TIME"), "zone-windows", "is the Windows name of America/Los_Angeles",
     '"America/Los_Angeles"'),
    ("the calendar's own", head("").replace('zone = "', 'zone = »"CET" #'), "zone-abbreviation", '"CET" is a rule',
     '"Europe/Berlin"'),
]  # fmt: skip
LENGTHS = [
    ("zero", length("0m"), "duration-not-positive", 'duration "0m" is not positive', '"1h"'),
    ("zero in ISO 8601", length("PT0S"), "duration-not-positive", "is not positive", '"1h"'),
    ("negative", length("-1h"), "duration-not-positive", 'duration "-1h" is not positive', '"1h30m"'),
    ("a bare number", length("60"), "duration-invalid", 'duration "60" is not a duration', '"45min"'),
    ("words", length("an hour"), "duration-invalid", '"an hour" is not a duration', '"45min"'),
    ("months", length("1mo"), "duration-invalid", '"1mo" is not a duration', '"45min"'),
    ("longer than anything", length("999999999d"), "duration-invalid", "is longer than ten years", '"1h"'),
    ("a reminder", person('reminders = ["1d", »"15 minutes"]'), "duration-invalid", 'reminders "15 minutes" is not a duration',
     '"45min"'),
    ("a reminder of nothing", person('reminders = [»"0d"]'), "duration-not-positive", 'reminders "0d" is not positive', '"1h"'),
    ("of a moved call", call('move = [{ date = 2025-01-15, to = 2025-01-16T18:00:00, duration = »"0h" }]'),
     "duration-not-positive", '"0h"', '"1h"'),
    ("from then on", call('from = [{ date = 2025-02-05, duration = »"soon", chair = "jon" }]'), "duration-invalid",
     '"soon" is not a duration', '"1h"'),
    ("before a deadline", deadline('date = 2025-03-11\nremind = [»"1y"]'), "duration-invalid", '"1y" is not a duration',
     '"1h"'),
    ("a milestone's offset", release('id = "a", date = 2025-03-11', 'id = "b", after = "a", offset = »"-1w"'),
     "duration-not-positive", '"-1w"', '"1h"'),
]  # fmt: skip
WEDNESDAY = "2025-01-08T18:00:00"
RULES = [
    ("no frequency", timed(WEDNESDAY, 'rule = "»BYDAY=WE"'), "rule-invalid", "rule: no FREQ", "FREQ=DAILY, WEEKLY"),
    ("no such part", timed(WEDNESDAY, 'rule = "FREQ=WEEKLY;»BYDAYS=WE"'), "rule-invalid", '"BYDAYS" is not a part',
     "did you mean BYDAY?"),
    ("no such frequency", timed(WEDNESDAY, 'rule = "FREQ=»FORTNIGHTLY"'), "rule-invalid", "is not a frequency", "DAILY, WEEKLY"),
    ("no such weekday", timed(WEDNESDAY, 'rule = "FREQ=WEEKLY;BYDAY=MO,»WX"'), "rule-invalid", '"WX" is not a weekday',
     "MO, TU, WE"),
    ("a part twice", timed(WEDNESDAY, 'rule = "FREQ=WEEKLY;BYDAY=WE;»BYDAY=TH"'), "rule-invalid", "BYDAY occurs twice", "once"),
    ("a semicolon at the end", timed(WEDNESDAY, 'rule = "FREQ=WEEKLY;»"'), "rule-invalid", "an empty part", "FREQ=WEEKLY"),
    ("out of range", timed(WEDNESDAY, 'rule = "FREQ=MONTHLY;BYMONTHDAY=»32"'), "rule-invalid", "BYMONTHDAY=32 is out of range",
     "1 to 31"),
    ("INTERVAL=0", timed(WEDNESDAY, 'rule = "FREQ=WEEKLY;INTERVAL=»0"'), "rule-invalid", "must be a whole number of at least 1",
     "INTERVAL=1"),
    ("COUNT=1e9", timed(WEDNESDAY, 'rule = "FREQ=WEEKLY;COUNT=»1e9"'), "rule-invalid", "must be a whole number", "COUNT=1"),
    ("no such date", timed(WEDNESDAY, 'rule = "FREQ=WEEKLY;UNTIL=»20250230"'), "rule-invalid", "UNTIL=20250230 is not a date",
     "UNTIL=20251231"),
    ("COUNT and UNTIL", timed(WEDNESDAY, 'rule = "FREQ=WEEKLY;COUNT=5;»UNTIL=20251231"'), "rule-invalid", "exclude each other",
     "keep one"),
    ("a number in a weekly rule", timed(WEDNESDAY, 'rule = "FREQ=WEEKLY;»BYDAY=2WE"'), "rule-invalid",
     "cannot be used with FREQ=WEEKLY", "FREQ=MONTHLY"),
    ("a rule in single quotes", timed(WEDNESDAY, "rule = 'FREQ=WEEKLY;BYDAY=»WX'"), "rule-invalid", '"WX" is not a weekday',
     "MO, TU, WE"),
    ("from then on", call('from = [{ date = 2025-02-05, rule = "FREQ=»OFTEN" }]'), "rule-invalid", "is not a frequency",
     "DAILY, WEEKLY"),
    ("hourly", timed(WEDNESDAY, 'rule = »"FREQ=HOURLY"'), "rule-too-often", "FREQ=HOURLY is too often for a call",
     "FREQ=DAILY, with BYHOUR"),
    ("minutely", timed(WEDNESDAY, 'rule = »"FREQ=MINUTELY;INTERVAL=90"'), "rule-too-often", "FREQ=MINUTELY is too often",
     "BYHOUR"),
    ("days that do not exist, moved", timed(WEDNESDAY, 'rule = »"RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD"'), "rule-not-read",
     "few calendar programs understand RSCALE and SKIP", "BYMONTHDAY=-1"),
    ("secondly", timed(WEDNESDAY, 'rule = »"FREQ=SECONDLY"'), "rule-too-often", "FREQ=SECONDLY is too often", "BYHOUR"),
    ("26 times a day", timed(WEDNESDAY, 'rule = »"FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12;BYMINUTE=0,30"'),
     "rule-too-often", "26 calls a day are too many", "FREQ=DAILY"),
    ("words", timed(WEDNESDAY, 'repeat = »"every full moon"'), "repeat-invalid", 'repeat: "every full moon" is not understood',
     '"every Wednesday"'),
    ("no weekday", timed(WEDNESDAY, 'repeat = »"every Wensday"'), "repeat-invalid", 'repeat: "', '"every Wednesday"'),
    ("every 0 weeks", timed(WEDNESDAY, 'repeat = »"every 0 weeks"'), "repeat-invalid", "never repeats", '"every 3 weeks"'),
    ("rule and repeat", timed(WEDNESDAY, 'rule = "FREQ=WEEKLY"\nrepeat = »"every week"'), "rule-and-repeat", "exclude each other",
     "keep one"),
    ("both from then on", call('from = [{ date = 2025-02-06, rule = "FREQ=DAILY", repeat = »"every day" }]'), "rule-and-repeat",
     "exclude each", "keep one"),
    ("off the rule", timed("»2025-01-07T18:00:00", 'rule = "FREQ=WEEKLY;BYDAY=WE"'), "start-off-rule",
     "start 2025-01-07T18:00:00 is a Tuesday and does not match the rule FREQ=WEEKLY;BYDAY=WE", "start = 2025-01-08T18:00:00"),
    ("off the words", timed("»2025-01-07T18:00:00", 'repeat = "first Monday of the month"'), "start-off-rule", "is a Tuesday",
     "start = 2025-02-03T18:00:00"),
    ("off the hour", timed("»2025-01-08T18:00:00", 'rule = "FREQ=DAILY;BYHOUR=9"'), "start-off-rule", "does not match the rule",
     "start = 2025-01-09T09:00:00"),
    ("ends before it starts", timed(WEDNESDAY, 'rule = »"FREQ=WEEKLY;BYDAY=WE;UNTIL=20240101"'), "rule-ends-before-start",
     "the rule ends at 2024-01-01, before it starts at 2025-01-08T18:00:00", "an UNTIL after start"),
    ("30 February", timed(WEDNESDAY, 'rule = »"FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"'), "rule-never", "has no call",
     "days and months"),
    ("31st of June, daily", timed(WEDNESDAY, 'rule = »"FREQ=DAILY;BYMONTH=6;BYMONTHDAY=31"'), "rule-never", "has no call",
     "days and months"),
    ("week 53 in June", timed(WEDNESDAY, 'rule = »"FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6"'), "rule-never", "has no call",
     "days and months"),
    ("ends before it starts, to the second", timed(WEDNESDAY, 'rule = »"FREQ=WEEKLY;BYDAY=WE;UNTIL=20250108T165959Z"'),
     "rule-ends-before-start", "the rule ends at 2025-01-08T16:59:59+00:00, before it starts at 2025-01-08T18:00:00",
     "an UNTIL after start"),
    ("the rule's text over lines", timed(WEDNESDAY, 'rule = »\"\"\"FREQ=WEEKLY;BYDAY=WX\"\"\"'), "rule-invalid",
     '"WX" is not a weekday', "MO, TU"),
]  # fmt: skip
EXCEPTIONS = [
    ("cancel", call("cancel = [{ date = »2025-01-21 }]"), "exception-unmatched",
     'series "devel-call": cancel date 2025-01-21 is a Tuesday; the call is on Wednesdays', "2025-01-22"),
    ("cancel, nearer to the one before", call("cancel = [{ date = »2025-01-24 }]"), "exception-unmatched", "is a Friday",
     "2025-01-22"),
    ("move", call("move = [{ date = »2025-12-11, to = 2025-12-12T18:00:00 }]"), "exception-unmatched",
     "move date 2025-12-11 is a Thursday", "2025-12-10"),
    ("change", call('change = [{ date = »2025-05-20, chair = "jon" }]'), "exception-unmatched",
     "change date 2025-05-20 is a Tuesday", "2025-05-21"),
    ("before the first call", call("cancel = [{ date = »2025-01-01 }]"), "exception-unmatched", "the first call is on 2025-01-08",
     "2025-01-08"),
    ("after the last call", timed(WEDNESDAY, 'rule = "FREQ=WEEKLY;COUNT=2"\ncancel = [{ date = »2025-01-22 }]'),
     "exception-unmatched", "is a Wed", "2025-01-15"),
    ("at another time", call("cancel = [{ date = »2025-01-15T17:00:00 }]"), "exception-unmatched", "2025-01-15T17:00:00",
     "2025-01-15T18:00:00"),
    ("of another rule since",
     call('from = [{ date = 2025-03-06, rule = "FREQ=WEEKLY;BYDAY=TH" }]\ncancel = [{ date = »2025-03-12 }]'),
     "exception-unmatched", "is a Wednesday; the call is on Thursdays", "2025-03-13"),
    ("of a single call", timed(WEDNESDAY, "cancel = [{ date = »2025-01-15 }]"), "exception-unmatched",
     "the series has no rule, only one call on 2025-01-08", "2025-01-08"),
    ("one of two that day", timed(WEDNESDAY, 'rule = "FREQ=DAILY;BYHOUR=9,18"\ncancel = [{ date = »2025-01-15 }]'),
     "exception-ambiguous",
     "cancel date 2025-01-15 has 2 calls", "2025-01-15T09:00:00 or 2025-01-15T18:00:00"),
    ("cancelled twice", call("cancel = [\n  { date = 2025-01-15 },\n  { date = »2025-01-15 },\n]"), "exception-duplicate",
     "already the date of a cancel", "one"),
    ("cancelled and moved", call("cancel = [{ date = 2025-01-15 }]\nmove = [{ date = »2025-01-15, to = 2025-01-16T18:00:00 }]"),
     "exception-duplicate", "move date 2025-01-15 is already the date of a cancel", "one entry for each call"),
    ("moved and changed",
     call('move = [{ date = 2025-01-15, to = 2025-01-16T18:00:00 }]\nchange = [{ date = »2025-01-15, chair = "jon" }]'),
     "exception-duplicate", "change date 2025-01-15 is already the date of a move", "a move can also have another chair"),
    ("a date and the same with its time", call("cancel = [{ date = 2025-01-15 }, { date = »2025-01-15T18:00:00 }]"),
     "exception-duplicate", "already", "one"),
    ("a change of nothing", call("change = [{ date = »2025-01-15 }]"), "exception-empty", "change of 2025-01-15 changes nothing",
     "a chair, url"),
    ("moved to where it was", call("move = [{ date = 2025-01-15, to = »2025-01-15T18:00:00 }]"), "move-nowhere",
     "does not change the time", "or a change instead"),
    ("moved onto a call", call("move = [{ date = 2025-01-15, to = »2025-01-22T18:30:00 }]"), "move-collides",
     "overlaps the call of 2025-01-22T18:00:00", "without"),
    ("moved onto a moved one",
     call("move = [\n  { date = 2025-01-15, to = 2025-01-16T18:00:00 },\n  { date = 2025-01-22, to = »2025-01-16T18:59:59 },\n]"),
     "move-collides", "move to 2025-01-16T18:59:59 overlaps the call of 2025-01-16T18:00:00", "a time without a call"),
    ("made to last into the next one", call('move = [{ date = 2025-01-15, to = »2025-01-21T18:00:00, duration = "25h" }]'),
     "move-collides", "2025-01-22", "time"),
    ("added onto a call", call("add = [{ start = »2025-01-15T17:30:00 }]"), "move-collides",
     "added call 2025-01-15T17:30:00 overlaps the call of", "time"),
    ("added twice", call("add = [{ start = 2025-01-16T18:00:00 }, { start = »2025-01-16T18:00:00 }]"), "move-collides",
     "overlaps", "a time without"),
    ("from before the start", call('from = [{ date = »2025-01-01, chair = "jon" }]'), "from-out-of-order",
     "not after the series' start (2025-01-08)", "ascending"),
    ("from the start", call('from = [{ date = »2025-01-08, chair = "jon" }]'), "from-out-of-order", "not after the series' start",
     "after start"),
    ("out of order", call('from = [\n  { date = 2025-03-05, chair = "jon" },\n  { date = »2025-02-05, chair = "joerg" },\n]'),
     "from-out-of-order", "from 2025-02-05 is not after the one before (2025-03-05)", "ascending order"),
    ("the same day twice", call('from = [{ date = 2025-03-05, chair = "jon" }, { date = »2025-03-05, start = 17:00:00 }]'),
     "from-out-of-order", "one before", "asc"),
    ("from then on, nothing", call("from = [{ date = »2025-03-05 }]"), "from-changes-nothing", "from 2025-03-05 changes nothing",
     "a zone, start, rule"),
    ("from then on, a reason", call('from = [{ date = »2025-03-05, reason = "x" }]'), "from-changes-nothing", "changes nothing",
     "a zone, start"),
    ("from in a single call", timed(WEDNESDAY, "from = [{ date = »2025-03-05, start = 17:00:00 }]"), "from-without-rule",
     "a single call", "move it instead"),
    ("from with COUNT", timed(WEDNESDAY, 'rule = "FREQ=WEEKLY;COUNT=20"\nfrom = [{ date = »2025-03-05, start = 17:00:00 }]'),
     "from-with-count", "a rule with COUNT cannot change its time from 2025-03-05 on", "write UNTIL instead of COUNT"),
    ("before the first of two weekdays", timed("2025-01-15T18:00:00",
     'rule = "FREQ=MONTHLY;BYDAY=1WE,3WE"\ncancel = [{ date = »2025-01-08 }]'),
     "exception-unmatched", "the first call is on 2025-01-15", "2025-01-15"),
    ("between two weekdays", timed("2025-01-15T18:00:00",
     'rule = "FREQ=MONTHLY;BYDAY=1WE,3WE"\ncancel = [{ date = »2025-02-12 }]'),
     "exception-unmatched", "the call is on the 1st Wednesday and 3rd Wednesday of every month", "2025-02-05"),
    ("between two weeks", timed(WEDNESDAY, 'repeat = "every 3 weeks"\ncancel = [{ date = »2025-01-15 }]'),
     "exception-unmatched", "is a Wednesday; the call is every 3 weeks", "2025-01-08"),
    ("another time from then on, of a rule that has its own", timed(WEDNESDAY,
     'rule = "FREQ=WEEKLY;BYDAY=WE;BYHOUR=18"\nfrom = [{ date = 2025-02-05, start = »17:00:00 }]'), "from-start-and-byhour",
     "from 2025-02-05 has a start, but the rule's BYHOUR sets the time", "another BYHOUR"),
    ("from then on, a rule that never gives a call",
     call('from = [{ date = »2025-02-05, rule = "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30" }]'), "from-without-calls",
     'series "devel-call": there is no call from 2025-02-05 on', "check its rule"),
    ("from then on, a rule that is over", call('from = [{ date = »2025-02-05, rule = "FREQ=WEEKLY;UNTIL=20250201" }]'),
     "from-without-calls", "there is no call from 2025-02-05 on", "the rule's end"),
    ("from after the last call", timed(WEDNESDAY,
     'rule = "FREQ=WEEKLY;UNTIL=20250201"\nfrom = [{ date = »2025-02-05, start = 17:00:00 }]'), "from-without-calls",
     "there is no call from 2025-02-05 on", "the rule's end"),
    ("from then on, until the next one", call(
     'from = [\n  { date = »2025-02-06, zone = "Asia/Tokyo" },\n  { date = 2025-02-10, start = 17:00:00 },\n]'),
     "from-without-calls", "there is no call from 2025-02-06 on", "check its rule"),
]  # fmt: skip
DATES = [
    ("neither date nor moment", deadline("").replace('"soft', '»"soft'), "deadline-date",
     "needs either a date or a date and time (at)",
     "date = 2025-03-11"),
    ("date and moment", deadline("date = 2025-03-11\nat = 2025-03-11T12:00:00").replace('"soft', '»"soft'), "deadline-date",
     "needs either", "date ="),
    ("away for less than no time", person("away = [{ from = 2025-07-18, to = »2025-07-07 }]"), "dates-reversed",
     "away: to 2025-07-07 is before from 2025-07-18", "to = 2025-07-18 or later"),
    ("an event that ends first", event("start = 2025-12-11\nend = »2025-12-10"), "dates-reversed",
     "end 2025-12-10 is before start 2025-12-11", "or later"),
    ("no date", release('id = »"rc1"'), "milestone-dates", 'milestone "rc1" has no date', "date = 2025-03-11"),
    ("date and after", release('id = "a", date = 2025-03-11', 'id = "b", date = 2025-03-18, after = »"a", offset = "1w"'),
     "milestone-dates", 'release "qemu-10.0": milestone "b" has both a date and an after', "keep one"),
    ("after without offset", release('id = "a", date = 2025-03-11', 'id = "b", after = »"a"'), "milestone-dates",
     "has an after but no offset", 'offset = "1w"'),
    ("offset without after", release('id = "a", date = 2025-03-11, offset = »"1w"'), "milestone-dates",
     "has an offset but no after", 'after = "..."'),
    ("after an unknown one", release('id = "a", date = 2025-03-11', 'id = "b", after = »"rc9", offset = "1w"'),
     "milestone-unknown", 'milestone "b" is after "rc9", which is not a milestone of this release', "one of a, b"),
    ("after what is after an unknown one",
     release('id = "a", after = »"x", offset = "1w"', 'id = "b", after = "a", offset = "1w"'), "milestone-unknown", '"x"',
     "a, b"),
    ("after itself", release('id = "a", after = »"a", offset = "1w"'), "milestone-circular",
     "milestones a -> a depend on each other", "give one of them a date"),
    ("in a circle", release('id = "a", after = »"c", offset = "1w"', 'id = "b", after = "a", offset = "1w"',
     'id = "c", after = "b", offset = "1w"'),
     "milestone-circular", "milestones a -> c -> b -> a depend on each other", "give one of them a date"),
    ("before a circle", release('id = "x", after = "b", offset = "1w"', 'id = "a", after = »"b", offset = "1w"',
     'id = "b", after = "a", offset = "1w"'),
     "milestone-circular", "milestones a -> b -> a depend", "give one of them a date"),
    ("planned out of order", release('id = "a", date = 2025-03-11', 'id = "b", date = »2025-03-04'), "milestone-order",
     'milestone "b" planned 2025-03-04 is before "a" (2025-03-11)', "in the order they happen"),
    ("after a later one", release('id = "a", date = 2025-03-11', 'id = "b", date = 2025-04-11',
     'id = "c", after = "a", offset = »"1w"'), "milestone-order",
     'milestone "c" planned 2025-03-18 is before "b" (2025-04-11)', "in the order they happen"),
    ("happened out of order", release('id = "a", actual = 2025-03-11', 'id = "b", actual = »2025-03-04'), "actual-contradiction",
     'milestone "b" actual 2025-03-04 is before "a" (2025-03-11)', "in the order they happen"),
    ("still to come before what happened", release('id = "a", date = »2025-06-01', 'id = "b", actual = 2025-03-18'),
     "actual-contradiction",
     'milestone "a" is planned for 2025-06-01, but the later "b" happened on 2025-03-18', "write its actual date"),
    ("all that changes, a time", call('from = [{ date = 2025-02-05, start = »"17:00" }]'), "wrong-type",
     "start must be a time of day", "17:00:00"),
    ("one planned too late", release('id = "a", date = 2026-03-11', 'id = "b", date = »2025-03-18',
     'id = "c", date = 2025-03-25'),
     "milestone-order", '"b" planned 2025-03-18 is before "a"', "in the order they happen"),
    ("one that happened too late", release('id = "a", actual = 2026-03-11', 'id = "b", actual = »2025-03-18',
     'id = "c", actual = 2025-03-25'),
     "actual-contradiction", '"b" actual 2025-03-18 is before "a"', "in the order they happen"),
    ("one planned too late, and what follows it",
     release('id = "a", date = »2026-03-11', 'id = "b", after = "a", offset = "1w"', 'id = "c", actual = 2025-03-25'),
     "actual-contradiction", '"a" is planned for 2026-03-11', "actual date"),
    ("an offset of hours", release('id = "a", date = 2025-03-11', 'id = "b", after = "a", offset = »"36h"'), "milestone-offset",
     'release "qemu-10.0": milestone "b": the offset is not a whole number of days', 'offset = "1w"'),
    ("an offset of an hour", release('id = "a", date = 2025-03-11', 'id = "b", after = "a", offset = »"1h"'), "milestone-offset",
     "not a whole number of days", 'offset = "1w"'),
]  # fmt: skip
RANGE = [
    ("a start too early", timed("»1899-12-31T23:59:59"), "date-out-of-range",
     "start 1899-12-31T23:59:59 is outside the years 1900 to 2200", "a year in this range"),
    ("a start too late", timed("»2201-01-01T00:00:00"), "date-out-of-range",
     "start 2201-01-01T00:00:00 is outside the years 1900 to 2200", "a year in this range"),
    ("the first day", deadline("date = »0001-01-01"), "date-out-of-range", "date 0001-01-01 is outside the years 1900 to 2200",
     "in this range"),
    ("the last day", deadline("date = »9999-12-31"), "date-out-of-range", "date 9999-12-31 is outside", "in this range"),
    ("the first moment", deadline("at = »0001-01-01T00:00:00"), "date-out-of-range", "at 0001-01-01T00:00:00 is outside",
     "in this range"),
    ("the last moment", deadline("at = »9999-12-31T23:59:59"), "date-out-of-range", "at 9999-12-31T23:59:59 is outside",
     "in this range"),
    ("cancelled in year 1", call("cancel = [{ date = »0001-01-01 }]"), "date-out-of-range", "date 0001-01-01 is",
     "in this range"),
    ("moved from year 9999", call("move = [{ date = »9999-12-29T18:00:00, to = 2025-01-16T18:00:00 }]"), "date-out-of-range",
     "date 9999-12-29T18:00:00 is", "in this range"),
    ("moved to year 1", call("move = [{ date = 2025-01-15, to = »0001-01-01T00:00:00 }]"), "date-out-of-range",
     "to 0001-01-01T00:00:00 is", "in this range"),
    ("added in year 9999", call("add = [{ start = »9999-12-31T23:30:00 }]"), "date-out-of-range", "start 9999-12-31T23:30:00 is",
     "in this range"),
    ("changed from year 9999 on", call('from = [{ date = »9999-12-31, chair = "jon" }]'), "date-out-of-range",
     "date 9999-12-31 is", "in this range"),
    ("away for ever", person("away = [{ from = 2025-07-18, to = »9999-12-31 }]"), "date-out-of-range", "to 9999-12-31 is",
     "in this range"),
    ("an event since year 1", event("start = »0001-01-01\nend = 2025-12-11"), "date-out-of-range", "start 0001-01-01 is",
     "in this range"),
    ("an event for ever", event("start = 2026-12-10\nend = »9999-12-31"), "date-out-of-range", "end 9999-12-31 is",
     "in this range"),
    ("a milestone in year 9999", release('id = "a", actual = »9999-12-31', 'id = "b", after = "a", offset = "1w"'),
     "date-out-of-range", "actual 9999-12-31 is", "in this range"),
    ("a start to the millisecond", timed("»2025-01-08T18:00:00.001"), "time-too-fine",
     "start 2025-01-08T18:00:00.001000 has fractions of a second", "2025-01-08T18:00:00"),
    ("a time of day to the millisecond", call("from = [{ date = 2025-02-05, start = »17:00:00.5 }]"), "time-too-fine",
     "start 17:00:00.500000 has fractions of a second", "17:00:00"),
    ("a call's date to the microsecond", call("cancel = [{ date = »2025-01-15T18:00:00.000001 }]"), "time-too-fine",
     "fractions of a second", "2025-01-15T18:00:00"),
    ("a moment to the microsecond", deadline("at = »2025-03-11T12:00:00.999999"), "time-too-fine", "fractions of a second",
     "2025-03-11T12:00:00"),
]  # fmt: skip
OFFICE = '\n[[series]]\nid = "office-hour"\ntitle = "Office hour"\nattendees = ["us"]\n'
DOUBTS = [
    ("a call that clocks skip", timed("»2025-03-30T02:30:00"), "call-in-gap",
     "call on 2025-03-30T02:30:00 in Europe/Berlin: clocks skip this time", "outside the night"),
    ("every year", timed("»2025-01-05T02:30:00", 'rule = "FREQ=MONTHLY;BYDAY=-1SU;BYMONTH=1,3"').replace("01-05", "01-26"),
     "call-in-gap", "call on 2025-03-30T02:30:00 in Europe/Berlin (and 12 more by 2037)", "outside the night"),
    ("a call that clocks show twice", timed("»2025-10-26T02:30:00"), "call-in-fold",
     "clocks show this time twice; the call takes place the first time", "outside the night"),
    ("calls in another zone", timed("»2025-11-02T01:30:00", 'zone = "America/New_York"'), "call-in-fold",
     "2025-11-02T01:30:00 in America/New_York", "outside"),
    ("a yearly day of no month", timed("»2025-01-15T18:00:00", 'rule = "FREQ=YEARLY;BYMONTHDAY=15"'), "rule-disputed",
     "rule FREQ=YEARLY;BYMONTHDAY=15: calendar programs differ on yearly BYMONTHDAY without BYMONTH", "BYMONTH with the month"),
    ("a week without its day", timed("»2025-01-08T18:00:00", 'rule = "FREQ=YEARLY;BYWEEKNO=2"'), "rule-disputed",
     "differ on BYWEEKNO without BYDAY", "BYDAY with the day"),
    ("a position in a week", timed("»2025-01-08T18:00:00", 'rule = "FREQ=WEEKLY;BYDAY=MO,WE;BYSETPOS=-1"'), "rule-disputed",
     "differ on BYSETPOS in a weekly or daily rule", "the days themselves"),
    ("numbered weekdays and others", timed("»2025-01-08T18:00:00", 'rule = "FREQ=MONTHLY;BYDAY=WE,1FR"'), "rule-disputed",
     "differ on weekdays with and without a number", "two series"),
    ("collision of one", call('attendees = ["everyone"]') + OFFICE + 'start = »2025-01-15T18:59:00\nduration = "30min"',
     "series-collide",
     'series "office-hour": call on 2025-01-15 collides with series "devel-call" for jon', "another time"),
    ("collisions of many",
     call('attendees = ["everyone"]') + OFFICE + 'start = »2025-01-15T09:30:00\nduration = "30min"\nrepeat = "every Wednesday"\n'
     'zone = "America/Los_Angeles"', "series-collide",
     "call on 2025-01-15 collides with series \"devel-call\" for jon, and 96 more within two years", "another time"),
    ("collision while clocks differ",
     call('attendees = ["jon"]') + OFFICE + 'start = »2025-01-15T10:00:00\nduration = "30min"\nrepeat = "every Wednesday"\n'
     'zone = "America/Los_Angeles"', "series-collide", "call on 2025-03-12 collides", "another time"),
    ("a call on an event's day", event("start = »2025-12-10\nend = 2025-12-12"), "call-on-event",
     'event "lpc-2025" (Linux Plumbers Conference): the call of series "devel-call" on 2025-12-10 is during it',
     "cancel or move the call"),
    ("on its only day", event("start = »2025-12-10"), "call-on-event", 'of series "devel-call" on 2025-12-10 is during it',
     "cancel or move"),
    ("many calls on an event's days", event("start = »2025-12-01\nend = 2025-12-24"), "call-on-event",
     'the call of series "devel-call" on 2025-12-03, and 3 more, is during it', "cancel or move"),
    ("a moved call on an event's day",
     event("start = »2025-12-11").replace('rule = "', 'move = [{ date = 2025-12-10, to = 2025-12-11T18:00:00 }]\nrule = "'),
     "call-on-event", "on 2025-12-11 is during it", "cancel or move"),
    ("a moved call that clocks skip",
     call("move = [{ date = 2025-03-26, to = »2025-03-30T02:30:00 }]"), "call-in-gap",
     "call on 2025-03-30T02:30:00 in Europe/Berlin: clocks skip this time; the call takes place later by the clock",
     "outside the night"),
    ("a moved call that clocks show twice",
     call("move = [{ date = 2025-10-29, to = »2025-10-26T02:30:00 }]"), "call-in-fold",
     "call on 2025-10-26T02:30:00 in Europe/Berlin: clocks show this time twice", "outside the night"),
    ("an added call that clocks skip", call("add = [{ start = »2025-03-30T02:00:00 }]"),
     "call-in-gap", "2025-03-30T02:00:00 in Europe/Berlin: clocks skip this time", "outside the night"),
    ("an added call that clocks show twice", call("add = [{ start = »2025-10-26T02:30:00 }]"),
     "call-in-fold", "clocks show this time twice; the call takes place the first time", "outside the night"),
]  # fmt: skip
ERRORS = FILE + KEYS + TYPES + TEXTS + IDS + ZONES + LENGTHS + RULES + EXCEPTIONS + DATES + RANGE
WARNINGS = TAKEN_ZONES + DOUBTS
NOW = instant(datetime(2025, 3, 5, 17, tzinfo=UTC))


def marked(text: str) -> tuple[str, int, int]:
    """Return a text without its mark, and the line and column of the mark."""
    assert text.count("»") == 1, "one mark for each row"
    before = text.split("»", maxsplit=1)[0]
    return text.replace("»", ""), before.count("\n") + 1, len(before) - before.rfind("\n")


def rows(table):
    return [pytest.param(*row[1:], id=f"{row[2]}: {row[0]}") for row in table]


@pytest.mark.parametrize(("text", "code", "message", "hint"), rows(ERRORS))
def test_a_mistake_is_one_error_at_its_place(text, code, message, hint):
    text, line, column = marked(text)
    with pytest.raises(CalendarError) as caught:
        loads(text, file="there.toml", now=NOW)
    (found,) = caught.value.findings
    assert (found.severity, found.file, found.line, found.column, found.code) == ("error", "there.toml", line, column, code)
    assert message in found.message
    assert hint in found.hint
    assert check_text(text, file="there.toml", now=NOW) == [found]


@pytest.mark.parametrize(("text", "code", "message", "hint"), rows(WARNINGS))
def test_a_doubt_is_one_warning_at_its_place_and_the_file_is_read(text, code, message, hint):
    text, line, column = marked(text)
    loads(text, now=NOW)
    (found,) = check_text(text, now=NOW)
    assert (found.severity, found.line, found.column, found.code) == ("warning", line, column, code)
    assert message in found.message
    assert hint in found.hint


def test_a_mistake_in_the_calendar_hides_no_other():
    text = call("cancel = [{ date = 2025-01-14 }]").replace('id = "coconut-svsm"', 'id = "a b"')
    assert [each.code for each in check_text(text)] == ["id-invalid", "exception-unmatched"]


SOUND = [
    ("the parts the rows are made of", call("")),
    ("a date and a moment of the same call",
     timed(WEDNESDAY, 'rule = "FREQ=DAILY;BYHOUR=9,18"\ncancel = [{ date = 2025-01-15T18:00:00 }]')),
    ("a call moved to the time of a cancelled one",
     call("cancel = [{ date = 2025-01-22 }]\nmove = [{ date = 2025-01-15, to = 2025-01-22T18:00:00 }]")),
    ("two calls that change places",
     call("move = [\n{ date = 2025-01-15, to = 2025-01-22T18:00:00 },\n{ date = 2025-01-22, to = 2025-01-15T18:00:00 }]")),
    ("a call added where another ends", call("add = [{ start = 2025-01-15T19:00:00 }]")),
    ("a cancelled call on an event's day",
     event("start = 2025-12-10").replace('rule = "', 'cancel = [{ date = 2025-12-10 }]\nrule = "')),
    ("a cancelled call that clocks skip", timed("2025-03-30T02:30:00", "cancel = [{ date = 2025-03-30 }]")),
    ("calls at the same time for different people",
     call('attendees = ["joerg"]') + OFFICE + 'start = 2025-01-15T18:00:00\nduration = "1h"'),
    ("calls one after the other", call('attendees = ["everyone"]') + OFFICE + 'start = 2025-01-15T19:00:00\nduration = "1h"'),
    ("a new chair of a rule with COUNT", timed(WEDNESDAY,
     'rule = "FREQ=WEEKLY;COUNT=20"\nfrom = [{ date = 2025-03-05, chair = "jon" }]')),
    ("a note to a call", call('change = [{ date = 2025-01-15, reason = "x" }]')),
    ("a moved call outside the night of a clock change", call("move = [{ date = 2025-03-26, to = 2025-03-30T03:00:00 }]")),
    ("a call moved out of the hour that clocks skip",
     timed("2025-03-30T02:30:00", "move = [{ date = 2025-03-30, to = 2025-03-30T04:00:00 }]")),
    ("the first and the last days there are", deadline("date = 1900-01-01") + "[[event]]\nid = \"e\"\ntitle = \"e\"\n"
     "start = 1900-01-01\nend = 2200-12-31\n"),
    ("the first call there can be", timed("1900-01-03T18:00:00", 'rule = "FREQ=WEEKLY;BYDAY=WE"')),
    ("the last call there can be", timed("2200-12-31T23:59:59")),
    ("no end, as a date", timed(WEDNESDAY, 'rule = "FREQ=WEEKLY;UNTIL=99991231"')),
    ("no end, as a moment", timed(WEDNESDAY, 'rule = "FREQ=WEEKLY;UNTIL=99991231T235959Z"')),
    ("an end after the last day", timed(WEDNESDAY, 'rule = "FREQ=WEEKLY;UNTIL=22010101"')),
    ("an offset of days", release('id = "a", date = 2025-03-11', 'id = "b", after = "a", offset = "48h"')),
    ("UTC", zone("UTC").replace("»", "")),
    ("links of other kinds", call('url = "matrix:r/svsm:example.org"')),
    ("a description of two lines", head('description = "one\\n\\ttwo"')),
    ("milestones on one day", release('id = "a", date = 2025-03-11', 'id = "b", date = 2025-03-11')),
    ("a milestone that happened early", release('id = "a", date = 2025-03-11, actual = 2025-03-09',
     'id = "b", after = "a", offset = "1w", actual = 2025-03-10')),
    ("a milestone after one that only happened",
     release('id = "a", actual = 2025-03-11', 'id = "b", after = "a", offset = "1w"')),
]  # fmt: skip


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in SOUND])
def test_what_is_no_mistake_has_no_finding(text):
    assert check_text(text) == []


def test_every_code_of_the_package_has_a_row():
    sources = [path.read_text(encoding="utf-8") for path in Path(svsm_cal.config.__path__[0]).glob("*.py")]
    reporting = [text for text in sources if re.search(r"\b(?:Problem|ZoneAdvice|Finding|error)\(", text)]
    codes = {word for text in reporting for word in re.findall(r'"([a-z]+(?:-[a-z]+)+)"', text)} - {"devel-call"}
    assert codes | {"empty"} == {row[2] for row in ERRORS + WARNINGS}


def test_all_mistakes_of_a_file_are_told_in_its_order():
    text = call('chair = "jom"\ncancel = [{ date = 2025-01-14 }]\nurl = "x"') + person('zone = "EST"')[len(HEAD + PEOPLE) :]
    text = text.replace('zone = "EST"', '[[event]]\nid = "e"\ntitle = ""\nstart = 2025-01-01')
    findings = check_text(text)
    assert [each.code for each in findings] == ["unknown-participant", "exception-unmatched", "url-invalid", "empty"]
    assert findings == sorted(findings, key=lambda each: (each.line, each.column))


def test_what_hangs_on_a_mistake_is_not_complained_about():
    text = call('chair = "jon"\nattendees = ["us"]\ncancel = [{ date = 2025-01-14 }]', 'rule = "FREQ=WEEKLY;BYDAY=WX"')
    text = text.replace('zone = "America/Los_Angeles"', 'zone = "PT"')
    assert [each.code for each in check_text(text)] == ["zone-ambiguous", "rule-invalid"]


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        (Finding("error", "calendar.toml", 23, 8, "x", "what", "this"), "calendar.toml:23:8: what (hint: this)"),
        (Finding("error", "calendar.toml", 23, 8, "x", "what"), "calendar.toml:23:8: what"),
        (Finding("warning", "a/b.toml", 1, 1, "x", "what", "this"), "a/b.toml:1:1: warning: what (hint: this)"),
    ],
)
def test_a_finding_reads_like_a_compilers(finding, expected):
    assert str(finding) == expected


def test_an_error_of_a_file_says_all_of_them():
    with pytest.raises(CalendarError) as caught:
        loads(call('chair = "jom"\nurl = "x"'))
    assert str(caught.value).count("\n") == 1
    assert str(caught.value).startswith(
        'calendar.toml:26:9: series "devel-call": chair "jom" is not a participant (hint: did you mean "jon"?)'
    )
