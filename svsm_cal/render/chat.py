"""A notice as the documented payload of each chat platform, with its markup for local times and its escapes; nobody is pinged.

Titles, reasons and other texts of the calendar file are plain text: a mention or markup in them has no effect. Each platform
has its own way to say so; where there is none, a zero-width space breaks the mention.

Slack: api.slack.com/messaging/webhooks, reference/block-kit and "Formatting text for app surfaces"; Discord: developer
documentation, Webhook "Execute Webhook" and "Message Formatting"; Matrix: Client-Server API, m.room.message and m.mentions;
Mattermost: "Incoming webhooks"; Zulip: REST API "Send a message" and "Global times".
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from svsm_cal.core.announcing import ChannelKind
from svsm_cal.engine.civil import epoch_seconds
from svsm_cal.notices.notice import CallFact, DeadlineFact, NoticeKind
from svsm_cal.render.records import instant_text
from svsm_cal.words import language_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from svsm_cal.core.announcing import Channel
    from svsm_cal.core.model import Calendar
    from svsm_cal.engine.civil import Instant
    from svsm_cal.notices.notice import Notice

_URL = re.compile(r"https?://[^\s<>\"']+")
_APART = "\u200b"
_DISCORD = re.compile(r"([\\*_~`|>#\[\]()<:-])")
_MARKDOWN = re.compile(r"([\\*_~`|>#\[\]()<!{}+-])")
# The most characters a platform accepts; longer texts are cut, but notices of a normal calendar are much shorter.
_MOST = {ChannelKind.SLACK: 2900, ChannelKind.DISCORD: 1900, ChannelKind.MATTERMOST: 3900, ChannelKind.ZULIP: 9000}
_SLACK_HEADER = 150
_ZULIP_TOPIC = 60
# Kinds without one moment ahead that could be shown.
_TIMELESS = frozenset({NoticeKind.OVER, NoticeKind.SLIPPED, NoticeKind.EARLIER, NoticeKind.TZ})

Payload = dict[str, Any]


def moment_of(notice: Notice) -> Instant | None:
    """Return the moment to show on readers' own clocks: the call, the next one if it is cancelled, or the deadline."""
    fact = notice.fact
    if notice.kind in _TIMELESS:
        return None
    if notice.kind is NoticeKind.CANCELLED:
        return fact.following.start_utc if isinstance(fact, CallFact) and fact.following is not None else None
    if notice.kind is NoticeKind.LAST_CALL and isinstance(fact, DeadlineFact) and fact.calls:
        return fact.calls[0].start_utc
    return notice.at


def chat_payload(calendar: Calendar, channel: Channel, notice: Notice, title: str, text: str) -> Payload:
    """Return a notice as a chat message: the fields of the JSON body, for Zulip those of the form.

    `title` and `text` are the notice's words in the channel's language, not yet escaped.
    """
    kind = channel.kind
    most = _MOST.get(kind, 60_000)
    text = text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
    return _PLATFORMS[kind](calendar, channel, notice, title, text)


def _own_time(channel: Channel, notice: Notice, shown: Callable[[Instant], str]) -> str:
    """Return the line with readers' own time in a platform's markup; "" if the notice has no such moment."""
    at = moment_of(notice)
    if at is None:
        return ""
    key = "notice.own_time.deadline" if notice.kind is NoticeKind.DEADLINE else "notice.own_time"
    return language_of(channel.language).say(key, when=shown(at))


def _utc(at: Instant) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _around_links(text: str, escaped: Callable[[str], str], link: Callable[[str], str]) -> str:
    """Return an escaped text in which web addresses are the platform's links."""
    found, end = [], 0
    for match in _URL.finditer(text):
        found += [escaped(text[end : match.start()]), link(match[0])]
        end = match.end()
    return "".join([*found, escaped(text[end:])])


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def _apart(text: str) -> str:
    """Return a text without effective @mentions."""
    return text.replace("@", f"@{_APART}")


def _slack(_: Calendar, channel: Channel, notice: Notice, title: str, text: str) -> Payload:
    def plain(part: str) -> str:
        return escape(part, quote=False)

    def date(at: Instant) -> str:
        return f"<!date^{epoch_seconds(at)}^{{date_long_pretty}}, {{time}}|{_utc(at)}>"

    body = _around_links(text, plain, lambda url: f"<{plain(url)}>")
    header = title if len(title) <= _SLACK_HEADER else f"{title[: _SLACK_HEADER - 1].rstrip()}…"
    return {
        # Shown in notifications, which have no blocks.
        "text": plain(title),
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": header, "emoji": False}},
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": _lines(body, _own_time(channel, notice, date)), "verbatim": True},
            },
        ],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _discord(_: Calendar, channel: Channel, notice: Notice, title: str, text: str) -> Payload:
    def plain(part: str) -> str:
        return _apart(_DISCORD.sub(r"\\\1", part))

    def date(at: Instant) -> str:
        return f"<t:{epoch_seconds(at)}:F> (<t:{epoch_seconds(at)}:R>)"

    body = _around_links(text, plain, lambda url: f"<{url}>")
    return {
        "content": _lines(f"**{plain(title)}**", body, _own_time(channel, notice, date))[:2000],
        "allowed_mentions": {"parse": []},
    }


def _markdown(part: str) -> str:
    return _apart(_MARKDOWN.sub(r"\\\1", part))


def _mattermost(_: Calendar, channel: Channel, notice: Notice, title: str, text: str) -> Payload:
    body = _around_links(text, _markdown, lambda url: f"<{url}>")
    return {"text": _lines(f"**{_markdown(title)}**", body, _own_time(channel, notice, _utc))}


def _zulip(calendar: Calendar, channel: Channel, notice: Notice, title: str, text: str) -> Payload:
    def plain(part: str) -> str:
        # @**all** and #**channel** notify in Zulip; other markup only looks odd.
        return _apart(part).replace("#*", f"#{_APART}*").replace("<time:", f"<{_APART}time:")

    body = _around_links(text, plain, str)
    return {
        "type": "stream",
        "to": channel.room or "",
        "topic": (channel.topic or calendar.name)[:_ZULIP_TOPIC],
        "content": _lines(f"**{plain(title)}**", body, _own_time(channel, notice, lambda at: f"<time:{instant_text(at)}>")),
    }


def _matrix(_: Calendar, channel: Channel, notice: Notice, title: str, text: str) -> Payload:
    own = _own_time(channel, notice, _utc)
    body = _around_links(text, escape, lambda url: f'<a href="{escape(url)}">{escape(url)}</a>')
    return {
        # m.notice is a message of a program; other programs do not answer it.
        "msgtype": "m.notice",
        "body": _lines(title, text, own),
        "format": "org.matrix.custom.html",
        "formatted_body": f"<strong>{escape(title)}</strong><br>{body}" + (f"<br>{escape(own)}" if own else ""),
        "m.mentions": {},
    }


def _plain(_: Calendar, channel: Channel, notice: Notice, title: str, text: str) -> Payload:
    return {"title": title, "body": _lines(text, _own_time(channel, notice, _utc))}


_PLATFORMS: dict[ChannelKind, Callable[[Calendar, Channel, Notice, str, str], Payload]] = {
    ChannelKind.SLACK: _slack,
    ChannelKind.DISCORD: _discord,
    ChannelKind.MATRIX: _matrix,
    ChannelKind.MATTERMOST: _mattermost,
    ChannelKind.ZULIP: _zulip,
    ChannelKind.APPRISE: _plain,
}
