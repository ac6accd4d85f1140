"""What is unusual about a call on somebody's clock, in any language the site has, with dates of that clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.core.shifts import ShiftKind
from svsm_cal.engine.zones import local_of
from svsm_cal.words.phrases import clock

if TYPE_CHECKING:
    from svsm_cal.core.localized import CallOnClock
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.words.languages import Language

__all__ = ["shift_note", "window_note", "window_time", "window_when"]


def shift_note(language: Language, call: CallOnClock) -> str:
    """Return how a call's local time differs from what was usual there; "" if it does not."""
    if not call.change_minutes:
        return ""
    change, window = language.change(call.change_minutes), call.window
    if call.returns:
        return language.say("returns", change=change)
    if window is not None and window.kind is not ShiftKind.MISMATCH:
        return language.say("from_now", change=change)
    if window is None or window.last_utc is None or window.first == window.last:
        return language.say("unusual", change=change)
    if call.occurrence.start.date() == window.last:
        return language.say("unusual_last", change=change)
    return language.say("unusual_until", change=change, day=language.day(local_of(window.last_utc, window.zone)))


def window_time(language: Language, window: ShiftWindow) -> str:
    """Return a window's local start, and which day that is when it is not the anchor's: 01:00 the next day."""
    if not window.day_offset:
        return clock(window.local_time)
    return f"{clock(window.local_time)} {language.say('next_day' if window.day_offset > 0 else 'previous_day')}"


def window_note(language: Language, window: ShiftWindow) -> str:
    """Return what a window changes, and that it passes if it does: an hour later, for this call only."""
    change = language.change(window.change_minutes or 0)
    if not change or window.kind is ShiftKind.SEASON:
        return change
    return language.say("only_this" if window.calls == 1 else "only_these", change=change)


def window_when(language: Language, window: ShiftWindow) -> str:
    """Return when a window is, by its zone's dates: Wed 12 March to Wed 26 March 2025 (2 calls)."""
    first = local_of(window.first_utc, window.zone)
    if window.last_utc is None:
        return language.say("from_on", day=language.date(first))
    last = local_of(window.last_utc, window.zone)
    calls = f" ({language.amount(window.calls or 0, 'call')})"
    if first == last:
        return f"{language.date(first)}{calls}"
    begin = language.day(first) if first.year == last.year else language.date(first)
    return language.say("from_to", first=begin, last=language.date(last)) + calls
