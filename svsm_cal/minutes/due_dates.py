"""Deadlines in minutes: before the freeze on March 11th, CFP deadline: June 7, due January 30."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from svsm_cal.core.deadlines import all_deadlines
from svsm_cal.minutes.date_phrases import any_of
from svsm_cal.minutes.names import folded
from svsm_cal.minutes.suggestion import Kind, Said, Suggestion
from svsm_cal.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from svsm_cal.core.model import Calendar
    from svsm_cal.minutes.dates import Mention

_KIND_OF = any_of(
    "[A-Z][\\w.-]*", "\\d+\\.\\d+", "soft", "hard", "feature", "code", "merge", "submission", "abstract", "paper", "talk",
    "registration", "project", "proposals?",
)  # fmt: skip
_DEADLINE = any_of(
    "deadlines?", "CFP", "calls? for (?:papers|proposals|participation|presentations|sessions)", "freeze", "cut-?off",
    "submissions?", "registration", r"due(?! (?:to|diligence)\b(?! [^.;]{1,40}\bby\b))",
)  # fmt: skip
_WHAT = rf"(?:{_KIND_OF}\s+){{0,4}}(?i:{_DEADLINE})\b"
_KEYWORD = re.compile(rf"\b(?P<what>{_WHAT})")
# The words that may precede the date of a deadline, rather than that of a conference in the same sentence.
_IS = re.compile(
    r"(?:^|\b(?:(?:goal|target)\s+of|is|was|are|on|by|until|before|at|to|for|closes?|ends?|closing|ending)"
    r"|\b(?:extended|moved|scheduled|set|planned|due|date|approaching)"
    r"|[:=\u2013\u2014(,-])\s*(?:the\s+)?$",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:\s*[:=\u2013\u2014(,-]|\s+\b(?:is|was|are|on|by|until|before|at|closes?|ends?|will|be|scheduled|set|planned)\b"
    r"|\s+\b(?:approaching|in|the|for|currently)\b)+\s*$",
    re.IGNORECASE,
)
_BEFORE = re.compile(rf"\s*(?:is|marks|will\s+be)\s+(?:the\s+)?(?P<what>(?:[\w.-]+\s+){{0,4}}?{_WHAT})")
_BY = re.compile(r"\b(?:by|no\s+later\s+than|before|until)\s+(?:the\s+)?$", re.IGNORECASE)
_REQUEST = re.compile(
    r"\b"
    + any_of(
        "submit(?:ted)?", "send", "sent", "repl(?:y|ies)", "respond", "register(?:ed)?", "feedback", "proposals?", "apply",
        "applications?", "merged?", "ready", "upstream(?:ed)?", "comments?", "review(?:ed)?", "finish(?:ed)?", "completed?",
    )
    + r"\b",
    re.IGNORECASE,
)  # fmt: skip
_SUBJECT = re.compile(r"(?P<what>(?:[\w'-]+\s+){1,8})(?:is|are|was|were|will\s+be)\s+$", re.IGNORECASE)
_NEGATED = re.compile(r"\b(?:no|not\s+(?:a|the)|without(?:\s+a)?|past|missed\s+the)\s+$", re.IGNORECASE)
# Words of headings that do not tell what is due, and words that any two deadlines may share.
_GENERIC = frozenset(
    (
        "update", "updates", "announcement", "announcements", "introduction", "other", "others", "misc", "miscellaneous", "news",
        "opening", "closing", "general", "admin", "administrative", "agenda", "topics", "topic", "notes", "items", "next",
        "meeting", "remarks", "upcoming", "business", "and", "the",
    )
)  # fmt: skip
_COMMON = frozenset(
    (
        "deadline", "deadlines", "due", "date", "call", "for", "the", "and", "submission", "submissions", "before", "after",
        "are", "2024", "2025", "2026", "2027",
    )
)  # fmt: skip
_REACH = 90
_LONGEST_TITLE = 80
_LONGEST_ID = 40


def due_dates(said: Said) -> list[Suggestion]:
    """Return the deadlines named in a sentence, except those before the minutes' date."""
    suggestions: dict[date, Suggestion] = {}
    for mention, what, sure in (*_named(said), *_requested(said)):
        day = mention.last
        if day < said.day or day in suggestions:
            continue
        certain = sure and mention.single and mention.sure
        suggestion = replace(said.suggest(Kind.DEADLINE, day, sure=certain, exact=mention.exact), title=_title(said, what))
        suggestions[day] = _compared(suggestion, said)
    return list(suggestions.values())


def _named(said: Said) -> Iterator[tuple[Mention, str, bool]]:
    """Yield the dates that the sentence calls a deadline or similar, with that name."""
    if said.heading:
        return
    for keyword in _KEYWORD.finditer(said.text):
        if _NEGATED.search(said.text[: keyword.start()]):
            continue
        for mention in said.mentions:
            gap = said.text[keyword.end() : mention.begin]
            if mention.calls or not keyword.end() <= mention.begin <= keyword.end() + _REACH or re.search(r"[;!?]|\. ", gap):
                continue
            of_month = said.text[mention.begin : mention.begin + 3].casefold() == "in "
            if _IS.search(gap) if not of_month else re.search(r"(?:\bis|\bwas|\bbe|:)\s*$|^\s*$", gap):
                subject = _SUBJECT.search(said.text[: keyword.start()]) if keyword["what"].casefold() == "due" else None
                yield mention, subject["what"] if subject else said.text[keyword.start() : mention.begin], True
                break
    for mention in said.mentions:
        match = _BEFORE.match(said.text, mention.end)
        if match and not mention.calls:
            yield mention, match["what"], True


def _requested(said: Said) -> Iterator[tuple[Mention, str, bool]]:
    """Yield the dates by which something is requested; not sure, as it may not belong in the calendar."""
    for mention in said.mentions:
        before = said.text[: mention.begin]
        request = _REQUEST.search(before[-_REACH:]) if mention.single and not mention.calls and _BY.search(before) else None
        if request and (mention.exact or request[0].casefold().startswith("submit")):
            yield mention, before.strip(" -*")[:_LONGEST_TITLE], False


def _title(said: Said, what: str) -> str:
    plain = re.sub(r"^(?:the|a|an|our|their|its|and)\s+", "", what.partition(",")[0], flags=re.IGNORECASE)
    for _ in range(4):
        plain = _TAIL.sub("", plain).strip(" :-\u2013\u2014,(")
    informative = not _GENERIC.issuperset(re.findall(r"\w+", said.section.casefold()))
    section = said.section.strip(" *:") if informative and said.section.casefold() not in plain.casefold() else ""
    title = ": ".join(filter(None, (section, " ".join(plain.split()))))
    return title if len(title) <= _LONGEST_TITLE else title[:_LONGEST_TITLE].rsplit(" ", 1)[0] + " ..."


def _compared(suggestion: Suggestion, said: Said) -> Suggestion:
    """Return a deadline with a new id; known if the calendar has one on that day with a similar name."""
    words = _distinctive(f"{said.text} {said.section}")
    same_day = [one for one in all_deadlines(said.calendar) if suggestion.date in (one.date, one.planned, one.actual)]
    known = any(words & _distinctive(f"{deadline.title} {deadline.id.replace('-', ' ')}") for deadline in same_day)
    new_id = _new_id(suggestion.title or "deadline", suggestion.date, said.calendar)
    return replace(suggestion, id=new_id, known=known, sure=suggestion.sure and (known or not same_day))


def _distinctive(text: str) -> frozenset[str]:
    return frozenset(word for word in folded(text)[0] if len(word) > 2) - _COMMON


def _new_id(title: str, day: date, calendar: Calendar) -> str:
    """Return an unused id: the words of the title with the year, or with the date if that is taken."""
    words = re.findall(r"[a-z0-9]+", " ".join(re.findall(r"\w+", title.casefold())))
    plain = "-".join(words)[: _LONGEST_ID + 1]
    plain = (plain.rpartition("-")[0] if len(plain) > _LONGEST_ID else plain) or "deadline"
    plain = plain if plain[0].isalpha() else f"deadline-{plain}"
    plain = plain.removesuffix(f"-{day.year}")
    taken = {deadline.id for deadline in all_deadlines(calendar)}
    candidates = (f"{plain}-{day.year}", f"{plain}-{day.isoformat()}", f"{plain}-minutes-{day.isoformat()}")
    return next(candidate for candidate in candidates if candidate not in taken)
