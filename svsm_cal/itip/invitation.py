"""Invitations: what one address has been told of one UID, and what it answered (RFC 5546).

These are the values that decisions are made of and that a store keeps; nothing here decides or stores.
"""

from __future__ import annotations

from enum import StrEnum

from svsm_cal.value import Value

__all__ = ["Announced", "Answer", "Invitation", "Partstat", "Proposal", "Standing", "Style"]


class Partstat(StrEnum):
    """An attendee's answer (RFC 5545 section 3.2.12)."""

    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    TENTATIVE = "TENTATIVE"
    DECLINED = "DECLINED"
    DELEGATED = "DELEGATED"


class Style(StrEnum):
    """How somebody's client wants to hear of a change of one instance: the full set again, or the instance alone."""

    FULL = "full"
    INSTANCE = "instance"


class Standing(StrEnum):
    """Whether an address is invited to a UID now, or has been told that it is no longer."""

    INVITED = "invited"
    CANCELLED = "cancelled"


class Answer(Value):
    """What an attendee said of a whole UID (`recurrence` is ""), or of one instance, and the revision of the reply.

    `recurrence` is the instance's original start as its component writes it, `20250312T180000`. `sequence` and `stamp`
    (DTSTAMP, `20250305T170000Z`) are the reply's: an answer counts only if they are later than those of the one before.
    """

    recurrence: str
    partstat: Partstat
    sequence: int
    stamp: str
    comment: str = ""
    delegate: str = ""


class Invitation(Value):
    """One address and one UID: the revision it was told last, and its answers.

    `participant` is None for a mailing list, which is told and never asked. `sequence` and `stamp` are those of the
    object as announced; `lift` is what is added to each SEQUENCE for this address, so that an invitation after a
    cancellation is later than it. `answers` has the whole UID's first, then the instances' in order.
    """

    uid: str
    email: str
    participant: str | None
    name: str
    style: Style
    standing: Standing
    sequence: int
    stamp: str
    lift: int = 0
    answers: tuple[Answer, ...] = ()

    def answer(self, recurrence: str = "") -> Answer | None:
        """Return what was said of an instance, or of the whole UID; None where nothing was."""
        return next((each for each in self.answers if each.recurrence == recurrence), None)


class Announced(Value):
    """What was announced last of one UID: a whole iCalendar stream without attendees, each component with its revision.

    `sequence` and `stamp` are the latest of its components. `since` is the instant (`20250305T170000Z`) at which it was
    announced first: what was over by then is not in it. `ended` says that it has been cancelled as a whole.
    """

    uid: str
    series: str
    sequence: int
    stamp: str
    since: str
    data: bytes
    ended: bool = False


class Proposal(Value):
    """A COUNTER that waits for a person: who proposes which other time for what, and what they say."""

    uid: str
    recurrence: str
    email: str
    start: str
    end: str
    comment: str
    stamp: str
