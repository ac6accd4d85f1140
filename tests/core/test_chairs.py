"""Chairs in turn: whose turn each call is, who stands in, and that nobody's turn moves when a call is cancelled."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svsm_cal.config.load import loads
from svsm_cal.core.call_changes import CallKind
from svsm_cal.core.changes import changes
from svsm_cal.core.occurrences import occurrences, occurrences_between_days
from svsm_cal.core.rotation import chair_plan, chaired
from svsm_cal.core.segments import segments_of
from svsm_cal.ical.feed import Feeds
from tests.support import small

HEAD = small("""\
[[participant]]
id = "joerg"
name = "Joerg Roedel"
zone = "Europe/Berlin"
AWAY-joerg

[[participant]]
id = "stefano"
name = "Stefano Garzarella"
zone = "Europe/Rome"
AWAY-stefano

[[participant]]
id = "oliver"
name = "Oliver Steffen"
zone = "Australia/Sydney"
AWAY-oliver

[[series]]
id = "call"
title = "Call"
start = 2025-01-01T18:00:00
duration = "1h"
""")
THREE = 'chair = ["joerg", "stefano", "oliver"]'


def calendar(lines, rule='repeat = "every Wednesday"', **away):
    text = HEAD
    for name in ("joerg", "stefano", "oliver"):
        days = ", ".join(f"{{ from = {first}, to = {last} }}" for first, last in away.get(name, ()))
        text = text.replace(f"AWAY-{name}", f"away = [{days}]")
    return loads(f"{text}{rule}\n{lines}\n")


def chairs(of, first="2025-01-01", last="2025-02-05", *, held=True):
    found = occurrences_between_days(of.series[0], date.fromisoformat(first), date.fromisoformat(last))
    return " ".join(f"{call.start:%m-%d}:{call.details.chair}" for call in found if call.held or not held)


@pytest.mark.parametrize(
    ("lines", "away", "expected"),
    [
        pytest.param(THREE, {}, "01-01:joerg 01-08:stefano 01-15:oliver 01-22:joerg 01-29:stefano 02-05:oliver", id="in turn"),
        pytest.param('chair = ["joerg", "stefano", "joerg"]', {},
         "01-01:joerg 01-08:stefano 01-15:joerg 01-22:joerg 01-29:stefano 02-05:joerg", id="one of them twice as often"),
        pytest.param('chair = ["joerg"]', {"joerg": [("2025-01-08", "2025-01-08")]},
         "01-01:joerg 01-08:joerg 01-15:joerg 01-22:joerg 01-29:joerg 02-05:joerg", id="a list of one is that one"),
        pytest.param(THREE + "\ncancel = [{ date = 2025-01-08 }]", {},
         "01-01:joerg 01-15:oliver 01-22:joerg 01-29:stefano 02-05:oliver", id="a cancelled call uses up its turn"),
        pytest.param(THREE + "\nmove = [{ date = 2025-01-08, to = 2025-01-16T18:00:00 }]", {},
         "01-01:joerg 01-15:oliver 01-16:stefano 01-22:joerg 01-29:stefano 02-05:oliver", id="a moved call takes its turn along"),
        pytest.param(THREE + "\nadd = [{ start = 2025-01-10T10:00:00 }]", {},
         "01-01:joerg 01-08:stefano 01-10:stefano 01-15:oliver 01-22:joerg 01-29:stefano 02-05:oliver",
         id="an extra call has the turn of the one before"),
        pytest.param(THREE, {"stefano": [("2025-01-06", "2025-01-10")]},
         "01-01:joerg 01-08:oliver 01-15:oliver 01-22:joerg 01-29:stefano 02-05:oliver", id="who is away is replaced "
         "by the next"),
        pytest.param(THREE, {"stefano": [("2025-01-06", "2025-01-10")], "oliver": [("2025-01-09", "2025-01-09")]},
         "01-01:joerg 01-08:joerg 01-15:oliver 01-22:joerg 01-29:stefano 02-05:oliver",
         id="and by the one after who is away on their own clock"),
        pytest.param(THREE, {"stefano": [("2025-01-06", "2025-01-10")], "oliver": [("2025-01-08", "2025-01-08")]},
         "01-01:joerg 01-08:oliver 01-15:oliver 01-22:joerg 01-29:stefano 02-05:oliver",
         id="not by one whose day that is no longer"),
        pytest.param(THREE, {name: [("2025-01-06", "2025-01-10")] for name in ("joerg", "stefano", "oliver")},
         "01-01:joerg 01-08:None 01-15:oliver 01-22:joerg 01-29:stefano 02-05:oliver", id="nobody is there"),
        pytest.param(THREE + '\nchange = [{ date = 2025-01-08, chair = "joerg" }]', {},
         "01-01:joerg 01-08:joerg 01-15:oliver 01-22:joerg 01-29:stefano 02-05:oliver", id="somebody named for one call"),
        pytest.param(THREE + '\nchange = [{ date = 2025-01-08, chair = "joerg" }]', {"joerg": [("2025-01-08", "2025-01-08")]},
         "01-01:joerg 01-08:joerg 01-15:oliver 01-22:joerg 01-29:stefano 02-05:oliver", id="even one who is away"),
        pytest.param(THREE + '\nfrom = [{ date = 2025-01-15, chair = ["stefano", "joerg"] }]', {},
         "01-01:joerg 01-08:stefano 01-15:stefano 01-22:joerg 01-29:stefano 02-05:joerg", id="others from a date on begin anew"),
        pytest.param(THREE + '\nfrom = [{ date = 2025-01-15, chair = "joerg" }]', {},
         "01-01:joerg 01-08:stefano 01-15:joerg 01-22:joerg 01-29:joerg 02-05:joerg", id="one from a date on"),
        pytest.param('chair = "joerg"\nfrom = [{ date = 2025-01-15, chair = ["stefano", "joerg"] }]', {},
         "01-01:joerg 01-08:joerg 01-15:stefano 01-22:joerg 01-29:stefano 02-05:joerg", id="in turn from a date on"),
        pytest.param(THREE + "\nfrom = [{ date = 2025-01-15, start = 17:00:00 }]", {},
         "01-01:joerg 01-08:stefano 01-15:oliver 01-22:joerg 01-29:stefano 02-05:oliver", id="another time is no new turn"),
    ],
)  # fmt: skip
def test_whose_turn_it_is(lines, away, expected):
    assert chairs(calendar(lines, **away)) == expected


def test_calls_that_a_feed_has_in_parts_are_counted_together():
    found = calendar(THREE, rule='rule = "FREQ=MONTHLY;BYDAY=1WE,3WE"')
    expected = "01-01:joerg 01-15:stefano 02-05:oliver 02-19:joerg 03-05:stefano"
    assert len(segments_of(found.series[0])) == 2
    assert chairs(found, last="2025-03-10") == expected


@settings(max_examples=20)
@given(
    cancelled=st.sets(st.integers(0, 60)),
    moved=st.sets(st.integers(0, 60)),
    window=st.tuples(st.integers(0, 400), st.integers(1, 200)),
)
def test_no_cancellation_and_no_move_changes_the_turn_of_another_call(cancelled, moved, window):
    day = date(2025, 1, 1).toordinal()
    lines = [THREE]
    lines.append("cancel = [" + ", ".join(f"{{ date = {date.fromordinal(day + 7 * each)} }}" for each in sorted(cancelled)) + "]")
    others = sorted(moved - cancelled)
    to = [f"{{ date = {date.fromordinal(day + 7 * n)}, to = {date.fromordinal(day + 7 * n + 1)}T18:00:00 }}" for n in others]
    lines.append(f"move = [{', '.join(to)}]")
    plain, edited = calendar(THREE), calendar("\n".join(lines))
    first, last = (date.fromordinal(day + each) for each in (window[0], window[0] + window[1]))
    expected = {call.recurrence: call.details.chair for call in occurrences_between_days(plain.series[0], first, last)}
    found = occurrences_between_days(edited.series[0], first, last)
    assert all(expected.get(call.recurrence, call.details.chair) == call.details.chair for call in found)
    # Computed alone, from any window, a call has the same chair.
    for call in found[:5]:
        again = occurrences(edited.series[0], call.start_utc, call.end_utc, cancelled=True)
        assert [each.details.chair for each in again] == [call.details.chair]


def test_who_has_done_how_many():
    found = calendar(f"{THREE}\ncancel = [{{ date = 2025-01-22 }}]", stefano=[("2025-01-06", "2025-01-10")])
    plan, counts = chair_plan(found, occurrences_between_days(found, date(2025, 1, 1), date(2025, 1, 29)))
    assert counts == {"oliver": 2, "joerg": 1, "stefano": 1}
    assert [(str(each.occurrence.start.date()), each.chair, each.turn) for each in plan if each.stands_in] == [
        ("2025-01-08", "oliver", "stefano")
    ]


def test_a_single_chair_has_no_turns():
    found = calendar('chair = "joerg"')
    call = occurrences_between_days(found, date(2025, 1, 1), date(2025, 1, 1))[0]
    assert (chaired(call).chair, chaired(call).turn, chaired(call).stands_in) == ("joerg", None, False)


def test_a_turn_that_moves_is_a_change_people_are_shown():
    before, after = calendar(THREE), calendar(THREE, stefano=[("2025-01-06", "2025-01-10")])
    start, end = (occurrences_between_days(before, date(2025, 1, 1), date(2025, 1, 29))[each].start_utc for each in (0, -1))
    found = [change for series in changes(before, after, start=start, end=end).series for change in series.calls]
    assert [(each.kind, str(each.first), each.calls, each.after.details.chair) for each in found] == [
        (CallKind.CHAIR, "2025-01-08", 1, "oliver")
    ]


def test_a_feed_says_who_takes_turns_and_names_the_one_of_a_call_of_its_own():
    found = calendar(THREE + '\nchange = [{ date = 2025-01-15, title = "Special call" }]')
    start = occurrences_between_days(found, date(2025, 1, 1), date(2025, 1, 1))[0].start_utc
    feed = Feeds(found, now=start).public().replace(b"\r\n ", b"").decode()
    assert r"Chair: Joerg Roedel\, Stefano Garzarella and Oliver Steffen in turn" in feed
    special = feed[feed.index("SUMMARY:Special call") :]
    assert "Chair: Oliver Steffen" in special[: special.index("END:VEVENT")]
