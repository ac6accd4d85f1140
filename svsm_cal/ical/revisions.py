"""Revisions: SEQUENCE, DTSTAMP and LAST-MODIFIED of each component of a feed, from those of the previous publication.

An unchanged component keeps all three. A changed one gets a later DTSTAMP and LAST-MODIFIED; SEQUENCE rises too when its
time, recurrences or status change, which matters to attendees (RFC 5546 section 2.1.4). When an override disappears, its
master changes, as some readers look only at the master. The previous publication is the only state, apart from the last
revision of UIDs that have left it, from which SEQUENCE continues if they return.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.errors import PublicationError
from svsm_cal.ical.value_types import instant_of_stamp, stamp_of
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from svsm_cal.engine.civil import Instant

_BEGIN = b"BEGIN:VEVENT\r\n"
_END = b"END:VEVENT\r\n"
_REVISION = re.compile(rb"DTSTAMP:[^\r]*\r\nLAST-MODIFIED:[^\r]*\r\nSEQUENCE:[^\r]*\r\n")
_OWN = frozenset({b"DTSTAMP", b"LAST-MODIFIED", b"SEQUENCE", b"CREATED"})
_SIGNIFICANT = frozenset({b"DTSTART", b"DTEND", b"DURATION", b"DUE", b"RRULE", b"RDATE", b"EXDATE", b"STATUS"})
Key = tuple[bytes, bytes]  # UID, and RECURRENCE-ID with its parameters; b"" for a master


class Published(Value):
    """One published component: its revision, its content, and the significant part of its content.

    `stamp` is the later of DTSTAMP and LAST-MODIFIED as written; `apart` marks a component with a STATUS, and an override
    that moves its instance.
    """

    key: Key
    sequence: int
    stamp: bytes
    content: tuple[bytes, ...]
    significant: frozenset[bytes]
    apart: bool


class Publication:
    """The components of one published stream, and the (SEQUENCE, stamp) of UIDs published only earlier."""

    def __init__(self, components: Mapping[Key, Published], gone: Mapping[bytes, tuple[int, bytes]]) -> None:
        self.components, self.gone = dict(components), dict(gone)
        self.by_uid: dict[bytes, list[Published]] = {}
        for component in components.values():
            self.by_uid.setdefault(component.key[0], []).append(component)


def read_publication(stream: bytes, gone: Mapping[bytes, tuple[int, bytes]], *, name: str = "feed") -> Publication:
    """Return the components of a published stream; raises PublicationError, which names it, if it is damaged."""
    if not stream.startswith(b"BEGIN:VCALENDAR\r\n") or not stream.endswith(b"END:VCALENDAR\r\n"):
        raise PublicationError(f"{name}: is not a complete iCalendar stream")
    components: dict[Key, Published] = {}
    for block in stream.split(_BEGIN)[1:]:
        body, end, _ = block.partition(_END)
        if not end:
            raise PublicationError(f"{name}: a VEVENT has no end")
        component = _component(body, name)
        if component.key in components:
            raise PublicationError(f"{name}: {component.key[0].decode(errors='replace')} occurs twice")
        components[component.key] = component
    return Publication(components, gone)


_parsed: dict[bytes, Published] = {}


def _component(body: bytes, name: str) -> Published:
    """Return a component from its lines, cached because many feeds share it."""
    if body in _parsed:
        return _parsed[body]
    if len(_parsed) > 20_000:
        _parsed.clear()
    own: dict[bytes, bytes] = {}
    content, significant, depth = [], [], 0
    for line in body.replace(b"\r\n ", b"").split(b"\r\n"):
        kind = re.split(rb"[:;]", line, maxsplit=1)[0].upper()
        depth += (kind == b"BEGIN") - (kind == b"END")
        if depth == 0 and kind in _OWN:
            own[kind] = line.rpartition(b":")[2]
            continue
        content.append(line)
        if depth == 0 and kind in _SIGNIFICANT:
            significant += _normal(kind, line)
        if depth == 0 and kind in {b"UID", b"RECURRENCE-ID"}:
            own[kind] = line.partition(b":")[2] if kind == b"UID" else line[len(kind) :]
    if b"UID" not in own or b"DTSTAMP" not in own or not own.get(b"SEQUENCE", b"0").isdigit():
        raise PublicationError(f"{name}: a VEVENT has no readable UID, DTSTAMP or SEQUENCE")
    recurrence = own.get(b"RECURRENCE-ID", b"")
    in_place = b"DTSTART" + recurrence in significant
    component = _parsed[body] = Published(
        (own[b"UID"], recurrence),
        int(own.get(b"SEQUENCE", b"0")),
        max(own[b"DTSTAMP"], own.get(b"LAST-MODIFIED", b"")),
        tuple(sorted(content)),
        frozenset(significant),
        (bool(recurrence) and not in_place) or any(line.startswith(b"STATUS") for line in significant),
    )
    return component


def _normal(kind: bytes, line: bytes) -> list[bytes]:
    """Return a significant line in a normal form: one line for each value of a list, the parts of a rule sorted."""
    if kind in {b"EXDATE", b"RDATE"}:
        head, _, values = line.partition(b":")
        return [head + b":" + value for value in values.split(b",")]
    if kind == b"RRULE":
        return [b"RRULE:" + b";".join(sorted(line.partition(b":")[2].upper().split(b";")))]
    return [line]


def revise(stream: bytes, previous: Publication, *, now: Instant, moved: frozenset[bytes] = frozenset()) -> bytes:
    """Return a new stream with the revisions that follow the previous publication.

    `moved` holds the UIDs whose instants changed although their text did not, as after a change of a zone's rules.
    """
    head, *blocks = stream.split(_BEGIN)
    components = [_component(block.partition(_END)[0], "feed") for block in blocks]
    present = {new.key for new in components}
    masters = {new.key[0]: _master(new, previous, present, now, moved) for new in components if not new.key[1]}
    parts = [head]
    for block, new in zip(blocks, components, strict=True):
        uid, recurrence = new.key
        sequence, stamp = masters[uid] if not recurrence else _override(new, previous, masters.get(uid), now, moved)
        own = b"DTSTAMP:%b\r\nLAST-MODIFIED:%b\r\nSEQUENCE:%d\r\n" % (stamp, stamp, sequence)
        parts += [_BEGIN, _REVISION.sub(own, block, count=1)]
    return b"".join(parts)


def _master(new: Published, previous: Publication, present: set[Key], now: Instant, moved: frozenset[bytes]) -> tuple[int, bytes]:
    """Return the (SEQUENCE, stamp) of a UID's master."""
    uid = new.key[0]
    old = previous.components.get(new.key)
    lost = [component for component in previous.by_uid.get(uid, ()) if component.key not in present]
    if old is None:
        earlier = [(component.sequence, component.stamp) for component in lost]
        earlier += [previous.gone[uid]] if uid in previous.gone else []
        if not earlier:
            return 0, _stamp(now)
        return max(sequence for sequence, _ in earlier) + 1, _after(max(stamp for _, stamp in earlier), now)
    significant = new.significant != old.significant or uid in moved or any(component.apart for component in lost)
    if not significant and new.content == old.content and not lost:
        return old.sequence, old.stamp
    sequence = max(component.sequence for component in (old, *lost)) + significant
    return sequence, _after(max(component.stamp for component in (old, *lost)), now)


def _override(
    new: Published, previous: Publication, master: tuple[int, bytes] | None, now: Instant, moved: frozenset[bytes]
) -> tuple[int, bytes]:
    """Return the (SEQUENCE, stamp) of an override; `master` is that of its master in the new stream."""
    old = previous.components.get(new.key)
    if old is None:
        family = previous.by_uid.get(new.key[0], ())
        sequence = max([0 if master is None else master[0], *(component.sequence for component in family)])
        last = max((component.stamp for component in family), default=b"")
        return sequence + (1 if family and new.apart else 0), _after(last, now)
    significant = new.significant != old.significant or new.key[0] in moved
    if not significant and new.content == old.content:
        return old.sequence, old.stamp
    return old.sequence + significant, _after(old.stamp, now)


def _after(stamp: bytes, now: Instant) -> bytes:
    """Return `now` as a stamp, or the second after `stamp` if that is later."""
    present = _stamp(now)
    return present if present > stamp else _stamp(instant_of_stamp(stamp.decode("ascii")) + timedelta(seconds=1))


def _stamp(at: datetime) -> bytes:
    return stamp_of(at).encode("ascii")
