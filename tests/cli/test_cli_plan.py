"""`plan` as a reader types it: its text, its JSON, its picture, and what it refuses."""

import json
import re
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from tests.support import EXAMPLE, run

HERE = Path(__file__).parent
SVG = "{http://www.w3.org/2000/svg}"


plan = partial(run, "plan")


def data(*args, **more):
    result = plan(*args, "--json", **more)
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


GOLDEN = [
    ("plan", ["devel-call"]),
    ("plan-limits", ["devel-call", "--earliest", "04:30", "--latest", "0:30", "--not", "saturday", "--not", "sunday", "-n", "2"]),
]


@pytest.mark.parametrize(("name", "args"), GOLDEN)
def test_text(name, args):
    result = plan(*args)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (HERE / f"golden/{name}.txt").read_text(encoding="utf-8")
    lines = result.stdout.splitlines()
    assert all(line == line.rstrip() for line in lines)
    assert max(map(len, lines)) <= 80


def test_text_without_colours_is_the_same_text():
    coloured = plan("devel-call", color=True).stdout
    assert "\x1b[31m 10\x1b[0m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plan("devel-call").stdout


COST = {"type": "number", "minimum": 0, "maximum": 10}
DAYS = {"enum": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]}
CLOCK = {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$"}
START = {"type": "string", "pattern": r"^[A-Z][a-z]+day \d\d:\d\d$"}
CALLS = {"type": "integer", "minimum": 0, "maximum": 52}


def table(**properties):
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def listed(of):
    return {"type": "array", "items": of}


PAYER = table(
    id={"type": "string"}, zone={"type": "string"}, cost=COST, earliest=START, latest=START, outside_working=CALLS,
    outside_waking=CALLS, days={"type": "object", "propertyNames": DAYS, "additionalProperties": CALLS},
    starts=listed(table(turn={"enum": [1, 2]}, start=START, calls=CALLS, cost=COST)),
)  # fmt: skip
CHOICE = {"anchor": {"type": "string"}, "weekday": DAYS, "also": listed(DAYS), "cost": COST, "worst": COST,
          "participants": listed(PAYER)}  # fmt: skip
ROWS = listed(listed({"anyOf": [COST, {"type": "null"}]}) | {"minItems": 7, "maxItems": 7})
SINGLE = table(**CHOICE, time=CLOCK, rank={"type": "integer", "minimum": 1}, allowed={"type": "boolean"})
DAY = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
PLAN = table(
    series={"type": "string"}, **{"from": DAY}, until=DAY, calls={"const": 52}, duration_minutes={"type": "integer"},
    step_minutes={"enum": [30, 60]}, times={"type": "integer"},
    limits=table(earliest={"anyOf": [CLOCK, {"type": "null"}]}, latest={"anyOf": [CLOCK, {"type": "null"}]},
                 **{"not": listed(DAYS)}),
    current=listed(SINGLE), best=listed(SINGLE), alternating=listed(table(**CHOICE, times=listed(CLOCK))),
    heat=listed(table(anchor={"type": "string"}, weekdays=listed(DAYS), times=listed(CLOCK), best=listed(START),
                      worst=ROWS, cost=ROWS)),
)  # fmt: skip


@pytest.mark.parametrize(
    "args", [[], ["--step", "30m", "-n", "1"], ["--latest", "00:30", "--earliest", "04:30"], ["--year", "2026"]]
)
def test_json(args):
    Draft202012Validator(PLAN).validate(data("devel-call", *args))


def test_json_of_the_example():
    found = data("devel-call", "-n", "4")
    assert (found["from"], found["until"], found["times"]) == ("2025-03-05", "2026-03-03", 4 * 168)
    (now,) = found["current"]
    assert (now["anchor"], now["weekday"], now["time"], now["allowed"]) == ("Europe/Berlin", "Wednesday", "18:00", True)
    assert now["rank"] > 300
    # 18:00 in Berlin is 12:00 in New York, but for the two and the one weeks of mismatch with four regular calls.
    new_york = next(each for each in now["participants"] if each["id"] == "claudio")
    assert new_york["starts"] == [
        {"turn": 1, "start": "Wednesday 12:00", "calls": 48, "cost": 0.0},
        {"turn": 1, "start": "Wednesday 13:00", "calls": 4, "cost": 0.0},
    ]
    sydney = next(each for each in now["participants"] if each["id"] == "oliver")
    assert (sydney["earliest"], sydney["latest"], sydney["days"]) == ("Thursday 02:00", "Thursday 04:00", {"Thursday": 52})
    assert (sydney["outside_working"], sydney["outside_waking"]) == (52, 52)
    ids = {each["id"] for choice in [*found["best"], *found["alternating"], now] for each in choice["participants"]}
    assert ids == {"claudio", "dionna", "huibo", "joerg", "nicolai", "oliver", "peter", "stefano", "tom", "vasant"}  # not jon
    assert [each["anchor"] for each in found["heat"]] == ["Europe/Berlin", "America/Chicago", "Asia/Kolkata", "Australia/Sydney"]
    assert found["heat"][0]["worst"][18][2] == now["worst"]
    assert found["heat"][0]["cost"][18][2] == now["cost"]
    assert all(choice["worst"] < found["best"][0]["worst"] for choice in found["alternating"])


@pytest.mark.parametrize(
    ("args", "anchors"),
    [
        (["--anchor", "America/New_York"], ["America/New_York"]),
        (["--anchor", "Europe/Rome", "--anchor", "UTC"], ["Europe/Rome", "UTC"]),
    ],
)
def test_anchors(args, anchors):
    found = data("devel-call", *args)
    assert [each["anchor"] for each in found["heat"]] == anchors
    assert {each["anchor"] for each in found["best"]} <= set(anchors)
    assert found["current"][0]["anchor"] == "Europe/Berlin"


@pytest.mark.parametrize(
    ("args", "first"),
    [([], "2025-03-05"), (["--from", "2025-07-01"], "2025-07-01"), (["--year", "2027"], "2027-01-01")],
)
def test_which_year(args, first):
    assert data("devel-call", *args)["from"] == first


def changed(tmp_path, old, new):
    text = EXAMPLE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "calendar.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["nothing"], 1, 'no series "nothing" in COCONUT-SVSM community calendar: there are devel-call'),
        (["devel-call", "--year", "2026", "--from", "2026-01-01"], 1, "--year and --from exclude each other: keep one"),
        (["devel-call", "--earliest", "7"], 2, '"7" is not a time of day: write it as 07:00'),
        (["devel-call", "--latest", "24:00"], 2, '"24:00" is not a time of day: write it as 07:00'),
        (["devel-call", "--not", "freitag"], 2, "'freitag' is not one of 'monday', 'tuesday'"),
        (["devel-call", "--anchor", "PST"], 2, "PST"),
        (["devel-call", "--step", "7m"], 2, "'7m' is not one of '30m', '1h'"),
        (["devel-call", "-n", "0"], 2, "0 is not in the range"),
        ([], 2, "Missing argument 'SERIES'"),
        (
            ["devel-call", "--earliest", "07:00", "--latest", "22:00"],
            1,
            "keeps --earliest 07:00 --latest 22:00 for everybody (hint: --earliest 04:30 --latest 00:30 leaves some)",
        ),
        (
            ["devel-call", *(word for day in ("monday", "TUESDAY", "Wednesday", "thursday", "friday", "saturday", "sunday")
                             for word in ("--not", day))],
            1,
            "(hint: --not tuesday --not wednesday --not thursday --not friday --not saturday --not sunday leaves some)",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(args, code, said):
    result = plan(*args)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_series_nobody_attends(tmp_path):
    path = changed(tmp_path, 'attendees = ["everyone"]\n', "")
    result = plan("devel-call", calendar=path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == 'svsm-cal: series "devel-call" has no attendees to plan for (add some: attendees = ["everyone"])\n'


def test_refused_limits_write_no_picture(tmp_path):
    path = tmp_path / "plan.svg"
    assert plan("devel-call", "--earliest", "07:00", "--latest", "22:00", "--svg", str(path)).exit_code == 1
    assert not path.exists()


# --- The picture --------------------------------------------------------------------------------------------------


def picture(tmp_path, *args, calendar=EXAMPLE):
    path = tmp_path / "plan.svg"
    result = plan("devel-call", *args, "--svg", str(path), calendar=calendar)
    assert (result.exit_code, result.stderr) == (0, "")
    return path.read_text(encoding="utf-8")


def test_the_picture_says_everything_without_colour_or_script(tmp_path):
    text = picture(tmp_path)
    root = ET.fromstring(text)
    assert root.get("role") == "img"
    assert {root.find(f"{SVG}title").get("id"), root.find(f"{SVG}desc").get("id")} == set(root.get("aria-labelledby").split())
    assert "The present one, Wed 18:00 Europe/Berlin (worst off 10.0" in root.find(f"{SVG}desc").text
    cells = [each.text for each in root.iter(f"{SVG}title")][1:]
    assert len(cells) == 2 * 168
    assert cells.count("Wednesday 18:00: worst off 10.0, mean 3.8: the present time") == 2
    assert not re.search(r"<script|<foreignObject|href|url\(|@import|\son\w+=|https?://(?!www\.w3\.org/2000/svg)", text)
    assert picture(tmp_path) == text


@pytest.mark.parametrize("args", [["--step", "30m"], ["--earliest", "04:30", "--latest", "00:30"], ["--anchor", "Asia/Tokyo"]])
def test_other_pictures(args, tmp_path):
    root = ET.fromstring(picture(tmp_path, *args))
    cells = [each.text for each in root.iter(f"{SVG}title")][1:]
    assert len(cells) == 2 * 168 * (2 if "--step" in args else 1)
    assert any("outside the limits" in each for each in cells) == ("--earliest" in args)
    assert not any("present" in each for each in cells if "--anchor" in args)


def test_the_picture_names_nobody(tmp_path):
    path = changed(tmp_path, 'id = "oliver"\nname = "Oliver Steffen"', 'id = "canary-id"\nname = "Canary Name"')
    text = picture(tmp_path, calendar=path)
    names = re.findall(r'^name = "(.*)"$', path.read_text(encoding="utf-8"), re.MULTILINE)[1:]
    assert "Canary Name" in names
    assert not [each for each in [*names, "canary", "@example", "example.org"] if each in text]
    printed = plan("devel-call", "--json", calendar=path).stdout + plan("devel-call", calendar=path).stdout
    assert "@" not in printed


def test_titles_are_escaped(tmp_path):
    path = changed(tmp_path, 'title = "SVSM Development Call"', 'title = "<b>&\\"call\\""')
    root = ET.fromstring(picture(tmp_path, calendar=path))
    assert root.find(f"{SVG}title").text == '<b>&"call": which times are fair'


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_picture_is_legible_in_light_and_dark(tmp_path):
    rules = re.findall(r"\.c(\d+) rect \{ fill: (#\w{6}); \} \.c\d+ text \{ fill: (#\w{6}); \}", picture(tmp_path))
    assert [int(level) for level, _, _ in rules] == [*range(11), *range(11)]
    for _, paper, ink in rules:
        low, high = sorted(map(luminance, (paper, ink)))
        assert (high + 0.05) / (low + 0.05) >= 4.5
    light, dark = ([luminance(paper) for _, paper, _ in half] for half in (rules[:11], rules[11:]))
    assert light == sorted(light, reverse=True)  # the order of costs is one of brightness: no hue is needed
    assert dark == sorted(dark)
