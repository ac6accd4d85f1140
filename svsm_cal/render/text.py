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
from svsm_cal.words.descriptions import note_of, status_note, window_dates, window_start
from svsm_cal.words.language import clock, utc_offset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from svsm_cal.core.deadlines import DeadlineOutlook
    from svsm_cal.core.localized import CallOnClock
    from svsm_cal.core.milestones import Deadline
    from svsm_cal.core.model import Calendar, Occurrence, Participant
    from svsm_cal.core.rotation import ChairedCall
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone
    from svsm_cal.words.language import Language

    Paint = Callable[[str, str], str]
    Cell = tuple[str, str]


def plain(style: str, text: str) -> str:
    """Return the text unchanged."""
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


def next_text(
    language: Language, calendar: Calendar, calls: Sequence[CallOnClock], zone: Zone, now: Instant, paint: Paint = plain
) -> list[str]:
    """Return the lines of `next`."""
    if not calls:
        return [language.say("next.none", calendar=calendar.name)]
    several = len({call.occurrence.series.id for call in calls}) > 1
    rows = []
    for call in calls:
        local, occurrence = call.localized, call.occurrence
        cancelled = not occurrence.held
        style = "cancelled" if cancelled else "strong"
        row = [(style, language.date(local.local)), (style, clock(local.local))]
        if zone != occurrence.zone:
            day = f"{language.day(occurrence.start)} " if local.day_offset else ""
            row.append(("faint", f"({day}{clock(occurrence.start)} {occurrence.zone.key})"))
        if several:
            row.append(("", occurrence.title))
        row.append(("cancelled" if cancelled else "shift" if call.change_minutes else "", note_of(language, call)))
        rows.append(row)
    title = calls[0].occurrence.title if not several else calendar.name
    upcoming = next((call.occurrence for call in calls if call.occurrence.held), None)
    lines = [language.say("next.heading", title=paint("strong", title), zone=zone.key), *aligned(rows, paint)]
    if upcoming is not None:
        lines += ["", *(f"  {line}" for line in _next_details(language, calendar, upcoming, now))]
    return lines


def _next_details(language: Language, calendar: Calendar, occurrence: Occurrence, now: Instant) -> list[str]:
    left = occurrence.start_utc - now
    key = "next.now" if not left else "next.begins" if left.total_seconds() > 0 else "next.under_way"
    labels = {language.say("label.chair"): calendar.person(occurrence.details.chair)}
    labels[language.say("label.join")] = occurrence.details.url
    width = max(map(len, labels)) + 1
    facts = [f"{f'{label}:':{width}} {text}" for label, text in labels.items() if text]
    return [language.say(key, remaining=language.remaining(left)), *facts]


def when_text(
    language: Language, occurrence: Occurrence, clocks: Iterable[tuple[Participant, CallOnClock]], paint: Paint = plain
) -> list[str]:
    """Return the lines of `when`, from west to east."""
    heading = f"{paint('strong', occurrence.title)}, {language.moment(occurrence.start, occurrence.zone.key)}"
    if occurrence.status is not Status.CONFIRMED:
        status = paint("cancelled", language.say(f"status.{occurrence.status}"))
        heading += f" ({language.because(status, occurrence.reason)})"
    rows = []
    for person, call in sorted(clocks, key=lambda pair: (pair[1].localized.utc_offset, pair[0].name)):
        local = call.localized
        style = "shift" if call.change_minutes else ""
        rows.append(
            [
                ("", person.name),
                ("strong", f"{language.day(local.local)} {clock(local.local)}"),
                ("faint", f"UTC{utc_offset(local.utc_offset)}"),
                ("", local.zone.key if person.name != local.zone.key else ""),
                (style, note_of(language, call) if occurrence.held else ""),
            ]
        )
    return [heading, *aligned(rows, paint)]


def shifts_text(
    language: Language, windows: Iterable[tuple[ShiftWindow, tuple[Participant, ...]]], paint: Paint = plain
) -> list[str]:
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
            style = "shift" if window.kind is ShiftKind.MISMATCH else ""
            rows.append(
                [
                    (style, window_dates(language, window)),
                    ("strong", window_start(language, window)),
                    (style, language.change(window.change_minutes or 0)),
                    ("faint", language.say(f"shifts.{window.kind}")),
                ]
            )
        lines += aligned(rows, paint)
    return lines[1:] or [language.say("range.none")]


def deadlines_text(language: Language, outlooks: Sequence[DeadlineOutlook], paint: Paint = plain) -> list[str]:
    """Return the lines of `deadlines`."""
    if not outlooks:
        return [language.say("deadlines.none")]
    rows = []
    for outlook in outlooks:
        deadline = outlook.deadline
        urgent = "urgent" if 0 <= outlook.remaining.total_seconds() < 8 * 86400 else ""
        due = instant_text(outlook.due_utc).replace(":00Z", "Z")
        rows.append(
            [
                ("strong", f"{language.date(deadline.date)}{f' {clock(deadline.at)}' if deadline.at else ''}"),
                ("", f"{deadline.title}{planned_note(language, deadline)}"),
                ("faint", language.say("deadlines.over_at", time=due)),
                (urgent, language.remaining(outlook.remaining)),
                (urgent, _calls_left(language, outlook)),
            ]
        )
    return aligned(rows, paint, indent="")


def planned_note(language: Language, deadline: Deadline) -> str:
    """Return a deadline's planned date in parentheses if it differs from the present one, else ""."""
    if deadline.planned is None or deadline.planned == deadline.date:
        return ""
    return f" ({language.say('planned', day=language.day(deadline.planned))})"


def _calls_left(language: Language, outlook: DeadlineOutlook) -> str:
    if outlook.remaining.total_seconds() <= 0:
        return ""
    if not outlook.calls and outlook.current:
        return language.say("deadlines.last_call", day=language.day(outlook.current.start))
    day = language.day(outlook.calls[0].start) if outlook.calls else ""
    return language.say("deadlines.calls_left", number=len(outlook.calls), day=day)


def chairs_text(
    language: Language, calendar: Calendar, calls: Sequence[ChairedCall], counts: Mapping[str, int], paint: Paint = plain
) -> list[str]:
    """Return the lines of `chairs`: who chairs which call, and how many each does."""
    if not calls:
        return [language.say("range.none")]
    several = len({each.occurrence.series.id for each in calls}) > 1
    rows: list[list[Cell]] = []
    for each in calls:
        call = each.occurrence
        style = "" if call.held else "cancelled"
        who = calendar.person(each.chair) or language.say("chairs.all_away" if each.turn else "chairs.nobody")
        rows.append([("strong" if call.held else style, language.date(call.start)), (style, who if call.held else "-")])
        if several:
            rows[-1].append(("", call.title))
        notes = [status_note(language, call)]
        if each.stands_in:
            key = "chairs.stands_in" if call.held and each.chair is not None else "chairs.turn"
            notes.append(language.say(key, name=calendar.person(each.turn)))
        rows[-1].append((style or ("shift" if each.stands_in else ""), "; ".join(note for note in notes if note)))
    tally = [[("", calendar.person(name) or name), ("strong", language.amount(count, "call"))] for name, count in counts.items()]
    lines = aligned(rows, paint, indent="")
    return [*lines, "", *aligned(tally, paint, indent="")] if tally else lines
