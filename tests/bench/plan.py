"""How long a plan takes: a thousand people in a hundred zones, ten anchors, every hour or half hour of the week."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/svsm/calendar.toml"


def plans(people: int = 1000, zones: int = 100, anchors: int = 10) -> dict[str, Callable[[], object]]:
    """Return what `measured` of run.py takes: a plan by the hour, one by the half hour, and the example's."""
    import svsm_cal
    from svsm_cal.core.fairness import plan_calls
    from svsm_cal.core.model import Participant
    from svsm_cal.engine.tzdb import tz_database
    from svsm_cal.engine.zones import zone_of

    calendar = svsm_cal.load(EXAMPLE)
    (series,) = calendar.series
    regions = sorted(tz_database().regions())
    chosen = [zone_of(regions[number * len(regions) // zones]) for number in range(zones)]
    crowd = tuple(Participant(f"p{number}", f"Participant {number}", chosen[number % zones]) for number in range(people))
    few, first = calendar.attendees(series), date(2025, 3, 5)
    return {
        "by the hour": lambda: plan_calls(series, crowd, first=first, anchors=chosen[:anchors]),
        "by the half hour": lambda: plan_calls(series, crowd, first=first, anchors=chosen[:anchors], step=30),
        f"the example's {len(few)} people": lambda: plan_calls(series, few, first=first),
    }
