"""Mails as clients and mail servers write them: who says what, calendar parts, delivery reports; and broken ones."""

from __future__ import annotations

import base64
import quopri
import re
import signal
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svsm_cal.errors import InputError
from svsm_cal.transport.authentication import MethodResult
from svsm_cal.transport.delivery_reports import Delivery
from svsm_cal.transport.incoming import CalendarPart, read_mail

LINES = ("VCALENDAR", "METHOD:REPLY", "BEGIN:VEVENT", "UID:1", "ATTENDEE;CN=J\u00f6rg:mailto:joerg@example.org", "END:VEVENT")
CALENDAR = "BEGIN:" + "\r\n".join(LINES) + "\r\nEND:VCALENDAR\r\n"
HEAD = """\
From: "Glaze, Dionna" <Dionna@Example.org>
Sender: Google Calendar <calendar-notification@google.example>
To: calendar@example.org
Message-ID: <calendar-1@google.example>
Subject: =?UTF-8?Q?Accepted=3A_SVSM_J=C3=B6rg?=
In-Reply-To: <invite-1@coconut-svsm.example.org>
References: <invite-0@coconut-svsm.example.org>
 <invite-1@coconut-svsm.example.org>
MIME-Version: 1.0
"""


def leaf(content_type, data, encoding="base64"):
    """Return a part with its body encoded."""
    if encoding == "base64":
        body = base64.encodebytes(data)
    elif encoding == "quoted-printable":
        body = quopri.encodestring(data)
    else:
        body = data
    return f"Content-Type: {content_type}\nContent-Transfer-Encoding: {encoding}\n\n".encode() + body


def many(kind, *parts, head=HEAD):
    inside = b"".join(b"--sep\n" + part + b"\n" for part in parts)
    return f"{head}Content-Type: multipart/{kind}; boundary=sep\n\npreamble\n".encode() + inside + b"--sep--\nepilogue\n"


def test_the_headers_of_an_answer():
    mail = read_mail(HEAD.encode() + b"\nhello\n")
    assert (mail.sender, mail.sent_by) == ("dionna@example.org", "calendar-notification@google.example")
    assert (mail.message_id, mail.subject) == ("<calendar-1@google.example>", "Accepted: SVSM J\u00f6rg")
    assert mail.in_reply_to == ("<invite-1@coconut-svsm.example.org>",)
    assert mail.references == ("<invite-0@coconut-svsm.example.org>", "<invite-1@coconut-svsm.example.org>")
    assert (mail.authentication, mail.calendars, mail.deliveries, mail.unread) == ((), (), (), ())


@pytest.mark.parametrize(
    ("line", "subject"),
    [
        (b"=?utf-8?q?J=C3=B6rg?=", "J\u00f6rg"),
        (b"=?\x80utf-8?q?a?= b", "=? utf-8?q?a?= b"),
        (b"=?nothing?q?a?=", "=?nothing?q?a?="),
        (b"=?utf-8?b?/?=", "=?utf-8?b?/?="),
        (b"=?utf-8?q?=1B[2J=E2=80=AEa?=", "[2J a"),
    ],
)
def test_a_subject_is_plain(line, subject):
    assert read_mail(b"Subject: " + line + b"\n\nhello\n").subject == subject


# From lines, and whose mail it is: nobody's where readers could disagree.
SENDERS = {
    "From: dionna@example.org": "dionna@example.org",
    "From: <DIONNA@example.org>": "dionna@example.org",
    "From: dionna@example.org (Dionna (at work) Glaze)": "dionna@example.org",
    "From: Glaze, Dionna <dionna@example.org>": "dionna@example.org",
    'From: "peter@example.org" <dionna@example.org>': "dionna@example.org",
    'From: "peter@example.org, \\" <x@y>" <dionna@example.org>': "dionna@example.org",
    "From: peter@example.org <dionna@example.org>": "dionna@example.org",
    "From: =?utf-8?q?peter=40example=2Eorg=2C?= <dionna@example.org>": "dionna@example.org",
    "From: (peter@example.org, <dionna@example.org>": "",
    "From: dionna@example.org, peter@example.org": "",
    "From: dionna@example.org\nFrom: peter@example.org": "",
    "From: undisclosed:;": "",
    "From: dionna": "",
    "Subject: none": "",
    "From: d\u00efonna@example.org": "",
}


@pytest.mark.parametrize("lines", SENDERS)
def test_whose_mail_it_is(lines):
    assert read_mail(f"{lines}\n\nhello\n".encode()).sender == SENDERS[lines]


UTF8 = CALENDAR.encode()
REPLY = CalendarPart(UTF8, "REPLY")
# Parts of a mail as they come, and the calendars in it.
PARTS = {
    "Google: alternative and attachment, the same text": (
        many(
            "mixed",
            leaf('text/calendar; charset="UTF-8"; method=REPLY', UTF8),
            leaf('application/ics; name="invite.ics"', UTF8),
        ),
        [REPLY],
    ),
    "Exchange: quoted-printable, capitals": (
        many("alternative", leaf('text/calendar; charset="utf-8"; METHOD=reply', UTF8, "quoted-printable")),
        [REPLY],
    ),
    "8bit, without method": (many("mixed", leaf("text/calendar; charset=utf-8", UTF8, "8bit")), [CalendarPart(UTF8, "")]),
    "the method on the second of two": (
        many("mixed", leaf("application/ics", UTF8), leaf("text/calendar; method=REPLY", UTF8)),
        [REPLY],
    ),
    "latin-1": (many("mixed", leaf("text/calendar; charset=iso-8859-1; method=REPLY", CALENDAR.encode("latin-1"))), [REPLY]),
    "utf-16": (many("mixed", leaf("text/calendar; charset=utf-16; method=REPLY", CALENDAR.encode("utf-16"))), [REPLY]),
    "no charset, and no UTF-8": (many("mixed", leaf("text/calendar; method=REPLY", CALENDAR.encode("cp1252"))), [REPLY]),
    "a charset that is none": (many("mixed", leaf("text/calendar; charset=zlib; method=REPLY", UTF8)), [REPLY]),
    "no multipart": (HEAD.encode() + leaf("text/calendar; method=REPLY", UTF8), [REPLY]),
    "a name alone": (many("mixed", leaf("application/octet-stream; name=invite.ICS", UTF8)), [CalendarPart(UTF8, "")]),
    "RFC 2231": (many("mixed", leaf("text/calendar; method*0=RE; method*1=PLY", UTF8)), [REPLY]),
    "two different ones": (
        many("mixed", leaf("text/calendar; method=REPLY", UTF8), leaf("text/calendar; method=REPLY", UTF8 + b"X")),
        [REPLY, CalendarPart(UTF8 + b"X", "REPLY")],
    ),
    "forwarded": (many("mixed", leaf("message/rfc822", HEAD.encode() + leaf("text/calendar", UTF8), "8bit")), []),
    "no end": (many("mixed", leaf("text/calendar; method=REPLY", UTF8, "8bit")).replace(b"\n--sep--", b""), None),
    "an empty part": (many("mixed", leaf("text/calendar; method=REPLY", b" \r\n")), []),
}


@pytest.mark.parametrize("kind", PARTS)
def test_the_calendar_parts(kind):
    data, calendars = PARTS[kind]
    found = read_mail(data).calendars
    if calendars is None:  # what is cut off ends with the mail
        assert found[0].data.startswith(UTF8.rstrip())
    else:
        assert list(found) == calendars


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_line_ends_do_not_matter(ends):
    data = many("mixed", leaf("text/calendar; method=REPLY", UTF8))
    assert read_mail(data.replace(b"\n", ends)).calendars == (REPLY,)


@pytest.mark.parametrize(
    ("content_type", "words"),
    [
        ("application/ms-tnef; name=winmail.dat", "winmail.dat (TNEF) is not read"),
        ("application/octet-stream; name=WinMail.dat", "winmail.dat (TNEF) is not read"),
        ("application/pkcs7-mime; smime-type=enveloped-data", "an encrypted or sealed part (S/MIME) is not read"),
    ],
)
def test_what_is_not_read_is_said(content_type, words):
    mail = read_mail(many("mixed", leaf("text/plain", b"hello"), leaf(content_type, b"\x78\x9f\x3e\x22")))
    assert mail.calendars == ()
    assert [each.startswith(words) for each in mail.unread] == [True]


GMAIL = (
    "mx.google.example; dkim=pass header.i=@Example.org header.s=s1 header.b=AbC; spf=pass (google.example: domain of"
    " dionna@example.org designates 192.0.2.1 as permitted; sender) smtp.mailfrom=dionna@example.org; dmarc=pass (p=NONE"
    " sp=NONE dis=NONE) header.from=example.org"
)
ALL_PASS = [("dkim", "pass", "example.org"), ("spf", "pass", "example.org"), ("dmarc", "pass", "example.org")]
# Authentication-Results from the top down, who is trusted, and what is found.
AUTHENTICATION = [
    ([GMAIL], ["MX.google.example"], ALL_PASS),
    ([GMAIL], [], []),
    ([GMAIL], ["mx.example.org"], []),
    (["mx.example.org 1; none"], ["mx.example.org"], []),
    (["mx.example.org; dmarc=fail header.from=example.org", GMAIL], ["mx.example.org"], [("dmarc", "fail", "example.org")]),
    # A sender's own, below the server's, does not count; nor does one that hides in a comment or in quotes.
    (["a.example; dmarc=fail header.from=e.example", "a.example; dmarc=pass header.from=e.example"], ["a.example"],
     [("dmarc", "fail", "e.example")]),
    (["a.example; spf=fail (x; dmarc=pass header.from=e.example) smtp.mailfrom=e.example"], ["a.example"],
     [("spf", "fail", "e.example")]),
    (['a.example; spf=fail reason="x; dmarc=pass header.from=e.example" smtp.mailfrom=e.example'], ["a.example"],
     [("spf", "fail", "e.example")]),
    (['a.example; spf=fail (a " b; dmarc=pass header.from=e.example) smtp.helo=e.example'], ["a.example"],
     [("spf", "fail", "e.example")]),
    # Two signatures in one header are both told.
    (["a.example; dkim=fail header.d=one.example; dkim=pass header.d=two.example"], ["a.example"],
     [("dkim", "fail", "one.example"), ("dkim", "pass", "two.example")]),
    # Exchange Online names no server; whoever trusts that says so.
    (["spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=e.example; dmarc=pass action=none header.from=e.example;compauth=pass"],
     [""], [("spf", "pass", "e.example"), ("dmarc", "pass", "e.example"), ("compauth", "pass", "")]),
    (["a.example; dmarc = pass / header.from = example.org"], ["a.example"], [("dmarc", "pass", "example.org")]),
    (["a.example; dmarc/1=pass header.from=\"not a domain!\""], ["a.example"], [("dmarc", "pass", "")]),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "trusts", "found"), AUTHENTICATION)
def test_what_trusted_servers_found(headers, trusts, found):
    data = "".join(f"Authentication-Results: {each}\n" for each in headers) + "From: dionna@example.org\n\nhello\n"
    assert read_mail(data.encode(), trusts=trusts).authentication == tuple(MethodResult(*each) for each in found)


def report(status, *returned, text="It could not be delivered.\n"):
    head = "From: MAILER-DAEMON@mx.example.org\nContent-Type: multipart/report; report-type=delivery-status; boundary=sep\n"
    parts = [f"Content-Type: text/plain\n\n{text}", f"Content-Type: message/delivery-status\n\n{status}", *returned]
    return (head + "\n" + "".join(f"--sep\n{part}\n" for part in parts) + "--sep--\n").encode()


SENT = "Content-Type: {}\n\nFrom: calendar@example.org\nMessage-ID:\n <invite-1@example.org>\nSubject: Call\n"
NOBODY, WHOLE, HEADERS = "nobody@example.org", SENT.format("message/rfc822"), SENT.format("text/rfc822-headers")
POSTFIX = """\
Reporting-MTA: dns; mx.example.org
X-Postfix-Queue-ID: 4Z7xkb2R
Arrival-Date: Wed,  5 Mar 2025 17:00:00 +0000 (UTC)

Final-Recipient: rfc822; Nobody@example.org
Original-Recipient: rfc822;alias@example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; 550 5.1.1 <nobody@example.org>: Recipient address
    rejected: User unknown
"""
EXCHANGE = """\
Reporting-MTA: dns;AM0PR01.example.org
Received-From-MTA: dns;mail.example.org
Arrival-Date: Wed, 5 Mar 2025 17:00:00 +0000

Final-Recipient: rfc822;nobody@example.org
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
X-Display-Name: nobody@example.org
"""
GOOGLE = """\
Reporting-MTA: dns; googlemail.com
Received-From-MTA: dns; calendar@example.org
Arrival-Date: Wed, 05 Mar 2025 09:00:00 -0800 (PST)
X-Original-Message-ID: <invite-1@example.org>

Final-Recipient: rfc822; nobody@example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.org. (192.0.2.1, the server for the domain.)
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.
Last-Attempt-Date: Wed, 05 Mar 2025 09:00:01 -0800 (PST)
"""
QMAIL = b"""\
From: MAILER-DAEMON@mx.example.org
To: calendar@example.org
Subject: failure notice

Hi. This is the qmail-send program at mx.example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<nobody@example.org>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 unknown user
Giving up on 192.0.2.1.

<other@example.org>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <calendar@example.org>
From: calendar@example.org
Message-ID: <invite-1@example.org>

hello
"""
EXIM = b"""\
X-Failed-Recipients: nobody@example.org
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.example.org>
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  nobody@example.org
    host mx.example.org [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<nobody@example.org>:
    550 5.1.1 unknown user

------ This is a copy of the message, including all the headers. ------

From: calendar@example.org
Message-Id: <invite-1@example.org>
"""


def delivery(action, status, diagnostic, *, to=NOBODY, original="", about="<invite-1@example.org>"):
    return Delivery(to, original, action, status, diagnostic, about)


UNKNOWN_USER = "550 5.1.1 <nobody@example.org>: Recipient address rejected: User unknown"
REPORTS = {
    "postfix": (report(POSTFIX, WHOLE), [delivery("failed", "5.1.1", UNKNOWN_USER, original="alias@example.org")]),
    "postfix, headers alone": (
        report(POSTFIX.replace("failed", "delayed").replace("5.1.1", "4.4.1"), HEADERS),
        [delivery("delayed", "4.4.1", UNKNOWN_USER.replace("5.1.1", "4.4.1"), original="alias@example.org")],
    ),
    "Exchange": (
        report(EXCHANGE, WHOLE),
        [
            delivery(
                "failed",
                "5.1.10",
                "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            )
        ],
    ),
    "Gmail, nothing returned": (
        report(GOOGLE),
        [delivery("failed", "5.1.1", "550-5.1.1 The email account that you tried to reach does not exist.")],
    ),
    "two recipients, one relayed": (
        report(POSTFIX + "\nFinal-Recipient: rfc822;b@example.org\nAction: relayed (to mx)\nStatus: 2.0.0\n", WHOLE),
        [
            delivery("failed", "5.1.1", UNKNOWN_USER, original="alias@example.org"),
            delivery("relayed", "2.0.0", "", to="b@example.org"),
        ],
    ),
    "no action, no status, nothing returned": (
        report(
            "Reporting-MTA: dns; x\n\nFinal-Recipient: RFC822; <nobody@example.org>\nDiagnostic-Code: smtp; 451 4.2.0 later\n"
        ),
        [delivery("delayed", "4.2.0", "451 4.2.0 later", about="")],
    ),
    "a recipient that is no address": (
        report("Reporting-MTA: dns; x\n\nFinal-Recipient: x400; /CN=nobody\nAction: failed\nStatus: 5.1.1\n"),
        [delivery("failed", "5.1.1", "", to="", about="")],
    ),
    "qmail": (
        QMAIL,
        [
            delivery(
                "failed",
                "5.1.1",
                "192.0.2.1 does not like recipient. Remote host said: 550 5.1.1 unknown user Giving up on 192.0.2.1.",
            ),
            delivery("failed", "5.1.1", "Sorry, no mailbox here by that name. (#5.1.1)", to="other@example.org"),
        ],
    ),
    "Exim": (
        EXIM,
        [
            delivery(
                "failed",
                "5.1.1",
                "host mx.example.org [192.0.2.1] SMTP error from remote mail server after RCPT TO:<nobody@example.org>:"
                " 550 5.1.1 unknown user",
            )
        ],
    ),
    "a reply that quotes a bounce": (b"From: a@example.org\n\n> " + QMAIL.replace(b"\n", b"\n> "), []),
    "a report that is forwarded": (many("mixed", b"Content-Type: message/rfc822\n\n" + report(POSTFIX, WHOLE)), []),
    "no delivery report": (many("report; report-type=disposition-notification", leaf("text/plain", b"read")), []),
}


@pytest.mark.parametrize("server", REPORTS)
def test_what_mail_servers_report(server):
    data, deliveries = REPORTS[server]
    mail = read_mail(data)
    assert list(mail.deliveries) == deliveries
    assert mail.calendars == ()


def test_what_a_report_says_is_bounded_and_plain():
    status = (
        f"Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822;nobody@example.org\nDiagnostic-Code: smtp; \x1b[2J{'long ' * 700}\n"
    )
    [found] = read_mail(report(status)).deliveries
    assert len(found.diagnostic) <= 300
    assert found.diagnostic.isprintable()


REFUSED = {
    "larger than 10 MiB": b"x" * (10 * 1024 * 1024 + 1),
    "too many lines or parts": b"\n" * 500_001,
    "too many lines or parts for": b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" * 51,
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_no_answer_is_like_is_refused(words):
    with pytest.raises(InputError, match=re.escape(words)):
        read_mail(REFUSED[words])


# What would take a parser long, each near the limits, and how many calendars it has.
SLOW = {
    "deep": (
        b"".join(b"Content-Type: multipart/mixed; boundary=x%d\n\n--x%d\n" % (n, n) for n in range(30)) + b"-\n" * 100_000,
        0,
    ),
    "parameters": (
        b"Content-Type: multipart/mixed; boundary=x\n"
        + b"".join(b"\n--x\nContent-Type: text/calendar" + b';a="' * 1000 for _ in range(300)),
        0,
    ),
    "comments": (b"From: " + b"(" * 1_000_000 + b"\nAuthentication-Results: " + b'("\\' * 500_000 + b"\n\n", 0),
    "addresses": (b"From: " + b"a@example.org, <" * 300_000 + b"\n\n", 0),
    "headers": (b"Subject: =?utf-8?q?" * 100_000 + b"\n\n", 0),
    "words": (b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\n\n", 0),
    "parts": (b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\n" * 4999, 0),
    "encodings": (
        b"Content-Type: text/calendar\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n" + b"M" * 5_000_000,
        1,
    ),
}


@contextmanager
def ended_if_it_hangs():
    """Fail what has taken a minute of processor time, a hundred times what it should."""

    def give_up(*_):
        raise AssertionError("it takes too long")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, 60)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("kind", SLOW)
def test_what_is_slow_to_read_is_read(kind):
    data, calendars = SLOW[kind]
    with ended_if_it_hangs():
        mail = read_mail(b"Message-ID: <1@example.org>\n" + data, trusts=["mx.google.example"])
    assert (mail.message_id, len(mail.calendars)) == ("<1@example.org>", calendars)


def read_well(data):
    """Return a mail that is read: no broken mail of this size is refused, and what it says is plain."""
    mail = read_mail(data, trusts=["mx.google.example"])
    assert mail.sender.isascii()
    assert all(text.isprintable() for text in (mail.sender, mail.subject, mail.message_id, *mail.unread))
    assert all(each.diagnostic.isprintable() for each in mail.deliveries)
    return mail


def headers(mail):
    return (mail.message_id, mail.sender, mail.sent_by, mail.subject, mail.in_reply_to, mail.references, mail.authentication)


MAILS = [data for data, _ in (*PARTS.values(), *REPORTS.values())]
CLOSED = [data for data in MAILS if b"\n--sep--" in data]
PIECES = st.sampled_from(
    [b"\n", b"\n\n", b"\r", b"--sep\n", b"--sep--\n", b"Content-Type: ", b"multipart/report", b"message/rfc822", b"; charset=",
     b"; boundary=sep", b"idna", b"utf-7", b"utf-16", b"*0*=", b"=?utf-8?b?//8?=", b"Content-Transfer-Encoding: ", b"base64",
     b"x-uuencode", b"Message-ID: <", b"From: ", b"<", b">", b'"', b"(", b"Authentication-Results: mx.google.example; ",
     b"message/delivery-status", b"\xff", b"\x00"]
)  # fmt: skip
JUNK = st.lists(PIECES | st.binary(max_size=8), max_size=25).map(b"".join)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(JUNK, JUNK)
def test_any_pieces_are_read(head, body):
    read_well(head + b"\n\n" + body)
    assert headers(read_well(HEAD.encode() + b"\n" + body)) == headers(read_mail(HEAD.encode() + b"\n"))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.sampled_from(CLOSED), JUNK)
def test_what_comes_after_the_last_part_says_nothing(mail, junk):
    assert read_well(mail + b"\n" + junk) == read_mail(mail)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(MAILS), st.data())
def test_mutated_mails_are_read(mail, data):
    at = data.draw(st.integers(0, len(mail)))
    end = data.draw(st.integers(at, min(len(mail), at + 60)))
    found = read_well(mail[:at] + data.draw(PIECES | st.binary(max_size=8)) + mail[end:])
    if at > mail.index(b"\n\n"):
        assert headers(found) == headers(read_mail(mail, trusts=["mx.google.example"]))


@pytest.mark.soak
@settings(max_examples=6000, deadline=None)
@given(st.sampled_from(MAILS), st.data())
def test_many_mutated_mails_are_read(mail, data):
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(mail)))
        end = data.draw(st.integers(at, min(len(mail), at + 80)))
        mail = mail[:at] + data.draw(PIECES | st.binary(max_size=8)) + mail[end:]
    read_well(mail)
