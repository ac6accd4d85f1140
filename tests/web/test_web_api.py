"""The API gives what the command line gives, and says what to write instead of what it does not take."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from svsm_cal.cli import command

from .running import EXAMPLE, NOW, process

SAME = {
    "/api/next": ("next",),
    "/api/next?n=20": ("next", "-n", "20"),
    "/api/next?n=3&tz=America/New_York": ("next", "-n", "3", "--tz", "America/New_York"),
    "/api/next?tz=Asia%2FKolkata": ("next", "--tz", "Asia/Kolkata"),
    "/api/next?for=dionna&series=devel-call": ("next", "--for", "dionna", "--series", "devel-call"),
    "/api/when?date=2025-03-12": ("when", "2025-03-12"),
    "/api/when?date=2025-03-12&tz=Australia/Lord_Howe": ("when", "2025-03-12", "--tz", "Australia/Lord_Howe"),
    "/api/shifts": ("shifts",),
    "/api/shifts?from=2025-01-01&until=2025-12-31&for=dionna": (
        "shifts", "--from", "2025-01-01", "--until", "2025-12-31", "--for", "dionna",
    ),
    "/api/shifts?tz=Africa/Cairo": ("shifts", "--tz", "Africa/Cairo"),
    "/api/deadlines": ("deadlines",),
    "/api/deadlines?within=4w": ("deadlines", "--within", "4w"),
    "/api/deadlines?all=true": ("deadlines", "--all"),
}  # fmt: skip

# Query -> what is wrong, and what to write.
WRONG = {
    "/api/next?n=0": ('n: "0" is not allowed', "write a number from 1 to 100"),
    "/api/next?n=101": ('n: "101" is not allowed', "write a number from 1 to 100"),
    "/api/next?n=%D9%A1": ('n: "\u0661" is not allowed', "write a number from 1 to 100"),
    "/api/next?n=": ('n: "" is not allowed', "write a number from 1 to 100"),
    "/api/next?n=1&n=1": ('the parameter "n" stands twice', "write it once"),
    "/api/next?number=1": ('no parameter "number"', "write n, tz, for, series"),
    "/api/next?n=1;DROP": ('n: "1;DROP" is not allowed', "write a number from 1 to 100"),
    "/api/next?n=%ff": ("a value is not UTF-8", "write it in UTF-8"),
    "/api/next?n=%00": ("a value has a control character", "write plain text"),
    "/api/next?tz=Europe/Berlin&for=dionna": ("tz and for exclude each other", "keep one of them"),
    "/api/next?tz=IST": ("tz: ", "Asia/Kolkata"),
    "/api/next?tz=../../etc/passwd": ("tz: ", ""),
    "/api/next?for=nobody": ('no participant "nobody"', "there are "),
    "/api/next?series=nothing": ('no series "nothing"', "there are devel-call"),
    "/api/when": ('the parameter "date" is missing', "write a date from 1900 to 2200 as 2025-03-12"),
    "/api/when?date=2025-02-30": ('date: "2025-02-30" is not allowed', "write a date from 1900 to 2200 as 2025-03-12"),
    "/api/when?date=9999-01-01": ('date: "9999-01-01" is not allowed', "write a date from 1900 to 2200 as 2025-03-12"),
    "/api/shifts?from=2025-03-01&until=2025-02-01": ("the range ends on 2025-02-01", "write from before until"),
    "/api/shifts?from=2025-01-01&until=2040-01-01": ("the range is longer than five years", "write until=2030-01-02 or before"),
    "/api/occurrences?until=2200-12-31": ("the range is longer than five years", "write until=2030-03-06 or before"),
    "/api/deadlines?within=soon": ('within: "soon" is not allowed', "write a length up to ten years as 4w, 10d or 36h"),
    "/api/deadlines?within=99999w": ('within: "99999w" is not allowed', "write a length up to ten years as 4w, 10d or 36h"),
    "/api/deadlines?all=yes": ('all: "yes" is not allowed', "write true or false"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with process(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def document(server):
    return json.loads(server.ask("/api/openapi.json").body)


def checked(document, reply, path):
    """Return an answer's record, which is as the document has it."""
    listed = document["paths"][path.partition("?")[0]]["get"]["responses"]
    assert str(reply.status) in listed
    schema = listed[str(reply.status)]["content"]["application/json"]["schema"]
    record = json.loads(reply.body)
    Draft202012Validator({**schema, "components": document["components"]}).validate(record)
    return record


@pytest.mark.parametrize("path", SAME)
def test_the_api_says_what_the_command_line_says(server, document, path):
    words = ["-c", str(EXAMPLE), "--now", NOW, *SAME[path], "--json"]
    done = CliRunner().invoke(command, words, prog_name="svsm-cal", catch_exceptions=False)
    reply = server.ask(path)
    assert reply.body.decode() == done.stdout
    checked(document, reply, path)


def test_occurrences_are_those_of_a_range_of_anchor_dates_with_both_ends(server, document):
    path = "/api/occurrences?from=2025-01-01&until=2025-01-29"
    found = checked(document, server.ask(path), path)["occurrences"]
    days = ["2025-01-01", "2025-01-08", "2025-01-15", "2025-01-22", "2025-01-29"]
    assert [each["recurrence_id"][:10] for each in found if each["recurrence_id"][:10] in days] == [
        each["recurrence_id"][:10] for each in found
    ]
    assert {each["recurrence_id"][:10]: each["status"] for each in found}["2025-01-22"] == "cancelled"


@pytest.mark.parametrize("path", WRONG)
def test_what_cannot_be_answered_is_told_with_what_to_write(server, document, path):
    reply = server.ask(path)
    record = checked(document, reply, path)
    error, hint = WRONG[path]
    assert reply.status == 400
    assert record["error"].startswith(error)
    assert hint in record["hint"]


def test_two_calls_on_a_day_are_told_apart_by_their_series(tmp_path):
    text = EXAMPLE.read_text().replace(
        "[[participant]]",
        '[[series]]\nid = "other"\ntitle = "Other"\nstart = 2025-01-01T09:00:00\nduration = "1h"\nrepeat = "every Wednesday"\n\n'
        "[[participant]]",
        1,
    )
    (tmp_path / "calendar.toml").write_text(text)
    with process(tmp_path, calendar=tmp_path / "calendar.toml") as running:
        reply = running.ask("/api/when?date=2025-03-12")
        assert (reply.status, json.loads(reply.body)["hint"]) == (400, "choose with series=other or series=devel-call")
        assert running.ask("/api/when?date=2025-03-12&series=other").status == 200


def test_the_document_is_openapi(document):
    assert document["openapi"] == "3.1.0"
    assert sorted(document["paths"]) == [
        "/api/deadlines", "/api/next", "/api/occurrences", "/api/shifts", "/api/when", "/health",
    ]  # fmt: skip
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
