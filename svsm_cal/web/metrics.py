"""What is counted: requests by route and status, and little else, in memory that all workers share.

Labels are these routes and statuses only, so nothing that somebody sends can ever be one.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING

from svsm_cal.web.answers import REASONS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ROUTES", "Counters"]

ROUTES = ("feed", "personal", "page", "data", "asset", "api", "health", "metrics", "other")
_STATUSES = tuple(REASONS)
_OTHERS = {
    "connections_opened_total": "Connections taken.",
    "connections_closed_total": "Connections ended.",
    "connections_refused_total": "Connections refused because there were too many.",
    "timeouts_total": "Connections ended because nothing, or too little, came for too long.",
    "reloads_total": "Editions made: of a changed calendar file, or because time went on.",
    "failed_reloads_total": "Editions that could not be made.",
    "log_lines_dropped_total": "Lines of the access log that could not be written in time.",
}
_NAMES = tuple(_OTHERS)


class Counters:
    """The counters of one worker among `workers`: `slots[n] += 1` counts. All of them read the sum of all."""

    def __init__(self, workers: int = 1) -> None:
        self._width = len(ROUTES) * len(_STATUSES) + len(_NAMES)
        self._all = memoryview(mmap.mmap(-1, self._width * 8 * workers)).cast("Q")
        self._workers = workers
        self.slots = self._all[: self._width]

    def become(self, worker: int) -> None:
        """Count as this worker from now on (0 is the first)."""
        self.slots = self._all[worker * self._width : (worker + 1) * self._width]

    @staticmethod
    def slot(route: str, status: int) -> int:
        """Return the number of a request counter."""
        return ROUTES.index(route) * len(_STATUSES) + _STATUSES.index(status)

    def count(self, name: str) -> None:
        """Count what is not a request."""
        self.slots[len(ROUTES) * len(_STATUSES) + _NAMES.index(name)] += 1

    def text(self, gauges: Mapping[str, tuple[str, float]], labels: Mapping[str, str]) -> str:
        """Return everything in Prometheus' text format 0.0.4, with gauges (name -> what it is, value) and build labels."""
        sums = [sum(self._all[slot :: self._width]) for slot in range(self._width)]
        lines = ["# HELP svsm_cal_requests_total Requests answered.", "# TYPE svsm_cal_requests_total counter"]
        for slot, total in enumerate(sums[: len(ROUTES) * len(_STATUSES)]):
            if total:
                route, status = ROUTES[slot // len(_STATUSES)], _STATUSES[slot % len(_STATUSES)]
                lines.append(f'svsm_cal_requests_total{{route="{route}",status="{status}"}} {total}')
        for (name, says), total in zip(_OTHERS.items(), sums[-len(_NAMES) :], strict=True):
            lines += [f"# HELP svsm_cal_{name} {says}", f"# TYPE svsm_cal_{name} counter", f"svsm_cal_{name} {total}"]
        for name, (says, value) in gauges.items():
            lines += [f"# HELP svsm_cal_{name} {says}", f"# TYPE svsm_cal_{name} gauge", f"svsm_cal_{name} {value:.15g}"]
        shown = ",".join(f'{name}="{value}"' for name, value in labels.items())
        lines += ["# HELP svsm_cal_info What runs.", "# TYPE svsm_cal_info gauge", f"svsm_cal_info{{{shown}}} 1"]
        return "\n".join(lines) + "\n"
