"""Edits of a calendar file's text: what people say of one call or one date, written as the file writes such things.

The text must be that of a calendar without errors. Whether the result is one too, `svsm_cal.config.load.check_text`
tells: a date without a call is found there. For each call there is one entry at most, and the latest word holds: a
cancellation replaces a move or a change, a move replaces a cancellation and takes over a change's details.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from svsm_cal.config.positions import Spans, spans_of
from svsm_cal.config.schema import TABLES
from svsm_cal.config.splice import append_table, insert_entry, remove_entry, set_value
from svsm_cal.config.tables import nearest
from svsm_cal.errors import UsageError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from svsm_cal.config.positions import Path

__all__ = ["add", "add_deadline", "cancel", "change", "kind_of", "move", "restore", "slip"]

_LISTS = ("cancel", "move", "change", "add", "from")
_EXCEPTIONS = ("cancel", "move", "change")
_STATES = {"cancel": "cancelled", "move": "moved", "change": "changed", "add": "added"}


class _Entry(Value):
    """What the file says of one call: in which list, where, and what."""

    kind: str
    path: Path
    row: dict[str, Any]

    @property
    def when(self) -> date:
        """Return the date, or the date and time, by which the call is known."""
        found: date = self.row["start" if self.kind == "add" else "date"]
        return found


def cancel(text: str, series: str, date: date, *, reason: str | None = None) -> str:
    """Return the text with a call cancelled, whatever was said of it before; or with another reason for that.

    Raises UsageError for an unknown series, and for a call that is cancelled already.
    """
    entry = _entry(text, series, date)
    if entry is not None and entry.kind == "cancel":
        return _updated(text, entry, {"reason": reason}, f"{series} on {date} is cancelled already")
    return _replaced(text, series, entry, "cancel", {"date": date, "reason": reason})


def restore(text: str, series: str, date: date) -> str:
    """Return the text without what it says of one call: its cancellation, move or change; or without an added call.

    Raises UsageError when nothing is said of it.
    """
    entry = _entry(text, series, date) or _added(text, series, date)
    if entry is None:
        raise UsageError(f"nothing is said of {series} on {_shown(date)} ({_near(text, series, date)})")
    return remove_entry(text, entry.path)


def move(text: str, series: str, date: date, to: datetime, *, reason: str | None = None) -> str:
    """Return the text with a call moved to another start; a call that was moved before is moved on, or back off.

    Raises UsageError for an unknown series, and for a call that is moved there already.
    """
    entry = _entry(text, series, date)
    if entry is not None and entry.kind == "move":
        return _updated(text, entry, {"to": to, "reason": reason}, f"{series} on {date} is moved to {_shown(to)} already")
    details = entry.row if entry is not None and entry.kind == "change" else {}
    return _replaced(text, series, entry, "move", {**details, "date": date, "to": to, **({"reason": reason} if reason else {})})


def change(text: str, series: str, date: date, **details: str | None) -> str:
    """Return the text with another chair, url, title, location, duration, description, minutes or reason for one call.

    Raises UsageError for an unknown series, for a call that is cancelled, and when nothing would be changed.
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
    return _updated(text, entry, given, f"{series} on {date} has all that already")


def add(text: str, series: str, start: datetime, **details: str | None) -> str:
    """Return the text with a call outside the rule; raises UsageError for an unknown series, and if it is there already."""
    spans, owner = _series(text, series)
    if any(row["start"] == start for row in spans.at((*owner, "add")) or ()):
        raise UsageError(f"{series} has an added call on {_shown(start)} already")
    return _inserted(text, owner, "add", {"start": start, **details})


def slip(text: str, milestone: str, date: date) -> str:
    """Return the text with another date for a deadline, or for a milestone, whose planned date stays beside it.

    `milestone` is an id as the list of deadlines has it: a deadline's, or a release's with its milestone's. A deadline
    with a time of day keeps that. Raises UsageError for an unknown id, and for a date that it has already.
    """
    spans = spans_of(text)
    for path, kind, row, name in _dated(spans):
        if name == milestone:
            key = "actual" if kind == "milestone" else "at" if "at" in row else "date"
            value = datetime.combine(date, row["at"].time()) if key == "at" else date
            if row.get(key) == value:
                raise UsageError(f"{milestone} is on {date} already")
            return set_value(text, path, key, value, order=TABLES[kind])
    raise UsageError(f'no deadline "{milestone}": {_known(milestone, [name for *_, name in _dated(spans)])}')


def add_deadline(text: str, id: str, *, title: str, date: date) -> str:
    """Return the text with another deadline, among the others in the order of their dates, or at the end as the first one.

    Raises UsageError if a deadline or a milestone has that id already.
    """
    spans = spans_of(text)
    if any(name == id for *_, name in _dated(spans)):
        raise UsageError(f'there is a deadline "{id}" already (give it another date with `svsm-cal slip {id} {date}`)')
    row = {"id": id, "title": title, "date": date}
    if "deadline" not in spans.document:
        return append_table(text, "deadline", row)
    return insert_entry(text, (), "deadline", row, by="date", lists=("deadline",))


def kind_of(text: str, series: str, date: date) -> str:
    """Return what the text makes of a call, "cancelled", "moved", "changed" or "added"; "" if it says nothing of it."""
    entry = _entry(text, series, date) or _added(text, series, date)
    return "" if entry is None else _STATES[entry.kind]


def _dated(spans: Spans) -> Iterable[tuple[Path, str, dict[str, Any], str]]:
    """Yield the deadlines and milestones: path, table, what they say, and the id the list of deadlines gives them."""
    for number, row in enumerate(spans.document.get("deadline", ())):
        yield ("deadline", number), "deadline", row, row["id"]
    for number, release in enumerate(spans.document.get("release", ())):
        for place, row in enumerate(release["milestones"]):
            yield ("release", number, "milestones", place), "milestone", row, f"{release['id']}-{row['id']}"


def _series(text: str, series: str) -> tuple[Spans, Path]:
    spans = spans_of(text)
    ids = [row["id"] for row in spans.document.get("series", ())]
    if series not in ids:
        raise UsageError(f'no series "{series}": {_known(series, ids)}')
    return spans, ("series", ids.index(series))


def _known(name: str, ids: list[str]) -> str:
    shown = ", ".join(ids[:12]) + (", ..." if len(ids) > 12 else "")
    return (nearest(name, ids) if len(ids) > 1 else "") or (f"there are {shown}" if ids else "there are none")


def _entries(text: str, series: str, kinds: Iterable[str]) -> list[_Entry]:
    spans, owner = _series(text, series)
    return [
        _Entry(kind, (*owner, kind, number), row) for kind in kinds for number, row in enumerate(spans.at((*owner, kind)) or ())
    ]


def _entry(text: str, series: str, when: date) -> _Entry | None:
    """Return the entry for a call; raises UsageError if the entries of that day name times and `when` does not."""
    found = [entry for entry in _entries(text, series, _EXCEPTIONS) if _same(entry.when, when)]
    return _only(found, series, when)


def _added(text: str, series: str, when: date) -> _Entry | None:
    found = [entry for entry in _entries(text, series, ("add",)) if _same(entry.when, when)]
    return found[0] if len(found) == 1 else _only(found, series, when)


def _only(found: list[_Entry], series: str, when: date) -> _Entry | None:
    timed = [entry.when for entry in found if isinstance(entry.when, datetime)]
    if timed and not isinstance(when, datetime):
        times = " or ".join(_shown(each) for each in sorted(timed)[:4])
        raise UsageError(f"{series} on {when} is known by its time (name it: {times})")
    return found[0] if found else None


def _same(date_of: date, when: date) -> bool:
    """Whether two dates mean the same call: a day alone means its only one."""
    if isinstance(date_of, datetime) and isinstance(when, datetime):
        return date_of == when
    return (date_of.year, date_of.month, date_of.day) == (when.year, when.month, when.day)


def _near(text: str, series: str, when: date) -> str:
    """Return what is said of the call nearest to a date."""
    found = _entries(text, series, (*_EXCEPTIONS, "add"))
    if not found:
        return "nor of any other call"
    nearby = min(found, key=lambda entry: abs(entry.when.toordinal() - when.toordinal()))
    return f"the nearest: {_shown(nearby.when)} is {_STATES[nearby.kind]}"


def _replaced(text: str, series: str, entry: _Entry | None, kind: str, row: Mapping[str, object]) -> str:
    """Return the text with a new entry in place of the one there was, by the date that one had."""
    _, owner = _series(text, series)
    if entry is not None:
        text, row = remove_entry(text, entry.path), {**row, "date": entry.when}
    return _inserted(text, owner, kind, row)


def _inserted(text: str, owner: Path, kind: str, row: Mapping[str, object]) -> str:
    ordered = {key: row[key] for key in TABLES[kind] if row.get(key) is not None}
    return insert_entry(text, owner, kind, ordered, by="start" if kind == "add" else "date", lists=_LISTS)


def _updated(text: str, entry: _Entry, values: Mapping[str, object], refusal: str) -> str:
    """Return the text with some values of an entry set; raises UsageError if it has them all."""
    news = {key: value for key, value in values.items() if value is not None and entry.row.get(key) != value}
    if not news:
        raise UsageError(refusal)
    for key, value in news.items():
        text = set_value(text, entry.path, key, value, order=TABLES[entry.kind])
    return text


def _shown(when: date) -> str:
    return when.isoformat(timespec="minutes") if isinstance(when, datetime) and not when.second else when.isoformat()
