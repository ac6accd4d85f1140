"""The site in a real browser: what people in six zones see, with and without a script, by eye, keyboard and screen reader."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

import svsm_cal
from svsm_cal.app.publish import site
from tests.support import EXAMPLE, ROOT, run

from .browser import CHROMIUM, chromium, reader, served

AXE = ROOT / ".cache/site/node_modules/axe-core/axe.min.js"
ZONES = ["America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Sydney", "Australia/Lord_Howe", "UTC"]
# In a week of mismatch, the week before a cancelled call, across the return, and in the southern hemisphere's odd weeks.
MOMENTS = ["2025-03-05T19:00:00Z", "2025-03-12T19:00:00Z", "2025-03-27T00:00:00Z", "2025-10-02T00:00:00Z", "2025-10-23T00:00:00Z"]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (sh tests/servers/setup.sh .cache)")


def write(folder, calendar, now, **options):
    for name, data in site(calendar, now=datetime.fromisoformat(now), **options).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def example():
    return svsm_cal.load(EXAMPLE)


@pytest.fixture(scope="module")
def published(tmp_path_factory, example):
    """Serve the example's site at each of the moments: moment -> address."""
    root = tmp_path_factory.mktemp("site")
    for number, moment in enumerate(MOMENTS):
        write(root / str(number), example, moment)
    with served(root) as address:
        yield {moment: f"{address}{number}/" for number, moment in enumerate(MOMENTS)}


@pytest.fixture
def look(browser):
    """Return what opens a page for somebody, and fails the test for whatever its console says or asks of others."""
    contexts, trouble = [], []

    def open_page(address, *, zone="Europe/Berlin", now=MOMENTS[0], **options):
        page = reader(browser, zone=zone, now=now, **options)
        contexts.append(page.context)
        origin = address.split("/", 3)[:3]
        page.on("console", lambda message: trouble.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda request: trouble.append(request.url) if request.url.split("/", 3)[:3] != origin else None)
        page.on("response", lambda answer: trouble.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []


def told(moment, zone, n=10):
    """Return what `svsm-cal next --tz` says."""
    return json.loads(run("next", "--tz", zone, "-n", n, "--json", now=moment).stdout)["occurrences"]


def minutes_of(text):
    """Return by how many minutes a notice says a call is off."""
    found = re.search(r"(?:(an hour)|(?:(\d+) hours? ?)?(?:(\d+) minutes)?) (later|earlier)", text, re.IGNORECASE)
    if found is None:
        return 0
    size = 60 if found[1] else 60 * int(found[2] or 0) + int(found[3] or 0)
    return size if found[4].lower() == "later" else -size


def assert_shown_as_told(page, moment, zone):
    expected = told(moment, zone)
    script = "rows => rows.map(row => [...row.querySelectorAll('td')].map(cell => cell.textContent.trim()))"
    shown = page.locator("tr[data-call]").evaluate_all(script)
    assert len(shown) == len(expected)
    for (day, clock, note), call in zip(shown, expected, strict=True):
        local = datetime.fromisoformat(call["local"]["start"])
        assert (day, clock) == (f"{local:%a} {local.day} {local:%B}", f"{local:%H:%M}")
        assert ("Cancelled" in note) == (call["status"] == "cancelled")
        assert (call["reason"] or "") in note
        if call["status"] != "cancelled":
            assert minutes_of(note) == call["local"]["change_minutes"], (moment, zone, note)
    following = next(each for each in expected if each["status"] != "cancelled")
    local = datetime.fromisoformat(following["local"]["start"])
    card = {each: page.locator(f"[data-card={each}]").text_content() for each in ("clock", "day", "zone", "shift")}
    assert (card["clock"], card["day"]) == (f"{local:%H:%M}", f"{local:%A} {local.day} {local:%B %Y}")
    assert zone.replace("_", " ") in card["zone"]
    assert minutes_of(card["shift"]) == following["local"]["change_minutes"]


@pytest.mark.parametrize("zone", ZONES)
def test_shown_times_are_those_of_the_command(published, look, zone):
    moments = MOMENTS if zone == "Australia/Sydney" else MOMENTS[:2]
    page = look(published[moments[0]], zone=zone, now=moments[0])
    assert_shown_as_told(page, moments[0], zone)
    for moment in moments[1:]:
        page.clock.set_fixed_time(datetime.fromisoformat(moment))
        page.goto(published[moment])
        assert_shown_as_told(page, moment, zone)


@pytest.mark.soak
@pytest.mark.parametrize("zone", [*ZONES, "Africa/Casablanca", "America/Santiago", "Pacific/Chatham", "Asia/Tehran"])
def test_shown_times_are_those_of_the_command_every_week(tmp_path, example, look, zone):
    page = None
    with served(tmp_path) as address:
        for week in range(80):
            now = datetime(2025, 1, 1, 20, tzinfo=UTC) + timedelta(weeks=week)
            write(tmp_path / str(week), example, now.isoformat())
            page = page or look(f"{address}{week}/", zone=zone, now=now.isoformat())
            page.clock.set_fixed_time(now)
            page.goto(f"{address}{week}/")
            assert_shown_as_told(page, now.isoformat().replace("+00:00", "Z"), zone)


def test_a_call_that_moves_on_is_followed_by_the_next(published, look):
    """The page was written before the call; somebody looks at it afterwards."""
    address = published[MOMENTS[0]]
    page = look(address, zone="America/New_York", now="2025-03-12T18:00:01Z")
    assert page.locator("[data-card=day]").inner_text() == "Wednesday 26 March 2025"
    assert page.locator("[data-card=gone]").inner_text() == "No call on Wed 19 March"
    assert page.locator("[data-card=shift]").text_content() == "an hour later than usual, for the last time"
    assert page.locator("[data-card=left]").inner_text() == "in 1 week 6 days"
    row = page.locator("tr[data-row]")
    tokyo, chicago = (" ".join(row.filter(has_text=city).inner_text().split()) for city in ("Tokyo", "Chicago"))
    assert tokyo == "Asia/Tokyo 02:00 Thu 27 March UTC+09:00"
    assert chicago == "America/Chicago 12:00 Wed 26 March an hour later than usual, for the last time UTC-05:00"
    assert [row.is_visible() for row in page.locator("tr[data-call]").all()][:2] == [False, True]
    page = look(address, now="2025-03-12T17:30:00Z")
    assert page.locator("[data-card=left]").inner_text() == "on now"
    page = look(address, now="2027-03-12T17:30:00Z")
    assert page.locator("[data-card=title]").inner_text() == "There are no more calls."
    assert not page.locator("[data-card=url]").is_visible()


def test_the_zone_is_chosen_linked_and_remembered(published, look):
    address = published[MOMENTS[0]]
    page = look(f"{address}#tz=Asia/Kolkata", zone="Europe/Berlin")
    clock = page.locator("[data-card=clock]")
    assert clock.inner_text() == "22:30"
    page.evaluate("location.hash = 'tz=Australia/Lord_Howe'")
    page.wait_for_function("document.querySelector('[data-card=clock]').textContent === '04:00'")
    page.evaluate("location.hash = 'tz=Nowhere/At_All'")
    assert clock.inner_text() == "04:00"
    page.goto("about:blank")
    page.goto(address)
    assert clock.inner_text() == "18:00"  # a link is no choice
    page.get_by_role("combobox").fill("são p")
    assert page.get_by_role("option").first.inner_text().startswith("America/Sao Paulo")
    page.get_by_role("combobox").fill("calcutta")
    page.get_by_role("option", name=re.compile("Asia.Kolkata")).click()
    assert clock.inner_text() == "22:30"
    assert urlsplit(page.url).fragment == "tz=Asia/Kolkata"
    page.goto("about:blank")
    page.goto(f"{address}de/index.html")
    assert clock.inner_text() == "22:30"
    page.get_by_role("button", name="Wie auf diesem Gerät").click()
    assert clock.inner_text() == "18:00"
    page.goto("about:blank")
    page.goto(address)
    assert clock.inner_text() == "18:00"


def test_the_zone_can_be_chosen_where_nothing_is_stored(published, browser):
    page = reader(browser, zone="Europe/Berlin", now=MOMENTS[0])
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied') } })")
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(published[MOMENTS[0]])
    page.get_by_role("combobox").fill("tokyo")
    page.get_by_role("option").first.click()
    assert page.locator("[data-card=clock]").inner_text() == "02:00"
    assert errors == []
    page.context.close()


def test_everything_works_by_keyboard(published, look):
    page = look(published[MOMENTS[0]])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the next call"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "next"
    box = page.get_by_role("combobox", name="Another city or time zone")
    for _ in range(4):
        page.keyboard.press("Tab")
        if box.evaluate("each => each === document.activeElement"):
            break
    page.keyboard.type("new y")
    assert box.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    chosen = page.locator(f"#{box.get_attribute('aria-activedescendant')}")
    assert chosen.get_attribute("aria-selected") == "true"
    assert chosen.inner_text().startswith("America/New York")
    page.keyboard.press("Enter")
    assert page.locator("[data-card=clock]").inner_text() == "13:00"
    assert page.get_by_role("status").inner_text() == "Times are now shown for America/New York"
    page.keyboard.type("xyzzy")
    assert page.get_by_role("status").inner_text() == "No zone is called “xyzzy”"
    page.keyboard.press("Escape")
    assert box.input_value() == ""
    # Every control can be reached, and says what it is.
    names = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        here = page.evaluate("(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).trim()")
        if page.evaluate("document.activeElement === document.body"):
            break
        names.add(here)
    assert {
        "As this device has it",
        "Calendar program: All calls",
        "Copy link: Deadlines",
        "Deutsch",
        "the calendar",
    } - names <= {"Deutsch"}


def test_what_a_screen_reader_hears(published, look):
    page = look(published[MOMENTS[0]], zone="America/New_York")
    tree = page.locator("body").aria_snapshot()
    assert 'heading "COCONUT-SVSM community calendar" [level=1]' in tree
    headings = re.findall(r'heading "([^"]+)" \[level=2\]', tree)
    assert headings == [
        "Next call", "On everyone's clock", "The year, zone by zone", "Coming calls", "Deadlines and releases", "Past calls",
        "Conferences", "Subscribe",
    ]  # fmt: skip
    picture = page.get_by_role("img", name=re.compile("SVSM Development Call: local times of a year in 10 time zones"))
    assert picture.count() == 1
    described = picture.evaluate("each => each.querySelector('desc').textContent")
    assert "In America/New_York at 12:00; unusually at 13:00 (12\u201326 March), at 13:00 (29 October)." in described
    assert page.get_by_role("table").count() >= 2
    assert page.get_by_role("link", name="Join the call").get_attribute("href") == "https://meet.example.org/svsm"


def test_the_year_has_the_readers_own_row(published, look):
    page = look(published[MOMENTS[0]], zone="America/Denver", now=MOMENTS[0])
    own = page.locator("svg.year g.own")
    assert own.locator("[data-city]").text_content() == "Denver"
    assert [each.text_content() for each in own.locator(".dates").all()] == ["12\u201326 March, 11:00", "29 October, 11:00"]
    page = look(published[MOMENTS[0]], zone="America/New_York", now=MOMENTS[0])
    own = page.locator("svg.year g.own")
    same = page.locator("svg.year g:has(> .city:text-is('New York'))").last
    for kind in (".dates", ".at"):
        assert [each.text_content() for each in own.locator(kind).all()] == [
            each.text_content() for each in same.locator(kind).all()
        ]
    assert [each.get_attribute("x") for each in own.locator(".frame").all()] == [
        each.get_attribute("x") for each in same.locator(".frame").all()
    ]


def test_subscribe_links_lead_to_the_feeds(tmp_path, example, look):
    # Where the file says no address, the page's own is taken.
    unknown = svsm_cal.loads(EXAMPLE.read_text(encoding="utf-8").replace("url = ", "# url = ", 1))
    folder = write(tmp_path, unknown, MOMENTS[0])
    with served(folder) as address:
        page = look(address)
        feed = address + "calendar.ics"
        webcal = page.get_by_role("link", name="Calendar program: All calls").get_attribute("href")
        google = page.get_by_role("link", name="Google: All calls").get_attribute("href")
        outlook = page.get_by_role("link", name="Outlook web: All calls").get_attribute("href")
        assert webcal == feed.replace("http", "webcal", 1)
        assert unquote(google.partition("?cid=")[2]) == webcal
        assert parse_qs(urlsplit(outlook).query)["url"] == [feed]
        with page.expect_download() as download:
            page.get_by_role("link", name="Download: All calls").click()
        assert Path(download.value.path()).read_bytes() == (folder / "calendar.ics").read_bytes()
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        button = page.get_by_role("button", name="Copy link: Deadlines")
        button.click()
        assert page.evaluate("navigator.clipboard.readText()") == address + "deadlines.ics"
        assert button.text_content() == "Copied"
        assert page.request.get(address + "deadlines.ics").body() == (folder / "deadlines.ics").read_bytes()


@pytest.mark.parametrize("name", ["index.html", "de/index.html", "next/index.html", "embed/index.html"])
def test_without_a_script_the_page_is_whole(published, look, name):
    page = look(published[MOMENTS[1]] + name, zone="Asia/Tokyo", java_script_enabled=False)
    text = page.locator("body").inner_text()
    assert "18:00" in text
    assert "Europe/Berlin" in text
    assert not page.locator("#picker").is_visible()
    assert page.locator("[data-card=url]").is_visible()
    if "embed" not in name:
        rows = page.locator(".zones tbody tr").all_inner_texts()
        assert len(rows) == 10
        assert any("13:00" in row and "New York" in row for row in rows)
    if name == "index.html":
        assert "an hour later than usual, for the last time" in text
        assert not page.locator("button").first.is_visible()
        assert page.locator("svg.year").bounding_box()["width"] > 600


def test_a_page_opened_as_a_file_works(tmp_path, example, browser):
    write(tmp_path, example, MOMENTS[0])
    page = reader(browser, zone="Asia/Kolkata", now=MOMENTS[0])
    trouble = []
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.goto((tmp_path / "index.html").as_uri())
    assert page.locator("[data-card=clock]").inner_text() == "22:30"
    page.get_by_role("link", name="Deutsch").click()
    assert page.locator("[data-card=day]").inner_text() == "Mittwoch, 12. März 2025"
    page.context.close()
    assert trouble == []


@pytest.mark.parametrize(
    ("scheme", "width", "names"),
    [
        ("light", 1100, ["index.html", "embed/index.html"]),
        ("dark", 1100, ["index.html"]),
        ("light", 390, ["de/index.html"]),
        ("dark", 390, ["index.html", "next/index.html"]),
    ],
)
def test_axe_finds_nothing(published, look, scheme, width, names):
    if not AXE.exists():
        pytest.skip("needs axe-core (sh tests/site/setup.sh .cache)")
    script = AXE.read_text(encoding="utf-8")
    size = {"width": width, "height": 900}
    page = look(published[MOMENTS[1]], zone="America/New_York", color_scheme=scheme, viewport=size, bypass_csp=True)
    for name in names:
        page.goto(published[MOMENTS[1]] + name)
        page.locator("details").evaluate_all("all => { for (const each of all) each.open = true }")
        page.evaluate(script)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        assert [(name, each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found] == []


@pytest.mark.parametrize("width", [1100, 390, 320])
def test_nothing_moves_or_sticks_out(published, look, width):
    page = look(published[MOMENTS[1]], zone="America/New_York", viewport={"width": width, "height": 900})
    page.evaluate(
        "() => new Promise(done => { window.moved = []; new PerformanceObserver(list => { for (const each of list.getEntries())"
        " window.moved.push(each.value) }).observe({type: 'layout-shift', buffered: true}); setTimeout(done, 300) })"
    )
    assert sum(page.evaluate("window.moved")) < 0.01
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_page_is_light(published, look):
    """Under 60 KB as the browser has it, but for the picture of the year."""
    page = look(published[MOMENTS[0]])
    sizes = {
        each: len(page.request.get(published[MOMENTS[0]] + each).body())
        for each in ("index.html", "style.css", "site.js", "icon.svg")
    }
    picture = sum(len(each.evaluate("each => each.outerHTML")) for each in page.locator("svg.year").all())
    assert picture > 10_000
    assert sum(sizes.values()) - picture < 60_000
