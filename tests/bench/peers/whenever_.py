"""Whenever: instants, zones and their transitions; it has no recurrence rules."""

from __future__ import annotations

import series as inputs
import whenever
from worker import Work, serve


def shown(times: list) -> list[str]:
    return [time.format_iso() for time in times]


def weekly_plain() -> Work:
    first = whenever.PlainDateTime(inputs.WEEKLY_START)
    return lambda: [first.add(weeks=week).assume_tz("Europe/Berlin").to_instant() for week in range(521)], shown


def weekly_zoned() -> Work:
    first = whenever.PlainDateTime(inputs.WEEKLY_START).assume_tz("Europe/Berlin")
    return lambda: [first.add(weeks=week).to_instant() for week in range(521)], shown


def zones() -> Work:
    keys = inputs.zone_keys()
    begin = whenever.Instant(inputs.DECADE[0])
    end = whenever.Instant(inputs.DECADE[1]).timestamp()

    def work() -> list[tuple[str, int, whenever.TimeDelta, whenever.TimeDelta]]:
        found = []
        for key in keys:
            moment = begin.to_tz(key)
            offset = moment.offset
            while (moment := moment.next_transition()) and (at := moment.timestamp()) < end:
                # Changes of the name alone, or of what counts as DST, are reported as well.
                if moment.offset != offset:
                    found.append((key, at, offset, moment.offset))
                    offset = moment.offset
        return found

    def text(found: list) -> list[str]:
        return [f"{key} {at} {before.total('seconds'):.0f} {after.total('seconds'):.0f}" for key, at, before, after in found]

    return work, text


def matrix() -> Work:
    instants = weekly_zoned()[0]()
    return (
        lambda: [[instant.to_tz(zone).to_plain() for instant in instants] for zone in inputs.REGIONS],
        lambda rows: [line for row in rows for line in shown(row)],
    )


serve({("weekly", "plain"): weekly_plain, ("weekly", "zoned"): weekly_zoned, ("zones", "-"): zones, ("matrix", "-"): matrix})
