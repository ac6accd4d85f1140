"""The description of a call or a deadline inside a calendar entry: plain lines, the same for every reader of a zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.core.occurrences import only_occurrence
from svsm_cal.words.notes import change_note, status_note
from svsm_cal.words.phrases import (
    chairs_in_words,
    clock,
    day_and_year,
    rule_in_words,
    window_change,
    window_in_words,
    window_start,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svsm_cal.core.localized import CallOnClock
    from svsm_cal.core.milestones import Deadline
    from svsm_cal.core.model import Calendar, Details, Occurrence
    from svsm_cal.core.segments import Segment
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.engine.zones import Zone

__all__ = ["deadline_description", "local_notice", "occurrence_description", "own_times", "segment_description"]


def segment_description(calendar: Calendar, segment: Segment) -> str:
    """Return what a series says of itself from one date to another, as it says it last; for a single call, what that does."""
    only = only_occurrence(segment)
    if only is not None:
        return occurrence_description(calendar, only)
    rule = f", {rule_in_words(segment.rule)}" if segment.rule is not None else ""
    anchor = f"{clock(segment.start)} {segment.zone.key}{rule}"
    return "\n".join([*_about(calendar, segment.details[-1][1]), f"When: {anchor}"])


def occurrence_description(calendar: Calendar, occurrence: Occurrence) -> str:
    """Return what one call says of itself."""
    note = status_note(occurrence)
    lines = [f"Note: {note}"] if note else []
    lines += _about(calendar, occurrence.details)
    lines.append(f"When: {day_and_year(occurrence.start)}, {clock(occurrence.start)} {occurrence.zone.key}")
    return "\n".join(lines)


def _about(calendar: Calendar, details: Details) -> list[str]:
    lines = [details.description, ""] if details.description else []
    if details.url:
        lines.append(f"Join: {details.url}")
    if details.location:
        lines.append(f"Where: {details.location}")
    if details.chair:
        lines.append(f"Chair: {calendar.person(details.chair)}")
    if details.chairs:
        lines.append(f"Chair: {chairs_in_words(calendar, details)}")
    return lines


def own_times(zone: Zone, windows: Sequence[ShiftWindow]) -> str:
    """Return the local times of a series in a zone: one line for the first window, one for each change after it."""
    if not windows:
        return f"Your time ({zone.key}) is shown by your calendar."
    head, *changes = windows
    lines = [f"Your time ({zone.key}): {window_start(head)}"]
    lines += [f"- {window_in_words(window)}: {window_start(window)}, {window_change(window)}" for window in changes]
    return "\n".join(lines)


def local_notice(call: CallOnClock) -> str:
    """Return one call's local time, and what is unusual about it."""
    local = call.localized
    note = change_note(call)
    end = f"Your time ({local.zone.key}): {day_and_year(local.local)}, {clock(local.local)}"
    return f"{end}: {note}" if note else end


def deadline_description(deadline: Deadline) -> str:
    """Return when a deadline is over, and what was planned if that was another date."""
    due = f"{deadline.due_utc:%Y-%m-%d %H:%M} UTC"
    if deadline.at is not None:
        place = f" {deadline.zone.key}" if deadline.zone else ""
        lines = [f"Due at {clock(deadline.at)}{place} ({due})."]
    elif deadline.zone is not None:
        lines = [f"Over when the day ends in {deadline.zone.key} ({due})."]
    else:
        lines = [f"Over when the day has ended everywhere on Earth ({due})."]
    if deadline.planned is not None and deadline.planned != deadline.date:
        lines.append(f"Planned for {day_and_year(deadline.planned)}.")
    if deadline.url:
        lines.append(deadline.url)
    return "\n".join(lines)
