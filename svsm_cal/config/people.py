"""Participants, groups, and e-mail addresses from a file of their own."""

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

__all__ = ["People", "with_addresses"]

_LARGEST = 2 * 1024 * 1024
_FORM = 'a line for each participant: dionna = "dionna@example.org"'


def with_addresses(calendar: Calendar, path: str) -> Calendar:
    """Return a calendar whose participants have the addresses in a file; those that it leaves out keep theirs.

    Raises InputError, which repeats no address, for a file that cannot be read, and for what is no participant or address.
    """
    rows = _rows(path)
    people = {each.id: each for each in calendar.participants}
    taken: dict[str, str] = {each.email.lower(): each.id for each in calendar.participants if each.email and each.id not in rows}
    for name, address in rows.items():
        if name not in people:
            raise InputError(f'{path}: "{name}" is no participant of {calendar.name} ({nearest(name, people) or _FORM})')
        if not isinstance(address, str) or not is_address(address):
            raise InputError(f'{path}: what "{name}" has is no e-mail address ({_FORM})')
        other = taken.setdefault(address.lower(), name)
        if other != name:
            raise InputError(f'{path}: "{name}" has the address of "{other}" (one address, one participant)')
        people[name] = replace(people[name], email=address)
    return replace(calendar, participants=tuple(people.values()))


def _rows(path: str) -> dict[str, object]:
    try:
        with open(path, "rb") as stream:
            data = stream.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is no file name"
        raise InputError(f"{path}: cannot be read: {reason} (name a file with {_FORM})") from None
    if len(data) > _LARGEST:
        raise InputError(f"{path}: is larger than 2 MiB (is it the right file?)")
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):  # whose text would show a part of the file
        raise InputError(f"{path}: is no TOML ({_FORM})") from None


class People:
    """Who a document declares; what is declared but broken is known too, as naming it is no second mistake."""

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
        """Return the participants, in the file's order."""
        emails: dict[str, str] = {}
        for row in rows:
            first = self._tables.unique("participant", row)
            if first and row.whole:
                person = self._participant(row)
                self._address(person, row, emails)
                self._by_id[person.id] = person
                for number, group in enumerate(person.groups):
                    self._groups.setdefault(group, []).append(person.id)
                    if group in self._declared:
                        message = f'group "{group}" of {row.label} has the id of a participant'
                        self._tables.error((*row.path, "groups", number), "duplicate-id", message, "another name for the group")
        return tuple(self._by_id.values())

    def _participant(self, row: Row) -> Participant:
        spans = [each for each in row.rows("away") if each.whole and self._tables.in_order(each, "from", "to")]
        away = tuple(Away(each.values["from"], each.values["to"]) for each in spans)
        return Participant(**{**row.values, "away": away})

    def _address(self, person: Participant, row: Row, emails: dict[str, str]) -> None:
        if person.email is not None and emails.setdefault(person.email.lower(), person.id) != person.id:
            other = emails[person.email.lower()]
            message = f'participant "{person.id}" has the e-mail address of "{other}"'
            self._tables.error((*row.path, "email"), "email-duplicate", message, "one address, one participant")

    def check_chair(self, row: Row, label: str) -> None:
        """Note an error for each of a row's chairs that is no participant."""
        said = row.values.get("chair", ())
        places = [((*row.path, "chair"), said)] if isinstance(said, str) else []
        places = places or [((*row.path, "chair", number), each) for number, each in enumerate(said)]
        for place, chair in places:
            if chair not in self._declared:
                hint = nearest(chair, self._by_id) or "declare a [[participant]] of that id"
                message = f'{label}: chair "{chair}" is no participant'
                self._tables.error(place, "unknown-participant", message, hint)

    def chairs(self, *details: Details) -> tuple[Chair, ...]:
        """Return all who chair in turn by any of these details, in the file's order of participants."""
        ids = frozenset(chain.from_iterable(each.chairs for each in details))
        return tuple(Chair(each.id, each.zone, each.away) for each in self._by_id.values() if each.id in ids)

    def attendees(self, row: Row) -> tuple[str, ...]:
        """Return the ids that a row's attendees mean, groups resolved, in the file's order of participants."""
        found: set[str] = set()
        for number, name in enumerate(row.values.get("attendees", ())):
            if name in self._by_id:
                found.add(name)
            elif name in self._groups:
                found.update(self._groups[name])
            elif name not in self._declared | self._declared_groups:
                hint = nearest(name, [*self._by_id, *self._groups]) or "declare a participant or a group of that name"
                message = f'{row.label}: attendee "{name}" is no participant and no group'
                self._tables.error((*row.path, "attendees", number), "unknown-participant", message, hint)
        return tuple(each for each in self._by_id if each in found)
