"""A plan as text for a terminal, 80 columns wide where names allow, and as JSON.

Colours only repeat what the numbers say: "heat0" to "heat3" beside the styles of `render.text`.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from svsm_cal.core.burden import DAY, WEEKS
from svsm_cal.engine.civil import WEEKDAYS
from svsm_cal.render.text import aligned, plain
from svsm_cal.words.phrases import amount, day_and_year

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from svsm_cal.core.burden import Burden, Choice, Heat, Limits, LocalStart, Plan
    from svsm_cal.render.records import Record
    from svsm_cal.render.text import Cell, Paint

__all__ = ["clock_text", "heat_level", "limits_text", "local_starts", "plan_record", "plan_text", "shown_heat", "times_text"]

_SHORT = [name[:3] for name in WEEKDAYS]


def clock_text(minutes: int) -> str:
    """Return minutes after midnight as 18:00, whatever day they fall on."""
    return f"{minutes % DAY // 60:02}:{minutes % 60:02}"


def heat_level(cost: float) -> int:
    """Return 0 for a cost that is hardly one, to 3 for one of a night."""
    return sum(cost >= bound for bound in (2, 4, 7))


def limits_text(limits: Limits) -> str:
    """Return limits as the options that say them."""
    said = [f"--earliest {limits.earliest:%H:%M}"] if limits.earliest is not None else []
    said += [f"--latest {limits.latest:%H:%M}"] if limits.latest is not None else []
    return " ".join([*said, *(f"--not {WEEKDAYS[each].lower()}" for each in sorted(limits.without))])


def times_text(choice: Choice) -> str:
    """Return a choice's time or times: Wed 18:00 Europe/Berlin."""
    return f"{_SHORT[choice.weekday]} {' and '.join(map(clock_text, choice.minutes))} {choice.zone.key}"


def shown_heat(plan: Plan) -> Heat:
    """Return the heat-map of the first anchor in which the limits leave something."""
    return next(heat for heat in plan.heat if heat.best)


def local_starts(burden: Burden, turn: int = 0) -> str:
    """Return from when to when the year's calls begin on somebody's clock: Thu 02:00-04:00, Wed 23:30-Thu 00:30."""
    starts = [start.minute for start in burden.starts if start.turn == turn]
    first, last = starts[0], starts[-1]
    text = f"{_SHORT[first // DAY]} {clock_text(first)}"
    if last == first:
        return text
    return f"{text}-{'' if first // DAY == last // DAY else f'{_SHORT[last // DAY]} '}{clock_text(last)}"


def plan_text(plan: Plan, paint: Paint = plain) -> list[str]:
    """Return the lines of `plan`."""
    people, zones = amount(plan.people, "person").replace("persons", "people"), {each.zone for each in plan.best[0].burdens}
    lines = [
        (
            f"{paint('strong', plan.series.title)}: {people} in {amount(len(zones), 'zone')}, "
            f"{WEEKS} weeks from {day_and_year(plan.first)}"
        ),
        "A call costs each person 0 in working hours to 10 at night, by their own clock.",
        "Times are ranked by the worst-off person, then the next, each to half a point,",
        "and then by the mean.",
    ]
    if not plan.limits.allow_all:
        lines.append(f"Within {limits_text(plan.limits)}: {amount(plan.times, 'time')}.")
    for choice in plan.current:
        rank = f"rank {choice.rank} of {plan.times}" if choice.allowed else "outside these limits"
        lines += ["", f"{paint('strong', 'Now')}: {times_text(choice)}, {rank}"]
        lines += _payers(choice, paint)
    lines += ["", f"{paint('strong', 'Better')}: {_heading(plan)}", *_listed(plan.best, paint), ""]
    lines += [f"{times_text(plan.best[0])}:", *_payers(plan.best[0], paint)]
    lines += ["", f"{paint('strong', 'In turn')}: two times, the first of them in the first week"]
    if plan.pairs:
        lines += [*_listed(plan.pairs, paint), "", f"{times_text(plan.pairs[0])}:", *_payers(plan.pairs[0], paint)]
    else:
        lines.append("  No two times are fairer than the best one.")
    lines += [
        "",
        f"off: so many of the {WEEKS} calls are not all from 09:00 to 18:00, Monday to Friday",
        "night: so many are not all from 07:00 to 22:00",
        "",
        *_heat(plan, shown_heat(plan), paint),
    ]
    return [line.rstrip() for line in lines]


def _heading(plan: Plan) -> str:
    if plan.current and plan.current[0].allowed and plan.current[0].rank == 1:
        return "none is; the best single times"
    return "the best single times"


def _cost(cost: float) -> Cell:
    return (f"heat{heat_level(cost)}", f"{cost:4.1f}")


def _listed(choices: Iterable[Choice], paint: Paint) -> list[str]:
    rows: list[list[Cell]] = [[("faint", "worst"), ("faint", "mean"), ("faint", "time")]]
    for choice in choices:
        also = f"(or {', '.join(_SHORT[each] for each in choice.also)})" if choice.also else ""
        rows.append([_right(_cost(choice.worst)), _cost(choice.mean), ("strong", times_text(choice)), ("", also)])
    return aligned(rows, paint)


def _right(cell: Cell) -> Cell:
    return cell[0], f" {cell[1]}"


def _payers(choice: Choice, paint: Paint) -> list[str]:
    """Return who pays at which hour, the worst-off first."""
    turns = range(len(choice.minutes))
    heads = ("cost", *(["zone", "begins"] if len(turns) == 1 else ["begins", "begins"]), "off", "night", "who")
    rows: list[list[Cell]] = [[("faint", each) for each in heads]]
    for burden in choice.burdens:
        where: list[Cell] = [("", burden.zone.key)] if len(turns) == 1 else []  # there is no room for it beside two times
        starts: list[Cell] = [("strong", local_starts(burden, turn)) for turn in turns]
        counts: list[Cell] = [("", f"{burden.off_work:3}"), ("", f"{burden.off_waking:5}")]
        rows.append([_cost(burden.cost), *where, *starts, *counts, ("", _names(burden))])
    return aligned(rows, paint)


def _names(burden: Burden) -> str:
    names = [person.name for person in burden.people]
    return ", ".join(names) if len(names) < 4 else f"{', '.join(names[:2])} and {len(names) - 2} more"


def _heat(plan: Plan, heat: Heat, paint: Paint) -> list[str]:
    """Return the heat-map of one anchor: the worst-off person's cost on the left, the mean on the right."""
    now = {(each.minutes[0], each.weekday) for each in plan.current if each.zone == heat.zone}
    width = 7 * 5
    days = "".join(f" {name} " for name in _SHORT)
    unit = {60: "hour", 30: "half hour"}.get(plan.step) or f"{plan.step} minutes"
    marks = ", ".join([*(["[now]"] if now else []), *(["*best here*"] if heat.best else [])])
    lines = [
        f"Each {unit} of the week in {paint('strong', heat.zone.key)} ({marks}):",
        f"         {'the worst-off person':{width}}  the mean",
        f"         {days:{width}}  {days}",
    ]
    for minutes, row in zip(heat.minutes, heat.rows, strict=True):
        halves = []
        for which in (0, 1):
            cells = []
            for weekday, costs in enumerate(row):
                place = (minutes, weekday)
                left, right = "[]" if place in now else "**" if place in heat.best else "  "
                shown = "  -" if costs is None else f"{costs[which]:3.1f}" if costs[which] < 9.95 else " 10"
                style = "faint" if costs is None else f"heat{heat_level(costs[which])}"
                cells.append(f"{left}{paint(style, shown)}{right}")
            halves.append("".join(cells))
        lines.append(f"  {clock_text(minutes)}  {'  '.join(halves)}")
    return lines


def plan_record(plan: Plan) -> Record:
    """Return the record of `plan`; costs have three decimals, times are HH:MM, weekdays their English names."""
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
