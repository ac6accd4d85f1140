"""This program."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import series as inputs
from worker import Work, civil, instants, serve

from svsm_cal import Agenda, LocalTimes, RecurrenceRule, RecurrenceSet, RegularCalls, Series, transitions, zone_of
from svsm_cal.core.model import Details
from svsm_cal.engine.civil import local_from_epoch
from svsm_cal.engine.tzdb import tz_database

if TYPE_CHECKING:
    from collections.abc import Callable

LATER = datetime(2036, 1, 1)
ZONES = tz_database().keys()


def weekly() -> Work:
    calls = RecurrenceSet(inputs.WEEKLY_START, zone_of("Europe/Berlin"), RecurrenceRule.parse(inputs.WEEKLY))
    return lambda: calls.between(inputs.WEEKLY_START.replace(tzinfo=UTC) - timedelta(1), LATER.replace(tzinfo=UTC)), instants


def expansion(task: str) -> Callable[[], Work]:
    def prepare() -> Work:
        start, text = inputs.EXPANSIONS[task]
        rule = RecurrenceRule.parse(text).starting(start)
        return lambda: rule.between(start, LATER), civil

    return prepare


def following(task: str) -> Callable[[], Work]:
    def prepare() -> Work:
        start, text = inputs.FOLLOWING[task]
        if task in inputs.PARSED:
            return lambda: [RecurrenceRule.parse(text).after(start, inputs.AFTER)], civil
        rule = RecurrenceRule.parse(text).starting(start)
        return lambda: [rule.after(inputs.AFTER)], civil

    return prepare


def week(count: int) -> Callable[[], Work]:
    def prepare() -> Work:
        every = [RecurrenceSet(each.start, zone_of(each.zone), RecurrenceRule.parse(each.rule)) for each in inputs.series(count)]
        agenda = Agenda(every)
        return lambda: agenda.between(*inputs.WEEK), lambda found: instants(at for at, _ in found)

    return prepare


def zone_transitions() -> Work:
    every = [zone_of(key) for key in ZONES]

    def text(found: list) -> list[str]:
        return [
            f"{zone.key} {each.at.timestamp():.0f} {each.before.offset} {each.after.offset}"
            for zone, changes in zip(every, found, strict=True)
            for each in changes
            if each.before.offset != each.after.offset
        ]

    return lambda: [transitions(zone, *inputs.DECADE) for zone in every], text


def _call() -> Series:
    rule = RecurrenceRule.parse("FREQ=WEEKLY")
    return Series("s", "example.org", zone_of("Europe/Berlin"), inputs.WEEKLY_START, timedelta(hours=1), Details(), rule)


def shift_runs() -> Work:
    every, call = [zone_of(key) for key in ZONES], _call()

    def work() -> list:
        calls = RegularCalls(call)
        calls.extend(date(2034, 12, 31))
        return [calls.runs(zone) for zone in every]

    return work, lambda found: [
        f"{begin} {phase}" for each in found for begin, phase in zip(each.begins, each.phases, strict=True)
    ]


def shift_windows() -> Work:
    every, call = [zone_of(key) for key in ZONES], _call()

    def work() -> list:
        calls = RegularCalls(call)
        return [window for zone in every for window in calls.windows(zone, date(2025, 1, 1), date(2034, 12, 31))]

    return work, lambda found: [f"{each.first} {each.zone.key}" for each in found]


def matrix() -> Work:
    times = weekly()[0]()
    every = [zone_of(key) for key in inputs.REGIONS]
    return lambda: LocalTimes(times, every), lambda found: civil(
        map(local_from_epoch, (at for each in found.columns for at in each))
    )


serve(
    {
        ("weekly", "-"): weekly,
        **{(task, "-"): expansion(task) for task in inputs.EXPANSIONS},
        **{(task, "-"): following(task) for task in inputs.FOLLOWING},
        ("week", "-"): week(inputs.WEEK_SERIES),
        ("week-many", "-"): week(inputs.MANY_SERIES),
        ("zones", "transitions"): zone_transitions,
        ("zones", "runs"): shift_runs,
        ("zones", "windows"): shift_windows,
        ("matrix", "-"): matrix,
    }
)
