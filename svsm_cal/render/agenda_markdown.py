"""A call's agenda as Markdown, in the form of minutes, so that it becomes them: who, when for whom, what is to be said.

It is a template of Jinja2's, the community's own if it has one, in a sandbox: a template is text of the repository, and
reads what it is given here, nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from svsm_cal.errors import InputError
from svsm_cal.notices.notice import AbsenceFact, NoticeKind
from svsm_cal.render.notice_text import Voice, begins, wording
from svsm_cal.words.local_notes import shift_note
from svsm_cal.words.phrases import clock, ordinal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from svsm_cal.core.deadlines import DeadlineOutlook
    from svsm_cal.core.localized import CallOnClock
    from svsm_cal.core.model import Calendar, Occurrence, Participant
    from svsm_cal.engine.civil import LocalDateTime
    from svsm_cal.notices.notice import Notice

__all__ = ["agenda_text", "agenda_values"]

_OF_DEADLINES = frozenset({NoticeKind.DEADLINE, NoticeKind.LAST_CALL, NoticeKind.OVER})
_WORDS = ("attendees", "time", "join", "away", "announcements", "deadlines", "topics", "topic", "chair")


def agenda_values(
    calendar: Calendar,
    call: Occurrence,
    *,
    clocks: Sequence[tuple[Participant, CallOnClock]],
    notices: Sequence[Notice],
    deadlines: Sequence[DeadlineOutlook],
    open_points: Sequence[str] = (),
    last: date | None = None,
    language: str = "en",
) -> dict[str, Any]:
    """Return what a template is given: texts, and lists of them; `README.md` of the project lists the keys.

    `clocks` is the call on every attendee's clock, `notices` those to be told at it, `deadlines` how those ahead stand
    when it begins, `open_points` what the minutes of `last` left open.
    """
    voice = Voice(language)
    return {
        "title": voice.say("agenda.title", series=call.title, date=_heading(voice, call.start.date())),
        "series": call.series.id,
        "date": call.start.date().isoformat(),
        "chair": "" if _misses(call, notices) else calendar.person(call.details.chair) or "",
        "join": call.details.url or "",
        "location": call.details.location or "",
        "times": _times(voice, call, clocks),
        "away": _away(call, notices),
        "notices": _notices(calendar, call, notices, language),
        "deadlines": [_deadline(voice, each) for each in deadlines],
        "open_points": list(open_points),
        "words": {
            **{name: voice.say(f"agenda.{name}") for name in _WORDS},
            "open_points": voice.say("agenda.open", day=voice.day(last)) if last is not None else "",
        },
    }


def agenda_text(template: str, values: dict[str, Any], *, file: str) -> str:
    """Return a template's text with the values in it, ending in one newline.

    Raises InputError, which names the template's `file` and line, for one that cannot be read or names what is not there.
    """
    from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
    from jinja2.sandbox import SandboxedEnvironment

    # Markdown, not HTML: nothing is escaped.
    environment = SandboxedEnvironment(
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    try:
        text = environment.from_string(template).render(values)
    except TemplateSyntaxError as error:
        raise InputError(f"{file}:{error.lineno}:1: {error.message} (see jinja.palletsprojects.com for the format)") from error
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, MemoryError, RecursionError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{file}: {said} (it may use {', '.join(values)})") from error
    return f"{text.strip()}\n"


def _heading(voice: Voice, day: date) -> str:
    nth = ordinal(day.day).removeprefix(str(day.day))
    return voice.say("agenda.date", month=voice.language.month(day), day=day.day, nth=nth, year=day.year)


def _times(voice: Voice, call: Occurrence, clocks: Sequence[tuple[Participant, CallOnClock]]) -> list[dict[str, Any]]:
    """Return the call's time in every zone, the anchor's first, then from west to east."""
    zones: dict[str, dict[str, Any]] = {
        call.zone.key: {"zone": call.zone.key, "when": _when(voice, call, begins(call)), "people": [], "note": ""}
    }
    for person, seen in sorted(clocks, key=lambda pair: (pair[1].localized.utc_offset, pair[1].localized.zone.key)):
        local = seen.localized
        note = shift_note(voice.language, seen)
        entry = {"zone": local.zone.key, "when": _when(voice, call, local.local), "people": [], "note": note}
        shown = zones.setdefault(local.zone.key, entry)
        shown["people"].append(person.name)
        shown["note"] = note
    return list(zones.values())


def _when(voice: Voice, call: Occurrence, local: LocalDateTime) -> str:
    return clock(local) if local.date() == call.start.date() else voice.moment(local)


def _away(call: Occurrence, notices: Sequence[Notice]) -> list[str]:
    return [
        f"{each.name} ({each.holiday})" if each.holiday else each.name
        for notice in notices
        if isinstance(notice.fact, AbsenceFact) and notice.fact.call == call
        for each in notice.fact.missing
    ]


def _misses(call: Occurrence, notices: Sequence[Notice]) -> bool:
    """Return whether who is to chair a call will miss it, which is among what is announced."""
    return any(isinstance(each.fact, AbsenceFact) and each.fact.call == call and each.fact.chair for each in notices)


def _notices(calendar: Calendar, call: Occurrence, notices: Sequence[Notice], language: str) -> list[dict[str, str]]:
    found = []
    ending = {notice.fact for notice in notices if notice.kind is NoticeKind.SHIFT_LAST}
    for notice in notices:
        if notice.kind is NoticeKind.SHIFT and notice.fact in ending:
            continue  # that it ends says it all
        here = isinstance(notice.fact, AbsenceFact) and notice.fact.call == call and notice.kind is NoticeKind.ABSENCES
        of_others = notice.series is not None and notice.series.id != call.series.id
        if notice.kind in _OF_DEADLINES or here or of_others:
            continue
        said = wording(notice, calendar, language)
        found.append({"kind": notice.kind.value, "title": said.title, "text": said.text})
    return found


def _deadline(voice: Voice, outlook: DeadlineOutlook) -> dict[str, str]:
    deadline, calls = outlook.deadline, outlook.calls
    hour = ""
    if deadline.at is not None and deadline.zone is not None:
        hour = voice.say("hour", time=clock(deadline.at), zone=deadline.zone.key)
    text = [voice.say("deadline", title=deadline.title, day=voice.day(deadline.date), hour=hour)]
    if deadline.planned is not None and deadline.planned != deadline.date:
        text.append(voice.say("planned", day=voice.day(deadline.planned)))
    left = "agenda.last" if not calls else "agenda.one_left" if len(calls) == 1 else "agenda.left"
    text.append(voice.say(left, number=len(calls), day=voice.day(calls[0].start) if calls else ""))
    return {"id": deadline.id, "title": deadline.title, "date": deadline.date.isoformat(), "text": " ".join(text)}
