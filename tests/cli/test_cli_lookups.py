"""The look-ups of the example calendar as a reader types them: their text, their JSON, and what they refuse.

All are asked on Wednesday, 5 March 2025, 17:00Z: the minute the last call before the US clock change begins.
The texts are the files in golden/, byte for byte.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from freezegun import freeze_time
from jsonschema import Draft202012Validator

from svsm_cal.cli import command, options

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EXAMPLE = str(ROOT / "examples/svsm/calendar.toml")
NOW = "2025-03-05T17:00Z"


def run(*args, calendar=EXAMPLE, now=NOW, env=None):
    """Run the command in this process."""
    before = ["-c", calendar] * bool(calendar) + ["--now", now] * bool(now)
    return CliRunner(env=env).invoke(command, [*before, *args], prog_name="svsm-cal", catch_exceptions=False)


def data(*args, **more):
    """Run a look-up with --json and return what it says."""
    result = run(*args, "--json", **more)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.endswith("}\n")
    return json.loads(result.stdout)


def spawn(*args, **env):
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "svsm_cal", *args],
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, **env},
        timeout=60,
        check=False,
    )


# --- Text ---------------------------------------------------------------------------------------------------------

GOLDEN = [
    ("next-new-york", "next --tz America/New_York -n 5"),
    ("next-for-vasant", "next --for vasant"),
    ("when-2025-03-12", "when 2025-03-12"),
    ("shifts-2025", "shifts --from 2025-01-01 --until 2025-12-31"),
    ("deadlines-5w", "deadlines --within 5w"),
]


@pytest.mark.parametrize(("name", "line"), GOLDEN)
def test_text(name, line):
    result = run(*line.split())
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout_bytes == (HERE / f"golden/{name}.txt").read_bytes()


def test_text_from_the_installed_module():
    name, line = GOLDEN[0]
    result = spawn("-c", "examples/svsm/calendar.toml", "--now", NOW, *line.split())
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout == (HERE / f"golden/{name}.txt").read_bytes()


@pytest.mark.parametrize(("name", "line"), GOLDEN)
def test_text_is_plain_where_there_is_no_terminal(name, line):
    assert "\x1b" not in run(*line.split()).stdout
    assert all(row == row.rstrip() for row in (HERE / f"golden/{name}.txt").read_text(encoding="utf-8").splitlines())


def test_text_is_coloured_on_a_terminal():
    args = ["-c", EXAMPLE, "--now", NOW, "next", "--tz", "America/New_York"]
    coloured = CliRunner().invoke(command, args, color=True).stdout
    assert "\x1b[33man hour later than usual, until Wed 26 March\x1b[0m" in coloured
    assert "\x1b[31m\x1b[2mcancelled\x1b[0m" in coloured


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--now 2025-03-05T16:59Z next", "The next one begins in 1 minute."),
        ("--now 2025-03-05T17:00Z next", "The next one begins now."),
        ("--now 2025-03-05T17:59Z next", "The next one is under way."),
        ("--now 2025-03-05T18:00Z next", "The next one begins in 6 days 23 hours."),
        ("--now 2025-03-05T19:00+01:00 next", "The next one begins in 6 days 23 hours."),
        ("--now 2025-03-11T17:00Z next", "The next one begins in 1 day."),
        ("--now 2025-04-30T18:00Z next", "Join:  https://zoom.example.org/ccc-svsm"),  # the call moved there on 7 May
        ("--now 2025-05-20T17:00Z next", "Chair: Jon Lange"),  # for this one only
        ("--now 2025-03-05T17:00Z when 2025-03-19", "Wed 19 March 2025, 18:00 Europe/Berlin (cancelled)"),
        ("--now 2025-03-05T17:00Z when 2025-04-23", "(cancelled: vacation)"),
        ("--now 2025-03-05T17:00Z deadlines --within 1w", "no call left before it (the one on Wed 5 March is the last)"),
        ("--now 2025-03-05T18:00Z deadlines --within 1w", "in 6 days 18 hours  no call left before it\n"),
        ("--now 2025-03-12T12:00Z deadlines --within 1d", "No deadlines ahead."),
        ("--now 2026-08-12T12:00Z deadlines", "No deadlines ahead."),
        ("--now 2025-03-05T17:00Z shifts --from 2020-01-01 --until 2020-12-31", "No calls in this range."),
        ("--now 2025-03-05T17:00Z shifts --tz UTC --from 2025-03-05 --until 2025-03-05", "UTC, SVSM Development Call\n"),
    ],
)
def test_text_says(line, expected):
    result = run(*line.split(), now=None)
    assert (result.exit_code, result.stderr) == (0, "")
    assert expected in result.stdout


# --- JSON ---------------------------------------------------------------------------------------------------------


def record(**properties):
    """Return the schema of an object with these keys and no others."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def listed(items):
    return {"type": "array", "items": items, "minItems": 1}


TEXT = {"type": "string", "minLength": 1}
MAYBE = {"type": ["string", "null"], "minLength": 1}
NUMBER = {"type": "integer"}
INSTANT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
LOCAL = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$"}
DATE = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
CLOCK = {"type": "string", "pattern": r"^\d\d:\d\d(:\d\d)?$"}
ZONE = {"type": "string", "pattern": r"^[A-Za-z_]+(/[A-Za-z_-]+)*$"}

OCCURRENCE = {
    "series": TEXT,
    "uid": {"type": "string", "pattern": "^.+@.+$"},
    "title": TEXT,
    "recurrence_id": LOCAL,
    "start": LOCAL,
    "start_utc": INSTANT,
    "end_utc": INSTANT,
    "zone": ZONE,
    "status": {"enum": ["confirmed", "moved", "cancelled"]},
    "reason": MAYBE,
    "url": MAYBE,
    "chair": MAYBE,
}
ON_CLOCK = {"zone": ZONE, "start": LOCAL, "change_minutes": NUMBER, "day_offset": {"enum": [-1, 0, 1]}}
SHAPES = {
    "next": record(occurrences=listed(record(**OCCURRENCE, local=record(**ON_CLOCK)))),
    "when": record(occurrence=record(**OCCURRENCE), participants=listed(record(id=TEXT, name=TEXT, **ON_CLOCK))),
    "shifts": record(
        windows=listed(
            record(
                series=TEXT,
                zone=ZONE,
                first=DATE,
                last={"anyOf": [DATE, {"type": "null"}]},
                calls={"type": ["integer", "null"], "minimum": 1},
                local_time=CLOCK,
                day_offset={"enum": [-1, 0, 1]},
                change_minutes={"type": ["integer", "null"]},
                kind={"enum": ["mismatch", "season"]},
                participants={"type": "array", "items": TEXT},
            )
        )
    ),
    "deadlines": record(
        deadlines=listed(
            record(
                id=TEXT,
                title=TEXT,
                date=DATE,
                due_utc=INSTANT,
                remaining_seconds=NUMBER,
                calls_left={"type": "integer", "minimum": 0},
                next_call={"anyOf": [LOCAL, {"type": "null"}]},
                status={"enum": ["open", "over"]},
                planned={"anyOf": [DATE, {"type": "null"}]},
                actual={"anyOf": [DATE, {"type": "null"}]},
                url=MAYBE,
            )
        )
    ),
}


@pytest.mark.parametrize(
    "line",
    [
        "next",
        "next -n 60",
        "next --tz Asia/Tokyo -n 3",
        "next --for oliver --series devel-call",
        "when 2025-03-12",
        "when 2025-03-19",
        "when 2025-05-21 --tz America/Los_Angeles --series devel-call",
        "shifts",
        "shifts --from 2024-02-14 --until 2030-12-31",
        "shifts --for vasant",
        "shifts --tz Africa/Casablanca",
        "deadlines",
        "deadlines --within 5w",
        "deadlines --all",
    ],
)
def test_json_has_the_documented_shape(line):
    args = line.split()
    found = data(*args)
    schema = SHAPES[args[0]]
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(found)


def instants(found):
    """Yield every (local time, instant) that stand beside each other."""
    for each in found if isinstance(found, list) else [found]:
        if isinstance(each, dict):
            if "start_utc" in each:
                yield each["start"], each["start_utc"]
                if "local" in each:
                    yield each["local"]["start"], each["start_utc"]
            for value in each.values():
                yield from instants(value)


def test_json_local_times_and_instants_agree():
    pairs = [pair for zone in ("America/New_York", "Asia/Kolkata", "Australia/Sydney") for pair in _year_of(zone)]
    assert len(pairs) > 300
    for local, at in pairs:
        assert datetime.fromisoformat(local) == datetime.fromisoformat(at)


def _year_of(zone):
    return list(instants(data("next", "-n", "52", "--tz", zone)))


@pytest.mark.parametrize(
    ("participant", "expected"),
    [
        (
            "claudio",  # New York: the US changes its clocks on 9 March, Europe on the 30th
            [
                ("2025-03-05T12:00:00-05:00", 0, "confirmed"),
                ("2025-03-12T13:00:00-04:00", 60, "confirmed"),
                ("2025-03-19T13:00:00-04:00", 60, "cancelled"),
                ("2025-03-26T13:00:00-04:00", 60, "confirmed"),
                ("2025-04-02T12:00:00-04:00", -60, "confirmed"),
                ("2025-04-09T12:00:00-04:00", 0, "confirmed"),
            ],
        ),
        (
            "vasant",  # Kolkata never changes: Europe's change moves the call there
            [
                ("2025-03-05T22:30:00+05:30", 0, "confirmed"),
                ("2025-03-12T22:30:00+05:30", 0, "confirmed"),
                ("2025-03-19T22:30:00+05:30", 0, "cancelled"),
                ("2025-03-26T22:30:00+05:30", 0, "confirmed"),
                ("2025-04-02T21:30:00+05:30", -60, "confirmed"),
                ("2025-04-09T21:30:00+05:30", 0, "confirmed"),
            ],
        ),
        (
            "oliver",  # Sydney: one call after Europe's change, then its own on 6 April; always the day after
            [
                ("2025-03-06T04:00:00+11:00", 0, "confirmed"),
                ("2025-03-13T04:00:00+11:00", 0, "confirmed"),
                ("2025-03-20T04:00:00+11:00", 0, "cancelled"),
                ("2025-03-27T04:00:00+11:00", 0, "confirmed"),
                ("2025-04-03T03:00:00+11:00", -60, "confirmed"),
                ("2025-04-10T02:00:00+10:00", -60, "confirmed"),
            ],
        ),
        (
            "joerg",  # Berlin is the anchor
            [
                ("2025-03-05T18:00:00+01:00", 0, "confirmed"),
                ("2025-03-12T18:00:00+01:00", 0, "confirmed"),
                ("2025-03-19T18:00:00+01:00", 0, "cancelled"),
                ("2025-03-26T18:00:00+01:00", 0, "confirmed"),
                ("2025-04-02T18:00:00+02:00", 0, "confirmed"),
                ("2025-04-09T18:00:00+02:00", 0, "confirmed"),
            ],
        ),
    ],
)
def test_next(participant, expected):
    found = data("next", "-n", "5", "--for", participant)["occurrences"]
    assert [(each["local"]["start"], each["local"]["change_minutes"], each["status"]) for each in found] == expected


@pytest.mark.parametrize("number", [1, 2, 3, 52])
def test_next_counts_calls_that_take_place(number):
    found = data("next", "-n", str(number))["occurrences"]
    assert sum(each["status"] != "cancelled" for each in found) == number


def test_next_without_a_zone_is_on_the_calendars_clock():
    assert {each["local"]["zone"] for each in data("next")["occurrences"]} == {"Europe/Berlin"}


def test_when_shows_everybody_their_own_day():
    people = data("when", "2025-03-12")["participants"]
    assert {each["id"]: (each["start"], each["change_minutes"], each["day_offset"]) for each in people} == {
        "claudio": ("2025-03-12T13:00:00-04:00", 60, 0),
        "dionna": ("2025-03-12T10:00:00-07:00", 60, 0),
        "huibo": ("2025-03-13T01:00:00+08:00", 0, 1),
        "joerg": ("2025-03-12T18:00:00+01:00", 0, 0),
        "nicolai": ("2025-03-12T17:00:00+00:00", 0, 0),
        "oliver": ("2025-03-13T04:00:00+11:00", 0, 1),
        "peter": ("2025-03-13T02:00:00+09:00", 0, 1),
        "stefano": ("2025-03-12T18:00:00+01:00", 0, 0),
        "tom": ("2025-03-12T12:00:00-05:00", 60, 0),
        "vasant": ("2025-03-12T22:30:00+05:30", 0, 0),
    }


def test_when_on_a_clock_where_nobody_lives():
    (row,) = data("when", "2025-05-21", "--tz", "Asia/Kathmandu")["participants"]
    assert (row["name"], row["zone"], row["start"]) == ("Asia/Kathmandu", "Asia/Kathmandu", "2025-05-21T21:45:00+05:45")


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (
            "America/New_York",
            [
                ("2024-11-06", "2025-03-05", 14, "12:00", -60, "season", 0),
                ("2025-03-12", "2025-03-26", 2, "13:00", 60, "mismatch", 0),  # three Wednesdays, one of them cancelled
                ("2025-04-02", "2025-10-22", 29, "12:00", -60, "season", 0),
                ("2025-10-29", "2025-10-29", 1, "13:00", 60, "mismatch", 0),
                ("2025-11-05", "2026-03-04", 15, "12:00", -60, "season", 0),
            ],
        ),
        (
            "Asia/Kolkata",
            [
                ("2024-10-30", "2025-03-26", 17, "22:30", 60, "season", 0),
                ("2025-04-02", "2025-10-22", 29, "21:30", -60, "season", 0),
                ("2025-10-29", "2026-03-25", 19, "22:30", 60, "season", 0),
            ],
        ),
        (
            "Asia/Tokyo",
            [
                ("2024-10-30", "2025-03-26", 17, "02:00", 60, "season", 1),
                ("2025-04-02", "2025-10-22", 29, "01:00", -60, "season", 1),
                ("2025-10-29", "2026-03-25", 19, "02:00", 60, "season", 1),
            ],
        ),
        (
            "Australia/Sydney",  # between runs that disagree even a single call is a season
            [
                ("2024-10-30", "2025-03-26", 17, "04:00", 60, "season", 1),
                ("2025-04-02", "2025-04-02", 1, "03:00", -60, "season", 1),
                ("2025-04-09", "2025-10-01", 25, "02:00", -60, "season", 1),
                ("2025-10-08", "2025-10-22", 3, "03:00", 60, "season", 1),
                ("2025-10-29", "2026-03-25", 19, "04:00", 60, "season", 1),
            ],
        ),
        ("Europe/Rome", [("2024-02-14", None, None, "18:00", None, "season", 0)]),
    ],
)
def test_shifts(zone, expected):
    found = data("shifts", "--from", "2025-01-01", "--until", "2025-12-31", "--tz", zone)["windows"]
    keys = ("first", "last", "calls", "local_time", "change_minutes", "kind", "day_offset")
    assert [tuple(each[key] for key in keys) for each in found] == expected


def test_shifts_names_who_lives_there():
    windows = data("shifts", "--from", "2025-03-12", "--until", "2025-03-12")["windows"]
    assert {each["zone"]: each["participants"] for each in windows} == {
        "America/New_York": ["claudio"],
        "America/Los_Angeles": ["dionna"],
        "Asia/Shanghai": ["huibo"],
        "Europe/Berlin": ["joerg"],
        "Europe/London": ["nicolai"],
        "Australia/Sydney": ["oliver"],
        "Asia/Tokyo": ["peter"],
        "Europe/Rome": ["stefano"],
        "America/Chicago": ["tom"],
        "Asia/Kolkata": ["vasant"],
    }


def test_shifts_of_somebody_who_does_not_attend():
    windows = data("shifts", "--for", "jon", "--from", "2025-03-12", "--until", "2025-03-12")["windows"]
    assert [(each["zone"], each["participants"]) for each in windows] == [("America/Los_Angeles", ["jon"])]


def test_shifts_begins_today_and_ends_a_year_later():
    assert data("shifts") == data("shifts", "--from", "2025-03-05", "--until", "2026-03-05")


@pytest.mark.parametrize(
    ("now", "id", "due", "remaining", "calls", "following", "status"),
    [
        ("2025-03-05T17:00Z", "qemu-10.0-soft-freeze", "2025-03-12T12:00:00Z", 586800, 0, None, "open"),
        ("2025-03-05T16:59Z", "qemu-10.0-soft-freeze", "2025-03-12T12:00:00Z", 586860, 1, "2025-03-05T18:00:00+01:00", "open"),
        ("2025-03-05T17:00Z", "qemu-10.0-hard-freeze", "2025-03-19T12:00:00Z", 1191600, 1, "2025-03-12T18:00:00+01:00", "open"),
        ("2025-03-05T17:00Z", "qemu-10.0-rc1", "2025-03-27T12:00:00Z", 1882800, 2, "2025-03-12T18:00:00+01:00", "open"),
        ("2025-03-05T17:00Z", "qemu-9.2-release", "2024-12-11T12:00:00Z", -7275600, 0, None, "over"),
        ("2025-03-12T11:59:59Z", "qemu-10.0-soft-freeze", "2025-03-12T12:00:00Z", 1, 0, None, "open"),
        ("2025-03-12T12:00Z", "qemu-10.0-soft-freeze", "2025-03-12T12:00:00Z", 0, 0, None, "over"),
    ],
)
def test_deadlines(now, id, due, remaining, calls, following, status):
    found = {each["id"]: each for each in data("deadlines", "--all", now=now)["deadlines"]}[id]
    keys = ("due_utc", "remaining_seconds", "calls_left", "next_call", "status")
    assert tuple(found[key] for key in keys) == (due, remaining, calls, following, status)


def test_deadlines_date_is_the_declared_day_and_planned_stays_on_record():
    found = {each["id"]: each for each in data("deadlines")["deadlines"]}
    assert found["qemu-10.0-soft-freeze"]["date"] == "2025-03-11"
    slipped = found["qemu-10.0-rc1"]
    assert [slipped[key] for key in ("date", "planned", "actual")] == ["2025-03-26", "2025-03-25", "2025-03-26"]


def test_deadlines_are_in_the_order_they_are_due():
    due = [each["due_utc"] for each in data("deadlines", "--all")["deadlines"]]
    assert len(due) > 30
    assert due == sorted(due)


# --- What it refuses ----------------------------------------------------------------------------------------------

PEOPLE = "claudio, dionna, huibo, joerg, nicolai, oliver, peter, stefano, tom, vasant, jon"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("next --for nobody", f'no participant "nobody" in COCONUT-SVSM community calendar: there are {PEOPLE}'),
        ("shifts --for nobody", f'no participant "nobody" in COCONUT-SVSM community calendar: there are {PEOPLE}'),
        ("next --series x", 'no series "x" in COCONUT-SVSM community calendar: there are devel-call'),
        ("when 2025-03-12 --series x", 'no series "x" in COCONUT-SVSM community calendar: there are devel-call'),
        ("shifts --series x", 'no series "x" in COCONUT-SVSM community calendar: there are devel-call'),
        ("next --tz Asia/Tokyo --for vasant", "--tz and --for exclude each other: keep one"),
        ("shifts --tz Asia/Tokyo --for vasant", "--tz and --for exclude each other: keep one"),
        ("when 2025-03-13", "no call on 2025-03-13: the next one is on 2025-03-26"),
        (
            "shifts --from 2025-12-31 --until 2025-01-01",
            "the range ends on 2025-01-01, before it begins on 2025-12-31",
        ),
    ],
)
def test_refusals_are_one_line(line, message):
    result = run(*line.split())
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"svsm-cal: {message}\n")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nxt", 'no command "nxt" (did you mean "next"?)'),
        ("whatever", 'no command "whatever" (one of init, check, next, '),
        ("next --tz Europe/Berln", '"Europe/Berln" is no time zone (hint: did you mean "Europe/Berlin"?)'),
        ("next --tz EST", '"EST" means different clocks to different people (hint: "America/New_York" or '),
        ("next --tz UTC+1", '"UTC+1" is an offset, not a place, and follows no clock change'),
        ("next --tz ../../etc/passwd", '"../../etc/passwd" is no time zone'),
        ("next -n 0", "0 is not in the range 1<=x<=1000"),
        ("next -n many", "'many' is not a valid integer"),
        ("next surplus", "unexpected extra argument"),
        ("next --sries x", "No such option"),
        ("when", "Missing argument 'DATE'"),
        ("when 2025-02-30", '"2025-02-30" is no date from 1900 to 2200: write it as 2025-03-12'),
        ("when 12.3.2025", '"12.3.2025" is no date from 1900 to 2200: write it as 2025-03-12'),
        ("when 2025-3-12", '"2025-3-12" is no date from 1900 to 2200: write it as 2025-03-12'),
        ("when 20250312", '"20250312" is no date from 1900 to 2200: write it as 2025-03-12'),
        ("when ٢٠٢٥-٠٣-١٢", '"٢٠٢٥-٠٣-١٢" is no date from 1900 to 2200: write it as 2025-03-12'),
        ("shifts --from x", '"x" is no date from 1900 to 2200: write it as 2025-03-12'),
        ("when 1899-12-31", '"1899-12-31" is no date from 1900 to 2200: write it as 2025-03-12'),
        ("when 2201-01-01", '"2201-01-01" is no date from 1900 to 2200: write it as 2025-03-12'),
        ("shifts --until 9999-12-31", '"9999-12-31" is no date from 1900 to 2200: write it as 2025-03-12'),
        ("shifts --from 0001-01-01", '"0001-01-01" is no date from 1900 to 2200: write it as 2025-03-12'),
        ("deadlines --within 4", '"4" is no length of time: write it as 4w, 10d or 36h'),
        ("deadlines --within -4w", '"-4w" is no length of time: write it as 4w, 10d or 36h'),
        ("deadlines --within 9999w", '"9999w" is longer than ten years: write it as 4w, 10d or 36h'),
        ("--now yesterday next", '"yesterday" is no instant: write it with an offset, e.g. 2025-03-05T17:00Z'),
        ("--now 2025-03-05 next", '"2025-03-05" is no instant: write it with an offset, e.g. 2025-03-05T17:00Z'),
        ("--now 2025-03-05T17:00 next", '"2025-03-05T17:00" is no instant: write it with an offset'),
        ("--now 2025-02-30T17:00Z next", '"2025-02-30T17:00Z" is no instant: write it with an offset'),
        ("--now 1899-12-31T23:59Z next", '"1899-12-31T23:59Z" is no instant: write it with an offset'),
        ("--now 2201-01-01T00:00Z next", '"2201-01-01T00:00Z" is no instant: write it with an offset'),
        ("--now 2200-12-31T23:00-01:00 next", '"2200-12-31T23:00-01:00" is no instant: write it with an offset'),
        ("--now 0001-01-01T00:00+01:00 next", '"0001-01-01T00:00+01:00" is no instant: write it with an offset'),
        ("--now 9999-12-31T23:59-01:00 next", '"9999-12-31T23:59-01:00" is no instant: write it with an offset'),
    ],
)
def test_usage_errors_end_in_one_clear_line(line, said):
    result = run(*line.split())
    assert (result.exit_code, result.stdout) == (2, "")
    *_, last = result.stderr.splitlines()
    assert last.startswith("Error: ")
    assert said in last


@pytest.mark.parametrize("now", ["1900-01-01T00:00Z", "2200-12-31T23:59:59Z"])
@pytest.mark.parametrize(
    "line", ["next --tz Pacific/Auckland", "when {}", "shifts", "deadlines --all", "feed --for oliver", "check"]
)
def test_the_first_and_the_last_moment_are_a_present_like_any_other(line, now):
    result = run(*line.format(now[:10]).split(), now=now)
    assert result.exit_code == int((line, now[:4]) == ("when {}", "1900"))  # there was no call yet
    assert bool(result.stdout) == (result.exit_code == 0 and line != "check")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["next", "--for", "nobody"], 1, b'svsm-cal: no participant "nobody"'),
        (["next", "--tz", "Nowhere"], 2, b'"Nowhere" is no time zone'),
        (["nxt"], 2, b'no command "nxt"'),
        (["-c", "nothing.toml", "next"], 1, b"nothing.toml: there is no such file (give one with -c FILE, or start one"),
        (["-c", "examples", "next"], 1, b"examples: is a folder (name the calendar.toml in it)"),
        (["-c", "LICENSE", "next"], 1, b"LICENSE:1:"),
    ],
)
def test_a_process_fails_without_a_traceback(args, code, said):
    result = spawn("-c", "examples/svsm/calendar.toml", *args)
    assert (result.returncode, result.stdout) == (code, b"")
    assert said in result.stderr
    assert b"Traceback" not in result.stderr


def test_a_zone_people_write_is_taken_with_a_warning():
    result = run("next", "--tz", "CET", "-n", "1")
    assert result.exit_code == 0
    assert result.stderr.startswith('svsm-cal: warning: "CET" names a rule, not a place')
    assert result.stderr.count("\n") == 1


def test_a_reader_that_goes_away_gets_no_traceback():
    process = subprocess.Popen(
        [sys.executable, "-m", "svsm_cal", "-c", EXAMPLE, "--now", NOW, "next", "-n", "1000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    process.wait(60)
    assert said == b""


# --- The calendar, the surroundings and the clock -----------------------------------------------------------------


def test_the_calendar_is_the_one_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert data("next", calendar=None, env={"SVSM_CAL_CALENDAR": EXAMPLE}) == data("next")


def test_the_option_outranks_the_environment():
    assert data("next", env={"SVSM_CAL_CALENDAR": "nothing.toml"}) == data("next")


def test_the_calendar_is_calendar_toml_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SVSM_CAL_CALENDAR", raising=False)
    result = run("next", calendar=None)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("svsm-cal: calendar.toml: there is no such file")
    Path("calendar.toml").write_bytes(Path(EXAMPLE).read_bytes())
    assert data("next", calendar=None) == data("next")


LINES = [
    "next --json",
    "when 2025-03-12",
    "shifts --json",
    "deadlines",
    "feed --for claudio",
]
SURROUNDINGS = [
    {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"},
    {"TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "1", "PYTHONUTF8": "1"},
    {"TZ": ":nonsense", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "4294967295", "PYTHONUTF8": "1"},
]


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
def test_surroundings_change_nothing(line):
    expected = run(*line.split()).stdout_bytes
    for env in SURROUNDINGS:
        result = spawn("-c", EXAMPLE, "--now", NOW, *line.split(), **env)
        assert (result.returncode, result.stderr) == (0, b"")
        assert result.stdout == expected


def test_a_terminal_without_unicode_still_gets_its_answer():
    result = spawn("-c", EXAMPLE, "--now", NOW, "when", "2025-03-12", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"Wed 12 March 13:00" in result.stdout


@pytest.fixture
def clock(monkeypatch):
    """Stand a clock at NOW in the one place that may read it; returns the readings."""
    readings = []

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            assert tz is UTC
            readings.append(tz)
            return datetime(2025, 3, 5, 17, 0, 0, 999999, tzinfo=UTC)

    monkeypatch.setattr(options, "datetime", Clock)
    return readings


@pytest.mark.parametrize(
    "line",
    ["next --json", "shifts --json", "deadlines --json", "feed", "feed --for claudio", "feed --deadlines"],
)
def test_without_now_the_clock_of_the_command_line_is_the_only_one(line, clock):
    args = line.split()
    assert run(*args, now=None).stdout_bytes == run(*args).stdout_bytes
    assert len(clock) == 1


def test_with_now_the_clock_is_not_read(clock):
    for line in ("next", "shifts", "deadlines", "feed", "check"):
        assert run(line).exit_code == 0
    assert clock == []


def test_next_at_the_frozen_present():
    expected = run("next").stdout
    # What reads TOML goes by the exact types of dates, which freezing replaces.
    with freeze_time("2025-03-05T17:00:00.5Z", ignore=["tomllib", "svsm_cal.config"]):
        assert run("next", now=None).stdout == expected
