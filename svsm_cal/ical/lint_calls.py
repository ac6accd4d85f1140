"""Lint of components with times: required properties, consistent times, and exceptions that match their series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.ical.content import Component, Property
from svsm_cal.ical.lint_rules import Repetition, kind_of, read_rule, text_of
from svsm_cal.ical.value_types import TimeValue, duration_seconds, time_values
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from svsm_cal.ical.lint_codes import Report
    from svsm_cal.ical.lint_zones import Clocks

_DAY = 86400
_FOREVER = 1 << 40
# Component -> the property of its end.
CALLS = {"VEVENT": "DTEND", "VTODO": "DUE", "VJOURNAL": ""}
_TIMES = ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "EXDATE", "RDATE")
_STAMPS = ("DTSTAMP", "LAST-MODIFIED", "CREATED")
_ONCE = (
    *("UID", "DTSTAMP", "LAST-MODIFIED", "CREATED", "DTSTART", "DTEND", "DUE", "DURATION", "RECURRENCE-ID", "SEQUENCE"),
    *("STATUS", "SUMMARY", "LOCATION", "ORGANIZER", "URL", "CLASS", "TRANSP"),
)
# Methods that do not require DTSTART (RFC 5546 section 3.2).
_TIMELESS = {"CANCEL", "REPLY", "REFRESH", "DECLINECOUNTER"}

Dated = tuple[Property, TimeValue]


class Call(Value):
    """A VEVENT, VTODO or VJOURNAL with its times by property name, and its rule."""

    component: Component
    times: Mapping[str, Sequence[Dated]]
    repetition: Repetition | None = None

    @property
    def start(self) -> TimeValue | None:
        """Return DTSTART, None if it is missing or unreadable."""
        return _first(self.times, "DTSTART")

    @property
    def recurrence(self) -> TimeValue | None:
        """Return RECURRENCE-ID, None if it is missing or unreadable."""
        return _first(self.times, "RECURRENCE-ID")

    def has(self, time: TimeValue, clocks: Clocks) -> bool:
        """Whether a time in the zone of DTSTART is an instance of the series; True if that cannot be decided."""
        if self.start is None or time.wall == self.start.wall:
            return True
        if self.repetition is None and "RRULE" in self.component.by_name:
            return True
        if self.repetition is not None and (not self.repetition.countable or self.repetition.has(time.wall, clocks)):
            return True
        added = self.times.get("RDATE", ())
        return bool(added) and clocks.instant(time) in {clocks.instant(date) for _, date in added}


def _first(times: Mapping[str, Sequence[Dated]], name: str) -> TimeValue | None:
    return times[name][0][1] if name in times else None


def latest_of(calls: Iterable[Call], clocks: Clocks) -> int:
    """Return the latest instant, in epoch seconds, of all DTSTARTs and of all stamps such as DTSTAMP."""
    times = (time for call in calls for name in (*_STAMPS, "DTSTART") if (time := _first(call.times, name)) is not None)
    return max(map(clocks.instant, times), default=0)


def read_call(component: Component, method: str, clocks: Clocks, report: Report) -> Call:
    """Check a component by itself and return it as a Call."""
    times = _read_times(component, clocks, report)
    name = component.name
    for needed, code in (("UID", "missing-uid"), ("DTSTAMP", "missing-dtstamp")):
        if needed not in component.by_name:
            report.note(code, component, name=name)
    if name == "VEVENT" and "DTSTART" not in component.by_name and method not in _TIMELESS:
        report.note("missing-dtstart", component, name=name)
    if len(component.by_name) < len(component.properties):
        for once in _ONCE:
            if len(component.all(once)) > 1:
                report.note("repeated-property", component.all(once)[1], name=once)
    start = _first(times, "DTSTART")
    if start is not None:
        _check_span(component, start, _first(times, CALLS[name]), clocks, report)
        if start.form == "floating":
            report.note("floating-time", component.all("DTSTART")[0])
    rules = component.all("RRULE")
    if len(rules) > 1:
        report.note("several-rules", rules[1])
    repetition = read_rule(rules[0], start, clocks, report) if rules else None
    if "RDATE" in component.by_name and not rules:
        report.note("rdate-without-rule", component.all("RDATE")[0])
    call = Call(component, times, repetition)
    _note_span(call, clocks)
    return call


def _read_times(component: Component, clocks: Clocks, report: Report) -> dict[str, list[Dated]]:
    times: dict[str, list[Dated]] = {}
    for name in (*_TIMES, *_STAMPS):
        for given in component.all(name):
            if given.params:
                clocks.use(given)
            try:
                values = time_values(given)
            except ValueError as error:
                report.note("bad-value", given, name=name, value=given.value, what=error)
                continue
            if name in _STAMPS:
                if values[0].form != "utc":
                    report.note("stamp-not-utc", given, name=name)
            elif "TZID" in given.params and any(value.form != "zoned" for value in values):
                report.note("tzid-misplaced", given, name=name)
            times.setdefault(name, []).extend((given, value) for value in values)
    return times


def _check_span(component: Component, start: TimeValue, end: TimeValue | None, clocks: Clocks, report: Report) -> None:
    """Check DTEND, DUE or DURATION (RFC 5545 sections 3.6.1, 3.8.2.2 and 3.8.2.5)."""
    name = CALLS[component.name]
    duration, ends = component.first("DURATION"), component.first(name)
    if duration is not None and ends is not None:
        report.note("end-and-duration", max(duration, ends, key=lambda given: given.line), name=name)
    elif ends is not None and end is not None:
        kinds = [time.form if time.form in {"date", "floating"} else "time" for time in (start, end)]
        if kinds[0] != kinds[1]:
            report.note("end-type", ends, name=name, end=kind_of(end), start=kind_of(start))
        elif clocks.instant(end) <= clocks.instant(start):
            report.note("end-not-after-start", ends, name=name)
    elif duration is not None:
        try:
            length = duration_seconds(duration.value.strip())
        except ValueError as error:
            report.note("bad-value", duration, name="DURATION", value=duration.value, what=error)
            return
        if length <= 0:
            report.note("end-not-after-start", duration, name="DURATION")
        elif start.form == "date" and length % _DAY:
            report.note("end-type", duration, name="DURATION", end="a time of day", start=kind_of(start))


def _note_span(call: Call, clocks: Clocks) -> None:
    """Record in the clocks the period in which the call uses each zone."""
    start = call.start
    for _, time in (*call.times.get("DTSTART", ()), *call.times.get("RDATE", ())):
        if time.form == "zoned":
            at = clocks.instant(time)
            clocks.span(time.zone, at, at)
    if start is not None and start.form == "zoned" and call.repetition is not None:
        rule = call.repetition
        last = _FOREVER if rule.last is None else clocks.instant(replace(start, wall=rule.last))
        clocks.span(start.zone, clocks.instant(start), last if rule.last_instant is None else rule.last_instant)


def check_series(calls: Sequence[Call], clocks: Clocks, report: Report) -> None:
    """Check the components of each UID together: duplicates, and exceptions without an instance."""
    series: dict[str, list[Call]] = {}
    for call in calls:
        uid = call.component.text("UID")
        if uid:
            series.setdefault(uid, []).append(call)
        _check_exdates(call, clocks, report)
    for uid, same in series.items():
        masters = [call for call in same if "RECURRENCE-ID" not in call.component.by_name]
        for call in masters[1:]:
            report.note("duplicate-uid", call.component, uid=uid, first=masters[0].component.line)
        seen: dict[TimeValue, Call] = {}
        for call in same:
            if call.recurrence is None:
                continue
            if call.recurrence in seen:
                report.note("duplicate-instance", call.component, first=seen[call.recurrence].component.line)
            seen.setdefault(call.recurrence, call)
            if masters:
                _check_override(call, call.recurrence, masters[0], clocks, report)
            else:
                report.note("override-without-master", call.times["RECURRENCE-ID"][0][0], uid=uid)


def _check_exdates(call: Call, clocks: Clocks, report: Report) -> None:
    start = call.start
    if start is None:
        return
    for given, date in call.times.get("EXDATE", ()):
        if (date.form == "date") != (start.form == "date"):
            report.note("exdate-type", given, given=kind_of(date), start=kind_of(start))
            continue
        meant = date
        if (date.form, date.zone) != (start.form, start.zone):
            meant = replace(start, wall=clocks.wall(clocks.instant(date), start))
        if not call.has(meant, clocks):
            report.note("exdate-no-instance", given, value=text_of(date.wall, date), better=_nearest(call, meant))
        elif meant is not date:
            report.note("exdate-zone", given, given=kind_of(date), start=kind_of(start))


def _check_override(call: Call, recurrence: TimeValue, master: Call, clocks: Clocks, report: Report) -> None:
    given, start = call.times["RECURRENCE-ID"][0][0], master.start
    if start is None:
        return
    value, first = text_of(recurrence.wall, recurrence), master.component.line
    if (recurrence.form == "date") != (start.form == "date"):
        report.note("override-type", given, given=kind_of(recurrence), start=kind_of(start))
    elif (recurrence.form, recurrence.zone) != (start.form, start.zone):
        report.note("override-zone", given, given=kind_of(recurrence), start=kind_of(start))
    elif not master.has(recurrence, clocks):
        report.note("override-no-instance", given, value=value, first=first, better=_nearest(master, recurrence))
    else:
        excluded = next((exdate for exdate, date in master.times.get("EXDATE", ()) if date == recurrence), None)
        if excluded is not None and call.component.text("STATUS").upper() == "CANCELLED":
            report.note("cancelled-and-excluded", given, first=excluded.line)
        elif excluded is not None:
            report.note("override-excluded", given, value=value, first=excluded.line)


def _nearest(call: Call, time: TimeValue) -> str:
    """Return a hint: the instance on the same day, if any."""
    midnight = time.wall // _DAY * _DAY
    instance = call.repetition.from_(midnight) if call.repetition is not None else None
    if instance is None or instance >= midnight + _DAY or instance == time.wall:
        return "leave it out, or name a day of the series"
    return f"that day's is {text_of(instance, time)}"
