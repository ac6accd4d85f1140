"""Notices as text for a terminal, as JSON, and as mail."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from svsm_cal.core.announcing import Severity
from svsm_cal.engine.zones import local_of
from svsm_cal.render.notice_text import Voice, wording
from svsm_cal.render.records import instant_text
from svsm_cal.render.text import aligned, plain
from svsm_cal.words.phrases import clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from svsm_cal.core.announcing import Channel
    from svsm_cal.core.model import Calendar
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone
    from svsm_cal.notices.notice import Notice
    from svsm_cal.render.text import Paint

__all__ = ["notice_record", "notices_record", "notices_text", "told_record", "told_text"]

# What was told: the channel, the notice, the id of whom it was for, its title, what became of it, and why.
_Row = tuple["Channel", "Notice", "str | None", str, str, str]

_WIDTH = 96
_STYLES = {Severity.INFO: "strong", Severity.WARNING: "shift", Severity.URGENT: "urgent"}


def notices_text(
    calendar: Calendar,
    found: Sequence[Notice],
    now: Instant,
    language: str = "en",
    paint: Paint = plain,
    *,
    zone: Zone | None = None,
) -> list[str]:
    """Return the lines of `notices`: what is due, and what will be, with when, on a zone's clock or in UTC."""
    voice = Voice(language)
    if not found:
        return [voice.say("list.none")]
    lines: list[str] = []
    headings = (
        ("list.due", [each for each in found if each.due <= now]),
        ("list.later", [each for each in found if each.due > now]),
    )
    for heading, part in headings:
        if part:
            lines += ["", paint("strong", voice.say(heading))]
        for each in part:
            said = wording(each, calendar, language)
            when = "" if each.due <= now else f"{_when(voice, each.due, zone)}: "
            weight = "" if each.severity is Severity.INFO else f"{voice.say(f'list.{each.severity}')}: "
            lines += [f"- {paint('faint', when) if when else ''}{paint(_STYLES[each.severity], weight + said.title)}"]
            lines += wrap(
                said.text, _WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
            )
    return lines[1:]


def _when(voice: Voice, due: Instant, zone: Zone | None) -> str:
    local = due if zone is None else local_of(due, zone)
    return voice.say("list.when", day=voice.language.date(local), time=clock(local), zone="UTC" if zone is None else zone.key)


def notice_record(calendar: Calendar, notice: Notice, language: str = "en") -> dict[str, Any]:
    """Return a notice's record."""
    said = wording(notice, calendar, language)
    return {
        "id": notice.id,
        "kind": notice.kind.value,
        "severity": notice.severity.value,
        "due_utc": instant_text(notice.due),
        "expires_utc": instant_text(notice.expires),
        "at_utc": instant_text(notice.at),
        "series": notice.series.id if notice.series is not None else None,
        "date": notice.date.isoformat(),
        "zones": [zone.key for zone in notice.zones],
        "participants": list(notice.participants),
        "title": said.title,
        "text": said.text,
    }


def notices_record(calendar: Calendar, found: Iterable[Notice], language: str = "en") -> dict[str, Any]:
    """Return the record of `notices`."""
    return {"notices": [notice_record(calendar, each, language) for each in found]}


_OUTCOMES = {
    "sent": ("", "sent"),
    "queued": ("", "in the outbox"),
    "dry": ("faint", "would be told"),
    "failed": ("urgent", "not sent, to be tried again"),
    "unknown": ("urgent", "may have arrived, not tried again"),
}


def told_text(rows: Sequence[_Row], paint: Paint = plain) -> list[str]:
    """Return the lines of `notices send`: what was told where."""
    if not rows:
        return ["Nothing new to tell."]
    cells = []
    for channel, _, participant, title, outcome, detail in rows:
        style, said = _OUTCOMES[outcome]
        place = f"{channel.id} ({participant})" if participant else channel.id
        cells.append([("strong", place), (style, said), ("", title), ("faint", detail)])
    return aligned(cells, paint, indent="")


def told_record(rows: Iterable[_Row], problems: Sequence[str] = ()) -> dict[str, Any]:
    """Return the record of `notices send`; `problems` are what is wrong with channels that were left out."""
    return {
        "told": [
            {
                "channel": channel.id,
                "notice": notice.id,
                "participant": participant,
                "title": title,
                "outcome": outcome,
                "detail": detail,
            }
            for channel, notice, participant, title, outcome, detail in rows
        ],
        "problems": [*problems],
    }
