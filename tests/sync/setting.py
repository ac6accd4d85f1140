"""What the tests have in common: whether the clients are there, and a folder that is published again and again."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from .clients import ENVIRONMENT, READERS, ROOT, SYNC

SECRET = "0123456789abcdef0123456789abcdef"
installed = pytest.mark.skipif(
    not ((SYNC / "bin/vdirsyncer").exists() and (READERS / "bin/khal").exists()),
    reason="the clients are not installed: run `make readers`",
)


class Publisher:
    """A folder that is published again and again, by the command line in a process of its own."""

    def __init__(self, folder, since, until):
        self._span = (since, until)
        self.out, self._calendar, self._secret = folder / "site", folder / "calendar.toml", folder / "secret"
        self._secret.write_text(SECRET)

    def build(self, text, now, release="-"):
        """Publish a calendar; return the sorted instants of the calls held."""
        self._calendar.write_text(text, encoding="utf-8")
        database = "-"
        if release != "-":
            database = ROOT / f".cache/tzdata/{release}/tzdata/zoneinfo"
            if not database.is_dir():
                pytest.skip(f"tzdata {release} is not unpacked: run `make readers`")
        words = ("--now", now, "build", self.out, "--secret-file", self._secret)
        script = ROOT / "tests/sync/build.py"
        command = [sys.executable, script, database, self._calendar, *self._span, *words]
        done = subprocess.run([str(each) for each in command], capture_output=True, cwd=ROOT, env=ENVIRONMENT, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return sorted(json.loads(done.stdout.splitlines()[-1]))

    def feed(self, path):
        """Return the bytes of a feed, None where there is none."""
        file = self.out / path
        return file.read_bytes() if file.exists() else None
