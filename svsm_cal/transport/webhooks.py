"""Messages to chats, each one HTTP request, and their outcomes.

Slack, Discord, Zulip and Matrix get requests as documented. apprise (extra `chat`) changes their messages: it escapes Slack's
times, or adds a third party's picture and the current time; it lets Discord's mentions ping people; it gives Matrix a new
transaction id for each attempt, so that a repeated message shows twice; and it reports all failures alike. It sends
Mattermost's text unchanged, so it is used for Mattermost and for all other services.

At most once: a request that may have arrived is not repeated, except with Matrix, where the same transaction id prevents a
second message. A message that was refused, or never sent, may be tried again. No error contains a secret address.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import ssl
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from svsm_cal.core.announcing import Channel, ChannelKind
from svsm_cal.errors import UsageError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from urllib.parse import SplitResult

    from apprise import Apprise

_TIMEOUT = 20.0
_TRIES = 3
_LONGEST_WAIT = 60.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# With these the server has not accepted the message; with other errors of the server nobody knows.
_LATER = (429, 503)


class Outcome(Value):
    """The outcome of a message: whether it `arrived`; if not, whether to try `again` since it certainly did not."""

    arrived: bool
    again: bool
    detail: str = ""


class _Request(Value):
    """An HTTP request; with `repeats` it may be sent twice without a second effect."""

    method: str
    address: SplitResult
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    repeats: bool = False


def check(channel: Channel, secret: str) -> None:
    """Check a channel's secret address without sending anything.

    Raises UsageError if it is invalid for the kind of channel, or if an extra is missing.
    """
    if channel.kind in (ChannelKind.MATTERMOST, ChannelKind.APPRISE):
        _service(channel, secret)
    else:
        _REQUESTS[channel.kind](channel, _address(channel, secret), {}, "")


def deliver(
    channel: Channel,
    secret: str,
    payload: Mapping[str, Any],
    *,
    identity: str,
    pause: Callable[[float], None] = time.sleep,
    timeout: float = _TIMEOUT,
) -> Outcome:
    """Send a payload to a channel at its secret address; the same `identity` means the same message.

    Raises UsageError if the address is invalid for the kind of channel, or if an extra is missing.
    """
    if channel.kind in (ChannelKind.MATTERMOST, ChannelKind.APPRISE):
        return _by_apprise(channel, secret, payload)
    request = _REQUESTS[channel.kind](channel, _address(channel, secret), payload, identity)
    outcome = Outcome(arrived=False, again=True)
    for number in range(_TRIES):
        outcome, wait = _once(request, timeout)
        if outcome.arrived or wait is None or wait > _LONGEST_WAIT or number == _TRIES - 1:
            break
        pause(wait)
    return outcome


def _address(channel: Channel, secret: str) -> SplitResult:
    kind = str(channel.kind).capitalize()
    wrong = UsageError(f'channel "{channel.id}": its address is not a valid {kind} address (expected https://...)')
    try:
        found = urlsplit(secret)
        host, _ = found.hostname, found.port
    except ValueError:
        raise wrong from None
    # Over plain http the secret would be readable on the way.
    if not host or not (found.scheme == "https" or (found.scheme == "http" and host in _LOOPBACK)) or not secret.isprintable():
        raise wrong
    return found


def _hook(_: Channel, address: SplitResult, payload: Mapping[str, Any], __: str) -> _Request:
    query = f"?{address.query}" if address.query else ""
    return _Request("POST", address, f"{address.path or '/'}{query}", (_JSON,), _json(payload))


def _zulip(channel: Channel, address: SplitResult, payload: Mapping[str, Any], _: str) -> _Request:
    if not address.username or not address.password:
        message = (
            f'channel "{channel.id}": a Zulip address contains the bot and its key: https://bot%40chat.example.org:KEY@chat...'
        )
        raise UsageError(message)
    user = base64.b64encode(f"{unquote(address.username)}:{unquote(address.password)}".encode()).decode("ascii")
    headers = (("Authorization", f"Basic {user}"), ("Content-Type", "application/x-www-form-urlencoded"))
    return _Request("POST", address, f"{address.path.rstrip('/')}/api/v1/messages", headers, urlencode(payload).encode("ascii"))


def _matrix(channel: Channel, address: SplitResult, payload: Mapping[str, Any], identity: str) -> _Request:
    token = unquote(address.username or "")
    if not token:
        raise UsageError(f'channel "{channel.id}": a Matrix address contains the access token: https://TOKEN@matrix.example.org')
    transaction = hashlib.sha256(f"{channel.id}\n{identity}".encode()).hexdigest()[:32]
    path = f"/_matrix/client/v3/rooms/{quote(channel.room or '', safe='')}/send/m.room.message/{transaction}"
    headers = (("Authorization", f"Bearer {token}"), _JSON)
    return _Request("PUT", address, address.path.rstrip("/") + path, headers, _json(payload), repeats=True)


_JSON = ("Content-Type", "application/json; charset=utf-8")


def _json(payload: Mapping[str, Any]) -> bytes:
    return json.dumps(payload, ensure_ascii=False).encode("utf-8")


_REQUESTS: dict[ChannelKind, Callable[[Channel, SplitResult, Mapping[str, Any], str], _Request]] = {
    ChannelKind.SLACK: _hook,
    ChannelKind.DISCORD: _hook,
    ChannelKind.ZULIP: _zulip,
    ChannelKind.MATRIX: _matrix,
}


def _once(request: _Request, timeout: float) -> tuple[Outcome, float | None]:
    """Send a request once; return its outcome, and how long to wait before the next attempt, None for no further one."""
    address = request.address
    host, port = address.hostname or "", address.port
    connection = (
        http.client.HTTPSConnection(host, port, timeout=timeout, context=ssl.create_default_context())
        if address.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=timeout)
    )
    try:
        try:
            connection.connect()
        except OSError as error:
            return Outcome(arrived=False, again=True, detail=f"{host} cannot be reached: {_said(error)}"), None
        try:
            connection.request(request.method, request.path, request.body, dict(request.headers))
            response = connection.getresponse()
            status, after = response.status, response.getheader("Retry-After")
            response.read(65536)
        except (OSError, http.client.HTTPException) as error:
            detail = f"{host} did not answer: {_said(error)}"
            return Outcome(arrived=False, again=request.repeats, detail=detail), 1.0 if request.repeats else None
    finally:
        connection.close()
    return _judged(request, status, after, host)


def _judged(request: _Request, status: int, after: str | None, host: str) -> tuple[Outcome, float | None]:
    if 200 <= status < 300:
        return Outcome(arrived=True, again=False), None
    detail = f"{host} answered {status}"
    told_when = status == 429 or after is not None
    if status in _LATER and told_when:
        return Outcome(arrived=False, again=True, detail=detail), _seconds(after)
    if status >= 500:
        return Outcome(arrived=False, again=request.repeats, detail=detail), 1.0 if request.repeats else None
    return Outcome(arrived=False, again=True, detail=detail), None


def _seconds(after: str | None) -> float:
    try:
        return max(0.0, float(after or 1))
    except ValueError:
        return _LONGEST_WAIT  # a date


def _said(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


def _by_apprise(channel: Channel, secret: str, payload: Mapping[str, Any]) -> Outcome:
    service = _service(channel, secret)
    body = str(payload.get("text") or payload.get("body") or "")
    title = str(payload.get("title", ""))
    arrived = bool(service.notify(body=body, title=title, body_format="text"))
    return Outcome(arrived=arrived, again=False, detail="" if arrived else "apprise failed, and does not say whether it was sent")


def _service(channel: Channel, secret: str) -> Apprise:
    try:
        import apprise
    except ImportError as error:
        raise UsageError(f"{channel.kind} channels need an extra (run: pip install 'svsm_cal[chat]')") from error
    import logging

    # Its log contains addresses.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    url = _mattermost_url(channel, secret) if channel.kind is ChannelKind.MATTERMOST else secret
    service = apprise.Apprise(asset=apprise.AppriseAsset(async_mode=False, app_id="svsm-cal", app_desc="svsm-cal"))
    if not service.add(url):
        raise UsageError(f'channel "{channel.id}": apprise does not know its kind of address')
    return service


def _mattermost_url(channel: Channel, secret: str) -> str:
    """Return the address of an incoming webhook, https://HOST/hooks/KEY, in apprise's form."""
    address = _address(channel, secret)
    before, _, key = address.path.rpartition("/hooks/")
    if not key or "/" in key:
        raise UsageError(f'channel "{channel.id}": a Mattermost address is an incoming webhook: https://HOST/hooks/KEY')
    scheme = "mmosts" if address.scheme == "https" else "mmost"
    return f"{scheme}://{address.netloc.rpartition('@')[2]}{before}/{key}?image=no&format=text"
