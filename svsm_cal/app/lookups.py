"""Look-ups: the next calls, one day's call for everybody, and shift windows."""

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


class CallForAll(Value):
    """One occurrence, and the call on the clock of each attendee."""

    occurrence: Occurrence
    clocks: tuple[tuple[Participant, CallOnClock], ...]


class WindowFor(Value):
    """A shift window and the attendees it concerns."""

    window: ShiftWindow
    participants: tuple[Participant, ...]


def participant_of(calendar: Calendar, id: str) -> Participant:
    """Return the participant with an id; raises UsageError with the known ids otherwise."""
    person = calendar.participant(id)
    if person is None:
        raise UsageError(f'no participant "{id}" in {calendar.name}: {listed([each.id for each in calendar.participants])}')
    return person


def series_of(calendar: Calendar, id: str | None) -> tuple[Series, ...]:
    """Return the series with an id, or all series for None; raises UsageError with the known ids otherwise."""
    found = tuple(series for series in calendar.series if id in (None, series.id))
    if id is not None and not found:
        raise UsageError(f'no series "{id}" in {calendar.name}: {listed([series.id for series in calendar.series])}')
    return found


def next_calls(calendar: Calendar, now: Instant, *, n: int, zone: Zone, series: str | None = None) -> list[CallOnClock]:
    """Return the next `n` calls on a zone's clock, and the cancelled ones among them."""
    among = calendar if series is None else series_of(calendar, series)[0]
    clocks = Clocks()
    return [clocks.see(call, zone) for call in next_occurrences(among, now, n, cancelled=True)]


def call_on(calendar: Calendar, day: date, *, zone: Zone | None = None, series: str | None = None) -> CallForAll:
    """Return the call on an anchor date on every attendee's clock, or on one zone's.

    Raises UsageError for a day without a call, and for one with calls of several series.
    """
    among = calendar if series is None else series_of(calendar, series)[0]
    calls = occurrences_on(among, day)
    calls = [call for call in calls if call.held] or calls
    if not calls:
        after = datetime(day.year, day.month, day.day, tzinfo=UTC)
        following = next_occurrences(among, after, 1)
        hint = f"the next one is on {following[0].start.date()}" if following else "there are no later calls either"
        raise UsageError(f"no call on {day}: {hint}")
    if len({call.series.id for call in calls}) > 1:
        options = " or ".join(f"--series {call.series.id}" for call in calls)
        raise UsageError(f"{len(calls)} calls on {day}: choose with {options}")
    occurrence = calls[0]
    clocks = Clocks()
    people = calendar.attendees(occurrence.series)
    if zone is not None:
        people = tuple(person for person in people if person.zone == zone) or (Participant("", zone.key, zone),)
    return CallForAll(occurrence, tuple((person, clocks.see(occurrence, person.zone)) for person in people))


def zones_of(calendar: Calendar, series: Series) -> dict[Zone, tuple[Participant, ...]]:
    """Return the zones of a series' attendees with the people in each, in file order."""
    zones: dict[Zone, tuple[Participant, ...]] = {}
    for person in calendar.attendees(series):
        zones[person.zone] = (*zones.get(person.zone, ()), person)
    return zones or {series.zone: ()}


def shift_table(
    calendar: Calendar,
    start: date,
    end: date,
    *,
    zone: Zone | None = None,
    participant: Participant | None = None,
    series: str | None = None,
) -> list[WindowFor]:
    """Return the shift windows from `start` to `end` for the zones of all attendees, or for one zone or person."""
    if end < start:
        raise UsageError(f"the range ends on {end}, before it begins on {start}")
    clocks = Clocks()
    table = []
    for shown in series_of(calendar, series):
        zones = zones_of(calendar, shown)
        if participant is not None:
            zones = {participant.zone: (participant,)}
        elif zone is not None:
            zones = {zone: zones.get(zone, ())}
        for home, people in zones.items():
            table += [WindowFor(window, people) for window in clocks.windows(shown, home, start, end)]
    return table
