"""Run svsm-cal with the tz database in a folder ("-": this machine's newest), then print the calls held as JSON.

Usage: build.py DATABASE CALENDAR SINCE UNTIL ARGUMENTS... (dates, UNTIL not included)
"""

import json
import sys
from datetime import UTC, datetime

from svsm_cal.engine import tzdb

folder, path, since, until, *arguments = sys.argv[1:]
if folder != "-":
    database = tzdb.TzDatabase(folder)
    tzdb.tz_database = lambda: database

import svsm_cal  # noqa: E402 - after the database is the one wanted
from svsm_cal.cli import command  # noqa: E402

command.main(["-c", path, *arguments], prog_name="svsm-cal", standalone_mode=False)
span = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (since, until))
calls = svsm_cal.occurrences(svsm_cal.load(path), *span)
print("\n" + json.dumps([each.start_utc.strftime("%Y-%m-%dT%H:%M:%SZ") for each in calls]))
