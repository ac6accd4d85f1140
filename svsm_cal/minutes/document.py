"""A reader of Markdown minutes: headings, list items and paragraphs with their lines, split into sentences.

It uses markdown-it-py for CommonMark (spec 0.31), and skips HTML and code blocks. It never fails: any text is Markdown.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from svsm_cal.value import Value

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# Longer sentences and blocks are cut, as patterns and emphasis take more than linear time.
_LONGEST = 1000
_LONGEST_BLOCK = 20_000
_LINK = re.compile(r"https?://[^\s<>()\[\]\"'`*]+[^\s<>()\[\]\"'`*.,;:!?]")
_TAG = re.compile(r"<!--.{0,2000}?-->|</?[A-Za-z][^<>]{0,200}>", re.DOTALL)
# A sentence ends before a capital letter or a digit, but not in "e.g. Rust" or "Jan. 5".
_END = re.compile(
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bcf)(?<!\bDr)(?<!\bMr)(?<!\bNo)(?<![ .][A-Z])[.!?][\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])"
)
_MONTH_DOT = re.compile(r"\b(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.\s+$")


class Sentence(Value):
    """A sentence and its first line (from 1)."""

    text: str
    line: int


class Block(Value):
    """A heading (`level` 1 to 6), an item (`level` 0, `depth` from 1) or a paragraph (both 0), with its plain text by line.

    `section` is the title of the nearest heading above it, or "". `lead` is the bold text at its start, or "".
    """

    lines: tuple[tuple[int, str], ...]
    level: int = 0
    depth: int = 0
    section: str = ""
    lead: str = ""

    @property
    def line(self) -> int:
        """Return the first line (from 1)."""
        return self.lines[0][0]

    @property
    def text(self) -> str:
        """Return the text of all lines."""
        return " ".join(text for _, text in self.lines)


class Link(Value):
    """A link, its text ("" for a bare URL), and its line."""

    url: str
    text: str
    line: int


class Document(Value):
    """The blocks and links of a text, in order."""

    blocks: tuple[Block, ...]
    links: tuple[Link, ...]


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"maxNesting": 20})
    parser.core.ruler.disable("inline")  # `_lines` does this, up to the longest block
    return parser


def document_of(text: str) -> Document:
    """Return the blocks and links of any Markdown text, with any line ends."""
    env: dict[str, object] = {}
    tokens = _parser().parse(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd"), env)
    blocks: list[Block] = []
    links: list[Link] = []
    level = depth = 0
    section = ""
    for token in tokens:
        match token.type:
            case "heading_open":
                level = int(token.tag[1:])
            case "list_item_open":
                depth += 1
            case "list_item_close":
                depth -= 1
            case "inline" if token.map is not None:
                lines, lead = _lines(token, links, env)
                if not lines:
                    continue
                blocks.append(Block(lines, level, depth, section, lead))
                if level:
                    section = blocks[-1].text.rstrip(": ")
                level = 0
            case _:
                pass
    return Document(tuple(blocks), tuple(links))


def _lines(token: Token, links: list[Link], env: dict[str, object]) -> tuple[tuple[tuple[int, str], ...], str]:
    """Return a block's plain text by line, and the bold text at its start; its links are appended to `links`."""
    line = token.map[0] + 1 if token.map else 1
    lines: list[tuple[int, str]] = []
    parts: list[str] = []
    lead: list[str] = []
    bold = False
    opened: tuple[str, int] | None = None
    children: list[Token] = []
    parser = _parser()
    parser.inline.parse(token.content[:_LONGEST_BLOCK], parser, env, children)
    for child in children:
        content = _printable(child.content)
        match child.type:
            case "softbreak" | "hardbreak":
                lines.append((line, "".join(parts)))
                parts, line = [], line + 1
            case "strong_open":
                bold = not "".join(parts).strip() and not lines
            case "strong_close":
                bold = False
            case "link_open":
                opened = (str(child.attrGet("href") or ""), len(parts))
            case "link_close" if opened is not None:
                links.append(Link(opened[0], "".join(parts[opened[1] :]).strip(), line))
                opened = None
            case "image":
                parts.append(content)
            case "text" | "text_special" | "code_inline":
                parts.append(content)
                if bold:
                    lead.append(content)
                if opened is None and "://" in content:
                    links.extend(Link(match[0], "", line) for match in _LINK.finditer(content))
            case _:
                pass
    lines.append((line, "".join(parts)))
    plain = ((number, " ".join(_TAG.sub(" ", text).split())) for number, text in lines)
    return tuple((number, text) for number, text in plain if text), "".join(lead).strip(" :")


def _printable(text: str) -> str:
    """Return a text with blanks for unprintable characters, which could control a terminal."""
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


def sentences_of(block: Block) -> list[Sentence]:
    """Return the sentences of a block."""
    text = block.text
    starts = []
    at = 0
    for line, part in block.lines:
        starts.append((at, line))
        at += len(part) + 1
    sentences = []
    begin = 0
    for end in [*(match.end() for match in _END.finditer(text) if not _MONTH_DOT.search(text[: match.end()][-8:])), len(text)]:
        sentence = text[begin:end].strip()
        if sentence:
            line = next((number for offset, number in reversed(starts) if offset <= begin), block.line)
            sentences.append(Sentence(sentence[:_LONGEST], line))
        begin = end
    return sentences
