"""Letters into smtp-sink: smtplib on one connection, which keeps no books, against `deliver` with and without bookkeeping.

    .venv/bin/python tests/bench/smtp.py

Rounds take each in turn. Bookkeeping is one small transaction for each mail, before the next mail begins.
"""

from __future__ import annotations

import argparse
import getpass
import os
import shutil
import smtplib
import socket
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from svsm_cal.transport.smtp import Outcome, deliver
from svsm_cal.transport.smtp_message import Envelope
from svsm_cal.transport.smtp_settings import Settings
from tests.servers.guard import guarded
from tests.servers.postgres import cluster, found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SENDER, RECIPIENT = "calendar@example.org", "dionna@example.org"
MESSAGE = (
    b"From: calendar@example.org\r\nTo: dionna@example.org\r\nSubject: SVSM Development Call\r\n"
    b"Date: Wed, 05 Mar 2025 17:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\n"
    + b"A line of an invite, as long as most of them are, and no longer.\r\n"
    * 40
)
BARE = "smtplib, one connection, no bookkeeping"


@contextmanager
def sink() -> Iterator[int]:
    """Run postfix's smtp-sink, and yield its port."""
    program = shutil.which("smtp-sink", path=os.environ["PATH"] + ":/usr/sbin")
    if program is None:
        raise SystemExit("smtp-sink is not installed (run tests/servers/setup.sh)")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    user = ["-u", "nobody"] if getpass.getuser() == "root" else []
    with guarded([program, *user, f"127.0.0.1:{port}", "100"]):
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield port


def bare(port: int, mails: int) -> None:
    """Send as many mails with smtplib alone."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="here.example.org") as connection:
        for _ in range(mails):
            connection.sendmail(SENDER, [RECIPIENT], MESSAGE)


def delivered(port: int, mails: int, settle: Callable[[Outcome], object]) -> None:
    """Send them with `deliver`; a connection takes 1,000."""
    settings = Settings("127.0.0.1", port, "none", hello="here.example.org", per_connection=1000)
    count = 0

    def counted(outcome: Outcome) -> None:
        nonlocal count
        count += 1
        settle(outcome)

    broken = deliver((Envelope(key, SENDER, RECIPIENT, MESSAGE) for key in range(mails)), settings, settle=counted)
    if broken or count != mails:
        raise SystemExit(f"only {count} of {mails} mails: {broken}")


def sqlite(folder: Path, mails: int, synchronous: str, *, together: int = 1) -> Callable[[Outcome], object]:
    """Return what books outcomes in SQLite, so many in one transaction."""
    database = sqlite3.connect(folder / f"{synchronous}-{together}.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute(f"PRAGMA synchronous={synchronous}")
    database.execute("CREATE TABLE outbox (key INTEGER PRIMARY KEY, state TEXT, response TEXT)")
    database.executemany("INSERT INTO outbox VALUES (?, 'pending', '')", [(key,) for key in range(mails)])
    update = "UPDATE outbox SET state = ?, response = ? WHERE key = ?"
    waiting: list[tuple[str, str, int]] = []

    def settle(outcome: Outcome) -> None:
        waiting.append((outcome.verdict.value, outcome.text, outcome.key))
        if len(waiting) == together:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(update, waiting)
            database.execute("COMMIT")
            waiting.clear()

    return settle


def psycopg(address: str, mails: int) -> Callable[[Outcome], object]:
    """Return what books an outcome in PostgreSQL, one transaction each."""
    import psycopg as driver

    database = driver.connect(address, autocommit=True)
    database.execute("CREATE TABLE outbox (key int PRIMARY KEY, state text, response text)")
    database.execute("INSERT INTO outbox SELECT key, 'pending', '' FROM generate_series(0, %s) AS key", (mails,))
    update = "UPDATE outbox SET state = %s, response = %s WHERE key = %s"
    return lambda outcome: database.execute(update, (outcome.verdict.value, outcome.text, outcome.key))


def main() -> None:
    """Measure, and print mails a second with the ratio to smtplib alone."""
    options = argparse.ArgumentParser()
    options.add_argument("--mails", type=int, default=3000)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    with ExitStack() as stack:
        port = stack.enter_context(sink())
        cache = Path.cwd() / ".cache"  # on a disk, which a temporary folder need not be
        cache.mkdir(exist_ok=True)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=cache)))
        books: dict[str, Callable[[Outcome], object]] = {"deliver, no bookkeeping": lambda _: None}
        for synchronous in ("NORMAL", "FULL"):
            books[f"deliver, SQLite WAL, synchronous={synchronous}"] = sqlite(folder, given.mails, synchronous)
        books["deliver, SQLite WAL, FULL, 10 a transaction"] = sqlite(folder, given.mails, "FULL", together=10)
        if found():
            address = stack.enter_context(cluster()).fresh()
            books["deliver, PostgreSQL, synchronous_commit=on"] = psycopg(address, given.mails)
        rates: dict[str, list[float]] = {name: [] for name in (BARE, *books)}
        for number in range(given.rounds + 1):
            for name, taken in rates.items():
                begin = time.perf_counter()
                if name == BARE:
                    bare(port, given.mails)
                else:
                    delivered(port, given.mails, books[name])
                if number:
                    taken.append(given.mails / (time.perf_counter() - begin))
        first = statistics.median(rates[BARE])
        print(f"mails of {len(MESSAGE)} bytes a second, medians of {given.rounds} rounds of {given.mails}")
        for name, taken in rates.items():
            print(f"{name:46}{statistics.median(taken):8,.0f}   {statistics.median(taken) / first:4.2f} x")


if __name__ == "__main__":
    main()
