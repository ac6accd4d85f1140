"""Mailboxes: one contract over a Maildir, an mbox file and a real dovecot; marks, crashes, and several readers at once."""

from __future__ import annotations

import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from svsm_cal.errors import TransportError, UsageError
from svsm_cal.transport.incoming import read_mail
from svsm_cal.transport.mailbox import LARGEST_MAIL, Mail
from svsm_cal.transport.mailboxes import open_mailbox
from tests.servers.dovecot import HAS_LMTP, PASSWORD, PROGRAM, Dovecot, make_maildir
from tests.servers.postfix import CAN_RUN, mail_server

ROOT = Path(__file__).resolve().parents[2]
ENVIRON = {"SVSM_CAL_IMAP_PASSWORD": PASSWORD}
needs_dovecot = pytest.mark.skipif(PROGRAM is None, reason="dovecot is not installed (tests/servers/setup.sh)")


def mail(number):
    return f"From: dionna@example.org\nMessage-ID: <{number}@example.org>\nSubject: {number}\n\nFrom here on\n".encode()


def numbers(mails):
    """Return the Subjects of mails; of one that is not read its problem."""
    return [each.problem or read_mail(each.data).subject for each in mails]


@pytest.fixture(scope="module")
def dovecot():
    with Dovecot(["calendar", "dionna", *(f"user{n}" for n in range(16))]) as server:
        yield server


@pytest.fixture
def user(dovecot, request):
    """Return a user whose Maildir is empty."""
    dovecot.used = getattr(dovecot, "used", -1) + 1
    return f"user{dovecot.used}"


class InMaildir:
    marks = True

    def __init__(self, path):
        self.path, self.count = make_maildir(path), 0

    def place(self):
        return str(self.path)

    def add(self, data):
        self.count += 1
        (self.path / "new" / f"{1_700_000_000 + self.count}.M{self.count}P1.host").write_bytes(data)


class InMbox:
    marks = False

    def __init__(self, path):
        self.path = path
        path.touch()

    def place(self):
        return str(self.path)

    def add(self, data):
        with self.path.open("ab") as stream:
            stream.write(
                b"From dionna@example.org Wed Mar  5 17:00:00 2025\n" + re.sub(rb"(?m)^(>*From )", rb">\1", data) + b"\n"
            )


class InImap:
    marks = True

    def __init__(self, server, user):
        self.server, self.user = server, user

    def place(self):
        return self.server.address(self.user)

    def add(self, data):
        self.server.deliver(self.user, data)


@pytest.fixture(params=["maildir", "mbox", pytest.param("imap", marks=needs_dovecot)])
def box(request, tmp_path):
    if request.param == "imap":
        return InImap(request.getfixturevalue("dovecot"), request.getfixturevalue("user"))
    return {"maildir": InMaildir, "mbox": InMbox}[request.param](tmp_path / "box")


def unread(place):
    with open_mailbox(place, ENVIRON) as mailbox:
        return list(mailbox.unread())


def test_the_contract(box):
    assert unread(box.place()) == []
    for number in range(12):
        box.add(mail(number))
    first = unread(box.place())
    assert numbers(first) == [str(number) for number in range(12)]
    assert len({each.digest for each in first}) == 12
    assert unread(box.place()) == first  # reading changes nothing
    with open_mailbox(box.place(), ENVIRON) as mailbox:
        for each in mailbox.unread():
            if each.key != first[3].key:
                mailbox.done(each.key)
                mailbox.done(each.key)  # once more does no harm
    again = unread(box.place())
    assert again == (first[3:4] if box.marks else first)
    box.add(mail(12))
    assert numbers(unread(box.place())) == (["3", "12"] if box.marks else [str(number) for number in range(13)])


def test_a_mail_that_is_too_large_is_told_and_not_read(box):
    box.add(mail(0) + b"x" * 998 + b"\n" + (b"y" * 998 + b"\n") * (LARGEST_MAIL // 999))
    box.add(mail(1))
    found = unread(box.place())
    assert numbers(found) == ["is larger than 10 MiB, too large for an answer", "1"]
    assert found[0].data == b""
    assert found[0].digest != found[1].digest


@needs_dovecot
def test_the_digest_is_the_same_wherever_a_mail_lies(tmp_path, dovecot, user):
    boxes = [InMaildir(tmp_path / "maildir"), InMbox(tmp_path / "mbox"), InImap(dovecot, user)]
    for each in boxes:
        each.add(mail(1))
    assert len({unread(each.place())[0].digest for each in boxes}) == 1


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from svsm_cal.transport.mailboxes import open_mailbox
with open_mailbox(sys.argv[1], os.environ) as mailbox:
    for each in mailbox.unread():
        print(each.digest, flush=True)  # what it means is kept
        if sys.argv[3] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        mailbox.done(each.key)
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_between_keeping_and_marking_the_same_mail_comes_again(box, when):
    for number in range(2):
        box.add(mail(number))
    command = [sys.executable, "-c", KILLED, box.place(), str(ROOT), when]
    runs = [subprocess.run(command, env={**os.environ, **ENVIRON}, capture_output=True, text=True, check=False) for _ in range(2)]
    assert [run.returncode for run in runs] == [-signal.SIGKILL] * 2, runs[0].stderr
    assert (runs[0].stdout == runs[1].stdout) is (when == "before" or not box.marks)
    assert numbers(unread(box.place())) == (["0", "1"] if when == "before" or not box.marks else [])


def test_two_readers_at_once(box):
    for number in range(60):
        box.add(mail(number))
    seen, wrong = [], []

    def read():
        try:
            with open_mailbox(box.place(), ENVIRON) as mailbox:
                for each in mailbox.unread():
                    seen.append(each.digest)
                    mailbox.done(each.key)
        except Exception as error:  # noqa: BLE001 - told below, in the test's own thread
            wrong.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for each in readers:
        each.start()
    for each in readers:
        each.join()
    assert wrong == []
    assert len(set(seen)) == 60
    assert len(unread(box.place())) == (0 if box.marks else 60)


# Files of a Maildir, and whether their mail is still to be read.
FLAGS = {
    "new/1.a.host": True,
    "new/2.a.host:2,": True,
    "cur/3.a.host": True,
    "cur/4.a.host:2,": True,
    "cur/5.a.host:2,F": True,
    "cur/6.a.host:2,S": False,
    "cur/7.a.host:2,RS": False,
    "cur/8.a.host:2,T": False,
    "tmp/9.a.host": False,
    "new/.hidden": False,
}
DONE = {
    "new/1.a.host": "cur/1.a.host:2,S",
    "new/2.a.host:2,": "cur/2.a.host:2,S",
    "cur/3.a.host": "cur/3.a.host:2,S",
    "cur/4.a.host:2,": "cur/4.a.host:2,S",
    "cur/5.a.host:2,F": "cur/5.a.host:2,FS",
}


def test_the_flags_of_a_maildir(tmp_path):
    maildir = make_maildir(tmp_path / "box")
    for name in FLAGS:
        (maildir / name).write_bytes(mail(name))
    found = unread(f"maildir:{maildir}")
    assert sorted(numbers(found)) == sorted(name for name, left in FLAGS.items() if left)
    with open_mailbox(str(maildir), {}) as mailbox:
        for each in found:
            mailbox.done(each.key)
    expected = {DONE.get(name, name) for name in FLAGS}
    assert {str(each.relative_to(maildir)) for each in maildir.rglob("*") if each.is_file()} == expected
    assert {each.read_bytes() for each in maildir.rglob("*") if each.is_file()} == {mail(name) for name in FLAGS}


def test_a_maildir_whose_files_others_move(tmp_path):
    maildir = make_maildir(tmp_path / "box")
    for number in range(1, 5):
        (maildir / "new" / f"{number}.a.host").write_bytes(mail(number))
    (maildir / "new/0.pipe").parent.joinpath("0.link").symlink_to(tmp_path)
    mailbox = open_mailbox(str(maildir), {})
    mails = mailbox.unread()
    assert next(mails).problem == "is not a regular file"
    assert numbers([next(mails)]) == ["1"]
    (maildir / "new/1.a.host").rename(maildir / "cur/1.a.host:2,F")
    (maildir / "new/2.a.host").unlink()
    (maildir / "new/3.a.host").rename(maildir / "cur/3.a.host:2,S")
    (maildir / "new/4.a.host").rename(maildir / "cur/4.a.host:2,")
    assert numbers(mails) == ["4"]
    for key in ("1.a.host", "2.a.host", "4.a.host", "../../elsewhere"):
        mailbox.done(key)
    assert sorted(os.listdir(maildir / "cur")) == ["1.a.host:2,FS", "3.a.host:2,S", "4.a.host:2,S"]


# An mbox as it stands, and the bodies of its mails.
MBOXES = {
    b"": [],
    b"\n\n": [],
    b"From a\nX: 1\n\nfirst\n\nFrom b\nX: 2\n\nsecond\n": [b"X: 1\n\nfirst\n", b"X: 2\n\nsecond\n"],
    b"From a\r\nX: 1\r\n\r\nfirst\r\n\r\nFrom b\r\n\r\nsecond": [b"X: 1\r\n\r\nfirst\r\n", b"\r\nsecond"],
    b"From a\n\n>From x\n>>From y\n> From z\nFrom w\n\n": [b"\nFrom x\n>From y\n> From z\nFrom w\n"],
    b"From a\n\n" + b"x" * 65536 + b"From b\n": [b"\n" + b"x" * 65536 + b"From b\n"],
    b"From a\nContent-Length: 999\n\n\nFrom b\n\n": [b"Content-Length: 999\n\n", b""],
}


@pytest.mark.parametrize("data", MBOXES, ids=range(len(MBOXES)))
def test_the_mails_of_an_mbox(tmp_path, data):
    path = tmp_path / "box"
    path.write_bytes(data)
    assert [each.data for each in unread(f"mbox:{path}")] == MBOXES[data]
    assert path.read_bytes() == data


def test_places_that_are_no_mailbox(tmp_path):
    (tmp_path / "text").write_text("Dear diary\n")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    words = {
        "": (UsageError, "a mailbox needs a name"),
        "maildir:": (UsageError, "a mailbox needs a name"),
        "pop3://user:secret@mail.example.org": (UsageError, "pop3://mail.example.org: is not a mailbox (name a Maildir, an mbox"),
        str(tmp_path / "missing"): (TransportError, "missing: there is no such mailbox (name a Maildir"),
        str(tmp_path / "folder"): (TransportError, "folder: is not a Maildir: it has no folder cur (name the folder"),
        f"maildir:{tmp_path}/text": (TransportError, "text: is not a Maildir"),
        f"mbox:{tmp_path}/folder": (TransportError, "folder: is not an mbox file (name a file, or a Maildir)"),
        str(tmp_path / "text"): (TransportError, 'text: is not an mbox file: it does not begin with "From "'),
        str(tmp_path / "pipe"): (TransportError, "pipe: is not an mbox file"),
    }
    for place, (kind, message) in words.items():
        with pytest.raises(kind, match=re.escape(message)) as refused:
            unread(place)
        assert str(refused.value).isprintable()
        assert "secret" not in str(refused.value)


def test_a_maildir_that_cannot_be_written(tmp_path, monkeypatch):
    maildir = make_maildir(tmp_path / "box")
    (maildir / "new/1.a.host").write_bytes(mail(1))

    def fails(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "rename", fails)
    with open_mailbox(str(maildir), {}) as mailbox:
        [found] = mailbox.unread()
        with pytest.raises(TransportError, match=r"box: 1\.a\.host: cannot be marked as read: Permission denied \(check the"):
            mailbox.done(found.key)


# Addresses that make no sense, what the environment says, and the words.
ADDRESSES = [
    ("imaps://mail.example.org/INBOX", ENVIRON, "the mailbox is not a server's address with a user"),
    ("imaps:///INBOX", ENVIRON, "the mailbox is not a server's address with a user"),
    ("imaps://u@mail.example.org:port/", ENVIRON, "the mailbox is not a server's address"),
    ("imaps://u@mail.example.org/?x=1", ENVIRON, "the mailbox is not a server's address with a user"),
    ("imaps://u:canary@mail.example.org/", ENVIRON, "has a password in it, which others may see"),
    ("imaps://u@mail.example.org/", {}, "the mailbox's user u has no password (set SVSM_CAL_IMAP_PASSWORD, or"),
    ("imaps://u@mail.example.org/", {**ENVIRON, "SVSM_CAL_IMAP_PASSWORD_FILE": "x"}, "are both set (unset one)"),
    ("imaps://u@mail.example.org/", {"SVSM_CAL_IMAP_PASSWORD_FILE": "/missing"}, "/missing: cannot be read: No such file"),
    ("imaps://u@mail.example.org/", {"SVSM_CAL_IMAP_PASSWORD": "canary\r\nx"}, "must be printable and on one line"),
    ("imaps://u@localhost/?ca=/missing", ENVIRON, "ca=/missing holds no certificates"),
]


@pytest.mark.parametrize(("place", "environ", "words"), ADDRESSES)
def test_addresses_that_make_no_sense(place, environ, words):
    with pytest.raises(UsageError, match=re.escape(words)) as refused:
        open_mailbox(place, environ)
    assert "canary" not in str(refused.value)


@needs_dovecot
@pytest.mark.parametrize("tls", [True, False])
def test_imap_over_tls_and_with_starttls(dovecot, user, tls, tmp_path):
    dovecot.deliver(user, mail(1))
    secret = tmp_path / "secret"
    secret.write_text(f"{PASSWORD}\n")
    with open_mailbox(dovecot.address(user, tls=tls), {"SVSM_CAL_IMAP_PASSWORD_FILE": str(secret)}) as mailbox:
        assert numbers(mailbox.unread()) == ["1"]
        log = (dovecot.home / "log").read_text()
    assert re.search(rf"Login: user=<{user}>.*, TLS", log)


@needs_dovecot
def test_what_an_imap_server_refuses(dovecot):
    address, name = dovecot.address("calendar"), f"imaps://calendar@localhost:{dovecot.imaps_port}/INBOX"
    refusals = [
        (address, {"SVSM_CAL_IMAP_PASSWORD": "canary"}, f"{name}: the server does not accept the user or the password (check"),
        (address.partition("?")[0], ENVIRON, f"{name}: the server's certificate is not trusted: self-signed certificate (name"),
        (
            dovecot.address("calendar", folder="Nowhere"),
            ENVIRON,
            "/Nowhere: the server says: select failed: Mailbox doesn't exist",
        ),
    ]
    for place, environ, words in refusals:
        with pytest.raises(TransportError, match=re.escape(words)) as refused:
            open_mailbox(place, environ)
        assert "canary" not in str(refused.value)
        assert str(refused.value).isprintable()


@needs_dovecot
def test_many_mails_come_in_bounded_batches_and_old_keys_mean_nothing(dovecot, user, monkeypatch):
    from svsm_cal.transport import imap

    monkeypatch.setattr(imap, "_SEARCHED", 7)
    monkeypatch.setattr(imap, "_SIZED", 5)
    monkeypatch.setattr(imap, "_FETCHED", 3)
    for number in range(40):
        dovecot.deliver(user, mail(number))
    place = dovecot.address(user)
    with open_mailbox(place, ENVIRON) as mailbox:
        mails = mailbox.unread()
        first = [next(mails) for _ in range(4)]
        with open_mailbox(place, ENVIRON) as other:  # which removes one that is still to come
            [victim] = other._client.search(["SUBJECT", "20"])
            other._client.delete_messages([victim])
            other._client.expunge()
        for each in first:
            mailbox.done(each.key)
        assert numbers(first + list(mails)) == [str(number) for number in range(40) if number != 20]
        validity, _, uid = first[0].key.partition(".")
        mailbox.done(f"{int(validity) + 1}.{int(uid) + 10}")
    assert numbers(unread(place)) == [str(number) for number in range(4, 40) if number != 20]


def test_a_server_that_says_nothing_sensible(monkeypatch):
    from svsm_cal.transport import imap

    monkeypatch.setattr(imap, "_PATIENCE", 0.2)
    monkeypatch.setattr(imap, "_PATIENCE_TO_CONNECT", 0.2)

    def refusal(answers):
        with socket.create_server(("127.0.0.1", 0)) as server:
            place = f"imap://calendar@127.0.0.1:{server.getsockname()[1]}/INBOX"

            def serve():
                connection, _ = server.accept()
                with connection, connection.makefile("rwb") as stream:
                    for answer in answers:
                        stream.write(answer)
                        stream.flush()
                        if not stream.readline():
                            return

            thread = threading.Thread(target=serve)
            thread.start()
            with pytest.raises(TransportError) as refused:
                open_mailbox(place, ENVIRON)
            thread.join()
            return str(refused.value).replace(place, "PLACE")

    assert refusal([b"220 smtp ready\r\n"]).startswith("PLACE: the server says:")
    assert refusal([b""]) == "PLACE: the server does not answer (try again later)"
    assert "PLACE: the server says:" in refusal([b"* OK hello\r\n", b"\x00garbage\r\n"])
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        place = f"imap://calendar@127.0.0.1:{closed.getsockname()[1]}/INBOX"
        with pytest.raises(TransportError, match=r"cannot be reached: Connection refused \(check the address and the network\)"):
            open_mailbox(place, ENVIRON)


def test_a_password_never_goes_out_in_the_clear(monkeypatch):
    """A server on another machine without STARTTLS is refused before LOGIN; here loopback plays another machine."""
    from svsm_cal.transport import imap

    monkeypatch.setattr(imap, "is_loopback", lambda host: False)
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            with connection, connection.makefile("rwb") as stream:
                stream.write(b"* OK [CAPABILITY IMAP4rev1] hello\r\n")
                stream.flush()
                while line := stream.readline():
                    heard.append(line)
                    tag, command = line.split()[:2]
                    if command == b"CAPABILITY":
                        stream.write(b"* CAPABILITY IMAP4rev1\r\n")
                    stream.write(tag + b" OK done\r\n")
                    stream.flush()

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(TransportError, match="offers no STARTTLS, and the password would be sent in the clear"):
            open_mailbox(f"imap://calendar@127.0.0.1:{server.getsockname()[1]}/INBOX", ENVIRON)
        thread.join()
    assert heard
    assert PASSWORD.encode() not in b"".join(heard)


@needs_dovecot
@pytest.mark.skipif(not HAS_LMTP, reason="dovecot-lmtpd is not installed (tests/servers/setup.sh)")
def test_lmtp_delivers_into_the_maildirs(dovecot):
    with smtplib.LMTP("127.0.0.1", dovecot.lmtp_port) as lmtp:
        for recipient in ("dionna@example.org", "calendar"):
            lmtp.sendmail("peter@example.org", [recipient], mail(7))
    assert numbers(unread(str(dovecot.maildir("dionna")))) == ["7"]
    assert numbers(unread(dovecot.address("calendar"))) == ["7"]


@pytest.mark.skipif(not CAN_RUN, reason="needs postfix, dovecot-lmtpd, and root to start them (tests/servers/setup.sh)")
def test_what_postfix_itself_returns():
    """A mail through a real mail server arrives; one to nobody comes back, and says which mail it was and why."""
    with mail_server(["calendar", "dionna"]) as server:
        with smtplib.SMTP("127.0.0.1", server.smtp_port) as smtp:
            smtp.sendmail("calendar@example.org", ["dionna@example.org"], mail(1))
            smtp.sendmail("calendar@example.org", ["nobody@example.org"], mail(2))
        server.settle()
        assert [read_mail(each).message_id for each in server.mails("dionna")] == ["<1@example.org>"]
        [returned] = [read_mail(each.data) for each in unread(str(server.maildir("calendar")))]
    [delivery] = returned.deliveries
    assert (delivery.recipient, delivery.action, delivery.status) == ("nobody@example.org", "failed", "5.1.1")
    assert delivery.message_id == "<2@example.org>"


def test_a_mail_without_bytes_has_a_digest_of_its_own():
    assert Mail("1.2", b"", "is too large").digest != Mail("1.3", b"", "is too large").digest
    assert Mail("1.2", b"a\r\nb\r\n").digest == Mail("x", b"a\nb\n").digest
