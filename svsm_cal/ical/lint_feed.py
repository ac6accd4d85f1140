"""What is wrong with anybody's feed, by RFC 5545 and by what real calendar programs make of it.

Here is the whole of it, and what concerns the calendar rather than an event or a zone: its head, METHOD and the
people it goes with, text that is not escaped, addresses in what everybody may read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from svsm_cal.ical.content import Component, Property, read_content
from svsm_cal.ical.lint_calls import CALLS, check_series, latest_of, read_call
from svsm_cal.ical.lint_codes import Report
from svsm_cal.ical.lint_zones import Clocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svsm_cal.errors import Finding

__all__ = ["lint"]

_MANY = 1 << 30
# METHOD -> how many ORGANIZERs and ATTENDEEs each of its events has, at least and at most (RFC 5546 section 3.2).
_PEOPLE = {
    "PUBLISH": ((1, 1), (0, 0)),
    "REQUEST": ((1, 1), (1, _MANY)),
    "REPLY": ((1, 1), (1, 1)),
    "ADD": ((1, 1), (1, _MANY)),
    "CANCEL": ((1, 1), (0, _MANY)),
    "REFRESH": ((1, 1), (1, 1)),
    "COUNTER": ((1, 1), (1, _MANY)),
    "DECLINECOUNTER": ((1, 1), (0, _MANY)),
}
_NO_METHOD = "no METHOD: a feed needs none, and neither ORGANIZER nor ATTENDEE"
_TEXTS = ("SUMMARY", "DESCRIPTION", "LOCATION")
_ESCAPED = re.compile(r"(?:[^\\;,]++|\\[\\;,nN])*+")
# What looks like an address and is none.
_IDENTIFIERS = {"UID", "RELATED-TO", "PRODID", "TZID"}
_LOCAL_PART = re.compile(r"[A-Za-z0-9._%+'-]{1,64}\Z")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9-]{1,63}\.){1,10}[A-Za-z]{2,63}")
_DEEPEST = 20


def lint(data: bytes, *, file: str, public: bool = True) -> list[Finding]:
    r"""Return what is wrong with an iCalendar stream, in the order of its lines; raises nothing, whatever the bytes are.

    `file` is what findings call it. In a `public` feed there should be neither people nor addresses. RFC 5545 and 7986;
    what single programs need has their names in `client`.

    >>> feed = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nREFRESH-INTERVAL;VALUE=DURATION:PT6H\r\n"
    >>> print(*lint(feed + b"X-PUBLISHED-TTL:PT6H\r\nEND:VCALENDER\r\n", file="feed.ics"), sep="\n")
    feed.ics:1:1: BEGIN:VCALENDAR has no END
    feed.ics:6:1: END:VCALENDER has no BEGIN
    """
    content = read_content(data)
    report = Report(file, content)
    calendars = [each for each in content.components if each.name == "VCALENDAR"]
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
    components = [each for each in calendar.children if each.name in CALLS]
    clocks = Clocks(calendar, report)
    calls = [read_call(each, method, clocks, report) for each in components]
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
    if stated is None or method not in _PEOPLE:
        given = next((given for each in components for name in ("ORGANIZER", "ATTENDEE") for given in each.all(name)), None)
        if public and given is not None and not _address(given):
            report.note("people-in-feed", given, name=given.name)
        return
    (fewest, _), (least, most) = _PEOPLE[method]
    better = _NO_METHOD if method == "PUBLISH" else ""
    without = sum(len(each.all("ORGANIZER")) < fewest for each in components)
    if without:
        report.note("method-organizer", stated, method=method, count=without, better=better)
    for each in components:
        people = each.all("ATTENDEE")
        if not least <= len(people) <= most:
            wanted = "none" if not most else "one" if most == 1 else "one or more"
            report.note(
                "method-attendee", (people or [stated])[0], method=method, count=len(people) or "no", wanted=wanted, better=better
            )
            return


def _check_text(given: Property, report: Report) -> None:
    """Note the first character of a text that is not escaped as RFC 5545 section 3.3.11 has it."""
    value = given.value
    found = _ESCAPED.match(value)
    at = found.end() if found else 0
    if at < len(value):
        wrong = value[at : at + 2] if value[at] == "\\" else value[at]
        what = f'"{wrong}" is no escape' if value[at] == "\\" else f'"{wrong}" is not escaped'
        better = r"\\ for a backslash, \n for a line break" if value[at] == "\\" else f"\\{wrong}"
        report.note("unescaped-text", given, at, name=given.name, what=what, better=better)


def _properties(component: Component) -> Iterator[Property]:
    """Yield all properties of a component and of those in it, however deep they lie."""
    level = [component]
    for _ in range(_DEEPEST):
        for each in level:
            yield from each.properties
        level = [child for each in level for child in each.children]


def _check_addresses(given: Property, report: Report) -> None:
    if "@" in given.value or given.params:
        address = _address(given)
        if address:
            report.note("email-address", given, max(0, given.value.find(address)), address=address)


def _address(given: Property) -> str:
    """Return the first e-mail address in a property's value or parameters, "" when there is none."""
    if given.name in _IDENTIFIERS:
        return ""
    for text in (given.value, *(each for values in given.params.values() for each in values)):
        at = text.find("@")
        while at >= 0:
            before = _LOCAL_PART.search(text[max(0, at - 64) : at])
            after = _DOMAIN.match(text, at + 1)
            if before and after:
                return f"{before[0]}@{after[0]}"
            at = text.find("@", at + 1)
    return ""
