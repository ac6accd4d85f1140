"""libical's reading of recurrence rules, by its shared library; run as a program it is the child that may be ended.

`icalrecur_expand_recurrence` takes a rule and a time_t and works without zones, so that a civil time counted as if it
were UTC goes in and civil times come out. Its limits, as of 3.0:

- nothing after the year 2582 is found, and INTERVAL is a 16-bit number;
- a place it has not filled holds 0, which 1970-01-01T00:00:00 would be too;
- a rule that never matches is tried period by period until 2582, for FREQ=SECONDLY without end.

Hence the child: each rule has `PATIENCE` seconds of processor time, then the child's own timer ends it. What had been
found by then stands in a file both have in memory.
"""

from __future__ import annotations

import ctypes
import json
import signal
import subprocess
import sys
from ctypes.util import find_library
from datetime import datetime, timedelta
from mmap import mmap
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

EPOCH = datetime(1970, 1, 1)
LAST_YEAR = 2582
PATIENCE = 0.3
# What the first number of a case's row in the shared file says.
UNASKED, ASKED, ANSWERED = range(3)


class Answer(NamedTuple):
    """What libical found; `whole` is False where it was ended while it looked for more."""

    instances: list[datetime]
    whole: bool


def library() -> str | None:
    """Return the name to load the library by, None where there is none."""
    for name in (find_library("ical"), "libical.so.3", "libical.3.dylib"):
        try:
            if name and ctypes.CDLL(name).icalrecur_expand_recurrence:
                return name
        except (OSError, AttributeError):
            continue
    return None


def expand(cases: list[tuple[str, datetime]], most: int) -> list[Answer]:
    """Return up to `most` instances of each (rule, DTSTART)."""
    with TemporaryDirectory() as folder:
        questions, answers = Path(folder, "questions"), Path(folder, "answers")
        questions.write_text(json.dumps([(text, _seconds(dtstart)) for text, dtstart in cases]))
        width = most + 1
        answers.write_bytes(bytes(8 * width * len(cases)))
        begin = 0
        while begin < len(cases):
            child = [sys.executable, "-I", __file__, str(library()), questions, answers, str(most), str(begin)]
            code = subprocess.run(child, check=False).returncode
            rows = memoryview(answers.read_bytes()).cast("q")
            begin = next((number for number in range(begin, len(cases)) if rows[number * width] == UNASKED), len(cases))
            if code > 0:
                raise RuntimeError(f"the child that asks libical failed with {code}")
        return [_answer(rows[number * width : (number + 1) * width].tolist()) for number in range(len(cases))]


def _answer(row: list[int]) -> Answer:
    state, *found = row
    instances = [EPOCH + timedelta(seconds=each) for each in found if each]
    return Answer(instances, state == ANSWERED or len(instances) == len(found))


def _seconds(moment: datetime) -> int:
    return round((moment - EPOCH).total_seconds())


def _child(name: str, questions: str, answers: str, most: str, begin: str) -> None:
    ask = ctypes.CDLL(name).icalrecur_expand_recurrence
    ask.argtypes = (ctypes.c_char_p, ctypes.c_long, ctypes.c_int, ctypes.c_void_p)
    width = int(most) + 1
    with Path(answers).open("r+b") as file, mmap(file.fileno(), 0) as shared:
        rows = memoryview(shared).cast("q")
        for number, (text, dtstart) in enumerate(json.loads(Path(questions).read_text())):
            if number < int(begin):
                continue
            signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
            rows[number * width] = ASKED
            array = ctypes.addressof(ctypes.c_int64.from_buffer(shared, 8 * (number * width + 1)))
            ask(text.encode(), dtstart, int(most), array)
            rows[number * width] = ANSWERED
        rows.release()


if __name__ == "__main__":
    _child(*sys.argv[1:])
