"""The agenda of a call: its data from the calendar, open points from the last minutes, and the template."""

from __future__ import annotations

import os
from datetime import timedelta
from importlib.resources import files
from typing import TYPE_CHECKING

from svsm_cal.app.lookups import call_on, series_of
from svsm_cal.app.minutes import read
from svsm_cal.app.notices import notices_of
from svsm_cal.core.deadlines import outlook
from svsm_cal.core.localized import Clocks
from svsm_cal.core.occurrences import next_occurrences
from svsm_cal.engine.civil import Instant
from svsm_cal.engine.zones import local_of
from svsm_cal.errors import InputError, UsageError
from svsm_cal.notices.call_notices import call_notices
from svsm_cal.notices.notice import CallFact, NoticeKind
from svsm_cal.render.agenda_markdown import agenda_text, agenda_values
from svsm_cal.words import ENGLISH

if TYPE_CHECKING:
    from datetime import date

    from svsm_cal.core.model import Calendar, Occurrence
    from svsm_cal.notices.notice import Notice
    from svsm_cal.words.language import Language

_SECOND = timedelta(seconds=1)
_AHEAD = timedelta(weeks=5)
_LARGEST = 256 * 1024


def agenda(
    calendar: Calendar,
    now: Instant,
    *,
    day: date | None = None,
    series: str | None = None,
    minutes: str | None = None,
    template: str | None = None,
    language: Language = ENGLISH,
) -> str:
    """Return the agenda of the call on an anchor date, or of the next call, as Markdown.

    `minutes` is a folder or a file of minutes: open points of the last minutes before the call are carried over.
    `template` is the path of a custom template. Raises UsageError for a day without a call or with a cancelled one, and
    InputError for a file that cannot be read.
    """
    call = _call(calendar, now, day, series)
    start = call.start_utc
    due = notices_of(calendar, Instant(start - _SECOND), start, language=language)
    known = {notice.id for notice in due}
    clocks = Clocks()
    last, open_points = _left_open(calendar, call, minutes) if minutes is not None else (None, [])
    values = agenda_values(
        calendar,
        call,
        clocks=[(person, clocks.see(call, person.zone)) for person in calendar.attendees(call.series)],
        notices=[*due, *(notice for notice in _changes_until_next(calendar, call) if notice.id not in known)],
        deadlines=outlook(calendar, start, within=_AHEAD),
        open_points=open_points,
        last=last,
        language=language,
    )
    if template is None:
        return agenda_text(files("svsm_cal.render").joinpath("agenda.md.j2").read_text("utf-8"), values, file="agenda.md.j2")
    return agenda_text(_template(template), values, file=template)


def _call(calendar: Calendar, now: Instant, day: date | None, series: str | None) -> Occurrence:
    among = calendar if series is None else series_of(calendar, series)[0]
    if day is None:
        following = next_occurrences(among, now, 1)
        if not following:
            raise UsageError(f"{calendar.name} has no more calls")
        return following[0]
    call = call_on(calendar, day, series=series).occurrence
    if not call.held:
        following = next_occurrences(among, call.start_utc, 1)
        hint = f"the next one is on {following[0].start.date()}" if following else "there are no later calls"
        raise UsageError(f"the call on {day} is cancelled: {hint}")
    return call


def _changes_until_next(calendar: Calendar, call: Occurrence) -> list[Notice]:
    """Return the notices of cancelled and moved calls after a call, up to and including the next call that takes place."""
    start = call.start_utc
    # Two: the call itself has not ended at its start.
    last = next((later for later in next_occurrences(call.series, start, 2) if later.start_utc > start), None)
    until = Instant(start + _AHEAD) if last is None else last.start_utc
    return [
        notice
        for notice in call_notices(calendar, start, until)
        if isinstance(notice.fact, CallFact)
        and notice.series == call.series
        and notice.kind in (NoticeKind.CANCELLED, NoticeKind.MOVED)
        and (notice.fact.call == last or call.start < notice.fact.call.recurrence <= local_of(until, call.zone))
    ]


def _left_open(calendar: Calendar, call: Occurrence, path: str) -> tuple[date | None, list[str]]:
    """Return the date of the last minutes before a call, and their open action items."""
    day = call.start.date()
    result = read([path], calendar)
    for unread in result.unread:
        raise InputError(str(unread))
    # Minutes of an unknown series may be this series'.
    earlier = [
        (minutes.date, minutes)
        for minutes in result.minutes
        if minutes.date is not None and minutes.date < day and minutes.series in (None, call.series.id)
    ]
    if not earlier:
        return None, []
    date_of_last, last = max(earlier, key=lambda pair: pair[0])
    return date_of_last, [" ".join(action.text.split()) for action in last.actions if action.sure and not action.done]


def _template(path: str) -> str:
    try:
        with open(path, "rb") as stream:
            data = stream.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise InputError(f"{path}: is larger than {_LARGEST // 1024} KiB (is it the right template?)")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: the agenda's template cannot be read: {error.strerror} (agenda in [calendar])") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: the agenda's template is not UTF-8 (save it as UTF-8)") from error


def template_path(calendar: Calendar, file: str) -> str | None:
    """Return the path of the calendar's own template, relative to the calendar file's folder; None if it has none."""
    return None if calendar.agenda is None else os.path.join(os.path.dirname(file), calendar.agenda)
