"""Participants, groups, and the separate file of e-mail addresses."""

from __future__ import annotations

import tomllib
from itertools import chain
from typing import TYPE_CHECKING

from svsm_cal.config.tables import Row, Tables, nearest
from svsm_cal.core.external_text import is_address
from svsm_cal.core.model import Away, Chair, Participant
from svsm_cal.errors import InputError
from svsm_cal.value import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from svsm_cal.core.model import Calendar, Details

_LARGEST = 2 * 1024 * 1024
_FORM = 'a line for each participant: dionna = "dionna@example.org"'


def with_addresses(calendar: Calendar, path: str) -> Calendar:
    """Return the calendar with the participants' addresses from a file; others keep the ones in the calendar.

    Raises InputError if the file cannot be read or an entry is not a participant with an address. Its message never
    contains an address.
    """
    rows = _rows(path)
    people = {person.id: person for person in calendar.participants}
    taken = {person.email.lower(): person.id for person in calendar.participants if person.email and person.id not in rows}
    for name, address in rows.items():
        if name not in people:
            raise InputError(f'{path}: "{name}" is not a participant of {calendar.name} ({nearest(name, people) or _FORM})')
        if not isinstance(address, str) or not is_address(address):
            raise InputError(f'{path}: the value of "{name}" is not a valid e-mail address ({_FORM})')
        other = taken.setdefault(address.lower(), name)
        if other != name:
            raise InputError(f'{path}: "{name}" has the address of "{other}" (give each participant a different address)')
        people[name] = replace(people[name], email=address)
    return replace(calendar, participants=tuple(people.values()))


def _rows(path: str) -> dict[str, object]:
    try:
        with open(path, "rb") as stream:
            data = stream.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a valid file name"
        raise InputError(f"{path}: cannot be read: {reason} (give a file with {_FORM})") from None
    if len(data) > _LARGEST:
        raise InputError(f"{path}: is larger than 2 MiB (is it the right file?)")
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):  # their text would show a part of the file
        raise InputError(f"{path}: is not valid TOML ({_FORM})") from None


class People:
    """The participants and groups of a document; references to an invalid declaration are not reported again."""

    def __init__(self, tables: Tables, document: Mapping[str, object]) -> None:
        self._tables = tables
        self._by_id: dict[str, Participant] = {}
        self._groups: dict[str, list[str]] = {}
        self._declared: set[str] = set()
        self._declared_groups: set[str] = set()
        people = document.get("participant")
        for raw in people if isinstance(people, list) else []:
            if isinstance(raw, dict):
                groups = raw.get("groups")
                self._declared |= {name for name in (raw.get("id"),) if isinstance(name, str)}
                self._declared_groups |= {name for name in (groups if isinstance(groups, list) else []) if isinstance(name, str)}

    def read(self, rows: list[Row]) -> tuple[Participant, ...]:
        """Return the participants, in file order."""
        emails: dict[str, str] = {}
        for row in rows:
            if not self._tables.unique("participant", row) or not row.complete:
                continue
            spans = [span for span in row.rows("away") if span.complete and self._tables.in_order(span, "from", "to")]
            away = tuple(Away(span.values["from"], span.values["to"]) for span in spans)
            person = self._by_id[row.values["id"]] = Participant(**{**row.values, "away": away})
            other = person.id if person.email is None else emails.setdefault(person.email.lower(), person.id)
            if other != person.id:
                message = f'participant "{person.id}" has the e-mail address of "{other}"'
                self._tables.error((*row.path, "email"), "email-duplicate", message, "give each participant a different address")
            for number, group in enumerate(person.groups):
                self._groups.setdefault(group, []).append(person.id)
                if group in self._declared:
                    message = f'group "{group}" of {row.label} has the id of a participant'
                    self._tables.error((*row.path, "groups", number), "duplicate-id", message, "rename the group")
        return tuple(self._by_id.values())

    def check_chair(self, row: Row, label: str) -> None:
        """Report each of a row's chairs that is not a participant."""
        value = row.values.get("chair", ())
        path = (*row.path, "chair")
        chairs = [(path, value)] if isinstance(value, str) else [((*path, number), chair) for number, chair in enumerate(value)]
        for place, chair in chairs:
            if chair not in self._declared:
                hint = nearest(chair, self._by_id) or "declare a [[participant]] with this id"
                message = f'{label}: chair "{chair}" is not a participant'
                self._tables.error(place, "unknown-participant", message, hint)

    def chairs(self, *details: Details) -> tuple[Chair, ...]:
        """Return the participants who take turns as chair in any of these details, in file order."""
        ids = frozenset(chain.from_iterable(each.chairs for each in details))
        return tuple(Chair(person.id, person.zone, person.away) for person in self._by_id.values() if person.id in ids)

    def attendees(self, row: Row) -> tuple[str, ...]:
        """Return the ids of a row's attendees, groups resolved, in file order."""
        ids: set[str] = set()
        for number, name in enumerate(row.values.get("attendees", ())):
            if name in self._by_id:
                ids.add(name)
            elif name in self._groups:
                ids.update(self._groups[name])
            elif name not in self._declared | self._declared_groups:
                hint = nearest(name, [*self._by_id, *self._groups]) or "declare a participant or a group with this name"
                message = f'{row.label}: attendee "{name}" is neither a participant nor a group'
                self._tables.error((*row.path, "attendees", number), "unknown-participant", message, hint)
        return tuple(name for name in self._by_id if name in ids)
