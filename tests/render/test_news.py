"""News: what is an entry, under which id, and when it is dated; and the Atom feed of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import svsm_cal
from svsm_cal.app.publish import publish, site
from svsm_cal.value import replace

EXAMPLE = (Path(__file__).parents[2] / "examples/svsm/calendar.toml").read_text(encoding="utf-8")
CANCELLED = EXAMPLE.replace("cancel = [", 'cancel = [\n  { date = 2025-04-16, reason = "a test" },', 1)
OTHERWISE = CANCELLED.replace('"a test"', '"another reason"')
NOW = datetime(2025, 3, 5, 17, tzinfo=UTC)
DAY = timedelta(days=1)
ATOM = "{http://www.w3.org/2005/Atom}"


def entries(data):
    """Return a feed's entries: text -> (urn, updated)."""
    feed = ET.fromstring(data)
    assert feed.tag == f"{ATOM}feed"
    found = {}
    for entry in feed.iter(f"{ATOM}entry"):
        assert entry.findtext(f"{ATOM}content") == entry.findtext(f"{ATOM}title")
        found[entry.findtext(f"{ATOM}title")] = (entry.findtext(f"{ATOM}id"), entry.findtext(f"{ATOM}updated"))
    assert feed.findtext(f"{ATOM}updated") == max((updated for _, updated in found.values()), default="1970-01-01T00:00:00Z")
    return found


def put(out, text, now):
    publish(svsm_cal.loads(text), str(out), now=now)
    return entries((out / "changes.atom").read_bytes())


def test_news_follows_from_the_calendar():
    files = site(svsm_cal.loads(EXAMPLE), now=NOW)
    english, german = (entries(files[name]) for name in ("changes.atom", "de/changes.atom"))
    assert set(english) == {
        "SVSM Development Call: New York: an hour later than usual, 12\u201326 March",
        "SVSM Development Call: Chicago: an hour later than usual, 12\u201326 March",
        "SVSM Development Call: Los Angeles: an hour later than usual, 12\u201326 March",
        "SVSM Development Call: Wed 19 March 2025, 18:00 Europe/Berlin: no call",
        "SVSM Development Call: Wed 23 April 2025, 18:00 Europe/Berlin: no call: vacation",
        "QEMU 10.0 rc1: Wed 26 March 2025, planned for Tue 25 March 2025",
        "QEMU 10.0 rc3: Wed 9 April 2025, planned for Tue 8 April 2025",
    }
    assert "SVSM Development Call: Mi, 23. April 2025, 18:00 Europe/Berlin: kein Treffen: vacation" in german
    assert {urn for urn, _ in german.values()} == {urn for urn, _ in english.values()}
    assert len({urn for urn, _ in english.values()}) == len(english)
    # An entry is dated when it came into view, eight weeks before what it is about.
    assert (
        english["SVSM Development Call: Wed 23 April 2025, 18:00 Europe/Berlin: no call: vacation"][1] == "2025-02-26T16:00:00Z"
    )


@pytest.mark.slow
@pytest.mark.parametrize("days", [0.5, 1, 6])
def test_ids_and_dates_stay_while_nothing_changes(tmp_path, days):
    before = put(tmp_path / "site", EXAMPLE, NOW)
    after = put(tmp_path / "site", EXAMPLE, NOW + days * DAY)
    assert {text: after[text] for text in before if text in after} == {text: row for text, row in before.items() if text in after}
    assert after == entries(site(svsm_cal.loads(EXAMPLE), now=NOW + days * DAY)["changes.atom"])


def test_what_is_cancelled_late_is_news_of_that_day_and_so_is_that_it_takes_place_after_all(tmp_path):
    out = tmp_path / "site"
    start = put(out, EXAMPLE, NOW)
    cancelled = "SVSM Development Call: Wed 16 April 2025, 18:00 Europe/Berlin: no call: a test"
    after = put(out, CANCELLED, NOW + DAY)
    assert set(after) - set(start) == {cancelled}
    urn, updated = after[cancelled]
    assert updated == "2025-03-06T17:00:00Z"
    assert put(out, CANCELLED, NOW + 2 * DAY)[cancelled] == (urn, updated)
    other = cancelled.replace("a test", "another reason")
    assert put(out, OTHERWISE, NOW + 3 * DAY)[other] == (urn, "2025-03-08T17:00:00Z")
    held = "SVSM Development Call: Wed 16 April 2025, 18:00 Europe/Berlin: the call takes place after all"
    assert put(out, EXAMPLE, NOW + 4 * DAY)[held] == (urn, "2025-03-09T17:00:00Z")
    assert put(out, EXAMPLE, NOW + 5 * DAY)[held] == (urn, "2025-03-09T17:00:00Z")
    assert put(out, CANCELLED, NOW + 6 * DAY)[cancelled] == (urn, "2025-03-11T17:00:00Z")
    assert held not in put(out, EXAMPLE, datetime(2025, 6, 1, tzinfo=UTC))


RECORDS = ["nothing", [1, None, {"id": "x"}, {"id": "x", "updated_utc": "soon", "about_utc": 3}], {"a": 1}, None]


@pytest.mark.slow
@pytest.mark.parametrize("changes", RECORDS)
def test_records_that_are_none_are_no_news(tmp_path, changes):
    import json

    out = tmp_path / "site"
    expected = put(out, EXAMPLE, NOW)
    data = json.loads((out / "calendar.json").read_text(encoding="utf-8"))
    data["changes"] = changes
    (out / "calendar.json").write_text(json.dumps(data), encoding="utf-8")
    assert set(put(out, EXAMPLE, NOW + DAY)) == set(expected)


def test_what_xml_cannot_hold_is_left_out():
    calendar = svsm_cal.loads(EXAMPLE)
    odd = replace(calendar, name="a\x00b\x1b[31m<&\ufffe", url=None)
    feed = ET.fromstring(site(odd, now=NOW)["changes.atom"])
    assert feed.findtext(f"{ATOM}title") == "a b [31m<& : Changes"
