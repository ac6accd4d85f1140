"""`make bench`: this program and others at the same work, in turn, in one run; medians and ratios.

Every row is measured in rounds that take each contender once, so that a machine that speeds up or slows down
does so for all of them. How to read the table is in README.md beside this file.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/svsm/calendar.toml"
READERS = ROOT / ".cache/readers"
NOW = "2025-03-05T17:00Z"


def measured(contenders: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return seconds by contender, one for each round after a first one that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, work in contenders.items():
            begin = time.perf_counter()
            work()
            if number:
                seconds[name].append(time.perf_counter() - begin)
    return seconds


def table(title: str, seconds: dict[str, list[float]], ours: str, scale: float = 1e3, unit: str = "ms") -> None:
    print(f"\n{title}")
    width = max(map(len, seconds))
    for name, runs in seconds.items():
        median, low, high = statistics.median(runs), min(runs), max(runs)
        # Of each round: a machine that slows down for some seconds slows all contenders of a round.
        each = statistics.median(theirs / our for theirs, our in zip(runs, seconds[ours], strict=True))
        ratio = "" if name == ours else f"  {each:8.2f} x ours"
        print(f"  {name:{width}}  {median * scale:10.1f} {unit}  ({low * scale:.1f} to {high * scale:.1f}){ratio}")


def command(*words: str | Path, env: dict[str, str] | None = None) -> Callable[[], object]:
    line = [str(word) for word in words]
    return lambda: subprocess.run(line, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)


def start_up(rounds: int) -> None:
    """`next` as a whole process, validation included, beside programs that answer the same question."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        contenders = {
            "svsm-cal next": command(Path(python).with_name("svsm-cal"), "-c", EXAMPLE, "--now", NOW, "next"),
            "svsm-cal next --tz": command(
                Path(python).with_name("svsm-cal"), "-c", EXAMPLE, "--now", NOW, "next", "--tz", "America/New_York"
            ),
            "python -c pass": command(python, "-c", "pass"),
            "  + click": command(python, "-c", "import click"),
            "  + tomllib": command(python, "-c", "import tomllib"),
            "  + icalendar": command(python, "-c", "import icalendar"),
        }
        khal = khal_list(Path(folder))
        if khal:
            contenders["khal list"] = khal
        if undertime := shutil.which("undertime"):
            contenders["undertime"] = command(
                undertime, "-t", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "--no-default-zone"
            )
        table("The next calls, as a whole process", measured(contenders, rounds), "svsm-cal next")


def khal_list(folder: Path) -> Callable[[], object] | None:
    """Return `khal list` over the example's feed, imported once; None where khal is not set up."""
    khal = READERS / "bin/khal"
    if not khal.exists():
        return None
    import svsm_cal

    (folder / "feed.ics").write_bytes(svsm_cal.to_ical(svsm_cal.load(EXAMPLE), now=datetime(2025, 3, 5, 17, tzinfo=UTC)))
    (folder / "calendar").mkdir()
    formats = "timeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
    formats += "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
    (folder / "conf").write_text(
        f"[calendars]\n[[feed]]\npath = {folder}/calendar\ntype = calendar\n"
        f"[locale]\nlocal_timezone = UTC\ndefault_timezone = UTC\n{formats}[sqlite]\npath = {folder}/db\n"
    )
    command(khal, "-c", folder / "conf", "import", "--batch", "-a", "feed", folder / "feed.ics")()
    return command(khal, "-c", folder / "conf", "list", "2025-03-05", "2025-04-10")


def feeds(rounds: int, people: int = 1000, zones: int = 100) -> None:
    """Every participant's own feed, beside one icalendar serialisation of the same feed for each of them."""
    import icalendar

    import svsm_cal
    from svsm_cal.engine.tzdb import tz_database
    from svsm_cal.ical.feed import Feeds

    regions = sorted(tz_database().regions())
    chosen = [regions[number * len(regions) // zones] for number in range(zones)]
    head = EXAMPLE.read_text().split("[[participant]]")[0].replace('chair = "joerg"\n', "")
    head = "\n".join(line for line in head.splitlines() if "chair = " not in line).replace("change = [\n]", "")
    rows = [
        f'[[participant]]\nid = "p{number}"\nname = "Participant {number}"\nzone = "{chosen[number % zones]}"\n'
        f'groups = ["everyone"]\nreminders = ["1d", "15m"]\n'
        for number in range(people)
    ]
    calendar = svsm_cal.loads(f"{head}\n" + "\n".join(rows))
    now = datetime(2025, 3, 5, 17, tzinfo=UTC)

    def ours() -> list[bytes]:
        made = Feeds(calendar, now=now)
        return [made.participant(person) for person in calendar.participants]

    written = ours()
    sample = [icalendar.Calendar.from_ical(each) for each in written[: max(1, people // 100)]]
    size = sum(map(len, written))
    seconds = measured({"svsm_cal": ours, "icalendar, sample": lambda: [each.to_ical() for each in sample]}, rounds)
    scale = people / len(sample)
    seconds[f"icalendar (from {len(sample)} of them)"] = [run * scale for run in seconds.pop("icalendar, sample")]
    table(f"Feeds for {people} participants in {zones} zones, {size / 1e6:.1f} MB", seconds, "svsm_cal")


ENGINE = {
    "weekly": "Ten years of a weekly Berlin call as instants in UTC, 521 of them",
    "second-tuesday": "120 second Tuesdays, on the wall clock",
    "last-weekday": "120 last working days (BYSETPOS=-1), on the wall clock",
    "next-20": "The next time of a weekly rule begun 20 years ago",
    "next-20-parsed": "The same, reading the rule's text each time",
    "next-200": "The next time of a weekly rule begun 200 years ago",
    "next-20-tuesday": "The next second Tuesday of a rule begun 20 years ago",
    "week": "One week of 200 different series in 50 zones, as instants in order; per series",
    "week-many": "The same of 10,000 series; per series",
    "zones": "Ten years of all zones: their transitions, and a Berlin call's shift windows in them",
    "matrix": "521 calls on the clocks of 418 zones",
}


def builds(rounds: int, people: int = 1000, series: int = 100) -> None:
    """The whole site of a large calendar: written for the first time, again with nothing changed, and with one change."""
    import svsm_cal
    from svsm_cal.app.publish import publish
    from svsm_cal.engine.tzdb import tz_database

    regions = sorted(tz_database().regions())
    text = '[calendar]\nid = "c"\nname = "C"\ndomain = "c.example.org"\nzone = "Europe/Berlin"\n'
    for number in range(series):
        day, hour, weekday = number % 5, 8 + number % 10, ("MO", "TU", "WE", "TH", "FR")[number % 5]
        text += f"""
            [[series]]
            id = "s{number}"
            title = "Call {number}"
            start = 2025-01-{6 + day:02}T{hour:02}:00:00
            duration = "1h"
            rule = "FREQ=WEEKLY;BYDAY={weekday}"
            attendees = ["g{number % 20}"]
            cancel = [{{ date = 2025-03-{3 + day:02} }}]
        """
    for number in range(people):
        zone, group = regions[number % 100 * 4], number % 20
        text += f'[[participant]]\nid = "p{number}"\nname = "Participant {number}"\nzone = "{zone}"\ngroups = ["g{group}"]\n'
    calendar = svsm_cal.loads(text)
    changed = svsm_cal.loads(text.replace("cancel = [{ date = 2025-03-03 }]", "cancel = [{ date = 2025-03-10 }]", 1))
    now, secret = datetime(2025, 2, 1, tzinfo=UTC), b"0123456789abcdef"
    with tempfile.TemporaryDirectory() as folder:
        first, again, one = (Path(folder) / name for name in ("first", "again", "one"))
        publish(calendar, str(again), now=now, secret=secret)
        publish(calendar, str(one), now=now, secret=secret)
        turns = iter([changed, calendar] * (rounds + 1))

        def anew() -> None:
            shutil.rmtree(first, ignore_errors=True)
            publish(calendar, str(first), now=now, secret=secret)

        contenders = {
            "first": anew,
            "nothing changed": lambda: publish(calendar, str(again), now=now, secret=secret),
            "one call cancelled or not": lambda: publish(next(turns), str(one), now=now, secret=secret),
        }
        size = sum(path.stat().st_size for path in again.rglob("*") if path.is_file())
        seconds = measured(contenders, rounds)
    table(f"`build` of {series} series and {people} participants' feeds, {size / 1e6:.0f} MB", seconds, "nothing changed")


def engine(rounds: int, only: list[str]) -> None:
    """Recurrence and zone arithmetic beside other libraries, each in a process of its own (peers.py)."""
    from peers import OURS, Peers, compared

    with Peers(ROOT / ".cache") as peers:
        if peers.missing:
            print(f"not set up, and left out: {', '.join(peers.missing)}")
        for task, title in ENGINE.items():
            if not only or task in only:
                seconds, others = compared(peers, task, rounds)
                scale, unit = (1e3, "ms") if statistics.median(seconds[OURS]) > 1e-3 else (1e6, "us")
                table(title, seconds, OURS, scale, unit)
                for name in others:
                    print(f"  {name}: its results are not those of the others (README.md says why)")


def people(rounds: int, count: int = 1_000_000, sample: int = 200) -> None:
    """A million people in 418 zones: who has which call when, beside a zoneinfo loop over some of them."""
    import random
    import tracemalloc

    import series as inputs

    from svsm_cal import LocalTimes, RecurrenceRule, RecurrenceSet, zone_of

    begin, end = (datetime(year, 1, 1, tzinfo=UTC) for year in (2025, 2036))
    rule = RecurrenceRule.parse(inputs.WEEKLY)
    times = RecurrenceSet(inputs.WEEKLY_START, zone_of("Europe/Berlin"), rule).between(begin, end)
    zones = [zone_of(key) for key in inputs.REGIONS]
    homes = random.Random(1).choices(zones, k=count)
    some = [zone.tzinfo for zone in homes[:sample]]

    def ours() -> object:
        matrix = LocalTimes(times, zones)
        return matrix, matrix.numbers(homes)

    seconds = measured({"svsm_cal": ours, "sample": lambda: [[at.astimezone(zone) for at in times] for zone in some]}, rounds)
    name = f"zoneinfo loop (from {sample} of them)"
    seconds[name] = [run * count / sample for run in seconds.pop("sample")]
    table(f"All {len(times)} calls of {count:,} people in {len(zones)} zones", seconds, "svsm_cal")
    tracemalloc.start()
    kept = ours()
    print(f"  memory of the matrix and everybody's place in it: {tracemalloc.get_traced_memory()[0] / 1e6:.1f} MB")
    tracemalloc.stop()
    del kept


def lint(rounds: int, count: int = 10_000) -> None:
    """A feed of 10,000 events linted whole, beside icalendar doing no more than parse it."""
    import icalendar

    from svsm_cal.ical.lint_feed import lint as findings_of

    feed = events(count)
    assert not findings_of(feed, file="feed.ics")
    assert len(icalendar.Calendar.from_ical(feed).walk("VEVENT")) == count
    contenders = {
        "svsm_cal": lambda: findings_of(feed, file="feed.ics"),
        "icalendar, parsing": lambda: icalendar.Calendar.from_ical(feed),
    }
    title = f"Lint of a {count:,}-event feed, beside parsing alone with icalendar, {len(feed) / 1e6:.1f} MB"
    table(title, measured(contenders, rounds), "svsm_cal")


def events(count: int) -> bytes:
    """Return a feed in order: in one zone, every other event a series with a call left out."""
    from svsm_cal import vtimezone

    zone = vtimezone("Europe/Berlin", first=datetime(2025, 1, 1, tzinfo=UTC)).to_ical(sorted=False).decode()
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example.org//calendar//EN"]
    lines += ["REFRESH-INTERVAL;VALUE=DURATION:PT6H", "X-PUBLISHED-TTL:PT6H", zone.rstrip()]
    for number in range(count):
        at = datetime(2025, 1, 1, 9) + timedelta(days=number % 1461, minutes=15 * (number % 32))
        said = {name: f"{name};TZID=Europe/Berlin:{at + timedelta(**more):%Y%m%dT%H%M%S}" for name, more in (
            ("DTSTART", {}), ("DTEND", {"minutes": 45}), ("EXDATE", {"weeks": 2}))}  # fmt: skip
        lines += ["BEGIN:VEVENT", f"UID:call-{number}@example.org", "DTSTAMP:20250101T000000Z", "LAST-MODIFIED:20250101T000000Z"]
        lines += ["SEQUENCE:0", said["DTSTART"], said["DTEND"]]
        lines += [f"RRULE:FREQ=WEEKLY;COUNT={3 + number % 100}", said["EXDATE"]] if number % 2 else []
        lines += [
            f"SUMMARY:Call {number}\\, with guests",
            "LOCATION:https://meet.example.org/call",
            "URL:https://meet.example.org/call",
        ]
        lines += [
            "DESCRIPTION:Join: https://meet.example.org/call\\nChair: Somebody\\nWhen: ",
            " at that time\\, every week",
            "END:VEVENT",
        ]
    return "".join(f"{line}\r\n" for line in [*lines, "END:VCALENDAR"]).encode()


# What measures itself, by name: mails, minutes and the rest have rounds and servers of their own.
APART = {
    "invites": ["tests/bench/invites.py"],
    "smtp": ["tests/bench/smtp.py"],
    "outbox": ["tests/bench/outbox.py"],
    "store": ["tests/bench/store.py"],
    "server": ["tests/bench/server.py"],
    "notices": ["tests/bench/notices.py"],
    "minutes": ["tests/bench/minutes.py"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure against other programs, side by side.")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "only",
        nargs="*",
        choices=["start", "feeds", "builds", "people", "lint", "plan", *ENGINE, *APART, []],
        help="which tables; all if left out",
    )
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; medians (lowest to highest)")
    wanted = options.only
    if not wanted or "start" in wanted:
        start_up(options.rounds)
    if not wanted or set(wanted) & set(ENGINE):
        engine(options.rounds, [each for each in wanted if each in ENGINE])
    few = max(3, options.rounds // 5)
    if not wanted or "people" in wanted:
        people(few)
    if not wanted or "feeds" in wanted:
        feeds(few)
    if not wanted or "builds" in wanted:
        builds(few)
    if not wanted or "lint" in wanted:
        lint(few)
    if not wanted or "plan" in wanted:
        from plan import plans

        table("Plans for 1,000 participants in 100 zones, 10 anchors", measured(plans(), few), "by the hour")
    for name, words in APART.items():
        if not wanted or name in wanted:
            print(f"\n{name}", flush=True)
            subprocess.run([sys.executable, *words], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
