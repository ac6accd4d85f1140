"""Matching of names in minutes with participants: Jörg Rödel, joerg roedel and J. Roedel (Chair) are one person.

Accents and case are ignored, German umlauts match with and without e, and text in brackets is a remark. A name that matches
two people matches nobody.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from svsm_cal.core.model import Participant

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa"})
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "\u0131": "i"})
_REMARK = re.compile(r"\s*[(\[]([^()\[\]]{0,60})[)\]]?\s*")
_MAIL = re.compile(r"<?[^\s<>@]+@[^\s<>@]+>?")
_BOX = re.compile(r"^\[[ xX]?\]\s+|^[-*+•]\s+")
_SPLIT = re.compile(r"[,;|、\uff0c]|\s+(?:and|&|und)\s+|\band\s+(?=[A-Z])")
_AFFILIATION = re.compile(r"\s+[-\u2013\u2014/]\s+.*$|\s+@\s*\w.*$")
_NOBODY = re.compile(
    r"^(?:and )?(?:others?|everyone|everybody|all|none|n/?a|tbd|tba|et al\.?|guests?|\d+ others?|more)$", re.IGNORECASE
)


class Attendee(Value):
    """An attendee: the name as written, the participant's id (None for others), and the remark ("Chair")."""

    name: str
    participant: str | None = None
    remark: str = ""

    @property
    def chairs(self) -> bool:
        """Whether the remark marks the chair of the call."""
        return self.remark.casefold() in {"chair", "host", "moderator", "chairing", "chairperson", "leitung"}


@lru_cache(maxsize=4096)
def folded(name: str) -> tuple[frozenset[str], ...]:
    """Return the word sets of a name: with umlauts as one letter, and as two."""
    lower = unicodedata.normalize("NFC", name).casefold()
    return tuple({_words(lower): None, _words(lower.translate(_UMLAUTS)): None})


def _words(text: str) -> frozenset[str]:
    letters = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return frozenset(re.findall(r"\w+", "".join(letter for letter in letters if not unicodedata.combining(letter))))


def plain_name(name: str) -> str:
    """Return a normal form that is the same for different spellings of a name."""
    return " ".join(sorted(folded(name)[-1]))


class Names:
    """The participants, to be found by the names in minutes."""

    def __init__(self, participants: Iterable[Participant]) -> None:
        self._known = [(words, person.id) for person in participants for words in folded(person.name) if words]

    def find(self, name: str) -> str | None:
        """Return the id of the only participant with a name: in full, without a middle name, by initials, or by first name."""
        for matches in _MATCHES:
            ids = {person for words in folded(name) if words for known, person in self._known if matches(words, known)}
            if ids:
                return ids.pop() if len(ids) == 1 else None
        return None

    def mentioned(self, text: str) -> str | None:
        """Return the id of the only participant whose full or first name ends a text."""
        words = text.split()
        ids = (self.find(" ".join(words[-size:])) for size in (3, 2, 1) if len(words) >= size)
        return next(filter(None, ids), None)


def _by_initials(words: frozenset[str], known: frozenset[str]) -> bool:
    initials = {word for word in words if len(word) == 1}
    rest = words - initials
    return bool(initials) and bool(rest) and rest < known and initials <= {word[0] for word in known - rest}


# The ways to match the words of a name with those of a participant, the strictest first.
_MATCHES: tuple[Callable[[frozenset[str], frozenset[str]], bool], ...] = (
    lambda words, known: words == known,
    lambda words, known: min(len(words), len(known)) > 1 and (words < known or known < words),
    _by_initials,
    lambda words, known: len(words) == 1 and words < known,
)


def attendees_of(entries: Sequence[str], names: Names) -> tuple[Attendee, ...]:
    """Return the attendees in the lines or items of a list, in order and without repetition.

    If the list has one item for each person, the second part of an item is the employer.
    """
    items = [[_BOX.sub("", part.strip()) for part in _SPLIT.split(_protected(entry))] for entry in entries]
    if len(items) > 2 and all(len(parts) <= 2 for parts in items):
        items = [parts if len(parts) > 1 and names.find(parts[1]) else parts[:1] for parts in items]
    attendees: dict[str, Attendee] = {}
    for written in (part for parts in items for part in parts):
        name, remark = _named(written)
        if name and not _NOBODY.match(name) and any(map(str.isalpha, name)):
            attendees.setdefault(plain_name(name) or name, Attendee(name, names.find(name), remark))
    in_full = {attendee.participant for attendee in attendees.values() if " " in attendee.name}
    # If a full name is listed, the same first name alone means another person.
    return tuple(
        replace(attendee, participant=None) if " " not in attendee.name and attendee.participant in in_full else attendee
        for attendee in attendees.values()
    )


def _protected(entry: str) -> str:
    """Return an entry without separators inside its remarks."""
    return _REMARK.sub(lambda match: match[0].replace(",", " ").replace(" and ", " + "), entry)


def _named(written: str) -> tuple[str, str]:
    """Return a name without address, company and remark, and the remark."""
    plain = _MAIL.sub("", written).strip()
    remark = _REMARK.search(plain)
    name = _AFFILIATION.sub("", _REMARK.sub(" ", plain)).strip(" \t.:*_`@'\"\u2013\u2014-")
    return " ".join(name.split())[:80], " ".join(remark[1].split()) if remark else ""
