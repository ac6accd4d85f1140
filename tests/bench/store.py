"""The store's figures: mails enqueued and settled a second, in SQLite and PostgreSQL: store.py [MAILS]."""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from svsm_cal.engine.civil import Instant
from svsm_cal.store import open_store
from svsm_cal.store.contract import Mail, MailState, Settled
from tests.servers.postgres import cluster, found

NOW = Instant(datetime(2025, 3, 5, 17, tzinfo=UTC))
SIZE = 8000


def mails(count):
    body = b"\r\n\r\n" + b"x" * SIZE
    for number in range(count):
        message_id = f"<{number}@example.org>"
        head = b"Message-ID: " + message_id.encode()
        yield Mail(
            message_id,
            "invite",
            "a@example.org",
            f"p{number}@example.org",
            head + body,
            "uid",
            0,
            "REQUEST",
            "new",
            supersedes=True,
        )


def measured(url, count):
    """Yield what was measured: a name, and how many mails a second."""
    store = open_store(url, calendar_id="bench")
    begun = time.perf_counter()
    with store.ledger() as ledger:
        ledger.enqueue(mails(count), now=NOW)
    yield "enqueued", count / (time.perf_counter() - begun)
    batches = store.batches() if store.kind == "postgresql" else [None]
    begun, settled = time.perf_counter(), 0
    for batch in batches:
        with store.delivery(batch=batch) as delivery:
            while settled < 20_000 and (rows := delivery.due(NOW, 100)):
                for row in rows:
                    delivery.settle([Settled(row.id, MailState.SENT, NOW, None, "250 2.0.0 ok")])
                    settled += 1
    yield "fetched and settled one by one", settled / (time.perf_counter() - begun)
    store.close()


def main(count):
    with tempfile.TemporaryDirectory(prefix="svsm-bench-") as folder:
        report("SQLite", f"{folder}/store.db", count)
    if found():
        with cluster() as server:
            report("PostgreSQL", server.fresh(), count)


def report(kind, url, count):
    for name, rate in measured(url, count):
        print(f"{kind}: {count} mails of {SIZE} bytes {name}: {rate:,.0f}/s", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
