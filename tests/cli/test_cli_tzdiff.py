"""`svsm-cal tzdiff`, and publications made with another tz database: Mexico gave up summer time with release 2022f."""

import json
import threading
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import icalendar
import pytest

import svsm_cal
from svsm_cal.app import publish, tzdiff
from svsm_cal.engine import tzdb, zones
from svsm_cal.engine.tzdb import TzDatabase, tz_database
from tests.support import run

CACHE = Path(__file__).resolve().parents[2] / ".cache/tzdata"
OLD, NEW = (str(CACHE / release / "tzdata/zoneinfo") for release in ("2022.5", "2022.6"))
unpacked = pytest.mark.skipif(
    not (Path(OLD).is_dir() and Path(NEW).is_dir()), reason="tzdata 2022.5 and 2022.6 are not unpacked: run `make readers`"
)
CALENDAR = """
[calendar]
id = "c"
name = "C"
domain = "c.example.org"
zone = "America/Mexico_City"

[[series]]
id = "mexican"
title = "Call"
start = 2022-06-01T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=WE"
attendees = ["joerg", "claudio"]

[[series]]
id = "european"
title = "Other"
zone = "Europe/Berlin"
start = 2022-06-02T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=TH"
attendees = ["joerg", "claudio"]

[[participant]]
id = "joerg"
name = "Joerg Roedel"
zone = "Europe/Berlin"
email = "canary@example.org"

[[participant]]
id = "claudio"
name = "Claudio Carvalho"
zone = "America/Mexico_City"

[[deadline]]
id = "noon"
title = "Noon"
at = 2023-05-05T12:00:00

[[deadline]]
id = "anywhere"
title = "Anywhere"
date = 2023-05-05
"""


@pytest.fixture
def calendar(tmp_path, monkeypatch):
    path = tmp_path / "calendar.toml"
    path.write_text(CALENDAR)
    monkeypatch.chdir(tmp_path)
    return path


law = partial(run, calendar=None, now="2022-10-01T00:00Z")


@unpacked
def test_what_a_law_changes_and_for_whom(calendar):
    result = law("tzdiff", OLD, NEW, "--from", "2023-01-01", "--until", "2023-12-31")
    assert result.exit_code == 0
    assert result.output == (
        f"From {OLD} (2022e) to {NEW} (2022f):\n"
        "  Call, America/Mexico_City (Claudio Carvalho): Wed 5 April 2023 to Wed 25 October 2023, 30 calls: "
        "still 18:00, at another instant\n"
        "  Call, Europe/Berlin (Joerg Roedel): Wed 5 April 2023 to Wed 25 October 2023, 30 calls: 02:00 instead of 01:00\n"
        "  Other, America/Mexico_City (Claudio Carvalho): Thu 6 April 2023 to Thu 26 October 2023, 30 calls: "
        "10:00 instead of 11:00\n"
        "  Noon: over at 2023-05-05T18:00:00Z instead of 2023-05-05T17:00:00Z\n"
    )
    assert "canary" not in result.output


@unpacked
def test_as_json(calendar):
    found = json.loads(law("tzdiff", OLD, NEW, "--until", "2023-12-31", "--json").output)
    assert set(found) == {"old", "new", "calls", "deadlines"}
    assert [(each["series"], each["zone"], each["first"], each["calls"], each["moved"]) for each in found["calls"]] == [
        ("mexican", "America/Mexico_City", "2023-04-05", 30, True),
        ("mexican", "Europe/Berlin", "2023-04-05", 30, True),
        ("european", "America/Mexico_City", "2023-04-06", 30, False),
    ]
    assert found["calls"][2]["before"] == "2023-04-06T11:00:00"
    assert found["calls"][2]["after"] == "2023-04-06T10:00:00"
    assert found["deadlines"] == [{"id": "noon", "before_utc": "2023-05-05T17:00:00Z", "after_utc": "2023-05-05T18:00:00Z"}]


@unpacked
def test_nothing_changes(calendar):
    result = law("tzdiff", NEW, NEW)
    assert result.output == f"From {NEW} (2022f) to {NEW} (2022f), nothing changes.\n"


@pytest.mark.parametrize("name", ["/nowhere", "calendar.toml", "."])
def test_invalid_tz_databases(calendar, name, monkeypatch):
    monkeypatch.chdir(calendar.parent)
    result = law("tzdiff", name)
    assert result.exit_code != 0
    assert "is not a tz database, a published folder or a feed (or give: installed, or published)" in result.output


@unpacked
def test_published_is_what_stands_at_the_calendars_address(calendar, tmp_path, monkeypatch):
    out = tmp_path / "site"
    use(monkeypatch, OLD)
    assert law("build", out).exit_code == 0
    use(monkeypatch, NEW)
    assert "is not known" in law("tzdiff", "published").output
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(out)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        calendar.write_text(CALENDAR.replace('name = "C"', f'name = "C"\nurl = "{address}/"'))
        for named in ("published", f"{address}/calendar.ics"):
            found = law("tzdiff", named, "--until", "2023-12-31").output
            assert found.startswith(f"From {address}/calendar.ics to installed (2022f):\n")
            assert "30 calls: 02:00 instead of 01:00" in found
        assert "not found on the server" in law("tzdiff", f"{address}/nothing.ics").output
    finally:
        server.shutdown()
        server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def use(monkeypatch, folder):
    """Let everything take another tz database for the installed one."""
    database = TzDatabase(folder)
    for module in (tzdb, zones, tzdiff, publish):
        monkeypatch.setattr(module, "tz_database", lambda: database)


def revisions(path):
    events = icalendar.Calendar.from_ical(path.read_bytes()).walk("VEVENT")
    return {event["UID"].partition("@")[0]: event["SEQUENCE"] for event in events}


@unpacked
def test_a_publication_follows_a_law_once(calendar, tmp_path, monkeypatch):
    out = tmp_path / "site"
    use(monkeypatch, OLD)
    assert law("build", out).exit_code == 0
    assert revisions(out / "calendar.ics") == {"mexican": 0, "european": 0}
    # What was published, by the installed tz database.
    use(monkeypatch, NEW)
    told = law("tzdiff", out, "installed", "--until", "2023-12-31").output
    assert "Wed 5 April 2023 to Wed 25 October 2023, 30 calls: 02:00 instead of 01:00" in told
    result = law("build", out, now="2022-11-01T00:00Z")
    assert result.exit_code == 0
    assert "warning: published before with tz database 2022e, now with 2022f: calls moved: mexican@c.example.org" in result.stderr
    # Exactly what has moved, and once.
    assert revisions(out / "calendar.ics") == {"mexican": 1, "european": 0}
    before = (out / "calendar.ics").read_bytes()
    result = law("build", out, now="2022-12-01T00:00Z")
    assert "warning" not in result.stderr
    assert (out / "calendar.ics").read_bytes() == before
    # Its VTIMEZONE is that of the new tz database.
    stream = icalendar.Calendar.from_ical(before)
    (mexico,) = [each for each in stream.walk("VTIMEZONE") if each["TZID"] == "America/Mexico_City"]
    assert not [each for each in mexico.walk("DAYLIGHT") if "UNTIL" not in str(each.get("RRULE", "UNTIL"))]


@unpacked
def test_the_installed_law_is_the_newest(calendar):
    assert f"installed ({tz_database().version})" in law("tzdiff", OLD, "--until", "2023-12-31").output
    assert svsm_cal.loads(CALENDAR).deadlines[0].due_utc == datetime(2023, 5, 5, 18, tzinfo=UTC)


@unpacked
@pytest.mark.parametrize(
    ("now", "age", "old"),
    [("2023-01-10T00:00Z", "2w", False), ("2023-01-20T00:00Z", "2w", True), ("2022-03-01T00:00Z", "1d", False)],
)
def test_an_old_database_is_warned_of(calendar, monkeypatch, now, age, old):
    use(monkeypatch, NEW)  # of 2022
    result = law("check", "--tz-age", age, now=now)
    assert result.exit_code == 0
    assert ("warning: the tz database is 2022f: zones may have new rules since" in result.output) is old
    assert law("check", "--strict", "--tz-age", age, now=now).exit_code == int(old)
    assert "tz database" not in law("check", now=now).output
