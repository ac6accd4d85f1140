"""Where notices go, and how long ahead: what the file's [notices] table declares.

A channel's secret address is not here: only the name of the environment variable, or the file, that has it.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from svsm_cal.value import Value

__all__ = ["Announcing", "Channel", "ChannelKind", "Leads", "Severity"]

_WEEK = timedelta(weeks=1)
_DAY = timedelta(days=1)


class Severity(StrEnum):
    """How much a notice matters, the least first."""

    INFO = "info"
    WARNING = "warning"
    URGENT = "urgent"

    def reaches(self, least: Severity) -> bool:
        """Whether it is as severe as `least`, or more."""
        order = list(Severity)
        return order.index(self) >= order.index(least)


class ChannelKind(StrEnum):
    """By what a channel's notices travel; `APPRISE` is any other service that apprise knows, in plain text."""

    MAIL = "mail"
    SLACK = "slack"
    DISCORD = "discord"
    MATRIX = "matrix"
    MATTERMOST = "mattermost"
    ZULIP = "zulip"
    APPRISE = "apprise"


class Channel(Value):
    """One channel: its language, the ids of the series it is about (none: all), and the least severity it wants.

    A mail channel has a list's address as `to`, or none to write to each participant what concerns them. Any other has
    its secret address in the environment variable `url_env`, or in the file `url_file`, and a `room` and `topic` where
    its kind needs them.
    """

    id: str
    kind: ChannelKind
    language: str = "en"
    series: tuple[str, ...] = ()
    least: Severity = Severity.INFO
    to: str | None = None
    url_env: str | None = None
    url_file: str | None = None
    room: str | None = None
    topic: str | None = None


class Leads(Value):
    """How long ahead notices are due, in days or weeks of the anchor's clock.

    `shift` of calls whose local time changes, `last` of the last call of a mismatch and before a deadline, `call` of what
    is unusual about one call, `absence` of who will be missing, `deadline` of deadlines that say nothing themselves.
    """

    shift: timedelta = _WEEK
    last: timedelta = _DAY
    call: timedelta = _WEEK
    absence: timedelta = _WEEK
    deadline: tuple[timedelta, ...] = (_WEEK,)


class Announcing(Value):
    """What is told when, and where."""

    leads: Leads = Leads()
    channels: tuple[Channel, ...] = ()
