"""Feeds (RFC 5545, RFC 7986): public, one for each series, one for each participant, and the deadlines.

A feed has no METHOD, ORGANIZER or ATTENDEE, and so no address. DTSTAMP comes from the revision, not from the clock, so
the same calendar gives the same bytes. Each VEVENT is serialised once; a personal feed adds local times, notices and
alarms to copies of it, so a thousand feeds cost little more than their different texts.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from icalendar import vDuration, vText

from svsm_cal.core.deadlines import all_deadlines
from svsm_cal.core.localized import Clocks
from svsm_cal.core.occurrences import added_occurrences, occurrence_of, occurrences, only_occurrence, set_apart
from svsm_cal.core.segments import segments_of
from svsm_cal.engine.civil import Instant, LocalDateTime, instant
from svsm_cal.errors import UsageError
from svsm_cal.ical.event import (
    STREAM_END,
    Revision,
    VEvent,
    added_event,
    deadline_event,
    instance_event,
    segment_event,
    segment_instances,
    stream_head,
)
from svsm_cal.ical.vtimezone import zone_bytes
from svsm_cal.value import Value
from svsm_cal.words import language_of
from svsm_cal.words.descriptions import (
    deadline_description,
    local_notice,
    occurrence_description,
    own_times,
    segment_description,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from svsm_cal.core.model import Calendar, Occurrence, Participant, Series
    from svsm_cal.core.segments import Segment
    from svsm_cal.engine.zones import Zone


class _Component(Value):
    """A VEVENT and its description, both shared by all readers."""

    event: VEvent
    description: str


class _SegmentEvents(Value):
    """A segment's VEVENT, and the instances that differ from it by their RECURRENCE-ID."""

    segment: Segment
    master: _Component
    instances: dict[LocalDateTime, Occurrence]


class Feeds:
    """The feeds of one calendar, whose common parts are made once.

    `now` (aware) decides only for which years a personal feed has notices: the current and the next.
    """

    def __init__(self, calendar: Calendar, *, now: datetime) -> None:
        self.calendar = calendar
        self._clocks = Clocks()
        self._language = language_of(calendar.language)
        year = instant(now).year
        self._notice_span = (datetime(year, 1, 1, tzinfo=UTC), datetime(min(year + 2, 9999), 1, 1, tzinfo=UTC))
        earliest = [segments_of(series)[0] for series in calendar.series if segments_of(series)]
        starts = [occurrence_of(segment, segment.start).start_utc for segment in earliest]
        self._revision = Revision(0, min(starts, default=Instant(datetime(2000, 1, 1, tzinfo=UTC))))
        self._segments: dict[tuple[str, bool], list[_SegmentEvents]] = {}
        self._coming: dict[str, list[Occurrence]] = {}
        self._calls: dict[tuple[str, datetime], _Component] = {}
        self._zones: dict[str, bytes] = {}
        self._personal_series: dict[tuple[str, str, tuple[timedelta, ...]], bytes] = {}

    def public(self) -> bytes:
        """Return the feed of all series."""
        events = [self._public(series, "public") for series in self.calendar.series]
        return self._stream(self.calendar.name, self.calendar.series, events)

    def series(self, series: Series) -> bytes:
        """Return the feed of one series."""
        return self._stream(f"{series.title} ({self.calendar.name})", [series], [self._public(series, "series")])

    def participant(self, person: Participant) -> bytes:
        """Return a participant's feed: the series they attend, in their time zone, with their reminders."""
        attended = [series for series in self.calendar.series if person.id in series.attendees]
        events = [self._personal(series, person.zone, person.reminders) for series in attended]
        return self._stream(f"{self.calendar.name}: {person.name}", attended, events)

    def deadlines(self) -> bytes:
        """Return the feed of deadlines and release milestones, as whole days marked as free time."""
        events = []
        for deadline in all_deadlines(self.calendar):
            event = deadline_event(deadline, f"deadline+{deadline.id}@{self.calendar.domain}", self._revision)
            events.append(event.to_bytes(deadline_description(self._language, deadline), deadline.remind))
        return self._stream(f"{self.calendar.name}: deadlines", (), events)

    def _stream(self, name: str, series: Iterable[Series], events: Iterable[bytes]) -> bytes:
        zones = {segment.zone: None for each in series for segment in segments_of(each)}
        parts = [self._header(name), *(self._vtimezone(zone) for zone in sorted(zones, key=lambda zone: zone.key))]
        return b"".join([*parts, *events, STREAM_END])

    def _header(self, name: str) -> bytes:
        calendar = self.calendar
        properties: list[tuple[str, Any]] = [("NAME", name), ("X-WR-CALNAME", vText(name))]
        if calendar.description:
            properties += [("DESCRIPTION", calendar.description), ("X-WR-CALDESC", vText(calendar.description))]
        properties += [(name, value) for name, value in (("URL", calendar.url), ("COLOR", calendar.color)) if value]
        interval = vDuration(timedelta(hours=6), params={"VALUE": "DURATION"})
        return stream_head([*properties, ("REFRESH-INTERVAL", interval), ("X-PUBLISHED-TTL", "PT6H")])

    def _vtimezone(self, zone: Zone) -> bytes:
        """Return a zone's VTIMEZONE, correct from the first call of any series in it on; nothing for UTC."""
        if zone.key not in self._zones:
            calls = [occurrence_of(segment, segment.start) for series in self.calendar.series for segment in segments_of(series)]
            calls += [call for series in self.calendar.series for call in set_apart(series)]
            self._zones[zone.key] = zone_bytes(zone, calls)
        return self._zones[zone.key]

    def _by_segment(self, series: Series, feed: str) -> list[_SegmentEvents]:
        """Return the events of a series' segments for a kind of feed, which may include cancelled calls."""
        shows_cancelled = feed in self.calendar.shows_cancelled
        key = (series.id, shows_cancelled)
        if key not in self._segments:
            by_segment = []
            for segment in segments_of(series):
                only = only_occurrence(segment)
                if only is not None and not only.held and not shows_cancelled:
                    continue
                event = segment_event(segment, self._revision, shows_cancelled=shows_cancelled, language=self._language)
                master = _Component(event, segment_description(self._language, self.calendar, segment))
                instances = {call.recurrence: call for call in segment_instances(segment, shows_cancelled=shows_cancelled)}
                by_segment.append(_SegmentEvents(segment, master, instances))
            self._segments[key] = by_segment
        return self._segments[key]

    def _call(self, call: Occurrence) -> _Component:
        key = (call.uid, call.recurrence)
        if key not in self._calls:
            if call.added:
                event = added_event(call, self._revision)
            else:
                event = instance_event(call, self._revision, language=self._language)
            self._calls[key] = _Component(event, occurrence_description(self._language, self.calendar, call))
        return self._calls[key]

    def _public(self, series: Series, feed: str) -> bytes:
        components = []
        for events in self._by_segment(series, feed):
            components += [events.master, *map(self._call, events.instances.values())]
        components += map(self._call, added_occurrences(series))
        return b"".join(component.event.to_bytes(component.description) for component in components)

    def _personal(self, series: Series, zone: Zone, reminders: tuple[timedelta, ...]) -> bytes:
        """Return a series' VEVENTs for the participants of one zone with the same reminders."""
        key = (series.id, zone.key, reminders)
        if key not in self._personal_series:
            local = own_times(
                self._language, zone, self._clocks.windows(series, zone, *(end.date() for end in self._notice_span))
            )
            unusual = self._unusual(series, zone)
            parts = []
            for events in self._by_segment(series, "personal"):
                only = only_occurrence(events.segment)
                alarms = reminders if only is None or only.held else ()
                parts.append(events.master.event.to_bytes(f"{local}\n\n{events.master.description}", alarms))
                shifted = {call.recurrence: call for call in unusual if call.uid == events.segment.uid}
                calls = [call for _, call in sorted((shifted | events.instances).items())]
                parts += [self._with_notice(call, zone, reminders) for call in calls]
            parts += [self._with_notice(call, zone, reminders) for call in added_occurrences(series)]
            self._personal_series[key] = b"".join(parts)
        return self._personal_series[key]

    def _unusual(self, series: Series, zone: Zone) -> list[Occurrence]:
        """Return the held calls of the current and the next year that are not at their usual time in a zone."""
        if series.id not in self._coming:
            self._coming[series.id] = [call for call in occurrences(series, *self._notice_span) if not call.added]
        return [call for call in self._coming[series.id] if self._clocks.see(call, zone).change_minutes]

    def _with_notice(self, call: Occurrence, zone: Zone, reminders: tuple[timedelta, ...]) -> bytes:
        """Return a call's VEVENT whose description starts with its local time and anything unusual about it."""
        component = self._call(call)
        notice = local_notice(self._language, self._clocks.see(call, zone))
        return component.event.to_bytes(f"{notice}\n\n{component.description}", reminders if call.held else ())


def to_ical(
    calendar: Calendar,
    *,
    now: datetime,
    series: str | None = None,
    participant: str | None = None,
    deadlines: bool = False,
) -> bytes:
    """Return one feed as iCalendar bytes: of all series, one series, one participant, or the deadlines.

    `now` (aware) decides only for which years a participant's feed has notices. Raises UsageError for an unknown id and
    for more than one kind of feed.

    >>> from datetime import datetime, timezone
    >>> import svsm_cal
    >>> calendar = svsm_cal.load("examples/minimal/calendar.toml")
    >>> feed = to_ical(calendar, now=datetime(2025, 3, 5, tzinfo=timezone.utc))
    >>> feed.count(b"BEGIN:VEVENT"), b"TZID:Europe/Berlin" in feed
    (1, True)
    """
    if sum((series is not None, participant is not None, deadlines)) > 1:
        raise UsageError("a feed shows one series, one participant or the deadlines: choose one")
    feeds = Feeds(calendar, now=now)
    if deadlines:
        return feeds.deadlines()
    if participant is not None:
        person = calendar.participant(participant)
        if person is None:
            raise UsageError(f'no participant "{participant}" in {calendar.name}')
        return feeds.participant(person)
    if series is not None:
        wanted = next((one for one in calendar.series if one.id == series), None)
        if wanted is None:
            raise UsageError(f'no series "{series}" in {calendar.name}')
        return feeds.series(wanted)
    return feeds.public()
