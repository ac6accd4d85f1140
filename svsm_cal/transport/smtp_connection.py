"""One connection to a mail server (RFC 5321): the library's protocol, with a deadline for each reply and no trust in it.

Beyond smtplib: a time limit on the whole reply and not on each byte of it, bounded lines, a reply's form checked, nothing
left over from one question when the next is asked (which is also how STARTTLS stays free of injected text), and exact
knowledge of whether a letter's final dot was handed to the network.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

from svsm_cal.errors import TransportError
from svsm_cal.value import Value

if TYPE_CHECKING:
    from svsm_cal.transport.letters import Stage
    from svsm_cal.transport.smtp_settings import Settings
    from svsm_cal.transport.wire import Prepared

__all__ = ["Connection", "Offers", "Reply", "SmtpError", "clean"]

Reply = tuple[int, bytes]

_LONGEST_LINE = 4096  # RFC 5321 section 4.5.3.1.5 has 512
_MOST_LINES = 200
_LONGEST_TEXT = 500
_CHUNK = 16384  # one TLS record
_REPLY_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])([^\r\n]*))?\r?\n").fullmatch
_GOING = 421

_STAGES: dict[Stage, str] = {
    "connect": "connecting", "greeting": "the greeting", "ehlo": "EHLO", "starttls": "STARTTLS", "auth": "signing in",
    "rset": "RSET", "mail": "MAIL", "rcpt": "RCPT", "data": "DATA", "body": "a message's text", "dot": "the end of a message",
    "quit": "QUIT",
}  # fmt: skip


class SmtpError(TransportError):
    """A connection that is of no use any more; `permanent` if a new one would be no better, `final` if none should be tried."""

    def __init__(self, stage: Stage, reason: str, *, permanent: bool = False, final: bool = False) -> None:
        super().__init__(f"{_STAGES.get(stage, stage)}: {reason}")
        self.stage = stage
        self.permanent = permanent
        self.final = permanent or final


class Offers(Value):
    """What the server offers; `size` is the largest message it takes, 0 if it does not say."""

    pipelining: bool
    eight_bit: bool
    utf8: bool
    size: int

    def lack(self, prepared: Prepared) -> str:
        """Return what a letter needs that is not offered, "" if nothing."""
        if prepared.utf8 and not self.utf8:
            return "the server takes no addresses or headers beyond ASCII (SMTPUTF8)"
        if prepared.eight_bit and not (self.eight_bit or self.utf8):
            return "the server takes no 8-bit text (8BITMIME)"
        if 0 < self.size < len(prepared.letter.data):
            return f"the server takes messages of at most {self.size} bytes, this has {len(prepared.letter.data)}"
        return ""

    def mail(self, prepared: Prepared) -> bytes:
        """Return a letter's MAIL command, with the parameters that the server understands."""
        size = b" SIZE=%d" % len(prepared.letter.data) if self.size else b""
        body = b" BODY=8BITMIME" if prepared.eight_bit and self.eight_bit else b""
        return prepared.mail + size + body + (b" SMTPUTF8\r\n" if prepared.utf8 else b"\r\n")


def clean(text: bytes) -> str:
    """Return a server's words in one line of bounded length, without control characters."""
    shown = text[: 4 * _LONGEST_TEXT].decode("utf-8", "replace")
    if not shown.isprintable():
        shown = "".join(char if char.isprintable() else " " for char in shown)
    return shown[:_LONGEST_TEXT].strip()


class Connection(smtplib.SMTP):
    """A conversation with one server. Whatever goes wrong with it is a SmtpError.

    `dotted` says that a letter's final dot was handed to the network; whoever reads the answer sets it back.
    """

    def __init__(self, settings: Settings) -> None:
        name = settings.hello or socket.gethostname()
        super().__init__(local_hostname=name if settings.hello or "." in name else "[127.0.0.1]")
        self.settings = settings
        self.dotted = False
        self.offers = Offers(pipelining=False, eight_bit=False, utf8=False, size=0)
        self._stage: Stage = "connect"
        self._unread = b""
        self._at = 0

    def open(self) -> None:
        """Connect, greet, begin TLS and sign in, as the settings say."""
        try:
            self._open()
        except SmtpError:
            raise
        except smtplib.SMTPResponseException as error:
            text = error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
            raise self._failure(f"{error.smtp_code} {self._clean(text)}", permanent=error.smtp_code >= 500) from None
        except smtplib.SMTPException as error:
            raise self._failure(str(error), permanent=True) from None
        except ssl.SSLCertVerificationError as error:
            reason = f"its certificate is not to be trusted: {error.verify_message} (give its issuer's with ca=FILE)"
            raise self._failure(reason, permanent=True) from None
        except TimeoutError:
            raise self._failure("no answer in time") from None
        except OSError as error:
            raise self._failure(error.strerror or str(error)) from None
        except ValueError:
            reason = "a challenge that is none" if self._stage == "auth" else "the host's name is none"
            raise self._failure(reason) from None  # from None: the error's text may hold the password

    def _open(self) -> None:
        settings = self.settings
        self._expect(220, self.connect(settings.host, settings.port))
        self._greet()
        if settings.security == "starttls":
            self._stage = "starttls"
            if not self.has_extn("starttls"):
                hint = f"security=none would send everything in the clear; smtps://{settings.host} may be there"
                raise self._failure(f"is not offered ({hint})", permanent=True)
            self._expect(220, self.docmd("STARTTLS"))
            if self._pending():
                raise self._failure("text was sent ahead of the encryption: somebody may be in between", permanent=True)
            self.sock = self._encrypted(self._socket(settings.timeouts.starttls))
            self.helo_resp = self.ehlo_resp = None  # RFC 3207 section 4.2: what was said in the clear does not count
            self._greet()
        if settings.user:
            self._stage = "auth"
            self.login(settings.user, settings.password.text)
        size = self.esmtp_features.get("size", "")
        self.offers = Offers(
            pipelining=settings.pipelining and self.has_extn("pipelining"),
            eight_bit=self.has_extn("8bitmime"),
            utf8=self.has_extn("smtputf8"),
            size=int(size) if size.isascii() and size.isdigit() else 0,
        )

    def _greet(self) -> None:
        self._stage = "ehlo"
        self.ehlo_or_helo_if_needed()

    def _expect(self, wanted: int, reply: Reply) -> None:
        code, text = reply
        if code != wanted:
            raise self._failure(f"{code} {self._clean(text)}", permanent=code >= 500)

    def _get_socket(self, host: str, port: int, timeout: float | None) -> socket.socket:  # noqa: ARG002  (smtplib's hook)
        self._stage = "connect"
        plain = socket.create_connection((host, port), self.settings.timeouts.connect)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready = self._encrypted(plain) if self.settings.security == "tls" else plain
        except BaseException:
            plain.close()
            raise
        self._stage = "greeting"
        return ready

    def _encrypted(self, plain: socket.socket) -> ssl.SSLSocket:
        self._stage = "starttls"
        plain.settimeout(self.settings.timeouts.starttls)
        context = ssl.create_default_context(cafile=self.settings.ca_file)
        return context.wrap_socket(plain, server_hostname=self.settings.host)

    def send(self, s: Any) -> None:
        """Send a command, as smtplib's methods do, at the stage that they were called in."""
        self.write(self._stage, s.encode("ascii") if isinstance(s, str) else bytes(s))

    def getreply(self) -> Reply:
        """Return the reply to it, as smtplib's methods expect it."""
        code, text = self.reply(self._stage)
        if code == _GOING:
            raise self._failure(f"{code} {self._clean(text)}")
        return code, text

    def write(self, stage: Stage, commands: bytes) -> None:
        """Send commands in one write, at the stage of the first."""
        self._stage = stage
        self._nothing_unread()
        try:
            self._socket(self.settings.timeouts.of(stage)).sendall(commands)
        except OSError as error:
            raise self._cut_off(error) from None

    def hand_over(self, body: bytes, commands: bytes) -> None:
        """Send a letter's bytes with its final dot, and the commands of the next along with it (RFC 2920 section 3.1).

        `dotted` is exact: a send that fails has handed over none of its bytes, and a TLS record counts as a whole.
        """
        self._stage = "body"
        self._nothing_unread()
        data = body + commands if commands else body
        connected = self._socket(self.settings.timeouts.body)
        piece = _CHUNK if isinstance(connected, ssl.SSLSocket) else len(data)
        sent = 0
        try:
            while sent < len(data):
                self.dotted = sent + piece >= len(body)  # beforehand, for whoever interrupts the sending
                sent += connected.send(data[sent : sent + piece] if sent or piece < len(data) else data)
                self.dotted = sent >= len(body)
        except OSError as error:
            self.dotted = sent >= len(body)
            raise self._cut_off(error) from None
        self._stage = "dot"

    def reply(self, stage: Stage) -> Reply:
        """Return the code and the text of the next reply, whatever it says; the lines of a long one are joined."""
        self._stage = stage
        deadline = 0.0
        code, texts = b"", list[bytes]()
        while True:
            end = self._unread.find(b"\n", self._at)
            if end < 0:
                if len(self._unread) - self._at > _LONGEST_LINE:
                    raise self._failure("a reply without end")
                deadline = self._receive(stage, deadline)
                continue
            line = self._unread[self._at : end + 1]
            self._at = end + 1
            match = _REPLY_LINE(line) if len(line) <= _LONGEST_LINE else None
            if match is None or (texts and match[1] != code) or len(texts) == _MOST_LINES:
                raise self._failure(f"a reply that is none: {self._clean(line)[:80]}")
            code, more, text = match.groups(b"")
            if more != b"-" and not texts:
                return int(code), text
            texts.append(text)
            if more != b"-":
                return int(code), b"\n".join(texts)

    def _receive(self, stage: Stage, deadline: float) -> float:
        """Read what there is; the whole reply has until the deadline, which is set when it is awaited."""
        patience = self.settings.timeouts.of(stage)
        if deadline:
            patience = deadline - monotonic()
        else:
            deadline = monotonic() + patience
        if patience <= 0:
            raise self._failure("no answer in time")
        try:
            more = self._socket(patience).recv(65536)
        except OSError as error:
            raise self._cut_off(error) from None
        if not more:
            raise self._failure("the connection was closed")
        self._unread = self._unread[self._at :] + more
        self._at = 0
        return deadline

    def _socket(self, patience: float) -> socket.socket:
        if self.sock is None:
            raise self._failure("the connection was closed")
        if self.sock.gettimeout() != patience:
            self.sock.settimeout(patience)
        return self.sock

    def _pending(self) -> bytes:
        return self._unread[self._at :]

    def _nothing_unread(self) -> None:
        if self._at < len(self._unread):
            raise self._failure(f"a reply to nothing: {self._clean(self._pending())[:80]}")

    def _cut_off(self, error: OSError) -> SmtpError:
        """Return the failure that an error of the network is, with what the server said last if it said anything."""
        if isinstance(error, TimeoutError):
            return self._failure("no answer in time")
        words = b""
        if self.sock is not None:
            with suppress(OSError):
                self.sock.settimeout(0)
                words = self.sock.recv(_LONGEST_LINE)
        said = f", which said: {self._clean(words.splitlines()[0])}" if words.strip() else ""
        return self._failure(f"the connection was lost ({error.strerror or error}){said}")

    def _failure(self, reason: str, *, permanent: bool = False) -> SmtpError:
        return SmtpError(self._stage, reason, permanent=permanent)

    def _clean(self, text: bytes) -> str:
        """Return a server's words, without the password, which some repeat."""
        import base64

        secret = self.settings.password.text.encode()
        plain = f"\0{self.settings.user}\0".encode() + secret
        for each in (base64.b64encode(plain), base64.b64encode(secret), secret):
            text = text.replace(each, b"***") if secret else text
        return clean(text)
