"""The two dateutils, which share their interface, as contenders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import series as inputs
from worker import Work, civil, instants

Contenders = dict[tuple[str, str], Callable[[], Work]]
BERLIN = ZoneInfo("Europe/Berlin")


def contenders(rrulestr: Callable[..., Any], expand: Callable[[Any], list[datetime]]) -> Contenders:
    """Return the work of each task; `expand` lists a rule's times in the library's quickest way."""

    def weekly_naive() -> Work:
        rule = rrulestr(inputs.WEEKLY, dtstart=inputs.WEEKLY_START)
        return lambda: [time.replace(tzinfo=BERLIN).astimezone(UTC) for time in expand(rule)], instants

    def weekly_aware() -> Work:
        rule = rrulestr(inputs.WEEKLY, dtstart=inputs.WEEKLY_START.replace(tzinfo=BERLIN))
        return lambda: [time.astimezone(UTC) for time in expand(rule)], instants

    def expansion(task: str) -> Callable[[], Work]:
        def prepare() -> Work:
            start, text = inputs.EXPANSIONS[task]
            rule = rrulestr(text, dtstart=start)
            return lambda: expand(rule), civil

        return prepare

    def following(task: str) -> Callable[[], Work]:
        def prepare() -> Work:
            start, text = inputs.FOLLOWING[task]
            if task in inputs.PARSED:
                return lambda: [rrulestr(text, dtstart=start).after(inputs.AFTER)], civil
            rule = rrulestr(text, dtstart=start)
            return lambda: [rule.after(inputs.AFTER)], civil

        return prepare

    # Both bounds of `between` are left out of its answer, but the week begins with its first second.
    just_before, end = inputs.WEEK[0] - timedelta(seconds=1), inputs.WEEK[1]

    def week_naive() -> Work:
        many = [(rrulestr(each.rule, dtstart=each.start), ZoneInfo(each.zone)) for each in inputs.series(inputs.WEEK_SERIES)]

        def work() -> list[datetime]:
            found = []
            for rule, zone in many:
                bounds = [bound.astimezone(zone).replace(tzinfo=None) for bound in (just_before, end)]
                found += [time.replace(tzinfo=zone).astimezone(UTC) for time in rule.between(*bounds)]
            return sorted(found)

        return work, instants

    def week_aware() -> Work:
        many = [
            rrulestr(each.rule, dtstart=each.start.replace(tzinfo=ZoneInfo(each.zone)))
            for each in inputs.series(inputs.WEEK_SERIES)
        ]
        return lambda: sorted(time.astimezone(UTC) for rule in many for time in rule.between(just_before, end)), instants

    return {
        ("weekly", "naive"): weekly_naive,
        ("weekly", "aware"): weekly_aware,
        **{(task, "-"): expansion(task) for task in inputs.EXPANSIONS},
        **{(task, "-"): following(task) for task in inputs.FOLLOWING},
        ("week", "naive"): week_naive,
        ("week", "aware"): week_aware,
    }
