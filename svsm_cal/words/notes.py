"""What is unusual about a call on somebody's clock, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.core.model import Status
from svsm_cal.core.shifts import ShiftKind
from svsm_cal.words.phrases import change_in_words, clock, day

if TYPE_CHECKING:
    from svsm_cal.core.localized import CallOnClock
    from svsm_cal.core.model import Occurrence

__all__ = ["change_note", "note_of", "status_note"]


def status_note(occurrence: Occurrence) -> str:
    """Return what became of a call: cancelled or moved, and why; "" for one as planned."""
    reason = f": {occurrence.reason}" if occurrence.reason else ""
    match occurrence.status:
        case Status.CANCELLED:
            return f"cancelled{reason}"
        case Status.MOVED:
            return f"moved from {day(occurrence.recurrence)} {clock(occurrence.recurrence)} {occurrence.zone.key}{reason}"
        case Status.CONFIRMED:
            return occurrence.reason or ("an extra call" if occurrence.added else "")


def change_note(call: CallOnClock) -> str:
    """Return how a call's local time differs from what was usual there; "" if it does not."""
    if not call.change_minutes:
        return ""
    words, window = change_in_words(call.change_minutes), call.window
    if call.returns:
        return f"back to the usual time ({words} than the last call)"
    if window is None or window.kind is ShiftKind.MISMATCH:
        return f"{words} than usual{_until(call)}"
    return f"from now on {words}"


def _until(call: CallOnClock) -> str:
    window = call.window
    if window is None or window.last is None or window.first == window.last:
        return ""
    return ", for the last time" if call.occurrence.start.date() == window.last else f", until {day(window.last)}"


def note_of(call: CallOnClock) -> str:
    """Return in words what is unusual about a call on this clock; "" if nothing is."""
    if not call.occurrence.held:
        return status_note(call.occurrence)
    return "; ".join(note for note in (change_note(call), status_note(call.occurrence)) if note)
