"""`notices`, `notices send`, `agenda` and `chairs` as a reader types them: their text, their JSON, and what they refuse."""

from __future__ import annotations

import json
import socket

import pytest
from aiosmtpd.controller import Controller
from jsonschema import Draft202012Validator

from tests.support import EXAMPLE, ROOT, run


def told(*args, **more):
    result = run(*args, **more)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


SHIFT = """\
- warning: SVSM Development Call: an hour later from Wednesday 12 March for America/Los_Angeles, America/Chicago and \
America/New_York
  From Wednesday 12 March to Wednesday 26 March (2 calls) the call is an hour later for
  America/Los_Angeles (10:00 instead of 09:00), America/Chicago (12:00 instead of 11:00) and
  America/New_York (13:00 instead of 12:00). Clocks there change on Sunday 9 March.
"""


def test_what_the_tool_says_on_the_fifth_of_march():
    text = told("notices")
    due, _, later = text.partition("\nLater\n")
    assert due.startswith("Due now\n- warning: SVSM Development Call: the last call before QEMU 10.0 soft feature freeze\n")
    assert SHIFT in due
    assert "- Wed 12 March 2025 17:00 UTC: warning: SVSM Development Call: no call on Wednesday 19 March\n" in later


def test_for_one_person_and_in_german():
    text = told("notices", "--for", "tom", "--lang", "de")
    assert text.startswith("Jetzt fällig\n- ")
    assert "\n- Mi., 12. März 2025, 12:00 America/Chicago: Warnung: " in text
    assert "eine Stunde später ab Mittwoch, 12. März für America/Chicago\n" in text
    assert "America/New_York" not in text


def test_a_range_in_which_there_is_nothing_to_tell():
    assert told("notices", "--from", "2030-06-20", "--until", "2030-06-25") == "Nothing to tell in this range.\n"


_TEXT = {"type": "string", "minLength": 1}
_INSTANT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
NOTICES = {
    "type": "object",
    "required": ["notices"],
    "additionalProperties": False,
    "properties": {
        "notices": {
            "type": "array",
            "items": {
                "type": "object",
                "required": [
                    "id", "kind", "severity", "due_utc", "expires_utc", "series", "date", "zones", "participants", "title",
                    "text",
                ],
                "additionalProperties": False,
                "properties": {
                    "id": _TEXT,
                    "kind": _TEXT,
                    "severity": {"enum": ["info", "warning", "urgent"]},
                    "due_utc": _INSTANT,
                    "expires_utc": _INSTANT,
                    "at_utc": _INSTANT,
                    "series": {"anyOf": [_TEXT, {"type": "null"}]},
                    "date": {"type": "string", "format": "date"},
                    "zones": {"type": "array", "items": _TEXT},
                    "participants": {"type": "array", "items": _TEXT},
                    "title": _TEXT,
                    "text": _TEXT,
                },
            },
        }
    },
}  # fmt: skip


def test_the_json_of_two_and_a_half_years_keeps_its_shape():
    data = json.loads(told("notices", "--from", "2024-02-14", "--until", "2026-08-12", "--json"))
    Draft202012Validator(NOTICES).validate(data)
    assert len(data["notices"]) > 150
    assert "@" not in json.dumps(data)
    assert [each["due_utc"] for each in data["notices"]] == sorted(each["due_utc"] for each in data["notices"])


def test_a_shift_as_json():
    found = [each for each in json.loads(told("notices", "--json"))["notices"] if each["kind"] == "shift"]
    assert [{key: each[key] for key in each if key not in ("title", "text")} for each in found] == [
        {
            "id": "shift:devel-call:2025-03-09:+60",
            "kind": "shift",
            "severity": "warning",
            "due_utc": "2025-03-05T17:00:00Z",
            "expires_utc": "2025-03-26T18:00:00Z",
            "at_utc": "2025-03-12T17:00:00Z",
            "series": "devel-call",
            "date": "2025-03-12",
            "zones": ["America/Los_Angeles", "America/Chicago", "America/New_York"],
            "participants": ["dionna", "tom", "claudio"],
        }
    ]


def test_what_an_edit_replaced(tmp_path):
    old = tmp_path / "old.toml"
    old.write_text(EXAMPLE.read_text(encoding="utf-8").replace('/svsm"', '/other"'), encoding="utf-8")
    assert "From Wednesday 5 March on the call has a new link: https://meet.example.org/svsm" in " ".join(
        told("notices", "--since", str(old)).split()
    )


TZDATA = ROOT / ".cache/tzdata/2024.2/tzdata/zoneinfo"


@pytest.mark.skipif(not TZDATA.exists(), reason="tzdata 2024.2 is not unpacked: run `make readers`")
def test_a_new_law_is_told_once_to_whom_it_concerns(tmp_path):
    """Paraguay has stayed on summer time since March 2025."""
    path = tmp_path / "calendar.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8").replace("Asia/Tokyo", "America/Asuncion"), encoding="utf-8")
    found = json.loads(told("notices", "--tz-before", str(TZDATA), "--json", calendar=path, now="2025-04-01T00:00Z"))["notices"]
    assert [(each["zones"], each["participants"], each["text"]) for each in found if each["kind"] == "law"] == [
        (
            ["America/Asuncion"],
            ["peter"],
            (
                "The tz database has another law for clocks. From Wednesday 2 April to Wednesday 1 October (26 calls) the call "
                "is at another time for America/Asuncion (13:00 instead of 12:00). Later calls are at other times too."
            ),
        )
    ]


REFUSED = [
    (["notices", "--until", "2025-03-01"], "the range ends on 2025-03-01, before it begins on 2025-03-05"),
    (["notices", "--for", "nobody"], 'no participant "nobody"'),
    (["notices", "--since", "no.toml"], "no.toml: there is no such file"),
    (["notices", "--tz-before", "/nowhere"], "is not a tz database"),
    (["notices", "send", "--dry-run"], "there is no channel for notices (declare a [[notices.channel]])"),
    (["agenda", "2025-03-19"], "the call on 2025-03-19 is cancelled: the next one is on 2025-03-26"),
    (["agenda", "--template", "none.j2"], "none.j2: the agenda's template cannot be read"),
    (["chairs", "--until", "2025-03-01"], "the range ends on 2025-03-01, before it begins on 2025-03-05"),
    (["chairs", "--series", "x"], 'no series "x"'),
]


@pytest.mark.parametrize(("args", "said"), REFUSED, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_what_is_refused(args, said):
    result = run(*args)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


# --- Sending ---

CHANNELS = """
[[notices.channel]]
id = "list"
kind = "mail"
to = "svsm@lists.example.org"
severity = "warning"
"""


@pytest.fixture
def calendar(tmp_path):
    path = tmp_path / "calendar.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8") + CHANNELS, encoding="utf-8")
    return path


WAIT = "2 mails wait: set a mail server (SVSM_CAL_SMTP), or run `svsm-cal worker`\n"


def test_sending_is_safe_to_run_every_hour(calendar):
    assert told("notices", "send", "--dry-run", calendar=calendar).count("would be told") == 2
    assert [path.name for path in calendar.parent.iterdir()] == ["calendar.toml"]
    sent = run("notices", "send", calendar=calendar)
    assert (sent.exit_code, sent.stderr) == (0, WAIT)
    first = sent.stdout
    assert [line.split("  ")[:2] for line in first.splitlines()] == [["list", "in the outbox"]] * 2
    for _ in range(2):
        again = run("notices", "send", calendar=calendar, now="2025-03-05T17:10Z")
        assert (again.exit_code, again.stdout, again.stderr) == (0, "Nothing new to tell.\n", WAIT)
    assert told("notices", "send", "--dry-run", calendar=calendar) == "Nothing new to tell.\n"


def test_what_was_sent_as_json(calendar):
    found = json.loads(run("notices", "send", "--json", calendar=calendar).stdout)
    assert found["problems"] == []
    assert found["told"][1] == {
        "channel": "list",
        "notice": "shift:devel-call:2025-03-09:+60",
        "participant": None,
        "title": "SVSM Development Call: an hour later from Wednesday 12 March for America/Los_Angeles, America/Chicago and "
        "America/New_York",
        "outcome": "queued",
        "detail": "",
    }


def test_a_mail_server_that_is_named_gets_what_waits(calendar):
    class Keeps:
        def __init__(self):
            self.to = []

        async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
            self.to += envelope.rcpt_tos
            return "250 ok"

    keeps = Keeps()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(keeps, hostname="127.0.0.1", port=port)
    server.start()
    try:
        url = f"smtp://127.0.0.1:{port}?security=none"
        for said in ("2 mails sent\n", "0 mails sent\n"):
            result = run("notices", "send", "--smtp", url, calendar=calendar)
            assert (result.exit_code, result.stderr) == (0, said)
    finally:
        server.stop()
    assert keeps.to == ["svsm@lists.example.org"] * 2


def test_the_queue_is_for_a_worker(calendar):
    result = run("notices", "send", "--queue", calendar=calendar)
    assert result.exit_code == 1
    assert "workers need a store in PostgreSQL" in result.stderr


@pytest.mark.parametrize("dry", [[], ["--dry-run"]], ids=["", "dry run"])
def test_a_channel_that_is_not_set_up_stops_no_other(calendar, dry):
    calendar.write_text(calendar.read_text() + '\n[[notices.channel]]\nid = "chat"\nkind = "slack"\nurl_env = "UNSET"\n')
    result = run("notices", "send", *dry, calendar=calendar)
    assert result.exit_code == 1
    assert result.stdout.count("would be told" if dry else "in the outbox") >= 2
    assert result.stderr.startswith('svsm-cal: channel "chat": the environment variable UNSET is not set\n')


def test_a_chat_that_cannot_be_reached_makes_the_run_fail_and_is_tried_again(calendar):
    text = CHANNELS.replace('"mail"', '"slack"').replace('to = "svsm@lists.example.org"', 'url_env = "CHAT"')
    calendar.write_text(EXAMPLE.read_text(encoding="utf-8") + text, encoding="utf-8")
    for _ in range(2):
        result = run("notices", "send", calendar=calendar, env={"CHAT": "http://127.0.0.1:9/canary"})
        assert result.exit_code == 1
        assert result.stdout.count("not sent, to be tried again") == 2
        assert "canary" not in result.output


# --- Chairs and agendas ---


def test_the_plan_of_chairs(tmp_path):
    text = EXAMPLE.read_text(encoding="utf-8").replace('chair = "joerg"', 'chair = ["joerg", "stefano"]')
    path = tmp_path / "calendar.toml"
    path.write_text(
        text.replace('name = "Joerg Roedel"', 'name = "Joerg Roedel"\naway = [{ from = 2025-04-01, to = 2025-04-03 }]')
    )
    assert told("chairs", "--until", "2025-04-09", calendar=path) == (
        "Wed 5 March 2025   Stefano Garzarella\n"
        "Wed 12 March 2025  Joerg Roedel\n"
        "Wed 19 March 2025  -                   cancelled\n"
        "Wed 26 March 2025  Joerg Roedel\n"
        "Wed 2 April 2025   Stefano Garzarella\n"
        "Wed 9 April 2025   Joerg Roedel\n"
        "\n"
        "Joerg Roedel        3 calls\n"
        "Stefano Garzarella  2 calls\n"
    )
    found = json.loads(told("chairs", "--until", "2025-03-12", "--json", calendar=path))
    assert found == {
        "calls": [
            {
                "series": "devel-call",
                "date": day,
                "start_utc": f"{day}T17:00:00Z",
                "status": "confirmed",
                "chair": who,
                "turn": who,
            }
            for day, who in (("2025-03-05", "stefano"), ("2025-03-12", "joerg"))
        ],
        "chairs": [{"id": "joerg", "calls": 1}, {"id": "stefano", "calls": 1}],
    }


def test_the_plan_of_chairs_when_all_or_none_are_named(tmp_path):
    path = tmp_path / "calendar.toml"
    text = EXAMPLE.read_text(encoding="utf-8")
    path.write_text(text.replace('chair = "joerg"\n', ""))
    assert told("chairs", "--until", "2025-03-05", calendar=path) == "Wed 5 March 2025  nobody is named\n"
    text = text.replace('chair = "joerg"', 'chair = ["joerg", "stefano"]')
    for name in ("Joerg Roedel", "Stefano Garzarella"):
        text = text.replace(f'name = "{name}"', f'name = "{name}"\naway = [{{ from = 2025-03-01, to = 2025-03-31 }}]')
    path.write_text(text)
    assert told("chairs", "--until", "2025-03-05", calendar=path) == (
        "Wed 5 March 2025  nobody: all are away  the turn of Stefano Garzarella\n"
        "\n"
        "Joerg Roedel        0 calls\n"
        "Stefano Garzarella  0 calls\n"
    )


def test_an_agenda_in_german():
    assert told("agenda", "2025-03-12", "--lang", "de").startswith("# Protokoll: SVSM Development Call (12. März 2025)\n")
