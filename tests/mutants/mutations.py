"""The mutants of a module: small changes of its source, each of which some test should notice."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from typing import NamedTuple

_OPERATORS: dict[type[ast.AST], list[type[ast.AST]]] = {
    ast.Lt: [ast.LtE, ast.GtE], ast.LtE: [ast.Lt, ast.Gt], ast.Gt: [ast.GtE, ast.LtE], ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.Is: [ast.IsNot], ast.IsNot: [ast.Is], ast.In: [ast.NotIn], ast.NotIn: [ast.In],
    ast.And: [ast.Or], ast.Or: [ast.And], ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.FloorDiv],
    ast.FloorDiv: [ast.Mult], ast.Div: [ast.Mult], ast.Mod: [ast.FloorDiv], ast.BitOr: [ast.BitAnd], ast.BitAnd: [ast.BitOr],
}  # fmt: skip
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
_Change = tuple[ast.AST, ast.AST]  # a node, and what stands there instead
_ATOMS = (ast.Name, ast.Call, ast.Constant, ast.Subscript, ast.Attribute, ast.stmt)


class Mutant(NamedTuple):
    """One change: `text` instead of the bytes from `start` to `end` of a file. `before` and `after` are its lines."""

    file: str
    line: int
    function: str
    before: str
    after: str
    start: int
    end: int
    text: str

    def apply(self, source: bytes) -> bytes:
        """Return the source with the change."""
        return source[: self.start] + self.text.encode() + source[self.end :]


def mutants_of(source: bytes, file: str) -> list[Mutant]:
    """Return the mutants of a module, in the order of its text; a few of them may not compile."""
    starts = [0]
    for line in source.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    found = {}
    for node, changed, function in _changes(ast.parse(source), ""):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        text = ast.unparse(changed)
        text = text if isinstance(changed, _ATOMS) else f"({text})"
        head, tail = source[starts[node.lineno - 1] : start], source[end : starts[node.end_lineno] - 1]
        before, after = (_on_one_line(head + each + tail) for each in (source[start:end], text.encode()))
        found[start, end, text] = Mutant(file, node.lineno, function, before, after, start, end, text)
    return [found[each] for each in sorted(found)]


def _on_one_line(text: bytes) -> str:
    return " ".join(text.decode().split())


def _changes(node: ast.AST, function: str) -> Iterator[tuple[ast.AST, ast.AST, str]]:
    """Yield (node, what stands there instead, the function around it) for everything below a node."""
    if isinstance(node, ast.JoinedStr) or _is_for_types_only(node):
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        function = f"{function}.{node.name}".lstrip(".")
    if type(node) in _RULES:
        yield from ((*change, function) for change in _RULES[type(node)](node))
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "bases"} or getattr(node, "arg", "") == "strict":
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _changes(child, function)


def _is_for_types_only(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"


def _operators(node: ast.Compare) -> Iterator[_Change]:
    for number, operator in enumerate(node.ops):
        for other in _OPERATORS[type(operator)]:
            yield node, _with(node, ops=[*node.ops[:number], other(), *node.ops[number + 1 :]])


def _operator(node: ast.BinOp | ast.AugAssign | ast.BoolOp) -> Iterator[_Change]:
    for other in _OPERATORS.get(type(node.op), ()):
        yield node, _with(node, op=other())


def _operands(node: ast.BoolOp) -> Iterator[_Change]:
    yield from _operator(node)
    for number in range(len(node.values)):
        rest = node.values[:number] + node.values[number + 1 :]
        yield node, rest[0] if len(rest) == 1 else _with(node, values=rest)


def _without_not(node: ast.UnaryOp) -> Iterator[_Change]:
    if isinstance(node.op, ast.Not):
        yield node, node.operand


def _test(node: ast.If | ast.IfExp | ast.While) -> Iterator[_Change]:
    yield from _negated(node.test)


def _conditions(node: ast.comprehension) -> Iterator[_Change]:
    for each in node.ifs:
        yield from _negated(each)


def _negated(test: ast.expr) -> Iterator[_Change]:
    if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp):
        yield test, ast.UnaryOp(ast.Not(), test)


def _constant(node: ast.Constant) -> Iterator[_Change]:
    if isinstance(node.value, bool):
        yield node, ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield node, ast.Constant(node.value + 1)
        yield node, ast.Constant(node.value - 1)


def _nothing(node: ast.Return) -> Iterator[_Change]:
    if node.value is not None and not isinstance(node.value, ast.Constant):
        yield node.value, ast.Constant(None)


def _removed(node: ast.Expr) -> Iterator[_Change]:
    if isinstance(node.value, ast.Call):
        yield node, ast.Pass()


def _bounds(node: ast.Subscript) -> Iterator[_Change]:
    if isinstance(node.slice, ast.Slice):
        for each in ("lower", "upper"):
            if getattr(node.slice, each):
                yield node, _with(node, slice=_with(node.slice, **{each: None}))


def _call(node: ast.Call) -> Iterator[_Change]:
    if isinstance(node.func, ast.Name) and node.func.id in _NAMES:
        yield node.func, ast.Name(_NAMES[node.func.id])
    for keyword in node.keywords:
        if keyword.arg not in {None, "strict"}:
            yield node, _with(node, keywords=[each for each in node.keywords if each is not keyword])


_RULES: dict[type[ast.AST], Callable[..., Iterator[_Change]]] = {
    ast.Compare: _operators, ast.BinOp: _operator, ast.AugAssign: _operator, ast.BoolOp: _operands, ast.UnaryOp: _without_not,
    ast.If: _test, ast.IfExp: _test, ast.While: _test, ast.comprehension: _conditions, ast.Constant: _constant,
    ast.Return: _nothing, ast.Expr: _removed, ast.Subscript: _bounds, ast.Call: _call,
}  # fmt: skip


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed
