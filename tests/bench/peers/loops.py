"""Plain loops over the standard library's zoneinfo, and over pytz."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytz
import series as inputs
from worker import Work, civil, instants, serve

STEP = 7 * 86400
"""Between two probes of an offset. The shortest time between two of a zone's changes from 2025 to 2034 is a Ramadan."""


def zones() -> Work:
    every = [(key, ZoneInfo(key)) for key in inputs.zone_keys()]
    begin, end = (int(moment.timestamp()) for moment in inputs.DECADE)

    def work() -> list[tuple[str, int, timedelta, timedelta]]:
        found = []
        for key, zone in every:
            offset = _offset(begin, zone)
            for probe in range(begin + STEP, end + STEP, STEP):
                later = min(probe, end - 1)
                after = _offset(later, zone)
                if after != offset:
                    found.append((key, _first(later - STEP, later, offset, zone), offset, after))
                    offset = after
        return found

    def text(found: list) -> list[str]:
        return [f"{key} {at} {before.total_seconds():.0f} {after.total_seconds():.0f}" for key, at, before, after in found]

    return work, text


def _offset(epoch: int, zone: tzinfo) -> timedelta:
    return datetime.fromtimestamp(epoch, zone).utcoffset()


def _first(low: int, high: int, offset: timedelta, zone: tzinfo) -> int:
    """Return the first second with another offset than at `low`."""
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == offset:
            low = middle
        else:
            high = middle
    return high


def _weekly() -> list[datetime]:
    berlin = ZoneInfo("Europe/Berlin")
    return [(inputs.WEEKLY_START + timedelta(weeks=week)).replace(tzinfo=berlin).astimezone(UTC) for week in range(521)]


def weekly_zoneinfo() -> Work:
    return _weekly, instants


def weekly_pytz() -> Work:
    berlin = pytz.timezone("Europe/Berlin")
    return (
        lambda: [berlin.localize(inputs.WEEKLY_START + timedelta(weeks=week)).astimezone(UTC) for week in range(521)],
        instants,
    )


def matrix_zoneinfo() -> Work:
    return _matrix([ZoneInfo(key) for key in inputs.REGIONS])


def matrix_pytz() -> Work:
    return _matrix([pytz.timezone(key) for key in inputs.REGIONS])


def _matrix(every: list[tzinfo]) -> Work:
    times = _weekly()
    return (
        lambda: [[time.astimezone(zone).replace(tzinfo=None) for time in times] for zone in every],
        lambda rows: [line for row in rows for line in civil(row)],
    )


serve(
    {
        ("weekly", "zoneinfo"): weekly_zoneinfo,
        ("weekly", "pytz"): weekly_pytz,
        ("zones", "zoneinfo"): zones,
        ("matrix", "zoneinfo"): matrix_zoneinfo,
        ("matrix", "pytz"): matrix_pytz,
    }
)
