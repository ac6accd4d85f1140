"""A worker: runs the queue's jobs, each of which delivers one batch, and sees to it that no batch is without one.

What a job does is its caller's: `deliver_batch`. Jobs of workers that died are given to others, and a batch whose job
was lost gets a new one, so that every pending mail is tried sooner or later, whatever happens to the queue.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from svsm_cal.errors import StoreError, SvsmCalError, UsageError
from svsm_cal.store import queue

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from procrastinate import App

    from svsm_cal.engine.civil import Instant
    from svsm_cal.store.postgres import PostgresStore

__all__ = ["run_worker"]

_GLANCE = 0.2  # seconds between two looks at whether to stop
_POLL = 1.0  # seconds between two looks for jobs whose time has come, of which nobody tells
_PAUSE = 3.0  # seconds before a server that was lost is asked again
_SOONEST = timedelta(seconds=1)  # before a batch that has to wait is tried again
_LONGEST = 300  # seconds that a batch whose delivery fails waits at most


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

    `deliver_batch(batch)` is called in a thread, up to `concurrency` at once. It returns when the batch is to be tried
    again, None if it has no mail left to deliver; it should look at `stop`, too, which is waited for. What it raises is
    given to `report`, and it is called again later. `periodic` is called every `sweep_seconds`, by every worker. A job
    is another's once its worker has not been heard of for `stalled_seconds`. A server that is lost is waited for.

    Raises UsageError for a store that is not in PostgreSQL; StoreError for one that cannot be opened to begin with.
    """
    if not url.startswith(("postgresql:", "postgres:")):
        raise UsageError("workers need a store in PostgreSQL (name one with --store postgresql://user@host/database)")
    from svsm_cal.store.postgres import PostgresStore

    for name in ("procrastinate", "psycopg.pool"):  # what they tell is told by `report`, in one line
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
    """What the jobs, the sweep and the worker's loop share."""

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
        """Set how often is swept, and after how long a silent worker is taken for dead."""
        self._sweep_seconds, self._stalled_seconds = sweep, stalled

    async def run(self, concurrency: int, *, wait: bool) -> None:
        """Work until asked to stop; where the server is lost, begin again once it is back."""
        from procrastinate import exceptions

        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(concurrency + 2))
        while not self._stop.is_set():
            try:
                await self._once(concurrency, wait=wait)
            except (exceptions.ProcrastinateException, StoreError) as error:
                if not wait:
                    raise StoreError(f"{self._store.name}: the queue cannot be asked: {_line(error)} (try again)") from error
                self._report(f"{self._store.name}: lost: {_line(error)}; trying again")
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
                    queues=[queue.QUEUE],
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

        now = self._now

        class Again(BaseRetryStrategy):
            """No job is ever given up: its batch is what counts."""

            def get_retry_decision(self, *, exception: BaseException, job: Any) -> RetryDecision:
                if isinstance(exception, _LaterError):
                    return RetryDecision(retry_at=max(exception.at, now() + _SOONEST))
                return RetryDecision(retry_at=now() + timedelta(seconds=min(_LONGEST, 5 * 2 ** min(job.attempts, 10))))

        connector = PsycopgConnector(conninfo=self._store.address, min_size=1, max_size=concurrency + 4, timeout=10)
        app = App(connector=connector)
        app.task(name=queue.TASK, queue=queue.QUEUE, retry=Again())(self._job)
        return app

    def _job(self, batch: int) -> None:
        """Deliver a batch; raises what makes procrastinate run it again later."""
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
        """Give the jobs of dead workers to others, and batches without a job a new one."""
        from procrastinate import exceptions

        for job in await app.job_manager.get_stalled_jobs(queue=queue.QUEUE, seconds_since_heartbeat=self._stalled_seconds):
            with suppress(exceptions.ConnectorException):  # another worker's sweep was quicker
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
    """Return an error's first line; the reason for it, where it has one of its own."""
    reason = getattr(error, "__cause__", None) or error
    return next((line.strip() for line in str(reason).splitlines() if line.strip()), type(error).__name__)
