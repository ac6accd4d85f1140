"""Reading a series: its rule, its `from` entries, and its exceptions, each matched to the instance it names."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from svsm_cal.config.values import Problem, details_of
from svsm_cal.core.model import Addition, Override, Series, Status, Step
from svsm_cal.core.segments import Segment, segments_of
from svsm_cal.engine.civil import WEEKDAYS, LocalDateTime, midnight, weekday_name
from svsm_cal.engine.rrule import RecurrenceRule
from svsm_cal.engine.rule_parts import Frequency
from svsm_cal.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svsm_cal.config.people import People
    from svsm_cal.config.positions import Path
    from svsm_cal.config.tables import Row, Tables
    from svsm_cal.engine.zones import Zone

_DAY = timedelta(days=1)
_STATUS = {"cancel": Status.CANCELLED, "move": Status.MOVED, "change": Status.CONFIRMED}


def _read_exceptions(series: Series, row: Row) -> tuple[tuple[Override, ...], tuple[Addition, ...], list[Problem]]:
    """Return a series' overrides and added calls, in time order, and the problems of their entries."""
    label = row.label
    segments = segments_of(series)
    problems: list[Problem] = []
    overrides: dict[LocalDateTime, tuple[Override, Path, str]] = {}
    for kind, status in _STATUS.items():
        for entry in row.rows(kind):
            values, place = entry.values, (*entry.path, "date")
            start = _instance(series, segments, values["date"], kind, place, label, problems) if entry.complete else None
            if start is None:
                continue
            if start in overrides:
                message = f"{label}: {kind} date {values['date']} is already the date of a {overrides[start][2]}"
                hint = "write one entry for each call; a move can also have another chair or link"
                problems.append(Problem(place, "exception-duplicate", message, hint))
                continue
            if kind == "change" and entry.clean and set(values) <= {"date"}:
                message = f"{label}: change of {values['date']} changes nothing"
                problems.append(Problem(place, "exception-empty", message, "a chair, url, title, reason, ..."))
                continue
            override = Override(start, status, values.get("to"), values.get("duration"), values.get("reason"), details_of(values))
            overrides[start] = (override, entry.path, kind)
    additions = []
    for entry in row.rows("add"):
        if entry.complete:
            values = entry.values
            added = Addition(values["start"], values.get("duration"), values.get("reason"), details_of(values))
            additions.append((added, entry.path))
    problems += _clashes(series, segments, overrides, additions, label)
    ordered = tuple(override for _, (override, _, _) in sorted(overrides.items()))
    return ordered, tuple(sorted((added for added, _ in additions), key=lambda added: added.start)), problems


def _instance(
    series: Series, segments: tuple[Segment, ...], when: date, kind: str, place: Path, label: str, problems: list[Problem]
) -> LocalDateTime | None:
    """Return the original start for an entry's date; reports a date with no call or with several."""
    timed = isinstance(when, datetime)
    begin = LocalDateTime(when) if isinstance(when, datetime) else midnight(when)
    end = LocalDateTime(begin + (timedelta(seconds=1) if timed else _DAY)) if begin.year < 9999 else begin
    starts = sorted(start for segment in segments for start in segment.starts(begin, end))
    if len(starts) == 1:
        return starts[0]
    shown = when.isoformat()
    if starts:
        message = f"{label}: {kind} date {shown} has {len(starts)} calls"
        hint = " or ".join(start.isoformat() for start in starts[:4])
        problems.append(Problem(place, "exception-ambiguous", message, hint))
        return None
    nearest = _nearest(segments, begin)
    message = f"{label}: {kind} date {shown} is a {weekday_name(when)}; {_when_the_call_is(series, begin)}"
    hint = "" if nearest is None else nearest.isoformat() if timed else nearest.date().isoformat()
    problems.append(Problem(place, "exception-unmatched", message, hint))
    return None


def _nearest(segments: tuple[Segment, ...], to: LocalDateTime) -> LocalDateTime | None:
    for days in (8, 40, 400, 4000):
        reach = timedelta(days=days)
        low = LocalDateTime(to - reach) if to.toordinal() > days else LocalDateTime(datetime.min)
        high = LocalDateTime(to + reach) if datetime.max.toordinal() - to.toordinal() > days else LocalDateTime(datetime.max)
        near = [start for segment in segments for start in segment.starts(low, high)]
        if near:
            return min(near, key=lambda start: (abs(start - to), start))
    return min((segment.start for segment in segments), key=lambda start: abs(start - to), default=None)


def _when_the_call_is(series: Series, at: LocalDateTime) -> str:
    if at < midnight(series.start.date()):
        return f"the first call is on {series.start.date()}"
    rule = next((step.rule for step in reversed(series.steps) if step.rule and step.date <= at.date()), series.rule)
    return f"the call is {_rule_days(rule)}" if rule else f"the series has no rule, only one call on {series.start.date()}"


def _rule_days(rule: RecurrenceRule) -> str:
    from svsm_cal.words import ENGLISH

    plain = not (rule.by_month or rule.by_month_day or rule.by_week_no or rule.by_year_day or rule.by_set_pos)
    if rule.freq is Frequency.WEEKLY and rule.interval == 1 and rule.by_day and plain:
        return f"on {ENGLISH.listed([f'{WEEKDAYS[each.weekday]}s' for each in rule.by_day])}"
    return ENGLISH.rule(rule)


def _clashes(
    series: Series,
    segments: tuple[Segment, ...],
    overrides: dict[LocalDateTime, tuple[Override, Path, str]],
    additions: list[tuple[Addition, Path]],
    label: str,
) -> list[Problem]:
    """Return a problem for each moved or added call that overlaps another call of its series."""
    problems = []
    taken: list[tuple[LocalDateTime, timedelta]] = []
    calls: list[tuple[LocalDateTime, timedelta, Path, str, LocalDateTime | None]] = [
        (override.start, override.duration or series.duration, (*path, "to"), f"move to {override.start.isoformat()}", start)
        for start, (override, path, _) in overrides.items()
        if override.start is not None
    ]
    calls += [
        (added.start, added.duration or series.duration, (*path, "start"), f"added call {added.start.isoformat()}", None)
        for added, path in additions
    ]
    for start, duration, path, what, original in calls:
        if original == start:
            message = f"{label}: {what} does not change the time"
            problems.append(Problem(path, "move-nowhere", message, "another time, or a change instead"))
            continue
        end = start + duration
        longest = max(duration, *(length for segment in segments for _, length in segment.durations))
        regular = [
            (other, segment.duration_on(other.date()))
            for segment in segments
            for other in segment.starts(LocalDateTime(start - longest), LocalDateTime(end))
            if other != original and (other not in overrides or overrides[other][0].status is Status.CONFIRMED)
        ]
        others = sorted([*regular, *taken])
        clash = next((other for other, length in others if other < end and start < other + length), None)
        if clash is not None:
            message = f"{label}: {what} overlaps the call of {clash.isoformat()}"
            problems.append(Problem(path, "move-collides", message, "a time without a call"))
        taken.append((start, duration))
    return problems


def read_series(rows: list[Row], tables: Tables, people: People, *, zone: Zone, domain: str) -> Iterator[Series]:
    """Yield the series; `zone` is the calendar's, used for a series without its own. Problems go to `tables`."""
    for row in rows:
        values = row.values
        if not tables.unique("series", row):
            continue
        people.check_chair(row, row.label)
        attendees = people.attendees(row)
        rule, valid = _rule(row, tables, row.label)
        # Dates can be checked without a title, but not without a valid start and rule.
        if not valid or not {"id", "start", "duration"} <= values.keys():
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
            for entry in row.rows(key):
                people.check_chair(entry, row.label)
        overrides, additions, problems = _read_exceptions(series, row)
        tables.problems += problems
        chairs = people.chairs(series.details, *(step.details for step in series.steps))
        yield replace(series, overrides=overrides, additions=additions, chairs=chairs)


def _rule(row: Row, tables: Tables, label: str) -> tuple[RecurrenceRule | None, bool]:
    """Return a row's rule, and whether it is free of errors."""
    if "rule" in row.values and "repeat" in row.values:
        tables.error((*row.path, "repeat"), "rule-and-repeat", f"{label}: rule and repeat exclude each other", "keep one")
        return None, False
    return row.values.get("rule") or row.values.get("repeat"), not tables.has_error(row.path, "rule", "repeat")


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
        message = f"{row.label}: the rule {rule} has no call on or after start"
        tables.error(place, "rule-never", message, "check its days and months")
    else:
        message = f"{row.label}: start {start.isoformat()} is a {weekday_name(start)} and does not match the rule {rule}"
        tables.error((*row.path, "start"), "start-off-rule", message, f"start = {first.isoformat()}")
    return False


def _check_steps_have_calls(row: Row, series: Series, tables: Tables) -> None:
    """Report the first `from` entry that changes the time or rule so that no call is left."""
    begins = {segment.begin for segment in segments_of(series)}
    places = {entry.values.get("date"): entry.path for entry in row.rows("from")}
    for step in series.steps:
        if step.retimes and step.date not in begins:
            message = f"{row.label}: there is no call from {step.date} on"
            tables.error((*places[step.date], "date"), "from-without-calls", message, "check its rule, and the rule's end")
            return


def _steps(row: Row, series: Series, tables: Tables, people: People) -> Iterator[Step]:
    """Yield a series' valid `from` entries."""
    previous, current = series.start.date(), series.rule
    for entry in row.rows("from"):
        people.check_chair(entry, row.label)
        rule, valid = _rule(entry, tables, row.label)
        if not entry.complete:
            continue
        values = entry.values
        day, place = values["date"], (*entry.path, "date")
        start, zone, duration, reason = (values.get(key) for key in ("start", "zone", "duration", "reason"))
        step = Step(day, start, zone, rule, duration, reason, details_of(values))
        if day <= previous:
            what = "the series' start" if previous == series.start.date() else "the one before"
            message = f"{row.label}: from {day} is not after {what} ({previous})"
            tables.error(place, "from-out-of-order", message, "dates in ascending order, after start")
        elif valid and entry.clean and set(values) <= {"date", "reason"}:
            message = f"{row.label}: from {day} changes nothing"
            tables.error(place, "from-changes-nothing", message, "a zone, start, rule, url ...")
        elif step.retimes and (rule or current) is None:
            message = f"{row.label}: a single call has no time to change from {day} on"
            tables.error(place, "from-without-rule", message, "move it instead")
        elif step.retimes and current is not None and current.count is not None:
            message = f"{row.label}: a rule with COUNT cannot change its time from {day} on"
            tables.error(place, "from-with-count", message, "write UNTIL instead of COUNT")
        elif step.start is not None and (rule or current).by_hour:  # type: ignore[union-attr]  # retimes: there is a rule
            message = f"{row.label}: from {day} has a start, but the rule's BYHOUR sets the time"
            tables.error((*entry.path, "start"), "from-start-and-byhour", message, "a rule with another BYHOUR")
        elif valid:
            current = rule or current
            yield step
        previous = max(previous, day)
