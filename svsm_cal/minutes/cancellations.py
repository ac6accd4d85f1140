"""Calls that minutes say will not take place: no meeting next week, cancelled, or the next one only in two weeks."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from svsm_cal.minutes.date_phrases import ANY_WORDS, CALL, any_of
from svsm_cal.minutes.suggestion import Kind, Said, Suggestion, reason_of
from svsm_cal.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from svsm_cal.minutes.calls import Calls
    from svsm_cal.minutes.dates import Mention

__all__ = ["cancellations"]

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
# A day without its month: "on the 30th".
_NUMBERED = re.compile(r"\s+on\s+the\s+(?P<d>\d{1,2})(?:st|nd|rd|th)\b", re.IGNORECASE)
_SOON = 63  # days, in which there is every number
_MANY = 5


def cancellations(said: Said) -> list[Suggestion]:
    """Return the cancellations that a sentence suggests, each for one call."""
    taken: list[tuple[int, int]] = []
    found = list(_only_next(said, taken))
    found += _off(said, taken)
    if not found:
        found += _chair_away(said)
    reason = reason_of(said)
    return [replace(each, reason=reason) for each in found]


def _off(said: Said, taken: list[tuple[int, int]]) -> Iterator[Suggestion]:
    """Yield the calls that a sentence says are off; `taken` is where it says when the next one is."""
    if _NEVER.search(said.text):
        return
    for pattern in (_NONE, _OFF, _SKIP, _NOT_MEET):
        for match in pattern.finditer(said.text):
            calls = said.calls_of(match["mod"])
            if calls is None:
                continue
            free = [each for each in said.mentions if not any(lo < each.end and each.begin < hi for lo, hi in taken)]
            mentions, sure = _when(said, match, free)
            if mentions and _UNTIL.search(said.text[: mentions[0].begin]):
                yield from _before(said, calls, mentions[0], sure=sure)
                continue
            numbered = _NUMBERED.match(said.text, match.end())
            if numbered is not None and not mentions:
                numbered_day = _day_numbered(said, int(numbered["d"]))
                if calls.is_call(numbered_day):
                    yield said.suggest(Kind.CANCEL, numbered_day, sure=False, calls=calls, exact=True)
                continue
            if not mentions and not taken and not _PAST.search(said.text[: match.start()]):
                yield from (said.suggest(Kind.CANCEL, day, sure=False, calls=calls) for day in calls.after())
            for mention in mentions:
                yield from _meant(said, calls, mention, sure=sure)


def _day_numbered(said: Said, number: int) -> date:
    """Return the next day of a number, after the day that the sentence before names or else after the minutes' own."""
    named = [each.first for each in said.after(said.before).mentions if each.exact]
    begin = named[-1] if named else said.day
    return next((day for day in (begin + _DAY * ahead for ahead in range(1, _SOON)) if day.day == number), said.day)


def _when(said: Said, match: re.Match[str], free: list[Mention]) -> tuple[list[Mention], bool]:
    """Return the mentions that say when a call is off: those within what says so, or else right after it, or before.

    And whether they leave no doubt: nothing but small words stands between.
    """
    inside = [each for each in free if each.begin < match.end() and match.start() < each.end and each.end <= match.end() + 1]
    behind = [each for each in free if each.begin >= match.end() - 1 and each not in inside]
    # The noun itself may be part of a mention: "skip the next two meetings".
    inside += [each for each in free if each.calls and each.begin < match.end() < each.end and each not in inside]
    if inside:
        return inside, True
    near: list[Mention] = []
    at, sure = match.end(), True
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
        return [each for each in said.after(said.before).mentions if not each.calls], True
    before = [each for each in free if each.end <= match.start()]
    return before[-1:], True


def _meant(said: Said, calls: Calls, mention: Mention, *, sure: bool) -> Iterator[Suggestion]:
    days = [day for day in calls.meant(mention) if day != said.day]
    for day in days:
        yield said.suggest(Kind.CANCEL, day, sure=sure and mention.sure and len(days) <= _MANY, calls=calls, exact=mention.exact)
    if not days and not mention.calls and not mention.exact and mention.single:
        for day in calls.in_week_of(mention.first):
            yield said.suggest(Kind.CANCEL, day, sure=False, calls=calls)


def _only_next(said: Said, taken: list[tuple[int, int]]) -> Iterator[Suggestion]:
    """Yield the calls before the one that a sentence says is the next."""
    for match in _NEXT.finditer(said.text):
        gap = _ON.match(said.text, match.end())
        at = gap.end() if gap else match.end()
        begun = [each for each in said.mentions if match.end() - 1 <= each.begin <= at and not each.calls]
        calls = said.calls if match["again"] is not None else said.calls_of(match["mod"])
        if not begun or calls is None or (match["again"] is not None and _is_of_work(said, match)):
            continue
        taken.append((match.start(), begun[0].end))
        yield from _before(said, calls, begun[0], sure=not match["prep"])


def _is_of_work(said: Said, match: re.Match[str]) -> bool:
    """Whether what is resumed or continued is not the calls: "will continue on Friday"."""
    return not re.search(r"\b(?:meetings?|calls?|we)\b", said.text[: match.start()], re.IGNORECASE)


def _before(said: Said, calls: Calls, mention: Mention, *, sure: bool) -> Iterator[Suggestion]:
    """Yield the calls after the minutes' day and before the one that a mention means."""
    resumed = calls.meant(mention) or (calls.in_week_of(mention.first) if mention.single else ())
    resumed = tuple(day for day in resumed if day > said.day)
    if not resumed:
        return
    between = calls.within(said.day + _DAY, resumed[0] - _DAY)
    right = mention.sure and resumed == tuple(calls.meant(mention)) and (mention.last - mention.first).days <= 7
    away = _periods(said)
    for day in between:
        inside = not away or any(first <= day <= last for first, last in away)
        yield said.suggest(Kind.CANCEL, day, sure=sure and right and inside and len(between) <= _MANY, calls=calls)


def _periods(said: Said) -> list[tuple[date, date]]:
    """Return the days on which the sentence before says that somebody is away."""
    if not _AWAY.search(said.before):
        return []
    return [span for each in said.after(said.before).mentions for span in each.spans]


def _chair_away(said: Said) -> Iterator[Suggestion]:
    """Yield the calls that the one who runs them is away from: nobody says that they are off, but somebody must decide."""
    match = _AWAY.search(said.text)
    if match is None or said.calls is None:
        return
    who = said.names.mentioned(said.text[: match.start()])
    mentions: Iterable[Mention] = [each for each in said.mentions if each.end <= match.start() or each.begin >= match.end()]
    for mention in mentions:
        for day in said.calls.meant(mention):
            chair = said.calls.by_date[day].details.chair
            if day > said.day and who is not None and chair == who:
                yield said.suggest(Kind.CANCEL, day, sure=False, calls=said.calls)
