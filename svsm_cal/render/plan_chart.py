"""A plan as an SVG picture without scripts and external files, for light and dark backgrounds.

It has two heat-maps of the week in the first anchor and a table of costs. Every cell has its number, or shows it in a tooltip,
so that it can be read without colours. The picture names zones, never people.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from svsm_cal.core.burden import MOST
from svsm_cal.render.plan_report import clock_text, heat_cell, local_starts, scope, shown_heat, times_text
from svsm_cal.words import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svsm_cal.core.burden import Choice, Heat, Plan
    from svsm_cal.words.language import Language

_WIDTH, _MARGIN, _LABEL = 944, 28, 120
_ROW, _MOST_ZONES = 26, 30

# From no cost to the highest: darker and darker on light paper, brighter and brighter on dark paper.
_LIGHT = ((238, 245, 243), (250, 228, 172), (243, 172, 98), (196, 78, 52), (112, 24, 42))
_DARK = ((30, 44, 51), (74, 62, 38), (140, 92, 34), (222, 128, 62), (255, 214, 160))
_INKS = {"#000000": (0, 0, 0), "#ffffff": (255, 255, 255)}

_MARKS = {"now": "plan.present_time", "best": "plan.best_here"}

_RGB = tuple[int, int, int]


def plan_svg(plan: Plan, language: Language = ENGLISH) -> str:
    """Return a plan's picture as an SVG document."""
    heat = shown_heat(plan)
    title = language.say("plan.title", series=plan.series.title)
    said = scope(language, plan)
    parts = [
        f'<text class="title" x="{_MARGIN}" y="44">{escape(title)}</text>',
        f'<text class="soft" x="{_MARGIN}" y="66">{said}</text>',
        f'<text class="soft" x="{_MARGIN}" y="84">{language.say("plan.costs", most=MOST)}</text>',
    ]
    y = 122
    for which, key in ((0, "plan.worst_map"), (1, "plan.mean_map")):
        parts += _map(language, plan, heat, which, language.say(key, zone=heat.zone.key), y)
        y += 7 * _ROW + 74
    parts += _legend(language, plan, heat, y - 10)
    payers, y = _payers(language, plan, y + 40)
    parts += payers
    height = y + 16
    described = f"{said}. {language.say('plan.best_said', time=_said(language, plan.best[0]))}"
    if plan.current:
        now = plan.current[0]
        key = "plan.present_said" if now.allowed else "plan.present_outside"
        described += f" {language.say(key, time=_said(language, now), rank=now.rank, times=plan.times)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
        f' role="img" aria-labelledby="title described" lang="{language.tag}">\n'
        f'<title id="title">{escape(title)}</title>\n<desc id="described">{escape(described)}</desc>\n'
        f'<style>\n{_style()}</style>\n<rect class="paper" width="{_WIDTH}" height="{height}"/>\n'
        + "\n".join(parts) + "\n</svg>\n"
    )  # fmt: skip


def _said(language: Language, choice: Choice) -> str:
    return f"{times_text(language, choice)} ({_costs(language, choice.worst, choice.mean)})"


def _costs(language: Language, worst: float, mean: float) -> str:
    return language.say("plan.worst_and_mean", worst=language.decimal(worst), mean=language.decimal(mean))


def _map(language: Language, plan: Plan, heat: Heat, which: int, name: str, y: int) -> list[str]:
    """Return one heat-map, its heading at `y`: a row for each weekday, a column for each time."""
    now = {(each.minutes[0], each.weekday) for each in plan.current if each.zone == heat.zone}
    wide = (_WIDTH - 2 * _MARGIN - _LABEL) / len(heat.minutes)
    top = y + 34
    parts = [f'<text class="head" x="{_MARGIN}" y="{y}">{escape(name)}</text>']
    for column, minutes in enumerate(heat.minutes):
        if minutes % 60 == 0 and (wide >= 24 or minutes % 120 == 0):
            x = _MARGIN + _LABEL + column * wide + (wide / 2 if wide >= 24 else 0)
            parts.append(f'<text class="tick" x="{x:.1f}" y="{top - 8}">{minutes // 60:02}</text>')
    outlines = []
    for weekday, day in enumerate(language.weekdays):
        at = top + weekday * _ROW
        parts.append(f'<text class="label" x="{_MARGIN}" y="{at + 17}">{day}</text>')
        for column, minutes in enumerate(heat.minutes):
            x = _MARGIN + _LABEL + column * wide
            costs = heat.rows[column][weekday]
            place = (minutes, weekday)
            mark = "now" if place in now else "best" if place in heat.best else ""
            note = f": {language.say(_MARKS[mark])}" if mark else ""
            said = language.say("plan.outside_limits") if costs is None else _costs(language, *costs)
            shown = "–" if costs is None else heat_cell(language, costs[which])  # noqa: RUF001 - an en dash
            level = "none" if costs is None else f"c{round(costs[which])}"
            parts.append(
                f'<g class="{level}"><title>{day} {clock_text(minutes)}: {said}{note}</title>'
                f'<rect x="{x + 1:.1f}" y="{at + 1}" width="{wide - 2:.1f}" height="{_ROW - 2}" rx="3"/>'
                + (f'<text x="{x + wide / 2:.1f}" y="{at + 17}">{shown}</text>' if wide >= 24 else "")
                + "</g>"
            )
            if mark:
                outlines.append(_outline(mark, x, at, wide))
    return parts + outlines


def _outline(mark: str, x: float, y: float, wide: float) -> str:
    place = f'x="{x + 0.5:.1f}" y="{y + 0.5}" width="{wide - 1:.1f}" height="{_ROW - 1}" rx="3.5"'
    return f'<rect class="halo" {place}/><rect class="{mark}" {place}/>'


def _legend(language: Language, plan: Plan, heat: Heat, y: int) -> list[str]:
    x = _MARGIN + _LABEL
    parts = []
    shown = {"now": any(each.zone == heat.zone for each in plan.current), "best": bool(heat.best)}
    for mark in (each for each, there in shown.items() if there):
        text = f'<text class="soft" x="{x + 38}" y="{y}">{language.say(_MARKS[mark])}</text>'
        parts += [_outline(mark, x, y - 18, 30), text]
        x += 170
    x = _WIDTH - _MARGIN - (MOST + 1) * 26
    parts.append(f'<text class="soft end" x="{x - 10}" y="{y}">{language.say("plan.cost")}</text>')
    for level in range(MOST + 1):
        place = x + level * 26
        parts.append(
            f'<g class="c{level}"><rect x="{place}" y="{y - 18}" width="26" height="{_ROW}"/>'
            f'<text x="{place + 13}" y="{y - 1}">{level}</text></g>'
        )
    return parts


def _payers(language: Language, plan: Plan, y: int) -> tuple[list[str], int]:
    """Return the table of each zone's costs, with its heading at `y`, and where it ends."""
    columns: list[tuple[str, Choice, int]] = [("plan.now", plan.current[0], 205)] if plan.current else []
    columns.append(("plan.best_head", plan.best[0], 205))
    columns += [("plan.by_week", plan.pairs[0], 316)] if plan.pairs else []
    parts = [f'<text class="head" x="{_MARGIN}" y="{y}">{language.say("plan.payers")}</text>']
    top = y + 54
    burdens = [{burden.zone: burden for burden in choice.burdens} for _, choice, _ in columns]
    zones = [burden.zone for burden in columns[0][1].burdens]
    shown = zones[:_MOST_ZONES]
    for row, zone in enumerate(shown):
        heads = len(burdens[0][zone].people)
        name = zone.key.replace("_", " ") + (f" ({heads})" if heads > 1 else "")
        parts.append(f'<text class="label" x="{_MARGIN}" y="{top + row * _ROW + 17}">{escape(name)}</text>')
    x = _MARGIN + 162
    for (key, choice, width), found in zip(columns, burdens, strict=True):
        parts.append(f'<text class="label strong" x="{x + 8}" y="{y + 26}">{escape(language.say(key))}</text>')
        parts.append(f'<text class="soft" x="{x + 8}" y="{y + 44}">{escape(times_text(language, choice))}</text>')
        for row, zone in enumerate(shown):
            burden, at = found[zone], top + row * _ROW
            begins = ", ".join(local_starts(language, burden, turn) for turn in range(len(choice.minutes)))
            parts.append(
                f'<g class="c{round(burden.cost)}">'
                f'<rect x="{x + 1}" y="{at + 1}" width="{width - 2}" height="{_ROW - 2}" rx="3"/>'
                f'<text class="start" x="{x + 8}" y="{at + 17}">{begins}</text>'
                f'<text class="end" x="{x + width - 8}" y="{at + 17}">{language.decimal(burden.cost)}</text></g>'
            )
        x += width
    end = top + len(shown) * _ROW
    if len(zones) > len(shown):
        end += 22
        rest = language.say("plan.more_zones", number=len(zones) - len(shown))
        parts.append(f'<text class="soft" x="{_MARGIN}" y="{end - 4}">{rest}</text>')
    return parts, end


def _style() -> str:
    light = "".join(_levels(_LIGHT))
    dark = "".join(f"  {line}" for line in _levels(_DARK))
    return (
        "svg { color-scheme: light dark; font: 13px system-ui, sans-serif; font-variant-numeric: tabular-nums; }\n"
        ".paper { fill: #fcfdfd; }\n"
        "text { fill: #16232b; }\n"
        ".title { font-size: 22px; font-weight: 600; }\n"
        ".head { font-size: 15px; font-weight: 600; fill: #0b6b66; }\n"
        ".strong { font-weight: 600; }\n"
        ".soft, .tick { fill: #51626d; }\n"
        ".tick { font-size: 12px; text-anchor: middle; }\n"
        "g text { font-size: 12px; text-anchor: middle; }\n"
        "g .start { text-anchor: start; }\n"
        ".end, g .end { text-anchor: end; }\n"
        ".halo { fill: none; stroke: #fcfdfd; stroke-width: 6; }\n"
        ".now, .best { fill: none; stroke: #16232b; stroke-width: 2.5; }\n"
        ".best { stroke-dasharray: 4 2.5; }\n"
        ".none rect { fill: none; stroke: #d5dde2; }\n"
        f"{light}"
        "@media (prefers-color-scheme: dark) {\n"
        "  .paper { fill: #12191e; }\n"
        "  text { fill: #e7eef1; }\n"
        "  .head { fill: #58c4bb; }\n"
        "  .soft, .tick { fill: #9fb1bb; }\n"
        "  .halo { stroke: #12191e; }\n"
        "  .now, .best { stroke: #ffffff; }\n"
        "  .none rect { stroke: #33434c; }\n"
        f"{dark}"
        "}\n"
    )


def _levels(stops: Sequence[_RGB]) -> list[str]:
    lines = []
    for level in range(MOST + 1):
        place, rest = divmod(level * (len(stops) - 1) * 10 // MOST, 10)
        a, b = stops[place], stops[min(place + 1, len(stops) - 1)]
        red, green, blue = (round(low + (high - low) * rest / 10) for low, high in zip(a, b, strict=True))
        ink = max(_INKS, key=lambda name: _contrast(_INKS[name], (red, green, blue)))
        lines.append(f".c{level} rect {{ fill: #{red:02x}{green:02x}{blue:02x}; }} .c{level} text {{ fill: {ink}; }}\n")
    return lines


def _contrast(one: _RGB, other: _RGB) -> float:
    """Return the contrast of two colours by WCAG 2.2, where text needs 4.5."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: _RGB) -> float:
    parts = [each / 255 for each in colour]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)
