"""Answers in iCalendar text (RFC 5546 sections 3.2.3, 3.2.6 and 3.2.7): what a REPLY, REFRESH or COUNTER says.

Read as real clients write it: without ORGANIZER or VERSION, with LF line ends, names of Windows zones and whatever
properties of their own. What any other method says is read alike, and told apart by `method`. Nothing is believed
here: who may say it, and whether it is news, is decided in `itip`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from svsm_cal.core.external_text import plain_text
from svsm_cal.engine.civil import (
    FIRST_YEAR,
    LAST_YEAR,
    Instant,
    LocalDateTime,
    epoch_seconds,
    instant_from_epoch,
    local_from_epoch,
    local_seconds,
)
from svsm_cal.engine.zones import Zone, zone_of
from svsm_cal.errors import InputError, ZoneError
from svsm_cal.ical.content import Component, Content, Property, read_content
from svsm_cal.ical.moments import Form, Moment, duration_seconds, moments_of
from svsm_cal.ical.observances import PublishedClocks, published_clocks
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["LARGEST_REPLY", "Attendee", "Reply", "ReplyTime", "read_replies"]

LARGEST_REPLY = 1024 * 1024
_MOST_EVENTS = 500
_MOST_ATTENDEES = 1000
_MOST_CALENDARS = 10
_MOST_OBSERVANCES = 40
_MOST_COMPONENTS = 2000
_LONGEST_NAME = 200
_LONGEST_COMMENT = 2000
_LONGEST_UID = 1000
_LATEST_SEQUENCE = 2**31 - 1
_PARTSTATS = frozenset({"NEEDS-ACTION", "ACCEPTED", "TENTATIVE", "DECLINED", "DELEGATED"})
_FOLD = re.compile(rb"\r?\n[ \t]")
_BEGIN_OR_END = re.compile(rb"^(?:BEGIN|END)", re.IGNORECASE | re.MULTILINE)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPE_MEANS = {"n": "\n", "N": "\n"}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_WHOLE_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)


class ReplyTime(Value):
    """A time in an answer: the property as written (unfolded, at most 200 characters), and what it means.

    `wall` is what the clock named in it shows, midnight for a date; `at` is the instant, None for a date, for a floating
    time, for a zone that neither the text nor the tz database knows, and on a zone's clock before 1900 and after 2200.
    """

    text: str
    form: Form
    wall: LocalDateTime
    zone: str
    at: Instant | None


class Attendee(Value):
    """Who answers, and what: addresses in lower case without mailto:, "" or () where nothing is said.

    `partstat` is one that a VEVENT knows: any other one is NEEDS-ACTION (RFC 5545 section 3.2.12).
    """

    address: str
    name: str
    partstat: str
    delegated_to: tuple[str, ...]
    delegated_from: tuple[str, ...]
    sent_by: str


class Reply(Value):
    """What one VEVENT of an iTIP object says: of a whole UID, or of the instance that `recurrence` names.

    `method` is in capitals, "" where the object has none. `organizer` is None where it is omitted, as Outlook does.
    `start` and `end` are what a COUNTER proposes.
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
    r"""Return what each VEVENT of a text/calendar part says, in order, one at least.

    `method` is that of the part's Content-Type, for objects that have no METHOD of their own (RFC 6047 section 2.4).
    Raises InputError, with the line and what is wrong, for what cannot be understood, and for more than 1 MiB.

    >>> [reply] = read_replies(
    ...     b"BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:call@example.org\nDTSTAMP:20250305T170000Z\n"
    ...     b"ATTENDEE;PARTSTAT=ACCEPTED:MAILTO:Dionna@Example.org\nEND:VEVENT\nEND:VCALENDAR\n"
    ... )
    >>> reply.attendees[0].address, reply.attendees[0].partstat, reply.sequence, reply.organizer
    ('dionna@example.org', 'ACCEPTED', 0, None)
    """
    if len(data) > LARGEST_REPLY:
        raise InputError("is larger than 1 MiB, which no answer is")
    if len(_BEGIN_OR_END.findall(_FOLD.sub(b"", data))) > 2 * _MOST_COMPONENTS:
        raise InputError(f"has more than {_MOST_COMPONENTS} components, which no answer has")
    content = read_content(data)
    calendars = [each for each in content.components if each.name == "VCALENDAR"]
    if not calendars:
        raise InputError("has no BEGIN:VCALENDAR, so it is no iCalendar text")
    if len(calendars) > _MOST_CALENDARS:
        raise InputError(f"has more than {_MOST_CALENDARS} VCALENDARs, where an answer is one")
    zones = [zone for calendar in calendars for zone in calendar.children if zone.name == "VTIMEZONE"]
    if sum(1 + len(zone.children) for zone in zones) > _MOST_OBSERVANCES:
        raise InputError(f"has VTIMEZONEs of more than {_MOST_OBSERVANCES} parts, which no answer has")
    found: list[Reply] = []
    for calendar in calendars:
        events = [each for each in calendar.children if each.name == "VEVENT"]
        if len(found) + len(events) > _MOST_EVENTS:
            raise InputError(f"has more than {_MOST_EVENTS} VEVENTs, which no answer has")
        says = plain_text(calendar.text("METHOD") or method, 40).upper()
        clocks = _Clocks(calendar)
        found += (_Event(content, each, clocks).reply(says) for each in events)
    if not found:
        raise InputError("has no VEVENT, so it answers no invite")
    return tuple(found)


class _Event:
    """One VEVENT being read; what it cannot mean is an InputError at its line."""

    def __init__(self, content: Content, component: Component, clocks: _Clocks) -> None:
        self._content = content
        self._component = component
        self._clocks = clocks

    def reply(self, method: str) -> Reply:
        given = self._component
        attendees = given.all("ATTENDEE")
        if len(attendees) > _MOST_ATTENDEES:
            raise self._error(attendees[0].line, f"more than {_MOST_ATTENDEES} ATTENDEEs, which no answer has")
        organizer = given.first("ORGANIZER")
        stamp, start = self._time("DTSTAMP"), self._time("DTSTART")
        return Reply(
            method=method,
            uid=self._uid(),
            recurrence=self._time("RECURRENCE-ID"),
            sequence=self._sequence(),
            stamp=stamp.at if stamp else None,
            attendees=tuple(_attendee(each) for each in attendees),
            organizer=_address(organizer) if organizer else None,
            comment=_comment("\n".join(_text(each.value) for each in given.all("COMMENT"))),
            start=start,
            end=self._time("DTEND") or self._end(start),
        )

    def _uid(self) -> str:
        given = self._component.first("UID")
        uid = _text(given.value).strip() if given else ""
        if not uid:
            raise self._error(self._component.line, "has no UID, so nobody knows what it answers")
        if len(uid) > _LONGEST_UID or not uid.isprintable():
            raise self._error(given.line if given else 0, "the UID is none: it is too long, or has characters that do not print")
        return uid

    def _sequence(self) -> int:
        given = self._component.first("SEQUENCE")
        text = given.value.strip() if given else "0"
        if not _WHOLE_NUMBER.fullmatch(text) or int(text) > _LATEST_SEQUENCE:
            raise self._error(given.line if given else 0, f'SEQUENCE "{plain_text(text, 40)}" is no whole number, such as 0')
        return int(text)

    def _time(self, name: str) -> ReplyTime | None:
        given = self._component.first(name)
        if given is None:
            return None
        try:
            moments = moments_of(_forgiven(given))
            if len(moments) != 1:
                raise ValueError("has several times where one belongs")
            wall = local_from_epoch(moments[0].wall)
            return ReplyTime(self._written(given), moments[0].form, wall, moments[0].zone, self._clocks.instant(moments[0]))
        except (ValueError, OverflowError) as error:
            raise self._error(given.line, f'{name} "{plain_text(given.value, 40)}" {error}') from error

    def _end(self, start: ReplyTime | None) -> ReplyTime | None:
        """Return the end that a DURATION gives; exact time after its start, as a proposal is of hours."""
        given = self._component.first("DURATION")
        if given is None or start is None:
            return None
        try:
            length = duration_seconds(given.value.strip())
            wall = local_from_epoch(local_seconds(start.wall) + length)
            at = None if start.at is None else instant_from_epoch(epoch_seconds(start.at) + length)
        except (ValueError, OverflowError) as error:
            raise self._error(given.line, f'DURATION "{plain_text(given.value, 40)}" {error}') from error
        return ReplyTime(self._written(given), start.form, wall, start.zone, at)

    def _written(self, given: Property) -> str:
        """Return a property as it stands, unfolded."""
        lines = self._content.lines
        parts, at = [lines[given.line - 1]], given.line
        while at < len(lines) and lines[at][:1] in {" ", "\t"} and len(parts) < 10:
            parts.append(lines[at][1:])
            at += 1
        return plain_text("".join(parts), 200)

    def _error(self, line: int, message: str) -> InputError:
        return InputError(f"line {line}: {message}")


def _forgiven(given: Property) -> Property:
    """Return a time with the VALUE that its text has, where clients forget to say so, and no blanks around it."""
    text = given.value.strip()
    params = {name: values for name, values in given.params.items() if name != "VALUE"}
    if len(text) == 8:
        params["VALUE"] = ("DATE",)
    return Property(given.line, given.name, params, text, given.head)


class _Clocks:
    """The clocks that an object's TZIDs name.

    An IANA name means the tz database: what clients write as its VTIMEZONE is often this year's rule alone. Any other
    name means what its VTIMEZONE says, for the writer computed with that; failing that, the region of a Windows name.
    """

    def __init__(self, calendar: Component) -> None:
        zones = [each for each in calendar.children if each.name == "VTIMEZONE"]
        self._components = {each.text("TZID").strip(): each for each in reversed(zones)}
        self._known: dict[str, Zone | PublishedClocks | None] = {}

    def instant(self, moment: Moment) -> Instant | None:
        """Return the instant of a time, None where none can be told."""
        if moment.form == "utc":
            return instant_from_epoch(moment.wall)
        if moment.form != "zoned" or not FIRST_YEAR <= local_from_epoch(moment.wall).year <= LAST_YEAR:
            return None
        clocks = self._clocks(moment.zone.strip())
        if clocks is None:
            return None
        seconds = clocks.resolve_seconds(moment.wall)
        return instant_from_epoch(seconds if isinstance(seconds, int) else seconds[0])

    def _clocks(self, tzid: str) -> Zone | PublishedClocks | None:
        if tzid not in self._known:
            self._known[tzid] = self._look_up(tzid)
        return self._known[tzid]

    def _look_up(self, tzid: str) -> Zone | PublishedClocks | None:
        zone = next(filter(None, map(_zone, _iana_names(tzid))), None)
        if zone is not None:
            return zone
        component = self._components.get(tzid)
        if component is not None:
            published = published_clocks(component)
            if published.observances:
                return published
        from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

        wanted = tzid.lower()
        region = next((region for name, region in WINDOWS_TO_OLSON.items() if name.lower() == wanted), None)
        return _zone(region) if region else None


def _iana_names(tzid: str) -> Iterator[str]:
    """Yield what may be an IANA name: a TZID, or the end of a path such as /freeassociation.sourceforge.net/Europe/Berlin."""
    yield tzid
    parts = tzid.split("/")
    yield from ("/".join(parts[-count:]) for count in (3, 2) if len(parts) > count)


def _zone(name: str) -> Zone | None:
    try:
        zone = zone_of(name)
        _ = zone.recorded_until  # its file is read here: what cannot be read is no zone either
    except ZoneError:
        return None
    return zone


def _attendee(given: Property) -> Attendee:
    partstat = given.param("PARTSTAT").strip().upper()
    return Attendee(
        address=_address(given),
        name=plain_text(given.param("CN"), _LONGEST_NAME),
        partstat=partstat if partstat in _PARTSTATS else "NEEDS-ACTION",
        delegated_to=_addresses(given.params.get("DELEGATED-TO", ())),
        delegated_from=_addresses(given.params.get("DELEGATED-FROM", ())),
        sent_by=next(iter(_addresses(given.params.get("SENT-BY", ())[:1])), ""),
    )


def _address(given: Property) -> str:
    """Return the address of an ATTENDEE or ORGANIZER; where its value is none, as in Apple's, that of its EMAIL."""
    value = _plain_address(given.value)
    if ("@" not in value or _SCHEME.match(value)) and "@" in given.param("EMAIL"):
        return _plain_address(given.param("EMAIL"))
    return value


def _addresses(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(_plain_address(each) for each in values[:_MOST_ATTENDEES] if each.strip())


def _plain_address(text: str) -> str:
    text = text.strip().strip("'\"<>")
    if text[:7].lower() == "mailto:":
        text = unquote(text[7:].partition("?")[0])
    return plain_text(text, 320).strip("'\"<>").lower()


def _text(value: str) -> str:
    return _ESCAPED.sub(lambda found: _ESCAPE_MEANS.get(found[1], found[1]), value)


def _comment(text: str) -> str:
    """Return a comment with its line breaks, without empty lines."""
    lines = (plain_text(each, _LONGEST_COMMENT) for each in text[: _LONGEST_COMMENT * 2].replace("\r", "\n").split("\n"))
    return "\n".join(filter(None, lines))[:_LONGEST_COMMENT].rstrip()
