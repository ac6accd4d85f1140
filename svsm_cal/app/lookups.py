"""What people look up: the next calls, one day's call for everybody, shift windows and deadlines."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from svsm_cal.config.tables import listed
from svsm_cal.core.localized import CallOnClock, Clocks
from svsm_cal.core.model import Calendar, Participant, Series
from svsm_cal.core.occurrences import next_occurrences, occurrences_on
from svsm_cal.errors import UsageError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.core.model import Occurrence
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone

__all__ = [
    "CallForAll",
    "WindowFor",
    "call_on",
    "next_calls",
    "participant_of",
    "series_of",
    "shift_table",
    "zones_of",
]


class CallForAll(Value):
    """One occurrence, and how each of its attendees sees it."""

    occurrence: Occurrence
    clocks: tuple[tuple[Participant, CallOnClock], ...]


class WindowFor(Value):
    """A shift window and the attendees it concerns."""

    window: ShiftWindow
    participants: tuple[Participant, ...]


def participant_of(calendar: Calendar, id: str) -> Participant:
    """Return the participant of that id; raises UsageError naming those there are."""
    found = calendar.participant(id)
    if found is None:
        raise UsageError(f'no participant "{id}" in {calendar.name}: {listed([each.id for each in calendar.participants])}')
    return found


def series_of(calendar: Calendar, id: str | None) -> tuple[Series, ...]:
    """Return the series of that id alone, all of them for None; raises UsageError naming those there are."""
    found = tuple(series for series in calendar.series if id in (None, series.id))
    if id is not None and not found:
        raise UsageError(f'no series "{id}" in {calendar.name}: {listed([series.id for series in calendar.series])}')
    return found


def next_calls(calendar: Calendar, now: Instant, *, n: int, zone: Zone, series: str | None = None) -> list[CallOnClock]:
    """Return the next `n` calls on a zone's clock, with the cancelled ones among them."""
    of = calendar if series is None else series_of(calendar, series)[0]
    clocks = Clocks()
    return [clocks.see(each, zone) for each in next_occurrences(of, now, n, cancelled=True)]


def call_on(calendar: Calendar, day: date, *, zone: Zone | None = None, series: str | None = None) -> CallForAll:
    """Return the call of an anchor date as everybody sees it, or on one zone's clock.

    Raises UsageError when there is none that day, or more than one.
    """
    among = calendar if series is None else series_of(calendar, series)[0]
    found = occurrences_on(among, day)
    held = [each for each in found if each.held] or found
    if not held:
        after = datetime(day.year, day.month, day.day, tzinfo=UTC)
        following = next_occurrences(among, after, 1)
        hint = f"the next one is on {following[0].start.date()}" if following else "there is none after it either"
        raise UsageError(f"no call on {day}: {hint}")
    if len({each.series.id for each in held}) > 1:
        names = " or ".join(f"--series {each.series.id}" for each in held)
        raise UsageError(f"{len(held)} calls on {day}: choose with {names}")
    occurrence = held[0]
    clocks = Clocks()
    people = calendar.attendees(occurrence.series)
    if zone is not None:
        here = [each for each in people if each.zone == zone]
        people = tuple(here) or (Participant("", zone.key, zone),)
    return CallForAll(occurrence, tuple((each, clocks.see(occurrence, each.zone)) for each in people))


def zones_of(calendar: Calendar, series: Series) -> dict[Zone, tuple[Participant, ...]]:
    """Return the zones of a series' attendees, in the file's order, and who lives there."""
    found: dict[Zone, tuple[Participant, ...]] = {}
    for person in calendar.attendees(series):
        found[person.zone] = (*found.get(person.zone, ()), person)
    return found or {series.zone: ()}


def shift_table(
    calendar: Calendar,
    start: date,
    end: date,
    *,
    zone: Zone | None = None,
    participant: Participant | None = None,
    series: str | None = None,
) -> list[WindowFor]:
    """Return the shift windows from `start` to `end` for every zone of the attendees, or for one zone or person."""
    if end < start:
        raise UsageError(f"the range ends on {end}, before it begins on {start}")
    clocks = Clocks()
    found = []
    for each in series_of(calendar, series):
        zones = zones_of(calendar, each)
        if participant is not None:
            zones = {participant.zone: (participant,)}
        elif zone is not None:
            zones = {zone: zones.get(zone, ())}
        for where, people in zones.items():
            found += [WindowFor(window, people) for window in clocks.windows(each, where, start, end)]
    return found
