"""The minutes of one call: its date and series, who was there, the topics, what people took on, and what it suggests.

Read from Markdown of any form; what is not there is empty. The form that agendas and the example's minutes have is a
heading with the date, a section of attendees, and a heading for each topic.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from svsm_cal.findings import Finding
from svsm_cal.minutes.calls import Calls, title_words
from svsm_cal.minutes.dates import date_in
from svsm_cal.minutes.document import Block, Link, document_of
from svsm_cal.minutes.names import Attendee, Names, attendees_of
from svsm_cal.minutes.sections import Action, Topic, actions_of, attendee_entries, topics_of
from svsm_cal.minutes.suggestion import Suggestion
from svsm_cal.minutes.suggestions import suggestions_of
from svsm_cal.minutes.time_shifts import mentions_clocks
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svsm_cal.core.model import Calendar, Series

__all__ = ["Action", "Minutes", "Topic", "read_minutes"]


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
