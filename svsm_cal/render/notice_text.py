"""A notice in words: a title and a text in plain sentences, in each language, times grouped by zone.

Days are named with their weekday, times are those of the zones named beside them.
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
from svsm_cal.words.languages import LANGUAGES, Language
from svsm_cal.words.notice_phrases import PHRASES
from svsm_cal.words.phrases import clock, rule_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svsm_cal.core.model import Calendar, Occurrence
    from svsm_cal.engine.civil import LocalDateTime

__all__ = ["Voice", "Wording", "begins", "wording"]

# A title names so many zones, and counts the others.
_MOST_ZONES = 3


class Wording(Value):
    """What a notice says: one line, and one or more sentences."""

    title: str
    text: str


class Voice:
    """One language as notices and agendas speak it."""

    def __init__(self, language: str) -> None:
        self.language: Language = next(each for each in LANGUAGES if each.tag == language)
        self._phrases = PHRASES[language]

    def say(self, key: str, **values: object) -> str:
        """Return a phrase with its values put in."""
        return self._phrases[key].format_map(values)

    def day(self, value: date) -> str:
        """Return a day with its weekday's whole name: Wednesday 12 March."""
        language = self.language
        return language.say(
            "day", weekday=language.weekdays[value.weekday()], day=value.day, month=language.month(value), year=value.year
        )

    def listed(self, items: Sequence[str]) -> str:
        """Return items with an "and" before the last."""
        if len(items) < 2:
            return "".join(items)
        return self.say("and", most=", ".join(items[:-1]), last=items[-1])

    def briefly(self, names: Sequence[str]) -> str:
        """Return the first few names, and how many more there are."""
        if len(names) <= _MOST_ZONES + 1:
            return self.listed(names)
        return self.say("more", most=", ".join(names[:_MOST_ZONES]), number=len(names) - _MOST_ZONES)

    def time(self, local: LocalDateTime, day: date) -> str:
        """Return a time of day, and that it is another day's than the anchor's if it is."""
        days = (local.date() - day).days
        if not days:
            return clock(local)
        return self.say("next_day" if days > 0 else "previous_day", time=clock(local))

    def moment(self, local: LocalDateTime) -> str:
        """Return a day and a time: Wednesday 12 March 13:00."""
        return f"{self.day(local)} {clock(local)}"

    def span(self, first: date, last: date | None, calls: int | None) -> str:
        """Return when calls are: from one day to another, from a day on, on one day only."""
        if last is None or calls is None:
            return self.say("from_on", first=self.day(first))
        if calls == 1:
            return self.say("only", first=self.day(first))
        return self.say("from_to", first=self.day(first), last=self.day(last), calls=self.language.amount(calls, "call"))

    def changes(self, zones: Sequence[LocalChange], day: date) -> str:
        """Return zones with the time that each has, and the one it had."""
        return self.listed([self._change(each, day) for each in zones])

    def _change(self, each: LocalChange, day: date) -> str:
        after = self.time(each.after, day)
        if each.before is None:
            return self.say("zone_now", zone=each.zone.key, after=after)
        # That it is the next day is said once, where it was before as well.
        same_day = each.before.date() == each.after.date()
        shown = clock(each.after) if same_day else after
        return self.say("zone_change", zone=each.zone.key, after=shown, before=self.time(each.before, day))

    def moments(self, zones: Sequence[LocalChange]) -> str:
        """Return days and times that zones have, and had where those are others."""
        found: dict[tuple[str, str], list[str]] = {}
        for each in zones:
            before = "" if each.before is None or each.before == each.after else self.moment(each.before)
            found.setdefault((self.moment(each.after), before), []).append(each.zone.key)
        return "; ".join(
            self.say("when_instead" if before else "when_in", when=when, zone=self.listed(names), before=before)
            for (when, before), names in found.items()
        )


def begins(call: Occurrence) -> LocalDateTime:
    """Return what the anchor's clock shows when a call begins: where its time is skipped, what is shown instead of it."""
    return local_of(call.start_utc, call.zone)


def wording(notice: Notice, calendar: Calendar, language: str = "en") -> Wording:
    """Return what a notice says in a language ("en", "de"); people are called by the names the calendar has."""
    voice = Voice(language)
    title, sentences = _told(voice, notice, calendar)
    subject = f"{notice.series.title}: {title}" if notice.series is not None else title[:1].upper() + title[1:]
    return Wording(subject, " ".join(sentence for sentence in sentences if sentence))


_Told = tuple[str, list[str]]


def _told(voice: Voice, notice: Notice, calendar: Calendar) -> _Told:
    match notice.fact:
        case ShiftFact() as fact:
            return _shift(voice, notice, fact)
        case AnchorFact() as fact:
            return _anchor(voice, notice, fact)
        case TimeFact() as fact:
            return _time(voice, fact)
        case CallFact() as fact:
            return _call(voice, notice, fact, calendar)
        case DeadlineFact() as fact:
            return _deadline(voice, notice, fact)
        case AbsenceFact() as fact:
            return _absences(voice, notice, fact, calendar)
        case TzFact() as fact:
            return _tz_change(voice, fact)


def _shift(voice: Voice, notice: Notice, fact: ShiftFact) -> _Told:
    kind, first = notice.kind, voice.day(fact.first)
    change = voice.language.change(fact.minutes)
    names = voice.briefly([each.zone.key for each in fact.zones])
    last = voice.day(fact.last) if fact.last else ""
    only = "_only" if kind is NoticeKind.SHIFT and fact.calls == 1 else ""
    title = voice.say(f"{kind}.title{only}", change=change, first=first, last=last, zones=names)
    span = voice.span(fact.first, fact.last, fact.calls)
    zones = voice.changes(fact.zones, fact.first)
    text = [voice.say(kind, span=span, change=change, first=first, last=last, zones=zones)]
    if kind is not NoticeKind.SHIFT_LAST:
        if fact.passing and fact.calls is not None:
            key = "until_last_for" if fact.passed else "until_last"
            some = voice.listed([each.key for each in fact.passed])
            text.append(voice.say(key, last=last, calls=voice.language.amount(fact.calls, "call"), zones=some))
        text.append(_cause(voice, fact))
    return title, text


def _cause(voice: Voice, fact: ShiftFact) -> str:
    if fact.cause is None:
        return ""
    zone, day = fact.cause
    where = voice.say("there") if zone is None else voice.say("in_zone", zone=zone.key)
    return voice.say("cause", where=where, day=voice.day(day))


def _anchor(voice: Voice, notice: Notice, fact: AnchorFact) -> _Told:
    day, first = voice.day(fact.day), notice.date
    length = voice.language.length(timedelta(minutes=abs(fact.minutes)))
    change = voice.say("anchor.forward" if fact.minutes > 0 else "anchor.back", zone=fact.zone.key, length=length, day=day)
    before = voice.time(fact.utc.before, first) if fact.utc.before is not None else ""
    text = voice.say(
        "anchor",
        change=change,
        time=clock(fact.first),
        first=voice.day(first),
        after=voice.time(fact.utc.after, first),
        before=before,
    )
    others = [zone.key for zone in fact.zones if zone != fact.zone]
    spared = voice.say("anchor.spared", zones=voice.listed(others)) if others else ""
    return voice.say("anchor.title", zone=fact.zone.key, day=day), [text, spared]


def _time(voice: Voice, fact: TimeFact) -> _Told:
    call, before = fact.after, fact.before
    first = voice.day(call.start)
    # Only English has words for rules; elsewhere the days and times of each zone, below, say it.
    rule = voice.say("rule", rule=rule_in_words(fact.rule)) if fact.rule is not None and voice.language.tag == "en" else ""
    text = [voice.say("reanchored", first=first, time=clock(begins(call)), zone=call.zone.key, rule=rule)]
    if before is not None:
        text.append(voice.say("reanchored.before", time=clock(begins(before)), zone=before.zone.key))
    if fact.zones:
        text.append(voice.say("times", times=voice.moments(fact.zones)))
    return voice.say("reanchored.title", first=first), text


def _call(voice: Voice, notice: Notice, fact: CallFact, calendar: Calendar) -> _Told:
    call, kind = fact.call, notice.kind
    day, was = voice.day(call.start), voice.day(call.recurrence)
    if kind is NoticeKind.CHAIR:
        return _chair(voice, fact, calendar, day)
    if kind is NoticeKind.LINK:
        title, key = ("link.title_onwards", "link.onwards") if fact.onwards else ("link.title", "link")
        return voice.say(title, day=day), [voice.say(key, day=day, url=fact.now)]
    values = {"day": day, "was": was, "before": clock(call.recurrence), "time": clock(begins(call)), "zone": call.zone.key}
    text = [_because(voice, voice.say(kind, **values), call)]
    if kind is NoticeKind.CANCELLED:
        following = fact.following
        text.append(voice.say("following", day=voice.day(following.start)) if following else voice.say("no_following"))
    elif fact.zones:
        text.append(voice.say("times", times=voice.moments(fact.zones)))
    same_day = kind is NoticeKind.MOVED and day == was
    return voice.say("moved.title_same_day" if same_day else f"{kind}.title", **values), text


def _because(voice: Voice, what: str, call: Occurrence) -> str:
    if not call.reason:
        return what
    return voice.say("because", what=what.rstrip("."), reason=call.reason.rstrip(".")) + "."


def _chair(voice: Voice, fact: CallFact, calendar: Calendar, day: str) -> _Told:
    name, was = calendar.person(fact.now), calendar.person(fact.was)
    once = "chair.instead" if was else "chair"
    key = ("chair.turns" if fact.in_turn else "chair.onwards") if fact.onwards else once
    return voice.say("chair.title", name=name, day=day), [voice.say(key, name=name, was=was, day=day)]


def _deadline(voice: Voice, notice: Notice, fact: DeadlineFact) -> _Told:
    deadline, kind = fact.deadline, notice.kind
    hour = ""
    if deadline.at is not None and deadline.zone is not None:
        hour = voice.say("hour", time=clock(deadline.at), zone=deadline.zone.key)
    calls = fact.calls
    values = {
        "title": deadline.title,
        "day": voice.day(deadline.date),
        "hour": hour,
        "was": voice.day(fact.was) if fact.was else "",
        "call": voice.day(calls[0].start) if calls else "",
    }
    text = [voice.say(kind, **values)]
    if kind is NoticeKind.DEADLINE:
        if deadline.planned is not None and deadline.planned != deadline.date:
            text.append(voice.say("planned", day=voice.day(deadline.planned)))
        left = "left.none" if not calls else "left.one" if len(calls) == 1 else "left.some"
        text.append(voice.say(left, number=len(calls), day=values["call"]))
    return voice.say(f"{kind}.title", **values), text


def _absences(voice: Voice, notice: Notice, fact: AbsenceFact, calendar: Calendar) -> _Told:
    day = voice.day(fact.call.start)
    others = [_absent(voice, each) for each in fact.missing if each.id != fact.chair]
    text = []
    if fact.chair is not None:
        chair = next((_absent(voice, each) for each in fact.missing if each.id == fact.chair), calendar.person(fact.chair))
        text.append(voice.say("chair-away", name=chair, day=day))
        if others:
            text.append(voice.say("chair-away.others", names=voice.listed(others)))
    else:
        text.append(voice.say("absences", names=voice.listed(others), day=day))
    if fact.following is not None:
        text.append(voice.say("chair-away.next", name=calendar.person(fact.following)))
    if len(fact.missing) > 1:
        text.append(voice.say("absences.of", number=len(fact.missing), all=fact.attendees))
    if fact.suggestion is not Suggestion.NONE:
        text.append(voice.say(f"suggest.{fact.suggestion}"))
    return voice.say(f"{notice.kind}.title", day=day), text


def _absent(voice: Voice, absence: Absence) -> str:
    return voice.say("on_holiday", name=absence.name, holiday=absence.holiday) if absence.holiday else absence.name


def _tz_change(voice: Voice, fact: TzFact) -> _Told:
    span = voice.span(fact.first, fact.last, fact.calls)
    text = [voice.say("law", span=span, zones=voice.changes(fact.zones, fact.first))]
    if fact.more:
        text.append(voice.say("law.more"))
    if fact.moved:
        text.append(voice.say("law.moved"))
    return voice.say("law.title", first=voice.day(fact.first)), text
