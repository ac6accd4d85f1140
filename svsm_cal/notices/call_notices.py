"""Notices of single calls: cancelled, moved or added ones, new chairs or links, and absences.

A change by a `from` entry is announced with its first call.
"""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from svsm_cal.core.announcing import Severity
from svsm_cal.core.model import Status
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

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from svsm_cal.core.model import Calendar, Occurrence, Participant, Series, Step
    from svsm_cal.notices.notice import Fact

_DAY = timedelta(days=1)
# How far back to search for the last call before a change.
_GAP = timedelta(days=400)
_SEVERITIES = {
    NoticeKind.CANCELLED: Severity.WARNING,
    NoticeKind.MOVED: Severity.WARNING,
    NoticeKind.ADDED: Severity.WARNING,
    NoticeKind.CHAIR: Severity.INFO,
    NoticeKind.LINK: Severity.WARNING,
}


def digest(*parts: object) -> str:
    """Return a short name for values that may be long or private, such as a link."""
    return sha256("\n".join(map(str, parts)).encode()).hexdigest()[:12]


def call_notice(
    calendar: Calendar,
    kind: NoticeKind,
    severity: Severity,
    call: Occurrence,
    fact: Fact,
    *,
    due: Instant,
    expires: Instant,
    suffix: str = "",
) -> Notice:
    """Return a notice of a call for all its attendees; its id consists of kind, series, original date and `suffix`."""
    date = call.recurrence.isoformat(timespec="minutes") if call.added else call.recurrence.date().isoformat()
    people = tuple(person.id for person in calendar.attendees(call.series))
    name = f"{kind}:{call.series.id}:{date}{suffix}"
    return Notice(name, kind, severity, due, expires, call.start_utc, call.start.date(), call.series, people, fact)


def local_changes(zones: Iterable[Zone], before: Instant | None, after: Instant) -> tuple[LocalChange, ...]:
    """Return the local times of a call before and after a change of its instant, from west to east."""
    ordered = sorted(zones, key=lambda zone: (zone.utc_offset(after), zone.key))
    return tuple(LocalChange(zone, None if before is None else local_of(before, zone), local_of(after, zone)) for zone in ordered)


def call_notices(calendar: Calendar, begin: Instant, until: Instant) -> Iterator[Notice]:
    """Yield the notices of changed calls that may be due by `until` and not expired by `begin`."""
    leads = calendar.notices.leads
    for series in calendar.series:
        zones = {series.zone, *calendar.homes(series)}
        end = until + max(leads.call, leads.shift) + 2 * _DAY
        by_rule = (
            call
            for call in occurrences(series, begin - 2 * _DAY, end, cancelled=True)
            if call.status is not Status.MOVED and not call.added
        )
        # Moved calls are listed separately, as their old and new times may be far apart.
        for call in (*by_rule, *set_apart(series)):
            for kind, fact in _facts(call, zones):
                yield _notice(calendar, kind, fact, leads.call)
        yield from _step_notices(calendar, series, zones, begin, end)


def _notice(calendar: Calendar, kind: NoticeKind, fact: CallFact, lead: timedelta) -> Notice:
    call = fact.call
    suffixes = {
        NoticeKind.MOVED: f":{call.start.isoformat(timespec='minutes')}",
        NoticeKind.CHAIR: f":{fact.now}",
        NoticeKind.LINK: f":{digest(fact.now)}",
    }
    due = ahead_of(min(call.start, call.recurrence), call.zone, lead)
    expires = call.end_utc if fact.onwards else call.start_utc
    suffix = suffixes.get(kind, "")
    return call_notice(calendar, kind, _SEVERITIES[kind], call, fact, due=due, expires=expires, suffix=suffix)


def _facts(call: Occurrence, zones: set[Zone]) -> Iterator[tuple[NoticeKind, CallFact]]:
    """Yield the changes of one call."""
    if call.status is Status.CANCELLED:
        following = next_occurrences(call.series, call.start_utc, 1)
        yield NoticeKind.CANCELLED, CallFact(call, following=following[0] if following else None)
        return
    if call.status is Status.MOVED:
        yield NoticeKind.MOVED, CallFact(call, zones=local_changes(zones, instant_of(call.recurrence, call.zone), call.start_utc))
    elif call.added:
        yield NoticeKind.ADDED, CallFact(call, zones=local_changes(zones, None, call.start_utc))
    usual = call.series.details_on(call.recurrence.date())
    chair = chaired(call)
    expected = chair.turn or usual.chair
    if call.details.chair is not None and call.details.chair != expected:
        yield NoticeKind.CHAIR, CallFact(call, expected, call.details.chair, in_turn=chair.turn is not None)
    if call.details.url is not None and call.details.url != usual.url:
        yield NoticeKind.LINK, CallFact(call, usual.url, call.details.url)


def _step_notices(calendar: Calendar, series: Series, zones: set[Zone], begin: Instant, end: Instant) -> Iterator[Notice]:
    """Yield the notices of changes by `from` entries."""
    leads = calendar.notices.leads
    details = series.details
    for step in series.steps:
        before, details = details, details.updated(step.details)
        if not (begin - 40 * _DAY).date() <= step.date <= end.date():
            continue
        since = instant_of(midnight(step.date), step.zone or series.zone)
        following = [call for call in next_occurrences(series, since, 2) if call.recurrence.date() >= step.date][:1]
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
        before
        for before in occurrences(series, call.start_utc - _GAP, call.start_utc)
        if before.recurrence.date() < step.date and before.status is Status.CONFIRMED and not before.added
    ]
    last = earlier[-1] if earlier else None
    local = local_changes({*zones, call.zone}, last.start_utc if last else None, call.start_utc)
    return call_notice(
        calendar,
        NoticeKind.REANCHORED,
        Severity.WARNING,
        call,
        TimeFact(last, call, step.rule, local),
        due=ahead_of(call.start, call.zone, calendar.notices.leads.shift),
        expires=call.end_utc,
        suffix=f":{digest(call.zone.key, call.start.time(), step.rule or series.rule)}",
    )


def absence_notices(
    calendar: Calendar, begin: Instant, until: Instant, holidays: Mapping[str, Mapping[date, str]]
) -> Iterator[Notice]:
    """Yield a notice for each call that attendees or its chair will miss; `holidays` are given by region and day."""
    lead = calendar.notices.leads.absence
    for series in calendar.series:
        people = calendar.attendees(series)
        may_miss = [person for person in people if person.away or person.region in holidays]  # most are never away
        for call in occurrences(series, begin, until + lead + 2 * _DAY):
            missing = [absence for person in may_miss if (absence := _absence(call, person, holidays)) is not None]
            chair = _missing_chair(calendar, call, missing, holidays)
            if missing or chair:
                following = _following_chair(calendar, call, chair, holidays) if chair else None
                yield _absence_notice(calendar, call, missing, len(people), chair=chair, following=following)


def _absence(call: Occurrence, person: Participant, holidays: Mapping[str, Mapping[date, str]]) -> Absence | None:
    day = local_of(call.start_utc, person.zone).date()
    if any(away.covers(day) for away in person.away):
        return Absence(person.id, person.name, None)
    holiday = holidays.get(person.region or "", {}).get(day)
    return Absence(person.id, person.name, holiday) if holiday is not None else None


def _missing_chair(
    calendar: Calendar, call: Occurrence, missing: list[Absence], holidays: Mapping[str, Mapping[date, str]]
) -> str | None:
    """Return the id of the chair if absent; if everybody in the rotation is away, of the person whose turn it is."""
    chair = chaired(call)
    if chair.chair is None:
        return chair.turn
    if any(absence.id == chair.chair for absence in missing):
        return chair.chair
    person = calendar.participant(chair.chair)
    return chair.chair if person is not None and _absence(call, person, holidays) is not None else None


def _following_chair(calendar: Calendar, call: Occurrence, chair: str, holidays: Mapping[str, Mapping[date, str]]) -> str | None:
    """Return the id of the next person in turn after `chair` who will be present, None without rotation or if all are absent."""
    turns = call.series.details_on(call.recurrence.date()).chairs
    if chair not in turns:
        return None
    at = turns.index(chair) + 1
    order = (person for name in (*turns[at:], *turns[: at - 1]) if (person := calendar.participant(name)) is not None)
    return next((person.id for person in order if _absence(call, person, holidays) is None), None)


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
    return call_notice(
        calendar,
        kind,
        Severity.WARNING if many or chair else Severity.INFO,
        call,
        AbsenceFact(call, tuple(missing), attendees, chair, suggestion, following),
        due=ahead_of(call.start, call.zone, calendar.notices.leads.absence),
        expires=call.start_utc,
    )
