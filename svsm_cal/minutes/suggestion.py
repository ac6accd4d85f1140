"""Suggested changes of the calendar: each about one call or deadline, from one sentence of minutes, with its TOML."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from svsm_cal.minutes.calls import Calls, series_by_title
from svsm_cal.minutes.date_phrases import NAME, any_of
from svsm_cal.minutes.dates import Mention, mentions_of
from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.core.model import Calendar, Series
    from svsm_cal.minutes.names import Names


class Kind(StrEnum):
    """The kind of a suggestion."""

    CANCEL = "cancel"
    MOVE = "move"
    CHAIR = "chair"
    DEADLINE = "deadline"
    SHIFT = "shift"


# The field `Suggestion.date` hides the type's name in its class.
Date = date


class Suggestion(Value):
    """A suggestion and its sentence.

    `date` is that of the call in the rule, of the deadline, or of the first call of a time shift until the call of `until`.
    `sure` means that the sentence is unambiguous, `exact` that it names the day by number, `known` that the calendar already
    has the change. `to`, `chair` (an id), `title` and `reason` are for its TOML entry; `id` is that of a deadline.
    """

    kind: Kind
    date: Date
    line: int
    text: str
    sure: bool
    series: str | None = None
    exact: bool = False
    known: bool = False
    until: Date | None = None
    to: datetime | None = None
    chair: str | None = None
    id: str | None = None
    title: str | None = None
    reason: str | None = None

    @property
    def toml(self) -> str:
        """Return the entry for calendar.toml, of its series or of a deadline; "" if none is needed."""
        day = self.date.isoformat()
        reason = f", reason = {_quoted(self.reason)}" if self.reason else ""
        match self.kind:
            case Kind.CANCEL:
                return f"cancel = [{{ date = {day}{reason} }}]"
            case Kind.MOVE if self.to is not None:
                return f"move = [{{ date = {day}, to = {self.to.isoformat()}{reason} }}]"
            case Kind.CHAIR if self.chair is not None:
                return f"change = [{{ date = {day}, chair = {_quoted(self.chair)} }}]"
            case Kind.DEADLINE if self.id is not None:
                return f"[[deadline]]\nid = {_quoted(self.id)}\ntitle = {_quoted(self.title or self.id)}\ndate = {day}"
            case _:
                return ""


def _quoted(text: str) -> str:
    return json.dumps(re.sub(r"[\x00-\x1f\x7f]+", " ", text), ensure_ascii=False)


class Said(Value):
    """A sentence of minutes with its context.

    `day` is the date of the minutes, `before` the previous sentence of its block ("" for the first), `section` the heading
    above it, and `calls` those of the minutes' own series (None if unknown).
    """

    text: str
    line: int
    day: date
    calendar: Calendar
    names: Names
    calls: Calls | None = None
    before: str = ""
    section: str = ""
    heading: bool = False

    @cached_property
    def mentions(self) -> list[Mention]:
        """Return the dates in the sentence."""
        return mentions_of(self.text, self.day)

    @property
    def mentions_before(self) -> list[Mention]:
        """Return the dates in the sentence before."""
        return mentions_of(self.before, self.day)

    @property
    def series(self) -> Series | None:
        """Return the minutes' own series, None if unknown."""
        return None if self.calls is None else self.calls.series

    @property
    def hedged(self) -> bool:
        """Whether the sentence is uncertain or a question."""
        return bool(_HEDGES.search(self.text)) or self.text.rstrip().endswith("?")

    def within(self, begin: int, end: int) -> list[Mention]:
        """Return the dates that overlap a part of the text."""
        return [mention for mention in self.mentions if mention.begin < end and begin < mention.end]

    def calls_of(self, words: str) -> Calls | None:
        """Return the calls of the series that the words before "meeting" name, None if it is unknown."""
        series = series_by_title(words, self.calendar, self.series)
        if series is None:
            return None
        return self.calls if series is self.series else Calls(series, self.day)

    def suggest(self, kind: Kind, day: date, *, sure: bool, calls: Calls | None = None, exact: bool = False) -> Suggestion:
        """Return a suggestion for a day of the calls' series, not sure if the sentence is hedged."""
        series = None if calls is None else calls.series.id
        return Suggestion(kind, day, self.line, self.text, sure and not self.hedged, series, exact)


_HEDGES = re.compile(
    r"\b"
    + any_of(
        "might", "may (?!\\d)", "maybe", "perhaps", "possibly", "probably", "(?:un)?likely", "whether", "consider(?:ed|ing|s)?",
        "propos(?:e|ed|es|al)", "tentative(?:ly)?", "if", "possibility", "option", "asked", "wondered", "would like",
        "suggest(?:ed|s|ion)", "not sure", "unclear", "unsure", "tbd", "to be (?:confirmed|decided)", "unless", "could",
    )
    + r"(?:\b|(?<=\s))",
    re.IGNORECASE,
)  # fmt: skip
_BECAUSE = any_of("due to", "because of", "owing to", "on account of")
_FEW_WORDS = r"(?:the\s+|an?\s+)?(?P<why>[^.;,!?]{3,70})"
_CAUSE = re.compile(
    rf"\b(?:{_BECAUSE}\s+|(?:because|since|as)\s+(?=[A-Z]|(?:he|she|they|we|many|most|several|it)\b)){_FEW_WORDS}",
)
_LEADING = re.compile(rf"^(?i:{_BECAUSE})\s+{_FEW_WORDS},")
_HOW = any_of("out", "away", "on (?:vacation|leave|holidays?|PTO)", "travell?ing", "unavailable", "at (?:an? |the )?[A-Z][\\w-]+")
_WILL_BE = any_of("will be", "is", "are", "'ll be")
_ABSENCE = re.compile(rf"\b{_WILL_BE}\s+(?:\w+ly\s+)?(?P<how>{_HOW})\b")
_WHO = re.compile(rf"(?P<who>{NAME})\s*$")


def reason_of(said: Said) -> str | None:
    """Return the reason in a sentence or the one before it, in a few words, or None."""
    cause = _LEADING.search(said.text) or _CAUSE.search(said.text)
    if cause:
        return cause["why"].strip()
    for text in (said.text, said.before):
        absence = _ABSENCE.search(text)
        who = _WHO.search(text[: absence.start()]) if absence else None
        if absence and who:
            return f"{who['who']} {'away' if absence['how'] == 'out' else absence['how']}"
    return None
