"""Sending to chats: the documented request, waiting where a server says so, and never again what may have arrived."""

from __future__ import annotations

import socket

import pytest

from svsm_cal.core.announcing import Channel, ChannelKind
from svsm_cal.errors import UsageError
from svsm_cal.transport.webhooks import check, deliver

from .stand_in import StandIn
from .test_chat_payloads import KINDS, channel, payload

# A module that apprise loads is on its way out of Python.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
OWN = ("slack", "discord", "matrix", "zulip")


def sent(server, pauses=None, **more):
    pause = (pauses if pauses is not None else []).append
    found = payload(server.kind)
    return deliver(channel(server.kind), server.secret, found, identity="shift:a", pause=pause, **more)


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_arrives_as_documented(kind):
    with StandIn(kind) as server:
        outcome = sent(server)
    assert (outcome.arrived, outcome.again, outcome.detail) == (True, False, "")
    assert server.problems == []
    assert len(server.requests) == 1


def test_the_bots_key_and_the_token_travel_in_headers():
    with StandIn("zulip") as server:
        sent(server)
    assert server.requests[0][1]["Authorization"] == "Basic Ym90QGNoYXQuZXhhbXBsZS5vcmc6Y2FuYXJ5c2VjcmV0"
    with StandIn("matrix") as server:
        sent(server)
    assert server.requests[0][1]["Authorization"] == "Bearer canarysecret"
    assert server.requests[0][0].startswith("/_matrix/client/v3/rooms/%21room%3Aexample.org/send/m.room.message/")


def test_mattermost_gets_its_text_as_it_is_through_apprise():
    with StandIn("mattermost") as server:
        sent(server)
    assert [found["text"] for _, _, found in server.requests] == [payload("mattermost")["text"]]
    assert [set(found) - {"username"} for _, _, found in server.requests] == [{"text"}]


# What servers answer, in turn -> whether it arrived, whether to try again in a later run, requests made, pauses.
ANSWERS = [
    ("waits when told to", [*OWN], [(429, {"Retry-After": "2"}), (200, {})], True, False, 2, [2.0]),
    ("waits a second when not told how long", ["discord"], [(429, {}), (200, {})], True, False, 2, [1.0]),
    ("gives up after three", ["slack"], [(429, {"Retry-After": "1"})] * 5, False, True, 3, [1.0, 1.0]),
    ("does not wait for long", ["slack"], [(429, {"Retry-After": "3600"})], False, True, 1, []),
    ("comes back when a server says so", ["discord"], [(503, {"Retry-After": "1"}), (200, {})], True, False, 2, [1.0]),
    ("may have arrived: an error of the server", ["slack", "discord", "zulip"], [(500, {})], False, False, 1, []),
    ("may have arrived: an error between", ["slack", "discord", "zulip"], [(502, {})], False, False, 1, []),
    ("may have arrived: no reason given", ["slack", "discord", "zulip"], [(503, {})], False, False, 1, []),
    ("may have arrived: hung up", ["slack", "discord", "zulip"], ["drop"], False, False, 1, []),
    ("is the same message again: an error", ["matrix"], [(500, {}), (200, {})], True, False, 2, [1.0]),
    ("is the same message again: hung up", ["matrix"], ["drop", (200, {})], True, False, 2, [1.0]),
    ("was refused", ["slack", "discord", "zulip", "matrix"], [(403, {})], False, True, 1, []),
    ("has gone elsewhere", ["slack"], [(302, {"Location": "https://example.org/"})], False, True, 1, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "answers", "arrived", "again", "requests", "pauses"),
    [pytest.param(kind, *row[2:], id=f"{row[0]}-{kind}") for row in ANSWERS for kind in row[1]],
)
def test_what_becomes_of_a_message(kind, answers, arrived, again, requests, pauses):
    waited = []
    with StandIn(kind) as server:
        server.answers = list(answers)
        outcome = sent(server, waited)
    assert (outcome.arrived, outcome.again, len(server.requests), waited) == (arrived, again, requests, pauses)
    assert "canary" not in outcome.detail
    assert bool(outcome.detail) != arrived


def test_the_same_message_has_the_same_transaction_and_another_one_another():
    with StandIn("matrix") as server:
        for identity in ("a", "a", "b"):
            deliver(channel("matrix"), server.secret, payload("matrix"), identity=identity)
    paths = [path for path, _, _ in server.requests]
    assert paths[0] == paths[1] != paths[2]


def test_where_nobody_listens_nothing_has_arrived():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    outcome = deliver(channel("slack"), f"http://127.0.0.1:{port}/services/canary", payload("slack"), identity="a")
    assert (outcome.arrived, outcome.again) == (False, True)
    assert "127.0.0.1 cannot be reached" in outcome.detail
    assert "canary" not in outcome.detail


def test_a_server_that_does_not_answer_may_have_taken_it():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/services/canary"
        outcome = deliver(channel("slack"), address, payload("slack"), identity="a", timeout=0.2)
    assert (outcome.arrived, outcome.again) == (False, False)
    assert "did not answer" in outcome.detail


ADDRESSES = [
    ("slack", "http://hooks.example.org/canary"),
    ("slack", "canary"),
    ("slack", "ftp://127.0.0.1/canary"),
    ("slack", "https://[canary/"),
    ("slack", "https://hooks.example.org/a\r\nX-Canary: b"),
    ("zulip", "https://chat.example.org/canary"),
    ("matrix", "https://chat.example.org/canary"),
    ("mattermost", "https://chat.example.org/canary"),
    ("apprise", "canary"),
]


@pytest.mark.parametrize(("kind", "address"), ADDRESSES)
def test_an_address_that_is_none_is_told_without_its_secret(kind, address):
    with pytest.raises(UsageError, match='channel "chat": ') as caught:
        check(channel(kind), address)
    assert "canary" not in str(caught.value).lower()


@pytest.mark.parametrize("kind", OWN)
def test_sound_addresses_are(kind):
    with StandIn(kind) as server:
        check(channel(kind), server.secret)
    assert server.requests == []


def test_any_other_service_that_apprise_knows_gets_plain_text():
    with StandIn("mattermost") as server:
        where = server.secret.removeprefix("http://").replace("/hooks", "")
        outcome = deliver(
            Channel("chat", ChannelKind.APPRISE), f"mmost://{where}?image=no", {"title": "A", "body": "b"}, identity="a"
        )
    assert outcome.arrived
    assert [found["text"].split() for _, _, found in server.requests] == [["A", "b"]]
