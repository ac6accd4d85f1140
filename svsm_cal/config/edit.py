"""Edits of a calendar file's text: entries for one call or one date, in the style of the file's other entries.

The text must be a calendar without errors. The result is not checked here: `svsm_cal.config.load.check_text` reports a
date without a call, for example. Each call has at most one entry, and the last edit wins: a cancellation replaces a move
or a change; a move replaces a cancellation, and replaces a change but keeps its details.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from svsm_cal.config.positions import Positions, locate
from svsm_cal.config.schema import TABLES
from svsm_cal.config.splice import append_table, insert_entry, remove_entry, set_value
from svsm_cal.config.tables import listed, nearest
from svsm_cal.errors import UsageError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from svsm_cal.config.positions import Path

_LISTS = ("cancel", "move", "change", "add", "from")
_EXCEPTIONS = ("cancel", "move", "change")
_STATES = {"cancel": "cancelled", "move": "moved", "change": "changed", "add": "added"}


class _Entry(Value):
    """The entry for one call: its list (`kind`), its path and its values."""

    kind: str
    path: Path
    row: dict[str, Any]

    @property
    def when(self) -> date:
        """Return the date, or date and time, that identifies the call."""
        when: date = self.row["start" if self.kind == "add" else "date"]
        return when


def cancel(text: str, series: str, date: date, *, reason: str | None = None) -> str:
    """Return the text with a call cancelled, or with a new reason for a cancelled call.

    Raises UsageError for an unknown series, and for a call that is already cancelled.
    """
    entry = _entry(text, series, date)
    if entry is not None and entry.kind == "cancel":
        return _updated(text, entry, {"reason": reason}, f"{series} on {date} is already cancelled")
    return _replaced(text, series, entry, "cancel", {"date": date, "reason": reason})


def restore(text: str, series: str, date: date) -> str:
    """Return the text without a call's cancellation, move or change, or without an added call.

    Raises UsageError if there is no such entry.
    """
    entry = _entry(text, series, date) or _added(text, series, date)
    if entry is None:
        raise UsageError(f"there is no entry for {series} on {_shown(date)} ({_near(text, series, date)})")
    return remove_entry(text, entry.path)


def move(text: str, series: str, date: date, to: datetime, *, reason: str | None = None) -> str:
    """Return the text with a call moved to another start.

    Raises UsageError for an unknown series, and for a call that is already moved to that start.
    """
    entry = _entry(text, series, date)
    if entry is not None and entry.kind == "move":
        return _updated(text, entry, {"to": to, "reason": reason}, f"{series} on {date} is already moved to {_shown(to)}")
    details = entry.row if entry is not None and entry.kind == "change" else {}
    return _replaced(text, series, entry, "move", {**details, "date": date, "to": to, **({"reason": reason} if reason else {})})


def change(text: str, series: str, date: date, **details: str | None) -> str:
    """Return the text with other `details` for one call: chair, url, title, location, duration, reason and so on.

    Raises UsageError for an unknown series or detail, for a cancelled call, and if nothing would change.
    """
    given = {key: value for key, value in details.items() if value is not None}
    unknown = given.keys() - TABLES["change"].keys() | given.keys() & {"date"}
    if unknown or not given:
        names = ", ".join(key for key in TABLES["change"] if key != "date")
        raise UsageError(f"change what of {series} on {date}? ({names})")
    entry = _entry(text, series, date)
    if entry is None:
        return _replaced(text, series, None, "change", {"date": date, **given})
    if entry.kind == "cancel":
        raise UsageError(f"{series} on {date} is cancelled, so there is nothing to change (restore it first)")
    return _updated(text, entry, given, f"{series} on {date} already has these details")


def add(text: str, series: str, start: datetime, **details: str | None) -> str:
    """Return the text with a call outside the rule; raises UsageError for an unknown series and for an existing call."""
    spans, owner = _series(text, series)
    if any(row["start"] == start for row in spans.at((*owner, "add")) or ()):
        raise UsageError(f"{series} already has an added call on {_shown(start)}")
    return _inserted(text, owner, "add", {"start": start, **details})


def slip(text: str, milestone: str, date: date) -> str:
    """Return the text with a new date for a deadline, or a new actual date for a milestone.

    `milestone` is a deadline's id, or a release's id, a hyphen and a milestone's id. A deadline's time of day is kept.
    Raises UsageError for an unknown id, and for the date that it already has.
    """
    spans = locate(text)
    for path, kind, row, name in _dated(spans):
        if name == milestone:
            key = "actual" if kind == "milestone" else "at" if "at" in row else "date"
            value = datetime.combine(date, row["at"].time()) if key == "at" else date
            if row.get(key) == value:
                raise UsageError(f"{milestone} is already on {date}")
            return set_value(text, path, key, value, order=TABLES[kind])
    raise UsageError(f'no deadline "{milestone}": {_known(milestone, [name for *_, name in _dated(spans)])}')


def add_deadline(text: str, id: str, *, title: str, date: date) -> str:
    """Return the text with another deadline, in date order among the others; the first deadline goes to the end.

    Raises UsageError if the id is already that of a deadline or a milestone.
    """
    spans = locate(text)
    if any(name == id for *_, name in _dated(spans)):
        raise UsageError(f'there is already a deadline "{id}" (change its date with `svsm-cal slip {id} {date}`)')
    row = {"id": id, "title": title, "date": date}
    if "deadline" not in spans.document:
        return append_table(text, "deadline", row)
    return insert_entry(text, (), "deadline", row, by="date", lists=("deadline",))


def kind_of(text: str, series: str, date: date) -> str:
    """Return a call's state, "cancelled", "moved", "changed" or "added"; "" for a call without an entry."""
    entry = _entry(text, series, date) or _added(text, series, date)
    return "" if entry is None else _STATES[entry.kind]


def _dated(spans: Positions) -> Iterable[tuple[Path, str, dict[str, Any], str]]:
    """Yield (path, table name, values, full id) of each deadline and milestone."""
    for number, row in enumerate(spans.document.get("deadline", ())):
        yield ("deadline", number), "deadline", row, row["id"]
    for number, release in enumerate(spans.document.get("release", ())):
        for place, row in enumerate(release["milestones"]):
            yield ("release", number, "milestones", place), "milestone", row, f"{release['id']}-{row['id']}"


def _series(text: str, series: str) -> tuple[Positions, Path]:
    spans = locate(text)
    ids = [row["id"] for row in spans.document.get("series", ())]
    if series not in ids:
        raise UsageError(f'no series "{series}": {_known(series, ids)}')
    return spans, ("series", ids.index(series))


def _known(name: str, ids: list[str]) -> str:
    return (nearest(name, ids) if len(ids) > 1 else "") or listed(ids)


def _entries(text: str, series: str, kinds: Iterable[str]) -> list[_Entry]:
    spans, owner = _series(text, series)
    return [
        _Entry(kind, (*owner, kind, number), row) for kind in kinds for number, row in enumerate(spans.at((*owner, kind)) or ())
    ]


def _entry(text: str, series: str, when: date) -> _Entry | None:
    """Return the entry for a call; raises UsageError if that day's entries have times and `when` has none."""
    return _only([entry for entry in _entries(text, series, _EXCEPTIONS) if _same(entry.when, when)], series, when)


def _added(text: str, series: str, when: date) -> _Entry | None:
    entries = [entry for entry in _entries(text, series, ("add",)) if _same(entry.when, when)]
    return entries[0] if len(entries) == 1 else _only(entries, series, when)


def _only(entries: list[_Entry], series: str, when: date) -> _Entry | None:
    timed = [entry.when for entry in entries if isinstance(entry.when, datetime)]
    if timed and not isinstance(when, datetime):
        times = " or ".join(_shown(start) for start in sorted(timed)[:4])
        raise UsageError(f"{series} on {when} has entries with times (give one: {times})")
    return entries[0] if entries else None


def _same(one: date, other: date) -> bool:
    """Whether two dates, or dates and times, identify the same call."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one == other
    return (one.year, one.month, one.day) == (other.year, other.month, other.day)


def _near(text: str, series: str, when: date) -> str:
    """Return a hint with the entry nearest to a date."""
    entries = _entries(text, series, (*_EXCEPTIONS, "add"))
    if not entries:
        return "nor for any other call"
    nearest_entry = min(entries, key=lambda entry: abs(entry.when.toordinal() - when.toordinal()))
    return f"the nearest: {_shown(nearest_entry.when)} is {_STATES[nearest_entry.kind]}"


def _replaced(text: str, series: str, entry: _Entry | None, kind: str, row: Mapping[str, object]) -> str:
    """Return the text with a new entry that replaces the existing one, if any, and keeps its date."""
    _, owner = _series(text, series)
    if entry is not None:
        text, row = remove_entry(text, entry.path), {**row, "date": entry.when}
    return _inserted(text, owner, kind, row)


def _inserted(text: str, owner: Path, kind: str, row: Mapping[str, object]) -> str:
    ordered = {key: row[key] for key in TABLES[kind] if row.get(key) is not None}
    return insert_entry(text, owner, kind, ordered, by="start" if kind == "add" else "date", lists=_LISTS)


def _updated(text: str, entry: _Entry, values: Mapping[str, object], refusal: str) -> str:
    """Return the text with values of an entry set; raises UsageError (`refusal`) if none of them is new."""
    changed = {key: value for key, value in values.items() if value is not None and entry.row.get(key) != value}
    if not changed:
        raise UsageError(refusal)
    for key, value in changed.items():
        text = set_value(text, entry.path, key, value, order=TABLES[entry.kind])
    return text


def _shown(when: date) -> str:
    return when.isoformat(timespec="minutes") if isinstance(when, datetime) and not when.second else when.isoformat()
