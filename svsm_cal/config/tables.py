"""Any table of calendar.toml by the schema: its values, and a problem for all that does not belong there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from svsm_cal.config.schema import TABLES, Kind
from svsm_cal.config.values import MISSING, Problem, read_value
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from svsm_cal.config.positions import Path
    from svsm_cal.engine.civil import Instant

__all__ = ["Row", "Tables", "nearest"]

_ENOUGH = 500  # names to look for a near one among; more would take long


class Row(Value):
    """One table of the document: the values that could be read, and where it stands.

    It is `whole` when none it needs is lacking, and `clean` when nothing at all was wrong with its own keys.
    """

    values: dict[str, Any]
    path: Path
    whole: bool
    clean: bool = True

    @property
    def label(self) -> str:
        """Return how the file names this table: series "devel-call"."""
        return label_of(self.path, self.values)

    def rows(self, key: str) -> list[Row]:
        """Return the tables listed under a key."""
        found: list[Row] = self.values.get(key, [])
        return found


class Tables:
    """Reads tables and gathers the problems of one document."""

    def __init__(self, now: Instant | None) -> None:
        self.problems: list[Problem] = []
        self._now = now
        self._ids: dict[tuple[str, str], Path] = {}

    def error(self, path: Path, code: str, message: str, hint: str, *, at_key: bool = False) -> None:
        """Note a problem."""
        self.problems.append(Problem(path, code, message, hint, at_key=at_key))

    def read(self, name: str, raw: object, path: Path) -> Row:
        """Return a table by its schema, the tables within it as rows."""
        if not isinstance(raw, dict):
            hint = "{ date = ... }" if "date" in TABLES[name] else "{ ... }"
            self.error(path, "wrong-type", f"{label_of(path)} must be a table", hint)
            return Row({}, path, whole=False, clean=False)
        fields = TABLES[name]
        values: dict[str, Any] = {}
        clean = True
        meant: set[str] = set()  # keys that others are misspellings of
        for key, value in raw.items():
            field = fields.get(key)
            if field is None:
                close = nearest(key, fields)
                meant.add(close.partition('"')[2].partition('"')[0])
                hint = close or f"one of {', '.join(fields)}"
                self.error((*path, key), "unknown-key", f'{label_of(path, raw)}: unknown key "{key}"', hint, at_key=True)
                clean = False
                continue
            meaning, problems = read_value(field.kind, value, (*path, key), self._now)
            self.problems += problems
            if meaning is MISSING:
                clean = False
                continue
            if field.kind is Kind.TABLE:
                meaning = self.read(field.table, meaning, (*path, key))
            elif field.kind is Kind.TABLES:
                meaning = [self.read(field.table, item, (*path, key, number)) for number, item in enumerate(meaning)]
            values[key] = meaning
        needed = [key for key, field in fields.items() if field.required]
        for key in needed:
            if key not in raw and key not in meant:
                hint = f"[{key}]" if fields[key].kind is Kind.TABLE else f"{key} = ..., {fields[key].doc.rstrip('.')}"
                self.error(path, "missing-key", f'{label_of(path, raw)}: "{key}" is missing', hint, at_key=True)
        return Row(values, path, whole=all(key in values for key in needed), clean=clean)

    def wrong(self, path: Path, *keys: str) -> bool:
        """Whether an error has been noted at one of a table's keys."""
        places = {(*path, key) for key in keys}
        return any(problem.path in places and problem.severity == "error" for problem in self.problems)

    def unique(self, space: str, row: Row) -> bool:
        """Whether a row is the first of its kind to have its id; an error is noted for any other."""
        declared = row.values.get("id")
        if declared is None:
            return True
        # Ids become file names, which some systems do not tell apart by case.
        first = self._ids.setdefault((space, declared.lower()), row.path)
        if first != row.path:
            message = f'{space} "{declared}" is declared twice'
            self.error((*row.path, "id"), "duplicate-id", message, f"give each {space} an id of its own")
        return first == row.path

    def place_of(self, space: str, declared: str) -> Path | None:
        """Return where an id was first declared."""
        return self._ids.get((space, declared.lower()))

    def in_order(self, row: Row, first: str, last: str) -> bool:
        """Whether a row's two dates are in order; an error is noted if not."""
        begin, end = row.values[first], row.values[last]
        if end < begin:
            message = f"{row.label}: {last} {end} is before {first} {begin}"
            self.error((*row.path, last), "dates-reversed", message, f"{last} = {begin} or later")
        return bool(begin <= end)


def label_of(path: Path, values: Mapping[str, object] | None = None) -> str:
    """Return how the file names the table at a path, with its id where it has one."""
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return "the file"
    declared = (values or {}).get("id")
    return f'{names[-1]} "{declared}"' if isinstance(declared, str) else names[-1]


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint at what was meant, "" if nothing is near."""
    from difflib import get_close_matches

    found = get_close_matches(name, list(known)[:_ENOUGH], n=1)
    return f'did you mean "{found[0]}"?' if found else ""
