"""A tolerant iCalendar parser (RFC 5545 section 3.1): bytes to lines, properties and components.

It never fails: each syntax error becomes a `Problem` with its place, and parsing continues after it. Lines are numbered
before unfolding, as in an editor. Name and parameters are parsed once for all lines that share them.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_LONGEST = 75
_DEEPEST = 20  # known components are three deep at most; each END is compared with all that are open
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NAME = re.compile(r"[A-Za-z0-9-]+")
_HEAD = re.compile(r'(?:[^":]++|"[^"]*+")*+')
_VALUE = r'(?:"[^"]*+"|[^";:,]*+)'
_PARAMETER = re.compile(rf";([A-Za-z0-9-]++)=({_VALUE}(?:,{_VALUE})*+)")
_EACH_VALUE = re.compile(r'"([^"]*)"|([^",]+)')
_CARET = re.compile(r"\^([n^'])")
_CARET_MEANS = {"n": "\n", "^": "^", "'": '"'}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LOST = re.compile("[\udc80-\udcff]")  # a byte that is not UTF-8, as "surrogateescape" keeps it


class Problem(Value):
    """A syntax error: its place, counted from 1, its code, and the details for its message."""

    line: int
    column: int
    code: str
    detail: str = ""


class Property(Value):
    """A content line: `value` is as written, still escaped, and starts at character `head` of the unfolded line.

    `name` and the parameter names are in upper case; lines with the same parameters share `params`.
    """

    line: int
    name: str
    params: Mapping[str, tuple[str, ...]]
    value: str
    head: int

    def param(self, name: str) -> str:
        """Return a parameter's first value, "" if it is absent."""
        return self.params[name][0] if name in self.params else ""


class Component(Value):
    """The properties and subcomponents between BEGIN and END, each in order."""

    name: str
    line: int
    properties: Sequence[Property]
    children: Sequence[Component]

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[Property]]:
        """Return the properties by name."""
        named: dict[str, list[Property]] = {}
        for given in self.properties:
            named.setdefault(given.name, []).append(given)
        return named

    def all(self, name: str) -> Sequence[Property]:
        """Return all properties with a name."""
        return self.by_name.get(name, ())

    def first(self, name: str) -> Property | None:
        """Return the first property with a name, or None."""
        return self.by_name.get(name, (None,))[0]

    def text(self, name: str) -> str:
        """Return the value of the first property with a name, as written, or ""."""
        given = self.first(name)
        return given.value if given else ""


class Content(Value):
    """A parsed text: its physical lines, its components, and its syntax errors, each in order."""

    lines: Sequence[str]
    components: Sequence[Component]
    problems: Sequence[Problem]

    def place(self, line: int, offset: int) -> tuple[int, int]:
        """Return the line and column (from 1) of a character of the unfolded line that begins at line `line`."""
        return _place(self.lines, line, offset)


def read_content(data: bytes) -> Content:
    r"""Parse any bytes as iCalendar; never raises.

    >>> content = read_content(b"BEGIN:VCALENDAR\r\nNAME:Comm\r\n unity\r\nEND:VCALENDAR\r\n")
    >>> content.components[0].text("NAME"), content.problems
    ('Community', ())
    """
    problems: list[Problem] = []
    lines = _physical(data, problems)
    roots = _tree(_unfolded(lines, problems), problems)
    problems.sort(key=lambda problem: (problem.line, problem.column))
    return Content(lines, roots, tuple(problems))


def _physical(data: bytes, problems: list[Problem]) -> list[str]:
    """Return the physical lines without line ends; bytes that are not UTF-8 become surrogates."""
    if data.startswith(_BYTE_ORDER_MARK):
        problems.append(Problem(1, 1, "byte-order-mark"))
        data = data.removeprefix(_BYTE_ORDER_MARK)
    bare = data.count(b"\n") - data.count(b"\r\n")
    ends = data.endswith(b"\n") or not data
    if bare:
        numbers = [number for number, line in enumerate(data.split(b"\n"), 1) if not line.endswith(b"\r")]
        problems += _once("line-end", numbers[: len(numbers) - (1 if ends or numbers[-1] > data.count(b"\n") else 0)])
    text = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    lines = text.split("\n")
    if ends:
        lines.pop()
    else:
        problems.append(Problem(len(lines), len(lines[-1]) + 1, "last-line-end"))
    if max(map(len, lines), default=0) > (_LONGEST if text.isascii() else _LONGEST // 4):
        problems += _once("long-line", [number for number, line in enumerate(lines, 1) if _octets(line) > _LONGEST])
    if _CONTROL.search(text.replace("\n", "")):
        problems += _once("control-character", [number for number, line in enumerate(lines, 1) if _CONTROL.search(line)])
    return lines


def _octets(line: str) -> int:
    return len(line) if line.isascii() else len(line.encode("utf-8", "surrogateescape"))


def _once(code: str, numbers: Sequence[int]) -> Iterable[Problem]:
    """Yield one problem for all lines that have it, at the first of them."""
    more = len(numbers) - 1
    if numbers:
        yield Problem(numbers[0], 1, code, f", and {more} more line{'s' if more > 1 else ''} like it" if more else "")


def _place(lines: Sequence[str], line: int, offset: int) -> tuple[int, int]:
    at = line - 1
    if not 0 <= at < len(lines):
        return line, 1
    while offset >= len(lines[at]) and at + 1 < len(lines) and lines[at + 1][:1] in {" ", "\t"}:
        offset -= len(lines[at]) - 1  # the blank that starts the next line does not count
        at += 1
    return at + 1, min(offset, len(lines[at])) + 1


def _unfolded(lines: Sequence[str], problems: list[Problem]) -> list[tuple[int, str]]:
    """Return the unfolded lines that are not empty, each with the number of its first physical line."""
    folded: list[tuple[int, list[str]]] = []
    blank: list[int] = []
    before = ""
    for number, line in enumerate(lines, 1):
        if not line:
            blank.append(number)
        elif line[0] in " \t" and before:
            folded[-1][1].append(line[1:])
        else:
            folded.append((number, [line]))
        before = line
    problems += _once("blank-line", blank)
    unfolded = [(number, "".join(parts)) for number, parts in folded]
    if any(map(_LOST.search, lines)):
        unfolded = [(number, _repaired(text, number, lines, problems)) for number, text in unfolded]
    return unfolded


def _repaired(text: str, number: int, lines: Sequence[str], problems: list[Problem]) -> str:
    """Decode an unfolded line again, as a fold may have split a character between two physical lines."""
    lost = _LOST.search(text)
    if lost is None:
        return text
    data = text.encode("utf-8", "surrogateescape")
    try:
        whole, code = data.decode(), "split-character"
    except UnicodeDecodeError:
        whole, code = data.decode("utf-8", "replace"), "encoding"
    problems.append(Problem(*_place(lines, number, lost.start()), code))
    return whole


_Head = tuple[str, "Mapping[str, tuple[str, ...]]", str]
# Name, line, properties and children of an open component.
_Open = tuple[str, int, list[Property], list[Component]]


def _tree(logical: Sequence[tuple[int, str]], problems: list[Problem]) -> tuple[Component, ...]:
    """Return the outermost components; one without END ends with its parent."""
    outside: list[Property] = []
    roots: list[Component] = []
    opened: list[_Open] = [("", 0, outside, roots)]  # the innermost last
    heads: dict[str, _Head] = {}
    properties = outside
    for number, text in logical:
        head = text[: text.find(":")]
        if '"' in head:
            head = _HEAD.match(text)[0]  # type: ignore[index]  # it matches anything
        name, params, problem = heads.get(head) or heads.setdefault(head, _read_head(head))
        size = len(head)
        if problem or text[size : size + 1] != ":":
            problems.append(Problem(number, 1, problem or "not-a-line", text[:40]))
            if not name or text[size : size + 1] != ":":
                continue
        value = text[size + 1 :]
        if name == "BEGIN":
            if len(opened) > _DEEPEST:
                problems.append(Problem(number, 1, "unbalanced", f"BEGIN:{value.strip().upper()[:40]} is {len(opened)} deep"))
                continue
            opened.append((value.strip().upper(), number, [], []))
            properties = opened[-1][2]
        elif name == "END":
            _close(value.strip().upper(), number, opened, problems)
            properties = opened[-1][2]
        else:
            properties.append(Property(number, name, params, value, size + 1))
    while len(opened) > 1:
        problems.append(Problem(opened[-1][1], 1, "unbalanced", f"BEGIN:{opened[-1][0][:40]} has no END"))
        _pop(opened)
    if outside:
        problems += _once("outside-calendar", [given.line for given in outside])
    return tuple(roots)


def _close(name: str, number: int, opened: list[_Open], problems: list[Problem]) -> None:
    """Close a component and any that are still open inside it."""
    if not any(component[0] == name for component in opened[:0:-1]):
        problems.append(Problem(number, 1, "unbalanced", f"END:{name[:40]} has no BEGIN"))
        return
    while opened[-1][0] != name:
        problems.append(Problem(opened[-1][1], 1, "unbalanced", f"BEGIN:{opened[-1][0][:40]} has no END"))
        _pop(opened)
    _pop(opened)


def _pop(opened: list[_Open]) -> None:
    name, line, properties, children = opened.pop()
    opened[-1][3].append(Component(name, line, tuple(properties), tuple(children)))


def _read_head(head: str) -> _Head:
    """Parse a line up to its colon: name, parameters, and the code of any problem, otherwise ""."""
    match = _NAME.match(head)
    if match is None:
        return "", {}, "not-a-line"
    name, at = match[0].upper(), match.end()
    params: dict[str, tuple[str, ...]] = {}
    while at < len(head):
        part = _PARAMETER.match(head, at)
        if part is None:
            return ("", {}, "not-a-line") if head[at] != ";" else (name, params, "bad-parameter")
        values = [quoted or plain for quoted, plain in _EACH_VALUE.findall(part[2])]
        params[part[1].upper()] = tuple(_CARET.sub(lambda caret: _CARET_MEANS[caret[1]], value) for value in values) or ("",)
        at = part.end()
    return name, params, ""
