"""One call as VEVENTs: the component of a whole segment, and those of instances that differ from it.

What is the same for every reader is serialised once; the description and the alarms, which may be a person's
own, are put in afterwards (`VEvent.to_bytes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from icalendar import Alarm, Event, Parameters, vRecur, vText
from icalendar.parser import Contentline

from svsm_cal.core.model import Occurrence, Status
from svsm_cal.core.occurrences import occurrence_of, only_occurrence
from svsm_cal.engine.civil import LocalDateTime, midnight
from svsm_cal.engine.rrule import Frequency, RecurrenceRule
from svsm_cal.engine.zones import instant_of, local_of
from svsm_cal.ical.vtimezone import is_utc
from svsm_cal.value import Value, replace
from svsm_cal.words.notes import status_note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from svsm_cal.core.milestones import Deadline
    from svsm_cal.core.model import Details
    from svsm_cal.core.segments import Segment
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone

__all__ = [
    "Revision",
    "VEvent",
    "added_event",
    "description_line",
    "instance_event",
    "segment_event",
    "segment_instances",
    "wall",
]

_END = b"END:VEVENT\r\n"
Properties = Sequence[tuple[str, Any]]


class Revision(Value):
    """Which revision of a component this is: SEQUENCE, and the instant of its DTSTAMP and LAST-MODIFIED."""

    sequence: int
    at: Instant


class VEvent(Value):
    """A VEVENT for everybody: its bytes without description, alarms and end; its occurrence, None for a segment's own."""

    head: bytes
    title: str
    occurrence: Occurrence | None

    def to_bytes(self, description: str, reminders: tuple[timedelta, ...] = ()) -> bytes:
        """Return the whole component with a description and a display alarm for each reminder."""
        return b"".join((self.head, description_line(description), _alarms(reminders, self.title), _END))


def description_line(description: str) -> bytes:
    """Return a DESCRIPTION as iCalendar writes it: escaped, folded, with its line end; nothing for none."""
    if not description:
        return b""
    line: bytes = Contentline.from_parts("DESCRIPTION", Parameters(), vText(description)).to_ical()
    return line + b"\r\n"


@lru_cache(maxsize=1024)
def _alarms(reminders: tuple[timedelta, ...], title: str) -> bytes:
    alarms = []
    for reminder in reminders:
        alarm = Alarm()
        alarm.add("ACTION", "DISPLAY")
        alarm.add("TRIGGER", -reminder)
        alarm.add("DESCRIPTION", title)
        alarms.append(alarm.to_ical(sorted=False))
    return b"".join(alarms)


def wall(local: LocalDateTime, zone: Zone) -> datetime:
    """Return a civil time as iCalendar writes it: with its TZID, or in UTC when that is the zone."""
    return local.replace(tzinfo=UTC if is_utc(zone) else zone.tzinfo)


def _event(uid: str, revision: Revision, properties: Iterable[tuple[str, Any]]) -> bytes:
    event = Event()
    event.add("UID", uid)
    event.add("DTSTAMP", revision.at)
    event.add("LAST-MODIFIED", revision.at)
    event.add("SEQUENCE", revision.sequence)
    for name, value in properties:
        event.add(name, value)
    head: bytes = event.to_ical(sorted=False)
    return head.removesuffix(_END)


def _shown(details: Details, title: str) -> Iterator[tuple[str, Any]]:
    yield "SUMMARY", title
    if details.location or details.url:
        yield "LOCATION", details.location or details.url
    if details.url:
        yield "URL", details.url


def _span(start: LocalDateTime, zone: Zone, duration: timedelta) -> Iterator[tuple[str, Any]]:
    """Yield DTSTART and DTEND, or DURATION where the clock changes in between or shows the end twice."""
    at = instant_of(start, zone)
    end = local_of(at + duration, zone)
    yield "DTSTART", wall(start, zone)
    if end == start + duration and instant_of(end, zone) == at + duration:
        yield "DTEND", wall(end, zone)
    else:
        yield "DURATION", duration


def segment_event(segment: Segment, revision: Revision, people: Properties = (), *, shows_cancelled: bool = False) -> VEvent:
    """Return the VEVENT of a segment: its rule, and what it says last of itself.

    Its cancelled calls are EXDATEs, unless `shows_cancelled` says that they have VEVENTs of their own. `people` are an
    invite's ORGANIZER and ATTENDEE; a feed has none.
    """
    series, zone = segment.series, segment.zone
    start, length, details = segment.start, segment.durations[-1][1], segment.details[-1][1]
    only = only_occurrence(segment)
    if only is not None:  # a single call has no instances that could differ: it is what became of it
        start, length, details = only.start, only.duration, only.details
    title = details.title or series.title
    properties = [*_span(start, zone, length)]
    if segment.rule is not None:
        properties.append(("RRULE", vRecur.from_ical(str(_widely_read(_rule_in_utc(segment, segment.rule))))))
        cancelled = (each.recurrence for each in series.overrides if each.status is Status.CANCELLED)
        if not shows_cancelled:
            properties += [("EXDATE", wall(each, zone)) for each in cancelled if _has(segment, each)]
    if segment.continues is not None:
        properties.append(("RELATED-TO", segment.continues))
    properties += [*(_shown(details, title) if only is None else _told(only)), *people]
    return VEvent(_event(segment.uid, revision, properties), title, None)


def _has(segment: Segment, start: LocalDateTime) -> bool:
    return bool(segment.starts(start, LocalDateTime(start + timedelta(seconds=1))))


def _widely_read(rule: RecurrenceRule) -> RecurrenceRule:
    """Return the rule of the same instances that most programs read rightly.

    Days of the week are weekly to Outlook, not daily. Of a yearly rule ical.js misreads numbered days of several months,
    and those that not every month has; of a monthly one it does not.
    """
    if rule.interval > 1 or rule.by_set_pos:
        return rule
    if rule.freq is Frequency.DAILY and rule.by_day and not rule.by_month_day:
        return replace(rule, freq=Frequency.WEEKLY)
    monthly = rule.by_month_day and rule.by_month and not (rule.by_day or rule.by_year_day or rule.by_week_no)
    everywhere = all(0 < day <= 28 for day in rule.by_month_day)
    if rule.freq is Frequency.YEARLY and monthly and (len(rule.by_month) > 1 or not everywhere):
        return replace(rule, freq=Frequency.MONTHLY)
    return rule


def _rule_in_utc(segment: Segment, rule: RecurrenceRule) -> RecurrenceRule:
    """Return the rule with its last instance, in UTC, as UNTIL (RFC 5545 section 3.3.10), if it has a last one."""
    if segment.end is None and rule.until is None:
        return rule
    bounds = [] if segment.end is None else [segment.end]
    if isinstance(rule.until, datetime):
        bounds.append(LocalDateTime(rule.until + timedelta(seconds=1)))
    elif rule.until is not None:
        bounds.append(LocalDateTime(datetime.combine(rule.until, time(23, 59, 59)) + timedelta(seconds=1)))
    end = min(bounds)
    last = segment.start
    for days in (8, 40, 400, 4000, 400_000, 4_000_000):
        begin = end - timedelta(days=days) if end.toordinal() > days else datetime.min
        starts = segment.starts(max(segment.start, LocalDateTime(begin)), end)
        if starts:
            last = starts[-1]
            break
    return replace(rule, until=instant_of(last, segment.zone))


def segment_instances(segment: Segment, *, shows_cancelled: bool = False) -> list[Occurrence]:
    """Return the instances that differ from what the segment's own VEVENT says of them, in order.

    The cancelled ones are among them only with `shows_cancelled`.
    """
    if segment.rule is None:
        return []
    overrides = segment.series.exceptions
    last = max(segment.details[-1][0], segment.durations[-1][0])
    end = midnight(last) if last > segment.start.date() else segment.start
    earlier = segment.starts(segment.start, end)
    differing = {start for start in overrides if _has(segment, start)}
    found = [occurrence_of(segment, start, overrides.get(start)) for start in sorted({*earlier, *differing})]
    final = (segment.details[-1][1], segment.durations[-1][1])
    shown = (each for each in found if each.held or shows_cancelled)
    return [each for each in shown if each.recurrence in differing or (each.details, each.duration) != final]


def instance_event(occurrence: Occurrence, revision: Revision, people: Properties = ()) -> VEvent:
    """Return the VEVENT of one instance of a segment, known by RECURRENCE-ID."""
    zone = occurrence.zone
    properties = [
        ("RECURRENCE-ID", wall(occurrence.recurrence, zone)),
        *_span(occurrence.start, zone, occurrence.duration),
        *_told(occurrence),
        *people,
    ]
    return VEvent(_event(occurrence.uid, revision, properties), occurrence.title, occurrence)


def _told(occurrence: Occurrence) -> Iterator[tuple[str, Any]]:
    """Return what one call says of itself; of a cancelled one also that it is, and why."""
    if occurrence.held:
        return _shown(occurrence.details, occurrence.title)
    note = status_note(occurrence)
    return chain(_shown(occurrence.details, f"{occurrence.title} ({note})"), [("STATUS", "CANCELLED")])


def added_event(occurrence: Occurrence, revision: Revision, people: Properties = ()) -> VEvent:
    """Return the VEVENT of a call outside the rule."""
    properties = [
        *_span(occurrence.start, occurrence.zone, occurrence.duration),
        ("RELATED-TO", f"{occurrence.series.id}@{occurrence.series.uid_domain}"),
        *_shown(occurrence.details, occurrence.title),
        *people,
    ]
    return VEvent(_event(occurrence.uid, revision, properties), occurrence.title, occurrence)


def deadline_event(deadline: Deadline, uid: str, revision: Revision) -> VEvent:
    """Return the VEVENT of a deadline: its whole day, which leaves people free."""
    properties: list[tuple[str, Any]] = [
        ("DTSTART", deadline.date),
        ("DTEND", date.fromordinal(deadline.date.toordinal() + 1)),
        ("SUMMARY", deadline.title),
        ("TRANSP", "TRANSPARENT"),
    ]
    if deadline.url:
        properties.append(("URL", deadline.url))
    return VEvent(_event(uid, revision, properties), deadline.title, None)
