"""The notices of a calendar that are due in a span of time, with public holidays from the `holidays` package."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from svsm_cal.errors import UsageError
from svsm_cal.notices import notices
from svsm_cal.notices.notice import Notice, narrowed
from svsm_cal.words import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from svsm_cal.core.model import Calendar, Participant
    from svsm_cal.core.tz_changes import TzChange
    from svsm_cal.engine.civil import Instant
    from svsm_cal.words.language import Language

_DAY = timedelta(days=1)
_HOLIDAYS_AHEAD = timedelta(days=60)


def notices_of(
    calendar: Calendar,
    begin: Instant,
    until: Instant,
    *,
    person: Participant | None = None,
    language: Language = ENGLISH,
    previous: Calendar | None = None,
    tz_changes: Sequence[TzChange] = (),
) -> tuple[Notice, ...]:
    """Return the notices that are due by `until` and have not expired by `begin`, for all or for one person.

    Raises what `public_holidays` does.
    """
    holidays = public_holidays(calendar, (begin - _DAY).date(), (until + _HOLIDAYS_AHEAD).date(), language=language.tag)
    found = notices(calendar, begin, until, previous=previous, tz_changes=tz_changes, holidays=holidays)
    if person is None:
        return found
    return tuple(own for notice in found if (own := narrowed(notice, person)) is not None)


def public_holidays(calendar: Calendar, first: date, last: date, *, language: str = "en") -> Mapping[str, Mapping[date, str]]:
    """Return the public holidays of the participants' regions, {region: {day: name}}, from one day to another.

    Names are in `language` if the package has it for the country. Raises UsageError if a participant has a region but the
    package is not installed, and for an unknown region.
    """
    regions = {person.region: person.id for person in reversed(calendar.participants) if person.region is not None}
    if not regions:
        return {}
    try:
        import holidays
    except ImportError as error:
        raise UsageError("participants have regions, whose holidays need an extra: pip install 'svsm_cal[holidays]'") from error
    found = {}
    for region, person in regions.items():
        country, _, part = region.partition("-")
        try:
            languages = getattr(holidays.country_holidays(country), "supported_languages", ())
            days = holidays.country_holidays(
                country,
                subdiv=part or None,
                years=range(first.year, last.year + 1),
                language=next((name for name in languages if name.partition("_")[0] == language), None),
            )
        except NotImplementedError as error:
            message = f'participant "{person}": no holidays are known for region "{region}"'
            raise UsageError(f"{message} (write a country such as DE, or a part of one such as DE-BY)") from error
        found[region] = {day: name for day, name in days.items() if first <= day <= last}
    return found
