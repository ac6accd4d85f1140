"""The languages: each is complete and consistent with English, German as written, and a third one made of a single file."""

from __future__ import annotations

import json
import re
import string
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

import svsm_cal.words
from svsm_cal.app.agenda import agenda
from svsm_cal.app.publish import site
from svsm_cal.cli import command
from svsm_cal.config.load import check_text, loads
from svsm_cal.config.schema import json_schema
from svsm_cal.core.affected import affected_feeds, affected_invites
from svsm_cal.core.deadlines import outlook
from svsm_cal.engine.civil import instant
from svsm_cal.engine.rrule import RecurrenceRule
from svsm_cal.errors import CalendarError, UsageError
from svsm_cal.render.invite_mail import deadline_reminder
from svsm_cal.words import ENGLISH, language_of, languages, tags

ROOT = Path(__file__).parents[2]
NOW = instant(datetime(2025, 3, 5, 17, tzinfo=UTC))
CATEGORIES = {"zero", "one", "two", "few", "many", "other"}
EVERY = [*range(200), 1000, 1_000_000]
GERMAN = language_of("de")
OTHERS = [each for each in languages() if each is not ENGLISH]


def forms(message):
    return {"": message} if isinstance(message, str) else message


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def all_fields(message):
    return set().union(*map(fields, forms(message).values()))


# --- Every language is complete


@pytest.mark.parametrize("language", languages(), ids=lambda each: each.tag)
def test_a_counted_message_has_a_form_for_each_plural_category(language):
    used = {language.plural(number) for number in EVERY}
    assert used <= CATEGORIES
    assert "other" in used
    for key, message in language.words.items():
        named = set(forms(message)) - {""}
        exact = {each for each in named if re.fullmatch(r"=\d+", each)}
        if named & CATEGORIES:
            assert named - exact == used, key


@pytest.mark.parametrize("language", OTHERS, ids=lambda each: each.tag)
def test_a_language_has_every_message_and_only_the_placeholders_of_english(language):
    own = __import__(f"svsm_cal.words.{language.tag}", fromlist=["WORDS"])
    assert set(own.WORDS) == set(ENGLISH.words)
    for name in ("NAME", "LOCALE", "WEEKDAYS", "WEEKDAYS_SHORT", "MONTHS", "MONTHS_SHORT", "plural", "ordinal"):
        assert hasattr(own, name), name
    for key, message in own.WORDS.items():
        english = ENGLISH.words[key]
        assert all_fields(message) <= all_fields(english), key
        if not set(forms(english)) & (CATEGORIES | {""}):
            assert set(forms(message)) == set(forms(english)), key  # forms chosen by their names


@pytest.mark.parametrize("language", languages(), ids=lambda each: each.tag)
def test_names_and_messages_are_well_formed(language):
    assert [len(each) for each in (language.weekdays, language.weekdays_short, language.months, language.months_short)] == [
        7, 7, 12, 12,
    ]  # fmt: skip
    for key, message in language.words.items():
        for text in forms(message).values():
            assert text.strip() == text or key == "minutes.more", key


def test_every_message_is_used_somewhere():
    rooms = [ROOT / "svsm_cal/render", ROOT / "svsm_cal/words", ROOT / "svsm_cal/app"]
    files = [path for room in rooms for path in room.rglob("*") if path.suffix in (".py", ".html", ".js")]
    said = "".join(path.read_text(encoding="utf-8") for path in files if path.name not in ("en.py", "de.py"))
    # Those whose key is put together from a prefix and the name of a kind, of a unit or of a command's word.
    made = re.findall(r"f[\"']([a-z_.]+)\{", said)
    quoted = re.findall(r"[\"']([\w. -]+)[\"']", said)
    assert [
        key
        for key in ENGLISH.words
        if key not in quoted
        and not any(key.startswith(start) for start in made if start)
        and key.rpartition(".")[2] not in quoted
    ] == []


# --- German, as written


@pytest.mark.parametrize(
    ("said", "english", "german"),
    [
        (lambda each: each.day(date(2025, 3, 5)), "Wed 5 March", "Mi., 5. März"),
        (lambda each: each.date(date(2025, 3, 12)), "Wed 12 March 2025", "Mi., 12. März 2025"),
        (lambda each: each.long_date(date(2025, 3, 5)), "Wednesday 5 March 2025", "Mittwoch, 5. März 2025"),
        (lambda each: each.short_date(date(2025, 3, 5)), "2025-03-05", "05.03.2025"),
        (lambda each: each.span(date(2025, 3, 12), date(2025, 3, 26)), "12\u201326 March", "12.\u201326. März"),
        (lambda each: each.span(date(2025, 3, 26), date(2025, 4, 2)), "26 March \u2013 2 April", "26. März \u2013 2. April"),
        (lambda each: each.span(date(2025, 3, 26), date(2025, 3, 26)), "26 March", "26. März"),
        (lambda each: each.change(60), "an hour later", "eine Stunde später"),
        (lambda each: each.change(-30), "30 minutes earlier", "30 Minuten früher"),
        (lambda each: each.change(90), "1 hour 30 minutes later", "1 Stunde 30 Minuten später"),
        (lambda each: each.remaining(timedelta(days=6, hours=19, minutes=3)), "in 6 days 19 hours", "in 6 Tagen 19 Stunden"),
        (lambda each: each.remaining(timedelta(seconds=20)), "in 0 minutes", "in 0 Minuten"),
        (lambda each: each.remaining(-timedelta(days=1)), "1 day ago", "vor 1 Tag"),
        (lambda each: each.amount(2, "call"), "2 calls", "2 Treffen"),
        (lambda each: each.listed(["A", "B", "C"]), "A, B and C", "A, B und C"),
        (lambda each: each.ordinal(22), "22nd", "22."),
        (lambda each: each.decimal(1.25), "1.2", "1,2"),
    ],
)
def test_phrases(said, english, german):
    assert (said(ENGLISH), said(GERMAN)) == (english, german)


@pytest.mark.parametrize(
    ("rule", "german"),
    [
        ("FREQ=DAILY;INTERVAL=2", "jeden zweiten Tag"),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR", "jeden Montag, Mittwoch und Freitag"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", "jeden zweiten Mittwoch"),
        ("FREQ=WEEKLY;INTERVAL=3;BYDAY=WE", "alle 3 Wochen am Mittwoch"),
        ("FREQ=MONTHLY;BYDAY=1WE,3WE", "am 1. Mittwoch und 3. Mittwoch jedes Monats"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "am letzten Freitag jedes Monats"),
        ("FREQ=MONTHLY;BYDAY=-2FR", "am vorletzten Freitag jedes Monats"),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO", "am 1. Montag jedes zweiten Monats"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "am 1. und 15. jedes Monats"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "am letzten Tag jedes Monats"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "am Freitag, dem 13. jedes Monats"),
        ("FREQ=WEEKLY;BYDAY=WE;BYMONTH=1,2;BYHOUR=12,18", "jeden Mittwoch im Januar und Februar um 12:00 und 18:00 Uhr"),
        ("FREQ=WEEKLY;BYDAY=WE;COUNT=4", "jeden Mittwoch, 4-mal"),
        ("FREQ=WEEKLY;BYDAY=WE;UNTIL=20251231", "jeden Mittwoch bis 31.12.2025"),
        ("FREQ=YEARLY;BYWEEKNO=10", "nach der Regel FREQ=YEARLY;BYWEEKNO=10"),
    ],
)
def test_rules_in_german(rule, german):
    assert GERMAN.rule(RecurrenceRule.parse(rule)) == german


# --- A third language is one file

THIRD = '''\
"""Pirate: English but for these messages."""
NAME = "Pirate"
WORDS = {
    "next_call": "Next parley", "label.when": "Bell", "unusual": "{change} than afore", "mail.your_clock": "Bells ({zone})",
    "notice.left": {"one": "One parley be left.", "other": "{number} parleys be left."}, "agenda.topics": "Plunder",
    "count.call": {"one": "{number} parley", "other": "{number} parleys"}, "next.now": "Arr!",
    "news.cancelled": "{day}: no parley", "notice.cancelled.title": "no parley on {day}",
    "reminder.due": {"one": "Due {remaining}, {number} parley.", "other": "Due {remaining}, {number} parleys."},
}
'''
CALENDAR = """\
[calendar]
id = "crew"
name = "Crew"
domain = "crew.example.org"
zone = "Europe/Berlin"
language = "qq"
organizer = { name = "Crew", email = "crew@example.org" }

[[series]]
id = "call"
title = "Call"
start = 2025-01-08T18:00:00
duration = "1h"
rule = "FREQ=WEEKLY;BYDAY=WE"
attendees = ["ann"]
cancel = [{ date = 2025-03-19 }]

[[participant]]
id = "ann"
name = "Ann"
zone = "America/New_York"
email = "ann@example.org"
mail_reminders = ["1d"]

[[deadline]]
id = "freeze"
title = "Freeze"
date = 2025-03-18
"""
GERMAN_CALENDAR = CALENDAR.replace('"qq"', '"de"')
ENGLISH_CALENDAR = CALENDAR.replace('language = "qq"', "")


@pytest.fixture
def third(tmp_path, monkeypatch):
    """A language whose file is in one more folder of the package, so that no file of the tree is touched."""
    tmp_path.joinpath("qq.py").write_text(THIRD, encoding="utf-8")
    monkeypatch.setattr(svsm_cal.words, "__path__", [*svsm_cal.words.__path__, str(tmp_path)])
    svsm_cal.words._loaded.cache_clear()
    yield "qq"
    monkeypatch.undo()
    svsm_cal.words._loaded.cache_clear()
    __import__("sys").modules.pop("svsm_cal.words.qq", None)


@pytest.fixture
def run(tmp_path):
    path = tmp_path / "calendar.toml"

    def answer(*words, text=CALENDAR, now="2025-03-05T17:00Z"):
        path.write_text(text, encoding="utf-8")
        found = CliRunner().invoke(command, ["-c", str(path), "--now", now, *words], catch_exceptions=False)
        assert found.exit_code == 0, found.output
        return found.stdout

    return answer


def test_a_third_language_is_offered_everywhere(third):
    assert tags() == ("en", "de", "qq")
    assert language_of("qq").name == "Pirate"
    Draft202012Validator(json_schema()["$defs"]["calendar"]).validate(
        {"id": "c", "name": "C", "domain": "c.example.org", "zone": "UTC", "language": "qq"}
    )
    assert "[en|de|qq]" in CliRunner().invoke(command, ["next", "--help"]).output


def test_a_third_language_has_pages_and_news_of_its_own(third):
    files = site(loads(ENGLISH_CALENDAR), now=NOW)
    for path in ("qq/index.html", "qq/next/index.html", "qq/embed/index.html"):
        page = files[path].decode()
        assert '<html lang="qq">' in page
        assert "Next parley" in page
    assert '<a href="qq/index.html" hreflang="qq" lang="qq">Pirate</a>' in files["index.html"].decode()
    assert ">Call: Wed 19 March 2025, 18:00 Europe/Berlin: no parley<" in files["qq/changes.atom"].decode()


def test_a_calendar_speaks_its_language_in_feeds_mails_notices_and_pages(third, run, tmp_path):
    calendar = loads(CALENDAR)
    files = site(calendar, now=NOW, secret=b"secret" * 8)
    assert "Next parley" in files["index.html"].decode()
    assert "Next call" in files["en/index.html"].decode()
    assert "DESCRIPTION:Bell: 18:00 Europe/Berlin" in files["calendar.ics"].decode()
    [personal] = [data.decode() for path, data in files.items() if path.startswith("p/")]
    assert "an hour later than afore" in personal.replace("\r\n ", "")
    assert "(2 parleys)" in personal.replace("\r\n ", "")
    run("invite", "write", "call", "--out", str(tmp_path / "out"))
    [mail] = [each.read_text(encoding="utf-8") for each in (tmp_path / "out").iterdir()]
    assert "Bells (America/New_York)" in mail
    assert "Plunder" in agenda(calendar, NOW, language=language_of("qq"))
    assert "One parley be left." in run("notices", "--lang", "qq", "--from", "2025-03-05", "--until", "2025-03-18")
    channel = CALENDAR + '\n[[notices.channel]]\nid = "all"\nkind = "mail"\n'
    assert "Call: no parley on Wednesday 19 March" in run("notices", "send", "--dry-run", text=channel, now="2025-03-13T17:00Z")
    [freeze] = outlook(calendar, NOW)
    reminder = deadline_reminder(calendar, calendar.organizer, freeze, calendar.zone, now=NOW)
    assert b"Due in 1 week 6 days, 1 parley." in reminder.pieces[-1]


def test_look_ups_speak_a_third_language_and_english_where_it_is_silent(third, run):
    assert run("next", "--lang", "qq").endswith("  Arr!\n")
    assert "(2 parleys)" in run("shifts", "--lang", "qq", "--tz", "America/New_York")
    english = run("when", "2025-03-12")
    assert run("when", "2025-03-12", "--lang", "qq") == english


def test_json_is_the_same_in_every_language(run):
    for words in (["next"], ["when", "2025-03-12"], ["shifts"], ["deadlines"], ["chairs"], ["plan", "call"], ["invite", "plan"]):
        english, german = (run(*words, "--json", "--lang", tag, text=GERMAN_CALENDAR) for tag in ("en", "de"))
        assert english == german, words


def test_the_environment_sets_the_language_and_the_locale_does_not(run, monkeypatch):
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    text = GERMAN_CALENDAR
    assert "The next one begins now." in run("next", text=text)
    monkeypatch.setenv("SVSM_CAL_LANG", "de")
    assert "Das nächste beginnt jetzt." in run("next", text=text)
    assert "The next one begins now." in run("next", "--lang", "en", text=text)


def test_an_unknown_language_is_an_error_that_lists_all(run, tmp_path):
    with pytest.raises(UsageError, match=re.escape('no language "fr" (one of: en, de)')):
        language_of("fr")
    found = CliRunner().invoke(command, ["next", "--lang", "fr"])
    assert found.exit_code == 2
    assert 'no language "fr" (one of: en, de)' in found.output
    [finding] = check_text(CALENDAR, now=NOW)
    assert str(finding) == 'calendar.toml:6:12: language "qq" is not one of the languages (hint: "en" or "de")'
    for name in ("language", "../de", "descriptions", "DE", ""):
        with pytest.raises(UsageError):
            language_of(name)


# --- The calendar's language


def test_another_language_changes_every_feed_and_concerns_everybody():
    english = loads(ENGLISH_CALENDAR)
    german = loads(GERMAN_CALENDAR)
    assert [each.path or each.participant for each in affected_feeds(english, german)] == [
        "calendar.ics", "series/call.ics", "deadlines.ics", "ann",
    ]  # fmt: skip
    assert [each.participants for each in affected_invites(english, german, ())] == [("ann",)]
    assert affected_invites(german, german, ()) == ()


def test_a_channel_speaks_the_calendars_language_unless_it_has_its_own():
    text = GERMAN_CALENDAR + '\n[[notices.channel]]\nid = "all"\nkind = "mail"\n'
    assert loads(text).notices.channels[0].language == "de"
    assert loads(text + 'language = "en"\n').notices.channels[0].language == "en"
    with pytest.raises(CalendarError):
        loads(text + 'language = "fr"\n')


def test_a_german_calendar_is_german_throughout(run, tmp_path):
    calendar = loads(GERMAN_CALENDAR)
    files = site(calendar, now=NOW)
    assert '<html lang="de">' in files["index.html"].decode()
    assert files["en/index.html"].decode().count('hreflang="x-default" href="../index.html"') == 1
    assert "Wann: 18:00 Europe/Berlin\\, jeden Mittwoch" in files["calendar.ics"].decode().replace("\r\n ", "")
    # Data is the same whatever the language, but for the list of files.
    data, english = (json.loads(site(each, now=NOW)["calendar.json"]) for each in (calendar, loads(ENGLISH_CALENDAR)))
    assert data | {"files": 0} == english | {"files": 0}
