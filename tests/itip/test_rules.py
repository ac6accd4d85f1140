"""iTIP as a table: one row for each rule of RFC 5546 that concerns us, and for each quirk of a client (25 to 34).

A row is a rule's place, what it says, and a short story that shows it: calendar files in, mails out, answers back.
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest

from .world import HEAD, ORGANIZER, PEOPLE, SERIES, UID, World, calendar, reply

EVERYBODY = list(PEOPLE)
FULL = ["dionna", "joerg"]
CANCEL = 'cancel = [{ date = 2025-03-19, reason = "holiday" }]\n'
MOVE = "move = [{ date = 2025-03-26, to = 2025-03-27T19:00:00 }]\n"
LATER = SERIES.replace("T18:00:00", "T19:00:00")
RULES = []


def rule(place, says):
    def register(story):
        RULES.append(pytest.param(story, id=f"{place}: {says}"))
        return story

    return register


@pytest.fixture
def world(tmp_path):
    found = World(tmp_path)
    yield found
    found.close()


@pytest.mark.slow
@pytest.mark.parametrize("story", RULES)
def test_rule(story, world):
    story(world)


def to(mails, id):
    return [each for each in mails if each.to == id]


# --- RFC 5546, 2.1.4 and 2.1.5: revisions and their order ------------------------------------------------------------


@rule("2.1.4", "the first REQUEST has SEQUENCE 0")
def _(world):
    assert [(each.to, each.sequence) for each in world.tell(calendar())] == [(who, 0) for who in EVERYBODY]


def _raises(after):
    def story(world):
        first = world.tell(calendar())
        updates = world.tell(after)
        assert {each.to for each in updates} == set(EVERYBODY)
        assert {each.sequence for each in updates} == {1}
        assert min(each.stamp for each in updates) > max(each.stamp for each in first)

    return story


for _says, _after in {
    "DTSTART": calendar(series=LATER),
    "DURATION": calendar(series=SERIES.replace('"1h"', '"90min"')),
    "RRULE": calendar(series=SERIES.replace("FREQ=WEEKLY;BYDAY=WE", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE")),
    "EXDATE": calendar(lines=CANCEL),
    "the time of one instance": calendar(lines=MOVE),
}.items():
    rule("2.1.4", f"a change of {_says} raises SEQUENCE")(_raises(_after))


def _minor(after):
    def story(world):
        first = world.tell(calendar())
        updates = world.tell(after)
        assert [each.to for each in updates] == EVERYBODY
        assert {each.sequence for each in updates} == {0}
        assert min(each.stamp for each in updates) > max(each.stamp for each in first)
        assert all(each.mail["Subject"].startswith("Updated: ") for each in updates)

    return story


for _says, _after in {
    "link": calendar(series=SERIES.replace("meet.example.org/a", "meet.example.org/b")),
    "title": calendar(series=SERIES.replace('"Call"', '"Our call"')),
    "description": calendar(lines='description = "About everything."\n'),
}.items():
    rule("2.1.4", f"a new {_says} alone does not: SEQUENCE stays, DTSTAMP is later")(_minor(_after))


@rule("2.1.4", "SEQUENCE rises with every change of time, of whichever calls in whichever order")
def _(world):
    twice = MOVE.replace("2025-03-27T19", "2025-03-27T20")
    second = CANCEL.replace("}]", "}, { date = 2025-04-02 }]")
    steps = ["", MOVE, MOVE + CANCEL, twice + CANCEL, twice + second, CANCEL, ""]
    sequences = [to(world.tell(calendar(lines=each)), "dionna")[0].sequence for each in steps]
    assert sequences == sorted(set(sequences))


@rule("2.1.4", "what is said twice is said once")
def _(world):
    world.tell(calendar())
    assert world.tell(calendar()) == []
    assert world.tell(calendar(series=SERIES.replace('duration = "1h"', 'duration = "60min"'))) == []


@rule("2.1.4", "a change of what is past is told to nobody")
def _(world):
    world.tell(calendar())
    past = 'cancel = [{ date = 2025-02-12 }]\nchange = [{ date = 2025-02-19, title = "Was another" }]\n'
    assert world.tell(calendar(lines=past)) == []
    [update, *_] = world.tell(calendar(lines=past.replace("2025-02-12 }", "2025-02-12 }, { date = 2025-04-09 }")))
    assert {"2025-02-12", "2025-04-09"} <= set(update.excluded)  # and goes along with the next that concerns people


@rule("2.1.4", "two updates within a second differ in DTSTAMP or SEQUENCE")
def _(world):
    revisions = [
        to(world.tell(calendar(series=SERIES.replace("/a", f"/{name}")), after=timedelta(0)), "dionna")[0] for name in "abc"
    ]
    assert [(each.sequence, each.stamp) for each in revisions] == sorted({(each.sequence, each.stamp) for each in revisions})


@rule("2.1.5", "an answer is ordered by SEQUENCE, then DTSTAMP: a later one counts")
def _(world):
    mail = to(world.tell(calendar()), "dionna")[0]
    assert world.answer(reply(mail, "ACCEPTED", stamp="20250305T190000Z")) == ["accepted"]
    assert world.answer(reply(mail, "DECLINED", stamp="20250305T190001Z")) == ["declined"]
    assert world.partstats("dionna") == {"": "DECLINED"}


@rule("2.1.5", "an earlier answer that comes late changes nothing")
def _(world):
    mail = to(world.tell(calendar()), "dionna")[0]
    world.answer(reply(mail, "DECLINED", stamp="20250305T190001Z"))
    assert world.answer(reply(mail, "ACCEPTED", stamp="20250305T190000Z")) == ["older than what is known"]
    assert world.partstats("dionna") == {"": "DECLINED"}


@rule("2.1.5", "the same answer again changes nothing")
def _(world):
    mail = to(world.tell(calendar()), "dionna")[0]
    answer = reply(mail, "ACCEPTED")
    assert world.answer(answer) == ["accepted"]
    assert world.answer(answer) == ["taken before"]
    assert world.answer(reply(mail, "ACCEPTED", headers=(("X-Again", "1"),))) == ["known already"]


@rule("2.1.5", "an answer to an old time is none to the new one")
def _(world):
    first = to(world.tell(calendar()), "dionna")[0]
    world.tell(calendar(series=LATER))
    world.answer(reply(first, "TENTATIVE", stamp="20250305T180000Z"))
    assert world.answer(reply(first, "ACCEPTED")) in (["accepted"], ["older than what is known"])
    world.tell(calendar(series=SERIES))
    assert world.answer(reply(first, "ACCEPTED", stamp="20260101T000000Z")) == ["older than what is known"]
    assert world.partstats("dionna") == {"": "NEEDS-ACTION"}


@rule("2.1.5", "an answer to a revision that nobody was told is forged or broken")
def _(world):
    mail = to(world.tell(calendar()), "dionna")[0]
    assert world.answer(reply(mail, sequence=7)) == ["to a revision that nobody was told"]
    assert world.partstats("dionna") == {}


# --- RFC 5546, 3.2.1: PUBLISH ----------------------------------------------------------------------------------------

LISTED = SERIES + 'lists = ["devel@lists.example.org"]\n'


@rule("3.2.1", "a list gets a PUBLISH with ORGANIZER and without ATTENDEE, and nobody's address")
def _(world):
    [mail] = to(world.tell(calendar(series=LISTED)), "devel")
    assert mail.method == "PUBLISH"
    assert "ATTENDEE" not in mail.master
    assert mail.master["ORGANIZER"] == f"mailto:{ORGANIZER}"
    assert not any(f"{who}@example.org".encode() in mail.data + mail.text for who in PEOPLE)


@rule("3.2.1", "a list hears of changes by PUBLISH too")
def _(world):
    world.tell(calendar(series=LISTED))
    [mail] = to(world.tell(calendar(series=LISTED, lines=MOVE)), "devel")
    assert (mail.method, mail.sequence, list(mail.instances)) == ("PUBLISH", 1, ["2025-03-26T18:00"])


@rule("3.2.1", "a list is not asked: an answer in its name is from somebody not invited")
def _(world):
    [mail] = to(world.tell(calendar(series=LISTED)), "devel")
    assert world.answer(reply(mail, sender="devel@lists.example.org", attendee="devel@lists.example.org")) == [
        "from somebody not invited"
    ]


# --- 3.2.2: REQUEST --------------------------------------------------------------------------------------------------


@rule("3.2.2", "a REQUEST has one ORGANIZER and the one ATTENDEE it is for, in every component")
def _(world):
    for mail in world.tell(calendar(lines=MOVE)):
        assert mail.method == "REQUEST"
        assert len(mail.events) == 2
        for event in mail.events:
            assert event["ORGANIZER"] == f"mailto:{ORGANIZER}"
            assert event["ATTENDEE"] == f"mailto:{mail.to}@example.org"  # one value, no list
        assert sum(f"{who}@example.org".encode() in mail.text for who in PEOPLE) == 1


@rule("3.2.2.1", "rescheduling asks anew: PARTSTAT is NEEDS-ACTION again")
def _(world):
    mail = to(world.tell(calendar()), "dionna")[0]
    world.answer(reply(mail))
    [update] = to(world.tell(calendar(series=LATER)), "dionna")
    assert update.partstats() == {"": "NEEDS-ACTION"}


@rule("3.2.2.1", "rescheduling one instance asks anew about that one")
def _(world):
    mail = to(world.tell(calendar()), "dionna")[0]
    world.answer(reply(mail))
    [update] = to(world.tell(calendar(lines=MOVE)), "dionna")
    assert update.partstats() == {"": "ACCEPTED", "2025-03-26": "NEEDS-ACTION"}
    world.answer(reply(update, "DECLINED", recurrence=";TZID=Europe/Berlin:20250326T180000", stamp="20250306T000000Z"))
    [update] = to(world.tell(calendar(lines=MOVE + CANCEL)), "dionna")
    assert update.partstats() == {"": "ACCEPTED", "2025-03-26": "DECLINED"}


@rule("3.2.2.2", "an update that changes no time keeps PARTSTAT")
def _(world):
    mail = to(world.tell(calendar()), "dionna")[0]
    world.answer(reply(mail, "TENTATIVE"))
    [update] = to(world.tell(calendar(series=SERIES.replace("/a", "/b"))), "dionna")
    assert update.partstats() == {"": "TENTATIVE"}


@rule("3.2.2.3", "who delegates is recorded, with the name of the delegate")
def _(world):
    mail = to(world.tell(calendar()), "dionna")[0]
    said = reply(mail, "DELEGATED", params=';DELEGATED-TO="mailto:tom@example.org"')
    assert world.answer(said) == ["delegated"]
    [answer] = world.invitation("dionna").answers
    assert (answer.partstat.value, answer.delegate) == ("DELEGATED", "tom@example.org")


@rule("3.2.2.3", "the delegate's own answer is recorded with whom they stand for; nobody else's is")
def _(world):
    mail = to(world.tell(calendar()), "dionna")[0]
    world.answer(reply(mail, "DELEGATED", params=';DELEGATED-TO="mailto:tom@example.org"'))
    stands = ';DELEGATED-FROM="mailto:dionna@example.org"'
    crasher = reply(mail, sender="eve@example.org", attendee="eve@example.org", params=stands)
    assert world.answer(crasher) == ["from somebody not invited"]
    delegate = reply(mail, sender="tom@example.org", attendee="tom@example.org", params=stands)
    assert world.answer(delegate) == ["accepted"]
    [answer] = world.invitation("dionna").answers
    assert (answer.delegate, answer.comment) == ("tom@example.org", "tom@example.org: ACCEPTED")


@rule("3.2.2.6", "who comes later gets the current state only, and nobody else a mail")
def _(world):
    world.tell(calendar(people=FULL, lines=MOVE))
    [mail] = world.tell(calendar(lines=MOVE))
    assert (mail.to, mail.method, list(mail.instances)) == ("peter", "REQUEST", ["2025-03-26T18:00"])


@rule("3.2.2", "a cancelled single call is no REQUEST with STATUS:CANCELLED but a CANCEL")
def _(world):
    single = SERIES.replace('rule = "FREQ=WEEKLY;BYDAY=WE"\n', "").replace("2025-01-08", "2025-06-11")
    world.tell(calendar(series=single))
    mails = world.tell(calendar(series=single, lines="cancel = [{ date = 2025-06-11 }]\n"))
    assert [(each.to, each.method, str(each.master["STATUS"])) for each in mails] == [
        (who, "CANCEL", "CANCELLED") for who in EVERYBODY
    ]
    back = world.tell(calendar(series=single))
    assert [(each.method, each.sequence) for each in back] == [("REQUEST", 2)] * 3


# --- 3.2.3: REPLY ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("partstat", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_an_answer_is_recorded_and_shown(world, partstat):
    mail = to(world.tell(calendar()), "dionna")[0]
    assert world.answer(reply(mail, partstat, lines=("COMMENT:As ever",))) == [partstat.lower()]
    [answer] = world.invitation("dionna").answers
    assert (answer.partstat.value, answer.comment) == (partstat, "As ever")
    [stand] = [each for each in world.standing().stands if each.invitation.participant == "dionna"]
    assert stand.invitation.answer().partstat == partstat


@rule("3.2.3", "an answer to one instance is kept beside that to all")
def _(world):
    mail = to(world.tell(calendar()), "dionna")[0]
    world.answer(reply(mail), reply(mail, "DECLINED", recurrence=";TZID=Europe/Berlin:20250402T180000"))
    assert world.partstats("dionna") == {"": "ACCEPTED", "20250402T180000": "DECLINED"}


@rule("3.2.3", "an answer about a call that there is not changes nothing")
def _(world):
    mail = to(world.tell(calendar()), "dionna")[0]
    for when in (";TZID=Europe/Berlin:20250403T180000", ";TZID=Europe/Berlin:20250402T180100", ":20240403T160000Z"):
        assert world.answer(reply(mail, recurrence=when)) == ["about a call that there is not"]
    assert world.partstats("dionna") == {}


@rule("3.2.3", "an answer for somebody else, from another address, about another UID or to another organizer changes nothing")
def _(world):
    mail = to(world.tell(calendar()), "dionna")[0]
    before = world.everything()
    assert world.answer(reply(mail, sender="joerg@example.org")) == ["not sent by whom it is from"]
    assert world.answer(reply(mail, sender="eve@example.org", attendee="eve@example.org")) == ["from somebody not invited"]
    assert world.answer(reply(mail, uid="other@calendar.example.org")) == ["about an unknown UID"]
    assert world.answer(reply(mail, organizer="eve@example.org")) == ["to another organizer"]
    assert world.answer(reply(mail, lines=("ATTENDEE;PARTSTAT=DECLINED:mailto:joerg@example.org",))) == [
        "names no single attendee"
    ]
    assert world.everything() == before


@rule("3.2.3", "an answer after the cancellation changes nothing")
def _(world):
    mail = to(world.tell(calendar()), "joerg")[0]
    world.tell(calendar(people=["dionna", "peter"]))
    assert world.answer(reply(mail)) == ["to an invitation that was cancelled"]


@rule("3.2.3", "with servers that are trusted, an answer counts only if one vouches for its sender")
def _(world):
    mail = to(world.tell(calendar()), "dionna")[0]
    vouches = ("Authentication-Results", "mx.example.org; dmarc=pass header.from=example.org")
    fails = ("Authentication-Results", "mx.example.org; dmarc=fail header.from=example.org")
    foreign = ("Authentication-Results", "mx.evil.example; dmarc=pass header.from=example.org")
    for headers in ((), (fails,), (foreign,)):
        assert world.answer(reply(mail, headers=headers), trusts=["mx.example.org"]) == ["not sent by whom it is from"]
    assert world.answer(reply(mail, headers=(vouches,)), trusts=["mx.example.org"]) == ["accepted"]


# --- 3.2.4 to 3.2.7: ADD, CANCEL, REFRESH, COUNTER -------------------------------------------------------------------


@rule("3.2.4", "no ADD is sent: a call outside the rule is a REQUEST with a UID of its own")
def _(world):
    world.tell(calendar())
    mails = world.tell(calendar(lines="add = [{ start = 2025-04-04T10:00:00 }]\n"))
    assert [(each.to, each.method) for each in mails] == [(who, "REQUEST") for who in EVERYBODY]
    assert {str(each.master["UID"]) for each in mails} == {"call+20250404T100000@calendar.example.org"}


@rule("3.2.5", "a series that is gone is a CANCEL of the master alone, with a higher SEQUENCE")
def _(world):
    world.tell(calendar(lines=MOVE))
    mails = world.tell(calendar(series=""))
    assert [(each.to, each.method, each.sequence, len(each.events)) for each in mails] == [
        (who, "CANCEL", 1, 1) for who in EVERYBODY
    ]
    for mail in mails:
        assert mail.stamp == world.now
        assert str(mail.master["STATUS"]) == "CANCELLED"
        assert mail.master["ATTENDEE"] == f"mailto:{mail.to}@example.org"
        assert mail.master["ORGANIZER"] == f"mailto:{ORGANIZER}"
    assert world.tell(calendar(series="")) == []


@rule("3.2.5", "who leaves gets a CANCEL with a higher SEQUENCE, and nobody else a mail")
def _(world):
    world.tell(calendar())
    [mail] = world.tell(calendar(people=["dionna", "peter"]))
    assert (mail.to, mail.method, mail.sequence, str(mail.master["STATUS"])) == ("joerg", "CANCEL", 1, "CANCELLED")
    assert world.tell(calendar(people=["dionna", "peter"])) == []


@rule("3.2.5", "who comes back gets a REQUEST that is later than the CANCEL, and is asked anew")
def _(world):
    world.answer(reply(to(world.tell(calendar()), "joerg")[0]))
    [cancel] = world.tell(calendar(people=["dionna", "peter"]))
    [again] = world.tell(calendar())
    assert (again.to, again.method, again.partstats()) == ("joerg", "REQUEST", {"": "NEEDS-ACTION"})
    assert again.sequence > cancel.sequence
    assert world.answer(reply(again, stamp="20250306T000000Z")) == ["accepted"]


@rule("3.2.5", "a list hears of the end by a CANCEL without attendees (4.1.4)")
def _(world):
    world.tell(calendar(series=LISTED))
    [mail] = to(world.tell(calendar(series="")), "devel")
    assert (mail.method, str(mail.master["STATUS"])) == ("CANCEL", "CANCELLED")
    assert "ATTENDEE" not in mail.master


@rule("3.2.5", "a series that comes back is later than its CANCEL")
def _(world):
    world.tell(calendar())
    cancels = world.tell(calendar(series=""))
    again = world.tell(calendar())
    assert {(each.method, each.sequence) for each in again} == {("REQUEST", cancels[0].sequence + 1)}
    assert min(each.stamp for each in again) > max(each.stamp for each in cancels)


@rule("3.2.5", "what is over is not cancelled")
def _(world):
    over = SERIES.replace("BYDAY=WE", "BYDAY=WE;UNTIL=20250312T235959")
    world.tell(calendar(series=over))
    assert world.tell(calendar(series=""), after=timedelta(weeks=2)) == []
    assert world.tell(calendar(people=["dionna"], series=over)) == []


@rule("3.2.6", "REFRESH is answered with what has been told, once")
def _(world):
    mail = to(world.tell(calendar(lines=MOVE)), "dionna")[0]
    ask = reply(mail, method="REFRESH")
    assert world.answer(ask) == ["asks for the invite again"]
    [again] = world.mails()
    assert (again.to, again.method, again.text) == ("dionna", "REQUEST", mail.text)
    assert again.mail["Message-ID"] != mail.mail["Message-ID"]
    assert world.answer(ask) == ["taken before"]
    assert world.mails() == []


@rule("3.2.7", "COUNTER waits for a person, and changes no answer")
def _(world):
    mail = to(world.tell(calendar()), "dionna")[0]
    world.answer(reply(mail))
    proposal = ("DTSTART:20250402T170000Z", "DTEND:20250402T180000Z", "COMMENT:An hour later?")
    said = reply(mail, "TENTATIVE", method="COUNTER", lines=proposal, recurrence=";TZID=Europe/Berlin:20250402T180000")
    assert world.answer(said) == ["proposes another time"]
    [found] = world.standing().proposals
    assert (found.email, found.recurrence, found.start, found.comment) == (
        "dionna@example.org",
        "20250402T180000",
        "20250402T170000Z",
        "An hour later?",
    )
    assert world.partstats("dionna") == {"": "ACCEPTED"}


@rule("3.2.8", "what is no answer (REQUEST, PUBLISH, ADD, CANCEL, DECLINECOUNTER) changes nothing")
def _(world):
    mail = to(world.tell(calendar()), "dionna")[0]
    before = world.everything()
    for method in ("REQUEST", "PUBLISH", "ADD", "CANCEL", "DECLINECOUNTER", "NONSENSE"):
        assert world.answer(reply(mail, method=method)) == ["not an answer"]
    assert world.everything() == before


# --- What clients need (iMIP, RFC 6047) ------------------------------------------------------------------------------


@rule("quirk 25", "mixed(alternative(plain, html, calendar last), the same as a file); one object and one attendee a mail")
def _(world):
    for mail in world.tell(calendar()):
        assert mail.mail.get_content_type() == "multipart/mixed"
        assert [each.get_content_type() for each in mail.mail.iter_parts()] == ["multipart/alternative", "application/ics"]
        assert [each.get_content_type() for each in (mail.plain, mail.html, mail.part)] == [
            "text/plain",
            "text/html",
            "text/calendar",
        ]
        assert mail.attached.get_payload(decode=True) == mail.text
        assert len({str(each["UID"]) for each in mail.events}) == 1


@rule("quirk 26", "text/calendar says method and charset, is base64, and no attachment")
def _(world):
    for mail in world.tell(calendar(lines='description = "Łódź, Zürich, 東京"\n')):
        assert mail.part["Content-Type"].params["method"] == mail.method
        assert mail.part["Content-Type"].params["charset"].lower() == "utf-8"
        assert mail.part["Content-Transfer-Encoding"] == "base64"
        assert mail.part["Content-Disposition"] is None
        assert base64.b64decode(mail.part.get_payload()) == mail.text
        assert "東京" in mail.text.decode()


@rule("quirk 27", "the recipient is in To, and nobody else")
def _(world):
    for mail in world.tell(calendar()):
        [address] = mail.mail["To"].addresses
        assert (address.addr_spec, address.display_name) == (f"{mail.to}@example.org", PEOPLE[mail.to][0])
        assert mail.mail["Cc"] is None
        assert mail.mail["Bcc"] is None


@rule("quirk 28", "ATTENDEE with CN, CUTYPE, ROLE, PARTSTAT=NEEDS-ACTION, RSVP=TRUE")
def _(world):
    for mail in world.tell(calendar()):
        assert dict(mail.master["ATTENDEE"].params) == {
            "CN": PEOPLE[mail.to][0],
            "CUTYPE": "INDIVIDUAL",
            "ROLE": "REQ-PARTICIPANT",
            "PARTSTAT": "NEEDS-ACTION",
            "RSVP": "TRUE",
        }


@rule("quirk 29", "ORGANIZER is who the mail is from")
def _(world):
    for mail in world.tell(calendar()):
        [sender] = mail.mail["From"].addresses
        assert mail.master["ORGANIZER"] == f"mailto:{sender.addr_spec}"


@rule("quirk 30", "Auto-Submitted; a Message-ID of UID, revision and attendee, other for each; References are the UID's")
def _(world):
    mails = [*world.tell(calendar()), *world.tell(calendar(lines=CANCEL)), *world.tell(calendar(series=""))]
    assert {each.mail["Auto-Submitted"] for each in mails} == {"auto-generated"}
    assert len({each.mail["Message-ID"] for each in mails}) == len(mails)
    assert len({each.mail["References"] for each in mails}) == 1


@rule("quirk 30", "the same story gives the same mails, byte for byte")
def _(world):
    first = [each.data for each in world.tell(calendar(lines=MOVE))]
    second = World(None, f"{world.store.name}.again")
    try:
        assert [each.data for each in second.tell(calendar(lines=MOVE))] == first
    finally:
        second.close()


@rule("quirk 31", "a change of status, of a cancelled call or of a restored one, raises SEQUENCE (Thunderbird)")
def _(world):
    sequences = [to(world.tell(text), "dionna")[0].sequence for text in (calendar(), calendar(lines=CANCEL), calendar())]
    assert sequences == [0, 1, 2]


@rule("quirk 32", "style full: a change of one instance is the whole set again (sabre, Thunderbird)")
def _(world):
    world.tell(calendar())
    mails = world.tell(calendar(lines=MOVE + CANCEL))
    for [mail] in (to(mails, who) for who in FULL):
        assert (mail.method, list(mail.instances), mail.excluded) == ("REQUEST", ["2025-03-26T18:00"], ["2025-03-19"])


@rule("quirk 31", "the master has the latest revision of all: Thunderbird looks at no other")
def _(world):
    world.tell(calendar())
    for mail in world.tell(calendar(lines=MOVE)):
        if mail.to in FULL:
            assert int(mail.master["SEQUENCE"]) == mail.sequence == 1
            assert mail.master["DTSTAMP"].dt == mail.stamp == world.now
    for mail in world.tell(calendar(lines=MOVE + 'change = [{ date = 2025-04-02, title = "Another" }]\n')):
        if mail.to in FULL:
            assert mail.master["DTSTAMP"].dt == mail.stamp == world.now


@rule("quirk 32", "style instance: a moved call is its override alone, a cancelled one a CANCEL of it (Outlook)")
def _(world):
    world.tell(calendar())
    everything = world.tell(calendar(lines=MOVE + CANCEL))
    mails = to(everything, "peter")
    assert [(each.method, len(each.events), list(each.instances)) for each in mails] == [
        ("CANCEL", 1, ["2025-03-19T18:00"]),
        ("REQUEST", 1, ["2025-03-26T18:00"]),
    ]
    assert [str(each.events[0].get("STATUS", "")) for each in mails] == ["CANCELLED", ""]
    [whole] = to(everything, "dionna")
    assert {each.sequence for each in mails} == {whole.sequence}  # of the whole set, so that all answers are ordered alike


@rule("quirk 32", "style instance: a call that is restored is a REQUEST of it alone")
def _(world):
    world.tell(calendar(lines=CANCEL))
    [mail] = to(world.tell(calendar()), "peter")
    assert (mail.method, list(mail.instances), len(mail.events)) == ("REQUEST", ["2025-03-19T18:00"], 1)
    assert mail.events[0]["DTSTART"].dt.astimezone(UTC) == datetime(2025, 3, 19, 17, tzinfo=UTC)


@rule("quirk 32", "style instance: what changes more than instances is the whole set")
def _(world):
    world.tell(calendar())
    [mail] = to(world.tell(calendar(series=LATER, lines=CANCEL)), "peter")
    assert (mail.method, len(mail.events), mail.excluded) == ("REQUEST", 1, ["2025-03-19"])


@rule("quirk 33", "the whole set carries what the attendee answered, in the master and in the overrides")
def _(world):
    mail = to(world.tell(calendar(lines=MOVE)), "dionna")[0]
    said = reply(mail, "DECLINED", recurrence=";TZID=Europe/Berlin:20250326T180000")
    world.answer(reply(mail), said)
    [update] = to(world.tell(calendar(lines=MOVE + CANCEL)), "dionna")
    assert update.partstats() == {"": "ACCEPTED", "2025-03-26": "DECLINED"}


for _says, _change in {
    "no ORGANIZER": {"organizer": None},
    "no method= on the part": {"part_method": False},
    "MAILTO: in capitals": {"attendee": "DIONNA@example.org"},
    "a RECURRENCE-ID in UTC": {"recurrence": ":20250402T160000Z"},
    "a RECURRENCE-ID on another clock": {"recurrence": ";TZID=America/New_York:20250402T120000"},
    "a Windows zone": {"recurrence": ";TZID=W. Europe Standard Time:20250402T180000"},
    "a date alone": {"recurrence": ";VALUE=DATE:20250402"},
    "an older SEQUENCE of the same time": {"sequence": 0},
}.items():

    def _tolerant(world, change=_change):
        world.tell(calendar())
        mail = to(world.tell(calendar(lines=CANCEL)), "dionna")[0]
        assert world.answer(reply(mail, **change)) == ["accepted"]
        assert list(world.partstats("dionna")) == (["20250402T180000"] if "recurrence" in change else [""])

    rule("quirk 34", f"an answer as Outlook and others write it counts: {_says}")(_tolerant)


# --- What the RFCs leave to us ---------------------------------------------------------------------------------------


@rule("ours", "an attendee whose address changes: the old one gets a CANCEL, the new one a REQUEST")
def _(world):
    world.tell(calendar())
    mails = world.tell(calendar().replace("joerg@example.org", "roedel@example.org"))
    assert [(each.to, each.method) for each in mails] == [("roedel", "REQUEST"), ("joerg", "CANCEL")]


@rule("ours", "invites = none: no mails, and who had some is let go")
def _(world):
    none = calendar().replace(
        'groups = ["everyone"]\n\n[[participant]]\nid = "joerg"',
        'groups = ["everyone"]\ninvites = "none"\n\n[[participant]]\nid = "joerg"',
    )
    assert none != calendar()
    assert [each.to for each in world.tell(none)] == ["joerg", "peter"]
    world.tell(calendar())
    assert [(each.to, each.method) for each in world.tell(none)] == [("dionna", "CANCEL")]


@rule("ours", "a new time from a date on: the old UID ends, a new one begins, in one sending")
def _(world):
    world.tell(calendar())
    mails = to(world.tell(calendar(lines="from = [{ date = 2025-04-02, start = 17:00:00 }]\n")), "dionna")
    assert [(str(each.master["UID"]), each.sequence) for each in mails] == [
        (UID, 1),
        ("call+20250402@calendar.example.org", 0),
    ]
    assert "UNTIL" in mails[0].master["RRULE"]
    assert str(mails[1].master["RELATED-TO"]) == UID
    for mail in mails:
        assert "new time: 09:00 → 08:00, from Wed 2 April 2025 on" in mail.plain.get_content()


@rule("ours", "an update says what changes on its reader's clock, a cancellation why")
def _(world):
    world.tell(calendar())
    mails = world.tell(calendar(lines=CANCEL))
    said = {each.to: re.search(r"What changes:\r?\n  (.*?)\r?\n", each.plain.get_content())[1] for each in mails}
    assert said == {
        "dionna": "cancelled: Wed 19 March 2025 10:00 (holiday)",
        "joerg": "cancelled: Wed 19 March 2025 18:00 (holiday)",
        "peter": "cancelled: Thu 20 March 2025 01:00 (holiday)",
    }


@rule("ours", "the plan says what is sent, and planning sends and remembers nothing")
def _(world):
    world.tell(calendar())
    before = world.everything()
    plan = world.plan(calendar(lines=CANCEL))
    assert world.everything() == before
    assert [(each.message.invitation.participant, each.message.method) for each in plan.mails] == [
        ("dionna", "REQUEST"),
        ("joerg", "REQUEST"),
        ("peter", "CANCEL"),
    ]
    assert world.plan(calendar(lines=CANCEL)).digest == plan.digest
    assert world.plan(calendar(lines=MOVE)).digest != plan.digest


@rule("ours", "a bounce is recorded with the mail it is about; one that is about no mail of ours is not")
def _(world):
    mail = to(world.tell(calendar()), "dionna")[0]
    number = mail.mail["Message-ID"]
    assert world.answer(bounce(number, "dionna@example.org"), bounce("<other@example.org>", "dionna@example.org")) == [
        "bounced",
        "a report of no mail of ours",
    ]
    assert world.answer(bounce(number, "joerg@example.org")) == ["a report of no mail of ours"]
    bounced = {each.invitation.participant: each.bounced for each in world.standing().stands}
    assert bounced == {"dionna": "550 5.1.1 no such user", "joerg": "", "peter": ""}


def bounce(message_id, recipient):
    return f"""From: MAILER-DAEMON@mx.example.org
To: {ORGANIZER}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{abs(hash((message_id, recipient)))}@mx.example.org>
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user
--b
Content-Type: text/rfc822-headers

Message-ID: {message_id}
--b--
""".encode()


def test_without_an_organizer_there_is_one_line_that_says_what_to_write(world):
    from svsm_cal.errors import UsageError

    with pytest.raises(UsageError, match=r"add organizer = "):
        world.tell(calendar(head=re.sub("organizer.*\n", "", HEAD)))
