"""A release's milestones: dates planned relative to each other, and beside them what happened."""

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

__all__ = ["read_milestones"]


def read_milestones(rows: list[Row], label: str) -> tuple[tuple[Milestone, ...], list[Problem]]:
    """Return the milestones with relative dates worked out, in the file's order, and the problems found."""
    problems: list[Problem] = []
    by_id: dict[str, Row] = {}
    for row in rows:
        if not row.whole:
            continue
        if row.values["id"] in by_id:
            message = f'{label}: milestone "{row.values["id"]}" is declared twice'
            problems.append(Problem((*row.path, "id"), "duplicate-id", message, "give each an id of its own"))
        else:
            by_id[row.values["id"]] = row
    planned: dict[str, date | None] = {}
    for row in by_id.values():
        problems += _form_problems(row.values, row.path, label) if row.clean else []
        following = row.values.get("after")
        if following is not None and following not in by_id and all(each.whole for each in rows):
            message = f'{label}: milestone "{row.values["id"]}" is after "{following}", which is no milestone of it'
            problems.append(
                Problem(
                    (*row.path, "after"), "milestone-unknown", message, nearest(following, by_id) or f"one of {', '.join(by_id)}"
                )
            )
        _planned(row.values["id"], by_id, planned, label, problems)
    found = [
        Milestone(name, row.values.get("title", name), planned[name], row.values.get("actual"), row.values.get("remind", ()))
        for name, row in by_id.items()
    ]
    problems += _order_problems(found, by_id, label)
    return tuple(found), problems


def _form_problems(values: dict[str, Any], path: Path, label: str) -> list[Problem]:
    name = f'{label}: milestone "{values["id"]}"'
    if "date" in values and "after" in values:
        return [Problem((*path, "after"), "milestone-dates", f"{name} has both a date and an after", "keep one")]
    if "offset" in values and "after" not in values:
        return [Problem((*path, "offset"), "milestone-dates", f"{name} has an offset from nothing", 'after = "..."')]
    if "after" in values and "offset" not in values:
        return [Problem((*path, "after"), "milestone-dates", f"{name} does not say how long after", 'offset = "1w"')]
    if not {"date", "after", "actual"} & set(values):
        return [Problem((*path, "id"), "milestone-dates", f"{name} has no date", "date = 2025-03-11")]
    if values.get("offset") is not None and values["offset"].seconds:
        return [Problem((*path, "offset"), "milestone-offset", f"{name}: its offset is no whole number of days", 'offset = "1w"')]
    return []


def _planned(name: str, by_id: dict[str, Row], known: dict[str, date | None], label: str, problems: list[Problem]) -> date | None:
    """Return a milestone's planned date, working out those it hangs on; `known` has and takes what is worked out."""
    chain: list[str] = []
    at = name
    while at not in known and at in by_id and at not in chain and "date" not in by_id[at].values:
        chain.append(at)
        at = by_id[at].values.get("after", "")
    if at in chain:
        circle = chain[chain.index(at) :]
        first = min(circle, key=list(by_id).index)
        begin = circle.index(first)
        shown = " -> ".join([*circle[begin:], *circle[:begin], first])
        message = f"{label}: milestones {shown} wait for each other"
        problems.append(Problem((*by_id[first].path, "after"), "milestone-circular", message, "give one of them a date"))
        known |= dict.fromkeys(chain)
        return None
    if at in by_id and at not in known:
        known[at] = by_id[at].values.get("date")
    for each in reversed(chain):
        values = by_id[each].values
        base = known.get(values.get("after", "")) or _happened(by_id, values.get("after", ""))
        known[each] = _later(base, values.get("offset"))
    return known[name]


def _happened(by_id: dict[str, Row], name: str) -> date | None:
    """Return when a milestone that was never planned happened: what follows it counts from there."""
    return by_id[name].values.get("actual") if name in by_id else None


def _later(base: date | None, offset: timedelta | None) -> date | None:
    if base is None or offset is None or base.toordinal() + offset.days > date.max.toordinal():
        return None
    return date.fromordinal(base.toordinal() + offset.days)


def _order_problems(found: list[Milestone], by_id: dict[str, Row], label: str) -> list[Problem]:
    """Return a problem for each date before the one that stands before it, and the first that what happened belies."""
    problems = []
    for what, code in (("planned", "milestone-order"), ("actual", "actual-contradiction")):
        dated = [(each, getattr(each, what)) for each in found if getattr(each, what) is not None]
        for (before, earlier), (milestone, day) in pairwise(dated):
            if day < earlier:
                row = by_id[milestone.id]
                key = "actual" if what == "actual" else "date" if "date" in row.values else "offset"
                message = f'{label}: milestone "{milestone.id}" {what} {day} is before "{before.id}" ({earlier})'
                problems.append(Problem((*row.path, key), code, message, "milestones in the order they happen"))
    last = next((number for number in range(len(found) - 1, -1, -1) if found[number].actual), 0)
    for milestone in found[:last] if not problems else []:
        latest = found[last].actual
        if milestone.actual is None and milestone.planned and latest and milestone.planned > latest:
            row = by_id[milestone.id]
            message = (
                f'{label}: milestone "{milestone.id}" is planned for {milestone.planned}, '
                f'but "{found[last].id}" after it happened on {latest}'
            )
            key = "date" if "date" in row.values else "after"
            hint = "write its actual date, or remove it"
            problems.append(Problem((*row.path, key), "actual-contradiction", message, hint))
            break
    return problems
