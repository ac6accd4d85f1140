"""VTIMEZONE (RFC 5545 section 3.6.5) from the tz database's transitions.

If a zone's yearly rule has held since the first instant needed, the component is the pair that every client reads: one
STANDARD and one DAYLIGHT from 1970 on, each with an RRULE with one BYDAY. Otherwise earlier years get observances of their
own: an RRULE with UNTIL for years that follow one pattern, single dates for the others (Morocco follows the lunar calendar,
and Outlook reads no form of that).

Onsets are local times before the change, so DTSTART goes with TZOFFSETFROM. Zones with negative daylight saving time
(Dublin, Casablanca) are written as usual: the larger offset is DAYLIGHT.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard, vDDDLists, vRecur

from svsm_cal.engine.civil import epoch_seconds, instant, instant_from_epoch, local_from_epoch
from svsm_cal.engine.rule_parts import DAY_CODES
from svsm_cal.engine.zones import Zone, ZoneLike, zone_of
from svsm_cal.ical.value_types import stamp_of
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from svsm_cal.core.model import Occurrence
    from svsm_cal.engine.civil import LocalDateTime
    from svsm_cal.engine.tzif import LocalTimeType, YearlyDay

_DAY = 86400
_YEAR = 31556952
_ANCHOR_YEAR = 1970
# Runs of fewer years than this are written as single dates; more dates than this share one component.
_FEW = 3


class Observance(Value):
    """One STANDARD or DAYLIGHT: `start` and `dates` are local times before the change, `rule` is an RRULE or ""."""

    daylight: bool
    start: LocalDateTime
    before: int
    after: int
    name: str
    rule: str = ""
    dates: tuple[LocalDateTime, ...] = ()


class _Onset(Value):
    """A change of a zone's clocks, in epoch seconds, and the local time types before and after it."""

    at: int
    before: LocalTimeType
    after: LocalTimeType

    @property
    def local(self) -> LocalDateTime:
        """Return the local time of the onset before the change."""
        return local_from_epoch(self.at + self.before.offset)

    @property
    def daylight(self) -> bool:
        """Whether the onset is written as DAYLIGHT, that is, the clocks go forward."""
        ahead = self.after.offset - self.before.offset
        if self.before.is_dst == self.after.is_dst or not ahead:
            return self.after.is_dst
        return ahead > 0

    def observance(self, rule: str = "", dates: Iterable[_Onset] = ()) -> Observance:
        """Return the observance that begins with this onset."""
        before, after = self.before.offset, self.after.offset
        onsets = tuple(onset.local for onset in dates)
        return Observance(self.daylight, self.local, before, after, self.after.abbreviation, rule, onsets)


def observances(zone: Zone, first: datetime) -> list[Observance]:
    """Return the observances that define a zone's offsets from `first` (aware) on, sorted by first onset."""
    begin = epoch_seconds(instant(first))
    current = zone.type_at(instant(first))
    # After the recorded transitions only the yearly rule applies; a few years of it are enough.
    end = max(zone.recorded_until, begin) + 4 * _YEAR
    onsets = [_Onset(*change) for change in zone.changes(begin + 1, end)]
    stable = _stable_from(zone, begin, end, onsets)
    history, yearly = onsets[:stable], onsets[stable:]
    if not history and (not yearly or current in (zone.yearly_rule.standard, zone.yearly_rule.daylight)):
        return _yearly_pair(zone, None) if yearly else [_fixed(current)]
    earlier = [_Onset(*change) for change in zone.changes(begin - 200 * _YEAR, begin + 1)]
    recorded = _recorded([*earlier[-1:], *history])
    if not earlier or earlier[-1].before.offset % 60 or earlier[-1].after.offset % 60:
        recorded = [*_recorded(history), _fixed(current)]  # local mean time: no client reads an offset with seconds
    return sorted([*recorded, *(_yearly_pair(zone, yearly[0].at) if yearly else ())], key=lambda observance: observance.start)


def _stable_from(zone: Zone, begin: int, end: int, onsets: list[_Onset]) -> int:
    """Return the index from which the onsets up to `end` are exactly those of the yearly rule.

    It is 0 only if the rule has no onset between `begin` and the first of them.
    """
    years = range(instant_from_epoch(begin).year - 1, instant_from_epoch(end).year + 2)
    expected = [_Onset(*change) for year in years for change in zone.yearly_rule.transitions_in(year) if begin < change[0] < end]
    common = 0
    while common < min(len(onsets), len(expected)) and onsets[-1 - common] == expected[-1 - common]:
        common += 1
    left_out = len(expected) > common and common == len(onsets)
    return len(onsets) - common + (1 if left_out and common else 0)


def _fixed(kind: LocalTimeType) -> Observance:
    return Observance(daylight=False, start=local_from_epoch(0), before=kind.offset, after=kind.offset, name=kind.abbreviation)


def _yearly_pair(zone: Zone, since: int | None) -> list[Observance]:
    """Return the two observances of the yearly rule, from 1970 or from the instant `since` on."""
    rule = zone.yearly_rule
    if rule.daylight is None or rule.begins is None or rule.ends is None:
        return []
    pair = []
    for day, before, after in ((rule.begins, rule.standard, rule.daylight), (rule.ends, rule.daylight, rule.standard)):
        first_year = _ANCHOR_YEAR if since is None else instant_from_epoch(since).year - 1
        for month, text in _yearly_rules(day).items():
            for year in range(first_year, first_year + 60):
                onset = _Onset(day.local_seconds_in(year) - before.offset, before, after)
                if onset.local.month == month and (onset.local.year >= first_year if since is None else onset.at >= since):
                    pair.append(onset.observance(text))
                    break
    return sorted(pair, key=lambda observance: observance.start)


def _yearly_rules(day: YearlyDay) -> dict[int, str]:
    """Return month -> RRULE of a yearly onset: two months if a time such as 24:00 can carry it past a month's end."""
    shift = day.seconds // _DAY  # times of 24:00 and more, and negative ones, fall on another day
    if day.form == "J":
        month, number = _month_and_day(1, day.day)
        return {month: f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={number + shift}"}
    if day.form == "n":
        month, _ = _month_and_day(1, day.day + 1)
        return {month: f"FREQ=YEARLY;BYYEARDAY={day.day + 1 + shift}"}
    length = monthrange(2001, day.month)[1]
    first = 7 * (day.week - 1) + 1 if day.week < 5 else length - 6
    code = DAY_CODES[(day.weekday - 1 + shift) % 7]
    if not shift:
        return {day.month: f"FREQ=YEARLY;BYMONTH={day.month};BYDAY={day.week if day.week < 5 else -1}{code}"}
    numbers: dict[int, list[int]] = {}
    for number in range(first + shift, first + shift + 7):
        month, within = _month_and_day(day.month, number)
        numbers.setdefault(month, []).append(within)
    return {month: f"FREQ=YEARLY;BYMONTH={month};{_on(code, month, days)}" for month, days in numbers.items()}


def _on(code: str, month: int, days: list[int]) -> str:
    if len(days) == 7 and days[0] % 7 == 1:
        return f"BYDAY={days[0] // 7 + 1}{code}"
    if len(days) == 7 and days[-1] == monthrange(2001, month)[1]:
        return f"BYDAY=-1{code}"
    return f"BYDAY={code};BYMONTHDAY={','.join(map(str, days))}"


def _month_and_day(month: int, number: int) -> tuple[int, int]:
    """Return month and day of the n-th day from the first of a month, in a common year."""
    day = date(2001, month, 1) + timedelta(days=number - 1)
    return day.month, day.day


def _recorded(onsets: list[_Onset]) -> list[Observance]:
    """Return observances for recorded onsets: one for each run of years with the same pattern, and single dates."""
    kinds: dict[tuple[int, int, str, bool], list[_Onset]] = {}
    for onset in onsets:
        kind = (onset.before.offset, onset.after.offset, onset.after.abbreviation, onset.daylight)
        kinds.setdefault(kind, []).append(onset)
    recorded = []
    for same in kinds.values():
        single: list[_Onset] = []
        for run, pattern in _runs(same):
            if len(run) < _FEW:
                single += run
            else:
                # A day after the last onset, as some readers take UNTIL for local time.
                until = stamp_of(instant_from_epoch(run[-1].at + _DAY))
                recorded.append(run[0].observance(f"FREQ=YEARLY;UNTIL={until};{pattern}"))
        recorded += [single[0].observance(dates=single)] if len(single) > _FEW else [onset.observance() for onset in single]
    return recorded


def _runs(onsets: list[_Onset]) -> list[tuple[list[_Onset], str]]:
    """Return runs of consecutive years whose onsets share month, numbered weekday and time of day, with the pattern."""
    runs: list[tuple[list[_Onset], list[str]]] = []
    for onset in onsets:
        patterns = _patterns(onset.local)
        if runs:
            run, shared = runs[-1]
            common = [pattern for pattern in shared if pattern in patterns]
            if common and onset.local.year == run[-1].local.year + 1 and onset.local.time() == run[-1].local.time():
                runs[-1] = ([*run, onset], common)
                continue
        runs.append(([onset], patterns))
    return [(run, shared[0]) for run, shared in runs]


def _patterns(wall: LocalDateTime) -> list[str]:
    code, week = DAY_CODES[wall.weekday()], (wall.day - 1) // 7 + 1
    weeks = [week] if week < 5 else []
    if wall.day + 7 > monthrange(wall.year, wall.month)[1]:
        weeks.append(-1)
    return [f"BYMONTH={wall.month};BYDAY={number}{code}" for number in weeks]


def vtimezone(zone: ZoneLike, *, first: datetime) -> Timezone:
    """Return the VTIMEZONE of a zone, correct for every instant from `first` (aware) on; raises ZoneError if unknown.

    >>> from datetime import datetime, timezone
    >>> berlin = vtimezone("Europe/Berlin", first=datetime(2024, 2, 14, tzinfo=timezone.utc))
    >>> len(berlin.to_ical()), [part.name for part in berlin.subcomponents]
    (344, ['DAYLIGHT', 'STANDARD'])
    """
    where = zone_of(zone)
    component = Timezone()
    component.add("TZID", where.key)
    for observance in observances(where, first):
        part = TimezoneDaylight() if observance.daylight else TimezoneStandard()
        part.add("DTSTART", observance.start)
        if observance.rule:
            part.add("RRULE", vRecur.from_ical(observance.rule))
        # One line for each onset, including the first: ical.js reads one RDATE a line, and ignores DTSTART beside RDATEs.
        for onset in observance.dates:
            part.add("RDATE", vDDDLists([onset]))
        part.add("TZNAME", observance.name)
        part.add("TZOFFSETFROM", timedelta(seconds=observance.before))
        part.add("TZOFFSETTO", timedelta(seconds=observance.after))
        component.add_component(part)
    return component


def is_utc(zone: Zone) -> bool:
    """Whether a zone's times are written with a Z and need no VTIMEZONE."""
    return zone.key in ("UTC", "Etc/UTC")


def zone_bytes(zone: Zone, calls: Iterable[Occurrence]) -> bytes:
    """Return the VTIMEZONE of a zone, correct for the calls that are in it; empty for UTC."""
    if is_utc(zone):
        return b""
    first = min(call.start_utc for call in calls if call.zone == zone)
    data: bytes = vtimezone(zone, first=first - timedelta(days=1)).to_ical(sorted=False)
    return data
