"""A process killed, or failed by its disk, at any of its writes: found by strace, one run for each.

`Actors.points(act, calls)` lists the system calls of an act; `struck(act, point, how)` performs it again and strikes
at one of them. SQLite's writes are WRITES, those of a client of PostgreSQL are SENDS. An act is the words that a
module run by `-m` takes: `tests.store.acts` is one that can serve, and others can (see its `serve`).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

WRITES = "pwrite64,fdatasync,fsync,ftruncate,unlink"
SENDS = "sendto,recvfrom"
KILL = "signal=KILL"
FULL = "error=ENOSPC"
BROKEN = "error=EIO"


class Ended(NamedTuple):
    """How an act ended: its exit status, negative for a signal, and what it said."""

    status: int
    output: str
    errors: str


def has_strace() -> bool:
    return shutil.which("strace") is not None


def act(*words: str) -> list[str]:
    """Return the command that does what `tests.store.acts` has under that name."""
    return [sys.executable, "-m", "tests.store.acts", *words]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(Path.cwd())}


class Actors:
    """Processes that perform acts, forked from one that has imported all they need."""

    def __init__(self, module: str = "tests.store.acts") -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="svsm-acts-")
        argv = [sys.executable, "-m", module, "serve"]
        self._server = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment())

    def close(self) -> None:
        self._server.stdin.close()
        self._server.wait(30)
        self._server.stdout.close()
        self._folder.cleanup()

    def perform(self, words: tuple[str, ...], strace: list[str] = ()) -> Ended:
        """Perform an act to its end, with strace at it if it has words for that."""
        said = [f"{self._folder.name}/{name}" for name in ("output", "errors")]
        self._server.stdin.write(json.dumps([*said, *words]) + "\n")
        self._server.stdin.flush()
        child = int(self._server.stdout.readline())
        tracer = self._traced(child, strace) if strace else None
        os.kill(child, signal.SIGCONT)
        status = int(self._server.stdout.readline())
        if tracer is not None:
            tracer.wait(30)
        return Ended(status, *(Path(path).read_text() for path in said))

    @staticmethod
    def _traced(child: int, strace: list[str]) -> subprocess.Popen[bytes]:
        tracer = subprocess.Popen(["strace", "-f", "-qq", "-p", str(child), *strace], stderr=subprocess.DEVNULL)
        while "TracerPid:\t0\n" in Path(f"/proc/{child}/status").read_text():
            assert tracer.poll() is None, "strace cannot trace here"
            time.sleep(0.002)
        return tracer

    def points(self, words: tuple[str, ...], calls: str) -> list[tuple[str, int]]:
        """Perform to the end, and return the calls that there were, in order, each with its number among those of its name."""
        seen: Counter[str] = Counter()
        found = []
        log = Path(self._folder.name, "strace")
        ended = self.perform(words, ["-e", f"trace={calls}", "-e", "signal=none", "-o", str(log)])
        assert ended.status == 0, ended
        for name in re.findall(r"^\d+ +(\w+)\(", log.read_text(errors="replace"), re.MULTILINE):
            seen[name] += 1
            found.append((name, seen[name]))
        return found

    def struck(self, words: tuple[str, ...], point: tuple[str, int], how: str = KILL) -> Ended:
        """Perform, and strike at one call: with KILL nothing of the process goes on; an error lasts from there on."""
        call, number = point
        when = f"{number}" if how == KILL else f"{number}+"
        return self.perform(words, ["-e", f"trace={call}", "-e", f"inject={call}:{how}:when={when}", "-o", "/dev/null"])


def spread(points: list[tuple[str, int]], wanted: int | None) -> list[tuple[str, int]]:
    """Return so many of the points, evenly spread, with both ends; all of them for None."""
    count = len(points)
    if wanted is None or count <= wanted:
        return points
    return [points[number] for number in sorted({round(each * (count - 1) / (wanted - 1)) for each in range(wanted)})]
