"""A folder on an IMAP server (RFC 9051), through IMAPClient.

`imaps:` uses TLS from the start, `imap:` uses STARTTLS; a password is sent in the clear to this machine only. A mail is
fetched with BODY.PEEK[], which does not mark it as read, by its UID, which is valid under one UIDVALIDITY only.
"""

from __future__ import annotations

import ssl
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from svsm_cal.errors import TransportError, UsageError
from svsm_cal.transport.mailbox import LARGEST_MAIL, TOO_LARGE, Mail, Mailbox
from svsm_cal.transport.smtp_settings import Secret, is_loopback, read_password, trust
from svsm_cal.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PASSWORD = "SVSM_CAL_IMAP_PASSWORD"  # noqa: S105 - a variable's name
_EXAMPLE = "imaps://user@mail.example.org/INBOX"
_PATIENCE_TO_CONNECT, _PATIENCE = 30.0, 120.0
_PORTS = {"imaps": 993, "imap": 143}
# How many mails are searched for and fetched at once: imaplib's lines have at most a million bytes.
_SEARCHED, _SIZED, _FETCHED, _FETCHED_BYTES = 10_000, 500, 50, 8 * 1024 * 1024


class ImapSettings(Value):
    """A folder on a server: with `tls` the connection begins with TLS, else with STARTTLS."""

    host: str
    port: int
    tls: bool
    user: str
    password: Secret
    folder: str
    ca_file: str | None = None

    @property
    def name(self) -> str:
        """Return the folder's name for messages."""
        return f"{'imaps' if self.tls else 'imap'}://{self.user}@{self.host}:{self.port}/{self.folder}"


def read_imap_settings(place: str, environ: Mapping[str, str]) -> ImapSettings:
    """Return the settings from an address, `imaps://user@host:port/FOLDER?ca=FILE`, and the environment.

    Raises UsageError, which never contains a password, for a setting that is missing or invalid.
    """
    try:
        parts = urlsplit(place)
        host, port = parts.hostname, parts.port
        query = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise UsageError(f"the mailbox is not a server's address (write {_EXAMPLE})") from None
    if parts.password is not None:
        raise UsageError(f"the mailbox's address has a password in it, which others may see (put it into {PASSWORD})")
    user, folder = unquote(parts.username or ""), unquote(parts.path.strip("/")) or "INBOX"
    if not host or not user or parts.fragment or query.keys() - {"ca"} or not f"{host}{user}{folder}".isprintable():
        raise UsageError(f"the mailbox is not a server's address with a user (write {_EXAMPLE}, perhaps with ?ca=FILE)")
    tls = parts.scheme.lower() == "imaps"
    password = read_password(PASSWORD, environ, f"the mailbox's user {user}")
    if not (password.isprintable() and user.isascii()):
        raise UsageError(f"{PASSWORD}: the password must be printable and on one line, and the user in ASCII")
    port = port or _PORTS["imaps" if tls else "imap"]
    return ImapSettings(host, port, tls, user, Secret(password), folder, query.get("ca"))


class ImapFolder(Mailbox):
    """The unseen mails of a folder; a mail's key is UIDVALIDITY and UID, as in `1700000000.42`."""

    def __init__(self, settings: ImapSettings) -> None:
        try:
            import imapclient  # type: ignore[import-untyped]
        except ImportError as error:
            raise UsageError('reading an IMAP folder needs IMAPClient (run: pip install "svsm_cal[imap]")') from error

        self.name = settings.name
        self._client: Any = None
        context = trust(settings.ca_file)
        wait = imapclient.SocketTimeout(connect=_PATIENCE_TO_CONNECT, read=_PATIENCE)
        tls = {"ssl": settings.tls, "ssl_context": context if settings.tls else None}
        try:
            with self._speaking():
                self._client = imapclient.IMAPClient(settings.host, settings.port, timeout=wait, **tls)
                if not settings.tls:
                    self._protect(settings, context)
                self._client.login(settings.user, settings.password.text)
                status = self._client.select_folder(settings.folder)
                self._validity, self._exists = int(status[b"UIDVALIDITY"]), int(status[b"EXISTS"])
        except BaseException:
            self.close()
            raise

    def _protect(self, settings: ImapSettings, context: ssl.SSLContext) -> None:
        if self._client.has_capability("STARTTLS"):
            self._client.starttls(context)
        elif not is_loopback(settings.host):
            raise TransportError(
                f"{self.name}: the server offers no STARTTLS, and the password would be sent in the clear (use imaps://)"
            )

    def unread(self) -> Iterator[Mail]:
        """Yield the unseen mails by UID; one that is too large has no bytes."""
        uids = self._unseen()
        for lo in range(0, len(uids), _SIZED):
            with self._speaking():
                sizes = self._client.fetch(uids[lo : lo + _SIZED], ["RFC822.SIZE"])
            known = [
                (uid, int(sizes[uid][b"RFC822.SIZE"])) for uid in uids[lo : lo + _SIZED] if b"RFC822.SIZE" in sizes.get(uid, {})
            ]
            for batch in _batches(known):
                yield from self._fetched(batch)

    def done(self, key: str) -> None:
        r"""Set \Seen; does nothing for a key of an earlier UIDVALIDITY, whose UIDs mean other mails now."""
        validity, _, uid = key.partition(".")
        if validity == str(self._validity) and uid.isdigit():
            with self._speaking():
                self._client.add_flags([int(uid)], [rb"\Seen"], silent=True)

    def close(self) -> None:
        """Log out, if the server still answers."""
        client, self._client = self._client, None
        if client is not None:
            try:
                client.logout()
            except (OSError, client.Error):
                with suppress(OSError):
                    client.shutdown()

    def _unseen(self) -> list[int]:
        found: set[int] = set()
        for first in range(1, self._exists + 1, _SEARCHED):
            last = first + _SEARCHED - 1
            numbers = f"{first}:{last if last < self._exists else '*'}"
            with self._speaking():
                found.update(self._client.search([numbers, "UNSEEN", "UNDELETED"]))
        return sorted(found)

    def _fetched(self, batch: Sequence[tuple[int, int]]) -> Iterator[Mail]:
        wanted = [uid for uid, size in batch if size <= LARGEST_MAIL]
        answer: dict[int, dict[bytes, Any]] = {}
        if wanted:
            with self._speaking():
                answer = self._client.fetch(wanted, ["BODY.PEEK[]"])
        for uid, size in batch:
            data = answer.get(uid, {}).get(b"BODY[]")
            key = f"{self._validity}.{uid}"
            if size > LARGEST_MAIL:
                yield Mail(key, b"", TOO_LARGE)
            elif isinstance(data, bytes):  # else it was removed meanwhile
                yield Mail(key, data)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Turn the library's errors into messages of one line that name the folder; none contains a password."""
        import imapclient.exceptions as wrong  # type: ignore[import-untyped]

        try:
            yield
        except wrong.LoginError as error:
            raise TransportError(
                f"{self.name}: the server does not accept the user or the password (check {PASSWORD})"
            ) from error
        except ssl.SSLCertVerificationError as error:
            raise TransportError(
                f"{self.name}: the server's certificate is not trusted: {error.verify_message} (name its authority with ?ca=FILE)"
            ) from error
        except TimeoutError as error:
            raise TransportError(f"{self.name}: the server does not answer (try again later)") from error
        except OSError as error:
            raise TransportError(
                f"{self.name}: cannot be reached: {error.strerror or _one_line(error)} (check the address and the network)"
            ) from error
        except (wrong.IMAPClientError, wrong.ProtocolError, KeyError, ValueError) as error:
            raise TransportError(f"{self.name}: the server says: {_one_line(error)} (check the folder's name)") from error


def _batches(sizes: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    batch: list[tuple[int, int]] = []
    total = 0
    for uid, size in sizes:
        if batch and (len(batch) == _FETCHED or total + size > _FETCHED_BYTES):
            yield batch
            batch, total = [], 0
        batch.append((uid, size))
        total += min(size, LARGEST_MAIL)
    if batch:
        yield batch


def _one_line(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:200]
