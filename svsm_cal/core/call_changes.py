"""What happens to a series' calls when a calendar is edited: kinds, runs of calls to which the same happens, local times."""

from __future__ import annotations

from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING

from svsm_cal.core.localized import LocalizedOccurrence, localize
from svsm_cal.core.model import Occurrence, Status
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date, timedelta

    from svsm_cal.core.matching import Pair
    from svsm_cal.engine.zones import Zone

__all__ = ["CallChange", "CallKind", "ZoneRun", "call_changes", "values_of"]


class CallKind(StrEnum):
    """What happens to calls; those up to `RETIMED` change when there is one."""

    ADDED = "added"
    REMOVED = "removed"
    CANCELLED = "cancelled"
    RESTORED = "restored"
    MOVED = "moved"
    MOVED_AGAIN = "moved-again"
    MOVED_BACK = "moved-back"
    RETIMED = "retimed"
    LENGTHENED = "lengthened"
    SHORTENED = "shortened"
    LINK = "link"
    CHAIR = "chair"
    TITLE = "title"
    LOCATION = "location"
    DESCRIPTION = "description"
    REASON = "reason"

    @property
    def of_time(self) -> bool:
        """Whether it changes when there is a call, so that it looks different in every zone."""
        return self in _OF_TIME


_OF_TIME = frozenset(list(CallKind)[: list(CallKind).index(CallKind.RETIMED) + 1])
# Whether the call was a moved one, and whether it is -> what a new instant means.
_NEW_TIME = {
    (False, False): CallKind.RETIMED,
    (False, True): CallKind.MOVED,
    (True, False): CallKind.MOVED_BACK,
    (True, True): CallKind.MOVED_AGAIN,
}
_SAID: dict[CallKind, Callable[[Occurrence], str | None]] = {
    CallKind.LINK: lambda call: call.details.url,
    CallKind.CHAIR: lambda call: call.details.chair,
    CallKind.TITLE: lambda call: call.title,
    CallKind.LOCATION: lambda call: call.details.location,
    CallKind.DESCRIPTION: lambda call: call.details.description,
    CallKind.REASON: lambda call: call.reason,
}
_ONE_BY_ONE = frozenset({CallKind.MOVED, CallKind.MOVED_AGAIN, CallKind.MOVED_BACK})


class ZoneRun(Value):
    """Consecutive calls of a change with the same old and the same new local time in a zone.

    `first` and `last` are anchor dates; `before` and `after` are the first call on the zone's clock, None where it
    does not take place.
    """

    zone: Zone
    first: date
    last: date
    calls: int
    before: LocalizedOccurrence | None
    after: LocalizedOccurrence | None


class CallChange(Value):
    """One thing that happens to one call, or to a run of calls from the anchor date `first` to `last`.

    `before` and `after` are the first of them, None where a calendar does not have it.
    """

    kind: CallKind
    first: date
    last: date
    calls: int
    before: Occurrence | None
    after: Occurrence | None
    reason: str | None
    zones: tuple[ZoneRun, ...]


def values_of(change: CallChange) -> tuple[str | timedelta | None, str | timedelta | None]:
    """Return what the calls said before and say after: a link, a title, a length; nothing for a change of time."""
    if change.kind.of_time or change.before is None or change.after is None:
        return None, None
    if change.kind in _SAID:
        return _SAID[change.kind](change.before), _SAID[change.kind](change.after)
    return change.before.duration, change.after.duration


_Signature = tuple[object, ...]


def call_changes(pairs: Sequence[Pair], zones: Sequence[Zone], *, weekly: bool) -> list[CallChange]:
    """Return the runs of pairs, which are in order, to which the same happens, on the clocks of `zones`.

    A call to which it does not happen, on the same day of the week if the series is `weekly`, ends a run. What a rule
    has more or less of, such as every other call, is one run all the same.
    """
    runs: list[tuple[_Signature, list[Pair]]] = []
    running: dict[_Signature, list[Pair]] = {}
    for pair in pairs:
        here = dict.fromkeys(_happening(pair))
        # A call with a time of its own says nothing about that of the others.
        own_time = any(each[0] in _OF_TIME for each in here) or _is_moved(pair.old) or _is_moved(pair.new)
        if pair.was_held and pair.is_held:
            for signature, run in list(running.items()):
                spared = signature in here or (own_time and signature[0] in _OF_TIME)
                same_place = not weekly or run[-1].day.weekday() == pair.day.weekday()
                if same_place and not spared and not _by_rule(signature):
                    del running[signature]
        for signature in here:
            if signature not in running:
                running[signature] = []
                runs.append((signature, running[signature]))
            running[signature].append(pair)
    order = list(CallKind)
    found = [_call_change(CallKind(str(signature[0])), run, zones) for signature, run in runs]
    return sorted(found, key=lambda each: (each.first, order.index(each.kind), each.last))


def _is_moved(call: Occurrence | None) -> bool:
    return call is not None and call.status is Status.MOVED


def _by_rule(signature: _Signature) -> bool:
    """Whether it is about calls that a rule has and another does not."""
    return signature[0] in (CallKind.ADDED, CallKind.REMOVED) and signature[2] is False


def _happening(pair: Pair) -> Iterator[_Signature]:
    """Yield what happens to a call: kinds, each with all that calls of one run have in common."""
    old, new = pair.old, pair.new
    kind = _time_kind(pair)
    if kind in _ONE_BY_ONE:
        yield kind, pair.day, old and old.recurrence, new and new.recurrence
    elif kind is not None:
        call = new or old
        yield kind, None if kind is CallKind.REMOVED or new is None else new.reason, call is not None and call.added
    if old is None or new is None or pair.was_held != pair.is_held:
        return
    if kind is None and old.reason != new.reason:
        yield CallKind.REASON, old.reason, new.reason
    if pair.is_held:
        if old.duration != new.duration:
            longer = new.duration > old.duration
            yield CallKind.LENGTHENED if longer else CallKind.SHORTENED, old.duration, new.duration
        for what, said in _SAID.items():
            if what is not CallKind.REASON and said(old) != said(new):
                yield what, said(old), said(new)


def _time_kind(pair: Pair) -> CallKind | None:
    """Return what happens to the time of a call, None if it takes place when it did, or still does not."""
    if pair.was_held != pair.is_held:
        if pair.is_held:
            return CallKind.ADDED if pair.old is None else CallKind.RESTORED
        return CallKind.REMOVED if pair.new is None else CallKind.CANCELLED
    if pair.old is None or pair.new is None or not pair.is_held or pair.old.start_utc == pair.new.start_utc:
        return None
    return _NEW_TIME[_is_moved(pair.old), _is_moved(pair.new)]


def _call_change(kind: CallKind, run: Sequence[Pair], zones: Sequence[Zone]) -> CallChange:
    first = run[0]
    reason = first.new.reason if first.new is not None and kind.of_time else None
    seen = tuple(each for zone in zones for each in _zone_runs(run, zone)) if kind.of_time else ()
    return CallChange(kind, first.day, run[-1].day, len(run), first.old, first.new, reason, seen)


def _zone_runs(pairs: Sequence[Pair], zone: Zone) -> Iterator[ZoneRun]:
    seen = [
        (pair, _local(pair.old, zone) if pair.was_held else None, _local(pair.new, zone) if pair.is_held else None)
        for pair in pairs
    ]
    for _, same in groupby(seen, key=lambda each: _looks(*each)):
        run = list(same)
        first, before, after = run[0]
        yield ZoneRun(zone, first.day, run[-1][0].day, len(run), before, after)


def _local(call: Occurrence | None, zone: Zone) -> LocalizedOccurrence | None:
    return None if call is None else localize(call, zone)


def _looks(pair: Pair, before: LocalizedOccurrence | None, after: LocalizedOccurrence | None) -> _Signature:
    """Return what a local change looks like: both times and how far from the anchor's day, and where the day changes which."""
    seen = [each and (each.local.time(), (each.local.date() - pair.day).days) for each in (before, after)]
    another_day = before is not None and after is not None and before.local.date() != after.local.date()
    return (*seen, pair.day.weekday() if another_day else None)
