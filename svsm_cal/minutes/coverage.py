"""Many minutes at once: attendance by person, zone and month; calls without minutes and minutes without a call."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

from svsm_cal.core.occurrences import occurrences_between_days, occurrences_on
from svsm_cal.errors import Finding
from svsm_cal.minutes.names import plain_name
from svsm_cal.minutes.other_calls import beginning_windows
from svsm_cal.value import Value
from svsm_cal.words import ENGLISH
from svsm_cal.words.language import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from svsm_cal.core.model import Calendar, Series
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.minutes.names import Attendee
    from svsm_cal.minutes.reading import Minutes

__all__ = ["Attendance", "MonthAttendance", "PersonAttendance", "ZoneAttendance", "attendance_of", "coverage"]


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


# So long before a shift people want to hear of it: three calls of a weekly series.
_AHEAD = timedelta(days=21)


def coverage(minutes: Sequence[Minutes], calendar: Calendar, *, folder: str, first: date | None, last: date) -> list[Finding]:
    """Return what is missing from the first minutes of each series, or from `first`, to `last`, by file and date.

    Minutes outside these dates are not looked at, and the series must have minutes at all for its calls to be missed.
    """
    dated = sorted(((each.date, each) for each in minutes if each.date is not None), key=lambda pair: (pair[0], pair[1].file))
    inside = [each for day, each in dated if (first is None or first <= day) and day <= last]
    found = [finding for each in inside for finding in _of_one(each, calendar)]
    for series in calendar.series:
        own = [(day, each) for day, each in dated if each.series == series.id]
        if own:
            begin = max(first or own[0][0], series.start.date())
            found += _calls_without([day for day, _ in own], series, begin, last, folder)
            found += _unmentioned(own, calendar, series, begin, last)
    return found


def _of_one(minutes: Minutes, calendar: Calendar) -> list[Finding]:
    """Return what is wrong with the date of some minutes."""
    day = minutes.date
    if day is None:
        return []
    if minutes.series is None:
        message = f"no series has a call on {ENGLISH.date(day)}, and neither name nor heading say of which it is"
        return [_warning(minutes.file, "minutes-series", message, "name the file as the series' id and the date")]
    series = next(each for each in calendar.series if each.id == minutes.series)
    calls = occurrences_on(series, day)
    if any(each.held and each.start.date() == day for each in calls):
        return []
    if not calls:
        message = f"{series.id} has no call on {ENGLISH.date(day)}"
        return [
            _warning(
                minutes.file, "minutes-no-call", message, f"svsm-cal add {series.id} {day}T{series.start:%H:%M}, or another date"
            )
        ]
    call = calls[0]
    if call.held:
        message = f"{series.id} was moved from {ENGLISH.date(day)} to {ENGLISH.date(call.start)}"
        return [_warning(minutes.file, "minutes-no-call", message, f"svsm-cal restore {series.id} {day}, or another date")]
    message = f"{series.id} on {ENGLISH.date(day)} is cancelled in the calendar"
    return [_warning(minutes.file, "minutes-cancelled", message, f"svsm-cal restore {series.id} {day}")]


def _warning(file: str, code: str, message: str, hint: str, line: int = 1) -> Finding:
    return Finding("warning", file, line, 1, code, message, hint)


def _calls_without(days: Sequence[date], series: Series, first: date, last: date, folder: str) -> list[Finding]:
    held = [each.start.date() for each in occurrences_between_days(series, first, last) if each.held]
    return [
        _warning(
            folder,
            "minutes-missing",
            f"{series.id} on {ENGLISH.date(day)} has no minutes",
            f"write {series.id}-{day}.md, or svsm-cal cancel {series.id} {day}",
        )
        for day in dict.fromkeys(held)
        if day not in set(days)
    ]


def _unmentioned(
    own: Sequence[tuple[date, Minutes]], calendar: Calendar, series: Series, first: date, last: date
) -> list[Finding]:
    """Return the shifts that began with nothing said of them in the minutes of the three weeks before."""
    beginning: dict[date, list[ShiftWindow]] = {}
    for window in beginning_windows(calendar, series, first, last):
        beginning.setdefault(window.first, []).append(window)
    found = []
    for day, windows in sorted(beginning.items()):
        before = [each for at, each in own if day - _AHEAD <= at < day]
        if before and not any(each.clocks for each in before):
            zones = " and ".join(window.zone.key for window in windows[:3]) + (
                f" and {counted(len(windows) - 3, 'more zone')}" if len(windows) > 3 else ""
            )
            message = (
                f"{series.id} shifts on {ENGLISH.date(day)} for {zones}, and no minutes of the three weeks before mention it"
            )
            found.append(_warning(before[-1].file, "minutes-shift", message, f"svsm-cal shifts --from {day} --until {day}"))
    return found
