"""What the sentences of some minutes suggest for the calendar, each thing once, by its line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from svsm_cal.core.model import Status
from svsm_cal.minutes.calls import Calls
from svsm_cal.minutes.cancellations import cancellations
from svsm_cal.minutes.document import sentences_of
from svsm_cal.minutes.due_dates import due_dates
from svsm_cal.minutes.other_calls import chair_changes, chair_on, moves
from svsm_cal.minutes.suggestion import Kind, Said, Suggestion
from svsm_cal.minutes.time_shifts import time_shifts
from svsm_cal.value import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from svsm_cal.core.model import Calendar, Series
    from svsm_cal.minutes.document import Block
    from svsm_cal.minutes.names import Attendee, Names

__all__ = ["suggestions_of"]

# What a sentence must have in it, for a reader to look at it at all.
_READERS: tuple[tuple[re.Pattern[str], Callable[[Said], list[Suggestion]]], ...] = (
    (
        re.compile(r"meet|call|sync|away|vacation|\bout\b|leave|attend|join|travel|absent|holiday|available", re.IGNORECASE),
        cancellations,
    ),
    (re.compile(r"meeting|call", re.IGNORECASE), moves),
    (re.compile(r"meeting|call|chair|host|moderat", re.IGNORECASE), chair_changes),
    (
        re.compile(r"deadline|freeze|cfp|call|due|cut-?off|submission|registration|\bby\b|before|until|later", re.IGNORECASE),
        due_dates,
    ),
    (re.compile(r"time|clock|hour|dst|saving|switch|chang", re.IGNORECASE), time_shifts),
)


def suggestions_of(
    blocks: Iterable[Block],
    day: date,
    calendar: Calendar,
    *,
    series: Series | None,
    names: Names,
    attendees: Sequence[Attendee] = (),
) -> tuple[Suggestion, ...]:
    """Return what the blocks of some minutes of a day suggest; what two sentences say is said once, by the clearer one."""
    found: list[Suggestion] = []
    calls = None if series is None else Calls(series, day)
    for block in blocks:
        before = ""
        for sentence in sentences_of(block):
            heading = bool(block.level)
            said = Said(sentence.text, sentence.line, day, calendar, names, calls, before, block.lead or block.section, heading)
            for trigger, read in _READERS:
                if trigger.search(said.text):
                    found += read(said)
            before = sentence.text
    if calls is not None:
        found += _in_the_chair(attendees, calls, blocks)
    return tuple(_known(each, calendar) for each in _once(found))


def _in_the_chair(attendees: Sequence[Attendee], calls: Calls, blocks: Iterable[Block]) -> list[Suggestion]:
    """Return that somebody chaired the call who was listed as its chair and is not the calendar's."""
    found = []
    for each in attendees:
        if each.chairs and each.participant and calls.is_call(calls.day) and chair_on(calls, calls.day) != each.participant:
            block = next((block for block in blocks if each.name in block.text), None)
            text = f"{each.name} ({each.remark})"
            line = block.line if block is not None else 1
            found.append(
                Suggestion(Kind.CHAIR, calls.day, line=line, text=text, sure=True, series=calls.series.id, chair=each.participant)
            )
    return found


def _known(suggestion: Suggestion, calendar: Calendar) -> Suggestion:
    """Return a suggestion that knows whether the calendar says so already."""
    series = next((each for each in calendar.series if each.id == suggestion.series), None)
    if series is None or suggestion.kind not in {Kind.CANCEL, Kind.MOVE, Kind.CHAIR}:
        return suggestion
    calls = Calls(series, suggestion.date)
    call = calls.by_date.get(suggestion.date)
    match suggestion.kind:
        case Kind.CANCEL:
            return replace(suggestion, known=call is not None and call.status is Status.CANCELLED)
        case Kind.MOVE:
            return replace(suggestion, known=call is not None and call.start == suggestion.to)
        case _:
            return replace(
                suggestion, known=suggestion.chair is not None and chair_on(calls, suggestion.date) == suggestion.chair
            )


def _once(found: list[Suggestion]) -> list[Suggestion]:
    """Return the suggestions by line, of those for one call the clearest; remarks on clocks are all kept.

    A call that somebody else runs is not cancelled just because its chair is away.
    """
    best: dict[tuple[object, ...], Suggestion] = {}
    chaired = {(each.series, each.date) for each in found if each.kind is Kind.CHAIR and each.sure}
    for each in found:
        key: tuple[object, ...] = (each.kind, each.series, each.date)
        if each.kind is Kind.SHIFT:
            key = (*key, each.line, each.text)
        if each.kind is Kind.CANCEL and not each.sure and key[1:] in chaired:
            continue
        other = best.get(key)
        if other is None or (each.sure, each.exact, bool(each.reason)) > (other.sure, other.exact, bool(other.reason)):
            best[key] = each if other is None else replace(each, reason=each.reason or other.reason)
        elif other.reason is None and each.reason is not None:
            best[key] = replace(other, reason=each.reason)
    remarks = [each for each in best.values() if each.kind is Kind.SHIFT]
    kept = [each for each in best.values() if each.kind is not Kind.SHIFT or _tells_more(each, remarks)]
    return sorted(kept, key=lambda each: (each.line, each.date, each.kind))


def _tells_more(remark: Suggestion, remarks: Sequence[Suggestion]) -> bool:
    """Whether a remark on clocks says more than the heading over one that says when."""
    return remark.sure or bool(re.search(r"\d", remark.text)) or not any(each.sure for each in remarks)
