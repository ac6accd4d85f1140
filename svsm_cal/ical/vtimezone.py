"""VTIMEZONE (RFC 5545 section 3.6.5) from the tz database's transitions.

Where a zone's yearly rule has held since the first instant asked for, the component is the one pair every
client reads: one STANDARD and one DAYLIGHT with RRULE, one BYDAY each, begun in 1970. Otherwise the years
before the rule are observances of their own: with RRULE and UNTIL where years agree, date by date where they
do not (Morocco's follow the moon; no form that tells them is read by Outlook).

An onset is told on the clock that ends with it, so DTSTART goes with TZOFFSETFROM. Negative daylight saving
(Dublin, Casablanca) is told the usual way round: the larger offset is DAYLIGHT.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard, vDDDLists, vRecur

from svsm_cal.engine.civil import epoch_seconds, instant, instant_from_epoch, local_from_epoch
from svsm_cal.engine.rrule import DAY_CODES
from svsm_cal.engine.zones import Zone, ZoneLike, zone_of
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from svsm_cal.core.model import Occurrence
    from svsm_cal.engine.civil import LocalDateTime
    from svsm_cal.engine.tzif import LocalTimeType, YearlyDay

__all__ = ["Observance", "is_utc", "observances", "vtimezone", "zone_bytes"]

_DAY = 86400
_YEAR = 31556952
_ANCHOR_YEAR = 1970
# Runs of fewer years than this are told date by date; of dates told so, more than this share one component.
_FEW = 3


class Observance(Value):
    """One STANDARD or DAYLIGHT: `start` and `dates` are onsets on the clock before, `rule` an RRULE's text or ""."""

    daylight: bool
    start: LocalDateTime
    before: int
    after: int
    name: str
    rule: str = ""
    dates: tuple[LocalDateTime, ...] = ()


class _Onset(Value):
    """A change of a zone's clocks: when, what they did before, and what they do from then on."""

    at: int
    before: LocalTimeType
    after: LocalTimeType

    @property
    def local(self) -> LocalDateTime:
        """Return the onset on the clock that ends with it."""
        return local_from_epoch(self.at + self.before.offset)

    @property
    def year(self) -> int:
        """Return the year of the onset, on the clock that ends with it."""
        return self.local.year

    @property
    def daylight(self) -> bool:
        """Whether what begins is told as daylight saving: the larger offset of the two."""
        ahead = self.after.offset - self.before.offset
        if self.before.is_dst == self.after.is_dst or not ahead:
            return self.after.is_dst
        return ahead > 0

    def told(self, rule: str = "", dates: Iterable[_Onset] = ()) -> Observance:
        """Return the observance that begins with this onset."""
        return Observance(
            self.daylight,
            self.local,
            self.before.offset,
            self.after.offset,
            self.after.abbreviation,
            rule,
            tuple(onset.local for onset in dates),
        )


def observances(zone: Zone, first: datetime) -> list[Observance]:
    """Return the observances that tell a zone's clocks from `first` (aware) on, by their first onset."""
    begin = epoch_seconds(instant(first))
    current = zone.type_at(instant(first))
    # Beyond what is recorded only the yearly rule is left; some years of it are enough to know it by.
    end = max(zone.recorded_until, begin) + 4 * _YEAR
    onsets = [_Onset(*change) for change in zone.changes(begin + 1, end)]
    stable = _stable_from(zone, begin, end, onsets)
    history, yearly = onsets[:stable], onsets[stable:]
    if not history and (not yearly or current in (zone.yearly_rule.standard, zone.yearly_rule.daylight)):
        return _yearly_pair(zone, None) if yearly else [_fixed(current)]
    earlier = [_Onset(*change) for change in zone.changes(begin - 200 * _YEAR, begin + 1)]
    found = _told([*earlier[-1:], *history])
    if not earlier or earlier[-1].before.offset % 60 or earlier[-1].after.offset % 60:
        found = [*_told(history), _fixed(current)]  # clocks before were local mean time, with seconds no client reads
    return sorted([*found, *_yearly_pair(zone, yearly[0].at)] if yearly else found, key=lambda each: each.start)


def _stable_from(zone: Zone, begin: int, end: int, onsets: list[_Onset]) -> int:
    """Return the index from which on the onsets up to `end` are those of the yearly rule, none of them left out.

    It is 0 only when the rule has none between `begin` and the first of them either.
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
    """Return the observances of the yearly rule, begun in 1970, or with its first onsets at or after `since`."""
    rule = zone.yearly_rule
    if rule.daylight is None or rule.begins is None or rule.ends is None:
        return []
    found = []
    for day, before, after in ((rule.begins, rule.standard, rule.daylight), (rule.ends, rule.daylight, rule.standard)):
        first_year = _ANCHOR_YEAR if since is None else instant_from_epoch(since).year - 1
        for month, text in _yearly_rules(day).items():
            for year in range(first_year, first_year + 60):
                onset = _Onset(day.local_seconds_in(year) - before.offset, before, after)
                if onset.local.month == month and (onset.year >= first_year if since is None else onset.at >= since):
                    found.append(onset.told(text))
                    break
    return sorted(found, key=lambda each: each.start)


def _yearly_rules(day: YearlyDay) -> dict[int, str]:
    """Return month -> RRULE of a yearly onset; two months where a time past midnight carries it over a month's end."""
    shift = day.seconds // _DAY  # times of 24:00 and more, and negative ones, fall on another day
    if day.form == "J":
        month, number = _month_and_day(day.day)
        return {month: f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={number + shift}"}
    if day.form == "n":
        month, _ = _month_and_day(day.day + 1)
        return {month: f"FREQ=YEARLY;BYYEARDAY={day.day + 1 + shift}"}
    length = monthrange(2001, day.month)[1]
    first = 7 * (day.week - 1) + 1 if day.week < 5 else length - 6
    code = DAY_CODES[(day.weekday - 1 + shift) % 7]
    if not shift:
        return {day.month: f"FREQ=YEARLY;BYMONTH={day.month};BYDAY={day.week if day.week < 5 else -1}{code}"}
    numbers: dict[int, list[int]] = {}
    for number in range(first + shift, first + shift + 7):
        month, within = _normal(day.month, number, length)
        numbers.setdefault(month, []).append(within)
    return {month: f"FREQ=YEARLY;BYMONTH={month};{_on(code, month, days)}" for month, days in numbers.items()}


def _on(code: str, month: int, days: list[int]) -> str:
    if len(days) == 7 and days[0] % 7 == 1:
        return f"BYDAY={days[0] // 7 + 1}{code}"
    if len(days) == 7 and days[-1] == monthrange(2001, month)[1]:
        return f"BYDAY=-1{code}"
    return f"BYDAY={code};BYMONTHDAY={','.join(map(str, days))}"


def _normal(month: int, number: int, length: int) -> tuple[int, int]:
    if number < 1:
        return month - 1, number + monthrange(2001, month - 1)[1]
    return (month + 1, number - length) if number > length else (month, number)


def _month_and_day(number: int) -> tuple[int, int]:
    at = datetime(2001, 1, 1).replace(tzinfo=UTC).fromordinal(datetime(2001, 1, 1).toordinal() + number - 1)
    return at.month, at.day


def _told(onsets: list[_Onset]) -> list[Observance]:
    """Return observances for recorded onsets: those of the same kind together where their years agree."""
    kinds: dict[tuple[int, int, str, bool], list[_Onset]] = {}
    for onset in onsets:
        kind = (onset.before.offset, onset.after.offset, onset.after.abbreviation, onset.daylight)
        kinds.setdefault(kind, []).append(onset)
    found = []
    for same in kinds.values():
        alone: list[_Onset] = []
        for run, pattern in _runs(same):
            if len(run) < _FEW:
                alone += run
            else:
                # A day past the last onset: readers that take UNTIL for local time end with the same one.
                until = instant_from_epoch(run[-1].at + _DAY).strftime("%Y%m%dT%H%M%SZ")
                found.append(run[0].told(f"FREQ=YEARLY;UNTIL={until};{pattern}"))
        if len(alone) > _FEW:
            found.append(alone[0].told(dates=alone))
        else:
            found += [onset.told() for onset in alone]
    return found


def _runs(onsets: list[_Onset]) -> list[tuple[list[_Onset], str]]:
    """Return stretches of consecutive years whose onsets share a month, a weekday of it and a time of day."""
    runs: list[tuple[list[_Onset], list[str]]] = []
    for onset in onsets:
        patterns = _patterns(onset.local)
        if runs:
            run, shared = runs[-1]
            common = [pattern for pattern in shared if pattern in patterns]
            if common and onset.year == run[-1].year + 1 and onset.local.time() == run[-1].local.time():
                runs[-1] = ([*run, onset], common)
                continue
        runs.append(([onset], patterns))
    return [(run, shared[0]) for run, shared in runs]


def _patterns(wall: LocalDateTime) -> list[str]:
    code, week = DAY_CODES[wall.weekday()], (wall.day - 1) // 7 + 1
    weeks = [week] if week < 5 else []
    if wall.day + 7 > monthrange(wall.year, wall.month)[1]:
        weeks.append(-1)
    return [f"BYMONTH={wall.month};BYDAY={each}{code}" for each in weeks]


def vtimezone(zone: ZoneLike, *, first: datetime) -> Timezone:
    """Return the VTIMEZONE of a zone, right for every instant from `first` (aware) on.

    Raises ZoneError for what names no zone.

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
        # Each onset in a line of its own, the first one too: ical.js reads one of a line, and no DTSTART beside them.
        for onset in observance.dates:
            part.add("RDATE", vDDDLists([onset]))
        part.add("TZNAME", observance.name)
        part.add("TZOFFSETFROM", timedelta(seconds=observance.before))
        part.add("TZOFFSETTO", timedelta(seconds=observance.after))
        component.add_component(part)
    return component


def is_utc(zone: Zone) -> bool:
    """Whether a zone's times are written with a Z, and need no VTIMEZONE."""
    return zone.key in ("UTC", "Etc/UTC")


def zone_bytes(zone: Zone, calls: Iterable[Occurrence]) -> bytes:
    """Return the VTIMEZONE of a zone, right for all of these calls that are in it; nothing for UTC."""
    if is_utc(zone):
        return b""
    first = min(each.start_utc for each in calls if each.zone == zone)
    data: bytes = vtimezone(zone, first=first - timedelta(days=1)).to_ical(sorted=False)
    return data
