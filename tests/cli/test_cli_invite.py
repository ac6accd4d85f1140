"""`invite plan|send|status|retry|receive|remind` as they are typed, with a real mail server."""

from __future__ import annotations

import json
import mailbox
import re
import socket
import stat
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller

from tests.support import EXAMPLE_TEXT, NOW, run

LATER = "2025-03-06T09:00Z"
IMAP = "imaps://user@mail.example.org/INBOX"
PEOPLE = ["claudio", "dionna", "huibo", "joerg", "nicolai", "oliver", "peter", "stefano", "tom", "vasant"]


class Server:
    """A mail server that refuses, or puts off, whom it is told to."""

    def __init__(self):
        self.taken = []
        self.refuses = {}

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - as aiosmtpd calls it
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - as aiosmtpd calls it
        self.taken.append((envelope.rcpt_tos[0], envelope.content))
        return "250 taken"

    def to(self):
        return [recipient.partition("@")[0] for recipient, _ in self.taken]


@pytest.fixture
def server():
    handler = Server()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    handler.url = f"smtp://127.0.0.1:{port}?security=none"
    yield handler
    controller.stop()


@pytest.fixture
def invite(tmp_path, server):
    """Run `invite ...` on a copy of the example."""
    path = tmp_path / "calendar.toml"
    path.write_text(EXAMPLE_TEXT)

    def invited(*words, now=NOW, smtp=True):
        group = [] if words[0] in ("store", "cancel", "move") else ["invite"]
        return run(*group, *words, calendar=path, now=now, env={"SVSM_CAL_SMTP": server.url} if smtp else None)

    invited.path = path
    return invited


def edit(invite, old, new):
    text = invite.path.read_text()
    assert old in text
    invite.path.write_text(text.replace(old, new, 1))


def test_the_plan_names_everybody_and_leaves_nothing_behind(invite):
    result = invite("plan")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0] == "  SVSM Development Call  invites Cláudio Carvalho"
    assert re.fullmatch(r"10 mails, plan [0-9a-f]{10}", result.stdout.splitlines()[-1])
    assert [path.name for path in invite.path.parent.iterdir()] == ["calendar.toml"]


def test_the_plan_as_json(invite):
    plan = json.loads(invite("plan", "--json").stdout)
    assert plan["without_address"] == []
    assert [each["participant"] for each in plan["mails"]] == PEOPLE
    assert plan["mails"][0] == {
        "series": "devel-call",
        "uid": "devel-call@coconut-svsm.example.org",
        "participant": "claudio",
        "list": None,
        "purpose": "invite",
        "method": "REQUEST",
        "sequence": 0,
        "significant": True,
        "recurrence_id": None,
        "reasons": [],
    }


def test_send_does_what_the_plan_says_once(invite, server):
    assert invite("send").stderr == "10 mails sent\n"
    assert server.to() == PEOPLE
    assert invite("send").stderr == "0 mails sent\n"
    assert invite("plan").stdout == "Nothing has changed for anybody.\n"
    assert len(server.taken) == 10


def test_what_remembers_is_for_its_owner_alone(invite):
    invite("send")
    assert stat.S_IMODE((invite.path.parent / "svsm-cal.db").stat().st_mode) == 0o600


def test_send_only_what_was_planned(invite, server):
    name = json.loads(invite("plan", "--json").stdout)["plan"]
    edit(invite, 'id = "dionna"', 'id = "dionna"\ninvites = "none"')
    result = invite("send", "--plan", name)
    assert result.exit_code == 1
    assert re.fullmatch(
        rf"svsm-cal: the plan is [0-9a-f]{{10}} now, not {name}: look at it with `svsm-cal invite plan`\n", result.stderr
    )
    assert server.taken == []
    now = json.loads(invite("plan", "--json").stdout)["plan"]
    assert invite("send", "--plan", now).stderr == "9 mails sent\n"


def test_before_many_cancellations_it_asks(invite, server):
    invite("send")
    edit(invite, 'attendees = ["everyone"]', 'attendees = ["us"]')
    result = invite("send", now=LATER)
    assert result.exit_code == 2
    assert "which cancel an invitation? There is no terminal to ask on: use --yes" in result.stderr
    assert len(server.taken) == 10
    assert invite("send", "--yes", now=LATER).exit_code == 0
    assert {message_from_bytes(data, policy=default)["Subject"][:19] for _, data in server.taken[10:]} == {"No longer invited: "}


def test_a_refused_recipient_is_told_of_and_tried_again_when_asked(invite, server):
    server.refuses["dionna@example.org"] = "550 5.1.1 no such user"
    result = invite("send")
    assert (result.exit_code, result.stderr) == (1, "dionna: 550 5.1.1 no such user\n9 mails sent, 1 failed\n")
    assert "failed: 550 5.1.1 no such user" in invite("status").stdout
    assert invite("send").stderr == "0 mails sent\n"
    server.refuses.clear()
    assert invite("retry").stderr == "1 mail sent\n"
    assert server.to()[-1] == "dionna"


def test_a_recipient_put_off_waits_and_the_others_do_not(invite, server):
    server.refuses["dionna@example.org"] = "451 4.7.1 try again later"
    result = invite("send")
    assert result.exit_code == 0
    assert re.fullmatch(r"9 mails sent; 1 still to send, the next at 2025-03-05T17:0\d:\d\dZ\n", result.stderr)
    server.refuses.clear()
    assert invite("send", now="2025-03-05T17:01Z").stderr.startswith("0 mails sent; 1 still to send")
    assert invite("send", now=LATER).stderr == "1 mail sent\n"


def test_without_a_mail_server_everything_waits_in_the_outbox(invite, server, tmp_path):
    result = invite("send", "--smtp", "smtp://127.0.0.1:1?security=none")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[0] == "0 mails sent; 10 still to send, the next at 2025-03-05T17:00:00Z"
    assert re.match(r"svsm-cal: 127.0.0.1:1: .*refused.* \(pending mails stay in the outbox", result.stderr.splitlines()[1])
    assert invite("send").stderr == "10 mails sent\n"


def test_who_delivers_is_asked_first(invite):
    result = invite("send", smtp=False)
    assert result.exit_code == 1
    assert result.stderr == "svsm-cal: no mail server is named (set SVSM_CAL_SMTP=smtp://user@mail.example.org:587)\n"
    assert not (invite.path.parent / "svsm-cal.db").exists()


def test_a_queue_needs_workers_and_they_postgresql(invite):
    result = invite("send", "--queue", smtp=False)
    assert result.exit_code == 1
    assert result.stderr.startswith(
        "svsm-cal: workers need a store in PostgreSQL (leave out --queue, or give --store postgresql://"
    )
    assert not (invite.path.parent / "svsm-cal.db").exists()


def test_the_plan_says_what_became_of_earlier_mails(invite, server):
    server.refuses.update({"dionna@example.org": "550 no such user", "claudio@example.org": "451 later"})
    invite("send")
    assert invite("plan").stdout.splitlines() == [
        "Nothing has changed for anybody.",
        "of earlier mails 1 still to send: `svsm-cal invite send` goes on",
        "of earlier mails 1 failed or came back: `svsm-cal invite retry` sends them again",
    ]
    found = json.loads(invite("plan", "--json").stdout)
    assert (found["waiting"], found["failed"]) == (1, 1)
    server.refuses.clear()
    assert invite("retry", "--to", "nobody@example.org").exit_code == 1
    assert invite("retry").stderr == "2 mails sent\n"
    assert invite("plan").stdout == "Nothing has changed for anybody.\n"


def test_addresses_may_be_in_a_file_of_their_own(invite, server, tmp_path):
    invite.path.write_text("".join(line for line in EXAMPLE_TEXT.splitlines(keepends=True) if not line.startswith("email")))
    assert invite("plan").stdout.splitlines()[-1].startswith("without an e-mail address: claudio, dionna")
    addresses = tmp_path / "addresses.toml"
    addresses.write_text('dionna = "dionna@example.org"\n')
    args = ["--addresses", addresses, "invite", "send", "--smtp", server.url]
    assert run(*args, calendar=invite.path).stderr == "1 mail sent\n"
    assert server.to() == ["dionna"]


def test_an_update_says_in_its_subject_what_changes(invite, server):
    invite("send")
    invite("move", "devel-call", "2025-03-26", "2025-03-27T18:00", "--reason", "conference")
    invite("send", now=LATER)
    subjects = {to: message_from_bytes(data, policy=default)["Subject"] for to, data in server.taken[10:]}
    assert subjects["dionna@example.org"] == (
        "Updated: SVSM Development Call: moved: Wed 26 March 10:00 to Thu 27 March 10:00 (conference)"
    )


def answer(data, partstat, *, sender=None):
    """Return a reply as a client makes it of an invite."""
    mail = message_from_bytes(data, policy=default)
    who = mail["To"].addresses[0].addr_spec
    part = next(each for each in mail.walk() if each.get_content_type() == "text/calendar")
    uid = re.search(r"UID:(\S+)", part.get_content())[1]
    return (
        f"From: {sender or who}\r\nTo: calendar@coconut-svsm.example.org\r\nMessage-ID: <{partstat}.{who}>\r\n"
        "Content-Type: text/calendar; method=REPLY; charset=utf-8\r\n\r\n"
        f"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20250305T180000Z\r\n"
        f"SEQUENCE:0\r\nATTENDEE;PARTSTAT={partstat}:mailto:{who}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


def test_answers_come_from_a_maildir_and_are_shown(invite, server, tmp_path):
    invite("send")
    box = mailbox.Maildir(tmp_path / "mail")
    box.add(answer(server.taken[0][1], "ACCEPTED"))
    box.add(answer(server.taken[1][1], "DECLINED"))
    box.add(answer(server.taken[2][1], "DECLINED", sender="eve@example.org"))
    result = invite("receive", str(tmp_path / "mail"))
    assert result.exit_code == 0
    uid = "devel-call@coconut-svsm.example.org"
    assert sorted(result.stdout.splitlines()) == [
        "claudio: accepted (devel-call)",
        "dionna: declined (devel-call)",
        "…@example.org: not sent by the attendee (devel-call)",
    ]
    assert result.stderr == "3 read, 2 of which changed something\n"
    assert invite("receive", str(tmp_path / "mail")).stderr == "0 read, 0 of which changed something\n"
    assert invite("status").stdout.splitlines()[:3] == [
        "  SVSM Development Call  Cláudio Carvalho    accepted   sent",
        "                         Dionna Glaze        declined   sent",
        "                         Huibo Wang          no answer  sent",
    ]
    found = json.loads(invite("status", "--json").stdout)
    assert found["mails"] == {"pending": 0, "sent": 10, "failed": 0, "superseded": 0}
    assert found["invitations"][0] == {
        "series": "devel-call",
        "uid": uid,
        "participant": "claudio",
        "list": None,
        "standing": "invited",
        "sequence": 0,
        "partstat": "ACCEPTED",
        "instances": [],
        "mail": {"state": "sent", "response": "250 taken", "bounced": ""},
    }


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("nowhere", "nowhere: there is no such mailbox (name a Maildir, an mbox file, or imaps://user@host/INBOX)"),
        (
            "ftp://example.org/x",
            "ftp://example.org/x: is not a mailbox (name a Maildir, an mbox file, or imaps://user@host/INBOX)",
        ),
        ("imaps://127.0.0.1:1/INBOX", f"the mailbox is not a server's address with a user (write {IMAP}, perhaps with ?ca=FILE)"),
    ],
)
def test_a_mailbox_that_is_none(invite, place, said):
    result = invite("receive", place)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"svsm-cal: {said}\n")


def test_before_anything_was_sent_there_is_nothing_to_see(invite):
    assert invite("status").stdout == "Nobody has been invited yet.\n"
    assert json.loads(invite("status", "--json").stdout) == {"invitations": [], "proposals": [], "mails": {}}


def test_reminders_are_sent_once_to_those_who_asked(invite, server):
    edit(invite, 'id = "dionna"', 'id = "dionna"\nmail_reminders = ["1d", "1h"]\nmail_deadlines = ["1w"]')
    assert invite("remind", now="2025-03-11T15:59Z").stderr == "1 mail sent\n"  # the deadline that is 6 days off
    assert invite("remind", now="2025-03-11T17:00Z").stderr == "1 mail sent\n"
    assert invite("remind", now="2025-03-11T17:05Z").stderr == "0 mails sent\n"
    assert invite("remind", now="2025-03-12T16:00Z").stderr == "2 mails sent\n"  # and a week before the hard freeze
    assert invite("remind", now="2025-03-12T17:00Z").stderr == "0 mails sent\n"
    subjects = [message_from_bytes(data, policy=default)["Subject"] for _, data in server.taken]
    assert subjects == [
        "QEMU 10.0 soft feature freeze: Tue 11 March 2025",
        "SVSM Development Call: Wed 12 March 2025, 10:00 America/Los_Angeles",
        "SVSM Development Call: Wed 12 March 2025, 10:00 America/Los_Angeles",
        "QEMU 10.0 hard feature freeze, rc0: Tue 18 March 2025",
    ]
    text = message_from_bytes(server.taken[1][1], policy=default).get_body(("plain",)).get_content()
    assert text.splitlines()[:4] == [
        "SVSM Development Call",
        "Wed 12 March 2025, 10:00 America/Los_Angeles (UTC-07:00), 1 hour",
        "It begins in 1 day.",
        "an hour later than usual, until Wed 26 March",
    ]


def test_a_reminder_that_was_missed_comes_late_or_not_at_all(invite, server):
    edit(invite, 'id = "dionna"', 'id = "dionna"\nmail_reminders = ["2d", "1d", "1h"]')
    assert invite("remind", now="2025-03-12T16:30Z").stderr == "1 mail sent\n"  # of three, the last
    assert invite("remind", now="2025-03-12T16:31Z").stderr == "0 mails sent\n"


def test_nobody_is_reminded_of_a_cancelled_call_or_while_away(invite, server):
    edit(invite, 'id = "dionna"', 'id = "dionna"\nmail_reminders = ["1d"]')
    edit(invite, 'id = "claudio"', 'id = "claudio"\nmail_reminders = ["1d"]\naway = [{ from = 2025-03-10, to = 2025-03-14 }]')
    invite("cancel", "devel-call", "2025-03-12", "--reason", "holiday")
    assert invite("remind", now="2025-03-11T18:00Z").stderr == "0 mails sent\n"
    assert invite("remind", now="2025-03-25T18:00Z").exit_code == 0
    assert server.to() == ["claudio", "dionna"]


def test_a_store_of_another_calendar_is_refused(invite, server):
    invite("send")
    edit(invite, 'id = "coconut-svsm"', 'id = "another"')
    result = invite("plan")
    assert result.exit_code == 1
    assert "coconut-svsm" in result.stderr
    assert "Traceback" not in result.stderr
