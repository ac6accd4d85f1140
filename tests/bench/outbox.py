"""The outbox emptied into smtp-sink: beside smtplib that keeps no books, and beside procrastinate with one job a mail.

    .venv/bin/python tests/bench/outbox.py [MAILS]

Each figure is mails a second, over invites as they are sent; of whole processes, start-up included, where not said otherwise.
"""

from __future__ import annotations

import os
import smtplib
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from invites import crowd  # noqa: E402
from smtp import sink  # noqa: E402

from svsm_cal.app.invite_plan import current_plan, send_invitations  # noqa: E402
from svsm_cal.app.outbox import empty_outbox  # noqa: E402
from svsm_cal.cli.options import present  # noqa: E402
from svsm_cal.config.load import loads  # noqa: E402
from svsm_cal.engine.civil import instant  # noqa: E402
from svsm_cal.store import open_store  # noqa: E402
from svsm_cal.store.contract import MailState  # noqa: E402
from svsm_cal.transport.smtp_settings import read_settings  # noqa: E402
from tests.servers.postgres import cluster  # noqa: E402

NOW = instant(datetime(2025, 3, 5, 17, tzinfo=UTC))
BARE = "smtplib in this process, one connection, no bookkeeping"


def fill(url: str, mails: int) -> None:
    """Make a store with as many invites in its outbox."""
    source = crowd(mails)
    calendar = loads(source)
    store = open_store(url, calendar_id="many")
    send_invitations(calendar, source, store, plan=current_plan(calendar, source, store, now=NOW), now=NOW)
    store.close()


def states(url: str) -> dict[MailState, int]:
    store = open_store(url, calendar_id="many")
    with store.ledger(writes=False) as ledger:
        found = dict.fromkeys(MailState, 0)
        for row in ledger.outbox():
            found[row.state] += 1
    store.close()
    return found


def messages(url: str) -> list[tuple[str, str, bytes]]:
    store = open_store(url, calendar_id="many")
    with store.ledger(writes=False) as ledger:
        found = [(row.mail.sender, row.mail.recipient, ledger.data_of(row.id)) for row in ledger.outbox()]
    store.close()
    return found


def bare(port: int, mails: list[tuple[str, str, bytes]]) -> float:
    begin = perf_counter()
    with smtplib.SMTP("127.0.0.1", port, local_hostname="here.example.org") as connection:
        for sender, recipient, data in mails:
            connection.sendmail(sender, [recipient], data)
    return len(mails) / (perf_counter() - begin)


def emptied(url: str, smtp: str, mails: int) -> float:
    """Return the rate of the outbox, recorded mail by mail, over one connection as `bare`."""
    store = open_store(url, calendar_id="many")
    begin = perf_counter()
    found = empty_outbox(store, read_settings(smtp, {}), clock=present)
    rate = mails / (perf_counter() - begin)
    store.close()
    assert found.sent == mails
    return rate


def processes(commands: list[list[str]], environ: dict[str, str], mails: int) -> float:
    """Return the rate of processes that run side by side until all is done."""
    begin = perf_counter()
    running = [subprocess.Popen(each, env={**os.environ, **environ}, stderr=subprocess.DEVNULL) for each in commands]
    for each in running:
        if each.wait():
            raise SystemExit(f"a worker ended with {each.returncode}")
    return mails / (perf_counter() - begin)


def main(mails: int, rounds: int = 3) -> dict[str, float]:
    found: dict[str, list[float]] = {}

    def note(name: str, rate: float) -> None:
        found.setdefault(name, []).append(rate)
        print(f"  {name:50} {rate:8.0f} mails/s", flush=True)

    with ExitStack() as stack:
        port = stack.enter_context(sink())
        server = stack.enter_context(cluster())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        smtp = f"smtp://127.0.0.1:{port}?security=none&per-connection=1000"
        path = folder / "calendar.toml"
        path.write_text(crowd(mails))
        program = [sys.executable, "-m", "svsm_cal", "-c", str(path), "--now", "2025-03-05T17:00Z"]
        for number in range(rounds):
            url = str(folder / f"{number}.db")
            fill(url, mails)
            note(BARE, bare(port, messages(url)))
            note("the outbox in SQLite, in this process too", emptied(url, smtp, mails))
            url = str(folder / f"{number}-process.db")
            fill(url, mails)
            send = [*program, "invite", "send", "--smtp", smtp, "--store", url]
            note("svsm-cal invite send, SQLite", processes([send], {}, mails))
            assert states(url)[MailState.SENT] == mails
            for workers in (1, 2, 4):
                url = server.fresh()
                fill(url, mails)
                command = [*program, "worker", "--once", "--smtp", smtp, "--store", url]
                note(f"svsm-cal worker, PostgreSQL, {workers} at once", processes([command] * workers, {}, mails))
                assert states(url)[MailState.SENT] == mails
                few = min(mails, 1500)
                url = server.fresh()
                fill(url, few)
                single = [sys.executable, str(HERE / "one_job_a_mail.py"), url, str(port)]
                processes([[*single, "enqueue"]], {}, few)
                note(f"procrastinate, one job a mail, {workers} at once", processes([[*single, "work"]] * workers, {}, few))
                assert states(url)[MailState.SENT] == few
    return {name: median(rates) for name, rates in found.items()}


if __name__ == "__main__":
    for name, rate in main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000, 1).items():
        print(f"{name:52} {rate:8.0f} mails/s")
