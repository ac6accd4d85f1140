"""A worker: mails of a store in PostgreSQL go out, batch by batch, with as many workers as wanted on any machines."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.app.outbox import empty_outbox
from svsm_cal.app.reminders import remind
from svsm_cal.engine.civil import Instant
from svsm_cal.errors import TransportError
from svsm_cal.store import open_store
from svsm_cal.store.workers import run_worker
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from svsm_cal.core.model import Calendar
    from svsm_cal.store.contract import Store
    from svsm_cal.transport.smtp_settings import Settings

_BUSY = timedelta(seconds=5)


class Duty(Value):
    """What a worker does: for which store, through which mail server, and with a `calendar` of the time, reminders."""

    url: str
    settings: Settings
    calendar: Callable[[Instant], Calendar] | None = None
    sign: Callable[[bytes], bytes] | None = None


def work(
    duty: Duty,
    *,
    clock: Callable[[], Instant],
    stop: threading.Event,
    concurrency: int = 1,
    report: Callable[[str], None] = lambda _: None,
    wait: bool = True,
) -> None:
    """Deliver batches until `stop` is set; without `wait`, until none is due. Raises what `run_worker` does."""
    own = threading.local()
    opened: list[Store] = []

    def store() -> Store:
        """Return this thread's connection: one that died with its server is not used again."""
        if not hasattr(own, "store"):
            own.store = open_store(duty.url, calendar_id=None)
            opened.append(own.store)
        found: Store = own.store
        return found

    def deliver_batch(batch: int) -> Instant | None:
        try:
            found = empty_outbox(store(), duty.settings, clock=clock, batch=batch, stop=stop.is_set)
        except BaseException:
            if hasattr(own, "store"):
                del own.store
            raise
        if found.busy:
            return Instant(clock() + _BUSY)
        if found.broken is not None:
            raise TransportError(str(found.broken))
        if found.sent or found.failed:
            report(f"batch {batch}: {found.sent} sent, {found.failed} failed, {found.pending} pending")
        return found.due if found.pending else None

    def reminders() -> None:
        if duty.calendar is not None:
            now = clock()
            count = remind(duty.calendar(now), store(), now=now, sign=duty.sign)
            if count:
                report(f"{count} reminders due")

    try:
        run_worker(
            duty.url,
            deliver_batch,
            now=clock,
            stop=stop,
            concurrency=concurrency,
            report=report,
            periodic=reminders if duty.calendar is not None else None,
            wait=wait,
        )
    finally:
        for each in opened:
            each.close()
