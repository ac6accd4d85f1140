"""Edits of a calendar file's text: what changes is what was meant, in the form of its neighbours, and nothing else."""

from __future__ import annotations

from datetime import date, datetime
from itertools import product

import pytest

from svsm_cal.config.edit import add, cancel, change, kind_of, move, restore, slip
from svsm_cal.config.load import check_text, loads
from svsm_cal.errors import UsageError
from tests.support import small

HEAD = small("""\
[[series]]
id = "dev"
title = "Call"
start = 2025-01-01T18:00:00
duration = "1h"
repeat = "every Wednesday"
""")
TAIL = """
[[participant]]
id = "jon"
name = "Jon"
zone = "America/New_York"
"""


def day(number):
    return date(2025, 1, number)


def at(number, hour=18):
    return datetime(2025, 1, number, hour)


def cancel_8(text):
    return cancel(text, "dev", day(8), reason="trip")


def move_8(text):
    return move(text, "dev", day(8), at(9))


def back_8(text):
    return restore(text, "dev", day(8))


def chair_8(text):
    return change(text, "dev", day(8), chair="jon")


# What it is -> the edit, the series' lines before, and after. Each stands between HEAD and TAIL.
CASES = {
    "a list that is not there": (
        cancel_8,
        "",
        """\
cancel = [
  { date = 2025-01-08, reason = "trip" },
]
""",
    ),
    "no reason": (
        lambda text: cancel(text, "dev", day(8)),
        "",
        """\
cancel = [
  { date = 2025-01-08 },
]
""",
    ),
    "between two lines": (
        cancel_8,
        """\
cancel = [
  { date = 2025-01-01 },
  { date = 2025-01-15 },
]
""",
        """\
cancel = [
  { date = 2025-01-01 },
  { date = 2025-01-08, reason = "trip" },
  { date = 2025-01-15 },
]
""",
    ),
    "before the first line": (
        cancel_8,
        """\
cancel = [
  { date = 2025-01-15 },
]
""",
        """\
cancel = [
  { date = 2025-01-08, reason = "trip" },
  { date = 2025-01-15 },
]
""",
    ),
    "after the last line": (
        cancel_8,
        """\
cancel = [
    { date = 2025-01-01 },
]
""",
        """\
cancel = [
    { date = 2025-01-01 },
    { date = 2025-01-08, reason = "trip" },
]
""",
    ),
    "after the last line, which has no comma": (
        cancel_8,
        """\
cancel = [
\t{ date = 2025-01-01 } # gone
]
""",
        """\
cancel = [
\t{ date = 2025-01-01 }, # gone
\t{ date = 2025-01-08, reason = "trip" }
]
""",
    ),
    "comments everywhere": (
        cancel_8,
        """\
cancel = [ # no call
  # first
  { date = 2025-01-01 },  # new year
  # second

  { date = 2025-01-15 } , # x
  # last
] # end
""",
        """\
cancel = [ # no call
  # first
  { date = 2025-01-01 },  # new year
  { date = 2025-01-08, reason = "trip" },
  # second

  { date = 2025-01-15 } , # x
  # last
] # end
""",
    ),
    "a comment with brackets and commas": (
        cancel_8,
        """\
cancel = [
  { date = 2025-01-01 } # ], { date = 2025-01-08 },
  , { date = 2025-01-15 },
]
""",
        """\
cancel = [
  { date = 2025-01-01 }, { date = 2025-01-08, reason = "trip" } # ], { date = 2025-01-08 },
  , { date = 2025-01-15 },
]
""",
    ),
    "a list with a comment alone": (
        cancel_8,
        """\
cancel = [
  # { date = 2025-12-24 },
]
""",
        """\
cancel = [
  # { date = 2025-12-24 },
  { date = 2025-01-08, reason = "trip" },
]
""",
    ),
    "an empty list": (
        cancel_8,
        """\
cancel = []
""",
        """\
cancel = [
  { date = 2025-01-08, reason = "trip" },
]
""",
    ),
    "an empty list over lines": (
        cancel_8,
        """\
cancel = [
]
""",
        """\
cancel = [
  { date = 2025-01-08, reason = "trip" },
]
""",
    ),
    "one line": (
        cancel_8,
        """\
cancel = [{ date = 2025-01-01 }, { date = 2025-01-15 }]
""",
        """\
cancel = [{ date = 2025-01-01 }, { date = 2025-01-08, reason = "trip" }, { date = 2025-01-15 }]
""",
    ),
    "one line, first": (
        cancel_8,
        """\
cancel = [ { date = 2025-01-15 } ] # one
""",
        """\
cancel = [ { date = 2025-01-08, reason = "trip" }, { date = 2025-01-15 } ] # one
""",
    ),
    "one line, last": (
        cancel_8,
        """\
cancel = [{ date = 2025-01-01 },]
""",
        """\
cancel = [{ date = 2025-01-01 }, { date = 2025-01-08, reason = "trip" },]
""",
    ),
    "no blanks": (
        cancel_8,
        """\
cancel = [{date=2025-01-01,reason="y"},{date=2025-01-15}]
""",
        """\
cancel = [{date=2025-01-01,reason="y"},{date=2025-01-08,reason="trip"},{date=2025-01-15}]
""",
    ),
    "lined up behind the bracket": (
        cancel_8,
        """\
cancel = [{ date = 2025-01-01 },
          { date = 2025-01-15 }]
""",
        """\
cancel = [{ date = 2025-01-01 },
          { date = 2025-01-08, reason = "trip" },
          { date = 2025-01-15 }]
""",
    ),
    "commas first": (
        cancel_8,
        """\
cancel = [ { date = 2025-01-01 }
  , { date = 2025-01-15 }
  ]
""",
        """\
cancel = [ { date = 2025-01-01 }, { date = 2025-01-08, reason = "trip" }
  , { date = 2025-01-15 }
  ]
""",
    ),
    "the newest first": (
        cancel_8,
        """\
cancel = [
  { date = 2025-01-22 },
  { date = 2025-01-15 },
  { date = 2025-01-01 },
]
""",
        """\
cancel = [
  { date = 2025-01-22 },
  { date = 2025-01-15 },
  { date = 2025-01-08, reason = "trip" },
  { date = 2025-01-01 },
]
""",
    ),
    "columns lined up": (
        cancel_8,
        """\
cancel = [
  { date = 2025-01-01,   reason  =  "y" },
]
""",
        """\
cancel = [
  { date = 2025-01-01,   reason  =  "y" },
  { date = 2025-01-08, reason = "trip" },
]
""",
    ),
    "under headers": (
        cancel_8,
        """
[[series.cancel]]
date = 2025-01-01

[[series.cancel]]
date = 2025-01-15
""",
        """
[[series.cancel]]
date = 2025-01-01

[[series.cancel]]
date = 2025-01-08
reason = "trip"

[[series.cancel]]
date = 2025-01-15
""",
    ),
    "under headers, first, with comments": (
        cancel_8,
        """\
# all

# why
[[series.cancel]] # h
date = 2025-01-15 # d
# end
""",
        """\
# all

[[series.cancel]]
date = 2025-01-08
reason = "trip"

# why
[[series.cancel]] # h
date = 2025-01-15 # d
# end
""",
    ),
    "under headers, last, with comments": (
        cancel_8,
        """
[[series.cancel]]
date = 2025-01-01 # d
# end
""",
        """
[[series.cancel]]
date = 2025-01-01 # d
# end

[[series.cancel]]
date = 2025-01-08
reason = "trip"
""",
    ),
    "under headers without lines between": (
        cancel_8,
        """\
[[series.cancel]]
  date = 2025-01-01
[[ series . cancel ]]
  date = 2025-01-15
""",
        """\
[[series.cancel]]
  date = 2025-01-01
[[series.cancel]]
  date = 2025-01-08
  reason = "trip"
[[ series . cancel ]]
  date = 2025-01-15
""",
    ),
    "a new list where the others are under headers": (
        cancel_8,
        """
[[series.change]]
date = 2025-01-22
chair = 'jon'
""",
        """
[[series.change]]
date = 2025-01-22
chair = 'jon'

[[series.cancel]]
date = 2025-01-08
reason = "trip"
""",
    ),
    "a new list before a later one, under its comment": (
        cancel_8,
        """\
# chairs
change = [{ date = 2025-01-22, chair = 'jon' }]
""",
        """\
cancel = [
  { date = 2025-01-08, reason = "trip" },
]
# chairs
change = [{ date = 2025-01-22, chair = 'jon' }]
""",
    ),
    "a new list before two later ones": (
        cancel_8,
        """\
move = [{ date = 2025-01-15, to = 2025-01-16T18:00:00 }]
change = [{ date = 2025-01-22, chair = 'jon' }]
""",
        """\
cancel = [
  { date = 2025-01-08, reason = "trip" },
]
move = [{ date = 2025-01-15, to = 2025-01-16T18:00:00 }]
change = [{ date = 2025-01-22, chair = 'jon' }]
""",
    ),
    "a new list after an earlier one": (
        move_8,
        """\
cancel = [
  {date=2025-01-01},
] # c
# from
from = [{date=2025-02-05,chair='jon'}]
""",
        """\
cancel = [
  {date=2025-01-01},
] # c
move = [
  {date=2025-01-08, to=2025-01-09T18:00:00},
]
# from
from = [{date=2025-02-05,chair='jon'}]
""",
    ),
    "unicode and quotes": (
        lambda text: cancel(text, "dev", day(8), reason='Jørgens "späte" \\ Reise 🗓'),
        """\
cancel = [
  { date = 2025-01-01, reason = 'später' },
]
""",
        """\
cancel = [
  { date = 2025-01-01, reason = 'später' },
  { date = 2025-01-08, reason = "Jørgens \\"späte\\" \\\\ Reise 🗓" },
]
""",
    ),
    "a cancellation gets a reason": (
        cancel_8,
        """\
cancel = [{ date = 2025-01-08 } ] # c
""",
        """\
cancel = [{ date = 2025-01-08, reason = "trip" } ] # c
""",
    ),
    "a cancellation gets another reason": (
        cancel_8,
        """\
[[series.cancel]]
reason = '''one, ] # other''' # r
date = 2025-01-08 # d
""",
        """\
[[series.cancel]]
reason = "trip" # r
date = 2025-01-08 # d
""",
    ),
    "a cancellation replaces a move": (
        cancel_8,
        """\
move = [
  { date = 2025-01-08, to = 2025-01-09T18:00:00, reason = "a" }, # m
]
cancel = [{ date = 2025-01-01 }]
""",
        """\
cancel = [{ date = 2025-01-01 }, { date = 2025-01-08, reason = "trip" }]
""",
    ),
    "a move replaces a cancellation": (
        move_8,
        """\
cancel = [{ date = 2025-01-01 }, { date = 2025-01-08, reason = "a" }]
""",
        """\
cancel = [{ date = 2025-01-01 }]
move = [
  { date = 2025-01-08, to = 2025-01-09T18:00:00 },
]
""",
    ),
    "a move takes over a change": (
        move_8,
        """\
change = [{ date = 2025-01-08, reason = 'r', chair = 'jon', duration = '2h' }]
""",
        """\
move = [
  { date = 2025-01-08, to = 2025-01-09T18:00:00, reason = "r", duration = "2h", chair = "jon" },
]
""",
    ),
    "a move is moved on": (
        move_8,
        """\
move = [{ date = 2025-01-08, to = 2025-01-10 18:00:00, chair = 'jon' }] # m
""",
        """\
move = [{ date = 2025-01-08, to = 2025-01-09T18:00:00, chair = 'jon' }] # m
""",
    ),
    "a change of a moved call": (
        chair_8,
        """\
move = [{to=2025-01-09T18:00:00,date=2025-01-08}]
""",
        """\
move = [{to=2025-01-09T18:00:00,date=2025-01-08,chair="jon"}]
""",
    ),
    "another change of a changed call": (
        chair_8,
        """\
[[series.change]]
  url = "https://a.example" # u
  date = 2025-01-08 # d
""",
        """\
[[series.change]]
  url = "https://a.example" # u
  date = 2025-01-08 # d
  chair = "jon"
""",
    ),
    "several changes": (
        lambda text: change(text, "dev", day(8), url="https://b.example", title="T", chair="jon", duration="2h"),
        """\
change = [{ date = 2025-01-08, url = 'https://a.example' }]
""",
        """\
change = [{ date = 2025-01-08, duration = "2h", title = "T", url = "https://b.example", chair = "jon" }]
""",
    ),
    "quoted keys": (
        chair_8,
        """\
"change" = [{ "date" = 2025-01-08, 'url' = "https://a.example" }]
""",
        """\
"change" = [{ "date" = 2025-01-08, 'url' = "https://a.example", chair = "jon" }]
""",
    ),
    "an added call": (
        lambda text: add(text, "dev", at(7, 17), title="Extra"),
        """\
add = [{ start = 2025-01-07T16:00:00 }]
""",
        """\
add = [{ start = 2025-01-07T16:00:00 }, { start = 2025-01-07T17:00:00, title = "Extra" }]
""",
    ),
    "back: a line": (
        back_8,
        """\
cancel = [
  { date = 2025-01-01 },
  # why
  { date = 2025-01-08, reason = 'x' }, # c
  { date = 2025-01-15 },
]
""",
        """\
cancel = [
  { date = 2025-01-01 },
  # why
  { date = 2025-01-15 },
]
""",
    ),
    "back: the last line, which has no comma": (
        back_8,
        """\
cancel = [
  { date = 2025-01-01 }, # a
  { date = 2025-01-08 } # b
]
""",
        """\
cancel = [
  { date = 2025-01-01 } # a
]
""",
    ),
    "back: the only line": (
        back_8,
        """\
chair = 'jon'
cancel = [
  { date = 2025-01-08 },
]
""",
        """\
chair = 'jon'
""",
    ),
    "back: the only line, among comments": (
        back_8,
        """\
cancel = [
  # x
  { date = 2025-01-08 },
]
""",
        """\
cancel = [
  # x
]
""",
    ),
    "back: the only one, before a comment": (
        back_8,
        """\
cancel = [{ date = 2025-01-08 }] # x
""",
        """\
cancel = [] # x
""",
    ),
    "back: the only one, before a comment, over lines": (
        back_8,
        """\
cancel = [
  { date = 2025-01-08 },
] # x
""",
        """\
cancel = [] # x
""",
    ),
    "back: from one line": (
        back_8,
        """\
cancel = [{ date = 2025-01-01 }, { date = 2025-01-08 } , { date = 2025-01-15 }]
""",
        """\
cancel = [{ date = 2025-01-01 } , { date = 2025-01-15 }]
""",
    ),
    "back: the first of one line": (
        back_8,
        """\
cancel = [ { date = 2025-01-08 }, { date = 2025-01-15 }, ]
""",
        """\
cancel = [ { date = 2025-01-15 }, ]
""",
    ),
    "back: a move": (
        back_8,
        """\
move = [
  { date = 2025-01-08, to = 2025-01-09T18:00:00 },
]
""",
        "",
    ),
    "back: a change by its time": (
        lambda text: restore(text, "dev", at(8)),
        """\
change = [{ date = 2025-01-08, chair = 'jon' }, { date = 2025-01-15, chair = 'jon' }]
""",
        """\
change = [{ date = 2025-01-15, chair = 'jon' }]
""",
    ),
    "back: an added call": (
        lambda text: restore(text, "dev", at(7, 17)),
        """\
add = [{ start = 2025-01-07T17:00:00 }, { start = 2025-01-07T19:00:00 }]
""",
        """\
add = [{ start = 2025-01-07T19:00:00 }]
""",
    ),
    "back: the only added call of a day": (
        lambda text: restore(text, "dev", day(7)),
        """\
[[series.add]]
start = 2025-01-07T17:00:00 # s
""",
        "",
    ),
    "back: under a header, between others": (
        back_8,
        """
[[series.cancel]]
date = 2025-01-01

[[series.cancel]] # h
# c
date = 2025-01-08 # d

[[series.cancel]]
date = 2025-01-15
""",
        """
[[series.cancel]]
date = 2025-01-01

[[series.cancel]]
date = 2025-01-15
""",
    ),
}


def crlf(text):
    return text.replace("\n", "\r\n")


@pytest.mark.parametrize("ends", [str, crlf], ids=["lf", "crlf"])
@pytest.mark.parametrize("people_first", [False, True], ids=["", "at the end"])
@pytest.mark.parametrize(("edit", "before", "after"), CASES.values(), ids=CASES)
def test_what_is_written(edit, before, after, people_first, ends):
    above, below = (TAIL.lstrip(), "") if people_first else ("", TAIL)
    text, wanted = (ends(above + HEAD + each + below) for each in (before, after))
    assert edit(text) == wanted
    loads(wanted.replace("\r\n", "\n"))


# --- the end of the file, other places ---


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '\ncancel = [\n  { date = 2025-01-08, reason = "trip" },\n]'),
        (
            "\ncancel = [\n  { date = 2025-01-01 }\n]",
            '\ncancel = [\n  { date = 2025-01-01 },\n  { date = 2025-01-08, reason = "trip" }\n]',
        ),
        (
            "\n\n[[series.cancel]]\ndate = 2025-01-01",
            '\n\n[[series.cancel]]\ndate = 2025-01-01\n\n[[series.cancel]]\ndate = 2025-01-08\nreason = "trip"',
        ),
        (  # the entry's own comment
            "\n\n[[series.cancel]]\ndate = 2025-01-01\n# c",
            '\n\n[[series.cancel]]\ndate = 2025-01-01\n# c\n\n[[series.cancel]]\ndate = 2025-01-08\nreason = "trip"',
        ),
        (  # the comment of the next header
            "\n\n[[series.cancel]]\ndate = 2025-01-01\n# c\n[notices]",
            '\n\n[[series.cancel]]\ndate = 2025-01-01\n\n[[series.cancel]]\ndate = 2025-01-08\nreason = "trip"\n# c\n[notices]',
        ),
    ],
)
def test_a_last_line_without_an_end_stays_without(before, after, newline):
    text, wanted = ((HEAD.rstrip() + each).replace("\n", newline) for each in (before, after))
    assert cancel_8(text) == wanted
    assert back_8(wanted) == text


def test_lines_that_end_differently_are_left_so():
    text = HEAD + "cancel = [\r\n  { date = 2025-01-01 },\r\n]\n"
    assert cancel_8(text) == HEAD + 'cancel = [\r\n  { date = 2025-01-01 },\r\n  { date = 2025-01-08, reason = "trip" },\r\n]\n'


def test_a_new_list_is_indented_as_the_other_keys_are():
    text = "".join(f"  {line}\n" if "=" in line else f"{line}\n" for line in HEAD.splitlines())
    assert cancel_8(text) == text + '  cancel = [\n    { date = 2025-01-08, reason = "trip" },\n  ]\n'
    empty = f"{text}  cancel = []\n"
    assert cancel_8(empty) == text + '  cancel = [\n    { date = 2025-01-08, reason = "trip" },\n  ]\n'


FLAT = 'calendar.id = "x"\ncalendar."name" = "X"\ncalendar . domain = "x.example.org"\ncalendar.zone = "Europe/Berlin"\n'
INLINE = """series = [ # all
  { id = "a", title = "A", start = 2025-01-01T18:00:00, duration = "1h", repeat = "every Wednesday" }, # first
  { id = "dev", title = "Call", start = 2025-01-01T18:00:00, duration = "1h", repeat = "every Wednesday"LISTS }, # second
]
"""


@pytest.mark.parametrize(
    ("edit", "before", "after"),
    [
        (cancel_8, "", ', cancel = [{ date = 2025-01-08, reason = "trip" }]'),
        (
            cancel_8,
            ", cancel = [{ date = 2025-01-01 }]",
            ', cancel = [{ date = 2025-01-01 }, { date = 2025-01-08, reason = "trip" }]',
        ),
        (cancel_8, ", cancel = []", ', cancel = [{ date = 2025-01-08, reason = "trip" }]'),
        (back_8, ", cancel = [{ date = 2025-01-08 }]", ""),
    ],
)
def test_dotted_keys_and_series_in_braces(edit, before, after):
    text, wanted = (FLAT + INLINE.replace("LISTS", each) for each in (before, after))
    assert edit(text) == wanted
    loads(wanted)


def test_the_right_one_of_several_series():
    other = HEAD[HEAD.index("[[series]]") :].replace('"dev"', '"other"')
    text = HEAD + "\n" + other + "\n[[series.cancel]]\ndate = 2025-01-01\n"
    assert cancel(text, "dev", day(8)) == HEAD + "cancel = [\n  { date = 2025-01-08 },\n]\n" + text[len(HEAD) :]
    assert cancel(text, "other", day(8)) == text + "\n[[series.cancel]]\ndate = 2025-01-08\n"


TWICE = HEAD.replace('repeat = "every Wednesday"', 'rule = "FREQ=WEEKLY;BYDAY=WE;BYHOUR=10,18"').replace("T18", "T10")


def test_one_of_several_calls_a_day():
    text = cancel(TWICE, "dev", at(8, 10))
    assert text == TWICE + "cancel = [\n  { date = 2025-01-08T10:00:00 },\n]\n"
    both = move(text, "dev", at(8), at(9))
    assert loads(both).series[0].exceptions.keys() == {at(8, 10), at(8)}
    assert restore(both, "dev", at(8)) == text
    with pytest.raises(
        UsageError, match=r"^dev on 2025-01-08 is known by its time \(name it: 2025-01-08T10:00 or 2025-01-08T18:00\)$"
    ):
        cancel(both, "dev", day(8))
    assert [each.code for each in check_text(cancel(TWICE, "dev", day(8)))] == ["exception-ambiguous"]


# --- deadlines and milestones ---

DATES = """
[[deadline]]
id = "cfp"
title = "Proposals"
date = 2025-01-31 # Friday

[[deadline]]
id = "vote"
at = 2025-02-03T12:00:00
title = "Vote"

[[release]]
id = "v1"
title = "V1"
milestones = [
  { id = "freeze", date = 2025-02-04, remind = ["1w"] }, # f
  {id="rc1", after="freeze", offset="1w"},
  { id = "out", after = "rc1", offset = "1w", actual = 2025-02-20 },
]

[[release]]
id = "v2"
title = "V2"
[[release.milestones]]
  id = "freeze" # id
  date = 2025-05-06 # planned
  remind = ["1d"]
[[release.milestones]]
  id = "out"
  after = "freeze"
  offset = "1w" # a week
"""


@pytest.mark.parametrize(
    ("id", "to", "line", "becomes"),
    [
        ("cfp", date(2025, 2, 7), "date = 2025-01-31 # Friday", "date = 2025-02-07 # Friday"),
        ("vote", date(2025, 2, 7), "at = 2025-02-03T12:00:00", "at = 2025-02-07T12:00:00"),
        ("v1-freeze", date(2025, 2, 5), "date = 2025-02-04, rem", "date = 2025-02-04, actual = 2025-02-05, rem"),
        ("v1-freeze", date(2025, 2, 4), "date = 2025-02-04, rem", "date = 2025-02-04, actual = 2025-02-04, rem"),
        ("v1-rc1", date(2025, 2, 12), 'offset="1w"}', 'offset="1w", actual=2025-02-12}'),
        ("v1-out", date(2025, 2, 25), "actual = 2025-02-20 }", "actual = 2025-02-25 }"),
        ("v2-freeze", date(2025, 5, 7), "05-06 # planned\n", "05-06 # planned\n  actual = 2025-05-07\n"),
        ("v2-out", date(2025, 5, 20), '"1w" # a week\n', '"1w" # a week\n  actual = 2025-05-20\n'),
    ],
)
def test_slip(id, to, line, becomes):
    text = HEAD + DATES
    assert text.count(line) == 1
    wanted = text.replace(line, becomes)
    assert slip(text, id, to) == wanted
    assert slip(crlf(text), id, to) == crlf(wanted)
    calendar = loads(wanted)
    planned = [milestone.planned for release in calendar.releases for milestone in release.milestones]
    assert planned == [milestone.planned for release in loads(text).releases for milestone in release.milestones]


# --- refusals ---


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda text: cancel(text, "dve", day(8)), 'no series "dve": there are dev'),
        (lambda text: cancel(text, "dev", day(22)), "dev on 2025-01-22 is cancelled already"),
        (lambda text: cancel(text, "dev", day(22), reason="r"), "dev on 2025-01-22 is cancelled already"),
        (lambda text: move(text, "dev", day(29), at(30)), "dev on 2025-01-29 is moved to 2025-01-30T18:00 already"),
        (lambda text: change(text, "dev", day(15), chair="jon"), "dev on 2025-01-15 has all that already"),
        (
            lambda text: change(text, "dev", day(22), chair="jon"),
            "dev on 2025-01-22 is cancelled, so there is nothing to change (restore it first)",
        ),
        (
            lambda text: change(text, "dev", day(8)),
            "change what of dev on 2025-01-08? (reason, duration, title, url, location, description, chair, minutes)",
        ),
        (
            lambda text: change(text, "dev", day(8), chiar="jon"),
            "change what of dev on 2025-01-08? (reason, duration, title, url, location, description, chair, minutes)",
        ),
        (lambda text: add(text, "dev", at(7, 17)), "dev has an added call on 2025-01-07T17:00 already"),
        (lambda text: add(text, "x", at(7)), 'no series "x": there are dev'),
        (
            lambda text: restore(text, "dev", day(8)),
            "nothing is said of dev on 2025-01-08 (the nearest: 2025-01-07T17:00 is added)",
        ),
        (
            lambda text: restore(text, "dev", day(28)),
            "nothing is said of dev on 2025-01-28 (the nearest: 2025-01-29 is moved)",
        ),
        (lambda text: slip(text, "cpf", day(8)), 'no deadline "cpf": did you mean "cfp"?'),
        (
            lambda text: slip(text, "nothing", day(8)),
            'no deadline "nothing": there are cfp, vote, v1-freeze, v1-rc1, v1-out, v2-freeze, v2-out',
        ),
        (lambda text: slip(text, "cfp", day(31)), "cfp is on 2025-01-31 already"),
    ],
)
def test_refusals(edit, said):
    lists = (
        'cancel = [{ date = 2025-01-22, reason = "r" }]\nmove = [{ date = 2025-01-29, to = 2025-01-30T18:00:00 }]\n'
        'change = [{ date = 2025-01-15, chair = "jon" }]\nadd = [{ start = 2025-01-07T17:00:00 }]\n'
    )
    text = HEAD + lists + DATES + TAIL
    with pytest.raises(UsageError) as caught:
        edit(text)
    assert str(caught.value) == said


def test_nothing_to_restore_and_no_series():
    with pytest.raises(UsageError, match=r"^nothing is said of dev on 2025-01-08 \(nor of any other call\)$"):
        back_8(HEAD)
    with pytest.raises(UsageError, match=r'^no series "dev": there are none$'):
        back_8(HEAD[: HEAD.index("[[series]]")])
    with pytest.raises(UsageError, match=r'^no deadline "x": there are none$'):
        slip(HEAD, "x", day(8))


def test_a_days_only_call_may_have_its_time():
    text = HEAD + "cancel = [{ date = 2025-01-08 }]\n"
    assert restore(text, "dev", at(8)) == HEAD
    assert cancel(text, "dev", at(8), reason="r") == HEAD + 'cancel = [{ date = 2025-01-08, reason = "r" }]\n'
    assert move(text, "dev", at(8), at(9)) == HEAD + "move = [\n  { date = 2025-01-08, to = 2025-01-09T18:00:00 },\n]\n"


def test_two_added_calls_of_a_day_are_told_apart_by_their_time():
    text = HEAD + "add = [{ start = 2025-01-07T17:00:00 }, { start = 2025-01-07T19:00:00 }]\n"
    with pytest.raises(UsageError, match=r"name it: 2025-01-07T17:00 or 2025-01-07T19:00"):
        restore(text, "dev", day(7))


def test_what_is_said_of_a_call():
    text = HEAD
    assert kind_of(text, "dev", day(8)) == ""
    assert kind_of(cancel_8(text), "dev", day(8)) == "cancelled"
    assert kind_of(move_8(text), "dev", day(8)) == "moved"
    assert kind_of(chair_8(text), "dev", at(8)) == "changed"
    assert kind_of(add(text, "dev", at(7)), "dev", day(7)) == "added"


def test_every_key_of_a_change_has_a_place():
    for first, second in product(["title", "url", "location", "description", "chair", "minutes", "reason"], repeat=2):
        details = {
            each: {"url": "https://a.example", "minutes": "https://a.example/{date}", "chair": "jon"}.get(each, "x")
            for each in (first, second)
        }
        text = HEAD + TAIL
        for key, value in details.items():
            text = change(text, "dev", day(8), **{key: value})
        assert text == change(HEAD + TAIL, "dev", day(8), **details)
