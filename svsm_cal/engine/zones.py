"""Time zones: UTC offsets, transitions, and the instants of wall-clock times, for years 1 to 9999.

A wall-clock time is unambiguous, skipped (`Gap`) or repeated (`Fold`); RFC 5545 section 3.3.5 defines which instant is meant.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Protocol, TypeAlias

from svsm_cal.engine.civil import (
    DAY,
    Instant,
    LocalDateTime,
    epoch_seconds,
    instant,
    instant_from_epoch,
    local_from_epoch,
    local_seconds,
)
from svsm_cal.engine.clock_table import Clocks
from svsm_cal.engine.tzdb import TzDatabase, tz_database
from svsm_cal.errors import ZoneError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo
    from zoneinfo import ZoneInfo

    from svsm_cal.engine.tzif import LocalTimeType, PosixRule


class ZoneOffsetTransition(Value):
    """A transition: the instant, and the local time types before and after it."""

    at: Instant
    before: LocalTimeType
    after: LocalTimeType

    @property
    def offset_before(self) -> timedelta:
        """Return the UTC offset before the transition."""
        return timedelta(seconds=self.before.offset)

    @property
    def offset_after(self) -> timedelta:
        """Return the UTC offset after the transition."""
        return timedelta(seconds=self.after.offset)

    @property
    def is_gap(self) -> bool:
        """Return whether clocks go forward, so that local times are skipped."""
        return self.after.offset > self.before.offset


class Unambiguous(Value):
    """A local time that occurs once."""

    at: Instant


class Gap(Value):
    """A skipped local time: `later` is its instant by the offset before the transition, `earlier` by the offset after it."""

    earlier: Instant
    later: Instant


class Fold(Value):
    """A repeated local time."""

    earlier: Instant
    later: Instant


Resolution = Unambiguous | Gap | Fold


class Zone:
    """A zone of a tz database: `key` is its IANA name.

    Use `zone_of`, which validates the name and returns the same object for the same key and database. The zone's file is
    read on first use.
    """

    def __init__(self, key: str, database: TzDatabase) -> None:
        self.key = key
        self.database = database

    def __repr__(self) -> str:
        return f"Zone({self.key!r})"

    def __reduce__(self) -> tuple[Callable[[str, TzDatabase], Zone], tuple[str, TzDatabase]]:
        return _load, (self.key, self.database)

    @cached_property
    def _clocks(self) -> Clocks:
        return Clocks(self.database.read(self.key))

    @cached_property
    def tzinfo(self) -> ZoneInfo:
        """Return the zone as a `zoneinfo.ZoneInfo` with the same data."""
        return self.database.zone_info(self.key)

    def type_at(self, at: Instant) -> LocalTimeType:
        """Return the local time type in effect at an instant."""
        return self._type_at(epoch_seconds(at))

    def utc_offset(self, at: Instant) -> timedelta:
        """Return the UTC offset at an instant."""
        return timedelta(seconds=self._type_at(epoch_seconds(at)).offset)

    def offset_seconds(self, seconds: int) -> int:
        """Return the UTC offset in seconds at `seconds` after 1970-01-01T00:00Z."""
        return self._type_at(seconds).offset

    def _type_at(self, seconds: int) -> LocalTimeType:
        table = self._clocks.table_at(seconds)
        return table.types[bisect_right(table.times, seconds)]

    def resolve_seconds(self, wall: int) -> tuple[int, int]:
        """Return the instants of a wall-clock time by the offset before a transition and by the one after it.

        All are seconds since 1970. The two are equal for an unambiguous time; before < after in a fold, before > after in a gap.
        """
        table = self._clocks.table_at(wall)
        index = bisect_right(table.walls, wall)
        before = table.types[index].offset
        if index < len(table.times):
            after = table.types[index + 1].offset
            if wall >= table.times[index] + min(before, after):
                return wall - before, wall - after
        return wall - before, wall - before

    def changes(self, start: int, end: int) -> Iterator[tuple[int, LocalTimeType, LocalTimeType]]:
        """Yield (epoch seconds, type before, type after) for each transition in [start, end), in time order."""
        return self._clocks.changes(start, end)

    def offsets(self, start: int, end: int) -> tuple[list[int], list[int]]:
        """Return the epoch seconds of the n transitions in [start, end), and the n + 1 offsets before, between and after them."""
        return self._clocks.offsets(start, end)

    def spans(self, start: int, end: int, *, gaps: bool = True) -> list[tuple[int, int, int]]:
        """Return the wall-clock times whose instants are in [start, end), as (lo, hi, offset).

        `start` and `end` are epoch seconds, [lo, hi) seconds on the wall clock; the spans are disjoint and in time order.
        By RFC 5545 section 3.3.5 a time in a gap has the offset before it, a time in a fold the first of the two offsets.
        Without `gaps`, skipped times are left out.
        """
        if start >= end:
            return []
        times, offsets = self._clocks.offsets(start - DAY - 1, end)
        since = start + offsets[0]
        if not times:
            return [(since, end + offsets[0], offsets[0])]
        found = []
        for at, before, after in zip(times, offsets, offsets[1:], strict=False):
            wall = at + max(before, after)
            until = min(wall if gaps else at + before, end + before)
            if since < until:
                found.append((since, until, before))
            since = max(wall, start + after)
        if since < end + offsets[-1]:
            found.append((since, end + offsets[-1], offsets[-1]))
        return found

    @property
    def recorded_until(self) -> int:
        """Return the epoch second after which only the yearly rule applies."""
        return self._clocks.recorded_until

    @property
    def yearly_rule(self) -> PosixRule:
        """Return the rule that applies after the zone's recorded transitions."""
        return self._clocks.footer


class _NamedZone(Protocol):
    """A pytz zone, whose IANA name is in `zone`."""

    zone: str


ZoneLike: TypeAlias = "Zone | str | tzinfo | _NamedZone"


def zone_of(zone: ZoneLike, *, database: TzDatabase | None = None) -> Zone:
    """Return the Zone for an IANA name, a `ZoneInfo`, a pytz zone or `datetime.UTC`.

    Raises ZoneError for a name that is not in the tz database, and for a tzinfo without an IANA name.

    >>> zone_of("Europe/Berlin")
    Zone('Europe/Berlin')
    """
    if isinstance(zone, Zone):
        return zone
    if isinstance(zone, str):
        key: object = zone
    elif zone is UTC:
        key = "UTC"
    else:
        key = getattr(zone, "key", None) or getattr(zone, "zone", None)
    if not isinstance(key, str):
        raise ZoneError(f"{zone!r} has no IANA name: give a name, a ZoneInfo or a pytz zone")
    return _load(key, database or tz_database())


@cache
def _load(key: str, database: TzDatabase) -> Zone:
    database.check(key)
    return Zone(key, database)


def resolve(wall: LocalDateTime, zone: Zone) -> Resolution:
    """Return the instants of a civil time in a zone: one, none (Gap) or two (Fold).

    >>> from datetime import datetime
    >>> resolve(datetime(2026, 3, 29, 2, 30), zone_of("Europe/Berlin"))
    Gap(earlier=datetime.datetime(2026, 3, 29, 0, 30, tzinfo=datetime.timezone.utc), \
later=datetime.datetime(2026, 3, 29, 1, 30, tzinfo=datetime.timezone.utc))
    """
    before, after = zone.resolve_seconds(local_seconds(wall))
    if before == after:
        return Unambiguous(_instant(before, wall))
    if before > after:
        return Gap(earlier=_instant(after, wall), later=_instant(before, wall))
    return Fold(earlier=_instant(before, wall), later=_instant(after, wall))


def _instant(seconds: int, wall: LocalDateTime) -> Instant:
    at = instant_from_epoch(seconds)
    return Instant(at.replace(microsecond=wall.microsecond)) if wall.microsecond else at


def instant_of(wall: LocalDateTime, zone: Zone) -> Instant:
    """Return the instant of a civil time in a zone.

    A skipped time has the offset before the gap, a repeated one its first offset (RFC 5545 section 3.3.5).
    """
    return _instant(zone.resolve_seconds(local_seconds(wall))[0], wall)


def local_of(at: Instant, zone: Zone) -> LocalDateTime:
    """Return the civil time in a zone at an instant."""
    seconds = epoch_seconds(at)
    wall = local_from_epoch(seconds + zone.offset_seconds(seconds))
    return LocalDateTime(wall.replace(microsecond=at.microsecond)) if at.microsecond else wall


def transitions(zone: ZoneLike, start: datetime, end: datetime) -> tuple[ZoneOffsetTransition, ...]:
    """Return the transitions of a zone in [start, end), aware datetimes, in time order.

    >>> from datetime import datetime, timezone
    >>> year = datetime(2025, 1, 1, tzinfo=timezone.utc), datetime(2026, 1, 1, tzinfo=timezone.utc)
    >>> [(t.at.isoformat(), t.after.abbreviation) for t in transitions("America/New_York", *year)]
    [('2025-03-09T07:00:00+00:00', 'EDT'), ('2025-11-02T06:00:00+00:00', 'EST')]
    """
    first, last = epoch_seconds(instant(start)), epoch_seconds(instant(end))
    return tuple(
        ZoneOffsetTransition(instant_from_epoch(at), before, after) for at, before, after in zone_of(zone).changes(first, last)
    )
