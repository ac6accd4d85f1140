"""Cancellations in minutes: no meeting next week, the call on Friday is cancelled, the next call is in two weeks."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from svsm_cal.minutes.date_phrases import ANY_WORDS, CALL, any_of
from svsm_cal.minutes.suggestion import Kind, Said, Suggestion, reason_of
from svsm_cal.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svsm_cal.minutes.calls import Calls
    from svsm_cal.minutes.dates import Mention

_DAY = timedelta(days=1)
# "No meeting minutes", "no call to the function".
_WORKS = any_of(
    "minutes", "notes", "links?", "traces?", "stacks?", "graphs?", "times?", "invites?", "recordings?", "sites?", "chains?",
    "paths?", "gates?", "instructions?", "into", "to", "from",
    "for (?:papers|proposals|participation|presentations|sessions|speakers|help|volunteers)",
)  # fmt: skip
_OF_WORK = rf"(?!\s*{_WORKS}\b)"
_IS_OFF = any_of("cancell?ed", "skipped", "called off", "dropped")
_NOT_HELD = any_of("will not", "won't", "(?:is|are) not going to", "not") + r"\s+" + any_of("be held", "take place", "happen")
_NONE = re.compile(rf"\bno\s+{ANY_WORDS}{CALL}{_OF_WORK}", re.IGNORECASE)
_OFF = re.compile(
    rf"{ANY_WORDS}\b{CALL}(?P<mid>[^.;!?]{{0,80}}?)\s"
    rf"(?:(?:is|are|was|were|be|been|being|got|gets)\s+(?:(?:also|therefore|hereby)\s+)?{_IS_OFF}|{_NOT_HELD})\b",
    re.IGNORECASE,
)
_SKIP = re.compile(rf"\b(?:skip(?:ping|ped)?|cancel(?:l?ing|l?ed)?)\s+{ANY_WORDS}{CALL}", re.IGNORECASE)
_WILL_NOT = any_of("will not", "won't", "not going to")
_NOT_MEET = re.compile(rf"\b{_WILL_NOT}\s+(?P<mod>)meet\b", re.IGNORECASE)
_NEVER = re.compile(
    r"\b(?:not|never|n['\u2019]t|avoid)\s+(?:\w+\s+){0,2}(?:cancell?(?:ed|ing)?|skip(?:ped|ping)?)\b", re.IGNORECASE
)
_THAT_TIME = re.compile(
    r"\b"
    + any_of("(?:during|in|at|over) (?:that|this) (?:time|period)", "that (?:week|day)", "those (?:weeks|days)", "then")
    + r"\b",
    re.IGNORECASE,
)
_JOINS = re.compile(
    r"(?:[\s,:\u2013\u2014&(-]"
    r"|\b(?:and|or|on|in|for|during|at|the|over|also|both|either|of|held|planned|scheduled|be)\b)*",
    re.IGNORECASE,
)
_UNTIL = re.compile(r"\buntil\s+(?:the\s+)?$", re.IGNORECASE)
_NEXT = re.compile(
    rf"\b(?P<prep>(?:in|at|for|during|before|until|by)\s+(?:the\s+|our\s+)?)?(?:next|following)\s+{ANY_WORDS}{CALL}"
    rf"|\b{any_of('resume', 'reconvene', 'meet(?:ing)? again', 'continue')}(?P<again>)\b",
    re.IGNORECASE,
)
_ON = re.compile(
    r"(?:[\s:,*\u2013\u2014-]"
    r"|\b(?:will|would|be|is|was|are|has|been|going|to|currently|scheduled|planned|set|happen|occur|held|takes?|place)\b"
    r"|\b(?:for|on|in|at|the|then|therefore|again|only|next|(?:development\s+)?(?:meeting|call))\b"
    r"|\b(?:due\s+to|because\s+of)\s+[^,.;]{0,60},)*",
    re.IGNORECASE,
)
_GONE = any_of(
    r"out\b", "away", "on (?:vacation|leave|holidays?|pto)", "taking (?:a )?vacation", "travell?ing", "unavailable", "absent",
    "not available",
)  # fmt: skip
_IS_TO_BE = any_of("will be", "is", "are", "'ll be", "going to be")
_CANNOT = any_of("can(?:no|')t", "won't", "will not")
_AWAY = re.compile(
    rf"\b(?:{_IS_TO_BE}\s+(?:\w+ly\s+)?{_GONE}"
    rf"|{_CANNOT}\s+{any_of('(?:be able to )?(?:attend|join|make it)', 'be (?:there|available)')})\b",
    re.IGNORECASE,
)
_PAST = re.compile(r"\b(?:was|were|has\s+been|have\s+been|had)\s+$", re.IGNORECASE)
_WE = re.compile(r"\b(?:meetings?|calls?|we)\b", re.IGNORECASE)
# A day without its month: "on the 30th".
_NUMBERED = re.compile(r"\s+on\s+the\s+(?P<d>\d{1,2})(?:st|nd|rd|th)\b", re.IGNORECASE)
_SOON = 63  # days, in which each day number occurs
_MANY = 5


def cancellations(said: Said) -> list[Suggestion]:
    """Return the cancellations that a sentence suggests, one for each call."""
    taken: list[tuple[int, int]] = []
    suggestions = [*_before_next(said, taken), *_off(said, taken)] or list(_chair_away(said))
    reason = reason_of(said)
    return [replace(suggestion, reason=reason) for suggestion in suggestions]


def _off(said: Said, taken: list[tuple[int, int]]) -> Iterator[Suggestion]:
    """Yield the calls that a sentence cancels; `taken` has the parts of the text about the next call."""
    if _NEVER.search(said.text):
        return
    for pattern in (_NONE, _OFF, _SKIP, _NOT_MEET):
        for match in pattern.finditer(said.text):
            calls = said.calls_of(match["mod"])
            if calls is None:
                continue
            free = [mention for mention in said.mentions if not any(lo < mention.end and mention.begin < hi for lo, hi in taken)]
            mentions, sure = _when(said, match, free)
            if mentions and _UNTIL.search(said.text[: mentions[0].begin]):
                yield from _before(said, calls, mentions[0], sure=sure)
                continue
            numbered = _NUMBERED.match(said.text, match.end())
            if numbered is not None and not mentions:
                day = _day_numbered(said, int(numbered["d"]))
                if calls.is_call(day):
                    yield said.suggest(Kind.CANCEL, day, sure=False, calls=calls, exact=True)
                continue
            if not mentions and not taken and not _PAST.search(said.text[: match.start()]):
                yield from (said.suggest(Kind.CANCEL, day, sure=False, calls=calls) for day in calls.after())
            for mention in mentions:
                yield from _meant(said, calls, mention, sure=sure)


def _day_numbered(said: Said, number: int) -> date:
    """Return the next "30th" after a date in the sentence before, otherwise after the date of the minutes."""
    named = [mention.first for mention in said.mentions_before if mention.exact]
    begin = named[-1] if named else said.day
    return next((day for day in (begin + _DAY * ahead for ahead in range(1, _SOON)) if day.day == number), said.day)


def _when(said: Said, match: re.Match[str], free: list[Mention]) -> tuple[list[Mention], bool]:
    """Return the dates of a cancellation, inside its phrase, otherwise after it, otherwise before it.

    The second value is whether they are sure: only small words separate them from the phrase.
    """
    begin, end = match.span()
    inside = [mention for mention in free if begin < mention.end <= end + 1 and mention.begin < end]
    behind = [mention for mention in free if mention.begin >= end - 1 and mention not in inside]
    # The noun may be part of the date: "skip the next two meetings".
    inside += [mention for mention in free if mention.calls and mention.begin < end < mention.end and mention not in inside]
    if inside:
        return inside, True
    near: list[Mention] = []
    at, sure = end, True
    for mention in behind:
        gap = said.text[at : mention.begin]
        plain = _JOINS.fullmatch(gap) is not None
        if not plain and (near or len(gap) > 60):
            break
        sure = sure and (plain or _UNTIL.search(gap) is not None)
        near.append(mention)
        at = mention.end
    if near:
        return near, sure
    if _THAT_TIME.search(said.text) and said.before:
        return [mention for mention in said.mentions_before if not mention.calls], True
    before = [mention for mention in free if mention.end <= begin]
    return before[-1:], True


def _meant(said: Said, calls: Calls, mention: Mention, *, sure: bool) -> Iterator[Suggestion]:
    days = [day for day in calls.meant(mention) if day != said.day]
    for day in days:
        yield said.suggest(Kind.CANCEL, day, sure=sure and mention.sure and len(days) <= _MANY, calls=calls, exact=mention.exact)
    if not days and not mention.calls and not mention.exact and mention.single:
        for day in calls.in_week_of(mention.first):
            yield said.suggest(Kind.CANCEL, day, sure=False, calls=calls)


def _before_next(said: Said, taken: list[tuple[int, int]]) -> Iterator[Suggestion]:
    """Yield the calls before the one that a sentence calls the next."""
    for match in _NEXT.finditer(said.text):
        gap = _ON.match(said.text, match.end())
        at = gap.end() if gap else match.end()
        dates = [mention for mention in said.mentions if match.end() - 1 <= mention.begin <= at and not mention.calls]
        calls = said.calls if match["again"] is not None else said.calls_of(match["mod"])
        # "will continue on Friday" may be about work, "we will continue" is about calls.
        of_work = match["again"] is not None and not _WE.search(said.text[: match.start()])
        if not dates or calls is None or of_work:
            continue
        taken.append((match.start(), dates[0].end))
        yield from _before(said, calls, dates[0], sure=not match["prep"])


def _before(said: Said, calls: Calls, mention: Mention, *, sure: bool) -> Iterator[Suggestion]:
    """Yield the calls after the minutes and before the first call of a mention."""
    resumed = calls.meant(mention) or (calls.in_week_of(mention.first) if mention.single else ())
    resumed = tuple(day for day in resumed if day > said.day)
    if not resumed:
        return
    between = calls.within(said.day + _DAY, resumed[0] - _DAY)
    clear = mention.sure and resumed == tuple(calls.meant(mention)) and (mention.last - mention.first).days <= 7
    # The sentence before may give the period in which somebody is away.
    away = [span for named in said.mentions_before for span in named.spans] if _AWAY.search(said.before) else []
    for day in between:
        inside = not away or any(first <= day <= last for first, last in away)
        yield said.suggest(Kind.CANCEL, day, sure=sure and clear and inside and len(between) <= _MANY, calls=calls)


def _chair_away(said: Said) -> Iterator[Suggestion]:
    """Yield the calls whose chair is away: not cancelled yet, but in need of a decision."""
    match = _AWAY.search(said.text)
    if match is None or said.calls is None:
        return
    person = said.names.mentioned(said.text[: match.start()])
    for mention in said.mentions:
        if mention.end <= match.start() or mention.begin >= match.end():
            for day in said.calls.meant(mention):
                if day > said.day and person is not None and said.calls.by_date[day].details.chair == person:
                    yield said.suggest(Kind.CANCEL, day, sure=False, calls=said.calls)
