"""Messages signed for their domain (RFC 6376), so that receivers know them from forged ones.

Signed once, when a message is made: what is stored are the final bytes. The signature bears no time, so the same message
always gets the same one. Refused: a message whose From is of another domain, as its signature would count for nothing
(RFC 7489 section 3.1.1).
"""

from __future__ import annotations

import email.utils
import re
from typing import TYPE_CHECKING, Any

from svsm_cal.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["read_signer", "signer"]

KEY_FILE, SELECTOR, DOMAIN = "SVSM_CAL_DKIM_KEY_FILE", "SVSM_CAL_DKIM_SELECTOR", "SVSM_CAL_DKIM_DOMAIN"
_NAME = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*").fullmatch
_FROM = re.compile(rb"^from:((?:[^\r\n]|\r\n[ \t])*)\r\n", re.MULTILINE | re.IGNORECASE).findall


def read_signer(environ: Mapping[str, str]) -> Callable[[bytes], bytes] | None:
    """Return what signs messages as the environment says, None if it names no key.

    Raises:
        UsageError: only some of SVSM_CAL_DKIM_KEY_FILE, _SELECTOR and _DOMAIN are set, or `signer` refuses.
    """
    given = {name: environ.get(name, "") for name in (KEY_FILE, SELECTOR, DOMAIN)}
    if not any(given.values()):
        return None
    if missing := [name for name, value in given.items() if not value]:
        raise UsageError(f"{' and '.join(missing)}: not set, but signing needs it (set it, or unset {KEY_FILE})")
    return signer(domain=given[DOMAIN], selector=given[SELECTOR], key_file=given[KEY_FILE])


def signer(*, domain: str, selector: str, key_file: str) -> Callable[[bytes], bytes]:
    """Return a function that puts a DKIM-Signature before a message's header (needs the extra `dkim`).

    Args:
        domain: whose signature it is (`d=`).
        selector: the key's name there (`s=`): its public part is in the DNS as `selector._domainkey.domain`.
        key_file: the RSA private key, PEM.

    Raises:
        UsageError: a name or the key file makes no sense; the function: the message's From is of another domain.
    """
    try:
        import dkim  # type: ignore[import-untyped]
    except ImportError:
        raise UsageError("signing needs dkimpy (install svsm_cal[dkim])") from None
    for name, what in ((domain, DOMAIN), (selector, SELECTOR)):
        if not _NAME(name):
            raise UsageError(f"{what}: {name!r} is no name of the DNS (write one such as example.org)")
    try:
        with open(key_file, "rb") as stream:
            key = stream.read()
        dkim.parse_pem_private_key(key)
    except OSError as error:
        raise UsageError(f"{KEY_FILE}: {key_file}: cannot be read: {error.strerror}") from None
    except Exception:  # noqa: BLE001  whatever its parser stumbles over; from None: the text may hold the key
        raise UsageError(f"{KEY_FILE}: {key_file}: is no RSA private key in PEM (make one with `openssl genrsa 2048`)") from None

    class Timeless(dkim.DKIM):  # type: ignore[misc]
        """A signature without the time it was made at."""

        def gen_header(self, fields: list[tuple[bytes, bytes]], *rest: Any, **named: Any) -> bytes:
            header: bytes = super().gen_header([field for field in fields if field[0] != b"t"], *rest, **named)
            return header

    def sign(message: bytes) -> bytes:
        _check_aligned(message, domain)
        made = Timeless(message, signature_algorithm=b"rsa-sha256", linesep=b"\r\n")
        header: bytes = made.sign(selector.encode(), domain.encode(), key, canonicalize=(b"relaxed", b"relaxed"))
        return header + message

    return sign


def _check_aligned(message: bytes, domain: str) -> None:
    """Raise UsageError unless there is one From, with one address, of the domain or of one below it."""
    fields = _FROM(message[: message.find(b"\r\n\r\n") + 2])
    addresses = email.utils.getaddresses([field.decode("utf-8", "replace") for field in fields])
    if len(addresses) != 1:
        raise UsageError("a message with other than one From address cannot be signed")
    of = addresses[0][1].rpartition("@")[2].lower()
    if of != domain.lower() and not of.endswith(f".{domain.lower()}"):
        raise UsageError(f"{DOMAIN}: is {domain}, but mail is from {of} (name the organizer's domain)")
