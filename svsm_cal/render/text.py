"""Look-ups as aligned text for a terminal.

Every function returns whole lines. `paint(style, text)` may colour a piece of text; it must not change its
width. Styles are names: "strong", "shift", "cancelled", "faint", "urgent".
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import combining, east_asian_width

from svsm_cal.core.model import Status
from svsm_cal.core.shifts import ShiftKind
from svsm_cal.render.records import instant_text
from svsm_cal.words.notes import note_of
from svsm_cal.words.phrases import (
    amount,
    change_in_words,
    clock,
    day,
    day_and_year,
    remaining_in_words,
    utc_offset,
    window_in_words,
    window_start,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from svsm_cal.core.deadlines import DeadlineOutlook
    from svsm_cal.core.localized import CallOnClock
    from svsm_cal.core.model import Calendar, Occurrence, Participant
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone

    Paint = Callable[[str, str], str]
    Cell = tuple[str, str]

__all__ = ["aligned", "deadlines_text", "next_text", "plain", "shifts_text", "when_text"]


def plain(style: str, text: str) -> str:
    """Return the text as it is."""
    del style
    return text


def _width(text: str) -> int:
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def aligned(rows: Sequence[Sequence[Cell]], paint: Paint = plain, indent: str = "  ") -> list[str]:
    """Return rows of (style, text) cells as lines with their columns aligned."""
    columns = max((len(row) for row in rows), default=0)
    widths = [max((_width(row[n][1]) for row in rows if n < len(row)), default=0) for n in range(columns)]
    lines = []
    for row in rows:
        cells = [(paint(style, text) if text else "") + " " * (widths[n] - _width(text)) for n, (style, text) in enumerate(row)]
        lines.append((indent + "  ".join(cells)).rstrip())
    return lines


def next_text(calendar: Calendar, calls: Sequence[CallOnClock], zone: Zone, now: Instant, paint: Paint = plain) -> list[str]:
    """Return the lines of `next`."""
    if not calls:
        return [f"{calendar.name}: no more calls."]
    several = len({call.occurrence.series.id for call in calls}) > 1
    rows = []
    for call in calls:
        local, occurrence = call.localized, call.occurrence
        cancelled = not occurrence.held
        style = "cancelled" if cancelled else "strong"
        row = [(style, day_and_year(local.local)), (style, clock(local.local))]
        if zone != occurrence.zone:
            row.append(("faint", f"({_anchor(occurrence, local.day_offset)})"))
        if several:
            row.append(("", occurrence.title))
        row.append(("cancelled" if cancelled else "shift" if call.change_minutes else "", note_of(call)))
        rows.append(row)
    title = calls[0].occurrence.title if not several else calendar.name
    upcoming = next((call.occurrence for call in calls if call.occurrence.held), None)
    lines = [f"{paint('strong', title)}, times in {zone.key}", *aligned(rows, paint)]
    if upcoming is not None:
        lines += ["", *_next_details(calendar, upcoming, now)]
    return lines


def _next_details(calendar: Calendar, occurrence: Occurrence, now: Instant) -> list[str]:
    left = occurrence.start_utc - now
    begun = left.total_seconds() <= 0
    lines = [f"  The next one {'begins now' if not left else 'is under way' if begun else f'begins {remaining_in_words(left)}'}."]
    if occurrence.details.chair:
        lines.append(f"  Chair: {calendar.person(occurrence.details.chair)}")
    if occurrence.details.url:
        lines.append(f"  Join:  {occurrence.details.url}")
    return lines


def _anchor(occurrence: Occurrence, day_offset: int) -> str:
    date = f"{day(occurrence.start)} " if day_offset else ""
    return f"{date}{clock(occurrence.start)} {occurrence.zone.key}"


def when_text(occurrence: Occurrence, clocks: Iterable[tuple[Participant, CallOnClock]], paint: Paint = plain) -> list[str]:
    """Return the lines of `when`, from west to east."""
    heading = (
        f"{paint('strong', occurrence.title)}, {day_and_year(occurrence.start)}, {clock(occurrence.start)} {occurrence.zone.key}"
    )
    if occurrence.status is not Status.CONFIRMED:
        reason = f": {occurrence.reason}" if occurrence.reason else ""
        heading += f" ({paint('cancelled', occurrence.status.value)}{reason})"
    rows = []
    for person, call in sorted(clocks, key=lambda pair: (pair[1].localized.utc_offset, pair[0].name)):
        local = call.localized
        style = "shift" if call.change_minutes else ""
        rows.append(
            [
                ("", person.name),
                ("strong", f"{day(local.local)} {clock(local.local)}"),
                ("faint", f"UTC{utc_offset(local.utc_offset)}"),
                ("", local.zone.key if person.name != local.zone.key else ""),
                (style, note_of(call) if occurrence.held else ""),
            ]
        )
    return [heading, *aligned(rows, paint)]


def shifts_text(windows: Iterable[tuple[ShiftWindow, tuple[Participant, ...]]], paint: Paint = plain) -> list[str]:
    """Return the lines of `shifts`: a block for each series and zone."""
    blocks: dict[tuple[str, str], list[tuple[ShiftWindow, tuple[Participant, ...]]]] = {}
    for window, people in windows:
        blocks.setdefault((window.series.title, window.zone.key), []).append((window, people))
    lines: list[str] = []
    for (title, zone), entries in blocks.items():
        names = ", ".join(person.name for person in entries[0][1])
        lines += ["", f"{paint('strong', zone)}, {title}" + (f": {names}" if names else "")]
        rows = []
        for window, _ in entries:
            mismatch = window.kind is ShiftKind.MISMATCH
            rows.append(
                [
                    ("shift" if mismatch else "", window_in_words(window)),
                    ("strong", window_start(window)),
                    ("shift" if mismatch else "", change_in_words(window.change_minutes or 0)),
                    ("faint", window.kind.value),
                ]
            )
        lines += aligned(rows, paint)
    return lines[1:] or ["No calls in this range."]


def deadlines_text(outlooks: Sequence[DeadlineOutlook], paint: Paint = plain) -> list[str]:
    """Return the lines of `deadlines`."""
    if not outlooks:
        return ["No deadlines ahead."]
    rows = []
    for outlook in outlooks:
        deadline = outlook.deadline
        urgent = "urgent" if 0 <= outlook.remaining.total_seconds() < 8 * 86400 else ""
        slipped = f" (planned {day(deadline.planned)})" if deadline.planned and deadline.planned != deadline.date else ""
        shown = f"{day_and_year(deadline.date)}{f' {clock(deadline.at)}' if deadline.at else ''}"
        rows.append(
            [
                ("strong", shown),
                ("", f"{deadline.title}{slipped}"),
                ("faint", f"over at {_short(outlook.due_utc)}"),
                (urgent, remaining_in_words(outlook.remaining)),
                (urgent, _calls_left(outlook)),
            ]
        )
    return aligned(rows, paint, indent="")


def _short(at: Instant) -> str:
    return instant_text(at).replace(":00Z", "Z")


def _calls_left(outlook: DeadlineOutlook) -> str:
    if outlook.remaining.total_seconds() <= 0:
        return ""
    if not outlook.calls:
        last = f" (the one on {day(outlook.current.start)} is the last)" if outlook.current else ""
        return f"no call left before it{last}"
    following = outlook.calls[0]
    if len(outlook.calls) == 1:
        return f"1 call left before it, on {day(following.start)}"
    return f"{amount(len(outlook.calls), 'call')} left before it, the next on {day(following.start)}"
