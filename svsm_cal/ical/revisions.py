"""Revisions: what each component of a feed was published as, and what it has to be published as next.

A component that says the same as before keeps SEQUENCE, DTSTAMP and LAST-MODIFIED to the letter. One that says
something else gets a later DTSTAMP and LAST-MODIFIED, never a second that another content has had; SEQUENCE rises too
where that matters to who attends (RFC 5546 section 2.1.4): its time, its recurrences or its status. When an override
goes, its master changes, as some readers look at nothing else. The previous publication is all the state there is; of
a UID that is gone from it a line is kept elsewhere, so that one that comes back does not begin anew.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import Instant
from svsm_cal.errors import PublicationError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Publication", "Published", "read_publication", "revise"]

_BEGIN = b"BEGIN:VEVENT\r\n"
_END = b"END:VEVENT\r\n"
_REVISION = re.compile(rb"DTSTAMP:[^\r]*\r\nLAST-MODIFIED:[^\r]*\r\nSEQUENCE:[^\r]*\r\n")
_OWN = frozenset({b"DTSTAMP", b"LAST-MODIFIED", b"SEQUENCE", b"CREATED"})
_SIGNIFICANT = frozenset({b"DTSTART", b"DTEND", b"DURATION", b"DUE", b"RRULE", b"RDATE", b"EXDATE", b"STATUS"})
Key = tuple[bytes, bytes]  # UID, and RECURRENCE-ID with its parameters; b"" for a master


class Published(Value):
    """One component as published: its revision, all it says, and what of that is significant.

    `stamp` is the later of DTSTAMP and LAST-MODIFIED as written; `apart` says that it is an override whose time or
    status differs from the instance it stands for.
    """

    key: Key
    sequence: int
    stamp: bytes
    says: tuple[bytes, ...]
    significant: frozenset[bytes]
    apart: bool


class Publication:
    """The components of one published stream, and of UIDs that were published earlier: (SEQUENCE, stamp)."""

    def __init__(self, components: Mapping[Key, Published], gone: Mapping[bytes, tuple[int, bytes]]) -> None:
        self.components, self.gone = dict(components), dict(gone)
        self.by_uid: dict[bytes, list[Published]] = {}
        for each in components.values():
            self.by_uid.setdefault(each.key[0], []).append(each)


def read_publication(stream: bytes, gone: Mapping[bytes, tuple[int, bytes]], *, name: str = "feed") -> Publication:
    """Return what a published stream holds; raises PublicationError, naming it, for one that is damaged."""
    if not stream.startswith(b"BEGIN:VCALENDAR\r\n") or not stream.endswith(b"END:VCALENDAR\r\n"):
        raise PublicationError(f"{name}: is no whole iCalendar stream")
    found: dict[Key, Published] = {}
    for block in stream.split(_BEGIN)[1:]:
        body, end, _ = block.partition(_END)
        if not end:
            raise PublicationError(f"{name}: a VEVENT has no end")
        each = _component(body, name)
        if each.key in found:
            raise PublicationError(f"{name}: {each.key[0].decode(errors='replace')} stands twice")
        found[each.key] = each
    return Publication(found, gone)


_known: dict[bytes, Published] = {}


def _component(body: bytes, name: str) -> Published:
    """Return a component from its lines; many feeds share theirs, so what has been read is kept for a while."""
    known = _known.get(body)
    if known is not None:
        return known
    if len(_known) > 20_000:
        _known.clear()
    own: dict[bytes, bytes] = {}
    says, significant, depth = [], [], 0
    for line in body.replace(b"\r\n ", b"").split(b"\r\n"):
        kind = re.split(rb"[:;]", line, maxsplit=1)[0].upper()
        depth += (kind == b"BEGIN") - (kind == b"END")
        if depth == 0 and kind in _OWN:
            own[kind] = line.rpartition(b":")[2]
            continue
        says.append(line)
        if depth == 0 and kind in _SIGNIFICANT:
            significant += _normal(kind, line)
        if depth == 0 and kind in {b"UID", b"RECURRENCE-ID"}:
            own[kind] = line.partition(b":")[2] if kind == b"UID" else line[len(kind) :]
    if b"UID" not in own or b"DTSTAMP" not in own or not own.get(b"SEQUENCE", b"0").isdigit():
        raise PublicationError(f"{name}: a VEVENT has no UID, DTSTAMP or SEQUENCE that can be read")
    recurrence = own.get(b"RECURRENCE-ID", b"")
    in_place = b"DTSTART" + recurrence in significant
    found = _known[body] = Published(
        (own[b"UID"], recurrence),
        int(own.get(b"SEQUENCE", b"0")),
        max(own[b"DTSTAMP"], own.get(b"LAST-MODIFIED", b"")),
        tuple(sorted(says)),
        frozenset(significant),
        (bool(recurrence) and not in_place) or any(each.startswith(b"STATUS") for each in significant),
    )
    return found


def _normal(kind: bytes, line: bytes) -> list[bytes]:
    """Return a significant line in a form in which equal meanings are equal: list values apart, rule parts in order."""
    if kind in {b"EXDATE", b"RDATE"}:
        head, _, values = line.partition(b":")
        return [head + b":" + value for value in values.split(b",")]
    if kind == b"RRULE":
        return [b"RRULE:" + b";".join(sorted(line.partition(b":")[2].upper().split(b";")))]
    return [line]


def revise(stream: bytes, previous: Publication, *, now: Instant, moved: frozenset[bytes] = frozenset()) -> bytes:
    """Return a new stream of ours with the revisions that follow from the previous one.

    `moved` has the UIDs whose instants differ though they say the same, as after a change of a zone's law.
    """
    head, *blocks = stream.split(_BEGIN)
    components = [_component(block.partition(_END)[0], "feed") for block in blocks]
    here = {each.key for each in components}
    masters = {each.key[0]: _master(each, previous, here, now, moved) for each in components if not each.key[1]}
    parts = [head]
    for block, each in zip(blocks, components, strict=True):
        uid, recurrence = each.key
        sequence, stamp = masters[uid] if not recurrence else _override(each, previous, masters.get(uid), now, moved)
        own = b"DTSTAMP:%b\r\nLAST-MODIFIED:%b\r\nSEQUENCE:%d\r\n" % (stamp, stamp, sequence)
        parts += [_BEGIN, _REVISION.sub(own, block, count=1)]
    return b"".join(parts)


def _master(new: Published, previous: Publication, here: set[Key], now: Instant, moved: frozenset[bytes]) -> tuple[int, bytes]:
    """Return the (SEQUENCE, stamp) of what stands for all of a UID."""
    uid = new.key[0]
    old = previous.components.get(new.key)
    lost = [each for each in previous.by_uid.get(uid, ()) if each.key not in here]
    if old is None:
        return _returned(uid, lost, previous, now)
    significant = new.significant != old.significant or uid in moved or any(each.apart for each in lost)
    if not significant and new.says == old.says and not lost:
        return old.sequence, old.stamp
    sequence = max(each.sequence for each in (old, *lost)) + significant
    return sequence, _after(max(each.stamp for each in (old, *lost)), now)


def _returned(uid: bytes, lost: list[Published], previous: Publication, now: Instant) -> tuple[int, bytes]:
    """Return the (SEQUENCE, stamp) of a UID that has not been there, or not of late."""
    earlier = [(each.sequence, each.stamp) for each in lost]
    if uid in previous.gone:
        earlier.append(previous.gone[uid])
    if not earlier:
        return 0, _written(now)
    return max(sequence for sequence, _ in earlier) + 1, _after(max(stamp for _, stamp in earlier), now)


def _override(
    new: Published, previous: Publication, master: tuple[int, bytes] | None, now: Instant, moved: frozenset[bytes]
) -> tuple[int, bytes]:
    """Return the (SEQUENCE, stamp) of an instance that differs from its master, which has the one given."""
    old = previous.components.get(new.key)
    if old is None:
        family = previous.by_uid.get(new.key[0], ())
        sequence = max([0 if master is None else master[0], *(each.sequence for each in family)])
        return sequence + (1 if family and new.apart else 0), _after(max((each.stamp for each in family), default=b""), now)
    significant = new.significant != old.significant or new.key[0] in moved
    if not significant and new.says == old.says:
        return old.sequence, old.stamp
    return old.sequence + significant, _after(old.stamp, now)


def _after(stamp: bytes, now: Instant) -> bytes:
    """Return the present as a stamp, or the second after an earlier stamp if that is later."""
    written = _written(now)
    if written > stamp:
        return written
    last = datetime.strptime(stamp.decode("ascii"), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return _written(Instant(last + timedelta(seconds=1)))


def _written(at: Instant) -> bytes:
    return at.strftime("%Y%m%dT%H%M%SZ").encode("ascii")
