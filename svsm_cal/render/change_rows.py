"""The changes of an edit in words: rows for a terminal and for Markdown, and lines for the mail of an update.

E-mail addresses in the calendar's free text are masked, as diffs end in public logs.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.core.affected import ItemKind
from svsm_cal.core.call_changes import CallKind, values_of
from svsm_cal.core.changes import DeadlineKind, ParticipantKind
from svsm_cal.render.text import planned_note
from svsm_cal.value import Value, replace
from svsm_cal.words.language import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import date

    from svsm_cal.core.call_changes import CallChange, ZoneRun
    from svsm_cal.core.changes import Changes, DeadlineChange, ParticipantChange, SeriesChange
    from svsm_cal.core.localized import LocalizedOccurrence
    from svsm_cal.core.milestones import Deadline
    from svsm_cal.engine.zones import Zone
    from svsm_cal.words.language import Language

    News = Callable[[Language], tuple[str, ...]]

_LONGEST, _LONGEST_NEWS = 80, 120
# A run of calls that lasts until this many days before the end of the compared range is taken to have no end.
_OPEN_DAYS = 40


class Row(Value):
    """A row of a table: subject, what happens, in which zones, before and after; a cell without content is "".

    With `links` the cells before and after may be web addresses; a row that is not `leading` may be folded away.
    """

    subject: str
    what: str
    place: str
    before: str
    after: str
    links: bool = False
    leading: bool = True


class Table(Value):
    """A heading, a summary, the names of the five columns, the rows, and a label of `place` for text without column names."""

    heading: str
    summary: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    place_label: str = ""


# The part of an e-mail address before its @, also in a link after "mailto:" or in a name.
_ADDRESS = re.compile(r"[^\s@<>()\[\]\"',;:/]+@(?=[\w-]+(?:\.[\w-]+)+)")


def without_addresses(text: str) -> str:
    """Return free text with its e-mail addresses masked: …@example.org."""
    return _ADDRESS.sub("…@", text)


def on_one_line(text: str) -> str:
    """Return free text on one line, without addresses, cut if it is long."""
    return _cut(without_addresses(text), _LONGEST)


def _cut(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def headline(language: Language, changes: Changes) -> str:
    """Return how many things change for people: 1 call cancelled, 2 deadlines slipped."""
    if not changes.concern_people:
        return language.say("diff.none")
    found = [(each.series, each.kind) for each in changes.series if each.kind is not ItemKind.CHANGED]
    parts = [language.say(f"diff.series.{touch}", title=on_one_line(series.title)) for series, touch in found]
    parts += _summary(language, [call for each in changes.series if each.kind is ItemKind.CHANGED for call in each.calls])
    parts += _counted(language, "deadline", DeadlineKind, [(each.kind, 1) for each in changes.deadlines])
    parts += _counted(language, "participant", ParticipantKind, [(each.kind, 1) for each in changes.participants])
    return ", ".join(parts)


def _summary(language: Language, calls: Iterable[CallChange]) -> list[str]:
    return _counted(language, "call", CallKind, [(each.kind, each.calls) for each in calls])


def _counted(language: Language, noun: str, kinds: Iterable[str], found: Sequence[tuple[str, int]]) -> list[str]:
    """Return how many there are of each kind, in the kinds' order."""
    counts = {kind: sum(number for each, number in found if each == kind) for kind in kinds}
    named = [(language.amount(number, noun), _what(language, noun, kind, "count")) for kind, number in counts.items() if number]
    return [language.say("diff.counted", count=count, what=what) for count, what in named]


def _what(language: Language, noun: str, kind: str, form: str) -> str:
    return language.say(f"change.{kind}", form=form) if noun == "call" else language.say(f"change.{noun}.{kind}")


def tables(language: Language, changes: Changes) -> Iterator[Table]:
    """Yield a table for each series, then those of deadlines and participants, without empty ones."""

    def columns(subject: str, place: str) -> tuple[str, ...]:
        return tuple(language.say(f"diff.{key}") for key in (subject, "what", place, "before", "after"))

    for each in changes.series:
        rows = tuple(row for call in each.calls for row in _call_rows(language, changes, each, call))
        title, name = on_one_line(each.series.title), each.series.id
        touch = [] if each.kind is ItemKind.CHANGED else [language.say(f"diff.this_series.{each.kind}")]
        summary = ", ".join([*touch, *_summary(language, each.calls)])
        yield Table(f"{title} ({name})" if title != name else name, summary, columns("date", "where"), rows)
    if changes.deadlines:
        rows = tuple(_deadline_row(language, changes, each) for each in changes.deadlines)
        label = language.say("diff.calls_left")
        yield Table(language.say("diff.deadlines"), "", columns("deadline", "calls_left"), rows, label)
    if changes.participants:
        rows = tuple(_participant_row(language, each) for each in changes.participants)
        yield Table(language.say("diff.participants"), "", columns("who", "in"), rows)


def _call_rows(language: Language, changes: Changes, series: SeriesChange, call: CallChange) -> Iterator[Row]:
    """Yield the rows of a change: one for each run and all zones that see it alike, or one for a change of details."""
    what = language.say(f"change.{call.kind}", form="row")
    what = f"{what}: {on_one_line(call.reason)}" if call.reason else what
    if not call.kind.of_time:
        before, after = (_value(language, changes, call.kind, value) for value in values_of(call))
        yield Row(_days(language, call), what, "", before, after, links=call.kind is CallKind.LINK)
        return
    alike: dict[tuple[date, date, int, str, str], list[ZoneRun]] = {}
    for run in call.zones:
        alike.setdefault((run.first, run.last, run.calls, *_local_times(language, run)), []).append(run)
    main = [run.zone for run in call.zones if run.zone == series.series.zone] or [call.zones[0].zone]
    for (_, _, _, before, after), runs in sorted(alike.items(), key=lambda each: each[0][:2]):
        places = ", ".join(run.zone.key for run in runs)
        leading = any(run.zone in main for run in runs)
        # Only the anchor's clock shows the old time of a call that does not take place any more.
        if after or leading:
            yield Row(_days(language, runs[0]), what, places, before, after, leading=leading)


def _days(language: Language, run: CallChange | ZoneRun) -> str:
    if run.calls == 2:
        begin = language.day(run.first) if run.first.year == run.last.year else language.date(run.first)
        return language.listed([begin, language.date(run.last)])
    return _dates(language, run)


def _dates(language: Language, run: CallChange | ZoneRun) -> str:
    if run.calls == 1:
        return language.date(run.first)
    return f"{language.between(run.first, run.last)} ({language.amount(run.calls, 'call')})"


def _local_times(language: Language, run: ZoneRun) -> tuple[str, str]:
    """Return both local times of a run, with their days if these are not the row's own."""
    days = {each.local.date() for each in (run.before, run.after) if each is not None}
    before, after = ("" if each is None else _local(language, each, run, days) for each in (run.before, run.after))
    return before, after


def _local(language: Language, seen: LocalizedOccurrence, run: ZoneRun, days: Collection[date]) -> str:
    if len(days) > 1 and run.calls == 1:
        return f"{language.day(seen.local)} {clock(seen.local)}"
    if len(days) > 1 or (run.calls == 1 and run.first not in days):
        return f"{language.weekdays_short[seen.local.weekday()]} {clock(seen.local)}"
    # All calls of a run are on that day, or all on the next one, but not all on the same weekday.
    days_later = (seen.local.date() - run.first).days
    return language.time_on(seen.local, days_later if abs(days_later) == 1 else 0)


def _value(language: Language, changes: Changes, kind: CallKind, value: str | timedelta | None, *, masked: bool = True) -> str:
    """Return a value of a call, in a mail not `masked`; a link in full, as the change may be at its end."""
    if isinstance(value, timedelta):
        return language.length(value)
    if not value:
        return language.say("change.no_value")
    if kind is CallKind.CHAIR:
        value = (changes.new if changes.new.participant(value) else changes.old).person(value) or value
    if kind is CallKind.LINK:
        return without_addresses(value) if masked else value
    return on_one_line(value) if masked else _cut(value, _LONGEST_NEWS)


def _deadline_row(language: Language, changes: Changes, change: DeadlineChange) -> Row:
    def shown(deadline: Deadline | None) -> str:
        if deadline is None:
            return ""
        if change.kind is DeadlineKind.LINK:
            return _value(language, changes, CallKind.LINK, deadline.url)
        if change.kind is DeadlineKind.TITLE:
            return on_one_line(deadline.title)
        at = f" {clock(deadline.at)}" if deadline.at else ""
        zone = f" {deadline.zone.key}" if deadline.zone else ""
        return f"{language.date(deadline.date)}{at}{zone}{planned_note(language, deadline)}"

    deadline = change.after or change.before
    left = [str(each) for each in (change.calls_before, change.calls_after) if each is not None]
    title = "" if deadline is None else on_one_line(deadline.title)
    what = language.say(f"change.deadline.{change.kind}")
    links = change.kind is DeadlineKind.LINK
    return Row(title, what, " -> ".join(dict.fromkeys(left)), shown(change.before), shown(change.after), links=links)


def _participant_row(language: Language, change: ParticipantChange) -> Row:
    was, now, kind = change.before, change.after, change.kind
    person = now or was
    name = "" if person is None else f"{on_one_line(person.name)} ({person.id})"
    before = after = ""
    if kind is ParticipantKind.NAME and was and now:
        before, after = on_one_line(was.name), on_one_line(now.name)
    elif kind in (ParticipantKind.ADDED, ParticipantKind.GONE, ParticipantKind.ZONE):
        before, after = (each.zone.key if each else "" for each in (was, now))
    return Row(name, language.say(f"change.participant.{kind}"), ", ".join(change.series), before, after)


# --- Lines for one reader: the beginning of an update's mail, and the reason in `invite plan`


def change_lines(language: Language, changes: Changes, series: SeriesChange, zone: Zone) -> tuple[str, ...]:
    """Return the changes of a series for readers in a zone, which must be one of those in `changes`, in order.

    Lines are such as: new time: 12:00 → 13:00, from Wed 12 March 2025 on; cancelled: Wed 12 March 2025 12:00 (reason).
    """
    return tuple(line for call in series.calls for line in _lines(language, changes, call, zone))


def law_lines(language: Language) -> tuple[str, ...]:
    """Return the line for readers whose clocks have another law."""
    return (language.say("change.law"),)


def no_lines(language: Language) -> tuple[str, ...]:
    """Return no line, for a mail without changes."""
    del language
    return ()


def _lines(language: Language, changes: Changes, call: CallChange, zone: Zone) -> Iterator[str]:
    what = language.say(f"change.{call.kind}", form="mail")
    if not call.kind.of_time:
        before, after = (_value(language, changes, call.kind, each, masked=False) for each in values_of(call))
        yield _line(what, _when(language, changes, call), before, after)
        return
    reason = f" ({_cut(call.reason, _LONGEST_NEWS)})" if call.reason else ""
    runs = [each for each in call.zones if each.zone == zone]
    if len({_distance(run) for run in runs}) == 1 and _distance(runs[0]) is not None:
        # A clock change in between moves both times alike: for the reader it is one change.
        runs = [replace(runs[0], last=runs[-1].last, calls=sum(each.calls for each in runs))]
    for run in runs:
        ends = [each for each in (run.before, run.after) if each is not None]
        if run.calls == 1 and len(ends) == 1:
            said = _line(what, f"{language.date(ends[0].local)} {clock(ends[0].local)}", "", "")
        elif run.calls == 1 and len({each.local.date() for each in ends}) > 1:
            said = _line(what, "", *(f"{language.day(each.local)} {clock(each.local)}" for each in ends))
        else:
            said = _line(what, _when(language, changes, run), _time(language, run.before, run), _time(language, run.after, run))
        yield f"{said}{reason}"


def _line(what: str, when: str, before: str, after: str) -> str:
    values = [f"{before} → {after}", when] if before and after else [when, before, after]
    return f"{what}: {', '.join(filter(None, values))}"


def _distance(run: ZoneRun) -> timedelta | None:
    """Return how much later a run's calls are than before; None if there are calls only before or only after."""
    return None if run.before is None or run.after is None else run.after.local - run.before.local


def _when(language: Language, changes: Changes, run: CallChange | ZoneRun) -> str:
    """Return the days of a run of calls, without an end if it lasts to the end of the compared range."""
    if run.calls > 2 and (changes.end.date() - run.last).days < _OPEN_DAYS:
        return language.say("from_on", day=language.date(run.first))
    return _dates(language, run)


def _time(language: Language, seen: LocalizedOccurrence | None, run: ZoneRun) -> str:
    """Return a local time, with its day if that differs from the anchor's."""
    if seen is None:
        return ""
    return clock(seen.local) if seen.local.date() == run.first else f"{language.day(seen.local)} {clock(seen.local)}"
