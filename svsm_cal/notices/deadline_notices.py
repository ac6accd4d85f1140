"""Notices of deadlines and milestones: upcoming, last call before one, changed date, over."""

from __future__ import annotations

from bisect import bisect_left
from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.core.announcing import Severity
from svsm_cal.core.deadlines import all_deadlines
from svsm_cal.core.occurrences import occurrences
from svsm_cal.engine.civil import Instant
from svsm_cal.notices.notice import DeadlineFact, Notice, NoticeKind, ahead_of
from svsm_cal.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from svsm_cal.core.milestones import Deadline
    from svsm_cal.core.model import Calendar, Occurrence

_WEEK = timedelta(weeks=1)
# The last call before a deadline gets a notice within this time before it.
_NEAR = timedelta(weeks=5)


def deadline_notices(calendar: Calendar, begin: Instant, until: Instant) -> Iterator[Notice]:
    """Yield the notices of deadlines that may be due by `until` and not expired by `begin`."""
    leads, deadlines = calendar.notices.leads, all_deadlines(calendar)
    longest = max((*leads.deadline, leads.call, _NEAR, *(lead for deadline in deadlines for lead in deadline.remind)))
    near = [deadline for deadline in deadlines if begin - longest - _WEEK <= deadline.due_utc <= until + longest + _WEEK]
    if not near:
        return
    calls = occurrences(calendar, begin - longest - _WEEK, near[-1].due_utc)
    starts = [call.start_utc for call in calls]
    for deadline in near:
        due = deadline.due_utc
        before = calls[: bisect_left(starts, due)]
        yield from _upcoming(calendar, deadline, before, begin)
        if before and before[-1].start_utc > due - _NEAR:
            yield _last_call(calendar, deadline, before[-1])
        if deadline.planned is not None and deadline.planned != deadline.date:
            # Due until the first of the two dates, after which nobody expects the planned date any more.
            first = min(replace(deadline, date=deadline.planned, at=None).due_utc, due)
            kind = NoticeKind.SLIPPED if deadline.date > deadline.planned else NoticeKind.EARLIER
            lead_begin = Instant(first - leads.call)
            yield deadline_notice(calendar, kind, deadline, due=lead_begin, expires=first, was=deadline.planned)
        yield deadline_notice(calendar, NoticeKind.OVER, deadline, due=due, expires=Instant(due + _WEEK))


def _upcoming(calendar: Calendar, deadline: Deadline, before: list[Occurrence], begin: Instant) -> Iterator[Notice]:
    leads = sorted(deadline.remind or calendar.notices.leads.deadline, reverse=True)
    due = deadline.due_utc
    for lead, following in zip(leads, [*leads[1:], timedelta()], strict=True):
        at = Instant(due - lead)
        # A reminder expires at the next one; a late reminder counts only the calls that are left then.
        left = tuple(call for call in before if call.start_utc >= max(at, begin))
        end = Instant(due - following)
        notice = deadline_notice(calendar, NoticeKind.DEADLINE, deadline, due=at, expires=end, calls=left, lead=lead)
        yield replace(notice, id=f"{notice.id}:{int(lead.total_seconds()) // 60}min")


def _last_call(calendar: Calendar, deadline: Deadline, call: Occurrence) -> Notice:
    at = ahead_of(call.start, call.zone, calendar.notices.leads.last)
    notice = deadline_notice(calendar, NoticeKind.LAST_CALL, deadline, due=at, expires=call.end_utc, calls=(call,))
    return replace(notice, series=call.series)


def deadline_notice(
    calendar: Calendar,
    kind: NoticeKind,
    deadline: Deadline,
    *,
    due: Instant,
    expires: Instant,
    calls: tuple[Occurrence, ...] = (),
    was: date | None = None,
    lead: timedelta | None = None,
) -> Notice:
    """Return a notice of a deadline, for all participants."""
    severe = {NoticeKind.LAST_CALL: Severity.WARNING, NoticeKind.SLIPPED: Severity.WARNING, NoticeKind.EARLIER: Severity.URGENT}
    soon = kind is NoticeKind.DEADLINE and lead is not None and lead <= timedelta(days=1)
    return Notice(
        f"{kind}:{deadline.id}:{deadline.date}",
        kind,
        Severity.URGENT if soon else severe.get(kind, Severity.INFO),
        due,
        expires,
        deadline.due_utc,
        deadline.date,
        None,
        tuple(person.id for person in calendar.participants),
        DeadlineFact(deadline, calls, was, lead),
    )
