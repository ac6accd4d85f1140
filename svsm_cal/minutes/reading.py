"""The minutes of one call: date, series, attendees, topics, actions, and the calendar changes that they suggest."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from svsm_cal.core.model import Status
from svsm_cal.errors import Finding
from svsm_cal.minutes.calls import Calls, title_words
from svsm_cal.minutes.cancellations import cancellations
from svsm_cal.minutes.dates import date_in
from svsm_cal.minutes.document import Block, Link, document_of, sentences_of
from svsm_cal.minutes.due_dates import due_dates
from svsm_cal.minutes.names import Attendee, Names, attendees_of
from svsm_cal.minutes.other_calls import chair_changes, chair_on, mentions_clocks, moves, time_shifts
from svsm_cal.minutes.sections import Action, Topic, actions_of, attendee_entries, topics_of
from svsm_cal.minutes.suggestion import Kind, Said, Suggestion
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from svsm_cal.core.model import Calendar, Series
    from svsm_cal.minutes.document import Block
    from svsm_cal.minutes.names import Attendee

__all__ = ["Action", "Minutes", "Topic", "read_minutes", "suggestions_of"]

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


class Minutes(Value):
    """What the minutes in a file say; `date` and `series` (an id) are None if nothing tells them.

    `clocks` says whether they speak of clock changes, `findings` what is doubtful about them.
    """

    file: str
    date: date | None
    series: str | None
    title: str = ""
    attendees: tuple[Attendee, ...] = ()
    topics: tuple[Topic, ...] = ()
    actions: tuple[Action, ...] = ()
    links: tuple[Link, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    clocks: bool = False
    findings: tuple[Finding, ...] = ()


_DATE_LINE = re.compile(r"^(?:date|when|datum)\s*:", re.IGNORECASE)
_LOOKED_AT = 8


def read_minutes(text: str, *, file: str, calendar: Calendar, series: Series | None = None) -> Minutes:
    """Return what the text of some minutes says, as far as the calendar tells what it means.

    `file` is its path, whose last part may name the date and the series; `series` is theirs if somebody says so.
    """
    document = document_of(text)
    names = Names(calendar.participants)
    title = next((block for block in document.blocks if block.level), None)
    owner = series or _series(file, title.text if title else "", calendar)
    day, findings = _date(file, document.blocks, owner)
    if owner is None and day is not None:
        owner = _only_with_call(calendar, day)
    entries, listed = attendee_entries(document.blocks, names)
    attendees = attendees_of(entries, names)
    apart = {title.line if title else 0, *(block.line for block in listed)}
    rest = [block for block in document.blocks if block.line not in apart]
    suggestions = suggestions_of(rest, day, calendar, series=owner, names=names, attendees=attendees) if day else ()
    return Minutes(
        file,
        day,
        None if owner is None else owner.id,
        title.text if title else "",
        attendees,
        tuple(topics_of(rest)),
        tuple(actions_of(rest, day, names)),
        document.links,
        suggestions,
        any(mentions_clocks(block.text) for block in rest),
        tuple(findings),
    )


def _name_of(file: str) -> str:
    return re.split(r"[/\\]", file)[-1]


def _series(file: str, title: str, calendar: Calendar) -> Series | None:
    """Return the series whose id begins the file's name, whose minutes are called so, or whose title the heading has."""
    name = _name_of(file)
    begun = [each for each in calendar.series if name.startswith((f"{each.id}-", f"{each.id}_", f"{each.id}."))]
    if begun:
        return max(begun, key=lambda each: len(each.id))
    for each in calendar.series:
        before, marked, after = _name_of(each.details.minutes or "").partition("{date}")
        if (
            marked
            and (before or after)
            and name.startswith(before)
            and name.endswith(after)
            and (before or after not in {".md", ".txt"})
        ):
            return each
    words = frozenset(re.findall(r"[\w]+", title.casefold()))
    fitting = [
        each
        for each in calendar.series
        if title_words(each) and frozenset(each.title.casefold().split()) & title_words(each) <= words
    ]
    fitting = [each for each in fitting if frozenset(each.title.casefold().split()) & words]
    return fitting[0] if len(fitting) == 1 else None


def _only_with_call(calendar: Calendar, day: date) -> Series | None:
    with_call = [each for each in calendar.series if Calls(each, day).is_call(day)]
    return with_call[0] if len(with_call) == 1 else calendar.series[0] if len(calendar.series) == 1 else None


def _date(file: str, blocks: Sequence[Block], series: Series | None) -> tuple[date | None, list[Finding]]:
    """Return the date that the heading and the file's name tell; where they differ, that of the two which has a call."""
    name = _name_of(file)
    in_name, _ = date_in(name)
    found: list[tuple[date, int]] = []
    top = [block for block in blocks[:_LOOKED_AT] if block.level in (1, 2) or _DATE_LINE.match(block.text)]
    for block in top:
        day, with_year = date_in(block.text)
        if day is not None and not with_year and in_name is not None:
            day = day.replace(year=in_name.year) if day.day <= 28 or day.month != 2 else None
        if day is not None and day.year > 4:
            found.append((day, block.line))
            break
    if not found or in_name is None or found[0][0] == in_name:
        return (found[0][0] if found else in_name if in_name and in_name.year > 4 else None), []
    said, line = found[0]
    calls = [each for each in (said, in_name) if series is not None and Calls(series, each).is_call(each)]
    day = calls[0] if len(calls) == 1 else in_name
    message = f"the heading is of {said}, the file's name of {in_name}; taken as of {day}"
    return day, [Finding("warning", file, line, 1, "minutes-date", message, "give both the call's date")]
