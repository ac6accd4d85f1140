"""The files of a new calendar, for `init`."""

from __future__ import annotations

import os
from importlib.resources import files

from svsm_cal.app.atomic_files import write_file
from svsm_cal.config.schema import json_schema_text
from svsm_cal.errors import UsageError

CALENDAR = """\
#:schema ./calendar.schema.json
# Your community's calendar. `svsm-cal check` reports mistakes in it, `svsm-cal next` shows the next calls.

[calendar]
id = "my-community"                     # the name used for files and feeds
name = "My community calendar"
domain = "calendar.example.org"         # right-hand side of every UID: a domain of yours; never change it
zone = "Europe/Berlin"                  # calls follow the wall clock of this zone
# url = "https://calendar.example.org/" # the address at which you publish it
# language = "de"                       # of feeds, invites and mails; default English
# organizer = { name = "My community calendar", email = "calendar@example.org" }   # sender of invites

[[series]]
id = "weekly-call"                      # never change this either
title = "Weekly call"
start = 2025-01-08T18:00:00             # the first call, on that wall clock
duration = "1h"
repeat = "every Wednesday"              # or an RFC 5545 rule: rule = "FREQ=WEEKLY;BYDAY=WE"
url = "https://meet.example.org/call"
attendees = ["everyone"]                # ids of participants or names of groups
# chair = ["someone"]                   # who chairs it; several take turns
cancel = [
  # { date = 2025-12-24, reason = "holidays" },
]
# move   = [{ date = 2025-06-11, to = 2025-06-12T18:00:00, reason = "conference" }]
# change = [{ date = 2025-05-21, chair = "someone" }]
# add    = [{ start = 2025-06-03T17:00:00, title = "Extra call" }]
# from   = [{ date = 2025-09-03, url = "https://meet.example.org/new" }]          # this call and all later ones

[[participant]]
id = "someone"
name = "Someone"
zone = "America/New_York"               # their home zone
groups = ["everyone"]
reminders = ["15m"]                     # in their own feed; by mail: mail_reminders = ["1d"]
# away = [{ from = 2025-12-22, to = 2026-01-05 }]
# region = "DE-BY"                      # for public holidays; needs svsm_cal[holidays]
# email = "someone@example.org"         # for invites; never published. If this file is public, put addresses into another
                                        # file, and its path into SVSM_CAL_ADDRESSES

# [[deadline]]
# id = "proposals"
# title = "Call for proposals"
# date = 2025-06-07                     # over when this day has ended everywhere on Earth
# remind = ["1w", "1d"]

# [[release]]
# id = "v2"
# title = "Version 2"
# milestones = [
#   { id = "freeze", title = "feature freeze", date = 2025-03-11 },
#   { id = "release", after = "freeze", offset = "6w" },
# ]
"""


IGNORED = """\
# The store of invites and the mails contain people's addresses.
svsm-cal.db*
*.eml
addresses.toml
site/
"""


def workflow() -> str:
    """Return the workflow that checks and publishes a calendar on GitHub."""
    return files(__package__).joinpath("calendar.yml").read_text(encoding="utf-8")


def start(folder: str) -> list[str]:
    """Write the files of a new calendar into `folder` and return their paths; raises UsageError if one already exists."""
    texts = {
        "calendar.toml": CALENDAR,
        "calendar.schema.json": json_schema_text(),
        ".github/workflows/calendar.yml": workflow(),
        ".gitignore": IGNORED,
    }
    paths = {os.path.join(folder, *name.split("/")): text for name, text in texts.items()}
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise UsageError(f"{folder}: is a file (give a folder)")
    present = [path for path in paths if os.path.lexists(path)]
    if present:
        raise UsageError(f"{present[0]}: already exists (choose another folder, or remove it)")
    for path, text in paths.items():
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        write_file(path, text.encode())
    return list(paths)
