"""Markdown as minutes have it: headings, items and paragraphs with the lines they stand on, cut into sentences.

CommonMark (spec 0.31) as markdown-it-py reads it; HTML and code are no text. Nothing is refused: any text is Markdown.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from svsm_cal.value import Value

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["Block", "Document", "Link", "Sentence", "document_of", "sentences_of"]

# More than anybody says in one breath, or in one paragraph; what is longer is cut there, as patterns and emphasis take
# more than linear time.
_LONGEST = 1000
_LONGEST_BLOCK = 20_000
_LINK = re.compile(r"https?://[^\s<>()\[\]\"'`*]+[^\s<>()\[\]\"'`*.,;:!?]")
_TAG = re.compile(r"<!--.{0,2000}?-->|</?[A-Za-z][^<>]{0,200}>", re.DOTALL)
# A sentence ends where the next one begins with a capital letter or a digit; "e.g. Rust" and "Jan. 5" do not.
_END = re.compile(
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bcf)(?<!\bDr)(?<!\bMr)(?<!\bNo)(?<![ .][A-Z])[.!?][\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])"
)
_MONTH_DOT = re.compile(r"\b(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.\s+$")


class Sentence(Value):
    """One sentence and the line (from 1) on which it begins."""

    text: str
    line: int


class Block(Value):
    """A heading (`level` 1 to 6), an item (`level` 0, `depth` from 1) or a paragraph (both 0), with its plain text by line.

    `section` is the title of the nearest heading above, `top` that of the nearest of level 1 or 2 ("" for none).
    `lead` is the bold text it begins with.
    """

    lines: tuple[tuple[int, str], ...]
    level: int = 0
    depth: int = 0
    section: str = ""
    top: str = ""
    lead: str = ""

    @property
    def line(self) -> int:
        """Return the line (from 1) on which it begins."""
        return self.lines[0][0]

    @property
    def text(self) -> str:
        """Return its whole text."""
        return " ".join(text for _, text in self.lines)


class Link(Value):
    """A link, the text it stands behind ("" for a bare one), and its line."""

    url: str
    text: str
    line: int


class Document(Value):
    """The blocks of a text in order, and its links."""

    blocks: tuple[Block, ...]
    links: tuple[Link, ...]


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"maxNesting": 20})
    parser.core.ruler.disable("inline")  # done here, for as much of a block as is read
    return parser


def document_of(text: str) -> Document:
    """Return what a Markdown text has to say; any text is Markdown, and its lines end as they like."""
    env: dict[str, object] = {}
    tokens = _parser().parse(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd"), env)
    blocks: list[Block] = []
    links: list[Link] = []
    level = depth = 0
    section = top = ""
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
                block = Block(lines, level, depth, section, top, lead)
                if level:
                    section = block.text.rstrip(": ")
                    top = section if level <= 2 else top
                blocks.append(block)
                level = 0
            case _:
                pass
    return Document(tuple(blocks), tuple(links))


def _lines(token: Token, links: list[Link], env: dict[str, object]) -> tuple[tuple[tuple[int, str], ...], str]:
    """Return the plain text of each line of a block, and the bold text it begins with; its links are added."""
    line = token.map[0] + 1 if token.map else 1
    found: list[tuple[int, str]] = []
    said: list[str] = []
    lead: list[str] = []
    bold = False
    opened: tuple[str, int] | None = None
    children: list[Token] = []
    parser = _parser()
    parser.inline.parse(token.content[:_LONGEST_BLOCK], parser, env, children)
    for child in children:
        content = _seen(child.content)
        match child.type:
            case "softbreak" | "hardbreak":
                found.append((line, "".join(said)))
                said, line = [], line + 1
            case "strong_open":
                bold = not "".join(said).strip() and not found
            case "strong_close":
                bold = False
            case "link_open":
                opened = (str(child.attrGet("href") or ""), len(said))
            case "link_close" if opened is not None:
                links.append(Link(opened[0], "".join(said[opened[1] :]).strip(), line))
                opened = None
            case "image":
                said.append(content)
            case "text" | "text_special" | "code_inline":
                said.append(content)
                if bold:
                    lead.append(content)
                if opened is None and "://" in content:
                    links.extend(Link(match[0], "", line) for match in _LINK.finditer(content))
            case _:
                pass
    found.append((line, "".join(said)))
    plain = ((number, " ".join(_TAG.sub(" ", text).split())) for number, text in found)
    return tuple((number, text) for number, text in plain if text), "".join(lead).strip(" :")


def _seen(text: str) -> str:
    """Return a text with blanks for what does not print: it would steer terminals, and the calendar takes none of it."""
    return text if text.isprintable() else "".join(each if each.isprintable() else " " for each in text)


def sentences_of(block: Block) -> list[Sentence]:
    """Return a block's sentences, each with the line on which it begins."""
    text = block.text
    starts = []
    at = 0
    for line, part in block.lines:
        starts.append((at, line))
        at += len(part) + 1
    found = []
    begin = 0
    for end in [*(match.end() for match in _END.finditer(text) if not _MONTH_DOT.search(text[: match.end()][-8:])), len(text)]:
        sentence = text[begin:end].strip()
        if sentence:
            line = next((number for offset, number in reversed(starts) if offset <= begin), block.line)
            found.append(Sentence(sentence[:_LONGEST], line))
        begin = end
    return found
