"""Planning: the weekly times of a series, compared by fairness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.app.atomic_files import write_file
from svsm_cal.app.lookups import series_of
from svsm_cal.core.burden import Limits
from svsm_cal.core.fairness import plan_calls
from svsm_cal.errors import UsageError
from svsm_cal.render.plan_report import limits_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from svsm_cal.core.burden import Plan
    from svsm_cal.core.model import Calendar
    from svsm_cal.engine.zones import Zone
    from svsm_cal.words.language import Language


def plan_of(
    calendar: Calendar,
    series: str,
    *,
    first: date,
    anchors: Sequence[Zone] = (),
    limits: Limits = Limits(),  # noqa: B008 - a frozen value
    step: int = 60,
    number: int = 5,
) -> Plan:
    """Return the plan that `plan_calls` makes for a series' attendees.

    Raises UsageError for an unknown series, a series without attendees, and limits that leave no time; its hint has
    wider limits.
    """
    (planned,) = series_of(calendar, series)
    people = calendar.attendees(planned)
    if not people:
        raise UsageError(f'series "{series}" has no attendees to plan for (add some: attendees = ["everyone"])')
    plan = plan_calls(planned, people, first=first, anchors=anchors, limits=limits, step=step, number=number)
    if not plan.best:
        ways = " or ".join(limits_text(wider) or "none of them" for wider in plan.relaxed)
        raise UsageError(f"no time of the week keeps {limits_text(limits)} for everybody (hint: {ways} leaves some)")
    return plan


def write_chart(plan: Plan, path: str, language: Language) -> None:
    """Write a plan's chart as SVG; raises OSError naming `path`."""
    from svsm_cal.render.plan_chart import plan_svg

    write_file(path, plan_svg(plan, language).encode())
