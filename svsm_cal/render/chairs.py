"""Who chairs which call, as aligned text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from svsm_cal.render.records import instant_text
from svsm_cal.render.text import aligned, plain
from svsm_cal.words.notes import status_note
from svsm_cal.words.phrases import amount, day_and_year

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from svsm_cal.core.model import Calendar
    from svsm_cal.core.rotation import ChairedCall
    from svsm_cal.render.text import Cell, Paint

__all__ = ["chairs_record", "chairs_text"]


def chairs_text(calendar: Calendar, calls: Sequence[ChairedCall], counts: Mapping[str, int], paint: Paint = plain) -> list[str]:
    """Return the lines of `chairs`: the plan, and who has how many."""
    if not calls:
        return ["No calls in this range."]
    several = len({each.occurrence.series.id for each in calls}) > 1
    rows: list[list[Cell]] = []
    for each in calls:
        call = each.occurrence
        style = "" if call.held else "cancelled"
        who = calendar.person(each.chair) or ("nobody: all are away" if each.turn else "nobody is named")
        rows.append([("strong" if call.held else style, day_and_year(call.start)), (style, who if call.held else "-")])
        if several:
            rows[-1].append(("", call.title))
        rows[-1].append((style or ("shift" if each.stands_in else ""), _note(calendar, each)))
    tally = [[("", calendar.person(name) or name), ("strong", amount(count, "call"))] for name, count in counts.items()]
    lines = aligned(rows, paint, indent="")
    return [*lines, "", *aligned(tally, paint, indent="")] if tally else lines


def _note(calendar: Calendar, call: ChairedCall) -> str:
    notes = [status_note(call.occurrence)]
    if call.stands_in:
        turn = calendar.person(call.turn)
        notes.append(f"in place of {turn}" if call.occurrence.held and call.chair is not None else f"the turn of {turn}")
    return "; ".join(note for note in notes if note)


def chairs_record(calls: Sequence[ChairedCall], counts: Mapping[str, int]) -> dict[str, Any]:
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
