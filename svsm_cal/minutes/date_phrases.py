"""Patterns of dates in English sentences: January 22nd, 2025, the first two weeks of July, next week."""

from __future__ import annotations

import re

from svsm_cal.engine.civil import WEEKDAYS
from svsm_cal.words.en import MONTHS

# The words before "meeting", which may name its series; the word "meeting" and its synonyms; a person's name.
ANY_WORDS = r"(?P<mod>(?:[\w'\u2019/-]+\s+){0,4}?)"
CALL = r"(?:meetings?|calls?|sync)\b"
NAME = r"[A-Z][\w.'\u2019-]+(?:\s+[A-Z][\w.'\u2019-]+){0,2}"


def any_of(*phrases: str) -> str:
    """Return a pattern for any of the phrases (regular expressions): a blank matches white space, "'" both apostrophes."""
    return "(?:" + "|".join(phrases).replace(" ", r"\s+").replace("'", r"['\u2019]") + ")"


_COUNT = r"(?:\d{1,2}|one|two|three|four|five|six|an?(?: couple(?: of)?| few)?|couple of|few)"
_LONGER = {name: name[3:] for name in MONTHS} | {"September": "t(?:ember)?"}
_MONTH = "(?:" + "|".join(f"{name[:3]}(?:{rest})?" for name, rest in _LONGER.items()) + r")\b\.?"
_WEEKDAY = "(?:" + "|".join(WEEKDAYS) + ")"
_NTH = r"\d{1,2}(?:st|nd|rd|th)?\b"
_YEAR = r"(?:19|20|21)\d\d\b"
_OF_YEAR = rf"(?:,?\s+(?P<y>{_YEAR}))?"
_ON = rf"(?:(?P<wd>{_WEEKDAY}),?\s+(?:the\s+)?)?"
_MORE = rf"(?:\s*(?P<join>-|\u2013|\u2014|to|through|until|and|&|or)\s*(?:the\s+)?(?P<second>{_NTH})(?!\s*(?:{_MONTH}|:|%)))?"
_PART = rf"(?P<part>first|second|third|last|1st|2nd|3rd)\s+(?P<count>{_COUNT}\s+)?(?P<unit>weeks?|half|days?)"
_EDGE = r"(?P<edge>end|beginning|start|middle|mid|early|late)"
_OF_S = r"(?:'s|\u2019s)?"
# Kind of date -> its pattern; patterns that contain others come first.
_PATTERNS: dict[str, str] = {
    "iso": r"(?<![\d-])(?P<y>(?:19|20|21)\d\d)[-/](?P<m>\d\d)[-/](?P<d>\d\d)(?![\d-])",
    "dotted": rf"(?<![\d.])(?P<d>\d{{1,2}})\.(?P<m>\d{{1,2}})\.(?P<y>{_YEAR})",
    "of_month": rf"(?:{_PART}|{_EDGE})(?:\s+of|\s+in|-)?\s+(?P<month>{_MONTH}){_OF_YEAR}",
    "month_day": rf"{_ON}(?P<month>{_MONTH})\s+(?:the\s+)?(?P<d>{_NTH})(?![:%]){_MORE}{_OF_YEAR}",
    "day_month": rf"{_ON}(?<![\d#.])(?P<d>{_NTH})\.?{_MORE}\s+(?:of\s+)?(?P<month>{_MONTH}){_OF_YEAR}",
    "weekday": rf"(?:(?P<which>next|this|last|coming|following)\s+)?(?P<wd>{_WEEKDAY})(?!s\b)(?P<next>\s+(?:of\s+)?next\s+week)?",
    "week_of": r"(?:the\s+)?week\s+(?:of|after(?!\s+next)|following)\b",
    "ago": rf"(?P<n>{_COUNT})\s+(?P<unit>days?|weeks?)\s+ago",
    "in": rf"(?:in|within)\s+(?P<n>{_COUNT})\s+(?P<unit>days?|weeks?){_OF_S}(?:\s+time)?",
    "from_now": rf"(?P<n>{_COUNT})\s+(?P<unit>days?|weeks?)\s+from\s+(?:now|today)",
    "weeks": rf"(?:the\s+)?(?P<which>next|following|coming)\s+(?P<n>{_COUNT})\s+(?P<unit>weeks?|days?|meetings?|calls?)",
    "calls": rf"(?:the\s+)?(?:next|following|upcoming|coming)\s+(?:[\w-]+\s+){{0,2}}?(?P<unit>meeting|call){_OF_S}",
    "week": rf"(?:the\s+)?(?P<which>next|this|last|following|coming|past)\s+week(?P<end>end)?{_OF_S}",
    "after_next": r"(?:the\s+)?week\s+after(?:\s+next)?|fortnight",
    "month": r"(?P<which>next|this)\s+month|(?P<rest>(?:rest|end)\s+of\s+(?:the|this)\s+year)",
    "day": r"(?P<which>today|tomorrow)\b",
    "in_month": rf"(?P<prep>in|until|through|throughout|during|for|till)\s+(?P<month>{_MONTH}){_OF_YEAR}",
}
TRIGGER = re.compile(
    rf"\d|\b(?:{_MONTH}|{_WEEKDAY}|week|weekend|month|year|meeting|call|today|tomorrow|fortnight)", re.IGNORECASE
)
_BARE = frozenset(("iso", "dotted", "day_month"))  # these patterns have their own word boundary
PATTERNS = {
    kind: re.compile(pattern if kind in _BARE else rf"\b(?:{pattern})", re.IGNORECASE) for kind, pattern in _PATTERNS.items()
}
