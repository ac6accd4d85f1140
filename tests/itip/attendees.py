"""Attendees: programs that take iTIP messages into a calendar, none of them ours.

`Thunderbird` and `Evolution` are those programs themselves, where they are installed. What CalDAV servers with sabre's
broker do (Nextcloud, Baïkal; it is in no package registry that the tests may use), and what is known of Outlook, is
written down here from RFC 5546 and their published behaviour: `Replacing` and `PerInstance`.
"""

from __future__ import annotations

import ctypes
import email
import email.policy

import icalendar
from icalendar import Calendar as VCalendar


class Letter:
    """A mail with an invitation, as its reader's program sees it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        mail = email.message_from_bytes(data, policy=email.policy.default)
        self.number = str(mail["Message-ID"])
        [self.to] = [each.addr_spec for each in mail["To"].addresses]
        [part] = [each for each in mail.walk() if each.get_content_type() == "text/calendar"]
        self.raw = part.get_payload(decode=True)
        self.text = self.raw.decode()
        self.calendar = VCalendar.from_ical(self.text)
        self.events = self.calendar.walk("VEVENT")
        self.method = str(self.calendar["METHOD"])
        assert part["Content-Type"].params["method"] == self.method
        [self.uid] = {str(each["UID"]) for each in self.events}

    @property
    def alone(self) -> bool:
        """Whether it is about single instances only."""
        return all("RECURRENCE-ID" in each for each in self.events)

    @property
    def revision(self):
        """Return what its master says, or its first component: SEQUENCE, then DTSTAMP (RFC 5546 section 2.1.5)."""
        return revision_of(next((each for each in self.events if "RECURRENCE-ID" not in each), self.events[0]))


def revision_of(event):
    return int(event.get("SEQUENCE", 0)), event["DTSTAMP"].dt


def instance_of(event):
    """Return the instant of an instance's original start, "" for the master."""
    return int(event["RECURRENCE-ID"].dt.timestamp()) if "RECURRENCE-ID" in event else ""


class Ordered:
    """RFC 5546 section 2.1.5 before a program that leaves it to others: what is not later than the last is not passed on."""

    def __init__(self):
        self._latest = {}

    def passes(self, letter) -> bool:
        whole, about = (letter.to, letter.uid), instance_of(letter.events[0]) if letter.alone else ""
        known = [self._latest[each] for each in {(*whole, ""), (*whole, about)} if each in self._latest]
        if known and letter.revision <= max(known):
            return False
        self._latest[(*whole, about)] = letter.revision
        return True


class Replacing:
    """What sabre's broker does: a REQUEST takes the object's place, a CANCEL marks all of it. It has no word for PUBLISH."""

    def __init__(self):
        self.objects = {}
        self._order = Ordered()

    def take(self, letter):
        if not self._order.passes(letter):
            return
        if letter.method == "REQUEST":
            found = VCalendar.from_ical(letter.text)
            del found["METHOD"]
            self.objects[letter.uid] = found
        elif letter.method == "CANCEL" and letter.uid in self.objects:
            for event in self.objects[letter.uid].walk("VEVENT"):
                event.pop("STATUS", None)
                event.add("STATUS", "CANCELLED")

    def resources(self) -> list[str]:
        """Return the objects as iCalendar."""
        return [each.to_ical().decode() for each in self.objects.values()]


class PerInstance:
    """What Outlook is reported to do: an instance that comes alone is put in its place, one that is cancelled goes.

    Each component is as new as the last message about it, or about all (RFC 5546 sections 2.1.5, 3.2.2, 3.2.5).
    """

    def __init__(self):
        self._masters = {}  # UID -> revision, what the frame is, master (None: cancelled)
        self._instances = {}  # UID -> instance -> revision, component (None: as the master has it; False: gone)

    def take(self, letter):
        instances = self._instances.setdefault(letter.uid, {})
        known = self._masters.get(letter.uid)
        if not letter.alone:
            if known is not None and letter.revision <= known[0]:
                return
            master = next(each for each in letter.events if "RECURRENCE-ID" not in each)
            gone = letter.method == "CANCEL"
            self._masters[letter.uid] = (letter.revision, letter.calendar, None if gone else master)
            for each in [each for each, (revision, _) in instances.items() if revision <= letter.revision]:
                del instances[each]
            latest = max(revision_of(each) for each in letter.events)
            for each in letter.events:
                if "RECURRENCE-ID" in each and not gone and instance_of(each) not in instances:
                    instances[instance_of(each)] = (max(latest, revision_of(each)), each)
            return
        for each in letter.events:
            at = instance_of(each)
            last = instances.get(at, (known[0] if known else (-1, revision_of(each)[1]), None))[0]
            if revision_of(each) > last:
                instances[at] = (revision_of(each), False if letter.method == "CANCEL" else each)

    def resources(self) -> list[str]:
        found = []
        for uid, (_, frame, announced) in self._masters.items():
            if announced is None:
                continue
            whole = VCalendar()
            whole.add("VERSION", "2.0")
            whole.add("PRODID", "-//Example//Reader//EN")
            for zone in frame.walk("VTIMEZONE"):
                whole.add_component(zone)
            master = announced.copy(recursive=True)
            zone = master["DTSTART"].dt.tzinfo
            exdates = master.pop("EXDATE", [])
            dates = [each.dt for dates in (exdates if isinstance(exdates, list) else [exdates]) for each in dates.dts]
            instances = self._instances.get(uid, {})
            dates = [each for each in dates if int(each.timestamp()) not in instances]
            dates += [
                icalendar.vDDDTypes.from_ical(_utc(at)).astimezone(zone) for at, (_, each) in instances.items() if each is False
            ]
            if dates:
                master.add("EXDATE", sorted(dates))
            whole.add_component(master)
            for _, each in instances.values():
                if each:
                    whole.add_component(each)
            found.append(whole.to_ical().decode())
        return found


def _utc(at):
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")


class Restrictions:
    """libical's table of what an iTIP message of each method must and must not have (RFC 5546 section 3)."""

    def __init__(self):
        self._ical = ctypes.CDLL("libical.so.3")
        for name, result, arguments in (
            ("icalparser_parse_string", ctypes.c_void_p, [ctypes.c_char_p]),
            ("icalrestriction_check", ctypes.c_int, [ctypes.c_void_p]),
            ("icalcomponent_count_errors", ctypes.c_int, [ctypes.c_void_p]),
            ("icalcomponent_as_ical_string", ctypes.c_char_p, [ctypes.c_void_p]),
            ("icalcomponent_free", None, [ctypes.c_void_p]),
        ):
            getattr(self._ical, name).restype, getattr(self._ical, name).argtypes = result, arguments

    def complaints(self, raw: bytes) -> list[str]:
        """Return what is wrong with a message, nothing where it is right."""
        root = self._ical.icalparser_parse_string(raw)
        if not root:
            return ["is no iCalendar text"]
        try:
            right = self._ical.icalrestriction_check(root)
            errors = self._ical.icalcomponent_count_errors(root)
            text = self._ical.icalcomponent_as_ical_string(root).decode()
        finally:
            self._ical.icalcomponent_free(root)
        said = [line for line in text.replace("\r\n ", "").splitlines() if line.startswith("X-LIC-ERROR")]
        return said or ([] if right and not errors else [f"restrictions: {right}, errors: {errors}"])
