"""Events of others: what each must have, whether its times go together, and whether exceptions meet their series."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from svsm_cal.ical.content import Component, Property
from svsm_cal.ical.lint_rules import Repetition, kind_of, read_rule, text_of
from svsm_cal.ical.moments import Moment, duration_seconds, moments_of
from svsm_cal.value import Value, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from svsm_cal.ical.lint_codes import Report
    from svsm_cal.ical.lint_zones import Clocks

__all__ = ["CALLS", "Call", "check_series", "latest_of", "read_call"]

_DAY = 86400
_FOREVER = 1 << 40
# Component -> the property its end is in.
CALLS = {"VEVENT": "DTEND", "VTODO": "DUE", "VJOURNAL": ""}
_TIMES = ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "EXDATE", "RDATE")
_STAMPS = ("DTSTAMP", "LAST-MODIFIED", "CREATED")
_ONCE = (
    *("UID", "DTSTAMP", "LAST-MODIFIED", "CREATED", "DTSTART", "DTEND", "DUE", "DURATION", "RECURRENCE-ID", "SEQUENCE"),
    *("STATUS", "SUMMARY", "LOCATION", "ORGANIZER", "URL", "CLASS", "TRANSP"),
)
# In an answer or a cancellation a time need not stand (RFC 5546 section 3.2).
_TIMELESS = {"CANCEL", "REPLY", "REFRESH", "DECLINECOUNTER"}

Told = tuple[Property, Moment]


class Call(Value):
    """A VEVENT, VTODO or VJOURNAL with its times as they are told, and its rule begun at its DTSTART."""

    component: Component
    times: Mapping[str, Sequence[Told]]
    repetition: Repetition | None = None

    @property
    def start(self) -> Moment | None:
        """Return DTSTART, None when it is missing or unreadable."""
        return _first(self.times, "DTSTART")

    @property
    def recurrence(self) -> Moment | None:
        """Return RECURRENCE-ID, None when it is missing or unreadable."""
        return _first(self.times, "RECURRENCE-ID")

    @cached_property
    def uid(self) -> str:
        """Return the UID."""
        return self.component.text("UID")

    def has(self, moment: Moment, clocks: Clocks) -> bool:
        """Whether a time on the clock of DTSTART is an instance of the series; True where that cannot be known."""
        if self.start is None or moment.wall == self.start.wall:
            return True
        if self.repetition is None and "RRULE" in self.component.by_name:
            return True
        if self.repetition is not None and (not self.repetition.countable or self.repetition.has(moment.wall, clocks)):
            return True
        added = self.times.get("RDATE", ())
        return bool(added) and clocks.instant(moment) in {clocks.instant(each) for _, each in added}


def _first(times: Mapping[str, Sequence[Told]], name: str) -> Moment | None:
    found = times.get(name)
    return found[0][1] if found else None


def latest_of(calls: Iterable[Call], clocks: Clocks) -> int:
    """Return the last instant that calls begin at for the first time, or were written at."""
    found = (clocks.instant(told[0][1]) for call in calls for name, told in call.times.items() if name in (*_STAMPS, "DTSTART"))
    return max(found, default=0)


def read_call(component: Component, method: str, clocks: Clocks, report: Report) -> Call:
    """Return a component as a Call, and note what is wrong with it alone."""
    times = _read_times(component, clocks, report)
    name = component.name
    for needed, code in (("UID", "missing-uid"), ("DTSTAMP", "missing-dtstamp")):
        if needed not in component.by_name:
            report.note(code, component, name=name)
    if name == "VEVENT" and "DTSTART" not in component.by_name and method not in _TIMELESS:
        report.note("missing-dtstart", component, name=name)
    if len(component.by_name) < len(component.properties):
        for each in _ONCE:
            if len(component.all(each)) > 1:
                report.note("repeated-property", component.all(each)[1], name=each)
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


def _read_times(component: Component, clocks: Clocks, report: Report) -> dict[str, list[Told]]:
    times: dict[str, list[Told]] = {}
    by_name = component.by_name
    for name in (*_TIMES, *_STAMPS):
        for given in by_name.get(name, ()):
            if given.params:
                clocks.use(given)
            try:
                found = moments_of(given)
            except ValueError as error:
                report.note("bad-value", given, name=name, value=given.value, what=error)
                continue
            if name in _STAMPS:
                if found[0].form != "utc":
                    report.note("stamp-not-utc", given, name=name)
            elif "TZID" in given.params and any(each.form != "zoned" for each in found):
                report.note("tzid-misplaced", given, name=name)
            times.setdefault(name, []).extend([(given, each) for each in found])
    return times


def _check_span(component: Component, start: Moment, end: Moment | None, clocks: Clocks, report: Report) -> None:
    """Note what is wrong with DTEND or DURATION (RFC 5545 sections 3.6.1, 3.8.2.2 and 3.8.2.5)."""
    name = CALLS[component.name]
    duration, ends = component.first("DURATION"), component.first(name)
    if duration is not None and ends is not None:
        report.note("end-and-duration", max(duration, ends, key=lambda each: each.line), name=name)
    elif ends is not None and end is not None:
        kinds = [each.form if each.form in {"date", "floating"} else "time" for each in (start, end)]
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
    """Tell the clocks from when to when the call is told on them."""
    start = call.start
    for told in (call.times.get(name, ()) for name in ("DTSTART", "RDATE")):
        for _, each in told:
            if each.form == "zoned":
                at = clocks.instant(each)
                clocks.span(each.zone, at, at)
    if start is not None and start.form == "zoned" and call.repetition is not None:
        rule = call.repetition
        last = _FOREVER if rule.last is None else clocks.instant(replace(start, wall=rule.last))
        clocks.span(start.zone, clocks.instant(start), last if rule.last_instant is None else rule.last_instant)


def check_series(calls: Sequence[Call], clocks: Clocks, report: Report) -> None:
    """Note what is wrong among components of one UID: two of the same, exceptions that meet nothing."""
    series: dict[str, list[Call]] = {}
    for call in calls:
        if call.uid:
            series.setdefault(call.uid, []).append(call)
        _check_exdates(call, clocks, report)
    for uid, same in series.items():
        if len(same) == 1 and "RECURRENCE-ID" not in same[0].component.by_name:
            continue
        masters = [each for each in same if "RECURRENCE-ID" not in each.component.by_name]
        for each in masters[1:]:
            report.note("duplicate-uid", each.component, uid=uid, first=masters[0].component.line)
        seen: dict[Moment, Call] = {}
        for each in same:
            if each.recurrence is None:
                continue
            if each.recurrence in seen:
                report.note("duplicate-instance", each.component, first=seen[each.recurrence].component.line)
            seen.setdefault(each.recurrence, each)
            if masters:
                _check_override(each, each.recurrence, masters[0], clocks, report)
            else:
                report.note("override-without-master", each.times["RECURRENCE-ID"][0][0], uid=uid)


def _check_exdates(call: Call, clocks: Clocks, report: Report) -> None:
    start = call.start
    if start is None:
        return
    for given, moment in call.times.get("EXDATE", ()):
        if (moment.form == "date") != (start.form == "date"):
            report.note("exdate-type", given, given=kind_of(moment), start=kind_of(start))
            continue
        meant = moment
        if (moment.form, moment.zone) != (start.form, start.zone):
            meant = replace(start, wall=clocks.wall(clocks.instant(moment), start))
        if not call.has(meant, clocks):
            report.note("exdate-no-instance", given, value=text_of(moment.wall, moment), better=_nearest(call, meant))
        elif meant is not moment:
            report.note("exdate-zone", given, given=kind_of(moment), start=kind_of(start))


def _check_override(call: Call, recurrence: Moment, master: Call, clocks: Clocks, report: Report) -> None:
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
        excluded = next((each for each, moment in master.times.get("EXDATE", ()) if moment == recurrence), None)
        if excluded is not None and call.component.text("STATUS").upper() == "CANCELLED":
            report.note("cancelled-and-excluded", given, first=excluded.line)
        elif excluded is not None:
            report.note("override-excluded", given, value=value, first=excluded.line)


def _nearest(call: Call, moment: Moment) -> str:
    """Return what may have been meant: the instance of that day, if there is one."""
    midnight = moment.wall // _DAY * _DAY
    found = call.repetition.from_(midnight) if call.repetition is not None else None
    if found is None or found >= midnight + _DAY or found == moment.wall:
        return "leave it out, or name a day of the series"
    return f"that day's is {text_of(found, moment)}"
