"""What an edit changes, as rows of words that a terminal and Markdown share.

What is free text in the calendar shows no e-mail address.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from svsm_cal.core.affected import ItemKind
from svsm_cal.core.call_changes import CallKind, values_of
from svsm_cal.core.changes import DeadlineKind, ParticipantKind
from svsm_cal.engine.civil import WEEKDAYS
from svsm_cal.engine.zones import local_of
from svsm_cal.value import Value
from svsm_cal.words.phrases import amount, clock, day, day_and_year, duration_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from svsm_cal.core.call_changes import CallChange, ZoneRun
    from svsm_cal.core.changes import Changes, DeadlineChange, ParticipantChange, SeriesChange
    from svsm_cal.core.localized import LocalizedOccurrence
    from svsm_cal.core.milestones import Deadline

__all__ = ["Row", "Table", "headline", "on_one_line", "range_in_words", "reached", "tables", "without_addresses"]

_LONGEST = 80
# Kind -> what a row says, and what the headline counts.
_CALLS = {
    CallKind.ADDED: ("added", "added"),
    CallKind.REMOVED: ("no longer held", "no longer held"),
    CallKind.CANCELLED: ("cancelled", "cancelled"),
    CallKind.RESTORED: ("takes place after all", "taking place after all"),
    CallKind.MOVED: ("moved", "moved"),
    CallKind.MOVED_AGAIN: ("moved again", "moved again"),
    CallKind.MOVED_BACK: ("moved back", "moved back"),
    CallKind.RETIMED: ("new time", "at a new time"),
    CallKind.LENGTHENED: ("longer", "longer"),
    CallKind.SHORTENED: ("shorter", "shorter"),
    CallKind.LINK: ("another link", "with another link"),
    CallKind.CHAIR: ("another chair", "with another chair"),
    CallKind.TITLE: ("another title", "with another title"),
    CallKind.LOCATION: ("another place", "at another place"),
    CallKind.DESCRIPTION: ("another description", "with another description"),
    CallKind.REASON: ("another reason", "with another reason"),
}
_DEADLINES = {
    DeadlineKind.ADDED: "added",
    DeadlineKind.GONE: "gone",
    DeadlineKind.SLIPPED: "slipped",
    DeadlineKind.EARLIER: "earlier",
    DeadlineKind.TITLE: "renamed",
    DeadlineKind.LINK: "with another link",
}
_PEOPLE = {
    ParticipantKind.ADDED: "added",
    ParticipantKind.GONE: "gone",
    ParticipantKind.ZONE: "in another zone",
    ParticipantKind.NAME: "with another name",
    ParticipantKind.ADDRESS: "with another e-mail address",
    ParticipantKind.FEED: "with a feed at another address",
    ParticipantKind.JOINS: "joining",
    ParticipantKind.LEAVES: "leaving",
}


class Row(Value):
    """A line of a table: when or which, what happens, in which zones, before and after; "" where nothing is said.

    `links` says that before and after may be web addresses, `leading` that it is not folded away with the others.
    """

    subject: str
    what: str
    place: str
    before: str
    after: str
    links: bool = False
    leading: bool = True


class Table(Value):
    """A heading, what happens in short, the names of the five columns, and the rows."""

    heading: str
    summary: str
    columns: tuple[str, str, str, str, str]
    rows: tuple[Row, ...]


# The part of an address before its @, which may stand in a link, after "mailto:" or in a name.
_ADDRESS = re.compile(r"[^\s@<>()\[\]\"',;:/]+@(?=[\w-]+(?:\.[\w-]+)+)")
_Kind = TypeVar("_Kind", CallKind, DeadlineKind, ParticipantKind)


def without_addresses(text: str) -> str:
    """Return free text with its e-mail addresses masked: …@example.org."""
    return _ADDRESS.sub("…@", text)


def on_one_line(text: str) -> str:
    """Return free text on one line, without addresses, cut where it is long."""
    line = without_addresses(" ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _link(address: str | None) -> str:
    """Return a link whole, as it may be its end that changes."""
    return without_addresses(address) if address else "none"


def range_in_words(changes: Changes) -> str:
    """Return the range that was compared, by the calendar's clock: Wed 5 March 2025 to Tue 10 March 2026."""
    zone = changes.new.zone
    first, last = local_of(changes.start, zone), local_of(changes.end, zone) - timedelta(microseconds=1)
    return f"{day_and_year(first)} to {day_and_year(last)}"


def headline(changes: Changes) -> str:
    """Return the counts of all that changes for people: 1 call cancelled, 2 deadlines slipped."""
    if not changes.concern_people:
        return "no change for people"
    parts = [
        f"series {on_one_line(each.series.title)} {each.kind}" for each in changes.series if each.kind is not ItemKind.CHANGED
    ]
    parts += _summary([call for each in changes.series if each.kind is ItemKind.CHANGED for call in each.calls])
    parts += _counted(((each.kind, 1) for each in changes.deadlines), "deadline", _DEADLINES)
    parts += _counted(((each.kind, 1) for each in changes.participants), "participant", _PEOPLE)
    return ", ".join(parts)


def _summary(calls: Iterable[CallChange]) -> list[str]:
    return _counted(((each.kind, each.calls) for each in calls), "call", {kind: said for kind, (_, said) in _CALLS.items()})


def _counted(found: Iterable[tuple[_Kind, int]], noun: str, words: Mapping[_Kind, str]) -> list[str]:
    """Return how many there are of each kind, in the kinds' order."""
    counts = dict.fromkeys(words, 0)
    for kind, number in found:
        counts[kind] += number
    return [f"{amount(number, noun)} {words[kind]}" for kind, number in counts.items() if number]


def tables(changes: Changes) -> Iterator[Table]:
    """Yield a table for each series, then those of the deadlines and the participants, where there is something in them."""
    for each in changes.series:
        rows = tuple(row for call in each.calls for row in _call_rows(changes, each, call))
        title, name = on_one_line(each.series.title), each.series.id
        kind = [] if each.kind is ItemKind.CHANGED else [f"series {each.kind}"]
        summary = ", ".join([*kind, *_summary(each.calls)])
        yield Table(f"{title} ({name})" if title != name else name, summary, ("date", "what", "where", "before", "after"), rows)
    if changes.deadlines:
        rows = tuple(_deadline_row(each) for each in changes.deadlines)
        yield Table("Deadlines", "", ("deadline", "what", "calls left before it", "before", "after"), rows)
    if changes.participants:
        rows = tuple(_participant_row(each) for each in changes.participants)
        yield Table("Participants", "", ("who", "what", "in", "before", "after"), rows)


def _call_rows(changes: Changes, series: SeriesChange, call: CallChange) -> Iterator[Row]:
    """Yield the rows of a change: one for each run and all the zones that see it alike, or one for what calls say."""
    what = f"{_CALLS[call.kind][0]}{f': {on_one_line(call.reason)}' if call.reason else ''}"
    if not call.kind.of_time:
        before, after = (_value(changes, call, value) for value in values_of(call))
        yield Row(_days(call.first, call.last, call.calls), what, "", before, after, links=call.kind is CallKind.LINK)
        return
    alike: dict[tuple[date, date, int, str, str], list[ZoneRun]] = {}
    for run in call.zones:
        alike.setdefault((run.first, run.last, run.calls, *_local_times(run)), []).append(run)
    main = [run.zone for run in call.zones if run.zone == series.series.zone] or [call.zones[0].zone]
    for (first, last, calls, before, after), runs in sorted(alike.items(), key=lambda each: each[0][:2]):
        places = ", ".join(run.zone.key for run in runs)
        leading = any(run.zone in main for run in runs)
        # When a call would have been matters to nobody; when it was is told on the anchor's clock.
        if after or leading:
            yield Row(_days(first, last, calls), what, places, before, after, leading=leading)


def _days(first: date, last: date, calls: int) -> str:
    begin = day(first) if first.year == last.year else day_and_year(first)
    if calls == 1:
        return day_and_year(first)
    return f"{begin} and {day_and_year(last)}" if calls == 2 else f"{begin} to {day_and_year(last)} ({amount(calls, 'call')})"


def _local_times(run: ZoneRun) -> tuple[str, str]:
    """Return both local times of a run, with their days where these are not the ones that the row is about."""
    days = {each.local.date() for each in (run.before, run.after) if each is not None}
    before, after = ("" if each is None else _local(each, run, days) for each in (run.before, run.after))
    return before, after


def _local(seen: LocalizedOccurrence, run: ZoneRun, days: Collection[date]) -> str:
    if len(days) > 1 and run.calls == 1:
        return f"{day(seen.local)} {clock(seen.local)}"
    if len(days) > 1 or (run.calls == 1 and run.first not in days):
        return f"{WEEKDAYS[seen.local.weekday()][:3]} {clock(seen.local)}"
    # Of a run's calls all are on that day, or all on the one after, but not all on the same weekday.
    which = {0: "", 1: " the next day", -1: " the previous day"}
    return f"{clock(seen.local)}{which.get((seen.local.date() - run.first).days, '')}"


def _value(changes: Changes, call: CallChange, value: str | timedelta | None) -> str:
    if isinstance(value, timedelta):
        return duration_in_words(value)
    if value is not None and call.kind is CallKind.CHAIR:
        value = changes.new.person(value) if changes.new.participant(value) else changes.old.person(value)
    if call.kind is CallKind.LINK:
        return _link(value)
    return on_one_line(value) if value else "none"


def _deadline_row(change: DeadlineChange) -> Row:
    was, now, kind = change.before, change.after, change.kind
    deadline = now or was
    left = [str(each) for each in (change.calls_before, change.calls_after) if each is not None]
    said = _DEADLINE_SAYS.get(kind, _due)
    before, after = ("" if each is None else said(each) for each in (was, now))
    title = "" if deadline is None else on_one_line(deadline.title)
    return Row(title, _DEADLINES[kind], " -> ".join(dict.fromkeys(left)), before, after, links=kind is DeadlineKind.LINK)


def _due(deadline: Deadline) -> str:
    at = f" {clock(deadline.at)}" if deadline.at else ""
    zone = f" {deadline.zone.key}" if deadline.zone else ""
    planned = f" (planned {day(deadline.planned)})" if deadline.planned and deadline.planned != deadline.date else ""
    return f"{day_and_year(deadline.date)}{at}{zone}{planned}"


_DEADLINE_SAYS: dict[DeadlineKind, Callable[[Deadline], str]] = {
    DeadlineKind.TITLE: lambda deadline: on_one_line(deadline.title),
    DeadlineKind.LINK: lambda deadline: _link(deadline.url),
}


def _participant_row(change: ParticipantChange) -> Row:
    was, now, kind = change.before, change.after, change.kind
    person = now or was
    name = "" if person is None else f"{on_one_line(person.name)} ({person.id})"
    before = after = ""
    if kind is ParticipantKind.NAME and was and now:
        before, after = on_one_line(was.name), on_one_line(now.name)
    elif kind in (ParticipantKind.ADDED, ParticipantKind.GONE, ParticipantKind.ZONE):
        before, after = (each.zone.key if each else "" for each in (was, now))
    return Row(name, _PEOPLE[kind], ", ".join(change.series), before, after)


def reached(changes: Changes) -> Sequence[tuple[str, str]]:
    """Return the feeds that change, public ones by path and participants' by id, and who would get a mail, in words."""
    public = [f"{each.path}{_suffix(each.kind)}" for each in changes.feeds if each.path is not None]
    personal = [f"{each.participant}{_suffix(each.kind)}" for each in changes.feeds if each.participant is not None]
    invites = [f"{each.series} ({', '.join(each.participants)})" for each in changes.invites]
    found = {"Feeds that change": public, "Participants' feeds that change": personal, "Invites that change": invites}
    return [(what, ", ".join(names)) for what, names in found.items() if names]


def _suffix(kind: ItemKind) -> str:
    return "" if kind is ItemKind.CHANGED else f" ({kind})"
