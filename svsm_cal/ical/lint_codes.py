"""All findings of `lint`: code, severity, message, hint and affected programs.

An error violates RFC 5545, or shows people a wrong time or a call that does not exist; a warning is about something that the
RFC allows and some program does not support. `client` names the known programs; "" means any.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from svsm_cal.errors import Finding, Severity
from svsm_cal.ical.content import Component, Property
from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.ical.content import Content

_LONGEST_SHOWN = 100
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


class Check(Value):
    """One kind of finding; `message` and `hint` are format strings."""

    severity: Severity
    message: str
    hint: str = ""
    client: str = ""


def _table(severity: Severity, rows: dict[str, tuple[str, ...]]) -> dict[str, Check]:
    return {code: Check(severity, *row) for code, row in rows.items()}


_TEXT_ERRORS = {
    "encoding": ("bytes that are not UTF-8", "save it as UTF-8"),
    "split-character": ("the line is folded within a character", "fold between characters"),
    "line-end": ("the line ends in LF alone{detail}", "end each line with CRLF"),
    "last-line-end": ("the last line has no line end", "end it with CRLF; the file may be cut off"),
    "control-character": ("a control character in the line{detail}", 'a line break within a text is "\\n"'),
    "not-a-line": ('"{detail}" is not a content line', 'NAME:value; a line break within a text is "\\n"'),
    "bad-parameter": ('unreadable parameters: "{detail}"', "NAME;PARAMETER=value:..., quoted if it has : ; or ,"),
    "unbalanced": ("{detail}",),
    "outside-calendar": ("outside of BEGIN:VCALENDAR and END:VCALENDAR{detail}",),
    "no-calendar": ("it has no calendar", "a calendar starts with BEGIN:VCALENDAR: is it the right file or address?"),
    "unescaped-text": ("{name}: {what}", "{better}"),
}
_CALENDAR_ERRORS = {
    "missing-version": ("the calendar has no VERSION", "VERSION:2.0"),
    "wrong-version": ('VERSION is "{value}"', "VERSION:2.0"),
    "missing-prodid": ("the calendar has no PRODID", "PRODID:-//example.org//calendar//EN"),
    "method-organizer": ("METHOD:{method} needs one ORGANIZER in each event: {count} without one", "{better}"),
    "method-attendee": ("METHOD:{method} allows {wanted} ATTENDEE, and this event has {count}", "{better}"),
    "email-address": ("an e-mail address in a public feed: {address}", "leave it out; names are enough"),
}
_EVENT_ERRORS = {
    "missing-uid": ("the {name} has no UID", "UID:something-that-never-changes@example.org"),
    "duplicate-uid": ('UID "{uid}" is also used on line {first}: programs keep only one of the two', "use a new UID"),
    "duplicate-instance": ("the same UID and RECURRENCE-ID as on line {first}: programs keep only one of the two", "keep one"),
    "repeated-property": ("{name} occurs twice", "keep one"),
    "missing-dtstamp": ("the {name} has no DTSTAMP", "DTSTAMP:20250101T000000Z"),
    "stamp-not-utc": ("{name} is not in UTC", "a time with Z"),
    "missing-dtstart": ("the {name} has no DTSTART",),
    "bad-value": ('{name}: "{value}" {what}',),
    "tzid-misplaced": ("{name}: TZID is allowed with a local time only", "leave TZID out"),
    "end-and-duration": ("{name} and DURATION exclude each other", "keep one"),
    "end-type": ("{name} is {end}, DTSTART {start}", "use one type for both"),
    "end-not-after-start": ("{name} is not after DTSTART", "a later {name}"),
    "invalid-rule": ("RRULE: {message}", "{better}"),
    "until-local": ("UNTIL is local time, DTSTART is not", "UNTIL in UTC, with Z: RFC 5545 section 3.3.10"),
    "until-type": ("UNTIL is {until}, DTSTART {start}", "use one type for both"),
    "until-before-start": ("UNTIL is before DTSTART", "a later UNTIL, or no RRULE"),
    "start-not-in-rule": (
        "DTSTART is not an instance of its RRULE: programs differ on whether it takes place and on how COUNT counts it",
        "{better}",
    ),
    "exdate-type": ("EXDATE is {given}, DTSTART {start}: it excludes nothing", "use one type for both"),
    "exdate-no-instance": ("EXDATE {value} is not an instance: it excludes nothing", "{better}", "Thunderbird"),
    "override-type": ("RECURRENCE-ID is {given}, DTSTART of the series {start}", "use one type for both"),
    "override-zone": ("RECURRENCE-ID is {given}, DTSTART of the series {start}", "the TZID and local time of the instance"),
    "override-no-instance": ("RECURRENCE-ID {value} is not an instance of the series on line {first}", "{better}"),
    "override-excluded": ("the instance {value} is changed here, but excluded by the EXDATE on line {first}", "keep one"),
}
_ZONE_ERRORS = {
    "missing-tzid": ("the VTIMEZONE has no TZID", "TZID:Europe/Berlin"),
    "missing-vtimezone": ('TZID "{tzid}" has no VTIMEZONE', "a VTIMEZONE for every TZID", "Outlook, ical.js"),
    "duplicate-vtimezone": ('the VTIMEZONE "{tzid}" is also on line {first}', "keep one"),
    "bad-observance": ("the VTIMEZONE cannot be read: {detail}",),
    "vtimezone-differs": (
        'VTIMEZONE "{tzid}" is {published} from {start} to {end}; {zone} is {right} ({database}){more}',
        "a VTIMEZONE made with a current tz database",
    ),
}
_TEXT_WARNINGS = {
    "byte-order-mark": ("a byte order mark before BEGIN:VCALENDAR", "leave it out"),
    "long-line": ("the line is longer than 75 octets{detail}", "fold it"),
    "blank-line": ("an empty line{detail}", "leave it out"),
}
_CALENDAR_WARNINGS = {
    "missing-refresh-interval": (
        "no REFRESH-INTERVAL: programs choose when to refresh",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
    ),
    "missing-published-ttl": (
        "no X-PUBLISHED-TTL: programs choose when to refresh",
        "X-PUBLISHED-TTL:PT6H",
        "Outlook",
    ),
    "people-in-feed": ("{name} in a feed that invites nobody", "leave it out"),
}
_EVENT_WARNINGS = {
    "floating-time": ("DTSTART has no time zone: it is a different instant for each reader", "DTSTART;TZID=..., or UTC"),
    "several-rules": ("more than one RRULE", "an event for each"),
    "sub-daily": ("the rule repeats {what}, which few programs support", "an event for each time of day"),
    "outlook-rule": ("the rule has {what}, which Outlook does not support", "{better}", "Outlook"),
    "rdate-without-rule": ("RDATE without RRULE", "an event for each date", "Outlook"),
    "exdate-zone": (
        "EXDATE is {given}, DTSTART {start}: programs that compare times as written keep the call",
        "the TZID and local time of the instance",
        "Thunderbird",
    ),
    "cancelled-and-excluded": (
        "STATUS:CANCELLED for an instance that the EXDATE on line {first} excludes",
        "keep one: EXDATE removes the instance, CANCELLED shows it as cancelled",
    ),
    "override-without-master": ('RECURRENCE-ID, but no series has the UID "{uid}"', "the series' own event, or no RECURRENCE-ID"),
}
_ZONE_WARNINGS = {
    "unused-vtimezone": ('nothing uses the VTIMEZONE "{tzid}"', "leave it out"),
    "tzid-not-iana": ('TZID "{tzid}" is not an IANA name, which some programs require', "{better}", "ICSx5, DAVx5"),
    "vtimezone-by-date": ("{count} changes in {years} years are single RDATEs", "one RRULE instead", "Outlook"),
}
CHECKS = _table("error", _TEXT_ERRORS | _CALENDAR_ERRORS | _EVENT_ERRORS | _ZONE_ERRORS) | _table(
    "warning", _TEXT_WARNINGS | _CALENDAR_WARNINGS | _EVENT_WARNINGS | _ZONE_WARNINGS
)


class Report:
    """The findings about one text."""

    def __init__(self, file: str, content: Content) -> None:
        self.findings: list[Finding] = []
        self._file = file
        self._content = content

    def note(self, code: str, at: Property | Component | tuple[int, int], offset: int = 0, **words: object) -> None:
        """Add a finding at a place, a component or a property; `offset` is a position in the property's value.

        `words` fill the placeholders of message and hint.
        """
        check = CHECKS[code]
        if isinstance(at, tuple):
            line, column = at
        elif isinstance(at, Property) and offset:
            line, column = self._content.place(at.line, at.head + offset)
        else:
            line, column = at.line, 1
        shown = {name: _shown(word) for name, word in words.items()}
        message, hint = check.message.format_map(shown), check.hint.format_map(shown)
        self.findings.append(Finding(check.severity, self._file, line, column, code, message, hint, check.client))

    def sorted(self) -> list[Finding]:
        """Return the findings in the order of the text."""
        return sorted(self.findings, key=lambda finding: (finding.line, finding.column, finding.code, finding.message))


def _shown(word: object) -> str:
    """Return a feed's text for a message: shortened, with control characters escaped."""
    text = str(word)
    if len(text) > _LONGEST_SHOWN:
        text = f"{text[: _LONGEST_SHOWN - 3]}..."
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
