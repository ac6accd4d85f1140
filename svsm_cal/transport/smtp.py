"""Letters handed to a mail server, one after the other over one connection, each with its outcome (RFC 5321).

An outcome is about one letter: what the server said of its recipient or its text. A problem of the connection (no
network, no TLS, a refused password, a server that hangs up or talks nonsense) is no letter's fault: the letter is tried
once more on a new connection, then deferred. After a few failures in a row delivery ends, and letters that were not
attempted stay as they are.

| at | 4yz | 5yz | connection lost, no answer in time, nonsense |
|---|---|---|---|
| MAIL | deferred | deferred (refused: too large); the third sender refused in a row ends delivery | tried again |
| RCPT, DATA | deferred | refused | tried again |
| text | | | tried again: without its final dot the letter was not sent |
| final dot | deferred | refused | uncertain: the server may have the letter. Send the same bytes again |
"""

from __future__ import annotations

from time import monotonic, sleep
from typing import TYPE_CHECKING

from svsm_cal.transport.letters import Broken, Letter, Outcome, Stage, Verdict
from svsm_cal.transport.smtp_connection import GOING, Connection, SmtpError, clean
from svsm_cal.transport.wire import Prepared, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from svsm_cal.transport.smtp_connection import Offers, Reply
    from svsm_cal.transport.smtp_settings import Settings

__all__ = ["deliver"]

_TOO_LARGE = 552
_SENDERS_REFUSED = 3
_OPENING = frozenset(("connect", "greeting", "ehlo", "starttls", "auth"))  # before the first letter of a connection
_GLANCE = 0.25  # seconds between two looks at `stop` while waiting


def _never() -> bool:
    return False


def deliver(
    letters: Iterable[Letter],
    settings: Settings,
    *,
    settle: Callable[[Outcome], None],
    stop: Callable[[], bool] = _never,
) -> Broken | None:
    """Hand letters to the server; return None when all are settled or `stop` says so, else why delivery ended.

    Args:
        letters: the next one is read when the one before is settled.
        settings: the server.
        settle: called once with each letter's outcome. If it raises, delivery ends with that error at once.
        stop: asked before each letter; the letter on its way is finished.
    """
    delivery = _Delivery(letters, settings, settle, stop)
    failures = 0
    while delivery.has_letter():
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
    """The letters still to be sent; `_current` is read and not settled yet, whether or not the server knows of it."""

    def __init__(
        self, letters: Iterable[Letter], settings: Settings, settle: Callable[[Outcome], None], stop: Callable[[], bool]
    ) -> None:
        self._letters = iter(letters)
        self._settings = settings
        self._tell = settle
        self._stop = stop
        self._current: Prepared | None = None
        self._tried: Prepared | None = None  # has lost one connection already
        self._due = 0.0
        self._senders_refused = 0
        self.progressed = False  # the present connection has settled a letter

    def has_letter(self) -> bool:
        """Return whether there is a letter to open a connection for."""
        self.progressed = False
        return self._next() is not None

    def converse(self, connection: Connection) -> None:
        """Hand over letters until there are no more, or as many as one connection may take; then say goodbye."""
        refused = False
        for _ in range(self._settings.per_connection):
            letter = self._next(connection.offers)
            if letter is None or not self._paced():
                break
            if refused:
                connection.reset()
            refused = not self._handed_over(connection, letter)
        connection.part()

    def _handed_over(self, connection: Connection, letter: Prepared) -> bool:
        """Hand one letter over and settle it; False if the server refused it before its text."""
        stage: Stage
        for stage, command in (("mail", connection.offers.mail(letter)), ("rcpt", letter.rcpt), ("data", "DATA")):
            code, text = connection.ask(stage, command)
            if code >= 400:
                self._settle(letter, _verdict(stage, code), stage, (code, text))
                self._count_sender(stage, code, text)
                return False
        code, text = connection.hand_over(letter.body)
        self._senders_refused = 0
        verdict = _verdict("dot", code)
        self._settle(letter, verdict, "dot", (code, text))
        connection.stage = "mail"  # of the next letter: whoever interrupts from here on leaves no letter in doubt
        if verdict is Verdict.UNCERTAIN:
            raise SmtpError("dot", f"an answer to another question: {code} {clean(text)}")
        if code == GOING:
            raise SmtpError("dot", f"{code} {clean(text)}")
        return True

    def _settle(self, letter: Prepared, verdict: Verdict, stage: Stage, reply: Reply) -> None:
        """Report a letter's outcome; it is not reported a second time, even if the report fails."""
        self._current = None
        code, text = reply
        self.progressed = self.progressed or not (code == GOING or verdict is Verdict.UNCERTAIN)
        self._tell(Outcome(letter.letter.key, verdict, stage, code, clean(text)))

    def _count_sender(self, stage: Stage, code: int, text: bytes) -> None:
        self._senders_refused = self._senders_refused + 1 if stage == "mail" and code != _TOO_LARGE else 0
        if self._senders_refused == _SENDERS_REFUSED:
            reason = f"the sender is refused: {code} {clean(text)} (is it an address that this server sends for?)"
            raise SmtpError(stage, reason, permanent=code >= 500, final=True)

    def lost(self, stage: Stage, reason: str) -> None:
        """Decide about the letter whose connection was lost at a stage, if it is not settled yet."""
        letter = self._current
        if letter is None or stage in _OPENING:
            return
        if stage != "dot" and letter is not self._tried:
            self._tried = letter
            return
        self._current = None
        verdict = Verdict.UNCERTAIN if stage == "dot" else Verdict.DEFERRED
        self._tell(Outcome(letter.letter.key, verdict, stage, 0, reason))

    def wait(self, seconds: float) -> None:
        """Wait, with an eye on `stop`."""
        until = monotonic() + seconds
        while not self._stop() and (left := until - monotonic()) > 0:
            sleep(min(left, _GLANCE))

    def _paced(self) -> bool:
        """Wait until the rate allows the next letter; False if delivery was stopped meanwhile."""
        if self._settings.rate is not None:
            self.wait(self._due - monotonic())
            self._due = max(self._due, monotonic()) + 1 / self._settings.rate
        return not self._stop()

    def _next(self, offers: Offers | None = None) -> Prepared | None:
        """Return the next letter that can be sent to a server with these extensions; settle those that cannot."""
        while not self._stop():
            if self._current is None:
                letter = next(self._letters, None)
                if letter is None:
                    return None
                ready = prepare(letter)
                if not isinstance(ready, Prepared):
                    self._tell(Outcome(letter.key, Verdict.REFUSED, "entry", 0, ready.reason))
                    continue
                self._current = ready
            lack = offers.lack(self._current) if offers is not None else ""
            if not lack:
                return self._current
            key, self._current = self._current.letter.key, None
            self._tell(Outcome(key, Verdict.REFUSED, "entry", 0, lack))
        return None


def _verdict(stage: Stage, code: int) -> Verdict:
    """Return what a reply says of a letter."""
    if code < 300:
        return Verdict.SENT
    if code < 400:
        return Verdict.UNCERTAIN
    if code < 500 or (stage == "mail" and code != _TOO_LARGE):
        return Verdict.DEFERRED
    return Verdict.REFUSED
