"""What an edit changes: one edit of a small calendar each, clock changes by hand, and no edit at all."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svsm_cal.app.publish import feed_path, site
from svsm_cal.config.load import load, loads
from svsm_cal.core.call_changes import values_of
from svsm_cal.core.changes import changes
from svsm_cal.core.civil import instant
from svsm_cal.core.zones import zone_of

EXAMPLES = Path(__file__).parents[2] / "examples"
BASE = """
[calendar]
id = "c"
name = "C"
domain = "c.example.org"
zone = "Europe/Berlin"
organizer = { name = "Calendar", email = "calendar@c.example.org" }

[[series]]
id = "call"
title = "The call"
start = 2025-01-08T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=WE"
url = "https://meet.example.org/a"
chair = "joerg"
attendees = ["joerg", "claudio"]
cancel = [{ date = 2025-04-02, reason = "holiday" }]
move = [{ date = 2025-04-09, to = 2025-04-10T18:00:00 }]

[[participant]]
id = "joerg"
name = "Joerg"
email = "joerg@example.org"
zone = "Europe/Berlin"

[[participant]]
id = "claudio"
name = "Claudio"
email = "claudio@example.org"
zone = "America/New_York"

[[participant]]
id = "peter"
name = "Peter"
zone = "Asia/Tokyo"

[[deadline]]
id = "cfp"
title = "Call for proposals"
date = 2025-03-20

[[release]]
id = "r1"
title = "R 1"
milestones = [{ id = "freeze", title = "freeze", date = 2025-03-11 }, { id = "out", title = "out", date = 2025-05-20 }]
"""
OLD = loads(BASE)
BERLIN, NEW_YORK, TOKYO = map(zone_of, ("Europe/Berlin", "America/New_York", "Asia/Tokyo"))


def z(text):
    return instant(datetime.fromisoformat(text))


def edited(*edits, base=BASE):
    """Return the base with texts replaced, each of which it has once."""
    for before, after in edits:
        assert base.count(before) == 1, before
        base = base.replace(before, after)
    return loads(base)


def compared(*edits, old=OLD, start="2025-03-01T00:00Z", end="2025-06-01T00:00Z", **more):
    return changes(old, edited(*edits), start=z(start), end=z(end), **more)


def calls_of(found):
    return [(c.kind, str(c.first), str(c.last), c.calls) for series in found.series for c in series.calls]


def local(run):
    return tuple(seen and f"{seen.local:%a %H:%M}" for seen in (run.before, run.after))


RULE = 'rule = "FREQ=WEEKLY;BYDAY=WE"'
CANCEL = 'cancel = [{ date = 2025-04-02, reason = "holiday" }]'
MOVE = "move = [{ date = 2025-04-09, to = 2025-04-10T18:00:00 }]"
START = "start = 2025-01-08T18:00:00"
URL = 'url = "https://meet.example.org/a"'
NOTHING_MOVED = [(CANCEL, ""), (MOVE, "")]

# 2025: Wednesdays from 5 March to 28 May are thirteen; those of April are 2, 9, 16, 23, 30.
CALLS = {
    "cancel": ([(CANCEL, f"{CANCEL[:-1]}, {{ date = 2025-04-16 }}]")], [("cancelled", "2025-04-16", "2025-04-16", 1)]),
    "cancel two in a row": (
        [(CANCEL, f"{CANCEL[:-1]}, {{ date = 2025-04-16 }}, {{ date = 2025-04-23 }}]")],
        [("cancelled", "2025-04-16", "2025-04-23", 2)],
    ),
    "cancel two for two reasons": (
        [(CANCEL, f'{CANCEL[:-1]}, {{ date = 2025-04-16 }}, {{ date = 2025-04-23, reason = "x" }}]')],
        [("cancelled", "2025-04-16", "2025-04-16", 1), ("cancelled", "2025-04-23", "2025-04-23", 1)],
    ),
    "cancel two apart": (
        [(CANCEL, f"{CANCEL[:-1]}, {{ date = 2025-04-16 }}, {{ date = 2025-04-30 }}]")],
        [("cancelled", "2025-04-16", "2025-04-16", 1), ("cancelled", "2025-04-30", "2025-04-30", 1)],
    ),
    "cancel what is moved": (
        [(CANCEL, f"{CANCEL[:-1]}, {{ date = 2025-04-09 }}]"), (MOVE, "")],
        [("cancelled", "2025-04-09", "2025-04-09", 1)],
    ),
    "cancel before the range": ([(CANCEL, f"{CANCEL[:-1]}, {{ date = 2025-02-26 }}]")], []),
    "restore": ([(CANCEL, "")], [("restored", "2025-04-02", "2025-04-02", 1)]),
    "another reason": ([("holiday", "Easter")], [("reason", "2025-04-02", "2025-04-02", 1)]),
    "move": (
        [(MOVE, f"{MOVE[:-1]}, {{ date = 2025-04-16, to = 2025-04-17T19:00:00 }}]")],
        [("moved", "2025-04-16", "2025-04-16", 1)],
    ),
    "move two": (
        [
            (
                MOVE,
                MOVE[:-1] + "".join(f", {{ date = 2025-04-{day}, to = 2025-04-{day + 1}T19:00:00 }}" for day in (16, 23)) + "]",
            )
        ],
        [("moved", "2025-04-16", "2025-04-16", 1), ("moved", "2025-04-23", "2025-04-23", 1)],
    ),
    "move out of the range": (
        [(MOVE, f"{MOVE[:-1]}, {{ date = 2025-04-16, to = 2026-01-17T19:00:00 }}]")],
        [("moved", "2025-04-16", "2025-04-16", 1)],
    ),
    "move into the range": (
        [(MOVE, f"{MOVE[:-1]}, {{ date = 2027-04-14, to = 2025-04-17T19:00:00 }}]")],
        [("moved", "2027-04-14", "2027-04-14", 1)],
    ),
    "move again": ([("2025-04-10T18:00:00", "2025-04-11T18:00:00")], [("moved-again", "2025-04-09", "2025-04-09", 1)]),
    "move back": ([(MOVE, "")], [("moved-back", "2025-04-09", "2025-04-09", 1)]),
    "add": ([(CANCEL, f"{CANCEL}\nadd = [{{ start = 2025-04-04T18:00:00 }}]")], [("added", "2025-04-04", "2025-04-04", 1)]),
    "another time": ([(START, "start = 2025-01-08T17:00:00")], [("retimed", "2025-03-05", "2025-05-28", 11)]),
    "another time from a day on": (
        [(CANCEL, f"{CANCEL}\nfrom = [{{ date = 2025-04-16, start = 17:00:00 }}]")],
        [("retimed", "2025-04-16", "2025-05-28", 7)],
    ),
    "another weekday": (
        # The day before; the calls that are cancelled and moved lie after it.
        [(CANCEL, f'{CANCEL}\nfrom = [{{ date = 2025-04-10, rule = "FREQ=WEEKLY;BYDAY=TU" }}]')],
        [("retimed", "2025-04-16", "2025-05-28", 7)],
    ),
    "every other week": (
        [(RULE, f'{RULE[:-1]};INTERVAL=2"'), *NOTHING_MOVED],
        # 2 April was cancelled, and is an odd week's; 9 April was moved and is no longer there.
        [("removed", "2025-03-12", "2025-05-21", 6), ("restored", "2025-04-02", "2025-04-02", 1)],
    ),
    "twice a week": (
        [(RULE, 'rule = "FREQ=WEEKLY;BYDAY=MO,WE"')],
        [("added", "2025-03-03", "2025-05-26", 13)],
    ),
    "an end": ([(RULE, f'{RULE[:-1]};UNTIL=20250514T180000"')], [("removed", "2025-05-21", "2025-05-28", 2)]),
    "the same rule in other words": ([(RULE, 'repeat = "every Wednesday"')], []),
    "the same clocks elsewhere": ([(URL, f'{URL}\nzone = "Europe/Rome"')], []),
    "longer": ([('duration = "1h"', 'duration = "90m"')], [("lengthened", "2025-03-05", "2025-05-28", 12)]),
    "shorter": ([('duration = "1h"', 'duration = "30m"')], [("shortened", "2025-03-05", "2025-05-28", 12)]),
    "a link": ([(URL, 'url = "https://meet.example.org/b"')], [("link", "2025-03-05", "2025-05-28", 12)]),
    "a link from a day on": (
        [(CANCEL, f'{CANCEL}\nfrom = [{{ date = 2025-04-16, url = "https://meet.example.org/b" }}]')],
        [("link", "2025-04-16", "2025-05-28", 7)],
    ),
    "a link from a day on, but for one call": (
        [
            (
                CANCEL,
                f'{CANCEL}\nfrom = [{{ date = 2025-04-16, {URL[:-2]}b" }}]\nchange = [{{ date = 2025-04-30, {URL} }}]',
            )
        ],
        [("link", "2025-04-16", "2025-04-23", 2), ("link", "2025-05-07", "2025-05-28", 4)],
    ),
    "a chair once": (
        [(CANCEL, f'{CANCEL}\nchange = [{{ date = 2025-04-16, chair = "peter" }}]')],
        [("chair", "2025-04-16", "2025-04-16", 1)],
    ),
    "a title": ([('title = "The call"', 'title = "That call"')], [("title", "2025-03-05", "2025-05-28", 12)]),
    "a place": ([(URL, f'{URL}\nlocation = "Room 1"')], [("location", "2025-03-05", "2025-05-28", 12)]),
    "a description": ([(URL, f'{URL}\ndescription = "Talk"')], [("description", "2025-03-05", "2025-05-28", 12)]),
    "two things at once": (
        [(MOVE, f'{MOVE[:-1]}, {{ date = 2025-04-16, to = 2025-04-17T19:00:00, duration = "2h" }}]')],
        [("moved", "2025-04-16", "2025-04-16", 1), ("lengthened", "2025-04-16", "2025-04-16", 1)],
    ),
}


@pytest.mark.parametrize("edit", CALLS)
def test_calls(edit):
    edits, expected = CALLS[edit]
    assert calls_of(compared(*edits)) == expected


OPPOSITE = {"cancelled": "restored", "restored": "cancelled", "added": "removed", "removed": "added", "moved": "moved-back",
            "moved-back": "moved", "lengthened": "shortened", "shortened": "lengthened"}  # fmt: skip


@pytest.mark.parametrize("edit", CALLS)
def test_the_edit_undone_is_the_opposite(edit):
    new = edited(*CALLS[edit][0])
    there, back = (changes(a, b, start=z("2025-03-01T00:00Z"), end=z("2025-06-01T00:00Z")) for a, b in ((OLD, new), (new, OLD)))
    expected = Counter({OPPOSITE.get(kind, kind): 0 for kind, *_ in calls_of(there)})
    for kind, _, _, calls in calls_of(there):
        expected[OPPOSITE.get(kind, kind)] += calls
    undone = Counter()
    for kind, _, _, calls in calls_of(back):
        undone[kind] += calls
    if edit != "cancel what is moved":  # undone, it takes place again, at the time it was moved to
        assert undone == expected
    assert {(each.participant, each.path) for each in there.feeds} == {(each.participant, each.path) for each in back.feeds}


def test_reasons_and_values():
    found = compared((CANCEL, f'{CANCEL[:-1]}, {{ date = 2025-04-16, reason = "trip" }}]'), (URL, ""))
    cancelled, link = sorted(found.series[0].calls, key=lambda each: each.kind)
    assert cancelled.reason == "trip"
    assert values_of(cancelled) == (None, None)
    assert values_of(link) == ("https://meet.example.org/a", None)
    (longer,) = compared(('duration = "1h"', 'duration = "90m"')).series[0].calls
    assert values_of(longer) == (timedelta(hours=1), timedelta(minutes=90))


def test_re_anchored_across_clock_changes():
    """From Berlin 18:00 to New York 12:00 on 7 May 2025: another time only while the two zones' clocks disagree.

    Europe leaves summertime on 26 October 2025, the US on 2 November: between them lies Wednesday, 29 October, on which
    18:00 in Berlin is 17:00Z, 13:00 in New York, and 12:00 in New York is 16:00Z, 17:00 in Berlin. The US changes
    again on 8 March 2026, Europe on 29 March: 11, 18 and 25 March.
    """
    edit = (CANCEL, f'{CANCEL}\nfrom = [{{ date = 2025-05-07, zone = "America/New_York", start = 12:00:00 }}]')
    found = compared(edit, end="2026-06-01T00:00Z")
    assert calls_of(found) == [("retimed", "2025-10-29", "2025-10-29", 1), ("retimed", "2026-03-11", "2026-03-25", 3)]
    for change in found.series[0].calls:
        assert [(run.zone, local(run)) for run in change.zones] == [
            (NEW_YORK, ("Wed 13:00", "Wed 12:00")),
            (BERLIN, ("Wed 18:00", "Wed 17:00")),
        ]
        assert all((run.first, run.last, run.calls) == (change.first, change.last, change.calls) for run in change.zones)
    (only,) = compared(edit, end="2026-01-01T00:00Z", zone=TOKYO).series[0].calls
    assert [local(run) for run in only.zones] == [("Thu 02:00", "Thu 01:00")]  # UTC+9: 17:00Z and 16:00Z


def test_an_hour_earlier_in_every_zone_by_its_own_runs():
    """18:00 to 17:00 in Berlin from 7 May on: one run there, three in New York, and another day in Shanghai in summer."""
    edit = (CANCEL, f"{CANCEL}\nfrom = [{{ date = 2025-05-07, start = 17:00:00 }}]")
    found = compared(
        edit, ('zone = "Asia/Tokyo"', 'zone = "Asia/Shanghai"'), ('"claudio"]', '"claudio", "peter"]'), end="2026-01-01T00:00Z"
    )
    (change,) = found.series[0].calls
    assert (change.first, change.last, change.calls) == (date(2025, 5, 7), date(2025, 12, 31), 35)
    runs = [(run.zone.key, str(run.first), str(run.last), run.calls, *local(run)) for run in change.zones]
    assert runs == [
        ("America/New_York", "2025-05-07", "2025-10-22", 25, "Wed 12:00", "Wed 11:00"),
        ("America/New_York", "2025-10-29", "2025-10-29", 1, "Wed 13:00", "Wed 12:00"),
        ("America/New_York", "2025-11-05", "2025-12-31", 9, "Wed 12:00", "Wed 11:00"),
        ("Europe/Berlin", "2025-05-07", "2025-12-31", 35, "Wed 18:00", "Wed 17:00"),
        ("Asia/Shanghai", "2025-05-07", "2025-10-22", 25, "Thu 00:00", "Wed 23:00"),
        ("Asia/Shanghai", "2025-10-29", "2025-12-31", 10, "Thu 01:00", "Thu 00:00"),
    ]


def test_matching_across_rules():
    thursdays = [(START, "start = 2025-01-09T18:00:00"), (RULE, 'rule = "FREQ=WEEKLY;BYDAY=TH"'), *NOTHING_MOVED]
    retimed, restored = compared(*thursdays).series[0].calls
    # Each Wednesday becomes the Thursday after it; 2 April was cancelled; 9 April was moved to just that Thursday.
    assert (retimed.kind, retimed.calls, local(retimed.zones[0])) == ("retimed", 11, ("Wed 12:00", "Thu 12:00"))
    assert (restored.kind, restored.first) == ("restored", date(2025, 4, 2))
    assert retimed.before.start_utc == z("2025-03-05T17:00Z")
    assert retimed.after.start_utc == z("2025-03-06T17:00Z")
    # A week's phase later: half of two weeks is near enough, and the later of two as near.
    fortnight = edited((RULE, f'{RULE[:-1]};INTERVAL=2"'), *NOTHING_MOVED)
    shifted = edited((START, "start = 2025-01-15T18:00:00"), (RULE, f'{RULE[:-1]};INTERVAL=2"'), *NOTHING_MOVED)
    (change,) = changes(fortnight, shifted, start=z("2025-03-01T00:00Z"), end=z("2025-06-01T00:00Z")).series[0].calls
    assert (change.kind, change.first, change.calls) == ("retimed", date(2025, 3, 5), 7)
    assert change.after.start_utc == z("2025-03-12T17:00Z")
    # Daily calls on another clock: at the same instant, though that is another day there.
    daily = 'rule = "FREQ=DAILY"'
    berlin = edited((RULE, daily), *NOTHING_MOVED)
    tokyo = edited((RULE, f'{daily}\nzone = "Asia/Tokyo"'), (START, "start = 2025-01-09T01:00:00"), *NOTHING_MOVED)
    assert calls_of(changes(berlin, tokyo, start=z("2025-04-01T00:00Z"), end=z("2025-10-01T00:00Z"))) == []
    # Sunday is nearer to the Wednesday after it than to the one before.
    sundays = [(START, "start = 2025-01-12T18:00:00"), (RULE, 'rule = "FREQ=WEEKLY;BYDAY=SU"'), *NOTHING_MOVED]
    change = compared(*sundays).series[0].calls[0]
    assert change.after.start_utc - change.before.start_utc == timedelta(days=-3)


def test_a_single_call_is_the_same_wherever_it_goes():
    single = [(RULE, ""), *NOTHING_MOVED]
    old = edited((START, "start = 2025-03-05T18:00:00"), *single)
    new = edited((START, "start = 2026-09-01T18:00:00"), *single)
    found = changes(old, new, start=z("2025-03-01T00:00Z"), end=z("2025-06-01T00:00Z"))
    assert calls_of(found) == [("retimed", "2025-03-05", "2025-03-05", 1)]


def test_series_added_and_gone():
    second = f'{BASE}\n[[series]]\nid = "b"\ntitle = "B"\nstart = 2025-03-04T10:00:00\nduration = "1h"\n'
    new = loads(second + 'rule = "FREQ=WEEKLY;COUNT=4"\nattendees = ["claudio"]')
    span = {"start": z("2025-03-01T00:00Z"), "end": z("2025-06-01T00:00Z")}
    (added,), (gone,) = changes(OLD, new, **span).series, changes(new, OLD, **span).series
    assert (added.touch, added.series.id, gone.touch, gone.series.id) == ("added", "b", "gone", "b")
    assert [(each.kind, each.calls) for each in (*added.calls, *gone.calls)] == [("added", 4), ("removed", 4)]
    # 10:00 in Berlin is 04:00 in New York, and 05:00 from 9 to 30 March.
    assert [(run.calls, *local(run)) for run in added.calls[0].zones] == [
        (1, None, "Tue 04:00"), (3, None, "Tue 05:00"), (4, None, "Tue 10:00"),
    ]  # fmt: skip
    assert [(each.series, each.participants) for each in changes(OLD, new, **span).invites] == [("b", ("claudio",))]
    past = changes(OLD, new, start=z("2026-03-01T00:00Z"), end=z("2026-06-01T00:00Z"))
    assert [(each.touch, each.calls) for each in past.series] == [("added", ())]


CFP = "date = 2025-03-20"
FREEZE = "date = 2025-03-11"
DEADLINES = {
    # Wednesdays ahead of 1 March: 5, 12, 19 and 26 March; a day is over at noon UTC of the next, before that day's call.
    "slipped": ([(CFP, "date = 2025-03-27")], [("slipped", "cfp", 3, 4)]),
    "earlier": ([(CFP, "date = 2025-03-18")], [("earlier", "cfp", 3, 2)]),
    "out of the range": ([(CFP, "date = 2026-03-18")], [("slipped", "cfp", 3, 54)]),
    "by its zone": ([(CFP, f'{CFP}\nzone = "Asia/Tokyo"')], [("earlier", "cfp", 3, 3)]),
    "gone": ([(f'[[deadline]]\nid = "cfp"\ntitle = "Call for proposals"\n{CFP}', "")], [("gone", "cfp", 3, None)]),
    "renamed": ([("Call for proposals", "Call for talks")], [("title", "cfp", 3, 3)]),
    "a link": ([(CFP, f'{CFP}\nurl = "https://example.org/"')], [("link", "cfp", 3, 3)]),
    "another id": ([('id = "cfp"', 'id = "cft"')], [("added", "cft", None, 3), ("gone", "cfp", 3, None)]),
    "what came of a milestone": ([(FREEZE, f"{FREEZE}, actual = 2025-03-13")], [("slipped", "r1-freeze", 1, 2)]),
    "as planned": ([(FREEZE, f"{FREEZE}, actual = 2025-03-11")], []),
    "reminders": ([(CFP, f'{CFP}\nremind = ["1d"]')], []),
    "before the range": ([("date = 2025-05-20", "date = 2026-05-20"), ("date = 2025-03-11", "date = 2025-02-11")],
                         [("earlier", "r1-freeze", 1, 0), ("slipped", "r1-out", 10, 63)]),
}  # fmt: skip


@pytest.mark.parametrize("edit", DEADLINES)
def test_deadlines(edit):
    edits, expected = DEADLINES[edit]
    found = [(d.kind, (d.after or d.before).id, d.calls_before, d.calls_after) for d in compared(*edits).deadlines]
    assert found == expected


ATTENDEES = 'attendees = ["joerg", "claudio"]'
SOMEBODY = '[[participant]]\nid = "p2"\nname = "P"\nemail = "p2@example.org"\nzone = "UTC"'
PEOPLE = {
    "zone": ([('"America/New_York"', '"America/Chicago"')], [("zone", "claudio", ())], []),
    "name": ([('"Claudio"', '"Cláudio"')], [("name", "claudio", ())], []),
    "address": ([('"claudio@example.org"', '"c@example.org"')], [("address", "claudio", ())], [("call", ("claudio",))]),
    "feed": ([('zone = "America/New_York"', 'zone = "America/New_York"\nfeed = "second"')], [("feed", "claudio", ())], []),
    "joins": ([(ATTENDEES, 'attendees = ["joerg", "claudio", "peter"]')], [("joins", "peter", ("call",))], []),
    "leaves": ([(ATTENDEES, 'attendees = ["joerg"]')], [("leaves", "claudio", ("call",))], [("call", ("claudio",))]),
    "gone": ([('[[participant]]\nid = "peter"\nname = "Peter"\nzone = "Asia/Tokyo"', "")], [("gone", "peter", ())], []),
    "no organizer": (
        [('organizer = { name = "Calendar", email = "calendar@c.example.org" }', ""), (ATTENDEES, 'attendees = ["joerg"]')],
        [("leaves", "claudio", ("call",))],
        [],
    ),
    "added": (
        [("[[deadline]]", f"{SOMEBODY}\n[[deadline]]"), (ATTENDEES, 'attendees = ["joerg", "claudio", "p2"]')],
        [("added", "p2", ("call",))],
        [("call", ("p2",))],
    ),
}  # fmt: skip


@pytest.mark.parametrize("edit", PEOPLE)
def test_participants_and_invites(edit):
    edits, expected, invites = PEOPLE[edit]
    found = compared(*edits)
    assert [(p.kind, (p.after or p.before).id, p.series) for p in found.participants] == expected
    assert [(each.series, each.participants) for each in found.invites] == invites


def test_a_change_of_calls_concerns_all_who_attend_and_have_an_address():
    found = compared((CANCEL, ""), (ATTENDEES, 'attendees = ["joerg", "claudio", "peter"]'))
    assert [(each.series, each.participants) for each in found.invites] == [("call", ("joerg", "claudio"))]


HEAD = [('name = "C"', 'name = "D"')]
SHOWN = 'domain = "c.example.org"\ncancelled = { series = "show", personal = "show" }'
ALL_EDITS = {
    **{name: edits for name, (edits, *_) in {**CALLS, **DEADLINES, **PEOPLE}.items() if name != "no organizer"},
    "the calendar's name": HEAD,
    "cancelled calls shown": [('domain = "c.example.org"', 'domain = "c.example.org"\ncancelled = { public = "show" }')],
    "cancelled calls shown, and why": [('domain = "c.example.org"', SHOWN), ("holiday", "Easter")],
    "minutes": [(URL, f'{URL}\nminutes = "https://example.org/{{date}}.md"')],
    "the chair's name": [('"Joerg"', '"Jörg"')],
    "reminders of a participant": [('zone = "America/New_York"', 'zone = "America/New_York"\nreminders = ["1h"]')],
}


@pytest.mark.slow
@pytest.mark.parametrize("edit", ALL_EDITS)
def test_the_feeds_named_are_those_whose_bytes_differ(edit):
    new, secret, now = edited(*ALL_EDITS[edit]), b"0123456789abcdef", z("2025-03-01T00:00Z")
    owners = {feed_path(each, secret): each.id for each in (*OLD.participants, *new.participants)}
    # All revisions are dated by the calendar's first call, which is no news.
    before, after = (
        {
            owners.get(path, path): (path, re.sub(rb"(DTSTAMP|LAST-MODIFIED):.*", b"", data))
            for path, data in site(calendar, now=now, secret=secret).items()
            if path.endswith(".ics")
        }
        for calendar in (OLD, new)
    )
    found = changes(OLD, new, start=now, end=z("2025-06-01T00:00Z"))
    differ = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert {each.path or each.participant for each in found.feeds} == differ
    assert {each.participant for each in found.feeds if each.touch == "gone"} <= {*before.keys() - after.keys(), None}


@pytest.mark.parametrize("name", ["svsm", "minimal"])
@given(day=st.dates(date(2023, 1, 1), date(2030, 1, 1)), weeks=st.integers(0, 120))
@settings(max_examples=15)
def test_no_edit_changes_nothing(name, day, weeks):
    start = instant(datetime(day.year, day.month, day.day, tzinfo=UTC))
    calendar, same = (load(EXAMPLES / name / "calendar.toml") for _ in range(2))
    found = changes(calendar, same, start=start, end=instant(start + timedelta(weeks=weeks)))
    assert found.empty
    assert not found.concern_people


WEDNESDAYS = [date(2025, 3, 5) + timedelta(weeks=n) for n in range(13) if n not in (4, 5)]


@given(
    fates=st.dictionaries(st.sampled_from(WEDNESDAYS), st.sampled_from(["cancel", "move", "add", "change"]), max_size=6),
    begin=st.sampled_from([None, *WEDNESDAYS]),
)
@settings(max_examples=40)
def test_edits_by_text_give_their_kinds(fates, begin):
    entry = {
        "cancel": "{{ date = {day} }}",
        "move": "{{ date = {day}, to = {day}T20:00:00 }}",
        "add": "{{ start = {day}T09:00:00 }}",
        "change": '{{ date = {day}, location = "here" }}',
    }
    written = {kind: [entry[kind].format(day=day) for day, fate in fates.items() if fate == kind] for kind in entry}
    edits = [
        (CANCEL, f"{CANCEL[:-1]}, {', '.join(written['cancel'])}]"),
        (MOVE, f"{MOVE[:-1]}, {', '.join(written['move'])}]"),
        (URL, f"{URL}\nadd = [{', '.join(written['add'])}]\nchange = [{', '.join(written['change'])}]"),
    ]
    if begin:
        edits.append((RULE, f'{RULE}\nfrom = [{{ date = {begin}, duration = "2h" }}]'))
    counts = {}
    for kind, _, _, calls in calls_of(compared(*edits)):
        counts[kind] = counts.get(kind, 0) + calls
    kinds = {"cancel": "cancelled", "move": "moved", "add": "added", "change": "location"}
    expected = {kinds[kind]: len(written[kind]) for kind in kinds if written[kind]}
    if begin:
        held = [day for day in [*WEDNESDAYS, date(2025, 4, 9)] if day >= begin and fates.get(day) != "cancel"]
        expected["lengthened"] = len(held)
    assert counts == {kind: number for kind, number in expected.items() if number}
