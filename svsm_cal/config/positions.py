"""The positions of every table, key and value in a TOML text, which tomllib does not report: for findings and for edits."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Path", "Positions", "Spans", "after_line", "cut_lines", "locate", "newline_at", "spans_of"]

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_\-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}\n#]+")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


@dataclass(slots=True)
class Positions:
    """Offsets of keys, values and table headers by path, turned into lines and columns on asking."""

    text: str
    keys: dict[Path, int] = field(default_factory=dict)
    values: dict[Path, int] = field(default_factory=dict)
    _lines: list[int] = field(default_factory=list)

    def line_column(self, path: Path, *, key: bool = False, within: int = 0) -> tuple[int, int]:
        """Return (line, column), from 1, of the value at `path`, or of its key; of the nearest parent if it has none.

        `within` characters into the value, where it is a string on one line.
        """
        for end in range(len(path), 0, -1):
            part = path[:end]
            offsets = (self.keys, self.values) if key else (self.values, self.keys)
            for table in offsets:
                if part in table:
                    line, column = self._line_column(table[part])
                    several = self.text.startswith(('"""', "'''"), table[part])
                    return line, column + (0 if several else within)
        return 1, 1

    def _line_column(self, offset: int) -> tuple[int, int]:
        if not self._lines:
            self._lines = [0, *(match.end() for match in re.finditer("\n", self.text))]
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1


def locate(text: str) -> Positions:
    """Return the positions of everything in a valid TOML document."""
    scanner = Scanner(text)
    scanner.document()
    return scanner.found


class Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found = Positions(text)
        self.counts: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        self.blank()
        while self.at < len(self.text):
            begin = self.at
            if self.text.startswith("[[", begin):
                self.at += 2
                path = self.resolved(self.dotted())
                self.at = self.text.index("]]", self.at) + 2
                number = self.counts[path] = self.counts.get(path, -1) + 1
                table = (*path, number)
                self.found.keys.setdefault(path, begin)
                self.found.keys[table] = begin
            elif self.text[begin] == "[":
                self.at += 1
                table = self.resolved(self.dotted())
                self.at = self.text.index("]", self.at) + 1
                self.found.keys[table] = begin
            else:
                self.pair(table)
            self.blank()

    def resolved(self, names: list[str]) -> Path:
        """Return the path of a header's dotted name: an array of tables on the way means its last one."""
        path: Path = ()
        for index, name in enumerate(names):
            path = (*path, name)
            if index < len(names) - 1 and path in self.counts:
                path = (*path, self.counts[path])
        return path

    def pair(self, table: Path) -> None:
        begin = self.at
        names = self.dotted()
        for end in range(1, len(names)):
            self.found.keys.setdefault((*table, *names[:end]), begin)
        path = (*table, *names)
        self.found.keys[path] = begin
        self.at = self.text.index("=", self.at) + 1
        self.inline_blank()
        self.value(path)

    def dotted(self) -> list[str]:
        names: list[str] = []
        while True:
            self.inline_blank()
            string = _STRING.match(self.text, self.at)
            bare = _BARE_KEY.match(self.text, self.at)
            match = string or bare
            if match is None:
                return names
            names.append(_unquoted(match[0]) if string else match[0])
            self.at = match.end()
            self.inline_blank()
            if self.text[self.at : self.at + 1] != ".":
                return names
            self.at += 1

    def value(self, path: Path) -> None:
        self.found.values[path] = self.at
        opening = self.text[self.at]
        if opening == "[":
            self.at += 1
            self.items("]", lambda number: self.value((*path, number)))
        elif opening == "{":
            self.at += 1
            self.items("}", lambda _: self.pair(path))
        else:
            match = _STRING.match(self.text, self.at) or _SCALAR.match(self.text, self.at)
            self.at = match.end() if match else self.at + 1

    def items(self, closing: str, item: Callable[[int], None]) -> None:
        number = 0
        self.blank()
        while self.text[self.at] != closing:
            item(number)
            number += 1
            self.blank()
            if self.text[self.at] == ",":
                self.at += 1
                self.blank()
        self.at += 1

    def blank(self) -> None:
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def inline_blank(self) -> None:
        while self.text[self.at : self.at + 1] in {" ", "\t"}:
            self.at += 1


def _unquoted(text: str) -> str:
    if text[0] == "'":
        return text[1:-1]
    return _ESCAPE.sub(_character, text[1:-1])


def _character(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _ESCAPES.get(match[3], match[0])


_BLANKS = re.compile(r"[ \t]*")
_TO_NEXT = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")


class Spans(Value):
    """A valid TOML text and the offsets of its parts by path; `ends` are those just after each value."""

    text: str
    keys: dict[Path, int]
    values: dict[Path, int]
    ends: dict[Path, int]

    @cached_property
    def document(self) -> dict[str, Any]:
        """Return what the text says."""
        import tomllib

        return tomllib.loads(self.text)

    def at(self, path: Path) -> Any:
        """Return what the text says at a path; None where it says nothing."""
        found: Any = self.document
        for part in path:
            try:
                found = found[part]
            except (KeyError, IndexError):
                return None
        return found

    def inline(self, table: Path) -> bool:
        """Whether a table is written in braces, not under a header."""
        return table in self.values

    def keys_of(self, table: Path) -> list[Path]:
        """Return the paths of a table's own keys with a value, in the order they stand in."""
        found = [path for path in self.values if path[:-1] == table and isinstance(path[-1], str)]
        return sorted(found, key=self.keys.__getitem__)

    def block_end(self, table: Path) -> int:
        """Return where the last value under a table's header ends, those under the headers within it too."""
        header = self.text.index("]", self.keys[table])
        return max((end for path, end in self.ends.items() if path[: len(table)] == table), default=header)

    def indent(self, at: int) -> str | None:
        """Return the blanks before an offset, None if it is not the first thing on its line."""
        begin = self.text.rfind("\n", 0, at) + 1
        blanks = self.text[begin:at]
        return blanks if not blanks.strip(" \t") else None

    def comma(self, end: int) -> int | None:
        """Return the offset of the comma that follows a value, None if none does."""
        match = _TO_NEXT.match(self.text, end)
        at = match.end() if match else end
        return at if self.text[at : at + 1] == "," else None

    def rest(self, at: int, *, comment: bool = True) -> int | None:
        """Return where the line goes on to the next one, None if more than blanks (and a comment) follows on it."""
        match = _BLANKS.match(self.text, at)
        after = match.end() if match else at
        end = self.text.find("\n", after) + 1 or len(self.text)
        rest = self.text[after:end].strip("\r\n")
        return end if not rest or (comment and rest.startswith("#")) else None


class _SpanScanner(Scanner):
    """The scanner of positions, which passes each value's end and here keeps it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.ends: dict[Path, int] = {}

    def value(self, path: Path) -> None:
        super().value(path)
        begin = self.found.values[path]
        # What has no quotes or brackets is scanned with the blanks behind it.
        self.ends[path] = begin + len(self.text[begin : self.at].rstrip())


def spans_of(text: str) -> Spans:
    """Return where everything in a valid TOML text stands."""
    scanner = _SpanScanner(text)
    scanner.document()
    return Spans(text, scanner.found.keys, scanner.found.values, scanner.ends)


def newline_at(text: str, at: int) -> str:
    r"""Return how the line at an offset ends, the one before it if it is the last: "\n", or "\r\n" as on Windows."""
    end = text.find("\n", at)
    if end < 0:
        end = text.rfind("\n")
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def after_line(text: str, at: int, lines: list[str]) -> str:
    """Return a text with lines put in after the one at an offset; a last line without an end stays without."""
    newline = newline_at(text, at)
    end = text.find("\n", at) + 1
    if not end:
        return text + "".join(newline + line for line in lines)
    return text[:end] + "".join(line + newline for line in lines) + text[end:]


def cut_lines(text: str, begin: int, end: int) -> str:
    """Return a text without the whole lines from `begin` to `end`; a last line without an end stays without."""
    if end == len(text) and not text.endswith("\n"):
        return text[:begin].removesuffix("\n").removesuffix("\r") + text[end:]
    return text[:begin] + text[end:]
