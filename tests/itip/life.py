"""A life that is mailed: the maintainer's desk, everybody's calendars, and how these are held against the calls there are."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from tests.support import ROOT
from tests.sync.clients import Collection, Radicale, Reader

from . import evolution, thunderbird
from .attendees import Ordered, PerInstance, Replacing, Restrictions
from .community import PEOPLE

YEAR = timedelta(days=365)


class Desk:
    """The maintainer's desk: a calendar file, its store, and the command."""

    def __init__(self, folder, port):
        folder.mkdir()
        self.folder, self._smtp = folder, f"smtp://127.0.0.1:{port}?security=none"

    def send(self, community, now):
        """Save the calendar file and tell everybody."""
        (self.folder / "calendar.toml").write_text(community.text(), encoding="utf-8")
        return self._run(now, "send", "--yes", "--smtp", self._smtp)

    def receive(self, mailbox, now):
        """Take the answers in a mailbox; return what is said of each."""
        return self._run(now, "receive", str(mailbox)).splitlines()

    def answers(self, now):
        """Return what everybody who is invited answered, by UID and participant: the whole's is ""."""
        found = json.loads(self._run(now, "status", "--json"))["invitations"]
        return {
            (each["uid"], each["participant"]): {"": each["partstat"]}
            | {instance["recurrence_id"][:8]: instance["partstat"] for instance in each["instances"]}
            for each in found
            if each["standing"] == "invited"
        }

    def _run(self, now, *words):
        command = [sys.executable, "-m", "svsm_cal", "-c", str(self.folder / "calendar.toml")]
        command += ["--now", f"{now:%Y-%m-%dT%H:%M:%SZ}", "invite", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout


@contextlib.contextmanager
def programs(folder):
    """Start the programs that are there, side by side, and yield them by name."""
    with contextlib.ExitStack() as stack:
        found = {}
        if thunderbird.PROGRAM is not None:
            found["thunderbird"] = stack.enter_context(contextlib.closing(thunderbird.Thunderbird(folder / "thunderbird")))
        if evolution.installed():
            found["evolution"] = stack.enter_context(contextlib.closing(evolution.Evolution(folder / "evolution")))
        found["reader"] = stack.enter_context(contextlib.closing(Reader(folder / "reader")))
        found["radicale"] = stack.enter_context(contextlib.closing(Radicale(folder / "radicale")))
        if "thunderbird" in found:
            found["thunderbird"].connect()
        yield found


class Attendees:
    """Everybody's calendars: what each program that an attendee might have makes of the mails they got.

    Everybody has one of `Replacing` and `PerInstance`, whose objects recurring-ical-events expands; some have Radicale
    expand them too. Evolution and Thunderbird are for those who are told all calls again: a call that was taken
    away alone does not come back alone in Thunderbird, and one that had been moved does not go alone in Evolution.
    """

    def __init__(self, programs, *, port=25, thunderbirds=(), radicales=()):
        self._reader, self._radicale = programs["reader"], programs["radicale"]
        self._thunderbird, self._evolution = programs.get("thunderbird"), programs.get("evolution")
        self._port, self._wants_thunderbird, self._wants_radicale = port, thunderbirds, radicales
        self._kept, self._collections, self._thunderbirds, self._evolutions = {}, {}, set(), set()
        self._order = Ordered()
        self._restrictions = Restrictions()

    def know(self, address, who, *, shaky=False):
        """Give somebody their programs; those with a shaky post have the ones that keep the order themselves."""
        if address in self._kept:
            return
        self._kept[address] = Replacing() if PEOPLE[who][2] == "full" else PerInstance()
        whole = PEOPLE[who][2] == "full" and not shaky
        if self._evolution is not None and whole:
            self._evolutions.add(address)
            self._evolution.add(address)
        if self._thunderbird is not None and who in self._wants_thunderbird and whole:
            self._thunderbirds.add(address)
            self._thunderbird.add(address, self._port)
        if who in self._wants_radicale:
            self._collections[address] = Collection(self._radicale, address.partition("@")[0])

    def take(self, letter, *, tells=False):
        """Take a mail into its reader's calendars; with `tells`, return whether Thunderbird has mailed an answer."""
        assert self._restrictions.complaints(letter.raw) == [], letter.text
        self._kept[letter.to].take(letter)
        if letter.to in self._evolutions and self._order.passes(letter):
            self._evolution.take(letter.to, letter.text, letter.method)
        if letter.to not in self._thunderbirds:
            return False
        return self._thunderbird.take(letter.to, letter.text, letter.method, tells=tells)

    def calendars(self, since, until):
        """Return the starts that each program has for each address, by both, in seconds since 1970."""
        days = [f"{each:%Y-%m-%d}" for each in (since - timedelta(days=1), until + timedelta(days=1))]
        resources = {address: kept.resources() for address, kept in self._kept.items()}
        # What differs only in whose it is, is expanded once.
        distinct = {tuple(map(_anonymous, texts)): texts for texts in resources.values()}
        expanded = dict(zip(distinct, self._reader.starts(distinct.values(), *days), strict=True))
        found = {
            ("recurring-ical-events", address): _seconds(expanded[tuple(map(_anonymous, texts))])
            for address, texts in resources.items()
        }
        for address, collection in self._collections.items():
            collection.push(_feed(resources[address]))
            found["Radicale", address] = _seconds(collection.expanded(*days))
        lo, hi = since.timestamp(), until.timestamp()
        wide = lo - 86400, hi + 2 * 86400
        found |= {("Thunderbird", each): self._thunderbird.starts(each, *wide) for each in sorted(self._thunderbirds)}
        found |= {("Evolution", each): self._evolution.starts(each, *wide) for each in sorted(self._evolutions)}
        return {key: [at for at in starts if lo <= at < hi] for key, starts in found.items()}

    def check(self, community, now, step):
        """Hold everybody's calendars, for a year, against the calls that there are."""
        due = community.starts(now, now + YEAR)
        invited = set(community.people.values())
        wrong = []
        for (program, address), starts in self.calendars(now, now + YEAR).items():
            expected = due if address in invited else []
            if starts != expected:
                lacks, has = sorted(set(expected) - set(starts))[:5], sorted(set(starts) - set(expected))[:5]
                twice = sorted({each for each in starts if starts.count(each) > 1})[:5]
                wrong.append(f"{address} in {program}: lacks {_shown(lacks)}, has {_shown(has)}, twice {_shown(twice)}")
        if wrong:
            raise AssertionError(f"{step}:\n" + "\n".join(wrong))


def _shown(starts):
    return [datetime.fromtimestamp(each, UTC).strftime("%Y-%m-%dT%H:%MZ") for each in starts]


def _seconds(starts):
    return [int(datetime.fromisoformat(each).timestamp()) for each in starts]


def _anonymous(text):
    lines = text.replace("\r\n ", "").split("\r\n")
    return "\n".join(each for each in lines if not each.startswith(("ATTENDEE", "SEQUENCE")))


def _feed(resources):
    """Return objects as one text, as a client has them that puts each on a CalDAV server."""
    head = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Client//EN\r\n"
    blocks = []
    for text in resources:
        begin = min(at for at in (text.find("BEGIN:VTIMEZONE"), text.find("BEGIN:VEVENT")) if at >= 0)
        blocks.append(text[begin:].encode().removesuffix(b"END:VCALENDAR\r\n"))
    return head + b"".join(blocks) + b"END:VCALENDAR\r\n"
