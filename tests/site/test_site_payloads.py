"""Script in any field of a calendar runs nowhere: each payload in every field, on every page, in a real browser.

The pages' policy is switched off for it, so that what is tested is the escaping alone; and once more with the policy.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import svsm_cal
from svsm_cal.app.publish import site
from svsm_cal.value import Value, fields_of

from .browser import CHROMIUM, chromium, reader, served

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (sh tests/servers/setup.sh .cache)")

NOW = "2025-03-05T12:00:00+00:00"
PAGES = [f"{folder}{page}index.html" for folder in ("", "de/") for page in ("", "next/", "embed/")]
LINK = "https://example.org/PLACE"
# Every text of the file is TEXT-<where>, every link LINK; both are put in place once the file is read.
CALENDAR = f"""\
[calendar]
id = "evil"
name = "TEXT-name"
description = "TEXT-description"
domain = "calendar.example.org"
zone = "Europe/Berlin"
url = "{LINK}"
organizer = {{ name = "TEXT-organizer", email = "calendar@example.org" }}

[[series]]
id = "one"
title = "TEXT-title"
start = 2025-01-08T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=WE"
url = "{LINK}"
minutes = "{LINK}/{{date}}"
location = "TEXT-location"
description = "TEXT-series"
chair = "joerg"
attendees = ["joerg", "claudio"]
cancel = [{{ date = 2025-03-05, reason = "TEXT-cancel" }}, {{ date = 2025-02-26, reason = "TEXT-cancelled" }}]
change = [{{ date = 2025-03-26, reason = "TEXT-change", title = "TEXT-changed" }}]
add = [{{ start = 2025-03-21T17:00:00, reason = "TEXT-add", title = "TEXT-added" }}]
from = [{{ date = 2025-04-02, title = "TEXT-from", url = "{LINK}" }}]

[[series.move]]
date = 2025-03-12
to = 2025-03-13T18:00:00
reason = "TEXT-move"
title = "TEXT-moved"
location = "TEXT-place"

[[series]]
id = "two"
title = "TEXT-second"
start = 2025-01-09T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=TH"

[[participant]]
id = "joerg"
name = "TEXT-chair"
zone = "Europe/Berlin"

[[participant]]
id = "claudio"
name = "TEXT-person"
zone = "America/New_York"

[[deadline]]
id = "proposals"
title = "TEXT-deadline"
date = 2025-03-11
url = "{LINK}"

[[release]]
id = "qemu"
title = "TEXT-release"
url = "{LINK}"
milestones = [{{ id = "freeze", title = "TEXT-milestone", date = 2025-03-11, actual = 2025-03-12 }}]

[[event]]
id = "conference"
title = "TEXT-event"
start = 2025-12-11
url = "{LINK}"
"""
TEXTS = {
    "element": "<img src=x onerror=\"hit('@')\">",
    "script": "<script>hit('@')</script>",
    "out of a block of data": "</script><script>hit('@')</script>",
    "out of an attribute": "\" onmouseover=hit('@') autofocus onfocus=hit('@') x=\"' onmouseover=hit('@') '",
    "out of a picture": "</title></desc></text></svg><svg onload=hit('@')>",
    "out of a comment": "--><svg/onload=hit('@')><!--",
    "template": "{{ ''.__class__.__mro__ }}{% raw %}${hit('@')}",
    "already escaped": "&lt;img src=x onerror=hit('@')&gt;&#x3c;script&#x3e;hit('@')",
}
LINKS = {
    "javascript": "javascript:hit('@')",
    "mixed case": "JaVaScRiPt:hit('@')",
    "space before": " javascript:hit('@')",
    "data": "data:text/html,<script>opener.hit('@')</script>",
    "out of an attribute": "https://example.org/\" onmouseover=\"hit('@')",
    "vbscript": "vbscript:hit('@')",
}
CASES = [(name, text, LINK) for name, text in TEXTS.items()]
CASES += [(f"link: {name}", "TEXT", link) for name, link in LINKS.items()]
TAGS = "[...new Set([...document.querySelectorAll('*')].map((each) => each.localName))]"
ATTRIBUTES = "[...document.querySelectorAll('*')].flatMap((each) => each.getAttributeNames())"
LOCATIONS = "[...document.querySelectorAll('[href], [src]')].map((each) => each.href || each.src || '')"


def poisoned(value, text, link):
    """Return a value with all its texts and links replaced, however deep they are."""
    if isinstance(value, str):
        if value.startswith("TEXT-"):
            return text.replace("@", value)
        return value.replace(LINK, link) if LINK in value else value
    if isinstance(value, tuple):
        found = tuple(poisoned(each, text, link) for each in value)
        return found if any(new is not old for new, old in zip(found, value, strict=True)) else value
    if isinstance(value, Value):
        found = {name: poisoned(getattr(value, name), text, link) for name in fields_of(value)}
        return type(value)(**found) if any(found[name] is not getattr(value, name) for name in found) else value
    return value


@pytest.fixture(scope="module")
def calendar():
    return svsm_cal.loads(CALENDAR)


@pytest.fixture(scope="module")
def sites(tmp_path_factory, calendar):
    root = tmp_path_factory.mktemp("payloads")
    for number, (_, text, link) in enumerate(CASES):
        for name, data in site(poisoned(calendar, text, link), now=datetime(2025, 3, 5, 12, tzinfo=UTC)).items():
            path = root / str(number) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    with served(root) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.mark.parametrize("policy", [False, True], ids=["escaping alone", "with the policy"])
def test_no_payload_runs(sites, browser, policy):
    page = reader(browser, zone="America/New_York", now=NOW, bypass_csp=not policy)
    page.add_init_script("window.hits = []; window.hit = (where) => { window.hits.push(where) }")
    dialogs, asked = [], []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    for number, (name, _, _) in enumerate(CASES):
        for place in PAGES if not policy else PAGES[:1]:
            page.goto(f"{sites}{number}/{place}#tz=Asia/Tokyo")
            assert page.locator("[data-card=clock]").count() == 1, (name, place)
            page.evaluate("for (const each of document.querySelectorAll('*')) each.dispatchEvent(new Event('mouseover'))")
            strange = [
                each for each in page.evaluate(LOCATIONS) if each and not each.startswith((sites, "https://", "webcal://"))
            ]
            assert strange == [], (name, place)
            assert not {"img", "iframe", "object", "form", "style", "base"} & set(page.evaluate(TAGS)), (name, place)
            assert page.locator("script").count() == 2, (name, place)
            strange = [each for each in page.evaluate(ATTRIBUTES) if each == "style" or each.startswith("on")]
            assert strange == [], (name, place)
            assert page.evaluate("window.hits") == [], (name, place)
    assert dialogs == []
    assert [each for each in asked if not each.startswith(sites)] == []
    page.context.close()


def test_every_text_is_shown_as_text(calendar):
    """The test above means something: what is put into the fields is in the pages."""
    files = site(poisoned(calendar, "@", LINK), now=datetime(2025, 3, 5, 12, tzinfo=UTC))
    shown = files["index.html"].decode() + files["changes.atom"].decode()
    wanted = {line.split("TEXT-")[1].split('"')[0] for line in CALENDAR.replace(", ", "\n").splitlines() if "TEXT-" in line}
    # Descriptions of calls, senders and those who do not chair are in no page.
    assert {each for each in wanted if f"TEXT-{each}" not in shown} == {"series", "organizer", "person"}
