"""A worker: runs the queue's jobs, each of which delivers one batch, and regularly replaces lost jobs (the sweep).

The caller says what a job does: `deliver_batch`. A dead worker's jobs go to the others, and a batch whose job was lost gets a
new one. So every pending mail is tried sooner or later, whatever happens to the queue.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from svsm_cal.errors import StoreError, SvsmCalError, UsageError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from procrastinate import App

    from svsm_cal.engine.civil import Instant
    from svsm_cal.store.postgres import PostgresStore

_GLANCE = 0.2  # seconds between two checks of `stop`
_POLL = 1.0  # seconds between two queries for jobs whose time has come: the server does not announce them
_PAUSE = 3.0  # seconds before the next attempt to reach a lost server
_SOONEST = timedelta(seconds=1)  # the shortest wait before a batch is tried again
_LONGEST = 300  # the longest, in seconds, after a delivery that failed


def run_worker(
    url: str,
    deliver_batch: Callable[[int], Instant | None],
    *,
    now: Callable[[], Instant],
    stop: threading.Event,
    concurrency: int = 1,
    report: Callable[[str], None] = lambda _: None,
    periodic: Callable[[], None] | None = None,
    sweep_seconds: float = 30,
    stalled_seconds: float = 30,
    wait: bool = True,
) -> None:
    """Deliver batches until `stop` is set; without `wait`, until none is due.

    A database server that is lost is waited for.

    Args:
        url: the store, in PostgreSQL.
        deliver_batch: called in a thread with a batch, up to `concurrency` at once. It returns when to try the batch again,
            None if it has no mail left. It should check `stop`, too. Its errors go to `report`, and it is called again later.
        now: the clock.
        stop: ends the worker, after the running deliveries.
        concurrency: how many batches are delivered at once.
        report: called with each message for the user.
        periodic: called every `sweep_seconds`, by every worker.
        sweep_seconds: the time between two sweeps.
        stalled_seconds: the time without a heartbeat after which a worker counts as dead, and its jobs go to others.
        wait: False to return when no batch is due.

    Raises:
        UsageError: the store is not in PostgreSQL.
        StoreError: it cannot be opened at the start.
    """
    if not url.startswith(("postgresql:", "postgres:")):
        raise UsageError("workers need a store in PostgreSQL (name one with --store postgresql://user@host/database)")
    from svsm_cal.store.postgres import PostgresStore

    for name in ("procrastinate", "psycopg.pool"):  # `report` gets the same messages, in one line
        logging.getLogger(name).addHandler(logging.NullHandler())
    store = PostgresStore(url)
    try:
        store.open(calendar_id=None)
        work = _Work(store, deliver_batch, now=now, stop=stop, report=report, periodic=periodic)
        work.seconds(sweep=sweep_seconds, stalled=stalled_seconds)
        asyncio.run(work.run(concurrency, wait=wait))
    finally:
        store.close()


class _LaterError(Exception):
    """A batch has mails that are due at `at`."""

    def __init__(self, at: Instant) -> None:
        super().__init__(at.isoformat())
        self.at = at


class _Work:
    """The state that the jobs, the sweep and the worker's loop share."""

    def __init__(
        self,
        store: PostgresStore,
        deliver_batch: Callable[[int], Instant | None],
        *,
        now: Callable[[], Instant],
        stop: threading.Event,
        report: Callable[[str], None],
        periodic: Callable[[], None] | None,
    ) -> None:
        self._store = store
        self._deliver_batch = deliver_batch
        self._now = now
        self._stop = stop
        self._report = report
        self._periodic = periodic
        self._sweep_seconds = self._stalled_seconds = 30.0

    def seconds(self, *, sweep: float, stalled: float) -> None:
        """Set the time between two sweeps, and the time after which a silent worker counts as dead."""
        self._sweep_seconds, self._stalled_seconds = sweep, stalled

    async def run(self, concurrency: int, *, wait: bool) -> None:
        """Work until asked to stop; after a lost connection, begin again once the server is back."""
        from procrastinate import exceptions

        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(concurrency + 2))
        while not self._stop.is_set():
            try:
                await self._once(concurrency, wait=wait)
            except (exceptions.ProcrastinateException, StoreError) as error:
                if not wait:
                    raise StoreError(f"{self._store.name}: the queue cannot be read: {_line(error)} (try again)") from error
                self._report(f"{self._store.name}: the connection was lost: {_line(error)}; trying again")
                await self._pause(_PAUSE)
            else:
                if not wait:
                    return

    async def _once(self, concurrency: int, *, wait: bool) -> None:
        app = self._app(concurrency)
        async with app.open_async():
            await self._sweep(app)
            worker = asyncio.create_task(
                app.run_worker_async(
                    concurrency=concurrency,
                    wait=wait,
                    delete_jobs="always",
                    fetch_job_polling_interval=_POLL,
                    install_signal_handlers=False,
                    update_heartbeat_interval=self._stalled_seconds / 3,
                    stalled_worker_timeout=self._stalled_seconds,
                )
            )
            others = [asyncio.create_task(self._stopped()), asyncio.create_task(self._sweeping(app))]
            try:
                await asyncio.wait({worker, *others}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (worker, *others):
                    task.cancel()
                came = await asyncio.gather(worker, *others, return_exceptions=True)
        for each in came:
            if isinstance(each, Exception):
                raise each

    def _app(self, concurrency: int) -> App:
        from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision

        from svsm_cal.store.postgres_connection import QUEUE, TASK

        now = self._now

        class Again(BaseRetryStrategy):
            """Retries every job without end: the outbox decides when a mail has failed."""

            def get_retry_decision(self, *, exception: BaseException, job: Any) -> RetryDecision:
                if isinstance(exception, _LaterError):
                    return RetryDecision(retry_at=max(exception.at, now() + _SOONEST))
                return RetryDecision(retry_at=now() + timedelta(seconds=min(_LONGEST, 5 * 2 ** min(job.attempts, 10))))

        connector = PsycopgConnector(conninfo=self._store.address, min_size=1, max_size=concurrency + 4, timeout=10)
        app = App(connector=connector)
        app.task(name=TASK, queue=QUEUE, retry=Again())(self._job)
        return app

    def _job(self, batch: int) -> None:
        """Deliver a batch; raises an error if procrastinate should run the job again later."""
        try:
            at = self._deliver_batch(batch)
        except Exception as error:
            told = str(error) if isinstance(error, SvsmCalError) else f"{type(error).__name__}: {error}"
            self._report(f"batch {batch}: {_line(told)}; trying again later")
            raise
        if at is not None:
            raise _LaterError(at)

    async def _sweeping(self, app: App) -> None:
        while True:
            await asyncio.sleep(self._sweep_seconds)
            await self._sweep(app)

    async def _sweep(self, app: App) -> None:
        """Release the jobs of dead workers, and enqueue a job for each batch that has none."""
        from procrastinate import exceptions

        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=self._stalled_seconds):
            with suppress(exceptions.ConnectorException):  # another worker's sweep was faster
                await app.job_manager.retry_job(job)
        await asyncio.to_thread(self._store.announce_lost)
        if self._periodic is not None:
            try:
                await asyncio.to_thread(self._periodic)
            except SvsmCalError as error:
                self._report(f"{_line(error)}; trying again later")

    async def _stopped(self) -> None:
        while not self._stop.is_set():
            await asyncio.sleep(_GLANCE)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped(), seconds)


def _line(error: Exception | str) -> str:
    """Return the first line of an error, or of its cause if it has one."""
    reason = getattr(error, "__cause__", None) or error
    return next((line.strip() for line in str(reason).splitlines() if line.strip()), type(error).__name__)
