"""All notices of a calendar in a time range.

They depend on the calendar only, so they can be computed for any time, past or future. Notices of edits and of new tz
databases also need the previous calendar or the changes.
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


def notices(
    calendar: Calendar,
    begin: Instant,
    until: Instant,
    *,
    previous: Calendar | None = None,
    tz_changes: Sequence[TzChange] = (),
    holidays: Mapping[str, Mapping[date, str]] | None = None,
) -> tuple[Notice, ...]:
    """Return the notices that are due by `until` and have not expired by `begin`, sorted by due time.

    `previous` is the previous calendar; changes that only a comparison shows, such as a replaced link, are due at `begin`.
    `tz_changes` are the changes by another tz database, also due at `begin`. `holidays` holds the public holidays of each
    participant's region, by day.
    """
    by_id: dict[str, Notice] = {}
    for notice in (
        *shift_notices(calendar, begin, until),
        *call_notices(calendar, begin, until),
        *absence_notices(calendar, begin, until, holidays or {}),
        *deadline_notices(calendar, begin, until),
        *(edit_notices(previous, calendar, begin, until) if previous is not None else ()),
        *tz_notices(tz_changes, begin),
    ):
        if notice.due <= until and begin < notice.expires:
            by_id.setdefault(notice.id, notice)
    order = list(NoticeKind)
    return tuple(sorted(by_id.values(), key=lambda notice: (notice.due, notice.at, order.index(notice.kind), notice.id)))
