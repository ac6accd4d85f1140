"""A server of the tests that never outlives the run that started it, even if that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# The pipe on standard input closes when the process that holds its other end is gone, whatever ended it.
_GUARD = """
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
exec 2>/dev/null
{
    read -r _ <&3
    eval "$ENDING"
    while kill -0 $server; do sleep 0.1; done
    [ -z "$FOLDER" ] || rm -rf "$FOLDER"
} >&2 &
wait $server
"""


@contextmanager
def guarded(
    argv: Sequence[str], *, ending: str = "kill -TERM $server", folder: str = "", **given: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server while a block lasts, in a session of its own, which Ctrl-C does not reach.

    Args:
        argv: the server, which stays in the foreground.
        ending: the shell command that ends it.
        folder: removed when it has ended; a test that is killed cannot.
        given: for Popen.
    """
    environ = {**os.environ, "ENDING": ending, "FOLDER": folder}
    guard = subprocess.Popen(
        ["sh", "-c", _GUARD, "guard", *argv], stdin=subprocess.PIPE, start_new_session=True, env=environ, **given
    )
    try:
        yield guard
    finally:
        assert guard.stdin is not None
        guard.stdin.close()
        try:
            guard.wait(30)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(guard.pid, signal.SIGKILL)
            guard.wait()
