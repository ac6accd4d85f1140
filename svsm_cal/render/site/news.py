"""News about the calendar as Atom (RFC 4287): cancelled, moved, added and changed calls, shifted weeks, slipped milestones.

News is computed from the calendar alone: an entry appears eight weeks before its event, under an id that never changes. In a
later publication (`followed`) a changed entry has the date of its first publication, and there is news of a call that takes
place after all. Published news is kept as data (`change_record`).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, Any

from svsm_cal.core.model import Status
from svsm_cal.core.shifts import ShiftKind
from svsm_cal.engine.civil import Instant, instant
from svsm_cal.engine.zones import local_of
from svsm_cal.render.records import instant_text
from svsm_cal.render.site.view import base_of
from svsm_cal.render.year_picture import city
from svsm_cal.value import Value
from svsm_cal.words import languages

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from svsm_cal.core.deadlines import DeadlineOutlook
    from svsm_cal.core.model import Calendar, Occurrence
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.words.language import Language

_NOT_XML = re.compile("[\x00-\x1f\ud800-\udfff\ufffe\uffff]")
AHEAD, BEHIND = timedelta(weeks=8), timedelta(weeks=4)


class Change(Value):
    """One piece of news: its permanent id, when it was published, when its event begins, and its texts.

    `kind` is `cancelled`, `moved`, `added`, `changed`, `restored`, `window` or `slipped`; `texts` has (language, text).
    """

    id: str
    kind: str
    updated: Instant
    about: Instant
    texts: tuple[tuple[str, str], ...]


def changes_of(
    calendar: Calendar,
    calls: Iterable[Occurrence],
    windows: Iterable[ShiftWindow],
    outlooks: Iterable[DeadlineOutlook],
    now: Instant,
) -> tuple[Change, ...]:
    """Return the news at `now`, the newest first, as in a first publication; `calls` include cancelled ones."""
    found = [_of_call(calendar, each) for each in calls if _kind(each)]
    found += [_of_window(calendar, each) for each in windows if each.kind is ShiftKind.MISMATCH]
    found += [_of_deadline(calendar, each) for each in outlooks if each.deadline.planned not in (None, each.deadline.date)]
    return _sorted(each for each in found if now - BEHIND <= each.about <= now + AHEAD)


def _sorted(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda each: (-each.updated.timestamp(), each.about, each.id)))


def _id(calendar: Calendar, *parts: str) -> str:
    import uuid

    return uuid.uuid5(uuid.NAMESPACE_URL, "\n".join((calendar.domain, calendar.id, *parts))).urn


def _texts(say: Any) -> tuple[tuple[str, str], ...]:
    return tuple((language.tag, say(language)) for language in languages())


def _change(id: str, kind: str, about: Instant, say: Any) -> Change:
    return Change(id, kind, Instant(about - AHEAD), about, _texts(say))


def _kind(call: Occurrence) -> str:
    match call.status:
        case Status.CANCELLED:
            return "cancelled"
        case Status.MOVED:
            return "moved"
        case Status.CONFIRMED:
            return "added" if call.added else "changed" if call.reason else ""


def _of_call(calendar: Calendar, call: Occurrence) -> Change:
    kind = _kind(call)

    def say(language: Language) -> str:
        day = language.moment(call.recurrence, call.zone.key)
        said = language.say(f"news.{kind}", day=day, to=language.moment(call.start, call.zone.key))
        return f"{call.title}: {language.because(said, call.reason)}"

    return _change(_id(calendar, call.uid, call.recurrence.isoformat()), kind, call.start_utc, say)


def _of_window(calendar: Calendar, window: ShiftWindow) -> Change:
    def say(language: Language) -> str:
        first, last = (local_of(at, window.zone).date() for at in (window.first_utc, window.last_utc or window.first_utc))
        change = language.change(window.change_minutes or 0)
        said = language.say("news.window", zone=city(window.zone.key), change=change, dates=language.span(first, last))
        return f"{window.series.title}: {said}"

    urn = _id(calendar, "window", window.series.id, window.zone.key, window.first.isoformat())
    return _change(urn, "window", window.first_utc, say)


def _of_deadline(calendar: Calendar, outlook: DeadlineOutlook) -> Change:
    deadline = outlook.deadline

    def say(language: Language) -> str:
        planned = language.date(deadline.planned) if deadline.planned else ""
        return language.say("news.slipped", title=deadline.title, day=language.date(deadline.date), planned=planned)

    return _change(_id(calendar, "deadline", deadline.id), "slipped", outlook.due_utc, say)


def change_record(change: Change) -> dict[str, Any]:
    """Return a change's record."""
    return {
        "id": change.id,
        "kind": change.kind,
        "updated_utc": instant_text(change.updated),
        "about_utc": instant_text(change.about),
        "text": dict(change.texts),
    }


def _read(record: object) -> Change | None:
    """Return the change in a record, None for an invalid record."""
    try:
        updated, about = (instant(datetime.fromisoformat(record[key])) for key in ("updated_utc", "about_utc"))  # type: ignore[index]
        texts = tuple((str(tag), str(text)) for tag, text in record["text"].items())  # type: ignore[index]
        return Change(str(record["id"]), str(record["kind"]), updated, about, texts)  # type: ignore[index]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def followed(
    changes: Sequence[Change], calls: Iterable[Occurrence], previous: Iterable[object], since: Instant, now: Instant
) -> tuple[Change, ...]:
    """Return the news after the publication at `since`, whose records are `previous`.

    `calls` are those that take place: a call among them that had been published as cancelled is news.
    """
    before = {each.id: each for each in map(_read, previous) if each is not None}
    found = [_dated(each, before.get(each.id), since, now) for each in changes]
    held = {each.start_utc: each for each in calls if each.held}
    here = {each.id for each in changes}
    for old in before.values():
        if old.id in here or old.kind not in ("cancelled", "restored") or old.about < now - BEHIND or old.about not in held:
            continue
        call = held[old.about]
        texts = _texts(
            lambda language, call=call: (
                f"{call.title}: {language.say('news.restored', day=language.moment(call.start, call.zone.key))}"
            )
        )
        found.append(_dated(Change(old.id, "restored", now, old.about, texts), old, since, now))
    return _sorted(found)


def _dated(change: Change, old: Change | None, since: Instant, now: Instant) -> Change:
    """Return a change with the date of its first publication: the old one, when it came into range, or now."""
    same = old is not None and all(dict(change.texts).get(tag, text) == text for tag, text in old.texts)
    if old is not None and same:
        updated = old.updated
    elif old is None and change.updated > since:
        updated = change.updated
    else:
        updated = now
    return Change(change.id, change.kind, updated, change.about, change.texts)


def atom(calendar: Calendar, language: Language, changes: Sequence[Change], *, path: str) -> bytes:
    """Return the news as an Atom feed for a path of the site; its bytes depend on the news alone."""
    base = base_of(calendar)
    updated = max((each.updated for each in changes), default=None)
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{language.tag}">',
        f"<id>{_id(calendar, 'changes', language.tag)}</id>",
        f"<title>{_text(calendar.name)}: {_text(language.say('changes'))}</title>",
        f"<updated>{instant_text(updated) if updated else '1970-01-01T00:00:00Z'}</updated>",
        f"<author><name>{_text(calendar.name)}</name></author>",
    ]
    if base is not None:
        lines.append(f'<link rel="self" type="application/atom+xml" href="{_text(base + path)}"/>')
        lines.append(f'<link rel="alternate" type="text/html" href="{_text(base)}"/>')
    for each in changes:
        said = _text(dict(each.texts)[language.tag])
        link = f'<link rel="alternate" type="text/html" href="{_text(base)}"/>' if base is not None else ""
        lines.append(
            f"<entry><id>{each.id}</id><title>{said}</title><updated>{instant_text(each.updated)}</updated>"
            f'{link}<content type="text">{said}</content></entry>'
        )
    return ("\n".join([*lines, "</feed>"]) + "\n").encode()


def _text(text: str) -> str:
    """Return a text escaped for XML 1.0."""
    return escape(_NOT_XML.sub(" ", text))
