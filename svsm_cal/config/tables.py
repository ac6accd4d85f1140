"""Reading any table of calendar.toml by the schema: its values, and a problem for everything that does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from svsm_cal.config.schema import TABLES, Kind
from svsm_cal.config.values import MISSING, Problem, read_value
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from svsm_cal.config.positions import Path
    from svsm_cal.engine.civil import Instant

_MOST_CANDIDATES = 500  # the search for a similar name is slow


class Row(Value):
    """One table of the document: the valid values and the table's path.

    A `complete` row has all required values; a `clean` row has no problem with any of its own keys.
    """

    values: dict[str, Any]
    path: Path
    complete: bool
    clean: bool = True

    @property
    def label(self) -> str:
        """Return the table's name in messages, for example: series "devel-call"."""
        return label_of(self.path, self.values)

    def rows(self, key: str) -> list[Row]:
        """Return the tables listed under a key."""
        rows: list[Row] = self.values.get(key, [])
        return rows


class Tables:
    """The reader of one document's tables; it collects their problems."""

    def __init__(self, now: Instant | None) -> None:
        self.problems: list[Problem] = []
        self._now = now
        self._ids: dict[tuple[str, str], Path] = {}

    def error(self, path: Path, code: str, message: str, hint: str, *, at_key: bool = False) -> None:
        """Add an error to the problems."""
        self.problems.append(Problem(path, code, message, hint, at_key=at_key))

    def read(self, name: str, raw: object, path: Path) -> Row:
        """Return a table read by the schema of that name; tables within it become rows."""
        if not isinstance(raw, dict):
            hint = "{ date = ... }" if "date" in TABLES[name] else "{ ... }"
            self.error(path, "wrong-type", f"{label_of(path)} must be a table", hint)
            return Row({}, path, complete=False, clean=False)
        fields = TABLES[name]
        values: dict[str, Any] = {}
        clean = True
        misspelled: set[str] = set()  # known keys that an unknown key resembles
        for key, value in raw.items():
            field = fields.get(key)
            if field is None:
                close = nearest(key, fields)
                misspelled.add(close.partition('"')[2].partition('"')[0])
                hint = close or f"one of {', '.join(fields)}"
                self.error((*path, key), "unknown-key", f'{label_of(path, raw)}: unknown key "{key}"', hint, at_key=True)
                clean = False
                continue
            parsed, problems = read_value(field.kind, value, (*path, key), self._now)
            self.problems += problems
            if parsed is MISSING:
                clean = False
                continue
            if field.kind is Kind.TABLE:
                parsed = self.read(field.table, parsed, (*path, key))
            elif field.kind is Kind.TABLES:
                parsed = [self.read(field.table, item, (*path, key, number)) for number, item in enumerate(parsed)]
            values[key] = parsed
        required = [key for key, field in fields.items() if field.required]
        for key in required:
            if key not in raw and key not in misspelled:
                hint = f"[{key}]" if fields[key].kind is Kind.TABLE else f"{key} = ..., {fields[key].doc.rstrip('.')}"
                self.error(path, "missing-key", f'{label_of(path, raw)}: "{key}" is missing', hint, at_key=True)
        return Row(values, path, complete=all(key in values for key in required), clean=clean)

    def has_error(self, path: Path, *keys: str) -> bool:
        """Whether there is an error at one of a table's keys."""
        places = {(*path, key) for key in keys}
        return any(problem.path in places and problem.severity == "error" for problem in self.problems)

    def unique(self, space: str, row: Row) -> bool:
        """Whether a row is the first with its id among those of its kind (`space`); reports it otherwise."""
        own_id = row.values.get("id")
        if own_id is None:
            return True
        # Ids become file names, and some file systems ignore case.
        first = self._ids.setdefault((space, own_id.lower()), row.path)
        if first != row.path:
            message = f'{space} "{own_id}" is declared twice'
            self.error((*row.path, "id"), "duplicate-id", message, f"give each {space} its own id")
        return first == row.path

    def place_of(self, space: str, id: str) -> Path | None:
        """Return the path of the first row with an id."""
        return self._ids.get((space, id.lower()))

    def in_order(self, row: Row, first: str, last: str) -> bool:
        """Whether a row's two dates are in order; reports them otherwise."""
        begin, end = row.values[first], row.values[last]
        if end < begin:
            message = f"{row.label}: {last} {end} is before {first} {begin}"
            self.error((*row.path, last), "dates-reversed", message, f"{last} = {begin} or later")
        return bool(begin <= end)


def label_of(path: Path, values: Mapping[str, object] | None = None) -> str:
    """Return the name in messages of the table at a path, with its id if it has one."""
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return "the file"
    own_id = (values or {}).get("id")
    return f'{names[-1]} "{own_id}"' if isinstance(own_id, str) else names[-1]


def listed(ids: Sequence[str]) -> str:
    """Return a hint with the first twelve of the known ids."""
    shown = ", ".join(ids[:12]) + (", ..." if len(ids) > 12 else "")
    return f"there are {shown}" if ids else "there are none"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint with the most similar known name, "" if none is similar."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(known)[:_MOST_CANDIDATES], n=1)
    return f'did you mean "{close[0]}"?' if close else ""
