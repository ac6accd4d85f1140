"""Invites (RFC 5546): a segment's whole set of components for one attendee, or for a mailing list.

To an attendee it is a REQUEST with one ATTENDEE, whose address nobody else sees; to a list, where nobody
answers, a PUBLISH without any. Both carry the ORGANIZER that the mail is from.
"""

from __future__ import annotations

from typing import Any, Literal

from icalendar import vCalAddress, vText

from svsm_cal.core.civil import Instant
from svsm_cal.core.model import Calendar, Occurrence, Organizer, Participant
from svsm_cal.core.segments import Segment
from svsm_cal.ical.event import Revision, added_event, instance_event, segment_event, segment_instances
from svsm_cal.ical.stream import STREAM_END, head_bytes, new_stream
from svsm_cal.ical.vtimezone import zone_bytes
from svsm_cal.value import Value
from svsm_cal.words.descriptions import occurrence_description, segment_description

__all__ = ["Invite", "invite"]

Method = Literal["REQUEST", "PUBLISH"]


class Invite(Value):
    """An iTIP message for one UID: its method, UID, SEQUENCE and iCalendar bytes."""

    method: Method
    uid: str
    sequence: int
    data: bytes


def invite(
    calendar: Calendar, of: Segment | Occurrence, organizer: Organizer, attendee: Participant | None, *, since: Instant
) -> Invite:
    """Return the invite to a segment or an added call, for an attendee with an address, for a list when there is none.

    Instances before `since` that differ only in what they say are left out: nobody joins them any more.
    """
    method: Method = "PUBLISH" if attendee is None else "REQUEST"
    people = [("ORGANIZER", _address(organizer.name, organizer.email))]
    if attendee is not None and attendee.email is not None:
        people.append(("ATTENDEE", _attendee(attendee.name, attendee.email)))
    first = of.occurrence(of.start) if isinstance(of, Segment) else of
    revision = Revision(0, first.start_utc)
    calls = [first]
    if isinstance(of, Segment):
        instances = [each for each in segment_instances(of) if each.end_utc >= since or each.start != each.recurrence]
        calls += instances
        events = [segment_event(of, revision, people).to_bytes(segment_description(calendar, of))]
        events += [instance_event(each, revision, people).to_bytes(occurrence_description(calendar, each)) for each in instances]
    else:
        events = [added_event(of, revision, people).to_bytes(occurrence_description(calendar, of))]
    head = new_stream()
    head.add("METHOD", method)
    data = b"".join([head_bytes(head), zone_bytes(of.zone, calls), *events, STREAM_END])
    return Invite(method, of.uid, revision.sequence, data)


def _address(name: str, email: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    address.params["CN"] = vText(name)
    return address


def _attendee(name: str, email: str) -> vCalAddress:
    address = _address(name, email)
    parameters: dict[str, Any] = {
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "NEEDS-ACTION",
        "RSVP": "TRUE",
    }
    for key, value in parameters.items():
        address.params[key] = vText(value)
    return address
