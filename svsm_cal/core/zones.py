"""Time zones: which offset holds when, and which instant a wall-clock time names.

All answers come from the zone's table of transitions and, after its end, from its yearly rule; there is
no last year but 9999. A local time is unambiguous, skipped (`Gap`) or repeated (`Fold`); RFC 5545
section 3.3.5 says which instant each names.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Protocol, TypeAlias

from svsm_cal.core.civil import (
    Instant,
    LocalDateTime,
    epoch_seconds,
    instant,
    instant_from_epoch,
    local_from_epoch,
    local_seconds,
)
from svsm_cal.core.posix_tz import LocalTimeType, PosixRule
from svsm_cal.core.tzdb import TzDatabase, tz_database
from svsm_cal.errors import ZoneError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo
    from zoneinfo import ZoneInfo

    from svsm_cal.core.tzif import TzifData

__all__ = [
    "Fold",
    "Gap",
    "Resolution",
    "Unambiguous",
    "Zone",
    "ZoneLike",
    "ZoneOffsetTransition",
    "instant_of",
    "local_of",
    "resolve",
    "transitions",
    "zone_of",
]

_TABLE_END_YEAR = 2037
_YEAR = 31556952
_MOST = 1 << 62


class ZoneOffsetTransition(Value):
    """A change of a zone's clocks: the instant, and the seconds east of UTC before and after it."""

    at: Instant
    before: LocalTimeType
    after: LocalTimeType

    @property
    def offset_before(self) -> timedelta:
        """Return what the clocks were ahead of UTC before."""
        return timedelta(seconds=self.before.offset)

    @property
    def offset_after(self) -> timedelta:
        """Return what the clocks are ahead of UTC from then on."""
        return timedelta(seconds=self.after.offset)

    @property
    def is_gap(self) -> bool:
        """Whether clocks go forward, so that local times are skipped."""
        return self.after.offset > self.before.offset


class Unambiguous(Value):
    """A local time that happens once."""

    at: Instant


class Gap(Value):
    """A local time that clocks skip: `later` reads it with the offset before the change, `earlier` with the one after."""

    earlier: Instant
    later: Instant


class Fold(Value):
    """A local time that clocks show twice."""

    earlier: Instant
    later: Instant


Resolution = Unambiguous | Gap | Fold


class _Table:
    """Ascending transitions, with what a bisect over instants or over wall clocks needs."""

    __slots__ = ("times", "types", "walls")

    def __init__(self, first: LocalTimeType, changes: list[tuple[int, LocalTimeType]]) -> None:
        self.times = [at for at, _ in changes]
        self.types = [first, *(kind for _, kind in changes)]
        # The wall-clock moment from which a transition is surely over, whichever offset the wall showed.
        self.walls = [
            at + max(before.offset, after.offset)
            for at, before, after in zip(self.times, self.types, self.types[1:], strict=False)
        ]


class _Clocks:
    """What a zone's file says: a table of its changes up to `limit`, after it the yearly rule of its footer."""

    __slots__ = ("footer", "limit", "recorded_until", "table")

    def __init__(self, data: TzifData) -> None:
        self.footer = data.footer or PosixRule(data.types[-1] if data.types else data.first)
        self.recorded_until = -_MOST if data.end is None else data.end
        self.limit = _MOST
        changes = list(zip(data.times, data.types, strict=True))
        if not self.footer.is_fixed:
            year = _TABLE_END_YEAR if data.end is None else 1970 + data.end // _YEAR
            current = changes[-1][1] if changes else data.first
            for each in range(year, max(year, _TABLE_END_YEAR) + 1):
                for at, _, after in self.footer.transitions_in(each):
                    if at > self.recorded_until and after != current:
                        changes.append((at, after))
                        current = after
            self.limit = local_seconds(LocalDateTime(datetime(max(year, _TABLE_END_YEAR) + 1, 1, 1))) - 10 * 86400
        self.table = _Table(data.first, changes)

    def table_at(self, seconds: int) -> _Table:
        """Return a table that has the changes around a moment, in UTC or on the zone's own clock."""
        if seconds < self.limit:
            return self.table
        return _far_table(self.footer, min(max(1970 + seconds // _YEAR, 2), 9998))


class Zone:
    """One IANA region: `key` is its name, and its clocks are those of one tz database.

    Equal when key and database are the same. Build one with `zone_of`, which makes sure that it exists; its file
    is read when its clocks are first asked for.
    """

    def __init__(self, key: str, database: TzDatabase) -> None:
        self.key = key
        self.database = database

    def __repr__(self) -> str:
        return f"Zone({self.key!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Zone) and (self.key, self.database) == (other.key, other.database)

    def __hash__(self) -> int:
        return hash(self.key)

    @cached_property
    def _clocks(self) -> _Clocks:
        return _Clocks(self.database.read(self.key))

    @cached_property
    def tzinfo(self) -> ZoneInfo:
        """Return the same zone, from the same database, as a `zoneinfo.ZoneInfo`."""
        return self.database.zone_info(self.key)

    def type_at(self, at: Instant) -> LocalTimeType:
        """Return what the zone's clocks do at an instant."""
        return self._type_at(epoch_seconds(at))

    def utc_offset(self, at: Instant) -> timedelta:
        """Return how far the zone's clocks are ahead of UTC at an instant."""
        return timedelta(seconds=self._type_at(epoch_seconds(at)).offset)

    def offset_seconds(self, seconds: int) -> int:
        """Return the seconds east of UTC at `seconds` after 1970-01-01T00:00Z."""
        return self._type_at(seconds).offset

    def _type_at(self, seconds: int) -> LocalTimeType:
        table = self._clocks.table_at(seconds)
        return table.types[bisect_right(table.times, seconds)]

    def resolve_seconds(self, wall: int) -> tuple[int, int]:
        """Return the two readings of a wall-clock time, as epoch seconds: with the offset before and after.

        They are equal where it is unambiguous; before < after in a fold, before > after in a gap.
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
        """Yield (epoch seconds, before, after) of each change in [start, end), in time order."""
        clocks = self._clocks
        table = clocks.table
        lo, hi = bisect_right(table.times, start - 1), bisect_right(table.times, end - 1)
        for i in range(lo, hi):
            yield table.times[i], table.types[i], table.types[i + 1]
        if end <= clocks.limit:
            return
        last = table.times[-1]
        for year in range(1970 + max(start, clocks.limit) // _YEAR - 1, min(1970 + end // _YEAR + 1, 9999) + 1):
            for at, before, after in clocks.footer.transitions_in(year):
                if at > last and start <= at < end:
                    yield at, before, after

    @property
    def recorded_until(self) -> int:
        """Return the epoch second from which on the yearly rule alone says what the clocks do."""
        return self._clocks.recorded_until

    @property
    def yearly_rule(self) -> PosixRule:
        """Return the rule that holds after the zone's recorded transitions."""
        return self._clocks.footer


@lru_cache(maxsize=4096)
def _far_table(footer: PosixRule, year: int) -> _Table:
    changes = [change for each in (year - 1, year, year + 1) for change in footer.transitions_in(each)]
    return _Table(changes[0][1], [(at, after) for at, _, after in changes])


class _NamedZone(Protocol):
    """A pytz zone: it keeps its name in `zone`."""

    zone: str


ZoneLike: TypeAlias = "Zone | str | tzinfo | _NamedZone"


def zone_of(zone: ZoneLike, *, database: TzDatabase | None = None) -> Zone:
    """Return the Zone for an IANA name, a `ZoneInfo`, a pytz zone or `datetime.UTC`.

    Raises ZoneError for a name the tz database does not have, and for a tzinfo that carries no name.

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
        raise ZoneError(f"{zone!r} carries no IANA name: give a name, a ZoneInfo or a pytz zone")
    return _load(key, database or tz_database())


@lru_cache(maxsize=2048)
def _load(key: str, database: TzDatabase) -> Zone:
    database.check(key)
    return Zone(key, database)


def resolve(wall: LocalDateTime, zone: Zone) -> Resolution:
    """Return which instants a civil time names in a zone: one, none (Gap) or two (Fold).

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
    """Return the instant that a civil time names in a zone.

    A skipped time takes the offset before the gap, a repeated one is its first pass (RFC 5545 section 3.3.5).
    """
    return _instant(zone.resolve_seconds(local_seconds(wall))[0], wall)


def local_of(at: Instant, zone: Zone) -> LocalDateTime:
    """Return what the zone's clocks show at an instant."""
    seconds = epoch_seconds(at)
    wall = local_from_epoch(seconds + zone.offset_seconds(seconds))
    return LocalDateTime(wall.replace(microsecond=at.microsecond)) if at.microsecond else wall


def transitions(zone: ZoneLike, start: datetime, end: datetime) -> tuple[ZoneOffsetTransition, ...]:
    """Return every change of a zone's clocks in [start, end), both aware, in time order.

    >>> from datetime import datetime, timezone
    >>> year = datetime(2025, 1, 1, tzinfo=timezone.utc), datetime(2026, 1, 1, tzinfo=timezone.utc)
    >>> [(t.at.isoformat(), t.after.abbreviation) for t in transitions("America/New_York", *year)]
    [('2025-03-09T07:00:00+00:00', 'EDT'), ('2025-11-02T06:00:00+00:00', 'EST')]
    """
    first, last = epoch_seconds(instant(start)), epoch_seconds(instant(end))
    return tuple(
        ZoneOffsetTransition(instant_from_epoch(at), before, after) for at, before, after in zone_of(zone).changes(first, last)
    )
