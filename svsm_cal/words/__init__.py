"""All texts for people, in every language: one file for each language, named by its BCP 47 tag (`de.py`, `pt_br.py`).

To add a language, add its file: `--lang` then offers it, calendar.toml accepts it, and the site has pages in it. Messages that
it lacks are in English. `en` explains the table, `language` has the functions that use it.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module

from svsm_cal.errors import UsageError
from svsm_cal.words import en
from svsm_cal.words.language import Language

ENGLISH = Language("en", en)
_FILE = r"[a-z]{2,3}(_[a-z0-9]+)*"


def tags() -> tuple[str, ...]:
    """Return the tags of all languages, English first."""
    from pkgutil import iter_modules

    names = (name for _, name, _ in iter_modules(__path__) if re.fullmatch(_FILE, name))
    return (ENGLISH.tag, *sorted(name.replace("_", "-") for name in names if name != ENGLISH.tag))


def language_of(tag: str) -> Language:
    """Return the language of a tag; raises UsageError, which lists all tags, if there is no such language."""
    if tag == ENGLISH.tag:
        return ENGLISH
    if tag not in tags():
        raise UsageError(f'no language "{tag}" (one of: {", ".join(tags())})')
    return _loaded(tag)


def languages(first: str = ENGLISH.tag) -> tuple[Language, ...]:
    """Return all languages, beginning with the one of the tag `first`."""
    return tuple(language_of(tag) for tag in dict.fromkeys((first, *tags())))


@cache
def _loaded(tag: str) -> Language:
    return Language(tag, import_module(f"{__name__}.{tag.replace('-', '_')}"))
