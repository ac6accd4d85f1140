"""The inputs that every contender of `make bench` is given: many series by a formula, and lists of zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_ZONES = """
Africa/Cairo Africa/Casablanca Africa/Johannesburg Africa/Lagos Africa/Nairobi America/Anchorage America/Argentina/Buenos_Aires
America/Bogota America/Caracas America/Chicago America/Denver America/Halifax America/Havana America/Lima America/Los_Angeles
America/Mexico_City America/New_York America/Phoenix America/Santiago America/Sao_Paulo America/St_Johns Asia/Amman Asia/Bangkok
Asia/Dhaka Asia/Dubai Asia/Ho_Chi_Minh Asia/Jakarta Asia/Jerusalem Asia/Kathmandu Asia/Kolkata Asia/Manila Asia/Seoul
Asia/Shanghai Asia/Singapore Asia/Tehran Asia/Tokyo Australia/Adelaide Australia/Lord_Howe Australia/Sydney Europe/Athens
Europe/Berlin Europe/Dublin Europe/Istanbul Europe/Lisbon Europe/London Europe/Moscow Europe/Paris Pacific/Auckland
Pacific/Chatham Pacific/Honolulu
"""

ZONES = _ZONES.split()
"""The zones that the series take in turn."""

WEEKLY_START, WEEKLY = datetime(2025, 1, 1, 18), "FREQ=WEEKLY;COUNT=521"
"""Ten years of a weekly call in Europe/Berlin."""

EXPANSIONS = {
    "second-tuesday": (datetime(2025, 1, 14, 18), "FREQ=MONTHLY;BYDAY=2TU;COUNT=120"),
    "last-weekday": (datetime(2025, 1, 31, 18), "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=120"),
}
"""Rules that are expanded in civil time, by task."""

AFTER = datetime(2025, 3, 5, 19)

FOLLOWING = {
    "next-20": (datetime(2005, 1, 5, 18), "FREQ=WEEKLY;BYDAY=WE"),
    "next-20-parsed": (datetime(2005, 1, 5, 18), "FREQ=WEEKLY;BYDAY=WE"),
    "next-200": (datetime(1825, 1, 5, 18), "FREQ=WEEKLY;BYDAY=WE"),
    "next-20-tuesday": (datetime(2005, 1, 11, 18), "FREQ=MONTHLY;BYDAY=2TU"),
}
"""Rules whose first time after `AFTER` is asked for, by task."""

PARSED = {"next-20-parsed"}
"""The tasks that read the rule's text anew in every run."""

WEEK = (datetime(2025, 3, 24, tzinfo=UTC), datetime(2025, 3, 31, tzinfo=UTC))
"""The week that is asked for: Europe changes its clocks at its end."""

DECADE = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC))

WEEK_SERIES, MANY_SERIES = 200, 10_000
"""Of how many series the week is asked: the others' figures are from fewer, as they take longer."""

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Series(NamedTuple):
    """A recurring call: its zone, its first civil start, and its RRULE."""

    zone: str
    start: datetime
    rule: str

    def line(self) -> str:
        return f"{self.zone} {self.start:%Y%m%dT%H%M%S} {self.rule}"


def series(count: int) -> list[Series]:
    """Return the first `count` series; the same on every call, and the first ones the same for every count."""
    return [_series(number) for number in range(count)]


def _series(number: int) -> Series:
    day = date(2005, 1, 1) + timedelta(days=(number * 7919 + 13) % 7270)  # leaves room for a first match still in 2024
    rule, matches = _rule(number)
    while not matches(day):
        day += timedelta(days=1)
    # By day and on the half hour: in no zone does a clock skip or repeat such a time.
    return Series(ZONES[number % len(ZONES)], datetime.combine(day, time(8 + number * 5 % 12, number % 2 * 30)), rule)


def _rule(number: int) -> tuple[str, Callable[[date], bool]]:
    weekday = number // 7 % 7
    match number % 7:
        case 0:
            return f"FREQ=WEEKLY;BYDAY={DAYS[weekday]}", lambda day: day.weekday() == weekday
        case 1:
            return f"FREQ=WEEKLY;INTERVAL=2;BYDAY={DAYS[weekday]}", lambda day: day.weekday() == weekday
        case 2:
            ordinal = (1, 2, 3, 4, -1)[number // 7 % 5]
            return (
                f"FREQ=MONTHLY;BYDAY={ordinal}{DAYS[weekday]}",
                lambda day: (
                    day.weekday() == weekday and (_is_last_week(day) if ordinal < 0 else (day.day - 1) // 7 + 1 == ordinal)
                ),
            )
        case 3:
            return "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", lambda day: day.weekday() < 5
        case 4:
            return "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", _is_last_working_day
        case 5:
            return "FREQ=DAILY", lambda _: True
        case _:
            monthday = number // 7 % 28 + 1
            return f"FREQ=MONTHLY;BYMONTHDAY={monthday}", lambda day: day.day == monthday


def _is_last_week(day: date) -> bool:
    return (day + timedelta(days=7)).month != day.month


def _is_last_working_day(day: date) -> bool:
    ahead = 3 if day.weekday() == 4 else 1
    return day.weekday() < 5 and (day + timedelta(days=ahead)).month != day.month


def lines() -> list[str]:
    """Return all of the above as `TASK ZONE START RULE`, for the contenders that are not in Python."""
    found = [f"weekly {Series('Europe/Berlin', WEEKLY_START, WEEKLY).line()}", f"after {Series('-', AFTER, '-').line()}"]
    found += [f"{task} {Series('-', *rest).line()}" for task, rest in {**EXPANSIONS, **FOLLOWING}.items()]
    found += [f"{name} {Series('UTC', bound, '-').line()}" for name, bound in zip(("begin", "end"), WEEK, strict=True)]
    return found + [f"week {each.line()}" for each in series(WEEK_SERIES)]


def zone_keys() -> list[str]:
    """Return every name of the tz database, sorted."""
    return sorted(files("tzdata").joinpath("zones").read_text().split())


_REGIONS = """
Africa/Abidjan Africa/Accra Africa/Addis_Ababa Africa/Algiers Africa/Asmara Africa/Bamako Africa/Bangui Africa/Banjul
Africa/Bissau Africa/Blantyre Africa/Brazzaville Africa/Bujumbura Africa/Cairo Africa/Casablanca Africa/Ceuta Africa/Conakry
Africa/Dakar Africa/Dar_es_Salaam Africa/Djibouti Africa/Douala Africa/El_Aaiun Africa/Freetown Africa/Gaborone Africa/Harare
Africa/Johannesburg Africa/Juba Africa/Kampala Africa/Khartoum Africa/Kigali Africa/Kinshasa Africa/Lagos Africa/Libreville
Africa/Lome Africa/Luanda Africa/Lubumbashi Africa/Lusaka Africa/Malabo Africa/Maputo Africa/Maseru Africa/Mbabane
Africa/Mogadishu Africa/Monrovia Africa/Nairobi Africa/Ndjamena Africa/Niamey Africa/Nouakchott Africa/Ouagadougou
Africa/Porto-Novo Africa/Sao_Tome Africa/Tripoli Africa/Tunis Africa/Windhoek America/Adak America/Anchorage America/Anguilla
America/Antigua America/Araguaina America/Argentina/Buenos_Aires America/Argentina/Catamarca America/Argentina/Cordoba
America/Argentina/Jujuy America/Argentina/La_Rioja America/Argentina/Mendoza America/Argentina/Rio_Gallegos
America/Argentina/Salta America/Argentina/San_Juan America/Argentina/San_Luis America/Argentina/Tucuman America/Argentina/Ushuaia
America/Aruba America/Asuncion America/Atikokan America/Bahia America/Bahia_Banderas America/Barbados America/Belem
America/Belize America/Blanc-Sablon America/Boa_Vista America/Bogota America/Boise America/Cambridge_Bay America/Campo_Grande
America/Cancun America/Caracas America/Cayenne America/Cayman America/Chicago America/Chihuahua America/Ciudad_Juarez
America/Costa_Rica America/Coyhaique America/Creston America/Cuiaba America/Curacao America/Danmarkshavn America/Dawson
America/Dawson_Creek America/Denver America/Detroit America/Dominica America/Edmonton America/Eirunepe America/El_Salvador
America/Fort_Nelson America/Fortaleza America/Glace_Bay America/Goose_Bay America/Grand_Turk America/Grenada America/Guadeloupe
America/Guatemala America/Guayaquil America/Guyana America/Halifax America/Havana America/Hermosillo America/Indiana/Indianapolis
America/Indiana/Knox America/Indiana/Marengo America/Indiana/Petersburg America/Indiana/Tell_City America/Indiana/Vevay
America/Indiana/Vincennes America/Indiana/Winamac America/Inuvik America/Iqaluit America/Jamaica America/Juneau
America/Kentucky/Louisville America/Kentucky/Monticello America/Kralendijk America/La_Paz America/Lima America/Los_Angeles
America/Lower_Princes America/Maceio America/Managua America/Manaus America/Marigot America/Martinique America/Matamoros
America/Mazatlan America/Menominee America/Merida America/Metlakatla America/Mexico_City America/Miquelon America/Moncton
America/Monterrey America/Montevideo America/Montserrat America/Nassau America/New_York America/Nome America/Noronha
America/North_Dakota/Beulah America/North_Dakota/Center America/North_Dakota/New_Salem America/Nuuk America/Ojinaga
America/Panama America/Paramaribo America/Phoenix America/Port-au-Prince America/Port_of_Spain America/Porto_Velho
America/Puerto_Rico America/Punta_Arenas America/Rankin_Inlet America/Recife America/Regina America/Resolute America/Rio_Branco
America/Santarem America/Santiago America/Santo_Domingo America/Sao_Paulo America/Scoresbysund America/Sitka
America/St_Barthelemy America/St_Johns America/St_Kitts America/St_Lucia America/St_Thomas America/St_Vincent
America/Swift_Current America/Tegucigalpa America/Thule America/Tijuana America/Toronto America/Tortola America/Vancouver
America/Whitehorse America/Winnipeg America/Yakutat Antarctica/Casey Antarctica/Davis Antarctica/DumontDUrville
Antarctica/Macquarie Antarctica/Mawson Antarctica/McMurdo Antarctica/Palmer Antarctica/Rothera Antarctica/Syowa Antarctica/Troll
Antarctica/Vostok Arctic/Longyearbyen Asia/Aden Asia/Almaty Asia/Amman Asia/Anadyr Asia/Aqtau Asia/Aqtobe Asia/Ashgabat
Asia/Atyrau Asia/Baghdad Asia/Bahrain Asia/Baku Asia/Bangkok Asia/Barnaul Asia/Beirut Asia/Bishkek Asia/Brunei Asia/Chita
Asia/Colombo Asia/Damascus Asia/Dhaka Asia/Dili Asia/Dubai Asia/Dushanbe Asia/Famagusta Asia/Gaza Asia/Hebron Asia/Ho_Chi_Minh
Asia/Hong_Kong Asia/Hovd Asia/Irkutsk Asia/Jakarta Asia/Jayapura Asia/Jerusalem Asia/Kabul Asia/Kamchatka Asia/Karachi
Asia/Kathmandu Asia/Khandyga Asia/Kolkata Asia/Krasnoyarsk Asia/Kuala_Lumpur Asia/Kuching Asia/Kuwait Asia/Macau Asia/Magadan
Asia/Makassar Asia/Manila Asia/Muscat Asia/Nicosia Asia/Novokuznetsk Asia/Novosibirsk Asia/Omsk Asia/Oral Asia/Phnom_Penh
Asia/Pontianak Asia/Pyongyang Asia/Qatar Asia/Qostanay Asia/Qyzylorda Asia/Riyadh Asia/Sakhalin Asia/Samarkand Asia/Seoul
Asia/Shanghai Asia/Singapore Asia/Srednekolymsk Asia/Taipei Asia/Tashkent Asia/Tbilisi Asia/Tehran Asia/Thimphu Asia/Tokyo
Asia/Tomsk Asia/Ulaanbaatar Asia/Urumqi Asia/Ust-Nera Asia/Vientiane Asia/Vladivostok Asia/Yakutsk Asia/Yangon Asia/Yekaterinburg
Asia/Yerevan Atlantic/Azores Atlantic/Bermuda Atlantic/Canary Atlantic/Cape_Verde Atlantic/Faroe Atlantic/Madeira
Atlantic/Reykjavik Atlantic/South_Georgia Atlantic/St_Helena Atlantic/Stanley Australia/Adelaide Australia/Brisbane
Australia/Broken_Hill Australia/Darwin Australia/Eucla Australia/Hobart Australia/Lindeman Australia/Lord_Howe
Australia/Melbourne Australia/Perth Australia/Sydney Europe/Amsterdam Europe/Andorra Europe/Astrakhan Europe/Athens
Europe/Belgrade Europe/Berlin Europe/Bratislava Europe/Brussels Europe/Bucharest Europe/Budapest Europe/Busingen Europe/Chisinau
Europe/Copenhagen Europe/Dublin Europe/Gibraltar Europe/Guernsey Europe/Helsinki Europe/Isle_of_Man Europe/Istanbul Europe/Jersey
Europe/Kaliningrad Europe/Kirov Europe/Kyiv Europe/Lisbon Europe/Ljubljana Europe/London Europe/Luxembourg Europe/Madrid
Europe/Malta Europe/Mariehamn Europe/Minsk Europe/Monaco Europe/Moscow Europe/Oslo Europe/Paris Europe/Podgorica Europe/Prague
Europe/Riga Europe/Rome Europe/Samara Europe/San_Marino Europe/Sarajevo Europe/Saratov Europe/Simferopol Europe/Skopje
Europe/Sofia Europe/Stockholm Europe/Tallinn Europe/Tirane Europe/Ulyanovsk Europe/Vaduz Europe/Vatican Europe/Vienna
Europe/Vilnius Europe/Volgograd Europe/Warsaw Europe/Zagreb Europe/Zurich Indian/Antananarivo Indian/Chagos Indian/Christmas
Indian/Cocos Indian/Comoro Indian/Kerguelen Indian/Mahe Indian/Maldives Indian/Mauritius Indian/Mayotte Indian/Reunion
Pacific/Apia Pacific/Auckland Pacific/Bougainville Pacific/Chatham Pacific/Chuuk Pacific/Easter Pacific/Efate Pacific/Fakaofo
Pacific/Fiji Pacific/Funafuti Pacific/Galapagos Pacific/Gambier Pacific/Guadalcanal Pacific/Guam Pacific/Honolulu Pacific/Kanton
Pacific/Kiritimati Pacific/Kosrae Pacific/Kwajalein Pacific/Majuro Pacific/Marquesas Pacific/Midway Pacific/Nauru Pacific/Niue
Pacific/Norfolk Pacific/Noumea Pacific/Pago_Pago Pacific/Palau Pacific/Pitcairn Pacific/Pohnpei Pacific/Port_Moresby
Pacific/Rarotonga Pacific/Saipan Pacific/Tahiti Pacific/Tarawa Pacific/Tongatapu Pacific/Wake Pacific/Wallis
"""

REGIONS = _REGIONS.split()
"""The 418 regions of the tz database's `zone.tab`, sorted."""
