"""The effects of an edit or a diff on people: terminal text, Markdown for a pull request, and JSON records."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from svsm_cal.core.call_changes import values_of
from svsm_cal.render.change_rows import Row, Table, headline, on_one_line, range_in_words, reached, tables, without_addresses
from svsm_cal.render.records import instant_text, local_text
from svsm_cal.render.text import aligned, plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from svsm_cal.core.call_changes import CallChange, ZoneRun
    from svsm_cal.core.changes import Changes, DeadlineChange, ParticipantChange, SeriesChange
    from svsm_cal.core.localized import LocalizedOccurrence
    from svsm_cal.core.milestones import Deadline
    from svsm_cal.core.model import Occurrence, Participant
    from svsm_cal.render.text import Cell, Paint

__all__ = ["changes_markdown", "changes_record", "changes_text"]

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


_Record = dict[str, Any]


def changes_record(changes: Changes) -> _Record:
    """Return the record of `diff`."""
    return {
        "changes": {
            "series": [_series(each) for each in changes.series],
            "deadlines": [_deadline(each) for each in changes.deadlines],
            "participants": [_participant(each) for each in changes.participants],
            "feeds": [{"change": each.kind.value, "path": each.path, "participant": each.participant} for each in changes.feeds],
            "invites": [{"series": each.series, "participants": list(each.participants)} for each in changes.invites],
        }
    }


def _series(change: SeriesChange) -> _Record:
    return {
        "id": change.series.id,
        "title": without_addresses(change.series.title),
        "change": change.kind.value,
        "calls": [_call(each) for each in change.calls],
    }


def _call(change: CallChange) -> _Record:
    """Return what happens to a run of calls; the instants are those of the first one, and null where it is not held."""
    before, after = values_of(change)
    return {
        "change": change.kind.value,
        "first": change.first.isoformat(),
        "last": change.last.isoformat(),
        "calls": change.calls,
        "reason": _text(change.reason),
        "start_utc_before": _instant(change.before),
        "start_utc_after": _instant(change.after),
        "before": _text(before),
        "after": _text(after),
        "zones": [_run(each) for each in change.zones],
    }


def _run(run: ZoneRun) -> _Record:
    return {
        "zone": run.zone.key,
        "first": run.first.isoformat(),
        "last": run.last.isoformat(),
        "calls": run.calls,
        "start_before": _local(run.before),
        "start_after": _local(run.after),
    }


def _instant(call: Occurrence | None) -> str | None:
    return instant_text(call.start_utc) if call is not None and call.held else None


def _local(seen: LocalizedOccurrence | None) -> str | None:
    return None if seen is None else local_text(seen.local, seen.utc_offset)


def _text(value: str | timedelta | None) -> str | None:
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        return f"PT{seconds // 60}M" if seconds % 60 == 0 else f"PT{seconds}S"
    return None if value is None else without_addresses(value)


def _deadline(change: DeadlineChange) -> _Record:
    deadline = change.after or change.before
    return {
        "id": deadline.id if deadline else None,
        "title": without_addresses(deadline.title) if deadline else None,
        "change": change.kind.value,
        "before": _due(change.before, change.calls_before),
        "after": _due(change.after, change.calls_after),
    }


def _due(deadline: Deadline | None, calls: int | None) -> _Record | None:
    if deadline is None:
        return None
    return {
        "title": without_addresses(deadline.title),
        "date": deadline.date.isoformat(),
        "due_utc": instant_text(deadline.due_utc),
        "planned": _date(deadline.planned),
        "actual": _date(deadline.actual),
        "url": _text(deadline.url),
        "calls_left": calls,
    }


def _date(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _participant(change: ParticipantChange) -> _Record:
    person = change.after or change.before
    return {
        "id": person.id if person else None,
        "change": change.kind.value,
        "before": _person(change.before),
        "after": _person(change.after),
        "series": list(change.series),
    }


def _person(person: Participant | None) -> _Record | None:
    return None if person is None else {"name": without_addresses(person.name), "zone": person.zone.key}
