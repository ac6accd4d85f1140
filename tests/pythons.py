"""Run tests on the other Pythons of this machine, and on its oldest with the lowest versions that we allow.

pythons.py CACHE PYTEST-ARGUMENT...
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zlib import crc32

HERE = Path(__file__).parent
MINORS = range(11, 15)
PLACES = [*os.get_exec_path(), "/usr/bin", "/usr/local/bin"]
VERSIONED = [Path.home() / ".pyenv/versions", Path.home() / ".local/share/uv/python"]
ASK = "import sys; print(*sys.version_info[:3]) if sys.version_info.releaselevel == 'final' else sys.exit(1)"

Version = tuple[int, ...]


def installed() -> dict[Version, Path]:
    """Return the Pythons that can be started here, the oldest first."""
    folders = [*map(Path, PLACES), *(bin_ for each in VERSIONED for bin_ in sorted(each.glob("*/bin")))]
    pythons: dict[Version, Path] = {}
    for path in (path for folder in folders for path in sorted(folder.glob("python3*"))):
        if re.fullmatch(r"python3(\.\d+)?", path.name):
            asked = subprocess.run([path, "-c", ASK], capture_output=True, text=True, check=False)
            if asked.returncode == 0:
                pythons.setdefault(tuple(map(int, asked.stdout.split())), path)
    return {version: pythons[version] for version in sorted(pythons) if version[1] in MINORS}


def chosen(pythons: dict[Version, Path], own: Version) -> list[tuple[Version, str]]:
    """Return versions and locks: the oldest with the lowest packages, the newest of each other minor with the usual ones."""
    newest = {version[1]: version for version in pythons if version[1] != own[1]}
    return [(next(iter(pythons)), "lowest"), *((version, "check") for version in newest.values())]


def run(cache: Path, python: Path, version: Version, lock: str, arguments: list[str]) -> bool:
    """Run tests in an environment of its own; returns whether they passed."""
    name = f"Python {'.'.join(map(str, version))} with {HERE.name}/{lock}.lock"
    folder, locked = cache / f"python{'.'.join(map(str, version))}-{lock}", HERE / f"{lock}.lock"
    stamp = folder / f"done-{crc32(locked.read_bytes())}"
    if not stamp.exists():
        shutil.rmtree(folder, ignore_errors=True)
        if subprocess.run(["sh", HERE / "environment.sh", python, folder, locked], check=False).returncode:
            print(f"{name}: could not be set up", flush=True)
            return False
        stamp.touch()
    command = [str(folder / "bin/python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    lines = done.stdout.splitlines() or [""]
    print("\n".join([*(lines[:-1] if done.returncode else []), f"{name}: {lines[-1]}"]), flush=True)
    return done.returncode == 0


def main(cache: str, *arguments: str) -> int:
    """Return 0 if the tests passed on every Python."""
    pythons = installed()
    for minor in sorted(set(MINORS) - {version[1] for version in pythons}):
        print(f"Python 3.{minor} is not installed here", flush=True)
    runs = chosen(pythons, tuple(sys.version_info[:3]))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        started = [pool.submit(run, Path(cache), pythons[version], version, lock, list(arguments)) for version, lock in runs]
    return 0 if all(each.result() for each in started) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
