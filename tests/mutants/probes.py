"""Which test runs which blocks: a pytest plugin that compiles the rooms with a probe at the start of each block.

A block is a run of statements without a branch into it. `python probes.py OUT ROOMS PYTEST-ARGUMENTS...` runs the tests and
writes {"tests": [[id, seconds, passed]], "blocks": {block: [test number]}}; a test's number is -1 while tests are collected.
"""

from __future__ import annotations

import ast
import json
import sys
import time
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path

import pytest

_BRANCHING = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.AsyncWith, ast.Match)


def blocks_of(source: bytes) -> list[tuple[int, int]]:
    """Return the first and the last line of each block; the number of a block is its place in the list."""
    found: list[tuple[int, int]] = []
    _probed(ast.parse(source), found)
    return found


def block_at(blocks: list[tuple[int, int]], line: int) -> int | None:
    """Return the number of the smallest block around a line; None outside every function."""
    around = [(last - first, number) for number, (first, last) in enumerate(blocks) if first <= line <= last]
    return min(around)[1] if around else None


def _probed(tree: ast.Module, found: list[tuple[int, int]]) -> ast.Module:
    for node in [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]:
        text = 1 if ast.get_docstring(node, clean=False) is not None else 0
        node.body = [*node.body[:text], *_with_probes(node.body[text:], found)]
    return tree


def _with_probes(body: list[ast.stmt], found: list[tuple[int, int]]) -> list[ast.stmt]:
    result, run = [], []
    for statement in body:
        run.append(statement)
        if isinstance(statement, _BRANCHING):
            result += [_probe(run, found), *run]
            run = []
    result += [_probe(run, found), *run] if run else []
    for statement in body:
        if isinstance(statement, _BRANCHING):
            inner = [statement, *getattr(statement, "handlers", ()), *getattr(statement, "cases", ())]
            for holder in inner:
                for name in ("body", "orelse", "finalbody"):
                    if getattr(holder, name, None):
                        setattr(holder, name, _with_probes(getattr(holder, name), found))
    return result


def _probe(run: list[ast.stmt], found: list[tuple[int, int]]) -> ast.stmt:
    found.append((run[0].lineno, run[-1].end_lineno))
    probe = ast.parse(f"__probe__({len(found) - 1})").body[0]
    for node in ast.walk(probe):
        ast.copy_location(node, run[0])
    return probe


class _Loader(SourceFileLoader):
    hits: set[tuple[str, int]]

    def get_code(self, fullname: str) -> object:
        tree = _probed(ast.parse(self.get_data(self.path)), [])
        return compile(tree, self.path, "exec", dont_inherit=True)

    def exec_module(self, module: object) -> None:
        file, add = Path(self.path).as_posix().partition("/svsm_cal/")[2], self.hits.add
        module.__probe__ = lambda number: add((file, number))
        super().exec_module(module)


class _Finder(MetaPathFinder):
    def __init__(self, rooms: list[str], hits: set[tuple[str, int]]) -> None:
        self.rooms, self.hits = rooms, hits

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> object:
        if not fullname.startswith(tuple(f"svsm_cal.{room}." for room in self.rooms)):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(fullname, spec.origin)
            spec.loader.hits = self.hits
        return spec


class _Recorder:
    def __init__(self, hits: set[tuple[str, int]]) -> None:
        self.hits, self.tests, self.blocks = hits, [], {}

    def keep(self, number: int) -> None:
        for file, block in self.hits:
            self.blocks.setdefault(f"{file}:{block}", []).append(number)
        self.hits.clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> object:
        self.keep(-1)
        began, wall = time.process_time(), time.monotonic()
        self.tests.append([item.nodeid, 0.0, True])
        result = yield
        self.tests[-1][1] = round(max(time.process_time() - began, (time.monotonic() - wall) / 4), 4)
        self.keep(len(self.tests) - 1)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.tests[-1][2] = self.tests[-1][2] and report.passed


def main() -> int:
    """Run the tests with probes."""
    out, rooms, *arguments = sys.argv[1:]
    sys.path[0] = str(Path.cwd())
    hits: set[tuple[str, int]] = set()
    sys.meta_path.insert(0, _Finder(rooms.split(","), hits))
    recorder = _Recorder(hits)
    code = pytest.main(["-q", "-p", "no:cacheprovider", *arguments], plugins=[recorder])
    recorder.keep(-1)
    Path(out).write_text(json.dumps({"tests": recorder.tests, "blocks": recorder.blocks}), encoding="utf-8")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
