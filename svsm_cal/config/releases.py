"""Reading a release's milestones: planned dates, which may be relative to each other, and actual dates."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from svsm_cal.config.tables import nearest
from svsm_cal.config.values import Problem
from svsm_cal.core.milestones import Milestone

if TYPE_CHECKING:
    from svsm_cal.config.positions import Path
    from svsm_cal.config.tables import Row


def read_milestones(rows: list[Row], label: str) -> tuple[tuple[Milestone, ...], list[Problem]]:
    """Return the milestones with relative dates resolved, in file order, and the problems found."""
    problems: list[Problem] = []
    by_id: dict[str, Row] = {}
    for row in rows:
        if not row.complete:
            continue
        if row.values["id"] in by_id:
            message = f'{label}: milestone "{row.values["id"]}" is declared twice'
            problems.append(Problem((*row.path, "id"), "duplicate-id", message, "give each milestone its own id"))
        else:
            by_id[row.values["id"]] = row
    planned: dict[str, date | None] = {}
    for row in by_id.values():
        problems += _form_problems(row.values, row.path, label) if row.clean else []
        base = row.values.get("after")
        if base is not None and base not in by_id and all(other.complete for other in rows):
            message = f'{label}: milestone "{row.values["id"]}" is after "{base}", which is not a milestone of this release'
            hint = nearest(base, by_id) or f"one of {', '.join(by_id)}"
            problems.append(Problem((*row.path, "after"), "milestone-unknown", message, hint))
        _plan(row.values["id"], by_id, planned, label, problems)
    milestones = [
        Milestone(name, row.values.get("title", name), planned[name], row.values.get("actual"), row.values.get("remind", ()))
        for name, row in by_id.items()
    ]
    problems += _order_problems(milestones, by_id, label)
    return tuple(milestones), problems


def _form_problems(values: dict[str, Any], path: Path, label: str) -> list[Problem]:
    name = f'{label}: milestone "{values["id"]}"'
    if "date" in values and "after" in values:
        return [Problem((*path, "after"), "milestone-dates", f"{name} has both a date and an after", "keep one")]
    if "offset" in values and "after" not in values:
        return [Problem((*path, "offset"), "milestone-dates", f"{name} has an offset but no after", 'after = "..."')]
    if "after" in values and "offset" not in values:
        return [Problem((*path, "after"), "milestone-dates", f"{name} has an after but no offset", 'offset = "1w"')]
    if not {"date", "after", "actual"} & set(values):
        return [Problem((*path, "id"), "milestone-dates", f"{name} has no date", "date = 2025-03-11")]
    if values.get("offset") is not None and values["offset"].seconds:
        return [
            Problem((*path, "offset"), "milestone-offset", f"{name}: the offset is not a whole number of days", 'offset = "1w"')
        ]
    return []


def _plan(id: str, by_id: dict[str, Row], planned: dict[str, date | None], label: str, problems: list[Problem]) -> None:
    """Add the planned date of a milestone, and of those it depends on, to `planned`; None for an unknown date."""
    chain: list[str] = []
    at = id
    while at not in planned and at in by_id and at not in chain and "date" not in by_id[at].values:
        chain.append(at)
        at = by_id[at].values.get("after", "")
    if at in chain:
        cycle = chain[chain.index(at) :]
        first = min(cycle, key=list(by_id).index)
        begin = cycle.index(first)
        shown = " -> ".join([*cycle[begin:], *cycle[:begin], first])
        message = f"{label}: milestones {shown} depend on each other"
        problems.append(Problem((*by_id[first].path, "after"), "milestone-circular", message, "give one of them a date"))
        planned |= dict.fromkeys(chain)
        return
    if at in by_id and at not in planned:
        planned[at] = by_id[at].values.get("date")
    for milestone in reversed(chain):
        values = by_id[milestone].values
        base = values.get("after", "")
        # A milestone without a planned date counts from its actual one.
        start = planned.get(base) or (by_id[base].values.get("actual") if base in by_id else None)
        planned[milestone] = _later(start, values.get("offset"))


def _later(base: date | None, offset: timedelta | None) -> date | None:
    if base is None or offset is None or base.toordinal() + offset.days > date.max.toordinal():
        return None
    return date.fromordinal(base.toordinal() + offset.days)


def _order_problems(milestones: list[Milestone], by_id: dict[str, Row], label: str) -> list[Problem]:
    """Return a problem for each date out of order and, if there is none, for the first plan that actual dates contradict."""
    problems = []
    for what, code in (("planned", "milestone-order"), ("actual", "actual-contradiction")):
        dated = [(milestone, getattr(milestone, what)) for milestone in milestones if getattr(milestone, what) is not None]
        for (before, earlier), (milestone, day) in pairwise(dated):
            if day < earlier:
                row = by_id[milestone.id]
                key = "actual" if what == "actual" else "date" if "date" in row.values else "offset"
                message = f'{label}: milestone "{milestone.id}" {what} {day} is before "{before.id}" ({earlier})'
                problems.append(Problem((*row.path, key), code, message, "milestones in the order they happen"))
    if problems:
        return problems
    last = next((number for number in range(len(milestones) - 1, -1, -1) if milestones[number].actual), 0)
    for milestone in milestones[:last]:
        latest = milestones[last].actual
        if milestone.actual is None and milestone.planned and latest and milestone.planned > latest:
            row = by_id[milestone.id]
            message = (
                f'{label}: milestone "{milestone.id}" is planned for {milestone.planned}, '
                f'but the later "{milestones[last].id}" happened on {latest}'
            )
            key = "date" if "date" in row.values else "after"
            return [Problem((*row.path, key), "actual-contradiction", message, "write its actual date, or remove it")]
    return []
