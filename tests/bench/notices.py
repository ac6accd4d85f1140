"""Notices for many participants over two years: for `make bench`, or alone with `python tests/bench/notices.py`."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from svsm_cal.config.load import loads
from svsm_cal.engine.civil import Instant
from svsm_cal.engine.tzdb import tz_database
from svsm_cal.notices import notices
from svsm_cal.notices.notice import narrowed
from svsm_cal.render.notice_text import wording
from svsm_cal.words import languages

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/svsm/calendar.toml"
BEGIN, END = (Instant(datetime(year, 1, 1, tzinfo=UTC)) for year in (2025, 2027))


def crowd(people: int) -> str:
    """The example with so many more attendees, in all the zones there are, a tenth of them away now and then."""
    zones = sorted(tz_database().regions())
    rows = []
    for number in range(people):
        away = (
            f"away = [{{ from = 2025-{number % 12 + 1:02}-01, to = 2025-{number % 12 + 1:02}-14 }}]\n" if number % 10 == 0 else ""
        )
        zone = zones[number % len(zones)]
        rows.append(
            f'[[participant]]\nid = "p{number}"\nname = "P {number}"\nzone = "{zone}"\ngroups = ["everyone"]\n'
            f'email = "p{number}@example.org"\n{away}'
        )
    return EXAMPLE.read_text(encoding="utf-8") + "\n" + "\n".join(rows)


def measure(people: int = 1000) -> list[tuple[str, float, int]]:
    """Return (what, seconds, how many) of each step; the calendar is read anew, so that nothing is known yet."""
    calendar = loads(crowd(people))
    begin = time.perf_counter()
    found = notices(calendar, BEGIN, END)
    decided = time.perf_counter()
    words = [wording(each, calendar, language) for each in found for language in languages()]
    worded = time.perf_counter()
    own = [
        each for person in calendar.participants for each in (narrowed(notice, person) for notice in found) if each is not None
    ]
    done = time.perf_counter()
    return [
        (f"{people} participants, two years: notices decided", decided - begin, len(found)),
        ("  worded in all languages", worded - decided, len(words)),
        ("  narrowed to each participant", done - worded, len(own)),
    ]


def main() -> None:
    for what, seconds, count in measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1000):
        print(f"{what:60} {seconds * 1e3:9.1f} ms  ({count})")


if __name__ == "__main__":
    main()
