"""Workers on PostgreSQL: every batch is delivered, whatever becomes of jobs and workers."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("procrastinate", reason="workers need the extra `postgres`")

from svsm_cal.engine.civil import Instant
from svsm_cal.errors import TransportError, UsageError
from svsm_cal.store import open_store
from svsm_cal.store.postgres import PostgresStore
from svsm_cal.store.postgres_connection import batches_without_job
from svsm_cal.store.workers import run_worker
from tests.store.examples import CALENDAR, NOW, failed, mail, sent

pytestmark = pytest.mark.slow

pytestmark = pytest.mark.slow


def clock():
    return Instant(datetime.now(UTC))


@pytest.fixture
def url(server):
    return server.fresh("calendar1")


@pytest.fixture
def store(url):
    opened = open_store(url, calendar_id=CALENDAR)
    yield opened
    opened.close()


def enqueue(store, count):
    with store.ledger() as ledger:
        ledger.enqueue((mail(number, f"p{number}@example.org") for number in range(count)), now=NOW)


def delivering(store, seen):
    def deliver(batch):
        with store.delivery(batch=batch) as delivery:
            rows = delivery.due(NOW, 1000)
            delivery.settle([sent(row.id) for row in rows])
        seen.append((batch, len(rows)))

    return deliver


def jobs(store):
    with store._transaction(writes=False) as connection:
        return connection.rows("SELECT queueing_lock, status::text, attempts FROM procrastinate_jobs ORDER BY queueing_lock")


def test_jobs_are_enqueued_with_their_mails_or_not_at_all(store):
    with pytest.raises(ZeroDivisionError), store.ledger() as ledger:  # noqa: PT012
        ledger.enqueue([mail(1)], now=NOW)
        raise ZeroDivisionError
    assert jobs(store) == []
    enqueue(store, 450)
    assert [lock for lock, _, _ in jobs(store)] == ["batch 1", "batch 2", "batch 3"]


def test_a_worker_delivers_every_batch(url, store):
    enqueue(store, 450)
    seen = []
    run_worker(url, delivering(store, seen), now=clock, stop=threading.Event(), concurrency=2, wait=False)
    assert sorted(seen) == [(1, 200), (2, 200), (3, 50)]
    assert (store.batches(), jobs(store)) == ([], [])


def test_what_is_tried_again_is_delivered_without_a_sweep(url, store, monkeypatch):
    enqueue(store, 450)
    with store.delivery() as delivery:
        delivery.settle([failed(number) for number in range(1, 301)])
    seen = []
    run_worker(url, delivering(store, seen), now=clock, stop=threading.Event(), wait=False)
    assert sum(count for _, count in seen) == 150
    with store.ledger() as ledger:
        assert ledger.retry(range(1, 301), now=NOW) == 300
    monkeypatch.setattr(PostgresStore, "announce_lost", lambda _: [])
    seen.clear()
    run_worker(url, delivering(store, seen), now=clock, stop=threading.Event(), wait=False)
    assert sorted(seen) == [(4, 200), (5, 100)]


def test_a_batch_without_a_job_gets_one(url, store):
    enqueue(store, 450)
    with store._transaction(writes=True) as connection:
        connection.execute("DELETE FROM procrastinate_jobs WHERE queueing_lock <> 'batch 2'")
        assert batches_without_job(connection) == [1, 3]
    seen = []
    run_worker(url, delivering(store, seen), now=clock, stop=threading.Event(), wait=False)
    assert sorted(seen) == [(1, 200), (2, 200), (3, 50)]


def test_the_job_of_a_dead_worker_is_another_s(url, store):
    enqueue(store, 5)
    with store._transaction(writes=True) as connection:
        connection.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour')")
        connection.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers)"
        )
    seen = []
    run_worker(url, delivering(store, seen), now=clock, stop=threading.Event(), wait=False)
    assert seen == [(1, 5)]


def test_a_batch_that_must_wait_is_called_again_and_stop_ends_the_worker(url, store):
    enqueue(store, 5)
    stop, seen, told = threading.Event(), [], []

    def deliver(batch):
        seen.append(batch)
        if len(seen) == 1:
            return Instant(clock() - timedelta(days=1))  # due already, but held by another: not at once
        if len(seen) == 2:
            raise TransportError("smtp.example.org: refused\nmore")
        stop.set()
        return None

    ticks = []
    run_worker(
        url,
        deliver,
        now=clock,
        stop=stop,
        report=told.append,
        periodic=lambda: ticks.append(1),
        sweep_seconds=0.3,
        stalled_seconds=6,
    )
    assert seen[:3] == [1, 1, 1]
    assert set(seen) == {1}  # nobody settles its mails here, so a sweep may find it again before the worker has stopped
    assert told == ["batch 1: smtp.example.org: refused; trying again later"]
    assert len(ticks) > 1


def test_workers_need_postgresql(tmp_path):
    with pytest.raises(UsageError, match="workers need a store in PostgreSQL"):
        run_worker(f"{tmp_path}/x.db", lambda _: None, now=clock, stop=threading.Event())
