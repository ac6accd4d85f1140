"""The [notices] table: how long ahead notices are due, and the channels they go to.

The secret part of a channel's address never stands in the file, which is public: a channel names the environment
variable or the file that has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.config.tables import nearest
from svsm_cal.core.announcing import Announcing, Channel, ChannelKind, Leads, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from svsm_cal.config.tables import Row, Tables

__all__ = ["read_announcing"]

_ROOMS = (ChannelKind.MATRIX, ChannelKind.ZULIP)


def read_announcing(row: Row, tables: Tables, declared: Sequence[str], language: str) -> Announcing:
    """Return a [notices] table's values; `declared` are the ids of all series, `language` is the one of the calendar."""
    leads = Leads(**row.values["lead"].values) if "lead" in row.values else Leads()
    return Announcing(leads, tuple(_channels(row.rows("channel"), tables, declared, language)))


def _channels(rows: list[Row], tables: Tables, declared: Sequence[str], language: str) -> Iterator[Channel]:
    for row in rows:
        first = tables.unique("channel", row)
        if not (first and row.whole and row.clean):
            continue
        values = row.values
        for number, name in enumerate(values.get("series", ())):
            if name not in declared:
                hint = nearest(name, declared) or "the id of a [[series]]"
                tables.error((*row.path, "series", number), "unknown-series", f'{row.label}: no series "{name}"', hint)
        channel = Channel(
            **{"language": language, **{name: value for name, value in values.items() if name not in ("severity", "kind")}},
            kind=ChannelKind(values["kind"]),
            least=Severity(values.get("severity", "info")),
        )
        for problem, hint in _lacks(channel):
            tables.error((*row.path, "kind"), "channel-address", f"{row.label}: {problem}", hint)
        yield channel


def _lacks(channel: Channel) -> Iterator[tuple[str, str]]:
    """Yield what keeps a channel from being reached, and what to write."""
    if channel.kind is ChannelKind.MAIL:
        if channel.url_env or channel.url_file or channel.room or channel.topic:
            yield "a mail channel has only an address (to)", "without it each participant gets what concerns them"
        return
    if (channel.url_env is None) == (channel.url_file is None):
        yield "needs either url_env or url_file, where its secret address is", 'url_env = "SVSM_CHAT_URL"'
    if channel.to is not None:
        yield "only a mail channel has an address (to)", "url_env or url_file"
    if channel.kind in _ROOMS and channel.room is None:
        yield f"a {channel.kind} channel needs a room", 'room = "!abc:matrix.org", or the name of a Zulip channel'
