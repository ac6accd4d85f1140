"""What each chat platform is sent: its own local-time markup, its escapes, and nobody pinged by what a title says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from svsm_cal.config.load import load
from svsm_cal.core.announcing import Channel, ChannelKind
from svsm_cal.engine.civil import Instant
from svsm_cal.notices import notices
from svsm_cal.notices.notice import NoticeKind
from svsm_cal.render.chat import chat_payload, moment_of
from svsm_cal.render.notice_text import wording
from svsm_cal.words import language_of, tags
from tests.support import EXAMPLE

from .stand_in import SCHEMAS

CALENDAR = load(EXAMPLE)
KINDS = ("slack", "discord", "matrix", "mattermost", "zulip")
# 2025-03-12T17:00:00Z, the first call that is later in the US.
EPOCH = 1741798800


def channel(kind, **more):
    return Channel("chat", ChannelKind(kind), room="!room:example.org" if kind in ("matrix", "zulip") else None, **more)


def notice(kind=NoticeKind.SHIFT, when="2025-03-05T17:00+00:00"):
    now = Instant(datetime.fromisoformat(when).astimezone(UTC))
    return next(each for each in notices(CALENDAR, now, now) if each.kind is kind)


def payload(kind, title="Title", text="Text.", about=None, **more):
    return chat_payload(CALENDAR, channel(kind, **more), about or notice(), title, text)


def body(kind, found):
    """The part of a payload that is read as markup."""
    if kind == "slack":
        return found["blocks"][1]["text"]["text"]
    return found[{"discord": "content", "matrix": "formatted_body", "mattermost": "text", "zulip": "content"}[kind]]


MARKUP = [
    ("slack", f"The call in your own time: <!date^{EPOCH}^{{date_long_pretty}}, {{time}}|2025-03-12 17:00 UTC>"),
    ("discord", f"The call in your own time: <t:{EPOCH}:F> (<t:{EPOCH}:R>)"),
    ("zulip", "The call in your own time: <time:2025-03-12T17:00:00Z>"),
    ("mattermost", "The call in your own time: 2025-03-12 17:00 UTC"),
    ("matrix", "The call in your own time: 2025-03-12 17:00 UTC"),
]


@pytest.mark.parametrize(("kind", "line"), MARKUP)
def test_local_time_is_in_the_platforms_own_markup(kind, line):
    assert body(kind, payload(kind)).endswith(line)


def test_the_line_is_in_the_channels_language():
    assert "Das Treffen in der eigenen Zeit: <t:" in body("discord", payload("discord", language="de"))


def test_a_cancelled_call_shows_the_time_of_the_next_and_what_is_over_none():
    cancelled = notice(NoticeKind.CANCELLED, "2025-03-12T17:00+00:00")
    assert moment_of(cancelled) == datetime(2025, 3, 26, 17, tzinfo=UTC)
    over = notice(NoticeKind.OVER, "2025-03-12T12:00+00:00")
    assert moment_of(over) is None
    assert body("zulip", payload("zulip", about=over)) == "**Title**\nText."


PINGS = [
    ("slack", "<!here> <!channel> <@U123> <!subteam^S1> a&b",
     "&lt;!here&gt; &lt;!channel&gt; &lt;@U123&gt; &lt;!subteam^S1&gt; a&amp;b"),
    ("slack", "see https://example.org/a_b?c=1&d=2.", "see <https://example.org/a_b?c=1&amp;d=2.>"),
    ("discord", "@everyone @here <@123> <@&9> <#4>",
     "@\u200beveryone @\u200bhere \\<@\u200b123\\> \\<@\u200b&9\\> \\<\\#4\\>"),
    ("discord", "**a** _b_ `c` ||d|| [e](f) # g", "\\*\\*a\\*\\* \\_b\\_ \\`c\\` \\|\\|d\\|\\| \\[e\\]\\(f\\) \\# g"),
    ("discord", "https://example.org/a_b*c", "<https://example.org/a_b*c>"),
    ("mattermost", "@channel @all @here *a* #b",
     "@\u200bchannel @\u200ball @\u200bhere \\*a\\* \\#b"),
    ("zulip", "@**all** @*group* @_**x** #**general** <time:2025-01-01>",
     "@\u200b**all** @\u200b*group* @\u200b_**x** #\u200b**general** <\u200btime:2025-01-01>"),
    ("matrix", "@room <b>x</b> & <script>", "@room &lt;b&gt;x&lt;/b&gt; &amp; &lt;script&gt;"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "shown"), PINGS)
def test_what_the_file_says_is_shown_and_not_obeyed(kind, text, shown):
    assert shown in body(kind, payload(kind, text=text))


@pytest.mark.parametrize("kind", ["discord", "matrix"])
def test_platforms_are_told_that_nobody_is_mentioned(kind):
    found = payload(kind, title="@everyone @room")
    assert found.get("allowed_mentions", found.get("m.mentions")) in ({"parse": []}, {})


@pytest.mark.slow
@given(title=st.text(min_size=1, max_size=300), text=st.text(min_size=1, max_size=6000), kind=st.sampled_from(KINDS))
@settings(max_examples=60)
def test_whatever_it_says_a_payload_is_as_documented_and_pings_nobody(title, text, kind):
    found = payload(kind, title=f"T{title}", text=f"T{text}")
    assert list(Draft202012Validator(SCHEMAS[kind]).iter_errors(found)) == []
    said = body(kind, found)
    if kind == "slack":
        ours = f"<!date^{EPOCH}^"
        assert "<!" not in said.replace(ours, "")
        assert "<@" not in said
    elif kind != "matrix":
        words = [part for part in said.split() if "http" not in part]
        assert all(part[at + 1 : at + 2] == "\u200b" for part in words for at, each in enumerate(part) if each == "@")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", tags())
def test_every_notice_of_a_year_makes_a_documented_payload(kind, language):
    begin, end = (Instant(datetime(year, 1, 1, tzinfo=UTC)) for year in (2025, 2026))
    checked = Draft202012Validator(SCHEMAS[kind])
    found = notices(CALENDAR, begin, end)
    assert len(found) > 60
    for each in found:
        said = wording(each, CALENDAR, language_of(language))
        assert list(checked.iter_errors(chat_payload(CALENDAR, channel(kind), each, said.title, said.text))) == []
