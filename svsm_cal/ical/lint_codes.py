"""Every finding that `lint` has: its code, how bad it is, what it says, what to do, and whose readers suffer.

An error breaks RFC 5545, or shows people a wrong time or a call that is none; a warning is what the RFC allows and
some program does not bear. `client` names the programs known for it; it is empty where it may be any.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from svsm_cal.errors import Finding, Severity
from svsm_cal.ical.content import Component, Property
from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.ical.content import Content

__all__ = ["CHECKS", "Check", "Report"]

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
    "encoding": ("bytes that are no UTF-8", "save it as UTF-8"),
    "split-character": ("the line is folded within a character", "fold between characters"),
    "line-end": ("the line ends in LF alone{detail}", "CRLF ends each line"),
    "last-line-end": ("the last line has no end", "CRLF after it, too: the file may be cut off"),
    "control-character": ("a control character in the line{detail}", 'a line break within a text is "\\n"'),
    "not-a-line": ('"{detail}" is no content line', 'NAME:value; a line break within a text is "\\n"'),
    "bad-parameter": ('parameters that cannot be read: "{detail}"', "NAME;PARAMETER=value:..., quoted if it has : ; or ,"),
    "unbalanced": ("{detail}",),
    "outside-calendar": ("this stands outside of BEGIN:VCALENDAR and END:VCALENDAR{detail}",),
    "no-calendar": ("no calendar is in it", "BEGIN:VCALENDAR begins one: is it the right file or address?"),
    "unescaped-text": ("{name}: {what}", "{better}"),
}
_CALENDAR_ERRORS = {
    "missing-version": ("the calendar has no VERSION", "VERSION:2.0"),
    "wrong-version": ('VERSION is "{value}"', "VERSION:2.0"),
    "missing-prodid": ("the calendar has no PRODID", "PRODID:-//example.org//calendar//EN"),
    "method-organizer": ("METHOD:{method} needs one ORGANIZER in each: {count} without", "{better}"),
    "method-attendee": ("METHOD:{method} with {count} ATTENDEE in an event, which takes {wanted}", "{better}"),
    "email-address": ("an e-mail address in a public feed: {address}", "leave it out; people's names will do"),
}
_EVENT_ERRORS = {
    "missing-uid": ("the {name} has no UID", "UID:something-that-never-changes@example.org"),
    "duplicate-uid": ('UID "{uid}" is that of line {first} too: readers keep one of them', "a UID of its own"),
    "duplicate-instance": ("UID and RECURRENCE-ID are those of line {first} too: readers keep one of them", "keep one"),
    "repeated-property": ("{name} stands twice", "keep one"),
    "missing-dtstamp": ("the {name} has no DTSTAMP", "DTSTAMP:20250101T000000Z"),
    "stamp-not-utc": ("{name} is not in UTC", "a time with Z"),
    "missing-dtstart": ("the {name} has no DTSTART",),
    "bad-value": ('{name}: "{value}" {what}',),
    "tzid-misplaced": ("{name}: TZID goes with a local time only", "leave TZID out"),
    "end-and-duration": ("{name} and DURATION exclude each other", "keep one"),
    "end-type": ("{name} is {end}, DTSTART {start}", "both of one kind"),
    "end-not-after-start": ("{name} is not after DTSTART", "a later {name}"),
    "invalid-rule": ("RRULE: {message}", "{better}"),
    "until-local": ("UNTIL is local time, DTSTART is not", "UNTIL in UTC, with Z: RFC 5545 section 3.3.10"),
    "until-type": ("UNTIL is {until}, DTSTART {start}", "both of one kind"),
    "until-before-start": ("UNTIL is before DTSTART", "a later UNTIL, or no RRULE"),
    "start-not-in-rule": (
        "DTSTART is no instance of its RRULE: readers differ on whether it takes place, and how COUNT counts it",
        "{better}",
    ),
    "exdate-type": ("EXDATE is {given}, DTSTART {start}: it leaves nothing out", "both of one kind"),
    "exdate-no-instance": ("EXDATE {value} is no instance: it leaves nothing out", "{better}", "Thunderbird"),
    "override-type": ("RECURRENCE-ID is {given}, DTSTART of the series {start}", "both of one kind"),
    "override-zone": ("RECURRENCE-ID is {given}, DTSTART of the series {start}", "the instance's own TZID and time"),
    "override-no-instance": ("RECURRENCE-ID {value} is no instance of the series of line {first}", "{better}"),
    "override-excluded": ("the instance {value} is changed here, and left out by the EXDATE of line {first}", "keep one"),
}
_ZONE_ERRORS = {
    "missing-tzid": ("the VTIMEZONE has no TZID", "TZID:Europe/Berlin"),
    "missing-vtimezone": ('TZID "{tzid}" has no VTIMEZONE', "a VTIMEZONE for every TZID", "Outlook, ical.js"),
    "duplicate-vtimezone": ('the VTIMEZONE of "{tzid}" is given on line {first} too', "keep one"),
    "bad-observance": ("the VTIMEZONE cannot be read: {detail}",),
    "vtimezone-differs": (
        'VTIMEZONE "{tzid}" is {published} from {start} to {end}; {zone} is {right} ({database}){more}',
        "a VTIMEZONE made with a present tz database",
    ),
}
_TEXT_WARNINGS = {
    "byte-order-mark": ("a byte order mark before BEGIN:VCALENDAR", "leave it out"),
    "long-line": ("the line is longer than 75 octets{detail}", "fold it"),
    "blank-line": ("an empty line{detail}", "leave it out"),
}
_CALENDAR_WARNINGS = {
    "missing-refresh-interval": (
        "no REFRESH-INTERVAL: readers look for news when they like",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
    ),
    "missing-published-ttl": ("no X-PUBLISHED-TTL: readers look for news when they like", "X-PUBLISHED-TTL:PT6H", "Outlook"),
    "people-in-feed": ("{name} in a feed that invites nobody", "leave it out"),
}
_EVENT_WARNINGS = {
    "floating-time": ("DTSTART is without zone: it is another instant for each reader", "DTSTART;TZID=..., or UTC"),
    "several-rules": ("more than one RRULE", "an event for each"),
    "sub-daily": ("the rule repeats {what}, for which few programs have a place", "an event for each time of day"),
    "outlook-rule": ("the rule has {what}, for which Outlook has no form", "{better}", "Outlook"),
    "rdate-without-rule": ("RDATE without RRULE", "an event for each date", "Outlook"),
    "exdate-zone": (
        "EXDATE is {given}, DTSTART {start}: programs that compare times as written keep the call",
        "the instance's own TZID and time",
        "Thunderbird",
    ),
    "cancelled-and-excluded": (
        "STATUS:CANCELLED for an instance that the EXDATE of line {first} leaves out",
        "keep one: EXDATE takes it away, CANCELLED leaves it to be seen",
    ),
    "override-without-master": ('RECURRENCE-ID, but no series has the UID "{uid}"', "the series' own event, or no RECURRENCE-ID"),
}
_ZONE_WARNINGS = {
    "unused-vtimezone": ('nothing uses the VTIMEZONE "{tzid}"', "leave it out"),
    "tzid-not-iana": ('TZID "{tzid}" is no IANA name: programs that go by the name do not know it', "{better}", "ICSx5, DAVx5"),
    "vtimezone-by-date": (
        "{count} changes in {years} years are told one by one, as RDATE",
        "an RRULE says the same",
        "Outlook",
    ),
}
CHECKS = _table("error", _TEXT_ERRORS | _CALENDAR_ERRORS | _EVENT_ERRORS | _ZONE_ERRORS) | _table(
    "warning", _TEXT_WARNINGS | _CALENDAR_WARNINGS | _EVENT_WARNINGS | _ZONE_WARNINGS
)


class Report:
    """What has been found in one text: a `Finding` for each note."""

    def __init__(self, file: str, content: Content) -> None:
        self.findings: list[Finding] = []
        self._file = file
        self._content = content

    def note(self, code: str, at: Property | Component | tuple[int, int], offset: int = 0, **words: object) -> None:
        """Note a finding: at a place, at a component, or at a property, `offset` characters into its value if not 0."""
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
        """Return the findings by their places."""
        return sorted(self.findings, key=lambda each: (each.line, each.column, each.code, each.message))


def _shown(word: object) -> str:
    """Return what a message may have of a feed: no control characters, and not much of it."""
    text = str(word)
    if len(text) > _LONGEST_SHOWN:
        text = f"{text[: _LONGEST_SHOWN - 3]}..."
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
