"""The page a site begins with: the next call on every zone's clock, what is coming, what is due, how to subscribe.

Plain HTML with its own style sheet; it works without scripts and asks nobody else for anything. It names zones,
never people other than chairs, and no addresses.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from svsm_cal.core.model import Status
from svsm_cal.core.shifts import ShiftKind
from svsm_cal.words.notes import change_note, status_note
from svsm_cal.words.phrases import (
    amount,
    clock,
    day,
    day_and_year,
    duration_in_words,
    utc_offset,
    window_change,
    window_in_words,
    window_start,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from svsm_cal.core.civil import Instant
    from svsm_cal.core.clocks import CallOnClock
    from svsm_cal.core.deadlines import DeadlineOutlook
    from svsm_cal.core.model import Calendar, Occurrence
    from svsm_cal.core.shifts import ShiftWindow

__all__ = ["STYLE", "page"]


def page(
    calendar: Calendar,
    calls: Sequence[Occurrence],
    clocks: Sequence[CallOnClock],
    windows: Sequence[ShiftWindow],
    deadlines: Sequence[DeadlineOutlook],
    feeds: Sequence[tuple[str, str]],
    tz_version: str,
    now: Instant,
) -> str:
    """Return the page as HTML.

    `calls` are the coming ones, `clocks` the next one in each zone, `windows` the year's shift windows,
    `feeds` (name, path beside the page), `now` the time of all this.
    """
    body = [
        f"<header><h1>{escape(calendar.name)}</h1>",
        f"<p>{escape(calendar.description)}</p>" if calendar.description else "",
        "</header>",
        _next_call(calendar, clocks),
        _coming(calls),
        _shifts(windows),
        _deadlines(deadlines),
        _subscribe(calendar, feeds),
        f"<footer><p>As of {day_and_year(now)}, {clock(now)} UTC; time zones from tz database {escape(tz_version)}.</p>",
        '<p>The same as data: <a href="calendar.json">calendar.json</a>.</p></footer>',
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f'<title>{escape(calendar.name)}</title>\n<link rel="stylesheet" href="style.css">\n'
        '<link rel="alternate" type="text/calendar" href="calendar.ics" title="All calls">\n'
        "</head>\n<body>\n" + "\n".join(part for part in body if part) + "\n</body>\n</html>\n"
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    lines = "\n".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{lines}\n</tbody></table></div>'


def _next_call(calendar: Calendar, clocks: Sequence[CallOnClock]) -> str:
    if not clocks:
        return '<section aria-labelledby="next"><h2 id="next">Next call</h2><p>There are no more calls.</p></section>'
    occurrence = clocks[0].occurrence
    chair = calendar.person(occurrence.details.chair)
    note = status_note(occurrence)
    lines = [
        (
            f'<p class="when"><strong>{day_and_year(occurrence.start)}, {clock(occurrence.start)}</strong>'
            f" {escape(occurrence.zone.key)}</p>"
        ),
        f"<p>{escape(occurrence.title)}, {duration_in_words(occurrence.duration)}"
        + (f", chaired by {escape(chair)}" if chair else "")
        + (f" ({escape(note)})" if note else "")
        + "</p>",
    ]
    if occurrence.details.url:
        lines.append(f'<p><a class="join" href="{escape(occurrence.details.url)}">Join the call</a></p>')
    unusual = any(call.change_minutes for call in clocks)
    rows = [
        (
            escape(call.localized.zone.key.replace("_", " ")),
            f"<strong>{day(call.localized.local)}, {clock(call.localized.local)}</strong>",
            f"UTC{utc_offset(call.localized.utc_offset)}",
            *([f'<span class="shift">{escape(change_note(call))}</span>'] if unusual else []),
        )
        for call in sorted(clocks, key=lambda call: (call.localized.utc_offset, call.localized.zone.key))
    ]
    table = _table(("Zone", "Local time", "Offset", *(["Unlike usual"] if unusual else [])), rows)
    return f'<section aria-labelledby="next"><h2 id="next">Next call</h2>{"".join(lines)}{table}</section>'


def _coming(calls: Sequence[Occurrence]) -> str:
    if not calls:
        return ""
    rows = []
    for call in calls:
        shown = f"{day_and_year(call.start)}, {clock(call.start)}"
        cancelled = call.status is Status.CANCELLED
        rows.append((f"<s>{shown}</s>" if cancelled else shown, escape(call.title), escape(status_note(call))))
    table = _table((f"Date ({escape(calls[0].zone.key)})", "Call", "Note"), rows)
    return f'<section aria-labelledby="coming"><h2 id="coming">Coming calls</h2>{table}</section>'


def _shifts(windows: Sequence[ShiftWindow]) -> str:
    changing = [window for window in windows if window.change_minutes]
    if not changing:
        return ""
    rows = []
    for window in changing:
        change = window_change(window)
        rows.append(
            (
                escape(window.zone.key.replace("_", " ")),
                window_in_words(window),
                f"<strong>{window_start(window)}</strong>",
                f'<span class="shift">{change}</span>' if window.kind is ShiftKind.MISMATCH else change,
            )
        )
    anchor = escape(changing[0].series.zone.key)
    table = _table(("Zone", f"Calls ({anchor} dates)", "Local time", "Change"), rows)
    return f'<section aria-labelledby="shifts"><h2 id="shifts">When clocks change</h2>{table}</section>'


def _deadlines(outlooks: Sequence[DeadlineOutlook]) -> str:
    if not outlooks:
        return ""
    rows = []
    for outlook in outlooks:
        deadline = outlook.deadline
        title = escape(deadline.title)
        linked = f'<a href="{escape(deadline.url)}">{title}</a>' if deadline.url else title
        planned = f" (planned {day(deadline.planned)})" if deadline.planned and deadline.planned != deadline.date else ""
        left = amount(len(outlook.calls), "call") if outlook.calls else "no call"
        rows.append((day_and_year(deadline.date), linked + planned, f"{outlook.due_utc:%Y-%m-%d %H:%M} UTC", f"{left} left"))
    table = _table(("Day", "What", "Over at", "Before it"), rows)
    return f'<section aria-labelledby="deadlines"><h2 id="deadlines">Deadlines</h2>{table}</section>'


def _subscribe(calendar: Calendar, feeds: Sequence[tuple[str, str]]) -> str:
    items = []
    for name, path in feeds:
        link = f'<a href="{escape(path)}">{escape(name)}</a>'
        if calendar.url and calendar.url.startswith("http"):
            base = calendar.url.partition("://")[2].rstrip("/")
            link += f' <a class="webcal" href="webcal://{escape(base)}/{escape(path)}">subscribe</a>'
        items.append(f"<li>{link}</li>")
    return (
        '<section aria-labelledby="subscribe"><h2 id="subscribe">Subscribe</h2>'
        f"<ul>{''.join(items)}</ul>"
        "<p>Give a link's address to your calendar program. Clients look again on their own time: Thunderbird after"
        " half an hour, Google and Outlook after some hours, up to a day.</p></section>"
    )


STYLE = """\
:root {
  color-scheme: light dark;
  --ink: #16232b; --soft: #51626d; --line: #d5dde2; --paper: #fcfdfd; --teal: #0b6b66; --warn: #8a4b00;
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7eef1; --soft: #9fb1bb; --line: #33434c; --paper: #12191e; --teal: #58c4bb; --warn: #f0b35e; }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 60rem;
  font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
}
h1 { margin: 0; font-size: 1.8rem; line-height: 1.2; }
h2 { margin: 2.2rem 0 .5rem; font-size: 1.15rem; color: var(--teal); }
header p, footer { color: var(--soft); }
.when { margin: .2rem 0; font-size: 1.35rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--soft); }
th, td { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
a { color: var(--teal); }
.join { display: inline-block; padding: .4rem 1rem; border: 1px solid var(--teal); border-radius: .4rem; text-decoration: none; }
.shift { color: var(--warn); font-weight: 600; }
.webcal { margin-left: .6rem; font-size: .9rem; }
footer { margin-top: 3rem; font-size: .9rem; }
"""
