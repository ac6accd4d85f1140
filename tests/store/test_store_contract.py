"""What a store does, on both of them: every method of the contract."""

from __future__ import annotations

import os
import stat

import pytest

from svsm_cal.errors import StoreError
from svsm_cal.itip.invitation import Standing
from svsm_cal.store.contract import MailState, Settled, Tally
from svsm_cal.store.opening import open_store
from svsm_cal.value import replace
from tests.store.examples import (
    CALENDAR,
    NOW,
    OTHER_UID,
    UID,
    after,
    announced,
    answers,
    failed,
    invitation,
    later,
    mail,
    proposal,
    publication,
    receipt,
    sent,
)

PENDING, SENT, FAILED, SUPERSEDED = MailState.PENDING, MailState.SENT, MailState.FAILED, MailState.SUPERSEDED


def put(store, *mails, now=NOW):
    with store.ledger() as ledger:
        return ledger.enqueue(mails, now=now)


def states(store):
    with store.ledger(writes=False) as ledger:
        return [row.state for row in ledger.outbox()]


def due(store, now=NOW, limit=100, batch=None):
    with store.delivery(batch=batch) as delivery:
        return [row.id for row in delivery.due(now, limit)]


def settle(store, *settled):
    with store.delivery() as delivery:
        delivery.settle(settled)


def test_a_new_store_is_empty(store):
    with store.ledger() as ledger:
        assert ledger.publication() is None
        assert ledger.announced() == {}
        assert [*ledger.invitations(), *ledger.outbox(), *ledger.receipts(), *ledger.proposals()] == []
        assert ledger.claimed("") == set()
    assert (store.batches(), store.check()) == ([], [])
    assert list(store.export()) == [{"record": "store", "schema": 1, "calendar": CALENDAR}]


def test_publications_and_objects_replace_each_other(store):
    with store.ledger() as ledger:
        ledger.publish(publication("first"), [announced(UID), announced(OTHER_UID)])
    with store.ledger() as ledger:
        assert list(ledger.announced()) == [OTHER_UID, UID]
        ledger.publish(publication(), [announced(UID, 4, ended=True)])
    with store.ledger(writes=False) as ledger:
        assert ledger.publication() == publication()
        assert ledger.announced() == {OTHER_UID: announced(OTHER_UID), UID: announced(UID, 4, ended=True)}


def test_invitations_come_back_as_they_were_in_order(store):
    listed = replace(invitation("Zoe@example.org"), participant=None, standing=Standing.CANCELLED)
    answered = invitation("ana@example.org", answers=answers())
    other = invitation("\u00e9@example.org", OTHER_UID)
    with store.ledger() as ledger:
        ledger.save([answered, listed, other])
        assert list(ledger.invitations()) == [other, listed, answered]  # by code point, whatever the locale
        assert list(ledger.invitations(UID)) == [listed, answered]
        assert list(ledger.invitations("none")) == []
        ledger.save([replace(listed, sequence=9)])
    with store.ledger(writes=False) as ledger:
        assert list(ledger.invitations(UID)) == [replace(listed, sequence=9), answered]


@pytest.mark.slow
def test_invitations_may_be_saved_while_they_are_read(store):
    many = [invitation(f"p{number:05}@example.org") for number in range(4500)]
    with store.ledger() as ledger:
        ledger.save(many)
        seen = 0
        for each in ledger.invitations():
            ledger.save([replace(each, sequence=each.sequence + 1)])
            seen += 1
        assert seen == 4500
        assert {each.sequence for each in ledger.invitations()} == {4}


def test_a_ledger_that_raises_leaves_nothing(store):
    with pytest.raises(ZeroDivisionError), store.ledger() as ledger:  # noqa: PT012
        ledger.publish(publication(), [announced()])
        ledger.save([invitation()])
        ledger.enqueue([mail(1)], now=NOW)
        ledger.claim("a", now=NOW)
        raise ZeroDivisionError
    assert len(list(store.export())) == 1
    assert store.batches() == []


def test_a_reading_ledger_sees_one_moment(store):
    with store.ledger(writes=False) as reader:
        assert reader.publication() is None
        with store.ledger() as writer:
            writer.publish(publication(), [announced()])
        assert reader.publication() is None
        assert reader.announced() == {}
    with store.ledger(writes=False) as reader:
        assert reader.publication() == publication()


def test_mails_keep_their_exact_bytes_and_their_order(store):
    mails = [mail(1), mail(2, "carlos@example.org"), mail(3, uid="")]
    assert put(store, *mails) == [1, 2, 3]
    with store.ledger(writes=False) as ledger:
        rows = list(ledger.outbox())
        assert [replace(row.mail, data=ledger.data_of(row.id)) for row in rows] == mails
        assert [(row.state, row.attempts, row.created, row.not_before, row.settled) for row in rows] == [
            (PENDING, 0, NOW, NOW, None)
        ] * 3
        assert ledger.find(mails[1].message_id) == rows[1]
        assert ledger.find("<none@example.org>") is None
        with pytest.raises(StoreError, match="mail 99 is not in the outbox"):
            ledger.data_of(99)


def test_the_outbox_is_asked_by_state_recipient_and_uid(store):
    put(store, mail(1), mail(2, "carlos@example.org"), mail(3, uid=OTHER_UID), mail(4, "carlos@example.org", uid=OTHER_UID))
    settle(store, sent(1), failed(2))
    with store.ledger(writes=False) as ledger:

        def asked(**given):
            return [row.id for row in ledger.outbox(**given)]

        assert asked(states=[SENT, FAILED]) == [1, 2]
        assert asked(recipient="carlos@example.org") == [2, 4]
        assert asked(uid=OTHER_UID) == [3, 4]
        assert asked(states=[PENDING], recipient="carlos@example.org", uid=OTHER_UID) == [4]


def test_a_message_id_is_enqueued_once(store):
    assert put(store, mail(1), mail(2)) == [1, 2]
    assert put(store, mail(3), mail(2, size=5), mail(3), mail(4)) == [3, 2, 3, 4]
    with store.ledger(writes=False) as ledger:
        assert ledger.data_of(2) == mail(2).data
    assert states(store) == [PENDING] * 4


def test_a_newer_mail_supersedes_pending_ones_of_its_uid_and_recipient(store):
    put(store, mail(1), mail(2, "carlos@example.org"), mail(3, uid=OTHER_UID), mail(4))
    settle(store, sent(1))
    put(store, mail(5, supersedes=True), mail(6), mail(7, uid="", supersedes=True), now=after(9))
    assert states(store) == [SENT, PENDING, PENDING, SUPERSEDED, PENDING, PENDING, PENDING]
    put(store, mail(5, supersedes=True), now=after(10))  # known: does nothing again
    assert states(store)[5] is PENDING
    with store.ledger(writes=False) as ledger:
        assert ledger.find(mail(4).message_id).settled == after(9)
    assert store.check() == []


def test_mails_of_one_call_supersede_each_other_in_order(store):
    put(store, mail(1, supersedes=True), mail(2, supersedes=True), mail(3))
    assert states(store) == [SUPERSEDED, PENDING, PENDING]


def test_what_is_due_comes_in_order_with_its_bytes(store):
    put(store, *(mail(number, f"p{number}@example.org") for number in range(1, 6)))
    with store.delivery() as delivery:
        rows = delivery.due(NOW, 3)
        assert [row.id for row in rows] == [1, 2, 3]
        assert [row.mail for row in rows] == [mail(number, f"p{number}@example.org") for number in (1, 2, 3)]
        assert delivery.due(after(-1), 3) == []
        assert delivery.remaining() == (5, NOW)


@pytest.mark.slow
def test_a_mail_waits_for_an_earlier_one_to_the_same_recipient_about_the_same_uid(store):
    put(store, mail(1), mail(2), mail(3, uid=OTHER_UID), mail(4, "carlos@example.org"), mail(5))
    assert due(store) == [1, 3, 4]
    settle(store, later(1, after(60)))
    assert due(store) == [3, 4]
    settle(store, sent(1))
    assert due(store) == [2, 3, 4]
    settle(store, failed(2))
    assert due(store) == [3, 4, 5]


def test_mails_without_a_uid_wait_for_none(store):
    put(store, mail(1, uid=""), mail(2, uid=""))
    assert due(store) == [1, 2]


def test_an_attempt_put_off_is_due_again_at_its_time(store):
    put(store, mail(1), mail(2, "carlos@example.org"))
    settle(store, later(1, after(60.25)))
    assert due(store, after(60)) == [2]
    assert due(store, after(60.25)) == [2, 1]
    with store.delivery() as delivery:
        assert delivery.remaining() == (2, NOW)
        delivery.settle([sent(2)])
        assert delivery.remaining() == (1, after(60.25))
    with store.ledger(writes=False) as ledger:
        row = ledger.find(mail(1).message_id)
    assert (row.state, row.attempts, row.settled, row.response) == (PENDING, 1, None, "451 4.3.0 try later")


SETTLING = [
    # before, then -> state, attempts, response
    ([], sent(1), SENT, 1, "250 2.0.0 ok"),
    ([], failed(1), FAILED, 1, "550 5.1.1 no such user"),
    ([later(1, after(5))], sent(1), SENT, 2, "250 2.0.0 ok"),
    ([sent(1)], failed(1), SENT, 1, "250 2.0.0 ok"),
    ([sent(1)], later(1, after(5)), SENT, 1, "250 2.0.0 ok"),
    ([failed(1)], sent(1), FAILED, 1, "550 5.1.1 no such user"),
    (["superseded"], sent(1), SENT, 1, "250 2.0.0 ok"),
    (["superseded"], failed(1), SUPERSEDED, 0, ""),
    (["superseded"], later(1, after(5)), SUPERSEDED, 0, ""),
]


@pytest.mark.parametrize(("before", "then", "state", "attempts", "response"), SETTLING)
def test_settling(store, before, then, state, attempts, response):
    put(store, mail(1))
    for each in before:
        if each == "superseded":
            put(store, mail(2, supersedes=True))
        else:
            settle(store, each)
    settle(store, then)
    with store.ledger(writes=False) as ledger:
        row = next(ledger.outbox())
    assert (row.state, row.attempts, row.response) == (state, attempts, response)
    assert (row.settled is None) == (state is PENDING)


def test_no_attempt_supersedes(store):
    put(store, mail(1), mail(2, uid=OTHER_UID))
    with store.delivery() as delivery, pytest.raises(ValueError, match="no attempt makes a mail superseded"):
        delivery.settle([sent(2), Settled(1, SUPERSEDED, NOW)])
    assert states(store) == [PENDING, PENDING]


def test_many_are_settled_together(store):
    put(store, *(mail(number, f"p{number}@example.org") for number in range(1, 301)))
    with store.delivery() as delivery:
        delivery.settle([sent(number) for number in range(1, 300)])
        delivery.settle([])
        assert delivery.remaining() == (1, NOW)


def test_batches_are_cut_from_what_is_enqueued_together(store):
    put(store, *(mail(number, f"p{number}@example.org") for number in range(1, 451)))
    put(store, mail(451), mail(452, "carlos@example.org"))
    assert store.batches() == [1, 2, 3, 4]
    assert due(store, limit=1000, batch=1) == list(range(1, 201))
    assert due(store, batch=4) == [451, 452]
    settle(store, *(sent(number) for number in range(201, 401)))
    assert store.batches() == [1, 3, 4]
    with store.delivery(batch=3) as delivery:
        assert delivery.remaining() == (50, NOW)


def test_order_holds_across_batches(store):
    put(store, mail(1))
    put(store, mail(2))
    assert due(store, batch=2) == []
    settle(store, sent(1))
    assert due(store, batch=2) == [2]


def test_what_failed_came_back_or_waits_is_tried_again_in_a_batch_of_its_own(store):
    put(store, *(mail(number, f"p{number}@example.org") for number in range(1, 6)))
    settle(store, failed(1), sent(2), failed(3), sent(5))
    with store.ledger() as ledger:
        ledger.bounce(5, "550 no such user")
        assert ledger.retry([3, 2, 1, 4, 5, 3, 77], now=after(100)) == 4
        assert ledger.retry([], now=after(100)) == 0
    assert due(store, after(100), batch=2) == [1, 3, 4, 5]
    with store.ledger(writes=False) as ledger:
        row = next(ledger.outbox())
    assert (row.state, row.attempts, row.not_before, row.settled, row.response) == (PENDING, 0, after(100), None, "")


def test_a_failed_mail_is_not_tried_again_once_a_newer_one_says_it_all(store):
    put(store, mail(1), mail(2, uid=""))
    settle(store, failed(1), failed(2))
    put(store, mail(3, supersedes=True), mail(4, uid="", supersedes=True))
    with store.ledger() as ledger:
        assert ledger.retry([1, 2], now=NOW) == 1
    assert states(store) == [FAILED, PENDING, PENDING, PENDING]


def test_the_tally_counts_what_is_not_done_with(store):
    with store.ledger(writes=False) as ledger:
        assert ledger.tally() == Tally(0, 0, 0)
    put(store, *(mail(number, f"p{number}@example.org") for number in range(1, 7)))
    settle(store, failed(1), sent(2), failed(3), sent(5))
    with store.ledger() as ledger:
        ledger.bounce(5, "550 no such user")
    with store.ledger(writes=False) as ledger:
        assert ledger.tally() == Tally(2, 2, 1)


def test_bounces_are_kept_beside_what_the_server_said(store):
    put(store, mail(1))
    settle(store, sent(1))
    with store.ledger() as ledger:
        ledger.bounce(1, "550 user\0 unknown")
    with store.ledger(writes=False) as ledger:
        row = next(ledger.outbox())
    assert (row.state, row.response, row.bounced) == (SENT, "250 2.0.0 ok", "550 user\N{REPLACEMENT CHARACTER} unknown")


def test_what_is_done_once_is_claimed_once(store):
    with store.ledger() as ledger:
        assert ledger.claim("remind devel-call 2025-03-12 dionna", now=NOW)
        assert not ledger.claim("remind devel-call 2025-03-12 dionna", now=after(1))
        assert ledger.claim("notice_%", now=NOW)
    with store.ledger(writes=False) as ledger:
        assert ledger.claimed("remind ") == {"remind devel-call 2025-03-12 dionna"}
        assert ledger.claimed("notice_") == {"notice_%"}
        assert ledger.claimed("n_") == ledger.claimed("Remind") == set()


def test_a_message_is_received_once(store):
    with store.ledger() as ledger:
        assert ledger.receive(receipt("bb", 1))
        assert ledger.receive(receipt("aa", 1))
        assert ledger.receive(receipt("cc", 0))
        assert not ledger.receive(receipt("bb", 5))
        assert [each.digest for each in ledger.receipts()] == ["cc", "aa", "bb"]
    with store.ledger(writes=False) as ledger:
        assert next(ledger.receipts()) == receipt("cc", 0)


def test_a_newer_proposal_is_in_the_place_of_the_older(store):
    with store.ledger() as ledger:
        ledger.propose(proposal())
        ledger.propose(proposal("ana@example.org"))
        ledger.propose(newer := proposal(start="20250312T200000", stamp="20250306T170000Z"))
        assert list(ledger.proposals()) == [proposal("ana@example.org"), newer]
        ledger.drop(proposal())  # the older one, which is gone
        ledger.drop(proposal("ana@example.org"))
        assert list(ledger.proposals()) == [newer]


def test_everything_survives_closing(url):
    store = open_store(url, calendar_id=CALENDAR)
    with store.ledger() as ledger:
        ledger.publish(publication(), [announced()])
        ledger.save([invitation(answers=answers())])
        ledger.enqueue([mail(1)], now=NOW)
    before = list(store.export())
    store.close()
    again = open_store(url, calendar_id=CALENDAR)
    assert list(again.export()) == before
    again.close()


def filled(url):
    store = open_store(url, calendar_id=CALENDAR)
    with store.ledger() as ledger:
        ledger.publish(publication(), [announced(), announced(OTHER_UID, ended=True)])
        ledger.save([invitation(answers=answers()), invitation("ana@example.org")])
        ledger.enqueue([mail(1), mail(2, "ana@example.org"), mail(3, supersedes=True)], now=NOW)
        ledger.claim("once", now=after(0.5))
        ledger.receive(receipt())
        ledger.propose(proposal())
    with store.delivery() as delivery:
        delivery.settle([sent(2)])
    records = list(store.export())
    assert store.check() == []
    store.close()
    return records


@pytest.mark.slow
def test_both_stores_say_the_same_things(server, tmp_path):
    sqlite = filled(f"{tmp_path}/one.db")
    assert sqlite == filled(server.fresh())
    kinds = "store publication announced announced invitation invitation mail mail mail claim receipt proposal"
    assert [each["record"] for each in sqlite] == kinds.split()
    by_kind = {each["record"]: each for each in sqlite}
    assert by_kind["claim"] == {"record": "claim", "identity": "once", "at": "2025-03-05T17:00:00.500000Z"}
    assert by_kind["announced"]["data"] == "BEGIN:VCALENDAR\r\nX:\u00e9\r\n"
    assert sqlite[7]["settled"] == "2025-03-05T17:00:01Z"


def test_texts_that_no_database_holds_are_no_traceback(store):
    put(store, mail(1, reason="half a character \ud800"))
    with pytest.raises(StoreError), store.ledger() as ledger:
        ledger.enqueue([replace(mail(2), recipient="half\ud800@example.org")], now=NOW)
    assert states(store) == [PENDING]


FAULTY = [
    ("DELETE FROM announced", f"invitation {UID} of ana@example.org: its UID was never announced"),
    ("UPDATE outbox SET message_id = '<x@y>' WHERE id = 2", "mail 2: its bytes have the Message-ID <2@coconut-svsm.example.org>"),
    ("DELETE FROM body WHERE id = 3", "mail 3: its bytes are missing"),
    ("UPDATE body SET data = data || '' WHERE id = 0", None),
    ("UPDATE outbox SET supersedes = 0", "mail 1: was superseded, though no later mail supersedes it"),
    ("UPDATE outbox SET settled = 5 WHERE state = 'sent'", "mail 2: was sent before it was enqueued"),
    ("UPDATE invitation SET answers = '[[1]]' WHERE email = 'dionna@example.org'", "its answers cannot be read"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("damage", "told"), FAULTY)
def test_check_finds(url, damage, told):
    filled(url)
    store = open_store(url, calendar_id=CALENDAR)
    with store._transaction(writes=True) as connection:
        connection.touch(damage)
    found = store.check()
    assert (told is None and found == []) or any(told in line for line in found), found
    store.close()


def test_bytes_that_are_no_message_are_found(store):
    put(store, replace(mail(1), data=b"nonsense"))
    assert store.check() == ["mail 1: its bytes are no message"]


def test_the_file_is_its_owner_s_alone(tmp_path):
    old = os.umask(0)
    try:
        store = open_store(f"{tmp_path}/new.db", calendar_id=CALENDAR)
        with store.delivery() as delivery, store.ledger() as ledger:
            ledger.enqueue([mail(1)], now=NOW)
            assert delivery is not None
            modes = {name: stat.S_IMODE(os.stat(tmp_path / name).st_mode) for name in os.listdir(tmp_path)}
    finally:
        os.umask(old)
    assert modes == dict.fromkeys(["new.db", "new.db-wal", "new.db-shm", "new.db.delivery"], 0o600)
    store.close()
