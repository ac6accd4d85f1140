"""People's names as they are written in minutes, and whose they are: Jörg Rödel, joerg roedel and J. Roedel (Chair) are one.

Accents and case do not count, a German umlaut is read with and without its e, and what is in brackets is a remark.
Nobody is guessed: a name that fits two people is nobody's.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from svsm_cal.core.model import Participant

__all__ = ["Attendee", "Names", "attendees_of", "folded", "plain_name"]

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
    """Who was there: the name as written, whose it is if anybody's that we know, and the remark beside it ("Chair")."""

    name: str
    participant: str | None = None
    remark: str = ""

    @property
    def chairs(self) -> bool:
        """Whether the remark says that they ran the call."""
        return self.remark.casefold() in {"chair", "host", "moderator", "chairing", "chairperson", "leitung"}


@lru_cache(maxsize=4096)
def folded(name: str) -> tuple[frozenset[str], ...]:
    """Return the sets of words that a name is known by: with umlauts as one letter, and as two."""
    lower = unicodedata.normalize("NFC", name).casefold()
    return tuple({_words(lower): None, _words(lower.translate(_UMLAUTS)): None})


def _words(text: str) -> frozenset[str]:
    letters = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    plain = "".join(each for each in letters if not unicodedata.combining(each))
    return frozenset(re.findall(r"\w+", plain))


def plain_name(name: str) -> str:
    """Return a name by which different spellings of it are counted as one."""
    return " ".join(sorted(folded(name)[-1]))


class Names:
    """The participants, found by what minutes call them."""

    def __init__(self, participants: Iterable[Participant]) -> None:
        self.people = tuple(participants)
        self._known = [(words, each.id) for each in self.people for words in folded(each.name) if words]

    def find(self, name: str) -> str | None:
        """Return the id of the one participant whom a name fits: whole, without a middle name, by initials, or first name."""
        for fits in (_same, _part, _initials, _one_word):
            found = {whose for words in folded(name) if words for known, whose in self._known if fits(words, known)}
            if found:
                return found.pop() if len(found) == 1 else None
        return None

    def mentioned(self, text: str) -> str | None:
        """Return the id of the one participant named at the end of a few words, by their whole name or their first."""
        words = text.split()
        for size in (3, 2, 1):
            found = self.find(" ".join(words[-size:])) if len(words) >= size else None
            if found is not None:
                return found
        return None


def _same(words: frozenset[str], known: frozenset[str]) -> bool:
    return words == known


def _part(words: frozenset[str], known: frozenset[str]) -> bool:
    return min(len(words), len(known)) > 1 and (words < known or known < words)


def _initials(words: frozenset[str], known: frozenset[str]) -> bool:
    short = {each for each in words if len(each) == 1}
    rest = words - short
    others = {each[0] for each in known - rest}
    return bool(short) and bool(rest) and rest < known and short <= others


def _one_word(words: frozenset[str], known: frozenset[str]) -> bool:
    return len(words) == 1 and words < known


def attendees_of(entries: Sequence[str], names: Names) -> tuple[Attendee, ...]:
    """Return the attendees that lines or items of a list name, each once, in their order.

    An item's second part is where somebody works, if the list has an item for each person.
    """
    parts = [[_BOX.sub("", part.strip()) for part in _SPLIT.split(_shielded(entry))] for entry in entries]
    if len(parts) > 2 and all(len(each) <= 2 for each in parts):
        parts = [each if len(each) > 1 and names.find(each[1]) else each[:1] for each in parts]
    found: dict[str, Attendee] = {}
    for written in (part for each in parts for part in each):
        name, remark = _named(written)
        if name and not _NOBODY.match(name) and any(map(str.isalpha, name)):
            found.setdefault(plain_name(name) or name, Attendee(name, names.find(name), remark))
    whole = {each.participant for each in found.values() if " " in each.name}
    # A first name alone is somebody else if the one it fits is there by their whole name.
    return tuple(
        Attendee(each.name, None, each.remark) if " " not in each.name and each.participant in whole else each
        for each in found.values()
    )


def _shielded(entry: str) -> str:
    """Return an entry whose remarks have no commas in them."""
    return _REMARK.sub(lambda match: match[0].replace(",", " ").replace(" and ", " + "), entry)


def _named(written: str) -> tuple[str, str]:
    """Return a name without its address, company and remark; and the remark."""
    plain = _MAIL.sub("", written).strip()
    remark = _REMARK.search(plain)
    name = _AFFILIATION.sub("", _REMARK.sub(" ", plain)).strip(" \t.:*_`@'\"\u2013\u2014-")
    return " ".join(name.split())[:80], " ".join(remark[1].split()) if remark else ""
