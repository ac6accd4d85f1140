"""A community that mails: a calendar file that is edited, a store, the mails it gives, and answers that come back."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from icalendar import Calendar as VCalendar

from svsm_cal.app.invite_plan import current_plan, send_invitations
from svsm_cal.app.invite_replies import invitation_status, receive_replies
from svsm_cal.config.load import loads
from svsm_cal.engine.civil import instant
from svsm_cal.store import open_store
from svsm_cal.transport.mailbox import Mail
from tests.support import head

ORGANIZER = "calendar@example.org"
UID = "call@calendar.example.org"
HEAD = head("example", title="Example community", domain="calendar.example.org", organizer="calendar@example.org")
SERIES = """
[[series]]
id = "call"
title = "Call"
start = 2025-01-08T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=WE"
url = "https://meet.example.org/a"
attendees = ["everyone"]
"""
PEOPLE = {
    "dionna": ("Dionna Glaze", "America/Los_Angeles", ""),
    "joerg": ("Joerg Roedel", "Europe/Berlin", ""),
    "peter": ("Peter Fang", "Asia/Shanghai", 'invites = "instance"\n'),
}
BEGIN = datetime(2025, 3, 5, 17, tzinfo=UTC)


def person(id, more=""):
    name, zone, own = PEOPLE[id]
    return f"""
[[participant]]
id = "{id}"
name = "{name}"
email = "{id}@example.org"
zone = "{zone}"
groups = ["everyone"]
{own}{more}"""


def calendar(*, series=SERIES, people=tuple(PEOPLE), lines="", head=HEAD, more=""):
    """Return a calendar file's text: `lines` are added to the series, `more` to the end."""
    return "".join((head, series, lines, *map(person, people), more))


class Message:
    """A mail as its reader's program sees it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.mail = email.message_from_bytes(data, policy=email.policy.default)
        alternative, self.attached = self.mail.iter_parts()
        self.plain, self.html, self.part = alternative.iter_parts()
        self.text = self.part.get_payload(decode=True)
        self.calendar = VCalendar.from_ical(self.text)
        self.events = self.calendar.walk("VEVENT")

    @property
    def to(self) -> str:
        return self.mail["To"].addresses[0].addr_spec.partition("@")[0]

    @property
    def method(self) -> str:
        return str(self.calendar["METHOD"])

    @property
    def sequence(self) -> int:
        return max(int(each["SEQUENCE"]) for each in self.events)

    @property
    def stamp(self):
        return max(each["DTSTAMP"].dt for each in self.events)

    @property
    def master(self):
        return next(each for each in self.events if "RECURRENCE-ID" not in each)

    @property
    def instances(self) -> dict:
        """Return the components of single instances, by the wall-clock time of their RECURRENCE-ID."""
        found = (each for each in self.events if "RECURRENCE-ID" in each)
        return {f"{each['RECURRENCE-ID'].dt:%Y-%m-%dT%H:%M}": each for each in found}

    def partstats(self) -> dict:
        """Return what each component says the attendee answered, "" for the master."""
        return {
            f"{each['RECURRENCE-ID'].dt:%Y-%m-%d}" if "RECURRENCE-ID" in each else "": str(each["ATTENDEE"].params["PARTSTAT"])
            for each in self.events
        }

    @property
    def excluded(self) -> list[str]:
        found = self.master.get("EXDATE", [])
        lists = found if isinstance(found, list) else [found]
        return sorted(f"{each.dt:%Y-%m-%d}" for dates in lists for each in dates.dts)


class Box:
    """A mailbox in memory."""

    name = "box"

    def __init__(self, *mails: bytes) -> None:
        self.mails = [Mail(str(number), data) for number, data in enumerate(mails)]
        self.read: list[str] = []

    def unread(self):
        yield from self.mails

    def done(self, key):
        self.read.append(key)


class World:
    """A store, and a clock that goes on by an hour from step to step."""

    def __init__(self, folder, url=None) -> None:
        self.store = open_store(url or str(folder / "store.db"), calendar_id="example")
        self.now = instant(BEGIN)
        self._seen = 0

    def close(self):
        self.store.close()

    def tell(self, text, *, after=timedelta(hours=1)) -> list[Message]:
        """Send what a calendar file's text makes due, and return the mails, in order."""
        self.now = instant(self.now + after)
        loaded = loads(text)
        plan = current_plan(loaded, text, self.store, now=self.now)
        send_invitations(loaded, text, self.store, plan=plan, now=self.now)
        return self.mails()

    def plan(self, text):
        return current_plan(loads(text), text, self.store, now=instant(self.now + timedelta(hours=1)))

    def mails(self) -> list[Message]:
        """Return the mails that have come into the outbox since the last time."""
        with self.store.ledger(writes=False) as ledger:
            rows = [row for row in ledger.outbox() if row.id > self._seen]
            found = [Message(ledger.data_of(row.id)) for row in rows]
        self._seen = max([self._seen, *(row.id for row in rows)])
        return found

    def answer(self, *mails, trusts=()):
        """Take mails that come back, and return the verdicts."""
        return [each.verdict for each in receive_replies(Box(*mails), self.store, now=self.now, trusts=trusts)]

    def invitation(self, id, uid=UID):
        with self.store.ledger(writes=False) as ledger:
            return next((each for each in ledger.invitations(uid) if each.email == f"{id}@example.org"), None)

    def partstats(self, id, uid=UID):
        found = self.invitation(id, uid)
        return {each.recurrence: each.partstat.value for each in found.answers}

    def standing(self):
        return invitation_status(self.store, now=self.now)

    def everything(self):
        """Return all that is stored, but for which mails came in."""
        with self.store.ledger(writes=False) as ledger:
            outbox = [(row, ledger.data_of(row.id)) for row in ledger.outbox()]
            kept = list(ledger.invitations()), ledger.announced(), ledger.publication(), list(ledger.proposals())
        return outbox, *kept


def reply(
    message,
    partstat="ACCEPTED",
    *,
    method="REPLY",
    sender=None,
    attendee=None,
    uid=UID,
    sequence=None,
    stamp="20250305T190000Z",
    recurrence=None,
    organizer=ORGANIZER,
    params="",
    lines=(),
    headers=(),
    part_method=True,
) -> bytes:
    """Return an answer to a message as a mail, right unless something is said."""
    who = f"{message.to}@example.org"
    body = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Example//Client//EN",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{stamp}",
        f"SEQUENCE:{message.sequence if sequence is None else sequence}",
        *([f"RECURRENCE-ID{recurrence}"] if recurrence else []),
        *([f"ORGANIZER:mailto:{organizer}"] if organizer else []),
        f"ATTENDEE;PARTSTAT={partstat}{params}:mailto:{attendee or who}",
        *lines,
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = sender or who
    mail["To"] = ORGANIZER
    mail["Subject"] = "An answer"
    mail["Message-ID"] = f"<{abs(hash((tuple(body), sender, headers)))}@example.org>"
    for name, value in headers:
        mail[name] = value
    mail.set_content("An answer.")
    params = {"method": method} if part_method else None
    mail.add_alternative("\r\n".join(body), subtype="calendar", params=params)
    return mail.as_bytes()
