"""Public holidays of the regions that participants name, from the `holidays` package (extra `holidays`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from svsm_cal.core.model import Calendar

__all__ = ["public_holidays"]


def public_holidays(calendar: Calendar, first: date, last: date, *, language: str = "en") -> Mapping[str, Mapping[date, str]]:
    """Return each region's public holidays from one day to another, by their names in a language where that is known.

    Nothing is loaded for a calendar whose participants name no region. Raises UsageError without the extra, and for a
    region that the package does not know.
    """
    regions = {person.region: person.id for person in reversed(calendar.participants) if person.region is not None}
    if not regions:
        return {}
    try:
        import holidays
    except ImportError as error:
        raise UsageError("participants have regions, whose holidays need an extra: pip install 'svsm_cal[holidays]'") from error
    found = {}
    years = range(first.year, last.year + 1)
    for region, person in regions.items():
        country, _, part = region.partition("-")
        try:
            days = holidays.country_holidays(country, subdiv=part or None, years=years, language=_language(country, language))
        except NotImplementedError as error:
            message = f'participant "{person}": the holidays of region "{region}" are not known'
            raise UsageError(f"{message} (a country such as DE, or a part of one such as DE-BY)") from error
        found[region] = {day: name for day, name in days.items() if first <= day <= last}
    return found


def _language(country: str, language: str) -> str | None:
    """Return the package's name of a language in which it has a country's holidays, None for their own."""
    import holidays

    known = getattr(holidays.country_holidays(country), "supported_languages", ())
    return next((each for each in known if each.partition("_")[0] == language), None)
