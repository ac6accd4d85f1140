"""Batches of the outbox as procrastinate's jobs: enqueued in the ledger's own transaction, delivered by any number of workers.

A job is only a hint that a batch has mails to deliver. The outbox is the truth: a job that is lost is made anew by the
sweep, and one that runs twice finds the batch delivered, or held by the other.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from svsm_cal.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from svsm_cal.store.connection import Connection

__all__ = ["QUEUE", "TASK", "enqueue", "migrate", "queueing_lock", "without_job"]

QUEUE = "svsm-cal"
TASK = "deliver"


def queueing_lock(batch: int) -> str:
    """Return what keeps a batch from having two jobs that wait."""
    return f"batch {batch}"


def enqueue(connection: Any, batches: Iterable[int]) -> None:
    """Enqueue a job for each batch, in the transaction that a psycopg connection is in; raises psycopg.Error, or StoreError."""
    from procrastinate import SyncPsycopgConnector, exceptions
    from procrastinate.jobs import Job
    from procrastinate.manager import JobManager

    jobs = [
        Job(queue=QUEUE, lock=None, queueing_lock=queueing_lock(batch), task_name=TASK, task_kwargs={"batch": batch})
        for batch in batches
    ]
    try:
        JobManager(SyncPsycopgConnector()).batch_defer_jobs(jobs, connection=connection)
    except exceptions.ConnectorException as error:
        if error.__cause__ is not None:
            raise error.__cause__ from error
        raise StoreError(f"the queue cannot be written: {error} (run svsm-cal store migrate)") from error


def migrate(connection: Connection) -> None:
    """Bring procrastinate's own tables to what its installed version has, in the transaction that a connection is in."""
    folder = files("procrastinate.sql")
    names = sorted(each.name for each in folder.joinpath("migrations").iterdir() if each.name.endswith(".sql"))
    [(had,)] = connection.rows("SELECT queue FROM store")
    if had is None:
        scripts = [folder.joinpath("schema.sql")]
    else:
        scripts = [folder.joinpath("migrations", name) for name in names if name > had]
    for script in scripts:
        connection.touch(script.read_text("utf-8"))
    if had is None or names[-1] > had:
        connection.touch("UPDATE store SET queue = ?", (names[-1],))


def without_job(connection: Connection) -> list[int]:
    """Return the batches that have pending mails and no job that waits or runs, in order."""
    pending = connection.rows("SELECT DISTINCT batch FROM outbox WHERE state = 'pending' ORDER BY batch")
    sql = "SELECT queueing_lock FROM procrastinate_jobs WHERE queue_name = ? AND status IN ('todo', 'doing')"
    known = {lock for (lock,) in connection.rows(sql, (QUEUE,))}
    return [batch for (batch,) in pending if queueing_lock(batch) not in known]
