"""The JSON shapes of every look-up: plain dicts, in a fixed key order.

Instants end in Z, local times carry their offset, dates are ISO 8601.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from svsm_cal.engine.civil import LocalDateTime
from svsm_cal.engine.zones import instant_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from svsm_cal.core.deadlines import DeadlineOutlook
    from svsm_cal.core.localized import CallOnClock
    from svsm_cal.core.model import CalendarEvent, Occurrence, Participant
    from svsm_cal.core.rotation import ChairedCall
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone
    from svsm_cal.errors import Finding

Record = dict[str, Any]


def dumps(record: Record) -> str:
    """Return a record as JSON text, ending in a newline."""
    import json

    return json.dumps(record, ensure_ascii=False, indent=2) + "\n"


def instant_text(at: Instant) -> str:
    """Return an instant as 2025-03-05T17:00:00Z."""
    return f"{at.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def local_text(wall: LocalDateTime, offset: timedelta) -> str:
    """Return a local time with its offset, as 2025-03-05T18:00:00+01:00."""
    return datetime.isoformat(wall.replace(tzinfo=timezone(offset)), timespec="seconds")


def _anchor_text(wall: LocalDateTime, zone: Zone) -> str:
    """Return a wall-clock time with the offset that its instant has: the one before a gap, the first of a fold."""
    return local_text(wall, wall - LocalDateTime(instant_of(wall, zone).replace(tzinfo=None)))


def occurrence_record(occurrence: Occurrence) -> Record:
    """Return an occurrence's record."""
    return {
        "series": occurrence.series.id,
        "uid": occurrence.uid,
        "title": occurrence.title,
        "recurrence_id": _anchor_text(occurrence.recurrence, occurrence.zone),
        "start": _anchor_text(occurrence.start, occurrence.zone),
        "start_utc": instant_text(occurrence.start_utc),
        "end_utc": instant_text(occurrence.end_utc),
        "zone": occurrence.zone.key,
        "status": occurrence.status.value,
        "reason": occurrence.reason,
        "url": occurrence.details.url,
        "chair": occurrence.details.chair,
    }


def _clock_record(call: CallOnClock) -> Record:
    return {
        "zone": call.localized.zone.key,
        "start": local_text(call.localized.local, call.localized.utc_offset),
        "change_minutes": call.change_minutes,
        "day_offset": call.localized.day_offset,
    }


def next_record(calls: Iterable[CallOnClock]) -> Record:
    """Return the record of `next`."""
    return {"occurrences": [{**occurrence_record(call.occurrence), "local": _clock_record(call)} for call in calls]}


def when_record(occurrence: Occurrence, clocks: Iterable[tuple[Participant, CallOnClock]]) -> Record:
    """Return the record of `when`."""
    people = [{"id": person.id or None, "name": person.name, **_clock_record(call)} for person, call in clocks]
    return {"occurrence": occurrence_record(occurrence), "participants": people}


def window_record(window: ShiftWindow, participants: Iterable[Participant] | None = None) -> Record:
    """Return a shift window's record, with the participants' ids unless None (in what is published)."""
    record: Record = {
        "series": window.series.id,
        "zone": window.zone.key,
        "first": window.first.isoformat(),
        "last": window.last.isoformat() if window.last else None,
        "calls": window.calls,
        "local_time": window.local_time.isoformat(timespec="minutes" if not window.local_time.second else "seconds"),
        "day_offset": window.day_offset,
        "change_minutes": window.change_minutes,
        "kind": window.kind.value,
    }
    if participants is not None:
        record["participants"] = [person.id for person in participants]
    return record


def deadline_record(outlook: DeadlineOutlook) -> Record:
    """Return a deadline's record as seen from an instant."""
    deadline = outlook.deadline
    upcoming = outlook.calls[0] if outlook.calls else None
    return {
        "id": deadline.id,
        "title": deadline.title,
        "date": deadline.date.isoformat(),
        "due_utc": instant_text(outlook.due_utc),
        "remaining_seconds": int(outlook.remaining.total_seconds()),
        "calls_left": len(outlook.calls),
        "next_call": _anchor_text(upcoming.start, upcoming.zone) if upcoming else None,
        "status": outlook.status.value,
        "planned": deadline.planned.isoformat() if deadline.planned else None,
        "actual": deadline.actual.isoformat() if deadline.actual else None,
        "url": deadline.url,
    }


def event_record(event: CalendarEvent) -> Record:
    """Return the record of what calls may collide with."""
    return {
        "id": event.id,
        "title": event.title,
        "start": event.start.isoformat(),
        "end": event.end.isoformat(),
        "url": event.url,
    }


def finding_record(finding: Finding) -> Record:
    """Return a finding's record."""
    return {
        "severity": finding.severity,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "message": finding.message,
        "hint": finding.hint,
        "code": finding.code,
    }


def chairs_record(calls: Sequence[ChairedCall], counts: Mapping[str, int]) -> Record:
    """Return the record of `chairs`."""
    return {
        "calls": [
            {
                "series": each.occurrence.series.id,
                "date": each.occurrence.start.date().isoformat(),
                "start_utc": instant_text(each.occurrence.start_utc),
                "status": each.occurrence.status.value,
                "chair": each.chair,
                "turn": each.turn,
            }
            for each in calls
        ],
        "chairs": [{"id": name, "calls": count} for name, count in counts.items()],
    }
