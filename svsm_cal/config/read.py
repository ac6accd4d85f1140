"""The parsed document to a Calendar: every table by the schema, then what ties the tables together.

What has a problem is left out and what hangs on it is not complained about, so that one mistake is one finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.config.people import People
from svsm_cal.config.releases import read_milestones
from svsm_cal.config.series import read_series
from svsm_cal.config.tables import Row, Tables
from svsm_cal.core.announcing import Announcing
from svsm_cal.core.model import Calendar, CalendarEvent, Deadline, Organizer, Release
from svsm_cal.engine.zones import Zone, zone_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from svsm_cal.config.values import Problem
    from svsm_cal.engine.civil import Instant

__all__ = ["read_calendar"]


def read_calendar(document: Mapping[str, object], *, now: Instant | None = None) -> tuple[Calendar | None, list[Problem]]:
    """Return the calendar a document declares, None if it cannot stand, and all problems found.

    `now` only lets a hint say what time it is somewhere.
    """
    tables = Tables(now)
    people = People(tables, document)
    top = tables.read("", dict(document), ())
    head: Row = top.values.get("calendar", Row({}, (), whole=False))
    # With a broken head the rest is checked all the same, on a stand-in clock.
    zone: Zone = head.values.get("zone") or zone_of("UTC")
    participants = people.read(top.rows("participant"))
    series = [*read_series(top.rows("series"), tables, people, zone=zone, domain=head.values.get("domain", "example.invalid"))]
    deadlines = [*_deadlines(top.rows("deadline"), tables, zone)]
    releases = [*_releases(top.rows("release"), tables)]
    events = [*_events(top.rows("event"), tables)]
    _shared_ids(releases, tables)
    announcing = _announcing(top, tables, head.values.get("language", "en"))
    none = Row({}, (), whole=True)
    organizer, cancelled = (head.values.pop(name, none) for name in ("organizer", "cancelled"))
    if not (head.whole and organizer.whole and cancelled.whole):
        return None, tables.problems
    calendar = Calendar(
        **{
            **head.values,
            "shows_cancelled": frozenset(feed for feed, shown in cancelled.values.items() if shown == "show"),
            "organizer": Organizer(**organizer.values) if organizer.values else None,
            "series": tuple(series),
            "participants": participants,
            "deadlines": tuple(deadlines),
            "releases": tuple(releases),
            "events": tuple(events),
            "notices": announcing,
        }
    )
    return calendar, tables.problems


def _announcing(top: Row, tables: Tables, language: str) -> Announcing:
    if "notices" not in top.values:
        return Announcing()
    from svsm_cal.config.channels import read_announcing

    declared = [row.values["id"] for row in top.rows("series") if "id" in row.values]
    return read_announcing(top.values["notices"], tables, declared, language)


def _deadlines(rows: list[Row], tables: Tables, anchor: Zone) -> Iterator[Deadline]:
    for row in rows:
        values = row.values
        first = tables.unique("deadline", row)
        if not first or not row.whole or tables.wrong(row.path, "date", "at", "zone"):
            continue
        if ("date" in values) == ("at" in values):
            message = f"{row.label} needs either a date or a moment (at)"
            tables.error((*row.path, "id"), "deadline-date", message, "date = 2025-03-11")
        elif "at" in values:
            yield Deadline(**{"zone": anchor, **values, "date": values["at"].date()})
        else:
            yield Deadline(**values)


def _releases(rows: list[Row], tables: Tables) -> Iterator[Release]:
    for row in rows:
        first = tables.unique("release", row)
        milestones, problems = read_milestones(row.rows("milestones"), row.label)
        tables.problems += problems
        if first and row.whole:
            yield Release(**{**row.values, "milestones": milestones})


def _shared_ids(releases: list[Release], tables: Tables) -> None:
    """Note an error for each milestone whose id, its release's before it, is a deadline's or another milestone's."""
    seen: dict[str, str] = {}
    for release in releases:
        for milestone in release.milestones:
            declared = f"{release.id}-{milestone.id}"
            name = f'milestone "{milestone.id}" of release "{release.id}"'
            place = tables.place_of("deadline", declared)
            if place is not None:
                tables.error((*place, "id"), "duplicate-id", f'deadline "{declared}" is also {name}', "keep one of them")
            elif declared.lower() in seen:
                place = tables.place_of("release", release.id) or ()
                message = f'{name} has the same id as {seen[declared.lower()]}: "{declared}"'
                tables.error((*place, "id"), "duplicate-id", message, "give one of them another id")
            seen.setdefault(declared.lower(), name)


def _events(rows: list[Row], tables: Tables) -> Iterator[CalendarEvent]:
    for row in rows:
        first = tables.unique("event", row)
        if first and row.whole:
            whole = Row({"end": row.values["start"], **row.values}, row.path, whole=True)
            if tables.in_order(whole, "start", "end"):
                yield CalendarEvent(**whole.values)
