"""Evolution as an attendee's calendar: its data server, on a message bus of its own, takes the messages by its own rules.

`e_cal_client_receive_objects` is what Evolution's own mail window calls when an invitation is accepted there. Which of
two messages is the later one it leaves to that window, so attendees.py asks that first.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

PYTHON = "/usr/bin/python3"
FACTORY = Path("/usr/libexec/evolution-calendar-factory")


def installed() -> bool:
    """Return whether Evolution's data server and its bindings are here."""
    if not (FACTORY.exists() and shutil.which("dbus-run-session")):
        return False
    asked = [PYTHON, "-c", "import gi; gi.require_version('ECal', '2.0')"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


class Evolution:
    """The data server and its calendars, one for each attendee."""

    def __init__(self, folder):
        home, run = folder / "home", folder / "run"
        for each in (home, run):
            each.mkdir(parents=True)
        run.chmod(0o700)
        environment = {"HOME": str(home), "XDG_RUNTIME_DIR": str(run), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        environment |= {"GSETTINGS_BACKEND": "memory", "GIO_USE_VFS": "local", "TZ": "UTC"}
        self._log = (folder / "log").open("w+")
        command = ["dbus-run-session", "--", PYTHON, str(Path(__file__).with_name("evolution_child.py"))]
        pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._log}
        self._process = subprocess.Popen(command, text=True, env=environment, **pipe)

    def _ask(self, *words):
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, Path(self._log.name).read_text()
        well, answer = json.loads(line)
        assert well, f"{words[:2]}: {answer}"
        return answer

    def add(self, name):
        """Give an attendee a calendar."""
        self._ask("add", name)

    def take(self, name, text, method):
        """Take a message into an attendee's calendar."""
        self._ask("take", name, text)

    def starts(self, name, since, until):
        """Return the starts of an attendee's calls, in seconds since 1970."""
        return self._ask("starts", name, since, until)

    def close(self):
        """End it."""
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()
        self._log.close()
