"""What addresses are told, whatever happens in whatever order: the properties that `announce` keeps.

A machine of hypothesis changes what is announced of one UID, and who is to know of it; what it sends is taken as an
attendee's program takes it.
"""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from svsm_cal.itip.announce import Addressee, Purpose, announce, changed_instances
from svsm_cal.itip.invitation import Announced, Answer, Invitation, Partstat, Standing, Style

pytestmark = pytest.mark.slow

pytestmark = pytest.mark.slow

UID = "call@calendar.example.org"
HEAD = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
PEOPLE = {
    "dionna@example.org": ("dionna", Style.FULL),
    "Joerg@example.org": ("joerg", Style.FULL),
    "peter@example.org": ("peter", Style.INSTANCE),
    "vasant@example.org": ("vasant", Style.INSTANCE),
    "devel@lists.example.org": (None, Style.FULL),
}
INSTANCES = [f"202503{day:02}T180000" for day in range(1, 10)]
instances = st.dictionaries(st.sampled_from(INSTANCES), st.sampled_from(["20250310T090000", "cancelled"]), max_size=8)
audiences = st.sets(st.sampled_from(sorted(PEOPLE)))


def stream(hour, link, exceptions, revisions):
    """Return a UID as announced: the master, and an override for each call that is moved."""
    gone = [each for each, to in sorted(exceptions.items()) if to == "cancelled"]
    blocks = [[f"DTSTART:20250301T{hour:02}0000", f"URL:{link}", *(f"EXDATE:{each}" for each in gone)]]
    blocks += [
        [f"RECURRENCE-ID:{each}", f"DTSTART:{to}", f"URL:{link}"] for each, to in sorted(exceptions.items()) if to != "cancelled"
    ]
    parts = [HEAD]
    for lines, (sequence, stamp) in zip(blocks, revisions(blocks), strict=True):
        own = [f"UID:{UID}", f"DTSTAMP:{stamp}", f"SEQUENCE:{sequence}"]
        parts.append("\r\n".join(["BEGIN:VEVENT", *own, *lines, "END:VEVENT", ""]).encode())
    return b"".join([*parts, b"END:VCALENDAR\r\n"])


class Announcing(RuleBasedStateMachine):
    """One UID: announced, changed, cancelled, announced again; and those who know of it."""

    def __init__(self):
        super().__init__()
        self.clock = 0
        self.hour, self.link, self.exceptions = 18, 0, {}
        self.sequence = 0
        self.announced, self.invitations, self.audience = None, {}, set()
        self.told = {}  # address -> the last SEQUENCE and DTSTAMP
        self.sent = set()
        self.last = {}  # address -> method of the last message about the whole, and the revision it told

    @initialize(audience=audiences)
    def begin(self, audience):
        self.audience = audience
        self._announce(self._next(significant=False))

    @rule(hour=st.integers(8, 20))
    def retime(self, hour):
        changed, self.hour = hour != self.hour, hour
        if changed:
            self._announce(self._next())

    @rule()
    def relink(self):
        self.link += 1
        self._announce(self._next(significant=False))

    @rule(exceptions=instances)
    def except_some(self, exceptions):
        changed, self.exceptions = exceptions != self.exceptions, exceptions
        if changed:
            self._announce(self._next())

    @rule(audience=audiences)
    def invite_others(self, audience):
        self.audience = audience
        self._announce(self.announced)

    @rule(audience=audiences, hour=st.integers(8, 20))
    def retime_for_others(self, audience, hour):
        self.audience, changed, self.hour = audience, hour != self.hour, hour
        self._announce(self._next() if changed else self.announced)

    @rule()
    def announce_again(self):
        assert self._announce(self.announced) == []

    @precondition(lambda self: self.announced is not None and not self.announced.ended)
    @rule()
    def end(self):
        self.clock += 1
        self.sequence += 1
        self._announce(Announced(UID, "call", self.sequence, self._stamp(), "", self.announced.data, ended=True))

    @rule()
    def bring_back(self):
        if self.announced.ended:
            self._announce(self._next())

    def _stamp(self):
        return f"20250305T{self.clock // 3600:02}{self.clock // 60 % 60:02}{self.clock % 60:02}Z"

    def _next(self, *, significant=True):
        """Return what is announced next; the machine's caller knows whether SEQUENCE has to rise (RFC 5546 section 2.1.4)."""
        self.clock += 1
        back = self.announced is not None and self.announced.ended
        self.sequence += bool(self.announced is not None and (significant or back))
        data = stream(self.hour, self.link, self.exceptions, lambda blocks: [(self.sequence, self._stamp())] * len(blocks))
        return Announced(UID, "call", self.sequence, self._stamp(), "", data)

    def _announce(self, current):
        people = [Addressee(each, each, *PEOPLE[each]) for each in sorted(self.audience)]
        messages = list(announce(self.announced, current, self.invitations, people))
        changed = changed_instances(self.announced, current)
        for message in messages:
            told = message.invitation
            address = told.email.lower()
            revision = (told.sequence + told.lift, told.stamp)
            before = self.told.get(address)
            assert before is None or revision[0] >= before[0], f"{address}: SEQUENCE goes back"
            key = (address, message.method, revision, message.only)
            assert key not in self.sent, f"{address} gets {key} twice"
            self.sent.add(key)
            if message.method == "CANCEL" and not message.only:
                assert revision[0] > before[0], f"{address}: a CANCEL that is not later"
            if message.purpose is Purpose.INVITE_AGAIN:
                assert revision[0] > before[0], f"{address}: an invitation that is not later than the CANCEL"
            if message.only:
                assert told.style is Style.INSTANCE
                assert message.only in changed
            assert (message.method == "PUBLISH") <= (told.participant is None)
            self.told[address] = max(before or revision, revision)
            self.last[address] = "CANCEL" if message.method == "CANCEL" and not message.only else "REQUEST"
            self.invitations[address] = told
        alone = {}
        for message in messages:
            if message.only:
                alone.setdefault(message.invitation.email, []).append(message.only)
        assert all(sorted(found) == sorted(changed) for found in alone.values()), "only some of what changed"
        self.announced = current
        return messages

    @invariant()
    def everybody_is_where_they_should_be(self):
        """Who attends has been told the current revision; who does not, and had been invited, has a CANCEL last."""
        if self.announced is None:
            return
        wanted = {each.lower() for each in self.audience} if not self.announced.ended else set()
        for address in wanted:
            held = self.invitations[address]
            assert (held.standing, held.sequence, held.stamp) == (Standing.INVITED, self.announced.sequence, self.announced.stamp)
            assert self.last[address] == "REQUEST"
        for address, held in self.invitations.items():
            if address not in wanted:
                assert held.standing is Standing.CANCELLED
                assert self.last[address] == "CANCEL"


TestAnnouncing = Announcing.TestCase
TestAnnouncing.settings = settings(max_examples=60, stateful_step_count=25)


# --- What people have answered ------------------------------------------------------------------------------------

WHOLE = Answer("", Partstat.ACCEPTED, 0, "20250305T170000Z")
NINTH, SECOND, THIRD = (Answer(INSTANCES[n], Partstat.DECLINED, 0, "20250305T170000Z") for n in (8, 1, 2))
MOVED = {INSTANCES[1]: "20250310T090000", INSTANCES[2]: "20250310T090000"}


def asked_again(answers, *, hour=18, exceptions=None):
    """Return the answers that hold for an attendee after the call's hour or some of its instances have another time."""

    def same(blocks):
        return [(0, "x")] * len(blocks)

    before, after = (
        Announced(UID, "call", number, f"2025030{number}T170000Z", "", stream(at, 0, moved, same))
        for number, at, moved in ((1, 18, {}), (2, hour, exceptions or {}))
    )
    known = Invitation(UID, "a@example.org", "a", "A", Style.FULL, Standing.INVITED, 1, before.stamp, 3, tuple(answers))
    (message,) = announce(before, after, {"a@example.org": known}, [Addressee("a@example.org", "A", "a", Style.FULL)])
    return message.invitation.answers


def test_an_answer_to_a_time_that_has_changed_is_asked_for_again():
    """RFC 5546 section 2.1.4; the new answer has to be to the revision told, which is 2, and 3 more for this address."""
    reset = {each.recurrence: Answer(each.recurrence, Partstat.NEEDS_ACTION, 5, "") for each in (WHOLE, SECOND, THIRD)}
    moved = asked_again([WHOLE, SECOND, NINTH], exceptions=MOVED)
    assert moved == (WHOLE, reset[SECOND.recurrence], reset[THIRD.recurrence], NINTH)
    assert asked_again([WHOLE, SECOND], hour=17) == (reset[""],)
    assert asked_again([WHOLE, SECOND, NINTH]) == (WHOLE, SECOND, NINTH)


def test_who_has_not_answered_is_not_said_to_have():
    assert asked_again([], exceptions=MOVED) == ()
    assert asked_again([], hour=17) == ()
