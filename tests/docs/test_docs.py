"""The README's commands and outputs, the docstrings' examples, and the two make targets, run as they are written."""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

import svsm_cal
from svsm_cal.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# These are run by tests of their own: one is this test run itself.
ELSEWHERE = {"make demo", "make test"}


def _commands() -> list[tuple[str, str]]:
    """Return the README's console commands and the output shown below each, in order."""
    found: list[tuple[str, str]] = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, output = part.partition("\n")
            found.append((line, output))
    return found


@pytest.fixture
def mail_server() -> Iterator[str]:
    """The address of a mail server, in the place of the README's."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(Sink(), hostname="127.0.0.1", port=port)
    controller.start()
    yield f"smtp://127.0.0.1:{port}?security=none"
    controller.stop()


@pytest.mark.slow
def test_every_readme_command_gives_what_the_readme_shows(tmp_path: Path, mail_server: str) -> None:
    """One shell session through the README, in a copy of the tree."""
    tree = _copy(tmp_path / "tree")
    environment = _environment(tmp_path)
    assert len(_commands()) > 15
    for line, shown in _commands():
        if line in ELSEWHERE:
            continue
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").partition("=")
            if name == "SVSM_CAL_SMTP":
                value = mail_server
            environment[name] = value.replace("~", environment["HOME"]).replace("$PATH", environment["PATH"])
            continue
        run = subprocess.run(
            ["sh", "-c", line],
            cwd=tree,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert run.returncode == 0, f"{line}\n{run.stdout}"
        assert run.stdout == shown, line


@pytest.mark.slow
def test_make_demo_works_in_a_fresh_copy(tmp_path: Path) -> None:
    tree = _copy(tmp_path / "tree")
    run = subprocess.run(
        ["make", "demo", f"PYTHON={sys.executable}"],
        cwd=tree,
        env=_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    for said in (
        "Wed 12 March 2025  13:00",
        "2 calls)",
        "no call left before it",
        "an hour later than usual, until Wed 26 March",
    ):
        assert said in run.stdout
    assert (tree / "demo-site/calendar.ics").read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")


def test_readme_names_the_two_commands_first() -> None:
    assert [line for line, _ in _commands()][:2] == ["make demo", "make test"]


def test_readme_python_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    tests = doctest.DocTestParser().get_doctest(README, {}, "README.md", "README.md", 0)
    assert len(tests.examples) >= 5
    assert doctest.DocTestRunner().run(tests).failed == 0


def test_examples_of_the_engine() -> None:
    text = (ROOT / "svsm_cal/core/README.md").read_text()
    tests = doctest.DocTestParser().get_doctest(text, {}, "README.md", "svsm_cal/core/README.md", 0)
    assert len(tests.examples) >= 15
    assert doctest.DocTestRunner().run(tests).failed == 0


def test_the_engine_names_every_known_difference_from_dateutil() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", (ROOT / "svsm_cal/core/README.md").read_text(), re.MULTILINE)
    known = (ROOT / "tests/core/test_conformance_peers.py").read_text()
    listed = re.findall(r'^        "dateutil",\n        "([^"]+)",$', known, re.MULTILINE)
    assert len(listed) >= 7
    assert set(listed) == {f"{what}: {theirs}" for what, theirs in rows if f"{what}: {theirs}" in known}


def _modules() -> list[str]:
    found = [each.name for each in pkgutil.walk_packages(svsm_cal.__path__, "svsm_cal.")]
    return ["svsm_cal", *(name for name in found if not name.endswith("__main__"))]


@pytest.mark.parametrize("name", _modules())
def test_docstrings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every module has a docstring and names what it exports; the examples in it hold."""
    monkeypatch.chdir(ROOT)
    try:
        module = importlib.import_module(name)
    except UsageError as error:  # it is of an extra
        pytest.skip(str(error))
    assert module.__doc__
    exported = getattr(module, "__all__", None)
    if exported is not None:
        assert all(hasattr(module, each) for each in exported)
    elif not module.__file__.endswith("__init__.py"):
        pytest.fail(f"{name} has no __all__")
    result = doctest.testmod(module)
    assert result.failed == 0


@pytest.mark.parametrize("name", [name for name in svsm_cal.__all__ if not name.startswith("__")])
def test_public_names_are_documented(name: str) -> None:
    value = getattr(svsm_cal, name)
    if name not in ("Instant", "LocalDateTime"):
        assert value.__doc__


def _copy(to: Path) -> Path:
    """Copy what a clone would have: the files git knows, or all but what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in listed:
        source = ROOT / name
        if source.is_file():
            target = to / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return to


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SVSM_CAL", "PYTEST", "MAKE", "MFLAGS"))}
    return {
        **kept,
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}",
        "COLUMNS": "200",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
