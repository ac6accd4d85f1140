"""What was read in minutes, and what is missing between them and the calendar: as text, as JSON records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.minutes.suggestion import Kind
from svsm_cal.render.records import finding_record
from svsm_cal.render.text import aligned, plain
from svsm_cal.words.phrases import MONTHS, amount, day_and_year

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from svsm_cal.errors import Finding
    from svsm_cal.minutes.coverage import Attendance
    from svsm_cal.minutes.reading import Minutes
    from svsm_cal.minutes.suggestion import Suggestion
    from svsm_cal.render.records import Record
    from svsm_cal.render.text import Paint

__all__ = ["attendance_text", "check_record", "minutes_text", "read_record"]

_BAR = 40
_MANY = 12


def minutes_text(minutes: Iterable[Minutes], paint: Paint = plain) -> list[str]:
    """Return the lines of `minutes read`: for each file the call, who was there, the topics and what it suggests."""
    lines: list[str] = []
    for each in minutes:
        when = day_and_year(each.date) if each.date else "no date"
        lines += ["", f"{each.file}: {paint('strong', when)}, {each.series or 'of no series'}"]
        unknown = [person.name for person in each.attendees if person.participant is None]
        others = f", {len(unknown)} of them not in the calendar: {', '.join(unknown)}" if unknown else ""
        lines.append(f"  {amount(len(each.attendees), 'attendee')}{others}" if each.attendees else "  no list of attendees")
        actions = sum(action.sure for action in each.actions)
        counts = ((len(each.topics), "topic"), (actions, "action item"), (len(each.links), "link"))
        lines.append(f"  {', '.join(amount(number, noun) for number, noun in counts)}")
        for finding in each.findings:
            lines.append(f"  {paint('urgent', str(finding))}")
        for suggestion in each.suggestions:
            lines += _suggestion(each.file, suggestion, paint)
    return lines[1:] or ["No minutes."]


def _suggestion(file: str, suggestion: Suggestion, paint: Paint) -> list[str]:
    state = "in the calendar already" if suggestion.known else "suggested" if suggestion.sure else "perhaps"
    style = "faint" if suggestion.known else "strong"
    said = f'  {file}:{suggestion.line}: {paint(style, f"{_what(suggestion)} ({state})")}: "{suggestion.text}"'
    shown = "" if suggestion.known else suggestion.toml
    return [said, *(f"      {line}" for line in shown.splitlines())]


def _what(suggestion: Suggestion) -> str:
    day = day_and_year(suggestion.date)
    match suggestion.kind:
        case Kind.CANCEL:
            return f"no call on {day}"
        case Kind.MOVE:
            return f"the call of {day} is moved" + (
                f" to {day_and_year(suggestion.to)} {suggestion.to:%H:%M}" if suggestion.to else ""
            )
        case Kind.CHAIR:
            return f"{suggestion.chair or 'somebody else'} chairs on {day}"
        case Kind.DEADLINE:
            return f"deadline on {day}: {suggestion.title}"
        case Kind.SHIFT:
            until = f" to {day_and_year(suggestion.until)}" if suggestion.until and suggestion.until != suggestion.date else ""
            return f"clocks change: calls of {day}{until}"


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


def attendance_text(attendance: Attendance, paint: Paint = plain) -> list[str]:
    """Return who was there as lines: a bar for each month's average, then people and zones; none without any minutes."""
    if not attendance.calls:
        return ["No minutes that list attendees."]
    lines = [paint("strong", f"People at a call, by month ({amount(attendance.calls, 'call')} with a list of attendees)")]
    averages = [each.attended / each.calls for each in attendance.months]
    scale = _BAR / max(averages)
    lines += aligned(
        [
            [
                ("", f"{MONTHS[each.month.month - 1][:3]} {each.month.year}"),
                ("", f"{average:5.1f}"),
                ("strong", "#" * max(1, round(average * scale))),
            ]
            for each, average in zip(attendance.months, averages, strict=True)
        ],
        paint,
    )
    people = attendance.people[:_MANY]
    rest = len(attendance.people) - len(people)
    lines += ["", paint("strong", "Most often there") + (f" (and {rest} more)" if rest else "")]
    lines += aligned(
        _bars([(each.name, each.zone or "not in the calendar", each.calls) for each in people], attendance.calls), paint
    )
    lines += ["", paint("strong", "By zone")]
    zones = [
        (each.zone or "not in the calendar", amount(each.people, "person").replace("persons", "people"), each.attended)
        for each in attendance.zones
    ]
    return [*lines, *aligned(_bars(zones, max(each.attended for each in attendance.zones)), paint)]


def _bars(rows: Sequence[tuple[str, str, int]], most: int) -> list[list[tuple[str, str]]]:
    width = len(str(most))
    return [
        [("", name), ("faint", what), ("", f"{number:{width}}"), ("strong", "#" * max(1, round(number * _BAR / most)))]
        for name, what, number in rows
    ]
