"""The changes of a series' calls by an edit: runs of calls with the same change, and their local times."""

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


class CallKind(StrEnum):
    """What happens to calls; the kinds up to `RETIMED` concern their times."""

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
        """Return whether the times of calls change, which look different in every zone."""
        return self in _OF_TIME


_OF_TIME = frozenset(list(CallKind)[: list(CallKind).index(CallKind.RETIMED) + 1])
# (whether the call was a moved one, whether it is now) -> the kind of a new time.
_NEW_TIME = {
    (False, False): CallKind.RETIMED,
    (False, True): CallKind.MOVED,
    (True, False): CallKind.MOVED_BACK,
    (True, True): CallKind.MOVED_AGAIN,
}
_VALUES: dict[CallKind, Callable[[Occurrence], str | None]] = {
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

    `first` and `last` are anchor dates; `before` and `after` are the first call on the zone's clock, None if it does not
    take place.
    """

    zone: Zone
    first: date
    last: date
    calls: int
    before: LocalizedOccurrence | None
    after: LocalizedOccurrence | None


class CallChange(Value):
    """A change of one call, or of a run of calls from the anchor date `first` to `last`.

    `before` and `after` are the first of them, None if a calendar does not have it.
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
    """Return the changed value before and after: a link, a title, a duration; (None, None) for a change of time."""
    if change.kind.of_time or change.before is None or change.after is None:
        return None, None
    if change.kind in _VALUES:
        return _VALUES[change.kind](change.before), _VALUES[change.kind](change.after)
    return change.before.duration, change.after.duration


_Signature = tuple[object, ...]


def call_changes(pairs: Sequence[Pair], zones: Sequence[Zone], *, weekly: bool) -> list[CallChange]:
    """Return the changes of consecutive pairs, with local times in `zones`.

    A call without the change, on the same day of the week if the series is `weekly`, ends a run. Calls that a new rule adds
    or removes, such as every other call, are one run.
    """
    runs: list[tuple[_Signature, list[Pair]]] = []
    running: dict[_Signature, list[Pair]] = {}
    for pair in pairs:
        here = dict.fromkeys(_signatures(pair))
        # A call with its own time does not end a run of other changes of time.
        own_time = any(signature[0] in _OF_TIME for signature in here) or _is_moved(pair.old) or _is_moved(pair.new)
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
    changes = [_call_change(CallKind(str(signature[0])), run, zones) for signature, run in runs]
    return sorted(changes, key=lambda change: (change.first, order.index(change.kind), change.last))


def _is_moved(call: Occurrence | None) -> bool:
    return call is not None and call.status is Status.MOVED


def _by_rule(signature: _Signature) -> bool:
    """Return whether the calls were added or removed by a change of the rule."""
    return signature[0] in (CallKind.ADDED, CallKind.REMOVED) and signature[2] is False


def _signatures(pair: Pair) -> Iterator[_Signature]:
    """Yield the changes of a call, each as its kind with what all calls of a run have in common."""
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
        for what, value in _VALUES.items():
            if what is not CallKind.REASON and value(old) != value(new):
                yield what, value(old), value(new)


def _time_kind(pair: Pair) -> CallKind | None:
    """Return the change of a call's time, None if it takes place at the same instant as before, or still does not."""
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
    local = tuple(same for zone in zones for same in _zone_runs(run, zone)) if kind.of_time else ()
    return CallChange(kind, first.day, run[-1].day, len(run), first.old, first.new, reason, local)


def _zone_runs(pairs: Sequence[Pair], zone: Zone) -> Iterator[ZoneRun]:
    seen = [
        (
            pair,
            localize(pair.old, zone) if pair.old is not None and pair.old.held else None,
            localize(pair.new, zone) if pair.new is not None and pair.new.held else None,
        )
        for pair in pairs
    ]
    for _, same in groupby(seen, key=lambda row: _looks(*row)):
        run = list(same)
        first, before, after = run[0]
        yield ZoneRun(zone, first.day, run[-1][0].day, len(run), before, after)


def _looks(pair: Pair, before: LocalizedOccurrence | None, after: LocalizedOccurrence | None) -> _Signature:
    """Return both local times with their day offsets, and the weekday if the local date changes."""
    seen = [call and (call.local.time(), (call.local.date() - pair.day).days) for call in (before, after)]
    new_date = before is not None and after is not None and before.local.date() != after.local.date()
    return (*seen, pair.day.weekday() if new_date else None)
