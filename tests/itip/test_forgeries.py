"""A thousand answers that are none: forged, stale, broken or strange; nothing changes, nothing is raised, each is reported.

Each is made from a seed and answers a community in which one has answered, one has not, one has left and one never was.
What chance makes of an answer may be right in all that matters, so that its sender might have sent it: `may_be_genuine`
tells that from the mail alone, in another way than the program, and such are left out.
"""

from __future__ import annotations

import email
import random
import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

import pytest

from svsm_cal.app.answers import take_answers

from .world import ORGANIZER, UID, Box, World, calendar, reply

LATER = "20250306T000000Z"
KNOWN = (1, "20250305T200000Z")  # what Dionna's recorded answer has
MOVE = "move = [{ date = 2025-03-26, to = 2025-03-27T19:00:00 }]\n"
OTHERS = ("peter@example.org", "joerg@example.org", "eve@example.org", "dionna@example.com", "dionna@example.org.evil.example")
INSTANCES = (":19700101T000000Z", ";TZID=Europe/Berlin:20250403T180000", ":nonsense", ":")
FORGERIES = []
MUTATIONS = set()


def forgery(make):
    FORGERIES.append(make)
    return make


def mutation(make):
    """Register what is left to chance, which might make a genuine answer."""
    MUTATIONS.add(make)
    return forgery(make)


class Case:
    """What a forger knows: the last mail to each, and a source of chance."""

    def __init__(self, seed, mails):
        self.chance = random.Random(seed)
        self.mails = mails

    def answer(self, who="dionna", **change):
        """Return an answer that would count, but for what is changed."""
        partstat = self.chance.choice(("ACCEPTED", "TENTATIVE", "DECLINED"))
        stamp = f"2025030{self.chance.randint(6, 9)}T{self.chance.randint(0, 235959) % 20:02}0000Z"
        given = {"partstat": partstat, "stamp": stamp, "headers": (("X-Case", str(self.chance.random())),)} | change
        return reply(self.mails[who], **given)


@forgery
def from_somebody_else(case):
    return case.answer(sender=case.chance.choice(OTHERS))


@forgery
def for_somebody_else(case):
    return case.answer(attendee=case.chance.choice(OTHERS), sender="dionna@example.org")


@forgery
def from_several(case):
    return case.answer(sender="dionna@example.org, eve@example.org")


@forgery
def from_somebody_who_shows_another_address(case):
    return case.answer(sender='"dionna@example.org" <eve@example.org>')


@forgery
def from_two_at_once(case):
    return b"From: eve@example.org\r\n" + case.answer()


@forgery
def from_somebody_who_left(case):
    return case.answer("joerg")


@forgery
def from_somebody_never_invited(case):
    return case.answer(sender="eve@example.org", attendee="eve@example.org")


@forgery
def by_a_delegate_nobody_named(case):
    params = ';DELEGATED-FROM="mailto:dionna@example.org"'
    return case.answer(sender="eve@example.org", attendee="eve@example.org", params=params)


@forgery
def about_another_uid(case):
    return case.answer(uid=case.chance.choice(("other@example.org", UID.upper(), UID[1:], f"{UID}/../x", "' OR 1=1 --", " ")))


@forgery
def to_a_revision_to_come(case):
    return case.answer(sequence=case.chance.choice((2, 3, 99, 2**31 - 1)))


@forgery
def that_is_stale(case):
    return case.answer(stamp=f"20250305T19{case.chance.randint(0, 59):02}00Z", sequence=case.chance.choice((0, 1)))


@forgery
def to_an_older_revision(case):
    return case.answer(sequence=0)


@forgery
def with_a_number_that_is_none(case):
    return case.answer(sequence=case.chance.choice((-1, 2**31, 10**30, "1.0", "one", "\uff11", "1;2", "0x1", "")))


@forgery
def known_already(case):
    return case.answer(stamp=KNOWN[1], sequence=KNOWN[0])


@forgery
def about_a_call_that_there_is_not(case):
    return case.answer(recurrence=case.chance.choice(INSTANCES))


@forgery
def to_another_organizer(case):
    return case.answer(organizer=case.chance.choice(OTHERS))


@forgery
def with_another_method(case):
    methods = ("REQUEST", "CANCEL", "PUBLISH", "ADD", "DECLINECOUNTER", "REPLYX", "", "REPLY REPLY", "\u0420EPLY")
    return case.answer(method=case.chance.choice(methods), part_method=False)


@forgery
def that_says_nothing(case):
    return case.answer(partstat=case.chance.choice(("NEEDS-ACTION", "YES", "", "IN-PROCESS", "COMPLETED")))


@forgery
def of_several_attendees(case):
    return case.answer(lines=(f"ATTENDEE;PARTSTAT=DECLINED:mailto:{case.chance.choice(('peter', 'dionna', 'eve'))}@example.org",))


@forgery
def of_several_people_in_components(case):
    """Two components for others: neither counts."""
    who = case.chance.choice(("peter", "eve"))
    other = ["END:VEVENT", "BEGIN:VEVENT", f"UID:{UID}", f"DTSTAMP:{LATER}", "SEQUENCE:1"]
    return case.answer(attendee="joerg@example.org", lines=(*other, f"ATTENDEE;PARTSTAT=DECLINED:mailto:{who}@example.org"))


@forgery
def of_many_components_that_are_known(case):
    again = ["END:VEVENT", "BEGIN:VEVENT", f"UID:{UID}", f"DTSTAMP:{KNOWN[1]}", "SEQUENCE:1"]
    again.append("ATTENDEE;PARTSTAT=DECLINED:mailto:dionna@example.org")
    return case.answer(stamp=KNOWN[1], lines=tuple(again * case.chance.randint(1, 90)))


@forgery
def forwarded(case):
    """An answer inside another mail is nobody's."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = "dionna@example.org", ORGANIZER, "Fwd"
    mail["Message-ID"] = f"<{case.chance.random()}@example.org>"
    mail.set_content("Look at this.")
    mail.add_attachment(email.message_from_bytes(case.answer(), policy=SMTP))
    return mail.as_bytes()


@mutation
def cut_off(case):
    data = case.answer()
    end = case.chance.randrange(data.index(b"ATTENDEE"))
    return data[:end]


@mutation
def with_flipped_bits(case):
    data = bytearray(case.answer(stamp=KNOWN[1]))
    for _ in range(case.chance.randint(1, 12)):
        data[case.chance.randrange(len(data))] ^= 1 << case.chance.randrange(8)
    return bytes(data)


@mutation
def with_lines_shuffled(case):
    lines = case.answer(stamp=KNOWN[1]).splitlines(keepends=True)
    for _ in range(case.chance.randint(1, 6)):
        one, other = case.chance.randrange(len(lines)), case.chance.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


@mutation
def with_lines_doubled_or_lost(case):
    lines = case.answer(stamp=KNOWN[1]).splitlines(keepends=True)
    return b"".join(line * case.chance.choice((0, 1, 1, 1, 1, 2)) for line in lines)


@mutation
def in_an_encoding_that_is_none(case):
    change = case.chance.choice(
        ((b"utf-8", b"utf-16"), (b"utf-8", b"zlib"), (b"utf-8", b"idna"), (b"7bit", b"base64"), (b"7bit", b"x"))
    )
    return case.answer(stamp=KNOWN[1]).replace(*change)


@mutation
def of_noise(case):
    return case.chance.randbytes(case.chance.randrange(2000))


@mutation
def of_noise_behind_a_head(case):
    head = b"From: dionna@example.org\r\nContent-Type: text/calendar; method=REPLY\r\n\r\n"
    return head + case.chance.choice((b"", b"BEGIN:VCALENDAR\r\n")) + case.chance.randbytes(case.chance.randrange(500))


@forgery
def huge(case):
    filler = case.chance.choice(
        ("COMMENT:" + "x" * 70, "BEGIN:VALARM", "END:VEVENT\r\nBEGIN:VEVENT", "ATTENDEE:mailto:eve@example.org")
    )
    return case.answer(stamp=KNOWN[1], lines=(filler,) * case.chance.choice((600, 3000)))


@forgery
def that_reports_a_mail_of_nobody(case):
    recipient = case.chance.choice(OTHERS)
    report = f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    return (
        f"From: MAILER-DAEMON@example.org\r\nMessage-ID: <{case.chance.random()}@example.org>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n{report}\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: <{case.chance.randbytes(16).hex()}@calendar.example.org>\r\n--b--\r\n"
    ).encode()


def may_be_genuine(data) -> bool:
    """Whether a mail is from Dionna alone and has, somewhere in it, an answer of hers that is news."""
    mail = email.message_from_bytes(data)
    senders = [parseaddr(str(value))[1].lower() for value in mail.get_all("From", [])]
    if senders != ["dionna@example.org"]:
        return False
    for part in mail.walk():
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes):
            continue
        text = re.sub(rb"\r?\n[ \t]", b"", payload).upper()
        for event in text.split(b"BEGIN:VEVENT")[1:]:
            lines = dict(re.findall(rb"(?m)^([A-Z-]+)[^:\r\n]*?:(?:MAILTO:)?([^\r\n]*)", event))
            attendees = re.findall(rb"(?m)^ATTENDEE", event)
            number = lines.get(b"SEQUENCE", b"0")
            revision = (int(number) if re.fullmatch(rb"\d{1,9}", number) else 0, lines.get(b"DTSTAMP", b"").decode("latin-1"))
            mine = lines.get(b"ATTENDEE", b"").strip() == b"DIONNA@EXAMPLE.ORG" and len(attendees) == 1
            whole = b"\nRECURRENCE-ID" not in event
            if mine and lines.get(b"UID", b"").strip() == UID.upper().encode() and (revision > KNOWN or not whole):
                return True
    return False


def _world(folder):
    world = World(folder)
    world.tell(calendar())
    mails = {each.to: each for each in world.tell(calendar(lines=MOVE))}
    first = reply(mails["dionna"], "DECLINED", stamp=KNOWN[1])
    assert world.answer(first) == ["declined"]
    world.tell(calendar(lines=MOVE, people=["dionna", "peter"]))
    return world, mails


def _forge(folder, seeds):
    """Take forgeries of each kind and return the verdicts by kind, and how many might have been genuine."""
    world, mails = _world(folder)
    try:
        assert (mails["dionna"].sequence, UID) == (KNOWN[0], UID)
        before = world.everything()
        verdicts = {make.__name__: set() for make in FORGERIES}
        cases = [(make, seed, make(Case(f"{make.__name__} {seed}", mails))) for seed in seeds for make in FORGERIES]
        forged = [each for each in cases if each[0] not in MUTATIONS or not may_be_genuine(each[2])]
        genuine, cases = len(cases) - len(forged), forged
        for begin in range(0, len(cases), 100):
            batch = cases[begin : begin + 100]
            for make, seed, data in batch:
                taken = list(take_answers(Box(data), world.store, now=world.now))
                assert taken, f"{make.__name__} {seed} is not reported"
                assert not any(each.counts for each in taken), f"{make.__name__} {seed}: {taken}\n{data!r}"
                verdicts[make.__name__] |= {each.verdict for each in taken}
            assert world.everything() == before, (
                f"one of {[(make.__name__, seed) for make, seed, _ in batch]} has changed something"
            )
        return verdicts, genuine, len(cases)
    finally:
        world.close()


EXPECTED = {
    "from_somebody_else": {"not sent by whom it is from"},
    "for_somebody_else": {"not sent by whom it is from"},
    "from_several": {"not sent by whom it is from"},
    "from_somebody_who_shows_another_address": {"not sent by whom it is from"},
    "from_two_at_once": {"not sent by whom it is from"},
    "from_somebody_who_left": {"to an invitation that was cancelled"},
    "from_somebody_never_invited": {"from somebody not invited"},
    "by_a_delegate_nobody_named": {"from somebody not invited"},
    "to_a_revision_to_come": {"to a revision that nobody was told"},
    "that_is_stale": {"older than what is known"},
    "to_an_older_revision": {"older than what is known"},
    "known_already": {"known already"},
    "to_another_organizer": {"to another organizer"},
    "that_says_nothing": {"answers nothing"},
    "forwarded": {"no answer"},
}


@pytest.mark.slow
def test_a_thousand_forgeries_change_nothing(tmp_path):
    verdicts, genuine, count = _forge(tmp_path, range(33))
    assert count >= 1000
    assert {kind: verdicts[kind] for kind in EXPECTED} == EXPECTED
    assert genuine < count / 50


@pytest.mark.soak
def test_more_forgeries_change_nothing(tmp_path):
    _, _, count = _forge(tmp_path, range(1000, 1400))
    assert count >= 10_000


def test_what_tells_the_genuine_ones_knows_one(tmp_path):
    world, mails = _world(tmp_path)
    answer = Case("one", mails).answer()
    assert may_be_genuine(answer)
    assert world.answer(answer)[0] in {"accepted", "tentative", "declined"}
    world.close()
