"""A law that moves calls: Mexico gave up summer time with release 2022f of the tz database, five months ahead.

The file says the same as before, and so does every VEVENT: only the VTIMEZONE is another. vdirsyncer leaves that out of
what it compares (`hash_item` strips it), and would keep the calls with the clocks that they came with. Calls that have
moved are therefore revised.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import ExitStack, closing

import pytest

from tests.support import head

from .clients import READERS, ROOT, Collection, Radicale, Subscriber, Website
from .feeds import Ledger, components
from .setting import Publisher, installed

ICAL_JS = READERS / "js/node_modules/ical.js/dist/ical.js"
SINCE, UNTIL = "2022-09-01", "2023-12-01"
TEXT = f"""{head(zone="America/Mexico_City")}
[[series]]
id = "tarde"
title = "Por la tarde"
start = 2022-09-07T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=WE"
cancel = [{{ date = 2023-05-03 }}]
move = [{{ date = 2023-06-07, to = 2023-06-08T12:00:00 }}, {{ date = 2023-01-04, to = 2023-01-05T12:00:00 }}]
add = [{{ start = 2023-07-03T09:00:00 }}, {{ start = 2022-12-05T09:00:00 }}]

[[series]]
id = "abend"
title = "Am Abend"
start = 2022-09-08T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=TH"
zone = "Europe/Berlin"
"""
MOVED = {"tarde@c.example.org", "tarde+20230703T090000@c.example.org"}

pytestmark = [installed, pytest.mark.skipif(not (shutil.which("node") and ICAL_JS.exists()), reason="run `make readers`")]


def by_vtimezone(texts, folder):
    """Return the sorted starts that ical.js finds in some resources, which goes by their VTIMEZONEs and nothing else."""
    found = []
    for text in texts:
        path = folder / "resource.ics"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        command = ["node", str(ROOT / "tests/readers/icaljs.mjs"), str(ICAL_JS), str(path), SINCE, UNTIL]
        found += json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return sorted(found)


def test_calls_that_a_law_moves_reach_who_keeps_them(tmp_path):
    publisher, ledger = Publisher(tmp_path, SINCE, UNTIL), Ledger()
    before = publisher.build(TEXT, "2022-10-20T09:00Z", "2022.5")
    with ExitStack() as stack:
        site = stack.enter_context(closing(Website(publisher.out)))
        server = stack.enter_context(closing(Radicale(tmp_path / "radicale")))
        addresses = {"public": f"{site.address}calendar.ics"}
        subscriber = stack.enter_context(closing(Subscriber(tmp_path / "subscriber", addresses)))
        shelf = Collection(server, "public")
        first = publisher.feed("calendar.ics")
        ledger.follow("public", first)
        assert len(subscriber.sync()["public"]) == len(shelf.push(first)) == 4
        assert by_vtimezone(subscriber.kept("public").values(), tmp_path) == before
        assert by_vtimezone(shelf.read().values(), tmp_path) == before

        after = publisher.build(TEXT, "2022-11-01T09:00Z", "2022.6")
        assert len(after) == len(before)
        assert len(set(after) - set(before)) == 30 - 1 + 1  # that summer's Wednesdays but the one cancelled, and the one added
        second = publisher.feed("calendar.ics")
        # The same file: nothing says anything else, and what has moved is revised.
        assert ledger.follow("public", second, moved=MOVED) == set()
        old, new = components(first), components(second)
        assert {uid for (uid, _), each in new.items() if each.sequence > old[uid, each.recurrence].sequence} == MOVED
        assert len(subscriber.sync()["public"]) == len(MOVED)
        assert shelf.push(second) >= MOVED
        assert by_vtimezone(subscriber.kept("public").values(), tmp_path) == after
        assert by_vtimezone(shelf.read().values(), tmp_path) == after
        # Radicale's own arithmetic is vobject's, which keeps the first VTIMEZONE of a name for as long as it runs.
        server.close()
        server.start()
        assert shelf.expanded(SINCE, UNTIL) == after
        # Once: the same law again changes nothing.
        assert publisher.build(TEXT, "2022-11-02T09:00Z", "2022.6") == after
        assert publisher.feed("calendar.ics") == second
        assert (subscriber.sync()["public"], shelf.push(second)) == (set(), set())
