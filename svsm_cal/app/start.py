"""`init`: the files a community begins with."""

from __future__ import annotations

import os

from svsm_cal.app.files import write_file
from svsm_cal.config.json_schema import json_schema_text
from svsm_cal.errors import UsageError

__all__ = ["CALENDAR", "WORKFLOW", "start"]

CALENDAR = """\
#:schema ./calendar.schema.json
# Your community's calendar. `svsm-cal check` tells what is wrong with it, `svsm-cal next` what is next.

[calendar]
id = "my-community"                     # names files and feeds
name = "My community calendar"
domain = "calendar.example.org"         # right-hand side of every UID: yours, and never change it
zone = "Europe/Berlin"                  # whose wall clock the calls follow
# url = "https://calendar.example.org/" # where you publish it
# organizer = { name = "My community calendar", email = "calendar@example.org" }   # sender of invites

[[series]]
id = "weekly-call"                      # never change it either
title = "Weekly call"
start = 2025-01-08T18:00:00             # the first call, on that wall clock
duration = "1h"
repeat = "every Wednesday"              # or an RFC 5545 rule: rule = "FREQ=WEEKLY;BYDAY=WE"
url = "https://meet.example.org/call"
attendees = ["everyone"]                # participants or groups of them
cancel = [
  # { date = 2025-12-24, reason = "holidays" },
]
# move   = [{ date = 2025-06-11, to = 2025-06-12T18:00:00, reason = "conference" }]
# change = [{ date = 2025-05-21, chair = "someone" }]
# add    = [{ start = 2025-06-03T17:00:00, title = "Extra call" }]
# from   = [{ date = 2025-09-03, url = "https://meet.example.org/new" }]          # this one and all following

[[participant]]
id = "someone"
name = "Someone"
zone = "America/New_York"               # their home zone
# email = "someone@example.org"         # for invites; never published
groups = ["everyone"]
reminders = ["15m"]

# [[deadline]]
# id = "proposals"
# title = "Call for proposals"
# date = 2025-06-07                     # over when the day has ended everywhere on Earth
# remind = ["1w", "1d"]

# [[release]]
# id = "v2"
# title = "Version 2"
# milestones = [
#   { id = "freeze", title = "feature freeze", date = 2025-03-11 },
#   { id = "release", after = "freeze", offset = "6w" },
# ]
"""

WORKFLOW = """\
# Checks the calendar on every change, and publishes it on main and once a day, so that the page goes on with the time.
# It works from the root of a repository (.github/workflows/) whose Pages are built by GitHub Actions (Settings, Pages).
name: calendar
on:
  push: { branches: [main] }
  pull_request:
  workflow_dispatch: { inputs: { first: { type: boolean, description: "The very first publication: it follows none" } } }
  schedule: [{ cron: "17 5 * * *" }]
permissions: { contents: read }
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions: { contents: read, pages: write, id-token: write }
    environment: github-pages
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: { python-version: "3.12" }
      - run: pip install svsm_cal
      - run: svsm-cal check --strict
      - id: pages
        uses: actions/configure-pages@v5
      # What is published now is what the next publication follows: its revisions go on from there.
      - run: svsm-cal build site ${{ inputs.first && '--first' || format('--previous {0}/', steps.pages.outputs.base_url) }}
      - if: github.ref == 'refs/heads/main'
        uses: actions/upload-pages-artifact@v3
        with: { path: site }
      - if: github.ref == 'refs/heads/main'
        uses: actions/deploy-pages@v4
"""


def start(folder: str) -> list[str]:
    """Write the files of a new calendar into `folder` and return their paths; raises UsageError if one is there already."""
    files = {
        "calendar.toml": CALENDAR,
        "calendar.schema.json": json_schema_text(),
        ".github/workflows/calendar.yml": WORKFLOW,
    }
    paths = {os.path.join(folder, *name.split("/")): text for name, text in files.items()}
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise UsageError(f"{folder}: is a file (name a folder)")
    present = [path for path in paths if os.path.lexists(path)]
    if present:
        raise UsageError(f"{present[0]}: is there already (choose an empty folder)")
    for path, text in paths.items():
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        write_file(path, text.encode())
    return list(paths)
