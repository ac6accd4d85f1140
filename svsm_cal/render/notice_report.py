"""Notices as text for a terminal, as JSON, and as mail."""

from __future__ import annotations

from hashlib import sha256
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from svsm_cal.core.announcing import Severity
from svsm_cal.engine.zones import local_of
from svsm_cal.render.mail_form import message_form
from svsm_cal.render.notice_text import wording
from svsm_cal.render.records import instant_text
from svsm_cal.render.text import aligned, plain
from svsm_cal.words import ENGLISH
from svsm_cal.words.language import clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from svsm_cal.core.announcing import Channel
    from svsm_cal.core.model import Calendar, Organizer
    from svsm_cal.engine.civil import Instant
    from svsm_cal.engine.zones import Zone
    from svsm_cal.notices.notice import Notice
    from svsm_cal.render.mail_form import MessageForm
    from svsm_cal.render.text import Paint
    from svsm_cal.words.language import Language

# A notice in a channel: the channel, the notice, the recipient's participant id, its title, the outcome, and the reason.
_Row = tuple["Channel", "Notice", "str | None", str, str, str]

_WIDTH = 96
_STYLES = {Severity.INFO: "strong", Severity.WARNING: "shift", Severity.URGENT: "urgent"}


def notices_text(
    calendar: Calendar,
    found: Sequence[Notice],
    now: Instant,
    language: Language = ENGLISH,
    paint: Paint = plain,
    *,
    zone: Zone | None = None,
) -> list[str]:
    """Return the lines of `notices`: those that are due, and later ones with their times, on a zone's clock or in UTC."""
    if not found:
        return [language.say("notices.none")]
    lines: list[str] = []
    headings = (
        ("notices.due", [each for each in found if each.due <= now]),
        ("notices.later", [each for each in found if each.due > now]),
    )
    for heading, part in headings:
        if part:
            lines += ["", paint("strong", language.say(heading))]
        for each in part:
            said = wording(each, calendar, language)
            when = "" if each.due <= now else f"{_when(language, each.due, zone)}: "
            weight = "" if each.severity is Severity.INFO else f"{language.say(f'notices.{each.severity}')}: "
            lines += [f"- {paint('faint', when) if when else ''}{paint(_STYLES[each.severity], weight + said.title)}"]
            lines += wrap(
                said.text, _WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
            )
    return lines[1:]


def _when(language: Language, due: Instant, zone: Zone | None) -> str:
    local = due if zone is None else local_of(due, zone)
    return language.say("notices.when", day=language.date(local), time=clock(local), zone="UTC" if zone is None else zone.key)


def notice_record(calendar: Calendar, notice: Notice, language: Language = ENGLISH) -> dict[str, Any]:
    """Return a notice's record."""
    said = wording(notice, calendar, language)
    return {
        "id": notice.id,
        "kind": notice.kind.value,
        "severity": notice.severity.value,
        "due_utc": instant_text(notice.due),
        "expires_utc": instant_text(notice.expires),
        "at_utc": instant_text(notice.at),
        "series": notice.series.id if notice.series is not None else None,
        "date": notice.date.isoformat(),
        "zones": [zone.key for zone in notice.zones],
        "participants": list(notice.participants),
        "title": said.title,
        "text": said.text,
    }


def notices_record(calendar: Calendar, found: Iterable[Notice], language: Language = ENGLISH) -> dict[str, Any]:
    """Return the record of `notices`."""
    return {"notices": [notice_record(calendar, each, language) for each in found]}


_OUTCOMES = {"sent": "", "queued": "", "dry": "faint", "failed": "urgent", "unknown": "urgent"}


def told_text(language: Language, rows: Sequence[_Row], paint: Paint = plain) -> list[str]:
    """Return the lines of `notices send`: the channels, and what became of each notice there."""
    if not rows:
        return [language.say("notices.nothing_new")]
    cells = []
    for channel, _, participant, title, outcome, detail in rows:
        place = f"{channel.id} ({participant})" if participant else channel.id
        said = language.say(f"notices.{outcome}")
        cells.append([("strong", place), (_OUTCOMES[outcome], said), ("", title), ("faint", detail)])
    return aligned(cells, paint, indent="")


def told_record(rows: Iterable[_Row], problems: Sequence[str] = ()) -> dict[str, Any]:
    """Return the record of `notices send`; `problems` are those of the channels that were left out."""
    return {
        "told": [
            {
                "channel": channel.id,
                "notice": notice.id,
                "participant": participant,
                "title": title,
                "outcome": outcome,
                "detail": detail,
            }
            for channel, notice, participant, title, outcome, detail in rows
        ],
        "problems": [*problems],
    }


class NoticeMails:
    """The mails of one run: `now` is their date."""

    def __init__(self, calendar: Calendar, sender: Organizer, now: Instant) -> None:
        self._calendar = calendar
        self._sender = sender
        self._now = now
        self._forms: dict[tuple[str, str, str], MessageForm] = {}

    def mail(self, identity: str, title: str, text: str, *, name: str, email: str) -> tuple[str, bytes]:
        """Return a notice's Message-ID, and its mail to one address: the bytes to send, with CRLF line ends."""
        key = (identity, title, text)
        if key not in self._forms:
            self._forms[key] = self._form(identity, title, text)
        number = self._number("notice", identity, email.lower())
        return number, self._forms[key].fill(name=name, email=email, message_id=number)

    def _form(self, identity: str, title: str, text: str) -> MessageForm:
        calendar = self._calendar
        url = calendar.url or ""
        link = f'<a href="{escape(url)}">{escape(calendar.name)}</a>' if url else escape(calendar.name)
        return message_form(
            sender=self._sender,
            subject=title,
            date=self._now,
            thread=self._number("notices", identity),
            plain="\n".join([text, "", "-- ", calendar.name, *([url] if url else []), ""]),
            html=f"<!doctype html>\n<p>{escape(text)}</p>\n<p>{link}</p>\n",
            seal=sha256(f"{title}\n{text}".encode()).hexdigest()[:16],
        )

    def _number(self, *parts: str) -> str:
        return f"<{sha256(chr(10).join(parts).encode()).hexdigest()[:32]}@{self._calendar.domain}>"
