"""Letters handed to a mail server over one connection, each with its outcome (RFC 5321, RFC 2920).

An outcome is about one letter: what the server said of its recipient or its text. What is wrong with the connection (no
network, no TLS, a password refused, a server that goes or talks nonsense) condemns no letter: it is tried once more on
a new connection, then put off; after a few failures in a row delivery ends, and what was not attempted stays as it is.

| at | 4yz | 5yz | connection lost, no answer in time, nonsense |
|---|---|---|---|
| MAIL | deferred | deferred (refused: too large); the third sender refused in a row ends delivery | tried again |
| RCPT, DATA | deferred | refused | tried again |
| text | | | tried again: without its final dot it counts as never sent |
| final dot | deferred | refused | uncertain: the server may have it. Send the same bytes again |

Where the server offers PIPELINING, a letter's commands go along with the end of the one before it, so that a letter costs
one round trip; its text only follows when the one before is settled.
"""

from __future__ import annotations

from collections import deque
from time import monotonic, sleep
from typing import TYPE_CHECKING

from svsm_cal.transport.letters import Broken, Letter, Outcome, Stage, Verdict
from svsm_cal.transport.smtp_connection import Connection, SmtpError, clean
from svsm_cal.transport.wire import Prepared, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from svsm_cal.transport.smtp_connection import Offers, Reply
    from svsm_cal.transport.smtp_settings import Settings

__all__ = ["deliver"]

_GOING = 421  # RFC 5321 section 3.8: may answer any command
_TOO_LARGE = 552
_START_TEXT = 354
_SENDERS_REFUSED = 3
_GLANCE = 0.25  # seconds between two looks at `stop` while waiting
_BROKEN_CODES = frozenset((502, 503, 530, 534, 535, 538))
"""No such command, wrong order, sign in first: about the conversation, never about a recipient."""


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
        letters: read one ahead of the letter on its way.
        settings: the server.
        settle: called with each letter's outcome, once, before the next letter's text goes out. If it raises, delivery
            ends with that error at once.
        stop: asked before each letter; a letter whose commands the server has taken is still sent.
    """
    run = _Run(letters, settings, settle, stop)
    failures = 0
    while run.has_letters():
        connection = Connection(settings)
        run.progressed = False
        try:
            connection.open()
            run.converse(connection)
            failures = 0
        except SmtpError as failure:
            run.lost(connection, failure)
            failures = 0 if run.progressed else failures + 1
            if failure.final or failures >= settings.failures:
                return Broken(settings.where, failure.stage, str(failure), failure.permanent)
            if failures:
                run.wait(settings.pause * 2 ** (failures - 1))
        except BaseException:
            run.interrupted(connection)
            raise
        finally:
            connection.close()
    return None


class _Run:
    """A delivery under way: which letter is in the server's hands, which is announced, which wait."""

    def __init__(
        self, letters: Iterable[Letter], settings: Settings, settle: Callable[[Outcome], None], stop: Callable[[], bool]
    ) -> None:
        self._letters = iter(letters)
        self._settings = settings
        self._tell = settle
        self._stop = stop
        self._waiting: deque[Prepared] = deque()
        self._current: Prepared | None = None
        self._following: Prepared | None = None
        self._tried: Prepared | None = None  # has lost one connection already
        self._due = 0.0
        self._senders_refused = 0
        self.progressed = False

    def has_letters(self) -> bool:
        """Say whether there is a letter to open a connection for."""
        ready = self._next()
        if ready is not None:
            self._waiting.appendleft(ready)
        return ready is not None

    def converse(self, connection: Connection) -> None:
        """Hand over letters until there are no more, or as many as one connection may have; then part politely."""
        left = self._settings.per_connection
        dirty = announced = False
        self._current = self._next(connection.offers)
        while self._current is not None and left:
            if not announced and not self._paced():
                break
            left -= 1
            if self._introduced(connection, self._current, announced=announced, dirty=dirty):
                self._following = self._next(connection.offers) if self._joins(connection, left) else None
                self._handed_over(connection, self._current)
                dirty, announced = False, self._following is not None
                self._current, self._following = self._following, None
            else:
                dirty, announced = True, False
            if self._current is None and left:
                self._current = self._next(connection.offers)
        if self._current is not None:
            self._waiting.appendleft(self._current)
            self._current = None
        _part(connection)

    def _joins(self, connection: Connection, left: int) -> bool:
        """Say whether the next letter's commands may go along with this one's end: not if it has to wait for its turn."""
        return connection.offers.pipelining and left > 0 and self._settings.rate is None

    def _introduced(self, connection: Connection, letter: Prepared, *, announced: bool, dirty: bool) -> bool:
        """Give a letter's commands, if they were not given yet, and read the replies; say whether its text may follow."""
        pipelining = connection.offers.pipelining
        steps = _steps(connection.offers, letter, dirty=dirty)
        if pipelining and not announced:
            connection.write(steps[0][0], b"".join([line for _, line in steps]))
        refused = False
        for stage, line in steps:
            if not pipelining:
                if refused:
                    return False
                connection.write(stage, line)
            code, text = connection.reply(stage)
            if code == _GOING or (code in _BROKEN_CODES and not refused):
                raise SmtpError(stage, f"{code} {clean(text)}")
            positive = code == _START_TEXT if stage == "data" else code < 300
            if not positive and code < 400:
                raise SmtpError(stage, f"an answer to another question: {code} {clean(text)}")
            if refused:
                if positive:
                    _undo(connection, stage)
            elif not positive:
                if stage == "rset":
                    raise SmtpError(stage, f"{code} {clean(text)}")
                refused = True
                self._settle(letter, _verdict(stage, code), stage, (code, text))
                self._count_sender(stage, code, text)
        return not refused

    def _count_sender(self, stage: Stage, code: int, text: bytes) -> None:
        self._senders_refused = self._senders_refused + 1 if stage == "mail" and code != _TOO_LARGE else 0
        if self._senders_refused == _SENDERS_REFUSED:
            reason = f"the sender is refused: {code} {clean(text)} (is it an address that this server sends for?)"
            raise SmtpError(stage, reason, permanent=code >= 500, final=True)

    def _handed_over(self, connection: Connection, letter: Prepared) -> None:
        """Send a letter's text, with the next one's commands, and settle what the server says of it."""
        following = self._following
        ahead = b"".join([line for _, line in _steps(connection.offers, following)]) if following is not None else b""
        connection.hand_over(letter.body, ahead)
        code, text = connection.reply("dot")
        verdict = Verdict.UNCERTAIN if 300 <= code < 400 else _verdict("dot", code)
        self._senders_refused = 0
        self._settle(letter, verdict, "dot", (code, text))
        connection.dotted = False
        if verdict is Verdict.UNCERTAIN:
            raise SmtpError("dot", f"an answer to another question: {code} {clean(text)}")
        if code == _GOING:
            raise SmtpError("dot", f"{code} {clean(text)}")

    def _settle(self, letter: Prepared, verdict: Verdict, stage: Stage, reply: Reply) -> None:
        """Tell a letter's outcome; from here on it is nobody's any more, whatever happens in the telling."""
        self._current = None
        code, text = reply
        self.progressed = self.progressed or not (code == _GOING or verdict is Verdict.UNCERTAIN)
        self._tell(Outcome(letter.letter.key, verdict, stage, code, clean(text)))

    def lost(self, connection: Connection, failure: SmtpError) -> None:
        """Sort the letters that were on a connection which failed."""
        current, following = self._current, self._following
        self._current = self._following = None
        if following is not None:
            self._waiting.appendleft(following)
        if current is None:
            return
        if connection.dotted:
            self._tell(Outcome(current.letter.key, Verdict.UNCERTAIN, "dot", 0, str(failure)))
        elif current is self._tried:
            self._tell(Outcome(current.letter.key, Verdict.DEFERRED, failure.stage, 0, str(failure)))
        else:
            self._tried = current
            self._waiting.appendleft(current)

    def interrupted(self, connection: Connection) -> None:
        """Say of the letter whose final dot is out, if there is one, that nobody knows what became of it."""
        current, self._current = self._current, None
        if current is not None and connection.dotted:
            self._tell(Outcome(current.letter.key, Verdict.UNCERTAIN, "dot", 0, "interrupted before the server's answer"))

    def wait(self, seconds: float) -> None:
        """Wait, with an eye on `stop`."""
        until = monotonic() + seconds
        while not self._stop() and (left := until - monotonic()) > 0:
            sleep(min(left, _GLANCE))

    def _paced(self) -> bool:
        """Wait for the next letter's turn; False if there is none any more."""
        if self._settings.rate is not None:
            self.wait(self._due - monotonic())
            self._due = max(self._due, monotonic()) + 1 / self._settings.rate
        return not self._stop()

    def _next(self, offers: Offers | None = None) -> Prepared | None:
        """Return the next letter that is fit to be sent to a server, and settle those on the way to it that are not."""
        while not self._stop():
            ready = self._waiting.popleft() if self._waiting else self._read()
            lack = offers.lack(ready) if ready is not None and offers is not None else ""
            if ready is None or not lack:
                return ready
            self._tell(Outcome(ready.letter.key, Verdict.REFUSED, "entry", 0, lack))
        return None

    def _read(self) -> Prepared | None:
        for letter in self._letters:
            ready = prepare(letter)
            if isinstance(ready, Prepared):
                return ready
            self._tell(Outcome(letter.key, Verdict.REFUSED, "entry", 0, ready.reason))
            if self._stop():
                break
        return None


def _steps(offers: Offers, letter: Prepared, *, dirty: bool = False) -> tuple[tuple[Stage, bytes], ...]:
    """Return the commands that come before a letter's text, after RSET if the one before left something behind."""
    steps: tuple[tuple[Stage, bytes], ...] = (("mail", offers.mail(letter)), ("rcpt", letter.rcpt), ("data", b"DATA\r\n"))
    return (("rset", b"RSET\r\n"), *steps) if dirty else steps


def _verdict(stage: Stage, code: int) -> Verdict:
    """Return what a reply says of a letter."""
    if code < 400:
        return Verdict.SENT
    if code < 500 or (stage == "mail" and code != _TOO_LARGE):
        return Verdict.DEFERRED
    return Verdict.REFUSED


def _undo(connection: Connection, stage: Stage) -> None:
    """End what the server began although it had refused a command before: pipelined commands cannot be called back."""
    if stage != "data":
        raise SmtpError(stage, "a recipient was taken although the sender was not")
    connection.write("data", b".\r\n")  # RFC 2920 section 3.1: nothing, to nobody
    code, text = connection.reply("data")
    if code == _GOING:
        raise SmtpError("data", f"{code} {clean(text)}")


def _part(connection: Connection) -> None:
    """Say QUIT; all letters are settled by now, so that nothing depends on the answer."""
    try:
        connection.write("quit", b"QUIT\r\n")
        connection.reply("quit")
    except SmtpError:
        return
