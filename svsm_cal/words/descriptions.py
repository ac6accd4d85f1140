"""What is said of a call, a shift window or a deadline in every place: notes, windows, and the texts of calendar entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.core.model import Status
from svsm_cal.core.occurrences import only_occurrence
from svsm_cal.core.shifts import ShiftKind
from svsm_cal.engine.zones import local_of
from svsm_cal.words.language import clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svsm_cal.core.localized import CallOnClock
    from svsm_cal.core.milestones import Deadline
    from svsm_cal.core.model import Calendar, Details, Occurrence
    from svsm_cal.core.segments import Segment
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.engine.zones import Zone
    from svsm_cal.words.language import Language

# --- Notes on a call


def status_note(language: Language, occurrence: Occurrence) -> str:
    """Return whether a call is cancelled, moved or added, and why; "" for a regular one."""
    match occurrence.status:
        case Status.CANCELLED:
            return language.because(language.say("cancelled_note"), occurrence.reason)
        case Status.MOVED:
            was, zone = occurrence.recurrence, occurrence.zone.key
            said = language.say("moved_note", day=language.day(was), time=clock(was), zone=zone)
            return language.because(said, occurrence.reason)
        case Status.CONFIRMED:
            return occurrence.reason or (language.say("extra_note") if occurrence.added else "")


def change_note(language: Language, call: CallOnClock, *, by_zone: bool = False) -> str:
    """Return how a call's local time differs from the usual one; "" if it does not.

    The last day of a shift window is the anchor's date, or with `by_zone` the date in the window's zone.
    """
    if not call.change_minutes:
        return ""
    change, window = language.change(call.change_minutes), call.window
    if call.returns:
        return language.say("returns", change=change)
    if window is not None and window.kind is not ShiftKind.MISMATCH:
        return language.say("from_now", change=change)
    if window is None or window.last is None or window.last_utc is None or window.first == window.last:
        return language.say("unusual", change=change)
    if call.occurrence.start.date() == window.last:
        return language.say("unusual_last", change=change)
    last = local_of(window.last_utc, window.zone) if by_zone else window.last
    return language.say("unusual_until", change=change, day=language.day(last))


def note_of(language: Language, call: CallOnClock) -> str:
    """Return everything unusual about a call on this clock; "" if nothing is."""
    if not call.occurrence.held:
        return status_note(language, call.occurrence)
    notes = (change_note(language, call), status_note(language, call.occurrence))
    return "; ".join(note for note in notes if note)


def chairs_in_words(language: Language, calendar: Calendar, details: Details) -> str:
    """Return the name of the chair, or the names of those who chair in turn; "" if there is no chair."""
    names = list(dict.fromkeys(calendar.person(each) or "" for each in details.chairs))
    return language.say("in_turn", names=language.listed(names)) if names else calendar.person(details.chair) or ""


# --- Shift windows


def window_start(language: Language, window: ShiftWindow) -> str:
    """Return a window's local start, and its day if that differs from the anchor's: 01:00 the next day."""
    return language.time_on(window.local_time, window.day_offset)


def window_change(language: Language, window: ShiftWindow) -> str:
    """Return what a window changes, and whether only for a time: an hour later, for this call only."""
    change = language.change(window.change_minutes or 0)
    if not change or window.kind is ShiftKind.SEASON:
        return change
    return language.say("only_this" if window.calls == 1 else "only_these", change=change)


def window_dates(language: Language, window: ShiftWindow, *, by_zone: bool = False) -> str:
    """Return a window's dates, the anchor's or with `by_zone` the zone's: Wed 12 March to Wed 26 March 2025 (2 calls)."""
    first = local_of(window.first_utc, window.zone).date() if by_zone else window.first
    if window.last is None or window.last_utc is None:
        return language.say("from_on", day=language.date(first))
    last = local_of(window.last_utc, window.zone).date() if by_zone else window.last
    dates = language.date(first) if first == last else language.between(first, last)
    return f"{dates} ({language.amount(window.calls or 0, 'call')})"


# --- Calendar entries: plain lines, the same for all readers in a zone


def segment_description(language: Language, calendar: Calendar, segment: Segment) -> str:
    """Return the description of a series between two dates, with its latest details; of a single call, that call's."""
    only = only_occurrence(segment)
    if only is not None:
        return occurrence_description(language, calendar, only)
    rule = f", {language.rule(segment.rule)}" if segment.rule is not None else ""
    when = f"{clock(segment.start)} {segment.zone.key}{rule}"
    return "\n".join([*_details(language, calendar, segment.details[-1][1]), language.labelled("when", when)])


def occurrence_description(language: Language, calendar: Calendar, occurrence: Occurrence) -> str:
    """Return the description of one call."""
    note = status_note(language, occurrence)
    lines = [language.labelled("note", note)] if note else []
    lines += _details(language, calendar, occurrence.details)
    lines.append(language.labelled("when", language.moment(occurrence.start, occurrence.zone.key)))
    return "\n".join(lines)


def _details(language: Language, calendar: Calendar, details: Details) -> list[str]:
    lines = [details.description, ""] if details.description else []
    facts = {"join": details.url, "where": details.location, "chair": chairs_in_words(language, calendar, details)}
    return [*lines, *(language.labelled(key, text) for key, text in facts.items() if text)]


def own_times(language: Language, zone: Zone, windows: Sequence[ShiftWindow]) -> str:
    """Return a series' local times in a zone: one line for the first window, one for each change after it."""
    if not windows:
        return language.say("feed.own_time_unknown", zone=zone.key)
    head, *changes = windows
    lines = [language.say("feed.own_time", zone=zone.key, time=window_start(language, head))]
    for each in changes:
        dates, start, change = (say(language, each) for say in (window_dates, window_start, window_change))
        lines.append(f"- {dates}: {start}, {change}")
    return "\n".join(lines)


def local_notice(language: Language, call: CallOnClock) -> str:
    """Return one call's local time, and how it differs from the usual one."""
    local = call.localized
    time = f"{language.date(local.local)}, {clock(local.local)}"
    note = change_note(language, call)
    return language.say("feed.own_time", zone=local.zone.key, time=f"{time}: {note}" if note else time)


def deadline_description(language: Language, deadline: Deadline) -> str:
    """Return when a deadline is over, and its planned date if that differs."""
    zone = deadline.zone.key if deadline.zone else ""
    values = {"utc": f"{deadline.due_utc:%Y-%m-%d %H:%M} UTC", "zone": zone}
    if deadline.at is not None:
        lines = [language.say("feed.due_at", time=f"{clock(deadline.at)} {zone}".rstrip(), **values)]
    else:
        lines = [language.say("feed.over_in" if zone else "feed.over_everywhere", **values)]
    if deadline.planned is not None and deadline.planned != deadline.date:
        lines.append(language.say("feed.planned", day=language.date(deadline.planned)))
    if deadline.url:
        lines.append(deadline.url)
    return "\n".join(lines)
