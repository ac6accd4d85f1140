"""`init`, `check`, `completion`, `--version` and `--help`, and the JSON Schema that editors get."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import partial
from importlib.resources import files
from pathlib import Path

import click
import pytest
from jsonschema import Draft202012Validator

from svsm_cal import __version__
from svsm_cal.cli import command
from svsm_cal.config.json_schema import json_schema, json_schema_text
from svsm_cal.engine.tzdb import tz_database
from tests.support import EXAMPLE, NOW, ROOT, run, tree

EXAMPLES = sorted(ROOT.glob("examples/*/calendar.toml"))
bare = partial(run, calendar=None, now=None)
INIT_FILES = {"calendar.toml", "calendar.schema.json", ".github/workflows/calendar.yml", ".gitignore"}


# --- init ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def started(tmp_path):
    """A folder in which init has run."""
    folder = tmp_path / "community"
    result = bare("init", str(folder))
    assert result.exit_code == 0
    return folder


def test_init_writes_a_calendar_its_schema_and_a_workflow(tmp_path):
    folder = tmp_path / "new" / "community"
    result = bare("init", str(folder))
    assert result.exit_code == 0
    assert set(tree(folder)) == INIT_FILES
    assert set(result.stdout.splitlines()) == {str(folder / name) for name in INIT_FILES}
    assert result.stderr == f"Next: cd {folder}, edit calendar.toml, then run `svsm-cal check` and `svsm-cal next`.\n"


def test_init_is_here_unless_told_where(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert bare("init").exit_code == 0
    assert set(tree(tmp_path)) == INIT_FILES


@pytest.mark.parametrize("name", sorted(INIT_FILES))
def test_init_overwrites_nothing(tmp_path, name):
    mine = tmp_path / name
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("mine", encoding="utf-8")
    result = bare("init", str(tmp_path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"svsm-cal: {mine}: is there already (choose another folder, or remove it)\n"
    assert tree(tmp_path) == {name: b"mine"}


def test_init_keeps_a_dangling_link(tmp_path):
    (tmp_path / "calendar.toml").symlink_to("elsewhere.toml")
    assert bare("init", str(tmp_path)).exit_code == 1
    assert (tmp_path / "calendar.toml").is_symlink()
    assert tree(tmp_path) == {}


def test_init_twice(started):
    before = tree(started)
    assert bare("init", str(started)).exit_code == 1
    assert tree(started) == before


def test_init_writes_what_every_command_takes(started, monkeypatch):
    monkeypatch.chdir(started)
    result = bare("check", "--strict")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "calendar.toml: 0 errors, 0 warnings\n")
    for line in ("next", "next --for someone", "when 2025-03-12", "shifts", "deadlines", "feed", "build site"):
        result = bare("--now", NOW, *line.split())
        assert (line, result.exit_code) == (line, 0)


def test_inits_examples_are_right_once_uncommented(started):
    """Every commented line that is TOML says something `check` agrees with."""
    path = started / "calendar.toml"
    text = path.read_text(encoding="utf-8")
    uncommented, count = re.subn(r"^( *)# (?=\[|\w+ +=|\w+ = |\{|  \{|\]$)", r"\1", text, flags=re.MULTILINE)
    assert count > 15
    path.write_text(uncommented, encoding="utf-8")
    document = tomllib.loads(uncommented)
    assert set(document) == {"calendar", "series", "participant", "deadline", "release"}
    assert set(document["series"][0]) >= {"cancel", "move", "change", "add", "from"}
    result = bare("-c", str(path), "--now", "2025-01-02T00:00Z", "check", "--strict")
    assert (result.exit_code, result.stdout) == (0, "")


def test_inits_workflow_is_the_examples(started):
    example = ROOT / "examples/github-pages/.github/workflows/calendar.yml"  # which has tests of its own (tests/web)
    assert (started / ".github/workflows/calendar.yml").read_bytes() == example.read_bytes()


# --- The JSON Schema ----------------------------------------------------------------------------------------------


def as_json(text):
    """Return a TOML text as JSON has it: dates and times as ISO 8601 strings."""
    return json.loads(json.dumps(tomllib.loads(text), default=lambda value: value.isoformat()))


SCHEMA = Draft202012Validator(json_schema())


def test_the_schema_is_one_and_the_same_everywhere(started):
    packaged = files("svsm_cal.config").joinpath("calendar.schema.json").read_text(encoding="utf-8")
    assert packaged == json_schema_text()
    assert (started / "calendar.schema.json").read_text(encoding="utf-8") == packaged
    assert json.loads(packaged) == json_schema()


def test_the_schema_is_a_schema_that_says_what_each_key_means():
    Draft202012Validator.check_schema(json_schema())
    tables = [json_schema(), *json_schema()["$defs"].values()]
    described = [field["description"] for table in tables for field in table["properties"].values()]
    assert len(described) > 60
    assert all(text.strip().endswith((".", ",")) for text in described)


def test_the_schema_has_patterns_for_what_json_schema_would_want_offsets_in():
    assert '"format": "date-time"' not in json_schema_text()
    assert '"format": "time"' not in json_schema_text()
    at = json_schema()["$defs"]["from"]["properties"]["start"]
    assert Draft202012Validator(at).is_valid("17:00:00")
    assert not Draft202012Validator(at).is_valid("17:00:00Z")
    assert not Draft202012Validator(at).is_valid("17:00:00+01:00")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_examples_are_what_the_schema_says(path):
    SCHEMA.validate(as_json(path.read_text(encoding="utf-8")))


def test_the_first_file_is_what_the_schema_says(started):
    text = (started / "calendar.toml").read_text(encoding="utf-8")
    SCHEMA.validate(as_json(text))
    directive, path = text.splitlines()[0].split()
    assert directive == "#:schema"
    assert json.loads((started / path).read_text(encoding="utf-8")) == json_schema()


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ('id = "coconut-svsm"\n', "", ["calendar"]),
        ('id = "coconut-svsm"\n', 'id = "coconut svsm"\n', ["calendar", "id"]),
        ('color = "teal"', "color = 7", ["calendar", "color"]),
        ('color = "teal"', 'colour = "teal"', ["calendar"]),
        ("organizer = {", "organiser = {", ["calendar"]),
        (', email = "calendar@coconut-svsm.example.org" }', " }", ["calendar", "organizer"]),
        ('duration = "1h"', 'duration = "soon"', ["series", 0, "duration"]),
        ('duration = "1h"', "duration = 60", ["series", 0, "duration"]),
        ('rule = "FREQ=WEEKLY;BYDAY=WE"', 'rule = "every Wednesday"', ["series", 0, "rule"]),
        ('attendees = ["everyone"]', 'attendees = "everyone"', ["series", 0, "attendees"]),
        ("{ date = 2024-04-17 },", "{ day = 2024-04-17 },", ["series", 0, "cancel", 2]),
        ('reminders = ["30m"]', 'reminders = ["30x"]', ["participant", 9, "reminders", 0]),
        ('zone = "Asia/Kolkata"', "zone = 5.5", ["participant", 9, "zone"]),
        ("[[event]]", "[[events]]", []),
        ("start = 2024-02-14T18:00:00", "start = 2024-02-14T18:00:00+01:00", ["series", 0, "start"]),
        ("start = 2024-02-14T18:00:00", "start = 2024-02-14", ["series", 0, "start"]),
        ("end = 2025-12-13", "end = true", ["event", 0, "end"]),
    ],
)
def test_the_schema_and_check_agree_on_what_is_broken(old, new, at, tmp_path):
    sound = EXAMPLE.read_text(encoding="utf-8")
    assert old in sound
    broken = sound.replace(old, new, 1)
    errors = list(SCHEMA.iter_errors(as_json(broken)))
    assert at in [list(error.absolute_path) for error in errors]
    path = tmp_path / "calendar.toml"
    path.write_text(broken, encoding="utf-8")
    assert bare("-c", str(path), "check").exit_code == 1


# --- check --------------------------------------------------------------------------------------------------------

WARNED = EXAMPLE.read_text(encoding="utf-8").replace('zone = "Asia/Kolkata"', 'zone = "Asia/Calcutta"')
BROKEN = EXAMPLE.read_text(encoding="utf-8").replace("{ date = 2025-04-23,", "{ date = 2025-04-22,")
BOTH = WARNED.replace("{ date = 2025-04-23,", "{ date = 2025-04-22,")


@pytest.fixture
def checked(tmp_path, monkeypatch):
    """Return a function that runs `check` on a text, in its folder."""
    monkeypatch.chdir(tmp_path)

    def check(text, *args):
        Path("calendar.toml").write_text(text, encoding="utf-8")
        return bare("--now", NOW, "check", *args)

    return check


@pytest.mark.parametrize(
    ("text", "args", "code", "count"),
    [
        (EXAMPLE.read_text(encoding="utf-8"), [], 0, "0 errors, 0 warnings"),
        (EXAMPLE.read_text(encoding="utf-8"), ["--strict"], 0, "0 errors, 0 warnings"),
        (WARNED, [], 0, "0 errors, 1 warning"),
        (WARNED, ["--strict"], 1, "0 errors, 1 warning"),
        (BROKEN, [], 1, "1 error, 0 warnings"),
        (BROKEN, ["--strict"], 1, "1 error, 0 warnings"),
        (BOTH, [], 1, "1 error, 1 warning"),
    ],
    ids=["sound", "sound strict", "warned", "warned strict", "broken", "broken strict", "both"],
)
def test_check_fails_for_errors_and_when_strict_for_warnings(checked, text, args, code, count):
    result = checked(text, *args)
    assert (result.exit_code, result.stderr) == (code, f"calendar.toml: {count}\n")
    assert result.stdout.count("\n") == sum(int(number) for number in re.findall(r"\d+", count))


def test_check_says_where_and_what_to_write(checked):
    line = BROKEN.split("\n").index('  { date = 2025-04-22, reason = "vacation" },') + 1
    assert checked(BROKEN).stdout == (
        f'calendar.toml:{line}:12: series "devel-call": cancel date 2025-04-22 is a Tuesday; '
        "the call is on Wednesdays (hint: 2025-04-23)\n"
    )
    line = WARNED.split("\n").index('zone = "Asia/Calcutta"') + 1
    assert checked(WARNED).stdout == (
        f'calendar.toml:{line}:8: warning: zone: "Asia/Calcutta" is an old name of Asia/Kolkata (hint: "Asia/Kolkata")\n'
    )


HIDDEN = "\x1b\x07\x00\x7f\x85\u2028\u200e\u202e\u2066\ufeff"


@pytest.mark.parametrize(
    "line",
    [
        '"KEY" = 1',
        'organizer = { name = "x", email = "x@example.org", "KEY" = 1 }',
        'id = "KEY"',
        'zone = "KEY"',
        '[[series]]\nid = "x"\n"KEY" = 1',
        '[[series]]\nid = "KEY"\n"attendes" = 1',
        '[["KEY"]]',
        '[calendar."KEY"]\n[calendar."KEY"]',
        '[[release]]\nid = "r"\ntitle = "r"\nmilestones = [{ id = "a", after = "KEY", offset = "1w" }]',
    ],
)
@pytest.mark.parametrize("args", [[], ["--json"]], ids=["text", "JSON"])
def test_check_never_prints_what_steers_a_terminal(checked, line, args):
    key = "a" + "".join(f"\\u{ord(each):04x}" for each in HIDDEN) + "b"
    result = checked(f"[calendar]\n{line.replace('KEY', key)}\n", *args)
    assert result.exit_code == 1
    shown = result.stdout + result.stderr
    if args:
        shown = "".join(str(each) for each in json.loads(result.stdout)["findings"])
    assert not [each for each in HIDDEN if each in shown]


FINDINGS = {
    "type": "object",
    "properties": {
        "findings": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "severity": {"enum": ["error", "warning"]},
                    "file": {"const": "calendar.toml"},
                    "line": {"type": "integer", "minimum": 1},
                    "column": {"type": "integer", "minimum": 1},
                    "message": {"type": "string", "minLength": 1},
                    "hint": {"type": "string"},
                    "code": {"type": "string", "pattern": "^[a-z]+(-[a-z]+)*$"},
                },
                "required": ["severity", "file", "line", "column", "message", "hint", "code"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["findings"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("text", "severities"),
    [
        (EXAMPLE.read_text(encoding="utf-8"), []),
        (WARNED, ["warning"]),
        (BOTH, ["error", "warning"]),
        ("not TOML", ["error"]),
    ],
    ids=["sound", "warned", "both", "no TOML"],
)
def test_check_as_json(checked, text, severities):
    result = checked(text, "--json")
    found = json.loads(result.stdout)
    Draft202012Validator(FINDINGS).validate(found)
    assert [each["severity"] for each in found["findings"]] == severities
    assert (result.exit_code, result.stderr) == (int("error" in severities), "")


@pytest.mark.parametrize("line", ["next", "when 2025-03-12", "shifts", "deadlines", "feed"])
def test_a_broken_calendar_is_told_line_by_line(checked, line):
    findings = checked(BROKEN).stdout
    result = bare("--now", NOW, *line.split())
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"{findings}svsm-cal: 1 error; nothing was written\n"


# --- completion ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shell", "mark"),
    [("bash", "complete -o nosort"), ("zsh", "#compdef svsm-cal"), ("fish", "complete --no-files --command svsm-cal")],
)
def test_completion_prints_the_shells_script(shell, mark):
    result = bare("completion", shell)
    assert (result.exit_code, result.stderr) == (0, "")
    assert mark in result.stdout
    assert f"_SVSM_CAL_COMPLETE={shell}_complete" in result.stdout


def test_completion_of_an_unknown_shell():
    result = bare("completion", "tcsh")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in result.stderr


def complete(words, shell="bash"):
    """Return what a shell is offered after these words, the last of them unfinished."""
    given = words.split(" ")
    env = {"_SVSM_CAL_COMPLETE": f"{shell}_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(given) - 1)}
    if shell == "fish":
        env["COMP_CWORD"] = given[-1]
    result = bare(env=env | {"SVSM_CAL_CALENDAR": str(EXAMPLE)})
    assert result.stderr == ""
    lines = result.stdout.strip().splitlines()
    return [line.partition(",")[2] for line in lines] if shell == "bash" else lines


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("svsm-cal ne", ["next"]),
        ("svsm-cal c", ["check", "chairs", "cancel", "change", "completion"]),
        ("svsm-cal zz", []),
        ("svsm-cal --c", ["--calendar"]),
        ("svsm-cal next --t", ["--tz"]),
        ("svsm-cal next --for v", ["vasant"]),
        ("svsm-cal next --for j", ["joerg", "jon"]),
        ("svsm-cal next --for zz", []),
        ("svsm-cal shifts --for cla", ["claudio"]),
        ("svsm-cal feed --for ", [
            "claudio", "dionna", "huibo", "joerg", "nicolai", "oliver", "peter", "stefano", "tom", "vasant", "jon",
        ]),
        (f"svsm-cal -c {ROOT}/examples/minimal/calendar.toml next --series ", ["weekly"]),
        ("svsm-cal when 2025-03-12 --series d", ["devel-call"]),
        ("svsm-cal next --tz Asia/Kol", ["Asia/Kolkata"]),
        ("svsm-cal next --tz america/new", ["America/New_York"]),
        ("svsm-cal next --tz Asia/Calc", []),  # an old name is taken, not offered
        ("svsm-cal -c nothing.toml next --for ", []),
        ("svsm-cal completion ", ["bash", "zsh", "fish"]),
        ("svsm-cal invite ", ["plan", "receive", "remind", "retry", "send", "status", "write"]),
    ],
)  # fmt: skip
def test_completion_offers(words, offered):
    assert complete(words) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_offers_in_every_shell(shell):
    assert any("vasant" in line for line in complete("svsm-cal next --for v", shell))


def test_completion_of_a_broken_calendar_offers_nobody(tmp_path):
    path = tmp_path / "calendar.toml"
    path.write_text(BROKEN, encoding="utf-8")
    assert complete(f"svsm-cal -c {path} next --for ") == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_completion_in_bash_itself(tmp_path):
    program = tmp_path / "svsm-cal"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m svsm_cal "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    script = (
        'eval "$(svsm-cal completion bash)"; COMP_WORDS=(svsm-cal next --for v); COMP_CWORD=3; '
        '_svsm_cal_completion svsm-cal; echo "${COMPREPLY[@]}"'
    )
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "SVSM_CAL_CALENDAR": str(EXAMPLE), "PYTHONPATH": str(ROOT)}
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=env, timeout=60, check=False)
    assert (result.stdout, result.stderr) == ("vasant\n", "")


# --- --version and --help -----------------------------------------------------------------------------------------


def test_version_says_which_tz_database():
    result = bare("--version")
    database = tz_database()
    assert result.exit_code == 0
    assert result.stdout == f"svsm-cal {__version__}, tz database {database.version} ({database.name})\n"
    assert re.fullmatch(r"\d{4}[a-z]", database.version)


def commands(at=command, *names):
    """Yield every command with the words that name it."""
    yield names, at
    if isinstance(at, click.Group):
        context = click.Context(at)
        for name in at.list_commands(context):
            yield from commands(at.get_command(context, name), *names, name)


COMMANDS = [pytest.param(names, each, id=" ".join(names) or "svsm-cal") for names, each in commands()]


def test_the_commands_there_are():
    assert [" ".join(each.id.split()) for each in COMMANDS] == [
        "svsm-cal",
        "init",
        "check",
        "next",
        "when",
        "shifts",
        "deadlines",
        "chairs",
        "notices",
        "notices send",
        "agenda",
        "minutes",
        "minutes check",
        "minutes read",
        "plan",
        "diff",
        "feed",
        "feed-url",
        "build",
        "serve",
        "publish",
        "lint",
        "invite",
        "invite plan",
        "invite receive",
        "invite remind",
        "invite retry",
        "invite send",
        "invite status",
        "invite write",
        "store",
        "store check",
        "store export",
        "store migrate",
        "worker",
        "cancel",
        "restore",
        "move",
        "change",
        "add",
        "slip",
        "tzdiff",
        "completion",
    ]


@pytest.mark.parametrize(("names", "each"), COMMANDS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_documents_every_command_and_option(names, each, flag):
    result = bare(*names, flag)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Usage: {' '.join(('svsm-cal', *names))} ")
    said = " ".join(result.stdout.split())
    assert " ".join(each.help.split("\n\n")[0].split()) in said
    for option in each.params:
        if isinstance(option, click.Option):
            assert option.help
            assert option.help.endswith(".")
            assert option.opts[-1] in said
    assert all(len(line) <= 100 for line in result.stdout.splitlines())


def test_help_gives_each_command_one_whole_line():
    said = bare("--help").stdout
    for name in command.list_commands(click.Context(command)):
        assert re.search(rf"^  {name} +[A-Z].*\.$", said, re.MULTILINE)
    assert "..." not in said.partition("Commands:")[2]


def test_help_needs_no_calendar(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in command.list_commands(click.Context(command)):
        assert bare("-c", "nothing.toml", name, "--help").exit_code == 0


def test_without_a_command_help_is_shown():
    result = bare()
    assert result.exit_code == 2
    assert "Usage: svsm-cal [OPTIONS] COMMAND [ARGS]..." in result.stderr
