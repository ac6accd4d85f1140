"""What to tell whom: the calendar as announced before, as it is now, and who has been told what (RFC 5546 section 3.2).

One UID at a time. What an address is told follows from three things: where it stands, whether it is wanted, and what
became of the UID; `_TABLE` has every case. Nothing is sent or stored here: a `Message` says what to send, and the
`Invitation` that holds once it is in the outbox.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from svsm_cal.itip.invitation import Announced, Answer, Invitation, Partstat, Standing, Style
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Addressee", "Change", "Message", "Purpose", "announce", "changed_instances", "next_announced", "retimed"]

# A client that hears of instances alone gets the full set all the same when more of them than this change at once.
_MOST_INSTANCES = 6


class Addressee(Value):
    """Somebody who is to know of a UID: an address, a name, their participant id (None for a list), their style."""

    email: str
    name: str
    participant: str | None
    style: Style = Style.FULL


class Purpose(StrEnum):
    """What a message is for."""

    INVITE = "invite"
    UPDATE = "update"
    INVITE_AGAIN = "invite again"
    REMOVE = "remove"
    CANCEL = "cancel"


class Change(StrEnum):
    """What became of a UID since it was announced: ENDED is cancelled as a whole, or gone from the calendar."""

    LIVE = "live"
    ENDED = "ended"


class Message(Value):
    """One message: what for, in which method, of which components, and the invitation that holds when it is on its way.

    `only` is the instance told alone, by RECURRENCE-ID; "" is the whole object. `significant` says that SEQUENCE rises, so
    that clients ask again.
    """

    purpose: Purpose
    method: str
    invitation: Invitation
    only: str = ""
    significant: bool = True


class _Action(StrEnum):
    NOTHING = "nothing"
    INVITE = "invite"
    UPDATE = "update"
    AGAIN = "again"
    REMOVE = "remove"
    CANCEL = "cancel"


# Where the address stands, whether it is wanted, what became of the UID -> what to do.
_TABLE: dict[tuple[Standing | None, bool, Change], _Action] = {
    (None, True, Change.LIVE): _Action.INVITE,
    (None, True, Change.ENDED): _Action.NOTHING,
    (None, False, Change.LIVE): _Action.NOTHING,
    (None, False, Change.ENDED): _Action.NOTHING,
    (Standing.INVITED, True, Change.LIVE): _Action.UPDATE,
    (Standing.INVITED, True, Change.ENDED): _Action.CANCEL,
    (Standing.INVITED, False, Change.LIVE): _Action.REMOVE,
    (Standing.INVITED, False, Change.ENDED): _Action.CANCEL,
    (Standing.CANCELLED, True, Change.LIVE): _Action.AGAIN,
    (Standing.CANCELLED, True, Change.ENDED): _Action.NOTHING,
    (Standing.CANCELLED, False, Change.LIVE): _Action.NOTHING,
    (Standing.CANCELLED, False, Change.ENDED): _Action.NOTHING,
}


def announce(
    previous: Announced | None, current: Announced, invitations: Mapping[str, Invitation], addressees: Iterable[Addressee]
) -> Iterator[Message]:
    """Yield the messages about one UID: to those wanted in their order, then to those who are not any more.

    `previous` is what was announced, `current` what is (`next_announced`), `invitations` are the UID's by address in
    lower case. An address that has been told `current` already gets nothing, whatever happened in between.
    """
    change = Change.ENDED if current.ended else Change.LIVE
    wanted = {each.email.lower(): each for each in addressees}
    effect = _Effect(previous, current)
    for email, addressee in wanted.items():
        before = invitations.get(email)
        standing = None if before is None else before.standing
        yield from effect.messages(_TABLE[standing, True, change], before, addressee)
    for email, before in sorted(invitations.items()):
        if email not in wanted:
            was = Addressee(before.email, before.name, before.participant, before.style)
            yield from effect.messages(_TABLE[before.standing, False, change], before, was)


class _Effect:
    """What a change of one UID means for whom: what all messages share is computed once."""

    def __init__(self, previous: Announced | None, current: Announced) -> None:
        self._previous, self._current = previous, current
        self._significant = previous is None or current.sequence > previous.sequence
        self._retimed = retimed(previous, current)
        self._instances = changed_instances(previous, current)

    def messages(self, action: _Action, before: Invitation | None, addressee: Addressee) -> Iterator[Message]:
        """Yield what an action comes to for one address: one message, none, or one for each instance that changed."""
        if action is _Action.NOTHING or (action is _Action.UPDATE and before is not None and self._knows(before)):
            return
        now, lift = self._current, 0 if before is None else before.lift
        request = "PUBLISH" if addressee.participant is None else "REQUEST"
        told = Invitation(
            now.uid,
            addressee.email,
            addressee.participant,
            addressee.name,
            addressee.style,
            Standing.INVITED,
            now.sequence,
            now.stamp,
            lift,
        )
        if action is _Action.INVITE:
            yield Message(Purpose.INVITE, request, told)
        elif action is _Action.AGAIN and before is not None:
            # Later than the CANCEL, which the object may be already.
            yield Message(Purpose.INVITE_AGAIN, request, replace(told, lift=lift + (now.sequence <= before.sequence)))
        elif action is _Action.CANCEL:
            yield Message(Purpose.CANCEL, "CANCEL", replace(told, standing=Standing.CANCELLED))
        elif action is _Action.REMOVE:
            yield Message(Purpose.REMOVE, "CANCEL", replace(told, standing=Standing.CANCELLED, lift=lift + 1))
        elif before is not None:
            told = replace(told, answers=self._kept(before))
            alone = self._instances if addressee.style is Style.INSTANCE and self._follows(before) else {}
            for recurrence, cancelled in alone.items():
                yield Message(Purpose.UPDATE, "CANCEL" if cancelled else request, told, recurrence, self._significant)
            if not alone:
                yield Message(Purpose.UPDATE, request, told, "", self._significant)

    def _knows(self, before: Invitation) -> bool:
        """Whether an address has been told what is announced now."""
        return (before.sequence, before.stamp) == (self._current.sequence, self._current.stamp)

    def _follows(self, before: Invitation) -> bool:
        """Whether an address has been told just what was announced before, so that the difference is all it lacks."""
        last = self._previous
        return last is not None and (before.sequence, before.stamp) == (last.sequence, last.stamp)

    def _kept(self, before: Invitation) -> tuple[Answer, ...]:
        """Return the answers that still hold: one to a time that has changed is asked for anew (RFC 5546 section 2.1.4)."""
        sequence = self._current.sequence + before.lift
        if "" in self._retimed:
            return (Answer("", Partstat.NEEDS_ACTION, sequence, ""),) if before.answers else ()
        reset = {each: Answer(each, Partstat.NEEDS_ACTION, sequence, "") for each in self._retimed}
        kept = {each.recurrence: each for each in before.answers} | (reset if before.answers else {})
        return tuple(kept[each] for each in sorted(kept))


_LINE = re.compile(rb"\r\n(?! )")
_TIMES = (b"DTSTART", b"DTEND", b"DURATION", b"RRULE", b"RDATE")
_OWN = (b"DTSTAMP", b"LAST-MODIFIED", b"SEQUENCE", b"CREATED")
_RECURRENCE = re.compile(rb"RECURRENCE-ID[^:]*:(\d{8}T\d{6}Z?)\Z")
_EXDATE = re.compile(rb"EXDATE[^:]*:(.*)\Z", re.DOTALL)
_Lines = frozenset[bytes]


def _components(data: bytes) -> dict[str, _Lines]:
    """Return each component's lines, unfolded and each EXDATE apart, by RECURRENCE-ID, "" for the master."""
    found = {}
    for block in data.split(b"BEGIN:VEVENT\r\n")[1:]:
        lines: list[bytes] = []
        recurrence = ""
        for line in _LINE.split(block.partition(b"END:VEVENT\r\n")[0]):
            plain = line.replace(b"\r\n ", b"")
            name = _RECURRENCE.match(plain)
            dates = _EXDATE.match(plain)
            if name is not None:
                recurrence = name[1].decode("ascii")
            if dates is not None:
                lines += [b"EXDATE:" + each for each in dates[1].split(b",")]
            elif plain and not plain.startswith(_OWN):
                lines.append(plain)
        found[recurrence] = frozenset(lines)
    return found


def retimed(previous: Announced | None, current: Announced) -> tuple[str, ...]:
    """Return what takes place at another time than was announced, by RECURRENCE-ID, "" for the whole UID."""
    if previous is None or previous.data == current.data:
        return ()
    before, after = _components(previous.data), _components(current.data)

    def times(lines: _Lines) -> _Lines:
        return frozenset(each for each in lines if each.startswith(_TIMES))

    found = {each for each in {*before, *after} & {*before} & {*after} if times(before[each]) != times(after[each])}
    # An override that comes or goes changes the time only if it is not at the time that its RECURRENCE-ID says.
    for alone, others in ((before, after), (after, before)):
        for each in alone.keys() - others.keys():
            starts = [line.rpartition(b":")[2].decode("ascii") for line in alone[each] if line.startswith(b"DTSTART")]
            if starts != [each]:
                found.add(each)
    return tuple(sorted(found))


def changed_instances(previous: Announced | None, current: Announced) -> dict[str, bool]:
    """Return the instances in which alone two announcements differ, by RECURRENCE-ID: whether each is cancelled now.

    Nothing where more than that differs, or many do.
    """
    if previous is None:
        return {}
    before, after = _components(previous.data), _components(current.data)
    master = before.get("", frozenset()) ^ after.get("", frozenset())
    if not all(each.startswith(b"EXDATE:") for each in master):
        return {}
    found = {each.removeprefix(b"EXDATE:").decode("ascii") for each in master}
    found |= {each for each in before.keys() | after.keys() if each and before.get(each) != after.get(each)}
    if len(found) > _MOST_INSTANCES:
        return {}
    return {each: b"EXDATE:" + each.encode("ascii") in after.get("", frozenset()) for each in sorted(found)}


def next_announced(previous: Announced | None, current: Announced, *, floor: str, moved: bool = False) -> Announced:
    """Return what to announce: `current`, or `previous` where they differ only in what was over at `floor`.

    `floor` is the present on the wall clock of the object's zone, `20250305T180000`: nobody is told of a change of the past.
    `moved` says that calls to come are at other instants though they say the same, as after a change of a zone's law.
    """
    if moved or previous is None or previous.ended or current.ended:
        return current
    if previous.data == current.data:
        return previous
    before, after = _components(previous.data), _components(current.data)
    differing = before.get("", frozenset()) ^ after.get("", frozenset())
    if any(not each.startswith(b"EXDATE:") or each.removeprefix(b"EXDATE:").decode() >= floor for each in differing):
        return current
    for recurrence in before.keys() | after.keys():
        if recurrence and before.get(recurrence) != after.get(recurrence):
            starts = [recurrence]
            for lines in (before.get(recurrence, frozenset()), after.get(recurrence, frozenset())):
                starts += [each.rpartition(b":")[2].decode("ascii") for each in lines if each.startswith((b"DTSTART", b"DTEND"))]
            if max(starts) >= floor:
                return current
    return previous
