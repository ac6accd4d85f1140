"""Random rules by three engines: this one, libical and dateutil, which agree but for a list of differences.

Each difference is a row of KNOWN: which rules it touches, which of the others reads them otherwise, the words of RFC 5545
that decide, and an example with the instances those words give. Outside the list all three agree. A rule in the list
for one of the others is still compared with the other one, and with a plain reading of the RFC that walks through every
day (`by_the_letter`).
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time, timedelta
from itertools import islice, product, takewhile
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import patch

import dateutil.rrule
import pytest

from svsm_cal.core.rrule import RecurrenceRule

from . import libical
from .random_rules import DAY_CODES, FREQUENCIES, PERIOD, Case, cases, fields

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SEED = 5545
SAMPLE, ALL = 400, 5_000
MOST = 12
# As far as the three are asked: so many periods from DTSTART.
HORIZON = {"YEARLY": 60, "MONTHLY": 240, "WEEKLY": 400, "DAILY": 1500, "HOURLY": 3000, "MINUTELY": 5000, "SECONDLY": 5000}
# dateutil steps through its periods one by one; a rule that needs more than so many is compared as far as it got.
STEPS = 20_000
CLOCK = FREQUENCIES[4:]
YEARS_END = {1, 52, 53, -1, -52, -53}


class Rule:
    """A case's parts, as the predicates of KNOWN ask for them."""

    def __init__(self, case: Case) -> None:
        self.parts, self.dtstart = fields(case.text), case.dtstart
        self.freq, self.interval = self.parts["FREQ"], int(self.parts.get("INTERVAL", "1"))
        self.short = FREQUENCIES.index(self.freq) > FREQUENCIES.index("WEEKLY")

    def has(self, *names: str) -> bool:
        return any(name in self.parts for name in names)

    def items(self, name: str) -> list[str]:
        return self.parts[name].split(",") if name in self.parts else []

    def numbers(self, *names: str) -> set[int]:
        return {int(item) for name in names for item in self.items(name)}

    def ordinals(self) -> set[int]:
        return {int(item[:-2] or 0) for item in self.items("BYDAY")}

    def limits_clock(self) -> bool:
        clock = ("BYHOUR", "BYMINUTE", "BYSECOND")
        return self.freq in CLOCK and self.has(*clock[: CLOCK.index(self.freq) + 1])

    def week(self, day: datetime) -> tuple[int, int]:
        """Return the number of the day's week, from its year's begin and from its end: a week's year is its fourth day's."""
        fourth = day + timedelta(3 - self._in_week(day))
        return (fourth.timetuple().tm_yday + 6) // 7, -((datetime(fourth.year, 12, 31) - fourth).days // 7) - 1

    def periods(self, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the first moment of every period from that of DTSTART on, and the first after it."""
        at = self.dtstart.replace(microsecond=0)
        if self.freq in CLOCK:
            at = at.replace(**dict.fromkeys(("minute", "second")[CLOCK.index(self.freq) :], 0))
        else:
            at = datetime.combine(at, time())
        if self.freq == "WEEKLY":
            at -= timedelta(self._in_week(at))
        while at < end:
            if self.freq in {"YEARLY", "MONTHLY"}:
                begin, after = span(at, self.freq)
                yield begin, after
                for _ in range(self.interval):
                    begin = span(begin, self.freq)[1]
                at = begin
            else:
                yield at, at + PERIOD[self.freq]
                at += self.interval * PERIOD[self.freq]

    def _in_week(self, day: datetime) -> int:
        return (day.weekday() - DAY_CODES.index(self.parts.get("WKST", "MO"))) % 7

    def since_week_start(self) -> tuple[int, time]:
        return self._in_week(self.dtstart), self.dtstart.time()


class Known(NamedTuple):
    """One difference; `words` are from RFC 5545 section 3.3.10 where no other is named."""

    peer: str
    what: str
    words: str
    covers: Callable[[Rule], bool]
    text: str
    dtstart: str
    expected: tuple[str, ...]


KNOWN = (
    Known(
        "dateutil",
        "weekdays with and without a number in one BYDAY: it wants both to hold",
        '"If an integer modifier is not present, it means all days of this type": either kind stands for days of its own',
        lambda rule: 0 in rule.ordinals() and len(rule.ordinals()) > 1,
        "FREQ=MONTHLY;BYDAY=-1FR,MO",
        "2025-09-01T09:00",
        ("2025-09-01T09:00", "2025-09-08T09:00", "2025-09-15T09:00", "2025-09-22T09:00", "2025-09-26T09:00", "2025-09-29T09:00"),
    ),
    Known(
        "dateutil",
        "BYWEEKNO without a day: it takes the whole week",
        '"the appropriate minute, hour, day, or month would have been retrieved" from DTSTART, and a week\'s day is a weekday',
        lambda rule: rule.has("BYWEEKNO") and not rule.has("BYDAY", "BYMONTHDAY", "BYYEARDAY"),
        "FREQ=YEARLY;BYWEEKNO=20",
        "2025-05-14T09:00",
        ("2025-05-14T09:00", "2026-05-13T09:00", "2027-05-19T09:00"),
    ),
    Known(
        "dateutil",
        "BYSECOND=60: it refuses the rule",
        'BYSECOND: "Valid values are 0 to 60"; an instance at a time that does not exist is ignored',
        lambda rule: 60 in rule.numbers("BYSECOND"),
        "FREQ=MINUTELY;BYSECOND=30,60",
        "2025-01-01T09:00",
        ("2025-01-01T09:00:30", "2025-01-01T09:01:30", "2025-01-01T09:02:30"),
    ),
    Known(
        "dateutil",
        "BYSETPOS in a week begun before DTSTART: it chooses among what is left of the week",
        '"A set of recurrence instances starts at the beginning of the interval": for a WEEKLY rule, of one week',
        lambda rule: rule.freq == "WEEKLY" and rule.has("BYSETPOS") and rule.since_week_start() != (0, time()),
        "FREQ=WEEKLY;BYDAY=TU,TH;BYSETPOS=1",
        "2025-01-02T09:00",
        ("2025-01-07T09:00", "2025-01-14T09:00"),
    ),
    Known(
        "dateutil",
        "a number before a weekday that points beyond the year: it fails",
        'With BYMONTH the number is "an offset within the month"; instances with an invalid date "MUST be ignored"',
        lambda rule: rule.freq == "YEARLY" and rule.has("BYMONTH") and any(abs(number) > 5 for number in rule.ordinals()),
        "FREQ=YEARLY;BYMONTH=12;BYDAY=1SU,14SU",
        "2025-12-07T09:00",
        ("2025-12-07T09:00", "2026-12-06T09:00", "2027-12-05T09:00"),
    ),
    Known(
        "dateutil",
        "the last week of a year or the first: it has a week 53 in years without one, and misses days of the last",
        '"Week number one of the calendar year is the first week that contains at least four (4) days in that calendar year"',
        lambda rule: bool(rule.numbers("BYWEEKNO") & YEARS_END),
        "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SA",
        "2045-01-01T09:00",
        ("2049-01-02T09:00", "2055-01-02T09:00", "2061-01-01T09:00"),
    ),
    Known(
        "dateutil",
        "a time of day that an INTERVAL of hours, minutes or seconds never meets: it fails",
        'The table has BYHOUR, BYMINUTE and BYSECOND "Limit" such rules: none of the times is left',
        lambda rule: rule.limits_clock() and rule.interval > 1,
        "FREQ=MINUTELY;INTERVAL=18;BYHOUR=4;BYMINUTE=25;BYSECOND=23",
        "2039-05-31T18:30",
        (),
    ),
    Known(
        "libical",
        "days counted from the end, as a limit: it finds none",
        '"-10 represents the tenth to the last day of the month"; BYYEARDAY likewise, "-1 represents the last day of the year"',
        lambda rule: rule.short and any(number < 0 for number in rule.numbers("BYMONTHDAY", "BYYEARDAY")),
        "FREQ=DAILY;BYMONTHDAY=-1",
        "2025-01-31T09:00",
        ("2025-01-31T09:00", "2025-02-28T09:00", "2025-03-31T09:00"),
    ),
    Known(
        "libical",
        "days of the year with months, weeks or days of the month, and those with weeks: it finds none",
        'Parts "are applied to the current set of evaluated occurrences" in order, so that all of them hold',
        lambda rule: (
            (rule.freq == "YEARLY" and rule.has("BYYEARDAY") and rule.has("BYMONTH", "BYWEEKNO", "BYMONTHDAY"))
            or (rule.has("BYWEEKNO") and rule.has("BYMONTHDAY"))
        ),
        "FREQ=YEARLY;BYMONTH=2;BYYEARDAY=32,60",
        "2025-02-01T09:00",
        ("2025-02-01T09:00", "2026-02-01T09:00", "2027-02-01T09:00", "2028-02-01T09:00", "2028-02-29T09:00"),
    ),
    Known(
        "libical",
        "BYWEEKNO without BYDAY: it takes days of other weeks",
        '"the appropriate minute, hour, day, or month would have been retrieved" from DTSTART, and a week\'s day is a weekday',
        lambda rule: rule.has("BYWEEKNO") and not rule.has("BYDAY"),
        "FREQ=YEARLY;BYWEEKNO=20",
        "2025-05-14T09:00",
        ("2025-05-14T09:00", "2026-05-13T09:00", "2027-05-19T09:00"),
    ),
    Known(
        "libical",
        "INTERVAL or BYSETPOS with a week that lies in two years: it counts the week's days to the year that numbers it",
        '"A set of recurrence instances starts at the beginning of the interval defined by the FREQ rule part": 1 January',
        lambda rule: bool(rule.numbers("BYWEEKNO") & YEARS_END) and (rule.interval > 1 or rule.has("BYSETPOS")),
        "FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=TU",
        "2025-01-07T09:00",
        ("2025-12-30T09:00", "2027-01-05T09:00", "2029-01-02T09:00", "2031-12-30T09:00"),
    ),
    Known(
        "libical",
        "the last week of a year or the first: it misses days of the last, and gives those of the first out of order",
        '"Week number one of the calendar year is the first week that contains at least four (4) days in that calendar year"',
        lambda rule: bool(rule.numbers("BYWEEKNO") & YEARS_END),
        "FREQ=YEARLY;BYWEEKNO=52;BYDAY=SA",
        "2006-06-01T09:00",
        ("2006-12-30T09:00", "2007-12-29T09:00", "2008-12-27T09:00", "2009-12-26T09:00", "2011-01-01T09:00", "2011-12-31T09:00"),
    ),
    Known(
        "libical",
        "weeks counted from the year's end and not begun on Monday: it counts a week too many or too few",
        'WKST "is also significant when in a YEARLY RRULE when a BYWEEKNO rule part is specified"',
        lambda rule: any(number < 0 for number in rule.numbers("BYWEEKNO")) and rule.parts.get("WKST", "MO") != "MO",
        "FREQ=YEARLY;WKST=TU;BYWEEKNO=-27;BYDAY=SA",
        "2038-01-01T09:00",
        ("2038-07-03T09:00", "2039-07-02T09:00"),
    ),
    Known(
        "libical",
        "yearly BYMONTHDAY without BYMONTH: it takes the month from DTSTART",
        'The table has BYMONTHDAY "Expand" a YEARLY rule, as it has BYYEARDAY and BYDAY: a year\'s days of the month are those of'
        " all its months",
        lambda rule: rule.freq == "YEARLY" and rule.has("BYMONTHDAY") and not rule.has("BYMONTH"),
        "FREQ=YEARLY;BYMONTHDAY=15",
        "2025-11-15T09:00",
        ("2025-11-15T09:00", "2025-12-15T09:00", "2026-01-15T09:00"),
    ),
    Known(
        "libical",
        "BYSETPOS in a weekly or shorter rule: it leaves it out",
        'The table has BYSETPOS "Limit" every FREQ; "in a WEEKLY rule, the interval would be one week"',
        lambda rule: rule.has("BYSETPOS") and rule.freq not in {"YEARLY", "MONTHLY"},
        "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=-1",
        "2025-01-03T09:00",
        ("2025-01-03T09:00", "2025-01-10T09:00", "2025-01-17T09:00"),
    ),
    Known(
        "libical",
        "BYSETPOS with times of the day: it counts days",
        'Parts are applied in the order "BYHOUR, BYMINUTE, BYSECOND and BYSETPOS"',
        lambda rule: rule.has("BYSETPOS") and rule.has("BYHOUR", "BYMINUTE", "BYSECOND"),
        "FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=9,18;BYSETPOS=2",
        "2025-01-01T18:00",
        ("2025-01-01T18:00", "2025-02-01T18:00", "2025-03-01T18:00"),
    ),
    Known(
        "libical",
        "BYSETPOS where two numbers name one day: it counts the day twice",
        'BYSETPOS is "the nth occurrence within the set of recurrence instances": a set has each once',
        lambda rule: rule.has("BYSETPOS") and len({number > 0 for number in rule.numbers("BYMONTHDAY")}) > 1,
        "FREQ=MONTHLY;BYMONTHDAY=-1,28,31;BYSETPOS=-2",
        "2025-01-28T09:00",
        ("2025-01-28T09:00", "2025-03-28T09:00", "2025-04-28T09:00"),
    ),
    Known(
        "libical",
        "times of the day that limit an INTERVAL of hours, minutes or seconds: it loses step, or gives the first hit twice",
        'The table has such a part "Limit"; it is applied "after evaluating the specified FREQ and INTERVAL"',
        lambda rule: rule.limits_clock(),
        "FREQ=HOURLY;INTERVAL=5;BYHOUR=1,10",
        "2025-01-15T00:00",
        ("2025-01-15T10:00", "2025-01-16T01:00", "2025-01-20T10:00", "2025-01-21T01:00"),
    ),
    Known(
        "libical",
        "every so many weeks, not begun on Monday: it may take others than every so manieth from DTSTART's",
        'WKST is "significant when a WEEKLY RRULE has an interval greater than 1, and a BYDAY rule part is specified"',
        lambda rule: rule.freq == "WEEKLY" and rule.interval > 1 and rule.parts.get("WKST", "MO") != "MO",
        "FREQ=WEEKLY;INTERVAL=18;WKST=FR;BYDAY=MO,TU,TH",
        "2025-06-19T09:00",
        ("2025-06-19T09:00", "2025-10-20T09:00", "2025-10-21T09:00", "2025-10-23T09:00"),
    ),
    Known(
        "libical",
        "every so many weeks, and DTSTART on none of the rule's weekdays: it may begin in another week",
        'Section 3.8.5.3 leaves such a set "undefined"; the weeks are counted from that of DTSTART as ever',
        lambda rule: rule.freq == "WEEKLY" and rule.interval > 1 and DAY_CODES[rule.dtstart.weekday()] not in rule.items("BYDAY"),
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU",
        "2025-09-30T09:00",
        ("2025-10-05T09:00", "2025-10-19T09:00"),
    ),
    Known(
        "libical",
        "BYSECOND=60: it takes the next minute",
        "An instance at a nonexistent local time MUST be ignored: civil time here has no leap seconds",
        lambda rule: 60 in rule.numbers("BYSECOND"),
        "FREQ=DAILY;BYSECOND=30,60",
        "2025-01-01T09:00",
        ("2025-01-01T09:00:30", "2025-01-02T09:00:30"),
    ),
)


def horizon(case: Case) -> datetime:
    rule = Rule(case)
    return min(rule.dtstart + HORIZON[rule.freq] * rule.interval * PERIOD[rule.freq], datetime(libical.LAST_YEAR, 1, 1))


def until(instances: Iterable[datetime], end: datetime) -> list[datetime]:
    return list(islice(takewhile(lambda each: each < end, instances), MOST))


def ours(case: Case) -> list[datetime]:
    return until(RecurrenceRule.parse(case.text).occurrences(case.dtstart), horizon(case))


class EnoughError(Exception):
    """dateutil has been stepping for long enough."""


def by_dateutil(case: Case) -> libical.Answer | None:
    """Return dateutil's instances, None where it refuses the rule or fails."""
    end, steps = horizon(case), 0

    class Bounded(dateutil.rrule._iterinfo):
        pass

    def bound(name: str) -> None:
        original = getattr(dateutil.rrule._iterinfo, name)

        def dayset(self, year, month, day):
            nonlocal steps
            steps += 1
            if steps > STEPS or (year, month) > (end.year, end.month):
                raise EnoughError
            return original(self, year, month, day)

        setattr(Bounded, name, dayset)

    for name in ("ydayset", "mdayset", "wdayset", "ddayset"):
        bound(name)
    found = []
    with patch("dateutil.rrule._iterinfo", Bounded):
        try:
            for each in islice(dateutil.rrule.rrulestr(case.text, dtstart=case.dtstart), MOST):
                if each >= end:
                    break
                found.append(each)
        except EnoughError:
            return libical.Answer(found, whole=steps <= STEPS)
        except (ValueError, IndexError, TypeError) as error:
            # The one way in which it says that a rule has no instance at all.
            return libical.Answer([], whole=True) if "Invalid combination of interval" in str(error) else None
    return libical.Answer(found, whole=True)


def by_the_letter(case: Case) -> list[datetime]:
    """Return what section 3.3.10 gives when each period's days are gone through one by one."""
    rule = Rule(case)
    own = rule.dtstart.timetuple()
    days, months, year_days = (rule.numbers(name) for name in ("BYMONTHDAY", "BYMONTH", "BYYEARDAY"))
    weekdays = [(DAY_CODES.index(item[-2:]), int(item[:-2] or 0)) for item in rule.items("BYDAY")]
    if not (days or year_days or weekdays):  # what the rule leaves out is DTSTART's
        if rule.freq == "WEEKLY" or rule.has("BYWEEKNO"):
            weekdays = [(own.tm_wday, 0)]
        elif not rule.short:
            days = {own.tm_mday}
            months = months or ({own.tm_mon} if rule.freq == "YEARLY" else set())
    in_month = rule.freq == "MONTHLY" or rule.has("BYMONTH")

    def keeps(day: datetime) -> bool:
        month, year, week = span(day, "MONTHLY"), span(day, "YEARLY"), rule.week(day)
        return (
            (not months or day.month in months)
            and (not rule.has("BYWEEKNO") or bool(set(week) & rule.numbers("BYWEEKNO")))
            and (not year_days or bool(set(places(day, *year)) & year_days))
            and (not days or bool(set(places(day, *month)) & days))
            and (
                not weekdays
                or any(day.weekday() == at and (not n or n in nth(day, *(month if in_month else year))) for at, n in weekdays)
            )
        )

    found: list[datetime] = []
    units = [rule.numbers(name) or {at} for name, at in zip(("BYHOUR", "BYMINUTE", "BYSECOND"), own[3:6], strict=True)]
    for begin, end in rule.periods(horizon(case)):
        clock = [
            {getattr(begin, unit)} & (rule.numbers(f"BY{unit.upper()}") or set(range(60)))
            for unit in ("hour", "minute", "second")
        ]
        fixed = CLOCK.index(rule.freq) + 1 if rule.freq in CLOCK else 0
        times = sorted(each for each in product(*clock[:fixed], *units[fixed:]) if each[2] < 60)
        midnight = datetime.combine(begin, time())
        kept = [day for day in (midnight + timedelta(number) for number in range((end - midnight).days or 1)) if keeps(day)]
        instances = [day.replace(hour=hour, minute=minute, second=second) for day in kept for hour, minute, second in times]
        if rule.has("BYSETPOS"):
            at = {number - 1 if number > 0 else len(instances) + number for number in rule.numbers("BYSETPOS")}
            instances = [each for number, each in enumerate(instances) if number in at]
        found += [each for each in instances if each >= rule.dtstart]
        if len(found) >= MOST:
            break
    if rule.has("UNTIL"):
        found = [each for each in found if each <= datetime.fromisoformat(rule.parts["UNTIL"])]
    return until(found[: int(rule.parts.get("COUNT", MOST))], horizon(case))


def span(day: datetime, freq: str) -> tuple[datetime, datetime]:
    """Return the first day of the month or year that `day` is in, and the first after it."""
    if freq == "MONTHLY":
        begin = datetime(day.year, day.month, 1)
        return begin, (begin + timedelta(31)).replace(day=1)
    return datetime(day.year, 1, 1), datetime(day.year + 1, 1, 1)


def places(day: datetime, begin: datetime, end: datetime) -> tuple[int, int]:
    """Return the number of `day` in a span, from its begin and from its end."""
    return (day - begin).days + 1, (day - end).days


def nth(day: datetime, begin: datetime, end: datetime) -> tuple[int, int]:
    """Return which of its weekday `day` is in a span, from its begin and from its end."""
    return (day - begin).days // 7 + 1, -(((end - day).days - 1) // 7) - 1


def by_libical(questions: list[Case]) -> list[libical.Answer]:
    answers = libical.expand(questions, MOST)
    return [
        libical.Answer([each for each in answer.instances if each < horizon(case)], answer.whole)
        for case, answer in zip(questions, answers, strict=True)
    ]


def compare(number: int) -> tuple[Counter[str], list[str]]:
    """Return how many rules came out how, and the disagreements that no row of KNOWN explains."""
    counts: Counter[str] = Counter()
    unexplained = []
    questions = list(cases(SEED, number))
    for case, from_libical in zip(questions, by_libical(questions), strict=True):
        rule, our = Rule(case), ours(case)
        agreeing = 0
        for peer, theirs in (("dateutil", by_dateutil(case)), ("libical", from_libical)):
            if theirs is not None and theirs.instances == our:
                agreeing += 1
                continue
            if theirs is not None and not theirs.whole and theirs.instances == our[: len(theirs.instances)]:
                counts[f"{peer}: (the same as far as it got)"] += 1
                continue
            row = next((row for row in KNOWN if row.peer == peer and row.covers(rule)), None)
            if row is None:
                unexplained.append(f"{case.text} from {case.dtstart}: {written(our)} and by {peer} {written(theirs)}")
            else:
                counts[f"{peer}: {row.what}"] += 1
        if agreeing < 2 and by_the_letter(case) != our:
            unexplained.append(
                f"{case.text} from {case.dtstart}: {written(our)} and by the letter {written(by_the_letter(case))}"
            )
        counts[f"agreeing with {agreeing} of 2"] += 1
        counts[f"{rule.freq}"] += 1
        counts["with instances"] += bool(our)
    return counts, unexplained


def written(answer: libical.Answer | list[datetime] | None) -> str:
    if answer is None:
        return "refused"
    instances, whole = answer if isinstance(answer, libical.Answer) else (answer, True)
    return " ".join(f"{each:%Y-%m-%dT%H:%M:%S}" for each in instances) + ("" if whole else " ...")


needs_libical = pytest.mark.skipif(libical.library() is None, reason="libical is not installed (Debian: libical3)")


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: f"{row.peer}: {row.what}")
def test_a_known_difference_is_there_and_as_expected(row):
    """The list cannot rot: an example that the other engine reads as this one does fails here."""
    case = Case(row.text, datetime.fromisoformat(row.dtstart))
    expected = [datetime.fromisoformat(each) for each in row.expected]
    most = len(expected) or 1
    assert row.covers(Rule(case))
    assert list(islice(RecurrenceRule.parse(case.text).occurrences(case.dtstart), most)) == expected
    assert by_the_letter(case)[:most] == expected
    if row.peer == "dateutil":
        theirs = by_dateutil(case)
    elif libical.library() is None:
        pytest.skip("libical is not installed (Debian: libical3)")
    else:
        (theirs,) = by_libical([case])
    assert theirs is None or theirs.instances[:most] != expected


@needs_libical
def test_random_rules_as_libical_and_dateutil_expand_them():
    counts, unexplained = compare(SAMPLE)
    assert unexplained == []
    assert counts["agreeing with 2 of 2"] > SAMPLE * 0.7
    assert counts["with instances"] > SAMPLE * 0.8


@pytest.mark.soak
@needs_libical
def test_many_random_rules_as_libical_and_dateutil_expand_them(capsys):
    counts, unexplained = compare(ALL)
    with capsys.disabled():
        print(f"\n{ALL} rules, seed {SEED}:")
        for what in sorted(counts):
            print(f"{counts[what]:6} {what}")
    assert unexplained == []
    assert {f"{row.peer}: {row.what}" for row in KNOWN} <= set(counts)
