"""What an edit changes for people, as text for a terminal and as Markdown for a comment on a pull request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from svsm_cal.render.change_rows import Row, Table, headline, on_one_line, range_in_words, reached, tables
from svsm_cal.render.text import aligned, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svsm_cal.core.changes import Changes
    from svsm_cal.render.text import Cell, Paint

__all__ = ["changes_markdown", "changes_text"]

_MOST_ROWS = 15


def changes_text(changes: Changes, paint: Paint = plain) -> list[str]:
    """Return the lines of `diff`."""
    lines = [f"{paint('strong', on_one_line(changes.new.name))}, {range_in_words(changes)}: {headline(changes)}"]
    for table in tables(changes):
        lines += ["", f"{paint('strong', table.heading)}{f': {table.summary}' if table.summary else ''}"]
        lines += aligned(_cells(table), paint)
    ends = [f"{what}: {names}" for what, names in reached(changes)]
    return [*lines, "", *ends] if ends else lines


def _cells(table: Table) -> list[list[Cell]]:
    """Return a table's cells; what a row shares with the one above is not said again."""
    deadlines = table.columns[0] == "deadline"
    found: list[list[Cell]] = []
    above = ("", "")
    for row in table.rows:
        subject, what = ("", "") if above == (row.subject, row.what) else (row.subject, row.what)
        above = (row.subject, row.what)
        values = " -> ".join(each for each in (row.before, row.after) if each)
        rest = [("", values), ("faint", f"calls left before it: {row.place}" if row.place else "")]
        found.append([("strong", subject), ("shift", what), *(rest if deadlines else [("faint", row.place), ("", values)])])
    return found


def changes_markdown(changes: Changes) -> str:
    """Return `diff` as Markdown, ending in a newline; of a long table what matters most, with all of it folded away."""
    parts = [f"**{_escaped(on_one_line(changes.new.name))}**, {range_in_words(changes)}: {_escaped(headline(changes))}"]
    for table in tables(changes):
        parts.append(f"#### {_escaped(table.heading)}{f': {_escaped(table.summary)}' if table.summary else ''}")
        leading = [row for row in table.rows if row.leading]
        if len(table.rows) <= _MOST_ROWS:
            parts += [_grid(table, table.rows)] if table.rows else []
            continue
        if len(leading) <= _MOST_ROWS:
            parts.append(_grid(table, leading))
        parts.append(f"<details><summary>All {len(table.rows)} rows</summary>\n\n{_grid(table, table.rows)}\n\n</details>")
    ends = [f"{what}: {_escaped(names)}" for what, names in reached(changes)]
    return "\n\n".join([*parts, *(["\\\n".join(ends)] if ends else [])]) + "\n"


def _grid(table: Table, rows: Sequence[Row]) -> str:
    """Return rows as a table without the columns that are empty."""
    cells = [(row.subject, row.what, row.place, row.before, row.after) for row in rows]
    used = [n for n in range(5) if any(row[n] for row in cells)]
    lines = [[table.columns[n] for n in used], ["---"] * len(used)]
    for row, texts in zip(rows, cells, strict=True):
        lines.append([_link(texts[n]) if row.links and n > 2 else _escaped(texts[n]) for n in used])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _link(address: str) -> str:
    """Return a web address as a link, which nothing in it can end early; other text as it is."""
    return f"<{address}>" if re.fullmatch(r"https?://[^\s<>|`…]+", address) else _escaped(address)


def _escaped(text: str) -> str:
    """Return text that Markdown shows as it is, and that calls nobody by a name after an @."""
    shown = re.sub(r"[\\`*\[\]<>|#~]|(?<!\w)_|_(?!\w)|&(?=[\w#])", lambda match: f"\\{match[0]}", text)
    return re.sub(r"@(?=\w)", "@<!-- -->", shown)
