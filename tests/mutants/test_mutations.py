"""The mutator: what it changes, which block a line belongs to, and that the reviewed list names mutants that there are."""

from __future__ import annotations

import tomllib

import pytest

from tests.mutants.mutations import mutants_of
from tests.mutants.probes import block_at, blocks_of
from tests.support import ROOT

LISTED = tomllib.loads((ROOT / "tests/mutants/equivalent.toml").read_text(encoding="utf-8")).get("mutant", [])
# A line in a function -> what may stand there instead.
LINES = {
    "return a < b": ["return (a <= b)", "return (a >= b)", "return None"],
    "x = a and not b": ["x = (a or not b)", "x = (not b)", "x = a", "x = a and b"],
    "x = a + 2": ["x = (a - 2)", "x = a + 3", "x = a + 1"],
    "x += a": ["x -= a"],
    "call(a, key=b, strict=True)": ["pass", "call(a, strict=True)"],
    "x = min(a)[1:]": ["x = max(a)[1:]", "x = min(a)[:]", "x = min(a)[2:]", "x = min(a)[0:]"],
    "x = [y for y in a if y.ok]": ["x = [y for y in a if (not y.ok)]"],
    "x = b if a is None else True": ["x = b if (a is not None) else True", "x = b if a is None else False"],
    'raise ValueError(f"{a + 1}")': [],
    'x: int | None = "text"': [],
}  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_what_is_changed(line):
    source = f"def function(a, b):\n    {line}\n".encode()
    found = mutants_of(source, "file.py")
    assert sorted((each.line, each.function, each.before, each.after) for each in found) == sorted(
        (2, "function", line, after) for after in LINES[line]
    )
    for each in found:
        assert each.apply(source).decode() == f"def function(a, b):\n    {each.after}\n"


def test_what_only_types_or_names_is_left_alone():
    source = b"__all__ = ['a' + 'b']\nif TYPE_CHECKING:\n    x = 1\n@decorated(1)\ndef f(a: Literal[1]) -> Literal[2]: ...\n"
    assert mutants_of(source, "file.py") == []


SOURCE = b'''\
TOP = 1
def function(a):
    """Text."""
    b = 1
    if a > b:
        return 1
    elif a:
        b = (
            3)
    return b
'''


PLACES = {1: None, 4: (4, 9), 5: (4, 9), 6: (6, 6), 7: (7, 9), 9: (8, 9), 10: (10, 10)}


@pytest.mark.parametrize(("line", "lines"), PLACES.items())
def test_the_block_of_a_line(line, lines):
    blocks = blocks_of(SOURCE)
    number = block_at(blocks, line)
    assert (None if number is None else blocks[number]) == lines


def test_what_is_listed_is_there_and_has_a_reason():
    for row in LISTED:
        found = mutants_of((ROOT / row["file"]).read_bytes(), row["file"])
        assert (row["function"], row["before"], row["after"]) in {(each.function, each.before, each.after) for each in found}, row
        assert row["why"], row
