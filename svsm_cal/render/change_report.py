"""The effects of an edit, or of another tz database, on people: terminal text, Markdown for a pull request, JSON records."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.core.affected import ItemKind
from svsm_cal.core.call_changes import values_of
from svsm_cal.engine.zones import local_of
from svsm_cal.render.change_rows import Row, Table, headline, on_one_line, tables, without_addresses
from svsm_cal.render.records import instant_text, local_text
from svsm_cal.render.text import aligned, plain
from svsm_cal.words.language import clock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from svsm_cal.core.call_changes import CallChange, ZoneRun
    from svsm_cal.core.changes import Changes, DeadlineChange, ParticipantChange, SeriesChange
    from svsm_cal.core.localized import LocalizedOccurrence
    from svsm_cal.core.milestones import Deadline
    from svsm_cal.core.model import Occurrence, Participant
    from svsm_cal.core.tz_changes import DeadlineMove, TzChange
    from svsm_cal.render.records import Record
    from svsm_cal.render.text import Cell, Paint
    from svsm_cal.words.language import Language

_MOST_ROWS = 15


def changes_text(language: Language, changes: Changes, paint: Paint = plain) -> list[str]:
    """Return the lines of `diff`."""
    name = paint("strong", on_one_line(changes.new.name))
    lines = [f"{name}, {_range(language, changes)}: {headline(language, changes)}"]
    for table in tables(language, changes):
        lines += ["", f"{paint('strong', table.heading)}{f': {table.summary}' if table.summary else ''}"]
        lines += aligned(_cells(table), paint)
    ends = [f"{what}: {names}" for what, names in _reached(language, changes)]
    return [*lines, "", *ends] if ends else lines


def _range(language: Language, changes: Changes) -> str:
    """Return the compared range on the calendar's clock: Wed 5 March 2025 to Tue 10 March 2026."""
    zone = changes.new.zone
    first, last = local_of(changes.start, zone), local_of(changes.end, zone) - timedelta(microseconds=1)
    return language.say("from_to", first=language.date(first), last=language.date(last))


def _reached(language: Language, changes: Changes) -> Sequence[tuple[str, str]]:
    """Return the feeds that change, public ones by path and participants' by id, and who would get a mail."""

    def named(name: str, touch: ItemKind) -> str:
        return name if touch is ItemKind.CHANGED else language.say(f"diff.feed.{touch}", name=name)

    found = {
        "feeds": [named(each.path, each.kind) for each in changes.feeds if each.path is not None],
        "personal_feeds": [named(each.participant, each.kind) for each in changes.feeds if each.participant is not None],
        "invites": [f"{each.series} ({', '.join(each.participants)})" for each in changes.invites],
    }
    return [(language.say(f"diff.{key}"), ", ".join(names)) for key, names in found.items() if names]


def _cells(table: Table) -> list[list[Cell]]:
    """Return a table's cells, without what a row shares with the one above."""
    found: list[list[Cell]] = []
    above = ("", "")
    for row in table.rows:
        subject, what = ("", "") if above == (row.subject, row.what) else (row.subject, row.what)
        above = (row.subject, row.what)
        values = ("", " -> ".join(each for each in (row.before, row.after) if each))
        place = f"{table.place_label}: {row.place}" if table.place_label and row.place else row.place
        rest = [values, ("faint", place)] if table.place_label else [("faint", place), values]
        found.append([("strong", subject), ("shift", what), *rest])
    return found


def changes_markdown(language: Language, changes: Changes) -> str:
    """Return `diff` as Markdown with a newline at the end; long tables show their leading rows, all others folded away."""
    name, scope = _escaped(on_one_line(changes.new.name)), _range(language, changes)
    parts = [f"**{name}**, {scope}: {_escaped(headline(language, changes))}"]
    for table in tables(language, changes):
        parts.append(f"#### {_escaped(table.heading)}{f': {_escaped(table.summary)}' if table.summary else ''}")
        leading = [row for row in table.rows if row.leading]
        if len(table.rows) <= _MOST_ROWS:
            parts += [_grid(table, table.rows)] if table.rows else []
            continue
        if len(leading) <= _MOST_ROWS:
            parts.append(_grid(table, leading))
        summary = language.say("diff.all_rows", rows=len(table.rows))
        parts.append(f"<details><summary>{summary}</summary>\n\n{_grid(table, table.rows)}\n\n</details>")
    ends = [f"{what}: {_escaped(names)}" for what, names in _reached(language, changes)]
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
    """Return a web address as a link, if no character in it ends the link early; other text escaped."""
    return f"<{address}>" if re.fullmatch(r"https?://[^\s<>|`…]+", address) else _escaped(address)


def _escaped(text: str) -> str:
    """Return text escaped for Markdown, without effective @mentions."""
    shown = re.sub(r"[\\`*\[\]<>|#~]|(?<!\w)_|_(?!\w)|&(?=[\w#])", lambda match: f"\\{match[0]}", text)
    return re.sub(r"@(?=\w)", "@<!-- -->", shown)


def tz_text(
    language: Language, old: str, new: str, calls: tuple[TzChange, ...], deadlines: tuple[DeadlineMove, ...]
) -> list[str]:
    """Return the lines of `tzdiff`."""
    lines = [_law_line(language, change) for change in calls]
    for move in deadlines:
        before, after = instant_text(move.before), instant_text(move.after)
        lines.append(language.say("law.deadline", title=move.deadline.title, before=before, after=after))
    heading = language.say("law.heading" if lines else "law.none", old=old, new=new)
    return [heading, *(f"  {line}" for line in lines)]


def _law_line(language: Language, change: TzChange) -> str:
    names = ", ".join(person.name for person in change.participants)
    who = f"{change.zone.key}{f' ({names})' if names else ''}"
    span = language.date(change.first)
    if change.calls > 1:
        dates = language.say("from_to", first=span, last=language.date(change.last))
        span = f"{dates}, {language.amount(change.calls, 'call')}"
    moments = (change.before, change.after)
    shown = [clock(each) for each in moments]
    if change.before.date() != change.after.date():
        shown = [f"{language.day(each)} {clock(each)}" for each in moments]
    if change.before == change.after:
        said = language.say("law.still", time=shown[1])
    else:
        said = language.say("law.instead", before=shown[0], after=shown[1])
    return f"{change.series.title}, {who}: {span}: {said}"


def tz_record(old: str, new: str, calls: tuple[TzChange, ...], deadlines: tuple[DeadlineMove, ...]) -> Record:
    """Return what `tzdiff --json` prints; `before` and `after` are the first call's local times."""
    return {
        "old": old,
        "new": new,
        "calls": [
            {
                "series": change.series.id,
                "zone": change.zone.key,
                "participants": [person.id for person in change.participants],
                "first": change.first.isoformat(),
                "last": change.last.isoformat(),
                "calls": change.calls,
                "before": change.before.isoformat(),
                "after": change.after.isoformat(),
                "moved": change.moved,
            }
            for change in calls
        ],
        "deadlines": [
            {"id": move.deadline.id, "before_utc": instant_text(move.before), "after_utc": instant_text(move.after)}
            for move in deadlines
        ],
    }


def changes_record(changes: Changes) -> Record:
    """Return the record of `diff`."""
    return {
        "changes": {
            "series": [_series_change(each) for each in changes.series],
            "deadlines": [_deadline_change(each) for each in changes.deadlines],
            "participants": [_participant_change(each) for each in changes.participants],
            "feeds": [{"change": each.kind.value, "path": each.path, "participant": each.participant} for each in changes.feeds],
            "invites": [{"series": each.series, "participants": list(each.participants)} for each in changes.invites],
        }
    }


def _series_change(change: SeriesChange) -> Record:
    return {
        "id": change.series.id,
        "title": without_addresses(change.series.title),
        "change": change.kind.value,
        "calls": [_call_change(each) for each in change.calls],
    }


def _call_change(change: CallChange) -> Record:
    """Return the record of a run of calls; the instants are those of the first call, null if it does not take place."""
    before, after = values_of(change)
    return {
        "change": change.kind.value,
        "first": change.first.isoformat(),
        "last": change.last.isoformat(),
        "calls": change.calls,
        "reason": _value(change.reason),
        "start_utc_before": _held_at(change.before),
        "start_utc_after": _held_at(change.after),
        "before": _value(before),
        "after": _value(after),
        "zones": [_zone_run(each) for each in change.zones],
    }


def _zone_run(run: ZoneRun) -> Record:
    return {
        "zone": run.zone.key,
        "first": run.first.isoformat(),
        "last": run.last.isoformat(),
        "calls": run.calls,
        "start_before": _local_start(run.before),
        "start_after": _local_start(run.after),
    }


def _held_at(call: Occurrence | None) -> str | None:
    return instant_text(call.start_utc) if call is not None and call.held else None


def _local_start(seen: LocalizedOccurrence | None) -> str | None:
    return None if seen is None else local_text(seen.local, seen.utc_offset)


def _value(value: str | timedelta | None) -> str | None:
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        return f"PT{seconds // 60}M" if seconds % 60 == 0 else f"PT{seconds}S"
    return None if value is None else without_addresses(value)


def _deadline_change(change: DeadlineChange) -> Record:
    deadline = change.after or change.before
    return {
        "id": deadline.id if deadline else None,
        "title": without_addresses(deadline.title) if deadline else None,
        "change": change.kind.value,
        "before": _deadline_as(change.before, change.calls_before),
        "after": _deadline_as(change.after, change.calls_after),
    }


def _deadline_as(deadline: Deadline | None, calls: int | None) -> Record | None:
    if deadline is None:
        return None
    return {
        "title": without_addresses(deadline.title),
        "date": deadline.date.isoformat(),
        "due_utc": instant_text(deadline.due_utc),
        "planned": _iso(deadline.planned),
        "actual": _iso(deadline.actual),
        "url": _value(deadline.url),
        "calls_left": calls,
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _participant_change(change: ParticipantChange) -> Record:
    person = change.after or change.before
    return {
        "id": person.id if person else None,
        "change": change.kind.value,
        "before": _person(change.before),
        "after": _person(change.after),
        "series": list(change.series),
    }


def _person(person: Participant | None) -> Record | None:
    return None if person is None else {"name": without_addresses(person.name), "zone": person.zone.key}
