"""What minutes suggest, against tables labelled by hand: nothing of what they say is missed, and little else is found.

The first table has every suggestion in the fixtures, whose decisive sentences are those of the real minutes of their dates.
The second has sentences of other real minutes, which the reader was tried on only after it was written.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from svsm_cal.config.load import load
from svsm_cal.minutes.reading import read_minutes
from svsm_cal.value import replace
from tests.support import EXAMPLE

DATA = Path(__file__).parent / "data"
CALENDAR = load(EXAMPLE)
# The same calls and people, but nothing said of any call and nothing due: what is found does not depend on what is known.
BARE = replace(CALENDAR, series=tuple(replace(each, overrides=()) for each in CALENDAR.series), deadlines=(), releases=())

# The minutes of -> what, which day, the words that say it.
LABELLED = [
    ("2024-02-14", "cancel", "2024-02-21", "there will be no SVSM development call on February 21st"),
    ("2024-03-06", "cancel", "2024-03-13", "No meeting next meeting because of conflict"),
    ("2024-04-24", "cancel", "2024-05-01", "Due to a public holiday, the next meeting will be in two weeks"),
    ("2024-05-15", "deadline", "2024-06-07", "CFP deadline: June 7"),
    ("2024-06-05", "cancel", "2024-07-03", "There will be no meeting during that time"),
    ("2024-06-05", "cancel", "2024-07-10", "There will be no meeting during that time"),
    ("2024-06-12", "cancel", "2024-06-19", "No meeting next week as Joerg Roedel will be at SUSECon"),
    ("2024-07-17", "cancel", "2024-07-24", "Meeting on July 24th is canceled"),
    ("2024-10-02", "cancel", "2024-10-09", "The next meeting will be in two weeks due to Joerg Roedel's vacation"),
    ("2024-10-16", "shift", "2024-10-30", "Please be mindful of daylight saving time changes"),
    ("2024-10-16", "deadline", "2024-12-31", "The deadline for submitting sessions to the OC3 conference"),
    ("2024-12-18", "deadline", "2025-02-28", "a goal of the end of February"),
    ("2024-12-18", "cancel", "2024-12-25", "The next meeting was scheduled for January 8th"),
    ("2024-12-18", "cancel", "2025-01-01", "The next meeting was scheduled for January 8th"),
    ("2025-01-15", "cancel", "2025-01-22", "No meeting on January 22nd, 2025, next meeting on January 29th"),
    ("2025-03-05", "shift", "2025-03-12", "the US would switch to summertime next weekend"),
    (
        "2025-03-05",
        "shift",
        "2025-03-12",
        "There is a one-hour shift of meeting time for US participants in the next three weeks",
    ),
    ("2025-03-05", "deadline", "2025-03-11", "to get it merged before the freeze on March 11th"),
]

# Said on a day, under a heading -> what it suggests: (what, which day) and so on, or nothing.
UNSEEN = [
    ("2024-04-10", "Next Meeting", "The next development call will be held in two weeks.", ["cancel 2024-04-17"]),
    (
        "2024-06-26",
        "Announcements",
        "Joerg Roedel will be away for the first two weeks of July. Next meeting will be on July 17th.",
        ["cancel 2024-07-03", "cancel 2024-07-10"],
    ),
    ("2024-06-26", "Library", "A prototype of the library will be available after Joerg Roedel's vacation.", []),
    ("2024-06-26", "Call for Sessions", "The deadline for submitting session proposals is July 15th.", ["deadline 2024-07-15"]),
    ("2024-07-31", "Stage1", "A decision was made to remove stage1 support in four weeks, with a PR kept open until then.", []),
    ("2024-07-31", "No meeting next week", "No meeting on August 07th.", ["cancel 2024-08-07"]),
    ("2024-09-11", "LPC", "The COCONUT-SVSM BoF was accepted for the next week's Linux Plumbers Conference.", []),
    ("2024-09-11", "LPC", "It is scheduled on Thursday at 5 PM.", []),
    (
        "2024-09-11",
        "LPC",
        "Joerg Roedel responded that slides should be submitted by Thursday next week.",
        ["deadline 2024-09-19"],
    ),
    ("2024-10-23", "Verus", "Decision: Continue the discussion in the next meeting to decide on a process.", []),
    (
        "2025-04-16",
        "Announcements",
        "Next week's meeting (April 23) is cancelled due to Joerg's vacation. The next meeting will be on April 30.",
        ["cancel 2025-04-23"],
    ),
    (
        "2025-04-16",
        "Announcements",
        "Meetings will be moved from Joerg's SUSE account to CCC infrastructure. This will occur in May.",
        [],
    ),
    ("2025-04-16", "Announcements", "Meeting scheduling may shift to US time zones due to the CCC calendar.", []),
    ("2025-04-30", "Announcements", "The meeting will be moved to the CCC Zoom instance starting next week.", []),
    ("2025-04-30", "Announcements", "Dionna Glaze mentioned the CCC Kernel SIG meeting on May 8th to discuss the interface.", []),
    (
        "2025-05-14",
        "TSC",
        (
            "Jörg Rödel will be taking vacation for the next two weeks. Jon Lange will run next week's meeting, "
            "and Stefano Garzarella will run the meeting on May 28th."
        ),
        ["chair 2025-05-21 jon", "chair 2025-05-28 stefano"],
    ),
    ("2025-05-14", "TSC", "TSC members include Jörg Rödel (chair), Peter Fang, Stefano Garzarella, and Jon Lange.", []),
    ("2025-05-21", "PRs", "Jon will look at PR 702 for approval and merge today.", []),
    ("2025-10-22", "Release", "The next development release is **due next week**.", ["deadline 2025-11-02"]),
    (
        "2025-10-22",
        "Daylight Saving Time Change",
        "**Europe** switches to wintertime next weekend (next Sunday).",
        ["shift 2025-10-29"],
    ),
    ("2025-10-22", "Daylight Saving Time Change", "The **US** switches on November 2nd, a week later.", ["shift 2025-10-29"]),
    (
        "2025-10-22",
        "Daylight Saving Time Change",
        "Next week, the meeting time will **shift by one hour for everyone in America**.",
        ["shift 2025-10-29"],
    ),
    (
        "2025-12-03",
        "**Next Meeting**",
        "The meeting scheduled for next week is canceled due to Linux Plumbers; the next call will occur in two weeks.",
        ["cancel 2025-12-10"],
    ),
    ("2025-12-03", "TSC", "A December development release is planned for two weeks from now, before the holiday break.", []),
    ("2025-12-03", "TSC", "The roadmap has been deferred until after the Linux Plumbers Conference.", []),
    (
        "2025-12-17",
        "Administrative",
        "**Schedule Resumption:** The next call is scheduled for January 7th; there will be no calls during the holiday break.",
        ["cancel 2025-12-24", "cancel 2025-12-31"],
    ),
    ("2026-01-21", "GSoC", "The deadline for submitting projects to QEMU is **January 30**.", ["deadline 2026-01-30"]),
    ("2026-01-21", "CCC", "Jörg will provide the annual project update to the CCC Council on **April 30, 2026**.", []),
    ("2026-01-21", "Release", "A release is planned for next week, with several PRs being merged to meet the deadline.", []),
    (
        "2026-03-04",
        "Administrative",
        "**DST Changes**: DST begins in the US next weekend, while Europe follows in three weeks.",
        ["shift 2026-03-11"],
    ),
    (
        "2026-04-01",
        "TSC",
        "Jörg Rödel will be on PTO starting Friday and through next week; Stefano Garzarella will chair the next meeting.",
        ["chair 2026-04-08 stefano"],
    ),
    (
        "2026-04-01",
        "Upcoming",
        "Representatives from the IGVM project will attend next week's meeting to discuss measurements.",
        [],
    ),
    ("2026-07-08", "CocoonFS", "Stefano plans to begin reviewing the PR, likely the following week.", []),
]


def suggestions(day, *, calendar=CALENDAR):
    path = DATA / f"devel-call-{day}.md"
    return read_minutes(path.read_text(encoding="utf-8"), file=path.name, calendar=calendar).suggestions


def said(day, heading, text, *, calendar=CALENDAR):
    minutes = read_minutes(f"# Minutes\n\n### {heading}\n\n* {text}\n", file=f"devel-call-{day}.md", calendar=calendar)
    assert minutes.date == date.fromisoformat(day)
    return minutes.suggestions


def fits(label, suggestion):
    _, kind, day, words = label
    return suggestion.kind == kind and suggestion.date == date.fromisoformat(day) and words in suggestion.text


@pytest.mark.parametrize("calendar", [CALENDAR, BARE], ids=["example", "bare"])
def test_precision_and_recall_over_the_fixtures(calendar):
    days = sorted(path.stem.removeprefix("devel-call-") for path in DATA.glob("devel-call-*.md"))
    assert len(days) == 13
    found = [(day, each) for day in days for each in suggestions(day, calendar=calendar)]
    right = [each for day, each in found if any(day == label[0] and fits(label, each) for label in LABELLED)]
    sure = [each for _, each in found if each.sure]
    surely_right = [each for each in right if each.sure]
    missed = [label for label in LABELLED if not any(day == label[0] and fits(label, each) for day, each in found)]
    print(f"fixtures: precision {len(right)}/{len(found)}, recall {len(LABELLED) - len(missed)}/{len(LABELLED)}")
    print(f"sure: precision {len(surely_right)}/{len(sure)}, recall {len(surely_right)}/{len(LABELLED)}")
    assert not missed
    assert len(right) == len(found)
    assert (len(surely_right), len(sure)) == (15, 15)  # the others: no day is named, or it is left open


@pytest.mark.parametrize("calendar", [CALENDAR, BARE], ids=["example", "bare"])
def test_precision_and_recall_over_sentences_of_other_minutes(calendar):
    labelled = [(number, label) for number, (*_, labels) in enumerate(UNSEEN) for label in labels]
    found = [
        (number, f"{each.kind} {each.date}" + (f" {each.chair}" if each.chair else ""))
        for number, (day, heading, text, _) in enumerate(UNSEEN)
        for each in said(day, heading, text, calendar=calendar)
    ]
    right = set(found) & set(labelled)
    print(f"other minutes: precision {len(right)}/{len(set(found))}, recall {len(right)}/{len(labelled)}")
    assert set(found) - right == set()
    assert set(labelled) - right == set()


@pytest.mark.parametrize("label", LABELLED, ids=lambda label: f"{label[0]}-{label[1]}-{label[2]}")
def test_a_suggestion_names_its_line(label):
    day = label[0]
    found = next(each for each in suggestions(day) if fits(label, each))
    lines = (DATA / f"devel-call-{day}.md").read_text(encoding="utf-8").split("\n")
    assert label[3][:40] in lines[found.line - 1]


# What is said -> the TOML it would be, or why it is not sure. Said on Wednesday 2025-03-05, of a calendar that says nothing.
FORMS = {
    "No call next week.": ["sure cancel = [{ date = 2025-03-12 }]"],
    "No meeting this Wednesday next week.": ["sure cancel = [{ date = 2025-03-12 }]"],
    "There will be no meeting.": ["unsure cancel = [{ date = 2025-03-12 }]"],
    "The meeting next week might be cancelled.": ["unsure cancel = [{ date = 2025-03-12 }]"],
    "The next meeting is not cancelled.": [],
    "No meeting minutes were taken last week.": [],
    "No call to the function remains next week.": [],
    "No TSC meeting next week.": [],
    "The TSC meeting next week is cancelled.": [],
    "No meetings on March 12th and March 26th.": [
        "sure cancel = [{ date = 2025-03-12 }]",
        "sure cancel = [{ date = 2025-03-26 }]",
    ],
    "No meetings until March 26th due to travel.": [
        'sure cancel = [{ date = 2025-03-12, reason = "travel" }]',
        'sure cancel = [{ date = 2025-03-19, reason = "travel" }]',
    ],
    "We skip the next two meetings.": ["sure cancel = [{ date = 2025-03-12 }]", "sure cancel = [{ date = 2025-03-19 }]"],
    "No meeting on March 13th.": [],
    "We also skip the meeting on the 30th.": [],
    "We also skip the meeting on the 26th.": ["unsure cancel = [{ date = 2025-03-26 }]"],
    "In two months the call starts one hour earlier, at 17:00.": [],
    "The next meeting will be on March 12th.": [],
    "We will discuss it in the next meeting on March 26th.": [
        "unsure cancel = [{ date = 2025-03-12 }]",
        "unsure cancel = [{ date = 2025-03-19 }]",
    ],
    "Joerg will be away next week.": ['unsure cancel = [{ date = 2025-03-12, reason = "Joerg away" }]'],
    "Stefano will be away next week.": [],
    "Joerg is away next week; Stefano will run the call.": ['sure change = [{ date = 2025-03-12, chair = "stefano" }]'],
    "Stefano will run the next meeting.": ['sure change = [{ date = 2025-03-12, chair = "stefano" }]'],
    "Stefano offered to run the next meeting.": ['unsure change = [{ date = 2025-03-12, chair = "stefano" }]'],
    "Next week's call will be chaired by Jon Lange.": ['sure change = [{ date = 2025-03-12, chair = "jon" }]'],
    "Stefano hosted the development call because Joerg was ill.": ['sure change = [{ date = 2025-03-05, chair = "stefano" }]'],
    "Somebody else will run the next meeting.": ["unsure "],
    "Next week's meeting is moved to Thursday, March 13th.": ["sure move = [{ date = 2025-03-12, to = 2025-03-13T18:00:00 }]"],
    "Next week's meeting is moved to 17:00.": ["unsure move = [{ date = 2025-03-12, to = 2025-03-12T17:00:00 }]"],
    "Next week's call is postponed to March 19th.": ["unsure cancel = [{ date = 2025-03-12 }]"],
    "The discussion was moved to next week.": [],
    "There has been no call for papers yet.": [],
    "There was no call, so nobody knows.": [],
    "The talk proposals are due April 30.": [
        'sure [[deadline]]\nid = "talk-proposals-2025"\ntitle = "talk proposals"\ndate = 2025-04-30'
    ],
    "The freeze was on March 3rd.": [],
    "The deadline is not known yet; the conference is on June 7.": [],
}


@pytest.mark.parametrize("text", FORMS)
def test_the_forms_of_what_is_said(text):
    found = said("2025-03-05", "Topic", text, calendar=BARE)
    assert [f"{'sure' if each.sure else 'unsure'} {each.toml}" for each in found] == FORMS[text]


def test_toml_is_toml():
    import tomllib

    for day, *_ in LABELLED:
        for each in suggestions(day, calendar=BARE):
            assert each.kind == "shift" or tomllib.loads(each.toml)


def test_what_the_calendar_says_already_is_known():
    for calendar, known in ((CALENDAR, True), (BARE, False)):
        cancelled = [each for label in LABELLED for each in suggestions(label[0], calendar=calendar) if each.kind == "cancel"]
        assert {each.known for each in cancelled} == {known}
