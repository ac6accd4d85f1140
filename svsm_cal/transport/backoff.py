"""When to try a letter again: soon at first, then every six hours, for about five days (RFC 5321 section 4.5.4.1)."""

from __future__ import annotations

from datetime import timedelta

from svsm_cal.engine.civil import Instant

__all__ = ["ATTEMPTS", "retry_at"]

_FIRST = timedelta(minutes=5)  # most who are greylisted are let in after that
_LONGEST = timedelta(hours=6)
_SPREAD = 0.2

ATTEMPTS = 26
"""So many are made: 5, 10, 20 … 320 minutes apart, then every six hours, which is five days together."""


def retry_at(attempts: int, now: Instant, jitter: float) -> Instant | None:
    """Return when to make the next attempt, None if the letter has failed for good.

    Args:
        attempts: how many were made, at least 1. Attempts are counted, not days: a machine that was off fails no letter.
        now: the time of the last one.
        jitter: a random number from 0 to 1, which moves the delay by up to a fifth either way.
    """
    if attempts >= ATTEMPTS:
        return None
    delay = min(_FIRST * 2 ** (attempts - 1), _LONGEST)
    return Instant(now + delay * (1 - _SPREAD + 2 * _SPREAD * jitter))
