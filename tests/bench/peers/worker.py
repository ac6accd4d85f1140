"""A contender's side of the conversation: requests on stdin, one JSON line for each on stdout.

A request is `TASK CONTENDER REPEATS`. The answer has the seconds of a single run, on this process's own clock and
around the work alone, how many results a run has, and the SHA-256 of the last run's results in the agreed text form.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

Work = tuple[Callable[[], Any], Callable[[Any], list[str]]]
"""What is timed, and how its result is written down afterwards."""


def serve(contenders: dict[tuple[str, str], Callable[[], Work]]) -> None:
    """Answer requests until stdin ends; each value prepares the work of a task and contender, once."""
    prepared: dict[tuple[str, str], Work] = {}
    for line in sys.stdin:
        task, contender, repeats = line.split()
        try:
            if (task, contender) not in prepared:
                prepared[task, contender] = contenders[task, contender]()
                prepared[task, contender][0]()  # once untimed: what is loaded lazily is there afterwards
            answer = _measured(*prepared[task, contender], int(repeats))
        except Exception as error:  # noqa: BLE001  whatever it is, the client is to hear of it
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


def _measured(work: Callable[[], Any], text: Callable[[Any], list[str]], repeats: int) -> dict[str, object]:
    result: Any = None
    begin = time.perf_counter()
    for _ in range(repeats):
        result = work()
    seconds = (time.perf_counter() - begin) / repeats
    lines = text(result)
    return {"seconds": seconds, "count": len(lines), "digest": hashlib.sha256("\n".join(lines).encode()).hexdigest()}


def civil(times: Iterable[datetime]) -> list[str]:
    """Write naive times."""
    return [each.isoformat() for each in times]


def instants(times: Iterable[datetime]) -> list[str]:
    """Write times that are in UTC already."""
    shown = []
    for each in times:
        if each.tzinfo is not UTC:
            raise ValueError(f"{each!r} is not in UTC")
        shown.append(each.isoformat().removesuffix("+00:00") + "Z")
    return shown
