"""Moved calls, changes of the chair, and remarks about clock changes in minutes."""

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
# Under a heading about clock changes: "The US switches on November 2nd".
_SWITCHES = re.compile(r"\b(?:switch|chang|shift)(?:es|ed|ing|s)\b.{0,60}\d", re.IGNORECASE)
# "One hour earlier, at 17:00" is a new time of the call, unless the clocks change then.
_OF_THE_CALL = re.compile(r"\bhour\s+(?:later|earlier)\b[^.;]{0,20}\bat\s+\d{1,2}[:.]\d\d", re.IGNORECASE)
_HOURS = re.compile(r"\bhour\s+(?:later|earlier)\b", re.IGNORECASE)
_SOON = timedelta(days=28)
_AHEAD = timedelta(days=200)


def mentions_clocks(text: str) -> bool:
    """Whether a text is about clock changes."""
    return _CLOCKS.search(text) is not None


def time_shifts(said: Said) -> list[Suggestion]:
    """Return the clock change that a sentence is about, with the dates of the calendar's shift window.

    It is known if there is a window; it needs no entry, as shifts are computed.
    """
    about_clocks = mentions_clocks(said.text) or (mentions_clocks(said.section) and _SWITCHES.search(said.text))
    if said.series is None or not about_clocks:
        return []
    windows = beginning_windows(said.calendar, said.series, said.day + timedelta(days=1), said.day + _AHEAD)
    spans = [span for mention in said.mentions for span in mention.spans]
    near = [window for window in windows if any(first <= window.first <= last + timedelta(days=7) for first, last in spans)]
    soon = near or [window for window in windows if window.first <= said.day + _SOON]
    if not near and _OF_THE_CALL.search(said.text) and not _CLOCKS.search(_HOURS.sub(" ", said.text)):
        return []
    if not soon:
        return [said.suggest(Kind.SHIFT, said.day, sure=False, calls=said.calls)]
    first = min(window.first for window in soon)
    mismatches = [window for window in soon if window.first == first and window.kind is ShiftKind.MISMATCH]
    until = min((window.last for window in mismatches if window.last is not None), default=None)
    return [replace(said.suggest(Kind.SHIFT, first, sure=bool(near), calls=said.calls), known=True, until=until)]


def beginning_windows(calendar: Calendar, series: Series, first: date, last: date) -> list[ShiftWindow]:
    """Return the shift windows in the attendees' zones that begin between two days.

    Windows that only end a mismatch are left out, as the notice of the mismatch gave its end.
    """
    windows = []
    for zone in dict.fromkeys(person.zone for person in calendar.attendees(series)):
        before: ShiftWindow | None = None
        for window in regular_calls(series).windows(zone, first - _AHEAD, last):
            ends_mismatch = before is not None and before.kind is ShiftKind.MISMATCH and window.kind is ShiftKind.SEASON
            if window.change_minutes and not ends_mismatch and first <= window.first <= last:
                windows.append(window)
            before = window
    return windows


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
    """Return the moves that a sentence suggests; a call moved to the date of the next call is cancelled instead."""
    suggestions: list[Suggestion] = []
    for pattern in (_MOVED, _MOVE):
        for match in pattern.finditer(said.text):
            calls = said.calls_of(match["mod"])
            clock = _CLOCK.search(said.text, match.end(), match.end() + 40)
            at = range(match.end() - 1, match.end() + 2)
            target = next((mention for mention in said.mentions if mention.begin in at and not mention.calls), None)
            if calls is None or (target is None and (clock is None or clock.start() > match.end() + 3)):
                continue
            named = [mention for mention in said.within(match.start(), match.end()) if mention is not target]
            sources = [day for mention in named for day in calls.meant(mention)]
            if not sources:
                sources = [day for day in calls.in_week_of(target.first) if day > said.day] if target else list(calls.after())
            sure = len(sources) == 1 and pattern is _MOVED and bool(match["be"]) and (target is None or target.single)
            if sources:
                suggestions += filter(None, [_moved(said, calls, sources[0], target, clock, sure=sure)])
        if suggestions:
            break
    reason = reason_of(said)
    return [replace(suggestion, reason=reason) for suggestion in suggestions]


def _moved(
    said: Said, calls: Calls, source: date, target: Mention | None, clock: re.Match[str] | None, *, sure: bool
) -> Suggestion | None:
    usual = calls.by_date[source].recurrence
    day = target.first if target is not None else source
    if target is not None and (not target.single or (day != source and calls.is_call(day))):
        others = set(calls.meant(target)) - {source}
        return said.suggest(Kind.CANCEL, source, sure=False, calls=calls) if others else None
    to = datetime.combine(day, time(int(clock["h"]), int(clock["m"])) if clock else usual.time())
    if to == usual:
        return None
    certain = sure and (target is None or target.sure) and clock is None  # the zone of the clock time is unknown
    return replace(said.suggest(Kind.MOVE, source, sure=certain, calls=calls), to=to, exact=target is not None and target.exact)


def chair_changes(said: Said) -> list[Suggestion]:
    """Return the chairs that a sentence names for calls; `chair` is None for a person who is not a participant."""
    return [*_future(said), *_past(said)]


def _future(said: Said) -> Iterator[Suggestion]:
    for pattern in (_WILL_RUN, _RUN_BY):
        for match in pattern.finditer(said.text):
            calls = said.calls_of(match["mod"])
            groups = match.groupdict()
            if calls is None:
                continue
            # Capitalised words may follow a name in "run by ...", so that its first two words have to do.
            who = " ".join(groups["who"].split()[:2]) if groups.get("who") else said.text[: match.start()]
            chair = said.names.mentioned(who)
            past = (groups.get("be") or "").strip().casefold() in {"was", "were"}
            mentions = said.within(match.start(), match.end() + 1) or said.mentions
            days = [day for mention in mentions for day in calls.meant(mention) if day > said.day]
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


def chair_on(calls: Calls, day: date) -> str | None:
    """Return the calendar's chair of the call of a date."""
    occurrence = calls.by_date.get(day)
    return None if occurrence is None else occurrence.details.chair
