"""The life of a series, mailed to ten people: after each step everybody's calendar holds exactly the calls there are.

The mails are those of `svsm-cal invite send`, taken from people's mailboxes behind real mail servers by programs that are
not ours (attendees.py); when the calls are is worked out apart (community.py). Thunderbird's answers come back the same way.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock

import pytest

from tests.servers.postfix import CAN_RUN, mail_server
from tests.sync.setting import installed

from .attendees import Letter
from .community import ORGANIZER, PEOPLE, SECOND, UID, Community
from .life import Attendees, Desk, programs

BEGIN = datetime(2025, 3, 5, 17, tzinfo=UTC)
STORY = []


def step(says):
    def register(edit):
        STORY.append((says, edit))
        return edit

    return register


@step("they are invited")
def _(community):
    del community.people["tom"]


@step("one call is moved")
def _(community):
    community.moved[date(2025, 3, 26)] = datetime(2025, 3, 27, 19)


@step("one is cancelled")
def _(community):
    community.cancelled.add(date(2025, 4, 9))


@step("from May on it is an hour earlier")
def _(community):
    community.turns[date(2025, 5, 7)] = {"start": "17:00:00"}


@step("until then it is half an hour later")
def _(community):
    community.start = clock(18, 30)


@step("somebody comes")
def _(community):
    community.people["tom"] = "tom@example.org"


@step("somebody leaves, and somebody whose program is told of instances")
def _(community):
    del community.people["nicolai"], community.people["vasant"]


@step("the link alone changes")
def _(community):
    community.url = "https://meet.example.org/b"


@step("somebody has another address")
def _(community):
    community.people["joerg"] = f"{SECOND}@example.org"


@step("the cancelled call takes place after all")
def _(community):
    community.cancelled.clear()


@step("the moved one is moved again, another is cancelled")
def _(community):
    community.moved[date(2025, 3, 26)] = datetime(2025, 3, 25, 8)
    community.cancelled.add(date(2025, 4, 2))


@step("the moved one is at its time again")
def _(community):
    community.moved.clear()


@step("there is a call outside the rule")
def _(community):
    community.added.add(datetime(2025, 4, 25, 10))


@step("there is not")
def _(community):
    community.added.clear()


@step("who left comes back")
def _(community):
    community.people["nicolai"] = "nicolai@example.org"
    community.people["vasant"] = "vasant@example.org"


@step("the whole follows another clock")
def _(community):
    community.zone = "America/New_York"


@step("from May on it is as ever")
def _(community):
    community.turns.clear()


@step("all is cancelled")
def _(community):
    community.held = False


@step("all is as it was")
def _(community):
    community.held = True


@step("from May on it is an hour earlier, once more")
def _(community):
    community.turns[date(2025, 5, 7)] = {"start": "17:00:00"}


# --- the answers: Claudio's Thunderbird accepts whatever asks for it, Joerg's is asked by Joerg -------------------------

ANSWERS = {}


def answered(says):
    def register(story):
        ANSWERS[says] = story
        return story

    return register


@answered("they are invited")
def _(life):
    life.answer("joerg", "TENTATIVE")
    life.answers_come()
    assert sorted(life.taken) == ["claudio: accepted (call)", "joerg: tentative (call)"]
    assert (life.said("claudio"), life.said("joerg"), life.said("oliver")) == (
        {"": "ACCEPTED"},
        {"": "TENTATIVE"},
        {"": "NEEDS-ACTION"},
    )


@answered("one call is moved")
def _(life):
    assert life.partstats("claudio") == {"": "ACCEPTED", "2025-03-26": "NEEDS-ACTION"}
    assert life.partstats("joerg") == {"": "TENTATIVE", "2025-03-26": "NEEDS-ACTION"}
    life.answer("joerg", "DECLINED", datetime(2025, 3, 27, 12, tzinfo=UTC))
    life.answers_come()
    assert "joerg: declined (call 2025-03-26)" in life.taken
    assert "claudio: accepted (call)" in life.taken
    assert life.said("joerg") == {"": "TENTATIVE", "20250326": "DECLINED"}


@answered("one is cancelled")
def _(life):
    assert life.partstats("claudio") == {"": "ACCEPTED", "2025-03-26": "NEEDS-ACTION"}
    assert life.partstats("joerg") == {"": "TENTATIVE", "2025-03-26": "DECLINED"}
    assert life.partstats("oliver") == {"": "NEEDS-ACTION", "2025-03-26": "NEEDS-ACTION"}


@answered("until then it is half an hour later")
def _(life):
    assert life.partstats("claudio") == life.partstats("joerg") == {"": "NEEDS-ACTION", "2025-03-26": "NEEDS-ACTION"}
    assert life.said("joerg") == {"": "NEEDS-ACTION"}
    life.answers_come()
    assert "claudio: accepted (call)" in life.taken
    assert "claudio: older than what is known (call)" in life.taken  # to the time before, come late
    assert (life.said("claudio")[""], life.said("joerg")[""]) == ("ACCEPTED", "NEEDS-ACTION")


@answered("the link alone changes")
def _(life):
    assert (life.partstats("claudio")[""], life.partstats("joerg")[""]) == ("ACCEPTED", "NEEDS-ACTION")


class Mailing:
    """One life in the making."""

    def __init__(self, folder, server, found):
        self.server, self.now, self.community = server, BEGIN, Community()
        self.desk = Desk(folder / "desk", server.smtp_port)
        self.answering = "thunderbird" in found
        self.attendees = Attendees(
            found, port=server.smtp_port, thunderbirds={"claudio", "joerg", "nicolai"}, radicales={"dionna"}
        )
        self.letters = {}  # user -> the mails so far
        self.taken, self._due = [], 0
        self._thunderbird = found.get("thunderbird")

    def step(self, says, edit):
        """Edit the file, tell everybody, and let everybody's programs take what has come."""
        self.now += timedelta(hours=5)
        edit(self.community)
        self.desk.send(self.community, self.now)
        self.server.settle()
        for who, address in self.community.people.items():
            self.attendees.know(address, who)
        for user in [*PEOPLE, SECOND]:
            seen = self.letters.setdefault(user, [])
            for data in self.server.mails(user)[len(seen) :]:
                seen.append(Letter(data))
                self._due += self.attendees.take(seen[-1], tells=user == "claudio")
        self.attendees.check(self.community, self.now, says)

    def answer(self, user, partstat, start=None):
        """Answer the series in Thunderbird, or the call that starts next after an instant."""
        self._thunderbird.answer(f"{user}@example.org", UID, partstat, start and start.timestamp())
        self._due += 1

    def answers_come(self):
        """Take the answers, when all have come back through the mail server."""
        user = ORGANIZER.partition("@")[0]
        mailbox = self.server.maildir(user)
        until = time.monotonic() + 60
        while len(self.server.mails(user)) < self._due:
            assert time.monotonic() < until, self.server.log()
            time.sleep(0.02)
        self.server.settle()
        self.taken = self.desk.receive(mailbox, self.now)

    def said(self, user):
        """Return what `invite status` shows of somebody and the first UID."""
        return self.desk.answers(self.now)[UID, user]

    def partstats(self, user):
        """Return what somebody's last mail about the first UID says they answered, by RECURRENCE-ID, "" for the master."""
        last = next(each for each in reversed(self.letters[user]) if each.uid == UID)
        return {
            f"{each['RECURRENCE-ID'].dt:%Y-%m-%d}" if "RECURRENCE-ID" in each else "": each["ATTENDEE"].params["PARTSTAT"]
            for each in last.events
        }


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    with programs(tmp_path_factory.mktemp("programs")) as started:
        yield started


@pytest.mark.slow
@installed
@pytest.mark.skipif(not CAN_RUN, reason="needs postfix and dovecot, and to be root: run `make readers`")
def test_the_life_of_a_series(tmp_path, found):
    with mail_server([*PEOPLE, SECOND, ORGANIZER.partition("@")[0]]) as server:
        life = Mailing(tmp_path, server, found)
        for says, edit in STORY:
            life.step(says, edit)
            if life.answering and says in ANSWERS:
                ANSWERS[says](life)
