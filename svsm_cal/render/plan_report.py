"""A plan as text for a terminal, 80 columns wide if names are short enough, and as JSON.

Colours only repeat what the numbers say: the styles "heat0" to "heat3" beside those of `render.text`.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from svsm_cal.core.burden import DAY, MOST, WEEKS
from svsm_cal.engine.civil import WEEKDAYS
from svsm_cal.render.text import aligned, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from svsm_cal.core.burden import Burden, Choice, Heat, Limits, LocalStart, Plan
    from svsm_cal.render.records import Record
    from svsm_cal.render.text import Cell, Paint
    from svsm_cal.words.language import Language

_NIGHT = 9.95  # costs from here on are rounded to 10


def clock_text(minutes: int) -> str:
    """Return minutes after midnight as a time of day, on any day: 18:00."""
    return f"{minutes % DAY // 60:02}:{minutes % 60:02}"


def _heat_style(cost: float) -> str:
    """Return the style of a cost, from hardly any to that of a night."""
    return f"heat{sum(cost >= bound for bound in (2, 4, 7))}"


def heat_cell(language: Language, cost: float) -> str:
    """Return a cost in at most three characters."""
    return language.decimal(cost) if cost < _NIGHT else "10"


def limits_text(limits: Limits) -> str:
    """Return limits as the options of `plan`."""
    said = [f"--earliest {limits.earliest:%H:%M}"] if limits.earliest is not None else []
    said += [f"--latest {limits.latest:%H:%M}"] if limits.latest is not None else []
    return " ".join([*said, *(f"--not {WEEKDAYS[each].lower()}" for each in sorted(limits.without))])


def times_text(language: Language, choice: Choice) -> str:
    """Return a choice's time or times: Wed 18:00 Europe/Berlin."""
    times = language.listed([clock_text(each) for each in choice.minutes])
    return f"{language.weekdays_short[choice.weekday]} {times} {choice.zone.key}"


def scope(language: Language, plan: Plan) -> str:
    """Return the scope of a plan: 9 people in 7 zones, 52 weeks from Wed 5 March 2025."""
    zones = language.amount(len({burden.zone for burden in plan.best[0].burdens}), "zone")
    people = language.amount(plan.people, "person")
    return language.say("plan.scope", people=people, zones=zones, weeks=WEEKS, day=language.date(plan.first))


def shown_heat(plan: Plan) -> Heat:
    """Return the heat-map of the first anchor in which the limits allow a time."""
    return next(heat for heat in plan.heat if heat.best)


def local_starts(language: Language, burden: Burden, turn: int = 0) -> str:
    """Return the range of the year's starts on somebody's clock: Thu 02:00-04:00, Wed 23:30-Thu 00:30."""
    starts = [start.minute for start in burden.starts if start.turn == turn]
    (first_day, first), (last_day, last) = divmod(starts[0], DAY), divmod(starts[-1], DAY)
    names = language.weekdays_short
    text = f"{names[first_day]} {clock_text(first)}"
    if starts[-1] == starts[0]:
        return text
    return f"{text}-{'' if first_day == last_day else f'{names[last_day]} '}{clock_text(last)}"


def plan_text(language: Language, plan: Plan, paint: Paint = plain) -> list[str]:
    """Return the lines of `plan`."""

    def head(key: str) -> str:
        return paint("strong", language.say(key))

    lines = [
        f"{paint('strong', plan.series.title)}: {scope(language, plan)}",
        language.say("plan.costs", most=MOST),
        *language.say("plan.ranking").splitlines(),
    ]
    if not plan.limits.allow_all:
        lines.append(language.say("plan.within", limits=limits_text(plan.limits), times=language.amount(plan.times, "time")))
    for choice in plan.current:
        rank = language.say("plan.rank" if choice.allowed else "plan.outside", rank=choice.rank, times=plan.times)
        lines += ["", f"{head('plan.now')}: {times_text(language, choice)}, {rank}"]
        lines += _payers(language, choice, paint)
    now_is_best = bool(plan.current) and plan.current[0].allowed and plan.current[0].rank == 1
    better = language.say("plan.none_better" if now_is_best else "plan.best")
    lines += ["", f"{head('plan.better')}: {better}", *_choices(language, plan.best, paint), ""]
    lines += [f"{times_text(language, plan.best[0])}:", *_payers(language, plan.best[0], paint)]
    lines += ["", f"{head('plan.in_turn')}: {language.say('plan.pairs')}"]
    if plan.pairs:
        lines += [*_choices(language, plan.pairs, paint), "", f"{times_text(language, plan.pairs[0])}:"]
        lines += _payers(language, plan.pairs[0], paint)
    else:
        lines.append(f"  {language.say('plan.no_pairs')}")
    lines += ["", language.say("plan.off_means", weeks=WEEKS), language.say("plan.night_means"), ""]
    lines += _heat(language, plan, shown_heat(plan), paint)
    return [line.rstrip() for line in lines]


def _cost(language: Language, cost: float, head: str) -> Cell:
    return (_heat_style(cost), f"{language.decimal(cost):>{len(language.say(head))}}")


def _choices(language: Language, choices: Iterable[Choice], paint: Paint) -> list[str]:
    rows: list[list[Cell]] = [[("faint", language.say(head)) for head in ("plan.worst", "plan.mean", "plan.time")]]
    for choice in choices:
        days = ", ".join(language.weekdays_short[each] for each in choice.also)
        costs = [_cost(language, choice.worst, "plan.worst"), _cost(language, choice.mean, "plan.mean")]
        also = language.say("plan.or", days=days) if days else ""
        rows.append([*costs, ("strong", times_text(language, choice)), ("", also)])
    return aligned(rows, paint)


def _payers(language: Language, choice: Choice, paint: Paint) -> list[str]:
    """Return who pays at which hour, the worst-off first."""
    turns = range(len(choice.minutes))
    where = ("zone", "begins") if len(turns) == 1 else ("begins", "begins")  # two times leave no room for the zone
    heads = [language.say(f"plan.{each}") for each in ("cost", *where, "off", "night", "who")]
    off, night = len(heads[-3]), len(heads[-2])
    rows: list[list[Cell]] = [[("faint", each) for each in heads]]
    for burden in choice.burdens:
        zone: list[Cell] = [("", burden.zone.key)] if len(turns) == 1 else []
        starts: list[Cell] = [("strong", local_starts(language, burden, turn)) for turn in turns]
        counts: list[Cell] = [("", f"{burden.off_work:{off}}"), ("", f"{burden.off_waking:{night}}")]
        names = [person.name for person in burden.people]
        who = language.first_of(names, 2 if len(names) > 3 else 3)
        rows.append([_cost(language, burden.cost, "plan.cost"), *zone, *starts, *counts, ("", who)])
    return aligned(rows, paint)


def _heat(language: Language, plan: Plan, heat: Heat, paint: Paint) -> list[str]:
    """Return the heat-map of one anchor: the worst-off person's cost on the left, the mean on the right."""
    now = {(each.minutes[0], each.weekday) for each in plan.current if each.zone == heat.zone}
    width = 7 * 5
    days = "".join(f" {name:3} " for name in language.weekdays_short)
    marks = [language.say(key) for key, there in (("plan.mark_now", now), ("plan.mark_best", heat.best)) if there]
    lines = [
        language.say("plan.each", number=plan.step, zone=paint("strong", heat.zone.key), marks=", ".join(marks)),
        f"         {language.say('plan.worst_person'):{width}}  {language.say('plan.the_mean')}",
        f"         {days:{width}}  {days}",
    ]
    for minutes, row in zip(heat.minutes, heat.rows, strict=True):
        halves = []
        for which in (0, 1):
            cells = []
            for weekday, costs in enumerate(row):
                place = (minutes, weekday)
                left, right = "[]" if place in now else "**" if place in heat.best else "  "
                shown = "-" if costs is None else heat_cell(language, costs[which])
                style = "faint" if costs is None else _heat_style(costs[which])
                cells.append(f"{left}{paint(style, f'{shown:>3}')}{right}")
            halves.append("".join(cells))
        lines.append(f"  {clock_text(minutes)}  {'  '.join(halves)}")
    return lines


def plan_record(plan: Plan) -> Record:
    """Return the record of `plan`; costs have three decimals, times are HH:MM, weekdays have English names."""
    return {
        "series": plan.series.id,
        "from": plan.first.isoformat(),
        "until": _last(plan.first).isoformat(),
        "calls": WEEKS,
        "duration_minutes": plan.length,
        "step_minutes": plan.step,
        "limits": {
            "earliest": f"{plan.limits.earliest:%H:%M}" if plan.limits.earliest else None,
            "latest": f"{plan.limits.latest:%H:%M}" if plan.limits.latest else None,
            "not": [WEEKDAYS[each] for each in sorted(plan.limits.without)],
        },
        "times": plan.times,
        "current": [_single(choice) for choice in plan.current],
        "best": [_single(choice) for choice in plan.best],
        "alternating": [_choice(choice, {"times": [clock_text(each) for each in choice.minutes]}) for choice in plan.pairs],
        "heat": [
            {
                "anchor": heat.zone.key,
                "weekdays": list(WEEKDAYS),
                "times": [clock_text(each) for each in heat.minutes],
                "best": [f"{WEEKDAYS[weekday]} {clock_text(minutes)}" for minutes, weekday in sorted(heat.best)],
                "worst": [[_rounded(costs and costs[0]) for costs in row] for row in heat.rows],
                "cost": [[_rounded(costs and costs[1]) for costs in row] for row in heat.rows],
            }
            for heat in plan.heat
        ],
    }


def _last(first: date) -> date:
    return first + timedelta(days=WEEKS * 7 - 1)


def _rounded(cost: float | None) -> float | None:
    return None if cost is None else round(cost, 3)


def _single(choice: Choice) -> Record:
    return _choice(choice, {"time": clock_text(choice.minutes[0]), "rank": choice.rank, "allowed": choice.allowed})


def _choice(choice: Choice, own: Record) -> Record:
    return {
        "anchor": choice.zone.key,
        "weekday": WEEKDAYS[choice.weekday],
        "also": [WEEKDAYS[each] for each in choice.also],
        **own,
        "cost": _rounded(choice.mean),
        "worst": _rounded(choice.worst),
        "participants": [_payer(burden, person.id) for burden in choice.burdens for person in burden.people],
    }


def _payer(burden: Burden, id: str) -> Record:
    return {
        "id": id,
        "zone": burden.zone.key,
        "cost": _rounded(burden.cost),
        "earliest": _start(burden.starts[0]),
        "latest": _start(burden.starts[-1]),
        "outside_working": burden.off_work,
        "outside_waking": burden.off_waking,
        "days": _days(burden.starts),
        "starts": [_start_record(each) for each in burden.starts],
    }


def _start_record(start: LocalStart) -> Record:
    return {"turn": start.turn + 1, "start": _start(start), "calls": start.calls, "cost": _rounded(start.cost)}


def _start(start: LocalStart) -> str:
    return f"{WEEKDAYS[start.minute // DAY]} {clock_text(start.minute)}"


def _days(starts: Sequence[LocalStart]) -> dict[str, int]:
    days: dict[int, int] = {}
    for start in starts:
        days[start.minute // DAY] = days.get(start.minute // DAY, 0) + start.calls
    return {WEEKDAYS[weekday]: days[weekday] for weekday in sorted(days)}
