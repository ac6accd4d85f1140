"""A notice in words: a title and a text in plain sentences, with times grouped by zone.

Days have their weekday, and each time is followed by its zone.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from svsm_cal.engine.zones import local_of
from svsm_cal.notices.notice import (
    Absence,
    AbsenceFact,
    AnchorFact,
    CallFact,
    DeadlineFact,
    LocalChange,
    Notice,
    NoticeKind,
    ShiftFact,
    Suggestion,
    TimeFact,
    TzFact,
)
from svsm_cal.value import Value
from svsm_cal.words import ENGLISH
from svsm_cal.words.language import clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svsm_cal.core.milestones import Deadline
    from svsm_cal.core.model import Calendar, Occurrence
    from svsm_cal.engine.civil import LocalDateTime
    from svsm_cal.words.language import Language

# A title names this many zones and counts the others.
_MOST_ZONES = 3


class Wording(Value):
    """The words of a notice: one line, and one or more sentences."""

    title: str
    text: str


def begins(call: Occurrence) -> LocalDateTime:
    """Return a call's start on the anchor's clock; for a skipped time the time that the clock shows instead."""
    return local_of(call.start_utc, call.zone)


def wording(notice: Notice, calendar: Calendar, language: Language = ENGLISH) -> Wording:
    """Return a notice in words; people have the names that the calendar gives them."""
    title, sentences = _told(language, notice, calendar)
    subject = f"{notice.series.title}: {title}" if notice.series is not None else title[:1].upper() + title[1:]
    return Wording(subject, " ".join(sentence for sentence in sentences if sentence))


_Told = tuple[str, list[str]]


def _say(language: Language, key: str, **values: object) -> str:
    return language.say(f"notice.{key}", **values)


def _briefly(language: Language, names: Sequence[str]) -> str:
    """Return the first few names, and how many more there are."""
    if len(names) <= _MOST_ZONES + 1:
        return language.listed(names)
    return _say(language, "more", most=", ".join(names[:_MOST_ZONES]), number=len(names) - _MOST_ZONES)


def _time(language: Language, local: LocalDateTime, day: date) -> str:
    """Return a time of day, with its day if that differs from the anchor's."""
    return language.time_on(local, (local.date() - day).days)


def _moment(language: Language, local: LocalDateTime) -> str:
    return f"{language.long_day(local)} {clock(local)}"


def _span(language: Language, first: date, last: date | None, calls: int | None) -> str:
    """Return when calls are: from one day to another, from a day on, on one day only."""
    begin = language.long_day(first)
    if last is None or calls is None:
        return _say(language, "from_on", first=begin)
    if calls == 1:
        return _say(language, "only", first=begin)
    return _say(language, "from_to", first=begin, last=language.long_day(last), calls=language.amount(calls, "call"))


def _changes(language: Language, zones: Sequence[LocalChange], day: date) -> str:
    """Return zones with their times, new and old."""
    return language.listed([_change(language, each, day) for each in zones])


def _change(language: Language, each: LocalChange, day: date) -> str:
    after = _time(language, each.after, day)
    if each.before is None:
        return _say(language, "zone_now", zone=each.zone.key, after=after)
    # If both are on the next day, that is said once, of the old time.
    shown = clock(each.after) if each.before.date() == each.after.date() else after
    return _say(language, "zone_change", zone=each.zone.key, after=shown, before=_time(language, each.before, day))


def _moments(language: Language, zones: Sequence[LocalChange]) -> str:
    """Return zones' days and times, and the old ones if they differ."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in zones:
        before = "" if each.before is None or each.before == each.after else _moment(language, each.before)
        found.setdefault((_moment(language, each.after), before), []).append(each.zone.key)
    return "; ".join(
        _say(language, "when_instead" if before else "when_in", when=when, zone=language.listed(names), before=before)
        for (when, before), names in found.items()
    )


def _told(language: Language, notice: Notice, calendar: Calendar) -> _Told:
    match notice.fact:
        case ShiftFact() as fact:
            return _shift(language, notice, fact)
        case AnchorFact() as fact:
            return _anchor(language, notice, fact)
        case TimeFact() as fact:
            return _new_time(language, fact)
        case CallFact() as fact:
            return _call(language, notice, fact, calendar)
        case DeadlineFact() as fact:
            return _deadline(language, notice, fact)
        case AbsenceFact() as fact:
            return _absences(language, notice, fact, calendar)
        case TzFact() as fact:
            return _law(language, fact)


def _shift(language: Language, notice: Notice, fact: ShiftFact) -> _Told:
    kind, first = notice.kind, language.long_day(fact.first)
    change = language.change(fact.minutes)
    names = _briefly(language, [each.zone.key for each in fact.zones])
    last = language.long_day(fact.last) if fact.last else ""
    only = "_only" if kind is NoticeKind.SHIFT and fact.calls == 1 else ""
    title = _say(language, f"{kind}.title{only}", change=change, first=first, last=last, zones=names)
    span = _span(language, fact.first, fact.last, fact.calls)
    zones = _changes(language, fact.zones, fact.first)
    text = [_say(language, kind, span=span, change=change, first=first, last=last, zones=zones)]
    if kind is not NoticeKind.SHIFT_LAST:
        if fact.passing and fact.calls is not None:
            key = "until_last_for" if fact.passed else "until_last"
            some = language.listed([each.key for each in fact.passed])
            text.append(_say(language, key, last=last, calls=language.amount(fact.calls, "call"), zones=some))
        text.append(_cause(language, fact))
    return title, text


def _cause(language: Language, fact: ShiftFact) -> str:
    if fact.cause is None:
        return ""
    zone, day = fact.cause
    where = _say(language, "there") if zone is None else _say(language, "in_zone", zone=zone.key)
    return _say(language, "cause", where=where, day=language.long_day(day))


def _anchor(language: Language, notice: Notice, fact: AnchorFact) -> _Told:
    day, first = language.long_day(fact.day), notice.date
    length = language.length(timedelta(minutes=abs(fact.minutes)))
    change = _say(language, "anchor.forward" if fact.minutes > 0 else "anchor.back", zone=fact.zone.key, length=length, day=day)
    before = _time(language, fact.utc.before, first) if fact.utc.before is not None else ""
    text = _say(
        language,
        "anchor",
        change=change,
        time=clock(fact.first),
        first=language.long_day(first),
        after=_time(language, fact.utc.after, first),
        before=before,
    )
    others = [zone.key for zone in fact.zones if zone != fact.zone]
    spared = _say(language, "anchor.spared", zones=language.listed(others)) if others else ""
    return _say(language, "anchor.title", zone=fact.zone.key, day=day), [text, spared]


def _new_time(language: Language, fact: TimeFact) -> _Told:
    call, before = fact.after, fact.before
    first = language.long_day(call.start)
    rule = f", {language.rule(fact.rule)}" if fact.rule is not None else ""
    text = [_say(language, "reanchored", first=first, time=clock(begins(call)), zone=call.zone.key, rule=rule)]
    if before is not None:
        text.append(_say(language, "reanchored.before", time=clock(begins(before)), zone=before.zone.key))
    if fact.zones:
        text.append(_say(language, "times", times=_moments(language, fact.zones)))
    return _say(language, "reanchored.title", first=first), text


def _call(language: Language, notice: Notice, fact: CallFact, calendar: Calendar) -> _Told:
    call, kind = fact.call, notice.kind
    day, was = language.long_day(call.start), language.long_day(call.recurrence)
    if kind is NoticeKind.CHAIR:
        return _chair(language, fact, calendar, day)
    if kind is NoticeKind.LINK:
        title, key = ("link.title_onwards", "link.onwards") if fact.onwards else ("link.title", "link")
        return _say(language, title, day=day), [_say(language, key, day=day, url=fact.now)]
    values = {"day": day, "was": was, "before": clock(call.recurrence), "time": clock(begins(call)), "zone": call.zone.key}
    text = [_because(language, _say(language, kind, **values), call)]
    if kind is NoticeKind.CANCELLED:
        following = language.long_day(fact.following.start) if fact.following else ""
        text.append(_say(language, "following" if following else "no_following", day=following))
    elif fact.zones:
        text.append(_say(language, "times", times=_moments(language, fact.zones)))
    same_day = kind is NoticeKind.MOVED and day == was
    return _say(language, "moved.title_same_day" if same_day else f"{kind}.title", **values), text


def _because(language: Language, what: str, call: Occurrence) -> str:
    if not call.reason:
        return what
    return language.because(what.rstrip("."), call.reason.rstrip(".")) + "."


def _chair(language: Language, fact: CallFact, calendar: Calendar, day: str) -> _Told:
    name, was = calendar.person(fact.now), calendar.person(fact.was)
    once = "chair.instead" if was else "chair"
    key = ("chair.turns" if fact.in_turn else "chair.onwards") if fact.onwards else once
    return _say(language, "chair.title", name=name, day=day), [_say(language, key, name=name, was=was, day=day)]


def _deadline(language: Language, notice: Notice, fact: DeadlineFact) -> _Told:
    deadline, kind, calls = fact.deadline, notice.kind, fact.calls
    values = {
        "title": deadline.title,
        "day": language.long_day(deadline.date),
        "was": language.long_day(fact.was) if fact.was else "",
        "call": language.long_day(calls[0].start) if calls else "",
    }
    if kind is NoticeKind.DEADLINE:
        text = deadline_sentences(language, deadline, calls, "notice.left")
    else:
        text = [_say(language, kind, **values)]
    return _say(language, f"{kind}.title", **values), text


def deadline_sentences(language: Language, deadline: Deadline, calls: Sequence[Occurrence], left: str) -> list[str]:
    """Return when a deadline is, its planned date if that differs, and by the message `left` the calls left before it."""
    hour = f", {clock(deadline.at)} {deadline.zone.key}" if deadline.at is not None and deadline.zone is not None else ""
    text = [_say(language, "deadline", title=deadline.title, day=language.long_day(deadline.date), hour=hour)]
    if deadline.planned is not None and deadline.planned != deadline.date:
        text.append(_say(language, "planned", day=language.long_day(deadline.planned)))
    following = language.long_day(calls[0].start) if calls else ""
    return [*text, language.say(left, number=len(calls), day=following)]


def _absences(language: Language, notice: Notice, fact: AbsenceFact, calendar: Calendar) -> _Told:
    day = language.long_day(fact.call.start)
    others = [_absent(each) for each in fact.missing if each.id != fact.chair]
    text = []
    if fact.chair is not None:
        chair = next((_absent(each) for each in fact.missing if each.id == fact.chair), calendar.person(fact.chair))
        text.append(_say(language, "chair-away", name=chair, day=day))
        if others:
            text.append(_say(language, "chair-away.others", names=language.listed(others)))
    else:
        text.append(_say(language, "absences", names=language.listed(others), day=day))
    if fact.following is not None:
        text.append(_say(language, "chair-away.next", name=calendar.person(fact.following)))
    if len(fact.missing) > 1:
        text.append(_say(language, "absences.of", missing=len(fact.missing), all=fact.attendees))
    if fact.suggestion is not Suggestion.NONE:
        text.append(_say(language, f"suggest.{fact.suggestion}"))
    return _say(language, f"{notice.kind}.title", day=day), text


def _absent(absence: Absence) -> str:
    return f"{absence.name} ({absence.holiday})" if absence.holiday else absence.name


def _law(language: Language, fact: TzFact) -> _Told:
    span = _span(language, fact.first, fact.last, fact.calls)
    text = [_say(language, "law", span=span, zones=_changes(language, fact.zones, fact.first))]
    if fact.more:
        text.append(_say(language, "law.more"))
    if fact.moved:
        text.append(_say(language, "law.moved"))
    return _say(language, "law.title", first=language.long_day(fact.first)), text
