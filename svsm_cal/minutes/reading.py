"""The minutes of one call: date, series, attendees, topics, actions, and suggested changes of the calendar."""

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
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from svsm_cal.core.model import Calendar, Series

# A word that a sentence must contain -> the reader that looks at it then.
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
    """Return the suggestions in the blocks of minutes of a day; of two equal ones only the clearer one."""
    suggestions: list[Suggestion] = []
    calls = None if series is None else Calls(series, day)
    for block in blocks:
        before = ""
        for sentence in sentences_of(block):
            heading = bool(block.level)
            said = Said(sentence.text, sentence.line, day, calendar, names, calls, before, block.lead or block.section, heading)
            for trigger, read in _READERS:
                if trigger.search(said.text):
                    suggestions += read(said)
            before = sentence.text
    if calls is not None:
        suggestions += _listed_chairs(attendees, calls, blocks)
    return tuple(_compared(suggestion, calendar) for suggestion in _merged(suggestions))


def _listed_chairs(attendees: Sequence[Attendee], calls: Calls, blocks: Iterable[Block]) -> Iterator[Suggestion]:
    """Yield a change of chair for an attendee who is listed as the chair and is not the calendar's."""
    day = calls.day
    for attendee in attendees:
        person = attendee.participant
        if attendee.chairs and person and calls.is_call(day) and chair_on(calls, day) != person:
            line = next((block.line for block in blocks if attendee.name in block.text), 1)
            text = f"{attendee.name} ({attendee.remark})"
            yield Suggestion(Kind.CHAIR, day, line=line, text=text, sure=True, series=calls.series.id, chair=person)


def _compared(suggestion: Suggestion, calendar: Calendar) -> Suggestion:
    """Return a suggestion that is known if the calendar already has the change."""
    series = next((series for series in calendar.series if series.id == suggestion.series), None)
    if series is None or suggestion.kind not in {Kind.CANCEL, Kind.MOVE, Kind.CHAIR}:
        return suggestion
    calls = Calls(series, suggestion.date)
    call = calls.by_date.get(suggestion.date)
    match suggestion.kind:
        case Kind.CANCEL:
            known = call is not None and call.status is Status.CANCELLED
        case Kind.MOVE:
            known = call is not None and call.start == suggestion.to
        case _:
            known = suggestion.chair is not None and chair_on(calls, suggestion.date) == suggestion.chair
    return replace(suggestion, known=known)


def _merged(suggestions: list[Suggestion]) -> list[Suggestion]:
    """Return the suggestions by line, the clearest one for each change and all remarks about clocks.

    A call with a new chair is not cancelled just because its old chair is away.
    """
    best: dict[tuple[object, ...], Suggestion] = {}
    chaired = {(one.series, one.date) for one in suggestions if one.kind is Kind.CHAIR and one.sure}
    for new in suggestions:
        key: tuple[object, ...] = (new.kind, new.series, new.date)
        if new.kind is Kind.SHIFT:
            key = (*key, new.line, new.text)
        if new.kind is Kind.CANCEL and not new.sure and key[1:] in chaired:
            continue
        old = best.get(key)
        if old is None or (new.sure, new.exact, bool(new.reason)) > (old.sure, old.exact, bool(old.reason)):
            best[key] = new if old is None else replace(new, reason=new.reason or old.reason)
        elif old.reason is None and new.reason is not None:
            best[key] = replace(old, reason=new.reason)
    dated = any(one.sure for one in best.values() if one.kind is Kind.SHIFT)
    # If one remark about clocks has a date, those without any number add nothing.
    kept = [one for one in best.values() if one.kind is not Kind.SHIFT or one.sure or not dated or re.search(r"\d", one.text)]
    return sorted(kept, key=lambda one: (one.line, one.date, one.kind))


class Minutes(Value):
    """The minutes in a file; `date` and `series` (an id) are None if unknown.

    `clocks` is whether they mention clock changes; `findings` are about doubtful data in them.
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
    """Return the content of minutes in Markdown, resolved with the calendar.

    `file` is their path, whose last part may name the date and the series; `series` overrides the series.
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
    excluded = {title.line if title else 0, *(block.line for block in listed)}
    rest = [block for block in document.blocks if block.line not in excluded]
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
    """Return the series whose id starts the file name, whose minutes have such a name, or whose title is in the heading."""
    name = _name_of(file)
    by_id = [series for series in calendar.series if name.startswith((f"{series.id}-", f"{series.id}_", f"{series.id}."))]
    if by_id:
        return max(by_id, key=lambda series: len(series.id))
    for series in calendar.series:
        before, marked, after = _name_of(series.details.minutes or "").partition("{date}")
        telling = marked and (before or after not in {"", ".md", ".txt"})
        if telling and name.startswith(before) and name.endswith(after):
            return series
    words = frozenset(re.findall(r"[\w]+", title.casefold()))
    by_title = []
    for series in calendar.series:
        own = frozenset(series.title.casefold().split())
        if title_words(series) and own & title_words(series) <= words and own & words:
            by_title.append(series)
    return by_title[0] if len(by_title) == 1 else None


def _only_with_call(calendar: Calendar, day: date) -> Series | None:
    with_call = [series for series in calendar.series if Calls(series, day).is_call(day)]
    return with_call[0] if len(with_call) == 1 else calendar.series[0] if len(calendar.series) == 1 else None


def _date(file: str, blocks: Sequence[Block], series: Series | None) -> tuple[date | None, list[Finding]]:
    """Return the date in the heading and in the file name; if they differ, the one with a call."""
    in_name, _ = date_in(_name_of(file))
    top = [block for block in blocks[:_LOOKED_AT] if block.level in (1, 2) or _DATE_LINE.match(block.text)]
    for block in top:
        day, with_year = date_in(block.text)
        if day is not None and not with_year and in_name is not None:
            day = day.replace(year=in_name.year) if day.day <= 28 or day.month != 2 else None
        if day is not None and day.year > 4:
            break
    else:
        return (in_name if in_name and in_name.year > 4 else None), []
    if in_name is None or day == in_name:
        return day, []
    calls = [one for one in (day, in_name) if series is not None and Calls(series, one).is_call(one)]
    taken = calls[0] if len(calls) == 1 else in_name
    message = f"the heading has the date {day}, the file name {in_name}; taken as {taken}"
    return taken, [Finding("warning", file, block.line, 1, "minutes-date", message, "write the call's date in both")]
