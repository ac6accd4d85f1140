"""Occurrences: small calendars whose calls are listed by hand, instants by zoneinfo, and unions of segments by the plain rule."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import pytz
from hypothesis import given, settings
from hypothesis import strategies as st

from svsm_cal.config.load import loads
from svsm_cal.core.localized import localize
from svsm_cal.core.model import Details, Override, Series, Status, Step
from svsm_cal.core.occurrences import next_occurrences, occurrences, occurrences_between_days, occurrences_on
from svsm_cal.core.segments import segments_of
from svsm_cal.engine.rrule import RecurrenceRule
from svsm_cal.engine.zones import zone_of
from svsm_cal.value import replace
from tests.support import small

HEAD = small("""\
[[participant]]
id = "joerg"
name = "Joerg Roedel"
zone = "Europe/Berlin"

[[participant]]
id = "stefano"
name = "Stefano Garzarella"
zone = "Europe/Rome"

[[series]]
id = "devel-call"
title = "SVSM Development Call"
duration = "1h"
""")
BIWEEKLY = 'start = 2025-01-01T18:00:00\nrule = "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE"\n'
WEEKLY = 'start = 2025-01-01T18:00:00\nrule = "FREQ=WEEKLY;BYDAY=WE"\nurl = "https://meet.example.org/svsm"\nchair = "joerg"\n'


def z(text):
    return datetime.fromisoformat(text)


def calendar_of(text):
    return loads(HEAD + text)


def series_of(text):
    return calendar_of(text).series[0]


def shown(found):
    """Return each occurrence as "01-08", cancelled "01-08x", moved "01-09<01-08", added "+01-14"."""
    lines = []
    for each in found:
        origin = f"<{each.recurrence:%m-%d}" if each.status is Status.MOVED else ""
        lines.append(f"{'+' if each.added else ''}{each.start:%m-%d}{'' if each.held else 'x'}{origin}")
    return lines


def calls(of, start="2025-01-01T00:00Z", end="2025-02-01T00:00Z", **more):
    return occurrences(of, z(start), z(end), **more)


@pytest.mark.parametrize(
    ("exceptions", "expected"),
    [
        ("", ["01-01", "01-08", "01-15", "01-22", "01-29"]),
        (
            'cancel = [{ date = 2025-01-22, reason = "no meeting this week" }]',
            ["01-01", "01-08", "01-15", "01-22x", "01-29"],
        ),
        # Within the window, into it and out of it: what counts is when the call takes place.
        (
            "move = [{ date = 2025-01-08, to = 2025-01-09T17:00:00 }]",
            ["01-01", "01-09<01-08", "01-15", "01-22", "01-29"],
        ),
        (
            "move = [{ date = 2025-02-05, to = 2025-01-31T17:00:00 }]",
            ["01-01", "01-08", "01-15", "01-22", "01-29", "01-31<02-05"],
        ),
        (
            "move = [{ date = 2025-01-29, to = 2025-02-03T18:00:00 }]",
            ["01-01", "01-08", "01-15", "01-22"],
        ),
        (
            "move = [{ date = 2025-01-01, to = 2025-01-23T18:00:00 }]",
            ["01-08", "01-15", "01-22", "01-23<01-01", "01-29"],
        ),
        # Onto the date of a call that is itself moved away.
        (
            "move = [{ date = 2025-01-08, to = 2025-01-15T18:00:00 }, { date = 2025-01-15, to = 2025-01-16T18:00:00 }]",
            ["01-01", "01-15<01-08", "01-16<01-15", "01-22", "01-29"],
        ),
        (
            'change = [{ date = 2025-01-08, chair = "stefano" }]',
            ["01-01", "01-08", "01-15", "01-22", "01-29"],
        ),
        (
            "add = [{ start = 2025-01-14T17:00:00 }, { start = 2024-12-31T10:00:00 }, { start = 2025-01-01T10:00:00 }]",
            ["+01-01", "01-01", "01-08", "+01-14", "01-15", "01-22", "01-29"],
        ),
    ],
)  # fmt: skip
def test_exceptions_in_january(exceptions, expected):
    series = series_of(WEEKLY + exceptions)
    assert shown(calls(series, cancelled=True)) == expected
    assert shown(calls(series)) == [line for line in expected if not line.endswith("x")]
    found = calls(series, cancelled=True)
    assert [each.start_utc for each in found] == sorted(each.start_utc for each in found)
    assert len({(each.uid, each.recurrence) for each in found}) == len(found)


def test_identity_survives_a_move_and_an_added_call_has_its_own():
    series = series_of(
        WEEKLY + "move = [{ date = 2025-01-08, to = 2025-01-09T17:00:00 }]\nadd = [{ start = 2025-01-14T17:00:00 }]\n"
    )
    first, moved, added, *_ = calls(series)
    assert (first.uid, first.recurrence) == ("devel-call@c.example.org", datetime(2025, 1, 1, 18))
    assert (moved.uid, moved.recurrence) == ("devel-call@c.example.org", datetime(2025, 1, 8, 18))
    assert (added.uid, added.recurrence) == ("devel-call+20250114T170000@c.example.org", datetime(2025, 1, 14, 17))


def test_what_exceptions_say():
    series = series_of(
        WEEKLY
        + 'cancel = [{ date = 2025-01-22, reason = "no meeting this week" }]\n'
        + 'move = [{ date = 2025-01-08, to = 2025-01-09T17:00:00, reason = "holiday", duration = "2h", chair = "stefano" }]\n'
        + 'change = [{ date = 2025-01-15, title = "Planning", url = "https://zoom.example.org/ccc" }]\n'
        + 'add = [{ start = 2025-01-14T17:00:00, title = "Extra", duration = "30m", reason = "release" }]\n'
    )
    found = {each.start.day: each for each in calls(series, cancelled=True)}
    rows = {
        day: (each.title, each.details.chair, each.details.url, each.duration, each.reason, each.held)
        for day, each in found.items()
    }
    link, hour = "https://meet.example.org/svsm", timedelta(hours=1)
    assert rows == {
        1: ("SVSM Development Call", "joerg", link, hour, None, True),
        9: ("SVSM Development Call", "stefano", link, 2 * hour, "holiday", True),
        14: ("Extra", "joerg", link, hour / 2, "release", True),
        15: ("Planning", "joerg", "https://zoom.example.org/ccc", hour, None, True),
        22: ("SVSM Development Call", "joerg", link, hour, "no meeting this week", False),
        29: ("SVSM Development Call", "joerg", link, hour, None, True),
    }
    assert found[9].end_utc == z("2025-01-09T18:00Z")


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2025-01-08T17:00:00Z", "2025-01-15T17:00:00Z", [8]),  # the start is in the window, the end is not
        ("2025-01-08T17:00:01Z", "2025-01-15T17:00:01Z", [15]),
        ("2025-01-08T12:00:00-05:00", "2025-01-15T12:00:00-05:00", [8]),
        ("2025-01-08T17:30:00Z", "2025-01-08T17:45:00Z", []),  # a call under way does not begin
        ("2025-01-15T00:00:00Z", "2025-01-08T00:00:00Z", []),
        ("2024-01-01T00:00:00Z", "2025-01-01T17:00:00Z", []),
    ],
)
def test_a_window_has_its_start_and_not_its_end(start, end, days):
    assert [each.start.day for each in calls(series_of(WEEKLY), start, end)] == days


@pytest.mark.parametrize(("start", "end"), [("2025-01-01T00:00", "2025-02-01T00:00Z"), ("2025-01-01T00:00Z", "2025-02-01T00:00")])
def test_naive_ends_of_a_window_are_refused(start, end):
    with pytest.raises(ValueError, match="is not an instant"):
        calls(series_of(WEEKLY), start, end)


# From a date on.


def test_from_with_a_link_only_is_one_segment():
    series = series_of(
        WEEKLY + 'from = [{ date = 2025-05-07, url = "https://zoom.example.org/ccc" }, { date = 2025-06-01, chair = "stefano" }]'
    )
    (segment,) = segments_of(series)
    assert (segment.uid, segment.end, segment.continues) == ("devel-call@c.example.org", None, None)
    found = calls(series, "2025-04-30T00:00Z", "2025-06-05T00:00Z")
    assert [(f"{each.start:%m-%d}", each.details.url.split("//")[1], each.details.chair) for each in found] == [
        ("04-30", "meet.example.org/svsm", "joerg"),
        ("05-07", "zoom.example.org/ccc", "joerg"),
        ("05-14", "zoom.example.org/ccc", "joerg"),
        ("05-21", "zoom.example.org/ccc", "joerg"),
        ("05-28", "zoom.example.org/ccc", "joerg"),
        ("06-04", "zoom.example.org/ccc", "stefano"),
    ]
    assert {each.uid for each in found} == {"devel-call@c.example.org"}


def test_a_moved_call_keeps_the_details_of_its_original_date():
    series = series_of(
        WEEKLY
        + 'from = [{ date = 2025-05-07, url = "https://zoom.example.org/ccc", duration = "2h" }]\n'
        + "move = [{ date = 2025-04-30, to = 2025-05-08T18:00:00 }]"
    )
    (moved,) = [each for each in calls(series, "2025-05-01T00:00Z", "2025-06-01T00:00Z") if each.status is Status.MOVED]
    assert (moved.details.url, moved.duration) == ("https://meet.example.org/svsm", timedelta(hours=1))


@pytest.mark.parametrize(
    ("start", "step", "expected"),
    [
        # Another zone: the wall-clock time is as it was, the instant is not.
        (
            WEEKLY,
            '{ date = 2025-01-15, zone = "America/New_York" }',
            ["01-01T17:00", "01-08T17:00", "01-15T23:00", "01-22T23:00", "01-29T23:00"],
        ),
        (
            WEEKLY,
            "{ date = 2025-01-15, start = 17:00:00 }",
            ["01-01T17:00", "01-08T17:00", "01-15T16:00", "01-22T16:00", "01-29T16:00"],
        ),
        (
            WEEKLY,
            '{ date = 2025-01-15, start = 09:00:00, zone = "America/New_York" }',
            ["01-01T17:00", "01-08T17:00", "01-15T14:00", "01-22T14:00", "01-29T14:00"],
        ),
        (
            WEEKLY,
            '{ date = 2025-01-15, rule = "FREQ=WEEKLY;BYDAY=TH" }',
            ["01-01T17:00", "01-08T17:00", "01-16T17:00", "01-23T17:00", "01-30T17:00"],
        ),
        (WEEKLY, '{ date = 2025-01-09, rule = "FREQ=MONTHLY;BYDAY=-1TU" }', ["01-01T17:00", "01-08T17:00", "01-28T17:00"]),
        # Every other week goes on in its phase when only the time changes, and begins anew with a new rule.
        (BIWEEKLY, "{ date = 2025-01-08, start = 17:00:00 }", ["01-01T17:00", "01-15T16:00", "01-29T16:00"]),
        (BIWEEKLY, '{ date = 2025-01-08, zone = "Europe/London" }', ["01-01T17:00", "01-15T18:00", "01-29T18:00"]),
        (
            BIWEEKLY,
            '{ date = 2025-01-08, rule = "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE" }',
            ["01-01T17:00", "01-08T17:00", "01-22T17:00"],
        ),
        (
            BIWEEKLY,
            "{ date = 2025-01-08, start = 17:00:00 }, { date = 2025-01-22, start = 16:00:00 }",
            ["01-01T17:00", "01-15T16:00", "01-29T15:00"],
        ),
        # The day before the step and the step's own day.
        (
            WEEKLY,
            "{ date = 2025-01-16, start = 17:00:00 }",
            ["01-01T17:00", "01-08T17:00", "01-15T17:00", "01-22T16:00", "01-29T16:00"],
        ),
    ],
)
def test_from_with_another_time_zone_or_rule(start, step, expected):
    series = series_of(f"{start}from = [{step}]")
    found = calls(series)
    assert [f"{each.start_utc:%m-%dT%H:%M}" for each in found] == expected


@pytest.mark.parametrize(
    ("start", "steps", "expected"),
    [
        # A rule that ended is taken up no more by a change of time.
        (BIWEEKLY.replace("BYDAY", "UNTIL=20250120;BYDAY"), [(date(2025, 1, 22), time(17))], ["01-01T17:00", "01-15T17:00"]),
        # A stretch that the next step leaves no room for is none.
        (
            WEEKLY,
            [(date(2025, 1, 9), time(17)), (date(2025, 1, 10), time(16))],
            ["01-01T17:00", "01-08T17:00", "01-15T15:00", "01-22T15:00", "01-29T15:00"],
        ),
    ],
)
def test_steps_that_begin_nothing(start, steps, expected):
    """A file with one of these is refused; here the series is made by hand."""
    series = replace(series_of(start), steps=tuple(Step(day, start=at) for day, at in steps))
    assert [f"{each.start_utc:%m-%dT%H:%M}" for each in calls(series)] == expected


def test_a_retimed_segment_has_a_uid_of_its_own_and_continues_another():
    series = series_of(
        WEEKLY
        + 'from = [{ date = 2025-01-15, start = 17:00:00, url = "https://zoom.example.org/ccc" },'
        + '{ date = 2025-03-05, zone = "UTC" }]'
    )
    rows = [(each.uid, each.start, each.end, each.zone.key, each.clock, each.continues) for each in segments_of(series)]
    first, second, third = (f"devel-call{part}@c.example.org" for part in ("", "+20250115", "+20250305"))
    assert rows == [
        (first, datetime(2025, 1, 1, 18), datetime(2025, 1, 15), "Europe/Berlin", 18 * 3600, None),
        (second, datetime(2025, 1, 15, 17), datetime(2025, 3, 5), "Europe/Berlin", 17 * 3600, first),
        (third, datetime(2025, 3, 5, 17), None, "UTC", 17 * 3600, second),
    ]
    assert {each.details.url for each in calls(series, "2025-01-15T00:00Z")} == {"https://zoom.example.org/ccc"}


def test_exceptions_after_a_step_are_of_the_new_segment():
    series = series_of(
        WEEKLY
        + "from = [{ date = 2025-01-15, start = 17:00:00 }]\n"
        + "move = [{ date = 2025-01-22, to = 2025-01-23T10:00:00 }]\nadd = [{ start = 2025-01-24T10:00:00 }]"
    )
    moved, added = calls(series, "2025-01-23T00:00Z", "2025-01-25T00:00Z")
    assert (moved.uid, moved.recurrence) == ("devel-call+20250115@c.example.org", datetime(2025, 1, 22, 17))
    assert added.uid == "devel-call+20250124T100000@c.example.org"


# Segments side by side, single calls, rules without end and with one.


@pytest.mark.parametrize(
    ("rule", "start", "uids"),
    [
        (
            "FREQ=MONTHLY;BYDAY=1WE,3WE", "2025-01-01T18:00:00",
            {"devel-call": "2025-01-01", "devel-call+3WE": "2025-01-15"},
        ),
        # Begun on the third Wednesday: the plain UID is still the first part's.
        (
            "FREQ=MONTHLY;BYDAY=1WE,3WE", "2025-01-15T18:00:00",
            {"devel-call": "2025-02-05", "devel-call+3WE": "2025-01-15"},
        ),
        (
            "FREQ=MONTHLY;INTERVAL=2;BYDAY=1WE,3WE", "2025-01-15T18:00:00",
            {"devel-call": "2025-03-05", "devel-call+3WE": "2025-01-15"},
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=1,15", "2025-01-01T18:00:00",
            {"devel-call": "2025-01-01", "devel-call+D15": "2025-01-15"},
        ),
        ("FREQ=MONTHLY;BYDAY=1WE,3WE;COUNT=4", "2025-01-01T18:00:00", {"devel-call": "2025-01-01"}),
        ("FREQ=WEEKLY;BYDAY=MO,WE", "2025-01-01T18:00:00", {"devel-call": "2025-01-01"}),
    ],
)  # fmt: skip
def test_what_outlook_cannot_hold_is_split(rule, start, uids):
    series = series_of(f'start = {start}\nrule = "{rule}"\n')
    found = segments_of(series)
    assert {each.uid.removesuffix("@c.example.org"): each.start.date().isoformat() for each in found} == uids
    assert {each.continues for each in found} == {None}
    begin = z(start)
    expected = RecurrenceRule.parse(rule).between(begin, begin, datetime(2027, 1, 1))
    assert [each.start for each in calls(series, "2025-01-01T00:00Z", "2026-12-31T23:00Z")] == expected


def test_a_part_that_never_comes_before_the_end_is_none():
    series = series_of(
        'start = 2025-01-01T18:00:00\nrule = "FREQ=MONTHLY;BYDAY=1WE,3WE"\nfrom = [{ date = 2025-01-08, start = 17:00:00 }]\n'
    )
    assert [(each.uid.partition("@")[0], each.start) for each in segments_of(series)] == [
        ("devel-call", datetime(2025, 1, 1, 18)),
        ("devel-call+20250108", datetime(2025, 2, 5, 17)),
        ("devel-call+20250108+3WE", datetime(2025, 1, 15, 17)),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("exceptions", "expected"),
    [
        ("", ["01-01"]),
        ("cancel = [{ date = 2025-01-01 }]", ["01-01x"]),
        ("move = [{ date = 2025-01-01, to = 2025-01-30T18:00:00 }]", ["01-30<01-01"]),
        ("add = [{ start = 2025-01-02T18:00:00 }]", ["01-01", "+01-02"]),
    ],
)
def test_a_single_call(exceptions, expected):
    series = series_of(f"start = 2025-01-01T18:00:00\n{exceptions}\n")
    assert shown(calls(series, cancelled=True)) == expected
    (segment,) = segments_of(series)
    assert segment.rule is None
    assert calls(series, "2026-01-01T00:00Z", "9000-01-01T00:00Z") == []


@pytest.mark.parametrize(
    ("zone", "until", "last"),
    [
        # 17:00Z is 18:00 in Berlin in winter: the call of that moment is still one.
        ("Europe/Berlin", "20250115T170000Z", "2025-01-15"),
        ("Europe/Berlin", "20250115T165959Z", "2025-01-08"),
        ("Europe/Berlin", "20250716T160000Z", "2025-07-16"),
        ("Europe/Berlin", "20250716T155959Z", "2025-07-09"),
        # On another date in the zone than in UTC.
        ("Pacific/Auckland", "20250115T050000Z", "2025-01-15"),
        ("Pacific/Auckland", "20250115T045959Z", "2025-01-08"),
        ("America/Los_Angeles", "20250116T020000Z", "2025-01-15"),
        ("America/Los_Angeles", "20250116T015959Z", "2025-01-08"),
        # Civil ends mean the anchor's clock.
        ("America/Los_Angeles", "20250115T180000", "2025-01-15"),
        ("Pacific/Auckland", "20250115", "2025-01-15"),
        ("Pacific/Auckland", "20250114", "2025-01-08"),
    ],
)
def test_until_is_read_on_the_anchors_clock(zone, until, last):
    series = series_of(f'start = 2025-01-01T18:00:00\nzone = "{zone}"\nrule = "FREQ=WEEKLY;UNTIL={until}"\n')
    assert calls(series, end="2026-01-01T00:00Z")[-1].start == z(f"{last}T18:00")


@pytest.mark.parametrize(
    ("zone", "start", "rule", "expected"),
    [
        # 02:30 is skipped on 30 March and comes twice on 26 October.
        (
            "Europe/Berlin",
            "2025-03-29T02:30:00",
            "FREQ=DAILY;COUNT=3",
            ["2025-03-29T01:30Z", "2025-03-30T01:30Z", "2025-03-31T00:30Z"],
        ),
        (
            "Europe/Berlin",
            "2025-10-25T02:30:00",
            "FREQ=DAILY;COUNT=3",
            ["2025-10-25T00:30Z", "2025-10-26T00:30Z", "2025-10-27T01:30Z"],
        ),
        (
            "Europe/Berlin",
            "2025-10-25T18:00:00",
            "FREQ=DAILY;COUNT=3",
            ["2025-10-25T16:00Z", "2025-10-26T17:00Z", "2025-10-27T17:00Z"],
        ),
        (
            "America/New_York",
            "2025-03-08T02:30:00",
            "FREQ=DAILY;COUNT=3",
            ["2025-03-08T07:30Z", "2025-03-09T07:30Z", "2025-03-10T06:30Z"],
        ),
        (
            "Australia/Lord_Howe",
            "2025-10-04T02:15:00",
            "FREQ=DAILY;COUNT=3",
            ["2025-10-03T15:45Z", "2025-10-04T15:45Z", "2025-10-05T15:15Z"],
        ),
        (
            "Asia/Kolkata",
            "2025-03-29T02:30:00",
            "FREQ=DAILY;COUNT=3",
            ["2025-03-28T21:00Z", "2025-03-29T21:00Z", "2025-03-30T21:00Z"],
        ),
    ],
)
def test_instants_across_gaps_and_folds(zone, start, rule, expected):
    series = series_of(f'start = {start}\nzone = "{zone}"\nrule = "{rule}"\n')
    found = calls(series, "2025-01-01T00:00Z", "2026-01-01T00:00Z")
    assert [each.start_utc for each in found] == [z(each) for each in expected]
    assert [each.start_utc for each in found] == [each.start.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for each in found]
    assert all(each.end_utc - each.start_utc == timedelta(hours=1) for each in found)
    # The identity is the wall-clock time of the rule, gap or not.
    assert {each.recurrence.time() for each in found} == {z(start).time()}


def test_occurrences_of_a_calendar_are_those_of_its_series_in_order():
    calendar = calendar_of(
        WEEKLY
        + '\n[[series]]\nid = "triage"\ntitle = "Triage"\n'
        + 'start = 2025-01-02T09:00:00\nduration = "30m"\nrule = "FREQ=DAILY;INTERVAL=3"\n'
    )
    found = calls(calendar)
    assert [each.start_utc for each in found] == sorted(each.start_utc for each in found)
    assert sorted(map(repr, found)) == sorted(map(repr, [each for series in calendar.series for each in calls(series)]))
    assert {each.series.id for each in found} == {"devel-call", "triage"}


# The next ones.

NEXT = (
    WEEKLY + "cancel = [{ date = 2025-01-15 }, { date = 2025-01-22 }]\nmove = [{ date = 2025-01-29, to = 2025-01-30T10:00:00 }]\n"
)


@pytest.mark.parametrize(
    ("after", "n", "cancelled", "expected"),
    [
        ("2025-01-01T00:00:00Z", 1, False, ["01-01 confirmed"]),
        ("2025-01-01T00:00:00Z", 2, False, ["01-01 confirmed", "01-08 confirmed"]),
        ("2025-01-01T17:00:00Z", 1, False, ["01-01 confirmed"]),  # beginning
        ("2025-01-01T17:59:59Z", 1, False, ["01-01 confirmed"]),  # under way
        ("2025-01-01T18:00:00Z", 1, False, ["01-08 confirmed"]),  # over
        ("2025-01-08T18:00:00Z", 2, False, ["01-30 moved", "02-05 confirmed"]),
        ("2025-01-08T18:00:00Z", 2, True, ["01-15 cancelled", "01-22 cancelled", "01-30 moved", "02-05 confirmed"]),
        ("2025-01-08T17:00:00Z", 1, True, ["01-08 confirmed"]),  # none that comes after the last one asked for
        ("2025-01-15T17:30:00Z", 1, True, ["01-15 cancelled", "01-22 cancelled", "01-30 moved"]),
        ("2025-01-15T18:00:00Z", 1, True, ["01-22 cancelled", "01-30 moved"]),
        ("2025-01-30T09:30:00Z", 1, False, ["01-30 moved"]),
        ("2025-01-30T10:00:00Z", 1, False, ["02-05 confirmed"]),
        ("1990-01-01T00:00:00Z", 1, False, ["01-01 confirmed"]),
        ("2025-01-01T18:59:59+01:00", 1, False, ["01-01 confirmed"]),
        ("2025-01-01T00:00:00Z", 0, False, []),
        ("2025-01-01T00:00:00Z", 0, True, []),
    ],
)
def test_next_occurrences(after, n, cancelled, expected):
    found = next_occurrences(series_of(NEXT), z(after), n, cancelled=cancelled)
    assert [f"{each.start:%m-%d} {each.status}" for each in found] == expected
    assert next_occurrences(calendar_of(NEXT), z(after), n, cancelled=cancelled) == found


@pytest.mark.parametrize(
    ("exceptions", "after", "first"),
    [
        ('change = [{ date = 2025-01-08, duration = "3h" }]', "2025-01-08T19:59:59Z", "2025-01-08"),
        ('change = [{ date = 2025-01-08, duration = "3h" }]', "2025-01-08T20:00:00Z", "2025-01-15"),
        ('change = [{ date = 2025-01-08, duration = "30m" }]', "2025-01-08T17:30:00Z", "2025-01-15"),
        ('from = [{ date = 2025-01-08, duration = "2h" }]', "2025-01-08T18:59:59Z", "2025-01-08"),
        ('add = [{ start = 2025-01-09T10:00:00, duration = "1d" }]', "2025-01-10T08:59:59Z", "2025-01-09"),
    ],
)
def test_a_call_under_way_is_the_first_however_long_it_is(exceptions, after, first):
    (found,) = next_occurrences(series_of(WEEKLY + exceptions), z(after))
    assert found.start.date().isoformat() == first


def test_a_series_that_ended_has_none_next():
    series = series_of('start = 2025-01-01T18:00:00\nrule = "FREQ=WEEKLY;COUNT=3"\ncancel = [{ date = 2025-01-15 }]\n')
    assert [each.start.day for each in next_occurrences(series, z("2025-01-01T00:00Z"), 10)] == [1, 8]
    assert [each.start.day for each in next_occurrences(series, z("2025-01-01T00:00Z"), 10, cancelled=True)] == [1, 8]
    assert next_occurrences(series, z("2025-01-15T00:00Z"), 10, cancelled=True) == []


# Of a day.


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2025-01-08", ["01-08"]),
        ("2025-01-09", []),
        ("2025-01-15", ["01-15x"]),
        ("2025-01-29", ["01-30<01-29"]),
        ("2025-01-30", ["01-30<01-29"]),
    ],
)
def test_occurrences_on_a_day_or_moved_from_it(day, expected):
    assert shown(occurrences_on(series_of(NEXT), date.fromisoformat(day))) == expected
    assert shown(occurrences_on(calendar_of(NEXT), date.fromisoformat(day))) == expected


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin"])
@pytest.mark.parametrize("at", ["00:00:00", "23:59:00"])
def test_days_are_the_anchors(zone, at):
    series = series_of(f'start = 2025-01-01T{at}\nzone = "{zone}"\nrule = "FREQ=DAILY"\n')
    found = occurrences_between_days(series, date(2025, 3, 1), date(2025, 3, 3))
    assert [each.start for each in found] == [z(f"2025-03-0{day}T{at}") for day in (1, 2, 3)]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", zone_of("Asia/Tokyo"), ZoneInfo("Asia/Tokyo"), pytz.timezone("Asia/Tokyo")])
def test_localize_takes_any_kind_of_zone(zone):
    call = calls(series_of(WEEKLY))[0]
    there = localize(call, zone)
    assert (there.local, there.local_end, there.day_offset) == (datetime(2025, 1, 2, 2), datetime(2025, 1, 2, 3), 1)
    assert there.start.isoformat() == "2025-01-02T02:00:00+09:00"
    assert there.end.isoformat() == "2025-01-02T03:00:00+09:00"
    assert there.utc_offset == timedelta(hours=9)
    assert (there.start, there.end) == (call.start_utc, call.end_utc)


# Laws, on series made by hand.

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC")
RULES = (
    "FREQ=DAILY", "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", "FREQ=MONTHLY;BYDAY=1WE,3WE",
    "FREQ=MONTHLY;BYMONTHDAY=1,15",
    "FREQ=DAILY;BYHOUR=2,18", "FREQ=MONTHLY;INTERVAL=2;BYDAY=-2FR,-1FR", "FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU",
)  # fmt: skip


@st.composite
def made_series(draw):
    start = draw(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))).replace(second=0, microsecond=0)
    rule = RecurrenceRule.parse(draw(st.sampled_from(RULES)))
    first = rule.after(start, start, inclusive=True)
    series = Series(
        "s", "example.org", zone_of(draw(st.sampled_from(ZONES))), first, timedelta(hours=1), Details(title="T"), rule
    )  # fmt: skip
    if draw(st.booleans()):
        day = first.date() + timedelta(days=draw(st.integers(1, 200)))
        if "BYHOUR" in str(rule) or draw(st.booleans()):
            step = Step(day, zone=zone_of(draw(st.sampled_from(ZONES))))
        else:
            step = Step(day, start=time(draw(st.integers(0, 23)), 30))
        series = replace(series, steps=(step,))
    return series


@settings(max_examples=100)
@given(made_series(), st.lists(st.integers(0, 400), min_size=2, max_size=4))
def test_neighbouring_windows_add_up_and_are_in_order(series, offsets):
    begin = series.start.replace(tzinfo=UTC) - timedelta(days=30)
    bounds = [begin + timedelta(days=days, hours=days % 24) for days in sorted(offsets)]
    whole = occurrences(series, bounds[0], bounds[-1])
    assert [each for one, two in pairwise(bounds) for each in occurrences(series, one, two)] == whole
    assert [each.start_utc for each in whole] == sorted(each.start_utc for each in whole)
    assert all(each.start_utc == each.start.replace(tzinfo=each.zone.tzinfo).astimezone(UTC) for each in whole)
    assert len({(each.uid, each.recurrence) for each in whole}) == len(whole)


@pytest.mark.slow
@settings(max_examples=80)
@given(made_series(), st.data())
def test_each_exception_concerns_its_one_call(series, data):
    begin, end = series.start.replace(tzinfo=UTC) - timedelta(days=2), series.start.replace(tzinfo=UTC) + timedelta(days=400)
    plain = occurrences(series, begin, end)
    chosen = data.draw(st.lists(st.sampled_from(plain), unique_by=lambda each: each.recurrence, max_size=3))
    status = data.draw(st.sampled_from((Status.CANCELLED, Status.CONFIRMED)))
    overrides = tuple(
        Override(each.recurrence, status, reason="why") for each in sorted(chosen, key=lambda each: each.recurrence)
    )
    found = occurrences(replace(series, overrides=overrides), begin, end, cancelled=True)
    changed = {each.recurrence for each in chosen}
    assert [(each.uid, each.recurrence) for each in found] == [(each.uid, each.recurrence) for each in plain]
    assert {each.recurrence for each in found if each.reason == "why" and each.status is status} == changed
