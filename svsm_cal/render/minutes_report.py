"""The content of minutes and the differences from the calendar, as terminal text and JSON records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.minutes.suggestion import Kind
from svsm_cal.render.records import finding_record
from svsm_cal.render.text import aligned, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from svsm_cal.errors import Finding
    from svsm_cal.minutes.coverage import Attendance
    from svsm_cal.minutes.reading import Minutes
    from svsm_cal.minutes.suggestion import Suggestion
    from svsm_cal.render.records import Record
    from svsm_cal.render.text import Paint
    from svsm_cal.words.language import Language

_BAR = 40
_MANY = 12


def minutes_text(language: Language, minutes: Iterable[Minutes], paint: Paint = plain) -> list[str]:
    """Return the lines of `minutes read`: for each file the call, the attendees, the topics and the suggestions."""
    lines: list[str] = []
    for each in minutes:
        when = language.date(each.date) if each.date else language.say("minutes.no_date")
        lines += ["", f"{each.file}: {paint('strong', when)}, {each.series or language.say('minutes.no_series')}"]
        lines.append(f"  {_attendees(language, each)}")
        actions = sum(action.sure for action in each.actions)
        counts = {"topic": len(each.topics), "action": actions, "link": len(each.links)}
        lines.append(f"  {', '.join(language.amount(number, noun) for noun, number in counts.items())}")
        for finding in each.findings:
            lines.append(f"  {paint('urgent', str(finding))}")
        for suggestion in each.suggestions:
            lines += _suggestion(language, each.file, suggestion, paint)
    return lines[1:] or [language.say("minutes.none")]


def _attendees(language: Language, minutes: Minutes) -> str:
    if not minutes.attendees:
        return language.say("minutes.no_attendees")
    count = language.amount(len(minutes.attendees), "attendee")
    unknown = [person.name for person in minutes.attendees if person.participant is None]
    if not unknown:
        return count
    return language.say("minutes.unknown", attendees=count, unknown=len(unknown), names=", ".join(unknown))


def _suggestion(language: Language, file: str, suggestion: Suggestion, paint: Paint) -> list[str]:
    state = language.say(f"minutes.{'known' if suggestion.known else 'sure' if suggestion.sure else 'unsure'}")
    style = "faint" if suggestion.known else "strong"
    said = paint(style, f"{_what(language, suggestion)} ({state})")
    shown = "" if suggestion.known else suggestion.toml
    return [f'  {file}:{suggestion.line}: {said}: "{suggestion.text}"', *(f"      {line}" for line in shown.splitlines())]


def _what(language: Language, suggestion: Suggestion) -> str:
    day, key = language.date(suggestion.date), f"minutes.{suggestion.kind}"
    match suggestion.kind:
        case Kind.CANCEL:
            return language.say(key, day=day)
        case Kind.MOVE:
            to = f"{language.date(suggestion.to)} {suggestion.to:%H:%M}" if suggestion.to else ""
            return language.say("minutes.move_to" if to else key, day=day, to=to)
        case Kind.CHAIR:
            return language.say(key, name=suggestion.chair or language.say("minutes.somebody"), day=day)
        case Kind.DEADLINE:
            return language.say(key, day=day, title=suggestion.title)
        case Kind.SHIFT:
            until = suggestion.until
            several = until is not None and until != suggestion.date
            days = language.say("from_to", first=day, last=language.date(until)) if until is not None and several else day
            return language.say(key, days=days)


def read_record(minutes: Iterable[Minutes]) -> Record:
    """Return the record of `minutes read`."""
    return {"minutes": [_minutes_record(each) for each in minutes]}


def _minutes_record(minutes: Minutes) -> Record:
    return {
        "file": minutes.file,
        "date": minutes.date.isoformat() if minutes.date else None,
        "series": minutes.series,
        "title": minutes.title,
        "attendees": [{"name": each.name, "participant": each.participant, "remark": each.remark} for each in minutes.attendees],
        "topics": [{"title": each.title, "line": each.line} for each in minutes.topics],
        "actions": [
            {
                "text": each.text,
                "line": each.line,
                "sure": each.sure,
                "done": each.done,
                "name": each.name,
                "participant": each.participant,
                "due": each.due.isoformat() if each.due else None,
            }
            for each in minutes.actions
        ],
        "links": [{"url": each.url, "text": each.text, "line": each.line} for each in minutes.links],
        "suggestions": [_suggestion_record(each) for each in minutes.suggestions],
        "findings": [finding_record(each) for each in minutes.findings],
    }


def _suggestion_record(suggestion: Suggestion) -> Record:
    return {
        "kind": suggestion.kind.value,
        "date": suggestion.date.isoformat(),
        "line": suggestion.line,
        "text": suggestion.text,
        "sure": suggestion.sure,
        "toml": suggestion.toml,
        "known": suggestion.known,
        "series": suggestion.series,
        "until": suggestion.until.isoformat() if suggestion.until else None,
        "to": suggestion.to.isoformat() if suggestion.to else None,
        "chair": suggestion.chair,
        "title": suggestion.title,
        "reason": suggestion.reason,
    }


def check_record(findings: Iterable[Finding], attendance: Attendance, minutes: int) -> Record:
    """Return the record of `minutes check`."""
    return {
        "findings": [finding_record(each) for each in findings],
        "minutes": minutes,
        "attendance": {
            "calls": attendance.calls,
            "people": [
                {
                    "name": each.name,
                    "participant": each.participant,
                    "zone": each.zone,
                    "calls": each.calls,
                    "first": each.first.isoformat(),
                    "last": each.last.isoformat(),
                }
                for each in attendance.people
            ],
            "zones": [{"zone": each.zone, "people": each.people, "attended": each.attended} for each in attendance.zones],
            "months": [
                {
                    "month": f"{each.month:%Y-%m}",
                    "calls": each.calls,
                    "attended": each.attended,
                    "average": round(each.attended / each.calls, 1),
                }
                for each in attendance.months
            ],
        },
    }


def attendance_text(language: Language, attendance: Attendance, paint: Paint = plain) -> list[str]:
    """Return the attendance as lines: a bar for each month's average, then people and zones."""
    if not attendance.calls:
        return [language.say("minutes.no_lists")]
    lines = [paint("strong", language.say("minutes.by_month", calls=language.amount(attendance.calls, "call")))]
    averages = [each.attended / each.calls for each in attendance.months]
    scale = _BAR / max(averages)
    lines += aligned(
        [
            [
                ("", f"{language.months_short[each.month.month - 1]} {each.month.year}"),
                ("", f"{language.decimal(average):>5}"),
                ("strong", "#" * max(1, round(average * scale))),
            ]
            for each, average in zip(attendance.months, averages, strict=True)
        ],
        paint,
    )
    people = attendance.people[:_MANY]
    rest = len(attendance.people) - len(people)
    more = language.say("minutes.more", number=rest) if rest else ""
    lines += ["", paint("strong", language.say("minutes.most_often")) + more]
    unknown = language.say("minutes.not_in_calendar")
    lines += aligned(_bars([(each.name, each.zone or unknown, each.calls) for each in people], attendance.calls), paint)
    lines += ["", paint("strong", language.say("minutes.by_zone"))]
    zones = [(each.zone or unknown, language.amount(each.people, "person"), each.attended) for each in attendance.zones]
    return [*lines, *aligned(_bars(zones, max(each.attended for each in attendance.zones)), paint)]


def _bars(rows: Sequence[tuple[str, str, int]], most: int) -> list[list[tuple[str, str]]]:
    width = len(str(most))
    return [
        [("", name), ("faint", what), ("", f"{number:{width}}"), ("strong", "#" * max(1, round(number * _BAR / most)))]
        for name, what, number in rows
    ]
