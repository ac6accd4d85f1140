"""A call's agenda as Markdown, in the form of the minutes that it becomes: attendees, times, announcements, deadlines.

It is made from a Jinja2 template, the community's own if there is one. A template is text of the repository, so it runs in a
sandbox and can read only the values given here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from svsm_cal.errors import InputError
from svsm_cal.notices.notice import AbsenceFact, NoticeKind
from svsm_cal.render.notice_text import begins, deadline_sentences, wording
from svsm_cal.words import ENGLISH
from svsm_cal.words.descriptions import change_note
from svsm_cal.words.language import clock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from svsm_cal.core.deadlines import DeadlineOutlook
    from svsm_cal.core.localized import CallOnClock
    from svsm_cal.core.model import Calendar, Occurrence, Participant
    from svsm_cal.engine.civil import LocalDateTime
    from svsm_cal.notices.notice import Notice
    from svsm_cal.words.language import Language

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
    language: Language = ENGLISH,
) -> dict[str, Any]:
    """Return the values for a template: texts and lists of texts; the project's `README.md` lists the keys.

    `clocks` is the call on every attendee's clock, `notices` the notices for this call, `deadlines` those ahead as seen from
    its start, `open_points` the open points in the minutes of `last`.
    """
    return {
        "title": language.say("agenda.title", series=call.title, date=_heading(language, call.start.date())),
        "series": call.series.id,
        "date": call.start.date().isoformat(),
        "chair": "" if _misses(call, notices) else calendar.person(call.details.chair) or "",
        "join": call.details.url or "",
        "location": call.details.location or "",
        "times": _times(language, call, clocks),
        "away": _away(call, notices),
        "notices": _notices(calendar, call, notices, language),
        "deadlines": [_deadline(language, each) for each in deadlines],
        "open_points": list(open_points),
        "words": {
            **{name: language.say(f"agenda.{name}") for name in _WORDS},
            "open_points": language.say("agenda.open_points", day=language.long_day(last)) if last is not None else "",
        },
    }


def agenda_text(template: str, values: dict[str, Any], *, file: str) -> str:
    """Return a template filled with the values, with one newline at the end.

    Raises InputError, with the template's `file` and line, for invalid syntax or an unknown value.
    """
    from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
    from jinja2.sandbox import SandboxedEnvironment

    # It is Markdown, not HTML: nothing is escaped.
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


def _heading(language: Language, day: date) -> str:
    return language.say("agenda.date", month=language.month(day), nth=language.ordinal(day.day), year=day.year)


def _times(language: Language, call: Occurrence, clocks: Sequence[tuple[Participant, CallOnClock]]) -> list[dict[str, Any]]:
    """Return the call's time in every zone: the anchor's first, then from west to east."""
    zones: dict[str, dict[str, Any]] = {
        call.zone.key: {"zone": call.zone.key, "when": _when(language, call, begins(call)), "people": [], "note": ""}
    }
    for person, seen in sorted(clocks, key=lambda pair: (pair[1].localized.utc_offset, pair[1].localized.zone.key)):
        local = seen.localized
        note = change_note(language, seen, by_zone=True)
        entry = {"zone": local.zone.key, "when": _when(language, call, local.local), "people": [], "note": note}
        shown = zones.setdefault(local.zone.key, entry)
        shown["people"].append(person.name)
        shown["note"] = note
    return list(zones.values())


def _when(language: Language, call: Occurrence, local: LocalDateTime) -> str:
    return clock(local) if local.date() == call.start.date() else f"{language.long_day(local)} {clock(local)}"


def _away(call: Occurrence, notices: Sequence[Notice]) -> list[str]:
    return [
        f"{each.name} ({each.holiday})" if each.holiday else each.name
        for notice in notices
        if isinstance(notice.fact, AbsenceFact) and notice.fact.call == call
        for each in notice.fact.missing
    ]


def _misses(call: Occurrence, notices: Sequence[Notice]) -> bool:
    """Return whether the chair of a call will miss it, according to the notices."""
    return any(isinstance(each.fact, AbsenceFact) and each.fact.call == call and each.fact.chair for each in notices)


def _notices(calendar: Calendar, call: Occurrence, notices: Sequence[Notice], language: Language) -> list[dict[str, str]]:
    found = []
    ending = {notice.fact for notice in notices if notice.kind is NoticeKind.SHIFT_LAST}
    for notice in notices:
        if notice.kind is NoticeKind.SHIFT and notice.fact in ending:
            continue  # its end is announced, which is enough
        here = isinstance(notice.fact, AbsenceFact) and notice.fact.call == call and notice.kind is NoticeKind.ABSENCES
        of_others = notice.series is not None and notice.series.id != call.series.id
        if notice.kind in _OF_DEADLINES or here or of_others:
            continue
        said = wording(notice, calendar, language)
        found.append({"kind": notice.kind.value, "title": said.title, "text": said.text})
    return found


def _deadline(language: Language, outlook: DeadlineOutlook) -> dict[str, str]:
    deadline = outlook.deadline
    text = " ".join(deadline_sentences(language, deadline, outlook.calls, "agenda.left"))
    return {"id": deadline.id, "title": deadline.title, "date": deadline.date.isoformat(), "text": text}
