"""Entries put into, taken out of and changed in a TOML text, every other character of which stays as it is.

An entry gets the form of its neighbours: in braces on a line of its own, in braces on the list's one line, or under a
header. A comment on an entry's line is the entry's and goes with it; one above stays where it is, and what is put in
stands right after the entry before it.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from svsm_cal.config.spans import Spans, after_line, cut_lines, newline_at, spans_of
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from svsm_cal.config.positions import Path

__all__ = ["append_table", "insert_entry", "remove_entry", "set_value"]

_INDENT = "  "


class _Form(Value):
    """How a table in braces is written: the blanks within the braces, the equals sign, the comma."""

    pad: str = " "
    equals: str = " = "
    comma: str = ", "


def insert_entry(text: str, owner: Path, key: str, entry: Mapping[str, Any], *, by: str, lists: Sequence[str]) -> str:
    """Return the text with an entry added to a table's list `key`, in the order of the entries' `by` (a date).

    `lists` are the lists such a table has, in their usual order: a list that is not there yet gets its place by it. An
    entry that has `at` instead of a date stands where that moment would.
    """
    spans = spans_of(text)
    path = (*owner, key)
    rows = spans.at(path)
    if rows is None:
        if spans.inline(owner):
            return _into_braces(spans, owner, key, f"[{_braces(entry, _Form())}]", None)
        return _new_list(spans, owner, key, entry, lists)
    place = _place([row[by] if by in row else row["at"] for row in rows], entry[by])
    if path not in spans.values:
        return _into_tables(spans, path, place, entry)
    return _into_array(spans, path, len(rows), place, entry)


def append_table(text: str, key: str, entry: Mapping[str, Any]) -> str:
    """Return the text with the first entry of a list under a header of its own, after all there is."""
    newline = newline_at(text, len(text))
    lines = ["", f"[[{key}]]", *_lines(entry, "")]
    return text.rstrip("\r\n") + "".join(newline + line for line in lines) + newline


def remove_entry(text: str, path: Path) -> str:
    """Return the text without the entry at a path; a list that is empty then goes too, unless there are comments in it."""
    spans = spans_of(text)
    if spans.inline(path):
        return _without_list(spans_of(_from_array(spans, path)), path[:-1])
    begin = spans.text.rfind("\n", 0, spans.keys[path]) + 1
    above = spans.text.rfind("\n", 0, begin - 1) + 1 if begin else 0
    end = spans.rest(spans.block_end(path)) or len(text)
    return cut_lines(text, begin if text[above:begin].strip() else above, end)


def set_value(text: str, table: Path, key: str, value: object, *, order: Iterable[str]) -> str:
    """Return the text with a table's key set: its value replaced, or the key put where the usual `order` has it."""
    spans = spans_of(text)
    path = (*table, key)
    if path in spans.values:
        return text[: spans.values[path]] + _literal(value) + text[spans.ends[path] :]
    before = [*order]
    earlier = {(*table, each) for each in before[: before.index(key)]}
    previous = next((each for each in reversed(spans.keys_of(table)) if each in earlier), None)
    if spans.inline(table):
        return _into_braces(spans, table, key, _literal(value), previous)
    return _after_key(spans, table, previous, [f"{key} = {_literal(value)}"])


def _literal(value: object) -> str:
    from tomlkit import item

    return item(value).as_string()


def _place(dates: list[date], new: date) -> int:
    """Return before which of the dates a new one comes; lists with the newest first stay so."""
    moments = [_moment(each) for each in dates]
    moment = _moment(new)
    if moments and moments[0] > moments[-1]:
        return next((number for number, each in enumerate(moments) if each < moment), len(moments))
    return next((number for number, each in enumerate(moments) if each > moment), len(moments))


def _moment(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time())


# --- Tables in braces ---


def _form(spans: Spans, table: Path) -> _Form:
    """Return how a table in braces is written, without what only lines up its columns."""
    keys = spans.keys_of(table)
    first = keys[0]
    pad = " " if spans.keys[first] > spans.values[table] + 1 else ""
    equals = " = " if spans.text[spans.values[first] - 1] in " \t" else "="
    tight = len(keys) > 1 and spans.text[spans.ends[first] : spans.keys[keys[1]]] == ","
    return _Form(pad, equals, "," if tight else ", ")


def _braces(entry: Mapping[str, Any], form: _Form) -> str:
    pairs = form.comma.join(f"{key}{form.equals}{_literal(value)}" for key, value in entry.items())
    return f"{{{form.pad}{pairs}{form.pad}}}"


def _into_braces(spans: Spans, table: Path, key: str, shown: str, previous: Path | None) -> str:
    """Return the text with a key put into a table in braces after the `previous` one, or after the last."""
    form = _form(spans, table)
    end = spans.ends[previous or spans.keys_of(table)[-1]]
    return f"{spans.text[:end]}{form.comma}{key}{form.equals}{shown}{spans.text[end:]}"


# --- Lists in brackets ---


def _into_array(spans: Spans, path: Path, count: int, place: int, entry: Mapping[str, Any]) -> str:
    text = spans.text
    if not count:
        return _into_empty(spans, path, entry)
    items = [(*path, number) for number in range(count)]
    shown = _braces(entry, _form(spans, items[max(place - 1, 0)]))
    indents = [spans.indent(spans.values[item]) for item in items]
    if not place:
        begin, opening = spans.values[items[0]], spans.values[path] + 1
        if indents[0] is not None and spans.rest(opening):
            return after_line(text, opening, [f"{indents[0]}{shown},"])
        return text[:begin] + shown + _separator(spans, items, indents) + text[begin:]
    end = spans.ends[items[place - 1]]
    comma = spans.comma(end)
    after = end if comma is None else comma + 1
    indent = indents[place - 1] if indents[place - 1] is not None else indents[min(place, count - 1)]
    if indent is None or "\n" in text[end:after] or not spans.rest(after):
        return text[:end] + _separator(spans, items, indents) + shown + text[end:]
    if comma is None:
        return after_line(f"{text[:end]},{text[end:]}", after, [f"{indent}{shown}"])
    return after_line(text, after, [f"{indent}{shown},"])


def _separator(spans: Spans, items: list[Path], indents: list[str | None]) -> str:
    """Return what stands between the items of a list in which not every item has a line of its own."""
    indent = next((each for each in indents[1:] if each is not None), None)
    if indent is not None:
        return f",{newline_at(spans.text, spans.values[items[0]])}{indent}"
    tight = len(items) > 1 and spans.text[spans.ends[items[0]] : spans.values[items[1]]] == ","
    return "," if tight else ", "


def _into_empty(spans: Spans, path: Path, entry: Mapping[str, Any]) -> str:
    text, begin, end = spans.text, spans.values[path], spans.ends[path]
    inside = text[begin + 1 : end - 1]
    indent = spans.indent(spans.keys[path])
    if "#" in inside:
        line = text.rfind("\n", 0, end - 1) + 1
        commented = re.search(r"\n([ \t]*)#", inside)
        blanks = commented[1] if commented else f"{indent or ''}{_INDENT}"
        return f"{text[:line]}{blanks}{_braces(entry, _Form())},{newline_at(text, begin)}{text[line:]}"
    if indent is None:
        return f"{text[:begin]}[{_braces(entry, _Form())}]{text[end:]}"
    lines = ["[", f"{indent}{_INDENT}{_braces(entry, _Form())},", f"{indent}]"]
    return text[:begin] + newline_at(text, end).join(lines) + text[end:]


def _from_array(spans: Spans, path: Path) -> str:
    text, number = spans.text, int(path[-1])
    begin, end = spans.values[path], spans.ends[path]
    comma = spans.comma(end)
    after = end if comma is None else comma + 1
    previous = spans.ends[*path[:-1], number - 1] if number else None
    following = spans.values.get((*path[:-1], number + 1))
    rest = None if spans.indent(begin) is None or "\n" in text[end:after] else spans.rest(after)
    if rest is not None:
        left = cut_lines(text, text.rfind("\n", 0, begin) + 1, rest)
        # The last one had no comma, so the one that is the last now has none either.
        separator = spans.comma(previous) if comma is None and previous is not None else None
        return left if separator is None else left[:separator] + left[separator + 1 :]
    if previous is not None and "#" not in text[previous:begin]:
        return text[:previous] + text[end:]
    if previous is None and following is not None and "#" not in text[end:following]:
        return text[:begin] + text[following:]
    return text[:begin] + text[after:]


def _without_list(spans: Spans, path: Path) -> str:
    """Return the text without a list if it is empty and nothing else is on its lines."""
    text, begin, end = spans.text, spans.keys[path], spans.ends[path]
    if spans.at(path) or "#" in text[begin:end]:
        return text
    if spans.inline(path[:-1]):
        siblings = spans.keys_of(path[:-1])
        before = siblings.index(path) - 1
        return text if before < 0 else text[: spans.ends[siblings[before]]] + text[end:]
    rest = spans.rest(end, comment=False)
    if rest is None:  # a comment behind it
        return f"{text[: spans.values[path]]}[]{text[end:]}"
    return cut_lines(text, text.rfind("\n", 0, begin) + 1, rest)


# --- Lists under headers, and keys under them ---


def _into_tables(spans: Spans, path: Path, place: int, entry: Mapping[str, Any]) -> str:
    text = spans.text
    neighbour = (*path, max(place - 1, 0))
    begin = spans.keys[neighbour]
    header = text[begin : text.index("]]", begin) + 2]
    lines = [f"{spans.indent(begin) or ''}{header}", *_lines(entry, _body_indent(spans, neighbour))]
    blank = _blank_above(text, begin)
    if place:
        return after_line(text, _own_comments(text, spans.block_end(neighbour)), [*blank, *lines])
    top = _comments_above(text, text.rfind("\n", 0, begin) + 1)
    return after_line(text, top - 1, [*lines, *blank])


def _new_list(spans: Spans, owner: Path, key: str, entry: Mapping[str, Any], lists: Sequence[str]) -> str:
    arrays = [(*owner, each) for each in lists if (*owner, each) in spans.values]
    headers = [(*owner, each, 0) for each in lists if (*owner, each, 0) in spans.keys]
    if headers and not arrays:
        first = min(headers, key=spans.keys.__getitem__)
        begin = spans.keys[first]
        name = ".".join(str(part) for part in (*owner, key) if isinstance(part, str))
        lines = [f"{spans.indent(begin) or ''}[[{name}]]", *_lines(entry, _body_indent(spans, first))]
        return after_line(
            spans.text, _own_comments(spans.text, spans.block_end(owner)), [*_blank_above(spans.text, begin), *lines]
        )
    own = spans.keys_of(owner)
    usual = [*lists]
    earlier = [each for each in arrays if usual.index(str(each[-1])) < usual.index(key)]
    later = [each for each in arrays if each not in earlier]
    if earlier:
        previous: Path | None = earlier[-1]
    else:
        at = min(map(own.index, later), default=len(own))
        previous = own[at - 1] if at else None
    like = next((each for each in arrays if (*each, 0) in spans.values), None)
    form = _form(spans, (*like, 0)) if like else _Form()
    return _after_key(spans, owner, previous, [f"{key} = [", f"{_INDENT}{_braces(entry, form)},", "]"])


def _after_key(spans: Spans, table: Path, previous: Path | None, lines: list[str]) -> str:
    """Return the text with lines put in after a key under a header, or first under it, indented as its keys are."""
    indent = _body_indent(spans, table)
    at = spans.text.index("]", spans.keys[table]) if previous is None else spans.ends[previous]
    return after_line(spans.text, at, [f"{indent}{line}" for line in lines])


def _body_indent(spans: Spans, table: Path) -> str:
    keys = spans.keys_of(table)
    return (spans.indent(spans.keys[keys[0]]) if keys else None) or ""


def _lines(entry: Mapping[str, Any], indent: str) -> list[str]:
    return [f"{indent}{key} = {_literal(value)}" for key, value in entry.items()]


def _blank_above(text: str, header: int) -> list[str]:
    """Return an empty line if there is one above a header and its comments, so that another entry gets one."""
    begin = _comments_above(text, text.rfind("\n", 0, header) + 1)
    above = text[text.rfind("\n", 0, begin - 1) + 1 : begin] if begin else "x"
    return [] if above.strip() else [""]


def _comments_above(text: str, begin: int) -> int:
    """Return where the comments right above a line begin, the line itself if it has none."""
    while begin:
        above = text.rfind("\n", 0, begin - 1) + 1
        if not text[above:begin].lstrip(" \t").startswith("#"):
            break
        begin = above
    return begin


def _own_comments(text: str, end: int) -> int:
    """Return the last offset of a block with the comments right below it; those right above a header are the header's."""
    line = at = end
    while (line := text.find("\n", line) + 1) and text[line:].lstrip(" \t").startswith("#"):
        at = line
    return end if line and text[line : text.find("\n", line) + 1 or len(text)].strip() else at
