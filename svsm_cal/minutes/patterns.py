"""Patterns for what people say, written nearly as they say it."""

from __future__ import annotations

__all__ = ["ANY_WORDS", "CALL", "NAME", "any_of"]

# The words before "meeting", which tell which one is meant; what is meant by "meeting"; a person's name.
ANY_WORDS = r"(?P<mod>(?:[\w'\u2019/-]+\s+){0,4}?)"
CALL = r"(?:meetings?|calls?|sync)\b"
NAME = r"[A-Z][\w.'\u2019-]+(?:\s+[A-Z][\w.'\u2019-]+){0,2}"


def any_of(*phrases: str) -> str:
    """Return a pattern for any of some phrases, which may be patterns: a blank is any white space, "'" either apostrophe."""
    return "(?:" + "|".join(phrases).replace(" ", r"\s+").replace("'", r"['\u2019]") + ")"
