"""All notices of a calendar for a span of time, each once.

They follow from the calendar alone, so they can be computed for any time, past or future. Notices of edits and of new
tz databases also need the earlier calendar or the changes, which the caller passes in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.notices.call_notices import absence_notices, call_notices
from svsm_cal.notices.deadline_notices import deadline_notices
from svsm_cal.notices.edit_notices import edit_notices, tz_notices
from svsm_cal.notices.notice import Notice, NoticeKind
from svsm_cal.notices.shift_notices import shift_notices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from svsm_cal.core.model import Calendar
    from svsm_cal.core.tz_changes import TzChange
    from svsm_cal.engine.civil import Instant

__all__ = ["notices"]


def notices(
    calendar: Calendar,
    begin: Instant,
    until: Instant,
    *,
    previous: Calendar | None = None,
    tz_changes: Sequence[TzChange] = (),
    holidays: Mapping[str, Mapping[date, str]] | None = None,
) -> tuple[Notice, ...]:
    """Return the notices that are due by `until` and have not expired by `begin`, by when they are due.

    `previous` is the calendar as it was: what is not in the calendar itself, such as a link replaced by another, is told
    by comparing the two, and due at `begin`. `tz_changes` is what another tz database changes, told in the same way. `holidays`
    has the public holidays, day by day, of each region that participants name.
    """
    found: dict[str, Notice] = {}
    for each in (
        *shift_notices(calendar, begin, until),
        *call_notices(calendar, begin, until),
        *absence_notices(calendar, begin, until, holidays or {}),
        *deadline_notices(calendar, begin, until),
        *(edit_notices(previous, calendar, begin, until) if previous is not None else ()),
        *tz_notices(tz_changes, begin),
    ):
        if each.due <= until and begin < each.expires:
            found.setdefault(each.id, each)
    order = list(NoticeKind)
    return tuple(sorted(found.values(), key=lambda each: (each.due, each.at, order.index(each.kind), each.id)))
