"""A local stand-in for chat servers: each platform's documented request, checked, and answers as the test wants them.

The schemas have the fields that the platforms document for what is sent, with their types and limits, and nothing else.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator

_TEXT = {"type": "string", "minLength": 1}


def _object(required, **properties):
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


SCHEMAS = {
    # api.slack.com/messaging/webhooks and /reference/block-kit/blocks: header, section; text objects.
    "slack": _object(
        ["text", "blocks"],
        text={**_TEXT, "maxLength": 40000},
        unfurl_links={"type": "boolean"},
        unfurl_media={"type": "boolean"},
        blocks={
            "type": "array",
            "maxItems": 50,
            "items": {
                "oneOf": [
                    _object(
                        ["type", "text"],
                        type={"const": "header"},
                        text=_object(
                            ["type", "text"],
                            type={"const": "plain_text"},
                            text={**_TEXT, "maxLength": 150},
                            emoji={"type": "boolean"},
                        ),
                    ),
                    _object(
                        ["type", "text"],
                        type={"const": "section"},
                        text=_object(
                            ["type", "text"],
                            type={"const": "mrkdwn"},
                            text={**_TEXT, "maxLength": 3000},
                            verbatim={"type": "boolean"},
                        ),
                    ),
                ]
            },
        },
    ),
    # discord.com/developers/docs/resources/webhook: Execute Webhook; /resources/message: Allowed Mentions.
    "discord": _object(
        ["content", "allowed_mentions"],
        content={**_TEXT, "maxLength": 2000},
        allowed_mentions=_object(["parse"], parse={"type": "array", "items": {"enum": ["roles", "users", "everyone"]}}),
    ),
    # spec.matrix.org, Client-Server API: m.room.message with m.notice; m.mentions.
    "matrix": _object(
        ["msgtype", "body"],
        **{
            "msgtype": {"const": "m.notice"},
            "body": _TEXT,
            "format": {"const": "org.matrix.custom.html"},
            "formatted_body": _TEXT,
            "m.mentions": _object([], user_ids={"type": "array"}, room={"type": "boolean"}),
        },
    ),
    # developers.mattermost.com/integrate/webhooks/incoming; username is apprise's.
    "mattermost": _object(
        ["text"], text={**_TEXT, "maxLength": 16383}, username=_TEXT, channel=_TEXT, icon_url=_TEXT, props={"type": "object"}
    ),
    # zulip.com/api/send-message, as a form.
    "zulip": _object(
        ["type", "to", "topic", "content"],
        type={"enum": ["stream", "channel"]},
        to=_TEXT,
        topic={**_TEXT, "maxLength": 60},
        content={**_TEXT, "maxLength": 10000},
    ),
}
# The documented method, path and type of the body.
REQUESTS = {
    "slack": ("POST", r"/services/[A-Z0-9]+/[A-Z0-9]+/\w+", "application/json"),
    "discord": ("POST", r"/api/webhooks/\d+/[\w-]+", "application/json"),
    "matrix": ("PUT", r"/_matrix/client/v3/rooms/[^/]+/send/m\.room\.message/[^/]+", "application/json"),
    "mattermost": ("POST", r"/hooks/\w+", "application/json"),
    "zulip": ("POST", r"/api/v1/messages", "application/x-www-form-urlencoded"),
}
ANSWERS = {
    "slack": b"ok",
    "discord": b"",
    "matrix": b'{"event_id": "$e"}',
    "mattermost": b"ok",
    "zulip": b'{"result": "success"}',
}
SECRETS = {
    "slack": "http://{host}/services/T0CANARY/B0CANARY/canarysecret",
    "discord": "http://{host}/api/webhooks/1234/canarysecret-_",
    "matrix": "http://canarysecret@{host}",
    "mattermost": "http://{host}/hooks/canarysecret",
    "zulip": "http://bot%40chat.example.org:canarysecret@{host}",
}


class StandIn:
    """A server on loopback; `answers` are (status, headers) for the next requests, "drop" to hang up after reading one."""

    def __init__(self, kind):
        self.kind = kind
        self.answers = []
        self.requests = []
        self.problems = []
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _take(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                stand_in.take(self.command, self.path, dict(self.headers), body)
                answer = stand_in.answers.pop(0) if stand_in.answers else (200, {})
                if answer == "drop":
                    self.close_connection = True
                    self.connection.close()
                    return
                status, headers = answer
                data = ANSWERS[stand_in.kind] if status == 200 else b"{}"
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_PUT = do_GET = _take  # noqa: N815

            def log_message(self, *arguments):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # the other side has gone

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def secret(self):
        return SECRETS[self.kind].format(host=f"127.0.0.1:{self._server.server_address[1]}")

    def take(self, method, path, headers, body):
        wanted, pattern, content_type = REQUESTS[self.kind]
        if method != wanted or not re.fullmatch(pattern, path.partition("?")[0]):
            self.problems.append(f"{method} {path}")
        if not headers.get("Content-Type", "").startswith(content_type):
            self.problems.append(f"Content-Type: {headers.get('Content-Type')}")
        form = self.kind == "zulip"
        payload = dict(parse_qsl(body.decode(), strict_parsing=True)) if form else json.loads(body)
        self.problems += [error.message for error in Draft202012Validator(SCHEMAS[self.kind]).iter_errors(payload)]
        self.requests.append((path, headers, payload))
