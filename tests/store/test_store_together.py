"""Several processes on one store: writers take turns, one delivers, and a right to deliver ends with its process."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest

from svsm_cal.errors import StoreError, UsageError
from svsm_cal.store import schema
from svsm_cal.store.opening import migrate_store, open_store
from tests.servers.postgres import PASSWORD
from tests.store.examples import CALENDAR, NOW, mail, sent
from tests.store.killing import act, environment

pytestmark = pytest.mark.slow


@contextmanager
def process(*words):
    started = subprocess.Popen(act(*words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment())
    try:
        yield started
    finally:
        started.kill()
        started.wait()
        started.stdin.close()
        started.stdout.close()


def test_writers_take_turns(url):
    with process("write_much", url, "1", "25") as one, process("write_much", url, "2", "25") as two:
        assert (one.wait(60), two.wait(60)) == (0, 0)
    store = open_store(url, calendar_id=CALENDAR)
    with store.ledger(writes=False) as ledger:
        assert ledger.claimed("turn ") == {f"turn {number}" for number in range(50)}
        assert [row.id for row in ledger.outbox()] == list(range(1, 51))
    assert store.check() == []
    store.close()


def test_two_open_an_empty_store_at_once(empty_url):
    with process("migrate", empty_url) as one, process("migrate", empty_url) as two, process("migrate", empty_url) as three:
        assert [each.wait(60) for each in (one, two, three)] == [0, 0, 0]
    store = open_store(empty_url, calendar_id=CALENDAR)
    assert store.migrate() == (1, 1)
    store.close()


def test_a_reader_reads_while_another_writes(url):
    store = open_store(url, calendar_id=CALENDAR)
    with process("hold", url, "ledger") as writer:
        assert writer.stdout.readline() == "has it\n"
        with store.ledger(writes=False) as ledger:
            assert list(ledger.outbox()) == []
        writer.stdin.write("\n")
        writer.stdin.flush()
        assert writer.wait(30) == 0
    with store.ledger(writes=False) as ledger:
        assert [row.id for row in ledger.outbox()] == [1]
    store.close()


def test_a_killed_writer_leaves_nothing_and_blocks_nobody(url):
    store = open_store(url, calendar_id=CALENDAR)
    with process("hold", url, "ledger") as writer:
        assert writer.stdout.readline() == "has it\n"
        writer.kill()
        writer.wait()
        with store.ledger() as ledger:
            assert list(ledger.outbox()) == []
    assert store.check() == []
    store.close()


def gone(store, batch=None):
    """Return the right to deliver, once the system has taken it from a process that died."""
    for _ in range(500):
        with store.delivery(batch=batch) as delivery:
            if delivery is not None:
                return True
        time.sleep(0.01)
    return False


def test_the_right_to_deliver_is_one_process_s_while_it_lives(url):
    store = open_store(url, calendar_id=CALENDAR)
    with store.ledger() as ledger:
        ledger.enqueue([mail(1)], now=NOW)
    with process("hold", url, "delivery", "1") as one:
        assert one.stdout.readline() == "has it\n"
        with store.delivery(batch=1) as delivery:
            assert delivery is None
        with store.delivery() as delivery:
            assert delivery is None
        os.kill(one.pid, signal.SIGSTOP)  # stopped, not dead: it keeps what it has
        time.sleep(0.2)
        with store.delivery(batch=1) as delivery:
            assert delivery is None
        with store.ledger() as ledger:  # and others may decide meanwhile
            ledger.enqueue([mail(2)], now=NOW)
        one.kill()
        one.wait()
        assert gone(store, batch=1)
    store.close()


def test_whoever_delivers_everything_excludes_all_others(url):
    store = open_store(url, calendar_id=CALENDAR)
    with store.delivery() as everything:
        assert everything is not None
        with store.delivery(batch=7) as delivery:
            assert delivery is None
        with store.delivery() as delivery:
            assert delivery is None
    assert gone(store, batch=7)
    store.close()


def test_batches_are_delivered_side_by_side_in_postgresql(server):
    store = open_store(server.fresh("calendar1"), calendar_id=CALENDAR)
    with store.delivery(batch=1) as one, store.delivery(batch=2) as two:
        assert one is not None
        assert two is not None
    store.close()


def test_a_store_is_one_calendar_s(url):
    with pytest.raises(StoreError, match='belongs to the calendar "coconut-svsm", not "another"'):
        open_store(url, calendar_id="another")
    with pytest.raises(StoreError, match='belongs to the calendar "coconut-svsm", not "another"'):
        migrate_store(url, calendar_id="another")


def test_a_newer_store_is_refused_and_an_older_one_asks_for_migrate(url, monkeypatch):
    store = open_store(url, calendar_id=CALENDAR)
    with store.ledger() as ledger:
        ledger.enqueue([mail(1)], now=NOW)
    steps = schema.steps
    monkeypatch.setattr(schema, "steps", lambda kind: [*steps(kind), ["CREATE TABLE more (name TEXT)"], ["DROP TABLE more"]])
    with pytest.raises(StoreError, match=r"is of an older svsm-cal \(schema 1; this one has 3\): run svsm-cal store migrate"):
        open_store(url, calendar_id=CALENDAR)
    assert migrate_store(url, calendar_id=CALENDAR) == (1, 3)
    assert migrate_store(url, calendar_id=CALENDAR) == (3, 3)
    open_store(url, calendar_id=CALENDAR).close()
    monkeypatch.undo()
    for refuse in (lambda: open_store(url, calendar_id=CALENDAR), lambda: migrate_store(url, calendar_id=CALENDAR)):
        with pytest.raises(StoreError, match=r"was made by a newer svsm-cal \(schema 3; this one knows 1\): upgrade svsm-cal"):
            refuse()
    store.close()


def test_a_step_that_fails_leaves_the_store_as_it_was(url, monkeypatch):
    steps = schema.steps
    monkeypatch.setattr(schema, "steps", lambda kind: [*steps(kind), ["CREATE TABLE more (name TEXT)", "NONSENSE"]])
    with pytest.raises(StoreError):
        migrate_store(url, calendar_id=CALENDAR)
    monkeypatch.undo()
    store = open_store(url, calendar_id=CALENDAR)
    assert store.check() == []
    store.close()


BAD_ADDRESSES = [
    ("", "names no store"),
    ("sqlite:", "names no store"),
    ("sqlite:///x.db", "names no store"),
    ("mysql://root:canary@db/x", "mysql://db/x"),
    ("postgresql://u:canary%zz@h/x", "cannot be read"),
]


@pytest.mark.parametrize(("address", "told"), BAD_ADDRESSES)
def test_addresses_that_name_no_store(address, told):
    with pytest.raises(UsageError, match=told) as caught:
        open_store(address, calendar_id=CALENDAR)
    assert "canary" not in str(caught.value)


def test_files_that_are_no_store(tmp_path):
    import sqlite3

    (tmp_path / "text").write_text("not a database, whatever it is called\n" * 50)
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE things (name TEXT)")
    other.close()
    for name, told in [
        ("text", "is no SQLite file"),
        ("other.db", "is a database of something else"),
        (".", "is no file"),
        ("none/x.db", "cannot be made"),
    ]:
        with pytest.raises(StoreError, match=told) as caught:
            open_store(f"{tmp_path}/{name}", calendar_id=CALENDAR)
        assert "\n" not in str(caught.value)
    with pytest.raises(StoreError, match="there is no store"):
        open_store(f"{tmp_path}/none.db", calendar_id=None)


def test_a_damaged_file_is_told(tmp_path):
    path = tmp_path / "svsm-cal.db"
    store = open_store(str(path), calendar_id=CALENDAR)
    with store.ledger() as ledger:
        ledger.enqueue([mail(number, f"p{number}@example.org", size=3000) for number in range(50)], now=NOW)
    store.close()
    data = bytearray(path.read_bytes())
    data[20 * 4096 : 24 * 4096] = os.urandom(4 * 4096)
    path.write_bytes(data)
    store = open_store(str(path), calendar_id=CALENDAR)
    [told, *_] = store.check()
    assert "damaged" in told or "page" in told
    store.close()
    path.write_bytes(data[: 4096 * 2])
    with pytest.raises(StoreError, match=r"svsm-cal\.db: is damaged") as caught:
        open_store(str(path), calendar_id=CALENDAR)
    assert "\n" not in str(caught.value)


def test_a_server_that_cannot_be_had(server):
    for address, told in [
        (server.url("calendar1", password="canary-wrong"), "password authentication failed"),
        (server.url("nowhere"), 'database "nowhere" does not exist'),
        (f"postgresql://keeper:{PASSWORD}@127.0.0.1:1/x", "Connection refused"),
    ]:
        with pytest.raises(StoreError, match=told) as caught:
            open_store(address, calendar_id=CALENDAR)
        assert "canary" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_lost_connection_loses_the_right_to_deliver_but_not_what_was_sent(server):
    import psycopg

    url = server.fresh("calendar1")
    store = open_store(url, calendar_id=CALENDAR)
    with store.ledger() as ledger:
        ledger.enqueue([mail(1), mail(2, uid="")], now=NOW)
    with pytest.raises(StoreError) as caught, store.delivery(batch=1) as delivery:  # noqa: PT012
        assert len(delivery.due(NOW, 9)) == 2
        with psycopg.connect(url, autocommit=True) as another:
            another.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        delivery.settle([sent(1)])
    assert PASSWORD not in str(caught.value)
    with store.ledger(writes=False) as ledger:  # on a new connection, as the idle one is gone too
        assert [str(row.state) for row in ledger.outbox()] == ["sent", "pending"]
    assert gone(store, batch=1)
    store.close()
