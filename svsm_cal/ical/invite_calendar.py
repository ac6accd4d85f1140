"""Invites (RFC 5546): the announced components of one UID, and the message that each address receives.

The announced stream has an ORGANIZER and no ATTENDEE. A message is the same bytes with a METHOD and, in each component,
its recipient as the only ATTENDEE, so nobody sees another's address; a message to a list, where nobody answers, has none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from icalendar import vCalAddress, vText

from svsm_cal.core.occurrences import occurrence_of
from svsm_cal.core.segments import Segment
from svsm_cal.ical.event import (
    STREAM_END,
    Revision,
    added_event,
    instance_event,
    segment_event,
    segment_instances,
    stream_head,
)
from svsm_cal.ical.vtimezone import zone_bytes
from svsm_cal.value import Value, replace
from svsm_cal.words import language_of
from svsm_cal.words.descriptions import occurrence_description, segment_description

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from svsm_cal.core.model import Calendar, Occurrence, Organizer, Participant
    from svsm_cal.engine.civil import Instant

Method = Literal["REQUEST", "PUBLISH", "CANCEL"]
_LONGEST = 75
_ESCAPES = b"\\^"
_BEGIN = b"BEGIN:VEVENT\r\n"
_END = b"END:VEVENT\r\n"
# A component up to its SEQUENCE, from there to the end of its ORGANIZER, and the rest.
_COMPONENT = re.compile(
    rb"(?P<head>.*?\r\nDTSTAMP:(?P<stamp>[^\r]*)\r\n.*?\r\nSEQUENCE:)(?P<sequence>\d+)"
    rb"(?P<upto>\r\n.*?\r\nORGANIZER[^\r]*\r\n(?: [^\r]*\r\n)*)(?P<rest>.*)\Z",
    re.DOTALL,
)
_RECURRENCE = re.compile(rb"\r\nRECURRENCE-ID[^:\r]*:(\d{8}T\d{6}Z?)\r\n")
_STAMPS = re.compile(rb"^((?:DTSTAMP|LAST-MODIFIED):)[^\r]*", re.MULTILINE)
_SEQUENCE = re.compile(rb"^SEQUENCE:\d+", re.MULTILINE)
_STATUS = re.compile(rb"^STATUS:[^\r]*\r\n", re.MULTILINE)


class Attendee(Value):
    """An ATTENDEE: name, address and participation status."""

    name: str
    email: str
    partstat: str = "NEEDS-ACTION"


class Invite(Value):
    """An iTIP message for one UID: its method, UID, highest SEQUENCE and iCalendar bytes."""

    method: Method
    uid: str
    sequence: int
    data: bytes


class Component(Value):
    """A VEVENT in three pieces, split where its SEQUENCE and an ATTENDEE belong; `recurrence` is "" for the master."""

    recurrence: str
    sequence: int
    stamp: str
    head: bytes
    upto: bytes
    rest: bytes


class InviteObject(Value):
    """One announced UID: the stream before and after the place of METHOD, and its components, the master first."""

    uid: str
    head: bytes
    zones: bytes
    components: tuple[Component, ...]

    @property
    def sequence(self) -> int:
        """Return the highest SEQUENCE of its components."""
        return max(component.sequence for component in self.components)

    @property
    def stamp(self) -> str:
        """Return the latest DTSTAMP of its components."""
        return max(component.stamp for component in self.components)

    def message(
        self, method: Method, attendee: Callable[[str], Attendee | None], *, lift: int = 0, cancelled: str = ""
    ) -> Invite:
        """Return the message for one address.

        `attendee` maps a component's RECURRENCE-ID to its ATTENDEE, None for a list; `lift` is added to each SEQUENCE.
        `cancelled`, a DTSTAMP, makes it the master alone, cancelled at that time. The master always has the latest revision,
        as some programs (Thunderbird) read only that one.
        """
        first, *others = self.components
        master = replace(first, sequence=self.sequence)
        stamp = cancelled or self.stamp
        head = _STAMPS.sub(rb"\g<1>" + stamp.encode("ascii"), master.head) if stamp != master.stamp else master.head
        rest = b"STATUS:CANCELLED\r\n" + _STATUS.sub(b"", master.rest, count=1) if cancelled else master.rest
        components = [replace(master, head=head, rest=rest), *([] if cancelled else others)]
        parts = [self.head, b"METHOD:%b\r\n" % method.encode("ascii"), self.zones]
        for component in components:
            invited = attendee(component.recurrence)
            line = b"" if invited is None else _attendee_line(invited)
            parts += [_BEGIN, component.head, b"%d" % (component.sequence + lift), component.upto, line, component.rest, _END]
        parts.append(STREAM_END)
        return Invite(method, self.uid, master.sequence + lift, b"".join(parts))


def whole_object(calendar: Calendar, of: Segment | Occurrence, organizer: Organizer, *, since: Instant) -> bytes:
    """Return the first announcement of a segment or an added call: an iCalendar stream without METHOD and ATTENDEE.

    Instances that ended before `since` are left out if they keep their time, as nobody can join them any more.
    """
    people = _organizer(organizer)
    language = language_of(calendar.language)
    first = occurrence_of(of, of.start) if isinstance(of, Segment) else of
    revision = Revision(0, first.start_utc)
    calls = [first]
    if isinstance(of, Segment):
        instances = [call for call in segment_instances(of) if call.end_utc >= since or call.start != call.recurrence]
        calls += instances
        events = [segment_event(of, revision, people, language=language).to_bytes(segment_description(language, calendar, of))]
        for call in instances:
            event = instance_event(call, revision, people, language=language)
            events.append(event.to_bytes(occurrence_description(language, calendar, call)))
    else:
        events = [added_event(of, revision, people).to_bytes(occurrence_description(language, calendar, of))]
    return _stream(calls, events)


def instance_object(calendar: Calendar, occurrence: Occurrence, organizer: Organizer, revision: Revision) -> bytes:
    """Return one instance, held, moved or cancelled, as a stream like that of `whole_object`."""
    language = language_of(calendar.language)
    event = instance_event(occurrence, revision, _organizer(organizer), language=language)
    return _stream([occurrence], [event.to_bytes(occurrence_description(language, calendar, occurrence))])


def _organizer(organizer: Organizer) -> list[tuple[str, vCalAddress]]:
    address = vCalAddress(f"mailto:{organizer.email}")
    address.params["CN"] = vText(organizer.name)
    return [("ORGANIZER", address)]


def _stream(calls: list[Occurrence], events: Iterable[bytes]) -> bytes:
    return b"".join([stream_head(), zone_bytes(calls[0].zone, calls), *events, STREAM_END])


def read_object(uid: str, stream: bytes) -> InviteObject:
    """Split a stream of `whole_object` or `instance_object`; raises ValueError for any other."""
    frame, *blocks = stream.removesuffix(STREAM_END).split(_BEGIN)
    head, begin, zones = frame.partition(b"BEGIN:VTIMEZONE\r\n")
    return InviteObject(uid, head, begin + zones, tuple(_component(block.removesuffix(_END)) for block in blocks))


def raised(stream: bytes, sequence: int) -> bytes:
    """Return a stream of `whole_object` with a new SEQUENCE in its master."""
    head, begin, events = stream.partition(_BEGIN)
    return head + begin + _SEQUENCE.sub(b"SEQUENCE:%d" % sequence, events, count=1)


def _component(body: bytes) -> Component:
    match = _COMPONENT.match(body)
    if match is None:
        raise ValueError("a component without DTSTAMP, SEQUENCE or ORGANIZER")
    instance = _RECURRENCE.search(body)
    recurrence = "" if instance is None else instance[1].decode("ascii")
    stamp = match["stamp"].decode("ascii")
    return Component(recurrence, int(match["sequence"]), stamp, match["head"], match["upto"], match["rest"])


def invite(
    calendar: Calendar, of: Segment | Occurrence, organizer: Organizer, attendee: Participant | None, *, since: Instant
) -> Invite:
    """Return the first invite to a segment or an added call, for an attendee with an address, otherwise for a list.

    `since` leaves out past instances as in `whole_object`.
    """
    whole = read_object(of.uid, whole_object(calendar, of, organizer, since=since))
    if attendee is None or attendee.email is None:
        return whole.message("PUBLISH", lambda _: None)
    invited = Attendee(attendee.name, attendee.email)
    return whole.message("REQUEST", lambda _: invited)


# RFC 6868: the escapes of characters that a parameter value must not contain.
_PARAMETER = str.maketrans({"^": "^^", '"': "^'", "\n": "^n", "\r": None})


@lru_cache(maxsize=4096)
def _attendee_line(attendee: Attendee) -> bytes:
    name = attendee.name.translate(_PARAMETER)
    return folded(
        f'ATTENDEE;CN="{name}";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={attendee.partstat};RSVP=TRUE'
        f":mailto:{attendee.email}"
    )


def folded(line: str) -> bytes:
    """Return a content line with its line end, folded to at most 75 octets without cutting a character (RFC 5545 3.1).

    No fold separates an escape from its character, which some readers do not rejoin.
    """
    data = line.encode()
    if len(data) <= _LONGEST:
        return data + b"\r\n"
    pieces, begin, room = [], 0, _LONGEST
    while len(data) - begin > room:
        end = begin + room
        while data[end] & 0xC0 == 0x80:
            end -= 1
        escapes = end - len(data[begin:end].rstrip(data[end - 1 : end])) - begin if data[end - 1] in _ESCAPES else 0
        end -= escapes % 2
        pieces.append(data[begin:end])
        begin, room = end, _LONGEST - 1
    pieces.append(data[begin:])
    return b"\r\n ".join(pieces) + b"\r\n"
