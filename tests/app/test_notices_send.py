"""Telling what is due: in every channel what it wants, each thing once, and no secret or address where it is not meant."""

from __future__ import annotations

import email
import email.policy
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest

from svsm_cal.app.notice_sending import NoticeStore, channel_problems, send_due
from svsm_cal.app.notices import notices_of, public_holidays
from svsm_cal.config.load import loads
from svsm_cal.engine.civil import Instant
from svsm_cal.errors import UsageError
from svsm_cal.store import open_store
from svsm_cal.transport.webhooks import Outcome
from tests.support import EXAMPLE_TEXT

SLACK = '\n[[notices.channel]]\nid = "chat"\nkind = "slack"\nurl_env = "CHAT"\n'
LIST = '\n[[notices.channel]]\nid = "list"\nkind = "mail"\nto = "svsm@lists.example.org"\n'
PEOPLE = '\n[[notices.channel]]\nid = "people"\nkind = "mail"\n'
ENVIRONMENT = {"CHAT": "https://canarysecret@hooks.example.org/services/T/B/canarysecret"}
NOW = Instant(datetime(2025, 3, 5, 17, tzinfo=UTC))
DUE = ["last-call:qemu-10.0-soft-freeze:2025-03-11", "deadline:qemu-10.0-soft-freeze:2025-03-11:10080min",
       "shift:devel-call:2025-03-09:+60"]  # fmt: skip


class Memory:
    """A NoticeStore in this process's memory."""

    def __init__(self):
        self.claims = set()
        self.mails = []

    def sent(self, entries):
        return [each in self.claims for each in entries]

    def claim(self, identity, channel):
        fresh = (identity, channel) not in self.claims
        self.claims.add((identity, channel))
        return fresh

    def release(self, identity, channel):
        self.claims.remove((identity, channel))

    def enqueue(self, mails):
        fresh = [self.claim(identity, channel) for identity, channel, _ in mails]
        self.mails += [mail for (_, _, mail), new in zip(mails, fresh, strict=True) if new]
        return fresh


class Chat:
    """A sender that keeps what it is given, and answers as told."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.sent = []

    def __call__(self, channel, secret, payload, *, identity):
        self.sent.append((channel.id, identity, secret, payload))
        return self.outcomes.pop(0) if self.outcomes else Outcome(arrived=True, again=False)


@pytest.fixture(params=["in memory", "sqlite"])
def notice_store(request, tmp_path):
    if request.param == "in memory":
        yield Memory()
        return
    with closing(open_store(str(tmp_path / "store.db"), calendar_id="coconut-svsm")) as store:
        yield NoticeStore(store, NOW)


def send(text, notice_store, chat=None, now=NOW, **more):
    return send_due(loads(text), now, store=notice_store, environment=ENVIRONMENT, sender=chat or Chat(), **more)


def outcomes(told):
    return [(each.message.channel.id, each.message.notice.id, each.outcome) for each in told]


def test_what_is_due_is_told_once_however_often_it_runs(notice_store):
    chat = Chat()
    assert outcomes(send(EXAMPLE_TEXT + SLACK, notice_store, chat)) == [("chat", identity, "sent") for identity in DUE]
    assert outcomes(send(EXAMPLE_TEXT + SLACK, notice_store, chat)) == []
    later = Instant(NOW + timedelta(minutes=50))
    assert outcomes(send(EXAMPLE_TEXT + SLACK, notice_store, chat, later)) == []
    assert [identity for _, identity, _, _ in chat.sent] == DUE


def test_each_channel_is_told_for_itself(notice_store):
    two = SLACK + SLACK.replace('"chat"', '"other"')
    assert len(send(EXAMPLE_TEXT + SLACK, notice_store)) == 3
    assert {each.message.channel.id for each in send(EXAMPLE_TEXT + two, notice_store)} == {"other"}


def test_what_cannot_have_arrived_is_tried_again_and_what_may_have_is_not(notice_store):
    refused, unknown = Outcome(arrived=False, again=True, detail="no"), Outcome(arrived=False, again=False, detail="?")
    chat = Chat(refused, unknown, refused)
    assert [each.outcome for each in send(EXAMPLE_TEXT + SLACK, notice_store, chat)] == ["failed", "unknown", "failed"]
    assert outcomes(send(EXAMPLE_TEXT + SLACK, notice_store, Chat(refused))) == [
        ("chat", DUE[0], "failed"),
        ("chat", DUE[2], "sent"),
    ]
    assert outcomes(send(EXAMPLE_TEXT + SLACK, notice_store)) == [("chat", DUE[0], "sent")]
    assert outcomes(send(EXAMPLE_TEXT + SLACK, notice_store)) == []


WANTS = [
    ("all", "", DUE),
    ("what matters more", 'severity = "warning"', [DUE[0], DUE[2]]),
    ("what is urgent", 'severity = "urgent"', []),
    ("one series, and deadlines", 'series = ["devel-call"]', DUE),
]


@pytest.mark.parametrize(("lines", "wanted"), [pytest.param(*row[1:], id=row[0]) for row in WANTS])
def test_a_channel_gets_what_it_wants(lines, wanted):
    assert outcomes(send(f"{EXAMPLE_TEXT}{SLACK}{lines}\n", Memory())) == [("chat", each, "sent") for each in wanted]


def test_a_channel_of_another_series_hears_nothing_of_this_one():
    other = '\n[[series]]\nid = "other"\ntitle = "Other"\nstart = 2025-01-07T10:00:00\nduration = "1h"\n'
    told = send(f'{EXAMPLE_TEXT}{other}{SLACK}series = ["other"]\n', Memory())
    assert [each.message.notice.id for each in told] == ["deadline:qemu-10.0-soft-freeze:2025-03-11:10080min"]


def test_each_participant_gets_their_own_clock():
    memory = Memory()
    send(EXAMPLE_TEXT + PEOPLE, memory)
    shifts = {}
    for mail in memory.mails:
        message = email.message_from_bytes(mail.data, policy=email.policy.default)
        if "an hour later" in message["Subject"]:
            shifts[mail.recipient] = message["Subject"].partition(" for ")[2]
    assert shifts == {
        "claudio@example.org": "America/New_York",
        "dionna@example.org": "America/Los_Angeles",
        "tom@example.org": "America/Chicago",
    }


def test_a_mail_says_who_sent_it_and_that_a_program_did():
    memory = Memory()
    send(EXAMPLE_TEXT + LIST, memory)
    mail = memory.mails[2]
    message = email.message_from_bytes(mail.data, policy=email.policy.default)
    assert (mail.kind, mail.sender, mail.recipient) == ("notice", "calendar@coconut-svsm.example.org", "svsm@lists.example.org")
    assert message["From"] == "COCONUT-SVSM calendar <calendar@coconut-svsm.example.org>"
    assert message["To"] == "svsm@lists.example.org"
    assert message["Message-ID"] == mail.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == NOW
    assert message.get_content_type() == "multipart/alternative"
    assert "<p>From Wednesday 12 March to" in message.get_body(("html",)).get_content()
    assert (
        message.get_body(("plain",))
        .get_content()
        .startswith("From Wednesday 12 March to Wednesday 26 March (2 calls) the call is an hour later")
    )
    assert b"\n" not in mail.data.replace(b"\r\n", b"")


def test_no_address_of_anybody_else_is_in_what_is_told():
    memory, chat = Memory(), Chat()
    send(EXAMPLE_TEXT + SLACK + LIST + PEOPLE, memory, chat)
    addresses = {f"{name}@example.org".encode() for name in ("claudio", "dionna", "huibo", "joerg", "tom", "vasant")}
    for mail in memory.mails:
        assert not {each for each in addresses if each in mail.data} - {mail.recipient.encode()}
        assert b"canary" not in mail.data
    assert "example.org/services" not in repr([payload for *_, payload in chat.sent])
    assert "@" not in "".join(str(payload) for *_, payload in chat.sent)


def test_a_dry_run_tells_nobody_and_needs_no_secret():
    memory, chat = Memory(), Chat()
    for remembered in (None, memory):
        told = send_due(loads(EXAMPLE_TEXT + SLACK), NOW, store=remembered, dry=True, environment={}, sender=chat)
        assert outcomes(told) == [("chat", identity, "dry") for identity in DUE]
    assert (chat.sent, memory.claims) == ([], set())
    memory.claim(DUE[0], "chat")
    told = send_due(loads(EXAMPLE_TEXT + SLACK), NOW, store=memory, dry=True, environment={}, sender=chat)
    assert outcomes(told) == [("chat", identity, "dry") for identity in DUE[1:]]


MATRIX = SLACK.replace('"slack"', '"matrix"\nroom = "!a:example.org"')


def test_what_a_matrix_room_may_have_got_is_sent_again_as_the_same_message(notice_store):
    """Its server makes one message of both; so it is told first, and recorded then."""

    def killed(*_, **__):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send(EXAMPLE_TEXT + MATRIX, notice_store, killed)
    assert outcomes(send(EXAMPLE_TEXT + MATRIX, notice_store)) == [("chat", identity, "sent") for identity in DUE]
    assert outcomes(send(EXAMPLE_TEXT + MATRIX, notice_store)) == []


def test_what_another_chat_may_have_got_is_not_sent_again(notice_store):
    def killed(*_, **__):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send(EXAMPLE_TEXT + SLACK, notice_store, killed)
    assert outcomes(send(EXAMPLE_TEXT + SLACK, notice_store)) == [("chat", identity, "sent") for identity in DUE[1:]]


PROBLEMS = [
    (SLACK, {}, 'channel "chat": the environment variable CHAT is not set'),
    (SLACK.replace('url_env = "CHAT"', 'url_file = "no.txt"'), {}, "no.txt cannot be read"),
    (SLACK, {"CHAT": "http://hooks.example.org/canary"}, "its address is not a valid Slack address (expected https://...)"),
]


@pytest.mark.parametrize(("broken", "environment", "said"), PROBLEMS)
def test_a_channel_that_cannot_be_told_is_left_out_and_said(broken, environment, said):
    memory, chat = Memory(), Chat()
    calendar = loads(EXAMPLE_TEXT + broken + LIST)
    told = send_due(calendar, NOW, store=memory, environment=environment, sender=chat)
    assert [each.message.channel.id for each in told] == ["list"] * 3
    problems = channel_problems(calendar, environment=environment)
    assert list(problems) == ["chat"]
    assert said in str(problems["chat"])
    assert "canary" not in str(problems["chat"])
    assert (len(memory.mails), chat.sent) == (3, [])


def test_mail_without_a_sender_is_left_out_and_chats_are_told():
    calendar = loads(EXAMPLE_TEXT.replace("organizer =", "#") + LIST + SLACK)
    memory, chat = Memory(), Chat()
    send_due(calendar, NOW, store=memory, environment=ENVIRONMENT, sender=chat)
    assert (memory.mails, len(chat.sent)) == ([], 3)
    assert "mail channels need a sender" in str(channel_problems(calendar, environment=ENVIRONMENT)["list"])


def test_a_calendar_without_channels_is_refused():
    with pytest.raises(UsageError, match="there is no channel for notices"):
        send_due(loads(EXAMPLE_TEXT), NOW, store=Memory(), environment={}, sender=Chat())


def test_a_secret_may_be_in_a_file_beside_the_calendar(tmp_path):
    (tmp_path / "hook").write_text("https://hooks.example.org/x\n", encoding="utf-8")
    chat = Chat()
    text = EXAMPLE_TEXT + SLACK.replace('url_env = "CHAT"', 'url_file = "hook"')
    send_due(loads(text), NOW, store=Memory(), environment={}, folder=str(tmp_path), sender=chat)
    assert {secret for _, _, secret, _ in chat.sent} == {"https://hooks.example.org/x"}


# --- Holidays, as the package has them ---

REGIONS = EXAMPLE_TEXT.replace('name = "Joerg Roedel"', 'name = "Joerg Roedel"\nregion = "DE-BY"').replace(
    'name = "Tom Lendacky"', 'name = "Tom Lendacky"\nregion = "US-TX"'
)


@pytest.mark.parametrize(
    ("language", "name"), [("en", "Epiphany"), ("de", "Heilige Drei Könige")], ids=["in English", "in German"]
)
def test_holidays_are_those_of_each_region(language, name):
    found = public_holidays(loads(REGIONS), date(2026, 1, 2), date(2026, 1, 31), language=language)
    assert found["DE-BY"] == {date(2026, 1, 6): name}
    assert list(found["US-TX"]) == [date(2026, 1, 19)]


def test_an_unknown_region_names_who_has_it():
    with pytest.raises(UsageError, match='participant "tom": no holidays are known for region "XX"'):
        public_holidays(loads(REGIONS.replace("US-TX", "XX")), date(2026, 1, 1), date(2026, 1, 31))
    with pytest.raises(UsageError, match='participant "joerg": no holidays are known for region "DE-XY"'):
        public_holidays(loads(REGIONS.replace("DE-BY", "DE-XY")), date(2026, 1, 1), date(2026, 1, 31))


def test_who_is_on_holiday_is_told_a_week_ahead():
    moved = "move = [{ date = 2025-07-02, to = 2025-07-04T18:00:00 }]\nfrom = [{ date = 2025-05-07"
    calendar = loads(REGIONS.replace("from = [{ date = 2025-05-07", moved))
    found = {
        day: [absent.name for each in notices_of(calendar, at, at) if each.kind == "absences" for absent in each.fact.missing]
        for day in (26, 27, 28)
        for at in [Instant(datetime(2025, 6, day, 16, tzinfo=UTC))]
    }
    assert found == {26: [], 27: ["Tom Lendacky"], 28: ["Tom Lendacky"]}
