"""The parsed document to a Calendar: each table by the schema, then the references between tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.config.people import People
from svsm_cal.config.releases import read_milestones
from svsm_cal.config.series import read_series
from svsm_cal.config.tables import Row, Tables, nearest
from svsm_cal.core.announcing import Announcing, Channel, ChannelKind, Leads, Severity
from svsm_cal.core.milestones import Deadline, Release
from svsm_cal.core.model import Calendar, CalendarEvent, Organizer
from svsm_cal.engine.zones import Zone, zone_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from svsm_cal.config.values import Problem
    from svsm_cal.engine.civil import Instant

__all__ = ["read_announcing", "read_calendar"]


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
    announcing = _announcing(top, tables)
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


def _announcing(top: Row, tables: Tables) -> Announcing:
    if "notices" not in top.values:
        return Announcing()

    declared = [row.values["id"] for row in top.rows("series") if "id" in row.values]
    return read_announcing(top.values["notices"], tables, declared)


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


_ROOMS = (ChannelKind.MATRIX, ChannelKind.ZULIP)


def read_announcing(row: Row, tables: Tables, declared: Sequence[str]) -> Announcing:
    """Return what a [notices] table says, the usual where it is silent; `declared` are the ids of all series."""
    leads = Leads(**row.values["lead"].values) if "lead" in row.values else Leads()
    return Announcing(leads, tuple(_channels(row.rows("channel"), tables, declared)))


def _channels(rows: list[Row], tables: Tables, declared: Sequence[str]) -> Iterator[Channel]:
    for row in rows:
        first = tables.unique("channel", row)
        if not (first and row.whole and row.clean):
            continue
        values = row.values
        for number, name in enumerate(values.get("series", ())):
            if name not in declared:
                hint = nearest(name, declared) or "the id of a [[series]]"
                tables.error((*row.path, "series", number), "unknown-series", f'{row.label}: no series "{name}"', hint)
        channel = Channel(
            **{name: value for name, value in values.items() if name not in ("severity", "kind")},
            kind=ChannelKind(values["kind"]),
            least=Severity(values.get("severity", "info")),
        )
        for problem, hint in _lacks(channel):
            tables.error((*row.path, "kind"), "channel-address", f"{row.label}: {problem}", hint)
        yield channel


def _lacks(channel: Channel) -> Iterator[tuple[str, str]]:
    """Yield what keeps a channel from being reached, and what to write."""
    if channel.kind is ChannelKind.MAIL:
        if channel.url_env or channel.url_file or channel.room or channel.topic:
            yield "a mail channel has only an address (to)", "without it each participant gets what concerns them"
        return
    if (channel.url_env is None) == (channel.url_file is None):
        yield "needs either url_env or url_file, where its secret address is", 'url_env = "SVSM_CHAT_URL"'
    if channel.to is not None:
        yield "only a mail channel has an address (to)", "url_env or url_file"
    if channel.kind in _ROOMS and channel.room is None:
        yield f"a {channel.kind} channel needs a room", 'room = "!abc:matrix.org", or the name of a Zulip channel'
