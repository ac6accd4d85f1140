"""What other processes do to a store while a test looks on: `python -m tests.store.acts ACT URL [WORD...]`."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback

from svsm_cal.errors import SvsmCalError
from svsm_cal.itip.invitation import Standing
from svsm_cal.store import database, migrate_store, open_store
from svsm_cal.value import replace
from tests.store.examples import CALENDAR, NOW, UID, announced, answers, invitation, mail, proposal, publication, receipt, sent

MAILS = 12  # of what `plan` enqueues
RECEIVERS = [f"p{number}@example.org" for number in range(MAILS)]

# A step that a later version might have, of the kinds of statement that steps are made of.
NEXT_STEP = [
    "CREATE TABLE later_list (name TEXT PRIMARY KEY, at BIGINT)",
    "ALTER TABLE receipt ADD COLUMN later_size BIGINT",
    "UPDATE receipt SET later_size = 7",
    "CREATE INDEX later_receipt ON receipt (later_size)",
    "INSERT INTO later_list (name, at) SELECT recipient, min(created) FROM outbox GROUP BY recipient",
]


def migrate(url: str) -> None:
    open_store(url, calendar_id=CALENDAR).close()


def upgrade(url: str) -> None:
    steps = database.schema_steps
    words = {"sqlite": ("BIGINT", "INTEGER")}
    database.schema_steps = lambda kind: [*steps(kind), [each.replace(*words.get(kind, ("", ""))) for each in NEXT_STEP]]
    migrate_store(url, calendar_id=CALENDAR)


def look(url: str) -> None:
    """Print what is stored, and the shape of it, of a store with or without the step that `upgrade` takes."""
    from svsm_cal.store import _database

    store = _database(url, create=False)
    with store._transaction(writes=False) as connection:
        version, _ = store._state(connection)
        print(version, connection.rows("SELECT * FROM receipt ORDER BY digest"))
        if version > 2:
            print(connection.rows("SELECT name, at FROM later_list ORDER BY name"))
    faults, records = store.check(), list(store.export())
    store.close()
    print(faults, records)
    sys.exit(1 if faults else 0)


def plan(url: str) -> None:
    """Publish, invite and enqueue, as `invite send` does; older mails to half of them are superseded."""
    store = open_store(url, calendar_id=CALENDAR)
    with store.ledger() as ledger:
        ledger.publish(publication("new"), [announced(UID, 5)])
        ledger.save(invitation(each, sequence=5) for each in RECEIVERS)
        ledger.enqueue(
            (mail(100 + number, each, supersedes=number % 2 == 0, size=6000) for number, each in enumerate(RECEIVERS)), now=NOW
        )
    store.close()


def fill(url: str) -> None:
    store = open_store(url, calendar_id=CALENDAR)
    with store.ledger() as ledger:
        ledger.publish(publication("old"), [announced(UID, 4)])
        ledger.save(invitation(each, sequence=4) for each in RECEIVERS[:6])
        ledger.enqueue((mail(number, each, size=3000) for number, each in enumerate(RECEIVERS[:6])), now=NOW)
        ledger.receive(receipt("old"))
    store.close()


def receive(url: str) -> None:
    """Take an answer and a counter-proposal, as `invite receive` does."""
    store = open_store(url, calendar_id=CALENDAR)
    with store.ledger() as ledger:
        if ledger.receive(receipt("new")):
            before = next(ledger.invitations(UID))
            ledger.save([replace(before, answers=answers(), standing=Standing.INVITED)])
            ledger.propose(proposal())
            ledger.bounce(2, "550 no such user")
    store.close()


def deliver(url: str, count: str = "6") -> None:
    """Send and settle, a line for each on standard output: what has been said to be settled is settled."""
    store = open_store(url, calendar_id=CALENDAR)
    with store.delivery() as delivery:
        for number in range(1, int(count) + 1):
            delivery.settle([sent(number, number)])
            os.write(1, f"settled {number}\n".encode())
    store.close()


def hold(url: str, what: str, batch: str = "") -> None:
    """Hold the right to deliver, or to write, until told to end."""
    store = open_store(url, calendar_id=CALENDAR)
    whole = store.ledger() if what == "ledger" else store.delivery(batch=int(batch) if batch else None)
    with whole as held:
        if what == "ledger":
            held.enqueue([mail(900)], now=NOW)
        os.write(1, b"has it\n" if held is not None else b"none\n")
        sys.stdin.readline()
    store.close()


def write_much(url: str, who: str, rounds: str) -> None:
    """Take numbers and mails in turn with others who do the same."""
    store = open_store(url, calendar_id=CALENDAR)
    for turn in range(int(rounds)):
        with store.ledger() as ledger:
            seen = len(ledger.claimed("turn "))
            time.sleep(0.002)
            assert ledger.claim(f"turn {seen}", now=NOW), "another wrote meanwhile"
            ledger.enqueue([mail(int(who) * 10_000 + turn, f"p{who}@example.org", uid="")], now=NOW)
    store.close()


ACTS = {each.__name__: each for each in (look, migrate, upgrade, plan, fill, receive, deliver, hold, write_much)}


def perform(act: str, url: str, *words: str) -> int:
    try:
        ACTS[act](url, *words)
    except SvsmCalError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except SystemExit as error:
        return int(error.code or 0)
    except Exception:  # noqa: BLE001 - told, as a process of its own would
        traceback.print_exc()
        return 2
    return 0


def serve() -> None:
    """Perform acts that standard input names, each in a process of its own that stops before it begins.

    So what is imported is imported once, and strace sees only the act.
    """
    import procrastinate
    import psycopg

    del procrastinate, psycopg
    for line in sys.stdin:
        output, errors, *words = json.loads(line)
        child = os.fork()
        if not child:
            for path, number in ((output, 1), (errors, 2)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
            os.kill(os.getpid(), signal.SIGSTOP)
            status = perform(*words)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
        os.waitpid(child, os.WUNTRACED)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        sys.exit(perform(*sys.argv[1:]))
