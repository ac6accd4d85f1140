"""A release's milestones: dates planned relative to each other, and beside them what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from svsm_cal.config.values import Problem
from svsm_cal.core.model import Milestone

if TYPE_CHECKING:
    from datetime import date

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
        problems += _form_problems(row.values, row.path, label)
        planned[row.values["id"]] = _planned(row.values["id"], by_id, label, problems)
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
    return []


def _planned(id: str, by_id: dict[str, Row], label: str, problems: list[Problem]) -> date | None:
    """Return a milestone's planned date, following `after` to one that has a date of its own."""
    chain: list[str] = []
    days = 0
    at = id
    while True:
        values, path = by_id[at].values, by_id[at].path
        if "date" in values:
            planned: date = values["date"]
            try:
                return planned.fromordinal(planned.toordinal() + days)
            except (ValueError, OverflowError):
                return None
        if "after" not in values or "offset" not in values:
            # Only what happened is known of this one; what follows it counts from there.
            known: date | None = values.get("actual")
            return known.fromordinal(known.toordinal() + days) if known and chain else None
        chain.append(at)
        days += values["offset"].days
        following = values["after"]
        if following not in by_id:
            if at == id:
                known_ids = ", ".join(by_id)
                message = f'{label}: milestone "{id}" is after "{following}", which is no milestone of it'
                problems.append(Problem((*path, "after"), "milestone-unknown", message, f"one of {known_ids}"))
            return None
        if following in chain:
            # Told once per circle, at the member that stands first in the file.
            circle = chain[chain.index(following) :]
            if id == min(circle, key=list(by_id).index):
                message = f"{label}: milestones {' -> '.join([*circle, following])} wait for each other"
                problems.append(Problem((*by_id[id].path, "after"), "milestone-circular", message, "give one of them a date"))
            return None
        at = following


def _order_problems(found: list[Milestone], by_id: dict[str, Row], label: str) -> list[Problem]:
    problems = []
    for what in ("planned", "actual"):
        before: Milestone | None = None
        for milestone in found:
            day: date | None = getattr(milestone, what)
            if day is None:
                continue
            if before is not None and day < getattr(before, what):
                values, path = by_id[milestone.id].values, by_id[milestone.id].path
                key = "actual" if what == "actual" else "date" if "date" in values else "offset"
                code = "milestone-order" if what == "planned" else "actual-contradiction"
                message = f'{label}: milestone "{milestone.id}" {what} {day} is before "{before.id}" ({getattr(before, what)})'
                problems.append(Problem((*path, key), code, message, "milestones in the order they happen"))
            else:
                before = milestone
    # What has not happened while something after it has: the dates contradict each other.
    last_actual = max((number for number, each in enumerate(found) if each.actual), default=-1)
    for milestone in found[:last_actual]:
        latest = found[last_actual].actual
        if milestone.actual is None and milestone.planned and latest and milestone.planned > latest:
            values, path = by_id[milestone.id].values, by_id[milestone.id].path
            message = (
                f'{label}: milestone "{milestone.id}" is planned for {milestone.planned}, '
                f'but "{found[last_actual].id}" after it happened on {latest}'
            )
            key = "date" if "date" in values else "after"
            problems.append(Problem((*path, key), "actual-contradiction", message, "write its actual date, or remove it"))
    return problems
