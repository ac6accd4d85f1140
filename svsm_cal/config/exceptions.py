"""A series' exceptions: each matched to the one instance it means, or an error that names the nearest."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from svsm_cal.config.values import Problem, details_of
from svsm_cal.core.civil import LocalDateTime, midnight, weekday_name
from svsm_cal.core.model import Addition, Override, Series, Status
from svsm_cal.core.segments import Segment

if TYPE_CHECKING:
    from svsm_cal.config.positions import Path
    from svsm_cal.config.tables import Row

__all__ = ["read_exceptions"]

_DAY = timedelta(days=1)
_STATUS = {"cancel": Status.CANCELLED, "move": Status.MOVED, "change": Status.CONFIRMED}


def read_exceptions(series: Series, row: Row) -> tuple[tuple[Override, ...], tuple[Addition, ...], list[Problem]]:
    """Return a series' overrides and added calls, in time order, and the problems of their entries."""
    label = row.label
    stretches = series.segments
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
    from svsm_cal.words.phrases import rule_days

    if at < midnight(series.start.date()):
        return f"the first call is on {series.start.date()}"
    rules = [series.rule, *(step.rule for step in series.steps if step.rule and step.date <= at.date())]
    return (
        f"the call is {rule_days(rules[-1])}"
        if rules[-1]
        else f"the series has no rule or repeat, only a call on {series.start.date()}"
    )


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
