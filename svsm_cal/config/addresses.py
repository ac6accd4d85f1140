"""Participants' addresses from a file of their own, for calendars that everybody may read.

    dionna = "dionna@example.org"

One line a participant, by id. The calendar file then needs no `email`.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from svsm_cal.config.tables import nearest
from svsm_cal.core.address import is_address
from svsm_cal.errors import InputError
from svsm_cal.value import replace

if TYPE_CHECKING:
    from svsm_cal.core.model import Calendar

__all__ = ["with_addresses"]

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
