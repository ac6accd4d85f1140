"""The positions of all tables, keys and values in a TOML text, for findings and edits; tomllib does not report them."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Any

from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANKS = re.compile(r"[ \t]*")
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


class Positions(Value):
    """A valid TOML text and the offsets of its keys, values and table headers by path; `ends` are just after the values."""

    text: str
    keys: dict[Path, int]
    values: dict[Path, int]
    ends: dict[Path, int]

    def line_column(self, path: Path, *, key: bool = False, within: int = 0) -> tuple[int, int]:
        """Return (line, column), from 1, of the value or key at `path`, or of the nearest parent that has one.

        `within` is added to the column unless the value is a multi-line string.
        """
        for end in range(len(path), 0, -1):
            for offsets in (self.keys, self.values) if key else (self.values, self.keys):
                offset = offsets.get(path[:end])
                if offset is not None:
                    line = bisect_right(self._lines, offset)
                    multiline = self.text.startswith(('"""', "'''"), offset)
                    return line, offset - self._lines[line - 1] + 1 + (0 if multiline else within)
        return 1, 1

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    @cached_property
    def document(self) -> dict[str, Any]:
        """Return the parsed document."""
        import tomllib

        return tomllib.loads(self.text)

    def at(self, path: Path) -> Any:
        """Return the value at a path, or None."""
        value: Any = self.document
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError):
                return None
        return value

    def inline(self, table: Path) -> bool:
        """Whether a table is written in braces, not under a header."""
        return table in self.values

    def keys_of(self, table: Path) -> list[Path]:
        """Return the paths of a table's own keys with a value, in text order."""
        keys = [path for path in self.values if path[:-1] == table and isinstance(path[-1], str)]
        return sorted(keys, key=self.keys.__getitem__)

    def block_end(self, table: Path) -> int:
        """Return the end of the last value under a table's header, including headers within it."""
        header = self.text.index("]", self.keys[table])
        return max((end for path, end in self.ends.items() if path[: len(table)] == table), default=header)

    def indent(self, at: int) -> str | None:
        """Return the blanks before an offset, or None if there is other text before it on its line."""
        begin = self.text.rfind("\n", 0, at) + 1
        blanks = self.text[begin:at]
        return blanks if not blanks.strip(" \t") else None

    def comma(self, end: int) -> int | None:
        """Return the offset of the comma after a value, or None."""
        match = _BLANK.match(self.text, end)
        at = match.end() if match else end
        return at if self.text[at : at + 1] == "," else None

    def rest(self, at: int, *, comment: bool = True) -> int | None:
        """Return the offset of the next line, or None if more than blanks (and a comment) follows on this one."""
        match = _BLANKS.match(self.text, at)
        after = match.end() if match else at
        end = self.text.find("\n", after) + 1 or len(self.text)
        rest = self.text[after:end].strip("\r\n")
        return end if not rest or (comment and rest.startswith("#")) else None


def locate(text: str) -> Positions:
    """Return the positions in a valid TOML document."""
    scanner = _Scanner(text)
    scanner.document()
    return Positions(text, scanner.keys, scanner.values, scanner.ends)


class _Scanner:
    """A scanner of valid TOML; `ends` has the offset just after each value."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.keys: dict[Path, int] = {}
        self.values: dict[Path, int] = {}
        self.ends: dict[Path, int] = {}
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
                self.keys.setdefault(path, begin)
                self.keys[table] = begin
            elif self.text[begin] == "[":
                self.at += 1
                table = self.resolved(self.dotted())
                self.at = self.text.index("]", self.at) + 1
                self.keys[table] = begin
            else:
                self.pair(table)
            self.blank()

    def resolved(self, names: list[str]) -> Path:
        """Return the path of a header's dotted name; an array of tables in it stands for its last table."""
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
            self.keys.setdefault((*table, *names[:end]), begin)
        path = (*table, *names)
        self.keys[path] = begin
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
        begin = self.values[path] = self.at
        opening = self.text[begin]
        if opening == "[":
            self.at += 1
            self.items("]", lambda number: self.value((*path, number)))
        elif opening == "{":
            self.at += 1
            self.items("}", lambda _: self.pair(path))
        else:
            match = _STRING.match(self.text, self.at) or _SCALAR.match(self.text, self.at)
            self.at = match.end() if match else self.at + 1
        # The match of a bare value includes the blanks behind it.
        self.ends[path] = begin + len(self.text[begin : self.at].rstrip())

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


def newline_at(text: str, at: int) -> str:
    r"""Return the newline, "\n" or "\r\n", of the line at an offset, or of the line before for the last one."""
    end = text.find("\n", at)
    if end < 0:
        end = text.rfind("\n")
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def after_line(text: str, at: int, lines: list[str]) -> str:
    """Return the text with lines inserted after the line at an offset; no final newline is added."""
    newline = newline_at(text, at)
    end = text.find("\n", at) + 1
    if not end:
        return text + "".join(newline + line for line in lines)
    return text[:end] + "".join(line + newline for line in lines) + text[end:]


def cut_lines(text: str, begin: int, end: int) -> str:
    """Return the text without the whole lines from `begin` to `end`; a missing newline at the end stays missing."""
    if end == len(text) and not text.endswith("\n"):
        return text[:begin].removesuffix("\n").removesuffix("\r") + text[end:]
    return text[:begin] + text[end:]
