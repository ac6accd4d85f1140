"""This program and others at the same work, each in a process and an environment of its own (setup.sh makes them).

    with Peers(Path(".cache")) as peers:
        for name, measure in peers.contenders("weekly").items():
            print(name, measure(10).seconds)

run.py prints the tables.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

import series as inputs

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PATIENCE = 120.0
"""Seconds after which a request is given up."""

# dateutil-rs has no row for aware times: it drops the zone of DTSTART without a word.
OURS, DATEUTIL, DATEUTIL_AWARE, RS = "svsm_cal", "dateutil 4", "dateutil 4, aware", "dateutil-rs"
CIVIL = {
    OURS: ("ours", "-"),
    DATEUTIL: ("dateutil4", "-"),
    RS: ("dateutil_rs", "-"),
    "rrule-rust": ("rrule", "rust"),
    "rrule.js": ("rrule", "js"),
    "libical": ("libical", "-"),
}
EXPANSION = {**CIVIL, "recurring-ical-events": ("recurring", "-")}

TASKS: dict[str, dict[str, tuple[str, str]]] = {
    "weekly": {
        OURS: ("ours", "-"),
        DATEUTIL: ("dateutil4", "naive"),
        DATEUTIL_AWARE: ("dateutil4", "aware"),
        RS: ("dateutil_rs", "naive"),
        "rrule-rust": ("rrule", "rust"),
        "rrule.js": ("rrule", "js"),
        "libical": ("libical", "-"),
        "recurring-ical-events": ("recurring", "-"),
        "pandas": ("arrays", "pandas"),
        "numpy and pyarrow": ("arrays", "pyarrow"),
        "whenever, plain": ("whenever_", "plain"),
        "whenever, zoned": ("whenever_", "zoned"),
        "zoneinfo loop": ("loops", "zoneinfo"),
        "pytz loop": ("loops", "pytz"),
    },
    **dict.fromkeys(inputs.EXPANSIONS, EXPANSION),
    **dict.fromkeys(inputs.FOLLOWING, CIVIL),
    "week": {
        OURS: ("ours", "-"),
        DATEUTIL: ("dateutil4", "naive"),
        DATEUTIL_AWARE: ("dateutil4", "aware"),
        RS: ("dateutil_rs", "naive"),
        "rrule-rust": ("rrule", "rust"),
        "libical": ("libical", "-"),
    },
    "week-many": {OURS: ("ours", "-")},
    "zones": {
        OURS: ("ours", "transitions"),
        "svsm_cal, shift runs": ("ours", "runs"),
        "svsm_cal, shift windows": ("ours", "windows"),
        "whenever": ("whenever_", "-"),
        "zoneinfo, probed": ("loops", "zoneinfo"),
    },
    "matrix": {
        OURS: ("ours", "-"),
        "zoneinfo loop": ("loops", "zoneinfo"),
        "pytz loop": ("loops", "pytz"),
        "whenever": ("whenever_", "-"),
        "pandas": ("arrays", "pandas"),
        "pyarrow": ("arrays", "pyarrow"),
    },
}
"""Every task's contenders: the worker of each, and what the worker calls it.

libical and pyarrow read the system's tz database, JavaScript has its own, the others read the tzdata package: where
these are of different releases, so may be the results of `matrix`.
"""

PER_RUN = {"week": inputs.WEEK_SERIES, "week-many": inputs.MANY_SERIES}
"""By how many a task's seconds are divided: those of a week are per series."""


class PeerError(Exception):
    """A contender that could not do its work, and what it said."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """Seconds of one run (of `week`: per series), how many results it had, and their SHA-256 in the agreed text form."""

    seconds: float
    count: int
    digest: str


@dataclass(slots=True)
class Worker:
    """A process that answers requests; it starts with the first one."""

    name: str
    command: list[str]
    process: subprocess.Popen[str] | None = None
    errors: IO[str] = field(default_factory=partial(tempfile.TemporaryFile, "w+"))

    def measure(self, task: str, contender: str, repeats: int) -> Measurement:
        process = self.process = self.process or self._started()
        assert process.stdin
        assert process.stdout
        timer = threading.Timer(PATIENCE, process.kill)
        timer.start()
        try:
            process.stdin.write(f"{task} {contender} {repeats}\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            code = process.wait()
            self.stop()
            raise PeerError(f"{self.name}: {task} {contender} ended it with {code}: {self._said()}")
        answer = json.loads(line)
        if "error" in answer:
            raise PeerError(f"{self.name}: {task} {contender}: {answer['error']}")
        digest = answer.get("digest") or hashlib.sha256(answer["text"].encode()).hexdigest()
        return Measurement(answer["seconds"] / PER_RUN.get(task, 1), answer["count"], digest)

    def _started(self) -> subprocess.Popen[str]:
        # All of them in UTC, and the Python ones with the tz database of their own tzdata package.
        env = {
            **os.environ,
            "TZ": "UTC",
            "PYTHONTZPATH": "",
            "PYTHONPATH": f"{HERE}{os.pathsep}{ROOT}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        pipe = subprocess.PIPE
        return subprocess.Popen(self.command, stdin=pipe, stdout=pipe, stderr=self.errors, env=env, cwd=HERE, text=True)

    def _said(self) -> str:
        self.errors.seek(0)
        lines = self.errors.read().strip().splitlines()
        self.errors.truncate(0)
        return lines[-1] if lines else "it said nothing"

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            for stream in (self.process.stdin, self.process.stdout):
                if stream:
                    with suppress(BrokenPipeError):
                        stream.close()
            self.process = None


class Peers:
    """The workers of those environments under `cache` that are set up; `missing` says which are not."""

    def __init__(self, cache: Path) -> None:
        cache = cache.resolve()
        self._folder = tempfile.TemporaryDirectory()
        given = Path(self._folder.name) / "inputs"
        given.write_text("\n".join(inputs.lines()) + "\n")
        bench, scripts = cache / "bench", HERE / "peers"
        modules = bench / "js/node_modules"
        first, second, readers = (cache / each / "bin/python" for each in ("bench/dateutil", "bench/dateutil-rs", "readers"))
        commands: dict[str, tuple[Path, list[Path | str]]] = {
            "ours": (Path(sys.executable), [sys.executable, scripts / "ours.py"]),
            "dateutil4": (first, [first, scripts / "dateutil4.py"]),
            "dateutil_rs": (second, [second, scripts / "dateutil_rs.py"]),
            "whenever_": (first, [first, scripts / "whenever_.py"]),
            "arrays": (first, [first, scripts / "arrays.py"]),
            "loops": (first, [first, scripts / "loops.py"]),
            "recurring": (readers, [readers, scripts / "recurring.py"]),
            "rrule": (modules / "rrule-rust", [shutil.which("node") or "node", scripts / "rrule.mjs", modules, given]),
            "libical": (bench / "libical/libical", [bench / "libical/libical", given]),
        }
        self.missing = sorted(
            name for name, (needed, line) in commands.items() if not (needed.exists() and shutil.which(line[0]))
        )
        self._workers = {
            name: Worker(name, [str(word) for word in command])
            for name, (_, command) in commands.items()
            if name not in self.missing
        }

    def contenders(self, task: str) -> dict[str, Callable[[int], Measurement]]:
        """Return, by the name to show, what measures so many runs of the task in one go."""
        return {
            shown: partial(self._workers[worker].measure, task, contender)
            for shown, (worker, contender) in TASKS[task].items()
            if worker in self._workers
        }

    def close(self) -> None:
        for worker in self._workers.values():
            worker.stop()
            worker.errors.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def repeats_for(measure: Callable[[int], Measurement], seconds: float = 0.05, per_run: int = 1) -> int:
    """Return how many runs take about so long."""
    return max(1, min(2000, round(seconds / max(1e-7, measure(1).seconds * per_run))))


def compared(peers: Peers, task: str, rounds: int) -> tuple[dict[str, list[float]], list[str]]:
    """Return each contender's seconds by round, and who has other results; contenders take turns.

    Rows of ours beside the first are of other work that the same others would have to do, and compared with none.
    """
    contenders, repeats = peers.contenders(task), {}
    for name, measure in contenders.items():
        try:
            repeats[name] = repeats_for(measure, per_run=PER_RUN.get(task, 1))
        except PeerError as error:
            print(f"  {error}", file=sys.stderr)
    seconds: dict[str, list[float]] = {name: [] for name in repeats}
    last = {}
    for _ in range(rounds):
        for name, number in repeats.items():
            last[name] = contenders[name](number)
            seconds[name].append(last[name].seconds)
    digests = Counter(each.digest for name, each in last.items() if not name.startswith(f"{OURS},"))
    agreed, _ = digests.most_common(1)[0]
    return seconds, [name for name, each in last.items() if each.digest != agreed and not name.startswith(f"{OURS},")]
