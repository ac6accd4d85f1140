"""Statistics and checks over many minutes: attendance by person, zone and month; calls without minutes and the reverse."""

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
    from collections.abc import Iterable, Iterator, Sequence

    from svsm_cal.core.model import Calendar, Series
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.minutes.names import Attendee
    from svsm_cal.minutes.reading import Minutes


class PersonAttendance(Value):
    """A person's number of calls, the first and the last; `participant` and `zone` are None if not in the calendar."""

    name: str
    participant: str | None
    zone: str | None
    calls: int
    first: date
    last: date


class ZoneAttendance(Value):
    """The attendees of a zone and the sum of their calls; `zone` is None for people who are not in the calendar."""

    zone: str | None
    people: int
    attended: int


class MonthAttendance(Value):
    """The calls of a month (its first day) with a list of attendees, and the sum of these lists."""

    month: date
    calls: int
    attended: int


class Attendance(Value):
    """The attendance of the `calls` whose minutes list attendees: the most frequent people first, months in order."""

    calls: int
    people: tuple[PersonAttendance, ...]
    zones: tuple[ZoneAttendance, ...]
    months: tuple[MonthAttendance, ...]


def attendance_of(minutes: Iterable[Minutes], calendar: Calendar) -> Attendance:
    """Return the attendance of the minutes with a date and a list of attendees."""
    listed = [(day, one) for day, one in _dated(minutes) if one.attendees]
    seen: dict[str, list[tuple[date, Attendee]]] = {}
    for day, one in listed:
        for attendee in one.attendees:
            seen.setdefault(attendee.participant or f" {plain_name(attendee.name)}", []).append((day, attendee))
    people = [_person(calls, calendar) for calls in seen.values()]
    people.sort(key=lambda person: (-person.calls, person.name.casefold()))
    heads = Counter(person.zone for person in people)
    attended: Counter[str | None] = Counter()
    for person in people:
        attended[person.zone] += person.calls
    zones = [ZoneAttendance(zone, heads[zone], attended[zone]) for zone in heads]
    months: dict[date, list[int]] = {}
    for day, one in listed:
        months.setdefault(day.replace(day=1), []).append(len(one.attendees))
    return Attendance(
        len(listed),
        tuple(people),
        tuple(sorted(zones, key=lambda zone: (zone.zone is None, -zone.attended, zone.zone or ""))),
        tuple(MonthAttendance(month, len(sizes), sum(sizes)) for month, sizes in months.items()),
    )


def _dated(minutes: Iterable[Minutes]) -> list[tuple[date, Minutes]]:
    """Return the minutes with a date, by date and file."""
    return sorted(((one.date, one) for one in minutes if one.date is not None), key=lambda pair: (pair[0], pair[1].file))


def _person(calls: Sequence[tuple[date, Attendee]], calendar: Calendar) -> PersonAttendance:
    """Return a person's attendance, with the calendar's name or the most frequent spelling."""
    known = calendar.participant(calls[0][1].participant or "")
    names = Counter(attendee.name for _, attendee in calls)
    name = known.name if known else min(names, key=lambda name: (-names[name], name))
    zone = known.zone.key if known else None
    return PersonAttendance(name, known.id if known else None, zone, len({day for day, _ in calls}), calls[0][0], calls[-1][0])


# The minutes of so long before a shift should mention it: three calls of a weekly series.
_AHEAD = timedelta(days=21)


def coverage(minutes: Sequence[Minutes], calendar: Calendar, *, folder: str, first: date | None, last: date) -> list[Finding]:
    """Return the findings from `first`, by default the first minutes of each series, to `last`, by file and date.

    A series without any minutes has no findings.
    """
    dated = _dated(minutes)
    findings = []
    for day, one in dated:
        if (first is None or first <= day) and day <= last:
            findings += _date_findings(one, day, calendar)
    for series in calendar.series:
        own = [(day, one) for day, one in dated if one.series == series.id]
        if own:
            begin = max(first or own[0][0], series.start.date())
            findings += _calls_without({day for day, _ in own}, series, begin, last, folder)
            findings += _unmentioned(own, calendar, series, begin, last)
    return findings


def _date_findings(minutes: Minutes, day: date, calendar: Calendar) -> list[Finding]:
    if minutes.series is None:
        message = f"no series has a call on {ENGLISH.date(day)}, and neither file name nor heading names a series"
        return [_warning(minutes.file, "minutes-series", message, "name the file after the series' id and the date")]
    series = next(series for series in calendar.series if series.id == minutes.series)
    calls = occurrences_on(series, day)
    if any(call.held and call.start.date() == day for call in calls):
        return []
    if not calls:
        message = f"{series.id} has no call on {ENGLISH.date(day)}"
        hint = f"svsm-cal add {series.id} {day}T{series.start:%H:%M}, or another date"
        return [_warning(minutes.file, "minutes-no-call", message, hint)]
    call = calls[0]
    if call.held:
        message = f"{series.id} was moved from {ENGLISH.date(day)} to {ENGLISH.date(call.start)}"
        return [_warning(minutes.file, "minutes-no-call", message, f"svsm-cal restore {series.id} {day}, or another date")]
    message = f"{series.id} on {ENGLISH.date(day)} is cancelled in the calendar"
    return [_warning(minutes.file, "minutes-cancelled", message, f"svsm-cal restore {series.id} {day}")]


def _warning(file: str, code: str, message: str, hint: str) -> Finding:
    return Finding("warning", file, 1, 1, code, message, hint)


def _calls_without(days: set[date], series: Series, first: date, last: date, folder: str) -> Iterator[Finding]:
    held = [call.start.date() for call in occurrences_between_days(series, first, last) if call.held]
    for day in dict.fromkeys(held):
        if day not in days:
            hint = f"write {series.id}-{day}.md, or svsm-cal cancel {series.id} {day}"
            yield _warning(folder, "minutes-missing", f"{series.id} on {ENGLISH.date(day)} has no minutes", hint)


def _unmentioned(
    own: Sequence[tuple[date, Minutes]], calendar: Calendar, series: Series, first: date, last: date
) -> Iterator[Finding]:
    """Yield the shifts that the minutes of the three weeks before do not mention."""
    beginning: dict[date, list[ShiftWindow]] = {}
    for window in beginning_windows(calendar, series, first, last):
        beginning.setdefault(window.first, []).append(window)
    for day, windows in sorted(beginning.items()):
        before = [one for at, one in own if day - _AHEAD <= at < day]
        if before and not any(one.clocks for one in before):
            zones = [window.zone.key for window in windows[:3]]
            zones += [counted(len(windows) - 3, "more zone")] if len(windows) > 3 else []
            shift = f"{series.id} shifts on {ENGLISH.date(day)} for {' and '.join(zones)}"
            message = f"{shift}, and no minutes of the three weeks before mention it"
            yield _warning(before[-1].file, "minutes-shift", message, f"svsm-cal shifts --from {day} --until {day}")
