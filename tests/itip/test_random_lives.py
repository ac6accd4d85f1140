"""Lives left to chance: whatever is edited in whatever order, everybody's calendar is right after each step.

Some have a shaky post: their mails come twice, or two in a row the other way round. Their programs, which keep RFC 5546's
order of SEQUENCE and DTSTAMP, are right when all has come. (sabre's broker leaves that order to others: `Replacing` keeps
it in front of it. Thunderbird and Evolution forget what was cancelled, so they get their mails in order, once.)
"""

from __future__ import annotations

import contextlib
import random
import signal
from datetime import UTC, datetime, time, timedelta

import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner

from svsm_cal.cli import command
from svsm_cal.config.load import loads
from svsm_cal.engine.civil import instant
from svsm_cal.errors import CalendarError
from tests.servers.dovecot import free_port
from tests.sync.setting import installed

from .attendees import Letter
from .community import PEOPLE, Community
from .life import Attendees, programs

BEGIN = datetime(2025, 3, 5, 17, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC", "America/Sao_Paulo", "Australia/Sydney")
STEPS = 14
EDITS = []


class Sink:
    """A mail server that keeps what comes, by recipient."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.mails.append(bytes(envelope.content))
        return "250 taken"


def edit(change):
    EDITS.append(change)
    return change


def _coming(community, chance, now, *, but=()):
    days = [each for each in community.days() if now.date() < each < now.date() + timedelta(days=120) and each not in but]
    return chance.choice(days) if days else None


@edit
def move(community, chance, now):
    day = _coming(community, chance, now, but=community.cancelled)
    if day is not None:
        to = datetime.combine(day, time(chance.randrange(24), chance.choice((0, 30)))) + timedelta(days=chance.randint(-2, 2))
        community.moved[day] = to


@edit
def move_back(community, chance, now):
    if community.moved:
        del community.moved[chance.choice(sorted(community.moved))]


@edit
def cancel(community, chance, now):
    day = _coming(community, chance, now, but=community.cancelled)
    if day is not None:
        community.moved.pop(day, None)
        community.changed.pop(day, None)
        community.cancelled.add(day)


@edit
def cancel_many(community, chance, now):
    for _ in range(chance.randint(2, 9)):
        cancel(community, chance, now)


@edit
def restore(community, chance, now):
    if community.cancelled:
        community.cancelled.remove(chance.choice(sorted(community.cancelled)))


@edit
def rename_one(community, chance, now):
    day = _coming(community, chance, now, but=community.cancelled)
    if day is not None:
        community.changed[day] = f"Call {chance.randrange(100)}"


@edit
def add(community, chance, now):
    day = now.date() + timedelta(days=chance.randint(2, 100))
    community.added.add(datetime.combine(day, time(chance.randrange(24), 15)))


@edit
def drop(community, chance, now):
    if community.added:
        community.added.remove(chance.choice(sorted(community.added)))


@edit
def turn(community, chance, now):
    day = now.date() + timedelta(days=chance.randint(2, 150))
    what = chance.sample(("start", "zone", "rule", "url"), chance.randint(1, 3))
    found = {
        "start": f"{chance.randrange(24):02}:45:00",
        "zone": chance.choice(ZONES),
        "rule": chance.choice(("MO", "TU", "WE", "TH", "FR")),
        "url": f"https://meet.example.org/{chance.randrange(100)}",
    }
    community.turns[day] = {each: found[each] for each in what}


@edit
def turn_back(community, chance, now):
    if community.turns:
        del community.turns[chance.choice(sorted(community.turns))]


@edit
def another_start(community, chance, now):
    community.start = time(chance.randrange(24), chance.choice((0, 30)))


@edit
def another_zone(community, chance, now):
    community.zone = chance.choice(ZONES)


@edit
def another_link(community, chance, now):
    community.url = f"https://meet.example.org/{chance.randrange(100)}"


@edit
def another_title(community, chance, now):
    community.title = f"Call {chance.randrange(100)}"


@edit
def come(community, chance, now):
    absent = [who for who in PEOPLE if who not in community.people]
    if absent:
        who = chance.choice(absent)
        community.people[who] = community.address(who)


@edit
def leave(community, chance, now):
    if len(community.people) > 1:
        del community.people[chance.choice(sorted(community.people))]


@edit
def another_address(community, chance, now):
    who = chance.choice(sorted(community.people))
    community.people[who] = community.address(f"{who}.{chance.randrange(3)}")


@edit
def end_or_bring_back(community, chance, now):
    community.held = not community.held


class Life(Community):
    """A community whose addresses nobody else has."""

    def __init__(self, seed, people):
        super().__init__(())
        self.seed = seed
        self.people = {who: self.address(who) for who in people}

    def address(self, name):
        return f"{name}.life{self.seed}@example.org"


def _edited(community, chance, now):
    """Return the community after one to three edits that its file allows, and their names."""
    while True:
        after, names = community.copy(), []
        for change in chance.sample(EDITS, chance.randint(1, 3)):
            change(after, chance, now)
            names.append(change.__name__)
        days = set(after.days())
        after.cancelled &= days
        after.moved = {day: to for day, to in after.moved.items() if day in days - after.cancelled}
        after.changed = {day: title for day, title in after.changed.items() if day in days - after.cancelled}
        starts = after.starts(BEGIN - timedelta(days=100), BEGIN + timedelta(days=800))
        if after.text() == community.text() or len(set(starts)) < len(starts):
            continue
        with contextlib.suppress(CalendarError):
            loads(after.text(), now=instant(now))
            return after, names


def _run(folder, now, *words):
    kept = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    line = ["-c", str(folder / "calendar.toml"), "--now", f"{now:%Y-%m-%dT%H:%M:%SZ}", "invite", *words]
    try:
        done = CliRunner().invoke(command, line, catch_exceptions=False)
    finally:
        for each, handler in kept.items():
            signal.signal(each, handler)
    assert done.exit_code == 0, done.output


def _shaken(letters, chance):
    """Return mails as a shaky post brings them: some twice, some two in a row the other way round."""
    found = list(letters)
    for index in range(len(found) - 1):
        if chance.random() < 0.3:
            found[index], found[index + 1] = found[index + 1], found[index]
    return [each for letter in found for each in [letter] * chance.choice((1, 1, 2))]


def live(seed, folder, started):
    """Live a life, holding everybody's calendar against the oracle after each step."""
    chance = random.Random(seed)
    shaky = set(chance.sample(sorted(PEOPLE), 4))
    people = chance.sample(sorted(PEOPLE), chance.randint(3, 9))
    attendees = Attendees(started, thunderbirds={"claudio", "dionna"}, radicales=set(chance.sample(sorted(PEOPLE), 2)))
    late = Attendees(started)
    community, now, story, held = Life(seed, people), BEGIN, ["begins"], {}
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=free_port())
    controller.start()
    folder.mkdir()
    try:
        for number in range(STEPS):
            if number:
                now += timedelta(hours=chance.choice((1, 5, 24, 24 * 9, 24 * 20)))
                community, names = _edited(community, chance, now)
                story.append(f"{now:%Y-%m-%d %H}h: {', '.join(names)}")
            (folder / "calendar.toml").write_text(community.text(), encoding="utf-8")
            sink.mails.clear()
            _run(folder, now, "send", "--yes", "--smtp", f"smtp://127.0.0.1:{controller.port}?security=none")
            for who, address in community.people.items():
                (late if who in shaky else attendees).know(address, who, shaky=who in shaky)
            for letter in map(Letter, sink.mails):
                if letter.to.partition(".")[0] in shaky:
                    held.setdefault(letter.to, []).append(letter)
                else:
                    attendees.take(letter)
            attendees.check(community, now, f"seed {seed}: {story}")
    finally:
        controller.stop()
    for letters in held.values():
        for letter in _shaken(letters, chance):
            late.take(letter)
    late.check(community, now, f"seed {seed}, shaken: {story}")


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    with programs(tmp_path_factory.mktemp("programs")) as found:
        yield found


@installed
@pytest.mark.soak
@pytest.mark.parametrize("seed", range(40))
def test_a_random_life(seed, tmp_path, started):
    live(seed, tmp_path / "desk", started)
