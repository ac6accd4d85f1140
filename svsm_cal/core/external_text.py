"""Text from outside: one-line plain text that is safe to show, and e-mail addresses (RFC 5322 section 3.4.1)."""

from __future__ import annotations

import re

__all__ = ["is_address", "plain_text"]

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


def is_address(text: str) -> bool:
    """Whether `text` is an address that mail can be sent to as it is.

    >>> is_address("list@example.org"), is_address("a..b@example.org")
    (True, False)
    """
    return _ADDRESS.fullmatch(text) is not None


def plain_text(text: str, longest: int) -> str:
    r"""Return a text of `longest` characters at most, in which all that does not print is a blank, and blanks are one.

    So it has no control characters, none that turn the direction of a line around, and no lone surrogates.

    >>> plain_text("J\u00f6rg\r\n\x1b[31m \u202eGlaze", 40)
    'J\xf6rg [31m Glaze'
    """
    cut = text[: longest * 2]
    return " ".join((cut if cut.isprintable() else "".join(each if each.isprintable() else " " for each in cut)).split())[
        :longest
    ]
