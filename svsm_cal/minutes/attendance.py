"""Who was there, over many minutes: by person, by zone and by month. Different spellings of a name are one person."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from svsm_cal.minutes.names import plain_name
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from svsm_cal.core.model import Calendar
    from svsm_cal.minutes.names import Attendee
    from svsm_cal.minutes.reading import Minutes

__all__ = ["Attendance", "MonthAttendance", "PersonAttendance", "ZoneAttendance", "attendance_of"]


class PersonAttendance(Value):
    """How many calls somebody was at, and the first and last of them; `participant` and `zone` are None for others."""

    name: str
    participant: str | None
    zone: str | None
    calls: int
    first: date
    last: date


class ZoneAttendance(Value):
    """How many people of a zone were there at all, and how many times in all; `zone` is None for those not in the calendar."""

    zone: str | None
    people: int
    attended: int


class MonthAttendance(Value):
    """The calls of a month (its first day) whose minutes list who was there, and how many people that were in all."""

    month: date
    calls: int
    attended: int


class Attendance(Value):
    """Who was at the calls whose minutes list attendees (`calls` of them): the most frequent first, months in order."""

    calls: int
    people: tuple[PersonAttendance, ...]
    zones: tuple[ZoneAttendance, ...]
    months: tuple[MonthAttendance, ...]


def attendance_of(minutes: Iterable[Minutes], calendar: Calendar) -> Attendance:
    """Return who was there, of the minutes that have a date and list attendees."""
    listed = sorted(
        ((each.date, each) for each in minutes if each.date and each.attendees), key=lambda pair: (pair[0], pair[1].file)
    )
    seen: dict[str, list[tuple[date, Attendee]]] = {}
    for day, each in listed:
        for who in each.attendees:
            seen.setdefault(who.participant or f" {plain_name(who.name)}", []).append((day, who))
    people = sorted(
        (_person(calls, calendar) for calls in seen.values()), key=lambda person: (-person.calls, person.name.casefold())
    )
    heads = Counter(person.zone for person in people)
    attended: Counter[str | None] = Counter()
    for person in people:
        attended[person.zone] += person.calls
    zones = [ZoneAttendance(zone, heads[zone], attended[zone]) for zone in heads]
    months: dict[date, list[int]] = {}
    for day, each in listed:
        months.setdefault(day.replace(day=1), []).append(len(each.attendees))
    return Attendance(
        len(listed),
        tuple(people),
        tuple(sorted(zones, key=lambda each: (each.zone is None, -each.attended, each.zone or ""))),
        tuple(MonthAttendance(month, len(sizes), sum(sizes)) for month, sizes in months.items()),
    )


def _person(calls: Sequence[tuple[date, Attendee]], calendar: Calendar) -> PersonAttendance:
    """Return one person's attendance, under the calendar's name for them or the one written most often."""
    known = calendar.participant(calls[0][1].participant or "")
    names = Counter(who.name for _, who in calls)
    name = known.name if known else min(names, key=lambda each: (-names[each], each))
    zone = known.zone.key if known else None
    return PersonAttendance(name, known.id if known else None, zone, len({day for day, _ in calls}), calls[0][0], calls[-1][0])
