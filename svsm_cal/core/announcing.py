"""The channels and lead times of notices, as declared in the [notices] table of a calendar file.

A channel's secret address is not included, only the environment variable or file that holds it.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from svsm_cal.value import Value

_WEEK = timedelta(weeks=1)
_DAY = timedelta(days=1)


class Severity(StrEnum):
    """The severity of a notice, in ascending order."""

    INFO = "info"
    WARNING = "warning"
    URGENT = "urgent"

    def reaches(self, least: Severity) -> bool:
        """Return whether it is at least as severe as `least`."""
        order = list(Severity)
        return order.index(self) >= order.index(least)


class ChannelKind(StrEnum):
    """The service of a channel; `APPRISE` is any other service that apprise supports, with plain text."""

    MAIL = "mail"
    SLACK = "slack"
    DISCORD = "discord"
    MATRIX = "matrix"
    MATTERMOST = "mattermost"
    ZULIP = "zulip"
    APPRISE = "apprise"


class Channel(Value):
    """A channel: its language, the ids of its series (empty: all), and the least severity of its notices.

    A mail channel writes to a list's address `to`; without it, to each participant about what concerns them. Other channels
    have a secret address in the environment variable `url_env` or the file `url_file`, and a `room` and `topic` if needed.
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
    """The lead times of notices, in days or weeks on the anchor's clock.

    `shift` applies to calls whose local time changes, `last` to the last call of a mismatch or before a deadline, `call` to
    exceptions of a single call, `absence` to absent people, and `deadline` to deadlines without lead times of their own.
    """

    shift: timedelta = _WEEK
    last: timedelta = _DAY
    call: timedelta = _WEEK
    absence: timedelta = _WEEK
    deadline: tuple[timedelta, ...] = (_WEEK,)


class Announcing(Value):
    """The lead times and channels of notices."""

    leads: Leads = Leads()
    channels: tuple[Channel, ...] = ()
