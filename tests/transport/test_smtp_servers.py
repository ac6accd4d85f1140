"""Real servers: aiosmtpd with STARTTLS and AUTH, and postfix's smtp-sink."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword, Session
from aiosmtpd.smtp import Envelope as Received

from svsm_cal.transport.smtp import Outcome, Verdict, deliver
from svsm_cal.transport.smtp_message import Envelope
from svsm_cal.transport.smtp_settings import Secret, Settings, read_settings
from svsm_cal.value import replace
from tests.servers.guard import guarded

PASSWORD = "canary-5be2"
SINK = shutil.which("smtp-sink", path=os.environ["PATH"] + ":/usr/sbin")


def mail(key: int, text: str) -> Envelope:
    head = f"From: chair@example.org\r\nTo: r{key}@example.org\r\nSubject: {key}\r\nDate: Wed, 05 Mar 2025 17:00:00 +0000\r\n"
    data = f"{head}Message-ID: <{key}@example.org>\r\n\r\n{text}".encode()
    return Envelope(key, "chair@example.org", f"r{key}@example.org", data)


TEXTS = ["See you.\r\n", ".\r\n", "..\r\n.\r\n\r\n", "Grüße, 明日\r\n", "x" * 998 + "\r\n", ".x\r\n" * 20000, "\r\n" * 50]


class Keeper:
    """Keeps what comes."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], bytes]] = []

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Received) -> str:  # noqa: N802
        assert session.ssl is not None
        assert session.authenticated
        assert isinstance(envelope.content, bytes)
        self.taken.append((envelope.rcpt_tos, envelope.content))
        return "250 taken"


def authenticate(_server: SMTP, _session: Session, _envelope: Received, _mechanism: str, who: Any) -> AuthResult:
    good = isinstance(who, LoginPassword) and (who.login, who.password) == (b"chair", PASSWORD.encode())
    return AuthResult(success=good, handled=good)


def certificate_for(folder: Path, name: str) -> Path:
    file = folder / "server.pem"
    asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30000", "-subj", "/CN=test"]
    asked += ["-addext", f"subjectAltName={name}", "-keyout", f"{file}.key", "-out", str(file)]
    subprocess.run(asked, check=True, capture_output=True)
    return file


Started = Callable[[str], tuple[Settings, Keeper]]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    """A function that starts aiosmtpd with a certificate for a name, and returns the settings that reach it."""
    running: list[Controller] = []

    def start(name: str) -> tuple[Settings, Keeper]:
        certificate = certificate_for(tmp_path, name)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, f"{certificate}.key")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        keeper = Keeper()
        running.append(
            Controller(
                keeper, "127.0.0.1", port, tls_context=tls, require_starttls=True, authenticator=authenticate, auth_required=True
            )
        )
        running[0].start()
        environ = {"SVSM_CAL_SMTP": f"smtp://chair@127.0.0.1:{port}?ca={certificate}", "SVSM_CAL_SMTP_PASSWORD": PASSWORD}
        return read_settings(None, environ), keeper

    yield start
    for each in running:
        each.stop()


def test_starttls_and_auth(started: Started) -> None:
    settings, keeper = started("IP:127.0.0.1")
    mails = [mail(key, text) for key, text in enumerate(TEXTS)]
    outcomes: list[Outcome] = []
    assert deliver(mails, settings, settle=outcomes.append) is None
    assert [(each.key, each.verdict) for each in outcomes] == [(each.key, Verdict.SENT) for each in mails]
    assert keeper.taken == [([each.recipient], each.data) for each in mails]


@pytest.mark.parametrize(
    ("wrong", "stage", "reason"),
    [
        ("name", "starttls", "its certificate is not trusted"),
        ("issuer", "starttls", "its certificate is not trusted"),
        ("password", "auth", "535"),
        ("security", "starttls", "TLS"),
    ],
)
def test_who_is_not_to_be_trusted_gets_nothing(started: Started, wrong: str, stage: str, reason: str) -> None:
    settings, keeper = started("DNS:other.example.org" if wrong == "name" else "IP:127.0.0.1")
    if wrong == "issuer":
        settings = replace(settings, ca_file=None)
    elif wrong == "password":
        settings = replace(settings, password=Secret("canary-wrong"))
    elif wrong == "security":
        settings = replace(settings, security="tls", failures=1)
    outcomes: list[Outcome] = []
    broken = deliver([mail(1, "x\r\n")], settings, settle=outcomes.append)
    assert broken is not None
    assert broken.stage == stage
    assert broken.permanent == (wrong != "security")
    assert reason in str(broken) or wrong == "security"
    assert "canary" not in str(broken) + repr(broken)
    assert outcomes == []
    assert keeper.taken == []


@pytest.fixture
def sink() -> Iterator[Callable[..., tuple[Settings, Path]]]:
    """A function that starts smtp-sink with options, and returns its settings and the folder it dumps messages to."""
    if SINK is None:
        pytest.skip("smtp-sink is not installed")
    running = ExitStack()
    folder = Path(tempfile.mkdtemp())  # pytest's own folders are closed to the user that smtp-sink becomes
    user: list[str] = []
    if getpass.getuser() == "root":  # which smtp-sink does not want to be
        user = ["-u", "nobody"]
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)

    def start(*options: str) -> tuple[Settings, Path]:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        assert SINK is not None
        running.enter_context(
            guarded([SINK, *user, "-d", f"{folder}/m", *options, f"127.0.0.1:{port}", "100"], folder=str(folder))
        )
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        return Settings("127.0.0.1", port, "none", hello="here.example.org", pause=0.001), folder

    with running:
        yield start
    shutil.rmtree(folder, ignore_errors=True)


def dumped(folder: Path) -> dict[str, bytes]:
    """Return the messages that smtp-sink wrote, by recipient, without the lines that it puts before."""
    messages = {}
    for file in folder.iterdir():
        head, _, rest = file.read_bytes().partition(b"\nReceived: from ")
        text = rest.split(b"\n", 3)[3]
        messages[head.partition(b"X-Rcpt-Args: <")[2].decode().rstrip(">")] = text.removesuffix(b"\n").replace(b"\n", b"\r\n")
    return messages


def test_a_thousand_mails_arrive_byte_for_byte(sink: Callable[..., tuple[Settings, Path]]) -> None:
    settings, folder = sink()
    mails = [mail(key, TEXTS[key % len(TEXTS)] if key % len(TEXTS) != 5 or key < 10 else f".{key}\r\n") for key in range(1000)]
    outcomes: list[Outcome] = []
    assert deliver(mails, settings, settle=outcomes.append) is None
    assert [(each.key, each.verdict) for each in outcomes] == [(each.key, Verdict.SENT) for each in mails]
    assert dumped(folder) == {each.recipient: each.data for each in mails}


@pytest.mark.parametrize(
    ("options", "verdict", "stage"),
    [
        (["-r", "rcpt"], "deferred", "rcpt"),
        (["-f", "rcpt"], "refused", "rcpt"),
        (["-r", "data"], "deferred", "data"),
        (["-f", "data"], "refused", "data"),
        (["-r", "."], "deferred", "dot"),
        (["-f", "."], "refused", "dot"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_refusals_are_each_mails_own(
    sink: Callable[..., tuple[Settings, Path]], options: list[str], verdict: str, stage: str
) -> None:
    settings, _ = sink(*options)
    outcomes: list[Outcome] = []
    assert deliver([mail(key, "x\r\n") for key in range(50)], settings, settle=outcomes.append) is None
    assert [(each.key, each.verdict.value, each.stage) for each in outcomes] == [(key, verdict, stage) for key in range(50)]


@pytest.mark.parametrize("stage", ["connect", "helo", "ehlo", "mail", "rcpt", "data", "."])
def test_a_server_that_hangs_up_takes_nothing(sink: Callable[..., tuple[Settings, Path]], stage: str) -> None:
    settings, folder = sink("-q", stage)
    outcomes: list[Outcome] = []
    broken = deliver([mail(key, "x\r\n") for key in range(50)], settings, settle=outcomes.append)
    if stage == "helo":
        assert broken is None
        assert len(dumped(folder)) == 50
        return
    assert broken is not None
    wanted = {"connect": [], "ehlo": [], ".": ["uncertain"] * 3}.get(stage, ["deferred"])
    assert [each.verdict.value for each in outcomes] == wanted
