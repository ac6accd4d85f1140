"""A year of changes, published one after the other to two clients that keep what they have.

After every change both are synchronised, and hold the calls that are held: each at its instant, none twice, none of
those that were cancelled or have moved away.
"""

from __future__ import annotations

import re
from contextlib import ExitStack, closing

import icalendar
import pytest

import svsm_cal
from svsm_cal.app.publish import feed_path

from .clients import Collection, Radicale, Reader, Subscriber, Website
from .feeds import Ledger, components, resources
from .setting import SECRET, Publisher, installed
from .year import CALL, SOME, State, some, steps

# America/New_York, America/Mexico_City and Asia/Kolkata; who follows their feed with vdirsyncer, who with CalDAV.
PEOPLE = ("claudio", "maria", "vasant")
SUBSCRIBED = ("public", "deadlines", "claudio", "vasant")
SHELVED = ("public", "deadlines", "claudio", "maria")

pytestmark = installed


def personal(text):
    """Return the paths of the personal feeds that the clients follow."""
    calendar = svsm_cal.loads(text)
    people = {name: calendar.participant(name) for name in PEOPLE}
    return {name: feed_path(person, SECRET.encode()) for name, person in people.items()}


def bodies(data):
    """Return a resource's components as sorted lines without the UID, which vdirsyncer replaces by one of its own."""
    lines = ((each.block.replace(b"\r\n ", b"").split(b"\r\n")) for each in components(data).values())
    return sorted(sorted(line for line in block if not line.startswith(b"UID:")) for block in lines)


def as_parsed(texts):
    """Return all properties of some resources' components, as icalendar reads them, in one order."""
    found = []
    for text in texts:
        for event in icalendar.Calendar.from_ical(text).walk("VEVENT"):
            rows = event.property_items()
            found.append(sorted((name, str(value.to_ical() if hasattr(value, "to_ical") else value)) for name, value in rows))
    return sorted(found)


class Clients:
    """Both clients, what they follow, and what they must have after each publication."""

    def __init__(self, publisher, feeds, subscriber, shelf, reader):
        self._publisher, self._ledger, self.feeds = publisher, Ledger(), dict(feeds)
        self.subscriber, self.shelf, self._reader = subscriber, shelf, reader

    def synchronise(self, held, since, until):
        """Synchronise both; return the UIDs that the feeds say something else of, by feed."""
        now = {name: self._publisher.feed(path) for name, path in self.feeds.items()}
        said = {name: self._ledger.follow(name, feed) for name, feed in now.items()}
        expected = dict.fromkeys(self.feeds, held) | {"deadlines": due(now["deadlines"], since, until)}
        self._subscribe(now, said, expected, since, until)
        self._put(now, said, expected, since, until)
        return said

    def _subscribe(self, now, said, expected, since, until):
        """Only what says something else is fetched, it arrives whole, and khal lists it."""
        names = [name for name in SUBSCRIBED if name in now]
        fetched = self.subscriber.sync(*names)
        for name in names:
            there = resources(now[name])
            assert len(fetched[name]) == len(said[name] & there.keys()), name
            kept = self.subscriber.kept(name).values()
            assert sorted(map(bodies, kept)) == sorted(map(bodies, there.values())), name
        listed = self.subscriber.starts(since, until)
        assert {name: listed[name] for name in names} == {name: expected[name] for name in names}

    def _put(self, now, said, expected, since, until):
        """Only what says something else is put or deleted; what the server has is read by it and by a program of its own."""
        assert {name: each.push(now[name]) for name, each in self.shelf.items()} == {name: said[name] for name in SHELVED}
        texts = {name: each.read() for name, each in self.shelf.items()}
        for name, each in texts.items():
            there = resources(now[name])
            changed = said[name] & there.keys()
            assert as_parsed(each[uid] for uid in changed) == as_parsed(there[uid] for uid in changed), name
        found = self._reader.starts([each.values() for each in texts.values()], since, until)
        assert dict(zip(SHELVED, found, strict=True)) == {name: expected[name] for name in SHELVED}
        if said["public"]:
            assert self.shelf["public"].expanded(since, until) == expected["public"]

    def loses(self, name):
        """One feed is no more: vdirsyncer says so, and keeps what it had."""
        kept = self.subscriber.kept(name)
        assert "File not found" in self.subscriber.sync(name, failing=True)
        assert self.subscriber.kept(name) == kept
        del self.feeds[name]


def replay(tmp_path, changes, since, until):
    """Publish the changes one after the other; both clients follow."""
    state, publisher = State(), Publisher(tmp_path, since, until)

    def held():
        return [each for each in state.held() if since <= each < until]

    assert publisher.build(state.text(), "2024-02-07T09:00Z", "2022.5") == held()
    feeds = {"public": "calendar.ics", "deadlines": "deadlines.ics", **personal(state.text())}
    with ExitStack() as stack:
        site, server, reader = (
            stack.enter_context(closing(each))
            for each in (Website(publisher.out), Radicale(tmp_path / "radicale"), Reader(tmp_path / "reader"))
        )
        addresses = {name: site.address + feeds[name] for name in SUBSCRIBED}
        subscriber = stack.enter_context(closing(Subscriber(tmp_path / "subscriber", addresses)))
        clients = Clients(publisher, feeds, subscriber, {name: Collection(server, name) for name in SHELVED}, reader)
        clients.synchronise(held(), since, until)
        for step in changes:
            step.edit(state)
            assert publisher.build(state.text(), step.now, step.release) == held(), step
            if state.without in clients.feeds:
                clients.loses(state.without)
            said = clients.synchronise(held(), since, until)
            assert (said["public"], said["deadlines"]) == (step.calls, step.deadlines), step
            assert said["maria"] or step.name != "a law"
        assert clients.shelf["public"].refuses_to_replace(CALL)


def due(feed, since, until):
    """Return the days of the deadlines, as the feed has them."""
    days = re.findall(rb"(?m)^DTSTART;VALUE=DATE:(\d{4})(\d\d)(\d\d)\r$", feed)
    return sorted(day for day in (b"-".join(each).decode() for each in days) if since <= day < until)


def test_one_change_of_each_kind(tmp_path):
    changes = some()
    assert {each.name for each in changes} == set(SOME)
    replay(tmp_path, changes, "2025-02-01", "2025-12-01")


@pytest.mark.soak
def test_every_change_of_the_year(tmp_path):
    replay(tmp_path, steps(), "2024-02-01", "2026-08-30")
