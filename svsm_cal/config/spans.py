"""Where each table, key and value of a TOML text begins and ends, and the lines they stand on: what an edit needs."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from svsm_cal.config.positions import Scanner
from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.config.positions import Path

__all__ = ["Spans", "after_line", "cut_lines", "newline_at", "spans_of"]

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
