"""Text from elsewhere made fit to be shown and kept: on one line, without what is not seen, and no longer than it may be."""

from __future__ import annotations

__all__ = ["plain_text"]


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
