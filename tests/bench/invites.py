"""Mails of invites: made from a form beside made one by one by the standard library, and plans for very many people."""

from __future__ import annotations

import resource
import sys
import tempfile
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from time import perf_counter

from svsm_cal.app.invite_plan import current_plan, mails_of, send_invitations
from svsm_cal.app.invited_events import organizer_of
from svsm_cal.config.load import loads
from svsm_cal.engine.civil import instant
from svsm_cal.store import open_store

NOW = instant(datetime(2025, 3, 5, 17, tzinfo=UTC))
ZONES = ("Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Kolkata", "Asia/Shanghai", "Australia/Sydney")
HEAD = """
[calendar]
id = "many"
name = "Many people"
domain = "calendar.example.org"
zone = "Europe/Berlin"
organizer = { name = "Calendar", email = "calendar@example.org" }
[[series]]
id = "call"
title = "Call"
start = 2025-01-08T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=WE"
url = "https://meet.example.org/call"
attendees = ["all"]
move = [{ date = 2025-03-26, to = 2025-03-27T18:00:00, reason = "conference" }]
"""


def crowd(count: int) -> str:
    """Return a calendar file with a series that so many people attend."""
    people = (
        f'[[participant]]\nid = "p{n}"\nname = "Participant {n}"\nemail = "p{n}@example.org"\n'
        f'zone = "{ZONES[n % len(ZONES)]}"\ngroups = ["all"]\n'
        for n in range(count)
    )
    return HEAD + "".join(people)


def plainly(mail, organizer, name: str, bodies: tuple[str, str, str]) -> bytes:
    """Return a mail made as the standard library's documentation has it; `bodies` are its texts and its calendar."""
    plain, html, calendar = bodies
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(organizer.name, addr_spec=organizer.email)
    message["To"] = Address(name, addr_spec=mail.recipient)
    message["Subject"] = "Call: every Wednesday, 18:00 Europe/Berlin"
    message["Date"] = format_datetime(NOW)
    message["Message-ID"] = mail.message_id
    message["References"] = "<thread@calendar.example.org>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(plain)
    message.add_alternative(html, subtype="html")
    message.add_alternative(calendar, subtype="calendar", params={"method": "REQUEST"}, cte="base64")
    message.add_attachment(calendar.encode(), maintype="application", subtype="ics", filename="invite.ics")
    return message.as_bytes()


def building(count: int = 600) -> dict[str, float]:
    """Return seconds a mail, from a form and plainly."""
    import email
    import email.policy

    source = crowd(count)
    calendar = loads(source)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(str(Path(folder, "store.db")), calendar_id="many")
        plan = current_plan(calendar, source, store, now=NOW)
        begin = perf_counter()
        mails = list(mails_of(plan, calendar, organizer_of(calendar), now=NOW))
        ours = (perf_counter() - begin) / count
        store.close()
    parsed = [email.message_from_bytes(each.data, policy=email.policy.default) for each in mails[:100]]
    parts = []
    for message in parsed:
        alternative, _ = message.iter_parts()
        parts.append(tuple(part.get_content() for part in alternative.iter_parts()))
    begin = perf_counter()
    for mail, bodies in zip(mails, parts, strict=False):
        plainly(mail, calendar.organizer, "Participant", bodies)
    return {"EmailMessage, one by one": (perf_counter() - begin) / len(parsed), "svsm_cal": ours}


def planning(count: int) -> tuple[float, float, float]:
    """Return seconds to plan, seconds to put it into the outbox (SQLite), and the peak of memory in MB."""
    source = crowd(count)
    calendar = loads(source)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(str(Path(folder, "store.db")), calendar_id="many")
        begin = perf_counter()
        plan = current_plan(calendar, source, store, now=NOW)
        planned = perf_counter() - begin
        begin = perf_counter()
        send_invitations(calendar, source, store, plan=plan, now=NOW)
        sent = perf_counter() - begin
        store.close()
    return planned, sent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(*planning(int(sys.argv[1])))
    else:
        print(building())
