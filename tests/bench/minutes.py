"""Minutes read per second: whole files, suggestions resolved against the example's calendar, beside Markdown's parsing alone.

`minutes(rounds)` is for `run.py`; nobody else's program reads minutes, so the parser that this one uses is the yardstick.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from markdown_it import MarkdownIt

from svsm_cal.config.load import load
from svsm_cal.minutes.reading import read_minutes

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "tests/minutes/data").glob("*.md"))


def minutes(rounds: int = 5) -> dict[str, list[float]]:
    """Return minutes read per second in each round, by what is done with them."""
    calendar = load(ROOT / "examples/svsm/calendar.toml")
    texts = [(path.name, path.read_text(encoding="utf-8")) for path in FILES]
    parser = MarkdownIt("commonmark")
    rates: dict[str, list[float]] = {"svsm-cal": [], "markdown-it-py alone": []}
    for number in range(rounds + 1):
        begin = time.perf_counter()
        for name, text in texts:
            read_minutes(text, file=name, calendar=calendar)
        middle = time.perf_counter()
        for _, text in texts:
            parser.parse(text)
        end = time.perf_counter()
        if number:  # the first one does not count
            rates["svsm-cal"].append(len(texts) / (middle - begin))
            rates["markdown-it-py alone"].append(len(texts) / (end - middle))
    return rates


if __name__ == "__main__":
    for name, each in minutes().items():
        print(f"  {name:22} {statistics.median(each):8.0f} minutes/s  ({min(each):.0f} to {max(each):.0f})")
