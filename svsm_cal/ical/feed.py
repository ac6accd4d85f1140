"""Feeds (RFC 5545, RFC 7986): the public one, one a series, one a person, and the deadlines.

A feed carries no METHOD, no ORGANIZER and no ATTENDEE, and so no address. DTSTAMP is a revision's, never the
present, so that the same calendar gives the same bytes. Each VEVENT is serialised once for everybody; a
person's feed puts their local time, their notices and their alarms into copies of it, so that a thousand
feeds cost little more than their distinct words.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from icalendar import vText

from svsm_cal.core.deadlines import all_deadlines
from svsm_cal.core.localized import CallOnClock, Clocks
from svsm_cal.core.occurrences import added_occurrences, occurrence_of, occurrences, only_occurrence, set_apart
from svsm_cal.core.segments import segments_of
from svsm_cal.engine.civil import Instant, LocalDateTime, instant
from svsm_cal.errors import UsageError
from svsm_cal.ical.event import (
    Revision,
    VEvent,
    added_event,
    deadline_event,
    instance_event,
    segment_event,
    segment_instances,
)
from svsm_cal.ical.stream import STREAM_END, head_bytes, new_stream
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

    from svsm_cal.core.model import Calendar, Occurrence, Participant, Series
    from svsm_cal.core.segments import Segment
    from svsm_cal.engine.zones import Zone

__all__ = ["Feeds", "to_ical"]

_REFRESH = timedelta(hours=6)


class _Component(Value):
    """A VEVENT for everybody, and its description for everybody."""

    event: VEvent
    description: str


class _SegmentEvents(Value):
    """A segment's own VEVENT and those of its differing instances, by recurrence."""

    segment: Segment
    master: _Component
    instances: dict[LocalDateTime, Occurrence]


class Feeds:
    """The feeds of one calendar at one time: what they share is made once.

    `now` decides only which years a personal feed has notices for: this one and the next.
    """

    def __init__(self, calendar: Calendar, *, now: datetime) -> None:
        self.calendar = calendar
        self._clocks = Clocks()
        self._language = language_of(calendar.language)
        year = instant(now).year
        self._notice_span = (datetime(year, 1, 1, tzinfo=UTC), datetime(min(year + 2, 9999), 1, 1, tzinfo=UTC))
        starts = [segments_of(series)[0] for series in calendar.series if segments_of(series)]
        first = min((_utc(segment) for segment in starts), default=Instant(datetime(2000, 1, 1, tzinfo=UTC)))
        self._revision = Revision(0, first)
        self._series: dict[tuple[str, bool], tuple[list[_SegmentEvents], list[_Component]]] = {}
        self._coming: dict[str, list[Occurrence]] = {}
        self._instance_components: dict[tuple[str, datetime], _Component] = {}
        self._zones: dict[str, bytes] = {}
        self._personal: dict[tuple[str, str, tuple[timedelta, ...]], bytes] = {}

    def public(self) -> bytes:
        """Return the feed of all series."""
        return self._stream(
            self.calendar.name, self.calendar.series, [self._public(each, "public") for each in self.calendar.series]
        )

    def series(self, series: Series) -> bytes:
        """Return the feed of one series."""
        return self._stream(f"{series.title} ({self.calendar.name})", [series], [self._public(series, "series")])

    def participant(self, person: Participant) -> bytes:
        """Return a participant's feed: the series they attend, on their clock, with their reminders."""
        attended = [each for each in self.calendar.series if person.id in each.attendees]
        events = [self._for(each, person.zone, person.reminders) for each in attended]
        return self._stream(f"{self.calendar.name}: {person.name}", attended, events)

    def deadlines(self) -> bytes:
        """Return the feed of deadlines and release milestones, as whole days that leave people free."""
        events = []
        for each in all_deadlines(self.calendar):
            event = deadline_event(each, f"deadline+{each.id}@{self.calendar.domain}", self._revision)
            events.append(event.to_bytes(deadline_description(self._language, each), each.remind))
        return self._stream(f"{self.calendar.name}: deadlines", (), events)

    def _stream(self, name: str, series: Iterable[Series], events: Iterable[bytes]) -> bytes:
        zones = {segment.zone: None for each in series for segment in segments_of(each)}
        parts = [self._header(name), *(self._vtimezone(zone) for zone in sorted(zones, key=lambda zone: zone.key))]
        return b"".join([*parts, *events, STREAM_END])

    def _header(self, name: str) -> bytes:
        calendar = self.calendar
        header = new_stream()
        header.add("NAME", name)
        header.add("X-WR-CALNAME", vText(name))
        if calendar.description:
            header.add("DESCRIPTION", calendar.description)
            header.add("X-WR-CALDESC", vText(calendar.description))
        if calendar.url:
            header.add("URL", calendar.url)
        if calendar.color:
            header.add("COLOR", calendar.color)
        header.add("REFRESH-INTERVAL", _REFRESH, parameters={"VALUE": "DURATION"})
        header.add("X-PUBLISHED-TTL", "PT6H")
        return head_bytes(header)

    def _vtimezone(self, zone: Zone) -> bytes:
        """Return the zone's VTIMEZONE, right from the first call of any series in it; nothing for UTC."""
        if zone.key not in self._zones:
            calls = [occurrence_of(each, each.start) for series in self.calendar.series for each in segments_of(series)]
            calls += [each for series in self.calendar.series for each in set_apart(series)]
            self._zones[zone.key] = zone_bytes(zone, calls)
        return self._zones[zone.key]

    def _shared(self, series: Series, feed: str) -> tuple[list[_SegmentEvents], list[_Component]]:
        """Return a series' components for a kind of feed, which says whether cancelled calls are among them."""
        shows_cancelled = feed in self.calendar.shows_cancelled
        key = (series.id, shows_cancelled)
        if key not in self._series:
            stretches = []
            for segment in segments_of(series):
                only = only_occurrence(segment)
                if only is not None and not only.held and not shows_cancelled:
                    continue  # a single call that is cancelled leaves nothing to show
                event = segment_event(segment, self._revision, shows_cancelled=shows_cancelled, language=self._language)
                master = _Component(event, segment_description(self._language, self.calendar, segment))
                instances = {each.recurrence: each for each in segment_instances(segment, shows_cancelled=shows_cancelled)}
                stretches.append(_SegmentEvents(segment, master, instances))
            added = [
                _Component(added_event(each, self._revision), occurrence_description(self._language, self.calendar, each))
                for each in added_occurrences(series)
            ]
            self._series[key] = (stretches, added)
        return self._series[key]

    def _instance(self, occurrence: Occurrence) -> _Component:
        key = (occurrence.uid, occurrence.recurrence)
        if key not in self._instance_components:
            event = instance_event(occurrence, self._revision, language=self._language)
            self._instance_components[key] = _Component(event, occurrence_description(self._language, self.calendar, occurrence))
        return self._instance_components[key]

    def _public(self, series: Series, feed: str) -> bytes:
        stretches, added = self._shared(series, feed)
        components = []
        for stretch in stretches:
            components += [stretch.master, *(self._instance(each) for each in stretch.instances.values())]
        return b"".join(each.event.to_bytes(each.description) for each in (*components, *added))

    def _for(self, series: Series, zone: Zone, reminders: tuple[timedelta, ...]) -> bytes:
        """Return a series' VEVENTs for people of one zone with the same reminders."""
        key = (series.id, zone.key, reminders)
        if key not in self._personal:
            stretches, added = self._shared(series, "personal")
            local = own_times(
                self._language, zone, self._clocks.windows(series, zone, *(each.date() for each in self._notice_span))
            )
            unusual = self._unusual(series, zone)
            parts = []
            for stretch in stretches:
                only = only_occurrence(stretch.segment)
                alarms = reminders if only is None or only.held else ()
                parts.append(stretch.master.event.to_bytes(f"{local}\n\n{stretch.master.description}", alarms))
                concerned = {
                    call.occurrence.recurrence: call.occurrence for call in unusual if call.occurrence.uid == stretch.segment.uid
                }
                for _, occurrence in sorted((concerned | stretch.instances).items()):
                    parts.append(self._told(self._instance(occurrence), occurrence, zone, reminders))
            parts += [self._told(extra, extra.event.occurrence, zone, reminders) for extra in added if extra.event.occurrence]
            self._personal[key] = b"".join(parts)
        return self._personal[key]

    def _unusual(self, series: Series, zone: Zone) -> list[CallOnClock]:
        """Return the held calls of this year and the next that are not at their usual time in a zone."""
        if series.id not in self._coming:
            self._coming[series.id] = [each for each in occurrences(series, *self._notice_span) if not each.added]
        calls = (self._clocks.see(each, zone) for each in self._coming[series.id])
        return [call for call in calls if call.change_minutes]

    def _told(self, component: _Component, occurrence: Occurrence, zone: Zone, reminders: tuple[timedelta, ...]) -> bytes:
        """Return a call's VEVENT with its local time, and what is unusual about it, before the description."""
        notice = local_notice(self._language, self._clocks.see(occurrence, zone))
        return component.event.to_bytes(f"{notice}\n\n{component.description}", reminders if occurrence.held else ())


def _utc(segment: Segment) -> Instant:
    return occurrence_of(segment, segment.start).start_utc


def to_ical(
    calendar: Calendar,
    *,
    now: datetime,
    series: str | None = None,
    participant: str | None = None,
    deadlines: bool = False,
) -> bytes:
    """Return one feed as iCalendar bytes: all series, one series, one participant's, or the deadlines.

    `now` (aware) decides only for which years a participant's feed has notices. Raises UsageError for an id the
    calendar does not have, and for more than one kind of feed at once.

    >>> from datetime import datetime, timezone
    >>> import svsm_cal
    >>> calendar = svsm_cal.load("examples/minimal/calendar.toml")
    >>> feed = to_ical(calendar, now=datetime(2025, 3, 5, tzinfo=timezone.utc))
    >>> feed.count(b"BEGIN:VEVENT"), b"TZID:Europe/Berlin" in feed
    (1, True)
    """
    if sum((series is not None, participant is not None, deadlines)) > 1:
        raise UsageError("a feed is of a series, of a participant or of the deadlines: choose one")
    feeds = Feeds(calendar, now=now)
    if deadlines:
        return feeds.deadlines()
    if participant is not None:
        person = calendar.participant(participant)
        if person is None:
            raise UsageError(f'no participant "{participant}" in {calendar.name}')
        return feeds.participant(person)
    if series is not None:
        wanted = next((each for each in calendar.series if each.id == series), None)
        if wanted is None:
            raise UsageError(f'no series "{series}" in {calendar.name}')
        return feeds.series(wanted)
    return feeds.public()
