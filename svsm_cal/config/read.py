"""Turning the parsed document into a Calendar: each table by the schema, then the references between tables."""

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
    from collections.abc import Iterator, Mapping

    from svsm_cal.config.values import Problem
    from svsm_cal.engine.civil import Instant


def read_calendar(document: Mapping[str, object], *, now: Instant | None = None) -> tuple[Calendar | None, list[Problem]]:
    """Return the calendar in a document, or None if [calendar] is incomplete, and all problems found.

    `now` is for hints about a zone's present time.
    """
    tables = Tables(now)
    people = People(tables, document)
    top = tables.read("", dict(document), ())
    head: Row = top.values.get("calendar", Row({}, (), complete=False))
    # The other tables are checked even if [calendar] is invalid, then with UTC.
    zone: Zone = head.values.get("zone") or zone_of("UTC")
    participants = people.read(top.rows("participant"))
    series = [*read_series(top.rows("series"), tables, people, zone=zone, domain=head.values.get("domain", "example.invalid"))]
    deadlines = [*_deadlines(top.rows("deadline"), tables, zone)]
    releases = [*_releases(top.rows("release"), tables)]
    events = [*_events(top.rows("event"), tables)]
    _shared_ids(releases, tables)
    announcing = _announcing(top, tables, head.values.get("language", "en"))
    empty = Row({}, (), complete=True)
    organizer, cancelled = (head.values.pop(name, empty) for name in ("organizer", "cancelled"))
    if not (head.complete and organizer.complete and cancelled.complete):
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
    """Return the [notices] table, with defaults for what it leaves out."""
    if "notices" not in top.values:
        return Announcing()
    row: Row = top.values["notices"]
    series = [row.values["id"] for row in top.rows("series") if "id" in row.values]
    leads = Leads(**row.values["lead"].values) if "lead" in row.values else Leads()
    return Announcing(leads, tuple(_channels(row.rows("channel"), tables, series, language)))


def _deadlines(rows: list[Row], tables: Tables, anchor: Zone) -> Iterator[Deadline]:
    for row in rows:
        values = row.values
        first = tables.unique("deadline", row)
        if not first or not row.complete or tables.has_error(row.path, "date", "at", "zone"):
            continue
        if ("date" in values) == ("at" in values):
            message = f"{row.label} needs either a date or a date and time (at)"
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
        if first and row.complete:
            yield Release(**{**row.values, "milestones": milestones})


def _shared_ids(releases: list[Release], tables: Tables) -> None:
    """Report each milestone whose full id, RELEASE-MILESTONE, is also that of a deadline or another milestone."""
    seen: dict[str, str] = {}
    for release in releases:
        for milestone in release.milestones:
            full_id = f"{release.id}-{milestone.id}"
            name = f'milestone "{milestone.id}" of release "{release.id}"'
            place = tables.place_of("deadline", full_id)
            if place is not None:
                tables.error((*place, "id"), "duplicate-id", f'deadline "{full_id}" is also {name}', "keep one of them")
            elif full_id.lower() in seen:
                place = tables.place_of("release", release.id) or ()
                message = f'{name} has the same id as {seen[full_id.lower()]}: "{full_id}"'
                tables.error((*place, "id"), "duplicate-id", message, "give one of them another id")
            seen.setdefault(full_id.lower(), name)


def _events(rows: list[Row], tables: Tables) -> Iterator[CalendarEvent]:
    for row in rows:
        first = tables.unique("event", row)
        if first and row.complete:
            event = Row({"end": row.values["start"], **row.values}, row.path, complete=True)
            if tables.in_order(event, "start", "end"):
                yield CalendarEvent(**event.values)


def _channels(rows: list[Row], tables: Tables, series: list[str], language: str) -> Iterator[Channel]:
    for row in rows:
        first = tables.unique("channel", row)
        if not (first and row.complete and row.clean):
            continue
        values = row.values
        for number, name in enumerate(values.get("series", ())):
            if name not in series:
                hint = nearest(name, series) or "the id of a [[series]]"
                tables.error((*row.path, "series", number), "unknown-series", f'{row.label}: no series "{name}"', hint)
        channel = Channel(
            **{"language": language, **{name: value for name, value in values.items() if name not in ("severity", "kind")}},
            kind=ChannelKind(values["kind"]),
            least=Severity(values.get("severity", "info")),
        )
        for problem, hint in _address_problems(channel):
            tables.error((*row.path, "kind"), "channel-address", f"{row.label}: {problem}", hint)
        yield channel


def _address_problems(channel: Channel) -> Iterator[tuple[str, str]]:
    """Yield (problem, hint) for each missing or misplaced part of a channel's address."""
    if channel.kind is ChannelKind.MAIL:
        if channel.url_env or channel.url_file or channel.room or channel.topic:
            yield "a mail channel has only an address (to)", "without it, each participant gets their own notices"
        return
    if (channel.url_env is None) == (channel.url_file is None):
        yield "needs either url_env or url_file for its secret address", 'url_env = "SVSM_CHAT_URL"'
    if channel.to is not None:
        yield "only a mail channel has an address (to)", "url_env or url_file"
    if channel.kind in (ChannelKind.MATRIX, ChannelKind.ZULIP) and channel.room is None:
        yield f"a {channel.kind} channel needs a room", 'room = "!abc:matrix.org", or the name of a Zulip channel'
