"""Work is counted, not timed: it is the same on a slow or a busy machine."""

from __future__ import annotations

import functools
import sys


def work(ask, limit=sys.maxsize):
    """Return how many functions a call calls, C's included; raises AssertionError as soon as there are more than `limit`."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in {"call", "c_call"}
        if calls > limit:
            sys.setprofile(before)
            raise AssertionError(f"more than {limit:,} calls")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        ask()
    finally:
        sys.setprofile(before)
    return calls


def at_most(calls):
    """Return a decorator of a test that fails as soon as the test has called more functions than that."""

    def decorated(test):
        @functools.wraps(test)
        def counted(*args, **kwargs):
            work(functools.partial(test, *args, **kwargs), calls)

        return counted

    return decorated
