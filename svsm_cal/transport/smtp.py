"""Mails sent to a mail server, one after the other over one connection, each with its outcome (RFC 5321).

An outcome is about one mail: what the server said of its recipient or its text. A problem of the connection (no network,
no TLS, a refused password, a server that hangs up or talks nonsense) is not the mail's fault: the mail is tried once more
on a new connection, then deferred. After a few failures in a row delivery ends, and unattempted mails stay pending.

| at | 4yz | 5yz | connection lost, no answer in time, nonsense |
|---|---|---|---|
| MAIL | deferred | deferred (refused: too large); the third sender refused in a row ends delivery | tried again |
| RCPT, DATA | deferred | refused | tried again |
| text | | | tried again: without its final dot the mail was not sent |
| final dot | deferred | refused | uncertain: the server may have the mail. Send the same bytes again |
"""

from __future__ import annotations

from enum import StrEnum
from time import monotonic, sleep
from typing import TYPE_CHECKING

from svsm_cal.transport.smtp_connection import GOING, Connection, SmtpError, clean
from svsm_cal.transport.smtp_message import Prepared, prepare
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from svsm_cal.transport.smtp_connection import Offers, Reply
    from svsm_cal.transport.smtp_message import Envelope
    from svsm_cal.transport.smtp_settings import Settings, Stage

_TOO_LARGE = 552
_SENDERS_REFUSED = 3
_OPENING = frozenset(("connect", "greeting", "ehlo", "starttls", "auth"))  # before the first mail of a connection
_GLANCE = 0.25  # seconds between two looks at `stop` while waiting


class Verdict(StrEnum):
    """What became of a mail: accepted, refused for now, refused for good, or unknown because the reply was lost."""

    SENT = "sent"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


class Outcome(Value):
    """What became of a mail: `code` and `text` are the server's reply (0 and our own words if there was none)."""

    key: int
    verdict: Verdict
    stage: Stage
    code: int = 0
    text: str = ""


class Broken(Value):
    """Why delivery ended early: the server (`where`), the stage and the reason, in words.

    `permanent` says that trying again is useless until somebody changes the settings.
    """

    where: str
    stage: Stage
    reason: str
    permanent: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


def _never() -> bool:
    return False


def deliver(
    mails: Iterable[Envelope],
    settings: Settings,
    *,
    settle: Callable[[Outcome], None],
    stop: Callable[[], bool] = _never,
) -> Broken | None:
    """Send mails; return the reason for an early end, None if all are settled or `stop` returned true.

    Args:
        mails: the next one is read when the one before is settled.
        settings: the server.
        settle: called once with each mail's outcome. If it raises, delivery ends with that error at once.
        stop: called before each mail; a mail that has begun is finished.
    """
    delivery = _Delivery(mails, settings, settle, stop)
    failures = 0
    while delivery.has_mail():
        connection = Connection(settings)
        try:
            connection.open()
            delivery.converse(connection)
            failures = 0
        except SmtpError as failure:
            delivery.lost(failure.stage, str(failure))
            failures = 0 if delivery.progressed else failures + 1
            if failure.final or failures >= settings.failures:
                return Broken(settings.where, failure.stage, str(failure), failure.permanent)
            if failures:
                delivery.wait(settings.pause * 2 ** (failures - 1))
        except BaseException:
            if connection.stage == "dot":
                delivery.lost("dot", "interrupted before the server's answer")
            raise
        finally:
            connection.close()
    return None


class _Delivery:
    """The mails still to be sent; `_current` has been read from them and is not settled yet."""

    def __init__(
        self, mails: Iterable[Envelope], settings: Settings, settle: Callable[[Outcome], None], stop: Callable[[], bool]
    ) -> None:
        self._mails = iter(mails)
        self._settings = settings
        self._tell = settle
        self._stop = stop
        self._current: Prepared | None = None
        self._tried: Prepared | None = None  # has lost one connection already
        self._due = 0.0
        self._senders_refused = 0
        self.progressed = False  # whether the present connection has settled a mail

    def has_mail(self) -> bool:
        """Whether there is a mail to open a connection for."""
        self.progressed = False
        return self._next() is not None

    def converse(self, connection: Connection) -> None:
        """Send mails until none is left, or as many as one connection may take; then say QUIT."""
        refused = False
        for _ in range(self._settings.per_connection):
            mail = self._next(connection.offers)
            if mail is None or not self._paced():
                break
            if refused:
                connection.reset()
            refused = not self._sent(connection, mail)
        connection.part()

    def _sent(self, connection: Connection, mail: Prepared) -> bool:
        """Send one mail and settle it; False if the server refused it before its text."""
        stage: Stage
        for stage, command in (("mail", connection.offers.mail(mail)), ("rcpt", mail.rcpt), ("data", "DATA")):
            code, text = connection.ask(stage, command)
            if code >= 400:
                self._settle(mail, _verdict(stage, code), stage, (code, text))
                self._count_sender(stage, code, text)
                return False
        code, text = connection.hand_over(mail.body)
        self._senders_refused = 0
        verdict = _verdict("dot", code)
        self._settle(mail, verdict, "dot", (code, text))
        connection.stage = "mail"  # the next one's: from here on an interruption leaves no mail in doubt
        if verdict is Verdict.UNCERTAIN:
            raise SmtpError("dot", f"an unexpected reply: {code} {clean(text)}")
        if code == GOING:
            raise SmtpError("dot", f"{code} {clean(text)}")
        return True

    def _settle(self, mail: Prepared, verdict: Verdict, stage: Stage, reply: Reply) -> None:
        """Report a mail's outcome, once: not again if the report itself fails."""
        self._current = None
        code, text = reply
        self.progressed = self.progressed or not (code == GOING or verdict is Verdict.UNCERTAIN)
        self._tell(Outcome(mail.envelope.key, verdict, stage, code, clean(text)))

    def _count_sender(self, stage: Stage, code: int, text: bytes) -> None:
        self._senders_refused = self._senders_refused + 1 if stage == "mail" and code != _TOO_LARGE else 0
        if self._senders_refused == _SENDERS_REFUSED:
            reason = f"the sender is refused: {code} {clean(text)} (is it an address that this server sends for?)"
            raise SmtpError(stage, reason, permanent=code >= 500, final=True)

    def lost(self, stage: Stage, reason: str) -> None:
        """Settle the current mail, whose connection was lost at a stage, or leave it for a second attempt."""
        mail = self._current
        if mail is None or stage in _OPENING:
            return
        if stage != "dot" and mail is not self._tried:
            self._tried = mail
            return
        self._current = None
        verdict = Verdict.UNCERTAIN if stage == "dot" else Verdict.DEFERRED
        self._tell(Outcome(mail.envelope.key, verdict, stage, 0, reason))

    def wait(self, seconds: float) -> None:
        """Wait until the time is over or `stop` returns true."""
        until = monotonic() + seconds
        while not self._stop() and (left := until - monotonic()) > 0:
            sleep(min(left, _GLANCE))

    def _paced(self) -> bool:
        """Wait until the rate allows the next mail; False if delivery was stopped meanwhile."""
        if self._settings.rate is not None:
            self.wait(self._due - monotonic())
            self._due = max(self._due, monotonic()) + 1 / self._settings.rate
        return not self._stop()

    def _next(self, offers: Offers | None = None) -> Prepared | None:
        """Return the next mail that a server with these extensions accepts; mails before it that it does not are settled."""
        while not self._stop():
            if self._current is None:
                envelope = next(self._mails, None)
                if envelope is None:
                    return None
                ready = prepare(envelope)
                if not isinstance(ready, Prepared):
                    self._tell(Outcome(envelope.key, Verdict.REFUSED, "entry", 0, ready.reason))
                    continue
                self._current = ready
            lack = offers.lack(self._current) if offers is not None else ""
            if not lack:
                return self._current
            key, self._current = self._current.envelope.key, None
            self._tell(Outcome(key, Verdict.REFUSED, "entry", 0, lack))
        return None


def _verdict(stage: Stage, code: int) -> Verdict:
    """Return what a reply means for a mail."""
    if code < 300:
        return Verdict.SENT
    if code < 400:
        return Verdict.UNCERTAIN
    if code < 500 or (stage == "mail" and code != _TOO_LARGE):
        return Verdict.DEFERRED
    return Verdict.REFUSED
