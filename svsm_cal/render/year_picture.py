"""The picture of a year: a row for each zone, a cell for each call, coloured by the hour on that zone's clock.

Here are only geometry and words, as values. The template draws them as SVG with classes, and the style sheet has the colours
of both themes. Mismatch windows have a frame and their dates.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, timedelta
from itertools import accumulate, groupby, pairwise
from typing import TYPE_CHECKING

from svsm_cal.core.model import Occurrence, Status
from svsm_cal.core.shifts import ShiftKind
from svsm_cal.engine.civil import epoch_seconds
from svsm_cal.engine.zones import local_of
from svsm_cal.value import Value
from svsm_cal.words.language import clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from svsm_cal.core.model import Series
    from svsm_cal.core.shifts import ShiftWindow
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone
    from svsm_cal.words.language import Language

LEFT, PER_DAY, TOP = 124, 2, 30
ROW, CELL, APART = 36, 20, 10
_WIDEST = 12
_LABEL_WIDTH = 6.2  # of one character of a label, about


class Month(Value):
    """A month's line and name above the rows."""

    x: int
    name: str


class Mark(Value):
    """A call in the first row: its place, the hour there, and its instant; `kind` is "", "off" or "other".

    `run` numbers the stretches between cancelled calls, as no label may cross a gap.
    """

    x: int
    hour: int
    at: Instant
    kind: str
    run: int


class Frame(Value):
    """A mismatch window in a row: its frame and its label, which begins or ends at `label_x`."""

    x: int
    width: int
    label: str
    label_x: int
    at_end: bool


class YearRow(Value):
    """A zone's row: `y` is its cells' top, `fills` the cells of each hour as one path, `times` (x, text, hour)."""

    zone: Zone
    y: int
    name: str
    fills: tuple[tuple[int, str], ...]
    times: tuple[tuple[float, str, int], ...]
    frames: tuple[Frame, ...]


class YearPicture(Value):
    """The picture of one series, with its title and description for screen readers."""

    series: Series
    width: int
    height: int
    cell: int
    months: tuple[Month, ...]
    own: tuple[Mark, ...]
    own_y: int
    own_times: tuple[tuple[float, str, int], ...]
    rows: tuple[YearRow, ...]
    crosses: str
    dots: tuple[tuple[float, int], ...]
    today: int
    bottom: int
    title: str
    description: str


def city(zone: str) -> str:
    """Return the city in a zone's name.

    >>> city("America/New_York")
    'New York'
    """
    return zone.rpartition("/")[2].replace("_", " ")


def year_of(now: Instant) -> tuple[date, date]:
    """Return the first day of the month of `now`, and that of the same month a year later."""
    return date(now.year, now.month, 1), date(now.year + 1, now.month, 1)


def _scale(calls: Sequence[Occurrence], first: date) -> tuple[list[int], int]:
    """Return each call's left edge and the cells' width, so that the closest two do not touch."""
    at = [LEFT + (each.start.toordinal() - first.toordinal()) * PER_DAY for each in calls]
    closest = min((after - before for before, after in pairwise(at) if after > before), default=_WIDEST)
    return at, max(1, min(_WIDEST, closest - (2 if closest > 4 else 0)))


def year_picture(
    language: Language,
    series: Series,
    calls: Sequence[Occurrence],
    zones: Iterable[tuple[Zone, Sequence[ShiftWindow]]],
    *,
    utc: Zone,
    now: Instant,
) -> YearPicture:
    """Return the picture of the year that begins with the month of `now`.

    `calls` are the series' occurrences in that year, cancelled ones included; `zones` have their shift windows in it. The
    first row is in `utc`: a script shows the reader's own clock there.
    """
    first, end = year_of(now)
    xs, width = _scale(calls, first)
    months = []
    for number in range(12):
        begin = date(first.year + (first.month + number - 1) // 12, (first.month + number - 1) % 12 + 1, 1)
        months.append(Month(LEFT + (begin - first).days * PER_DAY, language.month(begin)))
    drawing = _Drawing(language, calls, xs, width, first, end)
    runs = accumulate(not each.held for each in calls)
    own = tuple(
        Mark(x, local_of(each.start_utc, utc).hour, each.start_utc, _kind(each), run)
        for x, each, run in zip(xs, calls, runs, strict=True)
    )
    own_y = TOP + 8
    rows = tuple(
        drawing.row(zone, windows, own_y + APART + (number + 1) * ROW)
        for number, (zone, windows) in enumerate(sorted(zones, key=lambda row: (row[0].utc_offset(now), row[0].key)))
    )
    height = own_y + APART + (len(rows) + 1) * ROW
    # Crosses and dots stand at the same places in every row.
    tops = [own_y, *(row.y for row in rows)]
    off = [x for x, each in zip(xs, calls, strict=True) if not each.held]
    other = [x for x, each in zip(xs, calls, strict=True) if each.held and _kind(each)]
    inset = min(3.5, width / 3)
    side = round(width - 2 * inset, 1)
    crosses = "".join(
        f"M{x + inset:g} {top + 10 - side / 2:g}l{side:g} {side:g}m-{side:g} 0l{side:g}-{side:g}" for top in tops for x in off
    )
    dots = tuple((x + width / 2, top + CELL // 2) for top in tops for x in other)
    today = LEFT + (now.date() - first).days * PER_DAY
    names = language.amount(len(rows), "time_zone")
    last = end - timedelta(days=1)
    calls_there = language.amount(sum(each.held for each in calls), "call")
    said = [language.say("year_desc", calls=calls_there, first=language.date(first), last=language.date(last))]
    said += [drawing.words(row.zone, drawing.windows[row.zone.key]) for row in rows]
    return YearPicture(
        series,
        LEFT + (end - first).days * PER_DAY + 4,
        height,
        width,
        tuple(months),
        own,
        own_y,
        drawing.times(utc),
        rows,
        crosses,
        dots,
        today,
        height - 6,
        language.say("year_title", title=series.title, zones=names),
        " ".join(f"{text}." if not text.endswith(".") else text for text in said),
    )


def _kind(call: Occurrence) -> str:
    if not call.held:
        return "off"
    return "other" if call.added or call.status is Status.MOVED else ""


class _Drawing:
    """The common values of all rows of a picture."""

    def __init__(
        self, language: Language, calls: Sequence[Occurrence], xs: list[int], width: int, first: date, end: date
    ) -> None:
        self.language, self.calls, self.xs, self.width = language, calls, xs, width
        self.first, self.end = first, end
        self.starts = [epoch_seconds(each.start_utc) for each in calls]
        self.windows: dict[str, Sequence[ShiftWindow]] = {}

    def row(self, zone: Zone, windows: Sequence[ShiftWindow], y: int) -> YearRow:
        self.windows[zone.key] = windows
        return YearRow(zone, y, city(zone.key), self.fills(zone, y), self.times(zone), tuple(self.frames(zone, windows)))

    def fills(self, zone: Zone, y: int) -> tuple[tuple[int, str], ...]:
        found: dict[int, list[str]] = {}
        for x, call in zip(self.xs, self.calls, strict=True):
            if call.held:
                hour = local_of(call.start_utc, zone).hour
                found.setdefault(hour, []).append(f"M{x} {y}h{self.width}v{CELL}h-{self.width}z")
        return tuple((hour, "".join(paths)) for hour, paths in sorted(found.items()))

    def times(self, zone: Zone) -> tuple[tuple[float, str, int], ...]:
        """Return the label of each run of calls at one time of day, in the middle of its longest stretch, if there is room."""
        shown = [clock(local_of(call.start_utc, zone)) for call in self.calls]
        found = []
        for text, cells in groupby(range(len(self.calls)), key=lambda n: shown[n] if self.calls[n].held else ""):
            row = list(cells)
            begin, end = self.xs[row[0]], self.xs[row[-1]] + self.width
            if text and end - begin >= len(text) * _LABEL_WIDTH + 8:
                found.append((int(text[:2]), end - begin, (begin + end) / 2, text))
        longest = {text: max(size for _, size, _, each in found if each == text) for _, _, _, text in found}
        return tuple((x, text, hour) for hour, size, x, text in found if size * 2 > longest[text])

    def frames(self, zone: Zone, windows: Sequence[ShiftWindow]) -> Iterable[Frame]:
        for window in windows:
            if window.kind is not ShiftKind.MISMATCH or window.last_utc is None:
                continue
            begin = bisect_left(self.starts, epoch_seconds(window.first_utc))
            last = bisect_left(self.starts, epoch_seconds(window.last_utc) + 1) - 1
            if last < begin:
                continue
            x, right = self.xs[begin] - 2, self.xs[last] + self.width + 2
            dates = self.language.span(*(local_of(at, zone).date() for at in (window.first_utc, window.last_utc)))
            label = f"{dates}, {clock(window.local_time)}"
            at_end = x + len(label) * _LABEL_WIDTH > LEFT + (self.end - self.first).days * PER_DAY
            yield Frame(x, right - x, label, right if at_end else x, at_end)

    def words(self, zone: Zone, windows: Sequence[ShiftWindow]) -> str:
        """Return a row in words: the usual times, and the unusual ones with their dates."""
        usual = list(dict.fromkeys(clock(each.local_time) for each in windows if each.kind is ShiftKind.SEASON))
        passing = [
            self.language.say(
                "window_at",
                time=clock(each.local_time),
                dates=self.language.span(local_of(each.first_utc, zone).date(), local_of(each.last_utc, zone).date()),
            )
            for each in windows
            if each.kind is ShiftKind.MISMATCH and each.last_utc is not None
        ]
        key = "usually_more" if passing else "usually"
        return self.language.say(key, zone=zone.key, times=", ".join(usual), windows=", ".join(passing))
