"""What tests of many rooms share: the example, the head of a small calendar, and the command run in this process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from svsm_cal.cli import command

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples/svsm/calendar.toml"
EXAMPLE_TEXT = EXAMPLE.read_text(encoding="utf-8")
NOW = "2025-03-05T17:00Z"  # the minute at which the last call before the US clock change begins


def run(*args, calendar=EXAMPLE, now=NOW, env=None, stdin=None, color=False):
    """Run the command in this process. Without a calendar, it takes the one in the current folder."""
    options = [*(["-c", calendar] if calendar else []), *(["--now", now] if now else [])]
    line = [str(each) for each in (*options, *args)]
    return CliRunner(env=env).invoke(command, line, prog_name="svsm-cal", catch_exceptions=False, input=stdin, color=color)


def spawn(*args, cwd=ROOT, timeout=60, encoding=None, **env):
    """Run the command in a process of its own."""
    line = [sys.executable, "-m", "svsm_cal", *map(str, args)]
    environment = {**os.environ, **env}
    return subprocess.run(line, capture_output=True, cwd=cwd, env=environment, timeout=timeout, check=False, encoding=encoding)


def head(name="c", title=None, domain=None, zone="Europe/Berlin", organizer=None):
    """Return the [calendar] table of a small calendar."""
    lines = {"id": name, "name": title or name.upper(), "domain": domain or f"{name}.example.org", "zone": zone}
    table = "\n".join(["[calendar]", *(f'{key} = "{value}"' for key, value in lines.items())])
    return f'{table}\norganizer = {{ name = "Calendar", email = "{organizer}" }}\n' if organizer else f"{table}\n"


def small(text):
    """Return the text of a small calendar: its head, and these tables."""
    return f"{head()}\n{text}"


def tree(folder):
    """Return every file below a folder: relative path -> bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}
