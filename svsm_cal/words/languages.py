"""The site's texts in every language it has: one table a language, and how each says days, lengths and changes.

A language is added here and nowhere else. The browser takes the names of days and months from Intl and lays them out
as `day`, `date` and `long_date` say, so that both halves of a page say the same.
"""

from __future__ import annotations

from datetime import date as Date  # noqa: N812 - `date` is what a language does with one
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from svsm_cal.engine.civil import WEEKDAYS
from svsm_cal.value import Value
from svsm_cal.words.phrases import MONTHS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ENGLISH", "GERMAN", "LANGUAGES", "Language"]

_UNITS = ("week", "day", "hour", "minute")
_SECONDS = {"week": 604800, "day": 86400, "hour": 3600, "minute": 60}


class Language(Value):
    """One language: `tag` is its BCP 47 name, `locale` OpenGraph's; `words` has every text by its key.

    Texts name what is put into them in braces. A unit has the forms for one, for several, and for several after
    "in" or "ago".
    """

    tag: str
    name: str
    locale: str
    weekdays: tuple[str, ...]
    weekdays_short: tuple[str, ...]
    months: tuple[str, ...]
    words: Mapping[str, str]
    units: Mapping[str, tuple[str, str, str]]

    def say(self, key: str, **values: object) -> str:
        """Return the text of that key with the values put in."""
        return self.words[key].format_map(values)

    def day(self, value: Date) -> str:
        """Return weekday and date without the year: Wed 5 March."""
        return self._laid("day", value, self.weekdays_short)

    def date(self, value: Date) -> str:
        """Return weekday, date and year: Wed 5 March 2025."""
        return self._laid("date", value, self.weekdays_short)

    def long_date(self, value: Date) -> str:
        """Return the same with the weekday's whole name: Wednesday 5 March 2025."""
        return self._laid("long_date", value, self.weekdays)

    def month(self, value: Date) -> str:
        """Return the name of a date's month."""
        return self.months[value.month - 1]

    def span(self, first: Date, last: Date) -> str:
        """Return days from one to another, as short as they can be said: 12-26 March, 29 October."""
        if first == last:
            return self.say("day_month", day=first.day, month=self.month(first))
        if (first.year, first.month) == (last.year, last.month):
            return self.say("days_month", first=first.day, day=last.day, month=self.month(first))
        begin, end = (self.say("day_month", day=each.day, month=self.month(each)) for each in (first, last))
        return f"{begin} \u2013 {end}"

    def _laid(self, key: str, value: Date, weekdays: tuple[str, ...]) -> str:
        weekday = weekdays[value.weekday()]
        return self.say(key, weekday=weekday, day=value.day, month=self.month(value), year=value.year)

    def amount(self, number: int, unit: str, form: int = 1) -> str:
        """Return a counted unit: 1 call, 2 calls."""
        forms = self.units[unit]
        return f"{number} {forms[0 if number == 1 else form]}"

    def length(self, value: timedelta) -> str:
        """Return a length as people say it: 1 hour, 1 hour 30 minutes."""
        return self._parts(int(value.total_seconds()), 4, 1) or self.amount(0, "minute")

    def change(self, minutes: int) -> str:
        """Return what a change means: an hour later, 30 minutes earlier; "" for none."""
        if not minutes:
            return ""
        size = abs(minutes)
        length = self.words["an_hour"] if size == 60 else self.length(timedelta(minutes=size))
        return self.say("later" if minutes > 0 else "earlier", length=length)

    def remaining(self, left: timedelta) -> str:
        """Return the two largest units of a time to go, or gone: in 6 days 19 hours, 3 days ago."""
        seconds = int(abs(left).total_seconds())
        words = self._parts(seconds, 2, 2) or self.amount(0, "minute", 2)
        return self.say("ago" if left < timedelta() else "in", length=words)

    def _parts(self, seconds: int, most: int, form: int) -> str:
        found: list[tuple[int, str]] = []
        for unit in _UNITS:
            number, seconds = divmod(seconds, _SECONDS[unit])
            found.append((number, unit))
        first = next((at for at, (number, _) in enumerate(found) if number), len(found))
        return " ".join(self.amount(number, unit, form) for number, unit in found[first : first + most] if number)


ENGLISH = Language(
    "en",
    "English",
    "en_GB",
    WEEKDAYS,
    tuple(name[:3] for name in WEEKDAYS),
    MONTHS,
    MappingProxyType(
        {
            "day": "{weekday} {day} {month}",
            "date": "{weekday} {day} {month} {year}",
            "long_date": "{weekday} {day} {month} {year}",
            "day_month": "{day} {month}",
            "days_month": "{first}\u2013{day} {month}",
            "an_hour": "an hour",
            "later": "{length} later",
            "earlier": "{length} earlier",
            "in": "in {length}",
            "ago": "{length} ago",
            "now": "on now",
            "unusual": "{change} than usual",
            "unusual_until": "{change} than usual, until {day}",
            "unusual_last": "{change} than usual, for the last time",
            "returns": "back to the usual time ({change} than the last call)",
            "from_now": "from now on {change}",
            "cancelled": "Cancelled",
            "no_call": "No call on {day}",
            "moved": "Moved from {when}",
            "extra": "An extra call",
            "because": "{what}: {reason}",
            "next_call": "Next call",
            "no_more": "There are no more calls.",
            "your_time": "{zone} time",
            "join": "Join the call",
            "minutes": "Minutes",
            "agenda_minutes": "Agenda and minutes",
            "chair": "Chair",
            "place": "Place",
            "duration": "Length",
            "times_in": "Times are shown for",
            "change_zone": "Another city or time zone",
            "own_zone": "As this device has it",
            "no_zone": "No zone is called “{text}”",
            "zones_found": "{number} zones found",
            "zone_set": "Times are now shown for {zone}",
            "everywhere": "On everyone's clock",
            "everywhere_of": "The call of {day}, from west to east",
            "zone": "Time zone",
            "local_time": "Local time",
            "day_there": "Day",
            "offset": "Offset",
            "year": "The year, zone by zone",
            "year_lead": "One row a time zone, one cell a call, coloured by the hour on the clock there. Framed are the weeks"
            " in which the call is at another hour than usual, because one place has changed its clocks and the other has not.",
            "year_title": "{title}: local times of a year in {zones}",
            "year_desc": "One row for each zone and one cell for each of {calls} from {first} to {last}.",
            "year_scroll": "Picture of the year, wider than the screen",
            "usually": "In {zone} at {times}",
            "usually_more": "In {zone} at {times}; unusually {windows}",
            "window_at": "at {time} ({dates})",
            "next_day": "the next day",
            "previous_day": "the day before",
            "legend_hours": "Hour of the day",
            "legend_window": "Another hour than usual",
            "legend_cancelled": "Cancelled",
            "legend_moved": "Moved or added",
            "today": "today",
            "in_words": "When clocks change, in words",
            "when": "When",
            "what_changes": "What changes",
            "only_these": "{change}, for these calls only",
            "only_this": "{change}, for this call only",
            "from_on": "from {day} on",
            "from_to": "{first} to {last}",
            "coming": "Coming calls",
            "past": "Past calls",
            "date_head": "Date",
            "time_head": "Time",
            "call_head": "Call",
            "note_head": "Note",
            "deadlines": "Deadlines and releases",
            "single_deadlines": "Deadlines",
            "later_on": "Later",
            "planned": "planned {day}",
            "slipped_later": "{length} later than planned",
            "slipped_earlier": "{length} earlier than planned",
            "on_plan": "as planned",
            "over": "over",
            "done": "done",
            "calls_left": "{calls} before it",
            "no_call_left": "no call before it",
            "conferences": "Conferences",
            "falls_into": "The call of {day} falls into it",
            "subscribe": "Subscribe",
            "subscribe_lead": "A subscription follows every change by itself, each client at its own pace: Thunderbird looks"
            " again after half an hour, Outlook on the web after 3 to 24 hours, Google Calendar after 4 to 24, ICSx5 once a day."
            " A downloaded file never changes.",
            "all_calls": "All calls",
            "all_calls_about": "Every call, with what was cancelled or moved.",
            "deadlines_about": "Deadlines and release milestones, as whole days.",
            "series_about": "This series alone.",
            "in_calendar": "Calendar program",
            "in_google": "Google",
            "in_outlook": "Outlook web",
            "copy": "Copy link",
            "copied": "Copied",
            "download": "Download",
            "subscribe_to": "{what}: {feed}",
            "embed": "Put the next call on your own page",
            "embed_lead": "This shows it in each reader's own time:",
            "as_of": "As of {day}, {time} UTC; time zones from the tz database {version}.",
            "as_data": "The same as data",
            "next_json": "the next call",
            "all_json": "the calendar",
            "changes": "Changes",
            "changes_feed": "News of changes",
            "whole_calendar": "The whole calendar",
            "languages": "Languages",
            "skip": "Skip to the next call",
            "og_next": "Next call: {day}, {time} {zone} ({utc} UTC)",
            "news_cancelled": "{day}: no call",
            "news_restored": "{day}: the call takes place after all",
            "news_moved": "{day}: the call is moved to {to}",
            "news_added": "{day}: an extra call",
            "news_changed": "{day}: the call has changed",
            "news_window": "{zone}: {change} than usual, {dates}",
            "news_slip": "{title}: {day}, planned for {planned}",
        }
    ),
    MappingProxyType(
        {
            "week": ("week", "weeks", "weeks"),
            "day": ("day", "days", "days"),
            "hour": ("hour", "hours", "hours"),
            "minute": ("minute", "minutes", "minutes"),
            "call": ("call", "calls", "calls"),
            "zone": ("time zone", "time zones", "time zones"),
        }
    ),
)

GERMAN = Language(
    "de",
    "Deutsch",
    "de_DE",
    ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
    (
        "Januar", "Februar", "März", "April", "Mai", "Juni",
        "Juli", "August", "September", "Oktober", "November", "Dezember",
    ),
    MappingProxyType(
        {
            "day": "{weekday}, {day}. {month}",
            "date": "{weekday}, {day}. {month} {year}",
            "long_date": "{weekday}, {day}. {month} {year}",
            "day_month": "{day}. {month}",
            "days_month": "{first}.\u2013{day}. {month}",
            "an_hour": "eine Stunde",
            "later": "{length} später",
            "earlier": "{length} früher",
            "in": "in {length}",
            "ago": "vor {length}",
            "now": "läuft gerade",
            "unusual": "{change} als sonst",
            "unusual_until": "{change} als sonst, bis {day}",
            "unusual_last": "{change} als sonst, zum letzten Mal",
            "returns": "wieder zur üblichen Zeit ({change} als zuletzt)",
            "from_now": "von nun an {change}",
            "cancelled": "Fällt aus",
            "no_call": "Kein Treffen am {day}",
            "moved": "Verlegt von {when}",
            "extra": "Ein zusätzliches Treffen",
            "because": "{what}: {reason}",
            "next_call": "Nächstes Treffen",
            "no_more": "Es gibt keine weiteren Treffen.",
            "your_time": "Zeit in {zone}",
            "join": "Teilnehmen",
            "minutes": "Protokoll",
            "agenda_minutes": "Tagesordnung und Protokoll",
            "chair": "Leitung",
            "place": "Ort",
            "duration": "Dauer",
            "times_in": "Zeiten gelten für",
            "change_zone": "Andere Stadt oder Zeitzone",
            "own_zone": "Wie auf diesem Gerät",
            "no_zone": "Keine Zone heißt „{text}“",
            "zones_found": "{number} Zonen gefunden",
            "zone_set": "Zeiten gelten jetzt für {zone}",
            "everywhere": "Auf allen Uhren",
            "everywhere_of": "Das Treffen vom {day}, von West nach Ost",
            "zone": "Zeitzone",
            "local_time": "Ortszeit",
            "day_there": "Tag",
            "offset": "Abstand",
            "year": "Das Jahr, Zone für Zone",
            "year_lead": "Eine Zeile je Zeitzone, ein Feld je Treffen, gefärbt nach der Stunde auf der dortigen Uhr. Eingerahmt"
            " sind die Wochen, in denen das Treffen zu einer anderen Stunde stattfindet als sonst, weil die einen ihre Uhren"
            " schon umgestellt haben und die anderen noch nicht.",
            "year_title": "{title}: Ortszeiten eines Jahres in {zones}",
            "year_desc": "Eine Zeile je Zone und ein Feld für jedes von {calls}, {first} bis {last}.",
            "year_scroll": "Bild des Jahres, breiter als der Bildschirm",
            "usually": "In {zone} um {times}",
            "usually_more": "In {zone} um {times}; ausnahmsweise {windows}",
            "window_at": "um {time} ({dates})",
            "next_day": "am nächsten Tag",
            "previous_day": "am Tag davor",
            "legend_hours": "Stunde des Tages",
            "legend_window": "Andere Stunde als sonst",
            "legend_cancelled": "Fällt aus",
            "legend_moved": "Verlegt oder zusätzlich",
            "today": "heute",
            "in_words": "Wann sich Uhren ändern, in Worten",
            "when": "Wann",
            "what_changes": "Was sich ändert",
            "only_these": "{change}, nur diese Treffen",
            "only_this": "{change}, nur dieses Treffen",
            "from_on": "ab {day}",
            "from_to": "{first} bis {last}",
            "coming": "Kommende Treffen",
            "past": "Vergangene Treffen",
            "date_head": "Datum",
            "time_head": "Zeit",
            "call_head": "Treffen",
            "note_head": "Hinweis",
            "deadlines": "Fristen und Releases",
            "single_deadlines": "Fristen",
            "later_on": "Später",
            "planned": "geplant {day}",
            "slipped_later": "{length} später als geplant",
            "slipped_earlier": "{length} früher als geplant",
            "on_plan": "wie geplant",
            "over": "vorbei",
            "done": "erledigt",
            "calls_left": "{calls} davor",
            "no_call_left": "kein Treffen davor",
            "conferences": "Konferenzen",
            "falls_into": "Das Treffen vom {day} fällt hinein",
            "subscribe": "Abonnieren",
            "subscribe_lead": "Ein Abonnement folgt jeder Änderung von selbst, jedes Programm in seinem Takt: Thunderbird sieht"
            " alle halbe Stunde nach, Outlook im Web alle 3 bis 24 Stunden, Google Kalender alle 4 bis 24, ICSx5 einmal am Tag."
            " Eine heruntergeladene Datei ändert sich nie.",
            "all_calls": "Alle Treffen",
            "all_calls_about": "Jedes Treffen, auch was ausfällt oder verlegt ist.",
            "deadlines_about": "Fristen und Meilensteine der Releases, als ganze Tage.",
            "series_about": "Nur diese Reihe.",
            "in_calendar": "Kalenderprogramm",
            "in_google": "Google",
            "in_outlook": "Outlook im Web",
            "copy": "Link kopieren",
            "copied": "Kopiert",
            "download": "Herunterladen",
            "subscribe_to": "{what}: {feed}",
            "embed": "Das nächste Treffen auf der eigenen Seite",
            "embed_lead": "Dies zeigt es allen in ihrer eigenen Zeit:",
            "as_of": "Stand: {day}, {time} UTC; Zeitzonen aus der tz-Datenbank {version}.",
            "as_data": "Dasselbe als Daten",
            "next_json": "das nächste Treffen",
            "all_json": "der Kalender",
            "changes": "Änderungen",
            "changes_feed": "Neuigkeiten zu Änderungen",
            "whole_calendar": "Der ganze Kalender",
            "languages": "Sprachen",
            "skip": "Zum nächsten Treffen",
            "og_next": "Nächstes Treffen: {day}, {time} {zone} ({utc} UTC)",
            "news_cancelled": "{day}: kein Treffen",
            "news_restored": "{day}: das Treffen findet doch statt",
            "news_moved": "{day}: das Treffen ist verlegt auf {to}",
            "news_added": "{day}: ein zusätzliches Treffen",
            "news_changed": "{day}: das Treffen hat sich geändert",
            "news_window": "{zone}: {change} als sonst, {dates}",
            "news_slip": "{title}: {day}, geplant für {planned}",
        }
    ),
    MappingProxyType(
        {
            "week": ("Woche", "Wochen", "Wochen"),
            "day": ("Tag", "Tage", "Tagen"),
            "hour": ("Stunde", "Stunden", "Stunden"),
            "minute": ("Minute", "Minuten", "Minuten"),
            "call": ("Treffen", "Treffen", "Treffen"),
            "zone": ("Zeitzone", "Zeitzonen", "Zeitzonen"),
        }
    ),
)  # fmt: skip

LANGUAGES = (ENGLISH, GERMAN)
