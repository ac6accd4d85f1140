"""When a mail is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from svsm_cal.app.outbox import ATTEMPTS, retry_at
from svsm_cal.engine.civil import Instant

NOW = Instant(datetime(2025, 3, 5, 17, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("attempts", "minutes"),
    [(1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 320), (8, 360), (25, 360), (26, None), (1000, None)],
)
def test_the_next_attempt(attempts: int, minutes: int | None) -> None:
    at = retry_at(attempts, NOW, 0.5)
    assert at == (None if minutes is None else NOW + timedelta(minutes=minutes))
    if minutes is not None:
        assert retry_at(attempts, NOW, 0.0) == NOW + timedelta(minutes=minutes * 0.8)
        assert retry_at(attempts, NOW, 1.0) == NOW + timedelta(minutes=minutes * 1.2)


def test_a_mail_is_tried_for_about_five_days() -> None:
    at: Instant | None = NOW
    for attempts in range(1, ATTEMPTS):
        at = retry_at(attempts, at, 0.5)
        assert at is not None
    assert timedelta(days=4.5) < at - NOW < timedelta(days=5.5)
    assert retry_at(ATTEMPTS, at, 0.5) is None
