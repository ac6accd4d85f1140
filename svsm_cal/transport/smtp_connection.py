"""One connection to a mail server (RFC 5321): smtplib with a deadline for each reply, and without trust in the server.

What smtplib lacks: a time limit for a whole reply rather than for each read, limits on its length, a check of its form,
a refusal of replies that were not asked for (which also keeps injected text out of STARTTLS), and exact knowledge of
whether a message's final dot was handed to the network.
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
    from svsm_cal.transport.smtp_message import Prepared
    from svsm_cal.transport.smtp_settings import Settings, Stage

Reply = tuple[int, bytes]

GOING = 421
"""The server closes the connection; it may say so in reply to any command (RFC 5321 section 3.8)."""

_LONGEST_LINE = 4096  # RFC 5321 section 4.5.3.1.5 has 512
_MOST_LINES = 200
_LONGEST_TEXT = 500
_TLS_RECORD = 16384
_REPLY_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])([^\r\n]*))?\r?").fullmatch
# Unknown command, wrong order, not signed in: about the conversation, never about a recipient.
_CONVERSATION_CODES = frozenset((502, 503, 530, 534, 535, 538))
_START_TEXT = 354

_STAGES: dict[Stage, str] = {
    "connect": "connecting", "greeting": "the greeting", "ehlo": "EHLO", "starttls": "STARTTLS", "auth": "signing in",
    "rset": "RSET", "mail": "MAIL", "rcpt": "RCPT", "data": "DATA", "body": "a message's text", "dot": "the end of a message",
    "quit": "QUIT",
}  # fmt: skip


class SmtpError(TransportError):
    """A connection that can no longer be used; `permanent` if a new one would fail too, `final` if none should be tried."""

    def __init__(self, stage: Stage, reason: str, *, permanent: bool = False, final: bool = False) -> None:
        super().__init__(f"{_STAGES.get(stage, stage)}: {reason}")
        self.stage = stage
        self.permanent = permanent
        self.final = permanent or final


class Offers(Value):
    """The server's extensions; `size` is the largest message that it accepts, 0 if it does not say."""

    eight_bit: bool
    utf8: bool
    size: int

    def lack(self, prepared: Prepared) -> str:
        """Return which extension a mail needs and the server lacks, "" if none."""
        if prepared.utf8 and not self.utf8:
            return "the server accepts ASCII addresses and headers only (no SMTPUTF8)"
        if prepared.eight_bit and not (self.eight_bit or self.utf8):
            return "the server accepts no 8-bit text (no 8BITMIME)"
        if 0 < self.size < len(prepared.envelope.data):
            return f"the server accepts messages of at most {self.size} bytes, this one has {len(prepared.envelope.data)}"
        return ""

    def mail(self, prepared: Prepared) -> str:
        """Return a mail's MAIL command, with the parameters that the server understands."""
        size = f" SIZE={len(prepared.envelope.data)}" if self.size else ""
        body = " BODY=8BITMIME" if prepared.eight_bit and self.eight_bit else ""
        return prepared.mail + size + body + (" SMTPUTF8" if prepared.utf8 else "")


def clean(text: bytes) -> str:
    """Return a server's words as one line of limited length, without control characters."""
    shown = text[: 4 * _LONGEST_TEXT].decode("utf-8", "replace")
    if not shown.isprintable():
        shown = "".join(char if char.isprintable() else " " for char in shown)
    return shown[:_LONGEST_TEXT].strip()


class Connection(smtplib.SMTP):
    """A conversation with one server; raises SmtpError for whatever goes wrong with it.

    `stage` is where it stands. It is "dot" as long as a message's final dot was sent and its reply has not been read.
    """

    def __init__(self, settings: Settings) -> None:
        name = settings.hello or socket.gethostname()
        super().__init__(local_hostname=name if settings.hello or "." in name else "[127.0.0.1]")
        self.settings = settings
        self.offers = Offers(eight_bit=False, utf8=False, size=0)
        self.stage: Stage = "connect"
        self._unread = b""

    def open(self) -> None:
        """Connect, greet, start TLS and sign in, as the settings say."""
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
            reason = f"its certificate is not trusted: {error.verify_message} (name its issuer's with ca=FILE)"
            raise self._failure(reason, permanent=True) from None
        except TimeoutError:
            raise self._failure("no answer in time") from None
        except OSError as error:
            raise self._failure(error.strerror or str(error)) from None
        except ValueError:
            reason = "an invalid challenge" if self.stage == "auth" else "the host's name is invalid"
            raise self._failure(reason) from None  # from None: the error's text may hold the password

    def _open(self) -> None:
        settings = self.settings
        self._expect(220, self.connect(settings.host, settings.port))
        self._greet()
        if settings.security == "starttls":
            self.stage = "starttls"
            if not self.has_extn("starttls"):
                hint = f"security=none would send everything in the clear; smtps://{settings.host} may be there"
                raise self._failure(f"is not offered ({hint})", permanent=True)
            self._expect(220, self.docmd("STARTTLS"))
            if self._unread:
                raise self._failure("text arrived before the encryption: somebody may intercept this connection", permanent=True)
            self.sock = self._encrypted(self._socket(settings.timeouts.starttls))
            self.helo_resp = self.ehlo_resp = None  # RFC 3207 section 4.2: forget what was said in the clear
            self._greet()
        if settings.user:
            self.stage = "auth"
            self.login(settings.user, settings.password.text)
        size = self.esmtp_features.get("size", "")
        self.offers = Offers(
            eight_bit=self.has_extn("8bitmime"),
            utf8=self.has_extn("smtputf8"),
            size=int(size) if size.isascii() and size.isdigit() else 0,
        )

    def _greet(self) -> None:
        self.stage = "ehlo"
        self.ehlo_or_helo_if_needed()

    def _expect(self, wanted: int, reply: Reply) -> None:
        code, text = reply
        if code != wanted:
            raise self._failure(f"{code} {self._clean(text)}", permanent=code >= 500)

    def ask(self, stage: Stage, command: str) -> Reply:
        """Send a command and return its reply: a success (2yz; 354 to DATA), or a refusal (4yz, 5yz)."""
        self.stage = stage
        code, text = self.docmd(command)
        accepted = code == _START_TEXT if stage == "data" else code < 300
        if code in _CONVERSATION_CODES:
            raise self._failure(f"{code} {clean(text)}")
        if not accepted and code < 400:
            raise self._failure(f"an unexpected reply: {code} {clean(text)}")
        return code, text

    def reset(self) -> None:
        """Clear the server's state after a mail that it refused."""
        code, text = self.ask("rset", "RSET")
        if code >= 400:
            raise self._failure(f"{code} {clean(text)}")

    def hand_over(self, body: bytes) -> Reply:
        """Send a message with its final dot after a DATA that was accepted; return the reply, whatever it says."""
        connected = self._socket(self.settings.timeouts.body)
        # A send that fails has handed over none of its bytes; with TLS that holds for a record, which counts as a whole.
        piece = _TLS_RECORD if isinstance(connected, ssl.SSLSocket) else len(body)
        sent = 0
        while sent < len(body):
            self.stage = "dot" if sent + piece >= len(body) else "body"  # beforehand, in case the sending is interrupted
            try:
                sent += connected.send(body[sent : sent + piece])
            except OSError as error:
                self.stage = "body"
                raise self._cut_off(error) from None
        self.stage = "dot"
        return self.reply()

    def part(self) -> None:
        """Say QUIT; every mail is settled by now, so the reply does not matter."""
        with suppress(SmtpError):
            self.ask("quit", "QUIT")

    def _get_socket(self, host: str, port: int, timeout: float | None) -> socket.socket:  # noqa: ARG002  (smtplib's hook)
        self.stage = "connect"
        plain = socket.create_connection((host, port), self.settings.timeouts.connect)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready = self._encrypted(plain) if self.settings.security == "tls" else plain
        except BaseException:
            plain.close()
            raise
        self.stage = "greeting"
        return ready

    def _encrypted(self, plain: socket.socket) -> ssl.SSLSocket:
        self.stage = "starttls"
        plain.settimeout(self.settings.timeouts.starttls)
        context = ssl.create_default_context(cafile=self.settings.ca_file)
        return context.wrap_socket(plain, server_hostname=self.settings.host)

    def send(self, s: Any) -> None:
        """Send a command; smtplib's methods call this."""
        if self._unread:
            raise self._failure(f"a reply without a command: {self._clean(self._unread)[:80]}")
        try:
            self._socket(self.settings.timeouts.of(self.stage)).sendall(s.encode() if isinstance(s, str) else bytes(s))
        except OSError as error:
            raise self._cut_off(error) from None

    def getreply(self) -> Reply:
        """Return the reply to a command; smtplib's methods call this. Raises SmtpError if the server is going away."""
        code, text = self.reply()
        if code == GOING:
            raise self._failure(f"{code} {self._clean(text)}")
        return code, text

    def reply(self) -> Reply:
        """Return the code and the text of the next reply, its lines joined."""
        deadline = monotonic() + self.settings.timeouts.of(self.stage)
        texts: list[bytes] = []
        known = b""
        while True:
            line = self._line(deadline)
            match = _REPLY_LINE(line)
            if match is None or (texts and match[1] != known) or len(texts) == _MOST_LINES:
                raise self._failure(f"an invalid reply: {self._clean(line)[:80]}")
            known, more, text = match.groups(b"")
            texts.append(text)
            if more != b"-":
                return int(known), b"\n".join(texts)

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._unread[: _LONGEST_LINE + 1]:
            if len(self._unread) > _LONGEST_LINE:
                raise self._failure("an endless reply")
            patience = deadline - monotonic()
            if patience <= 0:
                raise self._failure("no answer in time")
            try:
                more = self._socket(patience).recv(65536)
            except OSError as error:
                raise self._cut_off(error) from None
            if not more:
                raise self._failure("the connection was closed")
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _socket(self, patience: float) -> socket.socket:
        if self.sock is None:
            raise self._failure("the connection was closed")
        self.sock.settimeout(patience)
        return self.sock

    def _cut_off(self, error: OSError) -> SmtpError:
        """Return the failure for a network error, with the server's last words if there are any."""
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
        return SmtpError(self.stage, reason, permanent=permanent)

    def _clean(self, text: bytes) -> str:
        """Return a server's words without the password, which some servers repeat."""
        import base64

        secret = self.settings.password.text.encode()
        plain = f"\0{self.settings.user}\0".encode() + secret
        for each in (base64.b64encode(plain), base64.b64encode(secret), secret):
            text = text.replace(each, b"***") if secret else text
        return clean(text)
