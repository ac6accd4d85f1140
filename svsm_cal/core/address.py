"""E-mail addresses, as far as this package sends to them: a dot-atom at a domain (RFC 5322 section 3.4.1), in ASCII."""

from __future__ import annotations

import re

__all__ = ["is_address"]

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


def is_address(text: str) -> bool:
    """Whether `text` is an address that mail can be sent to as it is.

    >>> is_address("list@example.org"), is_address("a..b@example.org")
    (True, False)
    """
    return _ADDRESS.fullmatch(text) is not None
