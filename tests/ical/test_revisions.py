"""The revisions of a feed that is published again and again, from the calendar's text alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import svsm_cal
from svsm_cal.errors import PublicationError
from svsm_cal.ical.revisions import read_publication, revise
from svsm_cal.ical.stream import EMPTY_STREAM

HEAD = '[calendar]\nid = "c"\nname = "C"\ndomain = "c.example.org"\nzone = "Europe/Berlin"\n'
CALL = '[[series]]\nid = "s"\ntitle = "S"\nstart = 2025-01-01T18:00:00\nduration = "1h"\nrule = "FREQ=WEEKLY;BYDAY=WE"\n'
OTHER = '[[series]]\nid = "t"\ntitle = "T"\nstart = 2025-01-02T09:00:00\nduration = "1h"\nrule = "FREQ=WEEKLY"\n'
NOW = datetime(2025, 3, 1, 10, tzinfo=UTC)
FIRST = datetime(2025, 1, 1, 17, tzinfo=UTC)  # what a first publication is stamped with: the first call


def feed(text):
    return svsm_cal.to_ical(svsm_cal.loads(HEAD + text), now=NOW)


def published(*texts, gone=None):
    """Return the last of several publications, one a day, each following the one before."""
    stream, lost = feed(texts[0]), dict(gone or {})
    for day, text in enumerate(texts[1:]):
        before = read_publication(stream, lost)
        stream = revise(feed(text), before, now=NOW + timedelta(day))
        here = {uid for uid, _ in read_publication(stream, {}).components}
        for uid, each in before.by_uid.items():
            if uid not in here:
                lost[uid] = (max(one.sequence for one in each), max(one.stamp for one in each))
    return stream


def revisions(stream):
    """Return (SEQUENCE, LAST-MODIFIED) by UID and RECURRENCE-ID, as icalendar reads them."""
    found = {}
    for event in icalendar.Calendar.from_ical(stream).walk("VEVENT"):
        recurrence = event.get("RECURRENCE-ID")
        key = event["UID"].partition("@")[0] + (f" {recurrence.dt:%m-%d}" if recurrence else "")
        assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt
        found[key] = (event["SEQUENCE"], event["LAST-MODIFIED"].dt)
    return found


CANCEL = CALL + 'cancel = [{ date = 2025-06-04, reason = "x" }]\n'
MOVE = CALL + "move = [{ date = 2025-06-11, to = 2025-06-12T18:00:00 }]\n"
LINK = CALL + 'url = "https://meet.example.org/a"\n'
CHAIR = CALL + 'change = [{ date = 2025-06-11, title = "Special" }]\n'
LONGER = CALL.replace('"1h"', '"90min"')
DAY = timedelta(1)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        # Nothing changes: to the letter.
        ((CALL, CALL, CALL), {"s": (0, FIRST)}),
        # A cancelled call is an EXDATE, and counts; taking it back counts too.
        ((CALL, CANCEL), {"s": (1, NOW)}),
        ((CALL, CANCEL, CALL), {"s": (2, NOW + DAY)}),
        ((CALL, CANCEL, CANCEL, CANCEL), {"s": (1, NOW)}),
        # A new link or title is no new time.
        ((CALL, LINK), {"s": (0, NOW)}),
        ((CALL, LINK, CANCEL), {"s": (1, NOW + DAY)}),
        # A new length is.
        ((CALL, LONGER), {"s": (1, NOW)}),
        # A move is an override, above its master; the master is as it was.
        ((CALL, MOVE), {"s": (0, FIRST), "s 06-11": (1, NOW)}),
        ((CALL, MOVE, MOVE.replace("12T", "13T")), {"s": (0, FIRST), "s 06-11": (2, NOW + DAY)}),
        # Undone, it is the master that has changed, and is above what the override was.
        ((CALL, MOVE, CALL), {"s": (2, NOW + DAY)}),
        # Done again, it is above all that there was.
        ((CALL, MOVE, CALL, MOVE), {"s": (2, NOW + DAY), "s 06-11": (3, NOW + 2 * DAY)}),
        # An override of its title alone: the same time, and when it goes, too.
        ((CALL, CHAIR), {"s": (0, FIRST), "s 06-11": (0, NOW)}),
        ((CALL, CHAIR, CALL), {"s": (0, NOW + DAY)}),
        # Series of their own.
        ((CALL, CALL + OTHER), {"s": (0, FIRST), "t": (0, NOW)}),
        ((CALL + OTHER, CALL, CALL + OTHER), {"s": (0, FIRST), "t": (1, NOW + DAY)}),
        ((CALL + OTHER, CANCEL + OTHER), {"s": (1, NOW), "t": (0, FIRST)}),
    ],
)
def test_what_changes_and_what_does_not(texts, expected):
    gone = {}
    stream = feed(texts[0])
    for day, text in enumerate(texts[1:]):
        before = read_publication(stream, gone)
        stream = revise(feed(text), before, now=NOW + day * DAY)
        gone |= {uid: max((one.sequence, one.stamp) for one in each) for uid, each in before.by_uid.items()}
    assert revisions(stream) == expected


def test_a_second_is_never_used_for_two_contents():
    first = revise(feed(CANCEL), read_publication(feed(CALL), {}), now=NOW)
    second = revise(feed(CALL), read_publication(first, {}), now=NOW)
    third = revise(feed(MOVE), read_publication(second, {}), now=NOW - 10 * DAY)  # a clock that went back
    assert revisions(first)["s"] == (1, NOW)
    assert revisions(second)["s"] == (2, NOW + timedelta(seconds=1))
    assert revisions(third) == {"s": (2, NOW + timedelta(seconds=1)), "s 06-11": (3, NOW + timedelta(seconds=2))}


def test_calls_that_have_moved_with_a_law_are_revised_once():
    before = read_publication(feed(CALL + OTHER), {})
    stream = revise(feed(CALL + OTHER), before, now=NOW, moved=frozenset({b"s@c.example.org"}))
    assert revisions(stream) == {"s": (1, NOW), "t": (0, FIRST)}
    assert revise(feed(CALL + OTHER), read_publication(stream, {}), now=NOW + DAY) == stream


def test_another_way_of_writing_the_same_is_no_change():
    """Folds, the order of lines and of a rule's parts, and lists in one line say nothing."""
    old = feed(CANCEL + OTHER)
    other = old.replace(b"RRULE:FREQ=WEEKLY;BYDAY=WE", b"RRULE:BYDAY=WE;FREQ=\r\n WEEKLY").replace(
        b"SUMMARY:S", b"SUMM\r\n ARY:S"
    )
    assert other != old
    revised = revise(old, read_publication(other, {}), now=NOW)
    assert {key: sequence for key, (sequence, _) in revisions(revised).items()} == {"s": 0, "t": 0}
    assert revisions(revised)["t"] == (0, FIRST)


@pytest.mark.slow
@settings(max_examples=40)
@given(st.lists(st.sampled_from([CALL, CANCEL, MOVE, LINK, CHAIR, LONGER, CALL + OTHER, OTHER]), min_size=2, max_size=7))
def test_revisions_never_go_back(texts):
    gone, stream, highest = {}, feed(texts[0]), {}
    for day, text in enumerate(texts):
        before = read_publication(stream, gone)
        stream = revise(feed(text), before, now=NOW + (day % 3) * timedelta(seconds=1))
        gone |= {uid: max((one.sequence, one.stamp) for one in each) for uid, each in before.by_uid.items()}
        says = {key: each.says for key, each in read_publication(stream, {}).components.items()}
        for key, each in read_publication(stream, {}).components.items():
            sequence, stamp, said = highest.get(key, (-1, b"", None))
            assert each.sequence >= sequence
            assert each.stamp > stamp or (each.stamp, says[key]) == (stamp, said)
            highest[key] = (each.sequence, each.stamp, says[key])
        # What is published again unchanged is the same to the letter.
        assert revise(feed(text), read_publication(stream, gone), now=NOW + 9 * DAY) == stream


@pytest.mark.parametrize(
    "damage",
    [
        lambda stream: b"",
        lambda stream: stream[:-20],
        lambda stream: stream[200:],
        lambda stream: stream.replace(b"UID:", b"XID:"),
        lambda stream: stream.replace(b"SEQUENCE:0", b"SEQUENCE:x"),
        lambda stream: stream.replace(b"DTSTAMP", b"DTSTUMP"),
        lambda stream: stream.replace(b"END:VEVENT", b"END:EVENT"),
        lambda stream: stream.replace(b"END:VCALENDAR\r\n", stream.partition(b"END:VTIMEZONE\r\n")[2]),
    ],
)
def test_a_damaged_publication_is_said_to_be(damage):
    with pytest.raises(PublicationError, match=r"calendar\.ics"):
        read_publication(damage(feed(CALL)), {}, name="calendar.ics")


def test_nothing_published_is_a_stream_too():
    assert read_publication(EMPTY_STREAM, {}).components == {}
