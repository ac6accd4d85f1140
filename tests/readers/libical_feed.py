"""Read a feed with libical, by its shared library: the UTC starts of its events from one day to another, as JSON.

Usage: libical_feed.py FEED FROM UNTIL (dates, UNTIL not included)

libical expands a component's own rule, dates and exceptions; that an override stands in place of an instance is left to
its user, and done here.
"""

import ctypes
import json
import sys
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from datetime import UTC, date, datetime, time
from pathlib import Path

VEVENT = 4  # icalcomponent_kind
CANCELLED = 10905  # icalproperty_status
RECURRENCE_ID = 66  # icalproperty_kind


class Time(Structure):
    _fields_ = [(name, c_int) for name in ("year", "month", "day", "hour", "minute", "second", "is_date", "is_daylight")]
    _fields_.append(("zone", c_void_p))


class Span(Structure):
    _fields_ = [("start", c_int64), ("end", c_int64), ("is_busy", c_int)]


ical = ctypes.CDLL("libical.so.3")
FOUND = CFUNCTYPE(None, c_void_p, POINTER(Span), c_void_p)
for name, result, arguments in (
    ("icalparser_parse_string", c_void_p, [c_char_p]),
    ("icalcomponent_get_first_component", c_void_p, [c_void_p, c_int]),
    ("icalcomponent_get_next_component", c_void_p, [c_void_p, c_int]),
    ("icalcomponent_get_uid", c_char_p, [c_void_p]),
    ("icalcomponent_get_status", c_int, [c_void_p]),
    ("icalcomponent_get_first_property", c_void_p, [c_void_p, c_int]),
    ("icalproperty_get_datetime_with_component", Time, [c_void_p, c_void_p]),
    ("icaltime_from_timet_with_zone", Time, [c_int64, c_int, c_void_p]),
    ("icaltime_as_timet_with_zone", c_int64, [Time, c_void_p]),
    ("icaltimezone_get_utc_timezone", c_void_p, []),
    ("icalcomponent_foreach_recurrence", None, [c_void_p, Time, Time, FOUND, c_void_p]),
):
    getattr(ical, name).restype, getattr(ical, name).argtypes = result, arguments

feed, *bounds = sys.argv[1:]
root = ical.icalparser_parse_string(Path(feed).read_bytes())
utc = ical.icaltimezone_get_utc_timezone()
begin, end = (int(datetime.combine(date.fromisoformat(each), time(), tzinfo=UTC).timestamp()) for each in bounds)
window = [ical.icaltime_from_timet_with_zone(each, 0, utc) for each in (begin, end)]
# The rule's instances by UID, what stands in place of some of them, and where.
rules: dict[bytes, set[int]] = {}
replaced: set[tuple[bytes, int]] = set()
starts: set[int] = set()
component = ical.icalcomponent_get_first_component(root, VEVENT)
while component:
    uid, recurrence = ical.icalcomponent_get_uid(component), ical.icalcomponent_get_first_property(component, RECURRENCE_ID)
    found: list[int] = []
    tell = FOUND(lambda _, span, __, found=found: found.append(span.contents.start))
    ical.icalcomponent_foreach_recurrence(component, *window, tell, None)
    held = set() if ical.icalcomponent_get_status(component) == CANCELLED else set(found)
    if not recurrence:
        rules.setdefault(uid, set()).update(held)
    else:
        instance = ical.icalproperty_get_datetime_with_component(recurrence, component)
        replaced.add((uid, ical.icaltime_as_timet_with_zone(instance, instance.zone)))
        starts |= held
    component = ical.icalcomponent_get_next_component(root, VEVENT)
starts |= {at for uid, times in rules.items() for at in times if (uid, at) not in replaced}
print(json.dumps([f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}" for at in sorted(starts)]))
