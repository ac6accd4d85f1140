"""Differences between tz databases: calls and deadlines that move, and the UIDs whose published instants have changed."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from svsm_cal.app.fetch import read_feed
from svsm_cal.core.tz_changes import DatabaseRules, DeadlineMove, TzChange, ZoneRules, deadline_moves, moved_calls, tz_changes
from svsm_cal.engine.civil import Instant
from svsm_cal.engine.tzdb import TzDatabase, tz_database
from svsm_cal.engine.zones import Zone, zone_of
from svsm_cal.errors import Finding, UsageError, ZoneError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from svsm_cal.app.publication import Previous
    from svsm_cal.core.model import Calendar

_NONE = "is not a tz database, a published folder or a feed (or give: installed, or published)"
_AHEAD = timedelta(days=3653)


class TzDifference(Value):
    """The changes of a calendar from the tz database `old` to the tz database `new`."""

    old: str
    new: str
    calls: tuple[TzChange, ...]
    deadlines: tuple[DeadlineMove, ...]


def age_findings(most: timedelta, *, now: Instant) -> list[Finding]:
    """Return a warning if the year of the tz database's release ended longer ago than `most`.

    A release's name has its year and a letter, no date, so its real age is higher.
    """
    database = tz_database()
    year = database.version[:4]
    if year.isdigit() and now - Instant(datetime(int(year) + 1, 1, 1, tzinfo=UTC)) <= most:
        return []
    what = f"the tz database is {database.version or 'of an unknown release'}: zones may have new rules since"
    return [Finding("warning", database.folder, 1, 1, "tz-database-old", what, "install PyPI's newest tzdata")]


def tz_difference(calendar: Calendar, old: str, new: str, *, start: datetime, end: datetime) -> TzDifference:
    """Return what differs between two tz databases for calls in [start, end) and for all deadlines.

    Each law is "installed"; the folder of a tz database; a published folder, a feed or the address of a feed, for the
    VTIMEZONEs in it; or "published" for the feed at the calendar's own address. Raises UsageError for anything else, and
    InputError for a feed that cannot be read.
    """
    (old_name, before), (new_name, after) = _rules(calendar, old), _rules(calendar, new)
    changes = tz_changes(calendar, before, after, start=start, end=end)
    return TzDifference(old_name, new_name, tuple(changes), tuple(deadline_moves(calendar, before, after)))


def _rules(calendar: Calendar, name: str) -> tuple[str, Callable[[Zone], ZoneRules]]:
    if name == "installed":
        return f"installed ({tz_database().version})", DatabaseRules
    if name == "published":
        if calendar.url is None:
            raise UsageError("the calendar's address is not known (add url to [calendar], or give the folder or address)")
        name = f"{calendar.url.rstrip('/')}/calendar.ics"
    if "://" in name:
        return name, _published(read_feed(name))
    feed = os.path.join(name, "calendar.ics") if os.path.isdir(name) else name
    if os.path.isfile(feed):
        with open(feed, "rb") as stream:
            data = stream.read()
        if not data.lstrip().startswith(b"BEGIN:VCALENDAR"):
            raise UsageError(f"{name}: {_NONE}")
        return name, _published(data)
    database = TzDatabase(name)
    if not database.has("Europe/Berlin"):
        raise UsageError(f"{name}: {_NONE}")
    return f"{name} ({database.version or 'of an unknown release'})", _of_database(database)


def _of_database(database: TzDatabase) -> Callable[[Zone], ZoneRules]:
    @cache
    def rules(zone: Zone) -> ZoneRules:
        try:
            return DatabaseRules(zone_of(zone.key, database=database))
        except ZoneError as error:
            raise UsageError(f"{database.name}: has no zone {zone.key}, which the calendar uses") from error

    return rules


def _published(*streams: bytes) -> Callable[[Zone], ZoneRules]:
    """Return the rules in the VTIMEZONEs of some feeds, and the installed rules for other zones."""
    from svsm_cal.ical.content import read_content
    from svsm_cal.ical.observances import published_clocks

    roots = (root for stream in streams for root in read_content(stream).components)
    components = (each for root in roots for each in root.children if each.name == "VTIMEZONE")
    clocks = {each.tzid: each for each in map(published_clocks, components)}
    return lambda zone: clocks.get(zone.key) or DatabaseRules(zone)


def moved_uids(calendar: Calendar, before: Previous, now: Instant) -> frozenset[bytes]:
    """Return the UIDs with a call in the next ten years whose instant differs from the published one."""
    stream = before.read("calendar.ics")
    if stream is None or before.tz_version == tz_database().version:
        return frozenset()
    return moved_since(calendar, [stream], now)


def moved_since(calendar: Calendar, streams: Iterable[bytes], now: Instant) -> frozenset[bytes]:
    """Return the UIDs with a call in the next ten years whose instant differs from the one by some feeds' VTIMEZONEs."""
    return frozenset(uid.encode() for uid in moved_calls(calendar, _published(*streams), end=now + _AHEAD))
