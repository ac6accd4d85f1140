"""Every fault at every stage, 50 mails: none lost, none with two outcomes, a second copy only where nobody can know.

The server here says exactly what a test scripts, and keeps what it took.
"""

from __future__ import annotations

import socket
import ssl
import struct
import subprocess
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from svsm_cal.transport import smtp
from svsm_cal.transport.smtp import Broken, Outcome, Verdict, deliver
from svsm_cal.transport.smtp_connection import Connection
from svsm_cal.transport.smtp_message import Envelope
from svsm_cal.transport.smtp_settings import Secret, Settings, Timeouts
from svsm_cal.value import replace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

RECIPIENTS = 50
FAULTY = 20  # the mail that a fault hits
SHORT = 0.4  # seconds, at the stage that a test is about; the others have long enough for a busy machine
PATIENT = Timeouts(*[20] * 10)
PASSWORD = "canary-7f3a"

GOOD = {
    "greeting": "220 mail.example.org", "ehlo": "", "helo": "250 mail.example.org", "starttls": "220 go on",
    "auth": "235 welcome", "rset": "250 ok", "mail": "250 ok", "rcpt": "250 ok", "data": "354 go on", "dot": "250 taken",
    "quit": "221 bye",
}  # fmt: skip
WRONG = {
    "greeting": "250", "ehlo": "354", "starttls": "250", "auth": "250", "rset": "354", "mail": "354", "rcpt": "354",
    "data": "250", "dot": "354", "quit": "354",
}  # fmt: skip


class Gone(Exception):  # noqa: N818
    """The server ends this conversation."""


@dataclass
class FaultyServer:
    """A mail server that does as told: `replies` for a stage always, `fault` at one stage of one mail, or of all."""

    tls: ssl.SSLContext | None = None
    fault: tuple[str, str] | None = None
    only: str | None = None  # the recipient that the fault hits, once; None: everyone, always
    replies: dict[str, str] = field(default_factory=dict)
    refuses: dict[str, str] = field(default_factory=dict)  # recipient: what RCPT gets
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    seen: list[tuple[str, bytes]] = field(default_factory=list)
    doubtful: Counter[int] = field(default_factory=Counter)  # by connection: ends of mails that got no good answer
    chunks: list[bytes] = field(default_factory=list)
    connections: int = 0
    texts: int = 0

    def __enter__(self) -> FaultyServer:
        self.listener = socket.create_server(("127.0.0.1", 0))
        if self.fault and self.fault[0] == "body":
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        self.port = self.listener.getsockname()[1]
        self.open: list[socket.socket] = []
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()
        if self.fault == ("connect", "refused"):
            self.stop()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for each in [*self.open]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection, self.connections))
            self.threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        conversation = _Conversation(self, connection, number)
        with suppress(Gone, OSError):
            conversation.run()
        conversation.socket.close()


class _Conversation:
    def __init__(self, server: FaultyServer, connection: socket.socket, number: int) -> None:
        self.server, self.socket, self.number = server, connection, number
        self.unread = b""
        self.unsent = b""
        self.recipient = ""

    def line(self) -> bytes:
        while b"\n" not in self.unread:
            self.more()
        line, _, self.unread = self.unread.partition(b"\n")
        return line.strip()

    def more(self) -> None:
        self.flush()
        chunk = self.socket.recv(65536)
        if not chunk:
            raise Gone
        self.server.chunks.append(chunk)
        self.unread += chunk

    def flush(self) -> None:
        unsent, self.unsent = self.unsent, b""
        if unsent:
            self.socket.sendall(unsent)

    def run(self) -> None:
        server = self.server
        self.answer("greeting")
        in_mail = has_recipient = False
        while True:
            line = self.line()
            verb = line.split(b" ")[0].split(b":")[0].decode().lower()
            match verb:
                case "ehlo":
                    offers = ["mail.example.org", "8BITMIME", "AUTH PLAIN LOGIN"]
                    offers += ["STARTTLS"] * (server.tls is not None)
                    end = len(offers) - 1
                    self.answer("ehlo", "\r\n".join(f"250{' ' if n == end else '-'}{each}" for n, each in enumerate(offers)))
                case "starttls":
                    if self.answer("starttls") == "220":
                        self.flush()
                        if server.fault == ("starttls", "nonsense") and not self.is_spent():
                            self.socket.sendall(b"this is no handshake\r\n" * 9)
                            raise Gone
                        assert server.tls is not None
                        self.socket = server.tls.wrap_socket(self.socket, server_side=True)
                        server.open.append(self.socket)
                case "mail":
                    key = line.partition(b"+")[2].partition(b"@")[0].decode()
                    in_mail, has_recipient = self.answer("mail", recipient=f"r{key}@example.org") == "250", False
                case "rcpt":
                    self.recipient = line[9:-1].decode()
                    good = server.refuses.get(self.recipient) or (None if in_mail else "503 no sender")
                    has_recipient = self.answer("rcpt", good).startswith("2")
                case "data":
                    if self.answer("data", None if has_recipient else "503 no recipient") == "354":
                        self.text()
                        in_mail = has_recipient = False
                case "rset":
                    in_mail = self.answer("rset") != "250" and in_mail
                case "quit":
                    self.answer("quit")
                    self.flush()
                    raise Gone
                case _:
                    self.answer(verb)

    def text(self) -> None:
        server = self.server
        server.texts += 1
        if server.fault and server.fault[0] == "body" and self.hits(server.fault[0]):
            self.more()
            self.misbehave("body", server.fault[1])
        read, begin = bytearray(self.unread), 0
        while read.find(b"\r\n.\r\n", begin) < 0:
            begin, self.unread = max(0, len(read) - 4), b""
            self.more()
            read += self.unread
        body, _, self.unread = bytes(read).partition(b"\r\n.\r\n")
        mail = (self.recipient, (body + b"\r\n").replace(b"\r\n..", b"\r\n."))
        server.seen.append(mail)
        server.doubtful[self.number] += 1
        if self.answer("dot").startswith("2"):
            server.taken.append(mail)
            server.doubtful[self.number] -= 1

    def is_spent(self) -> bool:
        return self.server.only == "spent"

    def hits(self, stage: str, recipient: str | None = None) -> bool:
        """Say whether the fault is due here, and remember that it was."""
        server = self.server
        if server.only is None:
            return True
        if server.only == (recipient or self.recipient) or (
            stage in {"greeting", "ehlo", "starttls", "auth", "quit", "rset"} and not self.is_spent()
        ):
            server.only = "spent"
            with suppress(OSError):  # from here on mails go through as quickly as anywhere
                server.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            return True
        return False

    def answer(self, stage: str, good: str | None = None, recipient: str | None = None) -> str:
        server = self.server
        if server.fault and server.fault[0] == stage and server.fault[1] != "nonsense" and self.hits(stage, recipient):
            return self.misbehave(stage, server.fault[1])
        reply = server.replies.get(stage) or good or GOOD.get(stage, "500 what?")
        self.unsent += reply.encode() + b"\r\n"
        return reply[:3]

    def misbehave(self, stage: str, fault: str) -> str:
        replies = {"4xx": "450 later", "5xx": "550 never", "421": "421 going", "wrong": f"{WRONG.get(stage)} what?"}
        if fault in replies:
            self.unsent += replies[fault].encode() + b"\r\n"
            if fault == "421":
                self.flush()
                raise Gone
            return replies[fault][:3]
        self.flush()
        match fault:
            case "timeout" if stage == "body":
                time.sleep(3 * SHORT)
            case "timeout":
                with suppress(OSError):
                    while self.socket.recv(65536):
                        pass
            case "reset":
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case "garbage":
                self.socket.sendall(b"\x00\xff<html>\r\n" * 3)
                self.socket.recv(65536)
            case "long":
                with suppress(OSError):
                    self.socket.sendall(b"250 " + b"x" * 20000)
                self.socket.recv(65536)
            case "drip":
                for byte in b"250-slow\r\n" * 20:
                    self.socket.sendall(bytes([byte]))
                    time.sleep(0.05)
        raise Gone


def mail(key: int, text: bytes = b"See you.\r\n.hidden\r\n") -> Envelope:
    head = f"From: chair@example.org\r\nTo: r{key}@example.org\r\nSubject: {key}\r\nDate: Wed, 05 Mar 2025 17:00:00 +0000\r\n"
    return Envelope(
        key, f"chair+{key}@example.org", f"r{key}@example.org", f"{head}Message-ID: <{key}@example.org>\r\n\r\n".encode() + text
    )


MAILS = [mail(key) for key in range(RECIPIENTS)]


def settings_for(server: FaultyServer, **more: object) -> Settings:
    return replace(Settings("127.0.0.1", server.port, "none", hello="here.example.org", pause=0.001, timeouts=PATIENT), **more)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    request = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "30000",
        "-subj",
        "/CN=localhost",
        "-addext",
        names,
    ]
    subprocess.run([*request, "-keyout", f"{file}.key", "-out", str(file)], check=True, capture_output=True)
    return file


@pytest.fixture(scope="session")
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")
    return context


LOST = ("timeout", "reset", "closed", "garbage", "421", "drip", "long", "wrong")
# What the 20th mail comes to when the fault happens once: at that mail, or on the first connection.
ONCE: dict[tuple[str, str], str] = {
    **{(stage, fault): "sent" for stage in ("greeting", "ehlo", "starttls", "auth") for fault in LOST},
    **{(stage, fault): "sent" for stage in ("rset", "mail", "rcpt", "data", "quit") for fault in LOST},
    **{("body", fault): "sent" for fault in ("timeout", "reset", "closed", "421")},
    **{("dot", fault): "uncertain" for fault in LOST},
    ("dot", "421"): "deferred",
    ("mail", "4xx"): "deferred", ("mail", "5xx"): "deferred",
    ("rcpt", "4xx"): "deferred", ("rcpt", "5xx"): "refused",
    ("data", "4xx"): "deferred", ("data", "5xx"): "refused",
    ("dot", "4xx"): "deferred", ("dot", "5xx"): "refused",
    ("greeting", "4xx"): "sent", ("greeting", "5xx"): "broken",
    ("ehlo", "4xx"): "sent", ("ehlo", "5xx"): "sent",  # HELO will do
    ("starttls", "4xx"): "sent", ("starttls", "5xx"): "broken", ("starttls", "nonsense"): "broken",
    ("auth", "4xx"): "sent", ("auth", "5xx"): "sent",  # the first of two ways to sign in
    ("rset", "4xx"): "sent", ("rset", "5xx"): "sent",
    ("quit", "4xx"): "sent", ("quit", "5xx"): "sent",
}  # fmt: skip

# The outcomes when it happens every time, and whether delivery ends; the others are not touched.
ALWAYS: dict[tuple[str, str], tuple[dict[str, int], bool]] = {
    ("connect", "refused"): ({}, True),
    **{(stage, fault): ({}, True) for stage in ("greeting", "starttls", "auth") for fault in (*LOST, "4xx", "5xx")},
    **{("ehlo", fault): ({}, True) for fault in LOST if fault != "wrong"},
    **{(stage, fault): ({"deferred": 1}, True) for stage in ("mail", "rcpt", "data") for fault in LOST},
    **{("mail", fault): ({"deferred": 3}, True) for fault in ("4xx", "5xx")},
    **{(stage, "4xx"): ({"deferred": RECIPIENTS}, False) for stage in ("rcpt", "data", "dot")},
    **{(stage, "5xx"): ({"refused": RECIPIENTS}, False) for stage in ("rcpt", "data", "dot")},
    **{("dot", fault): ({"uncertain": 3}, True) for fault in LOST},
    ("dot", "421"): ({"deferred": 3}, True),
    **{("quit", fault): ({"sent": RECIPIENTS}, False) for fault in (*LOST, "4xx", "5xx")},
}  # fmt: skip


def sent_through(server: FaultyServer, mails: list[Envelope], settings: Settings) -> tuple[list[Outcome], Broken | None]:
    outcomes: list[Outcome] = []
    return outcomes, deliver(mails, settings, settle=outcomes.append)


def fitted(server: FaultyServer, stage: str, certificate: Path) -> Settings:
    waits = {"ehlo": "greeting", "rset": "mail", "connect": "greeting"}.get(stage, stage)
    passes = server.fault is not None and server.fault[1] in {"timeout", "drip"}
    settings = settings_for(server, timeouts=replace(PATIENT, **{waits: SHORT}) if passes else PATIENT)
    if stage == "starttls":
        settings = replace(settings, security="starttls", ca_file=str(certificate))
    return replace(settings, user="chair", password=Secret(PASSWORD)) if stage == "auth" else settings


def check_and_resend(server: FaultyServer, mails: list[Envelope], outcomes: list[Outcome], settings: Settings) -> None:
    """Hold outcomes against what the server took; then send again what is not settled, as the outbox does, and count."""
    bytes_of = {each.recipient: each.data for each in mails}
    by_key = {each.key: each for each in outcomes}
    assert len(by_key) == len(outcomes), "two outcomes for one mail"
    assert all(bytes_of[recipient] == data for recipient, data in server.seen)
    taken = Counter(recipient for recipient, _ in server.taken)
    for each in mails:
        verdict = by_key[each.key].verdict if each.key in by_key else None
        assert taken[each.recipient] == (1 if verdict is Verdict.SENT else 0), (each.key, verdict)
    assert PASSWORD not in repr(outcomes)
    uncertain = {each.key for each in outcomes if each.verdict is Verdict.UNCERTAIN}
    assert all(by_key[key].stage == "dot" for key in uncertain)
    assert max(server.doubtful.values(), default=0) <= 1 or not uncertain
    assert uncertain <= {key for key in by_key if f"r{key}@example.org" in {recipient for recipient, _ in server.seen}}

    final = {each.key for each in outcomes if each.verdict in {Verdict.SENT, Verdict.REFUSED}}
    with FaultyServer(tls=server.tls) as healthy:
        again, broken = sent_through(
            healthy, [each for each in mails if each.key not in final], replace(settings, port=healthy.port)
        )
    assert broken is None
    assert {each.verdict for each in again} <= {Verdict.SENT}
    copies = Counter(recipient for recipient, _ in server.taken + healthy.taken)
    refused = {f"r{each.key}@example.org" for each in outcomes if each.verdict is Verdict.REFUSED}
    assert copies == {each.recipient: 1 for each in mails if each.recipient not in refused}
    assert all(bytes_of[recipient] == data for recipient, data in healthy.taken)


def cases(table: Collection[tuple[str, str]], *, brief: Collection[tuple[str, str]]) -> list[object]:
    """Return a table's cases; those that wait for time to pass are a soak, but for a few."""
    slow = {each for each in table if (each[0] == "body" or each[1] in {"timeout", "drip"}) and each not in brief}
    return [pytest.param(*each, id="-".join(each), marks=[pytest.mark.soak] * (each in slow)) for each in sorted(table)]


SLOW = {
    ("body", "reset"),
    *((each, "timeout") for each in ("greeting", "starttls", "auth", "mail", "rcpt", "data", "body", "dot")),
    ("dot", "drip"),
}


@pytest.mark.parametrize(("stage", "fault"), cases(ONCE, brief=SLOW))
def test_a_fault_that_happens_once(stage: str, fault: str, certificate: Path, server_tls: ssl.SSLContext) -> None:
    expected = ONCE[stage, fault]
    mails = MAILS
    if stage == "body":  # more than the network's buffers hold, so that the end is not handed over
        mails = [mail(each.key, b"x" * 900 + b"\r\n" + (b"y" * 900 + b"\r\n") * 7000 * (each.key == FAULTY)) for each in MAILS]
    with FaultyServer(
        fault=(stage, fault),
        only=f"r{FAULTY}@example.org",
        tls=server_tls if stage == "starttls" else None,
    ) as server:
        if stage == "rset":
            server.refuses["r19@example.org"] = "550 no such user"
        settings = fitted(server, stage, certificate)
        outcomes, broken = sent_through(server, mails, settings)
    verdicts = {each.key: each.verdict.value for each in outcomes}
    if expected == "broken":
        assert broken is not None
        assert broken.stage == stage
        assert verdicts == {}
    else:
        assert broken is None
        wanted = dict.fromkeys(range(RECIPIENTS), "sent") | {FAULTY: expected} | ({19: "refused"} if stage == "rset" else {})
        assert verdicts == wanted
    check_and_resend(server, mails, outcomes, settings)


@pytest.mark.parametrize(("stage", "fault"), cases(ALWAYS, brief={("dot", "timeout")}))
def test_a_fault_that_never_ends(stage: str, fault: str, certificate: Path, server_tls: ssl.SSLContext) -> None:
    expected, breaks = ALWAYS[stage, fault]
    with FaultyServer(fault=(stage, fault), tls=server_tls if stage == "starttls" else None) as server:
        settings = fitted(server, stage, certificate)
        outcomes, broken = sent_through(server, MAILS, settings)
    assert Counter(each.verdict.value for each in outcomes) == expected
    assert (broken is not None) == breaks
    if broken is not None:
        assert broken.stage == stage or (broken.stage, stage, fault) == ("connect", "greeting", "reset")
        assert broken.permanent == (fault == "5xx")
        assert PASSWORD not in str(broken)
        assert str(broken).startswith(f"127.0.0.1:{settings.port}: ")
    check_and_resend(server, MAILS, outcomes, settings)


@pytest.mark.parametrize("fault", ["timeout", "reset", "closed", "garbage", "4xx", "5xx"])
@pytest.mark.parametrize("stage", ["rcpt", "dot"])
def test_the_same_over_tls(stage: str, fault: str, certificate: Path, server_tls: ssl.SSLContext) -> None:
    with FaultyServer(fault=(stage, fault), only=f"r{FAULTY}@example.org", tls=server_tls) as server:
        settings = replace(fitted(server, stage, certificate), security="starttls", ca_file=str(certificate))
        outcomes, broken = sent_through(server, MAILS, settings)
    assert broken is None
    assert {each.key: each.verdict.value for each in outcomes} == {
        **dict.fromkeys(range(RECIPIENTS), "sent"),
        FAULTY: ONCE[stage, fault],
    }
    check_and_resend(server, MAILS, outcomes, settings)


def test_a_mail_is_settled_before_the_next_one_is_read() -> None:
    settled: list[int] = []

    def mails() -> Iterator[Envelope]:
        for each in MAILS:
            assert settled == list(range(each.key))
            yield each

    with FaultyServer() as server:
        assert deliver(mails(), settings_for(server), settle=lambda outcome: settled.append(outcome.key)) is None
    assert settled == list(range(RECIPIENTS))
    assert server.connections == 1


def test_a_refused_recipient_is_that_mail_s_alone() -> None:
    refused = {f"r{key}@example.org": "550 5.1.1 unknown" for key in (0, 7, 8, 9, 49)}
    with FaultyServer(refuses=refused) as server:
        outcomes, broken = sent_through(server, MAILS, settings_for(server))
    assert broken is None
    assert server.connections == 1
    assert {each.key for each in outcomes if each.verdict is Verdict.REFUSED} == {0, 7, 8, 9, 49}
    assert next(each for each in outcomes if each.key == 7) == Outcome(7, Verdict.REFUSED, "rcpt", 550, "5.1.1 unknown")
    check_and_resend(server, MAILS, outcomes, settings_for(server))


@pytest.mark.parametrize(
    ("stage", "reply", "verdict"),
    [
        ("mail", "552 5.3.4 too large", "refused"),
        ("rcpt", "501 5.1.3 bad syntax", "refused"),
        ("rcpt", "251 will forward", "sent"),
        ("dot", "252 somehow", "sent"),
        ("dot", "554 5.7.1 spam", "refused"),
        ("rcpt", "530 sign in first", None),
        ("data", "503 wrong order", None),
    ],
)
def test_what_a_reply_says_of_a_mail(stage: str, reply: str, verdict: str | None) -> None:
    with FaultyServer(replies={stage: reply}) as server:
        outcomes, broken = sent_through(server, MAILS[:3], settings_for(server))
    if verdict is None:
        assert broken is not None
        assert reply[4:] in str(broken)
    else:
        assert [each.verdict.value for each in outcomes] == [verdict] * 3
        assert {each.text for each in outcomes if each.stage == stage} <= {reply[4:]}


def test_a_reply_is_shown_in_one_bounded_line() -> None:
    with FaultyServer(replies={"dot": "550-\x1b[31mred\x07\r\n550-\xe9t\xe9 \u202e\r\n550 " + "x" * 3000}) as server:
        outcomes, _ = sent_through(server, MAILS[:1], settings_for(server))
    assert outcomes[0].text.startswith("[31mred  été")
    assert outcomes[0].text.isprintable()
    assert len(outcomes[0].text) <= 500


def test_a_server_that_repeats_the_password_is_not_quoted() -> None:
    import base64

    echo = base64.b64encode(f"\0chair\0{PASSWORD}".encode()).decode()
    with FaultyServer(replies={"auth": f"535 {PASSWORD} {echo} is wrong"}) as server:
        settings = replace(settings_for(server), user="chair", password=Secret(PASSWORD))
        outcomes, broken = sent_through(server, MAILS, settings)
    assert str(broken) == f"127.0.0.1:{server.port}: signing in: 535 *** *** is wrong"
    assert broken is not None
    assert broken.permanent
    assert outcomes == []
    assert PASSWORD not in repr(settings)
    assert server.connections == 1, "a wrong password is not tried again and again"


def test_text_ahead_of_the_encryption_is_an_attack(certificate: Path, server_tls: ssl.SSLContext) -> None:
    with FaultyServer(tls=server_tls, replies={"starttls": "220 go on\r\n250 injected"}) as server:
        settings = replace(settings_for(server), security="starttls", ca_file=str(certificate))
        outcomes, broken = sent_through(server, MAILS, settings)
    assert broken is not None
    assert broken.permanent
    assert "somebody may intercept" in str(broken)
    assert outcomes == []


def test_without_starttls_nothing_is_said_in_the_clear() -> None:
    with FaultyServer() as server:
        settings = replace(settings_for(server), security="starttls", user="chair", password=Secret(PASSWORD))
        _, broken = sent_through(server, MAILS, settings)
    assert broken is not None
    assert broken.permanent
    assert broken.stage == "starttls"
    assert b"AUTH" not in b"".join(server.chunks)
    assert b"MAIL" not in b"".join(server.chunks)


@pytest.mark.parametrize(("limit", "connections"), [(1, 50), (7, 8), (50, 1), (100, 1)])
def test_as_many_mails_a_connection_as_allowed(limit: int, connections: int) -> None:
    with FaultyServer() as server:
        outcomes, broken = sent_through(server, MAILS, settings_for(server, per_connection=limit))
    assert broken is None
    assert server.connections == connections
    assert [each.verdict for each in outcomes] == [Verdict.SENT] * RECIPIENTS


def test_the_rate_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(smtp, "monotonic", lambda: now[0])
    monkeypatch.setattr(smtp, "sleep", sleep)
    with FaultyServer() as server:
        outcomes, _ = sent_through(server, MAILS[:11], settings_for(server, rate=5.0))
    assert [each.verdict for each in outcomes] == [Verdict.SENT] * 11
    assert sum(waited) == pytest.approx(2.0)


def test_stop_ends_after_the_mail_on_its_way() -> None:
    outcomes: list[Outcome] = []
    with FaultyServer() as server:
        assert deliver(MAILS, settings_for(server), settle=outcomes.append, stop=lambda: len(outcomes) >= 10) is None
    assert [each.key for each in outcomes] == list(range(10))
    check_and_resend(server, MAILS, outcomes, settings_for(server))


def test_bookkeeping_that_fails_ends_delivery_at_once() -> None:
    settled: list[Outcome] = []

    def settle(outcome: Outcome) -> None:
        settled.append(outcome)
        if outcome.key == FAULTY:
            raise OSError("disk full")

    with FaultyServer() as server, pytest.raises(OSError, match="disk full"):
        deliver(MAILS, settings_for(server), settle=settle)
    assert [each.key for each in settled] == list(range(FAULTY + 1))
    assert len(server.taken) == FAULTY + 1
    assert len(server.seen) == FAULTY + 1


@pytest.mark.parametrize(("stage", "uncertain"), [("mail", []), ("rcpt", []), ("data", []), ("dot", [FAULTY])])
def test_an_interrupt_leaves_no_mail_unexplained(stage: str, uncertain: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes: list[Outcome] = []
    plain = Connection.reply

    def reply(self: Connection) -> tuple[int, bytes]:
        if self.stage == stage and len(outcomes) == FAULTY:
            raise KeyboardInterrupt
        return plain(self)

    monkeypatch.setattr(Connection, "reply", reply)
    with FaultyServer() as server, pytest.raises(KeyboardInterrupt):
        deliver(MAILS, settings_for(server), settle=outcomes.append)
    monkeypatch.undo()
    assert [each.key for each in outcomes if each.verdict is Verdict.UNCERTAIN] == uncertain
    assert [each.key for each in outcomes if each.verdict is Verdict.SENT] == list(range(FAULTY))


def test_an_interrupt_between_two_mails_leaves_neither_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes: list[Outcome] = []
    now = [1000.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds
        if len(outcomes) == FAULTY:
            raise KeyboardInterrupt

    monkeypatch.setattr(smtp, "monotonic", lambda: now[0])
    monkeypatch.setattr(smtp, "sleep", sleep)
    with FaultyServer() as server, pytest.raises(KeyboardInterrupt):
        deliver(MAILS, settings_for(server, rate=5.0), settle=outcomes.append)
    monkeypatch.undo()
    assert [each.verdict for each in outcomes] == [Verdict.SENT] * FAULTY
    check_and_resend(server, MAILS, outcomes, settings_for(server))


def test_mails_that_cannot_be_read_leave_the_one_before_untouched() -> None:
    def mails() -> Iterator[Envelope]:
        yield from MAILS[:FAULTY]
        raise RuntimeError("the store is gone")

    outcomes: list[Outcome] = []
    with FaultyServer() as server, pytest.raises(RuntimeError, match="the store is gone"):
        deliver(mails(), settings_for(server), settle=outcomes.append)
    assert [each.key for each in outcomes] == list(range(FAULTY))
    check_and_resend(server, MAILS, outcomes, settings_for(server))


def test_mails_that_the_server_has_no_way_to_take_are_refused_without_asking() -> None:
    wide = mail(1, "Grüße\r\n".encode())
    address = replace(mail(2), recipient="jörg@example.org")
    with FaultyServer(fault=("ehlo", "5xx")) as server:  # HELO: no 8BITMIME
        outcomes, broken = sent_through(server, [mail(0), wide, address, mail(3)], settings_for(server))
    assert broken is None
    assert [(each.key, each.verdict.value, each.stage) for each in outcomes] == [
        (0, "sent", "dot"), (1, "refused", "entry"), (2, "refused", "entry"), (3, "sent", "dot"),
    ]  # fmt: skip
    assert [recipient for recipient, _ in server.seen] == ["r0@example.org", "r3@example.org"]


def test_nothing_to_send_opens_nothing() -> None:
    bad = replace(MAILS[0], recipient="a b@example.org")
    outcomes: list[Outcome] = []
    with FaultyServer() as server:
        assert deliver([bad], settings_for(server), settle=outcomes.append) is None
        assert deliver([], settings_for(server), settle=outcomes.append) is None
    assert server.connections == 0
    assert [each.stage for each in outcomes] == ["entry"]


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(60))
def test_a_server_that_fails_at_random(seed: int) -> None:
    """Any stage, any fault, again and again; the outbox sends what is not settled until all is, with the same bytes."""
    import random

    choose = random.Random(seed)
    left = {each.key: each for each in MAILS}
    doubtful: Counter[int] = Counter()
    taken: Counter[str] = Counter()
    for _ in range(60):
        stage, fault = choose.choice(
            sorted(each for each in ONCE if each[0] not in {"starttls", "auth", "body"} and each[1] != "5xx")
        )
        only = f"r{choose.choice(sorted(left))}@example.org"
        with FaultyServer(fault=(stage, fault), only=only) as server:
            outcomes, _ = sent_through(
                server,
                list(left.values()),
                settings_for(server, per_connection=choose.randint(1, 30), timeouts=Timeouts(*[SHORT] * 10)),
            )
        assert len({each.key for each in outcomes}) == len(outcomes)
        for each in outcomes:
            doubtful[each.key] += each.verdict is Verdict.UNCERTAIN
            if each.verdict is Verdict.SENT:
                del left[each.key]
        taken.update(recipient for recipient, _ in server.taken)
        assert all(data == MAILS[int(recipient[1:].partition("@")[0])].data for recipient, data in server.seen)
        if not left:
            break
        if choose.random() < 0.5:
            left = dict(sorted(left.items(), key=lambda _: choose.random()))
    assert not left
    assert taken == {each.recipient: 1 for each in MAILS}
