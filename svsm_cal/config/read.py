"""The parsed document to a Calendar: every table by the schema, then what ties the tables together.

What has a problem is left out and what hangs on it is not complained about, so that one mistake is one finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from svsm_cal.config.exceptions import read_exceptions
from svsm_cal.config.releases import read_milestones
from svsm_cal.config.schema import TABLES, Kind
from svsm_cal.config.values import MISSING, Problem, read_value
from svsm_cal.core.civil import weekday_name
from svsm_cal.core.expansion import after
from svsm_cal.core.model import (
    Away,
    Calendar,
    CalendarEvent,
    Deadline,
    Details,
    Organizer,
    Participant,
    Release,
    Series,
    Step,
)
from svsm_cal.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from svsm_cal.config.positions import Path
    from svsm_cal.core.civil import Instant
    from svsm_cal.core.rrule import RecurrenceRule
    from svsm_cal.core.zones import Zone

__all__ = ["details_of", "read_calendar"]

Values = dict[str, Any]
_DETAILS = ("title", "url", "location", "description", "chair", "minutes")


def read_calendar(document: Mapping[str, object], *, now: Instant | None = None) -> tuple[Calendar | None, list[Problem]]:
    """Return the calendar a document declares, None if it cannot stand, and all problems found.

    `now` only lets a hint say what time it is somewhere.
    """
    reader = _Reader(now)
    calendar = reader.calendar(document)
    return calendar, reader.problems


def details_of(values: Values) -> Details:
    """Return the details among a table's values."""
    return Details(**{name: values[name] for name in _DETAILS if name in values})


class _Reader:
    def __init__(self, now: Instant | None) -> None:
        self.now = now
        self.problems: list[Problem] = []
        self.people: dict[str, Participant] = {}
        self.groups: dict[str, list[str]] = {}
        # Ids that are declared, though what they name may be broken: naming them is no second mistake.
        self.declared: set[str] = set()
        self.ids: dict[tuple[str, str], Path] = {}

    def error(self, path: Path, code: str, message: str, hint: str = "", **more: Any) -> None:
        self.problems.append(Problem(path, code, message, hint, **more))

    def table(self, name: str, raw: object, path: Path) -> Values | None:
        """Return a table's values by key, nested tables as values too; None if a required one is missing."""
        fields = TABLES[name]
        if not isinstance(raw, dict):
            self.error(path, "wrong-type", f"{_label(path)} must be a table", "{ ... }")
            return None
        values: Values = {}
        whole = True
        for key, value in raw.items():
            field = fields.get(key)
            if field is None:
                self.error(
                    (*path, key), "unknown-key", f'{_label(path)}: unknown key "{key}"', _nearest(key, fields), at_key=True
                )
                continue
            meaning, problems = read_value(field.kind, value, (*path, key), self.now)
            self.problems += problems
            if meaning is MISSING:
                whole = whole and not field.required
                continue
            if field.kind is Kind.TABLE:
                meaning = self.table(field.table, meaning, (*path, key))
            elif field.kind is Kind.TABLES:
                meaning = [
                    (found, (*path, key, number))
                    for number, item in enumerate(meaning)
                    if (found := self.table(field.table, item, (*path, key, number))) is not None
                ]
            if meaning is not None:
                values[key] = meaning
        for key, field in fields.items():
            if field.required and key not in raw:
                self.error(
                    path, "missing-key", f'{_label(path, raw)}: "{key}" is missing', f"{key} = ... ({field.doc})", at_key=True
                )
                whole = False
        return values if whole else None

    def calendar(self, document: Mapping[str, object]) -> Calendar | None:
        self._declare(document)
        top = self.table("", dict(document), ())
        if top is None or "calendar" not in top:
            head: Values = {}
        else:
            head = top["calendar"]
        tables = top if top is not None else self._tables_without_head(document)
        people = [*self.participants(tables.get("participant", []))]
        series = [*self.series(tables.get("series", []), head)]
        deadlines = [*self.deadlines(tables.get("deadline", []), head.get("zone"))]
        releases = [*self.releases(tables.get("release", []))]
        events = [*self.events(tables.get("event", []))]
        self._milestone_ids(releases)
        if not head:
            return None
        organizer = head.pop("organizer", None)
        return Calendar(
            **head,
            organizer=Organizer(**organizer) if organizer else None,
            series=tuple(series),
            participants=tuple(people),
            deadlines=tuple(deadlines),
            releases=tuple(releases),
            events=tuple(events),
        )

    def _tables_without_head(self, document: Mapping[str, object]) -> Values:
        """Read the other tables although [calendar] is broken; their problems are in already."""
        kept, self.problems = self.problems, []
        tables = self.table("", {key: value for key, value in document.items() if key != "calendar"} | {"calendar": _SOUND}, ())
        self.problems = kept
        return tables or {}

    def _declare(self, document: Mapping[str, object]) -> None:
        people = document.get("participant")
        for raw in people if isinstance(people, list) else []:
            if isinstance(raw, dict):
                groups = raw.get("groups")
                names = [raw.get("id"), *(groups if isinstance(groups, list) else [])]
                self.declared.update(name for name in names if isinstance(name, str))

    def unique(self, space: str, id: str, path: Path) -> bool:
        first = self.ids.setdefault((space, id), path)
        if first != path:
            self.error((*path, "id"), "duplicate-id", f'{space} "{id}" is declared twice', "give each an id of its own")
        return first == path

    def participants(self, rows: list[tuple[Values, Path]]) -> Iterator[Participant]:
        emails: dict[str, str] = {}
        for values, path in rows:
            if not self.unique("participant", values["id"], path):
                continue
            name, email = values["id"], values.get("email")
            if email is not None and emails.setdefault(email.lower(), name) != name:
                message = f'participant "{name}" has the e-mail address of "{emails[email.lower()]}"'
                self.error((*path, "email"), "email-duplicate", message, "one address, one participant")
            away = [
                Away(each["from"], each["to"]) for each, at in values.pop("away", []) if self._in_order(each, at, "from", "to")
            ]
            person = Participant(**values, away=tuple(away))
            self.people[person.id] = person
            for group in person.groups:
                self.groups.setdefault(group, []).append(person.id)
            yield person

    def _in_order(self, values: Values, path: Path, first: str, last: str) -> bool:
        if values[last] >= values[first]:
            return True
        message = f"{_label(path)}: {last} {values[last]} is before {first} {values[first]}"
        self.error((*path, last), "dates-reversed", message, f"{last} = {values[first]} or later")
        return False

    def series(self, rows: list[tuple[Values, Path]], head: Values) -> Iterator[Series]:
        for values, path in rows:
            if not self.unique("series", values["id"], path):
                continue
            label = f'series "{values["id"]}"'
            self._chair(values, path, label)
            attendees = self._attendees(values.get("attendees", ()), path, label)
            rule, sound = self._rule_of(values, path, label)
            zone: Zone | None = values.get("zone") or head.get("zone")
            if zone is None or not sound:
                continue
            series = Series(
                values["id"],
                head.get("domain", "example.invalid"),
                zone,
                values["start"],
                values["duration"],
                details_of(values),
                rule,
                attendees,
            )
            if rule is not None and not self._starts_on_rule(series, rule, values, path, label):
                continue
            series = replace(series, steps=tuple(self._steps(values.get("from", []), series, label)))
            for name in ("move", "change", "add"):
                for each, at in values.get(name, []):
                    self._chair(each, at, label)
            overrides, additions, problems = read_exceptions(series, values, label)
            self.problems += problems
            yield replace(series, overrides=overrides, additions=additions)

    def _chair(self, values: Values, path: Path, label: str) -> None:
        chair = values.get("chair")
        if chair is not None and chair not in self.declared:
            hint = _nearest(chair, self.people) or "declare a [[participant]] of that id"
            self.error((*path, "chair"), "unknown-participant", f'{label}: chair "{chair}" is no participant', hint)

    def _attendees(self, names: tuple[str, ...], path: Path, label: str) -> tuple[str, ...]:
        found: set[str] = set()
        for number, name in enumerate(names):
            if name in self.people:
                found.add(name)
            elif name in self.groups:
                found.update(self.groups[name])
            elif name not in self.declared:
                hint = _nearest(name, [*self.people, *self.groups]) or "declare a participant or a group of that name"
                message = f'{label}: attendee "{name}" is no participant and no group'
                self.error((*path, "attendees", number), "unknown-participant", message, hint)
        return tuple(each for each in self.people if each in found)

    def _rule_of(self, values: Values, path: Path, label: str) -> tuple[RecurrenceRule | None, bool]:
        """Return the rule, and whether the table's rule can be relied on."""
        if "rule" in values and "repeat" in values:
            self.error((*path, "repeat"), "rule-and-repeat", f"{label}: rule and repeat exclude each other", "keep one")
            return None, False
        if any(problem.path[:-1] == path and problem.path[-1] in ("rule", "repeat", "zone") for problem in self._errors()):
            return None, False
        return values.get("rule") or values.get("repeat"), True

    def _errors(self) -> Iterator[Problem]:
        return (problem for problem in self.problems if problem.severity == "error")

    def _starts_on_rule(self, series: Series, rule: RecurrenceRule, values: Values, path: Path, label: str) -> bool:
        start = series.start
        first = after(rule, start, start, inclusive=True)
        if first == start:
            return True
        at = (*path, "rule" if "rule" in values else "repeat")
        if rule.until is not None and str(rule.until)[:10] < str(start)[:10]:
            message = f"{label}: the rule ends on {str(rule.until)[:10]}, before it starts on {start.date()}"
            self.error(at, "rule-ends-before-start", message, "an UNTIL after start")
        elif first is None:
            self.error(
                at, "rule-never", f"{label}: the rule {rule} never gives a call from start on", "check its days and months"
            )
        else:
            message = f"{label}: start {start.isoformat()} is a {weekday_name(start)} and off the rule {rule}"
            self.error((*path, "start"), "start-off-rule", message, f"start = {first.isoformat()}")
        return False

    def _steps(self, rows: list[tuple[Values, Path]], series: Series, label: str) -> Iterator[Step]:
        previous = series.start.date()
        for values, path in rows:
            day = values["date"]
            self._chair(values, path, label)
            rule, sound = self._rule_of(values, path, label)
            if day <= previous:
                what = "not after the series' start" if previous == series.start.date() else "not after the one before"
                message = f"{label}: from {day} is {what} ({previous})"
                self.error((*path, "date"), "from-out-of-order", message, "dates in ascending order, after start")
                continue
            previous = day
            if len(values) - ("reason" in values) == 1 and sound:
                self.error(
                    path,
                    "from-changes-nothing",
                    f"{label}: from {day} changes nothing",
                    "a zone, start, rule, link ...",
                    at_key=True,
                )
                continue
            step = Step(
                day,
                values.get("start"),
                values.get("zone"),
                rule,
                values.get("duration"),
                values.get("reason"),
                details_of(values),
            )
            current = rule or series.rule
            if step.retimes and current is None:
                message = f"{label}: a single call has nothing to change from {day} on"
                self.error((*path, "date"), "from-without-rule", message, "move it instead")
            elif step.retimes and series.rule is not None and series.rule.count is not None:
                message = f"{label}: a rule with COUNT cannot change its time from {day} on"
                self.error((*path, "date"), "from-with-count", message, "write UNTIL instead of COUNT")
            elif sound:
                yield step

    def deadlines(self, rows: list[tuple[Values, Path]], anchor: Zone | None) -> Iterator[Deadline]:
        for values, path in rows:
            if not self.unique("deadline", values["id"], path):
                continue
            if ("date" in values) == ("at" in values):
                if not any(problem.path[:-1] == path for problem in self._errors()):
                    message = f'deadline "{values["id"]}" needs either a date or a moment (at)'
                    self.error((*path, "id"), "deadline-date", message, "date = 2025-03-11")
                continue
            if "at" in values:
                values["date"] = values["at"].date()
                values.setdefault("zone", anchor)
            yield Deadline(**values)

    def releases(self, rows: list[tuple[Values, Path]]) -> Iterator[Release]:
        for values, path in rows:
            if self.unique("release", values["id"], path):
                milestones, problems = read_milestones(values.pop("milestones"), f'release "{values["id"]}"')
                self.problems += problems
                yield Release(**values, milestones=milestones)

    def _milestone_ids(self, releases: list[Release]) -> None:
        for release in releases:
            for milestone in release.milestones:
                path = self.ids.get(("deadline", f"{release.id}-{milestone.id}"))
                if path is not None:
                    message = (
                        f'deadline "{release.id}-{milestone.id}" is also milestone "{milestone.id}" of release "{release.id}"'
                    )
                    self.error((*path, "id"), "duplicate-id", message, "keep one of them")

    def events(self, rows: list[tuple[Values, Path]]) -> Iterator[CalendarEvent]:
        for values, path in rows:
            values.setdefault("end", values["start"])
            if self.unique("event", values["id"], path) and self._in_order(values, path, "start", "end"):
                yield CalendarEvent(**values)


_SOUND = {"id": "x", "name": "x", "domain": "example.invalid", "zone": "UTC"}


def _label(path: Path, raw: Mapping[str, object] | None = None) -> str:
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return "the file"
    declared = (raw or {}).get("id")
    return f'{names[-1]} "{declared}"' if isinstance(declared, str) else names[-1]


def _nearest(name: str, known: Any) -> str:
    from difflib import get_close_matches

    found = get_close_matches(name, list(known), n=1)
    return f'did you mean "{found[0]}"?' if found else ""
