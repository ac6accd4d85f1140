"""Lint of any iCalendar feed, by RFC 5545 and by the behaviour of real calendar programs.

This module has the entry point and the checks of the calendar itself: its properties, METHOD with ORGANIZER and ATTENDEE,
unescaped text, and addresses in public feeds.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from svsm_cal.ical.content import Component, Property, read_content
from svsm_cal.ical.lint_calls import CALLS, check_series, latest_of, read_call
from svsm_cal.ical.lint_codes import Report
from svsm_cal.ical.lint_zones import Clocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svsm_cal.errors import Finding

_MANY = 1 << 30
# METHOD -> least and most ATTENDEEs of each event, which needs an ORGANIZER with all of them (RFC 5546 section 3.2).
_ATTENDEES = {
    "PUBLISH": (0, 0),
    "REQUEST": (1, _MANY),
    "REPLY": (1, 1),
    "ADD": (1, _MANY),
    "CANCEL": (0, _MANY),
    "REFRESH": (1, 1),
    "COUNTER": (1, _MANY),
    "DECLINECOUNTER": (0, _MANY),
}
_NO_METHOD = "no METHOD: a feed needs none, and neither ORGANIZER nor ATTENDEE"
_TEXTS = ("SUMMARY", "DESCRIPTION", "LOCATION")
_ESCAPED = re.compile(r"(?:[^\\;,]++|\\[\\;,nN])*+")
# Properties whose values may look like addresses.
_IDENTIFIERS = {"UID", "RELATED-TO", "PRODID", "TZID"}
_LOCAL_PART = re.compile(r"[A-Za-z0-9._%+'-]{1,64}\Z")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9-]{1,63}\.){1,10}[A-Za-z]{2,63}")


def lint(data: bytes, *, file: str, public: bool = True) -> list[Finding]:
    r"""Return the findings about any bytes as an iCalendar stream, in the order of the lines; never raises.

    `file` names it in the findings. A `public` feed should have neither people nor addresses. The rules are those of RFC
    5545 and 7986; for a need of particular programs, `client` names them.

    >>> feed = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nREFRESH-INTERVAL;VALUE=DURATION:PT6H\r\n"
    >>> print(*lint(feed + b"X-PUBLISHED-TTL:PT6H\r\nEND:VCALENDER\r\n", file="feed.ics"), sep="\n")
    feed.ics:1:1: BEGIN:VCALENDAR has no END
    feed.ics:6:1: END:VCALENDER has no BEGIN
    """
    content = read_content(data)
    report = Report(file, content)
    calendars = [component for component in content.components if component.name == "VCALENDAR"]
    if not calendars:
        report.note("no-calendar", (1, 1))
        return report.findings
    for problem in content.problems:
        report.note(problem.code, (problem.line, problem.column), detail=problem.detail)
    for component in content.components:
        if component.name != "VCALENDAR":
            report.note("outside-calendar", component, detail="")
    for calendar in calendars:
        _check_calendar(calendar, report, public=public)
    return report.sorted()


def _check_calendar(calendar: Component, report: Report, *, public: bool) -> None:
    method = calendar.text("METHOD").strip().upper()
    components = [child for child in calendar.children if child.name in CALLS]
    clocks = Clocks(calendar, report)
    calls = [read_call(component, method, clocks, report) for component in components]
    check_series(calls, clocks, report)
    clocks.check(latest_of(calls, clocks))
    _check_head(calendar, method, report)
    _check_people(calendar, method, components, report, public=public)
    for component in components:
        for name in _TEXTS:
            for given in component.all(name):
                _check_text(given, report)
    if public:
        for given in _properties(calendar):
            _check_addresses(given, report)


def _check_head(calendar: Component, method: str, report: Report) -> None:
    version = calendar.first("VERSION")
    if version is None:
        report.note("missing-version", calendar)
    elif version.value.strip() != "2.0":
        report.note("wrong-version", version, value=version.value)
    if calendar.first("PRODID") is None:
        report.note("missing-prodid", calendar)
    if method in {"", "PUBLISH"}:
        for name, code in (("REFRESH-INTERVAL", "missing-refresh-interval"), ("X-PUBLISHED-TTL", "missing-published-ttl")):
            if calendar.first(name) is None:
                report.note(code, calendar)


def _check_people(calendar: Component, method: str, components: list[Component], report: Report, *, public: bool) -> None:
    stated = calendar.first("METHOD")
    if stated is None or method not in _ATTENDEES:
        named = (given for component in components for name in ("ORGANIZER", "ATTENDEE") for given in component.all(name))
        first = next(named, None)
        if public and first is not None and not _address(first):
            report.note("people-in-feed", first, name=first.name)
        return
    least, most = _ATTENDEES[method]
    better = _NO_METHOD if method == "PUBLISH" else ""
    without = sum(not component.all("ORGANIZER") for component in components)
    if without:
        report.note("method-organizer", stated, method=method, count=without, better=better)
    for component in components:
        people = component.all("ATTENDEE")
        if not least <= len(people) <= most:
            wanted = "no" if not most else "one" if most == 1 else "one or more"
            at = (people or [stated])[0]
            report.note("method-attendee", at, method=method, count=len(people) or "none", wanted=wanted, better=better)
            return


def _check_text(given: Property, report: Report) -> None:
    """Report the first character of a text that is not escaped by RFC 5545 section 3.3.11."""
    value = given.value
    at = _ESCAPED.match(value).end()  # type: ignore[union-attr]  # it matches any text
    if at < len(value):
        wrong = value[at : at + 2] if value[at] == "\\" else value[at]
        what = f'"{wrong}" is not an escape' if value[at] == "\\" else f'"{wrong}" is not escaped'
        better = r"\\ for a backslash, \n for a line break" if value[at] == "\\" else f"\\{wrong}"
        report.note("unescaped-text", given, at, name=given.name, what=what, better=better)


def _properties(component: Component) -> Iterator[Property]:
    """Yield all properties of a component and of its descendants."""
    level = [component]
    while level:
        for each in level:
            yield from each.properties
        level = [child for each in level for child in each.children]


def _check_addresses(given: Property, report: Report) -> None:
    if "@" in given.value or given.params:
        address = _address(given)
        if address:
            report.note("email-address", given, max(0, given.value.find(address)), address=address)


def _address(given: Property) -> str:
    """Return the first e-mail address in a property's value or parameters, or ""."""
    if given.name in _IDENTIFIERS:
        return ""
    for text in (given.value, *chain.from_iterable(given.params.values())):
        at = text.find("@")
        while at >= 0:
            before = _LOCAL_PART.search(text[max(0, at - 64) : at])
            after = _DOMAIN.match(text, at + 1)
            if before and after:
                return f"{before[0]}@{after[0]}"
            at = text.find("@", at + 1)
    return ""
