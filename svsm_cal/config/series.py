"""A series: its rule, what changes from a date on, and its exceptions, each matched to the one instance it names."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from svsm_cal.config.values import Problem, details_of
from svsm_cal.core.model import Addition, Override, Series, Status, Step
from svsm_cal.core.segments import Segment, segments_of
from svsm_cal.engine.civil import WEEKDAYS, LocalDateTime, midnight, weekday_name
from svsm_cal.engine.rrule import Frequency, RecurrenceRule
from svsm_cal.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svsm_cal.config.people import People
    from svsm_cal.config.positions import Path
    from svsm_cal.config.tables import Row, Tables
    from svsm_cal.engine.zones import Zone

__all__ = ["read_exceptions", "read_series"]

_DAY = timedelta(days=1)
_STATUS = {"cancel": Status.CANCELLED, "move": Status.MOVED, "change": Status.CONFIRMED}


def read_exceptions(series: Series, row: Row) -> tuple[tuple[Override, ...], tuple[Addition, ...], list[Problem]]:
    """Return a series' overrides and added calls, in time order, and the problems of their entries."""
    label = row.label
    stretches = segments_of(series)
    problems: list[Problem] = []
    found: dict[LocalDateTime, tuple[Override, Path, str]] = {}
    for kind, status in _STATUS.items():
        for entry in row.rows(kind):
            values, place = entry.values, (*entry.path, "date")
            start = _instance(series, stretches, values["date"], kind, place, label, problems) if entry.whole else None
            if start is None:
                continue
            if start in found:
                message = f"{label}: {kind} date {values['date']} is already the date of a {found[start][2]}"
                hint = "one entry for each call; a move can also name another chair or link"
                problems.append(Problem(place, "exception-duplicate", message, hint))
                continue
            if kind == "change" and entry.clean and set(values) <= {"date"}:
                message = f"{label}: change of {values['date']} changes nothing"
                problems.append(Problem(place, "exception-empty", message, "a chair, url, title, reason, ..."))
                continue
            override = Override(start, status, values.get("to"), values.get("duration"), values.get("reason"), details_of(values))
            found[start] = (override, entry.path, kind)
    additions = [
        (Addition(values["start"], values.get("duration"), values.get("reason"), details_of(values)), entry.path)
        for entry in row.rows("add")
        if entry.whole
        for values in (entry.values,)
    ]
    problems += _clashes(series, stretches, found, additions, label)
    overrides = tuple(override for _, (override, _, _) in sorted(found.items()))
    return overrides, tuple(sorted((each for each, _ in additions), key=lambda each: each.start)), problems


def _instance(
    series: Series, stretches: tuple[Segment, ...], when: date, kind: str, place: Path, label: str, problems: list[Problem]
) -> LocalDateTime | None:
    """Return the original start that an entry's date means, after noting a problem if it means none or several."""
    timed = isinstance(when, datetime)
    begin = LocalDateTime(when) if isinstance(when, datetime) else midnight(when)
    end = LocalDateTime(begin + (timedelta(seconds=1) if timed else _DAY)) if begin.year < 9999 else begin
    starts = sorted(start for segment in stretches for start in segment.starts(begin, end))
    if len(starts) == 1:
        return starts[0]
    shown = when.isoformat()
    if starts:
        message = f"{label}: {kind} date {shown} has {len(starts)} calls"
        hint = " or ".join(start.isoformat() for start in starts[:4])
        problems.append(Problem(place, "exception-ambiguous", message, hint))
        return None
    nearest = _nearest(stretches, begin)
    message = f"{label}: {kind} date {shown} is a {weekday_name(when)}; {_when_the_call_is(series, begin)}"
    hint = "" if nearest is None else nearest.isoformat() if timed else nearest.date().isoformat()
    problems.append(Problem(place, "exception-unmatched", message, hint))
    return None


def _nearest(stretches: tuple[Segment, ...], to: LocalDateTime) -> LocalDateTime | None:
    for days in (8, 40, 400, 4000):
        reach = timedelta(days=days)
        low = LocalDateTime(to - reach) if to.toordinal() > days else LocalDateTime(datetime.min)
        high = LocalDateTime(to + reach) if datetime.max.toordinal() - to.toordinal() > days else LocalDateTime(datetime.max)
        near = [start for segment in stretches for start in segment.starts(low, high)]
        if near:
            return min(near, key=lambda start: (abs(start - to), start))
    return min((segment.start for segment in stretches), key=lambda start: abs(start - to), default=None)


def _when_the_call_is(series: Series, at: LocalDateTime) -> str:
    if at < midnight(series.start.date()):
        return f"the first call is on {series.start.date()}"
    rules = [series.rule, *(step.rule for step in series.steps if step.rule and step.date <= at.date())]
    return (
        f"the call is {_rule_days(rules[-1])}"
        if rules[-1]
        else f"the series has no rule or repeat, only a call on {series.start.date()}"
    )


def _rule_days(rule: RecurrenceRule) -> str:
    from svsm_cal.words import ENGLISH

    plain = not (rule.by_month or rule.by_month_day or rule.by_week_no or rule.by_year_day or rule.by_set_pos)
    if rule.freq is Frequency.WEEKLY and rule.interval == 1 and rule.by_day and plain:
        return f"on {ENGLISH.listed([f'{WEEKDAYS[each.weekday]}s' for each in rule.by_day])}"
    return ENGLISH.rule(rule)


def _clashes(
    series: Series,
    stretches: tuple[Segment, ...],
    found: dict[LocalDateTime, tuple[Override, Path, str]],
    additions: list[tuple[Addition, Path]],
    label: str,
) -> list[Problem]:
    """Return a problem for each moved or added call that overlaps another call of its series."""
    problems = []
    taken: list[tuple[LocalDateTime, timedelta, str]] = []
    newcomers: list[tuple[LocalDateTime, timedelta, Path, str, LocalDateTime | None]] = [
        (override.start, override.duration or series.duration, (*path, "to"), f"move to {override.start.isoformat()}", start)
        for start, (override, path, _) in found.items()
        if override.start is not None
    ]
    newcomers += [
        (each.start, each.duration or series.duration, (*path, "start"), f"added call {each.start.isoformat()}", None)
        for each, path in additions
    ]
    for start, duration, path, what, origin in newcomers:
        if origin == start:
            problems.append(
                Problem(path, "move-nowhere", f"{label}: {what} is where it was", "another time, or a change instead")
            )
            continue
        end = start + duration
        longest = max(duration, *(length for segment in stretches for _, length in segment.durations))
        regular = [
            (other, segment.duration_on(other.date()))
            for segment in stretches
            for other in segment.starts(LocalDateTime(start - longest), LocalDateTime(end))
            if other != origin and (other not in found or found[other][0].status is Status.CONFIRMED)
        ]
        others = [*regular, *((other, length) for other, length, _ in taken)]
        clash = next((other for other, length in sorted(others) if other < end and start < other + length), None)
        if clash is not None:
            message = f"{label}: {what} falls onto the call of {clash.isoformat()}"
            problems.append(Problem(path, "move-collides", message, "a time without a call"))
        taken.append((start, duration, what))
    return problems


def read_series(rows: list[Row], tables: Tables, people: People, *, zone: Zone, domain: str) -> Iterator[Series]:
    """Yield the series, on the calendar's `zone` where they name none; their problems go to `tables`."""
    for row in rows:
        values = row.values
        if not tables.unique("series", row):
            continue
        people.check_chair(row, row.label)
        attendees = people.attendees(row)
        rule, sound = _rule(row, tables, row.label)
        # A title that is missing is no reason to be silent about dates; a start or a rule that is wrong is.
        if not sound or not {"id", "start", "duration"} <= values.keys():
            continue
        series = Series(
            values["id"],
            domain,
            values.get("zone") or zone,
            values["start"],
            values["duration"],
            details_of(values),
            rule,
            attendees,
            lists=values.get("lists", ()),
        )
        if rule is not None and not _starts_on_rule(series, rule, row, tables):
            continue
        series = replace(series, steps=tuple(_steps(row, series, tables, people)))
        _check_steps_have_calls(row, series, tables)
        for key in ("move", "change", "add"):
            for each in row.rows(key):
                people.check_chair(each, row.label)
        overrides, additions, problems = read_exceptions(series, row)
        tables.problems += problems
        chairs = people.chairs(series.details, *(step.details for step in series.steps))
        yield replace(series, overrides=overrides, additions=additions, chairs=chairs)


def _rule(row: Row, tables: Tables, label: str) -> tuple[RecurrenceRule | None, bool]:
    """Return a row's rule, and whether it can be relied on."""
    if "rule" in row.values and "repeat" in row.values:
        tables.error((*row.path, "repeat"), "rule-and-repeat", f"{label}: rule and repeat exclude each other", "keep one")
        return None, False
    return row.values.get("rule") or row.values.get("repeat"), not tables.wrong(row.path, "rule", "repeat")


def _starts_on_rule(series: Series, rule: RecurrenceRule, row: Row, tables: Tables) -> bool:
    start = series.start
    first = rule.after(start, start, inclusive=True)
    if first == start:
        return True
    place = (*row.path, "rule" if "rule" in row.values else "repeat")
    if rule.until is not None and replace(rule, until=None).after(start, start, inclusive=True) == start:
        message = f"{row.label}: the rule ends at {rule.until.isoformat()}, before it starts at {start.isoformat()}"
        tables.error(place, "rule-ends-before-start", message, "an UNTIL after start")
    elif first is None:
        message = f"{row.label}: the rule {rule} never gives a call from start on"
        tables.error(place, "rule-never", message, "check its days and months")
    else:
        message = f"{row.label}: start {start.isoformat()} is a {weekday_name(start)} and off the rule {rule}"
        tables.error((*row.path, "start"), "start-off-rule", message, f"start = {first.isoformat()}")
    return False


def _check_steps_have_calls(row: Row, series: Series, tables: Tables) -> None:
    """Note an error for each `from` entry with a time or rule of its own under which no call is left."""
    begun = {segment.begin for segment in segments_of(series)}
    places = {each.values.get("date"): each.path for each in row.rows("from")}
    for step in series.steps:
        if step.retimes and step.date not in begun:
            message = f"{row.label}: there is no call from {step.date} on"
            tables.error((*places[step.date], "date"), "from-without-calls", message, "check its rule, and the rule's end")
            return


def _steps(row: Row, series: Series, tables: Tables, people: People) -> Iterator[Step]:
    """Yield a series' `from` entries that can stand."""
    previous, current = series.start.date(), series.rule
    for each in row.rows("from"):
        people.check_chair(each, row.label)
        rule, sound = _rule(each, tables, row.label)
        if not each.whole:
            continue
        values = each.values
        day = values["date"]
        place = (*each.path, "date")
        step = Step(
            day,
            values.get("start"),
            values.get("zone"),
            rule,
            values.get("duration"),
            values.get("reason"),
            details_of(values),
        )
        if day <= previous:
            what = "the series' start" if previous == series.start.date() else "the one before"
            message = f"{row.label}: from {day} is not after {what} ({previous})"
            tables.error(place, "from-out-of-order", message, "dates in ascending order, after start")
        elif sound and each.clean and set(values) <= {"date", "reason"}:
            tables.error(
                place, "from-changes-nothing", f"{row.label}: from {day} changes nothing", "a zone, start, rule, url ..."
            )
        elif step.retimes and (rule or current) is None:
            message = f"{row.label}: a single call has nothing to change from {day} on"
            tables.error(place, "from-without-rule", message, "move it instead")
        elif step.retimes and current is not None and current.count is not None:
            message = f"{row.label}: a rule with COUNT cannot change its time from {day} on"
            tables.error(place, "from-with-count", message, "write UNTIL instead of COUNT")
        elif step.start is not None and (rule or current).by_hour:  # type: ignore[union-attr]  # retimes: there is a rule
            message = f"{row.label}: from {day} has a start, but the rule's BYHOUR says when calls are"
            tables.error((*each.path, "start"), "from-start-and-byhour", message, "a rule with another BYHOUR")
        elif sound:
            current = rule or current
            yield step
        previous = max(previous, day)
