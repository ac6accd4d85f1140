"""Counters in memory that all worker processes share: requests by route and status, reloads, dropped log lines.

Labels are these routes and statuses only, so nothing that a client sends can become one.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROUTES = ("feed", "personal", "page", "data", "asset", "api", "health", "metrics", "other")
_STATUSES = (200, 204, 304, 308, 400, 404, 405, 412, 500, 503)
_OTHERS = {
    "reloads_total": "Site snapshots made: of a changed calendar file, or because time has passed.",
    "failed_reloads_total": "Site snapshots that could not be made.",
    "log_lines_dropped_total": "Lines of the access log that could not be written in time.",
}
_NAMES = tuple(_OTHERS)
_REQUESTS = len(ROUTES) * len(_STATUSES)
_WIDTH = _REQUESTS + len(_NAMES)


def slot_of(route: str, status: int) -> int:
    """Return the index of a request counter; raises ValueError for a route or status that is not counted."""
    return ROUTES.index(route) * len(_STATUSES) + _STATUSES.index(status)


class Counters:
    """The counters of up to `processes` processes: each adds to its own `slots`, and all report the sum."""

    def __init__(self, processes: int = 1) -> None:
        self._all = memoryview(mmap.mmap(-1, _WIDTH * 8 * processes)).cast("Q")
        self.slots = self._all[:_WIDTH]

    def use(self, process: int) -> None:
        """Count in the slots of this process from now on (0 is the first)."""
        self.slots = self._all[process * _WIDTH : (process + 1) * _WIDTH]

    def count(self, name: str, by: int = 1) -> None:
        """Count what is not a request."""
        self.slots[_REQUESTS + _NAMES.index(name)] += by

    def text(self, gauges: Mapping[str, tuple[str, float]], labels: Mapping[str, str]) -> str:
        """Return everything in Prometheus' text format 0.0.4, with gauges (name -> help, value) and build labels."""
        sums = [sum(self._all[slot::_WIDTH]) for slot in range(_WIDTH)]
        lines = ["# HELP svsm_cal_requests_total Requests answered.", "# TYPE svsm_cal_requests_total counter"]
        for slot, total in enumerate(sums[:_REQUESTS]):
            if total:
                route, status = ROUTES[slot // len(_STATUSES)], _STATUSES[slot % len(_STATUSES)]
                lines.append(f'svsm_cal_requests_total{{route="{route}",status="{status}"}} {total}')
        for (name, says), total in zip(_OTHERS.items(), sums[_REQUESTS:], strict=True):
            lines += [f"# HELP svsm_cal_{name} {says}", f"# TYPE svsm_cal_{name} counter", f"svsm_cal_{name} {total}"]
        for name, (says, value) in gauges.items():
            lines += [f"# HELP svsm_cal_{name} {says}", f"# TYPE svsm_cal_{name} gauge", f"svsm_cal_{name} {value:.15g}"]
        shown = ",".join(f'{name}="{value}"' for name, value in labels.items())
        lines += ["# HELP svsm_cal_info What runs.", "# TYPE svsm_cal_info gauge", f"svsm_cal_info{{{shown}}} 1"]
        return "\n".join(lines) + "\n"
