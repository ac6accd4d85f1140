"""The changes between two tz databases, as text and as JSON records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from svsm_cal.render.records import instant_text
from svsm_cal.words.phrases import amount, clock, day, day_and_year

if TYPE_CHECKING:
    from svsm_cal.core.tz_changes import DeadlineMove, TzChange

__all__ = ["tz_record", "tz_text"]


def tz_text(old: str, new: str, calls: tuple[TzChange, ...], deadlines: tuple[DeadlineMove, ...]) -> list[str]:
    """Return the lines of `tzdiff`."""
    lines = [_call(change) for change in calls]
    lines += [
        f"{move.deadline.title}: over at {instant_text(move.after)} instead of {instant_text(move.before)}" for move in deadlines
    ]
    return [f"From {old} to {new}:", *(f"  {line}" for line in lines)] if lines else [f"From {old} to {new}, nothing changes."]


def _call(change: TzChange) -> str:
    names = ", ".join(person.name for person in change.participants)
    who = f"{change.zone.key}{f' ({names})' if names else ''}"
    span = day_and_year(change.first)
    if change.calls > 1:
        span = f"{span} to {day_and_year(change.last)}, {amount(change.calls, 'call')}"
    if change.before == change.after:
        return f"{change.series.title}, {who}: {span}: still {clock(change.after)}, at another instant"
    dates = (change.before.date(), change.after.date())
    before, after = (
        f"{day(each)} {clock(each)}" if dates[0] != dates[1] else clock(each) for each in (change.before, change.after)
    )
    return f"{change.series.title}, {who}: {span}: {after} instead of {before}"


def tz_record(old: str, new: str, calls: tuple[TzChange, ...], deadlines: tuple[DeadlineMove, ...]) -> dict[str, Any]:
    """Return what `tzdiff --json` prints; `before` and `after` are the first call's local times."""
    return {
        "old": old,
        "new": new,
        "calls": [
            {
                "series": change.series.id,
                "zone": change.zone.key,
                "participants": [person.id for person in change.participants],
                "first": change.first.isoformat(),
                "last": change.last.isoformat(),
                "calls": change.calls,
                "before": change.before.isoformat(),
                "after": change.after.isoformat(),
                "moved": change.moved,
            }
            for change in calls
        ],
        "deadlines": [
            {"id": move.deadline.id, "before_utc": instant_text(move.before), "after_utc": instant_text(move.after)}
            for move in deadlines
        ],
    }
