"""The sections of minutes: attendees, topics and action items."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from svsm_cal.minutes.date_phrases import NAME, any_of
from svsm_cal.minutes.dates import mentions_of
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from svsm_cal.minutes.document import Block
    from svsm_cal.minutes.names import Names


class Topic(Value):
    """A topic and the line of its heading."""

    title: str
    line: int


class Action(Value):
    """An action item; `sure` if the minutes mark it as one, otherwise inferred from "... will ..."."""

    text: str
    line: int
    sure: bool
    done: bool = False
    name: str | None = None
    participant: str | None = None
    due: date | None = None


_ATTENDEES = re.compile(
    r"^(?:list\s+of\s+)?"
    + any_of("attend(?:ees|ance|ing)", "participants", "(?:people |members )?present", "who was there", "Teilnehm.{1,6}")
    + r"\b",
    re.IGNORECASE,
)
_NAMED = re.compile(r"^(?:attendees|attending|participants|present)\s*(?:\(\d+\))?\s*:\s*(?=\S)", re.IGNORECASE)
# Headings of sections that are not topics themselves.
_FRAME = re.compile(
    "^"
    + any_of(
        "topics?", "agenda", "notes", "(?:meeting )?minutes", "discussion", "action(?: item)?s?", "links", "next meeting",
        "announcements", "deadlines", "time", "themen", "thema", "ankündigungen", "fristen", "zeit",
    )
    + r"\s*:?$",
    re.IGNORECASE,
)  # fmt: skip
_TOPIC = re.compile(r"^(?:topic|thema)\s*:\s*(?=\S)", re.IGNORECASE)
# Sections whose items are not topics.
_APART = re.compile(
    "^"
    + any_of("announcements", "deadlines", "time", "ankündigungen", "fristen", "zeit", "open points of", "offene punkte vom")
    + r"\b",
    re.IGNORECASE,
)
_OPEN = re.compile(r"^(?:open points of|offene punkte vom)\b", re.IGNORECASE)
_ACTIONS = re.compile(
    rf"^{any_of('actions?(?: items?)?', 'to-?dos?', 'open points?', 'offene punkte', 'next steps')}\b", re.IGNORECASE
)
_BOX = r"(?:\[(?P<box>[ xX])\]\s*)?"
_MARK = r"(?P<mark>(?:action(?:\s+items?)?|AIs?|to-?do)\b(?:\s*\((?P<owner>[^)]*)\))?\s*[:\u2013\u2014-]\s*)?"
_ACTION = re.compile(rf"^{_BOX}{_MARK}(?P<text>.+)$", re.IGNORECASE)
_TOOK = any_of("will", "(?:agreed|offered|volunteered) to", "took the action to", "is going to", "to")
_WILL = re.compile(rf"^(?P<who>{NAME})\s+{_TOOK}\s+(?P<what>[a-z]\w+)")
_NOT_WORK = frozenset(("be", "not", "attend", "join", "miss", "run", "chair", "host", "lead", "have", "probably", "likely"))


def attendee_entries(blocks: Sequence[Block], names: Names) -> tuple[list[str], list[Block]]:
    """Return the entries of the attendee list, one for each item or line, and the blocks of the list."""
    entries: list[str] = []
    listed: list[Block] = []
    level = 0  # of the current attendees heading; 9 for a bold line or a line with a colon
    for block in blocks:
        named = _NAMED.match(block.text)
        if named and not level:
            first, *more = (text for _, text in block.lines)
            return _joined([first[named.end() :], *more], names), [block]
        heads = block.level or (
            9 if _ATTENDEES.match(block.text) and len(block.text) < 40 and (block.lead or block.text.endswith(":")) else 0
        )
        if heads:
            if level and heads <= level:
                break
            if not level and _ATTENDEES.match(block.text):
                level = heads
                listed.append(block)
            continue
        if level == 9 and listed and block.lead and block.lead == block.text.rstrip(": "):
            break
        if level:
            listed.append(block)
            entries += [block.text] if block.depth else _joined([text for _, text in block.lines], names)
    return entries, listed


def _joined(lines: list[str], names: Names) -> list[str]:
    """Return a paragraph's lines as entries, joined into one if a list of names continues over several lines."""
    if len(lines) > 1 and "," not in lines[0] and not any(line.rstrip().endswith((",", ";")) for line in lines[:-1]):
        return lines
    text = lines[0]
    for before, line in pairwise(lines):
        # A line may also break between two names, without a comma.
        one, other = (names.find(name.strip()) for name in (before.split(",")[-1], line.split(",")[0]))
        text += f"{', ' if one and other and one != other else ' '}{line}"
    return [text]


def topics_of(blocks: Sequence[Block]) -> list[Topic]:
    """Return the topics: the headings, otherwise the bold words that start items, otherwise the outermost items."""
    heads = [
        block
        for block in blocks
        if block.level and not _FRAME.match(block.text) and not _OPEN.match(block.text) and not _ATTENDEES.match(block.text)
    ]
    if heads:
        return [Topic(_TOPIC.sub("", block.text).strip(" :*"), block.line) for block in heads]
    items = [block for block in blocks if block.depth == 1 and not _APART.match(block.section)]
    led = [Topic(block.lead, block.line) for block in items if block.lead]
    return led or [Topic(block.text[:100].strip(" :"), block.line) for block in items]


def actions_of(blocks: Sequence[Block], day: date | None, names: Names) -> list[Action]:
    """Return the action items: those marked as such, and sentences about what a known person will do."""
    actions = []
    for block in blocks:
        if block.level:
            continue
        match = _ACTION.match(block.text)
        if match is None:
            continue
        text = match["text"].strip()
        marked = bool(match["mark"]) or match["box"] is not None or bool(_ACTIONS.match(block.section) and block.depth)
        will = _WILL.match(text)
        if not marked and (will is None or will["what"] in _NOT_WORK):
            continue
        owner = (match["owner"] or "").strip() or None
        who = will["who"] if will else owner
        dates = mentions_of(text, day) if day and marked else []
        due = next((mention.first for mention in dates if mention.exact and mention.single), None)
        participant = names.find(who) if who else None
        if not marked and participant is None and (who is None or " " not in who):
            continue  # "He will", "Patches will"
        actions.append(Action(text[:500], block.line, marked, (match["box"] or "").casefold() == "x", who, participant, due))
    return actions
