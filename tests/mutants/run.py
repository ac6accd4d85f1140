"""Change the program a little, many times over, and see whether a test notices: `make mutants`.

A sample of the mutants (mutations.py) is drawn with a seed. For each, the tests that run its block (probes.py; kept in
.cache/mutants) are run in a copy of the tree, until one fails. What survives is printed, but for what equivalent.toml lists.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
import traceback
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from mutations import Mutant, mutants_of
from probes import block_at, blocks_of

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache/mutants"
ROOMS = ["core", "engine", "ical", "itip", "config", "store"]
TESTS = ["core", "config", "ical", "itip", "app", "cli", "minutes", "render", "store"]
# Imported once; each mutant has a process that is forked from there.
HEAVY = ["click.testing", "dateutil.rrule", "freezegun", "hypothesis.strategies", "icalendar", "jinja2", "jsonschema",
         "markdown_it", "tomlkit", "aiosmtpd.controller"]  # fmt: skip
BUDGET = 60  # seconds of tests for one mutant: one of each parametrised test first, then a second one of each, ...
MEMORY = 4 << 30


# --- Which tests run a block ---


def digest(*paths: Path) -> str:
    """Return a fingerprint of files."""
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def coverage(rooms: list[str], workers: int) -> list[dict]:
    """Return what each test file's tests run, from the cache where neither the program nor the tests have changed."""
    program = digest(*ROOT.glob("svsm_cal/**/*.py"), *ROOT.glob("tests/mutants/probes.py"))
    files = sorted(each for folder in TESTS for each in ROOT.glob(f"tests/{folder}/test_*.py"))
    helpers = [each for each in ROOT.glob("tests/*/*.py") if not each.name.startswith("test_")] + [ROOT / "tests/support.py"]
    helpers = [each for each in helpers if each.parent.name not in {"mutants", "bench"}]
    kept = {file: CACHE / f"{file.stem}-{program}-{digest(file, *helpers)}-{'-'.join(rooms)}.json" for file in files}
    CACHE.mkdir(parents=True, exist_ok=True)

    def measure(file: Path) -> None:
        line = [sys.executable, str(ROOT / "tests/mutants/probes.py"), f"{kept[file]}.new", ",".join(rooms)]
        done = subprocess.run([*line, "-m", "not soak", str(file.relative_to(ROOT))], cwd=ROOT, check=False, capture_output=True)
        if done.returncode not in {0, 5}:
            print(f"{file.name}: some of its tests fail, and are left out\n{done.stdout.decode()[-2000:]}", file=sys.stderr)
        Path(f"{kept[file]}.new").replace(kept[file])

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(measure, [file for file in files if not kept[file].exists()]))
    return [json.loads(kept[file].read_text(encoding="utf-8")) for file in files]


def covering(mutant: Mutant, source: bytes, maps: list[dict]) -> dict[str, float]:
    """Return the tests to run for a mutant and their seconds, in order: varied ones first, as many as the budget allows."""
    file, room = mutant.file.partition("/")[2], mutant.file.split("/")[1]
    blocks = blocks_of(source)
    block = block_at(blocks, mutant.line)
    wanted = [f"{file}:{number}" for number in (range(len(blocks)) if block is None else [block])]
    found = []
    for each in maps:
        numbers = {number for name in wanted for number in each["blocks"].get(name, ())}
        numbers = range(len(each["tests"])) if -1 in numbers else sorted(numbers)
        ranks: Counter[str] = Counter()
        for number in numbers:
            name, seconds, passed = each["tests"][number]
            if passed:
                own = name.split("/")[1] == ("core" if room == "engine" else room)
                found.append((ranks[name.partition("[")[0]], not own, seconds, name))
                ranks[name.partition("[")[0]] += 1
    chosen, left = {}, float(BUDGET)
    for _, _, seconds, name in sorted(found):
        if seconds <= left or not chosen:
            chosen[name] = seconds
            left -= seconds
    return chosen


# --- One mutant ---


class Chosen:
    """A pytest plugin that runs some tests in a given order, each within some times its usual time."""

    def __init__(self, tests: dict[str, float]) -> None:
        files = {name: number for number, name in reversed([*enumerate(each.partition("::")[0] for each in tests)])}
        self.order = {name: (files[name.partition("::")[0]], number) for number, name in enumerate(tests)}
        self.tests, self.failed = tests, []

    def pytest_sessionstart(self) -> None:
        """Let Hypothesis stop at the first failure that it finds, which is the same one every time."""
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", settings.default, phases=phases, derandomize=True, database=None, deadline=None)
        settings.load_profile("mutants")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the tests that were chosen."""
        items[:] = sorted((each for each in items if each.nodeid in self.order), key=lambda each: self.order[each.nodeid])

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Give the test its time: the process ends by a signal after it."""
        limit(self.tests[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what fails."""
        if report.failed:
            self.failed.append(report.nodeid)


def limit(seconds: float) -> None:
    """End this process when it has computed for too long, or waited."""
    signal.setitimer(signal.ITIMER_PROF, 10 + 10 * seconds)
    signal.setitimer(signal.ITIMER_REAL, 120 + 30 * seconds)


def tested(copy: Path, tests: dict[str, float]) -> tuple[str, list[str]]:
    """Run tests in a copy of the tree, in a process of its own; return "passed", "failed" or "time", and what failed."""
    log = copy.with_suffix(".json")
    log.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        try:
            log.write_text(json.dumps(run(copy, tests)), encoding="utf-8")
        finally:
            traceback.print_exc()
            os._exit(0)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    if os.WIFSIGNALED(status):
        return "time", []
    if not log.exists():
        raise SystemExit(f"the tests cannot be run: {copy.with_suffix('.log').read_text(encoding='utf-8')[-3000:]}")
    code, failed = json.loads(log.read_text(encoding="utf-8"))
    return ("failed" if code else "passed"), failed


def run(copy: Path, tests: dict[str, float]) -> tuple[int, list[str]]:
    """Run tests in this process; return pytest's exit status and what failed."""
    os.setsid()
    os.chdir(copy)
    output = os.open(copy.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.path[:] = [str(copy), *sys.path[1:]]
    os.environ.update({"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"})
    sys.dont_write_bytecode = True
    limit(10)
    chosen = Chosen(tests)
    files = list(dict.fromkeys(name.partition("::")[0] for name in tests))
    options = ["-x", "-q", "--tb=short", "-o", "addopts=--import-mode=importlib", "-p", "no:cacheprovider"]
    code = pytest.main([*options, "-W", "ignore::pytest.PytestAssertRewriteWarning", *files], plugins=[chosen])
    return int(code), chosen.failed


def judged(task: tuple[int, Mutant, dict[str, float]]) -> tuple[int, str, list[str]]:
    """Run the tests of a mutant in this worker's copy; return its number, what became of it, and the test that noticed."""
    number, mutant, tests = task
    if not tests:
        return number, "no test runs it", []
    copy = Path(os.environ["SVSM_MUTANTS_COPY"])
    file = copy / mutant.file
    status, source = file.stat(), file.read_bytes()
    file.write_bytes(mutant.apply(source))
    os.utime(file, (number, number))  # so that no compiled form of another one is taken for it
    try:
        outcome, failed = tested(copy, tests)
    finally:
        file.write_bytes(source)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    return number, {"passed": "survived", "failed": "killed", "time": "killed: time"}[outcome], failed


def prepare(folder: Path, numbers: multiprocessing.Queue) -> None:
    """Give a worker its copy of the tree."""
    os.environ["SVSM_MUTANTS_COPY"] = str(copied(folder / f"copy{numbers.get()}"))


def copied(copy: Path) -> Path:
    """Make a copy of the tree, in which everything is compiled."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    for name in (".cache", ".venv"):
        if (ROOT / name).exists():
            (copy / name).symlink_to((ROOT / name).resolve())
    folders = [f"tests/{each}" for each in TESTS]
    line = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", *folders]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(line, cwd=copy, check=True, capture_output=True, env=environment | {"PYTHONPATH": str(copy)})
    return copy


# --- All of them ---


def sample(rooms: list[str], count: int, seed: int, only: str | None) -> list[Mutant]:
    """Return so many mutants of the rooms, drawn with a seed, in the order of the source."""
    files = sorted(each for room in rooms for each in ROOT.glob(f"svsm_cal/{room}/*.py"))
    sources = {each.relative_to(ROOT).as_posix(): each.read_bytes() for each in files}
    every = [mutant for name, source in sources.items() for mutant in mutants_of(source, name)]
    if only:
        every = [each for each in every if f"{each.file}:{each.line}".startswith(only)]
    random.Random(seed).shuffle(every)
    found = []
    while every and len(found) < count:
        mutant = every.pop()
        with contextlib.suppress(SyntaxError):
            compile(mutant.apply(sources[mutant.file]), mutant.file, "exec")
            found.append(mutant)
    return sorted(found)


def reviewed() -> dict[tuple[str, str, str, str], str]:
    """Return the mutants of which no test need notice anything, and why."""
    rows = tomllib.loads((ROOT / "tests/mutants/equivalent.toml").read_text(encoding="utf-8")).get("mutant", [])
    return {(each["file"], each["function"], each["before"], each["after"]): each["why"] for each in rows}


def report(mutants: list[Mutant], outcomes: dict[int, tuple[str, list[str]]], doubtful: set[str]) -> float:
    """Print what became of the mutants; return how many of a hundred that matter were noticed."""
    known = reviewed()
    counts: Counter[str] = Counter()
    rooms: dict[str, Counter[str]] = defaultdict(Counter)
    for number, mutant in enumerate(mutants):
        outcome, failed = outcomes[number]
        if doubtful.intersection(failed):
            outcome = "doubtful: the test fails without it too"
        if not outcome.startswith("killed") and mutant[:1] + mutant[2:5] in known:
            outcome = "listed"
        state = outcome.partition(":")[0]
        counts[state] += 1
        rooms[mutant.file.split("/")[1]][state] += 1
        if state not in {"killed", "listed"}:
            print(f"{mutant.file}:{mutant.line}: {mutant.function}: {outcome}\n  - {mutant.before}\n  + {mutant.after}")
    for room, row in rooms.items():
        print(f"{room:8} {row.total():4} mutants  {row['killed']:4} killed  {row['listed']:3} listed")
    matter = len(mutants) - counts["listed"]
    share = 100 * counts["killed"] / matter if matter else 100.0
    print(f"{len(mutants)} mutants, {counts['killed']} killed; {share:.1f} % of the {matter} that matter")
    return share


def main() -> int:
    """Draw mutants, run their tests, and report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-n", type=int, default=300, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-j", type=int, default=os.cpu_count(), help="how many at a time")
    parser.add_argument("--rooms", type=lambda text: text.split(","), default=ROOMS)
    parser.add_argument("--only", help="the beginning of FILE:LINE")
    parser.add_argument("--goal", type=float, default=95, help="how many of a hundred must be killed")
    given = parser.parse_args()
    mutants = sample(given.rooms, given.n, given.seed, given.only)
    maps = coverage(ROOMS, given.j)
    tasks = [(number, each, covering(each, (ROOT / each.file).read_bytes(), maps)) for number, each in enumerate(mutants)]
    for each in HEAVY:
        importlib.import_module(each)
    outcomes: dict[int, tuple[str, list[str]]] = {}
    with tempfile.TemporaryDirectory(prefix="mutants") as folder:
        unchanged = copied(Path(folder) / "unchanged")
        if tested_alone(unchanged, dict(list(tasks[0][2].items())[:100])):
            raise SystemExit("the tests fail without any change: see that `make test` passes first")
        context = multiprocessing.get_context("fork")
        numbers = context.Queue()
        for number in range(given.j):
            numbers.put(number)
        with context.Pool(given.j, prepare, (Path(folder), numbers)) as pool:
            for number, outcome, failed in pool.imap_unordered(judged, tasks):
                outcomes[number] = outcome, failed
                place = f"{mutants[number].file}:{mutants[number].line}"
                print(f"{len(outcomes)}/{len(tasks)} {place}: {outcome} {''.join(failed)}", file=sys.stderr, flush=True)
        noticed = {name for _, failed in outcomes.values() for name in failed}
        usual = dict.fromkeys(sorted(noticed), 10.0)
        again = tested_alone(unchanged, usual)
    return report(mutants, outcomes, again) < given.goal


def tested_alone(copy: Path, tests: dict[str, float]) -> set[str]:
    """Return which of the tests that noticed something fail without any change."""
    failing: set[str] = set()
    while tests:
        outcome, failed = tested(copy, tests)
        if outcome == "passed":
            break
        if not failed:
            raise SystemExit(f"the tests cannot be run: {copy.with_suffix('.log').read_text(encoding='utf-8')[-3000:]}")
        failing.update(failed)
        tests = {name: seconds for name, seconds in tests.items() if name not in failing}
    return failing


if __name__ == "__main__":
    sys.exit(main())
