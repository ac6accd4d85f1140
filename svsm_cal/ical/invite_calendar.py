"""Invites (RFC 5546): one UID's components as they are announced to everybody, and the message each address gets of them.

What is announced has an ORGANIZER and no attendee. A message is the same bytes with a METHOD and, in each component,
the one ATTENDEE it is for, whose address nobody else sees; to a list, where nobody answers, there is none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from icalendar import vCalAddress, vText

from svsm_cal.core.occurrences import occurrence_of
from svsm_cal.core.segments import Segment
from svsm_cal.ical.event import Revision, added_event, instance_event, segment_event, segment_instances
from svsm_cal.ical.stream import STREAM_END, folded, head_bytes, new_stream
from svsm_cal.ical.vtimezone import zone_bytes
from svsm_cal.value import Value, replace
from svsm_cal.words import language_of
from svsm_cal.words.descriptions import occurrence_description, segment_description

if TYPE_CHECKING:
    from collections.abc import Callable

    from svsm_cal.core.model import Calendar, Occurrence, Organizer, Participant
    from svsm_cal.engine.civil import Instant

__all__ = [
    "Attendee",
    "Component",
    "Invite",
    "InviteObject",
    "Method",
    "instance_object",
    "invite",
    "raised",
    "read_object",
    "whole_object",
]

Method = Literal["REQUEST", "PUBLISH", "CANCEL"]
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
    """An ATTENDEE: a name, an address and an answer."""

    name: str
    email: str
    partstat: str = "NEEDS-ACTION"


class Invite(Value):
    """An iTIP message for one UID: its method, UID, the latest SEQUENCE in it, and its iCalendar bytes."""

    method: Method
    uid: str
    sequence: int
    data: bytes


class Component(Value):
    """A VEVENT in the three pieces between which a SEQUENCE and an ATTENDEE go; `recurrence` is "" for the master."""

    recurrence: str
    sequence: int
    stamp: str
    head: bytes
    upto: bytes
    rest: bytes


class InviteObject(Value):
    """One UID as announced: what stands before and after the place of METHOD, and its components, the master first."""

    uid: str
    head: bytes
    zones: bytes
    components: tuple[Component, ...]

    @property
    def sequence(self) -> int:
        """Return the latest SEQUENCE of its components."""
        return max(each.sequence for each in self.components)

    @property
    def stamp(self) -> str:
        """Return the latest DTSTAMP of its components."""
        return max(each.stamp for each in self.components)

    def message(
        self, method: Method, attendee: Callable[[str], Attendee | None], *, lift: int = 0, cancelled: str = ""
    ) -> Invite:
        """Return the message for one address.

        `attendee` gives who is asked by a component of a RECURRENCE-ID, None for a list; `lift` is added to each SEQUENCE.
        With `cancelled`, a DTSTAMP, it is the master alone, cancelled then. The master has the latest revision of all: some
        programs (Thunderbird) look at no other.
        """
        first, *others = self.components
        master = replace(first, sequence=self.sequence)
        stamp = cancelled or self.stamp
        head = _STAMPS.sub(rb"\g<1>" + stamp.encode("ascii"), master.head) if stamp != master.stamp else master.head
        rest = b"STATUS:CANCELLED\r\n" + _STATUS.sub(b"", master.rest, count=1) if cancelled else master.rest
        components = [replace(master, head=head, rest=rest), *([] if cancelled else others)]
        parts = [self.head, b"METHOD:%b\r\n" % method.encode("ascii"), self.zones]
        for each in components:
            who = attendee(each.recurrence)
            line = b"" if who is None else _attendee_line(who)
            parts += [_BEGIN, each.head, b"%d" % (each.sequence + lift), each.upto, line, each.rest, _END]
        parts.append(STREAM_END)
        return Invite(method, self.uid, master.sequence + lift, b"".join(parts))


def whole_object(calendar: Calendar, of: Segment | Occurrence, organizer: Organizer, *, since: Instant) -> bytes:
    """Return a segment or an added call as announced for the first time: an iCalendar stream without METHOD and attendees.

    Instances that were over at `since` and differ only in what they say are left out: nobody joins them any more.
    """
    people = [("ORGANIZER", _address(organizer.name, organizer.email))]
    language = language_of(calendar.language)
    first = occurrence_of(of, of.start) if isinstance(of, Segment) else of
    revision = Revision(0, first.start_utc)
    calls = [first]
    if isinstance(of, Segment):
        instances = [each for each in segment_instances(of) if each.end_utc >= since or each.start != each.recurrence]
        calls += instances
        events = [segment_event(of, revision, people, language=language).to_bytes(segment_description(language, calendar, of))]
        for each in instances:
            event = instance_event(each, revision, people, language=language)
            events.append(event.to_bytes(occurrence_description(language, calendar, each)))
    else:
        events = [added_event(of, revision, people).to_bytes(occurrence_description(language, calendar, of))]
    return b"".join([head_bytes(new_stream()), zone_bytes(of.zone, calls), *events, STREAM_END])


def instance_object(calendar: Calendar, occurrence: Occurrence, organizer: Organizer, revision: Revision) -> bytes:
    """Return one instance alone, whatever became of it, as a stream such as `whole_object` gives."""
    people = [("ORGANIZER", _address(organizer.name, organizer.email))]
    language = language_of(calendar.language)
    description = occurrence_description(language, calendar, occurrence)
    event = instance_event(occurrence, revision, people, language=language).to_bytes(description)
    return b"".join([head_bytes(new_stream()), zone_bytes(occurrence.zone, [occurrence]), event, STREAM_END])


def read_object(uid: str, stream: bytes) -> InviteObject:
    """Return a stream of ours in pieces; raises ValueError for one that is not."""
    frame, *blocks = stream.removesuffix(STREAM_END).split(_BEGIN)
    at = frame.find(b"BEGIN:VTIMEZONE\r\n")
    head, zones = (frame, b"") if at < 0 else (frame[:at], frame[at:])
    return InviteObject(uid, head, zones, tuple(_component(each.removesuffix(_END)) for each in blocks))


def raised(stream: bytes, sequence: int) -> bytes:
    """Return a stream of ours whose master has another SEQUENCE."""
    head, begin, events = stream.partition(_BEGIN)
    return head + begin + _SEQUENCE.sub(b"SEQUENCE:%d" % sequence, events, count=1)


def _component(body: bytes) -> Component:
    found = _COMPONENT.match(body)
    if found is None:
        raise ValueError("a component without DTSTAMP, SEQUENCE or ORGANIZER")
    recurrence = _RECURRENCE.search(body)
    return Component(
        "" if recurrence is None else recurrence[1].decode("ascii"),
        int(found["sequence"]),
        found["stamp"].decode("ascii"),
        found["head"],
        found["upto"],
        found["rest"],
    )


def invite(
    calendar: Calendar, of: Segment | Occurrence, organizer: Organizer, attendee: Participant | None, *, since: Instant
) -> Invite:
    """Return the first invite to a segment or an added call, for an attendee with an address, for a list when there is none.

    Instances before `since` that differ only in what they say are left out: nobody joins them any more.
    """
    whole = read_object(of.uid, whole_object(calendar, of, organizer, since=since))
    if attendee is None or attendee.email is None:
        return whole.message("PUBLISH", lambda _: None)
    asked = Attendee(attendee.name, attendee.email)
    return whole.message("REQUEST", lambda _: asked)


def _address(name: str, email: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    address.params["CN"] = vText(name)
    return address


# RFC 6868: what may not stand in a parameter's value, and what stands for it.
_PARAMETER = str.maketrans({"^": "^^", '"': "^'", "\n": "^n", "\r": None})


@lru_cache(maxsize=4096)
def _attendee_line(attendee: Attendee) -> bytes:
    """Return an ATTENDEE as iCalendar writes it: folded, with its line end."""
    name = attendee.name.translate(_PARAMETER)
    return folded(
        f'ATTENDEE;CN="{name}";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={attendee.partstat};RSVP=TRUE'
        f":mailto:{attendee.email}"
    )
