"""The JSON API: one table of routes that answers, checks and documents them. The keys are the command line's."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from svsm_cal.app import lookups
from svsm_cal.core.deadlines import outlook
from svsm_cal.core.occurrences import occurrences_between_days
from svsm_cal.errors import UsageError
from svsm_cal.render import records
from svsm_cal.value import Value
from svsm_cal.web.query import DAY, FLAG, ID, LENGTH, NUMBER, ZONE, BadRequest, Parameter

if TYPE_CHECKING:
    from collections.abc import Callable

    from svsm_cal.core.model import Calendar, Participant
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone

_LONGEST_RANGE = timedelta(days=1827)
_YEAR = timedelta(days=365)
_Asked = dict[str, Any]


class NotThere(Exception):  # noqa: N818 - the name of the response
    """A valid question without an answer: a day without a call."""


class Route(Value):
    """One look-up: its path, summary and parameters, and the function of (calendar, now, parameters) that answers it."""

    path: str
    summary: str
    parameters: tuple[Parameter, ...]
    record: Callable[[Calendar, Instant, _Asked], records.Record]
    shape: str  # the name of the answer's schema
    may_be_missing: bool = False


def _next(calendar: Calendar, now: Instant, asked: _Asked) -> records.Record:
    zone, person = _clock(calendar, asked)
    where = person.zone if person is not None else zone or calendar.zone
    return records.next_record(lookups.next_calls(calendar, now, n=asked["n"], zone=where, series=_series(calendar, asked)))


def _when(calendar: Calendar, now: Instant, asked: _Asked) -> records.Record:
    del now
    series = _series(calendar, asked)
    try:
        call = lookups.call_on(calendar, asked["date"], zone=asked["tz"], series=series)
    except UsageError as error:
        said = str(error).replace("--series ", "series=")
        if "choose with" in said:
            raise BadRequest(*_split(said)) from None
        raise NotThere(said) from None
    return records.when_record(call.occurrence, call.clocks)


def _shifts(calendar: Calendar, now: Instant, asked: _Asked) -> records.Record:
    zone, person = _clock(calendar, asked)
    first, last = _range(now, asked)
    rows = lookups.shift_table(calendar, first, last, zone=zone, participant=person, series=_series(calendar, asked))
    return {"windows": [records.window_record(row.window, row.participants) for row in rows]}


def _deadlines(calendar: Calendar, now: Instant, asked: _Asked) -> records.Record:
    found = outlook(calendar, now, within=asked["within"], past=asked["all"])
    return {"deadlines": [records.deadline_record(each) for each in found]}


def _occurrences(calendar: Calendar, now: Instant, asked: _Asked) -> records.Record:
    first, last = _range(now, asked)
    series = _series(calendar, asked)
    among = calendar if series is None else lookups.series_of(calendar, series)[0]
    found = occurrences_between_days(among, first, last)
    return {"occurrences": [records.occurrence_record(each) for each in found]}


def _clock(calendar: Calendar, asked: _Asked) -> tuple[Zone | None, Participant | None]:
    if asked["tz"] is not None and asked["for"] is not None:
        raise BadRequest("tz and for exclude each other", "keep one of them")
    person = None if asked["for"] is None else _found(lookups.participant_of, calendar, asked["for"])
    return asked["tz"], person


def _series(calendar: Calendar, asked: _Asked) -> str | None:
    if asked["series"] is not None:
        _found(lookups.series_of, calendar, asked["series"])
    wanted: str | None = asked["series"]
    return wanted


def _found(look: Callable[[Calendar, str], Any], calendar: Calendar, id: str) -> Any:
    try:
        return look(calendar, id)
    except UsageError as error:
        raise BadRequest(*_split(str(error))) from None


def _split(said: str) -> tuple[str, str]:
    error, _, hint = said.rpartition(": ")
    return error, hint


def _range(now: Instant, asked: _Asked) -> tuple[date, date]:
    first: date = asked["from"] or now.date()
    last: date = asked["until"] or first + _YEAR
    if last < first:
        raise BadRequest(f"the range ends on {last}, before it begins on {first}", "write from before until")
    if last - first > _LONGEST_RANGE:
        raise BadRequest("the range is longer than five years", f"write until={first + _LONGEST_RANGE} or before")
    return first, last


_TZ = Parameter("tz", ZONE, "On the clock of this zone.")
_FOR = Parameter("for", ID, "On this participant's clock.")
_SERIES = Parameter("series", ID, "Of this series only.")
_FROM = Parameter("from", DAY, "The first date, in the anchor zone; today if left out.")
_UNTIL = Parameter("until", DAY, "The last date, at most five years after the first; a year after it if left out.")

ROUTES = {
    route.path: route
    for route in (
        Route(
            "/api/next",
            "The next calls on one clock, cancelled ones included.",
            (Parameter("n", NUMBER, "How many calls are held.", default=5), _TZ, _FOR, _SERIES),
            _next,
            "Next",
        ),
        Route(
            "/api/when",
            "One day's call on everybody's clock.",
            (Parameter("date", DAY, "The call's date in its anchor zone.", required=True), _TZ, _SERIES),
            _when,
            "When",
            may_be_missing=True,
        ),
        Route("/api/shifts", "Runs of calls at the same local time.", (_FROM, _UNTIL, _TZ, _FOR, _SERIES), _shifts, "Shifts"),
        Route(
            "/api/deadlines",
            "What is due, and the calls left before it.",
            (
                Parameter("within", LENGTH, "Only those due within this time."),
                Parameter("all", FLAG, "Also those that are over.", default=False),
            ),
            _deadlines,
            "Deadlines",
        ),
        Route(
            "/api/occurrences",
            "All calls of a range, cancelled ones included.",
            (_FROM, _UNTIL, _SERIES),
            _occurrences,
            "Occurrences",
        ),
    )
}
