"""The site's pages from their templates, in every language: the calendar, the next call, and the next call to embed."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from svsm_cal.core.deadlines import DeadlineStatus
from svsm_cal.core.model import Status
from svsm_cal.core.shifts import ShiftKind
from svsm_cal.engine.zones import instant_of, local_of
from svsm_cal.render.records import instant_text
from svsm_cal.render.site.view import (
    about_data,
    base_of,
    call_data,
    conferences,
    feed_links,
    minutes_link,
    regular_data,
    safe_link,
    timeline,
)
from svsm_cal.render.year_picture import city, year_picture
from svsm_cal.words import languages
from svsm_cal.words.descriptions import change_note, window_change, window_dates, window_start
from svsm_cal.words.language import clock, utc_offset

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import Environment

    from svsm_cal.core.model import Occurrence
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone
    from svsm_cal.render.site.view import SiteView
    from svsm_cal.words.language import Language

ASSETS = ("icon.svg", "site.js", "style.css")
# template -> path below a language's folder
_PAGES = {"calendar.html": "index.html", "next.html": "next/index.html", "embed.html": "embed/index.html"}
_UNITS = ("week", "day", "hour", "minute")
# The messages that the script needs.
_SPOKEN = (
    "day", "date", "long_date", "day_month", "days_month", "days", "an_hour", "later", "earlier", "in", "now", "unusual",
    "unusual_until", "unusual_last", "returns", "from_now", "no_call", "moved", "extra", "because", "no_more", "everywhere_of",
    "your_time", "no_zone", "zones_found", "zone_set", "copied", "no_call_left", "calls_left", "over", "count.call",
    *(f"{case}.{unit}" for case in ("count", "in") for unit in _UNITS),
)  # fmt: skip


_BLANK = re.compile(r"\n\s*\n\s*")  # left by template lines without output


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=PackageLoader("svsm_cal.render.site", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":"), "sort_keys": False}
    found.filters |= {
        "city": city,
        "clock": clock,
        "instant": instant_text,
        "minutes_link": minutes_link,
        "original": lambda call: instant_of(call.recurrence, call.zone),
        "offset": utc_offset,
        "safe_link": safe_link,
        "zone_name": lambda zone: zone.key.replace("_", " "),
    }
    found.tests |= {"moved": lambda call: call.status is Status.MOVED, "over": lambda each: each.status is DeadlineStatus.OVER}
    return found


def assets() -> dict[str, bytes]:
    """Return the files that are the same on every site: the style sheet, the script and the icon."""
    from importlib.resources import files

    room = files("svsm_cal.render.site")
    found = {name: _lean(room.joinpath(name).read_text(encoding="utf-8")) for name in ASSETS}
    found["style.css"] = _tight(found["style.css"])
    return {name: text.encode() for name, text in found.items()}


def _lean(text: str) -> str:
    """Return a file without indents, empty lines and comment lines."""
    lines = (line.strip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))


def _tight(style: str) -> str:
    """Return a style sheet without needless spaces."""
    spaced = (": ", "; ", " {", "{ ", " }", ", ", " > ", " + ")
    for wide, narrow in (*((each, each.strip()) for each in spaced), (";}", "}")):
        style = style.replace(wide, narrow)
    return re.sub(r"(?<=[{};,])\n", "", style)


def pages(view: SiteView) -> dict[str, bytes]:
    """Return every page of the site, path -> bytes; the pages in the calendar's own language are at the top."""
    found = {}
    spoken = languages(view.calendar.language)
    for language in spoken:
        values = _values(view, language)
        for template, place in _PAGES.items():
            path = place if language is spoken[0] else f"{language.tag}/{place}"
            named = {"languages": spoken, "place": place, "path": path, "root": "../" * path.count("/")}
            text = _environment().get_template(template).render(values, **named)
            found[path] = _BLANK.sub("\n", text).encode()
    return found


def _values(view: SiteView, language: Language) -> dict[str, Any]:
    """Return the values in the templates."""
    calendar, zone = view.calendar, view.calendar.zone
    following = view.following
    return {
        "calendar": calendar,
        "view": view,
        "language": language,
        "say": language.say,
        "halves": partial(_halves, language),
        "base": base_of(calendar),
        "following": following,
        "anchor": _anchor(view),
        "gone": _gone(view),
        "clocks": [(each, change_note(language, each, by_zone=True)) for each in view.clocks],
        "local": lambda at: local_of(at, zone),
        "form": _forms(language, zone),
        "note": lambda call: (
            change_note(language, view.anchored[_key(call)], by_zone=True) if _key(call) in view.anchored else ""
        ),
        "several": len({call.title for call in (*view.coming, *view.past)}) > 1,
        "pictures": _pictures(view, language),
        "windows": _windows(view, language),
        "stretches": timeline(calendar, view.outlooks, view.now),
        "slip": lambda outlook: _slip(language, outlook.deadline),
        "conferences": conferences(view),
        "feeds": [feed_links(calendar, kind, title or language.say(kind), path) for kind, title, path in view.feeds],
        "length": language.length,
        "remaining": language.remaining,
        "data": _data(view, language),
    }


def _halves(language: Language, key: str) -> tuple[str, str]:
    """Return the texts before and after the only value in a message."""
    before, after = re.split(r"\{\w+\}", str(language.words[key]))
    return before, after


def _key(call: Occurrence) -> str:
    return f"{call.uid} {call.recurrence.isoformat()}"


def _anchor(view: SiteView) -> Any:
    """Return the next call on the calendar's own clock, None without one."""
    return view.anchored[_key(view.following)] if view.following is not None else None


def _gone(view: SiteView) -> list[Occurrence]:
    """Return the cancelled calls before the next one."""
    found: list[Occurrence] = []
    for call in view.coming:
        if call.held:
            break
        found.append(call)
    return found


def _forms(language: Language, zone: Zone) -> Any:
    """Return a function that writes an instant on the calendar's clock, in the forms that the script has too."""
    forms: dict[str, Callable[[Any], str]] = {
        "clock": clock,
        "day": language.day,
        "date": language.date,
        "long": language.long_date,
        "both": lambda local: f"{language.day(local)}, {clock(local)}",
    }

    def say(at: Instant, form: str) -> str:
        return forms[form](local_of(at, zone))

    return say


def _pictures(view: SiteView, language: Language) -> list[Any]:
    return [
        year_picture(language, series, view.year[series.id], view.zones[series.id], utc=view.utc, now=view.now)
        for series in view.calendar.series
        if view.year[series.id]
    ]


def _windows(view: SiteView, language: Language) -> list[dict[str, str | bool]]:
    """Return the rows of the shift windows that are not over, by zone from west to east."""
    day = view.now.date()
    found = [window for zones in view.zones.values() for _, windows in zones for window in windows]
    changing = [each for each in found if each.change_minutes and (each.last is None or each.last >= day)]
    changing.sort(key=lambda each: (each.zone.utc_offset(view.now), each.zone.key, each.series.id, each.first))
    return [
        {
            "zone": window.zone.key,
            "title": window.series.title,
            "when": window_dates(language, window, by_zone=True),
            "time": window_start(language, window),
            "change": window_change(language, window),
            "passing": window.kind is ShiftKind.MISMATCH,
        }
        for window in changing
    ]


def _slip(language: Language, deadline: Any) -> str:
    """Return the difference between a milestone's date and its planned date; "" without a planned date."""
    if deadline.planned is None:
        return ""
    days = (deadline.date - deadline.planned).days
    if not days:
        return language.say("on_plan") if deadline.actual is not None else ""
    length = language.length(timedelta(days=abs(days)))
    return language.say("slipped_later" if days > 0 else "slipped_earlier", length=length)


def _data(view: SiteView, language: Language) -> dict[str, Any]:
    """Return the script's data, which has nothing that the page does not show."""
    about: list[dict[str, Any]] = []
    calls = []
    for call in view.coming:
        shared = about_data(view.calendar, call)
        if shared not in about:
            about.append(shared)
        calls.append(call_data(call) | {"about": about.index(shared)})
    words = {key: language.words[key] for key in _SPOKEN}
    for unit in _UNITS:
        if words[f"in.{unit}"] == words[f"count.{unit}"]:
            del words[f"in.{unit}"]  # the script uses the other one
    names = {"weekdays": language.weekdays, "weekdays_short": language.weekdays_short, "months": language.months}
    return {
        "language": language.tag,
        "zone": view.calendar.zone.key,
        "built": instant_text(view.now),
        "calls": calls,
        "about": about,
        "regular": {series.id: regular_data(series, view.now) for series in view.calendar.series},
        "words": words,
        "names": names,
    }
