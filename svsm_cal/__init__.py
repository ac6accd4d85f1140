"""A calendar for communities in many time zones: their recurring calls, declared in one file, on each member's clock.

The public names below are imported on first use.

>>> import svsm_cal
>>> calendar = svsm_cal.load("examples/svsm/calendar.toml")
>>> from datetime import datetime, timezone
>>> call = svsm_cal.next_occurrences(calendar, datetime(2025, 3, 12, tzinfo=timezone.utc))[0]
>>> svsm_cal.localize(call, "America/New_York").start.isoformat()
'2025-03-12T13:00:00-04:00'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from svsm_cal.config.load import load as load
    from svsm_cal.config.load import loads as loads
    from svsm_cal.core.localized import LocalizedOccurrence as LocalizedOccurrence
    from svsm_cal.core.localized import localize as localize
    from svsm_cal.core.model import Calendar as Calendar
    from svsm_cal.core.model import Occurrence as Occurrence
    from svsm_cal.core.model import Participant as Participant
    from svsm_cal.core.model import Series as Series
    from svsm_cal.core.model import Status as Status
    from svsm_cal.core.occurrences import next_occurrences as next_occurrences
    from svsm_cal.core.occurrences import occurrences as occurrences
    from svsm_cal.core.shifts import RegularCalls as RegularCalls
    from svsm_cal.core.shifts import ShiftKind as ShiftKind
    from svsm_cal.core.shifts import ShiftWindow as ShiftWindow
    from svsm_cal.core.shifts import shift_windows as shift_windows
    from svsm_cal.engine.civil import Instant as Instant
    from svsm_cal.engine.civil import LocalDateTime as LocalDateTime
    from svsm_cal.engine.expansion import Expansion as Expansion
    from svsm_cal.engine.local_times import LocalTimes as LocalTimes
    from svsm_cal.engine.recurrence_set import Agenda as Agenda
    from svsm_cal.engine.recurrence_set import RecurrenceSet as RecurrenceSet
    from svsm_cal.engine.rrule import RecurrenceRule as RecurrenceRule
    from svsm_cal.engine.zones import Fold as Fold
    from svsm_cal.engine.zones import Gap as Gap
    from svsm_cal.engine.zones import Unambiguous as Unambiguous
    from svsm_cal.engine.zones import Zone as Zone
    from svsm_cal.engine.zones import ZoneOffsetTransition as ZoneOffsetTransition
    from svsm_cal.engine.zones import instant_of as instant_of
    from svsm_cal.engine.zones import resolve as resolve
    from svsm_cal.engine.zones import transitions as transitions
    from svsm_cal.engine.zones import zone_of as zone_of
    from svsm_cal.errors import CalendarError as CalendarError
    from svsm_cal.errors import RuleError as RuleError
    from svsm_cal.errors import SvsmCalError as SvsmCalError
    from svsm_cal.errors import ZoneError as ZoneError
    from svsm_cal.ical.feed import to_ical as to_ical
    from svsm_cal.ical.vtimezone import vtimezone as vtimezone

__version__ = "0.1.0"

_HOMES = {
    "config.load": ("load", "loads"),
    "engine.civil": ("Instant", "LocalDateTime"),
    "engine.expansion": ("Expansion",),
    "engine.local_times": ("LocalTimes",),
    "core.localized": ("LocalizedOccurrence", "localize"),
    "core.model": ("Calendar", "Occurrence", "Participant", "Series", "Status"),
    "core.occurrences": ("next_occurrences", "occurrences"),
    "engine.recurrence_set": ("Agenda", "RecurrenceSet"),
    "engine.rrule": ("RecurrenceRule",),
    "core.shifts": ("RegularCalls", "ShiftKind", "ShiftWindow", "shift_windows"),
    "engine.zones": (
        "Fold",
        "Gap",
        "Unambiguous",
        "Zone",
        "ZoneOffsetTransition",
        "instant_of",
        "resolve",
        "transitions",
        "zone_of",
    ),
    "errors": ("CalendarError", "RuleError", "SvsmCalError", "ZoneError"),
    "ical.feed": ("to_ical",),
    "ical.vtimezone": ("vtimezone",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME_OF)]  # noqa: PLE0604 - built from the table above


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"svsm_cal.{home}"), name)
    return value


def __dir__() -> list[str]:
    return list(__all__)
