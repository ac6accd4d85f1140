"""VEVENTs of segments, of instances that differ from their segment, of added calls and deadlines; and the VCALENDAR.

The part that all readers share is serialised once; the description and the alarms, which may be personal, are added
later (`VEvent.to_bytes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from icalendar import Alarm, Calendar, Event, Parameters, vRecur, vText
from icalendar.parser import Contentline

from svsm_cal.core.model import Occurrence, Status
from svsm_cal.core.occurrences import occurrence_of, only_occurrence
from svsm_cal.engine.civil import LocalDateTime, midnight
from svsm_cal.engine.rrule import RecurrenceRule
from svsm_cal.engine.rule_parts import Frequency
from svsm_cal.engine.zones import instant_of, local_of
from svsm_cal.ical.vtimezone import is_utc
from svsm_cal.value import Value, replace
from svsm_cal.words import ENGLISH
from svsm_cal.words.descriptions import status_note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from svsm_cal.core.milestones import Deadline
    from svsm_cal.core.model import Details
    from svsm_cal.core.segments import Segment
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone
    from svsm_cal.words.language import Language

STREAM_END = b"END:VCALENDAR\r\n"
EMPTY_STREAM = b"BEGIN:VCALENDAR\r\n" + STREAM_END
_END = b"END:VEVENT\r\n"
Properties = Sequence[tuple[str, Any]]


def stream_head(properties: Properties = ()) -> bytes:
    """Return the start of a VCALENDAR with its properties; its components and `STREAM_END` follow."""
    stream = Calendar()
    common = (("VERSION", "2.0"), ("PRODID", "-//svsm_cal//svsm_cal//EN"), ("CALSCALE", "GREGORIAN"))
    for name, value in (*common, *properties):
        stream.add(name, value)
    text: bytes = stream.to_ical(sorted=False)
    return text.removesuffix(STREAM_END)


class Revision(Value):
    """A component's revision: SEQUENCE, and the instant of DTSTAMP and LAST-MODIFIED."""

    sequence: int
    at: Instant


class VEvent(Value):
    """A VEVENT without description, alarms and end, in bytes, and its title for the alarms."""

    head: bytes
    title: str

    def to_bytes(self, description: str, reminders: tuple[timedelta, ...] = ()) -> bytes:
        """Return the whole component with a description ("" for none) and a display alarm for each reminder."""
        line = Contentline.from_parts("DESCRIPTION", Parameters(), vText(description)).to_ical() + b"\r\n" if description else b""
        return b"".join((self.head, line, _alarms(reminders, self.title), _END))


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


def _wall(local: LocalDateTime, zone: Zone) -> datetime:
    """Return a local time with the tzinfo by which icalendar writes a TZID, or a Z for UTC."""
    return local.replace(tzinfo=UTC if is_utc(zone) else zone.tzinfo)


def _event(uid: str, revision: Revision, properties: Iterable[tuple[str, Any]]) -> bytes:
    event = Event()
    own = (("UID", uid), ("DTSTAMP", revision.at), ("LAST-MODIFIED", revision.at), ("SEQUENCE", revision.sequence))
    for name, value in (*own, *properties):
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
    yield "DTSTART", _wall(start, zone)
    if end == start + duration and instant_of(end, zone) == at + duration:
        yield "DTEND", _wall(end, zone)
    else:
        yield "DURATION", duration


def segment_event(
    segment: Segment,
    revision: Revision,
    people: Properties = (),
    *,
    shows_cancelled: bool = False,
    language: Language = ENGLISH,
) -> VEvent:
    """Return the VEVENT of a segment: its rule, with its latest details and length.

    Its cancelled calls are EXDATEs, unless `shows_cancelled` gives them VEVENTs of their own. `people` holds the
    ORGANIZER of an invite; feeds have no people.
    """
    series, zone = segment.series, segment.zone
    start, length, details = segment.start, segment.durations[-1][1], segment.details[-1][1]
    only = only_occurrence(segment)
    if only is not None:  # a single call cannot have overrides, so its VEVENT shows any move or cancellation itself
        start, length, details = only.start, only.duration, only.details
    title = details.title or series.title
    properties = [*_span(start, zone, length)]
    if segment.rule is not None:
        properties.append(("RRULE", vRecur.from_ical(str(_widely_read(_rule_in_utc(segment, segment.rule))))))
        cancelled = (override.recurrence for override in series.overrides if override.status is Status.CANCELLED)
        if not shows_cancelled:
            properties += [("EXDATE", _wall(start, zone)) for start in cancelled if _has(segment, start)]
    if segment.continues is not None:
        properties.append(("RELATED-TO", segment.continues))
    properties += [*(_shown(details, title) if only is None else _shown_call(only, language)), *people]
    return VEvent(_event(segment.uid, revision, properties), title)


def _has(segment: Segment, start: LocalDateTime) -> bool:
    return bool(segment.starts(start, LocalDateTime(start + timedelta(seconds=1))))


def _widely_read(rule: RecurrenceRule) -> RecurrenceRule:
    """Return a rule with the same instances that most programs read correctly.

    Outlook takes weekdays in weekly rules only, not in daily ones. In yearly rules, not in monthly ones, ical.js misreads
    days of several months and days that some months lack.
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
    """Return the rule with its last instance, if any, as UNTIL in UTC (RFC 5545 section 3.3.10)."""
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
    """Return the instances that differ from the segment's VEVENT, in order; cancelled ones only with `shows_cancelled`."""
    if segment.rule is None:
        return []
    overrides = segment.series.exceptions
    last = max(segment.details[-1][0], segment.durations[-1][0])
    end = midnight(last) if last > segment.start.date() else segment.start
    earlier = segment.starts(segment.start, end)
    differing = {start for start in overrides if _has(segment, start)}
    calls = [occurrence_of(segment, start, overrides.get(start)) for start in sorted({*earlier, *differing})]
    final = (segment.details[-1][1], segment.durations[-1][1])
    shown = (call for call in calls if call.held or shows_cancelled)
    return [call for call in shown if call.recurrence in differing or (call.details, call.duration) != final]


def instance_event(
    occurrence: Occurrence, revision: Revision, people: Properties = (), *, language: Language = ENGLISH
) -> VEvent:
    """Return the VEVENT of one instance of a segment, with its RECURRENCE-ID."""
    zone = occurrence.zone
    properties = [
        ("RECURRENCE-ID", _wall(occurrence.recurrence, zone)),
        *_span(occurrence.start, zone, occurrence.duration),
        *_shown_call(occurrence, language),
        *people,
    ]
    return VEvent(_event(occurrence.uid, revision, properties), occurrence.title)


def _shown_call(occurrence: Occurrence, language: Language) -> Iterator[tuple[str, Any]]:
    """Return the descriptive properties of one call; a cancelled one has STATUS, and the reason in its title."""
    if occurrence.held:
        return _shown(occurrence.details, occurrence.title)
    note = status_note(language, occurrence)
    return chain(_shown(occurrence.details, f"{occurrence.title} ({note})"), [("STATUS", "CANCELLED")])


def added_event(occurrence: Occurrence, revision: Revision, people: Properties = ()) -> VEvent:
    """Return the VEVENT of a call outside the rule."""
    properties = [
        *_span(occurrence.start, occurrence.zone, occurrence.duration),
        ("RELATED-TO", f"{occurrence.series.id}@{occurrence.series.uid_domain}"),
        *_shown(occurrence.details, occurrence.title),
        *people,
    ]
    return VEvent(_event(occurrence.uid, revision, properties), occurrence.title)


def deadline_event(deadline: Deadline, uid: str, revision: Revision) -> VEvent:
    """Return the VEVENT of a deadline: a whole day, marked as free time."""
    properties: list[tuple[str, Any]] = [
        ("DTSTART", deadline.date),
        ("DTEND", date.fromordinal(deadline.date.toordinal() + 1)),
        ("SUMMARY", deadline.title),
        ("TRANSP", "TRANSPARENT"),
    ]
    if deadline.url:
        properties.append(("URL", deadline.url))
    return VEvent(_event(uid, revision, properties), deadline.title)
