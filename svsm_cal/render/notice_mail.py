"""Notices as mails, each to one address, with a Message-ID that follows from what it is about and whom it goes to.

What is the same for all who get the same words is made once (`svsm_cal.render.message`).
"""

from __future__ import annotations

from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING

from svsm_cal.render.message import message_form

if TYPE_CHECKING:
    from svsm_cal.core.civil import Instant
    from svsm_cal.core.model import Calendar, Organizer
    from svsm_cal.render.message import MessageForm

__all__ = ["NoticeMails"]


class NoticeMails:
    """The mails of one run: `now` is their date."""

    def __init__(self, calendar: Calendar, sender: Organizer, now: Instant) -> None:
        self._calendar = calendar
        self._sender = sender
        self._now = now
        self._forms: dict[tuple[str, str, str], MessageForm] = {}

    def mail(self, identity: str, title: str, text: str, *, name: str, email: str) -> tuple[str, bytes]:
        """Return a notice's Message-ID, and its mail to one address as bytes with CRLF line ends."""
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
            sender=(self._sender.name, self._sender.email),
            subject=title,
            date=self._now,
            thread=self._number("notices", identity),
            plain="\n".join([text, "", "-- ", calendar.name, *([url] if url else []), ""]),
            html=f"<!doctype html>\n<p>{escape(text)}</p>\n<p>{link}</p>\n",
            seal=sha256(f"{title}\n{text}".encode()).hexdigest()[:16],
        )

    def _number(self, *parts: str) -> str:
        return f"<{sha256(chr(10).join(parts).encode()).hexdigest()[:32]}@{self._calendar.domain}>"
