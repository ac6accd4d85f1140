"""Time zone names as people write them, and the IANA region to write instead.

Nothing is guessed silently: an IANA region is accepted, a name that clearly means one region is accepted with a warning,
and an ambiguous abbreviation is an error that lists the candidates.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from svsm_cal.engine.tzdb import TzDatabase, tz_database
from svsm_cal.engine.zones import Zone, local_of, zone_of
from svsm_cal.errors import ZoneError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.engine.civil import Instant
    from svsm_cal.errors import Severity

# Abbreviation -> the regions that people mean by it. The tz database has some of them as zones, but with a fixed offset
# or a rule that the writer does not expect.
_AMBIGUOUS: dict[str, tuple[str, ...]] = {
    "AEST": ("Australia/Sydney", "Australia/Brisbane"), "AET": ("Australia/Sydney",),
    "AST": ("America/Halifax", "Asia/Riyadh"), "BST": ("Europe/London", "Asia/Dhaka"),
    "CDT": ("America/Chicago", "America/Havana"), "CEST": ("Europe/Berlin", "Europe/Paris"),
    "CST": ("America/Chicago", "Asia/Shanghai", "America/Havana"), "CT": ("America/Chicago",),
    "ECT": ("America/Guayaquil", "Europe/Paris"), "EDT": ("America/New_York",),
    "EEST": ("Europe/Helsinki", "Europe/Athens"), "ET": ("America/New_York",),
    "EST": ("America/New_York", "America/Panama", "Australia/Sydney"), "GST": ("Asia/Dubai", "Atlantic/South_Georgia"),
    "HST": ("Pacific/Honolulu",), "IST": ("Asia/Kolkata", "Asia/Jerusalem", "Europe/Dublin"),
    "JST": ("Asia/Tokyo",), "KST": ("Asia/Seoul",), "MDT": ("America/Denver",), "MSK": ("Europe/Moscow",),
    "MST": ("America/Denver", "America/Phoenix", "Asia/Kuala_Lumpur"), "MT": ("America/Denver",),
    "NST": ("America/St_Johns",), "PDT": ("America/Los_Angeles",), "PKT": ("Asia/Karachi",),
    "PST": ("America/Los_Angeles", "Asia/Manila"), "PT": ("America/Los_Angeles",), "SGT": ("Asia/Singapore",),
    "SST": ("Pacific/Pago_Pago", "Asia/Singapore"), "WAST": ("Africa/Windhoek", "Australia/Perth"),
    "WEST": ("Europe/Lisbon",),
}  # fmt: skip
# Names in the tz database that are a rule with summer time, not a region.
_RULES = {
    "CET": "Europe/Berlin", "MET": "Europe/Berlin", "EET": "Europe/Helsinki", "WET": "Europe/Lisbon",
    "EST5EDT": "America/New_York", "CST6CDT": "America/Chicago", "MST7MDT": "America/Denver", "PST8PDT": "America/Los_Angeles",
}  # fmt: skip
_UTC = frozenset({"UTC", "Etc/UTC"})
_UTC_OTHER = frozenset({"UCT", "Zulu", "Universal", "GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich"})
_OFFSET = r"(?:UTC|GMT)?\s*[+-]\s*\d{1,2}(?::?\d\d)?"


class ZoneAdvice(Value):
    """The zone of a name, None for an error; with a severity, the warning or error to report."""

    zone: Zone | None
    severity: Severity | None = None
    code: str = ""
    message: str = ""
    hint: str = ""


def read_zone(name: str, *, now: Instant | None = None) -> ZoneAdvice:
    """Return the zone of a name and the advice for its writer; `now` is for hints about the zone's present time."""
    database = tz_database()
    name = name.strip()
    if name.upper() in _AMBIGUOUS and "/" not in name:
        return _ambiguous(name, now)
    if name in _RULES:
        region = _RULES[name]
        message = f'"{name}" is a rule, not a place: it has summer time, which readers may not expect'
        return ZoneAdvice(_zone(name), "warning", "zone-abbreviation", message, f'"{region}"')
    if name in _UTC:
        return ZoneAdvice(_zone(name))
    if not database.has(name):
        return _unknown(name, database)
    if name in _UTC_OTHER or (name.startswith("Etc/") and name.removeprefix("Etc/") in _UTC_OTHER):
        return ZoneAdvice(_zone("UTC"), "warning", "zone-old-name", f'"{name}" is another name for UTC', '"UTC"')
    if name.startswith("Etc/"):
        message = f'"{name}" is a fixed offset without clock changes, with the sign reversed'
        return ZoneAdvice(_zone(name), "warning", "zone-fixed", message, 'a region such as "Europe/Berlin"')
    return _region(name, database)


def _region(name: str, database: TzDatabase) -> ZoneAdvice:
    target = database.links().get(name) if name not in database.regions() else None
    if target is None:
        return ZoneAdvice(_zone(name))
    return ZoneAdvice(_zone(target), "warning", "zone-old-name", f'"{name}" is an old name of {target}', f'"{target}"')


def _ambiguous(name: str, now: Instant | None) -> ZoneAdvice:
    regions = _AMBIGUOUS[name.upper()]
    clocks = [f" ({local_of(now, zone_of(region)):%H:%M} now)" if now else "" for region in regions]
    listed = " or ".join(f'"{region}"{clock}' for region, clock in zip(regions, clocks, strict=True))
    meaning = "means different clocks to different people" if len(regions) > 1 else "is an abbreviation, not a place"
    return ZoneAdvice(None, "error", "zone-ambiguous", f'"{name}" {meaning}', listed)


def _unknown(name: str, database: TzDatabase) -> ZoneAdvice:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    region = {windows.lower(): region for windows, region in WINDOWS_TO_OLSON.items()}.get(name.strip().lower())
    if region and database.has(region):
        message = f'"{name}" is the Windows name of {region}'
        return ZoneAdvice(_zone(region), "warning", "zone-windows", message, f'"{region}"')
    if re.fullmatch(_OFFSET, name.strip()):
        message = f'"{name}" is an offset without clock changes, not a place'
        return ZoneAdvice(None, "error", "zone-unknown", message, 'a region such as "Europe/Berlin"')
    return ZoneAdvice(None, "error", "zone-unknown", f'"{name}" is not a time zone', _suggestion(name, database))


def _suggestion(name: str, database: TzDatabase) -> str:
    from difflib import get_close_matches

    keys = sorted(database.regions() or database.keys())
    wanted = name.strip().replace(" ", "_").lower()
    places = {key.rpartition("/")[2].lower(): key for key in keys}
    regions = {key.lower(): key for key in keys}
    close = [wanted] if wanted in regions or wanted in places else get_close_matches(wanted, regions, n=1, cutoff=0.75)
    close = close or get_close_matches(wanted, places, n=1, cutoff=0.75)
    if close:
        return f'did you mean "{regions.get(close[0]) or places[close[0]]}"?'
    return 'a region and city, for example "Europe/Berlin"'


def _zone(name: str) -> Zone | None:
    try:
        return zone_of(name)
    except ZoneError:
        return None
