"""What a feed says, taken apart by lines: its resources, and the revision of each of its components."""

from __future__ import annotations

import re
from typing import NamedTuple

_REVISION = re.compile(rb"(?m)^(?:DTSTAMP|LAST-MODIFIED|SEQUENCE):.*\r\n")
_SIGNIFICANT = re.compile(rb"(?m)^((?:DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|STATUS)[:;].*)\r\n")
_VEVENT = re.compile(rb"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", re.DOTALL)
_VTIMEZONE = re.compile(rb"BEGIN:VTIMEZONE\r\nTZID:(.*?)\r\n.*?END:VTIMEZONE\r\n", re.DOTALL)


class Component(NamedTuple):
    """A VEVENT: whose it is, its revision, its bytes, and what of them is not the revision."""

    uid: str
    recurrence: str
    sequence: int
    modified: str
    stamp: str
    block: bytes
    says: bytes
    significant: frozenset[bytes]


def components(feed):
    """Return the components of a feed by (UID, RECURRENCE-ID); no key stands twice."""
    found = {}
    for block in _VEVENT.findall(feed):
        lines = block.replace(b"\r\n ", b"")

        def value(name, lines=lines):
            line = re.search(rb"(?m)^%b[:;](.*)\r\n" % name, lines)
            return line[1].decode() if line else ""

        says = _REVISION.sub(b"", lines)
        outside = re.sub(rb"(?s)BEGIN:VALARM.*?END:VALARM\r\n", b"", says)
        each = Component(
            value(b"UID"),
            value(b"RECURRENCE-ID"),
            int(value(b"SEQUENCE")),
            value(b"LAST-MODIFIED"),
            value(b"DTSTAMP"),
            block,
            says,
            frozenset(_SIGNIFICANT.findall(outside)),
        )
        assert (each.uid, each.recurrence) not in found, "one component stands twice"
        found[each.uid, each.recurrence] = each
    return found


def resources(feed):
    """Return what a CalDAV client puts on a server: for each UID its components and the VTIMEZONEs they use."""
    head = re.match(rb"BEGIN:VCALENDAR\r\nVERSION:.*?\r\nPRODID:.*?\r\n", feed)[0]
    zones = {zone[1]: zone[0] for zone in _VTIMEZONE.finditer(feed)}
    blocks = {}
    for each in components(feed).values():
        blocks[each.uid] = blocks.get(each.uid, b"") + each.block
    return {
        uid: b"".join(
            [head, *(zones[name] for name in sorted(zones) if b";TZID=%b:" % name in block), block, b"END:VCALENDAR\r\n"]
        )
        for uid, block in blocks.items()
    }


class Ledger:
    """All that has ever been published of some feeds: no revision goes back, no second has two contents."""

    def __init__(self):
        self._highest = {}
        self._contents = {}
        self._last = {}

    def follow(self, name, feed, *, moved=frozenset()):
        """Take in the next publication of a feed and return the UIDs that say something else; `moved` may go up alone."""
        now = components(feed)
        before = self._last.get(name, {})
        changed = set()
        for key, each in now.items():
            old = before.get(key)
            sequence, modified = self._highest.get((name, key), (-1, ""))
            assert each.sequence >= sequence, f"{name}: SEQUENCE of {key} went back"
            assert each.modified >= modified, f"{name}: LAST-MODIFIED of {key} went back"
            assert each.stamp == each.modified
            if old is None and sequence >= 0 and not each.recurrence:
                assert each.sequence > sequence, f"{name}: {key} has come back as what it was"
            self._highest[name, key] = (each.sequence, each.modified)
            known = self._contents.setdefault((name, key, each.modified), (each.sequence, each.says))
            assert known == (each.sequence, each.says), f"{name}: {key} says two things with one LAST-MODIFIED"
            if old is not None and old.significant != each.significant:
                assert each.sequence > old.sequence, f"{name}: {key} has another time and the same SEQUENCE"
        for uid in {uid for uid, _ in now} | {uid for uid, _ in before}:
            here, there = ({key: each for key, each in all_.items() if key[0] == uid} for all_ in (now, before))
            if {key: each.says for key, each in here.items()} != {key: each.says for key, each in there.items()}:
                changed.add(uid)
            elif uid not in moved:
                same = {key: each.block for key, each in here.items()} == {key: each.block for key, each in there.items()}
                assert same, f"{name}: {uid} says the same, in other bytes"
        self._last[name] = now
        return changed
