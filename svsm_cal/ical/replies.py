"""A reader of replies to invites: REPLY, REFRESH and COUNTER (RFC 5546 sections 3.2.3, 3.2.6 and 3.2.7).

It accepts real clients' output: no ORGANIZER or VERSION, LF line ends, Windows zone names, any other properties. Other
methods are read the same way. Nothing is trusted here: `itip` decides who may send what, and whether it is new.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING
from urllib.parse import unquote

from svsm_cal.core.external_text import plain_text
from svsm_cal.engine.civil import FIRST_YEAR, LAST_YEAR, epoch_seconds, instant_from_epoch, local_from_epoch, local_seconds
from svsm_cal.errors import InputError
from svsm_cal.ical.content import Component, Content, Property, read_content
from svsm_cal.ical.observances import PublishedClocks, named_zone, published_clocks
from svsm_cal.ical.value_types import Form, TimeValue, duration_seconds, time_values
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svsm_cal.engine.civil import Instant, LocalDateTime
    from svsm_cal.engine.zones import Zone

LARGEST_REPLY = 1024 * 1024
_MOST_COMPONENTS = 2000
_MOST = {"VCALENDARs": 10, "VTIMEZONE parts": 40, "VEVENTs": 500}
_MOST_ATTENDEES = 1000
_LONGEST_NAME = 200
_LONGEST_COMMENT = 2000
_LONGEST_UID = 1000
_LATEST_SEQUENCE = 2**31 - 1
_PARTSTATS = frozenset({"NEEDS-ACTION", "ACCEPTED", "TENTATIVE", "DECLINED", "DELEGATED"})
_FOLD = re.compile(rb"\r?\n[ \t]")
_BEGIN_OR_END = re.compile(rb"^(?:BEGIN|END)", re.IGNORECASE | re.MULTILINE)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_WHOLE_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)


class ReplyTime(Value):
    """A time in a reply: `text` is the property as written (unfolded, at most 200 characters).

    `wall` is the local time, midnight for a date. `at` is the instant; None for a date, a floating time, an unknown zone,
    and a zone's local time before 1900 or after 2200.
    """

    text: str
    form: Form
    wall: LocalDateTime
    at: Instant | None


class Attendee(Value):
    """An ATTENDEE of a reply: addresses are in lower case without mailto:, absent values are "" or ().

    An unknown `partstat` counts as NEEDS-ACTION (RFC 5545 section 3.2.12).
    """

    address: str
    name: str
    partstat: str
    delegated_to: tuple[str, ...]
    delegated_from: tuple[str, ...]


class Reply(Value):
    """One VEVENT of an iTIP object: about a whole UID, or about the instance with RECURRENCE-ID `recurrence`.

    `method` is in upper case, "" if absent. `organizer` is None if absent, as from Outlook. `start` and `end` are the time
    that a COUNTER proposes.
    """

    method: str
    uid: str
    recurrence: ReplyTime | None
    sequence: int
    stamp: Instant | None
    attendees: tuple[Attendee, ...]
    organizer: str | None
    comment: str
    start: ReplyTime | None
    end: ReplyTime | None


def read_replies(data: bytes, *, method: str = "") -> tuple[Reply, ...]:
    r"""Return the VEVENTs of a text/calendar part in order, at least one.

    `method` is from the part's Content-Type, for objects without METHOD (RFC 6047 section 2.4). Raises InputError, with
    line and problem, if the text is not a readable reply or is larger than 1 MiB.

    >>> [reply] = read_replies(
    ...     b"BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:call@example.org\nDTSTAMP:20250305T170000Z\n"
    ...     b"ATTENDEE;PARTSTAT=ACCEPTED:MAILTO:Dionna@Example.org\nEND:VEVENT\nEND:VCALENDAR\n"
    ... )
    >>> reply.attendees[0].address, reply.attendees[0].partstat, reply.sequence, reply.organizer
    ('dionna@example.org', 'ACCEPTED', 0, None)
    """
    if len(data) > LARGEST_REPLY:
        raise InputError("is larger than 1 MiB: too large for a reply")
    if len(_BEGIN_OR_END.findall(_FOLD.sub(b"", data))) > 2 * _MOST_COMPONENTS:
        raise InputError(f"has more than {_MOST_COMPONENTS} components: too many for a reply")
    content = read_content(data)
    calendars = [component for component in content.components if component.name == "VCALENDAR"]
    if not calendars:
        raise InputError("has no BEGIN:VCALENDAR, so it is not iCalendar text")
    children = [child for calendar in calendars for child in calendar.children]
    counts = {
        "VCALENDARs": len(calendars),
        "VTIMEZONE parts": sum(1 + len(child.children) for child in children if child.name == "VTIMEZONE"),
        "VEVENTs": sum(child.name == "VEVENT" for child in children),
    }
    for what, most in _MOST.items():
        if counts[what] > most:
            raise InputError(f"has more than {most} {what}: too many for a reply")
    replies: list[Reply] = []
    for calendar in calendars:
        own_method = plain_text(calendar.text("METHOD") or method, 40).upper()
        clocks = _Clocks(calendar)
        replies += (_Event(content, child, clocks).reply(own_method) for child in calendar.children if child.name == "VEVENT")
    if not replies:
        raise InputError("has no VEVENT, so it is not a reply to an invite")
    return tuple(replies)


class _Event:
    """A reader of one VEVENT; an unusable property is an InputError with its line."""

    def __init__(self, content: Content, component: Component, clocks: _Clocks) -> None:
        self._content, self._component, self._clocks = content, component, clocks

    def reply(self, method: str) -> Reply:
        given = self._component
        attendees = given.all("ATTENDEE")
        if len(attendees) > _MOST_ATTENDEES:
            raise InputError(f"line {attendees[0].line}: more than {_MOST_ATTENDEES} ATTENDEEs: too many for a reply")
        organizer = given.first("ORGANIZER")
        stamp, start = self._time("DTSTAMP"), self._time("DTSTART")
        return Reply(
            method=method,
            uid=self._uid(),
            recurrence=self._time("RECURRENCE-ID"),
            sequence=self._sequence(),
            stamp=stamp.at if stamp else None,
            attendees=tuple(map(_attendee, attendees)),
            organizer=_address(organizer) if organizer else None,
            comment=_comment("\n".join(_text(comment.value) for comment in given.all("COMMENT"))),
            start=start,
            end=self._time("DTEND") or self._end(start),
        )

    def _uid(self) -> str:
        given = self._component.first("UID")
        uid = _text(given.value).strip() if given else ""
        if given is None or not uid:
            raise InputError(f"line {self._component.line}: has no UID, so it cannot be matched with an invite")
        if len(uid) > _LONGEST_UID or not uid.isprintable():
            raise _unusable(given, "is too long, or has characters that do not print")
        return uid

    def _sequence(self) -> int:
        given = self._component.first("SEQUENCE")
        if given is None:
            return 0
        text = given.value.strip()
        if not _WHOLE_NUMBER.fullmatch(text) or int(text) > _LATEST_SEQUENCE:
            raise _unusable(given, "is not a whole number, such as 0")
        return int(text)

    def _time(self, name: str) -> ReplyTime | None:
        given = self._component.first(name)
        if given is None:
            return None
        try:
            times = time_values(_forgiven(given))
            if len(times) != 1:
                raise ValueError("has several times instead of one")
            wall = local_from_epoch(times[0].wall)
            return ReplyTime(self._written(given), times[0].form, wall, self._clocks.instant(times[0]))
        except (ValueError, OverflowError) as error:
            raise _unusable(given, error) from error

    def _end(self, start: ReplyTime | None) -> ReplyTime | None:
        """Return the start plus DURATION as exact time, as meetings last hours and not days."""
        given = self._component.first("DURATION")
        if given is None or start is None:
            return None
        try:
            length = duration_seconds(given.value.strip())
            wall = local_from_epoch(local_seconds(start.wall) + length)
            at = None if start.at is None else instant_from_epoch(epoch_seconds(start.at) + length)
        except (ValueError, OverflowError) as error:
            raise _unusable(given, error) from error
        return ReplyTime(self._written(given), start.form, wall, at)

    def _written(self, given: Property) -> str:
        """Return a property as written, unfolded."""
        first, *more = self._content.lines[given.line - 1 : given.line + 9]
        folds = takewhile(lambda line: line[:1] in {" ", "\t"}, more)
        return plain_text("".join([first, *(line[1:] for line in folds)]), 200)


def _unusable(given: Property, problem: object) -> InputError:
    return InputError(f'line {given.line}: {given.name} "{plain_text(given.value, 40)}" {problem}')


def _forgiven(given: Property) -> Property:
    """Return a time without surrounding blanks, and with the VALUE that matches it, which some clients omit."""
    text = given.value.strip()
    params = {**given.params, "VALUE": ("DATE" if len(text) == 8 else "DATE-TIME",)}
    return Property(given.line, given.name, params, text, given.head)


class _Clocks:
    """The zones of an object's TZIDs.

    An IANA name means the tz database, as many clients' VTIMEZONEs have only the current year's rule. Any other name means
    its VTIMEZONE, which the sender computed with, or without one the region of a Windows name.
    """

    def __init__(self, calendar: Component) -> None:
        zones = [child for child in calendar.children if child.name == "VTIMEZONE"]
        self._components = {zone.text("TZID").strip(): zone for zone in reversed(zones)}
        self._known: dict[str, Zone | PublishedClocks | None] = {}

    def instant(self, time: TimeValue) -> Instant | None:
        """Return the instant of a time, or None as in `ReplyTime.at`."""
        if time.form == "utc":
            return instant_from_epoch(time.wall)
        if time.form != "zoned" or not FIRST_YEAR <= local_from_epoch(time.wall).year <= LAST_YEAR:
            return None
        tzid = time.zone.strip()
        if tzid not in self._known:
            self._known[tzid] = self._look_up(tzid)
        clocks = self._known[tzid]
        if clocks is None:
            return None
        seconds = clocks.resolve_seconds(time.wall)
        return instant_from_epoch(seconds if isinstance(seconds, int) else seconds[0])

    def _look_up(self, tzid: str) -> Zone | PublishedClocks | None:
        zone = named_zone(tzid)
        if zone is not None:
            return zone
        if tzid in self._components:
            published = published_clocks(self._components[tzid])
            if published.observances:
                return published
        from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

        wanted = tzid.lower()
        region = next((region for name, region in WINDOWS_TO_OLSON.items() if name.lower() == wanted), None)
        return named_zone(region) if region else None


def _attendee(given: Property) -> Attendee:
    partstat = given.param("PARTSTAT").strip().upper()
    return Attendee(
        address=_address(given),
        name=plain_text(given.param("CN"), _LONGEST_NAME),
        partstat=partstat if partstat in _PARTSTATS else "NEEDS-ACTION",
        delegated_to=_addresses(given.params.get("DELEGATED-TO", ())),
        delegated_from=_addresses(given.params.get("DELEGATED-FROM", ())),
    )


def _address(given: Property) -> str:
    """Return the address of an ATTENDEE or ORGANIZER; from EMAIL if its value is not an address, as from Apple."""
    value = _plain_address(given.value)
    if ("@" not in value or _SCHEME.match(value)) and "@" in given.param("EMAIL"):
        return _plain_address(given.param("EMAIL"))
    return value


def _addresses(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(_plain_address(value) for value in values[:_MOST_ATTENDEES] if value.strip())


def _plain_address(text: str) -> str:
    text = text.strip().strip("'\"<>")
    if text[:7].lower() == "mailto:":
        text = unquote(text[7:].partition("?")[0])
    return plain_text(text, 320).strip("'\"<>").lower()


def _text(value: str) -> str:
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)


def _comment(text: str) -> str:
    """Return a comment as plain text with its line breaks, without empty lines."""
    lines = (plain_text(line, _LONGEST_COMMENT) for line in text[: _LONGEST_COMMENT * 2].replace("\r", "\n").split("\n"))
    return "\n".join(filter(None, lines))[:_LONGEST_COMMENT].rstrip()
