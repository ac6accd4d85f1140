"""Invitations: the revision of a UID that was sent to an address, and its answers (RFC 5546).

A store keeps these values; `announce` and `receive` decide with them.
"""

from __future__ import annotations

from enum import StrEnum

from svsm_cal.value import Value


class Partstat(StrEnum):
    """A participation status (RFC 5545 section 3.2.12)."""

    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    TENTATIVE = "TENTATIVE"
    DECLINED = "DECLINED"
    DELEGATED = "DELEGATED"


class Style(StrEnum):
    """The form of updates about one instance that a client handles best: the whole object, or the instance alone."""

    FULL = "full"
    INSTANCE = "instance"


class Standing(StrEnum):
    """The state of an invitation: invited, or told that it no longer is."""

    INVITED = "invited"
    CANCELLED = "cancelled"


class Answer(Value):
    """An attendee's answer to a whole UID (`recurrence` is "") or to one instance.

    `recurrence` is the instance's RECURRENCE-ID, as in the announcement: `20250312T180000`. `sequence` and `stamp` (DTSTAMP,
    `20250305T170000Z`) are those of the reply, and must be later than those of the previous answer.
    """

    recurrence: str
    partstat: Partstat
    sequence: int
    stamp: str
    comment: str = ""
    delegate: str = ""


class Invitation(Value):
    """The last revision of one UID that was sent to one address, and the answers to it.

    `participant` is None for a mailing list, which is informed and never asked. `sequence` and `stamp` are those of the
    announcement; `lift` is added to each SEQUENCE for this address, so that a new invitation is later than a cancellation
    before it. `answers` has the answer to the whole UID first, then those to instances in order.
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
        """Return the answer to an instance or to the whole UID, None if there is none yet."""
        return next((answer for answer in self.answers if answer.recurrence == recurrence), None)


class Announced(Value):
    """The last announcement of one UID: a complete iCalendar stream without attendees, each component with its revision.

    `sequence` and `stamp` are the latest of its components. `since` is the instant of the first announcement
    (`20250305T170000Z`); overrides of calls before it are left out. `ended` means that the whole UID is cancelled.
    """

    uid: str
    series: str
    sequence: int
    stamp: str
    since: str
    data: bytes
    ended: bool = False


class Proposal(Value):
    """A COUNTER that a person has to decide on: the proposer's address, the proposed time, and the comment."""

    uid: str
    recurrence: str
    email: str
    start: str
    end: str
    comment: str
    stamp: str
