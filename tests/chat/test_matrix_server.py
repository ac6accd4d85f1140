"""A real Matrix server (Synapse): a notice arrives in a room once, however often it is sent, and pings nobody."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import subprocess
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from svsm_cal.core.announcing import Channel, ChannelKind
from svsm_cal.render.chat import chat_payload
from svsm_cal.transport.webhooks import deliver

from .test_chat_payloads import EXAMPLE, notice

PYTHON = Path(__file__).resolve().parents[2] / ".cache/chat/bin/python"
pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="tests/chat/setup.sh installs the Matrix server")

CONFIG = """\
server_name: "localhost"
pid_file: "{folder}/pid"
listeners:
  - {{port: {port}, type: http, tls: false, bind_addresses: ["127.0.0.1"], resources: [{{names: [client], compress: false}}]}}
database: {{name: sqlite3, args: {{database: "{folder}/homeserver.db"}}}}
media_store_path: "{folder}/media"
signing_key_path: "{folder}/signing.key"
registration_shared_secret: "only for this test"
report_stats: false
trusted_key_servers: []
log_config: "{folder}/log.yaml"
rc_login: {{address: {{per_second: 100, burst_count: 100}}, account: {{per_second: 100, burst_count: 100}}}}
"""
LOG = """\
version: 1
handlers: {{file: {{class: logging.FileHandler, filename: "{folder}/log"}}}}
root: {{level: WARNING, handlers: [file]}}
"""


class Matrix:
    """What the test asks a homeserver."""

    def __init__(self, port):
        self.port = port
        self.token = None

    def ask(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def register(self, name):
        nonce = self.ask("GET", "/_synapse/admin/v1/register")["nonce"]
        said = f"{nonce}\0{name}\0password\0notadmin"
        mac = hmac.new(b"only for this test", said.encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": "password", "admin": False, "mac": mac}
        return self.ask("POST", "/_synapse/admin/v1/register", body)["access_token"]

    def messages(self, room):
        found = self.ask("GET", f"/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=50")["chunk"]
        return [each for each in found if each["type"] == "m.room.message"]


@pytest.fixture(scope="module")
def matrix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("matrix")
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name, text in (("homeserver.yaml", CONFIG), ("log.yaml", LOG)):
        (folder / name).write_text(text.format(folder=folder, port=port), encoding="utf-8")
    command = [PYTHON, "-m", "synapse.app.homeserver", "--config-path", folder / "homeserver.yaml"]
    subprocess.run([*command, "--generate-keys"], check=True, capture_output=True, cwd=folder)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder) as server:
        try:
            found = Matrix(port)
            for _ in range(300):
                try:
                    found.ask("GET", "/_matrix/client/versions")
                    break
                except OSError:
                    assert server.poll() is None, (folder / "log").read_text()
                    time.sleep(0.1)
            yield found
        finally:
            server.terminate()
            server.wait(30)


def test_a_notice_is_in_the_room_once_and_mentions_nobody(matrix):
    matrix.token = matrix.register("bot")
    room = matrix.ask("POST", "/_matrix/client/v3/createRoom", {"name": "SVSM"})["room_id"]
    channel = Channel("room", ChannelKind.MATRIX, room=room)
    secret = f"http://{matrix.token}@127.0.0.1:{matrix.port}"
    shift = notice()
    payload = chat_payload(EXAMPLE, channel, shift, "An hour later <b>for</b> @room", "13:00 instead of 12:00 & more.")
    for _ in range(3):
        assert deliver(channel, secret, payload, identity=shift.id).arrived
    contents = [each["content"] for each in matrix.messages(room)]
    assert contents == [payload]
    assert contents[0]["m.mentions"] == {}
    assert contents[0]["formatted_body"].startswith("<strong>An hour later &lt;b&gt;for&lt;/b&gt; @room</strong>")
    assert deliver(channel, secret, payload, identity="another").arrived
    assert len(matrix.messages(room)) == 2


def test_a_wrong_token_is_refused_and_may_be_tried_again(matrix):
    channel = Channel("room", ChannelKind.MATRIX, room="!none:localhost")
    payload = chat_payload(EXAMPLE, channel, notice(), "Title", "Text.")
    outcome = deliver(channel, f"http://canary@127.0.0.1:{matrix.port}", payload, identity="a")
    assert (outcome.arrived, outcome.again, outcome.detail) == (False, True, "127.0.0.1 answered 401")
