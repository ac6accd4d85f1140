"""Text from external sources: safe one-line plain text, and e-mail addresses (RFC 5322 section 3.4.1)."""

from __future__ import annotations

import re

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


def is_address(text: str) -> bool:
    """Return whether `text` is an e-mail address without a display name.

    >>> is_address("list@example.org"), is_address("a..b@example.org")
    (True, False)
    """
    return _ADDRESS.fullmatch(text) is not None


def plain_text(text: str, longest: int) -> str:
    r"""Return at most `longest` characters of a text, with each run of blanks and unprintable characters as one blank.

    Unprintable are control characters, characters that change the direction of text, and lone surrogates.

    >>> plain_text("J\u00f6rg\r\n\x1b[31m \u202eGlaze", 40)
    'J\xf6rg [31m Glaze'
    """
    cut = text[: longest * 2]
    if not cut.isprintable():
        cut = "".join(char if char.isprintable() else " " for char in cut)
    return " ".join(cut.split())[:longest]
