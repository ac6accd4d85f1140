"""What is checked before a mail is sent: settings, addresses, bytes, dots, signatures."""

from __future__ import annotations

import re
import subprocess
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import dkim
import pytest
from hypothesis import given
from hypothesis import strategies as st

from svsm_cal.errors import UsageError
from svsm_cal.transport.dkim import read_signer, signer
from svsm_cal.transport.smtp_message import Envelope, Prepared, Unfit, dot_stuffed, flaw_of_address, flaw_of_message, prepare
from svsm_cal.transport.smtp_settings import Secret, Settings, Timeouts, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = b"From: a@example.org\r\nTo: b@example.org\r\nDate: Wed, 05 Mar 2025 17:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n"
MESSAGE = HEAD + b"Subject: The call\r\n moves\r\n\r\nSee you.\r\n"
CANARY = "canary-91c4"


# -- addresses


@pytest.mark.parametrize(
    "address",
    ["a@example.org", "a.b+c=d@mail.example.org", "o'neil@example.org", "a@localhost", "a@[127.0.0.1]", "a@[IPv6:::1]",
     "jörg@example.org", "a@bücher.example.org", "用户@例子.广告", "x" * 64 + "@example.org"],
)  # fmt: skip
def test_addresses_that_can_be_written_to(address: str) -> None:
    assert flaw_of_address(address) == ""


@pytest.mark.parametrize(
    "address",
    ["", "a", "@example.org", "a@", "a@b@c", "a b@example.org", "a@example.org\r\nDATA", "a@example.org\n", "a\0@example.org",
     "<a@example.org>", "a@example.org>", "a@example.org> SIZE=1", "a@exam ple.org", "a\t@example.org", "a\x7f@example.org",
     "a\x85@example.org", "a\u2028@example.org", "a\u202e@example.org", "a\ud800@example.org", "a\xa0@example.org",
     "a,b@example.org", '"a b"@example.org', '"a"@example.org', "a@example..org", "a@.example.org", "a@example.org.",
     "a:b@example.org", "a@[127.0.0.1", "x" * 65 + "@example.org", "a@" + "x." * 130 + "org", "ж" * 130 + "@example.org",
     "ж,b@example.org", "ж@example.org>", "ж(b)@example.org"],
)  # fmt: skip
def test_addresses_that_nothing_is_sent_to(address: str) -> None:
    assert flaw_of_address(address)
    assert isinstance(prepare(Envelope(1, "a@example.org", address, MESSAGE)), Unfit)
    if address:  # an empty sender is what a message has that nobody answers
        assert isinstance(prepare(Envelope(1, address, "a@example.org", MESSAGE)), Unfit)


@given(st.text(max_size=30))
def test_no_address_adds_to_a_command(text: str) -> None:
    prepared = prepare(Envelope(1, "", text, MESSAGE))
    if isinstance(prepared, Prepared):
        assert re.fullmatch(r"RCPT TO:<[^<>\s\x00-\x1f\x7f]+>", prepared.rcpt)
        assert prepared.rcpt[9:-1] == text
        assert prepared.utf8 == (not text.isascii())
    else:
        assert re.fullmatch(r"[A-Za-z0-9._-]+@[A-Za-z0-9-]+", text) is None


# -- bytes


@pytest.mark.parametrize(
    ("data", "flaw"),
    [
        (MESSAGE, ""),
        (HEAD + b"\r\n", ""),
        (MESSAGE + b"." * 998 + b"\r\n", ""),
        (HEAD + b"Subject: \xc3\xa4\r\n\r\n", ""),
        (b"", "does not end with a line end"),
        (MESSAGE + b"x", "does not end with a line end"),
        (MESSAGE + b"x\n", "has a carriage return without"),
        (MESSAGE + b"x\r\r\n", "has a carriage return without"),
        (MESSAGE + b"\n.\n\r\n", "has a carriage return without"),
        (MESSAGE + b"\r.\r\r\n", "has a carriage return without"),
        (MESSAGE + b"\n\r\r\n", "has a carriage return without"),
        (MESSAGE + b"\0\r\n", "NUL"),
        (MESSAGE + b"x" * 999 + b"\r\n", "more than 998"),
        (HEAD, "no header"),
        (b"\r\n" + MESSAGE, "no header"),
        (b"See you.\r\n", "no header"),
        (HEAD + b"no field\r\n\r\n", "no header"),
        (HEAD + b"Sub ject: x\r\n\r\n", "no header"),
        (b" folded\r\n" + MESSAGE, "no header"),
        (HEAD + b"To: c@example.org\r\n\r\n", "twice: to"),
        (HEAD + b"FROM: c@example.org\r\n\r\n", "twice: from"),
        (HEAD + b"Subject: a\r\nsubject: b\r\n\r\n", "twice: subject"),
        (HEAD + b"Bcc: c@example.org\r\n\r\n", "Bcc"),
        *((re.sub(rb"(?m)^" + name + rb": .*\r\n", b"", MESSAGE), f"lacks a header field: {name.decode().lower()}")
          for name in (b"From", b"To", b"Date", b"Message-ID")),
    ],
)  # fmt: skip
def test_messages_are_looked_at_once_more(data: bytes, flaw: str) -> None:
    found = flaw_of_message(data)
    assert flaw in found
    assert bool(flaw) == bool(found)


@given(
    st.lists(st.sampled_from([b".", b"\r\n", b"\n", b"\r", b"a", b"\0", b":", b"Bcc: x", b"To: y", b" ", b"\xc3\xa4"])).map(
        b"".join
    )
)
def test_what_passes_means_the_same_to_everyone(tail: bytes) -> None:
    data = HEAD + tail
    prepared = prepare(Envelope(1, "a@example.org", "b@example.org", data))
    if isinstance(prepared, Unfit):
        return
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", data) is None
    message = message_from_bytes(data, policy=policy.SMTP.clone(max_line_length=None))
    assert message.defects == []
    for name in ("From", "To", "Date", "Message-ID"):
        assert len(message.get_all(name, [])) == 1
    assert "Bcc" not in message
    same = message.as_bytes() == data
    assert same or not tail.isascii() or b" \r\n" in tail or b":\r\n" in tail  # blanks at line ends are the library's own
    assert prepared.eight_bit == (not data.isascii())


def unstuffed(wire: bytes) -> bytes:
    """Return what a server makes of the bytes after DATA, line by line (RFC 5321 section 4.5.2)."""
    lines = []
    rest = wire
    while True:
        line, end, rest = rest.partition(b"\r\n")
        assert end
        if line == b".":
            assert rest == b""
            return b"".join(lines)
        lines.append(line[line.startswith(b".") :] + end)


@given(
    st.lists(st.sampled_from([b".", b"..", b"\r\n", b"\r\n.", b"\r\n.\r\n", b"a", b"\n", b"\r"])).map(
        lambda parts: b"".join(parts) + b"\r\n"
    )
)
def test_dots_are_doubled_and_come_back(data: bytes) -> None:
    assert unstuffed(dot_stuffed(data)) == data


# -- settings


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.org", Settings("mail.example.org", 587)),
        ("smtps://mail.example.org", Settings("mail.example.org", 465, "tls")),
        ("smtp://mail.example.org:2525/", Settings("mail.example.org", 2525)),
        ("smtp://localhost?security=none", Settings("localhost", 25, "none")),
        ("smtp://[::1]:25?security=none", Settings("::1", 25, "none")),
        ("smtp://a@mail.example.org", Settings("mail.example.org", 587, user="a", password=Secret(CANARY))),
        ("smtp://a%40example.org@mail.example.org", Settings("mail.example.org", user="a@example.org", password=Secret(CANARY))),
        ("smtp://a@example.org@mail.example.org", Settings("mail.example.org", user="a@example.org", password=Secret(CANARY))),
        ("smtp://a@127.0.0.1?security=none", Settings("127.0.0.1", 25, "none", user="a", password=Secret(CANARY))),
        ("smtp://m.example.org?rate=0.5&per-connection=7&hello=me.example.org&timeout-dot=300&timeout-rcpt=9",
         Settings("m.example.org", rate=0.5, per_connection=7, hello="me.example.org",
                  timeouts=Timeouts(rcpt=9, dot=300))),
    ],
)  # fmt: skip
def test_a_url_says_where_mail_goes(url: str, expected: Settings) -> None:
    environ = {"SVSM_CAL_SMTP_PASSWORD": CANARY}
    assert read_settings(url, environ) == expected
    assert read_settings(None, environ | {"SVSM_CAL_SMTP": url}) == expected
    assert CANARY not in repr(expected)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (None, "no mail server is named (set SVSM_CAL_SMTP=smtp://user@mail.example.org:587)"),
        ("mail.example.org", "is not a mail server's address"),
        ("http://mail.example.org", "is not a mail server's address"),
        ("smtp://", "is not a mail server's address"),
        ("smtp://mail.example.org/inbox", "is not a mail server's address"),
        ("smtp://mail.example.org:port", "is not a server's address"),
        (f"smtp://a:{CANARY}@mail.example.org", "has a password in it"),
        ("smtp://mail.example.org?secure=no", "there is no option 'secure' (there are security, rate,"),
        ("smtp://mail.example.org?security=maybe", "security=maybe is invalid (write starttls, tls or none)"),
        ("smtp://mail.example.org?rate=0", "rate=0 is invalid"),
        ("smtp://mail.example.org?rate=nan", "rate=nan is invalid"),
        ("smtp://mail.example.org?per-connection=0", "per-connection=0 is invalid"),
        ("smtp://mail.example.org?timeout-dot=never", "timeout-dot=never is invalid (write seconds)"),
        ("smtp://mail.example.org?hello=a%0d%0ab", "hello is not a host name"),
        ("smtp://mail.example.org?ca=/nowhere/ca.pem", "holds no certificates"),
        ("smtps://mail.example.org?security=none", "smtps:// is TLS from the start"),
        ("smtp://a@mail.example.org?security=none", "in the clear"),
        ("smtp://a%0ab@mail.example.org", "printable ASCII"),
    ],
)
def test_settings_that_make_no_sense_are_explained(url: str | None, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_settings(url, {"SVSM_CAL_SMTP_PASSWORD": CANARY})
    assert message in str(caught.value)
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "has no password (set SVSM_CAL_SMTP_PASSWORD"),
        ({"SVSM_CAL_SMTP_PASSWORD": ""}, "has no password"),
        ({"SVSM_CAL_SMTP_PASSWORD": CANARY, "SVSM_CAL_SMTP_PASSWORD_FILE": "x"}, "are both set"),
        ({"SVSM_CAL_SMTP_PASSWORD_FILE": "/nowhere/x"}, "/nowhere/x: cannot be read: No such file"),
        ({"SVSM_CAL_SMTP_PASSWORD_FILE": "/"}, "cannot be read: Is a directory"),
        ({"SVSM_CAL_SMTP_PASSWORD_FILE": "/dev/zero"}, "must be printable ASCII"),
        ({"SVSM_CAL_SMTP_PASSWORD": f"{CANARY}\r\nQUIT"}, "printable ASCII"),
        ({"SVSM_CAL_SMTP_PASSWORD": f"{CANARY}é"}, "printable ASCII"),
    ],
)
def test_a_password_that_is_missing_is_explained(environ: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_settings("smtp://a@mail.example.org", environ)
    assert message in str(caught.value)
    assert CANARY not in str(caught.value)


def test_a_password_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{CANARY}\n")
    assert read_settings("smtp://a@mail.example.org", {"SVSM_CAL_SMTP_PASSWORD_FILE": str(file)}).password == Secret(CANARY)


# -- signatures


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("dkim") / "key.pem"
    subprocess.run(["openssl", "genrsa", "-out", str(file), "2048"], check=True, capture_output=True)
    return file


@pytest.fixture(scope="module")
def dns(key_file: Path) -> Callable[..., bytes]:
    made = subprocess.run(["openssl", "rsa", "-in", str(key_file), "-pubout"], check=True, capture_output=True).stdout
    public = b"".join(made.splitlines()[1:-1])
    return lambda name, timeout=5: b"v=DKIM1; k=rsa; p=" + public if name == b"calls._domainkey.example.org." else b""


def test_a_signature_holds(key_file: Path, dns: Callable[..., bytes]) -> None:
    environ = {"SVSM_CAL_DKIM_KEY_FILE": str(key_file), "SVSM_CAL_DKIM_SELECTOR": "calls", "SVSM_CAL_DKIM_DOMAIN": "example.org"}
    sign = read_signer(environ)
    assert sign is not None
    signed = sign(MESSAGE)
    assert signed.endswith(MESSAGE)
    assert signed == sign(MESSAGE), "no time in it"
    assert flaw_of_message(signed) == ""
    assert dkim.verify(signed, dnsfunc=dns)
    assert dkim.verify(unstuffed(dot_stuffed(signed)), dnsfunc=dns)
    for old, new in ((b"See you", b"See me"), (b"The call", b"No call"), (b"From: a@", b"From: c@"), (b"To: b@", b"To: c@")):
        assert not dkim.verify(signed.replace(old, new), dnsfunc=dns)
    assert not dkim.verify(signed.replace(b"From: a", b"From: x@example.org\r\nFrom: a"), dnsfunc=dns), (
        "nor is another From let in"
    )
    fields = dict(dkim.util.parse_tag_value(signed.partition(b"\r\nFrom:")[0].partition(b":")[2]))
    assert fields[b"d"] == b"example.org"
    assert {b"from", b"to", b"date", b"subject", b"message-id"} <= set(re.split(rb"\s*:\s*", fields[b"h"]))


@pytest.mark.parametrize(
    ("sender", "aligned"),
    [
        (b"a@example.org", True),
        (b"A Name <a@EXAMPLE.org>", True),
        (b'"x@example.net" <a@mail.example.org>', True),
        (b"a@example.net", False),
        (b"a@badexample.org", False),
        (b"a@example.org.example.net", False),
        (b"a@example.org, b@example.org", False),
        (b"a@example.org\r\nFrom: b@example.org", False),
    ],
)
def test_only_mail_from_the_domain_is_signed(key_file: Path, dns: Callable[..., bytes], sender: bytes, aligned: bool) -> None:
    sign = signer(domain="example.org", selector="calls", key_file=str(key_file))
    message = MESSAGE.replace(b"From: a@example.org", b"From: " + sender)
    if aligned:
        assert dkim.verify(sign(message), dnsfunc=dns)
    else:
        with pytest.raises(UsageError):
            sign(message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"SVSM_CAL_DKIM_SELECTOR": ""}, "SVSM_CAL_DKIM_SELECTOR: not set"),
        ({"SVSM_CAL_DKIM_KEY_FILE": ""}, "SVSM_CAL_DKIM_KEY_FILE: not set"),
        ({"SVSM_CAL_DKIM_DOMAIN": "example.org; t=y"}, "is not a DNS name"),
        ({"SVSM_CAL_DKIM_SELECTOR": "a\r\nb"}, "is not a DNS name"),
        ({"SVSM_CAL_DKIM_KEY_FILE": "/nowhere/key.pem"}, "cannot be read: No such file"),
        ({"SVSM_CAL_DKIM_KEY_FILE": __file__}, "is not an RSA private key in PEM"),
    ],
)
def test_signing_that_cannot_work_is_explained(key_file: Path, changes: dict[str, str], message: str) -> None:
    environ = {"SVSM_CAL_DKIM_KEY_FILE": str(key_file), "SVSM_CAL_DKIM_SELECTOR": "calls", "SVSM_CAL_DKIM_DOMAIN": "example.org"}
    with pytest.raises(UsageError) as caught:
        read_signer(environ | changes)
    assert message in str(caught.value)
    assert "PRIVATE" not in str(caught.value)
    assert read_signer({}) is None
