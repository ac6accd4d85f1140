"""A series with its rule and what changes from a date on; its exceptions are `svsm_cal.config.exceptions`' matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.config.exceptions import read_exceptions
from svsm_cal.config.values import details_of
from svsm_cal.core.civil import weekday_name
from svsm_cal.core.model import Series, Step
from svsm_cal.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svsm_cal.config.people import People
    from svsm_cal.config.tables import Row, Tables
    from svsm_cal.core.rrule import RecurrenceRule
    from svsm_cal.core.zones import Zone

__all__ = ["read_series"]


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
    begun = {segment.begin for segment in series.segments}
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
