"""The messages about one UID: from its last and its new announcement and the invitations sent so far (RFC 5546 3.2).

Whether an address is invited now, whether it should be, and whether the UID has ended decide the message; `_TABLE` has
every case. Nothing is sent or stored here: a `Message` describes what to send, and the `Invitation` to store with it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from svsm_cal.itip.invitation import Announced, Answer, Invitation, Partstat, Standing, Style
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# If more instances change at once, clients with the style "instance" get the full set, too.
_MOST_INSTANCES = 6


class Addressee(Value):
    """A recipient of a UID: address, name, participant id (None for a list) and style."""

    email: str
    name: str
    participant: str | None
    style: Style = Style.FULL


class Purpose(StrEnum):
    """The purpose of a message."""

    INVITE = "invite"
    UPDATE = "update"
    INVITE_AGAIN = "invite again"
    REMOVE = "remove"
    CANCEL = "cancel"


class Message(Value):
    """One message: its purpose, method and components, and the invitation to store when it is in the outbox.

    `only` is the RECURRENCE-ID of the only instance in it, "" for the whole object. `significant` means that SEQUENCE rises,
    so clients ask for a new answer.
    """

    purpose: Purpose
    method: str
    invitation: Invitation
    only: str = ""
    significant: bool = True


# Standing of the address, whether it should be invited, whether the UID has ended -> purpose of the message.
_TABLE: dict[tuple[Standing | None, bool, bool], Purpose | None] = {
    (None, True, False): Purpose.INVITE,
    (None, True, True): None,
    (Standing.INVITED, True, False): Purpose.UPDATE,
    (Standing.INVITED, True, True): Purpose.CANCEL,
    (Standing.INVITED, False, False): Purpose.REMOVE,
    (Standing.INVITED, False, True): Purpose.CANCEL,
    (Standing.CANCELLED, True, False): Purpose.INVITE_AGAIN,
    (Standing.CANCELLED, True, True): None,
    (Standing.CANCELLED, False, False): None,
    (Standing.CANCELLED, False, True): None,
}


def announce(
    previous: Announced | None, current: Announced, invitations: Mapping[str, Invitation], addressees: Iterable[Addressee]
) -> Iterator[Message]:
    """Yield the messages about one UID: to the addressees in their order, then to former ones.

    `current` is the new announcement (`next_announced`); `invitations` are those to this UID, by address in lower case. An
    address that already has `current` gets no message.
    """
    wanted = {addressee.email.lower(): addressee for addressee in addressees}
    effect = _Effect(previous, current)
    for email, addressee in wanted.items():
        before = invitations.get(email)
        standing = None if before is None else before.standing
        yield from effect.messages(_TABLE[standing, True, current.ended], before, addressee)
    for email, before in sorted(invitations.items()):
        if email not in wanted:
            former = Addressee(before.email, before.name, before.participant, before.style)
            yield from effect.messages(_TABLE[before.standing, False, current.ended], before, former)


class _Effect:
    """The difference between two announcements of a UID, computed once for all its messages."""

    def __init__(self, previous: Announced | None, current: Announced) -> None:
        self._previous, self._current = previous, current
        self._significant = previous is None or current.sequence > previous.sequence
        self._retimed = retimed(previous, current)
        self._instances = changed_instances(previous, current)

    def messages(self, purpose: Purpose | None, before: Invitation | None, to: Addressee) -> Iterator[Message]:
        """Yield the messages of a purpose to one address: none, one, or one for each changed instance."""
        new, lift = self._current, 0 if before is None else before.lift
        request = "PUBLISH" if to.participant is None else "REQUEST"
        sent = Invitation(new.uid, to.email, to.participant, to.name, to.style, Standing.INVITED, new.sequence, new.stamp, lift)
        if purpose is Purpose.INVITE:
            yield Message(purpose, request, sent)
        elif purpose is Purpose.INVITE_AGAIN and before is not None:
            # It must be later than the CANCEL, which may have the current SEQUENCE.
            yield Message(purpose, request, replace(sent, lift=lift + (new.sequence <= before.sequence)))
        elif purpose is Purpose.CANCEL:
            yield Message(purpose, "CANCEL", replace(sent, standing=Standing.CANCELLED))
        elif purpose is Purpose.REMOVE:
            yield Message(purpose, "CANCEL", replace(sent, standing=Standing.CANCELLED, lift=lift + 1))
        elif purpose is Purpose.UPDATE and before is not None and not _has_announcement(before, new):
            sent = replace(sent, answers=self._kept_answers(before))
            single = to.style is Style.INSTANCE and self._previous is not None and _has_announcement(before, self._previous)
            instances = self._instances if single else {}
            for recurrence, cancelled in instances.items():
                yield Message(purpose, "CANCEL" if cancelled else request, sent, recurrence, self._significant)
            if not instances:
                yield Message(purpose, request, sent, "", self._significant)

    def _kept_answers(self, before: Invitation) -> tuple[Answer, ...]:
        """Return the answers after the change: for a new time a new answer is needed (RFC 5546 section 2.1.4)."""
        sequence = self._current.sequence + before.lift
        if "" in self._retimed:
            return (Answer("", Partstat.NEEDS_ACTION, sequence, ""),) if before.answers else ()
        reset = {instance: Answer(instance, Partstat.NEEDS_ACTION, sequence, "") for instance in self._retimed}
        answers = {answer.recurrence: answer for answer in before.answers} | (reset if before.answers else {})
        return tuple(answers[recurrence] for recurrence in sorted(answers))


def _has_announcement(invitation: Invitation, announced: Announced) -> bool:
    return (invitation.sequence, invitation.stamp) == (announced.sequence, announced.stamp)


_LINE = re.compile(rb"\r\n(?! )")
_TIMES = (b"DTSTART", b"DTEND", b"DURATION", b"RRULE", b"RDATE")
_OWN = (b"DTSTAMP", b"LAST-MODIFIED", b"SEQUENCE", b"CREATED")
_RECURRENCE = re.compile(rb"RECURRENCE-ID[^:]*:(\d{8}T\d{6}Z?)\Z")
_EXDATE = re.compile(rb"EXDATE[^:]*:(.*)\Z", re.DOTALL)
_Lines = frozenset[bytes]


def _components(data: bytes) -> dict[str, _Lines]:
    """Return the unfolded lines of each component, with one line for each EXDATE, by RECURRENCE-ID ("" for the master)."""
    components = {}
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
                lines += [b"EXDATE:" + date for date in dates[1].split(b",")]
            elif plain and not plain.startswith(_OWN):
                lines.append(plain)
        components[recurrence] = frozenset(lines)
    return components


def _values(lines: Iterable[bytes], names: tuple[bytes, ...]) -> list[str]:
    return [line.rpartition(b":")[2].decode("ascii") for line in lines if line.startswith(names)]


def retimed(previous: Announced | None, current: Announced) -> tuple[str, ...]:
    """Return the components whose time differs from the previous announcement, by RECURRENCE-ID ("" for the whole UID)."""
    if previous is None or previous.data == current.data:
        return ()
    before, after = _components(previous.data), _components(current.data)
    changed = {
        recurrence
        for recurrence in before.keys() & after.keys()
        if any(line.startswith(_TIMES) for line in before[recurrence] ^ after[recurrence])
    }
    # A new or removed override changes the time only if it does not start at its RECURRENCE-ID.
    for one, other in ((before, after), (after, before)):
        changed |= {instance for instance in one.keys() - other.keys() if _values(one[instance], (b"DTSTART",)) != [instance]}
    return tuple(sorted(changed))


def _differing(before: dict[str, _Lines], after: dict[str, _Lines]) -> set[str] | None:
    """Return the RECURRENCE-IDs of the instances that differ; None if the master differs in more than EXDATEs."""
    master = before.get("", frozenset()) ^ after.get("", frozenset())
    if not all(line.startswith(b"EXDATE:") for line in master):
        return None
    overrides = {instance for instance in before.keys() | after.keys() if before.get(instance) != after.get(instance)}
    return {*_values(master, (b"EXDATE:",)), *overrides} - {""}


def changed_instances(previous: Announced | None, current: Announced) -> dict[str, bool]:
    """Return the changed instances by RECURRENCE-ID, and whether each is cancelled now.

    Empty if the announcements also differ elsewhere, or in too many instances.
    """
    if previous is None:
        return {}
    after = _components(current.data)
    changed = _differing(_components(previous.data), after)
    if changed is None or len(changed) > _MOST_INSTANCES:
        return {}
    return {instance: b"EXDATE:" + instance.encode("ascii") in after.get("", frozenset()) for instance in sorted(changed)}


def next_announced(previous: Announced | None, current: Announced, *, floor: str, moved: bool = False) -> Announced:
    """Return `current`, or `previous` if they differ only in calls that ended before `floor`.

    `floor` is the present as local time in the object's zone, `20250305T180000`: changes of past calls are not announced.
    `moved` means that the instants of future calls changed although the text did not, as after a change of a zone's rules.
    """
    if moved or previous is None or previous.ended or current.ended:
        return current
    if previous.data == current.data:
        return previous
    before, after = _components(previous.data), _components(current.data)
    changed = _differing(before, after)
    if changed is None:
        return current
    for instance in changed:
        lines = before.get(instance, frozenset()) | after.get(instance, frozenset())
        if max([instance, *_values(lines, (b"DTSTART", b"DTEND"))]) >= floor:
            return current
    return previous
