"""The JSON shape of `diff`: `{"changes": {"series", "deadlines", "participants", "feeds", "invites"}}`.

Instants end in Z, local times carry their offset, dates are ISO 8601, lengths too. What is free text in the calendar
shows no e-mail address.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from svsm_cal.core.call_changes import values_of
from svsm_cal.render.change_rows import without_addresses
from svsm_cal.render.records import instant_text, local_text

if TYPE_CHECKING:
    from datetime import date

    from svsm_cal.core.call_changes import CallChange, ZoneRun
    from svsm_cal.core.changes import Changes, DeadlineChange, ParticipantChange, SeriesChange
    from svsm_cal.core.localized import LocalizedOccurrence
    from svsm_cal.core.model import Deadline, Occurrence, Participant

__all__ = ["changes_record"]

_Record = dict[str, Any]


def changes_record(changes: Changes) -> _Record:
    """Return the record of `diff`."""
    return {
        "changes": {
            "series": [_series(each) for each in changes.series],
            "deadlines": [_deadline(each) for each in changes.deadlines],
            "participants": [_participant(each) for each in changes.participants],
            "feeds": [{"change": each.touch.value, "path": each.path, "participant": each.participant} for each in changes.feeds],
            "invites": [{"series": each.series, "participants": list(each.participants)} for each in changes.invites],
        }
    }


def _series(change: SeriesChange) -> _Record:
    return {
        "id": change.series.id,
        "title": without_addresses(change.series.title),
        "change": change.touch.value,
        "calls": [_call(each) for each in change.calls],
    }


def _call(change: CallChange) -> _Record:
    """Return what happens to a run of calls; the instants are those of the first one, and null where it is not held."""
    before, after = values_of(change)
    return {
        "change": change.kind.value,
        "first": change.first.isoformat(),
        "last": change.last.isoformat(),
        "calls": change.calls,
        "reason": _text(change.reason),
        "start_utc_before": _instant(change.before),
        "start_utc_after": _instant(change.after),
        "before": _text(before),
        "after": _text(after),
        "zones": [_run(each) for each in change.zones],
    }


def _run(run: ZoneRun) -> _Record:
    return {
        "zone": run.zone.key,
        "first": run.first.isoformat(),
        "last": run.last.isoformat(),
        "calls": run.calls,
        "start_before": _local(run.before),
        "start_after": _local(run.after),
    }


def _instant(call: Occurrence | None) -> str | None:
    return instant_text(call.start_utc) if call is not None and call.held else None


def _local(seen: LocalizedOccurrence | None) -> str | None:
    return None if seen is None else local_text(seen.local, seen.utc_offset)


def _text(value: str | timedelta | None) -> str | None:
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        return f"PT{seconds // 60}M" if seconds % 60 == 0 else f"PT{seconds}S"
    return None if value is None else without_addresses(value)


def _deadline(change: DeadlineChange) -> _Record:
    deadline = change.after or change.before
    return {
        "id": deadline.id if deadline else None,
        "title": without_addresses(deadline.title) if deadline else None,
        "change": change.kind.value,
        "before": _due(change.before, change.calls_before),
        "after": _due(change.after, change.calls_after),
    }


def _due(deadline: Deadline | None, calls: int | None) -> _Record | None:
    if deadline is None:
        return None
    return {
        "title": without_addresses(deadline.title),
        "date": deadline.date.isoformat(),
        "due_utc": instant_text(deadline.due_utc),
        "planned": _date(deadline.planned),
        "actual": _date(deadline.actual),
        "url": _text(deadline.url),
        "calls_left": calls,
    }


def _date(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _participant(change: ParticipantChange) -> _Record:
    person = change.after or change.before
    return {
        "id": person.id if person else None,
        "change": change.kind.value,
        "before": _person(change.before),
        "after": _person(change.after),
        "series": list(change.series),
    }


def _person(person: Participant | None) -> _Record | None:
    return None if person is None else {"name": without_addresses(person.name), "zone": person.zone.key}
