"""What people read, in every language: one file of this folder for each, named by its BCP 47 tag (`de.py`, `pt_br.py`).

A file that is added is a language: it is offered by `--lang`, allowed in calendar.toml and has pages of its own. What it
leaves out is said in English. See `en` for the table, and `language` for what is done with it.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module

from svsm_cal.errors import UsageError
from svsm_cal.words import en
from svsm_cal.words.language import Language

__all__ = ["ENGLISH", "language_of", "languages", "tags"]

ENGLISH = Language("en", en)
_FILE = re.compile(r"[a-z]{2,3}(_[a-z0-9]+)*")


def tags() -> tuple[str, ...]:
    """Return the tags of all languages, English first."""
    from pkgutil import iter_modules

    names = (name for _, name, _ in iter_modules(__path__) if _FILE.fullmatch(name))
    return (ENGLISH.tag, *sorted(name.replace("_", "-") for name in names if name != ENGLISH.tag))


def language_of(tag: str) -> Language:
    """Return the language of a tag; raises UsageError, which lists all tags, if there is no such language."""
    if tag == ENGLISH.tag:
        return ENGLISH
    if tag not in tags():
        raise UsageError(f'no language "{tag}" (one of: {", ".join(tags())})')
    return _loaded(tag)


def languages(first: str = ENGLISH.tag) -> tuple[Language, ...]:
    """Return all languages, the one of a tag before the others."""
    return tuple(language_of(tag) for tag in dict.fromkeys((first, *tags())))


@cache
def _loaded(tag: str) -> Language:
    return Language(tag, import_module(f"{__name__}.{tag.replace('-', '_')}"))
