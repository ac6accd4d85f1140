"""Publishing: one feed, or the whole site in one step."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from svsm_cal.app.atomic_files import alone, replace_folder
from svsm_cal.app.lookups import next_calls, shift_table
from svsm_cal.app.publication import GENERATOR, Previous, in_folder, is_record, previous_of
from svsm_cal.app.site_data import site_view
from svsm_cal.app.tzdiff import moved_uids
from svsm_cal.core.deadlines import outlook
from svsm_cal.core.occurrences import occurrences
from svsm_cal.engine.tzdb import tz_database
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
from svsm_cal.value import Value
from svsm_cal.words import ENGLISH, languages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from svsm_cal.core.model import Calendar, Participant
    from svsm_cal.engine.civil import Instant
    from svsm_cal.render.site.view import SiteView

__all__ = ["Report", "feed_address", "feed_path", "following", "publish", "revised", "site", "token_of"]

_PERSONAL = re.compile(r"p/[a-z2-7]{26}/calendar\.ics")
_PAST, _AHEAD = timedelta(weeks=4), timedelta(weeks=52)
_LONGEST_ADDRESS = 256  # Google Calendar's limit


def token_of(id: str, secret: bytes, word: str | None = None) -> str:
    """Return the unguessable part of a participant's feed address: an HMAC of their id and word, 128 bits in base32."""
    text = f"feed:{id}" if word is None else f"feed:{id}:{word}"
    digest = hmac.new(secret, text.encode(), hashlib.sha256).digest()[:16]
    return base64.b32encode(digest).decode("ascii").rstrip("=").lower()


def feed_path(person: Participant, secret: bytes) -> str:
    """Return the path of a participant's feed in the site."""
    return f"p/{token_of(person.id, secret, person.feed)}/calendar.ics"


def feed_address(calendar: Calendar, person: Participant, secret: bytes, *, base: str | None = None) -> str:
    """Return the address of a participant's feed, under the calendar's own or `base`; raises UsageError without either."""
    under = base or calendar.url
    if under is None:
        raise UsageError("where the calendar is published is not known (give --base, or url in [calendar])")
    address = f"{under.rstrip('/')}/{feed_path(person, secret)}"
    if len(address) > _LONGEST_ADDRESS:
        raise UsageError(
            f"the address has {len(address)} characters, and some clients take {_LONGEST_ADDRESS} (a shorter --base)"
        )
    return address


def site(calendar: Calendar, *, now: Instant, secret: bytes | None = None, before: Previous | None = None) -> dict[str, bytes]:
    """Return every file of the site, path -> bytes; participants' feeds only with a `secret` to hide them by.

    With what was published `before`, news is dated by when it was first published.
    """
    feeds = Feeds(calendar, now=now)
    files = {"calendar.ics": feeds.public(), "deadlines.ics": feeds.deadlines()}
    files |= {f"series/{series.id}.ics": feeds.series(series) for series in calendar.series}
    names = [("all_calls", "", "calendar.ics"), ("single_deadlines", "", "deadlines.ics")]
    if len(calendar.series) > 1:
        names += [("series", series.title, f"series/{series.id}.ics") for series in calendar.series]
    if secret is not None:
        attending = {name for series in calendar.series for name in series.attendees}
        for person in (each for each in calendar.participants if each.id in attending):
            files[feed_path(person, secret)] = feeds.participant(person)
    view = site_view(calendar, now, names)
    files |= assets() | pages(view)
    news = _news(view, before)
    for language in languages():
        path = f"{'' if language.tag == calendar.language else f'{language.tag}/'}changes.atom"
        files[path] = atom(calendar, language, news, path=path)
    files["next.json"] = dumps(next_record(next_calls(calendar, now, n=1, zone=calendar.zone))).encode()
    # Personal addresses are secrets: what is published lists everything but them.
    listed = sorted(["calendar.json", "revisions.json", *(name for name in files if not name.startswith("p/"))])
    shown = [(title or ENGLISH.say(kind), path) for kind, title, path in names]
    files["calendar.json"] = dumps(_data(calendar, now, shown, listed, news)).encode()
    return files


def _news(view: SiteView, before: Previous | None) -> tuple[Change, ...]:
    calendar, now = view.calendar, view.now
    calls = occurrences(calendar, now - BEHIND, now + AHEAD, cancelled=True)
    day = now.date()
    windows = [row.window for row in shift_table(calendar, day - BEHIND, day + AHEAD)]
    found = changes_of(calendar, calls, windows, view.outlooks, now)
    records = before.data.get("changes") if before is not None else None
    if before is None or not isinstance(records, list):
        return found
    return followed(found, calls, records, before.generated or now, now)


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
        "occurrences": [occurrence_record(each) for each in occurrences(calendar, begin, until, cancelled=True)],
        "windows": [window_record(row.window) for row in rows],
        "deadlines": [deadline_record(each) for each in outlook(calendar, now)],
        "events": [event_record(each) for each in calendar.events],
        "changes": [change_record(each) for each in news],
        "files": files,
    }


def following(stream: bytes, previous: str, *, now: Instant) -> bytes:
    """Return a feed with the revisions that follow from the one that `previous` names: a file, or an address.

    Raises PublicationError where that is no feed of ours, is damaged or cannot be read.
    """
    before = previous_of("", previous)
    old = before.read("calendar.ics") if before is not None else None
    if before is None or old is None:
        raise PublicationError(f"{previous}: is no feed (name one)")
    return revise(stream, read_publication(old, before.gone, name=previous), now=now)


class Report(Value):
    """What a publication wrote: the paths of all files, those that are not as they were before, and if it is the first."""

    files: tuple[str, ...]
    changed: tuple[str, ...]
    first: bool
    tz_before: str = ""  # the tz database's release it was published with before, if that was another
    moved: tuple[str, ...] = ()  # the UIDs whose instants are others for that


def publish(
    calendar: Calendar,
    out: str,
    *,
    now: Instant,
    secret: bytes | None = None,
    previous: str | None = None,
    first: bool = False,
) -> Report:
    """Write the site to the folder `out`, all of it or nothing, as the next revision of what was published before.

    That is what stands in `out`, or what `previous` names (a folder, a feed, or the address of either); with `first`
    nothing is. Raises PublicationError for a folder that holds anything else and for a previous publication that is
    damaged, OSError where it cannot be written.
    """
    with alone(out):
        if secret is None and (found := personal_feeds(out)):
            many = f"{found} personal feeds stand" if found > 1 else "a personal feed stands"
            hint = f"give --secret-file, or remove the folder p in {out}, and with it their addresses"
            raise PublicationError(f"{out}: {many} there, and without the secret they would be gone ({hint})")
        before = None if first else previous_of(out, previous)
        files = site(calendar, now=now, secret=secret, before=before)
        moved = moved_uids(calendar, before, now) if before is not None else frozenset()
        files |= revised(files, before, now, moved)
        stands = in_folder(out)
        changed = [name for name, data in files.items() if stands(name) != data]
        replace_folder(out, files, ours=_published_files)
    other = before.tz_version if before is not None and before.tz_version != tz_database().version else ""
    uids = tuple(sorted(uid.decode() for uid in moved))
    return Report(tuple(sorted(files)), tuple(sorted(changed)), before is None, other, uids)


def personal_feeds(folder: str) -> int:
    """Return how many personal feeds a published folder has."""
    try:
        tokens = os.listdir(os.path.join(folder, "p"))
    except OSError:
        return 0
    paths = (f"p/{each}/calendar.ics" for each in tokens)
    return sum(_PERSONAL.fullmatch(each) is not None and os.path.isfile(os.path.join(folder, each)) for each in paths)


def revised(files: Mapping[str, bytes], before: Previous | None, now: Instant, moved: frozenset[bytes]) -> dict[str, bytes]:
    """Return the feeds among `files` with the revisions that follow from what was published `before`, and revisions.json.

    `moved` has the UIDs whose instants differ though they say the same.
    """
    if before is None:
        return {"revisions.json": dumps({"generator": GENERATOR, "gone": {}}).encode()}
    gone = before.gone
    public = before.read("calendar.ics")
    earlier = {name: before.read(name) for name in files if name.endswith(".ics")}
    found, here = {}, set()
    left = dict(gone)
    for name, old in earlier.items():
        known = old if old is not None else public if public is not None else EMPTY_STREAM
        publication = read_publication(known, gone, name=f"{before.name}: {name}")
        found[name] = revise(files[name], publication, now=now, moved=moved)
        here |= {uid for uid, _ in read_publication(files[name], {}).components}  # read already, to be revised
        for uid, components in publication.by_uid.items():
            last = (max(each.sequence for each in components), max(each.stamp for each in components))
            left[uid] = max(left.get(uid, last), last)
    record = {uid.decode(): [sequence, stamp.decode()] for uid, (sequence, stamp) in sorted(left.items()) if uid not in here}
    return {**found, "revisions.json": dumps({"generator": GENERATOR, "gone": record}).encode()}


def _published_files(folder: str) -> Callable[[str], bool] | None:
    """Return what knows the files an earlier publication put into a folder, None if there was none."""
    try:
        with open(os.path.join(folder, "calendar.json"), encoding="utf-8") as stream:
            data = json.load(stream)
    except (OSError, ValueError):
        return None
    if not is_record(data):
        return None
    listed = frozenset(map(str, data["files"]))
    return lambda name: name in listed or _PERSONAL.fullmatch(name) is not None
