"""Notices of single calls: cancelled, moved or added, with another chair or link, and those that people will miss.

Also of what a `from` entry changes: its first call is told, with the old and the new.
"""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from svsm_cal.core.announcing import Severity
from svsm_cal.core.model import Details, Status
from svsm_cal.core.occurrences import next_occurrences, occurrences, set_apart
from svsm_cal.core.rotation import chaired
from svsm_cal.engine.civil import Instant, midnight
from svsm_cal.engine.zones import Zone, instant_of, local_of
from svsm_cal.notices.notice import (
    Absence,
    AbsenceFact,
    CallFact,
    LocalChange,
    Notice,
    NoticeKind,
    Suggestion,
    TimeFact,
    ahead_of,
)
from svsm_cal.notices.shift_notices import homes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from svsm_cal.core.model import Calendar, Occurrence, Participant, Series, Step

__all__ = ["absence_notices", "call_name", "call_notices", "digest", "local_changes", "people_of"]

_DAY = timedelta(days=1)
# So far back the last call before a change is looked for.
_GAP = timedelta(days=400)
_SEVERITIES = {
    NoticeKind.CANCELLED: Severity.WARNING,
    NoticeKind.MOVED: Severity.WARNING,
    NoticeKind.ADDED: Severity.WARNING,
    NoticeKind.CHAIR: Severity.INFO,
    NoticeKind.LINK: Severity.WARNING,
}


def digest(*parts: object) -> str:
    """Return a short name for values that may be long, or not for everybody's eyes, such as a link."""
    return sha256("\n".join(map(str, parts)).encode()).hexdigest()[:12]


def call_name(call: Occurrence) -> str:
    """Return how a call is known within its series: its original date, with the time where it is an extra one."""
    return call.recurrence.isoformat(timespec="minutes") if call.added else call.recurrence.date().isoformat()


def people_of(calendar: Calendar, series: Series) -> tuple[str, ...]:
    """Return the ids of a series' attendees."""
    return tuple(person.id for person in calendar.attendees(series))


def local_changes(zones: Iterable[Zone], before: Instant | None, after: Instant) -> tuple[LocalChange, ...]:
    """Return what clocks show at an instant, and at the one before it was changed to that; from west to east."""
    ordered = sorted(zones, key=lambda zone: (zone.utc_offset(after), zone.key))
    return tuple(LocalChange(zone, None if before is None else local_of(before, zone), local_of(after, zone)) for zone in ordered)


def call_notices(calendar: Calendar, begin: Instant, until: Instant) -> Iterator[Notice]:
    """Yield the notices of calls that are not as planned, and may be due by `until` and not expired by `begin`."""
    leads = calendar.notices.leads
    for series in calendar.series:
        zones = {series.zone, *homes_of(calendar, series)}
        end = until + max(leads.call, leads.shift) + 2 * _DAY
        by_rule = (
            call
            for call in occurrences(series, begin - 2 * _DAY, end, cancelled=True)
            if call.status is not Status.MOVED and not call.added
        )
        # Moved calls are known by both their times, which may be far apart.
        for call in (*by_rule, *set_apart(series)):
            for kind, fact in _facts(call, zones):
                yield _notice(calendar, kind, fact, leads.call)
        yield from _steps(calendar, series, zones, begin, end)


def _notice(calendar: Calendar, kind: NoticeKind, fact: CallFact, lead: timedelta) -> Notice:
    call = fact.call
    series = call.series
    first = min(call.start, call.recurrence)
    expires = call.end_utc if fact.onwards else call.start_utc
    said = {
        NoticeKind.MOVED: f":{call.start.isoformat(timespec='minutes')}",
        NoticeKind.CHAIR: f":{fact.now}",
        NoticeKind.LINK: f":{digest(fact.now)}",
    }
    return Notice(
        f"{kind}:{series.id}:{call_name(call)}{said.get(kind, '')}",
        kind,
        _SEVERITIES[kind],
        ahead_of(first, call.zone, lead),
        expires,
        call.start_utc,
        call.start.date(),
        series,
        people_of(calendar, series),
        fact,
    )


def _facts(call: Occurrence, zones: set[Zone]) -> Iterator[tuple[NoticeKind, CallFact]]:
    """Yield what is to be told of one call, if anything."""
    if call.status is Status.CANCELLED:
        following = next_occurrences(call.series, call.start_utc, 1)
        yield NoticeKind.CANCELLED, CallFact(call, following=following[0] if following else None)
        return
    if call.status is Status.MOVED:
        yield NoticeKind.MOVED, CallFact(call, zones=local_changes(zones, instant_of(call.recurrence, call.zone), call.start_utc))
    elif call.added:
        yield NoticeKind.ADDED, CallFact(call, zones=local_changes(zones, None, call.start_utc))
    usual = _standing(call)
    chair = chaired(call)
    expected = chair.turn or usual.chair
    if call.details.chair is not None and call.details.chair != expected:
        yield NoticeKind.CHAIR, CallFact(call, expected, call.details.chair, in_turn=chair.turn is not None)
    if call.details.url is not None and call.details.url != usual.url:
        yield NoticeKind.LINK, CallFact(call, usual.url, call.details.url)


def _standing(call: Occurrence) -> Details:
    """Return what the series says on a call's date, without what the call says itself."""
    details = call.series.details
    for step in call.series.steps:
        if step.date <= call.recurrence.date():
            details = details.updated(step.details)
    return details


def _steps(calendar: Calendar, series: Series, zones: set[Zone], begin: Instant, end: Instant) -> Iterator[Notice]:
    """Yield the notices of what `from` entries change."""
    leads = calendar.notices.leads
    details = series.details
    for step in series.steps:
        before, details = details, details.updated(step.details)
        if not (begin - 40 * _DAY).date() <= step.date <= end.date():
            continue
        since = instant_of(midnight(step.date), step.zone or series.zone)
        following = [each for each in next_occurrences(series, since, 2) if each.recurrence.date() >= step.date][:1]
        for call in following:
            if step.retimes:
                yield _retimed(calendar, series, step, call, zones)
            if details.url != before.url and details.url is not None:
                yield _notice(calendar, NoticeKind.LINK, CallFact(call, before.url, details.url, onwards=True), leads.call)
            if (details.chair, details.chairs) != (before.chair, before.chairs) and call.details.chair is not None:
                was = None if before.chairs else before.chair
                fact = CallFact(call, was, call.details.chair, onwards=True, in_turn=bool(details.chairs))
                yield _notice(calendar, NoticeKind.CHAIR, fact, leads.call)


def _retimed(calendar: Calendar, series: Series, step: Step, call: Occurrence, zones: set[Zone]) -> Notice:
    earlier = [
        each
        for each in occurrences(series, call.start_utc - _GAP, call.start_utc)
        if each.recurrence.date() < step.date and each.status is Status.CONFIRMED and not each.added
    ]
    last = earlier[-1] if earlier else None
    told = local_changes({*zones, call.zone}, last.start_utc if last else None, call.start_utc)
    rule = step.rule or series.rule
    lead = calendar.notices.leads.shift
    return Notice(
        f"{NoticeKind.REANCHORED}:{series.id}:{call_name(call)}:{digest(call.zone.key, call.start.time(), rule)}",
        NoticeKind.REANCHORED,
        Severity.WARNING,
        ahead_of(call.start, call.zone, lead),
        call.end_utc,
        call.start_utc,
        call.start.date(),
        series,
        people_of(calendar, series),
        TimeFact(last, call, step.rule, told),
    )


def absence_notices(
    calendar: Calendar, begin: Instant, until: Instant, holidays: Mapping[str, Mapping[date, str]]
) -> Iterator[Notice]:
    """Yield a notice for each call that attendees, or its chair, will miss; `holidays` are those of each region, by day."""
    lead = calendar.notices.leads.absence
    for series in calendar.series:
        people = calendar.attendees(series)
        # Most are never away: only those who may be are looked at, call by call.
        may_miss = [each for each in people if each.away or (each.region in holidays)]
        by_id = {each.id: each for each in calendar.participants}
        for call in occurrences(series, begin, until + lead + 2 * _DAY):
            missing = [found for each in may_miss if (found := _absence(call, each, holidays)) is not None]
            chair = _missing_chair(call, missing, by_id, holidays)
            if missing or chair:
                following = _following_chair(call, chair, by_id, holidays) if chair else None
                yield _absence_notice(calendar, call, missing, len(people), chair=chair, following=following)


def _absence(call: Occurrence, person: Participant, holidays: Mapping[str, Mapping[date, str]]) -> Absence | None:
    day = local_of(call.start_utc, person.zone).date()
    if any(each.covers(day) for each in person.away):
        return Absence(person.id, person.name, None)
    holiday = holidays.get(person.region or "", {}).get(day)
    return Absence(person.id, person.name, holiday) if holiday is not None else None


def _missing_chair(
    call: Occurrence, missing: list[Absence], people: Mapping[str, Participant], holidays: Mapping[str, Mapping[date, str]]
) -> str | None:
    """Return the id of the chair who will be missing; where all who chair in turn are away, of whose turn it is."""
    chair = chaired(call)
    if chair.chair is None:
        return chair.turn
    if any(each.id == chair.chair for each in missing):
        return chair.chair
    person = people.get(chair.chair)
    return chair.chair if person is not None and _absence(call, person, holidays) is not None else None


def _following_chair(
    call: Occurrence, chair: str, people: Mapping[str, Participant], holidays: Mapping[str, Mapping[date, str]]
) -> str | None:
    """Return the id of the first after a chair, in turn, who will not miss the call; None where nobody will, or has turns."""
    turns = _standing(call).chairs
    if chair not in turns:
        return None
    at = turns.index(chair) + 1
    order = (people[each] for each in (*turns[at:], *turns[: at - 1]) if each in people)
    return next((each.id for each in order if _absence(call, each, holidays) is None), None)


def _absence_notice(
    calendar: Calendar,
    call: Occurrence,
    missing: Sequence[Absence],
    attendees: int,
    *,
    chair: str | None,
    following: str | None,
) -> Notice:
    kind = NoticeKind.CHAIR_AWAY if chair else NoticeKind.ABSENCES
    many = bool(attendees) and 2 * len(missing) >= attendees
    suggestion = Suggestion.CANCEL if many else Suggestion.CHAIR if chair else Suggestion.NONE
    return Notice(
        f"{kind}:{call.series.id}:{call_name(call)}",
        kind,
        Severity.WARNING if many or chair else Severity.INFO,
        ahead_of(call.start, call.zone, calendar.notices.leads.absence),
        call.start_utc,
        call.start_utc,
        call.start.date(),
        call.series,
        people_of(calendar, call.series),
        AbsenceFact(call, tuple(missing), attendees, chair, suggestion, following),
    )
