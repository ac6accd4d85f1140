"""What an edit changes for one reader, in lines: what an update's mail says first, and `invite plan` gives as its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.core.call_changes import CallKind, values_of
from svsm_cal.value import Value, replace
from svsm_cal.words.phrases import amount, clock, day, day_and_year, duration_in_words

if TYPE_CHECKING:
    from datetime import date, timedelta

    from svsm_cal.core.call_changes import CallChange, ZoneRun
    from svsm_cal.core.changes import Changes, SeriesChange
    from svsm_cal.core.localized import LocalizedOccurrence
    from svsm_cal.engine.zones import Zone

__all__ = ["News", "bulletin"]

_OF_TIME = {
    CallKind.ADDED: "an extra call",
    CallKind.REMOVED: "no longer held",
    CallKind.CANCELLED: "cancelled",
    CallKind.RESTORED: "takes place after all",
    CallKind.MOVED: "moved",
    CallKind.MOVED_AGAIN: "moved again",
    CallKind.MOVED_BACK: "moved back",
    CallKind.RETIMED: "new time",
}
_SAID = {
    CallKind.LENGTHENED: "longer",
    CallKind.SHORTENED: "shorter",
    CallKind.LINK: "new link",
    CallKind.CHAIR: "new chair",
    CallKind.TITLE: "new title",
    CallKind.LOCATION: "new place",
    CallKind.DESCRIPTION: "new description",
    CallKind.REASON: "new reason",
}
# A run of calls that goes on until so many days before the end of what was compared has no end.
_OPEN_DAYS = 40
_LONGEST = 120


class News(Value):
    """One thing that changes: when, what, before and after, and why; "" where there is none of these."""

    when: str
    what: str
    before: str = ""
    after: str = ""
    reason: str = ""

    def __str__(self) -> str:
        """Return it as a line: new time: 12:00 → 13:00, from Wed 12 March 2025 on; cancelled: Wed 12 March 2025, 12:00."""
        values = [each for each in (self.before, self.after) if each]
        values = [" → ".join(values), self.when] if len(values) == 2 else [self.when, *values]
        said = ", ".join(filter(None, values))
        return f"{self.what}: {said}{f' ({self.reason})' if self.reason else ''}"


def bulletin(changes: Changes, series: SeriesChange, zone: Zone) -> tuple[News, ...]:
    """Return what changes about a series for the people of a zone, which is among those of `changes`, in order."""
    return tuple(news for call in series.calls for news in _news(changes, call, zone))


def _news(changes: Changes, call: CallChange, zone: Zone) -> list[News]:
    if call.kind not in _OF_TIME:
        before, after = (_value(changes, call.kind, each) for each in values_of(call))
        return [News(_when(changes, call.first, call.last, call.calls), _SAID[call.kind], before, after)]
    what, reason = _OF_TIME[call.kind], _on_one_line(call.reason) if call.reason else ""
    runs = [each for each in call.zones if each.zone == zone]
    if len({_distance(run) for run in runs}) == 1 and _distance(runs[0]) is not None:
        # Clocks that change in between change both times alike: to the reader it is one change.
        runs = [replace(runs[0], last=runs[-1].last, calls=sum(each.calls for each in runs))]
    found = []
    for run in runs:
        seen = run.before or run.after
        if run.calls == 1 and seen is not None and not (run.before and run.after):
            found.append(News(f"{day_and_year(seen.local)} {clock(seen.local)}", what, reason=reason))
            continue
        if run.calls == 1 and run.before and run.after and run.before.local.date() != run.after.local.date():
            before, after = (f"{day(each.local)} {clock(each.local)}" for each in (run.before, run.after))
            found.append(News("", what, before, after, reason))
            continue
        before, after = (_time(each, run) for each in (run.before, run.after))
        found.append(News(_when(changes, run.first, run.last, run.calls), what, before, after, reason))
    return found


def _distance(run: ZoneRun) -> timedelta | None:
    """Return how much later a run's calls are than before; None where they were not, or are not any more."""
    return None if run.before is None or run.after is None else run.after.local - run.before.local


def _when(changes: Changes, first: date, last: date, calls: int) -> str:
    """Return the days of a run of calls, without an end where it goes on as far as was looked."""
    if calls == 1:
        return day_and_year(first)
    if calls > 2 and (changes.end.date() - last).days < _OPEN_DAYS:
        return f"from {day_and_year(first)} on"
    begin = day(first) if first.year == last.year else day_and_year(first)
    return f"{begin} to {day_and_year(last)} ({amount(calls, 'call')})"


def _time(seen: LocalizedOccurrence | None, run: ZoneRun) -> str:
    """Return a local time, with its day where that is not the anchor's."""
    if seen is None:
        return ""
    return clock(seen.local) if seen.local.date() == run.first else f"{day(seen.local)} {clock(seen.local)}"


def _value(changes: Changes, kind: CallKind, value: str | timedelta | None) -> str:
    if value is None:
        return "none"
    if not isinstance(value, str):
        return duration_in_words(value)
    if kind is CallKind.CHAIR:
        return (changes.new.person(value) if changes.new.participant(value) else changes.old.person(value)) or value
    return value if kind is CallKind.LINK else _on_one_line(value)


def _on_one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
