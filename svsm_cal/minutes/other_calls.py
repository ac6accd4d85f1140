"""Calls that minutes announce at another time or with another chair, and what they say about clock changes."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from svsm_cal.core.shifts import ShiftKind, ShiftWindow, regular_calls
from svsm_cal.minutes.date_phrases import ANY_WORDS, CALL, NAME, any_of
from svsm_cal.minutes.suggestion import Kind, Said, Suggestion, reason_of
from svsm_cal.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svsm_cal.core.model import Calendar, Series
    from svsm_cal.minutes.calls import Calls
    from svsm_cal.minutes.dates import Mention

__all__ = ["beginning_windows", "chair_changes", "chair_on", "mentions_clocks", "moves", "time_shifts"]

_CLOCKS = re.compile(
    r"\b"
    + any_of(
        "summer[\\s-]?time", "winter[\\s-]?time", "daylight[\\s-]+saving", "DST\\b", "(?:standard|normal) time\\b",
        "time[\\s-]?zone (?:shift|chang|switch|differen)", "clocks? (?:chang|go|shift|switch|mov|will)",
        "time[\\s-](?:shift|change|switch)", "(?:one|an|1)[\\s-]hour (?:shift|change|later|earlier|difference)",
        "(?:shift|chang)\\w* (?:\\w+ ){0,3}by (?:one|an|1) hour", "hour (?:later|earlier) (?:than usual|for)",
    ),
    re.IGNORECASE,
)  # fmt: skip
# Under a heading that speaks of clocks: "The US switches on November 2nd".
_SWITCHES = re.compile(r"\b(?:switch|chang|shift)(?:es|ed|ing|s)\b.{0,60}\d", re.IGNORECASE)
# "One hour earlier, at 17:00" is another time for everybody, unless clocks change then.
_OF_THE_CALL = re.compile(r"\bhour\s+(?:later|earlier)\b[^.;]{0,20}\bat\s+\d{1,2}[:.]\d\d", re.IGNORECASE)
_HOURS = re.compile(r"\bhour\s+(?:later|earlier)\b", re.IGNORECASE)
_SOON = timedelta(days=28)
_AHEAD = timedelta(days=200)


def mentions_clocks(text: str) -> bool:
    """Whether a text speaks of clock changes."""
    return _CLOCKS.search(text) is not None


def time_shifts(said: Said) -> list[Suggestion]:
    """Return what a sentence says of a clock change: the calls of the shift window that the calendar has for it.

    It is known if there is such a window; there is nothing to write, as shifts are computed.
    """
    of_clocks = mentions_clocks(said.text) or (mentions_clocks(said.section) and _SWITCHES.search(said.text))
    if said.series is None or not of_clocks:
        return []
    windows = beginning_windows(said.calendar, said.series, said.day + timedelta(days=1), said.day + _AHEAD)
    spans = [span for each in said.mentions for span in each.spans]
    near = [each for each in windows if any(first <= each.first <= last + timedelta(days=7) for first, last in spans)]
    soon = near or [each for each in windows if each.first <= said.day + _SOON]
    if not near and _OF_THE_CALL.search(said.text) and not _CLOCKS.search(_HOURS.sub(" ", said.text)):
        return []
    if not soon:
        return [said.suggest(Kind.SHIFT, said.day, sure=False, calls=said.calls)]
    first = min(each.first for each in soon)
    ends = [each.last for each in soon if each.first == first and each.kind is ShiftKind.MISMATCH and each.last is not None]
    found = said.suggest(Kind.SHIFT, first, sure=bool(near), calls=said.calls)
    return [replace(found, known=True, until=min(ends, default=None))]


def beginning_windows(calendar: Calendar, series: Series, first: date, last: date) -> list[ShiftWindow]:
    """Return the shift windows that begin from one day to another on the clocks of a series' attendees.

    Those that only end a mismatch are none: who was told of it knows when it ends.
    """
    found = []
    for zone in dict.fromkeys(person.zone for person in calendar.attendees(series)):
        before: ShiftWindow | None = None
        for window in regular_calls(series).windows(zone, first - _AHEAD, last):
            back = before is not None and before.kind is ShiftKind.MISMATCH and window.kind is ShiftKind.SEASON
            if window.change_minutes and not back and first <= window.first <= last:
                found.append(window)
            before = window
    return found


_MOVED = re.compile(
    rf"{ANY_WORDS}\b{CALL}(?P<mid>[^.;!?]{{0,60}}?)\s(?P<be>(?:is|are|was|were|be|been|being|got)\s+)?"
    rf"{any_of('moved?', 'rescheduled?', 'shifted', 'postponed?', 'pushed', 'brought forward')}\b"
    r"(?P<from>[^.;!?]{0,40}?)\bto\s+(?:the\s+)?",
    re.IGNORECASE,
)
_MOVE = re.compile(
    rf"\b(?:mov(?:e|ing)|reschedul(?:e|ing)|shift|postpon(?:e|ing)|push)\s+{ANY_WORDS}{CALL}"
    r"(?P<mid>[^.;!?]{0,40}?)\bto\s+(?:the\s+)?",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\b(?P<h>[01]?\d|2[0-3])[:.](?P<m>[0-5]\d)\b(?!\s*[ap]\.?m)", re.IGNORECASE)

_WILL = any_of("will", "is going to", "(?:agreed|offered|volunteered) to", "can", "is")
_RUN = any_of(
    "(?:be )?(?:(?:also|then|instead) )?(?:run(?:ning)?|chair(?:ing)?|host(?:ing)?|lead(?:ing)?|moderat(?:e|ing))",
    "take over",
    "fill(?:ing)? in (?:in|at|for|as chair (?:of|for))",
)
_WILL_RUN = re.compile(rf"(?P<verb>\b{_WILL}|['\u2019]ll)\s+{_RUN}\s+{ANY_WORDS}{CALL}", re.IGNORECASE)
_RUN_BY = re.compile(
    rf"(?i:{ANY_WORDS}\b{CALL})(?P<mid>[^.;!?]{{0,50}}?)\s(?P<be>(?i:(?:will|is\s+going\s+to)\s+be|was|is|are|were))"
    rf"\s+(?:run|chaired|hosted|led|moderated)\s+by\s+(?P<who>{NAME})"
)
_RAN = re.compile(
    rf"\b(?:chaired|hosted|ran|led|moderated)\s+(?:the|this|today['\u2019]s)\s+{ANY_WORDS}(?:meeting|call)\b", re.IGNORECASE
)
_CHAIR_LINE = re.compile(rf"^{any_of('Chair(?:ed by|person)?', 'Host(?:ed by)?', 'Moderat(?:or|ed by)')}\s*:\s*(?P<who>{NAME})")
_MAYBE = re.compile(r"offered|volunteered|\bcan\b", re.IGNORECASE)


def moves(said: Said) -> list[Suggestion]:
    """Return the moves that a sentence suggests; a call put off to where there is one anyhow is cancelled instead."""
    found: list[Suggestion] = []
    for pattern in (_MOVED, _MOVE):
        for match in pattern.finditer(said.text):
            calls = said.calls_of(match["mod"])
            clock = _CLOCK.search(said.text, match.end(), match.end() + 40)
            target = next(
                (each for each in said.mentions if match.end() - 1 <= each.begin <= match.end() + 1 and not each.calls), None
            )
            if calls is None or (target is None and (clock is None or clock.start() > match.end() + 3)):
                continue
            sources = [day for each in said.within(match.start(), match.end()) if each is not target for day in calls.meant(each)]
            if not sources:
                sources = [day for day in calls.in_week_of(target.first) if day > said.day] if target else list(calls.after())
            sure = len(sources) == 1 and pattern is _MOVED and bool(match["be"]) and (target is None or target.single)
            for source in sources[:1]:
                moved = _moved(said, calls, source, target, clock, sure=sure)
                found += [] if moved is None else [moved]
        if found:
            break
    reason = reason_of(said)
    return [replace(each, reason=reason) for each in found]


def _moved(
    said: Said, calls: Calls, source: date, target: Mention | None, clock: re.Match[str] | None, *, sure: bool
) -> Suggestion | None:
    usual = calls.by_date[source].recurrence
    day = target.first if target is not None else source
    if target is not None and (not target.single or (day != source and calls.is_call(day))):
        found = [each for each in calls.meant(target) if each != source]
        return said.suggest(Kind.CANCEL, source, sure=False, calls=calls) if found else None
    at = time(int(clock["h"]), int(clock["m"])) if clock else usual.time()
    to = datetime.combine(day, at)
    if to == usual:
        return None
    certain = sure and (target is None or target.sure) and clock is None  # whose clock is it?
    return replace(said.suggest(Kind.MOVE, source, sure=certain, calls=calls), to=to, exact=target is not None and target.exact)


def chair_changes(said: Said) -> list[Suggestion]:
    """Return who a sentence says runs which call; `chair` is None for somebody whom the calendar does not know."""
    return [*_future(said), *_past(said)]


def _future(said: Said) -> Iterator[Suggestion]:
    for pattern in (_WILL_RUN, _RUN_BY):
        for match in pattern.finditer(said.text):
            calls = said.calls_of(match["mod"])
            groups = match.groupdict()
            if calls is None:
                continue
            who = groups.get("who") or said.text[: match.start()]
            chair = said.names.mentioned(_first_name_last(who) if groups.get("who") else who)
            past = (groups.get("be") or "").strip().casefold() in {"was", "were"}
            mentions = said.within(match.start(), match.end() + 1) or said.mentions
            days = [day for each in mentions for day in calls.meant(each) if day > said.day]
            named = bool(days)
            if not days:
                days = [said.day] if past and calls.is_call(said.day) else list(calls.after())
            sure = chair is not None and (named or past) and not _MAYBE.search(groups.get("verb") or "") and len(days) <= 2
            for day in days:
                yield replace(said.suggest(Kind.CHAIR, day, sure=sure, calls=calls), chair=chair)


def _past(said: Said) -> Iterator[Suggestion]:
    line = _CHAIR_LINE.search(said.text)
    ran = _RAN.search(said.text)
    calls = said.calls_of(ran["mod"]) if ran else said.calls
    if calls is None or not calls.is_call(said.day) or not (line or ran):
        return
    who = line["who"] if line else said.text[: ran.start()] if ran else ""
    chair = said.names.find(who) if line else said.names.mentioned(who)
    if chair is not None:
        yield replace(said.suggest(Kind.CHAIR, said.day, sure=True, calls=calls), chair=chair)


def _first_name_last(who: str) -> str:
    """Return a name that `Names.mentioned`, which looks at a text's end, finds whatever capitalised words follow it."""
    return " ".join(who.split()[:2])


def chair_on(calls: Calls, day: date) -> str | None:
    """Return who runs the call of a date, as the calendar has it."""
    occurrence = calls.by_date.get(day)
    return None if occurrence is None else occurrence.details.chair
