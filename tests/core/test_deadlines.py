"""Deadlines: due instants worked out by hand (AoE is UTC-12), milestones by adding weeks, calls left by counting Wednesdays."""

from datetime import UTC, date, datetime, timedelta

import pytest

from svsm_cal.config.load import load, loads
from svsm_cal.core.deadlines import DeadlineStatus, all_deadlines, outlook
from svsm_cal.core.milestones import Deadline
from svsm_cal.engine.zones import zone_of
from tests.support import EXAMPLE, head

CALENDAR = load(EXAMPLE)
HEAD = head("svsm")


def z(text):
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("declared", "due"),
    [
        # A whole day, over when it has ended everywhere on Earth.
        ("date = 2025-03-11", "2025-03-12T12:00Z"),
        ("date = 2024-02-29", "2024-03-01T12:00Z"),
        ("date = 2025-12-31", "2026-01-01T12:00Z"),
        # A whole day in a zone, 23 and 25 hours long at the change of clocks.
        ('date = 2025-03-11\nzone = "UTC"', "2025-03-12T00:00Z"),
        ('date = 2025-03-11\nzone = "Europe/Berlin"', "2025-03-11T23:00Z"),
        ('date = 2025-03-30\nzone = "Europe/Berlin"', "2025-03-30T22:00Z"),
        ('date = 2025-10-26\nzone = "Europe/Berlin"', "2025-10-26T23:00Z"),
        ('date = 2025-03-11\nzone = "America/Los_Angeles"', "2025-03-12T07:00Z"),
        ('date = 2025-03-11\nzone = "Asia/Kolkata"', "2025-03-11T18:30Z"),
        # The day after is one that never was.
        ('date = 2011-12-29\nzone = "Pacific/Apia"', "2011-12-30T10:00Z"),
        # Midnight itself is skipped there: the day ends where the next begins, at 01:00.
        ('date = 2025-09-06\nzone = "America/Santiago"', "2025-09-07T04:00Z"),
        # A moment, on the calendar's clock or another; gap and fold as everywhere.
        ("at = 2025-03-11T12:00:00", "2025-03-11T11:00Z"),
        ('at = 2025-03-11T12:00:00\nzone = "America/New_York"', "2025-03-11T16:00Z"),
        ('at = 2025-03-11T12:00:00\nzone = "UTC"', "2025-03-11T12:00Z"),
        ("at = 2025-03-30T02:30:00", "2025-03-30T01:30Z"),
        ("at = 2025-10-26T02:30:00", "2025-10-26T00:30Z"),
    ],
)
def test_when_it_is_over(declared, due):
    calendar = loads(f'{HEAD}\n[[deadline]]\nid = "d"\ntitle = "D"\n{declared}\n')
    (deadline,) = all_deadlines(calendar)
    assert deadline.due_utc == z(due)
    assert deadline.due_utc.tzinfo is UTC


def test_a_moment_without_any_zone_is_utc():
    assert Deadline("d", "D", date(2025, 3, 11), at=datetime(2025, 3, 11, 12)).due_utc == z("2025-03-11T12:00Z")
    assert Deadline("d", "D", date(2025, 3, 11), zone=zone_of("Asia/Tokyo")).due_utc == z("2025-03-11T15:00Z")


RELEASE = """
[[release]]
id = "qemu"
title = "QEMU"
url = "https://wiki.qemu.org/"
milestones = [
  { id = "soft", title = "soft freeze", date = 2025-03-11, remind = ["1w"] },
  { id = "hard", after = "soft", offset = "1w", actual = 2025-03-19 },
  { id = "rc1", after = "hard", offset = "1w" },
  { id = "rc2", after = "rc1", offset = "10d", actual = 2025-04-09 },
  { id = "release", after = "soft", offset = "6w", actual = 2025-04-22 },
  { id = "next", actual = 2025-05-01 },
  { id = "late", after = "next", offset = "4w" },
]
"""


def test_milestones_are_planned_from_what_was_planned_and_due_when_they_happened():
    found = {each.id: (each.planned, each.actual, each.date) for each in all_deadlines(loads(HEAD + RELEASE))}
    day = date.fromisoformat
    assert found == {
        "qemu-soft": (day("2025-03-11"), None, day("2025-03-11")),
        "qemu-hard": (day("2025-03-18"), day("2025-03-19"), day("2025-03-19")),
        "qemu-rc1": (day("2025-03-25"), None, day("2025-03-25")),  # a week after the plan, not after what happened
        "qemu-rc2": (day("2025-04-04"), day("2025-04-09"), day("2025-04-09")),
        "qemu-release": (day("2025-04-22"), day("2025-04-22"), day("2025-04-22")),
        "qemu-next": (None, day("2025-05-01"), day("2025-05-01")),
        "qemu-late": (day("2025-05-29"), None, day("2025-05-29")),  # nothing but what happened is known to count from
    }


def test_a_milestone_is_a_deadline_of_its_release():
    soft = all_deadlines(loads(HEAD + RELEASE))[0]
    assert (soft.title, soft.release, soft.url, soft.remind) == (
        "QEMU soft freeze",
        "qemu",
        "https://wiki.qemu.org/",
        (timedelta(weeks=1),),
    )
    assert soft.due_utc == z("2025-03-12T12:00Z")
    there = all_deadlines(loads(HEAD + RELEASE.replace('title = "QEMU"', 'title = "QEMU"\nzone = "Europe/Berlin"')))[0]
    assert there.due_utc == z("2025-03-11T23:00Z")


def test_in_the_order_they_are_over():
    found = all_deadlines(CALENDAR)
    assert [each.due_utc for each in found] == sorted(each.due_utc for each in found)
    assert len(found) == len(CALENDAR.deadlines) + sum(len(release.milestones) for release in CALENDAR.releases)
    assert found[0].id == "kvm-forum-2024-cfp"
    planned = {each.id: (each.planned, each.actual) for each in found}
    assert planned["qemu-10.1-soft-freeze"] == (date(2025, 7, 15), date(2025, 7, 16))
    assert planned["qemu-10.1-hard-freeze"] == (date(2025, 7, 22), date(2025, 7, 23))
    assert planned["qemu-10.0-release"] == (date(2025, 4, 22), date(2025, 4, 22))


def looked_up(now, name, *, calendar=CALENDAR, **more):
    return next(each for each in outlook(calendar, z(now), **more) if each.deadline.id == name)


@pytest.mark.parametrize(
    ("now", "calls", "current"),
    [
        # The soft freeze of 11 March 2025 is over on the 12th at 12:00Z; the call of that day begins at 17:00Z.
        ("2025-02-19T16:59:59Z", ["2025-02-19", "2025-02-26", "2025-03-05"], None),
        ("2025-02-19T17:00:00Z", ["2025-02-26", "2025-03-05"], "2025-02-19"),
        ("2025-03-05T16:59:59Z", ["2025-03-05"], None),
        ("2025-03-05T17:00:00Z", [], "2025-03-05"),  # the call that has just begun is not counted
        ("2025-03-05T17:59:59Z", [], "2025-03-05"),
        ("2025-03-05T18:00:00Z", [], None),
        ("2025-03-12T11:59:59Z", [], None),
    ],
)
def test_calls_left_before_the_soft_freeze(now, calls, current):
    found = looked_up(now, "qemu-10.0-soft-freeze")
    assert [each.start.date().isoformat() for each in found.calls] == calls
    assert (found.current and found.current.start.date().isoformat()) == current
    assert found.status is DeadlineStatus.OPEN
    assert found.due_utc == z("2025-03-12T12:00Z")
    assert found.remaining == z("2025-03-12T12:00Z") - z(now)


def test_cancelled_calls_are_not_left():
    """Between 12 March and the hard freeze, due on the 19th at 12:00Z, and rc1, due on the 27th: 19 March is cancelled."""
    assert [each.start.day for each in looked_up("2025-03-12T18:00Z", "qemu-10.0-hard-freeze").calls] == []
    assert [each.start.day for each in looked_up("2025-03-12T18:00Z", "qemu-10.0-rc1").calls] == [26]


def test_a_call_at_the_due_instant_comes_too_late():
    calendar = loads(
        HEAD
        + '[[series]]\nid = "devel-call"\ntitle = "T"\nstart = 2025-01-01T18:00:00\nduration = "1h"\nrule = "FREQ=WEEKLY"\n'
        + '[[deadline]]\nid = "at"\ntitle = "T"\nat = 2025-01-15T18:00:00\n'
        + '[[deadline]]\nid = "later"\ntitle = "T"\nat = 2025-01-15T18:00:01\n'
    )
    for name, calls in (("at", [8]), ("later", [8, 15])):
        found = looked_up("2025-01-02T00:00Z", name, calendar=calendar)
        assert [each.start.day for each in found.calls] == calls


@pytest.mark.parametrize(
    ("now", "more", "ids"),
    [
        ("2026-07-29T00:00Z", {}, ["qemu-11.1-rc2", "qemu-11.1-rc3", "qemu-11.1-release"]),
        ("2026-07-29T00:00Z", {"within": timedelta(weeks=1)}, ["qemu-11.1-rc2"]),
        ("2026-07-30T11:59:59Z", {"within": timedelta(0)}, []),
        ("2026-07-30T11:59:59Z", {"within": timedelta(seconds=1)}, ["qemu-11.1-rc2"]),
        ("2026-07-30T12:00:00Z", {}, ["qemu-11.1-rc3", "qemu-11.1-release"]),  # at its due instant it is over
        ("2026-08-12T12:00:00Z", {}, []),
        ("2100-01-01T00:00Z", {"within": timedelta(weeks=4)}, []),
    ],
)
def test_which_are_ahead(now, more, ids):
    found = outlook(CALENDAR, z(now), **more)
    assert [each.deadline.id for each in found] == ids
    assert {each.status for each in found} <= {DeadlineStatus.OPEN}


def test_those_over_come_when_asked():
    now = z("2025-03-12T12:00Z")
    found = outlook(CALENDAR, now, past=True)
    assert [each.deadline for each in found] == all_deadlines(CALENDAR)
    for each in found:
        assert each.status is (DeadlineStatus.OPEN if each.due_utc > now else DeadlineStatus.OVER)
        assert each.remaining == each.due_utc - now
        assert each.status is DeadlineStatus.OPEN or each.calls == ()
    assert len(outlook(CALENDAR, z("2100-01-01T00:00Z"), past=True)) == len(found)


def test_a_calendar_without_series_or_deadlines():
    assert outlook(loads(HEAD), z("2025-01-01T00:00Z")) == []
    (found,) = outlook(loads(HEAD + '[[deadline]]\nid = "d"\ntitle = "D"\ndate = 2025-03-11\n'), z("2025-01-01T00:00Z"))
    assert (found.calls, found.current) == ((), None)
