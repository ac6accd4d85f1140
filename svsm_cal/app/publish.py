"""Publishing: the files of the site, written to a folder in one step."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from svsm_cal.app.atomic_files import folder_lock, replace_folder
from svsm_cal.app.lookups import next_calls, shift_table, zones_of
from svsm_cal.app.publication import GENERATOR, Previous, in_folder, is_record, previous_of
from svsm_cal.app.tzdiff import moved_uids
from svsm_cal.core.deadlines import outlook
from svsm_cal.core.localized import Clocks
from svsm_cal.core.occurrences import next_occurrences, occurrences
from svsm_cal.engine.civil import Instant
from svsm_cal.engine.tzdb import tz_database
from svsm_cal.engine.zones import zone_of
from svsm_cal.errors import PublicationError, UsageError
from svsm_cal.ical.event import EMPTY_STREAM
from svsm_cal.ical.feed import Feeds
from svsm_cal.ical.revisions import read_publication, revise
from svsm_cal.render.records import (
    deadline_record,
    dumps,
    event_record,
    instant_text,
    next_record,
    occurrence_record,
    window_record,
)
from svsm_cal.render.site.news import AHEAD, BEHIND, Change, atom, change_record, changes_of, followed
from svsm_cal.render.site.pages import assets, pages
from svsm_cal.render.site.view import SiteView
from svsm_cal.render.year_picture import year_of
from svsm_cal.value import Value
from svsm_cal.words import ENGLISH, languages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from svsm_cal.core.model import Calendar, Participant

_PERSONAL = re.compile(r"p/[a-z2-7]{26}/calendar\.ics")
_PAST, _AHEAD = timedelta(weeks=4), timedelta(weeks=52)
# Calls listed on the page.
_MOST_COMING, _MOST_PAST, _LOOK_BACK = 10, 8, timedelta(weeks=26)
_DAY = timedelta(days=1)
_LONGEST_ADDRESS = 256  # Google Calendar's limit


def token_of(id: str, secret: bytes, word: str | None = None) -> str:
    """Return the secret part of a participant's feed address: an HMAC of their id and `feed` word, 128 bits in base32."""
    text = f"feed:{id}" if word is None else f"feed:{id}:{word}"
    digest = hmac.new(secret, text.encode(), hashlib.sha256).digest()[:16]
    return base64.b32encode(digest).decode("ascii").rstrip("=").lower()


def feed_path(person: Participant, secret: bytes) -> str:
    """Return the path of a participant's feed in the site."""
    return f"p/{token_of(person.id, secret, person.feed)}/calendar.ics"


def feed_address(calendar: Calendar, person: Participant, secret: bytes, *, base: str | None = None) -> str:
    """Return the address of a participant's feed below `base` or the calendar's url; raises UsageError without either."""
    root = base or calendar.url
    if root is None:
        raise UsageError("the calendar's address is not known (give --base, or url in [calendar])")
    address = f"{root.rstrip('/')}/{feed_path(person, secret)}"
    if len(address) > _LONGEST_ADDRESS:
        message = f"the address has {len(address)} characters, but some clients allow only {_LONGEST_ADDRESS}"
        raise UsageError(f"{message} (give a shorter --base)")
    return address


def site(calendar: Calendar, *, now: Instant, secret: bytes | None = None, before: Previous | None = None) -> dict[str, bytes]:
    """Return all files of the site, path -> bytes; participants' own feeds only with a `secret`.

    News keeps the dates of the publication `before`.
    """
    feeds = Feeds(calendar, now=now)
    files = {"calendar.ics": feeds.public(), "deadlines.ics": feeds.deadlines()}
    files |= {f"series/{series.id}.ics": feeds.series(series) for series in calendar.series}
    names = [("all_calls", "", "calendar.ics"), ("single_deadlines", "", "deadlines.ics")]
    if len(calendar.series) > 1:
        names += [("series", series.title, f"series/{series.id}.ics") for series in calendar.series]
    if secret is not None:
        attending = {name for series in calendar.series for name in series.attendees}
        for person in (person for person in calendar.participants if person.id in attending):
            files[feed_path(person, secret)] = feeds.participant(person)
    view = _site_view(calendar, now, names)
    files |= assets() | pages(view)
    news = _news(view, before)
    for language in languages():
        path = f"{'' if language.tag == calendar.language else f'{language.tag}/'}changes.atom"
        files[path] = atom(calendar, language, news, path=path)
    files["next.json"] = dumps(next_record(next_calls(calendar, now, n=1, zone=calendar.zone))).encode()
    # Personal addresses are secret, so they are not listed.
    listed = sorted(["calendar.json", "revisions.json", *(name for name in files if not name.startswith("p/"))])
    shown = [(title or ENGLISH.say(kind), path) for kind, title, path in names]
    files["calendar.json"] = dumps(_data(calendar, now, shown, listed, news)).encode()
    return files


def _site_view(calendar: Calendar, now: Instant, feeds: Sequence[tuple[str, str, str]]) -> SiteView:
    """Return the data of the pages at `now`; `feeds` are (kind, title, path)."""
    clocks = Clocks()
    coming = next_occurrences(calendar, now, _MOST_COMING, cancelled=True)
    past = [call for call in occurrences(calendar, now - _LOOK_BACK, now, cancelled=True) if call not in coming]
    zones = {series.id: {series.zone: (), **zones_of(calendar, series)} for series in calendar.series}
    following = next((call for call in coming if call.held), None)
    seen = [] if following is None else [clocks.see(following, zone) for zone in zones[following.series.id]]
    first, end = year_of(now)
    begin, until = (Instant(datetime(day.year, day.month, day.day, tzinfo=UTC)) for day in (first, end))
    year = {}
    for series in calendar.series:
        around = occurrences(series, begin - 2 * _DAY, until + 2 * _DAY, cancelled=True)
        year[series.id] = tuple(call for call in around if first <= call.start.date() < end)
    return SiteView(
        calendar,
        now,
        tz_database().version,
        tuple(coming),
        tuple(reversed(past[-_MOST_PAST:])),
        tuple(sorted(seen, key=lambda call: (call.localized.utc_offset, call.localized.zone.key))),
        {f"{call.uid} {call.recurrence.isoformat()}": clocks.see(call, calendar.zone) for call in coming},
        year,
        {
            series.id: [(zone, clocks.windows(series, zone, first, end - _DAY)) for zone in zones[series.id]]
            for series in calendar.series
        },
        zone_of("UTC"),
        tuple(outlook(calendar, now, past=True)),
        tuple(feeds),
    )


def _news(view: SiteView, before: Previous | None) -> tuple[Change, ...]:
    calendar, now = view.calendar, view.now
    calls = occurrences(calendar, now - BEHIND, now + AHEAD, cancelled=True)
    day = now.date()
    windows = [row.window for row in shift_table(calendar, day - BEHIND, day + AHEAD)]
    changes = changes_of(calendar, calls, windows, view.outlooks, now)
    records = before.data.get("changes") if before is not None else None
    if before is None or not isinstance(records, list):
        return changes
    return followed(changes, calls, records, before.generated or now, now)


def _data(
    calendar: Calendar, now: Instant, feeds: list[tuple[str, str]], files: list[str], news: Sequence[Change]
) -> dict[str, Any]:
    begin, until = now - _PAST, now + _AHEAD
    rows = shift_table(calendar, now.date(), until.date())
    return {
        "generator": GENERATOR,
        "calendar": {
            "id": calendar.id,
            "name": calendar.name,
            "description": calendar.description,
            "url": calendar.url,
            "zone": calendar.zone.key,
        },
        "generated_utc": instant_text(now),
        "tz_database": tz_database().version,
        "feeds": [{"name": name, "path": path} for name, path in feeds],
        "occurrences": [occurrence_record(call) for call in occurrences(calendar, begin, until, cancelled=True)],
        "windows": [window_record(row.window) for row in rows],
        "deadlines": [deadline_record(deadline) for deadline in outlook(calendar, now)],
        "events": [event_record(event) for event in calendar.events],
        "changes": [change_record(change) for change in news],
        "files": files,
    }


def following(stream: bytes, previous: str, *, now: Instant) -> bytes:
    """Return a feed with revisions that continue those of the feed at `previous`, a file or an address.

    Raises PublicationError if that feed is not ours, is damaged, or cannot be read.
    """
    before = previous_of("", previous)
    old = before.read("calendar.ics") if before is not None else None
    if before is None or old is None:
        raise PublicationError(f"{previous}: is not a feed (give a feed)")
    return revise(stream, read_publication(old, before.gone, name=previous), now=now)


class Report(Value):
    """The result of a publication: the paths of all files and of changed files, and whether it is the first."""

    files: tuple[str, ...]
    changed: tuple[str, ...]
    first: bool
    tz_before: str = ""  # the tz database of the previous publication, if it was a different one
    moved: tuple[str, ...] = ()  # UIDs whose instants changed because of it


def publish(
    calendar: Calendar,
    out: str,
    *,
    now: Instant,
    secret: bytes | None = None,
    previous: str | None = None,
    first: bool = False,
) -> Report:
    """Write the site to the folder `out`, all of it or nothing, as the next revision of the previous publication.

    That is the one in `out`, or at `previous` (a folder, a feed, or the address of either); with `first` there is none.
    Raises PublicationError for a folder with other files and for a damaged publication, OSError if the folder cannot be
    written.
    """
    with folder_lock(out):
        if secret is None and (count := _personal_feeds(out)):
            hint = f"give --secret-file, or remove the folder p in {out} and with it their addresses"
            raise PublicationError(f"{out}: without the secret, its personal feeds ({count}) would be removed ({hint})")
        before = None if first else previous_of(out, previous)
        files = site(calendar, now=now, secret=secret, before=before)
        moved = moved_uids(calendar, before, now) if before is not None else frozenset()
        files |= revised(files, before, now, moved)
        old = in_folder(out)
        changed = [name for name, data in files.items() if old(name) != data]
        replace_folder(out, files, ours=_published_files)
    other = before.tz_version if before is not None and before.tz_version != tz_database().version else ""
    uids = tuple(sorted(uid.decode() for uid in moved))
    return Report(tuple(sorted(files)), tuple(sorted(changed)), before is None, other, uids)


def _personal_feeds(folder: str) -> int:
    """Return the number of personal feeds in a published folder."""
    try:
        tokens = os.listdir(os.path.join(folder, "p"))
    except OSError:
        return 0
    paths = (f"p/{token}/calendar.ics" for token in tokens)
    return sum(_PERSONAL.fullmatch(path) is not None and os.path.isfile(os.path.join(folder, path)) for path in paths)


def revised(files: Mapping[str, bytes], before: Previous | None, now: Instant, moved: frozenset[bytes]) -> dict[str, bytes]:
    """Return the feeds with revisions that continue the previous publication's, and the record of removed UIDs."""
    if before is None:
        return {"revisions.json": dumps({"generator": GENERATOR, "gone": {}}).encode()}
    gone = before.gone
    public = before.read("calendar.ics")
    feeds, present = {}, set()
    latest = dict(gone)
    for name in [name for name in files if name.endswith(".ics")]:
        old = before.read(name)
        # A new feed continues the revisions of the public one.
        base = old if old is not None else public if public is not None else EMPTY_STREAM
        publication = read_publication(base, gone, name=f"{before.name}: {name}")
        feeds[name] = revise(files[name], publication, now=now, moved=moved)
        present |= {uid for uid, _ in read_publication(files[name], {}).components}  # cached: revise() read it
        for uid, components in publication.by_uid.items():
            last = (max(each.sequence for each in components), max(each.stamp for each in components))
            latest[uid] = max(latest.get(uid, last), last)
    removed = {uid: revision for uid, revision in sorted(latest.items()) if uid not in present}
    record = {uid.decode(): [sequence, stamp.decode()] for uid, (sequence, stamp) in removed.items()}
    return {**feeds, "revisions.json": dumps({"generator": GENERATOR, "gone": record}).encode()}


def _published_files(folder: str) -> Callable[[str], bool] | None:
    """Return a predicate for the files of the publication in a folder, None if there is none."""
    try:
        with open(os.path.join(folder, "calendar.json"), encoding="utf-8") as stream:
            data = json.load(stream)
    except (OSError, ValueError):
        return None
    if not is_record(data):
        return None
    listed = frozenset(map(str, data["files"]))
    return lambda name: name in listed or _PERSONAL.fullmatch(name) is not None
